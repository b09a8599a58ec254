//! Stores, removals, bounds and loops: what a statement does to the places it touches.

use super::calls::Args;
use super::expressions::inside;
use super::*;
use crate::api::API;

/// Methods that put one thing in.
const PUTS: &[&str] = &[
    "append",
    "appendleft",
    "add",
    "put",
    "put_nowait",
    "push",
    "insert",
];
/// Methods that put in what another collection holds.
const EXTENDS: &[&str] = &["extend", "extendleft", "update"];
/// Methods after which the container holds less.
pub(super) const TAKES: &[&str] = &[
    "pop",
    "popleft",
    "popitem",
    "clear",
    "remove",
    "discard",
    "get_nowait",
    "difference_update",
    "intersection_update",
    "trim",
    "prune",
    "evict",
    "expire",
    "close",
    "aclose",
    "__exit__",
    "__aexit__",
];

/// Functions that go through all of what they are given.
const GATHERS: &[&str] = &[
    "list",
    "tuple",
    "set",
    "frozenset",
    "dict",
    "sorted",
    "sum",
    "max",
    "min",
];

impl<'a> Flow<'a> {
    // ---- assignment ----

    pub(super) fn assign(&mut self, target: ExprId, value: Value, source: Option<ExprId>) {
        let facts: &'a ChunkFacts = self.facts;
        match facts.expr(target) {
            Expr::Local(slot) => {
                let slot = *slot;
                self.note_replaced(
                    &Place::Local(self.func(self.function), slot),
                    &value,
                    self.state.slots[slot as usize]
                        .atoms()
                        .iter()
                        .any(is_container),
                );
                let varies = source.is_some_and(|source| self.varies(source));
                self.state.varying[slot as usize] = varies;
                self.renewed(&ExprName::Local(slot));
                self.frames[self.function as usize].ever_varying[slot as usize] |= varies;
                self.set_slot(slot, value.filter(|atom| atom.what != What::Slot));
                // Who points at it wants to know what it holds.
                let buffers = |atom: &Atom| matches!(&atom.what, What::Object(path) if path == "logging.handlers.MemoryHandler");
                if !self.watches_all && value.atoms().iter().any(buffers) {
                    let place = Place::Local(self.func(self.function), slot);
                    self.see(
                        target,
                        &Value::one(Atom {
                            held: Some(place),
                            ..Atom::new(What::Slot)
                        }),
                    );
                }
            }
            Expr::Outer(function, slot) => self.fill_outer(*function, *slot, &value),
            Expr::Name(name) => {
                if name == "permission_classes" && self.unit.kind == UnitKind::Class {
                    self.note_permissions(source);
                }
                if self.function == 0 {
                    self.renewed(&ExprName::Global(name.clone()));
                    self.state.names.insert(name.clone(), value.clone());
                    let ever = self.ever_names.entry(name.clone()).or_default();
                    *ever = ever.join(&value);
                    let place = match (self.unit.kind, self.unit.class) {
                        (UnitKind::Class, Some(class)) => Place::Static(class, name.clone()),
                        _ => Place::Global(self.unit.file, name.clone()),
                    };
                    self.tell_lives(&place, &value);
                    if !self.loops.is_empty() {
                        self.note_replaced(&place, &value, true);
                    }
                } else {
                    self.keep(Place::Global(self.unit.file, name.clone()), &value);
                }
                let place = Place::Global(self.unit.file, name.clone());
                self.see(
                    target,
                    &Value::one(Atom {
                        held: Some(place),
                        ..Atom::new(What::Slot)
                    }),
                );
            }
            Expr::Attr(base, name) => {
                self.handed_on(&value);
                let holder = self.eval(*base);
                self.ask_for(&holder, [&value].into_iter());
                let places = self.attribute_places(&holder, name);
                let mut seen = Vec::new();
                for place in places {
                    self.keep(place.clone(), &value);
                    seen.push(Atom {
                        held: Some(place),
                        ..Atom::new(What::Slot)
                    });
                }
                self.see(target, &Value::from_atoms(seen));
            }
            Expr::Subscript(base, index) => {
                let holder = self.eval(*base);
                self.eval(*index);
                if matches!(facts.expr(*index), Expr::Slice(_)) {
                    self.note_taken(&holder);
                }
                for place in self.slot_of(*base, &holder, *index).places() {
                    // `found["rows"] = []`
                    self.note_replaced(place, &value, true);
                }
                let lists = empty_lists(&value);
                let rest = source.is_some_and(|source| match facts.expr(source) {
                    Expr::Comprehension(_) => true,
                    Expr::Subscript(_, index) => matches!(facts.expr(*index), Expr::Slice(_)),
                    _ => false,
                });
                let filled = holder.atoms().iter().any(is_nested_list);
                if self.guards == 0 && filled && (rest || !lists.is_unknown()) {
                    // `ROWS[key] = []`, where that list is filled elsewhere.
                    self.note_taken(&holder);
                }
                let stored = inside(&value, Nest::Inside).join(&lists);
                self.put(*base, &holder, &stored);
                self.note_stored(&holder, *index, &value);
                if source.is_some_and(|source| self.varies(source)) {
                    self.takes_varying(*base);
                }
                let session =
                    self.resolved(&holder).atoms().iter().any(
                        |atom| matches!(&atom.what, What::Object(object) if object == "session"),
                    );
                let seen = if session {
                    Value::one(Atom {
                        held: Some(Place::Session),
                        ..Atom::new(What::Slot)
                    })
                } else {
                    holder
                };
                self.see(target, &seen);
            }
            Expr::Tuple(items) => {
                let made = self.made_for_each(source);
                for (position, &item) in items.iter().enumerate() {
                    let element = self.destructured(&value, position).join(&made);
                    self.assign(item, element, source);
                }
            }
            Expr::Star(inner) => self.assign(*inner, value, source),
            _ => {}
        }
    }

    /// `self._data[key] = value` in a method: which of its parameters it keeps, and where.
    fn note_stored(&mut self, holder: &Value, index: ExprId, value: &Value) {
        let own = self.func(self.function);
        let method = self.unit.class.is_some() && self.unit.kind == UnitKind::Function;
        let given = value.atoms().iter().filter_map(|atom| match atom.what {
            What::Param(function, index) if function == own => Some(index),
            _ => None,
        });
        let given: SmallVec<[u16; 2]> = given.collect();
        if !method || given.is_empty() || !self.varies(index) {
            return;
        }
        for place in holder.places() {
            for &param in given.iter().filter(|_| matches!(place, Place::Attr(..))) {
                let stored = Atom {
                    held: Some(place.clone()),
                    ..Atom::new(What::Mark(Mark::Stored))
                };
                let param = Place::Default(own, param);
                self.tell(CellKey::Holder(param), Value::one(stored));
            }
        }
    }

