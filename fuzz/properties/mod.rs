//! What holds for every input: the fuzz targets and `tests/fuzz.rs` ask for the same. Each function panics where it doesn't.

pub mod baseline;
pub mod check;
pub mod config;
pub mod edits;
pub mod input;
pub mod lsp;
pub mod team;
#[path = "../../tests/fixtures/unlike.rs"]
mod unlike;

use std::sync::OnceLock;
use std::time::Duration;

pub struct Target {
    pub name: &'static str,
    pub holds: fn(&[u8]),
}

pub const TARGETS: [Target; 6] = [
    Target {
        name: "check",
        holds: check::holds,
    },
    Target {
        name: "edits",
        holds: edits::holds,
    },
    Target {
        name: "lsp",
        holds: lsp::holds,
    },
    Target {
        name: "config",
        holds: config::holds,
    },
    Target {
        name: "team",
        holds: team::holds,
    },
    Target {
        name: "baseline",
        holds: baseline::holds,
    },
];

/// The time that the process has worked. Only the fuzzer sets it: no test measures time.
pub static CLOCK: OnceLock<fn() -> Duration> = OnceLock::new();

/// What nothing that somebody waits for may take.
const LIMIT: Duration = Duration::from_secs(1);

/// Does some work, which must not take longer than the limit where there is a clock.
pub fn within<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let Some(clock) = CLOCK.get() else {
        return work();
    };
    let begun = clock();
    let done = work();
    let spent = clock().saturating_sub(begun);
    assert!(spent <= LIMIT, "{what} takes {} ms", spent.as_millis());
    done
}
