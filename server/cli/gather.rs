//! Which files a check loads: those that name DynamoDB, and those that import one that is loaded.

use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::coding::{decode, read};
use super::imports::{ends_of, imports, may_mean, module_of, stem_of};
use super::matters::Matters;
use super::walk::{File, Trouble};

/// Texts to load, by name, and what could not be read.
#[derive(Default)]
pub struct Gathered {
    pub texts: Vec<(Arc<str>, String)>,
    pub troubles: Vec<Trouble>,
}

/// The bytes of a file that doesn't matter are dropped at once: of it, only its imports are kept.
pub fn gather(files: &[File]) -> Gathered {
    let matters = Matters::new();
    let stems = (files.iter())
        .map(|file| stem_of(module_of(&file.name)))
        .collect();
    let seen: Vec<Seen> = (files.par_iter())
        .map_init(Vec::new, |bytes, file| look(file, bytes, &matters, &stems))
        .collect();

    let mut gathered = Gathered::default();
    let mut loaded = Vec::new();
    let mut others = Vec::new();
    for (file, seen) in files.iter().zip(seen) {
        match seen {
            Seen::Matters(text) => {
                loaded.push(&*file.name);
                gathered.texts.push((Arc::clone(&file.name), text));
            }
            Seen::Imports(names) => others.push((file, names)),
            Seen::Trouble(trouble) => gathered.troubles.push(trouble),
        }
    }
    gathered.extend(read_all(&importers(loaded, &others)));
    gathered
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

impl Gathered {
    fn extend(&mut self, more: Gathered) {
        self.texts.extend(more.texts);
        self.troubles.extend(more.troubles);
    }
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

/// The files that may import one of `loaded`, and those that may import these, to the end. An
/// over-approximation by names alone: what is loaded too much costs time and finds nothing.
fn importers<'a>(mut loaded: Vec<&'a str>, others: &[(&'a File, String)]) -> Vec<&'a File> {
    let mut by_end: FxHashMap<&str, Vec<(usize, &str)>> = FxHashMap::default();
    for (index, (_, names)) in others.iter().enumerate() {
        for name in names.lines() {
            for end in ends_of(name) {
                by_end.entry(end).or_default().push((index, name));
            }
        }
    }
    let mut taken = vec![false; others.len()];
    let mut importers = Vec::new();
    while let Some(name) = loaded.pop() {
        let module = module_of(name);
        for &(index, imported) in by_end.get(stem_of(module)).into_iter().flatten() {
            let file = others[index].0;
            if taken[index] || !may_mean(imported, &file.name, module) {
                continue;
            }
            taken[index] = true;
            loaded.push(&file.name);
            importers.push(file);
        }
    }
    importers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn importers_of_importers() {
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
        let found = importers(vec!["shop/db.py"], &others);
        let found: Vec<_> = found.iter().map(|file| &*file.name).collect();
        assert_eq!(found, ["shop/store.py", "shop/api.py", "shop/urls.py"]);
    }
}
