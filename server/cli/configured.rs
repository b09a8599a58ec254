//! What the configuration makes of a check's findings, and what is wrong with the configuration.

use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use crate::config::files::{Configs, Found};
use crate::own::Own;
use crate::query::{RULES, Rules};
use crate::report::shown;
use crate::rules::Rule;
use crate::suppress::Shown;
use crate::workspace::Workspace;

use super::check::Failure;
use super::place::Place;
use super::walk::{File, name_of};

/// What is shown of these files, sorted by file, start, code.
pub fn configured<'a>(
    workspace: &Workspace,
    files: impl Iterator<Item = &'a File>,
    configs: &Configs,
) -> Result<Shown, Vec<Failure>> {
    let files: Vec<(&File, Arc<Found>)> = files
        .map(|file| (file, configs.of_file(&file.path)))
        .collect();
    sound(files.iter().map(|(_, found)| Arc::clone(found)))?;
    let mut all = Shown::default();
    let each = |(file, found): &(&File, Arc<Found>)| {
        shown(workspace, &file.name, &found.config.of(&file.path))
    };
    for one in files.par_iter().map(each).collect::<Vec<Shown>>() {
        all.kept.extend(one.kept);
        all.ignored.extend(one.ignored);
    }
    Ok(all)
}

/// What the configurations of all named paths say of the project's own code.
pub fn own_of(configs: &[Arc<Found>]) -> Option<Arc<Own>> {
    let mut owns = configs.iter().filter_map(|found| found.config.own.as_ref());
    let first = owns.next()?;
    let mut joined = Arc::clone(first);
    for own in owns.filter(|own| !Arc::ptr_eq(own, first)) {
        Arc::make_mut(&mut joined).join(own);
    }
    Some(joined)
}

/// The built-in rules with the teams' own of all named paths; none where no team has any.
pub fn rules_of(configs: &[Arc<Found>]) -> Option<Arc<Rules>> {
    let mut own: Vec<&'static Rule> = Vec::new();
    for rule in configs.iter().flat_map(|found| &found.team.rules) {
        if !own.iter().any(|other| other.code == rule.code) {
            own.push(*rule);
        }
    }
    (!own.is_empty()).then(|| RULES.with(&own))
}

/// A check with a configuration that is not understood would not be the one that was meant.
pub fn sound(configs: impl IntoIterator<Item = Arc<Found>>) -> Result<(), Vec<Failure>> {
    let here = std::env::current_dir().unwrap_or_default();
    let mut configs: Vec<Arc<Found>> = (configs.into_iter())
        .filter(|found| !(found.problems.is_empty() && found.team.faulty.is_empty()))
        .collect();
    configs.sort_by(|a, b| a.path.cmp(&b.path));
    configs.dedup_by(|a, b| a.path == b.path && a.team.faulty.len() == b.team.faulty.len());
    let failures: Vec<Failure> = configs
        .iter()
        .flat_map(|found| failures(found, &here))
        .collect();
    match failures.is_empty() {
        true => Ok(()),
        false => Err(failures),
    }
}

fn failures<'a>(found: &'a Found, here: &'a Path) -> impl Iterator<Item = Failure> + 'a {
    let own = (found.path.as_ref(), &found.text, &found.problems);
    let faulty = found.team.faulty.iter();
    let faulty = faulty.map(|of| (Some(&of.path), &of.text, &of.problems));
    [own]
        .into_iter()
        .chain(faulty)
        .flat_map(|(path, text, problems)| {
            let file = path.map(|path| name_of(path, here));
            problems.iter().map(move |problem| {
                let place = Place::of(Some(text), problem.span.start);
                Failure {
                    file: file.clone(),
                    message: format!("{}:{}: {}", place.line, place.column, problem.reason),
                }
            })
        })
}
