//! Every heading of every rule's page as a test, and every predicate of every rule as one that must matter.
//!
//! `DYNALEAK_FIXTURE=<stem>` runs one page and its rule's predicates, and prints failures without the sources.

#[path = "fixtures/gathered.rs"]
mod gathered;
#[path = "fixtures/rewritten.rs"]
mod rewritten;
#[path = "fixtures/unlike.rs"]
mod unlike;

use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use dynaleak::config::Config;
use dynaleak::finding::Finding;
use dynaleak::fixtures::notation::{self, Heading, Page, Wrong};
use dynaleak::fixtures::report::{Difference, draw};
use dynaleak::fixtures::{Files, config, findings_of, load, title};
use dynaleak::query::{self, Rules};
use dynaleak::rules;
use dynaleak::suppress::ignore_edit;
use dynaleak::syntax::Source;
use dynaleak::syntax_check;
use dynaleak::text::{Encoding, Text};
use dynaleak::workspace::{Options, Workspace};
use libtest_mimic::{Arguments, Failed, Trial};

use unlike::unlike;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let only = std::env::var("DYNALEAK_FIXTURE").ok();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules");
    let pages = match read(&folder) {
        Ok(pages) => Arc::new(pages),
        Err(error) => {
            eprintln!("{}: {error}", folder.display());
            return ExitCode::FAILURE;
        }
    };
    let wanted = |stem: &str| only.as_ref().is_none_or(|only| only == stem);
    if !pages.iter().any(|page| wanted(&page.stem)) {
        eprintln!("no page of that name in {}", folder.display());
        return ExitCode::FAILURE;
    }
    let mut trials = vec![Trial::test("notation::check", || Ok(notation::check()?))];
    for (nth, page) in pages
        .iter()
        .enumerate()
        .filter(|(_, page)| wanted(&page.stem))
    {
        for (at, fixture) in page.fixtures.iter().enumerate() {
            let (pages, compact) = (Arc::clone(&pages), only.is_some());
            let test = move || pages[nth].fixtures[at].run(&pages[nth], compact);
            trials.push(Trial::test(
                format!("{}::{}", page.stem, fixture.slug),
                test,
            ));
        }
        // A notice has no query.
        if rules::find(&page.code).is_some() {
            let of_page = Arc::clone(&pages);
            let name = format!("shown::{}", page.stem);
            trials.push(Trial::test(name, move || shown_rewrites(&of_page[nth])));
            let pages = Arc::clone(&pages);
            let name = format!("predicates::{}", page.stem);
            trials.push(Trial::test(name, move || predicates(&pages, nth)));
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

struct RulePage {
    stem: String,
    code: String,
    fixtures: Vec<Fixture>,
}

struct Fixture {
    /// Of its page's rule.
    code: String,
    slug: String,
    heading: Result<Heading, Wrong>,
    /// Do its marks hold with the rules as they are?
    holds: OnceLock<bool>,
}

/// A name, and what must hold.
type Property<'a> = (&'a str, &'a dyn Fn() -> Result<(), String>);

fn read(folder: &Path) -> std::io::Result<Vec<RulePage>> {
    let mut pages = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let page = Page::new(&stem, &std::fs::read_to_string(&path)?);
        let code = page.code.clone();
        let fixtures = page.headings.into_iter().map(|(slug, heading)| Fixture {
            code: code.clone(),
            slug,
            heading,
            holds: OnceLock::new(),
        });
        pages.push(RulePage {
            stem: page.stem,
            code: page.code,
            fixtures: fixtures.collect(),
        });
    }
    pages.sort_by(|one, other| one.stem.cmp(&other.stem));
    Ok(pages)
}

/// Each rewrite that a page's rule offers in its fixtures is shown in enough variants, and one place where it offers none.
fn shown_rewrites(page: &RulePage) -> Result<(), Failed> {
    const VARIANTS: usize = 3;
    let mut shown: BTreeMap<String, usize> = BTreeMap::new();
    let mut none = 0;
    for fixture in &page.fixtures {
        let heading = fixture.heading.as_ref().map_err(Wrong::to_string)?;
        for kind in rewritten::offered(heading, &config(heading, &usual(&page.code))?, &page.code) {
            shown.entry(kind).or_default();
        }
        for kind in rewritten::shown(heading, &config(heading, &usual(&page.code))?, &page.code) {
            *shown.entry(kind).or_default() += 1;
        }
        none += (heading.fixed.iter())
            .filter(|fixed| fixed.applicability.is_none())
            .count();
    }
    let few = shown.iter().filter(|(_, count)| **count < VARIANTS);
    let mut wrong: Vec<String> = few
        .map(|(kind, count)| format!("{count} of {VARIANTS} `fixed=` blocks show {kind}"))
        .collect();
    if none == 0 {
        wrong.push("no block shows that nothing is offered".to_string());
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(wrong.join("\n").into()),
    }
}

impl Fixture {
    fn run(&self, page: &RulePage, compact: bool) -> Result<(), Failed> {
        let heading = self.heading.as_ref().map_err(Wrong::to_string)?;
        let usual = usual(&page.code);
        let config = &config(heading, &usual)?;
        let properties: [Property; 10] = [
            ("title", &|| title(heading, &page.code)),
            ("marks", &|| marks(heading, config, page, compact)),
            ("edits", &|| edits(heading, config)),
            ("typed", &|| typed(heading, config)),
            ("shifted", &|| shifted(heading, config)),
            ("ignored", &|| ignored(heading, config)),
            // A notice is told of what is loaded for its rules.
            ("gathered", &|| match rules::find(&page.code) {
                Some(_) => gathered::gathered(heading, config, &usual),
                None => Ok(()),
            }),
            ("chunks alone", &|| chunks(heading)),
            ("fixed", &|| rewritten::blocks(heading, config, &page.code)),
            ("rewrites", &|| rewritten::each(heading, config)),
        ];
        let failures: Vec<String> = properties
            .iter()
            .filter_map(|(name, property)| {
                let error = match catch_unwind(AssertUnwindSafe(property)) {
                    Ok(result) => result.err()?,
                    Err(panic) => format!("panicked: {}", panic_message(&*panic)),
                };
                Some(format!("[{name}] {}", error.trim_end()))
            })
            .collect();
        match failures.is_empty() {
            true => Ok(()),
            false => Err(failures.join("\n").into()),
        }
    }

    /// Only a heading that holds with the rules as they are can tell that a mutant is wrong.
    fn kills(&self, rules: &Arc<Rules>) -> bool {
        let Ok(heading) = &self.heading else {
            return false;
        };
        let Ok(config) = config(heading, &usual(&self.code)) else {
            return false;
        };
        let holds = |workspace: Workspace| {
            let findings = load(workspace, &heading.paths(), &heading.after());
            let findings = findings_of(&findings, &heading.paths(), &config);
            Difference::new(heading, &findings).is_empty()
        };
        *self
            .holds
            .get_or_init(|| holds(Workspace::new(Options::default())))
            && !holds(Workspace::with_rules(
                Options::default(),
                Some(Arc::clone(rules)),
            ))
    }
}

/// Each predicate of a rule, deleted or negated, must change some page.
fn predicates(pages: &[RulePage], own: usize) -> Result<(), Failed> {
    let mutants = query::mutants(&pages[own].stem);
    if mutants.is_empty() {
        return Err("the rule has no predicate to change".into());
    }
    let others = pages.iter().enumerate().filter(|(at, _)| *at != own);
    let order: Vec<&RulePage> = [&pages[own]]
        .into_iter()
        .chain(others.map(|(_, page)| page))
        .collect();
    let survivors: Vec<&str> = mutants
        .iter()
        .filter(|mutant| {
            let mut fixtures = order.iter().flat_map(|page| &page.fixtures);
            !fixtures.any(|fixture| fixture.kills(&mutant.rules))
        })
        .map(|mutant| &*mutant.label)
        .collect();
    match survivors.is_empty() {
        true => Ok(()),
        false => Err(format!("no heading of any page needs:\n{}", survivors.join("\n")).into()),
    }
}

/// Hints on code that most pages have for the sake of something else: only their own pages mark them.
const HINTS: [&str; 3] = ["DDB305", "DDB405", "DDB406"];

/// A rule that is off by default is selected on its own page.
fn usual(code: &str) -> String {
    let others = HINTS.iter().filter(|hint| **hint != code);
    match dynaleak::rules::find(code).is_some_and(|rule| rule.off) {
        true => format!("select = [{code:?}]"),
        false => format!("ignore = {:?}", others.collect::<Vec<_>>()),
    }
}

fn marks(heading: &Heading, config: &Config, page: &RulePage, compact: bool) -> Result<(), String> {
    let findings = cold(&heading.after(), config);
    let difference = Difference::new(heading, &findings);
    if difference.is_empty() {
        return Ok(());
    }
    let lists = difference.lists(heading, &format!("tests/rules/{}.md", page.stem));
    match compact {
        true => Err(lists),
        false => Err(format!(
            "the findings are\n{}{lists}",
            draw(heading, &findings)
        )),
    }
}

/// The block's `«old»→«new»`, each compared with a cold run.
fn edits(heading: &Heading, config: &Config) -> Result<(), String> {
    let paths = heading.paths();
    let mut files = heading.before();
    let mut workspace = load(Workspace::new(Options::default()), &paths, &files);
    for edit in &heading.edits {
        let (path, text) = &mut files[edit.file];
        text.replace_range(edit.range.clone(), &edit.new);
        workspace.edit(path, edit.range.clone(), &edit.new);
        let warm = findings_of(&workspace, &paths, config);
        if let Some(unlike) = unlike(["incremental", "cold"], &warm, &cold(&files, config)) {
            return Err(format!("after the edit to `{}`:\n{unlike}", edit.new));
        }
    }
    Ok(())
}

/// The last file typed character by character, the others there from the start.
fn typed(heading: &Heading, config: &Config) -> Result<(), String> {
    let paths = heading.paths();
    let mut files = heading.after();
    let Some((path, text)) = files.last_mut() else {
        return Ok(());
    };
    let (path, whole) = (Arc::clone(path), std::mem::take(text));
    let mut workspace = load(Workspace::new(Options::default()), &paths, &files);
    for (nth, (at, typed)) in whole.char_indices().enumerate() {
        let end = at + typed.len_utf8();
        workspace.edit(&path, at..at, &whole[at..end]);
        if nth % EACH != EACH - 1 && end != whole.len() {
            continue;
        }
        if let Some((_, text)) = files.last_mut() {
            *text = whole[..end].to_string();
        }
        let warm = findings_of(&workspace, &paths, config);
        if let Some(unlike) = unlike(["incremental", "cold"], &warm, &cold(&files, config)) {
            return Err(format!(
                "typed up to byte {end}:\n{}\n{unlike}",
                &whole[..end]
            ));
        }
    }
    Ok(())
}

/// A line of emoji on top and CRLF line ends move the findings and change nothing else.
fn shifted(heading: &Heading, config: &Config) -> Result<(), String> {
    let files = heading.after();
    let mut expected: Vec<_> = cold(&files, config)
        .iter()
        .map(|finding| {
            story(finding, |file, span| {
                recomputed(text_of(&files, file), span)
            })
        })
        .collect();

    let moved: Files = files
        .iter()
        .map(|(path, text)| {
            (
                Arc::clone(path),
                format!("{TOP}{}", text.replace('\n', "\r\n")),
            )
        })
        .collect();
    let workspace = load(Workspace::new(Options::default()), &heading.paths(), &moved);
    let mut found: Vec<_> = findings_of(&workspace, &heading.paths(), config)
        .iter()
        .map(|finding| {
            story(finding, |file, span| {
                let nowhere = Text::new(String::new());
                positions(workspace.text(file).unwrap_or(&nowhere), span)
            })
        })
        .collect();

    expected.sort();
    found.sort();
    match found == expected {
        true => Ok(()),
        false => Err(format!(
            "byte, then line and column in UTF-8 and UTF-16, of start and end:\nmoved      {}\nrecomputed {}",
            found.join("\n           "),
            expected.join("\n           "),
        )),
    }
}

/// The comment that the editor offers takes away its finding and others of the same rule on that
/// statement alone; the text stays as sound as it was, and no comment is found wanting.
fn ignored(heading: &Heading, config: &Config) -> Result<(), String> {
    for crlf in [false, true] {
        let ends = |text: String| match crlf {
            true => text.replace('\n', "\r\n"),
            false => text,
        };
        let files: Files = (heading.after().into_iter())
            .map(|(path, text)| (path, ends(text)))
            .collect();
        for finding in &cold(&files, config) {
            ignored_one(&files, finding, config)
                .map_err(|error| format!("{finding:?}, CRLF {crlf}:\n{error}"))?;
        }
    }
    Ok(())
}

fn ignored_one(files: &Files, finding: &Finding, config: &Config) -> Result<(), String> {
    if rules::entry(finding.code).is_none_or(|entry| entry.is_notice()) {
        return Ok(());
    }
    let source = Source::new(text_of(files, &finding.file).to_string());
    let edit = ignore_edit(&source, finding).ok_or("no edit is offered")?;
    let before = cold(files, config);
    let mut files = files.clone();
    let (_, text) = files
        .iter_mut()
        .find(|(path, _)| *path == finding.file)
        .ok_or("no such file")?;
    let crlf = text.contains("\r\n");
    text.replace_range(edit.span.clone(), &edit.text);
    if crlf && text.replace("\r\n", "").contains('\n') {
        return Err("the edit has another line end".to_string());
    }
    let after = cold(&files, config);
    let shift = |span: &Range<usize>| {
        let moved = |byte| match byte >= edit.span.end && byte > edit.span.start {
            true => byte - edit.span.len() + edit.text.len(),
            false => byte,
        };
        moved(span.start)..moved(span.end)
    };
    let same = |one: &Finding, other: &Finding| {
        let span = match one.file == finding.file {
            true => shift(&one.span),
            false => one.span.clone(),
        };
        (one.code, &one.file, span) == (other.code, &other.file, other.span.clone())
    };
    let gone: Vec<&Finding> = (before.iter())
        .filter(|one| !after.iter().any(|other| same(one, other)))
        .collect();
    if !gone.contains(&finding) {
        return Err(format!(
            "it is still found:\n{}",
            text_of(&files, &finding.file)
        ));
    }
    if let Some(other) = gone.iter().find(|gone| gone.code != finding.code) {
        return Err(format!("another is gone: {other:?}"));
    }
    let new = |other: &&Finding| !before.iter().any(|one| same(one, other));
    match after.iter().find(new) {
        Some(new) => Err(format!("a new one: {new:?}")),
        None => Ok(()),
    }
}

fn chunks(heading: &Heading) -> Result<(), String> {
    for file in &heading.files {
        let alone = syntax_check::chunks_alone(&file.after);
        alone.map_err(|error| format!("{}: {error}", file.path))?;
    }
    Ok(())
}

/// How many keystrokes pass between two comparisons with a cold run.
const EACH: usize = 16;
const TOP: &str = "# 🦀é\r\n";

/// A byte, and its line and character in UTF-8 and in UTF-16.
type Place = (usize, [(u32, u32); 2]);

fn cold(files: &Files, config: &Config) -> Vec<Finding> {
    let paths: Vec<Arc<str>> = files.iter().map(|(path, _)| Arc::clone(path)).collect();
    let workspace = load(Workspace::new(Options::default()), &paths, files);
    findings_of(&workspace, &paths, config)
}

/// A finding as text, its places as `at` gives them.
fn story(finding: &Finding, at: impl Fn(&str, &Range<usize>) -> [Place; 2]) -> String {
    let trail: Vec<_> = finding
        .trail
        .iter()
        .map(|step| (step.file, at(step.file, step.span), step.message))
        .collect();
    let Finding {
        code,
        severity,
        confidence,
        file,
        function,
        span,
        message,
        ..
    } = finding;
    let place = at(file, span);
    format!("{code} {severity:?} {confidence:?} {file} {place:?} {function} {message} {trail:?}")
}

fn text_of<'a>(files: &'a Files, path: &str) -> &'a str {
    let file = files.iter().find(|(other, _)| **other == *path);
    file.map_or("", |(_, text)| text)
}

fn positions(text: &Text, span: &Range<usize>) -> [Place; 2] {
    [span.start, span.end].map(|byte| {
        let encodings = [Encoding::Utf8, Encoding::Utf16];
        (
            byte,
            encodings.map(|encoding| text.position(byte, encoding)),
        )
    })
}

/// Where a span of the plain text stands under the line of emoji, counted anew.
fn recomputed(text: &str, span: &Range<usize>) -> [Place; 2] {
    [span.start, span.end].map(|byte| {
        let before = &text[..byte];
        let line = before.matches('\n').count();
        let column = &before[before.rfind('\n').map_or(0, |at| at + 1)..];
        let columns = [column.len(), column.encode_utf16().count()];
        let position = |column| (line as u32 + 1, column as u32);
        (TOP.len() + byte + line, columns.map(position))
    })
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or(panic.downcast_ref::<&str>().copied())
        .unwrap_or("?")
}
