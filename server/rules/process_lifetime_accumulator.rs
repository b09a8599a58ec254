//! DDB101: process-lifetime-accumulator.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Category, Effect, Severity};
use crate::fix;
use crate::fix::Rewrite;
use crate::fix::containers::bounded;
use crate::fix::generators::yielded;
use crate::fix::locals::local;
use crate::rules::About;
use crate::rules::stories::stored;

pub const ABOUT: About = About {
    code: "DDB101",
    name: "process-lifetime-accumulator",
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
    // What a script gathers ends with it.
    if cx.in_script(verdict.function) || verdict.function == 0 {
        verdict.severity = Severity::Info;
    }
}

fn message(page: &Page, verdict: &Verdict) -> String {
    format!("{} keeps {} of {} for the life of the process: nothing empties it", page.holder(verdict), page.kept(verdict), page.source(verdict))
}

fn rewrite(acc: &mut Vec<Rewrite>, cx: &fix::Cx) {
    // What a script gathers it wants whole, and it ends with its work.
    if cx.verdict.severity > Severity::Info {
        bounded(acc, cx, cx.bounds.accumulator);
        acc.extend(local(cx));
        acc.extend(yielded(cx));
    }
}
