//! DDB406: stream-loop-without-checkpoint.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Category, Effect, Severity};
use crate::fix::none;
use crate::rules::About;

pub const ABOUT: About = About {
    code: "DDB406",
    name: "stream-loop-without-checkpoint",
    effect: Effect::DataLoss,
    severity: Severity::Info,
    categories: &[Category::UC],
    off: false,
    tell,
    message,
    rewrite: none,
};

fn tell(cx: &Cx, verdict: &mut Verdict) {
    verdict.story.value = cx.best(&cx.value_of("finding"), |atom| atom.data().is_some());
}

fn message(page: &Page, verdict: &Verdict) -> String {
    format!("nothing stores how far {} has come: after a restart the loop reads its records again, or misses those that came meanwhile", page.source(verdict))
}
