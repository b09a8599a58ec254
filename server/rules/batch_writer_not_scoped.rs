//! DDB605: batch-writer-not-scoped.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Applicability, Category, Effect, Severity};
use crate::fix;
use crate::fix::Rewrite;
use crate::fix::blocks::{moved_in, reach, rest_moved_in};
use crate::fix::module::statement;
use crate::rules::About;
use crate::rules::stories::made;
use tree_sitter::Node;

pub const ABOUT: About = About {
    code: "DDB605",
    name: "batch-writer-not-scoped",
    effect: Effect::DataLoss,
    severity: Severity::Error,
    categories: &[Category::UC],
    off: false,
    tell,
    message,
    rewrite,
};

fn tell(cx: &Cx, verdict: &mut Verdict) {
    made(cx, verdict, |_| false, "");
}

fn message(page: &Page, verdict: &Verdict) -> String {
    format!("{} is used without `with`: the last items are never sent", page.source(verdict))
}

fn rewrite(acc: &mut Vec<Rewrite>, cx: &fix::Cx) {
    acc.extend(scoped(cx).or_else(|| inline(cx)));
}

/// What a batch writer takes: anything else may need it outside a block.
const WRITES: [&str; 4] = ["put_item", "delete_item", "save", "delete"];

/// `with table.batch_writer() as batch:` around all that uses it.
fn scoped(cx: &fix::Cx) -> Option<Rewrite> {
    let (module, node) = (cx.module, cx.node);
    let assignment = node.parent().filter(|up| up.kind() == "assignment")?;
    let target = assignment.child_by_field_name("left").filter(|left| left.kind() == "identifier")?;
    let made = statement(node).filter(|made| made.named_child(0) == Some(assignment) && module.alone(*made))?;
    let scope = module.resolve(target);
    let name = module.of(target);
    let uses: Vec<Node> = module.uses(name, scope).into_iter().filter(|other| *other != target).collect();
    let mut awaited = 0;
    for other in &uses {
        let attribute = other.parent().filter(|up| up.kind() == "attribute")?;
        let call = attribute.parent().filter(|up| up.kind() == "call")?;
        if !WRITES.contains(&module.of(attribute.child_by_field_name("attribute")?)) {
            return None;
        }
        awaited += usize::from(call.parent().is_some_and(|up| up.kind() == "await"));
    }
    let body = reach(made, &uses)?;
    let with = match awaited {
        0 => "with",
        all if all == uses.len() => "async with",
        _ => return None,
    };
    let mut draft = cx.draft(format!("Scope `{name}` with a `with` block, which sends the last items"), Applicability::Safe);
    draft.replace(module, made.start_byte()..node.start_byte(), format!("{with} "));
    draft.insert(module, node.end_byte(), format!(" as {name}:"));
    moved_in(&mut draft, module, made, &body)?;
    Some(draft)
}

/// `table.batch_writer().put_item(Item=item)`, which sends nothing at all.
fn inline(cx: &fix::Cx) -> Option<Rewrite> {
    let (module, node) = (cx.module, cx.node);
    let attribute = node.parent().filter(|up| up.kind() == "attribute")?;
    let call = attribute.parent().filter(|up| up.kind() == "call")?;
    let made = statement(node)?;
    let whole = made.kind() == "expression_statement" && made.byte_range() == call.byte_range() && module.alone(made);
    if !whole || !WRITES.contains(&module.of(attribute.child_by_field_name("attribute")?)) || module.named("batch").into_iter().next().is_some() {
        return None;
    }
    let mut draft = cx.draft("Scope the writer with a `with` block, which sends the item", Applicability::Safe);
    let (indent, end) = (module.indent(made)?, module.line_end());
    let writer = module.of(node);
    if writer.contains('\n') {
        return None;
    }
    rest_moved_in(&mut draft, module, made);
    draft.replace(module, node.byte_range(), format!("with {writer} as batch:{end}{indent}{}batch", module.unit()));
    Some(draft)
}
