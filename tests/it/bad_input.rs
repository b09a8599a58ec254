//! Bad input: whatever one file is, the good file beside it keeps its finding, and the run ends.

use std::fs::File;

use crate::project::{APPEND, GOOD, Project, Run};

/// The walk met the bad file, and the good one is analysed as ever.
fn unharmed(run: &Run) {
    assert_eq!(run.code, Some(1), "{run:?}");
    let found = run.found();
    assert!(found.contains(&"good.py:8 DDB101".to_string()), "{run:?}");
}

/// Checks a project of the good file and a bad one, which is analysed where it imports boto3 and names DynamoDB.
fn with_bad(text: impl AsRef<[u8]>) -> Run {
    let project = Project::good();
    project.write("bad.py", text);
    let run = project.json(&[]);
    unharmed(&run);
    run
}

fn with_bad_and_no_error(text: impl AsRef<[u8]>) -> Run {
    let run = with_bad(text);
    assert_eq!(run.errors(), [""; 0]);
    assert_eq!(run.stderr, "");
    run
}

#[test]
fn broken_python() {
    for text in [
        "import boto3 # dynamodb\ndef f(:\n  x = [\n",
        "import boto3 # dynamodb\n\"\"\"never closed\n",
        "import boto3 # dynamodb\n<<<<<<< HEAD\nx = 1\n=======\n>>>>>>> other\n",
        "import boto3 # dynamodb\n}{ )( ]] '''\n",
        "import boto3 # dynamodb\nclass :\n    def f(",
        "import boto3 # dynamodb\n\n\tif boto3:\n  x\n\ty\n ) \n",
        "import boto3 # dynamodb\nx = f'{",
        "import boto3 # dynamodb\n\\",
    ] {
        with_bad_and_no_error(text);
    }
}

/// A half-typed function costs its own findings only.
#[test]
fn broken_python_around_a_finding() {
    let run = with_bad_and_no_error(format!("{GOOD}\n\ndef broken(:\n    x = [1,\n"));
    assert!(
        run.found().contains(&"bad.py:8 DDB101".to_string()),
        "{run:?}"
    );
}

#[test]
fn empty_files() {
    for text in [
        "",
        "\n",
        "\u{feff}",
        " ",
        "\t\n\x0c\n",
        "# boto3",
        "import boto3 # dynamodb",
    ] {
        with_bad_and_no_error(text);
    }
}

#[test]
fn nul_bytes() {
    with_bad_and_no_error("import boto3 # dynamodb\nx = '\0'\n\0\0\ny = 1\n");
    with_bad_and_no_error(format!("{GOOD}\0"));
    with_bad_and_no_error("\0".repeat(1 << 20) + "import boto3 # dynamodb");
}

#[test]
fn other_line_ends() {
    for end in ["\r", "\r\n"] {
        let run = with_bad_and_no_error(GOOD.replace('\n', end));
        assert_eq!(
            run.found(),
            ["bad.py:8 DDB101", "good.py:8 DDB101"],
            "{end:?}"
        );
    }
}

#[test]
fn a_byte_order_mark() {
    let run = with_bad_and_no_error(format!("\u{feff}{GOOD}"));
    assert_eq!(run.found(), ["bad.py:8 DDB101", "good.py:8 DDB101"]);
}

#[test]
fn a_declared_coding() {
    let place = format!("note = \"é\"; {APPEND}");
    for line in ["# -*- coding: latin-1 -*-", "# vim: fileencoding=cp1252"] {
        let text = format!("{line}\n{}", GOOD.replace(APPEND, &place));
        let bytes: Vec<u8> = text
            .chars()
            .map(|each| u8::try_from(each).unwrap())
            .collect();
        let run = with_bad_and_no_error(bytes);
        assert_eq!(run.found(), ["bad.py:9 DDB101", "good.py:8 DDB101"]);
        let start = &run.document()["findings"][0]["range"]["start"];
        assert_eq!(start["column"], 21, "{run:?}");
    }
}

#[test]
fn bytes_that_are_no_text() {
    for (bytes, why) in [
        (
            &b"import boto3\nx = '\xe9'\n"[..],
            "not valid UTF-8 at byte 18",
        ),
        (b"import boto3 # \xff\xfe\x00", "not valid UTF-8 at byte 15"),
        (
            b"# coding: klingon\nimport boto3\n",
            "unknown coding `klingon`",
        ),
        (
            b"# coding: shift_jis\nimport boto3 # \xff\n",
            "not valid `shift-jis`",
        ),
    ] {
        let run = with_bad(bytes);
        let errors = run.errors();
        assert_eq!(errors.len(), 1, "{run:?}");
        assert!(errors[0].starts_with(&format!("bad.py: {why}")), "{run:?}");
        assert!(
            run.stderr.starts_with(&format!("error: bad.py: {why}")),
            "{run:?}"
        );
    }
}

