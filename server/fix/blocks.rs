//! Statements moved in under a `with` or a `try`.

use std::ops::Range;

use tree_sitter::Node;

use super::Rewrite;
use super::module::{Module, ancestors, descend, statements};

/// The statements behind `made`, up to the last one that uses the name; `None` where something
/// outside of these uses it, or inside a function of their own.
pub fn reach<'m>(made: Node<'m>, uses: &[Node<'m>]) -> Option<Vec<Node<'m>>> {
    let block = made.parent()?;
    let siblings = statements(block);
    let at = siblings.iter().position(|other| *other == made)?;
    let mut last = at;
    for node in uses {
        let holder =
            (siblings.iter()).position(|it| it.byte_range().contains(&node.start_byte()))?;
        if holder <= at || own_code(*node) != own_code(made) {
            return None;
        }
        last = last.max(holder);
    }
    (last > at).then(|| siblings[at + 1..=last].to_vec())
}

/// What the node's code belongs to.
pub fn own_code(node: Node) -> Option<Node> {
    ancestors(node).find(|up| {
        matches!(
            up.kind(),
            "function_definition" | "lambda" | "class_definition"
        )
    })
}

/// Moves whole statements in, with the comments before them.
pub fn moved_in(draft: &mut Rewrite, module: &Module, made: Node, body: &[Node]) -> Option<()> {
    let (first, last) = (body.first()?, body.last()?);
    if !body.iter().all(|one| module.alone(*one)) {
        return None;
    }
    let start = module.lines(*first).start.min(module.lines(made).end);
    indent(draft, module, start..last.end_byte());
    Some(())
}

/// Whole statements under a `try` that is put in at `start`, with a line for its `finally`.
pub fn in_try(
    draft: &mut Rewrite,
    module: &Module,
    start: usize,
    body: &[Node],
    undo: &str,
) -> Option<()> {
    let (first, last) = (body.first()?, body.last()?);
    if !body.iter().all(|one| module.alone(*one)) {
        return None;
    }
    let outer = module.indent(*first)?;
    let (unit, end) = (module.unit(), module.line_end());
    draft.insert(module, start, format!("{outer}try:{end}"));
    indent(draft, module, start..last.end_byte());
    let undo = format!("{end}{outer}finally:{end}{outer}{unit}{undo}");
    draft.insert(module, module.end_of_line(*last), undo);
    Some(())
}

/// The further lines of a statement, moved in with its first.
pub fn rest_moved_in(draft: &mut Rewrite, module: &Module, statement: Node) {
    let first = module.text.line_of(statement.start_byte());
    if first < module.text.line_of(statement.end_byte()) {
        let start = module.text.line_start(first + 1);
        indent(draft, module, start..statement.end_byte());
    }
}

/// Moves whole lines in, but not what stands inside a string.
fn indent(draft: &mut Rewrite, module: &Module, span: Range<usize>) {
    let unit = module.unit();
    let mut strings = Vec::new();
    descend(module.root(), &mut |node| {
        let within = node.end_byte() > span.start && node.start_byte() < span.end;
        if node.kind() == "string" && within {
            strings.push(node.byte_range());
        }
        within
    });
    let (first, last) = (
        module.text.line_of(span.start),
        module.text.line_of(span.end),
    );
    for line in first..=last {
        let start = module.text.line_start(line);
        let inside = strings
            .iter()
            .any(|string| string.start < start && start < string.end);
        if !inside && !module.text.line(line).trim().is_empty() {
            draft.insert(module, start, unit);
        }
    }
}
