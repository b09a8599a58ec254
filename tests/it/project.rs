//! A throw-away project and the runs of `dynaleak` in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use std::{fs, thread};

use serde_json::Value;
use tempfile::TempDir;

/// Gives one finding: DDB101 at `APPEND`, line 8, column 9.
pub const GOOD: &str = r#"import boto3
PENDING = []
table = boto3.resource("dynamodb").Table("orders")


def collect():
    for item in table.scan()["Items"]:
        PENDING.append(item)
"#;

pub const APPEND: &str = "PENDING.append(item)";

pub struct Project {
    root: TempDir,
}

impl Project {
    pub fn new() -> Project {
        Project {
            root: TempDir::new().unwrap(),
        }
    }

    /// With `GOOD` as `good.py`.
    pub fn good() -> Project {
        let project = Project::new();
        project.write("good.py", GOOD);
        project
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        self.run_in(".", arguments)
    }

    pub fn run_in(&self, folder: &str, arguments: &[&str]) -> Run {
        run(command(&self.path(folder)).args(arguments))
    }

    /// `dynaleak check --output-format json` with more arguments.
    pub fn json(&self, arguments: &[&str]) -> Run {
        self.run(&[&["check", "--output-format", "json"], arguments].concat())
    }
}

/// `dynaleak` in a folder, in an environment that says nothing about colours or CI.
pub fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dynaleak"));
    command.current_dir(folder).stdin(Stdio::null());
    for name in [
        "NO_COLOR",
        "FORCE_COLOR",
        "CLICOLOR",
        "CLICOLOR_FORCE",
        "GITHUB_ACTIONS",
        "CI",
    ] {
        command.env_remove(name);
    }
    command
}

/// Fails rather than wait for good: a run must not open a FIFO, nor follow a loop.
pub fn run(command: &mut Command) -> Run {
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let id = child.id();
    let (sender, output) = mpsc::channel();
    thread::spawn(move || sender.send(child.wait_with_output()));
    match output.recv_timeout(Duration::from_secs(120)) {
        Ok(output) => Run::of(output.unwrap()),
        Err(_) => {
            let _ = Command::new("kill").arg(id.to_string()).status();
            panic!("no end after two minutes: {command:?}");
        }
    }
}

#[derive(Debug)]
pub struct Run {
    /// `None`: ended by a signal, as an overflown stack is.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    fn of(output: Output) -> Run {
        Run {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub fn document(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// `good.py:8 DDB101` for each finding.
    pub fn found(&self) -> Vec<String> {
        let document = self.document();
        let findings = document["findings"].as_array().unwrap().iter();
        findings
            .map(|finding| {
                let file = finding["file"].as_str().unwrap();
                let line = &finding["range"]["start"]["line"];
                format!("{file}:{line} {}", finding["code"].as_str().unwrap())
            })
            .collect()
    }

    /// The code and the severity of each finding of a JSON output.
    pub fn severities(&self) -> Vec<(String, String)> {
        let document = self.document();
        let findings = document["findings"].as_array().expect("findings").iter();
        let word = |value: &Value| value.as_str().expect("a word").to_string();
        findings
            .map(|finding| (word(&finding["code"]), word(&finding["severity"])))
            .collect()
    }

    /// `bad.py: why` for each error.
    pub fn errors(&self) -> Vec<String> {
        let document = self.document();
        let errors = document["errors"].as_array().unwrap().iter();
        errors
            .map(|error| {
                let word = |key| error[key].as_str().unwrap().to_string();
                format!("{}: {}", word("file"), word("message"))
            })
            .collect()
    }
}

/// Runs git in the project's folder with nobody's settings: whether it ended well.
pub fn git(project: &Project, arguments: &[&str]) -> bool {
    let status = Command::new("git")
        .args([
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@example.org",
            "-c",
            "init.defaultBranch=main",
        ])
        .args(arguments)
        .current_dir(project.path("."))
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    status.success()
}
