//! The language server: `dynaleak server`, on standard input and output.
//!
//! A message passes [`gate`] (mended, guarded), reaches its handler in [`backend`], changes or asks
//! [`state`] under one lock that is never held across an await; what must follow (publish, refresh,
//! load) is done by the tasks in [`tasks`]. Only this folder names LSP and tokio types.

mod accepted;
mod actions;
mod backend;
mod convert;
mod diagnostics;
mod documents;
mod files;
mod gate;
mod hints;
mod hooks;
mod hover;
mod index;
mod items;
mod log;
mod names;
mod notebook;
mod pipes;
mod project;
mod reach;
pub mod rehearsal;
mod select;
mod session;
mod settings;
mod state;
mod tasks;
mod trail;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use tower_lsp::{ClientSocket, LspService, Server};

use crate::query::RULES;
use backend::{Backend, Shared};
use gate::{Gate, PULL};
use pipes::{Input, Output};

/// The options of `dynaleak server`.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Append the log to this file as well.
    #[arg(long, value_name = "FILE")]
    log_file: Option<PathBuf>,
    /// How much is logged.
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    log_level: log::Level,
    /// Standard input and output are the only way to talk: accepted because clients pass it.
    #[arg(long)]
    stdio: bool,
    /// For the server's own tests.
    #[arg(long, hide = true)]
    test_hooks: bool,
}

/// Deeply nested Python is walked by recursion.
const STACK: usize = 64 << 20;
/// With few in flight a cancellation waits behind what it should cancel.
const CONCURRENCY: usize = 64;

/// Serves until the client says `exit`, closes standard input or is gone.
pub fn run(options: &Options) -> ExitCode {
    let options = options.clone();
    if let Err(error) = log::start(options.log_file.as_deref(), options.log_level) {
        eprintln!("dynaleak: cannot open the log file: {error}");
        return ExitCode::from(2);
    }
    // Fails when a pool was built before, which then serves as well.
    let _ = rayon::ThreadPoolBuilder::new()
        .stack_size(STACK)
        .build_global();
    let serve = move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .thread_stack_size(STACK)
            .enable_time()
            .build();
        match runtime {
            Ok(runtime) => leave(runtime.block_on(serve(&options))),
            Err(error) => {
                log::error(format!("cannot start: {error}"));
                leave(2)
            }
        }
    };
    let thread = std::thread::Builder::new()
        .name("server".to_string())
        .stack_size(STACK);
    match thread.spawn(serve).map(|thread| thread.join()) {
        Ok(Ok(never)) => never,
        _ => ExitCode::from(2),
    }
}

/// The exit code: 0 after `shutdown`, else 1.
async fn serve(options: &Options) -> i32 {
    // The first text needs the compiled queries: `initialize` does not wait for them.
    let compile = || _ = std::sync::LazyLock::force(&RULES);
    let _ = std::thread::Builder::new()
        .name("queries".to_string())
        .spawn(compile);
    let Some((service, socket, shared)) = service(options.test_hooks) else {
        return 2;
    };
    let output = Output::new(Arc::clone(&shared.written));
    let gate = Gate::new(service, Arc::clone(&shared));
    let watched = Arc::clone(&shared);
    let input = match Input::start(io::stdin(), move || tasks::watch_end(&watched)) {
        Ok(input) => input,
        Err(error) => {
            log::error(format!("cannot read standard input: {error}"));
            return 2;
        }
    };
    Server::new(input, output, socket)
        .concurrency_level(CONCURRENCY)
        .serve(gate)
        .await;
    shared.exit_code()
}

/// The handlers, what asks the client, and what they share.
type Parts = (LspService<Backend>, ClientSocket, Arc<Shared>);

fn service(test_hooks: bool) -> Option<Parts> {
    let mut shared = None;
    let (service, socket) = LspService::build(|client| {
        let backend = Backend::new(client, test_hooks);
        shared = Some(Arc::clone(&backend.shared));
        backend
    })
    .custom_method("$/setTrace", Backend::set_trace)
    .custom_method("window/workDoneProgress/cancel", Backend::cancel_progress)
    .custom_method("dynaleak/text", Backend::text)
    .custom_method("dynaleak/trail", Backend::trail)
    .custom_method("dynaleak/rules", Backend::rules)
    .custom_method(PULL, Backend::pull)
    .finish();
    Some((service, socket, shared?))
}

/// Ends at once: a blocked read of standard input would keep the runtime from its end.
fn leave(code: i32) -> ! {
    log::debug(format!("ends with {code}"));
    std::process::exit(code)
}
