//! Imports that rewrites need, where isort would put them, and those that nothing uses any more.

use std::ops::Range;
use std::sync::Arc;

use tree_sitter::Node;

use super::module::{Module, ancestors, is_name, named_children, statements_of, words};
use super::{Need, edit};
use crate::api::MODULES;
use crate::finding::Edit;

/// How code names what it imports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `contextlib.closing`
    Module,
    /// `deque`
    Name,
}

/// How to write `name` of `from`, and what must be imported for it. What is there is used, as it is
/// written there; `None` where each way would hide another name.
pub fn named(
    module: &Module,
    from: &'static str,
    name: &'static str,
    style: Style,
) -> Option<(String, Option<Need>)> {
    let mut whole = None;
    for import in module.imports() {
        for bound in bound_by(module, import) {
            if bound.from != from || module.binds(bound.name) {
                continue;
            }
            if bound.symbol == Some(name) {
                return Some((bound.name.to_string(), None));
            }
            if bound.symbol.is_none() && (bound.aliased || !from.contains('.')) {
                whole = Some(format!("{}.{name}", bound.name));
            }
        }
    }
    let from_names = module.imports().any(|import| {
        let mut names = bound_by(module, import).into_iter();
        names.any(|bound| bound.from == from && bound.symbol.is_some())
    });
    if let Some(whole) = whole {
        return Some((whole, None));
    }
    let need = |name| Need {
        file: Arc::clone(&module.path),
        from,
        name,
    };
    let by_name = (!module.mentions(name) && !module.quoted_all(name) && !module.is_wild())
        .then(|| (name.to_string(), Some(need(Some(name)))));
    let root = from.split('.').next().unwrap_or(from);
    let by_module = (!module.mentions(root) && !bound_at_all(module, root))
        .then(|| (format!("{from}.{name}"), Some(need(None))));
    match style {
        Style::Module if !from_names => by_module.or(by_name),
        _ => by_name.or(by_module),
    }
}

impl Module<'_> {
    /// A name that an import or a definition binds, even if nothing uses it.
    fn quoted_all(&self, name: &str) -> bool {
        bound_at_all(self, name)
    }
}

fn bound_at_all(module: &Module, name: &str) -> bool {
    module.named(name).into_iter().any(super::module::binds)
}

/// The edits that bring in what is needed in a file and take out what the other edits left unused.
pub fn settle(module: &Module, needs: &[&Need], edits: &[&Edit]) -> Vec<Edit> {
    let mut wanted: Vec<(&str, Option<&str>)> = Vec::new();
    for need in needs {
        if !wanted.contains(&(need.from, need.name)) {
            wanted.push((need.from, need.name));
        }
    }
    wanted.sort_unstable();
    let mut settled = Vec::new();
    for import in module.imports() {
        let bound = bound_by(module, import);
        let orphans: Vec<&Bound> = (bound.iter())
            .filter(|bound| orphaned(module, bound, edits))
            .collect();
        let mut added: Vec<&str> = Vec::new();
        if takes_names(import) {
            let from = bound.first().map(|bound| bound.from);
            wanted.retain(|(need, name)| match name {
                Some(name) if Some(*need) == from => {
                    added.push(name);
                    false
                }
                _ => true,
            });
        }
        if !orphans.is_empty() || !added.is_empty() {
            let gap = wanted.is_empty();
            settled.extend(changed(module, import, &bound, &orphans, &added, gap));
        }
    }
    let mut by_place: Vec<(usize, String)> = Vec::new();
    for statement in new_statements(&wanted) {
        let (at, text) = placed(module, &statement);
        match by_place.iter_mut().find(|(place, _)| *place == at) {
            Some((_, before)) => {
                // `import a`, blank line: the blank line comes once, at the end.
                let end = module.line_end();
                let gap = before.ends_with(&format!("{end}{end}"));
                if gap && text.ends_with(&format!("{end}{end}")) {
                    before.truncate(before.len() - end.len());
                }
                before.push_str(&text);
            }
            None => by_place.push((at, text)),
        }
    }
    let new = by_place
        .into_iter()
        .map(|(at, text)| edit(module, at..at, text));
    settled.extend(new);
    settled
}

/// Where the file's first imports end, in whole lines: what comes there may use them.
pub fn end(module: &Module) -> Option<usize> {
    let last = run(module).pop()?;
    let mut end = module.lines(last).end;
    // `# from shop import unused`
    let imports = |line: &str| {
        let code = line.strip_prefix('#').map(str::trim);
        code.is_some_and(|it| {
            it.starts_with("import ") || it.starts_with("from ") && it.contains(" import ")
        })
    };
    let lines = module.source()[end..].split_inclusive('\n');
    let more = lines.take_while(|line| imports(line));
    end += more.map(str::len).sum::<usize>();
    Some(end)
}