    fn destructured(&mut self, value: &Value, position: usize) -> Value {
        self.resolved(value).map(|atom| match atom.nested {
            Nest::At(element) => (element as usize == position).then(|| Atom {
                nested: Nest::Not,
                held: None,
                ..atom.clone()
            }),
            Nest::Inside => Some(Atom {
                nested: Nest::Not,
                held: None,
                ..atom.clone()
            }),
            Nest::Lazy => None,
            // `for index, item in enumerate(items)`: the element came without its tuple.
            Nest::Not if is_container(atom) => (position > 0).then(|| atom.clone()),
            Nest::Not => atom
                .data()
                .filter(|data| position > 0 && !matches!(data.kind, Kind::Items | Kind::Records))
                .map(|_| atom.clone()),
        })
    }

    /// Where `base.name = …` stores.
    pub(super) fn attribute_places(&mut self, base: &Value, name: &SmolStr) -> Vec<Place> {
        let base = self.resolved(base);
        let mut places = Vec::new();
        for atom in base.atoms().iter().filter(|atom| atom.nested == Nest::Not) {
            places.push(match &atom.what {
                What::Instance(class) => Place::Attr(*class, name.clone()),
                What::Class(class) | What::Super(class) => Place::Static(*class, name.clone()),
                What::Module(file) => Place::Global(*file, name.clone()),
                What::Function(function) | What::Bound(function, _) => {
                    Place::FunctionAttr(*function, name.clone())
                }
                What::Object(object) => match object.as_str() {
                    "request" => Place::Request(name.clone()),
                    "session" => Place::Session,
                    "app" => Place::App(name.clone()),
                    "thread-local" => Place::Thread(name.clone()),
                    _ => continue,
                },
                _ => continue,
            });
        }
        places.sort();
        places.dedup();
        places
    }

    /// `place = value`.
    fn keep(&mut self, place: Place, value: &Value) {
        // What a module does as it is imported, or the start of an application, is done once.
        let own = self.func(self.function);
        let start = self.function == 0 || matches!(place, Place::App(_)) && !self.is_view(own);
        let init = matches!(
            self.facts.functions[self.function as usize].name.as_str(),
            "__init__" | "__new__" | "setUp" | "__post_init__" | "ready"
        ) || start && self.loops.is_empty()
            || self.guards > 0;
        self.note_replaced(&place, value, !init);
        if value.data().any(|(_, data)| data.kind == Kind::BatchWriter)
            && self
                .cell(CellKey::Holder(place.clone()))
                .mark(|mark| matches!(mark, Mark::EmptiedBy(_)))
                .is_some()
        {
            // A field that its owner closes is scoped by its owner.
            self.escapes(value);
        }
        if let Place::Attr(class, _) = place {
            // What the constructor is given lives as long as what it is given to.
            let held = self.resolved(value);
            self.tell_lives(&place, &held);
            let client = |kind: Kind| matches!(kind, Kind::Client | Kind::Resource | Kind::Table);
            if held.data().any(|(_, data)| client(data.kind)) {
                self.tell(CellKey::Life(class), Value::of(What::Mark(Mark::Holds)));
                self.tell_bases(class, &place, &held);
            }
        } else {
            self.tell_lives(&place, value);
        }
        let value =
            value.filter(|atom| !matches!(atom.what, What::Mark(_)) && atom.what != What::Slot);
        self.tell(place_cell(&place), value);
    }

    /// `model = Order` in a class: methods of its base classes may ask for `self.model`.
    pub(super) fn tell_bases(&mut self, class: ClassId, place: &Place, value: &Value) {
        let tool = |kind: Kind| matches!(kind, Kind::Client | Kind::Resource | Kind::Table);
        let told = value.filter(|atom| match atom.what {
            What::Class(_) | What::Instance(_) | What::Unloaded(_) => atom.nested == Nest::Not,
            What::Data(data) => atom.nested == Nest::Not && tool(data.kind),
            _ => false,
        });
        if told.is_unknown() {
            return;
        }
        let told = names::stored_at(&told, place);
        for &base in self.reader.class_chain(class).iter().skip(1) {
            self.tell(CellKey::Heirs(base, place.name()), told.clone());
        }
    }

    /// A fresh container, or a slice of the old one, in the place of one that was filled.
    fn note_replaced(&mut self, place: &Place, value: &Value, again: bool) {
        let fresh = value
            .atoms()
            .iter()
            .any(|atom| is_container(atom) && atom.held.is_none())
            || value.atoms().iter().any(|atom| atom.what == What::Nothing);
        if again && fresh {
            self.note(place, Mark::EmptiedBy(self.func(self.function)));
            self.note_emptied_in(place);
        }
    }

    /// Instances live as long as the place that keeps them.
    fn tell_lives(&mut self, place: &Place, value: &Value) {
        for atom in value.atoms() {
            let What::Instance(class) = atom.what else {
                continue;
            };
            let made = |limited: &&(Site, Place)| atom.steps.first() == Some(&limited.0);
            let limits: SmallVec<[Place; 1]> = (self.limited.iter().filter(made))
                .map(|(_, limit)| limit.clone())
                .collect();
            for limit in limits {
                let limited = Atom {
                    held: Some(limit),
                    ..Atom::new(What::Mark(Mark::Limited))
                };
                self.tell(CellKey::Holder(place.clone()), Value::one(limited));
            }
            let lives = match place {
                Place::Global(..)
                | Place::Static(..)
                | Place::FunctionAttr(..)
                | Place::App(_)
                | Place::Default(..) => Value::of(What::Mark(Mark::Lives(Lifetime::Process))),
                Place::Attr(owner, _) if *owner != class => {
                    self.tell(
                        CellKey::Life(class),
                        Value::of(What::Mark(Mark::Owned(*owner))),
                    );
                    self.cell(CellKey::Life(*owner))
                        .map(|atom| match atom.what {
                            What::Mark(Mark::Lives(_)) => Some(atom.clone()),
                            What::Mark(Mark::Role(Role::Middleware | Role::Singleton)) => {
                                Some(Atom {
                                    what: What::Mark(Mark::Lives(Lifetime::Process)),
                                    ..atom.clone()
                                })
                            }
                            _ => None,
                        })
                }
                _ => continue,
            };
            let lives = lives.map(|life| {
                Some(Atom {
                    steps: atom.steps.clone(),
                    ..life.clone()
                })
            });
            self.tell(CellKey::Life(class), lives);
        }
    }

    pub(super) fn augment(&mut self, target: ExprId, operator: Operator, value: ExprId) {
        let held = self.eval(target);
        let added = self.eval(value);
        if operator == Operator::Other {
            return;
        }
        let contents = self.contents(&added);
        self.put(target, &held, &contents);
    }

    pub(super) fn delete(&mut self, target: ExprId) {
        match self.facts.expr(target) {
            Expr::Subscript(base, index) => {
                let holder = self.eval(*base);
                self.eval(*index);
                if !self.goes_on_read(*base, *index) {
                    self.note_taken(&holder);
                }
            }
            Expr::Attr(base, name) => {
                let holder = self.eval(*base);
                for place in self.attribute_places(&holder, name) {
                    self.note(&place, Mark::EmptiedBy(self.func(self.function)));
                }
            }
            Expr::Local(slot) => self.state.slots[*slot as usize] = Value::UNKNOWN,
            _ => {
                self.eval(target);
            }
        }
    }

    // ---- containers ----

