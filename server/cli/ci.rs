//! What CI systems show: GitHub's annotations, GitLab's code quality, JUnit's tests.

use std::collections::BTreeMap;
use std::io::{self, Write};

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};
use serde::Serialize;

use crate::finding::{Finding, Severity};

use super::check::Report;
use super::formats::fingerprinted;
use super::json;
use super::place::Place;

/// Workflow commands: a line each, which GitHub shows beside the code.
pub fn github(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    for finding in &report.findings {
        let level = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "notice",
        };
        let [start, end] = places(report, finding);
        let file = property(&finding.file);
        let title = property(&format!("dynaleak ({})", finding.code));
        let message = data(&format!("{}: {}", finding.code, finding.message));
        writeln!(
            out,
            "::{level} title={title},file={file},line={},col={},endLine={},endColumn={}::{message}",
            start.line, start.column, end.line, end.column
        )?;
    }
    for trouble in &report.troubles {
        let (file, message) = (property(&trouble.name), data(&trouble.message));
        writeln!(out, "::warning title=dynaleak,file={file}::{message}")?;
    }
    for settled in &report.baselines {
        for why in settled.complaints() {
            let (file, message) = (property(&settled.name), data(&why));
            writeln!(out, "::error title=dynaleak,file={file}::{message}")?;
        }
    }
    Ok(())
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// An issue of GitLab's code quality report.
#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'static str,
    fingerprint: String,
    severity: &'static str,
    location: Location<'a>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
    end: usize,
}

pub fn gitlab(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let mut issues = Vec::new();
    for (finding, by, fingerprint) in fingerprinted(report) {
        if by.is_some() {
            continue;
        }
        let [start, end] = places(report, finding);
        issues.push(Issue {
            description: format!("{}: {}", finding.code, finding.message),
            check_name: finding.code,
            fingerprint,
            severity: match finding.severity {
                Severity::Error => "critical",
                Severity::Warning => "major",
                Severity::Info => "info",
            },
            location: Location {
                path: finding.file.strip_prefix("./").unwrap_or(&finding.file),
                lines: Lines {
                    begin: start.line,
                    end: end.line,
                },
            },
        });
    }
    json::write(out, &issues)
}

/// A suite for each file, a failed test for each finding that fails the check; the others are told
/// in passed ones. Files without findings are no suites.
pub fn junit(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let mut files: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in &report.findings {
        files.entry(&finding.file).or_default().push(finding);
    }
    let mut document = quick_junit::Report::new("dynaleak");
    for (file, findings) in files {
        let mut suite = TestSuite::new(file);
        suite.add_test_cases(findings.into_iter().map(|finding| test(report, finding)));
        document.add_test_suite(suite);
    }
    if document.test_suites.is_empty() {
        let mut suite = TestSuite::new("dynaleak");
        suite.add_test_case(TestCase::new("no findings", TestCaseStatus::success()));
        document.add_test_suite(suite);
    }
    document.serialize(out).map_err(io::Error::other)
}

fn test(report: &Report, finding: &Finding) -> TestCase {
    let [start, _] = places(report, finding);
    let place = format!("{}:{}:{}", finding.file, start.line, start.column);
    let mut status = match report.fails(finding) {
        true => TestCaseStatus::non_success(NonSuccessKind::Failure),
        false => TestCaseStatus::success(),
    };
    status.set_message(&*finding.message);
    if report.fails(finding) {
        status.set_type(finding.code);
        status.set_description(format!("{place}: {}", finding.message));
    }
    let mut test = TestCase::new(
        format!("{} at {}:{}", finding.code, start.line, start.column),
        status,
    );
    test.set_classname(&*finding.file);
    test.extra.insert("file".into(), (&*finding.file).into());
    test.extra
        .insert("line".into(), start.line.to_string().into());
    test
}

fn places(report: &Report, finding: &Finding) -> [Place; 2] {
    Place::ends(report.workspace.text(&finding.file), &finding.span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workflow_commands_are_one_line_whatever_they_say() {
        assert_eq!(data("100 %\r\n::stop"), "100 %25%0D%0A::stop");
        assert_eq!(property("a,b:c\n"), "a%2Cb%3Ac%0A");
    }
}
