//! Bounds for lists, dicts, sets, deques and queues that live on, each only where every use that is
//! seen allows it.

use std::ops::Range;
use std::rc::Rc;

use tree_sitter::Node;

use super::imports::Style;
use super::module::{
    Module, ancestors, binds, descend, function_of, has_word, is_name, named_children, statement,
};
use super::{Cx, Rewrite};
use crate::analysis::render::Page;
use crate::finding::Applicability;
use crate::value::{Kind, Place};
use crate::workspace::world::stem;

/// Where a container is made: `RESULTS = []`, `self.seen: list = []`.
pub struct Birth<'a> {
    pub module: Rc<Module<'a>>,
    target: Range<usize>,
    value: Range<usize>,
    pub shape: Container,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    List,
    Dict,
    Set,
    Deque,
    Queue,
    SimpleQueue,
}

/// A mention of a container, other than its birth.
struct Mention<'a> {
    module: Rc<Module<'a>>,
    span: Range<usize>,
}

/// What code does with a container where it names it.
#[derive(Debug)]
enum Use<'t> {
    /// `X.append(item)`: the call.
    Method(Node<'t>),
    /// `X[0]`
    Index,
    /// `for item in X`, `*X`
    Iterated,
    /// `item in X`
    Asked,
    /// `if X:`; the mention itself, or the `not X` around it.
    Tested(Node<'t>),
    /// `len(X)`: the call.
    Passed(Node<'t>),
    /// `X += items`
    Grown,
    /// `global X`, `from state import X`
    Declared,
    /// `found = X`: the new name.
    Renamed(Node<'t>),
    Other,
}

/// The ways to bound what grows: rules on accumulators and caches.
pub fn bounded(acc: &mut Vec<Rewrite>, cx: &Cx, size: u32) {
    let Some(birth) = birth(cx) else { return };
    let value = cx.verdict.story.value.as_ref().and_then(|atom| atom.data());
    let records = value.is_some_and(|data| matches!(data.kind, Kind::Record | Kind::Records));
    let queue = matches!(birth.shape, Container::Queue | Container::SimpleQueue);
    match birth.shape {
        // What runs is lost when nothing refers to it any more.
        _ if !queue && runs(cx) => return,
        // Records that fall out are lost.
        Container::List | Container::Deque if records => {
            acc.extend(flushed(cx, size));
            return;
        }
        Container::Dict | Container::Set if records => return,
        _ => {}
    }
    match birth.shape {
        Container::List | Container::Deque => {
            acc.extend(with_maxlen(cx, &birth, size));
            acc.extend(trimmed(cx, &birth, size));
            if birth.shape == Container::List {
                acc.extend(flushed(cx, size));
            }
        }
        Container::Dict | Container::Set => acc.extend(trimmed(cx, &birth, size)),
        Container::Queue | Container::SimpleQueue => {
            acc.extend(with_maxsize(cx, &birth, cx.bounds.queue))
        }
    }
}

/// The one place that makes what the holder names; `None` where there are several.
pub fn birth<'a>(cx: &Cx<'_, 'a>) -> Option<Birth<'a>> {
    let place = cx.verdict.story.holder.as_ref()?;
    let (file, target) = Page::of(cx.fixer.workspace()).birth(place)?;
    born(cx.fixer.module(&file)?, target)
}

/// A queue that a function makes and hands to its producer: `produce(queue)`,
/// `Thread(target=produce, args=(queue,))`, or a function inside.
pub fn local_birth<'a>(cx: &Cx<'_, 'a>) -> Option<Birth<'a>> {
    let holder = cx.holder().filter(|it| it.kind() == "identifier")?;
    let own = cx.module;
    let mut name = holder;
    if binds_as_parameter(own, holder) {
        name = handed(own, holder)?;
    }
    let scope = own.resolve(name);
    if scope.kind() != "function_definition" {
        return None;
    }
    let uses = own.uses(own.of(name), scope);
    let bound: Vec<&Node> = uses.iter().filter(|other| binds(**other)).collect();
    let [target] = bound[..] else { return None };
    // What the function itself puts in may wait for a consumer that it has not started yet.
    let fills = uses.iter().any(|other| {
        let put =
            matches!(usage(own, *other), Use::Method(call) if method(own, call).starts_with("put"));
        put && function_of(*other) == Some(scope)
    });
    let span = target.byte_range();
    (!fills).then(|| born(cx.fixer.module(&own.path)?, span))?
}

/// Is the name a parameter of the function that it belongs to?
fn binds_as_parameter(module: &Module, node: Node) -> bool {
    let scope = module.resolve(node);
    (module.uses(module.of(node), scope).into_iter()).any(|other| {
        ancestors(other)
            .take_while(|up| *up != scope)
            .any(|up| up.kind() == "parameters")
    })
}

/// What the one caller hands in for a parameter, if it is a name.
fn handed<'m>(module: &'m Module, parameter: Node) -> Option<Node<'m>> {
    let function = module.resolve(parameter);
    let parameters = named_children(function.child_by_field_name("parameters")?);
    let of = |it: &Node| {
        let name = it.child_by_field_name("name").unwrap_or(*it);
        let name = if it.kind() == "typed_parameter" {
            it.named_child(0)?
        } else {
            name
        };
        Some(module.of(name))
    };
    let at = parameters
        .iter()
        .position(|it| of(it) == Some(module.of(parameter)))?;
    let name = function.child_by_field_name("name")?;
    let scope = module.resolve(name);
    let mut uses = module.uses(module.of(name), scope);
    uses.retain(|other| *other != name);
    let [used] = uses[..] else { return None };
    let parent = used.parent()?;
    let all = match parent.kind() {
        "call" if parent.child_by_field_name("function") == Some(used) => {
            named_children(arguments(parent)?)
        }
        // `Thread(target=produce, args=(queue,))`
        "keyword_argument" => {
            let all = named_children(parent.parent()?);
            let args = all
                .iter()
                .find(|it| keyword(module, **it) == Some("args"))?;
            let tuple = args.child_by_field_name("value")?;
            named_children(tuple)
        }
        _ => return None,
    };
    all.get(at).filter(|it| it.kind() == "identifier").copied()
}

fn born(module: Rc<Module>, target: Range<usize>) -> Option<Birth> {
    let node = module.at(target.clone())?;
    let assignment = node.parent().filter(|it| it.kind() == "assignment")?;
    if assignment.child_by_field_name("left") != Some(node) {
        return None;
    }
    let right = assignment.child_by_field_name("right")?;
    // `X = Y = []` makes two names for one list.
    let chained = assignment
        .parent()
        .is_some_and(|it| it.kind() == "assignment");
    if chained || right.kind() == "assignment" {
        return None;
    }
    let shape = shape(&module, right)?;
    let value = right.byte_range();
    Some(Birth {
        module,
        target,
        value,
        shape,
    })
}

/// Is a task stored, which runs as long as something refers to it?
fn runs(cx: &Cx) -> bool {
    let module = cx.module;
    let all = arguments(cx.node).map(named_children).unwrap_or_default();
    let Some(value) = all.last() else {
        return false;
    };
    if value.kind() != "identifier" {
        return starts(module, *value);
    }
    let scope = module.resolve(*value);
    let mut uses = module.uses(module.of(*value), scope).into_iter();
    uses.any(|other| {
        let assignment = other.parent().filter(|up| up.kind() == "assignment");
        assignment
            .and_then(|it| it.child_by_field_name("right"))
            .is_some_and(|made| starts(module, made))
    })
}

/// Does it start a task?
pub fn starts(module: &Module, node: Node) -> bool {
    let text = module.of(node);
    text.contains("create_task(") || text.contains("ensure_future(")
}

/// `deque(maxlen=N)` in place of a list that is used as a deque can be.
fn with_maxlen<'a>(cx: &Cx<'_, 'a>, birth: &Birth<'a>, size: u32) -> Option<Rewrite> {
    let module = &*birth.module;
    let name = cx.module.of(cx.holder()?);
    let mut draft = cx.draft(
        format!("Bound `{name}` with deque(maxlen={size})"),
        Applicability::Unsafe,
    );
    let mentions = mentions(cx, birth)?;
    for mention in &mentions {
        let node = mention.node()?;
        if birth.shape == Container::Deque {
            let full = |node| matches!(usage(&mention.module, node), Use::Method(call) if method(&mention.module, call) == "insert");
            if full(node) {
                return None;
            }
            continue;
        }
        if !allows_deque(&mention.module, node, &mut draft, 0) {
            return None;
        }
    }
    let value = module.at(birth.value.clone())?;
    if birth.shape == Container::Deque {
        add_argument(&mut draft, module, value, &format!("maxlen={size}"))?;
        return Some(draft.sized(size));
    }
    let deque = draft.import(module, "collections", "deque", Style::Name)?;
    let empty = match value.kind() {
        "list" => value.named_child_count() == 0,
        _ => arguments(value)?.named_child_count() == 0,
    };
    let text = match empty {
        true => format!("{deque}(maxlen={size})"),
        false => format!("{deque}({}, maxlen={size})", module.of(value)),
    };
    annotated(&mut draft, module, birth, &deque)?;
    draft.replace(module, birth.value.clone(), text);
    Some(draft.sized(size))
}

