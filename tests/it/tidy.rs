//! What holds the repository together: each rule's three files, the generated parts of the documents, and what no file may name.
//!
//! `DYNALEAK_UPDATE=1` rewrites the generated parts instead of comparing them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use dynaleak::analysis::predicates::PREDICATES;
use dynaleak::config::keys::{self, KEYS, Key, Takes};
use dynaleak::config::{Bounds, Config, Form, Said};
use dynaleak::rules::{self, Entry};
use ignore::WalkBuilder;
use serde::Serialize;

use crate::project::{command, run};

#[test]
fn each_rule_has_its_three_files_and_no_file_is_an_orphan() {
    let folders: [(&str, &str, &[&str]); 3] = [
        (
            "queries",
            ".scm",
            &["api.toml", "frameworks.toml", "modules.toml"],
        ),
        ("server/rules", ".rs", &["notices.rs", "stories.rs"]),
        ("tests/rules", ".md", &[]),
    ];
    let notices = || rules::entries().iter().filter(|entry| entry.is_notice());
    let mut wrong = Vec::new();
    for (folder, ending, shared) in folders {
        let found = names_in(folder);
        let wanted: BTreeSet<String> = rules::all()
            .iter()
            .map(|rule| format!("{}{ending}", rule.stem))
            .chain(shared.iter().map(|name| name.to_string()))
            .chain(
                notices()
                    .filter(|_| folder == "tests/rules")
                    .map(|entry| format!("{}{ending}", entry.stem)),
            )
            .collect();
        let missing = wanted.difference(&found);
        wrong.extend(missing.map(|name| format!("{folder}/{name} is missing")));
        let orphans = found
            .difference(&wanted)
            .filter(|name| !(folder == "queries" && name.starts_with('_')));
        wrong.extend(orphans.map(|name| format!("{folder}/{name} belongs to no rule")));
    }
    none(&wrong);
}

#[test]
fn pages_queries_and_code_begin_with_what_they_are() {
    let mut wrong = Vec::new();
    for rule in rules::all() {
        let (code, name, stem) = (rule.code, rule.name, rule.stem);
        let source = read(&format!("server/rules/{stem}.rs"));
        let firsts = [
            ("tests/rules", ".md", rule.page, format!("# {code}: {name}")),
            (
                "server/rules",
                ".rs",
                source.as_str(),
                format!("//! {code}: {name}."),
            ),
        ];
        for (folder, ending, text, first) in firsts {
            if text.lines().next() != Some(&first) {
                wrong.push(format!(
                    "{folder}/{stem}{ending}: the first line is not `{first}`"
                ));
            }
        }
        if !rule.query.starts_with(';') {
            wrong.push(format!(
                "queries/{stem}.scm: no comment with the Python that it matches stands first"
            ));
        }
    }
    for entry in rules::entries().iter().filter(|entry| entry.is_notice()) {
        let first = format!("# {}: {}", entry.code, entry.name);
        if entry.help().lines().next() != Some(&first) || entry.name.replace('-', "_") != entry.stem
        {
            let stem = entry.stem;
            wrong.push(format!(
                "tests/rules/{stem}.md: the first line is not `{first}`"
            ));
        }
    }
    none(&wrong);
}

#[test]
fn pages_show_what_is_flagged_and_what_is_not() {
    let mut wrong = Vec::new();
    for rule in rules::all() {
        let headings = headings(rule.page);
        for (beginning, least) in [("Flagged", 2), ("Not flagged", 4)] {
            let count = headings
                .iter()
                .filter(|heading| heading.starts_with(beginning))
                .count();
            if count < least {
                wrong.push(format!(
                    "tests/rules/{}.md: {count} headings `## {beginning}`, at least {least} wanted",
                    rule.stem
                ));
            }
        }
    }
    none(&wrong);
}

#[test]
fn queries_use_the_predicates_of_the_table_and_all_of_them() {
    let known: BTreeSet<&str> = PREDICATES.iter().map(|predicate| predicate.name).collect();
    let mut unused = known.clone();
    let mut wrong = Vec::new();
    for rule in rules::all() {
        for name in predicates_in(rule.query) {
            unused.remove(name);
            if !known.contains(name) && !TREE_SITTERS.contains(&name) {
                wrong.push(format!(
                    "queries/{}.scm: #{name}? is not in PREDICATES",
                    rule.stem
                ));
            }
        }
    }
    wrong.extend(
        unused
            .iter()
            .map(|name| format!("no rule uses #{name}? of PREDICATES")),
    );
    none(&wrong);
}

