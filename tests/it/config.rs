//! The configuration: where it is found, what it says, and what is wrong with it.

use std::path::Path;

use dynaleak::config::files::Configs;
use dynaleak::config::{Bounds, Config, Form, Overrides, Problem};
use dynaleak::finding::Severity;

use crate::project::{GOOD, Project, Run};

fn own(text: &str) -> (Config, Vec<Problem>) {
    Config::parse(text, Form::Own, Path::new("")).unwrap()
}

/// A good file, and the same in `shop/`, `shop/admin/` and `other/`.
fn project() -> Project {
    let project = Project::good();
    for name in ["shop/a.py", "shop/admin/a.py", "other/a.py"] {
        project.write(name, GOOD);
    }
    project
}

/// The files that have a finding.
fn files(run: &Run) -> Vec<String> {
    let found = run.found().into_iter();
    found
        .map(|found| found.split(':').next().unwrap().to_string())
        .collect()
}

#[test]
fn each_form_of_file() {
    for (name, text) in [
        ("dynaleak.toml", "ignore = [\"DDB101\"]"),
        (".dynaleak.toml", "select = [\"materialised-pages\"]"),
        ("pyproject.toml", "[tool.dynaleak]\nignore = [\"DDB1\"]"),
        ("pyproject.toml", "tool.dynaleak.select = []"),
    ] {
        let project = Project::good();
        project.write(name, text);
        assert_eq!(project.json(&[]).found(), [""; 0], "{name}");
    }
}

#[test]
fn the_nearest_file_counts_alone() {
    let project = project();
    project.write("dynaleak.toml", "ignore = [\"DDB101\"]");
    project.write("shop/pyproject.toml", "[tool.dynaleak]");
    project.write("shop/admin/pyproject.toml", "[tool.ruff]\nselect = 1");
    let found = ["shop/a.py", "shop/admin/a.py"];
    assert_eq!(files(&project.json(&[])), found);
    assert_eq!(files(&project.json(&["shop"])), found);
    let arguments = ["check", "--output-format", "json"];
    assert_eq!(files(&project.run_in("other", &arguments)), [""; 0]);
    assert_eq!(files(&project.run_in("shop/admin", &arguments)), ["a.py"]);
    assert_eq!(files(&project.json(&["--isolated"])).len(), 4);

    project.write(".dynaleak.toml", "");
    assert_eq!(files(&project.json(&[])).len(), 4);
    project.write("pyproject.toml", "[tool.dynaleak]\nignore = [\"DDB\"]");
    assert_eq!(files(&project.json(&[])).len(), 4);
}

#[test]
fn one_file_for_all() {
    let project = project();
    project.write("shop/dynaleak.toml", "");
    let text = "[tool.dynaleak]\nexclude = [\"shop/admin\"]\n[tool.dynaleak.per-file-ignores]\n\"other/*\" = [\"DDB\"]";
    project.write("settings/pyproject.toml", text);
    let run = project.json(&["--config", "settings/pyproject.toml"]);
    assert_eq!(files(&run), ["good.py", "shop/a.py"], "{run:?}");
    for (file, text, why) in [
        ("gone.toml", None, "there is no such file"),
        (
            "none/pyproject.toml",
            Some(""),
            "it has no table [tool.dynaleak]",
        ),
    ] {
        if let Some(text) = text {
            project.write(file, text);
        }
        let run = project.run(&["check", "--config", file]);
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""));
        assert_eq!(run.stderr, format!("error: {file}:1:1: {why}\n"));
    }
    let both = ["check", "--isolated", "--config", "settings/pyproject.toml"];
    assert_eq!(project.run(&both).code, Some(2));
}

#[test]
fn the_command_line_is_stronger() {
    let project = Project::good();
    let found = |arguments: &[&str]| project.json(arguments).found().len();
    project.write(
        "dynaleak.toml",
        "select = [\"DDB3\"]\nignore = [\"DDB101\"]",
    );
    assert_eq!(found(&[]), 0);
    assert_eq!(found(&["--select", "DDB1"]), 1);
    assert_eq!(found(&["--ignore", "DDB4"]), 0);
    project.write("dynaleak.toml", "select = [\"DDB101\"]");
    assert_eq!(found(&["--ignore", "DDB1"]), 0);
    // Of one file it is said that it may: no selection says otherwise.
    project.write(
        "dynaleak.toml",
        "per-file-ignores = { \"*.py\" = [\"DDB1\"] }",
    );
    assert_eq!(found(&["--select", "DDB1"]), 0);
}

