//! DDB803: credentials-in-code.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Category, Effect, Severity};
use crate::fix;
use crate::rules::About;

pub const ABOUT: About = About {
    code: "DDB803",
    name: "credentials-in-code",
    effect: Effect::Exposure,
    severity: Severity::Error,
    categories: &[Category::AU],
    off: false,
    tell,
    message,
    rewrite: fix::none,
};

fn tell(_: &Cx, _: &mut Verdict) {}

/// Says nothing of the value itself.
fn message(_: &Page, _: &Verdict) -> String {
    "a key of AWS stands in the code: whoever can read the code can use it".into()
}
