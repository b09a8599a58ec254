//! Messages to the language server.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dynaleak_fuzz::run("lsp", bytes));
