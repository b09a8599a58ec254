//! `dynaleak check`: walk, gather, analyse, report.

use std::io::{self, Write};
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use crate::config::files::Configs;
use crate::config::{Overrides, SomeBounds};
use crate::finding::Finding;
use crate::fix::Fixer;
use crate::query::{OwnQuery, RULES};
use crate::select::{Selection, Selector, clip};
use crate::suppress::{Ignored, Shown};
use crate::text::Text;
use crate::value::FileId;
use crate::workspace::world::file_id;
use crate::workspace::{Options, Workspace};
use clap::{ArgGroup, Args};
use rayon::ThreadPoolBuilder;
use rustc_hash::{FxHashMap, FxHashSet};

use super::Verdict;
use super::configured::{configured, own_of, rules_of, sound};
use super::explain::{self, Answer, At};
use super::formats::{Format, Output};
use super::gather::{gather, load};
use super::matters::Matters;
use super::output::{Color, complain, print, warn};
use super::progress::Progress;
use super::rewrite::{self, Rewritten};
use super::shards::{Others, Shard, Shared, split};
use super::walk::{File, Trouble, Walked, called, walk};

#[derive(Args)]
#[command(group = ArgGroup::new("rewriting").multiple(true))]
pub struct Check {
    /// Files and folders to check.
    #[arg(default_value = ".")]
    paths: Vec<PathBuf>,
    /// Only these rules: codes, groups (DDB1) or names, with commas between.
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    select: Vec<String>,
    /// All but these rules; where both match, the longer selector wins.
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    ignore: Vec<String>,
    /// Check tests too: tests/, test/, test_*.py, *_test.py, conftest.py.
    #[arg(long)]
    include_tests: bool,
    /// The one configuration file for all; its patterns are seen from the current folder.
    #[arg(long, value_name = "FILE", conflicts_with = "isolated")]
    config: Option<PathBuf>,
    /// Read no configuration file.
    #[arg(long)]
    isolated: bool,
    /// List what comments silence too, marked as ignored.
    #[arg(long)]
    show_ignored: bool,
    /// Rewrite what can be rewritten safely; the exit code is judged by what remains.
    #[arg(long, group = "rewriting")]
    fix: bool,
    /// With --fix or --diff: rewrites too that can change results or their order.
    #[arg(long, requires = "rewriting")]
    unsafe_fixes: bool,
    /// Print what --fix would change, and change nothing; ends with 1 if there is something. With
    /// --fix: change it and show how.
    #[arg(long, group = "rewriting")]
    diff: bool,
    /// Say why a line is or isn't flagged, such as shop/views.py:12.
    #[arg(
        long,
        value_name = "FILE:LINE",
        value_parser = At::parse,
        conflicts_with_all = ["rewriting", "output_format", "show_ignored"]
    )]
    explain: Option<At>,
    /// How findings are printed.
    #[arg(long, value_name = "FORMAT", default_value = "full")]
    output_format: Format,
    /// Write a report to a file too, such as sarif=out.sarif; may be given several times.
    #[arg(long, value_name = "FORMAT=FILE", value_parser = Output::parse)]
    output: Vec<Output>,
    /// Check one part of the files, such as 1/4: the parts that N machines check are together what
    /// one would. See `dynaleak merge`.
    #[arg(
        long,
        value_name = "I/N",
        value_parser = Shard::parse,
        conflicts_with_all = ["rewriting", "explain"]
    )]
    shard: Option<Shard>,
    /// End with 0 in spite of findings.
    #[arg(long)]
    exit_zero: bool,
    /// Threads to use; all processors by default.
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// Print findings and errors only.
    #[arg(long, short)]
    quiet: bool,
    /// When to use colours.
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: Color,
}

/// What a check found out.
pub struct Report {
    pub workspace: Workspace,
    /// Sorted by file, start, code.
    pub findings: Vec<Finding>,
    /// What comments silence, sorted likewise; empty unless asked for.
    pub ignored: Vec<Ignored>,
    pub troubles: Vec<Trouble>,
    /// How many files were walked, and how many of these were analysed.
    pub files: usize,
    pub analysed: usize,
    /// What `--fix` or `--diff` did.
    pub rewritten: Option<Rewritten>,
    /// It is of this part of the files.
    pub shard: Option<Shard>,
    /// How the check ends, but for `--exit-zero`.
    pub judged: Verdict,
}

