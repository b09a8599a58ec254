//! Names, attributes and annotations: from an expression's text to what it may be.

use smol_str::SmolStr;

use super::*;
use crate::api::{API, FRAMEWORKS};
use crate::workspace::world::PASSES;

impl Flow<'_> {
    pub(super) fn name(&mut self, name: &SmolStr) -> Value {
        if let Some(value) = self.state.names.get(name) {
            match (self.unit.kind, self.unit.class) {
                (UnitKind::Module, _) => {
                    return stored_at(value, &Place::Global(self.unit.file, name.clone()));
                }
                (UnitKind::Class, Some(class)) => {
                    return stored_at(value, &Place::Static(class, name.clone()));
                }
                _ => {}
            }
        }
        if self.unit.kind == UnitKind::Module
            && self.function == 0
            && self.ever_names.contains_key(name)
        {
            return Value::UNKNOWN;
        }
        self.reader.global(self.unit.file, name)
    }

    /// The dotted path of something outside the project, if the expression is surely that.
    pub(super) fn symbol_of(&mut self, expr: ExprId) -> Option<SmolStr> {
        let expr = match self.facts.expr(expr) {
            Expr::Call(call) => call.function,
            _ => expr,
        };
        let value = match self.facts.expr(expr) {
            Expr::Name(_) | Expr::Attr(..) => self.peek(expr),
            _ => return None,
        };
        value.atoms().iter().find_map(|atom| match &atom.what {
            What::Symbol(path) | What::Object(path) => Some(path.clone()),
            _ => self.own_path_of(atom),
        })
    }

    /// What the configuration calls a function or class of the project.
    pub(super) fn own_path_of(&self, atom: &Atom) -> Option<SmolStr> {
        match &atom.what {
            What::Function(function) | What::Bound(function, _) => {
                self.reader.own_function(*function)
            }
            What::Class(class) | What::Instance(class) => self.reader.own_class(*class),
            _ => None,
        }
    }

    pub(super) fn symbol_call(&mut self, expr: ExprId) -> Option<SmolStr> {
        matches!(self.facts.expr(expr), Expr::Call(_)).then(|| self.symbol_of(expr))?
    }

    /// An expression's value without any effect of evaluating it.
    pub(super) fn peek(&mut self, expr: ExprId) -> Value {
        match self.facts.expr(expr) {
            Expr::Name(name) => self.name(name),
            Expr::Local(slot) => self.local(*slot),
            Expr::Outer(function, slot) => self.outer(*function, *slot),
            Expr::Attr(base, name) => {
                let base = self.peek(*base);
                self.attribute(&base, name, None)
            }
            Expr::Await(inner) | Expr::Star(inner) => self.peek(*inner),
            Expr::Subscript(base, index) => {
                let base = self.peek(*base);
                let index_value = self.peek(*index);
                self.subscript(&base, &index_value, *index)
            }
            Expr::Str(text) => Value::of(What::Str(text.clone())),
            Expr::Int(number) => Value::of(What::Int(*number)),
            _ => Value::UNKNOWN,
        }
    }

    pub(super) fn local(&mut self, slot: Slot) -> Value {
        let value = self
            .state
            .slots
            .get(slot as usize)
            .cloned()
            .unwrap_or_default();
        stored_at(&value, &Place::Local(self.func(self.function), slot))
    }

    pub(super) fn outer(&mut self, function: FunctionId, slot: Slot) -> Value {
        let value = self.frames[function as usize]
            .ever
            .get(slot as usize)
            .cloned()
            .unwrap_or_default();
        stored_at(&value, &Place::Local(self.func(function), slot))
    }

    /// Parameters replaced by what the call sites pass. Those that these pass on stay, beside what
    /// they hold of DynamoDB: an object of the project's own is followed one hop, for its cost.
    pub(super) fn resolved(&self, value: &Value) -> Value {
        let is_param = |atom: &Atom| matches!(atom.what, What::Param(..));
        let mut resolved = self.reader.resolve(value);
        let mut params = resolved.filter(is_param);
        for _ in 1..PASSES {
            if params.is_unknown() {
                break;
            }
            let passed = self.reader.resolve(&params);
            params = passed.filter(is_param);
            resolved =
                resolved.join(&passed.filter(|atom| is_param(atom) || atom.data().is_some()));
        }
        resolved
    }

    pub(super) fn method_of(&self, class: ClassId, name: &str) -> Option<FuncId> {
        (self.reader.class_chain(class).iter())
            .find_map(|&class| self.reader.members(class).get(name).copied())
    }

    pub(super) fn has_role(&self, class: ClassId, wanted: Role) -> bool {
        self.cell(CellKey::Roles(class)).has(Mark::Role(wanted))
    }

    /// `base.name`; `site` is given where a property may be called.
    pub(super) fn attribute(&mut self, base: &Value, name: &SmolStr, site: Option<Site>) -> Value {
        let base = self.resolved(base);
        let mut found = Vec::new();
        let mut joined = Value::UNKNOWN;
        for atom in base.atoms() {
            if atom.nested != Nest::Not {
                continue;
            }
            let derived = |what: What| Atom {
                what,
                held: None,
                nested: Nest::Not,
                confidence: atom.confidence,
                steps: atom.steps.clone(),
            };
            match &atom.what {
                What::Module(file) => {
                    joined = joined.join(&self.reader.module_attribute(*file, name))
                }
                What::Symbol(path) => {
                    let path: SmolStr = format!("{path}.{name}").into();
                    found.push(derived(self.reader.outside(path)));
                }
                What::Unloaded(file) => found.push(derived(What::Unloaded(*file))),
                What::Instance(class) => {
                    joined = joined.join(&self.instance_attribute(*class, name, site, atom))
                }
                What::Class(class) | What::Super(class) => {
                    joined = joined.join(&self.class_attribute(*class, name, atom))
                }
                What::Function(function) => {
                    let place = Place::FunctionAttr(*function, name.clone());
                    joined = joined.join(&self.place_value(place));
                }
                What::Object(object) => match (object.as_str(), name.as_str()) {
                    ("request", "session") => found.push(derived(What::Object("session".into()))),
                    ("request", "app") => found.push(derived(What::Object("app".into()))),
                    ("request", "state") => found.push(derived(What::Object("request".into()))),
                    ("request", _) => {
                        joined = joined.join(&self.place_value(Place::Request(name.clone())))
                    }
                    ("app", "state" | "extensions" | "config") => {
                        found.push(derived(What::Object("app".into())))
                    }
                    ("app", "response_class" | "make_response") => {
                        found.push(derived(What::Symbol("flask.make_response".into())))
                    }
                    ("app", _) => joined = joined.join(&self.place_value(Place::App(name.clone()))),
                    ("thread-local", _) => {
                        joined = joined.join(&self.place_value(Place::Thread(name.clone())))
                    }
                    (path, "deserialize") if path.ends_with("TypeDeserializer") => {
                        found.push(derived(What::Object(path.into())))
                    }
                    (path, "response_class" | "make_response") if is_application(path) => {
                        found.push(derived(What::Symbol("flask.make_response".into())))
                    }
                    (path, "state" | "extensions") if is_application(path) => {
                        found.push(derived(What::Object("app".into())))
                    }
                    (path, _) => {
                        // `acme.Repo().fetch_all`, where the configuration says what that gives.
                        let path = format!("{path}.{name}");
                        if self
                            .reader
                            .own()
                            .is_some_and(|own| own.path_of(&path).is_some())
                        {
                            found.push(derived(What::Symbol(path.into())));
                        }
                    }
                },
                What::Method(data, parent) if matches!(data.kind, Kind::Table | Kind::Resource) => {
                    if let Some(result) = API.attribute(data.kind, &format!("{parent}.{name}")) {
                        found.push(derived(What::Data(Data {
                            kind: result.gives,
                            limited: false,
                            single: false,
                            ..*data
                        })));
                    }
                }
                What::Data(data) if data.kind == Kind::Model && name == "attribute_values" => {
                    found.push(derived(What::Data(data.with(Kind::Item))))
                }
                What::Data(data)
                    if data.kind == Kind::Model
                        && !matches!(
                            name.as_str(),
                            "to_dict" | "to_simple_dict" | "to_dynamodb_dict" | "serialize"
                        ) =>
                {
                    found.push(derived(What::Data(data.with(Kind::Attribute))))
                }
                What::Data(data) => found.push(derived(What::Method(*data, name.clone()))),
                _ => {}
            }
        }
        joined.join(&Value::from_atoms(found))
    }

    fn place_value(&mut self, place: Place) -> Value {
        let value = self.cell(CellKey::Slot(place.clone()));
        stored_at(&value.join(&Value::of(What::Slot)), &place)
    }

    fn instance_attribute(
        &mut self,
        class: ClassId,
        name: &SmolStr,
        site: Option<Site>,
        atom: &Atom,
    ) -> Value {
        if name == "__class__" {
            return Value::of(What::Class(class));
        }
        if name == "request"
            && (self.has_role(class, Role::View) || self.has_role(class, Role::PerRequest))
        {
            return Value::of(What::Object("request".into()));
        }
        let chain = self.reader.class_chain(class);
        let mut found = Value::UNKNOWN;
        for &class in &*chain {
            let own = self.cell(CellKey::Attr(class, name.clone()));
            if !own.is_unknown() {
                found = found.join(&stored_at(&own, &Place::Attr(class, name.clone())));
            }
        }
        if !found.is_unknown() {
            return self.or_of_heirs(class, name, found);
        }
        for &owner in &*chain {
            if let Some(&method) = self.reader.members(owner).get(name) {
                if !self
                    .reader
                    .signature(method)
                    .is_some_and(|signature| signature.is_property())
                {
                    return Value::one(Atom {
                        what: What::Bound(method, class),
                        ..atom.clone()
                    });
                }
                // Reading a property calls it.
                return match site {
                    Some(site) => self.call_function(method, true, &Default::default(), site),
                    None => self.cell(CellKey::Return(method)),
                };
            }
            let shared = self.cell(CellKey::Static(owner, name.clone()));
            if !shared.is_unknown() {
                let shared = stored_at(&shared, &Place::Static(owner, name.clone()));
                return self.or_of_heirs(class, name, shared);
            }
        }
        let reads = self.has_role(class, Role::Index) || self.has_role(class, Role::Model);
        if reads && API.models.contains_key(name.as_str()) {
            return Value::of(What::Method(Data::new(Kind::Model), name.clone()));
        }
        // Stored to later: the place is known, its value is not.
        let unknown = Value::one(Atom {
            held: Some(Place::Attr(class, name.clone())),
            ..Atom::new(What::Slot)
        });
        self.or_of_heirs(class, name, unknown)
    }

    /// `model = None` in a base class: what the classes give that derive from it.
    fn or_of_heirs(&self, class: ClassId, name: &SmolStr, found: Value) -> Value {
        let open = |atom: &Atom| matches!(atom.what, What::Nothing | What::Slot);
        if !found.atoms().iter().all(open) {
            return found;
        }
        let heirs = self.cell(CellKey::Heirs(class, name.clone()));
        let instance = |atom: &Atom| matches!(atom.what, What::Instance(_));
        // A table in one heir and a file in another: which of them it is nobody knows.
        match heirs.atoms().iter().filter(|atom| instance(atom)).count() {
            0 | 1 => found.join(&heirs),
            _ => found.join(&heirs.filter(|atom| !instance(atom))),
        }
    }

    fn class_attribute(&mut self, class: ClassId, name: &SmolStr, atom: &Atom) -> Value {
        let chain = self.reader.class_chain(class);
        for &owner in &*chain {
            if let Some(&method) = self.reader.members(owner).get(name) {
                let bound = matches!(atom.what, What::Super(_))
                    || self
                        .reader
                        .signature(method)
                        .is_some_and(|signature| signature.is_class_method());
                return Value::of(if bound {
                    What::Bound(method, class)
                } else {
                    What::Function(method)
                });
            }
            let shared = self.cell(CellKey::Static(owner, name.clone()));
            if !shared.is_unknown() {
                return stored_at(&shared, &Place::Static(owner, name.clone()));
            }
        }
        if self.has_role(class, Role::Model) && API.models.contains_key(name.as_str()) {
            // The class rides along as the place: `get()` gives one of its instances.
            return Value::one(Atom {
                what: What::Method(Data::new(Kind::Model), name.clone()),
                held: Some(Place::Static(class, name.clone())),
                ..atom.clone()
            });
        }
        if self.has_role(class, Role::Enum) {
            return Value::UNKNOWN;
        }
        Value::one(Atom {
            held: Some(Place::Static(class, name.clone())),
            ..Atom::new(What::Slot)
        })
    }

    // ---- annotations ----

    /// What a type annotation proves; types that say nothing of DynamoDB or requests give nothing.
    pub(super) fn annotation(&mut self, expr: ExprId, site: Site) -> Value {
        match self.facts.expr(expr) {
            Expr::Name(_) | Expr::Attr(..) => {
                let value = self.peek(expr);
                self.declared(&value, site)
            }
            Expr::Str(text) => {
                let text = text.clone();
                let mut found = Value::UNKNOWN;
                for path in text
                    .split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.'))
                    .filter(|path| !path.is_empty())
                {
                    let mut parts = path.split('.');
                    let Some(first) = parts.next() else { continue };
                    let mut value = self.reader.global(self.unit.file, &first.into());
                    for part in parts {
                        value = self.attribute(&value, &part.into(), None);
                    }
                    found = found.join(&self.declared(&value, site));
                }
                found
            }
            Expr::Binary(Operator::BitOr, left, right) => {
                let left = self.annotation(*left, site);
                left.join(&self.annotation(*right, site))
            }
            Expr::Subscript(base, inner) => {
                let outer = match self.facts.expr(*base) {
                    Expr::Name(name) | Expr::Attr(_, name) => name.clone(),
                    _ => return Value::UNKNOWN,
                };
                let inner = *inner;
                match (outer.as_str(), self.facts.expr(inner)) {
                    (
                        "Optional" | "Annotated" | "Union" | "ClassVar" | "Final",
                        Expr::Tuple(parts),
                    ) => {
                        let parts = parts.clone();
                        parts.into_iter().fold(Value::UNKNOWN, |found, part| {
                            found.join(&self.annotation(part, site))
                        })
                    }
                    ("Optional" | "Annotated" | "Union" | "ClassVar" | "Final", _) => {
                        self.annotation(inner, site)
                    }
                    _ => Value::UNKNOWN,
                }
            }
            // `Optional[Table]` in an annotation comes as a generic type.
            Expr::Other(parts) => {
                let parts = parts.clone();
                match parts.split_first() {
                    Some((&head, rest)) if matches!(self.facts.expr(head), Expr::Name(name) if matches!(name.as_str(), "Optional" | "Union" | "Annotated" | "ClassVar" | "Final")) => {
                        rest.iter().fold(Value::UNKNOWN, |found, &part| {
                            found.join(&self.annotation(part, site))
                        })
                    }
                    Some((&only, [])) => self.annotation(only, site),
                    _ if parts.len() > 1 && !matches!(self.facts.expr(parts[0]), Expr::Name(_)) => {
                        parts.iter().fold(Value::UNKNOWN, |found, &part| {
                            found.join(&self.annotation(part, site))
                        })
                    }
                    _ => Value::UNKNOWN,
                }
            }
            _ => Value::UNKNOWN,
        }
    }

    fn declared(&mut self, value: &Value, site: Site) -> Value {
        value.map(|atom| match &atom.what {
            What::Symbol(path) => {
                if let Some(result) = API.annotation(path) {
                    let service = if result.streams {
                        Service::Streams
                    } else {
                        Service::DynamoDb
                    };
                    return Some(
                        Atom::new(What::Data(Data {
                            service,
                            ..Data::new(result.gives)
                        }))
                        .at(site),
                    );
                }
                let object = FRAMEWORKS.annotations.get(path).cloned();
                let own = || self.reader.own()?.object(path).map(SmolStr::new_static);
                object
                    .or_else(own)
                    .map(|object| Atom::new(What::Object(object)))
            }
            What::Object(_) if self.reader.own().is_some() => Some(atom.clone()),
            What::Class(class) => Some(Atom::new(What::Instance(*class))),
            _ => None,
        })
    }
}

/// Values that were read from a place and came from no other.
pub fn stored_at(value: &Value, place: &Place) -> Value {
    if value
        .atoms()
        .iter()
        .all(|atom| atom.held.is_some() || !keeps_place(atom))
    {
        return value.clone();
    }
    value.map(|atom| {
        Some(if atom.held.is_none() && keeps_place(atom) {
            Atom {
                held: Some(place.clone()),
                ..atom.clone()
            }
        } else {
            atom.clone()
        })
    })
}

/// Functions, classes and constants are what they are wherever they stand.
pub fn keeps_place(atom: &Atom) -> bool {
    // An element is not the place: its container is.
    if matches!(atom.nested, Nest::Inside | Nest::At(_)) {
        return false;
    }
    !matches!(
        atom.what,
        What::Function(_)
            | What::Class(_)
            | What::Bound(..)
            | What::Module(_)
            | What::Symbol(_)
            | What::Unloaded(_)
            | What::Str(_)
            | What::Int(_)
            | What::Nothing
            | What::Mark(_)
            | What::Super(_)
    )
}

fn is_application(path: &str) -> bool {
    matches!(
        path.rsplit('.').next(),
        Some("Flask" | "FastAPI" | "Starlette" | "Quart" | "Sanic")
    )
}
