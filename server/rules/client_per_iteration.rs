//! DDB601: client-per-iteration.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Category, Effect, Severity};
use crate::rules::About;
use crate::rules::stories::made;
use crate::value::Mark;

pub const ABOUT: About = About {
    code: "DDB601",
    name: "client-per-iteration",
    effect: Effect::Churn,
    severity: Severity::Warning,
    categories: &[Category::ML],
    off: false,
    tell,
    message,
};

fn tell(cx: &Cx, verdict: &mut Verdict) {
    made(cx, verdict, |mark| mark == Mark::Loop, "called here in a loop");
}

fn message(page: &Page, verdict: &Verdict) -> String {
    format!("{} is built anew in each round of a loop", page.source(verdict))
}
