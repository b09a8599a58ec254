//! A team's own rules: the files in `.dynaleak`, what is wrong with them, and where they count.

use std::fs;
use std::path::Path;

use crate::project::Project;

const QUERY: &str = "((call function: (identifier) @_name) @finding\n  (#eq? @_name \"forbidden\")\n  (#kind? @finding items))\n";
const PAGE: &str = "---\nmessage: {finding} is forbidden\n---\n# SHOP1: forbidden-call\n\nNever.\n\n## Flagged: a call\n```py\nfrom shop.repo import forbidden\n\nforbidden()\n#<^^^^^^^^^ SHOP1 `forbidden()` is forbidden\n```\n```toml\nsources = { \"shop.repo.forbidden\" = \"items\" }\n```\n\n## Not flagged: another\n```py\nforbidden()\n```\n";
const USER: &str = "from shop.repo import forbidden\n\nforbidden()\n";

fn project() -> Project {
    let project = Project::new();
    project.write(
        "dynaleak.toml",
        "sources = { \"shop.repo.forbidden\" = \"items\" }\n",
    );
    project.write("shop/user.py", USER);
    project.write(".dynaleak/forbidden.scm", QUERY);
    project.write(".dynaleak/forbidden.md", PAGE);
    project
}

/// The blocks of docs/custom-rules.md that are files, written into a project.
fn documented(project: &Project) {
    let text =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/custom-rules.md"));
    let text = text.unwrap();
    let mut lines = text.lines();
    let mut name = None;
    while let Some(line) = lines.next() {
        if let Some(found) = line
            .strip_prefix('`')
            .and_then(|line| line.strip_suffix("`:"))
        {
            name = Some(found);
            continue;
        }
        let fence: String = line.chars().take_while(|each| *each == '`').collect();
        if fence.len() < 3 {
            continue;
        }
        let body: Vec<&str> = lines.by_ref().take_while(|line| *line != fence).collect();
        if let Some(name) = name.take() {
            project.write(name, format!("{}\n", body.join("\n")));
        }
    }
}

#[test]
fn the_documented_rules_work() {
    let project = Project::new();
    documented(&project);
    let run = project.run(&["test-rules"]);
    assert_eq!(
        (run.code, run.stdout.as_str(), run.stderr.as_str()),
        (
            Some(0),
            "SHOP101 no-scan-in-views: 4 headings, all hold\nSHOP102 item-logged: 3 headings, all hold\n",
            ""
        )
    );
    project.write("shop/views.py", "import boto3\nfrom django.views import View\n\ntable = boto3.resource(\"dynamodb\").Table(\"orders\")\n\n\nclass Orders(View):\n    def get(self, request):\n        return len(table.scan()[\"Items\"])\n");
    project.write("shop/log.py", "import logging\nfrom shop.repo import fetch_order\n\nlogger = logging.getLogger(__name__)\n\n\ndef show(order_id):\n    logger.info(\"%s\", fetch_order(order_id))\n");
    let run = project.json(&[]);
    assert_eq!(run.code, Some(1));
    assert_eq!(
        run.found(),
        ["shop/log.py:8 SHOP102", "shop/views.py:9 SHOP101"]
    );
    let page = project.run(&["rule", "SHOP101"]).stdout;
    assert!(
        page.starts_with("# SHOP101: no-scan-in-views\n\nA scan reads"),
        "{page}"
    );
    assert!(
        project
            .run(&["rules"])
            .stdout
            .contains("\nSHOP102  item-logged ")
    );
}

