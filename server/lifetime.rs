//! How long a place keeps what is stored in it.

use crate::finding::Confidence;
use crate::summary::CellKey;
use crate::value::*;
use crate::workspace::world::Reader;

/// The lifetime of what `place` holds, how sure that is, and what says so.
pub fn lifetime(place: &Place, reader: &Reader) -> (Lifetime, Confidence, Option<Site>) {
    let sure = |lifetime| (lifetime, Confidence::High, None);
    match place {
        Place::Local(..) => sure(Lifetime::Call),
        Place::Global(..)
        | Place::Static(..)
        | Place::Default(..)
        | Place::FunctionAttr(..)
        | Place::App(_) => sure(Lifetime::Process),
        Place::Request(_) => sure(Lifetime::Request),
        Place::Session => sure(Lifetime::Session),
        // Thread-locals are told by a rule of their own.
        Place::Thread(_) => sure(Lifetime::Call),
        Place::Attr(class, _) => instance(*class, reader),
    }
}

/// How long instances of a class live.
pub fn instance(class: ClassId, reader: &Reader) -> (Lifetime, Confidence, Option<Site>) {
    let life = reader.cell(CellKey::Life(class));
    let mut best = (Lifetime::Call, Confidence::High, None);
    for atom in life.atoms() {
        let lives = match atom.what {
            What::Mark(Mark::Lives(lifetime)) => lifetime,
            What::Mark(Mark::Role(Role::Middleware | Role::Singleton)) => Lifetime::Process,
            What::Mark(Mark::Role(Role::View | Role::PerRequest)) => Lifetime::Request,
            // Built per request by its framework, whatever else refers to it.
            _ => continue,
        };
        if lives > best.0 {
            best = (lives, atom.confidence, atom.steps.first().copied());
        }
    }
    best
}
