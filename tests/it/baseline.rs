//! The baseline: what is accepted stays accepted however the code moves, and nothing else does.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::project::{APPEND, GOOD, Project, Run, command, git, run};
use crate::rewrites::copied;

const NAME: &str = "dynaleak-baseline.jsonl";

/// With `GOOD` as `good.py`, whose finding is accepted.
fn accepted() -> Project {
    let project = Project::good();
    let run = project.run(&["check", "--write-baseline"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let told = format!("Wrote 1 finding to {NAME}: from now on only new ones fail.\n");
    assert!(run.stdout.ends_with(&told), "{run:?}");
    project
}

fn baseline(project: &Project) -> String {
    fs::read_to_string(project.path(NAME)).unwrap()
}

fn in_ci(project: &Project, arguments: &[&str]) -> Run {
    let mut command = command(&project.path("."));
    run(command.env("CI", "true").arg("check").args(arguments))
}

#[test]
fn only_what_is_new_fails() {
    let project = accepted();
    let line = r#"{"file":"good.py","rule":"DDB101","function":"collect","code":"PENDING.appenditem","count":1}"#;
    let header = r#"{"dynaleak-baseline":1,"paths":["."]}"#;
    assert_eq!(baseline(&project), format!("{header}\n{line}\n"));
    let run = project.run(&["check"]);
    let told = format!("No findings in 1 file (1 analysed).\n{NAME} accepts 1 finding.\n");
    assert_eq!((run.code, run.stdout), (Some(0), told));

    // A second equal leak is a new one.
    project.write("good.py", format!("{GOOD}        {APPEND}\n"));
    let run = project.json(&[]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert_eq!(run.found(), ["good.py:9 DDB101"]);
    assert_eq!(run.document()["baselines"][0]["accepted"], 1);
    assert_eq!(project.json(&["--baseline-mode", "off"]).found().len(), 2);
}

#[test]
fn what_is_accepted_is_shown_on_demand() {
    let project = accepted();
    let run = project.json(&["--show-ignored"]);
    assert_eq!(run.code, Some(0));
    let document = run.document();
    assert_eq!(document["findings"][0]["baselined"], true, "{run:?}");
    assert_eq!(document["summary"]["findings"], 0);
    let run = project.run(&["check", "--show-ignored", "--output-format", "concise"]);
    assert!(
        run.stdout.starts_with("good.py:8:9: baselined[DDB101] "),
        "{run:?}"
    );
    let run = project.run(&["check", "--show-ignored"]);
    assert!(run.stdout.contains("accepted by the baseline"), "{run:?}");

    project.write("other.py", GOOD.replace(APPEND, "PENDING.insert(0, item)"));
    let states = |project: &Project| -> Vec<String> {
        let run = project.run(&[
            "check",
            "--show-ignored",
            "--baseline-mode",
            "keep",
            "--output-format",
            "sarif",
        ]);
        let document: Value = serde_json::from_str(&run.stdout).unwrap();
        let results = document["runs"][0]["results"].as_array().unwrap().iter();
        results
            .map(|it| it["baselineState"].as_str().unwrap().to_string())
            .collect()
    };
    assert_eq!(states(&project), ["unchanged", "new"]);
    project.write("good.py", "import boto3\n");
    project.write("other.py", "import boto3\n");
    assert_eq!(states(&project), ["absent"]);
}

#[test]
fn a_comment_comes_before_the_baseline() {
    let project = accepted();
    let ignored = GOOD.replace(APPEND, &format!("{APPEND}  # dynaleak: ignore[DDB101]"));
    project.write("good.py", ignored);
    let run = project.json(&[]);
    assert_eq!((run.code, run.found().len()), (Some(0), 0), "{run:?}");
    assert_eq!(run.document()["baselines"][0]["outcome"], "pruned");
    assert_eq!(baseline(&project).lines().count(), 1);
}

#[test]
fn what_is_gone_is_taken_out_and_in_ci_fails() {
    let project = accepted();
    let before = baseline(&project);
    project.write("good.py", "import boto3\n");
    for (arguments, code) in [
        (&[][..], 1),
        (&["--exit-zero"], 0),
        (&["--baseline-mode", "keep"], 0),
    ] {
        let run = in_ci(&project, arguments);
        assert_eq!(run.code, Some(code), "{run:?}");
        assert_eq!(baseline(&project), before);
        let told = run.stderr.contains("1 finding is not there any more, such as DDB101 in `collect` of good.py: run `dynaleak check`");
        assert_eq!(told, !arguments.contains(&"keep"), "{run:?}");
    }
    let run = project.run(&["check", "--diff"]);
    assert_eq!((run.code, baseline(&project)), (Some(0), before), "{run:?}");
    let run = project.run(&["check"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(
        run.stdout.contains("1 that is gone was taken out"),
        "{run:?}"
    );
    assert_eq!(baseline(&project).lines().count(), 1);
    assert_eq!(in_ci(&project, &[]).code, Some(0));
}

#[test]
fn what_moved_is_followed_and_in_ci_passes() {
    let project = accepted();
    let before = baseline(&project);
    fs::rename(project.path("good.py"), project.path("better.py")).unwrap();
    let run = in_ci(&project, &[]);
    assert_eq!((run.code, baseline(&project)), (Some(0), before), "{run:?}");
    let run = project.run(&["check"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(
        run.stdout.contains("1 that has moved was followed"),
        "{run:?}"
    );
    assert!(baseline(&project).contains(r#""file":"better.py""#));
    // What comes under the old name is another one.
    project.write("good.py", GOOD);
    assert_eq!(project.json(&[]).found(), ["good.py:8 DDB101"]);
}

#[test]
fn what_was_not_looked_at_is_not_taken_out() {
    let project = accepted();
    project.write("sub/other.py", GOOD);
    project.write("tests/test_it.py", GOOD);
    let run = project.run(&["check", "--write-baseline", "--include-tests"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let before = baseline(&project);
    assert_eq!(before.lines().count(), 4, "{before}");
    project.write("sub/other.py", "import boto3\n");
    project.write("good.py", "import boto3\n");
    for arguments in [
        &["sub"][..],
        &["good.py"],
        &["good.py", "sub/other.py"],
        &["--select", "DDB2"],
        &["--ignore", "DDB101"],
        &["--isolated"],
    ] {
        for ci in [false, true] {
            let run = match ci {
                true => in_ci(&project, arguments),
                false => project.run(&[&["check"], arguments].concat()),
            };
            assert_eq!(run.code, Some(0), "{arguments:?}: {run:?}");
            assert_eq!(baseline(&project), before, "{arguments:?}");
        }
    }
    // Tests are there, but nobody asks for them.
    let run = project.run(&["check"]);
    assert_eq!(
        (run.code, baseline(&project).lines().count()),
        (Some(0), 2),
        "{run:?}"
    );
    // A copy of what is accepted elsewhere is new, be it checked alone or not.
    project.write("copy.py", GOOD);
    for arguments in [&["copy.py"][..], &["."]] {
        assert_eq!(
            project.json(arguments).found(),
            ["copy.py:8 DDB101"],
            "{arguments:?}"
        );
    }
}

#[test]
fn a_part_is_accepted_anew() {
    let project = accepted();
    project.write("sub/other.py", GOOD);
    project.write("sub/third.py", GOOD);
    let run = project.run(&["check", "--write-baseline", "sub/other.py"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(baseline(&project).lines().count(), 3);
    assert_eq!(project.json(&[]).found(), ["sub/third.py:8 DDB101"]);
}

#[test]
fn it_is_seen_from_its_own_folder() {
    let project = Project::new();
    project.write(
        "pyproject.toml",
        "[tool.dynaleak]\nbaseline = \"ci/known.jsonl\"\n",
    );
    project.write("shop/good.py", GOOD);
    let missing = project.run(&["check"]);
    assert_eq!(missing.code, Some(2));
    let told = "error: ci/known.jsonl: there is no such baseline: `dynaleak check --write-baseline` writes it\n";
    assert_eq!(missing.stderr, told);
    // The folder is not made: it may be a slip.
    assert_eq!(project.run(&["check", "--write-baseline"]).code, Some(2));
    fs::create_dir(project.path("ci")).unwrap();
    let run = project.run_in("shop", &["check", "--write-baseline"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let text = fs::read_to_string(project.path("ci/known.jsonl")).unwrap();
    assert!(text.contains(r#""file":"../shop/good.py""#), "{text}");
    for folder in [".", "shop"] {
        assert_eq!(project.run_in(folder, &["check"]).code, Some(0), "{folder}");
    }
    let given = ["check", "--baseline", "own.jsonl", "--write-baseline", "-q"];
    assert_eq!(project.run(&given).code, Some(0));
    assert_eq!(
        project.run(&["check", "--baseline", "own.jsonl"]).code,
        Some(0)
    );
    assert_eq!(
        project.run(&["check", "--baseline", "gone.jsonl"]).code,
        Some(2)
    );

    project.write("pyproject.toml", "[tool.dynaleak]\nbaseline = 3\n");
    let wrong = project.run(&["check"]);
    assert!(
        wrong
            .stderr
            .contains("pyproject.toml:2:12: `baseline` takes a file's name"),
        "{wrong:?}"
    );
}

#[test]
fn each_configuration_has_its_own() {
    let project = Project::new();
    for folder in ["one", "two"] {
        project.write(&format!("{folder}/dynaleak.toml"), "");
        project.write(&format!("{folder}/good.py"), GOOD);
    }
    assert_eq!(
        project.run(&["check", "--write-baseline", "."]).code,
        Some(0)
    );
    for folder in ["one", "two"] {
        let text = fs::read_to_string(project.path(&format!("{folder}/{NAME}"))).unwrap();
        assert!(text.contains(r#""file":"good.py""#), "{text}");
        assert_eq!(project.run_in(folder, &["check"]).code, Some(0), "{folder}");
    }
    assert_eq!(project.run(&["check"]).code, Some(0));
}

#[test]
fn a_damaged_one_is_told_and_left_alone() {
    for (text, told) in [
        (
            "",
            format!("{NAME}:1: this is no baseline of dynaleak: it is empty"),
        ),
        (
            "{}\n",
            format!("{NAME}:1: this is no baseline of dynaleak: the first line is not its header"),
        ),
        (
            "{\"dynaleak-baseline\":1}\n{\"file\":\"a.py\"}\n",
            format!("{NAME}:2: this is no entry of a baseline"),
        ),
        (
            "{\"dynaleak-baseline\":1}\n<<<<<<< ours\n",
            format!("{NAME}:2: a merge was not finished here"),
        ),
        (
            "{\"dynaleak-baseline\":9}\n",
            format!("{NAME}:1: this baseline has format 9"),
        ),
        ("\u{0}\u{fffd}", format!("{NAME}:1: this is no baseline")),
    ] {
        let project = Project::good();
        project.write(NAME, text);
        for arguments in [&[][..], &["--write-baseline"], &["--exit-zero"]] {
            let run = project.json(arguments);
            assert_eq!(run.code, Some(2), "{text}: {run:?}");
            assert!(run.stderr.contains(&told), "{told}: {run:?}");
            assert_eq!(baseline(&project), text);
        }
    }
    let project = Project::good();
    project.write(NAME, b"\xff\xfe");
    let run = project.run(&["check"]);
    assert!(
        run.code == Some(2) && run.stderr.contains("cannot be read"),
        "{run:?}"
    );
    let project = Project::good();
    fs::create_dir(project.path(NAME)).unwrap();
    let run = project.run(&["check"]);
    assert!(
        run.code == Some(2) && run.stderr.contains("not a regular file"),
        "{run:?}"
    );
    // Whatever is named by mistake is not written over.
    let run = project.run(&["check", "--write-baseline", "--baseline", "good.py"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert_eq!(fs::read_to_string(project.path("good.py")).unwrap(), GOOD);
}

#[test]
fn what_is_accepted_is_not_rewritten() {
    let project = Project::new();
    let code = "import boto3\n\nclient = boto3.client(\"dynamodb\")\n\n\ndef names():\n    paginator = client.get_paginator(\"scan\")\n    with paginator.paginate(TableName=\"t\") as pages:\n        for page in pages:\n            print(page)\n";
    project.write("a.py", code);
    let found = project.json(&[]).found();
    assert!(found.contains(&"a.py:8 DDB304".to_string()), "{found:?}");
    assert_eq!(project.run(&["check", "--write-baseline"]).code, Some(0));
    let run = project.run(&["check", "--fix"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(fs::read_to_string(project.path("a.py")).unwrap(), code);
    let run = project.run(&["check", "--fix", "--baseline-mode", "off"]);
    assert_ne!(
        fs::read_to_string(project.path("a.py")).unwrap(),
        code,
        "{run:?}"
    );
}

// ---- real code that is reformatted, moved and renamed ----

fn check(folder: &Path, arguments: &[&str]) -> Run {
    run(command(folder)
        .args(["check", "--output-format", "json"])
        .args(arguments))
}

/// The functions at the top level of a file go to its end, in reverse order.
fn turned(text: &str) -> String {
    let (mut kept, mut moved) = (String::new(), Vec::new());
    let cuts = dynaleak::syntax::cut(text);
    for (at, start) in cuts.iter().enumerate() {
        let end = cuts.get(at + 1).map_or(text.len(), |end| *end as usize);
        let segment = &text[*start as usize..end];
        match ["def ", "async def "]
            .iter()
            .any(|word| segment.starts_with(word))
        {
            true => moved.push(segment.trim_end()),
            false => kept.push_str(segment),
        }
    }
    moved.reverse();
    let moved = moved.into_iter().map(|each| format!("\n\n{each}\n"));
    kept + &moved.collect::<String>()
}

fn python_files(folder: &Path) -> Vec<PathBuf> {
    let walk = ignore::WalkBuilder::new(folder)
        .standard_filters(false)
        .build();
    let files = walk.map(|entry| entry.unwrap().into_path());
    let mut files: Vec<PathBuf> = files
        .filter(|path| path.is_file() && path.extension().is_some_and(|it| it == "py"))
        .collect();
    files.sort();
    files
}

/// The file with the most findings gets another name; who imports it is not told.
fn renamed(folder: &Path, run: &Run) {
    let findings = run.document()["findings"].as_array().unwrap().clone();
    let file = findings[0]["file"].as_str().unwrap().to_string();
    let to = file.replace(".py", "_renamed.py");
    fs::rename(folder.join(file), folder.join(to)).unwrap();
}

#[test]
fn reformatted_moved_and_renamed_code_has_nothing_new() {
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/projects/shop");
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    copied(&shop, folder);
    let all = check(folder, &["--exit-zero"]);
    assert!(all.found().len() > 40);
    let count = |run: &Run| run.document()["baselines"][0]["accepted"].as_u64().unwrap() as usize;
    let written = check(folder, &["--write-baseline"]);
    assert_eq!(
        (written.code, count(&written)),
        (Some(0), all.found().len())
    );

    if let Some(ruff) = std::env::var_os("DYNALEAK_RUFF") {
        for length in ["40", "200"] {
            let mut ruff = Command::new(&ruff);
            ruff.args([
                "format",
                "--isolated",
                "--quiet",
                "--line-length",
                length,
                ".",
            ]);
            ruff.args(["--config", "format.quote-style = 'single'"]);
            assert!(ruff.current_dir(folder).status().unwrap().success());
            let formatted = check(folder, &["--baseline-mode", "lock"]);
            assert_eq!(
                (formatted.code, formatted.found()),
                (Some(0), vec![]),
                "{length}"
            );
            assert_eq!(count(&formatted), all.found().len());
        }
    }
    for path in python_files(folder) {
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, turned(&text)).unwrap();
    }
    let moved = check(folder, &["--baseline-mode", "keep"]);
    assert_eq!((moved.code, moved.found()), (Some(0), vec![]), "{moved:?}");
    let leaves = folder.join("orders/services.py");
    fs::rename(&leaves, folder.join("orders/renamed.py")).unwrap();
    let renamed = check(folder, &["--baseline-mode", "keep"]);
    assert_eq!(
        (renamed.code, renamed.found()),
        (Some(0), vec![]),
        "{renamed:?}"
    );

    fs::write(folder.join("leak.py"), GOOD).unwrap();
    let one = check(folder, &[]);
    assert_eq!(
        (one.code, one.found()),
        (Some(1), vec!["leak.py:8 DDB101".to_string()])
    );
}

/// `DYNALEAK_BASELINE_CORPUS`: a folder of checkouts, each of which is copied first.
#[test]
fn real_code_too() {
    let Some(corpus) = std::env::var_os("DYNALEAK_BASELINE_CORPUS") else {
        return;
    };
    let ruff = std::env::var_os("DYNALEAK_RUFF").expect("DYNALEAK_RUFF names ruff");
    let mut wrong = Vec::new();
    for entry in fs::read_dir(corpus).unwrap() {
        let from = entry.unwrap().path();
        let copy = TempDir::new().unwrap();
        let folder = copy.path();
        copied(&from, folder);
        let name = from.file_name().unwrap().to_string_lossy().into_owned();
        let written = check(folder, &["--write-baseline"]);
        let all = written.document()["baselines"][0]["accepted"]
            .as_u64()
            .unwrap();
        let files = check(folder, &["--show-ignored"]);
        let mut step = |what: &str| {
            let run = check(folder, &["--baseline-mode", "keep"]);
            let (new, gone) = (run.found(), &run.document()["baselines"][0]["stale"]);
            let gone = gone.as_array().unwrap().len();
            println!(
                "{name}: {all} findings, {what}: {} new, {gone} gone",
                new.len()
            );
            wrong.extend(new.iter().map(|new| format!("{name}, {what}: {new}")));
        };
        let mut command = Command::new(&ruff);
        command
            .args(["format", "--isolated", "--quiet", "."])
            .current_dir(folder);
        let _ = command.status().unwrap();
        step("formatted");
        for path in python_files(folder) {
            if let Ok(text) = fs::read_to_string(&path) {
                fs::write(&path, turned(&text)).unwrap();
            }
        }
        step("functions moved");
        if all > 0 {
            renamed(folder, &files);
            step("a file renamed");
        }
        fs::write(folder.join("one_leak.py"), GOOD).unwrap();
        let one = check(folder, &["--baseline-mode", "keep"]).found();
        println!("{name}: a leak added: {one:?}");
        if !one.contains(&"one_leak.py:8 DDB101".to_string()) {
            wrong.push(format!("{name}: the leak is missing"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

// ---- git ----

fn commit(project: &Project, message: &str) {
    assert!(git(project, &["add", "--all"]));
    assert!(git(project, &["commit", "--quiet", "--message", message]));
}

/// Five files with a finding each, accepted and committed.
fn committed() -> Project {
    let project = Project::new();
    for name in ["a", "b", "c", "d", "e"] {
        project.write(&format!("{name}.py"), GOOD);
    }
    assert_eq!(project.run(&["check", "--write-baseline"]).code, Some(0));
    assert!(git(&project, &["init", "--quiet"]));
    commit(&project, "all");
    project
}

fn branch(project: &Project, name: &str, change: impl FnOnce()) {
    assert!(git(project, &["checkout", "--quiet", "main"]));
    assert!(git(project, &["checkout", "--quiet", "-b", name]));
    change();
    commit(project, name);
}

#[test]
fn branches_that_mend_different_files_merge() {
    let project = committed();
    for name in ["a", "d"] {
        branch(&project, name, || {
            project.write(&format!("{name}.py"), "import boto3\n");
            assert_eq!(project.run(&["check"]).code, Some(0));
        });
    }
    assert!(git(&project, &["merge", "--quiet", "--no-edit", "a"]));
    assert_eq!(baseline(&project).lines().count(), 4);
    let run = in_ci(&project, &[]);
    assert_eq!(run.code, Some(0), "{run:?}");
}

#[test]
fn with_union_neighbours_merge_too() {
    let project = committed();
    project.write(".gitattributes", format!("{NAME} merge=union\n"));
    commit(&project, "union");
    // Both add at the end, and both an equal line.
    for (name, files) in [("one", ["f", "g"]), ("two", ["g", "h"])] {
        branch(&project, name, || {
            for file in files {
                project.write(&format!("{file}.py"), GOOD);
            }
            assert_eq!(project.run(&["check", "--write-baseline"]).code, Some(0));
        });
    }
    assert!(git(&project, &["merge", "--quiet", "--no-edit", "one"]));
    let run = in_ci(&project, &[]);
    assert_eq!((run.code, &*run.stderr), (Some(0), ""), "{run:?}");
    // A check puts it in order again.
    assert_eq!(project.run(&["check"]).code, Some(0));
    let files = baseline(&project).matches(r#""file""#).count();
    assert_eq!(files, 8, "{}", baseline(&project));
    commit(&project, "in order");

    // Both mend neighbours: the union has both lines again, and a check takes them out.
    for name in ["b", "c"] {
        branch(&project, name, || {
            project.write(&format!("{name}.py"), "import boto3\n");
            assert_eq!(project.run(&["check"]).code, Some(0));
        });
    }
    assert!(git(&project, &["merge", "--quiet", "--no-edit", "b"]));
    assert_eq!(project.run(&["check"]).code, Some(0));
    assert_eq!(in_ci(&project, &[]).code, Some(0));
    assert_eq!(
        baseline(&project).lines().count(),
        4,
        "{}",
        baseline(&project)
    );
}

#[test]
fn since_a_revision() {
    let project = committed();
    let found = |revision: &str| {
        project
            .json(&["--baseline-mode", "off", "--since", revision])
            .found()
    };
    assert_eq!(found("HEAD"), [""; 0]);
    // Another function, and lines above: nothing that concerns a finding.
    project.write(
        "b.py",
        format!("# one\n# two\n{GOOD}\n\ndef other():\n    pass\n"),
    );
    assert_eq!(found("HEAD"), [""; 0]);
    // Its function; the place where its holder is made; a file that git doesn't know.
    project.write(
        "c.py",
        GOOD.replace("def collect():", "def collect():\n    print()"),
    );
    project.write("d.py", GOOD.replace("PENDING = []", "PENDING = list()"));
    project.write("é new.py", GOOD);
    let now = ["c.py:9 DDB101", "d.py:8 DDB101", "é new.py:8 DDB101"];
    assert_eq!(found("HEAD"), now);
    commit(&project, "é");
    assert_eq!(found("HEAD"), [""; 0]);
    assert_eq!(found("HEAD~1"), now);
    // What the other branch did meanwhile is no change of this one.
    assert!(git(
        &project,
        &["checkout", "--quiet", "-b", "topic", "HEAD~1"]
    ));
    project.write(
        "e.py",
        GOOD.replace("def collect():", "def collect():\n    print()"),
    );
    assert_eq!(found("main"), ["e.py:9 DDB101"]);
    assert_eq!(
        project
            .run_in(".git", &["check", "--since", "HEAD", "../e.py"])
            .code,
        Some(2)
    );

    for revision in ["", "--output=x", "-p", "gone", "HEAD:a.py"] {
        let run = project.run(&["check", &format!("--since={revision}")]);
        assert_eq!(run.code, Some(2), "{run:?}");
        assert!(run.stderr.starts_with("error: --since: "), "{run:?}");
        assert!(!project.path("x").exists());
    }
}

#[test]
fn a_locked_one_only_gets_smaller() {
    let project = committed();
    project.write("f.py", GOOD);
    assert_eq!(project.run(&["check", "--write-baseline"]).code, Some(0));
    assert_eq!(in_ci(&project, &[]).code, Some(0));
    let run = in_ci(&project, &["--since", "HEAD"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    let told = "1 finding was added since the revision, such as DDB101 in `collect` of f.py";
    assert!(run.stderr.contains(told), "{run:?}");
    // What moved is no more than before.
    fs::remove_file(project.path("a.py")).unwrap();
    assert_eq!(project.run(&["check"]).code, Some(0));
    assert_eq!(in_ci(&project, &["--since", "HEAD"]).code, Some(0));
}

#[test]
fn since_needs_git() {
    let project = Project::good();
    let told = |command: &mut Command| {
        let run = run(command.args(["check", "--since", "HEAD"]));
        assert_eq!(run.code, Some(2), "{run:?}");
        run.stderr
    };
    let none = told(command(&project.path(".")).env("GIT_CEILING_DIRECTORIES", project.path("..")));
    assert_eq!(
        none,
        "error: --since: this folder is in no git repository\n"
    );
    let none = told(command(&project.path(".")).env("PATH", project.path(".")));
    assert_eq!(none, "error: --since: git is not installed\n");
}

#[test]
fn what_a_repository_configures_is_not_run() {
    let project = committed();
    project.write(
        "c.py",
        GOOD.replace("def collect():", "def collect():\n    print()"),
    );
    project.write(".gitattributes", "*.py diff=evil\n");
    project.write("evil.sh", "#!/bin/sh\ntouch \"$(dirname \"$0\")/ran\"\n");
    let evil = project.path("evil.sh").to_string_lossy().into_owned();
    assert!(
        Command::new("chmod")
            .args(["+x", &evil])
            .status()
            .unwrap()
            .success()
    );
    for key in [
        "diff.external",
        "diff.evil.command",
        "diff.evil.textconv",
        "core.fsmonitor",
        "core.pager",
    ] {
        assert!(git(&project, &["config", key, &evil]));
    }
    for (key, value) in [
        ("diff.noprefix", "true"),
        ("diff.mnemonicPrefix", "true"),
        ("diff.interHunkContext", "9"),
    ] {
        assert!(git(&project, &["config", key, value]));
    }
    let _ = fs::remove_file(project.path("ran"));
    let run = project.json(&["--baseline-mode", "off", "--since", "HEAD"]);
    assert_eq!(run.found(), ["c.py:9 DDB101"], "{run:?}");
    assert!(!project.path("ran").exists());
}

// ---- counts ----

#[test]
fn findings_are_counted_by_rule() {
    let project = Project::good();
    project.write("other.py", format!("{GOOD}        {APPEND}\n"));
    let run = project.run(&["check", "--statistics"]);
    let table = "3  DDB101  process-lifetime-accumulator  2 files\n\nFound 3 errors in 2 files (2 analysed).\n";
    assert_eq!((run.code, run.stdout.as_str()), (Some(1), table));
    let counts = project.json(&["--statistics"]).document();
    let of_rule = serde_json::json!([{
        "code": "DDB101", "name": "process-lifetime-accumulator", "count": 3, "files": 2, "fixable": 0,
    }]);
    assert_eq!(counts["statistics"], of_rule);
    assert_eq!(counts["summary"]["findings"], 3);
    // One of a rule has a safe rewrite.
    let pages = "import boto3\n\nclient = boto3.client(\"dynamodb\")\n\n\ndef orders():\n    with client.get_paginator(\"scan\").paginate(TableName=\"orders\") as pages:\n        for page in pages:\n            yield from page[\"Items\"]\n";
    project.write("pages.py", pages);
    let run = project.run(&["check", "--statistics", "--select", "DDB304", "pages.py"]);
    let table = "1  DDB304  [*] paginator-is-not-a-context-manager  1 file\n[*] some of it is rewritten by --fix.\n\nFound 1 error in 1 file (1 analysed).\n";
    assert_eq!((run.code, run.stdout.as_str()), (Some(1), table));
    project.write("pages.py", "");
    let run = project.run(&["check", "--statistics", "--output-format", "sarif"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    project.write("other.py", "");
    project.write("good.py", "");
    let run = project.run(&["check", "--statistics", "-q"]);
    assert_eq!((run.code, &*run.stdout), (Some(0), ""));
}
