//! What is read of a value: which keys of a response, which attributes of an item, or all of it.
//!
//! Uses are told like other facts: a place that holds responses or items, and a function that gives
//! them, have a cell each, told by all who read them. Whatever is not understood uses all of it.

use rustc_hash::FxHashSet;
use smallvec::SmallVec;
use smol_str::SmolStr;

use super::effects::visit;
use super::*;

/// From so many attributes on it is as good as the whole item.
const FEW: usize = 4;

/// What a value is, as far as its uses go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    Page,
    Items,
    Item,
    /// A list, dict or cache of these, or an iterator over them.
    Pages,
    Lists,
    Rows,
    /// Now this, now that.
    Mixed,
}

impl Level {
    fn kept_in(self) -> Level {
        match self {
            Level::Page => Level::Pages,
            Level::Items => Level::Lists,
            Level::Item => Level::Rows,
            _ => Level::Mixed,
        }
    }

    fn element(self) -> Option<Level> {
        match self {
            Level::Pages => Some(Level::Page),
            Level::Lists => Some(Level::Items),
            Level::Rows => Some(Level::Item),
            _ => None,
        }
    }

    /// Of a value; none where it holds neither responses nor items.
    pub fn of(value: &Value) -> Option<Level> {
        let mut level = None;
        for (atom, data) in value.data() {
            let own = match data.kind {
                Kind::Page => Level::Page,
                Kind::Items => Level::Items,
                Kind::Item => Level::Item,
                Kind::PageIterator => Level::Pages,
                _ => continue,
            };
            let own = match atom.nested {
                Nest::Not => own,
                Nest::Inside => own.kept_in(),
                Nest::Lazy | Nest::At(_) => Level::Mixed,
            };
            level = match level {
                Some(known) if known != own => Some(Level::Mixed),
                _ => Some(own),
            };
        }
        level
    }
}

/// All that is known to be read of a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Uses {
    /// Keys of a response.
    pub keys: SmallVec<[SmolStr; 2]>,
    /// Attributes of items.
    pub attributes: SmallVec<[SmolStr; 4]>,
    /// A response is used whole.
    pub whole: bool,
    /// Items are.
    pub whole_items: bool,
    /// Whether an item is empty is asked, in its own chunk.
    pub tested: bool,
    /// Functions that give a response on to their callers, and those that give items.
    pub gives: SmallVec<[FunctionId; 1]>,
    pub gives_items: SmallVec<[FunctionId; 1]>,
}

impl Uses {
    pub fn all(&mut self) {
        self.whole = true;
        self.whole_items = true;
    }

    /// The only key that is ever read of a response.
    pub fn part(&self) -> Option<&SmolStr> {
        match &self.keys[..] {
            [key] if !self.whole && self.gives.is_empty() => {
                Some(key).filter(|key| matches!(key.as_str(), "Item" | "Items"))
            }
            _ => None,
        }
    }

    /// The only attributes that are ever read of items.
    pub fn few(&self) -> Option<&[SmolStr]> {
        let part = |key: &SmolStr| !matches!(key.as_str(), "Responses" | "Records");
        let known = !self.whole && !self.whole_items && self.keys.iter().all(part);
        let gives = !self.gives.is_empty() || !self.gives_items.is_empty();
        let few = !self.attributes.is_empty() && self.attributes.len() <= FEW;
        (known && !gives && few).then_some(&self.attributes[..])
    }

    /// As a cell's value: what stands for items is `Inside`.
    fn told(&self, unit: UnitId) -> Value {
        let atom = |what: What, nested: Nest| Atom {
            nested,
            ..Atom::new(what)
        };
        let text = |text: &SmolStr| What::Str(text.clone());
        let function = |&function: &FunctionId| What::Function(FuncId { unit, function });
        let keys = self.keys.iter().map(|key| atom(text(key), Nest::Not));
        let attributes = self
            .attributes
            .iter()
            .map(|key| atom(text(key), Nest::Inside));
        let gives = self.gives.iter().map(|it| atom(function(it), Nest::Not));
        let items = self
            .gives_items
            .iter()
            .map(|it| atom(function(it), Nest::Inside));
        let mut atoms: Vec<Atom> = keys.chain(attributes).chain(gives).chain(items).collect();
        if self.whole {
            atoms.push(atom(What::Nothing, Nest::Not));
        }
        if self.whole_items {
            atoms.push(atom(What::Nothing, Nest::Inside));
        }
        Value::from_atoms(atoms)
    }

