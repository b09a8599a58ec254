//! Items of which only the attributes that are read are kept.

use std::rc::Rc;

use tree_sitter::Node;

use super::containers::{arguments, method};
use super::module::{
    Module, ancestors, binds, descend, has_word, is_name, named_children, scope_of, statement,
};
use super::{Cx, Rewrite};
use crate::finding::Applicability;
use crate::value::Kind;

/// From this many attributes on it is the whole item.
const MANY: usize = 8;

/// `request.orders = [{key: item[key] for key in ("id",) if key in item} for item in items]`, where
/// all that is seen of `request.orders` are loops that read `order["id"]`.
pub fn projected(cx: &Cx) -> Option<Rewrite> {
    let module = cx.module;
    let holder = cx.holder().filter(|it| it.kind() == "attribute")?;
    let assignment = cx.node;
    let value = assignment
        .child_by_field_name("right")
        .filter(|_| assignment.kind() == "assignment")?;
    let own = statement(assignment)?.named_child(0) == Some(assignment);
    let text = module.of(value);
    if !own || assignment.child_by_field_name("type").is_some() || text.contains('#') {
        return None;
    }
    let name = module.of(holder.child_by_field_name("attribute")?);
    let kind = cx.verdict.story.value.as_ref()?.data()?.kind;
    let whole = kind == Kind::Page && !items_of(module, value);
    let mut keys: Vec<&str> = Vec::new();
    for file in cx.fixer.files_with(name).iter() {
        let other = cx.fixer.module(file)?;
        if got_by_name(&other, name) {
            return None;
        }
        for node in other.named(name) {
            let attribute = node.parent()?;
            let named = attribute.kind() == "attribute"
                && attribute.child_by_field_name("attribute") == Some(node);
            let birth =
                *other.path == *module.path && attribute.byte_range() == holder.byte_range();
            if named && !birth {
                keys.extend(read_of(&other, attribute, whole)?);
            }
        }
    }
    let plain = |key: &&str| key.trim_matches(['"', '\'']).to_string();
    keys.sort_by_key(plain);
    keys.dedup_by_key(|key| plain(&&**key));
    if keys.is_empty() || keys.len() >= MANY {
        return None;
    }
    let (written, quote) = (keys.join(", "), module.quote());
    let comma = if keys.len() == 1 { "," } else { "" };
    let items = match whole {
        true => format!("{text}[{quote}Items{quote}]"),
        false => text.to_string(),
    };
    let item = format!("{{key: item[key] for key in ({written}{comma}) if key in item}}");
    let (open, close) = match whole {
        true => (format!("{{{quote}Items{quote}: ["), "]}"),
        false => ("[".to_string(), "]"),
    };
    let (end, unit) = (module.line_end(), module.unit());
    let indent = module.indent(statement(assignment)?)?;
    let line = format!("{open}{item} for item in {items}{close}");
    let start = value.start_byte() - assignment.start_byte() + indent.len();
    let new = match start + line.len() <= 88 {
        true => line,
        false => {
            let list = |indent: &str| {
                let inner = format!("{indent}{unit}");
                format!("[{end}{inner}{item}{end}{inner}for item in {items}{end}{indent}]")
            };
            let inner = format!("{indent}{unit}");
            match whole {
                true => format!(
                    "{{{end}{inner}{quote}Items{quote}: {},{end}{indent}}}",
                    list(&inner)
                ),
                false => list(indent),
            }
        }
    };
    let title = format!(
        "Keep only the attributes that are read of `{}`",
        module.of(holder)
    );
    let mut draft = cx.draft(title, Applicability::Unsafe);
    draft.replace(module, value.byte_range(), new);
    Some(draft)
}

/// `getattr(request, "orders")`
fn got_by_name(module: &Module, name: &str) -> bool {
    let mut found = false;
    descend(module.root(), &mut |node| {
        if node.kind() == "call"
            && let Some(function) = node.child_by_field_name("function")
            && let Some(all) = arguments(node)
        {
            let by_name = module.of(function).ends_with("attr")
                || module.of(function).ends_with("attrgetter");
            found |= by_name && has_word(module.of(all), name);
        }
        !found
    });
    found
}

/// `response["Items"]`, `response.get("Items", [])`
fn items_of(module: &Module, node: Node) -> bool {
    let named = |key: Node| module.of(key).trim_matches(['"', '\'']) == "Items";
    match node.kind() {
        "subscript" => node.child_by_field_name("subscript").is_some_and(named),
        "call" if method(module, node) == "get" => arguments(node)
            .map(named_children)
            .unwrap_or_default()
            .first()
            .is_some_and(|key| named(*key)),
        _ => false,
    }
}

/// The keys that are read of each item; `None` where more than that may be.
fn read_of<'a>(module: &Rc<Module<'a>>, node: Node, whole: bool) -> Option<Vec<&'a str>> {
    let parent = node.parent()?;
    if whole {
        let items = match parent.kind() {
            "subscript" => parent,
            _ => parent.parent()?,
        };
        return match items_of(module, items) {
            true => read_of(module, items, false),
            false => None,
        };
    }
    let field = |name| parent.child_by_field_name(name) == Some(node);
    match parent.kind() {
        "for_statement" | "for_in_clause" if field("right") => {
            let target = parent.child_by_field_name("left")?;
            keys_of(module, target)
        }
        // `len(request.orders)`
        "argument_list" => {
            let call = parent.parent()?.child_by_field_name("function")?;
            (module.of(call) == "len" && !module.binds("len")).then(Vec::new)
        }
        "if_statement" | "elif_clause" if field("condition") => Some(Vec::new()),
        "not_operator" => Some(Vec::new()),
        _ => None,
    }
}

/// `"id"` of `order["id"]`, for all that is done with `order`.
fn keys_of<'a>(module: &Module<'a>, target: Node) -> Option<Vec<&'a str>> {
    if target.kind() != "identifier" {
        return None;
    }
    let scope = scope_of(target)?;
    let mut keys = Vec::new();
    for other in module.named(module.of(target)) {
        let inside = ancestors(other).any(|up| up == scope);
        if !inside || !is_name(other) || other == target {
            continue;
        }
        if binds(other) {
            return None;
        }
        let parent = other.parent()?;
        let key = match parent.kind() {
            "subscript" if parent.child_by_field_name("value") == Some(other) => {
                let stored = parent.parent().is_some_and(|up| {
                    matches!(
                        up.kind(),
                        "assignment" | "augmented_assignment" | "delete_statement"
                    ) && up.child_by_field_name("right") != Some(parent)
                });
                parent
                    .child_by_field_name("subscript")
                    .filter(|_| !stored)?
            }
            "attribute" => {
                let call = parent.parent().filter(|up| up.kind() == "call")?;
                let all = named_children(arguments(call)?);
                let key = *all.first()?;
                (method(module, call) == "get").then_some(key)?
            }
            _ => return None,
        };
        let text = module.of(key);
        let plain = key.kind() == "string" && text.starts_with(['"', '\'']);
        keys.push(plain.then_some(text)?);
    }
    Some(keys)
}
