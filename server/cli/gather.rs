//! Which files a check loads: those in which DynamoDB values can originate, and those that import one that is loaded.

use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::coding::{decode, read};
use super::imports::{ends_of, imports, may_mean, module_of, stem_of};
use super::matters::{Matters, Words};
use super::walk::{File, Trouble};
use crate::workspace::Workspace;

/// How often linked code may ask for files that were not loaded.
const ROUNDS: usize = 10;

/// Texts to load, by name, and what could not be read.
#[derive(Default)]
pub struct Gathered {
    pub texts: Vec<(Arc<str>, String)>,
    pub troubles: Vec<Trouble>,
}

/// The bytes of a file that doesn't matter are dropped at once: of it, only its imports are kept.
pub fn gather(files: &[File]) -> (Gathered, Importers<'_>) {
    let matters = Matters::new();
    let stems = (files.iter())
        .map(|file| stem_of(module_of(&file.name)))
        .collect();
    let seen: Vec<Result<Seen, Trouble>> = (files.par_iter())
        .map_init(Vec::new, |bytes, file| look(file, bytes, &matters, &stems))
        .collect();

    let mut gathered = Gathered::default();
    let mut others = Vec::new();
    // What files that name the service import: a maker of clients among it may be told the service.
    let mut imported = Vec::new();
    for (file, seen) in files.iter().zip(seen) {
        match seen {
            Ok(seen) => {
                if seen.words.service || seen.text.is_some() {
                    imported.push((&*file.name, seen.imports.clone()));
                }
                match seen.text {
                    Some(text) => gathered.texts.push((Arc::clone(&file.name), text)),
                    None => others.push(Other {
                        file,
                        imports: seen.imports,
                        words: seen.words,
                        taken: false,
                    }),
                }
            }
            Err(trouble) => gathered.troubles.push(trouble),
        }
    }
    let makers = makers(&mut others, imported);
    let makers = read_all(&makers);
    gathered.texts.extend(makers.texts);
    gathered.troubles.extend(makers.troubles);
    (gathered, Importers { others })
}

/// The files that make clients and that one of these imports means, straight or through each other.
fn makers<'a>(others: &mut [Other<'a>], mut pending: Vec<(&'a str, String)>) -> Vec<&'a File> {
    let mut by_stem: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
    for (index, other) in others.iter().enumerate() {
        if other.words.maker {
            let stem = stem_of(module_of(&other.file.name));
            by_stem.entry(stem).or_default().push(index);
        }
    }
    let mut makers = Vec::new();
    while let Some((importer, names)) = pending.pop() {
        for imported in names.lines() {
            for &index in ends_of(imported)
                .filter_map(|end| by_stem.get(end))
                .flatten()
            {
                let other = &mut others[index];
                let module = module_of(&other.file.name);
                if !other.taken && may_mean(imported, importer, module) {
                    other.taken = true;
                    makers.push(other.file);
                    pending.push((&other.file.name, other.imports.clone()));
                }
            }
        }
    }
    makers
}

/// What a workspace was loaded with.
#[derive(Default)]
pub struct Loaded {
    pub names: FxHashSet<Arc<str>>,
    pub troubles: Vec<Trouble>,
}

impl Loaded {
    fn load(&mut self, workspace: &mut Workspace, gathered: Gathered) {
        let names = gathered.texts.iter().map(|(name, _)| Arc::clone(name));
        self.names.extend(names);
        self.troubles.extend(gathered.troubles);
        workspace.load(gathered.texts);
    }
}

/// Loads what was gathered, then the importers of files that turned out to matter, and what linked
/// code asks for, to the end. `go_on` hears the number of files before each round, and may stop it.
pub fn load(
    workspace: &mut Workspace,
    files: &[File],
    (gathered, mut importers): (Gathered, Importers),
    go_on: &dyn Fn(usize) -> bool,
) -> Loaded {
    workspace.set_paths(files.iter().map(|file| Arc::clone(&file.name)));
    let mut loaded = Loaded::default();
    if !go_on(gathered.texts.len()) {
        return loaded;
    }
    loaded.load(workspace, gathered);

    let by_name: FxHashMap<&str, &File> = files.iter().map(|file| (&*file.name, file)).collect();
    // What could not be read goes on being wanted.
    let mut asked = loaded.names.clone();
    asked.extend((loaded.troubles.iter()).map(|trouble| Arc::from(trouble.name.as_str())));
    let mut expanded: FxHashSet<(Arc<str>, bool)> = FxHashSet::default();
    for _ in 0..ROUNDS {
        let (mut hot, mut warm) = workspace.hot();
        hot.retain(|name| expanded.insert((Arc::clone(name), false)));
        warm.retain(|name| expanded.insert((Arc::clone(name), true)));
        let mut more = importers.of(&hot, false);
        more.extend(importers.of(&warm, true));
        more.retain(|file| asked.insert(Arc::clone(&file.name)));
        let mut wanted = workspace.wanted();
        wanted.retain(|name| asked.insert(Arc::clone(name)));
        let wanted = wanted.iter().filter_map(|name| by_name.get(&**name));
        more.extend(wanted.copied());
        if more.is_empty() || !go_on(more.len()) {
            break;
        }
        loaded.load(workspace, read_all(&more));
    }
    loaded
}

/// Reads files as they are, whether they matter or not.
pub fn read_all(files: &[&File]) -> Gathered {
    let texts: Vec<_> = (files.par_iter())
        .map_init(Vec::new, |bytes, file| text_of(file, bytes))
        .collect();
    let mut gathered = Gathered::default();
    for (file, text) in files.iter().zip(texts) {
        match text {
            Ok(text) => gathered.texts.push((Arc::clone(&file.name), text)),
            Err(trouble) => gathered.troubles.push(trouble),
        }
    }
    gathered
}

struct Seen {
    words: Words,
    /// See `imports`.
    imports: String,
    /// Of a file that matters.
    text: Option<String>,
}

fn look(
    file: &File,
    bytes: &mut Vec<u8>,
    matters: &Matters,
    stems: &FxHashSet<&str>,
) -> Result<Seen, Trouble> {
    read_into(file, bytes)?;
    let words = matters.words(bytes);
    // What makes clients and cannot be decoded is reported, whether anybody asks for it or not.
    let text = match words.maker || words.matter() {
        true => Some(decoded(file, bytes)?),
        false => None,
    };
    Ok(Seen {
        words,
        imports: imports(bytes, &file.name, |stem| stems.contains(stem)),
        text: text.filter(|_| words.matter()),
    })
}

fn text_of(file: &File, bytes: &mut Vec<u8>) -> Result<String, Trouble> {
    read_into(file, bytes)?;
    decoded(file, bytes)
}

fn read_into(file: &File, bytes: &mut Vec<u8>) -> Result<(), Trouble> {
    if let Some(text) = &file.text {
        bytes.clear();
        bytes.extend_from_slice(text.as_bytes());
        return Ok(());
    }
    let (message, fatal) = match read(&file.path, bytes) {
        Ok(true) => return Ok(()),
        Ok(false) => ("larger than 10 MB: not analysed".to_string(), false),
        Err(error) => (error.to_string(), file.named),
    };
    Err(Trouble {
        name: file.name.to_string(),
        message,
        fatal,
    })
}

fn decoded(file: &File, bytes: &[u8]) -> Result<String, Trouble> {
    if let Some(text) = &file.text {
        return Ok(text.to_string());
    }
    decode(bytes).map_err(|message| Trouble {
        name: file.name.to_string(),
        message,
        fatal: false,
    })
}

/// Files that do not matter by themselves, by what they import.
pub struct Importers<'a> {
    others: Vec<Other<'a>>,
}

