//! DDB401: unbounded-record-queue.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Category, Effect, Severity};
use crate::fix;
use crate::fix::Rewrite;
use crate::fix::containers::{Container, as_queue, birth, local_birth, with_maxsize};
use crate::rules::About;
use crate::rules::stories::stored;

pub const ABOUT: About = About {
    code: "DDB401",
    name: "unbounded-record-queue",
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
}

fn message(page: &Page, verdict: &Verdict) -> String {
    format!("{} has no bound: when its consumer falls behind, {} of {} waits in memory", page.holder(verdict), page.kept(verdict), page.source(verdict))
}

fn rewrite(acc: &mut Vec<Rewrite>, cx: &fix::Cx) {
    let kept = birth(cx);
    let local = kept.is_none();
    let Some(birth) = kept.or_else(|| local_birth(cx)) else { return };
    match birth.shape {
        Container::Deque if local => {}
        Container::Deque => acc.extend(as_queue(cx, &birth)),
        _ => acc.extend(with_maxsize(cx, &birth, cx.bounds.queue)),
    }
}
