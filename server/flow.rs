//! Reduce step, first half: what each expression of a unit may be, found by walking its code in order.
//!
//! Flow-sensitive inside a unit: assignments in order, branches joined, loops walked twice where that
//! can tell more. What other units say comes from cells, what this unit says to them goes into cells;
//! see [`crate::summary`].

pub mod calls;
mod effects;
mod endless;
mod endpoints;
mod expressions;
mod names;
mod targets;
pub mod uses;

pub use calls::{is_infinite, is_passed};
pub use effects::{leaves_at_once, statement_exprs, visit};
pub use endless::{asks_a_setting, asks_for_nothing, each_time, never_ends, same_place};
pub use endpoints::django_settings;
pub use names::stored_at;

use std::cell::RefCell;

use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};
use smallvec::SmallVec;
use smol_str::SmolStr;

use crate::api::{FRAMEWORKS, any_fits};
use crate::facts::*;
use crate::finding::Confidence;
use crate::own::Life;
use crate::summary::{CellKey, LoopNote, Outcome, Seen, Situation};
use crate::value::*;
use crate::workspace::unit::{Unit, UnitKind};
use crate::workspace::world::Reader;

/// Loops nested deeper than this are walked once.
const DEEP_LOOPS: usize = 3;

/// Evaluates one unit against the cells that the reader shows.
pub fn evaluate(unit: &Unit, reader: &Reader) -> Outcome {
    let mut flow = Flow::new(unit, reader);
    flow.run();
    flow.finish()
}

/// The same, with every expression noted in [`Outcome::seen`], not only what patterns capture.
pub fn evaluate_all(unit: &Unit, reader: &Reader) -> Outcome {
    let mut flow = Flow::new(unit, reader);
    flow.watches_all = true;
    flow.run();
    flow.finish()
}

fn with_room<K, V>(room: usize) -> FxHashMap<K, V> {
    FxHashMap::with_capacity_and_hasher(room, FxBuildHasher)
}

struct Flow<'a> {
    unit: &'a Unit,
    reader: &'a Reader<'a>,
    chunk: u16,
    facts: &'a ChunkFacts,
    function: FunctionId,
    /// One a function of the chunk: what its slots ever held, and what it returned.
    frames: Vec<Frame>,
    state: State,
    /// What module- or class-level names ever held.
    ever_names: FxHashMap<SmolStr, Value>,
    loops: SmallVec<[LoopNote; 2]>,
    rounds: Vec<Round<'a>>,
    guards: u32,
    /// Those of them that only test what this very object keeps.
    own_guards: u32,
    main: bool,
    returning: bool,
    /// The parameter that the branch found missing.
    instead_of: Option<u16>,
    /// A branch of this function has returned.
    returned_early: bool,
    /// Inside a branch that never runs: nothing is noted of holders.
    muted: u32,
    /// Inside a branch that a comparison of sizes or times guards.
    expiring: u32,
    /// Inside a branch that runs while something is still missing.
    starting: u32,
    /// In the call that makes a thread or process.
    makes_thread: bool,
    /// Inside a branch that only runs where whoever makes the object sets this limit.
    limit: Option<Place>,
    /// The limits that calls of constructors set.
    limited: Vec<(Site, Place)>,
    /// Which holder was read under which key, in this function.
    looked: FxHashSet<(String, String)>,
    /// What locals were read from, none where that is no place.
    origins: FxHashMap<(FunctionId, Slot), Option<String>>,
    tells: FxHashMap<CellKey, Value>,
    /// In a chunk with nested functions: what was first asked of what the walk itself tells.
    asked: Option<RefCell<FxHashMap<CellKey, Value>>>,
    /// A nested function has changed what a local of one around it ever held.
    fills_outer: bool,
    seen: FxHashMap<(u16, ExprId), Seen>,
    scoped: FxHashSet<Site>,
    watched: Vec<bool>,
    watches_all: bool,
    /// Where the chunk's expressions stand, once somebody asks.
    standing: Option<uses::Standing>,
}

#[derive(Clone, Debug, Default)]
struct Frame {
    ever: Vec<Value>,
    ever_varying: Vec<bool>,
    returns: Value,
    yields: Value,
    /// It gives what it read to a template.
    shows: bool,
}

/// A local, or a name of the module's own code.
#[derive(Clone, Debug, PartialEq, Eq)]
enum ExprName {
    Local(Slot),
    Global(SmolStr),
}

/// What a loop's statements go through in each round.
struct Round<'a> {
    /// Where the loop stands.
    at: Span,
    /// What `enumerate` counts its rounds with.
    index: Option<ExprName>,
    body: &'a [Stmt],
}

/// What holds at one point of the flow.
#[derive(Clone, Debug, Default, PartialEq)]
struct State {
    slots: Vec<Value>,
    varying: Vec<bool>,
    names: FxHashMap<SmolStr, Value>,
    /// Names whose page iterator was gone through to its end, on every way to this point.
    spent: Vec<ExprName>,
    /// Set once `return`, `raise`, `break` or `continue` was met.
    dead: bool,
}

impl State {
    fn join(&mut self, other: &State) {
        if other.dead {
            return;
        }
        if self.dead {
            *self = other.clone();
            return;
        }
        for (mine, theirs) in self.slots.iter_mut().zip(&other.slots) {
            *mine = mine.join(theirs);
        }
        for (mine, theirs) in self.varying.iter_mut().zip(&other.varying) {
            *mine |= theirs;
        }
        self.spent.retain(|name| other.spent.contains(name));
        for (name, theirs) in &other.names {
            let mine = self.names.entry(name.clone()).or_default();
            *mine = mine.join(theirs);
        }
    }
}

