//! What rules ask of endpoints: may anybody call them?

use super::Cx;
use super::predicates::Answer;
use crate::facts::FunctionId;
use crate::finding::Confidence;
use crate::flow::{django_settings, notes_of};
use crate::summary::CellKey;
use crate::value::{Atom, FileId, FuncId, Mark, Place, Site, Value, What};

/// A router hangs at another one this many times.
const HOPS: usize = 4;

/// Is the endpoint declared open to all, by itself or by all that it hangs at? What a function inside it gives is not
/// its answer.
pub fn open(cx: &Cx, function: FunctionId) -> Answer {
    let context = cx.reader.cell(CellKey::Context(FuncId {
        unit: cx.unit.id,
        function,
    }));
    let inside = cx.facts.functions[function as usize].parent != 0;
    if let (Some(class), false) = (cx.unit.class, inside) {
        let said = cx.reader.cell(CellKey::Life(class));
        if said.has(Mark::Open) {
            let view = context.mark(|mark| mark == Mark::Request);
            return view.map(|atom| atom.confidence);
        }
        if said.has(Mark::Asks) {
            return None;
        }
    }
    let atom = context.mark(|mark| mark == Mark::Open)?;
    let open = match &atom.held {
        None => true,
        Some(place) if *place == django_settings() => {
            !says(cx, cx.unit.file, Mark::Asks) && by_settings(cx, &context)
        }
        Some(place) => !says(cx, cx.unit.file, Mark::Guards) && hangs_open(cx, place, HOPS),
    };
    open.then_some(atom.confidence)
}

/// Does the file name what asks who somebody is, or what asks it for all routes?
fn says(cx: &Cx, file: FileId, mark: Mark) -> bool {
    let notes = CellKey::Holder(notes_of(file));
    cx.reader.cell(notes).has(mark)
}

/// A view for sure, in a project whose settings let everyone through.
fn by_settings(cx: &Cx, context: &Value) -> bool {
    let view = context.mark(|mark| mark == Mark::Request);
    let said = cx.reader.cell(CellKey::Holder(django_settings()));
    view.is_some_and(|atom| atom.confidence == Confidence::High)
        && said.has(Mark::Open)
        && !said.has(Mark::Asks)
}

fn hangs_open(cx: &Cx, place: &Place, left: usize) -> bool {
    let Place::Global(file, name) = place else {
        return false;
    };
    if says(cx, *file, Mark::Guards) {
        return false;
    }
    if name.is_empty() {
        return true;
    }
    let hung = cx.reader.cell(CellKey::Holder(place.clone()));
    let silent = |site: &Site| {
        let unit = cx.reader.world().units.get(&site.unit);
        unit.is_some_and(|unit| !says(cx, unit.file, Mark::Guards))
    };
    let above = |atom: &Atom| {
        atom.steps.iter().all(silent)
            && (atom.held.as_ref()).is_some_and(|above| hangs_open(cx, above, left - 1))
    };
    let mut hung = (hung.atoms().iter())
        .filter(|atom| atom.what == What::Mark(Mark::Open))
        .peekable();
    left > 0 && hung.peek().is_some() && hung.all(above)
}
