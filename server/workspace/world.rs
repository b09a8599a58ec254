//! The program as a whole: units, the cells through which they speak, and rounds until nothing changes.
//!
//! In round k each unit is evaluated against the cells of round k - 1, from nothing in round 0. What
//! a round holds is thus a pure function of the text: a run after an edit only recomputes the parts
//! of each round that the edit can reach, and ends where a cold run ends.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::collections::hash_map::Entry;
use std::rc::Rc;
use std::sync::Arc;

use dashmap::{DashMap, DashSet};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;
use smol_str::SmolStr;

use super::naming::Naming;
use super::packed::{Pack, Packed, renewed};
use super::unit::{Class, Export, Exports, Signature, Unit, UnitKind};
use crate::api::MODULES;
use crate::cli::imports::{module_of, only, stands_at, stem_of};
use crate::deployed::Deployed;
use crate::facts::{ChunkFacts, ExprId, FunctionId, Import};
use crate::flow::{evaluate, stored_at};
use crate::own::Own;
use crate::summary::{CellKey, Outcome};
use crate::value::{
    Atom, ClassId, FileId, FuncId, Mark, Nest, Place, UnitId, Value, What, stable_hash,
};

/// Values travel this many hops between units; what is farther away stays unknown.
pub const ROUNDS: usize = 10;

/// From this round on a cell keeps what it held: code that goes in a circle (`table = table.scan()`)
/// comes to rest, at all that it may be.
const WIDE: usize = 6;

/// A parameter may be passed on as a parameter: so many hops are enough for helpers of helpers.
pub const PASSES: usize = 3;
/// Classes whose bases are followed; deeper hierarchies are rare and cycles are text that does not run.
const DEEPEST_BASES: usize = 12;

/// Fewer evaluations than this are done on the spot: handing them to other threads costs more.
const PARALLEL: usize = 12;

#[derive(Default)]
pub struct World {
    pub units: FxHashMap<UnitId, Arc<Unit>>,
    pub classes: FxHashMap<ClassId, Class>,
    pub exports: FxHashMap<FileId, Arc<Exports>>,
    pub paths: FxHashMap<FileId, Arc<str>>,
    /// Project files by the last part of their module name.
    pub modules: FxHashMap<SmolStr, Vec<Arc<str>>>,
    /// Files that name DynamoDB.
    pub scope: FxHashSet<FileId>,
    /// No edits will come: what only they need is not kept.
    pub once: bool,
    /// What the project's configuration says of its own code.
    pub own: Option<Arc<Own>>,
    /// What the files that deploy functions say of its own.
    pub deployed: Arc<Deployed>,
    /// Modules found so far, by importing file, name and level.
    found: DashMap<(FileId, SmolStr, u8), Option<Arc<str>>>,
    pub naming: Naming,
    /// Names that stand only where they were seen to, by the file that it matters to: code that is
    /// not loaded could change that. Not kept where edits come.
    settled: DashSet<(FileId, SmolStr)>,
    /// What [`World::link_heads`] did, and the functions that it met.
    heads: Linked,
    waiting: FxHashSet<UnitId>,
    cells: FxHashMap<CellKey, Box<Cell>>,
    /// See [`Workspace::pack`](super::Workspace::pack).
    pub(super) histories: FxHashMap<UnitId, Packed<Outcomes>>,
}

/// A value for each round; the last one holds for all later rounds.
#[derive(Clone, Debug)]
pub(super) struct History<T>(Vec<T>);

impl<T: Clone> History<T> {
    fn at(&self, round: usize) -> &T {
        &self.0[round.min(self.0.len() - 1)]
    }

    fn set(&mut self, round: usize, value: T) {
        // Later rounds keep what they had until they are computed anew.
        while self.0.len() <= ROUNDS {
            let last = self.0[self.0.len() - 1].clone();
            self.0.push(last);
        }
        self.0[round] = value;
    }

    /// Is it the same from this round on?
    fn rests(&self, round: usize, same: impl Fn(&T, &T) -> bool) -> bool {
        let rest = self.0.get(round..).unwrap_or_default();
        rest.windows(2).all(|pair| same(&pair[0], &pair[1]))
    }

    fn compress(&mut self, same: impl Fn(&T, &T) -> bool) {
        while let [.., before, last] = &self.0[..] {
            if !same(before, last) {
                break;
            }
            self.0.pop();
        }
        self.0.shrink_to_fit();
    }
}

/// Those of a unit.
pub(super) type Outcomes = History<Arc<Outcome>>;

type Taken = (
    FxHashMap<UnitId, Arc<Unit>>,
    Vec<(UnitId, Packed<Outcomes>)>,
);

impl Pack for Outcomes {
    fn pack(&self) -> Vec<u8> {
        self.0.pack()
    }

    fn unpack(bytes: &[u8]) -> Outcomes {
        History(Vec::unpack(bytes))
    }
}

#[derive(Default)]
struct Cell {
    tellers: UnitSet,
    readers: UnitSet,
    /// Empty: unknown in each round.
    history: Option<History<Value>>,
}

/// Mostly one unit or two, sometimes thousands; sorted.
#[derive(Clone, Default)]
struct UnitSet(SmallVec<[UnitId; 2]>);

impl UnitSet {
    fn insert(&mut self, unit: UnitId) {
        if let Err(at) = self.0.binary_search(&unit) {
            self.0.insert(at, unit);
        }
    }

    fn remove(&mut self, unit: UnitId) {
        if let Ok(at) = self.0.binary_search(&unit) {
            self.0.remove(at);
        }
    }

    fn retain(&mut self, mut keep: impl FnMut(UnitId) -> bool) {
        self.0.retain(|unit| keep(*unit));
    }

    fn iter(&self) -> impl Iterator<Item = UnitId> + '_ {
        self.0.iter().copied()
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What one linking did.
#[derive(Default)]
pub struct Linked {
    /// Units whose outcome may differ in the last round.
    pub units: FxHashSet<UnitId>,
    /// Cells whose value differs in the last round.
    pub cells: FxHashSet<CellKey>,
    pub evaluated: usize,
    /// The units that were evaluated anew.
    pub anew: FxHashSet<UnitId>,
}

/// What a unit came to, and how that differs from what it came to before.
struct Evaluated {
    unit: UnitId,
    outcome: Arc<Outcome>,
    /// Places among its reads of cells that it did not read before.
    reads: Vec<usize>,
    /// Cells of which it says something else than before.
    tells: Vec<CellKey>,
}

impl Evaluated {
    fn new(world: &World, unit: UnitId, outcome: Outcome) -> Evaluated {
        let nothing = Outcome::default();
        let before = world.outcomes(unit);
        let before = before.map_or(&nothing, |history| &history.0[0]);
        let known = |key: &CellKey| before.reads.binary_search(key).is_ok();
        let reads = (outcome.reads.iter().enumerate())
            .filter(|(_, key)| !known(key))
            .map(|(at, _)| at)
            .collect();
        let mut tells = Vec::new();
        differing(before, &outcome, |key| tells.push(key.clone()));
        Evaluated {
            unit,
            outcome: Arc::new(outcome),
            reads,
            tells,
        }
    }
}

impl World {
    pub fn new(once: bool) -> World {
        World {
            once,
            ..World::default()
        }
    }

