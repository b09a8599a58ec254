//! A repository that nobody should trust: its rules, configuration, baseline, links and git are made to hang, to overflow, or to have read and written what lies elsewhere.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::project::{GOOD, Project, Run, command, git, run};

/// No hostile part may hold up a check for longer, on a slow machine under load.
const LONGEST: Duration = Duration::from_secs(60);

/// In bounded time.
fn check(project: &Project, arguments: &[&str]) -> Run {
    let begun = Instant::now();
    let run = run(command(&project.path(".")).arg("check").args(arguments));
    let took = begun.elapsed();
    assert!(took < LONGEST, "{took:?}: {arguments:?}");
    assert!(!run.stderr.contains("internal error"), "{run:?}");
    assert!(run.code.is_some(), "{run:?}");
    run
}

fn fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// A folder beside the workspace, with files that nobody may open.
fn secrets() -> Project {
    let secrets = Project::new();
    secrets.write("secret.py", GOOD);
    secrets.write("secret.toml", "select = [\"S3CRET\"]\n");
    secrets.write("secret.jsonl", "{\"dynaleak-baseline\":1}\n");
    secrets.write("ignored", "*.py\n");
    secrets.write("rules/x.scm", "(call) @finding\n");
    secrets
}

/// What is there, with what it holds.
fn held(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => all.extend(held(&path)),
            false => all.push((path.clone(), fs::read(&path).unwrap())),
        }
    }
    all.sort();
    all
}

/// Sees each opening of a file in a folder.
#[cfg(target_os = "linux")]
struct Watch {
    _watcher: notify::RecommendedWatcher,
    opened: std::sync::mpsc::Receiver<notify::Result<notify::Event>>,
}

#[cfg(target_os = "linux")]
impl Watch {
    fn new(folder: &Path) -> Watch {
        use notify::Watcher;
        let (sender, opened) = std::sync::mpsc::channel();
        let mut watcher = notify::recommended_watcher(sender).unwrap();
        watcher
            .watch(folder, notify::RecursiveMode::Recursive)
            .unwrap();
        Watch {
            _watcher: watcher,
            opened,
        }
    }

    /// The files that were opened since the last time.
    fn opened(&self) -> Vec<PathBuf> {
        let quiet = Duration::from_millis(200);
        let mut paths = Vec::new();
        while let Ok(event) = self.opened.recv_timeout(quiet) {
            paths.extend(event.unwrap().paths);
        }
        paths.sort();
        paths.dedup();
        paths
    }
}