#[test]
fn patterns_are_those_of_gitignore() {
    let project = project();
    for (exclude, expected) in [
        ("shop/", &["good.py", "other/a.py"][..]),
        (
            "/a.py",
            &["good.py", "other/a.py", "shop/a.py", "shop/admin/a.py"],
        ),
        ("a.py", &["good.py"]),
        ("*/*.py", &["good.py", "shop/admin/a.py"]),
        ("**/admin", &["good.py", "other/a.py", "shop/a.py"]),
    ] {
        project.write("dynaleak.toml", format!("exclude = ['{exclude}']"));
        assert_eq!(files(&project.json(&[])), expected, "{exclude}");
        let text = format!("[per-file-ignores]\n'{exclude}' = ['DDB']");
        project.write("dynaleak.toml", text);
        assert_eq!(files(&project.json(&[])), expected, "{exclude}");
    }
    project.write("dynaleak.toml", "exclude = ['*', '!other']");
    assert_eq!(files(&project.json(&[])), [""; 0]);
    // What is named is taken.
    assert_eq!(files(&project.json(&["shop/a.py"])), ["shop/a.py"]);
    project.write("dynaleak.toml", "exclude = ['shop']");
    assert_eq!(files(&project.json(&["shop"])).len(), 2);
    let (config, _) = own("exclude = ['shop']");
    assert!(config.excludes(Path::new("shop/admin/a.py")));
    assert!(!config.excludes(Path::new("other/a.py")));
    assert!(!config.excludes(Path::new("/shop/a.py")));
}

#[test]
fn tests_on_demand() {
    let project = Project::good();
    project.write("tests/a.py", GOOD);
    project.write("dynaleak.toml", "include-tests = true");
    assert_eq!(files(&project.json(&[])), ["good.py", "tests/a.py"]);
    assert_eq!(files(&project.json(&["--isolated"])), ["good.py"]);
}

#[test]
fn severities() {
    let project = Project::good();
    let severity = |text: &str| {
        project.write("dynaleak.toml", text);
        let run = project.json(&[]);
        let severity = run.document()["findings"][0]["severity"].clone();
        (severity.as_str().unwrap().to_string(), run.code.unwrap())
    };
    let is = |word: &str, code| (word.to_string(), code);
    assert_eq!(severity("severity.DDB101 = 'info'"), is("info", 0));
    assert_eq!(severity("[severity]\nDDB = 'warning'"), is("warning", 1));
    let both = "[severity]\nDDB101 = 'error'\nDDB1 = 'info'";
    assert_eq!(severity(both), is("error", 1), "the longer selector wins");

    // Judged milder than its rule, for a script, it is not made worse.
    let script = GOOD.replace("def collect():", "if __name__ == \"__main__\":");
    project.write("good.py", script);
    assert_eq!(severity("severity.DDB101 = 'error'"), is("info", 0));

    project.write(
        "good.py",
        format!("{GOOD}  # dynaleak: ignore[DDB101, DDB4]\n").replace("\n  #", "  #"),
    );
    assert_eq!(severity(""), is("info", 0));
    assert_eq!(severity("severity.DDB003 = 'error'"), is("error", 1));
}

#[test]
fn bounds() {
    let (config, problems) = own("[bounds]\nqueue = 1_000_0\ncache = 0x10");
    assert_eq!(problems, []);
    let expected = Bounds {
        queue: 10_000,
        cache: 16,
        ..Bounds::default()
    };
    assert_eq!(config.bounds, expected);
}

