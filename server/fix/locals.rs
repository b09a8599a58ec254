//! A global that one function alone fills and reads is a local of that function.

use tree_sitter::Node;

use super::containers::{Container, birth, method, plain};
use super::imports::without;
use super::module::{
    Module, ancestors, binds, function_of, is_name, named_children, statement, statements,
};
use super::{Cx, Rewrite};
use crate::finding::Applicability;
use crate::value::Place;

/// Where the code of a file names a global, all in one function.
pub struct Only<'t> {
    /// In the function, but for `global`.
    pub uses: Vec<Node<'t>>,
    /// `RESULTS = []` at the top: the assignment.
    pub birth: Option<Node<'t>>,
    globals: Vec<Node<'t>>,
}

impl<'t> Only<'t> {
    /// `None` where other code names it too, or may find it by its name.
    pub fn of(cx: &Cx<'t, '_>, holder: Node, function: Node) -> Option<Only<'t>> {
        let module = cx.module;
        let name = module.of(holder);
        if !cx.fixer.named_only_in(module, name) {
            return None;
        }
        let mut only = Only {
            uses: Vec::new(),
            birth: None,
            globals: Vec::new(),
        };
        for node in module.named(name) {
            let parent = node.parent()?;
            if parent.kind() == "keyword_argument" && !is_name(node) {
                continue;
            }
            if !is_name(node) {
                return None;
            }
            if module.resolve(node).kind() != "module" {
                continue;
            }
            let inside = function_of(node) == Some(function);
            match parent.kind() {
                "global_statement" if inside => only.globals.push(parent),
                _ if inside => only.uses.push(node),
                "assignment"
                    if only.birth.is_none()
                        && parent.child_by_field_name("left") == Some(node)
                        && statement(node)?.parent()?.kind() == "module" =>
                {
                    only.birth = Some(parent);
                }
                _ => return None,
            }
        }
        Some(only)
    }

    /// Takes out what made it a global.
    pub fn taken_out(&self, draft: &mut Rewrite, module: &Module) -> Option<()> {
        for global in &self.globals {
            if named_children(*global).len() > 1 || !module.alone(*global) {
                return None;
            }
            draft.replace(module, module.lines(*global), "");
        }
        let Some(birth) = self.birth else {
            return Some(());
        };
        let birth = statement(birth).filter(|it| it.named_child(0) == Some(birth))?;
        let bare = module.alone(birth) && module.end_of_line(birth) == birth.end_byte();
        if !bare || statements(birth.parent()?).len() == 1 {
            return None;
        }
        draft.replace(module, without(module, birth), "");
        Some(())
    }
}

/// `RESULTS`, which one function fills and reads, begins anew in each call.
pub fn local(cx: &Cx) -> Option<Rewrite> {
    let module = cx.module;
    let birth = birth(cx)?;
    let global = matches!(cx.verdict.story.holder, Some(Place::Global(..)));
    let container = matches!(
        birth.shape,
        Container::List | Container::Dict | Container::Set
    );
    if !global || !container || birth.module.path != module.path {
        return None;
    }
    let holder = cx.holder().filter(|it| it.kind() == "identifier")?;
    let function = function_of(cx.node)?;
    // All pages in a local would be as many: there is another rewrite for these.
    let mut around = ancestors(cx.node).take_while(|up| *up != function);
    if !around.all(|up| one_page(module, up)) {
        return None;
    }
    let only = Only::of(cx, holder, function)?;
    let assignment = only.birth?;
    let value = assignment.child_by_field_name("right")?;
    let kept = &module.source()[holder_end(assignment)?..value.end_byte()];
    // Somebody must read it, or a local is of no use.
    if !only.uses.iter().any(|node| reads(module, *node)) || kept.contains(['\n', '#']) {
        return None;
    }
    let name = module.of(holder);
    let small = name.to_lowercase();
    let free = small != name
        && module.named(&small).is_empty()
        && !BUILTINS.contains(&&*small)
        && !small.starts_with('_');
    let new = if free { &small } else { name };
    let title = format!(
        "Make `{name}` a local of `{}`",
        module.of(function.child_by_field_name("name")?)
    );
    let mut draft = cx.draft(title, Applicability::Unsafe);
    only.taken_out(&mut draft, module)?;
    if free {
        for node in &only.uses {
            draft.replace(module, node.byte_range(), new);
        }
    }
    at_first(&mut draft, module, function, &format!("{new}{kept}"))?;
    Some(draft)
}

/// A statement before a function's others, behind its docstring.
fn at_first(draft: &mut Rewrite, module: &Module, function: Node, line: &str) -> Option<()> {
    let all = statements(function.child_by_field_name("body")?);
    let mut first = *all.first()?;
    let docstring = first.named_child(0).is_some_and(|it| it.kind() == "string");
    if docstring {
        if !module.alone(first) {
            return None;
        }
        return draft.below(module, first, &[line.to_string()]);
    }
    // `global RESULTS` goes.
    if first.kind() == "global_statement" && all.len() > 1 {
        first = all[1];
    }
    let (indent, end) = (module.indent(first)?, module.line_end());
    let start = module.lines(first).start;
    draft.insert(module, start, format!("{indent}{line}{end}"));
    Some(())
}

fn holder_end(assignment: Node) -> Option<usize> {
    Some(assignment.child_by_field_name("left")?.end_byte())
}

/// Is it anything but a loop, or a loop over the items of one response?
fn one_page(module: &Module, up: Node) -> bool {
    match up.kind() {
        "for_statement" => up.child_by_field_name("right").is_some_and(|right| {
            let text = module.of(right);
            let items = ["[\"Items\"]", "['Items']", "[\"Records\"]", "['Records']"];
            items.iter().any(|end| text.ends_with(end))
        }),
        "while_statement"
        | "for_in_clause"
        | "list_comprehension"
        | "generator_expression"
        | "lambda" => false,
        _ => true,
    }
}

/// Does the code ask for what is in it, rather than put something in?
fn reads(module: &Module, node: Node) -> bool {
    if binds(node) {
        return false;
    }
    let Some(parent) = node.parent() else {
        return false;
    };
    match parent.kind() {
        "attribute" => parent
            .parent()
            .filter(|call| call.kind() == "call")
            .is_some_and(|call| {
                !matches!(
                    method(module, call),
                    "append" | "extend" | "add" | "insert" | "update" | "setdefault"
                )
            }),
        "subscript" => !parent.parent().is_some_and(|up| {
            up.kind() == "assignment" && up.child_by_field_name("left") == Some(parent)
        }),
        _ => plain(node),
    }
}

const BUILTINS: [&str; 12] = [
    "all", "bytes", "dict", "filter", "hash", "id", "input", "iter", "list", "map", "set", "type",
];
