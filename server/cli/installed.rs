//! Packages that stand beside a project's own code because they were installed there, as `pip install --target`
//! does for what is deployed whole: their `.dist-info` folders list what belongs to them.

use std::collections::HashSet;
use std::path::{Component, Path, PathBuf};

use super::coding::read;

/// The folders and modules of some installed packages.
#[derive(Default)]
pub struct Installed(HashSet<PathBuf>);

/// Does a folder of this name describe an installed package?
pub fn is_description(name: &str) -> bool {
    name.ends_with(".dist-info")
}

impl Installed {
    /// Adds what the package owns that the folder at `description` describes: what its `RECORD` names
    /// first in each line, beside it.
    pub fn add(&mut self, description: &Path) {
        let mut record = Vec::new();
        let (Some(around), Ok(true)) = (
            description.parent(),
            read(&description.join("RECORD"), &mut record),
        ) else {
            return;
        };
        let own = |line: &str| match Path::new(line.split(',').next()?).components().next()? {
            Component::Normal(part) => Some(around.join(part)),
            _ => None,
        };
        self.0
            .extend(String::from_utf8_lossy(&record).lines().filter_map(own));
    }

    pub fn owns(&self, path: &Path) -> bool {
        !self.0.is_empty() && path.ancestors().any(|part| self.0.contains(part))
    }
}