impl<'a> Flow<'a> {
    fn new(unit: &'a Unit, reader: &'a Reader<'a>) -> Self {
        // A unit mostly comes to what it came to before.
        let before = reader.world().outcome(unit.id);
        let room = |of: fn(&Outcome) -> usize| before.map_or(8, |before| of(before));
        reader.expect(room(|before| before.reads.len()));
        Flow {
            unit,
            reader,
            chunk: 0,
            facts: &unit.chunks[0].facts,
            function: 0,
            frames: Vec::new(),
            state: State::default(),
            ever_names: FxHashMap::default(),
            loops: SmallVec::new(),
            rounds: Vec::new(),
            guards: 0,
            own_guards: 0,
            main: false,
            returning: false,
            instead_of: None,
            returned_early: false,
            muted: 0,
            expiring: 0,
            starting: 0,
            makes_thread: false,
            limit: None,
            limited: Vec::new(),
            looked: FxHashSet::default(),
            origins: FxHashMap::default(),
            tells: with_room(room(|before| before.tells.len())),
            asked: None,
            fills_outer: false,
            seen: with_room(room(|before| before.seen.len())),
            scoped: FxHashSet::default(),
            watched: Vec::new(),
            watches_all: false,
            standing: None,
        }
    }

    fn run(&mut self) {
        let settings =
            self.unit.kind == UnitKind::Module && self.reader.may_be_settings(self.unit.file);
        for number in 0..self.unit.chunks.len() {
            self.enter_chunk(number);
            if self.facts.checkpoints {
                self.note(&notes_of(self.unit.file), Mark::Checkpoints);
            }
            if self.facts.asks {
                self.note(&notes_of(self.unit.file), Mark::Asks);
            }
            if self.facts.guards {
                self.note(&notes_of(self.unit.file), Mark::Guards);
            }
            if settings {
                self.note_settings();
            }
            // A nested function may be called before its own body was seen: a second walk knows its result.
            let mut nested = (self.facts.functions.iter().skip(2))
                .filter(|function| !function.is_lambda || !function.body.is_empty());
            self.asked = nested.next().map(|_| RefCell::default());
            let spent = self.state.spent.clone();
            self.walk_chunk();
            let Some(asked) = self.asked.take() else {
                continue;
            };
            let mut asked = asked.into_inner().into_iter();
            if self.fills_outer || asked.any(|(key, then)| self.so_far(key) != then) {
                self.state.spent = spent;
                self.walk_chunk();
            }
        }
    }

    fn enter_chunk(&mut self, number: usize) {
        let chunk = &self.unit.chunks[number];
        self.chunk = number as u16;
        self.fills_outer = false;
        self.facts = &chunk.facts;
        self.main = chunk.main;
        self.standing = None;
        self.frames = self
            .facts
            .functions
            .iter()
            .map(|function| Frame {
                ever: vec![Value::UNKNOWN; function.locals.len()],
                ever_varying: vec![false; function.locals.len()],
                ..Frame::default()
            })
            .collect();
        self.watched = vec![self.watches_all; self.facts.exprs.len()];
        for captured in self.facts.matches.iter().flat_map(|one| &one.captures) {
            if let Some(expr) = captured.expr {
                self.watched[expr as usize] = true;
            }
        }
    }

    fn walk_chunk(&mut self) {
        self.function = 0;
        let own = &self.facts.functions[0];
        self.state.slots = vec![Value::UNKNOWN; own.locals.len()];
        self.state.varying = vec![false; own.locals.len()];
        self.state.dead = false;
        let facts = self.facts;
        match facts.kind {
            ChunkKind::Statement => self.block(&facts.functions[0].body),
            ChunkKind::Class => {
                for &decorator in &facts.functions[0].decorators {
                    self.eval(decorator);
                    if self.makes_once(decorator) {
                        self.one_instance();
                    }
                }
                let (mut bases, mut keywords) = (Value::UNKNOWN, Value::UNKNOWN);
                for base in &facts.functions[0].body {
                    if let Stmt::Expr(base) = base {
                        bases = bases.join(&self.eval(*base));
                        // `metaclass=Singleton`.
                        let named = match facts.expr(*base) {
                            Expr::Other(parts) if parts.len() == 1 => {
                                keywords = keywords.join(&self.peek(parts[0]));
                                parts[0]
                            }
                            _ => *base,
                        };
                        if calls::has_name(facts, named, &FRAMEWORKS.decorators.singleton_named) {
                            self.one_instance();
                        }
                    }
                }
                if let Some(class) = self.unit.class {
                    for atom in bases.atoms().iter().chain(keywords.atoms()) {
                        // A base class may hold what its heirs use.
                        if let What::Unloaded(file) = atom.what {
                            self.tell(CellKey::Unloaded(file), Value::of(What::Mark(Mark::Called)));
                        }
                    }
                    if self.keeps_instances(&keywords) {
                        self.tell(CellKey::Life(class), Value::of(What::Mark(Mark::Single)));
                    }
                    self.tell(CellKey::Bases(class), bases);
                }
            }
            ChunkKind::Function => {}
        }
        let names = std::mem::take(&mut self.state.names);
        let spent = std::mem::take(&mut self.state.spent);
        for id in 1..facts.functions.len() {
            self.body(id as FunctionId);
        }
        self.state = State {
            names,
            spent,
            ..State::default()
        };
    }

    // ---- functions ----

    fn func(&self, function: FunctionId) -> FuncId {
        FuncId {
            unit: self.unit.id,
            function,
        }
    }

