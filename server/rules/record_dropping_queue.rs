//! DDB402: record-dropping-queue.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Category, Effect, Severity};
use crate::fix;
use crate::fix::Rewrite;
use crate::fix::containers::{as_queue, birth, waiting};
use crate::rules::About;
use crate::rules::stories::stored;

pub const ABOUT: About = About {
    code: "DDB402",
    name: "record-dropping-queue",
    effect: Effect::DataLoss,
    severity: Severity::Warning,
    categories: &[Category::UC],
    off: false,
    tell,
    message,
    rewrite,
};

fn tell(cx: &Cx, verdict: &mut Verdict) {
    stored(cx, verdict);
    if cx.captured("_full").is_some() {
        verdict.story.variant = "full";
    }
}

fn message(page: &Page, verdict: &Verdict) -> String {
    let (holder, source) = (page.holder(verdict), page.source(verdict));
    match verdict.story.variant {
        "full" => format!("when {holder} is full, the record of {source} is thrown away without a word"),
        _ => format!("when {holder} is full, each new record of {source} pushes out the oldest one, unread"),
    }
}

fn rewrite(acc: &mut Vec<Rewrite>, cx: &fix::Cx) {
    if cx.verdict.story.variant == "full" {
        acc.extend(waiting(cx));
    } else if let Some(birth) = birth(cx) {
        acc.extend(as_queue(cx, &birth));
    }
}
