//! What a shell and `man` want to know of the command line, made from its definition.

use std::io;

use clap::{Args, Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man as Page;

use super::output::{complain, print_bytes};
use super::{Arguments, Verdict};

#[derive(Args)]
pub struct Completions {
    shell: Shell,
}

#[derive(Args)]
pub struct Man {
    /// A command, such as check.
    command: Option<String>,
}

pub fn completions(wanted: &Completions) -> Verdict {
    let mut script = Vec::new();
    clap_complete::generate(
        wanted.shell,
        &mut Arguments::command(),
        "dynaleak",
        &mut script,
    );
    print_bytes(&script)
}

pub fn man(wanted: &Man) -> Verdict {
    let mut whole = Arguments::command();
    whole.build();
    let command = match &wanted.command {
        None => Some(whole),
        Some(name) => whole.find_subcommand(name).cloned(),
    };
    let Some(command) = command else {
        let name = wanted.command.as_deref().unwrap_or_default();
        complain(&format!("no command `{name}`"));
        return Verdict::Broken;
    };
    match page(command) {
        Ok(page) => print_bytes(&page),
        Err(error) => {
            complain(&error.to_string());
            Verdict::Broken
        }
    }
}

fn page(command: Command) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    Page::new(command).render(&mut page)?;
    Ok(page)
}
