//! In which units a name stands, as a name, an attribute, a text or what they define: looked for once, then kept up to date.

use std::hash::{BuildHasher, BuildHasherDefault};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use dashmap::DashMap;
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};
use smallvec::SmallVec;
use smol_str::SmolStr;

use super::unit::{Unit, UnitKind};
use crate::facts::Expr;
use crate::value::UnitId;

/// Names are known by their hashes: who asks must look whether it is really this one.
#[derive(Default)]
pub struct Naming {
    /// Made when the first name is asked for.
    units: OnceLock<FxHashMap<u64, SmallVec<[UnitId; 2]>>>,
    asked: DashMap<u64, SmolStr>,
    searched: AtomicUsize,
}

impl Naming {
    /// The units that name it, and perhaps some more.
    pub fn of<'a>(&self, name: &SmolStr, all: impl Iterator<Item = &'a Unit>) -> &[UnitId] {
        let name_hash = hash(name);
        if !self.asked.contains_key(&name_hash) {
            self.asked.insert(name_hash, name.clone());
        }
        let units = self.units.get_or_init(|| {
            let mut units: FxHashMap<u64, SmallVec<[UnitId; 2]>> = FxHashMap::default();
            for unit in all {
                self.searched.fetch_add(1, Ordering::Relaxed);
                for name in names(unit) {
                    units.entry(name).or_default().push(unit.id);
                }
            }
            units
        });
        units.get(&name_hash).map_or(&[], |units| units)
    }

    /// A unit comes in the place of its old self, or goes: the names of both that somebody asked for.
    pub fn note(&mut self, old: Option<&Unit>, new: Option<&Unit>) -> Vec<SmolStr> {
        let Some(units) = self.units.get_mut() else {
            return Vec::new();
        };
        let of = |unit: Option<&Unit>| unit.map(names).unwrap_or_default();
        let (before, now) = (of(old), of(new));
        for (unit, name) in old
            .iter()
            .flat_map(|unit| before.iter().map(|name| (unit.id, name)))
        {
            if !now.contains(name)
                && let Some(those) = units.get_mut(name)
            {
                those.retain(|other| *other != unit);
                if those.is_empty() {
                    units.remove(name);
                }
            }
        }
        for (unit, name) in new
            .iter()
            .flat_map(|unit| now.iter().map(|name| (unit.id, name)))
        {
            if !before.contains(name) {
                units.entry(*name).or_default().push(unit);
            }
        }
        let named = before.union(&now).filter_map(|name| self.asked.get(name));
        named.map(|name| name.clone()).collect()
    }

    /// Nobody asks for the name any more.
    pub fn forget(&self, name: &SmolStr) {
        self.asked.remove(&hash(name));
    }

    /// How many units were looked through since the last time.
    pub fn take_searched(&self) -> usize {
        self.searched.swap(0, Ordering::Relaxed)
    }
}

fn names(unit: &Unit) -> FxHashSet<u64> {
    let named = |expr: &Expr| match expr {
        Expr::Name(name) | Expr::Attr(_, name) | Expr::Str(name) => Some(hash(name)),
        _ => None,
    };
    let mut names = FxHashSet::default();
    for chunk in &unit.chunks {
        (chunk.facts).glance(|facts| names.extend(facts.exprs.iter().filter_map(named)));
    }
    if unit.kind == UnitKind::Function {
        let last = unit.name.rsplit('.').next();
        names.extend(last.map(|name| hash(&name.into())));
    }
    names
}

fn hash(name: &SmolStr) -> u64 {
    BuildHasherDefault::<FxHasher>::default().hash_one(name.as_str())
}
