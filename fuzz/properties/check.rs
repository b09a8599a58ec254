//! Bytes as one file or several: a check ends, finds the same again, and offers only what parses and comes to an end.

use std::path::Path;
use std::sync::Arc;

use dynaleak::config::{Config, Terms};
use dynaleak::finding::{Edit, Finding};
use dynaleak::fix::module::sound;
use dynaleak::fix::rounds::{Done, Wanted, allowed, converge};
use dynaleak::fix::suite::Suite;
use dynaleak::fix::{Fixer, applied};
use dynaleak::probe::decode;
use dynaleak::report::shown;
use dynaleak::workspace::{Options, Workspace};

use super::input::{Files, LARGEST, files, is_in};
use super::unlike::unlike;
use super::within;

/// Of very many findings the rest is like the first.
const REWRITTEN: usize = 40;

pub fn holds(bytes: &[u8]) {
    if bytes.len() > LARGEST {
        return;
    }
    let text = match decode(bytes) {
        Ok(text) => text,
        Err(reason) => {
            assert!(!reason.is_empty());
            String::from_utf8_lossy(bytes).into_owned()
        }
    };
    let (files, _) = files(&text);
    let mut workspace = within("a check", || loaded(&files, true));
    let found = findings(&workspace, &files);
    places(&found, &workspace);
    let mut turned = files.clone();
    turned.reverse();
    let again = findings(&loaded(&turned, false), &files);
    if let Some(difference) = unlike(["check", "editor"], &found, &again) {
        panic!("a check and an editor differ: {difference}");
    }
    each_rewrite(&found, &workspace);
    all_rewrites(&mut workspace, &files);
}

pub fn loaded(files: &Files, once: bool) -> Workspace {
    let mut workspace = Workspace::new(Options {
        include_tests: true,
        once,
    });
    workspace.set_paths(files.iter().map(|(path, _)| Arc::clone(path)));
    workspace.load(files.clone());
    assert!(workspace.take_panics().is_empty(), "a rule panicked");
    workspace
}

/// What is shown of all files.
pub fn findings(workspace: &Workspace, files: &Files) -> Vec<Finding> {
    let config = Config::default();
    let of = |(path, _): &(Arc<str>, String)| {
        shown(workspace, path, &config.of(Path::new(&**path))).kept
    };
    files.iter().flat_map(of).collect()
}

/// All that findings name stands in the text.
fn places(found: &[Finding], workspace: &Workspace) {
    let text = |file: &str| workspace.text(file).map_or("", |text| text.as_str());
    for finding in found {
        assert!(is_in(text(&finding.file), &finding.span), "{finding:?}");
        assert!(!finding.message.to_string().is_empty(), "{finding:?}");
        for step in finding.trail.iter() {
            assert!(is_in(text(step.file), step.span), "{finding:?}");
        }
    }
}

fn each_rewrite(found: &[Finding], workspace: &Workspace) {
    let suite = Suite::default();
    let fixer = Fixer::new(workspace, &suite);
    for finding in found.iter().take(REWRITTEN) {
        for fix in fixer.fixes(finding, Terms::default()) {
            let mut files: Vec<&Arc<str>> = fix.edits.iter().map(|edit| &edit.file).collect();
            files.sort();
            files.dedup();
            for file in files {
                let own: Vec<&Edit> = fix.edits.iter().filter(|edit| edit.file == *file).collect();
                let text = workspace.text(file).map_or("", |text| text.as_str());
                let Some(after) = applied(text, &own) else {
                    panic!("edits overlap: {fix:?}");
                };
                let parses = sound(&after).is_some() || sound(text).is_none();
                assert!(parses, "no Python after {fix:?}:\n{after}");
            }
        }
    }
}

fn all_rewrites(workspace: &mut Workspace, files: &Files) {
    let mut round = || -> Done {
        let first = findings(workspace, files);
        converge(
            workspace,
            first,
            &Wanted {
                findings: &|workspace| findings(workspace, files),
                terms: &|_| Terms::default(),
                choice: &|_, rewrites| allowed(rewrites, true),
                writable: &|_| true,
                suite: &Suite::default(),
            },
        )
    };
    let done = round();
    assert!(done.broken.is_empty(), "no Python: {:?}", done.broken);
    let again = round();
    if let Some((file, before)) = again.before.iter().next() {
        let after = workspace.text(file).map_or("", |text| text.as_str());
        panic!(
            "{file} is not done at once ({} rounds):\n{before}\n--- then\n{after}",
            done.rounds
        );
    }
}
