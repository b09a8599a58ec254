//! `--shard I/N`: one of several machines' part of a check.
//!
//! Files that can learn of each other go to one shard: what imports what, both as the loader takes
//! it and as names are resolved. So a shard finds in its files what one run finds there. What code
//! shares by name alone (`request.x`, a name that must stand nowhere else) is looked for in the
//! other files afterwards, and such files are loaded too, without being reported on.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use aho_corasick::AhoCorasick;
use memchr::{memchr_iter, memchr2, memmem, memrchr2};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::coding::read;
use super::imports::{each_import, module_of, only, stands_at, stem_of};
use super::matters::{Matters, Words};
use super::walk::File;
use crate::api::MODULES;
use crate::workspace::world::may_be_settings;

/// Which one of how many, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Shard {
    pub index: u32,
    pub count: u32,
}

/// More machines than this are a slip of the keyboard.
pub const MOST: u32 = 1000;

impl Shard {
    pub fn parse(word: &str) -> Result<Shard, String> {
        let shard = word.split_once('/').and_then(|(index, count)| {
            let (index, count) = (index.parse().ok()?, count.parse().ok()?);
            Some(Shard { index, count })
        });
        let shard = shard.ok_or("it is I/N, such as 1/4")?;
        match shard {
            Shard { count: 0, .. } => Err("there is at least one shard".to_string()),
            Shard { count, .. } if count > MOST => Err(format!("there are at most {MOST} shards")),
            Shard { index, count } if index == 0 || index > count => {
                Err(format!("the first number is one of 1 to {count}"))
            }
            shard => Ok(shard),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

/// Names that code outside a shard may share with it.
#[derive(Debug, Default)]
pub struct Shared {
    /// Whole words.
    pub words: BTreeSet<SmolStr>,
    /// Words that matter where something is stored under them: `request.orders = …`.
    pub filled: BTreeSet<SmolStr>,
    /// Parts of a text.
    pub texts: BTreeSet<&'static str>,
}

/// The files of the other shards, by component.
pub struct Others(Vec<Vec<File>>);

impl Others {
    /// The files of all components of which a file says one of these; each is given out once.
    pub fn sharing(&mut self, shared: impl FnOnce() -> Shared) -> Vec<File> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let shared = shared();
        if shared.words.is_empty() && shared.filled.is_empty() && shared.texts.is_empty() {
            return Vec::new();
        }
        let said = Said::new(&shared);
        let said: Vec<bool> = (self.0.par_iter())
            .map_init(Vec::new, |bytes, files| {
                let says = |file: &File| read(&file.path, bytes).is_ok() && said.in_(bytes);
                files.iter().any(says)
            })
            .collect();
        let mut taken = Vec::new();
        let mut said = said.into_iter();
        self.0.retain_mut(|files| {
            let says = said.next().unwrap_or_default();
            if says {
                taken.append(files);
            }
            !says
        });
        taken
    }
}

/// Finds words and texts in bytes.
struct Said {
    /// Words, then those that are to be filled, then texts.
    all: AhoCorasick,
    words: usize,
    filled: usize,
}

impl Said {
    fn new(shared: &Shared) -> Said {
        let words = shared.words.iter().chain(&shared.filled);
        let words = words.map(|word| word.as_bytes());
        let texts = shared.texts.iter().map(|text| text.as_bytes());
        Said {
            all: AhoCorasick::new(words.chain(texts)).expect("names are short"),
            words: shared.words.len(),
            filled: shared.filled.len(),
        }
    }

    fn in_(&self, text: &[u8]) -> bool {
        let part = |byte: Option<&u8>| {
            byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        };
        self.all.find_overlapping_iter(text).any(|found| {
            let (pattern, span) = (found.pattern().as_usize(), found.range());
            let whole = !part(text[..span.start].last()) && !part(text.get(span.end));
            match pattern {
                _ if pattern >= self.words + self.filled => true,
                _ if pattern >= self.words => whole && filled(text, span),
                _ => whole,
            }
        })
    }
}

/// May something be stored in the attribute or under the key that stands here?
fn filled(text: &[u8], name: Range<usize>) -> bool {
    if !text[..name.start]
        .last()
        .is_some_and(|byte| b".'\"".contains(byte))
    {
        return false;
    }
    let start = memrchr2(b'\n', b'\r', &text[..name.start]).map_or(0, |end| end + 1);
    let end = memchr2(b'\n', b'\r', &text[name.end..]).map_or(text.len(), |end| name.end + end);
    let (before, after) = (&text[start..name.start], &text[name.end..end]);
    // No `==`, `<=` or the like.
    let assigned = memchr_iter(b'=', after).any(|at| {
        let compared = at > 0 && b"=!<>".contains(&after[at - 1]);
        !compared && after.get(at + 1) != Some(&b'=')
    });
    let puts = [
        ".add",
        ".append",
        ".extend",
        ".insert",
        ".p",
        ".setdefault",
        ".update",
    ];
    let binds = ["as ", "for ", "setattr"];
    assigned
        || puts
            .iter()
            .any(|put| memmem::find(after, put.as_bytes()).is_some())
        || binds
            .iter()
            .any(|bind| memmem::find(before, bind.as_bytes()).is_some())
}

/// The files of this shard, and the others of which some may be needed.
pub fn split(files: Vec<File>, matters: &Matters, shard: Shard) -> (Vec<File>, Others) {
    let modules = Modules::new(&files);
    let scanned: Vec<Scanned> = (files.par_iter())
        .map_init(Vec::new, |bytes, file| modules.scan(file, bytes, matters))
        .collect();
    let mut joined = Joined::new(files.len());
    for (file, scanned) in scanned.iter().enumerate() {
        for link in &scanned.links {
            joined.join(file as u32, *link);
        }
    }
    let mut components: FxHashMap<u32, Component> = FxHashMap::default();
    for (file, scanned) in scanned.iter().enumerate() {
        let component = components.entry(joined.root(file as u32)).or_default();
        component.files.push(file as u32);
        component.weight += scanned.weight;
        component.makes |= scanned.words.maker;
        component.names |= scanned.words.service;
        component.matters |= scanned.words.matter();
    }
    let components = dealt(components.into_values().collect(), shard.count);

    let mut files: Vec<Option<File>> = files.into_iter().map(Some).collect();
    let (mut own, mut others) = (Vec::new(), Vec::new());
    for (component, index) in components {
        let of = component.files.iter();
        let of = of.filter_map(|file| files[*file as usize].take());
        match index == shard.index {
            true => own.extend(of),
            // Nothing of it is ever loaded.
            false if !(component.matters || component.makes && component.names) => {}
            false => others.push(of.collect()),
        }
    }
    own.sort_by(|a, b| a.name.cmp(&b.name));
    (own, Others(others))
}

#[derive(Debug, Default)]
struct Component {
    /// Ascending.
    files: Vec<u32>,
    /// About what it costs, in bytes.
    weight: u64,
    /// It has files that make clients, that name the service, that matter by themselves.
    makes: bool,
    names: bool,
    matters: bool,
}

/// Each component with its shard: the heaviest first, to the lightest shard; ties by the first path.
fn dealt(mut components: Vec<Component>, count: u32) -> Vec<(Component, u32)> {
    components.sort_by_key(|component| (Reverse(component.weight), component.files[0]));
    let mut loads: BTreeSet<(u64, u32)> = (1..=count).map(|index| (0, index)).collect();
    let mut dealt = Vec::with_capacity(components.len());
    for component in components {
        let (load, index) = loads.pop_first().unwrap_or((0, 1));
        loads.insert((load + component.weight, index));
        dealt.push((component, index));
    }
    dealt
}

/// What a file's bytes say of its place among the others.
struct Scanned {
    /// Files that it may learn of, or that may learn of it.
    links: Vec<u32>,
    words: Words,
    weight: u64,
}

/// A byte of a file that is parsed costs as much as this many of one that is only read.
const PARSED: u64 = 50;

/// All modules, by what imports may call them.
struct Modules<'a> {
    files: &'a [File],
    /// By whole name, without the ending and `/__init__`.
    exact: FxHashMap<&'a str, Vec<u32>>,
    /// By the ends of their names.
    ends: FxHashMap<&'a str, Vec<u32>>,
    /// Of a package's folder, the modules and packages right in it.
    inside: FxHashMap<&'a str, Vec<u32>>,
    /// Those that may be Django's settings, which say who may ask its views.
    settings: Vec<u32>,
}

impl<'a> Modules<'a> {
    fn new(files: &'a [File]) -> Modules<'a> {
        let mut modules = Modules {
            files,
            exact: FxHashMap::default(),
            ends: FxHashMap::default(),
            inside: FxHashMap::default(),
            settings: Vec::new(),
        };
        for (index, file) in files.iter().enumerate() {
            let (module, index) = (module_of(&file.name), index as u32);
            modules.exact.entry(module).or_default().push(index);
            if may_be_settings(&file.name) {
                modules.settings.push(index);
            }
            let folder = module.rsplit_once('/').map_or("", |(folder, _)| folder);
            modules.inside.entry(folder).or_default().push(index);
            let starts = module.rmatch_indices('/').map(|(at, _)| at + 1);
            for from in starts.chain([0]) {
                modules.ends.entry(&module[from..]).or_default().push(index);
            }
        }
        modules
    }

    fn scan(&self, file: &File, bytes: &mut Vec<u8>, matters: &Matters) -> Scanned {
        let mut scanned = Scanned {
            links: Vec::new(),
            words: Words::default(),
            weight: 0,
        };
        if !matches!(read(&file.path, bytes), Ok(true)) {
            return scanned;
        }
        scanned.words = matters.words_of(bytes, &file.name);
        let cost = if scanned.words.matter() { PARSED } else { 1 };
        scanned.weight = bytes.len() as u64 * cost;
        let django = ["django", "rest_framework"];
        if django
            .iter()
            .any(|it| memmem::find(bytes, it.as_bytes()).is_some())
        {
            scanned.links.extend(&self.settings);
        }
        let mut words = None;
        let mut known: FxHashSet<String> = FxHashSet::default();
        each_import(bytes, &file.name, |imported, plain| {
            if !known.insert(imported.to_string()) {
                return;
            }
            let mut packages = self.called(imported, &file.name);
            scanned.links.extend(&packages);
            if let Some((holder, _)) = imported.rsplit_once('/') {
                scanned.links.extend(self.called(holder, &file.name));
            }
            // `import a.b.c` binds `a`, and `a.b.d` may be what is meant.
            if let Some((first, _)) = imported.split_once('/').filter(|_| plain) {
                packages = self.called(first, &file.name);
                scanned.links.extend(&packages);
            }
            packages.retain(|package| self.is_package(*package));
            if !packages.is_empty() {
                let words = words.get_or_insert_with(|| words_of(bytes));
                self.attributes(packages, words, &mut scanned.links);
            }
        });
        scanned.links.sort_unstable();
        scanned.links.dedup();
        scanned
    }

    /// What `package.module.module` may be in a file of these words.
    fn attributes(&self, mut packages: Vec<u32>, words: &FxHashSet<&[u8]>, links: &mut Vec<u32>) {
        let mut known: FxHashSet<u32> = FxHashSet::default();
        while let Some(package) = packages.pop() {
            if !known.insert(package) {
                continue;
            }
            let folder = module_of(&self.files[package as usize].name);
            for inner in self.inside.get(folder).into_iter().flatten() {
                let stem = stem_of(module_of(&self.files[*inner as usize].name));
                if words.contains(stem.as_bytes()) {
                    links.push(*inner);
                    if self.is_package(*inner) {
                        packages.push(*inner);
                    }
                }
            }
        }
    }

    fn is_package(&self, file: u32) -> bool {
        let name = &self.files[file as usize].name;
        name.strip_prefix(module_of(name))
            .is_some_and(|rest| rest.starts_with("/__init__."))
    }

    /// The files that a name in the importer may mean as a module: a superset of `may_mean` without
    /// its holder, and of how names are resolved.
    fn called(&self, name: &str, importer: &str) -> Vec<u32> {
        if let Some(exact) = name.strip_prefix('/') {
            return self.exact.get(exact).cloned().unwrap_or_default();
        }
        if name.contains('/') {
            return self.ends.get(name).cloned().unwrap_or_default();
        }
        let mut found = Vec::new();
        let mut folder = importer;
        while let Some((above, _)) = folder.rsplit_once('/') {
            folder = above;
            let beside = format!("{folder}/{name}");
            found.extend(self.exact.get(&*beside).into_iter().flatten());
        }
        found.extend(self.exact.get(name).into_iter().flatten());
        let path = |file: u32| &*self.files[file as usize].name;
        if found.iter().any(|file| path(*file).ends_with(".py")) {
            return found;
        }
        // Below, only where one file fits.
        let called = || self.ends.get(name).into_iter().flatten().copied();
        let below = |parts: &str| only(called().filter(|file| stands_at(path(*file), parts)));
        found.extend(below(name).filter(|_| MODULES.is_own(name)));
        found.extend(below(&format!("python/{name}")));
        found
    }
}

fn words_of(bytes: &[u8]) -> FxHashSet<&[u8]> {
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80;
    bytes.split(|byte| !part(byte)).collect()
}

/// Union and find.
struct Joined(Vec<u32>);

impl Joined {
    fn new(count: usize) -> Joined {
        Joined((0..count as u32).collect())
    }