/// Each mistake with what it stands on and what is said of it; what is right beside it counts.
#[test]
fn mistakes_have_their_place() {
    for (text, place, reason) in [
        (
            "selct = []",
            "selct",
            "unknown key `selct`; did you mean `select`?",
        ),
        (
            "extend-exclude = []",
            "extend-exclude",
            "unknown key `extend-exclude`; did you mean `exclude`?",
        ),
        (
            "include_tests = true",
            "include_tests",
            "unknown key `include_tests`; did you mean `include-tests`?",
        ),
        (
            "select = 'DDB1'",
            "'DDB1'",
            "`select` takes a list of rules, such as [\"DDB1\"], and this is a string",
        ),
        (
            "select = ['DDB1', 2]",
            "2",
            "`select` takes a list of rules, such as [\"DDB1\"], and this is an integer",
        ),
        (
            "ignore = ['DDB1O1']",
            "'DDB1O1'",
            "`DDB1O1`: no rule or group has this name; did you mean `DDB101`?",
        ),
        (
            "include-tests = 'yes'",
            "'yes'",
            "`include-tests` takes true or false, and this is a string",
        ),
        (
            "fail-on = 'fatal'",
            "'fatal'",
            "`fail-on` takes \"error\", \"warning\", \"info\" or \"never\", and this is a string",
        ),
        ("exclude = ['']", "''", "an empty pattern names no file"),
        (
            "exclude = ['{a']",
            "'{a'",
            "error parsing glob '{a': unclosed alternate group; missing '}' (maybe escape '{' with '[{]'?)",
        ),
        (
            "bounds = 7",
            "7",
            "`bounds` takes a table, and this is an integer",
        ),
        (
            "bounds.queue = 0",
            "0",
            "`queue` takes a whole number from 1 to 4294967295, and this is an integer",
        ),
        (
            "bounds.queue = -1",
            "-1",
            "`queue` takes a whole number from 1 to 4294967295, and this is an integer",
        ),
        (
            "bounds.pages = 1",
            "pages",
            "unknown key `pages`; did you mean `page`?",
        ),
        (
            "target-version = '3.8'",
            "'3.8'",
            "`target-version` takes a version from \"py36\" to \"py315\", and this is a string",
        ),
        (
            "severity.DDB1 = 'fatal'",
            "'fatal'",
            "`DDB1` takes \"error\", \"warning\" or \"info\", and this is a string",
        ),
        (
            "severity.DDX = 'info'",
            "DDX",
            "`DDX`: no rule or group has this name; did you mean `DDB0`?",
        ),
        (
            "per-file-ignores = { '!a' = [] }",
            "'!a'",
            "`!a`: a pattern cannot begin with `!` here",
        ),
    ] {
        let whole = format!("# é🦀\n{text}\n");
        let (_, problems) = own(&whole);
        let told: Vec<_> = (problems.iter())
            .map(|problem| (&whole[problem.span.clone()], problem.reason.as_str()))
            .collect();
        assert_eq!(told, [(place, reason)], "{text}");
    }
    let (config, problems) =
        own("selct = []\nselect = ['DDB3', 'nonsense']\ninclude-tests = true\n");
    assert_eq!(problems.len(), 2);
    assert!(config.include_tests());
    let settings = config.of(Path::new("main.py"));
    assert!(settings.has("DDB301") && !settings.has("DDB101"));
}

#[test]
fn a_check_ends_where_the_configuration_is_wrong() {
    let project = project();
    let text = "[tool.dynaleak]\n  selct = []\nselect = ['DDB1']\nignore = 1\n";
    project.write("shop/pyproject.toml", text);
    let selct = "unknown key `selct`; did you mean `select`?";
    let ignore = "`ignore` takes a list of rules, such as [\"DDB1\"], and this is an integer";
    for arguments in [&["check"][..], &["check", "shop", "--exit-zero"]] {
        let run = project.run(arguments);
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""));
        let name = "error: shop/pyproject.toml";
        let expected = format!("{name}:2:3: {selct}\n{name}:4:10: {ignore}\n");
        assert_eq!(run.stderr, expected);
    }
    let run = project.json(&[]);
    assert_eq!(run.code, Some(2));
    assert_eq!(
        run.errors()[0],
        format!("shop/pyproject.toml: 2:3: {selct}")
    );
    assert_eq!(files(&project.json(&["other"])), ["other/a.py"]);
}

