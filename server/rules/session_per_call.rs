//! DDB603: session-per-call.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Category, Confidence, Effect, Severity};
use crate::fix;
use crate::fix::Rewrite;
use crate::fix::factories::shared;
use crate::rules::About;
use crate::rules::stories::made;
use crate::value::Mark;

pub const ABOUT: About = About {
    code: "DDB603",
    name: "session-per-call",
    effect: Effect::Churn,
    severity: Severity::Warning,
    categories: &[Category::ML],
    off: false,
    tell,
    message,
    rewrite,
};

fn tell(cx: &Cx, verdict: &mut Verdict) {
    made(cx, verdict, |mark| mark == Mark::Request || mark == Mark::Loop, "runs for each request or round");
    let function = verdict.function;
    let repeated = cx.context(function).mark(|mark| mark == Mark::Request || mark == Mark::Loop).cloned();
    let looped = cx.seen_as("finding").is_some_and(|seen| seen.situation.loops.iter().any(|note| !note.bounded));
    if !looped && repeated.as_ref().is_none_or(|atom| atom.confidence == Confidence::Low) {
        verdict.severity = Severity::Info;
    }
    // What a script pays it pays once, unless it goes round for ever.
    if !cx.goes_on(verdict.function) && cx.in_script(verdict.function) {
        verdict.severity = Severity::Info;
    }
    if let Some(atom) = repeated.filter(|_| !looped) {
        verdict.confidence = verdict.confidence.min(atom.confidence);
    }
}

fn message(page: &Page, verdict: &Verdict) -> String {
    format!("{} is built anew on each call: 6 ms each time, with its first client 65 to 100 ms and 9 MB of garbage", page.source(verdict))
}

fn rewrite(acc: &mut Vec<Rewrite>, cx: &fix::Cx) {
    shared(acc, cx);
}