pub fn run(check: &Check) -> Verdict {
    let report = match inspected(check) {
        // The process ends with it: taking a large workspace apart is work for nothing.
        Ok(mut report) => {
            report.judged = check.judged(&report);
            ManuallyDrop::new(report)
        }
        Err(failures) => {
            for failure in &failures {
                complain(&failure.line());
            }
            check.put_out(|format, out| format.failure(out, &failures));
            return print(check.color, Verdict::Broken, |out| {
                check.output_format.failure(out, &failures)
            });
        }
    };
    for trouble in &report.troubles {
        complain(&format!("{}: {}", trouble.name, trouble.message));
    }
    if report.files == 0 && report.troubles.is_empty() && !check.quiet {
        warn("no Python files found under the given paths");
    }
    if let Some(at) = &check.explain {
        return check.explained(&report, at);
    }
    if let Some(rewritten) = &report.rewritten {
        for problem in &rewritten.problems {
            warn(problem);
        }
    }
    let written = check.put_out(|format, out| format.write(out, &report, check.quiet));
    print(check.color, check.verdict(&report).max(written), |out| {
        if let Some(rewritten) = report.rewritten.as_ref().filter(|_| check.diff) {
            rewrite::show(out, rewritten)?;
            if !check.fix {
                return rewrite::told(out, rewritten, check.quiet);
            }
        }
        check.output_format.write(out, &report, check.quiet)?;
        // There they stand beside the changed lines, with nothing to set up.
        if check.output_format == Format::Full && in_github_actions() {
            Format::Github.write(out, &report, check.quiet)?;
        }
        Ok(())
    })
}

/// Why a run ended with no report.
pub struct Failure {
    /// A configuration file's name; none for what is about no file.
    pub file: Option<String>,
    /// With line and column where they are known: `3:1: unknown key`.
    pub message: String,
}

impl Failure {
    pub fn line(&self) -> String {
        match &self.file {
            Some(file) => format!("{file}:{}", self.message),
            None => self.message.clone(),
        }
    }
}

fn in_github_actions() -> bool {
    std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}

impl Check {
    fn shows_fixes(&self) -> bool {
        let files = self.output.iter().map(Output::format);
        files.chain([self.output_format]).any(Format::shows_fixes)
    }

    /// What code outside a shard's files, those loaded of which are named, may share with it by name.
    fn shared(
        &self,
        workspace: &Workspace,
        loaded: &FxHashSet<Arc<str>>,
        files: &[File],
        configs: &Configs,
    ) -> Shared {
        let own: Vec<&File> = (files.iter())
            .filter(|file| loaded.contains(&file.name))
            .collect();
        let ids: FxHashSet<FileId> = own.iter().map(|file| file_id(&file.name)).collect();
        let world = workspace.world();
        let [words, filled] = world.shared_names();
        let mut shared = Shared {
            words,
            filled,
            ..Shared::default()
        };
        let shown = configured(workspace, own.iter().copied(), configs);
        if let Some(mut shown) = shown.ok().filter(|_| self.shows_fixes()) {
            let fixer = Fixer::new(workspace);
            offer(&mut shown.kept, &fixer, &own, configs);
            let (words, texts) = fixer.sought();
            shared.words.extend(words);
            shared.texts = texts;
        }
        (shared.words).extend(world.settled_names(|file| ids.contains(&file)));
        shared
    }

    /// Writes the files of `--output`.
    fn put_out(&self, content: impl Fn(Format, &mut dyn Write) -> io::Result<()>) -> Verdict {
        let problems = self.output.iter().map(|output| output.write(&content));
        let problems: Vec<String> = problems.filter_map(Result::err).collect();
        problems.iter().for_each(|problem| complain(problem));
        match problems.is_empty() {
            true => Verdict::Passed,
            false => Verdict::Broken,
        }
    }

    /// With what the command line selects, which may be a team's own rules.
    fn configs(&self, paths: &[PathBuf]) -> Result<Configs, Vec<Failure>> {
        if !(self.select.is_empty() && self.ignore.is_empty()) {
            let configs = self.configured(Selection::default());
            paths.iter().for_each(|path| _ = configs.of_path(path));
        }
        let select = selectors("--select", &self.select)?;
        let selection = Selection {
            select: (!select.is_empty()).then_some(select),
            ignore: selectors("--ignore", &self.ignore)?,
        };
        Ok(self.configured(selection))
    }

