//! The value of each form of expression.

use super::effects::{TAKES, is_container, kept_in};
use super::*;

/// Literals with more elements say nothing of single constants.
const FEW: usize = 8;

use crate::api::API;

impl<'a> Flow<'a> {
    pub(super) fn eval(&mut self, expr: ExprId) -> Value {
        let value = self.eval_inner(expr);
        self.see(expr, &value);
        if matches!(self.facts.expr(expr), Expr::Name(_) | Expr::Attr(..)) {
            self.note_uses(expr, &value);
        }
        value
    }

    fn eval_inner(&mut self, expr: ExprId) -> Value {
        let facts: &'a ChunkFacts = self.facts;
        match facts.expr(expr) {
            Expr::Name(name) => self.name(name),
            Expr::Local(slot) => self.local(*slot),
            Expr::Outer(function, slot) => self.outer(*function, *slot),
            Expr::Attr(base, name) => {
                let value = self.eval(*base);
                if TAKES.contains(&name.as_str()) {
                    // `task.add_done_callback(TASKS.discard)`.
                    self.note_taken(&value);
                }
                let buffers = |atom: &Atom| matches!(&atom.what, What::Object(path) if path == "logging.handlers.MemoryHandler");
                if name == "buffer" && value.atoms().iter().any(buffers) {
                    // `handler.buffer.clear()`.
                    self.note_taken(&value);
                }
                // A property is called where it is read; it has no call of its own to name.
                let site = Site {
                    unit: self.unit.id,
                    chunk: self.chunk,
                    at: At::Chunk,
                };
                self.attribute(&value, name, Some(site))
            }
            Expr::Call(call) => self.call(call),
            // `Orders = Annotated[OrderService, Depends(get_orders)]` names the type.
            Expr::Subscript(base, index) if facts.is_named(*base, "Annotated") => {
                self.eval(*index);
                match facts.expr(*index) {
                    Expr::Tuple(parts) => parts
                        .first()
                        .map_or(Value::UNKNOWN, |&first| self.peek(first)),
                    _ => Value::UNKNOWN,
                }
            }
            Expr::Subscript(base, index) => {
                let value = self.eval(*base);
                let key = self.eval(*index);
                self.note_lookup(&value);
                self.note_key(*base, *index);
                let found = self.subscript(&value, &key, *index);
                found.join(&self.slot_of(*base, &value, *index))
            }
            Expr::Str(text) => Value::of(What::Str(text.clone())),
            Expr::Int(number) => Value::of(What::Int(*number)),
            Expr::None => Value::of(What::Nothing),
            Expr::True | Expr::False => Value::UNKNOWN,
            Expr::List(items) | Expr::Set(items) | Expr::Tuple(items) => {
                let values: SmallVec<[Value; FEW]> =
                    items.iter().map(|&item| self.eval(item)).collect();
                self.display(expr, &values)
            }
            Expr::Dict(pairs) => {
                let mut value = Value::of(What::Container(Shape::Dict, false));
                for (key, inner) in pairs {
                    if let Some(key) = key {
                        self.eval(*key);
                    }
                    let inner = self.eval(*inner);
                    // `{**item}` is the item.
                    value = value.join(&if key.is_some() {
                        inside(&inner, Nest::Inside)
                    } else {
                        inner.filter(|atom| atom.data().is_some())
                    });
                }
                value
            }
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
            Expr::Lambda(function) => self.closure(*function),
            Expr::Binary(operator, left, right) => {
                let left = self.eval(*left);
                let right = self.eval(*right);
                match operator {
                    Operator::Add | Operator::BitOr => {
                        let joined = left.join(&right);
                        // A new list: of nobody's place.
                        joined
                            .filter(|atom| {
                                !matches!(atom.what, What::Str(_) | What::Int(_) | What::Slot)
                            })
                            .map(|atom| {
                                Some(Atom {
                                    held: None,
                                    ..atom.clone()
                                })
                            })
                    }
                    Operator::Other => Value::UNKNOWN,
                }
            }
            Expr::Either(tested, right) | Expr::Both(tested, right) => {
                let kept = self.is_kept(*tested);
                let left = self.eval(*tested);
                // `Class.client = Class.client or boto3.client(...)` runs once.
                self.guards += kept as u32;
                // `client or boto3.client(...)`, `not client and boto3.client(...)`
                let missing = match facts.expr(expr) {
                    Expr::Both(..) => self.missing_param(*tested),
                    _ => self.given_param(*tested),
                };
                let right = self.where_missing(missing, |flow| flow.eval(*right));
                self.guards -= kept as u32;
                left.filter(|atom| atom.what != What::Nothing).join(&right)
            }
            Expr::Not(inner) => {
                self.eval(*inner);
                Value::UNKNOWN
            }
            Expr::Compare(parts, operators) => {
                for &part in parts {
                    self.eval(part);
                }
                self.compare_effects(parts, operators);
                Value::UNKNOWN
            }
            Expr::Conditional { test, then, other } => {
                self.eval(*test);
                // `CLIENT = CLIENT if CLIENT else boto3.client(...)` runs once.
                let kept = self.keeps_tested(*test, &[*then, *other]);
                self.guards += kept as u32;
                let (missing, given) = (self.missing_param(*test), self.given_param(*test));
                let then = self.where_missing(missing, |flow| flow.eval(*then));
                let other = self.where_missing(given, |flow| flow.eval(*other));
                self.guards -= kept as u32;
                then.join(&other)
            }
            Expr::Await(inner) | Expr::Star(inner) => self.eval(*inner),
            Expr::Yield(inner) => {
                let yielded = inner.map(|inner| self.eval(inner)).unwrap_or_default();
                self.escapes(&yielded);
                let pages = self.loops.iter().any(|note| note.pages && !note.bounded);
                let yielded = yielded.map(|atom| {
                    let mut atom = Atom {
                        held: None,
                        ..atom.clone()
                    };
                    if let What::Data(data) = &mut atom.what {
                        let held = matches!(
                            data.kind,
                            Kind::Item
                                | Kind::Items
                                | Kind::Page
                                | Kind::Model
                                | Kind::Records
                                | Kind::Record
                        );
                        data.limited = if held { !pages } else { data.limited };
                    }
                    Some(atom)
                });
                let frame = &mut self.frames[self.function as usize];
                frame.yields = frame.yields.join(&yielded);
                Value::UNKNOWN
            }
            Expr::YieldFrom(inner) => {
                let value = self.eval(*inner);
                self.spend(*inner);
                let pages = self.loops.iter().any(|note| note.pages && !note.bounded);
                let element = self.element(&value).map(|atom| {
                    let mut atom = Atom {
                        held: None,
                        ..atom.clone()
                    };
                    if let What::Data(data) = &mut atom.what {
                        data.limited = !pages;
                    }
                    Some(atom)
                });
                let whole = value
                    .filter(|atom| atom.nested == Nest::Lazy || atom.data().is_some_and(unbounded));
                let frame = &mut self.frames[self.function as usize];
                frame.yields = frame
                    .yields
                    .join(&if whole.is_unknown() { element } else { whole });
                Value::UNKNOWN
            }
            Expr::Walrus(target, value) => {
                let assigned = self.eval(*value);
                self.assign(*target, assigned.clone(), Some(*value));
                assigned
            }
            Expr::Slice(parts) | Expr::Format(parts) | Expr::Other(parts) => {
                for &part in parts {
                    self.eval(part);
                }
                Value::UNKNOWN
            }
        }
    }

