//! Reads the files that deploy functions: those of a walk, and those in the folders of its project around it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::coding::read;
use super::walk::{absolute, name_of, project_of};
use crate::config::files::Configs;
use crate::deployed::{Deployed, LARGEST, handlers, is_deployment};

/// What the files that a walk of these paths met, and those around them, say of functions, whose files are
/// called as `here` sees them.
pub fn deployed(
    mut files: Vec<PathBuf>,
    paths: &[PathBuf],
    here: &Path,
    configs: &Configs,
) -> Arc<Deployed> {
    files.extend(around(paths, here, configs));
    let mut deployed = Deployed::default();
    let mut bytes = Vec::new();
    for file in &files {
        let Some(folder) = file.parent() else {
            continue;
        };
        let whole = matches!(read(file, &mut bytes), Ok(true)) && bytes.len() as u64 <= LARGEST;
        let text = str::from_utf8(&bytes).ok().filter(|_| whole);
        for handler in text.map(handlers).unwrap_or_default() {
            let name = name_of(&folder.join(handler.path), here);
            deployed.add(&name, handler.name, handler.open);
        }
    }
    Arc::new(deployed)
}

/// The files around these paths, up to the folders of their projects.
fn around(paths: &[PathBuf], here: &Path, configs: &Configs) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in paths {
        let path = absolute(path, here);
        // What is in a folder its own walk meets.
        let (folder, met) = match path.is_dir() {
            true => (&*path, 1),
            false => (path.parent().unwrap_or(&path), 0),
        };
        let Some(project) = project_of(folder, configs) else {
            continue;
        };
        let folders = folder.ancestors().skip(met);
        for folder in folders.take_while(|folder| folder.starts_with(&project)) {
            let entries = folder.read_dir().into_iter().flatten().flatten();
            let named = |name: &OsStr| name.to_str().is_some_and(is_deployment);
            let named = entries.filter(|entry| named(&entry.file_name()));
            found.extend(
                named
                    .map(|entry| entry.path())
                    .filter(|path| !path.is_symlink()),
            );
        }
    }
    found
}
