//! Standard input, `--add-ignore`, `--force-exclude`, `--verbose`, completions, manual pages, signals and `--watch`.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use dynaleak::fixtures::notation::Page;
use dynaleak::report::shown;
use dynaleak::suppress::ignore_edits;
use dynaleak::syntax::Source;
use dynaleak::workspace::{Options, Workspace};
use serde_json::Value;
use tree_sitter::Node;

use crate::project::{APPEND, GOOD, Project, Run, command, run};

/// Runs with a text on standard input.
fn piped(project: &Project, arguments: &[&str], text: impl AsRef<[u8]>) -> Run {
    let mut command = command(&project.path("."));
    let (reader, mut writer) = std::io::pipe().unwrap();
    command.args(arguments).stdin(reader);
    let text = text.as_ref().to_vec();
    let thread = std::thread::spawn(move || _ = writer.write_all(&text));
    let run = run(&mut command);
    drop(command);
    thread.join().unwrap();
    run
}

const STORE: &str = "import boto3\n\nTABLE = boto3.resource(\"dynamodb\").Table(\"orders\")\n\n\ndef fetch(key):\n    return TABLE.get_item(Key=key)[\"Item\"]\n";
const USER: &str = "from shop.store import fetch\n\nKEPT = []\n\n\ndef remember(key):\n    KEPT.append(fetch(key))\n\n\nremember({\"id\": 1})\n";

#[test]
fn standard_input() {
    let project = Project::new();
    let run = piped(&project, &["check", "-", "--output-format", "json"], GOOD);
    assert_eq!(
        (run.code, run.found()),
        (Some(1), vec!["-:8 DDB101".into()])
    );
    let run = piped(&project, &["check", "-"], "");
    assert_eq!(
        run.stdout, "No findings in 1 file (0 analysed).\n",
        "{run:?}"
    );
    for arguments in [
        &["check", "-", "."][..],
        &["check", "--stdin-filename", "a.py"],
    ] {
        let run = piped(&project, arguments, GOOD);
        assert_eq!(
            (run.code, run.stdout.as_str()),
            (Some(2), ""),
            "{arguments:?}"
        );
    }
    let run = piped(&project, &["check", "-"], b"\xff");
    assert_eq!(run.code, Some(2));
    assert!(
        run.stderr
            .starts_with("error: standard input is not valid UTF-8"),
        "{run:?}"
    );
}

#[test]
fn standard_input_belongs_to_a_project() {
    let project = Project::new();
    project.write("shop/store.py", STORE);
    project.write("shop/user.py", "");
    project.write("shop/other.py", GOOD);
    let name = [
        "check",
        "-",
        "--stdin-filename",
        "shop/user.py",
        "--output-format",
        "json",
    ];
    // By itself nobody knows what `fetch` gives.
    assert_eq!(piped(&project, &name, USER).found(), [""; 0]);
    project.write("pyproject.toml", "");
    let found = piped(&project, &name, USER);
    assert_eq!(found.found(), ["shop/user.py:7 DDB101"], "{found:?}");
    assert_eq!(found.document()["summary"]["files"], 1);
    project.write("shop/user.py", USER);
    let same = project.json(&["."]);
    let of_user = |run: &Run| -> Vec<Value> {
        let document = run.document();
        let findings = document["findings"].as_array().unwrap().iter();
        findings
            .filter(|each| each["file"] == "shop/user.py")
            .cloned()
            .collect()
    };
    assert_eq!(of_user(&found), of_user(&same));
    // What stands on disk under the name does not count.
    assert_eq!(piped(&project, &name, "x = 1\n").found(), [""; 0]);
    project.write("shop/dynaleak.toml", "ignore = ['DDB101']");
    assert_eq!(piped(&project, &name, USER).found(), [""; 0]);
    // A file that is not there yet has a configuration too.
    let new = ["check", "-", "--stdin-filename", "shop/new.py"];
    assert_eq!(piped(&project, &new, GOOD).code, Some(0));
}

