//! `--since REV`: what changed in the working tree since a git revision, and which findings that concerns.

use std::cell::RefCell;
use std::fs;
use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use rustc_hash::{FxHashMap, FxHashSet};
use tree_sitter::{Node, Tree};

use crate::finding::Finding;
use crate::syntax::{parse, with_parser};
use crate::text::Text;
use crate::workspace::Workspace;

/// What changed since a revision, uncommitted changes too.
pub struct Since {
    /// The commit that counts.
    base: String,
    /// The repository's folder, its links followed.
    top: PathBuf,
    git: Git,
    /// Relative to it, as git writes them.
    tracked: FxHashSet<PathBuf>,
    /// Lines from 0, of files that are tracked.
    changed: FxHashMap<PathBuf, Vec<Range<usize>>>,
}

impl Since {
    /// Asks git. Fails with what to tell the user.
    pub fn of(revision: &str, here: &Path) -> Result<Since, String> {
        if revision.is_empty() || revision.starts_with('-') {
            return Err(format!("--since: `{revision}` is no revision"));
        }
        let told = |error| format!("--since: {error}");
        let git = Git::of(here).map_err(told)?;
        let ask = |folder: &Path, arguments: &[&str]| git.ask(folder, arguments);
        let top = ask(here, &["rev-parse", "--show-toplevel"]).map_err(told)?;
        let top = path_of(top.trim_ascii_end());
        let top = fs::canonicalize(&top).unwrap_or(top);
        let chosen = ["GIT_DIR", "GIT_WORK_TREE"].map(std::env::var_os);
        // `core.worktree = /` would have git read whatever the index names.
        if !(chosen.iter().any(Option::is_some) || holds(&top, here)) {
            return Err(
                "--since: the repository has its files elsewhere (core.worktree)".to_string(),
            );
        }
        let commit = format!("{revision}^{{commit}}");
        let arguments = [
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            &commit,
        ];
        let commit = ask(here, &arguments)
            .map_err(|_| format!("--since: git knows no revision `{revision}` here"))?;
        let commit = String::from_utf8_lossy(commit.trim_ascii_end()).into_owned();
        // What others did meanwhile on the branch that this one came from is no change of this one.
        let base = ask(&top, &["merge-base", "--end-of-options", &commit, "HEAD"]);
        let base = base.map(|base| String::from_utf8_lossy(base.trim_ascii_end()).into_owned());
        let base = base.unwrap_or(commit);
        let arguments = [
            "diff",
            "-O/dev/null",
            "-l1000",
            "--no-ext-diff",
            "--no-textconv",
            "--no-color",
            "--text",
            "--find-renames",
            "--ignore-submodules=all",
            "--unified=0",
            "--inter-hunk-context=0",
            "--src-prefix=a/",
            "--dst-prefix=b/",
            "--end-of-options",
            &base,
            "--",
        ];
        let changed = changes(&ask(&top, &arguments).map_err(told)?);
        let tracked = ask(&top, &["ls-files", "-z"]).map_err(told)?;
        let tracked = tracked.split(|byte| *byte == 0).map(path_of);
        Ok(Since {
            base,
            top,
            git,
            tracked: tracked.collect(),
            changed,
        })
    }

    /// A file's text then; none where it was not there, or in no form that is text.
    pub fn text_of(&self, path: &Path) -> Option<String> {
        let path = fs::canonicalize(path).ok()?;
        let name = path.strip_prefix(&self.top).ok()?.to_str()?;
        let name = format!("{}:{}", self.base, name.replace('\\', "/"));
        let blob = self.git.ask(&self.top, &["cat-file", "blob", &name]);
        String::from_utf8(blob.ok()?).ok()
    }

    /// Those whose function changed, or a line of whose trail; `path` says where a file is.
    pub fn only<'a>(
        &self,
        findings: Vec<Finding>,
        workspace: &Workspace,
        path: &dyn Fn(&str) -> Option<&'a Path>,
    ) -> Vec<Finding> {
        let looked = Looked {
            since: self,
            workspace,
            path,
            files: RefCell::default(),
        };
        let mut findings = findings;
        findings.retain(|finding| looked.concerns(finding));
        findings
    }
}

/// Which lines of a file changed.
#[derive(Clone)]
enum Lines {
    /// Git doesn't know the file, so that all of it is new.
    All,
    Some(Vec<Range<usize>>),
}