    /// What another collection adds: its elements, or what it holds.
    fn contents(&mut self, value: &Value) -> Value {
        // `{"data": data}` of a parameter: each caller gets its own.
        let given = |atom: &Atom| {
            atom.nested != Nest::Not && atom.held.is_none() && matches!(atom.what, What::Param(..))
        };
        let own = value.filter(given);
        let value = self.resolved(&value.filter(|atom| !given(atom))).join(&own);
        let whole = value.filter(|atom| atom.nested != Nest::Not).map(|atom| {
            Some(Atom {
                nested: Nest::Inside,
                held: None,
                ..atom.clone()
            })
        });
        let elements = self.element(&value.filter(|atom| {
            atom.nested == Nest::Not
                && !matches!(
                    atom.data().map(|data| data.kind),
                    Some(Kind::Item | Kind::Page)
                )
        }));
        let merged = value.filter(|atom| {
            atom.nested == Nest::Not
                && matches!(
                    atom.data().map(|data| data.kind),
                    Some(Kind::Item | Kind::Page)
                )
        });
        whole
            .join(&inside(&elements, Nest::Inside))
            .join(&inside(&merged, Nest::Inside))
    }

    /// `holder` now also holds `contents`.
    fn put(&mut self, base: ExprId, holder: &Value, contents: &Value) {
        let contents = contents.filter(|atom| {
            atom.data().is_some()
                || matches!(atom.what, What::Param(..) | What::Instance(_))
                || is_container(atom)
        });
        if contents.is_unknown() {
            return;
        }
        // What `d[key].append(x)` puts into a list is in the dict too.
        let mut whole = base;
        while let Expr::Subscript(around, _) = self.facts.expr(whole) {
            whole = *around;
        }
        if let Expr::Local(slot) = self.facts.expr(whole) {
            let held = &self.state.slots[*slot as usize];
            if whole == base || held.atoms().iter().any(is_container) {
                let joined = held.join(&contents.filter(|atom| !is_container(atom)));
                self.set_slot(*slot, joined);
            }
        }
        if let Expr::Name(name) = self.facts.expr(base)
            && self.function == 0
        {
            let joined = self
                .state
                .names
                .get(name)
                .cloned()
                .unwrap_or_default()
                .join(&contents);
            self.state.names.insert(name.clone(), joined.clone());
            let ever = self.ever_names.entry(name.clone()).or_default();
            *ever = ever.join(&joined);
        }
        let places: Vec<Place> = self.resolved(holder).places().cloned().collect();
        let kept = self.resolved(&contents);
        for place in places {
            self.tell_lives(&place, &kept);
            match &place {
                Place::Local(owner, slot) if owner.unit == self.unit.id => {
                    self.fill_outer(owner.function, *slot, &contents);
                }
                Place::Local(..) => {}
                _ => self.tell(place_cell(&place), contents.clone()),
            }
        }
    }

    /// What a local of this function or of one around it ever held grows.
    fn fill_outer(&mut self, function: FunctionId, slot: Slot, value: &Value) {
        let frame = self.frames.get_mut(function as usize);
        let Some(ever) = frame.and_then(|frame| frame.ever.get_mut(slot as usize)) else {
            return;
        };
        let joined = ever.join(value);
        self.fills_outer |= function != self.function && joined != *ever;
        *ever = joined;
    }

    /// Methods of containers; gives what is taken out or looked up.
    pub(super) fn container_method(
        &mut self,
        object: ExprId,
        method: &str,
        base: &Value,
        args: &Args,
    ) -> Value {
        let queue = base
            .atoms()
            .iter()
            .any(|atom| matches!(atom.what, What::Container(Shape::Queue, _)));
        let key = args.plain.first().map(|(key, _)| *key);
        if method == "get"
            && let Some(key) = key
        {
            self.note_key(object, key);
        }
        let on_read = method == "pop" && key.is_some_and(|key| self.goes_on_read(object, key));
        if TAKES.contains(&method) && !on_read || queue && matches!(method, "get") {
            self.note_taken(base);
        }
        if PUTS.contains(&method) {
            if let Some((_, value)) = args
                .plain
                .last()
                .filter(|_| method == "insert")
                .or(args.plain.first())
            {
                let contents = inside(&self.resolved(value), Nest::Inside);
                self.put(object, base, &contents);
            }
        } else if EXTENDS.contains(&method) {
            if method == "update" && args.exprs().any(|arg| self.varies(arg)) {
                self.takes_varying(object);
            }
            let mut contents = Value::UNKNOWN;
            for (_, value) in &args.plain {
                contents = contents.join(&self.contents(value));
            }
            for (_, _, value) in &args.named {
                contents = contents.join(&inside(value, Nest::Inside));
            }
            self.put(object, base, &contents);
        } else if method == "setdefault"
            && let Some((_, value)) = args.plain.get(1)
        {
            let contents = inside(&self.resolved(value), Nest::Inside);
            self.put(object, base, &contents.join(&empty_lists(value)));
            // `d.setdefault(k, []).append(x)` puts into what `d` holds.
            return value.join(&base.filter(|atom| atom.held.is_some() && is_container(atom)));
        }
        if method == "cache_clear" {
            for atom in base.atoms() {
                if let What::Function(function) = atom.what {
                    self.note(
                        &Place::FunctionAttr(function, "cache".into()),
                        Mark::EmptiedBy(self.func(self.function)),
                    );
                }
            }
        }
        match method {
            "get" | "pop" | "popleft" | "popitem" | "get_nowait" | "setdefault" | "__getitem__" => {
                if matches!(method, "get" | "__getitem__") && !queue {
                    self.note_lookup(base);
                }
                let place = kept_in(base).filter(|_| method != "pop");
                let found = base.map(|atom| {
                    (atom.nested != Nest::Not).then(|| Atom {
                        nested: Nest::Not,
                        held: place.clone().filter(|_| is_container(atom)),
                        ..atom.clone()
                    })
                });
                let found = self.of_one_among_many(base, found);
                // `settings.get("maximum", 0)`: a limit that is none by default.
                match args.plain.get(1) {
                    Some((_, default)) if method == "get" && base.data().next().is_none() => {
                        found.join(&default.filter(|atom| is_no_limit(&atom.what)))
                    }
                    _ => found,
                }
            }
            "values" | "items" | "copy" | "keys" => {
                let place = kept_in(base);
                base.map(|atom| {
                    (atom.nested != Nest::Not && method != "keys").then(|| Atom {
                        held: place.clone().filter(|_| is_container(atom)),
                        ..atom.clone()
                    })
                })
            }
            _ => Value::UNKNOWN,
        }
    }

    /// What comes out of a field of a class of which several others keep an object: another one's it may be.
    pub(super) fn of_one_among_many(&self, holder: &Value, found: Value) -> Value {
        let shared = |place: &Place| matches!(place, Place::Attr(class, _) if self.cell(CellKey::Life(*class)).is_shared());
        if found.data().next().is_none() || !holder.places().any(shared) {
            return found;
        }
        found.map(|atom| Some(atom.clone().sure(Confidence::Low)))
    }

