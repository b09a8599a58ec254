//! `--shard` and `merge`: the parts of a check are together what one check is.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::project::{GOOD, Project, Run};

const SHOP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/projects/shop");

/// Runs each shard and joins their outputs.
fn merged(project: &Project, format: &str, count: usize, arguments: &[&str]) -> Run {
    let names: Vec<String> = (1..=count)
        .map(|index| format!("{index}.{format}"))
        .collect();
    for (index, name) in (1..).zip(&names) {
        let shard = format!("{index}/{count}");
        let output = format!("{format}={name}");
        let check = [
            "check",
            "-q",
            "--output-format",
            "concise",
            "--shard",
            &shard,
        ];
        let run = project.run(&[&check[..], &["--output", &output], arguments].concat());
        assert!(matches!(run.code, Some(0 | 1)), "{run:?}");
    }
    let names = names.iter().map(String::as_str);
    project.run(&["merge"].into_iter().chain(names).collect::<Vec<_>>())
}

fn equal_one_run(project: &Project, count: usize, arguments: &[&str]) {
    for format in ["json", "sarif"] {
        let one = project.run(&[&["check", "-q", "--output-format", format], arguments].concat());
        let joined = merged(project, format, count, arguments);
        assert_eq!(joined.stdout, one.stdout, "{count} shards as {format}");
        assert_eq!((joined.code, &*joined.stderr), (one.code, ""));
    }
}

/// Two services that share nothing, one of them in two files.
fn services() -> Project {
    let project = Project::new();
    project.write("orders/store.py", GOOD);
    let store =
        "from store import collect, PENDING\n\n\ndef clear():\n    PENDING.clear()\n\n\nclear()\n";
    project.write("orders/main.py", store);
    project.write("users/store.py", GOOD.replace("PENDING", "USERS"));
    project.write("plain.py", "print(1)\n");
    project
}

#[test]
fn the_example_project_in_parts() {
    let project = Project::new();
    copy(Path::new(SHOP), &project.path("shop"));
    for count in [2, 4] {
        equal_one_run(&project, count, &["shop"]);
    }
    equal_one_run(&project, 3, &["shop", "--show-ignored", "--include-tests"]);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to.join(entry.file_name())),
            false => _ = fs::copy(entry.path(), to.join(entry.file_name())).unwrap(),
        }
    }
}

#[test]
fn what_imports_what_stays_together() {
    let project = services();
    let documents: Vec<Value> = ["1/2", "2/2"]
        .map(|shard| project.json(&["--shard", shard]).document())
        .into();
    let files = |document: &Value| document["summary"]["files"].as_u64().unwrap();
    // The orders go together, though they are more than the users.
    let counts: Vec<u64> = documents.iter().map(files).collect();
    assert!(counts == [2, 2] || counts == [3, 1], "{counts:?}");
    let found = |document: &Value| document["findings"].as_array().unwrap().len();
    // What `main.py` clears is bounded in the shard as it is in one run.
    let counts: Vec<usize> = documents.iter().map(found).collect();
    assert_eq!(counts.iter().sum::<usize>(), 1, "{documents:?}");
    let ends: Vec<&Value> = documents
        .iter()
        .map(|document| &document["shard"])
        .collect();
    for (index, end) in (1..).zip(ends) {
        let exit = found(&documents[index - 1]);
        assert_eq!(*end, json!({ "index": index, "count": 2, "exit": exit }));
    }
    assert!(project.json(&[]).document().get("shard").is_none());
    equal_one_run(&project, 2, &[]);
    // More shards than there is work for.
    equal_one_run(&project, 9, &[]);
}

#[test]
fn what_is_shared_by_name_alone() {
    let project = Project::new();
    let reader = "import boto3\n\ntable = boto3.resource(\"dynamodb\").Table(\"a\")\n\nPAGES = {}\n\n\ndef load(key):\n    PAGES[key] = table.get_item(Key={\"id\": key})\n\n\ndef read(key):\n    return PAGES[key][\"Item\"]\n";
    project.write("a/pages.py", reader);
    // Nothing imports it, and it may get at the pages by their name.
    let other = "import boto3\n\ntable = boto3.resource(\"dynamodb\").Table(\"b\")\n\n\ndef show(module):\n    return module.PAGES\n";
    project.write("b/other.py", other);
    let middleware = "import boto3\n\ntable = boto3.resource(\"dynamodb\").Table(\"c\")\n\n\ndef middleware(request):\n    request.orders = table.scan()\n";
    project.write("c/middleware.py", middleware);
    let view = "import boto3\n\nALL = []\n\n\ndef view(request):\n    ALL.append(request.orders)\n\n\nclient = boto3.client(\"dynamodb\")\n";
    project.write("d/view.py", view);
    for count in [2, 4] {
        equal_one_run(&project, count, &[]);
    }
}

