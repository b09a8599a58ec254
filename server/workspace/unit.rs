//! The units of evaluation that a file's chunks make: its module, its classes, its functions.

use std::ops::Range;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHasher};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use smol_str::SmolStr;
use tree_sitter::Node;

use super::packed::Facts;
use crate::facts::kinds::{Kind, kind};
use crate::facts::{
    Arg, ArgKind, ChunkFacts, ChunkKind, Expr, ExprId, Function, Import, Param, Stmt, lower, named,
    undecorated,
};
use crate::query::Rules;
use crate::value::{ClassId, FileId, FuncId, UnitId, stable_hash};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitKind {
    Module,
    Class,
    Function,
}

/// Code that is evaluated together.
#[derive(Clone, Debug)]
pub struct Unit {
    pub id: UnitId,
    pub file: FileId,
    pub kind: UnitKind,
    /// The class that it is the body or a method of.
    pub class: Option<ClassId>,
    /// Qualified name; `<module>` for a module.
    pub name: SmolStr,
    pub chunks: Vec<UnitChunk>,
}

#[derive(Clone, Debug)]
pub struct UnitChunk {
    pub facts: Facts,
    pub segment: u32,
    /// Bytes from the segment's start.
    pub start: u32,
    /// Under `if __name__ == "__main__":`.
    pub main: bool,
}

/// One chunk of a segment, where it stands and whose it is.
#[derive(Clone, Debug)]
pub struct Part {
    /// Bytes from the segment's start.
    pub start: u32,
    pub len: u32,
    pub facts: Facts,
    /// The class it stands in: `Outer.Inner`; empty at the top.
    pub scope: SmolStr,
    pub main: bool,
}

/// A segment's chunks; `known` gives the facts of text that an edit left alone.
pub fn parts(
    root: Node,
    text: &str,
    rules: &Rules,
    known: &mut dyn FnMut(Range<usize>) -> Option<Facts>,
    extracted: &mut usize,
) -> Vec<Part> {
    let mut cutter = Cutter {
        text,
        rules,
        known,
        extracted,
        parts: Vec::new(),
        depth: 0,
        loose: root.is_error(),
    };
    for node in named(root) {
        cutter.item(node, &SmolStr::default(), false);
    }
    cutter.parts
}

struct Cutter<'a> {
    text: &'a str,
    rules: &'a Rules,
    known: &'a mut dyn FnMut(Range<usize>) -> Option<Facts>,
    extracted: &'a mut usize,
    parts: Vec<Part>,
    depth: u32,
    /// In an error, where `table = f()` may be a parameter.
    loose: bool,
}

