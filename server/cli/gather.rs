//! Which files a check loads: those in which DynamoDB values can originate, and those that import one that is loaded.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aho_corasick::{AhoCorasick, MatchKind};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::{SmolStr, format_smolstr};

use super::coding::{decode, read};
use super::imports::{ends_of, imports, may_mean, mean, module_of, stem_of};
use super::matters::{Matters, Words, has_entry};
use super::walk::{File, Trouble};
use crate::value::stable_hash;
use crate::workspace::asks::{Ask, Heat};
use crate::workspace::{Workspace, names_dynamo};

/// How often linked code may ask for files that were not loaded.
const ROUNDS: usize = 10;

/// As many files are looked at in a row: no thread is left with many in the end.
const BATCH: usize = 64;

/// Texts to load, by name, and what could not be read.
#[derive(Default)]
pub struct Gathered {
    pub texts: Vec<(Arc<str>, String)>,
    /// Files that name DynamoDB and are not loaded: settings, say.
    named: Vec<Arc<str>>,
    pub troubles: Vec<Trouble>,
}

/// The bytes of a file that doesn't matter are dropped at once: of it, only its imports are kept.
pub fn gather<'a>(files: &'a [File], matters: &Matters) -> (Gathered, Importers<'a>) {
    let stems = (files.iter())
        .map(|file| hash_of(stem_of(module_of(&file.name))))
        .collect();
    let seen: Vec<Result<Seen, Trouble>> = (files.par_iter().with_max_len(BATCH))
        .map_init(Vec::new, |bytes, file| look(file, bytes, matters, &stems))
        .collect();

    let mut gathered = Gathered::default();
    let (mut others, mut ends) = (Vec::new(), Vec::new());
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
                    None => {
                        if seen.named {
                            gathered.named.push(Arc::clone(&file.name));
                        }
                        let index = others.len() as u32;
                        ends.extend(seen.ends.into_iter().map(|end| (end, index)));
                        others.push(Other {
                            file,
                            imports: seen.imports,
                            words: seen.words,
                            taken: false,
                        });
                    }
                }
            }
            Err(trouble) => gathered.troubles.push(trouble),
        }
    }
    let mut importers = Importers::new(others, ends);
    let mut makers = importers.makers(imported);
    makers.extend(importers.makers_with(&gathered.named));
    let makers = read_all(&makers);
    gathered.texts.extend(makers.texts);
    gathered.troubles.extend(makers.troubles);
    (gathered, importers)
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
        workspace.load_heads(gathered.texts);
    }
}

