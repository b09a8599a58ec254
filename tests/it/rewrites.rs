//! Every rewrite, judged by Python itself and by ruff: fixtures, and real code in `DYNALEAK_CORPUS`.
//!
//! `DYNALEAK_RUFF` names the ruff to ask; without it only Python is asked.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use rayon::prelude::*;
use serde_json::Value;
use tempfile::TempDir;

use crate::project::{command, run};
use dynaleak::fixtures::notation::Page;

/// Files before and after a rewrite, numbered, in two folders.
struct Pairs {
    root: TempDir,
    labels: Mutex<Vec<String>>,
    /// Real code shows all its failures at once.
    wrong: Mutex<Vec<String>>,
}

impl Pairs {
    fn add(&self, label: String, before: &str, after: &str) {
        let nth = {
            let mut labels = self.labels.lock().unwrap();
            labels.push(label);
            labels.len() - 1
        };
        for (folder, text) in [("before", before), ("after", after)] {
            fs::write(
                self.root.path().join(folder).join(format!("f{nth}.py")),
                text,
            )
            .unwrap();
        }
    }
}

#[test]
fn rewritten_code_compiles_converges_and_passes_ruff() {
    let pairs = Pairs {
        root: TempDir::new().unwrap(),
        labels: Mutex::default(),
        wrong: Mutex::default(),
    };
    for folder in ["before", "after"] {
        fs::create_dir(pairs.root.path().join(folder)).unwrap();
    }
    let fixtures = TempDir::new().unwrap();
    (unpacked(fixtures.path()).par_iter()).for_each(|project| rewrite(project, &pairs));
    let of_fixtures = pairs.labels.lock().unwrap().len();
    assert!(of_fixtures > 300, "only {of_fixtures} rewrites of fixtures");
    if let Some(corpus) = std::env::var_os("DYNALEAK_CORPUS") {
        let copy = TempDir::new().unwrap();
        for entry in fs::read_dir(corpus).unwrap() {
            let from = entry.unwrap().path();
            let to = copy.path().join(from.file_name().unwrap());
            copied(&from, &to);
            rewrite(&to, &pairs);
        }
        let labels = pairs.labels.lock().unwrap();
        let bulk = (labels[of_fixtures..].iter()).filter(|label| label.ends_with(BULK));
        let all = labels.len() - of_fixtures;
        println!(
            "{all} rewrites of real code, {} files in bulk",
            bulk.count()
        );
    }
    let mut wrong = std::mem::take(&mut *pairs.wrong.lock().unwrap());
    wrong.extend(compiles(&pairs));
    if let Some(ruff) = std::env::var_os("DYNALEAK_RUFF") {
        wrong.extend(passes_ruff(&pairs, Path::new(&ruff)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Each heading of each page as a folder of files.
fn unpacked(root: &Path) -> Vec<PathBuf> {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules");
    let mut projects = Vec::new();
    for entry in fs::read_dir(pages).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        let page = Page::new(&stem, &fs::read_to_string(&path).unwrap());
        for (slug, heading) in page.headings {
            let project = root.join(&stem).join(slug);
            let heading = heading.unwrap();
            for file in heading.files {
                let path = project.join(&*file.path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, file.after).unwrap();
            }
            projects.push(project);
        }
    }
    projects
}

/// Copies the Python files of a folder.
pub fn copied(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in ignore::WalkBuilder::new(from)
        .standard_filters(false)
        .build()
    {
        let path = entry.unwrap().into_path();
        let target = to.join(path.strip_prefix(from).unwrap());
        if path.is_file() && path.extension().is_some_and(|ending| ending == "py") {
            fs::create_dir_all(target.parent().unwrap()).unwrap();
            fs::copy(&path, target).unwrap();
        }
    }
}

/// Notes each rewrite of a project by itself, then all unsafe ones at once, which must bring no
/// finding and leave nothing to do.
fn rewrite(project: &Path, pairs: &Pairs) {
    let json = || {
        let run = run(command(project).args(["check", "--isolated", "--output-format", "json"]));
        assert!(
            matches!(run.code, Some(0 | 1)),
            "{}: {run:?}",
            project.display()
        );
        run.document()
    };
    let before = json();
    let mut old: BTreeMap<String, String> = BTreeMap::new();
    for finding in before["findings"].as_array().unwrap() {
        for fix in finding["fixes"].as_array().unwrap() {
            let mut files: BTreeMap<&str, Vec<(usize, usize, &str)>> = BTreeMap::new();
            for edit in fix["edits"].as_array().unwrap() {
                let at = |side: &str| edit["range"][side]["byte"].as_u64().unwrap() as usize;
                let one = (at("start"), at("end"), edit["text"].as_str().unwrap());
                files
                    .entry(edit["file"].as_str().unwrap())
                    .or_default()
                    .push(one);
            }
            for (file, edits) in files {
                // Another coding has other bytes.
                let Ok(text) = fs::read_to_string(project.join(file)) else {
                    continue;
                };
                let after = applied(&text, edits);
                let title = fix["title"].as_str().unwrap();
                let code = finding["code"].as_str().unwrap();
                let sketch = fix["applicability"] == "display";
                let how = if sketch { SKETCH } else { "" };
                pairs.add(
                    format!("{how}{}/{file}: {code} {title}", project.display()),
                    &text,
                    &after,
                );
                old.insert(file.to_string(), text);
            }
        }
    }
    if old.is_empty() {
        return;
    }
    let fix = || {
        let arguments = ["check", "--isolated", "--fix", "--unsafe-fixes"];
        let json = ["--output-format", "json"];
        let run = run(command(project).args(arguments).args(json));
        assert_eq!(run.stderr, "", "{}", project.display());
        run.document()
    };
    let texts = || -> BTreeMap<&String, String> {
        let read = |file| fs::read_to_string(project.join(file)).unwrap();
        old.keys().map(|file| (file, read(file))).collect()
    };
    let (was, is) = (counts(&before), counts(&fix()));
    let fixed = texts();
    for (file, after) in &fixed {
        let label = format!("{}/{file}{BULK}", project.display());
        if *after != old[*file] {
            pairs.add(label, &old[*file], after);
        }
    }
    for (key, count) in &is {
        let had = was.get(key).copied().unwrap_or(0);
        if *count > had {
            let wrong = format!("{}: a new finding: {key}", project.display());
            pairs.wrong.lock().unwrap().push(wrong);
        }
    }
    fix();
    for (file, text) in texts() {
        if text != fixed[file] {
            let wrong = format!("{}/{file}: not done at once", project.display());
            pairs.wrong.lock().unwrap().push(wrong);
        }
    }
}

fn applied(text: &str, mut edits: Vec<(usize, usize, &str)>) -> String {
    edits.sort_by_key(|(start, end, _)| (*start, *end));
    let mut after = String::new();
    let mut at = 0;
    for (start, end, new) in edits {
        assert!(at <= start, "edits overlap");
        after.push_str(&text[at..start]);
        after.push_str(new);
        at = end;
    }
    after.push_str(&text[at..]);
    after
}

fn counts(document: &Value) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for finding in document["findings"].as_array().unwrap() {
        let word = |key| finding[key].as_str().unwrap();
        let key = format!("{} {} {}", word("code"), word("file"), word("function"));
        *counts.entry(key).or_default() += 1;
    }
    counts
}

/// What Python compiled before it compiles after.
fn compiles(pairs: &Pairs) -> Vec<String> {
    const PROGRAM: &str = "
import sys, warnings
warnings.simplefilter('ignore')
def compiled(name):
    try:
        compile(open(name, newline='').read(), name, 'exec')
    except (SyntaxError, ValueError) as error:
        return error
for nth in range(int(sys.argv[1])):
    error = compiled(f'after/f{nth}.py')
    if error and not compiled(f'before/f{nth}.py'):
        print(nth, error)
print('done')
";
    let count = pairs.labels.lock().unwrap().len().to_string();
    let mut python = Command::new("python3");
    let output = python
        .args(["-c", PROGRAM, &count])
        .current_dir(pairs.root.path())
        .output()
        .expect("python3");
    let output = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.ends_with("done\n"), "Python did not come to the end");
    (output.lines())
        .filter(|line| *line != "done")
        .map(|line| {
            let nth: usize = line.split(' ').next().unwrap().parse().unwrap();
            let text = fs::read_to_string(pairs.root.path().join(format!("after/f{nth}.py")));
            format!(
                "{}: {line}\n{}",
                pairs.labels.lock().unwrap()[nth],
                text.unwrap()
            )
        })
        .collect()
}

/// How the label of a file ends that got all its rewrites.
const BULK: &str = ": in bulk";

/// How the label of a rewrite begins that is for people to finish: it may leave a name unused.
const SKETCH: &str = "sketch ";

/// Of each of ruff's rules, no more findings after than before.
fn passes_ruff(pairs: &Pairs, ruff: &Path) -> Vec<String> {
    let found = |folder: &str| -> BTreeMap<(usize, String), usize> {
        let mut command = Command::new(ruff);
        let output = command
            .args([
                "check",
                "--isolated",
                "--no-cache",
                "--select",
                "E9,F",
                "--exit-zero",
            ])
            .args(["--output-format", "json", "--target-version", "py311", "."])
            .current_dir(pairs.root.path().join(folder))
            .output()
            .expect("ruff");
        let document: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let mut found = BTreeMap::new();
        for one in document.as_array().unwrap() {
            let name = Path::new(one["filename"].as_str().unwrap());
            let stem = name.file_stem().unwrap().to_string_lossy().into_owned();
            let code = one["code"].as_str().unwrap_or("syntax").to_string();
            *found.entry((stem[1..].parse().unwrap(), code)).or_default() += 1;
        }
        found
    };
    let (before, after) = (found("before"), found("after"));
    (after.iter())
        .filter(|((nth, code), _)| {
            !(pairs.labels.lock().unwrap()[*nth].starts_with(SKETCH) && code == "F841")
        })
        .filter(|(key, count)| **count > before.get(*key).copied().unwrap_or(0))
        .map(|((nth, code), _)| {
            let text = fs::read_to_string(pairs.root.path().join(format!("after/f{nth}.py")));
            format!(
                "{}: {code}\n{}",
                pairs.labels.lock().unwrap()[*nth],
                text.unwrap()
            )
        })
        .collect()
}
