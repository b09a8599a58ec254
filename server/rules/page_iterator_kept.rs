//! DDB303: page-iterator-kept.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Applicability, Category, Effect, Severity};
use crate::fix;
use crate::fix::Rewrite;
use crate::fix::containers::{arguments, method, plain};
use crate::fix::imports::without;
use crate::fix::module::{Module, binds, descend, function_of, has_word, is_name, named_children, statement, statements};
use crate::rules::About;
use crate::rules::stories::stored;
use tree_sitter::Node;

pub const ABOUT: About = About {
    code: "DDB303",
    name: "page-iterator-kept",
    effect: Effect::Leak,
    severity: Severity::Error,
    categories: &[Category::ML],
    off: false,
    tell,
    message,
    rewrite,
};

fn tell(cx: &Cx, verdict: &mut Verdict) {
    stored(cx, verdict);
}

fn message(page: &Page, verdict: &Verdict) -> String {
    format!("{} keeps the iterator of {}, and with it the page it stands on, for the life of the process", page.holder(verdict), page.source(verdict))
}

fn rewrite(acc: &mut Vec<Rewrite>, cx: &fix::Cx) {
    acc.extend(local(cx));
    acc.extend(resumed(cx));
}

/// A sketch: the key of the next page in place of the iterator that stands before it.
fn resumed(cx: &fix::Cx) -> Option<Rewrite> {
    let module = cx.module;
    let holder = cx.holder().filter(|it| matches!(it.kind(), "identifier" | "attribute"))?;
    let function = function_of(cx.node)?;
    let value = cx.node.child_by_field_name("right")?;
    if module.of(value.child_by_field_name("function")?) != "iter" || module.of(function).starts_with("async") {
        return None;
    }
    let pages = *named_children(arguments(value)?).first()?;
    let call = bound_to(module, pages, function)?;
    if method(module, call) != "paginate" {
        return None;
    }
    let paginator = call.child_by_field_name("function")?.child_by_field_name("object")?;
    let got = bound_to(module, paginator, function).or_else(|| bound_to(module, paginator, module.root()))?;
    let client = got.child_by_field_name("function")?.child_by_field_name("object").filter(|it| plain(*it))?;
    let operation = *named_children(arguments(got)?).first()?;
    let operation = module.of(operation).trim_matches(['"', '\'']);
    let all = named_children(arguments(call)?);
    let by_name = all.iter().all(|it| it.kind() == "keyword_argument" && module.of(*it).find("PaginationConfig") != Some(0));
    if !matches!(operation, "scan" | "query") || !by_name || module.of(call).contains(['\n', '#']) {
        return None;
    }
    // Nothing else may know of it: `CURSOR = None`, and what stands in the function.
    let last = holder.child_by_field_name("attribute").unwrap_or(holder);
    for other in module.named(module.of(last)) {
        let mention = other.parent().filter(|up| up.child_by_field_name("attribute") == Some(other)).unwrap_or(other);
        let assignment = mention.parent().filter(|up| up.kind() == "assignment" && up.child_by_field_name("left") == Some(mention));
        let none = assignment.and_then(|up| up.child_by_field_name("right")).is_some_and(|it| it.kind() == "none");
        if function_of(other) != Some(function) && !none {
            return None;
        }
    }
    // `next(CURSOR)`, once in the same function.
    let mut steps = Vec::new();
    descend(function, &mut |node| {
        if node.kind() == "call" && node.child_by_field_name("function").is_some_and(|it| module.of(it) == "next") {
            let first = arguments(node).map(named_children).unwrap_or_default().first().copied();
            if first.is_some_and(|it| module.of(it) == module.of(holder)) {
                steps.push(node);
            }
        }
        true
    });
    let [step] = steps[..] else { return None };
    let made = statement(cx.node)?;
    let block = made.parent()?;
    // `if CURSOR is None:` goes with what it guards.
    let guard = block.parent().filter(|up| up.kind() == "if_statement" && up.child_by_field_name("condition").is_some_and(|it| has_word(module.of(it), "None")));
    let whole = guard.unwrap_or(made);
    let inner = statements(block);
    let only_feeds = inner.iter().all(|one| *one == made || one.named_child(0).is_some_and(|it| it.kind() == "assignment"));
    if guard.is_some() && (!only_feeds || named_children(whole).len() != 2) || whole.end_byte() > step.start_byte() || module.mentions("page") {
        return None;
    }
    let (indent, end) = (module.indent(whole)?, module.line_end());
    let name = module.of(holder);
    let given: Vec<&str> = all.iter().map(|it| module.of(*it)).collect();
    let quote = module.quote();
    let lines = [
        "# The last page has no key: the call after it begins anew.".to_string(),
        format!("start = {{{quote}ExclusiveStartKey{quote}: {name}}} if {name} else {{}}"),
        format!("page = {}.{operation}({}, **start)", module.of(client), given.join(", ")),
        format!("{name} = page.get({quote}LastEvaluatedKey{quote})"),
    ];
    let mut draft = cx.draft(format!("Keep the `LastEvaluatedKey` in `{name}`"), Applicability::Display);
    draft.replace(module, whole.byte_range(), lines.join(&format!("{end}{indent}")));
    draft.replace(module, step.byte_range(), "page");
    Some(draft)
}

