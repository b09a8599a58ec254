//! What people read: findings with their source and trail, or a line each, and a summary.

use std::cmp::Ordering;
use std::io::{self, Write};
use std::ops::Range;

use crate::finding::{Applicability, Confidence, Finding, Fix, Severity};
use crate::secret::masked;
use crate::text::Text;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::baseline::{Outcome, Settled};
use super::check::Report;
use super::output::one_line;
use super::place::{Place, spot};
use super::rewrite;

/// As rustc does: the source line, and on the lines around it the trail.
pub fn full(out: &mut dyn Write, report: &Report, quiet: bool) -> io::Result<()> {
    let renderer = Renderer::styled();
    for (finding, by) in listed(report) {
        let group = group(report, finding, by);
        writeln!(out, "{}\n", renderer.render(&[group]))?;
    }
    summary(out, report, quiet)
}

pub fn concise(out: &mut dyn Write, report: &Report, quiet: bool) -> io::Result<()> {
    for (finding, by) in listed(report) {
        let place = Place::of(report.workspace.text(&finding.file), finding.span.start);
        let file = one_line(&finding.file);
        let (line, column) = (place.line, place.column);
        let level = match by {
            None => word(finding.severity),
            Some(By::Comment(_)) => "ignored",
            Some(By::Baseline) => "baselined",
        };
        let code = finding.code;
        let message = one_line(&finding.message);
        writeln!(out, "{file}:{line}:{column}: {level}[{code}] {message}")?;
    }
    summary(out, report, quiet)
}

/// By file, start and code.
pub fn in_order(a: &Finding, b: &Finding) -> Ordering {
    let key = |finding: &Finding| (finding.span.start, finding.code, finding.span.end);
    a.file.cmp(&b.file).then_with(|| key(a).cmp(&key(b)))
}

/// What keeps a finding from failing the check.
#[derive(Clone, Copy)]
pub enum By<'a> {
    /// The comment's bytes in the same file.
    Comment(&'a Range<usize>),
    Baseline,
}

/// All findings, those that do not count with the reason.
pub fn listed(report: &Report) -> Vec<(&Finding, Option<By<'_>>)> {
    let ignored = report.ignored.iter();
    let ignored = ignored.map(|each| (&each.finding, Some(By::Comment(&each.by))));
    let baselined = report.baselined.iter();
    let baselined = baselined.map(|finding| (finding, Some(By::Baseline)));
    let mut all: Vec<_> = (report.findings.iter())
        .map(|finding| (finding, None))
        .chain(ignored)
        .chain(baselined)
        .collect();
    all.sort_by(|(a, _), (b, _)| in_order(a, b));
    all
}

/// The rule whose source line is not for other eyes.
pub const SHOWS_A_KEY: &str = "DDB803";

/// Steps of a trail further apart are shown apart: rendering takes time by the line between.
const NEAR: usize = 200;

/// A place with what to say there.
struct Mark<'a> {
    file: &'a str,
    span: &'a Range<usize>,
    kind: AnnotationKind,
    message: Option<&'a str>,
}

fn group<'a>(report: &'a Report, finding: &'a Finding, by: Option<By>) -> Group<'a> {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::NOTE,
    };
    let title = level.primary_title(&*finding.message).id(finding.code);
    let mut group = Group::with_title(title);
    for marks in marks_by_file(finding) {
        let path = one_line(marks[0].file);
        match report.workspace.text(marks[0].file) {
            // The line would show the key.
            Some(text) if finding.code == SHOWS_A_KEY => {
                let line = text.line_of(finding.span.start) + 1;
                group = group.element(Origin::path(path).line(line));
            }
            Some(text) => group = group.elements(snippets(text, &path, &marks)),
            None => group = group.element(Origin::path(path)),
        }
    }
    if finding.confidence == Confidence::Low {
        let why = "judged by a name alone: does not fail the check";
        group = group.element(Level::NOTE.message(why));
    }
    if let Some(by) = by {
        let why = match by {
            By::Comment(by) => {
                let line = Place::of(report.workspace.text(&finding.file), by.start).line;
                format!("ignored by the comment in line {line}")
            }
            By::Baseline => "accepted by the baseline".to_string(),
        };
        group = group.element(Level::NOTE.message(why));
    }
    for related in &finding.related {
        let related = spot(&report.workspace, related);
        group = group.element(Level::NOTE.message(format!("see also {related}")));
    }
    for fix in &finding.fixes {
        group = group.element(Level::HELP.message(help(fix)));
    }
    group
}

/// The finding's own file first.
fn marks_by_file(finding: &Finding) -> Vec<Vec<Mark<'_>>> {
    let own = |file: &str, span: &Range<usize>| *file == *finding.file && *span == finding.span;
    let mut trail: Vec<Mark> = (finding.trail.iter())
        .map(|step| Mark {
            file: step.file,
            span: step.span,
            kind: match own(step.file, step.span) {
                true => AnnotationKind::Primary,
                false => AnnotationKind::Context,
            },
            message: Some(step.message),
        })
        .collect();
    if !trail.iter().any(|mark| own(mark.file, mark.span)) {
        trail.push(Mark {
            file: &finding.file,
            span: &finding.span,
            kind: AnnotationKind::Primary,
            message: None,
        });
    }
    let mut files: Vec<Vec<Mark>> = vec![Vec::new()];
    for mark in trail {
        if *mark.file == *finding.file {
            files[0].push(mark);
            continue;
        }
        match files[1..]
            .iter_mut()
            .find(|marks| marks[0].file == mark.file)
        {
            Some(marks) => marks.push(mark),
            None => files.push(vec![mark]),
        }
    }
    files
}

