//! DDB701: whole-response-kept.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Category, Effect, Severity};
use crate::fix;
use crate::fix::Rewrite;
use crate::fix::parts::part_stored;
use crate::rules::About;
use crate::rules::stories::stored;
use crate::value::What;

pub const ABOUT: About = About {
    code: "DDB701",
    name: "whole-response-kept",
    effect: Effect::Peak,
    severity: Severity::Warning,
    categories: &[Category::ML],
    off: false,
    tell,
    message,
    rewrite,
};

fn tell(cx: &Cx, verdict: &mut Verdict) {
    stored(cx, verdict);
    let uses = verdict.story.holder.as_ref().and_then(|place| cx.uses(place));
    verdict.story.detail = uses.and_then(|uses| uses.part().cloned()).unwrap_or_default();
    let many = cx.value_of("holder").atoms().iter().any(|atom| matches!(atom.what, What::Container(..)));
    if many {
        verdict.story.variant = "many";
    } else {
        verdict.severity = Severity::Info;
    }
}

fn message(page: &Page, verdict: &Verdict) -> String {
    let (holder, source, part) = (page.holder(verdict), page.source(verdict), &verdict.story.detail);
    match verdict.story.variant {
        "many" => format!("{holder} keeps whole responses of {source}: only their `{part}` is ever read, and the rest is kept with it"),
        _ => format!("{holder} keeps the whole response of {source}: only its `{part}` is ever read, and the rest is kept with it"),
    }
}

fn rewrite(acc: &mut Vec<Rewrite>, cx: &fix::Cx) {
    acc.extend(part_stored(cx, &cx.verdict.story.detail));
}
