//! Responses of which only the part that is read is kept; and the one read that fills a place.

use smol_str::SmolStr;
use tree_sitter::Node;

use super::containers::{arguments, method};
use super::module::{Module, ancestors, function_of, is_name, named_children, statement};
use super::{Cx, Rewrite};
use crate::analysis::render::Page;
use crate::facts::ExprId;
use crate::finding::Applicability;
use crate::flow::uses::{Level, Standing, uses_but};
use crate::summary::CellKey;
use crate::value::{At, FuncId, Site, What};
use crate::workspace::world::{ROUNDS, Reader};

/// The edits at the places where a part is read, and what the reads say of the store.
#[derive(Default)]
struct Reads<'m> {
    /// `["Item"]` goes from here to there.
    cut: Vec<(usize, usize)>,
    /// `(… or default)` around what is left.
    defaults: Vec<(usize, usize, &'m str)>,
    /// Read by `["Item"]`, and by `.get("Item")`.
    plain: bool,
    got: bool,
    /// Its truth, or whether it is `None`, is asked for.
    tested: bool,
    /// One of them stands in the function that stores.
    near: bool,
}

/// `SETTINGS = table.get_item(...)["Item"]`, and `SETTINGS` wherever `SETTINGS["Item"]` was read.
pub fn part_stored(cx: &Cx, part: &str) -> Option<Rewrite> {
    let module = cx.module;
    let assignment = cx.node;
    let holder = cx.holder()?;
    let value = assignment.child_by_field_name("right")?;
    let left = assignment.child_by_field_name("left")?;
    let own = statement(assignment)?.named_child(0) == Some(assignment);
    let written = module.of(value);
    if !own || assignment.child_by_field_name("type").is_some() || written.contains('#') {
        return None;
    }
    let simple = matches!(
        value.kind(),
        "call" | "identifier" | "attribute" | "subscript"
    );
    if !simple && value.kind() != "await" {
        return None;
    }
    let name = match holder.kind() {
        "identifier" => module.of(holder),
        "attribute" => module.of(holder.child_by_field_name("attribute")?),
        _ => return None,
    };
    if !cx.fixer.named_only_in(module, name) {
        return None;
    }
    let many = left.kind() == "subscript";
    let mut reads = Reads::default();
    for node in module.named(name) {
        let parent = node.parent()?;
        let whole = match holder.kind() {
            "identifier" if is_name(node) && module.resolve(node).kind() == "module" => node,
            "attribute" if is_same_field(module, parent, node, holder) => parent,
            // A parameter, a keyword or a local of the same name.
            _ if is_name(node) || parent.kind() == "keyword_argument" => continue,
            _ => return None,
        };
        if whole == holder {
            continue;
        }
        reads.holder(module, whole, many, part, assignment)?;
    }
    let sure = part == "Items";
    // A list may be empty, an item never is; and none is there where none was found.
    let (got, plain) = (reads.got, reads.plain);
    if reads.cut.is_empty() || reads.tested && (sure || got) {
        return None;
    }
    let quote = module.quote();
    let suffix = match got && !sure {
        true => format!(".get({quote}{part}{quote})"),
        false => format!("[{quote}{part}{quote}]"),
    };
    let applicability = match sure || !plain || !got && reads.near {
        true => Applicability::Safe,
        false => Applicability::Unsafe,
    };
    let title = format!("Keep only `{part}` in `{}`", module.of(holder));
    let mut draft = cx.draft(title, applicability);
    if !simple {
        draft.insert(module, value.start_byte(), "(");
        draft.insert(module, value.end_byte(), format!("){suffix}"));
    } else {
        draft.insert(module, value.end_byte(), suffix);
    }
    for (start, end, default) in reads.defaults {
        draft.insert(module, start, "(");
        draft.insert(module, end, format!(" or {default})"));
    }
    for (start, end) in reads.cut {
        draft.replace(module, start..end, "");
    }
    Some(draft)
}

