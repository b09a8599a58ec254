//! The files of one project, linked: text in, findings out, after each edit only what it reaches.

pub mod asks;
mod naming;
pub mod packed;
pub mod unit;
pub mod world;

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use aho_corasick::AhoCorasick;
use memchr::memmem;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use crate::analysis::{Ground, Judged, Verdict, judge};
use crate::deployed::Deployed;
use crate::facts::ChunkFacts;
use crate::finding::Finding;
use crate::own::Own;
use crate::query::{RULES, Rules};
use crate::summary::CellKey;
use crate::suppress::note;
use crate::syntax::{Source, cut, parse, with_parser};
use crate::text::Text;
use crate::value::{FileId, FuncId, UnitId};
use asks::{Ask, Gives, asks, calls_into, gives};
use packed::{Packed, renewed};
use unit::{Built, Part, Signature, Unit, build, interchangeable, parts};
use world::{Outcomes, World, file_id, stem};

/// How a workspace is analysed.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Tests are reported on like other code.
    pub include_tests: bool,
    /// No edits will come: a check, not an editor.
    pub once: bool,
}

/// What the last change cost, in units of work; the tests hold it down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Segments parsed.
    pub parsed: usize,
    /// Chunks whose facts were extracted.
    pub extracted: usize,
    /// Evaluations of units, over all rounds.
    pub linked: usize,
    /// Units whose matches were judged.
    pub judged: usize,
    /// Chunks whose facts were carried over.
    pub reused: usize,
    /// Units that were looked through for a name that nobody had asked for.
    pub searched: usize,
}

pub struct Workspace {
    options: Options,
    /// None: the built-in ones, which are compiled when the first text comes.
    rules: Option<Arc<Rules>>,
    files: FxHashMap<Arc<str>, File>,
    world: World,
    judged: FxHashMap<UnitId, Judged>,
    /// The units of a file of which something is told.
    told: FxHashMap<FileId, BTreeSet<UnitId>>,
    /// Units whose verdicts read a cell.
    judges: FxHashMap<CellKey, FxHashSet<UnitId>>,
    paths: FxHashSet<Arc<str>>,
    work: Work,
    relinked: FxHashSet<UnitId>,
    /// Whether other files than before may have to be loaded since this was last taken.
    asks: bool,
    gives: FxHashMap<UnitId, Gives>,
    /// Units that handle values and those that call them, as of the last [`Workspace::asks`].
    reached: FxHashSet<UnitId>,
    /// Codes of rules that panicked since they were last taken.
    panics: Vec<&'static str>,
    /// Files of which the last change judged a unit, or dropped one.
    rejudged: FxHashSet<FileId>,
}

struct File {
    source: Source,
    /// The chunks of each segment.
    parts: Vec<Vec<Part>>,
    units: Vec<UnitId>,
    /// See [`Built::homes`].
    homes: Vec<Vec<(UnitId, u32)>>,
}

/// What [`Workspace::pack`] takes in hand.
struct Closed<'a> {
    file: &'a mut File,
    units: FxHashMap<UnitId, Arc<Unit>>,
    histories: Vec<(UnitId, Packed<Outcomes>)>,
}

impl Closed<'_> {
    fn pack(&mut self) {
        let mut units: FxHashMap<UnitId, Unit> = (self.units.drain())
            .map(|(id, unit)| {
                let mut unit = (*unit).clone();
                unit.name = renewed(&unit.name);
                (id, unit)
            })
            .collect();
        for (parts, homes) in self.file.parts.iter_mut().zip(&self.file.homes) {
            for (part, (unit, chunk)) in parts.iter_mut().zip(homes) {
                part.facts = part.facts.packed();
                part.scope = renewed(&part.scope);
                let unit = units.get_mut(unit);
                if let Some(chunk) = unit.and_then(|unit| unit.chunks.get_mut(*chunk as usize)) {
                    chunk.facts = part.facts.clone();
                }
            }
            *parts = parts.clone();
        }
        self.file.source = self.file.source.clone();
        self.file.homes = self.file.homes.clone();
        let packed = units.into_iter().map(|(id, unit)| (id, Arc::new(unit)));
        self.units = packed.collect();
        for (_, history) in self.histories.iter_mut().filter(|(_, of)| of.is_whole()) {
            *history = history.packed();
        }
    }
}

/// What is to be linked after files were read.
struct Placed {
    dirty: FxHashSet<UnitId>,
    gone: Vec<UnitId>,
    changed: Vec<CellKey>,
}

