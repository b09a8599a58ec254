//! Keeps the index true to the disk: files that came, changed, moved or went. Never over an open document.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rustc_hash::FxHashSet;
use tower_lsp::ls_types::Uri;

use crate::cli::coding::LARGEST;
use crate::config::files::Configs;
use crate::deployed::is_deployment;
use crate::fix::suite::{Suite, Test};
use crate::workspace::{Workspace, is_test};

use super::index::{Indexed, Open, files, text_of};
use super::names::{Key, is_python, path_of};
use super::project::Project;
use super::state::State;
use super::tasks::stopped;

/// Files' texts by their names.
pub type Texts = Vec<(Arc<str>, String)>;

/// What a folder holds now, as far as it was asked for.
pub struct Found {
    /// All names, where files came that were not known.
    pub names: Option<Vec<Arc<str>>>,
    pub texts: Texts,
    pub missing: Vec<Arc<str>>,
}

/// Reads files of roots by their names.
pub fn read(wanted: Vec<(PathBuf, Vec<Arc<str>>)>) -> Vec<(PathBuf, Texts)> {
    let texts = |root: &Path, names: Vec<Arc<str>>| {
        let text = |name: Arc<str>| Some((Arc::clone(&name), text_of(root, &name)?));
        names.into_iter().filter_map(text).collect()
    };
    wanted
        .into_iter()
        .map(|(root, names)| (root.clone(), texts(&root, names)))
        .collect()
}

/// One root's changed files: those known, and those to look for.
pub struct Changed {
    root: PathBuf,
    known: Vec<Arc<str>>,
    new: Vec<Arc<str>>,
}

/// Reads what changed. A new file counts only where a check would find it.
pub fn look_at(changed: Vec<Changed>, configs: &Configs) -> Vec<(PathBuf, Found)> {
    let look = |Changed { root, known, new }: Changed| {
        let mut wanted = known;
        let mut names = None;
        if !new.is_empty() {
            let all: Vec<Arc<str>> = (files(&root, configs).0)
                .into_iter()
                .map(|file| file.name)
                .collect();
            let there: FxHashSet<&Arc<str>> = all.iter().collect();
            for name in &new {
                match is_python(name) {
                    true => wanted.extend(there.get(name).map(|name| Arc::clone(name))),
                    false => wanted.extend(all.iter().filter(|other| inside(other, name)).cloned()),
                }
            }
            names = Some(all);
        }
        let (mut texts, mut missing) = (Vec::new(), Vec::new());
        for name in wanted {
            match text_of(&root, &name) {
                Some(text) => texts.push((name, text)),
                None => missing.push(name),
            }
        }
        (
            root,
            Found {
                names,
                texts,
                missing,
            },
        )
    };
    changed.into_iter().map(look).collect()
}

impl State {
    fn number_of(&self, root: &Path) -> Option<usize> {
        let mut projects = self.projects.iter();
        projects.position(|project| project.root.as_deref() == Some(root))
    }

    pub fn project_at(&mut self, root: &Path) -> Option<&mut Project> {
        let at = self.number_of(root)?;
        self.projects.get_mut(at)
    }

    /// Removes what is gone; answers which roots to index anew, and which files to look at.
    pub fn sort_out(
        &mut self,
        there: &[Uri],
        gone: &[Uri],
        many: bool,
    ) -> (Vec<PathBuf>, Vec<Changed>) {
        let (mut again, mut changed): (Vec<PathBuf>, Vec<Changed>) = Default::default();
        for (uri, is_gone) in gone
            .iter()
            .map(|uri| (uri, true))
            .chain(there.iter().map(|uri| (uri, false)))
        {
            let home = self.home(uri);
            let project = &mut self.projects[home.project];
            let Some(root) = project.root.clone() else {
                continue;
            };
            let Some(path) = path_of(uri) else {
                continue;
            };
            let name = path.file_name().and_then(OsStr::to_str);
            let deploys = name.is_some_and(is_deployment);
            if deploys || many || project.indexing.is_some() {
                // What goes on may have read the old state.
                if !again.contains(&root) {
                    again.push(root);
                }
                continue;
            }
            if is_gone {
                self.gone(home.project, &home.name);
                continue;
            }
            let open = project.open.contains_key(&home.name);
            if open && project.leaves_out(&home.name) && !again.contains(&root) {
                again.push(root);
                continue;
            }
            if open || !is_python(&home.name) && looks_like_file(&home.name) {
                continue;
            }
            let known = project.workspace().paths().any(|path| *path == home.name);
            let at = changed
                .iter()
                .position(|changed| changed.root == root)
                .unwrap_or_else(|| {
                    changed.push(Changed {
                        root,
                        known: Vec::new(),
                        new: Vec::new(),
                    });
                    changed.len() - 1
                });
            match known {
                true => changed[at].known.push(home.name),
                false => changed[at].new.push(home.name),
            }
        }
        (again, changed)
    }

    /// A file or a folder was deleted; what is open of it stays.
    fn gone(&mut self, project: usize, name: &Arc<str>) {
        let of = &self.projects[project];
        let names: Vec<Arc<str>> = (of.workspace().paths())
            .filter(|path| *path == name || inside(path, name))
            .filter(|path| !of.open.contains_key(*path))
            .cloned()
            .collect();
        for name in names {
            self.projects[project].remove(&name);
            let home = super::documents::Home { project, name };
            self.rejudged(&home, &Key::of_path(Path::new("")));
        }
    }

