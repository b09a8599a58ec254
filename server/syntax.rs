//! Cuts a file into segments at its top-level statements and gives each segment its own tree.
//!
//! Where a segment ends is a pure function of the text from its start ([`segment_end`]): the
//! scanner carries nothing across a start. So an edit rescans from the segment it touches until
//! a new boundary falls on an old one, and a cold cut and any sequence of edits agree.

mod thin;

use std::cell::Cell;
use std::ops::Range;
use std::sync::OnceLock;

use memchr::{memchr_iter, memchr2, memrchr};
use tree_sitter::{InputEdit, Parser, Point, Tree};

use crate::text::{Spliced, Text};

/// Segments longer than this many bytes keep their tree; shorter ones parse cold in less time
/// than the upkeep is worth (41 lines: 0.17 ms).
pub const LARGE: usize = 8 * 1024;

/// A text, its segments, and the trees of the large ones.
///
/// The segments are never empty, follow each other without a gap, and always equal [`cut`] of
/// the text. An empty text has one segment of length 0.
#[derive(Clone, Debug)]
pub struct Source {
    text: Text,
    segments: Vec<Segment>,
    /// How many parses [`Source::tree`] has run so far.
    pub parsed: usize,
}

/// One or more whole top-level statements with the blank lines and comments after them.
#[derive(Clone, Debug)]
pub struct Segment {
    /// In bytes of the file.
    pub start: usize,
    /// In bytes.
    pub len: usize,
    /// The tree of exactly this text, with positions relative to `start`; kept if large.
    pub(crate) tree: Option<Tree>,
    /// The last tree without an error, the edits since then applied: what an incremental parse
    /// starts from. It outlives broken text, so `x = foo(` typed in a long class costs little
    /// once the bracket closes.
    base: Option<Tree>,
    /// Does `tree` leave out what [`thin`] makes blank? Then no parse starts from it.
    thinned: bool,
    /// Comments that speak to linters, in bytes from the segment's start; see [`crate::suppress`].
    pub(crate) notes: OnceLock<Box<[Range<u32>]>>,
    /// The first thing that no tree fits, likewise.
    pub(crate) flaw: OnceLock<Option<Range<u32>>>,
}

/// Indices: the segments `old` of the list before became `new` of the list after. All others
/// have the same text as before, and at most moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaced {
    pub old: Range<usize>,
    pub new: Range<usize>,
}

impl Segment {
    /// In bytes of the file.
    pub fn range(&self) -> Range<usize> {
        self.start..self.end()
    }

    pub fn end(&self) -> usize {
        self.start + self.len
    }

    fn new(range: Range<usize>) -> Segment {
        Segment {
            start: range.start,
            len: range.len(),
            tree: None,
            base: None,
            thinned: false,
            notes: OnceLock::new(),
            flaw: OnceLock::new(),
        }
    }
}

impl Source {
    pub fn new(text: String) -> Source {
        let text = Text::new(text);
        let segments = segments_from(text.as_str(), 0).collect();
        Source {
            text,
            segments,
            parsed: 0,
        }
    }

    pub fn text(&self) -> &Text {
        &self.text
    }

    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Panics if there is no segment `index`.
    pub fn segment_text(&self, index: usize) -> &str {
        &self.text.as_str()[self.segments[index].range()]
    }

    /// The index of the segment that holds `byte`; the last one for a byte past the end.
    pub fn segment_of(&self, byte: usize) -> usize {
        self.segments
            .partition_point(|segment| segment.start <= byte)
            .max(1)
            - 1
    }

    /// The tree of segment `index`, its positions relative to the segment. Parsed anew at each
    /// call unless the segment is large. Panics if there is no such segment.
    pub fn tree(&mut self, index: usize) -> Tree {
        let segment = &mut self.segments[index];
        if let Some(tree) = &segment.tree {
            return tree.clone();
        }
        let text = &self.text.as_str()[segment.range()];
        if let Some(base) = &segment.base {
            self.parsed += 1;
            let (tree, thinned) = with_parser(|parser| parse_thin(parser, text, Some(base)));
            // Error recovery depends on which nodes could be reused, so for broken text an
            // incremental tree may differ from a cold one; without an error both are the same.
            if !tree.root_node().has_error() {
                segment.base = None;
                segment.thinned = thinned;
                segment.tree = Some(tree.clone());
                return tree;
            }
        }
        self.parsed += 1;
        let (tree, thinned) = with_parser(|parser| parse_thin(parser, text, None));
        if segment.len > LARGE {
            segment.thinned = thinned;
            segment.tree = Some(tree.clone());
        }
        tree
    }

