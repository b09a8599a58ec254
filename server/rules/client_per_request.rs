//! DDB602: client-per-request.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Category, Effect, Severity};
use crate::fix;
use crate::fix::Rewrite;
use crate::fix::factories::shared;
use crate::rules::About;
use crate::rules::stories::made;
use crate::value::Mark;

pub const ABOUT: About = About {
    code: "DDB602",
    name: "client-per-request",
    effect: Effect::Churn,
    severity: Severity::Warning,
    categories: &[Category::ML],
    off: false,
    tell,
    message,
    rewrite,
};

fn tell(cx: &Cx, verdict: &mut Verdict) {
    made(cx, verdict, |mark| mark == Mark::Request, "runs for each request");
    if cx.seen_as("finding").is_some_and(|seen| seen.situation.guarded) {
        verdict.story.variant = OWN;
    }
}

/// Guarded, and told all the same: by the object that makes it, of which each request makes one.
const OWN: &str = "own";

fn message(page: &Page, verdict: &Verdict) -> String {
    let source = page.source(verdict);
    match verdict.story.variant {
        OWN => format!("{source} is kept by an object that each request makes anew, and so is built for each: 20 times slower than a shared one"),
        _ => format!("{source} is built anew for each request: 20 times slower than a shared one"),
    }
}

fn rewrite(acc: &mut Vec<Rewrite>, cx: &fix::Cx) {
    shared(acc, cx);
}