/// `self.page` in the class of the holder `self.page`.
fn is_same_field(module: &Module, attribute: Node, name: Node, holder: Node) -> bool {
    let class = |node: Node| {
        ancestors(node)
            .find(|up| up.kind() == "class_definition")
            .map(|up| up.id())
    };
    attribute.kind() == "attribute"
        && attribute.child_by_field_name("attribute") == Some(name)
        && module.of(attribute) == module.of(holder)
        && class(attribute) == class(holder)
}

impl<'m> Reads<'m> {
    /// A use of the holder itself; `None` where it isn't understood.
    fn holder(
        &mut self,
        module: &'m Module,
        node: Node,
        many: bool,
        part: &str,
        store: Node,
    ) -> Option<()> {
        let parent = node.parent()?;
        let field = |name| parent.child_by_field_name(name) == Some(node);
        match parent.kind() {
            "global_statement" => Some(()),
            // `SETTINGS = None`, `CACHE = {}`
            "assignment" if field("left") => {
                let right = parent.child_by_field_name("right")?;
                let empty = match many {
                    true => matches!(right.kind(), "dictionary" | "list" | "call"),
                    false => right.kind() == "none",
                };
                empty.then_some(())
            }
            _ if !many => self.response(module, node, part, store),
            "comparison_operator" => {
                let asked =
                    module.of(parent).contains(" in ") || module.of(parent).contains(" not in ");
                (asked && parent.named_child(1) == Some(node)).then_some(())
            }
            "subscript" if field("value") => {
                let up = parent.parent()?;
                match up.kind() {
                    "delete_statement" => Some(()),
                    "assignment" if up.child_by_field_name("left") == Some(parent) => {
                        (up == store).then_some(())
                    }
                    _ => self.response(module, parent, part, store),
                }
            }
            "attribute" if field("object") => {
                let call = parent
                    .parent()
                    .filter(|up| up.child_by_field_name("function") == Some(parent))?;
                let alone = call.parent()?.kind() == "expression_statement";
                let given = named_children(arguments(call)?).len();
                match method(module, call) {
                    "clear" | "pop" | "popitem" if alone => Some(()),
                    "get" if given == 1 => self.response(module, call, part, store),
                    _ => None,
                }
            }
            "argument_list" => {
                let call = parent.parent()?.child_by_field_name("function")?;
                (module.of(call) == "len" && !module.binds("len")).then_some(())
            }
            _ => None,
        }
    }

    /// A response that was read from the holder.
    fn response(&mut self, module: &'m Module, node: Node, part: &str, store: Node) -> Option<()> {
        let parent = node.parent()?;
        let field = |name| parent.child_by_field_name(name) == Some(node);
        let is_part =
            |key: Node| key.kind() == "string" && module.of(key).trim_matches(['"', '\'']) == part;
        let near = function_of(node) == function_of(store);
        match parent.kind() {
            "subscript" if field("value") => {
                let key = parent
                    .child_by_field_name("subscript")
                    .filter(|key| is_part(*key))?;
                self.cut.push((node.end_byte(), parent.end_byte()));
                self.plain = true;
                self.near |= near && key.start_byte() > store.end_byte();
                Some(())
            }
            "attribute" if field("object") => {
                let call = parent
                    .parent()
                    .filter(|up| up.child_by_field_name("function") == Some(parent))?;
                let given = named_children(arguments(call)?);
                let (key, rest) = given.split_first()?;
                if method(module, call) != "get" || !is_part(*key) || rest.len() > 1 {
                    return None;
                }
                if let (Some(default), true) = (rest.first(), part == "Item") {
                    let text = module.of(*default);
                    if text.contains(['\n', '#']) {
                        return None;
                    }
                    if default.kind() != "none" {
                        self.defaults
                            .push((node.start_byte(), call.end_byte(), text));
                    }
                }
                self.cut.push((node.end_byte(), call.end_byte()));
                self.got = true;
                Some(())
            }
            "comparison_operator" => {
                let text = module.of(parent);
                let none = parent.named_child(1).is_some_and(|it| it.kind() == "none");
                let is = parent.named_child(0) == Some(node) && none && text.contains(" is ");
                self.tested |= is && part == "Item";
                is.then_some(())
            }
            "not_operator" => self.truth(),
            "if_statement" | "elif_clause" | "while_statement" if field("condition") => {
                self.truth()
            }
            "assignment" if field("right") => self.local(module, parent, part, store),
            _ => None,
        }
    }

