//! What is kept in few bytes while nobody asks for it, and made whole at the first question: what
//! files come to that are not open.

use std::hash::Hash;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashMap;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::facts::{ChunkFacts, ExprId};
use crate::summary::{CellKey, Outcome, Seen, Situation};
use crate::value::{Site, Value};

/// Both ways without loss.
pub trait Pack {
    fn pack(&self) -> Vec<u8>;
    fn unpack(bytes: &[u8]) -> Self;
}

/// Whole, or packed, or both; never neither.
#[derive(Debug)]
pub struct Packed<T> {
    bytes: Option<Box<[u8]>>,
    whole: OnceLock<Box<T>>,
}

impl<T: Pack> Packed<T> {
    pub fn new(whole: T) -> Packed<T> {
        Packed {
            bytes: None,
            whole: OnceLock::from(Box::new(whole)),
        }
    }

    pub fn whole(&self) -> &T {
        self.whole.get_or_init(|| {
            let bytes = self.bytes.as_deref().unwrap_or_default();
            Box::new(T::unpack(bytes))
        })
    }

    /// To be changed: what was packed holds no more.
    pub fn whole_mut(&mut self) -> &mut T {
        self.whole();
        self.bytes = None;
        self.whole.get_mut().expect("it was just made whole")
    }

    pub fn is_whole(&self) -> bool {
        self.whole.get().is_some()
    }

    /// The same in as few bytes as possible.
    pub fn packed(&self) -> Packed<T> {
        let bytes = match &self.bytes {
            Some(bytes) => bytes.clone(),
            // Copied: what is only cut to its length keeps its room.
            None => self.whole().pack().as_slice().into(),
        };
        Packed {
            bytes: Some(bytes),
            whole: OnceLock::new(),
        }
    }
}

/// A chunk's facts.
#[derive(Clone, Debug)]
pub struct Facts(Arc<Packed<ChunkFacts>>);

impl Facts {
    pub fn new(facts: ChunkFacts) -> Facts {
        Facts(Arc::new(Packed::new(facts)))
    }

    /// Not only equal: the same.
    pub fn is(&self, other: &Facts) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub fn packed(&self) -> Facts {
        match self.0.is_whole() {
            true => Facts(Arc::new(self.0.packed())),
            false => self.clone(),
        }
    }

    /// Asks something of them that needn't be asked again soon: what is packed stays so.
    pub fn glance<T>(&self, ask: impl FnOnce(&ChunkFacts) -> T) -> T {
        match (&self.0.bytes, self.0.is_whole()) {
            (Some(bytes), false) => ask(&ChunkFacts::unpack(bytes)),
            _ => ask(self),
        }
    }
}

impl Deref for Facts {
    type Target = ChunkFacts;

    fn deref(&self) -> &ChunkFacts {
        self.0.whole()
    }
}

impl Pack for ChunkFacts {
    fn pack(&self) -> Vec<u8> {
        to_bytes(self)
    }

    fn unpack(bytes: &[u8]) -> ChunkFacts {
        from_bytes(bytes)
    }
}

/// Outcomes of a unit, round by round: what several of them say stands once.
#[derive(Serialize, Deserialize)]
struct Rounds {
    keys: Vec<CellKey>,
    values: Vec<Value>,
    situations: Vec<Situation>,
    /// Numbers of keys.
    reads: Vec<Vec<u32>>,
    outcomes: Vec<Told>,
    /// The number of each round's outcome.
    rounds: Vec<u32>,
}

/// An outcome by the numbers of what it says.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Told {
    /// Keys and values.
    tells: Vec<(u32, u32)>,
    reads: u32,
    /// Chunks, expressions, values and situations; sorted.
    seen: Vec<(u16, ExprId, u32, u32)>,
    /// Sorted.
    scoped: Vec<Site>,
}

/// Numbers what comes, in the order in which it came first.
struct Numbers<T>(FxHashMap<T, u32>);

