//! DDB203: dict-cache-never-evicts.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Category, Effect, Severity};
use crate::fix;
use crate::fix::Rewrite;
use crate::fix::containers::{bounded, lru};
use crate::rules::About;
use crate::rules::stories::{long_lived, stored};

pub const ABOUT: About = About {
    code: "DDB203",
    name: "dict-cache-never-evicts",
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
    long_lived(cx, verdict);
    if cx.in_script(verdict.function) || verdict.function == 0 {
        verdict.severity = Severity::Info;
    }
}

fn message(page: &Page, verdict: &Verdict) -> String {
    format!("{} caches the result of {} under each new key and never evicts one", page.holder(verdict), page.source(verdict))
}

fn rewrite(acc: &mut Vec<Rewrite>, cx: &fix::Cx) {
    acc.extend(lru(cx, cx.bounds.cache));
    bounded(acc, cx, cx.bounds.cache);
}
