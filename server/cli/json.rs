//! The JSON output, schema 1: what programs rely on, so nothing here changes its name or its meaning.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::Range;

use crate::baseline::Key;
use crate::finding::{
    Applicability, Category, Confidence, Edit, Effect, Finding, Fix, Severity, Step,
};
use crate::rules;
use crate::workspace::Workspace;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::baseline::{Outcome, Settled};
use super::check::{Failure, Report};
use super::human::{By, listed};
use super::place::{Place, spot};
use super::shards::Shard;
use super::statistics::Count;

pub const SCHEMA: u32 = 1;
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

pub fn report(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let errors = report.troubles.iter().map(|trouble| ErrorOut {
        file: &trouble.name,
        message: &trouble.message,
    });
    write(
        out,
        &Document {
            schema: SCHEMA,
            version: VERSION,
            findings: (listed(report).into_iter())
                .map(|(each, by)| finding(&report.workspace, each, by))
                .collect(),
            errors: errors.collect(),
            baselines: report.baselines.iter().map(baseline).collect(),
            summary: summary(report),
            shard: ShardOut::of(report),
        },
    )
}

/// How often each rule holds.
pub fn statistics(out: &mut dyn Write, report: &Report, counts: &[Count]) -> io::Result<()> {
    let errors = report.troubles.iter().map(|trouble| ErrorOut {
        file: &trouble.name,
        message: &trouble.message,
    });
    let document = Statistics {
        schema: SCHEMA,
        version: VERSION,
        statistics: counts,
        errors: errors.collect(),
        baselines: report.baselines.iter().map(baseline).collect(),
        summary: summary(report),
    };
    write(out, &document)
}

/// The document of several, with what stands in each of them.
pub fn joined(
    out: &mut dyn Write,
    version: &str,
    findings: Vec<&RawValue>,
    errors: Vec<&RawValue>,
    summary: Summary,
) -> io::Result<()> {
    let document = Document {
        schema: SCHEMA,
        version,
        findings,
        errors,
        baselines: Vec::new(),
        summary,
        shard: None,
    };
    write(out, &document)
}

/// A finding a line, as in the document's `findings`.
pub fn lines(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    for (each, by) in listed(report) {
        serde_json::to_writer(&mut *out, &finding(&report.workspace, each, by))?;
        writeln!(out)?;
    }
    Ok(())
}

/// The document of a run that ended with no report; what is about no file is about the folder.
pub fn failure(out: &mut dyn Write, failures: &[Failure]) -> io::Result<()> {
    let errors = failures.iter().map(|failure| ErrorOut {
        file: failure.file.as_deref().unwrap_or("."),
        message: &failure.message,
    });
    let document = Document {
        schema: SCHEMA,
        version: VERSION,
        findings: Vec::<FindingOut>::new(),
        errors: errors.collect(),
        baselines: Vec::new(),
        summary: Summary {
            files: 0,
            analysed: 0,
            findings: 0,
        },
        shard: None,
    };
    write(out, &document)
}

pub fn write(out: &mut dyn Write, document: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, document)?;
    writeln!(out)
}

/// The weaknesses behind some categories, ascending, each once.
pub fn cwe(categories: &[Category]) -> Vec<u16> {
    let mut all: Vec<u16> = categories
        .iter()
        .flat_map(|each| each.cwe())
        .copied()
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

#[derive(Serialize)]
struct Document<'a, F, E> {
    schema: u32,
    version: &'a str,
    findings: Vec<F>,
    errors: Vec<E>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    baselines: Vec<BaselineOut<'a>>,
    summary: Summary,
    /// Only of a check that was divided.
    #[serde(skip_serializing_if = "Option::is_none")]
    shard: Option<ShardOut>,
}

/// Which part of a check it is, and the code that it ended with, but for `--exit-zero`.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub struct ShardOut {
    pub index: u32,
    pub count: u32,
    pub exit: u8,
}

impl ShardOut {
    pub fn of(report: &Report) -> Option<ShardOut> {
        let Shard { index, count } = report.shard?;
        let exit = report.judged as u8;
        Some(ShardOut { index, count, exit })
    }
}

#[derive(Serialize)]
struct Statistics<'a> {
    schema: u32,
    version: &'static str,
    statistics: &'a [Count],
    errors: Vec<ErrorOut<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    baselines: Vec<BaselineOut<'a>>,
    summary: Summary,
}

/// What became of a baseline.
#[derive(Serialize)]
struct BaselineOut<'a> {
    file: &'a str,
    /// How many findings it accepts.
    accepted: usize,
    /// How many of these moved.
    moved: usize,
    /// What it accepts and is not there any more.
    stale: Vec<StaleOut<'a>>,
    /// How many entries came since the revision of `--since`, where the baseline is locked.
    added: usize,
    outcome: &'static str,
}

