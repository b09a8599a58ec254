//! What the whole workspace reads of what a place holds or a function gives.
//!
//! Code that may get at it unseen, by an object that nobody knows or by a name in a text, counts as
//! using all of it.

use std::cell::Cell;

use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use super::Cx;
use crate::facts::{
    Arg, ArgKind, Call, ChunkFacts, Clause, ComprehensionKind, Expr, ExprId, FunctionId, Slot,
    Stmt, is_constant_name,
};
use crate::flow::uses::{Level, Standing, Uses, uses_of};
use crate::flow::{evaluate_all, visit};
use crate::summary::CellKey;
use crate::value::*;
use crate::workspace::unit::{Unit, UnitKind};
use crate::workspace::world::{ROUNDS, Reader};

/// A name is common that stands in more places.
const COMMON: usize = 400;

/// Functions are followed to their callers this many times.
const HOPS: usize = 6;

impl Cx<'_> {
    /// All uses of what a place holds; none where they are not few, or some may be unseen.
    pub fn uses(&self, place: &Place) -> Option<Uses> {
        let told = self.reader.cell(CellKey::Uses(place.clone()));
        let uses = self.followed(&told);
        let few = uses.part().is_some() || uses.few().is_some();
        let known = few && !uses.whole && !told.is_unknown();
        (known && !self.is_reached_unseen(place)).then_some(uses)
    }

    /// All uses of what a function gives.
    pub fn uses_of_result(&self, function: FuncId) -> Uses {
        self.followed(&Value::of(What::Function(function)))
    }

    /// The uses of a read in its own chunk.
    pub fn uses_here(&self, expr: ExprId) -> Option<Uses> {
        let level = Level::of(&self.resolved(&self.outcome.seen.get(&(self.chunk, expr))?.value))?;
        let standing = Standing::of(self.facts);
        Some(uses_of(self.facts, &standing, expr, level))
    }

    fn followed(&self, told: &Value) -> Uses {
        let mut uses = Uses::default();
        let mut pending = uses.add(told);
        let mut known: FxHashSet<FuncId> = FxHashSet::default();
        while let Some((function, nest)) = pending.pop() {
            // Where all is used, or all of the items, what else is read of that changes nothing.
            let all = match nest {
                Nest::Inside => uses.whole_items,
                _ => uses.whole && uses.whole_items,
            };
            if all || !known.insert(function) {
                continue;
            }
            let told = self.reader.cell(CellKey::Used(function));
            let unseen = told.is_unknown() || known.len() > HOPS;
            match nest {
                _ if !unseen && !self.is_called_unseen(function) => pending.extend(uses.add(&told)),
                Nest::Inside => uses.whole_items = true,
                _ => uses.all(),
            }
        }
        uses
    }

    /// Is the function registered, overridden, or called where nobody sees it?
    fn is_called_unseen(&self, function: FuncId) -> bool {
        let Some(signature) = self.reader.signature(function) else {
            return true;
        };
        let name = &signature.function.name;
        let definition = |atom: &Atom| {
            matches!(atom.what, What::Mark(Mark::Request))
                && matches!(
                    atom.steps[..],
                    [Site {
                        at: At::Definition(_),
                        ..
                    }]
                )
        };
        let by_framework = self.reader.cell(CellKey::Context(function));
        if name.starts_with("__")
            || function.function != 1
            || !signature.is_plain()
            || by_framework.atoms().iter().any(definition)
        {
            return true;
        }
        self.strays(name, |unit, facts, id| match facts.expr(id) {
            Expr::Name(_) => is_callee(facts, id) || Standing::of(facts).is_stored(id),
            Expr::Attr(..) => is_callee(facts, id) && self.is_seen(unit, facts, id),
            _ => !is_looked_up(facts, id),
        })
    }

    /// May code get at the place that was not seen to?
    fn is_reached_unseen(&self, place: &Place) -> bool {
        let (class, name) = match place {
            Place::Global(_, name) => (None, name),
            Place::Attr(class, name) | Place::Static(class, name) => (Some(*class), name),
            _ => return true,
        };
        let bases = class.map(|class| self.bases(class)).unwrap_or_default();
        self.strays(name, |unit, facts, id| match facts.expr(id) {
            Expr::Name(_) => true,
            // A base class may read what its heirs store.
            Expr::Attr(..) if is_own(unit, facts, id) => {
                unit.class.is_none_or(|class| !bases.contains(&class))
            }
            Expr::Attr(base, _) => match facts.expr(*base) {
                Expr::Name(module) if class.is_none() => {
                    self.reader.is_import(unit.file, module) || self.is_seen(unit, facts, id)
                }
                _ => self.is_seen(unit, facts, id),
            },
            _ => !is_looked_up(facts, id),
        })
    }

    /// Do all calls of the module's function fill the parameter with a constant?
    pub(super) fn is_always_constant(&self, function: FunctionId, param: usize) -> bool {
        if function != 1 || self.unit.class.is_some() || self.reader.alone() {
            return false;
        }
        let own = &self.facts.functions[function as usize];
        let wanted = &own.params[param].name;
        let named = |arg: &&Arg| matches!(&arg.kind, ArgKind::Keyword(name) if name == wanted);
        let plain = |arg: &&Arg| arg.kind == ArgKind::Plain;
        let called = Cell::new(false);
        let strays = self.strays(&own.name, |_, facts, id| {
            let Some(call) = call_of(facts, id) else {
                return matches!(facts.expr(id), Expr::Name(_))
                    && Standing::of(facts).is_stored(id);
            };
            called.set(true);
            let placed = || call.args.get(param).filter(plain);
            let given = call.args.iter().find(named).or_else(placed);
            given.is_some_and(|arg| match facts.expr(arg.value) {
                Expr::Str(_) | Expr::Int(_) => true,
                Expr::Name(name) | Expr::Attr(_, name) => is_constant_name(name),
                _ => false,
            })
        });
        !strays && called.get()
    }

    /// Does the name stand anywhere that is not as it should be?
    pub(super) fn strays(
        &self,
        name: &SmolStr,
        fine: impl Fn(&Unit, &ChunkFacts, ExprId) -> bool,
    ) -> bool {
        let all = self.reader.named(name);
        // Of a name that stands everywhere nobody can tell, and asking takes long.
        let strays = all.len() > COMMON
            || all
                .into_iter()
                .any(|(unit, chunk, id)| !fine(unit, &unit.chunks[chunk as usize].facts, id));
        if !strays {
            let world = self.reader.world();
            world.settle_name(self.unit.file, name);
        }
        strays
    }

    /// Is it known what an attribute is of?
    fn is_seen(&self, unit: &Unit, facts: &ChunkFacts, id: ExprId) -> bool {
        if is_own(unit, facts, id) {
            return true;
        }
        let reader = Reader::new(self.reader.world(), ROUNDS);
        let outcome = evaluate_all(unit, &reader);
        self.reader.asked(&outcome.reads);
        let number = (unit.chunks.iter()).position(|chunk| std::ptr::eq(&*chunk.facts, facts));
        let seen = number.and_then(|number| outcome.seen.get(&(number as u16, id)));
        // Of a parameter anything may be passed, and what only has the name is no answer.
        let known = |atom: &Atom| {
            !matches!(
                atom.what,
                What::Param(..) | What::Slot | What::Nothing | What::Unloaded(_)
            )
        };
        seen.is_some_and(|seen| seen.value.atoms().iter().any(known))
    }

    pub(super) fn bases(&self, class: ClassId) -> Vec<ClassId> {
        let mut chain = vec![class];
        let mut next = 0;
        while next < chain.len() && chain.len() < 12 {
            let bases = self.reader.cell(CellKey::Bases(chain[next]));
            chain.extend(bases.atoms().iter().filter_map(|atom| match atom.what {
                What::Class(base) if base != class => Some(base),
                _ => None,
            }));
            next += 1;
        }
        chain.split_off(1)
    }
}