impl Workspace {
    pub fn new(options: Options) -> Workspace {
        Workspace::with_rules(options, None)
    }

    /// With other rules than the built-in ones, where there are some.
    pub fn with_rules(options: Options, rules: Option<Arc<Rules>>) -> Workspace {
        let once = options.once;
        Workspace {
            options,
            rules,
            files: FxHashMap::default(),
            world: World::new(once),
            judged: FxHashMap::default(),
            told: FxHashMap::default(),
            judges: FxHashMap::default(),
            paths: FxHashSet::default(),
            work: Work::default(),
            relinked: FxHashSet::default(),
            asks: false,
            gives: FxHashMap::default(),
            reached: FxHashSet::default(),
            panics: Vec::new(),
            rejudged: FxHashSet::default(),
        }
    }

    /// The rules in force, where they are others than the built-in ones.
    pub fn rules_so_far(&self) -> Option<&Arc<Rules>> {
        self.rules.as_ref()
    }

    /// What the project's configuration says of its own code. Before any file is loaded.
    pub fn set_own(&mut self, own: Option<Arc<Own>>) {
        self.world.own = own;
    }

    /// What is deployed of the project. Before any file is loaded.
    pub fn set_deployed(&mut self, deployed: Arc<Deployed>) {
        self.world.deployed = deployed;
    }

    pub fn deployed(&self) -> Arc<Deployed> {
        Arc::clone(&self.world.deployed)
    }

    pub fn own(&self) -> Option<Arc<Own>> {
        self.world.own.clone()
    }

    /// The rules in force.
    pub fn rules(&self) -> Arc<Rules> {
        Arc::clone(self.rules.as_ref().unwrap_or_else(|| &RULES))
    }

    /// All Python files of the project, loaded or not: imports are resolved against them.
    pub fn set_paths(&mut self, paths: impl IntoIterator<Item = Arc<str>>) {
        let mut changed = Vec::new();
        for path in paths {
            self.add_path(&path, &mut changed);
        }
        if !self.files.is_empty() && !changed.is_empty() {
            self.link(FxHashSet::default(), &[], &changed);
        }
    }

