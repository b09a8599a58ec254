//! One root folder's workspace, kept usable whatever happens in it.

use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::baseline::keys;
use crate::cli::gather::ByStem;
use crate::cli::matters::Matters;
use crate::cli::walk::{is_test, is_test_folder};
use crate::config::Terms;
use crate::config::files::{Configs, Found};
use crate::finding::Finding;
use crate::fix::suite::Suite;
use crate::query::Rules;
use crate::report;
use crate::syntax::Source;
use crate::text::Text;
use crate::workspace::asks::Ask;
use crate::workspace::{self, Workspace};

use super::accepted::Accepted;
use super::index::Indexed;
use super::log;
use super::names::{Key, name_in};
use super::reach::Watched;

/// Whole units of files that are not open: each takes some 20 KiB.
const MOST_WHOLE: usize = 1000;

pub struct Project {
    /// None: loose documents, which no root folder holds.
    pub root: Option<PathBuf>,
    pub(super) workspace: Workspace,
    configs: Arc<Configs>,
    /// As the index left it.
    pub(super) matters: Option<Matters>,
    /// The open documents and notebooks, by their names here.
    pub open: FxHashMap<Arc<str>, Key>,
    /// Grows with each change: what was answered at the same revision holds.
    pub revision: u64,
    /// Whether the folder's files are loaded.
    pub indexed: bool,
    /// Stops the indexing that goes on.
    pub indexing: Option<Arc<AtomicBool>>,
    /// How often it was begun.
    pub indexings: usize,
    /// Files that were looked for on disk because loaded code hands them values.
    pub asked: FxHashSet<Arc<str>>,
    /// The open texts, but for notebooks.
    pub watched: FxHashMap<Arc<str>, Watched>,
    /// As the index left them: the files that it found, those that it loaded, and what these ask for.
    pub walked: FxHashSet<Arc<str>>,
    pub loaded: FxHashSet<Arc<str>>,
    pub asks: Vec<Ask>,
    /// See [`Indexed::importers`].
    pub importers: ByStem,
    /// Files that were there and not found when they were opened.
    pub outside: FxHashSet<Arc<str>>,
    /// What was asked for when the root was indexed last.
    pub tried: Option<Vec<Ask>>,
    /// A team's rules that took too much work.
    slow: FxHashSet<&'static str>,
    /// Something that the index saw is another one.
    pub unsettled: bool,
    /// Files whose analysis panics: left out until their text changes.
    broken: FxHashSet<Arc<str>>,
    /// Asked at each keystroke, and so kept between them.
    accepted: RefCell<Accepted>,
    /// What its tests say, which only rewrites ask for.
    pub suite: Suite<'static>,
    /// Whether that was read, and how often it had to be read anew.
    pub heard: bool,
    pub hearings: usize,
}

impl Project {
    pub fn new(root: Option<PathBuf>, rules: Option<Arc<Rules>>, configs: Arc<Configs>) -> Project {
        let workspace = empty(&rules);
        Project {
            suite: match root {
                Some(_) => Suite::unknown(),
                None => Suite::default(),
            },
            heard: root.is_none(),
            hearings: 0,
            root,
            workspace,
            configs,
            matters: None,
            open: FxHashMap::default(),
            revision: 0,
            indexed: false,
            indexing: None,
            indexings: 0,
            asked: FxHashSet::default(),
            watched: FxHashMap::default(),
            walked: FxHashSet::default(),
            loaded: FxHashSet::default(),
            asks: Vec::new(),
            importers: ByStem::default(),
            outside: FxHashSet::default(),
            tried: None,
            slow: FxHashSet::default(),
            unsettled: false,
            broken: FxHashSet::default(),
            accepted: RefCell::default(),
        }
    }

    pub fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// What the client is shown of a file: the one place that selects.
    pub fn shown(&self, name: &str) -> Vec<Finding> {
        let path = self.path_of(name);
        let found = self.configs.of_file(&path);
        let mut kept = self.kept(name, &path, &found);
        let root = self.root.as_deref().unwrap_or(Path::new(""));
        // A loose document's folder is not known to be a project's.
        if self.root.is_some() || found.path.is_some() {
            let anew = |path: &Path| {
                let name = name_in(path, root)?;
                self.workspace.paths().find(|path| ***path == *name)?;
                let kept = self.kept(&name, path, &self.configs.of_file(path));
                Some(keys(&kept, |name| self.source(name)))
            };
            let place = (&*path, &*found, root);
            let mut accepted = self.accepted.borrow_mut();
            accepted.mark(name, place, self.source(name), &mut kept, &anew);
        }
        kept
    }

    fn kept(&self, name: &str, path: &Path, found: &Found) -> Vec<Finding> {
        let settings = found.config.of(path);
        let shown = catch_unwind(AssertUnwindSafe(|| {
            report::shown(&self.workspace, name, &settings)
        }));
        shown.unwrap_or_default().kept
    }

