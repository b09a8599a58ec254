//! `dynaleak merge`: the outputs of several checks, such as the shards of one, as one output.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::finding::{Confidence, Severity};

use super::Verdict;
use super::human::{self, Counts};
use super::json::{self, SCHEMA, ShardOut, Summary};
use super::output::{Color, complain, one_line, print};

#[derive(Args)]
pub struct Merge {
    /// Outputs of `dynaleak check`, all JSON or all SARIF.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// How the joined output is printed; by default as what is joined.
    #[arg(long, value_name = "FORMAT")]
    output_format: Option<Format>,
    /// End with 0 in spite of findings.
    #[arg(long)]
    exit_zero: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Json,
    Sarif,
    /// One line each, of JSON outputs.
    Concise,
}

pub fn run(merge: &Merge) -> Verdict {
    let merged = match merge.merged() {
        Ok(merged) => merged,
        Err(problems) => {
            problems.iter().for_each(|problem| complain(problem));
            return Verdict::Broken;
        }
    };
    let verdict = match merged.verdict() {
        Verdict::Failed if merge.exit_zero => Verdict::Passed,
        verdict => verdict,
    };
    print(Color::Never, verdict, |out| {
        merged.write(out, merge.output_format)
    })
}

/// Outputs with their names as one output, printed as they are and as lines.
pub fn joined(outputs: Vec<(String, String)>) -> Result<[Vec<u8>; 2], Vec<String>> {
    let named = outputs.into_iter().map(|(name, text)| (name, Ok(text)));
    let merged = Merged::of(named, None)?;
    let printed = |format| {
        let mut out = Vec::new();
        let written = merged.write(&mut out, format);
        written
            .map(|()| out)
            .map_err(|error| vec![error.to_string()])
    };
    merged.verdict();
    Ok([printed(None)?, printed(Some(Format::Concise))?])
}

impl Merge {
    fn merged(&self) -> Result<Merged, Vec<String>> {
        let named = self.files.iter().map(|path| {
            let text = fs::read_to_string(path).map_err(|error| error.to_string());
            (path.display().to_string(), text)
        });
        Merged::of(named, self.output_format)
    }
}