    fn configured(&self, selection: Selection) -> Configs {
        let overrides = Overrides {
            selection,
            include_tests: self.include_tests.then_some(true),
            bounds: SomeBounds::default(),
        };
        let here = std::env::current_dir().unwrap_or_default();
        match &self.config {
            Some(file) => Configs::only(&here.join(file), &here, overrides),
            None if self.isolated => Configs::isolated(overrides),
            None => Configs::nearest(overrides),
        }
    }

    /// Prints why a line is or isn't flagged: 0 whatever it is, 2 where there is no such line.
    fn explained(&self, report: &Report, at: &At) -> Verdict {
        let name: Arc<str> = called(&at.path).into();
        let place = format!("{name}:{}", at.line);
        if report.troubles.iter().any(|trouble| trouble.name == *name) {
            return Verdict::Broken;
        }
        if at.path.is_dir() {
            complain(&format!(
                "{name}: this is a folder, and --explain takes a file's line"
            ));
            return Verdict::Broken;
        }
        let unread = || {
            let bytes = std::fs::read(&at.path).unwrap_or_default();
            explain::lines(&Text::new(String::from_utf8_lossy(&bytes).into_owned()))
        };
        match explain::answer(report, &name, at.line, &unread) {
            Answer::Beyond(lines) => {
                let lines = match lines {
                    1 => "1 line".to_string(),
                    lines => format!("{lines} lines"),
                };
                complain(&format!("{place}: the file has {lines}"));
                Verdict::Broken
            }
            Answer::Unread => print(self.color, Verdict::Passed, |out| {
                writeln!(
                    out,
                    "{place}: the file was not analysed, for it neither makes nor gets anything of DynamoDB, as far as its text and its imports say"
                )
            }),
            Answer::Told(told) => print(self.color, Verdict::Passed, |out| {
                explain::show(out, &place, &told)
            }),
        }
    }

    fn verdict(&self, report: &Report) -> Verdict {
        match report.judged {
            Verdict::Failed if self.exit_zero => Verdict::Passed,
            judged => judged,
        }
    }

    /// Without a look at `--exit-zero`.
    fn judged(&self, report: &Report) -> Verdict {
        let rewritten = report.rewritten.as_ref();
        if report.troubles.iter().any(|trouble| trouble.fatal)
            || rewritten.is_some_and(|rewritten| rewritten.failed)
        {
            Verdict::Broken
        } else if self.diff && !self.fix {
            match rewritten.is_some_and(|rewritten| !rewritten.files.is_empty()) {
                true => Verdict::Failed,
                false => Verdict::Passed,
            }
        } else if report.findings.iter().any(Finding::fails) {
            Verdict::Failed
        } else {
            Verdict::Passed
        }
    }
}

fn selectors(option: &str, words: &[String]) -> Result<Vec<Selector>, Vec<Failure>> {
    let parse = |word: &String| {
        Selector::parse(word).map_err(|reason| {
            vec![Failure {
                file: None,
                message: format!("{option}: `{}`: {reason}", clip(word)),
            }]
        })
    };
    words.iter().map(parse).collect()
}

/// A team's rules that take too much work find nothing, and the check is not whole.
fn slow(workspace: &Workspace) -> Vec<Trouble> {
    let rules = workspace.rules();
    let slow = rules.slow();
    let slow = rules
        .own()
        .iter()
        .filter(|own| slow.contains(&own.rule.code));
    let trouble = |own: &OwnQuery| Trouble {
        name: format!(".dynaleak/{}.scm", own.rule.stem),
        message: format!(
            "the pattern of {} takes too long or matches everything: what it finds is left out",
            own.rule.code
        ),
        fatal: true,
    };
    slow.map(trouble).collect()
}

/// Deeply nested Python is walked by recursion: on the default 2 MiB, 10,000 brackets overflow.
const STACK: usize = 16 << 20;

fn inspected(check: &Check) -> Result<Report, Vec<Failure>> {
    let failure = |message: String| {
        vec![Failure {
            file: None,
            message,
        }]
    };
    let pool = ThreadPoolBuilder::new()
        .num_threads(check.jobs.unwrap_or(0).into())
        .stack_size(STACK)
        .build()
        .map_err(|error| failure(format!("cannot start threads: {error}")))?;
    let progress = Progress::new(check.quiet);
    catch_unwind(AssertUnwindSafe(|| {
        // Compiling the patterns takes as long as reading a thousand files: it goes on beside that.
        pool.spawn(|| _ = LazyLock::force(&RULES));
        pool.install(|| inspect(check, &progress))
    }))
    .unwrap_or_else(|_| {
        let what =
            "internal error: this is a defect of dynaleak, please report it with the lines above";
        Err(failure(what.to_string()))
    })
}

