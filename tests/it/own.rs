//! What a configuration says of the project's own code: sources, containers, lifetimes.

use std::path::Path;

use dynaleak::config::{Config, Form};

use crate::project::{Project, Run};

const REPO: &str = "def fetch_all(limit=None):\n    return rpc(\"all\")\n\n\nclass Repo:\n    def all(self):\n        return rpc(\"all\")\n";
const USER: &str = "from shop.repo import fetch_all\n\nPENDING = []\n\n\ndef collect():\n    for item in fetch_all():\n        PENDING.append(item)\n";
const SOURCES: &str = "[sources]\n\"shop.repo.fetch_all\" = \"items\"\n";

fn project(configuration: &str, user: &str) -> Project {
    let project = Project::new();
    project.write("dynaleak.toml", configuration);
    project.write("shop/repo.py", REPO);
    project.write("shop/user.py", user);
    project
}

fn found(configuration: &str, user: &str) -> Vec<String> {
    project(configuration, user).json(&[]).found()
}

#[test]
fn a_wrapper_gives_what_it_is_said_to_give() {
    assert_eq!(found("", USER), [""; 0]);
    let flagged = ["shop/user.py:8 DDB101"];
    assert_eq!(found(SOURCES, USER), flagged);
    for user in [
        USER.replace("shop.repo import", ".repo import"),
        USER.replace("from shop.repo import fetch_all", "import shop.repo")
            .replace("fetch_all()", "shop.repo.fetch_all()"),
        USER.replace("from shop.repo import fetch_all", "from shop import repo")
            .replace("fetch_all()", "repo.fetch_all()"),
        USER.replace("fetch_all\n", "fetch_all as rows\n")
            .replace("fetch_all()", "rows()"),
    ] {
        assert_eq!(found(SOURCES, &user), flagged, "{user}");
    }
    let other = USER.replace("shop.repo", "shop.other");
    assert_eq!(found(SOURCES, &other), [""; 0]);
    let project = project("", USER);
    project.write(
        "pyproject.toml",
        "[tool.dynaleak.sources]\n\"shop.repo.fetch_all\" = \"items\"\n",
    );
    std::fs::remove_file(project.path("dynaleak.toml")).unwrap();
    assert_eq!(project.json(&[]).found(), flagged);
    assert_eq!(project.json(&["--isolated"]).found(), [""; 0]);
    let run = project.run_in("shop", &["check", "--output-format", "json"]);
    assert_eq!(run.found(), ["user.py:8 DDB101"]);
}

#[test]
fn a_library_of_which_nothing_is_there() {
    let text = USER.replace("shop.repo", "acme.store");
    assert_eq!(
        found("[sources]\n\"acme.store.fetch_all\" = \"items\"\n", &text),
        ["shop/user.py:8 DDB101"]
    );
    let text = text
        .replace("import fetch_all", "import Repo")
        .replace("fetch_all()", "Repo().rows()");
    assert_eq!(
        found("[sources]\n\"acme.store.Repo.rows\" = \"items\"\n", &text),
        ["shop/user.py:8 DDB101"]
    );
}

#[test]
fn a_method_of_the_project() {
    let text = USER
        .replace("import fetch_all", "import Repo")
        .replace("fetch_all()", "Repo().all()");
    assert_eq!(
        found("[sources]\n\"shop.repo.Repo.all\" = \"items\"\n", &text),
        ["shop/user.py:8 DDB101"]
    );
    assert_eq!(found(SOURCES, &text), [""; 0]);
}

#[test]
fn a_source_with_its_limits() {
    let table = "[sources]\n\"shop.repo.fetch_all\" = { gives = \"result-iterator\", limited = [\"limit\"] }\n";
    let all = "from shop.repo import fetch_all\n\n\ndef rows():\n    return list(fetch_all())\n";
    assert_eq!(found(table, all), ["shop/user.py:5 DDB301"]);
    assert_eq!(
        found(
            table,
            &all.replace("()))", "(limit=9)))")
                .replace("fetch_all())", "fetch_all(limit=9))")
        ),
        [""; 0]
    );
}

