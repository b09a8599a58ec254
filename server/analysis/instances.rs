//! Whether one object of a class over a dict ever evicts: as it is made, and by what is called of it.
//!
//! The class may evict for others: `Cache(1000)` here and `Cache()` there, or a `clear()` that only
//! the owner of another object calls.

use super::Cx;
use super::predicates::is_swept;
use super::uses::{is_looked_up, is_own};
use crate::facts::{Arg, ArgKind, Captured, ChunkFacts, Expr, ExprId, FunctionId, Slot, Stmt};
use crate::finding::Confidence;
use crate::flow::{evaluate_all, visit};
use crate::lifetime::lifetime;
use crate::summary::CellKey;
use crate::value::*;
use crate::workspace::unit::{Unit, UnitKind};
use crate::workspace::world::{ROUNDS, Reader};

/// An object by its class and the place that keeps it.
struct Object<'a> {
    class: ClassId,
    place: &'a Place,
    made: Site,
}

/// Methods that put something in, as the pattern of DDB203 names them.
const PUTS: [&str; 12] = [
    "set",
    "put",
    "add",
    "store",
    "save",
    "remember",
    "insert",
    "set_item",
    "set_value",
    "cache",
    "update",
    "push",
];

/// Is this a dict, looked up by its keys, that its class fills for the objects of several other classes, each with what that one gives?
pub fn is_apart(cx: &Cx, field: &Place, method: FuncId) -> bool {
    let Place::Attr(class, _) = field else {
        return false;
    };
    let Some(signature) = cx.reader.signature(method) else {
        return false;
    };
    let stored = |param: usize| {
        let told = (cx.reader).cell(CellKey::Holder(Place::Default(method, param as u16)));
        let here = |atom: &Atom| {
            atom.what == What::Mark(Mark::Stored) && atom.held.as_ref() == Some(field)
        };
        told.atoms().iter().any(here)
    };
    let done = cx.reader.cell(CellKey::Holder(field.clone()));
    PUTS.contains(&signature.function.name.as_str())
        && done.has(Mark::LookedUp)
        && (0..signature.params().len()).any(stored)
        && cx.reader.cell(CellKey::Life(*class)).is_shared()
}

/// Does the call put `given` into a dict of the holder's object, from which nothing is ever removed?
pub fn keeps(cx: &Cx, holder: &Captured, given: ExprId) -> Option<Confidence> {
    let base = holder.expr?;
    let calls = cx.facts.calls.iter();
    let (name, position, call) = calls
        .filter_map(|&call| match cx.facts.expr(call) {
            Expr::Call(call) => Some(call),
            _ => None,
        })
        .find_map(|call| match cx.facts.expr(call.function) {
            Expr::Attr(object, name) if *object == base => {
                let mut args = call.args.iter().enumerate();
                let (position, _) = args.find(|(_, arg)| arg.value == given)?;
                Some((name, position, call))
            }
            _ => None,
        })?;
    if is_own(cx.unit, cx.facts, base) && has_one_key(cx, &call.args[..position]) {
        return None;
    }
    let kind = &call.args[position].kind;
    let value = cx.value(holder);
    let kept = value.atoms().iter().any(|atom| {
        let (What::Instance(class), Some(place), Some(made)) =
            (&atom.what, &atom.held, atom.steps.first())
        else {
            return false;
        };
        let object = Object {
            class: *class,
            place,
            made: *made,
        };
        let method = std::iter::once(*class)
            .chain(cx.bases(*class))
            .find_map(|class| cx.reader.members(class).get(name).copied());
        method.is_some_and(|method| {
            let param = param_at(cx, method, position, kind);
            param.is_some_and(|param| is_kept(cx, &object, method, param))
        })
    });
    kept.then_some(Confidence::Medium)
}

/// `self.marks.save(f"{self.stream}:{self.shard}", mark)`: the object puts all of it under the same key.
fn has_one_key(cx: &Cx, before: &[Arg]) -> bool {
    let mut own = 0;
    let same = before
        .iter()
        .all(|arg| is_same_each_time(cx, arg.value, true, &mut own));
    same && own > 0
}

/// Is it made of constants and of fields of `self`? Counts the fields.
fn is_same_each_time(cx: &Cx, expr: ExprId, follow: bool, own: &mut usize) -> bool {
    let facts = cx.facts;
    match facts.expr(expr) {
        Expr::Str(_) | Expr::Int(_) => true,
        Expr::Attr(..) if is_own(cx.unit, facts, expr) => {
            *own += 1;
            true
        }
        Expr::Format(parts) | Expr::Tuple(parts) => parts
            .iter()
            .all(|&part| is_same_each_time(cx, part, follow, own)),
        Expr::Binary(_, left, right) => [left, right]
            .iter()
            .all(|part| is_same_each_time(cx, **part, follow, own)),
        Expr::Local(slot) if follow => {
            let made = assigned(facts, facts.owner(expr), *slot);
            !made.is_empty()
                && made
                    .iter()
                    .all(|part| part.is_some_and(|part| is_same_each_time(cx, part, false, own)))
        }
        _ => false,
    }
}

/// What a local is assigned; nothing where something else binds it.
fn assigned(facts: &ChunkFacts, function: FunctionId, slot: Slot) -> Vec<Option<ExprId>> {
    let own = &facts.functions[function as usize];
    let is_local =
        |target: &ExprId| matches!(facts.expr(*target), Expr::Local(other) if *other == slot);
    let mut made = Vec::new();
    if (slot as usize) < own.params.len() {
        made.push(None);
    }
    visit(&own.body, &mut |stmt| match stmt {
        Stmt::Assign { targets, value, .. } if targets.iter().any(is_local) => {
            made.push(Some(*value))
        }
        Stmt::For { target, .. } | Stmt::Augment { target, .. } if is_local(target) => {
            made.push(None)
        }
        _ => {}
    });
    made
}

