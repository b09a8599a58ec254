//! DDB202: cached-method.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Category, Effect, Severity};
use crate::rules::About;
use crate::rules::stories::returned;

pub const ABOUT: About = About {
    code: "DDB202",
    name: "cached-method",
    effect: Effect::Leak,
    severity: Severity::Warning,
    categories: &[Category::ML],
    off: false,
    tell,
    message,
};

fn tell(cx: &Cx, verdict: &mut Verdict) {
    returned(cx, verdict);
}

fn message(page: &Page, verdict: &Verdict) -> String {
    format!("`{}` on a method keeps `self` and the result of {} alive in a cache of the class", page.finding_text(verdict), page.source(verdict))
}