    /// Files that name DynamoDB and may never be loaded. Before any is loaded.
    pub fn name_dynamo<'a>(&mut self, paths: impl Iterator<Item = &'a Arc<str>>) {
        self.world.scope.extend(paths.map(|path| file_id(path)));
    }

    fn add_path(&mut self, path: &Arc<str>, changed: &mut Vec<CellKey>) {
        if !self.paths.insert(Arc::clone(path)) {
            return;
        }
        self.world.forget_modules();
        let stem: SmolStr = stem(path).into();
        self.world.paths.insert(file_id(path), Arc::clone(path));
        let known = self.world.modules.entry(stem.clone()).or_default();
        let at = known.partition_point(|other| other < path);
        known.insert(at, Arc::clone(path));
        changed.push(CellKey::Modules(stem));
        if self.paths.len() == 2 {
            changed.push(CellKey::Alone);
        }
    }

    /// Adds or replaces whole files; links once.
    pub fn load(&mut self, files: Vec<(Arc<str>, String)>) {
        self.work = Work::default();
        let Placed {
            dirty,
            gone,
            changed,
        } = self.read(files);
        self.link(dirty, &gone, &changed);
    }

    /// The same, but in a run that sees no edit only modules and classes are linked: what classes
    /// derive from can be loaded before whoever uses them. [`Workspace::load`] goes on from there.
    pub fn load_heads(&mut self, files: Vec<(Arc<str>, String)>) {
        if !self.options.once {
            return self.load(files);
        }
        let Placed { dirty, changed, .. } = self.read(files);
        self.world.link_heads(dirty, &changed);
    }

    /// Reads files and puts them in their places.
    fn read(&mut self, mut files: Vec<(Arc<str>, String)>) -> Placed {
        let (rules, once) = (self.rules(), self.options.once);
        let read = |(path, text): (Arc<str>, String)| {
            let mut extracted = 0;
            let mut source = Source::new(text);
            let parts: Vec<Vec<Part>> = (0..source.segments().len())
                .map(|index| {
                    let tree = source.tree(index);
                    note(&source, index, &tree);
                    let text = source.segment_text(index);
                    parts(
                        tree.root_node(),
                        text,
                        &rules,
                        &mut |_| None,
                        &mut extracted,
                    )
                })
                .collect();
            if once {
                source.forget_trees();
            }
            let built = build(&path, file_id(&path), &parts);
            let named = names_dynamo(source.text().as_str());
            (path, source, parts, built, named, extracted)
        };
        let loaded: Vec<_> = if files.len() < 2 {
            files.into_iter().map(read).collect()
        } else {
            // The largest first and one by one, so that no thread is left with them in the end.
            files.sort_unstable_by(|a, b| (b.1.len(), &a.0).cmp(&(a.1.len(), &b.0)));
            files.into_par_iter().with_max_len(1).map(read).collect()
        };
        let mut dirty = FxHashSet::default();
        let mut gone = Vec::new();
        let mut changed = Vec::new();
        for (path, source, parts, built, named, extracted) in loaded {
            self.work.extracted += extracted;
            self.work.parsed += source.parsed;
            self.add_path(&path, &mut changed);
            self.set_scope(file_id(&path), named, &mut changed);
            self.place(
                &path,
                source,
                parts,
                built,
                &mut dirty,
                &mut gone,
                &mut changed,
            );
        }
        Placed {
            dirty,
            gone,
            changed,
        }
    }

    /// One edit of one file; `range` is in bytes of its text.
    pub fn edit(&mut self, path: &str, range: Range<usize>, new: &str) {
        self.work = Work::default();
        let Some((path, mut file)) = self.files.remove_entry(path) else {
            return;
        };
        let before: Vec<usize> = file
            .source
            .segments()
            .iter()
            .map(|segment| segment.start)
            .collect();
        let old_len = file.source.text().len();
        file.source.parsed = 0;
        let named_here = names_dynamo(around(file.source.text(), range.clone()));
        let replaced = file.source.edit(range.clone(), new);
        let delta = file.source.text().len() as isize - old_len as isize;
        // What the edit left alone keeps its facts, by where it stood.
        let old_end = range.end.min(old_len);
        let edit_end = (old_end as isize + delta).max(range.start as isize) as usize;
        let mut known: FxHashMap<(usize, usize), &Part> = FxHashMap::default();
        for index in replaced.old.clone() {
            for part in &file.parts[index] {
                known.insert(
                    (before[index] + part.start as usize, part.len as usize),
                    part,
                );
            }
        }
        let mut extracted = 0;
        let mut reused = 0;
        let rules = self.rules();
        let mut fresh: Vec<Vec<Part>> = Vec::new();
        for index in replaced.new.clone() {
            let tree = file.source.tree(index);
            let start = file.source.segments()[index].start;
            let text = file.source.segment_text(index);
            fresh.push(parts(
                tree.root_node(),
                text,
                &rules,
                &mut |span| {
                    let (from, to) = (start + span.start, start + span.end);
                    let old = if to < range.start.min(old_len) {
                        from
                    } else if from > edit_end {
                        (from as isize - delta) as usize
                    } else {
                        return None;
                    };
                    let part = known.get(&(old, to - from))?;
                    if part.facts.broken {
                        return None;
                    }
                    reused += 1;
                    Some(part.facts.clone())
                },
                &mut extracted,
            ));
        }
        self.work.parsed = file.source.parsed;
        self.work.extracted = extracted;
        let changed_parts: usize = fresh.iter().map(Vec::len).sum();
        let total = file.parts.iter().map(Vec::len).sum::<usize>()
            - replaced
                .old
                .clone()
                .map(|index| file.parts[index].len())
                .sum::<usize>()
            + changed_parts;
        self.work.reused = total - extracted;
        let (mut dirty, mut gone, mut changed) = (FxHashSet::default(), Vec::new(), Vec::new());
        let same_shape = replaced.old == replaced.new
            && fresh
                .iter()
                .zip(&file.parts[replaced.old.clone()])
                .all(|(new, old)| {
                    new.len() == old.len()
                        && new
                            .iter()
                            .zip(old)
                            .all(|(new, old)| interchangeable(old, new))
                });
        if same_shape {
            let id = file_id(&path);
            let was = self.world.scope.contains(&id);
            let named = match (was, named_here) {
                (true, false) => true,
                _ => names_dynamo(around(file.source.text(), range.start..edit_end)),
            };
            let named = named || was && names_dynamo(file.source.text().as_str());
            self.set_scope(id, named, &mut changed);
            for (segment, fresh) in replaced.new.clone().zip(fresh) {
                for (number, part) in fresh.iter().enumerate() {
                    let (unit, chunk) = file.homes[segment][number];
                    let Some(old) = self.world.units.get(&unit) else {
                        continue;
                    };
                    let mut unit = (**old).clone();
                    let placed = &mut unit.chunks[chunk as usize];
                    placed.facts = part.facts.clone();
                    placed.start = part.start;
                    self.put(unit, &mut dirty, &mut changed);
                }
                file.parts[segment] = fresh;
            }
            self.files.insert(path, file);
            self.link(dirty, &gone, &changed);
            return;
        }
        file.parts.splice(replaced.old.clone(), fresh);
        let built = build(&path, file_id(&path), &file.parts);
        let File {
            source,
            parts,
            units,
            ..
        } = file;
        self.files.insert(
            Arc::clone(&path),
            File {
                source: Source::new(String::new()),
                parts: Vec::new(),
                units,
                homes: Vec::new(),
            },
        );
        let named = names_dynamo(source.text().as_str());
        self.set_scope(file_id(&path), named, &mut changed);
        self.place(
            &path,
            source,
            parts,
            built,
            &mut dirty,
            &mut gone,
            &mut changed,
        );
        self.link(dirty, &gone, &changed);
    }

    /// A file is gone.
    pub fn remove(&mut self, path: &str) {
        self.work = Work::default();
        let mut changed = Vec::new();
        let units = self.unloaded(path, &mut changed);
        let Some(path) = self.paths.take(path) else {
            return;
        };
        self.world.forget_modules();
        self.world.paths.remove(&file_id(&path));
        if self.paths.len() == 1 {
            changed.push(CellKey::Alone);
        }
        let stem: SmolStr = stem(&path).into();
        if let Some(known) = self.world.modules.get_mut(&stem) {
            known.retain(|other| *other != path);
            if known.is_empty() {
                self.world.modules.remove(&stem);
            }
        }
        changed.push(CellKey::Modules(stem));
        self.link(FxHashSet::default(), &units, &changed);
    }

    /// A file is still there, and analysed no more.
    pub fn unload(&mut self, path: &str) {
        self.work = Work::default();
        let mut changed = Vec::new();
        let units = self.unloaded(path, &mut changed);
        self.link(FxHashSet::default(), &units, &changed);
    }

    /// Takes out what a file holds; answers its units, which are still linked.
    fn unloaded(&mut self, path: &str, changed: &mut Vec<CellKey>) -> Vec<UnitId> {
        let Some(file) = self.files.remove(path) else {
            return Vec::new();
        };
        let id = file_id(path);
        self.forget_units(&file.units, changed);
        self.world.exports.remove(&id);
        changed.push(CellKey::Exports(id));
        self.set_scope(id, false, changed);
        file.units
    }

    fn forget_units(&mut self, units: &[UnitId], changed: &mut Vec<CellKey>) {
        for unit in units {
            if let Some(unit) = self.world.units.remove(unit) {
                self.untold(unit.file, unit.id);
                let named = self.world.naming.note(Some(&unit), None);
                changed.extend(named.into_iter().map(CellKey::Named));
                changed.push(CellKey::Signature(FuncId {
                    unit: unit.id,
                    function: 1,
                }));
                if let (unit::UnitKind::Class, Some(class)) = (unit.kind, unit.class) {
                    self.world.classes.remove(&class);
                    changed.push(CellKey::Members(class));
                }
            }
        }
    }

    /// Puts a file's new units in the place of its old ones and notes what differs.
    #[expect(
        clippy::too_many_arguments,
        reason = "the three lists are one result, filled over several files"
    )]
    fn place(
        &mut self,
        path: &Arc<str>,
        source: Source,
        parts: Vec<Vec<Part>>,
        built: Built,
        dirty: &mut FxHashSet<UnitId>,
        gone: &mut Vec<UnitId>,
        changed: &mut Vec<CellKey>,
    ) {
        let id = file_id(path);
        let old_units = self
            .files
            .get(path)
            .map(|file| file.units.clone())
            .unwrap_or_default();
        let new_units: FxHashSet<UnitId> = built.units.iter().map(|unit| unit.id).collect();
        let removed: Vec<UnitId> = old_units
            .into_iter()
            .filter(|unit| !new_units.contains(unit))
            .collect();
        self.forget_units(&removed, changed);
        gone.extend(removed);
        let units: Vec<UnitId> = built.units.iter().map(|unit| unit.id).collect();
        for unit in built.units {
            self.put(unit, dirty, changed);
        }
        for (class, of) in built.classes {
            if self.world.classes.get(&class) != Some(&of) {
                self.world.classes.insert(class, of);
                changed.push(CellKey::Members(class));
            }
        }
        if self.world.exports.get(&id).map(|old| &**old) != Some(&built.exports) {
            self.world.exports.insert(id, Arc::new(built.exports));
            changed.push(CellKey::Exports(id));
        }
        self.files.insert(
            Arc::clone(path),
            File {
                source,
                parts,
                units,
                homes: built.homes,
            },
        );
    }

    /// Puts a unit in the place of its old self, if it differs.
    fn put(&mut self, unit: Unit, dirty: &mut FxHashSet<UnitId>, changed: &mut Vec<CellKey>) {
        let old = self.world.units.get(&unit.id).cloned();
        let old = old.as_deref();
        let same = old.is_some_and(|old| same_chunks(old, &unit));
        if !same {
            dirty.insert(unit.id);
            let named = self.world.naming.note(old, Some(&unit));
            changed.extend(named.into_iter().map(CellKey::Named));
            let signature =
                |unit: &Unit| unit.chunks.first().and_then(|chunk| hash_of(&chunk.facts));
            if old.map(signature) != Some(signature(&unit)) {
                changed.push(CellKey::Signature(FuncId {
                    unit: unit.id,
                    function: 1,
                }));
            }
            for function in 2..unit
                .chunks
                .first()
                .map_or(0, |chunk| chunk.facts.functions.len())
            {
                changed.push(CellKey::Signature(FuncId {
                    unit: unit.id,
                    function: function as u16,
                }));
            }
        }
        if !same || old.is_some_and(|old| moved(old, &unit)) {
            self.world.units.insert(unit.id, Arc::new(unit));
        }
    }

    fn set_scope(&mut self, file: FileId, named: bool, changed: &mut Vec<CellKey>) {
        if named == self.world.scope.contains(&file) {
            return;
        }
        if named {
            self.world.scope.insert(file);
        } else {
            self.world.scope.remove(&file);
        }
        self.asks = true;
        changed.push(CellKey::Scope(file));
    }

    fn link(&mut self, dirty: FxHashSet<UnitId>, gone: &[UnitId], changed: &[CellKey]) {
        let before: Vec<(UnitId, Vec<CellKey>)> = if self.options.once || self.judged.is_empty() {
            Vec::new()
        } else {
            dirty
                .iter()
                .map(|unit| (*unit, self.world.reads_of(*unit)))
                .collect()
        };
        let linked = if self.options.once {
            self.world.link_once(dirty, changed)
        } else {
            self.world.link(dirty, gone, changed)
        };
        self.work.linked += linked.evaluated;
        self.relinked = linked.anew;
        self.asks |= linked.cells.iter().any(|key| match key {
            CellKey::Unloaded(_) => true,
            CellKey::Exports(file) => asks::hands_on(&self.world, *file),
            _ => false,
        });
        self.note_gives(linked.units.iter().chain(gone));
        for (unit, reads) in &before {
            self.world.forget_readers(*unit, reads);
        }
        for unit in gone {
            self.drop_judged(*unit, &[]);
        }
        let mut due: FxHashSet<UnitId> = linked.units;
        for key in &linked.cells {
            if let Some(judges) = self.judges.get(key) {
                due.extend(judges);
            }
        }
        for unit in &due {
            // A unit without matches is not judged: what it once told goes.
            if self
                .world
                .units
                .get(unit)
                .is_none_or(|unit| !has_matches(unit))
            {
                self.drop_judged(*unit, &[]);
            }
        }
        let due: Vec<UnitId> = due
            .into_iter()
            .filter(|unit| {
                self.world
                    .units
                    .get(unit)
                    .is_some_and(|unit| has_matches(unit))
            })
            .collect();
        self.rejudged = (due.iter())
            .filter_map(|unit| self.world.units.get(unit))
            .map(|unit| unit.file)
            .collect();
        if due.is_empty() {
            return;
        }
        let rules = &*self.rules();
        let world = &self.world;
        let isolated = !self.options.once;
        let run = |unit: &UnitId| {
            let judged = match world.outcome(*unit) {
                Some(outcome) => judge(&world.units[unit], outcome, world, rules, isolated),
                None => Judged::default(),
            };
            (*unit, judged)
        };
        self.work.judged += due.len();
        let results: Vec<(UnitId, Judged)> = if due.len() < 12 {
            due.iter().map(run).collect()
        } else {
            due.par_iter().with_min_len(8).map(run).collect()
        };
        self.work.searched += self.world.naming.take_searched();
        for (unit, mut judged) in results {
            self.panics.extend(&judged.panics);
            if let Some(old) = self.judged.get(&unit) {
                judged.inherit(old);
            }
            self.drop_judged(unit, &judged.reads);
            for key in &judged.reads {
                self.judges.entry(key.clone()).or_default().insert(unit);
            }
            if let Some(of) = self
                .world
                .units
                .get(&unit)
                .filter(|_| !judged.verdicts.is_empty())
            {
                self.told.entry(of.file).or_default().insert(unit);
            }
            self.judged.insert(unit, judged);
        }
    }

    /// Where a unit gives others than before, or came to call one that handles values, or calls none
    /// any more, other files may have to be loaded.
    fn note_gives<'a>(&mut self, units: impl Iterator<Item = &'a UnitId>) {
        let units: Vec<&UnitId> = units.collect();
        let world = &self.world;
        let new: Vec<Option<Gives>> = if units.len() < 64 {
            units.iter().map(|unit| gives(world, **unit)).collect()
        } else {
            (units.par_iter().with_min_len(16))
                .map(|unit| gives(world, **unit))
                .collect()
        };
        for (unit, new) in units.into_iter().zip(new) {
            let handles = new.as_ref().is_some_and(Gives::handles);
            self.asks |= self.gives.get(unit) != new.as_ref();
            match new {
                Some(new) => self.gives.insert(*unit, new),
                None => self.gives.remove(unit),
            };
            self.asks = self.asks
                || self.reached.contains(unit)
                    != (handles || calls_into(&self.world, *unit, &self.reached));
        }
    }

    fn untold(&mut self, file: FileId, unit: UnitId) {
        if let Some(told) = self.told.get_mut(&file)
            && told.remove(&unit)
            && told.is_empty()
        {
            self.told.remove(&file);
        }
    }

    /// `kept`: what it reads still, sorted.
    fn drop_judged(&mut self, unit: UnitId, kept: &[CellKey]) {
        let Some(old) = self.judged.remove(&unit) else {
            return;
        };
        if let Some(file) = self.world.units.get(&unit).map(|unit| unit.file) {
            self.untold(file, unit);
        }
        for key in old
            .reads
            .iter()
            .filter(|key| kept.binary_search(key).is_err())
        {
            if let Some(judges) = self.judges.get_mut(key) {
                judges.remove(&unit);
                if judges.is_empty() {
                    if let CellKey::Named(name) = key {
                        self.world.naming.forget(name);
                    }
                    self.judges.remove(key);
                }
            }
        }
    }

    /// Keeps what only edits ask for of the files that are not open in few bytes. It is made whole
    /// again where an edit elsewhere asks for it.
    pub fn pack(&mut self, open: impl Fn(&str) -> bool) {
        let mut due: Vec<Closed> = Vec::new();
        for (path, file) in &mut self.files {
            if open(path) || !self.world.is_whole(&file.units) {
                continue;
            }
            let (units, histories) = self.world.take(&file.units);
            due.push(Closed {
                file,
                units,
                histories,
            });
        }
        // New threads: those that are there would fill up the holes of what they have freed.
        let share = due.len().div_ceil(rayon::current_num_threads()).max(1);
        std::thread::scope(|scope| {
            for some in due.chunks_mut(share) {
                scope.spawn(|| some.iter_mut().for_each(Closed::pack));
            }
        });
        for closed in due {
            self.world.units.extend(closed.units);
            self.world.histories.extend(closed.histories);
        }
    }

    /// How many units are whole of the files that are not open.
    pub fn whole(&self, open: impl Fn(&str) -> bool) -> usize {
        let closed = self.files.iter().filter(|(path, _)| !open(path));
        closed
            .flat_map(|(_, file)| &file.units)
            .filter(|unit| self.world.is_whole(&[**unit]))
            .count()
    }

    /// After an index: see [`World::renew`].
    pub fn renew(&mut self) {
        std::thread::scope(|scope| {
            scope.spawn(|| {
                self.world.renew();
                let judges = std::mem::take(&mut self.judges).into_iter();
                self.judges = judges
                    .map(|(key, units)| (renewed(&key), units.clone()))
                    .collect();
                self.gives = renewed(&self.gives);
                for judged in self.judged.values_mut() {
                    judged.reads = renewed(&judged.reads);
                }
            });
        });
    }

    /// Drops the trees of all files: an edit parses the segment that it touches once more.
    pub fn forget_trees(&mut self) {
        for file in self.files.values_mut() {
            file.source.forget_trees();
        }
    }

    // ---- answers ----

    pub fn text(&self, path: &str) -> Option<&Text> {
        self.files.get(path).map(|file| file.source.text())
    }

    /// The text of the file that a unit stands in.
    pub fn text_of_unit(&self, unit: &Unit) -> Option<&str> {
        let text = self.text(self.world.paths.get(&unit.file)?)?;
        Some(text.as_str())
    }

    pub fn source(&self, path: &str) -> Option<&Source> {
        self.files.get(path).map(|file| &file.source)
    }

    pub fn world(&self) -> &World {
        &self.world
    }

    /// The units that the last change evaluated anew, as `path:qualified.name`; sorted.
    pub fn relinked(&self) -> Vec<String> {
        let name = |unit: &Arc<Unit>| {
            Some(format!(
                "{}:{}",
                self.world.paths.get(&unit.file)?,
                unit.name
            ))
        };
        let mut names: Vec<String> = self
            .relinked
            .iter()
            .filter_map(|unit| self.world.units.get(unit))
            .filter_map(name)
            .collect();
        names.sort();
        names
    }

    /// The files whose findings the last change may have changed.
    pub fn rejudged(&self) -> impl Iterator<Item = &Arc<str>> {
        (self.rejudged.iter()).filter_map(|file| self.world.paths.get(file))
    }

    /// The codes of rules that panicked since the last call. They lost their own findings only.
    pub fn take_panics(&mut self) -> Vec<&'static str> {
        std::mem::take(&mut self.panics)
    }

    /// May [`Workspace::wanted`] or [`Workspace::asks`] have changed since the last call?
    pub fn take_asks(&mut self) -> bool {
        std::mem::take(&mut self.asks)
    }

    /// The units of a loaded file.
    pub fn units(&self, path: &str) -> impl Iterator<Item = &Arc<Unit>> {
        let units = self.files.get(path).map(|file| &file.units[..]);
        let units = units.unwrap_or_default().iter();
        units.filter_map(|unit| self.world.units.get(unit))
    }

    /// What was judged in a file, in no order.
    pub fn verdicts(&self, path: &str) -> impl Iterator<Item = &Verdict> {
        let judged = self
            .units(path)
            .filter_map(|unit| self.judged.get(&unit.id));
        judged.flat_map(|judged| &judged.verdicts)
    }

    /// All loaded files, in no order.
    pub fn files(&self) -> impl Iterator<Item = &Arc<str>> {
        self.files.keys()
    }

    /// All known files, loaded or not, in no order.
    pub fn paths(&self) -> impl Iterator<Item = &Arc<str>> {
        self.paths.iter()
    }

    pub fn work(&self) -> Work {
        self.work
    }

    /// Is this file reported on, as far as it is or is not a test?
    pub fn reports_on(&self, path: &str) -> bool {
        self.options.include_tests || !is_test(path)
    }

    /// A file's findings, by start and code.
    pub fn findings(&self, path: &str) -> Vec<Finding> {
        if !self.reports_on(path) {
            return Vec::new();
        }
        let Some(told) = self.told.get(&file_id(path)) else {
            return Vec::new();
        };
        let mut findings: Vec<Finding> = Vec::with_capacity(told.len() + 8);
        let (ground, keep) = (Ground::new(self), !self.options.once);
        // In the file's order, as far as that is at hand: what is sorted is sorted fast.
        let all = self.files.get(path).map_or(&[][..], |file| &file.units);
        let units: Vec<&UnitId> = match told.len() < all.len() / 8 {
            true => told.iter().collect(),
            false => all.iter().filter(|unit| told.contains(*unit)).collect(),
        };
        for unit in units {
            if let Some(judged) = self.judged.get(unit) {
                judged.findings(&mut findings, self, &ground, keep);
            }
        }
        let slow = self.rules.as_ref().map_or(Vec::new(), |rules| rules.slow());
        findings.retain(|one| !slow.contains(&one.code));
        let place = |one: &Finding| (one.span.start, one.code, one.span.end);
        if !findings.is_sorted_by_key(place) {
            findings.sort_by_key(place);
        }
        findings.dedup_by(|a, b| a.span == b.span && a.code == b.code);
        findings
    }

    /// Files that loaded code hands a DynamoDB value to and that are not loaded.
    pub fn wanted(&self) -> Vec<Arc<str>> {
        self.named(self.world.asked_for())
    }

    /// What files that are not loaded must name to matter, by the loaded file that they import.
    pub fn asks(&mut self) -> Vec<Ask> {
        let given = self.gives.iter().map(|(unit, gives)| (*unit, gives));
        let (asked, reached) = asks(&self.world, given);
        self.reached = reached;
        asked
    }

    fn named(&self, files: FxHashSet<FileId>) -> Vec<Arc<str>> {
        let mut names: Vec<Arc<str>> = files
            .iter()
            .filter_map(|file| self.world.paths.get(file).cloned())
            .collect();
        names.sort();
        names
    }
}