fn inspect(check: &Check, progress: &Progress) -> Result<Report, Vec<Failure>> {
    if check.diff && check.output_format.is_document() {
        return Err(vec![Failure {
            file: None,
            message: format!(
                "--diff prints a diff, which is no {}: leave out one of them, or write the report to a file with --output",
                check.output_format.name()
            ),
        }]);
    }
    progress.set("Looking for Python files".to_string());
    let threads = rayon::current_num_threads();
    let mut paths = check.paths.clone();
    paths.extend(check.explain.iter().map(|at| at.path.clone()));
    let configs = check.configs(&paths)?;
    let Walked {
        files,
        mut troubles,
        configs: roots,
    } = walk(&paths, &configs, threads);
    let (own, rules) = (own_of(&roots), rules_of(&roots));
    sound(roots)?;

    let matters = Matters::with(own.as_deref());
    progress.set(format!("Reading {} files", files.len()));
    let known: Vec<Arc<str>> = files.iter().map(|file| Arc::clone(&file.name)).collect();
    let (files, mut others) = match check.shard {
        Some(shard) => split(files, &matters, shard),
        None => (files, Others::none()),
    };
    let read = |files: &[File]| {
        let gathered = gather(files, &matters);
        let options = Options {
            include_tests: true,
            once: !(check.fix || check.diff),
        };
        let mut workspace = Workspace::with_rules(options, rules.clone());
        workspace.set_own(own.clone());
        workspace.set_paths(known.iter().cloned());
        let loaded = load(&mut workspace, files, gathered, &|count| {
            progress.set(format!("Analysing {count} of {} files", files.len()));
            true
        });
        (workspace, loaded)
    };
    let (mut workspace, mut loaded) = read(&files);
    let mut read_files = files.clone();
    loop {
        let more = others.sharing(|| check.shared(&workspace, &loaded.names, &files, &configs));
        if more.is_empty() {
            break;
        }
        read_files.extend(more);
        read_files.sort_by(|a, b| a.name.cmp(&b.name));
        (workspace, loaded) = read(&read_files);
    }

    let names = &loaded.names;
    let analysed: Vec<&File> = files
        .iter()
        .filter(|file| names.contains(&file.name))
        .collect();
    let found = |workspace: &Workspace| configured(workspace, analysed.iter().copied(), &configs);
    let mut shown = found(&workspace)?;
    let mut rewritten = None;
    if check.fix || check.diff {
        progress.set("Rewriting".to_string());
        rewritten = Some(rewrite::rewrite(
            &mut workspace,
            shown.kept,
            &analysed,
            &configs,
            check.unsafe_fixes,
            check.fix,
        ));
        shown = found(&workspace)?;
    }
    let Shown {
        kept: mut findings,
        mut ignored,
    } = shown;
    if !check.show_ignored && check.explain.is_none() {
        ignored.clear();
    }
    if check.shows_fixes() && check.explain.is_none() {
        offer(&mut findings, &Fixer::new(&workspace), &analysed, &configs);
    }
    let own_files = |name: &str| {
        files
            .binary_search_by(|file| (*file.name).cmp(name))
            .is_ok()
    };
    let own_troubles = loaded.troubles.into_iter();
    troubles.extend(own_troubles.filter(|trouble| own_files(&trouble.name)));
    troubles.extend(slow(&workspace));
    troubles.sort_by(|a, b| a.name.cmp(&b.name));
    troubles.dedup();
    Ok(Report {
        findings,
        ignored,
        troubles,
        files: files.len(),
        analysed: analysed.len(),
        rewritten,
        shard: check.shard,
        judged: Verdict::Passed,
        workspace,
    })
}

/// Puts in the ways to mend each finding.
fn offer(findings: &mut [Finding], fixer: &Fixer, analysed: &[&File], configs: &Configs) {
    let by_name: FxHashMap<&str, &File> =
        analysed.iter().map(|file| (&*file.name, *file)).collect();
    for finding in findings {
        let Some(file) = by_name.get(&*finding.file) else {
            continue;
        };
        let bounds = configs.of_file(&file.path).config.bounds();
        finding.fixes = fixer.fixes(finding, bounds);
    }
}