    /// A list, set or tuple of these.
    pub(super) fn display(&self, expr: ExprId, items: &[Value]) -> Value {
        let (shape, bounded) = match self.facts.expr(expr) {
            Expr::Tuple(_) => (Shape::Tuple, true),
            Expr::Set(_) => (Shape::Set, false),
            _ => (Shape::List, false),
        };
        let mut value = Value::of(What::Container(shape, bounded));
        for (position, item) in items.iter().enumerate() {
            let nest = match shape {
                Shape::Tuple => Nest::At(position.min(255) as u8),
                _ => Nest::Inside,
            };
            let constant = |atom: &Atom| matches!(atom.what, What::Str(_) | What::Int(_));
            value = value.join(&match items.len() > FEW {
                true => inside(&item.filter(|atom| !constant(atom)), nest),
                false => inside(item, nest),
            });
        }
        value
    }

    /// A function made here, with the data that it holds on to.
    pub(super) fn closure(&mut self, function: FunctionId) -> Value {
        let mut value = Value::of(What::Function(self.func(function)));
        for (expr, owner) in self.facts.exprs.iter().zip(&self.facts.owners) {
            if let (Expr::Outer(scope, slot), true) = (expr, *owner == function) {
                let captured = if *scope == self.function {
                    self.state.slots[*slot as usize].clone()
                } else {
                    self.frames[*scope as usize].ever[*slot as usize].clone()
                };
                value = value.join(&inside(
                    &captured.filter(|atom| atom.data().is_some()),
                    Nest::Inside,
                ));
            }
        }
        value
    }

