//! What the server knows: roots, open documents, notebooks. Changed in order, synchronously, under one lock.

use std::path::PathBuf;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use tower_lsp::ls_types::{Diagnostic, TextDocumentContentChangeEvent, TextDocumentItem, Uri};

use crate::config::Overrides;
use crate::config::files::Configs;
use crate::query::Rules;

use super::documents::{Document, Home, Report};
use super::log;
use super::names::{Key, is_python, name_in, path_of};
use super::notebook::Notebook;
use super::project::Project;
use super::session::Session;
use super::settings::Settings;

pub struct State {
    pub session: Option<Session>,
    pub settings: Arc<Settings>,
    /// The configuration files, with the client's settings over them.
    pub configs: Arc<Configs>,
    /// None: the built-in ones.
    pub rules: Option<Arc<Rules>>,
    /// The first is that of loose documents.
    pub projects: Vec<Project>,
    pub documents: FxHashMap<Key, Document>,
    pub notebooks: FxHashMap<Key, Notebook>,
    /// What is due after this change; the tasks take it.
    pub due: Due,
    /// Files are being read because loaded code asks for them.
    pub reading: bool,
    /// Numbers the diagnostics' result ids.
    pub results: u64,
    /// What was last sent of files that are not open, to a client that does not pull.
    pub published: FxHashMap<Uri, Arc<Vec<Diagnostic>>>,
    /// What is found in files that are not open; see [`State::unopened`].
    pub unopened: FxHashMap<(usize, Arc<str>), Reported>,
    /// What of that is to be made anew.
    pub stale: Stale,
}

/// What changes left to do.
#[derive(Default)]
pub struct Due {
    /// Documents whose diagnostics are to be sent.
    pub publish: FxHashSet<Key>,
    /// Documents that were closed: the client forgets their diagnostics.
    pub clear: Vec<Uri>,
    /// Findings of another open file changed.
    pub refresh: bool,
    /// Other files than before may have to be loaded.
    pub settle: bool,
    /// In workspace mode, files that are not open changed too.
    pub workspace: bool,
    /// A whole index, or the settings, changed.
    pub reindexed: bool,
}

/// A file's URI and what is said of it.
pub type Reported = (Uri, Arc<Vec<Diagnostic>>);

/// Files that are not open and whose findings may have changed.
#[derive(Default)]
pub struct Stale {
    pub all: bool,
    pub files: FxHashSet<(usize, Arc<str>)>,
}

impl State {
    pub fn new() -> State {
        let settings = Arc::new(Settings::default());
        let configs = Arc::new(Configs::nearest(Overrides::default()));
        let loose = Project::new(None, None, Arc::clone(&configs));
        State {
            session: None,
            settings,
            configs,
            rules: None,
            projects: vec![loose],
            documents: FxHashMap::default(),
            notebooks: FxHashMap::default(),
            due: Due::default(),
            reading: false,
            results: 0,
            published: FxHashMap::default(),
            unopened: FxHashMap::default(),
            stale: Stale::default(),
        }
    }

    pub fn set_rules(&mut self, rules: Arc<Rules>) {
        let rules = Some(rules);
        self.projects = vec![Project::new(None, rules.clone(), Arc::clone(&self.configs))];
        self.rules = rules;
    }

    pub fn set_settings(&mut self, settings: Settings) {
        if let Some(level) = settings.log_level {
            log::set_level(level);
        }
        if settings.overrides != self.settings.overrides {
            self.configs = Arc::new(Configs::nearest(settings.overrides.clone()));
        }
        if settings.rule_pages != self.settings.rule_pages {
            // Diagnostics that say the same as before would be given out again.
            for document in self.documents.values_mut() {
                document.report = Report::default();
            }
        }
        self.settings = Arc::new(settings);
        self.reconfigure();
    }

    /// Configuration files changed, or what the client sets over them.
    pub fn reconfigure(&mut self) {
        for project in &mut self.projects {
            project.configure(Arc::clone(&self.configs));
        }
        let keys: Vec<Key> = self.documents.keys().cloned().collect();
        for key in keys {
            if self.documents[&key].cell_of.is_none() {
                self.analyse(&key);
            }
        }
        self.all_changed();
    }

    // ---- roots ----