impl Merged {
    fn of(
        named: impl Iterator<Item = (String, Result<String, String>)>,
        wanted: Option<Format>,
    ) -> Result<Merged, Vec<String>> {
        let (mut jsons, mut sarifs) = (Vec::new(), Vec::new());
        let mut problems = Vec::new();
        for (name, text) in named {
            match text.and_then(|text| document(&text)) {
                Ok(Document::Json(document)) => jsons.push((name, document)),
                Ok(Document::Sarif(document)) => sarifs.push((name, document)),
                Err(problem) => problems.push(format!("{name}: {problem}")),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let merged = match (&jsons[..], &sarifs[..]) {
            ([], _) if matches!(wanted, Some(Format::Json | Format::Concise)) => {
                Err("what is joined is SARIF, and can be printed as that only".to_string())
            }
            (_, []) if wanted == Some(Format::Sarif) => Err(
                "what is joined is JSON, and cannot be printed as SARIF: write SARIF in each check"
                    .to_string(),
            ),
            ([], _) => Ok(Merged::Sarif(Sarifs(sarifs))),
            (_, []) => Ok(Merged::Json(Jsons(jsons))),
            ([(json, _), ..], [(sarif, _), ..]) => Err(format!(
                "{json} is JSON and {sarif} is SARIF: only outputs of one kind can be joined"
            )),
        };
        let merged = merged.map_err(|problem| vec![problem])?;
        let said = merged.said();
        same_version(&said).map_err(|problem| vec![problem])?;
        all_shards(&said)?;
        Ok(merged)
    }
}

/// What an output says of itself.
struct Said<'a> {
    name: &'a str,
    version: &'a str,
    shard: Option<ShardOut>,
}

fn same_version(said: &[Said]) -> Result<(), String> {
    let first = &said[0];
    match said.iter().find(|other| other.version != first.version) {
        Some(other) => Err(format!(
            "{} is of dynaleak {} and {} of {}: only outputs of one version can be joined",
            first.name, first.version, other.name, other.version
        )),
        None => Ok(()),
    }
}

/// Each shard is there once, or none is one.
fn all_shards(said: &[Said]) -> Result<(), Vec<String>> {
    let mut names: BTreeMap<u32, &str> = BTreeMap::new();
    let mut problems = Vec::new();
    let Some(one) = said.iter().find_map(|each| each.shard) else {
        return Ok(());
    };
    for each in said {
        match each.shard {
            None => problems.push(format!(
                "{}: it says no shard, as others do; maybe its check broke off",
                each.name
            )),
            Some(shard)
                if shard.count != one.count || !(1..=shard.count).contains(&shard.index) =>
            {
                problems.push(format!(
                    "{}: it is shard {}/{}, and others are of {}",
                    each.name, shard.index, shard.count, one.count
                ));
            }
            Some(shard) => {
                if let Some(other) = names.insert(shard.index, each.name) {
                    let (name, index, count) = (each.name, shard.index, shard.count);
                    problems.push(format!(
                        "{name}: it is shard {index}/{count}, as {other} is"
                    ));
                }
            }
        }
    }
    let missing =
        (1..=one.count.min(super::shards::MOST)).filter(|index| !names.contains_key(index));
    problems.extend(missing.map(|index| format!("shard {index}/{} is missing", one.count)));
    match problems.is_empty() {
        true => Ok(()),
        false => Err(problems),
    }
}

enum Document {
    Json(Json),
    Sarif(Value),
}

/// What tells the two kinds apart.
#[derive(Deserialize)]
struct Kind {
    schema: Option<Value>,
    findings: Option<IgnoredAny>,
    runs: Option<Vec<IgnoredAny>>,
}

fn document(text: &str) -> Result<Document, String> {
    let neither = |_| "this is neither JSON nor SARIF as `dynaleak check` writes them".to_string();
    let kind: Kind = serde_json::from_str(text).map_err(neither)?;
    match kind {
        Kind {
            schema: Some(schema),
            findings: Some(_),
            ..
        } => {
            if schema != SCHEMA {
                return Err(format!("schema {schema} is not known, only {SCHEMA}"));
            }
            serde_json::from_str(text)
                .map(Document::Json)
                .map_err(neither)
        }
        Kind {
            runs: Some(runs), ..
        } => {
            let document: Value = serde_json::from_str(text).map_err(neither)?;
            let driver = &document["runs"][0]["tool"]["driver"];
            match driver["name"] == "dynaleak" && driver["version"].is_string() && runs.len() == 1 {
                true => Ok(Document::Sarif(document)),
                false => Err("this SARIF is not of dynaleak".to_string()),
            }
        }
        _ => Err("this is neither JSON nor SARIF as `dynaleak check` writes them".to_string()),
    }
}

enum Merged {
    Json(Jsons),
    Sarif(Sarifs),
}

impl Merged {
    fn write(&self, out: &mut dyn Write, format: Option<Format>) -> io::Result<()> {
        match self {
            Merged::Json(documents) if format == Some(Format::Concise) => documents.list(out),
            Merged::Json(documents) => documents.write(out),
            Merged::Sarif(documents) => json::write(out, &documents.joined()),
        }
    }

    fn said(&self) -> Vec<Said<'_>> {
        match self {
            Merged::Json(Jsons(all)) => all
                .iter()
                .map(|(name, document)| Said {
                    name,
                    version: &document.version,
                    shard: document.shard,
                })
                .collect(),
            Merged::Sarif(Sarifs(all)) => all
                .iter()
                .map(|(name, document)| Said {
                    name,
                    version: document["runs"][0]["tool"]["driver"]["version"]
                        .as_str()
                        .unwrap_or_default(),
                    shard: ShardOut::deserialize(&document["runs"][0]["properties"]["shard"]).ok(),
                })
                .collect(),
        }
    }