    fn comprehension(&mut self, comprehension: &'a Comprehension) -> Value {
        let outside = self.loops.len();
        let mut lazy = false;
        for clause in &comprehension.clauses {
            match clause {
                Clause::For { target, iter } => {
                    let iterated = self.eval(*iter);
                    let pages = iterated.data().any(|(atom, data)| {
                        unbounded(data) && atom.nested != Nest::Inside
                            || atom.nested == Nest::Lazy && !data.limited
                    });
                    lazy |= pages;
                    self.loops.push(LoopNote {
                        pages,
                        comprehension: true,
                        at: self.facts.span(*iter),
                        ..LoopNote::default()
                    });
                    let element = self.element(&iterated);
                    let varies = self.varies(*iter) || !self.is_one(*iter);
                    self.assign_varying(*target, element, varies);
                }
                Clause::If(test) => {
                    self.eval(*test);
                }
            }
        }
        if let Some(key) = comprehension.key {
            self.eval(key);
        }
        self.note_converted(comprehension);
        let recurs = self.calls_itself(comprehension.element);
        let rebuilt = self.rebuilt_whole(comprehension, recurs);
        let mut element = self.eval(comprehension.element);
        if recurs && !rebuilt.is_unknown() {
            element = Value::UNKNOWN;
        }
        self.loops.truncate(outside);
        if let (Some(Clause::For { iter, .. }), false) = (
            comprehension.clauses.first(),
            comprehension.kind == ComprehensionKind::Generator,
        ) {
            self.spend(*iter);
        }
        let shape = match comprehension.kind {
            ComprehensionKind::Generator => {
                // Nothing is gathered yet: whoever consumes it may.
                return element.map(|atom| {
                    atom.data()
                        .filter(|data| !matches!(data.kind, Kind::Attribute))
                        .map(|data| {
                            let data = Data {
                                limited: data.limited || !lazy,
                                ..data
                            };
                            Atom {
                                what: What::Data(data),
                                held: None,
                                nested: Nest::Lazy,
                                ..atom.clone()
                            }
                        })
                });
            }
            ComprehensionKind::Dict => Shape::Dict,
            ComprehensionKind::Set => Shape::Set,
            ComprehensionKind::List => Shape::List,
        };
        Value::of(What::Container(shape, false))
            .join(&inside(&element, Nest::Inside))
            .join(&rebuilt)
    }

    /// `[Row.of(item) for item in items]` of a parameter: all that callers read, in another form.
    fn note_converted(&mut self, comprehension: &'a Comprehension) {
        let [Clause::For { target, iter }] = comprehension.clauses[..] else {
            return;
        };
        let facts: &'a ChunkFacts = self.facts;
        let (Expr::Local(slot), Expr::Call(call)) =
            (facts.expr(iter), facts.expr(comprehension.element))
        else {
            return;
        };
        let params = facts.functions[self.function as usize].params.len();
        let converts = (call.args.iter()).any(|arg| facts.expr(arg.value) == facts.expr(target));
        let lazy = comprehension.kind == ComprehensionKind::Generator;
        if lazy || !converts || *slot as usize >= params {
            return;
        }
        let given = self.peek(iter);
        let own = What::Param(self.func(self.function), *slot);
        let passed = given.atoms().iter().any(|atom| atom.what == own);
        if passed
            && self
                .resolved(&given)
                .data()
                .any(|(_, data)| unbounded(data))
        {
            let place = Place::Default(self.func(self.function), *slot);
            self.note(&place, Mark::Converts);
        }
    }

    /// `convert(value)` in `convert`.
    fn calls_itself(&mut self, expr: ExprId) -> bool {
        let Expr::Call(call) = self.facts.expr(expr) else {
            return false;
        };
        let own = self.func(self.function);
        let itself = |atom: &Atom| matches!(atom.what, What::Function(called) | What::Bound(called, _) if called == own);
        self.function != 0 && self.peek(call.function).atoms().iter().any(itself)
    }

