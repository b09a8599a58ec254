//! DDB404: page-held-while-fetching.

use crate::analysis::render::Page;
use crate::analysis::Verdict;
use crate::finding::{Applicability, Category, Effect, Severity};
use crate::fix;
use crate::fix::Rewrite;
use crate::fix::containers::arguments;
use crate::fix::module::{Module, ancestors, function_of, has_word, named_children, statement, statements};
use crate::rules::About;
use crate::rules::stories::read;
use tree_sitter::Node;

pub const ABOUT: About = About {
    code: "DDB404",
    name: "page-held-while-fetching",
    effect: Effect::Peak,
    severity: Severity::Info,
    categories: &[Category::ML],
    off: true,
    tell: read,
    message,
    rewrite,
};

fn message(page: &Page, verdict: &Verdict) -> String {
    format!("the last page is still held while {} reads the next: two pages and the text of one answer are in memory at once", page.source(verdict))
}

fn rewrite(acc: &mut Vec<Rewrite>, cx: &fix::Cx) {
    acc.extend(deleted(cx));
}

/// `del response` before the next one is read.
fn deleted(cx: &fix::Cx) -> Option<Rewrite> {
    let (module, node) = (cx.module, cx.node);
    let own = function_of(node)?;
    let made = statement(node).filter(|made| module.alone(*made))?;
    let page = module.of(made.named_child(0)?.child_by_field_name("left")?);
    // Where a read fails, a handler may go on with the page before.
    if ancestors(node).take_while(|up| *up != own).any(|up| up.kind() == "try_statement") {
        return None;
    }
    let mut draft = cx.draft(format!("Let go of `{page}` before the next one is read"), Applicability::Safe);
    let given: Vec<Node> = named_children(arguments(node)?).into_iter().filter(|it| has_word(module.of(*it), page)).collect();
    match given[..] {
        [] => draft.below(module, last_of_round(module, made, page)?, &[format!("del {page}")])?,
        [argument] => {
            let start = argument.child_by_field_name("value").filter(|_| argument.kind() == "keyword_argument")?;
            let key = ["key", "start", "next_key"].into_iter().find(|name| module.is_free(own, name))?;
            let written = module.of(start);
            let (indent, end) = (module.indent(made)?, module.line_end());
            if written.contains(['\n', '#']) {
                return None;
            }
            draft.insert(module, module.lines(made).start, format!("{indent}{key} = {written}{end}{indent}del {page}{end}"));
            draft.replace(module, start.byte_range(), key);
        }
        _ => return None,
    }
    Some(draft)
}

/// The last statement of the loop that begins with the read, where its test does not ask for the page.
fn last_of_round<'t>(module: &Module, made: Node<'t>, page: &str) -> Option<Node<'t>> {
    let around = made.parent().and_then(|body| body.parent()).filter(|up| up.kind() == "while_statement")?;
    let last = statements(made.parent()?).pop().filter(|last| *last != made)?;
    let leaves = matches!(last.kind(), "return_statement" | "break_statement" | "continue_statement" | "raise_statement");
    let asked = has_word(module.of(around.child_by_field_name("condition")?), page);
    (!leaves && !asked).then_some(last)
}
