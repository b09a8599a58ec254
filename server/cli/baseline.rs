//! The baseline of a check: which findings are accepted, what is left of it, and when its file is written.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::baseline::{Baseline, Key, NAME, keys};
use crate::config::files::{Configs, Found, regular};
use crate::config::links::{OUT, leads_out, stays};
use crate::finding::Finding;
use crate::rules;
use crate::workspace::Workspace;

use super::check::Failure;
use super::output::{Access, beside};
use super::since::Since;
use super::walk::{File, absolute, name_of};

/// What becomes of entries that match nothing any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// They are taken out of the file; the default, but where CI is set.
    Prune,
    /// They fail the check, and nothing is written; the default where CI is set.
    Lock,
    /// They stay.
    Keep,
    /// There is no baseline: all findings count.
    Off,
}

impl Mode {
    /// In CI nobody would commit what a check changes.
    pub fn usual() -> Mode {
        let ci = std::env::var("CI").unwrap_or_default();
        match ci.as_str() {
            "" | "0" | "false" => Mode::Prune,
            _ => Mode::Lock,
        }
    }
}

/// What a run looks at, as far as baselines ask.
pub struct Scope<'a> {
    pub here: PathBuf,
    /// As they were given.
    pub paths: &'a [PathBuf],
    pub files: &'a [File],
    pub analysed: &'a [&'a File],
    /// Of each named path.
    pub roots: &'a [Arc<Found>],
    pub configs: &'a Configs,
    /// The command line selects rules: others were not looked for.
    pub selects: bool,
}

/// What is to become of baselines.
pub struct How<'a> {
    pub mode: Mode,
    /// Written whatever the mode.
    pub write: bool,
    pub since: Option<&'a Since>,
    /// Names of files that could not be read.
    pub troubled: &'a FxHashSet<&'a str>,
    /// Nothing went wrong on the way, so that what is not found is not there.
    pub whole: bool,
}

/// The baselines of a run: mostly one, but each configuration has its own.
pub struct Baselines {
    books: Vec<Book>,
    /// Of each analysed file its book, and its name as that calls it.
    names: FxHashMap<Arc<str>, (usize, String)>,
}

struct Book {
    path: PathBuf,
    /// As seen from the current folder.
    name: String,
    folder: PathBuf,
    /// As it was read; none: there is no file.
    text: Option<String>,
    baseline: Baseline,
}

/// Findings, parted by what is accepted.
#[derive(Default)]
pub struct Parted {
    pub new: Vec<Finding>,
    pub known: Vec<Finding>,
    /// Of each book.
    of: Vec<Part>,
}

#[derive(Default)]
struct Part {
    /// The accepted findings as they are now.
    now: BTreeMap<Key, usize>,
    left: BTreeMap<Key, usize>,
    known: usize,
    moved: usize,
}

/// What became of a baseline in a run.
pub struct Settled {
    pub name: String,
    /// How many findings it accepted.
    pub known: usize,
    /// How many of these are elsewhere now.
    pub moved: usize,
    /// Entries that match nothing any more; empty where that could not be known.
    pub stale: BTreeMap<Key, usize>,
    /// Entries that came since the revision of `--since`; of interest in the mode `lock` only.
    pub added: BTreeMap<Key, usize>,
    pub outcome: Outcome,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Kept,
    /// Written by `--write-baseline`.
    Written,
    /// Written without what was stale.
    Pruned,
    /// Stale or added entries fail the check.
    Locked,
    /// It could not be written.
    Failed(String),
}

impl Settled {
    /// What fails the check, for people.
    pub fn complaints(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        if self.outcome != Outcome::Locked {
            return complaints;
        }
        let such_as = |key: Option<&Key>| {
            key.map_or(String::new(), |key| {
                format!(
                    ", such as {} in `{}` of {}",
                    key.rule, key.function, key.file
                )
            })
        };
        let name = &self.name;
        let count: usize = self.stale.values().sum();
        if count > 0 {
            let (what, them) = match count {
                1 => ("1 finding is".to_string(), "it"),
                _ => (format!("{count} findings are"), "them"),
            };
            let first = such_as(self.stale.keys().next());
            complaints.push(format!(
                "{name}: {what} not there any more{first}: run `dynaleak check` where CI is not set, which takes {them} out, and commit the file"
            ));
        }
        if !self.added.is_empty() {
            let count: usize = self.added.values().sum();
            let what = match count {
                1 => "1 finding was".to_string(),
                count => format!("{count} findings were"),
            };
            let first = such_as(self.added.keys().next());
            complaints.push(format!(
                "{name}: {what} added since the revision{first}: a locked baseline only gets smaller"
            ));
        }
        complaints
    }
}

