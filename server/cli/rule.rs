//! `dynaleak rule CODE` and `dynaleak rules`: the catalogue, from the rules' own pages.

use std::io::{self, Write};

use crate::finding::{Category, Effect, Severity};
use crate::rules::{self, Entry};
use crate::select;
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::Verdict;
use super::json::{self, SCHEMA, VERSION, cwe};
use super::output::{Color, complain, print, warn};
use crate::config::Overrides;
use crate::config::files::Configs;
use crate::config::team::Faulty;

#[derive(Args)]
pub struct One {
    /// A code (DDB101) or a name (process-lifetime-accumulator).
    #[arg(value_name = "CODE")]
    word: String,
    /// Text is Markdown.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output_format: Format,
}

#[derive(Args)]
pub struct All {
    /// How the list is printed.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output_format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
}

pub fn one(args: &One) -> Verdict {
    know_own();
    let Some(rule) = rules::entry(&args.word) else {
        let hint = select::hint(&args.word, std::iter::empty());
        complain(&format!("no rule `{}`{hint}", args.word));
        return Verdict::Broken;
    };
    print(Color::Auto, Verdict::Passed, |out| {
        match args.output_format {
            Format::Text => writeln!(out, "{}", rule.help()),
            Format::Json => json::write(out, &RuleOut::of(rule)),
        }
    })
}

pub fn all(args: &All) -> Verdict {
    know_own();
    print(Color::Auto, Verdict::Passed, |out| {
        match args.output_format {
            Format::Text => table(out),
            Format::Json => json::write(
                out,
                &Catalogue {
                    schema: SCHEMA,
                    version: VERSION,
                    rules: rules::known().into_iter().map(RuleOut::of).collect(),
                },
            ),
        }
    })
}

#[derive(Serialize)]
struct Catalogue {
    schema: u32,
    version: &'static str,
    rules: Vec<RuleOut>,
}

#[derive(Serialize)]
pub struct RuleOut {
    code: &'static str,
    name: &'static str,
    /// `null` for a notice.
    effect: Option<Effect>,
    severity: Severity,
    /// It runs without being selected.
    default: bool,
    categories: &'static [Category],
    cwe: Vec<u16>,
    summary: String,
    explanation: String,
}

impl RuleOut {
    pub fn of(rule: &'static Entry) -> RuleOut {
        RuleOut {
            code: rule.code,
            name: rule.name,
            effect: rule.effect,
            severity: rule.severity,
            default: !rule.off,
            categories: rule.categories,
            cwe: cwe(rule.categories),
            summary: in_short(rule),
            explanation: rule.help(),
        }
    }
}

/// The rules of the current folder's team have pages too.
fn know_own() {
    let found = Configs::nearest(Overrides::default()).of_path(".".as_ref());
    for Faulty { path, problems, .. } in &found.team.faulty {
        for problem in problems {
            warn(&format!("{}: {}", path.display(), problem.reason));
        }
    }
}

/// The first sentence under the page's title.
fn in_short(rule: &Entry) -> String {
    let help = rule.help();
    let text = help
        .lines()
        .skip_while(|line| line.starts_with('#') || line.is_empty());
    let text: Vec<&str> = text.take_while(|line| !line.is_empty()).collect();
    let text = text.join(" ");
    match text.split_once(". ") {
        Some((sentence, _)) => sentence.to_string(),
        None => text.trim_end_matches('.').to_string(),
    }
}

fn table(out: &mut dyn Write) -> io::Result<()> {
    let rows: Vec<[String; 5]> = (rules::known().into_iter())
        .map(|rule| {
            let severity = match rule.off {
                true => format!("{} (off)", rule.severity.name()),
                false => rule.severity.name().to_string(),
            };
            let effect = rule.effect.map_or("notice", Effect::name).to_string();
            [
                rule.code.into(),
                rule.name.into(),
                effect,
                severity,
                in_short(rule),
            ]
        })
        .collect();
    let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max();
    let [code, name, effect, severity] = [0, 1, 2, 3].map(|at| width(at).unwrap_or(0));
    for [a, b, c, d, line] in &rows {
        writeln!(
            out,
            "{a:code$}  {b:name$}  {c:effect$}  {d:severity$}  {line}"
        )?;
    }
    Ok(())
}