#[test]
fn a_container_of_ones_own() {
    let recent = "class Recent:\n    def __init__(self, most):\n        self.kept = []\n\n    def append(self, item):\n        self.kept.append(item)\n";
    let user = USER.replace(
        "PENDING = []",
        &format!("{recent}\n\nPENDING = Recent(100)"),
    );
    assert_eq!(found(SOURCES, &user), ["shop/user.py:8 DDB103"]);
    let with_position = "{ shape = \"list\", bound = { keyword = \"most\", position = 0 } }";
    for bounded in ["\"list\"", with_position] {
        let configuration = format!("{SOURCES}[containers]\n\"shop.user.Recent\" = {bounded}\n");
        assert_eq!(found(&configuration, &user), [""; 0], "{bounded}");
    }
    // A library's: nothing is known of it, then it is like a list, then it has a bound.
    let user = USER
        .replace(
            "import fetch_all",
            "import fetch_all\nfrom acme.recent import Recent",
        )
        .replace("[]", "Recent(100)");
    let of = |container: &str| {
        let container = format!("{SOURCES}[containers]\n\"acme.recent.Recent\" = {container}\n");
        found(&container, &user)
    };
    assert_eq!(of("{ shape = \"list\" }"), ["shop/user.py:9 DDB101"]);
    assert_eq!(of("\"list\""), [""; 0]);
    let bound = "{ shape = \"list\", bound = { keyword = \"most\", position = 0 } }";
    assert_eq!(of(bound), [""; 0]);
    let unbounded = user.replace("Recent(100)", "Recent(None)");
    let configuration = format!("{SOURCES}[containers]\n\"acme.recent.Recent\" = {bound}\n");
    assert_eq!(found(&configuration, &unbounded), ["shop/user.py:9 DDB101"]);
}

#[test]
fn lifetimes_of_a_framework_of_ones_own() {
    let handler = |decorator: &str| {
        format!(
            "import boto3\nimport acme.web\nfrom acme.web import on\n\n\n{decorator}\ndef handle(order):\n    return boto3.client(\"dynamodb\")\n"
        )
    };
    let flagged = ["shop/user.py:8 DDB602"];
    assert_eq!(found("", &handler("@on")), [""; 0]);
    for paths in ["handler = [\"acme.web.on\"]", "handler = [\"acme.*\"]"] {
        let configuration = format!("[lifetimes]\n{paths}\n");
        for decorator in ["@on", "@on(\"order\")", "@acme.web.on"] {
            assert_eq!(
                found(&configuration, &handler(decorator)),
                flagged,
                "{paths} {decorator}"
            );
        }
    }
    let view = "import boto3\nfrom acme.web import Endpoint\n\n\nclass Orders(Endpoint):\n    def order(self):\n        return boto3.client(\"dynamodb\")\n";
    assert_eq!(found("", view), [""; 0]);
    assert_eq!(
        found("[lifetimes]\nview = [\"acme.web.Endpoint\"]\n", view),
        ["shop/user.py:7 DDB602"]
    );

    let own = view.replace("acme.web import Endpoint", "shop.base import Endpoint");
    let project = project("[lifetimes]\nview = [\"shop.base.Endpoint\"]\n", &own);
    project.write("shop/base.py", "class Endpoint:\n    pass\n");
    assert_eq!(project.json(&[]).found(), ["shop/user.py:7 DDB602"]);

    let singleton = "import boto3\nfrom acme.plugins import Plugin\n\ntable = boto3.resource(\"dynamodb\").Table(\"orders\")\n\n\nclass Orders(Plugin):\n    def __init__(self):\n        self.kept = []\n\n    def order(self, key):\n        self.kept.append(table.get_item(Key=key)[\"Item\"])\n";
    assert_eq!(
        found("[lifetimes]\nsingleton = [\"acme.plugins.*\"]\n", singleton),
        ["shop/user.py:12 DDB103"]
    );

    let object = "import boto3\nfrom acme.web import current\n\ntable = boto3.resource(\"dynamodb\").Table(\"orders\")\n\n\ndef order():\n    current.session[\"all\"] = table.scan()[\"Items\"]\n";
    assert_eq!(found("", object), [""; 0]);
    assert_eq!(
        found("[lifetimes]\nrequest = [\"acme.web.current\"]\n", object),
        ["shop/user.py:8 DDB502"]
    );
}