/// A list's annotation becomes a deque's.
fn annotated(draft: &mut Rewrite, module: &Module, birth: &Birth, deque: &str) -> Option<()> {
    let target = module.at(birth.target.clone())?;
    let Some(annotation) = target.parent()?.child_by_field_name("type") else {
        return Some(());
    };
    if module.of(annotation).contains(['"', '\'']) {
        return None;
    }
    let mut lists = Vec::new();
    descend(annotation, &mut |node| {
        if node.kind() == "identifier" && matches!(module.of(node), "list" | "List") {
            lists.push(node);
        }
        true
    });
    let Some(outer) = lists.first() else {
        // `Sequence[dict]`, which a deque is too.
        let name = module.of(annotation);
        let fits = ["Sequence", "MutableSequence", "Iterable", "Collection"];
        return fits.iter().any(|fit| has_word(name, fit)).then_some(());
    };
    let head = &module.source()[annotation.start_byte()..outer.start_byte()];
    if !matches!(
        head,
        "" | "ClassVar[" | "Final[" | "typing." | "typing.ClassVar["
    ) {
        return None;
    }
    let qualified = outer
        .parent()
        .filter(|parent| parent.kind() == "attribute")
        .map_or(outer.byte_range(), |parent| parent.byte_range());
    draft.replace(module, qualified, deque);
    Some(())
}

