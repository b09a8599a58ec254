//! DDB801: whole-item-returned.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Category, Effect, Severity};
use crate::fix;
use crate::rules::About;
use crate::value::Kind;

pub const ABOUT: About = About {
    code: "DDB801",
    name: "whole-item-returned",
    effect: Effect::Exposure,
    severity: Severity::Info,
    categories: &[Category::DE],
    off: false,
    tell,
    message,
    rewrite: fix::none,
};

fn tell(cx: &Cx, verdict: &mut Verdict) {
    let whole = |kind: Kind| matches!(kind, Kind::Page | Kind::Items | Kind::Item);
    verdict.story.value = cx.best(&cx.value_of("value"), |atom| atom.data().is_some_and(|data| whole(data.kind)));
}

fn message(page: &Page, verdict: &Verdict) -> String {
    format!("the endpoint returns all that {} gives: an attribute that is added later goes out too", page.source(verdict))
}