    /// `queue.full()`, `queue.qsize()`: whoever asks waits or drops.
    pub(super) fn sized_effects(&mut self, method: &str, base: &Value) {
        if matches!(method, "full" | "qsize") {
            for place in base.places().cloned().collect::<Vec<_>>() {
                self.note(&place, Mark::Capped);
            }
        }
    }

    pub(super) fn note(&mut self, place: &Place, mark: Mark) {
        if self.muted > 0 {
            return;
        }
        let site = self.own_site();
        let mark = Atom {
            held: self.limit.clone(),
            ..Atom::new(What::Mark(mark))
        };
        self.tell(CellKey::Holder(place.clone()), Value::one(mark.at(site)));
    }

    pub(super) fn note_taken(&mut self, holder: &Value) {
        let own = self.func(self.function);
        for place in self.resolved(holder).places().cloned().collect::<Vec<_>>() {
            self.note(&place, Mark::EmptiedBy(self.func(self.function)));
            self.note(&place, Mark::TakenBy(own));
            self.note_emptied_in(&place);
        }
    }

    /// What a file logs, the handlers that it makes may keep.
    pub(super) fn note_logged(&mut self, args: &Args, site: Site) {
        let whole = |atom: &&Atom| atom.data().is_some_and(|data| data.kind.is_read());
        let mut logged: Option<Atom> = None;
        for (expr, value) in &args.plain {
            let parts = match self.facts.expr(*expr) {
                Expr::Format(parts) => parts.clone(),
                _ => Vec::new(),
            };
            let parts = parts.into_iter().map(|part| self.peek(part));
            let value = parts.fold(value.clone(), |all, part| all.join(&part));
            logged = logged.or_else(|| self.resolved(&value).atoms().iter().find(whole).cloned());
        }
        if let Some(atom) = logged
            && self.reader.imports_from(self.unit.file, "logging")
        {
            let mark = Atom::new(What::Mark(Mark::LogsItems)).sure(atom.confidence);
            let place = notes_of(self.unit.file);
            self.tell(CellKey::Holder(place), Value::one(mark.at(site)));
        }
    }

    /// `client.meta.events.unregister(...)` takes a handler off the client.
    pub(super) fn note_unregistered(&mut self, events: ExprId) {
        let Expr::Attr(meta, _) = self.facts.expr(events) else {
            return;
        };
        if let Expr::Attr(client, _) = self.facts.expr(*meta) {
            let client = self.peek(*client);
            self.note_taken(&client);
        }
    }

    fn note_emptied_in(&mut self, place: &Place) {
        for at in self
            .loops
            .iter()
            .map(|note| note.at.start)
            .collect::<Vec<_>>()
        {
            self.note(place, Mark::EmptiedIn(at));
        }
    }

    /// `while more and not buffer:` goes on only while there is nothing in the buffer.
    pub(super) fn note_filled_once(&mut self, test: ExprId, at: u32) {
        let facts: &'a ChunkFacts = self.facts;
        let measured = |expr: ExprId| match facts.expr(expr) {
            Expr::Call(call) if matches!(facts.expr(call.function), Expr::Name(name) if name == "len") => {
                call.args.first().map(|arg| arg.value)
            }
            _ => None,
        };
        let mut empty = Vec::new();
        let mut pending = vec![test];
        while let Some(part) = pending.pop() {
            match facts.expr(part) {
                Expr::Both(left, right) => pending.extend([*left, *right]),
                Expr::Not(inner) => empty.push(measured(*inner).unwrap_or(*inner)),
                Expr::Compare(parts, operators) => {
                    if let ([left, right], [operator]) = (&parts[..], &operators[..]) {
                        let none = match facts.expr(*right) {
                            Expr::Int(0) => *operator == Comparison::Equal,
                            Expr::Int(1) => *operator == Comparison::Less,
                            _ => false,
                        };
                        empty.extend(measured(*left).filter(|_| none));
                    }
                }
                _ => {}
            }
        }
        for container in empty {
            let value = self.peek(container);
            for place in self.resolved(&value).places().cloned().collect::<Vec<_>>() {
                self.note(&place, Mark::FilledOnceIn(at));
            }
        }
    }

    pub(super) fn note_lookup(&mut self, holder: &Value) {
        let dictionary =
            |atom: &Atom| matches!(atom.what, What::Container(Shape::Dict, _) | What::Slot);
        if !holder.atoms().iter().any(dictionary) {
            return;
        }
        for place in holder
            .places()
            .filter(|place| !matches!(place, Place::Local(..)))
            .cloned()
            .collect::<Vec<_>>()
        {
            self.note(&place, Mark::LookedUp);
        }
    }

    // ---- tests ----

    pub(super) fn compare_effects(&mut self, parts: &[ExprId], operators: &[Comparison]) {
        if operators
            .iter()
            .any(|operator| matches!(operator, Comparison::In | Comparison::NotIn))
            && let [key, container] = *parts
        {
            let value = self.peek(container);
            self.note_lookup(&value);
            self.note_key(container, key);
        }
        let zero = parts
            .iter()
            .any(|&part| matches!(self.facts.expr(part), Expr::Int(0)));
        let sized = operators.iter().any(|operator| {
            operator.is_order() || matches!(operator, Comparison::Equal | Comparison::NotEqual)
        });
        // `if len(items) < 1: raise NotFound()` after a loop asks whether there is any: it ends no loop.
        let few = self.loops.is_empty()
            && parts
                .iter()
                .any(|&part| matches!(self.facts.expr(part), Expr::Int(1 | 2)));
        if zero || few || !sized {
            return;
        }
        if parts.iter().any(|&part| self.is_unset(part)) {
            return;
        }
        let limit = parts.iter().find_map(|&part| self.limit_of(part));
        let limit = limit.or_else(|| self.limit.clone());
        let outside = std::mem::replace(&mut self.limit, limit);
        for &part in parts {
            let mut measured = Vec::new();
            self.facts.any(part, &mut |_, expr| {
                if let Expr::Call(call) = expr
                    && matches!(self.facts.expr(call.function), Expr::Name(name) if name == "len")
                {
                    measured.extend(call.args.first().map(|arg| arg.value));
                }
                false
            });
            for container in measured {
                let value = self.peek(container);
                for place in self.resolved(&value).places().cloned().collect::<Vec<_>>() {
                    self.note(&place, Mark::Capped);
                }
            }
        }
        self.limit = outside;
    }

    /// A limit that is none by default, and that whoever makes the object may set: the constructor's parameter.
    pub(super) fn limit_of(&mut self, part: ExprId) -> Option<Place> {
        let limit = self.peek(part);
        let number = |atom: &Atom| matches!(atom.what, What::Int(number) if number > 0);
        let none = |atom: &Atom| is_no_limit(&atom.what);
        if limit.atoms().iter().any(number) || !limit.atoms().iter().any(none) {
            return None;
        }
        limit.atoms().iter().find_map(|atom| match atom.what {
            What::Param(function, index) if function.unit != self.unit.id => {
                Some(Place::Default(function, index))
            }
            _ => None,
        })
    }

