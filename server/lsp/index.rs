//! Reads a root folder as `dynaleak check` does: the one place that uses the command line's walk and gathering.

use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::cli::coding::{decode, read};
use crate::cli::gather::{gather, load};
use crate::cli::walk::{File, name_of, walk};
use crate::config::files::Configs;
use crate::query::Rules;
use crate::workspace::Workspace;

use super::log;
use super::names::is_python;
use super::project::{Project, empty};

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
    let gathered = gather(&files);
    going().then_some(())?;

    let mut workspace = empty(rules);
    // A share of the whole is not known: each round of importers brings it nearer.
    let share = Cell::new(40);
    let loaded = load(&mut workspace, &files, gathered, &|count| {
        let share = share.replace((share.get() + 20).min(96));
        tell(format!("analysing {count} of {} files", files.len()), share);
        going()
    });
    for trouble in &loaded.troubles {
        log::info(format!("{}: {}", trouble.name, trouble.message));
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