/// The marks of one file, in a snippet for each part of it; the finding's own part first.
fn snippets<'a>(
    text: &'a Text,
    path: &str,
    marks: &[Mark<'a>],
) -> Vec<Snippet<'a, Annotation<'a>>> {
    let mut marks: Vec<&Mark> = marks.iter().collect();
    marks.sort_by_key(|mark| mark.span.start);
    let line = |mark: &Mark| text.line_of(mark.span.start);
    let mut parts: Vec<_> = (marks.chunk_by(|a, b| line(b) - line(a) < NEAR))
        .map(|part| (part, line(part[0])..line(part[part.len() - 1]) + 1))
        .collect();
    parts.sort_by_key(|(part, _)| !part.iter().any(|mark| mark.kind == AnnotationKind::Primary));
    let snippet = |(part, lines): (&[&Mark<'a>], Range<usize>)| {
        let start = text.line_start(lines.start);
        let end = text.line_start(lines.end);
        let shown = &text.as_str()[start..end];
        // A byte order mark takes no column.
        let (start, shown) = match shown.strip_prefix('\u{feff}') {
            Some(shown) => (end - shown.len(), shown),
            None => (start, shown),
        };
        let annotations = part.iter().map(|mark| {
            let line = text.line_of(mark.span.start);
            let line = text.line_start(line) + text.line(line).len();
            let from = mark.span.start.clamp(start, end) - start;
            let to = mark.span.end.min(line).clamp(start, end) - start;
            mark.kind.span(from..to.max(from)).label(mark.message)
        });
        Snippet::source(masked(shown))
            .line_start(lines.start + 1)
            .path(path.to_string())
            .annotations(annotations)
    };
    parts.into_iter().map(snippet).collect()
}

fn help(fix: &Fix) -> String {
    let how = match fix.applicability {
        Applicability::Safe => "safe",
        Applicability::Unsafe => "unsafe: results or their order can change",
        Applicability::Display => "a sketch, to adapt",
    };
    format!("{} ({how})", fix.title)
}

pub fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

/// How many findings there are of each severity.
#[derive(Default)]
pub struct Counts([usize; 3]);

impl Counts {
    pub fn add(&mut self, severity: Severity) {
        self.0[severity as usize] += 1;
    }

    /// `Found 3 errors, 2 warnings and 1 note in 12 files (4 analysed).`
    pub fn write(&self, out: &mut dyn Write, files: usize, analysed: usize) -> io::Result<()> {
        let all = [Severity::Error, Severity::Warning, Severity::Info].into_iter();
        let found: Vec<String> = all
            .filter_map(|severity| match self.0[severity as usize] {
                0 => None,
                count => Some(counted(count, word(severity))),
            })
            .collect();
        let found = match &found[..] {
            [] => "No findings".to_string(),
            [one] => format!("Found {one}"),
            [first @ .., last] => format!("Found {} and {last}", first.join(", ")),
        };
        writeln!(
            out,
            "{found} in {} ({analysed} analysed).",
            counted(files, "file")
        )
    }
}

pub fn summary(out: &mut dyn Write, report: &Report, quiet: bool) -> io::Result<()> {
    if quiet {
        return Ok(());
    }
    if let Some(rewritten) = &report.rewritten {
        rewrite::told(out, rewritten, quiet)?;
    }
    let mut counts = Counts::default();
    for finding in &report.findings {
        counts.add(finding.severity);
    }
    counts.write(out, report.files, report.analysed)?;
    for settled in &report.baselines {
        told(out, settled)?;
    }
    Ok(())
}

/// `dynaleak-baseline.jsonl accepts 40 findings; 2 that are gone were taken out.`
fn told(out: &mut dyn Write, settled: &Settled) -> io::Result<()> {
    let name = one_line(&settled.name);
    let known = counted(settled.known, "finding");
    let gone: usize = settled.stale.values().sum();
    let were = |count: usize| if count == 1 { "was" } else { "were" };
    let moved = match settled.moved {
        0 => String::new(),
        count => format!(
            "; {count} that {} moved {} followed",
            if count == 1 { "has" } else { "have" },
            were(count)
        ),
    };
    let gone = match gone {
        0 => String::new(),
        1 => "; 1 that is gone was taken out".to_string(),
        count => format!("; {count} that are gone were taken out"),
    };
    match settled.outcome {
        Outcome::Written => writeln!(
            out,
            "Wrote {known} to {name}: from now on only new ones fail."
        ),
        Outcome::Pruned => writeln!(out, "{name} accepts {known}{gone}{moved}."),
        _ if settled.known > 0 => writeln!(out, "{name} accepts {known}."),
        _ => Ok(()),
    }
}

pub fn counted(count: usize, word: &str) -> String {
    match count {
        1 => format!("1 {word}"),
        _ => format!("{count} {word}s"),
    }
}
