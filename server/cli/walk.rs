//! Which files a check reads: the walk over the named paths.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, mpsc};

use super::installed::{Installed, is_description};
use crate::config::files::{Configs, Found};
use crate::config::links::{OUT, ignores, stays};
use crate::deployed::is_deployment;
use crate::workspace;
use ignore::{DirEntry, WalkBuilder, WalkState};
use rayon::slice::ParallelSliceMut;

/// A Python file, not read yet.
#[derive(Clone, Debug)]
pub struct File {
    /// Relative to the current folder, `/` between its parts; bytes that aren't UTF-8 as `\xff`.
    pub name: Arc<str>,
    pub path: PathBuf,
    /// It was named itself, not found in a named folder.
    pub named: bool,
    /// What counts instead of its bytes on disk: an editor's text.
    pub text: Option<Arc<str>>,
}

/// A path that could not be analysed, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    pub name: String,
    pub message: String,
    /// It was named and could not be read: the check itself has failed.
    pub fatal: bool,
}

#[derive(Default)]
pub struct Walked {
    /// Sorted by name, each once.
    pub files: Vec<File>,
    pub troubles: Vec<Trouble>,
    /// The files that deploy functions.
    pub deployments: Vec<PathBuf>,
    /// Of each named path.
    pub configs: Vec<Arc<Found>>,
    pub passed: Passed,
}

/// The tests that walks left out: files and whole folders.
#[derive(Default)]
pub struct Passed {
    /// The folders that were walked without their tests.
    roots: Vec<PathBuf>,
    tests: Vec<PathBuf>,
}

/// What a walk meets.
enum Met {
    File(File),
    Trouble(Trouble),
    /// A test, or a folder of tests, that is left out.
    Test(PathBuf),
    /// The description of an installed package.
    Package(PathBuf),
    /// A file that deploys functions.
    Deployment(PathBuf),
}

/// Walks as ruff does. Folder links are not followed, so that a loop of links is harmless. What a
/// folder's walk leaves out is said by the configuration of that folder.
pub fn walk(paths: &[PathBuf], configs: &Configs, threads: usize) -> Walked {
    let mut walked = Walked::default();
    let here = std::env::current_dir().unwrap_or_default();
    for path in paths {
        let data = fs::metadata(path);
        let path = absolute(path, &here);
        let name = name_of(&path, &here);
        match data {
            Ok(data) if data.is_dir() => {
                let found = configs.of_folder(&path);
                walked.configs.push(Arc::clone(&found));
                let folder = Folder {
                    path: &path,
                    name: (path == here || !here.starts_with(&path)).then_some(name),
                    here: &here,
                    tests: match found.config.include_tests() {
                        true => Tests::In,
                        false => Tests::Out,
                    },
                    found,
                };
                folder.walk(&mut walked, threads);
            }
            Ok(data) if data.is_file() => {
                walked.configs.push(configs.of_file(&path));
                walked.files.push(File {
                    name: name.into(),
                    path,
                    named: true,
                    text: None,
                });
            }
            Ok(_) => walked.trouble(name, "not a regular file: not analysed"),
            Err(error) => walked.trouble(name, &error.to_string()),
        }
    }
    // A file both named and found in a folder counts as named.
    (walked.files).par_sort_by(|a, b| a.name.cmp(&b.name).then(b.named.cmp(&a.named)));
    walked.files.dedup_by(|a, b| a.name == b.name);
    walked
}

/// The tests in a folder, whatever the configuration leaves out, by the names that `here` has for them;
/// those that a walk has passed are not looked for again.
pub fn tests(
    folder: &Path,
    here: &Path,
    passed: &Passed,
    configs: &Configs,
    threads: usize,
) -> Vec<File> {
    let mut walked = Walked::default();
    let mut walk = |path: &Path, tests: Tests| {
        let folder = Folder {
            path,
            name: None,
            here,
            tests,
            found: configs.of_folder(path),
        };
        folder.walk(&mut walked, threads);
    };
    let known = passed.roots.iter().any(|root| folder.starts_with(root));
    if !known {
        walk(folder, Tests::Only);
        return walked.files;
    }
    let (folders, files): (Vec<&PathBuf>, Vec<&PathBuf>) = (passed.tests.iter())
        .filter(|test| test.starts_with(folder))
        .partition(|test| test.is_dir());
    folders.into_iter().for_each(|path| walk(path, Tests::In));
    let files = files.into_iter().map(|path| File {
        name: name_of(path, here).into(),
        path: path.clone(),
        named: false,
        text: None,
    });
    walked.files.extend(files);
    walked.files
}

