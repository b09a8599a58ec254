//! What dynaleak says of broken code, of comments that silence it, and of its configuration: no query finds these.

use crate::finding::Severity;

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
