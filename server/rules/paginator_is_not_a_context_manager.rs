//! DDB304: paginator-is-not-a-context-manager.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Category, Effect, Severity};
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