/// The folder of the project that a folder belongs to: that of its configuration, of its repository or
/// of its `pyproject.toml`.
pub fn project_of(folder: &Path, configs: &Configs) -> Option<PathBuf> {
    let found = configs.of_folder(folder);
    let configured = found.path.as_deref().and_then(Path::parent);
    let root = |folder: &&Path| {
        let marks = [".git", "pyproject.toml", "setup.py"];
        marks.iter().any(|mark| folder.join(mark).exists())
    };
    let configured = configured.filter(|root| folder.starts_with(root));
    let root = configured.or_else(|| folder.ancestors().find(root))?;
    root.is_dir().then(|| root.to_path_buf())
}

/// Would the walk of a folder leave out what is named?
pub fn left_out(path: &Path, configs: &Configs) -> bool {
    let here = std::env::current_dir().unwrap_or_default();
    let path = absolute(path, &here);
    let folder = path.is_dir();
    let found = match folder {
        true => configs.of_folder(&path),
        false => configs.of_file(&path),
    };
    if found.config.excludes(&path) || folder && found.config.excludes_entry(&path, true) {
        return true;
    }
    let below = path.strip_prefix(&found.config.root);
    let below = below.or_else(|_| path.strip_prefix(&here));
    let below = below.unwrap_or(Path::new(""));
    let tests = found.config.include_tests();
    let around = path.ancestors().nth(below.iter().count());
    let mut at = around.unwrap_or(&path).to_path_buf();
    let mut parts = below.iter().peekable();
    while let Some(part) = parts.next() {
        let name = part.to_str().unwrap_or_default();
        at.push(part);
        let file = !folder && parts.peek().is_none();
        let out = match file {
            true => !tests && is_test(name),
            false => {
                SKIPPED.contains(&name) || is_known(name, &at) || !tests && is_test_folder(name)
            }
        };
        if out {
            return true;
        }
    }
    false
}

impl Walked {
    fn trouble(&mut self, name: String, message: &str) {
        self.troubles.push(Trouble {
            name,
            message: message.to_string(),
            fatal: true,
        });
    }
}

/// Never looked into, unless named: installed packages, caches, what a build made.
const SKIPPED: [&str; 7] = [
    "__pycache__",
    "build",
    "dist",
    "env",
    "node_modules",
    "site-packages",
    "venv",
];

/// The packages whose behaviour the rules know, and a module that tells a copy of one from a folder of
/// that name: what deploys a copy doesn't own its code, and who imports it means the library.
const KNOWN: [(&str, &str); 5] = [
    ("aioboto3", "session.py"),
    ("aiobotocore", "session.py"),
    ("boto3", "session.py"),
    ("botocore", "session.py"),
    ("pynamodb", "attributes.py"),
];

/// A named folder.
struct Folder<'a> {
    path: &'a Path,
    /// See [`name_of`]; none for one around the current folder, which some of its files are below.
    name: Option<String>,
    here: &'a Path,
    tests: Tests,
    found: Arc<Found>,
}

/// Which files a walk takes, by whether they are tests.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tests {
    In,
    Out,
    /// These, also where the configuration leaves them out.
    Only,
}

