//! `--statistics`: how often each rule holds, and in how many files.

use std::collections::BTreeSet;
use std::io::{self, Write};

use serde::Serialize;

use crate::finding::{Applicability, Finding};
use crate::rules;

use super::check::Report;
use super::formats::Format;
use super::{human, json};

#[derive(Serialize)]
pub struct Count {
    code: &'static str,
    name: &'static str,
    count: usize,
    files: usize,
    /// For how many there is a safe rewrite.
    fixable: usize,
}

/// The most frequent first.
pub fn counts(report: &Report) -> Vec<Count> {
    let mut codes: Vec<&'static str> = report.findings.iter().map(|it| it.code).collect();
    codes.sort_unstable();
    codes.dedup();
    let count = |code: &'static str| {
        let of = || {
            report
                .findings
                .iter()
                .filter(|finding| finding.code == code)
        };
        let safe = |finding: &&Finding| {
            let mut fixes = finding.fixes.iter();
            fixes.any(|fix| fix.applicability == Applicability::Safe)
        };
        Count {
            code,
            name: rules::entry(code).map_or("", |rule| rule.name),
            count: of().count(),
            files: of()
                .map(|finding| &finding.file)
                .collect::<BTreeSet<_>>()
                .len(),
            fixable: of().filter(safe).count(),
        }
    };
    let mut counts: Vec<Count> = codes.into_iter().map(count).collect();
    counts.sort_by_key(|count| std::cmp::Reverse(count.count));
    counts
}

pub fn write(out: &mut dyn Write, report: &Report, format: Format, quiet: bool) -> io::Result<()> {
    let counts = counts(report);
    match format {
        Format::Json => json::statistics(out, report, &counts),
        Format::JsonLines => {
            for count in &counts {
                serde_json::to_writer(&mut *out, count)?;
                writeln!(out)?;
            }
            Ok(())
        }
        _ => {
            table(out, &counts)?;
            human::summary(out, report, quiet)
        }
    }
}

fn table(out: &mut dyn Write, counts: &[Count]) -> io::Result<()> {
    let width = |length: fn(&Count) -> usize| counts.iter().map(length).max().unwrap_or(0);
    let number = width(|count| count.count.to_string().len());
    let (code, name) = (
        width(|count| count.code.len()),
        width(|count| count.name.len()),
    );
    let fixable = counts.iter().any(|count| count.fixable > 0);
    for count in counts {
        let files = human::counted(count.files, "file");
        let mark = match (fixable, count.fixable > 0) {
            (false, _) => "",
            (true, true) => "[*] ",
            (true, false) => "[ ] ",
        };
        writeln!(
            out,
            "{:number$}  {:code$}  {mark}{:name$}  {files}",
            count.count, count.code, count.name
        )?;
    }
    if fixable {
        writeln!(out, "[*] some of it is rewritten by --fix.")?;
    }
    if !counts.is_empty() {
        writeln!(out)?;
    }
    Ok(())
}
