//! URIs, paths and the names under which a workspace knows files.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use tower_lsp::ls_types::Uri;

use crate::cli::walk::name_of;

/// What two URIs of one document share: a file's path, else the URI as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(String);

impl Key {
    pub fn of(uri: &Uri) -> Key {
        match path_of(uri) {
            Some(path) if uri.query().is_none() && uri.fragment().is_none() => {
                Key(path.to_string_lossy().into_owned())
            }
            _ => Key(uri.as_str().to_string()),
        }
    }

    pub fn of_path(path: &Path) -> Key {
        Key(path.to_string_lossy().into_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The path of a `file:` URI: percent escapes decoded, byte by byte; on Windows `/c:/x` is `C:\x`.
pub fn path_of(uri: &Uri) -> Option<PathBuf> {
    if !uri.scheme().as_str().eq_ignore_ascii_case("file") {
        return None;
    }
    let bytes = decoded(uri.path().as_str());
    if bytes.is_empty() || bytes.contains(&0) {
        return None;
    }
    Some(native(bytes))
}

#[cfg(unix)]
fn native(bytes: Vec<u8>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    plain(&PathBuf::from(std::ffi::OsString::from_vec(bytes)))
}

#[cfg(not(unix))]
fn native(bytes: Vec<u8>) -> PathBuf {
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let drive = text.as_bytes();
    match drive {
        [b'/', letter, b':', ..] if letter.is_ascii_alphabetic() => {
            let letter = letter.to_ascii_uppercase() as char;
            plain(Path::new(&format!("{letter}{}", &text[2..])))
        }
        _ => plain(Path::new(&text)),
    }
}

/// Without `.` and doubled or trailing slashes; `..` stays, for it may lead through a link.
fn plain(path: &Path) -> PathBuf {
    path.components().collect()
}

pub fn uri_of(path: &Path) -> Option<Uri> {
    Uri::from_file_path(path)
}

/// A file's name in the workspace of `root`: as `dynaleak check` run there prints it.
pub fn name_in(path: &Path, root: &Path) -> Option<String> {
    path.starts_with(root).then(|| name_of(path, root))
}

/// Is it Python by its name?
pub fn is_python(path: &str) -> bool {
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
    ending.eq_ignore_ascii_case("py") || ending.eq_ignore_ascii_case("pyw")
}

/// A URI that the wire type takes, where this one isn't: spaces, emoji, quotes and brackets escaped,
/// a bare path given its scheme.
pub fn mended(uri: &str) -> Option<String> {
    if Uri::from_str(uri).is_ok() {
        return None;
    }
    let mut mended = String::with_capacity(uri.len() + 16);
    if uri.starts_with('/') {
        mended.push_str("file://");
    }
    for (at, byte) in uri.bytes().enumerate() {
        let hex = |at: usize| uri.as_bytes().get(at).is_some_and(u8::is_ascii_hexdigit);
        let fine = byte.is_ascii_alphanumeric()
            || b"-._~/:@!$&'()*+,;=?#".contains(&byte)
            || byte == b'%' && hex(at + 1) && hex(at + 2);
        if fine {
            mended.push(byte.into());
        } else {
            mended.push_str(&format!("%{byte:02X}"));
        }
    }
    if Uri::from_str(&mended).is_ok() {
        return Some(mended);
    }
    // Nothing of it is a URI: still a document of its own.
    let escaped: String = uri.bytes().map(|byte| format!("{byte:02x}")).collect();
    Some(format!("unknown:{escaped}"))
}

fn decoded(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match hex {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(uri: &str) -> String {
        let mended = mended(uri).unwrap_or_else(|| uri.to_string());
        Key::of(&Uri::from_str(&mended).unwrap())
            .as_str()
            .to_string()
    }

    #[test]
    fn odd_uris() {
        assert_eq!(key("file:///tmp/a b.py"), "/tmp/a b.py");
        assert_eq!(key("file:///tmp/a%20b.py"), "/tmp/a b.py");
        assert_eq!(key("file:///tmp/🦀é.py"), "/tmp/🦀é.py");
        assert_eq!(key("file:///tmp/%F0%9F%A6%80%C3%A9.py"), "/tmp/🦀é.py");
        assert_eq!(key("file:///tmp/100%.py"), "/tmp/100%.py");
        assert_eq!(key("/tmp/x.py"), "/tmp/x.py");
        assert_eq!(key("untitled:Untitled-1"), "untitled:Untitled-1");
        assert_eq!(key("file:///tmp/[x].py"), "/tmp/[x].py");
        for uri in [
            "",
            "%",
            ":",
            "🦀",
            "file:",
            "file://",
            "C:\\x\\y.py",
            "file:///c%3A/x.py",
            "a b",
        ] {
            key(uri);
        }
    }
}