struct Other<'a> {
    file: &'a File,
    /// See `imports`.
    imports: String,
    words: Words,
    /// Given out before.
    taken: bool,
}

impl<'a> Importers<'a> {
    /// The last parts of the modules that these files may import, and of other names.
    #[cfg(feature = "lsp")]
    pub fn stems(&self) -> FxHashSet<String> {
        let imported = (self.others.iter()).flat_map(|other| other.imports.lines());
        imported.flat_map(ends_of).map(str::to_string).collect()
    }

    /// The files that may import one of these modules and were not given out before: by names alone,
    /// so some are too many.
    /// With `naming`, only those whose text names DynamoDB or Kinesis.
    pub fn of(&mut self, modules: &[Arc<str>], naming: bool) -> Vec<&'a File> {
        let mut by_stem: FxHashMap<&str, Vec<&str>> = FxHashMap::default();
        for name in modules {
            let module = module_of(name);
            by_stem.entry(stem_of(module)).or_default().push(module);
        }
        let mut importers = Vec::new();
        for other in &mut self.others {
            if other.taken || naming && !other.words.service {
                continue;
            }
            other.taken = other.imports.lines().any(|imported| {
                ends_of(imported)
                    .flat_map(|end| by_stem.get(end).into_iter().flatten())
                    .any(|module| may_mean(imported, &other.file.name, module))
            });
            if other.taken {
                importers.push(other.file);
            }
        }
        importers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str) -> File {
        File {
            name: name.into(),
            path: name.into(),
            named: false,
            text: None,
        }
    }

    #[test]
    fn makers_that_a_file_which_names_the_service_reaches() {
        let files = [
            "shop/clients.py",
            "shop/base.py",
            "shop/lonely.py",
            "shop/plain.py",
        ]
        .map(file);
        let imports = ["shop/base/Base", "", "shop/base", "shop/lonely"];
        let mut others: Vec<Other> = (files.iter().zip(imports))
            .map(|(file, imported)| Other {
                file,
                imports: format!("{imported}\n"),
                words: Matters::new().words(match &*file.name {
                    "shop/plain.py" => b"plain",
                    _ => b"boto3",
                }),
                taken: false,
            })
            .collect();
        let names = "shop/clients/get\nshop/plain\n".to_string();
        let made = makers(&mut others, vec![("shop/orders.py", names)]);
        let made: Vec<&str> = made.iter().map(|file| &*file.name).collect();
        assert_eq!(made, ["shop/clients.py", "shop/base.py"]);
        let taken: Vec<bool> = others.iter().map(|other| other.taken).collect();
        assert_eq!(taken, [true, true, false, false]);
    }

    #[test]
    fn importers_one_hop_at_a_time() {
        let files = [
            "shop/store.py",
            "shop/api.py",
            "shop/urls.py",
            "shop/other.py",
        ]
        .map(file);
        let names = ["shop/db/get", "shop/store", "shop/api/view", "shop/dbx"];
        let others = (files.iter())
            .zip(names)
            .map(|(file, name)| Other {
                file,
                imports: format!("{name}\n"),
                words: Words::default(),
                taken: false,
            })
            .collect();
        let mut importers = Importers { others };
        let mut of = |name: &str| -> Vec<String> {
            let found = importers.of(&[name.into()], false);
            found.iter().map(|file| file.name.to_string()).collect()
        };
        assert_eq!(of("shop/db.py"), ["shop/store.py"]);
        assert_eq!(of("shop/store.py"), ["shop/api.py"]);
        assert!(of("shop/store.py").is_empty());
    }
}
