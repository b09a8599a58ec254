//! Calls: what they give, what they pass on, and in which situations the called function runs.

use super::effects::{is_no_limit, visit};
use super::expressions::{inside, unwrapped};
use super::*;
use crate::api::{API, FRAMEWORKS, any_fits};
use crate::own::Life;
use crate::workspace::asks::{Heat, heat};
use crate::workspace::unit::{Signature, is_session, is_tool};

/// Methods of a logger that take what is logged.
const LOGS: &[&str] = &[
    "debug",
    "info",
    "warning",
    "error",
    "exception",
    "critical",
    "log",
];

/// An object made of so many attributes of an item is that item.
const ROW: usize = 3;

/// The evaluated arguments of one call.
#[derive(Default)]
pub(super) struct Args {
    pub plain: Vec<(ExprId, Value)>,
    pub named: Vec<(SmolStr, ExprId, Value)>,
    /// What `*rest` and `**keywords` hold.
    pub splat: Value,
    pub has_splat: bool,
    /// What stands behind `**`.
    pub splat_expr: Option<ExprId>,
}

impl Args {
    fn all(&self) -> impl Iterator<Item = &Value> {
        self.plain
            .iter()
            .map(|(_, value)| value)
            .chain(self.named.iter().map(|(_, _, value)| value))
            .chain([&self.splat])
    }

    pub fn exprs(&self) -> impl Iterator<Item = ExprId> {
        let plain = self.plain.iter().map(|(expr, _)| *expr);
        let named = self.named.iter().map(|(_, expr, _)| *expr);
        plain.chain(named).chain(self.splat_expr)
    }

    /// What is given for a parameter, by its place or its name.
    fn of(&self, position: Option<usize>, name: &str) -> Option<ExprId> {
        position
            .and_then(|position| self.plain.get(position))
            .map(|(expr, _)| *expr)
            .or_else(|| self.keyword(name).map(|(expr, _)| expr))
    }

    pub fn keyword(&self, name: &str) -> Option<(ExprId, &Value)> {
        self.named
            .iter()
            .find(|(given, _, _)| given == name)
            .map(|(_, expr, value)| (*expr, value))
    }

    pub fn at(&self, position: usize, keyword: &str) -> Option<(ExprId, &Value)> {
        self.plain
            .get(position)
            .map(|(expr, value)| (*expr, value))
            .or_else(|| self.keyword(keyword))
    }
}

impl<'a> Flow<'a> {
    pub(super) fn call(&mut self, call: &'a Call) -> Value {
        let facts: &'a ChunkFacts = self.facts;
        let site = self.site(call.number);
        let (base, callee) = match facts.expr(call.function) {
            Expr::Attr(object, name) => {
                let base = self.eval(*object);
                let callee = self.attribute(&base, name, None);
                self.see(call.function, &callee);
                (Some((*object, name, base)), callee)
            }
            _ => (None, self.eval(call.function)),
        };
        let args = self.args(call);
        self.spends(call);
        let callee = self.resolved(&callee);
        self.ask_for(&callee, args.all());
        let mut value = Value::UNKNOWN;
        if let Some((object, method, base)) = &base {
            let base = self.resolved(base);
            self.note_let_go(&base, &args);
            value = value.join(&self.container_method(*object, method, &base, &args));
            self.sized_effects(method, &base);
            match method.as_str() {
                "unregister" => self.note_unregistered(*object),
                "setTarget" => self.note_taken(&base),
                "removeHandler" => {
                    for (_, handler) in &args.plain {
                        self.note_taken(handler);
                    }
                }
                name if LOGS.contains(&name) => self.note_logged(&args, site),
                _ => {}
            }
        }
        if base.as_ref().is_some_and(|(_, method, _)| {
            matches!(
                method.as_str(),
                "enter_context" | "enter_async_context" | "push" | "push_async_exit" | "callback"
            )
        }) {
            let entered: Vec<Value> = args.all().cloned().collect();
            for value in &entered {
                self.escapes(value);
                self.enters(value, site);
            }
            value = value.join(
                &entered
                    .iter()
                    .fold(Value::UNKNOWN, |all, value| all.join(value)),
            );
        }
        let mut known = false;
        for atom in callee.atoms() {
            if atom.nested != Nest::Not {
                continue;
            }
            let given = match &atom.what {
                What::Symbol(path) => {
                    let path = path.clone();
                    self.symbol(&path, &args, site)
                }
                What::Method(data, method) => {
                    let (data, method) = (*data, method.clone());
                    self.library_method(data, &method, atom, &args, site)
                }
                What::Function(function) | What::Bound(function, _) => {
                    let bound = matches!(atom.what, What::Bound(..));
                    let object = base.as_ref().map(|(object, _, _)| *object);
                    if object.is_some_and(|object| self.is_another(object)) {
                        self.note_another(*function, site);
                    }
                    let given = self.call_function(*function, bound, &args, site);
                    let given = given.join(&self.own_given(atom, &args, site));
                    let given = given.join(&self.filled(call.function, &atom.what, &given, &args));
                    self.note_result(facts.calls[call.number as usize], *function, &given);
                    given
                }
                What::Class(class) => {
                    let made = self.construct(*class, &args, site);
                    made.join(&self.own_given(atom, &args, site))
                }
                What::Object(path) if path.ends_with("TypeDeserializer") => args
                    .plain
                    .first()
                    .map(|(_, value)| self.resolved(value))
                    .unwrap_or_default(),
                What::Object(path) => Value::of(What::Object(path.clone())),
                What::Instance(class) => match self.method_of(*class, "__call__") {
                    Some(method) => self.call_function(method, true, &args, site),
                    None => Value::UNKNOWN,
                },
                _ => continue,
            };
            known = true;
            value = value.join(&given);
        }
        if let Some((object, method, base)) = &base
            && (!known || *method == "__new__")
            && value.is_unknown()
        {
            value = self.unknown_method(method, base, &args, site);
            if value.is_unknown() {
                value = self.made_by_session(*object, method, base, &args, site);
            }
        }
        if value.is_unknown() {
            let name = match (&base, facts.expr(call.function)) {
                (Some((_, name, _)), _) => name.as_str(),
                (None, Expr::Name(name)) => name.as_str(),
                _ => "",
            };
            value = self.converted(name, base.as_ref().map(|(_, _, base)| base), &args);
        }
        if value.is_unknown() {
            // What a file makes that is not loaded: `STORE = Memory()`, and then `STORE.put(item)`.
            value = callee.filter(|atom| matches!(atom.what, What::Unloaded(_)));
            value = value.join(&self.handed_in(call.function, &value, &args));
        }
        if let Some((_, method, base)) = &base {
            self.mounts(method, base, &args, site);
        }
        self.callbacks(
            call,
            base.as_ref().map(|(_, name, _)| *name),
            &callee,
            &args,
            site,
        );
        value
    }

    /// What the end of a context gathers is let go there: `closing.append(self.client)`.
    fn note_let_go(&mut self, gathers: &Value, args: &Args) {
        let name = &self.facts.functions[self.function as usize].name;
        let container = |atom: &Atom| matches!(atom.what, What::Container(..));
        if !matches!(name.as_str(), "__exit__" | "__aexit__")
            || !gathers.atoms().iter().any(container)
        {
            return;
        }
        let tool = |atom: &Atom| atom.data().is_some_and(|data| data.kind.is_tool());
        for value in args.all() {
            self.note_taken(&self.resolved(value).filter(tool));
        }
    }

    /// `Lookup(driver)` of a class that is not loaded: it keeps the object that it is given.
    fn handed_in(&self, function: ExprId, made: &Value, args: &Args) -> Value {
        let class = |name: &SmolStr| name.starts_with(char::is_uppercase);
        match self.facts.expr(function) {
            Expr::Name(name) | Expr::Attr(_, name) if class(name) && !made.is_unknown() => {}
            _ => return Value::UNKNOWN,
        }
        let instance = |atom: &Atom| matches!(atom.what, What::Instance(_));
        let given = args
            .all()
            .map(|value| self.resolved(value).filter(instance))
            .fold(Value::UNKNOWN, |all, value| all.join(&value));
        inside(&given, Nest::Inside).map(|atom| Some(atom.clone().sure(Confidence::Medium)))
    }

    /// `Order().load(item)`, which gives its own object: that holds the item.
    fn filled(&self, function: ExprId, method: &What, given: &Value, args: &Args) -> Value {
        let (What::Bound(_, class), Expr::Attr(object, _)) = (method, self.facts.expr(function))
        else {
            return Value::UNKNOWN;
        };
        let own = |atom: &Atom| atom.nested == Nest::Not && atom.what == What::Instance(*class);
        let made = matches!(self.facts.expr(*object), Expr::Call(_));
        if !made || !given.atoms().iter().any(own) {
            return Value::UNKNOWN;
        }
        let item = |atom: &Atom| {
            let item = |data: Data| matches!(data.kind, Kind::Item | Kind::Record);
            atom.nested == Nest::Not && atom.data().is_some_and(item)
        };
        let items = args
            .all()
            .map(|value| self.resolved(value).filter(item))
            .fold(Value::UNKNOWN, |all, value| all.join(&value));
        inside(&items, Nest::Inside).map(|atom| Some(atom.clone().sure(Confidence::Medium)))
    }

