//! The `dynaleak` program.

fn main() -> std::process::ExitCode {
    dynaleak::cli::run()
}
