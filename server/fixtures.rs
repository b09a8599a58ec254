//! Fixtures in a rule's Markdown page: read, run, and what to print where they fail.

pub mod notation;
pub mod report;

use std::path::Path;
use std::sync::Arc;

use crate::config::{Config, Form};
use crate::finding::Finding;
use crate::report::shown;
use crate::workspace::Workspace;

use notation::Heading;

/// Paths and texts, in the order of the heading.
pub type Files = Vec<(Arc<str>, String)>;

impl Heading {
    pub fn paths(&self) -> Vec<Arc<str>> {
        self.files
            .iter()
            .map(|file| Arc::clone(&file.path))
            .collect()
    }

    pub fn before(&self) -> Files {
        let files = self.files.iter();
        files
            .map(|file| (Arc::clone(&file.path), file.before.clone()))
            .collect()
    }

    pub fn after(&self) -> Files {
        let files = self.files.iter();
        files
            .map(|file| (Arc::clone(&file.path), file.after.clone()))
            .collect()
    }
}

/// The heading's `toml` block, or what is usual, as a `dynaleak.toml` beside its files.
pub fn config(heading: &Heading, usual: &str) -> Result<Config, String> {
    let text = heading.config.as_deref().unwrap_or(usual);
    let (config, problems) =
        Config::parse(text, Form::Own, Path::new("")).ok_or("no configuration")?;
    match problems.first() {
        None => Ok(config),
        Some(problem) => {
            let what = &text[problem.span.clone()];
            Err(format!("`toml` block: `{what}`: {}", problem.reason))
        }
    }
}

/// Does the heading's title say the same as its marks?
pub fn title(heading: &Heading, code: &str) -> Result<(), String> {
    let marked = heading
        .marks
        .iter()
        .any(|mark| mark.code.as_deref() == Some(code));
    match marked {
        false if heading.title.starts_with("Flagged") => Err(format!("no mark of {code}")),
        true if heading.title.starts_with("Not flagged") => Err(format!("a mark of {code}")),
        _ => Ok(()),
    }
}

pub fn load(mut workspace: Workspace, paths: &[Arc<str>], files: &Files) -> Workspace {
    workspace.set_paths(paths.iter().cloned());
    workspace.load(files.clone());
    workspace
}

/// What is shown, sorted in each file.
pub fn findings_of(workspace: &Workspace, paths: &[Arc<str>], config: &Config) -> Vec<Finding> {
    paths
        .iter()
        .flat_map(|path| shown(workspace, path, &config.of(Path::new(&**path))).kept)
        .collect()
}