/// Is what is done here fine on a deque too? What must be written otherwise is noted.
fn allows_deque(module: &Module, node: Node, draft: &mut Rewrite, depth: usize) -> bool {
    match usage(module, node) {
        Use::Method(call) => match method(module, call) {
            "append" | "extend" | "clear" | "count" | "index" | "remove" | "reverse" | "copy" => {
                true
            }
            "pop" => arguments(call).is_some_and(|all| all.named_child_count() == 0),
            // A full deque takes no insert; at its front there is another way.
            "insert" => {
                let all = arguments(call).map(named_children).unwrap_or_default();
                let [at, value] = &all[..] else { return false };
                let Some(function) = call.child_by_field_name("function") else {
                    return false;
                };
                let Some(name) = function.child_by_field_name("attribute") else {
                    return false;
                };
                if module.of(*at) != "0" {
                    return false;
                }
                draft.replace(module, name.byte_range(), "appendleft");
                draft.replace(module, at.start_byte()..value.start_byte(), "");
                true
            }
            _ => false,
        },
        Use::Index | Use::Iterated | Use::Asked | Use::Tested(_) | Use::Grown | Use::Declared => {
            true
        }
        Use::Passed(call) => takes_any_iterable(module, call),
        Use::Renamed(name) => {
            let scope = module.resolve(name);
            let uses = module.uses(module.of(name), scope);
            let bound = uses.iter().filter(|other| binds(**other)).count();
            bound == 1
                && depth < 3
                && scope.kind() == "function_definition"
                && (uses.into_iter().filter(|other| *other != name))
                    .all(|other| allows_deque(module, other, draft, depth + 1))
        }
        Use::Other => false,
    }
}

/// Does the function take an iterable of any kind, and keep nothing of it but its items?
pub fn takes_any_iterable(module: &Module, call: Node) -> bool {
    let Some(function) = call.child_by_field_name("function") else {
        return false;
    };
    const KNOWN: [&str; 18] = [
        "all",
        "any",
        "bool",
        "enumerate",
        "filter",
        "frozenset",
        "len",
        "list",
        "map",
        "max",
        "min",
        "reversed",
        "set",
        "sorted",
        "sum",
        "tuple",
        "zip",
        "Counter",
    ];
    match function.kind() {
        "identifier" => KNOWN.contains(&module.of(function)) && !module.binds(module.of(function)),
        "attribute" => (function.child_by_field_name("attribute"))
            .is_some_and(|name| matches!(module.of(name), "join" | "extend")),
        _ => false,
    }
}

