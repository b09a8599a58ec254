//! Ctrl-C and a polite kill: what is being written is written to its end, a JSON report is whole, and
//! the run ends with 130 or 143.

use std::io::{self, IsTerminal, Write, stderr, stdout};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::check::Failure;
use super::formats::Format;
use super::output::complain;

/// Hears the signals from now on. `format` is that of standard output.
pub fn heed(format: Format) {
    #[cfg(unix)]
    hear(move |signal| end(signal, format));
    #[cfg(windows)]
    let _ = ctrlc::set_handler(move || end(2, format));
}

/// As long as one lives, a signal waits; the second signal does not.
pub struct Writing;

impl Writing {
    pub fn begin() -> Writing {
        lock().writing += 1;
        Writing
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        lock().writing -= 1;
        CHANGED.notify_all();
    }
}

/// Something stands on standard output: no other document can follow.
pub fn printed() {
    lock().printed = true;
}

pub fn interrupted() -> bool {
    SIGNAL.load(Ordering::SeqCst) != 0
}

/// After a signal the run's own exit code says nothing: waits for the end.
pub fn settle() {
    while interrupted() {
        std::thread::park();
    }
}

/// Takes no more from the first signal on, for what can be cut between two lines.
pub struct Cut<'a>(pub &'a mut dyn Write);

impl Write for Cut<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match interrupted() {
            true => Err(io::Error::other("interrupted")),
            false => self.0.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[derive(Default)]
struct State {
    writing: usize,
    printed: bool,
}

static STATE: Mutex<State> = Mutex::new(State {
    writing: 0,
    printed: false,
});
static CHANGED: Condvar = Condvar::new();
static SIGNAL: AtomicI32 = AtomicI32::new(0);

fn lock() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(unix)]
fn hear(end: impl Fn(i32) + Send + 'static) {
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;

    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::flag;
    use signal_hook::iterator::Signals;

    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else {
        return;
    };
    let second = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // In this order: the first signal arms what the second one sets off.
        let _ = flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&second));
        let _ = flag::register(signal, Arc::clone(&second));
    }
    std::thread::spawn(move || signals.forever().next().map(end));
}

fn end(signal: i32, format: Format) {
    SIGNAL.store(signal, Ordering::SeqCst);
    let mut state = lock();
    while state.writing > 0 {
        state = CHANGED.wait(state).unwrap_or_else(PoisonError::into_inner);
    }
    if stderr().is_terminal() {
        // The line of the progress, and what colours are left over.
        let _ = write!(stderr(), "\r\x1b[K\x1b[0m");
    }
    complain("interrupted");
    if !state.printed {
        let failure = Failure {
            file: None,
            message: "interrupted".to_string(),
        };
        let mut out = stdout();
        let _ = format
            .failure(&mut out, &[failure])
            .and_then(|()| out.flush());
    }
    std::process::exit(128 + signal);
}
