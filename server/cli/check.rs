//! `dynaleak check`: walk, gather, analyse, report.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use crate::finding::Finding;
use crate::workspace::{Options, Workspace};
use clap::{Args, ValueEnum};
use rayon::ThreadPoolBuilder;

use super::gather::{gather, load};
use super::output::{Color, complain, print, warn};
use super::progress::Progress;
use super::select::{Selection, Selector};
use super::walk::{Trouble, Walked, walk};
use super::{Verdict, human, json};

#[derive(Args)]
pub struct Check {
    /// Files and folders to check.
    #[arg(default_value = ".")]
    paths: Vec<PathBuf>,
    /// Only these rules: codes, groups (DDB1) or names, with commas between.
    #[arg(long, value_name = "RULES", value_delimiter = ',', value_parser = Selector::parse)]
    select: Vec<Selector>,
    /// All but these rules; where both match, the longer selector wins.
    #[arg(long, value_name = "RULES", value_delimiter = ',', value_parser = Selector::parse)]
    ignore: Vec<Selector>,
    /// Check tests too: tests/, test/, test_*.py, *_test.py, conftest.py.
    #[arg(long)]
    include_tests: bool,
    /// How findings are printed.
    #[arg(long, value_name = "FORMAT", default_value = "full")]
    output_format: Format,
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

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// With the source and the trail.
    Full,
    /// One line each.
    Concise,
    /// For programs.
    Json,
}

/// What a check found out.
pub struct Report {
    pub workspace: Workspace,
    /// Sorted by file, start, code.
    pub findings: Vec<Finding>,
    pub troubles: Vec<Trouble>,
    /// How many files were walked, and how many of these were analysed.
    pub files: usize,
    pub analysed: usize,
}

pub fn run(check: &Check) -> Verdict {
    let report = match inspected(check) {
        Ok(report) => report,
        Err(message) => {
            complain(&message);
            return match check.output_format {
                Format::Json => print(check.color, Verdict::Broken, |out| {
                    json::failure(out, &message)
                }),
                _ => Verdict::Broken,
            };
        }
    };
    for trouble in &report.troubles {
        complain(&format!("{}: {}", trouble.name, trouble.message));
    }
    if report.files == 0 && report.troubles.is_empty() && !check.quiet {
        warn("no Python files found under the given paths");
    }
    print(check.color, check.verdict(&report), |out| {
        match check.output_format {
            Format::Full => human::full(out, &report, check.quiet),
            Format::Concise => human::concise(out, &report, check.quiet),
            Format::Json => json::report(out, &report),
        }
    })
}

impl Check {
    fn verdict(&self, report: &Report) -> Verdict {
        if report.troubles.iter().any(|trouble| trouble.fatal) {
            Verdict::Broken
        } else if !self.exit_zero && report.findings.iter().any(Finding::fails) {
            Verdict::Failed
        } else {
            Verdict::Passed
        }
    }
}

/// Deeply nested Python is walked by recursion: on the default 2 MiB, 10,000 brackets overflow.
const STACK: usize = 16 << 20;

fn inspected(check: &Check) -> Result<Report, String> {
    let pool = ThreadPoolBuilder::new()
        .num_threads(check.jobs.unwrap_or(0).into())
        .stack_size(STACK)
        .build()
        .map_err(|error| format!("cannot start threads: {error}"))?;
    let progress = Progress::new(check.quiet);
    catch_unwind(AssertUnwindSafe(|| {
        pool.install(|| inspect(check, &progress))
    }))
    .map_err(|_| {
        "internal error: this is a defect of dynaleak, please report it with the lines above".into()
    })
}

fn inspect(check: &Check, progress: &Progress) -> Report {
    progress.set("Looking for Python files".to_string());
    let threads = rayon::current_num_threads();
    let Walked {
        files,
        mut troubles,
    } = walk(&check.paths, check.include_tests, threads);

    progress.set(format!("Reading {} files", files.len()));
    let gathered = gather(&files);
    let mut workspace = Workspace::new(Options {
        include_tests: true,
        once: true,
    });
    let loaded = load(&mut workspace, &files, gathered, &|count| {
        progress.set(format!("Analysing {count} of {} files", files.len()));
        true
    });

    let selection = Selection {
        select: &check.select,
        ignore: &check.ignore,
    };
    let mut findings: Vec<_> = (loaded.names.iter())
        .flat_map(|name| workspace.findings(name))
        .filter(|finding| selection.has(finding.code))
        .collect();
    findings.sort_by(|a, b| {
        let key = |finding: &Finding| (finding.span.start, finding.code, finding.span.end);
        a.file.cmp(&b.file).then_with(|| key(a).cmp(&key(b)))
    });
    troubles.extend(loaded.troubles);
    troubles.sort_by(|a, b| a.name.cmp(&b.name));
    troubles.dedup();
    Report {
        findings,
        troubles,
        files: files.len(),
        analysed: loaded.names.len(),
        workspace,
    }
}
