//! An open document: the client's text byte for byte, and the form of it that is analysed.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use tower_lsp::ls_types::{TextDocumentContentChangeEvent, Uri};

use crate::cli::coding::{LARGEST, with_newlines};
use crate::text::{Encoding, Text};

use super::items::Item;
use super::reach::tells;

pub struct Document {
    /// As the client writes it.
    pub uri: Uri,
    pub version: i32,
    pub text: Text,
    /// Other languages are kept, not analysed.
    pub python: bool,
    /// A check of its root would read it.
    pub taken: bool,
    pub home: Home,
    /// The notebook that it is a cell of.
    pub cell_of: Option<super::names::Key>,
    /// What was last answered or sent.
    pub report: Report,
    /// A lone `\r` may be in the text: the grammar doesn't know it as a line end.
    returns: bool,
}

/// Where a document is analysed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    /// Index of its project; 0 is that of loose documents.
    pub project: usize,
    pub name: Arc<str>,
}

/// Diagnostics as they were last made.
#[derive(Default)]
pub struct Report {
    pub id: u64,
    /// The project's revision that they belong to.
    pub revision: Option<u64>,
    pub items: Arc<Vec<Arc<Item>>>,
}

/// One replacement in the analysed text.
pub struct Change {
    pub range: Range<usize>,
    pub text: String,
    /// It may change what the text's words and imports say.
    pub tells: bool,
}

impl Document {
    pub fn new(uri: Uri, version: i32, text: String, python: bool, home: Home) -> Document {
        let returns = text.contains('\r');
        Document {
            uri,
            version,
            text: Text::new(text),
            python,
            taken: true,
            home,
            cell_of: None,
            report: Report::default(),
            returns,
        }
    }

    /// Python, and not larger than what is analysed.
    pub fn analysed(&self) -> bool {
        self.python && self.taken && self.text.len() as u64 <= LARGEST
    }

    /// The text as Python's lines are: as long as the client's, byte for byte.
    pub fn python_text(&self) -> Cow<'_, str> {
        match self.returns {
            true => Cow::Owned(with_newlines(self.text.as_str())),
            false => Cow::Borrowed(self.text.as_str()),
        }
    }

    /// Takes one change over; none where it replaces the whole text.
    pub fn change(
        &mut self,
        change: &TextDocumentContentChangeEvent,
        encoding: Encoding,
    ) -> Option<Change> {
        self.returns |= change.text.contains('\r');
        let Some(range) = change.range else {
            self.returns = change.text.contains('\r');
            self.text = Text::new(change.text.clone());
            return None;
        };
        let start = self
            .text
            .offset(range.start.line, range.start.character, encoding);
        let end = self
            .text
            .offset(range.end.line, range.end.character, encoding);
        let range = start.min(end)..start.max(end);
        let before = tells(self.text.as_str(), range.clone());
        let spliced = self.text.edit(range, &change.text);
        let tells = before || tells(self.text.as_str(), spliced.start..spliced.new_end);
        if !self.returns {
            return Some(Change {
                range: spliced.start..spliced.old_end,
                text: change.text.clone(),
                tells,
            });
        }
        // What a `\r` is depends on the byte behind it: one before the edit may have changed.
        let text = self.text.as_str();
        let before = spliced
            .start
            .checked_sub(1)
            .filter(|&at| text.as_bytes()[at] == b'\r');
        let from = before.unwrap_or(spliced.start);
        let mut new = with_newlines(&text[from..spliced.new_end]);
        let pair = new.ends_with('\n')
            && text.as_bytes()[spliced.new_end - 1] == b'\r'
            && text.as_bytes().get(spliced.new_end) == Some(&b'\n');
        if pair {
            new.pop();
            new.push('\r');
        }
        Some(Change {
            range: from..spliced.old_end,
            text: new,
            tells,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use proptest::prelude::*;
    use tower_lsp::ls_types::{Position, Range};

    use super::*;

    proptest! {
        #[test]
        fn the_analysed_text_follows(
            text in "[\\r\\na🦀]{0,12}",
            edits in prop::collection::vec((0..5u32, 0..5u32, 0..5u32, 0..5u32, "[\\r\\nbé]{0,4}"), 1..8),
        ) {
            let home = Home { project: 0, name: "x".into() };
            let uri = Uri::from_str("untitled:x").unwrap();
            let mut document = Document::new(uri, 0, text, true, home);
            let mut analysed = document.python_text().into_owned();
            for (a, b, c, d, text) in edits {
                let range = Range::new(Position::new(a, b), Position::new(c, d));
                let event = TextDocumentContentChangeEvent { range: Some(range), range_length: None, text };
                let change = document.change(&event, Encoding::Utf16).unwrap();
                analysed.replace_range(change.range, &change.text);
                prop_assert_eq!(&analysed, &with_newlines(document.text.as_str()));
            }
        }
    }
}