    /// Drops the trees that were kept.
    pub fn forget_trees(&mut self) {
        for segment in &mut self.segments {
            segment.tree = None;
            segment.base = None;
        }
    }

    /// Replaces a byte range of the text (clamped as [`Text::edit`] does).
    pub fn edit(&mut self, range: Range<usize>, new: &str) -> Replaced {
        let removed = self.text.as_str().get(range.clone());
        let removed = removed.map(|removed| (removed.len(), extent(removed)));
        let spliced = self.text.edit(range.clone(), new);
        // Positions for the tree are exact only if nothing had to be clamped.
        let exact = spliced.start == range.start
            && spliced.old_end == range.end
            && spliced.new_end - spliced.start == new.len();
        let removed = removed.filter(|_| exact);

        let (replaced, mut fresh) = self.rescan(spliced);
        let old = &mut self.segments[replaced.old.clone()];
        if let ([old], [fresh], Some(removed)) = (old, fresh.as_mut_slice(), removed)
            && fresh.len > LARGE
        {
            let before = &self.text.as_str()[old.start..spliced.start];
            let edit = replacing(before, removed, new);
            fresh.base = old
                .tree
                .take()
                .filter(|tree| !old.thinned && !tree.root_node().has_error())
                .or(old.base.take());
            if let Some(base) = &mut fresh.base {
                base.edit(&edit);
            }
        }
        for segment in &mut self.segments[replaced.old.end..] {
            segment.start = moved(segment.start, spliced);
        }
        self.segments.splice(replaced.old.clone(), fresh);
        replaced
    }

    /// The segments that an edit replaces, and those that come in their place.
    fn rescan(&self, spliced: Spliced) -> (Replaced, Vec<Segment>) {
        let mut first = self.segment_of(spliced.start);
        if first > 0 && spliced.start < self.segments[first].start + WINDOW {
            first -= 1;
        }
        let mut last = first + 1;
        let mut fresh = Vec::new();
        for segment in segments_from(self.text.as_str(), self.segments[first].start) {
            let end = segment.end();
            fresh.push(segment);
            if end < spliced.new_end {
                continue;
            }
            let behind =
                |old: &Segment| old.start < spliced.old_end || moved(old.start, spliced) < end;
            last += self.segments[last..]
                .iter()
                .take_while(|old| behind(old))
                .count();
            if self
                .segments
                .get(last)
                .is_some_and(|old| moved(old.start, spliced) == end)
            {
                break;
            }
        }
        if fresh
            .last()
            .is_none_or(|segment| segment.end() == self.text.len())
        {
            last = self.segments.len();
        }

        // The scan begins a little early and may end a little late: leave out at both sides what
        // came out as it was.
        let mut new = 0..fresh.len();
        let mut old = first..last;
        while let ([now, ..], [was, ..]) = (&fresh[new.clone()], &self.segments[old.clone()])
            && now.range() == was.range()
            && was.end() <= spliced.start
        {
            new.start += 1;
            old.start += 1;
        }
        while let ([.., now], [.., was]) = (&fresh[new.clone()], &self.segments[old.clone()])
            && was.start >= spliced.old_end
            && now.start == moved(was.start, spliced)
            && now.len == was.len
        {
            new.end -= 1;
            old.end -= 1;
        }
        fresh.truncate(new.end);
        fresh.drain(..new.start);
        let new = old.start..old.start + fresh.len();
        (Replaced { old, new }, fresh)
    }
}