/// The oldest go after each store: for a list `del X[:-N]`, which no other use can mind.
fn trimmed(cx: &Cx, birth: &Birth, size: u32) -> Option<Rewrite> {
    let module = cx.module;
    let holder = cx.holder()?;
    if !plain(holder) {
        return None;
    }
    let name = module.of(holder);
    let (title, lines) = match birth.shape {
        Container::List => {
            // `insert(0, …)` puts the newest first.
            let front = cx.node.kind() == "call" && method(module, cx.node) == "insert";
            let title = format!(
                "Keep the {} {size} of `{name}`",
                if front { "first" } else { "last" }
            );
            let line = match front {
                true => format!("del {name}[{size}:]"),
                false => format!("del {name}[:-{size}]"),
            };
            (title, vec![line])
        }
        Container::Deque => {
            let left = cx.node.kind() == "call"
                && matches!(method(module, cx.node), "appendleft" | "extendleft");
            let pop = if left { "pop" } else { "popleft" };
            let title = format!("Keep the last {size} of `{name}`");
            (title, loop_of(cx, name, size, &format!("{name}.{pop}()")))
        }
        Container::Dict => {
            let title = format!("Evict the oldest of `{name}` beyond {size}");
            let evict = format!("{name}.pop(next(iter({name})), None)");
            (title, loop_of(cx, name, size, &evict))
        }
        Container::Set => {
            let title = format!("Keep at most {size} in `{name}`");
            (title, loop_of(cx, name, size, &format!("{name}.pop()")))
        }
        Container::Queue | Container::SimpleQueue => return None,
    };
    let statement = stored_alone(cx)?;
    let mut draft = cx.draft(title, Applicability::Unsafe);
    draft.below(module, statement, &lines)?;
    Some(draft.sized(size))
}

fn loop_of(cx: &Cx, name: &str, size: u32, evict: &str) -> Vec<String> {
    let unit = cx.module.unit();
    vec![
        format!("while len({name}) > {size}:"),
        format!("{unit}{evict}"),
    ]
}

/// A sketch: whoever knows where the items should go fills it in.
pub fn flushed(cx: &Cx, size: u32) -> Option<Rewrite> {
    let module = cx.module;
    let holder = cx.holder().filter(|holder| plain(*holder))?;
    let name = module.of(holder);
    let statement = stored_alone(cx)?;
    let unit = module.unit();
    let mut draft = cx.draft(format!("Flush `{name}` at {size}"), Applicability::Display);
    let lines = [
        format!("if len({name}) >= {size}:"),
        format!("{unit}# Hand them on here."),
        format!("{unit}{name}.clear()"),
    ];
    draft.below(module, statement, &lines)?;
    Some(draft.sized(size))
}

/// The store, if it is a statement on lines of its own.
pub fn stored_alone<'c>(cx: &Cx<'c, '_>) -> Option<Node<'c>> {
    let statement = statement(cx.node)?;
    let own = statement.kind() == "expression_statement"
        && statement.byte_range() == cx.node.byte_range();
    (own && cx.module.alone(statement)).then_some(statement)
}

/// `Queue(maxsize=N)`: a full queue makes its producer wait.
pub fn with_maxsize<'a>(cx: &Cx<'_, 'a>, birth: &Birth<'a>, size: u32) -> Option<Rewrite> {
    let module = &*birth.module;
    let name = module.of(module.at(birth.target.clone())?);
    let mut draft = cx.draft(
        format!("Bound `{name}` with Queue(maxsize={size})"),
        Applicability::Unsafe,
    );
    let mut handed = false;
    for mention in mentions(cx, birth)? {
        let node = mention.node()?;
        match usage(&mention.module, node) {
            // On a full queue it raises: whoever swallows that loses records.
            Use::Method(call) if method(&mention.module, call) == "put_nowait" => return None,
            Use::Method(_) | Use::Declared => {}
            _ if node.parent().is_some_and(|up| up.kind() == "attribute") => return None,
            _ => handed = true,
        }
    }
    let drops = ["put_nowait", "QueueHandler"];
    if handed && drops.iter().any(|word| cx.fixer.anywhere(word)) {
        return None;
    }
    let value = module.at(birth.value.clone())?;
    if birth.shape == Container::SimpleQueue {
        let function = value.child_by_field_name("function")?;
        match function.child_by_field_name("attribute") {
            Some(last) => draft.replace(module, last.byte_range(), "Queue"),
            None => {
                let from = imported_from(module, module.of(function))?;
                let from = ["queue", "multiprocessing"]
                    .into_iter()
                    .find(|it| *it == from)?;
                let queue = draft.import(module, from, "Queue", Style::Name)?;
                draft.replace(module, function.byte_range(), queue);
            }
        }
    }
    let all = arguments(value)?;
    draft.size = Some(size);
    let size = format!("maxsize={size}");
    match &named_children(all)[..] {
        [] => draft.replace(module, all.byte_range(), format!("({size})")),
        [unlimited] => {
            let number = match unlimited.child_by_field_name("name") {
                Some(name) if module.of(name) == "maxsize" => {
                    unlimited.child_by_field_name("value")?
                }
                Some(_) => return None,
                None => *unlimited,
            };
            let none = module.of(number) == "0" || module.of(number).starts_with('-');
            if !none || module.of(all).contains('#') {
                return None;
            }
            draft.replace(module, unlimited.byte_range(), size);
        }
        _ => return None,
    }
    Some(draft)
}

