//! The forms in which a report is written: for people, for programs, for what shows findings in CI.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;

use clap::ValueEnum;
use rustc_hash::FxHashMap;

use super::check::{Failure, Report};
use super::human::{By, listed};
use super::interrupt::{Cut, Writing};
use super::output::{Access, beside};
use super::walk::absolute;
use super::{ci, html, human, json, sarif};
use crate::baseline::{Key, keys};
use crate::config::links::{OUT, leads_out};
use crate::finding::Finding;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// With the source and the trail.
    Full,
    /// One line each.
    Concise,
    /// For programs.
    Json,
    /// For programs: one finding a line.
    JsonLines,
    /// SARIF 2.1.0, for GitHub's code scanning and others.
    Sarif,
    /// Annotations of GitHub Actions.
    Github,
    /// GitLab's code quality report.
    Gitlab,
    /// JUnit's XML, where CI shows tests.
    Junit,
    /// A page for a browser, in one file.
    Html,
}

impl Format {
    pub fn write(self, out: &mut dyn Write, report: &Report, quiet: bool) -> io::Result<()> {
        match self {
            Format::Full => human::full(&mut Cut(out), report, quiet),
            Format::Concise => human::concise(&mut Cut(out), report, quiet),
            Format::Json => json::report(out, report),
            Format::JsonLines => json::lines(out, report),
            Format::Sarif => sarif::report(out, report),
            Format::Github => ci::github(out, report),
            Format::Gitlab => ci::gitlab(out, report),
            Format::Junit => ci::junit(out, report),
            Format::Html => html::report(out, report),
        }
    }

    /// What a run that ended with no report leaves to those who read it.
    pub fn failure(self, out: &mut dyn Write, failures: &[Failure]) -> io::Result<()> {
        match self {
            Format::Json => json::failure(out, failures),
            Format::Sarif => sarif::failure(out, failures),
            _ => Ok(()),
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Format::Full | Format::Concise => "list",
            Format::Json => "JSON",
            Format::JsonLines => "JSON",
            Format::Sarif => "SARIF",
            Format::Github => "annotation",
            Format::Gitlab => "code quality report",
            Format::Junit => "XML",
            Format::Html => "HTML",
        }
    }

    pub fn shows_fixes(self) -> bool {
        matches!(
            self,
            Format::Full | Format::Json | Format::JsonLines | Format::Sarif | Format::Html
        )
    }

    /// Is it read by programs, so that nothing else may stand in it?
    pub fn is_document(self) -> bool {
        !matches!(self, Format::Full | Format::Concise | Format::Github)
    }
}

/// `--output sarif=out.sarif`
#[derive(Clone, Debug)]
pub struct Output {
    format: Format,
    path: PathBuf,
}

impl Output {
    pub fn parse(word: &str) -> Result<Output, String> {
        let (format, path) = word
            .split_once('=')
            .ok_or("it is FORMAT=FILE, such as sarif=out.sarif")?;
        let format = Format::from_str(format, false).map_err(|_| {
            let names = Format::value_variants().iter();
            let names =
                names.filter_map(|each| Some(each.to_possible_value()?.get_name().to_string()));
            format!(
                "no format `{format}`: it is one of {}",
                names.collect::<Vec<_>>().join(", ")
            )
        })?;
        if path.is_empty() {
            return Err("the file's name is missing".to_string());
        }
        Ok(Output {
            format,
            path: PathBuf::from(path),
        })
    }

    pub fn format(&self) -> Format {
        self.format
    }

    /// Writes the whole file or leaves what is there; into what is no file of its own, such as a link,
    /// a pipe or `/dev/stdout`, it is written as it comes.
    pub fn write(
        &self,
        content: impl FnOnce(Format, &mut dyn Write) -> io::Result<()>,
    ) -> Result<(), String> {
        let into = |file: &mut File| {
            let mut out = io::BufWriter::new(file);
            content(self.format, &mut out)?;
            out.flush()
        };
        let here = std::env::current_dir().unwrap_or_default();
        if leads_out(&absolute(&self.path, &here), &here) {
            let name = self.path.display();
            return Err(format!("{name}: cannot be written: {OUT}"));
        }
        let special = fs::symlink_metadata(&self.path).is_ok_and(|there| !there.is_file());
        let _writing = Writing::begin();
        let written = || match special {
            true => into(&mut File::create(&self.path)?),
            false => {
                let mut file = beside(&self.path, Access::Usual)?;
                into(file.as_file_mut())?;
                file.persist(&self.path).map_err(|error| error.error)?;
                Ok(())
            }
        };
        written().map_err(|error| format!("{}: cannot be written: {error}", self.path.display()))
    }
}

/// All findings with their comments, as [`listed`] gives them, and their fingerprints.
pub fn fingerprinted(report: &Report) -> Vec<(&Finding, Option<By<'_>>, String)> {
    let mut seen: FxHashMap<Key, usize> = FxHashMap::default();
    let mut all = Vec::new();
    let listed = listed(report);
    let findings = listed.iter().map(|(finding, _)| *finding);
    let keys = keys(findings, |file| report.workspace.source(file));
    for ((finding, by), key) in listed.into_iter().zip(keys) {
        let nth = seen.entry(key.clone()).or_default();
        *nth += 1;
        all.push((finding, by, key.fingerprint(*nth)));
    }
    all
}