    /// A file that gets a DynamoDB value, a client among them, must be loaded.
    pub(super) fn ask_for<'v>(
        &mut self,
        getter: &Value,
        mut values: impl Iterator<Item = &'v Value>,
    ) {
        let files: Vec<FileId> = (getter.atoms().iter())
            .filter_map(|atom| match atom.what {
                What::Unloaded(file) => Some(file),
                _ => None,
            })
            .collect();
        if !files.is_empty() && values.any(|value| heat(&self.resolved(value)).is_some()) {
            for file in files {
                self.tell(CellKey::Unloaded(file), Value::of(What::Mark(Mark::Called)));
            }
        }
    }

    fn args(&mut self, call: &'a Call) -> Args {
        let mut args = Args::default();
        for arg in &call.args {
            let value = self.eval(arg.value);
            self.handed_on(&value);
            match &arg.kind {
                ArgKind::Plain => args.plain.push((arg.value, value)),
                ArgKind::Keyword(name) => args.named.push((name.clone(), arg.value, value)),
                ArgKind::Rest | ArgKind::Keywords => {
                    args.has_splat = true;
                    if let (ArgKind::Keywords, Expr::Star(inner)) =
                        (&arg.kind, self.facts.expr(arg.value))
                    {
                        args.splat_expr = Some(*inner);
                    }
                    args.splat = args.splat.join(&value);
                }
            }
        }
        args
    }

    // ---- functions of the project ----

    pub(super) fn call_function(
        &mut self,
        function: FuncId,
        bound: bool,
        args: &Args,
        site: Site,
    ) -> Value {
        let Some(signature) = self.reader.signature(function) else {
            return Value::UNKNOWN;
        };
        let offset = (bound && !signature.is_static()) as usize;
        let mut passed: Vec<Value> = vec![Value::UNKNOWN; signature.params().len()];
        for (position, (_, value)) in args.plain.iter().enumerate() {
            if let Some(slot) = passed.get_mut(position + offset) {
                *slot = value.clone();
            }
        }
        for (name, _, value) in &args.named {
            if let Some(index) = signature
                .params()
                .iter()
                .position(|param| param.name == *name)
            {
                passed[index] = value.clone();
            } else if let Some(rest) =
                (signature.params().iter()).position(|param| param.kind == ParamKind::Keywords)
            {
                passed[rest] = passed[rest].join(&inside(value, Nest::Inside));
            }
        }
        let names = signature.makes();
        for (index, value) in passed.iter().enumerate() {
            let value = value.map(|atom| {
                let told = telling(atom) && (names || !matches!(atom.what, What::Str(_)));
                told.then(|| atom.clone().at(site).sure(Confidence::Medium))
            });
            self.tell(CellKey::Param(function, index as u16), value);
        }
        let limits = self.given(function, signature, &passed, args, offset);
        if signature.function.name == "__init__" {
            self.limited
                .extend(limits.into_iter().map(|limit| (site, limit)));
        }
        let told = self.called(function, site, false);
        self.note_left_out(function, signature, args, offset, &told);
        let returned = if function.unit == self.unit.id {
            self.frame_returns(function)
        } else {
            self.cell(CellKey::Return(function))
        };
        let whole = returned.data().any(|(_, data)| !data.limited);
        let returned = if whole && self.asks_for_few(args) {
            returned.map(|atom| {
                let mut atom = atom.clone();
                if let What::Data(data) = &mut atom.what {
                    data.limited = true;
                }
                Some(atom)
            })
        } else {
            returned
        };
        let mut value = returned.map(|atom| match &atom.what {
            What::Param(..) | What::Container(Shape::Tuple, _) => None,
            // What a callee keeps in its own locals is nobody else's place.
            _ => {
                let held = atom
                    .held
                    .clone()
                    .filter(|place| !matches!(place, Place::Local(..) | Place::Default(..)));
                Some(
                    Atom {
                        held,
                        ..atom.clone()
                    }
                    .at(site),
                )
            }
        });
        for atom in returned.atoms() {
            if let What::Param(owner, index) = atom.what
                && owner == function
                && let Some(given) = passed.get(index as usize)
            {
                let itself = atom.nested == Nest::Not;
                let given = given.map(|inner| {
                    let given = Atom {
                        nested: if itself { inner.nested } else { atom.nested },
                        // What the callee made of it is in nobody's place.
                        held: (inner.held.clone()).filter(|_| itself && atom.held.is_some()),
                        ..inner.clone()
                    };
                    Some(given.at(site))
                });
                value = value.join(&given);
            }
        }
        value
    }

    /// Notes which of the function's limits this call sets, and of a maker of clients what the call
    /// varies; gives the limits.
    fn given(
        &mut self,
        function: FuncId,
        signature: Signature,
        passed: &[Value],
        args: &Args,
        offset: usize,
    ) -> SmallVec<[Place; 1]> {
        // `def get(session, name): return table(session, name)` hands on what it gets.
        let hands = signature.hands_on();
        let mut limits = SmallVec::new();
        for (index, param) in signature.params().iter().enumerate() {
            let limit = param.default.is_some_and(|default| {
                matches!(signature.facts.expr(default), Expr::None | Expr::Int(_))
                    || is_infinite(signature.facts, default)
            });
            if !hands && !limit {
                continue;
            }
            let arg = args.of(index.checked_sub(offset), &param.name);
            let place = Place::Default(function, index as u16);
            let value = passed.get(index).cloned().unwrap_or_default();
            if hands && (args.has_splat || arg.is_some_and(|arg| self.varies(arg))) {
                self.note(&place, Mark::Varies);
            } else if hands
                && let [
                    Atom {
                        what: What::Str(_) | What::Int(_),
                        ..
                    },
                ] = value.atoms()
            {
                // `client("ec2")` here and `client("rds")` there: told apart where it is asked.
                self.tell(CellKey::Holder(place.clone()), value.clone());
            }
            let none = |value: &Value| value.atoms().iter().any(|atom| is_no_limit(&atom.what));
            let unlimited =
                none(&self.resolved(&value)) || arg.is_some_and(|arg| is_infinite(self.facts, arg));
            if limit && (args.has_splat || arg.is_some()) && !unlimited {
                self.note(&place, Mark::Called);
                limits.push(place);
            }
        }
        limits
    }

    /// `count()` of `def count(client=None)`, again and again: it makes a client each time.
    fn note_left_out(
        &mut self,
        function: FuncId,
        signature: Signature,
        args: &Args,
        offset: usize,
        told: &Value,
    ) {
        let often = told.filter(|atom| matches!(atom.what, What::Mark(Mark::Request | Mark::Loop)));
        if often.is_unknown() || args.has_splat {
            return;
        }
        for (index, param) in signature.params().iter().enumerate().skip(offset) {
            let default = param.default.map(|default| signature.facts.expr(default));
            let asked = signature.makes() || is_tool(&param.name);
            let left_out = || args.of(index.checked_sub(offset), &param.name).is_none();
            if asked && matches!(default, Some(Expr::None)) && left_out() {
                let place = Place::Default(function, index as u16);
                self.tell(CellKey::Holder(place), often.clone());
            }
        }
    }

    /// Does a known call set the parameter?
    pub(super) fn is_given(&self, function: FuncId, index: u16) -> bool {
        self.cell(CellKey::Holder(Place::Default(function, index)))
            .has(Mark::Called)
    }

    /// `find_all(table.query, {"KeyConditionExpression": both_keys})`, `read(limit=10)`: a call that
    /// bounds what the function reads.
    fn asks_for_few(&self, args: &Args) -> bool {
        let keyed = |expr: ExprId| {
            let condition = match self.literal_of(expr) {
                Some(pairs) => pairs.iter().find_map(|(key, value)| {
                    let named = matches!(self.facts.expr((*key)?), Expr::Str(name) if name == "KeyConditionExpression");
                    named.then_some(*value)
                }),
                None => Some(expr),
            };
            condition.is_some_and(|condition| {
                let keys = self.facts.any(
                    condition,
                    &mut |_, expr| matches!(expr, Expr::Name(name) if name == "Key"),
                );
                keys && self.fixes_both_keys(condition)
            })
        };
        let limits = |name: &str| {
            matches!(
                name.to_ascii_lowercase().as_str(),
                "limit" | "max_items" | "maxitems"
            )
        };
        args.plain.iter().any(|(expr, _)| keyed(*expr))
            || args.named.iter().any(|(name, expr, value)| {
                keyed(*expr)
                    || limits(name) && self.bounds(*expr, value) && !self.maybe_nothing(value)
            })
            || args.splat_expr.is_some_and(keyed)
    }

    /// A function of the same chunk: what its body returned in this walk or the last one.
    fn frame_returns(&self, function: FuncId) -> Value {
        self.so_far(CellKey::Return(function))
    }

    /// What the cell held, and what this walk has told it since; of a part, what the walk told all of it.
    pub(super) fn so_far(&self, key: CellKey) -> Value {
        let whole = key.whole();
        let told = self.tells.get(whole.as_ref().unwrap_or(&key));
        let value = told
            .cloned()
            .unwrap_or_default()
            .join(&self.cell(key.clone()));
        if let Some(asked) = &self.asked {
            asked
                .borrow_mut()
                .entry(key)
                .or_insert_with(|| value.clone());
        }
        value
    }

    /// `with Orders() as orders:` calls `__enter__` of its class.
    pub(super) fn enters(&mut self, value: &Value, site: Site) {
        for name in ["__enter__", "__aenter__"] {
            let method = self.attribute(value, &SmolStr::new_static(name), None);
            for atom in method.atoms() {
                if let What::Bound(function, _) = atom.what {
                    self.called(function, site, false);
                }
            }
        }
    }

    /// Tells a function in which situation it runs here, and gives what it was told.
    pub(super) fn called(&mut self, function: FuncId, site: Site, repeated: bool) -> Value {
        let memoised = self.cell(CellKey::Memoised(function)).has(Mark::Memoised);
        let own = self.func(self.function);
        let passed = (self.instead_of).is_some_and(|slot| is_passed(self.reader, own, slot));
        let once = self.guards > 0 || memoised || passed;
        // Named by some code, whether that runs or not.
        let mut marks = vec![Atom::new(What::Mark(Mark::Named))];
        let looped = self.is_looped() || repeated;
        // `[Worker(queue) for _ in range(4)]`: what a thread makes for itself is one a thread, on purpose.
        let looped = looped && !self.makes_thread;
        if looped && !once && !self.returning_from_loop() {
            marks.push(Atom::new(What::Mark(Mark::Loop)).at(site));
        }
        let again = self.starting == 0 && self.loops.iter().any(|note| note.forever);
        if again && !once {
            marks.push(Atom::new(What::Mark(Mark::Endless)).at(site));
        }
        if self.function == 0 {
            let (mark, sure) = match self.main {
                // Streamlit runs its script for each interaction.
                true if self.reader.imports_any(self.unit.file, &["streamlit"]) => {
                    (Mark::Request, Confidence::Medium)
                }
                true => (Mark::Script, Confidence::High),
                false => (Mark::Import, Confidence::High),
            };
            marks.push(Atom::new(What::Mark(mark)).sure(sure).at(site));
        } else {
            for scope in self.facts.scopes(self.function) {
                for atom in self.runs_of(self.func(scope)).atoms() {
                    let passes = match atom.what {
                        What::Mark(Mark::Request) => !once,
                        What::Mark(Mark::Loop) => !once && !self.makes_thread,
                        What::Mark(Mark::Endless) => !once && self.starting == 0,
                        What::Mark(Mark::Script | Mark::Import | Mark::Worker) => true,
                        _ => false,
                    };
                    if passes {
                        marks.push(atom.clone().at(site));
                    }
                }
            }
        }
        if self.function == 0 || self.runs_of(self.func(self.function)).is_run() {
            marks.push(Atom::new(What::Mark(Mark::Called)).at(site));
        }
        let told = Value::from_atoms(marks);
        self.tell(CellKey::Context(function), told.clone());
        told
    }

    /// A function that is handed on may be called by whoever gets it.
    pub(super) fn handed_on(&mut self, value: &Value) {
        for atom in value.atoms() {
            if let What::Function(function) | What::Bound(function, _) = atom.what {
                self.tell(
                    CellKey::Context(function),
                    Value::of(What::Mark(Mark::Called)),
                );
                self.tell(CellKey::Used(function), uses::all());
                self.note_given_unseen(function);
            }
        }
    }

    /// `pool.map(rows_of, sessions)`: nobody sees what it is called with.
    fn note_given_unseen(&mut self, function: FuncId) {
        let Some(signature) = self.reader.signature(function) else {
            return;
        };
        if signature.lends() {
            for index in 0..signature.params().len() {
                self.note(&Place::Default(function, index as u16), Mark::Varies);
            }
        }
    }

    /// In which situations a function runs.
    pub(super) fn runs_of(&self, function: FuncId) -> Value {
        self.so_far(CellKey::Runs(function))
    }

    pub(super) fn is_memoised(&self, function: FuncId) -> bool {
        self.so_far(CellKey::Memoised(function)).has(Mark::Memoised)
    }

    fn is_looped(&self) -> bool {
        self.loops.iter().any(|note| !note.bounded)
    }

    /// `for region in regions: region.count()`: another object in each round or request, and so in what `count` calls
    /// of its own.
    fn is_another(&self, object: ExprId) -> bool {
        let own = match self.facts.expr(object) {
            Expr::Local(0) => self.unit.class.is_some() && self.function == 1,
            Expr::Call(call) => self.facts.is_named(call.function, "super"),
            _ => false,
        };
        self.varies(object) && self.is_repeated()
            || own && self.runs_of(self.func(self.function)).has(Mark::Varies)
    }

    /// In a loop, or for each request?
    fn is_repeated(&self) -> bool {
        self.is_looped() || self.runs_of(self.func(self.function)).has(Mark::Request)
    }

    fn note_another(&mut self, method: FuncId, site: Site) {
        let another = Value::one(Atom::new(What::Mark(Mark::Varies)).at(site));
        self.tell(CellKey::Context(method), another);
    }

    /// `return boto3.client(...)` inside a loop leaves the loop.
    fn returning_from_loop(&self) -> bool {
        self.returning && self.loops.iter().all(|note| !note.comprehension)
    }

    fn construct(&mut self, class: ClassId, args: &Args, site: Site) -> Value {
        let instance = Value::one(Atom::new(What::Instance(class)).at(site));
        if let Some(init) = self.method_of(class, "__init__") {
            if args.exprs().any(|arg| self.varies(arg)) && self.is_repeated() {
                self.note_another(init, site);
            }
            self.makes_thread = self.has_role(class, Role::Worker);
            self.call_function(init, true, args, site);
            self.makes_thread = false;
        }
        if let Some(new) = self.method_of(class, "__new__") {
            self.called(new, site, false);
        }
        let mut value = instance;
        // `User(**item)` holds the item, whatever else it does.
        for given in args.all() {
            let held = self.resolved(given);
            let held = held.map(|atom| {
                atom.data()
                    .filter(|data| {
                        matches!(
                            data.kind,
                            Kind::Item | Kind::Items | Kind::Page | Kind::Record | Kind::Records
                        )
                    })
                    .map(|_| {
                        Atom {
                            nested: Nest::Inside,
                            held: None,
                            ..atom.clone()
                        }
                        .sure(Confidence::Medium)
                    })
            });
            value = value.join(&held);
        }
        value.join(&self.rebuilt(args))
    }

    /// `User(id=item["id"], name=item["name"], mail=item["mail"])` is the item in another form.
    fn rebuilt(&self, args: &Args) -> Value {
        let attribute = |value: &&Value| {
            value
                .data()
                .any(|(atom, data)| atom.nested == Nest::Not && data.kind == Kind::Attribute)
        };
        let attributes: Vec<&Value> = args.all().filter(attribute).collect();
        if attributes.len() < ROW {
            return Value::UNKNOWN;
        }
        attributes[0].map(|atom| {
            let data = atom.data().filter(|data| data.kind == Kind::Attribute)?;
            Some(
                Atom {
                    what: What::Data(data.with(Kind::Item)),
                    nested: Nest::Inside,
                    held: None,
                    ..atom.clone()
                }
                .sure(Confidence::Medium),
            )
        })
    }

    /// `to_dict(item)`, `item.serialize()`: what isn't known of a conversion leaves the item what it is.
    fn converted(&self, name: &str, base: Option<&Value>, args: &Args) -> Value {
        let first = args.plain.first().map(|(_, value)| value);
        let telling = |value: &Value| {
            let telling = |atom: &Atom| matches!(atom.what, What::Data(_) | What::Param(..));
            value.atoms().iter().any(telling)
        };
        if !base.into_iter().chain(first).any(telling) {
            return Value::UNKNOWN;
        }
        let name = name.to_ascii_lowercase();
        if !API
            .converts
            .words
            .iter()
            .any(|word| name.contains(word.as_str()))
        {
            return Value::UNKNOWN;
        }
        let given = base
            .into_iter()
            .chain(first)
            .fold(Value::UNKNOWN, |all, value| all.join(value));
        // `def answer(body): return jsonify(body)`: of a parameter each caller gets its own.
        let param = |atom: &Atom| matches!(atom.what, What::Param(..));
        if name == "jsonify" && given.atoms().iter().all(param) {
            return given.map(|atom| {
                Some(Atom {
                    held: None,
                    ..atom.clone()
                })
            });
        }
        // `json.loads(item["document"])`: the attribute was the item, as text.
        let decodes = name == "loads" || name.ends_with("_loads");
        self.resolved(&given).map(|atom| {
            let data = atom.data()?;
            let data = match data.kind {
                Kind::Item | Kind::Items | Kind::Model | Kind::Record | Kind::Records => data,
                Kind::Attribute if decodes => Data {
                    limited: true,
                    ..data.with(Kind::Item)
                },
                _ => return None,
            };
            (atom.nested == Nest::Not).then(|| {
                Atom {
                    what: What::Data(data),
                    held: None,
                    ..atom.clone()
                }
                .sure(Confidence::Medium)
            })
        })
    }

    // ---- the libraries ----

    /// What the configuration says that a call of this function or class gives, beside what is seen of it.
    fn own_given(&mut self, atom: &Atom, args: &Args, site: Site) -> Value {
        let path = self.own_path_of(atom);
        path.map_or(Value::UNKNOWN, |path| self.own(&path, args, site))
    }

    fn own(&mut self, path: &str, args: &Args, site: Site) -> Value {
        let Some(own) = self.reader.own() else {
            return Value::UNKNOWN;
        };
        if let Some(result) = own.sources.get(path) {
            let data = Data {
                service: self.service(result.service, args),
                limited: self.limits(&result.limited, args),
                single: result.single,
                ..Data::new(result.gives)
            };
            return Value::one(Atom::new(What::Data(data)).at(site));
        }
        let Some(container) = own.containers.get(path) else {
            return Value::UNKNOWN;
        };
        let bound = container.call.bound.as_ref();
        let bounded = container.bounded
            || bound
                .and_then(|bound| args.at(bound.position, &bound.keyword))
                .is_some_and(|(expr, value)| self.bounds(expr, value));
        Value::one(Atom::new(What::Container(container.call.shape, bounded)).at(site))
    }

    fn symbol(&mut self, path: &str, args: &Args, site: Site) -> Value {
        let own = self.own(path, args, site);
        if !own.is_unknown() {
            return own;
        }
        if let Some(result) = API.calls.get(path) {
            let service = self.service(result.service, args);
            let data = Data {
                service,
                ..Data::new(result.gives)
            };
            return Value::one(Atom::new(What::Data(data)).at(site));
        }
        if let Some(container) = API.containers.get(path) {
            let bounded = container.bound.as_ref().is_some_and(|bound| {
                // `deque(it, maxlen=0)` keeps nothing; `Queue(maxsize=0)` keeps all.
                let empty = |expr: ExprId| {
                    bound.keyword == "maxlen" && matches!(self.facts.expr(expr), Expr::Int(0))
                };
                args.at(bound.position, &bound.keyword)
                    .is_some_and(|(expr, value)| empty(expr) || self.bounds(expr, value))
            });
            let mut value =
                Value::one(Atom::new(What::Container(container.shape, bounded)).at(site));
            if path == "collections.defaultdict"
                && let Some((_, factory)) = args.plain.first()
            {
                value = value.join(&factory.map(|atom| match &atom.what {
                    What::Symbol(path) => {
                        let made = API.containers.get(path)?;
                        let list = Atom::new(What::Container(made.shape, false));
                        Some(Atom {
                            nested: Nest::Inside,
                            ..list
                        })
                    }
                    _ => None,
                }));
            }
            for (_, given) in &args.plain {
                value = value.join(&self.gathered(given));
                if path == "dict" {
                    // A copy of an item is the item.
                    let item = |atom: &Atom| {
                        atom.nested == Nest::Not
                            && atom.data().is_some_and(|data| {
                                matches!(
                                    data.kind,
                                    Kind::Item | Kind::Model | Kind::Page | Kind::Record
                                )
                            })
                    };
                    value = value.join(&given.filter(item).map(|atom| {
                        Some(Atom {
                            held: None,
                            ..atom.clone()
                        })
                    }));
                }
            }
            return value;
        }
        if let Some(&position) = API.passes.get(path) {
            if path == "functools.partial" {
                return args
                    .plain
                    .first()
                    .map(|(_, value)| value.clone())
                    .unwrap_or_default();
            }
            let given: Vec<Value> = if matches!(path, "zip" | "itertools.chain") {
                args.all().cloned().collect()
            } else {
                args.plain
                    .get(position)
                    .map(|(_, value)| value.clone())
                    .into_iter()
                    .collect()
            };
            let joined = given
                .iter()
                .fold(Value::UNKNOWN, |all, value| all.join(value));
            return self.passed(path, &joined);
        }
        match path {
            "super" => {
                return self
                    .unit
                    .class
                    .map(|class| {
                        Value::from_atoms(
                            self.cell(CellKey::Bases(class))
                                .atoms()
                                .iter()
                                .filter_map(|atom| match atom.what {
                                    What::Class(base) => Some(Atom::new(What::Instance(base))),
                                    _ => None,
                                })
                                .collect(),
                        )
                    })
                    .unwrap_or_default();
            }
            "type" => {
                return args
                    .plain
                    .first()
                    .map(|(_, value)| {
                        value.map(|atom| {
                            if let What::Instance(class) = atom.what {
                                Some(Atom::new(What::Class(class)))
                            } else {
                                None
                            }
                        })
                    })
                    .unwrap_or_default();
            }
            "getattr" => {
                if let Some([(_, object), (_, name)]) = args.plain.get(..2)
                    && let Some(name) = name.string()
                {
                    let (object, name) = (object.clone(), name.clone());
                    return self.attribute(&object, &name, Some(site));
                }
                return Value::UNKNOWN;
            }
            "map" => {
                let mapped = args
                    .plain
                    .first()
                    .map(|(_, function)| self.returned_by(function))
                    .unwrap_or_default();
                return mapped.map(|atom| {
                    atom.data().map(|_| Atom {
                        nested: Nest::Lazy,
                        held: None,
                        ..atom.clone()
                    })
                });
            }
            "asyncio.gather" | "asyncio.wait" | "asyncio.as_completed" => {
                let joined = args
                    .all()
                    .fold(Value::UNKNOWN, |all, value| all.join(value));
                return inside(&joined, Nest::Inside)
                    .join(&Value::of(What::Container(Shape::List, false)));
            }
            "asyncio.to_thread" | "asgiref.sync.sync_to_async" | "anyio.to_thread.run_sync" => {
                return args
                    .plain
                    .first()
                    .map(|(_, function)| self.returned_by(function))
                    .unwrap_or_default();
            }
            _ => {}
        }
        if let Some(instance) = FRAMEWORKS.instances.get(path) {
            return Value::one(Atom::new(What::Object(instance.clone())).at(site));
        }
        if any_fits(&FRAMEWORKS.decorators.memoising, path)
            || any_fits(&FRAMEWORKS.decorators.request, path)
            || any_fits(&FRAMEWORKS.decorators.script, path)
        {
            return Value::of(What::Symbol(path.into()));
        }
        let last = path.rsplit('.').next().unwrap_or(path);
        if FRAMEWORKS.responses.names.iter().any(|name| name == last)
            || last.starts_with(char::is_uppercase)
            || matches!(path, "aiohttp.web.json_response" | "flask.jsonify")
        {
            // What goes into an object of a library may stay there.
            let object = Value::one(Atom::new(What::Object(path.into())).at(site));
            // `return self.get(request)`, where `get` renders a template.
            if FRAMEWORKS
                .responses
                .templates
                .iter()
                .any(|name| name == last)
            {
                let shown = args
                    .all()
                    .any(|value| heat(&self.resolved(value)) == Some(Heat::Certain));
                self.frames[self.function as usize].shows |= shown;
                return object;
            }
            // Of a parameter each caller gets its own.
            let held = |atom: &Atom| atom.data().is_some() || matches!(atom.what, What::Param(..));
            let given = args
                .all()
                .fold(Value::UNKNOWN, |all, value| all.join(&value.filter(held)));
            return object.join(&inside(&given, Nest::Inside));
        }
        Value::UNKNOWN
    }

    fn service(&self, position: Option<usize>, args: &Args) -> Service {
        let Some(position) = position else {
            return Service::DynamoDb;
        };
        match args.at(position, "service_name") {
            Some((_, value)) => {
                let resolved = self.resolved(value);
                let mut names = resolved.atoms().iter().filter_map(|atom| {
                    if let What::Str(name) = &atom.what {
                        Some(API.service(name))
                    } else {
                        None
                    }
                });
                match (names.next(), names.next()) {
                    (Some(service), None) => service,
                    _ => Service::Unknown,
                }
            }
            None => Service::Unknown,
        }
    }

    /// Is this argument a real bound? `0`, `None` and infinity are none; what isn't known counts as one.
    fn bounds(&self, expr: ExprId, value: &Value) -> bool {
        let resolved = self.resolved(value);
        if !resolved.is_unknown()
            && resolved.atoms().iter().all(|atom| {
                matches!(atom.what, What::Nothing)
                    || matches!(atom.what, What::Int(number) if number <= 0)
            })
        {
            return false;
        }
        !is_infinite(self.facts, expr)
    }

    /// A container made of this: `list(pages)`, `deque(items)`.
    fn gathered(&mut self, given: &Value) -> Value {
        let element = self.element(given);
        let is = |atom: &Atom, wanted: fn(Kind) -> bool| {
            atom.data().is_some_and(|data| wanted(data.kind))
        };
        let whole = element.filter(|atom| is(atom, |kind| kind != Kind::Attribute));
        // `list(item["tags"])` holds as much as the attribute.
        let attribute = given
            .filter(|atom| atom.nested == Nest::Not && is(atom, |kind| kind == Kind::Attribute));
        inside(&whole.join(&attribute), Nest::Inside)
            .join(&given.filter(|atom| atom.nested == Nest::Inside))
    }

    fn passed(&mut self, path: &str, given: &Value) -> Value {
        let value = self.resolved(given);
        match path {
            "next" | "anext" => {
                let element = self.element(&value);
                // `next(iter(pages))` is one page.
                element.map(|atom| {
                    let mut atom = atom.clone();
                    if let What::Data(data) = &mut atom.what {
                        data.limited = true;
                    }
                    Some(atom)
                })
            }
            "iter" | "aiter" => value.map(|atom| {
                let data = atom.data()?;
                Some(match (atom.nested, data.kind) {
                    (Nest::Not, Kind::PageIterator) => Atom {
                        what: What::Data(data.with(Kind::Page)),
                        nested: Nest::Lazy,
                        held: None,
                        ..atom.clone()
                    },
                    _ => atom.clone(),
                })
            }),
            "contextlib.closing"
            | "contextlib.aclosing"
            | "typing.cast"
            | "asyncio.shield"
            | "asyncio.wait_for" => value,
            "asyncio.create_task" | "asyncio.ensure_future" => task_of(&value),
            "itertools.islice" => value.map(|atom| {
                let mut atom = atom.clone();
                if let What::Data(data) = &mut atom.what {
                    data.limited = true;
                }
                Some(atom)
            }),
            "itertools.chain.from_iterable" | "itertools.chain" => value.map(|atom| {
                let data = atom.data()?;
                let kind = match data.kind {
                    Kind::PageIterator => return None,
                    kind => kind,
                };
                // What lists hold is in memory already: `chain(*[orders_of(customer), ...])`.
                let held = atom.nested == Nest::Inside
                    && !matches!(kind, Kind::ItemIterator | Kind::ResultIterator);
                Some(Atom {
                    what: What::Data(data.with(kind)),
                    nested: if held { Nest::Inside } else { Nest::Lazy },
                    held: None,
                    ..atom.clone()
                })
            }),
            "list" | "tuple" | "sorted" | "set" | "frozenset" => {
                let shape = if path.ends_with("set") {
                    Shape::Set
                } else {
                    Shape::List
                };
                let kept = value.filter(|atom| {
                    atom.nested == Nest::Not
                        && atom
                            .data()
                            .is_some_and(|data| matches!(data.kind, Kind::Items | Kind::Records))
                });
                self.gathered(&value)
                    .join(&kept.map(|atom| {
                        Some(Atom {
                            held: None,
                            ..atom.clone()
                        })
                    }))
                    .join(&Value::of(What::Container(shape, false)))
            }
            "enumerate" | "zip" | "reversed" | "filter" => value.map(|atom| {
                Some(Atom {
                    held: None,
                    ..atom.clone()
                })
            }),
            // Of a parameter each caller gets its own.
            _ => given
                .filter(|atom| atom.data().is_some() || matches!(atom.what, What::Param(..)))
                .map(|atom| {
                    Some(Atom {
                        held: None,
                        ..atom.clone()
                    })
                }),
        }
    }

    fn library_method(
        &mut self,
        data: Data,
        method: &str,
        atom: &Atom,
        args: &Args,
        site: Site,
    ) -> Value {
        let derived = |data: Data| {
            Value::one(Atom {
                what: What::Data(data),
                held: None,
                nested: Nest::Not,
                confidence: atom.confidence,
                steps: atom.steps.clone(),
            })
        };
        if let (Kind::Model, Some(result)) = (data.kind, API.models.get(method)) {
            let limited = self.limits(&result.limited, args)
                || method == "batch_get"
                || method == "query" && self.fixes_range_key(args);
            let instance = match &atom.held {
                Some(Place::Static(class, _)) if result.gives == Kind::Model => {
                    Value::one(Atom::new(What::Instance(*class)).at(site))
                }
                _ => Value::UNKNOWN,
            };
            return instance.join(&Value::one(
                Atom::new(What::Data(Data {
                    limited,
                    single: result.single,
                    ..Data::new(result.gives)
                }))
                .sure(atom.confidence)
                .at(site),
            ));
        }
        if let Some(result) = API.method(data.kind, data.service, method) {
            let service = if result.service.is_some() {
                self.service(result.service, args)
            } else {
                data.service
            };
            let service = if result.gives == Kind::Page && method == "get_records" {
                Service::Streams
            } else {
                service
            };
            if result.gives == Kind::Paginator {
                let operation = args
                    .plain
                    .first()
                    .map(|(_, value)| self.resolved(value))
                    .or_else(|| {
                        args.keyword("operation_name")
                            .map(|(_, value)| value.clone())
                    })
                    .unwrap_or_default();
                match operation.string() {
                    Some(name) if name != "scan" && name != "query" => return Value::UNKNOWN,
                    None if data.service != Service::DynamoDb => return Value::UNKNOWN,
                    _ => {}
                }
            }
            // A query may name both keys in its `**keywords`: only a literal beside it is followed.
            let unseen = method == "query"
                && args.has_splat
                && args.keyword("KeyConditionExpression").is_none()
                && !self.splat_without_full_key(args);
            let limited = self.limits(&result.limited, args) || self.full_key(args) || unseen;
            let mut given = Atom::new(What::Data(Data {
                kind: result.gives,
                service,
                limited,
                single: result.single,
                chosen: data.chosen || chooses(&args.named) || args.has_splat,
            }))
            .sure(atom.confidence);
            if data.service == Service::Unknown
                && matches!(result.gives, Kind::Page | Kind::Paginator)
            {
                given = given.sure(Confidence::Medium);
            }
            return Value::one(given.at(site));
        }
        // Methods of dicts and lists that hold the value.
        match (data.kind, method) {
            (
                Kind::Page | Kind::Record | Kind::Item | Kind::Attribute,
                "get" | "pop" | "setdefault",
            ) => match args.plain.first() {
                Some((expr, key)) => {
                    let (key, expr) = (key.clone(), *expr);
                    self.subscript(&derived(data), &key, expr)
                }
                None => Value::UNKNOWN,
            },
            (Kind::Items | Kind::Records, "pop") => {
                derived(data.with(if data.kind == Kind::Items {
                    Kind::Item
                } else {
                    Kind::Record
                }))
            }
            (Kind::Page | Kind::Items | Kind::Item | Kind::Records | Kind::Record, "copy") => {
                derived(data)
            }
            (Kind::Page | Kind::Item | Kind::Record, "items" | "values") => {
                derived(data.with(Kind::Attribute))
            }
            (
                Kind::PageIterator | Kind::ResultIterator | Kind::ItemIterator,
                "__iter__" | "__aiter__",
            ) => derived(data),
            (Kind::ResultIterator, "next" | "__next__") => derived(Data {
                limited: true,
                ..data.with(Kind::Model)
            }),
            (
                Kind::Client | Kind::Resource | Kind::Session | Kind::Table | Kind::BatchWriter,
                "__enter__" | "__aenter__" | "enter",
            ) => {
                self.escapes(&Value::one(atom.clone()));
                derived(data)
            }
            (Kind::BatchWriter, "__exit__" | "__aexit__" | "commit" | "_flush" | "flush") => {
                self.escapes(&Value::one(atom.clone()));
                Value::UNKNOWN
            }
            (
                Kind::Model,
                "to_dict" | "to_simple_dict" | "to_dynamodb_dict" | "serialize"
                | "attribute_values",
            ) => derived(data.with(Kind::Item)),
            _ => Value::UNKNOWN,
        }
    }

    /// Does one of these keywords bound the read?
    fn limits(&mut self, keywords: &[SmolStr], args: &Args) -> bool {
        let given = |name: &SmolStr| {
            args.keyword(name)
                .map(|(expr, value)| (expr, value.clone()))
        };
        let bounded = keywords.iter().any(|name| {
            let given = given(name).or_else(|| {
                let expr = self.splatted(args, name)?;
                let given = !matches!(self.facts.expr(expr), Expr::None);
                given.then(|| (expr, self.peek(expr)))
            });
            given.is_some_and(|(expr, value)| {
                self.bounds(expr, &value) && !self.maybe_nothing(&value)
            })
        });
        bounded || {
            let config = args.keyword("PaginationConfig").map(|(expr, _)| expr);
            config
                .or_else(|| self.splatted(args, "PaginationConfig"))
                .is_some_and(|expr| self.limiting_config(expr))
        }
    }

    /// What `**options` gives for a keyword, as this function spells it: `options = {"Limit": 20}`,
    /// `options["Limit"] = 20`, `dict(Limit=20)`.
    fn splatted(&self, args: &Args, wanted: &str) -> Option<ExprId> {
        let facts: &ChunkFacts = self.facts;
        let splat = args.splat_expr?;
        let is_wanted =
            |expr: ExprId| matches!(facts.expr(expr), Expr::Str(name) if name == wanted);
        let mut found = None;
        let made = |expr: ExprId| match facts.expr(expr) {
            Expr::Dict(pairs) => pairs
                .iter()
                .find(|(key, _)| key.is_some_and(is_wanted))
                .map(|(_, value)| *value),
            Expr::Call(call) => call
                .args
                .iter()
                .find(|arg| matches!(&arg.kind, ArgKind::Keyword(name) if name == wanted))
                .filter(|_| matches!(facts.expr(call.function), Expr::Name(name) if name == "dict"))
                .map(|arg| arg.value),
            _ => None,
        };
        let Expr::Local(slot) = facts.expr(splat) else {
            return made(splat);
        };
        let named = |expr: ExprId| matches!(facts.expr(expr), Expr::Local(other) if other == slot);
        visit(&facts.functions[self.function as usize].body, &mut |stmt| {
            let Stmt::Assign { targets, value, .. } = stmt else {
                return;
            };
            for &target in targets {
                let given = match facts.expr(target) {
                    Expr::Subscript(base, key) if named(*base) && is_wanted(*key) => Some(*value),
                    _ if named(target) => made(*value),
                    _ => None,
                };
                found = found.or(given);
            }
        });
        found
    }

    /// A limit that a caller leaves out: `limit=None` by default.
    fn maybe_nothing(&self, value: &Value) -> bool {
        value
            .atoms()
            .iter()
            .any(|atom| matches!(atom.what, What::Nothing))
    }

    fn limiting_config(&self, expr: ExprId) -> bool {
        match self.facts.expr(expr) {
            Expr::Dict(pairs) => pairs.iter().any(|(key, value)| match key {
                Some(key) => {
                    matches!(self.facts.expr(*key), Expr::Str(name) if name == "MaxItems")
                        && !matches!(self.facts.expr(*value), Expr::None)
                }
                None => true,
            }),
            Expr::Call(call) => call.args.iter().any(|arg| {
                matches!(&arg.kind, ArgKind::Keyword(name) if name == "MaxItems")
                    || matches!(arg.kind, ArgKind::Keywords)
            }),
            // A name: what it holds isn't followed, and unknown means silent.
            _ => true,
        }
    }

    /// The dict display that an expression is, or that its name was assigned in this function.
    pub(super) fn literal_of(&self, expr: ExprId) -> Option<&'a [(Option<ExprId>, ExprId)]> {
        let facts: &'a ChunkFacts = self.facts;
        let slot = match facts.expr(expr) {
            Expr::Dict(pairs) => return Some(pairs),
            Expr::Local(slot) => slot,
            _ => return None,
        };
        let mut literal = None;
        visit(&facts.functions[self.function as usize].body, &mut |stmt| {
            if let Stmt::Assign { targets, value, .. } = stmt {
                let assigns = targets.iter().any(
                    |&target| matches!(facts.expr(target), Expr::Local(other) if other == slot),
                );
                if let (true, Expr::Dict(pairs)) = (assigns, facts.expr(*value)) {
                    literal = Some(&pairs[..]);
                }
            }
        });
        literal
    }

    /// Are the `**keywords` a literal of this function in which one key at most is fixed?
    fn splat_without_full_key(&self, args: &Args) -> bool {
        let Some(literal) = args.splat_expr.and_then(|expr| self.literal_of(expr)) else {
            return false;
        };
        let named = |wanted: &str| {
            literal.iter().find(|(key, _)| {
                key.is_some_and(
                    |key| matches!(self.facts.expr(key), Expr::Str(name) if name == wanted),
                )
            })
        };
        if named("Limit").is_some() {
            return false;
        }
        let condition = named("KeyConditionExpression");
        condition.is_some_and(|(_, value)| !self.fixes_both_keys(*value))
    }

    /// `Order.query(customer, Order.number == number)`: PynamoDB's hash key, and one range key. Of a
    /// condition that isn't spelled out nobody knows.
    fn fixes_range_key(&self, args: &Args) -> bool {
        let condition = args.at(1, "range_key_condition").map(|(expr, _)| expr);
        let fixed = |expr: ExprId| match self.facts.expr(expr) {
            Expr::Compare(_, operators) => operators
                .iter()
                .all(|operator| *operator == Comparison::Equal),
            Expr::Call(call) => {
                !matches!(self.facts.expr(call.function), Expr::Attr(_, name) if matches!(name.as_str(), "startswith" | "between" | "begins_with" | "is_in"))
            }
            Expr::Binary(..) | Expr::None => false,
            _ => true,
        };
        condition.is_some_and(fixed) || args.named.iter().any(|(name, ..)| name.ends_with("__eq"))
    }

    /// A query with equality on both keys gives at most one item.
    fn full_key(&self, args: &Args) -> bool {
        args.keyword("KeyConditionExpression")
            .is_some_and(|(expr, _)| self.fixes_both_keys(expr))
    }

    fn fixes_both_keys(&self, expr: ExprId) -> bool {
        let mut equal = 0;
        let mut other = 0;
        self.facts.any(expr, &mut |_, expr| {
            match expr {
                Expr::Str(text)
                    if text.contains('=')
                        || text.contains("begins_with")
                        || text.to_ascii_lowercase().contains("between") =>
                {
                    equal += text.matches('=').count()
                        - text.matches("<=").count()
                        - text.matches(">=").count();
                    other += text.matches('<').count()
                        + text.matches('>').count()
                        + text.contains("begins_with") as usize;
                }
                Expr::Attr(_, name) => match name.as_str() {
                    "eq" => equal += 1,
                    "begins_with" | "between" | "lt" | "lte" | "gt" | "gte" => other += 1,
                    _ => {}
                },
                _ => {}
            }
            false
        });
        equal >= 2 && other == 0
    }

    /// `session.resource("dynamodb")` of a parameter that no caller seen so far fills, or of what a
    /// library outside the project gave: `session = get_session()`.
    fn made_by_session(
        &self,
        object: ExprId,
        method: &str,
        base: &Value,
        args: &Args,
        site: Site,
    ) -> Value {
        let kind = match method {
            "client" => Kind::Client,
            "resource" => Kind::Resource,
            _ => return Value::UNKNOWN,
        };
        let Expr::Local(slot) = self.facts.expr(object) else {
            return Value::UNKNOWN;
        };
        let function = &self.facts.functions[self.function as usize];
        // In a coroutine it may be a session of aioboto3, whose clients are opened per call.
        let given = (*slot as usize) < function.params.len();
        let name = function.locals.get(*slot as usize);
        let session = name.is_some_and(|name| is_session(name)) && (given || !function.is_async);
        let told = |atom: &Atom| !matches!(atom.what, What::Param(..) | What::Nothing);
        if !session || self.resolved(base).atoms().iter().any(told) {
            return Value::UNKNOWN;
        }
        let service = self.service(Some(0), args);
        if !matches!(service, Service::DynamoDb | Service::Streams) {
            return Value::UNKNOWN;
        }
        let made = Data {
            service,
            ..Data::new(kind)
        };
        Value::one(
            Atom::new(What::Data(made))
                .sure(Confidence::Medium)
                .at(site),
        )
    }

    /// `something.scan(FilterExpression=…)`: nothing else has these keywords.
    fn unknown_method(&mut self, method: &str, base: &Value, args: &Args, site: Site) -> Value {
        // `cls._instance = super().__new__(cls)`, or `object.__new__(cls)`
        if method == "__new__"
            && let Some((_, class)) = args.plain.first()
        {
            return class.map(|atom| match atom.what {
                What::Class(class) => Some(Atom::new(What::Instance(class)).at(site)),
                _ => None,
            });
        }
        let base = self.resolved(base);
        if base.atoms().iter().any(|atom| {
            matches!(
                atom.what,
                What::Symbol(_) | What::Module(_) | What::Container(..)
            )
        }) {
            return Value::UNKNOWN;
        }
        if (method == "get" || method == "pop")
            && let Some((_, key)) = args.plain.first()
        {
            let key = key.string().cloned();
            let known = self.known_by_key(&base, key.as_deref());
            if !known.is_unknown() {
                return known;
            }
        }
        if API.read.methods.iter().any(|known| known == method)
            && args
                .named
                .iter()
                .any(|(name, _, _)| API.read.keywords.contains(name))
        {
            let service = if method == "get_records" {
                Service::Streams
            } else {
                Service::DynamoDb
            };
            let read = API.method(Kind::Table, service, method);
            let limited =
                self.full_key(args) || read.is_some_and(|read| self.limits(&read.limited, args));
            return Value::one(
                Atom::new(What::Data(Data {
                    service,
                    limited,
                    chosen: chooses(&args.named) || args.has_splat,
                    ..Data::new(Kind::Page)
                }))
                .sure(Confidence::Medium)
                .at(site),
            );
        }
        if self.is_model_read(method, &base) {
            let limited = self.limits(&API.models[method].limited, args)
                || method == "query" && self.fixes_range_key(args);
            return Value::one(
                Atom::new(What::Data(Data {
                    limited,
                    ..Data::new(Kind::ResultIterator)
                }))
                .sure(Confidence::Medium)
                .at(site),
            );
        }
        match method {
            "result" => unwrapped(&base),
            "set" => self.context_token(&base, args),
            "create_task" | "ensure_future" | "run_coroutine_threadsafe" => args
                .plain
                .first()
                .map(|(_, value)| task_of(&self.resolved(value)))
                .unwrap_or_default(),
            "submit" | "apply_async" => args
                .plain
                .first()
                .map(|(_, function)| task_of(&self.returned_by(function)))
                .unwrap_or_default(),
            "run_in_executor" => args
                .plain
                .get(1)
                .map(|(_, function)| self.returned_by(function))
                .unwrap_or_default(),
            "map" | "imap" | "imap_unordered" | "starmap" => {
                let mapped = args
                    .plain
                    .first()
                    .map(|(_, function)| self.returned_by(function))
                    .unwrap_or_default();
                mapped.map(|atom| {
                    atom.data().map(|_| Atom {
                        nested: Nest::Lazy,
                        held: None,
                        ..atom.clone()
                    })
                })
            }
            _ => Value::UNKNOWN,
        }
    }

    /// `ROWS.set(items)` of a context variable: the token holds on to what was set.
    fn context_token(&self, base: &Value, args: &Args) -> Value {
        let variable = |atom: &Atom| matches!(&atom.what, What::Object(path) if path == "contextvars.ContextVar");
        let Some((_, given)) = args.plain.first() else {
            return Value::UNKNOWN;
        };
        if !base.atoms().iter().any(variable) {
            return Value::UNKNOWN;
        }
        self.resolved(given).map(|atom| {
            atom.data().filter(|data| data.kind.is_read())?;
            let token = Atom {
                steps: atom.steps.clone(),
                ..Atom::new(What::Object("contextvars.Token".into()))
            };
            Some(token.sure(atom.confidence))
        })
    }

    /// `self.model.scan()` in a file that imports PynamoDB, of a class that is not known.
    fn is_model_read(&mut self, method: &str, base: &Value) -> bool {
        let opaque = base
            .atoms()
            .iter()
            .all(|atom| matches!(atom.what, What::Param(..) | What::Slot | What::Nothing));
        matches!(method, "scan" | "query")
            && opaque
            && self.reader.imports_from(self.unit.file, "pynamodb")
    }

    // ---- functions handed to others ----

    fn returned_by(&mut self, function: &Value) -> Value {
        let function = self.resolved(function);
        let mut returned = Value::UNKNOWN;
        for atom in function.atoms() {
            let what = match &atom.what {
                What::Function(function) | What::Bound(function, _) => self
                    .frame_returns(*function)
                    .filter(|atom| !matches!(atom.what, What::Param(..))),
                What::Method(data, method) => API
                    .method(data.kind, data.service, method)
                    .map(|result| {
                        Value::one(Atom {
                            what: What::Data(Data {
                                single: result.single,
                                ..data.with(result.gives)
                            }),
                            held: None,
                            ..atom.clone()
                        })
                    })
                    .unwrap_or_default(),
                _ => continue,
            };
            returned = returned.join(&what);
        }
        returned
    }

    /// What becomes of functions that are passed to code outside the project.
    fn callbacks(
        &mut self,
        call: &'a Call,
        method: Option<&SmolStr>,
        callee: &Value,
        args: &Args,
        site: Site,
    ) {
        let name = match (method, self.facts.expr(call.function)) {
            (Some(method), _) => method.clone(),
            (None, Expr::Name(name)) => name.clone(),
            _ => SmolStr::default(),
        };
        let path = callee.atoms().iter().find_map(|atom| match &atom.what {
            What::Symbol(path) => Some(path.clone()),
            _ => None,
        });
        let path = path.or_else(|| {
            let mut atoms = callee.atoms().iter();
            atoms.find_map(|atom| self.own_path_of(atom))
        });
        let own = |path: &SmolStr| {
            let own = self.reader.own();
            own.is_some_and(|own| own.is(path, Life::Handler))
        };
        let registrar = path
            .as_ref()
            .is_some_and(|path| any_fits(&FRAMEWORKS.registrars.request, path) || own(path));
        let registers = registrar
            || method.is_some_and(|method| FRAMEWORKS.registrars.request_methods.contains(method));
        let threads = path.as_ref().is_some_and(|path| {
            path.ends_with(".Thread") || path.ends_with(".Process") || path.ends_with(".Timer")
        });
        let maps = matches!(
            name.as_str(),
            "map"
                | "starmap"
                | "imap"
                | "imap_unordered"
                | "map_async"
                | "starmap_async"
                | "for_each"
        );
        let submits = matches!(
            name.as_str(),
            "submit"
                | "apply_async"
                | "run_in_executor"
                | "to_thread"
                | "apply"
                | "run_sync"
                | "start_soon"
                | "spawn"
                | "partial"
                | "sync_to_async"
        );
        let commands = self.makes_command(call);
        if !(registers || threads || maps || submits || commands) {
            return;
        }
        let values: Vec<Value> = args.all().map(|value| self.resolved(value)).collect();
        for value in values {
            for atom in value.atoms() {
                let functions: Vec<FuncId> = match &atom.what {
                    What::Function(function) | What::Bound(function, _) => vec![*function],
                    What::Class(class) if registers => {
                        self.reader.members(*class).values().copied().collect()
                    }
                    What::Instance(class) if registers => {
                        self.tell(
                            CellKey::Life(*class),
                            Value::one(
                                Atom::new(What::Mark(Mark::Lives(Lifetime::Process)))
                                    .sure(Confidence::Medium)
                                    .at(site),
                            ),
                        );
                        // Falcon: `app.add_route("/orders", Orders())`.
                        let answers = |name: &str| name.starts_with("on_") || name == "__call__";
                        let members = self.reader.members(*class).iter();
                        members
                            .filter(|(name, _)| answers(name))
                            .map(|(_, method)| *method)
                            .chain(self.method_of(*class, "__call__"))
                            .collect()
                    }
                    _ => continue,
                };
                for function in functions {
                    if registers {
                        let sure = if registrar {
                            Confidence::High
                        } else {
                            Confidence::Medium
                        };
                        self.tell(
                            CellKey::Context(function),
                            Value::one(Atom::new(What::Mark(Mark::Request)).sure(sure).at(site)),
                        );
                    } else if commands {
                        self.tell(
                            CellKey::Context(function),
                            Value::one(
                                Atom::new(What::Mark(Mark::Script))
                                    .sure(Confidence::Medium)
                                    .at(site),
                            ),
                        );
                    } else if threads {
                        self.tell(
                            CellKey::Context(function),
                            Value::one(Atom::new(What::Mark(Mark::Worker)).at(site)),
                        );
                    } else {
                        self.called(function, site, maps);
                    }
                }
            }
        }
    }

    /// `app.command("reset")(reset)` of Typer or Click, and not of a chat's bot.
    fn makes_command(&mut self, call: &Call) -> bool {
        let Expr::Call(made) = self.facts.expr(call.function) else {
            return false;
        };
        let Expr::Attr(base, name) = self.facts.expr(made.function) else {
            return false;
        };
        FRAMEWORKS.decorators.script_methods.contains(name) && !is_router(&self.peek(*base))
    }

    /// What calls an abstract method calls what stands in for it in an heir.
    fn stands_in(&mut self, class: ClassId, own: FuncId, name: &str) {
        if name.starts_with("__") {
            return;
        }
        for &base in self.reader.class_chain(class).iter().skip(1) {
            let Some(method) = self.reader.members(base).get(name).copied() else {
                continue;
            };
            let signature = self.reader.signature(method);
            if !signature.is_some_and(|signature| signature.is_abstract()) {
                continue;
            }
            let context = self.cell(CellKey::Context(method)).map(|atom| {
                let mark = match atom.what {
                    What::Mark(mark) => mark,
                    _ => return None,
                };
                let passes = matches!(
                    mark,
                    Mark::Request
                        | Mark::Loop
                        | Mark::Endless
                        | Mark::Script
                        | Mark::Import
                        | Mark::Worker
                        | Mark::Called
                        | Mark::Named
                );
                passes.then(|| atom.clone().sure(Confidence::Medium))
            });
            self.tell(CellKey::Context(own), context);
        }
    }

    // ---- roles ----

    /// `request: Request`: who is given a framework's request serves one.
    fn is_request(&mut self, annotation: ExprId, site: Site) -> bool {
        let named = |name: &str| name.ends_with("Request");
        match self.facts.expr(annotation) {
            Expr::Name(name) | Expr::Attr(_, name) if named(name) => {}
            Expr::Str(text) if named(text) => {}
            _ => return false,
        }
        let request =
            |atom: &Atom| matches!(&atom.what, What::Object(object) if object == "request");
        self.annotation(annotation, site)
            .atoms()
            .iter()
            .any(request)
    }

    /// What decorators, the class and the parameters say of when a function runs.
    pub(super) fn roles(&mut self, id: FunctionId) {
        let facts = self.facts;
        let function = &facts.functions[id as usize];
        let own = self.func(id);
        let site = Site {
            unit: self.unit.id,
            chunk: self.chunk,
            at: At::Definition(id),
        };
        let mark = |flow: &mut Self, mark: Mark, sure: Confidence| {
            flow.tell(
                CellKey::Context(own),
                Value::one(Atom::new(What::Mark(mark)).sure(sure).at(site)),
            )
        };
        self.function = function.parent;
        for &decorator in &function.decorators {
            let path = self.symbol_of(decorator);
            if let Some(path) = &path {
                let own = self.reader.own();
                for (patterns, life, role) in [
                    (
                        &FRAMEWORKS.decorators.memoising,
                        Life::Memoised,
                        Mark::Memoised,
                    ),
                    (&FRAMEWORKS.decorators.request, Life::Handler, Mark::Request),
                    (&FRAMEWORKS.decorators.script, Life::Command, Mark::Script),
                ] {
                    if any_fits(patterns, path) || own.is_some_and(|own| own.is(path, life)) {
                        mark(self, role, Confidence::High);
                    }
                }
            }
            let (target, call) = match facts.expr(decorator) {
                Expr::Call(call) => (call.function, Some(call)),
                _ => (decorator, None),
            };
            if has_name(facts, decorator, &FRAMEWORKS.decorators.memoising_named) {
                mark(self, Mark::Memoised, Confidence::Medium);
            }
            let Expr::Attr(base, name) = facts.expr(target) else {
                continue;
            };
            let base = self.peek(*base);
            let router = is_router(&base);
            let task_queue = base.atoms().iter().any(|atom| matches!(&atom.what, What::Object(path) | What::Symbol(path) if path.starts_with("celery") || path.starts_with("huey") || path.starts_with("chalice") || path.starts_with("rq")));
            let by_path = call.and_then(|call| call.args.first()).is_some_and(
                |arg| matches!(facts.expr(arg.value), Expr::Str(path) if path.starts_with('/')),
            );
            let guarded = |call: &Call| {
                call.args.iter().any(|arg| matches!(&arg.kind, ArgKind::Keyword(name) if FRAMEWORKS.decorators.authorizers.contains(name)))
            };
            let declares = base.atoms().iter().any(|atom| matches!(&atom.what, What::Object(path) if any_fits(&FRAMEWORKS.decorators.declaring, path)));
            // What needs no authorizer may ask by itself.
            if declares
                && !facts.asks
                && FRAMEWORKS.decorators.routes.contains(name)
                && call.is_some_and(|call| !guarded(call))
            {
                mark(self, Mark::Open, Confidence::High);
            }
            if FRAMEWORKS.decorators.routes.contains(name) {
                self.hangs_up(id, &base, site);
            }
            if FRAMEWORKS.decorators.routes.contains(name) && (router || by_path)
                || FRAMEWORKS.decorators.tasks.contains(name) && (task_queue || router)
                || FRAMEWORKS.decorators.events.contains(name) && router
            {
                mark(
                    self,
                    Mark::Request,
                    if router || task_queue {
                        Confidence::High
                    } else {
                        Confidence::Medium
                    },
                );
            } else if FRAMEWORKS.decorators.tasks.contains(name)
                && matches!(facts.expr(target), Expr::Attr(base, _) if matches!(facts.expr(*base), Expr::Name(name) if name == "app" || name == "celery" || name.ends_with("_app")))
            {
                mark(self, Mark::Request, Confidence::Medium);
            } else if FRAMEWORKS.decorators.script_methods.contains(name) && call.is_some() {
                mark(self, Mark::Script, Confidence::Medium);
            } else if matches!(
                name.as_str(),
                "before_request"
                    | "after_request"
                    | "teardown_request"
                    | "middleware"
                    | "on_message"
            ) && (router || call.is_none())
            {
                mark(self, Mark::Request, Confidence::Medium);
            }
        }
        self.function = id;
        let mut asked = function.params.iter().filter_map(|param| param.annotation);
        if asked.any(|annotation| self.is_request(annotation, site)) {
            mark(self, Mark::Request, Confidence::Medium);
        }
        let signature = Signature { facts, function };
        if signature.is_property() && !self.is_memoised(own) {
            // A property reads like a field: its readers don't expect to pay each time.
            mark(self, Mark::Read, Confidence::Medium);
        }
        if let (Some(class), 1) = (self.unit.class, id) {
            self.stands_in(class, own, &function.name);
            let roles = self.cell(CellKey::Roles(class));
            for atom in roles.atoms() {
                let What::Mark(Mark::Role(role)) = atom.what else {
                    continue;
                };
                let name = function.name.as_str();
                match role {
                    Role::View | Role::Middleware if FRAMEWORKS.runs_per_request(role, name) => {
                        mark(self, Mark::Request, atom.confidence)
                    }
                    Role::Record if FRAMEWORKS.runs_per_request(role, name) => {
                        mark(self, Mark::Request, Confidence::Medium)
                    }
                    Role::PerRequest => mark(self, Mark::Request, Confidence::Medium),
                    Role::Script if matches!(name, "handle" | "handle_noargs" | "run") => {
                        mark(self, Mark::Script, Confidence::High)
                    }
                    Role::Singleton if name == "run" => {
                        mark(self, Mark::Request, Confidence::Medium)
                    }
                    Role::Worker if name == "run" => mark(self, Mark::Worker, Confidence::Medium),
                    _ => {}
                }
            }
        } else if id == 1 && self.unit.class.is_none() {
            let names: Vec<&str> = function
                .params
                .iter()
                .filter(|param| param.kind == ParamKind::Plain)
                .map(|param| param.name.as_str())
                .collect();
            let handlers = &FRAMEWORKS.handlers;
            if let [first, second, ..] = names[..] {
                // CloudFormation calls it when a stack is created, changed or deleted.
                let deploys = facts.exprs.iter().any(
                    |expr| matches!(expr, Expr::Str(text) if handlers.deploying.contains(text)),
                );
                if deploys {
                    mark(self, Mark::Script, Confidence::Medium);
                    return;
                }
                let deployed = self.reader.deployed(self.unit.file, &function.name);
                if let Some(open) = deployed {
                    mark(self, Mark::Request, Confidence::High);
                    if open {
                        self.is_deployed_open(id, site);
                    }
                }
                let event = handlers.first.iter().any(|name| name == first)
                    && handlers.second.iter().any(|name| name == second);
                // `@parse_body def start(event, context, body)`: the decorator gives the rest.
                let given = !function.decorators.is_empty();
                if event && (names.len() == 2 || given) {
                    let named = handlers.names.contains(&function.name)
                        || names.len() == 2 && second.contains("context");
                    let sure = match named {
                        true => Confidence::High,
                        false => Confidence::Medium,
                    };
                    mark(self, Mark::Request, sure);
                } else if handlers.names.contains(&function.name) && second.contains("context") {
                    mark(self, Mark::Request, Confidence::High);
                } else if handlers.names.contains(&function.name)
                    && (second.contains("ctx")
                        || names.len() == 2 && handlers.first.iter().any(|name| name == first))
                {
                    mark(self, Mark::Request, Confidence::Medium);
                }
            }
            if names.first() == Some(&"request") {
                let returned = self.frames[id as usize]
                    .returns
                    .clone()
                    .join(&self.cell(CellKey::Return(own)));
                let responds = returned.atoms().iter().any(|atom| matches!(&atom.what, What::Object(path) if FRAMEWORKS.responses.names.iter().any(|name| path.rsplit('.').next() == Some(name.as_str()))));
                mark(
                    self,
                    Mark::Request,
                    if responds {
                        Confidence::Medium
                    } else {
                        Confidence::Low
                    },
                );
            }
            if function.name == "main" && names.is_empty() {
                mark(self, Mark::Script, Confidence::Medium);
            }
        }
    }
}

