//! Where a byte stands, as people and the JSON output count: from 1, columns in code points.

use std::ops::Range;

use crate::finding::Related;
use crate::text::Text;
use crate::workspace::Workspace;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub line: usize,
    pub column: usize,
}

impl Place {
    /// Where a span begins and ends.
    pub fn ends(text: Option<&Text>, span: &Range<usize>) -> [Place; 2] {
        [span.start, span.end].map(|byte| Place::of(text, byte))
    }

    /// A file that is not loaded has only its beginning.
    pub fn of(text: Option<&Text>, byte: usize) -> Place {
        let Some(text) = text else {
            return Place { line: 1, column: 1 };
        };
        let line = text.line_of(byte);
        // A byte order mark is in the file, but in no column.
        let mark = line == 0 && byte > 0 && text.as_str().starts_with('\u{feff}');
        Place {
            line: line + 1,
            column: text.column(byte) + 1 - usize::from(mark),
        }
    }
}

/// `DDB802 shop/views.py:10`
pub fn spot(files: &Workspace, related: &Related) -> String {
    let Related { code, file, span } = related;
    let line = Place::of(files.text(file), span.start).line;
    format!("{code} {file}:{line}")
}
