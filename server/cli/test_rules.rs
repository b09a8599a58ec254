//! `dynaleak test-rules`: the fixtures in the pages of a team's own rules.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use crate::config::Overrides;
use crate::config::files::Configs;
use crate::finding::Finding;
use crate::fixtures::notation::{Heading, Page};
use crate::fixtures::report::{Difference, draw};
use crate::fixtures::{config, findings_of, load, title};
use crate::query::{RULES, Rules};
use crate::rules::Rule;
use crate::workspace::{Options, Workspace};

use super::Verdict;
use super::configured::sound;
use super::output::{Color, complain, print};
use super::walk::absolute;

#[derive(Args)]
pub struct TestRules {
    /// A folder: its own rules, or those of the nearest folder above it, are tested.
    #[arg(default_value = ".")]
    folder: PathBuf,
}

pub fn run(args: &TestRules) -> Verdict {
    let here = std::env::current_dir().unwrap_or_default();
    let folder = absolute(&args.folder, &here);
    if !folder.is_dir() {
        complain(&format!("{}: no such folder", args.folder.display()));
        return Verdict::Broken;
    }
    let found = Configs::nearest(Overrides::default()).of_folder(&folder);
    if let Err(failures) = sound([Arc::clone(&found)]) {
        failures
            .iter()
            .for_each(|failure| complain(&failure.line()));
        return Verdict::Broken;
    }
    if found.team.rules.is_empty() {
        complain(
            "no rules: a rule is two files in the folder `.dynaleak`, `name.scm` and `name.md`",
        );
        return Verdict::Broken;
    }
    let rules = RULES.with(&found.team.rules);
    let mut results: Vec<(&Rule, usize, Vec<String>)> = (found.team.rules.iter())
        .map(|rule| {
            let (headings, failures) = test(rule, &found.team.rules, &rules);
            (*rule, headings, failures)
        })
        .collect();
    results.sort_by_key(|(rule, ..)| rule.code);
    let failed = results.iter().any(|(.., failures)| !failures.is_empty());
    let verdict = if failed {
        Verdict::Failed
    } else {
        Verdict::Passed
    };
    print(Color::Auto, verdict, |out| {
        for (rule, headings, failures) in &results {
            let many = match headings {
                1 => "1 heading".to_string(),
                many => format!("{many} headings"),
            };
            let says = if failures.is_empty() {
                "all hold".to_string()
            } else {
                "failed".to_string()
            };
            writeln!(out, "{} {}: {many}, {says}", rule.code, rule.name)?;
            for failure in failures {
                for line in failure.trim_end().lines() {
                    writeln!(out, "  {line}")?;
                }
            }
        }
        Ok(())
    })
}

/// How many headings a rule's page has, and what fails.
pub fn test(
    rule: &'static Rule,
    team: &[&'static Rule],
    rules: &Arc<Rules>,
) -> (usize, Vec<String>) {
    let body = crate::team::parted(rule.page).map_or(0, |(_, body)| body);
    let above = rule.page[..body].matches('\n').count();
    let page = Page::new(rule.stem, &rule.page[body..]);
    let count = page.headings.len();
    let mut failures = Vec::new();
    let titled = |begin: &str| {
        let mut headings = page
            .headings
            .iter()
            .filter_map(|(_, heading)| heading.as_ref().ok());
        headings.any(|heading| heading.title.starts_with(begin))
    };
    for (begin, wanted) in [
        ("Flagged", "something that is found"),
        ("Not flagged", "something that looks like it and is not"),
    ] {
        if !titled(begin) && page.headings.iter().all(|(_, heading)| heading.is_ok()) {
            failures.push(format!(
                "no heading begins with `## {begin}`: show {wanted}"
            ));
        }
    }
    for (slug, heading) in &page.headings {
        let failure = match heading {
            Ok(heading) => holds(heading, rule, team, rules, above).err(),
            Err(error) => Some(error.clone()),
        };
        failures.extend(failure.map(|failure| format!("{slug}: {failure}")));
    }
    (count, failures)
}

/// Are the team's findings those that the marks show? Others count only where a mark names their code.
fn holds(
    heading: &Heading,
    rule: &Rule,
    team: &[&'static Rule],
    rules: &Arc<Rules>,
    above: usize,
) -> Result<(), String> {
    title(heading, rule.code)?;
    let config = config(heading, "")?;
    let mut workspace = Workspace::with_rules(Options::default(), Some(Arc::clone(rules)));
    workspace.set_own(config.own.clone());
    let workspace = load(workspace, &heading.paths(), &heading.after());
    let counts = |finding: &Finding| {
        finding.code == rule.code
            || heading
                .marks
                .iter()
                .any(|mark| mark.code.as_deref() == Some(finding.code))
    };
    let slow = rules.slow();
    if let Some(slow) = team.iter().find(|rule| slow.contains(&rule.code)) {
        return Err(format!(
            "the pattern of {} takes too long on this code",
            slow.code
        ));
    }
    let mut findings = findings_of(&workspace, &heading.paths(), &config);
    findings.retain(counts);
    let difference = Difference::new(heading, &findings);
    if difference.is_empty() {
        return Ok(());
    }
    let name = format!(".dynaleak/{}.md", rule.stem);
    Err(format!(
        "the findings are\n{}{}",
        draw(heading, &findings),
        difference.lists(heading, &name, above)
    ))
}
