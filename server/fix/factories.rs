//! One client for all calls: a factory at the top of the module, which `functools.cache` makes run once.

use std::ops::Range;

use tree_sitter::Node;

use super::containers::{arguments, keyword, method, written};
use super::imports::{self, Style};
use super::module::{
    Module, ancestors, binds, descend, function_of, has_word, is_name, named_children, scope_of,
    statement, statements,
};
use super::{Cx, Rewrite};
use crate::finding::Applicability;

/// Decorators under which a function without parameters runs once.
const MEMOS: [&str; 4] = [
    "@functools.cache",
    "@cache",
    "@functools.lru_cache(maxsize=None)",
    "@lru_cache(maxsize=None)",
];

/// Which of `functools` makes a function run once, as far as the file is known to have it: one that
/// says `lru_cache(maxsize=None)` may be for a Python older than `cache` (3.9). Python 2 has neither.
fn memo(cx: &Cx) -> Option<&'static str> {
    match cx.module.source().contains("lru_cache(maxsize=None)") || cx.older(3, 9) {
        true => (!cx.older(3, 2)).then_some("lru_cache"),
        false => Some("cache"),
    }
}

/// What stands behind the `@`.
fn decorator(draft: &mut Rewrite, module: &Module, memo: &'static str) -> Option<String> {
    let name = draft.import(module, "functools", memo, Style::Module)?;
    Some(match memo {
        "lru_cache" => format!("{name}(maxsize=None)"),
        _ => name,
    })
}

/// The ways to share what is built over and over.
pub fn shared(acc: &mut Vec<Rewrite>, cx: &Cx) {
    acc.extend(Built::of(cx).and_then(|built| built.memoised(cx).or_else(|| built.made_once(cx))));
}

/// May [`shared`] have something to say of the call, as far as the text around it tells?
pub fn sharable(text: &str, call: Range<usize>) -> bool {
    let (before, after) = (&text[..call.start], text[call.end..].trim_start());
    let called = text[call].split('(').next().unwrap_or_default().trim_end();
    match called.rsplit('.').next().unwrap_or_default().trim_start() {
        "client" | "resource" => true,
        // Something is made of it at once, or it stands in a variable: `session = boto3.Session()`.
        "Session" => {
            let line = before.rsplit('\n').next().unwrap_or_default().trim();
            let target = line.split([':', '=']).next().unwrap_or_default();
            let assigned = line.is_empty() || line.ends_with('=') && !target.contains(['.', '[']);
            let made = after.strip_prefix('.').map(str::trim_start);
            let made =
                made.is_some_and(|it| it.starts_with("client") || it.starts_with("resource"));
            assigned || made || after.starts_with(['\\', '#'])
        }
        _ => false,
    }
}

/// What is built, as it is written: `boto3.client("dynamodb")`, `boto3.Session().client("dynamodb")`.
struct Built<'t> {
    /// What a call of the factory takes the place of.
    replaced: Node<'t>,
    /// What the factory returns.
    text: String,
    /// A session in a variable of its own, which nothing needs any more.
    session: Option<Node<'t>>,
    kind: Made,
    /// Its name says which service.
    service: String,
    literal: bool,
}

/// botocore's default for `max_pool_connections`.
const CONNECTIONS: u32 = 10;

/// Where a file names one of these, its resources may be asked for by several threads at once.
const THREADS: [&str; 5] = [
    "ThreadPoolExecutor",
    "ThreadPool",
    "threading",
    "to_thread",
    "run_in_executor",
];

const CONFIG: (&str, &str) = ("botocore.config", "Config");

#[derive(Clone, Copy, PartialEq, Eq)]
enum Made {
    Client,
    Resource,
}