impl Lines {
    fn any(&self, lines: Range<usize>) -> bool {
        match self {
            Lines::All => true,
            Lines::Some(changed) => {
                (changed.iter()).any(|each| each.start < lines.end && lines.start < each.end)
            }
        }
    }
}

struct Looked<'a, 'p> {
    since: &'a Since,
    workspace: &'a Workspace,
    path: &'a dyn Fn(&str) -> Option<&'p Path>,
    files: RefCell<FxHashMap<String, (Lines, Option<Tree>)>>,
}

impl Looked<'_, '_> {
    fn concerns(&self, finding: &Finding) -> bool {
        let own = |text: &Text, tree: &Tree| around(text, tree, finding.span.start);
        self.changed(&finding.file, own)
            || finding.trail.iter().any(|step| {
                self.changed(step.file, |text, _| {
                    let line = text.line_of(step.span.start);
                    line..line + 1
                })
            })
    }

    fn changed(&self, file: &str, lines: impl Fn(&Text, &Tree) -> Range<usize>) -> bool {
        let mut files = self.files.borrow_mut();
        let (changed, tree) = files
            .entry(file.to_string())
            .or_insert_with(|| (self.lines(file), None));
        let (false, Some(text)) = (matches!(changed, Lines::All), self.workspace.text(file)) else {
            return true;
        };
        if matches!(changed, Lines::Some(changed) if changed.is_empty()) {
            return false;
        }
        let parsed = || with_parser(|parser| parse(parser, text.as_str(), None));
        changed.any(lines(text, tree.get_or_insert_with(parsed)))
    }

    fn lines(&self, file: &str) -> Lines {
        let path = (self.path)(file).and_then(|path| fs::canonicalize(path).ok());
        let name = path
            .as_deref()
            .and_then(|path| path.strip_prefix(&self.since.top).ok());
        match name.filter(|name| self.since.tracked.contains(*name)) {
            Some(name) => Lines::Some(self.since.changed.get(name).cloned().unwrap_or_default()),
            None => Lines::All,
        }
    }
}

/// The lines of the function around a byte, with its decorators; outside of all, of its statement.
fn around(text: &Text, tree: &Tree, byte: usize) -> Range<usize> {
    let mut node = tree.root_node().descendant_for_byte_range(byte, byte);
    let mut statement: Option<Node> = None;
    while let Some(each) = node {
        let parent = each.parent();
        let in_block = parent.is_some_and(|parent| matches!(parent.kind(), "module" | "block"));
        if each.kind() == "function_definition" {
            statement = Some(match parent {
                Some(parent) if parent.kind() == "decorated_definition" => parent,
                _ => each,
            });
            break;
        }
        if in_block && statement.is_none() {
            statement = Some(each);
        }
        node = parent;
    }
    let span = statement.map_or(byte..byte, |node| node.byte_range());
    text.line_of(span.start)..text.line_of(span.end.max(span.start)) + 1
}

/// The changed lines of each file, from 0, of a diff without lines around.
fn changes(diff: &[u8]) -> FxHashMap<PathBuf, Vec<Range<usize>>> {
    let mut changed: FxHashMap<PathBuf, Vec<Range<usize>>> = FxHashMap::default();
    let mut file = None;
    let mut skip = 0;
    for line in diff.split(|byte| *byte == b'\n') {
        // What stands in a hunk may look like anything.
        if skip > 0 {
            skip -= usize::from(!line.starts_with(b"\\"));
        } else if line.starts_with(b"diff --git ") {
            file = None;
        } else if let Some(name) = line.strip_prefix(b"+++ ") {
            file = named(name);
        } else if let Some((old, new)) = hunk(line) {
            skip = old + new.len();
            // Where lines went only, those around the place changed.
            let lines = match new.is_empty() {
                true => new.start.saturating_sub(1)..new.start + 1,
                false => new,
            };
            if let Some(file) = &file {
                changed.entry(PathBuf::clone(file)).or_default().push(lines);
            }
        }
    }
    changed
}

/// `@@ -3,2 +4 @@`: how many lines went, and which came, from 0.
fn hunk(line: &[u8]) -> Option<(usize, Range<usize>)> {
    let line = std::str::from_utf8(
        line.strip_prefix(b"@@ -")?
            .split(|byte| *byte == b'@')
            .next()?,
    );
    let (old, new) = line.ok()?.trim_end().split_once(" +")?;
    let part = |part: &str| -> Option<(usize, usize)> {
        let (start, count) = part.split_once(',').unwrap_or((part, "1"));
        Some((start.parse().ok()?, count.parse().ok()?))
    };
    let ((_, went), (start, came)) = (part(old)?, part(new)?);
    // Of no lines git names the one before.
    let start = if came == 0 {
        start
    } else {
        start.saturating_sub(1)
    };
    Some((went, start..start + came))
}

