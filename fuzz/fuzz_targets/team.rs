//! A team's own rules.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dynaleak_fuzz::run("team", bytes));