/// Is this path a test's by the names that pytest and Django give them?
pub fn is_test(path: &str) -> bool {
    let mut folders = path.split('/');
    let name = folders.next_back().unwrap_or_default();
    folders.any(|folder| matches!(folder, "test" | "tests"))
        || name.starts_with("test_")
        || name.ends_with("_test.py")
        || matches!(name, "conftest.py" | "tests.py")
}

/// What names DynamoDB without its name: PynamoDB, and what only DynamoDB's reads have.
const NAMES: [&str; 7] = [
    "pynamo",
    "LastEvaluatedKey",
    "ExclusiveStartKey",
    "KeyConditionExpression",
    "FilterExpression",
    "ProjectionExpression",
    "ExpressionAttribute",
];

/// Does the text name DynamoDB?
pub fn names_dynamo(text: impl AsRef<[u8]>) -> bool {
    static FINDER: LazyLock<AhoCorasick> = LazyLock::new(|| {
        AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .build(["dynamo"])
            .expect("one word is a valid pattern")
    });
    let text = text.as_ref();
    let named = |name: &&str| memmem::find(text, name.as_bytes()).is_some();
    FINDER.is_match(text) || NAMES.iter().any(named)
}

/// A range and what a word that it touches can reach into.
fn around(text: &Text, range: Range<usize>) -> &[u8] {
    const REACH: usize = "KeyConditionExpression".len();
    let bytes = text.as_str().as_bytes();
    let end = range.end.saturating_add(REACH).min(bytes.len());
    &bytes[range.start.saturating_sub(REACH).min(end)..end]
}

