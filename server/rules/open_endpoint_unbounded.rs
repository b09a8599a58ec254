//! DDB802: open-endpoint-unbounded.

use crate::analysis::predicates::inherited;
use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Category, Effect, Severity};
use crate::fix;
use crate::rules::About;
use crate::rules::stories::made;
use crate::value::{Atom, Mark};

pub const ABOUT: About = About {
    code: "DDB802",
    name: "open-endpoint-unbounded",
    effect: Effect::Exposure,
    severity: Severity::Warning,
    categories: &[Category::AU, Category::UC],
    off: false,
    tell,
    message,
    rewrite: fix::none,
};

fn tell(cx: &Cx, verdict: &mut Verdict) {
    made(cx, verdict, |mark| mark == Mark::Open, "open to all: nothing asks who somebody is");
    let value = cx.value_of("value");
    let whole = |atom: &Atom| atom.data().is_some_and(|data| !data.limited && !data.single);
    verdict.story.value = cx.best(&value, |atom| atom.data().is_some()).or_else(|| cx.best(&inherited(cx), whole));
}

fn message(page: &Page, verdict: &Verdict) -> String {
    format!("anyone may ask for the whole result of {}: the endpoint has no authentication and the read has no limit", page.source(verdict))
}
