//! DDB601: client-per-iteration.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Category, Effect, Severity};
use crate::fix;
use crate::fix::Rewrite;
use crate::fix::factories::shared;
use crate::rules::About;
use crate::rules::stories::made;
use crate::value::Mark;

pub const ABOUT: About = About {
    code: "DDB601",
    name: "client-per-iteration",
    effect: Effect::Churn,
    severity: Severity::Warning,
    categories: &[Category::ML],
    off: false,
    tell,
    message,
    rewrite,
};

fn tell(cx: &Cx, verdict: &mut Verdict) {
    made(cx, verdict, |mark| mark == Mark::Loop, "called here in a loop");
    let looped = cx.seen_as("finding").is_some_and(|seen| seen.situation.loops.iter().any(|note| !note.bounded));
    let context = cx.context(verdict.function);
    if !looped && !context.has(Mark::Loop) && context.has(Mark::Read) {
        verdict.story.variant = "property";
    }
    // What a script pays it pays once, unless it goes round for ever.
    if !cx.goes_on(verdict.function) && cx.in_script(verdict.function) {
        verdict.severity = Severity::Info;
    }
}

fn message(page: &Page, verdict: &Verdict) -> String {
    let source = page.source(verdict);
    match verdict.story.variant {
        "property" => format!("{source} is built anew each time the property is read"),
        _ => format!("{source} is built anew in each round of a loop"),
    }
}

fn rewrite(acc: &mut Vec<Rewrite>, cx: &fix::Cx) {
    shared(acc, cx);
}
