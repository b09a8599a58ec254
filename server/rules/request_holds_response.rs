//! DDB501: request-holds-response.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Category, Effect, Severity};
use crate::fix;
use crate::fix::Rewrite;
use crate::fix::attributes::projected;
use crate::rules::About;
use crate::rules::stories::stored;

pub const ABOUT: About = About {
    code: "DDB501",
    name: "request-holds-response",
    effect: Effect::Peak,
    severity: Severity::Info,
    categories: &[Category::ML],
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
    format!("{} holds the whole result of {} until the request ends", page.holder(verdict), page.source(verdict))
}

fn rewrite(acc: &mut Vec<Rewrite>, cx: &fix::Cx) {
    acc.extend(projected(cx));
}
