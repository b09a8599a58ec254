//! DDB102: mutable-default-accumulator.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Category, Effect, Severity};
use crate::rules::About;
use crate::rules::stories::stored;

pub const ABOUT: About = About {
    code: "DDB102",
    name: "mutable-default-accumulator",
    effect: Effect::Leak,
    severity: Severity::Error,
    categories: &[Category::ML, Category::UC],
    off: false,
    tell,
    message,
};

fn tell(cx: &Cx, verdict: &mut Verdict) {
    stored(cx, verdict);
}

fn message(page: &Page, verdict: &Verdict) -> String {
    format!("the default value of {} is made once and keeps {} of {} for the life of the process", page.holder(verdict), page.kept(verdict), page.source(verdict))
}
