//! Map step: the facts of one chunk are a pure function of its text and hold no tree node.
//!
//! A chunk is a function with its decorators, a class header, or a module- or class-level statement.
//! Its facts are a compact copy of its syntax (expressions in an arena, statements as a tree of
//! regions, names bound to slots) plus the matches of the rules' patterns. Spans are in bytes,
//! relative to the chunk's start.

pub mod kinds;
mod lower;

use serde::{Deserialize, Serialize};
use smallvec::{SmallVec, smallvec};
use smol_str::SmolStr;

pub use lower::{lower, named, undecorated};

/// Index into [`ChunkFacts::exprs`].
pub type ExprId = u32;
/// Index into [`ChunkFacts::functions`].
pub type FunctionId = u16;
/// Index into [`Function::locals`].
pub type Slot = u16;

/// Bytes from the chunk's start, half-open.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkFacts {
    pub kind: ChunkKind,
    /// What a `def` or `class` chunk is called; empty for a statement.
    pub name: SmolStr,
    /// The name's own bytes.
    pub name_span: Span,
    pub exprs: Vec<Expr>,
    /// Bytes of each expression.
    pub spans: Vec<Span>,
    /// The function in which each expression stands.
    pub owners: Vec<FunctionId>,
    /// `functions[0]` is the chunk's own code: the statement, or a definition's decorators, defaults
    /// and bases. `functions[1]` is the body of a `def` chunk. Nested functions and lambdas follow.
    pub functions: Vec<Function>,
    /// Each call expression, in source order: a call is named by its number from outside the chunk.
    pub calls: Vec<ExprId>,
    /// One of them may make a client or the like, by its name.
    pub constructs: bool,
    /// It names sequence numbers, checkpoints or the like.
    pub checkpoints: bool,
    /// It names what asks who somebody is: a login, a token, a key.
    pub asks: bool,
    /// It names what asks it before each of an application's routes: a middleware, `before_request`.
    pub guards: bool,
    /// It names what may have to do with it: a session, a cookie, a role, an answer of 403.
    pub wary: bool,
    /// Class definitions inside functions.
    pub classes: Vec<LocalClass>,
    pub matches: Vec<Match>,
    /// The chunk's subtree holds an error: analysed as far as it goes, never memoised.
    pub broken: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ChunkKind {
    #[default]
    Statement,
    Function,
    /// The header only: decorators, name, bases. The body's items are chunks of their own.
    Class,
}

/// One scope: its parameters, its names and its body.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Function {
    pub name: SmolStr,
    /// The enclosing scope inside the chunk; a scope is its own parent at the top.
    pub parent: FunctionId,
    pub params: Vec<Param>,
    /// Names of the slots; the parameters come first.
    pub locals: Vec<SmolStr>,
    pub decorators: Vec<ExprId>,
    pub returns: Option<ExprId>,
    pub body: Vec<Stmt>,
    pub is_async: bool,
    pub is_generator: bool,
    pub is_lambda: bool,
    pub globals: Vec<SmolStr>,
    pub nonlocals: Vec<SmolStr>,
    pub name_span: Span,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Param {
    pub name: SmolStr,
    pub annotation: Option<ExprId>,
    pub default: Option<ExprId>,
    pub kind: ParamKind,
    pub span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ParamKind {
    Plain,
    KeywordOnly,
    /// `*args`.
    Rest,
    /// `**kwargs`.
    Keywords,
}

/// A class inside a function: only its name and bases count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalClass {
    pub name: SmolStr,
    pub target: ExprId,
    pub bases: Vec<ExprId>,
    pub methods: Vec<FunctionId>,
}