#[test]
fn they_are_selected_and_silenced_as_ours_are() {
    let project = project();
    let found = |arguments: &[&str]| project.json(arguments).found();
    let flagged = ["shop/user.py:3 SHOP1"];
    assert_eq!(found(&[]), flagged);
    for word in ["SHOP1", "shop1", "SHOP", "forbidden-call"] {
        assert_eq!(found(&["--select", word]), flagged, "{word}");
        assert_eq!(found(&["--ignore", word]), [""; 0], "{word}");
    }
    assert_eq!(found(&["--select", "DDB"]), [""; 0]);
    assert_eq!(found(&["--isolated"]), [""; 0]);
    assert_eq!(found(&["shop/user.py"]), flagged);
    assert_eq!(
        project
            .run_in("shop", &["check", "--output-format", "json"])
            .found(),
        ["user.py:3 SHOP1"]
    );
    let run = project.run(&["check", "--select", "SHOP2"]);
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("did you mean `SHOP1`?"), "{run:?}");
    for comment in [
        "dynaleak: ignore[SHOP1] why",
        "noqa: SHOP1",
        "noqa: E501, SHOP1",
        "dynaleak: ignore[forbidden-call]",
    ] {
        project.write(
            "shop/user.py",
            USER.replace("()", &format!("()  # {comment}")),
        );
        assert_eq!(found(&[]), [""; 0], "{comment}");
    }
    project.write("shop/user.py", USER);
    let sources = "sources = { \"shop.repo.forbidden\" = \"items\" }\n";
    for line in [
        "ignore = [\"SHOP1\"]",
        "per-file-ignores = { \"shop/*\" = [\"SHOP\"] }",
        "select = [\"DDB1\"]",
    ] {
        project.write("dynaleak.toml", format!("{sources}{line}\n"));
        assert_eq!(found(&[]), [""; 0], "{line}");
    }
    project.write(
        "dynaleak.toml",
        format!("{sources}severity = {{ SHOP1 = \"info\" }}\n"),
    );
    let run = project.json(&[]);
    assert_eq!(
        (run.code, &run.document()["findings"][0]["severity"]),
        (Some(0), &"info".into())
    );
    project.write(
        ".dynaleak/forbidden.md",
        PAGE.replace(
            "---\n#",
            "severity: error\neffect: wrong\ndefault: off\n---\n#",
        ),
    );
    project.write("dynaleak.toml", sources);
    assert_eq!(found(&[]), [""; 0]);
    let run = project.json(&["--select", "SHOP1"]);
    let finding = &run.document()["findings"][0];
    assert_eq!(finding["severity"], "error");
    assert_eq!(finding["effect"], "wrong");
    assert_eq!(finding["name"], "forbidden-call");
}

#[test]
fn explain_says_why_one_is_not_flagged() {
    let project = project();
    project.write(
        "shop/user.py",
        USER.replace("shop.repo", "shop.other") + "import boto3; boto3.client(\"dynamodb\")\n",
    );
    let told = project
        .run(&["check", "--explain", "shop/user.py:3"])
        .stdout;
    assert!(
        told.contains("Fits by its text only, not by the kind of its values: SHOP1\n"),
        "{told}"
    );
}

