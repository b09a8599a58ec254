//! Configuration files and editor settings.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dynaleak_fuzz::run("config", bytes));