impl<'t> Built<'t> {
    fn of(cx: &Cx<'t, '_>) -> Option<Built<'t>> {
        let module = cx.module;
        let node = cx.node;
        let function = node.child_by_field_name("function")?;
        let last = function
            .child_by_field_name("attribute")
            .unwrap_or(function);
        let mut session = None;
        let (replaced, text) = match written(module, last) {
            "client" | "resource" => (node, module.of(node).to_string()),
            "Session" => {
                let (replaced, text, made) = of_session(module, node)?;
                session = made;
                (replaced, text)
            }
            _ => return None,
        };
        for part in [node, replaced] {
            constant(module, part, session)?;
        }
        let kind = match method(module, replaced) {
            "client" => Made::Client,
            "resource" => Made::Resource,
            _ => return None,
        };
        let all = named_children(arguments(replaced)?);
        let first = *all.first()?;
        let service = match first.child_by_field_name("name") {
            Some(name) if module.of(name) == "service_name" => {
                first.child_by_field_name("value")?
            }
            Some(_) => return None,
            None => first,
        };
        let service = module.of(service).trim_matches(['"', '\'']);
        let named = !service.is_empty()
            && service
                .chars()
                .all(|each| each.is_ascii_alphanumeric() || each == '-');
        if !named || closed(module, replaced) || session.is_none() && contains_comment(replaced) {
            return None;
        }
        let plain = |node: &Node| {
            let value = node.child_by_field_name("value").unwrap_or(*node);
            matches!(
                value.kind(),
                "string" | "integer" | "float" | "true" | "false" | "none"
            ) && !module.of(value).starts_with('f')
        };
        Some(Built {
            replaced,
            text,
            session,
            kind,
            service: service.replace('-', "_"),
            literal: all.iter().all(plain),
        })
    }

    /// Clients are safe to share between threads, resources and sessions are not.
    fn applicability(&self, cx: &Cx) -> Applicability {
        let module = cx.module;
        let boto3 = self.text.starts_with("boto3.client(");
        // A client that is made before a fork is one for all processes.
        let forks = ["multiprocessing", "ProcessPoolExecutor", "fork"];
        let forks = forks.iter().any(|word| has_word(module.source(), word));
        let mut threads = THREADS.iter();
        match self.kind {
            Made::Client if self.literal && boto3 && !forks && !cx.fixer.patched() => {
                Applicability::Safe
            }
            Made::Resource if threads.any(|word| has_word(module.source(), word)) => {
                Applicability::Display
            }
            _ => Applicability::Unsafe,
        }
    }

    /// The function that does nothing but build it runs once.
    fn memoised(&self, cx: &Cx) -> Option<Rewrite> {
        let module = cx.module;
        let function = function_of(cx.node)?;
        let plain = function.parent()?.kind() == "module"
            && !module.of(function).starts_with("async")
            && named_children(function.child_by_field_name("parameters")?).is_empty();
        let body = statements(function.child_by_field_name("body")?);
        let (last, before) = body.split_last()?;
        let builds = last.kind() == "return_statement"
            && before.iter().all(|one| {
                one.kind() == "expression_statement"
                    && one.named_child(0).is_some_and(|it| match it.kind() {
                        "string" => true,
                        "assignment" => it
                            .child_by_field_name("left")
                            .is_some_and(|left| left.kind() == "identifier"),
                        _ => false,
                    })
            });
        // What it does besides, as a read, it must go on doing at each call.
        let mut foreign = false;
        for one in &body {
            descend(*one, &mut |node| {
                if node.kind() == "call" {
                    let name = method(module, node);
                    let own = matches!(name, "client" | "resource" | "Session" | "Table")
                        || node
                            .child_by_field_name("function")
                            .is_some_and(|it| written(module, it) == "Session");
                    foreign |= !own;
                }
                foreign |= matches!(node.kind(), "yield" | "await");
                true
            });
        }
        if !plain || !builds || foreign {
            return None;
        }
        let name = module.of(function.child_by_field_name("name")?);
        let memo = memo(cx)?;
        let mut draft = cx.draft(
            format!("Let `{name}` run once, under functools.{memo}"),
            self.applicability(cx),
        );
        let cache = decorator(&mut draft, module, memo)?;
        let end = module.line_end();
        draft.insert(module, function.start_byte(), format!("@{cache}{end}"));
        Some(draft)
    }

    /// A factory at the top.
    fn made_once(&self, cx: &Cx) -> Option<Rewrite> {
        let module = cx.module;
        let kind = match self.kind {
            Made::Client => "client",
            Made::Resource => "resource",
        };
        let service = &self.service;
        let memo = memo(cx)?;
        let mut draft = cx.draft(
            format!("Share one {kind}, from a factory under functools.{memo}"),
            self.applicability(cx),
        );
        let made = self.indented(module, module.unit())?;
        let pooled = self.pooled(module, &made);
        let name = match self.existing(module, pooled.as_deref()) {
            Some((name, None)) => name,
            Some((name, Some(function))) => {
                draft.title = format!("Share one {kind}, from `{name}` under functools.{memo}");
                let cache = decorator(&mut draft, module, memo)?;
                let end = module.line_end();
                draft.insert(module, function.start_byte(), format!("@{cache}{end}"));
                name
            }
            None => {
                let names = [
                    format!("{service}_{kind}"),
                    format!("shared_{service}_{kind}"),
                ];
                let name = names
                    .into_iter()
                    .find(|name| module.named(name).is_empty())?;
                let cache = decorator(&mut draft, module, memo)?;
                let (end, unit) = (module.line_end(), module.unit());
                let at = imports::end(module)?;
                let source = module.source();
                let start = match source[..at].ends_with('\n') {
                    true => format!("{end}{end}"),
                    false => format!("{end}{end}{end}"),
                };
                let gap = source[at..]
                    .lines()
                    .take_while(|line| line.trim().is_empty())
                    .count();
                let more = source[at..].trim_start().len();
                let rest = if more == 0 {
                    0
                } else {
                    2usize.saturating_sub(gap)
                };
                let made = match pooled {
                    Some(pooled) => {
                        draft.import(module, CONFIG.0, CONFIG.1, Style::Name)?;
                        pooled
                    }
                    None => made,
                };
                let text = format!(
                    "{start}@{cache}{end}def {name}():{end}{unit}return {made}{end}{}",
                    end.repeat(rest)
                );
                draft.insert(module, at, text);
                name
            }
        };
        draft.replace(module, self.replaced.byte_range(), format!("{name}()"));
        if let Some(session) = self.session {
            let lines = module.lines(session);
            if module.end_of_line(session) != session.end_byte() {
                return None;
            }
            draft.replace(module, lines, "");
        }
        Some(draft)
    }

    /// A pool of more threads than a client has connections throws some away at each call.
    fn pooled(&self, module: &Module, made: &str) -> Option<String> {
        let mut threads = 0;
        descend(module.root(), &mut |node| {
            if node.kind() == "call"
                && let Some(function) = node.child_by_field_name("function")
                && let Some(all) = arguments(node)
            {
                let last = function
                    .child_by_field_name("attribute")
                    .unwrap_or(function);
                if written(module, last) == "ThreadPoolExecutor"
                    && let Some(first) = named_children(all).first()
                {
                    let value = first.child_by_field_name("value").unwrap_or(*first);
                    threads = threads.max(module.of(value).parse().unwrap_or(0));
                }
            }
            true
        });
        let plain = !made.contains(['\n', '#']) && !has_word(made, "config") && made.ends_with(')');
        if threads <= CONNECTIONS || !plain || self.kind != Made::Client {
            return None;
        }
        let (config, _) = imports::named(module, CONFIG.0, CONFIG.1, Style::Name)?;
        let head = &made[..made.len() - 1];
        Some(format!(
            "{head}, config={config}(max_pool_connections={threads}))"
        ))
    }

    /// As it stands in the factory: further lines move with the first.
    fn indented(&self, module: &Module, unit: &str) -> Option<String> {
        let text = &self.text;
        if !text.contains('\n') || text.contains("\"\"\"") || text.contains("'''") {
            return Some(text.clone());
        }
        let statement = self.session.or_else(|| statement(self.replaced))?;
        let old = module.indent(statement)?;
        let mut lines = text.split('\n');
        let mut moved = lines.next()?.to_string();
        for line in lines {
            moved.push('\n');
            match line.strip_prefix(old) {
                Some(rest) => moved.push_str(&format!("{unit}{rest}")),
                None => moved.push_str(line),
            }
        }
        Some(moved)
    }

    /// A factory of the same that is there already, with its definition where it is not memoised yet.
    fn existing<'m>(
        &self,
        module: &'m Module,
        pooled: Option<&str>,
    ) -> Option<(String, Option<Node<'m>>)> {
        statements(module.root()).into_iter().find_map(|one| {
            let bare = one.kind() == "function_definition" && !module.of(one).starts_with("async");
            let function = match bare {
                true => one,
                false => one.child_by_field_name("definition")?,
            };
            let cached = bare || {
                let decorator = named_children(one).first().copied()?;
                MEMOS.contains(&module.of(decorator))
            };
            if function.byte_range().contains(&self.replaced.start_byte()) {
                return None;
            }
            let empty = named_children(function.child_by_field_name("parameters")?).is_empty();
            let mut body = statements(function.child_by_field_name("body")?);
            body.retain(|it| it.named_child(0).is_none_or(|it| it.kind() != "string"));
            let [only] = body[..] else { return None };
            let same = only.kind() == "return_statement"
                && only.named_child(0).is_some_and(|value| {
                    let written = unspaced(module.of(value));
                    let mut forms = [Some(&*self.text), pooled].into_iter().flatten();
                    forms.any(|other| unspaced(other) == written)
                });
            let name = module.of(function.child_by_field_name("name")?);
            (cached && empty && same).then(|| (name.to_string(), bare.then_some(function)))
        })
    }
}