/// `self.name` in a method.
pub(super) fn is_own(unit: &Unit, facts: &ChunkFacts, id: ExprId) -> bool {
    let Expr::Attr(base, _) = facts.expr(id) else {
        return false;
    };
    let own = match facts.expr(*base) {
        Expr::Local(0) => facts.owner(*base) == 1,
        Expr::Outer(1, 0) => true,
        _ => false,
    };
    own && unit.class.is_some() && unit.kind == UnitKind::Function
}

fn is_callee(facts: &ChunkFacts, id: ExprId) -> bool {
    call_of(facts, id).is_some()
}

fn call_of(facts: &ChunkFacts, callee: ExprId) -> Option<&Call> {
    facts.calls.iter().find_map(|&call| match facts.expr(call) {
        Expr::Call(call) if call.function == callee => Some(&**call),
        _ => None,
    })
}

/// `getattr(store, "ROWS")`, `globals()["ROWS"]`
pub(super) fn is_looked_up(facts: &ChunkFacts, id: ExprId) -> bool {
    let named = |expr: ExprId, names: &[&str]| matches!(facts.expr(expr), Expr::Name(name) | Expr::Attr(_, name) if names.contains(&name.as_str()));
    facts.exprs.iter().any(|expr| match expr {
        Expr::Call(call) => {
            call.args.iter().any(|arg| arg.value == id)
                && named(
                    call.function,
                    &["getattr", "hasattr", "setattr", "delattr", "attrgetter"],
                )
        }
        Expr::Subscript(base, index) if *index == id => match facts.expr(*base) {
            Expr::Call(call) => named(call.function, &["globals", "vars", "locals"]),
            _ => named(*base, &["__dict__"]),
        },
        _ => false,
    })
}

