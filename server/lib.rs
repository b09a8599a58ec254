//! dynaleak finds where Python code holds on to DynamoDB data longer or in larger amounts than it needs.
//!
//! The straight line, in reading order: [`text`] → [`syntax`] (segments, a tree each) → [`facts`] (a pure
//! function of one chunk's text) → [`flow`] (what each expression may be) → [`workspace`] (units linked
//! through cells until nothing changes) → [`analysis`] (which patterns of which rules hold) → [`finding`]
//! → [`report`] (what of them is shown, by [`config`] and the comments that [`suppress`]) → [`fix`] (rewrites, on demand).
//!
//! Invariants:
//! 1. Nothing outside `server/lsp/` names an LSP or tokio type; `cargo check --no-default-features --lib` proves it.
//! 2. A chunk's facts are a pure function of its text and hold no tree node.
//! 3. Rules and lifetimes never see a tree; they ask questions of facts. Only a rewrite parses its file again, when it is asked for.
//! 4. Broken Python is input, not an error: the core returns values, not `Result`. I/O stands only in `config/files.rs`, `cli/` and `lsp/`.
//! 5. What is not in this version of the text goes with it: a leak finder must not leak.
//! 6. Unknown means silent.
//! 7. Ownership that escapes (returned, yielded, put in an ExitStack, stored in a field that is closed) is the caller's: silent.
//! 8. The user's code is never run or imported; no network; no file outside the workspace is written, and a file is replaced whole or not at all.

pub mod analysis;
pub mod api;
pub mod baseline;
pub mod cli;
pub mod config;
pub mod deployed;
pub mod facts;
pub mod finding;
pub mod fix;
pub mod fixtures;
pub mod flow;
pub mod lifetime;
#[cfg(feature = "lsp")]
pub mod lsp;
pub mod own;
pub mod probe;
pub mod query;
pub mod report;
pub mod rules;
pub mod secret;
pub mod select;
pub mod summary;
pub mod suppress;
pub mod syntax;
pub mod team;
pub mod text;
pub mod value;
pub mod workspace;

/// For tests: the purity of facts.
pub mod syntax_check {
    pub use crate::workspace::chunks_alone;
}