/// One test for all of them: two tests would rewrite one file at the same time.
#[test]
fn the_generated_parts_of_the_documents_are_up_to_date() {
    let update = std::env::var_os("DYNALEAK_UPDATE").is_some_and(|value| !value.is_empty());
    let parts = [
        ("README.md", "shop", excerpt()),
        ("README.md", "rules", rule_table()),
        ("CONTRIBUTING.md", "query", example()),
        ("CONTRIBUTING.md", "predicates", predicate_table()),
        ("docs/custom-rules.md", "predicates", predicate_table()),
        ("docs/configuration.md", "keys", reference()),
    ];
    let mut wrong = Vec::new();
    for (file, part, wanted) in parts {
        let text = read(file);
        let [start, end] = ["start", "end"].map(|side| format!("<!-- {part}:{side} -->\n"));
        let found = text
            .split_once(&start)
            .and_then(|(before, rest)| Some((before, rest.split_once(&end)?)));
        let Some((before, (found, after))) = found else {
            wrong.push(format!(
                "{file}: no lines {} and {}",
                start.trim(),
                end.trim()
            ));
            continue;
        };
        if found == wanted {
            continue;
        }
        if update {
            let text = format!("{before}{start}{wanted}{end}{after}");
            fs::write(Path::new(ROOT).join(file), text).unwrap();
        } else {
            wrong.push(format!(
                "{file}: what stands between the `{part}` markers is not what it should be \
                 (DYNALEAK_UPDATE=1 cargo test --test it tidy rewrites it):\n{wanted}"
            ));
        }
    }
    let (file, wanted) = ("docs/dynaleak.schema.json", schema());
    if read(file) != wanted {
        match update {
            true => fs::write(Path::new(ROOT).join(file), wanted).unwrap(),
            false => wrong.push(format!(
                "{file}: not what `dynaleak config --schema` prints \
                 (DYNALEAK_UPDATE=1 cargo test --test it tidy rewrites it)"
            )),
        }
    }
    none(&wrong);
}

#[test]
fn each_key_has_an_example_that_says_it() {
    fn each(of: &str, keys: &[Key], wrong: &mut Vec<String>) {
        for key in keys {
            let name = format!("{of}{}", key.name);
            let (config, problems) =
                Config::parse(key.example, Form::Own, Path::new("")).unwrap_or_default();
            let inner = format!("{name}.");
            let says = |said: &Said| said.key == name || said.key.starts_with(&inner);
            if !config.said.iter().all(says) || config.said.is_empty() || !problems.is_empty() {
                wrong.push(format!("{name}: {:?}, {problems:?}", key.example));
            }
            if let Takes::Keys(keys) = key.takes {
                each(&inner, keys, wrong);
            }
        }
    }
    let mut wrong = Vec::new();
    each("", &KEYS, &mut wrong);
    none(&wrong);
    assert!(keys::names(&KEYS).is_sorted() && keys::names(&keys::BOUNDS).is_sorted());
}

/// What a schema says counts without a key must be what does.
#[test]
fn defaults_are_what_counts_without_a_configuration() {
    let default = |keys: &[Key], name: &str| {
        let key = keys.iter().find(|key| key.name == name).unwrap();
        key.default_value()
    };
    let config = Config::default();
    let Bounds {
        accumulator,
        cache,
        page,
        queue,
    } = config.bounds;
    for (name, bound) in [
        ("accumulator", accumulator),
        ("cache", cache),
        ("page", page),
        ("queue", queue),
    ] {
        assert_eq!(default(&keys::BOUNDS, name), bound, "{name}");
    }
    assert_eq!(default(&KEYS, "fail-on"), config.fail_on.name());
    assert_eq!(default(&KEYS, "include-tests"), config.include_tests());
}

