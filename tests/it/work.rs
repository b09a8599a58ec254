//! What an edit costs, counted: the same in a short file as in a long one.

use std::path::Path;
use std::sync::Arc;

use dynaleak::workspace::{Options, Work, Workspace};

const HEAD: &str =
    "import boto3\n\ntable = boto3.resource(\"dynamodb\").Table(\"orders\")\nSEEN = []\n";

/// A module of `count` functions, each with a finding.
fn module(count: usize) -> String {
    let function = |number: usize| {
        format!(
            "\n\ndef collect_{number}(key):\n    item = table.get_item(Key={{\"id\": key}})[\"Item\"]\n    SEEN.append(item)\n    return len(item)\n"
        )
    };
    HEAD.to_owned() + &(0..count).map(function).collect::<String>()
}

fn loaded(files: &[(&str, &str)]) -> Workspace {
    let mut workspace = Workspace::new(Options::default());
    workspace.load(
        files
            .iter()
            .map(|(path, text)| (Arc::from(*path), (*text).to_owned()))
            .collect(),
    );
    workspace
}

/// Replaces the one `old` of a file by `new`.
fn edit(workspace: &mut Workspace, path: &str, old: &str, new: &str) -> Work {
    let text = workspace.text(path).expect("a loaded file").as_str();
    let at = text
        .find(old)
        .unwrap_or_else(|| panic!("{old:?} is not in {path}"));
    workspace.edit(path, at..at + old.len(), new);
    workspace.work()
}

#[test]
fn one_key_costs_the_same_in_any_file() {
    let cost = |count: usize| {
        let text = module(count);
        let mut workspace = loaded(&[("store.py", &text)]);
        let before = workspace.findings("store.py").len();
        let work = edit(
            &mut workspace,
            "store.py",
            "def collect_7(key):\n    item =",
            "def collect_7(key):\n    itemx =",
        );
        assert_eq!(
            workspace.findings("store.py").len(),
            before - 1,
            "the finding of `collect_7` is gone"
        );
        assert_eq!(workspace.relinked(), ["store.py:collect_7"]);
        work
    };
    let (short, long) = (cost(10), cost(1000));
    assert_eq!((short.parsed, short.extracted), (1, 1));
    assert_eq!(short.reused, 10 + 3 - 1);
    assert_eq!(long.reused, 1000 + 3 - 1);
    assert_eq!(Work { reused: 0, ..long }, Work { reused: 0, ..short });
}

#[test]
fn one_method_of_a_long_class_is_extracted_alone() {
    let method = |number: usize| {
        format!(
            "\n    def collect_{number}(self, key):\n        self.seen.append(table.get_item(Key={{\"id\": key}})[\"Item\"])\n"
        )
    };
    let class: String = (0..400).map(method).collect();
    let text = format!("{HEAD}\n\nclass Store:\n    seen = []\n{class}");
    let mut workspace = loaded(&[("store.py", &text)]);
    let work = edit(
        &mut workspace,
        "store.py",
        "def collect_7(self, key):\n        self",
        "def collect_7(self, key):\n        xself",
    );
    assert_eq!((work.parsed, work.extracted), (1, 1));
    assert_eq!(workspace.relinked(), ["store.py:Store.collect_7"]);
}

const STORE: &str = "import boto3\n\ntable = boto3.resource(\"dynamodb\").Table(\"orders\")\n\n\ndef rows(key):\n    print(key)\n    return table.scan()[\"Items\"]\n\n\ndef other():\n    return 1\n";
const STATE: &str = "RECENT = []\n\n\ndef remember(rows):\n    RECENT.extend(rows)\n";
const VIEWS: &str = "from state import remember\nfrom store import rows\n\n\ndef show(request):\n    remember(rows(1))\n\n\ndef plain(request):\n    return 2\n";

#[test]
fn a_summary_that_stays_the_same_stops_the_walk() {
    let mut workspace = loaded(&[
        ("store.py", STORE),
        ("state.py", STATE),
        ("views.py", VIEWS),
    ]);
    assert_eq!(workspace.findings("state.py").len(), 1);
    edit(&mut workspace, "store.py", "print(key)", "print(key, 1)");
    assert_eq!(workspace.relinked(), ["store.py:rows"]);
    assert_eq!(workspace.findings("state.py").len(), 1);
}

#[test]
fn a_summary_that_changes_links_its_importers_and_callees() {
    let mut workspace = loaded(&[
        ("store.py", STORE),
        ("state.py", STATE),
        ("views.py", VIEWS),
    ]);
    edit(&mut workspace, "store.py", "table.scan()[\"Items\"]", "7");
    assert_eq!(
        workspace.relinked(),
        ["state.py:remember", "store.py:rows", "views.py:show"]
    );
    assert_eq!(workspace.findings("state.py"), []);
    edit(
        &mut workspace,
        "store.py",
        "return 7",
        "return table.scan()[\"Items\"]",
    );
    assert_eq!(
        workspace.relinked(),
        ["state.py:remember", "store.py:rows", "views.py:show"]
    );
    assert_eq!(workspace.findings("state.py").len(), 1);
}

