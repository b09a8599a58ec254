//! A workspace that was edited finds what a cold one finds: after each of many random edits, most of which leave broken text.
//!
//! `DYNALEAK_EDITS=20000` sets how many, `DYNALEAK_SEED` the seed, `DYNALEAK_CORPUS` a folder of more Python files.

#[path = "../fixtures/unlike.rs"]
mod unlike;

use std::fmt::{self, Display};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use dynaleak::finding::Finding;
use dynaleak::workspace::{Options, Workspace};
use rayon::prelude::*;

use dynaleak::fixtures::notation::Page;
use unlike::unlike;

#[test]
fn edited_equals_cold() {
    let seed = variable("DYNALEAK_SEED", 1);
    let edits = variable("DYNALEAK_EDITS", 2_000);
    let projects = projects();
    let runs: Vec<Run> = (0..edits.div_ceil(EDITS_A_RUN))
        .into_par_iter()
        .map(|nth| Run::new(&projects, seed + nth))
        .collect();

    let differing: Vec<&Run> = runs.iter().filter(|run| run.difference.is_some()).collect();
    if let Some(first) = differing.first() {
        let Run {
            seed,
            project,
            case,
            difference,
            ..
        } = first;
        let shrunk = case.clone().shrunk();
        panic!(
            "{} of {} runs differ. The first, on {project}, again: DYNALEAK_SEED={seed} DYNALEAK_EDITS=1\n\
             after edit {}: {}\nThe same in small:\n{shrunk}{}",
            differing.len(),
            runs.len(),
            case.changes.len(),
            difference.as_deref().unwrap_or_default(),
            shrunk.difference().unwrap_or_default(),
        );
    }
    let made: usize = runs.iter().map(|run| run.case.changes.len()).sum();
    let changed: usize = runs.iter().map(|run| run.changed).sum();
    println!(
        "{made} edits from seed {seed}: {changed} changed the findings, none differs from a cold run"
    );
    assert!(
        changed * 50 > made,
        "{changed} of {made} edits changed the findings: too few to tell"
    );
}

/// One workspace and its edits, up to the first difference.
struct Run {
    seed: u64,
    project: String,
    case: Case,
    difference: Option<String>,
    /// How many edits changed the findings.
    changed: usize,
}

/// What can be run again.
#[derive(Clone)]
struct Case {
    /// Of the whole project, loaded or not.
    paths: Vec<Arc<str>>,
    files: Files,
    changes: Vec<Change>,
}

#[derive(Clone)]
struct Change {
    /// An index into the files.
    file: usize,
    /// In bytes of the text that the changes before it left.
    range: Range<usize>,
    new: String,
    way: Way,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Edit,
    Load,
    RemoveAndLoad,
}

struct Project {
    name: String,
    files: Files,
}

/// Paths and texts.
type Files = Vec<(Arc<str>, String)>;

impl Run {
    fn new(projects: &[Project], seed: u64) -> Run {
        let mut random = Random(seed);
        // Every other run is on the shop: it has the most files that use each other.
        let project = match random.below(2) {
            0 => &projects[0],
            _ => random.pick(projects),
        };
        let files = random.files(project);
        let known = if project.files.len() <= MANY {
            &project.files
        } else {
            &files
        };
        let case = Case {
            paths: known.iter().map(|(path, _)| Arc::clone(path)).collect(),
            files,
            changes: Vec::new(),
        };
        let mut run = Run {
            seed,
            project: project.name.clone(),
            difference: None,
            case,
            changed: 0,
        };
        let mut live = Live::new(&run.case);
        let mut undo: Vec<Change> = Vec::new();
        while run.case.changes.len() < EDITS_A_RUN as usize {
            let undoing = !undo.is_empty() && random.below(3) == 0;
            let changes = match undoing {
                true => undo.pop().into_iter().collect(),
                false => random.changes(&live.files),
            };
            for change in changes {
                if !undoing {
                    undo.push(live.inverse(&change));
                }
                run.case.changes.push(change.clone());
                let before = live.findings.clone();
                run.difference = live.apply(&change);
                run.changed += usize::from(live.findings != before);
                if run.difference.is_some() {
                    return run;
                }
            }
        }
        run
    }
}

impl Case {
    /// What the first edit that differs from a cold run finds otherwise; `None` too where an edit does not fit.
    fn difference(&self) -> Option<String> {
        let mut live = Live::new(self);
        for change in &self.changes {
            let text = &live.files[change.file].1;
            text.get(change.range.clone())?;
            if let Some(difference) = live.apply(change) {
                return Some(difference);
            }
        }
        None
    }

