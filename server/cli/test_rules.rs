//! `dynaleak test-rules`: the fixtures in the pages of a team's own rules.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use crate::config::Overrides;
use crate::config::files::Configs;
use crate::finding::Finding;
use crate::fix::module::sound;
use crate::fixtures::notation::{Heading, NO_CODE, Page, Wrong};
use crate::fixtures::report::{Difference, draw};
use crate::fixtures::{config, findings_of, load, title};
use crate::query::{RULES, Rules};
use crate::rules::Rule;
use crate::select::Selector;
use crate::workspace::{Options, Workspace};

use super::Verdict;
use super::configured;
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
    if let Err(failures) = configured::sound([Arc::clone(&found)]) {
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
    let mut results: Vec<(&Rule, Tested)> = (found.team.rules.iter())
        .map(|rule| (*rule, test(rule, &found.team.rules, &rules)))
        .collect();
    results.sort_by_key(|(rule, _)| rule.code);
    for (rule, tested) in &results {
        for wrong in &tested.wrong {
            complain(&format!("{}:{}: {}", file(rule), wrong.line, wrong.reason));
        }
    }
    let verdict = if results.iter().any(|(_, tested)| !tested.wrong.is_empty()) {
        Verdict::Broken
    } else if results
        .iter()
        .any(|(_, tested)| !tested.failures.is_empty())
    {
        Verdict::Failed
    } else {
        Verdict::Passed
    };
    print(Color::Auto, verdict, |out| {
        for (rule, tested) in &results {
            let many = match tested.headings {
                1 => "1 heading".to_string(),
                many => format!("{many} headings"),
            };
            let says = match tested.failures.is_empty() && tested.wrong.is_empty() {
                true => "all hold",
                false => "failed",
            };
            writeln!(out, "{} {}: {many}, {says}", rule.code, rule.name)?;
            for failure in &tested.failures {
                for line in failure.trim_end().lines() {
                    writeln!(out, "  {line}")?;
                }
            }
        }
        Ok(())
    })
}

/// What the tests of a rule's page say.
pub struct Tested {
    pub headings: usize,
    /// What makes a heading no test, by the page's lines.
    pub wrong: Vec<Wrong>,
    /// What does not hold.
    pub failures: Vec<String>,
}

/// A rule's page, as messages name it.
fn file(rule: &Rule) -> String {
    format!(".dynaleak/{}.md", rule.stem)
}

/// Runs the tests of a rule's page, among all rules of its team.
pub fn test(rule: &'static Rule, team: &[&'static Rule], rules: &Arc<Rules>) -> Tested {
    let body = crate::team::parted(rule.page).map_or(0, |(_, body)| body);
    let above = rule.page[..body].matches('\n').count();
    let page = Page::below(rule.stem, &rule.page[body..], above);
    let mut tested = Tested {
        headings: 0,
        wrong: Vec::new(),
        failures: Vec::new(),
    };
    let (mut titles, mut readable) = (Vec::new(), true);
    for (slug, heading) in &page.headings {
        let is_test = slug.starts_with("flagged") || slug.starts_with("not-flagged");
        match heading {
            Ok(heading) => {
                tested.headings += 1;
                titles.push(&*heading.title);
                match holds(heading, rule, team, rules) {
                    Ok(Some(failure)) => tested.failures.push(format!("{slug}: {failure}")),
                    Ok(None) => {}
                    Err(wrong) => tested.wrong.push(wrong),
                }
            }
            // A heading of its own, with no code: a part of the text.
            Err(wrong) if wrong.reason == NO_CODE && !is_test => {}
            Err(wrong) => {
                tested.headings += 1;
                tested.wrong.push(wrong.clone());
                readable = false;
            }
        }
    }
    for (begin, wanted) in [
        ("Flagged", "something that is found"),
        ("Not flagged", "something that looks like it and is not"),
    ] {
        let shown = titles.iter().any(|title| title.starts_with(begin));
        if !shown && readable {
            let reason = format!("no heading begins with `## {begin}`: show {wanted}");
            tested.wrong.push(Wrong {
                line: above + 1,
                reason,
            });
        }
    }
    tested
}

/// What differs between the team's findings and the marks; other findings count only where a mark names
/// their code. An error: the heading is no test.
fn holds(
    heading: &Heading,
    rule: &Rule,
    team: &[&'static Rule],
    rules: &Arc<Rules>,
) -> Result<Option<String>, Wrong> {
    let wrong = |reason: String| Wrong {
        line: heading.line,
        reason,
    };
    title(heading, rule.code).map_err(wrong)?;
    let mut config = config(heading, "").map_err(wrong)?;
    if rule.off {
        let named = [rule.code, "DDB"].map(Selector::parse);
        let select = || named.into_iter().flatten().collect();
        config.selection.select.get_or_insert_with(select);
    }
    if let Some(file) = heading
        .files
        .iter()
        .find(|file| sound(&file.after).is_none())
    {
        return Err(wrong(format!("`{}` is no Python", file.path)));
    }
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
        return Err(wrong(format!(
            "the pattern of {} takes too long on this code",
            slow.code
        )));
    }
    let mut findings = findings_of(&workspace, &heading.paths(), &config);
    findings.retain(counts);
    let difference = Difference::new(heading, &findings);
    Ok((!difference.is_empty()).then(|| {
        format!(
            "the findings are\n{}{}",
            draw(heading, &findings),
            difference.lists(heading, &file(rule))
        )
    }))
}
