//! The reports that CI systems read.

use std::fs;

use quick_junit::NonSuccessKind;
use quick_junit::{Report, TestCaseStatus};
use serde_json::{Value, json};

use crate::project::{GOOD, Project, Run, command, run};

/// Its name has to be escaped in each of the forms.
const NAME: &str = "shop a,b%/é.py";

fn leaky() -> Project {
    let project = Project::new();
    project.write(NAME, GOOD);
    project
}

fn told(project: &Project, format: &str) -> String {
    let run = project.run(&["check", "-q", "--output-format", format]);
    assert_eq!((run.code, &*run.stderr), (Some(1), ""), "{format}: {run:?}");
    run.stdout
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn a_line_of_json_for_each_finding() {
    let project = leaky();
    let lines = told(&project, "json-lines");
    let findings: Vec<Value> = lines.lines().map(parsed).collect();
    let document = parsed(&told(&project, "json"));
    assert_eq!(json!(findings), document["findings"]);
    assert_eq!(findings.len(), 1);
}

#[test]
fn annotations_of_github() {
    let text = told(&leaky(), "github");
    let start = "::error title=dynaleak (DDB101),file=shop a%2Cb%25/é.py,line=8,col=9,endLine=8,endColumn=29::DDB101: ";
    assert!(
        text.starts_with(start) && text.lines().count() == 1,
        "{text}"
    );
}

#[test]
fn in_github_actions_annotations_come_by_themselves() {
    let project = leaky();
    let with = |value: &str, arguments: &[&str]| -> Run {
        let mut command = command(&project.path("."));
        run(command
            .env("GITHUB_ACTIONS", value)
            .arg("check")
            .args(arguments))
    };
    let full = with("true", &[]);
    assert!(
        full.stdout.contains("error[DDB101]") && full.stdout.contains("\n::error "),
        "{full:?}"
    );
    for (value, arguments) in [("", &[][..]), ("true", &["--output-format", "concise"])] {
        let other = with(value, arguments);
        assert!(!other.stdout.contains("::error"), "{other:?}");
    }
}

#[test]
fn code_quality_of_gitlab() {
    let project = leaky();
    let issues = parsed(&told(&project, "gitlab"));
    let [issue] = &issues.as_array().unwrap()[..] else {
        panic!("{issues}");
    };
    assert_eq!(issue["check_name"], "DDB101");
    assert_eq!(issue["severity"], "critical");
    assert_eq!(
        issue["location"],
        json!({ "path": NAME, "lines": { "begin": 8, "end": 8 } })
    );

    // Other code above it, and a formatter's work on it, leave the fingerprint alone.
    let moved = GOOD.replace(
        "PENDING.append(item)",
        "PENDING.append(\n            item,\n        )",
    );
    project.write(NAME, format!("# dynamodb\n\n{moved}"));
    let again = parsed(&told(&project, "gitlab"));
    assert_ne!(again[0]["location"], issue["location"]);
    assert_eq!(again[0]["fingerprint"], issue["fingerprint"]);
}

#[test]
fn equal_code_has_different_fingerprints() {
    let project = leaky();
    let twice = GOOD.replace(
        "        PENDING.append(item)\n",
        &"        PENDING.append(item)\n".repeat(2),
    );
    project.write(NAME, twice);
    let issues = parsed(&told(&project, "gitlab"));
    assert_eq!(issues.as_array().unwrap().len(), 2, "{issues}");
    assert_ne!(issues[0]["fingerprint"], issues[1]["fingerprint"]);
}

#[test]
fn tests_of_junit() {
    let report = Report::deserialize_from_str(&told(&leaky(), "junit")).unwrap();
    let [suite] = &report.test_suites[..] else {
        panic!("{report:?}");
    };
    assert_eq!(
        (suite.name.as_str(), suite.tests, suite.failures),
        (NAME, 1, 1)
    );
    let TestCaseStatus::NonSuccess {
        kind,
        ty,
        description,
        ..
    } = &suite.test_cases[0].status
    else {
        panic!("{suite:?}");
    };
    assert_eq!(
        (*kind, ty.as_deref()),
        (NonSuccessKind::Failure, Some("DDB101"))
    );
    let place = format!("{NAME}:8:9: `PENDING` keeps every item");
    assert!(
        description
            .as_deref()
            .is_some_and(|text| text.starts_with(&place)),
        "{suite:?}"
    );

    let clean = Project::new();
    clean.write("clean.py", "");
    let run = clean.run(&["check", "--output-format", "junit"]);
    let report = Report::deserialize_from_str(&run.stdout).unwrap();
    assert_eq!((run.code, report.tests, report.failures), (Some(0), 1, 0));
}

/// What the page does is seen in a browser: `.ci/report`.
#[test]
fn a_page_that_needs_nothing_else() {
    let project = leaky();
    project.write(
        "evil.py",
        format!("# </script><img src=x>\n{GOOD}").replace("orders", "</pre><b>"),
    );
    let page = told(&project, "html");
    assert_eq!(page, told(&project, "html"));
    assert_eq!(page.matches("class=\"finding\"").count(), 2);
    assert!(page.contains("shop a,b%/é.py") && page.contains("DDB101"));
    for broken in [
        "{{",
        "}}",
        "<img",
        "</pre><b>",
        "http:",
        "src=",
        " style=\"",
        "onclick",
    ] {
        assert!(!page.contains(broken), "{broken}");
    }
    assert_eq!(page.matches("<script>").count(), 1);
    assert!(page.contains("content=\"default-src 'none'; style-src 'sha256-"));
    let page = project.run(&[
        "check",
        "--isolated",
        "--select",
        "DDB803",
        "--output-format",
        "html",
    ]);
    assert_eq!(page.code, Some(0), "{page:?}");
    assert!(page.stdout.contains("No findings."));
}

#[test]
fn sarif_tells_the_whole_story() {
    let project = leaky();
    let log = parsed(&told(&project, "sarif"));
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    assert_eq!(run["invocations"][0]["executionSuccessful"], true);
    let [result] = &run["results"].as_array().unwrap()[..] else {
        panic!("{run}");
    };
    let rule = &run["tool"]["driver"]["rules"][result["ruleIndex"].as_u64().unwrap() as usize];
    assert_eq!(
        (&rule["id"], &result["ruleId"]),
        (&json!("DDB101"), &json!("DDB101"))
    );
    assert!(
        rule["help"]["markdown"]
            .as_str()
            .unwrap()
            .starts_with("# DDB101")
    );
    assert_eq!(result["level"], "error");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(
        place["artifactLocation"],
        json!({ "uri": "shop%20a%2Cb%25/%C3%A9.py", "uriBaseId": "%SRCROOT%" })
    );
    let region = json!({ "startLine": 8, "startColumn": 9, "endLine": 8, "endColumn": 29 });
    assert_eq!(place["region"], region);
    let steps = result["codeFlows"][0]["threadFlows"][0]["locations"]
        .as_array()
        .unwrap();
    let json = parsed(&told(&project, "json"));
    assert_eq!(
        steps.len(),
        json["findings"][0]["trail"].as_array().unwrap().len()
    );
    let fixes = json["findings"][0]["fixes"].as_array().unwrap().len();
    assert_eq!(result["fixes"].as_array().map_or(0, Vec::len), fixes);
    for relation in rule["relationships"].as_array().unwrap() {
        let target = &relation["target"];
        let taxonomies = run["taxonomies"].as_array().unwrap().iter();
        let taxonomy = taxonomies.filter(|each| each["name"] == target["toolComponent"]["name"]);
        let mut taxa = taxonomy.flat_map(|each| each["taxa"].as_array().unwrap());
        assert!(taxa.any(|taxon| taxon["id"] == target["id"]), "{target}");
    }
}

#[test]
fn a_broken_run_leaves_a_sarif_log_that_says_so() {
    let project = leaky();
    project.write("dynaleak.toml", "selct = []\n");
    let run = project.run(&[
        "check",
        "--output-format",
        "sarif",
        "--output",
        "sarif=log.sarif",
    ]);
    assert_eq!(run.code, Some(2));
    let log = fs::read_to_string(project.path("log.sarif")).unwrap();
    assert_eq!(log, run.stdout);
    let invocation = &parsed(&log)["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    let message = &invocation["toolExecutionNotifications"][0]["message"]["text"];
    assert!(message.as_str().unwrap().contains("selct"), "{message}");
}

#[test]
fn several_reports_of_one_run() {
    let project = leaky();
    let arguments = [
        "--output",
        "sarif=a.sarif",
        "--output",
        "gitlab=./b.json",
        "-q",
    ];
    let run = project.run(&[&["check", "--output-format", "concise"], &arguments[..]].concat());
    assert_eq!(
        (run.code, run.stdout.lines().count()),
        (Some(1), 1),
        "{run:?}"
    );
    for (file, format) in [("a.sarif", "sarif"), ("b.json", "gitlab")] {
        let written = fs::read_to_string(project.path(file)).unwrap();
        assert_eq!(written, told(&project, format), "{file}");
    }
}

#[test]
fn a_report_that_cannot_be_written_fails_the_run() {
    let project = leaky();
    for output in ["sarif=missing/a.sarif", "sarif=shop a,b%"] {
        let run = project.run(&["check", "-q", "--output", output]);
        assert_eq!(run.code, Some(2), "{run:?}");
        assert!(run.stderr.contains("cannot be written: "), "{run:?}");
    }
    for output in ["sarif", "sarrif=x", "sarif="] {
        let run = project.run(&["check", "--output", output]);
        assert_eq!(run.code, Some(2), "{run:?}");
    }
}

/// A link such as `/dev/stdout` must not be replaced by a file.
#[cfg(unix)]
#[test]
fn a_report_goes_through_a_link() {
    let project = leaky();
    project.write("target.json", "[]");
    std::os::unix::fs::symlink("target.json", project.path("link.json")).unwrap();
    let run = project.run(&["check", "-q", "--output", "gitlab=link.json"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    let link = fs::symlink_metadata(project.path("link.json")).unwrap();
    assert!(link.is_symlink());
    let written = fs::read_to_string(project.path("target.json")).unwrap();
    assert_eq!(written, told(&project, "gitlab"));
}