/// The parameter that an argument of a bound call is for.
fn param_at(cx: &Cx, method: FuncId, position: usize, kind: &ArgKind) -> Option<u16> {
    let signature = cx.reader.signature(method)?;
    let index = match kind {
        ArgKind::Plain => position + usize::from(!signature.is_static()),
        ArgKind::Keyword(name) => {
            (signature.params().iter()).position(|param| param.name == *name)?
        }
        _ => return None,
    };
    u16::try_from(index).ok()
}

fn is_kept(cx: &Cx, object: &Object, method: FuncId, param: u16) -> bool {
    let told = (cx.reader).cell(CellKey::Holder(Place::Default(method, param)));
    let stored = told.atoms().iter().filter_map(|atom| match atom.what {
        What::Mark(Mark::Stored) => atom.held.as_ref(),
        _ => None,
    });
    stored.into_iter().any(|field| {
        let Place::Attr(class, name) = field else {
            return false;
        };
        let made = cx.reader.cell(CellKey::Attr(*class, name.clone()));
        let dict = |atom: &Atom| matches!(atom.what, What::Container(Shape::Dict, false));
        let other = |atom: &Atom| matches!(atom.what, What::Container(..)) && !dict(atom);
        let done = cx.reader.cell(CellKey::Holder(field.clone()));
        made.atoms().iter().any(dict)
            && !made.atoms().iter().any(other)
            && done.has(Mark::LookedUp)
            && !is_told(cx, field, method)
            && is_made_here(cx, object)
            && !evicts(cx, object, &done, method)
    })
}

/// Is the store in the class told, of all its objects?
fn is_told(cx: &Cx, field: &Place, method: FuncId) -> bool {
    let lives = lifetime(field, cx.reader).0 == Lifetime::Process || cx.kept_by_unknown(field);
    let done = cx.reader.cell(CellKey::Holder(field.clone()));
    lives && !done.has(Mark::Capped) && !is_swept(cx, field, method) && !is_apart(cx, field, method)
}

/// Is the object made by the class or module that keeps it? Of another one its limits are not known.
fn is_made_here(cx: &Cx, object: &Object) -> bool {
    let Some(unit) = cx.reader.world().units.get(&object.made.unit) else {
        return false;
    };
    match (object.place, unit.class) {
        (Place::Attr(class, _) | Place::Static(class, _), Some(own)) => is_kin(cx, own, *class),
        (Place::Global(file, _), None) => unit.kind == UnitKind::Module && unit.file == *file,
        _ => false,
    }
}

fn is_kin(cx: &Cx, one: ClassId, other: ClassId) -> bool {
    one == other || cx.bases(one).contains(&other) || cx.bases(other).contains(&one)
}

fn evicts(cx: &Cx, object: &Object, done: &Value, method: FuncId) -> bool {
    let own = cx.reader.cell(CellKey::Holder(object.place.clone()));
    // A full value has lost some.
    if done.atoms().len() >= Value::MOST || own.atoms().len() >= Value::MOST {
        return true;
    }
    let limited = |limit: &Place| {
        own.atoms()
            .iter()
            .any(|atom| atom.what == What::Mark(Mark::Limited) && atom.held.as_ref() == Some(limit))
    };
    done.atoms()
        .iter()
        .any(|atom| match (&atom.what, &atom.held) {
            (What::Mark(Mark::Capped | Mark::EmptiedBy(_)), Some(limit)) => limited(limit),
            (What::Mark(Mark::Capped), None) => true,
            (What::Mark(Mark::EmptiedBy(function)), None) => {
                *function == method || is_called_of(cx, object, *function)
            }
            _ => false,
        })
}

/// May this method be called of the object?
fn is_called_of(cx: &Cx, object: &Object, function: FuncId) -> bool {
    let Some(signature) = cx.reader.signature(function) else {
        return true;
    };
    let name = &signature.function.name;
    if name.starts_with("__") || function.function != 1 || !signature.is_plain() {
        return true;
    }
    cx.strays(name, |unit, facts, id| match facts.expr(id) {
        Expr::Name(_) => true,
        Expr::Attr(base, _) => !may_be(cx, object, unit, facts, *base),
        _ => !is_looked_up(facts, id),
    })
}

fn may_be(cx: &Cx, object: &Object, unit: &Unit, facts: &ChunkFacts, base: ExprId) -> bool {
    let reader = Reader::new(cx.reader.world(), ROUNDS);
    let outcome = evaluate_all(unit, &reader);
    cx.reader.asked(&outcome.reads);
    let number = (unit.chunks.iter()).position(|chunk| std::ptr::eq(&*chunk.facts, facts));
    let seen = number.and_then(|number| outcome.seen.get(&(number as u16, base)));
    let value = seen.map(|seen| cx.resolved(&seen.value));
    let Some(value) = value.filter(|value| !value.is_unknown()) else {
        return true;
    };
    value.atoms().iter().any(|atom| match &atom.what {
        What::Instance(class) | What::Super(class) if is_kin(cx, *class, object.class) => {
            match &atom.held {
                None => true,
                Some(Place::Local(..)) => atom.steps.first() == Some(&object.made),
                Some(place) => place == object.place,
            }
        }
        What::Param(..) | What::Unloaded(_) => true,
        What::Slot => atom.held.as_ref().is_none_or(|place| place == object.place),
        _ => false,
    })
}
