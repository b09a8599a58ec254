//! Files and a script of edits: after each edit the incremental findings are those of a cold run.

use std::sync::Arc;

use dynaleak::finding::Finding;
use dynaleak::workspace::{Options, Workspace};

use super::check::findings;
use super::input::{Files, files};
use super::unlike::unlike;
use super::within;

/// In bytes; a cold run follows each edit.
const LARGEST: usize = 16 << 10;
const MOST: usize = 24;

/// One line of the script. `0 120 5 TEXT` puts the text in the place of 5 bytes at 120 in the first
/// file; `load 0`, `unload 0`, `remove 0` and `forget 0` are what else becomes of one.
enum Step<'a> {
    Edit(usize, usize, String),
    Other(&'a str),
}

pub fn holds(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else {
        return;
    };
    if text.len() > LARGEST {
        return;
    }
    let (mut files, script) = files(text);
    // Of each file: is it among the paths, and is it loaded?
    let mut known = vec![(true, true); files.len()];
    let mut workspace = cold(&files, &known);
    let steps = script.lines().filter_map(step).take(MOST);
    for (nth, (file, step)) in steps.enumerate() {
        let file = file % files.len();
        let path = Arc::clone(&files[file].0);
        match step {
            Step::Edit(at, length, new) if known[file].1 => {
                let text = &mut files[file].1;
                if text.len() + new.len() > LARGEST {
                    continue;
                }
                let start = boundary(text, at % (text.len() + 1));
                let end = boundary(text, start.saturating_add(length).min(text.len()));
                text.replace_range(start..end, &new);
                within("an edit", || workspace.edit(&path, start..end, &new));
            }
            Step::Edit(..) | Step::Other("load") => {
                known[file] = (true, true);
                workspace.load(vec![files[file].clone()]);
            }
            Step::Other("unload") => {
                known[file].1 = false;
                workspace.unload(&path);
            }
            Step::Other("remove") => {
                known[file] = (false, false);
                workspace.remove(&path);
            }
            Step::Other(_) => workspace.forget_trees(),
        }
        assert!(workspace.take_panics().is_empty(), "a rule panicked");
        if known[file].1 {
            let text = workspace.text(&path).map(|text| text.as_str());
            assert_eq!(text, Some(&*files[file].1), "the text after step {nth}");
        }
        let warm = of(&workspace, &files, &known);
        let cold = of(&cold(&files, &known), &files, &known);
        if let Some(difference) = unlike(["incremental", "cold"], &warm, &cold) {
            panic!("after step {nth}: {difference}");
        }
    }
}

/// The end of the last character that ends there or before.
fn boundary(text: &str, at: usize) -> usize {
    let mut places = (0..=at).rev();
    places
        .find(|&at| text.is_char_boundary(at))
        .unwrap_or_default()
}

fn step(line: &str) -> Option<(usize, Step<'_>)> {
    let mut words = line.splitn(4, ' ');
    let (first, second) = (words.next()?, words.next()?.parse().ok()?);
    if matches!(first, "load" | "unload" | "remove" | "forget") {
        return Some((second, Step::Other(first)));
    }
    let length = words.next()?.parse().ok()?;
    let new = words.next().unwrap_or_default();
    let new = new
        .replace("\\n", "\n")
        .replace("\\t", "\t")
        .replace("\\r", "\r");
    Some((first.parse().ok()?, Step::Edit(second, length, new)))
}

fn cold(files: &Files, known: &[(bool, bool)]) -> Workspace {
    let mut workspace = Workspace::new(Options {
        include_tests: true,
        once: false,
    });
    let of = |which: fn(&(bool, bool)) -> bool| {
        let files = files.iter().zip(known);
        let files = files.filter(move |(_, known)| which(known));
        files.map(|(file, _)| file.clone())
    };
    workspace.set_paths(of(|known| known.0).map(|(path, _)| path));
    workspace.load(of(|known| known.1).collect());
    workspace
}

fn of(workspace: &Workspace, files: &Files, known: &[(bool, bool)]) -> Vec<Finding> {
    let loaded = files.iter().zip(known).filter(|(_, known)| known.1);
    findings(workspace, &loaded.map(|(file, _)| file.clone()).collect())
}
