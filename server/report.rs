//! What of a file's findings is shown: the selected ones, as severe as configured, without those that a comment silences.

use std::sync::Arc;

use crate::config::Settings;
use crate::finding::Finding;
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