impl<T> Default for Numbers<T> {
    fn default() -> Numbers<T> {
        Numbers(FxHashMap::default())
    }
}

impl<T: Eq + Hash + Clone> Numbers<T> {
    fn of(&mut self, each: &T) -> u32 {
        if let Some(number) = self.0.get(each) {
            return *number;
        }
        let number = self.0.len() as u32;
        self.0.insert(each.clone(), number);
        number
    }

    fn all(self) -> Vec<T> {
        let mut all: Vec<(T, u32)> = self.0.into_iter().collect();
        all.sort_unstable_by_key(|(_, number)| *number);
        all.into_iter().map(|(each, _)| each).collect()
    }
}

impl Pack for Vec<Arc<Outcome>> {
    fn pack(&self) -> Vec<u8> {
        let (mut keys, mut values, mut situations) = Default::default();
        let (mut lists, mut outcomes) = Default::default();
        let number = |outcome: &Arc<Outcome>| {
            let told = Told::new(outcome, &mut keys, &mut values, &mut situations, &mut lists);
            Numbers::of(&mut outcomes, &told)
        };
        let rounds = self.iter().map(number).collect();
        to_bytes(&Rounds {
            rounds,
            keys: keys.all(),
            values: values.all(),
            situations: situations.all(),
            reads: lists.all(),
            outcomes: outcomes.all(),
        })
    }

    fn unpack(bytes: &[u8]) -> Vec<Arc<Outcome>> {
        let of: Rounds = from_bytes(bytes);
        let outcomes: Vec<Arc<Outcome>> = (of.outcomes.iter())
            .map(|told| Arc::new(told.outcome(&of)))
            .collect();
        let rounds = of.rounds.iter();
        rounds
            .map(|&number| Arc::clone(&outcomes[number as usize]))
            .collect()
    }
}

impl Told {
    fn new(
        outcome: &Outcome,
        keys: &mut Numbers<CellKey>,
        values: &mut Numbers<Value>,
        situations: &mut Numbers<Situation>,
        lists: &mut Numbers<Vec<u32>>,
    ) -> Told {
        let reads = outcome.reads.iter().map(|key| keys.of(key)).collect();
        let tells = outcome.tells.iter();
        let mut seen: Vec<_> = (outcome.seen.iter())
            .map(|((chunk, expr), seen)| {
                let value = values.of(&seen.value);
                (*chunk, *expr, value, situations.of(&seen.situation))
            })
            .collect();
        seen.sort_unstable();
        let mut scoped = Vec::from_iter(outcome.scoped.iter().copied());
        scoped.sort_unstable();
        Told {
            tells: tells
                .map(|(key, value)| (keys.of(key), values.of(value)))
                .collect(),
            reads: lists.of(&reads),
            seen,
            scoped,
        }
    }

    fn outcome(&self, of: &Rounds) -> Outcome {
        let key = |number: u32| of.keys[number as usize].clone();
        let value = |number: u32| of.values[number as usize].clone();
        let seen = |&(chunk, expr, number, situation): &(u16, ExprId, u32, u32)| {
            let seen = Seen {
                value: value(number),
                situation: of.situations[situation as usize].clone(),
            };
            ((chunk, expr), seen)
        };
        let tells = self.tells.iter();
        let reads = of.reads[self.reads as usize].iter();
        Outcome {
            tells: tells
                .map(|&(told, number)| (key(told), value(number)))
                .collect(),
            reads: reads.map(|&read| key(read)).collect(),
            seen: self.seen.iter().map(seen).collect(),
            scoped: self.scoped.iter().copied().collect(),
        }
    }
}

/// The same in memory of its own, texts and all.
pub fn renewed<T: Serialize + DeserializeOwned>(value: &T) -> T {
    from_bytes(&to_bytes(value))
}

fn to_bytes<T: Serialize>(value: &T) -> Vec<u8> {
    postcard::to_allocvec(value).expect("memory takes as many bytes as come")
}

fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> T {
    postcard::from_bytes(bytes).expect("this very program wrote them")
}
