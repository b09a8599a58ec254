//! The table of all keys: what the reader knows, what the schema and docs/configuration.md say.

use serde_json::{Map, Value, json};

use super::python::TARGETS;
use crate::own::Life;
use crate::rules;
use crate::value::{Kind, Shape};

/// A key of `[tool.dynaleak]`.
pub struct Key {
    pub name: &'static str,
    pub takes: Takes,
    /// As TOML.
    pub default: &'static str,
    /// Markdown, a sentence or two.
    pub meaning: &'static str,
    /// A `dynaleak.toml` that says it.
    pub example: &'static str,
}

/// What stands behind a key.
pub enum Takes {
    Rules,
    Patterns,
    Switch,
    Word(&'static [&'static str]),
    File,
    Count,
    RulesByPattern,
    SeverityByRule,
    Sources,
    Containers,
    /// Paths by what becomes of them.
    Lifetimes,
    /// A table of keys that have a default each.
    Keys(&'static [Key]),
}

pub const SEVERITIES: [&str; 3] = ["error", "warning", "info"];
pub const FAIL_ON: [&str; 4] = ["error", "warning", "info", "never"];

/// By name.
pub const KEYS: [Key; 13] = [
    Key {
        name: "baseline",
        takes: Takes::File,
        default: "\"dynaleak-baseline.jsonl\"",
        meaning: "The file of accepted findings, seen from the configuration's folder ([ci.md](ci.md#adopt-on-an-old-code-base)). It must be there where it is named here, and in the workspace ([reliability.md](reliability.md)).",
        example: "baseline = \"ci/known.jsonl\"\n",
    },
    Key {
        name: "bounds",
        takes: Takes::Keys(&BOUNDS),
        default: "",
        meaning: "The sizes that rewrites put in.",
        example: "[bounds]\nqueue = 500\n",
    },
    Key {
        name: "containers",
        takes: Takes::Containers,
        default: "{}",
        meaning: "Your own containers by dotted path: what they are like, and where their bound stands ([custom-rules.md](custom-rules.md#what-dynaleak-knows-of-your-code)).",
        example: "[containers]\n\"shop.cache.Recent\" = \"dict\"\n\"shop.cache.Ring\" = { shape = \"deque\", bound = { keyword = \"size\", position = 0 } }\n",
    },
    Key {
        name: "exclude",
        takes: Takes::Patterns,
        default: "[]",
        meaning: "Files and folders that are left out, written as in `.gitignore` and seen from the configuration's folder. A path that is named on the command line is taken all the same, unless `--force-exclude` is given.",
        example: "exclude = [\"vendored/\", \"*_pb2.py\"]\n",
    },
    Key {
        name: "fail-on",
        takes: Takes::Word(&FAIL_ON),
        default: "\"warning\"",
        meaning: "The mildest severity that ends the check with 1; with `\"never\"` no finding does. Findings of low confidence never fail a check.",
        example: "fail-on = \"error\"\n",
    },
    Key {
        name: "ignore",
        takes: Takes::Rules,
        default: "[]",
        meaning: "All but these rules. Where `select` and `ignore` both match, the longer selector wins.",
        example: "ignore = [\"DDB204\"]\n",
    },
    Key {
        name: "include-tests",
        takes: Takes::Switch,
        default: "false",
        meaning: "Check tests too: `tests/`, `test/`, `test_*.py`, `*_test.py`, `conftest.py`.",
        example: "include-tests = true\n",
    },
    Key {
        name: "lifetimes",
        takes: Takes::Lifetimes,
        default: "{}",
        meaning: "What a framework of your own does with classes and functions ([custom-rules.md](custom-rules.md#what-dynaleak-knows-of-your-code)). A path may end in `.*`.",
        example: "[lifetimes]\nview = [\"acme.web.Endpoint\"]\nhandler = [\"acme.jobs.*\"]\n",
    },
    Key {
        name: "per-file-ignores",
        takes: Takes::RulesByPattern,
        default: "{}",
        meaning: "Rules that are ignored in some files. Patterns are those of `exclude`.",
        example: "[per-file-ignores]\n\"scripts/**\" = [\"DDB3\"]\n",
    },
    Key {
        name: "select",
        takes: Takes::Rules,
        default: "all rules that are on by default",
        meaning: "Only these rules: codes, groups or names. With `[\"DDB\"]`, those that are off by default too.",
        example: "select = [\"DDB1\", \"DDB2\", \"materialised-pages\"]\n",
    },
    Key {
        name: "severity",
        takes: Takes::SeverityByRule,
        default: "{}",
        meaning: "Severities by rule or group; the longer selector wins. A finding that was judged milder than its rule, as in a script, is not made worse.",
        example: "[severity]\nDDB301 = \"error\"\nDDB6 = \"info\"\n",
    },
    Key {
        name: "sources",
        takes: Takes::Sources,
        default: "{}",
        meaning: "Your own wrappers by dotted path, and the kind of what they give ([custom-rules.md](custom-rules.md#what-dynaleak-knows-of-your-code)).",
        example: "[sources]\n\"shop.repo.fetch_all\" = \"items\"\n\"shop.repo.Repo.all\" = { gives = \"result-iterator\", limited = [\"limit\"] }\n",
    },
    Key {
        name: "target-version",
        takes: Takes::Word(&TARGETS),
        default: "the oldest that `requires-python` lets in",
        meaning: "The oldest Python that runs the code, which rewrites keep to. Where it is missing, the nearest `pyproject.toml` that requires a Python (`requires-python`, or Poetry's `python`) says it; where none does, rewrites may use what Python 3.10 has.",
        example: "target-version = \"py38\"\n",
    },
];

