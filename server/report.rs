//! What of a file's findings is shown: the selected ones, as severe as configured, without those that a comment silences.

use std::sync::Arc;

use crate::config::Settings;
use crate::finding::{Finding, Related};
use crate::rules::notices::told;
use crate::suppress::{self, Shown};
use crate::workspace::Workspace;

/// The findings of one file by start and code, for the editor and the check alike. `path` is the
/// workspace's name for the file, `settings` what the configuration says of it.
pub fn shown(workspace: &Workspace, path: &str, settings: &Settings) -> Shown {
    let mut shown = Shown {
        kept: workspace.findings(path),
        ignored: Vec::new(),
    };
    let mut known = ("", false);
    shown.kept.retain(|Finding { code, .. }| {
        if known.0 != *code {
            known = (*code, settings.has(code));
        }
        known.1
    });
    if let Some(source) = workspace.source(path)
        && workspace.reports_on(path)
    {
        let file = Arc::from(path);
        if settings.has("DDB001") {
            let unparsed = suppress::unparsed(source);
            let findings = unparsed.map(|(span, function)| {
                let message = "this is not understood as Python: nothing is found in it";
                told("DDB001", &file, function, span, message.to_string())
            });
            shown.kept.extend(findings);
        }
        shown = suppress::suppress(source, &file, shown.kept, settings);
    }
    let ignored = shown.ignored.iter_mut().map(|ignored| &mut ignored.finding);
    for finding in shown.kept.iter_mut().chain(ignored) {
        finding.severity = settings.severity(finding);
    }
    shown
}

/// Findings on one endpoint name each other: what it gives away, and what is gathered for it. They
/// stand in the same function, or tell of the same read.
pub fn relate(findings: &mut [Finding]) {
    let gives = |finding: &Finding| matches!(finding.code, "DDB801" | "DDB802");
    let gathers = |finding: &Finding| matches!(finding.code, "DDB301" | "DDB302");
    let source = |finding: &Finding| {
        let mut steps = finding.trail.iter();
        steps
            .next()
            .map(|step| (step.file.clone(), step.span.clone()))
    };
    let one_endpoint = |endpoint: &Finding, other: &Finding| {
        let named = &*endpoint.function != "<module>";
        let function =
            named && (&endpoint.file, &endpoint.function) == (&other.file, &other.function);
        function || source(endpoint).is_some_and(|read| source(other) == Some(read))
    };
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    let told: Vec<usize> = (0..findings.len())
        .filter(|each| gives(&findings[*each]) || gathers(&findings[*each]))
        .collect();
    for endpoint in told.iter().filter(|each| gives(&findings[**each])) {
        let belongs = |other: &&usize| one_endpoint(&findings[*endpoint], &findings[**other]);
        let group: Vec<usize> = told.iter().filter(belongs).copied().collect();
        let all = group
            .iter()
            .flat_map(|one| group.iter().map(|other| (*one, *other)));
        pairs.extend(all.filter(|(one, other)| one != other));
    }
    pairs.sort_unstable();
    pairs.dedup();
    for (one, other) in pairs {
        let other = &findings[other];
        let related = Related {
            code: other.code,
            file: Arc::clone(&other.file),
            span: other.span.clone(),
        };
        findings[one].related.push(related);
    }
}