    fn root(&mut self, mut of: u32) -> u32 {
        while self.0[of as usize] != of {
            let above = self.0[of as usize];
            self.0[of as usize] = self.0[above as usize];
            of = above;
        }
        of
    }

    /// The smaller root stays, so that the order of joining does not matter.
    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        let (low, high) = (a.min(b), a.max(b));
        self.0[high as usize] = low;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_as_written() {
        assert_eq!(Shard::parse("2/4"), Ok(Shard { index: 2, count: 4 }));
        let wrong = [
            "", "2", "0/4", "5/4", "1/0", "-1/2", "1/2/3", "a/b", "1/100000",
        ];
        assert!(wrong.iter().all(|word| Shard::parse(word).is_err()));
    }

    #[test]
    fn the_heaviest_first_to_the_lightest() {
        let weights = [1, 9, 4, 4, 2];
        let components = (0..).zip(weights).map(|(file, weight)| Component {
            files: vec![file],
            weight,
            ..Component::default()
        });
        let dealt = dealt(components.collect(), 2);
        let dealt: Vec<(u32, u32)> = (dealt.iter())
            .map(|(component, shard)| (component.files[0], *shard))
            .collect();
        assert_eq!(dealt, [(1, 1), (2, 2), (3, 2), (4, 2), (0, 1)]);
    }

