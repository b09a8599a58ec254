//! What the client sets: `initializationOptions`, and the section `dynaleak` of its configuration.

use std::str::FromStr;

use serde_json::Value;
use tower_lsp::ls_types::Uri;

use crate::config::{Overrides, SomeBounds};
use crate::select::Selector;

use super::log;

/// The defaults are those of the command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    pub diagnostic_mode: Mode,
    /// Stronger than any configuration file.
    pub overrides: Overrides,
    pub inlay_hints: bool,
    /// Where a rule's page lies, with `{code}` in the place of its code.
    pub rule_pages: Option<String>,
    pub log_level: Option<log::Level>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    #[default]
    OpenFilesOnly,
    Workspace,
}

impl Settings {
    /// Unknown keys are for other versions; a value of the wrong kind is logged and left out.
    pub fn of(value: &Value) -> Settings {
        let value = value.get("settings").unwrap_or(value);
        let value = value.get("dynaleak").unwrap_or(value);
        let mut settings = Settings::default();
        let Some(fields) = value.as_object() else {
            return settings;
        };
        for (key, value) in fields {
            if value.is_null() {
                continue;
            }
            let taken = match key.as_str() {
                "diagnosticMode" => match value.as_str() {
                    Some("workspace") => put(&mut settings.diagnostic_mode, Some(Mode::Workspace)),
                    Some("openFilesOnly") => {
                        put(&mut settings.diagnostic_mode, Some(Mode::OpenFilesOnly))
                    }
                    _ => false,
                },
                "includeTests" => put(
                    &mut settings.overrides.include_tests,
                    value.as_bool().map(Some),
                ),
                "bounds" => put(&mut settings.overrides.bounds, bounds(value)),
                "inlayHints" => put(&mut settings.inlay_hints, switch(value)),
                "rulePages" => put(&mut settings.rule_pages, pages(value).map(Some)),
                "select" => put(
                    &mut settings.overrides.selection.select,
                    selectors(value).map(Some),
                ),
                "ignore" => put(&mut settings.overrides.selection.ignore, selectors(value)),
                "logLevel" => {
                    let level = match value.as_str() {
                        Some("error") => Some(log::Level::Error),
                        Some("warning" | "warn") => Some(log::Level::Warning),
                        Some("info") => Some(log::Level::Info),
                        Some("debug" | "trace") => Some(log::Level::Debug),
                        _ => None,
                    };
                    put(&mut settings.log_level, level.map(Some))
                }
                _ => true,
            };
            if !taken {
                log::warning(format!("setting `{key}`: {value} is none of its values"));
            }
        }
        settings
    }
}

fn put<T>(field: &mut T, value: Option<T>) -> bool {
    let given = value.is_some();
    if let Some(value) = value {
        *field = value;
    }
    given
}

/// `{"accumulator": 500}`: what is missing stays as the configuration file says.
fn bounds(value: &Value) -> Option<SomeBounds> {
    let fields = value.as_object()?;
    let size = |name: &str| match fields.get(name) {
        None | Some(Value::Null) => Some(None),
        Some(value) => {
            let size = value.as_u64().and_then(|size| u32::try_from(size).ok());
            size.filter(|size| *size > 0).map(Some)
        }
    };
    Some(SomeBounds {
        queue: size("queue")?,
        cache: size("cache")?,
        accumulator: size("accumulator")?,
        page: size("page")?,
    })
}

/// The client's settings come before the roots, and so before a team's rules.
fn selector(word: &str) -> Result<Selector, String> {
    Selector::parse(word).or_else(|error| Selector::of_team(word).ok_or(error))
}

/// An address with a scheme, which clients show as a link.
fn pages(value: &Value) -> Option<String> {
    let address = value.as_str()?;
    page(address, "DDB101")?;
    Some(address.to_string())
}

/// The address of a rule's page.
pub fn page(pages: &str, code: &str) -> Option<Uri> {
    Uri::from_str(&pages.replace("{code}", code)).ok()
}

/// `true` or `{"enable": true}`.
fn switch(value: &Value) -> Option<bool> {
    value.as_bool().or_else(|| value.get("enable")?.as_bool())
}

/// `["DDB1", …]` or `"DDB1,DDB2"`; what names no rule is logged and left out.
fn selectors(value: &Value) -> Option<Vec<Selector>> {
    let words: Vec<&str> = match value {
        Value::String(words) => words
            .split(',')
            .filter(|word| !word.trim().is_empty())
            .collect(),
        Value::Array(words) => words.iter().map(Value::as_str).collect::<Option<_>>()?,
        _ => return None,
    };
    let none = words.is_empty();
    let parsed: Vec<Selector> = words
        .into_iter()
        .filter_map(|word| match selector(word) {
            Ok(selector) => Some(selector),
            Err(error) => {
                log::warning(format!("`{word}`: {error}"));
                None
            }
        })
        .collect();
    (none || !parsed.is_empty()).then_some(parsed)
}