    /// Sets the root folders; what stays a root keeps its workspace, and documents move to theirs.
    pub fn set_roots(&mut self, roots: Vec<PathBuf>) {
        let mut old: Vec<Project> = self.projects.drain(..).collect();
        let loose = old.swap_remove(0);
        self.projects.push(loose);
        for root in roots {
            if self
                .projects
                .iter()
                .any(|project| project.root.as_ref() == Some(&root))
            {
                continue;
            }
            let known = old
                .iter()
                .position(|project| project.root.as_ref() == Some(&root));
            self.projects.push(match known {
                Some(at) => old.swap_remove(at),
                None => Project::new(Some(root), self.rules.clone(), Arc::clone(&self.configs)),
            });
        }
        for project in old {
            project.stop();
        }
        for project in &mut self.projects {
            project.open.clear();
        }
        let homes: Vec<(Key, Home)> = (self.documents.iter())
            .filter(|(_, document)| document.cell_of.is_none())
            .map(|(key, document)| (key.clone(), self.home(&document.uri)))
            .collect();
        for (key, home) in homes {
            if let Some(document) = self.documents.get_mut(&key) {
                if document.home.name != home.name {
                    self.projects[0].remove(&document.home.name.clone());
                }
                document.home = home;
                document.report.revision = Some(u64::MAX);
                self.analyse(&key);
            }
        }
        for Project { watched, open, .. } in &mut self.projects {
            watched.retain(|name, _| open.contains_key(name));
        }
        let notebooks: Vec<Key> = self.notebooks.keys().cloned().collect();
        for key in notebooks {
            self.notebook_home(&key);
        }
        self.all_changed();
    }

    /// Where a document belongs: to the innermost root that holds it.
    pub fn home(&self, uri: &Uri) -> Home {
        let loose = |name: String| Home {
            project: 0,
            name: name.into(),
        };
        let Some(path) = path_of(uri) else {
            return loose(uri.as_str().to_string());
        };
        if uri.query().is_some() || uri.fragment().is_some() {
            return loose(uri.as_str().to_string());
        }
        let name = |project: usize| name_in(&path, self.projects[project].root.as_ref()?);
        let depth = |project: &usize| {
            let root = self.projects[*project].root.as_ref();
            root.map_or(0, |root| root.components().count())
        };
        let inner = (1..self.projects.len())
            .filter(|&project| name(project).is_some())
            .max_by_key(depth);
        match inner.and_then(|project| Some((project, name(project)?))) {
            Some((project, name)) => Home {
                project,
                name: name.into(),
            },
            None => loose(path.to_string_lossy().into_owned()),
        }
    }

    // ---- documents ----

    pub fn open(&mut self, item: TextDocumentItem) {
        let key = Key::of(&item.uri);
        if self.documents.contains_key(&key) {
            log::warning(format!(
                "{} was open: its text is taken anew",
                item.uri.as_str()
            ));
        }
        let home = self.home(&item.uri);
        let python = item.language_id == "python"
            || item.language_id.is_empty() && is_python(item.uri.path().as_str());
        let document = Document::new(item.uri, item.version, item.text, python, home.clone());
        self.documents.insert(key.clone(), document);
        self.analyse(&key);
        let project = &mut self.projects[home.project];
        if project.leaves_out(&home.name) {
            // Ignored, or made since: looked for once.
            project.unsettled |= project.outside.insert(home.name);
        }
        self.due.publish.insert(key);
    }

    pub fn change(&mut self, uri: &Uri, version: i32, changes: &[TextDocumentContentChangeEvent]) {
        let key = Key::of(uri);
        let Some(session) = &self.session else { return };
        let encoding = session.encoding;
        let Some(document) = self.documents.get_mut(&key) else {
            log::warning(format!("{} changed, but is not open", uri.as_str()));
            return;
        };
        if version < document.version {
            log::warning(format!(
                "{}: version {version} after {}",
                uri.as_str(),
                document.version
            ));
        }
        document.version = version;
        if document.cell_of.is_some() {
            for change in changes {
                document.change(change, encoding);
            }
            return self.cell_changed(&key);
        }
        for change in changes {
            let Some(document) = self.documents.get_mut(&key) else {
                return;
            };
            let before = document.analysed();
            let change = document.change(change, encoding);
            if !before {
                // Not by the project's revision: it has no part in this.
                document.report.revision = document.report.revision.map(|_| u64::MAX);
            }
            let document = &*document;
            let project = &mut self.projects[document.home.project];
            let name = &document.home.name;
            match change {
                _ if !document.analysed() => {
                    if before {
                        project.remove(name);
                    }
                }
                Some(change) if before => {
                    let delta = change.text.len() as isize - change.range.len() as isize;
                    let still = project.unmoved(name, change.range.start, delta);
                    if change.tells || !still || project.has_own_words() {
                        project.look(name, document.text.as_str());
                    }
                    let whole = || document.python_text().into_owned();
                    match project.admits(name, document.text.as_str()) {
                        true => project.edit(name, change.range, &change.text, &whole),
                        false => project.put(name, document.python_text()),
                    }
                }
                _ => {
                    project.watch(name, document.text.as_str());
                    project.put(name, document.python_text());
                }
            }
            let home = document.home.clone();
            self.rejudged(&home, &key);
        }
        self.due.publish.insert(key);
    }

