//! Baselines, and what `dynaleak merge` joins.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dynaleak_fuzz::run("baseline", bytes));
