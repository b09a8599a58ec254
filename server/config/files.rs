//! Finds and reads configuration files: the nearest one above each Python file, each folder looked at once.

use std::fs;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dashmap::DashMap;
use memchr::memmem;

use crate::finding::Finding;
use crate::rules::notices::told;
use crate::text::Text;

use super::links::{OUT, in_workspace, open, stays};
use super::python::Python;
use super::team::{Team, is_of_team, team};
use super::{Config, Form, Overrides, Problem, Terms};

/// A configuration with the file that it came from.
#[derive(Clone, Debug)]
pub struct Found {
    /// What could be understood of it.
    pub config: Config,
    /// None: no file says anything.
    pub path: Option<PathBuf>,
    pub text: Text,
    pub problems: Vec<Problem>,
    /// The team's own rules, beside it.
    pub team: Team,
}

/// The configurations of a project. Files are read when first asked for and kept until [`Configs::forget`].
#[derive(Debug)]
pub struct Configs {
    overrides: Overrides,
    /// For all files the same; else the nearest counts.
    only: Option<Arc<Found>>,
    folders: DashMap<PathBuf, Arc<Found>>,
    /// What the nearest `pyproject.toml` requires, by folder.
    pythons: DashMap<PathBuf, Option<Python>>,
}

impl Configs {
    /// The nearest file above each Python file counts.
    pub fn nearest(overrides: Overrides) -> Configs {
        Configs {
            overrides,
            only: None,
            folders: DashMap::new(),
            pythons: DashMap::new(),
        }
    }

    /// No file counts.
    pub fn isolated(overrides: Overrides) -> Configs {
        let only = Some(Arc::new(none(&overrides)));
        Configs {
            only,
            ..Configs::nearest(overrides)
        }
    }

    /// One file for all; its patterns are seen from `root`. A file that is missing or says nothing
    /// of dynaleak is a problem here.
    pub fn only(path: &Path, root: &Path, overrides: Overrides) -> Configs {
        let mut found = read(path, root).unwrap_or_else(|| {
            let reason = match path.exists() {
                true => "it has no table [tool.dynaleak]",
                false => "there is no such file",
            };
            broken(path, reason.to_string())
        });
        found.team = path.parent().and_then(team).unwrap_or_default();
        found.config.overrides = overrides.clone();
        Configs {
            only: Some(Arc::new(found)),
            ..Configs::nearest(overrides)
        }
    }

    /// The configuration of a file, or of a walk that begins at a folder; `folder` is the one that
    /// holds the file, or that folder itself. Absolute.
    pub fn of_folder(&self, folder: &Path) -> Arc<Found> {
        if let Some(only) = &self.only {
            return Arc::clone(only);
        }
        let mut looked = Vec::new();
        let mut found = None;
        for folder in folder.ancestors() {
            found = self.known(folder).or_else(|| self.look(folder));
            looked.push(folder);
            if found.is_some() {
                break;
            }
        }
        let found = found.unwrap_or_else(|| Arc::new(none(&self.overrides)));
        for folder in looked {
            self.folders.insert(folder.into(), Arc::clone(&found));
        }
        found
    }

    /// The configuration of a folder or file that is named from the current folder.
    pub fn of_path(&self, path: &Path) -> Arc<Found> {
        let path = std::path::absolute(path).unwrap_or_default();
        match path.is_dir() {
            true => self.of_folder(&path),
            false => self.of_file(&path),
        }
    }

    /// The configuration of a file, by its absolute path.
    pub fn of_file(&self, path: &Path) -> Arc<Found> {
        self.of_folder(path.parent().unwrap_or(path))
    }

    /// What rewrites of a file keep to, by its absolute path.
    pub fn terms(&self, path: &Path) -> Terms {
        let found = self.of_file(path);
        let isolated = self.only.is_some() && found.path.is_none();
        let required = || match isolated {
            true => None,
            false => self.required(path.parent()?),
        };
        let terms = found.config.terms();
        Terms {
            python: terms.python.or_else(required),
            ..terms
        }
    }

    /// The oldest Python that the nearest `pyproject.toml` lets in which says one.
    fn required(&self, folder: &Path) -> Option<Python> {
        if let Some(known) = self.pythons.get(folder) {
            return *known;
        }
        let python = required_in(folder).or_else(|| self.required(folder.parent()?));
        self.pythons.insert(folder.into(), python);
        python
    }

    /// The next answers are read anew: a configuration file has changed.
    pub fn forget(&self) {
        self.folders.clear();
        self.pythons.clear();
    }

    fn known(&self, folder: &Path) -> Option<Arc<Found>> {
        self.folders.get(folder).map(|found| Arc::clone(&found))
    }

    fn look(&self, folder: &Path) -> Option<Arc<Found>> {
        let team = team(folder);
        let found = NAMES
            .iter()
            .find_map(|name| within(&folder.join(name), folder));
        // A folder of rules counts without a configuration too.
        let mut found = found.or_else(|| team.is_some().then(|| none(&self.overrides)))?;
        found.team = team.unwrap_or_default();
        found.config.overrides = self.overrides.clone();
        Some(Arc::new(found))
    }
}