    /// Adds what a cell says; the functions whose callers must be asked are answered.
    pub fn add(&mut self, told: &Value) -> Vec<(FuncId, Nest)> {
        let mut functions = Vec::new();
        // A full value has lost some.
        if told.atoms().len() >= Value::MOST {
            self.all();
        }
        for atom in told.atoms() {
            let items = atom.nested == Nest::Inside;
            match &atom.what {
                What::Str(key) if items => insert(&mut self.attributes, key),
                What::Str(key) => insert(&mut self.keys, key),
                What::Nothing if items => self.whole_items = true,
                What::Nothing => self.whole = true,
                What::Function(function) => functions.push((*function, atom.nested)),
                _ => {}
            }
        }
        functions
    }
}

/// `` `name` and `price` of them are `` of `name, price`.
pub fn listed(names: &str) -> String {
    let all: Vec<String> = names.split(", ").map(|name| format!("`{name}`")).collect();
    match &all[..] {
        [rest @ .., last] if !rest.is_empty() => {
            format!("{} and {last} of them are", rest.join(", "))
        }
        _ => format!("{} of them is", all.concat()),
    }
}

/// A cell's value where all of it is used.
pub(super) fn all() -> Value {
    let mut uses = Uses::default();
    uses.all();
    uses.told(UnitId(0))
}

fn insert<const N: usize>(all: &mut SmallVec<[SmolStr; N]>, one: &SmolStr)
where
    [SmolStr; N]: smallvec::Array<Item = SmolStr>,
{
    if let Err(at) = all.binary_search(one) {
        all.insert(at, one.clone());
    }
}

/// Where an expression stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stands {
    /// Nowhere that is understood.
    Elsewhere,
    In(ExprId),
    /// Alone, or where only its truth counts.
    Tested,
    Stored,
    Deleted,
    Added,
    /// Its value is bound to this.
    Bound(ExprId),
    /// This goes through it.
    Looped(ExprId),
    Returned(FunctionId),
}

/// Where each expression of a chunk stands.
#[derive(Debug)]
pub struct Standing {
    stands: Vec<Stands>,
}

impl Standing {
    pub fn of(facts: &ChunkFacts) -> Standing {
        let mut stands = vec![Stands::Elsewhere; facts.exprs.len()];
        let mut targets: Vec<ExprId> = Vec::new();
        for id in 0..facts.exprs.len() as ExprId {
            for operand in facts.operands(id) {
                stands[operand as usize] = Stands::In(id);
            }
            match facts.expr(id) {
                Expr::Comprehension(comprehension) => {
                    for clause in &comprehension.clauses {
                        match clause {
                            Clause::For { target, iter } => {
                                stands[*iter as usize] = Stands::Looped(*target);
                                targets.push(*target);
                            }
                            Clause::If(test) => stands[*test as usize] = Stands::Tested,
                        }
                    }
                }
                Expr::Walrus(target, _) => targets.push(*target),
                Expr::Not(inner) => stands[*inner as usize] = Stands::Tested,
                Expr::Conditional { test, .. } => stands[*test as usize] = Stands::Tested,
                _ => {}
            }
        }
        for (number, function) in facts.functions.iter().enumerate() {
            visit(&function.body, &mut |stmt| {
                let mut put = |expr: ExprId, at: Stands| stands[expr as usize] = at;
                match stmt {
                    Stmt::Expr(value) => put(*value, Stands::Tested),
                    Stmt::Assign {
                        targets: all,
                        value,
                        ..
                    } => {
                        match all[..] {
                            [target] => put(*value, Stands::Bound(target)),
                            _ => put(*value, Stands::Elsewhere),
                        }
                        targets.extend(all);
                    }
                    Stmt::Augment { target, .. } => put(*target, Stands::Added),
                    Stmt::Return(Some(value)) => {
                        put(*value, Stands::Returned(number as FunctionId));
                    }
                    Stmt::Delete(parts) => {
                        parts.iter().for_each(|part| put(*part, Stands::Deleted));
                    }
                    Stmt::If { test, .. } | Stmt::While { test, .. } => {
                        put(*test, Stands::Tested);
                    }
                    Stmt::Import(imports) => {
                        targets.extend(imports.iter().filter_map(|import| import.target));
                    }
                    Stmt::Define(_, target) => targets.push(*target),
                    Stmt::For { target, iter, .. } => {
                        put(*iter, Stands::Looped(*target));
                        targets.push(*target);
                    }
                    _ => {}
                }
            });
        }
        while let Some(target) = targets.pop() {
            stands[target as usize] = Stands::Stored;
            if let Expr::Tuple(parts) | Expr::List(parts) = facts.expr(target) {
                targets.extend(parts);
            }
        }
        Standing { stands }
    }

