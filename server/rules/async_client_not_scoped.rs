//! DDB604: async-client-not-scoped.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Category, Effect, Severity};
use crate::fix;
use crate::rules::About;
use crate::rules::stories::made;
use crate::value::Mark;

pub const ABOUT: About = About {
    code: "DDB604",
    name: "async-client-not-scoped",
    effect: Effect::Leak,
    severity: Severity::Error,
    categories: &[Category::ML],
    off: false,
    tell,
    message,
    rewrite: fix::none,
};

fn tell(cx: &Cx, verdict: &mut Verdict) {
    let repeats = |mark: Mark| mark == Mark::Request || mark == Mark::Loop;
    made(cx, verdict, repeats, "runs for each request or round");
    verdict.story.value = cx.best(&cx.value_of("made"), |atom| atom.data().is_some());
    verdict.story.holder_span = cx.span_of("holder").or_else(|| cx.span_of("stack"));
    if cx.context(verdict.function).mark(repeats).is_none() {
        // Opened once, it stays open once.
        verdict.severity = Severity::Warning;
    }
}

fn message(page: &Page, verdict: &Verdict) -> String {
    format!("{} is entered and kept in {}: nothing leaves it, so that its connections stay open", page.source(verdict), page.holder(verdict))
}
