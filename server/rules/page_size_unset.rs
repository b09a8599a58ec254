//! DDB305: page-size-unset.

use crate::analysis::render::Page;
use crate::analysis::Verdict;
use crate::finding::{Applicability, Category, Effect, Severity};
use crate::fix;
use crate::fix::Rewrite;
use crate::fix::containers::{add_argument, arguments, keyword, method};
use crate::fix::module::{Module, ancestors, binds, descend, function_of, named_children};
use crate::rules::About;
use crate::rules::stories::read;
use tree_sitter::Node;

pub const ABOUT: About = About {
    code: "DDB305",
    name: "page-size-unset",
    effect: Effect::Peak,
    severity: Severity::Info,
    categories: &[Category::ML, Category::UC],
    off: false,
    tell: read,
    message,
    rewrite,
};

fn message(page: &Page, verdict: &Verdict) -> String {
    format!("{} sets no page size: each page takes up to 1 MB on the wire, and three to ten times that in memory", page.source(verdict))
}

fn rewrite(acc: &mut Vec<Rewrite>, cx: &fix::Cx) {
    match method(cx.module, cx.node) {
        "paginate" => acc.extend(paged(cx)),
        _ => acc.extend(limited(cx)),
    }
}

/// `PaginationConfig={"PageSize": 100}`
fn paged(cx: &fix::Cx) -> Option<Rewrite> {
    let (module, node) = (cx.module, cx.node);
    let own = function_of(node)?;
    let loops = loops_over(module, own, node);
    let safe = !loops.is_empty() && loops.iter().all(|pages| pages.whole(module));
    let config = named_children(arguments(node)?).into_iter().find(|it| keyword(module, *it) == Some("PaginationConfig"));
    let quote = module.quote();
    let (mut size, mut pairs) = (cx.bounds.page, Vec::new());
    if let Some(config) = config {
        pairs = named_children(config.child_by_field_name("value").filter(|it| it.kind() == "dictionary")?);
        for pair in &pairs {
            let key = module.of(pair.child_by_field_name("key")?).trim_matches(['"', '\'']);
            let value = module.of(pair.child_by_field_name("value")?).parse::<u32>();
            if let ("MaxItems", Ok(most)) = (key, value) {
                size = size.min(most);
            }
        }
    }
    let applicability = if safe { Applicability::Safe } else { Applicability::Unsafe };
    let mut draft = cx.draft(format!("Read {size} items a page"), applicability);
    let pair = format!("{quote}PageSize{quote}: {size}");
    match (config, pairs.last()) {
        (None, _) => add_argument(&mut draft, module, node, &format!("PaginationConfig={{{pair}}}"))?,
        (Some(_), Some(last)) => draft.insert(module, last.end_byte(), format!(", {pair}")),
        (Some(config), None) => draft.replace(module, config.child_by_field_name("value")?.byte_range(), format!("{{{pair}}}")),
    }
    Some(draft.sized(size))
}

/// `Limit=100` of a page loop's read, and of the one before the loop that begins it.
fn limited(cx: &fix::Cx) -> Option<Rewrite> {
    let (module, node) = (cx.module, cx.node);
    let own = function_of(node)?;
    let target = bound(node)?;
    let name = module.of(target);
    let read = node.child_by_field_name("function")?;
    let mut reads = Vec::new();
    for other in module.uses(name, module.resolve(target)).into_iter().filter(|it| binds(*it)) {
        let call = made_of(other)?;
        let same = call.child_by_field_name("function").is_some_and(|function| module.of(function) == module.of(read));
        if !same || function_of(other) != Some(own) {
            return None;
        }
        let all = named_children(arguments(call)?);
        if all.iter().any(|it| it.kind() == "dictionary_splat" || keyword(module, *it) == Some("Limit")) {
            return None;
        }
        reads.push(call);
    }
    let around = ancestors(node).find(|up| up.kind() == "while_statement")?;
    let response = Pages { name, body: around, items: false };
    let applicability = if response.whole(module) { Applicability::Safe } else { Applicability::Unsafe };
    let size = cx.bounds.page;
    let mut draft = cx.draft(format!("Read {size} items a page"), applicability);
    for call in reads {
        add_argument(&mut draft, module, call, &format!("Limit={size}"))?;
    }
    Some(draft.sized(size))
}

