//! What every message passes before its handler: odd values are mended, panics end in an answer.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use serde_json::{Number, Value};
use tower_lsp::ExitedError;
use tower_lsp::jsonrpc::{Error, Id, Request, Response};
use tower_service::Service;

use super::backend::Shared;
use super::log;
use super::names::mended;
use super::pipes::MALFORMED;

/// Under this name `textDocument/diagnostic` is answered.
pub const PULL: &str = "dynaleak/diagnostic";

pub struct Gate<S> {
    inner: S,
    shared: Arc<Shared>,
}

impl<S> Gate<S> {
    pub fn new(inner: S, shared: Arc<Shared>) -> Gate<S> {
        Gate { inner, shared }
    }
}

type Answer = Result<Option<Response>, ExitedError>;

impl<S> Service<Request> for Gate<S>
where
    S: Service<Request, Response = Option<Response>, Error = ExitedError>,
    S::Future: Send + 'static,
{
    type Response = Option<Response>;
    type Error = ExitedError;
    type Future = Pin<Box<dyn Future<Output = Answer> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ExitedError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let (method, id, mut params) = request.into_parts();
        if let Some(params) = &mut params {
            mend(params, 0);
        }
        if method == MALFORMED {
            let answer = Response::from_error(Id::Null, Error::parse_error());
            return Box::pin(async { Ok(Some(answer)) });
        }
        // All that begin so are notifications; asked as requests tower-lsp would not answer them.
        if let Some(id) = id.clone().filter(|_| method.starts_with("$/")) {
            let answer = Response::from_error(id, Error::method_not_found());
            return Box::pin(async { Ok(Some(answer)) });
        }
        if method == "shutdown" {
            self.shared.shut_down();
        }
        if log::enabled(log::Level::Debug) {
            log::debug(format!("received {method}"));
        }
        // Its answer is too large for the way of the others.
        let inner = match &*method {
            "textDocument/diagnostic" => PULL.into(),
            _ => method.clone(),
        };
        let mut builder = Request::build(inner);
        if let Some(params) = params {
            builder = builder.params(params);
        }
        if let Some(id) = id.clone() {
            builder = builder.id(id);
        }
        let request = builder.finish();
        let future = catch_unwind(AssertUnwindSafe(|| self.inner.call(request)));
        Box::pin(async move {
            let answer = match future {
                Ok(future) => Caught(Box::pin(future)).await,
                Err(panic) => Err(panic),
            };
            answer.unwrap_or_else(|_| {
                log::error(format!(
                    "{method}: an internal error took its answer, nothing else"
                ));
                Ok(id.map(|id| Response::from_error(id, Error::internal_error())))
            })
        })
    }
}

/// A future whose panic is its result.
struct Caught<F>(Pin<Box<F>>);

impl<F: Future> Future for Caught<F> {
    type Output = Result<F::Output, Box<dyn Any + Send>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let inner = self.0.as_mut();
        match catch_unwind(AssertUnwindSafe(|| inner.poll(cx))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    }
}

/// Keys under which a URI stands.
const URIS: [&str; 7] = [
    "uri", "oldUri", "newUri", "rootUri", "document", "baseUri", "scopeUri",
];
/// Keys under which an unsigned number stands.
const NUMBERS: [&str; 2] = ["line", "character"];

/// What the wire types would refuse, and so drop the whole message: unescaped URIs, and positions
/// and versions out of range.
fn mend(value: &mut Value, depth: usize) {
    if depth > 32 {
        return;
    }
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| mend(item, depth + 1)),
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::String(text) if URIS.contains(&key.as_str()) => {
                        if let Some(mended) = mended(text) {
                            *text = mended;
                        }
                    }
                    Value::Number(number) if NUMBERS.contains(&key.as_str()) => {
                        *number = clamped(number, 0, u32::MAX.into());
                    }
                    Value::Number(number) if key == "version" => {
                        *number = clamped(number, i32::MIN.into(), i32::MAX.into());
                    }
                    Value::Array(_) | Value::Object(_) => mend(value, depth + 1),
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

fn clamped(number: &Number, low: i64, high: i64) -> Number {
    let whole = number
        .as_i64()
        .or_else(|| number.as_f64().map(|number| number as i64));
    whole.unwrap_or(0).clamp(low, high).into()
}
