//! DDB304: paginator-is-not-a-context-manager.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Applicability, Category, Effect, Severity};
use crate::fix;
use crate::fix::Rewrite;
use crate::fix::containers::{arguments, written};
use crate::fix::imports::Style;
use crate::fix::module::{ancestors, named_children};
use crate::rules::About;

pub const ABOUT: About = About {
    code: "DDB304",
    name: "paginator-is-not-a-context-manager",
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
    if cx.captured("_closing").is_some() {
        verdict.story.variant = "closing";
    }
}

fn message(page: &Page, verdict: &Verdict) -> String {
    let source = page.source(verdict);
    match verdict.story.variant {
        "closing" => format!("`closing` calls `close()`, which {source} does not have: the block runs, then AttributeError hides its own error"),
        _ => format!("{source} is no context manager: `with` raises TypeError before the first page"),
    }
}

fn rewrite(acc: &mut Vec<Rewrite>, cx: &fix::Cx) {
    acc.extend(closing_iter(cx));
}

/// `with contextlib.closing(iter(paginator.paginate(...))) as pages:`
fn closing_iter(cx: &fix::Cx) -> Option<Rewrite> {
    let (module, node) = (cx.module, cx.node);
    let mut draft = cx.draft("Close the iterator of the pages", Applicability::Safe);
    let closing = node.child_by_field_name("function").is_some_and(|it| written(module, it.child_by_field_name("attribute").unwrap_or(it)) == "closing");
    if closing {
        let [pages] = named_children(arguments(node)?)[..] else { return None };
        draft.title = "Close an iterator of the pages, which has `close()`".to_string();
        draft.insert(module, pages.start_byte(), "iter(");
        draft.insert(module, pages.end_byte(), ")");
        return Some(draft);
    }
    let with = ancestors(node).find(|up| up.kind() == "with_statement")?;
    // An iterator is gone through once, and has nothing of what a page iterator has.
    let target = node.parent().filter(|up| up.kind() == "as_pattern");
    let name = match target {
        Some(pattern) => named_children(pattern.child_by_field_name("alias")?).first().copied(),
        None => Some(node),
    };
    if let Some(name) = name.filter(|name| name.kind() == "identifier") {
        let body = with.child_by_field_name("body")?;
        let scope = module.resolve(name);
        let uses = module.uses(module.of(name), scope);
        let inside: Vec<_> = uses.iter().filter(|it| body.byte_range().contains(&it.start_byte())).collect();
        let other = inside.iter().any(|it| it.parent().is_some_and(|up| up.kind() == "attribute"));
        if target.is_some() && (inside.len() > 1 || other) {
            return None;
        }
    } else if target.is_some() {
        return None;
    }
    let (open, close) = if module.of(with).starts_with("async") {
        // Both came with 3.10.
        if cx.older(3, 10) {
            return None;
        }
        let closing = draft.import(module, "contextlib", "aclosing", Style::Module)?;
        (format!("{closing}(aiter("), "))")
    } else {
        let closing = draft.import(module, "contextlib", "closing", Style::Module)?;
        (format!("{closing}(iter("), "))")
    };
    draft.insert(module, node.start_byte(), open);
    draft.insert(module, node.end_byte(), close);
    Some(draft)
}
