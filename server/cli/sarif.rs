//! SARIF 2.1.0: what GitHub's code scanning and other viewers read.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::ops::Range;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::baseline::Key;
use crate::finding::{Applicability, Category, Finding, Fix, Severity};
use crate::rules::{self, Entry};

use super::baseline::Settled;
use super::check::{Failure, Report};
use super::formats::fingerprinted;
use super::human::By;
use super::json::{self as documents, ShardOut, VERSION, cwe};
use super::place::Place;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

pub fn report(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let rules = rules::known();
    let number = |code: &str| rules.iter().position(|rule| rule.code == code);
    let results = Results { report };
    let mut results: Vec<Value> = (fingerprinted(report).into_iter())
        .map(|(finding, by, fingerprint)| {
            results.result(finding, by, fingerprint, number(finding.code))
        })
        .collect();
    results.extend(absent(report));
    let notices = report.troubles.iter().map(|trouble| {
        let mut notice = notice(&trouble.message);
        notice["locations"] =
            json!([{ "physicalLocation": { "artifactLocation": artifact(&trouble.name) } }]);
        notice
    });
    let whole = !report.troubles.iter().any(|trouble| trouble.fatal);
    let shard = ShardOut::of(report);
    document(out, &rules, results, whole, notices.collect(), shard)
}

/// Of a run that ended with no report.
pub fn failure(out: &mut dyn Write, failures: &[Failure]) -> io::Result<()> {
    let notices = failures.iter().map(|failure| notice(&failure.line()));
    document(out, &[], Vec::new(), false, notices.collect(), None)
}