/// Each of these leads out of the workspace; none of it is opened, and what is said names the link.
#[cfg(target_os = "linux")]
#[test]
fn links_and_paths_that_lead_out_are_not_followed() {
    let secrets = secrets();
    let outside = secrets.path(".").canonicalize().unwrap();
    let name = |name: &str| outside.join(name);
    let watch = Watch::new(&outside);
    fs::read(name("secret.py")).unwrap();
    assert!(
        watch.opened().contains(&name("secret.py")),
        "the watch sees nothing"
    );
    let before = held(&outside);
    watch.opened();

    let toml = |path: &Path| format!("baseline = {:?}\n", path.to_str().unwrap());
    let climbing = Path::new("../").join(outside.file_name().unwrap());
    type Case<'a> = (&'a str, &'a dyn Fn(&Project), &'a [&'a str], i32, &'a str);
    let link = |to: &'static str, at: &'static str| {
        move |project: &Project| symlink(name(to), project.path(at)).unwrap()
    };
    let cases: &[Case] = &[
        (
            "a Python file",
            &link("secret.py", "link.py"),
            &[],
            1,
            "error: link.py: a link out of the workspace: not read",
        ),
        (
            "one that is mended",
            &link("secret.py", "link.py"),
            &["--fix", "--unsafe-fixes"],
            0,
            "error: link.py: a link out",
        ),
        (
            "one that is silenced",
            &link("secret.py", "link.py"),
            &["--add-ignore"],
            0,
            "error: link.py: a link out",
        ),
        ("a folder", &link("rules", "package"), &[], 1, ""),
        (
            "a configuration",
            &link("secret.toml", "dynaleak.toml"),
            &[],
            2,
            "error: dynaleak.toml:1:1: a link out",
        ),
        (
            "a hidden one",
            &link("secret.toml", ".dynaleak.toml"),
            &[],
            2,
            "error: .dynaleak.toml:1:1: a link out",
        ),
        (
            "a project's",
            &link("secret.toml", "pyproject.toml"),
            &[],
            2,
            "error: pyproject.toml:1:1: a link out",
        ),
        (
            "rules",
            &link("rules", ".dynaleak"),
            &[],
            2,
            "error: .dynaleak:1:1: not a folder",
        ),
        (
            "what is ignored",
            &link("ignored", ".gitignore"),
            &[],
            2,
            "error: .: `.gitignore` is a link out",
        ),
        (
            "what else is",
            &link("ignored", ".ignore"),
            &[],
            2,
            "error: .: `.ignore` is a link out",
        ),
        (
            "a baseline",
            &link("secret.jsonl", "dynaleak-baseline.jsonl"),
            &[],
            2,
            "error: dynaleak-baseline.jsonl: the baseline is a link out",
        ),
        (
            "one to write",
            &link("new.jsonl", "dynaleak-baseline.jsonl"),
            &["--write-baseline"],
            2,
            "error: dynaleak-baseline.jsonl: the baseline is a link out",
        ),
        (
            "one that is named",
            &link("new.jsonl", "b.jsonl"),
            &["--write-baseline", "--baseline", "b.jsonl"],
            2,
            "error: b.jsonl: the baseline is a link out",
        ),
        (
            "a report",
            &link("new.sarif", "out.sarif"),
            &["--output", "sarif=out.sarif"],
            2,
            "error: out.sarif: cannot be written: a link out",
        ),
        (
            "a report over a file",
            &link("secret.py", "out.sarif"),
            &["--output", "sarif=out.sarif"],
            2,
            "error: out.sarif: cannot be written: a link out",
        ),
        (
            "a report's folder",
            &link("rules", "reports"),
            &["--output", "json=reports/out.json"],
            2,
            "error: reports/out.json: cannot be written: a link out",
        ),
    ];
    for (what, prepare, arguments, code, told) in cases {
        let project = Project::good();
        prepare(&project);
        let run = check(
            &project,
            &[&["--output-format", "concise"], *arguments].concat(),
        );
        assert_eq!(watch.opened(), Vec::<PathBuf>::new(), "{what}");
        assert_eq!(run.code, Some(*code), "{what}: {run:?}");
        assert!(run.stderr.starts_with(told), "{what}: {run:?}");
        assert!(!format!("{run:?}").contains("S3CRET"), "{what}: {run:?}");
    }
    for path in [
        name("secret.jsonl"),
        name("new.jsonl"),
        climbing.join("secret.jsonl"),
        "/etc/passwd".into(),
    ] {
        for arguments in [&[][..], &["--write-baseline"]] {
            let project = Project::good();
            project.write("dynaleak.toml", toml(&path));
            let run = check(&project, arguments);
            assert_eq!(watch.opened(), Vec::<PathBuf>::new(), "{path:?}");
            assert_eq!(run.code, Some(2), "{path:?}: {run:?}");
            assert!(
                run.stderr
                    .contains("the baseline is outside of the workspace: not read"),
                "{run:?}"
            );
        }
    }
    assert!(held(&outside) == before, "something was written");

    // Inside, links are links; and what the user names may be anywhere.
    let project = Project::good();
    project.write("real/b.jsonl", "{\"dynaleak-baseline\":1}\n");
    symlink("real/b.jsonl", project.path("dynaleak-baseline.jsonl")).unwrap();
    assert_eq!(check(&project, &["--write-baseline"]).code, Some(0));
    assert!(project.path("dynaleak-baseline.jsonl").is_symlink());
    assert!(
        fs::read_to_string(project.path("real/b.jsonl"))
            .unwrap()
            .contains("DDB101")
    );
    let named = name("named.jsonl");
    let named = named.to_str().unwrap();
    assert_eq!(
        check(&project, &["--write-baseline", "--baseline", named]).code,
        Some(0)
    );
    let run = check(
        &project,
        &[
            name("secret.py").to_str().unwrap(),
            "--baseline-mode",
            "off",
        ],
    );
    assert_eq!(run.code, Some(1), "{run:?}");
}