/// The segment starts of a text, ascending; the first is always 0.
///
/// A segment starts where column 0 holds a statement outside of strings, brackets and backslash
/// continuations. Comments and blank lines belong to the segment before; what stands before the
/// first statement belongs to that statement's segment. `else`, `elif`, `except`, `finally` and
/// closing brackets go on with their statement, decorators lead their `def` or `class`.
///
/// A `def`, `class`, `async def` or `@name` in column 0 also starts a segment inside an open
/// bracket or after a backslash: nobody writes one there but who has not closed the bracket yet.
pub fn cut(text: &str) -> Vec<u32> {
    segments_from(text, 0)
        .map(|segment| segment.start as u32)
        .collect()
}

/// A tree for `text`; `old` is an earlier tree of it to which all edits since were applied.
///
/// The middle of a run of 256 comment lines or more is blank in the tree.
pub fn parse(parser: &mut Parser, text: &str, old: Option<&Tree>) -> Tree {
    parse_thin(parser, text, old).0
}

/// Also tells whether the tree leaves something out.
fn parse_thin(parser: &mut Parser, text: &str, old: Option<&Tree>) -> (Tree, bool) {
    let thin = thin::thinned(text);
    let tree = match &thin {
        Some(thin) => parser.parse(thin, None),
        None => parser.parse(text, old),
    };
    let tree = tree.expect("the parser has a language and no limit on its time");
    (tree, thin.is_some())
}

/// Runs `run` with this thread's Python parser.
pub fn with_parser<T>(run: impl FnOnce(&mut Parser) -> T) -> T {
    thread_local! {
        static PARSER: Cell<Option<Parser>> = const { Cell::new(None) };
    }
    // Taken out while in use, so that a nested call or a panic finds none and makes its own.
    let mut parser = PARSER.take().unwrap_or_else(|| {
        let mut parser = Parser::new();
        let language = tree_sitter_python::LANGUAGE.into();
        parser
            .set_language(&language)
            .expect("tree-sitter-python fits this tree-sitter");
        parser
    });
    let result = run(&mut parser);
    PARSER.set(Some(parser));
    result
}

fn segments_from(text: &str, start: usize) -> impl Iterator<Item = Segment> {
    let mut next = Some(start);
    std::iter::from_fn(move || {
        let start = next?;
        let end = segment_end(text.as_bytes(), start);
        next = (end < text.len()).then_some(end);
        Some(Segment::new(start..end))
    })
}

/// Where a byte behind an edit is now.
fn moved(byte: usize, spliced: Spliced) -> usize {
    byte - spliced.old_end + spliced.new_end
}

/// What a tree must know of an edit: `before` is its text up to there, `removed` the bytes and the
/// extent of what goes.
fn replacing(before: &str, removed: (usize, Point), new: &str) -> InputEdit {
    let start = extent(before);
    InputEdit {
        start_byte: before.len(),
        old_end_byte: before.len() + removed.0,
        new_end_byte: before.len() + new.len(),
        start_position: start,
        old_end_position: beyond(start, removed.1),
        new_end_position: beyond(start, extent(new)),
    }
}

/// Tells a whole text's tree of an edit in it.
pub fn tell(tree: &mut Tree, text: &str, range: &Range<usize>, new: &str) {
    let removed = &text[range.clone()];
    let removed = (removed.len(), extent(removed));
    tree.edit(&replacing(&text[..range.start], removed, new));
}

/// The point where a text that begins at (0, 0) ends. As for tree-sitter only `\n` ends a row,
/// and columns are bytes.
fn extent(text: &str) -> Point {
    let bytes = text.as_bytes();
    let row = memchr_iter(b'\n', bytes).count();
    Point {
        row,
        column: bytes.len() - memrchr(b'\n', bytes).map_or(0, |at| at + 1),
    }
}

fn beyond(start: Point, extent: Point) -> Point {
    let column = if extent.row == 0 {
        start.column + extent.column
    } else {
        extent.column
    };
    Point {
        row: start.row + extent.row,
        column,
    }
}

/// How a line begins that has something in column 0.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Opening {
    /// Blank, indented, a comment, or `)`.
    Nothing,
    /// `else:`
    Clause,
    /// `@`; `named` when a name follows.
    Decorator {
        named: bool,
    },
    /// `def `, `class `, `async def `
    Definition,
    Statement,
}

/// How many bytes from its start decide what a line is; the longest is `async       def `.
const WINDOW: usize = 16;