/// What one import binds.
#[derive(Clone, Debug)]
struct Bound<'a> {
    name: &'a str,
    from: &'a str,
    /// `None`: the module itself.
    symbol: Option<&'a str>,
    aliased: bool,
    span: Range<usize>,
}

fn takes_names(import: Node) -> bool {
    import.kind() == "import_from_statement"
        && !named_children(import)
            .iter()
            .any(|child| child.kind() == "wildcard_import")
}

fn bound_by<'a>(module: &Module<'a>, import: Node) -> Vec<Bound<'a>> {
    let from = import.child_by_field_name("module_name");
    let mut cursor = import.walk();
    let names: Vec<Node> = import.children_by_field_name("name", &mut cursor).collect();
    let one = |node: Node| {
        let alias = node.child_by_field_name("alias");
        let written = node.child_by_field_name("name").unwrap_or(node);
        let text = module.of(written);
        let bound = match (alias, from) {
            (Some(alias), _) => module.of(alias),
            (None, Some(_)) => text,
            (None, None) => text.split('.').next().unwrap_or(text),
        };
        Bound {
            name: bound,
            from: from.map_or(text, |from| module.of(from)),
            symbol: from.map(|_| text),
            aliased: alias.is_some(),
            span: node.byte_range(),
        }
    };
    names.into_iter().map(one).collect()
}

/// Was the name used before the edits, and is it not after them?
fn orphaned(module: &Module, bound: &Bound, edits: &[&Edit]) -> bool {
    let uses: Vec<Node> = (module.named(bound.name).into_iter())
        .filter(|node| is_name(*node) && !in_import(*node))
        .collect();
    let gone = |node: &Node| {
        edits
            .iter()
            .any(|edit| edit.span.start <= node.start_byte() && node.end_byte() <= edit.span.end)
    };
    let written: usize = edits.iter().map(|edit| words(&edit.text, bound.name)).sum();
    !uses.is_empty() && uses.iter().all(gone) && written == 0 && !module.quoted(bound.name)
}

fn in_import(node: Node) -> bool {
    ancestors(node).any(|up| matches!(up.kind(), "import_statement" | "import_from_statement"))
}

/// One import statement with names taken out and added; `gap`: its blank line may go with it.
fn changed(
    module: &Module,
    import: Node,
    bound: &[Bound],
    orphans: &[&Bound],
    added: &[&str],
    gap: bool,
) -> Vec<Edit> {
    let is_orphan = |bound: &Bound| orphans.iter().any(|orphan| orphan.span == bound.span);
    let kept: Vec<&Bound> = bound.iter().filter(|bound| !is_orphan(bound)).collect();
    if kept.is_empty() && added.is_empty() {
        // A comment on it may be of use to somebody, as may what else stands on its line.
        if !module.alone(import) || module.end_of_line(import) != import.end_byte() {
            return Vec::new();
        }
        // With another import to come, the blank line is that one's.
        let lines = if gap {
            without(module, import)
        } else {
            module.lines(import)
        };
        return vec![edit(module, lines, String::new())];
    }
    let source = module.source();
    let (first, last) = (&bound[0].span, &bound[bound.len() - 1].span);
    let names = first.start..last.end;
    let simple = !source[names.clone()].contains(['\n', '\\', '#']);
    if simple {
        let mut all: Vec<&str> = kept.iter().map(|kept| &source[kept.span.clone()]).collect();
        for name in added {
            let at = all
                .iter()
                .position(|other| sort_key(other) > sort_key(name))
                .unwrap_or(all.len());
            all.insert(at, name);
        }
        return vec![edit(module, names, all.join(", "))];
    }
    let mut edits = Vec::new();
    let mut added = added.iter();
    for orphan in orphans {
        // What comes new takes the place of what goes.
        if let Some(name) = added.next() {
            edits.push(edit(module, orphan.span.clone(), name.to_string()));
            continue;
        }
        let next = bound
            .iter()
            .find(|other| other.span.start >= orphan.span.end);
        let span = match next {
            Some(next) => orphan.span.start..next.span.start,
            None => {
                let before = bound
                    .iter()
                    .rev()
                    .find(|other| other.span.end <= orphan.span.start);
                before.map_or(orphan.span.start, |before| before.span.end)..orphan.span.end
            }
        };
        if !source[span.clone()].contains('#')
            && !edits.iter().any(|other| touch(&other.span, &span))
        {
            edits.push(edit(module, span, String::new()));
        }
    }
    for name in added {
        let next = bound
            .iter()
            .find(|other| sort_key(&source[other.span.clone()]) > sort_key(name));
        let next = next.unwrap_or(&bound[bound.len() - 1]);
        let line = module.text.line_of(next.span.start);
        let before = &source[module.text.line_start(line)..next.span.start];
        let gap = match before.trim().is_empty() {
            true => format!("{}{before}", module.line_end()),
            false => " ".to_string(),
        };
        let at = next.span.start;
        edits.push(edit(module, at..at, format!("{name},{gap}")));
    }
    edits
}