    /// `{key: convert(value) for key, value in item.items()}` is the item in another form, and so is
    /// `[convert(value) for value in given]` in `convert`.
    fn rebuilt_whole(&mut self, comprehension: &'a Comprehension, recurs: bool) -> Value {
        let facts: &'a ChunkFacts = self.facts;
        let [Clause::For { iter, .. }, ..] = comprehension.clauses[..] else {
            return Value::UNKNOWN;
        };
        let base = match (facts.expr(iter), comprehension.kind) {
            (Expr::Call(call), ComprehensionKind::Dict) => match facts.expr(call.function) {
                Expr::Attr(base, name) if name == "items" => *base,
                _ => return Value::UNKNOWN,
            },
            (_, ComprehensionKind::List) if recurs => iter,
            _ => return Value::UNKNOWN,
        };
        let item = |atom: &Atom| {
            atom.nested == Nest::Not
                && atom
                    .data()
                    .is_some_and(|data| matches!(data.kind, Kind::Item | Kind::Model))
        };
        let base = self.peek(base);
        let known = recurs || self.resolved(&base).atoms().iter().any(item);
        // Of a parameter each call gets its own: who converts items converts their attributes too.
        base.map(|atom| {
            let given = matches!(atom.what, What::Param(..)) && atom.nested == Nest::Not;
            (known && given || item(atom)).then(|| {
                Atom {
                    held: None,
                    ..atom.clone()
                }
                .sure(Confidence::Medium)
            })
        })
    }

    /// What a loop over the value gets in each round.
    pub(super) fn element(&mut self, value: &Value) -> Value {
        let value = self.resolved(value);
        let mut methods = Value::UNKNOWN;
        // A class's own `__iter__` generator.
        for atom in value.atoms() {
            if let (What::Instance(class), Nest::Not) = (&atom.what, atom.nested)
                && let Some(method) = self
                    .method_of(*class, "__iter__")
                    .or_else(|| self.method_of(*class, "__aiter__"))
            {
                methods = methods.join(&self.cell(CellKey::Return(method)));
            }
        }
        value.join(&methods).map(|atom| {
            if atom.nested != Nest::Not {
                let held = atom.held.clone().filter(|_| is_container(atom));
                return Some(Atom {
                    nested: Nest::Not,
                    held,
                    ..atom.clone()
                });
            }
            let data = atom.data()?;
            let kind = match data.kind {
                Kind::PageIterator => Kind::Page,
                Kind::ItemIterator | Kind::Items => Kind::Item,
                Kind::ResultIterator => Kind::Model,
                Kind::Records => Kind::Record,
                Kind::Item | Kind::Record => Kind::Attribute,
                _ => return None,
            };
            Some(Atom {
                what: What::Data(data.with(kind)),
                held: None,
                ..atom.clone()
            })
        })
    }

    pub(super) fn subscript(&mut self, base: &Value, key: &Value, index: ExprId) -> Value {
        let base = self.resolved(base);
        let text = key.string();
        let slice = matches!(self.facts.expr(index), Expr::Slice(_));
        let position = match key.atoms() {
            [
                Atom {
                    what: What::Int(number),
                    ..
                },
            ] => Some(*number),
            _ => None,
        };
        let place = kept_in(&base);
        let found = base.map(|atom| match atom.nested {
            Nest::At(element) => match position {
                Some(position) if position >= 0 && position != element as i64 => None,
                _ => Some(Atom {
                    nested: Nest::Not,
                    held: None,
                    ..atom.clone()
                }),
            },
            Nest::Inside if slice => Some(Atom {
                held: None,
                ..atom.clone()
            }),
            // `ROWS[key]`, a list: it lives as long as what holds it.
            Nest::Inside if is_container(atom) => place.is_some().then(|| Atom {
                nested: Nest::Not,
                held: place.clone(),
                ..atom.clone()
            }),
            Nest::Inside => Some(Atom {
                nested: Nest::Not,
                held: None,
                ..atom.clone()
            }),
            Nest::Lazy => None,
            Nest::Not => {
                let data = match &atom.what {
                    What::Data(data) => *data,
                    What::Symbol(path) if path == "django.core.cache.caches" => {
                        return Some(Atom::new(What::Object("cache".into())));
                    }
                    What::Object(object) if object == "session" => return None,
                    _ => return None,
                };
                let kind = self.key_kind(data, text.map(|text| text.as_str()), slice)?;
                let mut data = data.with(kind);
                // A slice, or one of them, is no whole table.
                let one = position.is_some()
                    && kind == Kind::Item
                    && !matches!(atom.data().map(|data| data.kind), Some(Kind::Page));
                data.limited |= slice || one;
                Some(Atom {
                    what: What::Data(data),
                    held: None,
                    ..atom.clone()
                })
            }
        });
        if !found.is_unknown() {
            return self.of_one_among_many(&base, found);
        }
        self.known_by_key(&base, text.map(|text| text.as_str()))
    }

