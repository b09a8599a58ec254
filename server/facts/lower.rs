//! From a chunk's syntax nodes to its facts: the only code besides `syntax` that sees a tree.

use std::cell::Cell;
use std::ops::{ControlFlow, Range};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use aho_corasick::AhoCorasick;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;
use tree_sitter::{Node, QueryCursor, QueryCursorOptions, QueryCursorState, StreamingIterator};

use super::kinds::{Kind, field, kind};
use super::*;
use crate::api::API;
use crate::query::shape::{self, Nodes};
use crate::query::{OwnQuery, Rules};

/// Deeper nesting than any hand-written code has becomes [`Expr::Other`] or an empty block: the stack is bounded.
const DEEPEST: u32 = 200;

/// The facts of the chunk at `node`; `text` is what the node's tree was parsed from.
///
/// For a class only the header is read.
pub fn lower(node: Node, text: &str, rules: &Rules) -> ChunkFacts {
    let mut lowering = Lowering::new(node, text);
    lowering.chunk(node);
    lowering.bind();
    if lowering.facts.kind != ChunkKind::Class {
        lowering.matches(node, rules);
    }
    lowering.facts.constructs = constructs(&lowering.facts);
    lowering.facts.checkpoints = match lowering.facts.kind {
        ChunkKind::Class => CHECKPOINTS.is_match(&lowering.facts.name),
        _ => CHECKPOINTS.is_match(&text[node.byte_range()]),
    };
    lowering.facts.asks = asks(&text[node.byte_range()]);
    lowering.facts.broken = if lowering.facts.kind == ChunkKind::Class {
        lowering.broken
    } else {
        node.has_error()
    };
    lowering.finish()
}

/// Words of code that remembers how far it has read a stream, or begins where it is told to.
static CHECKPOINTS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let words = [
        "sequence",
        "checkpoint",
        "bookmark",
        "offset",
        "cursor",
        "lease",
        "watermark",
        "resume",
        "progress",
        "commit",
        "persist",
        "save_state",
        "at_timestamp",
        "kclpy",
    ];
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(words)
        .expect("a handful of short literal words")
});

/// Words of code that asks who somebody is, or hands that to a library.
static ASKS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let words = [
        "auth",
        "login",
        "logged",
        "jwt",
        "token",
        "bearer",
        "password",
        "permission",
        "api_key",
        "apikey",
        "api-key",
        "current_user",
        "security",
        "cognito",
        "verify",
        "signature",
        "before_request",
        ".middleware(",
        "httpmiddleware",
        "sessionmiddleware",
        "dependencies=",
        "identity",
        "is_admin",
    ];
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(words)
        .expect("a handful of short literal words")
});

fn asks(text: &str) -> bool {
    let ends = |at: usize, word: &str| {
        let start = at.checked_sub(word.len());
        start
            .and_then(|start| text.get(start..at))
            .is_some_and(|end| end.eq_ignore_ascii_case(word))
    };
    let goes_on = |at: usize, word: &str| {
        text.get(at..at + word.len())
            .is_some_and(|next| next.eq_ignore_ascii_case(word))
    };
    ASKS.find_iter(text).any(|found| {
        let word = &text[found.range()];
        let (start, end) = (found.start(), found.end());
        // The author of a book, the token of the next page and the credentials of AWS are nobody's login.
        let author =
            word.eq_ignore_ascii_case("auth") && goes_on(end, "or") && !goes_on(end, "ori");
        let other = [
            "next",
            "next_",
            "session_",
            "sessions",
            "session",
            "page_",
            "page",
            "continuation",
            "continuation_",
        ];
        let other =
            word.eq_ignore_ascii_case("token") && other.iter().any(|other| ends(start, other));
        !author && !other
    })
}

fn constructs(facts: &ChunkFacts) -> bool {
    facts.calls.iter().any(|&call| {
        let Expr::Call(call) = facts.expr(call) else {
            return false;
        };
        matches!(facts.expr(call.function), Expr::Attr(_, name) | Expr::Name(name) if API.is_constructor(name))
    })
}

/// Room for the expressions of one chunk after the other.
#[derive(Default)]
struct Arena {
    exprs: Vec<Expr>,
    spans: Vec<Span>,
    owners: Vec<FunctionId>,
}

thread_local! {
    static ARENA: Cell<Arena> = const { Cell::new(Arena { exprs: Vec::new(), spans: Vec::new(), owners: Vec::new() }) };
}

struct Lowering<'a> {
    text: &'a str,
    base: usize,
    facts: ChunkFacts,
    /// Which expression or function a node became.
    exprs: FxHashMap<usize, ExprId>,
    defined: FxHashMap<usize, FunctionId>,
    function: FunctionId,
    /// Comprehension variables in scope, innermost last.
    scoped: Vec<(SmolStr, Slot)>,
    /// Names that a statement of each function binds.
    bound: Vec<Vec<SmolStr>>,
    depth: u32,
    broken: bool,
}

impl<'a> Lowering<'a> {
    fn new(node: Node, text: &'a str) -> Self {
        let Arena {
            exprs,
            spans,
            owners,
        } = ARENA.take();
        Lowering {
            text,
            base: node.start_byte(),
            facts: ChunkFacts {
                functions: vec![Function::default()],
                exprs,
                spans,
                owners,
                ..ChunkFacts::default()
            },
            exprs: FxHashMap::default(),
            defined: FxHashMap::default(),
            function: 0,
            scoped: Vec::new(),
            bound: vec![Vec::new()],
            depth: 0,
            broken: false,
        }
    }

    /// The facts, with no room to grow.
    fn finish(self) -> ChunkFacts {
        let mut facts = self.facts;
        let mut arena = Arena {
            exprs: std::mem::take(&mut facts.exprs),
            spans: std::mem::take(&mut facts.spans),
            owners: std::mem::take(&mut facts.owners),
        };
        facts.exprs = arena.exprs.drain(..).collect();
        facts.spans = arena.spans.drain(..).collect();
        facts.owners = arena.owners.drain(..).collect();
        ARENA.set(arena);
        facts
    }