/// A deque between a producer and a consumer becomes a queue, in each of its uses.
pub fn as_queue<'a>(cx: &Cx<'_, 'a>, birth: &Birth<'a>) -> Option<Rewrite> {
    let module = &*birth.module;
    if birth.shape != Container::Deque {
        return None;
    }
    let name = cx.module.of(cx.holder()?);
    let value = module.at(birth.value.clone())?;
    let given = maxlen(module, value)?;
    let put_in = given.is_none().then_some(cx.bounds.queue);
    let size = given.unwrap_or_else(|| cx.bounds.queue.to_string());
    let title = format!("Make `{name}` a queue.Queue(maxsize={size}), whose producer waits");
    let mut draft = cx.draft(title, Applicability::Unsafe);
    let queue = draft.import(module, "queue", "Queue", Style::Module)?;
    draft.replace(
        module,
        birth.value.clone(),
        format!("{queue}(maxsize={size})"),
    );
    let target = module.at(birth.target.clone())?;
    if let Some(annotation) = target.parent()?.child_by_field_name("type") {
        draft.replace(module, annotation.byte_range(), queue);
    }
    draft.size = put_in;
    let mut producers = Vec::new();
    let mut consumers = Vec::new();
    for mention in mentions(cx, birth)? {
        let module = &*mention.module;
        let node = mention.node()?;
        let written = module.of(node).to_string();
        let function = function_of(node).map(|it| (module.path.clone(), it.byte_range()));
        match usage(module, node) {
            Use::Method(call) => {
                let name = call
                    .child_by_field_name("function")?
                    .child_by_field_name("attribute")?;
                let all = named_children(arguments(call)?);
                let waits =
                    || function_of(node).is_some_and(|it| module.of(it).starts_with("async"));
                match (module.of(name), &all[..]) {
                    ("append", [_]) if !waits() => {
                        // `put` gives nothing, as `append` does.
                        draft.replace(module, name.byte_range(), "put");
                        producers.push(function);
                    }
                    ("extend", [all]) if !waits() => {
                        let statement = statement(call)?;
                        if statement.byte_range() != call.byte_range() || !module.alone(statement) {
                            return None;
                        }
                        let each = ["record", "each"]
                            .into_iter()
                            .find(|it| !module.mentions(it))?;
                        let (indent, end) = (module.indent(statement)?, module.line_end());
                        let text = format!(
                            "for {each} in {}:{end}{indent}{}{written}.put({each})",
                            module.of(*all),
                            module.unit()
                        );
                        if module.of(statement).contains('#') {
                            return None;
                        }
                        draft.replace(module, call.byte_range(), text);
                        producers.push(function);
                    }
                    ("popleft", []) => {
                        caught(&mut draft, module, call)?;
                        draft.replace(module, name.byte_range(), "get_nowait");
                        consumers.push(function);
                    }
                    _ => return None,
                }
            }
            Use::Tested(tested) if tested == node => {
                draft.replace(module, node.byte_range(), format!("not {written}.empty()"));
            }
            Use::Tested(tested) => {
                draft.replace(module, tested.byte_range(), format!("{written}.empty()"));
            }
            Use::Passed(call) if module.of(call) == format!("len({written})") => {
                draft.replace(module, call.byte_range(), format!("{written}.qsize()"));
            }
            Use::Declared => {}
            _ => return None,
        }
    }
    // One that fills the queue and empties it itself would wait for itself.
    let itself = producers.iter().any(|one| consumers.contains(one));
    (!producers.is_empty() && !itself).then_some(draft)
}

/// What an empty deque raises, a queue raises under another name.
fn caught(draft: &mut Rewrite, module: &Module, call: Node) -> Option<()> {
    for up in ancestors(call) {
        if up.kind() == "function_definition" {
            break;
        }
        if up.kind() != "try_statement" {
            continue;
        }
        for clause in named_children(up) {
            if clause.kind() != "except_clause" {
                continue;
            }
            let kind = named_children(clause).first().copied()?;
            if module.of(kind) == "IndexError" {
                let empty = draft.import(module, "queue", "Empty", Style::Module)?;
                draft.replace(module, kind.byte_range(), empty);
            } else if has_word(module.of(kind), "IndexError") {
                return None;
            }
        }
    }
    Some(())
}

