//! Faults around a check: a full or read-only disk, files that change under it, odd paths, many files, several runs at once, signals and little memory. What comes of each stands in `docs/reliability.md`.

use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use quick_junit::Report;
use serde_json::Value;

use crate::fix::{BOTH, LEAKY, SAFE};
use crate::project::{GOOD, Project, Run, command, run};

/// Longer and more of the same, for a machine that has the time: `DYNALEAK_FAULTS=20`.
fn times(count: usize) -> usize {
    let factor = std::env::var("DYNALEAK_FAULTS").ok();
    count * factor.and_then(|factor| factor.parse().ok()).unwrap_or(1)
}

fn text(project: &Project, name: &str) -> String {
    fs::read_to_string(project.path(name)).unwrap()
}

/// What a run left over beside the files.
fn leftovers(folder: &Path) -> Vec<PathBuf> {
    let mut left = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.is_symlink() {
            left.extend(leftovers(&path));
        } else if path.extension().is_some_and(|ending| ending == "tmp") {
            left.push(path);
        }
    }
    left
}

/// Runs a shell script where it may mount what it likes, in the project's folder: `$dynaleak` is the
/// program. False: mounts are not permitted here.
#[cfg(target_os = "linux")]
fn mounted(project: &Project, script: &str) -> bool {
    let shell = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--mount", "--propagation", "private", "sh", "-euc", script]);
        command.current_dir(project.path("."));
        command.env("dynaleak", env!("CARGO_BIN_EXE_dynaleak"));
        command.env_remove("CI").env_remove("GITHUB_ACTIONS");
        command
    };
    let probe = shell("mkdir -p probe; mount -t tmpfs -o size=64k none probe").output();
    let _ = fs::remove_dir(project.path("probe"));
    if !probe.is_ok_and(|probe| probe.status.success()) {
        eprintln!("skipped: no file system can be mounted here");
        return false;
    }
    let run = run(&mut shell(script));
    assert_eq!(run.code, Some(0), "{run:?}");
    true
}

/// `0`, as the script noted it.
#[cfg(target_os = "linux")]
fn noted(project: &Project, name: &str) -> String {
    text(project, name).trim().to_string()
}

