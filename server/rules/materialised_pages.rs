//! DDB301: materialised-pages.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::facts::{ChunkFacts, Expr, ExprId};
use crate::finding::{Category, Effect, Severity};
use crate::fix;
use crate::fix::Rewrite;
use crate::fix::generators::materialised;
use crate::rules::About;
use crate::rules::stories::{MANY, is_projected};
use crate::summary::CellKey;
use crate::value::{Mark, Place, What};

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

/// Nobody takes what is gathered.
const DROPPED: &str = "dropped";

/// Only attributes of the items are gathered.
const ATTRIBUTES: &str = "attributes";

fn tell(cx: &Cx, verdict: &mut Verdict) {
    let value = ["source", "task"].iter().map(|name| cx.value_of(name)).find(|value| value.data().next().is_some()).unwrap_or_default();
    verdict.story.value = cx.best(&value, |atom| atom.data().is_some());
    if cx.captured("source").or(cx.captured("task")).is_none() {
        verdict.story.variant = DROPPED;
        verdict.story.value = cx.best(&cx.value_of("finding"), |atom| atom.data().is_some());
    }
    // What only converts all that it is given is told of where it is given that.
    if for_others(cx, verdict).is_some() || is_projected(cx, verdict) {
        verdict.severity = Severity::Info;
    }
    if cx.captured("finding").and_then(|finding| finding.expr).is_some_and(|expr| takes_attributes(cx.facts, expr)) {
        verdict.story.variant = ATTRIBUTES;
        verdict.severity = Severity::Info;
    }
}

/// `[item["id"] for page in pages for item in page["Items"]]`, also in `set(...)`.
fn takes_attributes(facts: &ChunkFacts, expr: ExprId) -> bool {
    match facts.expr(expr) {
        Expr::Comprehension(made) => is_slight(facts, made.element) && made.key.is_none_or(|key| is_slight(facts, key)),
        Expr::Call(call) => call.args.len() == 1 && takes_attributes(facts, call.args[0].value),
        _ => false,
    }
}

/// An attribute, or a few in a row: `item["id"]`, `{"id": item["id"], "day": item.get("day")}`, `len(page["Items"])`.
fn is_slight(facts: &ChunkFacts, expr: ExprId) -> bool {
    let all = |parts: &[ExprId]| parts.len() < MANY && parts.iter().all(|&part| is_slight(facts, part));
    // `page["Items"]` is all of it, `order.attribute_values` the whole item.
    let part = |name: &str| !matches!(name, "Items" | "Records" | "Item" | "items" | "records" | "attribute_values" | "__dict__");
    match facts.expr(expr) {
        Expr::Str(_) | Expr::Int(_) | Expr::True | Expr::False | Expr::None | Expr::Compare(..) | Expr::Not(_) => true,
        Expr::Subscript(_, key) => matches!(facts.expr(*key), Expr::Str(name) if part(name)),
        Expr::Attr(_, name) => part(name),
        Expr::List(parts) | Expr::Tuple(parts) => all(parts),
        Expr::Dict(pairs) => pairs.len() < MANY && pairs.iter().all(|(key, value)| key.is_some() && is_slight(facts, *value)),
        Expr::Conditional { then, other, .. } => is_slight(facts, *then) && is_slight(facts, *other),
        Expr::Call(call) => match facts.expr(call.function) {
            Expr::Name(name) if name == "len" => true,
            Expr::Name(name) if matches!(name.as_str(), "int" | "str" | "float" | "bool" | "Decimal") => call.args.iter().all(|arg| is_slight(facts, arg.value)),
            Expr::Attr(_, name) if name == "get" => call.args.first().is_some_and(|arg| matches!(facts.expr(arg.value), Expr::Str(name) if part(name))),
            _ => false,
        },
        _ => false,
    }
}

fn for_others(cx: &Cx, verdict: &Verdict) -> Option<()> {
    let given = &cx.seen_as("source")?.value;
    let param = given.atoms().iter().find_map(|atom| match atom.what {
        What::Param(function, index) => Some(Place::Default(function, index)),
        _ => None,
    })?;
    let read = verdict.story.value.as_ref()?.steps.first()?;
    let elsewhere = cx.reader.world().units.get(&read.unit)?.file != cx.unit.file;
    let own = given.data().next().is_some();
    let converts = cx.reader.cell(CellKey::Holder(param)).has(Mark::Converts);
    (converts && elsewhere && !own).then_some(())
}

fn message(page: &Page, verdict: &Verdict) -> String {
    match verdict.story.variant {
        DROPPED => format!("`{}` gathers all that {} gives, and nobody takes it", page.finding_text(verdict), page.source(verdict)),
        ATTRIBUTES => format!("attributes of all that {} gives stay in memory as long as the result is in use: take one item after the other, or let the read ask for these attributes alone", page.source(verdict)),
        _ => format!("holds every page of {} in memory at once", page.source(verdict)),
    }
}

fn rewrite(acc: &mut Vec<Rewrite>, cx: &fix::Cx) {
    if cx.verdict.story.variant != DROPPED {
        materialised(acc, cx);
    }
}