#[test]
fn wrong_shards() {
    let project = services();
    for shard in ["0/2", "3/2", "2", "a/b", "1/0", "1/9999999"] {
        let run = project.run(&["check", "--shard", shard]);
        assert_eq!(run.code, Some(2), "{run:?}");
    }
    for other in ["--fix", "--write-baseline", "-"] {
        let run = project.run(&["check", "--shard", "1/2", other]);
        assert_eq!(run.code, Some(2), "{run:?}");
    }
}

#[test]
fn outputs_that_cannot_be_joined() {
    let project = services();
    let write = |name: &str, arguments: &[&str]| {
        let run = project.run(&[&["check", "-q"], arguments].concat());
        project.write(name, run.stdout);
    };
    write("1.json", &["--output-format", "json", "--shard", "1/3"]);
    write("2.json", &["--output-format", "json", "--shard", "2/3"]);
    write("3.json", &["--output-format", "json", "--shard", "3/3"]);
    write("of-2.json", &["--output-format", "json", "--shard", "1/2"]);
    write("whole.json", &["--output-format", "json"]);
    write("a.sarif", &["--output-format", "sarif"]);
    write("gitlab.json", &["--output-format", "gitlab"]);
    let all = fs::read_to_string(project.path("1.json")).unwrap();
    project.write(
        "old.json",
        all.replace("\"version\": \"", "\"version\": \"9."),
    );
    project.write("schema.json", all.replace("\"schema\": 1", "\"schema\": 9"));
    project.write(
        "foreign.sarif",
        r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}}}]}"#,
    );
    let cases = [
        (&["1.json", "3.json"][..], "shard 2/3 is missing"),
        (
            &["1.json", "2.json", "3.json", "1.json"],
            "1.json: it is shard 1/3, as 1.json is",
        ),
        (
            &["1.json", "of-2.json"],
            "of-2.json: it is shard 1/2, and others are of 3",
        ),
        (
            &["1.json", "2.json", "3.json", "whole.json"],
            "whole.json: it says no shard",
        ),
        (
            &["1.json", "a.sarif"],
            "1.json is JSON and a.sarif is SARIF",
        ),
        (
            &["1.json", "old.json"],
            "only outputs of one version can be joined",
        ),
        (&["schema.json"], "schema.json: schema 9 is not known"),
        (
            &["gitlab.json"],
            "gitlab.json: this is neither JSON nor SARIF",
        ),
        (&["plain.py"], "plain.py: this is neither JSON nor SARIF"),
        (&["foreign.sarif"], "this SARIF is not of dynaleak"),
        (&["missing.json"], "missing.json: "),
        (
            &["a.sarif", "--output-format", "json"],
            "can be printed as that only",
        ),
        (
            &["whole.json", "--output-format", "sarif"],
            "cannot be printed as SARIF",
        ),
    ];
    for (arguments, problem) in cases {
        let run = project.run(&[&["merge"], arguments].concat());
        assert_eq!((run.code, &*run.stdout), (Some(2), ""), "{run:?}");
        assert!(run.stderr.contains(problem), "{problem}: {run:?}");
    }
}

#[test]
fn a_merge_ends_as_the_check_would() {
    let project = services();
    let one = project.run(&["check", "--output-format", "concise"]);
    let joined = merged(&project, "json", 2, &[]);
    assert_eq!(joined.code, Some(1));
    let run = project.run(&["merge", "1.json", "2.json", "--output-format", "concise"]);
    assert_eq!((run.code, run.stdout), (Some(1), one.stdout));
    let run = project.run(&["merge", "1.json", "2.json", "--exit-zero"]);
    assert_eq!(run.code, Some(0));
    merged(&project, "json", 2, &["--exit-zero"]);
    assert_eq!(project.run(&["merge", "1.json", "2.json"]).code, Some(1));
    // Whole outputs, as of several folders.
    let run = project.json(&["orders"]);
    project.write("orders.json", run.stdout);
    let run = project.json(&["users"]);
    project.write("users.json", run.stdout);
    let run = project.run(&["merge", "users.json", "orders.json"]);
    assert_eq!((run.code, run.found().len()), (Some(1), 1), "{run:?}");
    // A shard that could not do its work makes the whole one that could not.
    for index in ["1", "2"] {
        let shard = format!("{index}/2");
        let run = project.json(&["--shard", &shard, ".", "missing"]);
        assert_eq!(run.code, Some(2));
        project.write(&format!("{index}.json"), run.stdout);
    }
    let run = project.run(&["merge", "1.json", "2.json"]);
    assert_eq!((run.code, run.errors().len()), (Some(2), 1), "{run:?}");
}

