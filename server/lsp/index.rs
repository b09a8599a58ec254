//! Reads a root folder as `dynaleak check` does: the one place that uses the command line's walk and gathering.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::cli::coding::{decode, read};
use crate::cli::gather::{gather, read_all};
use crate::cli::walk::{File, name_of, walk};
use crate::config::files::Configs;
use crate::query::Rules;
use crate::workspace::Workspace;

use super::log;
use super::names::is_python;
use super::project::{Project, empty};

/// How often linked code may ask for files that were not loaded.
const ROUNDS: usize = 10;

/// A root's workspace with all that matters loaded; none when stopped. `tell` gets what is done and a percentage.
pub fn index(
    root: &Path,
    configs: &Configs,
    rules: &Arc<Rules>,
    stop: &AtomicBool,
    tell: &dyn Fn(String, u32),
) -> Option<Workspace> {
    let going = || !stop.load(Ordering::Relaxed);
    tell("looking for Python files".to_string(), 0);
    let files = files(root, configs);
    going().then_some(())?;
    tell(format!("reading {} files", files.len()), 10);
    let (gathered, mut importers) = gather(&files);
    going().then_some(())?;

    let mut workspace = empty(rules);
    workspace.set_paths(files.iter().map(|file| Arc::clone(&file.name)));
    tell(
        format!(
            "analysing {} of {} files",
            gathered.texts.len(),
            files.len()
        ),
        40,
    );
    let by_name: FxHashMap<&str, &File> = files.iter().map(|file| (&*file.name, file)).collect();
    let mut asked: FxHashSet<Arc<str>> = gathered
        .texts
        .iter()
        .map(|(name, _)| Arc::clone(name))
        .collect();
    asked.extend(
        gathered
            .troubles
            .iter()
            .map(|trouble| trouble.name.as_str().into()),
    );
    for trouble in &gathered.troubles {
        log::info(format!("{}: {}", trouble.name, trouble.message));
    }
    workspace.load(gathered.texts);
    let mut expanded: FxHashSet<(Arc<str>, bool)> = FxHashSet::default();
    for round in 0..ROUNDS {
        going().then_some(())?;
        let (mut hot, mut warm) = workspace.hot();
        hot.retain(|name| expanded.insert((Arc::clone(name), false)));
        warm.retain(|name| expanded.insert((Arc::clone(name), true)));
        let mut more = importers.of(&hot, false);
        more.extend(importers.of(&warm, true));
        more.retain(|file| asked.insert(Arc::clone(&file.name)));
        let mut wanted = workspace.wanted();
        wanted.retain(|name| asked.insert(Arc::clone(name)));
        more.extend(
            wanted
                .iter()
                .filter_map(|name| by_name.get(&**name).copied()),
        );
        if more.is_empty() {
            break;
        }
        tell(
            format!("analysing {} more files", more.len()),
            60 + 4 * round as u32,
        );
        workspace.load(read_all(&more).texts);
    }
    going().then_some(workspace)
}

/// The files that a check of the root would read, by their names there.
pub fn files(root: &Path, configs: &Configs) -> Vec<File> {
    let threads = rayon::current_num_threads();
    let mut files = walk(&[root.to_path_buf()], configs, threads).files;
    for file in &mut files {
        file.name = name_of(&file.path, root).into();
    }
    files
}

/// A file's text as a check decodes it; none where it isn't analysed.
pub fn text_of(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    match read(path, &mut bytes) {
        Ok(true) => decode(&bytes).ok(),
        _ => None,
    }
}

impl Project {
    /// The text on disk of a file that belongs to the project.
    pub fn on_disk(&self, name: &str) -> Option<String> {
        let path = self.root.as_ref()?.join(name);
        let known = self.workspace().paths().any(|path| **path == *name);
        (known && is_python(name)).then(|| text_of(&path)).flatten()
    }

    /// Ends an indexing that goes on.
    pub fn stop(&self) {
        if let Some(stop) = &self.indexing {
            stop.store(true, Ordering::Relaxed);
        }
    }
}
