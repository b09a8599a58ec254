//! `check --fix` and `--diff`: what is written, what is left alone, and what a kill leaves.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::project::{Project, command};

/// One safe rewrite (DDB304), one unsafe (DDB101).
pub const LEAKY: &str = r#"import boto3

paginator = boto3.client("dynamodb").get_paginator("scan")
PAGES = []


def export():
    with paginator.paginate(TableName="orders") as pages:  # all
        for page in pages:
            PAGES.append(page)
"#;

pub const SAFE: &str = r#"import contextlib

import boto3

paginator = boto3.client("dynamodb").get_paginator("scan")
PAGES = []


def export():
    with contextlib.closing(iter(paginator.paginate(TableName="orders"))) as pages:  # all
        for page in pages:
            PAGES.append(page)
"#;

pub const BOTH: &str = r#"import contextlib
from collections import deque

import boto3

paginator = boto3.client("dynamodb").get_paginator("scan")
PAGES = deque(maxlen=1000)


def export():
    with contextlib.closing(iter(paginator.paginate(TableName="orders"))) as pages:  # all
        for page in pages:
            PAGES.append(page)
"#;

fn leaky() -> Project {
    let project = Project::new();
    project.write("main.py", LEAKY);
    project
}

fn text(project: &Project, name: &str) -> String {
    fs::read_to_string(project.path(name)).unwrap()
}

/// All names in the project's folder but Python files.
fn others(project: &Project) -> Vec<String> {
    let names = fs::read_dir(project.path("")).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| !name.ends_with(".py")).collect()
}

#[test]
fn safe_rewrites_are_written_and_what_remains_is_judged() {
    let project = leaky();
    let run = project.run(&["check", "--fix"]);
    assert_eq!(text(&project, "main.py"), SAFE);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(
        run.stdout
            .contains("main.py: fixed DDB304\nFixed 1 finding in 1 file.\n")
    );
    assert!(run.stdout.contains("error[DDB101]") && !run.stdout.contains("error[DDB304]"));
    assert!(others(&project).is_empty());
}

#[test]
fn unsafe_rewrites_only_when_asked_for() {
    let project = leaky();
    let run = project.run(&["check", "--fix", "--unsafe-fixes"]);
    assert_eq!(text(&project, "main.py"), BOTH);
    assert_eq!(run.code, Some(0), "{run:?}");
    let run = project.run(&["check", "--fix", "--unsafe-fixes"]);
    assert!(run.stdout.contains("Nothing to fix.\n"), "{run:?}");
    assert_eq!(text(&project, "main.py"), BOTH);
    let run = project.run(&["check", "--unsafe-fixes"]);
    assert_eq!(run.code, Some(2));
}

/// One rewrite, which is safe unless tests put something in the place of `boto3.client`.
const PER_REQUEST: &str = r#"import boto3

dynamodb = boto3.resource("dynamodb")


def handler(event, context):
    client = boto3.client("sqs")
    client.send_message(QueueUrl="orders", MessageBody=event["id"])
    return dynamodb.Table("orders").get_item(Key={"id": event["id"]})["Item"]["name"]
"#;