    fn body(&mut self, id: FunctionId) {
        let facts = self.facts;
        let function = &facts.functions[id as usize];
        // Decorators and defaults run where the definition stands; only their values count here.
        self.function = function.parent;
        self.state = State::default();
        self.state.slots = self.frames[function.parent as usize].ever.clone();
        self.state.varying = self.frames[function.parent as usize].ever_varying.clone();
        for &decorator in &function.decorators {
            self.eval(decorator);
        }
        let defaults: Vec<Value> = function
            .params
            .iter()
            .map(|param| {
                let mut given = Value::UNKNOWN;
                for asked in dependencies(facts, param) {
                    given = given.join(&self.eval(asked));
                }
                let Some(default) = param.default else {
                    return given;
                };
                let value = self.eval(default);
                // `max_size=float("inf")` is as good as `max_size=None`.
                given.join(&match is_infinite(self.facts, default) {
                    true => Value::of(What::Nothing),
                    false => value,
                })
            })
            .collect();

        self.function = id;
        self.state.slots = vec![Value::UNKNOWN; function.locals.len()];
        self.state.varying = vec![false; function.locals.len()];
        self.loops.clear();
        self.looked.clear();
        self.returned_early = false;
        self.guards = 0;
        self.own_guards = 0;
        let own = self.func(id);
        self.roles(id);
        let class = self
            .unit
            .class
            .filter(|_| id == 1 && self.unit.kind == UnitKind::Function);
        let definition = Site {
            unit: self.unit.id,
            chunk: self.chunk,
            at: At::Definition(id),
        };
        let signature = crate::workspace::unit::Signature { facts, function };
        let told = signature.hands_on() && {
            let entry = self.so_far(CellKey::Entry(own));
            // A framework calls it, whoever else does.
            let root = |atom: &Atom| {
                atom.what == What::Mark(Mark::Request) && atom.steps[..] == [definition]
            };
            entry.has(Mark::Named) && !entry.atoms().iter().any(root)
        };
        for (slot, param) in function.params.iter().enumerate() {
            let receiver = class.filter(|_| {
                slot == 0 && param.kind == ParamKind::Plain && !self.is_static(function)
            });
            let value = match receiver {
                Some(class) if self.is_class_method(function) => Value::of(What::Class(class)),
                Some(class) => Value::of(What::Instance(class)),
                None => self.param(own, slot as u16, param, &defaults[slot]),
            };
            // What every known call leaves alone, or gives a constant, is the same each time.
            let same = told && !self.reader.is_varied(own, slot as u16);
            self.state.varying[slot] =
                receiver.is_none() && !same && !self.is_injected_alike(param);
            self.set_slot(slot as Slot, value);
        }
        if self.pages_by_recursion(function) {
            let pages = LoopNote {
                pages: true,
                by_keys: true,
                at: function
                    .params
                    .first()
                    .map(|param| param.span)
                    .unwrap_or_default(),
                ..LoopNote::default()
            };
            self.loops.push(pages);
        }
        self.block(&function.body);
        self.loops.clear();
        let frame = &self.frames[id as usize];
        let mut returns = frame.returns.clone();
        if function.is_generator {
            returns = self.generated(function);
        }
        if let Some(annotation) = function.returns {
            let declared = self.annotation(
                annotation,
                Site {
                    unit: self.unit.id,
                    chunk: self.chunk,
                    at: At::Definition(id),
                },
            );
            if returns.data().next().is_none() {
                returns = returns.join(&declared);
            }
        }
        if self.is_memoised(own) {
            // A memoised factory's instances live as long as its cache.
            for atom in returns.atoms() {
                if let What::Instance(class) = atom.what {
                    let lives = Atom {
                        what: What::Mark(Mark::Lives(Lifetime::Process)),
                        held: None,
                        nested: Nest::Not,
                        ..atom.clone()
                    };
                    self.tell(CellKey::Life(class), Value::one(lives));
                }
            }
        }
        self.leaves_to_settings(id, &returns, definition);
        self.tell(CellKey::Return(own), returns);
    }

    /// Does the function fetch the next page by calling itself?
    fn pages_by_recursion(&mut self, function: &Function) -> bool {
        if function.name.is_empty() || !self.speaks_of_pages() {
            return false;
        }
        let facts: &'a ChunkFacts = self.facts;
        facts.calls.iter().any(|&call| {
            let Expr::Call(of) = facts.expr(call) else {
                return false;
            };
            if facts.owner(call) != self.function {
                return false;
            }
            match facts.expr(of.function) {
                // In a method, `scan(…)` is the module's.
                Expr::Name(name) => {
                    *name == function.name && (self.unit.class.is_none() || self.function > 1)
                }
                // `response.get("LastEvaluatedKey")` in a view's `get` calls another one.
                Expr::Attr(base, name) => *name == function.name && self.may_be_own(*base),
                _ => false,
            }
        })
    }

    /// `self` or the class: who has this function as a method. `TABLE.query(…)` in a `query` calls
    /// another one, and so does `super().query(…)`.
    fn may_be_own(&mut self, base: ExprId) -> bool {
        let Some(class) = self.unit.class else {
            return false;
        };
        match self.facts.expr(base) {
            Expr::Local(slot) | Expr::Outer(_, slot) => *slot == 0,
            Expr::Name(_) => {
                let value = self.peek(base);
                let reader = self.reader;
                value.atoms().iter().any(|atom| match atom.what {
                    What::Class(named) | What::Instance(named) => {
                        reader.class_chain(named).contains(&class)
                    }
                    _ => false,
                })
            }
            _ => false,
        }
    }

    /// What a generator function gives when it is called.
    fn generated(&mut self, function: &Function) -> Value {
        let yields = self.frames[self.function as usize].yields.clone();
        let scoped = function.decorators.iter().any(|&decorator| {
            self.symbol_of(decorator).is_some_and(|symbol| {
                symbol.contains("contextmanager") || symbol.contains("fixture")
            })
        });
        // A context manager or fixture hands out what it yields; so does a generator of clients or tables.
        yields.map(|atom| {
            let kind = atom.data().map(|data| data.kind);
            match kind {
                // Only `with` takes it out.
                Some(_) if scoped => Some(Atom {
                    nested: Nest::Inside,
                    ..atom.clone()
                }),
                Some(Kind::ItemIterator | Kind::PageIterator | Kind::ResultIterator) => {
                    Some(atom.clone())
                }
                Some(_) => Some(Atom {
                    nested: Nest::Lazy,
                    ..atom.clone()
                }),
                None => scoped.then(|| atom.clone()),
            }
        })
    }

    fn is_static(&self, function: &Function) -> bool {
        function.decorators.iter().any(|&decorator| matches!(self.facts.expr(decorator), Expr::Name(name) if name == "staticmethod"))
    }

