//! A document's diagnostics as they were last made: those that say the same are not made and written again.

use std::sync::Arc;

use serde_json::json;
use tower_lsp::ls_types::*;

use crate::finding::Finding;

use super::convert::{Places, severity};
use super::diagnostics::{SOURCE, fingerprint};

/// So many diagnostics may have gone in front of one that is still there. Behind more of them all
/// are made anew.
const GONE: usize = 16;

/// One diagnostic and its JSON.
pub struct Item {
    /// What it was made from; none: a mistake in a configuration.
    finding: Option<Finding>,
    pub diagnostic: Diagnostic,
    pub json: Vec<u8>,
}

impl Item {
    pub fn new(finding: Option<Finding>, diagnostic: Diagnostic) -> Arc<Item> {
        let json = serde_json::to_vec(&diagnostic).unwrap_or_else(|_| b"null".to_vec());
        Arc::new(Item {
            finding,
            diagnostic,
            json,
        })
    }

    /// Would the diagnostic of this finding in this range be the same?
    fn says(&self, finding: &Finding, range: &Range, places: &mut Places) -> bool {
        let (Some(known), now) = (&self.finding, finding) else {
            return false;
        };
        if self.diagnostic.range != *range
            || (known.code, known.severity) != (now.code, now.severity)
            || (&known.file, &known.function) != (&now.file, &now.function)
            || known.message != now.message
        {
            return false;
        }
        let Some(related) = &self.diagnostic.related_information else {
            return true;
        };
        let mut related = related.iter();
        let mut steps = now.trail.iter().filter_map(|step| {
            let (uri, range) = places.at(&step.file, &step.span)?;
            Some(related.next().is_some_and(|known| {
                known.message == step.message
                    && known.location.range == range
                    && known.location.uri == *uri
            }))
        });
        steps.all(|same| same) && related.next().is_none()
    }
}

/// The items of findings in their ranges; `before` are those last made, in the same order.
pub fn items(
    findings: impl Iterator<Item = (Range, Finding)>,
    mut before: &[Arc<Item>],
    places: &mut Places,
) -> Vec<Arc<Item>> {
    let one = |(range, finding): (Range, Finding)| {
        let mut near = before.iter().take(GONE);
        let known = near.position(|item| item.says(&finding, &range, places));
        let Some(at) = known else {
            let diagnostic = diagnostic(&finding, range, places);
            return Item::new(Some(finding), diagnostic);
        };
        let item = Arc::clone(&before[at]);
        before = &before[at + 1..];
        item
    };
    findings.map(one).collect()
}

pub fn diagnostic(finding: &Finding, range: Range, places: &mut Places) -> Diagnostic {
    let related = places.related();
    let steps = finding.trail.iter().filter_map(|step| {
        let (uri, range) = places.at(&step.file, &step.span)?;
        Some(DiagnosticRelatedInformation {
            location: Location::new(uri.clone(), range),
            message: step.message.clone(),
        })
    });
    Diagnostic {
        range,
        severity: Some(severity(finding.severity)),
        code: Some(NumberOrString::String(finding.code.to_string())),
        code_description: None,
        source: Some(SOURCE.to_string()),
        message: finding.message.clone(),
        related_information: related.then(|| steps.collect()),
        // What may go without a loss.
        tags: (finding.code == "DDB003").then(|| vec![DiagnosticTag::UNNECESSARY]),
        data: Some(json!({ "code": finding.code, "fingerprint": fingerprint(finding) })),
    }
}
