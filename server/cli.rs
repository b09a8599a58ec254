//! The command line: its arguments, its commands and the exit code that each verdict gives.

mod add_ignore;
pub(crate) mod baseline;
mod check;
mod ci;
pub(crate) mod coding;
mod config;
mod configured;
pub(crate) mod deployments;
mod explain;
mod formats;
pub(crate) mod gather;
mod html;
mod human;
pub(crate) mod imports;
mod installed;
mod interrupt;
mod json;
pub(crate) mod matters;
pub(crate) mod merge;
mod output;
mod place;
mod progress;
mod rewrite;
mod rule;
mod sarif;
mod settings;
mod shards;
mod shell;
mod since;
mod statistics;
mod stdin;
pub mod suite;
pub(crate) mod test_rules;
pub(crate) mod walk;
mod watch;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use rule::RuleOut;

pub fn run() -> ExitCode {
    let verdict = match Arguments::parse().command {
        Command::Check(check) => check::run(&check),
        Command::Merge(merge) => merge::run(&merge),
        Command::Config(config) => config::run(&config),
        Command::Completions(shell) => shell::completions(&shell),
        Command::Man(man) => shell::man(&man),
        Command::Rule(rule) => rule::one(&rule),
        Command::Rules(rules) => rule::all(&rules),
        Command::TestRules(rules) => test_rules::run(&rules),
        #[cfg(feature = "lsp")]
        Command::Server(options) => return crate::lsp::run(&options),
    };
    interrupt::settle();
    verdict.into()
}

/// Finds where Python code holds on to DynamoDB data longer or in larger amounts than it needs.
#[derive(Parser)]
#[command(name = "dynaleak", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check files and folders, and list what is found.
    Check(check::Check),
    /// Join JSON or SARIF outputs of several checks, such as shards.
    Merge(merge::Merge),
    /// Show the settings that count for a file, and where each comes from.
    Config(config::Show),
    /// Explain one rule.
    Rule(rule::One),
    /// List all rules.
    Rules(rule::All),
    /// Run the fixtures of a team's own rules, in `.dynaleak`.
    TestRules(test_rules::TestRules),
    /// Print completions for a shell, to be put where it looks for them.
    Completions(shell::Completions),
    /// Print the manual page of dynaleak, or of one of its commands.
    Man(shell::Man),
    /// Run the language server on standard input and output.
    #[cfg(feature = "lsp")]
    Server(crate::lsp::Options),
}

/// What a run says to the shell.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    /// 0: nothing that fails.
    Passed,
    /// 1: something fails.
    Failed,
    /// 2: bad arguments or configuration, a named path that cannot be read, an internal error.
    Broken,
}

impl From<Verdict> for ExitCode {
    fn from(verdict: Verdict) -> ExitCode {
        ExitCode::from(verdict as u8)
    }
}