impl Baselines {
    /// Reads the baselines of a run. `given` is that of the command line; `new`: it may be missing,
    /// for it is to be written.
    pub fn open(scope: &Scope, given: Option<&Path>, new: bool) -> Result<Baselines, Vec<Failure>> {
        let mut baselines = Baselines::none();
        let mut wanted: Vec<Place> = Vec::new();
        let place = |wanted: &mut Vec<Place>, found: &Found| {
            let place = match given {
                Some(path) => Place::given(absolute(path, &scope.here), &scope.here),
                None => place_of(found, &scope.here),
            };
            match wanted.iter().position(|known| known.path == place.path) {
                Some(at) => at,
                None => {
                    wanted.push(place);
                    wanted.len() - 1
                }
            }
        };
        for found in scope.roots {
            place(&mut wanted, found);
        }
        // Where a baseline stands is asked of the disk.
        let mut known: FxHashMap<*const Found, usize> = FxHashMap::default();
        for file in scope.analysed {
            let found = scope.configs.of_file(&file.path);
            let book =
                *(known.entry(Arc::as_ptr(&found))).or_insert_with(|| place(&mut wanted, &found));
            let folder = wanted[book].path.parent().unwrap_or(Path::new(""));
            let name = name_of(&file.path, folder);
            baselines.names.insert(Arc::clone(&file.name), (book, name));
        }
        let mut failures = Vec::new();
        for place in wanted {
            let required = place.required && !new;
            match Book::read(place, &scope.here, required) {
                Ok(book) => baselines.books.push(book),
                Err(failure) => failures.push(failure),
            }
        }
        match failures.is_empty() {
            true => Ok(baselines),
            false => Err(failures),
        }
    }

    pub fn none() -> Baselines {
        Baselines {
            books: Vec::new(),
            names: FxHashMap::default(),
        }
    }

    /// Parts findings, which are sorted by file. With `all` each is accepted: they are to be written.
    pub fn part(
        &self,
        workspace: &Workspace,
        findings: Vec<Finding>,
        scope: &Scope,
        all: bool,
    ) -> Parted {
        let mut parted = Parted::default();
        parted.of.resize_with(self.books.len(), Part::default);
        if self.books.iter().all(|book| book.text.is_none()) && !all {
            parted.new = findings;
            return parted;
        }
        let mut of_books: Vec<Vec<(usize, Key)>> = vec![Vec::new(); self.books.len()];
        let found = keys(&findings, |file| workspace.source(file));
        for (at, (finding, key)) in findings.iter().zip(found).enumerate() {
            if let Some((book, name)) = self.names.get(&finding.file) {
                let file = name.clone();
                of_books[*book].push((at, Key { file, ..key }));
            }
        }
        let walked = scope.walked();
        let mut accepted: FxHashSet<usize> = FxHashSet::default();
        for ((book, found), part) in self.books.iter().zip(of_books).zip(&mut parted.of) {
            let (places, keys): (Vec<usize>, Vec<Key>) = found.into_iter().unzip();
            // What stands in a file that was not looked at has not moved into one that was.
            let free = |key: &Key| {
                let path = book.path_of(key);
                walked.contains(&path) || !path.exists()
            };
            let matched = book.baseline.matched(&keys, free);
            part.left = matched.left;
            for ((at, key), by) in places.into_iter().zip(keys).zip(matched.by) {
                if by.is_none() && !all {
                    continue;
                }
                part.known += 1;
                part.moved += usize::from(by.is_some_and(|by| by != key));
                *part.now.entry(key).or_default() += 1;
                accepted.insert(at);
            }
        }
        for (at, finding) in findings.into_iter().enumerate() {
            match accepted.contains(&at) {
                true => parted.known.push(Finding {
                    baselined: true,
                    ..finding
                }),
                false => parted.new.push(finding),
            }
        }
        parted
    }

