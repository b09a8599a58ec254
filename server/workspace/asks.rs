//! What a file that is not loaded must name to matter: the ways by which values come out of loaded
//! ones, and the code there that handles them.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};

use super::unit::{Export, Unit, UnitKind};
use super::world::{World, file_id};
use crate::facts::Expr;
use crate::summary::{CellKey, Outcome};
use crate::value::{
    Atom, ClassId, Data, FileId, FuncId, Kind, Mark, Place, Role, Service, UnitId, Value, What,
};

/// Names travel this many times through classes that hold each other, and through packages that
/// import them to hand them on.
const HOPS: usize = 4;

/// A loaded file, and what files that import it must name to matter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ask {
    pub path: Arc<str>,
    /// Those of a class's members begin with their dot. The certain ones matter wherever they stand,
    /// another service's where code runs for each request or task, the vague ones in files that name
    /// the service; there another service's count too, but for members.
    pub names: BTreeMap<SmolStr, Heat>,
}

/// What is known of a value by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Heat {
    /// A session, or a client whose service isn't known.
    Vague,
    /// Another service's client, as of S3, in a file that DynamoDB has to do with.
    Other,
    /// A value of DynamoDB or of streams.
    Certain,
}

/// What a unit adds to [`asks`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gives {
    /// Names by which it lets values out of a file.
    names: Vec<(FileId, SmolStr, Heat)>,
    /// Fields and methods by which values come out of instances of a class.
    members: Vec<(ClassId, SmolStr, Heat)>,
    /// Classes that are models: they give values by themselves.
    models: Vec<ClassId>,
    holds: Vec<Hold>,
    /// It handles values itself, so that it matters who calls it.
    story: Option<Heat>,
}

/// A class, or an instance of it, comes out of a file by this name; of a class where it is a field or
/// method of that.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Hold {
    file: FileId,
    class: Option<ClassId>,
    name: SmolStr,
    held: ClassId,
}

impl Gives {
    pub fn handles(&self) -> bool {
        self.story.is_some()
    }

    fn is_nothing(&self) -> bool {
        self.names.is_empty()
            && self.members.is_empty()
            && self.models.is_empty()
            && self.holds.is_empty()
            && self.story.is_none()
    }
}

/// What a unit adds; none where it adds nothing.
pub fn gives(world: &World, unit: UnitId) -> Option<Gives> {
    let outcome = world.outcome(unit)?;
    let mut gives = Gives::default();
    let (mut routers, mut hangs) = (Vec::new(), false);
    for (key, value) in &outcome.tells {
        let hung = value.mark(|mark| mark == Mark::Open);
        let place = hung.and_then(|atom| atom.held.as_ref());
        hangs |= place.is_some() && matches!(key, CellKey::Holder(_));
        match place {
            Some(Place::Global(file, name)) if !name.is_empty() => {
                routers.push((*file, name.clone(), Heat::Certain));
            }
            _ => {}
        }
        let Some(way) = way_out(world, key) else {
            continue;
        };
        if let (CellKey::Life(class), true) = (key, is_model(value)) {
            gives.models.push(*class);
        }
        if let Some(heat) = heat(value) {
            for name in &way.names {
                match way.class {
                    Some(class) => gives.members.push((class, name.clone(), heat)),
                    None => gives.names.push((way.file, name.clone(), heat)),
                }
            }
        }
        for atom in value.atoms() {
            if let What::Instance(class) | What::Class(class) = atom.what
                && way.class != Some(class)
            {
                gives.holds.extend(way.names.iter().map(|name| Hold {
                    file: way.file,
                    class: way.class,
                    name: name.clone(),
                    held: class,
                }));
            }
        }
    }
    gives.story = story(outcome, unit);
    // Whoever hangs up the router of a route that answers with values says who may ask.
    if gives.story == Some(Heat::Certain) || hangs {
        gives.names.extend(routers);
    }
    if hangs && let Some(unit) = world.units.get(&unit).filter(|unit| unit.class.is_none()) {
        let names = callable(unit).into_iter();
        (gives.names).extend(names.map(|name| (unit.file, name, Heat::Certain)));
    }
    (!gives.is_nothing()).then_some(gives)
}

