//! AWS's keys in code: what has their form, and how text is shown without them.

/// A key id, or a secret key; no placeholder.
pub fn is_key(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    if ["EXAMPLE", "SECRET", "YOUR", "XXXX"]
        .iter()
        .any(|word| upper.contains(word))
    {
        return false;
    }
    let any = |wanted: fn(char) -> bool| text.chars().any(wanted);
    let id = text.len() == ID
        && (text.starts_with("AKIA") || text.starts_with("ASIA"))
        && (text.chars()).all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    let key = text.len() == KEY
        && text.chars().all(in_key)
        && any(|c| c.is_ascii_uppercase())
        && any(|c| c.is_ascii_lowercase())
        && any(|c| c.is_ascii_digit());
    id || key
}

pub fn holds_key(text: &str) -> bool {
    words(text).any(|(_, word)| is_key(word))
}

/// The same text, and as long, with a `*` for each character of a key.
pub fn masked(text: &str) -> String {
    let mut shown = text.to_string();
    for (at, word) in words(text).filter(|(_, word)| is_key(word)) {
        shown.replace_range(at..at + word.len(), &"*".repeat(word.len()));
    }
    shown
}

/// How long the id of a key is.
pub const ID: usize = 20;
const KEY: usize = 40;

fn in_key(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=')
}

/// What may be a key, with where it begins.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let words = text.split(|c| !in_key(c));
    let place = |word: &str| word.as_ptr() as usize - text.as_ptr() as usize;
    words.map(move |word| (place(word), word))
}
