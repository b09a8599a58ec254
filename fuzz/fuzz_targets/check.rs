//! Bytes as one file or several: check, rewrites.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dynaleak_fuzz::run("check", bytes));