/// Does a read say which attributes it wants?
fn chooses(named: &[(SmolStr, ExprId, Value)]) -> bool {
    named.iter().any(|(name, ..)| {
        matches!(
            name.as_str(),
            "ProjectionExpression" | "AttributesToGet" | "Select"
        )
    })
}

/// What is worth passing to another function: constants and unknown things are not.
fn telling(atom: &Atom) -> bool {
    !matches!(
        atom.what,
        What::Mark(_) | What::Slot | What::Container(Shape::Tuple, _)
    )
}

/// A task that holds what its coroutine gives.
fn task_of(value: &Value) -> Value {
    value.map(|atom| {
        let data = atom.data()?;
        Some(Atom {
            what: What::Data(data),
            nested: Nest::Inside,
            held: None,
            ..atom.clone()
        })
    })
}

/// `float("inf")`, `math.inf`, `sys.maxsize`.
pub fn is_infinite(facts: &ChunkFacts, expr: ExprId) -> bool {
    match facts.expr(expr) {
        Expr::Call(call) => matches!(facts.expr(call.function), Expr::Name(name) if name == "float") && call.args.first().is_some_and(|arg| matches!(facts.expr(arg.value), Expr::Str(text) if text.trim_start_matches('+').to_ascii_lowercase().starts_with("inf"))),
        Expr::Attr(_, name) => name == "inf" || name == "maxsize",
        _ => false,
    }
}

/// Does a decorator, called or not, have one of these names?
pub(super) fn has_name(facts: &ChunkFacts, decorator: ExprId, names: &[SmolStr]) -> bool {
    let target = match facts.expr(decorator) {
        Expr::Call(call) => call.function,
        _ => decorator,
    };
    matches!(facts.expr(target), Expr::Name(name) | Expr::Attr(_, name) if names.contains(name))
}

/// May it be what a framework registers routes with?
fn is_router(value: &Value) -> bool {
    let routes = |atom: &Atom| matches!(&atom.what, What::Object(path) | What::Symbol(path) if any_fits(&FRAMEWORKS.decorators.routers, path));
    value.atoms().iter().any(routes)
}

/// Does some call pass a client or the like, and none that runs again and again leave it out?
pub fn is_passed(reader: &Reader, function: FuncId, slot: u16) -> bool {
    let passed = reader.cell(CellKey::Param(function, slot));
    let left_out = reader.cell(CellKey::Holder(Place::Default(function, slot)));
    let often = left_out.has(Mark::Request) || left_out.has(Mark::Loop);
    !often && passed.data().any(|(_, data)| data.kind.is_tool())
}
