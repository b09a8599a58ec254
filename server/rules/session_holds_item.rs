//! DDB502: session-holds-item.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Applicability, Category, Effect, Severity};
use crate::fix;
use crate::fix::Rewrite;
use crate::fix::containers::{arguments, keyword, plain};
use crate::fix::module::{function_of, named_children};
use crate::rules::About;
use crate::rules::stories::stored;

pub const ABOUT: About = About {
    code: "DDB502",
    name: "session-holds-item",
    effect: Effect::Leak,
    severity: Severity::Error,
    categories: &[Category::ML, Category::DE],
    off: false,
    tell,
    message,
    rewrite,
};

fn tell(cx: &Cx, verdict: &mut Verdict) {
    stored(cx, verdict);
    verdict.story.holder = None;
}

fn message(page: &Page, verdict: &Verdict) -> String {
    format!("{} keeps the result of {} as long as the session, for each user", page.holder(verdict), page.source(verdict))
}

fn rewrite(acc: &mut Vec<Rewrite>, cx: &fix::Cx) {
    acc.extend(by_key(cx));
}

/// `request.session["order_id"] = order_id`: whoever reads it reads the item again, which is for people to write.
fn by_key(cx: &fix::Cx) -> Option<Rewrite> {
    let module = cx.module;
    let site = *cx.verdict.story.value.as_ref()?.steps.first()?;
    let (file, span) = Page::of(cx.fixer.workspace()).extent(site)?;
    let read = module.at(span).filter(|read| file == module.path && read.kind() == "call")?;
    if function_of(read)? != function_of(cx.node)? {
        return None;
    }
    let all = named_children(arguments(read)?);
    let key = all.iter().find(|it| keyword(module, **it) == Some("Key"))?;
    let pairs = named_children(key.child_by_field_name("value").filter(|it| it.kind() == "dictionary")?);
    let [pair] = pairs[..] else { return None };
    let id = pair.child_by_field_name("value").filter(|it| plain(*it))?;
    let slot = cx.holder().filter(|it| it.kind() == "subscript")?.child_by_field_name("subscript")?;
    let written = module.of(slot);
    let quote = written.chars().next().filter(|it| matches!(it, '"' | '\''))?;
    let name = written.trim_matches(quote);
    let mut draft = cx.draft(format!("Keep `{}` in the session, and read the item again", module.of(id)), Applicability::Display);
    draft.replace(module, slot.byte_range(), format!("{quote}{name}_id{quote}"));
    draft.replace(module, cx.node.child_by_field_name("right")?.byte_range(), module.of(id));
    Some(draft)
}
