//! Which files a check loads: those that name DynamoDB, and those that import one that is loaded.

use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::coding::{decode, read};
use super::imports::{ends_of, imports, may_mean, module_of, stem_of};
use super::matters::Matters;
use super::walk::{File, Trouble};
use crate::workspace::names_dynamo;

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
    let seen: Vec<Seen> = (files.par_iter())
        .map_init(Vec::new, |bytes, file| look(file, bytes, &matters, &stems))
        .collect();

    let mut gathered = Gathered::default();
    let mut others = Vec::new();
    for (file, seen) in files.iter().zip(seen) {
        match seen {
            Seen::Matters(text) => gathered.texts.push((Arc::clone(&file.name), text)),
            Seen::Imports(names) => others.push((file, names)),
            Seen::Trouble(trouble) => gathered.troubles.push(trouble),
        }
    }
    (gathered, Importers::new(others))
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

enum Seen {
    Matters(String),
    /// See `imports`.
    Imports(String),
    Trouble(Trouble),
}

fn look(file: &File, bytes: &mut Vec<u8>, matters: &Matters, stems: &FxHashSet<&str>) -> Seen {
    if let Err(trouble) = read_into(file, bytes) {
        return Seen::Trouble(trouble);
    }
    if !matters.matters(bytes) {
        return Seen::Imports(imports(bytes, &file.name, stems));
    }
    match decoded(file, bytes) {
        Ok(text) => Seen::Matters(text),
        Err(trouble) => Seen::Trouble(trouble),
    }
}

fn text_of(file: &File, bytes: &mut Vec<u8>) -> Result<String, Trouble> {
    read_into(file, bytes)?;
    decoded(file, bytes)
}

fn read_into(file: &File, bytes: &mut Vec<u8>) -> Result<(), Trouble> {
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
    decode(bytes).map_err(|message| Trouble {
        name: file.name.to_string(),
        message,
        fatal: false,
    })
}

/// Files that do not name DynamoDB, by what they import.
pub struct Importers<'a> {
    others: Vec<(&'a File, String)>,
    taken: Vec<bool>,
}

impl<'a> Importers<'a> {
    fn new(others: Vec<(&'a File, String)>) -> Self {
        let taken = vec![false; others.len()];
        Importers { others, taken }
    }

    /// The files that may import one of these modules and were not given out before: by names alone,
    /// so some are too many.
    /// With `naming`, only those whose text names DynamoDB.
    pub fn of(&mut self, modules: &[Arc<str>], naming: bool) -> Vec<&'a File> {
        let mut by_stem: FxHashMap<&str, Vec<&str>> = FxHashMap::default();
        for name in modules {
            let module = module_of(name);
            by_stem.entry(stem_of(module)).or_default().push(module);
        }
        let mut importers = Vec::new();
        for ((file, names), taken) in self.others.iter().zip(&mut self.taken) {
            if *taken {
                continue;
            }
            let imports = names.lines().any(|imported| {
                ends_of(imported)
                    .flat_map(|end| by_stem.get(end).into_iter().flatten())
                    .any(|module| may_mean(imported, &file.name, module))
            });
            *taken =
                imports && (!naming || names_dynamo(std::fs::read(&file.path).unwrap_or_default()));
            if *taken {
                importers.push(*file);
            }
        }
        importers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn importers_one_hop_at_a_time() {
        let file = |name: &str| File {
            name: name.into(),
            path: name.into(),
            named: false,
        };
        let files = [
            "shop/store.py",
            "shop/api.py",
            "shop/urls.py",
            "shop/other.py",
        ]
        .map(file);
        let names = ["shop/db/get", "shop/store", "shop/api/view", "shop/dbx"];
        let others: Vec<_> = (files.iter())
            .zip(names.map(|name| format!("{name}\n")))
            .collect();
        let mut importers = Importers::new(others);
        let mut of = |name: &str| -> Vec<String> {
            let found = importers.of(&[name.into()], false);
            found.iter().map(|file| file.name.to_string()).collect()
        };
        assert_eq!(of("shop/db.py"), ["shop/store.py"]);
        assert_eq!(of("shop/store.py"), ["shop/api.py"]);
        assert!(of("shop/store.py").is_empty());
    }
}
