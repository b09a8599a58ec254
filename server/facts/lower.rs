//! From a chunk's syntax nodes to its facts.

use std::cell::Cell;
use std::ops::{ControlFlow, Range};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use aho_corasick::{AhoCorasick, MatchKind};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;
use tree_sitter::{Node, QueryCursor, QueryCursorOptions, QueryCursorState, StreamingIterator};

use super::kinds::{Kind, field, kind};
use super::*;
use crate::api::API;
use crate::query::nodes::{Nodes, Syntax};
use crate::query::shape;
use crate::query::{OwnQuery, Rules};

/// Deeper nesting than any hand-written code has becomes [`Expr::Other`] or an empty block: the stack is bounded.
const DEEPEST: u32 = 200;

/// The facts of the chunk at `node`; `text` is what the node's tree was parsed from.
///
/// For a class only the header is read.
pub fn lower(node: Node, text: &str, rules: &Rules) -> ChunkFacts {
    let (definition, _) = undecorated(node);
    let body = match kind(definition) {
        Kind::ClassDefinition => definition.child_by_field_id(field::BODY),
        _ => None,
    };
    let nodes = Nodes::without(node, body);
    let mut lowering = Lowering::new(&nodes, text);
    lowering.broken = body.is_some() && definition.is_missing();
    lowering.chunk(nodes.root());
    lowering.bind();
    if lowering.facts.kind != ChunkKind::Class {
        lowering.matches(&nodes, node, rules);
    }
    lowering.facts.constructs = constructs(&lowering.facts);
    lowering.facts.checkpoints = match lowering.facts.kind {
        ChunkKind::Class => CHECKPOINTS.is_match(&lowering.facts.name),
        _ => CHECKPOINTS.is_match(&text[node.byte_range()]),
    };
    note_who_asks(&mut lowering.facts, node, text);
    lowering.facts.broken = if lowering.facts.kind == ChunkKind::Class {
        lowering.broken
    } else {
        node.has_error()
    };
    lowering.finish()
}

/// Words of code that remembers how far it has read a stream, or begins where it is told to.
static CHECKPOINTS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    words(&[
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
    ])
});

/// Where two of the words begin at one place the first one counts: `auth_force`, not `auth`.
fn words(words: &[&str]) -> AhoCorasick {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::LeftmostFirst)
        .build(words)
        .expect("a handful of short literal words")
}

/// Words of code that asks who somebody is before each route of an application or router.
const GUARDS: [&str; 9] = [
    "before_request",
    "before_app_request",
    "middleware",
    "wsgi_app",
    "dependencies=",
    "dependencies =",
    "auth_force",
    "method_decorators",
    "view_functions",
];

/// Words of code that asks who somebody is, or hands that to a library.
const ASKS: [&str; 21] = [
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
    "request.user",
    "depends(get_user",
    "depends(require",
    "security",
    "cognito",
    "verify",
    "signature",
    "identity",
    "is_admin",
];

/// Words of what may ask who somebody is, if they stand in the very code that answers.
const WARY: [&str; 18] = [
    "request.environ",
    "session",
    "cookie",
    "headers",
    "401",
    "403",
    "abort",
    "forbid",
    "secret",
    "passphrase",
    "passcode",
    "role",
    "owner",
    "credential",
    "g.user",
    "get_user(",
    "user=",
    "user:",
];

/// All of them, in this order.
static SAYS: LazyLock<AhoCorasick> =
    LazyLock::new(|| words(&[&GUARDS[..], &ASKS[..], &WARY[..]].concat()));

/// Middleware that lets everyone through, and where such comes from.
const PASSING: [&str; 11] = [
    "cors",
    "gzip",
    "trustedhost",
    "httpsredirect",
    "proxyheaders",
    "prometheus",
    "correlationid",
    "fastapi.",
    "starlette.",
    "werkzeug.",
    "flask_cors.",
];

/// No header's name, or list of such, has more bytes.
const HEADER: usize = 200;

/// What has the headers of an answer.
const SENT: [&str; 3] = ["response.", "resp.", "res."];