/// How a cell's value comes out of a file.
struct Way {
    file: FileId,
    class: Option<ClassId>,
    names: Vec<SmolStr>,
}

fn way_out(world: &World, key: &CellKey) -> Option<Way> {
    let of_class = |class: &ClassId, name: &SmolStr| {
        Some(Way {
            file: world.classes.get(class)?.file,
            class: Some(*class),
            names: vec![member(name)],
        })
    };
    match key {
        CellKey::Global(file, name) => Some(Way {
            file: *file,
            class: None,
            names: vec![name.clone()],
        }),
        CellKey::Attr(class, name) | CellKey::Static(class, name) => of_class(class, name),
        CellKey::Slot(Place::FunctionAttr(function, name)) => {
            let unit = world.units.get(&function.unit)?;
            Some(Way {
                file: unit.file,
                class: unit.class,
                names: vec![member(name)],
            })
        }
        CellKey::Return(function) if function.function == 1 => {
            let unit = world.units.get(&function.unit)?;
            Some(Way {
                file: unit.file,
                class: unit.class,
                names: callable(unit),
            })
        }
        // A model's class gives values by itself.
        CellKey::Life(class) | CellKey::Bases(class) => {
            let class = world.classes.get(class)?;
            Some(Way {
                file: class.file,
                class: None,
                names: vec![last(&class.name)],
            })
        }
        _ => None,
    }
}

fn last(name: &SmolStr) -> SmolStr {
    name.rsplit('.').next().unwrap_or(name).into()
}

fn is_dunder(name: &str) -> bool {
    name.starts_with("__") && name.ends_with("__")
}

/// What code that calls a function, or makes its object, must name.
fn callable(unit: &Unit) -> Vec<SmolStr> {
    let mut parts = unit.name.rsplit('.');
    let own = parts.next().filter(|name| !is_dunder(name));
    let class = parts.next().filter(|_| unit.class.is_some());
    let own = own.map(|name| match class {
        Some(_) => member(name),
        None => name.into(),
    });
    own.into_iter().chain(class.map(SmolStr::from)).collect()
}

/// As code outside of a class names what it has.
fn member(name: &str) -> SmolStr {
    format_smolstr!(".{name}")
}

/// The surest that is known of what a value may be; none where nothing counts.
pub fn heat(value: &Value) -> Option<Heat> {
    let vague = |data: Data| {
        data.kind == Kind::Session
            || matches!(data.kind, Kind::Client | Kind::Resource)
                && data.service == Service::Unknown
    };
    let of_data = |data: Data| match vague(data) {
        true => Some(Heat::Vague),
        false => (data.service != Service::Other).then_some(Heat::Certain),
    };
    match is_model(value) {
        true => Some(Heat::Certain),
        false => value.data().filter_map(|(_, data)| of_data(data)).max(),
    }
}

/// Of what is told of a class: is it a model or an index?
fn is_model(value: &Value) -> bool {
    let model = |mark| matches!(mark, Mark::Role(Role::Model | Role::Index));
    value.mark(model).is_some()
}

/// What the unit saw itself, told or not. Another service's client counts where it is made.
fn story(outcome: &Outcome, unit: UnitId) -> Option<Heat> {
    let told = outcome.tells.iter().map(|(_, value)| value);
    let seen = outcome.seen.values().map(|seen| &seen.value);
    let makes = |(atom, data): (&Atom, Data)| {
        let other = data.service == Service::Other;
        other
            && matches!(data.kind, Kind::Client | Kind::Resource)
            && atom.steps.first().is_some_and(|site| site.unit == unit)
    };
    let other = |value: &Value| value.data().any(makes).then_some(Heat::Other);
    let known = |value: &Value| heat(value).max(other(value));
    told.chain(seen).filter_map(known).max()
}