#[test]
fn mistakes_have_their_file_and_line() {
    let query = |query: &str| (".dynaleak/forbidden.scm", query.to_string());
    let page = |from: &str, to: &str| (".dynaleak/forbidden.md", PAGE.replacen(from, to, 1));
    for ((file, text), problem) in [
        (
            query("(cal) @finding"),
            "scm:1:2: Python's grammar has no node `cal`",
        ),
        (
            query("(call\n  functio: (_)) @finding"),
            "scm:2:3: Python's grammar has no field `functio`",
        ),
        (
            query("(call) @finding\n(call @finding"),
            "scm:2:1: this bracket is not closed",
        ),
        (
            query("((call (_) @a @finding) ; ("),
            "scm:1:1: this bracket is not closed",
        ),
        (
            query("(assignment left: (#eq? @finding \"a\")) @finding"),
            "scm:1:19: a predicate stands behind the pattern",
        ),
        (
            query("[(call) (#eq? @finding \"a\")] @finding"),
            "scm:1:9: a predicate stands behind the pattern",
        ),
        (
            query("(call) @finding\n( ; \"\n #eq? @finding \"a\")"),
            "scm:2:1: a predicate stands behind the pattern",
        ),
        (
            query("(call (call_x"),
            "scm:1:8: Python's grammar has no node `call_x`",
        ),
        (
            query("((call) @finding (#kind? @valu items))"),
            "scm:1:27: no part of the pattern is called `@valu`",
        ),
        (
            query("(call) @found"),
            "scm:1:1: the pattern reports nothing: call a part of it `@finding`",
        ),
        (query("; nothing"), "scm:1:1: it holds no pattern"),
        (
            query("(call) @finding\n(module (_)) @finding"),
            "scm:2:1: a pattern looks at one function, method or statement at a time",
        ),
        (
            query("(call) @finding\n[\n  ((class_definition) @finding)\n]"),
            "scm:2:1: a pattern looks at one function, method or statement at a time",
        ),
        (
            query("((call) @finding\n  (#kin? @finding items))"),
            "scm:2:3: no predicate is called `#kin?`; did you mean `#kind?`?",
        ),
        (
            query("((call) @finding\n  (#not-kind? @finding item-s))"),
            "scm:2:3: `#not-kind?` does not know `item-s`; did you mean `items`?",
        ),
        (
            query("((call) @finding (#lives? @finding))"),
            "scm:1:18: `#lives?` needs one of call, request",
        ),
        (
            query("((call) @finding (#lives? @finding forever))"),
            "scm:1:18: `#lives?` does not know `forever`, only call, request",
        ),
        (
            query("((call) @finding (#imports? @finding))"),
            "scm:1:18: `#imports?` needs more: write `#imports? @name path…`",
        ),
        (
            query("((call) @finding (#limited? @finding \"5\"))"),
            "scm:1:18: `#limited?` takes no more: write `#limited? @value`",
        ),
        (
            query("((call) @finding (#keeps? @finding))"),
            "scm:1:18: `#keeps?` asks about a capture: write `#keeps? @holder @value`",
        ),
        (
            query("((call) @finding (#scoped? \"a\"))"),
            "scm:1:18: `#scoped?` asks about a capture: write `#scoped? @value`",
        ),
        (
            query("((call) @finding (#match? @finding \"(\"))"),
            "scm:1:1: ",
        ),
        (page("---\n", ""), "md:1:1: a rule's page begins with `---`"),
        (
            page("message: {finding} is forbidden\n", ""),
            "md:2:1: `message` is missing",
        ),
        (
            page("{finding}", "{findin}"),
            "md:2:1: `{findin}` stands for nothing; did you mean `{finding}`?",
        ),
        (
            page("message", "massage"),
            "md:2:1: unknown key `massage`; did you mean `message`?",
        ),
        (
            page("---\n#", "severity: bad\n---\n#"),
            "md:3:1: `bad` is none of error, info, warning",
        ),
        (
            page("---\n#", "severity\n---\n#"),
            "md:3:1: `severity`: write `key: value`",
        ),
        (
            page("# SHOP1", "# DDB999"),
            "md:4:1: `DDB999`: codes that begin with DDB are dynaleak's own",
        ),
        (page("# SHOP1", "# shop"), "md:4:1: `shop` is no code"),
        (
            page("# SHOP1: forbidden-call", "# Forbidden"),
            "md:4:1: the page's title gives the rule's code and name",
        ),
        (
            page("forbidden-call", "cached-method"),
            "md:4:1: `cached-method` is the name of DDB202",
        ),
        (
            page("forbidden-call", "Forbidden Call"),
            "md:4:1: `Forbidden Call` is no name",
        ),
    ] {
        let project = project();
        project.write(file, &text);
        for command in [
            &["check"][..],
            &["test-rules"],
            &["check", "--exit-zero", "shop/user.py"],
        ] {
            let run = project.run(command);
            assert_eq!(run.code, Some(2), "{text}: {run:?}");
            let wanted = format!("error: .dynaleak/forbidden.{problem}");
            assert!(run.stderr.starts_with(&wanted), "{wanted:?} in {run:?}");
        }
    }
    let project = project();
    project.write(".dynaleak/other.scm", QUERY);
    let first = |project: &Project| {
        project
            .run(&["check"])
            .stderr
            .lines()
            .next()
            .unwrap_or_default()
            .to_string()
    };
    assert_eq!(
        first(&project),
        "error: .dynaleak/other.scm:1:1: its page `other.md` is missing"
    );
    project.write(".dynaleak/other.md", PAGE);
    assert_eq!(
        first(&project),
        "error: .dynaleak/other.md:4:1: `forbidden.md` has this code or name too"
    );
    fs::remove_file(project.path(".dynaleak/other.scm")).unwrap();
    assert_eq!(
        first(&project),
        "error: .dynaleak/other.md:1:1: its query `other.scm` is missing"
    );
}

