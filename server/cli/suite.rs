//! Reads a project's tests, for who asks what a rewrite would break in them.

use std::path::{Path, PathBuf};
use std::thread;

use crate::config::files::Configs;
use crate::fix::suite::Test;

use super::coding::{decode, read};
use super::walk::{File, Passed, absolute, project_of, tests};

/// The tests of the projects that these paths belong to, by the names that `here` has for them.
pub fn suite(paths: &[PathBuf], here: &Path, passed: &Passed, configs: &Configs) -> Vec<Test> {
    let mut roots: Vec<PathBuf> = Vec::new();
    for path in paths {
        let path = absolute(path, here);
        let folder = match path.is_dir() {
            true => &*path,
            false => path.parent().unwrap_or(&path),
        };
        roots.push(project_of(folder, configs).unwrap_or_else(|| folder.to_path_buf()));
    }
    roots.sort();
    // A folder comes before what is in it.
    roots.dedup_by(|inner, outer| inner.starts_with(outer));
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let files = roots
        .iter()
        .flat_map(|root| tests(root, here, passed, configs, threads));
    let files: Vec<File> = files.collect();
    let share = files.len().div_ceil(threads).max(1);
    thread::scope(|scope| {
        let readers: Vec<_> = (files.chunks(share))
            .map(|files| scope.spawn(|| files.iter().filter_map(said).collect::<Vec<Test>>()))
            .collect();
        let read = readers.into_iter().filter_map(|reader| reader.join().ok());
        read.flatten().collect()
    })
}

/// None where the file cannot be read: nothing is known of it.
fn said(file: &File) -> Option<Test> {
    let mut bytes = Vec::new();
    let text = match read(&file.path, &mut bytes) {
        Ok(true) => decode(&bytes).ok()?,
        _ => return None,
    };
    Some(Test::new(file.name.clone(), text))
}
