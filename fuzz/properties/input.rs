//! How bytes are read as several files: text, so that a seed can be read and written by people.

use std::ops::Range;
use std::sync::Arc;

/// Paths and texts.
pub type Files = Vec<(Arc<str>, String)>;

/// A line that begins so names the file below it; what stands above the first is `main.py`.
const MARK: &str = "#>>> ";
/// More files only make each input slower.
const MOST: usize = 4;
/// In bytes of one input.
pub const LARGEST: usize = 64 << 10;

/// The files, each name once, and what stands below the mark `#>>> edits`.
pub fn files(text: &str) -> (Files, &str) {
    let (text, script) = match text.find("\n#>>> edits\n") {
        Some(at) => (&text[..=at], &text[at + "\n#>>> edits\n".len()..]),
        None => (text, ""),
    };
    let mut files: Files = Vec::new();
    let mut name = "main.py".to_string();
    let mut body = String::new();
    let mut put = |name: &str, body: &mut String| {
        let text = std::mem::take(body);
        let new = files.iter().all(|(known, _)| **known != *name);
        if new && files.len() < MOST && !(text.is_empty() && name == "main.py") {
            files.push((name.into(), text));
        }
    };
    for line in text.split_inclusive('\n') {
        match line.strip_prefix(MARK) {
            Some(next) => {
                put(&name, &mut body);
                name = path(next);
            }
            None => body.push_str(line),
        }
    }
    put(&name, &mut body);
    if files.is_empty() {
        files.push(("main.py".into(), String::new()));
    }
    (files, script)
}

/// As a walk gives paths: with `/`, relative, and a Python ending.
fn path(written: &str) -> String {
    let parts = written.trim().split('/');
    let parts = parts.filter(|part| !matches!(*part, "" | "." | ".."));
    let path = parts.collect::<Vec<_>>().join("/");
    match path.ends_with(".py") || path.ends_with(".pyw") {
        true => path,
        false => format!("{path}.py"),
    }
}

/// Is the range one of the text?
pub fn is_in(text: &str, span: &Range<usize>) -> bool {
    text.get(span.clone()).is_some()
}
