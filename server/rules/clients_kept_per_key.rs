//! DDB607: clients-kept-per-key.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Applicability, Category, Effect, Severity};
use crate::fix;
use crate::fix::Rewrite;
use crate::fix::containers::{arguments, method};
use crate::fix::factories::limited;
use crate::fix::module::{descend, is_name, named_children, statement};
use crate::rules::About;
use crate::rules::stories::{made, returned, stored};
use crate::value::Mark;
use tree_sitter::Node;

pub const ABOUT: About = About {
    code: "DDB607",
    name: "clients-kept-per-key",
    effect: Effect::Leak,
    severity: Severity::Error,
    categories: &[Category::ML],
    off: false,
    tell,
    message,
    rewrite,
};

/// A client takes 230 to 740 KB and a socket.
const CLIENTS: u32 = 8;

fn tell(cx: &Cx, verdict: &mut Verdict) {
    if cx.captured("_config").is_some() {
        made(cx, verdict, |mark| mark == Mark::Request, "runs for each request");
        verdict.story.variant = "config";
    } else if cx.captured("holder").is_some() {
        stored(cx, verdict);
    } else {
        returned(cx, verdict);
        verdict.story.variant = "cache";
    }
}

fn message(page: &Page, verdict: &Verdict) -> String {
    match verdict.story.variant {
        "config" => format!("`{}` is asked with a new `Config` each time, which equals no other: its cache never hits, and keeps every client", page.finding_text(verdict)),
        "cache" => format!("`{}` keeps {} for each new argument: nothing is ever evicted", page.finding_text(verdict), page.source(verdict)),
        _ => format!("{} keeps {} for each new key, with its connections: nothing takes one out", page.holder(verdict), page.source(verdict)),
    }
}

fn rewrite(acc: &mut Vec<Rewrite>, cx: &fix::Cx) {
    match cx.verdict.story.variant {
        "cache" => acc.extend(limited(cx, CLIENTS, Applicability::Safe)),
        "config" => acc.extend(shared_config(cx)),
        _ => {}
    }
}

/// `CONFIG = Config(...)` at the top of the module: the same key each time.
fn shared_config(cx: &fix::Cx) -> Option<Rewrite> {
    let (module, node) = (cx.module, cx.node);
    let given = named_children(arguments(node)?).into_iter().map(|it| it.child_by_field_name("value").filter(|_| it.kind() == "keyword_argument").unwrap_or(it));
    let configs: Vec<Node> = given.filter(|it| it.kind() == "call").collect();
    let [config] = configs[..] else { return None };
    let written = module.of(config);
    let mut constant = !written.contains(['\n', '#']);
    descend(config, &mut |inner| {
        constant &= inner.kind() != "call" || inner == config;
        if inner.kind() == "identifier" && is_name(inner) {
            constant &= module.resolve(inner).kind() == "module";
        }
        constant
    });
    let name = ["CONFIG", "CLIENT_CONFIG"].into_iter().find(|name| !module.mentions(name) && !module.quoted(name))?;
    if !constant || method(module, config) == "merge" {
        return None;
    }
    let mut top = statement(node)?;
    while let Some(up) = top.parent().filter(|up| up.kind() != "module") {
        top = statement(up).unwrap_or(up);
    }
    let end = module.line_end();
    let mut draft = cx.draft(format!("Make the `Config` once, as `{name}`"), Applicability::Safe);
    draft.insert(module, module.lines(top).start, format!("{name} = {written}{end}{end}{end}"));
    draft.replace(module, config.byte_range(), name);
    Some(draft)
}