/// The functions that a unit was seen to call.
fn calls(outcome: &Outcome) -> impl Iterator<Item = FuncId> {
    outcome.tells.iter().filter_map(|(key, _)| match key {
        CellKey::Context(function) => Some(*function),
        _ => None,
    })
}

/// Does a unit call one of these?
pub fn calls_into(world: &World, unit: UnitId, units: &FxHashSet<UnitId>) -> bool {
    let called =
        |function: FuncId| units.contains(&function.unit) && calls_by_name(world, unit, function);
    world
        .outcome(unit)
        .is_some_and(|outcome| calls(outcome).any(called))
}

/// What is handed to `run(callback)` is called there, but not by everyone who calls `run`: a caller
/// counts where it names what it calls. What has no name to call it by may be called by any code.
fn calls_by_name(world: &World, caller: UnitId, function: FuncId) -> bool {
    if function.function != 1 {
        return false;
    }
    let (Some(caller), Some(called)) = (world.units.get(&caller), world.units.get(&function.unit))
    else {
        return false;
    };
    let name = last(&called.name);
    // `from .store import rows as stored`
    let renamed =
        |export: &Export| matches!(export, Export::Import(import) if import.symbol == name);
    let exports = world.exports.get(&caller.file);
    let means = |named: &SmolStr| {
        let exported = exports.and_then(|exports| exports.names.get(named));
        *named == name || exported.is_some_and(|exported| exported.iter().any(renamed))
    };
    let says =
        |expr: &Expr| matches!(expr, Expr::Name(named) | Expr::Attr(_, named) if means(named));
    is_dunder(&name) || (caller.chunks.iter()).any(|chunk| chunk.facts.exprs.iter().any(says))
}

/// All that is asked, by path; and the units that handle values or call such, by name.
pub fn asks<'a>(
    world: &World,
    gives: impl Iterator<Item = (UnitId, &'a Gives)>,
) -> (Vec<Ask>, FxHashSet<UnitId>) {
    let mut names = Names::default();
    let mut members: FxHashMap<ClassId, FxHashMap<SmolStr, Heat>> = FxHashMap::default();
    let mut models: FxHashSet<ClassId> = FxHashSet::default();
    let mut holds: Vec<&Hold> = Vec::new();
    let mut stories: FxHashMap<UnitId, Heat> = FxHashMap::default();
    for (unit, gives) in gives {
        for (file, name, heat) in &gives.names {
            names.add(*file, name, *heat);
        }
        for (class, name, heat) in &gives.members {
            raise(members.entry(*class).or_default(), name, *heat);
        }
        models.extend(&gives.models);
        holds.extend(&gives.holds);
        stories.extend(gives.story.map(|heat| (unit, heat)));
    }
    for hold in holds.iter().filter(|hold| models.contains(&hold.held)) {
        names.add(hold.file, &hold.name, Heat::Certain);
        if let Some(class) = hold.class {
            raise(members.entry(class).or_default(), &hold.name, Heat::Certain);
        }
    }
    holds.sort_unstable();
    holds.dedup_by_key(|hold| (hold.file, hold.class, hold.held));

    // Who gets at an object that holds another gets at what comes out of that one.
    for _ in 0..HOPS {
        let mut changed = false;
        for hold in &holds {
            let Some(holder) = hold.class else { continue };
            let Some(inner) = members.get(&hold.held).cloned() else {
                continue;
            };
            let outer = members.entry(holder).or_default();
            for (name, heat) in &inner {
                changed |= raise(outer, name, *heat);
            }
        }
        if !changed {
            break;
        }
    }
    for hold in &holds {
        for (name, heat) in members.get(&hold.held).into_iter().flatten() {
            names.add(hold.file, name, *heat);
        }
    }
    for (class, inner) in &members {
        if let Some(class) = world.classes.get(class) {
            for (name, heat) in inner {
                names.add(class.file, name, *heat);
            }
        }
    }

    let reached = reached(world, stories, &mut names);
    hand_on(world, &mut names);
    let mut asks: Vec<Ask> = (names.0.into_iter())
        .filter_map(|(file, names)| {
            let path = Arc::clone(world.paths.get(&file)?);
            let names = names.into_iter().collect();
            Some(Ask { path, names })
        })
        .collect();
    asks.sort_by(|a, b| a.path.cmp(&b.path));
    (asks, reached)
}

