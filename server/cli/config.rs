//! `dynaleak config`: the settings that count for a file, and where each comes from.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::{Value, json};

use crate::config::files::Found;
use crate::config::keys::{self, Key, Takes};
use crate::finding::Severity;
use crate::rules;

use super::Verdict;
use super::check::Failure;
use super::configured::sound;
use super::json::{self, SCHEMA, VERSION};
use super::output::{Color, complain, one_line, print};
use super::place::Place;
use super::settings::Settings;
use super::walk::{absolute, name_of};

#[derive(Args)]
pub struct Show {
    /// The file or folder whose settings are shown.
    #[arg(default_value = ".")]
    path: PathBuf,
    #[command(flatten)]
    settings: Settings,
    /// Print the configuration's JSON schema instead.
    #[arg(long)]
    schema: bool,
    /// How the settings are printed.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output_format: Format,
    /// When to use colours.
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: Color,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
}

pub fn run(show: &Show) -> Verdict {
    if show.schema {
        return print(show.color, Verdict::Passed, |out| {
            json::write(out, &keys::schema())
        });
    }
    let shown = match shown(show) {
        Ok(shown) => shown,
        Err(failures) => {
            failures
                .iter()
                .for_each(|failure| complain(&failure.line()));
            return Verdict::Broken;
        }
    };
    print(show.color, Verdict::Passed, |out| {
        match show.output_format {
            Format::Text => text(out, &shown),
            Format::Json => json::write(out, &shown),
        }
    })
}

#[derive(Serialize)]
struct Shown {
    schema: u32,
    version: &'static str,
    path: String,
    /// The file that counts; none where no file says anything.
    configuration: Option<String>,
    /// Left out of a folder's check.
    excluded: bool,
    settings: Vec<Setting>,
    /// The rules that count here.
    rules: Vec<RuleOut>,
}

#[derive(Serialize)]
struct Setting {
    key: String,
    /// Null: nothing is selected, so that all rules count that are on by default.
    value: Value,
    from: Origin,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Origin {
    CommandLine,
    File,
    Default,
}

#[derive(Serialize)]
struct RuleOut {
    code: &'static str,
    severity: Severity,
}

fn shown(show: &Show) -> Result<Shown, Vec<Failure>> {
    let here = std::env::current_dir().unwrap_or_default();
    let path = absolute(&show.path, &here);
    let configs = show.settings.configs(std::slice::from_ref(&show.path))?;
    let found = match path.is_dir() {
        true => configs.of_folder(&path),
        false => configs.of_file(&path),
    };
    sound([found.clone()])?;
    let of_file = found.config.of(&path);
    let on = rules::known()
        .into_iter()
        .filter(|entry| of_file.has(entry.code));
    let rules = on.map(|entry| RuleOut {
        code: entry.code,
        severity: of_file.severity_of(entry.code, entry.severity),
    });
    let name = match name_of(&path, &here) {
        name if name.is_empty() => ".".to_string(),
        name => name,
    };
    let mut settings = Vec::new();
    for key in &keys::KEYS {
        match key.takes {
            Takes::Keys(keys) => keys
                .iter()
                .for_each(|inner| show.setting(&mut settings, Some(key), inner, &found)),
            _ => show.setting(&mut settings, None, key, &found),
        }
    }
    let file = found.path.as_ref().map(|path| name_of(path, &here));
    for setting in &mut settings {
        if setting.from == Origin::File {
            setting.file = file.clone();
        }
    }
    Ok(Shown {
        schema: SCHEMA,
        version: VERSION,
        path: name,
        configuration: file,
        excluded: found.config.excludes(&path),
        settings,
        rules: rules.collect(),
    })
}

impl Show {
    /// What counts of one key: more than one setting where the command line adds to the file.
    fn setting(&self, all: &mut Vec<Setting>, of: Option<&Key>, key: &Key, found: &Found) {
        let name = match of {
            Some(of) => format!("{}.{}", of.name, key.name),
            None => key.name.to_string(),
        };
        let before = all.len();
        let line = self.command_line(&name);
        // What is selected there takes the place of both, and what is ignored there is added.
        let replaced = match key.name {
            "select" | "ignore" => !self.settings.select.is_empty(),
            _ => line.is_some(),
        };
        let inner = format!("{name}.");
        let said = found.config.said.iter();
        let said = said.filter(|said| said.key == name || said.key.starts_with(&inner));
        all.extend(said.filter(|_| !replaced).map(|said| Setting {
            key: said.key.clone(),
            value: said.value.clone(),
            from: Origin::File,
            file: None,
            line: Some(Place::of(Some(&found.text), said.at).line),
        }));
        all.extend(line.map(|value| Setting {
            key: name.clone(),
            value,
            from: Origin::CommandLine,
            file: None,
            line: None,
        }));
        if all.len() == before {
            all.push(Setting {
                key: name,
                value: key.default_value(),
                from: Origin::Default,
                file: None,
                line: None,
            });
        }
    }

    fn command_line(&self, key: &str) -> Option<Value> {
        let settings = &self.settings;
        match key {
            "select" if !settings.select.is_empty() => Some(json!(settings.select)),
            "ignore" if !settings.ignore.is_empty() => Some(json!(settings.ignore)),
            "include-tests" => settings.include_tests.then_some(json!(true)),
            "fail-on" => settings.fail_on.map(|fail_on| json!(fail_on.name())),
            _ => None,
        }
    }
}

fn text(out: &mut dyn Write, shown: &Shown) -> io::Result<()> {
    let path = one_line(&shown.path);
    writeln!(out, "Settings for {path}")?;
    match &shown.configuration {
        Some(file) => writeln!(out, "Configuration: {}", one_line(file))?,
        None => writeln!(out, "Configuration: none")?,
    }
    if shown.excluded {
        writeln!(out, "Excluded: it is checked only where it is named itself")?;
    }
    writeln!(out)?;
    let rows: Vec<[String; 3]> = shown.settings.iter().map(row).collect();
    let width = |column: usize| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or(0).min(48)
    };
    let (first, second) = (width(0), width(1));
    for [key, value, from] in &rows {
        writeln!(out, "{key:first$}  {value:second$}  {from}")?;
    }
    let codes = |severity: Severity| {
        let rules = shown.rules.iter().filter(|rule| rule.severity == severity);
        Vec::from_iter(rules.map(|rule| rule.code)).join(", ")
    };
    writeln!(out)?;
    for severity in [Severity::Error, Severity::Warning, Severity::Info] {
        let codes = codes(severity);
        if !codes.is_empty() {
            writeln!(out, "{:7}  {codes}", severity.name())?;
        }
    }
    if shown.rules.is_empty() {
        writeln!(out, "No rule counts here.")?;
    }
    Ok(())
}

fn row(setting: &Setting) -> [String; 3] {
    let value = match &setting.value {
        Value::Null if setting.key == "select" => "what is on by default".to_string(),
        Value::Null => "what the project requires".to_string(),
        value => one_line(&value.to_string()),
    };
    let from = match (setting.from, &setting.file, setting.line) {
        (Origin::File, Some(file), Some(line)) => format!("{}:{line}", one_line(file)),
        (Origin::CommandLine, ..) => format!("command line (--{})", setting.key),
        _ => "default".to_string(),
    };
    [one_line(&setting.key), value, from]
}
