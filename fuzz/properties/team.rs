//! A team's rule, its query above the line `;>>> page` and its page below: mistakes with their place, or a rule that ends on any code.

use std::path::Path;
use std::sync::Arc;

use dynaleak::probe::test_rule;
use dynaleak::query::RULES;
use dynaleak::rules::register;
use dynaleak::team::{In, rule};
use dynaleak::workspace::{Options, Workspace};

use super::check::findings;
use super::input::{Files, is_in};
use super::within;

/// As much as is read of the two files.
const LARGEST: usize = (16 << 10) + (256 << 10);
const QUERY: usize = 16 << 10;
const PAGE: &str = "---\nmessage: {finding} is kept by {holder}, from {source}, as {value}\n---\n# SHOP1: kept-on\n\nNever.\n";
/// Code with something of most that patterns ask for.
const SAMPLE: &str = include_str!("sample.py");

pub fn holds(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else {
        return;
    };
    let (query, page) = match text.split_once(";>>> page\n") {
        Some((query, page)) => (query, page),
        None => (text, PAGE),
    };
    if text.len() > LARGEST || query.len() > QUERY {
        return;
    }
    // Compiled once in a process; what a rule takes is asked here.
    let rules = Arc::clone(&RULES);
    let read = within("reading a rule", || rule("kept_on", query, page));
    let rule = match read {
        Ok(rule) => rule,
        Err(faults) => {
            assert!(!faults.is_empty());
            for fault in faults {
                let text = match fault.file {
                    In::Query => query,
                    In::Page => page,
                };
                assert!(is_in(text, &fault.span), "{fault:?}");
                assert!(!fault.reason.trim().is_empty(), "{fault:?}");
            }
            return;
        }
    };
    register(Path::new("/team"), &[rule]);
    let rules = rules.with(&[rule]);
    let files: Files = vec![("shop/orders.py".into(), SAMPLE.to_string())];
    let found = within("a check", || {
        let mut workspace = Workspace::with_rules(Options::default(), Some(Arc::clone(&rules)));
        workspace.load(files.clone());
        assert!(workspace.take_panics().is_empty(), "a rule panicked");
        findings(&workspace, &files)
    });
    for finding in found {
        assert!(is_in(SAMPLE, &finding.span), "{finding:?}");
    }
    test_rule(rule, &[rule], &rules);
    register(Path::new("/team"), &[]);
}
