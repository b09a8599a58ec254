//! The `dynaleak` program.

/// Linking makes and drops many small values, and parsing many small nodes: a tenth faster than the
/// system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    // SAFETY: the four belong together, and no tree was made so far.
    unsafe {
        tree_sitter::set_allocator(Some(tree_sitter::Allocator {
            malloc: libmimalloc_sys::mi_malloc,
            calloc: libmimalloc_sys::mi_calloc,
            realloc: libmimalloc_sys::mi_realloc,
            free: libmimalloc_sys::mi_free,
        }));
    }
    if std::env::args_os()
        .nth(1)
        .is_none_or(|command| command != "server")
    {
        keep_memory();
    }
    dynaleak::cli::run()
}

/// A check ends soon: memory that it gave back meanwhile it would only ask for again. Huge pages are
/// cleared, and on some machines looked for, longer than such a run uses them.
fn keep_memory() {
    // An option of mimalloc's header that the crate has no name for.
    const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;
    // SAFETY: it sets a number, before any other thread runs.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, -1) };
    #[cfg(target_os = "linux")]
    rustix::thread::disable_transparent_huge_pages(true).ok();
}
