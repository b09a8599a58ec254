//! DDB702: exception-holds-response.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Applicability, Category, Effect, Severity};
use crate::fix;
use crate::fix::Rewrite;
use crate::fix::containers::arguments;
use crate::fix::module::named_children;
use crate::rules::About;
use crate::rules::stories::stored;
use crate::value::What;

pub const ABOUT: About = About {
    code: "DDB702",
    name: "exception-holds-response",
    effect: Effect::Leak,
    severity: Severity::Warning,
    categories: &[Category::ML],
    off: false,
    tell,
    message,
    rewrite,
};

fn tell(cx: &Cx, verdict: &mut Verdict) {
    stored(cx, verdict);
    verdict.story.value = cx.best(&cx.value_of("error"), |atom| matches!(atom.what, What::Object(_)));
}

fn message(page: &Page, verdict: &Verdict) -> String {
    format!("{} keeps each exception, whose traceback keeps this frame with what {} gave", page.holder(verdict), page.source(verdict))
}

fn rewrite(acc: &mut Vec<Rewrite>, cx: &fix::Cx) {
    acc.extend(as_text(cx));
}

/// `FAILURES.append(str(error))`
fn as_text(cx: &fix::Cx) -> Option<Rewrite> {
    let module = cx.module;
    if module.binds("str") {
        return None;
    }
    let error = match cx.node.kind() {
        "call" => named_children(arguments(cx.node)?).into_iter().find(|it| it.kind() == "identifier")?,
        _ => cx.node.child_by_field_name("right")?,
    };
    let mut draft = cx.draft(format!("Keep the text of `{}`", module.of(error)), Applicability::Unsafe);
    draft.replace(module, error.byte_range(), format!("str({})", module.of(error)));
    Some(draft)
}
