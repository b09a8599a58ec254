//! The `dynaleak` program.

use std::alloc::Layout;
use std::ffi::{c_long, c_void};

/// Linking makes and drops many small values, and parsing many small nodes: a tenth faster than the
/// system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    // SAFETY: the four belong together, and no tree was made so far.
    unsafe {
        tree_sitter::set_allocator(Some(tree_sitter::Allocator {
            malloc,
            calloc,
            realloc,
            free: libmimalloc_sys::mi_free,
        }));
    }
    // They are cleared, and on some machines looked for, longer than a check uses them, and a server
    // that holds a few bytes of one holds all of it.
    #[cfg(target_os = "linux")]
    rustix::thread::disable_transparent_huge_pages(true).ok();
    let server = std::env::args_os()
        .nth(1)
        .is_some_and(|command| command == "server");
    keep_memory(if server { SERVING } else { CHECKING });
    dynaleak::cli::run()
}

/// Tree-sitter takes what it gets: where there is no memory, the run ends with a word.
fn sure(memory: *mut c_void, size: usize) -> *mut c_void {
    if memory.is_null() {
        let layout = Layout::from_size_align(size, 1).unwrap_or(Layout::new::<u8>());
        std::alloc::handle_alloc_error(layout);
    }
    memory
}

unsafe extern "C" fn malloc(size: usize) -> *mut c_void {
    // SAFETY: any size is one.
    sure(unsafe { libmimalloc_sys::mi_malloc(size) }, size)
}

unsafe extern "C" fn calloc(count: usize, size: usize) -> *mut c_void {
    // SAFETY: any two sizes are.
    sure(unsafe { libmimalloc_sys::mi_calloc(count, size) }, size)
}

unsafe extern "C" fn realloc(memory: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: what tree-sitter gives back came from these three.
    sure(unsafe { libmimalloc_sys::mi_realloc(memory, size) }, size)
}

/// A check ends soon: memory that it gave back meanwhile it would only ask for again.
const CHECKING: c_long = -1;

/// Of what an index frees, more goes back if that isn't left for later: with the allocator's own second,
/// 115 MiB stay of a workspace of 18,407 files, with this 101 MiB.
const SERVING: c_long = 10;

/// For how many milliseconds what is freed is kept, lest it be wanted again.
fn keep_memory(delay: c_long) {
    // An option of mimalloc's header that the crate has no name for.
    const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;
    // SAFETY: it sets a number, before any other thread runs.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, delay) };
}