/// A call on one line or several, with a comma at its end or none.
fn unspaced(text: &str) -> String {
    let joined: String = text.split_whitespace().collect();
    joined.replace(",)", ")")
}

/// A session and the one client or resource that is made of it.
fn of_session<'t>(
    module: &'t Module,
    node: Node<'t>,
) -> Option<(Node<'t>, String, Option<Node<'t>>)> {
    let makes = |object: Node<'t>| {
        let attribute = object.parent().filter(|up| up.kind() == "attribute")?;
        let call = attribute.parent().filter(|up| up.kind() == "call")?;
        let function = call.child_by_field_name("function") == Some(attribute);
        (function && matches!(method(module, call), "client" | "resource")).then_some(call)
    };
    if let Some(call) = makes(node) {
        return Some((call, module.of(call).to_string(), None));
    }
    let assignment = node.parent().filter(|up| up.kind() == "assignment")?;
    let target = assignment
        .child_by_field_name("left")
        .filter(|it| it.kind() == "identifier")?;
    let made = statement(node).filter(|made| {
        made.named_child(0) == Some(assignment) && module.alone(*made) && !contains_comment(*made)
    })?;
    let scope = module.resolve(target);
    let uses = module.uses(module.of(target), scope);
    let [first, second] = uses[..] else {
        return None;
    };
    if scope.kind() != "function_definition" || first != target {
        return None;
    }
    let call = makes(second)?;
    let rest = &module.source()[second.end_byte()..call.end_byte()];
    Some((call, format!("{}{rest}", module.of(node)), Some(made)))
}

