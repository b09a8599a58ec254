//! The door to the wire: byte spans become positions of the client's, and back.

use std::ops::Range;
use std::sync::Arc;

use tower_lsp::ls_types;
use tower_lsp::ls_types::{DiagnosticSeverity, Location, Position, Uri};

use crate::finding::Severity;
use crate::text::{Encoding, Text};

use super::documents::Document;
use super::names::{Key, uri_of};
use super::state::State;

pub fn range(text: &Text, span: &Range<usize>, encoding: Encoding) -> ls_types::Range {
    ls_types::Range::new(
        position(text, span.start, encoding),
        position(text, span.end, encoding),
    )
}

pub fn position(text: &Text, byte: usize, encoding: Encoding) -> Position {
    let (line, character) = text.position(byte, encoding);
    Position::new(line, character)
}

pub fn offset(text: &Text, position: Position, encoding: Encoding) -> usize {
    text.offset(position.line, position.character, encoding)
}

pub fn severity(severity: Severity) -> DiagnosticSeverity {
    match severity {
        Severity::Error => DiagnosticSeverity::ERROR,
        Severity::Warning => DiagnosticSeverity::WARNING,
        Severity::Info => DiagnosticSeverity::INFORMATION,
    }
}

impl State {
    pub fn encoding(&self) -> Encoding {
        self.session
            .as_ref()
            .map_or(Encoding::Utf16, |session| session.encoding)
    }

    /// Where a document's text begins in the module it is analysed in: 0 but for a notebook's cell.
    pub fn base(&self, key: &Key, document: &Document) -> usize {
        let notebook = document
            .cell_of
            .as_ref()
            .and_then(|key| self.notebooks.get(key));
        notebook
            .and_then(|notebook| notebook.start_of(key))
            .unwrap_or(0)
    }

    /// A span of a project's file as the client knows it: an open document, a cell, or a file on disk.
    pub fn location(
        &self,
        project: usize,
        file: &Arc<str>,
        span: &Range<usize>,
    ) -> Option<Location> {
        let encoding = self.encoding();
        let of = &self.projects[project];
        if let Some(key) = of.open.get(file) {
            if let Some(notebook) = self.notebooks.get(key) {
                let (cell, start) = notebook.cell_at(span.start)?;
                let document = self.documents.get(cell)?;
                let span = span.start - start..span.end.saturating_sub(start);
                return Some(Location::new(
                    document.uri.clone(),
                    range(&document.text, &span, encoding),
                ));
            }
            let document = self.documents.get(key)?;
            return Some(Location::new(
                document.uri.clone(),
                range(&document.text, span, encoding),
            ));
        }
        let range = range(of.text(file)?, span, encoding);
        Some(Location::new(self.uri_of(project, file)?, range))
    }

    pub fn uri_of(&self, project: usize, file: &str) -> Option<Uri> {
        uri_of(&self.projects[project].root.as_ref()?.join(file))
    }
}