    fn truth(&mut self) -> Option<()> {
        self.tested = true;
        Some(())
    }

    /// `response = CACHE[key]`, of which only the part is read.
    fn local(
        &mut self,
        module: &'m Module,
        assignment: Node,
        part: &str,
        store: Node,
    ) -> Option<()> {
        let target = assignment
            .child_by_field_name("left")
            .filter(|left| left.kind() == "identifier")?;
        let scope = function_of(assignment)?;
        let uses = module.uses(module.of(target), scope);
        if !uses.contains(&target) {
            return None;
        }
        for other in uses.into_iter().filter(|other| *other != target) {
            // Filled by something else, it may be a response all the same.
            let bound = other
                .parent()
                .is_some_and(|up| up.child_by_field_name("left") == Some(other));
            if bound || !ancestors(other).any(|up| up == scope) {
                return None;
            }
            self.response(module, other, part, store)?;
        }
        Some(())
    }
}

/// The call that reads what a place keeps, where all else that becomes of it is known; with the
/// attributes that are read of it there.
pub fn read_alone<'c>(cx: &Cx<'c, '_>) -> Option<(Node<'c>, Vec<SmolStr>)> {
    let workspace = cx.fixer.workspace();
    let page = Page::of(workspace);
    let atom = cx.verdict.story.value.as_ref()?;
    let site = *atom.steps.first()?;
    let (file, bytes) = page.extent(site)?;
    let call = cx
        .module
        .at(bytes)
        .filter(|call| file == cx.module.path && call.kind() == "call")?;
    let (unit, facts, _, base) = page.chunk(site.unit, site.chunk)?;
    let At::Call(number) = site.at else {
        return None;
    };
    let read = *facts.calls.get(number as usize)?;
    // What is kept, or given by a function whose results are.
    let kept = cx
        .node
        .child_by_field_name("right")
        .map(|right| right.byte_range());
    let stored = kept.and_then(|kept| {
        let same = |id: &ExprId| {
            let span = facts.span(*id);
            base + span.start as usize == kept.start && base + span.end as usize == kept.end
        };
        (0..facts.exprs.len() as ExprId).find(same)
    });
    if stored.is_none() && cx.verdict.story.variant != "cache" || unit.id != cx.verdict.unit {
        return None;
    }
    let standing = Standing::of(facts);
    let uses = uses_but(facts, &standing, read, Level::Page, stored);
    let given = !uses.gives.is_empty() || !uses.gives_items.is_empty();
    if uses.whole || uses.whole_items || given && !gives_what_it_keeps(cx, site) {
        return None;
    }
    Some((call, uses.attributes.to_vec()))
}

/// Are the function's results known to be read as what it keeps is? What it memoises, or takes out of
/// the holder to return it, is.
fn gives_what_it_keeps(cx: &Cx, site: Site) -> bool {
    let Some(place) = &cx.verdict.story.holder else {
        return cx.verdict.story.variant == "cache";
    };
    let reader = Reader::new(cx.fixer.workspace().world(), ROUNDS);
    let own = What::Function(FuncId {
        unit: site.unit,
        function: 1,
    });
    let told = reader.cell(CellKey::Uses(place.clone()));
    told.atoms().iter().any(|atom| atom.what == own)
}
