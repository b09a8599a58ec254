//! `dynaleak check`: walk, gather, analyse, report.

use std::io::{self, Write};
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::Instant;

use crate::config::FailOn;
use crate::config::files::Configs;
use crate::finding::Finding;
use crate::fix::Fixer;
use crate::fix::suite::Suite;
use crate::query::{OwnQuery, RULES};
use crate::report::relate;
use crate::suppress::{Ignored, Shown};
use crate::text::Text;
use crate::value::FileId;
use crate::workspace::world::file_id;
use crate::workspace::{Options, Workspace};
use clap::{ArgGroup, Args};
use rayon::ThreadPoolBuilder;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::Verdict;
use super::add_ignore;
use super::baseline::{Baselines, How, Mode, Outcome, Scope, Settled};
use super::configured::{configured, own_of, rules_of, sound};
use super::deployments::deployed;
use super::explain::{self, Answer, At};
use super::formats::{Format, Output};
use super::gather::{gather, load};
use super::human::counted;
use super::interrupt;
use super::json;
use super::matters::Matters;
use super::output::{Color, complain, note, print, print_aside, print_bytes, warn};
use super::progress::Progress;
use super::rewrite::{self, Rewritten};
use super::settings::Settings;
use super::shards::{Others, Shard, Shared, split};
use super::since::Since;
use super::statistics;
use super::stdin::Stdin;
use super::suite::suite;
use super::walk::{File, Trouble, Walked, called, left_out, walk};
use super::watch;

#[derive(Args)]
#[command(group = ArgGroup::new("rewriting").multiple(true))]
pub struct Check {
    /// Files and folders to check; `-` is standard input.
    #[arg(default_value = ".")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    settings: Settings,
    /// Where the text of standard input belongs: its configuration and its project's other files
    /// count, and findings carry this name.
    #[arg(long, value_name = "FILE")]
    stdin_filename: Option<PathBuf>,
    /// Leave out what the configuration excludes, even where it is named; likewise tests.
    #[arg(long)]
    force_exclude: bool,
    /// List what comments silence and the baseline accepts too, marked so.
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
    /// Silence what is found with comments, behind which the reason stands.
    #[arg(
        long,
        value_name = "REASON",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "",
        value_parser = add_ignore::reason,
        conflicts_with = "rewriting"
    )]
    add_ignore: Option<String>,
    /// Check again whenever a file changes, until Ctrl-C.
    #[arg(long, conflicts_with_all = ["rewriting", "add_ignore", "explain", "write_baseline"])]
    watch: bool,
    /// Say why a line is or isn't flagged, such as shop/views.py:12.
    #[arg(
        long,
        value_name = "FILE:LINE",
        value_parser = At::parse,
        conflicts_with_all = ["rewriting", "add_ignore", "output_format", "show_ignored", "write_baseline", "since", "statistics"]
    )]
    explain: Option<At>,
    /// Accept what is found now: write it to the baseline, so that only new findings fail.
    #[arg(long, conflicts_with_all = ["diff", "since"])]
    write_baseline: bool,
    /// The file of accepted findings; by default `dynaleak-baseline.jsonl` beside the configuration.
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// What becomes of accepted findings that are not there any more: prune by default, lock where
    /// CI is set.
    #[arg(long, value_name = "MODE")]
    baseline_mode: Option<Mode>,
    /// Only findings in functions, or with steps on lines, that changed since this git revision.
    #[arg(long, value_name = "REV", conflicts_with = "rewriting")]
    since: Option<String>,
    /// Count findings by rule instead of listing them.
    #[arg(long, conflicts_with = "diff")]
    statistics: bool,
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
        conflicts_with_all = ["rewriting", "explain", "write_baseline"]
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
    /// Say on standard error what is done: configurations, files, times; twice: which files are analysed.
    #[arg(long, short, action = clap::ArgAction::Count, conflicts_with = "quiet")]
    verbose: u8,
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
    /// What a baseline accepts, sorted likewise; empty unless asked for.
    pub baselined: Vec<Finding>,
    /// List what does not count too.
    pub show_ignored: bool,
    /// What became of each baseline.
    pub baselines: Vec<Settled>,
    pub troubles: Vec<Trouble>,
    /// How many files were walked, and how many of these were analysed.
    pub files: usize,
    pub analysed: usize,
    /// What fails the check, by file; where it is not [`FailOn::default`].
    pub fail_on: FxHashMap<Arc<str>, FailOn>,
    /// What `--fix`, `--diff` or `--add-ignore` did.
    pub rewritten: Option<Rewritten>,
    /// What standard input became, where it was to be changed.
    pub source: Option<Vec<u8>>,
    /// It is of this part of the files.
    pub shard: Option<Shard>,
    /// How the check ends, but for `--exit-zero`.
    pub judged: Verdict,
}

