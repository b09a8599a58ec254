//! One file, parsed for a rewrite: nodes, lines, and which scope each name belongs to.

use std::cell::OnceCell;
use std::ops::Range;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use tree_sitter::{Node, Tree};

use crate::finding::Edit;
use crate::syntax::{parse, tell, with_parser};
use crate::text::Text;

use super::applied;

/// Made on demand and thrown away after its rewrite: nothing here outlives it.
pub struct Module<'a> {
    pub path: Arc<str>,
    pub text: &'a Text,
    tree: Tree,
    /// Where each identifier stands.
    names: OnceCell<FxHashMap<&'a str, Vec<Range<usize>>>>,
    /// The words in its strings that are no prose.
    strings: OnceCell<FxHashSet<&'a str>>,
    /// The statements at the top level that import something.
    imports: OnceCell<Vec<Range<usize>>>,
    wild: OnceCell<bool>,
    quote: OnceCell<char>,
    unit: OnceCell<String>,
}

impl<'a> Module<'a> {
    /// `None` where something in the text is no Python: what cannot be read is not rewritten.
    pub fn parse(path: Arc<str>, text: &'a Text) -> Option<Module<'a>> {
        let tree = sound(text.as_str())?;
        Some(Module {
            path,
            text,
            tree,
            names: OnceCell::new(),
            strings: OnceCell::new(),
            imports: OnceCell::new(),
            wild: OnceCell::new(),
            quote: OnceCell::new(),
            unit: OnceCell::new(),
        })
    }

    /// Is the text Python throughout after these edits too? Only what they touch is parsed again.
    pub fn holds(&self, edits: &[&Edit]) -> bool {
        let Some(after) = applied(self.source(), edits) else {
            return false;
        };
        let mut tree = self.tree.clone();
        let mut edits = edits.to_vec();
        edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
        // From the last on: what stands before an edit stays where it is.
        for edit in edits.iter().rev() {
            tell(&mut tree, self.source(), &edit.span, &edit.text);
        }
        let tree = with_parser(|parser| parse(parser, &after, Some(&tree)));
        !tree.root_node().has_error()
    }

    pub fn root(&self) -> Node<'_> {
        self.tree.root_node()
    }