/// Whatever else a check opens belongs to the system.
#[cfg(target_os = "linux")]
#[test]
fn only_the_workspace_and_the_system_are_opened() {
    let project = Project::good();
    if Command::new("strace").arg("-V").output().is_err() {
        eprintln!("skipped: strace is not installed");
        return;
    }
    project.write("dynaleak.toml", "baseline = \"b.jsonl\"\n");
    project.write("b.jsonl", "{\"dynaleak-baseline\":1}\n");
    let log = Project::new();
    let trace = log.path("trace");
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-e", "trace=open,openat,openat2,creat,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,connect", "-o"]);
    strace.arg(&trace).arg(env!("CARGO_BIN_EXE_dynaleak"));
    strace.args([
        "check",
        "--fix",
        "--unsafe-fixes",
        "-q",
        "--output",
        "html=out.html",
    ]);
    strace.env_remove("CI").env_remove("LD_LIBRARY_PATH");
    let traced = run(strace.current_dir(project.path(".")));
    if traced.stderr.contains("ptrace") {
        eprintln!("skipped: nothing can be traced here");
        return;
    }
    assert_eq!(traced.code, Some(0), "{traced:?}");
    let root = project.path(".").canonicalize().unwrap();
    // A configuration may stand in any folder above.
    let above: Vec<PathBuf> = root.ancestors().skip(1).map(Path::to_path_buf).collect();
    let system = [
        "/proc/",
        "/sys/",
        "/etc/ld.so",
        "/lib",
        "/usr/lib",
        "/dev/null",
    ];
    let mut opened = 0;
    for line in fs::read_to_string(&trace).unwrap().lines() {
        assert!(!line.contains("connect("), "{line}");
        let Some(path) = line.split('"').nth(1) else {
            continue;
        };
        if !path.starts_with('/') || Path::new(path).starts_with(&root) {
            opened += 1;
            continue;
        }
        let reads = line.contains("O_RDONLY") || line.contains("= -1 ENOENT");
        let mine = system.iter().any(|each| path.starts_with(each));
        let config = Path::new(path)
            .parent()
            .is_some_and(|folder| above.iter().any(|each| each == folder));
        let home = line.contains(".gitconfig")
            || line.contains("git/config")
            || line.contains("git/ignore");
        assert!(reads && (mine || config || home), "{line}");
    }
    assert!(opened > 3, "{}", fs::read_to_string(&trace).unwrap());
}

