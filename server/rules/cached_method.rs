//! DDB202: cached-method.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Applicability, Category, Effect, Severity};
use crate::fix;
use crate::fix::Rewrite;
use crate::fix::imports::Style;
use crate::fix::module::{named_children, statements};
use crate::rules::About;
use crate::rules::stories::returned;

pub const ABOUT: About = About {
    code: "DDB202",
    name: "cached-method",
    effect: Effect::Leak,
    severity: Severity::Warning,
    categories: &[Category::ML],
    off: false,
    tell,
    message,
    rewrite,
};

fn tell(cx: &Cx, verdict: &mut Verdict) {
    returned(cx, verdict);
}

fn message(page: &Page, verdict: &Verdict) -> String {
    format!("`{}` on a method keeps `self` and the result of {} alive in a cache of the class", page.finding_text(verdict), page.source(verdict))
}

fn rewrite(acc: &mut Vec<Rewrite>, cx: &fix::Cx) {
    acc.extend(per_instance(cx));
}

/// A cache that goes with its instance: made in `__init__`, around the bound method.
fn per_instance(cx: &fix::Cx) -> Option<Rewrite> {
    let module = cx.module;
    let decorated = cx.node.parent().filter(|up| up.kind() == "decorated_definition")?;
    let method = decorated.child_by_field_name("definition")?;
    let name = module.of(method.child_by_field_name("name")?);
    let class = decorated.parent().filter(|up| up.kind() == "block")?;
    let methods = statements(class);
    let init = methods.into_iter().find(|it| it.child_by_field_name("name").is_some_and(|it| module.of(it) == "__init__"))?;
    let last = statements(init.child_by_field_name("body")?).pop().filter(|last| module.alone(*last))?;
    let cache = named_children(cx.node).first().copied()?;
    let plain = match cache.kind() {
        "call" => module.of(cache).to_string(),
        _ => format!("lru_cache(maxsize={})", cx.bounds.cache),
    };
    let one_line = !plain.contains('\n') && module.alone(cx.node);
    if !one_line || name.starts_with("__") {
        return None;
    }
    let mut draft = cx.draft(format!("Keep the cache of `{name}` with each instance"), Applicability::Display);
    let plain = if cache.kind() == "call" { plain } else { format!("{}(maxsize={})", draft.import(module, "functools", "lru_cache", Style::Name)?, cx.bounds.cache) };
    let first = named_children(init.child_by_field_name("parameters")?).first().copied()?;
    let this = module.of(first);
    draft.replace(module, module.lines(cx.node), "");
    draft.below(module, last, &[format!("{this}.{name} = {plain}({this}.{name})")])?;
    Some(draft)
}