/// `test-rules` says these lines, at their places.
fn wrong(project: &Project, lines: &[&str]) {
    let run = project.run(&["test-rules"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    for (line, said) in lines.iter().zip(run.stderr.lines()) {
        assert!(
            said.starts_with(&format!("error: {line}")),
            "{line} in {run:?}"
        );
    }
    assert_eq!(run.stderr.lines().count(), lines.len(), "{run:?}");
}

/// A path may be that of the project's own code, as its imports write it.
#[test]
fn a_path_of_the_projects_own() {
    let project = project();
    project.write(
        ".dynaleak/forbidden.scm",
        "((call function: (_) @name) @finding\n  (#imports? @name shop.repo.fetch shop.repo.Repo))",
    );
    project.write("src/shop/repo.py", "def fetch():\n    return 1\n\n\nclass Repo:\n    pass\n\n\ndef other():\n    return fetch\n");
    project.write("src/shop/user.py", "import boto3\n\nfrom shop import repo\nfrom shop.repo import Repo, fetch, other\n\nfetch()\nRepo()\nother()\nrepo.fetch()\nboto3.client('dynamodb')\n");
    project.write("src/shop/__init__.py", "");
    fs::remove_file(project.path("shop/user.py")).unwrap();
    let found = [
        "src/shop/user.py:6 SHOP1",
        "src/shop/user.py:7 SHOP1",
        "src/shop/user.py:9 SHOP1",
    ];
    assert_eq!(project.json(&[]).found(), found);
    fs::remove_file(project.path("src/shop/repo.py")).unwrap();
    assert_eq!(project.json(&[]).found(), found);
}

#[test]
fn fixtures_that_fail() {
    let project = project();
    project.write(
        ".dynaleak/forbidden.md",
        PAGE.replace("#<^^^^^^^^^ SHOP1 `", "#<^^^^^^^^ SHOP1 `"),
    );
    let run = project.run(&["test-rules"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(
        run.stdout.starts_with(
            "SHOP1 forbidden-call: 2 headings, failed\n  flagged-a-call: the findings are\n"
        ),
        "{run:?}"
    );
    assert!(
        run.stdout.contains("(.dynaleak/forbidden.md:13)"),
        "{run:?}"
    );
    let page = PAGE.replace("## Not flagged: another", "## Flagged: another");
    project.write(".dynaleak/forbidden.md", page);
    wrong(
        &project,
        &[
            ".dynaleak/forbidden.md:19: no mark of SHOP1",
            ".dynaleak/forbidden.md:4: no heading begins with `## Not flagged`",
        ],
    );
    for (from, to, said) in [
        (
            "## Not flagged: another\n```py",
            "## Not flagged: another\n```python",
            "19: no block of code that is tagged `py`",
        ),
        (
            "sources = {",
            "sorces = {",
            "8: `toml` block: `sorces`: unknown key `sorces`; did you mean `sources`?",
        ),
        (
            "forbidden()\n#<^^^^^^^^^ SHOP1 `forbidden()` is forbidden",
            "forbidden()\n#<^^^^^^^^^",
            "13: carets that say nothing and do not go on",
        ),
        (
            "import forbidden",
            "import import forbidden",
            "8: `main.py` is no Python",
        ),
    ] {
        assert!(PAGE.contains(from), "{from}");
        project.write(".dynaleak/forbidden.md", PAGE.replacen(from, to, 1));
        wrong(&project, &[&format!(".dynaleak/forbidden.md:{said}")]);
    }
    // What stands under a heading without code is text; a rule that is off is tested all the same.
    let page = PAGE.replacen("---\n#", "default: off\n---\n#", 1) + "\n## Background\nWhy.\n";
    project.write(".dynaleak/forbidden.md", page);
    let run = project.run(&["test-rules"]);
    assert_eq!(
        run.stdout, "SHOP1 forbidden-call: 2 headings, all hold\n",
        "{run:?}"
    );
    let run = Project::good().run(&["test-rules"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(
        run.stderr
            .starts_with("error: no rules: a rule is two files"),
        "{run:?}"
    );
}

#[test]
fn a_hostile_folder() {
    let secret = Project::new();
    secret.write("secret.scm", QUERY);
    secret.write("secret.md", "outside");
    let project = project();
    let told = |project: &Project| {
        let run = project.run(&["check"]);
        assert_eq!(run.code, Some(2), "{run:?}");
        assert!(!run.stderr.contains("outside"), "{run:?}");
        run.stderr
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::symlink;
        for name in ["secret.scm", "secret.md"] {
            symlink(secret.path(name), project.path(".dynaleak").join(name)).unwrap();
        }
        let both = told(&project);
        assert_eq!(
            both.matches("a link: rules are read from this folder only")
                .count(),
            2,
            "{both}"
        );
        for name in ["secret.scm", "secret.md"] {
            fs::remove_file(project.path(".dynaleak").join(name)).unwrap();
        }
        symlink(project.path("."), project.path(".dynaleak/again")).unwrap();
        assert_eq!(project.json(&[]).found(), ["shop/user.py:3 SHOP1"]);
    }
    project.write(".dynaleak/deep/er/x.scm", "(");
    fs::create_dir(project.path(".dynaleak/folder.scm")).unwrap();
    project.write(".dynaleak/folder.md", PAGE);
    assert!(told(&project).starts_with("error: .dynaleak/folder.scm:1:1: not a regular file"));
    fs::remove_dir(project.path(".dynaleak/folder.scm")).unwrap();
    project.write(".dynaleak/folder.scm", QUERY.repeat(400));
    assert!(told(&project).starts_with("error: .dynaleak/folder.scm:1:1: larger than 16 kB"));
    project.write(".dynaleak/folder.scm", b"\xff");
    assert!(told(&project).starts_with("error: .dynaleak/folder.scm:1:1: not valid UTF-8"));
    #[cfg(unix)]
    {
        fs::remove_dir_all(project.path(".dynaleak")).unwrap();
        std::os::unix::fs::symlink(secret.path("."), project.path(".dynaleak")).unwrap();
        assert!(told(&project).starts_with("error: .dynaleak:1:1: not a folder"));
    }
}

#[test]
fn a_pattern_that_fits_everything() {
    let project = project();
    let items: String = (0..3000)
        .map(|item| format!("[{item}, {item}, {item}], "))
        .collect();
    project.write("shop/user.py", format!("{USER}X = [{items}]\n"));
    project.write(
        ".dynaleak/forbidden.scm",
        "(_ (_) @a (_) @b (_) @c (_) @finding)",
    );
    let run = project.json(&[]);
    assert_eq!((run.code, run.found()), (Some(2), vec![]), "{}", run.stderr);
    assert!(run.stderr.starts_with("error: .dynaleak/forbidden.scm: the pattern of SHOP1 takes too long or matches everything"), "{}", run.stderr);
}