/// `request.headers`, `event["headers"]`, `headers.get("X")`, `headers["X"]`; not `{"headers": …}`,
/// `headers={…}` or `headers["X"] = …`, which say what goes out.
fn reads_headers(before: &str, after: &str) -> bool {
    let quote = |text: char| matches!(text, '"' | '\'');
    if before.ends_with(quote) {
        return !after
            .trim_start_matches(quote)
            .trim_start()
            .starts_with(':');
    }
    if let Some(key) = after.strip_prefix('[') {
        let end = key.bytes().take(HEADER).position(|byte| byte == b']');
        let set = end.map(|end| key[end + 1..].trim_start());
        return !set.is_some_and(|rest| rest.starts_with('=') && !rest.starts_with("=="));
    }
    let sent = SENT.iter().any(|base| before.ends_with(base));
    before.ends_with('.') && !sent || after.starts_with(".get")
}

/// What the code of a node, not a comment in it, says of who may run it.
fn note_who_asks(facts: &mut ChunkFacts, node: Node, text: &str) {
    let begin = node.start_byte();
    let text = &text[node.byte_range()];
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
    for found in SAYS.find_iter(text) {
        let number = found.pattern().as_usize();
        let guards = number < GUARDS.len();
        let asks = number < GUARDS.len() + ASKS.len();
        let known = if asks {
            facts.asks && !guards
        } else {
            facts.wary
        };
        if known {
            continue;
        }
        let word = &text[found.range()];
        let (start, end) = (found.start(), found.end());
        // The author of a book, the token of the next page, those of a language model and the
        // credentials of AWS are nobody's login.
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
            "max_",
            "num_",
            "total_",
            "prompt_",
            "completion_",
        ];
        let other =
            word.eq_ignore_ascii_case("token") && other.iter().any(|other| ends(start, other));
        // `app.add_middleware(CORSMiddleware)`, `# CORS middleware`, `fastapi.middleware.cors`
        let passing = word.eq_ignore_ascii_case("middleware") && {
            let named = text[..start].trim_end().len();
            let added = text[end..]
                .strip_prefix('(')
                .filter(|_| ends(start, "add_"));
            let given = added.map(|rest| text.len() - rest.trim_start().len());
            (PASSING.iter())
                .any(|it| ends(named, it) || given.is_some_and(|given| goes_on(given, it)))
        };
        let sent = word.eq_ignore_ascii_case("headers")
            && !reads_headers(&text[..start], &text[end..])
            // `"Access-Control-Allow-Credentials": true`
            || word.eq_ignore_ascii_case("credential") && ends(start, "allow-");
        if author || other || passing || sent {
            continue;
        }
        let token = node.descendant_for_byte_range(begin + start, begin + end);
        let names_headers = |token: Node| {
            let text = &text[token.start_byte() - begin..token.end_byte() - begin];
            text.len() < HEADER
                && text.contains(',')
                && text.to_ascii_lowercase().contains("content-type")
        };
        if token.is_some_and(|token| {
            kind(token) == Kind::Comment || token.kind() == "string_content" && names_headers(token)
        }) {
            continue;
        }
        facts.wary = true;
        facts.asks |= asks;
        facts.guards |= guards;
        if guards {
            return;
        }
    }
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

/// No expression.
const NONE: ExprId = ExprId::MAX;

