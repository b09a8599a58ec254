//! `--add-ignore`: comments that silence what is found now, several rules of a line in one.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::finding::Finding;
use crate::rules;
use crate::suppress::ignore_edits;
use crate::workspace::Workspace;

use super::rewrite::{Changed, Rewritten, writable};
use super::walk::File;

/// A reason that ends up in a comment.
pub fn reason(word: &str) -> Result<String, String> {
    let word = word.trim();
    match word.chars().any(|each| each.is_control()) || word.contains('#') {
        true => Err("a reason is one line, without `#`".to_string()),
        false => Ok(word.to_string()),
    }
}

/// Writes comments for the findings, sorted by file and start, of these files.
pub fn add(
    workspace: &mut Workspace,
    findings: &[Finding],
    files: &[&File],
    reason: &str,
) -> Rewritten {
    let by_name: FxHashMap<&str, &File> = files.iter().map(|file| (&*file.name, *file)).collect();
    let mut added = Rewritten {
        ignoring: true,
        ..Rewritten::default()
    };
    let behind = match reason {
        "" => String::new(),
        reason => format!(" {reason}"),
    };
    let mut written = FxHashSet::default();
    for findings in findings.chunk_by(|one, other| one.file == other.file) {
        let name = &findings[0].file;
        let Some(file) = by_name.get(&**name) else {
            continue;
        };
        if let Err(why) = writable(workspace, file) {
            let why = why.replace("not rewritten", "no comment is added");
            added.problems.push(format!("{name}: {why}"));
            continue;
        }
        let Some(changed) = commented(&mut added, workspace, findings, &behind) else {
            continue;
        };
        workspace.load(vec![(Arc::clone(name), changed.after.clone())]);
        added.take(workspace, file, changed, &mut written);
    }
    added
}

/// The file with the comments; none where none can be added.
fn commented(
    added: &mut Rewritten,
    workspace: &Workspace,
    findings: &[Finding],
    behind: &str,
) -> Option<Changed> {
    let name = &findings.first()?.file;
    let source = workspace.source(name)?;
    let (mut edits, left) = ignore_edits(source, findings, behind);
    // Of notices the findings themselves say what is wrong.
    for finding in left.iter().filter(|it| rules::find(it.code).is_some()) {
        let line = source.text().line_of(finding.span.start) + 1;
        let code = finding.code;
        let why = "no comment can stand at this statement";
        added.problems.push(format!("{name}:{line}: {code}: {why}"));
    }
    if edits.is_empty() {
        return None;
    }
    let mut fixed: BTreeMap<&'static str, usize> = BTreeMap::new();
    for finding in findings {
        if !left.iter().any(|other| std::ptr::eq(*other, finding)) {
            *fixed.entry(finding.code).or_default() += 1;
        }
    }
    let before = source.text().as_str().to_string();
    let mut after = before.clone();
    edits.sort_by_key(|edit| edit.span.start);
    for edit in edits.iter().rev() {
        after.replace_range(edit.span.clone(), &edit.text);
    }
    Some(Changed {
        name: Arc::clone(name),
        before,
        after,
        fixed: fixed.into_iter().collect(),
    })
}
