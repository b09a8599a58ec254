//! DDB103: long-lived-instance-accumulator.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Category, Effect, Severity};
use crate::fix;
use crate::fix::Rewrite;
use crate::fix::containers::bounded;
use crate::rules::About;
use crate::rules::stories::{long_lived, stored};

pub const ABOUT: About = About {
    code: "DDB103",
    name: "long-lived-instance-accumulator",
    effect: Effect::Leak,
    severity: Severity::Error,
    categories: &[Category::ML, Category::UC],
    off: false,
    tell,
    message,
    rewrite,
};

fn tell(cx: &Cx, verdict: &mut Verdict) {
    stored(cx, verdict);
    long_lived(cx, verdict);
    if cx.in_script(verdict.function) {
        verdict.severity = Severity::Info;
    }
}

fn message(page: &Page, verdict: &Verdict) -> String {
    format!("{} keeps {} of {} as long as its instance, which lives as long as the process: nothing empties it", page.holder(verdict), page.kept(verdict), page.source(verdict))
}

fn rewrite(acc: &mut Vec<Rewrite>, cx: &fix::Cx) {
    bounded(acc, cx, cx.bounds.accumulator);
}
