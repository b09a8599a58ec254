//! DDB604: async-client-not-scoped.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Applicability, Category, Effect, Severity};
use crate::fix;
use crate::fix::Rewrite;
use crate::fix::blocks::{moved_in, reach};
use crate::fix::containers::{arguments, method};
use crate::fix::locals::Only;
use crate::fix::module::{ancestors, function_of, named_children, statement, statements};
use crate::rules::About;
use crate::rules::stories::made;
use crate::value::Mark;
use tree_sitter::Node;

pub const ABOUT: About = About {
    code: "DDB604",
    name: "async-client-not-scoped",
    effect: Effect::Leak,
    severity: Severity::Error,
    categories: &[Category::ML],
    off: false,
    tell,
    message,
    rewrite,
};

fn tell(cx: &Cx, verdict: &mut Verdict) {
    let repeats = |mark: Mark| mark == Mark::Request || mark == Mark::Loop;
    made(cx, verdict, repeats, "runs for each request or round");
    let made = cx.value_of("made").join(&cx.value_of("finding"));
    verdict.story.value = cx.best(&made, |atom| atom.data().is_some());
    verdict.story.holder_span = ["holder", "stack", "made"].into_iter().find_map(|name| cx.span_of(name));
    let looped = cx.seen_as("finding").is_some_and(|seen| seen.situation.loops.iter().any(|note| !note.bounded));
    if !looped && cx.context(verdict.function).mark(repeats).is_none() {
        // Opened once, it stays open once.
        verdict.severity = Severity::Warning;
    }
}

fn message(page: &Page, verdict: &Verdict) -> String {
    match verdict.story.holder_span {
        None => format!("{} is used without `async with`: newer versions of its library fail there, and in older ones nothing closes what it opens", page.source(verdict)),
        Some(_) => format!("{} is entered and kept in {}: nothing leaves it, so that its connections stay open", page.source(verdict), page.holder(verdict)),
    }
}

fn rewrite(acc: &mut Vec<Rewrite>, cx: &fix::Cx) {
    acc.extend(scoped(cx));
}

/// `async with session.client("dynamodb") as client:` around all that uses it.
fn scoped(cx: &fix::Cx) -> Option<Rewrite> {
    let (module, node) = (cx.module, cx.node);
    // `await STACK.enter_async_context(…)`, `session.client("dynamodb")`: what is found is the call.
    let assignment = match node.kind() {
        "assignment" => node,
        _ => ancestors(node).take(2).find(|up| up.kind() == "assignment")?,
    };
    let target = assignment.child_by_field_name("left").filter(|left| left.kind() == "identifier")?;
    let made = match node.kind() {
        "assignment" => {
            let right = assignment.child_by_field_name("right").filter(|right| right.kind() == "await")?;
            right.named_child(0)?.child_by_field_name("function")?.child_by_field_name("object")?
        }
        _ if method(module, node) == "enter_async_context" => *named_children(arguments(node)?).first()?,
        _ => node,
    };
    let whole = statement(node).filter(|whole| whole.named_child(0) == Some(assignment) && module.alone(*whole))?;
    let function = function_of(target).filter(|function| module.of(*function).starts_with("async"))?;
    let name = module.of(target);
    let mut draft = cx.draft(format!("Scope `{name}` with an `async with` block"), Applicability::Unsafe);
    let uses = match module.resolve(target) {
        scope if scope == function => module.uses(name, scope),
        scope if scope.kind() == "module" => {
            let only = Only::of(cx, target, function)?;
            let empty = |birth: Node| birth.child_by_field_name("right").is_some_and(|it| it.kind() == "none");
            if !only.birth.is_none_or(empty) {
                return None;
            }
            only.taken_out(&mut draft, module)?;
            only.uses
        }
        _ => return None,
    };
    let uses: Vec<_> = uses.into_iter().filter(|other| *other != target).collect();
    // Kept or handed out, it would be closed too early; what is not awaited may go on after the block.
    let ends = |node: Node| node.parent().is_some_and(|up| up.kind() == "await");
    let awaited = |other: &Node| {
        let parent = other.parent();
        let call = parent.and_then(|up| up.parent()).filter(|up| up.kind() == "call");
        let looped = || ancestors(*other).take_while(|up| *up != function).any(|up| up.kind() == "for_statement" && module.of(up).starts_with("async") && up.child_by_field_name("right").is_some_and(|it| it.byte_range().contains(&other.start_byte())));
        parent.is_some_and(|up| matches!(up.kind(), "attribute" | "argument_list")) && (call.is_some_and(ends) || looped())
    };
    if assignment.child_by_field_name("type").is_some() || !uses.iter().all(awaited) {
        return None;
    }
    // A table that is handed out would go on without its resource.
    let handed_out = |other: &Node| {
        let assigned = ancestors(*other).take(4).find(|up| up.kind() == "assignment");
        let table = assigned.and_then(|assigned| assigned.child_by_field_name("left")).filter(|left| left.kind() == "identifier");
        let used = |one: &Node| Some(*one) == table || one.parent().is_some_and(|up| up.kind() == "attribute");
        table.is_some_and(|table| !module.uses(module.of(table), function).iter().all(used))
    };
    // Entered for each request it would be one for each: share what is made, which only its owner can say.
    let repeated = cx.verdict.severity == Severity::Error;
    if made == node && (repeated || uses.iter().any(handed_out)) {
        return None;
    }
    let mut body = reach(whole, &uses)?;
    // A table goes on using its resource, and a body its client.
    let plain = method(module, made) != "resource" && module.of(made).contains("dynamodb");
    if !plain {
        let all = statements(whole.parent()?);
        body = all.into_iter().skip_while(|one| *one != body[0]).collect();
    }
    draft.replace(module, assignment.start_byte()..made.start_byte(), "async with ");
    draft.replace(module, made.end_byte()..assignment.end_byte(), format!(" as {name}:"));
    moved_in(&mut draft, module, whole, &body)?;
    Some(draft)
}