    pub fn value(&self, key: &CellKey, round: usize) -> Value {
        if let Some(whole) = key.whole() {
            let history = self.history(&whole);
            return history.map_or(Value::UNKNOWN, |history| key.part_of(history.at(round)));
        }
        (self.history(key))
            .map(|history| history.at(round).clone())
            .unwrap_or_default()
    }

    fn history(&self, key: &CellKey) -> Option<&History<Value>> {
        self.cells.get(key)?.history.as_ref()
    }

    /// It matters to this file that a name stands nowhere else.
    pub fn settle_name(&self, file: FileId, name: &SmolStr) {
        if self.once {
            self.settled.insert((file, name.clone()));
        }
    }

    /// The names that it matters to these files that they stand nowhere else; sorted.
    pub fn settled_names(&self, of: impl Fn(FileId) -> bool) -> BTreeSet<SmolStr> {
        let settled = self.settled.iter().filter(|each| of(each.0));
        settled.map(|each| each.1.clone()).collect()
    }

    /// The names of places that are no file's own (`request.x`, `g.x`) and that loaded code fills,
    /// and of those that it only asks for.
    pub fn shared_names(&self) -> [BTreeSet<SmolStr>; 2] {
        let mut names = [BTreeSet::new(), BTreeSet::new()];
        for key in self.cells.keys() {
            let (CellKey::Slot(place) | CellKey::Holder(place) | CellKey::Uses(place)) = key else {
                continue;
            };
            use Place::{App, Request, Session, Thread};
            if matches!(place, App(_) | Request(_) | Session | Thread(_)) {
                let kept = self.value(&CellKey::Slot(place.clone()), ROUNDS);
                names[usize::from(kept.is_unknown())].insert(place.name());
            }
        }
        names
    }

    pub fn outcome(&self, unit: UnitId) -> Option<&Arc<Outcome>> {
        self.outcomes(unit).map(|history| history.at(ROUNDS))
    }

    /// Is what any of these units came to whole?
    pub fn is_whole(&self, units: &[UnitId]) -> bool {
        let mut histories = units.iter().filter_map(|unit| self.histories.get(unit));
        histories.any(Packed::is_whole)
    }

    /// Takes units and their outcomes out, to be put back.
    pub(super) fn take(&mut self, units: &[UnitId]) -> Taken {
        let units = units.iter();
        let histories = units.clone();
        (
            units
                .filter_map(|unit| self.units.remove_entry(unit))
                .collect(),
            histories
                .filter_map(|unit| self.histories.remove_entry(unit))
                .collect(),
        )
    }

    fn outcomes(&self, unit: UnitId) -> Option<&Outcomes> {
        self.histories.get(&unit).map(Packed::whole)
    }

    pub fn readers(&self, key: &CellKey) -> impl Iterator<Item = UnitId> + '_ {
        self.cells
            .get(key)
            .into_iter()
            .flat_map(|cell| cell.readers.iter())
    }

    /// Links for a run that sees no edit: only the present round is kept.
    ///
    /// Units are evaluated until nothing changes, modules and classes first; files that come later
    /// go on from there. Where nothing changes any more, the rounds of [`World::link`] end at the same point.
    pub fn link_once(&mut self, dirty: FxHashSet<UnitId>, changed: &[CellKey]) -> Linked {
        self.link_heads(dirty, changed);
        let functions = std::mem::take(&mut self.waiting);
        let mut linked = std::mem::take(&mut self.heads);
        self.settle_once(functions, false, &mut linked);
        linked
    }

    /// The first half of [`World::link_once`], which goes on from there: modules and classes alone.
    pub fn link_heads(&mut self, dirty: FxHashSet<UnitId>, changed: &[CellKey]) {
        let mut linked = std::mem::take(&mut self.heads);
        // What no unit tells and judges ask: a file that is loaded later may bring others into scope.
        let judged = |key: &&CellKey| matches!(key, CellKey::Named(_) | CellKey::Scope(_));
        linked.cells.extend(changed.iter().filter(judged).cloned());
        let mut due = dirty;
        for key in changed {
            due.extend(self.readers(key));
        }
        let functions = self.settle_once(due, true, &mut linked);
        self.waiting.extend(functions);
        self.heads = linked;
    }

    /// Evaluates units and those that ask for what changed, until nothing does. If only `heads` are
    /// wanted, gives the functions that it met and left alone.
    fn settle_once(
        &mut self,
        mut due: FxHashSet<UnitId>,
        heads: bool,
        linked: &mut Linked,
    ) -> FxHashSet<UnitId> {
        let mut functions = FxHashSet::default();
        for round in 0..=ROUNDS {
            let is_function = |unit: &UnitId| {
                let unit = self.units.get(unit);
                unit.is_some_and(|unit| unit.kind == UnitKind::Function)
            };
            if heads {
                functions.extend(due.extract_if(|unit| is_function(unit)));
            }
            let mut fresh: Vec<UnitId> = due
                .drain()
                .filter(|unit| self.units.contains_key(unit))
                .collect();
            if fresh.is_empty() {
                break;
            }
            // Neighbours ask for the same cells.
            fresh.sort_by_cached_key(|unit| (self.units[unit].file, *unit));
            linked.evaluated += fresh.len();
            let world = &*self;
            let run = |unit: &UnitId| {
                let outcome = evaluate(&world.units[unit], &Reader::new(world, 0));
                Evaluated::new(world, *unit, outcome)
            };
            let results: Vec<Evaluated> = fresh.par_iter().with_max_len(4).map(run).collect();
            let mut stale: FxHashSet<CellKey> = FxHashSet::default();
            let mut old = Vec::new();
            for Evaluated {
                unit,
                outcome,
                reads,
                tells,
            } in results
            {
                for at in reads {
                    let cell = cell_of(&mut self.cells, &outcome.reads[at]);
                    cell.readers.insert(unit);
                }
                for key in &tells {
                    cell_of(&mut self.cells, key).tellers.insert(unit);
                }
                stale.extend(tells);
                let history = Packed::new(History(vec![outcome]));
                old.extend(self.histories.insert(unit, history));
                linked.units.insert(unit);
            }
            rayon::spawn(move || drop(old));
            let joined: Vec<(CellKey, Value)> = Vec::from_iter(stale)
                .into_par_iter()
                .with_min_len(64)
                .map(|key| {
                    let value = self.joined(&key, ROUNDS);
                    (key, value)
                })
                .collect();
            for (key, value) in joined {
                let Some(cell) = self.cells.get_mut(&key) else {
                    continue;
                };
                let before = cell.history.as_ref().map(|history| &history.0[0]);
                let before = before.cloned().unwrap_or_default();
                let value = match round < WIDE {
                    true => value,
                    false => value.join(&before),
                };
                if before != value {
                    let parts = parts(&key, &before, &value);
                    cell.history = Some(History(vec![value]));
                    due.extend(cell.readers.iter());
                    for part in parts {
                        due.extend(self.readers(&part));
                        linked.cells.insert(part);
                    }
                    linked.cells.insert(key);
                }
            }
        }
        functions
    }