// ---- random projects ----

/// What a file of a random project does, in its folder of three.
#[derive(Clone, Debug)]
struct Source {
    folder: usize,
    /// Which earlier files it imports, and how.
    imports: Vec<(usize, u8)>,
    parts: Vec<(u8, u8)>,
}

const FOLDERS: [&str; 4] = ["", "a/", "b/", "b/inner/"];

impl Source {
    fn name(&self, number: usize) -> String {
        format!("{}m{number}.py", FOLDERS[self.folder])
    }

    fn text(&self, number: usize, all: &[Source]) -> String {
        let mut text = String::new();
        let mut calls = String::new();
        for (other, how) in &self.imports {
            let other = other % all.len();
            if other == number {
                continue;
            }
            let folder = FOLDERS[all[other].folder]
                .trim_end_matches('/')
                .replace('/', ".");
            let dot = if folder.is_empty() { "" } else { "." };
            let (import, call) = match how % 4 {
                0 => (
                    format!("from {folder}{dot}m{other} import load\n"),
                    "load(1)\n".to_string(),
                ),
                1 => (
                    format!("import {folder}{dot}m{other} as other{other}\n"),
                    format!("other{other}.load(2)\n"),
                ),
                2 if dot.is_empty() => (
                    format!("import m{other}\n"),
                    format!("m{other}.ROWS.clear()\n"),
                ),
                2 => (
                    format!("from {folder} import m{other}\n"),
                    format!("print(m{other}.ROWS)\n"),
                ),
                _ => (
                    format!("from {folder}{dot}m{other} import *\n"),
                    "print(ROWS)\n".to_string(),
                ),
            };
            text.push_str(&import);
            calls.push_str(&call);
        }
        for (part, name) in &self.parts {
            let name = ["rows", "page", "orders"][*name as usize % 3];
            let upper = name.to_uppercase();
            text.push_str(&match part % 8 {
                0 => "import boto3\ntable = boto3.resource(\"dynamodb\").Table(\"t\")\n".to_string(),
                1 => format!("ROWS = []\ndef load(key):\n    for {name} in table.scan()[\"Items\"]:\n        ROWS.append({name})\n"),
                2 => format!("{upper} = {{}}\ndef keep(key):\n    {upper}[key] = table.get_item(Key={{\"id\": key}})\ndef seen(key):\n    return {upper}[key][\"Item\"]\n"),
                3 => format!("def middleware(request):\n    request.{name} = table.scan()\n"),
                4 => format!("KEPT = []\ndef view(request):\n    KEPT.append(request.{name})\n"),
                5 => "def make():\n    import boto3\n    return boto3.client(\"dynamodb\")\ndef per_request(request):\n    return make().scan(TableName=\"t\")\n".to_string(),
                6 => format!("def any_{name}(thing):\n    thing.{upper}.clear()\n"),
                _ => format!("class Store:\n    {name} = []\n    def add(self, item):\n        self.{name}.append(table.get_item(Key=item)[\"Item\"])\nSTORE = Store()\n"),
            });
        }
        text + &calls
    }
}

fn source() -> impl Strategy<Value = Source> {
    let imports = prop::collection::vec((0..8_usize, any::<u8>()), 0..3);
    let parts = prop::collection::vec((any::<u8>(), any::<u8>()), 1..6);
    (0..FOLDERS.len(), imports, parts).prop_map(|(folder, imports, parts)| Source {
        folder,
        imports,
        parts,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn random_projects_in_parts(sources in prop::collection::vec(source(), 2..8), count in 2..5_usize) {
        let project = Project::new();
        for (number, source) in sources.iter().enumerate() {
            project.write(&source.name(number), source.text(number, &sources));
        }
        let one = project.json(&["-q"]);
        let joined = merged(&project, "json", count, &[]);
        prop_assert_eq!(&joined.stdout, &one.stdout);
        prop_assert_eq!(joined.code, one.code);
    }
}