    /// A file's findings may be others now; none: any file's.
    pub fn rejudged(&self, name: Option<&str>) {
        let mut accepted = self.accepted.borrow_mut();
        match name {
            Some(name) => accepted.changed(&self.path_of(name)),
            None => accepted.all_changed(),
        }
    }

    /// Is this one of its baselines?
    pub fn reads_baseline(&self, path: &Path) -> bool {
        self.accepted.borrow().reads(path)
    }

    /// Its baselines are read anew.
    pub fn forget_baselines(&mut self) {
        self.revision += 1;
        self.accepted = RefCell::default();
    }

    /// What rewrites of a file keep to.
    pub fn terms(&self, name: &str) -> Terms {
        self.configs.terms(&self.path_of(name))
    }

    /// Would a check of the root read this file? Ignored folders aside, which only a walk knows.
    pub fn takes(&self, name: &str) -> bool {
        let Some(root) = &self.root else { return true };
        let config = &self.configs.of_folder(root).config;
        let mut folders = name.split('/');
        let last = folders.next_back().unwrap_or_default();
        let test = is_test(last) || folders.any(is_test_folder);
        !(test && !config.include_tests() || config.excludes(&root.join(name)))
    }

    /// Absolute, but for documents that are no files.
    pub fn path_of(&self, name: &str) -> PathBuf {
        match &self.root {
            Some(root) => root.join(name),
            None => PathBuf::from(name),
        }
    }

    pub fn source(&self, name: &str) -> Option<&Source> {
        self.workspace.source(name)
    }

    pub fn text(&self, name: &str) -> Option<&Text> {
        self.workspace.text(name)
    }

    pub fn load(&mut self, files: Vec<(Arc<str>, String)>) {
        self.revision += 1;
        let names: Vec<Arc<str>> = files.iter().map(|(name, _)| Arc::clone(name)).collect();
        let kept = files.clone();
        if self.guarded(|workspace| workspace.load(files)) {
            for name in &names {
                self.broken.remove(name);
            }
        } else {
            self.recover(kept);
        }
    }

    /// One edit; `whole` is the file's text after it.
    pub fn edit(
        &mut self,
        name: &Arc<str>,
        range: Range<usize>,
        new: &str,
        whole: &dyn Fn() -> String,
    ) {
        if self.broken.contains(name) || self.workspace.text(name).is_none() {
            return self.load(vec![(Arc::clone(name), whole())]);
        }
        self.revision += 1;
        if !self.guarded(|workspace| workspace.edit(name, range, new)) {
            self.recover(vec![(Arc::clone(name), whole())]);
        }
    }

    /// Takes an open text in, as far as a check would load it.
    pub fn put(&mut self, name: &Arc<str>, text: Cow<str>) {
        if self.admits(name, &text) {
            return self.replace(name, text.into_owned());
        }
        if !self.workspace.paths().any(|path| path == name) {
            self.set_paths(vec![Arc::clone(name)]);
        }
        self.unload(name);
    }

    /// A file is still there, and analysed no more.
    fn unload(&mut self, name: &str) {
        self.revision += 1;
        self.broken.remove(name);
        if self.workspace.text(name).is_some() && !self.guarded(|workspace| workspace.unload(name))
        {
            self.recover(Vec::new());
        }
    }

    /// Makes a file's text another one by the shortest edit.
    pub fn replace(&mut self, name: &Arc<str>, text: String) {
        let Some(old) = self.workspace.text(name) else {
            return self.load(vec![(Arc::clone(name), text)]);
        };
        if let Some((range, new)) = difference(old.as_str(), &text) {
            let new = text[new].to_string();
            self.edit(name, range, &new, &|| text.clone());
        }
    }

    pub fn remove(&mut self, name: &str) {
        self.revision += 1;
        self.broken.remove(name);
        if !self.guarded(|workspace| workspace.remove(name)) {
            self.recover(Vec::new());
        }
    }

    pub fn set_paths(&mut self, paths: Vec<Arc<str>>) {
        self.revision += 1;
        if !self.guarded(|workspace| workspace.set_paths(paths)) {
            self.recover(Vec::new());
        }
    }

    /// Takes an indexed workspace in place of the one so far, which it answers.
    pub fn swap(&mut self, indexed: Indexed) -> Workspace {
        let Indexed {
            mut workspace,
            importers,
            matters,
        } = indexed;
        self.matters = Some(matters);
        self.slow.clear();
        self.importers = importers;
        self.revision += 1;
        self.broken.clear();
        self.asked.clear();
        self.walked = workspace.paths().cloned().collect();
        self.loaded = workspace.files().cloned().collect();
        self.asks = workspace.asks();
        self.indexed = true;
        self.indexing = None;
        std::mem::replace(&mut self.workspace, workspace)
    }