    /// As a check's: what each shard ended with, where they say it.
    fn verdict(&self) -> Verdict {
        let ends = self.said().into_iter().map(|said| said.shard);
        let ends: Option<Vec<u8>> = ends.map(|shard| shard.map(|shard| shard.exit)).collect();
        match ends.map(|ends| ends.into_iter().max().unwrap_or_default()) {
            Some(0) => Verdict::Passed,
            Some(1) => Verdict::Failed,
            Some(_) => Verdict::Broken,
            None => match self {
                Merged::Json(documents) => documents.verdict(),
                Merged::Sarif(documents) => documents.verdict(),
            },
        }
    }
}

// ---- JSON ----

#[derive(Deserialize)]
struct Json {
    version: String,
    findings: Vec<Box<RawValue>>,
    errors: Vec<Box<RawValue>>,
    summary: Summary,
    shard: Option<ShardOut>,
}

/// As much of a finding as joining needs.
#[derive(Deserialize)]
struct Finding {
    code: String,
    severity: Severity,
    confidence: Confidence,
    file: String,
    range: Range,
    message: String,
    ignored: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Range {
    start: Place,
}

#[derive(Deserialize)]
struct Place {
    line: usize,
    column: usize,
}

#[derive(Deserialize)]
struct Error {
    file: String,
}

/// With their names.
struct Jsons(Vec<(String, Json)>);

impl Jsons {
    /// By file, each once; as they stand in each output.
    fn findings(&self) -> Vec<(Finding, &RawValue)> {
        let raw = self.0.iter().flat_map(|(_, document)| &document.findings);
        let mut seen = BTreeSet::new();
        let mut all: Vec<(Finding, &RawValue)> = raw
            .filter(|raw| seen.insert(raw.get()))
            .filter_map(|raw| Some((serde_json::from_str(raw.get()).ok()?, &**raw)))
            .collect();
        all.sort_by(|(a, _), (b, _)| a.file.cmp(&b.file));
        all
    }

    fn errors(&self) -> Vec<&RawValue> {
        let raw = self.0.iter().flat_map(|(_, document)| &document.errors);
        let mut seen = BTreeSet::new();
        let mut all: Vec<(String, &RawValue)> = raw
            .filter(|raw| seen.insert(raw.get()))
            .map(|raw| {
                let error: Result<Error, _> = serde_json::from_str(raw.get());
                (error.map(|error| error.file).unwrap_or_default(), &**raw)
            })
            .collect();
        all.sort_by(|(a, _), (b, _)| a.cmp(b));
        all.into_iter().map(|(_, raw)| raw).collect()
    }

    fn summary(&self, findings: &[(Finding, &RawValue)]) -> Summary {
        let sum = |of: fn(&Summary) -> usize| self.0.iter().map(|(_, one)| of(&one.summary)).sum();
        Summary {
            files: sum(|one| one.files),
            analysed: sum(|one| one.analysed),
            findings: findings
                .iter()
                .filter(|(one, _)| one.ignored.is_none())
                .count(),
        }
    }

    fn verdict(&self) -> Verdict {
        let fails = |(one, _): &(Finding, &RawValue)| {
            one.ignored.is_none()
                && one.severity >= Severity::Warning
                && one.confidence >= Confidence::Medium
        };
        match self.findings().iter().any(fails) {
            true => Verdict::Failed,
            false => Verdict::Passed,
        }
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let findings = self.findings();
        let summary = self.summary(&findings);
        let findings = findings.into_iter().map(|(_, raw)| raw).collect();
        json::joined(out, &self.0[0].1.version, findings, self.errors(), summary)
    }