pub const BOUNDS: [Key; 4] = [
    Key {
        name: "accumulator",
        takes: Takes::Count,
        default: "1000",
        meaning: "Items in a list, deque or dict that lives on.",
        example: "[bounds]\naccumulator = 500\n",
    },
    Key {
        name: "cache",
        takes: Takes::Count,
        default: "1024",
        meaning: "Entries of a cache.",
        example: "[bounds]\ncache = 256\n",
    },
    Key {
        name: "page",
        takes: Takes::Count,
        default: "100",
        meaning: "Items that one request to DynamoDB gives.",
        example: "[bounds]\npage = 50\n",
    },
    Key {
        name: "queue",
        takes: Takes::Count,
        default: "1000",
        meaning: "Records in a queue.",
        example: "[bounds]\nqueue = 500\n",
    },
];

pub fn names(keys: &[Key]) -> impl Iterator<Item = &'static str> {
    keys.iter().map(|key| key.name)
}

/// The JSON schema of a `dynaleak.toml`, and of `[tool.dynaleak]`. Codes stand in it in capitals, as
/// all pages write them; the check takes small letters too.
pub fn schema() -> Value {
    let mut schema = object(&KEYS);
    let head = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "dynaleak's configuration",
        "description": "dynaleak.toml, .dynaleak.toml, or [tool.dynaleak] in pyproject.toml",
        "definitions": { "rule": rule() },
    });
    for (key, value) in head.as_object().into_iter().flatten() {
        schema[key] = value.clone();
    }
    schema
}

impl Key {
    /// Null where it is said in words.
    pub fn default_value(&self) -> Value {
        self.default.parse().unwrap_or_default()
    }
}

impl Takes {
    /// In words, for people.
    pub fn words(&self) -> String {
        match self {
            Takes::Rules => "list of rules".to_string(),
            Takes::Patterns => "list of patterns".to_string(),
            Takes::Switch => "`true` or `false`".to_string(),
            Takes::Word(words) => either(words),
            Takes::File => "a file's name".to_string(),
            Takes::Count => "whole number from 1".to_string(),
            Takes::RulesByPattern => "table of patterns, a list of rules each".to_string(),
            Takes::SeverityByRule => {
                format!("table of rules, each {}", either(&SEVERITIES))
            }
            Takes::Sources => "table of dotted paths, a kind or a table each".to_string(),
            Takes::Containers => "table of dotted paths, a shape or a table each".to_string(),
            Takes::Lifetimes => "table of lists of dotted paths".to_string(),
            Takes::Keys(_) => "table".to_string(),
        }
    }

