//! `--watch`: checks again whenever a Python file or a configuration changes.

use std::io::{IsTerminal, Write, stdout};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use notify::event::{EventKind, ModifyKind};
use notify::{Config, Event, RecommendedWatcher, RecursiveMode, Watcher};

use super::Verdict;
use super::output::{complain, note};
use super::walk::{absolute, is_python};
use crate::config::files::{Configs, is_config};

/// Editors write in several steps, and a checkout many files: what follows closely counts as one change.
const QUIET: Duration = Duration::from_millis(100);
/// A folder that never rests is checked all the same.
const LONGEST: Duration = Duration::from_secs(2);

pub fn run(paths: &[PathBuf], configs: &Configs, quiet: bool, check: impl Fn()) -> Verdict {
    let (sender, events) = channel();
    // As the walk: a link to a folder is not followed.
    let config = Config::default().with_follow_symlinks(false);
    let watched = RecommendedWatcher::new(sender, config).and_then(|mut watcher| {
        for (path, mode) in places(paths, configs) {
            watcher.watch(&path, mode)?;
        }
        Ok(watcher)
    });
    let _watcher = match watched {
        Ok(watcher) => watcher,
        Err(error) => {
            complain(&format!("cannot watch for changes: {error}"));
            return Verdict::Broken;
        }
    };
    loop {
        if stdout().is_terminal() {
            let _ = write!(stdout(), "\x1b[2J\x1b[3J\x1b[H");
        }
        check();
        if !quiet {
            note("watching for changes; Ctrl-C ends it");
        }
        if !changed(&events) {
            complain("cannot watch for changes any longer");
            return Verdict::Broken;
        }
    }
}

/// The named folders, the folders of named files and those of their configurations.
fn places(paths: &[PathBuf], configs: &Configs) -> Vec<(PathBuf, RecursiveMode)> {
    let here = std::env::current_dir().unwrap_or_default();
    let mut places = Vec::new();
    for path in paths {
        let path = absolute(path, &here);
        let found = configs.of_path(&path);
        let folder = found.path.as_deref().and_then(Path::parent);
        places.extend(folder.map(|folder| (folder.to_path_buf(), RecursiveMode::NonRecursive)));
        match path.is_dir() {
            true => places.push((path, RecursiveMode::Recursive)),
            false => {
                let folder = path.parent().unwrap_or(&path).to_path_buf();
                places.push((folder, RecursiveMode::NonRecursive));
            }
        }
    }
    // One folder is watched once, the whole of it if anyone asks for that.
    places.sort_by_key(|(path, mode)| (path.clone(), *mode == RecursiveMode::NonRecursive));
    places.dedup_by(|(one, _), (other, _)| one == other);
    places
}

/// Waits for a change that counts, and until it is over. False: nobody tells of changes any more.
fn changed(events: &Receiver<notify::Result<Event>>) -> bool {
    loop {
        match events.recv() {
            Ok(event) if matters(&event) => break,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
    let first = Instant::now();
    while first.elapsed() < LONGEST && events.recv_timeout(QUIET).is_ok() {}
    true
}

fn matters(event: &notify::Result<Event>) -> bool {
    let Ok(event) = event else {
        // Some were lost.
        return true;
    };
    let (written, moved) = match event.kind {
        EventKind::Access(_) | EventKind::Modify(ModifyKind::Metadata(_)) => (false, false),
        EventKind::Create(_) | EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)) => {
            (true, true)
        }
        _ => (true, false),
    };
    event.paths.iter().any(|path| {
        let name = path.file_name().unwrap_or_default();
        let ignores = name == ".gitignore" || name == ".ignore";
        // A folder that comes, goes or is moved takes its files along.
        let folder = moved
            && path.extension().is_none()
            && !path.components().any(|part| part.as_os_str() == ".git");
        written && (is_python(path) || is_config(path) || ignores) || folder
    })
}
