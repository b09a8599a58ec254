//! DDB301: materialised-pages.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Category, Effect, Severity};
use crate::fix;
use crate::fix::Rewrite;
use crate::fix::generators::materialised;
use crate::rules::About;
use crate::summary::CellKey;
use crate::value::{Mark, Place, What};

pub const ABOUT: About = About {
    code: "DDB301",
    name: "materialised-pages",
    effect: Effect::Peak,
    severity: Severity::Warning,
    categories: &[Category::ML, Category::UC],
    off: false,
    tell,
    message,
    rewrite,
};

/// Nobody takes what is gathered.
const DROPPED: &str = "dropped";

fn tell(cx: &Cx, verdict: &mut Verdict) {
    let value = ["source", "task"].iter().map(|name| cx.value_of(name)).find(|value| value.data().next().is_some()).unwrap_or_default();
    verdict.story.value = cx.best(&value, |atom| atom.data().is_some());
    if cx.captured("source").or(cx.captured("task")).is_none() {
        verdict.story.variant = DROPPED;
        verdict.story.value = cx.best(&cx.value_of("finding"), |atom| atom.data().is_some());
    }
    // What only converts all that it is given is told of where it is given that.
    if for_others(cx, verdict).is_some() {
        verdict.severity = Severity::Info;
    }
}

fn for_others(cx: &Cx, verdict: &Verdict) -> Option<()> {
    let given = &cx.seen_as("source")?.value;
    let param = given.atoms().iter().find_map(|atom| match atom.what {
        What::Param(function, index) => Some(Place::Default(function, index)),
        _ => None,
    })?;
    let read = verdict.story.value.as_ref()?.steps.first()?;
    let elsewhere = cx.reader.world().units.get(&read.unit)?.file != cx.unit.file;
    let own = given.data().next().is_some();
    let converts = cx.reader.cell(CellKey::Holder(param)).has(Mark::Converts);
    (converts && elsewhere && !own).then_some(())
}

fn message(page: &Page, verdict: &Verdict) -> String {
    match verdict.story.variant {
        DROPPED => format!("`{}` gathers all that {} gives, and nobody takes it", page.finding_text(verdict), page.source(verdict)),
        _ => format!("holds every page of {} in memory at once", page.source(verdict)),
    }
}

fn rewrite(acc: &mut Vec<Rewrite>, cx: &fix::Cx) {
    if cx.verdict.story.variant != DROPPED {
        materialised(acc, cx);
    }
}
