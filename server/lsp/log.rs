//! The log: to standard error, to a file where one is named, and to the client as `window/logMessage`.

use std::fs::{File, OpenOptions};
use std::io::{self, Write, stderr};
use std::path::Path;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::SystemTime;

use clap::ValueEnum;
use tokio::sync::mpsc::UnboundedSender;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Level {
    Error,
    Warning,
    Info,
    Debug,
}

struct Log {
    level: AtomicU8,
    file: Option<Mutex<File>>,
    /// To the client, once it is there.
    client: OnceLock<UnboundedSender<(Level, String)>>,
}

static LOG: OnceLock<Log> = OnceLock::new();

/// Fails where the file cannot be opened. Panics are logged from here on.
pub fn start(file: Option<&Path>, level: Level) -> io::Result<()> {
    let open = |path| OpenOptions::new().create(true).append(true).open(path);
    let file = file.map(open).transpose()?.map(Mutex::new);
    let _ = LOG.set(Log {
        level: AtomicU8::new(level as u8),
        file,
        client: OnceLock::new(),
    });
    std::panic::set_hook(Box::new(|info| {
        let trace = std::backtrace::Backtrace::force_capture();
        error(format!("internal error, please report it: {info}"));
        debug(format!("{trace}"));
    }));
    Ok(())
}

pub fn to_client(sender: UnboundedSender<(Level, String)>) {
    if let Some(log) = LOG.get() {
        let _ = log.client.set(sender);
    }
}

pub fn set_level(level: Level) {
    if let Some(log) = LOG.get() {
        log.level.store(level as u8, Ordering::Relaxed);
    }
}

pub fn error(message: String) {
    write(Level::Error, message);
}

pub fn warning(message: String) {
    write(Level::Warning, message);
}

pub fn info(message: String) {
    write(Level::Info, message);
}

pub fn debug(message: String) {
    write(Level::Debug, message);
}

/// Would this be written? Spares making the message.
pub fn enabled(level: Level) -> bool {
    LOG.get()
        .is_some_and(|log| level as u8 <= log.level.load(Ordering::Relaxed))
}

fn write(level: Level, message: String) {
    let Some(log) = LOG.get() else { return };
    if !enabled(level) {
        return;
    }
    let time = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let name = match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Info => "info",
        Level::Debug => "debug",
    };
    let line = format!(
        "{}.{:03} {name}: {message}\n",
        time.as_secs(),
        time.subsec_millis()
    );
    let _ = stderr().write_all(line.as_bytes());
    if let Some(file) = &log.file {
        let mut file = file.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let _ = file.write_all(line.as_bytes());
    }
    if let Some(client) = log.client.get() {
        let _ = client.send((level, message));
    }
}