struct Lowering<'a> {
    text: &'a str,
    base: usize,
    facts: ChunkFacts,
    /// Which expression or function a node became, by its index.
    exprs: Vec<ExprId>,
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
    fn new(nodes: &Nodes, text: &'a str) -> Self {
        let Arena {
            exprs,
            spans,
            owners,
        } = ARENA.take();
        Lowering {
            text,
            base: nodes.root().start_byte(),
            facts: ChunkFacts {
                functions: vec![Function::default()],
                exprs,
                spans,
                owners,
                ..ChunkFacts::default()
            },
            exprs: vec![NONE; nodes.list().len()],
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

    fn str(&self, node: Syntax) -> &'a str {
        &self.text[node.byte_range()]
    }

    fn symbol(&self, node: Syntax) -> SmolStr {
        SmolStr::new(self.str(node))
    }

    fn span(&self, node: Syntax) -> Span {
        let start = node.start_byte() - self.base;
        Span {
            start: start as u32,
            end: (node.end_byte() - self.base) as u32,
        }
    }

    // ---- definitions ----

    fn chunk(&mut self, node: Syntax) {
        let (definition, decorators) = node.undecorated();
        match definition.kind() {
            Kind::FunctionDefinition => {
                self.facts.kind = ChunkKind::Function;
                self.name_of(definition);
                self.define(definition, &decorators);
            }
            Kind::ClassDefinition => {
                self.facts.kind = ChunkKind::Class;
                self.name_of(definition);
                let decorators = self.exprs_of(&decorators);
                self.facts.functions[0].decorators = decorators;
                if let Some(superclasses) = definition.field(field::SUPERCLASSES) {
                    for base in superclasses.named() {
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

    fn name_of(&mut self, definition: Syntax) {
        if let Some(name) = definition.field(field::NAME) {
            self.facts.name = self.symbol(name);
            self.facts.name_span = self.span(name);
        }
    }

    fn exprs_of(&mut self, decorators: &[Syntax]) -> Vec<ExprId> {
        decorators
            .iter()
            .filter_map(|decorator| decorator.named_child(0))
            .map(|inner| self.expr(inner))
            .collect()
    }

    /// A `def` or `lambda`: decorators, defaults and annotations belong to the enclosing scope.
    fn define(&mut self, definition: Syntax, decorators: &[Syntax]) -> FunctionId {
        let id = self.facts.functions.len() as FunctionId;
        self.facts.functions.push(Function {
            parent: self.function,
            ..Function::default()
        });
        self.bound.push(Vec::new());
        self.defined.insert(definition.index(), id);
        let decorators = self.exprs_of(decorators);
        let returns = definition
            .field(field::RETURN_TYPE)
            .map(|node| self.expr(node));
        let params = definition
            .field(field::PARAMETERS)
            .map(|node| self.params(node, id))
            .unwrap_or_default();
        let name = definition.field(field::NAME);
        let function = &mut self.facts.functions[id as usize];
        function.name = name
            .map(|name| SmolStr::new(&self.text[name.byte_range()]))
            .unwrap_or_default();
        function.is_async = self.text[definition.start_byte()..].starts_with("async");
        function.is_lambda = definition.kind() == Kind::Lambda;
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
        if let Some(body) = definition.field(field::BODY) {
            let body = if definition.kind() == Kind::Lambda {
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

    fn params(&mut self, parameters: Syntax, owner: FunctionId) -> Vec<Param> {
        let mut params = Vec::new();
        let mut after_star = false;
        for node in parameters.named() {
            let (name, annotation, default, mut kind_of) = match node.kind() {
                Kind::Identifier => (Some(node), None, None, ParamKind::Plain),
                Kind::DefaultParameter | Kind::TypedDefaultParameter => (
                    node.field(field::NAME),
                    node.field(field::TYPE),
                    node.field(field::VALUE),
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
                    (name, node.field(field::TYPE), None, kind_of)
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
            self.defined.insert(name.index(), owner);
            self.defined.insert(node.index(), owner);
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

    fn block(&mut self, node: Syntax) -> Block {
        if self.depth >= DEEPEST {
            self.broken = true;
            return Vec::new();
        }
        self.depth += 1;
        let block = self.statements(node.named());
        self.depth -= 1;
        block
    }

    fn clause(&mut self, node: Option<Syntax>) -> Block {
        node.map(|node| self.block(node)).unwrap_or_default()
    }

    fn statements<'t>(&mut self, nodes: impl Iterator<Item = Syntax<'t>> + Clone) -> Block {
        let mut block = Vec::with_capacity(nodes.clone().count());
        for node in nodes {
            self.statement(node, &mut block);
        }
        block
    }

    fn statement(&mut self, node: Syntax, out: &mut Block) {
        match node.kind() {
            Kind::ExpressionStatement => {
                for child in node.named() {
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
                let target = self.target(node.field(field::LEFT));
                let body = self.clause(node.field(field::BODY));
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
                let body = self.clause(node.field(field::BODY));
                let other = self.else_of(node);
                match test {
                    Some(test) => out.push(Stmt::While { test, body, other }),
                    None => out.extend(body),
                }
            }
            Kind::With => {
                let mut items = Vec::new();
                for clause in node
                    .named()
                    .filter(|child| child.kind() == Kind::WithClause)
                {
                    for item in clause.named() {
                        self.with_item(item, &mut items);
                    }
                }
                let body = self.clause(node.field(field::BODY));
                out.push(Stmt::With { items, body });
            }
            Kind::Try => {
                let stmt = self.try_statement(node);
                out.push(stmt);
            }
            Kind::Match => {
                let subject = self.field(node, field::SUBJECT);
                let mut cases = Vec::new();
                if let Some(body) = node.field(field::BODY) {
                    for case in body.named() {
                        for pattern in case
                            .named()
                            .filter(|child| child.kind() == Kind::CasePattern)
                        {
                            self.bind_pattern(pattern, 0);
                        }
                        let body = self.clause(case.field(field::CONSEQUENCE));
                        cases.push(body);
                    }
                }
                if let Some(subject) = subject {
                    out.push(Stmt::Match { subject, cases });
                }
            }
            Kind::Raise => {
                let parts = node.named().map(|child| self.expr(child)).collect();
                out.push(Stmt::Raise(parts));
            }
            Kind::Delete => {
                let mut targets = Vec::new();
                for child in node.named() {
                    if child.kind() == Kind::ExpressionList {
                        targets.extend(child.named().map(|child| self.expr(child)));
                    } else {
                        targets.push(self.expr(child));
                    }
                }
                out.push(Stmt::Delete(targets));
            }
            Kind::Assert => {
                for child in node.named() {
                    let value = self.expr(child);
                    out.push(Stmt::Expr(value));
                }
            }
            Kind::Import | Kind::ImportFrom => {
                let imports = self.imports(node);
                out.push(Stmt::Import(imports));
            }
            Kind::Global | Kind::Nonlocal => {
                let names: Vec<SmolStr> = node.named().map(|child| self.symbol(child)).collect();
                let function = &mut self.facts.functions[self.function as usize];
                if node.kind() == Kind::Global {
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
    fn recovered(&mut self, node: Syntax, out: &mut Block) {
        if self.depth >= DEEPEST {
            return;
        }
        self.depth += 1;
        for child in node.named() {
            match child.kind() {
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

    fn nested_definition(&mut self, node: Syntax, out: &mut Block) {
        if self.depth >= DEEPEST {
            self.broken = true;
            return;
        }
        self.depth += 1;
        let (definition, decorators) = node.undecorated();
        if definition.kind() == Kind::FunctionDefinition {
            if let Some(name) = definition.field(field::NAME) {
                let target = self.store(name);
                let id = self.define(definition, &decorators);
                out.push(Stmt::Define(id, target));
            }
        } else if let Some(name) = definition.field(field::NAME) {
            let target = self.store(name);
            let bases = definition.field(field::SUPERCLASSES);
            let bases = bases.into_iter().flat_map(Syntax::named);
            let bases = bases.map(|base| self.expr(base)).collect();
            let mut methods = Vec::new();
            if let Some(body) = definition.field(field::BODY) {
                for item in body.named() {
                    let (inner, decorators) = item.undecorated();
                    if inner.kind() == Kind::FunctionDefinition {
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

    fn expression_statement(&mut self, node: Syntax, out: &mut Block) {
        match node.kind() {
            Kind::Assignment => {
                let mut targets = Vec::new();
                let mut annotation = None;
                let mut node = node;
                loop {
                    let target = self.target(node.field(field::LEFT));
                    targets.extend(target);
                    if let Some(declared) = node.field(field::TYPE) {
                        annotation = Some(self.expr(declared));
                    }
                    match node.field(field::RIGHT) {
                        Some(right) if right.kind() == Kind::Assignment => node = right,
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
                let target = self.target(node.field(field::LEFT));
                let value = self.field(node, field::RIGHT);
                let operator = node
                    .field(field::OPERATOR)
                    .map_or(Operator::Other, |operator| operator_of(operator.name()));
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

    fn conditional(&mut self, node: Syntax) -> Stmt {
        let test = self.field(node, field::CONDITION);
        let then = self.clause(node.field(field::CONSEQUENCE));
        // `elif` chains are long in generated code: lowered from the back, without recursion.
        let mut lowered = Vec::new();
        for alternative in node.fields(field::ALTERNATIVE) {
            if alternative.kind() == Kind::Elif {
                let test = self.field(alternative, field::CONDITION);
                let body = self.clause(alternative.field(field::CONSEQUENCE));
                lowered.push((test, body));
            } else {
                let body = self.clause(alternative.field(field::BODY));
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

    fn try_statement(&mut self, node: Syntax) -> Stmt {
        let body = self.clause(node.field(field::BODY));
        let mut handlers = Vec::new();
        let mut other = Vec::new();
        let mut finally = Vec::new();
        for clause in node.named() {
            match clause.kind() {
                Kind::Except => {
                    let mut caught = None;
                    let mut target = None;
                    let mut body = Vec::new();
                    for child in clause.named() {
                        match child.kind() {
                            Kind::Block => body = self.block(child),
                            Kind::AsPattern => {
                                caught = child.named_child(0).map(|inner| self.expr(inner));
                                target = self.target(child.field(field::ALIAS));
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
                Kind::Else => other = self.clause(clause.field(field::BODY)),
                Kind::Finally => {
                    let block = clause.named().find(|child| child.kind() == Kind::Block);
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

    fn else_of(&mut self, node: Syntax) -> Block {
        let alternative = node.field(field::ALTERNATIVE);
        self.clause(alternative.and_then(|clause| clause.field(field::BODY)))
    }

    fn with_item(&mut self, item: Syntax, items: &mut Vec<WithItem>) {
        if item.kind() != Kind::WithItem {
            return;
        }
        let Some(value) = item.field(field::VALUE) else {
            return;
        };
        match value.kind() {
            Kind::AsPattern => {
                let Some(inner) = value.named_child(0) else {
                    return;
                };
                let target = value.field(field::ALIAS);
                let value = self.expr(inner);
                let target = self.target(target);
                items.push(WithItem { value, target });
            }
            // `with (a as b, c as d):` comes as a tuple of patterns.
            Kind::Tuple if value.named().any(|child| child.kind() == Kind::AsPattern) => {
                for child in value.named() {
                    let (inner, target) = if child.kind() == Kind::AsPattern {
                        (child.named_child(0), child.field(field::ALIAS))
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

    fn imports(&mut self, node: Syntax) -> Vec<Import> {
        let mut level = 0u8;
        let mut module = SmolStr::default();
        let from = node.kind() == Kind::ImportFrom;
        if let Some(origin) = node.field(field::MODULE_NAME) {
            if origin.kind() == Kind::RelativeImport {
                level = self
                    .str(origin)
                    .bytes()
                    .filter(|byte| *byte == b'.')
                    .count()
                    .min(200) as u8;
                let dotted = origin
                    .named()
                    .find(|child| child.kind() == Kind::DottedName);
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
        for name in node.fields(field::NAME) {
            let (dotted, alias) = if name.kind() == Kind::AliasedImport {
                (name.field(field::NAME), name.field(field::ALIAS))
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
            && node
                .named()
                .any(|child| child.kind() == Kind::WildcardImport)
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

    fn target(&mut self, node: Option<Syntax>) -> Option<ExprId> {
        let node = node?;
        Some(match node.kind() {
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
                let items = node
                    .named()
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

    fn store(&mut self, node: Syntax) -> ExprId {
        self.store_named(node, self.symbol(node))
    }

    fn store_named(&mut self, node: Syntax, name: SmolStr) -> ExprId {
        if let Some(&(_, slot)) = self.scoped.iter().rev().find(|(scoped, _)| *scoped == name) {
            return self.push(node, Expr::Local(slot));
        }
        self.bound[self.function as usize].push(name.clone());
        self.push(node, Expr::Name(name))
    }

    fn bind_pattern(&mut self, node: Syntax, depth: u32) {
        if depth > DEEPEST {
            return;
        }
        for child in node.named() {
            if child.kind() == Kind::Identifier
                || child.kind() == Kind::DottedName && child.named_children().count() == 1
            {
                let name = self.symbol(child);
                self.bound[self.function as usize].push(name);
            }
            self.bind_pattern(child, depth + 1);
        }
    }

    // ---- expressions ----

    fn field(&mut self, node: Syntax, id: u16) -> Option<ExprId> {
        node.field(id).map(|child| self.expr(child))
    }

    fn push(&mut self, node: Syntax, expr: Expr) -> ExprId {
        let id = self.facts.exprs.len() as ExprId;
        self.facts.exprs.push(expr);
        let span = self.span(node);
        self.facts.spans.push(span);
        self.facts.owners.push(self.function);
        self.exprs[node.index()] = id;
        id
    }

    fn expr(&mut self, node: Syntax) -> ExprId {
        if self.depth >= DEEPEST {
            self.broken = true;
            return self.push(node, Expr::Other(Vec::new()));
        }
        self.depth += 1;
        let id = self.expr_inner(node);
        self.depth -= 1;
        id
    }

    fn many(&mut self, node: Syntax) -> Vec<ExprId> {
        node.named().map(|child| self.expr(child)).collect()
    }

    fn expr_inner(&mut self, node: Syntax) -> ExprId {
        let expr = match node.kind() {
            Kind::Identifier => {
                let name = self.symbol(node);
                match self.scoped.iter().rev().find(|(scoped, _)| *scoped == name) {
                    Some(&(_, slot)) => Expr::Local(slot),
                    None => Expr::Name(name),
                }
            }
            Kind::ParenthesizedExpression | Kind::Type => {
                let inner = node.named().next();
                let Some(inner) = inner else {
                    return self.push(node, Expr::Other(Vec::new()));
                };
                let id = self.expr(inner);
                self.exprs[node.index()] = id;
                return id;
            }
            Kind::Attribute => match (
                self.field(node, field::OBJECT),
                node.field(field::ATTRIBUTE),
            ) {
                (Some(object), Some(name)) => Expr::Attr(object, self.symbol(name)),
                _ => Expr::Other(Vec::new()),
            },
            Kind::Call => return self.call(node),
            Kind::Subscript => {
                let Some(value) = self.field(node, field::VALUE) else {
                    return self.push(node, Expr::Other(Vec::new()));
                };
                let indices = node.fields(field::SUBSCRIPT);
                let mut indices: Vec<ExprId> = indices.map(|index| self.expr(index)).collect();
                let index = match indices.len() {
                    1 => indices.remove(0),
                    _ => self.push(node, Expr::Tuple(indices)),
                };
                Expr::Subscript(value, index)
            }
            Kind::GenericType => Expr::Other(self.many(node)),
            Kind::Slice => Expr::Slice(self.many(node)),
            Kind::String => {
                let is_interpolation = |child: &Syntax| child.kind() == Kind::Interpolation;
                let mut interpolations = node.named().filter(is_interpolation).peekable();
                if interpolations.peek().is_none() {
                    Expr::Str(literal(self.str(node)))
                } else {
                    let scheme = scheme(self.str(node)).map(|url| self.push(node, Expr::Str(url)));
                    let parts = interpolations.filter_map(|it| self.field(it, field::EXPRESSION));
                    Expr::Format(scheme.into_iter().chain(parts).collect())
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
                for child in node.named() {
                    match child.kind() {
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
                    .field(field::OPERATOR)
                    .map_or(Operator::Other, |operator| operator_of(operator.name()));
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
                (Some(left), Some(right)) => {
                    match node.field(field::OPERATOR).map(|it| it.name()) {
                        Some("and") => Expr::Both(left, right),
                        _ => Expr::Either(left, right),
                    }
                }
                _ => Expr::Other(Vec::new()),
            },
            // `limit=-1`, `names[-1]`.
            Kind::UnaryOperator => match (
                node.field(field::OPERATOR).map(|operator| operator.name()),
                self.field(node, field::ARGUMENT),
            ) {
                (Some("-"), Some(inner)) => match *self.facts.expr(inner) {
                    Expr::Int(number) => Expr::Int(-number),
                    _ => Expr::Other(vec![inner]),
                },
                (_, inner) => Expr::Other(inner.into_iter().collect()),
            },
            Kind::NotOperator => match self.field(node, field::ARGUMENT) {
                Some(inner) => Expr::Not(inner),
                None => Expr::Other(Vec::new()),
            },
            Kind::ComparisonOperator => {
                let operators = node
                    .fields(field::OPERATORS)
                    .map(|operator| comparison_of(operator.name()))
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
            Kind::Await => match node.named().next() {
                Some(inner) => Expr::Await(self.expr(inner)),
                None => Expr::Other(Vec::new()),
            },
            Kind::Yield => {
                self.facts.functions[self.function as usize].is_generator = true;
                let from = gives_all_of(self.str(node));
                match node.named().next().map(|inner| self.expr(inner)) {
                    Some(inner) if from => Expr::YieldFrom(inner),
                    inner => Expr::Yield(inner),
                }
            }
            Kind::NamedExpression => {
                let value = self.field(node, field::VALUE);
                let target = self.target(node.field(field::NAME));
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

    fn call(&mut self, node: Syntax) -> ExprId {
        let Some(function) = self.field(node, field::FUNCTION) else {
            return self.push(node, Expr::Other(Vec::new()));
        };
        let mut args = Vec::new();
        if let Some(arguments) = node.field(field::ARGUMENTS) {
            if arguments.kind() == Kind::GeneratorExpression {
                let value = self.expr(arguments);
                args.push(Arg {
                    value,
                    kind: ArgKind::Plain,
                });
            } else {
                for child in arguments.named() {
                    let (value, kind_of) = match child.kind() {
                        Kind::KeywordArgument => {
                            let Some(value) = self.field(child, field::VALUE) else {
                                continue;
                            };
                            let name = child
                                .field(field::NAME)
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

    fn comprehension(&mut self, node: Syntax, kind_of: ComprehensionKind) -> ExprId {
        let outside = self.scoped.len();
        let mut clauses = Vec::new();
        for child in node.named() {
            match child.kind() {
                Kind::ForInClause => {
                    let Some(right) = child.field(field::RIGHT) else {
                        continue;
                    };
                    let iter = self.expr(right);
                    if let Some(left) = child.field(field::LEFT) {
                        self.scope_targets(left, 0);
                    }
                    if let Some(target) = self.target(child.field(field::LEFT)) {
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
        let element = match node.field(field::BODY) {
            Some(pair) if pair.kind() == Kind::Pair => {
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
    fn scope_targets(&mut self, node: Syntax, depth: u32) {
        if node.kind() == Kind::Identifier {
            let name = self.symbol(node);
            let locals = &mut self.facts.functions[self.function as usize].locals;
            self.scoped.push((name.clone(), locals.len() as Slot));
            locals.push(name);
        } else if depth < DEEPEST && !matches!(node.kind(), Kind::Attribute | Kind::Subscript) {
            for child in node.named() {
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

    fn matches(&mut self, nodes: &Nodes, root: Node, rules: &Rules) {
        let mut found = Vec::new();
        for at in nodes.all() {
            for (shape, uses) in rules.shapes_at(nodes, at, self.text) {
                for captures in shape::matches(nodes, shape, at) {
                    for used in uses {
                        if !used.fits(&captures, nodes, self.text) {
                            continue;
                        }
                        let captures = captures.iter().map(|(number, at)| {
                            let node = nodes.get(*at);
                            let bytes = node.start as usize..node.end as usize;
                            self.captured(Some(*at), bytes, used.capture(*number))
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
        if !rules.own().is_empty() {
            let indexes = nodes.all().map(|at| (nodes.get(at).id, at)).collect();
            for own in rules.own() {
                with_cursor(|cursor| {
                    self.matches_of_own(cursor, root, &indexes, rules, own, &mut found)
                });
            }
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
    fn captured(&self, at: Option<u32>, bytes: Range<usize>, name: u16) -> Captured {
        let expr = at.map(|at| self.exprs[at as usize]);
        Captured {
            name,
            span: Span {
                start: (bytes.start.max(self.base) - self.base) as u32,
                end: (bytes.end.max(self.base) - self.base) as u32,
            },
            expr: expr.filter(|expr| *expr != NONE),
            function: at.and_then(|at| self.defined.get(&(at as usize)).copied()),
        }
    }

    /// Of a rule that takes too long or matches everything nothing counts, here or elsewhere.
    fn matches_of_own(
        &self,
        cursor: &mut QueryCursor,
        node: Node,
        indexes: &FxHashMap<usize, u32>,
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
                self.captured(indexes.get(&node.id()).copied(), node.byte_range(), name)
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

/// `yield from pages`; a name may begin with `from` too.
fn gives_all_of(code: &str) -> bool {
    let rest = code.strip_prefix("yield").unwrap_or_default();
    let rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\\');
    let rest = rest.strip_prefix("from");
    rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
}

fn splat_kind(node: Syntax) -> ParamKind {
    match node.kind() {
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
        "<" | "<=" => Comparison::Less,
        _ => Comparison::Greater,
    }
}

/// How the address begins that an f-string makes: `http://` of `f"http://{host}"`.
fn scheme(source: &str) -> Option<SmolStr> {
    let (head, _) = source.split_once('{')?;
    let url = head.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let url = url.trim_start_matches(['"', '\'']);
    url.contains("://").then(|| SmolStr::new(url))
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