/// `b/shop/views.py`, or in quotes where the name has unusual letters.
fn named(name: &[u8]) -> Option<PathBuf> {
    // Behind a name with a space stands a tab.
    let name = name.strip_suffix(b"\t").unwrap_or(name);
    let quoted = name
        .strip_prefix(b"\"")
        .and_then(|name| name.strip_suffix(b"\""));
    let name = quoted.map_or_else(|| name.to_vec(), unquoted);
    name.strip_prefix(b"b/").map(path_of)
}

/// As C writes it: `\303\251`, `\"`, `\t`.
fn unquoted(name: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    let mut at = 0;
    while at < name.len() {
        let (byte, length) = match (name[at], name.get(at + 1)) {
            (b'\\', Some(b'0'..=b'7')) => {
                let digits = name.get(at + 1..at + 4).unwrap_or_default();
                let digits = std::str::from_utf8(digits).unwrap_or_default();
                (u8::from_str_radix(digits, 8).unwrap_or(b'?'), 4)
            }
            (b'\\', Some(letter)) => {
                let byte = match letter {
                    b'a' => 7,
                    b'b' => 8,
                    b't' => b'\t',
                    b'n' => b'\n',
                    b'v' => 11,
                    b'f' => 12,
                    b'r' => b'\r',
                    other => *other,
                };
                (byte, 2)
            }
            (byte, _) => (byte, 1),
        };
        plain.push(byte);
        at += length;
    }
    plain
}

#[cfg(unix)]
fn path_of(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

#[cfg(not(unix))]
fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}

/// Is it a repository's folder, around this one?
fn holds(top: &Path, here: &Path) -> bool {
    let here = fs::canonicalize(here).unwrap_or_else(|_| here.to_path_buf());
    here.starts_with(top) && top.join(".git").exists()
}

/// Git, with nothing that a repository could have it run.
struct Git {
    /// What the configuration would have run over the files of the working tree, each set to nothing.
    filters: Vec<String>,
    limit: Duration,
}

/// Of one question. The largest repositories take seconds; a pipe in the place of a file takes forever.
const LIMIT: Duration = Duration::from_secs(60);

impl Git {
    fn of(folder: &Path) -> Result<Git, String> {
        let mut git = Git {
            filters: Vec::new(),
            limit: LIMIT,
        };
        let arguments = [
            "config",
            "--null",
            "--name-only",
            "--get-regexp",
            r"^filter\.",
        ];
        let (found, out, said) = git.run(folder, &arguments)?;
        if !found && !said.is_empty() {
            return Err(reason(&said));
        }
        for key in out.split(|byte| *byte == 0).filter(|key| !key.is_empty()) {
            let key = String::from_utf8_lossy(key);
            let name = key.rsplit_once('.').map_or(&*key, |(name, _)| name);
            // `-c` ends a key there.
            if name.contains(['=', '\n', '\u{fffd}']) {
                return Err("git's configuration has a filter with an odd name".to_string());
            }
            for (key, value) in [
                ("clean", ""),
                ("smudge", ""),
                ("process", ""),
                ("required", "false"),
            ] {
                git.filters.push(format!("{name}.{key}={value}"));
            }
        }
        git.filters.sort();
        git.filters.dedup();
        Ok(git)
    }

    /// What it prints.
    fn ask(&self, folder: &Path, arguments: &[&str]) -> Result<Vec<u8>, String> {
        let (fine, out, said) = self.run(folder, arguments)?;
        match fine {
            true => Ok(out),
            false => Err(reason(&said)),
        }
    }