    fn is_class_method(&self, function: &Function) -> bool {
        matches!(function.name.as_str(), "__new__" | "__init_subclass__" | "__class_getitem__") || function.decorators.iter().any(|&decorator| matches!(self.facts.expr(decorator), Expr::Name(name) if name == "classmethod" || name == "validator" || name == "root_validator"))
    }

    fn param(&mut self, own: FuncId, slot: u16, param: &Param, default: &Value) -> Value {
        let site = Site {
            unit: self.unit.id,
            chunk: self.chunk,
            at: At::Param(own.function, slot),
        };
        let mut value = Value::of(What::Param(own, slot));
        if let Some(annotation) = param.annotation {
            value = value.join(&self.annotation(annotation, site));
        }
        if default
            .atoms()
            .iter()
            .any(|atom| matches!(atom.what, What::Container(..)))
        {
            value = value.join(
                &names::stored_at(default, &Place::Default(own, slot))
                    .join(&self.cell(CellKey::Slot(Place::Default(own, slot)))),
            );
        } else {
            value = value.join(&default.filter(|atom| {
                matches!(
                    atom.what,
                    What::Data(_)
                        | What::Instance(_)
                        | What::Object(_)
                        | What::Function(_)
                        | What::Class(_)
                        | What::Symbol(_)
                        | What::Nothing
                        | What::Int(_)
                )
            }));
        }
        if param.name == "request" && slot <= 1 {
            let sure = if self.is_view(own) {
                Confidence::High
            } else {
                Confidence::Low
            };
            value = value.join(&Value::one(
                Atom::new(What::Object("request".into())).sure(sure),
            ));
        }
        value
    }

    pub(super) fn is_view(&self, own: FuncId) -> bool {
        self.runs_of(own).has(Mark::Request)
    }

    // ---- statements ----

    fn block(&mut self, block: &'a [Stmt]) {
        let guards = self.guards;
        for stmt in block {
            if self.state.dead {
                break;
            }
            self.stmt(stmt);
        }
        self.guards = guards;
    }

