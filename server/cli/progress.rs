//! A line on a terminal's standard error while a long run goes on.

use std::io::{IsTerminal, Write, stderr};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// Shown from the first second on, gone when dropped.
pub struct Progress(Option<(Arc<Shared>, JoinHandle<()>)>);

impl Progress {
    pub fn new(quiet: bool) -> Progress {
        if quiet || !stderr().is_terminal() {
            return Progress(None);
        }
        let shared = Arc::new(Shared::default());
        let shown = Arc::clone(&shared);
        let thread = std::thread::spawn(move || shown.show());
        Progress(Some((shared, thread)))
    }

    pub fn set(&self, doing: String) {
        if let Some((shared, _)) = &self.0 {
            shared.lock().doing = doing;
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((shared, thread)) = self.0.take() {
            shared.lock().over = true;
            shared.changed.notify_all();
            let _ = thread.join();
        }
    }
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    doing: String,
    over: bool,
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn show(&self) {
        let mut wait = Duration::from_secs(1);
        let mut shown = false;
        let mut state = self.lock();
        while !state.over {
            let waited = self
                .changed
                .wait_timeout_while(state, wait, |state| !state.over);
            state = waited.unwrap_or_else(|poisoned| poisoned.into_inner()).0;
            if state.over {
                break;
            }
            let _ = write!(stderr(), "\r\x1b[K{}", state.doing);
            shown = true;
            wait = Duration::from_millis(100);
        }
        if shown {
            let _ = write!(stderr(), "\r\x1b[K");
        }
    }
}
