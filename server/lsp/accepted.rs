//! Which findings the baselines accept, asked at every keystroke: keys are made once for each telling.

use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::baseline::{Baseline, Codes, Key, NAME};
use crate::cli::baseline::{Place, place_of, read};
use crate::cli::walk::{absolute, name_of};
use crate::config::files::Found;
use crate::finding::Finding;
use crate::syntax::Source;

use super::log;

/// With how often each counts.
type Entries = Vec<(Key, usize)>;

/// What the baselines of a root accept, as far as it was asked for.
#[derive(Default)]
pub struct Accepted {
    /// By their paths; none: there is no file, or it is damaged.
    books: FxHashMap<PathBuf, Option<Arc<Book>>>,
    files: FxHashMap<Arc<str>, Option<File>>,
    /// By path: of a file what is left of its entries, which something that moved may be.
    spare: FxHashMap<PathBuf, Entries>,
}

struct Book {
    folder: PathBuf,
    of_file: FxHashMap<String, Entries>,
    /// By rule and code: the files that have an entry.
    alike: FxHashMap<(String, String), Vec<String>>,
}

/// A file whose baseline is there.
struct File {
    book: Arc<Book>,
    /// As the baseline calls it.
    name: String,
    entries: Entries,
    /// Findings that are or were there.
    known: FxHashMap<NonZeroU64, Known>,
}

struct Known {
    key: Key,
    /// Its entry.
    entry: Option<usize>,
}

/// So many findings that are gone are kept beside those that are there: what is typed brings most back.
const KEPT: usize = 64;

/// The keys of a file's findings, by its path, whatever name they give it; none of a file that is
/// no part of the root.
pub type Anew<'a> = dyn Fn(&Path) -> Option<Vec<Key>> + 'a;

impl Accepted {
    /// Marks what is accepted of a file's findings; `place` is its path, with its configuration and
    /// the root.
    pub fn mark(
        &mut self,
        name: &str,
        place: (&Path, &Found, &Path),
        source: Option<&Source>,
        findings: &mut [Finding],
        anew: &Anew,
    ) {
        if !self.files.contains_key(name) {
            let (path, found, root) = place;
            let file = self.file(path, found, root);
            self.files.insert(name.into(), file);
        }
        let Some(Some(file)) = self.files.get_mut(name) else {
            return;
        };
        if findings.is_empty() {
            return;
        }
        let (left, others) = file.mark(source, findings);
        if others.is_empty() {
            return;
        }
        let candidates = file.book.files_like(others.iter().map(|(_, key)| key));
        if candidates.is_empty() {
            return;
        }
        let mut moved = Baseline::default();
        for other in candidates {
            let spare = match *other == file.name {
                true => &left,
                false => {
                    let path = absolute(Path::new(other), &file.book.folder);
                    let entries = file.book.of_file.get(other);
                    self.spare.entry(path).or_insert_with_key(|path| {
                        let entries = entries.cloned().unwrap_or_default();
                        match (path.exists(), anew(path)) {
                            (true, Some(found)) => without(entries, found),
                            (true, None) => Vec::new(),
                            (false, _) => entries,
                        }
                    })
                }
            };
            moved.entries.extend(spare.iter().cloned());
        }
        let (at, keys): (Vec<usize>, Vec<Key>) = others.into_iter().unzip();
        let matched = moved.matched(&keys, |_| true);
        for (at, by) in at.into_iter().zip(matched.by) {
            findings[at].baselined = by.is_some();
        }
    }

    /// A file's findings may be others now.
    pub fn changed(&mut self, path: &Path) {
        self.spare.remove(path);
    }

    /// Any file's findings may be, or files came or went.
    pub fn all_changed(&mut self) {
        self.spare.clear();
    }

    /// Is this the path of a baseline, be it there or not?
    pub fn reads(&self, path: &Path) -> bool {
        path.file_name().is_some_and(|name| name == NAME) || self.books.contains_key(path)
    }

    fn file(&mut self, path: &Path, found: &Found, root: &Path) -> Option<File> {
        let place = place_of(found, root);
        let book = (self.books.entry(place.path.clone()))
            .or_insert_with(|| Book::of(&place).map(Arc::new));
        let book = Arc::clone(book.as_ref()?);
        let name = name_of(path, &book.folder);
        let entries = book.of_file.get(&name).cloned().unwrap_or_default();
        Some(File {
            book,
            name,
            entries,
            known: FxHashMap::default(),
        })
    }
}

