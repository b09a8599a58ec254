//! What dynaleak says of broken code, of comments that silence it, and of its configuration: no query finds these.

use std::ops::Range;
use std::sync::Arc;

use crate::finding::{Confidence, Finding, Severity, Telling, Trail};

use super::Entry;

const fn notice(
    code: &'static str,
    name: &'static str,
    stem: &'static str,
    severity: Severity,
    page: &'static str,
) -> Entry {
    Entry {
        code,
        name,
        stem,
        effect: None,
        severity,
        categories: &[],
        off: false,
        page,
    }
}

/// By code.
pub static ALL: [Entry; 4] = [
    Entry {
        off: true,
        ..notice(
            "DDB001",
            "unparsed-code",
            "unparsed_code",
            Severity::Info,
            include_str!("../../tests/rules/unparsed_code.md"),
        )
    },
    notice(
        "DDB002",
        "malformed-ignore",
        "malformed_ignore",
        Severity::Warning,
        include_str!("../../tests/rules/malformed_ignore.md"),
    ),
    notice(
        "DDB003",
        "unused-ignore",
        "unused_ignore",
        Severity::Info,
        include_str!("../../tests/rules/unused_ignore.md"),
    ),
    notice(
        "DDB004",
        "invalid-configuration",
        "invalid_configuration",
        Severity::Error,
        include_str!("../../tests/rules/invalid_configuration.md"),
    ),
];

/// A finding of the notice `code`, as severe as its entry says.
pub fn told(
    code: &'static str,
    file: &Arc<str>,
    function: String,
    span: Range<usize>,
    message: String,
) -> Finding {
    let entry = ALL.iter().find(|entry| entry.code == code);
    Finding {
        code,
        severity: entry.map_or(Severity::Info, |entry| entry.severity),
        confidence: Confidence::High,
        file: Arc::clone(file),
        function: function.into(),
        span,
        message: message.into(),
        trail: Trail::default(),
        related: Vec::new(),
        fixes: Vec::new(),
        telling: Telling::default(),
        baselined: false,
    }
}
