//! Edit scripts: incremental equals cold.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dynaleak_fuzz::run("edits", bytes));