    fn stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::Expr(value) => {
                self.eval(*value);
            }
            Stmt::Assign {
                targets,
                value,
                annotation,
            } => {
                let site = Site {
                    unit: self.unit.id,
                    chunk: self.chunk,
                    at: At::Chunk,
                };
                // `if fresh: return` before `cls.table = make()`: runs when it is due, not each time.
                let due =
                    self.returned_early && targets.iter().any(|&target| self.is_shared(target));
                if self.assigns_each(targets, *value) {
                    return;
                }
                self.guards += due as u32;
                let mut assigned = self.eval(*value);
                self.guards -= due as u32;
                for &target in targets {
                    self.note_origin(target, *value);
                }
                if let Some(annotation) = annotation {
                    let declared = self.annotation(*annotation, site);
                    // `store: Store | None = None` in a class body keeps no store for all instances.
                    let body = self.unit.kind == UnitKind::Class && self.function == 0;
                    let kept = |atom: &Atom| !body || !matches!(atom.what, What::Instance(_));
                    assigned = assigned.join(&declared.filter(kept));
                }
                let keeper = self.keeper(targets, &assigned);
                for &target in targets {
                    let assigned = match &keeper {
                        Some((other, place)) if *other != target => {
                            targets::kept_in(&assigned, place)
                        }
                        _ => assigned.clone(),
                    };
                    self.assign(target, assigned, Some(*value));
                }
            }
            Stmt::Declare { target, annotation } => {
                let site = Site {
                    unit: self.unit.id,
                    chunk: self.chunk,
                    at: At::Chunk,
                };
                let declared = self.annotation(*annotation, site);
                match (self.facts.expr(*target), self.unit.class) {
                    _ if declared.is_unknown() => {}
                    // `store: Store` in a class body is a field of each instance.
                    (Expr::Name(name), Some(class)) if self.unit.kind == UnitKind::Class => {
                        self.tell(CellKey::Attr(class, name.clone()), declared)
                    }
                    _ => self.assign(*target, declared, None),
                }
            }
            Stmt::Augment {
                target,
                operator,
                value,
            } => self.augment(*target, *operator, *value),
            Stmt::Return(value) => {
                if let Some(value) = value {
                    let outside = std::mem::replace(&mut self.returning, true);
                    let returned = self.eval(*value);
                    self.returning = outside;
                    self.escapes(&returned);
                    let frame = &mut self.frames[self.function as usize];
                    frame.returns = frame.returns.join(&returned);
                }
                self.state.dead = true;
            }
            Stmt::Raise(parts) => {
                for part in parts {
                    self.eval(*part);
                }
                self.state.dead = true;
            }
            Stmt::Delete(targets) => {
                for &target in targets {
                    self.delete(target);
                }
            }
            Stmt::If { test, then, other } => self.conditional(*test, then, other),
            Stmt::While { test, body, other } => self.while_loop(*test, body, other),
            Stmt::For {
                target,
                iter,
                body,
                other,
            } => self.for_loop(*target, *iter, body, other),
            Stmt::With { items, body } => {
                for item in items {
                    let value = self.eval(item.value);
                    self.escapes(&value);
                    let site = match self.facts.expr(item.value) {
                        Expr::Call(call) => self.site(call.number),
                        _ => self.own_site(),
                    };
                    self.enters(&value, site);
                    if let Some(target) = item.target {
                        let entered = self.entered(&value);
                        self.assign(target, entered, Some(item.value));
                    }
                }
                self.block(body);
            }
            Stmt::Try {
                body,
                handlers,
                other,
                finally,
            } => {
                let before = self.state.clone();
                self.block(body);
                // A handler can start after any statement of the body.
                let mut interrupted = before;
                let mut done = self.state.clone();
                done.dead = false;
                interrupted.join(&done);
                if !self.state.dead {
                    self.block(other);
                }
                let mut after = std::mem::take(&mut self.state);
                for handler in handlers {
                    self.state = interrupted.clone();
                    if let Some(kind) = handler.kind {
                        self.eval(kind);
                    }
                    if let Some(target) = handler.target {
                        let caught = self.caught();
                        self.assign(target, caught, None);
                    }
                    let miss = handler.kind.is_some_and(|kind| self.facts.any(kind, &mut |_, expr| matches!(expr, Expr::Name(name) if name == "KeyError" || name == "AttributeError" || name == "NameError")));
                    self.guards += miss as u32;
                    self.block(&handler.body);
                    self.guards -= miss as u32;
                    after.join(&self.state);
                }
                self.state = after;
                if !finally.is_empty() {
                    let dead = std::mem::replace(&mut self.state.dead, false);
                    self.block(finally);
                    self.state.dead |= dead;
                }
            }
            Stmt::Match { subject, cases } => {
                self.eval(*subject);
                let before = self.state.clone();
                let mut after = before.clone();
                for case in cases {
                    self.state = before.clone();
                    self.block(case);
                    after.join(&self.state);
                }
                self.state = after;
            }
            Stmt::Import(imports) => {
                for import in imports {
                    if let Some(target) = import.target {
                        let value = self.reader.import(self.unit.file, import);
                        self.assign(target, value, None);
                    }
                }
            }
            Stmt::Define(id, target) => {
                let value = self.closure(*id);
                self.assign(*target, value, None);
            }
            Stmt::Class(index) => {
                let class = &self.facts.classes[*index as usize];
                let mut models = Value::UNKNOWN;
                for &base in &class.bases {
                    let base = self.eval(base);
                    // `class Order(BaseOrder): class Meta: table_name = name` reads what its base reads.
                    let is_model = |atom: &Atom| matches!(atom.what, What::Class(class) if self.has_role(class, Role::Model));
                    models = models.join(&base.filter(is_model));
                }
                self.assign(class.target, models, None);
            }
            Stmt::Break | Stmt::Continue => self.state.dead = true,
            Stmt::Pass => {}
        }
    }

    /// An exception whose traceback holds this frame, where that holds pages.
    fn caught(&self) -> Value {
        let page = |atom: &&Atom| {
            let whole = |data: Data| {
                matches!(data.kind, Kind::Page | Kind::Items | Kind::Records) && !data.single
            };
            atom.data().is_some_and(whole)
        };
        let mut atoms = self.state.slots.iter().flat_map(Value::atoms);
        let exception = |atom: &Atom| Atom {
            steps: atom.steps.clone(),
            ..Atom::new(What::Object("exception".into())).sure(atom.confidence)
        };
        let held = atoms.find(page).map(exception);
        held.map(Value::one).unwrap_or_default()
    }

    fn conditional(&mut self, test: ExprId, then: &'a [Stmt], other: &'a [Stmt]) {
        self.eval(test);
        let limits = self.limits_in(test);
        let never = limits.iter().any(|&part| self.is_unset(part));
        let limit = limits.iter().find_map(|&part| self.limit_of(part));
        let main = self.is_main_test(test);
        let before = self.state.clone();
        let (fills, filled) = (
            self.fills_tested(test, then),
            self.returns_tested(test, then),
        );
        let own = fills && self.tests_own(test);
        let outside = self.main;
        let expires = self.is_order(test) as u32;
        self.expiring += expires;
        let starts =
            (asks_for_nothing(self.facts, test) && !asks_a_setting(self.facts, test)) as u32;
        self.starting += starts;
        self.main |= main;
        self.guards += fills as u32;
        self.own_guards += own as u32;
        self.muted += never as u32;
        let limit = limit.or_else(|| self.limit.clone());
        let unlimited = std::mem::replace(&mut self.limit, limit);
        let counted = self.counted_loops(test);
        self.in_bounds(counted, |flow| {
            flow.where_missing(flow.missing_param(test), |flow| flow.branch(then));
        });
        self.limit = unlimited;
        self.muted -= never as u32;
        self.expiring -= expires;
        self.starting -= starts;
        self.guards -= fills as u32;
        self.own_guards -= own as u32;
        self.main = outside;
        let after = std::mem::replace(&mut self.state, before);
        let fills_other = !other.is_empty() && self.fills_tested(test, other);
        self.guards += fills_other as u32;
        self.where_missing(self.given_param(test), |flow| flow.branch(other));
        self.guards -= fills_other as u32;
        self.state.join(&after);
        self.returned_early |= after.dead && other.is_empty();
        // `if _client: return _client` guards the rest of the block.
        self.guards += filled as u32;
    }

    /// `settings: Settings = Depends(get_settings)`: what a function without parameters gives is no request's.
    fn is_injected_alike(&mut self, param: &Param) -> bool {
        let facts: &'a ChunkFacts = self.facts;
        let given = |expr: ExprId| match facts.expr(expr) {
            Expr::Call(call) => call.args.first().map(|arg| arg.value),
            _ => None,
        };
        let default = param.default.filter(|&default| depends(facts, default));
        let Some(function) = default
            .or_else(|| dependencies(facts, param).first().copied())
            .and_then(given)
        else {
            return false;
        };
        let settings = matches!(facts.expr(function), Expr::Name(name) if name.ends_with("settings") || name.ends_with("config"));
        self.peek(function)
            .atoms()
            .iter()
            .any(|atom| match atom.what {
                What::Function(function) => (self.reader.signature(function))
                    .is_some_and(|signature| signature.params().is_empty()),
                What::Unloaded(_) => settings,
                _ => false,
            })
    }

    /// A branch that ends with `return` or `break` runs in one round of the loop that it leaves.
    fn branch(&mut self, block: &'a [Stmt]) {
        let first = match block.last() {
            Some(Stmt::Return(_)) => 0,
            Some(Stmt::Break) => self.loops.len().saturating_sub(1),
            _ => return self.block(block),
        };
        self.in_bounds(first..self.loops.len(), |flow| flow.block(block));
    }

    /// What runs in few rounds of these loops.
    fn in_bounds(&mut self, loops: impl IntoIterator<Item = usize>, walk: impl FnOnce(&mut Self)) {
        let endless = |number: &usize| !self.loops[*number].bounded;
        let bounded: SmallVec<[usize; 2]> = loops.into_iter().filter(endless).collect();
        for &number in &bounded {
            self.loops[number].bounded = true;
        }
        walk(self);
        for number in bounded {
            self.loops[number].bounded = false;
        }
    }

    /// The parameter that `not x` or `x is None` asks for.
    fn missing_param(&self, test: ExprId) -> Option<u16> {
        match self.facts.expr(test) {
            Expr::Not(inner) => self.own_param(*inner),
            Expr::Compare(parts, operators)
                if matches!(operators[..], [Comparison::Is | Comparison::Equal]) =>
            {
                self.param_but_none(parts)
            }
            _ => None,
        }
    }

    /// The parameter that `x` or `x is not None` asks for, which is missing where it does not hold.
    fn given_param(&self, test: ExprId) -> Option<u16> {
        match self.facts.expr(test) {
            Expr::Compare(parts, operators)
                if matches!(operators[..], [Comparison::IsNot | Comparison::NotEqual]) =>
            {
                self.param_but_none(parts)
            }
            _ => self.own_param(test),
        }
    }

    fn param_but_none(&self, compared: &[ExprId]) -> Option<u16> {
        match *compared {
            [param, other] if matches!(self.facts.expr(other), Expr::None) => self.own_param(param),
            _ => None,
        }
    }

    fn own_param(&self, expr: ExprId) -> Option<u16> {
        let params = &self.facts.functions[self.function as usize].params;
        match self.facts.expr(expr) {
            Expr::Local(slot) if (*slot as usize) < params.len() => Some(*slot),
            _ => None,
        }
    }

    /// What only runs where the parameter is missing, if it is one.
    fn where_missing<T>(&mut self, param: Option<u16>, walk: impl FnOnce(&mut Self) -> T) -> T {
        let instead_of = param.or(self.instead_of);
        let outside = std::mem::replace(&mut self.instead_of, instead_of);
        let walked = walk(self);
        self.instead_of = outside;
        walked
    }

    /// A name of the module or class, which all calls share.
    fn is_shared(&mut self, target: ExprId) -> bool {
        match self.facts.expr(target) {
            Expr::Name(_) => self.function != 0,
            Expr::Attr(base, _) => self
                .peek(*base)
                .atoms()
                .iter()
                .any(|atom| matches!(atom.what, What::Class(_) | What::Module(_))),
            _ => false,
        }
    }

    fn is_main_test(&self, test: ExprId) -> bool {
        self.unit.kind == UnitKind::Module
            && matches!(self.facts.expr(test), Expr::Compare(parts, _) if parts.iter().any(|&part| matches!(self.facts.expr(part), Expr::Name(name) if name == "__name__")))
    }

    fn while_loop(&mut self, test: ExprId, body: &'a [Stmt], other: &'a [Stmt]) {
        let tested = self.eval(test);
        let mut note = self.loop_note(body, Some(test), test);
        if is_page_key(&tested) {
            note.pages = true;
            note.by_keys = true;
        }
        note.endless = matches!(self.facts.expr(test), Expr::True | Expr::Int(_))
            || tested.is_unknown()
                && matches!(
                    self.facts.expr(test),
                    Expr::Attr(..) | Expr::Not(_) | Expr::Call(_)
                );
        note.forever = never_ends(self.facts, test, body);
        if note.endless && !note.breaks && !note.pages {
            self.lives_by_loop();
        }
        self.note_filled_once(test, note.at.start);
        self.rounds.push(Round {
            at: note.at,
            index: None,
            body,
        });
        let breaks = note.breaks;
        self.looped(note, body, |_| {}, Some(test));
        self.rounds.pop();
        self.ended(other, breaks);
    }

    fn for_loop(&mut self, target: ExprId, iter: ExprId, body: &'a [Stmt], other: &'a [Stmt]) {
        let iterated = self.eval(iter);
        let mut note = self.loop_note(body, None, iter);
        note.pages = iterated.data().any(|(atom, data)| {
            unbounded(data) && atom.nested != Nest::Inside
                || atom.nested == Nest::Lazy && !data.limited
        });
        note.by_keys = false;
        note.forever = iterated.atoms().iter().any(|atom| {
            let of = |path: &SmolStr| any_fits(&FRAMEWORKS.consumers, path);
            matches!(&atom.what, What::Object(path) if of(path))
        });
        note.endless = note.forever
            || self.symbol_call(iter).is_some_and(|symbol| {
                symbol == "itertools.count" || symbol == "itertools.repeat" || symbol == "iter"
            });
        if !note.breaks {
            // Read to its end: nothing is suspended any more.
            for place in iterated
                .filter(|atom| atom.nested == Nest::Lazy)
                .places()
                .cloned()
                .collect::<Vec<_>>()
            {
                self.note(&place, Mark::EmptiedBy(self.func(self.function)));
            }
        }
        let element = self.element(&iterated);
        let varies = self.varies(iter) || !self.is_one(iter);
        let to_its_end = !note.breaks;
        self.rounds.push(Round {
            at: note.at,
            index: self.index(target, iter),
            body,
        });
        self.looped(
            note,
            body,
            move |flow| flow.assign_varying(target, element.clone(), varies),
            None,
        );
        self.rounds.pop();
        if to_its_end {
            self.spend(iter);
        }
        self.ended(other, !to_its_end);
    }

    /// A loop's `else`, past which a `break` goes on.
    fn ended(&mut self, other: &'a [Stmt], breaks: bool) {
        if other.is_empty() {
            return;
        }
        let broken = breaks.then(|| self.state.clone());
        self.block(other);
        if let Some(broken) = broken {
            self.state.join(&broken);
        }
    }

    /// A loop's body twice, where what one round leaves makes the next one start from something else.
    fn looped(
        &mut self,
        note: LoopNote,
        body: &'a [Stmt],
        bind: impl Fn(&mut Self),
        test: Option<ExprId>,
    ) {
        let before = self.state.clone();
        self.loops.push(note);
        bind(self);
        let (began, looked) = (self.state.clone(), self.looked.len());
        self.round(body, &before);
        // `for _ in range(3)` reads three pages, however many there are.
        let goes_on = test.is_some() || self.loops.last().is_some_and(|note| note.endless);
        let paged = goes_on && self.ends_with_pages(body);
        if paged {
            let note = self.loops.last_mut().expect("pushed above");
            note.pages = true;
            note.by_keys = true;
        }
        // Two walks a loop would be 2^n of n nested ones: the inner loops of deep nests are walked once.
        if self.loops.len() <= DEEP_LOOPS {
            let left = self.state.clone();
            bind(self);
            if !paged && looked == self.looked.len() && self.state == began {
                self.state = left;
            } else {
                if let Some(test) = test {
                    self.eval(test);
                }
                self.round(body, &before);
            }
        }
        self.loops.pop();
    }

    /// One walk of a loop's body; what it leaves joins what there was before the loop.
    fn round(&mut self, body: &'a [Stmt], before: &State) {
        self.block(body);
        // A round that leaves the loop leaves nothing to the next one.
        let spent = match self.state.dead {
            true => before.spent.clone(),
            false => std::mem::take(&mut self.state.spent),
        };
        self.state.dead = false;
        self.state.join(before);
        self.state.spent = spent;
    }

    /// `items, key = page(key)` … `if not key: break`: the helper that reads the page hands the next one's key on.
    fn ends_with_pages(&mut self, body: &'a [Stmt]) -> bool {
        let facts = self.facts;
        let mut tests = Vec::new();
        effects::visit(body, &mut |stmt| {
            if let Stmt::If { test, then, .. } = stmt
                && then
                    .iter()
                    .any(|stmt| matches!(stmt, Stmt::Break | Stmt::Return(_)))
            {
                tests.push(*test);
            }
        });
        tests.into_iter().any(|test| {
            let tested = match facts.expr(test) {
                Expr::Not(inner) => *inner,
                Expr::Compare(parts, operators)
                    if matches!(operators[..], [Comparison::Is | Comparison::Equal])
                        && matches!(facts.expr(parts[1]), Expr::None) =>
                {
                    parts[0]
                }
                _ => return false,
            };
            is_page_key(&self.peek(tested))
        })
    }

    // ---- places and slots ----

    fn set_slot(&mut self, slot: Slot, value: Value) {
        let ever = &mut self.frames[self.function as usize].ever[slot as usize];
        *ever = ever.join(&value);
        self.state.slots[slot as usize] = value;
    }

    fn cell(&self, key: CellKey) -> Value {
        self.reader.cell(key)
    }

    fn tell(&mut self, key: CellKey, value: Value) {
        if value.is_unknown() {
            return;
        }
        let told = self.tells.entry(key).or_default();
        *told = told.join(&value);
    }

    fn site(&self, call: u16) -> Site {
        Site {
            unit: self.unit.id,
            chunk: self.chunk,
            at: At::Call(call),
        }
    }

    /// The function itself, or the top of the chunk.
    fn own_site(&self) -> Site {
        Site {
            unit: self.unit.id,
            chunk: self.chunk,
            at: match self.function {
                0 => At::Chunk,
                function => At::Definition(function),
            },
        }
    }

    fn escapes(&mut self, value: &Value) {
        for atom in value.atoms() {
            self.scoped.extend(atom.steps.iter().copied());
        }
    }

    fn situation(&self, expr: ExprId) -> Situation {
        Situation {
            loops: self.loops.clone(),
            guarded: self.guards > 0,
            own: self.guards > 0 && self.own_guards == self.guards,
            instead_of: self.instead_of,
            main: self.main,
            varies: self.varies(expr),
            returned: self.returning,
            spent: self.is_spent(expr),
            function: self.function,
        }
    }

    fn see(&mut self, expr: ExprId, value: &Value) {
        // Of what isn't known no rule can say anything.
        if value.is_unknown() || !self.watched.get(expr as usize).copied().unwrap_or(false) {
            return;
        }
        let situation = self.situation(expr);
        let seen = self.seen.entry((self.chunk, expr)).or_default();
        seen.value = seen.value.join(value);
        let varies = seen.situation.varies || situation.varies;
        let spent = seen.situation.spent || situation.spent;
        if situation.loops.len() >= seen.situation.loops.len() {
            seen.situation = situation;
        }
        seen.situation.varies = varies;
        seen.situation.spent = spent;
    }

    fn finish(mut self) -> Outcome {
        if self.unit.kind == UnitKind::Module {
            for (name, value) in std::mem::take(&mut self.ever_names) {
                let key = CellKey::Global(self.unit.file, name);
                self.tell(key, value);
            }
        }
        if let (UnitKind::Class, Some(class)) = (self.unit.kind, self.unit.class) {
            for (name, value) in std::mem::take(&mut self.ever_names) {
                let place = Place::Static(class, name.clone());
                self.tell_bases(class, &place, &value);
                self.tell(CellKey::Static(class, name), value);
            }
            self.class_role(class);
        }
        let mut tells: Vec<(CellKey, Value)> = self.tells.into_iter().collect();
        tells.sort_by(|a, b| a.0.cmp(&b.0));
        Outcome {
            tells,
            reads: self.reader.take_reads(),
            seen: self.seen,
            scoped: self.scoped,
        }
    }

    /// An object whose method loops for ever lives as long as the process.
    fn lives_by_loop(&mut self) {
        let Some(class) = self
            .unit
            .class
            .filter(|_| self.unit.kind == UnitKind::Function)
        else {
            return;
        };
        let site = self.own_site();
        self.tell(
            CellKey::Life(class),
            Value::one(
                Atom::new(What::Mark(Mark::Lives(Lifetime::Process)))
                    .sure(Confidence::Medium)
                    .at(site),
            ),
        );
    }

    /// `@singleton` or `@functools.cache` above a class: the latter makes one for each set of arguments.
    fn makes_once(&mut self, decorator: ExprId) -> bool {
        let known = &FRAMEWORKS.decorators;
        let named = [&known.singleton_named, &known.memoising_named];
        named
            .iter()
            .any(|names| calls::has_name(self.facts, decorator, names))
            || self.symbol_of(decorator).is_some_and(|path| {
                let own = self.reader.own();
                any_fits(&known.memoising, &path)
                    || own.is_some_and(|own| own.is(&path, Life::Memoised))
            })
    }

    /// Is one of these a metaclass whose classes have one object each?
    fn keeps_instances(&self, classes: &Value) -> bool {
        classes.atoms().iter().any(|atom| {
            let What::Class(class) = atom.what else {
                return false;
            };
            let is_type = |class: &ClassId| {
                let known = |path: &SmolStr| matches!(path.as_str(), "type" | "abc.ABCMeta");
                let bases = self.cell(CellKey::Bases(*class));
                bases
                    .atoms()
                    .iter()
                    .any(|atom| matches!(&atom.what, What::Symbol(path) if known(path)))
            };
            let metaclass = self.reader.class_chain(class).iter().any(is_type);
            let made = self.method_of(class, "__call__").filter(|_| metaclass);
            let signature = made.and_then(|made| self.reader.signature(made));
            signature.is_some_and(|signature| signature.keeps_instance())
        })
    }

    /// The constructor of the class runs once.
    fn one_instance(&mut self) {
        let Some(class) = self.unit.class else {
            return;
        };
        let site = Site {
            unit: self.unit.id,
            chunk: 0,
            at: At::Chunk,
        };
        let told = |mark| {
            let atom = Atom::new(What::Mark(mark)).sure(Confidence::Medium);
            Value::one(atom.at(site))
        };
        let lives = told(Mark::Lives(Lifetime::Process));
        self.tell(CellKey::Life(class), lives);
        if let Some(init) = self.reader.members(class).get("__init__") {
            self.tell(CellKey::Context(*init), told(Mark::Memoised));
        }
    }

    fn class_role(&mut self, class: ClassId) {
        let bases = self
            .tells
            .get(&CellKey::Bases(class))
            .cloned()
            .unwrap_or_default();
        let site = Site {
            unit: self.unit.id,
            chunk: 0,
            at: At::Chunk,
        };
        for atom in bases.atoms() {
            match &atom.what {
                What::Symbol(path) => {
                    let own = self.reader.own().and_then(|own| own.role(path));
                    if let Some(role) = own.or_else(|| FRAMEWORKS.role(path)) {
                        self.tell(
                            CellKey::Life(class),
                            Value::one(Atom::new(What::Mark(Mark::Role(role))).at(site)),
                        );
                    }
                }
                // A base in the project hands its role down.
                What::Class(base) => {
                    self.own_role(class, *base, site);
                    let inherited = self.cell(CellKey::Roles(*base));
                    self.tell(CellKey::Life(class), inherited);
                }
                _ => {}
            }
        }
        self.own_role(class, class, site);
        let life = self.tells.get(&CellKey::Life(class));
        if life.is_some_and(|life| life.has(Mark::Single)) {
            self.one_instance();
        }
        // Django's new-style middleware has no base class.
        let members = self.reader.members(class);
        if let (Some(init), true) = (members.get("__init__"), members.contains_key("__call__"))
            && self.reader.signature(*init).is_some_and(|signature| {
                signature
                    .params()
                    .get(1)
                    .is_some_and(|param| param.name == "get_response")
            })
        {
            self.tell(
                CellKey::Life(class),
                Value::one(Atom::new(What::Mark(Mark::Role(Role::Middleware))).at(site)),
            );
        }
    }
}