    /// Does it get a value here, rather than being read?
    pub fn is_stored(&self, expr: ExprId) -> bool {
        self.stands[expr as usize] == Stands::Stored
    }
}

/// Follows a value through one chunk.
struct Walk<'f> {
    facts: &'f ChunkFacts,
    standing: &'f Standing,
    uses: Uses,
    /// Names that were followed.
    names: FxHashSet<(FunctionId, Slot, Level)>,
    /// A use that somebody else looks at.
    but: Option<ExprId>,
    /// What was read first: storing back into it is no use.
    origin: ExprId,
}

/// All uses of an expression's value inside its chunk.
pub fn uses_of(facts: &ChunkFacts, standing: &Standing, expr: ExprId, level: Level) -> Uses {
    uses_but(facts, standing, expr, level, None)
}

/// The same without the uses of one expression that stands for the value.
pub fn uses_but(
    facts: &ChunkFacts,
    standing: &Standing,
    expr: ExprId,
    level: Level,
    but: Option<ExprId>,
) -> Uses {
    let mut walk = Walk {
        facts,
        standing,
        uses: Uses::default(),
        names: FxHashSet::default(),
        but,
        origin: expr,
    };
    walk.follow(expr, level);
    walk.uses
}

impl Walk<'_> {
    fn follow(&mut self, expr: ExprId, level: Level) {
        if self.but == Some(expr) {
            return;
        }
        match self.standing.stands[expr as usize] {
            Stands::Tested => self.uses.tested |= level == Level::Item,
            Stands::Deleted => {}
            Stands::Stored | Stands::Added if level.element().is_some() => {}
            Stands::Bound(target) => self.bind(target, level),
            Stands::Looped(target) => self.go_through(target, level),
            Stands::Returned(function) => self.give(function, level),
            Stands::In(outer) => self.within(expr, outer, level),
            _ => self.whole(level),
        }
    }

    fn whole(&mut self, level: Level) {
        match level {
            Level::Items | Level::Item | Level::Lists | Level::Rows => self.uses.whole_items = true,
            Level::Page | Level::Pages | Level::Mixed => self.uses.all(),
        }
    }

    fn give(&mut self, function: FunctionId, level: Level) {
        let to = match level {
            Level::Page => &mut self.uses.gives,
            Level::Items | Level::Item => &mut self.uses.gives_items,
            _ => return self.whole(level),
        };
        // Who gets the results of a nested function isn't followed.
        match function == 1 {
            true if !to.contains(&function) => to.push(function),
            true => {}
            false => self.whole(level),
        }
    }

    fn bind(&mut self, target: ExprId, level: Level) {
        let (owner, slot) = match self.facts.expr(target) {
            Expr::Local(slot) => (self.facts.owner(target), *slot),
            Expr::Outer(owner, slot) => (*owner, *slot),
            Expr::Subscript(base, _) if is_same(self.facts, *base, self.origin) => return,
            _ if is_same(self.facts, target, self.origin) => return,
            _ => return self.whole(level),
        };
        if !self.names.insert((owner, slot, level)) {
            return;
        }
        let facts = self.facts;
        for (id, expr) in facts.exprs.iter().enumerate() {
            let id = id as ExprId;
            let same = match expr {
                Expr::Local(other) => *other == slot && facts.owner(id) == owner,
                Expr::Outer(function, other) => *function == owner && *other == slot,
                _ => false,
            };
            if same && self.standing.stands[id as usize] != Stands::Stored {
                self.follow(id, level);
            }
        }
    }

    fn go_through(&mut self, target: ExprId, level: Level) {
        match (level, level.element()) {
            (Level::Items, _) => self.bind(target, Level::Item),
            // The keys of a dict, or what a list holds.
            (_, Some(element)) => self.bind(target, element),
            _ => self.whole(level),
        }
    }

    fn within(&mut self, expr: ExprId, outer: ExprId, level: Level) {
        let facts = self.facts;
        match facts.expr(outer) {
            Expr::Await(_) => self.follow(outer, level),
            Expr::Either(..) | Expr::Both(..) => self.follow(outer, level),
            Expr::Conditional { .. } => self.follow(outer, level),
            Expr::Walrus(target, _) => {
                self.bind(*target, level);
                self.follow(outer, level);
            }
            Expr::Compare(parts, operators) => self.compared(expr, parts, operators, level),
            Expr::Subscript(base, index) if *base == expr => self.subscripted(outer, *index, level),
            Expr::Attr(..) => self.method(outer, level),
            Expr::Call(call) if call.function != expr => self.passed(call, outer, level),
            _ => self.whole(level),
        }
    }

    fn compared(&mut self, expr: ExprId, parts: &[ExprId], operators: &[Comparison], level: Level) {
        match operators {
            [Comparison::Is | Comparison::IsNot] => {}
            [Comparison::In | Comparison::NotIn] if parts.last() == Some(&expr) => {
                match (level, self.facts.expr(parts[0])) {
                    (_, Expr::Str(key)) if matches!(level, Level::Page | Level::Item) => {
                        self.key(key, level);
                    }
                    _ if level.element().is_some() => {}
                    _ => self.whole(level),
                }
            }
            _ => self.whole(level),
        }
    }

    fn key(&mut self, key: &SmolStr, level: Level) {
        match level {
            Level::Page => insert(&mut self.uses.keys, key),
            _ => insert(&mut self.uses.attributes, key),
        }
    }

    fn subscripted(&mut self, outer: ExprId, index: ExprId, level: Level) {
        let key = self.facts.expr(index);
        let read = !matches!(
            self.standing.stands[outer as usize],
            Stands::Stored | Stands::Deleted | Stands::Added
        );
        match (level, key) {
            (Level::Page | Level::Item, Expr::Str(key)) if read => self.keyed(outer, key, level),
            (Level::Items, Expr::Slice(_)) if read => self.follow(outer, level),
            (Level::Items, Expr::Str(_)) => self.whole(level),
            (Level::Items, _) if read => self.follow(outer, Level::Item),
            _ => match level.element() {
                Some(element) if read => self.follow(outer, element),
                Some(_) => {}
                None => self.whole(level),
            },
        }
    }

    /// `response["Items"]`, `item["name"]`.
    fn keyed(&mut self, outer: ExprId, key: &SmolStr, level: Level) {
        self.key(key, level);
        match (level, key.as_str()) {
            (Level::Page, "Items") => self.follow(outer, Level::Items),
            (Level::Page, "Item" | "Attributes") => self.follow(outer, Level::Item),
            (Level::Page, "Responses" | "Records") => self.whole(level),
            _ => {}
        }
    }

    /// `response.get("Items", [])`, `CACHE.values()`.
    fn method(&mut self, attribute: ExprId, level: Level) {
        let facts = self.facts;
        let Expr::Attr(_, name) = facts.expr(attribute) else {
            return;
        };
        let called = match self.standing.stands[attribute as usize] {
            Stands::In(outer) => match facts.expr(outer) {
                Expr::Call(call) if call.function == attribute => Some((outer, call)),
                _ => None,
            },
            _ => None,
        };
        let Some((outer, call)) = called else {
            return self.whole(level);
        };
        let first = call.args.first().map(|arg| facts.expr(arg.value));
        let plain = call.args.iter().all(|arg| arg.kind == ArgKind::Plain);
        match (level, name.as_str(), first) {
            (Level::Page | Level::Item, "get", Some(Expr::Str(key))) if plain => {
                self.keyed(outer, key, level);
            }
            (_, "get" | "pop" | "popleft" | "setdefault" | "get_nowait", _) => {
                match level.element() {
                    Some(element) => self.follow(outer, element),
                    None => self.whole(level),
                }
            }
            (_, "values" | "copy", _) if level.element().is_some() => self.follow(outer, level),
            (_, "items", _) if level.element().is_some() => self.pairs(outer, level),
            (
                _,
                "append" | "appendleft" | "add" | "insert" | "extend" | "update" | "clear" | "keys"
                | "remove" | "discard",
                _,
            ) if level.element().is_some() => {}
            _ => self.whole(level),
        }
    }

    /// `for key, item in CACHE.items():`
    fn pairs(&mut self, items: ExprId, level: Level) {
        let Some(element) = level.element() else {
            return self.whole(level);
        };
        match self.standing.stands[items as usize] {
            Stands::Looped(target) => match self.facts.expr(target) {
                Expr::Tuple(parts) if parts.len() == 2 => self.bind(parts[1], element),
                _ => self.whole(level),
            },
            _ => self.whole(level),
        }
    }

    /// `len(items)`, `enumerate(items)`, `list(items)`.
    fn passed(&mut self, call: &Call, outer: ExprId, level: Level) {
        let listed = matches!(level, Level::Items) || level.element().is_some();
        let Expr::Name(name) = self.facts.expr(call.function) else {
            return self.whole(level);
        };
        let alone = call.args.len() == 1;
        match name.as_str() {
            "len" | "bool" if alone => self.uses.tested |= level == Level::Item,
            "list" | "reversed" | "iter" | "tuple" if alone && listed => self.follow(outer, level),
            "enumerate" if alone && listed => match self.standing.stands[outer as usize] {
                Stands::Looped(target) => match self.facts.expr(target) {
                    Expr::Tuple(parts) if parts.len() == 2 => self.go_through(parts[1], level),
                    _ => self.whole(level),
                },
                _ => self.whole(level),
            },
            "next" if listed => match (level, level.element()) {
                (Level::Items, _) => self.follow(outer, Level::Item),
                (_, Some(element)) => self.follow(outer, element),
                _ => self.whole(level),
            },
            _ => self.whole(level),
        }
    }
}