    /// The same difference from fewer edits, files and lines.
    fn shrunk(mut self) -> Case {
        let mut tries = TRIES;
        let mut keep = |case: &mut Case, smaller: Case| {
            tries -= usize::from(tries > 0);
            let kept = tries > 0 && smaller.difference().is_some();
            if kept {
                *case = smaller;
            }
            kept
        };
        let mut last = 1;
        while last < self.changes.len() {
            let smaller = self.clone().begun_at(self.changes.len() - last);
            if keep(&mut self, smaller) {
                break;
            }
            last *= 2;
        }
        for at in (0..self.changes.len()).rev() {
            let mut smaller = self.clone();
            smaller.changes.remove(at);
            keep(&mut self, smaller);
        }
        for at in (0..self.files.len()).rev() {
            if let Some(smaller) = self.without_file(at) {
                keep(&mut self, smaller);
            }
        }
        for file in 0..self.files.len() {
            let mut size = lines(&self.files[file].1).len();
            while size > 0 {
                let mut at = 0;
                while let Some(smaller) = self.without_lines(file, at, size) {
                    let kept = smaller.is_some_and(|smaller| keep(&mut self, smaller));
                    at += if kept { 0 } else { size };
                }
                size /= 2;
            }
        }
        for at in 0..self.changes.len() {
            let mut size = self.changes[at].new.chars().count();
            while size > 0 {
                let mut from = 0;
                while from < self.changes[at].new.chars().count() {
                    let mut smaller = self.clone();
                    let new = &mut smaller.changes[at].new;
                    *new = new
                        .chars()
                        .take(from)
                        .chain(new.chars().skip(from + size))
                        .collect();
                    from += if keep(&mut self, smaller) { 0 } else { size };
                }
                size /= 2;
            }
        }
        let paths: Vec<_> = self
            .files
            .iter()
            .map(|(path, _)| Arc::clone(path))
            .collect();
        let smaller = Case {
            paths,
            ..self.clone()
        };
        keep(&mut self, smaller);
        self
    }

    /// Begins with the texts that the first changes leave.
    fn begun_at(mut self, at: usize) -> Case {
        for change in self.changes.drain(..at) {
            self.files[change.file]
                .1
                .replace_range(change.range, &change.new);
        }
        self
    }

    /// `None` for a file that is edited.
    fn without_file(&self, file: usize) -> Option<Case> {
        let mut smaller = self.clone();
        smaller.files.remove(file);
        for change in &mut smaller.changes {
            match change.file.cmp(&file) {
                std::cmp::Ordering::Less => {}
                std::cmp::Ordering::Equal => return None,
                std::cmp::Ordering::Greater => change.file -= 1,
            }
        }
        Some(smaller)
    }

    /// `None` past the last line, `Some(None)` where an edit is in the way.
    fn without_lines(&self, file: usize, at: usize, size: usize) -> Option<Option<Case>> {
        let mut smaller = self.clone();
        let text = &mut smaller.files[file].1;
        let lines = lines(text);
        let start = lines.get(at)?.start;
        let end = lines[(at + size).min(lines.len()) - 1].end;
        text.replace_range(start..end, "");
        for change in smaller
            .changes
            .iter_mut()
            .filter(|change| change.file == file)
        {
            if end <= change.range.start {
                change.range.start -= end - start;
                change.range.end -= end - start;
            } else if start < change.range.end {
                return Some(None);
            }
        }
        Some(Some(smaller))
    }
}

impl Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut files = self.files.clone();
        writeln!(f, "{} paths", self.paths.len())?;
        for (path, text) in &files {
            match text.contains(|each: char| each.is_control() && each != '\n') {
                true => writeln!(f, "`{path}`: {text:?}")?,
                false => writeln!(f, "`{path}`:\n```py\n{text}```")?,
            }
        }
        for Change {
            file,
            range,
            new,
            way,
        } in &self.changes
        {
            let (path, text) = &mut files[*file];
            writeln!(
                f,
                "{way:?} {path} {range:?}: {:?} -> {new:?}",
                &text[range.clone()]
            )?;
            text.replace_range(range.clone(), new);
        }
        Ok(())
    }
}

/// A case as it runs.
struct Live {
    paths: Vec<Arc<str>>,
    files: Files,
    workspace: Workspace,
    findings: Vec<Finding>,
}

impl Live {
    fn new(case: &Case) -> Live {
        let workspace = loaded(&case.paths, &case.files);
        Live {
            findings: findings(&workspace, &case.files),
            paths: case.paths.clone(),
            files: case.files.clone(),
            workspace,
        }
    }

