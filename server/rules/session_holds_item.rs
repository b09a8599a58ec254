//! DDB502: session-holds-item.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Category, Effect, Severity};
use crate::fix;
use crate::fix::Rewrite;
use crate::rules::About;
use crate::rules::stories::stored;

pub const ABOUT: About = About {
    code: "DDB502",
    name: "session-holds-item",
    effect: Effect::Leak,
    severity: Severity::Error,
    categories: &[Category::ML, Category::DE],
    off: false,
    tell,
    message,
    rewrite,
};

fn tell(cx: &Cx, verdict: &mut Verdict) {
    stored(cx, verdict);
    verdict.story.holder = None;
}

fn message(page: &Page, verdict: &Verdict) -> String {
    format!("{} keeps the result of {} as long as the session, for each user", page.holder(verdict), page.source(verdict))
}

fn rewrite(_: &mut Vec<Rewrite>, _: &fix::Cx) {}
