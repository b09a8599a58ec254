//! DDB205: whole-item-cached.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Applicability, Category, Confidence, Effect, Severity};
use crate::fix;
use crate::fix::Rewrite;
use crate::fix::parts::{part_stored, read_alone};
use crate::fix::projection::project;
use crate::flow::uses::{Uses, listed};
use crate::rules::About;
use crate::rules::stories::{returned, stored};
use crate::summary::CellKey;
use crate::value::{FuncId, Kind};
use crate::workspace::world::{ROUNDS, Reader};
use smol_str::SmolStr;

pub const ABOUT: About = About {
    code: "DDB205",
    name: "whole-item-cached",
    effect: Effect::Peak,
    severity: Severity::Warning,
    categories: &[Category::ML],
    off: false,
    tell,
    message,
    rewrite,
};

fn tell(cx: &Cx, verdict: &mut Verdict) {
    let uses = match cx.captured("function").and_then(|captured| captured.function) {
        Some(function) => {
            returned(cx, verdict);
            verdict.story.variant = "cache";
            Some(cx.uses_of_result(FuncId { unit: cx.unit.id, function }))
        }
        None => {
            stored(cx, verdict);
            verdict.story.holder.as_ref().and_then(|place| cx.uses(place))
        }
    };
    let few = uses.and_then(|uses| uses.few().map(|few| few.join(", ")));
    verdict.story.detail = few.unwrap_or_default().into();
    // Of a list the rest adds up; one item may have no other attributes.
    if verdict.story.value.as_ref().and_then(|atom| atom.data()).is_some_and(|data| data.single) {
        verdict.confidence = Confidence::Low;
    }
}

fn message(page: &Page, verdict: &Verdict) -> String {
    let (source, read) = (page.source(verdict), listed(&verdict.story.detail));
    match verdict.story.variant {
        "cache" => format!("`{}` keeps whole items of {source}: only {read} ever read", page.finding_text(verdict)),
        _ => format!("{} keeps whole items of {source}: only {read} ever read", page.holder(verdict)),
    }
}

fn rewrite(acc: &mut Vec<Rewrite>, cx: &fix::Cx) {
    acc.extend(projected(cx));
}

/// `ProjectionExpression="name, price"` in the read that fills the cache; of a response only the part is kept.
fn projected(cx: &fix::Cx) -> Option<Rewrite> {
    let (call, mut attributes) = read_alone(cx)?;
    attributes.extend(cx.verdict.story.detail.split(", ").map(Into::into));
    attributes.sort();
    attributes.dedup();
    let mut draft = match part_read(cx) {
        Some(part) => part_stored(cx, &part)?,
        None => cx.draft("", Applicability::Unsafe),
    };
    draft.title = "Read only the attributes that are used".into();
    draft.applicability = Applicability::Unsafe;
    project(&mut draft, cx.module, call, &attributes)?;
    Some(draft)
}

/// The only key that is read of the response that is kept.
fn part_read(cx: &fix::Cx) -> Option<SmolStr> {
    let place = cx.verdict.story.holder.clone()?;
    cx.verdict.story.value.as_ref()?.data().filter(|data| data.kind == Kind::Page)?;
    let reader = Reader::new(cx.fixer.workspace().world(), ROUNDS);
    let mut uses = Uses::default();
    uses.add(&reader.cell(CellKey::Uses(place)));
    uses.part().cloned()
}