    fn inverse(&self, change: &Change) -> Change {
        let Range { start, end } = change.range;
        Change {
            range: start..start + change.new.len(),
            new: self.files[change.file].1[start..end].to_string(),
            ..change.clone()
        }
    }

    /// How the findings then differ from a cold run's.
    fn apply(&mut self, change: &Change) -> Option<String> {
        let (path, text) = &mut self.files[change.file];
        text.replace_range(change.range.clone(), &change.new);
        let (path, text) = (Arc::clone(path), text.clone());
        let work = AssertUnwindSafe(|| {
            let workspace = &mut self.workspace;
            // As a server does now and then, with this file open or not.
            match change.range.start % 3 {
                0 => workspace.pack(|_| false),
                1 => workspace.pack(|open| *open == *path),
                _ => {}
            }
            if change.range.start.is_multiple_of(6) {
                workspace.renew();
            }
            match change.way {
                Way::Edit => workspace.edit(&path, change.range.clone(), &change.new),
                Way::Load => workspace.load(vec![(Arc::clone(&path), text.clone())]),
                Way::RemoveAndLoad => {
                    workspace.remove(&path);
                    workspace.set_paths(self.paths.iter().cloned());
                    workspace.load(vec![(Arc::clone(&path), text.clone())]);
                }
            }
            let known = self.workspace.text(&path).map(|text| text.as_str());
            if known != Some(&text) {
                return Some(format!("its text is {known:?}"));
            }
            self.findings = findings(&self.workspace, &self.files);
            let cold = findings(&loaded(&self.paths, &self.files), &self.files);
            unlike(["incremental", "cold"], &self.findings, &cold)
        });
        catch_unwind(work).unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or(panic.downcast_ref::<&str>().copied());
            Some(format!("panicked: {}", text.unwrap_or("?")))
        })
    }
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// 0 for a limit of 0.
    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// Up to `FILES`, every other one from the first one's folder.
    fn files(&mut self, project: &Project) -> Files {
        let first = self.pick(&project.files);
        let folder = |path: &str| path.rsplit_once('/').map(|(folder, _)| folder.to_string());
        let near = project
            .files
            .iter()
            .filter(|(path, _)| folder(path) == folder(&first.0));
        let near: Vec<_> = near.collect();
        let mut files = vec![first.clone()];
        for _ in 0..FILES * 3 {
            let other = match self.below(2) {
                0 => self.pick(&near),
                _ => self.pick(&project.files),
            };
            if files.len() < FILES && files.iter().all(|(path, _)| *path != other.0) {
                files.push(other.clone());
            }
        }
        files
    }

    /// One edit, or the several of a move.
    fn changes(&mut self, files: &Files) -> Vec<Change> {
        let file = self.below(files.len());
        let text = &files[file].1;
        let way = match self.below(30) {
            0 => Way::Load,
            1 => Way::RemoveAndLoad,
            _ => Way::Edit,
        };
        let change = |range: Range<usize>, new: &str| Change {
            file,
            range,
            new: new.to_string(),
            way,
        };
        let at = self.boundary(text);
        let (lines, functions) = (lines(text), functions(text));
        match self.below(12) {
            0 => {
                let length = 1 + self.below(5);
                let new: String = (0..length).map(|_| *self.pick(CHARACTERS)).collect();
                vec![change(at..at, &new)]
            }
            1 => {
                let end = at + 1 + self.below(8);
                vec![change(at..ceil(text, end), "")]
            }
            2 => {
                let other = self.boundary(text);
                let end = at.max(other).min(at.min(other) + 300);
                vec![change(at.min(other)..ceil(text, end), "")]
            }
            3 => vec![change(at..at, self.pick::<&str>(FRAGMENTS))],
            4 | 5 if !lines.is_empty() => {
                let line = self.pick(&lines).clone();
                let indent = indent(&text[line.clone()]);
                let fragment = self.pick::<&str>(FRAGMENTS).trim_end();
                let new = format!("{}{fragment}\n", &text[line.start..line.start + indent]);
                vec![change(line.start..line.start, &new)]
            }
            6 if !lines.is_empty() => {
                let line = self.pick(&lines).clone();
                match self.below(4) {
                    0 => vec![change(line, "")],
                    1 => vec![change(line.start..line.start, &text[line])],
                    2 => vec![change(line.start..line.start, "    ")],
                    _ => {
                        let end = line.start + indent(&text[line.clone()]).min(4);
                        vec![change(line.start..end, "")]
                    }
                }
            }
            7 if !lines.is_empty() => {
                let line = self.pick(&lines).clone();
                self.moved(files, file, line)
            }
            8 if !functions.is_empty() => {
                let function = self.pick(&functions).clone();
                match self.below(2) {
                    0 => vec![change(function, "")],
                    _ => vec![change(function.end..function.end, &text[function])],
                }
            }
            9 if !functions.is_empty() => {
                let function = self.pick(&functions).clone();
                self.moved(files, file, function)
            }
            _ => {
                let source = &self.pick(files).1;
                let (words, others) = (words(text), words(source));
                if words.is_empty() || others.is_empty() {
                    return vec![change(at..at, self.pick::<&str>(FRAGMENTS))];
                }
                let other = self.pick(&others).clone();
                vec![change(self.pick(&words).clone(), &source[other])]
            }
        }
    }

    /// Cuts a piece out, and pastes it before some line of some file.
    fn moved(&mut self, files: &Files, file: usize, piece: Range<usize>) -> Vec<Change> {
        let cut = Change {
            file,
            range: piece.clone(),
            new: String::new(),
            way: Way::Edit,
        };
        let target = match self.below(3) {
            0 => self.below(files.len()),
            _ => file,
        };
        let mut text = files[target].1.clone();
        if target == file {
            text.replace_range(piece.clone(), "");
        }
        let lines = lines(&text);
        let at = match lines.is_empty() {
            true => 0,
            false => self.pick(&lines).start,
        };
        let paste = Change {
            file: target,
            range: at..at,
            new: files[file].1[piece].to_string(),
            way: Way::Edit,
        };
        vec![cut, paste]
    }

    fn boundary(&mut self, text: &str) -> usize {
        let byte = self.below(text.len() + 1);
        ceil(text, byte)
    }
}