/// Each test that `docs/reliability.md` names is there, and each test of faults is named.
#[test]
fn the_table_of_faults_names_its_tests() {
    let document = read("docs/reliability.md");
    let rows = document.lines().filter(|line| line.starts_with("| "));
    let cells = rows.filter_map(|row| row.trim_end_matches(" |").rsplit_once(" | "));
    let cells = cells.map(|(_, cell)| cell).filter(|cell| *cell != "test");
    let mut named = BTreeSet::new();
    let mut wrong = Vec::new();
    for cell in cells {
        let names = cell.split('`').skip(1).step_by(2).map(str::to_string);
        let before = named.len();
        named.extend(names);
        if named.len() == before {
            wrong.push(format!("docs/reliability.md: no test of its own: {cell}"));
        }
    }
    assert!(named.len() > 30, "{named:?}");
    for test in &named {
        let (file, name) = test.split_once("::").unwrap_or((test, ""));
        let name = name.rsplit("::").next().unwrap_or_default();
        let (file, function) = match file.ends_with(".py") {
            true => (format!("tests/lsp/{file}"), format!("def {name}(")),
            false => (format!("tests/it/{file}.rs"), format!("fn {name}() {{")),
        };
        let path = Path::new(ROOT).join(&file);
        let text = fs::read_to_string(path).unwrap_or_default();
        if !text.contains(&function) {
            wrong.push(format!(
                "docs/reliability.md: `{test}`: {file} has no {function}"
            ));
        }
    }
    for module in ["faults", "hostile"] {
        let text = read(&format!("tests/it/{module}.rs"));
        let tests = text.split("#[test]\n").skip(1).filter_map(|test| {
            let (_, name) = test.split_once("fn ")?;
            Some(format!("{module}::{}", name.split_once('(')?.0))
        });
        wrong.extend(unnamed(tests, &named));
    }
    let text = read("tests/lsp/test_faults.py");
    let tests = text.split("\n").filter_map(|line| {
        let name = line
            .strip_prefix("async ")
            .unwrap_or(line)
            .strip_prefix("def ")?;
        let (name, _) = name.split_once('(')?;
        name.starts_with("test_")
            .then(|| format!("test_faults.py::{name}"))
    });
    wrong.extend(unnamed(tests, &named));
    none(&wrong);
}

fn unnamed(tests: impl Iterator<Item = String>, named: &BTreeSet<String>) -> Vec<String> {
    let tests = tests.filter(|test| !named.contains(test));
    tests
        .map(|test| format!("docs/reliability.md does not name `{test}`"))
        .collect()
}

#[test]
fn no_file_names_a_path_of_one_machine() {
    // Put together here, or this file would name them.
    let paths = ["work", "root"].map(|folder| format!("/{folder}/"));
    let mut wrong = Vec::new();
    for (name, text) in texts("") {
        for (at, line) in text.lines().enumerate() {
            if paths.iter().any(|path| line.contains(path)) {
                wrong.push(format!("{name}:{}: {}", at + 1, line.trim()));
            }
        }
    }
    none(&wrong);
}

#[test]
fn only_the_language_server_names_its_libraries() {
    let mut wrong = Vec::new();
    for (name, text) in texts("server") {
        if name.starts_with("server/lsp") {
            continue;
        }
        for (at, line) in text.lines().enumerate() {
            let code = !line.trim_start().starts_with("//");
            if code
                && ["tower_lsp", "tokio"]
                    .iter()
                    .any(|word| line.contains(word))
            {
                wrong.push(format!("{name}:{}: {}", at + 1, line.trim()));
            }
        }
    }
    none(&wrong);
}

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Predicates that tree-sitter itself answers, each with a `#not-` form.
const TREE_SITTERS: [&str; 5] = ["eq", "any-eq", "match", "any-match", "any-of"];

/// The findings that the README shows.
const SHOWN: [&str; 2] = ["orders/services.py:23:", "orders/repository.py:33:"];

/// Some findings of the shop, word for word, and the last line.
fn excerpt() -> String {
    let shop = "tests/projects/shop";
    let run = run(command(Path::new(ROOT)).args(["check", shop]));
    assert_eq!((run.code, run.stderr.as_str()), (Some(1), ""));
    let findings: Vec<&str> = run.stdout.trim_end().split("\n\n").collect();
    let mut excerpt = format!("```text\n$ dynaleak check {shop}\n");
    for place in SHOWN {
        let place = format!("--> {shop}/{place}");
        let finding = findings.iter().find(|finding| finding.contains(&place));
        let finding = finding.unwrap_or_else(|| panic!("no finding at {place}: choose another"));
        excerpt.push_str(finding);
        excerpt.push_str("\n\n");
    }
    let last = run.stdout.lines().last().unwrap_or_default();
    excerpt.push_str(&format!("[…]\n{last}\n```\n"));
    excerpt
}

fn rule_table() -> String {
    let mut table = String::from("| code | name | effect | severity |\n|---|---|---|---|\n");
    let (notices, rules): (Vec<&Entry>, Vec<&Entry>) =
        (rules::entries().iter()).partition(|entry| entry.is_notice());
    for rule in rules.into_iter().chain(notices) {
        let off = if rule.off { ", only when selected" } else { "" };
        table.push_str(&format!(
            "| {} | [{}](tests/rules/{}.md) | {} | {}{off} |\n",
            rule.code,
            rule.name,
            rule.stem,
            rule.effect
                .map_or("notice".to_string(), |effect| word(&effect)),
            word(&rule.severity),
        ));
    }
    table
}