    #[test]
    fn what_fills_a_place() {
        let filled = |text: &str| {
            let start = text.find("rows").unwrap();
            filled(text.as_bytes(), start..start + 4)
        };
        let yes = [
            "request.rows = table.scan()",
            "a, g.rows = b",
            "g.rows['x'] += 1",
            "request.rows.append(x)",
            "for request.rows in pages:",
            "setattr(request, 'rows', x)",
            "app[\"rows\"] = x",
        ];
        let no = [
            "rows = 1",
            "if request.rows == 1:",
            "print(request.rows)\nx = 1",
            "request.rows.get('x')",
            "x = request.rows",
        ];
        assert!(yes.into_iter().all(filled));
        assert!(!no.into_iter().any(filled));
    }

    fn linked(names: &[&str], importer: &str, text: &str) -> Vec<String> {
        let file = |name: &&str| File {
            name: (*name).into(),
            path: name.into(),
            named: false,
            text: None,
        };
        let files: Vec<File> = names.iter().map(file).collect();
        let modules = Modules::new(&files);
        let mut links = Vec::new();
        each_import(text.as_bytes(), importer, |imported, _| {
            links.extend(modules.called(imported, importer));
        });
        links
            .iter()
            .map(|link| files[*link as usize].name.to_string())
            .collect()
    }

    #[test]
    fn names_of_modules() {
        let names = ["a.py", "x/a.py", "x/b/__init__.py", "x/b/c.py", "y/b/c.py"];
        let all = |importer, text| linked(&names, importer, text);
        assert_eq!(all("x/main.py", "import a"), ["x/a.py", "a.py"]);
        assert_eq!(all("z/main.py", "import b.c"), ["x/b/c.py", "y/b/c.py"]);
        assert_eq!(all("x/main.py", "from . import b"), ["x/b/__init__.py"]);
        assert_eq!(all("x/main.py", "from .b import c"), ["x/b/c.py"]);
        assert_eq!(all("y/main.py", "import b"), ["x/b/__init__.py"]);
        assert!(all("y/main.py", "import a_c").is_empty());
        let names = ["x/a.py", "y/a.py", "x/rich.py", "y/python/json.py"];
        let all = |text| linked(&names, "z/main.py", text);
        assert!(all("import a\nimport rich").is_empty());
        assert_eq!(all("import json"), ["y/python/json.py"]);
    }
}
