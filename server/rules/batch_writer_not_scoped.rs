//! DDB605: batch-writer-not-scoped.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Category, Effect, Severity};
use crate::rules::About;
use crate::rules::stories::made;

pub const ABOUT: About = About {
    code: "DDB605",
    name: "batch-writer-not-scoped",
    effect: Effect::DataLoss,
    severity: Severity::Error,
    categories: &[Category::UC],
    off: false,
    tell,
    message,
};

fn tell(cx: &Cx, verdict: &mut Verdict) {
    made(cx, verdict, |_| false, "");
}

fn message(page: &Page, verdict: &Verdict) -> String {
    format!("{} is used without `with`: the last items are never sent", page.source(verdict))
}
