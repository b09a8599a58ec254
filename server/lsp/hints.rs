//! Inlay hints, off unless set: what a call gives, and how long a holder lives.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tower_lsp::ls_types::*;

use crate::analysis::known::notes;

use super::convert::{offset, position};
use super::names::Key;
use super::state::State;

impl State {
    pub fn hints(&self, uri: &Uri, range: Range) -> Option<Vec<InlayHint>> {
        let key = Key::of(uri);
        let document = self
            .documents
            .get(&key)
            .filter(|document| document.analysed())?;
        if !self.settings.inlay_hints {
            return None;
        }
        let (base, encoding) = (self.base(&key, document), self.encoding());
        let at = |position| base + offset(&document.text, position, encoding);
        let span = at(range.start)..at(range.end);
        let workspace = self.projects[document.home.project].workspace();
        let notes = catch_unwind(AssertUnwindSafe(|| {
            notes(workspace, &document.home.name, span)
        }));
        let hints = notes.ok()?.into_iter().map(|note| InlayHint {
            position: position(&document.text, note.byte - base, encoding),
            label: InlayHintLabel::String(note.words),
            kind: Some(InlayHintKind::TYPE),
            text_edits: None,
            tooltip: None,
            padding_left: Some(true),
            padding_right: None,
            data: None,
        });
        Some(hints.collect())
    }
}
