//! Reads a root folder as `dynaleak check` does: the one place that uses the command line's walk and gathering.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::cli::coding::{decode, read};
use crate::cli::deployments::deployed;
use crate::cli::gather::{ByStem, gather, load};
use crate::cli::matters::Matters;
use crate::cli::walk::{File, name_of, walk};
use crate::config::files::Configs;
use crate::config::links::stays;
use crate::query::{RULES, Rules};
use crate::rules::Rule;
use crate::workspace::Workspace;
use rustc_hash::FxHashMap;

use super::log;
use super::project::{Project, empty};

/// A root's workspace with all that matters loaded; none when stopped. `tell` gets what is done and a percentage.
pub fn index(
    root: &Path,
    configs: &Configs,
    rules: &Option<Arc<Rules>>,
    open: Open,
    stop: &AtomicBool,
    tell: &dyn Fn(String, u32),
) -> Option<Indexed> {
    let going = || !stop.load(Ordering::Relaxed);
    tell("looking for Python files".to_string(), 0);
    let (mut files, deployments) = files(root, configs);
    overlay(&mut files, root, open);
    going().then_some(())?;
    tell(format!("reading {} files", files.len()), 10);
    let found = configs.of_folder(root);
    let own = found.config.own.clone();
    let rules = &with_team(rules, &found.team.rules);
    let matters = Matters::with(own.as_deref());
    let gathered = gather(&files, &matters);
    let importers = gathered.1.by_stem();
    going().then_some(())?;

    let mut workspace = empty(rules);
    workspace.set_own(own);
    let roots = [root.to_path_buf()];
    workspace.set_deployed(deployed(deployments, &roots, root, configs));
    workspace.set_paths(files.iter().map(|file| Arc::clone(&file.name)));
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
    // Most of its files are never edited.
    workspace.forget_trees();
    workspace.pack(|_| false);
    workspace.renew();
    drop((loaded, files));
    collect();
    going().then_some(Indexed {
        workspace,
        importers,
        matters,
    })
}

/// The rules that a root's workspace looks for.
pub fn with_team(rules: &Option<Arc<Rules>>, team: &[&'static Rule]) -> Option<Arc<Rules>> {
    if team.is_empty() {
        return rules.clone();
    }
    Some(rules.as_ref().unwrap_or_else(|| &RULES).with(team))
}

/// Drops a workspace and gives its memory back to the system: each thread that made it would keep
/// what it freed for more of the same.
pub fn give_back(workspace: Workspace) {
    drop(workspace);
    collect();
}

fn collect() {
    // SAFETY: it touches nothing but what the thread that calls it has freed.
    let collect = || unsafe { libmimalloc_sys::mi_collect(true) };
    rayon::broadcast(|_| collect());
    collect();
}

/// A root as a check would load it.
pub struct Indexed {
    pub workspace: Workspace,
    /// What makes a file of the root matter.
    pub matters: Matters,
    /// The files that do not matter by themselves.
    pub importers: ByStem,
}

/// The open texts of a root by their names; none: not analysed at all.
pub type Open = FxHashMap<Arc<str>, Option<Arc<str>>>;

/// What is open counts instead of what is on disk, also where it was never saved.
fn overlay(files: &mut Vec<File>, root: &Path, mut open: Open) {
    files.retain_mut(|file| match open.remove(&file.name) {
        Some(text) => {
            file.text = text;
            file.text.is_some()
        }
        None => true,
    });
    for (name, text) in open {
        let path = root.join(&*name);
        // What is there and was not found is ignored.
        if text.is_some() && !path.exists() {
            files.push(File {
                name,
                path,
                named: false,
                text,
            });
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
}

/// The files that a check of the root would read, by their names there, and those that deploy functions.
pub fn files(root: &Path, configs: &Configs) -> (Vec<File>, Vec<PathBuf>) {
    let threads = rayon::current_num_threads();
    let walked = walk(&[root.to_path_buf()], configs, threads);
    for trouble in &walked.troubles {
        log::info(format!("{}: {}", trouble.name, trouble.message));
    }
    let mut files = walked.files;
    for file in &mut files {
        file.name = name_of(&file.path, root).into();
    }
    (files, walked.deployments)
}

/// A root's file as a check decodes it; none where it isn't analysed.
pub fn text_of(root: &Path, name: &str) -> Option<String> {
    let path = root.join(name);
    if path.is_symlink() && !stays(&path, root) {
        return None;
    }
    let mut bytes = Vec::new();
    match read(&path, &mut bytes) {
        Ok(true) => decode(&bytes).ok(),
        _ => None,
    }
}

impl Project {
    /// Ends an indexing that goes on.
    pub fn stop(&self) {
        if let Some(stop) = &self.indexing {
            stop.store(true, Ordering::Relaxed);
        }
    }
}
