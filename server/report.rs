//! What of a file's findings is shown: the selected ones, as severe as configured, without those that a comment silences.

use std::sync::Arc;

use crate::config::Settings;
use crate::finding::{Finding, Related, Step};
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

/// No more than so many findings name each other: where a read serves dozens of endpoints, a list of
/// all of them says nothing.
const RELATED: usize = 8;

/// Findings on one endpoint name each other: what it gives away, and what is gathered for it. They
/// stand in the same function, or tell of the same read.
pub fn relate(findings: &mut [Finding]) {
    let gives = |code: &str| matches!(code, "DDB801" | "DDB802");
    if !findings.iter().any(|finding| gives(finding.code)) {
        return;
    }
    let gathers = |code: &str| matches!(code, "DDB301" | "DDB302");
    let told: Vec<(usize, &Finding, Option<Step>)> = (findings.iter().enumerate())
        .filter(|(_, finding)| gives(finding.code) || gathers(finding.code))
        .map(|(at, finding)| (at, finding, finding.trail.iter().next()))
        .collect();
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for (_, endpoint, read) in told.iter().filter(|(_, finding, _)| gives(finding.code)) {
        let named = &*endpoint.function != "<module>";
        let place = |step: &Step| (Arc::clone(step.file), step.span.clone());
        let group = told.iter().filter(|(_, other, source)| {
            let function =
                named && (&endpoint.file, &endpoint.function) == (&other.file, &other.function);
            function || read.is_some() && read.as_ref().map(place) == source.as_ref().map(place)
        });
        let group: Vec<usize> = group.map(|(at, ..)| *at).take(RELATED).collect();
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
