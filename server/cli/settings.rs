//! What the command line says over the configuration: options that several commands share.

use std::path::PathBuf;

use clap::Args;

use crate::config::files::Configs;
use crate::config::{FailOn, Overrides, SomeBounds};
use crate::select::{Selection, Selector, clip};

use super::check::Failure;

#[derive(Args)]
pub struct Settings {
    /// Only these rules: codes, groups (DDB1) or names, with commas between.
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    pub select: Vec<String>,
    /// All but these rules; where both match, the longer selector wins.
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    pub ignore: Vec<String>,
    /// Check tests too: tests/, test/, test_*.py, *_test.py, conftest.py.
    #[arg(long)]
    pub include_tests: bool,
    /// The mildest severity that ends with 1: error, warning (the default), info or never.
    #[arg(long, value_name = "SEVERITY", hide_possible_values = true)]
    pub fail_on: Option<FailOn>,
    /// The one configuration file for all; its patterns are seen from the current folder.
    #[arg(long, value_name = "FILE", conflicts_with = "isolated")]
    config: Option<PathBuf>,
    /// Read no configuration file.
    #[arg(long)]
    pub isolated: bool,
}

impl Settings {
    /// Does the command line say which rules?
    pub fn selects(&self) -> bool {
        !(self.select.is_empty() && self.ignore.is_empty())
    }

    /// With what the command line selects, which may be a team's own rules.
    pub fn configs(&self, paths: &[PathBuf]) -> Result<Configs, Vec<Failure>> {
        if self.selects() {
            let configs = self.configured(Selection::default());
            paths.iter().for_each(|path| _ = configs.of_path(path));
        }
        let select = selectors("--select", &self.select)?;
        let selection = Selection {
            select: (!select.is_empty()).then_some(select),
            ignore: selectors("--ignore", &self.ignore)?,
        };
        Ok(self.configured(selection))
    }

    fn configured(&self, selection: Selection) -> Configs {
        let overrides = Overrides {
            selection,
            include_tests: self.include_tests.then_some(true),
            fail_on: self.fail_on,
            bounds: SomeBounds::default(),
        };
        let here = std::env::current_dir().unwrap_or_default();
        match &self.config {
            Some(file) => Configs::only(&here.join(file), &here, overrides),
            None if self.isolated => Configs::isolated(overrides),
            None => Configs::nearest(overrides),
        }
    }
}

fn selectors(option: &str, words: &[String]) -> Result<Vec<Selector>, Vec<Failure>> {
    let parse = |word: &String| {
        Selector::parse(word).map_err(|reason| {
            vec![Failure {
                file: None,
                message: format!("{option}: `{}`: {reason}", clip(word)),
            }]
        })
    };
    words.iter().map(parse).collect()
}