    pub fn close(&mut self, uri: &Uri) {
        let key = Key::of(uri);
        let Some(document) = self.documents.remove(&key) else {
            log::warning(format!("{} was closed, but is not open", uri.as_str()));
            return;
        };
        self.due.publish.remove(&key);
        self.due.clear.push(document.uri.clone());
        if document.cell_of.is_none() {
            let project = &mut self.projects[document.home.project];
            project.open.remove(&document.home.name);
            self.reload(&document.home, &key);
        }
    }

    /// A file's text on disk counts again; without one it is gone.
    fn reload(&mut self, home: &Home, key: &Key) {
        let project = &mut self.projects[home.project];
        let text = project.on_disk(&home.name);
        if let Some(text) = &text {
            project.look(&home.name, text);
        }
        match text {
            Some(text) => project.put(&home.name, text.into()),
            None => project.remove(&home.name),
        }
        project.unwatch(&home.name);
        self.rejudged(home, key);
    }

    /// Loads an open document's text.
    pub fn analyse(&mut self, key: &Key) {
        let Some(document) = self.documents.get_mut(key) else {
            return;
        };
        let home = document.home.clone();
        let project = &mut self.projects[home.project];
        document.taken = project.takes(&home.name) && !project.leaves_out(&home.name);
        project.open.insert(Arc::clone(&home.name), key.clone());
        match document.analysed() {
            true => {
                project.watch(&home.name, document.text.as_str());
                project.put(&home.name, document.python_text());
            }
            false => project.remove(&home.name),
        }
        self.rejudged(&home, key);
    }

    /// After a change of one file: which other open files' findings are others now?
    pub fn rejudged(&mut self, home: &Home, changed: &Key) {
        self.due.settle = true;
        self.due.workspace = true;
        let project = &self.projects[home.project];
        for name in project.workspace().rejudged().chain([&home.name]) {
            project.rejudged(Some(name));
        }
        let rejudged = project.workspace().rejudged().cloned();
        self.stale
            .files
            .extend(rejudged.map(|name| (home.project, name)));
        self.stale
            .files
            .insert((home.project, Arc::clone(&home.name)));
        let others: Vec<Key> = (project.workspace().rejudged())
            .filter(|name| **name != home.name)
            .filter_map(|name| project.open.get(name))
            .filter(|key| *key != changed)
            .cloned()
            .collect();
        for key in others {
            self.compare(&key);
        }
    }

    /// Notes a document, or a notebook's cells, as due if the diagnostics are others than those last made.
    pub fn compare(&mut self, key: &Key) {
        let keys = match self.notebooks.get(key) {
            Some(notebook) => notebook.code_cells().cloned().collect(),
            None => vec![key.clone()],
        };
        for key in keys {
            let Some(document) = self.documents.get(&key) else {
                continue;
            };
            if document.report.revision.is_none() {
                // Nothing was said of it yet.
                self.due.publish.insert(key);
                continue;
            }
            let before = document.report.id;
            if self.report(&key).is_some_and(|(id, _)| id != before) {
                self.due.publish.insert(key);
                self.due.refresh = true;
            }
        }
    }

    /// Everything may have changed: settings, roots, an index.
    pub fn all_changed(&mut self) {
        for project in &self.projects {
            project.rejudged(None);
        }
        let keys: Vec<Key> = self.documents.keys().cloned().collect();
        for key in keys {
            self.compare(&key);
        }
        self.stale.all = true;
        self.due.settle = true;
        self.due.workspace = true;
    }
}