/// The system tells of each folder that is watched which one it is.
#[cfg(target_os = "linux")]
#[test]
fn only_the_workspace_is_watched() {
    use std::io::{BufRead, BufReader};
    use std::os::unix::fs::MetadataExt;
    use std::process::Stdio;

    let outside = secrets();
    let project = Project::good();
    project.write("inner/more.py", GOOD);
    symlink(outside.path("."), project.path("link")).unwrap();
    let mut watch = command(&project.path("."));
    watch
        .args(["check", "--watch"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut watch = watch.spawn().unwrap();
    let mut lines = BufReader::new(watch.stderr.take().unwrap()).lines();
    let begun = lines.any(|line| line.unwrap().contains("watching for changes"));
    let infos = fs::read_dir(format!("/proc/{}/fdinfo", watch.id())).unwrap();
    let infos: String = infos
        .filter_map(|info| fs::read_to_string(info.unwrap().path()).ok())
        .collect();
    watch.kill().unwrap();
    watch.wait().unwrap();
    assert!(begun);
    let watched = |folder: PathBuf| {
        infos.contains(&format!(" ino:{:x} ", fs::metadata(folder).unwrap().ino()))
    };
    assert!(
        watched(project.path(".")) && watched(project.path("inner")),
        "{infos}"
    );
    assert!(
        !watched(outside.path(".")) && !watched(outside.path("rules")),
        "{infos}"
    );
}

/// A pipe in the place of any file that a check opens: nobody ever writes into it.
#[test]
fn pipes_where_files_should_be() {
    for (name, told) in [
        (
            ".gitignore",
            "error: .: `.gitignore` is not a regular file: the folder is not walked",
        ),
        (".ignore", "error: .: `.ignore` is not a regular file"),
        (
            ".git/info/exclude",
            "error: .: `.git/info/exclude` is not a regular file",
        ),
        (
            "deep/.gitignore",
            "error: deep: `.gitignore` is not a regular file",
        ),
        (
            "dynaleak.toml",
            "error: dynaleak.toml:1:1: not a regular file",
        ),
        (
            "pyproject.toml",
            "error: pyproject.toml:1:1: not a regular file",
        ),
        (
            "dynaleak-baseline.jsonl",
            "error: dynaleak-baseline.jsonl: the baseline cannot be read: not a regular file",
        ),
        (
            ".dynaleak/x.scm",
            "error: .dynaleak/x.scm:1:1: not a regular file",
        ),
        (".git", ""),
        ("x.py", ""),
    ] {
        let project = Project::good();
        project.write("deep/er.py", GOOD);
        if name.starts_with(".dynaleak") {
            project.write(".dynaleak/x.md", "---\nmessage: x\n---\n# X1: x\n");
        }
        fs::create_dir_all(project.path(name).parent().unwrap()).unwrap();
        fifo(&project.path(name));
        let run = check(&project, &[]);
        let code = match told {
            "" => 1,
            told if told.contains("deep:") => 1,
            _ => 2,
        };
        assert_eq!(run.code, Some(code), "{name}: {run:?}");
        assert!(run.stderr.starts_with(told), "{name}: {run:?}");
    }
    // A worktree's `.git` says where its own files are.
    let project = Project::good();
    project.write(
        ".git",
        format!("gitdir: {}\n", project.path("kept").display()),
    );
    fs::create_dir(project.path("kept")).unwrap();
    fifo(&project.path("kept/commondir"));
    let run = check(&project, &[]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(
        run.stderr.contains("`commondir` is not a regular file"),
        "{run:?}"
    );
}

#[test]
fn a_worktree_of_elsewhere_is_read_only_where_it_is_one() {
    let elsewhere = Project::new();
    elsewhere.write("kept/commondir", "../common\n");
    elsewhere.write("common/info/exclude", "good.py\n");
    let project = Project::good();
    project.write(
        ".git",
        format!("gitdir: {}\n", elsewhere.path("kept").display()),
    );
    let run = check(&project, &[]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(
        run.stderr.contains("`.git` leads out of the workspace"),
        "{run:?}"
    );
    // As git leaves it: each names the other.
    elsewhere.write(
        "kept/gitdir",
        format!("{}\n", project.path(".git").display()),
    );
    let run = check(&project, &[]);
    assert_eq!(run.code, Some(0), "{run:?}");
}

#[test]
fn files_without_end() {
    for name in [
        ".gitignore",
        "dynaleak.toml",
        "dynaleak-baseline.jsonl",
        "x.py",
        "pyproject.toml",
    ] {
        let project = Project::good();
        symlink("/dev/zero", project.path(name)).unwrap();
        let run = check(&project, &["-q"]);
        assert!(matches!(run.code, Some(1 | 2)), "{name}: {run:?}");
        assert!(
            run.code == Some(1) || run.stderr.contains(name),
            "{name}: {run:?}"
        );
    }
    let project = Project::good();
    project.write(".gitignore", "x*y?[a-z]\n".repeat(200_000));
    let run = check(&project, &[]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert_eq!(
        run.stderr,
        "error: .: `.gitignore` is larger than 1 MB: the folder is not walked\n"
    );
}

/// Either it is taken, or each mistake is told.
#[test]
fn absurd_configurations() {
    let many =
        |line: &dyn Fn(usize) -> String, count: usize| (0..count).map(line).collect::<String>();
    for (what, text, code) in [
        (
            "braces",
            format!(
                "exclude = [\"{}b{}\"]",
                "{a,".repeat(5000),
                "}".repeat(5000)
            ),
            2,
        ),
        (
            "classes",
            format!("exclude = [\"{}\"]", "[a-z]".repeat(50_000)),
            1,
        ),
        (
            "stars",
            format!("exclude = [\"{}b\"]", "**/".repeat(20_000)),
            1,
        ),
        (
            "questions",
            format!("exclude = [\"{}\"]", "?*".repeat(20_000)),
            1,
        ),
        (
            "many patterns",
            format!(
                "exclude = [{}]",
                many(&|at| format!("\"a{at}*b?[a-z]\","), 40_000)
            ),
            2,
        ),
        (
            "many ignores",
            format!(
                "[per-file-ignores]\n{}",
                many(&|at| format!("\"a{at}*\" = [\"DDB1\"]\n"), 20_000)
            ),
            1,
        ),
        (
            "many sources",
            format!(
                "[sources]\n{}",
                many(&|at| format!("\"a{at}.f\" = \"items\"\n"), 30_000)
            ),
            1,
        ),
        (
            "numbers",
            "[bounds]\ncache = -1\nqueue = 99999999999999999999\npage = 1e999\n".to_string(),
            2,
        ),
        (
            "nested tables",
            format!("x = {}{}", "{a=".repeat(50_000), "}".repeat(50_000)),
            2,
        ),
        (
            "nested lists",
            format!("select = {}{}", "[".repeat(50_000), "]".repeat(50_000)),
            2,
        ),
        ("a long key", format!("{} = 1", "k".repeat(900_000)), 2),
    ] {
        let project = Project::good();
        project.write("dynaleak.toml", text);
        let run = check(&project, &["-q"]);
        let taken = code == 1 && run.code == Some(1);
        assert!(taken || run.code == Some(2), "{what}: {:.500}", run.stderr);
        assert!(
            taken || run.stderr.starts_with("error: dynaleak.toml:"),
            "{what}: {:.500}",
            run.stderr
        );
        assert!(
            run.stderr.len() < 100_000,
            "{what}: a message of {} bytes",
            run.stderr.len()
        );
    }
}

const PAGE: &str = "---\nmessage: found\n---\n# EVIL1: evil\n\nText.\n";

/// Rules that take no end of work to compile or to match.
#[test]
fn rules_that_explode() {
    let alternatives = "[(identifier) (string) (integer) (call)]";
    for (what, query, told) in [
        ("parentheses", "(".repeat(15_000), "error: .dynaleak/x.scm:"),
        (
            "brackets",
            format!("{}(call){} @finding", "[".repeat(7000), "]".repeat(7000)),
            "",
        ),
        (
            "repeats",
            format!("(argument_list {}) @finding", "(_)* ".repeat(1500)),
            "error: .dynaleak/x.scm:1:",
        ),
        (
            "spaced repeats",
            format!("(argument_list {}) @finding", "(_) ? ".repeat(1500)),
            "error: .dynaleak/x.scm:1:",
        ),
        (
            "repeats of repeats",
            format!("(call {}(_)*{} @finding)", "(".repeat(30), ")*".repeat(30)),
            "error: .dynaleak/x.scm:",
        ),
        (
            "as many as may be",
            format!("(argument_list {}) @finding", "(_)* ".repeat(20)),
            "",
        ),
        (
            "alternatives",
            format!("(_ {}) @finding", format!("{alternatives} ").repeat(100)),
            "",
        ),
        (
            "siblings",
            format!("(block {}) @finding", "(_) ".repeat(500)),
            "",
        ),
        (
            "a regular expression",
            "((identifier) @finding (#match? @finding \"(a{1000}){1000}{1000}\"))".to_string(),
            "error: .dynaleak/x.scm:1:1: Invalid regex",
        ),
        (
            "one that backtracks",
            "((identifier) @finding (#match? @finding \"^(([a-z])+.)+[A-Z]([a-z])+$\"))"
                .to_string(),
            "",
        ),
        (
            "everything",
            "(_ (_) @a (_) @b (_) @c (_) @finding)".to_string(),
            "",
        ),
    ] {
        let project = Project::good();
        project.write(
            "long.py",
            format!(
                "{GOOD}X = [{}]\n",
                "[1, 2, 3, aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa], ".repeat(2000)
            ),
        );
        project.write(".dynaleak/x.scm", query);
        project.write(".dynaleak/x.md", PAGE);
        let run = check(&project, &["-q", "--output-format", "concise"]);
        assert!(matches!(run.code, Some(1 | 2)), "{what}: {run:?}");
        assert!(
            run.stderr.starts_with(told) && (told.is_empty() || run.code == Some(2)),
            "{what}: {:.500}",
            run.stderr
        );
        assert!(
            run.code == Some(2) || run.stdout.contains("good.py:8:9: error[DDB101]"),
            "{what}: {:.500}",
            run.stdout
        );
    }
}

#[test]
fn hostile_baselines() {
    let header = "{\"dynaleak-baseline\":1}\n";
    let entry = |file: &str, count: &str| {
        format!(
            "{{\"file\":\"{file}\",\"rule\":\"DDB101\",\"function\":\"collect\",\"code\":\"PENDING.append(item)\",\"count\":{count}}}\n"
        )
    };
    for (what, text, told) in [
        (
            "more than there are numbers",
            header.to_string() + &entry("good.py", &u64::MAX.to_string()),
            "good.jsonl",
        ),
        (
            "beyond numbers",
            header.to_string() + &entry("good.py", &"9".repeat(400)),
            "",
        ),
        ("nested", format!("{header}{}", "[".repeat(1_000_000)), ""),
        (
            "nested objects",
            format!("{header}{}", "{\"a\":".repeat(1_000_000)),
            "",
        ),
        (
            "paths out",
            "{\"dynaleak-baseline\":1,\"paths\":[\"../../../..\",\"/etc\"]}\n".to_string()
                + &entry("../../etc/passwd", "1"),
            "-",
        ),
        (
            "a long line",
            format!("{header}{}", "x".repeat(10_000_000)),
            "",
        ),
    ] {
        let project = Project::good();
        project.write("dynaleak-baseline.jsonl", text);
        let run = check(&project, &["-q"]);
        match told {
            "-" => assert_eq!(run.code, Some(1), "{what}: {:.500}", run.stderr),
            _ => {
                assert_eq!(run.code, Some(2), "{what}: {:.500}", run.stderr);
                assert!(
                    run.stderr.starts_with("error: dynaleak-baseline.jsonl:2: "),
                    "{what}: {:.500}",
                    run.stderr
                );
                assert!(
                    run.stderr.len() < 1000,
                    "{what}: a message of {} bytes",
                    run.stderr.len()
                );
            }
        }
    }
    // As large as counts may be, in many entries: they are counted, not listed.
    let project = Project::good();
    assert!(git(&project, &["init", "--quiet"]));
    project.write("dynaleak-baseline.jsonl", header);
    assert!(
        git(&project, &["add", "--all"])
            && git(&project, &["commit", "--quiet", "--message", "all"])
    );
    let entries: String = (0..1000)
        .map(|at| entry(&format!("f{at}.py"), "10000000"))
        .collect();
    project.write("dynaleak-baseline.jsonl", header.to_string() + &entries);
    let run = check(
        &project,
        &["-q", "--baseline-mode", "lock", "--since", "HEAD"],
    );
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(
        run.stderr
            .contains("10000000000 findings were added since the revision"),
        "{run:?}"
    );
}

// ---- git ----

/// A committed project with a change, and a program that says when it was run.
fn with_evil() -> (Project, String) {
    let project = Project::good();
    assert!(git(&project, &["init", "--quiet"]));
    project.write(
        "evil.sh",
        "#!/bin/sh\ntouch \"$(dirname \"$0\")/ran\"\ncat\n",
    );
    assert!(
        git(&project, &["add", "--all"])
            && git(&project, &["commit", "--quiet", "--message", "all"])
    );
    project.write(
        "good.py",
        GOOD.replace("def collect():", "def collect():\n    print()"),
    );
    let evil = project.path("evil.sh").to_str().unwrap().to_string();
    assert!(
        Command::new("chmod")
            .args(["+x", &evil])
            .status()
            .unwrap()
            .success()
    );
    (project, evil)
}

fn since(project: &Project) -> Run {
    let run = check(
        project,
        &["-q", "--output-format", "concise", "--since", "HEAD"],
    );
    assert!(!project.path("ran").exists(), "{run:?}");
    run
}

#[test]
fn filters_and_hooks_of_git_are_not_run() {
    let (project, evil) = with_evil();
    project.write(".gitattributes", "*.py filter=evil diff=evil merge=evil\n");
    for key in [
        "filter.evil.clean",
        "filter.evil.smudge",
        "filter.evil.process",
        "diff.evil.command",
        "diff.evil.textconv",
        "merge.evil.driver",
        "core.sshCommand",
        "core.gitProxy",
        "core.editor",
        "core.askPass",
        "gpg.program",
        "diff.external",
        "core.fsmonitor",
        "core.pager",
    ] {
        assert!(git(&project, &["config", key, &evil]));
    }
    assert!(git(&project, &["config", "filter.evil.required", "true"]));
    for hook in [
        "post-index-change",
        "reference-transaction",
        "pre-commit",
        "post-checkout",
        "fsmonitor-watchman",
    ] {
        let path = project.path(".git/hooks").join(hook);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::copy(&evil, path).unwrap();
    }
    let run = since(&project);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(
        run.stdout.starts_with("good.py:9:9: error[DDB101]"),
        "{run:?}"
    );
    // It would be run by whoever does not take care.
    let _ = git(&project, &["-c", "core.pager=cat", "diff", "HEAD"]);
    assert!(project.path("ran").exists(), "the trap is none");
    fs::remove_file(project.path("ran")).unwrap();
    // A name that cannot be given on git's command line.
    assert!(git(&project, &["config", "filter.a=b.clean", &evil]));
    let run = since(&project);
    assert_eq!(
        (run.code, run.stderr.as_str()),
        (
            Some(2),
            "error: --since: git's configuration has a filter with an odd name\n"
        )
    );
}

/// Blobs that are not there are fetched by what the configuration names.
#[test]
fn nothing_is_fetched() {
    let (project, evil) = with_evil();
    // Git would talk with it.
    project.write(
        "evil.sh",
        "#!/bin/sh\ntouch \"$(dirname \"$0\")/ran\"\nexit 1\n",
    );
    for (key, value) in [
        ("core.repositoryFormatVersion", "1"),
        ("extensions.partialClone", "evil"),
        ("remote.evil.promisor", "true"),
        ("remote.evil.url", "."),
        ("remote.evil.uploadpack", evil.as_str()),
        ("protocol.allow", "always"),
    ] {
        assert!(git(&project, &["config", key, value]));
    }
    for folder in fs::read_dir(project.path(".git/objects")).unwrap() {
        let folder = folder.unwrap().path();
        if folder.file_name().is_some_and(|name| name.len() == 2) && folder.is_dir() {
            for object in fs::read_dir(folder).unwrap() {
                let object = object.unwrap().path();
                let hash = format!(
                    "{}{}",
                    object
                        .parent()
                        .unwrap()
                        .file_name()
                        .unwrap()
                        .to_str()
                        .unwrap(),
                    object.file_name().unwrap().to_str().unwrap()
                );
                let mut kind = Command::new("git");
                let kind = kind
                    .args(["cat-file", "-t", &hash])
                    .current_dir(project.path("."))
                    .output()
                    .unwrap();
                if kind.stdout == b"blob\n" {
                    fs::remove_file(object).unwrap();
                }
            }
        }
    }
    let run = since(&project);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(
        run.stderr.starts_with("error: --since: git failed: "),
        "{run:?}"
    );
    let _ = git(&project, &["diff", "HEAD"]);
    assert!(project.path("ran").exists(), "the trap is none");
}

#[test]
fn a_repository_that_has_its_files_elsewhere() {
    let (project, _) = with_evil();
    for elsewhere in ["/", "/etc", ".."] {
        assert!(git(&project, &["config", "core.worktree", elsewhere]));
        let run = since(&project);
        // `..` is seen from `.git`, and so is the right one.
        match elsewhere {
            ".." => assert_eq!(run.code, Some(1), "{run:?}"),
            _ => {
                assert_eq!(run.code, Some(2), "{run:?}");
                assert_eq!(
                    run.stderr,
                    "error: --since: the repository has its files elsewhere (core.worktree)\n"
                );
            }
        }
    }
}

/// Takes as long as git is waited for: a minute for each.
#[test]
fn git_that_waits_for_a_pipe() {
    let (project, _) = with_evil();
    assert!(git(&project, &["config", "diff.orderFile", "pipe"]));
    assert!(git(&project, &["config", "core.attributesFile", "pipe"]));
    fifo(&project.path("pipe"));
    assert_eq!(since(&project).code, Some(1));
    if std::env::var_os("DYNALEAK_FAULTS").is_none() {
        return;
    }
    for name in [".gitattributes", ".git/HEAD", ".git/config"] {
        let (project, _) = with_evil();
        let _ = fs::remove_file(project.path(name));
        fifo(&project.path(name));
        let run = run(command(&project.path(".")).args(["check", "--since", "HEAD"]));
        assert_eq!(run.code, Some(2), "{run:?}");
        assert!(
            run.stderr.contains("git took more than 60 seconds"),
            "{run:?}"
        );
    }
}