/// The call itself, or the one that the only assignment of a name in the scope makes.
fn bound_to<'m>(module: &'m Module, node: Node<'m>, scope: Node) -> Option<Node<'m>> {
    if node.kind() == "call" {
        return Some(node);
    }
    let uses = module.uses(module.of(node), scope);
    let bound: Vec<Node> = uses.into_iter().filter(|other| binds(*other)).collect();
    let [target] = bound[..] else { return None };
    let assignment = target.parent().filter(|up| up.kind() == "assignment")?;
    assignment.child_by_field_name("right").filter(|right| right.kind() == "call")
}

/// A global or a field that one function fills and reads is a local of that function.
fn local(cx: &fix::Cx) -> Option<Rewrite> {
    let module = cx.module;
    // `LISTINGS[user]` is no name that a function could have for itself.
    let holder = cx.holder().filter(|it| matches!(it.kind(), "identifier" | "attribute"))?;
    let function = function_of(holder)?;
    let made = statement(cx.node).filter(|made| made.named_child(0) == Some(cx.node) && made.parent() == function.child_by_field_name("body"))?;
    let last = holder.child_by_field_name("attribute").unwrap_or(holder);
    let name = module.of(last);
    let field = holder.kind() == "attribute";
    if field && holder.child_by_field_name("object").is_none_or(|it| !matches!(module.of(it), "self" | "cls")) {
        return None;
    }
    let named = |file: &str| cx.fixer.module(file).is_none_or(|other| !other.named(name).is_empty() || other.quoted(name));
    let elsewhere = cx.fixer.files_with(name).iter().any(|file| ***file != *module.path && named(file));
    if elsewhere || module.quoted(name) {
        return None;
    }
    let title = format!("Keep `{}` in `{}` only", module.of(holder), module.of(function.child_by_field_name("name")?));
    let mut draft = cx.draft(title, Applicability::Safe);
    for node in module.named(name) {
        let parent = node.parent()?;
        let attribute = parent.child_by_field_name("attribute") == Some(node);
        if field != attribute {
            // A local of that name would be hidden, or hide another.
            if field && is_name(node) && function_of(node) == Some(function) {
                return None;
            }
            if field || !attribute {
                continue;
            }
            return None;
        }
        let mention = if attribute { parent } else { node };
        let inside = function_of(mention) == Some(function);
        if !field && module.resolve(node).kind() != "module" {
            return None;
        }
        if parent.kind() == "global_statement" && inside {
            if named_children(parent).len() > 1 || !module.alone(parent) {
                return None;
            }
            draft.replace(module, module.lines(parent), "");
        } else if inside {
            if mention.start_byte() < made.start_byte() || module.of(mention) != module.of(holder) {
                return None;
            }
            if field {
                draft.replace(module, mention.byte_range(), name);
            }
        } else {
            // `CURSOR = None`
            let assignment = mention.parent().filter(|up| up.kind() == "assignment")?;
            let empty = assignment.child_by_field_name("right").is_some_and(|it| it.kind() == "none");
            let birth = statement(assignment).filter(|it| it.named_child(0) == Some(assignment) && module.alone(*it))?;
            let bare = module.end_of_line(birth) == birth.end_byte();
            let only = statements(birth.parent()?).len() == 1;
            if !empty || !bare || only || assignment.child_by_field_name("left") != Some(mention) {
                return None;
            }
            draft.replace(module, without(module, birth), "");
        }
    }
    Some(draft)
}