    /// A limit that nobody sets: `len(cache) >= limit` with it is no bound.
    pub(super) fn is_unset(&mut self, part: ExprId) -> bool {
        let limit = self.peek(part);
        let set = |atom: &Atom| match atom.what {
            What::Param(function, index) => self.is_given(function, index),
            _ => false,
        };
        if limit.atoms().iter().any(set) {
            return false;
        }
        let limit = self.resolved(&limit);
        limit.atoms().iter().any(|atom| is_no_limit(&atom.what))
            && !limit
                .atoms()
                .iter()
                .any(|atom| matches!(atom.what, What::Int(number) if number > 0))
    }

    /// What a test compares a length with. What it guards never runs where nobody sets that.
    pub(super) fn limits_in(&self, test: ExprId) -> Vec<ExprId> {
        let mut compared = Vec::new();
        self.facts.any(test, &mut |_, expr| {
            if let Expr::Compare(parts, operators) = expr
                && operators.iter().any(|operator| operator.is_order())
            {
                compared.extend(parts.iter().copied());
            }
            false
        });
        let measured = |_: ExprId, expr: &Expr| matches!(expr, Expr::Call(call) if matches!(self.facts.expr(call.function), Expr::Name(name) if name == "len"));
        let measures = compared
            .iter()
            .any(|&part| self.facts.any(part, &mut { measured }));
        compared.retain(|&part| measures && !matches!(self.facts.expr(part), Expr::Int(_)));
        compared
    }

    /// `if X is None: X = …`: the branch fills what the test found empty.
    pub(super) fn fills_tested(&mut self, test: ExprId, body: &'a [Stmt]) -> bool {
        let tested = self.tested(test);
        !tested.is_empty()
            && (self.assigns_any(body, &tested, 0)
                || super::endless::asks_for_nothing(self.facts, test)
                    && self.calls_filler(body, &tested))
    }

    /// Does a test look at fields of `self` alone, and not of `cls`?
    pub(super) fn tests_own(&mut self, test: ExprId) -> bool {
        let object = self.local(0);
        self.unit.class.is_some()
            && self.function == 1
            && matches!(
                object.atoms(),
                [Atom {
                    what: What::Instance(_),
                    ..
                }]
            )
            && self
                .tested(test)
                .iter()
                .all(|path| path.starts_with("local 0."))
    }

    /// `X if X else make()`, where this function stores to `X`: it is made once. Of the environment too:
    /// `os.environ["KEY"] = found`.
    pub(super) fn keeps_tested(&mut self, test: ExprId, branches: &[ExprId]) -> bool {
        let call = &mut |_, expr: &Expr| matches!(expr, Expr::Call(_));
        if !branches.iter().any(|&branch| self.facts.any(branch, call)) {
            return false;
        }
        let mut tested = self.tested(test);
        tested.retain(|path| !path.starts_with("local "));
        let facts: &'a ChunkFacts = self.facts;
        !tested.is_empty()
            && self.assigns_any(&facts.functions[self.function as usize].body, &tested, 0)
    }

    /// `if self.client is None: self.connect()`, where `connect` sets it.
    fn calls_filler(&mut self, body: &'a [Stmt], tested: &[String]) -> bool {
        let facts = self.facts;
        let calls = body.iter().filter_map(|stmt| match stmt {
            Stmt::Expr(value) => match facts.expr(*value) {
                Expr::Await(inner) => Some(*inner),
                _ => Some(*value),
            },
            _ => None,
        });
        calls.collect::<Vec<_>>().into_iter().any(|call| {
            let Expr::Call(call) = facts.expr(call) else {
                return false;
            };
            let callee = self.peek(call.function);
            callee.atoms().iter().any(|atom| match atom.what {
                What::Function(function) | What::Bound(function, _) => {
                    let signature = self.reader.signature(function);
                    let name = |path: &String| path.rsplit('.').next().map(str::to_string);
                    let mut names = tested.iter().filter_map(name);
                    signature.is_some_and(|signature| names.any(|name| signature.sets(&name)))
                }
                _ => false,
            })
        })
    }