    /// What all tellers of a cell say in this round.
    fn joined(&self, key: &CellKey, round: usize) -> Value {
        let mut value = Value::UNKNOWN;
        let tellers = self.cells.get(key).map(|cell| &cell.tellers);
        for teller in tellers.into_iter().flat_map(UnitSet::iter) {
            let Some(history) = self.outcomes(teller) else {
                continue;
            };
            let tells = &history.at(round).tells;
            if let Ok(index) = tells.binary_search_by(|(told, _)| told.cmp(key)) {
                value = value.join(&tells[index].1);
            }
        }
        value
    }

    /// Brings all rounds up to date after the units in `dirty` changed and those in `gone` went away.
    pub fn link(
        &mut self,
        mut dirty: FxHashSet<UnitId>,
        gone: &[UnitId],
        changed: &[CellKey],
    ) -> Linked {
        for key in changed {
            dirty.extend(self.readers(key));
        }
        dirty.retain(|unit| self.units.contains_key(unit));
        let cold = self.histories.is_empty();
        let mut linked = Linked {
            units: dirty.clone(),
            cells: changed.iter().cloned().collect(),
            evaluated: 0,
            anew: FxHashSet::default(),
        };
        let mut touched_units: FxHashSet<UnitId> = dirty.clone();
        let mut touched_cells: FxHashSet<CellKey> = FxHashSet::default();
        // Cells that differ from what this round held before the edit, and from the round before.
        let mut differs: FxHashSet<CellKey> = FxHashSet::default();
        let mut moved: FxHashSet<CellKey> = FxHashSet::default();
        let nothing = Arc::new(Outcome::default());
        for round in 1..=ROUNDS {
            let mut due: FxHashSet<UnitId> = dirty.clone();
            for key in &differs {
                due.extend(self.readers(key));
            }
            due.retain(|unit| self.units.contains_key(unit));
            let stirred: FxHashSet<UnitId> =
                moved.iter().flat_map(|key| self.readers(key)).collect();
            let mut fresh: Vec<UnitId> = Vec::new();
            let mut results: Vec<(UnitId, Arc<Outcome>)> = Vec::new();
            for &unit in &due {
                let function = self.units[&unit].kind == UnitKind::Function;
                let first = if function { 2 } else { 1 };
                if round < first {
                    results.push((unit, Arc::clone(&nothing)));
                } else if round == first
                    || stirred.contains(&unit)
                    || !touched_units.contains(&unit)
                    || !cold && self.reads_moved(unit, round - 1)
                {
                    fresh.push(unit);
                } else {
                    results.push((
                        unit,
                        Arc::clone(self.histories[&unit].whole().at(round - 1)),
                    ));
                }
            }
            linked.evaluated += fresh.len();
            linked.anew.extend(fresh.iter().copied());
            let world = &*self;
            let run = |unit: &UnitId| {
                let reader = Reader::new(world, round - 1);
                (*unit, Arc::new(evaluate(&world.units[unit], &reader)))
            };
            if fresh.len() < PARALLEL {
                results.extend(fresh.iter().map(run));
            } else {
                fresh.sort();
                results.par_extend(fresh.par_iter().with_min_len(8).map(run));
            }
            touched_units.extend(due.iter().copied());
            let mut stale: FxHashSet<CellKey> = FxHashSet::default();
            for (unit, outcome) in results {
                let history = self
                    .histories
                    .entry(unit)
                    .or_insert_with(|| Packed::new(History(vec![Arc::clone(&nothing)])))
                    .whole_mut();
                let before = Arc::clone(history.at(round));
                history.set(round, Arc::clone(&outcome));
                if Arc::ptr_eq(&before, &outcome) {
                    continue;
                }
                differing(&before, &outcome, |key| {
                    stale.insert(key.clone());
                });
                for key in &outcome.reads {
                    cell_of(&mut self.cells, key).readers.insert(unit);
                }
                for (key, _) in &outcome.tells {
                    cell_of(&mut self.cells, key).tellers.insert(unit);
                }
            }
            if round == 1 {
                for &unit in gone {
                    if let Some(history) = self.histories.remove(&unit) {
                        for outcome in &history.whole().0 {
                            touched_cells.extend(outcome.tells.iter().map(|(key, _)| key.clone()));
                            for key in &outcome.reads {
                                if let Some(cell) = self.cells.get_mut(key) {
                                    cell.readers.remove(unit);
                                }
                            }
                        }
                    }
                }
                for key in &touched_cells {
                    if let Some(cell) = self.cells.get_mut(key) {
                        cell.tellers.retain(|unit| !gone.contains(&unit));
                    }
                }
            }
            // A cell that was touched in an earlier round may differ from its old self in this one too.
            stale.extend(touched_cells.iter().cloned());
            let differed = std::mem::take(&mut differs);
            moved.clear();
            for key in stale {
                let mut value = self.joined(&key, round);
                let Some(cell) = self.cells.get_mut(&key) else {
                    continue;
                };
                let history = cell
                    .history
                    .get_or_insert_with(|| History(vec![Value::UNKNOWN]));
                let before = history.at(round).clone();
                let earlier = history.at(round - 1).clone();
                if round >= WIDE {
                    value = value.join(&earlier);
                }
                if value != before {
                    differs.insert(key.clone());
                    differs.extend(parts(&key, &before, &value));
                    history.set(round, value.clone());
                }
                if value != earlier {
                    moved.insert(key.clone());
                    moved.extend(parts(&key, &earlier, &value));
                }
                touched_cells.insert(key);
            }
            if round > 2 && moved.is_empty() {
                // All later rounds are as this one.
                if cold {
                    self.end_at(round, &touched_units, &touched_cells);
                    differs = touched_cells.clone();
                    break;
                }
                if differs == differed && self.rests(round, &due, &touched_cells, &differs) {
                    self.end_at(round, &due, &touched_cells);
                    break;
                }
            }
        }
        linked.cells.extend(differs);
        linked.units.extend(touched_units.iter().copied());
        if !self.once {
            self.settle(&touched_units, &touched_cells);
        }
        linked
    }

