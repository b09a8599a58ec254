//! DDB307: unprojected-read.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Applicability, Category, Effect, Severity};
use crate::fix;
use crate::fix::Rewrite;
use crate::fix::projection::project;
use crate::flow::uses::listed;
use crate::rules::About;
use crate::rules::stories::read;
use smol_str::SmolStr;

pub const ABOUT: About = About {
    code: "DDB307",
    name: "unprojected-read",
    effect: Effect::Peak,
    severity: Severity::Info,
    categories: &[Category::UC],
    off: true,
    tell,
    message,
    rewrite,
};

fn tell(cx: &Cx, verdict: &mut Verdict) {
    read(cx, verdict);
    let uses = cx.captured("finding").and_then(|finding| cx.uses_here(finding.expr?));
    if uses.as_ref().is_some_and(|uses| uses.tested) {
        verdict.story.variant = "tested";
    }
    let few = uses.and_then(|uses| uses.few().map(|few| few.join(", ")));
    verdict.story.detail = few.unwrap_or_default().into();
}

fn message(page: &Page, verdict: &Verdict) -> String {
    format!("`{}` reads whole items: only {} used", page.finding_text(verdict), listed(&verdict.story.detail))
}

fn rewrite(acc: &mut Vec<Rewrite>, cx: &fix::Cx) {
    acc.extend(projected(cx));
}

fn projected(cx: &fix::Cx) -> Option<Rewrite> {
    let attributes: Vec<SmolStr> = cx.verdict.story.detail.split(", ").map(Into::into).collect();
    // An item that has none of these attributes comes back empty.
    let applicability = match cx.verdict.story.variant {
        "tested" => Applicability::Unsafe,
        _ => Applicability::Safe,
    };
    let mut draft = cx.draft("Read only the attributes that are used", applicability);
    project(&mut draft, cx.module, cx.node, &attributes)?;
    Some(draft)
}