/// `self.orders` twice.
fn is_same(facts: &ChunkFacts, one: ExprId, other: ExprId) -> bool {
    match (facts.expr(one), facts.expr(other)) {
        (Expr::Attr(one, name), Expr::Attr(other, named)) => {
            name == named && is_same(facts, *one, *other)
        }
        (Expr::Name(one), Expr::Name(other)) => one == other,
        (Expr::Local(one_slot), Expr::Local(other_slot)) => {
            one_slot == other_slot && facts.owner(one) == facts.owner(other)
        }
        _ => false,
    }
}

impl Flow<'_> {
    /// Tells what is read here of a place that holds responses or items.
    pub(super) fn note_uses(&mut self, expr: ExprId, value: &Value) {
        let lasting = |place: &&Place| {
            matches!(
                place,
                Place::Global(..) | Place::Attr(..) | Place::Static(..)
            )
        };
        if !value.places().any(|place| lasting(&place)) {
            return;
        }
        let Some(level) = Level::of(&self.resolved(value)) else {
            return;
        };
        let places: Vec<Place> = value.places().filter(lasting).cloned().collect();
        let told = self.uses(expr, level).told(self.unit.id);
        for place in places {
            self.tell(CellKey::Uses(place), told.clone());
        }
    }

    /// Tells what a caller reads of what a function gives.
    pub(super) fn note_result(&mut self, call: ExprId, function: FuncId, value: &Value) {
        let Some(level) = Level::of(value) else {
            return;
        };
        let told = self.uses(call, level).told(self.unit.id);
        self.tell(CellKey::Used(function), told);
    }

    fn uses(&mut self, expr: ExprId, level: Level) -> Uses {
        let facts = self.facts;
        let standing = self.standing.get_or_insert_with(|| Standing::of(facts));
        uses_of(facts, standing, expr, level)
    }
}