    /// Would each later round do what this one did, which moved nothing? So it is where all that the
    /// due units read, all that is told besides, and all that there was before the edit stays as it is.
    fn rests(
        &self,
        round: usize,
        due: &FxHashSet<UnitId>,
        cells: &FxHashSet<CellKey>,
        differs: &FxHashSet<CellKey>,
    ) -> bool {
        let constant = |key: &CellKey| {
            (self.history(key)).is_none_or(|values| values.rests(round - 1, |a, b| a == b))
        };
        let stays = |key: &CellKey| {
            let whole = key.whole();
            let key = whole.as_ref().unwrap_or(key);
            cells.contains(key) || constant(key)
        };
        let reads = |unit| &self.histories[unit].whole().at(round).reads;
        let told = |unit| {
            due.contains(&unit)
                || (self.outcomes(unit)).is_none_or(|outcomes| outcomes.rests(round, Arc::ptr_eq))
        };
        let mut later = FxHashSet::default();
        let mut same = due.iter().all(|unit| reads(unit).iter().all(stays));
        for (key, values) in cells
            .iter()
            .filter_map(|key| Some((key, self.history(key)?)))
        {
            same = same
                && values.rests(round + 1, |a, b| a == b)
                && self.cells[key].tellers.iter().all(told);
            let (before, value) = (values.at(round + 1), values.at(round));
            if before != value {
                later.insert(key.clone());
                later.extend(parts(key, before, value));
            }
        }
        same && later == *differs
    }

    /// What these hold in a round, they hold in all later ones.
    fn end_at(&mut self, round: usize, units: &FxHashSet<UnitId>, cells: &FxHashSet<CellKey>) {
        for unit in units {
            if let Some(history) = self.histories.get_mut(unit) {
                history.whole_mut().0.truncate(round + 1);
            }
        }
        for key in cells {
            let cell = self.cells.get_mut(key);
            if let Some(history) = cell.and_then(|cell| cell.history.as_mut()) {
                history.0.truncate(round + 1);
            }
        }
    }

    /// Did anything that the unit read in this round's evaluation change from the round before to this one?
    fn reads_moved(&self, unit: UnitId, round: usize) -> bool {
        let moved = |key: &CellKey| self.value(key, round) != self.value(key, round - 1);
        self.outcomes(unit)
            .is_none_or(|history| history.at(round).reads.iter().any(moved))
    }

    /// Drops what no round needs any more.
    fn settle(&mut self, units: &FxHashSet<UnitId>, cells: &FxHashSet<CellKey>) {
        for unit in units {
            if let Some(history) = self.histories.get_mut(unit) {
                history.whole_mut().compress(Arc::ptr_eq);
            }
        }
        for key in cells {
            let Some(cell) = self.cells.get_mut(key) else {
                continue;
            };
            let histories = &self.histories;
            cell.tellers.retain(|unit| {
                histories.get(&unit).is_some_and(|history| {
                    history.whole().0.iter().any(|outcome| {
                        outcome
                            .tells
                            .binary_search_by(|(told, _)| told.cmp(key))
                            .is_ok()
                    })
                })
            });
            if let Some(history) = &mut cell.history {
                history.compress(|a, b| a == b);
            }
            if cell.tellers.is_empty() && cell.readers.is_empty() {
                self.cells.remove(key);
            }
        }
    }

    /// Readers that an older outcome had and no present one has would pile up under typing.
    pub fn forget_readers(&mut self, unit: UnitId, before: &[CellKey]) {
        let reads = |key: &CellKey| {
            self.outcomes(unit).is_some_and(|history| {
                history
                    .0
                    .iter()
                    .any(|outcome| outcome.reads.binary_search(key).is_ok())
            })
        };
        let gone: Vec<&CellKey> = before.iter().filter(|key| !reads(key)).collect();
        for key in gone {
            if let Some(cell) = self.cells.get_mut(key) {
                cell.readers.remove(unit);
                if cell.readers.is_empty() && cell.tellers.is_empty() {
                    self.cells.remove(key);
                }
            }
        }
    }

    /// All cells that a unit's outcomes read, over its rounds.
    pub fn reads_of(&self, unit: UnitId) -> Vec<CellKey> {
        let mut reads: Vec<CellKey> = self
            .outcomes(unit)
            .into_iter()
            .flat_map(|history| &history.0)
            .flat_map(|outcome| outcome.reads.iter().cloned())
            .collect();
        reads.sort();
        reads.dedup();
        reads
    }

