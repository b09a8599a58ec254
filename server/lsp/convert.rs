//! The door to the wire: byte spans become positions of the client's, and back.

use std::ops::Range;
use std::sync::Arc;

use tower_lsp::ls_types;
use tower_lsp::ls_types::{CodeDescription, DiagnosticSeverity, Location, Position, Uri};

use crate::finding::Severity;
use crate::text::{Encoding, Text};

use super::documents::Document;
use super::names::{Key, uri_of};
use super::notebook::Notebook;
use super::settings::page;
use super::state::State;

pub fn range(text: &Text, span: &Range<usize>, encoding: Encoding) -> ls_types::Range {
    range_near(text, span, encoding, 0)
}

/// The same, faster for a span that begins in one of the few lines from `line` on.
pub fn range_near(
    text: &Text,
    span: &Range<usize>,
    encoding: Encoding,
    line: u32,
) -> ls_types::Range {
    let [start, end] = text.positions(span, encoding, line as usize);
    ls_types::Range::new(Position::new(start.0, start.1), Position::new(end.0, end.1))
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
        let mut places = Places::new(self, project);
        let (uri, range) = places.at(file, span)?;
        Some(Location::new(Uri::clone(uri), range))
    }

    pub fn uri_of(&self, project: usize, file: &str) -> Option<Uri> {
        uri_of(&self.projects[project].root.as_ref()?.join(file))
    }
}

/// Finds one location after the other: those in one file mostly follow each other.
pub struct Places<'a> {
    state: &'a State,
    project: usize,
    last: Option<(Arc<str>, Stands<'a>)>,
    /// The line where the next place may begin, or a few lines before it.
    pub near: u32,
    /// The cell that was named last.
    cell: Option<Arc<Uri>>,
}

/// Where the client sees a file.
enum Stands<'a> {
    Whole(Arc<Uri>, &'a Text),
    Cells(&'a Notebook),
    Nowhere,
}

impl<'a> Places<'a> {
    pub fn new(state: &'a State, project: usize) -> Places<'a> {
        Places {
            state,
            project,
            last: None,
            near: 0,
            cell: None,
        }
    }

    /// Where a rule's page lies, if the client said so; hover shows the pages in any case.
    pub fn page(&self, code: &str) -> Option<CodeDescription> {
        let pages = self.state.settings.rule_pages.as_deref()?;
        page(pages, code).map(|href| CodeDescription { href })
    }

    /// Does the client show related locations?
    pub fn related(&self) -> bool {
        (self.state.session.as_ref()).is_some_and(|session| session.related)
    }

    pub fn at(
        &mut self,
        file: &Arc<str>,
        span: &Range<usize>,
    ) -> Option<(&Arc<Uri>, ls_types::Range)> {
        if (self.last.as_ref()).is_none_or(|(known, _)| known != file) {
            self.last = Some((Arc::clone(file), self.stands(file)));
        }
        let encoding = self.state.encoding();
        match &self.last.as_ref()?.1 {
            Stands::Whole(uri, text) => Some((uri, range_near(text, span, encoding, self.near))),
            Stands::Cells(notebook) => {
                let (cell, start) = notebook.cell_at(span.start)?;
                let document = self.state.documents.get(cell)?;
                let span = span.start - start..span.end.saturating_sub(start);
                let range = range(&document.text, &span, encoding);
                let cell = self.cell.insert(Arc::new(document.uri.clone()));
                Some((cell, range))
            }
            Stands::Nowhere => None,
        }
    }

    fn stands(&self, file: &Arc<str>) -> Stands<'a> {
        let (state, of) = (self.state, &self.state.projects[self.project]);
        let whole = |uri: Option<Uri>, text: Option<&'a Text>| match (uri, text) {
            (Some(uri), Some(text)) => Stands::Whole(Arc::new(uri), text),
            _ => Stands::Nowhere,
        };
        let Some(key) = of.open.get(file) else {
            return whole(state.uri_of(self.project, file), of.text(file));
        };
        match (state.notebooks.get(key), state.documents.get(key)) {
            (Some(notebook), _) => Stands::Cells(notebook),
            (None, Some(document)) => whole(Some(document.uri.clone()), Some(&document.text)),
            (None, None) => Stands::Nowhere,
        }
    }
}
