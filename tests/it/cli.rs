//! The command line: exit codes, selectors, output formats, and which files are walked.

use std::collections::BTreeSet;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::project::{APPEND, GOOD, Project, command, run};

#[test]
fn one_finding_in_each_format() {
    let project = Project::good();
    let concise = project.run(&["check", "--output-format", "concise"]);
    assert_eq!(concise.code, Some(1), "{concise:?}");
    let lines: Vec<&str> = concise.stdout.lines().collect();
    assert!(
        lines[0].starts_with("good.py:8:9: error[DDB101] "),
        "{concise:?}"
    );
    assert_eq!(lines[1..], ["Found 1 error in 1 file (1 analysed)."]);
    assert_eq!(concise.stderr, "");

    let full = project.run(&["check"]);
    assert_eq!(full.code, Some(1));
    assert!(full.stdout.starts_with("error[DDB101]: "), "{full:?}");
    for part in [
        "--> good.py:8:9\n",
        "8 |         PENDING.append(item)\n",
        " ^^^^^^^^^^^^^^^^^^^^",
    ] {
        assert!(full.stdout.contains(part), "{part:?} in {}", full.stdout);
    }
    assert!(
        full.stdout
            .ends_with("Found 1 error in 1 file (1 analysed).\n")
    );
}

#[test]
fn the_trail_stands_under_the_finding() {
    let run = Project::good().run(&["check"]);
    assert!(run.stdout.contains("2 | PENDING = []\n"), "{run:?}");
    assert!(
        run.stdout
            .contains("7 |     for item in table.scan()[\"Items\"]:\n"),
        "{run:?}"
    );
}

/// How bad a check of this file finds what has this code.
fn severity_of(code: &str, text: &str) -> String {
    let project = Project::good();
    project.write("good.py", text);
    let mut found = project.json(&[]).severities().into_iter();
    found.find(|(of, _)| of == code).expect(code).1
}

/// What a script pays it pays once, unless it never ends by itself; a menu ends when somebody leaves it.
#[test]
fn a_script_that_goes_round_for_ever_is_no_mere_note() {
    let script = |test: &str, body: &str| {
        format!(
            "import boto3\n\n\ndef look():\n    boto3.client('dynamodb').describe_limits()\n\n\ndef main():\n    {test}:\n        {body}look()\n\n\nif __name__ == '__main__':\n    main()\n"
        )
    };
    let severity = |test: &str, body: &str| {
        let project = Project::good();
        project.write("good.py", script(test, body));
        let (code, severity) = project.json(&[]).severities().swap_remove(0);
        assert_eq!(code, "DDB601");
        severity
    };
    assert_eq!(severity("while True", ""), "warning");
    assert_eq!(severity("for _ in range(9)", ""), "info");
    assert_eq!(severity("while True", "input()\n        "), "info");
}

/// So is a session: a warning where a handler makes one, with or without a client, and in a loop without an end.
#[test]
fn a_session_for_each_round_of_a_script_is_a_mere_note() {
    let session = |start: &str| {
        let look = "import boto3\n\n\ndef look():\n    return boto3.Session().get_credentials(), boto3.client('dynamodb')\n\n\n";
        severity_of("DDB603", &format!("{look}{start}"))
    };
    let script = |test: &str| format!("if __name__ == '__main__':\n    {test}:\n        look()\n");
    assert_eq!(
        session("def lambda_handler(event, context):\n    look()\n"),
        "warning"
    );
    assert_eq!(session(&script("while True")), "warning");
    assert_eq!(session(&script("for _ in range(9)")), "info");
    assert_eq!(session(""), "info");
}

/// `json.loads(item["content"])`: the attribute was the item, as text.
#[test]
fn a_document_that_an_attribute_holds_is_no_mere_note() {
    let severity = |kept: &str| {
        severity_of(
            "DDB302",
            &format!(
                "import json\n\nimport boto3\n\ntable = boto3.resource('dynamodb').Table('orders')\n\n\ndef rows(after):\n    rows = []\n    while after:\n        page = table.scan(ExclusiveStartKey=after)\n        for item in page['Items']:\n            rows.append({kept})\n        after = page.get('LastEvaluatedKey')\n    return rows\n"
            ),
        )
    };
    assert_eq!(severity("json.loads(item['content'])"), "warning");
    assert_eq!(severity("item['count']"), "info");
}