    pub fn take_found(&mut self, root: &Path, found: Found) {
        let mut texts = found.texts;
        if let Some(project) = self.project_at(root) {
            if let Some(names) = found.names {
                project.set_paths(names);
            }
            // Whether a check loads what is new, or says something else, only an index knows.
            let count = texts.len();
            texts.retain(|(name, text)| project.same_signs(name, text));
            project.unsettled |= texts.len() < count;
        }
        self.due.settle = true;
        self.load_closed(root, texts);
        let at = self.number_of(root);
        for name in found.missing {
            if let Some(at) = at {
                self.gone(at, &name);
            }
        }
    }

    /// Loads files from disk that a check would load, but never over an open document.
    pub fn load_closed(&mut self, root: &Path, mut texts: Texts) {
        let Some(project) = self.project_at(root) else {
            return;
        };
        texts.retain(|(name, text)| {
            let same = project
                .text(name)
                .is_some_and(|known| known.as_str() == text);
            !project.open.contains_key(name) && !same
        });
        if !texts.is_empty() {
            project
                .loaded
                .extend(texts.iter().map(|(name, _)| Arc::clone(name)));
            project.load(texts);
            self.all_changed();
        }
    }

    /// Swaps an index in, the open documents' texts over those that it saw; answers the old one,
    /// which is better dropped elsewhere.
    pub fn take_index(
        &mut self,
        root: &Path,
        stop: &Arc<AtomicBool>,
        indexed: Indexed,
    ) -> Workspace {
        let configs = Arc::clone(&self.configs);
        let Some(at) = self.number_of(root) else {
            return indexed.workspace;
        };
        if stopped(stop) || !self.is_current(at, stop) {
            return indexed.workspace;
        }
        let project = &mut self.projects[at];
        let old = project.swap(indexed);
        project.configure(configs);
        let open: Vec<(Arc<str>, Key)> = (project.open.iter())
            .map(|(name, key)| (Arc::clone(name), key.clone()))
            .collect();
        for (name, key) in open {
            match self.documents.contains_key(&key) {
                true => self.analyse(&key),
                false => {
                    let text = old.text(&name).map(|text| text.as_str().to_string());
                    self.projects[at].replace(&name, text.unwrap_or_default());
                }
            }
        }
        self.due.reindexed = true;
        self.all_changed();
        old
    }

    /// The open texts of a root, as its index is to see them.
    pub fn overlay(&mut self, root: &Path) -> Open {
        let Some(at) = self.number_of(root) else {
            return Open::default();
        };
        self.projects[at].begin();
        let project = &self.projects[at];
        let open = (project.open.iter()).filter(|(name, _)| project.takes(name));
        let documents = open.filter_map(|(name, key)| Some((name, self.documents.get(key)?)));
        let texts = documents.map(|(name, document)| {
            let text = document.python && document.text.len() as u64 <= LARGEST;
            let text = text.then(|| document.python_text().into());
            (Arc::clone(name), text)
        });
        texts.collect()
    }

    /// The root whose tests the rewrites of a document ask, where these are not read yet, how often
    /// that was begun, and its configurations.
    pub fn unheard(&self, uri: &Uri) -> Option<(PathBuf, usize, Arc<Configs>)> {
        let key = Key::of(uri);
        let document = self.documents.get(&key)?;
        let project = &self.projects[document.home.project];
        let root = project.root.clone().filter(|_| !project.heard)?;
        self.findings_in(&key, document).next()?;
        Some((root, project.hearings, Arc::clone(&self.configs)))
    }

    pub fn take_tests(&mut self, root: &Path, hearing: usize, tests: Vec<Test>) {
        // What changed meanwhile is read the next time.
        if let Some(project) = self.project_at(root).filter(|it| it.hearings == hearing) {
            project.suite = Suite::of(tests);
            project.heard = true;
        }
    }

    /// What tests said holds no more where one of these files is a test, or may be a folder of tests.
    pub fn forget_tests<'u>(&mut self, files: impl IntoIterator<Item = &'u Uri>) {
        for uri in files {
            let home = self.home(uri);
            if is_test(&home.name) || !looks_like_file(&home.name) {
                self.projects[home.project].forget_suite();
            }
        }
    }

    pub fn stopped(&mut self, root: &Path, stop: &Arc<AtomicBool>) {
        let at = self.number_of(root);
        if let Some(at) = at.filter(|&at| self.is_current(at, stop)) {
            self.projects[at].indexing = None;
        }
    }

    fn is_current(&self, at: usize, stop: &Arc<AtomicBool>) -> bool {
        let current = self.projects[at].indexing.as_ref();
        current.is_some_and(|current| Arc::ptr_eq(current, stop))
    }
}

/// Does the folder hold the file, at any depth?
fn inside(file: &str, folder: &str) -> bool {
    let rest = file.strip_prefix(folder);
    rest.is_some_and(|rest| rest.starts_with('/'))
}

/// A name with an ending is no folder.
fn looks_like_file(name: &str) -> bool {
    name.rsplit('/')
        .next()
        .is_some_and(|last| last.trim_start_matches('.').contains('.'))
}