    /// `if X: return X`, or `if self.ready: return` where the function sets it: what follows runs only
    /// while X is empty.
    pub(super) fn returns_tested(&mut self, test: ExprId, body: &'a [Stmt]) -> bool {
        // `if use_cache: if _client: return _client`
        let nested = |stmt: &'a Stmt| match stmt {
            Stmt::If { test, then, .. } => Some((*test, then)),
            _ => None,
        };
        for (test, then) in body.iter().filter_map(nested) {
            if self.returns_tested(test, then) {
                return true;
            }
        }
        let tested = self.tested(test);
        if tested.is_empty() {
            return false;
        }
        // `if self.asked: return self.answer` is as good.
        let leaves = match body {
            [Stmt::Return(None)] => true,
            [Stmt::Return(Some(value))] => {
                matches!(self.facts.expr(*value), Expr::Attr(..) | Expr::Name(_))
            }
            _ => false,
        };
        if leaves {
            let mut flags = tested.clone();
            flags.retain(|path| !path.starts_with("local ") || path.contains('.'));
            let facts = self.facts;
            let whole = &facts.functions[self.function as usize].body;
            if !flags.is_empty() && self.assigns_any(whole, &flags, 0) {
                return true;
            }
        }
        body.iter().any(|stmt| match stmt {
            Stmt::Return(Some(value)) => {
                let value = match self.facts.expr(*value) {
                    Expr::Subscript(base, _) => *base,
                    Expr::Call(call) => match self.facts.expr(call.function) {
                        Expr::Attr(base, _) => *base,
                        _ => *value,
                    },
                    _ => *value,
                };
                let remembered = match self.facts.expr(value) {
                    Expr::Local(slot) => self.is_memory(*slot),
                    _ => true,
                };
                remembered && self.path(value).is_some_and(|path| tested.contains(&path))
            }
            _ => false,
        })
    }

    /// Is this a place that outlives the call?
    pub(super) fn is_kept(&mut self, expr: ExprId) -> bool {
        matches!(
            self.facts.expr(expr),
            Expr::Name(_) | Expr::Attr(..) | Expr::Outer(..)
        ) && self.outlives(expr)
    }

    /// Remembers that the holder was read under this key.
    pub(super) fn note_key(&mut self, holder: ExprId, key: ExprId) {
        if let (Some(holder), Some(key)) = (self.path(holder), self.path(key)) {
            self.looked.insert((holder, key));
        }
    }

    /// `if now > CACHE[key].expires: del CACHE[key]`: only what is asked for again ever goes.
    fn goes_on_read(&self, holder: ExprId, key: ExprId) -> bool {
        let Some(pair) = self.path(holder).zip(self.path(key)) else {
            return false;
        };
        // One key of a cache that is invalidated on demand bounds nothing either.
        let cache = |name: &str| name.to_ascii_lowercase().contains("cache");
        let own = &self.facts.functions[self.function as usize].name;
        let forgets = cache(&pair.0)
            || cache(own)
            || self.unit.class.is_some() && cache(&self.unit.name)
            || self.unit.chunks.len() == 1 && cache(&self.facts.name);
        // In a loop it may be a sweep over all keys.
        forgets && self.loops.is_empty() || self.expiring > 0 && self.looked.contains(&pair)
    }

    /// Paths of the places outside this call that a test looks at.
    fn tested(&mut self, test: ExprId) -> Vec<String> {
        let mut found = Vec::new();
        let mut pending = vec![test];
        while let Some(expr) = pending.pop() {
            match self.facts.expr(expr) {
                Expr::Not(inner) => pending.push(*inner),
                Expr::Either(left, right) | Expr::Both(left, right) => {
                    pending.extend([*left, *right])
                }
                Expr::Compare(parts, operators) => match operators.first() {
                    Some(Comparison::In | Comparison::NotIn) => pending.extend(parts.last()),
                    Some(
                        Comparison::Is
                        | Comparison::IsNot
                        | Comparison::Equal
                        | Comparison::NotEqual,
                    ) => pending.extend(parts.first()),
                    _ => {}
                },
                Expr::Walrus(_, value) => pending.push(*value),
                Expr::Subscript(base, _) => pending.push(*base),
                Expr::Call(call) => match self.facts.expr(call.function) {
                    // `CACHE.get(key)`, `hasattr(module, "client")`.
                    Expr::Attr(base, name) if name == "get" => pending.push(*base),
                    Expr::Name(name)
                        if matches!(name.as_str(), "hasattr" | "getattr" | "len" | "callable") =>
                    {
                        if let [object, attribute, ..] = &call.args[..]
                            && let (Some(path), Expr::Str(attribute)) =
                                (self.path(object.value), self.facts.expr(attribute.value))
                            && self.outlives(object.value)
                        {
                            found.push(format!("{path}.{attribute}"));
                        }
                    }
                    _ => {}
                },
                Expr::Name(_) | Expr::Attr(..) | Expr::Outer(..) => {
                    if let (Some(path), true) = (self.path(expr), self.outlives(expr)) {
                        found.push(path);
                    }
                }
                // A local that was read from such a place stands for it.
                Expr::Local(slot)
                    if (*slot as usize)
                        >= self.facts.functions[self.function as usize].params.len() =>
                {
                    found.push(format!("local {slot}"));
                }
                _ => {}
            }
        }
        found
    }

    /// Does the place live longer than a request? Tests of `g.client` or of a view's field run anew each time.
    fn outlives(&mut self, expr: ExprId) -> bool {
        let mut root = expr;
        while let Expr::Attr(base, _) | Expr::Subscript(base, _) = self.facts.expr(root) {
            root = *base;
        }
        let value = self.peek(root);
        !value.atoms().iter().any(|atom| match &atom.what {
            What::Object(object) => object == "request" || object == "session",
            What::Instance(class) => {
                let roles = self.cell(CellKey::Roles(*class));
                roles.has(Mark::Role(Role::View)) || roles.has(Mark::Role(Role::PerRequest))
            }
            _ => false,
        })
    }

    fn path(&self, expr: ExprId) -> Option<String> {
        match self.facts.expr(expr) {
            Expr::Name(name) => Some(name.to_string()),
            Expr::Local(slot) => Some(format!("local {slot}")),
            Expr::Outer(function, slot) => Some(format!("outer {function} {slot}")),
            Expr::Attr(base, name) => Some(format!("{}.{name}", self.path(*base)?)),
            Expr::Subscript(base, _) => self.path(*base),
            _ => None,
        }
    }

    /// Where a local comes from that may be missing there: `client = CACHE.get(name)`.
    pub(super) fn note_origin(&mut self, target: ExprId, value: ExprId) {
        let Expr::Local(slot) = self.facts.expr(target) else {
            return;
        };
        let origin = self.origin(value);
        self.origins.insert((self.function, *slot), origin);
    }

    /// May a local hold what an earlier call made? Not what a test answers: `error = check(event)`.
    fn is_memory(&mut self, slot: Slot) -> bool {
        let given = &self.facts.functions[self.function as usize].params;
        match self.origins.get(&(self.function, slot)) {
            Some(Some(origin)) => {
                let environment = origin
                    .split('[')
                    .next()
                    .is_some_and(|path| path.ends_with("environ"));
                return !environment || self.sets_environment();
            }
            None if (slot as usize) < given.len() => return true,
            _ => {}
        }
        let value = self.local(slot);
        let kept = |atom: &Atom| {
            let place = atom.held.as_ref();
            place.is_some_and(|place| !matches!(place, Place::Local(..)))
                || atom.data().is_some_and(|data| data.kind.is_tool())
        };
        let value = self.resolved(&value);
        value.atoms().iter().any(kept)
    }

    /// `os.environ["KEY"] = answer["SecretString"]`: else what is read there is a setting, and the same each time.
    fn sets_environment(&self) -> bool {
        let facts = self.facts;
        let mut sets = false;
        visit(&facts.functions[self.function as usize].body, &mut |stmt| {
            if let Stmt::Assign { targets, .. } = stmt {
                sets |= targets.iter().any(|&target| {
                    matches!(facts.expr(target), Expr::Subscript(base, _) if facts.is_named(*base, "environ"))
                });
            }
        });
        sets
    }

    fn origin(&self, value: ExprId) -> Option<String> {
        match self.facts.expr(value) {
            Expr::Await(inner) | Expr::Either(inner, _) | Expr::Both(inner, _) => {
                self.origin(*inner)
            }
            Expr::Subscript(..) => self.keyed_path(value),
            Expr::Call(call) => match (self.facts.expr(call.function), &call.args[..]) {
                (Expr::Attr(base, name), [key, ..])
                    if matches!(name.as_str(), "get" | "pop" | "setdefault") =>
                {
                    self.keyed(*base, key.value)
                }
                _ => None,
            },
            _ => self.path(value),
        }
    }

    /// A place with its key, so that `event["id"]` is another one than `event["name"]`.
    fn keyed_path(&self, expr: ExprId) -> Option<String> {
        match self.facts.expr(expr) {
            Expr::Subscript(base, key) => self.keyed(*base, *key),
            _ => self.path(expr),
        }
    }

    fn keyed(&self, base: ExprId, key: ExprId) -> Option<String> {
        let key = match self.facts.expr(key) {
            Expr::Str(text) => text.to_string(),
            _ => self.path(key).unwrap_or_default(),
        };
        Some(format!("{}[{key}]", self.path(base)?))
    }

    /// Does the branch fill one of the places? Of a local that was tested it may be any place that is
    /// surely kept, but a parameter's only if the local was read there: `event["user"] = …` keeps nothing.
    fn assigns_any(&mut self, body: &'a [Stmt], tested: &[String], depth: u32) -> bool {
        if depth == 8 {
            return false;
        }
        body.iter().any(|stmt| match stmt {
            Stmt::Assign { targets, .. } => {
                targets.iter().any(|&target| self.fills(target, tested))
            }
            Stmt::Expr(value) => match self.facts.expr(*value) {
                Expr::Call(call) => {
                    matches!(self.facts.expr(call.function), Expr::Name(name) if name == "setattr")
                }
                _ => false,
            },
            Stmt::With { body, .. } => self.assigns_any(body, tested, depth + 1),
            Stmt::If { then, other, .. } => {
                self.assigns_any(then, tested, depth + 1)
                    || self.assigns_any(other, tested, depth + 1)
            }
            Stmt::Try { body, .. } => self.assigns_any(body, tested, depth + 1),
            _ => false,
        })
    }

    fn fills(&self, target: ExprId, tested: &[String]) -> bool {
        if matches!(self.facts.expr(target), Expr::Local(_) | Expr::Tuple(_)) {
            return false;
        }
        let Some(path) = self.path(target) else {
            return false;
        };
        let mut locals = tested
            .iter()
            .filter_map(|path| path.strip_prefix("local ")?.parse::<Slot>().ok())
            .peekable();
        if locals.peek().is_none() {
            return tested.contains(&path);
        }
        let mut root = target;
        while let Expr::Attr(base, _) | Expr::Subscript(base, _) = self.facts.expr(root) {
            root = *base;
        }
        let Expr::Local(slot) = self.facts.expr(root) else {
            return true;
        };
        if *slot == 0 && self.unit.class.is_some() && self.function == 1 {
            return true;
        }
        let place = self.keyed_path(target);
        tested.contains(&path)
            || locals.any(|local| {
                let origin = self.origins.get(&(self.function, local));
                origin.is_none_or(|origin| origin.is_some() && *origin == place)
            })
    }

    // ---- page iterators that were gone through ----

    /// Notes that a page iterator was gone through to its end.
    pub(super) fn spend(&mut self, expr: ExprId) {
        let gone = self.iterated(expr);
        let Some(name) = self.own_name(gone) else {
            return;
        };
        let value = self.peek(gone);
        let pages = |atom: &Atom| {
            let all = |data: Data| data.kind == Kind::PageIterator && !data.limited;
            atom.nested == Nest::Not && atom.data().is_some_and(all)
        };
        if self.resolved(&value).atoms().iter().any(pages) && !self.state.spent.contains(&name) {
            self.state.spent.push(name);
        }
    }

    /// The page iterator that `enumerate(pages)` or `pages.search(...)` goes through.
    fn iterated(&self, expr: ExprId) -> ExprId {
        let Expr::Call(call) = self.facts.expr(expr) else {
            return expr;
        };
        match (self.facts.expr(call.function), &call.args[..]) {
            (Expr::Attr(base, name), _) if name == "search" => *base,
            (Expr::Name(name), [pages, ..]) if matches!(name.as_str(), "enumerate" | "iter") => {
                pages.value
            }
            _ => expr,
        }
    }

    /// `list(pages)`, `sum(page["Count"] for page in pages)`, `pages.build_full_result()`.
    pub(super) fn spends(&mut self, call: &'a Call) {
        match self.facts.expr(call.function) {
            Expr::Attr(base, name) if name == "build_full_result" => self.spend(*base),
            Expr::Name(name) if GATHERS.contains(&name.as_str()) => {
                let Some(first) = call.args.first() else {
                    return;
                };
                let gone = match self.facts.expr(first.value) {
                    Expr::Comprehension(comprehension) => match comprehension.clauses.first() {
                        Some(Clause::For { iter, .. }) => *iter,
                        _ => return,
                    },
                    _ => first.value,
                };
                self.spend(gone);
            }
            _ => {}
        }
    }

    pub(super) fn is_spent(&self, expr: ExprId) -> bool {
        !self.state.spent.is_empty()
            && self
                .own_name(expr)
                .is_some_and(|name| self.state.spent.contains(&name))
    }

    fn renewed(&mut self, name: &ExprName) {
        self.state.spent.retain(|other| other != name);
    }

    /// Other functions may fill other names anew.
    fn own_name(&self, expr: ExprId) -> Option<ExprName> {
        match self.facts.expr(expr) {
            Expr::Local(slot) => Some(ExprName::Local(*slot)),
            Expr::Name(name) if self.function == 0 => Some(ExprName::Global(name.clone())),
            _ => None,
        }
    }

    // ---- loops ----

    pub(super) fn loop_note(
        &mut self,
        body: &'a [Stmt],
        test: Option<ExprId>,
        at: ExprId,
    ) -> LoopNote {
        let mut extent: Option<Span> = None;
        let mut breaks = false;
        let mut ends: Vec<ExprId> = test.into_iter().collect();
        visit(body, &mut |stmt| {
            let mut touch = |expr: ExprId| {
                let span = self.facts.span(expr);
                let whole = extent.get_or_insert(span);
                whole.start = whole.start.min(span.start);
                whole.end = whole.end.max(span.end);
            };
            statement_exprs(stmt).into_iter().for_each(&mut touch);
            match stmt {
                Stmt::If { test, then, .. }
                    if then
                        .iter()
                        .any(|stmt| matches!(stmt, Stmt::Break | Stmt::Return(_))) =>
                {
                    ends.push(*test)
                }
                Stmt::Break | Stmt::Return(_) => breaks = true,
                _ => {}
            }
        });
        if let Some(test) = test {
            let span = self.facts.span(test);
            let whole = extent.get_or_insert(span);
            whole.start = whole.start.min(span.start);
            whole.end = whole.end.max(span.end);
        }
        // `while True: try: return fetch() except Throttled: wait()` goes round only to try again.
        let bounded = ends.into_iter().any(|end| self.is_bound(end)) || leaves_at_once(body);
        let Some(extent) = extent else {
            return LoopNote {
                at: self.facts.span(at),
                ..LoopNote::default()
            };
        };
        let mut keys = false;
        let mut tokens = false;
        let mut stream = false;
        let facts = self.facts;
        for (id, (expr, span)) in facts.exprs.iter().zip(&facts.spans).enumerate() {
            if span.start < extent.start || span.end > extent.end {
                continue;
            }
            match expr {
                Expr::Str(text) => {
                    keys |= API.read.page_keys.contains(text);
                    tokens |= text == "NextToken";
                    stream |= text == "NextShardIterator";
                }
                Expr::Call(call) => {
                    for arg in &call.args {
                        if let ArgKind::Keyword(name) = &arg.kind {
                            keys |= API.read.page_keys.contains(name);
                            tokens |= name == "NextToken";
                        }
                    }
                    stream |= matches!(self.facts.expr(call.function), Expr::Attr(_, name) if name == "get_records");
                }
                // `NEXT = "LastEvaluatedKey"`, of a module or class.
                Expr::Name(name) | Expr::Attr(_, name) if is_constant_name(name) => {
                    let text = self.peek(id as ExprId);
                    keys |= text
                        .string()
                        .is_some_and(|text| API.read.page_keys.contains(text));
                }
                Expr::Attr(_, name) => keys |= name == "last_evaluated_key",
                _ => {}
            }
        }
        LoopNote {
            pages: keys || tokens,
            by_keys: keys,
            bounded,
            stream,
            breaks,
            endless: false,
            forever: false,
            comprehension: false,
            at: self.facts.span(at),
        }
    }

    /// Does the test end a loop after so much? `limit and len(items) >= limit` does not where nobody sets the limit;
    /// `while not pool.full()` does.
    fn is_bound(&mut self, test: ExprId) -> bool {
        let mut compared = Vec::new();
        let full = self.facts.any(test, &mut |_, expr| {
            if let Expr::Compare(parts, operators) = expr
                && operators.iter().any(|operator| operator.is_order())
            {
                compared.push(parts.clone());
            }
            matches!(expr, Expr::Call(call) if self.facts.is_named(call.function, "full"))
        });
        full || compared
            .iter()
            .any(|parts| !parts.iter().any(|&part| self.is_optional(part)))
    }

    /// Which of the loops around it come to `if start < count <= end:` so often and no more: they count it up.
    pub(super) fn counted_loops(&mut self, test: ExprId) -> Vec<usize> {
        let mut counters = Vec::new();
        if !self.loops.is_empty() {
            self.counters(test, &mut counters);
        }
        if counters.is_empty() {
            return Vec::new();
        }
        let counts = |round: &Round| {
            let up = |name: &ExprName| {
                round.index.as_ref() == Some(name) || self.rises_in(round.body, name)
            };
            counters.iter().any(up)
        };
        let loops = self.loops.iter().enumerate();
        loops
            .filter(|(_, note)| {
                let mut rounds = self.rounds.iter().filter(|round| round.at == note.at);
                !note.bounded && rounds.any(counts)
            })
            .map(|(number, _)| number)
            .collect()
    }

    /// The names that a test wants below something.
    fn counters(&mut self, test: ExprId, found: &mut Vec<ExprName>) {
        match self.facts.expr(test) {
            Expr::Either(left, right) | Expr::Both(left, right) => {
                self.counters(*left, found);
                self.counters(*right, found);
            }
            Expr::Compare(parts, operators) => {
                for (pair, operator) in parts.windows(2).zip(operators) {
                    let (counter, bound) = match operator {
                        Comparison::Less => (pair[0], pair[1]),
                        Comparison::Greater => (pair[1], pair[0]),
                        _ => continue,
                    };
                    if let Some(name) = self.own_name(counter)
                        && !self.is_optional(bound)
                    {
                        found.push(name);
                    }
                }
            }
            _ => {}
        }
    }

    /// `number` of `for number, order in enumerate(orders)`.
    pub(super) fn index(&self, target: ExprId, iter: ExprId) -> Option<ExprName> {
        let Expr::Call(call) = self.facts.expr(iter) else {
            return None;
        };
        let enumerates =
            matches!(self.facts.expr(call.function), Expr::Name(name) if name == "enumerate");
        match self.facts.expr(target) {
            Expr::Tuple(parts) | Expr::List(parts) if enumerates => self.own_name(*parts.first()?),
            _ => None,
        }
    }

    /// Does a block only ever add to the name?
    fn rises_in(&self, block: &[Stmt], name: &ExprName) -> bool {
        let is_name = |expr: ExprId| self.own_name(expr).as_ref() == Some(name);
        let mut rises = false;
        let mut set = false;
        visit(block, &mut |stmt| match stmt {
            Stmt::Augment {
                target, operator, ..
            } if is_name(*target) => {
                rises |= *operator == Operator::Add;
                set |= *operator != Operator::Add;
            }
            Stmt::Assign { targets, value, .. }
                if targets.iter().any(|&target| is_name(target)) =>
            {
                let adds = matches!(self.facts.expr(*value), Expr::Binary(Operator::Add, left, _) if is_name(*left));
                rises |= adds;
                set |= !adds;
            }
            _ => {}
        });
        rises && !set
    }

    /// A parameter that is `None` by default, or a local that stands for one, and that no known call sets.
    fn is_optional(&mut self, part: ExprId) -> bool {
        let value = self.peek(part);
        let params = |atom: &Atom| matches!(atom.what, What::Param(..));
        value.atoms().iter().any(params) && self.is_unset(part)
    }

    /// `len(items) < limit`, `page <= 10`: ends after so much.
    pub(super) fn is_order(&self, test: ExprId) -> bool {
        self.facts.any(test, &mut |_, expr| matches!(expr, Expr::Compare(_, operators) if operators.iter().any(|operator| operator.is_order())))
    }
}

