//! DDB204: django-cache-never-expires.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Category, Effect, Severity};
use crate::rules::About;

pub const ABOUT: About = About {
    code: "DDB204",
    name: "django-cache-never-expires",
    effect: Effect::Churn,
    severity: Severity::Info,
    categories: &[Category::ML, Category::UC],
    off: false,
    tell,
    message,
};

fn tell(cx: &Cx, verdict: &mut Verdict) {
    verdict.story.value = cx.best(&cx.value_of("value"), |atom| atom.data().is_some());
}

fn message(page: &Page, verdict: &Verdict) -> String {
    format!("the result of {} is cached without a timeout: it stays until the cache's own limit throws it out", page.source(verdict))
}
