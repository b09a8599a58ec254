//! The code at a finding, without what a formatter changes: spaces, line ends, quotes, parentheses, commas, comments.

use crate::syntax::Source;

/// Reads the code of one finding after the other: fast where they come in the order of the text.
pub struct Codes<'a> {
    source: &'a Source,
    /// The segment that was read last, how far, and how many brackets are open there.
    read: Option<(usize, usize, usize)>,
}

/// Longer code is told apart well enough by its beginning.
const LONGEST: usize = 120;

/// A statement that begins with one of these goes on behind a comma, and a formatter may put
/// parentheses around what follows.
const HEADS: [&str; 12] = [
    "assert", "async", "class", "def", "del", "except", "for", "if", "return", "while", "with",
    "yield",
];

impl<'a> Codes<'a> {
    pub fn new(source: &'a Source) -> Codes<'a> {
        Codes { source, read: None }
    }

    /// The code from a byte to the end of what stands there: of its statement, its argument, its
    /// header. Where a line ends says nothing, for that is the formatter's business.
    pub fn at(&mut self, byte: usize) -> String {
        let inside = self.open_at(byte) > 0;
        let segment = &self.source.segments()[self.source.segment_of(byte)];
        let text = &self.source.text().as_str()[..segment.end()];
        code(text, byte, inside)
    }

    /// How many brackets are open at a byte.
    fn open_at(&mut self, byte: usize) -> usize {
        let index = self.source.segment_of(byte);
        let segment = &self.source.segments()[index];
        let (mut at, mut open) = match self.read {
            Some((known, at, open)) if known == index && at <= byte => (at, open),
            _ => (segment.start, 0),
        };
        let text = &self.source.text().as_str()[..segment.end()];
        while at < byte
            && let Some((token, end)) = token(text, at)
        {
            match token {
                Token::Open(_) => open += 1,
                Token::Close(_) => open = open.saturating_sub(1),
                _ => {}
            }
            at = end;
        }
        self.read = Some((index, at, open));
        open
    }
}

fn code(text: &str, start: usize, inside: bool) -> String {
    let mut code = String::new();
    let (mut at, mut depth, mut head) = (start, 0_usize, false);
    // `"a" "b"` is one string, and a formatter may write it as one.
    let mut joined = false;
    while code.len() < LONGEST
        && let Some((token, end)) = token(text, at)
    {
        let first = at == start;
        let string = matches!(token, Token::String(_));
        match token {
            Token::Blank => {}
            Token::LineEnd if depth == 0 && !inside => break,
            Token::LineEnd => {}
            Token::Open(letter) => {
                depth += 1;
                push(&mut code, letter);
            }
            Token::Close(_) if depth == 0 => break,
            Token::Close(letter) => {
                depth -= 1;
                push(&mut code, letter);
            }
            Token::Other(':') if depth == 0 => break,
            Token::Other(';') if depth == 0 && !inside => break,
            Token::Other(',') if depth == 0 && !head => break,
            Token::Other(letter) => push(&mut code, letter),
            Token::Word(word) => {
                head |= first && HEADS.contains(&word);
                match word.starts_with(|first: char| first.is_ascii_digit()) {
                    // `0XFF`, `1E5`
                    true => code.extend(word.chars().map(|each| each.to_ascii_lowercase())),
                    false => code.push_str(word),
                }
            }
            Token::String(content) => {
                match joined {
                    true => _ = code.pop(),
                    false => code.push('"'),
                }
                quoted(&mut code, content);
                code.push('"');
            }
        }
        if !matches!(token, Token::Blank | Token::LineEnd) {
            joined = string;
        }
        at = end;
    }
    if let Some((cut, _)) = code.char_indices().find(|(at, _)| *at >= LONGEST) {
        code.truncate(cut);
    }
    code
}

fn push(code: &mut String, letter: char) {
    if !matches!(letter, '(' | ')' | ',' | '\\') {
        code.push(letter);
    }
}

/// A string's content: its other quotes may have been escaped, and its spaces be indentation.
fn quoted(code: &mut String, content: &str) {
    let mut letters = content.chars().peekable();
    while let Some(letter) = letters.next() {
        let quote = |letter: &char| matches!(letter, '"' | '\'');
        match letter {
            '\\' if letters.peek().is_some_and(quote) => {}
            '\'' => code.push('"'),
            letter if letter.is_whitespace() => {}
            letter => code.push(letter),
        }
    }
}

#[derive(Clone, Copy)]
enum Token<'a> {
    /// Spaces, comments, a backslash at a line's end.
    Blank,
    LineEnd,
    Open(char),
    Close(char),
    Word(&'a str),
    /// What stands between its quotes; the letters in front of them count for nothing.
    String(&'a str),
    Other(char),
}

/// The token at a byte, and where it ends; none at the end of the text.
fn token(text: &str, at: usize) -> Option<(Token<'_>, usize)> {
    let rest = text.get(at..)?;
    let letter = rest.chars().next()?;
    let run = |fits: fn(char) -> bool| rest.find(|each| !fits(each)).unwrap_or(rest.len());
    Some(match letter {
        '\n' => (Token::LineEnd, at + 1),
        '#' => {
            let length = rest.find('\n').unwrap_or(rest.len());
            (Token::Blank, at + length)
        }
        '\\' if rest[1..].starts_with('\n') => (Token::Blank, at + 2),
        '\\' if rest[1..].starts_with("\r\n") => (Token::Blank, at + 3),
        '(' | '[' | '{' => (Token::Open(letter), at + 1),
        ')' | ']' | '}' => (Token::Close(letter), at + 1),
        '"' | '\'' => {
            let (content, length) = string(rest, letter);
            (Token::String(content), at + length)
        }
        letter if letter.is_whitespace() => {
            let length = run(|each| each.is_whitespace() && each != '\n');
            (Token::Blank, at + length)
        }
        letter if part_of_word(letter) => {
            let length = run(part_of_word);
            let quote = rest[length..].chars().next();
            match quote.filter(|quote| matches!(quote, '"' | '\'')) {
                Some(quote) if is_prefix(&rest[..length]) => {
                    let (content, of_string) = string(&rest[length..], quote);
                    (Token::String(content), at + length + of_string)
                }
                _ => (Token::Word(&rest[..length]), at + length),
            }
        }
        letter => (Token::Other(letter), at + letter.len_utf8()),
    })
}

fn part_of_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

fn is_prefix(word: &str) -> bool {
    let one = |letter: u8| b"rbuft".contains(&letter.to_ascii_lowercase());
    word.len() <= 2 && word.bytes().all(one)
}

/// The content of the string that a text begins with, and its length with the quotes. One that is
/// not closed ends with its line, or with the text where it has three quotes.
fn string(text: &str, quote: char) -> (&str, usize) {
    let bytes = text.as_bytes();
    let long = bytes.len() >= 3 && bytes[1] == bytes[0] && bytes[2] == bytes[0];
    let width = if long { 3 } else { 1 };
    let closing = &text[..width];
    let mut at = width;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'\n' if !long => return (&text[width..at], at),
            byte if byte == quote as u8 && text[at..].starts_with(closing) => {
                return (&text[width..at], at + width);
            }
            _ => {}
        }
        at += 1;
    }
    (text.get(width..).unwrap_or_default(), text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The code from the mark on.
    fn of(text: &str) -> String {
        let start = text.find('«').unwrap();
        let source = Source::new(text.replace('«', ""));
        Codes::new(&source).at(start)
    }

    #[track_caller]
    fn same(one: &str, other: &str) {
        assert_eq!(of(one), of(other));
    }

    #[test]
    fn a_formatter_changes_nothing() {
        let one = of("«KEPT.append(table.get_item(Key={'id': key})['Item']); x = 1");
        let lines = "«KEPT.append(\n    table.get_item(  # one\n        Key={\"id\": key},\n    )[\"Item\"]\n)\nx = 1";
        assert_eq!(one, r#"KEPT.appendtable.get_itemKey={"id":key}["Item"]"#);
        assert_eq!(of(lines), one);
        same(
            "x = «table.query(K).get('Items')\ny = 1",
            "x = (\n    «table.query(K)\n    .get(\"Items\")\n)\ny = 1",
        );
        same(
            "x = «a(1) + \\\n    b(2)\n",
            "x = (\n    «a(1)\n    + b(2)\n)\n",
        );
        same(
            "«with a() as x, b() as y:\n  z",
            "«with (\n    a() as x,\n    b() as y,\n):\n    z",
        );
        same("«for (x, y) in z:\n  x", "«for x, y in z:\n    x");
        same(
            r#"«f('it\'s "so"', U"a" 'b')"#,
            r#"«f("it's \"so\"", "ab")"#,
        );
        same("«f(0XFF, 1E5)", "«f(0xff, 1e5)");
        same(r#"«f(F'{ x }')"#, r#"«f(f"{x}")"#);
    }

    #[test]
    fn other_code_is_told_apart() {
        assert_ne!(of("«keep(a)"), of("«keep(b)"));
        assert_ne!(of("«f('a', 'b')"), of("«f('ab', '')"));
        assert_eq!(of("«keep('#', a) # b"), r##"keep"#"a"##);
        assert_eq!(of("«'''a\nb'''\nc"), of("«\"\"\"a\nb\"\"\"\nd"));
        assert_eq!(of(&format!("«f({})", "é".repeat(500))).len(), LONGEST + 1);
    }

    #[test]
    fn it_ends_with_what_it_stands_in() {
        assert_eq!(of("def f(«a={}, b=1):\n    pass"), "a={}");
        assert_eq!(of("g([\n    «x\n    for x in y\n])\n"), "xforxiny");
        assert_eq!(of("if «table.scan():\n    pass"), "table.scan");
        assert_eq!(of("a = '«b"), "b");
    }
}