impl Cutter<'_> {
    fn item(&mut self, node: Node, scope: &SmolStr, main: bool) {
        if self.depth > 60 {
            return;
        }
        self.depth += 1;
        let (definition, _) = undecorated(node);
        match kind(definition) {
            Kind::ClassDefinition => self.class(node, definition, scope, main),
            Kind::FunctionDefinition => self.chunk(node, node.byte_range(), scope, main),
            Kind::If | Kind::Try | Kind::With | Kind::For | Kind::While | Kind::Error
                if defines(node, 0) =>
            {
                let main = main
                    || kind(node) == Kind::If
                        && self.text[node.byte_range()]
                            .get(..40)
                            .is_some_and(|head| head.contains("__name__"));
                self.blocks(node, scope, main);
            }
            Kind::Comment | Kind::Pass => {}
            // A docstring says nothing of values.
            Kind::ExpressionStatement
                if node.named_child_count() == 1
                    && node
                        .named_child(0)
                        .is_some_and(|child| kind(child) == Kind::String) => {}
            _ => self.chunk(node, node.byte_range(), scope, main),
        }
        self.depth -= 1;
    }

    /// Statements of all blocks of a compound statement, as if they stood in its place.
    fn blocks(&mut self, node: Node, scope: &SmolStr, main: bool) {
        let around = self.loose;
        self.loose |= kind(node) == Kind::Error;
        for child in named(node) {
            match kind(child) {
                Kind::Block => {
                    for item in named(child) {
                        self.item(item, scope, main);
                    }
                }
                Kind::Elif | Kind::Else | Kind::Except | Kind::Finally => {
                    self.blocks(child, scope, main)
                }
                _ if kind(node) == Kind::Error => self.item(child, scope, main),
                _ => {}
            }
        }
        self.loose = around;
    }

    fn class(&mut self, node: Node, definition: Node, scope: &SmolStr, main: bool) {
        use crate::facts::kinds::field;
        let Some(name) = definition.child_by_field_id(field::NAME) else {
            return;
        };
        let name = &self.text[name.byte_range()];
        let inner: SmolStr = if scope.is_empty() {
            name.into()
        } else {
            format!("{scope}.{name}").into()
        };
        let body = definition.child_by_field_id(field::BODY);
        let end = body.map_or(definition.end_byte(), |body| body.start_byte());
        self.chunk(
            node,
            node.start_byte()..end.max(node.start_byte()),
            scope,
            main,
        );
        for item in body.map(named).unwrap_or_default() {
            self.item(item, &inner, main);
        }
    }

    fn chunk(&mut self, node: Node, range: Range<usize>, scope: &SmolStr, main: bool) {
        // Around an error the same text may be another tree than it was.
        let broken = self.loose || node.has_error();
        let known = match broken {
            true => None,
            false => (self.known)(range.clone()),
        };
        let facts = known.unwrap_or_else(|| {
            *self.extracted += 1;
            let mut facts = lower(node, self.text, self.rules);
            facts.broken |= self.loose;
            Facts::new(facts)
        });
        self.parts.push(Part {
            start: range.start as u32,
            len: range.len() as u32,
            facts,
            scope: scope.clone(),
            main,
        });
    }
}

/// Does a compound statement hold a definition, in any of its blocks?
fn defines(node: Node, depth: u32) -> bool {
    depth < 12
        && named(node).into_iter().any(|child| match kind(child) {
            Kind::FunctionDefinition | Kind::ClassDefinition | Kind::DecoratedDefinition => true,
            Kind::Block
            | Kind::Elif
            | Kind::Else
            | Kind::Except
            | Kind::Finally
            | Kind::If
            | Kind::Try
            | Kind::With => defines(child, depth + 1),
            _ => false,
        })
}

/// What a file defines and imports, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exports {
    pub names: FxHashMap<SmolStr, SmallVec<[Export; 1]>>,
    /// `from x import *`.
    pub stars: Vec<Import>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Export {
    Function(FuncId),
    Class(ClassId),
    Import(Import),
    Variable,
}

/// A class by its methods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    pub file: FileId,
    pub name: SmolStr,
    pub unit: UnitId,
    pub members: Arc<FxHashMap<SmolStr, FuncId>>,
}

/// Everything that a file's parts make.
pub struct Built {
    pub units: Vec<Unit>,
    pub exports: Exports,
    pub classes: Vec<(ClassId, Class)>,
    /// The unit of each part, by segment, and the part's place among its chunks.
    pub homes: Vec<Vec<(UnitId, u32)>>,
}

/// May `new` stand where `old` stood without any change to the file's units and exports but that
/// chunk itself?
pub fn interchangeable(old: &Part, new: &Part) -> bool {
    let globals = |part: &Part| -> Vec<SmolStr> {
        let functions = part.facts.functions.iter();
        functions
            .flat_map(|function| function.globals.clone())
            .collect()
    };
    let exports = |part: &Part| {
        let mut exports = Exports::default();
        if part.facts.kind == ChunkKind::Statement && part.scope.is_empty() {
            export_statement(&part.facts, &mut exports);
        }
        exports
    };
    // The same text may have come to stand in another class, or in none.
    old.scope == new.scope
        && old.main == new.main
        && (old.facts.is(&new.facts)
            || old.facts.kind == new.facts.kind
                && old.facts.name == new.facts.name
                && globals(old) == globals(new)
                && is_accessory(old) == is_accessory(new)
                && exports(old) == exports(new))
}

