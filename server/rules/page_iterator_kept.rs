//! DDB303: page-iterator-kept.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Applicability, Category, Effect, Severity};
use crate::fix;
use crate::fix::Rewrite;
use crate::fix::imports::without;
use crate::fix::module::{function_of, has_word, is_name, named_children, statement, statements};
use crate::rules::About;
use crate::rules::stories::stored;

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
    let workspace = cx.fixer.workspace();
    let elsewhere = workspace.files().any(|file| **file != *module.path && workspace.text(file).is_some_and(|text| has_word(text.as_str(), name)));
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