const EDITS_A_RUN: u64 = 50;
const FILES: usize = 6;
/// In a larger project only the loaded files' paths are told.
const MANY: usize = 200;
/// The bytes of the largest file that is taken from the corpus.
const LARGE: usize = 20_000;
/// How often a difference is run again to make it smaller.
const TRIES: usize = 2_000;

const CHARACTERS: &[char] = &[
    '(', ')', '[', ']', '{', '}', '"', '\'', '#', '\\', '\n', '\r', '\t', ' ', ':', ',', '.', '=',
    '@', ';', '*', 'a', '0', 'é', '🦀', '\u{feff}', '\0',
];

#[rustfmt::skip]
const FRAGMENTS: &[&str] = &[
    "\"\"\"", "'''", "f\"{", "(", ")", "[", "{", "@", "\\\n", "\r\n", "🦀", "# 🦀é\n", "def x():\n", "def x(", "class A:\n", "async def y():\n    ",
    "if True:\n", "else:\n", "try:\n", "except Exception:\n    pass\n", "for x in y:\n    ", "while True:\n", "with a as b:\n    ", "return", "pass\n", "lambda: ",
    "import boto3\n", "from functools import lru_cache\n", "from collections import deque\n",
    "table = boto3.resource(\"dynamodb\").Table(\"orders\")\n", "client = boto3.client(\"dynamodb\")\n", "session = boto3.Session()\n",
    "RESULTS = []\n", "CACHE = {}\n", "CACHE.clear()\n", "RESULTS.clear()\n", "RESULTS.append(table.scan())\n", "RESULTS.extend(table.query()[\"Items\"])\n",
    "CACHE[key] = table.get_item(Key={\"id\": key})[\"Item\"]\n", "global CACHE\n", "self.items.append(item)\n", "del CACHE[key]\n", "RECENT = deque(maxlen=10)\n",
    "@lru_cache(maxsize=None)\n", "@property\n", "request.session[\"item\"] = item\n", "if __name__ == \"__main__\":\n    ", "yield item\n", "item = table.get_item(Key={})[\"Item\"]\n",
    "pages = client.get_paginator(\"scan\").paginate(TableName=\"t\")\n", "items = list(pages)\n", "while \"LastEvaluatedKey\" in response:\n    ", "# noqa: DDB101\n", "dynaleak",
];

fn variable(name: &str, default: u64) -> u64 {
    let value = std::env::var(name).ok();
    value.map_or(default, |value| {
        value
            .parse()
            .unwrap_or_else(|_| panic!("{name} is no number: {value}"))
    })
}

