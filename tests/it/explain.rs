//! `dynaleak check --explain FILE:LINE`.

use crate::project::{GOOD, Project};

fn explained(project: &Project, at: &str) -> String {
    let run = project.run(&["check", "--explain", at]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{run:?}");
    run.stdout
}

#[test]
fn a_line_that_is_flagged() {
    assert_eq!(
        explained(&Project::good(), "good.py:8"),
        "\
good.py:8: PENDING.append(item)
  in `collect`: in a loop
  `PENDING`: keeps an item of `table.scan()` (line 7); a list; lives as long as the process, no bound
  `item`: an item of `table.scan()` (line 7)

Flagged: DDB101 (error, confidence high): `PENDING` keeps every item of `table.scan()` for the life of the process: nothing empties it
Not flagged: DDB102 mutable-default-accumulator:
  #held-by? `PENDING` (default): not so: where it is kept
Not flagged: DDB103 long-lived-instance-accumulator: it holds, and DDB101 is told in its place
Not flagged: DDB302 accumulating-page-loop:
  #in-page-loop? `item`: not so: in a loop over all pages of a read
Not flagged: DDB401 unbounded-record-queue:
  #handed-over? `PENDING`: not so: a deque that another function takes out of, or a queue that this one does not
Not flagged: DDB403 stream-loop-accumulates:
  #in-stream-loop? `item`: not so: in a loop that fetches stream records
Not flagged: DDB503 context-not-reset:
  #held-by? `PENDING` (thread): not so: where it is kept
Not flagged: DDB704 task-or-executor-kept:
  #task? `item`: not so: a task, or the future of a call that was handed to an executor
Fits by its text only, not by the kind of its values: DDB304, DDB402
"
    );
}

#[test]
fn a_line_that_is_not_flagged() {
    let project = Project::new();
    project.write(
        "good.py",
        GOOD.replace("PENDING = []", "PENDING = deque(maxlen=9)")
            .replace(
                "import boto3",
                "import boto3; from collections import deque",
            ),
    );
    let told = explained(&project, "good.py:8");
    for part in [
        "a deque with a bound",
        "Not flagged: DDB101 process-lifetime-accumulator:\n  #not-capped? `PENDING`: it is so: made with a bound, or its length is compared with one\n",
    ] {
        assert!(told.contains(part), "{part:?} in {told}");
    }
    assert!(!told.contains("\nFlagged"), "{told}");
}

#[test]
fn how_the_function_around_it_runs() {
    let project = Project::new();
    project.write(
        "views.py",
        "import boto3\nfrom django.views import View\n\n\nclass Orders(View):\n    def get(self, request):\n        return boto3.client(\"dynamodb\")\n",
    );
    let told = explained(&project, "views.py:7");
    assert!(
        told.contains("  in `Orders.get`: runs for each request, event or task"),
        "{told}"
    );
    assert!(told.contains("\nFlagged: DDB602 (warning, "), "{told}");
}

#[test]
fn what_comments_and_the_configuration_leave_out() {
    let project = Project::new();
    let line = "PENDING.append(item)";
    project.write(
        "good.py",
        GOOD.replace(line, &format!("{line}  # dynaleak: ignore[DDB101]")),
    );
    let told = explained(&project, "good.py:8");
    let held = "Not flagged: DDB101 process-lifetime-accumulator: it holds, and ";
    assert!(
        told.contains(&format!("{held}a comment silences it\n")),
        "{told}"
    );
    project.write("good.py", GOOD);
    project.write("dynaleak.toml", "ignore = [\"DDB101\"]");
    let told = explained(&project, "good.py:8");
    assert!(
        told.contains(&format!("{held}is not told: the configuration")),
        "{told}"
    );
}

#[test]
fn lines_with_nothing() {
    let project = Project::good();
    project.write("plain.py", "import os\n");
    project.write(
        "long.py",
        GOOD.replace("(item)", "(\n            item,\n        )"),
    );
    assert_eq!(
        explained(&project, "good.py:4"),
        "good.py:4:\n\nNot flagged: no rule has a pattern that fits this line\n"
    );
    assert!(
        explained(&project, "plain.py:1").starts_with("plain.py:1: the file was not analysed, ")
    );
    assert!(
        explained(&project, "long.py:9")
            .contains("Not flagged here: what could be begins on line 8\n")
    );
}

#[test]
fn lines_that_are_none() {
    let project = Project::good();
    project.write("plain.py", "import os\n");
    project.write("folder/a.py", "");
    for (at, error) in [
        ("good.py:9", "error: good.py:9: the file has 8 lines\n"),
        ("plain.py:2", "error: plain.py:2: the file has 1 line\n"),
        ("gone.py:1", "error: gone.py: "),
        ("folder:1", "error: folder: this is a folder"),
        ("good.py", "error: invalid value 'good.py'"),
        ("good.py:x", "error: invalid value"),
        ("good.py:0", "error: invalid value"),
        (":3", "error: invalid value"),
    ] {
        let run = project.run(&["check", "--explain", at]);
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{run:?}");
        assert!(run.stderr.starts_with(error), "{error:?} in {run:?}");
    }
    let run = project.run(&["check", "--explain", "good.py:8", "--fix"]);
    assert_eq!(run.code, Some(2), "{run:?}");
}

#[test]
fn no_key_is_shown() {
    let project = Project::new();
    let key = ["AKIA", "Z7QW3MNB5RT2KXL4"].concat();
    project.write(
        "good.py",
        format!("import boto3\nclient = boto3.client(\"dynamodb\", aws_access_key_id=\"{key}\")\n"),
    );
    assert!(!explained(&project, "good.py:2").contains(&key));
}