impl Report {
    /// Does the finding fail the check?
    pub fn fails(&self, finding: &Finding) -> bool {
        let fail_on = self.fail_on.get(&finding.file).copied();
        fail_on.unwrap_or_default().counts(finding)
    }
}

pub fn run(check: &Check) -> Verdict {
    interrupt::heed(check.output_format);
    if !check.watch {
        return once(check);
    }
    if check.is_stdin() {
        complain("standard input cannot be watched");
        return Verdict::Broken;
    }
    match check.settings.configs(&check.paths) {
        Ok(configs) => watch::run(&check.paths, &configs, check.quiet, || _ = once(check)),
        Err(failures) => {
            failures
                .iter()
                .for_each(|failure| complain(&failure.line()));
            Verdict::Broken
        }
    }
}

fn once(check: &Check) -> Verdict {
    let mut report = match inspected(check) {
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
    let verdict = told(check, &report);
    if check.watch {
        // SAFETY: it is not used again.
        unsafe { ManuallyDrop::drop(&mut report) };
    }
    verdict
}

fn told(check: &Check, report: &Report) -> Verdict {
    for trouble in &report.troubles {
        complain(&format!("{}: {}", trouble.name, trouble.message));
    }
    if report.files == 0 && report.troubles.is_empty() && !check.quiet {
        warn("no Python files found under the given paths");
    }
    if let Some(at) = &check.explain {
        return check.explained(report, at);
    }
    for settled in &report.baselines {
        settled.complaints().iter().for_each(|why| complain(why));
        match &settled.outcome {
            Outcome::Failed(why) if check.write_baseline => {
                complain(&format!("{}: {why}", settled.name));
            }
            Outcome::Failed(why) => warn(&format!("{}: {why}", settled.name)),
            _ => {}
        }
    }
    if let Some(rewritten) = &report.rewritten {
        for problem in &rewritten.problems {
            warn(problem);
        }
    }
    let written = check.put_out(|format, out| format.write(out, report, check.quiet));
    let verdict = check.verdict(report).max(written);
    if let Some(source) = &report.source {
        let verdict = verdict.max(print_bytes(source));
        return print_aside(check.color, verdict, |out| check.list(out, report));
    }
    print(check.color, verdict, |out| {
        if let Some(rewritten) = report.rewritten.as_ref().filter(|_| check.diff) {
            rewrite::show(out, rewritten)?;
            if !check.fix {
                return rewrite::told(out, rewritten, check.quiet);
            }
        }
        check.list(out, report)?;
        // There they stand beside the changed lines, with nothing to set up.
        if check.output_format == Format::Full && !check.statistics && in_github_actions() {
            Format::Github.write(out, report, check.quiet)?;
        }
        Ok(())
    })
}

/// The path that stands for standard input; a file of that name is `./-`.
const STDIN: &str = "-";

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
    /// On standard error, for those who ask.
    fn say(&self, message: impl FnOnce() -> String) {
        if self.verbose > 0 {
            note(&message());
        }
    }

    fn is_stdin(&self) -> bool {
        self.paths.iter().any(|path| path == Path::new(STDIN))
    }

    /// Standard input, if it is what is checked.
    fn stdin(&self) -> Result<Option<Stdin>, String> {
        match (self.is_stdin(), &self.paths[..]) {
            (true, [_]) if self.explain.is_some() => {
                Err("--explain takes a file, not standard input".to_string())
            }
            (true, [_]) if self.write_baseline || self.since.is_some() || self.shard.is_some() => {
                let options = "--write-baseline, --since and --shard";
                Err(format!("{options} take files, not standard input"))
            }
            (true, [_]) => Stdin::read(self.stdin_filename.as_deref()).map(Some),
            (true, _) => Err("`-`, standard input, is checked by itself".to_string()),
            (false, _) if self.stdin_filename.is_some() => {
                Err("--stdin-filename names what `-`, standard input, is".to_string())
            }
            (false, _) => Ok(None),
        }
    }

    /// Writes what is found, or counts it.
    fn list(&self, out: &mut dyn Write, report: &Report) -> io::Result<()> {
        match self.statistics {
            true => statistics::write(out, report, self.output_format, self.quiet),
            false => self.output_format.write(out, report, self.quiet),
        }
    }

    /// Counts say how many there are, too.
    fn shows_fixes(&self) -> bool {
        let files = self.output.iter().map(Output::format);
        // A diff stands in the report's place.
        let printed = (self.fix || !self.diff).then_some(self.output_format);
        files.chain(printed).any(Format::shows_fixes)
    }

    /// What code outside a shard's files, those loaded of which are named, may share with it by name.
    fn shared(
        &self,
        workspace: &Workspace,
        loaded: &FxHashSet<Arc<str>>,
        files: &[File],
        configs: &Configs,
        suite: &Suite,
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
            let fixer = Fixer::new(workspace, suite);
            offer(&mut shown.kept, &fixer, &by_name(&own), configs);
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

    /// What becomes of baselines: a run that looks at less or at other settings than usual takes
    /// nothing out.
    fn mode(&self) -> Mode {
        match self.baseline_mode {
            Some(Mode::Off) => Mode::Off,
            _ if self.is_stdin() || self.shard.is_some() => Mode::Keep,
            Some(mode) => mode,
            None if self.settings.isolated || self.diff => Mode::Keep,
            None => Mode::usual(),
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

    /// Counts are for people, and for programs that read JSON.
    fn countable(&self) -> Result<(), Vec<Failure>> {
        let format = self.output_format;
        let counts = [
            Format::Full,
            Format::Concise,
            Format::Json,
            Format::JsonLines,
        ];
        match self.statistics && !counts.contains(&format) {
            true => Err(failed(format!(
                "--statistics prints counts, which are no {}: leave out one of them, or write the report to a file with --output",
                format.name()
            ))),
            false => Ok(()),
        }
    }

    /// Is standard input to be changed, and not only shown how?
    fn changes(&self) -> bool {
        self.fix && !self.diff || self.add_ignore.is_some()
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
        let unwritten = |it: &Settled| matches!(it.outcome, Outcome::Failed(_));
        if report.troubles.iter().any(|trouble| trouble.fatal)
            || self.write_baseline && report.baselines.iter().any(unwritten)
            || rewritten.is_some_and(|rewritten| rewritten.failed)
        {
            Verdict::Broken
        } else if self.diff && !self.fix {
            match rewritten.is_some_and(|rewritten| !rewritten.files.is_empty()) {
                true => Verdict::Failed,
                false => Verdict::Passed,
            }
        } else if report.findings.iter().any(|finding| report.fails(finding))
            || report
                .baselines
                .iter()
                .any(|it| it.outcome == Outcome::Locked)
        {
            Verdict::Failed
        } else {
            Verdict::Passed
        }
    }
}

fn failed(message: String) -> Vec<Failure> {
    vec![Failure {
        file: None,
        message,
    }]
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
    let pool = ThreadPoolBuilder::new()
        .num_threads(check.jobs.unwrap_or(0).into())
        .stack_size(STACK)
        .build()
        .map_err(|error| failed(format!("cannot start threads: {error}")))?;
    let progress = Progress::new(check.quiet);
    catch_unwind(AssertUnwindSafe(|| {
        // Compiling the patterns takes as long as reading a thousand files: it goes on beside that.
        pool.spawn(|| _ = LazyLock::force(&RULES));
        pool.install(|| inspect(check, &progress))
    }))
    .unwrap_or_else(|_| {
        let what =
            "internal error: this is a defect of dynaleak, please report it with the lines above";
        Err(failed(what.to_string()))
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
    check.countable()?;
    let here = std::env::current_dir().unwrap_or_default();
    let since = check
        .since
        .as_ref()
        .map(|revision| Since::of(revision, &here));
    let since = since.transpose().map_err(failed)?;
    let begun = Instant::now();
    let threads = rayon::current_num_threads();
    check.say(|| format!("dynaleak {}, {}", json::VERSION, counted(threads, "thread")));
    let stdin = check.stdin().map_err(failed)?;
    progress.set("Looking for Python files".to_string());
    let mut paths = check.paths.clone();
    paths.extend(check.explain.iter().map(|at| at.path.clone()));
    if let Some(stdin) = &stdin {
        paths = vec![stdin.file.path.clone()];
    }
    let configs = check.settings.configs(&paths)?;
    if check.force_exclude {
        paths.retain(|path| !left_out(path, &configs));
    }
    let stdin_left_out = stdin.is_some() && paths.is_empty();
    if let Some(stdin) = &stdin {
        paths = Vec::from_iter(stdin.project(&configs).filter(|_| !stdin_left_out));
    }
    let Walked {
        mut files,
        mut troubles,
        deployments,
        configs: mut roots,
        passed,
    } = walk(&paths, &configs, threads);
    let deployed = deployed(deployments, &paths, &here, &configs);
    if let Some(stdin) = stdin.as_ref().filter(|_| !stdin_left_out) {
        files.retain(|file| file.name != stdin.file.name);
        files.push(stdin.file.clone());
        files.sort_by(|a, b| a.name.cmp(&b.name));
        // Of what else is in the project nothing is told.
        troubles.clear();
        roots.push(configs.of_file(&stdin.file.path));
    }
    for found in &roots {
        check.say(|| {
            let path = found.path.as_ref();
            let name = path.map_or("none".to_string(), |path| called(path));
            format!("configuration: {name}")
        });
    }
    check.say(|| {
        format!(
            "{} found in {:.2?}",
            counted(files.len(), "file"),
            begun.elapsed()
        )
    });
    let (own, rules) = (own_of(&roots), rules_of(&roots));
    sound(roots.iter().cloned())?;

    let matters = Matters::with(own.as_deref());
    progress.set(format!("Reading {} files", files.len()));
    // What a shard knows of the others' files.
    let (mut known, mut others): (Vec<Arc<str>>, Option<Others>) = (Vec::new(), None);
    if let Some(shard) = check.shard {
        known = files.iter().map(|file| Arc::clone(&file.name)).collect();
        let (own, rest) = split(files, &matters, shard);
        (files, others) = (own, Some(rest));
    }
    let read = |files: &[File]| {
        let options = Options {
            include_tests: true,
            once: !(check.fix || check.diff || check.add_ignore.is_some()),
        };
        let empty = || {
            let mut workspace = Workspace::with_rules(options, rules.clone());
            workspace.set_own(own.clone());
            workspace.set_deployed(Arc::clone(&deployed));
            let names = files.iter().map(|file| &file.name);
            workspace.set_paths(known.iter().chain(names).cloned());
            workspace
        };
        let (gathered, mut workspace) = rayon::join(|| gather(files, &matters), empty);
        let loaded = load(&mut workspace, files, gathered, &|count| {
            progress.set(format!("Analysing {count} of {} files", files.len()));
            true
        });
        (workspace, loaded)
    };
    // Who asks for the rewrites of a text asks the tests of its project too.
    let tested = match &stdin {
        Some(stdin) => vec![stdin.file.path.clone()],
        None => check.paths.clone(),
    };
    let base = here.clone();
    let tests = Suite::read_by(|| suite(&tested, &base, &passed, &configs));
    let (mut workspace, mut loaded) = read(&files);
    if let Some(mut others) = others {
        let mut read_files = files.clone();
        loop {
            let more = others
                .sharing(|| check.shared(&workspace, &loaded.names, &files, &configs, &tests));
            if more.is_empty() {
                break;
            }
            read_files.extend(more);
            read_files.sort_by(|a, b| a.name.cmp(&b.name));
            (workspace, loaded) = read(&read_files);
        }
    }

    let names = &loaded.names;
    let analysed: Vec<&File> = files
        .iter()
        .filter(|file| names.contains(&file.name))
        .filter(|file| {
            stdin
                .as_ref()
                .is_none_or(|stdin| stdin.file.name == file.name)
        })
        .collect();
    check.say(|| {
        format!(
            "{} analysed in {:.2?}",
            counted(names.len(), "file"),
            begun.elapsed()
        )
    });
    if check.verbose > 1 {
        for file in &analysed {
            note(&format!("analysed: {}", file.name));
        }
    }
    let found = |workspace: &Workspace| configured(workspace, analysed.iter().copied(), &configs);
    let mut shown = found(&workspace)?;
    let scope = Scope {
        here,
        paths: stdin.as_ref().map_or(&check.paths[..], |stdin| {
            std::slice::from_ref(&stdin.file.path)
        }),
        files: &files,
        analysed: &analysed,
        roots: &roots,
        configs: &configs,
        selects: check.settings.selects(),
    };
    let mode = check.mode();
    let baselines = match mode == Mode::Off && !check.write_baseline || check.explain.is_some() {
        true => Baselines::none(),
        false => Baselines::open(&scope, check.baseline.as_deref(), check.write_baseline)?,
    };
    let mut rewritten = None;
    let faithful = stdin.as_ref().is_none_or(Stdin::is_faithful);
    if !faithful && (check.fix || check.diff || check.add_ignore.is_some()) {
        let why = "standard input is not in UTF-8, or has line ends of old Macs: not rewritten";
        rewritten = Some(Rewritten {
            problems: vec![why.to_string()],
            pretended: !check.fix,
            ..Rewritten::default()
        });
    } else if let Some(reason) = &check.add_ignore {
        progress.set("Adding comments".to_string());
        let new = baselines.part(&workspace, shown.kept, &scope, false).new;
        let added = add_ignore::add(&mut workspace, &new, &analysed, reason);
        rewritten = Some(added);
        shown = found(&workspace)?;
    } else if check.fix || check.diff {
        progress.set("Rewriting".to_string());
        let new = |workspace: &Workspace, kept| baselines.part(workspace, kept, &scope, false).new;
        // A mistake in a configuration was told above.
        let mendable = |workspace: &Workspace| match found(workspace) {
            Ok(shown) => new(workspace, shown.kept),
            Err(_) => Vec::new(),
        };
        let first = new(&workspace, shown.kept);
        rewritten = Some(rewrite::rewrite(
            &mut workspace,
            first,
            &mendable,
            &analysed,
            &configs,
            &rewrite::How {
                suite: &tests,
                unsafe_too: check.unsafe_fixes,
                write: check.fix,
            },
        ));
        shown = found(&workspace)?;
    }
    let Shown { kept, mut ignored } = shown;
    let own_files = |name: &str| match &stdin {
        Some(stdin) => name == &*stdin.file.name,
        None => files
            .binary_search_by(|file| (*file.name).cmp(name))
            .is_ok(),
    };
    let own_troubles = loaded.troubles.into_iter();
    troubles.extend(own_troubles.filter(|trouble| own_files(&trouble.name)));
    troubles.extend(slow(&workspace));
    troubles.sort_by(|a, b| a.name.cmp(&b.name));
    troubles.dedup();
    let mut parted = baselines.part(&workspace, kept, &scope, check.write_baseline);
    let settled = {
        let troubled: FxHashSet<&str> = troubles.iter().map(|it| it.name.as_str()).collect();
        let whole = workspace.take_panics().is_empty() && !troubles.iter().any(|it| it.fatal);
        let how = How {
            mode,
            write: check.write_baseline,
            since: since.as_ref(),
            troubled: &troubled,
            whole,
        };
        baselines.settle(&parted, &scope, &how)
    };
    let mut findings = std::mem::take(&mut parted.new);
    if !check.show_ignored && check.explain.is_none() {
        ignored.clear();
        parted.known.clear();
    }
    if let Some(since) = &since {
        let paths: FxHashMap<&str, &Path> = files
            .iter()
            .map(|file| (&*file.name, &*file.path))
            .collect();
        let path = |name: &str| paths.get(name).copied();
        findings = since.only(findings, &workspace, &path);
        parted.known = since.only(parted.known, &workspace, &path);
    }
    relate(&mut findings);
    if check.shows_fixes() && check.explain.is_none() {
        let files = by_name(&analysed);
        let of_file = findings.par_chunk_by_mut(|a, b| a.file == b.file);
        of_file.for_each_init(
            || Fixer::new(&workspace, &tests),
            |fixer, findings| offer(findings, fixer, &files, &configs),
        );
    }
    let fail_on = analysed.iter().map(|file| {
        let fail_on = configs.of_file(&file.path).config.fail_on();
        (Arc::clone(&file.name), fail_on)
    });
    let fail_on = fail_on.filter(|(_, on)| *on != FailOn::default());
    let fail_on = fail_on.collect();
    Ok(Report {
        findings,
        fail_on,
        ignored,
        baselined: parted.known,
        baselines: settled,
        show_ignored: check.show_ignored,
        troubles,
        files: match stdin {
            Some(_) => usize::from(!stdin_left_out),
            None => files.len(),
        },
        analysed: analysed.len(),
        source: stdin.filter(|_| check.changes()).map(|stdin| {
            let files = rewritten.iter().flat_map(|rewritten| &rewritten.files);
            let mut changed = files.filter(|changed| changed.name == stdin.file.name);
            let changed = changed
                .next()
                .map(|changed| changed.after.clone().into_bytes());
            changed.unwrap_or(stdin.bytes)
        }),
        rewritten,
        shard: check.shard,
        judged: Verdict::Passed,
        workspace,
    })
}

fn by_name<'a>(files: &[&'a File]) -> FxHashMap<&'a str, &'a File> {
    files.iter().map(|file| (&*file.name, *file)).collect()
}

/// Puts in the ways to mend each finding.
fn offer(
    findings: &mut [Finding],
    fixer: &Fixer,
    files: &FxHashMap<&str, &File>,
    configs: &Configs,
) {
    for finding in findings {
        let Some(file) = files.get(&*finding.file) else {
            continue;
        };
        finding.fixes = fixer.fixes(finding, configs.terms(&file.path));
    }
}
