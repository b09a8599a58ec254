//! Assignments to several targets: `A, B = [], []`, and `A = B = []`, which is one list with two names.

use super::effects::is_container;
use super::expressions::inside;
use super::*;

/// A target, what it gets, and where that is written.
type Pair = (ExprId, Value, ExprId);

impl<'a> Flow<'a> {
    /// `A, (B, *C) = [], ({}, item)`: gives each target its own element, where the right side spells them out.
    pub(super) fn assigns_each(&mut self, targets: &[ExprId], source: ExprId) -> bool {
        let [target] = targets[..] else { return false };
        if self.matched(target, source).is_none() {
            return false;
        }
        let mut pairs = Vec::new();
        self.pair(target, source, &mut pairs);
        // Python evaluates the whole right side first: `batch, self.batch = self.batch, []`.
        for (target, value, source) in pairs {
            self.assign(target, value, Some(source));
        }
        true
    }

    /// The targets and the elements, where there is one for each.
    fn matched(&self, target: ExprId, source: ExprId) -> Option<(&'a [ExprId], &'a [ExprId])> {
        let facts: &'a ChunkFacts = self.facts;
        let (Expr::Tuple(targets), Expr::Tuple(items) | Expr::List(items)) =
            (facts.expr(target), facts.expr(source))
        else {
            return None;
        };
        let starred = |expr: &&ExprId| matches!(facts.expr(**expr), Expr::Star(_));
        let fits = match targets.iter().filter(starred).count() {
            0 => items.len() == targets.len(),
            1 => items.len() + 1 >= targets.len(),
            _ => false,
        };
        (fits && !items.iter().any(|item| starred(&item))).then_some((targets, items))
    }

    fn pair(&mut self, target: ExprId, source: ExprId, pairs: &mut Vec<Pair>) -> Value {
        let facts: &'a ChunkFacts = self.facts;
        let Some((targets, items)) = self.matched(target, source) else {
            let value = self.eval(source);
            pairs.push((target, value.clone(), source));
            return value;
        };
        let mut values = Vec::with_capacity(items.len());
        let mut rest = items.iter();
        for &target in targets {
            let Expr::Star(inner) = facts.expr(target) else {
                let item = rest.next().copied();
                values.extend(item.map(|item| self.pair(target, item, pairs)));
                continue;
            };
            let mut list = Value::of(What::Container(Shape::List, false));
            for &item in rest.by_ref().take(items.len() + 1 - targets.len()) {
                let value = self.eval(item);
                list = list.join(&inside(&value, Nest::Inside));
                values.push(value);
            }
            pairs.push((*inner, list, source));
        }
        let value = self.display(source, &values);
        self.see(source, &value);
        value
    }

    /// `A, B = ([] for _ in range(2))`: the container that each target gets a new one of.
    pub(super) fn made_for_each(&mut self, source: Option<ExprId>) -> Value {
        let facts: &'a ChunkFacts = self.facts;
        let Some(Expr::Comprehension(comprehension)) = source.map(|source| facts.expr(source))
        else {
            return Value::UNKNOWN;
        };
        let made = matches!(
            facts.expr(comprehension.element),
            Expr::List(_) | Expr::Set(_) | Expr::Dict(_) | Expr::Call(_)
        );
        if !made || comprehension.kind == ComprehensionKind::Dict {
            return Value::UNKNOWN;
        }
        let element = self.eval(comprehension.element);
        element.filter(|atom| is_container(atom) && atom.held.is_none())
    }

    /// `A = B = []`: the target that keeps the new container, and its place; the others are names for that.
    pub(super) fn keeper(&mut self, targets: &[ExprId], value: &Value) -> Option<(ExprId, Place)> {
        let fresh = |atom: &Atom| is_container(atom) && atom.held.is_none();
        if targets.len() < 2 || !value.atoms().iter().any(fresh) {
            return None;
        }
        let mut keeper = None;
        for &target in targets {
            match self.facts.expr(target) {
                Expr::Name(name) => {
                    let place = match (self.unit.kind, self.unit.class) {
                        (UnitKind::Class, Some(class)) => Place::Static(class, name.clone()),
                        _ => Place::Global(self.unit.file, name.clone()),
                    };
                    return Some((target, place));
                }
                Expr::Attr(base, name) => {
                    let holder = self.peek(*base);
                    if let [place] = &self.attribute_places(&holder, name)[..] {
                        return Some((target, place.clone()));
                    }
                }
                Expr::Local(slot) if keeper.is_none() => {
                    let place = Place::Local(self.func(self.function), *slot);
                    keeper = Some((target, place));
                }
                _ => {}
            }
        }
        keeper
    }
}

/// The value under another name: its new container is kept in `place`.
pub(super) fn kept_in(value: &Value, place: &Place) -> Value {
    value.map(|atom| {
        let fresh = is_container(atom) && atom.held.is_none();
        Some(Atom {
            held: if fresh {
                Some(place.clone())
            } else {
                atom.held.clone()
            },
            ..atom.clone()
        })
    })
}
