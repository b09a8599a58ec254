//! Comments that silence findings, on the command line and through the editor's edit.

use std::path::Path;
use std::sync::Arc;

use dynaleak::config::Config;
use dynaleak::finding::{Applicability, Finding};
use dynaleak::report::shown;
use dynaleak::suppress::{Shown, ignore_edit};
use dynaleak::syntax::Source;
use dynaleak::workspace::{Options, Workspace};
use proptest::prelude::*;
use serde_json::json;

use crate::project::{APPEND, GOOD, Project};

const FILE: &str = "main.py";

fn check(text: &str) -> Shown {
    let mut workspace = Workspace::new(Options::default());
    workspace.load(vec![(FILE.into(), text.to_string())]);
    shown(&workspace, FILE, &Config::default().of(Path::new(FILE)))
}

fn codes(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.code).collect()
}

/// `GOOD` with something else for its last line.
fn good_with(last: &str) -> String {
    GOOD.replace(APPEND, last)
}

#[test]
fn what_a_comment_silences_fails_no_check_and_is_shown_on_demand() {
    let project = Project::new();
    let comment = "# dynaleak: ignore[DDB101] a dozen";
    project.write("good.py", good_with(&format!("{APPEND}  {comment}")));
    let run = project.json(&[]);
    assert_eq!((run.code, run.found().len()), (Some(0), 0), "{run:?}");

    let run = project.json(&["--show-ignored"]);
    assert_eq!(run.code, Some(0));
    assert_eq!(run.found(), ["good.py:8 DDB101"]);
    let document = run.document();
    let start = GOOD.find(APPEND).unwrap() + APPEND.len() + 2;
    let range = json!({
        "start": {"line": 8, "column": 31, "byte": start},
        "end": {"line": 8, "column": 31 + comment.len(), "byte": start + comment.len()},
    });
    assert_eq!(
        document["findings"][0]["ignored"],
        json!({ "range": range }),
        "{run:?}"
    );
    assert_eq!(document["summary"]["findings"], 0);

    let run = project.run(&["check", "--show-ignored", "--output-format", "concise"]);
    assert!(
        run.stdout.starts_with("good.py:8:9: ignored[DDB101] "),
        "{run:?}"
    );
    let run = project.run(&["check", "--show-ignored"]);
    let note = "ignored by the comment in line 8";
    assert!(run.stdout.contains(note), "{run:?}");
    assert!(
        run.stdout
            .ends_with("No findings in 1 file (1 analysed).\n")
    );
}

#[test]
fn a_rule_that_is_not_selected_makes_no_comment_unused() {
    let project = Project::new();
    let text = good_with(&format!("{APPEND}  # dynaleak: ignore[DDB101, DDB302]"));
    project.write("good.py", text);
    let found = |arguments: &[&str]| project.json(arguments).found();
    assert_eq!(found(&[]), ["good.py:8 DDB003"]);
    assert_eq!(found(&["--ignore", "DDB302"]), [""; 0]);
    assert_eq!(found(&["--select", "DDB1,DDB0"]), [""; 0]);
    assert_eq!(found(&["--select", "DDB"]), ["good.py:8 DDB003"]);
    assert_eq!(found(&["--select", "DDB1,DDB3"]), [""; 0]);
    assert_eq!(project.json(&[]).code, Some(0), "a note fails no check");
}

#[test]
fn a_malformed_comment_fails_the_check() {
    let project = Project::new();
    project.write("good.py", format!("x = 1  # dynaleak: ignore\n{GOOD}"));
    let run = project.json(&["--ignore", "DDB101"]);
    assert_eq!(run.code, Some(1));
    assert_eq!(run.found(), ["good.py:1 DDB002"]);
    let finding = &run.document()["findings"][0];
    assert_eq!(finding["name"], "malformed-ignore");
    assert_eq!(finding["effect"], json!(null));
}

#[test]
fn notices_have_pages() {
    let project = Project::new();
    for word in ["DDB002", "ddb002", "malformed-ignore"] {
        let run = project.run(&["rule", word]);
        assert_eq!(run.code, Some(0), "{run:?}");
        assert!(run.stdout.starts_with("# DDB002: malformed-ignore\n"));
    }
}