/// A row of so many attributes is the item in another form; a few of them are not.
#[test]
fn a_row_of_many_attributes_is_no_mere_note() {
    let severity = |row: &str| {
        severity_of(
            "DDB302",
            &format!(
                "import boto3\n\ntable = boto3.resource('dynamodb').Table('orders')\n\n\ndef rows():\n    found = []\n    page = table.scan()\n    while 'LastEvaluatedKey' in page:\n        page = table.scan(ExclusiveStartKey=page['LastEvaluatedKey'])\n        for item in page['Items']:\n            found.append({row})\n    return found\n"
            ),
        )
    };
    let parts = |count: usize| {
        let part = |number: usize| format!("item['a{number}']");
        (0..count).map(part).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(severity(&format!("[{}]", parts(6))), "warning");
    assert_eq!(severity(&format!("({})", parts(6))), "warning");
    assert_eq!(severity(&format!("Row({})", parts(6))), "warning");
    assert_eq!(severity(&format!("[{}]", parts(3))), "info");
}

/// What is gathered is as small as what the read asks for.
#[test]
fn a_few_attributes_that_a_read_asks_for_are_a_mere_note() {
    let severities = |names: &str| {
        let project = Project::good();
        project.write(
            "good.py",
            format!(
                "import boto3\n\nclient = boto3.client('dynamodb')\ntable = boto3.resource('dynamodb').Table('orders')\n\n\ndef rows():\n    found = []\n    page = table.scan({names})\n    while 'LastEvaluatedKey' in page:\n        page = table.scan({names}, ExclusiveStartKey=page['LastEvaluatedKey'])\n        found.extend(page['Items'])\n    return found\n\n\ndef pages():\n    return list(client.get_paginator('scan').paginate(TableName='orders', {names}))\n"
            ),
        );
        let found = project.json(&[]).severities().into_iter();
        let gathered = found.filter(|(code, _)| code == "DDB301" || code == "DDB302");
        gathered.map(|(_, severity)| severity).collect::<Vec<_>>()
    };
    assert_eq!(severities("ProjectionExpression='id, #day'"), ["info"; 2]);
    assert_eq!(
        severities("ProjectionExpression='a, b, c, d, e, f'"),
        ["warning"; 2]
    );
    assert_eq!(severities("ConsistentRead=True"), ["warning"; 2]);
}

/// A comprehension that takes a few attributes of each item drops the rest of it.
#[test]
fn a_comprehension_of_a_few_attributes_is_a_mere_note() {
    let severity = |element: &str| {
        severity_of(
            "DDB301",
            &format!(
                "import boto3\n\npaginator = boto3.client('dynamodb').get_paginator('scan')\n\n\ndef rows():\n    return [{element} for page in paginator.paginate(TableName='orders') for item in page['Items']]\n"
            ),
        )
    };
    for slight in [
        "item['id']",
        "item.get('id')",
        "(item['id'], int(item['day']))",
        "{'id': item['id'], 'open': item['state'] == 'open'}",
        "item['id'] if item['day'] else None",
    ] {
        assert_eq!(severity(slight), "info", "{slight}");
    }
    for whole in [
        "item",
        "Order(item)",
        "{**item, 'day': item['day']}",
        "item.copy()",
        "[item['a'], item['b'], item['c'], item['d'], item['e'], item['f']]",
    ] {
        assert_eq!(severity(whole), "warning", "{whole}");
    }
}

/// A stand-in for DynamoDB beside the real one is for development.
#[test]
fn a_client_of_a_local_endpoint_is_a_mere_note() {
    let severities = |local: &str, real: &str| {
        let project = Project::good();
        project.write(
            "good.py",
            format!(
                "import os\n\nimport boto3\n\nLOCAL = 'http://localhost:8000'\nSTAGE = os.environ['STAGE']\n\n\ndef lambda_handler(event, context):\n    if STAGE == 'local':\n        orders = boto3.resource('dynamodb', endpoint_url={local})\n    else:\n        orders = {real}\n    orders.Table('orders').put_item(Item=event)\n"
            ),
        );
        let found = project.json(&[]).severities().into_iter();
        let severities = found.map(|(code, severity)| {
            assert_eq!(code, "DDB602", "{local}");
            severity
        });
        severities.collect::<Vec<_>>()
    };
    let real = "boto3.resource('dynamodb')";
    for local in [
        "'http://dynamodb:8000'",
        "'http://{}:{}'.format('local', 8000)",
        "f'http://{STAGE}:8000'",
        "LOCAL",
    ] {
        assert_eq!(severities(local, real), ["info", "warning"], "{local}");
    }
    for other in [
        "'https://dynamodb.eu-west-1.amazonaws.com'",
        "'http://dynamodb.eu-west-1.amazonaws.com'",
        "f'https://{STAGE}.example.org'",
        "STAGE",
        "None",
    ] {
        assert_eq!(severities(other, real), ["warning", "warning"], "{other}");
    }
    assert_eq!(severities("LOCAL", "None"), ["warning"]);
}

#[test]
fn quiet_prints_findings_only() {
    let project = Project::good();
    let run = project.run(&["check", "-q", "--output-format", "concise"]);
    assert_eq!(run.stdout.lines().count(), 1, "{run:?}");
    project.write("good.py", "");
    let run = project.run(&["check", "--quiet"]);
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
}

#[test]
fn exit_codes() {
    let project = Project::good();
    project.write("clean/a.py", "import boto3\n");
    let code = |arguments: &[&str]| project.run(&[&["check"], arguments].concat()).code;
    assert_eq!(code(&[]), Some(1));
    assert_eq!(code(&["clean"]), Some(0));
    assert_eq!(code(&["--exit-zero"]), Some(0));
    assert_eq!(code(&["--ignore", "DDB"]), Some(0));
    for arguments in [&["--nonsense"][..], &["--jobs", "0"], &["--color", "red"]] {
        assert_eq!(code(arguments), Some(2), "{arguments:?}");
    }
    assert_eq!(project.run(&["nonsense"]).code, Some(2));
    assert_eq!(project.run(&["--version"]).code, Some(0));
}

#[test]
fn a_named_path_that_is_missing_breaks_the_check() {
    let project = Project::good();
    for arguments in [
        &["good.py", "gone.py"][..],
        &["gone.py", ".", "--exit-zero"],
    ] {
        let run = project.json(arguments);
        assert_eq!(run.code, Some(2), "{run:?}");
        assert_eq!(run.found(), ["good.py:8 DDB101"]);
        assert!(run.errors()[0].starts_with("gone.py: "), "{run:?}");
        assert!(run.stderr.starts_with("error: gone.py: "), "{run:?}");
    }
}

#[test]
fn nothing_to_check() {
    let run = Project::new().run(&["check"]);
    assert_eq!(run.code, Some(0));
    assert_eq!(run.stdout, "No findings in 0 files (0 analysed).\n");
    assert!(
        run.stderr.starts_with("warning: no Python files"),
        "{run:?}"
    );
}

#[test]
fn selectors() {
    let project = Project::good();
    let found = |arguments: &[&str]| project.json(arguments).found().len();
    let name = "process-lifetime-accumulator";
    for word in ["DDB101", "ddb101", "DDB1", "DDB", name, "DDB3,DDB101"] {
        assert_eq!(found(&["--select", word]), 1, "{word}");
    }
    assert_eq!(found(&["--select", "DDB3"]), 0);
    assert_eq!(found(&["--select", "DDB3", "--select", "DDB1"]), 1);
    for word in ["DDB101", "DDB1", "DDB", name] {
        assert_eq!(found(&["--ignore", word]), 0, "{word}");
    }
    assert_eq!(found(&["--select", "DDB101", "--ignore", "DDB1"]), 1);
    assert_eq!(found(&["--select", "DDB1", "--ignore", "DDB101"]), 0);
}

#[test]
fn an_unknown_selector_names_the_nearest() {
    let project = Project::good();
    for (word, nearest) in [
        ("DDB1O1", "`DDB101`"),
        (
            "proces-lifetime-accumulator",
            "`process-lifetime-accumulator`",
        ),
    ] {
        let run = project.run(&["check", "--select", word]);
        assert_eq!(run.code, Some(2));
        assert!(
            run.stderr.contains(word) && run.stderr.contains(nearest),
            "{run:?}"
        );
    }
    assert_eq!(project.run(&["check", "--ignore", ""]).code, Some(2));
}

#[test]
fn findings_on_one_endpoint_name_each_other() {
    let project = Project::good();
    project.write("good.py", "");
    project.write(
        "orders.py",
        "import boto3\n\nclient = boto3.client(\"dynamodb\")\n\n\n\
         def all_orders():\n    orders = []\n    answer = client.scan(TableName=\"orders\")\n    while True:\n\
         \x20       orders.extend(answer[\"Items\"])\n        if \"LastEvaluatedKey\" not in answer:\n            return orders\n\
         \x20       answer = client.scan(TableName=\"orders\", ExclusiveStartKey=answer[\"LastEvaluatedKey\"])\n",
    );
    project.write(
        "app.py",
        "from chalice import Chalice\n\nfrom orders import all_orders\n\napp = Chalice(app_name=\"shop\")\n\n\n\
         @app.route(\"/orders\")\ndef orders():\n    return all_orders()\n",
    );
    let run = project.json(&[]);
    let document = run.document();
    let findings = document["findings"].as_array().unwrap();
    let related: Vec<(&Value, &Value)> = (findings.iter())
        .map(|finding| (&finding["code"], &finding["related"]))
        .filter(|(_, related)| **related != json!([]))
        .collect();
    assert_eq!(
        related,
        [
            (&json!("DDB802"), &json!(["DDB302 orders.py:10"])),
            (&json!("DDB302"), &json!(["DDB802 app.py:10"])),
        ],
        "{document:#}"
    );
    let full = project.run(&["check"]);
    assert!(
        full.stdout.contains("see also DDB802 app.py:10"),
        "{full:?}"
    );
    let sarif = project.run(&["check", "--output-format", "sarif"]);
    assert!(
        sarif.stdout.contains("DDB302 on the same endpoint"),
        "{sarif:?}"
    );
}

#[test]
fn the_json_contract() {
    let project = Project::good();
    let run = project.json(&[]);
    let document = run.document();
    assert_eq!(
        keys(&document),
        ["errors", "findings", "schema", "summary", "version"]
    );
    assert_eq!(document["schema"], 1);
    assert_eq!(document["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(document["errors"], json!([]));
    assert_eq!(
        document["summary"],
        json!({"files": 1, "analysed": 1, "findings": 1})
    );
    let finding = &document["findings"][0];
    assert_eq!(
        keys(finding),
        [
            "categories",
            "code",
            "confidence",
            "cwe",
            "effect",
            "file",
            "fixes",
            "function",
            "message",
            "name",
            "range",
            "related",
            "severity",
            "trail"
        ]
    );
    for (key, value) in [
        ("code", json!("DDB101")),
        ("name", json!("process-lifetime-accumulator")),
        ("effect", json!("leak")),
        ("severity", json!("error")),
        ("confidence", json!("high")),
        ("file", json!("good.py")),
        ("function", json!("collect")),
    ] {
        assert_eq!(finding[key], value, "{key}");
    }
    assert!(
        finding["categories"]
            .as_array()
            .unwrap()
            .contains(&json!("ML"))
    );
    let cwe: Vec<u64> = numbers(&finding["cwe"]);
    assert!(cwe.is_sorted_by(|a, b| a < b) && cwe.contains(&401) && cwe.contains(&772));
    let start = GOOD.find(APPEND).unwrap();
    let end = start + APPEND.len();
    assert_eq!(
        finding["range"],
        json!({
            "start": {"line": 8, "column": 9, "byte": start},
            "end": {"line": 8, "column": 29, "byte": end},
        })
    );
    let trail = finding["trail"].as_array().unwrap();
    assert!(!trail.is_empty());
    for step in trail {
        assert_eq!(keys(step), ["file", "message", "range"]);
    }
    every_range_is_where_it_says(finding, GOOD);
}

/// Columns are code points, bytes are bytes: both lead to the same place in the text.
#[test]
fn positions_beyond_ascii() {
    let wide = GOOD
        .replace("import boto3", "import boto3  # é🦀")
        .replace(APPEND, &format!("note = \"🦀é\"; {APPEND}"));
    for text in [
        wide.clone(),
        wide.replace('\n', "\r\n"),
        format!("\u{feff}{wide}"),
    ] {
        let project = Project::new();
        project.write("good.py", &text);
        let run = project.json(&[]);
        let finding = &run.document()["findings"][0];
        let (start, end) = (&finding["range"]["start"], &finding["range"]["end"]);
        assert_eq!(
            (&start["line"], &start["column"]),
            (&json!(8), &json!(22)),
            "{run:?}"
        );
        let [from, to] = [start, end].map(|place| place["byte"].as_u64().unwrap() as usize);
        assert_eq!(&text[from..to], APPEND);
        every_range_is_where_it_says(finding, &text);
    }
}

#[test]
fn findings_are_sorted() {
    let project = Project::new();
    let twice = format!("{GOOD}        {APPEND}\n");
    for name in ["b.py", "a/z.py", "a/b.py", "c.py"] {
        project.write(name, &twice);
    }
    let run = project.json(&[]);
    let names = ["a/b.py", "a/z.py", "b.py", "c.py"];
    let expected: Vec<String> = names
        .iter()
        .flat_map(|name| [8, 9].map(|line| format!("{name}:{line} DDB101")))
        .collect();
    assert_eq!(run.found(), expected);
    assert_eq!(project.json(&["--jobs", "1"]).stdout, run.stdout);
    assert_eq!(
        project.json(&["a", ".", "a/b.py", "c.py"]).stdout,
        run.stdout
    );
}

#[test]
fn paths_are_seen_from_the_current_folder() {
    let project = Project::new();
    project.write("shop/views/cart.py", GOOD);
    project.write("shop/other.py", GOOD);
    let found = |folder, path| {
        let arguments = ["check", "--output-format", "json", path];
        project.run_in(folder, &arguments).found()
    };
    assert_eq!(found("shop", "views"), ["views/cart.py:8 DDB101"]);
    assert_eq!(found("shop/views", "."), ["cart.py:8 DDB101"]);
    assert_eq!(found("shop/views", "../other.py"), ["../other.py:8 DDB101"]);
    assert_eq!(
        found("shop/views", ".."),
        ["../other.py:8 DDB101", "cart.py:8 DDB101"]
    );
    let absolute = project.path("shop/views").canonicalize().unwrap();
    assert_eq!(
        found(".", absolute.to_str().unwrap()),
        ["shop/views/cart.py:8 DDB101"]
    );
}

#[test]
fn tests_are_left_out_unless_asked_for() {
    let project = Project::good();
    let tests = [
        "conftest.py",
        "tests/helper.py",
        "app/test/helper.py",
        "app/test_a.py",
        "app/a_test.py",
    ];
    for name in tests {
        project.write(name, GOOD);
    }
    project.write("app/testing.py", GOOD);
    assert_eq!(
        project.json(&[]).found(),
        ["app/testing.py:8 DDB101", "good.py:8 DDB101"]
    );
    assert_eq!(
        project.json(&["--include-tests"]).found().len(),
        tests.len() + 2
    );
    for name in tests {
        assert_eq!(project.json(&[name]).found(), [format!("{name}:8 DDB101")]);
    }
    assert_eq!(
        project.json(&["tests"]).found(),
        ["tests/helper.py:8 DDB101"]
    );
}

/// A project that stands in some `tests/` of its own is no test.
#[test]
fn folders_above_do_not_make_a_test() {
    let project = Project::new();
    project.write("tests/shop/good.py", GOOD);
    let arguments = ["check", "--output-format", "json"];
    let run = project.run_in("tests/shop", &arguments);
    assert_eq!(run.found(), ["good.py:8 DDB101"]);
    assert_eq!(
        project.json(&["tests/shop"]).found(),
        ["tests/shop/good.py:8 DDB101"]
    );
}

#[test]
fn folders_that_hold_no_source_are_skipped() {
    let project = Project::good();
    for folder in [
        "venv",
        ".venv",
        "env",
        "lib/site-packages",
        "node_modules",
        "app/__pycache__",
        ".git",
        ".tox",
        ".nox",
        ".mypy_cache",
        "dist",
        "build",
        ".hidden",
        "my_env/bin",
        "my_env/lib/python3.13",
    ] {
        project.write(&format!("{folder}/other.py"), GOOD);
    }
    // A virtual environment that was made in the project's own folder.
    project.write("my_env/pyvenv.cfg", "");
    project.write("my_env/app/orders.py", GOOD);
    assert_eq!(
        project.json(&[]).found(),
        ["good.py:8 DDB101", "my_env/app/orders.py:8 DDB101"]
    );
    for named in ["build", ".hidden", "my_env/bin"] {
        assert_eq!(
            project.json(&[named]).found(),
            [format!("{named}/other.py:8 DDB101")]
        );
    }
}

#[test]
fn copies_of_known_libraries_are_left_out_and_meant_by_their_names() {
    let project = Project::new();
    let asks = "import boto3\n\ndef handler(event, context):\n    table = boto3.resource(\"dynamodb\").Table(\"orders\")\n    return table.get_item(Key=event)\n";
    project.write("bundle/app.py", asks);
    for module in ["__init__", "session"] {
        project.write(&format!("bundle/boto3/{module}.py"), GOOD);
    }
    // A folder of that name which is none.
    project.write("pynamodb/good.py", GOOD);
    let found = ["bundle/app.py:4 DDB602", "pynamodb/good.py:8 DDB101"];
    assert_eq!(project.json(&[]).found(), found);
    let named = project.json(&["bundle/boto3"]).document();
    assert_eq!(named["summary"]["files"], 2);
}

#[test]
fn installed_packages_beside_own_code_are_left_out() {
    let project = Project::new();
    for name in ["app", "orders/good", "orm/models", "lonely"] {
        project.write(&format!("bundle/{name}.py"), GOOD);
    }
    project.write("orm/good.py", GOOD);
    let record =
        "../bin/orm,,\norm/models.py,sha256=x,1\nlonely.py,,\norm-1.0.dist-info/RECORD,,\n";
    project.write("bundle/orm-1.0.dist-info/RECORD", record);
    // Nothing says what belongs to it.
    project.write("bundle/orders-2.0.dist-info/METADATA", "");
    let own = [
        "bundle/app.py:8 DDB101",
        "bundle/orders/good.py:8 DDB101",
        "orm/good.py:8 DDB101",
    ];
    assert_eq!(project.json(&[]).found(), own);
    let named = project.json(&["bundle/orm"]).found();
    assert_eq!(named, ["bundle/orm/models.py:8 DDB101"]);
}

#[test]
fn only_python_files_are_walked_but_named_files_are_taken() {
    let project = Project::good();
    project.write("app.pyw", GOOD);
    for name in ["stub.pyi", "script", "notes.txt"] {
        project.write(name, GOOD);
        assert_eq!(project.json(&[name]).found(), [format!("{name}:8 DDB101")]);
    }
    assert_eq!(
        project.json(&[]).found(),
        ["app.pyw:8 DDB101", "good.py:8 DDB101"]
    );
}

#[test]
fn ignored_files_are_skipped() {
    for git in [true, false] {
        let project = Project::good();
        for name in [
            "ignored.py",
            "shop/made.py",
            "shop/kept.py",
            "excluded.py",
            "own.py",
        ] {
            project.write(name, GOOD);
        }
        project.write(".gitignore", "ignored.py\n");
        project.write("shop/.gitignore", "*\n!kept.py\n");
        project.write(".ignore", "own.py\n");
        let mut expected = vec!["good.py:8 DDB101", "shop/kept.py:8 DDB101"];
        if git {
            project.write(".git/info/exclude", "excluded.py\n");
            project.write(".git/HEAD", "ref: refs/heads/main\n");
        } else {
            expected.insert(0, "excluded.py:8 DDB101");
        }
        assert_eq!(project.json(&[]).found(), expected, "git: {git}");
        assert_eq!(
            project.json(&["ignored.py"]).found(),
            ["ignored.py:8 DDB101"]
        );
    }
}

/// `views.py` names nothing of DynamoDB's; what it imports does.
#[test]
fn importers_of_files_that_matter_are_analysed() {
    let project = Project::new();
    let store = "import boto3\ntable = boto3.resource(\"dynamodb\").Table(\"orders\")\n\n\n\
                 def rows():\n    return table.scan()[\"Items\"]\n";
    let views = "from shop.store import rows\n\nSEEN = []\n\n\n\
                 def view():\n    for row in rows():\n        SEEN.append(row)\n";
    project.write("shop/__init__.py", "");
    project.write("shop/store.py", store);
    project.write("shop/views.py", views);
    project.write("shop/urls.py", "from . import views\n");
    project.write("shop/other.py", "import os\n");
    let run = project.json(&[]);
    assert_eq!(run.found(), ["shop/views.py:8 DDB101"], "{run:?}");
    assert_eq!(run.document()["summary"]["files"], 5);
    assert!(run.document()["summary"]["analysed"].as_u64() < Some(5));
}

/// By the package or the file of imports that hands a name or a module on, and by an object that another file
/// makes; not for other names of the same file, nor because of what a helper calls back.
#[test]
fn importers_are_analysed_for_what_they_name() {
    let project = Project::new();
    let store = "import boto3\nfrom shop.helpers import run\n\nTIMEOUT = 3\n\
                 table = boto3.resource(\"dynamodb\").Table(\"orders\")\n\n\n\
                 def rows():\n    return table.scan()[\"Items\"]\n\n\n\
                 class Orders:\n    def all_orders(self):\n        return rows()\n\n\n\
                 def refresh():\n    rows()\n\n\nrun(refresh)\n";
    let keeps = |import: &str, read: &str| {
        format!(
            "{import}\n\nSEEN = []\n\n\ndef view():\n    for row in {read}:\n        SEEN.append(row)\n"
        )
    };
    let package = "from .store import rows\nfrom shop import make\n";
    project.write("shop/__init__.py", package);
    project.write("shop/store.py", store);
    project.write(
        "shop/helpers.py",
        "import boto3 # dynamodb\n\n\ndef run(callback):\n    callback()\n",
    );
    let make = "from .store import Orders\n\n\ndef orders():\n    return Orders()\n";
    project.write("shop/make.py", make);
    project.write("by_package.py", keeps("from shop import rows", "rows()"));
    let made = keeps("from shop.make import orders", "orders().all_orders()");
    project.write("by_object.py", made);
    let made = keeps("import shop", "shop.make.orders().all_orders()");
    project.write("by_module.py", made);
    let facade =
        "\"\"\"All of the store.\"\"\"\n\nfrom shop.store import rows\n\n__all__ = [\"rows\"]\n";
    project.write("shop/facade.py", facade);
    let kept = keeps("from shop import facade", "facade.rows()");
    project.write("by_facade.py", kept);
    project.write("by_name.py", "import shop\n\nshop.make.order()\n");
    project.write("constant.py", "from shop.store import TIMEOUT\n");
    project.write("helped.py", "from shop.helpers import run\n\nrun(print)\n");
    let run = project.json(&[]);
    let expected = [
        "by_facade.py:8 DDB101",
        "by_module.py:8 DDB101",
        "by_object.py:8 DDB101",
        "by_package.py:8 DDB101",
    ];
    assert_eq!(run.found(), expected, "{run:?}");
    let summary = json!({"files": 12, "analysed": 9, "findings": 4});
    assert_eq!(run.document()["summary"], summary);
}

/// `models.py` is loaded for what `handler.py` names, after `tools.py`, which imports it and is judged
/// by whether it names DynamoDB.
#[test]
fn files_that_are_loaded_late_bring_their_importers_into_scope() {
    let project = Project::new();
    let handler = "import boto3\n\nfrom models import Upload\nfrom tools import signed\n\n\
                   table = boto3.resource(\"dynamodb\").Table(\"uploads\")\n\n\n\
                   def lambda_handler(event, context):\n    \
                   upload = Upload(**table.get_item(Key={\"id\": event[\"id\"]})[\"Item\"])\n    \
                   return signed(upload.names)\n";
    let tools = "import boto3\n\nfrom models import Upload\n\n\n\
                 def signed(names):\n    return [sign(name) for name in names]\n\n\n\
                 def sign(name):\n    s3 = boto3.client(\"s3\")\n    \
                 return s3.generate_presigned_url(\"get_object\", Params={\"Key\": name})\n";
    let models = "class Upload:\n    def __init__(self, id, names):\n        \
                  self.names = names  # as DynamoDB has them\n";
    project.write("handler.py", handler);
    project.write("tools.py", tools);
    project.write("models.py", models);
    let run = project.json(&[]);
    assert_eq!(run.found(), ["tools.py:11 DDB601"], "{run:?}");
}

#[test]
fn what_is_handed_a_value_is_analysed_too() {
    let project = Project::good();
    let hands = format!("from helpers import keep\n{GOOD}\n\nkeep(table)\n");
    project.write("good.py", hands);
    project.write("helpers.py", "def keep(value):\n    return value\n");
    project.write("other.py", "def keep(value):\n    return value\n");
    let summary = &project.json(&[]).document()["summary"];
    assert_eq!(*summary, json!({"files": 3, "analysed": 2, "findings": 1}));
}

#[test]
fn colours_only_where_they_are_wanted() {
    let project = Project::good();
    let coloured = |variable: Option<(&str, &str)>, arguments: &[&str]| {
        let mut command = command(&project.path("."));
        command.arg("check").args(arguments).envs(variable);
        run(&mut command).stdout.contains('\x1b')
    };
    assert!(!coloured(None, &[]));
    assert!(coloured(None, &["--color", "always"]));
    assert!(coloured(Some(("FORCE_COLOR", "1")), &[]));
    assert!(!coloured(Some(("FORCE_COLOR", "1")), &["--color", "never"]));
    assert!(!coloured(Some(("NO_COLOR", "1")), &["--color", "auto"]));
    assert!(!coloured(
        Some(("FORCE_COLOR", "1")),
        &["--output-format", "json"]
    ));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let project = Project::new();
    for number in 0..500 {
        project.write(&format!("m{number}.py"), GOOD);
    }
    for arguments in [
        &["rules"][..],
        &["rule", "DDB101"],
        &["check"],
        &["check", "--output-format", "json"],
    ] {
        let mut child = command(&project.path("."))
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
        let expected = if arguments[0] == "check" { 1 } else { 0 };
        assert_eq!(output.status.code(), Some(expected), "{arguments:?}");
    }
}

#[test]
fn one_rule() {
    let project = Project::new();
    // Without its marks for what is generated.
    let page = include_str!("../rules/process_lifetime_accumulator.md").lines();
    let page: Vec<&str> = page.filter(|line| !line.starts_with("<!--")).collect();
    let page = page.join("\n");
    for word in ["DDB101", "ddb101", "process-lifetime-accumulator"] {
        let run = project.run(&["rule", word]);
        assert_eq!(run.code, Some(0));
        assert!(page.starts_with(&run.stdout), "{run:?}");
        assert!(run.stdout.contains("**Evidence**"), "{run:?}");
        assert!(!run.stdout.contains("\n## ") && run.stdout.lines().count() > 2);
    }
    let run = project.run(&["rule", "DDB1O1"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""));
    assert!(run.stderr.contains("`DDB101`"), "{run:?}");
    let rule = project
        .run(&["rule", "DDB101", "--output-format", "json"])
        .document();
    assert_eq!(rule["name"], "process-lifetime-accumulator");
}

#[test]
fn all_rules() {
    let project = Project::new();
    let table = project.run(&["rules"]);
    let codes: Vec<&str> = table.stdout.lines().map(|line| &line[..6]).collect();
    assert!(
        codes.is_sorted_by(|a, b| a < b) && codes.contains(&"DDB101"),
        "{table:?}"
    );
    let first = table.stdout.lines().find(|line| line.contains("DDB101"));
    let column = first.unwrap().find(" leak ").unwrap();
    let effects = table.stdout.lines().map(|line| &line[column..=column]);
    assert!(effects.clone().all(|space| space == " "), "{table:?}");
    let catalogue = project
        .run(&["rules", "--output-format", "json"])
        .document();
    assert_eq!(catalogue["rules"].as_array().unwrap().len(), codes.len());
}

fn keys(value: &Value) -> Vec<&str> {
    let keys: BTreeSet<&str> = value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    keys.into_iter().collect()
}

fn numbers(value: &Value) -> Vec<u64> {
    let values = value.as_array().unwrap().iter();
    values.map(|each| each.as_u64().unwrap()).collect()
}

/// Each line and column of each range, counted in code points, leads to its byte.
fn every_range_is_where_it_says(finding: &Value, text: &str) {
    let trail = finding["trail"].as_array().unwrap().iter();
    let edits = finding["fixes"].as_array().unwrap().iter();
    let edits = edits.flat_map(|fix| fix["edits"].as_array().unwrap());
    for range in [finding]
        .into_iter()
        .chain(trail)
        .chain(edits)
        .map(|each| &each["range"])
    {
        for place in [&range["start"], &range["end"]] {
            let [line, column, byte] =
                ["line", "column", "byte"].map(|key| place[key].as_u64().unwrap() as usize);
            let lines: Vec<&str> = text.split_inclusive('\n').collect();
            let before: usize = lines[..line - 1].iter().map(|line| line.len()).sum();
            let mark = if line == 1 && text.starts_with('\u{feff}') {
                1
            } else {
                0
            };
            let line = lines.get(line - 1).copied().unwrap_or_default();
            let within: usize = line
                .chars()
                .take(column - 1 + mark)
                .map(char::len_utf8)
                .sum();
            assert_eq!(before + within, byte, "{place}");
        }
    }
}

#[test]
fn what_a_file_without_dynamodb_makes_is_followed() {
    let project = Project::new();
    project.write(
        "memory.py",
        "class Memory:\n    def __init__(self):\n        self.kept = []\n\n    def put(self, row):\n        self.kept.append(row)\n",
    );
    project.write(
        "app.py",
        "import boto3\nfrom memory import Memory\n\nTABLE = boto3.resource(\"dynamodb\").Table(\"orders\")\nSTORE = Memory()\n\n\ndef remember(key):\n    STORE.put(TABLE.get_item(Key=key)[\"Item\"])\n\n\ndef view(request):\n    remember(request.GET[\"k\"])\n",
    );
    let run = project.run(&["check", "--output-format", "concise"]);
    assert!(
        run.stdout.starts_with("memory.py:6:9: error[DDB103]"),
        "{run:?}"
    );
}

#[test]
fn of_two_calls_in_one_the_trail_tells_the_inner_one() {
    let project = Project::new();
    let text = r#"import boto3


def send(order):
    boto3.client("dynamodb").put_item(TableName="orders", Item=order)


def send_all(carts):
    for cart in carts:
        list(map(lambda order: send(order), cart))
"#;
    project.write("main.py", text);
    let run = project.run(&["check"]);
    let told: Vec<&str> = (run.stdout.lines())
        .filter(|line| line.contains("called here in a loop"))
        .collect();
    let [told] = told[..] else {
        panic!("{run:?}");
    };
    assert_eq!(told.matches('-').count(), "send(order)".len(), "{run:?}");
}