impl Flow<'_> {
    /// The configuration says what is done with classes that derive from `base`.
    fn own_role(&mut self, class: ClassId, base: ClassId, site: Site) {
        let path = self.reader.own_class(base);
        let role = path.and_then(|path| self.reader.own()?.role(&path));
        if let Some(role) = role {
            let role = Atom::new(What::Mark(Mark::Role(role))).at(site);
            self.tell(CellKey::Life(class), Value::one(role));
        }
    }
}

/// What is noted of a file as a whole: a place that no name can be.
pub fn notes_of(file: FileId) -> Place {
    Place::Global(file, SmolStr::default())
}

/// Does a loop over this go through a whole table?
pub fn unbounded(data: Data) -> bool {
    matches!(
        data.kind,
        Kind::PageIterator | Kind::ItemIterator | Kind::ResultIterator
    ) && !data.limited
}

/// Is it what DynamoDB says of the next page?
fn is_page_key(value: &Value) -> bool {
    value
        .data()
        .any(|(atom, data)| atom.nested == Nest::Not && data.kind == Kind::PageKey)
}

/// `Depends(get_settings)`
fn depends(facts: &ChunkFacts, expr: ExprId) -> bool {
    matches!(facts.expr(expr), Expr::Call(call) if facts.is_named(call.function, "Depends") || facts.is_named(call.function, "Security"))
}

/// Those of `Annotated[Settings, Depends(get_settings)]`, which an annotation has as a generic type.
fn dependencies(facts: &ChunkFacts, param: &Param) -> SmallVec<[ExprId; 1]> {
    let mut found = SmallVec::new();
    let head = |annotation: ExprId| match facts.expr(annotation) {
        Expr::Subscript(base, _) => Some(*base),
        Expr::Other(parts) => parts.first().copied(),
        _ => None,
    };
    let annotation = param.annotation;
    let annotated = annotation
        .and_then(head)
        .is_some_and(|head| facts.is_named(head, "Annotated"));
    if let Some(annotation) = annotation.filter(|_| annotated) {
        facts.any(annotation, &mut |id, _| {
            if depends(facts, id) {
                found.push(id);
            }
            false
        });
    }
    found
}
