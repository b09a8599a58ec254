//! DDB703: log-handler-holds-items.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict, Where};
use crate::finding::{Applicability, Category, Effect, Severity};
use crate::fix;
use crate::fix::Rewrite;
use crate::fix::containers::{add_argument, arguments, keyword};
use crate::fix::imports::Style;
use crate::fix::module::named_children;
use crate::flow::notes_of;
use crate::rules::About;
use crate::summary::CellKey;
use crate::value::{Mark, What};

pub const ABOUT: About = About {
    code: "DDB703",
    name: "log-handler-holds-items",
    effect: Effect::Leak,
    severity: Severity::Error,
    categories: &[Category::ML],
    off: false,
    tell,
    message,
    rewrite,
};

fn tell(cx: &Cx, verdict: &mut Verdict) {
    let said = cx.reader.cell(CellKey::Holder(notes_of(cx.unit.file)));
    if let Some(logged) = said.atoms().iter().find(|atom| atom.what == What::Mark(Mark::LogsItems)) {
        let sites = logged.steps.iter().map(|site| (Where::Site(*site), "what DynamoDB gave is logged here"));
        verdict.story.notes.extend(sites);
    }
    if cx.in_script(verdict.function) {
        verdict.severity = Severity::Info;
    }
}

fn message(_: &Page, _: &Verdict) -> String {
    "a `MemoryHandler` without a target keeps every record with the items in it: past its capacity it empties itself only into a target".into()
}

fn rewrite(acc: &mut Vec<Rewrite>, cx: &fix::Cx) {
    acc.extend(targeted(cx));
}

/// `MemoryHandler(1000, target=logging.StreamHandler())`
fn targeted(cx: &fix::Cx) -> Option<Rewrite> {
    let module = cx.module;
    let mut draft = cx.draft("Give it a target", Applicability::Display);
    let handler = draft.import(module, "logging", "StreamHandler", Style::Module)?;
    let given = named_children(arguments(cx.node)?);
    let splat = |kind: &str| matches!(kind, "dictionary_splat" | "list_splat");
    if given.iter().any(|it| splat(it.kind())) || given.iter().filter(|it| it.kind() != "keyword_argument").count() > 2 {
        return None;
    }
    match given.into_iter().find(|it| keyword(module, *it) == Some("target")) {
        Some(target) => draft.replace(module, target.byte_range(), format!("target={handler}()")),
        None => add_argument(&mut draft, module, cx.node, &format!("target={handler}()"))?,
    }
    Some(draft)
}