    pub fn source(&self) -> &'a str {
        self.text.as_str()
    }

    /// A node as the code writes it.
    pub fn of(&self, node: Node) -> &'a str {
        &self.source()[node.byte_range()]
    }

    /// The innermost node of exactly these bytes.
    pub fn at(&self, span: Range<usize>) -> Option<Node<'_>> {
        let node = self
            .root()
            .named_descendant_for_byte_range(span.start, span.end)?;
        (node.byte_range() == span).then_some(node)
    }

    /// As the first line ends.
    pub fn line_end(&self) -> &'static str {
        match self.source().find('\n') {
            Some(at) if self.source()[..at].ends_with('\r') => "\r\n",
            _ => "\n",
        }
    }

    /// What stands before the node on its line, if that is nothing but blanks.
    pub fn indent(&self, node: Node) -> Option<&'a str> {
        let line = self.text.line_of(node.start_byte());
        let before = &self.source()[self.text.line_start(line)..node.start_byte()];
        let before = before.strip_prefix('\u{feff}').unwrap_or(before);
        before
            .chars()
            .all(|each| each == ' ' || each == '\t')
            .then_some(before)
    }

    /// The imports at the top level, but for `__future__`.
    pub fn imports(&self) -> impl Iterator<Item = Node<'_>> {
        let imports = self.imports.get_or_init(|| {
            let import =
                |node: &Node| matches!(node.kind(), "import_statement" | "import_from_statement");
            let all = statements_of(self.root()).filter(import);
            all.map(|node| node.byte_range()).collect()
        });
        imports.iter().filter_map(|span| self.at(span.clone()))
    }

    /// `from x import *` may bind anything.
    pub fn is_wild(&self) -> bool {
        *self.wild.get_or_init(|| {
            let mut found = false;
            descend(self.root(), &mut |node| {
                found |= node.kind() == "wildcard_import";
                !found
            });
            found
        })
    }

    /// The quotes that most of its strings are in.
    pub fn quote(&self) -> char {
        let count = |quote: char| self.source().matches(quote).count();
        let more = || if count('\'') > count('"') { '\'' } else { '"' };
        *self.quote.get_or_init(more)
    }

    /// By how much a block is further in than what it belongs to.
    pub fn unit(&self) -> &str {
        self.unit.get_or_init(|| self.first_indent())
    }

    fn first_indent(&self) -> String {
        let mut found = None;
        descend(self.root(), &mut |node| {
            if found.is_none()
                && node.kind() == "block"
                && let Some(parent) = node.parent()
                && let Some(first) = node.named_child(0)
                && let (Some(outer), Some(inner)) = (self.indent(parent), self.indent(first))
                && let Some(unit) = inner.strip_prefix(outer)
                && !unit.is_empty()
            {
                found = Some(unit.to_string());
            }
            found.is_none()
        });
        found.unwrap_or_else(|| "    ".to_string())
    }

    /// Does nothing but the statement, and perhaps a comment behind it, stand on its lines?
    pub fn alone(&self, statement: Node) -> bool {
        if self.indent(statement).is_none() {
            return false;
        }
        let end = statement.end_byte();
        let line = self.text.line_of(end);
        let rest = &self.source()[end..self.text.line_start(line) + self.text.line(line).len()];
        let rest = rest.trim_start();
        rest.is_empty() || rest.starts_with('#')
    }

    /// Where the last line of a node ends, before its line end.
    pub fn end_of_line(&self, node: Node) -> usize {
        let line = self.text.line_of(node.end_byte());
        self.text.line_start(line) + self.text.line(line).len()
    }

    /// The whole lines of a node, with the last line end.
    pub fn lines(&self, node: Node) -> Range<usize> {
        let first = self.text.line_of(node.start_byte());
        let last = self.text.line_of(node.end_byte());
        let start = self.text.line_start(first);
        let mark = first == 0 && self.source().starts_with('\u{feff}');
        start + if mark { '\u{feff}'.len_utf8() } else { 0 }..self.text.line_start(last + 1)
    }

    /// Can a function get a local of this name? Nothing in it is called so, nor anything of the module.
    pub fn is_free(&self, function: Node, name: &str) -> bool {
        let of_module = |node| self.resolve(node).kind() == "module";
        !has_word(self.of(function), name) && !self.named(name).into_iter().any(of_module)
    }

    /// All identifiers of this name, in order.
    pub fn named(&self, name: &str) -> Vec<Node<'_>> {
        let spans = self.spans(name).iter();
        spans.filter_map(|span| self.at(span.clone())).collect()
    }

    fn spans(&self, name: &str) -> &[Range<usize>] {
        let names = self.names.get_or_init(|| {
            let mut names: FxHashMap<&'a str, Vec<Range<usize>>> = FxHashMap::default();
            descend(self.root(), &mut |node| {
                if node.kind() == "identifier" {
                    names
                        .entry(self.of(node))
                        .or_default()
                        .push(node.byte_range());
                }
                true
            });
            names
        });
        names.get(name).map(|spans| &spans[..]).unwrap_or_default()
    }

    /// Does the word stand in a string, where `getattr` or a framework may find it? A docstring
    /// and `"the queue is full"` name nothing.
    pub fn quoted(&self, name: &str) -> bool {
        let strings = self.strings.get_or_init(|| {
            let mut strings = FxHashSet::default();
            descend(self.root(), &mut |node| {
                let prose = || {
                    let written = self.of(node);
                    let docstring = node
                        .parent()
                        .and_then(|string| string.parent())
                        .is_some_and(|up| up.kind() == "expression_statement");
                    docstring || written.trim().contains(char::is_whitespace)
                };
                if node.kind() == "string_content" && !prose() {
                    let part = |each: char| each.is_alphanumeric() || each == '_';
                    strings.extend(self.of(node).split(|each| !part(each)));
                }
                true
            });
            strings
        });
        strings.contains(name)
    }

    /// The names of this scope and of those in it that stand for the binding of `name` in `scope`.
    pub fn uses(&self, name: &str, scope: Node) -> Vec<Node<'_>> {
        let mut uses = self.named(name);
        uses.retain(|node| is_name(*node) && self.resolve(*node) == scope);
        uses
    }

    /// The scope that a name belongs to; the module where nothing binds it.
    pub fn resolve(&self, node: Node) -> Node<'_> {
        let name = self.of(node);
        let mut scope = scope_of(node);
        let mut first = true;
        loop {
            let Some(here) = scope.filter(|scope| scope.kind() != "module") else {
                return self.root();
            };
            let here_counts = first || here.kind() != "class_definition";
            if here_counts {
                match self.binding(name, here) {
                    Some(Binding::Global) => return self.root(),
                    Some(Binding::Own) => {
                        let found = self
                            .root()
                            .descendant_for_byte_range(here.start_byte(), here.end_byte());
                        return climb_to(found, here).unwrap_or(self.root());
                    }
                    None => {}
                }
            }
            first = false;
            scope = scope_of(here);
        }
    }

    fn binding(&self, name: &str, scope: Node) -> Option<Binding> {
        let mut own = None;
        let spans = self.spans(name);
        let first = spans.partition_point(|span| span.start < scope.start_byte());
        let inside = spans[first..].iter();
        for span in inside.take_while(|span| span.end <= scope.end_byte()) {
            let Some(node) = scope.named_descendant_for_byte_range(span.start, span.end) else {
                continue;
            };
            if !binds(node) || scope_of(node) != Some(scope) {
                continue;
            }
            match node.parent().map(|parent| parent.kind()) {
                Some("global_statement") => return Some(Binding::Global),
                Some("nonlocal_statement") => return None,
                _ => own = Some(Binding::Own),
            }
        }
        own
    }

    /// Is the name bound anywhere in the file but by an import at its top?
    pub fn binds(&self, name: &str) -> bool {
        self.named(name).into_iter().any(|node| {
            binds(node)
                && !ancestors(node).any(|up| {
                    matches!(up.kind(), "import_statement" | "import_from_statement")
                        && up.parent().is_some_and(|parent| parent.kind() == "module")
                })
        })
    }

    /// Does an import bring the name in, wherever it stands? `try: from .store import load` does.
    pub fn brings_in(&self, name: &str) -> bool {
        self.named(name).into_iter().any(|node| {
            ancestors(node)
                .any(|up| matches!(up.kind(), "import_statement" | "import_from_statement"))
        })
    }

    /// Does the word stand anywhere as a name?
    pub fn mentions(&self, name: &str) -> bool {
        self.named(name).into_iter().any(is_name)
    }
}

