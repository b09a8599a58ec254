//! From a file's bytes to its text, as Python decodes it.

use std::io::{self, Read};
use std::path::Path;

use encoding_rs::Encoding;
use memchr::{memchr2, memmem};

use crate::config::links::open;

/// Larger files are left out: no person wrote them.
pub const LARGEST: u64 = 10 << 20;

/// Reads a file into `bytes`, which keeps its room from file to file. `Ok(false)`: it is larger
/// than `LARGEST`.
pub fn read(path: &Path, bytes: &mut Vec<u8>) -> io::Result<bool> {
    bytes.clear();
    let (file, length) = open(path)?;
    if length > LARGEST {
        return Ok(false);
    }
    // To where it ended when it was opened: to ask each file for more costs as much as to read it.
    // What has no length (`/proc`) may say something all the same.
    let most = match length {
        0 => LARGEST + 1,
        length => length,
    };
    bytes.reserve(length as usize + 1);
    file.take(most).read_to_end(bytes)?;
    Ok(bytes.len() as u64 <= LARGEST)
}

/// UTF-8, with or without a byte order mark (which stays in the text, so that byte offsets are
/// those of the file), or what a coding comment (PEP 263) names. There each byte or character of
/// the file becomes one character, so lines and columns hold, and byte offsets are those of the
/// text as UTF-8. The codings are the web's: their Python namesakes differ in a few characters.
///
/// A lone `\r` ends a line of Python, which the grammar doesn't know: it becomes `\n`.
pub fn decode(bytes: &[u8]) -> Result<String, String> {
    decoded(bytes).map(|text| match text.contains('\r') {
        true => with_newlines(&text),
        false => text,
    })
}

fn decoded(bytes: &[u8]) -> Result<String, String> {
    let cookie = match bytes.starts_with(b"\xef\xbb\xbf") {
        true => None,
        false => cookie(bytes).filter(|name| !is_utf8(name)),
    };
    let Some(name) = cookie else {
        return match str::from_utf8(bytes) {
            Ok(text) => Ok(text.to_string()),
            Err(error) => Err(format!(
                "not valid UTF-8 at byte {}: not analysed; declare its coding in the first line, \
                 as in `# -*- coding: latin-1 -*-`",
                error.valid_up_to()
            )),
        };
    };
    if is_latin1(&name) {
        return Ok(bytes.iter().map(|&byte| char::from(byte)).collect());
    }
    let coding = coding(&name).ok_or_else(|| format!("unknown coding `{name}`: not analysed"))?;
    match coding.decode_without_bom_handling_and_without_replacement(bytes) {
        Some(text) => Ok(text.into_owned()),
        None => Err(format!("not valid `{name}`, its coding: not analysed")),
    }
}

pub fn with_newlines(text: &str) -> String {
    let pieces = text.split("\r\n").map(|piece| piece.replace('\r', "\n"));
    pieces.collect::<Vec<_>>().join("\r\n")
}

/// The coding that a comment in line 1, or in line 2 under a blank or comment line, declares;
/// lower case, `-` for `_`.
fn cookie(bytes: &[u8]) -> Option<String> {
    let (first, rest) = first_line(bytes);
    let (second, _) = first_line(rest);
    let indent = first.trim_ascii_start();
    match declared(first) {
        None if indent.is_empty() || indent.starts_with(b"#") => declared(second),
        declared => declared,
    }
}

fn first_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let Some(end) = memchr2(b'\n', b'\r', bytes) else {
        return (bytes, &[]);
    };
    let (line, rest) = bytes.split_at(end);
    let pair = rest.starts_with(b"\r\n");
    (line, &rest[1 + usize::from(pair)..])
}

/// `# vim: set fileencoding=cp1252 :` declares `cp1252`.
fn declared(line: &[u8]) -> Option<String> {
    let line = line.trim_ascii_start();
    if !line.starts_with(b"#") {
        return None;
    }
    let name = memmem::find_iter(line, b"coding").find_map(|at| {
        let rest = &line[at + b"coding".len()..];
        let rest = rest
            .strip_prefix(b":")
            .or_else(|| rest.strip_prefix(b"="))?
            .trim_ascii_start();
        let word = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
        let end = rest.iter().position(|byte| !word(byte));
        Some(&rest[..end.unwrap_or(rest.len())]).filter(|name| !name.is_empty())
    })?;
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    Some(name.replace('_', "-"))
}

fn is_utf8(name: &str) -> bool {
    ["utf8", "u8", "utf-8"].contains(&name) || name.starts_with("utf-8-")
}

fn is_latin1(name: &str) -> bool {
    let names = [
        "latin-1",
        "latin1",
        "latin",
        "l1",
        "iso-8859-1",
        "iso8859-1",
    ];
    names.contains(&name) || name.starts_with("latin-1-") || name.starts_with("iso-8859-1-")
}

fn coding(name: &str) -> Option<&'static Encoding> {
    let label = match name {
        "cp932" => "windows-31j",
        "cp936" => "gbk",
        "cp949" => "euc-kr",
        "cp950" => "big5",
        "eucjp" => "euc-jp",
        "euckr" => "euc-kr",
        "latin-9" => "iso-8859-15",
        "mac-cyrillic" => "x-mac-cyrillic",
        "mac-roman" => "macintosh",
        name => name,
    };
    // Python refuses UTF-16 here too: the comment itself could not be read.
    Encoding::for_label(label.as_bytes()).filter(|coding| coding.is_ascii_compatible())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_stands_in_the_first_two_lines() {
        let of = |text: &str| cookie(text.as_bytes());
        assert_eq!(of("# -*- coding: Latin_1 -*-\n").unwrap(), "latin-1");
        assert_eq!(of("#!x\r\n# vim: fileencoding=cp1252").unwrap(), "cp1252");
        assert_eq!(of("\r#coding:koi8-r\r").unwrap(), "koi8-r");
        assert_eq!(of("x = 1\n# coding: latin-1\n"), None);
        assert_eq!(of("\n\n# coding: latin-1\n"), None);
        assert_eq!(of("# encoding is not declared\n"), None);
        assert_eq!(of("x = 'coding: latin-1'\n"), None);
    }

    #[test]
    fn codings() {
        assert_eq!(
            decode(b"# coding: latin-1\n\xe9\x80")
                .unwrap()
                .chars()
                .last(),
            Some('\u{80}')
        );
        assert!(
            decode(b"# coding: cp1252\n\x80")
                .unwrap()
                .ends_with('\u{20ac}')
        );
        assert!(
            decode(b"# coding: shift_jis\n\x82\xa0")
                .unwrap()
                .ends_with('\u{3042}')
        );
        assert!(
            decode("\u{feff}é".as_bytes())
                .unwrap()
                .starts_with('\u{feff}')
        );
        assert_eq!(decode(b"a\r\rb\r\nc\r").unwrap(), "a\n\nb\r\nc\n");
        assert!(decode(b"a\0\xe9").unwrap_err().contains("at byte 2"));
        assert!(
            decode(b"# coding: utf-16\n")
                .unwrap_err()
                .contains("unknown")
        );
        assert!(
            decode(b"# coding: klingon\n")
                .unwrap_err()
                .contains("klingon")
        );
        assert!(
            decode(b"# coding: shift_jis\n\xff")
                .unwrap_err()
                .contains("its coding")
        );
    }
}