    /// `found["rows"]` of `found = {"rows": []}`: a container in that one's place.
    pub(super) fn slot_of(&self, base: ExprId, holder: &Value, index: ExprId) -> Value {
        let Expr::Str(key) = self.facts.expr(index) else {
            return Value::UNKNOWN;
        };
        let dict = |atom: &Atom| {
            atom.what == What::Container(Shape::Dict, false)
                && matches!(atom.held, Some(Place::Local(..)))
        };
        if !holder.atoms().iter().any(dict) {
            return Value::UNKNOWN;
        }
        let named = |(name, _): &&(Option<ExprId>, ExprId)| {
            name.is_some_and(|name| matches!(self.facts.expr(name), Expr::Str(name) if name == key))
        };
        let literal = self.literal_of(base).unwrap_or_default();
        let shape = match literal
            .iter()
            .find(named)
            .map(|(_, value)| self.facts.expr(*value))
        {
            Some(Expr::List(_)) => Shape::List,
            Some(Expr::Dict(_)) => Shape::Dict,
            Some(Expr::Set(_)) => Shape::Set,
            _ => return Value::UNKNOWN,
        };
        holder.map(|atom| {
            dict(atom).then(|| Atom {
                what: What::Container(shape, false),
                ..atom.clone()
            })
        })
    }

    fn key_kind(&self, data: Data, key: Option<&str>, slice: bool) -> Option<Kind> {
        Some(match data.kind {
            Kind::Page => match key {
                Some("LastEvaluatedKey") => Kind::PageKey,
                Some(key) => match API.keys.get(key) {
                    Some(Kind::Records) if data.service == Service::DynamoDb => Kind::Attribute,
                    Some(kind) => *kind,
                    // Counts, keys and metadata are small and of no item.
                    None => return None,
                },
                None => return None,
            },
            Kind::Items | Kind::Records if slice => data.kind,
            Kind::Items => Kind::Item,
            Kind::Records => Kind::Record,
            Kind::Record => match key {
                Some("NewImage" | "OldImage") => Kind::Item,
                Some("dynamodb" | "kinesis" | "Data") => Kind::Record,
                _ => Kind::Attribute,
            },
            Kind::Item | Kind::Model | Kind::Attribute => Kind::Attribute,
            _ => return None,
        })
    }

    /// `response["Items"]` of an unknown response, where the code also speaks of `LastEvaluatedKey`.
    pub(super) fn known_by_key(&mut self, base: &Value, key: Option<&str>) -> Value {
        let known = base.atoms().iter().any(|atom| {
            !matches!(
                atom.what,
                What::Param(..) | What::Slot | What::Nothing | What::Object(_)
            )
        });
        if known || key != Some("Items") || !self.speaks_of_pages() {
            return Value::UNKNOWN;
        }
        Value::one(Atom::new(What::Data(Data::new(Kind::Items))).sure(Confidence::Medium))
    }

    /// Does this chunk name the keys of DynamoDB's paging?
    pub(super) fn speaks_of_pages(&self) -> bool {
        self.facts.exprs.iter().any(|expr| match expr {
            Expr::Str(text) => API.read.page_keys.contains(text),
            Expr::Call(call) => call.args.iter().any(|arg| matches!(&arg.kind, ArgKind::Keyword(name) if API.read.page_keys.contains(name))),
            _ => false,
        })
    }

    /// What `with value as x` binds.
    pub(super) fn entered(&mut self, value: &Value) -> Value {
        let mut entered = Vec::new();
        let mut joined = Value::UNKNOWN;
        for atom in value.atoms() {
            match &atom.what {
                What::Instance(class) => {
                    let method = self
                        .method_of(*class, "__enter__")
                        .or_else(|| self.method_of(*class, "__aenter__"));
                    match method {
                        Some(method) => {
                            joined = joined.join(
                                &self
                                    .cell(CellKey::Return(method))
                                    .filter(|atom| !matches!(atom.what, What::Param(..))),
                            )
                        }
                        None => entered.push(atom.clone()),
                    }
                }
                What::Data(_) if atom.nested == Nest::Inside => entered.push(Atom {
                    nested: Nest::Not,
                    ..atom.clone()
                }),
                _ => entered.push(Atom {
                    held: None,
                    ..atom.clone()
                }),
            }
        }
        joined.join(&Value::from_atoms(entered))
    }