    /// The units that were seen to call a function.
    pub fn callers(&self, function: FuncId) -> impl Iterator<Item = UnitId> + '_ {
        let cell = self.cells.get(&CellKey::Context(function));
        cell.into_iter().flat_map(|cell| cell.tellers.iter())
    }

    /// Files that a unit hands a DynamoDB value to and that are not loaded.
    pub fn asked_for(&self) -> FxHashSet<FileId> {
        self.cells
            .keys()
            .filter_map(|key| {
                if let CellKey::Unloaded(file) = key {
                    Some(*file)
                } else {
                    None
                }
            })
            .filter(|file| !self.exports.contains_key(file))
            .collect()
    }

    /// Would each unit come to the same once more?
    pub fn rests_as_it_is(&self) -> bool {
        self.units.iter().all(|(id, unit)| {
            let again = evaluate(unit, &Reader::new(self, ROUNDS));
            self.outcome(*id)
                .is_some_and(|outcome| outcome.tells == again.tells)
        })
    }

    /// Puts what stays for long into memory that holds nothing else: what an index drops leaves
    /// holes around it, which keep whole pages.
    pub fn renew(&mut self) {
        let mut known: FxHashSet<Value> = FxHashSet::default();
        let mut same = |value: &Value| match known.get(value) {
            Some(same) => same.clone(),
            None => {
                let value = renewed(value);
                known.insert(value.clone());
                value
            }
        };
        let cells = std::mem::take(&mut self.cells).into_iter();
        self.cells = cells
            .map(|(key, cell)| {
                let history = cell.history.as_ref();
                let cell = Cell {
                    tellers: cell.tellers.clone(),
                    readers: cell.readers.clone(),
                    history: history.map(|of| History(of.0.iter().map(&mut same).collect())),
                };
                (renewed(&key), Box::new(cell))
            })
            .collect();
        for exports in self.exports.values_mut() {
            *exports = Arc::new(renewed(&**exports));
        }
        for class in self.classes.values_mut() {
            class.name = renewed(&class.name);
            class.members = Arc::new(renewed(&*class.members));
        }
        self.found = DashMap::default();
    }

    pub fn counts(&self) -> (usize, usize) {
        (self.cells.len(), self.histories.len())
    }

    // ---- modules ----

    pub fn cached_module(
        &self,
        file: FileId,
        from: &str,
        module: &SmolStr,
        level: u8,
    ) -> Option<Arc<str>> {
        let key = (file, module.clone(), level);
        if let Some(found) = self.found.get(&key).map(|found| found.clone()) {
            return found;
        }
        let found = self.find_module(from, module, level);
        self.found.insert(key, found.clone());
        found
    }

    /// The set of files changed: what was found before may be found elsewhere now.
    pub fn forget_modules(&mut self) {
        self.found.clear();
    }

    /// The project's file that `module` names, seen from the file at `from`.
    pub fn find_module(&self, from: &str, module: &str, level: u8) -> Option<Arc<str>> {
        let parts: Vec<&str> = module.split('.').filter(|part| !part.is_empty()).collect();
        let folder: Vec<&str> = from
            .split('/')
            .rev()
            .skip(1)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .collect();
        if level > 0 {
            let up = folder.len().checked_sub(level as usize - 1)?;
            return self.file_at(&folder[..up], &parts);
        }
        // The nearest folder that holds it: source roots differ from project to project.
        (0..=folder.len())
            .rev()
            .find_map(|up| self.file_at(&folder[..up], &parts))
            .or_else(|| self.file_below(&parts))
            .or_else(|| self.file_inside(&folder, &parts))
    }

    /// The module of that name in the package whose `__init__.py` stands at `path`.
    pub fn submodule(&self, path: &str, name: &str) -> Option<&Arc<str>> {
        let folder = path.strip_suffix("__init__.py")?;
        self.modules.get(name)?.iter().find(|candidate| {
            candidate.strip_prefix(folder).is_some_and(|rest| {
                rest.strip_suffix(".py") == Some(name)
                    || rest.strip_suffix("/__init__.py") == Some(name)
            })
        })
    }

    fn file_at(&self, folder: &[&str], parts: &[&str]) -> Option<Arc<str>> {
        let stem = parts.last().or(folder.last())?;
        let candidates = self.modules.get(*stem)?;
        let joined = folder
            .iter()
            .chain(parts)
            .copied()
            .collect::<Vec<_>>()
            .join("/");
        candidates
            .iter()
            .find(|path| {
                path.strip_suffix(".py").is_some_and(|path| path == joined)
                    || path
                        .strip_suffix("/__init__.py")
                        .is_some_and(|path| path == joined)
            })
            .cloned()
    }

    /// A source root below: `src/shop/db.py` for `shop.db`; only where one file fits. A single word
    /// may as well be a library's name: `lambda_base` or the like and what stands at the root of a
    /// Lambda layer, `layers/common/python/`, are the project's own for sure; `storage`, where it is
    /// not a part of a package.
    fn file_below(&self, parts: &[&str]) -> Option<Arc<str>> {
        let [word] = parts else {
            return self.only_module(parts.last()?, &parts.join("/"));
        };
        let own = self.own_module(word).filter(|path| {
            let folder = folder_of(path);
            // `from utils import db` where there is `utils/utils.py`: the folder is meant. `shop/shop/`
            // with an `__init__.py` is a package in its project's folder.
            let inner = folder.is_some_and(|folder| stem_of(folder) == *word);
            (!inner || path.ends_with("/__init__.py"))
                && (word.contains('_') || folder.is_none_or(|folder| !self.is_package(folder)))
        });
        own.or_else(|| self.only_module(word, &format!("python/{word}")))
    }

    /// `app.models.order` where nothing is called so: the folder that holds `models/order.py` is itself
    /// the package `app`, wherever it is deployed.
    fn file_inside(&self, folder: &[&str], parts: &[&str]) -> Option<Arc<str>> {
        let [package, inner @ ..] = parts else {
            return None;
        };
        let whole = parts.join("/");
        let named = |path: &Arc<str>| module_of(path) == whole || stands_at(path, &whole);
        let known = self.modules.get(*parts.last()?)?;
        if inner.len() < 2 || !MODULES.is_own(package) || known.iter().any(named) {
            return None;
        }
        (0..=folder.len())
            .rev()
            .find_map(|up| self.file_at(&folder[..up], inner))
    }

    /// The one file that a word means which is no library's name, if it may stand alone.
    fn own_module(&self, word: &str) -> Option<Arc<str>> {
        let only = self.only_module(word, word);
        only.filter(|_| MODULES.is_own(word))
    }

    /// The only module below whose path ends in these parts; the last of them is its stem.
    fn only_module(&self, stem: &str, parts: &str) -> Option<Arc<str>> {
        let candidates = self.modules.get(stem)?.iter();
        only(candidates.filter(|path| stands_at(path, parts))).cloned()
    }

    fn is_package(&self, folder: &str) -> bool {
        let init = |path: &Arc<str>| path.strip_suffix("/__init__.py") == Some(folder);
        let known = self.modules.get(stem_of(folder));
        known.is_some_and(|paths| paths.iter().any(init))
    }
}

/// How Django's settings, or the parts of a package of such, are named.
const SETTINGS: [&str; 10] = [
    "settings",
    "base",
    "common",
    "defaults",
    "dev",
    "development",
    "local",
    "prod",
    "production",
    "staging",
];

/// May the file be Django's settings, by its name?
pub fn may_be_settings(path: &str) -> bool {
    let part = || {
        let folder = folder_of(path).map(stem_of);
        folder == Some("settings") && SETTINGS.contains(&stem(path))
    };
    stem(path) == "settings" || part()
}

/// The folder of the module at `path`: that of a package is the folder around it.
fn folder_of(path: &str) -> Option<&str> {
    let (folder, _) = module_of(path).rsplit_once('/')?;
    Some(folder)
}

pub fn file_id(path: &str) -> FileId {
    FileId(stable_hash(&[path]))
}

/// The last part of the module name of the file at `path`.
pub fn stem(path: &str) -> &str {
    stem_of(module_of(path))
}

/// A key is copied only for a cell that is new.
fn cell_of<'a>(cells: &'a mut FxHashMap<CellKey, Box<Cell>>, key: &CellKey) -> &'a mut Cell {
    if !cells.contains_key(key) {
        cells.insert(key.clone(), Box::default());
    }
    cells.get_mut(key).expect("it was put in if it was missing")
}

