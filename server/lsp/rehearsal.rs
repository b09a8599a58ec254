//! A conversation in memory, whole from the first byte to the last: how tests and the fuzzer talk to the server.

use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use memchr::memmem;
use serde_json::Value;
use tower_lsp::Server;
use tower_lsp::jsonrpc::Request;
use tower_service::Service;

use super::gate::Gate;
use super::pipes::{Input, Output};
use super::settings::Settings;
use super::{CONCURRENCY, STACK, service};

/// What the client does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Write(Vec<u8>),
    /// It waits, as somebody who reads what there is.
    Wait(Duration),
    /// It waits until this was written to it.
    Await(Vec<u8>),
}

/// What the server writes until the client has done all its steps; none where it does not come to
/// its end within `patience`. No file outside of `root` is read, whatever the messages name.
pub fn rehearse(steps: Vec<Step>, root: &Path, patience: Duration) -> io::Result<Option<Vec<u8>>> {
    let talk = || talk(steps, root, patience);
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK);
        match thread.spawn_scoped(scope, talk)?.join() {
            Ok(written) => written,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

fn talk(steps: Vec<Step>, root: &Path, patience: Duration) -> io::Result<Option<Vec<u8>>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .thread_stack_size(STACK)
        .enable_time()
        .build()?;
    let written = Written::default();
    let (out, seen) = (written.clone(), written.clone());
    let root = format!("file://{}", root.display());
    let ended = runtime.block_on(async move {
        let Some((service, socket, shared)) = service(false) else {
            return Ok(false);
        };
        shared.may_exit.store(false, Ordering::Relaxed);
        let output = Output::to(Box::new(out), Arc::clone(&shared.written));
        let gate = Gate::new(service, shared);
        let input = Input::start(Steps::new(steps, seen, patience / 2), || {})?;
        let confined = Confined { inner: gate, root };
        let served = Server::new(input, output, socket)
            .concurrency_level(CONCURRENCY)
            .serve(confined);
        io::Result::Ok(tokio::time::timeout(patience, served).await.is_ok())
    })?;
    // What still runs beside the messages runs to its end, so that its panics are seen.
    drop(runtime);
    written.ended.store(true, Ordering::Relaxed);
    let mut bytes = written.bytes();
    Ok(ended.then(|| std::mem::take(&mut *bytes)))
}

/// What the client's settings are read as.
pub fn settings(value: &Value) -> String {
    format!("{:?}", Settings::of(value))
}

struct Steps {
    steps: std::vec::IntoIter<Step>,
    bytes: Vec<u8>,
    read: usize,
    written: Written,
    until: Instant,
}

impl Steps {
    fn new(steps: Vec<Step>, written: Written, patience: Duration) -> Steps {
        Steps {
            steps: steps.into_iter(),
            bytes: Vec::new(),
            read: 0,
            written,
            until: Instant::now() + patience,
        }
    }

    fn until(&self, wanted: &[u8]) {
        let Written { ended, .. } = &self.written;
        let there = || memmem::find(&self.written.bytes(), wanted).is_some();
        while !there() && !ended.load(Ordering::Relaxed) && Instant::now() < self.until {
            std::thread::sleep(Duration::from_micros(200));
        }
    }
}

impl Read for Steps {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.read == self.bytes.len() {
            match self.steps.next() {
                Some(Step::Write(bytes)) => (self.bytes, self.read) = (bytes, 0),
                Some(Step::Wait(time)) => std::thread::sleep(time),
                Some(Step::Await(wanted)) => self.until(&wanted),
                None => return Ok(0),
            }
        }
        let count = buffer.len().min(self.bytes.len() - self.read);
        buffer[..count].copy_from_slice(&self.bytes[self.read..self.read + count]);
        self.read += count;
        Ok(count)
    }
}

#[derive(Clone, Default)]
struct Written {
    bytes: Arc<Mutex<Vec<u8>>>,
    ended: Arc<AtomicBool>,
}

impl Written {
    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The gate behind one more: what names a file outside of the root names one in it.
struct Confined<S> {
    inner: S,
    root: String,
}

impl<S: Service<Request>> Service<Request> for Confined<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> S::Future {
        let (method, id, params) = request.into_parts();
        let mut builder = Request::build(method);
        if let Some(mut params) = params {
            confine(&mut params, &self.root);
            builder = builder.params(params);
        }
        if let Some(id) = id {
            builder = builder.id(id);
        }
        self.inner.call(builder.finish())
    }
}

fn confine(value: &mut Value, root: &str) {
    match value {
        Value::String(text) => {
            let start = text.trim_start().get(..5).unwrap_or_default();
            let named = start.eq_ignore_ascii_case("file:") || text.starts_with('/');
            // `..`, written as it is or escaped, leads out.
            let inside = text
                .strip_prefix(root)
                .is_some_and(|rest| !rest.contains("..") && !rest.to_lowercase().contains("%2e"));
            if named && !inside {
                let path = text.trim_start().get(5..).unwrap_or_default();
                let name = path.rsplit('/').next().unwrap_or_default();
                *text = format!("{root}/{}", name.replace("..", "").replace('%', ""));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| confine(item, root)),
        Value::Object(fields) => {
            let fields = fields.iter_mut().filter(|(key, _)| *key != "text");
            fields.for_each(|(_, field)| confine(field, root));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(body: &str) -> Step {
        Step::Write(format!("Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes())
    }

    #[test]
    fn a_conversation() {
        let folder = tempfile::tempdir().unwrap();
        let steps = vec![
            framed(
                r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{},"processId":1}}"#,
            ),
            Step::Wait(Duration::from_millis(1)),
            framed(r#"{"jsonrpc":"2.0","id":2,"method":"shutdown"}"#),
            Step::Await(br#""id":2}"#.to_vec()),
        ];
        let written = rehearse(steps, folder.path(), Duration::from_secs(60));
        let written = String::from_utf8(written.unwrap().unwrap()).unwrap();
        assert!(written.contains(r#""name":"dynaleak""#), "{written}");
        assert!(
            written.ends_with(r#"{"jsonrpc":"2.0","result":null,"id":2}"#),
            "{written}"
        );
    }

    #[test]
    fn what_is_named_is_inside() {
        for (named, is) in [
            ("file:///w/a.py", "file:///w/a.py"),
            ("file:///etc/passwd", "file:///w/passwd"),
            ("FILE:///w/../etc", "file:///w/etc"),
            ("file:///w/%2e%2E/x", "file:///w/x"),
            ("/etc/x", "file:///w/x"),
            ("untitled:1", "untitled:1"),
        ] {
            let mut value = serde_json::json!([{ "uri": named }]);
            confine(&mut value, "file:///w");
            assert_eq!(value[0]["uri"], is, "{named}");
        }
    }
}