#[test]
fn a_huge_file() {
    let project = Project::good();
    let file = File::create(project.path("bad.py")).unwrap();
    file.set_len(50 << 20).unwrap();
    let run = project.json(&[]);
    unharmed(&run);
    assert_eq!(run.errors(), ["bad.py: larger than 10 MB: not analysed"]);
}

#[test]
fn a_huge_line() {
    with_bad_and_no_error(format!(
        "import boto3 # dynamodb\nx = \"{}\"\n",
        "🦀".repeat(500_000)
    ));
    with_bad_and_no_error(format!(
        "import boto3 # dynamodb\nx = [{}]\n",
        "1, ".repeat(300_000)
    ));
}

/// Each took the parser minutes: its time grew with the square of the run.
#[test]
fn long_runs_of_lines_without_code() {
    for line in [
        "# table.scan()\n",
        "    # table.scan()\n",
        "\\\n",
        "#\n\\\n",
        "\n",
    ] {
        with_bad_and_no_error(format!(
            "import boto3 # dynamodb\nif x:\n    y = 1 \\\n{}\n",
            line.repeat(100_000)
        ));
    }
}

const LEVELS: usize = 10_000;

#[test]
fn deep_expressions() {
    let nested = |open: &str, inner: &str, close: &str| {
        format!("{}{inner}{}", open.repeat(LEVELS), close.repeat(LEVELS))
    };
    for (name, expression) in [
        ("lists", nested("[", "", "]")),
        ("open", nested("[", "", "")),
        ("calls", nested("f(", "x", ")")),
        ("sums", nested("a + ", "a", "")),
        ("products", nested("a * (", "a", ")")),
        ("dicts", nested("{1: ", "2", "}")),
        ("nots", nested("not ", "a", "")),
        ("minus", nested("-", "1", "")),
        ("lambdas", nested("lambda: ", "1", "")),
        ("choices", nested("a if b else ", "c", "")),
        ("attributes", nested("", "a", ".b")),
        ("chained calls", nested("", "a", ".b()")),
        ("subscripts", nested("", "a", "[0]")),
        ("ands", nested("a and ", "a", "")),
        ("awaits", nested("await ", "a", "")),
        ("strings", nested("'a' ", "'b'", "")),
    ] {
        eprintln!("{name}");
        with_bad_and_no_error(format!("import boto3 # dynamodb\nx = {expression}\n"));
        with_bad_and_no_error(format!(
            "import boto3 # dynamodb\ndef f(a):\n    return {expression}\n"
        ));
    }
}

/// 4,000 levels of one space each are 8 MB; 10,000 are over the limit.
#[test]
fn deep_statements() {
    let nested = |line: &str, levels: usize| {
        let lines = (0..levels).map(|level| format!("{:level$}{line}\n", ""));
        let body = format!("{:levels$}pass\n", "");
        format!(
            "import boto3 # dynamodb\n{}{body}",
            lines.collect::<String>()
        )
    };
    for line in ["if x:", "def f():", "class C:", "for x in y:", "with x:"] {
        eprintln!("{line}");
        with_bad_and_no_error(nested(line, 4_000));
    }
    let run = with_bad(nested("if x:", LEVELS));
    assert_eq!(run.errors(), ["bad.py: larger than 10 MB: not analysed"]);
}

#[test]
fn long_chains_of_statements() {
    let elifs = "elif x:\n    pass\n".repeat(LEVELS);
    with_bad_and_no_error(format!("import boto3 # dynamodb\nif x:\n    pass\n{elifs}"));
    with_bad_and_no_error(format!(
        "import boto3 # dynamodb\n{}",
        "x = f(x)\n".repeat(LEVELS)
    ));
    let decorators = "@d\n".repeat(LEVELS);
    with_bad_and_no_error(format!(
        "import boto3 # dynamodb\n{decorators}def f():\n    pass\n"
    ));
    let targets = "x = ".repeat(LEVELS);
    with_bad_and_no_error(format!("import boto3 # dynamodb\n{targets}1\n"));
}

