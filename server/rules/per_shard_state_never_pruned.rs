//! DDB407: per-shard-state-never-pruned.

use crate::analysis::render::Page;
use crate::analysis::streams::spelled;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Applicability, Category, Effect, Severity};
use crate::fix;
use crate::fix::Rewrite;
use crate::fix::containers::arguments;
use crate::fix::module::{Module, ancestors, binds, function_of, named_children, statements};
use crate::rules::About;
use crate::rules::stories::stored;
use tree_sitter::Node;

pub const ABOUT: About = About {
    code: "DDB407",
    name: "per-shard-state-never-pruned",
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
    let place = cx.captured("holder").and_then(|holder| holder.expr);
    verdict.story.detail = place.map(|place| spelled(cx.facts, place).into()).unwrap_or_default();
}

fn message(page: &Page, verdict: &Verdict) -> String {
    format!("{} gets an entry for each new shard and loses none when a shard ends: it grows for as long as the loop runs", page.holder(verdict))
}

fn rewrite(acc: &mut Vec<Rewrite>, cx: &fix::Cx) {
    acc.extend(pruned(cx));
}

/// Before the loop over the shards that are listed, the entries of all others go.
fn pruned(cx: &fix::Cx) -> Option<Rewrite> {
    let (module, node) = (cx.module, cx.node);
    let holder = cx.holder().filter(|it| matches!(it.kind(), "identifier" | "attribute"))?;
    let own = function_of(node)?;
    let mut loops = ancestors(node).take_while(|up| *up != own).filter(|up| matches!(up.kind(), "for_statement" | "while_statement"));
    let over = loops.next().filter(|up| up.kind() == "for_statement" && !module.of(*up).starts_with("async"))?;
    // Of a list in pages each page is a part: what it does not name may be on another.
    let pages = ["LastEvaluatedShardId", "ExclusiveStartShardId", "NextToken", "paginat"];
    if loops.filter(|up| up.kind() == "for_statement").count() > 0 || pages.iter().any(|page| module.of(own).contains(page)) {
        return None;
    }
    let target = over.child_by_field_name("left").filter(|it| it.kind() == "identifier")?;
    let listed = over.child_by_field_name("right")?;
    let id = shard_id(module, over, module.of(target), key_of(node)?)?;
    let (indent, unit, end) = (module.indent(over)?, module.unit(), module.line_end());
    let gone = ["gone", "ended", "old_shard"].into_iter().find(|name| module.is_free(own, name))?;
    let holder = module.of(holder);
    let mut draft = cx.draft(format!("Drop the entries of `{holder}` whose shards are no longer listed"), Applicability::Unsafe);
    let mut shards = module.of(listed);
    let start = module.lines(over).start;
    if !read_again(module, own, listed) {
        shards = ["shards", "listed"].into_iter().find(|name| module.is_free(own, name))?;
        let all = if gives_list(module.of(listed)) { module.of(listed).to_string() } else { format!("list({})", module.of(listed)) };
        draft.insert(module, start, format!("{indent}{shards} = {all}{end}"));
        draft.replace(module, listed.byte_range(), shards);
    }
    let target = module.of(target);
    let kept = if id == target { format!("set({shards})") } else { format!("{{{id} for {target} in {shards}}}") };
    draft.insert(module, start, format!("{indent}for {gone} in {holder}.keys() - {kept}:{end}{indent}{unit}del {holder}[{gone}]{end}"));
    Some(draft)
}

/// The key of a store: `iterators[key] = ...`, `iterators.setdefault(key, ...)`.
fn key_of(store: Node) -> Option<Node> {
    match store.kind() {
        "assignment" => store.child_by_field_name("left")?.child_by_field_name("subscript"),
        _ => named_children(arguments(store)?).into_iter().next(),
    }
}

/// The key in terms of the loop's target: `shard["ShardId"]`, also where a name stands for it.
fn shard_id<'a>(module: &Module<'a>, over: Node, target: &str, key: Node) -> Option<&'a str> {
    let of_target = |node: Node| {
        let root = match node.kind() {
            "subscript" => node.child_by_field_name("value")?,
            "attribute" => node.child_by_field_name("object")?,
            _ => node,
        };
        let plain = module.of(root) == target && !module.of(node).contains(['\n', '#']);
        plain.then(|| module.of(node))
    };
    if let Some(own) = of_target(key) {
        return Some(own);
    }
    if key.kind() != "identifier" {
        return None;
    }
    let body = over.child_by_field_name("body")?;
    let mut named = statements(body).into_iter().filter_map(|it| it.named_child(0).filter(|it| it.kind() == "assignment")).filter(|it| it.child_by_field_name("left").is_some_and(|left| module.of(left) == module.of(key)));
    of_target(named.next()?.child_by_field_name("right")?)
}

/// Does the expression give a list?
fn gives_list(text: &str) -> bool {
    ["[\"Shards\"]", "['Shards']", ".get(\"Shards\", [])", ".get('Shards', [])"].iter().any(|end| text.ends_with(end))
}

/// Is it a list that can be read twice, and reading it costs nothing?
fn read_again(module: &Module, own: Node, listed: Node) -> bool {
    let text = module.of(listed);
    if gives_list(text) {
        return text.matches('(').count() == text.matches(".get(").count() && !text.contains(['\n', '#']);
    }
    if listed.kind() != "identifier" {
        return false;
    }
    let made = module.uses(text, module.resolve(listed)).into_iter().filter(|it| binds(*it) && function_of(*it) == Some(own));
    let values: Vec<Option<Node>> = made.map(|it| it.parent().filter(|up| up.kind() == "assignment")?.child_by_field_name("right")).collect();
    let list = |value: &Option<Node>| value.is_some_and(|value| value.kind() == "list_comprehension" || gives_list(module.of(value)));
    !values.is_empty() && values.iter().all(list)
}
