//! What one unit tells the rest of the program: cells, the units' contributions to them, and what a unit saw.

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};
use smallvec::{SmallVec, smallvec};
use smol_str::SmolStr;

use crate::facts::{ExprId, FunctionId};
use crate::value::{At, Atom, ClassId, FileId, FuncId, Mark, Place, Site, Value, What};

/// A question that units answer together: a cell's value is the join of what all units tell it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CellKey {
    /// What a module's name holds, beyond its definitions and imports.
    Global(FileId, SmolStr),
    /// `self.x`.
    Attr(ClassId, SmolStr),
    /// `Class.x`.
    Static(ClassId, SmolStr),
    /// `Class.x` and `self.x` as classes give it that derive from this one.
    Heirs(ClassId, SmolStr),
    /// What another place holds: `request.x`, `function.x`, a thread-local.
    Slot(Place),
    Bases(ClassId),
    Return(FuncId),
    Param(FuncId, u16),
    /// In which situations a function is called.
    Context(FuncId),
    /// The same without where and how sure: a part of it, told by nobody.
    Marks(FuncId),
    /// In which situations it runs, whoever names it: a part of its context, likewise.
    Runs(FuncId),
    /// Whether it runs once for each set of arguments, likewise.
    Memoised(FuncId),
    /// Whether any code names it, a framework calls it, or its results are kept, likewise.
    Entry(FuncId),
    /// How long instances of a class live, and its role.
    Life(ClassId),
    /// The role alone, which its heirs have too: a part of it, likewise.
    Roles(ClassId),
    /// What is done to a holder besides storing: emptied, capped, looked up.
    Holder(Place),
    /// What is read of the responses and items that a place holds.
    Uses(Place),
    /// What callers read of the responses and items that a function gives.
    Used(FuncId),
    /// The definitions and imports of a file: told by the text, not by evaluation.
    Exports(FileId),
    /// A file that is not loaded is handed a DynamoDB value.
    Unloaded(FileId),
    /// A definition's signature, likewise.
    Signature(FuncId),
    /// Whether the workspace has one file only, likewise.
    Alone,
    /// Whether a file names DynamoDB, likewise.
    Scope(FileId),
    /// The class's methods, likewise.
    Members(ClassId),
    /// The files whose module has this last name, likewise.
    Modules(SmolStr),
    /// Where a name stands in code, likewise.
    Named(SmolStr),
}

impl CellKey {
    /// The cell of which this one shows a part. Who asks for the part alone is not evaluated anew
    /// when the rest of it changes.
    pub fn whole(&self) -> Option<CellKey> {
        match self {
            CellKey::Marks(function)
            | CellKey::Runs(function)
            | CellKey::Memoised(function)
            | CellKey::Entry(function) => Some(CellKey::Context(*function)),
            CellKey::Roles(class) => Some(CellKey::Life(*class)),
            _ => None,
        }
    }

    /// The cells that show a part of this one.
    pub fn parts(&self) -> SmallVec<[CellKey; 4]> {
        match *self {
            CellKey::Context(function) => smallvec![
                CellKey::Marks(function),
                CellKey::Runs(function),
                CellKey::Memoised(function),
                CellKey::Entry(function)
            ],
            CellKey::Life(class) => smallvec![CellKey::Roles(class)],
            _ => SmallVec::new(),
        }
    }

    /// What this cell shows of its whole.
    pub fn part_of(&self, whole: &Value) -> Value {
        let bare = |atom: &Atom| Some(Atom::new(atom.what.clone()));
        match self {
            CellKey::Marks(_) => whole.map(|atom| match atom.what {
                What::Mark(_) => bare(atom),
                _ => None,
            }),
            CellKey::Runs(_) => whole.filter(|atom| atom.what != What::Mark(Mark::Named)),
            CellKey::Memoised(_) => whole.map(|atom| match atom.what {
                What::Mark(Mark::Memoised) => bare(atom),
                _ => None,
            }),
            CellKey::Entry(_) => whole.map(|atom| match atom.what {
                What::Mark(Mark::Named | Mark::Memoised) => bare(atom),
                // A framework's call has no call site.
                What::Mark(Mark::Request) if is_definition(&atom.steps) => Some(atom.clone()),
                _ => None,
            }),
            CellKey::Roles(_) => {
                whole.filter(|atom| matches!(atom.what, What::Mark(Mark::Role(_) | Mark::Single)))
            }
            _ => whole.clone(),
        }
    }
}

fn is_definition(steps: &[Site]) -> bool {
    matches!(
        steps,
        [Site {
            at: At::Definition(_),
            ..
        }]
    )
}

/// What evaluating one unit gave.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Sorted by key.
    pub tells: Vec<(CellKey, Value)>,
    /// Every cell that was asked, sorted.
    pub reads: Vec<CellKey>,
    /// What the expressions that patterns capture were, by chunk and expression.
    pub seen: FxHashMap<(u16, ExprId), Seen>,
    /// Sites whose value is used in `with`, pushed on an exit stack, closed, returned or yielded.
    pub scoped: FxHashSet<Site>,
}

/// A captured expression's value, joined over the branches and rounds in which it was evaluated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    pub value: Value,
    pub situation: Situation,
}

/// Where in the flow an expression was evaluated.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Situation {
    /// The loops around it inside its function, outermost first.
    pub loops: SmallVec<[LoopNote; 2]>,
    /// Runs once: guarded by a test of the place that it fills.
    pub guarded: bool,
    /// Those places are fields of the object alone: `if self.client is None: self.client = …`.
    pub own: bool,
    /// The parameter that the call may do without: `if client is None:`.
    pub instead_of: Option<u16>,
    /// Under `if __name__ == "__main__":`.
    pub main: bool,
    /// Built from what the call or the loop passes in.
    pub varies: bool,
    /// Part of a `return` or `yield`.
    pub returned: bool,
    /// A page iterator that was gone through to its end before.
    pub spent: bool,
    pub function: FunctionId,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LoopNote {
    /// Goes over all pages of an unbounded read.
    pub pages: bool,
    /// Known as such by its keys alone.
    pub by_keys: bool,
    /// Ends after a number of rounds or items.
    pub bounded: bool,
    /// Fetches stream records.
    pub stream: bool,
    /// Has no end of its own: `while True:`.
    pub endless: bool,
    /// Goes round until the process ends or somebody stops it.
    pub forever: bool,
    /// Is left by `break` or `return`.
    pub breaks: bool,
    /// A comprehension's.
    pub comprehension: bool,
    /// Where it stands.
    pub at: crate::facts::Span,
}