fn same_chunks(old: &Unit, new: &Unit) -> bool {
    old.chunks.len() == new.chunks.len()
        && old.class == new.class
        && old
            .chunks
            .iter()
            .zip(&new.chunks)
            .all(|(a, b)| a.facts.is(&b.facts) && a.main == b.main)
}

fn has_matches(unit: &Unit) -> bool {
    unit.chunks
        .iter()
        .any(|chunk| !chunk.facts.matches.is_empty())
}

fn moved(old: &Unit, new: &Unit) -> bool {
    old.chunks
        .iter()
        .zip(&new.chunks)
        .any(|(a, b)| a.segment != b.segment || a.start != b.start)
}

fn hash_of(facts: &ChunkFacts) -> Option<u64> {
    facts
        .functions
        .get(1)
        .map(|function| Signature { facts, function }.hash())
}

/// Every chunk's facts must equal the facts of that chunk parsed alone: they are a pure function of its text.
pub fn chunks_alone(text: &str) -> Result<(), String> {
    let rules = &*RULES;
    let starts = cut(text);
    for (index, &start) in starts.iter().enumerate() {
        let end = starts
            .get(index + 1)
            .map_or(text.len(), |&end| end as usize);
        let segment = &text[start as usize..end];
        let tree = with_parser(|parser| parse(parser, segment, None));
        let mut extracted = 0;
        for part in parts(
            tree.root_node(),
            segment,
            rules,
            &mut |_| None,
            &mut extracted,
        ) {
            if part.facts.broken || part.facts.kind == crate::facts::ChunkKind::Class {
                continue;
            }
            let own = &segment[part.start as usize..(part.start + part.len) as usize];
            // A method keeps its indentation: a class around it makes it stand alone.
            let line = segment[..part.start as usize]
                .rfind('\n')
                .map_or(0, |at| at + 1);
            let indent = &segment[line..part.start as usize];
            let indented = !indent.is_empty() && indent.trim().is_empty();
            let alone = if indented {
                format!("class _:\n{indent}{own}\n")
            } else {
                format!("{own}\n")
            };
            let tree = with_parser(|parser| parse(parser, &alone, None));
            let again = parts(
                tree.root_node(),
                &alone,
                rules,
                &mut |_| None,
                &mut extracted,
            );
            let Some(again) = again
                .into_iter()
                .find(|again| again.facts.kind != crate::facts::ChunkKind::Class)
            else {
                return Err(format!("no chunk in {own:?}"));
            };
            if *again.facts != *part.facts {
                return Err(format!(
                    "the facts of this chunk differ when it is parsed alone:\n{own}"
                ));
            }
        }
    }
    Ok(())
}