    /// `["eu-central-1"]`: the same in each round.
    pub(super) fn is_one(&self, iter: ExprId) -> bool {
        matches!(self.facts.expr(iter), Expr::List(items) | Expr::Tuple(items) if items.len() < 2)
    }

    pub(super) fn assign_varying(&mut self, target: ExprId, value: Value, varies: bool) {
        self.assign(target, value, None);
        self.set_varying(target, varies);
    }

    fn set_varying(&mut self, target: ExprId, varies: bool) {
        match self.facts.expr(target) {
            Expr::Local(slot) => {
                self.state.varying[*slot as usize] = varies;
                self.frames[self.function as usize].ever_varying[*slot as usize] |= varies;
            }
            Expr::Tuple(items) => items
                .iter()
                .for_each(|&item| self.set_varying(item, varies)),
            Expr::Star(inner) => self.set_varying(*inner, varies),
            _ => {}
        }
    }

    /// Something was put into a local dict that depends on what the call was given.
    pub(super) fn takes_varying(&mut self, holder: ExprId) {
        if let Expr::Local(slot) = self.facts.expr(holder) {
            self.state.varying[*slot as usize] = true;
            self.frames[self.function as usize].ever_varying[*slot as usize] = true;
        }
    }

    /// Does the expression depend on what this call, or this round of the loop, was given?
    pub(super) fn varies(&self, expr: ExprId) -> bool {
        match self.facts.expr(expr) {
            Expr::Local(slot) => self
                .state
                .varying
                .get(*slot as usize)
                .copied()
                .unwrap_or(false),
            Expr::Outer(function, slot) => self.frames[*function as usize]
                .ever_varying
                .get(*slot as usize)
                .copied()
                .unwrap_or(false),
            // `LOCAL if stage == "local" else None`: one of two, whatever asks for it.
            Expr::Conditional { then, other, .. } => self.varies(*then) || self.varies(*other),
            _ => {
                let mut operands = self.facts.operands(expr).into_iter();
                self.is_asked(expr) || operands.any(|operand| self.varies(operand))
            }
        }
    }

    /// The request or session of whoever asks, by a name of the module's or in a field, or what was chosen in a page
    /// of Streamlit.
    fn is_asked(&self, expr: ExprId) -> bool {
        let facts = self.facts;
        match facts.expr(expr) {
            Expr::Name(name) if matches!(name.as_str(), "request" | "session" | "g") => {
                let value = self.reader.global(self.unit.file, name);
                value.atoms().iter().any(
                    |atom| matches!(&atom.what, What::Object(path) if path == "request" || path == "session"),
                )
            }
            // `self.request` of a Django view, `flask.request`, and `app.current_request` of Chalice.
            Expr::Attr(base, name) if name == "request" => match facts.expr(*base) {
                Expr::Local(0) => self.unit.class.is_some() && self.function == 1,
                Expr::Outer(1, 0) => self.unit.class.is_some(),
                Expr::Name(module) => matches!(module.as_str(), "flask" | "quart" | "bottle"),
                _ => false,
            },
            Expr::Attr(_, name) => matches!(name.as_str(), "current_request" | "current_event"),
            Expr::Call(call) => {
                let widget = |name: &str| {
                    matches!(
                        name,
                        "selectbox" | "select_slider" | "radio" | "text_input" | "multiselect"
                    )
                };
                matches!(facts.expr(call.function), Expr::Attr(base, name) if widget(name)
                    && facts.any(*base, &mut |_, expr| matches!(expr, Expr::Name(name) if name == "st" || name == "streamlit")))
            }
            _ => false,
        }
    }
}

/// The value as an element of a container that the program makes.
pub(super) fn inside(value: &Value, nest: Nest) -> Value {
    value.map(|atom| match &atom.what {
        // Constants are few here: longer literals leave them out.
        What::Data(_)
        | What::Instance(_)
        | What::Param(..)
        | What::Function(_)
        | What::Object(_)
        | What::Str(_)
        | What::Int(_) => {
            let nest = if atom.nested == Nest::Lazy {
                Nest::Lazy
            } else {
                nest
            };
            Some(Atom {
                nested: nest,
                held: None,
                ..atom.clone()
            })
        }
        _ => None,
    })
}

/// What a future's `result()` gives, or an element without its container.
pub(super) fn unwrapped(value: &Value) -> Value {
    value.map(|atom| {
        (atom.nested != Nest::Not).then(|| Atom {
            nested: Nest::Not,
            held: None,
            ..atom.clone()
        })
    })
}