    fn schema(&self) -> Value {
        let rules = || json!({ "type": "array", "items": { "$ref": "#/definitions/rule" } });
        let texts = |pattern| {
            let item = json!({ "type": "string", "pattern": pattern });
            json!({ "type": "array", "items": item })
        };
        match self {
            Takes::Rules => rules(),
            Takes::Patterns => texts("\\S"),
            Takes::Switch => json!({ "type": "boolean" }),
            Takes::Word(words) => json!({ "enum": words }),
            Takes::File => json!({ "type": "string", "pattern": "\\S" }),
            Takes::Count => json!({ "type": "integer", "minimum": 1, "maximum": u32::MAX }),
            Takes::RulesByPattern => json!({
                "type": "object",
                "propertyNames": { "pattern": "^[^!]" },
                "additionalProperties": rules(),
            }),
            Takes::SeverityByRule => json!({
                "type": "object",
                "propertyNames": { "$ref": "#/definitions/rule" },
                "additionalProperties": { "enum": SEVERITIES },
            }),
            Takes::Sources => by_path(json!({ "anyOf": [
                { "enum": Kind::NAMES },
                {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["gives"],
                    "properties": {
                        "gives": { "enum": Kind::NAMES },
                        "limited": { "type": "array", "items": { "type": "string" } },
                        "service": position(),
                        "single": { "type": "boolean" },
                    },
                },
            ] })),
            Takes::Containers => by_path(json!({ "anyOf": [
                { "enum": Shape::NAMES },
                {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["shape"],
                    "properties": {
                        "shape": { "enum": Shape::NAMES },
                        "bound": {
                            "type": "object",
                            "additionalProperties": false,
                            "required": ["keyword", "position"],
                            "properties": {
                                "keyword": { "type": "string" },
                                "position": position(),
                            },
                        },
                    },
                },
            ] })),
            Takes::Lifetimes => {
                let paths = || texts("^[^.]+(\\.[^.]+)+$");
                let properties = Life::NAMES.iter().map(|name| (name.to_string(), paths()));
                json!({
                    "type": "object",
                    "additionalProperties": false,
                    "properties": properties.collect::<Map<String, Value>>(),
                })
            }
            Takes::Keys(keys) => object(keys),
        }
    }
}

fn object(keys: &[Key]) -> Value {
    let property = |key: &Key| {
        let mut schema = key.takes.schema();
        schema["description"] = plain(key.meaning).into();
        let default = key.default_value();
        if !default.is_null() {
            schema["default"] = default;
        }
        (key.name.to_string(), schema)
    };
    let properties: Map<String, Value> = keys.iter().map(property).collect();
    json!({ "type": "object", "additionalProperties": false, "properties": properties })
}

/// Built-in codes, their beginnings and names; what else may be a team's own.
fn rule() -> Value {
    let mut known: Vec<&str> = Vec::new();
    for entry in rules::entries() {
        known.extend((3..=entry.code.len()).map(|length| &entry.code[..length]));
        known.push(entry.name);
    }
    known.sort_unstable();
    known.dedup();
    json!({
        "description": "a rule's code, a group, or a rule's name",
        "anyOf": [
            { "enum": known },
            { "type": "string", "pattern": "^(?!DDB)[A-Z]{2,10}[0-9]*$" },
            { "type": "string", "pattern": "^[a-z][a-z0-9]*(-[a-z0-9]+)+$" },
        ],
    })
}

fn by_path(value: Value) -> Value {
    json!({
        "type": "object",
        "propertyNames": { "pattern": "^[^.]+(\\.[^.]+)+$" },
        "additionalProperties": value,
    })
}

fn position() -> Value {
    json!({ "type": "integer", "minimum": 0, "maximum": u8::MAX })
}

fn either(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`\"{word}\"`")).collect();
    match &words[..] {
        [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
        words => words.join(""),
    }
}

/// Without links: `[custom-rules.md](custom-rules.md#…)` becomes `custom-rules.md`.
fn plain(markdown: &str) -> String {
    let mut plain = String::new();
    let mut rest = markdown;
    while let Some((before, link)) = rest.split_once("](") {
        let (text, word) = before.rsplit_once('[').unwrap_or((before, ""));
        plain.push_str(text);
        plain.push_str(word);
        rest = link.split_once(')').map_or("", |(_, rest)| rest);
    }
    plain + rest
}
