//! `dynaleak check --explain FILE:LINE`: why a line is or isn't flagged.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use crate::analysis::explain::{Answered, Candidate, Explained, explained};
use crate::finding::Finding;
use crate::secret::masked;
use crate::text::Text;

use super::check::Report;
use super::output::one_line;
use super::place::Place;

/// `shop/views.py:12`.
#[derive(Clone, Debug)]
pub struct At {
    pub path: PathBuf,
    /// From 1.
    pub line: usize,
}

impl At {
    pub fn parse(text: &str) -> Result<At, String> {
        let wrong = || "write FILE:LINE, such as shop/views.py:12".to_string();
        let (path, line) = text.rsplit_once(':').ok_or_else(wrong)?;
        let line = line.parse().map_err(|_| wrong())?;
        if path.is_empty() {
            return Err(wrong());
        }
        match line {
            0 => Err("lines are counted from 1".to_string()),
            line => Ok(At {
                path: path.into(),
                line,
            }),
        }
    }
}

/// What there is to say of a line, made before anything is printed.
pub enum Answer {
    /// The file has fewer lines.
    Beyond(usize),
    /// Nothing in the file has to do with DynamoDB: it was not analysed.
    Unread,
    Told(Told),
}

pub struct Told {
    /// The line as it stands.
    written: String,
    /// The line where what goes on here begins.
    begins: Option<usize>,
    explained: Explained,
    findings: Vec<Finding>,
    ignored: Vec<Finding>,
}

/// Looks at a line of the file that the report calls `name`; `unread` counts the lines of one that
/// was not analysed.
pub fn answer(report: &Report, name: &Arc<str>, line: usize, unread: &dyn Fn() -> usize) -> Answer {
    let Some(text) = report.workspace.text(name) else {
        let all = unread();
        return match line > all {
            true => Answer::Beyond(all),
            false => Answer::Unread,
        };
    };
    let all = lines(text);
    if line > all {
        return Answer::Beyond(all);
    }
    let start = text.line_start(line - 1);
    let end = match line < all {
        true => text.line_start(line),
        false => text.len(),
    };
    let here = |finding: &Finding| {
        finding.file == *name && Place::of(Some(text), finding.span.start).line == line
    };
    let written = text.as_str().get(start..end).unwrap_or_default().trim();
    let ignored = report.ignored.iter().map(|ignored| &ignored.finding);
    let explained = explained(&report.workspace, name, start..end);
    Answer::Told(Told {
        written: one_line(&masked(written)),
        begins: explained
            .begins
            .map(|byte| Place::of(Some(text), byte).line),
        explained,
        findings: report
            .findings
            .iter()
            .filter(|one| here(one))
            .cloned()
            .collect(),
        ignored: ignored.filter(|one| here(one)).cloned().collect(),
    })
}

/// As an editor counts them: a line end at the end begins no line that one could mean.
pub fn lines(text: &Text) -> usize {
    let last = text.line_count() - 1;
    match text.line_start(last) == text.len() {
        true => last.max(1),
        false => last + 1,
    }
}

pub fn show(out: &mut dyn Write, at: &str, told: &Told) -> io::Result<()> {
    let Told {
        written,
        begins,
        explained,
        findings,
        ignored,
    } = told;
    writeln!(out, "{}", format!("{at}: {written}").trim_end())?;
    if let Some(function) = &explained.function {
        let around = match explained.around.is_empty() {
            true => String::new(),
            false => format!(": {}", explained.around.join(", ")),
        };
        writeln!(out, "  in `{function}`{around}")?;
    } else if !explained.around.is_empty() {
        writeln!(out, "  {}", explained.around.join(", "))?;
    }
    for noted in &explained.seen {
        writeln!(out, "  `{}`: {}", noted.written, noted.facts.join("; "))?;
    }
    writeln!(out)?;
    for finding in findings {
        writeln!(
            out,
            "Flagged: {} ({}, confidence {}): {}",
            finding.code,
            finding.severity.name(),
            finding.confidence.name(),
            finding.message
        )?;
    }
    let told = |candidate: &&Candidate| findings.iter().any(|one| one.code == candidate.rule.code);
    let rest = || explained.candidates.iter().filter(|one| !told(one));
    for one in rest().filter(|one| one.is_near()) {
        let (code, name) = (one.rule.code, one.rule.name);
        if let Some(stronger) = one.silenced {
            writeln!(
                out,
                "Not flagged: {code} {name}: it holds, and {} is told in its place",
                stronger.code
            )?;
        } else if ignored.iter().any(|finding| finding.code == code) {
            writeln!(
                out,
                "Not flagged: {code} {name}: it holds, and a comment silences it"
            )?;
        } else if one.holds() {
            writeln!(
                out,
                "Not flagged: {code} {name}: it holds, and is not told: the configuration leaves it out, or the same is told elsewhere"
            )?;
        } else {
            writeln!(out, "Not flagged: {code} {name}:")?;
            for answer in one.answers.iter().filter(|answer| !answer.fits) {
                writeln!(out, "  {}", failed(answer))?;
            }
        }
    }
    let far: Vec<&str> = rest()
        .filter(|one| !one.is_near())
        .map(|one| one.rule.code)
        .collect();
    if !far.is_empty() {
        writeln!(
            out,
            "Fits by its text only, not by the kind of its values: {}",
            far.join(", ")
        )?;
    }
    if findings.is_empty() && explained.candidates.is_empty() {
        match begins {
            Some(line) => writeln!(out, "Not flagged here: what could be begins on line {line}")?,
            None => writeln!(
                out,
                "Not flagged: no rule has a pattern that fits this line"
            )?,
        }
    }
    Ok(())
}

/// The question that was not answered as the rule wants it, and how it was.
fn failed(answer: &Answered) -> String {
    let so = match answer.negated {
        true => "it is so",
        false => "not so",
    };
    format!("{}: {so}: {}", answer.written, answer.question)
}