#[derive(Serialize)]
struct StaleOut<'a> {
    file: &'a str,
    code: &'a str,
    function: &'a str,
    count: usize,
}

#[derive(Serialize)]
struct FindingOut<'a> {
    code: &'static str,
    name: &'static str,
    effect: Option<Effect>,
    severity: Severity,
    confidence: Confidence,
    categories: &'static [Category],
    cwe: Vec<u16>,
    file: &'a str,
    function: &'a str,
    range: RangeOut,
    message: &'a str,
    trail: Vec<StepOut<'a>>,
    related: Vec<String>,
    fixes: Vec<FixOut<'a>>,
    /// Only of a finding that a comment silences, with `--show-ignored`.
    #[serde(skip_serializing_if = "Option::is_none")]
    ignored: Option<IgnoredOut>,
    /// Only of a finding that the baseline accepts, likewise.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    baselined: bool,
}

/// The comment.
#[derive(Serialize)]
struct IgnoredOut {
    range: RangeOut,
}

/// Half-open.
#[derive(Serialize)]
struct RangeOut {
    start: PlaceOut,
    end: PlaceOut,
}

#[derive(Serialize)]
struct PlaceOut {
    line: usize,
    column: usize,
    byte: usize,
}

#[derive(Serialize)]
struct StepOut<'a> {
    file: &'a str,
    range: RangeOut,
    message: &'a str,
}

#[derive(Serialize)]
struct FixOut<'a> {
    title: &'a str,
    applicability: Applicability,
    edits: Vec<EditOut<'a>>,
}

#[derive(Serialize)]
struct EditOut<'a> {
    file: &'a str,
    range: RangeOut,
    text: &'a str,
}

#[derive(Serialize)]
struct ErrorOut<'a> {
    file: &'a str,
    message: &'a str,
}

#[derive(Serialize, Deserialize)]
pub struct Summary {
    pub files: usize,
    pub analysed: usize,
    pub findings: usize,
}

fn finding<'a>(files: &Workspace, finding: &'a Finding, by: Option<By>) -> FindingOut<'a> {
    let rule = rules::entry(finding.code);
    let categories = rule.map_or(&[][..], |rule| rule.categories);
    FindingOut {
        code: finding.code,
        name: rule.map_or("", |rule| rule.name),
        effect: rule.and_then(|rule| rule.effect),
        severity: finding.severity,
        confidence: finding.confidence,
        categories,
        cwe: cwe(categories),
        file: &finding.file,
        function: &finding.function,
        range: range(files, &finding.file, &finding.span),
        message: &finding.message,
        trail: finding.trail.iter().map(|each| step(files, each)).collect(),
        related: (finding.related.iter())
            .map(|each| spot(files, each))
            .collect(),
        fixes: finding.fixes.iter().map(|each| fix(files, each)).collect(),
        ignored: match by {
            Some(By::Comment(by)) => Some(IgnoredOut {
                range: range(files, &finding.file, by),
            }),
            _ => None,
        },
        baselined: finding.baselined,
    }
}

fn summary(report: &Report) -> Summary {
    Summary {
        files: report.files,
        analysed: report.analysed,
        findings: report.findings.len(),
    }
}

fn baseline(settled: &Settled) -> BaselineOut<'_> {
    BaselineOut {
        file: &settled.name,
        accepted: settled.known,
        moved: settled.moved,
        stale: stale(&settled.stale),
        added: settled.added.values().sum(),
        outcome: match settled.outcome {
            Outcome::Kept => "kept",
            Outcome::Written => "written",
            Outcome::Pruned => "pruned",
            Outcome::Locked => "locked",
            Outcome::Failed(_) => "failed",
        },
    }
}

fn stale(entries: &BTreeMap<Key, usize>) -> Vec<StaleOut<'_>> {
    let entries = entries.iter();
    entries
        .map(|(key, count)| StaleOut {
            file: &key.file,
            code: &key.rule,
            function: &key.function,
            count: *count,
        })
        .collect()
}

fn step<'a>(files: &Workspace, step: Step<'a>) -> StepOut<'a> {
    StepOut {
        file: step.file,
        range: range(files, step.file, step.span),
        message: step.message,
    }
}

fn fix<'a>(files: &Workspace, fix: &'a Fix) -> FixOut<'a> {
    let edit = |edit: &'a Edit| EditOut {
        file: &edit.file,
        range: range(files, &edit.file, &edit.span),
        text: &edit.text,
    };
    FixOut {
        title: &fix.title,
        applicability: fix.applicability,
        edits: fix.edits.iter().map(edit).collect(),
    }
}

fn range(files: &Workspace, file: &str, span: &Range<usize>) -> RangeOut {
    let text = files.text(file);
    let place = |byte| {
        let Place { line, column } = Place::of(text, byte);
        PlaceOut { line, column, byte }
    };
    RangeOut {
        start: place(span.start),
        end: place(span.end),
    }
}
