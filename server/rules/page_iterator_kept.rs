//! DDB303: page-iterator-kept.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Category, Effect, Severity};
use crate::fix;
use crate::fix::Rewrite;
use crate::rules::About;
use crate::rules::stories::stored;

pub const ABOUT: About = About {
    code: "DDB303",
    name: "page-iterator-kept",
    effect: Effect::Leak,
    severity: Severity::Error,
    categories: &[Category::ML],
    off: false,
    tell,
    message,
    rewrite,
};

fn tell(cx: &Cx, verdict: &mut Verdict) {
    stored(cx, verdict);
}

fn message(page: &Page, verdict: &Verdict) -> String {
    format!("{} keeps the iterator of {}, and with it the page it stands on, for the life of the process", page.holder(verdict), page.source(verdict))
}

fn rewrite(_: &mut Vec<Rewrite>, _: &fix::Cx) {}
