//! `--fix` and `--diff`: rewrites in memory, then each file replaced whole or not at all.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use similar::TextDiff;

use crate::config::files::Configs;
use crate::finding::Finding;
use crate::fix::rounds::{Done, Wanted, allowed, converge};
use crate::fix::suite::Suite;
use crate::secret::masked;
use crate::text::Text;
use crate::workspace::Workspace;

use super::coding;
use super::human::counted;
use super::interrupt::Writing;
use super::output::{Access, beside, one_line};
use super::walk::File;

/// What was rewritten, or would be.
#[derive(Default)]
pub struct Rewritten {
    pub files: Vec<Changed>,
    /// What could not be, a line each.
    pub problems: Vec<String>,
    /// A file could not be written.
    pub failed: bool,
    /// Nothing was written: `--diff` alone.
    pub pretended: bool,
    /// Comments were added, and nothing was mended.
    pub ignoring: bool,
}

pub struct Changed {
    pub name: Arc<str>,
    pub before: String,
    pub after: String,
    /// How often each rule was mended or silenced in it.
    pub fixed: Vec<(&'static str, usize)>,
}

impl Rewritten {
    /// Writes a file, unless it is only pretended; two names can stand for one that is `written`.
    pub fn take(
        &mut self,
        workspace: &mut Workspace,
        file: &File,
        changed: Changed,
        written: &mut FxHashSet<PathBuf>,
    ) {
        let target = fs::canonicalize(&file.path).unwrap_or_else(|_| file.path.clone());
        if !written.insert(target.clone()) {
            return;
        }
        let _writing = Writing::begin();
        let write = !self.pretended && file.text.is_none();
        if write && let Err(problem) = replace(&target, &changed) {
            self.failed |= problem.fatal;
            let line = format!("{}: {}", changed.name, problem.why);
            self.problems.push(line);
            // What is said of it must be true of what stands there.
            workspace.load(vec![(Arc::clone(&changed.name), changed.before)]);
            return;
        }
        self.files.push(changed);
    }
}

/// May the file be written, and does it hold what was read?
pub fn writable(workspace: &Workspace, file: &File) -> Result<(), &'static str> {
    if file.text.is_some() {
        return Ok(());
    }
    let text = workspace.text(&file.name).map_or("", Text::as_str);
    within(file).and_then(|()| as_read(&file.path, text))
}

/// How far a rewriting goes.
pub struct How<'a> {
    pub suite: &'a Suite<'a>,
    pub unsafe_too: bool,
    /// On disk too.
    pub write: bool,
}

/// Rewrites what may be rewritten of the findings that are shown, which `mendable` tells anew.
pub fn rewrite(
    workspace: &mut Workspace,
    findings: Vec<Finding>,
    mendable: &dyn Fn(&Workspace) -> Vec<Finding>,
    files: &[&File],
    configs: &Configs,
    how: &How,
) -> Rewritten {
    let by_name: FxHashMap<&str, &File> = files.iter().map(|file| (&*file.name, *file)).collect();
    let mut rewritten = Rewritten {
        pretended: !how.write,
        ..Rewritten::default()
    };
    // Only what stands on disk as it was read, byte for byte, is written again.
    let mut other = Vec::new();
    let names: FxHashSet<&Arc<str>> = findings.iter().map(|finding| &finding.file).collect();
    for file in files {
        if let Err(why) = writable(workspace, file) {
            if names.contains(&file.name) {
                rewritten.problems.push(format!("{}: {why}", file.name));
            }
            other.push(Arc::clone(&file.name));
        }
    }
    let done = converge(
        workspace,
        findings,
        &Wanted {
            findings: mendable,
            terms: &|name| {
                let file = by_name.get(name);
                file.map_or_else(Default::default, |file| configs.terms(&file.path))
            },
            choice: &|_, rewrites| allowed(rewrites, how.unsafe_too),
            writable: &|name| by_name.contains_key(name) && !other.iter().any(|it| **it == *name),
            suite: how.suite,
        },
    );
    let Done {
        fixed,
        before,
        broken,
        ..
    } = done;
    for name in broken {
        let why = "its rewrite would be no Python; please report it: not rewritten";
        rewritten.problems.push(format!("{name}: {why}"));
    }
    let mut written = FxHashSet::default();
    for (name, before) in before {
        let after = workspace.text(&name).map_or("", Text::as_str).to_string();
        let own = fixed.iter().filter(|((file, _), _)| *file == name);
        let changed = Changed {
            fixed: own.map(|((_, code), count)| (*code, *count)).collect(),
            name,
            before,
            after,
        };
        let Some(file) = by_name.get(&*changed.name) else {
            continue;
        };
        rewritten.take(workspace, file, changed, &mut written);
    }
    rewritten
}