enum Binding {
    Own,
    Global,
}

/// The tree of a text that is Python throughout.
pub fn sound(text: &str) -> Option<Tree> {
    let tree = with_parser(|parser| parse(parser, text, None));
    (!tree.root_node().has_error()).then_some(tree)
}

/// Calls `each` for a node and, where it says so, for what is in it.
pub fn descend<'t>(node: Node<'t>, each: &mut impl FnMut(Node<'t>) -> bool) {
    let mut cursor = node.walk();
    loop {
        if each(cursor.node()) && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return;
            }
        }
    }
}

pub fn ancestors(node: Node) -> impl Iterator<Item = Node> {
    std::iter::successors(node.parent(), |node| node.parent())
}

pub fn named_children(node: Node) -> Vec<Node> {
    statements_of(node).collect()
}

/// The statement that holds the node: what stands in a block or in the module itself.
pub fn statement(node: Node) -> Option<Node> {
    let mut here = node;
    loop {
        let parent = here.parent()?;
        if matches!(parent.kind(), "block" | "module") {
            return Some(here);
        }
        here = parent;
    }
}

/// The statements of a block or module.
pub fn statements(block: Node) -> Vec<Node> {
    named_children(block)
}

/// The same, one at a time.
pub fn statements_of<'t>(block: Node<'t>) -> impl Iterator<Item = Node<'t>> {
    let mut cursor = block.walk();
    let mut there = cursor.goto_first_child();
    let children = std::iter::from_fn(move || {
        let node = there.then(|| cursor.node())?;
        there = cursor.goto_next_sibling();
        Some(node)
    });
    children.filter(|child| child.is_named() && child.kind() != "comment")
}

