//! Endpoints that ask nobody who they are: what their routes, routers and permissions say of it, and
//! what Django's settings say of views that say nothing.

use super::calls::Args;
use super::*;
use crate::api::{FRAMEWORKS, any_fits};
use crate::workspace::asks::{Heat, heat};

/// Methods of a view of the REST framework that answer requests to read.
const ANSWERS: [&str; 3] = ["get", "list", "retrieve"];

/// Methods by which a view of the REST framework decides for itself.
const DECIDES: [&str; 4] = [
    "get_permissions",
    "check_permissions",
    "initial",
    "dispatch",
];

/// Where what Django's settings say is noted, whichever file they stand in.
pub fn django_settings() -> Place {
    Place::App(SmolStr::new_static("Django's settings"))
}

/// What hangs at `place` is open to all, as far as these sites say.
fn open_at(place: Place, sites: impl Iterator<Item = Site>) -> Value {
    let open = Atom {
        held: Some(place),
        ..Atom::new(What::Mark(Mark::Open)).sure(Confidence::Medium)
    };
    Value::one(sites.fold(open, Atom::at))
}

impl<'a> Flow<'a> {
    /// `@app.get("/orders")`, `@router.get("/orders")` of which neither a decorator nor its code asks:
    /// who may ask is said for all, where the application is made, or where the router is hung up.
    pub(super) fn hangs_up(&mut self, id: FunctionId, base: &Value, site: Site) {
        let decorators = self.facts.functions[id as usize].decorators.iter();
        let facts = self.facts;
        let more = decorators.filter(|&&it| !lets_through(facts, it)).count() > 1;
        if more || facts.wary {
            return;
        }
        if let Some((place, _)) = self.hanger(base)
            && !self.names_who_asks()
        {
            let own = self.func(id);
            self.tell(CellKey::Context(own), open_at(place, [site].into_iter()));
        }
    }

    /// `Depends(reader)`, `check()`: functions of the project that the chunk names, and whose code asks.
    /// Of a dependency whose code is not seen nobody knows.
    fn names_who_asks(&self) -> bool {
        let facts = self.facts;
        facts.exprs.iter().enumerate().any(|(id, expr)| match expr {
            Expr::Name(name) => self.is_any(name, |what| match what {
                What::Function(function) => {
                    let signature = self.reader.signature(*function);
                    signature.is_some_and(|signature| signature.facts.asks)
                }
                _ => false,
            }),
            Expr::Call(call) if depends(facts, id as ExprId) => {
                call.args.iter().any(|arg| match facts.expr(arg.value) {
                    Expr::Name(name) => !self.is_any(name, |what| {
                        matches!(what, What::Function(_) | What::Class(_))
                    }),
                    _ => true,
                })
            }
            _ => false,
        })
    }

    /// May the name of the file be such?
    fn is_any(&self, name: &SmolStr, wanted: impl Fn(&What) -> bool) -> bool {
        let value = self.reader.global(self.unit.file, name);
        value.atoms().iter().any(|atom| wanted(&atom.what))
    }

    /// A handler that a file deploys with a route and without an authorizer: no decorator and nothing in
    /// its own file may ask.
    pub(super) fn is_deployed_open(&mut self, id: FunctionId, site: Site) {
        let facts = self.facts;
        let mut decorators = facts.functions[id as usize].decorators.iter();
        let notes = self.cell(CellKey::Holder(notes_of(self.unit.file)));
        if decorators.all(|&it| lets_through(facts, it)) && !notes.has(Mark::Asks) {
            let open = open_at(notes_of(self.unit.file), [site].into_iter());
            self.tell(CellKey::Context(self.func(id)), open);
        }
    }

