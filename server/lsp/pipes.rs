//! Standard input and output: whole, readable messages in, each answer out in one write.
//!
//! A message that is no JSON-RPC would end tower-lsp's stream for good, so it never gets there.
//! Input is read on without regard to what becomes of it: a client that writes before it reads
//! must not wait for a server that writes.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use memchr::memmem;
use serde_json::Value;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tower_lsp::jsonrpc::{Request, Response};

use super::items::Pulled;
use super::log;

/// What stands in for a message that cannot be read; answered by the gate.
pub const MALFORMED: &str = "dynaleak/malformed";
/// Longer messages are no messages.
const LARGEST: usize = 1 << 30;

/// Frames from standard input.
pub struct Input {
    frames: UnboundedReceiver<Vec<u8>>,
    frame: Vec<u8>,
    read: usize,
}

impl Input {
    /// Starts the thread that reads. `ends` is called there at `exit` and at the end of input,
    /// whatever the server is busy with.
    pub fn start(
        input: impl Read + Send + 'static,
        ends: impl Fn() + Send + 'static,
    ) -> io::Result<Input> {
        let (sender, frames) = unbounded_channel();
        let read = move || {
            let mut input = BufReader::with_capacity(1 << 16, input);
            while let Some(body) = message(&mut input) {
                let body = match told(&body) {
                    Told::Nothing => {
                        log::warning(format!("a message of {} bytes is no JSON-RPC", body.len()));
                        format!(r#"{{"jsonrpc":"2.0","id":null,"method":"{MALFORMED}"}}"#)
                            .into_bytes()
                    }
                    Told::Exit => {
                        ends();
                        body
                    }
                    Told::Other => body,
                };
                let mut frame = format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes();
                frame.extend(body);
                if sender.send(frame).is_err() {
                    return;
                }
            }
            ends();
        };
        std::thread::Builder::new()
            .name("input".to_string())
            .spawn(read)?;
        Ok(Input {
            frames,
            frame: Vec::new(),
            read: 0,
        })
    }
}

impl AsyncRead for Input {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.read == self.frame.len() {
            // None: the end of input.
            self.frame = ready!(self.frames.poll_recv(cx)).unwrap_or_default();
            self.read = 0;
        }
        let count = buffer.remaining().min(self.frame.len() - self.read);
        buffer.put_slice(&self.frame[self.read..self.read + count]);
        self.read += count;
        Poll::Ready(Ok(()))
    }
}

/// The body of the next message; none at the end of input. Headers without a length are passed over.
fn message(input: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut length = None;
    let mut line = Vec::new();
    loop {
        line.clear();
        if input
            .by_ref()
            .take(1 << 16)
            .read_until(b'\n', &mut line)
            .ok()?
            == 0
        {
            return None;
        }
        let header = line.trim_ascii();
        if header.is_empty() {
            let Some(length) = length.take() else {
                continue;
            };
            let mut body = vec![0; length];
            input.read_exact(&mut body).ok()?;
            return Some(body);
        }
        let (name, value) =
            header.split_at(header.iter().position(|&byte| byte == b':').unwrap_or(0));
        if name.eq_ignore_ascii_case(b"content-length") {
            let value = str::from_utf8(&value[1..]).ok();
            length = value
                .and_then(|value| value.trim().parse().ok())
                .filter(|&length| length <= LARGEST);
        }
    }
}

/// What a message's body tells, as far as the reading thread wants to know.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    /// It cannot be read.
    Nothing,
    Exit,
    Other,
}

fn told(body: &[u8]) -> Told {
    // What the types pass over may hold any bytes, but tower-lsp takes text only.
    let Ok(text) = str::from_utf8(body) else {
        return Told::Nothing;
    };
    // What has neither a method nor an id asks and answers nothing, though both types would take it.
    let has = |key: &[u8]| memmem::find(body, key).is_some();
    if has(b"\"method\"")
        && let Ok(request) = serde_json::from_str::<Request>(text)
    {
        return match request.method() {
            "exit" => Told::Exit,
            _ => Told::Other,
        };
    }
    match has(b"\"id\"") && serde_json::from_str::<Response>(text).is_ok() {
        true => Told::Other,
        false => Told::Nothing,
    }
}

/// Results whose JSON is written already: as a tree of values, hundreds of diagnostics take longer
/// to make, to write and to drop than to find. A string goes through tower-lsp in a result's place.
#[derive(Default)]
pub struct Written(Mutex<(u64, BTreeMap<u64, Pulled>)>);

/// What the message of such a result begins with; its number follows.
const WRITTEN: &[u8] = br#"{"jsonrpc":"2.0","result":"dynaleak/written/"#;
/// Far more than can be on their way at once: the oldest was cancelled.
const ON_THEIR_WAY: usize = 256;

impl Written {
    /// Takes a result; answers what stands for it.
    pub fn put(&self, pulled: Pulled) -> Value {
        let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (number, results) = &mut *written;
        *number += 1;
        results.insert(*number, pulled);
        while results.len() > ON_THEIR_WAY {
            results.pop_first();
        }
        Value::String(format!("dynaleak/written/{number}"))
    }

    /// The result that a message's body stands for, and what of the body comes behind it.
    fn result<'a>(&self, body: &'a [u8]) -> Option<(Pulled, &'a [u8])> {
        let rest = body.strip_prefix(WRITTEN)?;
        let end = rest.iter().position(|&byte| byte == b'"')?;
        let number = str::from_utf8(&rest[..end]).ok()?.parse().ok()?;
        let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Some((written.1.remove(&number)?, &rest[end + 1..]))
    }

    /// Adds whole messages, with the results in their places.
    fn fill(&self, acc: &mut Vec<u8>, mut frames: &[u8]) {
        while let Some((head, body)) = frame(frames) {
            let (message, rest) = frames.split_at(head + body.len());
            match self.result(body) {
                Some((pulled, end)) => {
                    pulled.message(acc, br#"{"jsonrpc":"2.0","result":"#, end);
                }
                None => acc.extend_from_slice(message),
            }
            frames = rest;
        }
        acc.extend_from_slice(frames);
    }
}

