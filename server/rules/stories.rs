//! Stories that several rules tell.

use crate::analysis::{Cx, Verdict, Where};
use crate::facts::{Arg, ArgKind, Call, ChunkFacts, Expr, ExprId, Stmt};
use crate::finding::Severity;
use crate::flow::{same_place, visit};
use crate::lifetime::lifetime;
use crate::summary::CellKey;
use crate::value::{FuncId, Lifetime, Mark, What};

/// `holder` keeps `value`.
pub fn stored(cx: &Cx, verdict: &mut Verdict) {
    let value = cx.value_of("value");
    let wanted = |atom: &crate::value::Atom| atom.data().is_some_and(|data| data.kind != crate::value::Kind::Attribute);
    verdict.story.value = cx.best(&value, wanted).or_else(|| cx.best(&value, |atom| atom.data().is_some()));
    verdict.story.holder_span = cx.span_of("holder");
    let holder = cx.value_of("holder");
    let mut places: Vec<_> = holder.places().cloned().collect();
    places.sort_by_key(|place| std::cmp::Reverse(lifetime(place, cx.reader).0));
    verdict.story.holder = places.into_iter().next().filter(|place| lifetime(place, cx.reader).0 > Lifetime::Call);
}

/// Says where the long-lived instance is made.
pub fn long_lived(cx: &Cx, verdict: &mut Verdict) {
    let Some(place) = verdict.story.holder.clone() else { return };
    let (_, confidence, site) = lifetime(&place, cx.reader);
    verdict.confidence = verdict.confidence.min(confidence);
    if let Some(site) = site {
        verdict.story.notes.push((Where::Site(site), "the instance is made here and lives as long as the process"));
    }
}

/// What a decorated function returns.
pub fn returned(cx: &Cx, verdict: &mut Verdict) {
    let Some(function) = cx.captured("function").and_then(|captured| captured.function) else { return };
    let value = cx.resolved(&cx.reader.cell(CellKey::Return(FuncId { unit: cx.unit.id, function })));
    verdict.story.value = cx.best(&value, |atom| atom.data().is_some());
    verdict.function = function;
}

/// What the found read gives.
pub fn read(cx: &Cx, verdict: &mut Verdict) {
    verdict.story.value = cx.best(&cx.value_of("finding"), |atom| atom.data().is_some());
}

/// From this many attributes on a row counts as the whole item.
pub const MANY: usize = 6;

/// `ProjectionExpression="id, #status"`, also by `**arguments`: what is gathered are a few attributes of each item.
pub fn is_projected(cx: &Cx, verdict: &Verdict) -> bool {
    let Some((facts, call)) = verdict.story.value.as_ref().and_then(|atom| cx.call_at(*atom.steps.first()?)) else { return false };
    call.args.iter().any(|arg| match &arg.kind {
        ArgKind::Keyword(name) => name == PROJECTION && is_short(facts, arg.value),
        ArgKind::Keywords => holds_projection(facts, arg.value),
        _ => false,
    })
}

const PROJECTION: &str = "ProjectionExpression";

fn is_short(facts: &ChunkFacts, names: ExprId) -> bool {
    matches!(facts.expr(names), Expr::Str(names) if names.split(',').count() < MANY)
}

/// `arguments = {"ProjectionExpression": "id"}`, whatever else is put into it afterwards.
fn holds_projection(facts: &ChunkFacts, arguments: ExprId) -> bool {
    let Expr::Star(arguments) = *facts.expr(arguments) else { return false };
    if !matches!(facts.expr(arguments), Expr::Local(_)) {
        return false;
    }
    let mut given = Vec::new();
    visit(&facts.functions[facts.owner(arguments) as usize].body, &mut |stmt| {
        if let Stmt::Assign { targets, value, .. } = stmt
            && targets.iter().any(|&target| same_place(facts, target, arguments))
        {
            given.push(*value);
        }
    });
    let projects = |id: &ExprId| match facts.expr(*id) {
        Expr::Dict(pairs) => pairs.iter().any(|(key, value)| key.is_some_and(|key| matches!(facts.expr(key), Expr::Str(key) if key == PROJECTION)) && is_short(facts, *value)),
        Expr::Call(call) if facts.is_named(call.function, "dict") => call.args.iter().any(|arg| matches!(&arg.kind, ArgKind::Keyword(name) if name == PROJECTION) && is_short(facts, arg.value)),
        _ => false,
    };
    !given.is_empty() && given.iter().all(projects)
}

/// What the found call makes, and the situation that repeats it.
pub fn made(cx: &Cx, verdict: &mut Verdict, repeats: impl Fn(Mark) -> bool, words: &'static str) {
    read(cx, verdict);
    if is_stand_in(cx) {
        verdict.severity = Severity::Info;
    }
    if let Some(atom) = cx.context(verdict.function).atoms().iter().find(|atom| matches!(atom.what, What::Mark(mark) if repeats(mark))) {
        verdict.story.notes.extend(atom.steps.iter().map(|site| (Where::Site(*site), words)));
    }
}

/// `if LOCAL: return boto3.resource("dynamodb", endpoint_url="http://localhost:8000")`, and the real one
/// beside it: made in development only.
fn is_stand_in(cx: &Cx) -> bool {
    let Some(found) = cx.captured("finding").and_then(|finding| finding.expr) else { return false };
    let alike = |id: ExprId| match cx.facts.expr(id) {
        Expr::Call(call) => match cx.facts.expr(call.function) {
            Expr::Attr(_, name) => Some((name, is_local(cx, call))),
            _ => None,
        },
        _ => None,
    };
    let Some((name, true)) = alike(found) else { return false };
    let same = |id: ExprId| cx.facts.owner(id) == cx.facts.owner(found);
    cx.facts.calls.iter().any(|&other| same(other) && alike(other) == Some((name, false)))
}

/// AWS is asked over HTTPS.
fn is_local(cx: &Cx, call: &Call) -> bool {
    let named = |arg: &&Arg| matches!(&arg.kind, ArgKind::Keyword(name) if name == "endpoint_url");
    let Some(endpoint) = call.args.iter().find(named) else { return false };
    let plain = |text: &str| text.starts_with("http://") && !text.contains("amazonaws");
    cx.facts.any(endpoint.value, &mut |_, expr| match expr {
        Expr::Str(text) => plain(text),
        Expr::Name(name) => cx.reader.global(cx.unit.file, name).string().is_some_and(|text| plain(text)),
        _ => false,
    })
}
