//! DDB306: page-iterator-reused.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Applicability, Category, Effect, Severity};
use crate::fix;
use crate::fix::Rewrite;
use crate::fix::containers::method;
use crate::fix::imports::without;
use crate::fix::module::{Module, binds, descend, is_name, statement};
use crate::rules::About;
use tree_sitter::Node;

pub const ABOUT: About = About {
    code: "DDB306",
    name: "page-iterator-reused",
    effect: Effect::Wrong,
    severity: Severity::Error,
    categories: &[Category::UC],
    off: false,
    tell,
    message,
    rewrite,
};

fn tell(cx: &Cx, verdict: &mut Verdict) {
    verdict.story.value = cx.best(&cx.value_of("value"), |atom| atom.data().is_some());
    if !cx.seen_as("value").is_some_and(|seen| seen.situation.spent) {
        verdict.story.variant = "kept";
    }
}

fn message(page: &Page, verdict: &Verdict) -> String {
    let pages = page.finding_text(verdict);
    match verdict.story.variant {
        "kept" => format!("each request goes through the same `{pages}`: from the second on it gives the last page only"),
        _ => format!("`{pages}` is gone through again: this time it gives the last page only"),
    }
}

fn rewrite(acc: &mut Vec<Rewrite>, cx: &fix::Cx) {
    acc.extend(anew(cx));
}

/// `paginator.paginate(...)` where its pages are needed again.
fn anew(cx: &fix::Cx) -> Option<Rewrite> {
    let (module, node) = (cx.module, cx.node);
    if node.kind() != "identifier" {
        return None;
    }
    let scope = module.resolve(node);
    let uses = module.uses(module.of(node), scope);
    let bound: Vec<Node> = uses.iter().copied().filter(|other| binds(*other)).collect();
    let [target] = bound[..] else { return None };
    let assignment = target.parent().filter(|up| up.kind() == "assignment")?;
    let call = assignment.child_by_field_name("right").filter(|right| right.kind() == "call")?;
    if method(module, call) != "paginate" || module.of(call).contains(['\n', '#']) {
        return None;
    }
    // What it was called with must still be the same, and to ask for it again must do nothing.
    let mut same = true;
    descend(call, &mut |inner| {
        if is_name(inner) && inner.kind() == "identifier" {
            let later = |other: &Node| binds(*other) && other.start_byte() > assignment.start_byte();
            same &= !module.uses(module.of(inner), module.resolve(inner)).iter().any(later);
        }
        same &= inner.kind() != "call" || inner == call || PURE.contains(&called(module, inner));
        same
    });
    if !same {
        return None;
    }
    let mut draft = cx.draft("Call `paginate` anew", Applicability::Safe);
    draft.replace(module, node.byte_range(), module.of(call));
    if uses.len() == 2 {
        let made = statement(assignment).filter(|made| made.named_child(0) == Some(assignment) && module.alone(*made))?;
        draft.replace(module, without(module, made), "");
    }
    Some(draft)
}

/// Calls that only describe what to read.
const PURE: [&str; 4] = ["get_paginator", "Key", "Attr", "str"];

/// `Key` of `Key("id").eq(1)`, `get_paginator` of `client.get_paginator("scan")`.
fn called<'a>(module: &Module<'a>, call: Node) -> &'a str {
    let own = method(module, call);
    let inner = call.child_by_field_name("function").map(|function| function.child_by_field_name("object").unwrap_or(function));
    match inner {
        Some(inner) if inner.kind() == "call" && own != "get_paginator" => called(module, inner),
        Some(inner) if own.is_empty() => module.of(inner),
        _ => own,
    }
}
