//! Predicates that a capture's text alone answers: `#eq?`, `#any-of?`, `#match?` and their `#not-` forms.

use regex::bytes::Regex;

/// One such predicate of a pattern.
pub struct WordTest {
    /// The capture's number in the shape.
    pub capture: u16,
    negated: bool,
    wanted: Wanted,
}

enum Wanted {
    Words(Vec<String>),
    Like(Regex),
}

impl WordTest {
    pub fn is_one(name: &str) -> bool {
        matches!(name, "eq" | "any-of" | "match")
    }

    /// An error says what is wrong with what it is told.
    pub fn new(
        name: &str,
        negated: bool,
        capture: u16,
        texts: Vec<String>,
    ) -> Result<WordTest, String> {
        let wanted = match (name, &texts[..]) {
            ("any-of", _) | ("eq", [_]) => Wanted::Words(texts),
            ("match", [pattern]) => Wanted::Like(
                Regex::new(pattern).map_err(|error| format!("#match? {pattern:?}: {error}"))?,
            ),
            _ => return Err(format!("#{name}? takes a capture and one string")),
        };
        Ok(WordTest {
            capture,
            negated,
            wanted,
        })
    }

    /// The words of which it must be one.
    pub fn words(&self) -> Option<&[String]> {
        match &self.wanted {
            Wanted::Words(words) if !self.negated => Some(words),
            _ => None,
        }
    }

    pub fn holds(&self, text: &[u8]) -> bool {
        let found = match &self.wanted {
            Wanted::Words(words) => words.iter().any(|word| word.as_bytes() == text),
            Wanted::Like(pattern) => pattern.is_match(text),
        };
        found != self.negated
    }
}