    fn str(&self, node: Node) -> &'a str {
        &self.text[node.byte_range()]
    }

    fn symbol(&self, node: Node) -> SmolStr {
        SmolStr::new(self.str(node))
    }

    fn span(&self, node: Node) -> Span {
        let start = node.start_byte() - self.base;
        Span {
            start: start as u32,
            end: (node.end_byte() - self.base) as u32,
        }
    }

    // ---- definitions ----

    fn chunk(&mut self, node: Node) {
        let (definition, decorators) = undecorated(node);
        match kind(definition) {
            Kind::FunctionDefinition => {
                self.facts.kind = ChunkKind::Function;
                self.name_of(definition);
                self.define(definition, &decorators);
            }
            Kind::ClassDefinition => {
                self.facts.kind = ChunkKind::Class;
                self.name_of(definition);
                self.broken = definition.is_missing();
                let decorators = self.exprs_of(&decorators);
                self.facts.functions[0].decorators = decorators;
                if let Some(superclasses) = definition.child_by_field_id(field::SUPERCLASSES) {
                    for base in named(superclasses) {
                        let base = self.expr(base);
                        self.facts.functions[0].body.push(Stmt::Expr(base));
                    }
                }
            }
            _ => {
                let body = self.statements(std::iter::once(node));
                self.facts.functions[0].body = body;
            }
        }
    }

    fn name_of(&mut self, definition: Node) {
        if let Some(name) = definition.child_by_field_id(field::NAME) {
            self.facts.name = self.symbol(name);
            self.facts.name_span = self.span(name);
        }
    }

    fn exprs_of(&mut self, decorators: &[Node]) -> Vec<ExprId> {
        decorators
            .iter()
            .filter_map(|decorator| decorator.named_child(0))
            .map(|inner| self.expr(inner))
            .collect()
    }

    /// A `def` or `lambda`: decorators, defaults and annotations belong to the enclosing scope.
    fn define(&mut self, definition: Node, decorators: &[Node]) -> FunctionId {
        let id = self.facts.functions.len() as FunctionId;
        self.facts.functions.push(Function {
            parent: self.function,
            ..Function::default()
        });
        self.bound.push(Vec::new());
        self.defined.insert(definition.id(), id);
        let decorators = self.exprs_of(decorators);
        let returns = definition
            .child_by_field_id(field::RETURN_TYPE)
            .map(|node| self.expr(node));
        let params = definition
            .child_by_field_id(field::PARAMETERS)
            .map(|node| self.params(node, id))
            .unwrap_or_default();
        let name = definition.child_by_field_id(field::NAME);
        let function = &mut self.facts.functions[id as usize];
        function.name = name
            .map(|name| SmolStr::new(&self.text[name.byte_range()]))
            .unwrap_or_default();
        function.is_async = definition
            .child(0)
            .is_some_and(|first| first.kind() == "async");
        function.is_lambda = kind(definition) == Kind::Lambda;
        function.decorators = decorators;
        function.returns = returns;
        function.locals = params.iter().map(|param| param.name.clone()).collect();
        function.params = params;
        if let Some(name) = name {
            let span = self.span(name);
            self.facts.functions[id as usize].name_span = span;
        }
        let outside = std::mem::replace(&mut self.function, id);
        let scoped = std::mem::take(&mut self.scoped);
        if let Some(body) = definition.child_by_field_id(field::BODY) {
            let body = if kind(definition) == Kind::Lambda {
                vec![Stmt::Return(Some(self.expr(body)))]
            } else {
                self.block(body)
            };
            self.facts.functions[id as usize].body = body;
        }
        self.function = outside;
        self.scoped = scoped;
        id
    }

    fn params(&mut self, parameters: Node, owner: FunctionId) -> Vec<Param> {
        let mut params = Vec::new();
        let mut after_star = false;
        for node in named(parameters) {
            let (name, annotation, default, mut kind_of) = match kind(node) {
                Kind::Identifier => (Some(node), None, None, ParamKind::Plain),
                Kind::DefaultParameter | Kind::TypedDefaultParameter => (
                    node.child_by_field_id(field::NAME),
                    node.child_by_field_id(field::TYPE),
                    node.child_by_field_id(field::VALUE),
                    ParamKind::Plain,
                ),
                Kind::TypedParameter => {
                    let inner = node.named_child(0);
                    let kind_of = inner.map_or(ParamKind::Plain, splat_kind);
                    let name = inner.and_then(|inner| {
                        if kind_of == ParamKind::Plain {
                            Some(inner)
                        } else {
                            inner.named_child(0)
                        }
                    });
                    (name, node.child_by_field_id(field::TYPE), None, kind_of)
                }
                Kind::ListSplatPattern | Kind::DictionarySplatPattern => {
                    (node.named_child(0), None, None, splat_kind(node))
                }
                Kind::KeywordSeparator => {
                    after_star = true;
                    continue;
                }
                _ => continue,
            };
            let Some(name) = name else { continue };
            if after_star && kind_of == ParamKind::Plain {
                kind_of = ParamKind::KeywordOnly;
            }
            after_star |= kind_of == ParamKind::Rest;
            let annotation = annotation.map(|node| self.expr(node));
            let default = default.map(|node| self.expr(node));
            self.defined.insert(name.id(), owner);
            self.defined.insert(node.id(), owner);
            params.push(Param {
                name: self.symbol(name),
                annotation,
                default,
                kind: kind_of,
                span: self.span(name),
            });
        }
        params
    }

    // ---- statements ----

    fn block(&mut self, node: Node) -> Block {
        if self.depth >= DEEPEST {
            self.broken = true;
            return Vec::new();
        }
        self.depth += 1;
        let block = self.statements(named(node).into_iter());
        self.depth -= 1;
        block
    }

    fn clause(&mut self, node: Option<Node>) -> Block {
        node.map(|node| self.block(node)).unwrap_or_default()
    }

    fn statements<'t>(&mut self, nodes: impl Iterator<Item = Node<'t>>) -> Block {
        let mut block = Vec::with_capacity(nodes.size_hint().0);
        for node in nodes {
            self.statement(node, &mut block);
        }
        block
    }

    fn statement(&mut self, node: Node, out: &mut Block) {
        match kind(node) {
            Kind::ExpressionStatement => {
                for child in named(node) {
                    self.expression_statement(child, out);
                }
            }
            Kind::Return => {
                let value = node.named_child(0).map(|value| self.expr(value));
                out.push(Stmt::Return(value));
            }
            Kind::If => {
                let stmt = self.conditional(node);
                out.push(stmt);
            }
            Kind::For => {
                let iter = self.field(node, field::RIGHT);
                let target = self.target(node.child_by_field_id(field::LEFT));
                let body = self.clause(node.child_by_field_id(field::BODY));
                let other = self.else_of(node);
                if let (Some(iter), Some(target)) = (iter, target) {
                    out.push(Stmt::For {
                        target,
                        iter,
                        body,
                        other,
                    });
                } else {
                    out.extend(body);
                }
            }
            Kind::While => {
                let test = self.field(node, field::CONDITION);
                let body = self.clause(node.child_by_field_id(field::BODY));
                let other = self.else_of(node);
                match test {
                    Some(test) => out.push(Stmt::While { test, body, other }),
                    None => out.extend(body),
                }
            }
            Kind::With => {
                let mut items = Vec::new();
                for clause in named(node)
                    .into_iter()
                    .filter(|child| kind(*child) == Kind::WithClause)
                {
                    for item in named(clause) {
                        self.with_item(item, &mut items);
                    }
                }
                let body = self.clause(node.child_by_field_id(field::BODY));
                out.push(Stmt::With { items, body });
            }
            Kind::Try => {
                let stmt = self.try_statement(node);
                out.push(stmt);
            }
            Kind::Match => {
                let subject = self.field(node, field::SUBJECT);
                let mut cases = Vec::new();
                if let Some(body) = node.child_by_field_id(field::BODY) {
                    for case in named(body) {
                        for pattern in named(case)
                            .into_iter()
                            .filter(|child| kind(*child) == Kind::CasePattern)
                        {
                            self.bind_pattern(pattern, 0);
                        }
                        let body = self.clause(case.child_by_field_id(field::CONSEQUENCE));
                        cases.push(body);
                    }
                }
                if let Some(subject) = subject {
                    out.push(Stmt::Match { subject, cases });
                }
            }
            Kind::Raise => {
                let parts = named(node)
                    .into_iter()
                    .map(|child| self.expr(child))
                    .collect();
                out.push(Stmt::Raise(parts));
            }
            Kind::Delete => {
                let mut targets = Vec::new();
                for child in named(node) {
                    if kind(child) == Kind::ExpressionList {
                        targets.extend(named(child).into_iter().map(|child| self.expr(child)));
                    } else {
                        targets.push(self.expr(child));
                    }
                }
                out.push(Stmt::Delete(targets));
            }
            Kind::Assert => {
                for child in named(node) {
                    let value = self.expr(child);
                    out.push(Stmt::Expr(value));
                }
            }
            Kind::Import | Kind::ImportFrom => {
                let imports = self.imports(node);
                out.push(Stmt::Import(imports));
            }
            Kind::Global | Kind::Nonlocal => {
                let names: Vec<SmolStr> = named(node)
                    .into_iter()
                    .map(|child| self.symbol(child))
                    .collect();
                let function = &mut self.facts.functions[self.function as usize];
                if kind(node) == Kind::Global {
                    &mut function.globals
                } else {
                    &mut function.nonlocals
                }
                .extend(names);
            }
            Kind::FunctionDefinition | Kind::ClassDefinition | Kind::DecoratedDefinition => {
                self.nested_definition(node, out)
            }
            Kind::Break => out.push(Stmt::Break),
            Kind::Continue => out.push(Stmt::Continue),
            Kind::Block => {
                let inner = self.block(node);
                out.extend(inner);
            }
            Kind::Error => self.recovered(node, out),
            Kind::Comment | Kind::Pass => {}
            _ => {}
        }
    }

    /// Broken text: what tree-sitter could still make out inside an ERROR node counts.
    fn recovered(&mut self, node: Node, out: &mut Block) {
        if self.depth >= DEEPEST {
            return;
        }
        self.depth += 1;
        for child in named(node) {
            match kind(child) {
                Kind::Call | Kind::Attribute | Kind::Subscript | Kind::Await => {
                    let value = self.expr(child);
                    out.push(Stmt::Expr(value));
                }
                Kind::Assignment | Kind::AugmentedAssignment => {
                    self.expression_statement(child, out)
                }
                _ => self.statement(child, out),
            }
        }
        self.depth -= 1;
    }

    fn nested_definition(&mut self, node: Node, out: &mut Block) {
        if self.depth >= DEEPEST {
            self.broken = true;
            return;
        }
        self.depth += 1;
        let (definition, decorators) = undecorated(node);
        if kind(definition) == Kind::FunctionDefinition {
            if let Some(name) = definition.child_by_field_id(field::NAME) {
                let target = self.store(name);
                let id = self.define(definition, &decorators);
                out.push(Stmt::Define(id, target));
            }
        } else if let Some(name) = definition.child_by_field_id(field::NAME) {
            let target = self.store(name);
            let bases = definition
                .child_by_field_id(field::SUPERCLASSES)
                .map(named)
                .unwrap_or_default();
            let bases = bases.into_iter().map(|base| self.expr(base)).collect();
            let mut methods = Vec::new();
            if let Some(body) = definition.child_by_field_id(field::BODY) {
                for item in named(body) {
                    let (inner, decorators) = undecorated(item);
                    if kind(inner) == Kind::FunctionDefinition {
                        methods.push(self.define(inner, &decorators));
                    }
                }
            }
            out.push(Stmt::Class(self.facts.classes.len() as u16));
            let name = self.symbol(name);
            self.facts.classes.push(LocalClass {
                name,
                target,
                bases,
                methods,
            });
        }
        self.depth -= 1;
    }

    fn expression_statement(&mut self, node: Node, out: &mut Block) {
        match kind(node) {
            Kind::Assignment => {
                let mut targets = Vec::new();
                let mut annotation = None;
                let mut node = node;
                loop {
                    let target = self.target(node.child_by_field_id(field::LEFT));
                    targets.extend(target);
                    if let Some(declared) = node.child_by_field_id(field::TYPE) {
                        annotation = Some(self.expr(declared));
                    }
                    match node.child_by_field_id(field::RIGHT) {
                        Some(right) if kind(right) == Kind::Assignment => node = right,
                        Some(right) => {
                            let value = self.expr(right);
                            out.push(Stmt::Assign {
                                targets,
                                value,
                                annotation,
                            });
                            break;
                        }
                        None => {
                            if let (Some(&target), Some(annotation)) = (targets.first(), annotation)
                            {
                                out.push(Stmt::Declare { target, annotation });
                            }
                            break;
                        }
                    }
                }
            }
            Kind::AugmentedAssignment => {
                let target = self.target(node.child_by_field_id(field::LEFT));
                let value = self.field(node, field::RIGHT);
                let operator = node
                    .child_by_field_id(field::OPERATOR)
                    .map_or(Operator::Other, |operator| operator_of(operator.kind()));
                if let (Some(target), Some(value)) = (target, value) {
                    out.push(Stmt::Augment {
                        target,
                        operator,
                        value,
                    });
                }
            }
            Kind::Comment => {}
            _ => {
                let value = self.expr(node);
                out.push(Stmt::Expr(value));
            }
        }
    }

    fn conditional(&mut self, node: Node) -> Stmt {
        let test = self.field(node, field::CONDITION);
        let then = self.clause(node.child_by_field_id(field::CONSEQUENCE));
        let mut cursor = node.walk();
        let alternatives: Vec<Node> = node
            .children_by_field_id(numbered(field::ALTERNATIVE), &mut cursor)
            .collect();
        // `elif` chains are long in generated code: lowered from the back, without recursion.
        let mut lowered = Vec::new();
        for alternative in alternatives {
            if kind(alternative) == Kind::Elif {
                let test = self.field(alternative, field::CONDITION);
                let body = self.clause(alternative.child_by_field_id(field::CONSEQUENCE));
                lowered.push((test, body));
            } else {
                let body = self.clause(alternative.child_by_field_id(field::BODY));
                lowered.push((None, body));
            }
        }
        let mut other = Vec::new();
        for (number, (test, body)) in lowered.into_iter().rev().enumerate() {
            other = match test {
                // Trees of regions stay shallow: past this the rest of a chain counts as one branch.
                Some(test) if number < DEEPEST as usize => vec![Stmt::If {
                    test,
                    then: body,
                    other,
                }],
                _ => {
                    other.extend(body);
                    other
                }
            };
        }
        match test {
            Some(test) => Stmt::If { test, then, other },
            None => Stmt::Try {
                body: then,
                handlers: Vec::new(),
                other,
                finally: Vec::new(),
            },
        }
    }

    fn try_statement(&mut self, node: Node) -> Stmt {
        let body = self.clause(node.child_by_field_id(field::BODY));
        let mut handlers = Vec::new();
        let mut other = Vec::new();
        let mut finally = Vec::new();
        for clause in named(node) {
            match kind(clause) {
                Kind::Except => {
                    let mut caught = None;
                    let mut target = None;
                    let mut body = Vec::new();
                    for child in named(clause) {
                        match kind(child) {
                            Kind::Block => body = self.block(child),
                            Kind::AsPattern => {
                                caught = child.named_child(0).map(|inner| self.expr(inner));
                                target = self.target(child.child_by_field_id(field::ALIAS));
                            }
                            Kind::Comment => {}
                            // `except E as e` in older grammars: a second bare name is the alias.
                            _ if caught.is_some() => target = self.target(Some(child)),
                            _ => caught = Some(self.expr(child)),
                        }
                    }
                    handlers.push(Handler {
                        kind: caught,
                        target,
                        body,
                    });
                }
                Kind::Else => other = self.clause(clause.child_by_field_id(field::BODY)),
                Kind::Finally => {
                    let block = named(clause)
                        .into_iter()
                        .find(|child| kind(*child) == Kind::Block);
                    finally = self.clause(block);
                }
                _ => {}
            }
        }
        Stmt::Try {
            body,
            handlers,
            other,
            finally,
        }
    }

    fn else_of(&mut self, node: Node) -> Block {
        let alternative = node.child_by_field_id(field::ALTERNATIVE);
        self.clause(alternative.and_then(|clause| clause.child_by_field_id(field::BODY)))
    }

    fn with_item(&mut self, item: Node, items: &mut Vec<WithItem>) {
        if kind(item) != Kind::WithItem {
            return;
        }
        let Some(value) = item.child_by_field_id(field::VALUE) else {
            return;
        };
        match kind(value) {
            Kind::AsPattern => {
                let Some(inner) = value.named_child(0) else {
                    return;
                };
                let target = value.child_by_field_id(field::ALIAS);
                let value = self.expr(inner);
                let target = self.target(target);
                items.push(WithItem { value, target });
            }
            // `with (a as b, c as d):` comes as a tuple of patterns.
            Kind::Tuple
                if named(value)
                    .iter()
                    .any(|child| kind(*child) == Kind::AsPattern) =>
            {
                for child in named(value) {
                    let (inner, target) = if kind(child) == Kind::AsPattern {
                        (child.named_child(0), child.child_by_field_id(field::ALIAS))
                    } else {
                        (Some(child), None)
                    };
                    let Some(inner) = inner else { continue };
                    let value = self.expr(inner);
                    let target = self.target(target);
                    items.push(WithItem { value, target });
                }
            }
            _ => {
                let value = self.expr(value);
                items.push(WithItem {
                    value,
                    target: None,
                });
            }
        }
    }

    fn imports(&mut self, node: Node) -> Vec<Import> {
        let mut level = 0u8;
        let mut module = SmolStr::default();
        let from = kind(node) == Kind::ImportFrom;
        if let Some(origin) = node.child_by_field_id(field::MODULE_NAME) {
            if kind(origin) == Kind::RelativeImport {
                level = self
                    .str(origin)
                    .bytes()
                    .filter(|byte| *byte == b'.')
                    .count()
                    .min(200) as u8;
                let dotted = named(origin)
                    .into_iter()
                    .find(|child| kind(*child) == Kind::DottedName);
                level = dotted.map_or(level, |dotted| {
                    self.text[origin.start_byte()..dotted.start_byte()]
                        .bytes()
                        .filter(|byte| *byte == b'.')
                        .count()
                        .min(200) as u8
                });
                module = dotted.map(|dotted| self.symbol(dotted)).unwrap_or_default();
            } else {
                module = self.symbol(origin);
            }
        }
        let mut imports = Vec::new();
        let mut cursor = node.walk();
        let names: Vec<Node> = node
            .children_by_field_id(numbered(field::NAME), &mut cursor)
            .collect();
        for name in names {
            let (dotted, alias) = if kind(name) == Kind::AliasedImport {
                (
                    name.child_by_field_id(field::NAME),
                    name.child_by_field_id(field::ALIAS),
                )
            } else {
                (Some(name), None)
            };
            let Some(dotted) = dotted else { continue };
            let path: SmolStr = self
                .str(dotted)
                .split_whitespace()
                .collect::<String>()
                .into();
            let first: SmolStr = path.split('.').next().unwrap_or_default().into();
            let bound = alias.map_or(if from { path.clone() } else { first.clone() }, |alias| {
                self.symbol(alias)
            });
            let target = self.store_named(alias.unwrap_or(dotted), bound.clone());
            imports.push(if from {
                Import {
                    target: Some(target),
                    bound,
                    module: module.clone(),
                    level,
                    symbol: path,
                }
            } else {
                // `import a.b` binds `a`; `import a.b as c` binds the module `a.b`.
                Import {
                    target: Some(target),
                    bound,
                    module: if alias.is_some() { path } else { first },
                    level: 0,
                    symbol: SmolStr::default(),
                }
            });
        }
        if from
            && named(node)
                .into_iter()
                .any(|child| kind(child) == Kind::WildcardImport)
        {
            imports.push(Import {
                target: None,
                bound: SmolStr::default(),
                module,
                level,
                symbol: SmolStr::new_static("*"),
            });
        }
        imports
    }

    // ---- targets ----

    fn target(&mut self, node: Option<Node>) -> Option<ExprId> {
        let node = node?;
        Some(match kind(node) {
            Kind::Identifier => self.store(node),
            Kind::AsPatternTarget | Kind::ParenthesizedExpression => {
                return self.target(node.named_child(0));
            }
            Kind::PatternList
            | Kind::TuplePattern
            | Kind::ListPattern
            | Kind::Tuple
            | Kind::List
            | Kind::ExpressionList => {
                if self.depth >= DEEPEST {
                    return None;
                }
                self.depth += 1;
                let items = named(node)
                    .into_iter()
                    .filter_map(|child| self.target(Some(child)))
                    .collect();
                self.depth -= 1;
                self.push(node, Expr::Tuple(items))
            }
            Kind::ListSplatPattern | Kind::ListSplat => {
                let inner = self.target(node.named_child(0))?;
                self.push(node, Expr::Star(inner))
            }
            _ => self.expr(node),
        })
    }

    fn store(&mut self, node: Node) -> ExprId {
        self.store_named(node, self.symbol(node))
    }

    fn store_named(&mut self, node: Node, name: SmolStr) -> ExprId {
        if let Some(&(_, slot)) = self.scoped.iter().rev().find(|(scoped, _)| *scoped == name) {
            return self.push(node, Expr::Local(slot));
        }
        self.bound[self.function as usize].push(name.clone());
        self.push(node, Expr::Name(name))
    }

    fn bind_pattern(&mut self, node: Node, depth: u32) {
        if depth > DEEPEST {
            return;
        }
        for child in named(node) {
            if kind(child) == Kind::Identifier
                || kind(child) == Kind::DottedName && child.named_child_count() == 1
            {
                let name = self.symbol(child);
                self.bound[self.function as usize].push(name);
            }
            self.bind_pattern(child, depth + 1);
        }
    }

    // ---- expressions ----

    fn field(&mut self, node: Node, id: u16) -> Option<ExprId> {
        node.child_by_field_id(id).map(|child| self.expr(child))
    }

    fn push(&mut self, node: Node, expr: Expr) -> ExprId {
        let id = self.facts.exprs.len() as ExprId;
        self.facts.exprs.push(expr);
        let span = self.span(node);
        self.facts.spans.push(span);
        self.facts.owners.push(self.function);
        self.exprs.insert(node.id(), id);
        id
    }

    fn expr(&mut self, node: Node) -> ExprId {
        if self.depth >= DEEPEST {
            self.broken = true;
            return self.push(node, Expr::Other(Vec::new()));
        }
        self.depth += 1;
        let id = self.expr_inner(node);
        self.depth -= 1;
        id
    }

    fn many(&mut self, node: Node) -> Vec<ExprId> {
        named(node)
            .into_iter()
            .map(|child| self.expr(child))
            .collect()
    }

    fn expr_inner(&mut self, node: Node) -> ExprId {
        let expr = match kind(node) {
            Kind::Identifier => {
                let name = self.symbol(node);
                match self.scoped.iter().rev().find(|(scoped, _)| *scoped == name) {
                    Some(&(_, slot)) => Expr::Local(slot),
                    None => Expr::Name(name),
                }
            }
            Kind::ParenthesizedExpression | Kind::Type => {
                let inner = named(node).into_iter().next();
                let Some(inner) = inner else {
                    return self.push(node, Expr::Other(Vec::new()));
                };
                let id = self.expr(inner);
                self.exprs.insert(node.id(), id);
                return id;
            }
            Kind::Attribute => match (
                self.field(node, field::OBJECT),
                node.child_by_field_id(field::ATTRIBUTE),
            ) {
                (Some(object), Some(name)) => Expr::Attr(object, self.symbol(name)),
                _ => Expr::Other(Vec::new()),
            },
            Kind::Call => return self.call(node),
            Kind::Subscript => {
                let Some(value) = self.field(node, field::VALUE) else {
                    return self.push(node, Expr::Other(Vec::new()));
                };
                let mut cursor = node.walk();
                let indices: Vec<Node> = node
                    .children_by_field_id(numbered(field::SUBSCRIPT), &mut cursor)
                    .collect();
                let mut indices: Vec<ExprId> =
                    indices.into_iter().map(|index| self.expr(index)).collect();
                let index = match indices.len() {
                    1 => indices.remove(0),
                    _ => self.push(node, Expr::Tuple(indices)),
                };
                Expr::Subscript(value, index)
            }
            Kind::GenericType => Expr::Other(self.many(node)),
            Kind::Slice => Expr::Slice(self.many(node)),
            Kind::String => {
                let interpolations: Vec<Node> = named(node)
                    .into_iter()
                    .filter(|child| kind(*child) == Kind::Interpolation)
                    .collect();
                if interpolations.is_empty() {
                    Expr::Str(literal(self.str(node)))
                } else {
                    Expr::Format(
                        interpolations
                            .into_iter()
                            .filter_map(|part| self.field(part, field::EXPRESSION))
                            .collect(),
                    )
                }
            }
            Kind::ConcatenatedString => {
                let parts = self.many(node);
                let text: Option<String> = parts
                    .iter()
                    .map(|part| {
                        if let Expr::Str(text) = self.facts.expr(*part) {
                            Some(text.as_str())
                        } else {
                            None
                        }
                    })
                    .collect();
                text.map_or(Expr::Format(parts), |text| Expr::Str(text.into()))
            }
            Kind::Integer => self
                .str(node)
                .replace('_', "")
                .parse()
                .map_or(Expr::Other(Vec::new()), Expr::Int),
            Kind::True => Expr::True,
            Kind::False => Expr::False,
            Kind::None => Expr::None,
            Kind::List => Expr::List(self.many(node)),
            Kind::Tuple | Kind::ExpressionList | Kind::PatternList => Expr::Tuple(self.many(node)),
            Kind::Set => Expr::Set(self.many(node)),
            Kind::Dictionary => {
                let mut pairs = Vec::new();
                for child in named(node) {
                    match kind(child) {
                        Kind::Pair => {
                            let key = self.field(child, field::KEY);
                            if let Some(value) = self.field(child, field::VALUE) {
                                pairs.push((key, value));
                            }
                        }
                        Kind::DictionarySplat => {
                            if let Some(inner) = child.named_child(0) {
                                let value = self.expr(inner);
                                pairs.push((None, value));
                            }
                        }
                        _ => {}
                    }
                }
                Expr::Dict(pairs)
            }
            Kind::ListComprehension => return self.comprehension(node, ComprehensionKind::List),
            Kind::SetComprehension => return self.comprehension(node, ComprehensionKind::Set),
            Kind::DictionaryComprehension => {
                return self.comprehension(node, ComprehensionKind::Dict);
            }
            Kind::GeneratorExpression => {
                return self.comprehension(node, ComprehensionKind::Generator);
            }
            Kind::Lambda => Expr::Lambda(self.define(node, &[])),
            Kind::BinaryOperator => {
                let operator = node
                    .child_by_field_id(field::OPERATOR)
                    .map_or(Operator::Other, |operator| operator_of(operator.kind()));
                match (
                    self.field(node, field::LEFT),
                    self.field(node, field::RIGHT),
                ) {
                    (Some(left), Some(right)) => Expr::Binary(operator, left, right),
                    _ => Expr::Other(Vec::new()),
                }
            }
            Kind::BooleanOperator => match (
                self.field(node, field::LEFT),
                self.field(node, field::RIGHT),
            ) {
                (Some(left), Some(right)) => Expr::Either(left, right),
                _ => Expr::Other(Vec::new()),
            },
            Kind::NotOperator => match self.field(node, field::ARGUMENT) {
                Some(inner) => Expr::Not(inner),
                None => Expr::Other(Vec::new()),
            },
            Kind::ComparisonOperator => {
                let mut cursor = node.walk();
                let operators = node
                    .children_by_field_id(numbered(field::OPERATORS), &mut cursor)
                    .map(|operator| comparison_of(operator.kind()))
                    .collect();
                Expr::Compare(self.many(node), operators)
            }
            Kind::ConditionalExpression => {
                let parts = self.many(node);
                match parts[..] {
                    [then, test, other] => Expr::Conditional { test, then, other },
                    _ => Expr::Other(parts),
                }
            }
            Kind::Await => match named(node).first() {
                Some(inner) => Expr::Await(self.expr(*inner)),
                None => Expr::Other(Vec::new()),
            },
            Kind::Yield => {
                self.facts.functions[self.function as usize].is_generator = true;
                let from = node.child(1).is_some_and(|child| child.kind() == "from");
                match named(node).first().map(|inner| self.expr(*inner)) {
                    Some(inner) if from => Expr::YieldFrom(inner),
                    inner => Expr::Yield(inner),
                }
            }
            Kind::NamedExpression => {
                let value = self.field(node, field::VALUE);
                let target = self.target(node.child_by_field_id(field::NAME));
                match (target, value) {
                    (Some(target), Some(value)) => Expr::Walrus(target, value),
                    _ => Expr::Other(Vec::new()),
                }
            }
            Kind::ListSplat | Kind::DictionarySplat | Kind::ListSplatPattern => {
                match node.named_child(0) {
                    Some(inner) => Expr::Star(self.expr(inner)),
                    None => Expr::Other(Vec::new()),
                }
            }
            Kind::KeywordArgument => match self.field(node, field::VALUE) {
                Some(value) => Expr::Other(vec![value]),
                None => Expr::Other(Vec::new()),
            },
            Kind::Comment => Expr::Other(Vec::new()),
            _ => Expr::Other(self.many(node)),
        };
        self.push(node, expr)
    }

    fn call(&mut self, node: Node) -> ExprId {
        let Some(function) = self.field(node, field::FUNCTION) else {
            return self.push(node, Expr::Other(Vec::new()));
        };
        let mut args = Vec::new();
        if let Some(arguments) = node.child_by_field_id(field::ARGUMENTS) {
            if kind(arguments) == Kind::GeneratorExpression {
                let value = self.expr(arguments);
                args.push(Arg {
                    value,
                    kind: ArgKind::Plain,
                });
            } else {
                for child in named(arguments) {
                    let (value, kind_of) = match kind(child) {
                        Kind::KeywordArgument => {
                            let Some(value) = self.field(child, field::VALUE) else {
                                continue;
                            };
                            let name = child
                                .child_by_field_id(field::NAME)
                                .map(|name| self.symbol(name))
                                .unwrap_or_default();
                            (value, ArgKind::Keyword(name))
                        }
                        Kind::ListSplat => (self.expr(child), ArgKind::Rest),
                        Kind::DictionarySplat => (self.expr(child), ArgKind::Keywords),
                        Kind::Comment => continue,
                        _ => (self.expr(child), ArgKind::Plain),
                    };
                    args.push(Arg {
                        value,
                        kind: kind_of,
                    });
                }
            }
        }
        let number = self.facts.calls.len().min(u16::MAX as usize) as u16;
        let id = self.push(
            node,
            Expr::Call(Box::new(Call {
                function,
                args,
                number,
            })),
        );
        self.facts.calls.push(id);
        id
    }

    fn comprehension(&mut self, node: Node, kind_of: ComprehensionKind) -> ExprId {
        let outside = self.scoped.len();
        let mut clauses = Vec::new();
        for child in named(node) {
            match kind(child) {
                Kind::ForInClause => {
                    let Some(right) = child.child_by_field_id(field::RIGHT) else {
                        continue;
                    };
                    let iter = self.expr(right);
                    if let Some(left) = child.child_by_field_id(field::LEFT) {
                        self.scope_targets(left, 0);
                    }
                    if let Some(target) = self.target(child.child_by_field_id(field::LEFT)) {
                        clauses.push(Clause::For { target, iter });
                    }
                }
                Kind::IfClause => {
                    if let Some(test) = child.named_child(0) {
                        let test = self.expr(test);
                        clauses.push(Clause::If(test));
                    }
                }
                _ => {}
            }
        }
        let mut key = None;
        let element = match node.child_by_field_id(field::BODY) {
            Some(pair) if kind(pair) == Kind::Pair => {
                key = self.field(pair, field::KEY);
                self.field(pair, field::VALUE)
            }
            Some(body) => Some(self.expr(body)),
            None => None,
        };
        self.scoped.truncate(outside);
        let expr = match element {
            Some(element) => Expr::Comprehension(Box::new(Comprehension {
                kind: kind_of,
                key,
                element,
                clauses,
            })),
            None => Expr::Other(Vec::new()),
        };
        self.push(node, expr)
    }

    /// Gives each name of a comprehension's target a slot of its own.
    fn scope_targets(&mut self, node: Node, depth: u32) {
        if kind(node) == Kind::Identifier {
            let name = self.symbol(node);
            let locals = &mut self.facts.functions[self.function as usize].locals;
            self.scoped.push((name.clone(), locals.len() as Slot));
            locals.push(name);
        } else if depth < DEEPEST && !matches!(kind(node), Kind::Attribute | Kind::Subscript) {
            for child in named(node) {
                self.scope_targets(child, depth + 1);
            }
        }
    }

    // ---- names ----

    /// Turns names into slots: each function's own, then those of the functions around it.
    fn bind(&mut self) {
        let mut tables: Vec<FxHashMap<SmolStr, Slot>> =
            Vec::with_capacity(self.facts.functions.len());
        for (id, function) in self.facts.functions.iter_mut().enumerate() {
            let mut table = FxHashMap::default();
            // Slots of comprehension variables are found by position, not by name.
            for (slot, param) in function.params.iter().enumerate() {
                table.insert(param.name.clone(), slot as Slot);
            }
            if id != 0 {
                for name in self.bound[id].drain(..) {
                    if table.contains_key(&name)
                        || function.globals.contains(&name)
                        || function.nonlocals.contains(&name)
                    {
                        continue;
                    }
                    table.insert(name.clone(), function.locals.len() as Slot);
                    function.locals.push(name);
                }
            }
            tables.push(table);
        }
        for (expr, owner) in self.facts.exprs.iter_mut().zip(&self.facts.owners) {
            let Expr::Name(name) = expr else { continue };
            let mut scope = *owner;
            if self.facts.functions[scope as usize].globals.contains(name) {
                continue;
            }
            loop {
                if let Some(&slot) = tables[scope as usize].get(name) {
                    *expr = if scope == *owner {
                        Expr::Local(slot)
                    } else {
                        Expr::Outer(scope, slot)
                    };
                    break;
                }
                let parent = self.facts.functions[scope as usize].parent;
                if parent == scope {
                    break;
                }
                scope = parent;
            }
        }
    }

    // ---- matches ----

    fn matches(&mut self, node: Node, rules: &Rules) {
        let nodes = Nodes::of(node);
        let mut found = Vec::new();
        for at in nodes.all() {
            for (shape, uses) in rules.shapes_at(&nodes, at, self.text) {
                for captures in shape::matches(&nodes, shape, at) {
                    for used in uses {
                        if !used.fits(&captures, &nodes, self.text) {
                            continue;
                        }
                        let captures = captures.iter().map(|(number, node)| {
                            let node = nodes.get(*node);
                            let bytes = node.start as usize..node.end as usize;
                            self.captured(node.id, bytes, used.capture(*number))
                        });
                        let one = Match {
                            pattern: used.pattern,
                            captures: captures.collect(),
                        };
                        if !rules.ruled_out(&self.facts, &one) {
                            found.push(one);
                        }
                    }
                }
            }
        }
        for own in rules.own() {
            with_cursor(|cursor| self.matches_of_own(cursor, node, rules, own, &mut found));
        }
        found.sort_by_key(|one| {
            let spans = one.captures.iter().map(|capture| capture.span);
            (
                spans.clone().map(|span| span.start).min(),
                one.pattern,
                spans.map(|span| span.end).max(),
            )
        });
        found.dedup();
        self.facts.matches = found;
    }
}

