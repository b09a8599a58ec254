//! A document's diagnostics as they were last made: those that say the same are not made and written again.

use std::sync::Arc;

use serde_json::json;
use smallvec::SmallVec;
use tower_lsp::ls_types::*;

use crate::finding::{Finding, Severity, Telling};

use super::convert::{Places, severity};
use super::diagnostics::{SOURCE, Span, fingerprint};

/// One diagnostic and its JSON.
pub struct Item {
    /// None: it was not made from a finding's telling.
    sign: Option<Sign>,
    pub json: Vec<u8>,
    pub diagnostic: Box<Diagnostic>,
}

/// All that a diagnostic is made from.
struct Sign {
    telling: Telling,
    severity: Severity,
    baselined: bool,
    range: Range,
    /// Where the steps of the trail stand, and then the other findings on the endpoint; none where
    /// the client does not show them.
    steps: Option<SmallVec<[Stand; 4]>>,
    /// The codes of these others.
    others: SmallVec<[&'static str; 2]>,
}

/// Where something stands, if the client sees its file.
type Stand = Option<(Arc<Uri>, Range)>;

fn codes(finding: &Finding) -> impl Iterator<Item = &'static str> {
    finding.related.iter().map(|other| other.code)
}

/// What is told beside a finding, and where that stands.
fn beside(finding: &Finding) -> impl Iterator<Item = (&Arc<str>, &Span)> {
    let steps = finding.trail.iter().map(|step| (step.file, step.span));
    let others = finding.related.iter();
    steps.chain(others.map(|other| (&other.file, &other.span)))
}

impl Sign {
    fn of(finding: &Finding, range: Range, places: &mut Places) -> Sign {
        let related = places.related();
        let steps = beside(finding).map(|(file, span)| {
            let (uri, range) = places.at(file, span)?;
            Some((Arc::clone(uri), range))
        });
        Sign {
            telling: finding.telling,
            severity: finding.severity,
            baselined: finding.baselined,
            range,
            steps: related.then(|| steps.collect()),
            others: codes(finding).collect(),
        }
    }

    /// Would a diagnostic that is made now be made from the same?
    fn holds(&self, finding: &Finding, range: Range, places: &mut Places) -> bool {
        let mut stays = |((file, span), known): ((&Arc<str>, &Span), &Stand)| {
            let known = known.as_ref().map(|(uri, range)| (uri, *range));
            places.near = known.map_or(0, |(_, range)| range.start.line);
            places.at(file, span) == known
        };
        self.telling.same(finding.telling)
            && (self.severity, self.baselined, self.range)
                == (finding.severity, finding.baselined, range)
            && codes(finding).eq(self.others.iter().copied())
            && (self.steps.as_ref()).is_none_or(|steps| beside(finding).zip(steps).all(&mut stays))
    }
}

impl Item {
    fn new(sign: Option<Sign>, diagnostic: Diagnostic) -> Arc<Item> {
        let json = serde_json::to_vec(&diagnostic).unwrap_or_else(|_| b"null".to_vec());
        Arc::new(Item {
            sign,
            json,
            diagnostic: Box::new(diagnostic),
        })
    }
}

/// The answer to a pull: what an answer of hundreds of diagnostics is written from.
pub struct Pulled {
    pub id: String,
    /// None: unchanged.
    pub items: Option<Arc<Vec<Arc<Item>>>>,
}

impl Pulled {
    /// Writes its JSON between two other parts of a message.
    pub fn message(&self, acc: &mut Vec<u8>, start: &[u8], end: &[u8]) {
        let id = &self.id;
        let (head, tail) = match &self.items {
            Some(_) => (
                format!(r#"{{"kind":"full","resultId":"{id}","items":["#),
                "]}",
            ),
            None => (format!(r#"{{"kind":"unchanged","resultId":"{id}""#), "}"),
        };
        let items = self.items.as_deref().map(Vec::as_slice).unwrap_or_default();
        let all: usize = items.iter().map(|item| item.json.len()).sum();
        let commas = items.len().saturating_sub(1);
        let length = start.len() + head.len() + all + commas + tail.len() + end.len();
        let header = format!("Content-Length: {length}\r\n\r\n");
        acc.reserve(header.len() + length);
        for part in [header.as_bytes(), start, head.as_bytes()] {
            acc.extend_from_slice(part);
        }
        for (number, item) in items.iter().enumerate() {
            if number > 0 {
                acc.push(b',');
            }
            acc.extend_from_slice(&item.json);
        }
        acc.extend_from_slice(tail.as_bytes());
        acc.extend_from_slice(end);
    }
}

/// So many diagnostics may have gone in front of one that is still there. Behind more of them all
/// are made anew.
const GONE: usize = 16;

/// The items of findings in their ranges; `before` are those last made, in the same order.
pub fn items(
    findings: impl Iterator<Item = (Range, Finding)>,
    mut before: &[Arc<Item>],
    mut places: Places,
) -> Vec<Arc<Item>> {
    let one = |(range, finding): (Range, Finding)| {
        let same = |item: &Arc<Item>| {
            (item.sign.as_ref()).is_some_and(|sign| sign.holds(&finding, range, &mut places))
        };
        match before.iter().take(GONE).position(same) {
            Some(at) => {
                let item = Arc::clone(&before[at]);
                before = &before[at + 1..];
                item
            }
            None => {
                let sign = Sign::of(&finding, range, &mut places);
                let diagnostic = made(&finding, &sign, &places);
                Item::new(Some(sign), diagnostic)
            }
        }
    };
    findings.map(one).collect()
}

/// The items of what is no finding of an analysis.
pub fn plain(diagnostics: Vec<Diagnostic>) -> Vec<Arc<Item>> {
    let items = diagnostics.into_iter();
    items
        .map(|diagnostic| Item::new(None, diagnostic))
        .collect()
}

pub fn diagnostics(items: &[Arc<Item>]) -> Vec<Diagnostic> {
    items
        .iter()
        .map(|item| (*item.diagnostic).clone())
        .collect()
}

pub fn diagnostic(finding: &Finding, range: Range, places: &mut Places) -> Diagnostic {
    made(finding, &Sign::of(finding, range, places), places)
}

fn made(finding: &Finding, sign: &Sign, places: &Places) -> Diagnostic {
    let related = sign.steps.as_ref().map(|places| {
        let steps = finding.trail.iter().map(|step| step.message.to_string());
        let others = codes(finding).map(|code| format!("{code} on the same endpoint"));
        let words = steps.chain(others);
        let related = words.zip(places).filter_map(|(message, place)| {
            let (uri, range) = place.as_ref()?;
            Some(DiagnosticRelatedInformation {
                location: Location::new(Uri::clone(uri), *range),
                message,
            })
        });
        related.collect()
    });
    let (level, message, data) = match finding.baselined {
        true => (
            DiagnosticSeverity::HINT,
            format!("{} (accepted by the baseline)", finding.message),
            json!({ "code": finding.code, "fingerprint": fingerprint(finding), "baselined": true }),
        ),
        false => (
            severity(finding.severity),
            finding.message.to_string(),
            json!({ "code": finding.code, "fingerprint": fingerprint(finding) }),
        ),
    };
    Diagnostic {
        range: sign.range,
        severity: Some(level),
        code: Some(NumberOrString::String(finding.code.to_string())),
        code_description: places.page(finding.code),
        source: Some(SOURCE.to_string()),
        message,
        related_information: related,
        // What may go without a loss.
        tags: (finding.code == "DDB003").then(|| vec![DiagnosticTag::UNNECESSARY]),
        data: Some(data),
    }
}