/// Is the name written as a constant's is?
pub fn is_constant_name(name: &str) -> bool {
    name.chars()
        .all(|c| c.is_ascii_uppercase() || c == '_' || c.is_ascii_digit())
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Expr {
    /// A module global, a class-level name or a builtin.
    Name(SmolStr),
    Local(Slot),
    /// A variable of an enclosing function in the same chunk.
    Outer(FunctionId, Slot),
    Attr(ExprId, SmolStr),
    Call(Box<Call>),
    Subscript(ExprId, ExprId),
    Slice(Vec<ExprId>),
    Str(SmolStr),
    Int(i64),
    True,
    False,
    None,
    List(Vec<ExprId>),
    Tuple(Vec<ExprId>),
    Set(Vec<ExprId>),
    /// Pairs; a `**splat` has no key.
    Dict(Vec<(Option<ExprId>, ExprId)>),
    Comprehension(Box<Comprehension>),
    Lambda(FunctionId),
    Binary(Operator, ExprId, ExprId),
    /// `or`.
    Either(ExprId, ExprId),
    /// `and`.
    Both(ExprId, ExprId),
    Not(ExprId),
    Compare(Vec<ExprId>, Vec<Comparison>),
    Conditional {
        test: ExprId,
        then: ExprId,
        other: ExprId,
    },
    Await(ExprId),
    Yield(Option<ExprId>),
    YieldFrom(ExprId),
    Walrus(ExprId, ExprId),
    Star(ExprId),
    Format(Vec<ExprId>),
    Other(Vec<ExprId>),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    pub function: ExprId,
    pub args: Vec<Arg>,
    /// Position in [`ChunkFacts::calls`].
    pub number: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arg {
    pub value: ExprId,
    pub kind: ArgKind,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ArgKind {
    Plain,
    Keyword(SmolStr),
    /// `*rest`.
    Rest,
    /// `**keywords`.
    Keywords,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comprehension {
    pub kind: ComprehensionKind,
    pub key: Option<ExprId>,
    pub element: ExprId,
    pub clauses: Vec<Clause>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ComprehensionKind {
    List,
    Set,
    Dict,
    Generator,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Clause {
    For { target: ExprId, iter: ExprId },
    If(ExprId),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Operator {
    Add,
    BitOr,
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Comparison {
    Is,
    IsNot,
    In,
    NotIn,
    Equal,
    NotEqual,
    /// `<`, `<=`.
    Less,
    /// `>`, `>=`.
    Greater,
}

impl Comparison {
    pub fn is_order(self) -> bool {
        matches!(self, Comparison::Less | Comparison::Greater)
    }
}

pub type Block = Vec<Stmt>;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stmt {
    Expr(ExprId),
    /// `a = b = value`, `a: T = value`.
    Assign {
        targets: Vec<ExprId>,
        value: ExprId,
        annotation: Option<ExprId>,
    },
    /// `a: T`.
    Declare {
        target: ExprId,
        annotation: ExprId,
    },
    Augment {
        target: ExprId,
        operator: Operator,
        value: ExprId,
    },
    Return(Option<ExprId>),
    Raise(Vec<ExprId>),
    Delete(Vec<ExprId>),
    If {
        test: ExprId,
        then: Block,
        other: Block,
    },
    While {
        test: ExprId,
        body: Block,
        other: Block,
    },
    For {
        target: ExprId,
        iter: ExprId,
        body: Block,
        other: Block,
    },
    With {
        items: Vec<WithItem>,
        body: Block,
    },
    Try {
        body: Block,
        handlers: Vec<Handler>,
        other: Block,
        finally: Block,
    },
    Match {
        subject: ExprId,
        cases: Vec<Block>,
    },
    Import(Vec<Import>),
    Define(FunctionId, ExprId),
    Class(u16),
    Break,
    Continue,
    Pass,
}

impl Stmt {
    /// The blocks in it, in the order of the source.
    pub fn blocks(&self) -> SmallVec<[&[Stmt]; 4]> {
        match self {
            Stmt::If { then, other, .. } => smallvec![&then[..], &other[..]],
            Stmt::While { body, other, .. } | Stmt::For { body, other, .. } => {
                smallvec![&body[..], &other[..]]
            }
            Stmt::With { body, .. } => smallvec![&body[..]],
            Stmt::Try {
                body,
                handlers,
                other,
                finally,
            } => {
                let handlers = handlers.iter().map(|handler| &handler.body[..]);
                let body = std::iter::once(&body[..]);
                body.chain(handlers).chain([&other[..], finally]).collect()
            }
            Stmt::Match { cases, .. } => cases.iter().map(|case| &case[..]).collect(),
            _ => SmallVec::new(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithItem {
    pub value: ExprId,
    pub target: Option<ExprId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handler {
    pub kind: Option<ExprId>,
    pub target: Option<ExprId>,
    pub body: Block,
}

/// One name that an import binds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// Where the name is stored; none for `import *`.
    pub target: Option<ExprId>,
    pub bound: SmolStr,
    /// `a.b` of `from ..a.b import c`, or of `import a.b`.
    pub module: SmolStr,
    /// Leading dots of a relative import.
    pub level: u8,
    /// `c`; empty where the module itself is bound; `*` for all.
    pub symbol: SmolStr,
}

/// One match of a rule's pattern inside this chunk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Match {
    /// The pattern's number among all rules'.
    pub pattern: u16,
    pub captures: Vec<Captured>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Captured {
    /// The capture's number among all rules'.
    pub name: u16,
    pub span: Span,
    pub expr: Option<ExprId>,
    /// The function that a captured `def` or parameter belongs to.
    pub function: Option<FunctionId>,
}

impl ChunkFacts {
    pub fn expr(&self, id: ExprId) -> &Expr {
        &self.exprs[id as usize]
    }

    pub fn span(&self, id: ExprId) -> Span {
        self.spans[id as usize]
    }

    pub fn owner(&self, id: ExprId) -> FunctionId {
        self.owners[id as usize]
    }

    /// Is it this name, or an attribute of this name?
    pub fn is_named(&self, id: ExprId, wanted: &str) -> bool {
        matches!(self.expr(id), Expr::Name(name) | Expr::Attr(_, name) if name == wanted)
    }

    /// A function and those around it, from the inside out.
    pub fn scopes(&self, function: FunctionId) -> impl Iterator<Item = FunctionId> {
        std::iter::successors(Some(function), |&scope| {
            let parent = self.functions[scope as usize].parent;
            (parent != scope && parent != 0).then_some(parent)
        })
    }

    /// Is the expression this name, an attribute of this name or this text?
    pub fn names(&self, id: ExprId, name: &SmolStr) -> bool {
        matches!(self.expr(id), Expr::Name(named) | Expr::Attr(_, named) | Expr::Str(named) if named == name)
    }

    /// The direct operands of an expression.
    pub fn operands(&self, id: ExprId) -> Vec<ExprId> {
        match self.expr(id) {
            Expr::Attr(base, _) => vec![*base],
            Expr::Call(call) => std::iter::once(call.function)
                .chain(call.args.iter().map(|arg| arg.value))
                .collect(),
            Expr::Subscript(base, index) => vec![*base, *index],
            Expr::Slice(items)
            | Expr::List(items)
            | Expr::Tuple(items)
            | Expr::Set(items)
            | Expr::Format(items)
            | Expr::Other(items)
            | Expr::Compare(items, _) => items.clone(),
            Expr::Dict(pairs) => pairs
                .iter()
                .flat_map(|(key, value)| key.iter().chain([value]))
                .copied()
                .collect(),
            Expr::Comprehension(comprehension) => {
                let mut all = vec![comprehension.element];
                all.extend(comprehension.key);
                all.extend(comprehension.clauses.iter().map(|clause| match clause {
                    Clause::For { iter, .. } => *iter,
                    Clause::If(test) => *test,
                }));
                all
            }
            Expr::Binary(_, left, right) | Expr::Either(left, right) | Expr::Both(left, right) => {
                vec![*left, *right]
            }
            Expr::Not(inner)
            | Expr::Await(inner)
            | Expr::YieldFrom(inner)
            | Expr::Star(inner)
            | Expr::Walrus(_, inner) => vec![*inner],
            Expr::Yield(inner) => inner.iter().copied().collect(),
            Expr::Conditional { test, then, other } => vec![*test, *then, *other],
            Expr::Name(_)
            | Expr::Local(_)
            | Expr::Outer(..)
            | Expr::Str(_)
            | Expr::Int(_)
            | Expr::True
            | Expr::False
            | Expr::None
            | Expr::Lambda(_) => vec![],
        }
    }

    /// Does `wanted` hold for this expression or for any operand, however deep?
    pub fn any(&self, id: ExprId, wanted: &mut impl FnMut(ExprId, &Expr) -> bool) -> bool {
        wanted(id, self.expr(id))
            || self
                .operands(id)
                .into_iter()
                .any(|operand| self.any(operand, wanted))
    }
}