/// `put` in place of `try: put_nowait … except Full: pass`.
pub fn waiting(cx: &Cx) -> Option<Rewrite> {
    let module = cx.module;
    let attempt = statement(cx.node)?.parent()?.parent()?;
    let clauses = named_children(attempt);
    let plain = attempt.kind() == "try_statement"
        && clauses.len() == 2
        && clauses[1].kind() == "except_clause"
        && clauses[0].named_child_count() == 1;
    if !plain || module.of(attempt).contains('#') || !module.alone(attempt) {
        return None;
    }
    let function = cx.node.child_by_field_name("function")?;
    let all = named_children(arguments(cx.node)?);
    let [value] = &all[..] else { return None };
    let object = module.of(function.child_by_field_name("object")?);
    let value = module.of(*value);
    let is_async = function_of(cx.node).is_some_and(|it| module.of(it).starts_with("async"));
    let of_asyncio = has_word(module.of(clauses[1]), "QueueFull");
    let text = match (of_asyncio, is_async) {
        (true, true) => format!("await {object}.put({value})"),
        (false, false) => format!("{object}.put({value})"),
        _ => return None,
    };
    let mut draft = cx.draft(
        format!("Wait until `{object}` has room"),
        Applicability::Unsafe,
    );
    draft.replace(module, attempt.byte_range(), text);
    Some(draft)
}

/// The `maxlen` of a deque as written; `Some(None)` for one without, which may have nothing in it.
fn maxlen(module: &Module, value: Node) -> Option<Option<String>> {
    let all = named_children(arguments(value)?);
    match &all[..] {
        [] => Some(None),
        [.., last] => {
            let name = last.child_by_field_name("name")?;
            let empty =
                all.len() == 1 || all.len() == 2 && matches!(module.of(all[0]), "[]" | "()");
            let bound = last.child_by_field_name("value")?;
            (module.of(name) == "maxlen" && empty && module.of(bound) != "None")
                .then(|| Some(module.of(bound).to_string()))
        }
    }
}

/// Where else a container is named, in all files; `None` where that cannot be said.
fn mentions<'a>(cx: &Cx<'_, 'a>, birth: &Birth<'a>) -> Option<Vec<Mention<'a>>> {
    let own = &birth.module;
    let target = own.at(birth.target.clone())?;
    let place = cx.verdict.story.holder.as_ref();
    let global = matches!(place, Some(Place::Global(..)));
    let Some(place) =
        place.filter(|it| global || matches!(it, Place::Static(..) | Place::Attr(..)))
    else {
        let scope = own.resolve(target);
        let uses = own.uses(own.of(target), scope).into_iter();
        let others = uses.filter(|other| *other != target);
        let note = |node: Node| Mention {
            module: Rc::clone(own),
            span: node.byte_range(),
        };
        return Some(others.map(note).collect());
    };
    let name = place.name();
    let mut mentions: Vec<Mention> = Vec::new();
    let mut note = |module: &Rc<Module<'a>>, node: Node| {
        mentions.push(Mention {
            module: Rc::clone(module),
            span: node.byte_range(),
        });
    };
    for file in cx.fixer.files_with(&name).iter() {
        let text = cx.fixer.workspace().text(file)?;
        let home = ***file == *own.path;
        let knows = home || has_word(text.as_str(), stem(&own.path));
        // A global is out of reach for a file that does not name its module.
        if global && !knows {
            continue;
        }
        let module = cx.fixer.module(file)?;
        if module.quoted(&name) {
            return None;
        }
        for node in module.named(&name) {
            let parent = node.parent()?;
            let attribute = parent.kind() == "attribute"
                && parent.child_by_field_name("attribute") == Some(node);
            if attribute {
                let is_birth = home && parent.byte_range() == birth.target;
                // Another object's attribute of the same name is taken for this one: it must allow it too.
                if !is_birth && (!global || !home && knows) {
                    note(&module, parent);
                }
                continue;
            }
            if home && node == target {
                continue;
            }
            if !global {
                let scope = own.resolve(target);
                if home && is_name(node) && module.resolve(node) == scope {
                    note(&module, node);
                }
                continue;
            }
            if home {
                if is_name(node) && module.resolve(node).kind() == "module" {
                    note(&module, node);
                }
                continue;
            }
            if !knows {
                continue;
            }
            let import = ancestors(node).find(|up| up.kind() == "import_from_statement");
            if let Some(import) = import {
                let from = import.child_by_field_name("module_name");
                let from = from.map_or("", |from| module.of(from));
                let last = from.rsplit('.').next().unwrap_or(from);
                if last != stem(&own.path) {
                    continue;
                }
                if parent.kind() == "aliased_import"
                    || parent
                        .parent()
                        .is_some_and(|up| up.kind() == "aliased_import")
                {
                    return None;
                }
                for other in module.uses(&name, module.root()) {
                    if !ancestors(other).any(|up| up.kind() == "import_from_statement") {
                        note(&module, other);
                    }
                }
            }
        }
        if global && !home && knows && module.source().contains("import *") {
            return None;
        }
    }
    mentions.sort_by_key(|mention| (mention.module.path.clone(), mention.span.start));
    mentions.dedup_by(|a, b| a.module.path == b.module.path && a.span == b.span);
    // A second value makes a second container.
    let again = mentions.iter().any(|mention| {
        mention.node().is_none_or(|node| {
            (node.parent()).is_some_and(|up| {
                up.kind() == "assignment" && up.child_by_field_name("left") == Some(node)
            })
        })
    });
    (!again).then_some(mentions)
}

