//! DDB503: context-not-reset.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Applicability, Category, Effect, Severity};
use crate::fix;
use crate::fix::Rewrite;
use crate::fix::blocks::in_try;
use crate::fix::containers::{arguments, plain, stored_alone};
use crate::fix::module::{binds, descend, function_of, named_children, statements};
use crate::rules::About;
use crate::rules::stories::stored;
use crate::value::{Place, Shape, What};
use tree_sitter::Node;

pub const ABOUT: About = About {
    code: "DDB503",
    name: "context-not-reset",
    effect: Effect::Leak,
    severity: Severity::Warning,
    categories: &[Category::ML],
    off: false,
    tell,
    message,
    rewrite,
};

const KEYED: &str = "keyed";
const TOKEN: &str = "token";

fn tell(cx: &Cx, verdict: &mut Verdict) {
    stored(cx, verdict);
    let holder = cx.value_of("holder");
    if cx.captured("token").is_some() {
        verdict.story.variant = TOKEN;
        verdict.story.value = cx.best(&cx.value_of("token"), |atom| matches!(atom.what, What::Object(_)));
    } else if holder.places().any(|place| matches!(place, Place::Thread(_))) {
        let empty = holder.atoms().iter().find_map(|atom| match atom.what {
            What::Container(Shape::List, _) => Some("[]"),
            What::Container(Shape::Dict, _) => Some("{}"),
            What::Container(Shape::Set, _) => Some("set()"),
            _ => None,
        });
        verdict.story.detail = empty.unwrap_or_default().into();
    } else {
        verdict.story.variant = KEYED;
    }
}

fn message(page: &Page, verdict: &Verdict) -> String {
    let (holder, source) = (page.holder(verdict), page.source(verdict));
    match verdict.story.variant {
        KEYED => format!("{holder} gets an entry for each request or thread, with {} of {source}, and nothing removes one", page.kept(verdict)),
        TOKEN => format!("{holder} keeps a token for each request, and with it what {source} gave: the context is never reset"),
        _ => format!("{holder} keeps {} of {source} as long as its thread, which serves one request after the other: nothing empties it", page.kept(verdict)),
    }
}

fn rewrite(acc: &mut Vec<Rewrite>, cx: &fix::Cx) {
    acc.extend(match cx.verdict.story.variant {
        KEYED => removed(cx),
        TOKEN => reset(cx),
        _ => emptied(cx),
    });
}

/// `CONTEXT[request_id] = items`, then `try: … finally: CONTEXT.pop(request_id, None)`
fn removed(cx: &fix::Cx) -> Option<Rewrite> {
    let module = cx.module;
    let holder = cx.holder().filter(|it| plain(*it))?;
    let (store, rest) = rest_of(cx)?;
    let slot = holder.parent()?;
    let key = match slot.kind() {
        "subscript" => slot.child_by_field_name("subscript")?,
        _ => named_children(arguments(cx.node)?).into_iter().next()?,
    };
    let called = |it: Node| it.kind() == "call" && arguments(it).is_some_and(|all| all.named_child_count() == 0);
    let again = plain(key) || called(key);
    let root = module.of(key).split(['.', '(']).next()?;
    let rebound = module.named(root).into_iter().any(|it| it.start_byte() > store.end_byte() && function_of(it) == function_of(store) && binds(it));
    if !again || rebound || !rest.iter().any(|it| module.of(*it).contains(module.of(holder))) {
        return None;
    }
    let (holder, key) = (module.of(holder), module.of(key));
    let mut draft = cx.draft(format!("Remove the entry from `{holder}` at the end"), Applicability::Unsafe);
    in_try(&mut draft, module, module.lines(store).end, &rest, &format!("{holder}.pop({key}, None)"))?;
    Some(draft)
}

/// `token = ROWS.set(items)`, then `try: … finally: ROWS.reset(token)`
fn reset(cx: &fix::Cx) -> Option<Rewrite> {
    let module = cx.module;
    let (store, rest) = rest_of(cx)?;
    let set = named_children(arguments(cx.node)?).into_iter().next().filter(|it| it.kind() == "call")?;
    let variable = set.child_by_field_name("function")?.child_by_field_name("object").filter(|it| plain(*it))?;
    let own = function_of(store)?;
    let token = ["token", "context_token"].into_iter().find(|name| module.is_free(own, name))?;
    let variable = module.of(variable);
    let mut draft = cx.draft(format!("Reset `{variable}` at the end"), Applicability::Unsafe);
    draft.replace(module, cx.node.byte_range(), format!("{token} = {}", module.of(set)));
    in_try(&mut draft, module, module.lines(store).end, &rest, &format!("{variable}.reset({token})"))?;
    Some(draft)
}

/// `try: … LOCAL.rows.append(item) … finally: LOCAL.rows = []`
fn emptied(cx: &fix::Cx) -> Option<Rewrite> {
    let module = cx.module;
    let holder = cx.holder().filter(|it| it.kind() == "attribute" && plain(*it))?;
    let empty = cx.verdict.story.detail.as_str();
    let own = function_of(cx.node)?;
    let body = statements(own.child_by_field_name("body")?);
    let from = body.iter().position(|it| it.byte_range().contains(&cx.node.start_byte()))?;
    // A helper that only fills it leaves the emptying to whoever reads it.
    let name = module.of(holder);
    let mut read = false;
    descend(own, &mut |node| {
        let same = node.kind() == "attribute" && node != holder && module.of(node) == name;
        read |= same && !is_target(node);
        true
    });
    if empty.is_empty() || !read || is_target(holder) {
        return None;
    }
    let mut draft = cx.draft(format!("Empty `{name}` at the end"), Applicability::Unsafe);
    let start = module.lines(body[from]).start;
    in_try(&mut draft, module, start, &body[from..], &format!("{name} = {empty}"))?;
    Some(draft)
}

/// The store, a statement of the function's own body, and what follows it.
fn rest_of<'c>(cx: &fix::Cx<'c, '_>) -> Option<(Node<'c>, Vec<Node<'c>>)> {
    let store = stored_alone(cx)?;
    let block = store.parent().filter(|it| it.parent().is_some_and(|up| up.kind() == "function_definition"))?;
    let rest: Vec<Node> = statements(block).into_iter().filter(|it| it.start_byte() > store.start_byte()).collect();
    (!rest.is_empty()).then_some((store, rest))
}

/// `LOCAL.rows = …`
fn is_target(node: Node) -> bool {
    node.parent().is_some_and(|up| up.kind() == "assignment" && up.child_by_field_name("left") == Some(node))
}
