//! For tests and the fuzzer: what reads input of others, without the program around it.

pub use crate::cli::baseline::place_of;
pub use crate::cli::coding::decode;
pub use crate::cli::merge::joined;
pub use crate::cli::test_rules::test as test_rule;
#[cfg(feature = "lsp")]
pub use crate::lsp::rehearsal::{Step, rehearse, settings};
