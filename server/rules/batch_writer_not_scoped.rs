//! DDB605: batch-writer-not-scoped.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Applicability, Category, Effect, Severity};
use crate::fix;
use crate::fix::Rewrite;
use crate::fix::module::{Module, ancestors, descend, statement, statements};
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
    let block = made.parent()?;
    let siblings = statements(block);
    let at = siblings.iter().position(|other| *other == made)?;
    let scope = module.resolve(target);
    let name = module.of(target);
    let uses: Vec<Node> = module.uses(name, scope).into_iter().filter(|other| *other != target).collect();
    let function = |node| ancestors(node).find(|up| matches!(up.kind(), "function_definition" | "lambda" | "class_definition"));
    let mut last = None;
    let mut awaited = 0;
    for other in &uses {
        let attribute = other.parent().filter(|up| up.kind() == "attribute")?;
        let call = attribute.parent().filter(|up| up.kind() == "call")?;
        let method = module.of(attribute.child_by_field_name("attribute")?);
        if !WRITES.contains(&method) || function(*other) != function(target) {
            return None;
        }
        awaited += usize::from(call.parent().is_some_and(|up| up.kind() == "await"));
        let holder = siblings.iter().position(|it| it.byte_range().contains(&other.start_byte()))?;
        if holder <= at {
            return None;
        }
        last = last.max(Some(holder));
    }
    let body = &siblings[at + 1..=last?];
    if !body.iter().all(|one| module.alone(*one)) {
        return None;
    }
    let with = match awaited {
        0 => "with",
        all if all == uses.len() => "async with",
        _ => return None,
    };
    let mut draft = cx.draft(format!("Scope `{name}` with a `with` block, which sends the last items"), Applicability::Safe);
    draft.replace(module, made.start_byte()..node.start_byte(), format!("{with} "));
    draft.insert(module, node.end_byte(), format!(" as {name}:"));
    indent(&mut draft, module, module.lines(body[0]).start.min(module.lines(made).end)..body[body.len() - 1].end_byte());
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
    draft.replace(module, node.byte_range(), format!("with {writer} as batch:{end}{indent}{}batch", module.unit()));
    Some(draft)
}

/// Moves whole lines in, but not what stands inside a string.
fn indent(draft: &mut Rewrite, module: &Module, span: std::ops::Range<usize>) {
    let unit = module.unit();
    let mut strings = Vec::new();
    descend(module.root(), &mut |node| {
        if node.kind() == "string" && node.end_byte() > span.start && node.start_byte() < span.end {
            strings.push(node.byte_range());
        }
        node.end_byte() > span.start && node.start_byte() < span.end
    });
    let (first, last) = (module.text.line_of(span.start), module.text.line_of(span.end));
    for line in first..=last {
        let start = module.text.line_start(line);
        let inside = strings.iter().any(|string| string.start < start && start < string.end);
        if !inside && !module.text.line(line).trim().is_empty() {
            draft.insert(module, start, unit.clone());
        }
    }
}
