//! DDB201: unbounded-function-cache.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Applicability, Category, Effect, Severity};
use crate::fix;
use crate::fix::Rewrite;
use crate::fix::factories::limited;
use crate::rules::About;
use crate::rules::stories::returned;
use crate::value::Kind;

pub const ABOUT: About = About {
    code: "DDB201",
    name: "unbounded-function-cache",
    effect: Effect::Leak,
    severity: Severity::Error,
    categories: &[Category::ML, Category::UC],
    off: false,
    tell,
    message,
    rewrite,
};

fn tell(cx: &Cx, verdict: &mut Verdict) {
    returned(cx, verdict);
}

fn message(page: &Page, verdict: &Verdict) -> String {
    format!("`{}` keeps the result of {} for each new argument: nothing is ever evicted", page.finding_text(verdict), page.source(verdict))
}

fn rewrite(acc: &mut Vec<Rewrite>, cx: &fix::Cx) {
    acc.extend(limited(cx, size(cx), Applicability::Unsafe));
}

/// Pages are large: eight of them are 26 MB through a client.
const PAGES: u32 = 8;

fn size(cx: &fix::Cx) -> u32 {
    let pages = cx.verdict.story.value.as_ref().and_then(|atom| atom.data()).is_some_and(|data| {
        matches!(data.kind, Kind::Page | Kind::PageIterator | Kind::Items | Kind::Records) && !data.single
    });
    if pages { cx.bounds.cache.min(PAGES) } else { cx.bounds.cache }
}
