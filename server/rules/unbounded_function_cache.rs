//! DDB201: unbounded-function-cache.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Applicability, Category, Effect, Severity};
use crate::fix;
use crate::fix::Rewrite;
use crate::fix::containers::arguments;
use crate::fix::imports::Style;
use crate::fix::module::{Module, named_children};
use crate::rules::About;
use crate::rules::stories::returned;
use crate::value::Kind;
use tree_sitter::Node;

pub const ABOUT: About = About {
    code: "DDB201",
    name: "unbounded-function-cache",
    effect: Effect::Leak,
    severity: Severity::Error,
    categories: &[Category::ML, Category::UC],
    off: false,
    tell,
    message,
    rewrite,
};

fn tell(cx: &Cx, verdict: &mut Verdict) {
    returned(cx, verdict);
}

fn message(page: &Page, verdict: &Verdict) -> String {
    format!("`{}` keeps the result of {} for each new argument: nothing is ever evicted", page.finding_text(verdict), page.source(verdict))
}

fn rewrite(acc: &mut Vec<Rewrite>, cx: &fix::Cx) {
    acc.extend(sized(cx));
}

/// Pages are large: eight of them are 26 MB through a client.
const PAGES: u32 = 8;

/// `@lru_cache(maxsize=N)`
fn sized(cx: &fix::Cx) -> Option<Rewrite> {
    let module = cx.module;
    let pages = cx.verdict.story.value.as_ref().and_then(|atom| atom.data()).is_some_and(|data| {
        matches!(data.kind, Kind::Page | Kind::PageIterator | Kind::Items | Kind::Records) && !data.single
    });
    let size = if pages { cx.bounds.cache.min(PAGES) } else { cx.bounds.cache };
    let decorator = named_children(cx.node).first().copied()?;
    let mut draft = cx.draft(format!("Bound the cache with maxsize={size}"), Applicability::Unsafe);
    if decorator.kind() == "attribute" {
        let name = decorator.child_by_field_name("attribute")?;
        draft.replace(module, name.byte_range(), format!("lru_cache(maxsize={size})"));
        return Some(draft.sized(size));
    }
    if decorator.kind() == "identifier" {
        let written = draft.import(module, "functools", "lru_cache", Style::Name)?;
        draft.replace(module, decorator.byte_range(), format!("{written}(maxsize={size})"));
        return Some(draft.sized(size));
    }
    let number = unlimited(module, decorator)?;
    draft.replace(module, number.byte_range(), size.to_string());
    Some(draft.sized(size))
}

/// The `maxsize` of a call, or of the call that it is handed.
fn unlimited<'t>(module: &Module, call: Node<'t>) -> Option<Node<'t>> {
    let all = named_children(arguments(call)?);
    let value = |node: &Node<'t>| node.child_by_field_name("value").filter(|_| node.kind() == "keyword_argument");
    let by_name = all.iter().find(|node| node.child_by_field_name("name").is_some_and(|name| module.of(name) == "maxsize"));
    if let Some(found) = by_name.and_then(value) {
        return Some(found);
    }
    let first = *all.first()?;
    let first = value(&first).unwrap_or(first);
    let made = first.kind() == "call" && module.of(first.child_by_field_name("function")?) != "float";
    if made { unlimited(module, first) } else { Some(first) }
}