/// Does all that the expression names stand at the top of the module, so that a factory sees it too?
fn constant(module: &Module, node: Node, session: Option<Node>) -> Option<()> {
    let mut constant = true;
    let session = session
        .and_then(|made| made.named_child(0)?.child_by_field_name("left"))
        .map(|left| module.of(left));
    descend(node, &mut |part| {
        match part.kind() {
            "identifier" if is_name(part) && Some(module.of(part)) != session => {
                let name = module.of(part);
                let bound: Vec<Node> = (module.named(name).into_iter())
                    .filter(|other| binds(*other) && module.resolve(*other).kind() == "module")
                    .collect();
                // `region = None` that a function fills later is another value at another time.
                let imported = |other: &Node| {
                    ancestors(*other)
                        .any(|up| matches!(up.kind(), "import_statement" | "import_from_statement"))
                };
                let top = module.resolve(part).kind() == "module"
                    && (bound.len() == 1 || bound.iter().all(imported))
                    && bound.iter().any(|other| {
                        scope_of(*other).is_some_and(|scope| scope.kind() == "module")
                            && !under_condition(*other)
                    });
                constant &= top;
            }
            "await"
            | "yield"
            | "lambda"
            | "named_expression"
            | "comment"
            | "generator_expression"
            | "list_comprehension" => constant = false,
            _ => {}
        }
        constant
    });
    constant.then_some(())
}