/// The parts of a cell that changed with it.
fn parts(key: &CellKey, before: &Value, after: &Value) -> SmallVec<[CellKey; 4]> {
    let mut parts = key.parts();
    parts.retain(|part| part.part_of(before) != part.part_of(after));
    parts
}

fn differing(before: &Outcome, after: &Outcome, mut found: impl FnMut(&CellKey)) {
    let (mut left, mut right) = (
        before.tells.iter().peekable(),
        after.tells.iter().peekable(),
    );
    loop {
        match (left.peek(), right.peek()) {
            (Some((a, x)), Some((b, y))) => match a.cmp(b) {
                std::cmp::Ordering::Less => {
                    found(a);
                    left.next();
                }
                std::cmp::Ordering::Greater => {
                    found(b);
                    right.next();
                }
                std::cmp::Ordering::Equal => {
                    if x != y {
                        found(a);
                    }
                    left.next();
                    right.next();
                }
            },
            (Some((a, _)), None) => {
                found(a);
                left.next();
            }
            (None, Some((b, _))) => {
                found(b);
                right.next();
            }
            (None, None) => break,
        }
    }
}

/// One unit's view of the world in one round; it notes what was asked.
pub struct Reader<'a> {
    world: &'a World,
    round: usize,
    /// What was asked, and the answers so far.
    reads: RefCell<FxHashMap<CellKey, Option<Value>>>,
    /// Answers of [`Reader::global`] and [`Reader::class_chain`].
    globals: RefCell<FxHashMap<(FileId, SmolStr), Value>>,
    chains: RefCell<FxHashMap<ClassId, Rc<[ClassId]>>>,
}

impl<'a> Reader<'a> {
    pub fn new(world: &'a World, round: usize) -> Self {
        Reader {
            world,
            round,
            reads: RefCell::default(),
            globals: RefCell::default(),
            chains: RefCell::default(),
        }
    }