    /// Says what became of the baselines, and writes them where that is to be.
    pub fn settle(&self, parted: &Parted, scope: &Scope, how: &How) -> Vec<Settled> {
        let How {
            mode, write, whole, ..
        } = *how;
        let mut all = Vec::new();
        for (number, (book, part)) in self.books.iter().zip(&parted.of).enumerate() {
            let root = number == 0;
            if book.text.is_none() && !(write && (root || !part.now.is_empty())) {
                continue;
            }
            let covered = write || book.covered(scope);
            let (stale, rest) = match whole && covered {
                true => book.parted(&part.left, scope, how.troubled),
                false => (BTreeMap::new(), part.left.clone()),
            };
            let mut next = Baseline {
                entries: rest,
                paths: book.baseline.paths.clone(),
            };
            for (key, count) in &part.now {
                *next.entries.entry(key.clone()).or_default() += count;
            }
            if write {
                next.paths = book.paths(scope);
            }
            let text = next.text();
            let changed = book.text.as_ref() != Some(&text);
            let added = match how.since.filter(|_| mode == Mode::Lock && !write) {
                Some(since) => book.added(since),
                None => BTreeMap::new(),
            };
            let outcome = match mode {
                _ if write && whole => book.put(&text).map(|()| Outcome::Written),
                _ if write => Err("not written, for the check is not whole".to_string()),
                Mode::Prune if whole && covered && changed => {
                    book.put(&text).map(|()| Outcome::Pruned)
                }
                Mode::Lock if !(stale.is_empty() && added.is_empty()) => Ok(Outcome::Locked),
                _ => Ok(Outcome::Kept),
            };
            all.push(Settled {
                name: book.name.clone(),
                known: part.known,
                moved: part.moved,
                stale,
                added,
                outcome: outcome.unwrap_or_else(Outcome::Failed),
            });
        }
        all
    }
}

impl Scope<'_> {
    fn walked(&self) -> FxHashSet<PathBuf> {
        self.files.iter().map(|file| file.path.clone()).collect()
    }

    /// The paths that were named, absolute.
    fn named(&self) -> impl Iterator<Item = PathBuf> + '_ {
        self.paths.iter().map(|path| absolute(path, &self.here))
    }

    /// Was this rule looked for in this file? Only the command line's selection makes a run smaller:
    /// what the configuration takes out is out for good. A rule that is not known may be a later
    /// version's.
    fn looked_for(&self, rule: &str, path: &Path) -> bool {
        let selected = || {
            let found = self.configs.of_file(path);
            found.config.of(path).has(rule)
        };
        rules::entry(rule).is_some() && (!self.selects || selected())
    }
}

/// Larger than any that people read.
const LIMIT: u64 = 256 << 20;

impl Book {
    fn read(place: Place, here: &Path, required: bool) -> Result<Book, Failure> {
        let path = place.path;
        let name = name_of(&path, here);
        let failure = |message: String| Failure {
            file: None,
            message: format!("{name}: {message}"),
        };
        if let Some(why) = place.outside {
            return Err(failure(format!("the baseline is {why}: not read")));
        }
        let text = match text_of(&path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound && !required => None,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let message =
                    "there is no such baseline: `dynaleak check --write-baseline` writes it";
                return Err(failure(message.to_string()));
            }
            Err(error) => return Err(failure(format!("the baseline cannot be read: {error}"))),
        };
        let baseline = Baseline::parse(text.as_deref().unwrap_or("{\"dynaleak-baseline\":1}"));
        let baseline = baseline.map_err(|damage| Failure {
            file: Some(name.clone()),
            message: format!("{}: {}", damage.line, damage.reason),
        })?;
        Ok(Book {
            folder: path.parent().unwrap_or(Path::new("")).to_path_buf(),
            path,
            name,
            text,
            baseline,
        })
    }

    fn path_of(&self, key: &Key) -> PathBuf {
        absolute(Path::new(&key.file), &self.folder)
    }

    /// Did the run look at all that the baseline was written for? A file that is looked at alone shows
    /// other findings than among those that it works with.
    fn covered(&self, scope: &Scope) -> bool {
        let own = BTreeSet::from([".".to_string()]);
        let paths = match self.baseline.paths.is_empty() {
            true => &own,
            false => &self.baseline.paths,
        };
        paths.iter().all(|path| {
            let path = absolute(Path::new(path), &self.folder);
            !path.exists() || scope.named().any(|named| path.starts_with(named))
        })
    }

    /// What the baseline is written for, each path once and none inside of another.
    fn paths(&self, scope: &Scope) -> BTreeSet<String> {
        let mut all: Vec<PathBuf> = (self.baseline.paths.iter())
            .map(|path| absolute(Path::new(path), &self.folder))
            .filter(|path| path.exists())
            .collect();
        all.extend(
            scope
                .named()
                .map(|named| match self.folder.starts_with(&named) {
                    true => self.folder.clone(),
                    false => named,
                }),
        );
        let outer = |path: &&PathBuf| {
            !(all.iter()).any(|other| *other != **path && path.starts_with(other))
        };
        let name = |path: &PathBuf| match name_of(path, &self.folder) {
            name if name.is_empty() => ".".to_string(),
            name => name,
        };
        all.iter().filter(outer).map(name).collect()
    }

    /// What is left of the entries: those that the run would have found, and those that it would not.
    fn parted(
        &self,
        left: &BTreeMap<Key, usize>,
        scope: &Scope,
        troubled: &FxHashSet<&str>,
    ) -> (BTreeMap<Key, usize>, BTreeMap<Key, usize>) {
        let walked = scope.walked();
        let named: Vec<PathBuf> = scope.named().collect();
        let looked_at = |key: &Key| {
            let path = self.path_of(key);
            let there = match walked.contains(&path) {
                true => !troubled.contains(name_of(&path, &scope.here).as_str()),
                false => !path.exists() && named.iter().any(|named| path.starts_with(named)),
            };
            there && scope.looked_for(&key.rule, &path)
        };
        (left.iter())
            .map(|(key, count)| (key.clone(), *count))
            .partition(|(key, _)| looked_at(key))
    }

    /// Entries that were not there at a revision, where the file was.
    fn added(&self, since: &Since) -> BTreeMap<Key, usize> {
        let before = since.text_of(&self.path);
        let before = before.and_then(|text| Baseline::parse(&text).ok());
        before.map_or_else(BTreeMap::new, |before| before.grown(&self.baseline))
    }

    /// Writes the file whole or leaves what is there.
    fn put(&self, text: &str) -> Result<(), String> {
        let written = || {
            let target = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
            let there = text_of(&target);
            let same = match (&there, &self.text) {
                (Ok(there), Some(text)) => there == text,
                (Err(error), None) => error.kind() == io::ErrorKind::NotFound,
                _ => false,
            };
            if !same {
                return Err(io::Error::other("it changed while it was checked"));
            }
            let mut file = beside(&target, Access::Usual)?;
            if let Ok(data) = fs::metadata(&target) {
                if data.permissions().readonly() {
                    return Err(io::ErrorKind::PermissionDenied.into());
                }
                file.as_file().set_permissions(data.permissions())?;
            }
            file.write_all(text.as_bytes())?;
            file.persist(&target).map_err(|error| error.error)?;
            Ok(())
        };
        written().map_err(|error| format!("cannot be written: {error}"))
    }
}