impl Found {
    /// The problems as findings (DDB004) of the file, by the name that the editor knows it by.
    pub fn findings(&self, name: &Arc<str>) -> Vec<Finding> {
        findings(&self.problems, name)
    }
}

/// Is this the name of a file that may hold a configuration, or a team's own rule?
pub fn is_config(path: &Path) -> bool {
    is_of_team(path) || is_settings(path)
}

/// Is this the name of a file that may hold a configuration?
pub fn is_settings(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    NAMES.iter().any(|known| name == *known)
}

/// What is wrong in the text of the configuration file `path`, as findings (DDB004) of the file `name`.
pub fn mistakes(path: &Path, text: &str, name: &Arc<str>) -> Vec<Finding> {
    if !ours(path, text.as_bytes()) {
        return Vec::new();
    }
    let root = path.parent().unwrap_or(path);
    let parsed = Config::parse(text, form(path), root);
    findings(&parsed.map_or(Vec::new(), |(_, problems)| problems), name)
}

pub fn findings(problems: &[Problem], name: &Arc<str>) -> Vec<Finding> {
    let finding = |problem: &Problem| {
        let (span, reason) = (problem.span.clone(), problem.reason.clone());
        told("DDB004", name, "<module>".to_string(), span, reason)
    };
    problems.iter().map(finding).collect()
}

const PYPROJECT: &str = "pyproject.toml";
/// In one folder the first of these counts.
const NAMES: [&str; 3] = [".dynaleak.toml", "dynaleak.toml", PYPROJECT];
/// In bytes; a configuration of a thousand rules and patterns has a hundredth of it.
const LIMIT: u64 = 1 << 20;

/// As [`read`]; what a repository links to from elsewhere is none of its files.
fn within(path: &Path, folder: &Path) -> Option<Found> {
    if leads_out(path, folder) {
        let reason = format!("{OUT}: not read, unless --config names it");
        return Some(broken(path, reason));
    }
    read(path, folder)
}

/// What the folder's own `pyproject.toml` requires.
fn required_in(folder: &Path) -> Option<Python> {
    let path = folder.join(PYPROJECT);
    if leads_out(&path, folder) {
        return None;
    }
    let bytes = bytes_of(&path)?.ok()?;
    Python::required(str::from_utf8(&bytes).ok()?)
}

/// Is it a link of the workspace to what is not in it?
fn leads_out(path: &Path, folder: &Path) -> bool {
    path.is_symlink() && in_workspace(folder) && !stays(path, folder)
}

/// `None` where there is no such file, or a `pyproject.toml` that says nothing of dynaleak.
fn read(path: &Path, root: &Path) -> Option<Found> {
    let bytes = match bytes_of(path)? {
        Ok(bytes) => bytes,
        Err(reason) => return Some(broken(path, reason)),
    };
    if !ours(path, &bytes) {
        return None;
    }
    if bytes.len() as u64 > LIMIT {
        return Some(broken(path, "larger than 1 MB".to_string()));
    }
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            return Some(broken(path, format!("not valid UTF-8 at byte {at}")));
        }
    };
    let (config, problems) = Config::parse(&text, form(path), root)?;
    Some(Found {
        config,
        path: Some(path.to_path_buf()),
        text: Text::new(text),
        problems,
        team: Team::default(),
    })
}

fn form(path: &Path) -> Form {
    match path.file_name().is_some_and(|name| name == PYPROJECT) {
        true => Form::PyProject,
        false => Form::Own,
    }
}

/// Another tool's mistakes in a `pyproject.toml` are not ours to tell.
fn ours(path: &Path, text: &[u8]) -> bool {
    form(path) == Form::Own || memmem::find(text, b"dynaleak").is_some()
}

/// None where there is no such file.
fn bytes_of(path: &Path) -> Option<Result<Vec<u8>, String>> {
    let absent = [
        ErrorKind::NotFound,
        ErrorKind::NotADirectory,
        ErrorKind::PermissionDenied,
    ];
    match fs::metadata(path) {
        Err(error) if absent.contains(&error.kind()) => None,
        _ => Some(regular(path, LIMIT).map_err(|error| error.to_string())),
    }
}

/// At most one byte more than the limit. A pipe or device is never opened: it may never end.
pub fn regular(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut bytes = Vec::new();
    open(path)?.0.take(limit + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn none(overrides: &Overrides) -> Found {
    let config = Config {
        overrides: overrides.clone(),
        ..Config::default()
    };
    Found {
        config,
        path: None,
        text: Text::new(String::new()),
        problems: Vec::new(),
        team: Team::default(),
    }
}

fn broken(path: &Path, reason: String) -> Found {
    Found {
        path: Some(path.to_path_buf()),
        problems: vec![Problem { span: 0..0, reason }],
        ..none(&Overrides::default())
    }
}