/// Where the segment that begins at `start` ends. A pure function of the text from there (and,
/// for a byte order mark, of `start` being 0).
fn segment_end(bytes: &[u8], start: usize) -> usize {
    /// What the segment holds so far.
    #[derive(PartialEq)]
    enum Held {
        Nothing,
        Decorators,
        Statement,
    }
    let mut at = start;
    if start == 0 && bytes.starts_with("\u{feff}".as_bytes()) {
        at += "\u{feff}".len();
    }
    let mut held = Held::Nothing;
    let mut depth = 0;
    let mut continued = false;
    while at < bytes.len() {
        let opening = opening(bytes, at);
        if depth > 0 || continued {
            if matches!(
                opening,
                Opening::Definition | Opening::Decorator { named: true }
            ) {
                return at;
            }
        } else {
            let joins = match opening {
                Opening::Nothing | Opening::Clause => true,
                Opening::Decorator { .. } | Opening::Definition => held != Held::Statement,
                Opening::Statement => held == Held::Nothing,
            };
            if !joins {
                return at;
            }
            held = match opening {
                Opening::Nothing => held,
                Opening::Decorator { .. } => Held::Decorators,
                Opening::Clause | Opening::Definition | Opening::Statement => Held::Statement,
            };
        }
        (at, continued) = next_line(bytes, at, &mut depth);
    }
    bytes.len()
}

fn opening(bytes: &[u8], at: usize) -> Opening {
    match bytes[at] {
        b' ' | b'\t' | b'\x0c' | b'\x0b' | b'\n' | b'\r' | b'#' | b')' | b']' | b'}' => {
            Opening::Nothing
        }
        b'@' => Opening::Decorator {
            named: bytes.get(at + 1).is_some_and(|&byte| in_name(byte)),
        },
        b'a' | b'c' | b'd' | b'e' | b'f' => opening_word(&bytes[at..bytes.len().min(at + WINDOW)]),
        _ => Opening::Statement,
    }
}

fn opening_word(line: &[u8]) -> Opening {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let word = line.iter().take_while(|&&byte| in_name(byte)).count();
    let (word, rest) = line.split_at(word);
    let blanks = rest.iter().take_while(|byte| is_blank(byte)).count();
    match word {
        b"else" | b"elif" | b"except" | b"finally" => Opening::Clause,
        b"def" | b"class" if blanks > 0 => Opening::Definition,
        b"async"
            if blanks > 0
                && rest[blanks..]
                    .strip_prefix(b"def")
                    .is_some_and(|rest| rest.first().is_some_and(is_blank)) =>
        {
            Opening::Definition
        }
        _ => Opening::Statement,
    }
}

fn in_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

/// From `at` the start of the next line that begins outside of a string, and whether a backslash
/// continues the line onto it.
fn next_line(bytes: &[u8], mut at: usize, depth: &mut i32) -> (usize, bool) {
    loop {
        let Some(&byte) = bytes.get(at) else {
            return (bytes.len(), false);
        };
        let step = STEP[byte as usize];
        if step != STOP {
            // No branch for brackets: this loop reads most bytes of a cold run.
            *depth = (*depth + i32::from(step)).max(0);
            at += 1;
            continue;
        }
        match byte {
            b'#' => {
                at = memchr2(b'\n', b'\r', &bytes[at..]).map_or(bytes.len(), |length| at + length)
            }
            b'"' | b'\'' => at = string_end(bytes, at),
            b'\\' => {
                at += 1;
                if let Some(next) = after_line_end(bytes, at) {
                    return (next, true);
                }
            }
            _ => return (after_line_end(bytes, at).unwrap_or(at + 1), false),
        }
    }
}

const STOP: i8 = i8::MAX;

/// What a byte outside of strings does to the bracket depth; `STOP` for one that needs a look.
static STEP: [i8; 256] = {
    let mut steps = [0; 256];
    let mut byte = 0;
    while byte < steps.len() {
        steps[byte] = match byte as u8 {
            b'(' | b'[' | b'{' => 1,
            b')' | b']' | b'}' => -1,
            b'\n' | b'\r' | b'#' | b'\\' | b'"' | b'\'' => STOP,
            _ => 0,
        };
        byte += 1;
    }
    steps
};