    /// Whether it ended well, what it printed, and what it said beside that.
    fn run(&self, folder: &Path, arguments: &[&str]) -> Result<(bool, Vec<u8>, String), String> {
        let quiet = [
            "core.fsmonitor=false",
            "core.hooksPath=/dev/null",
            "core.attributesFile=/dev/null",
            "core.quotePath=false",
        ];
        let quiet = quiet
            .into_iter()
            .chain(self.filters.iter().map(String::as_str));
        let mut command = Command::new("git");
        let mut git = command
            .args(quiet.flat_map(|each| ["-c", each]))
            .args(arguments)
            .current_dir(folder)
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("LC_ALL", "C")
            // What is missing in a partial clone stays missing: fetching it runs what `remote.*` names.
            .env("GIT_ALLOW_PROTOCOL", "none")
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| match error.kind() {
                std::io::ErrorKind::NotFound => "git is not installed".to_string(),
                _ => format!("git cannot be run: {error}"),
            })?;
        let ends = Instant::now() + self.limit;
        let streams = (read(git.stdout.take()), read(git.stderr.take()));
        let all = |stream: &mpsc::Receiver<Vec<u8>>| {
            stream.recv_timeout(ends.saturating_duration_since(Instant::now()))
        };
        let (out, said) = match (all(&streams.0), all(&streams.1)) {
            (Err(RecvTimeoutError::Timeout), _) | (_, Err(RecvTimeoutError::Timeout)) => {
                let _ = git.kill();
                let _ = git.wait();
                let seconds = self.limit.as_secs();
                return Err(format!("git took more than {seconds} seconds"));
            }
            (out, said) => (out.unwrap_or_default(), said.unwrap_or_default()),
        };
        let status = git
            .wait()
            .map_err(|error| format!("git cannot be run: {error}"))?;
        Ok((
            status.success(),
            out,
            String::from_utf8_lossy(&said).into_owned(),
        ))
    }
}

/// Reads to the end, beside what else goes on.
fn read(stream: Option<impl Read + Send + 'static>) -> mpsc::Receiver<Vec<u8>> {
    let (sender, bytes) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            let _ = stream.read_to_end(&mut bytes);
        }
        sender.send(bytes)
    });
    bytes
}

/// Why git failed, by what it said.
fn reason(said: &str) -> String {
    let said = said
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or("no reason given");
    let said = said.trim_start_matches("fatal: ");
    match said.starts_with("not a git repository") {
        true => "this folder is in no git repository".to_string(),
        false => format!("git failed: {said}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_is_read_by_its_counts() {
        let diff = b"diff --git a/x b/x\n--- a/x\n+++ b/shop/a.py\n@@ -3,2 +3 @@ def f():\n-a\n-b\n+++ b/evil.py\n@@ -9 +8,0 @@\n-@@ -1 +1 @@\n\\ No newline at end of file\n@@ -12,0 +12,3 @@\n+1\n+2\n+3\ndiff --git a/y b/y\n--- a/y\n+++ /dev/null\n@@ -1 +0,0 @@\n-y\ndiff --git a/z b/z\n--- a/z\n+++ \"b/\\303\\251 \\\"q\\\".py\"\n@@ -1 +1 @@\n-a\n+b\n";
        let changed = changes(diff);
        assert_eq!(changed.len(), 2, "{changed:?}");
        assert_eq!(changed[Path::new("shop/a.py")], [2..3, 7..9, 11..14]);
        let quoted = &changed[Path::new("é \"q\".py")];
        assert_eq!(quoted.first(), Some(&(0..1)));
    }

    #[cfg(unix)]
    #[test]
    fn git_is_not_waited_for_without_end() {
        let folder = tempfile::tempdir().unwrap();
        let repository = folder.path();
        let git = |limit| Git {
            filters: Vec::new(),
            limit,
        };
        git(LIMIT).ask(repository, &["init", "--quiet"]).unwrap();
        let config = repository.join(".git/config");
        fs::remove_file(&config).unwrap();
        let made = Command::new("mkfifo").arg(&config).status();
        assert!(made.unwrap().success());
        let second = Duration::from_secs(1);
        let asked = git(second).ask(repository, &["rev-parse", "--show-toplevel"]);
        assert_eq!(asked.unwrap_err(), "git took more than 1 seconds");
    }

    #[test]
    fn a_function_with_its_decorators() {
        let code = "import a\n@b\ndef f():\n    def g():\n        x\n    y\nclass C:\n    Z = 1\n    W = 2\n";
        let text = Text::new(code.to_string());
        let tree = with_parser(|parser| parse(parser, code, None));
        let lines = |word: &str| around(&text, &tree, code.find(word).unwrap());
        assert_eq!(lines("import"), 0..1);
        assert_eq!(lines("y\n"), 1..6);
        assert_eq!(lines("x\n"), 3..5);
        assert_eq!(lines("Z"), 7..8);
    }
}