#[test]
fn nothing_piles_up_under_typing() {
    let text = module(20);
    let mut workspace = loaded(&[("store.py", &text)]);
    let mut counts = Vec::new();
    for _ in 0..50 {
        edit(
            &mut workspace,
            "store.py",
            "def collect_7(key):\n    item =",
            "def collect_7(key):\n    name_that_is_new =",
        );
        edit(
            &mut workspace,
            "store.py",
            "    name_that_is_new =",
            "    item =",
        );
        counts.push(workspace.world().counts());
    }
    assert_eq!(
        counts.first(),
        counts.last(),
        "cells and outcomes, after the first edit and after the last"
    );
}

/// Code linked without keeping rounds, as a check does, and with them, as an editor does.
fn both_ways(files: &[(Arc<str>, String)]) -> [Workspace; 2] {
    [true, false].map(|once| {
        let mut workspace = Workspace::new(Options {
            once,
            ..Options::default()
        });
        workspace.load(files.to_vec());
        workspace
    })
}

/// What nobody fills is taken for a list as long as nothing is in it: without end, were not all
/// kept that it may be.
#[test]
fn code_that_goes_in_a_circle_comes_to_rest() {
    let head = "import boto3\n\ntable = boto3.resource(\"dynamodb\").Table(\"orders\")\n\n\n";
    for code in [
        "class Order:\n    def save(self):\n        self.__class__.store.insert(self)\n",
        "class Orders:\n    def save(self, order):\n        self.backend.insert(order)\n",
        "class Orders:\n    def save(self):\n        self.backend.append(table.scan())\n",
        "def turn():\n    global table\n    table = table.scan()\n",
    ] {
        for workspace in both_ways(&[(Arc::from("orders.py"), format!("{head}{code}"))]) {
            assert!(workspace.world().rests_as_it_is(), "{code}");
        }
    }
}

/// The check links without keeping rounds; the editor's way must tell the same.
#[test]
fn a_run_without_edits_finds_the_same() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/projects/shop");
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder of the example") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "py") {
                let name = path
                    .strip_prefix(&root)
                    .expect("below the root")
                    .to_str()
                    .expect("an ASCII name");
                files.push((
                    Arc::from(name),
                    std::fs::read_to_string(&path).expect("readable"),
                ));
            }
        }
    }
    let [once, rounds] = both_ways(&files).map(|workspace| {
        let mut findings: Vec<_> = files
            .iter()
            .flat_map(|(path, _)| workspace.findings(path))
            .collect();
        findings
            .sort_by(|a, b| (&a.file, a.span.start, a.code).cmp(&(&b.file, b.span.start, b.code)));
        findings
    });
    assert!(once.len() > 30, "the example has findings: {}", once.len());
    assert_eq!(once, rounds);
}

/// Of a bounded cache, which of the items' attributes are read is asked of all code that names it.
const CACHE: &str = "import boto3\nfrom cachetools import TTLCache\n\ntable = boto3.resource(\"dynamodb\").Table(\"users\")\nUSERS = TTLCache(maxsize=1024, ttl=60)\n\n\ndef remember(user_id):\n    USERS[user_id] = table.scan()[\"Items\"]\n\n\ndef names(user_id):\n    return [user[\"name\"] for user in USERS[user_id]]\n";

#[test]
fn an_edit_looks_for_no_name_again() {
    let others: Vec<(String, String)> = (0..40)
        .map(|number| (format!("other_{number}.py"), module(5)))
        .collect();
    let mut files: Vec<(&str, &str)> = (others.iter())
        .map(|(path, text)| (&path[..], &text[..]))
        .collect();
    files.push(("users.py", CACHE));
    let mut workspace = loaded(&files);
    let found = |workspace: &Workspace| {
        let findings = workspace.findings("users.py");
        findings.iter().map(|one| one.code).collect::<Vec<_>>()
    };
    assert_eq!(found(&workspace), ["DDB205"]);
    assert!(workspace.work().searched > 40, "{:?}", workspace.work());
    // The only one that asks, one that reads, and one that has nothing to do with it.
    for (path, old, new) in [
        (
            "users.py",
            "def remember(user_id):",
            "def remember(user_id, *_):",
        ),
        ("users.py", "return [user[", "return [0, 1] and [user["),
        (
            "other_7.py",
            "def collect_3(key):",
            "def collect_3(key, *_):",
        ),
    ] {
        let work = edit(&mut workspace, path, old, new);
        assert_eq!(work.searched, 0, "{path}: {new}");
        assert_eq!(found(&workspace), ["DDB205"], "{path}: {new}");
    }
    // Code that comes to name it elsewhere is found all the same.
    edit(
        &mut workspace,
        "other_7.py",
        "def collect_3(key, *_):",
        "def collect_3(key, users):\n    print(users.USERS)",
    );
    assert_eq!(found(&workspace), [""; 0]);
}