impl Mention<'_> {
    fn node(&self) -> Option<Node<'_>> {
        self.module.at(self.span.clone())
    }
}

fn usage<'t>(module: &Module, node: Node<'t>) -> Use<'t> {
    let Some(parent) = node.parent() else {
        return Use::Other;
    };
    let field = |name| parent.child_by_field_name(name) == Some(node);
    match parent.kind() {
        "attribute" if field("object") => match parent.parent() {
            Some(call)
                if call.kind() == "call"
                    && call.child_by_field_name("function") == Some(parent) =>
            {
                Use::Method(call)
            }
            _ => Use::Other,
        },
        "subscript" if field("value") => {
            let slice = named_children(parent)
                .iter()
                .any(|child| child.kind() == "slice");
            match slice {
                true => Use::Other,
                false => Use::Index,
            }
        }
        "for_statement" | "for_in_clause" if field("right") => Use::Iterated,
        "list_splat" => Use::Iterated,
        "comparison_operator" => {
            let before = &module.source()[parent.start_byte()..node.start_byte()];
            let asked = named_children(parent).len() == 2 && before.trim_end().ends_with(" in");
            match asked {
                true => Use::Asked,
                false => Use::Other,
            }
        }
        "not_operator" => Use::Tested(parent),
        _ if tested(node) => Use::Tested(node),
        "argument_list" => match parent.parent() {
            Some(call) if call.kind() == "call" => Use::Passed(call),
            _ => Use::Other,
        },
        "augmented_assignment" if field("left") => {
            let operator = parent
                .child_by_field_name("operator")
                .map(|it| module.of(it));
            match operator {
                Some("+=") => Use::Grown,
                _ => Use::Other,
            }
        }
        "global_statement" => Use::Declared,
        "assignment" if field("right") => match parent.child_by_field_name("left") {
            Some(left) if left.kind() == "identifier" => Use::Renamed(left),
            _ => Use::Other,
        },
        _ => Use::Other,
    }
}

/// Is only asked whether it is true? `if X and y:`, `a if X else b`
fn tested(node: Node) -> bool {
    let Some(parent) = node.parent() else {
        return false;
    };
    match parent.kind() {
        "boolean_operator" | "parenthesized_expression" => tested(parent),
        "not_operator" => true,
        "if_statement" | "while_statement" | "elif_clause" => {
            parent.child_by_field_name("condition") == Some(node)
        }
        "conditional_expression" => named_children(parent).get(1) == Some(&node),
        _ => false,
    }
}

fn shape(module: &Module, value: Node) -> Option<Container> {
    match value.kind() {
        "list" | "list_comprehension" => Some(Container::List),
        "dictionary" | "dictionary_comprehension" => Some(Container::Dict),
        "set" => Some(Container::Set),
        "call" => {
            let function = value.child_by_field_name("function")?;
            let last = function
                .child_by_field_name("attribute")
                .unwrap_or(function);
            match written(module, last) {
                "list" => Some(Container::List),
                "dict" | "defaultdict" | "OrderedDict" => Some(Container::Dict),
                "set" => Some(Container::Set),
                "deque" => Some(Container::Deque),
                "Queue" | "LifoQueue" | "PriorityQueue" | "JoinableQueue" => Some(Container::Queue),
                "SimpleQueue" => Some(Container::SimpleQueue),
                _ => None,
            }
        }
        _ => None,
    }
}

/// What a name was called where it was imported from.
pub fn written<'a>(module: &Module<'a>, node: Node) -> &'a str {
    let name = module.of(node);
    let alias = module.named(name).into_iter().find_map(|other| {
        let import = other.parent().filter(|up| up.kind() == "aliased_import")?;
        let alias = import.child_by_field_name("alias")?;
        (alias == other).then(|| import.child_by_field_name("name"))?
    });
    alias.map_or(name, |alias| module.of(alias))
}