impl Folder<'_> {
    fn walk(&self, walked: &mut Walked, threads: usize) {
        // The walker takes a link for a file, but not with a slash behind it.
        let mut builder = WalkBuilder::new(self.path.join(""));
        builder.threads(threads);
        // In an unpacked archive `.gitignore` still says what is no source, but one in a folder
        // above it (a home kept in git without `.git`) says nothing about it.
        if !in_git(self.path) {
            builder.require_git(false).parents(false).git_global(false);
        }
        if let Some(why) = self.unwalkable() {
            walked.troubles.push(why);
            return;
        }
        let (sender, met) = mpsc::channel();
        let tests = self.tests;
        let config = Arc::clone(&self.found);
        let (here, told) = (self.here.to_path_buf(), sender.clone());
        builder.filter_entry(move |entry| {
            // A named folder is taken, whatever its name.
            if entry.depth() == 0 {
                return true;
            }
            let folder = entry.file_type().is_some_and(|kind| kind.is_dir());
            if tests == Tests::Out && is_test_entry(entry) {
                // A link may lead out of the workspace.
                if !entry.path_is_symlink() {
                    let _ = told.send(Met::Test(entry.path().to_path_buf()));
                }
                return false;
            }
            let excludes = || config.config.excludes_entry(entry.path(), folder);
            if folder && skipped(entry) || tests != Tests::Only && excludes() {
                return false;
            }
            let named = |is: fn(&str) -> bool| entry.file_name().to_str().is_some_and(is);
            if folder && named(is_description) {
                let _ = told.send(Met::Package(entry.path().to_path_buf()));
                return false;
            }
            if !folder && named(is_deployment) && !entry.path_is_symlink() {
                let _ = told.send(Met::Deployment(entry.path().to_path_buf()));
                return false;
            }
            match folder.then(|| ignores(entry.path())) {
                Some(Err(why)) => {
                    let trouble = left_alone(entry.path(), &here, &why, false);
                    let _ = told.send(Met::Trouble(trouble));
                    false
                }
                _ => true,
            }
        });

        builder.build_parallel().run(|| {
            let sender = sender.clone();
            Box::new(move |entry| {
                match self.look_at(entry) {
                    Some(Ok(file)) => drop(sender.send(Met::File(file))),
                    Some(Err(trouble)) => drop(sender.send(Met::Trouble(trouble))),
                    None => {}
                }
                WalkState::Continue
            })
        });
        drop((sender, builder));
        let (mut files, mut passed, mut installed) = (Vec::new(), Vec::new(), Installed::default());
        for met in met {
            match met {
                Met::File(file) => files.push(file),
                Met::Trouble(trouble) => walked.troubles.push(trouble),
                Met::Test(path) => passed.push(path),
                Met::Package(description) => installed.add(&description),
                Met::Deployment(path) => walked.deployments.push(path),
            }
        }
        let own = |path: &Path| !installed.owns(path);
        (walked.files).extend(files.into_iter().filter(|file| own(&file.path)));
        (walked.passed.tests).extend(passed.into_iter().filter(|test| own(test)));
        if tests == Tests::Out {
            walked.passed.roots.push(self.path.to_path_buf());
        }
    }

    /// Why nobody can say what is ignored in the folder, by what stands there and above it in its
    /// repository. What lies above that is the user's own.
    fn unwalkable(&self) -> Option<Trouble> {
        let told = |folder: &Path| {
            let why = ignores(folder).err()?;
            Some(left_alone(folder, self.here, &why, true))
        };
        let top = match in_git(self.path) {
            true => self
                .path
                .ancestors()
                .find(|each| each.join(".git").exists()),
            false => None,
        };
        let top = top.unwrap_or(self.path);
        let mut folders = self
            .path
            .ancestors()
            .take_while(|each| each.starts_with(top));
        folders.find_map(told)
    }

    fn look_at(&self, entry: Result<DirEntry, ignore::Error>) -> Option<Result<File, Trouble>> {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let path = path_of(&error).unwrap_or(self.path);
                // Else it is a pattern in an ignore file that says nothing.
                return error.io_error().map(|error| Err(self.trouble(path, error)));
            }
        };
        let kind = entry.file_type()?;
        if kind.is_dir() || !is_python(entry.path()) {
            return None;
        }
        let below = || entry.path().strip_prefix(self.path).ok()?.to_str();
        if self.tests == Tests::Only && !below().is_some_and(workspace::is_test) {
            return None;
        }
        let file = match kind.is_symlink() {
            true => match fs::metadata(entry.path()) {
                Ok(data) if data.is_file() && !stays(entry.path(), self.path) => {
                    return Some(Err(Trouble {
                        name: self.name_of(entry.path()),
                        message: format!("{OUT}: not read, unless it is named itself"),
                        fatal: false,
                    }));
                }
                Ok(data) => data.is_file(),
                Err(error) => return Some(Err(self.trouble(entry.path(), &error))),
            },
            false => kind.is_file(),
        };
        file.then(|| {
            Ok(File {
                name: self.name_of(entry.path()).into(),
                path: entry.into_path(),
                named: false,
                text: None,
            })
        })
    }

    /// See [`name_of`]; what the walk finds stands below the folder as the walk writes it.
    fn name_of(&self, path: &Path) -> String {
        let below = match (path.to_str(), self.path.to_str()) {
            (Some(path), Some(folder)) if cfg!(unix) => path.strip_prefix(folder),
            _ => None,
        };
        match (&self.name, below.and_then(|below| below.strip_prefix('/'))) {
            (None, _) | (_, None | Some("")) => name_of(path, self.here),
            (Some(name), Some(below)) if name.is_empty() => below.to_string(),
            (Some(name), Some(below)) => format!("{name}/{below}"),
        }
    }

    fn trouble(&self, path: &Path, error: &io::Error) -> Trouble {
        let name = self.name_of(path);
        Trouble {
            name: if name.is_empty() {
                ".".to_string()
            } else {
                name
            },
            message: error.to_string(),
            fatal: path.components().eq(self.path.components()),
        }
    }
}