#[test]
fn standard_input_is_mended_on_standard_output() {
    let project = Project::new();
    let leaky = "import boto3\n\nPAGES = boto3.client(\"dynamodb\").get_paginator(\"scan\")\n\n\ndef show():\n    with PAGES.paginate(TableName=\"orders\") as pages:\n        for page in pages:\n            print(page)\n";
    project.write("a.py", leaky);
    let on_disk = || std::fs::read_to_string(project.path("a.py")).unwrap();
    let name = ["check", "-", "--stdin-filename", "a.py"];
    let with = |more: &[&str]| piped(&project, &[&name[..], more].concat(), leaky);
    let fixed = with(&["--fix"]);
    assert_ne!(fixed.stdout, leaky);
    assert!(fixed.stdout.starts_with("import ") && !fixed.stdout.contains("Found"));
    assert!(
        fixed.stderr.contains("Fixed 1 finding in 1 file."),
        "{fixed:?}"
    );
    assert_eq!(fixed.code, Some(0));
    assert_eq!(on_disk(), leaky);
    let diff = with(&["--diff"]);
    assert!(diff.stdout.starts_with("--- a/a.py\n"), "{diff:?}");
    assert_eq!(diff.code, Some(1));
    // The same as on disk.
    project.run(&["check", "--fix", "a.py"]);
    assert_eq!(on_disk(), fixed.stdout);

    // What cannot be mended comes out as it went in.
    let latin = b"# coding: latin-1\nx = '\xe9'\n";
    let mut command = command(&project.path("."));
    let (reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(latin).unwrap();
    drop(writer);
    let output = command
        .args(["check", "-", "--fix"])
        .stdin(reader)
        .output()
        .unwrap();
    assert_eq!(
        (output.stdout.as_slice(), output.status.code()),
        (&latin[..], Some(0))
    );
    let run = piped(&project, &["check", "-", "--add-ignore=known"], GOOD);
    assert_eq!(
        run.stdout,
        GOOD.replace(
            APPEND,
            &format!("{APPEND}  # dynaleak: ignore[DDB101] known")
        )
    );
}

#[test]
fn what_is_named_is_excluded_on_demand() {
    let project = Project::good();
    for name in ["vendored/a.py", "tests/test_a.py", "build/a.py"] {
        project.write(name, GOOD);
    }
    project.write("dynaleak.toml", "exclude = ['vendored/']");
    let names = [
        "good.py",
        "vendored/a.py",
        "tests/test_a.py",
        "build/a.py",
        "vendored",
    ];
    assert_eq!(project.json(&names).found().len(), 4);
    let forced = project.json(&[&names[..], &["--force-exclude"]].concat());
    assert_eq!(forced.found(), ["good.py:8 DDB101"]);
    let tests = ["tests/test_a.py", "--force-exclude", "--include-tests"];
    assert_eq!(project.json(&tests).found().len(), 1);
    let none = project.json(&["vendored/a.py", "--force-exclude", "-q"]);
    assert_eq!((none.code, none.found().len()), (Some(0), 0));
    let stdin = [
        "check",
        "-",
        "--stdin-filename",
        "vendored/a.py",
        "--force-exclude",
    ];
    assert_eq!(piped(&project, &stdin, GOOD).code, Some(0));
    let fix = [&stdin[..], &["--fix", "--unsafe-fixes"]].concat();
    assert_eq!(piped(&project, &fix, GOOD).stdout, GOOD);
}

#[test]
fn what_is_done_is_said_on_demand() {
    let project = Project::good();
    project.write("dynaleak.toml", "");
    let run = project.run(&["check", "--verbose", "--output-format", "json"]);
    assert_eq!(run.found().len(), 1);
    let lines: Vec<&str> = run.stderr.lines().collect();
    assert_eq!(lines.len(), 4, "{run:?}");
    assert!(lines.iter().all(|line| line.starts_with("note: ")));
    assert_eq!(lines[1], "note: configuration: dynaleak.toml");
    assert!(lines[2].starts_with("note: 1 file found in "), "{run:?}");
    project.write("plain.py", "import os\n");
    let run = project.run(&["check", "-vv"]);
    let named: Vec<&str> = (run.stderr.lines())
        .filter_map(|line| line.strip_prefix("note: analysed: "))
        .collect();
    assert_eq!(named, ["good.py"], "{run:?}");
    assert_eq!(project.run(&["check", "-v", "-q"]).code, Some(2));
}

#[test]
fn completions_and_manual_pages() {
    let project = Project::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = project.run(&["completions", shell]);
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
        assert!(run.stdout.contains("force-exclude"), "{shell}");
    }
    assert_eq!(project.run(&["completions", "dos"]).code, Some(2));
    for (arguments, heading) in [
        (&["man"][..], ".TH dynaleak 1"),
        (&["man", "check"], ".TH dynaleak-check 1"),
    ] {
        let run = project.run(arguments);
        assert_eq!(run.code, Some(0));
        assert!(
            run.stdout.contains(heading) && run.stdout.contains(".SH OPTIONS"),
            "{run:?}"
        );
    }
    assert_eq!(project.run(&["man", "nonsense"]).code, Some(2));
}