/// Past the string that opens at `at`, whatever its prefix: in raw strings too a backslash keeps
/// a quote from closing. A string in single quotes ends before its line's end at the latest.
///
/// `{…}` of an f-string counts as text: quotes of the same kind nested in it come in pairs. Only
/// for a bracket between such, `f"{a["("]}"`, do the statements up to the next `def` stay joined.
fn string_end(bytes: &[u8], at: usize) -> usize {
    let quote = bytes[at];
    if bytes[at..].starts_with(&[quote; 3]) {
        return triple_end(bytes, at + 3, quote);
    }
    let mut at = at + 1;
    while let Some(&byte) = bytes.get(at) {
        at = match byte {
            b'\\' => after_line_end(bytes, at + 1).unwrap_or(bytes.len().min(at + 2)),
            b'\n' | b'\r' => return at,
            _ if byte == quote => return at + 1,
            _ => at + 1,
        };
    }
    at
}

fn triple_end(bytes: &[u8], mut at: usize, quote: u8) -> usize {
    while let Some(length) = memchr2(quote, b'\\', &bytes[at..]) {
        at += length;
        if bytes[at] == b'\\' {
            at = bytes.len().min(at + 2);
        } else if bytes[at..].starts_with(&[quote; 3]) {
            return at + 3;
        } else {
            at += 1;
        }
    }
    bytes.len()
}