    pub fn world(&self) -> &'a World {
        self.world
    }

    pub fn own(&self) -> Option<&'a Own> {
        self.world.own.as_deref()
    }

    /// Of a function of the file that is deployed: is it open to all?
    pub fn deployed(&self, file: FileId, name: &str) -> Option<bool> {
        self.world.deployed.is_open(file, name)
    }

    /// What the configuration calls a name of this file, or what stands in a class of it.
    pub fn own_path(&self, file: FileId, name: &str) -> Option<SmolStr> {
        let own = self.own()?;
        let module = module_of(self.world.paths.get(&file)?).replace('/', ".");
        own.path_of(&format!("{module}.{name}"))
    }

    pub fn own_function(&self, function: FuncId) -> Option<SmolStr> {
        self.own()?;
        let unit = self.world.units.get(&function.unit)?;
        (function.function == 1).then(|| self.own_path(unit.file, &unit.name))?
    }

    pub fn own_class(&self, class: ClassId) -> Option<SmolStr> {
        self.own()?;
        let class = self.world.classes.get(&class)?;
        self.own_path(class.file, &class.name)
    }

    pub fn take_reads(&self) -> Vec<CellKey> {
        // What is asked once more must be noted once more.
        self.globals.take();
        self.chains.take();
        let mut reads: Vec<CellKey> = self.reads.take().into_keys().collect();
        reads.sort();
        reads
    }

    /// Makes room for that many reads.
    pub fn expect(&self, reads: usize) {
        self.reads.borrow_mut().reserve(reads);
    }

    pub fn cell(&self, key: CellKey) -> Value {
        let mut reads = self.reads.borrow_mut();
        match reads.entry(key) {
            Entry::Occupied(mut known) => match known.get() {
                Some(value) => value.clone(),
                None => {
                    let value = self.world.value(known.key(), self.round);
                    known.insert(Some(value.clone()));
                    value
                }
            },
            Entry::Vacant(new) => {
                let value = self.world.value(new.key(), self.round);
                new.insert(Some(value.clone()));
                value
            }
        }
    }

    /// The situations in which a function runs; a nested one's are those of the functions around it too.
    pub fn context(&self, unit: UnitId, facts: &ChunkFacts, function: FunctionId) -> Value {
        let mut context = Value::UNKNOWN;
        let mut scope = function;
        loop {
            let function = FuncId {
                unit,
                function: scope,
            };
            context = context.join(&self.cell(CellKey::Context(function)));
            let parent = facts.functions[scope as usize].parent;
            if parent == scope || parent == 0 {
                return context;
            }
            scope = parent;
        }
    }

    /// Parameters replaced by what their function's call sites pass, one hop.
    pub fn resolve(&self, value: &Value) -> Value {
        let is_param = |atom: &Atom| matches!(atom.what, What::Param(..));
        if !value.atoms().iter().any(is_param) {
            return value.clone();
        }
        let mut resolved = value.filter(|atom| !is_param(atom));
        for atom in value.atoms() {
            let What::Param(function, index) = atom.what else {
                continue;
            };
            let passed = self.cell(CellKey::Param(function, index));
            let inside = |inner: &Atom| {
                Some(Atom {
                    nested: atom.nested,
                    held: None,
                    ..inner.clone()
                })
            };
            resolved = resolved.join(&if atom.nested == Nest::Not {
                passed
            } else {
                passed.map(inside)
            });
        }
        resolved
    }

    /// Notes a question that the text answers. A run that sees no edit needs no such notes.
    fn note(&self, key: impl FnOnce() -> CellKey) {
        if !self.world.once {
            self.note_anyway(key());
        }
    }

    fn note_anyway(&self, key: CellKey) {
        self.reads.borrow_mut().entry(key).or_default();
    }

    /// Does the file stand in a folder of scripts?
    pub fn in_script_folder(&self, file: FileId) -> bool {
        self.world
            .paths
            .get(&file)
            .is_some_and(|path| path.rsplit('/').skip(1).any(|folder| folder == "scripts"))
    }

    /// Is there only one file, so that callers may stand elsewhere?
    pub fn alone(&self) -> bool {
        self.note(|| CellKey::Alone);
        self.world.paths.len() < 2
    }

    /// Does the file name DynamoDB, or import a project file that does?
    pub fn in_scope(&self, file: FileId) -> bool {
        self.note(|| CellKey::Scope(file));
        if self.world.scope.contains(&file) {
            return true;
        }
        self.note(|| CellKey::Exports(file));
        let Some(exports) = self.world.exports.get(&file) else {
            return false;
        };
        let imports = exports.names.values().flatten().filter_map(|export| {
            if let Export::Import(import) = export {
                Some(import)
            } else {
                None
            }
        });
        let named = |module: &SmolStr, level: u8| {
            let Some(path) = self.module_of(file, module, level) else {
                return false;
            };
            // It may be loaded later than this file is judged, edits or not.
            self.note_anyway(CellKey::Scope(file_id(&path)));
            self.world.scope.contains(&file_id(&path))
        };
        imports.chain(&exports.stars).any(|import| {
            let Import {
                module,
                symbol,
                level,
                ..
            } = import;
            // `from shop import settings` names a module or what is in one.
            let inner = || match module.is_empty() {
                true => symbol.clone(),
                false => format!("{module}.{symbol}").into(),
            };
            named(module, *level) || !symbol.is_empty() && named(&inner(), *level)
        })
    }

    /// Every place in code where the name stands: as a name, an attribute or a text.
    pub fn named(&self, name: &SmolStr) -> Vec<(&'a Unit, u16, ExprId)> {
        // A file that comes later may name it too, edits or not.
        self.note_anyway(CellKey::Named(name.clone()));
        let mut found = Vec::new();
        let all = self.world.units.values().map(|unit| &**unit);
        let units = self.world.naming.of(name, all).iter();
        for unit in units.filter_map(|unit| self.world.units.get(unit)) {
            for (number, chunk) in unit.chunks.iter().enumerate() {
                let ids = 0..chunk.facts.exprs.len() as ExprId;
                let named = ids.filter(|id| chunk.facts.names(*id, name));
                found.extend(named.map(|id| (&**unit, number as u16, id)));
            }
        }
        found
    }

    /// The methods of this name, of all classes.
    pub fn methods(&self, name: &SmolStr) -> Vec<FuncId> {
        self.note_anyway(CellKey::Named(name.clone()));
        let all = self.world.units.values().map(|unit| &**unit);
        let units = self.world.naming.of(name, all).iter();
        let units = units.filter_map(|unit| self.world.units.get(unit));
        let method = |unit: &&Arc<Unit>| {
            let method = unit.kind == UnitKind::Function && unit.class.is_some();
            method && unit.name.rsplit('.').next() == Some(name)
        };
        units
            .filter(method)
            .map(|unit| FuncId {
                unit: unit.id,
                function: 1,
            })
            .collect()
    }

    /// The same question as another reader's, with all that this one asked.
    pub fn asked(&self, reads: &[CellKey]) {
        for key in reads {
            self.note_anyway(key.clone());
        }
    }

    /// Does the name stand for an import of the file, and for nothing else?
    pub fn is_import(&self, file: FileId, name: &SmolStr) -> bool {
        self.note(|| CellKey::Exports(file));
        let exports = self.world.exports.get(&file);
        let found = exports.and_then(|exports| exports.names.get(name));
        found.is_some_and(|found| (found.iter()).all(|export| matches!(export, Export::Import(_))))
    }

    /// Does the file import from this package?
    pub fn imports_from(&self, file: FileId, package: &str) -> bool {
        self.note(|| CellKey::Exports(file));
        let from = |export: &Export| matches!(export, Export::Import(import) if import.level == 0 && import.module.split('.').next() == Some(package));
        self.world
            .exports
            .get(&file)
            .is_some_and(|exports| exports.names.values().flatten().any(from))
    }

    pub fn members(&self, class: ClassId) -> &'a FxHashMap<SmolStr, FuncId> {
        static NONE: std::sync::LazyLock<FxHashMap<SmolStr, FuncId>> =
            std::sync::LazyLock::new(FxHashMap::default);
        self.note(|| CellKey::Members(class));
        self.world
            .classes
            .get(&class)
            .map_or(&NONE, |class| &class.members)
    }

    /// Does a known call give the parameter something that varies?
    pub fn is_varied(&self, function: FuncId, index: u16) -> bool {
        let told = self.cell(CellKey::Holder(Place::Default(function, index)));
        let constants = told
            .atoms()
            .iter()
            .filter(|atom| matches!(atom.what, What::Str(_) | What::Int(_)));
        told.has(Mark::Varies) || constants.count() > 1
    }

    pub fn signature(&self, function: FuncId) -> Option<Signature<'a>> {
        self.note(|| CellKey::Signature(function));
        let unit = self.world.units.get(&function.unit)?;
        let facts = &unit.chunks.first()?.facts;
        Some(Signature {
            facts,
            function: facts.functions.get(function.function as usize)?,
        })
    }

    /// What a module-level name is, seen from inside its file.
    pub fn global(&self, file: FileId, name: &SmolStr) -> Value {
        let key = (file, name.clone());
        if let Some(known) = self.globals.borrow().get(&key) {
            return known.clone();
        }
        let (value, bound) = self.module_name(file, name, 0);
        let value = match bound || !value.is_unknown() {
            true => value,
            false => Value::of(What::Symbol(name.clone())),
        };
        self.globals.borrow_mut().insert(key, value.clone());
        value
    }

    /// A class and the classes of the project that it derives from, nearest first.
    pub fn class_chain(&self, class: ClassId) -> Rc<[ClassId]> {
        if let Some(known) = self.chains.borrow().get(&class) {
            return Rc::clone(known);
        }
        let mut chain = vec![class];
        let mut next = 0;
        while next < chain.len() && chain.len() < DEEPEST_BASES {
            for atom in self.cell(CellKey::Bases(chain[next])).atoms() {
                if let What::Class(base) = atom.what
                    && !chain.contains(&base)
                {
                    chain.push(base);
                }
            }
            next += 1;
        }
        let chain: Rc<[ClassId]> = chain.into();
        self.chains.borrow_mut().insert(class, Rc::clone(&chain));
        chain
    }

    /// What `module.name` is.
    pub fn module_attribute(&self, file: FileId, name: &SmolStr) -> Value {
        let (value, bound) = self.module_name(file, name, 0);
        let unloaded = !self.world.exports.contains_key(&file);
        if !unloaded && (bound || !value.is_unknown()) {
            return value;
        }
        let Some(path) = self.world.paths.get(&file) else {
            return value;
        };
        let module = self.submodule(path, name);
        if module.is_unknown() { value } else { module }
    }

    /// Does the file import one of these libraries, or something of one?
    pub fn imports_any(&self, file: FileId, libraries: &[&str]) -> bool {
        self.note(|| CellKey::Exports(file));
        let of_library = |export: &Export| match export {
            Export::Import(import) => {
                let top = import.module.split('.').next().unwrap_or_default();
                import.level == 0 && libraries.contains(&top)
            }
            _ => false,
        };
        let exports = self.world.exports.get(&file);
        exports.is_some_and(|exports| exports.names.values().flatten().any(of_library))
    }

    /// `shop.repo.fetch`, of a name that the file imports by `from shop.repo import fetch`.
    pub fn import_path(&self, file: FileId, name: &str) -> Option<String> {
        self.note(|| CellKey::Exports(file));
        let found = self.world.exports.get(&file)?.names.get(name)?;
        found.iter().find_map(|export| match export {
            // `import shop.repo` binds `shop`.
            Export::Import(import) if import.level == 0 && import.symbol.is_empty() => {
                let first = import.module.split('.').next() == Some(name);
                Some(if first { name } else { &*import.module }.to_string())
            }
            Export::Import(import) if import.level == 0 => {
                Some(format!("{}.{}", import.module, import.symbol))
            }
            _ => None,
        })
    }

    /// The files that may be Django's settings, by their names.
    pub fn settings(&self) -> Vec<FileId> {
        let mut files = Vec::new();
        for stem in SETTINGS {
            self.note(|| CellKey::Modules(stem.into()));
            let named = self.world.modules.get(stem).into_iter().flatten();
            let settings = named.filter(|path| may_be_settings(path));
            files.extend(settings.map(|path| file_id(path)));
        }
        files
    }

    pub fn may_be_settings(&self, file: FileId) -> bool {
        let path = self.world.paths.get(&file);
        path.is_some_and(|path| may_be_settings(path))
    }

    fn submodule(&self, path: &str, name: &str) -> Value {
        self.note(|| CellKey::Modules(name.into()));
        (self.world.submodule(path, name))
            .map(|path| Value::of(What::Module(file_id(path))))
            .unwrap_or_default()
    }

    fn module_name(&self, file: FileId, name: &SmolStr, depth: u32) -> (Value, bool) {
        if depth > 8 {
            return (Value::UNKNOWN, true);
        }
        self.note(|| CellKey::Exports(file));
        let Some(exports) = self.world.exports.get(&file) else {
            // Once it is loaded, whoever asked must look again, edits or not.
            self.note_anyway(CellKey::Exports(file));
            let mut value = Value::of(What::Unloaded(file));
            if let Some(path) = self.own_path(file, name) {
                value = value.join(&Value::of(self.outside(path)));
            }
            return (value, true);
        };
        let mut value = Value::UNKNOWN;
        let found = exports.names.get(name);
        for export in found.into_iter().flatten() {
            value = value.join(&match export {
                Export::Function(function) => Value::of(What::Function(*function)),
                Export::Class(class) => Value::of(What::Class(*class)),
                Export::Import(import) => self.import_at(file, import, depth + 1),
                Export::Variable => Value::UNKNOWN,
            });
        }
        if found.is_none() {
            // The last of them that has the name; one that is not loaded may have it, too.
            let mut unloaded = None;
            for star in exports.stars.iter().rev() {
                let Some(path) = self.module_of(file, &star.module, star.level) else {
                    continue;
                };
                let module = file_id(&path);
                let (value, bound) = self.module_name(module, name, depth + 1);
                if !self.world.exports.contains_key(&module) {
                    unloaded = unloaded.or(Some(value));
                } else if bound {
                    return (value, true);
                }
            }
            if let Some(value) = unloaded {
                return (value, true);
            }
        }
        // Only what is assigned can hold more than its definition says.
        if !found.is_some_and(|found| found.contains(&Export::Variable)) {
            return (value, found.is_some());
        }
        let place = Place::Global(file, name.clone());
        let told = self.cell(CellKey::Global(file, name.clone()));
        let told = stored_at(&told, &place);
        let bound = found.is_some() || !told.is_unknown();
        let object = self.own_path(file, name);
        if let Some(object) = object.and_then(|path| self.own()?.object(&path)) {
            return (Value::of(What::Object(object.into())), true);
        }
        (value.join(&told), bound)
    }

    fn module_of(&self, file: FileId, module: &SmolStr, level: u8) -> Option<Arc<str>> {
        let from = self.world.paths.get(&file)?;
        let stem = match module.rsplit('.').next().filter(|last| !last.is_empty()) {
            Some(last) => last,
            None => from.rsplit('/').nth(level as usize)?,
        };
        self.note(|| CellKey::Modules(stem.into()));
        // Whether the folder of a module of one word is a package counts too.
        if !self.world.once
            && level == 0
            && stem == *module
            && let Some(path) = self.world.own_module(stem)
            && let Some(folder) = folder_of(&path)
        {
            self.note_anyway(CellKey::Modules(stem_of(folder).into()));
        }
        self.world.cached_module(file, from, module, level)
    }

    /// Something outside the project.
    pub fn outside(&self, path: SmolStr) -> What {
        let own = self.own().and_then(|own| own.object(&path));
        match crate::api::FRAMEWORKS.objects.get(&path) {
            Some(object) => What::Object(object.clone()),
            None => own.map_or(What::Symbol(path), |object| What::Object(object.into())),
        }
    }

    /// What an import statement binds.
    pub fn import(&self, file: FileId, import: &Import) -> Value {
        self.import_at(file, import, 0)
    }

    fn import_at(&self, file: FileId, import: &Import, depth: u32) -> Value {
        let module = self.module_of(file, &import.module, import.level);
        if import.symbol.is_empty() {
            return match module {
                Some(path) => Value::of(What::Module(file_id(&path))),
                None => Value::of(What::Symbol(import.module.clone())),
            };
        }
        match module {
            Some(path) => {
                let target = file_id(&path);
                if target == file {
                    // `from . import tasks` in the package's own `__init__.py`: the name that it binds.
                    return self.submodule(&path, &import.symbol);
                }
                let (value, bound) = self.module_name(target, &import.symbol, depth + 1);
                let unloaded = !self.world.exports.contains_key(&target);
                if !unloaded && (bound || !value.is_unknown()) {
                    return value;
                }
                // `from package import module`, whether `__init__.py` is loaded or not.
                let module = self.submodule(&path, &import.symbol);
                if module.is_unknown() { value } else { module }
            }
            None if import.level > 0 => {
                // `from . import models` in a folder without `__init__.py`.
                let name: SmolStr = if import.module.is_empty() {
                    import.symbol.clone()
                } else {
                    format!("{}.{}", import.module, import.symbol).into()
                };
                self.module_of(file, &name, import.level)
                    .map(|path| Value::of(What::Module(file_id(&path))))
                    .unwrap_or_default()
            }
            None => {
                let path: SmolStr = format!("{}.{}", import.module, import.symbol).into();
                // `from package import module` where the package has no `__init__.py`.
                if let Some(found) = self.module_of(file, &path, 0) {
                    return Value::of(What::Module(file_id(&found)));
                }
                Value::of(self.outside(path))
            }
        }
    }
}
