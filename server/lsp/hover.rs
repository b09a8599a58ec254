//! What a hover shows: the rule of a finding or of a code in an ignore comment, what is known of a name.

use std::fmt::Write;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tower_lsp::ls_types::*;

use crate::analysis::known::known;
use crate::finding::Finding;
use crate::rules;

use super::convert::{offset, range};
use super::names::Key;
use super::state::State;

impl State {
    pub fn hover(&self, uri: &Uri, position: Position) -> Option<Hover> {
        let key = Key::of(uri);
        let document = self.documents.get(&key)?;
        let encoding = self.encoding();
        let byte = offset(&document.text, position, encoding);
        let shown = |span: Range<usize>, text: String| {
            let kind = match self.session.as_ref().is_none_or(|session| session.markdown) {
                true => MarkupKind::Markdown,
                false => MarkupKind::PlainText,
            };
            Some(Hover {
                contents: HoverContents::Markup(MarkupContent { kind, value: text }),
                range: Some(range(&document.text, &span, encoding)),
            })
        };
        if let Some((span, code)) = code_at(document.text.as_str(), byte) {
            return shown(span, rules::entry(code)?.help());
        }
        if !document.analysed() {
            return None;
        }
        let base = self.base(&key, document);
        let (project, name) = (&self.projects[document.home.project], &document.home.name);
        let own = |span: &Range<usize>| {
            span.start.saturating_sub(base)..span.end.saturating_sub(base).min(document.text.len())
        };
        let findings = project.shown(name);
        let here: Vec<&Finding> = findings
            .iter()
            .filter(|finding| finding.span.start <= byte + base && byte + base <= finding.span.end)
            .collect();
        let about = catch_unwind(AssertUnwindSafe(|| {
            known(project.workspace(), name, byte + base)
        }));
        let mut text = String::new();
        if let Ok(Some(known)) = &about {
            let _ = write!(text, "`{}`: {}", known.written, known.facts.join("; "));
        }
        for finding in &here {
            if !text.is_empty() {
                text.push_str("\n\n---\n\n");
            }
            text.push_str(&self.story(document.home.project, finding));
        }
        let span = match (here.first(), about) {
            (Some(finding), _) => own(&finding.span),
            (None, Ok(Some(known))) => own(&known.span),
            _ => return None,
        };
        shown(span, text)
    }

    /// A finding's message, its trail with links, its rule's page.
    fn story(&self, project: usize, finding: &Finding) -> String {
        let mut text = format!("**{}** {}\n", finding.code, finding.message);
        for step in finding.trail.iter() {
            let Some(location) = self.location(project, step.file, step.span) else {
                continue;
            };
            let line = location.range.start.line + 1;
            let _ = write!(
                text,
                "\n1. {} ([{}:{line}]({}#L{line}))",
                step.message,
                step.file,
                location.uri.as_str()
            );
        }
        if let Some(rule) = rules::entry(finding.code) {
            let _ = write!(text, "\n\n---\n\n{}", rule.help());
        }
        text
    }
}

/// A rule's code in an ignore comment.
fn code_at(text: &str, byte: usize) -> Option<(Range<usize>, &str)> {
    let line = text[..byte].rfind('\n').map_or(0, |at| at + 1);
    let end = text[byte..].find('\n').map_or(text.len(), |at| byte + at);
    let comment = line + text[line..end].find('#')?;
    let lower = text[comment..end].to_ascii_lowercase();
    if byte < comment || !(lower.contains("dynaleak:") || lower.contains("noqa")) {
        return None;
    }
    let word = |each: char| each.is_ascii_alphanumeric();
    let start = text[..byte].rfind(|each| !word(each)).map_or(0, |at| {
        at + text[at..].chars().next().map_or(1, char::len_utf8)
    });
    let end = text[byte..]
        .find(|each| !word(each))
        .map_or(text.len(), |at| byte + at);
    let code = &text[start..end];
    rules::entry(code).map(|_| (start..end, code))
}