/// What is asked of each file.
#[derive(Default)]
struct Names(FxHashMap<FileId, FxHashMap<SmolStr, Heat>>);

impl Names {
    fn add(&mut self, file: FileId, name: &SmolStr, heat: Heat) -> bool {
        raise(self.0.entry(file).or_default(), name, heat)
    }
}

fn raise(names: &mut FxHashMap<SmolStr, Heat>, name: &SmolStr, heat: Heat) -> bool {
    match names.get_mut(name) {
        Some(known) if *known >= heat => false,
        Some(known) => {
            *known = heat;
            true
        }
        None => {
            names.insert(name.clone(), heat);
            true
        }
    }
}

/// Where the units stand that handle values, and all that call them, their importers may call them
/// too.
fn reached(
    world: &World,
    mut known: FxHashMap<UnitId, Heat>,
    names: &mut Names,
) -> FxHashSet<UnitId> {
    let mut pending: Vec<(UnitId, Heat)> =
        known.iter().map(|(unit, heat)| (*unit, *heat)).collect();
    while let Some((id, heat)) = pending.pop() {
        let Some(unit) = world.units.get(&id) else {
            continue;
        };
        if unit.kind == UnitKind::Function {
            for name in callable(unit) {
                names.add(unit.file, &name, heat);
            }
        }
        let function = FuncId {
            unit: id,
            function: 1,
        };
        for caller in world.callers(function) {
            if known.get(&caller).is_none_or(|known| *known < heat)
                && calls_by_name(world, caller, function)
            {
                known.insert(caller, heat);
                pending.push((caller, heat));
            }
        }
    }
    known.into_keys().collect()
}

/// Is it a package, or a file that does nothing but import, for others to import from there?
pub fn hands_on(world: &World, file: FileId) -> bool {
    let imported = |export: &Export| matches!(export, Export::Import(_));
    let path = world.paths.get(&file);
    path.is_some_and(|path| path.ends_with("__init__.py"))
        || world.exports.get(&file).is_some_and(|exports| {
            (exports.names.iter())
                .all(|(name, exported)| is_dunder(name) || exported.iter().all(imported))
        })
}

/// `from .store import Orders` in a package's `__init__.py`, or in a file that only imports: who
/// imports that gets it too.
fn hand_on(world: &World, names: &mut Names) {
    for _ in 0..HOPS {
        let mut changed = false;
        for (file, exports) in &world.exports {
            let Some(path) = world.paths.get(file).filter(|_| hands_on(world, *file)) else {
                continue;
            };
            let mut more: Vec<(SmolStr, Heat)> = Vec::new();
            let exported = exports.names.values().flatten();
            let named = exported.filter_map(|export| match export {
                Export::Import(import) if !import.symbol.is_empty() => Some(import),
                _ => None,
            });
            for import in named.chain(&exports.stars) {
                let module = world.cached_module(*file, path, &import.module, import.level);
                // `from . import orders`, for `shop.orders.rows()`: what comes out of that module.
                let inner = module
                    .as_ref()
                    .and_then(|module| world.submodule(module, &import.symbol));
                let asked = [module.as_ref(), inner].into_iter().flatten();
                let asked = asked.filter_map(|module| names.0.get(&file_id(module)));
                for (name, heat) in asked.flatten() {
                    // A class comes out with all that comes out of it.
                    more.push((name.clone(), *heat));
                }
            }
            for (name, heat) in more {
                changed |= names.add(*file, &name, heat);
            }
        }
        if !changed {
            break;
        }
    }
}