pub fn function_of(node: Node) -> Option<Node> {
    ancestors(node).find(|up| up.kind() == "function_definition")
}

/// Is the node a name that stands for a value, rather than an attribute, a keyword or a part of an import?
pub fn is_name(node: Node) -> bool {
    let Some(parent) = node.parent() else {
        return false;
    };
    match parent.kind() {
        "attribute" => parent.child_by_field_name("attribute") != Some(node),
        "keyword_argument" => parent.child_by_field_name("name") != Some(node),
        "dotted_name" => !ancestors(parent).any(|up| {
            matches!(
                up.kind(),
                "import_statement" | "import_from_statement" | "future_import_statement"
            )
        }),
        "aliased_import" => false,
        _ => true,
    }
}

/// Does the name get a value, or a scope, here?
pub fn binds(node: Node) -> bool {
    let mut here = node;
    loop {
        let Some(parent) = here.parent() else {
            return false;
        };
        let field = |name| parent.child_by_field_name(name) == Some(here);
        match parent.kind() {
            "pattern_list"
            | "tuple_pattern"
            | "list_pattern"
            | "list_splat_pattern"
            | "dictionary_splat_pattern" => here = parent,
            "assignment" | "augmented_assignment" => return field("left"),
            "for_statement" | "for_in_clause" => return field("left"),
            "named_expression" | "function_definition" | "class_definition" => {
                return field("name");
            }
            "default_parameter" | "typed_default_parameter" => return field("name"),
            "typed_parameter" => return parent.named_child(0) == Some(here),
            "parameters" | "lambda_parameters" | "as_pattern_target" | "global_statement"
            | "nonlocal_statement" | "delete_statement" | "case_pattern" => return true,
            "aliased_import" => return field("alias"),
            "dotted_name" => {
                let Some(import) = parent.parent() else {
                    return false;
                };
                return match import.kind() {
                    // `import a.b` binds `a`.
                    "import_statement" => parent.named_child(0) == Some(here),
                    "import_from_statement" => {
                        import.child_by_field_name("module_name") != Some(parent)
                    }
                    _ => false,
                };
            }
            _ => return false,
        }
    }
}

const SCOPES: [&str; 8] = [
    "function_definition",
    "lambda",
    "class_definition",
    "list_comprehension",
    "set_comprehension",
    "dictionary_comprehension",
    "generator_expression",
    "module",
];

/// The scope that a node is evaluated in: defaults, annotations and bases belong to the one outside.
pub fn scope_of(node: Node) -> Option<Node> {
    let mut here = node;
    loop {
        let parent = here.parent()?;
        if SCOPES.contains(&parent.kind()) {
            let outside = match parent.kind() {
                "function_definition" | "class_definition" => {
                    let field = |name| parent.child_by_field_name(name) == Some(here);
                    let value = field("parameters") && !is_parameter(node, here);
                    field("name") || field("superclasses") || field("return_type") || value
                }
                "lambda" => {
                    parent.child_by_field_name("parameters") == Some(here)
                        && !is_parameter(node, here)
                }
                _ => false,
            };
            if !outside {
                return Some(parent);
            }
        }
        here = parent;
    }
}

/// Is the node a parameter's name, not its default or annotation?
fn is_parameter(node: Node, parameters: Node) -> bool {
    let mut here = node;
    while let Some(parent) = here.parent() {
        let field = |name| parent.child_by_field_name(name) == Some(here);
        if field("value") || field("type") {
            return false;
        }
        if parent == parameters {
            return true;
        }
        here = parent;
    }
    false
}

