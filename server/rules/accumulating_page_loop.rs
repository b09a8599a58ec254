//! DDB302: accumulating-page-loop.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::facts::{ChunkFacts, Expr, ExprId};
use crate::finding::{Category, Effect, Severity};
use crate::fix;
use crate::fix::Rewrite;
use crate::fix::generators::gathered;
use crate::rules::About;
use crate::rules::stories::{MANY, is_projected};
use crate::value::Kind;

pub const ABOUT: About = About {
    code: "DDB302",
    name: "accumulating-page-loop",
    effect: Effect::Peak,
    severity: Severity::Warning,
    categories: &[Category::ML, Category::UC],
    off: false,
    tell,
    message,
    rewrite,
};

fn tell(cx: &Cx, verdict: &mut Verdict) {
    let value = cx.value_of("value");
    verdict.story.value = cx.best(&value, |atom| atom.data().is_some_and(|data| data.kind != Kind::Attribute)).or_else(|| cx.best(&value, |atom| atom.data().is_some()));
    verdict.story.holder_span = cx.span_of("holder");
    // A row of many attributes is the item in another form.
    let row = cx.captured("value").and_then(|captured| captured.expr).is_some_and(|expr| is_row(cx.facts, expr));
    let attributes = !row && verdict.story.value.as_ref().and_then(|atom| atom.data()).is_some_and(|data| data.kind == Kind::Attribute);
    if attributes || is_projected(cx, verdict) || cx.in_script(verdict.function) || verdict.function == 0 {
        verdict.severity = Severity::Info;
    }
}

/// `{"id": item["id"], …}`, `[item["id"], …]`, `Row(item["id"], …)`, or each of `[Row(…) for item in items]`.
fn is_row(facts: &ChunkFacts, expr: ExprId) -> bool {
    match facts.expr(expr) {
        Expr::Dict(pairs) => pairs.len() >= MANY,
        Expr::List(parts) | Expr::Tuple(parts) => parts.len() >= MANY,
        Expr::Call(call) => call.args.len() >= MANY,
        Expr::Comprehension(comprehension) => is_row(facts, comprehension.element),
        _ => false,
    }
}

fn message(page: &Page, verdict: &Verdict) -> String {
    format!("{} gathers every page of {}: all of it is in memory at once", page.holder(verdict), page.source(verdict))
}

fn rewrite(acc: &mut Vec<Rewrite>, cx: &fix::Cx) {
    gathered(acc, cx);
}
