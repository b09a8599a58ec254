//! The limit for what must be parsed: reads the files that standard input names, parses each whole
//! with tree-sitter on all processors, and does nothing else.
//!
//! `dynaleak check -vv` says which files those are. The allocator, the grammar and the number of
//! threads are dynaleak's own.

use std::io::{BufRead, stdin};

use rayon::prelude::*;
use tree_sitter::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    // SAFETY: the four belong together, and no tree was made so far.
    unsafe {
        tree_sitter::set_allocator(Some(tree_sitter::Allocator {
            malloc: libmimalloc_sys::mi_malloc,
            calloc: libmimalloc_sys::mi_calloc,
            realloc: libmimalloc_sys::mi_realloc,
            free: libmimalloc_sys::mi_free,
        }));
    }
    keep_memory();
    let names: Vec<String> = stdin().lock().lines().map_while(Result::ok).collect();
    let nodes: usize = (names.par_iter())
        .map_init(parser, |parser, name| {
            let text = std::fs::read(name).expect("a file of the list");
            let tree = parser.parse(&text, None).expect("no limit was set");
            tree.root_node().descendant_count()
        })
        .sum();
    println!("{} files, {nodes} nodes", names.len());
}

/// As a check does.
fn keep_memory() {
    const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;
    // SAFETY: it sets a number, before any other thread runs.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, -1) };
    #[cfg(target_os = "linux")]
    rustix::thread::disable_transparent_huge_pages(true).ok();
}

fn parser() -> Parser {
    let mut parser = Parser::new();
    let language = tree_sitter_python::LANGUAGE.into();
    parser
        .set_language(&language)
        .expect("a grammar of this version");
    parser
}
