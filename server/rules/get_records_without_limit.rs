//! DDB405: get-records-without-limit.

use crate::analysis::render::Page;
use crate::analysis::Verdict;
use crate::finding::{Applicability, Category, Effect, Severity};
use crate::fix;
use crate::fix::Rewrite;
use crate::fix::containers::add_argument;
use crate::fix::module::{function_of, has_word};
use crate::rules::About;
use crate::rules::stories::read;

pub const ABOUT: About = About {
    code: "DDB405",
    name: "get-records-without-limit",
    effect: Effect::Peak,
    severity: Severity::Info,
    categories: &[Category::ML, Category::UC],
    off: false,
    tell: read,
    message,
    rewrite,
};

fn message(page: &Page, verdict: &Verdict) -> String {
    format!("{} has no `Limit`: each round may hold a thousand records of DynamoDB, or ten thousand of Kinesis", page.source(verdict))
}

fn rewrite(acc: &mut Vec<Rewrite>, cx: &fix::Cx) {
    acc.extend(limited(cx));
}

/// What an answer holds at most.
const FULL: [&str; 4] = ["1000", "1_000", "10000", "10_000"];

/// `Limit=100`: what else there is comes in the next round.
fn limited(cx: &fix::Cx) -> Option<Rewrite> {
    // `if len(records) < 1000: break`: a full answer is known by its size.
    let own = function_of(cx.node)?;
    if FULL.iter().any(|size| has_word(cx.module.of(own), size)) {
        return None;
    }
    let size = cx.bounds.page;
    let mut draft = cx.draft(format!("Read {size} records at a time"), Applicability::Unsafe);
    add_argument(&mut draft, cx.module, cx.node, &format!("Limit={size}"))?;
    Some(draft.sized(size))
}
