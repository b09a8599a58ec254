//! Reads a team's own rules: the files of the folder `.dynaleak` beside a configuration.
//!
//! Whoever wrote a repository may be nobody one trusts: links are not followed, other folders not
//! looked into, and sizes and numbers have a limit.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::rules::{self, Rule};
use crate::team::{Fault, In, rule};
use crate::text::Text;

use super::Problem;
use super::files::regular;

pub const FOLDER: &str = ".dynaleak";
/// In bytes; the longest built-in query has 2 kB, the longest page 60 kB.
const QUERY: u64 = 16 << 10;
const PAGE: u64 = 256 << 10;
/// Each one is looked for in all code.
const MOST: usize = 100;
/// Names in the folder that are looked at, whatever they are.
const ENTRIES: usize = 10_000;

/// What a folder's rules are, and what is wrong with them.
#[derive(Clone, Debug, Default)]
pub struct Team {
    pub rules: Vec<&'static Rule>,
    /// By file.
    pub faulty: Vec<Faulty>,
}

/// A file with what is wrong in it.
#[derive(Clone, Debug)]
pub struct Faulty {
    pub path: PathBuf,
    pub text: Text,
    pub problems: Vec<Problem>,
}

/// Is this a file of a team's rule, or the folder of them?
pub fn is_of_team(path: &Path) -> bool {
    if path.file_name().is_some_and(|name| name == FOLDER) {
        return true;
    }
    let folder = path.parent().and_then(Path::file_name);
    let ending = path.extension().unwrap_or_default();
    folder.is_some_and(|folder| folder == FOLDER) && (ending == "scm" || ending == "md")
}

/// The rules beside the configuration of this folder; none where there is no such folder.
pub fn team(folder: &Path) -> Option<Team> {
    let within = folder.join(FOLDER);
    let data = fs::symlink_metadata(&within).ok();
    let Some(data) = data else {
        rules::register(folder, &[]);
        return None;
    };
    let mut team = Team::default();
    if !data.is_dir() {
        team.fault(
            &within,
            "not a folder (links are not followed): no rules are read".to_string(),
        );
        return Some(team);
    }
    match listed(&within) {
        Ok(stems) => team.read(&within, stems),
        Err(reason) => team.fault(&within, reason),
    }
    rules::register(folder, &team.rules);
    Some(team)
}

/// The files `*.scm` and `*.md` by their stems.
fn listed(folder: &Path) -> Result<BTreeMap<String, [bool; 2]>, String> {
    let mut stems: BTreeMap<String, [bool; 2]> = BTreeMap::new();
    let entries = fs::read_dir(folder).map_err(|error| error.to_string())?;
    for (nth, entry) in entries.enumerate() {
        if nth >= ENTRIES {
            return Err(format!("more than {ENTRIES} files: no rules are read"));
        }
        let path = entry.map_err(|error| error.to_string())?.path();
        let (Some(stem), Some(ending)) = (path.file_stem(), path.extension()) else {
            continue;
        };
        let at = match ending.to_str() {
            Some("scm") => 0,
            Some("md") => 1,
            _ => continue,
        };
        stems
            .entry(stem.to_string_lossy().into_owned())
            .or_default()[at] = true;
    }
    Ok(stems)
}

impl Team {
    fn fault(&mut self, path: &Path, reason: String) {
        self.faults(path, String::new(), vec![Problem { span: 0..0, reason }]);
    }

    fn faults(&mut self, path: &Path, text: String, problems: Vec<Problem>) {
        self.faulty.push(Faulty {
            path: path.to_path_buf(),
            text: Text::new(text),
            problems,
        });
    }

    fn read(&mut self, folder: &Path, stems: BTreeMap<String, [bool; 2]>) {
        for (stem, [query, page]) in stems {
            if stem.eq_ignore_ascii_case("README") && !query {
                continue;
            }
            let paths = ["scm", "md"].map(|ending| folder.join(format!("{stem}.{ending}")));
            match (query, page) {
                (true, false) => {
                    self.fault(&paths[0], format!("its page `{stem}.md` is missing"));
                    continue;
                }
                (false, true) => {
                    self.fault(&paths[1], format!("its query `{stem}.scm` is missing"));
                    continue;
                }
                _ => {}
            }
            if self.rules.len() >= MOST {
                self.fault(
                    &paths[0],
                    format!("more than {MOST} rules: this one is not read"),
                );
                return;
            }
            let texts = [(&paths[0], QUERY), (&paths[1], PAGE)].map(|(path, limit)| {
                let text = text_of(path, limit);
                if let Err(reason) = &text {
                    self.fault(path, reason.clone());
                }
                text.ok()
            });
            if let [Some(query), Some(page)] = texts {
                self.add(&stem, &paths, query, page);
            }
        }
    }

    fn add(&mut self, stem: &str, paths: &[PathBuf; 2], query: String, page: String) {
        let rule = match rule(stem, &query, &page) {
            Ok(rule) => rule,
            Err(faults) => {
                for (file, path, text) in
                    [(In::Query, &paths[0], query), (In::Page, &paths[1], page)]
                {
                    let of = |fault: &Fault| {
                        (fault.file == file).then(|| Problem {
                            span: fault.span.clone(),
                            reason: fault.reason.clone(),
                        })
                    };
                    let problems: Vec<Problem> = faults.iter().filter_map(of).collect();
                    if !problems.is_empty() {
                        self.faults(path, text, problems);
                    }
                }
                return;
            }
        };
        let same = |other: &&&Rule| other.code == rule.code || other.name == rule.name;
        if let Some(other) = self.rules.iter().find(same) {
            let reason = format!("`{}.md` has this code or name too", other.stem);
            let at = page.find("# ").unwrap_or_default();
            let problem = Problem {
                span: at..at,
                reason,
            };
            return self.faults(&paths[1], page, vec![problem]);
        }
        self.rules.push(rule);
    }
}

/// A link is not followed.
fn text_of(path: &Path, limit: u64) -> Result<String, String> {
    let data = fs::symlink_metadata(path).map_err(|error| error.to_string())?;
    if data.is_symlink() {
        return Err("a link: rules are read from this folder only".to_string());
    }
    let bytes = regular(path, limit).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > limit {
        return Err(format!("larger than {} kB", limit >> 10));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        format!("not valid UTF-8 at byte {at}")
    })
}
