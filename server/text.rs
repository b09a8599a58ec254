//! A file's text with its line starts: the one place that turns bytes into lines and columns.

use std::ops::Range;

use memchr::memchr2_iter;

/// A text and where its lines begin. Lines end at `\n`, `\r\n` and a lone `\r`; a text that ends
/// with a line end has an empty last line. Holds at most `u32::MAX` bytes: what is longer is cut
/// there, at a character boundary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    text: String,
    /// Byte offsets, ascending; the first is always 0.
    line_starts: Vec<u32>,
}

/// What an edit did, in bytes: `start..old_end` of the text before became `start..new_end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spliced {
    pub start: usize,
    pub old_end: usize,
    pub new_end: usize,
}

/// The unit in which a client counts the characters of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    Utf16,
    Utf32,
}

impl Text {
    pub fn new(mut text: String) -> Text {
        text.truncate(floor(&text, LIMIT));
        let mut line_starts = vec![0];
        line_starts.extend(starts_after(text.as_bytes(), 0..text.len()));
        Text { text, line_starts }
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// In bytes.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Replaces a byte range. A range that leaves the text is clamped to it, one that splits a
    /// character is widened to the whole of it; the answer says what was really replaced.
    pub fn edit(&mut self, range: Range<usize>, new: &str) -> Spliced {
        let start = floor(&self.text, range.start.min(range.end));
        let old_end = ceil(&self.text, range.end.max(range.start));
        let room = LIMIT - (self.text.len() - (old_end - start));
        let new = &new[..floor(new, room)];
        let spliced = Spliced {
            start,
            old_end,
            new_end: start + new.len(),
        };
        self.text.replace_range(start..old_end, new);

        // Whether a line starts at `p` depends on the bytes `p - 1` and `p` alone (`\r` before
        // `\n` ends no line), so only `start..=old_end` can change; 0 always stays.
        let from = start.max(1);
        let low = self
            .line_starts
            .partition_point(|&line| (line as usize) < from);
        let high = self
            .line_starts
            .partition_point(|&line| line as usize <= old_end)
            .max(low);
        for line in &mut self.line_starts[high..] {
            *line = (*line as usize - old_end + spliced.new_end) as u32;
        }
        let ends = from - 1..spliced.new_end;
        self.line_starts
            .splice(low..high, starts_after(self.text.as_bytes(), ends));
        spliced
    }

    /// At least 1.
    pub fn line_count(&self) -> usize {
        self.line_starts.len()
    }

    /// The 0-based line that holds `byte`; a line's end belongs to the line it ends.
    pub fn line_of(&self, byte: usize) -> usize {
        self.line_starts
            .partition_point(|&line| line as usize <= byte)
            - 1
    }

    /// The byte where a 0-based line begins; the text's end for a line past the last.
    pub fn line_start(&self, line: usize) -> usize {
        self.line_starts
            .get(line)
            .map_or(self.text.len(), |&start| start as usize)
    }

    /// A line without its end; empty for a line past the last.
    pub fn line(&self, line: usize) -> &str {
        let whole = &self.text[self.line_start(line)..self.line_start(line.saturating_add(1))];
        let whole = whole.strip_suffix('\n').unwrap_or(whole);
        whole.strip_suffix('\r').unwrap_or(whole)
    }

    /// The 0-based column of `byte` in Unicode code points. A byte inside a character counts as
    /// that character's start, one inside `\r\n` as the line's end.
    pub fn column(&self, byte: usize) -> usize {
        self.before(self.line_of(byte), byte).chars().count()
    }

    /// The 0-based line and character of `byte`, as LSP counts them.
    pub fn position(&self, byte: usize, encoding: Encoding) -> (u32, u32) {
        let line = self.line_of(byte);
        (line as u32, self.character(line, byte, encoding))
    }

    /// The positions of a span's start and end, which mostly stand in one line of ASCII. `near`: a
    /// line that may be the first of them or be a few before it.
    pub fn positions(
        &self,
        span: &Range<usize>,
        encoding: Encoding,
        near: usize,
    ) -> [(u32, u32); 2] {
        let line = self.line_near(span.start, near);
        let (start, next) = (self.line_start(line), self.line_start(line + 1));
        let in_line = span.start <= span.end && span.end < next;
        // Between `\r` and `\n` is the line's end.
        let plain = |before: &[u8]| before.is_ascii() && before.last() != Some(&b'\r');
        if in_line && plain(&self.text.as_bytes()[start..span.end]) {
            return [span.start, span.end].map(|byte| (line as u32, (byte - start) as u32));
        }
        let last = match in_line {
            true => line,
            false => self.line_of(span.end),
        };
        let at = |line, byte| (line as u32, self.character(line, byte, encoding));
        [at(line, span.start), at(last, span.end)]
    }

    /// The line that holds `byte`, fast where it is one of the few from `near` on.
    fn line_near(&self, byte: usize, near: usize) -> usize {
        const FEW: usize = 8;
        let starts = self.line_starts.get(near..).unwrap_or_default();
        let mut few = starts.iter().take(FEW);
        match few.position(|&start| start as usize > byte) {
            None | Some(0) => self.line_of(byte),
            Some(behind) => near + behind - 1,
        }
    }

    /// The 0-based character of a line that holds `byte`.
    fn character(&self, line: usize, byte: usize, encoding: Encoding) -> u32 {
        let before = &self.text.as_bytes()[self.line_start(line)..byte.min(self.text.len())];
        if before.is_ascii() && !before.ends_with(b"\n") && !before.ends_with(b"\r") {
            return before.len() as u32;
        }
        let before = self.before(line, byte);
        let character = match encoding {
            Encoding::Utf8 => before.len(),
            Encoding::Utf16 => before.chars().map(char::len_utf16).sum(),
            Encoding::Utf32 => before.chars().count(),
        };
        character as u32
    }

    /// The byte at an LSP position. Past a line's end is the line's end, past the last line the
    /// text's end, inside a character (half of a surrogate pair) that character's start.
    pub fn offset(&self, line: u32, character: u32, encoding: Encoding) -> usize {
        let start = self.line_start(line as usize);
        let line = self.line(line as usize);
        let character = character as usize;
        let width: fn(char) -> usize = match encoding {
            _ if line.is_ascii() => return start + character.min(line.len()),
            Encoding::Utf8 => return start + floor(line, character),
            Encoding::Utf16 => char::len_utf16,
            Encoding::Utf32 => |_| 1,
        };
        let mut seen = 0;
        for (at, each) in line.char_indices() {
            seen += width(each);
            if seen > character {
                return start + at;
            }
        }
        start + line.len()
    }

    /// What stands before `byte` in the line that holds it.
    fn before(&self, line: usize, byte: usize) -> &str {
        let text = self.line(line);
        &text[..floor(text, byte - self.line_start(line))]
    }
}

const LIMIT: usize = u32::MAX as usize;

/// The line starts that the line ends in `bytes[ends]` make.
fn starts_after(bytes: &[u8], ends: Range<usize>) -> impl Iterator<Item = u32> {
    let from = ends.start;
    memchr2_iter(b'\n', b'\r', &bytes[ends])
        .map(move |at| from + at)
        .filter(|&at| bytes[at] == b'\n' || bytes.get(at + 1) != Some(&b'\n'))
        .map(|at| (at + 1) as u32)
}

/// The last character boundary at or before `byte`.
fn floor(text: &str, byte: usize) -> usize {
    let mut byte = byte.min(text.len());
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    byte
}

/// The first character boundary at or after `byte`.
fn ceil(text: &str, byte: usize) -> usize {
    let mut byte = byte.min(text.len());
    while !text.is_char_boundary(byte) {
        byte += 1;
    }
    byte
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ENCODINGS: [Encoding; 3] = [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32];

    #[test]
    fn every_kind_of_line_end() {
        let text = Text::new("a\r\nb\rc\n\r\r\n".to_string());
        let lines: Vec<_> = (0..text.line_count()).map(|line| text.line(line)).collect();
        assert_eq!(lines, ["a", "b", "c", "", "", ""]);
        assert_eq!(text.line(99), "");
        assert_eq!(text.line_of(2), 0);
        assert_eq!(text.line_of(usize::MAX), 5);
    }

    #[test]
    fn an_edit_joins_and_splits_a_pair() {
        let mut text = Text::new("a\rb".to_string());
        text.edit(2..2, "\n");
        assert_eq!(text, Text::new("a\r\nb".to_string()));
        text.edit(2..2, "x");
        assert_eq!(text, Text::new("a\rx\nb".to_string()));
        text.edit(2..3, "");
        assert_eq!(text, Text::new("a\r\nb".to_string()));
        text.edit(0..2, "");
        assert_eq!(text, Text::new("\nb".to_string()));
    }

    #[test]
    fn positions_in_each_encoding() {
        let text = Text::new("x\né🦀z\r\n".to_string());
        assert_eq!(
            ENCODINGS.map(|each| text.position(8, each)),
            [(1, 6), (1, 3), (1, 2)]
        );
        assert_eq!(ENCODINGS.map(|each| text.offset(1, 2, each)), [4, 4, 8]);
        assert_eq!(ENCODINGS.map(|each| text.offset(1, 99, each)), [9, 9, 9]);
        assert_eq!(ENCODINGS.map(|each| text.offset(9, 0, each)), [11, 11, 11]);
        assert_eq!((text.column(8), text.column(10)), (2, 3));
    }

    fn broken() -> impl Strategy<Value = String> {
        let piece =
            prop::sample::select(vec!["\r", "\n", "\r\n", "a", "é", "🦀", "\0", "\u{feff}"]);
        prop::collection::vec(piece, 0..16).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn edited_equals_new(text in broken(), edits in prop::collection::vec((0..40usize, 0..40usize, broken()), 1..6)) {
            let mut edited = Text::new(text);
            for (start, end, new) in edits {
                let before = edited.as_str().to_string();
                let spliced = edited.edit(start..end, &new);
                let mut whole = before;
                whole.replace_range(spliced.start..spliced.old_end, &new);
                prop_assert_eq!(&edited, &Text::new(whole));
            }
        }

        #[test]
        fn positions_round_trip(text in broken(), byte in 0..60usize, line in 0..20u32, character in 0..20u32, near in 0..20usize) {
            let text = Text::new(text);
            for encoding in ENCODINGS {
                let offset = text.offset(line, character, encoding);
                prop_assert!(text.as_str().is_char_boundary(offset));
                let (line, character) = text.position(offset, encoding);
                prop_assert_eq!(text.offset(line, character, encoding), offset);
                let (line, character) = text.position(byte, encoding);
                prop_assert!(text.offset(line, character, encoding) <= byte);
                let both = [offset, byte].map(|each| text.position(each, encoding));
                prop_assert_eq!(text.positions(&(offset..byte), encoding, near), both);
            }
            prop_assert!(text.column(byte) <= text.len());
        }
    }
}