#[test]
fn mistakes_have_their_place_and_the_nearest_right_word() {
    for (text, problem) in [
        (
            "[sources]\n\"a.b\" = \"item-s\"",
            "2:9: `item-s` is no kind; did you mean `items`?",
        ),
        (
            "[sources]\n\"a.b\" = 1",
            "2:9: `a.b` takes a kind, such as \"items\", or a table",
        ),
        (
            "[sources]\n\"a.b\" = { gives = \"paeg\" }",
            "2:19: `paeg` is no kind; did you mean `page`?",
        ),
        (
            "[sources]\n\"a.b\" = { give = \"page\" }",
            "2:11: unknown key `give`; did you mean `gives`?",
        ),
        (
            "[sources]\n\"a.b\" = { limited = [\"limit\"] }",
            "2:9: `a.b` needs `gives`",
        ),
        (
            "[sources]\nfetch = \"items\"",
            "2:1: `fetch` is no dotted path",
        ),
        (
            "[sources]\n\"a.*\" = \"items\"",
            "2:1: `a.*` is no dotted path",
        ),
        (
            "[sources]\n\"a..b\" = \"items\"",
            "2:1: `a..b` is no dotted path",
        ),
        ("sources = 1", "1:11: `sources` takes a table"),
        (
            "[containers]\n\"a.B\" = \"lsit\"",
            "2:9: `lsit` is no shape; did you mean `list`?",
        ),
        (
            "[containers]\n\"a.B\" = { shape = \"list\", bound = { keyword = \"n\" } }",
            "2:35: `bound` needs `keyword` and `position`",
        ),
        (
            "[containers]\n\"a.B\" = { bound = { keyword = \"n\", position = -1 } }",
            "2:47: `position` takes the position of an argument",
        ),
        (
            "[lifetimes]\nvieww = [\"a.B\"]",
            "2:1: unknown key `vieww`; did you mean `view`?",
        ),
        (
            "[lifetimes]\nview = \"a.B\"",
            "2:8: `view` takes a list of dotted paths",
        ),
        (
            "source = 1",
            "1:1: unknown key `source`; did you mean `sources`?",
        ),
    ] {
        let project = project(text, USER);
        let run: Run = project.run(&["check"]);
        assert_eq!(run.code, Some(2), "{text}: {run:?}");
        let wanted = format!("error: dynaleak.toml:{problem}");
        assert!(run.stderr.starts_with(&wanted), "{wanted:?} in {run:?}");
    }
    let (config, problems) = Config::parse(SOURCES, Form::Own, Path::new("")).unwrap();
    assert_eq!(problems, []);
    assert!(config.own.is_some());
    assert!(
        Config::parse("", Form::Own, Path::new(""))
            .unwrap()
            .0
            .own
            .is_none()
    );
}

#[test]
fn edits_give_what_a_cold_run_gives() {
    use dynaleak::workspace::{Options, Workspace};
    let (config, _) = Config::parse(SOURCES, Form::Own, Path::new("")).unwrap();
    let fresh = || {
        let mut workspace = Workspace::new(Options::default());
        workspace.set_own(config.own.clone());
        workspace
    };
    let mut warm = fresh();
    warm.load(vec![
        ("shop/repo.py".into(), REPO.into()),
        ("shop/user.py".into(), String::new()),
    ]);
    for (at, char) in USER.char_indices() {
        warm.edit("shop/user.py", at..at, &char.to_string());
    }
    let mut cold = fresh();
    cold.load(vec![
        ("shop/repo.py".into(), REPO.into()),
        ("shop/user.py".into(), USER.into()),
    ]);
    assert_eq!(cold.findings("shop/user.py").len(), 1);
    assert_eq!(warm.findings("shop/user.py"), cold.findings("shop/user.py"));
}