/// A link that was found, not named, may lead out of the project: what stands there is none of its files.
fn within(file: &File) -> Result<(), &'static str> {
    if file.named || !file.path.is_symlink() {
        return Ok(());
    }
    let here = std::env::current_dir().and_then(fs::canonicalize);
    let target = fs::canonicalize(&file.path);
    match (here, target) {
        (Ok(here), Ok(target)) if target.starts_with(&here) => Ok(()),
        _ => Err("a link out of this folder: not rewritten, unless it is named itself"),
    }
}

/// Does the file hold this text, in UTF-8?
fn as_read(path: &Path, text: &str) -> Result<(), &'static str> {
    let mut bytes = Vec::new();
    match coding::read(path, &mut bytes) {
        Ok(true) if bytes == text.as_bytes() => Ok(()),
        Ok(true) if coding::decode(&bytes).is_ok_and(|decoded| decoded == text) => {
            Err("not in UTF-8, or with line ends of old Macs: not rewritten")
        }
        _ => Err("changed while it was checked: not rewritten"),
    }
}

struct Problem {
    why: String,
    fatal: bool,
}

/// A kill at any moment leaves the old file or the new one: what is written beside it takes its
/// place in one step, with its mode.
fn replace(target: &Path, changed: &Changed) -> Result<(), Problem> {
    let failed = |error: io::Error| Problem {
        why: format!("cannot be written: {error}"),
        fatal: true,
    };
    let mode = fs::metadata(target).map_err(failed)?.permissions();
    if mode.readonly() {
        return Err(failed(io::ErrorKind::PermissionDenied.into()));
    }
    let mut file = beside(target, Access::Owner).map_err(failed)?;
    file.write_all(changed.after.as_bytes()).map_err(failed)?;
    file.as_file().set_permissions(mode).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    as_read(target, &changed.before).map_err(|why| Problem {
        why: why.to_string(),
        fatal: false,
    })?;
    file.persist(target).map_err(|error| failed(error.error))?;
    // The new name is as lasting as the new bytes; where folders cannot be synced it need not be.
    #[cfg(unix)]
    let _ = fs::File::open(target.parent().unwrap_or(Path::new(".")))
        .and_then(|folder| folder.sync_all());
    Ok(())
}

/// The unified diff of all files; keys of AWS are masked, be they in what goes or in what stays.
pub fn show(out: &mut dyn Write, rewritten: &Rewritten) -> io::Result<()> {
    for changed in &rewritten.files {
        let name = one_line(&changed.name);
        let (before, after) = (masked(&changed.before), masked(&changed.after));
        let diff = TextDiff::from_lines(&before, &after);
        let mut diff = diff.unified_diff();
        diff.context_radius(3);
        diff.header(&format!("a/{name}"), &format!("b/{name}"));
        diff.to_writer(&mut *out)?;
    }
    Ok(())
}

/// `Fixed 3 findings in 2 files: DDB304 in shop/views.py, …`
pub fn told(out: &mut dyn Write, rewritten: &Rewritten, quiet: bool) -> io::Result<()> {
    if quiet {
        return Ok(());
    }
    let (verb, nothing) = match (rewritten.pretended, rewritten.ignoring) {
        (_, true) => ("Ignored", "Nothing to ignore."),
        (true, false) => ("Would fix", "Nothing to fix."),
        (false, false) => ("Fixed", "Nothing to fix."),
    };
    for Changed { name, fixed, .. } in &rewritten.files {
        let codes: Vec<String> = (fixed.iter())
            .map(|(code, count)| match count {
                1 => code.to_string(),
                count => format!("{count} × {code}"),
            })
            .collect();
        let why = match codes.is_empty() {
            true => "for a finding elsewhere".to_string(),
            false => codes.join(", "),
        };
        writeln!(out, "{}: {} {why}", one_line(name), verb.to_lowercase())?;
    }
    let all = rewritten.files.iter().flat_map(|changed| &changed.fixed);
    let count: usize = all.map(|(_, count)| count).sum();
    match rewritten.files.len() {
        0 => writeln!(out, "{nothing}"),
        files => writeln!(
            out,
            "{verb} {} in {}.",
            counted(count, "finding"),
            counted(files, "file")
        ),
    }
}