impl Book {
    fn of(place: &Place) -> Option<Book> {
        let path = &place.path;
        let baseline = match read(place) {
            Ok(baseline) => baseline?,
            Err(why) => {
                log::error(format!("{}: {why}", path.display()));
                return None;
            }
        };
        let mut book = Book {
            folder: path.parent().unwrap_or(Path::new("")).to_path_buf(),
            of_file: FxHashMap::default(),
            alike: FxHashMap::default(),
        };
        for (key, count) in baseline.entries {
            let alike = book
                .alike
                .entry((key.rule.clone(), key.code.clone()))
                .or_default();
            if alike.last() != Some(&key.file) {
                alike.push(key.file.clone());
            }
            book.of_file
                .entry(key.file.clone())
                .or_default()
                .push((key, count));
        }
        Some(book)
    }

    /// The files with an entry for the same rule and code as one of these.
    fn files_like<'a>(&'a self, keys: impl Iterator<Item = &'a Key>) -> Vec<&'a String> {
        let alike = keys.filter_map(|key| self.alike.get(&(key.rule.clone(), key.code.clone())));
        let mut files: Vec<&String> = alike.flatten().collect();
        files.sort();
        files.dedup();
        files
    }
}

impl File {
    /// Marks the findings that are just as an entry says. Answers what is left of the entries, and the
    /// other findings with their keys.
    fn mark(
        &mut self,
        source: Option<&Source>,
        findings: &mut [Finding],
    ) -> (Entries, Vec<(usize, Key)>) {
        self.look_up(source, findings);
        let mut left: Vec<usize> = self.entries.iter().map(|(_, count)| *count).collect();
        let mut others = Vec::new();
        for (at, finding) in findings.iter_mut().enumerate() {
            let known = finding
                .telling
                .number()
                .and_then(|number| self.known.get(&number));
            let entry = match known {
                Some(known) => known.entry,
                None => self.entry(&self.key(finding, source)),
            };
            match entry.filter(|entry| left[*entry] > 0) {
                Some(entry) => {
                    left[entry] -= 1;
                    finding.baselined = true;
                }
                None => others.push(at),
            }
        }
        if others.is_empty() {
            return (Vec::new(), Vec::new());
        }
        let others = others.into_iter();
        let others = others.map(|at| (at, self.key(&findings[at], source)));
        let left = (self.entries.iter().zip(left))
            .filter(|(_, count)| *count > 0)
            .map(|((key, _), count)| (key.clone(), count));
        (left.collect(), others.collect())
    }

    /// Makes the keys of findings that were not there before.
    fn look_up(&mut self, source: Option<&Source>, findings: &[Finding]) {
        if self.known.len() > 2 * findings.len() + KEPT {
            let there = findings
                .iter()
                .filter_map(|finding| finding.telling.number());
            let there: FxHashSet<NonZeroU64> = there.collect();
            self.known.retain(|number, _| there.contains(number));
        }
        let mut codes = source.map(Codes::new);
        for finding in findings {
            let Some(number) = finding.telling.number() else {
                continue;
            };
            if !self.known.contains_key(&number) {
                let key = Key {
                    file: self.name.clone(),
                    ..Key::of(finding, codes.as_mut())
                };
                let entry = self.entry(&key);
                self.known.insert(number, Known { key, entry });
            }
        }
    }

    fn key(&self, finding: &Finding, source: Option<&Source>) -> Key {
        let known = finding
            .telling
            .number()
            .and_then(|number| self.known.get(&number));
        match known {
            Some(known) => known.key.clone(),
            None => Key {
                file: self.name.clone(),
                ..Key::of(finding, source.map(Codes::new).as_mut())
            },
        }
    }

    fn entry(&self, key: &Key) -> Option<usize> {
        self.entries.iter().position(|(entry, _)| entry == key)
    }
}

/// What is left of entries where these findings are there.
fn without(mut entries: Entries, found: Vec<Key>) -> Entries {
    let same =
        |a: &Key, b: &Key| (&a.rule, &a.function, &a.code) == (&b.rule, &b.function, &b.code);
    for key in found {
        if let Some((_, count)) = entries.iter_mut().find(|(entry, _)| same(entry, &key)) {
            *count = count.saturating_sub(1);
        }
    }
    entries.retain(|(_, count)| *count > 0);
    entries
}