/// The shop first, then the rules' pages, then the corpus.
fn projects() -> Vec<Project> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut projects = vec![project(&tests.join("projects/shop"))];
    for page in std::fs::read_dir(tests.join("rules"))
        .expect("the pages")
        .flatten()
    {
        let stem = page
            .path()
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .to_string();
        projects.extend(page_projects(
            &stem,
            &std::fs::read_to_string(page.path()).expect("a page"),
        ));
    }
    if let Ok(corpus) = std::env::var("DYNALEAK_CORPUS") {
        let whole = project(Path::new(&corpus));
        // A folder of checkouts: each is a project of its own.
        let folders = std::fs::read_dir(&corpus)
            .expect("DYNALEAK_CORPUS")
            .flatten();
        match whole.files.iter().all(|(path, _)| path.contains('/')) {
            true => projects.extend(folders.map(|folder| project(&folder.path()))),
            false => projects.push(whole),
        }
    }
    projects.retain(|project| !project.files.is_empty());
    projects.sort_by(|one, other| one.name.cmp(&other.name));
    let shop = projects
        .iter()
        .position(|project| project.name.ends_with("projects/shop"));
    projects.swap(0, shop.expect("tests/projects/shop"));
    projects
}

/// The Python files under a folder that are not too large.
fn project(root: &Path) -> Project {
    let mut files = Vec::new();
    for entry in ignore::WalkBuilder::new(root)
        .standard_filters(false)
        .build()
        .flatten()
    {
        let path = entry.path();
        if path.extension().is_none_or(|extension| extension != "py") {
            continue;
        }
        let Ok(text) = std::fs::read_to_string(path) else {
            continue;
        };
        if text.len() <= LARGE {
            let relative = path.strip_prefix(root).unwrap_or(path).to_string_lossy();
            files.push((relative.replace('\\', "/").into(), text));
        }
    }
    files.sort();
    Project {
        name: root.display().to_string(),
        files,
    }
}

/// A heading of several files is a project; those of one file are one together.
fn page_projects(stem: &str, page: &str) -> Vec<Project> {
    let mut projects = Vec::new();
    let mut single = Vec::new();
    for (slug, heading) in Page::new(stem, page).headings {
        let Ok(heading) = heading else { continue };
        let mut files: Files = heading
            .files
            .into_iter()
            .map(|file| (file.path, file.after))
            .collect();
        if files.len() > 1 {
            projects.push(Project {
                name: format!("{stem}::{slug}"),
                files,
            });
        } else if let Some((_, text)) = files.pop() {
            single.push((format!("{}.py", slug.replace('-', "_")).into(), text));
        }
    }
    projects.push(Project {
        name: stem.to_string(),
        files: single,
    });
    projects
}

fn loaded(paths: &[Arc<str>], files: &Files) -> Workspace {
    let mut workspace = Workspace::new(Options::default());
    workspace.set_paths(paths.iter().cloned());
    workspace.load(files.clone());
    workspace
}

fn findings(workspace: &Workspace, files: &Files) -> Vec<Finding> {
    files
        .iter()
        .flat_map(|(path, _)| workspace.findings(path))
        .collect()
}

/// With their ends.
fn lines(text: &str) -> Vec<Range<usize>> {
    let mut start = 0;
    let mut lines = Vec::new();
    for line in text.split_inclusive('\n') {
        lines.push(start..start + line.len());
        start += line.len();
    }
    lines
}

/// From a `def` or `class` to the next line that stands no deeper.
fn functions(text: &str) -> Vec<Range<usize>> {
    let lines = lines(text);
    let opens = |line: &str| {
        ["def ", "class ", "async def "]
            .iter()
            .any(|word| line.trim_start().starts_with(word))
    };
    let mut functions = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        if !opens(&text[line.clone()]) {
            continue;
        }
        let depth = indent(&text[line.clone()]);
        let inside = |line: &&Range<usize>| {
            let line = &text[(*line).clone()];
            line.trim().is_empty() || indent(line) > depth
        };
        let last = lines[at + 1..]
            .iter()
            .take_while(inside)
            .last()
            .unwrap_or(line);
        functions.push(line.start..last.end);
    }
    functions
}

/// Names and numbers.
fn words(text: &str) -> Vec<Range<usize>> {
    let mut start = 0;
    let mut words = Vec::new();
    for piece in text.split_inclusive(|each: char| !each.is_alphanumeric() && each != '_') {
        let word = piece.trim_end_matches(|each: char| !each.is_alphanumeric() && each != '_');
        if !word.is_empty() {
            words.push(start..start + word.len());
        }
        start += piece.len();
    }
    words
}

/// In bytes: blanks and tabs are one each.
fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t']).len()
}

fn ceil(text: &str, byte: usize) -> usize {
    let byte = byte.min(text.len());
    (byte..=text.len())
        .find(|&byte| text.is_char_boundary(byte))
        .unwrap_or(text.len())
}