/// How long a team's rule may take for a chunk: ten thousand times what sound ones take.
const LONGEST: Duration = Duration::from_secs(1);
/// How many half-made matches of one it may have: with more of them each node costs more.
const OPEN: u32 = 64;
/// How many matches: one for each so many bytes, and some.
const BYTES_A_MATCH: usize = 2;
const MATCHES: usize = 1000;

impl Lowering<'_> {
    fn captured(&self, id: usize, bytes: Range<usize>, name: u16) -> Captured {
        Captured {
            name,
            span: Span {
                start: (bytes.start.max(self.base) - self.base) as u32,
                end: (bytes.end.max(self.base) - self.base) as u32,
            },
            expr: self.exprs.get(&id).copied(),
            function: self.defined.get(&id).copied(),
        }
    }

    /// Of a rule that takes too long or matches everything nothing counts, here or elsewhere.
    fn matches_of_own(
        &self,
        cursor: &mut QueryCursor,
        node: Node,
        rules: &Rules,
        own: &OwnQuery,
        found: &mut Vec<Match>,
    ) {
        if own.is_slow() {
            return;
        }
        let most = found.len() + MATCHES + node.byte_range().len() / BYTES_A_MATCH;
        let begun = Instant::now();
        let mut count = |_: &QueryCursorState| match begun.elapsed() > LONGEST || own.is_slow() {
            true => {
                own.give_up();
                ControlFlow::Break(())
            }
            false => ControlFlow::Continue(()),
        };
        let options = QueryCursorOptions::new().progress_callback(&mut count);
        let text = self.text.as_bytes();
        let mut matches = cursor.matches_with_options(&own.query, node, text, options);
        while let Some(one) = matches.next() {
            let captures = one.captures().iter();
            let captures = captures.map(|it| {
                let (node, name) = (it.node, own.capture(it.index));
                self.captured(node.id(), node.byte_range(), name)
            });
            let one = Match {
                pattern: own.pattern(one.pattern_index),
                captures: captures.collect(),
            };
            if !rules.ruled_out(&self.facts, &one) {
                found.push(one);
            }
            if found.len() > most {
                own.give_up();
                break;
            }
        }
    }
}