/// Only what is not needed goes: a word of a list, a comment with its line or the blanks before it.
#[test]
fn what_is_unused_can_be_taken_out() {
    for (before, after) in [
        ("x = 1  # dynaleak: ignore[DDB101] why\n", "x = 1\n"),
        ("x = 1  # noqa: DDB101\n", "x = 1\n"),
        (
            "x = 1  # noqa: E501,DDB101 why\n",
            "x = 1  # noqa: E501 why\n",
        ),
        (
            "x = 1\r\n# dynaleak: ignore[DDB1]\r\ny = 2\r\n",
            "x = 1\r\ny = 2\r\n",
        ),
        (
            "x = 1  # dynaleak: ignore[DDB1] # type: int",
            "x = 1  # type: int",
        ),
        (
            "x = 1  # type: int # dynaleak: ignore[DDB1, DDB3] see #12",
            "x = 1  # type: int",
        ),
        (
            "# dynaleak: ignore-file[DDB101, DDB302]\nx = 1\n",
            "x = 1\n",
        ),
        (
            &good_with("PENDING.append(item)  # dynaleak: ignore[DDB302, DDB101, DDB401] why"),
            &good_with("PENDING.append(item)  # dynaleak: ignore[DDB101] why"),
        ),
    ] {
        let findings = check(before).kept;
        assert_eq!(codes(&findings), ["DDB003"], "{before}");
        let fix = &findings[0].fixes[0];
        assert_eq!(fix.applicability, Applicability::Safe);
        let mut text = before.to_string();
        text.replace_range(fix.edits[0].span.clone(), &fix.edits[0].text);
        assert_eq!(text, after);
        assert_eq!(codes(&check(&text).kept), [""; 0]);
    }
}

#[test]
fn the_edit_puts_the_comment_where_one_can_stand() {
    for (before, after) in [
        (APPEND, "PENDING.append(item)  # dynaleak: ignore[DDB101] "),
        (
            "PENDING.append(item)  # noqa: E501",
            "PENDING.append(item)  # noqa: E501  # dynaleak: ignore[DDB101] ",
        ),
        (
            "PENDING.append(item)  # dynaleak: ignore[DDB302] why",
            "PENDING.append(item)  # dynaleak: ignore[DDB302, DDB101] why",
        ),
        (
            "# dynaleak: ignore[DDB302] why\n        PENDING.append(item)",
            "# dynaleak: ignore[DDB302, DDB101] why\n        PENDING.append(item)",
        ),
        (
            "PENDING.append(\n            item,\n        )",
            "PENDING.append(\n            item,\n        )  # dynaleak: ignore[DDB101] ",
        ),
        (
            "PENDING.append((item, '''\n'''))   ",
            "PENDING.append((item, '''\n'''))  # dynaleak: ignore[DDB101] ",
        ),
        (
            "PENDING.append(item); x = '''\n'''",
            "# dynaleak: ignore[DDB101] \n        PENDING.append(item); x = '''\n'''",
        ),
        (
            "PENDING.append(\n            item); x = '''\n'''",
            "PENDING.append(  # dynaleak: ignore[DDB101] \n            item); x = '''\n'''",
        ),
        (
            "PENDING.append(item); x = \\\n    1",
            "# dynaleak: ignore[DDB101] \n        PENDING.append(item); x = \\\n    1",
        ),
    ] {
        let text = good_with(before);
        let findings = check(&text).kept;
        let finding = findings.iter().find(|it| it.code == "DDB101").unwrap();
        let edit = ignore_edit(&Source::new(text.clone()), finding).unwrap();
        let mut edited = text.clone();
        edited.replace_range(edit.span, &edit.text);
        assert_eq!(edited, good_with(after));
    }
}

#[test]
fn no_edit_where_no_comment_can_stand() {
    for last in [
        "x = '''\n'''; PENDING.append(item); y = '''\n'''",
        "if item: \\\n          PENDING.append(item); x = '''\n'''",
    ] {
        let text = good_with(last);
        let findings = check(&text).kept;
        assert_eq!(codes(&findings), ["DDB101"]);
        assert_eq!(
            ignore_edit(&Source::new(text), &findings[0]),
            None,
            "{last}"
        );
    }
    let text = "x = 1  # dynaleak: ignore\n".to_string();
    let notice = check(&text).kept.remove(0);
    assert_eq!(ignore_edit(&Source::new(text), &notice), None);
}