#[test]
fn hostile_files() {
    let deep = format!("select = {}", "[".repeat(100_000));
    let keys = format!("{}a = 1", "a.".repeat(100_000));
    let large = format!("select = [\"DDB1\"] # {}", "x".repeat(2 << 20));
    for (bytes, why) in [
        (
            &b"select = [\"DDB1\", \"\xff\"]"[..],
            "1:1: not valid UTF-8 at byte 19",
        ),
        (deep.as_bytes(), ""),
        (keys.as_bytes(), ""),
        (large.as_bytes(), "1:1: larger than 1 MB"),
        (b"select = [\0]", "1:"),
        (b"= = =", "1:"),
        (b"[bounds]\n[bounds]\n", "2:"),
        (b"select = [\"DDB1\"]\nselect = []\n", "2:"),
    ] {
        let project = Project::good();
        project.write("dynaleak.toml", bytes);
        let run = project.run(&["check"]);
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{run:?}");
        let begin = format!("error: dynaleak.toml:{why}");
        assert!(
            run.stderr.starts_with(&begin),
            "{}",
            &run.stderr[..300.min(run.stderr.len())]
        );
    }
}

/// What is wrong with another tool's part of pyproject.toml is not ours to tell, and a mark at its
/// beginning is no mistake.
#[test]
fn what_is_no_mistake() {
    let project = Project::good();
    for bytes in [
        &b"= = ="[..],
        b"[tool.ruff]\nname = '\xff'\n",
        b"\xef\xbb\xbf[tool.dynaleak]\r\nselect = ['DDB1']\r\n",
    ] {
        project.write("pyproject.toml", bytes);
        let run = project.json(&[]);
        assert_eq!(run.found(), ["good.py:8 DDB101"], "{run:?}");
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_file() {
    use std::process::Command;

    let project = Project::good();
    std::os::unix::fs::symlink("dynaleak.toml", project.path("dynaleak.toml")).unwrap();
    let run = project.run(&["check"]);
    assert_eq!(run.code, Some(2));
    assert!(
        run.stderr.starts_with("error: dynaleak.toml:1:1: "),
        "{run:?}"
    );

    for name in ["dynaleak.toml", "pyproject.toml"] {
        let project = Project::good();
        let made = Command::new("mkfifo").arg(project.path(name)).status();
        assert!(made.unwrap().success());
        let run = project.run(&["check"]);
        assert_eq!(run.code, Some(2));
        assert_eq!(
            run.stderr,
            format!("error: {name}:1:1: not a regular file\n")
        );
    }
}

/// As the editor asks.
#[test]
fn kept_until_forgotten() {
    let project = Project::new();
    project.write("dynaleak.toml", "select = [\"DDB3\"]\nseverty = 1\n");
    let root = project.path(".").canonicalize().unwrap();
    let configs = Configs::nearest(Overrides::default());
    let file = root.join("shop/a.py");
    let found = configs.of_file(&file);
    assert_eq!(found.path, Some(root.join("dynaleak.toml")));
    let settings = found.config.of(&file);
    assert!(settings.has("DDB301") && !settings.has("DDB101"));
    let findings = found.findings(&"dynaleak.toml".into());
    assert_eq!((findings.len(), findings[0].code), (1, "DDB004"));
    assert_eq!(
        (findings[0].span.clone(), findings[0].severity),
        (18..25, Severity::Error)
    );

    project.write("dynaleak.toml", "");
    assert!(!configs.of_file(&file).problems.is_empty());
    configs.forget();
    let found = configs.of_file(&file);
    assert!(found.problems.is_empty() && found.config.of(&file).has("DDB101"));
}

/// What a run of `dynaleak config --output-format json` shows: `key value from`.
fn settings(project: &Project, arguments: &[&str]) -> Vec<String> {
    let run = project.run(&[&["config", "--output-format", "json"], arguments].concat());
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    let document = run.document();
    let settings = document["settings"].as_array().unwrap().iter();
    settings
        .map(|setting| {
            let word = |key: &str| setting[key].as_str().unwrap_or_default().to_string();
            let from = match setting["from"].as_str().unwrap() {
                "file" => format!("{}:{}", word("file"), setting["line"]),
                other => other.to_string(),
            };
            format!("{} {} {from}", word("key"), setting["value"])
        })
        .collect()
}

#[test]
fn the_settings_of_a_file_and_where_they_come_from() {
    let project = project();
    project.write(
        "shop/pyproject.toml",
        "[tool.dynaleak]\nselect = ['DDB1']\n\nexclude = ['admin/']\n\n[tool.dynaleak.severity]\nDDB101 = 'info'\n[tool.dynaleak.bounds]\nqueue = 0x10\n",
    );
    let file = "shop/pyproject.toml";
    let shown = settings(&project, &["shop/a.py"]);
    assert_eq!(
        shown,
        [
            "baseline \"dynaleak-baseline.jsonl\" default".to_string(),
            "bounds.accumulator 1000 default".to_string(),
            "bounds.cache 1024 default".to_string(),
            "bounds.page 100 default".to_string(),
            format!("bounds.queue 16 {file}:9"),
            "containers {} default".to_string(),
            format!("exclude [\"admin/\"] {file}:4"),
            "fail-on \"warning\" default".to_string(),
            "ignore [] default".to_string(),
            "include-tests false default".to_string(),
            "lifetimes {} default".to_string(),
            "per-file-ignores {} default".to_string(),
            format!("select [\"DDB1\"] {file}:2"),
            format!("severity.DDB101 \"info\" {file}:7"),
            "sources {} default".to_string(),
            "target-version null default".to_string(),
        ]
    );
    let more = [
        "shop/a.py",
        "--ignore",
        "DDB102",
        "--fail-on=never",
        "--include-tests",
    ];
    let shown = settings(&project, &more);
    for wanted in [
        "ignore [\"DDB102\"] command-line",
        "fail-on \"never\" command-line",
        "include-tests true command-line",
        "select [\"DDB1\"] shop/pyproject.toml:2",
    ] {
        assert!(shown.iter().any(|line| line == wanted), "{shown:#?}");
    }
    let shown = settings(&project, &["shop/a.py", "--select", "DDB3"]);
    assert!(shown.contains(&"select [\"DDB3\"] command-line".to_string()));
    assert!(!shown.iter().any(|line| line.contains("DDB1\"]")));
    assert!(settings(&project, &["other/a.py"]).contains(&"select null default".to_string()));
}

#[test]
fn the_rules_that_count_for_a_file() {
    let project = project();
    project.write(
        "dynaleak.toml",
        "select = ['DDB10', 'DDB003']\nexclude = ['shop']\nper-file-ignores = { 'shop/*' = ['DDB102'] }\nseverity = { DDB10 = 'info', DDB101 = 'warning' }",
    );
    let shown = |path: &str| project.run(&["config", path]).stdout;
    let shop = shown("shop/a.py");
    assert!(shop.starts_with("Settings for shop/a.py\nConfiguration: dynaleak.toml\nExcluded"));
    assert!(
        shop.ends_with("warning  DDB101\ninfo     DDB003, DDB103\n"),
        "{shop}"
    );
    let other = shown("other");
    assert!(!other.contains("Excluded"));
    assert!(
        other.ends_with("info     DDB003, DDB102, DDB103\n"),
        "{other}"
    );
    let run = project.run(&["config", "--select", "DDB9"]);
    assert_eq!(run.code, Some(2));
    project.write("dynaleak.toml", "selct = []");
    let run = project.run(&["config", "other/a.py"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""));
    assert!(
        run.stderr
            .starts_with("error: dynaleak.toml:1:1: unknown key")
    );
}

#[test]
fn what_fails_a_check() {
    let project = project();
    let code = |text: &str, arguments: &[&str]| {
        project.write("dynaleak.toml", text);
        project.json(arguments).code.unwrap()
    };
    assert_eq!(code("fail-on = 'error'", &[]), 1);
    let mild = "severity.DDB101 = 'warning'\n";
    assert_eq!(code(mild, &[]), 1);
    assert_eq!(code(&format!("{mild}fail-on = 'error'"), &[]), 0);
    assert_eq!(
        code(&format!("{mild}fail-on = 'error'"), &["--fail-on", "info"]),
        1
    );
    assert_eq!(code("severity.DDB101 = 'info'\nfail-on = 'info'", &[]), 1);
    assert_eq!(code("fail-on = 'never'", &[]), 0);
    assert_eq!(code("fail-on = 'fatal'", &[]), 2);
    assert_eq!(code("", &["--fail-on", "fatal"]), 2);
    // Each file's own configuration says what fails of it.
    project.write("shop/dynaleak.toml", "fail-on = 'error'");
    assert_eq!(code("fail-on = 'never'", &[]), 1);
    let junit = project.run(&["check", "--output-format", "junit"]).stdout;
    assert_eq!(junit.matches("<failure").count(), 2, "{junit}");
}
