//! `--fix`: rewrites in rounds until nothing is left to rewrite, in memory.

use std::collections::BTreeMap;
use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::suite::Suite;
use super::{Fixer, Rewrite, applied, clash, module};
use crate::config::Terms;
use crate::finding::{Applicability, Edit, Finding};
use crate::text::Text;
use crate::workspace::Workspace;

/// Rewrites that overlap wait for a later round; these many are always enough.
pub const ROUNDS: usize = 10;

/// What the rounds did.
#[derive(Debug, Default)]
pub struct Done {
    /// How often a rule's findings in a file were rewritten.
    pub fixed: BTreeMap<(Arc<str>, &'static str), usize>,
    /// The files that changed, with what they were.
    pub before: BTreeMap<Arc<str>, String>,
    pub rounds: usize,
    /// Files that are left alone, for their rewrites would not have been Python.
    pub broken: Vec<Arc<str>>,
}

/// What to rewrite and how far.
pub struct Wanted<'a> {
    /// The findings that are shown after a round.
    pub findings: &'a dyn Fn(&Workspace) -> Vec<Finding>,
    pub terms: &'a dyn Fn(&str) -> Terms,
    /// Which of a finding's rewrites to take, in this order.
    pub choice: &'a dyn Fn(&Finding, &[Rewrite]) -> Vec<usize>,
    /// May the file be written?
    pub writable: &'a dyn Fn(&str) -> bool,
    pub suite: &'a Suite<'a>,
}

/// For a command: the safe ones, with `unsafe_too` the unsafe ones; never those that are for display.
pub fn allowed(rewrites: &[Rewrite], unsafe_too: bool) -> Vec<usize> {
    let allowed = |rewrite: &Rewrite| match rewrite.applicability {
        Applicability::Safe => true,
        Applicability::Unsafe => unsafe_too,
        Applicability::Display => false,
    };
    (0..rewrites.len())
        .filter(|&number| allowed(&rewrites[number]))
        .collect()
}

/// Rewrites until nothing changes; `first` are the findings that are shown now.
pub fn converge(workspace: &mut Workspace, first: Vec<Finding>, wanted: &Wanted) -> Done {
    let mut first = Some(first);
    let mut done = Done::default();
    let mut tried: Vec<Tried> = Vec::new();
    let mut broken: FxHashSet<Arc<str>> = FxHashSet::default();
    while done.rounds < ROUNDS {
        let findings = first.take().unwrap_or_else(|| (wanted.findings)(workspace));
        let fixer = Fixer::new(workspace, wanted.suite);
        let mut taken = Taken::new();
        for finding in &findings {
            // A rewrite that leaves its finding as it was must not come again and again.
            if tried.iter().any(|tried| tried.is(finding)) {
                continue;
            }
            let rewrites = fixer.rewrites(finding, (wanted.terms)(&finding.file));
            let choice = (wanted.choice)(finding, &rewrites);
            let writable = |rewrite: &Rewrite| {
                let mut files = rewrite.edits.iter().map(|edit| &edit.file);
                files.all(|file| !broken.contains(file) && (wanted.writable)(file))
            };
            let mut chosen = choice.iter().filter_map(|&number| rewrites.get(number));
            let Some(rewrite) = chosen.find(|rewrite| writable(rewrite)) else {
                continue;
            };
            let new = |edit: &&Edit| !taken.iter().any(|(other, _)| other.edits.contains(edit));
            let clashes = rewrite.edits.iter().filter(new).any(|edit| {
                let others = taken.iter().flat_map(|(other, _)| &other.edits);
                others.into_iter().any(|other| clash(edit, other))
            });
            if !clashes {
                taken.push((rewrite.clone(), finding));
            }
        }
        if taken.is_empty() {
            break;
        }
        let Some((texts, edits, taken)) = joined(&fixer, taken, &mut broken) else {
            continue;
        };
        done.rounds += 1;
        let there = taken
            .iter()
            .filter(|(_, finding)| !removed(finding, &edits));
        tried.extend(there.map(|(_, finding)| Tried::new(finding)));
        tried.iter_mut().for_each(|tried| tried.moved(&edits));
        for (_, finding) in &taken {
            let file = Arc::clone(&finding.file);
            *done.fixed.entry((file, finding.code)).or_default() += 1;
        }
        for (file, _) in &texts {
            let before = workspace.text(file).map_or("", Text::as_str);
            done.before
                .entry(Arc::clone(file))
                .or_insert_with(|| before.to_string());
        }
        workspace.load(texts);
    }
    done.before
        .retain(|file, before| workspace.text(file).map(Text::as_str) != Some(&**before));
    done.broken = broken.into_iter().collect();
    done.broken.sort();
    done
}