/// `client = session.client("dynamodb")`, of whose uses one at least is awaited, and none enters, leaves or
/// hands on what the call gave. boto3's clients have nothing to await.
pub fn is_unentered(facts: &ChunkFacts, call: ExprId) -> bool {
    let own = facts.owner(call);
    let Some(Named {
        target,
        slot,
        mut awaited,
    }) = named_as(facts, call)
    else {
        return false;
    };
    let of_own = |id: ExprId| match facts.expr(id) {
        Expr::Local(other) => *other == slot && facts.owner(id) == own,
        Expr::Outer(function, other) => *other == slot && *function == own,
        _ => false,
    };
    let (mut uses, mut plain) = (0, 0);
    for id in (0..facts.exprs.len() as ExprId).filter(|&id| id != target) {
        uses += of_own(id) as u32;
        match facts.expr(id) {
            Expr::Attr(base, name) if of_own(*base) => {
                plain += !matches!(&**name, "__aenter__" | "__aexit__" | "close") as u32;
            }
            Expr::Await(inner) => {
                let method = |call: &Call| matches!(facts.expr(call.function), Expr::Attr(base, _) if of_own(*base));
                awaited |= matches!(facts.expr(*inner), Expr::Call(call) if method(call));
            }
            _ => {}
        }
    }
    awaited && uses > 0 && uses == plain
}

/// `pool.put(boto3.client("dynamodb"))`, or the same of a name for it: into a queue, for whoever takes it out;
/// `[boto3.client("dynamodb") for _ in range(size)]`, a list of so many.
pub fn is_pooled(facts: &ChunkFacts, made: ExprId) -> bool {
    let count = facts.exprs.len() as ExprId;
    if (0..count).any(|expr| is_so_many(facts, expr, made)) {
        return true;
    }
    let own = facts.owner(made);
    let name = named_as(facts, made);
    let put = |call: &Call| match (facts.expr(call.function), &call.args[..]) {
        (Expr::Attr(_, method), [item, ..]) if matches!(&**method, "put" | "put_nowait") => {
            let named = |name: &Named| matches!(facts.expr(item.value), Expr::Local(slot) if *slot == name.slot);
            item.value == made || name.as_ref().is_some_and(named)
        }
        _ => false,
    };
    facts.calls.iter().any(|&call| {
        facts.owner(call) == own && matches!(facts.expr(call), Expr::Call(call) if put(call))
    })
}

fn is_so_many(facts: &ChunkFacts, list: ExprId, made: ExprId) -> bool {
    let Expr::Comprehension(list) = facts.expr(list) else {
        return false;
    };
    let [Clause::For { iter, .. }] = &list.clauses[..] else {
        return false;
    };
    list.kind == ComprehensionKind::List
        && list.element == made
        && matches!(facts.expr(*iter), Expr::Call(call) if facts.is_named(call.function, "range"))
}

/// The name of a function's own that stands for what a call gives.
struct Named {
    target: ExprId,
    slot: Slot,
    awaited: bool,
}

/// The last of them, for a call that has several.
fn named_as(facts: &ChunkFacts, call: ExprId) -> Option<Named> {
    let mut made = None;
    let body = &facts.functions[facts.owner(call) as usize].body;
    visit(body, &mut |stmt| {
        let Stmt::Assign { targets, value, .. } = stmt else {
            return;
        };
        let awaited = matches!(facts.expr(*value), Expr::Await(inner) if *inner == call);
        if let ([target], true) = (&targets[..], awaited || *value == call)
            && let Expr::Local(slot) = facts.expr(*target)
        {
            made = Some(Named {
                target: *target,
                slot: *slot,
                awaited,
            });
        }
    });
    made
}