/// Each key with what it takes, its default, its meaning and an example.
fn reference() -> String {
    let mut text = String::new();
    for key in &KEYS {
        text.push_str(&format!("### `{}`\n\n", key.name));
        let default = match key.default_value() {
            serde_json::Value::Null => key.default.to_string(),
            _ => format!("`{}`", key.default),
        };
        match key.takes {
            Takes::Keys(_) => text.push_str(&format!("Takes: {}.\n\n", key.takes.words())),
            _ => text.push_str(&format!(
                "Takes: {}. Default: {default}.\n\n",
                key.takes.words()
            )),
        }
        text.push_str(&format!("{}\n\n", key.meaning));
        if let Takes::Keys(keys) = key.takes {
            text.push_str("| key | takes | default | meaning |\n|---|---|---|---|\n");
            for inner in keys {
                text.push_str(&format!(
                    "| `{}.{}` | {} | `{}` | {} |\n",
                    key.name,
                    inner.name,
                    inner.takes.words(),
                    inner.default,
                    inner.meaning
                ));
            }
            text.push('\n');
        }
        text.push_str(&format!("```toml\n{}```\n\n", key.example));
    }
    text.truncate(text.len() - 1);
    text
}

fn schema() -> String {
    format!(
        "{}\n",
        serde_json::to_string_pretty(&keys::schema()).unwrap()
    )
}

fn predicate_table() -> String {
    let mut table = String::from("| predicate | holds if it is so |\n|---|---|\n");
    for predicate in PREDICATES {
        let (written, meaning) = predicate
            .doc
            .split_once("`: ")
            .unwrap_or_else(|| panic!("#{}?: its doc is not `written`: meaning", predicate.name));
        let named = written
            .strip_prefix("`#")
            .is_some_and(|written| written.starts_with(&format!("{}?", predicate.name)));
        assert!(named, "#{}?: its doc shows another one", predicate.name);
        table.push_str(&format!("| {written}` | {meaning} |\n"));
    }
    table
}

/// The query of the rule that CONTRIBUTING.md builds, as part of a numbered list.
fn example() -> String {
    let rule = rules::find("DDB605").unwrap();
    let lines = rule.query.lines().map(|line| format!("   {line}\n"));
    format!("   ```scheme\n{}   ```\n   ", lines.collect::<String>())
}

/// As the JSON output spells it.
fn word(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).unwrap();
    value.as_str().unwrap().to_string()
}

/// The names in the order of the query, without `not-`; comments are no part of it.
fn predicates_in(query: &str) -> impl Iterator<Item = &str> {
    query
        .lines()
        .filter(|line| !line.trim_start().starts_with(';'))
        .flat_map(|line| line.split("(#").skip(1))
        .filter_map(|rest| rest.split(['?', ' ', ')']).next())
        .map(|name| name.strip_prefix("not-").unwrap_or(name))
}

/// What stands behind `## ` outside code blocks.
fn headings(page: &str) -> Vec<&str> {
    let mut fenced = false;
    let mut headings = Vec::new();
    for line in page.lines() {
        fenced ^= line.starts_with("```");
        headings.extend(line.strip_prefix("## ").filter(|_| !fenced));
    }
    headings
}

/// All names in a folder of the repository, folders too.
fn names_in(folder: &str) -> BTreeSet<String> {
    fs::read_dir(Path::new(ROOT).join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// Each text file of a folder of the repository that git would take, by its name from the root.
fn texts(folder: &str) -> Vec<(String, String)> {
    let mut walk = WalkBuilder::new(Path::new(ROOT).join(folder));
    // Hidden ones count (`.ci/run`), and so does `.gitignore` where there is no `.git`.
    walk.hidden(false).require_git(false).parents(false);
    walk.filter_entry(|entry| entry.file_name() != ".git");
    let mut texts = Vec::new();
    for entry in walk.build() {
        let path = entry.unwrap().into_path();
        let name = path.strip_prefix(ROOT).unwrap();
        let name = name.to_string_lossy().replace('\\', "/");
        if name.starts_with("target/") || !path.is_file() {
            continue;
        }
        if let Ok(text) = String::from_utf8(fs::read(&path).unwrap()) {
            texts.push((name, text));
        }
    }
    assert!(!texts.is_empty(), "no text file in {folder:?}");
    texts
}

fn read(name: &str) -> String {
    let path = Path::new(ROOT).join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[track_caller]
fn none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