/// Imports in a ring, a class that is its own base, a function that calls itself.
#[test]
fn rings() {
    let project = Project::good();
    project.write(
        "a.py",
        "from b import *\nfrom b import x\nimport boto3 # dynamodb\n",
    );
    project.write(
        "b.py",
        "from a import *\nfrom a import x\nfrom b import x as y\n",
    );
    project.write(
        "c.py",
        "import boto3 # dynamodb\nclass C(C):\n    x = C\n\n\ndef f(x=f):\n    return f(f)\n",
    );
    project.write(
        "d.py",
        "import boto3 # dynamodb\nx = y\ny = x\nx = [x, y]\nfor x in x:\n    y = x\n",
    );
    unharmed(&project.json(&[]));
}

#[test]
fn a_folder_named_like_a_file() {
    let project = Project::good();
    project.write("bad.py/inner.py", GOOD);
    let run = project.json(&[]);
    unharmed(&run);
    assert_eq!(
        run.found(),
        ["bad.py/inner.py:8 DDB101", "good.py:8 DDB101"]
    );
}

#[cfg(unix)]
mod unix {
    use std::ffi::OsStr;
    use std::fs;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;
    use std::process::Command;

    use super::*;

    #[test]
    fn a_file_that_cannot_be_read() {
        let project = Project::good();
        symlink("nowhere", project.path("bad.py")).unwrap();
        let run = project.json(&[]);
        unharmed(&run);
        assert!(run.errors()[0].starts_with("bad.py: "), "{run:?}");
        assert!(run.stderr.starts_with("error: bad.py: "), "{run:?}");
        let named = project.json(&["bad.py", "good.py"]);
        assert_eq!(named.code, Some(2), "{named:?}");
        assert_eq!(named.found(), ["good.py:8 DDB101"]);
    }

    #[test]
    fn links() {
        let project = Project::good();
        project.write("shop/views.py", GOOD);
        symlink("..", project.path("shop/up")).unwrap();
        symlink(".", project.path("self")).unwrap();
        symlink("self.py", project.path("self.py")).unwrap();
        symlink("shop", project.path("other")).unwrap();
        let run = project.json(&[]);
        unharmed(&run);
        assert_eq!(run.found(), ["good.py:8 DDB101", "shop/views.py:8 DDB101"]);
        assert_eq!(run.errors().len(), 1, "{run:?}");
        assert_eq!(
            project.json(&["other"]).found(),
            ["other/views.py:8 DDB101"]
        );
    }

    #[test]
    fn a_link_to_a_file_is_that_file() {
        let project = Project::good();
        project.write("hidden/.real", GOOD);
        symlink("hidden/.real", project.path("link.py")).unwrap();
        assert_eq!(
            project.json(&[]).found(),
            ["good.py:8 DDB101", "link.py:8 DDB101"]
        );
    }

    #[test]
    fn special_files() {
        let project = Project::good();
        let fifo = Command::new("mkfifo").arg(project.path("fifo.py")).status();
        assert!(fifo.unwrap().success());
        let _socket = UnixListener::bind(project.path("socket.py")).unwrap();
        symlink("/dev/zero", project.path("zero.py")).unwrap();
        let walked = project.json(&[]);
        unharmed(&walked);
        assert_eq!(walked.errors(), [""; 0]);
        for name in ["fifo.py", "socket.py", "zero.py"] {
            let named = project.json(&[name, "."]);
            assert_eq!(named.code, Some(2), "{named:?}");
            assert_eq!(named.found(), ["good.py:8 DDB101"]);
            assert_eq!(
                named.errors(),
                [format!("{name}: not a regular file: not analysed")]
            );
        }
    }

    #[test]
    fn odd_names() {
        let project = Project::good();
        fs::write(
            project.path(".").join(OsStr::from_bytes(b"b\xffd.py")),
            GOOD,
        )
        .unwrap();
        project.write("a b\n.py", GOOD);
        project.write("é🦀.py", GOOD);
        let run = project.json(&[]);
        unharmed(&run);
        let expected = ["a b\n.py", "b\\xffd.py", "good.py", "é🦀.py"];
        assert_eq!(run.found(), expected.map(|name| format!("{name}:8 DDB101")));
        let concise = project.run(&["check", "-q", "--output-format", "concise"]);
        assert_eq!(concise.stdout.lines().count(), 4, "{concise:?}");
    }
}
