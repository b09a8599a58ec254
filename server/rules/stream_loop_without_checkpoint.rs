//! DDB406: stream-loop-without-checkpoint.

use crate::analysis::render::Page;
use crate::analysis::Verdict;
use crate::finding::{Category, Effect, Severity};
use crate::fix::none;
use crate::rules::About;
use crate::rules::stories::read;

pub const ABOUT: About = About {
    code: "DDB406",
    name: "stream-loop-without-checkpoint",
    effect: Effect::DataLoss,
    severity: Severity::Info,
    categories: &[Category::UC],
    off: false,
    tell: read,
    message,
    rewrite: none,
};

fn message(page: &Page, verdict: &Verdict) -> String {
    format!("nothing stores how far {} has come: after a restart the loop reads its records again, or misses those that came meanwhile", page.source(verdict))
}