/// A statement that keeps `item` in some `KEPT`, and its surroundings in one block.
fn statement() -> impl Strategy<Value = String> {
    let shapes = [
        "KEPT.append(item)",
        "KEPT.append(item)  # why",
        "KEPT.append(item)  # type: ignore  # noqa: E501",
        "KEPT.append(item)\t",
        "KEPT.append(\n        item\n    )",
        "KEPT.append(  # why\n        item,  # why\n\n        # why\n    )",
        "KEPT.append((item, \"\"\"\n# dynaleak: ignore\n\"\"\"))",
        "KEPT.append((f\"\"\"\n{\n1\n}\"\"\", item))",
        "KEPT \\\n  .append( \\\n  item)",
        "if item: KEPT.append(item)",
        "if item:\n        KEPT.append(item)\n    elif KEPT.append(item):\n        pass",
        "with open('é🦀') as file: file.read(); KEPT.append(item); file.read()",
        "while KEPT.append(item):\n        break",
        "x = 1; KEPT.append(item)",
        "KEPT.append(item); x = '''\n'''",
        "KEPT.append(item); KEPT.append(item)",
        "x = '''\n'''; KEPT.append(item)",
        "KEPT.append(item); x = \\\n        1",
        "KEPT.append([item for _ in [\n        1]])",
        "for x in KEPT.append(item) or (): pass",
        "lambda: KEPT.append(item)",
        "try: KEPT.append(item)\n    finally: pass",
        "match KEPT.append(item):\n        case _: KEPT.append(item)",
        "assert KEPT.append(item) is None, '''\n'''",
        "@str\n    def inner(\n        x=KEPT.append(item),\n    ): pass",
        "# why\n    KEPT.append(item)",
        "pass",
    ];
    prop::sample::select(shapes.to_vec()).prop_map(str::to_string)
}

fn program() -> impl Strategy<Value = String> {
    let statements = prop::collection::vec((statement(), any::<bool>()), 1..6);
    (statements, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |(statements, crlf, ended, marked)| {
            let mut text = String::from(
                "import boto3\nKEPT = []\ntable = boto3.resource('dynamodb').Table('orders')\n\n\n\
                 def keep(key):\n    item = table.get_item(Key=key)['Item']\n",
            );
            for (statement, blank) in statements {
                text += &format!("    {statement}\n{}", if blank { "\n" } else { "" });
            }
            if !ended {
                text.truncate(text.trim_end_matches('\n').len());
            }
            if marked {
                text.insert(0, '\u{feff}');
            }
            match crlf {
                true => text.replace('\n', "\r\n"),
                false => text,
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    /// Whatever the statements look like, one edit after the other silences all of them.
    #[test]
    fn each_edit_silences_its_finding(text in program()) {
        let mut text = text;
        let before = check(&text).kept;
        prop_assert!(before.iter().all(|finding| finding.code == "DDB101"), "{text}");
        let mut left = before.len();
        while let Some(finding) = check(&text).kept.first() {
            let edit = ignore_edit(&Source::new(text.clone()), finding);
            let Some(edit) = edit else {
                return Err(TestCaseError::fail(format!("no edit for {finding:?} in\n{text}")));
            };
            text.replace_range(edit.span, &edit.text);
            let shown = check(&text);
            prop_assert!(shown.kept.iter().all(|finding| finding.code == "DDB101"), "{text}\n{:?}", shown.kept);
            prop_assert!(shown.kept.len() < left, "{text}");
            prop_assert_eq!(shown.kept.len() + shown.ignored.len(), before.len(), "{}", text);
            left = shown.kept.len();
        }
        prop_assert_eq!(text.contains("\r\n"), !text.replace("\r\n", "").contains('\n'));
    }

    /// Any comment at all: nothing panics, and each finding is either kept or ignored.
    #[test]
    fn any_comment(words in prop::collection::vec(prop::sample::select(vec![
        "dynaleak", ":", "ignore", "-file", "[", "]", ",", "DDB101", "DDB1", "noqa", "#", " ", "E501", "é🦀", "why", "\t", "DDB003", "\r",
    ]), 0..12), above: bool) {
        let comment = format!("# {}", words.concat());
        let comment = comment.replace('\r', if above { "" } else { "\r" });
        let text = match above {
            true => format!("{comment}\n{GOOD}"),
            false => good_with(&format!("{APPEND}  {comment}")),
        };
        let shown = check(&text);
        let file: Arc<str> = FILE.into();
        let all = shown.kept.iter().chain(shown.ignored.iter().map(|ignored| &ignored.finding));
        prop_assert!(all.clone().all(|finding| finding.file == file));
        prop_assert_eq!(all.filter(|finding| finding.code == "DDB101").count(), 1);
    }
}
