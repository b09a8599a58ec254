//! DDB606: event-handler-per-call.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Applicability, Category, Effect, Severity};
use crate::fix;
use crate::fix::Rewrite;
use crate::fix::containers::{add_argument, arguments};
use crate::fix::module::{function_of, named_children};
use crate::rules::About;
use crate::rules::stories::made;
use crate::value::Mark;

pub const ABOUT: About = About {
    code: "DDB606",
    name: "event-handler-per-call",
    effect: Effect::Leak,
    severity: Severity::Error,
    categories: &[Category::ML],
    off: false,
    tell,
    message,
    rewrite,
};

fn tell(cx: &Cx, verdict: &mut Verdict) {
    made(cx, verdict, |mark| mark == Mark::Request, "runs for each request");
    verdict.story.value = cx.best(&cx.value_of("client"), |atom| atom.data().is_some());
    verdict.story.holder_span = cx.span_of("client");
}

fn message(page: &Page, verdict: &Verdict) -> String {
    format!("each request adds another handler to {}, which lives on: it keeps them all, and calls them all", page.holder(verdict))
}

fn rewrite(acc: &mut Vec<Rewrite>, cx: &fix::Cx) {
    acc.extend(once(cx));
}

/// `unique_id="..."`: a second handler of that name is not added.
fn once(cx: &fix::Cx) -> Option<Rewrite> {
    let (module, node) = (cx.module, cx.node);
    let [_, handler] = named_children(arguments(node)?)[..] else { return None };
    let own = function_of(node)?;
    let name = match handler.kind() {
        "identifier" => module.of(handler),
        "lambda" => module.of(own.child_by_field_name("name")?),
        "attribute" => module.of(handler.child_by_field_name("attribute")?),
        _ => return None,
    };
    // A function of the module is the same each time.
    let same = handler.kind() == "identifier" && module.resolve(handler).kind() == "module";
    let applicability = if same { Applicability::Safe } else { Applicability::Unsafe };
    let quote = module.quote();
    let mut draft = cx.draft(format!("Register it once, as `{name}`"), applicability);
    add_argument(&mut draft, module, node, &format!("unique_id={quote}{name}{quote}"))?;
    Some(draft)
}