fn document(
    out: &mut dyn Write,
    rules: &[&'static Entry],
    results: Vec<Value>,
    whole: bool,
    notices: Vec<Value>,
    shard: Option<ShardOut>,
) -> io::Result<()> {
    let driver = json!({
        "name": "dynaleak",
        "version": VERSION,
        "semanticVersion": VERSION,
        "rules": rules.iter().map(|rule| descriptor(rule)).collect::<Vec<_>>(),
        "supportedTaxonomies": [{ "name": "CWE" }, { "name": "OWASP" }],
    });
    let mut document = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": driver },
            "taxonomies": taxonomies(),
            "invocations": [{
                "executionSuccessful": whole,
                "toolExecutionNotifications": notices,
            }],
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    if let Some(shard) = shard {
        document["runs"][0]["properties"] = json!({ "shard": shard });
    }
    documents::write(out, &document)
}

fn notice(message: &str) -> Value {
    json!({ "level": "error", "message": { "text": message } })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn descriptor(rule: &Entry) -> Value {
    let help = rule.help();
    let mut paragraphs = help.split("\n\n");
    let title = paragraphs
        .next()
        .unwrap_or_default()
        .trim_start_matches("# ");
    let short = paragraphs.next().unwrap_or(title).replace('\n', " ");
    let topics = rule.categories.iter().map(|category| match category {
        Category::ML => "memory".to_string(),
        Category::UC | Category::DE | Category::AU => "security".to_string(),
    });
    let weaknesses = cwe(rule.categories).into_iter();
    let weaknesses = weaknesses.map(|number| format!("external/cwe/cwe-{number:03}"));
    let tags: BTreeSet<String> = topics.chain(weaknesses).collect();
    let cwe = (cwe(rule.categories).into_iter()).map(|number| taxon("CWE", &number.to_string()));
    let owasp = (rule.categories.iter())
        .filter_map(owasp)
        .map(|(id, _)| taxon("OWASP", id));
    json!({
        "id": rule.code,
        "name": rule.name,
        "shortDescription": { "text": short },
        "fullDescription": { "text": short },
        "help": { "text": help, "markdown": help },
        "defaultConfiguration": { "level": level(rule.severity), "enabled": !rule.off },
        "relationships": cwe.chain(owasp).collect::<Vec<_>>(),
        "properties": { "tags": tags, "precision": "high", "effect": rule.effect },
    })
}

fn taxon(component: &str, id: &str) -> Value {
    json!({
        "target": { "id": id, "toolComponent": { "name": component } },
        "kinds": ["superset"],
    })
}

/// The entry of OWASP's API Security Top 10 of 2023 that a category falls under.
fn owasp(category: &Category) -> Option<(&'static str, &'static str)> {
    match category {
        Category::ML => None,
        Category::UC => Some(("API4:2023", "Unrestricted Resource Consumption")),
        Category::DE => Some(("API3:2023", "Broken Object Property Level Authorization")),
        Category::AU => Some(("API2:2023", "Broken Authentication")),
    }
}

fn taxonomies() -> Value {
    let all = [Category::ML, Category::UC, Category::DE, Category::AU];
    let weaknesses: Vec<Value> = cwe(&all)
        .into_iter()
        .map(|number| json!({ "id": number.to_string() }))
        .collect();
    let owasp: Vec<Value> = (all.iter().filter_map(owasp))
        .map(|(id, name)| json!({ "id": id, "name": name }))
        .collect();
    json!([
        {
            "name": "CWE",
            "organization": "MITRE",
            "shortDescription": { "text": "The MITRE Common Weakness Enumeration" },
            "taxa": weaknesses,
        },
        {
            "name": "OWASP",
            "version": "2023",
            "organization": "OWASP",
            "shortDescription": { "text": "OWASP API Security Top 10" },
            "taxa": owasp,
        },
    ])
}

/// Names below the current folder are relative to the root that the viewer knows.
fn artifact(name: &str) -> Value {
    let name = name.strip_prefix("./").unwrap_or(name);
    let path = std::path::Path::new(name);
    let uri = escaped(name);
    match path.is_absolute() {
        true => json!({ "uri": format!("file://{uri}") }),
        false => json!({ "uri": uri, "uriBaseId": "%SRCROOT%" }),
    }
}

/// A path as part of a URI.
fn escaped(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                uri.push(byte.into())
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

/// What a baseline accepts and is not there any more.
fn absent(report: &Report) -> Vec<Value> {
    let result = |settled: &Settled, key: &Key| {
        let folder = settled
            .name
            .rsplit_once('/')
            .map_or("", |(folder, _)| folder);
        let file = match folder {
            "" => key.file.clone(),
            folder => format!("{folder}/{}", key.file),
        };
        json!({
            "ruleId": key.rule,
            "level": "none",
            "kind": "pass",
            "message": { "text": "the baseline accepts this, and it is not there any more" },
            "locations": [{
                "physicalLocation": { "artifactLocation": artifact(&file) },
                "logicalLocations": [{ "fullyQualifiedName": key.function, "kind": "function" }],
            }],
            "baselineState": "absent",
        })
    };
    let shown = report.baselines.iter().filter(|_| report.show_ignored);
    shown
        .flat_map(|settled| settled.stale.keys().map(move |key| (settled, key)))
        .map(|(settled, key)| result(settled, key))
        .collect()
}

struct Results<'a> {
    report: &'a Report,
}

impl Results<'_> {
    fn result(
        &self,
        finding: &Finding,
        by: Option<By>,
        fingerprint: String,
        rule: Option<usize>,
    ) -> Value {
        let mut result = json!({
            "ruleId": finding.code,
            "level": level(finding.severity),
            "message": { "text": &*finding.message },
            "locations": [self.location(&finding.file, &finding.span, None, Some(&finding.function))],
            "partialFingerprints": { "dynaleak/v1": fingerprint },
            "properties": { "confidence": finding.confidence },
        });
        if let Some(rule) = rule {
            result["ruleIndex"] = rule.into();
        }
        let steps: Vec<Value> = (finding.trail.iter())
            .map(|step| self.location(step.file, step.span, Some(step.message), None))
            .collect();
        if !steps.is_empty() {
            let flow: Vec<Value> = steps
                .iter()
                .map(|step| json!({ "location": step }))
                .collect();
            result["codeFlows"] = json!([{ "threadFlows": [{ "locations": flow }] }]);
        }
        let others = finding.related.iter().map(|other| {
            let message: Arc<str> = format!("{} on the same endpoint", other.code).into();
            self.location(&other.file, &other.span, Some(&message), None)
        });
        let places: Vec<Value> = steps.into_iter().chain(others).collect();
        if !places.is_empty() {
            result["relatedLocations"] = numbered(places).into();
        }
        let fixes: Vec<Value> = finding.fixes.iter().map(|fix| self.fix(fix)).collect();
        if !fixes.is_empty() {
            result["fixes"] = fixes.into();
        }
        let suppression = match by {
            None => None,
            Some(By::Comment(_)) => Some("inSource"),
            Some(By::Baseline) => Some("external"),
        };
        if let Some(kind) = suppression {
            result["suppressions"] = json!([{ "kind": kind }]);
        }
        if !self.report.baselines.is_empty() {
            let state = if finding.baselined {
                "unchanged"
            } else {
                "new"
            };
            result["baselineState"] = state.into();
        }
        result
    }

    fn location(
        &self,
        file: &str,
        span: &Range<usize>,
        message: Option<&str>,
        function: Option<&str>,
    ) -> Value {
        let mut location = json!({
            "physicalLocation": { "artifactLocation": artifact(file), "region": self.region(file, span) },
        });
        if let Some(message) = message {
            location["message"] = json!({ "text": message });
        }
        if let Some(function) = function {
            location["logicalLocations"] =
                json!([{ "fullyQualifiedName": function, "kind": "function" }]);
        }
        location
    }

    fn region(&self, file: &str, span: &Range<usize>) -> Value {
        let text = self.report.workspace.text(file);
        let [start, end] = Place::ends(text, span);
        json!({
            "startLine": start.line,
            "startColumn": start.column,
            "endLine": end.line,
            "endColumn": end.column,
        })
    }

    fn fix(&self, fix: &Fix) -> Value {
        let mut files: Vec<&str> = fix.edits.iter().map(|edit| &*edit.file).collect();
        files.sort_unstable();
        files.dedup();
        let change = |file: &str| {
            let edits = fix.edits.iter().filter(|edit| &*edit.file == file);
            let replacements = edits.map(|edit| {
                json!({
                    "deletedRegion": self.region(file, &edit.span),
                    "insertedContent": { "text": edit.text },
                })
            });
            json!({
                "artifactLocation": artifact(file),
                "replacements": replacements.collect::<Vec<_>>(),
            })
        };
        let doubt = match fix.applicability {
            Applicability::Safe => "",
            Applicability::Unsafe => " (can change results or their order)",
            Applicability::Display => " (a sketch)",
        };
        json!({
            "description": { "text": format!("{}{doubt}", fix.title) },
            "artifactChanges": files.into_iter().map(change).collect::<Vec<_>>(),
        })
    }
}

fn numbered(mut steps: Vec<Value>) -> Vec<Value> {
    for (number, step) in steps.iter_mut().enumerate() {
        step["id"] = (number + 1).into();
    }
    steps
}