/// A folder of which nobody can say what is ignored in it.
fn left_alone(folder: &Path, here: &Path, why: &str, fatal: bool) -> Trouble {
    let name = match name_of(folder, here) {
        name if name.is_empty() => ".".to_string(),
        name => name,
    };
    Trouble {
        name,
        message: format!("{why}: the folder is not walked"),
        fatal,
    }
}

fn skipped(entry: &DirEntry) -> bool {
    let (name, path) = (entry.file_name().to_str().unwrap_or_default(), entry.path());
    SKIPPED.contains(&name)
        || is_known(name, path)
        || ENVIRONMENT.contains(&name) && in_environment(path)
}

/// Is the folder of this name a copy of one of the packages that the rules know?
fn is_known(name: &str, path: &Path) -> bool {
    let known = KNOWN.iter().find(|(package, _)| *package == name);
    known.is_some_and(|(_, module)| {
        path.join("__init__.py").is_file() && path.join(module).is_file()
    })
}

fn is_test_entry(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_str().unwrap_or_default();
    match entry.file_type() {
        Some(kind) if kind.is_dir() => is_test_folder(name),
        Some(_) => is_test(name) && is_python(entry.path()),
        None => false,
    }
}

/// What a virtual environment is made of: a project can stand beside it in the same folder.
const ENVIRONMENT: [&str; 8] = [
    "bin", "etc", "include", "Include", "lib", "lib64", "Lib", "Scripts",
];

fn in_environment(path: &Path) -> bool {
    let around = path.parent();
    around.is_some_and(|around| around.join("pyvenv.cfg").exists())
}

pub fn is_python(path: &Path) -> bool {
    let ending = path.extension().unwrap_or_default();
    ending.eq_ignore_ascii_case("py") || ending.eq_ignore_ascii_case("pyw")
}

pub fn is_test(name: &str) -> bool {
    name.starts_with("test_") || name.ends_with("_test.py") || name == "conftest.py"
}

pub fn is_test_folder(name: &str) -> bool {
    matches!(name, "tests" | "test")
}

fn in_git(path: &Path) -> bool {
    let path = fs::canonicalize(path).unwrap_or_default();
    path.ancestors().any(|each| each.join(".git").exists())
}

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            path_of(err)
        }
        _ => None,
    }
}

/// `link/..` is the folder above the link's target, not the link's own.
pub fn absolute(path: &Path, here: &Path) -> PathBuf {
    let mut absolute = here.to_path_buf();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                if absolute.is_symlink() {
                    absolute = fs::canonicalize(&absolute).unwrap_or(absolute);
                }
                absolute.pop();
            }
            part => absolute.push(part),
        }
    }
    absolute
}

/// What a walk calls the file at a path that was given.
pub fn called(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    name_of(&absolute(path, &here), &here)
}

/// An absolute path seen from the current folder; empty for that folder itself.
pub fn name_of(path: &Path, here: &Path) -> String {
    let shared = (path.components().zip(here.components()))
        .take_while(|(a, b)| a == b)
        .count();
    let rest = path.components().skip(shared);
    if shared == 0 {
        return joined(rest);
    }
    let climb = here.components().skip(shared).map(|_| Component::ParentDir);
    joined(climb.chain(rest))
}

fn joined<'a>(parts: impl Iterator<Item = Component<'a>>) -> String {
    let mut name = String::new();
    for part in parts {
        let root = part == Component::RootDir;
        if !name.is_empty() && !name.ends_with('/') && !root {
            name.push('/');
        }
        let part = if root { "/".as_ref() } else { part.as_os_str() };
        for chunk in part.as_encoded_bytes().utf8_chunks() {
            name.push_str(chunk.valid());
            for byte in chunk.invalid() {
                name.push_str(&format!("\\x{byte:02x}"));
            }
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_seen_from_the_current_folder() {
        let here = Path::new("/nowhere/shop");
        let names = ["a/b.py", "./a.py", "/nowhere/shop/a.py", "../x.py"];
        assert_eq!(
            names.map(|name| name_of(&absolute(Path::new(name), here), here)),
            ["a/b.py", "a.py", "a.py", "../x.py"]
        );
        assert_eq!(name_of(here, here), "");
        assert_eq!(name_of(Path::new("/x.py"), here), "../../x.py");
    }
}