    fn list(&self, out: &mut dyn Write) -> io::Result<()> {
        let findings = self.findings();
        let mut counts = Counts::default();
        for (one, _) in &findings {
            let level = match one.ignored {
                Some(_) => "ignored",
                None => {
                    counts.add(one.severity);
                    human::word(one.severity)
                }
            };
            let (file, message) = (one_line(&one.file), one_line(&one.message));
            let Place { line, column } = one.range.start;
            writeln!(
                out,
                "{file}:{line}:{column}: {level}[{}] {message}",
                one.code
            )?;
        }
        let summary = self.summary(&findings);
        counts.write(out, summary.files, summary.analysed)
    }
}

// ---- SARIF ----

/// With their names.
struct Sarifs(Vec<(String, Value)>);

impl Sarifs {
    fn joined(&self) -> Value {
        let mut joined = self.0[0].1.clone();
        let run = &mut joined["runs"][0];
        let rules = self.rules();
        let number = |id: &Value| rules.iter().position(|rule| rule["id"] == *id);
        let mut results: Vec<Value> = Vec::new();
        for result in self.all(|run| &run["results"]) {
            let mut result = result.clone();
            if let Some(number) = number(&result["ruleId"]) {
                result["ruleIndex"] = number.into();
            }
            results.push(result);
        }
        results.sort_by_cached_key(file_of);
        let notices = self.all(|run| &run["invocations"][0]["toolExecutionNotifications"]);
        let mut notices: Vec<Value> = notices.into_iter().cloned().collect();
        notices.sort_by_cached_key(file_of);
        notices.dedup();
        run["results"] = results.into();
        run["tool"]["driver"]["rules"] = rules.into();
        run["invocations"] = serde_json::json!([{
            "executionSuccessful": self.whole(),
            "toolExecutionNotifications": notices,
        }]);
        if let Some(run) = run.as_object_mut()
            && let Some(properties) = run.get_mut("properties").and_then(Value::as_object_mut)
        {
            properties.remove("shard");
            if properties.is_empty() {
                run.remove("properties");
            }
        }
        joined
    }

    /// What all runs have there, in the order of the outputs.
    fn all(&self, of: impl Fn(&Value) -> &Value) -> Vec<&Value> {
        let runs = self.0.iter().map(|(_, document)| &document["runs"][0]);
        runs.filter_map(|run| of(run).as_array())
            .flatten()
            .collect()
    }

    /// Each rule once: a shard knows those of the teams whose files it has.
    fn rules(&self) -> Vec<Value> {
        let mut rules: Vec<Value> = Vec::new();
        for rule in self.all(|run| &run["tool"]["driver"]["rules"]) {
            if !rules.iter().any(|known| known["id"] == rule["id"]) {
                rules.push(rule.clone());
            }
        }
        rules
    }

    fn whole(&self) -> bool {
        let runs = self.0.iter().map(|(_, document)| &document["runs"][0]);
        runs.into_iter()
            .all(|run| run["invocations"][0]["executionSuccessful"] == true)
    }

    fn verdict(&self) -> Verdict {
        let fails = |result: &&Value| {
            (result["level"] == "error" || result["level"] == "warning")
                && result["properties"]["confidence"] != "low"
                && result["suppressions"].is_null()
        };
        match self.all(|run| &run["results"]).iter().any(fails) {
            _ if !self.whole() => Verdict::Broken,
            true => Verdict::Failed,
            false => Verdict::Passed,
        }
    }
}

/// The name of the file that a result is in, as bytes, for findings are sorted by it.
fn file_of(result: &Value) -> Vec<u8> {
    let place = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    let uri = place.as_str().unwrap_or_default().as_bytes();
    let mut name = Vec::with_capacity(uri.len());
    let mut at = 0;
    while let Some(&byte) = uri.get(at) {
        let digits = uri
            .get(at + 1..at + 3)
            .and_then(|digits| str::from_utf8(digits).ok());
        let escaped = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (byte, escaped) {
            (b'%', Some(byte)) => {
                name.push(byte);
                at += 3;
            }
            _ => {
                name.push(byte);
                at += 1;
            }
        }
    }
    name
}