/// Is it a property's setter or deleter?
fn is_accessory(part: &Part) -> bool {
    let facts = &part.facts;
    (facts.functions.get(1)).is_some_and(|function| {
        let signature = Signature { facts, function };
        signature.decorated(|name| matches!(name, "setter" | "deleter"))
    })
}

pub fn class_id(path: &str, name: &str) -> ClassId {
    ClassId(stable_hash(&[path, name]))
}

/// Groups a file's chunks into units.
pub fn build(path: &str, file: FileId, segments: &[Vec<Part>]) -> Built {
    let mut exports = Exports::default();
    let mut module = Unit {
        id: UnitId(stable_hash(&[path, "<module>"])),
        file,
        kind: UnitKind::Module,
        class: None,
        name: "<module>".into(),
        chunks: Vec::new(),
    };
    let mut units: Vec<Unit> = Vec::new();
    let mut classes: FxHashMap<ClassId, usize> = FxHashMap::default();
    let mut members: FxHashMap<ClassId, FxHashMap<SmolStr, FuncId>> = FxHashMap::default();
    let mut again: FxHashMap<UnitId, u32> = FxHashMap::default();
    let mut homes = Vec::with_capacity(segments.len());
    for (segment, parts) in segments.iter().enumerate() {
        homes.push(Vec::with_capacity(parts.len()));
        for part in parts {
            let mut live = |unit: &Unit| homes[segment].push((unit.id, unit.chunks.len() as u32));
            for name in part
                .facts
                .functions
                .iter()
                .flat_map(|function| &function.globals)
            {
                let found = exports.names.entry(name.clone()).or_default();
                if !found.contains(&Export::Variable) {
                    found.push(Export::Variable);
                }
            }
            let chunk = UnitChunk {
                facts: part.facts.clone(),
                segment: segment as u32,
                start: part.start,
                main: part.main,
            };
            let owner = (!part.scope.is_empty()).then(|| class_id(path, &part.scope));
            let name: SmolStr = if part.scope.is_empty() {
                part.facts.name.clone()
            } else {
                format!("{}.{}", part.scope, part.facts.name).into()
            };
            match part.facts.kind {
                ChunkKind::Statement => match owner.and_then(|owner| classes.get(&owner)) {
                    Some(&class) => {
                        live(&units[class]);
                        units[class].chunks.push(chunk);
                    }
                    None => {
                        live(&module);
                        if part.scope.is_empty() {
                            export_statement(&part.facts, &mut exports);
                        }
                        module.chunks.push(chunk);
                    }
                },
                ChunkKind::Class => {
                    let id = class_id(path, &name);
                    if part.scope.is_empty() {
                        exports
                            .names
                            .entry(part.facts.name.clone())
                            .or_default()
                            .push(Export::Class(id));
                    }
                    if let Some(&class) = classes.get(&id) {
                        // Defined twice, in two branches: one class for us.
                        live(&units[class]);
                        units[class].chunks.push(chunk);
                        continue;
                    }
                    classes.insert(id, units.len());
                    members.entry(id).or_default();
                    let mut unit = Unit {
                        id: UnitId(stable_hash(&[path, &name, "class"])),
                        file,
                        kind: UnitKind::Class,
                        class: Some(id),
                        name,
                        chunks: Vec::new(),
                    };
                    live(&unit);
                    unit.chunks.push(chunk);
                    units.push(unit);
                }
                ChunkKind::Function => {
                    let mut id = UnitId(stable_hash(&[path, &name]));
                    let count = again.entry(id).or_default();
                    *count += 1;
                    if *count > 1 {
                        // `@property` and its setter share a name.
                        id = UnitId(stable_hash(&[path, &name, &count.to_string()]));
                    }
                    let function = FuncId {
                        unit: id,
                        function: 1,
                    };
                    match owner {
                        // The last of one name is the one that is called, but for what belongs to a property.
                        Some(owner) => {
                            let own = members.entry(owner).or_default();
                            if *count == 1 || !is_accessory(part) {
                                own.insert(part.facts.name.clone(), function);
                            }
                        }
                        None => exports
                            .names
                            .entry(part.facts.name.clone())
                            .or_default()
                            .push(Export::Function(function)),
                    }
                    let mut unit = Unit {
                        id,
                        file,
                        kind: UnitKind::Function,
                        class: owner,
                        name,
                        chunks: Vec::new(),
                    };
                    live(&unit);
                    unit.chunks.push(chunk);
                    units.push(unit);
                }
            }
        }
    }
    let classes = classes
        .into_iter()
        .map(|(id, unit)| {
            let class = Class {
                file,
                name: units[unit].name.clone(),
                unit: units[unit].id,
                members: Arc::new(members.remove(&id).unwrap_or_default()),
            };
            (id, class)
        })
        .collect();
    if !module.chunks.is_empty() {
        units.push(module);
    }
    Built {
        units,
        exports,
        classes,
        homes,
    }
}