#[cfg(unix)]
#[test]
fn bash_reads_its_completions() {
    let project = Project::new();
    let script = project.run(&["completions", "bash"]).stdout;
    project.write("dynaleak.bash", &script);
    let bash = |script: &str| {
        let mut bash = Command::new("bash");
        run(bash.args(["-c", script]).current_dir(project.path(".")))
    };
    let parsed = bash("bash -n dynaleak.bash");
    assert_eq!((parsed.code, parsed.stderr.as_str()), (Some(0), ""));
    let offered = bash(
        "source dynaleak.bash; COMP_WORDS=(dynaleak check --force); COMP_CWORD=2; _dynaleak dynaleak --force check; echo ${COMPREPLY[@]}",
    );
    assert_eq!(offered.stdout.trim(), "--force-exclude", "{offered:?}");
}

fn ignored(project: &Project, name: &str) -> String {
    std::fs::read_to_string(project.path(name)).unwrap()
}

#[test]
fn comments_for_what_is_there_now() {
    let project = Project::new();
    project.write("good.py", GOOD);
    let lines = "import boto3\nKEPT = []\nSEEN = []\n\n\ndef keep(key):\n    table = boto3.resource(\"dynamodb\").Table(\"orders\")\n    item = table.get_item(\n        Key=key,\n    )[\"Item\"]\n    KEPT.append(item); SEEN.append(item)\n    KEPT.append((item, \"\"\"\ntext\"\"\"))\n    KEPT.append(item)  # noqa: E501\n    KEPT.append(item)  # dynaleak: ignore[DDB302] small\n";
    project.write("shop/a.py", lines);
    let run = project.run(&[
        "check",
        "--add-ignore=known since 2024",
        "--ignore=DDB0,DDB6",
    ]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(
        run.stdout
            .ends_with("No findings in 2 files (2 analysed).\n"),
        "{run:?}"
    );
    assert!(run.stdout.contains("good.py: ignored DDB101\n"), "{run:?}");
    let text = ignored(&project, "shop/a.py");
    for line in [
        "    KEPT.append(item); SEEN.append(item)  # dynaleak: ignore[DDB101] known since 2024\n",
        "text\"\"\"))  # dynaleak: ignore[DDB101] known since 2024\n",
        "    KEPT.append(item)  # noqa: E501  # dynaleak: ignore[DDB101] known since 2024\n",
        "    KEPT.append(item)  # dynaleak: ignore[DDB302, DDB101] small\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
    assert_eq!(leaves(&text), leaves(lines));
    let before = text;
    let again = project.run(&["check", "--add-ignore", "--ignore=DDB0,DDB6"]);
    assert!(
        again.stdout.starts_with("Nothing to ignore.\n"),
        "{again:?}"
    );
    assert_eq!(ignored(&project, "shop/a.py"), before);
    for reason in ["--add-ignore=a\nb", "--add-ignore=# noqa: DDB1"] {
        assert_eq!(project.run(&["check", reason]).code, Some(2));
    }
    assert_eq!(
        project.run(&["check", "--add-ignore", "--fix"]).code,
        Some(2)
    );
}

#[cfg(unix)]
#[test]
fn no_comment_where_none_can_be_written() {
    let project = Project::new();
    let latin = [b"# coding: latin-1\n# \xe9\n", GOOD.as_bytes()].concat();
    project.write("latin.py", &latin);
    let unable = GOOD.replace(APPEND, "x = '''\n'''; PENDING.append(item); y = '''\n'''");
    project.write("between.py", &unable);
    let run = project.run(&["check", "--add-ignore", "--output-format=concise"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert_eq!(std::fs::read(project.path("latin.py")).unwrap(), latin);
    assert_eq!(ignored(&project, "between.py"), unable);
    assert!(run.stderr.contains("latin.py: not in UTF-8"), "{run:?}");
    let why = "between.py:9: DDB101: no comment can stand at this statement";
    assert!(run.stderr.contains(why), "{run:?}");
    assert!(run.stdout.contains("between.py:9:") && run.stdout.contains("Found 2 errors"));
}

/// All of a text but its comments and blanks.
fn leaves(text: &str) -> Vec<String> {
    fn walk(node: Node, text: &str, all: &mut Vec<String>) {
        if node.kind() == "comment" {
            return;
        }
        if node.child_count() == 0 {
            all.push(format!("{} {}", node.kind(), &text[node.byte_range()]));
        }
        let mut cursor = node.walk();
        for child in node.children(&mut cursor) {
            walk(child, text, all);
        }
    }
    let mut parser = tree_sitter::Parser::new();
    parser
        .set_language(&tree_sitter_python::LANGUAGE.into())
        .unwrap();
    let tree = parser.parse(text, None).unwrap();
    let mut all = Vec::new();
    walk(tree.root_node(), text, &mut all);
    all
}

/// Every fixture of every rule: with its comments a check finds nothing, no comment is unused, and
/// the code is the same.
#[test]
fn all_fixtures_can_be_ignored_at_once() {
    let mut count = 0;
    for rule in dynaleak::rules::all() {
        for (_, heading) in Page::new(rule.stem, rule.page).headings {
            let heading = heading.unwrap();
            let config = dynaleak::fixtures::config(&heading, "select = ['DDB']").unwrap();
            let mut files = heading.after();
            let checked = |files: &[(Arc<str>, String)]| {
                let mut workspace = Workspace::new(Options::default());
                workspace.set_own(config.own.clone());
                workspace.set_paths(files.iter().map(|(name, _)| Arc::clone(name)));
                workspace.load(files.to_vec());
                let of = |(name, _): &(Arc<str>, String)| {
                    shown(&workspace, name, &config.of(Path::new(&**name))).kept
                };
                files.iter().map(of).collect::<Vec<_>>()
            };
            let before = checked(&files);
            for ((_, text), findings) in files.iter_mut().zip(&before) {
                let source = Source::new(text.clone());
                let (mut edits, _) = ignore_edits(&source, findings, " why");
                count += edits.len();
                edits.sort_by_key(|edit| edit.span.start);
                let mut after = text.clone();
                for edit in edits.iter().rev() {
                    after.replace_range(edit.span.clone(), &edit.text);
                }
                assert_eq!(
                    leaves(&after),
                    leaves(text),
                    "{} {}",
                    rule.stem,
                    heading.title
                );
                *text = after;
            }
            let notices = |found: &[Vec<dynaleak::finding::Finding>]| {
                let all = found.iter().flatten();
                all.filter(|each| dynaleak::rules::find(each.code).is_none())
                    .count()
            };
            let after = checked(&files);
            let left = after.iter().flatten().count();
            assert_eq!(
                left,
                notices(&before),
                "{} {}: {after:#?}\n{files:#?}",
                rule.stem,
                heading.title
            );
        }
    }
    assert!(count > 200, "{count}");
}

#[cfg(unix)]
mod signals {
    use super::*;
    use std::os::unix::process::ExitStatusExt;

    fn started(project: &Project, arguments: &[&str]) -> Child {
        let mut command = command(&project.path("."));
        command.args(arguments).stdin(Stdio::piped());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    fn signal(child: &Child, name: &str) {
        let id = child.id().to_string();
        let sent = Command::new("kill")
            .args(["-s", name, &id])
            .status()
            .unwrap();
        assert!(sent.success());
    }

    /// Until it hears signals.
    fn heard(child: &mut Child) -> BufReader<std::process::ChildStderr> {
        let mut errors = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        errors.read_line(&mut line).unwrap();
        assert!(line.starts_with("note: dynaleak "), "{line}");
        errors
    }

    fn ended(mut child: Child) -> (String, Option<i32>) {
        let mut out = String::new();
        let mut stdout = child.stdout.take().unwrap();
        stdout.read_to_string(&mut out).unwrap();
        let status = child.wait().unwrap();
        assert_eq!(status.signal(), None);
        (out, status.code())
    }

    fn large(files: usize) -> Project {
        let project = Project::new();
        for number in 0..files {
            project.write(&format!("shop/a{number}.py"), GOOD);
        }
        project
    }

    /// Standard input that never ends: there is nothing to report yet.
    #[test]
    fn before_the_report() {
        let project = Project::good();
        for (name, code) in [("INT", 130), ("TERM", 143)] {
            project.write("out.json", "old");
            let arguments = [
                "check",
                "-",
                "-v",
                "--output-format=json",
                "--output=json=out.json",
            ];
            let mut child = started(&project, &arguments);
            let mut errors = heard(&mut child);
            signal(&child, name);
            let (out, status) = ended(child);
            assert_eq!(status, Some(code));
            let document: Value = serde_json::from_str(&out).unwrap();
            assert_eq!(document["errors"][0]["message"], "interrupted");
            let mut told = String::new();
            errors.read_to_string(&mut told).unwrap();
            assert!(told.ends_with("error: interrupted\n"), "{told}");
            assert_eq!(ignored(&project, "out.json"), "old");
        }
    }

    #[test]
    fn during_a_large_check() {
        let project = large(3000);
        for format in ["json", "sarif", "full"] {
            project.write("out.json", "old");
            let format = format!("--output-format={format}");
            let mut child = started(
                &project,
                &["check", "-v", &format, "--output=json=out.json"],
            );
            let _errors = heard(&mut child);
            signal(&child, "TERM");
            let (out, status) = ended(child);
            assert_eq!(status, Some(143), "{format}");
            assert!(format.contains("full") || serde_json::from_str::<Value>(&out).is_ok());
            assert_eq!(ignored(&project, "out.json"), "old");
        }
        let names = std::fs::read_dir(project.path(".")).unwrap();
        assert_eq!(names.count(), 2, "no file is left over");
    }

    /// The report is larger than a pipe holds, and nobody reads it until the signal was sent.
    #[test]
    fn during_the_report() {
        let project = large(200);
        for format in ["json", "full"] {
            let arguments = [
                "check",
                "--color=always",
                &format!("--output-format={format}"),
            ];
            let mut child = started(&project, &arguments);
            let mut first = [0];
            child
                .stdout
                .as_mut()
                .unwrap()
                .read_exact(&mut first)
                .unwrap();
            signal(&child, "INT");
            // It waits at the full pipe, and hears the signal there.
            std::thread::sleep(std::time::Duration::from_secs(1));
            let (rest, status) = ended(child);
            assert_eq!(status, Some(130), "{format}");
            let out = format!("{}{rest}", char::from(first[0]));
            match format {
                "json" => {
                    let document: Value = serde_json::from_str(&out).unwrap();
                    assert_eq!(document["findings"].as_array().unwrap().len(), 200);
                }
                _ => {
                    assert!(out.ends_with("\x1b[0m\n"), "{:?}", &out[out.len() - 200..]);
                    assert!(!out.contains("Found"));
                }
            }
        }
    }

    #[test]
    fn watched() {
        let project = Project::good();
        project.write("dynaleak.toml", "");
        let mut child = started(&project, &["check", "--watch", "--output-format=concise"]);
        // No report at all would be waited for without end.
        let id = child.id().to_string();
        let (over, waits) = std::sync::mpsc::channel::<()>();
        std::thread::spawn(move || {
            let waited = waits.recv_timeout(std::time::Duration::from_secs(300));
            if waited == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                let _ = Command::new("kill").args(["-s", "KILL", &id]).status();
            }
        });
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut report = || {
            let mut report = String::new();
            while !report.contains("analysed") {
                assert_ne!(out.read_line(&mut report).unwrap(), 0, "{report}");
            }
            report
        };
        assert!(report().contains("good.py:8:9: error[DDB101]"));
        // What is no Python is no reason; what is written meanwhile is seen later.
        project.write("notes.txt", "x");
        project.write("good.py", format!("\n{GOOD}"));
        while !report().contains("good.py:9:9: error[DDB101]") {}
        project.write("new/more.py", GOOD);
        while !report().contains("new/more.py:8:9") {}
        project.write("dynaleak.toml", "ignore = ['DDB1']");
        while !report().starts_with("No findings") {}
        signal(&child, "INT");
        let status = child.wait().unwrap();
        drop(over);
        assert_eq!(status.code(), Some(130));
    }
}