/// Runs `run` with this thread's cursor: its room for matches is kept.
fn with_cursor(run: impl FnOnce(&mut QueryCursor)) {
    thread_local! {
        static CURSOR: Cell<Option<QueryCursor>> = const { Cell::new(None) };
    }
    let mut cursor = CURSOR.take().unwrap_or_else(|| {
        let mut cursor = QueryCursor::new();
        cursor.set_match_limit(OPEN);
        cursor
    });
    run(&mut cursor);
    CURSOR.set(Some(cursor));
}

/// The definition inside decorators, and the decorators.
pub fn undecorated(node: Node) -> (Node, Vec<Node>) {
    if kind(node) != Kind::DecoratedDefinition {
        return (node, Vec::new());
    }
    let decorators = named(node)
        .into_iter()
        .filter(|child| kind(*child) == Kind::Decorator)
        .collect();
    (
        node.child_by_field_id(field::DEFINITION).unwrap_or(node),
        decorators,
    )
}

/// Named children without comments.
pub fn named(node: Node) -> SmallVec<[Node; 6]> {
    let mut cursor = node.walk();
    let mut children = SmallVec::new();
    if cursor.goto_first_child() {
        loop {
            let child = cursor.node();
            if child.is_named() && kind(child) != Kind::Comment {
                children.push(child);
            }
            if !cursor.goto_next_sibling() {
                break;
            }
        }
    }
    children
}