fn climb_to<'t>(node: Option<Node<'t>>, wanted: Node) -> Option<Node<'t>> {
    let mut node = node;
    while let Some(here) = node {
        if here == wanted {
            return Some(here);
        }
        node = here.parent();
    }
    None
}

/// Does the word stand in the text, not as a part of a longer one?
pub fn has_word(text: &str, word: &str) -> bool {
    words(text, word) > 0
}

/// How often it does.
pub fn words(text: &str, word: &str) -> usize {
    let part = |each: Option<char>| each.is_some_and(|each| each.is_alphanumeric() || each == '_');
    text.match_indices(word)
        .filter(|(at, _)| {
            !part(text[..*at].chars().next_back()) && !part(text[at + word.len()..].chars().next())
        })
        .count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scopes(source: &str, name: &str) -> Vec<String> {
        let text = Text::new(source.to_string());
        let module = Module::parse("main.py".into(), &text).unwrap();
        let names = module.named(name).into_iter().filter(|node| is_name(*node));
        let scopes = names.map(|node| {
            let scope = module.resolve(node);
            let name = scope.child_by_field_name("name");
            name.map_or(scope.kind().to_string(), |name| module.of(name).to_string())
        });
        scopes.collect()
    }

    #[test]
    fn a_name_belongs_to_the_scope_that_binds_it() {
        let source = "x = 1\ndef f(x, y=x):\n    def g():\n        return x\n    return g\n";
        assert_eq!(scopes(source, "x"), ["module", "f", "module", "f"]);
        let source = "x = 1\ndef f():\n    global x\n    x = 2\nclass C:\n    x = 3\n    def g(self):\n        return x\n";
        assert_eq!(
            scopes(source, "x"),
            ["module", "module", "module", "C", "module"]
        );
        let source = "x = 1\ny = [x for x in x.x(x=2)]\nfrom a import x as z\n";
        assert_eq!(scopes(source, "x")[0], "module");
    }

    #[test]
    fn what_is_no_python_is_not_read() {
        let text = Text::new("def f(:\n".to_string());
        assert!(Module::parse("main.py".into(), &text).is_none());
    }

    #[test]
    fn words_are_whole() {
        assert_eq!(words("deque, dequeue deque", "deque"), 2);
        assert_eq!(words("_deque", "deque"), 0);
    }

    const CODE: &str = r#"import boto3

TABLE = boto3.resource("dynamodb").Table("orders")
KEPT = []


class Store:
    kept = {}

    def keep(self, key):
        if key:
            item = TABLE.get_item(
                Key={"id": key},
            )["Item"]
            self.kept[key] = item
        return [each for each in KEPT if each]


def keep(key):
    with open(key) as file:
        KEPT.append(f"{file.read()} {key}")
    '''a
    text'''
"#;

    const PIECES: [&str; 20] = [
        "",
        "(",
        ")",
        "[",
        "]",
        "\n",
        "\n    ",
        "    ",
        "x",
        "x = 1\n",
        "'",
        "\"\"\"",
        ":",
        "pass\n",
        "deque(maxlen=1000)",
        "with x:\n    ",
        "# a\n",
        "def f():\n",
        "\\\n",
        "é",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn what_is_touched_says_as_much_as_the_whole(
            edits in prop::collection::vec((0..CODE.len(), 0..30usize, prop::sample::select(PIECES.to_vec())), 1..4),
        ) {
            let file: Arc<str> = Arc::from("a.py");
            let text = Text::new(CODE.to_string());
            let module = Module::parse(Arc::clone(&file), &text).unwrap();
            let made = |(start, length, new): (usize, usize, &str)| Edit {
                file: Arc::clone(&file),
                span: start..(start + length).min(CODE.len()),
                text: new.to_string(),
            };
            let edits: Vec<Edit> = edits.into_iter().map(made).collect();
            let edits: Vec<&Edit> = edits.iter().collect();
            let whole = applied(CODE, &edits).is_some_and(|after| sound(&after).is_some());
            prop_assert_eq!(module.holds(&edits), whole);
        }
    }
}