fn export_statement(facts: &ChunkFacts, exports: &mut Exports) {
    // In a statement chunk every name that is stored is the module's.
    fn walk(facts: &ChunkFacts, block: &[Stmt], exports: &mut Exports) {
        let bind = |target: u32, exports: &mut Exports| {
            let mut pending = vec![target];
            while let Some(target) = pending.pop() {
                match facts.expr(target) {
                    Expr::Name(name) => variable(exports, name),
                    Expr::Tuple(items) => pending.extend(items),
                    Expr::Star(inner) => pending.push(*inner),
                    _ => {}
                }
            }
        };
        for stmt in block {
            match stmt {
                Stmt::Import(imports) => {
                    for import in imports {
                        if import.symbol == "*" {
                            exports.stars.push(Import {
                                target: None,
                                ..import.clone()
                            });
                        } else {
                            let export = Export::Import(Import {
                                target: None,
                                ..import.clone()
                            });
                            // The same import again says nothing new, in a long file many times.
                            let known = exports.names.entry(import.bound.clone()).or_default();
                            if !known.contains(&export) {
                                known.push(export);
                            }
                        }
                    }
                }
                Stmt::Assign { targets, .. } => {
                    targets.iter().for_each(|&target| bind(target, exports))
                }
                Stmt::Declare { target, .. } | Stmt::Augment { target, .. } => {
                    bind(*target, exports)
                }
                Stmt::For {
                    target,
                    body,
                    other,
                    ..
                } => {
                    bind(*target, exports);
                    walk(facts, body, exports);
                    walk(facts, other, exports);
                }
                Stmt::If { then, other, .. } => {
                    walk(facts, then, exports);
                    walk(facts, other, exports);
                }
                Stmt::While { body, other, .. } => {
                    walk(facts, body, exports);
                    walk(facts, other, exports);
                }
                Stmt::With { items, body } => {
                    items
                        .iter()
                        .filter_map(|item| item.target)
                        .for_each(|target| bind(target, exports));
                    walk(facts, body, exports);
                }
                Stmt::Try {
                    body,
                    handlers,
                    other,
                    finally,
                } => {
                    walk(facts, body, exports);
                    handlers
                        .iter()
                        .for_each(|handler| walk(facts, &handler.body, exports));
                    walk(facts, other, exports);
                    walk(facts, finally, exports);
                }
                Stmt::Define(_, target) => bind(*target, exports),
                _ => {}
            }
        }
    }
    fn variable(exports: &mut Exports, name: &SmolStr) {
        let found = exports.names.entry(name.clone()).or_default();
        if !found.contains(&Export::Variable) {
            found.push(Export::Variable);
        }
    }
    walk(facts, &facts.functions[0].body, exports);
    for expr in &facts.exprs {
        if let Expr::Walrus(target, _) = expr
            && let Expr::Name(name) = facts.expr(*target)
        {
            variable(exports, name);
        }
    }
}