/// Does the straight way through a loop's body leave the loop?
pub fn leaves_at_once(body: &[Stmt]) -> bool {
    match body.last() {
        Some(Stmt::Return(_) | Stmt::Break) => true,
        Some(Stmt::Try { body, other, .. }) => leaves_at_once(body) || leaves_at_once(other),
        Some(Stmt::With { body, .. }) => leaves_at_once(body),
        _ => body.iter().any(|stmt| matches!(stmt, Stmt::Try { body, other, .. } if leaves_at_once(body) || leaves_at_once(other))),
    }
}

/// The cell that says what a place holds.
pub fn place_cell(place: &Place) -> CellKey {
    match place {
        Place::Global(file, name) => CellKey::Global(*file, name.clone()),
        Place::Attr(class, name) => CellKey::Attr(*class, name.clone()),
        Place::Static(class, name) => CellKey::Static(*class, name.clone()),
        other => CellKey::Slot(other.clone()),
    }
}

pub(super) fn is_no_limit(what: &What) -> bool {
    matches!(what, What::Nothing) || matches!(what, What::Int(number) if *number <= 0)
}

pub(super) fn is_container(atom: &Atom) -> bool {
    matches!(atom.what, What::Container(shape, _) if shape != Shape::Tuple)
}

/// `[]` as what is put under a key.
fn empty_lists(value: &Value) -> Value {
    if value.atoms().iter().any(|atom| atom.nested != Nest::Not) {
        return Value::UNKNOWN;
    }
    value.map(|atom| {
        let list = matches!(
            atom.what,
            What::Container(Shape::List | Shape::Set | Shape::Deque, _)
        );
        list.then(|| Atom {
            nested: Nest::Inside,
            held: None,
            ..atom.clone()
        })
    })
}

