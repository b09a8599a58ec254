//! DDB301: materialised-pages.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Category, Effect, Severity};
use crate::fix;
use crate::fix::Rewrite;
use crate::fix::generators::materialised;
use crate::rules::About;

pub const ABOUT: About = About {
    code: "DDB301",
    name: "materialised-pages",
    effect: Effect::Peak,
    severity: Severity::Warning,
    categories: &[Category::ML, Category::UC],
    off: false,
    tell,
    message,
    rewrite,
};

fn tell(cx: &Cx, verdict: &mut Verdict) {
    let value = ["source", "task"].iter().map(|name| cx.value_of(name)).find(|value| value.data().next().is_some()).unwrap_or_default();
    verdict.story.value = cx.best(&value, |atom| atom.data().is_some());
}

fn message(page: &Page, verdict: &Verdict) -> String {
    format!("holds every page of {} in memory at once", page.source(verdict))
}

fn rewrite(acc: &mut Vec<Rewrite>, cx: &fix::Cx) {
    materialised(acc, cx);
}
