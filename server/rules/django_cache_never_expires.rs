//! DDB204: django-cache-never-expires.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Applicability, Category, Effect, Severity};
use crate::fix;
use crate::fix::Rewrite;
use crate::fix::containers::{arguments, keyword};
use crate::fix::module::named_children;
use crate::rules::About;

pub const ABOUT: About = About {
    code: "DDB204",
    name: "django-cache-never-expires",
    effect: Effect::Churn,
    severity: Severity::Info,
    categories: &[Category::ML, Category::UC],
    off: false,
    tell,
    message,
    rewrite,
};

fn tell(cx: &Cx, verdict: &mut Verdict) {
    verdict.story.value = cx.best(&cx.value_of("value"), |atom| atom.data().is_some());
}

fn message(page: &Page, verdict: &Verdict) -> String {
    format!("the result of {} is cached without a timeout: it stays until the cache's own limit throws it out", page.source(verdict))
}

fn rewrite(acc: &mut Vec<Rewrite>, cx: &fix::Cx) {
    acc.extend(expiring(cx));
}

/// Django's own default, in seconds.
const TIMEOUT: u32 = 300;

fn expiring(cx: &fix::Cx) -> Option<Rewrite> {
    let module = cx.module;
    let all = named_children(arguments(cx.node)?);
    let mut draft = cx.draft(format!("Let it expire after {TIMEOUT} seconds"), Applicability::Unsafe);
    match all.iter().find(|it| keyword(module, **it) == Some("timeout")) {
        Some(keyword) => draft.replace(module, keyword.child_by_field_name("value")?.byte_range(), TIMEOUT.to_string()),
        None => {
            let third = all.get(2).filter(|node| node.kind() == "none")?;
            draft.replace(module, third.byte_range(), format!("timeout={TIMEOUT}"));
            if all.len() > 3 && all[3].kind() != "keyword_argument" {
                return None;
            }
        }
    }
    Some(draft.sized(TIMEOUT))
}