/// A field's number as tree-sitter's iterators want it.
fn numbered(field: u16) -> std::num::NonZeroU16 {
    std::num::NonZeroU16::new(field).expect("fields are numbered from one")
}

fn splat_kind(node: Node) -> ParamKind {
    match kind(node) {
        Kind::ListSplatPattern => ParamKind::Rest,
        Kind::DictionarySplatPattern => ParamKind::Keywords,
        _ => ParamKind::Plain,
    }
}

fn operator_of(text: &str) -> Operator {
    match text {
        "+" | "+=" => Operator::Add,
        "|" | "|=" => Operator::BitOr,
        _ => Operator::Other,
    }
}

fn comparison_of(text: &str) -> Comparison {
    match text {
        "is" => Comparison::Is,
        "is not" => Comparison::IsNot,
        "in" => Comparison::In,
        "not in" => Comparison::NotIn,
        "==" => Comparison::Equal,
        "!=" | "<>" => Comparison::NotEqual,
        _ => Comparison::Order,
    }
}

/// What stands between a string's quotes; long texts are cut, since only short ones name things.
fn literal(source: &str) -> SmolStr {
    let body = source.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let quote = if body.starts_with("\"\"\"") || body.starts_with("'''") {
        3
    } else {
        1
    };
    let inner = body
        .get(quote..body.len().saturating_sub(quote).max(quote))
        .unwrap_or_default();
    let mut end = inner.len().min(64);
    while !inner.is_char_boundary(end) {
        end -= 1;
    }
    SmolStr::new(&inner[..end])
}