#[test]
fn tests_that_patch_a_client_make_its_rewrite_unsafe() {
    let patching = [
        ("tests/test_app.py", r#"@patch("app.boto3.client")"#),
        ("test/helpers.py", r#"@patch("app.boto3")"#),
        (
            "shop/test_app.py",
            r#"monkeypatch.setattr(app.boto3, "client", fake)"#,
        ),
        (
            "conftest.py",
            r#"patch.dict("sys.modules", {"boto3": fake})"#,
        ),
    ];
    for (name, text) in patching {
        let project = Project::new();
        project.write("dynaleak.toml", "exclude = [\"tests\"]\n");
        project.write("shop/app.py", PER_REQUEST);
        project.write(name, text);
        for path in [".", "shop", "shop/app.py"] {
            let run = project.run(&["check", "--diff", path]);
            assert!(run.stdout.contains("Nothing to fix.\n"), "{name}: {run:?}");
            let run = project.run(&["check", "--diff", "--unsafe-fixes", path]);
            assert!(
                run.stdout.contains("Would fix 1 finding"),
                "{name}: {run:?}"
            );
        }
        let run = project.run(&["check", "--output-format", "json"]);
        assert!(run.stdout.contains("\"unsafe\"") && !run.stdout.contains("\"safe\""));
    }
}

#[test]
fn tests_that_patch_something_else_do_not() {
    let others = [
        ("tests/test_app.py", r#"@patch("app.boto3.resource")"#),
        (
            "tests/test_app.py",
            "@mock_aws\ndef test_app():\n    app.handler({}, None)",
        ),
        ("notes/app.py", r#"patch.object(app.boto3, "client")"#),
        ("venv/tests/test_app.py", r#"@patch("app.boto3.client")"#),
    ];
    for (name, text) in others {
        let project = Project::new();
        project.write("app.py", PER_REQUEST);
        project.write(name, text);
        let run = project.run(&["check", "--diff"]);
        assert!(
            run.stdout.contains("Would fix 1 finding"),
            "{name}: {run:?}"
        );
    }
}

#[test]
fn callers_in_tests_that_are_left_out_forbid_a_generator() {
    let loads = r#"import boto3

paginator = boto3.client("dynamodb").get_paginator("scan")


def load_orders():
    orders = []
    for page in paginator.paginate(TableName="orders"):
        orders.extend(page["Items"])
    return orders


def export():
    for order in load_orders():
        print(order["id"])
"#;
    let project = Project::new();
    project.write("shop.py", loads);
    project.write(
        "tests/test_other.py",
        "def test_load():\n    assert load(1)\n",
    );
    let run = project.run(&["check", "--diff", "--unsafe-fixes"]);
    assert!(run.stdout.contains("yield from page[\"Items\"]"), "{run:?}");
    let counts = "def test_load():\n    assert len(shop.load_orders()) == 2\n";
    project.write("tests/test_shop.py", counts);
    let run = project.run(&["check", "--diff", "--unsafe-fixes"]);
    assert!(!run.stdout.contains("yield from"), "{run:?}");
}

#[test]
fn a_diff_changes_nothing() {
    let project = leaky();
    let run = project.run(&["check", "--diff"]);
    assert_eq!(
        (run.code, text(&project, "main.py")),
        (Some(1), LEAKY.to_string())
    );
    let expected = "\
--- a/main.py
+++ b/main.py
@@ -1,3 +1,5 @@
+import contextlib
+
 import boto3
";
    assert!(run.stdout.starts_with(expected), "{}", run.stdout);
    assert!(
        run.stdout
            .ends_with("main.py: would fix DDB304\nWould fix 1 finding in 1 file.\n")
    );
    let run = project.run(&["check", "--diff", "--quiet", "--exit-zero"]);
    assert_eq!(run.code, Some(0));
    assert!(run.stdout.starts_with("--- a/main.py") && !run.stdout.contains("Would"));
    project.write("main.py", SAFE);
    let run = project.run(&["check", "--diff"]);
    assert_eq!(
        (run.code, run.stdout.as_str()),
        (Some(0), "Nothing to fix.\n")
    );
}

#[test]
fn a_diff_with_fix_is_applied_and_shown() {
    let project = leaky();
    let run = project.run(&["check", "--fix", "--diff", "--unsafe-fixes"]);
    assert_eq!(
        (run.code, text(&project, "main.py")),
        (Some(0), BOTH.to_string())
    );
    assert!(run.stdout.starts_with("--- a/main.py"), "{run:?}");
    assert!(run.stdout.contains("+PAGES = deque(maxlen=1000)\n"));
    let run = project.run(&["check", "--diff", "--output-format", "json"]);
    assert_eq!(run.code, Some(2));
    assert!(
        run.document()["errors"][0]["message"]
            .as_str()
            .unwrap()
            .contains("--diff")
    );
}

/// A log of a check is read by more people than the code.
#[test]
fn no_output_shows_a_key() {
    let project = Project::new();
    let (id, secret) = (
        "AKIAQ3EGRTVKD7LW2MPX",
        "h7Gk2pQx9Lw4Zt1Vb8Nc3Rm6Ys0Df5Ja7Ue2Ki4o",
    );
    let code = format!(
        "import boto3\n\n\ndef handler(event, context):\n    client = boto3.client(\"dynamodb\", aws_access_key_id=\"{id}\",\n        aws_secret_access_key=\"{secret}\")\n    return client.get_item(TableName=\"orders\", Key=event)\n"
    );
    project.write("main.py", &code);
    let shows = |output: &str| output.contains(id) || output.contains(secret);
    let ways: [&[&str]; 5] = [
        &[],
        &["--output-format", "concise"],
        &["--output-format", "json"],
        &["--diff", "--unsafe-fixes"],
        &["--fix", "--diff", "--unsafe-fixes"],
    ];
    for way in ways {
        let run = project.run(&[&["check"], way].concat());
        assert!(
            !shows(&run.stdout) && !shows(&run.stderr),
            "{way:?}: {run:?}"
        );
        assert!(!run.stdout.is_empty());
        if way.contains(&"--diff") {
            let masked = format!(
                "-    client = boto3.client(\"dynamodb\", aws_access_key_id=\"{}\",\n",
                "*".repeat(20)
            );
            assert!(run.stdout.contains(&masked), "{run:?}");
        }
    }
    let after = text(&project, "main.py");
    assert!(after.contains("os.environ[\"AWS_SECRET_ACCESS_KEY\"]") && !shows(&after));
}

#[test]
fn json_holds_every_rewrite_with_its_edits() {
    let project = leaky();
    let document = project.json(&[]).document();
    let findings = document["findings"].as_array().unwrap();
    let titles = |nth: usize| -> Vec<String> {
        let fixes = findings[nth]["fixes"].as_array().unwrap().iter();
        fixes
            .map(|fix| {
                format!(
                    "{} {}",
                    fix["applicability"].as_str().unwrap(),
                    fix["title"].as_str().unwrap()
                )
            })
            .collect()
    };
    assert_eq!(titles(0), ["safe Close the iterator of the pages"]);
    assert_eq!(
        titles(1),
        [
            "unsafe Bound `PAGES` with deque(maxlen=1000)",
            "unsafe Keep the last 1000 of `PAGES`",
            "display Flush `PAGES` at 1000",
        ]
    );
    let edits = findings[1]["fixes"][0]["edits"].as_array().unwrap();
    let mut edits: Vec<_> = edits
        .iter()
        .map(|edit| {
            let at = |side: &str| edit["range"][side]["byte"].as_u64().unwrap() as usize;
            (at("start")..at("end"), edit["text"].as_str().unwrap())
        })
        .collect();
    edits.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    let mut after = LEAKY.to_string();
    for (span, new) in edits {
        after.replace_range(span, new);
    }
    assert!(after.starts_with("from collections import deque\n\nimport boto3\n"));
    assert!(after.contains("PAGES = deque(maxlen=1000)\n"), "{after}");
}

#[test]
fn what_is_ignored_or_not_selected_is_left_alone() {
    let project = Project::new();
    let ignored = LEAKY.replace("# all", "# dynaleak: ignore[DDB304] never run");
    project.write("main.py", &ignored);
    project.run(&["check", "--fix"]);
    assert_eq!(text(&project, "main.py"), ignored);
    project.write("main.py", LEAKY);
    project.run(&["check", "--fix", "--unsafe-fixes", "--ignore", "DDB101"]);
    assert_eq!(text(&project, "main.py"), SAFE);
}

#[test]
fn sizes_come_from_the_configuration() {
    let project = leaky();
    project.write("dynaleak.toml", "[bounds]\naccumulator = 7\n");
    project.run(&["check", "--fix", "--unsafe-fixes"]);
    assert_eq!(text(&project, "main.py"), BOTH.replace("1000", "7"));
}

const PER_VIEW: &str = r#"import boto3


def orders(request):
    client = boto3.client("dynamodb")
    return HttpResponse(client.get_item(TableName="orders", Key={})["Item"]["id"])
"#;

/// The nearest requirement counts, and what dynaleak's own configuration says before it.
#[test]
fn rewrites_keep_to_the_oldest_python() {
    let project = Project::new();
    let decorator = |arguments: &[&str]| {
        project.write("shop/views.py", PER_VIEW);
        project.run(&[&["check", "--fix", "--unsafe-fixes"], arguments].concat());
        let rewritten = text(&project, "shop/views.py");
        let decorator = rewritten.lines().find(|line| line.starts_with('@'));
        decorator.unwrap_or("none").to_string()
    };
    assert_eq!(decorator(&[]), "@functools.cache");
    let old = "@functools.lru_cache(maxsize=None)";
    project.write("pyproject.toml", "[project]\nrequires-python = \">=3.8\"\n");
    assert_eq!(decorator(&[]), old);
    assert_eq!(decorator(&["--isolated"]), "@functools.cache");
    project.write("shop/pyproject.toml", "[tool.ruff]\n");
    assert_eq!(decorator(&[]), old);
    project.write(
        "shop/pyproject.toml",
        "[tool.poetry.dependencies]\npython = \"^3.9\"\n",
    );
    assert_eq!(decorator(&[]), "@functools.cache");
    project.write("dynaleak.toml", "target-version = \"py38\"\n");
    assert_eq!(decorator(&[]), old);
    project.write("dynaleak.toml", "");
    project.write(
        "shop/pyproject.toml",
        "[project]\nrequires-python = \">=2.7\"\n",
    );
    assert_eq!(decorator(&[]), "none");
}

/// `aclosing` and `aiter` came with Python 3.10.
#[test]
fn an_iterator_is_not_closed_by_what_its_python_lacks() {
    let project = Project::new();
    let pages = LEAKY
        .replace("def export", "async def export")
        .replace("    with", "    async with");
    let pages = pages
        .replace("        for", "        async for")
        .replace("boto3", "aioboto3");
    for (target, closed) in [("py310", true), ("py39", false)] {
        project.write("dynaleak.toml", format!("target-version = \"{target}\"\n"));
        project.write("main.py", &pages);
        project.run(&["check", "--fix", "--unsafe-fixes", "--select", "DDB304"]);
        assert_eq!(
            text(&project, "main.py").contains("aclosing(aiter("),
            closed,
            "{target}"
        );
    }
}

#[test]
fn a_byte_order_mark_and_line_ends_stay() {
    let project = Project::new();
    let windows = |text: &str| format!("\u{feff}{}", text.replace('\n', "\r\n"));
    project.write("main.py", windows(LEAKY));
    project.run(&["check", "--fix", "--unsafe-fixes"]);
    assert_eq!(text(&project, "main.py"), windows(BOTH));
    let open = LEAKY.trim_end();
    project.write("main.py", open);
    project.run(&["check", "--fix", "--unsafe-fixes"]);
    assert_eq!(text(&project, "main.py"), BOTH.trim_end());
}

#[test]
fn other_codings_are_skipped_and_told_of() {
    let project = Project::new();
    let mut latin = b"# coding: latin-1\n# \xe9\n".to_vec();
    latin.extend(LEAKY.as_bytes());
    project.write("main.py", &latin);
    let run = project.run(&["check", "--fix"]);
    assert_eq!(fs::read(project.path("main.py")).unwrap(), latin);
    let told = "warning: main.py: not in UTF-8, or with line ends of old Macs: not rewritten\n";
    assert_eq!((run.code, run.stderr.as_str()), (Some(1), told));
}

#[test]
fn broken_python_is_not_rewritten() {
    let project = Project::new();
    let broken = format!("{LEAKY}\n\ndef half(:\n");
    project.write("main.py", &broken);
    let run = project.run(&["check", "--fix", "--unsafe-fixes"]);
    assert_eq!((run.code, text(&project, "main.py")), (Some(1), broken));
}

#[cfg(unix)]
#[test]
fn modes_and_links_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let project = Project::new();
    project.write("real/main.py", LEAKY);
    let real = project.path("real/main.py");
    fs::set_permissions(&real, fs::Permissions::from_mode(0o754)).unwrap();
    symlink("real/main.py", project.path("link.py")).unwrap();
    let run = project.run(&["check", "--fix", "link.py"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert_eq!(text(&project, "real/main.py"), SAFE);
    assert_eq!(
        fs::metadata(&real).unwrap().permissions().mode() & 0o777,
        0o754
    );
    assert!(project.path("link.py").is_symlink());
    // One file under two names is rewritten once.
    project.write("real/main.py", LEAKY);
    let run = project.run(&["check", "--fix"]);
    assert_eq!(
        (text(&project, "real/main.py"), run.stderr.as_str()),
        (SAFE.to_string(), "")
    );
}

#[cfg(unix)]
#[test]
fn links_out_of_the_project_are_not_followed() {
    let outside = leaky();
    let project = Project::new();
    let target = outside.path("main.py");
    std::os::unix::fs::symlink(&target, project.path("link.py")).unwrap();
    let run = project.run(&["check", "--fix"]);
    assert_eq!(fs::read_to_string(&target).unwrap(), LEAKY, "{run:?}");
    assert!(run.stderr.contains("link.py: a link out of"), "{run:?}");
    let run = project.run(&["check", "--fix", "link.py"]);
    assert_eq!(fs::read_to_string(&target).unwrap(), SAFE, "{run:?}");
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_written_is_an_error() {
    use std::os::unix::fs::PermissionsExt;
    let project = leaky();
    let path = project.path("main.py");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
    let run = project.run(&["check", "--fix"]);
    assert_eq!(
        (run.code, text(&project, "main.py")),
        (Some(2), LEAKY.to_string())
    );
    assert!(run.stderr.contains("main.py: cannot be written"), "{run:?}");
    // What is said is true of what stands there.
    assert!(run.stdout.contains("error[DDB304]") && run.stdout.contains("Nothing to fix."));
}

const FILES: usize = 500;
const KILLS: u64 = 50;

#[test]
fn a_kill_leaves_each_file_old_or_new() {
    let project = Project::new();
    let name = |nth: usize| format!("module_{nth:03}.py");
    let reset = || (0..FILES).for_each(|nth| project.write(&name(nth), LEAKY));
    let start = || -> Child {
        let arguments = ["check", "--fix", "--unsafe-fixes", "--quiet"];
        let mut command = command(&project.path(""));
        let command = command
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.spawn().unwrap()
    };
    reset();
    let begun = Instant::now();
    start().wait().unwrap();
    let whole = begun.elapsed();
    assert_eq!(text(&project, &name(FILES - 1)), BOTH);

    let mut halves = 0;
    let mut seed = 7_u64;
    for kill in 0..KILLS {
        // Marsaglia's xorshift.
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        reset();
        let mut child = start();
        if kill % 2 == 0 {
            sleep(Duration::from_micros(
                seed % whole.as_micros().max(1) as u64,
            ));
        } else {
            // While they are written: when one of them has become new.
            let awaited = project.path(&name(seed as usize % FILES));
            let limit = Instant::now() + whole * 20;
            while fs::metadata(&awaited).is_ok_and(|data| data.len() == LEAKY.len() as u64)
                && Instant::now() < limit
            {
                sleep(Duration::from_micros(100));
            }
        }
        let _ = child.kill();
        child.wait().unwrap();

        let mut seen = BTreeSet::new();
        for nth in 0..FILES {
            let text = text(&project, &name(nth));
            assert!(
                text == LEAKY || text == BOTH,
                "kill {kill}, {}: {text:?}",
                name(nth)
            );
            seen.insert(text);
        }
        halves += usize::from(seen.len() == 2);
        let left = others(&project);
        assert!(left.iter().all(|name| name.ends_with(".tmp")), "{left:?}");
        remove_all(&project, &left);
    }
    assert!(
        halves >= 5,
        "only {halves} kills came while files were written"
    );
    let run = project.json(&[]);
    assert_eq!(run.document()["summary"]["files"], FILES);
}

fn remove_all(project: &Project, names: &[String]) {
    for name in names {
        // Whatever a kill leaves over is no Python file to a check.
        assert!(
            Path::new(name)
                .extension()
                .is_some_and(|ending| ending != "py")
        );
        fs::remove_file(project.path(name)).unwrap();
    }
}