/// Past the line end at `at`, if there is one.
fn after_line_end(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at..)? {
        [b'\r', b'\n', ..] => Some(at + 2),
        [b'\r' | b'\n', ..] => Some(at + 1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tree_sitter::TreeCursor;

    use super::*;

    fn pieces(text: &str) -> Vec<&str> {
        let source = cut(text);
        let ends = source
            .iter()
            .skip(1)
            .map(|&end| end as usize)
            .chain([text.len()]);
        source
            .iter()
            .zip(ends)
            .map(|(&start, end)| &text[start as usize..end])
            .collect()
    }

    #[test]
    fn cuts_at_statements() {
        assert_eq!(pieces(""), [""]);
        assert_eq!(
            pieces("\u{feff}# c\n\nimport a\n# d\nb = [\n]\n"),
            ["\u{feff}# c\n\nimport a\n# d\n", "b = [\n]\n"]
        );
        assert_eq!(
            pieces("if a:\n  b\nelif c:\n  d\nelse:\n  e\nelse_ = 1"),
            ["if a:\n  b\nelif c:\n  d\nelse:\n  e\n", "else_ = 1"]
        );
        assert_eq!(
            pieces("try:\n  a\nexcept* B:\n  c\nfinally:\n  d\nx"),
            ["try:\n  a\nexcept* B:\n  c\nfinally:\n  d\n", "x"]
        );
        assert_eq!(pieces("a\rb\r\nc\n"), ["a\r", "b\r\n", "c\n"]);
        assert_eq!(pieces("a = (\nb\n)\nc"), ["a = (\nb\n)\n", "c"]);
        assert_eq!(pieces("a = \\\r\nb\nc"), ["a = \\\r\nb\n", "c"]);
    }

    #[test]
    fn decorators_lead_their_definition() {
        assert_eq!(
            pieces("a\n@b\n# c\n\n@d(\n)\nasync  def e():\n  f\n"),
            ["a\n", "@b\n# c\n\n@d(\n)\nasync  def e():\n  f\n"]
        );
        assert_eq!(pieces("@a\nb = 1\n"), ["@a\n", "b = 1\n"]);
        assert_eq!(
            pieces("@a\nclass B: pass\ndef c(): pass"),
            ["@a\nclass B: pass\n", "def c(): pass"]
        );
    }

    #[test]
    fn definitions_resynchronise() {
        assert_eq!(
            pieces("a = f(\ndef b(): pass\nc"),
            ["a = f(\n", "def b(): pass\n", "c"]
        );
        assert_eq!(
            pieces("a = {\n@b\nclass C: pass"),
            ["a = {\n", "@b\nclass C: pass"]
        );
        assert_eq!(
            pieces("@a(\nasync def b(): pass"),
            ["@a(\n", "async def b(): pass"]
        );
        assert_eq!(
            pieces("a = \\\ndef b(): pass"),
            ["a = \\\n", "def b(): pass"]
        );
        assert_eq!(
            pieces("a = (b\n@ c\ndefault\nclassy\n)"),
            ["a = (b\n@ c\ndefault\nclassy\n)"]
        );
        assert_eq!(
            pieces("a = '''\ndef b(): pass\n'''\nc"),
            ["a = '''\ndef b(): pass\n'''\n", "c"]
        );
    }

    #[test]
    fn strings_end_where_python_ends_them() {
        assert_eq!(pieces("a = 'b(\nc"), ["a = 'b(\n", "c"]);
        assert_eq!(pieces("a = 'b\\\nc('\nd"), ["a = 'b\\\nc('\n", "d"]);
        assert_eq!(pieces("a = rb'\\'('\nd"), ["a = rb'\\'('\n", "d"]);
        assert_eq!(
            pieces("a = ''\nb = \"\"\"\"(\\\"\"\"\nx\"\"\"\nc"),
            ["a = ''\n", "b = \"\"\"\"(\\\"\"\"\nx\"\"\"\n", "c"]
        );
        assert_eq!(
            pieces("a = f\"{b[\"k\"]}\"\nc # '\nd"),
            ["a = f\"{b[\"k\"]}\"\n", "c # '\n", "d"]
        );
    }

    #[test]
    fn typing_in_one_function_replaces_one_segment() {
        let mut source = Source::new("import a\ndef b():\n    c\n\ndef d():\n    e\n".to_string());
        assert_eq!(
            source.edit(22..22, "c"),
            Replaced {
                old: 1..2,
                new: 1..2
            }
        );
        assert_eq!(
            source.edit(9..9, "@x\n"),
            Replaced {
                old: 1..2,
                new: 1..2
            }
        );
        assert_eq!(
            source.edit(9..9, "y\n"),
            Replaced {
                old: 1..1,
                new: 1..2
            }
        );
        assert_eq!(
            source.edit(9..11, ""),
            Replaced {
                old: 1..2,
                new: 1..1
            }
        );
        assert_eq!(
            source.edit(0..9, ""),
            Replaced {
                old: 0..1,
                new: 0..0
            }
        );
        let end = source.text().len();
        assert_eq!(
            source.edit(end..end, "f"),
            Replaced {
                old: 2..2,
                new: 2..3
            }
        );
        assert_eq!(
            source.edit(0..usize::MAX, ""),
            Replaced {
                old: 0..3,
                new: 0..1
            }
        );
        assert_eq!(
            source.edit(0..0, "g"),
            Replaced {
                old: 0..1,
                new: 0..1
            }
        );
    }

    #[test]
    fn only_a_large_segment_keeps_its_tree() {
        let mut source = Source::new(format!("a = 1\n{}", long_class()));
        source.tree(0);
        source.tree(0);
        source.tree(1);
        source.tree(1);
        assert_eq!(source.parsed, 3);
        let at = source.text().as_str().find("return").expect("a return");
        source.edit(at..at, "a = 2; ");
        source.tree(1);
        assert_eq!(source.parsed, 4);
        source.edit(at..at, "(");
        source.tree(1);
        source.tree(1);
        assert_eq!(
            source.parsed, 6,
            "an incremental parse finds the error, a cold one decides"
        );
        source.edit(at..at + 1, "");
        source.tree(1);
        assert_eq!(
            source.parsed, 7,
            "the tree from before the error is what the next parse starts from"
        );
    }

    /// 120 methods, about 9 KiB.
    fn long_class() -> String {
        let method = |i| {
            format!(
                "    @x\n    def m{i}(self, a=1):\n        if a:\n            return [a, {{'k': f'{{a}}'}}]\r\n\n"
            )
        };
        format!("class Long:\n{}", (0..120).map(method).collect::<String>())
    }

    fn broken(most: usize) -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "'",
            "\"",
            "'''",
            "\"\"\"",
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
            "\\",
            "\n",
            "\n",
            "\n",
            "\r",
            "\r\n",
            "\x0c",
            "def ",
            "def f():",
            "class ",
            "class C:\n  ",
            "async ",
            "async def ",
            "@",
            "@x",
            "@x\n",
            "else",
            "else:",
            "elif",
            "except ",
            "finally:",
            "if x:",
            "#",
            " ",
            "    ",
            "\t",
            "x",
            "x = 1\n",
            "rb",
            "f",
            ":",
            "🦀",
            "é",
            "\0",
            "\u{feff}",
            "\u{a0}",
        ]);
        prop::collection::vec(piece, 0..most).prop_map(|pieces| pieces.concat())
    }

    fn check(source: &Source) -> Result<(), TestCaseError> {
        let starts: Vec<_> = source
            .segments()
            .iter()
            .map(|segment| segment.start as u32)
            .collect();
        prop_assert_eq!(starts, cut(source.text().as_str()));
        let whole: String = (0..source.segments().len())
            .map(|index| source.segment_text(index))
            .collect();
        prop_assert_eq!(whole, source.text().as_str());
        Ok(())
    }

    /// Every node with its kind, place and state, one a line.
    fn listed(tree: &Tree) -> String {
        fn list(out: &mut String, cursor: &mut TreeCursor) {
            let node = cursor.node();
            *out += &format!(
                "{} {:?} {:?} {}\n",
                node.kind(),
                cursor.field_name(),
                node.range(),
                node.is_missing()
            );
            if cursor.goto_first_child() {
                list(out, cursor);
                while cursor.goto_next_sibling() {
                    list(out, cursor);
                }
                cursor.goto_parent();
            }
        }
        let mut out = String::new();
        list(&mut out, &mut tree.walk());
        out
    }

    proptest! {
        #[test]
        fn edited_equals_cut(text in broken(40), edits in prop::collection::vec((0..120usize, 0..20usize, broken(5)), 1..8)) {
            let mut source = Source::new(text);
            check(&source)?;
            for (start, length, new) in edits {
                let before: Vec<_> = (0..source.segments().len()).map(|index| source.segment_text(index).to_string()).collect();
                let start = start % (source.text().len() + 1);
                let replaced = source.edit(start..start + length, &new);
                check(&source)?;
                let after: Vec<_> = (0..source.segments().len()).map(|index| source.segment_text(index)).collect();
                prop_assert_eq!(&before[..replaced.old.start], &after[..replaced.new.start]);
                prop_assert_eq!(&before[replaced.old.end..], &after[replaced.new.end..]);
            }
            for index in 0..source.segments().len() {
                source.tree(index);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn incremental_equals_cold(runs in 0..3usize, edits in prop::collection::vec((0..14_000usize, 0..12usize, broken(3), any::<bool>(), any::<bool>()), 1..6)) {
            // Runs on the edge of what is thinned out.
            let comments = "    # a\n".repeat(255) + "    b = 1\n";
            let mut source = Source::new(long_class() + &comments.repeat(runs));
            let mut index = 0;
            source.tree(index);
            for (start, length, new, undo, look) in edits {
                let start = start % (source.text().len() + 1);
                let before = source.text().as_str().to_string();
                source.edit(start..start + length, &new);
                if look {
                    index = source.segment_of(start);
                    let cold = with_parser(|parser| parse(parser, source.segment_text(index), None));
                    prop_assert_eq!(listed(&source.tree(index)), listed(&cold));
                }
                if undo {
                    // Takes the edit back the way an editor does: the smallest range that differs.
                    let now = source.text().as_str();
                    let mut front = now.bytes().zip(before.bytes()).take_while(|(now, was)| now == was).count();
                    while !now.is_char_boundary(front) || !before.is_char_boundary(front) {
                        front -= 1;
                    }
                    let most = now.len().min(before.len()) - front;
                    let mut back = now.bytes().rev().zip(before.bytes().rev()).take_while(|(now, was)| now == was).count().min(most);
                    while !now.is_char_boundary(now.len() - back) || !before.is_char_boundary(before.len() - back) {
                        back -= 1;
                    }
                    let range = front..now.len() - back;
                    source.edit(range, &before[front..before.len() - back]);
                    prop_assert_eq!(source.text().as_str(), &before);
                }
            }
            for index in 0..source.segments().len() {
                let cold = with_parser(|parser| parse(parser, source.segment_text(index), None));
                prop_assert_eq!(listed(&source.tree(index)), listed(&cold));
            }
        }
    }
}