fn touch(one: &Range<usize>, other: &Range<usize>) -> bool {
    one.start < other.end && other.start < one.end
}

/// A statement's lines, with the blank line that would be one too many.
pub fn without(module: &Module, statement: Node) -> Range<usize> {
    let lines = module.lines(statement);
    let text = module.text;
    let first = text.line_of(lines.start);
    let next = text.line_of(lines.end);
    let blank = |line: usize| text.line(line).trim().is_empty();
    let apart = first == 0 || blank(first - 1);
    match apart && lines.end < text.len() && blank(next) {
        true => lines.start..text.line_start(next + 1),
        false => lines,
    }
}

/// As isort orders names: constants, classes, the rest.
fn sort_key(name: &str) -> (u8, String) {
    let name = name.split_whitespace().next().unwrap_or(name);
    let class = match name.chars().next() {
        _ if name.len() > 1 && !name.chars().any(char::is_lowercase) => 0,
        Some(first) if first.is_uppercase() => 1,
        _ => 2,
    };
    (class, name.to_lowercase())
}

/// A statement to come.
struct Statement {
    from: String,
    names: Vec<String>,
}

fn new_statements(wanted: &[(&str, Option<&str>)]) -> Vec<Statement> {
    let mut all: Vec<Statement> = Vec::new();
    for (from, name) in wanted {
        let same = |it: &&mut Statement| it.from == *from && it.names.is_empty() == name.is_none();
        match all.iter_mut().find(same) {
            Some(statement) => statement.names.extend(name.map(str::to_string)),
            None => all.push(Statement {
                from: from.to_string(),
                names: name.iter().map(|name| name.to_string()).collect(),
            }),
        }
    }
    for statement in &mut all {
        statement.names.sort_by_key(|name| sort_key(name));
    }
    // `import x` comes before `from x import y`.
    all.sort_by_key(|statement| (!statement.names.is_empty(), statement.from.clone()));
    all
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Section {
    Future,
    Standard,
    Other,
    Local,
}

fn section(from: &str) -> Section {
    let root = from.split('.').next().unwrap_or(from);
    match root {
        "__future__" => Section::Future,
        "" => Section::Local,
        _ if MODULES.standard.contains(root) => Section::Standard,
        _ => Section::Other,
    }
}

/// The imports that the file begins with.
fn run<'m>(module: &'m Module) -> Vec<Node<'m>> {
    let mut run = Vec::new();
    for node in statements_of(module.root()) {
        match node.kind() {
            "import_statement" | "import_from_statement" | "future_import_statement" => {
                run.push(node);
            }
            // The docstring.
            "expression_statement"
                if run.is_empty()
                    && node.named_child(0).is_some_and(|it| it.kind() == "string") => {}
            _ => break,
        }
    }
    run
}