/// The name that a call's result is assigned to.
fn bound(call: Node) -> Option<Node> {
    let mut value = call;
    if let Some(up) = value.parent().filter(|up| up.kind() == "await") {
        value = up;
    }
    let assignment = value.parent().filter(|up| up.kind() == "assignment" && up.child_by_field_name("right") == Some(value))?;
    assignment.child_by_field_name("left").filter(|left| left.kind() == "identifier")
}

/// The call whose result a name is assigned.
fn made_of(target: Node) -> Option<Node> {
    let assignment = target.parent().filter(|up| up.kind() == "assignment")?;
    let mut right = assignment.child_by_field_name("right")?;
    if right.kind() == "await" {
        right = right.named_child(0)?;
    }
    (right.kind() == "call").then_some(right)
}

/// A name that each round of a loop gives a page, and the code that uses it.
struct Pages<'t, 'n> {
    name: &'n str,
    body: Node<'t>,
    /// `pages.search(...)` gives items: where a page ends cannot be seen.
    items: bool,
}

/// The loops over a paginator's call, by itself or by its name.
fn loops_over<'t, 'a>(module: &Module<'a>, own: Node<'t>, call: Node<'t>) -> Vec<Pages<'t, 'a>> {
    let name = bound(call).map(|target| module.of(target));
    let mut found = Vec::new();
    descend(own, &mut |node| {
        if node.kind() == "for_statement"
            && let (Some(left), Some(right), Some(body)) = (node.child_by_field_name("left"), node.child_by_field_name("right"), node.child_by_field_name("body"))
        {
            let items = right.kind() == "call" && method(module, right) == "search";
            let inner = if items { right.child_by_field_name("function").and_then(|it| it.child_by_field_name("object")) } else { Some(right) };
            if inner.is_some_and(|inner| inner == call || name == Some(module.of(inner))) {
                found.push(Pages { name: module.of(left), body, items });
            }
        }
        true
    });
    found
}

impl Pages<'_, '_> {
    /// Does nothing ask where a page begins or ends? Its items are gone through, and where the next one begins is read.
    fn whole(&self, module: &Module) -> bool {
        let mut whole = true;
        if self.items {
            return true;
        }
        descend(self.body, &mut |node| {
            match node.kind() {
                "break_statement" => whole &= ends_with_pages(module, node),
                "return_statement" => whole = false,
                "identifier" if module.of(node) == self.name && !binds(node) => whole &= goes_through(module, node),
                _ => {}
            }
            whole
        });
        whole
    }
}

/// `if not key: break`, `if "LastEvaluatedKey" not in response: break`
fn ends_with_pages(module: &Module, leaves: Node) -> bool {
    let test = ancestors(leaves).nth(1).filter(|up| up.kind() == "if_statement").and_then(|up| up.child_by_field_name("condition"));
    let Some(test) = test else { return false };
    if module.of(test).contains("LastEvaluatedKey") {
        return true;
    }
    let name = named_children(test).into_iter().next().unwrap_or(test);
    let values = module.uses(module.of(name), module.resolve(name)).into_iter().filter(|it| binds(*it)).filter_map(|it| it.parent()?.child_by_field_name("right"));
    name.kind() == "identifier" && values.filter(|value| value.kind() != "none").all(|value| module.of(value).contains("LastEvaluatedKey"))
}

/// `for item in page["Items"]`, `total += page["Count"]`, `page.get("LastEvaluatedKey")`
fn goes_through(module: &Module, page: Node) -> bool {
    let Some(mut part) = page.parent() else { return false };
    if part.kind() == "comparison_operator" {
        return module.of(part).contains("LastEvaluatedKey");
    }
    if part.kind() == "attribute" && part.child_by_field_name("attribute").is_some_and(|name| module.of(name) == "get") {
        part = part.parent().unwrap_or(part);
    }
    if !matches!(part.kind(), "subscript" | "call") {
        return false;
    }
    let text = module.of(part);
    let Some(up) = part.parent() else { return false };
    let items = text.contains("Items");
    match up.kind() {
        "for_statement" => items && up.child_by_field_name("right") == Some(part),
        "augmented_assignment" => text.contains("Count"),
        _ => text.contains("LastEvaluatedKey"),
    }
}
