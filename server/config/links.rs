//! Where links may lead: a repository has nothing read or written that lies outside of the workspace.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// What is said of a link out of the workspace.
pub const OUT: &str = "a link out of the workspace";

/// Is what the path leads to, links followed, in the workspace of this folder? That is the folder, the
/// repository around it, and the current folder. What is not there yet is asked where it would be.
pub fn stays(path: &Path, folder: &Path) -> bool {
    let Some(target) = target_of(path, LINKS) else {
        return false;
    };
    let around = real(folder);
    let here = here();
    let all = [Some(&*around), repository(&around), here.as_deref()];
    all.into_iter()
        .flatten()
        .any(|each| target.starts_with(each))
}

/// Does the folder belong to a repository, or to the current folder? What lies above these is the
/// user's own, such as a configuration in the home folder that links to where it is kept.
pub fn in_workspace(folder: &Path) -> bool {
    let folder = real(folder);
    repository(&folder).is_some() || here().is_some_and(|here| folder.starts_with(here))
}

fn real(folder: &Path) -> PathBuf {
    fs::canonicalize(folder).unwrap_or_else(|_| folder.to_path_buf())
}

/// The nearest folder, from this one up, in which git keeps a repository.
fn repository(folder: &Path) -> Option<&Path> {
    folder.ancestors().find(|each| each.join(".git").exists())
}

/// The current folder; some editors start their servers in the root of all, which is no workspace.
fn here() -> Option<PathBuf> {
    let here = std::env::current_dir().and_then(fs::canonicalize).ok()?;
    here.parent().is_some().then_some(here)
}

/// Is the path written as one inside of the folder, and leads out of its workspace?
pub fn leads_out(path: &Path, folder: &Path) -> bool {
    path.starts_with(folder) && !stays(path, folder)
}

/// As many as Linux follows.
const LINKS: usize = 40;

/// With all links followed, also of what is not there.
fn target_of(path: &Path, links: usize) -> Option<PathBuf> {
    if let Ok(target) = fs::canonicalize(path) {
        return Some(target);
    }
    match fs::read_link(path) {
        Ok(_) if links == 0 => None,
        Ok(link) => target_of(&path.parent()?.join(link), links - 1),
        Err(_) => Some(target_of(path.parent()?, links)?.join(path.file_name()?)),
    }
}

/// Opens a regular file, and tells how long it is, in bytes. A pipe or device is not waited for: it
/// may never end, even where it took the place of a file a moment ago.
pub fn open(path: &Path) -> io::Result<(File, u64)> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
        options.custom_flags(flags.bits() as i32);
    }
    let file = options.open(path)?;
    let data = file.metadata()?;
    match data.is_file() {
        true => Ok((file, data.len())),
        false => Err(io::Error::other("not a regular file")),
    }
}

/// In bytes; one of a hundred thousand patterns would hold up the walk for seconds.
const LIMIT: u64 = 1 << 20;

/// May the files that say what is ignored in a folder be read? The walk opens them, whatever they are.
pub fn ignores(folder: &Path) -> Result<(), String> {
    let git = folder.join(".git");
    let of_git = match fs::metadata(&git) {
        Ok(data) if data.is_file() => of_worktree(&git)?,
        Ok(_) => {
            let excluded = git.join("info/exclude");
            if excluded.exists() && !stays(&excluded, folder) {
                return Err(format!("`.git/info/exclude` is {OUT}"));
            }
            Some(excluded)
        }
        Err(_) => None,
    };
    let own = [".gitignore", ".ignore"].map(|name| folder.join(name));
    for path in own.into_iter().chain(of_git) {
        let Ok(data) = fs::metadata(&path) else {
            continue;
        };
        let why = if !data.is_file() {
            "not a regular file"
        } else if data.len() > LIMIT {
            "larger than 1 MB"
        } else if path.is_symlink() && !stays(&path, folder) {
            OUT
        } else {
            continue;
        };
        let name = path.strip_prefix(folder).unwrap_or(&path).display();
        return Err(format!("`{name}` is {why}"));
    }
    Ok(())
}

/// The `info/exclude` of a worktree, whose `.git` is a file that says where it is kept. Of what is kept
/// outside of the workspace only a place counts that names this worktree too.
fn of_worktree(git: &Path) -> Result<Option<PathBuf>, String> {
    let first = |path: &Path| -> Option<String> {
        let mut line = String::new();
        let mut reader = BufReader::new(open(path).ok()?.0.take(1 << 16));
        reader.read_line(&mut line).ok()?;
        Some(line.trim_end_matches(['\r', '\n']).to_string())
    };
    let folder = git.parent().unwrap_or(git);
    let line = first(git).ok_or("`.git` cannot be read")?;
    let Some(kept) = line.strip_prefix("gitdir: ").map(Path::new) else {
        return Ok(None);
    };
    let common = kept.join("commondir");
    match fs::metadata(&common) {
        Err(_) => return Ok(None),
        Ok(data) if !data.is_file() => return Err("`commondir` is not a regular file".to_string()),
        Ok(_) => {}
    }
    let same = |named: &str| fs::canonicalize(named).ok() == fs::canonicalize(git).ok();
    if !stays(kept, folder) && !first(&kept.join("gitdir")).is_some_and(|named| same(&named)) {
        return Err("`.git` leads out of the workspace".to_string());
    }
    let line = first(&common).ok_or("`commondir` cannot be read")?;
    Ok(Some(match line.starts_with('.') {
        true => kept.join(line).join("info/exclude"),
        false => Path::new(&line).join("info/exclude"),
    }))
}
