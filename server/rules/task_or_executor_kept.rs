//! DDB704: task-or-executor-kept.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Applicability, Category, Effect, Severity};
use crate::fix;
use crate::fix::Rewrite;
use crate::fix::containers::{Container, birth, method, plain, starts, stored_alone};
use crate::fix::module::{function_of, named_children};
use crate::fix::containers::arguments;
use crate::rules::About;
use crate::rules::stories::{long_lived, stored};
use crate::value::What;

pub const ABOUT: About = About {
    code: "DDB704",
    name: "task-or-executor-kept",
    effect: Effect::Leak,
    severity: Severity::Warning,
    categories: &[Category::ML],
    off: false,
    tell,
    message,
    rewrite,
};

const EXECUTOR: &str = "executor";

fn tell(cx: &Cx, verdict: &mut Verdict) {
    stored(cx, verdict);
    long_lived(cx, verdict);
    if cx.captured("executor").is_some() {
        verdict.story.variant = EXECUTOR;
        verdict.story.value = cx.best(&cx.value_of("executor"), |atom| matches!(atom.what, What::Object(_)));
    }
    if cx.in_script(verdict.function) || verdict.function == 0 {
        verdict.severity = crate::finding::Severity::Info;
    }
}

fn message(page: &Page, verdict: &Verdict) -> String {
    let holder = page.holder(verdict);
    match verdict.story.variant {
        EXECUTOR => format!("{holder} keeps an executor for each request, and with it its threads: nothing shuts one down"),
        _ => format!("{holder} keeps each task when it is done, and with it what {} gave: nothing discards one", page.source(verdict)),
    }
}

fn rewrite(acc: &mut Vec<Rewrite>, cx: &fix::Cx) {
    if cx.verdict.story.variant.is_empty() {
        acc.extend(discarded(cx));
    }
}

/// `task.add_done_callback(TASKS.discard)`
fn discarded(cx: &fix::Cx) -> Option<Rewrite> {
    let module = cx.module;
    let holder = cx.holder().filter(|holder| plain(*holder))?;
    let alone = stored_alone(cx)?;
    // A list of tasks is there to be waited for.
    if birth(cx)?.shape != Container::Set || method(module, cx.node) != "add" {
        return None;
    }
    let value = *named_children(arguments(cx.node)?).last()?;
    let name = module.of(holder);
    let title = format!("Discard each task from `{name}` when it is done");
    let mut draft = cx.draft(title, Applicability::Unsafe);
    let task = match value.kind() {
        "identifier" => module.of(value),
        _ if !starts(module, value) => return None,
        _ => {
            let own = function_of(alone)?;
            let task = ["task", "running"].into_iter().find(|free| module.is_free(own, free))?;
            let (indent, end) = (module.indent(alone)?, module.line_end());
            draft.insert(module, alone.start_byte(), format!("{task} = {}{end}{indent}", module.of(value)));
            draft.replace(module, value.byte_range(), task);
            task
        }
    };
    draft.below(module, alone, &[format!("{task}.add_done_callback({name}.discard)")])?;
    Some(draft)
}