/// Where a baseline is.
pub struct Place {
    pub path: PathBuf,
    /// It has to be there.
    required: bool,
    /// What is wrong with a place that is none of the workspace's.
    outside: Option<&'static str>,
}

impl Place {
    /// What stands there is none of the workspace's: it is neither read nor written.
    pub fn is_outside(&self) -> bool {
        self.outside.is_some()
    }

    /// As the command line names it, which may be anywhere, but not behind a link of the workspace's.
    fn given(path: PathBuf, here: &Path) -> Place {
        Place {
            outside: leads_out(&path, here).then_some(OUT),
            path,
            required: true,
        }
    }

    /// In the workspace of a folder.
    fn within(path: PathBuf, required: bool, folder: &Path) -> Place {
        let outside = !stays(&path, folder);
        Place {
            outside: outside.then_some(match path.is_symlink() {
                true => OUT,
                false => "outside of the workspace",
            }),
            path,
            required,
        }
    }
}

/// Where the baseline of a configuration is. Without a configuration it is the nearest one above.
pub fn place_of(found: &Found, here: &Path) -> Place {
    if found.path.is_some() {
        let root = absolute(&found.config.root, here);
        return match &found.config.baseline {
            Some(name) => Place::within(absolute(name, &root), true, &root),
            None => Place::within(root.join(NAME), false, &root),
        };
    }
    let mut above = here.ancestors();
    let there = above.find(|folder| folder.join(NAME).is_file());
    let folder = there.unwrap_or(here);
    Place::within(folder.join(NAME), false, folder)
}

/// A baseline for the editor; none where there is no file.
#[cfg(feature = "lsp")]
pub fn read(place: &Place) -> Result<Option<Baseline>, String> {
    if let Some(why) = place.outside {
        return Err(format!("the baseline is {why}: not read"));
    }
    match text_of(&place.path) {
        Ok(text) => Baseline::parse(&text)
            .map(Some)
            .map_err(|damage| format!("line {}: {}", damage.line, damage.reason)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

fn text_of(path: &Path) -> io::Result<String> {
    let bytes = regular(path, LIMIT)?;
    if bytes.len() as u64 > LIMIT {
        return Err(io::Error::other("larger than 256 MB"));
    }
    String::from_utf8(bytes).map_err(|_| io::Error::other("not valid UTF-8"))
}
