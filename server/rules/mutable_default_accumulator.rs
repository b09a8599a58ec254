//! DDB102: mutable-default-accumulator.

use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Applicability, Category, Effect, Severity};
use crate::fix;
use crate::fix::Rewrite;
use crate::fix::containers::arguments;
use crate::fix::module::{Module, has_word, named_children, statements};
use crate::rules::About;
use crate::rules::stories::stored;
use tree_sitter::Node;

pub const ABOUT: About = About {
    code: "DDB102",
    name: "mutable-default-accumulator",
    effect: Effect::Leak,
    severity: Severity::Error,
    categories: &[Category::ML, Category::UC],
    off: false,
    tell,
    message,
    rewrite,
};

fn tell(cx: &Cx, verdict: &mut Verdict) {
    stored(cx, verdict);
}

fn message(page: &Page, verdict: &Verdict) -> String {
    format!("the default value of {} is made once and keeps {} of {} for the life of the process", page.holder(verdict), page.kept(verdict), page.source(verdict))
}

fn rewrite(acc: &mut Vec<Rewrite>, cx: &fix::Cx) {
    acc.extend(fresh(cx));
}

/// `def collect(item, seen=None): if seen is None: seen = []`
fn fresh(cx: &fix::Cx) -> Option<Rewrite> {
    let module = cx.module;
    let holder = cx.holder().filter(|holder| holder.kind() == "identifier")?;
    let name = module.of(holder);
    let function = Some(module.resolve(holder)).filter(|scope| scope.kind() == "function_definition")?;
    let parameters = named_children(function.child_by_field_name("parameters")?);
    let parameter = parameters.into_iter().find(|it| it.child_by_field_name("name").is_some_and(|it| module.of(it) == name))?;
    let value = parameter.child_by_field_name("value")?;
    let made = match value.kind() {
        "list" | "dictionary" => value.named_child_count() == 0,
        "call" => {
            let function = module.of(value.child_by_field_name("function")?);
            let empty = named_children(arguments(value)?).is_empty();
            empty && matches!(function.rsplit('.').next(), Some("list" | "dict" | "set" | "deque" | "OrderedDict"))
        }
        _ => false,
    };
    let body = function.child_by_field_name("body")?;
    let all = statements(body);
    let first = *all.first()?;
    if !made || module.of(value).contains('\n') || module.text.line_of(first.start_byte()) == module.text.line_of(function.start_byte()) {
        return None;
    }
    let mut draft = cx.draft(format!("Make `{name}` anew in each call"), Applicability::Unsafe);
    draft.replace(module, value.byte_range(), "None");
    if let Some(annotation) = parameter.child_by_field_name("type") {
        optional(&mut draft, module, annotation);
    }
    let (unit, end) = (module.unit(), module.line_end());
    let lines = [format!("if {name} is None:"), format!("{unit}{name} = {}", module.of(value))];
    let docstring = first.named_child(0).is_some_and(|it| it.kind() == "string");
    if docstring {
        if !module.alone(first) {
            return None;
        }
        draft.below(module, first, &lines)?;
    } else {
        let indent = module.indent(first)?;
        let text: String = lines.iter().map(|line| format!("{indent}{line}{end}")).collect();
        draft.insert(module, module.lines(first).start, text);
    }
    Some(draft)
}

/// `list | None`, where the file says so elsewhere or does not evaluate it; `Optional[list]` where that is at hand.
fn optional(draft: &mut Rewrite, module: &Module, annotation: Node) {
    let written = module.of(annotation);
    if written.contains("Optional[") || has_word(written, "None") || written.starts_with(['"', '\'']) {
        return;
    }
    let source = module.source();
    if source.contains("from __future__ import annotations") || source.contains(" | None") {
        draft.insert(module, annotation.end_byte(), " | None");
    } else if module.mentions("Optional") && source.contains("import") && !module.binds("Optional") {
        draft.insert(module, annotation.start_byte(), "Optional[");
        draft.insert(module, annotation.end_byte(), "]");
    }
}