/// `queue` of `from queue import SimpleQueue`
fn imported_from<'a>(module: &Module<'a>, name: &str) -> Option<&'a str> {
    module.named(name).into_iter().find_map(|node| {
        let import = ancestors(node).find(|up| up.kind() == "import_from_statement")?;
        Some(module.of(import.child_by_field_name("module_name")?))
    })
}

pub fn method<'a>(module: &Module<'a>, call: Node) -> &'a str {
    let function = call.child_by_field_name("function");
    let name = function.and_then(|function| function.child_by_field_name("attribute"));
    name.map_or("", |name| module.of(name))
}

/// The name of a keyword argument.
pub fn keyword<'a>(module: &Module<'a>, argument: Node) -> Option<&'a str> {
    let named = argument.kind() == "keyword_argument";
    named.then(|| {
        argument
            .child_by_field_name("name")
            .map(|name| module.of(name))
    })?
}

pub fn arguments(call: Node) -> Option<Node> {
    call.child_by_field_name("arguments")
        .filter(|all| all.kind() == "argument_list")
}

/// A name or an attribute of one: to name it again costs nothing and does nothing.
pub fn plain(node: Node) -> bool {
    match node.kind() {
        "identifier" => true,
        "attribute" => node.child_by_field_name("object").is_some_and(plain),
        _ => false,
    }
}

/// Another argument at the end, behind a trailing comma too.
pub fn add_argument(draft: &mut Rewrite, module: &Module, call: Node, text: &str) -> Option<()> {
    let all = arguments(call)?;
    let Some(last) = named_children(all).pop() else {
        draft.insert(module, all.start_byte() + 1, text);
        return Some(());
    };
    if last.kind() == "dictionary_splat" || last.kind() == "generator_expression" {
        return None;
    }
    // On a line of its own each: so is the new one.
    let line = module.text.line_of(last.start_byte());
    let before = &module.source()[module.text.line_start(line)..last.start_byte()];
    let own = before.trim().is_empty() && !before.is_empty();
    let gap = match own {
        true => format!("{}{before}", module.line_end()),
        false => " ".to_string(),
    };
    let end = module.end_of_line(last);
    let rest = module.source()[last.end_byte()..end].trim_start();
    if own
        && rest
            .strip_prefix(',')
            .is_some_and(|rest| rest.trim().is_empty() || rest.trim_start().starts_with('#'))
    {
        draft.insert(module, end, format!("{gap}{text},"));
        return Some(());
    }
    draft.insert(module, last.end_byte(), format!(",{gap}{text}"));
    Some(())
}

/// `cachetools.LRUCache` in place of a dict, where the project has cachetools.
pub fn lru(cx: &Cx, size: u32) -> Option<Rewrite> {
    let birth = birth(cx)?;
    let known = ["import cachetools", "from cachetools"];
    let known = known.iter().any(|import| cx.fixer.anywhere(import));
    let module = &*birth.module;
    let value = module.at(birth.value.clone())?;
    let empty = match value.kind() {
        "dictionary" => value.named_child_count() == 0,
        "call" => module.of(value) == "dict()",
        _ => false,
    };
    if birth.shape != Container::Dict || !known || !empty {
        return None;
    }
    let name = cx.module.of(cx.holder()?);
    for mention in mentions(cx, &birth)? {
        let module = &*mention.module;
        let node = mention.node()?;
        let fits = match usage(module, node) {
            Use::Method(call) => matches!(
                method(module, call),
                "get" | "pop" | "keys" | "values" | "items" | "setdefault" | "update" | "clear"
            ),
            Use::Passed(call) => takes_any_iterable(module, call),
            Use::Index | Use::Iterated | Use::Asked | Use::Tested(_) | Use::Declared => true,
            _ => false,
        };
        if !fits {
            return None;
        }
    }
    let target = module.at(birth.target.clone())?;
    let annotation = target.parent()?.child_by_field_name("type");
    let mut draft = cx.draft(
        format!("Make `{name}` an LRUCache(maxsize={size})"),
        Applicability::Unsafe,
    );
    let cache = draft.import(module, "cachetools", "LRUCache", Style::Name)?;
    if let Some(annotation) = annotation {
        draft.replace(module, annotation.byte_range(), cache.clone());
    }
    draft.replace(
        module,
        birth.value.clone(),
        format!("{cache}(maxsize={size})"),
    );
    Some(draft.sized(size))
}