    /// A router of a module, with its story; of an application, the notes of the file that made it.
    fn hanger<'v>(&self, base: &'v Value) -> Option<(Place, &'v [Site])> {
        base.atoms().iter().find_map(|atom| {
            let What::Object(path) = &atom.what else {
                return None;
            };
            let routes = &FRAMEWORKS.decorators;
            let place = match &atom.held {
                Some(Place::Global(file, _)) if any_fits(&routes.applications, path) => {
                    notes_of(*file)
                }
                _ if any_fits(&routes.applications, path) => notes_of(self.unit.file),
                Some(place @ Place::Global(..)) if any_fits(&routes.mounted, path) => place.clone(),
                _ => return None,
            };
            Some((place, &atom.steps[..]))
        })
    }

    /// `app.include_router(users.router)`: what the router's routes don't say is said there.
    pub(super) fn mounts(&mut self, method: &SmolStr, base: &Value, args: &Args, site: Site) {
        if !FRAMEWORKS.registrars.mounts.contains(method) {
            return;
        }
        let known = self.resolved(base);
        // `def register(app):`: whoever calls it knows.
        let told = || {
            base.atoms().iter().find_map(|atom| match atom.what {
                What::Param(function, index) => Some((Place::Default(function, index), &[][..])),
                _ => None,
            })
        };
        let Some((above, story)) = self.hanger(&known).or_else(told) else {
            return;
        };
        for (_, router) in &args.plain {
            if let Some((place, _)) = self.hanger(&self.resolved(router)) {
                let sites = [site].into_iter().chain(story.iter().copied());
                self.tell(CellKey::Holder(place), open_at(above.clone(), sites));
            }
        }
    }

    /// `permission_classes = []` or `[AllowAny]`: the view is open to all.
    pub(super) fn note_permissions(&mut self, source: Option<ExprId>) {
        let (Some(class), Some(source)) = (self.unit.class, source) else {
            return;
        };
        let site = Site {
            unit: self.unit.id,
            chunk: self.chunk,
            at: At::Chunk,
        };
        let said = match allows_any(self.facts, source) {
            true => Mark::Open,
            false => Mark::Asks,
        };
        self.tell(
            CellKey::Life(class),
            Value::one(Atom::new(What::Mark(said)).at(site)),
        );
    }

    /// A view of Django or of its REST framework that answers with what it read: where it says nothing
    /// of who may ask, the settings say it, and must be loaded.
    pub(super) fn leaves_to_settings(&mut self, id: FunctionId, returns: &Value, site: Site) {
        let django = ["django", "rest_framework"];
        let answers = heat(returns) == Some(Heat::Certain) || self.frames[id as usize].shows;
        if id != 1 || !answers || !self.reader.imports_any(self.unit.file, &django) {
            return;
        }
        let own = self.func(id);
        match self.said_of_view() {
            Some(Mark::Open) => {
                let open = Atom::new(What::Mark(Mark::Open)).at(site);
                self.tell(CellKey::Context(own), Value::one(open));
            }
            None => {
                for file in self.reader.settings() {
                    self.tell(CellKey::Unloaded(file), Value::of(What::Mark(Mark::Called)));
                }
                let open = open_at(django_settings(), [site].into_iter());
                self.tell(CellKey::Context(own), open);
            }
            Some(_) => {}
        }
    }

    /// What a view itself says of who may ask; of what is no view, that it asks.
    fn said_of_view(&mut self) -> Option<Mark> {
        let facts = self.facts;
        let function = &facts.functions[1];
        if let Some(class) = self.unit.class {
            let decides = |name: &&str| self.method_of(class, name).is_some();
            let framework = |atom: &Atom| matches!(&atom.what, What::Symbol(path) if path.starts_with("rest_framework."));
            let bases = self.cell(CellKey::Bases(class));
            let plain = function.decorators.is_empty()
                && self.has_role(class, Role::View)
                && ANSWERS.contains(&function.name.as_str())
                && !DECIDES.iter().any(decides)
                && !bases.is_unknown()
                && bases.atoms().iter().all(framework);
            return (!plain).then_some(Mark::Asks);
        }
        let mut view = function
            .params
            .first()
            .is_some_and(|param| param.name == "request");
        for &decorator in &function.decorators {
            let path = self.symbol_of(decorator);
            match path.as_deref() {
                Some("rest_framework.decorators.api_view") => view = true,
                Some("rest_framework.decorators.permission_classes") => {
                    let open = match facts.expr(decorator) {
                        Expr::Call(call) => match &call.args[..] {
                            [classes] => allows_any(facts, classes.value),
                            _ => false,
                        },
                        _ => false,
                    };
                    return Some(if open { Mark::Open } else { Mark::Asks });
                }
                _ if lets_through(facts, decorator) => {}
                _ => return Some(Mark::Asks),
            }
        }
        (!view).then_some(Mark::Asks)
    }

    /// What a chunk of a file that may be Django's settings says of who may ask.
    pub(super) fn note_settings(&mut self) {
        let says = |wanted: fn(&str) -> bool| {
            let said = |expr: &Expr| matches!(expr, Expr::Str(text) if wanted(text));
            self.facts.exprs.iter().any(said)
        };
        let guards = |text: &str| {
            let other = || !any_fits(&FRAMEWORKS.settings.middleware, text);
            text.contains("iddleware") && (text.contains("LoginRequired") || other())
        };
        let permissions = says(|text| text == "DEFAULT_PERMISSION_CLASSES")
            && !says(|text| text.ends_with("AllowAny"));
        if permissions || says(guards) {
            self.note(&django_settings(), Mark::Asks);
        } else if says(|text| text.starts_with("django.middleware.")) {
            self.note(&django_settings(), Mark::Open);
        }
    }
}

/// Is it `[]`, `[AllowAny]` or a tuple of such?
fn allows_any(facts: &ChunkFacts, classes: ExprId) -> bool {
    match facts.expr(classes) {
        Expr::List(items) | Expr::Tuple(items) => {
            items.iter().all(|&item| facts.is_named(item, "AllowAny"))
        }
        _ => false,
    }
}

/// A decorator that asks nobody anything, by its name.
fn lets_through(facts: &ChunkFacts, decorator: ExprId) -> bool {
    calls::has_name(facts, decorator, &FRAMEWORKS.decorators.passing_named)
}