/// Loads what was gathered from the files, which are sorted by name, then the importers of files that
/// turned out to matter, and what linked code asks for, to the end. The workspace knows the names of
/// all files already. `go_on` hears the number of files before each round, and may stop it.
pub fn load(
    workspace: &mut Workspace,
    files: &[File],
    (gathered, mut importers): (Gathered, Importers),
    go_on: &dyn Fn(usize) -> bool,
) -> Loaded {
    let mut loaded = Loaded::default();
    workspace.name_dynamo(gathered.named.iter());
    if !go_on(gathered.texts.len()) {
        return loaded;
    }
    let by_name = |name: &Arc<str>| -> Option<&File> {
        let at = files.binary_search_by(|file| file.name.cmp(name));
        at.ok().map(|at| &files[at])
    };
    // What could not be read goes on being wanted.
    let mut asked: FxHashSet<Arc<str>> = FxHashSet::default();
    asked.extend((gathered.texts.iter()).map(|(name, _)| Arc::clone(name)));
    asked.extend((gathered.troubles.iter()).map(|trouble| Arc::from(trouble.name.as_str())));
    let wanted = |workspace: &Workspace, asked: &mut FxHashSet<Arc<str>>| -> Vec<&File> {
        let mut wanted = workspace.wanted();
        wanted.retain(|name| asked.insert(Arc::clone(name)));
        wanted.iter().filter_map(by_name).collect()
    };
    let mut next = gathered;
    for _ in 0..=ROUNDS {
        loaded.load(workspace, next);
        // What classes derive from comes before whoever uses them, who would be linked again.
        loop {
            let bases = wanted(workspace, &mut asked);
            if bases.is_empty() || !go_on(bases.len()) {
                break;
            }
            loaded.load(workspace, read_all(&bases));
        }
        workspace.load(Vec::new());
        let mut more = importers.of(workspace.asks());
        more.retain(|file| asked.insert(Arc::clone(&file.name)));
        more.extend(wanted(workspace, &mut asked));
        let mut makers = importers.makers_of(&more);
        makers.retain(|file| asked.insert(Arc::clone(&file.name)));
        more.extend(makers);
        if more.is_empty() || !go_on(more.len()) {
            break;
        }
        next = read_all(&more);
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
    /// It names DynamoDB, and doesn't matter by itself.
    named: bool,
    /// See `imports`.
    imports: String,
    /// [`hash_of`] the ends of these that are stems of modules; sorted.
    ends: Vec<u64>,
    /// Of a file that matters.
    text: Option<String>,
}

fn look(
    file: &File,
    bytes: &mut Vec<u8>,
    matters: &Matters,
    stems: &FxHashSet<u64>,
) -> Result<Seen, Trouble> {
    read_into(file, bytes)?;
    let words = matters.words_of(bytes, &file.name);
    // What makes clients and cannot be decoded is reported, whether anybody asks for it or not.
    let text = match words.maker || words.matter() {
        true => Some(decoded(file, bytes)?),
        false => None,
    };
    let mut ends = Vec::new();
    let imports = imports(bytes, &file.name, |end| {
        let hash = hash_of(end);
        let stem = stems.contains(&hash);
        if stem {
            ends.push(hash);
        }
        stem
    });
    ends.sort_unstable();
    ends.dedup();
    Ok(Seen {
        words,
        named: words.service && !words.matter() && names_dynamo(&bytes),
        imports,
        ends,
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
    /// [`hash_of`] the ends of what they import, with their indexes; sorted.
    ends: Vec<(u64, u32)>,
    /// The indexes of those that make clients, by their stems.
    makers: FxHashMap<&'a str, Vec<usize>>,
    /// What was asked before: who did not name it then does not name it now.
    asked: FxHashMap<Arc<str>, BTreeMap<SmolStr, Heat>>,
}

/// The files by [`hash_of`] the last parts of the modules that they may import.
#[cfg(feature = "lsp")]
#[derive(Default)]
pub struct ByStem {
    names: Box<[Arc<str>]>,
    /// Each stem, and where its files begin; sorted.
    firsts: Box<[(u64, u32)]>,
    /// Numbers of names.
    files: Box<[u32]>,
}

#[cfg(feature = "lsp")]
impl ByStem {
    pub fn of(&self, stem: u64) -> impl Iterator<Item = &Arc<str>> {
        let here = match self.firsts.binary_search_by_key(&stem, |(first, _)| *first) {
            Ok(at) => {
                let next = self.firsts.get(at + 1);
                let end = next.map_or(self.files.len(), |(_, start)| *start as usize);
                self.firsts[at].1 as usize..end
            }
            Err(_) => 0..0,
        };
        let files = self.files[here].iter();
        files.map(|&number| &self.names[number as usize])
    }
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
    #[cfg(feature = "lsp")]
    pub fn by_stem(&self) -> ByStem {
        let others = self.others.iter();
        ByStem {
            names: others.map(|other| Arc::clone(&other.file.name)).collect(),
            firsts: (self.ends.iter().enumerate())
                .filter(|(at, (stem, _))| *at == 0 || self.ends[at - 1].0 != *stem)
                .map(|(at, (stem, _))| (*stem, at as u32))
                .collect(),
            files: self.ends.iter().map(|(_, index)| *index).collect(),
        }
    }

    /// The other files are sorted by name.
    fn new(others: Vec<Other<'a>>, mut ends: Vec<(u64, u32)>) -> Importers<'a> {
        ends.par_sort_unstable();
        let mut makers: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
        for (index, other) in others.iter().enumerate() {
            if other.words.maker {
                let stem = stem_of(module_of(&other.file.name));
                makers.entry(stem).or_default().push(index);
            }
        }
        Importers {
            others,
            ends,
            makers,
            asked: FxHashMap::default(),
        }
    }

    /// The files that make clients and that one of these files imports, straight or through each other.
    fn makers_of(&mut self, files: &[&File]) -> Vec<&'a File> {
        let of = |file: &&File| {
            let by_name = |other: &Other| other.file.name.cmp(&file.name);
            let other = &self.others[self.others.binary_search_by(by_name).ok()?];
            Some((&*other.file.name, other.imports.clone()))
        };
        let imported = files.iter().filter_map(of).collect();
        self.makers(imported)
    }

    /// The files that make clients and import one of those that name DynamoDB, and what makes clients
    /// for them.
    fn makers_with(&mut self, named: &[Arc<str>]) -> Vec<&'a File> {
        let mut by_stem: FxHashMap<&str, Vec<&str>> = FxHashMap::default();
        for module in named.iter().map(|name| module_of(name)) {
            by_stem.entry(stem_of(module)).or_default().push(module);
        }
        let means = |imported: &str, importer: &str| {
            let mut modules = ends_of(imported)
                .filter_map(|end| by_stem.get(end))
                .flatten();
            modules.any(|module| may_mean(imported, importer, module))
        };
        let (mut found, mut imports) = (Vec::new(), Vec::new());
        for other in &mut self.others {
            let name = &*other.file.name;
            let free = other.words.maker && !other.taken;
            if free && other.imports.lines().any(|imported| means(imported, name)) {
                other.taken = true;
                found.push(other.file);
                imports.push((name, other.imports.clone()));
            }
        }
        found.extend(self.makers(imports));
        found
    }

    /// The files that make clients and that one of these imports means, straight or through each other.
    fn makers(&mut self, mut pending: Vec<(&'a str, String)>) -> Vec<&'a File> {
        let mut found = Vec::new();
        while let Some((importer, names)) = pending.pop() {
            for imported in names.lines() {
                let called = ends_of(imported).filter_map(|end| self.makers.get(end));
                for &index in called.flatten() {
                    let other = &mut self.others[index];
                    let module = module_of(&other.file.name);
                    if !other.taken && may_mean(imported, importer, module) {
                        other.taken = true;
                        found.push(other.file);
                        pending.push((&other.file.name, other.imports.clone()));
                    }
                }
            }
        }
        found
    }

    /// The files that import one that is asked for, by what the names say, and name what is asked
    /// of it; each is given out once.
    pub fn of(&mut self, mut asks: Vec<Ask>) -> Vec<&'a File> {
        asks.retain_mut(|ask| {
            let known = self.asked.entry(Arc::clone(&ask.path)).or_default();
            (ask.names).retain(|name, heat| known.get(name).is_none_or(|known| known < heat));
            known.extend(ask.names.iter().map(|(name, heat)| (name.clone(), *heat)));
            !ask.names.is_empty()
        });
        let importers = |ask: &Ask| -> Vec<u32> {
            let module = module_of(&ask.path);
            let vague = ask.names.values().all(|heat| *heat == Heat::Vague);
            let hash = hash_of(stem_of(module));
            let first = self.ends.partition_point(|(end, _)| *end < hash);
            let named = self.ends[first..].iter();
            named
                .take_while(|(end, _)| *end == hash)
                .map(|(_, index)| *index)
                .filter(|&index| {
                    let other = &self.others[index as usize];
                    let may = !other.taken && (!vague || other.words.told);
                    may && mean(&other.imports, &other.file.name, module)
                })
                .collect()
        };
        let found: Vec<Vec<u32>> = asks.par_iter().with_max_len(4).map(importers).collect();
        let mut asked: BTreeMap<u32, Vec<&Ask>> = BTreeMap::new();
        for (ask, found) in asks.iter().zip(found) {
            for index in found {
                asked.entry(index).or_default().push(ask);
            }
        }
        let names = Named::new(&asks);
        let named = |bytes: &mut Vec<u8>, (index, asked): (u32, Vec<&Ask>)| {
            let other = &self.others[index as usize];
            let named =
                read_into(other.file, bytes).is_ok() && names.any(bytes, &asked, other.words.told);
            named.then_some(index)
        };
        let taken: Vec<u32> = (asked.into_par_iter())
            .map_init(Vec::new, named)
            .flatten_iter()
            .collect();
        (taken.into_iter())
            .map(|index| {
                let other = &mut self.others[index as usize];
                other.taken = true;
                other.file
            })
            .collect()
    }
}

/// What stands for the last part of a module's name.
pub fn hash_of(stem: &str) -> u64 {
    stable_hash(&[stem])
}

/// Finds what is asked, as a whole word.
pub struct Named<'a> {
    names: Vec<&'a str>,
    words: AhoCorasick,
}

impl<'a> Named<'a> {
    pub fn new(asks: impl IntoIterator<Item = &'a Ask>) -> Named<'a> {
        let asks = asks.into_iter();
        let names = asks.flat_map(|ask| ask.names.keys());
        let names: BTreeSet<&str> = names.map(|name| name.trim_start_matches('.')).collect();
        let names = Vec::from_iter(names);
        // Whole words never overlap, and the longest of those that begin here is the whole one.
        let words = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(names.iter().map(|name| name.as_bytes()))
            .expect("names are short");
        Named { names, words }
    }

    /// Does a text name what is asked of one of these files?
    pub fn any(&self, text: &[u8], asked: &[&Ask], told: bool) -> bool {
        let part = |byte: Option<&u8>| {
            byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80)
        };
        let entry = LazyCell::new(|| has_entry(text));
        let mut heats = asked.iter().flat_map(|ask| ask.names.values());
        if !heats.any(|heat| *heat == Heat::Certain) && !told && !*entry {
            return false;
        }
        self.words.find_iter(text).any(|found| {
            let name = self.names[found.pattern()];
            let before = text[..found.start()].last();
            if part(before) || part(text.get(found.end())) {
                return false;
            }
            let member = (before == Some(&b'.')).then(|| format_smolstr!(".{name}"));
            let counts = |heat: &Heat, member: bool| match heat {
                Heat::Vague => told,
                // A member's name alone says too little.
                Heat::Other => told && !member || *entry,
                Heat::Certain => true,
            };
            asked.iter().any(|ask| {
                let bare = ask.names.get(name);
                let member = member.as_ref().and_then(|member| ask.names.get(member));
                bare.is_some_and(|heat| counts(heat, false))
                    || member.is_some_and(|heat| counts(heat, true))
            })
        })
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
        let others: Vec<Other> = (files.iter().zip(imports))
            .map(|(file, imported)| Other {
                file,
                imports: format!("{imported}\n"),
                words: Matters::new().words(match &*file.name {
                    "shop/plain.py" => b"plain",
                    _ => b"import boto3",
                }),
                taken: false,
            })
            .collect();
        let names = "shop/clients/get\nshop/plain\n".to_string();
        let mut importers = Importers::new(others, Vec::new());
        let made = importers.makers(vec![("shop/orders.py", names)]);
        let made: Vec<&str> = made.iter().map(|file| &*file.name).collect();
        assert_eq!(made, ["shop/clients.py", "shop/base.py"]);
        let taken = importers.others.iter().map(|other| other.taken);
        assert_eq!(Vec::from_iter(taken), [true, true, false, false]);
    }

    fn asked(path: &str, names: &[(&str, Heat)]) -> Vec<Ask> {
        let names = names.iter().map(|(name, heat)| ((*name).into(), *heat));
        vec![Ask {
            path: path.into(),
            names: names.collect(),
        }]
    }

    #[test]
    fn importers_that_name_what_is_asked() {
        let texts = [
            ("shop/store.py", "from shop.db import get"),
            ("shop/api.py", "from . import store\nstore.orders()"),
            ("shop/plain.py", "from . import store\nstore.orders_of()"),
            ("shop/urls.py", "from .api import view"),
            ("shop/other.py", "from shop.dbx import get"),
        ];
        let files = texts.map(|(name, text)| File {
            text: Some(text.into()),
            ..file(name)
        });
        let stems = ["store", "api", "db", "dbx"];
        let stems = stems.map(hash_of).into_iter().collect();
        let (mut others, mut ends) = (Vec::new(), Vec::new());
        for (file, index) in files.iter().zip(0..) {
            let seen = look(file, &mut Vec::new(), &Matters::new(), &stems);
            let seen = seen.unwrap_or_else(|why| panic!("{}", why.message));
            ends.extend(seen.ends.into_iter().map(|end| (end, index)));
            others.push(Other {
                file,
                imports: seen.imports,
                words: Words::default(),
                taken: false,
            });
        }
        let mut importers = Importers::new(others, ends);
        let mut of = |path: &str, names: &[(&str, Heat)]| -> Vec<String> {
            let found = importers.of(asked(path, names));
            found.iter().map(|file| file.name.to_string()).collect()
        };
        assert_eq!(
            of("shop/db.py", &[("get", Heat::Certain)]),
            ["shop/store.py"]
        );
        assert!(of("shop/store.py", &[("orders", Heat::Vague)]).is_empty());
        assert_eq!(
            of("shop/store.py", &[("orders", Heat::Certain)]),
            ["shop/api.py"]
        );
        assert!(of("shop/store.py", &[("orders", Heat::Certain)]).is_empty());
    }
}
