//! DDB201: unbounded-function-cache.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Category, Effect, Severity};
use crate::rules::About;
use crate::rules::stories::returned;

pub const ABOUT: About = About {
    code: "DDB201",
    name: "unbounded-function-cache",
    effect: Effect::Leak,
    severity: Severity::Error,
    categories: &[Category::ML, Category::UC],
    off: false,
    tell,
    message,
};

fn tell(cx: &Cx, verdict: &mut Verdict) {
    returned(cx, verdict);
}

fn message(page: &Page, verdict: &Verdict) -> String {
    format!("`{}` keeps the result of {} for each new argument: nothing is ever evicted", page.finding_text(verdict), page.source(verdict))
}