/// Where a new statement goes, and its text there.
fn placed(module: &Module, statement: &Statement) -> (usize, String) {
    let end = module.line_end();
    let line = match &statement.names[..] {
        [] => format!("import {}{end}", statement.from),
        names => format!("from {} import {}{end}", statement.from, names.join(", ")),
    };
    let of = |node: &Node| {
        let from = node.child_by_field_name("module_name");
        let first = from.or_else(|| node.child_by_field_name("name"));
        let first = first.map(|first| first.child_by_field_name("name").unwrap_or(first));
        let text = match node.kind() {
            "future_import_statement" => "__future__",
            _ => first.map_or("", |first| module.of(first)),
        };
        (section(text), from.is_some(), text.to_lowercase())
    };
    let own = section(&statement.from);
    let key = (
        own,
        !statement.names.is_empty(),
        statement.from.to_lowercase(),
    );
    let run = run(module);
    // The last of its section that comes before it; else the first of its section.
    let before = run.iter().rev().find(|node| {
        let found = of(node);
        found.0 == own && found <= key
    });
    if let Some(before) = before {
        return (after(module, *before), finished(module, *before, line));
    }
    if let Some(first) = run.iter().find(|node| of(node).0 == own) {
        return (module.lines(*first).start, line);
    }
    if let Some(next) = run.iter().find(|node| of(node).0 > own) {
        return (module.lines(*next).start, format!("{line}{end}"));
    }
    // Behind all imports that are there, or before the first statement.
    if let Some(last) = run.last() {
        let line = format!("{end}{line}");
        return (after(module, *last), finished(module, *last, line));
    }
    let first = statements_of(module.root()).next();
    let docstring =
        first.filter(|node| node.named_child(0).is_some_and(|it| it.kind() == "string"));
    match docstring {
        Some(docstring) => {
            let line = format!("{end}{line}");
            (after(module, docstring), finished(module, docstring, line))
        }
        None => {
            let at = first.map_or(0, |first| module.lines(first).start);
            let definition = first.is_some_and(|first| {
                matches!(
                    first.kind(),
                    "function_definition" | "class_definition" | "decorated_definition"
                )
            });
            let gap = if definition {
                format!("{end}{end}")
            } else {
                end.to_string()
            };
            (at, format!("{line}{gap}"))
        }
    }
}

fn after(module: &Module, node: Node) -> usize {
    module.lines(node).end
}

/// The file's last line may have no line end.
fn finished(module: &Module, node: Node, line: String) -> String {
    let lines = module.lines(node);
    match module.source()[lines].ends_with('\n') {
        true => line,
        false => format!("{}{line}", module.line_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Text;

    fn imported(source: &str, from: &'static str, name: Option<&'static str>) -> String {
        let text = Text::new(source.to_string());
        let module = Module::parse("main.py".into(), &text).unwrap();
        let need = Need {
            file: "main.py".into(),
            from,
            name,
        };
        let edits = settle(&module, &[&need], &[]);
        super::super::applied(source, &edits.iter().collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn an_import_comes_where_isort_puts_it() {
        let deque = |source| imported(source, "collections", Some("deque"));
        assert_eq!(
            deque("import boto3\n\nX = 1\n"),
            "from collections import deque\n\nimport boto3\n\nX = 1\n"
        );
        assert_eq!(
            deque("import os\nimport boto3\n"),
            "import os\nfrom collections import deque\nimport boto3\n"
        );
        assert_eq!(
            deque("from collections import OrderedDict\n"),
            "from collections import OrderedDict, deque\n"
        );
        assert_eq!(
            deque("from collections import (\n    OrderedDict,\n    defaultdict,\n)\n"),
            "from collections import (\n    OrderedDict,\n    deque,\n    defaultdict,\n)\n"
        );
        assert_eq!(
            deque("\"\"\"Doc.\"\"\"\n\nfrom __future__ import annotations\n\nimport boto3\n"),
            "\"\"\"Doc.\"\"\"\n\nfrom __future__ import annotations\n\nfrom collections import deque\n\nimport boto3\n"
        );
        assert_eq!(
            imported("import sys\nfrom json import loads\n", "functools", None),
            "import functools\nimport sys\nfrom json import loads\n"
        );
        assert_eq!(
            deque("#!/usr/bin/env python\nX = 1\r\n"),
            "#!/usr/bin/env python\nfrom collections import deque\n\nX = 1\r\n"
        );
        assert_eq!(
            imported(
                "import boto3\nfrom .a import b\n",
                "cachetools",
                Some("LRUCache")
            ),
            "import boto3\nfrom cachetools import LRUCache\nfrom .a import b\n"
        );
    }

    #[test]
    fn what_is_there_is_used_and_nothing_is_hidden() {
        let written = |source: &str| {
            let text = Text::new(source.to_string());
            let module = Module::parse("main.py".into(), &text).unwrap();
            let found = named(&module, "collections", "deque", Style::Name);
            found.map(|(written, need)| format!("{written} {}", need.is_some()))
        };
        let all = [
            ("import collections\n", Some("collections.deque false")),
            ("import collections as c\n", Some("c.deque false")),
            ("from collections import deque as d\n", Some("d false")),
            ("deque = 1\n", Some("collections.deque true")),
            ("def f(deque):\n    return collections\n", None),
            ("from x import *\n", Some("collections.deque true")),
            (
                "from collections import deque\ndef f(deque): pass\n",
                Some("collections.deque true"),
            ),
            ("x.deque(deque=1)\n", Some("deque true")),
        ];
        for (source, expected) in all {
            assert_eq!(written(source).as_deref(), expected, "{source}");
        }
    }
}