/// A file that takes one block of a disk before it is mended, and two after.
#[cfg(target_os = "linux")]
fn of_one_block() -> String {
    let comment = "# a line of words that fill a file\n";
    let mut text = LEAKY.to_string();
    while text.len() + comment.len() < 4096 {
        text.push_str(comment);
    }
    text
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_fills_up_while_files_are_mended() {
    let project = Project::new();
    let old = of_one_block();
    let new = old.replace(LEAKY, SAFE);
    assert!(old.len() <= 4096 && new.len() > 4096);
    for number in 0..10 {
        project.write(&format!("files/m{number}.py"), &old);
    }
    // Room for some of them: each that is mended takes one block more than before, and two until it is.
    let script = r#"
        mkdir disk after
        mount -t tmpfs -o size=128k none disk
        cp files/*.py disk
        dd if=/dev/zero of=disk/fill bs=4096 2> /dev/null || true
        dd if=/dev/null of=disk/fill bs=4096 seek=$(($(stat -c %s disk/fill) / 4096 - 4)) 2> /dev/null
        cd disk
        "$dynaleak" check --fix > ../out 2> ../err || echo $? > ../code
        rm fill
        cp -a . ../after
    "#;
    if !mounted(&project, script) {
        return;
    }
    assert_eq!(noted(&project, "code"), "2");
    let told = text(&project, "err");
    let refused = told
        .matches("cannot be written: No space left on device")
        .count();
    let mut mended = 0;
    for number in 0..10 {
        let now = text(&project, &format!("after/m{number}.py"));
        assert!(now == old || now == new, "m{number}.py: {now}");
        mended += usize::from(now == new);
    }
    assert_eq!(mended + refused, 10, "{told}");
    assert!(
        mended > 0 && refused > 0,
        "{mended} mended, {refused} refused"
    );
    let out = text(&project, "out");
    assert!(out.contains(&format!("Fixed {mended} finding")), "{out}");
    assert_eq!(leftovers(&project.path("after")), Vec::<PathBuf>::new());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_under_reports_baselines_and_comments() {
    let project = Project::good();
    let script = r#"
        mkdir disk after
        mount -t tmpfs -o size=64k none disk
        cp good.py disk
        echo old > disk/old.json
        dd if=/dev/zero of=disk/fill bs=4096 2> /dev/null || true
        cd disk
        try() {
          name=$1; shift
          "$dynaleak" check -q --output-format concise "$@" > ../$name.out 2> ../$name.err || echo $? > ../$name.code
        }
        try old --output json=old.json
        try new --output sarif=new.sarif
        try baseline --write-baseline
        try ignore --add-ignore
        "$dynaleak" check > /dev/full 2> ../stdout.err || echo $? > ../stdout.code
        rm fill
        cp -a . ../after
    "#;
    if !mounted(&project, script) {
        return;
    }
    for (name, told) in [
        ("old", "error: old.json: cannot be written: "),
        ("new", "error: new.sarif: cannot be written: "),
        (
            "baseline",
            "error: dynaleak-baseline.jsonl: cannot be written: ",
        ),
        ("ignore", "warning: good.py: cannot be written: "),
        ("stdout", "error: cannot write to standard output: "),
    ] {
        assert_eq!(noted(&project, &format!("{name}.code")), "2", "{name}");
        let error = text(&project, &format!("{name}.err"));
        let wanted = format!("{told}No space left on device");
        assert!(error.starts_with(&wanted), "{name}: {error}");
        // What is found is told all the same.
        let found = name == "stdout" || text(&project, &format!("{name}.out")).contains("DDB101");
        assert!(found || name == "baseline", "{name}");
    }
    let mut names = Vec::from_iter(fs::read_dir(project.path("after")).unwrap());
    names.retain(|entry| entry.is_ok());
    assert_eq!(names.len(), 2, "{names:?}");
    assert_eq!(text(&project, "after/old.json"), "old\n");
    assert_eq!(text(&project, "after/good.py"), GOOD);
}

/// Needs no mount: files that may not grow beyond a limit.
#[test]
fn a_limit_of_file_sizes_is_as_a_full_disk() {
    let project = Project::new();
    let long = format!("{LEAKY}{}", "# a comment\n".repeat(200));
    project.write("main.py", &long);
    project.write("old.json", "old\n");
    let limited = |arguments: &[&str]| {
        // In blocks of 512 bytes. Without the signal the write fails.
        let script = "trap '' XFSZ; ulimit -f 2; exec \"$0\" \"$@\"";
        let mut shell = Command::new("sh");
        shell.args(["-c", script, env!("CARGO_BIN_EXE_dynaleak"), "check", "-q"]);
        run(shell
            .args(arguments)
            .current_dir(project.path("."))
            .env_remove("CI"))
    };
    for (arguments, name) in [
        (&["--fix"][..], "main.py"),
        (&["--add-ignore"], "main.py"),
        (&["--output", "json=old.json"], "old.json"),
        (&["--output", "html=new.html"], "new.html"),
    ] {
        let run = limited(arguments);
        assert_eq!(run.code, Some(2), "{run:?}");
        let wanted = format!("{name}: cannot be written: File too large");
        assert!(run.stderr.contains(&wanted), "{run:?}");
        assert_eq!(text(&project, "main.py"), long);
        assert_eq!(text(&project, "old.json"), "old\n");
        assert!(!project.path("new.html").exists());
        assert_eq!(leftovers(&project.path(".")), Vec::<PathBuf>::new());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_read_only_disk() {
    let project = Project::new();
    project.write("disk/main.py", LEAKY);
    let script = r#"
        mount --bind disk disk
        mount -o remount,bind,ro disk
        cd disk
        try() {
          name=$1; shift
          status=0
          "$dynaleak" "$@" > ../$name.out 2> ../$name.err || status=$?
          echo $status > ../$name.code
        }
        try check check --output-format concise
        try fix check --fix
        try ignore check --add-ignore
        try baseline check --write-baseline
        try report check --output json=out.json
    "#;
    if !mounted(&project, script) {
        return;
    }
    assert_eq!(
        (noted(&project, "check.code"), text(&project, "check.err")),
        ("1".into(), String::new())
    );
    for (name, file) in [
        ("fix", "main.py"),
        ("ignore", "main.py"),
        ("baseline", "dynaleak-baseline.jsonl"),
        ("report", "out.json"),
    ] {
        assert_eq!(noted(&project, &format!("{name}.code")), "2", "{name}");
        let error = text(&project, &format!("{name}.err"));
        let wanted = format!("{file}: cannot be written: Read-only file system");
        assert!(error.contains(&wanted), "{name}: {error}");
    }
    assert_eq!(text(&project, "disk/main.py"), LEAKY);
}

/// As somebody whom the files do not belong to; root may write everything.
#[test]
fn files_and_folders_of_somebody_else() {
    let project = Project::new();
    let program = project.path("program/dynaleak");
    fs::create_dir(project.path("program")).unwrap();
    fs::copy(env!("CARGO_BIN_EXE_dynaleak"), &program).unwrap();
    project.write("theirs/main.py", LEAKY);
    project.write("theirs/secret.py", GOOD);
    project.write("theirs/closed/inner.py", GOOD);
    let mode = |name: &str, mode| {
        fs::set_permissions(project.path(name), fs::Permissions::from_mode(mode))
    };
    for (name, bits) in [
        (".", 0o755),
        ("theirs/secret.py", 0o000),
        ("theirs/closed", 0o000),
        ("theirs", 0o555),
    ] {
        mode(name, bits).unwrap();
    }
    let root = fs::write(project.path("theirs/root"), "").is_ok();
    let _ = fs::remove_file(project.path("theirs/root"));
    let nobody = |arguments: &[&str]| {
        let mut command = match root {
            true => Command::new("setpriv"),
            false => Command::new(&program),
        };
        if root {
            command
                .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
                .arg(&program);
        }
        run(command
            .arg("check")
            .args(arguments)
            .current_dir(project.path("theirs"))
            .env_remove("CI"))
    };
    let checked = nobody(&["--output-format", "json"]);
    let fixed = nobody(&["--fix"]);
    let others = [
        (nobody(&["--add-ignore"]), "main.py"),
        (
            nobody(&["--write-baseline", "main.py"]),
            "dynaleak-baseline.jsonl",
        ),
        (nobody(&["--output", "json=out.json"]), "out.json"),
    ];
    mode("theirs", 0o755).unwrap();
    mode("theirs/closed", 0o755).unwrap();
    mode("theirs/secret.py", 0o644).unwrap();
    // What cannot be read is told, and the rest is checked.
    assert_eq!(
        checked.found(),
        ["main.py:8 DDB304", "main.py:10 DDB101"].map(String::from),
        "{checked:?}"
    );
    let denied =
        ["closed", "secret.py"].map(|name| format!("{name}: Permission denied (os error 13)"));
    assert_eq!((checked.code, checked.errors()), (Some(1), denied.to_vec()));
    assert_eq!(fixed.code, Some(2), "{fixed:?}");
    assert!(
        fixed.stderr.contains("main.py: cannot be written: "),
        "{fixed:?}"
    );
    for (run, name) in others {
        assert_eq!(run.code, Some(2), "{run:?}");
        let denied = format!("{name}: cannot be written: Permission denied");
        assert!(run.stderr.contains(&denied), "{run:?}");
    }
    assert_eq!(text(&project, "theirs/main.py"), LEAKY);
    assert_eq!(leftovers(&project.path("theirs")), Vec::<PathBuf>::new());
}

/// Until it is dropped, something goes on beside the test.
struct Beside<'a>(&'a AtomicBool);

impl Drop for Beside<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

#[test]
fn files_that_vanish_and_change_while_they_are_read() {
    let project = Project::good();
    for number in 0..100 {
        project.write(&format!("still/s{number}.py"), GOOD);
    }
    let outside = Project::new();
    outside.write("outside.py", GOOD);
    let going = AtomicBool::new(true);
    let large = format!("{GOOD}{}", "# grows\n".repeat(100_000));
    thread::scope(|scope| {
        let beside = Beside(&going);
        scope.spawn(|| {
            let path = project.path("moving/x.py");
            let folder = path.parent().unwrap();
            let mut round = 0_u32;
            while going.load(Ordering::Relaxed) {
                round += 1;
                let _ = fs::remove_file(&path);
                let _ = fs::remove_dir_all(folder);
                let _ = fs::create_dir_all(folder);
                let _ = match round % 6 {
                    0 => fs::create_dir(&path),
                    1 => Command::new("mkfifo").arg(&path).status().map(|_| ()),
                    2 => symlink(outside.path("outside.py"), &path),
                    3 => fs::write(&path, &large),
                    4 => fs::write(&path, GOOD)
                        .and_then(|()| fs::File::options().write(true).open(&path)?.set_len(30)),
                    _ => fs::write(&path, GOOD).and_then(|()| fs::remove_dir_all(folder)),
                };
                sleep(Duration::from_micros(u64::from(round % 7) * 300));
            }
        });
        for _ in 0..times(8) {
            let run = project.json(&[]);
            assert_eq!(run.code, Some(1), "{run:?}");
            let found = run.found();
            let still = found.iter().filter(|each| !each.starts_with("moving/"));
            assert_eq!(still.count(), 101, "{run:?}");
            assert!(!run.stderr.contains("internal error"), "{run:?}");
        }
        drop(beside);
    });
}

/// Somebody writes the files that are mended: what they wrote last is there, or the mended file, whole.
#[test]
fn files_that_change_while_they_are_mended() {
    let project = Project::new();
    let names: Vec<String> = (0..50).map(|number| format!("m{number}.py")).collect();
    let theirs = format!("# changed\n{LEAKY}");
    let mended = |text: &str| {
        let body = text.strip_prefix("# changed\n").unwrap_or(text);
        [LEAKY, SAFE, BOTH].contains(&body)
    };
    for _ in 0..times(5) {
        names.iter().for_each(|name| project.write(name, LEAKY));
        let going = AtomicBool::new(true);
        thread::scope(|scope| {
            let beside = Beside(&going);
            scope.spawn(|| {
                let mut next = names.iter().cycle();
                while going.load(Ordering::Relaxed) {
                    let path = project.path(next.next().unwrap());
                    // As an editor saves.
                    let new = path.with_extension("new");
                    fs::write(&new, &theirs)
                        .and_then(|()| fs::rename(&new, &path))
                        .unwrap();
                    sleep(Duration::from_micros(500));
                }
            });
            let run = project.run(&["check", "--fix", "-q"]);
            assert!(matches!(run.code, Some(1 | 2)), "{run:?}");
            assert!(!run.stderr.contains("internal error"), "{run:?}");
            drop(beside);
        });
        for name in &names {
            assert!(
                mended(&text(&project, name)),
                "{name}: {}",
                text(&project, name)
            );
        }
        assert_eq!(leftovers(&project.path(".")), Vec::<PathBuf>::new());
    }
}

/// Spaces, emoji and bytes that are no text, in the names of the folder and of the files.
#[cfg(target_os = "linux")]
#[test]
fn paths_with_spaces_emoji_and_bytes_that_are_no_text() {
    let outer = Project::new();
    let root = outer
        .path(".")
        .join(OsStr::from_bytes(b"with space \xf0\x9f\xa6\x80 \xff"));
    let inner = root.join(OsStr::from_bytes(b"in \xfe & <ner>"));
    fs::create_dir_all(&inner).unwrap();
    let names: [&[u8]; 3] = [b"a b.py", b"\xf0\x9f\xa6\x80 \"q\".py", b"c\xff.py"];
    let reset = || {
        for name in names {
            fs::write(inner.join(OsStr::from_bytes(name)), LEAKY).unwrap();
        }
    };
    reset();
    let check = |arguments: &[&str]| {
        let run = run(command(&root).arg("check").args(arguments));
        assert!(!run.stderr.contains("internal error"), "{run:?}");
        run
    };
    let shown =
        ["a b.py", "c\\xff.py", "🦀 \"q\".py"].map(|name| format!("in \\xfe & <ner>/{name}"));
    for (format, code) in [
        "full",
        "concise",
        "json",
        "json-lines",
        "sarif",
        "github",
        "gitlab",
        "junit",
        "html",
    ]
    .map(|format| (format, Some(1)))
    {
        let run = check(&["--output-format", format]);
        assert_eq!(run.code, code, "{run:?}");
        match format {
            "json" | "sarif" | "gitlab" => drop(run.document()),
            "json-lines" => {
                let lines = run.stdout.lines();
                let parsed = lines.map(serde_json::from_str::<Value>);
                assert_eq!(parsed.filter(Result::is_ok).count(), 6);
            }
            "junit" => {
                let report = Report::deserialize_from_str(&run.stdout).unwrap();
                assert_eq!(report.failures, 6);
            }
            _ => assert!(run.stdout.matches("DDB304").count() >= 3, "{run:?}"),
        }
        if format == "json" {
            let files: Vec<String> = run
                .found()
                .iter()
                .map(|each| each[..each.rfind(':').unwrap()].to_string())
                .collect();
            assert_eq!(
                files,
                shown
                    .iter()
                    .flat_map(|name| [name.clone(), name.clone()])
                    .collect::<Vec<_>>()
            );
        }
    }

    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=a", "-c", "user.email=a@example.org"])
            .args(arguments);
        git.current_dir(&root)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1");
        assert!(git.output().unwrap().status.success());
    };
    git(&["init", "--quiet"]);
    git(&["add", "--all"]);
    git(&["commit", "--quiet", "--message", "all"]);
    assert_eq!(check(&["--since", "HEAD"]).code, Some(0));
    let last = inner.join(OsStr::from_bytes(names[2]));
    fs::write(&last, LEAKY.replace("# all", "# every")).unwrap();
    let run = check(&["--since", "HEAD", "--output-format", "json"]);
    assert!(
        run.found().iter().all(|each| each.starts_with(&shown[1])) && run.code == Some(1),
        "{run:?}"
    );
    reset();

    assert_eq!(check(&["--write-baseline", "-q"]).code, Some(0));
    let run = check(&[]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{run:?}");
    fs::remove_file(root.join("dynaleak-baseline.jsonl")).unwrap();

    let run = check(&["--fix", "--unsafe-fixes"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    for name in names {
        assert_eq!(
            fs::read_to_string(inner.join(OsStr::from_bytes(name))).unwrap(),
            BOTH
        );
    }
}

/// With the limit of memory, so that one project does for both.
#[cfg(target_os = "linux")]
#[test]
fn a_hundred_thousand_files_in_512_mb() {
    let project = Project::good();
    for folder in 0..1000 {
        fs::create_dir(project.path(&format!("f{folder}"))).unwrap();
        for number in 0..100 {
            let text = match number {
                0 => GOOD.to_string(),
                _ => format!(
                    "import json\n\n\ndef run_{number}(order):\n    return json.dumps(order)\n"
                ),
            };
            fs::write(project.path(&format!("f{folder}/m{number}.py")), text).unwrap();
        }
    }
    let run = with_memory(&project, &["check", "--output-format", "json"]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(1), ""));
    assert_eq!(run.document()["summary"]["files"], 100_001);
    assert_eq!(run.found().len(), 1001);
}

/// A run that may have 512 MB of data. What is merely reserved does not count: address space is no memory.
#[cfg(target_os = "linux")]
fn with_memory(project: &Project, arguments: &[&str]) -> Run {
    let mut shell = Command::new("sh");
    shell.args([
        "-c",
        "ulimit -d 524288; exec \"$0\" \"$@\"",
        env!("CARGO_BIN_EXE_dynaleak"),
    ]);
    run(shell
        .args(arguments)
        .current_dir(project.path("."))
        .env_remove("CI")
        .env_remove("GITHUB_ACTIONS"))
}

/// In code as people write it, of 50,000 lines.
#[cfg(target_os = "linux")]
#[test]
fn a_large_file_in_512_mb() {
    let project = Project::good();
    let mut large = GOOD.to_string();
    let mut number = 0;
    while large.len() < 1_500_000 {
        number += 1;
        large.push_str(&format!(
            "\n\ndef handle_{number}(order):\n    total = sum(line[\"price\"] for line in order[\"lines\"])\n    if total > {number}:\n        log(\"order %s: %s\", order[\"id\"], total)\n    return total\n"
        ));
    }
    project.write("large.py", &large);
    let run = with_memory(&project, &["check", "--output-format", "json"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert_eq!(run.found(), ["good.py:8 DDB101", "large.py:8 DDB101"]);
}

/// What cannot be done with the memory that there is ends the run; the files stay as they were.
#[cfg(target_os = "linux")]
#[test]
fn too_little_memory_leaves_files_alone() {
    let project = Project::new();
    for number in 0..200 {
        project.write(&format!("m{number}.py"), LEAKY);
    }
    project.write("old.json", "old\n");
    for limit in [40, 80, 120, 160, 200].map(|megabytes| megabytes * 1024) {
        let script = format!("ulimit -c 0; ulimit -d {limit}; exec \"$0\" \"$@\"");
        let mut shell = Command::new("sh");
        shell.args([
            "-c",
            &script,
            env!("CARGO_BIN_EXE_dynaleak"),
            "check",
            "--fix",
            "-q",
        ]);
        shell
            .args(["--output", "json=old.json"])
            .env("RUST_BACKTRACE", "0");
        let run = run(shell.current_dir(project.path(".")));
        for number in 0..200 {
            let now = text(&project, &format!("m{number}.py"));
            assert!(now == LEAKY || now == SAFE, "{limit}: {now}");
        }
        let report = text(&project, "old.json");
        assert!(
            report == "old\n" || serde_json::from_str::<Value>(&report).is_ok(),
            "{limit}: {report}"
        );
        assert!(
            run.code == Some(1) || !run.stderr.is_empty(),
            "{limit}: a run that ends without a word: {run:?}"
        );
    }
    let after = project.run(&["check", "--fix", "-q"]);
    assert_eq!(after.code, Some(1), "{after:?}");
    assert!((0..200).all(|number| text(&project, &format!("m{number}.py")) == SAFE));
}

#[test]
fn three_checks_at_once_one_of_them_mending() {
    let project = Project::new();
    let names: Vec<String> = (0..100).map(|number| format!("m{number}.py")).collect();
    for _ in 0..times(3) {
        names.iter().for_each(|name| project.write(name, LEAKY));
        thread::scope(|scope| {
            let report = scope.spawn(|| project.json(&["--output", "sarif=out.sarif"]));
            let baseline =
                scope.spawn(|| project.run(&["check", "-q", "--output", "sarif=out.sarif"]));
            let fixed = project.run(&["check", "--fix", "-q"]);
            assert!(matches!(fixed.code, Some(1 | 2)), "{fixed:?}");
            for run in [report.join().unwrap(), baseline.join().unwrap()] {
                assert_eq!(run.code, Some(1), "{run:?}");
                assert!(!run.stderr.contains("internal error"), "{run:?}");
            }
        });
        for name in &names {
            assert_eq!(text(&project, name), SAFE, "{name}");
        }
        serde_json::from_str::<Value>(&text(&project, "out.sarif")).unwrap();
        assert_eq!(leftovers(&project.path(".")), Vec::<PathBuf>::new());
    }
}

const MANY: usize = 150;

/// Each command is ended at moments that a seed gives: every file is the old or the new one, and the next run does its work.
#[test]
fn signals_at_random_moments() {
    let project = Project::new();
    let name = |number: usize| format!("m{number}.py");
    let old_report = "old\n";
    let reset = || {
        (0..MANY).for_each(|number| project.write(&name(number), LEAKY));
        project.write("out.json", old_report);
        let _ = fs::remove_file(project.path("dynaleak-baseline.jsonl"));
    };
    let commands: [&[&str]; 4] = [
        &["--output-format", "json", "--output", "json=out.json"],
        &["--fix", "--unsafe-fixes"],
        &["--write-baseline"],
        &["--add-ignore=later"],
    ];
    let start = |arguments: &[&str]| -> Child {
        let mut command = command(&project.path("."));
        command
            .arg("check")
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.spawn().unwrap()
    };
    let mut seed = 11_u64;
    for arguments in commands {
        reset();
        let begun = Instant::now();
        start(arguments).wait().unwrap();
        let whole = begun.elapsed();
        let after: Vec<String> = (0..MANY)
            .map(|number| text(&project, &name(number)))
            .collect();
        let baseline = fs::read(project.path("dynaleak-baseline.jsonl")).ok();
        for round in 0..times(3) {
            // Marsaglia's xorshift.
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            reset();
            let mut child = start(arguments);
            sleep(Duration::from_micros(
                seed % whole.as_micros().max(1) as u64,
            ));
            let signal = ["TERM", "INT", "KILL"][round % 3];
            let _ = Command::new("kill")
                .args(["-s", signal, &child.id().to_string()])
                .stderr(Stdio::null())
                .status();
            let status = child.wait().unwrap();
            let what = format!("{arguments:?} {signal} {status:?}, seed {seed}");
            for (number, after) in after.iter().enumerate() {
                let now = text(&project, &name(number));
                assert!(now == LEAKY || now == *after, "{what}: {now}");
            }
            let report = text(&project, "out.json");
            assert!(
                report == old_report || serde_json::from_str::<Value>(&report).is_ok(),
                "{what}: {report}"
            );
            match fs::read(project.path("dynaleak-baseline.jsonl")) {
                Ok(bytes) => assert_eq!(Some(bytes), baseline, "{what}"),
                Err(error) => assert_eq!(error.kind(), ErrorKind::NotFound, "{what}"),
            }
            let left = leftovers(&project.path("."));
            assert!(signal == "KILL" || left.is_empty(), "{what}: {left:?}");
            // The next one is not disturbed by what a kill left over.
            let next = project.run(&[&["check"], arguments].concat());
            assert!(matches!(next.code, Some(0 | 1)), "{what}: {next:?}");
            for (number, after) in after.iter().enumerate() {
                assert_eq!(text(&project, &name(number)), *after, "{what}");
            }
            left.iter().for_each(|path| fs::remove_file(path).unwrap());
        }
    }
}