    /// A test came, changed or went.
    pub fn forget_suite(&mut self) {
        if self.root.is_some() {
            self.suite = Suite::unknown();
            self.heard = false;
            self.hearings += 1;
        }
    }

    /// New configurations: the files stay, the answers are made anew.
    pub fn configure(&mut self, configs: Arc<Configs>) {
        self.forget_baselines();
        self.configs = configs;
    }

    /// Packs again what edits asked for of files that are not open, once that is much.
    pub fn rest(&mut self) {
        let open = |name: &str| self.open.contains_key(name);
        let whole = self.workspace.whole(open);
        if whole > MOST_WHOLE {
            log::debug(format!("{whole} units of closed files are packed again"));
            self.workspace.pack(open);
        }
    }

    /// May other files than before have to be loaded?
    pub fn take_asks(&mut self) -> bool {
        self.workspace.take_asks()
    }

    /// Files that loaded code hands values to and that were not looked for yet.
    pub fn wanted(&mut self) -> Vec<Arc<str>> {
        let mut wanted = self.workspace.wanted();
        wanted.retain(|name| self.asked.insert(Arc::clone(name)));
        wanted
    }

    /// Did it end without a panic? Rules that panicked lost their own findings only.
    fn guarded(&mut self, change: impl FnOnce(&mut Workspace)) -> bool {
        let workspace = &mut self.workspace;
        let fine = catch_unwind(AssertUnwindSafe(|| change(workspace))).is_ok();
        let mut panics = self.workspace.take_panics();
        panics.dedup();
        for code in self
            .workspace
            .rules_so_far()
            .map_or(Vec::new(), |rules| rules.slow())
        {
            if self.slow.insert(code) {
                log::error(format!("{code} takes too long: what it finds is left out"));
            }
        }
        for code in panics {
            log::error(format!("{code} panicked: its findings there are missing"));
        }
        fine
    }

    /// After a panic half way: all files anew in a workspace of their own, then those that were changed.
    fn recover(&mut self, changed: Vec<(Arc<str>, String)>) {
        let names: FxHashSet<&Arc<str>> = changed.iter().map(|(name, _)| name).collect();
        let others: Vec<(Arc<str>, String)> = (self.workspace.files())
            .filter(|name| !names.contains(name))
            .filter_map(|name| {
                Some((
                    Arc::clone(name),
                    self.workspace.text(name)?.as_str().to_string(),
                ))
            })
            .collect();
        let paths: Vec<Arc<str>> = self.workspace.paths().cloned().collect();
        let (own, deployed) = (self.workspace.own(), self.workspace.deployed());
        let rules = Some(self.workspace.rules());
        self.workspace = empty(&rules);
        self.workspace.set_own(own.clone());
        self.workspace.set_deployed(Arc::clone(&deployed));
        self.guarded(|workspace| workspace.set_paths(paths));
        if !self.guarded(|workspace| workspace.load(others)) {
            self.workspace = empty(&rules);
            self.workspace.set_own(own);
            self.workspace.set_deployed(deployed);
        }
        for (name, text) in changed {
            let file = vec![(Arc::clone(&name), text)];
            if self.guarded(|workspace| workspace.load(file)) {
                self.broken.remove(&name);
            } else {
                log::error(format!("{name} is not analysed until its text changes"));
                self.broken.insert(Arc::clone(&name));
                self.guarded(|workspace| workspace.remove(&name));
            }
        }
    }
}

/// Which tests are reported on is said by [`Project::takes`].
pub fn empty(rules: &Option<Arc<Rules>>) -> Workspace {
    let options = workspace::Options {
        include_tests: true,
        once: false,
    };
    Workspace::with_rules(options, rules.clone())
}

/// What of `old` differs, and what of `new` comes in its place; at character boundaries.
fn difference(old: &str, new: &str) -> Option<(Range<usize>, Range<usize>)> {
    if old == new {
        return None;
    }
    let (a, b) = (old.as_bytes(), new.as_bytes());
    let least = a.len().min(b.len());
    let mut start = (0..least).find(|&at| a[at] != b[at]).unwrap_or(least);
    while !old.is_char_boundary(start) || !new.is_char_boundary(start) {
        start -= 1;
    }
    let most = least - start;
    let mut end = (0..most)
        .find(|&at| a[a.len() - 1 - at] != b[b.len() - 1 - at])
        .unwrap_or(most);
    while !old.is_char_boundary(a.len() - end) || !new.is_char_boundary(b.len() - end) {
        end -= 1;
    }
    Some((start..a.len() - end, start..b.len() - end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences() {
        let texts = ["", "a", "aa", "aéb", "aèb", "a🦀", "a🦁", "🦀🦀", "🦀"];
        for old in texts {
            for new in texts {
                let Some((was, is)) = difference(old, new) else {
                    assert_eq!(old, new);
                    continue;
                };
                let mut edited = old.to_string();
                edited.replace_range(was, &new[is]);
                assert_eq!(edited, new);
            }
        }
    }
}