/// A finding that was rewritten, and where it stands if it is still there.
struct Tried {
    code: &'static str,
    file: Arc<str>,
    message: String,
    /// What is put in right before it may belong to it or not.
    starts: RangeInclusive<usize>,
}

impl Tried {
    fn new(finding: &Finding) -> Tried {
        let start = finding.span.start;
        Tried {
            code: finding.code,
            file: Arc::clone(&finding.file),
            message: finding.message.to_string(),
            starts: start..=start,
        }
    }

    fn is(&self, finding: &Finding) -> bool {
        self.code == finding.code
            && self.file == finding.file
            && self.message == *finding.message
            && self.starts.contains(&finding.span.start)
    }

    fn moved(&mut self, edits: &[Edit]) {
        let own = || edits.iter().filter(|edit| edit.file == self.file);
        let at = |place: usize, before: fn(usize, usize) -> bool| {
            let mut moved = place as isize;
            for edit in own().filter(|edit| before(edit.span.start, place)) {
                let gone = edit.span.end.min(place) - edit.span.start;
                moved += edit.text.len() as isize - gone as isize;
            }
            moved.max(0) as usize
        };
        let low = at(*self.starts.start(), |edit, place| edit < place);
        let high = at(*self.starts.end(), |edit, place| edit <= place);
        self.starts = low.min(high)..=high;
    }
}

/// Is what was found taken out whole, as a comment is? What comes to stand in its place is another.
fn removed(finding: &Finding, edits: &[Edit]) -> bool {
    let Range { start, end } = finding.span;
    (edits.iter().filter(|edit| edit.file == finding.file))
        .any(|edit| edit.text.is_empty() && edit.span.start <= start && end <= edit.span.end)
}

/// Rewrites, and what each is for.
type Taken<'f> = Vec<(Rewrite, &'f Finding)>;

/// New texts with their names.
type Texts = Vec<(Arc<str>, String)>;

/// The new texts, the edits that made them, and the rewrites that these are of.
type Joined<'f> = (Texts, Vec<Edit>, Taken<'f>);

/// The files' new texts. One that would not parse is left alone from now on; then nothing of this round counts.
fn joined<'f>(
    fixer: &Fixer,
    taken: Taken<'f>,
    broken: &mut FxHashSet<Arc<str>>,
) -> Option<Joined<'f>> {
    let mut taken = taken;
    let edits = loop {
        let rewrites: Vec<&Rewrite> = taken.iter().map(|(rewrite, _)| rewrite).collect();
        match fixer.settled(&rewrites) {
            Some(edits) => break edits,
            // Their imports touch each other: fewer at a time.
            None if taken.len() > 1 => taken.truncate(taken.len() / 2),
            None => {
                broken.extend(taken.iter().map(|(_, finding)| Arc::clone(&finding.file)));
                return None;
            }
        }
    };
    let mut files: Vec<&Arc<str>> = edits.iter().map(|edit| &edit.file).collect();
    files.sort();
    files.dedup();
    let mut texts = Vec::new();
    let before = broken.len();
    for file in files {
        let own: Vec<&Edit> = edits.iter().filter(|edit| edit.file == *file).collect();
        let text = fixer.workspace().text(file)?.as_str();
        // What was no Python before may lose a comment that silences nothing, and stay none.
        let sound = |after: &String| module::sound(after).is_some() || fixer.module(file).is_none();
        match applied(text, &own).filter(sound) {
            Some(after) => texts.push((Arc::clone(file), after)),
            None => {
                broken.insert(Arc::clone(file));
            }
        }
    }
    (broken.len() == before).then_some((texts, edits, taken))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_known_where_it_moved_to() {
        let edit = |start, end, text: &str| Edit {
            file: "a.py".into(),
            span: start..end,
            text: text.to_string(),
        };
        let moved = |edits: &[Edit]| {
            let mut tried = Tried {
                code: "DDB101",
                file: "a.py".into(),
                message: String::new(),
                starts: 10..=10,
            };
            tried.moved(edits);
            tried.starts
        };
        assert_eq!(moved(&[]), 10..=10);
        assert_eq!(
            moved(&[edit(0, 0, "import x\n"), edit(12, 15, "")]),
            19..=19
        );
        assert_eq!(moved(&[edit(10, 10, "iter(")]), 10..=15);
        assert_eq!(moved(&[edit(2, 6, "")]), 6..=6);
        assert_eq!(moved(&[edit(8, 14, "abc")]), 11..=11);
        let other = Edit {
            file: "b.py".into(),
            ..edit(0, 0, "x")
        };
        assert_eq!(moved(&[other]), 10..=10);
    }
}
