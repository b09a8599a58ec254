//! DDB504: receiver-connected-per-call.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Applicability, Category, Effect, Severity};
use crate::fix;
use crate::fix::Rewrite;
use crate::fix::containers::{add_argument, arguments, keyword};
use crate::fix::module::named_children;
use crate::rules::About;
use crate::rules::stories::made;
use crate::value::Mark;

pub const ABOUT: About = About {
    code: "DDB504",
    name: "receiver-connected-per-call",
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
    verdict.story.holder_span = cx.span_of("receiver");
}

fn message(page: &Page, verdict: &Verdict) -> String {
    format!("each request connects {} once more: the signal keeps them all, with what they hold", page.holder(verdict))
}

fn rewrite(acc: &mut Vec<Rewrite>, cx: &fix::Cx) {
    acc.extend(named_once(cx));
}

/// `signal.connect(receiver, weak=False, dispatch_uid="receiver")`; blinker's signals know no such name.
fn named_once(cx: &fix::Cx) -> Option<Rewrite> {
    let module = cx.module;
    let all = named_children(arguments(cx.node)?);
    let receiver = all.first().filter(|it| it.kind() == "identifier")?;
    let given = |name: &str| all.iter().any(|it| keyword(module, *it) == Some(name));
    let splat = all.iter().any(|it| matches!(it.kind(), "dictionary_splat" | "list_splat"));
    let knows = ["django", "celery"].iter().any(|library| !module.named(library).is_empty());
    if given("dispatch_uid") || splat || !knows {
        return None;
    }
    let (name, quote) = (module.of(*receiver), module.quote());
    let mut draft = cx.draft(format!("Connect `{name}` once, by a `dispatch_uid`"), Applicability::Unsafe);
    add_argument(&mut draft, module, cx.node, &format!("dispatch_uid={quote}{name}{quote}"))?;
    Some(draft)
}