/// The length of the first message's head, and its body; none where it isn't whole.
fn frame(frames: &[u8]) -> Option<(usize, &[u8])> {
    let head = memmem::find(frames, b"\r\n\r\n")? + 4;
    let length = frames.strip_prefix(b"Content-Length: ")?;
    let length = length
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let length = &frames[b"Content-Length: ".len()..][..length];
    let length: usize = str::from_utf8(length).ok()?.parse().ok()?;
    Some((head, frames.get(head..head.checked_add(length)?)?))
}

/// Larger messages are rare: their memory is given back.
const KEPT: usize = 1 << 20;

/// Standard output without its buffer by lines. It is given whole messages.
pub struct Output {
    out: Box<dyn Write + Send>,
    written: Arc<Written>,
    /// Used again: a new one for each large answer would have to be made of new memory.
    filled: Vec<u8>,
}

impl Output {
    pub fn new(written: Arc<Written>) -> Output {
        match unbuffered() {
            Ok(file) => Output::to(Box::new(file), written),
            Err(_) => Output::to(Box::new(io::stdout()), written),
        }
    }

    pub fn to(out: Box<dyn Write + Send>, written: Arc<Written>) -> Output {
        Output {
            out,
            written,
            filled: Vec::new(),
        }
    }
}

#[cfg(unix)]
fn unbuffered() -> io::Result<File> {
    use std::os::fd::AsFd;
    let out = io::stdout().as_fd().try_clone_to_owned()?;
    // Hundreds of diagnostics go out in one go, whether the client reads on or not. What is no pipe
    // stays as it is.
    #[cfg(target_os = "linux")]
    let _ = rustix::pipe::fcntl_setpipe_size(&out, 1 << 20);
    Ok(File::from(out))
}

#[cfg(windows)]
fn unbuffered() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    io::stdout()
        .as_handle()
        .try_clone_to_owned()
        .map(File::from)
}

impl AsyncWrite for Output {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Output {
            out,
            written,
            filled,
        } = &mut *self;
        filled.clear();
        filled.shrink_to(KEPT);
        written.fill(filled, bytes);
        Poll::Ready(out.write_all(filled).map(|()| bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.out.flush())
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}

#[cfg(test)]
mod tests {
    use tower_lsp::ls_types::Diagnostic;

    use super::super::items::plain;
    use super::*;

    #[test]
    fn messages_between_nonsense() {
        let bytes = b"Content-Length: 2\r\nContent-Type: x\r\n\r\n{}nonsense\r\n\r\ncontent-length:3\n\nabcContent-Length: x\r\n\r\n";
        let mut input = &bytes[..];
        assert_eq!(message(&mut input).as_deref(), Some(&b"{}"[..]));
        assert_eq!(message(&mut input).as_deref(), Some(&b"abc"[..]));
        assert_eq!(message(&mut input), None);
    }

    #[test]
    fn results_that_are_written_already() {
        let written = Written::default();
        let message = |result: &Value| {
            let body = format!(r#"{{"jsonrpc":"2.0","result":{result},"id":"é"}}"#);
            format!("Content-Length: {}\r\n\r\n{body}", body.len())
        };
        let put = |id: &str, items: Option<Vec<Diagnostic>>| {
            let (id, items) = (id.to_string(), items.map(|items| Arc::new(plain(items))));
            written.put(Pulled { id, items })
        };
        let (one, two) = (
            put("1", None),
            put("2", Some(vec![Diagnostic::default(); 2])),
        );
        let other = Value::from("dynaleak/written/x");
        let frames = [&two, &other, &one].map(message).concat();
        let item = serde_json::to_string(&Diagnostic::default()).unwrap();
        let two = format!(r#"{{"kind":"full","resultId":"2","items":[{item},{item}]}}"#);
        let one = r#"{"kind":"unchanged","resultId":"1"}"#;
        let body = |result: &str| format!(r#"{{"jsonrpc":"2.0","result":{result},"id":"é"}}"#);
        let whole = |body: String| format!("Content-Length: {}\r\n\r\n{body}", body.len());
        let wanted = [&two, r#""dynaleak/written/x""#, one].map(|result| whole(body(result)));
        let filled = |frames: &str| {
            let mut filled = Vec::new();
            written.fill(&mut filled, frames.as_bytes());
            String::from_utf8(filled).unwrap()
        };
        assert_eq!(filled(&frames), wanted.concat());
        // Given out once.
        assert_eq!(filled(&frames), frames);
        let part = "Content-Length: 9\r\n\r\n{";
        assert_eq!(filled(part), part);
        (0..2 * ON_THEIR_WAY).for_each(|_| drop(put("", None)));
        assert_eq!(written.0.lock().unwrap().1.len(), ON_THEIR_WAY);
    }

    #[test]
    fn what_is_readable() {
        let (exit, result) = (r#""method":"exit""#, r#""id":1,"result":null"#);
        let told_by = |fields| told(format!(r#"{{"jsonrpc":"2.0",{fields}}}"#).as_bytes());
        assert_eq!((told_by(exit), told_by(result)), (Told::Exit, Told::Other));
        for body in [
            &b"[]"[..],
            b"{",
            b"",
            b"3",
            b"\xff",
            br#"{"jsonrpc":"2.0"}"#,
            b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"x\",\"unknown\":\"\xff\"}",
        ] {
            assert_eq!(told(body), Told::Nothing, "{body:?}");
        }
    }
}