/// `if TYPE_CHECKING: import boto3` binds nothing when the code runs.
fn under_condition(node: Node) -> bool {
    ancestors(node).any(|up| up.kind() == "if_statement")
}

fn contains_comment(node: Node) -> bool {
    let mut found = false;
    descend(node, &mut |part| {
        found |= part.kind() == "comment";
        !found
    });
    found
}

/// What is closed after use, or gets handlers of its own, is not to be shared.
fn closed(module: &Module, node: Node) -> bool {
    let scoped = ancestors(node)
        .take_while(|up| !matches!(up.kind(), "block" | "module"))
        .any(|up| match up.kind() {
            "with_item" => true,
            "call" => {
                let function = up.child_by_field_name("function");
                let last = function.map(|it| it.child_by_field_name("attribute").unwrap_or(it));
                last.is_some_and(|it| {
                    let scopes = ["closing", "enter_context", "push", "callback"];
                    scopes.contains(&module.of(it))
                })
            }
            _ => false,
        });
    if scoped {
        return true;
    }
    let Some(assignment) = node.parent().filter(|up| up.kind() == "assignment") else {
        return false;
    };
    let left = assignment.child_by_field_name("left");
    let Some(left) = left else { return false };
    let last = left.child_by_field_name("attribute").unwrap_or(left);
    module.named(module.of(last)).into_iter().any(|other| {
        let object = match other.parent() {
            Some(parent) if parent.child_by_field_name("attribute") == Some(other) => parent,
            _ => other,
        };
        let attribute = object.parent().filter(|up| up.kind() == "attribute");
        let name = attribute
            .filter(|up| up.child_by_field_name("object") == Some(object))
            .and_then(|up| up.child_by_field_name("attribute"));
        name.is_some_and(|name| matches!(module.of(name), "close" | "meta" | "__exit__"))
    })
}

/// `@lru_cache(maxsize=N)`: a bound for the cache whose decorator was found.
pub fn limited(cx: &Cx, size: u32, applicability: Applicability) -> Option<Rewrite> {
    let module = cx.module;
    let decorator = named_children(cx.node).first().copied()?;
    let mut draft = cx.draft(
        format!("Bound the cache with maxsize={size}"),
        applicability,
    );
    if decorator.kind() == "attribute" {
        let name = decorator.child_by_field_name("attribute")?;
        draft.replace(
            module,
            name.byte_range(),
            format!("lru_cache(maxsize={size})"),
        );
        return Some(draft.sized(size));
    }
    if decorator.kind() == "identifier" {
        let written = draft.import(module, "functools", "lru_cache", Style::Name)?;
        draft.replace(
            module,
            decorator.byte_range(),
            format!("{written}(maxsize={size})"),
        );
        return Some(draft.sized(size));
    }
    let number = maxsize(module, decorator)?;
    draft.replace(module, number.byte_range(), size.to_string());
    Some(draft.sized(size))
}

/// The `maxsize` of a call, or of the call that it is handed.
fn maxsize<'t>(module: &Module, call: Node<'t>) -> Option<Node<'t>> {
    let all = named_children(arguments(call)?);
    let value = |node: &Node<'t>| {
        node.child_by_field_name("value")
            .filter(|_| node.kind() == "keyword_argument")
    };
    let by_name = all
        .iter()
        .find(|it| keyword(module, **it) == Some("maxsize"));
    if let Some(found) = by_name.and_then(value) {
        return Some(found);
    }
    let first = *all.first()?;
    let first = value(&first).unwrap_or(first);
    let made =
        first.kind() == "call" && module.of(first.child_by_field_name("function")?) != "float";
    if made {
        maxsize(module, first)
    } else {
        Some(first)
    }
}
