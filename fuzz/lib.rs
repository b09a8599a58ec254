//! What the fuzz targets share: the properties, the clock, and the slowest input so far.

#[path = "properties/mod.rs"]
pub mod properties;

use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use properties::{CLOCK, TARGETS};
use rustix::time::{ClockId, clock_gettime};

/// Runs one input. A panic on any thread, caught or not, ends the process: libFuzzer's hook sees to it.
pub fn run(target: &str, bytes: &[u8]) {
    CLOCK.get_or_init(|| worked);
    let target = TARGETS.iter().find(|known| known.name == target);
    let holds = target.expect("a known target").holds;
    let begun = worked();
    holds(bytes);
    note(bytes, worked().saturating_sub(begun));
}

/// Of all threads: a machine that does other things too changes nothing in it.
fn worked() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Keeps the slowest input in the folder that `DYNALEAK_SLOWEST` names, its milliseconds beside it.
fn note(bytes: &[u8], spent: Duration) {
    static SLOWEST: Mutex<Duration> = Mutex::new(Duration::from_millis(20));
    let mut slowest = SLOWEST.lock().expect("no panic comes back");
    if spent <= *slowest {
        return;
    }
    *slowest = spent;
    if let Some(folder) = std::env::var_os("DYNALEAK_SLOWEST").map(PathBuf::from) {
        let known = std::fs::read_to_string(folder.join("slowest.ms")).unwrap_or_default();
        let spent = spent.as_millis();
        if known.trim().parse().is_ok_and(|known: u128| known >= spent) {
            return;
        }
        let _ = std::fs::write(folder.join("slowest"), bytes);
        let _ = std::fs::write(folder.join("slowest.ms"), format!("{spent}\n"));
    }
}
