//! DDB803: credentials-in-code.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Applicability, Category, Effect, Severity};
use crate::fix;
use crate::fix::Rewrite;
use crate::fix::containers::written;
use crate::fix::imports::Style;
use crate::fix::module::has_word;
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
    rewrite,
};

fn tell(_: &Cx, _: &mut Verdict) {}

/// Says nothing of the value itself.
fn message(_: &Page, _: &Verdict) -> String {
    "a key of AWS stands in the code: whoever can read the code can use it".into()
}

fn rewrite(acc: &mut Vec<Rewrite>, cx: &fix::Cx) {
    acc.extend(looked_up(cx));
}

/// `os.environ["AWS_SECRET_ACCESS_KEY"]`
fn looked_up(cx: &fix::Cx) -> Option<Rewrite> {
    let (module, node) = (cx.module, cx.node);
    let text = module.of(node);
    let quote = text.chars().next().filter(|it| matches!(it, '"' | '\''))?;
    let is_id = |key: &str| key.starts_with("AKIA") || key.starts_with("ASIA");
    let key = text.trim_matches(quote);
    let variable = if is_id(key) { "AWS_ACCESS_KEY_ID" } else { "AWS_SECRET_ACCESS_KEY" };
    // Two accounts in one file are not one variable.
    let page = Page::of(cx.fixer.workspace());
    let mut others = cx.fixer.workspace().verdicts(&module.path).filter(|other| other.rule.code == cx.verdict.rule.code);
    let another = others.any(|other| {
        let base = page.chunk(other.unit, other.chunk).map_or(0, |(_, _, _, base)| base);
        let found = module.source().get(base + other.span.start as usize..base + other.span.end as usize);
        let found = found.map_or("", |found| found.trim_matches(['"', '\'']));
        is_id(found) == is_id(key) && found != key
    });
    if another {
        return None;
    }
    let parent = node.parent()?;
    let mut draft = cx.draft(format!("Read it from the variable `{variable}` of the environment"), Applicability::Unsafe);
    let environ = draft.import(module, "os", "environ", Style::Module)?;
    let look_up = format!("{environ}[{quote}{variable}{quote}]");
    match parent.kind() {
        // `os.environ["AWS_ACCESS_KEY_ID"] = "…"` sets what it would read.
        "assignment" if parent.child_by_field_name("left").is_some_and(|left| has_word(module.of(left), "environ")) => return None,
        // `os.environ.get("AWS_ACCESS_KEY_ID", "…")`
        "argument_list" => {
            let call = parent.parent().filter(|up| up.kind() == "call")?;
            let function = call.child_by_field_name("function")?;
            let last = written(module, function.child_by_field_name("attribute").unwrap_or(function));
            let of_environ = last == "getenv" || last == "get" && has_word(module.of(function), "environ");
            if !of_environ {
                return None;
            }
            let name = parent.named_child(0).filter(|name| name.kind() == "string")?;
            draft.replace(module, call.byte_range(), format!("{environ}[{}]", module.of(name)));
            return Some(draft);
        }
        _ => {}
    }
    draft.replace(module, node.byte_range(), look_up);
    Some(draft)
}
