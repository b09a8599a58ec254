//! Standard output: colours only where they are wanted, and a reader that goes away is no error.

use std::io::{self, BufWriter, ErrorKind, Write, stderr, stdout};
#[cfg(unix)]
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anstream::{AutoStream, ColorChoice};
use clap::ValueEnum;
use tempfile::{Builder, NamedTempFile};

use super::Verdict;
use super::interrupt::{self, Writing, interrupted};

/// Lets `write` print. What it could not print makes the verdict `Broken`, unless the reader left:
/// `dynaleak check | head` ends quietly.
pub fn print(
    color: Color,
    verdict: Verdict,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Verdict {
    let _writing = Writing::begin();
    interrupt::printed();
    let mut out = BufWriter::new(AutoStream::new(stdout().lock(), color.choice()));
    let written = write(&mut out).and_then(|()| out.flush());
    settled(written, "output", &mut out, verdict)
}

/// The same on standard error, where standard output is for a file's text.
pub fn print_aside(
    color: Color,
    verdict: Verdict,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Verdict {
    let _writing = Writing::begin();
    let mut out = BufWriter::new(AutoStream::new(stderr().lock(), color.choice()));
    let written = write(&mut out).and_then(|()| out.flush());
    settled(written, "error", &mut out, verdict)
}

/// Prints bytes as they are.
pub fn print_bytes(bytes: &[u8]) -> Verdict {
    let _writing = Writing::begin();
    interrupt::printed();
    let mut out = stdout().lock();
    let written = out.write_all(bytes).and_then(|()| out.flush());
    settled(written, "output", &mut out, Verdict::Passed)
}

fn settled(
    written: io::Result<()>,
    stream: &str,
    out: &mut dyn Write,
    verdict: Verdict,
) -> Verdict {
    match written {
        Err(_) if interrupted() => {
            // It may have stopped in the middle of a colour.
            let _ = out.write_all(b"\x1b[0m\n").and_then(|()| out.flush());
            Verdict::Broken
        }
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            complain(&format!("cannot write to standard {stream}: {error}"));
            Verdict::Broken
        }
        _ => verdict,
    }
}

/// Who may read a new file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Its owner, until it is given another mode.
    Owner,
    /// Whom the umask lets, as with other new files.
    Usual,
}

/// A new file beside the target, to take its place in one step. What a kill leaves over is hidden and
/// no Python file.
pub fn beside(target: &Path, access: Access) -> io::Result<NamedTempFile> {
    let folder = target
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let mut builder = Builder::new();
    builder.prefix(".dynaleak-").suffix(".tmp");
    #[cfg(unix)]
    if access == Access::Usual {
        builder.permissions(PermissionsExt::from_mode(0o666));
    }
    builder.tempfile_in(folder.unwrap_or(Path::new(".")))
}

/// One line on standard error.
pub fn complain(message: &str) {
    tell("error", message);
}

pub fn warn(message: &str) {
    tell("warning", message);
}

pub fn note(message: &str) {
    tell("note", message);
}

/// A text from outside, fit for one line of a terminal.
pub fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for each in text.chars() {
        match each.is_control() {
            true => line.extend(each.escape_default()),
            false => line.push(each),
        }
    }
    line
}

#[derive(Clone, Copy, Default, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set; everywhere if FORCE_COLOR is.
    #[default]
    Auto,
    Always,
    Never,
}

impl Color {
    fn choice(self) -> ColorChoice {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        match self {
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
            Color::Auto if set("NO_COLOR") => ColorChoice::Never,
            Color::Auto if set("FORCE_COLOR") => ColorChoice::Always,
            Color::Auto => AutoStream::choice(&stdout()),
        }
    }
}

fn tell(level: &str, message: &str) {
    // A closed standard error leaves nobody to tell.
    let _ = writeln!(io::stderr(), "{level}: {}", one_line(message));
}