pub fn is_session(name: &str) -> bool {
    name.ends_with("session")
}

/// What a function may get for no other end than to hand it on to whatever makes the client.
fn is_lent(name: &str) -> bool {
    is_session(name) || name.ends_with("region") || name == "region_name"
}

/// Is a parameter of this name a client, or what makes one?
pub fn is_tool(name: &str) -> bool {
    let words = ["client", "dynamodb", "resource", "session", "table"];
    words.iter().any(|word| name.ends_with(word))
}

/// A definition as its callers see it.
#[derive(Clone, Copy)]
pub struct Signature<'a> {
    pub facts: &'a ChunkFacts,
    pub function: &'a Function,
}

impl<'a> Signature<'a> {
    pub fn params(&self) -> &'a [Param] {
        &self.function.params
    }

    fn decorated(&self, wanted: impl Fn(&str) -> bool) -> bool {
        self.function.decorators.iter().any(|&decorator| {
            let target = match self.facts.expr(decorator) {
                Expr::Call(call) => call.function,
                _ => decorator,
            };
            match self.facts.expr(target) {
                Expr::Name(name) | Expr::Attr(_, name) => wanted(name),
                _ => false,
            }
        })
    }

    /// Does its code make a client or container, so that constants passed to it say which?
    pub fn makes(&self) -> bool {
        self.function.name == "__init__" || self.facts.constructs
    }

    /// Does it get a session or a region, which it hands on to whatever makes the client?
    pub fn lends(&self) -> bool {
        self.params().iter().any(|param| is_lent(&param.name))
    }

    /// Does it matter what its calls vary: of what it makes, or of what it hands on with a session or region?
    pub fn hands_on(&self) -> bool {
        self.makes() || self.lends()
    }

    /// Is it called by its name alone, with no decorator that hands it on or makes something else of it?
    pub fn is_plain(&self) -> bool {
        let harmless = |name: &str| {
            matches!(
                name,
                "staticmethod" | "classmethod" | "cache" | "lru_cache" | "cached"
            )
        };
        let decorators = self.function.decorators.iter();
        let all = decorators.filter(|&&decorator| {
            let target = match self.facts.expr(decorator) {
                Expr::Call(call) => call.function,
                _ => decorator,
            };
            !matches!(self.facts.expr(target), Expr::Name(name) | Expr::Attr(_, name) if harmless(name))
        });
        all.count() == 0
    }

    pub fn is_property(&self) -> bool {
        self.decorated(|name| name.ends_with("property") || name == "reify")
    }

    /// Is it there for its heirs only: `@abstractmethod`, or a body that does nothing?
    pub fn is_abstract(&self) -> bool {
        let nothing = |stmt: &Stmt| match stmt {
            Stmt::Pass => true,
            Stmt::Expr(expr) => {
                let ellipsis = |expr: &Expr| matches!(expr, Expr::Other(parts) if parts.is_empty());
                let expr = self.facts.expr(*expr);
                matches!(expr, Expr::Str(_) | Expr::Format(_)) || ellipsis(expr)
            }
            Stmt::Raise(parts) => parts.iter().any(|&part| {
                let part = match self.facts.expr(part) {
                    Expr::Call(call) => call.function,
                    _ => part,
                };
                matches!(self.facts.expr(part), Expr::Name(name) if name == "NotImplementedError")
            }),
            _ => false,
        };
        self.decorated(|name| name.starts_with("abstract"))
            || self.function.body.iter().all(nothing)
    }

    pub fn is_static(&self) -> bool {
        self.decorated(|name| name == "staticmethod")
    }

    pub fn is_class_method(&self) -> bool {
        self.decorated(|name| name == "classmethod")
    }

    /// Does it assign to this field of its object, or to this name of its module?
    pub fn sets(&self, name: &str) -> bool {
        let mut found = false;
        self.each_set(&mut |set| found |= set == name);
        found
    }

    fn each_set(&self, found: &mut dyn FnMut(&SmolStr)) {
        let mut pending: Vec<&[Stmt]> = vec![&self.function.body];
        while let Some(block) = pending.pop() {
            for stmt in block {
                if let Stmt::Assign { targets, .. } = stmt {
                    for &target in targets {
                        match self.facts.expr(target) {
                            Expr::Name(name) => found(name),
                            Expr::Attr(base, name)
                                if matches!(self.facts.expr(*base), Expr::Local(0)) =>
                            {
                                found(name)
                            }
                            _ => {}
                        }
                    }
                }
                pending.extend(stmt.blocks());
            }
        }
    }

    /// Is it under a cache that keeps all: `@functools.cache`, `@lru_cache(maxsize=None)`?
    pub fn never_evicts(&self) -> bool {
        let facts = self.facts;
        let unlimited = |arg: &Arg| {
            matches!(&arg.kind, ArgKind::Plain | ArgKind::Keyword(_))
                && matches!(facts.expr(arg.value), Expr::None)
        };
        let keeps_all = |&decorator: &ExprId| match facts.expr(decorator) {
            Expr::Call(call) => {
                facts.is_named(call.function, "lru_cache") && call.args.iter().any(unlimited)
            }
            _ => facts.is_named(decorator, "cache"),
        };
        self.function.decorators.iter().any(keeps_all)
    }

    /// `return {"aws_session_token": lent["SessionToken"]}`, and not of the environment.
    pub fn gives_token(&self) -> bool {
        let facts = self.facts;
        let environment = |value: ExprId| {
            facts.any(value, &mut |_, expr| {
                matches!(expr, Expr::Name(name) | Expr::Attr(_, name) if matches!(name.as_str(), "environ" | "getenv"))
            })
        };
        let token = |(key, value): &(Option<ExprId>, ExprId)| {
            let named = |key: ExprId| matches!(facts.expr(key), Expr::Str(name) if name == "aws_session_token");
            key.is_some_and(named) && !environment(*value)
        };
        (facts.exprs.iter())
            .any(|expr| matches!(expr, Expr::Dict(pairs) if pairs.iter().any(token)))
    }

    /// Of a metaclass's `__call__`: `cls._made[cls] = super().__call__(*args)`, the only one of each class.
    pub fn keeps_instance(&self) -> bool {
        let facts = self.facts;
        let class = |id: ExprId| matches!(facts.expr(id), Expr::Local(0));
        let makes = |id: ExprId| matches!(facts.expr(id), Expr::Call(call) if facts.is_named(call.function, "__call__"));
        let (mut made, mut kept) = (Vec::new(), Vec::new());
        let mut pending: Vec<&[Stmt]> = vec![&self.function.body];
        while let Some(block) = pending.pop() {
            for stmt in block {
                if let Stmt::Assign { targets, value, .. } = stmt {
                    for &target in targets {
                        match facts.expr(target) {
                            Expr::Local(slot) if makes(*value) => made.push(*slot),
                            Expr::Attr(base, _) if class(*base) => kept.push(*value),
                            Expr::Subscript(_, key) if class(*key) => kept.push(*value),
                            _ => {}
                        }
                    }
                }
                pending.extend(stmt.blocks());
            }
        }
        kept.into_iter().any(|value| {
            makes(value) || matches!(facts.expr(value), Expr::Local(slot) if made.contains(slot))
        })
    }

    /// Changes whenever callers must look again.
    pub fn hash(&self) -> u64 {
        use std::hash::{Hash, Hasher};
        let mut hasher = FxHasher::default();
        for param in self.params() {
            param.name.hash(&mut hasher);
            (param.kind as u8).hash(&mut hasher);
        }
        (self.is_property(), self.is_static(), self.is_class_method()).hash(&mut hasher);
        (self.never_evicts(), self.gives_token(), self.facts.asks).hash(&mut hasher);
        (self.function.name == "__call__" && self.keeps_instance()).hash(&mut hasher);
        self.each_set(&mut |name| name.hash(&mut hasher));
        hasher.finish()
    }
}