fn is_nested_list(atom: &Atom) -> bool {
    atom.nested == Nest::Inside && is_container(atom)
}

/// The place that holds a container beyond the call.
pub(super) fn kept_in(holder: &Value) -> Option<Place> {
    let lasting = |place: &&Place| !matches!(place, Place::Local(..));
    holder.places().find(lasting).cloned()
}

/// Every statement of a block, nested ones too; not those of nested functions.
pub fn visit<'s>(block: &'s [Stmt], seen: &mut impl FnMut(&'s Stmt)) {
    for stmt in block {
        seen(stmt);
        for inner in stmt.blocks() {
            visit(inner, seen);
        }
    }
}

/// The expressions that stand directly in a statement.
pub fn statement_exprs(stmt: &Stmt) -> Vec<ExprId> {
    match stmt {
        Stmt::Expr(value) => vec![*value],
        Stmt::Assign { targets, value, .. } => targets.iter().chain([value]).copied().collect(),
        Stmt::Declare { target, .. } => vec![*target],
        Stmt::Augment { target, value, .. } => vec![*target, *value],
        Stmt::Return(value) => value.iter().copied().collect(),
        Stmt::Raise(parts) | Stmt::Delete(parts) => parts.clone(),
        Stmt::If { test, .. } | Stmt::While { test, .. } => vec![*test],
        Stmt::For { target, iter, .. } => vec![*target, *iter],
        Stmt::With { items, .. } => items
            .iter()
            .flat_map(|item| std::iter::once(item.value).chain(item.target))
            .collect(),
        Stmt::Match { subject, .. } => vec![*subject],
        _ => vec![],
    }
}
