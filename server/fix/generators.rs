//! Pages one at a time: a list that only travels to a loop becomes a generator, one that is only
//! counted a count.

use std::rc::Rc;

use tree_sitter::Node;

use super::containers::{
    add_argument, arguments, flushed, method, plain, takes_any_iterable, written,
};
use super::imports::{Style, without};
use super::locals::Only;
use super::module::{
    Module, ancestors, binds, descend, function_of, has_word, is_name, named_children, statement,
    statements,
};
use super::{Cx, Rewrite, clash};
use crate::finding::Applicability;
use crate::value::Kind;

/// A local list that a loop fills, and the function around it.
struct Gathered<'t> {
    name: String,
    function: Node<'t>,
    /// `items = []`, or `items = response["Items"]`: the statement and its value.
    made: Node<'t>,
    value: Node<'t>,
    stores: Vec<Store<'t>>,
    /// All other mentions.
    reads: Vec<Node<'t>>,
    /// It is a global that no other function names.
    global: Option<Only<'t>>,
}

/// `items.extend(page["Items"])`
struct Store<'t> {
    statement: Node<'t>,
    /// What is put in.
    value: Node<'t>,
    /// One thing rather than all of an iterable.
    single: bool,
}

/// Rules on lists that a page or stream loop fills.
pub fn gathered(acc: &mut Vec<Rewrite>, cx: &Cx) {
    let Some(gathered) = Gathered::of(cx) else {
        return;
    };
    acc.extend(gathered.counted(cx));
    acc.extend(gathered.yielded(cx));
}

/// For the rule on globals: what one function gathers in one and returns it yields instead.
pub fn yielded(cx: &Cx) -> Option<Rewrite> {
    let gathered = Gathered::of(cx).filter(|gathered| gathered.global.is_some())?;
    gathered.yielded(cx)
}

impl<'t> Gathered<'t> {
    fn of(cx: &Cx<'t, '_>) -> Option<Gathered<'t>> {
        let module = cx.module;
        let holder = cx.holder().filter(|holder| holder.kind() == "identifier")?;
        let name = module.of(holder);
        let function = function_of(holder)?;
        let scope = module.resolve(holder);
        let global = match scope.kind() {
            "module" => Some(Only::of(cx, holder, function)?),
            _ if scope == function => None,
            _ => return None,
        };
        let mentions = match &global {
            Some(only) => only.uses.clone(),
            None => module.uses(name, function),
        };
        let mut made = match &global {
            Some(only) => {
                let birth = only.birth?;
                Some((statement(birth)?, birth.child_by_field_name("right")?))
            }
            None => None,
        };
        let mut stores = Vec::new();
        let mut reads = Vec::new();
        let mut seen: Vec<Node> = Vec::new();
        for mention in mentions {
            let mention = within(function, mention)?;
            // A function inside may run at any time.
            if function_of(mention) != Some(function) || binds_parameter(mention) {
                return None;
            }
            let statement = statement(mention)?;
            if let Some(store) = store(module, statement, mention) {
                if !seen.contains(&statement) {
                    seen.push(statement);
                    stores.push(store);
                }
                continue;
            }
            let assignment = mention.parent().filter(|up| up.kind() == "assignment");
            match assignment {
                Some(assignment) if assignment.child_by_field_name("left") == Some(mention) => {
                    let value = assignment.child_by_field_name("right")?;
                    let own = statement.named_child(0) == Some(assignment);
                    if made.is_some() || !own || !module.alone(statement) {
                        return None;
                    }
                    made = Some((statement, value));
                }
                _ if binds(mention) => return None,
                _ => reads.push(mention),
            }
        }
        let (made, value) = made?;
        // In the same block, or in one inside.
        let block = made.parent()?.byte_range();
        let after = |node: &Node| {
            node.start_byte() > made.end_byte()
                && (global.is_some() || block.contains(&node.start_byte()))
        };
        let sound = !stores.is_empty()
            && stores
                .iter()
                .all(|store| after(&store.statement) && module.alone(store.statement))
            && reads.iter().all(after);
        sound.then_some(Gathered {
            name: name.to_string(),
            function,
            made,
            value,
            stores,
            reads,
            global,
        })
    }

    fn starts_empty(&self, module: &Module) -> bool {
        matches!(module.of(self.value), "[]" | "list()")
    }

    /// Nobody asks for anything but its length.
    fn counted(&self, cx: &Cx) -> Option<Rewrite> {
        let module = cx.module;
        if self.global.is_some() {
            return None;
        }
        let name = &self.name;
        let mut draft = cx.draft(
            format!("Count in `{name}` instead of keeping"),
            Applicability::Safe,
        );
        let mut asked = 0;
        for read in &self.reads {
            let length = read
                .parent()?
                .parent()
                .filter(|call| call.kind() == "call" && module.of(*call) == format!("len({name})"));
            match length {
                Some(length) => draft.replace(module, length.byte_range(), name.clone()),
                None if is_test(*read) => {}
                None => return None,
            }
            asked += 1;
        }
        if asked == 0 || module.binds("len") {
            return None;
        }
        let mut listed = |value: Node| {
            let sure = match value.kind() {
                "subscript" => named_children(value).get(1).is_some_and(|key| {
                    matches!(
                        module.of(*key).trim_matches(['"', '\'']),
                        "Items" | "Records"
                    )
                }),
                _ => method(module, value) == "get" && module.of(value).ends_with("[])"),
            };
            if !sure {
                draft.applicability = Applicability::Unsafe;
            }
            value.kind() != "generator_expression"
        };
        let mut counts = Vec::new();
        for store in &self.stores {
            if !store.single && !listed(store.value) {
                return None;
            }
            let text = match (store.single, acts(store.value)) {
                // What is done for its effect is done all the same.
                (true, true) => {
                    let (indent, end) = (module.indent(store.statement)?, module.line_end());
                    let value = bracketed(module, store.value);
                    format!("{value}{end}{indent}{name} += 1")
                }
                (true, false) => format!("{name} += 1"),
                (false, _) => format!("{name} += len({})", module.of(store.value)),
            };
            counts.push((store.statement, text));
        }
        let start = match self.starts_empty(module) {
            true => "0".to_string(),
            false if listed(self.value) => format!("len({})", module.of(self.value)),
            false => return None,
        };
        for (statement, text) in counts {
            kept(module, statement)?;
            draft.replace(module, statement.byte_range(), text);
        }
        kept(module, self.made)?;
        draft.replace(module, self.made.byte_range(), format!("{name} = {start}"));
        self.small_pages(&mut draft, cx);
        Some(draft)
    }

    /// The function yields what it would have kept and returned.
    fn yielded(&self, cx: &Cx) -> Option<Rewrite> {
        let module = cx.module;
        let function = self.function;
        let name = module.of(function.child_by_field_name("name")?);
        let top = self.made.parent() == function.child_by_field_name("body");
        if self.global.is_none() && !top {
            return None;
        }
        let title = match &self.global {
            Some(_) => format!("Let `{name}` yield instead of keeping in `{}`", self.name),
            None => format!("Make `{name}` a generator that yields page by page"),
        };
        let mut draft = cx.draft(title, Applicability::Unsafe);
        let is_async = module.of(function).starts_with("async");
        match is_async {
            true => may_yield_async(cx, function, &mut draft)?,
            false => may_yield(cx, function)?,
        }
        // All that is done with the list is to return it, perhaps filtered.
        let mut filter = None;
        for read in &self.reads {
            let parent = read.parent()?;
            match parent.kind() {
                "return_statement" => {}
                "for_in_clause" if filter.is_none() && self.reads.len() == 1 => {
                    let whole = parent
                        .parent()
                        .filter(|up| up.kind() == "list_comprehension")?;
                    whole
                        .parent()
                        .filter(|up| up.kind() == "return_statement")?;
                    let clauses = named_children(whole);
                    let fors = clauses
                        .iter()
                        .filter(|it| it.kind() == "for_in_clause")
                        .count();
                    if fors != 1 || self.stores.iter().any(|store| store.single) {
                        return None;
                    }
                    // What is written over several lines comes on one.
                    if module.of(whole).contains(['#', '\\']) || module.of(whole).contains("\"\"\"")
                    {
                        return None;
                    }
                    filter = Some((whole, *read));
                    self.known_before(module, whole)?;
                }
                _ => return None,
            }
        }
        let through = |text: String| match filter {
            None => text,
            Some((whole, read)) => {
                let source = module.source();
                let before = &source[whole.start_byte() + 1..read.start_byte()];
                let after = &source[read.end_byte()..whole.end_byte() - 1];
                let lines = format!("{before}{text}{after}");
                let lines: Vec<&str> = lines.lines().map(str::trim).collect();
                format!("({})", lines.join(" ").trim())
            }
        };
        // An async generator has no `yield from`.
        let all_of = |statement: Node, text: String| {
            if !is_async {
                return Some(format!("yield from {text}"));
            }
            let each = ["item", "row", "each"];
            let each = each.iter().find(|it| !has_word(module.of(function), it))?;
            let (indent, unit, end) = (module.indent(statement)?, module.unit(), module.line_end());
            let asynchronous = text.contains("async for");
            (!asynchronous).then(|| format!("for {each} in {text}:{end}{indent}{unit}yield {each}"))
        };
        for store in &self.stores {
            kept(module, store.statement)?;
            let text = bracketed(module, store.value);
            let text = match store.single {
                true => format!("yield {text}"),
                false => all_of(store.statement, through(text))?,
            };
            draft.replace(module, store.statement.byte_range(), text);
        }
        match (&self.global, self.starts_empty(module)) {
            (Some(only), true) => only.taken_out(&mut draft, module)?,
            (Some(_), false) => return None,
            (None, true) => remove(&mut draft, module, self.made),
            (None, false) => {
                kept(module, self.made)?;
                let text = bracketed(module, self.value);
                let text = all_of(self.made, through(text))?;
                draft.replace(module, self.made.byte_range(), text);
            }
        }
        let body = function.child_by_field_name("body")?;
        let last = statements(body).pop()?;
        let mut returned = 0;
        for one in returns(function) {
            let value = named_children(one).first().copied();
            let own = value.is_some_and(|value| {
                self.reads.contains(&value) || filter.is_some_and(|(whole, _)| whole == value)
            });
            let empty = value.is_none_or(|value| matches!(module.of(value), "[]" | "None"));
            if !own && !empty || module.of(one).contains('#') {
                return None;
            }
            returned += usize::from(own);
            if one == last && module.alone(one) {
                remove(&mut draft, module, one);
            } else {
                draft.replace(module, one.byte_range(), "return");
            }
        }
        // What is returned under a condition may be the only thing in its block, which `return` keeps.
        if returned == 0 || returned != self.reads.len() {
            return None;
        }
        iterator_type(&mut draft, module, function)?;
        self.small_pages(&mut draft, cx);
        Some(draft)
    }

    /// Small pages, where all that is seen of a page is its items and the key of the next one.
    fn small_pages(&self, draft: &mut Rewrite, cx: &Cx) {
        let mut apart = cx.draft("", Applicability::Safe);
        if small_pages_in(&mut apart, cx, self.function).is_none() {
            return;
        }
        let clash =
            (apart.edits.iter()).any(|edit| draft.edits.iter().any(|other| clash(edit, other)));
        if !clash {
            draft.edits.extend(apart.edits);
        }
    }

    /// What a filter asks must be known when the first page comes.
    fn known_before(&self, module: &Module, filter: Node) -> Option<()> {
        let mut known = true;
        descend(filter, &mut |node| {
            if node.kind() == "identifier" && is_name(node) && module.of(node) != self.name {
                let name = module.of(node);
                if module.resolve(node) == self.function {
                    known &= module
                        .uses(name, self.function)
                        .iter()
                        .all(|other| !binds(*other) || other.start_byte() < self.made.start_byte());
                }
            }
            true
        });
        known.then_some(())
    }
}

/// May the function become a generator, as far as all its callers are seen to go through what it gives?
fn may_yield(cx: &Cx, function: Node) -> Option<()> {
    callers(cx, function, &mut |other, node| called(other, node))
}

/// The same for `async def`: each `for item in await load():` becomes `async for item in load():`.
fn may_yield_async(cx: &Cx, function: Node, draft: &mut Rewrite) -> Option<()> {
    let mut all = 0;
    callers(cx, function, &mut |other, node| {
        let call = node.parent().filter(|up| up.kind() == "call")?;
        let awaited = call.parent().filter(|up| up.kind() == "await")?;
        let looped = awaited
            .parent()
            .filter(|up| up.kind() == "for_statement" && other.of(*up).starts_with("for"))?;
        let own = call.child_by_field_name("function") == Some(node)
            && looped.child_by_field_name("right") == Some(awaited);
        if !own {
            return None;
        }
        draft.insert(other, looped.start_byte(), "async ");
        draft.replace(other, awaited.start_byte()..call.start_byte(), "");
        all += 1;
        Some(())
    })?;
    // Without a caller nobody says that it is gone through.
    (all > 0).then_some(())
}

/// Asks of each place that calls the function; `None` where other code may call it.
fn callers(
    cx: &Cx,
    function: Node,
    called: &mut dyn FnMut(&Rc<Module>, Node) -> Option<()>,
) -> Option<()> {
    let module = cx.module;
    let name_node = function.child_by_field_name("name")?;
    let name = module.of(name_node);
    if name.starts_with("__") || ENTRIES.contains(&name) {
        return None;
    }
    // A decorator may take the list, and a framework calls what it decorates.
    if function.parent()?.kind() == "decorated_definition" {
        return None;
    }
    let parameters = named_children(function.child_by_field_name("parameters")?);
    let mut names = parameters.iter().map(|it| module.of(*it));
    if names.any(|it| matches!(it, "request" | "event")) {
        return None;
    }
    let mut yields = false;
    descend(function.child_by_field_name("body")?, &mut |node| {
        yields |= node.kind() == "yield";
        !matches!(
            node.kind(),
            "function_definition" | "lambda" | "class_definition"
        )
    });
    // `assert len(load()) == 2` in a test that is not loaded.
    if yields || cx.fixer.tested(name) {
        return None;
    }
    let scope = module.resolve(name_node);
    let is_method = scope.kind() == "class_definition";
    for file in cx.fixer.files_with(name).iter() {
        let other = cx.fixer.module(file)?;
        if other.quoted(name) {
            return None;
        }
        let home = *other.path == *module.path;
        for node in other.named(name) {
            if home && node.byte_range() == name_node.byte_range() {
                continue;
            }
            let parent = node.parent()?;
            if parent.kind() == "function_definition" && binds(node) {
                // Another method may be this one, or stand in for it.
                if is_method || home && other.resolve(node).byte_range() == scope.byte_range() {
                    return None;
                }
                continue;
            }
            let attribute = parent.kind() == "attribute"
                && parent.child_by_field_name("attribute") == Some(node);
            if attribute {
                if is_method || scope.kind() == "module" {
                    called(&other, parent)?;
                }
            } else if is_name(node) && !is_method && (!home || other.resolve(node) == scope) {
                // The file's own function of that name, unless it gets this one too.
                if !home && other.binds(name) && !other.brings_in(name) {
                    continue;
                }
                called(&other, node)?;
            } else if ancestors(node).any(|up| up.kind() == "aliased_import") {
                return None;
            }
        }
    }
    Some(())
}

/// Frameworks, or nobody whom we see, call these.
const ENTRIES: [&str; 24] = [
    "create",
    "delete",
    "destroy",
    "dispatch",
    "filter_queryset",
    "get",
    "get_context_data",
    "get_object",
    "get_queryset",
    "handle",
    "handler",
    "lambda_handler",
    "list",
    "main",
    "patch",
    "post",
    "process_request",
    "put",
    "receive",
    "retrieve",
    "run",
    "setUp",
    "to_representation",
    "update",
];

/// Is the function called here, and what it gives gone through once?
fn called(module: &Rc<Module>, node: Node) -> Option<()> {
    let call = node.parent().filter(|up| up.kind() == "call")?;
    (call.child_by_field_name("function") == Some(node) && gone_through(module, call)).then_some(())
}

fn gone_through(module: &Module, node: Node) -> bool {
    let Some(parent) = node.parent() else {
        return false;
    };
    match parent.kind() {
        "for_statement" => parent.child_by_field_name("right") == Some(node),
        // Of a list comprehension the list would be as long.
        "for_in_clause" => {
            parent.child_by_field_name("right") == Some(node)
                && parent
                    .parent()
                    .is_some_and(|up| up.kind() == "generator_expression")
        }
        "parenthesized_expression" => gone_through(module, parent),
        "yield" => module.of(parent).starts_with("yield from"),
        "argument_list" => parent
            .parent()
            .is_some_and(|call| reduces(module, call, node)),
        _ => false,
    }
}

/// `sum(items)`: a function that goes through its first argument at once and keeps nothing of it.
fn reduces(module: &Module, call: Node, node: Node) -> bool {
    let function = call.child_by_field_name("function").map(|it| module.of(it));
    let first = arguments(call)
        .map(named_children)
        .unwrap_or_default()
        .first()
        == Some(&node);
    let known = ["all", "any", "max", "min", "sum"];
    first && function.is_some_and(|it| known.contains(&it)) && takes_any_iterable(module, call)
}

/// The rule on pages that are gathered in one expression.
pub fn materialised(acc: &mut Vec<Rewrite>, cx: &Cx) {
    acc.extend(few_of_all(cx));
    acc.extend(searched(cx));
    acc.extend(lazy(cx));
    acc.extend(streamed(cx));
}

/// `heapq.nsmallest(10, items)` in place of `sorted(items)[:10]`, which it is documented to equal.
fn few_of_all(cx: &Cx) -> Option<Rewrite> {
    let module = cx.module;
    let sorts = |node: &Node| {
        node.child_by_field_name("function")
            .is_some_and(|it| module.of(it) == "sorted")
    };
    // `sorted(list(pages.search("Items[]")))`: what is found is the list.
    let outer = || cx.node.parent()?.parent();
    let node = Some(cx.node).filter(sorts).or_else(outer).filter(sorts)?;
    if module.binds("sorted") {
        return None;
    }
    let sliced = node.parent().filter(|up| up.kind() == "subscript")?;
    let slice = (sliced.child_by_field_name("subscript")).filter(|it| it.kind() == "slice")?;
    let number = named_children(slice);
    let [number] = number[..] else { return None };
    let literal = number.kind() == "integer";
    // `[10:]` and `[::10]` are something else.
    if module.of(slice) != format!(":{}", module.of(number)) || !literal && !plain(number) {
        return None;
    }
    let all = named_children(arguments(node)?);
    let (source, rest) = all.split_first()?;
    let form = match source.kind() {
        "list_comprehension" => Form::Comprehension(*source),
        "generator_expression" | "list_splat" | "await" => return None,
        _ => Form::of(module, *source).unwrap_or(Form::Of(*source)),
    };
    if module.of(*source).contains("async ") || module.of(node).contains('#') {
        return None;
    }
    let mut last = None;
    let mut reverse = false;
    for one in rest {
        match module.of(one.child_by_field_name("name")?) {
            "key" => last = Some(module.of(*one)),
            "reverse" => match module.of(one.child_by_field_name("value")?) {
                "True" => reverse = true,
                "False" => {}
                _ => return None,
            },
            _ => return None,
        }
    }
    let name = if reverse { "nlargest" } else { "nsmallest" };
    // A name may stand for a negative number, of which `heapq` makes another thing.
    let how = match literal {
        true => Applicability::Safe,
        false => Applicability::Unsafe,
    };
    let mut draft = cx.draft(format!("Keep only these with heapq.{name}"), how);
    let written = draft.import(module, "heapq", name, Style::Module)?;
    let key = last.map_or_else(String::new, |key| format!(", {key}"));
    let text = form.text(module, false);
    draft.replace(
        module,
        sliced.byte_range(),
        format!("{written}({}, {text}{key})", module.of(number)),
    );
    smaller(&mut draft, cx, &form);
    Some(draft)
}

/// `pages.search("Items")` in place of `pages.build_full_result()["Items"]`, where one loop goes
/// through it.
fn searched(cx: &Cx) -> Option<Rewrite> {
    let (module, node) = (cx.module, cx.node);
    if method(module, node) != "build_full_result" {
        return None;
    }
    let pages = node
        .child_by_field_name("function")?
        .child_by_field_name("object")?;
    let items = |node: Node| {
        node.kind() == "subscript"
            && (node.child_by_field_name("subscript"))
                .is_some_and(|key| matches!(module.of(key), "\"Items\"" | "'Items'"))
    };
    let parent = node.parent()?;
    let mut draft = cx.draft("Go through the pages one at a time", Applicability::Unsafe);
    let quote = module.quote();
    let search = format!("search({quote}Items{quote})");
    let attribute = node
        .child_by_field_name("function")?
        .child_by_field_name("attribute")?;
    let called = attribute.start_byte()..node.end_byte();
    if items(parent) {
        if gone_through(module, parent) {
            if parent.parent()?.kind() == "argument_list" {
                draft.applicability = Applicability::Safe;
            }
            draft.replace(module, called.start..parent.end_byte(), search);
            small_pages_of(&mut draft, cx, pages, true);
            return Some(draft);
        }
        return None;
    }
    // `result = pages.build_full_result()`, then `for item in result["Items"]`
    let assignment = Some(parent).filter(|up| up.kind() == "assignment")?;
    let target = (assignment.child_by_field_name("left")).filter(|it| it.kind() == "identifier")?;
    let function = function_of(node)?;
    if module.resolve(target) != function || assignment.child_by_field_name("type").is_some() {
        return None;
    }
    let uses = module.uses(module.of(target), function);
    let [first, read] = uses[..] else { return None };
    let whole = read.parent().filter(|up| items(*up))?;
    let made = statement(node)?;
    let same_block = ancestors(read)
        .take_while(|up| *up != function)
        .filter(|up| matches!(up.kind(), "for_statement" | "while_statement" | "lambda"))
        .all(|up| up.child_by_field_name("right") == Some(whole) && up.parent() == made.parent());
    if first != target || !same_block || !gone_through(module, whole) {
        return None;
    }
    draft.replace(module, called, search);
    draft.replace(module, read.end_byte()..whole.end_byte(), "");
    small_pages_of(&mut draft, cx, pages, true);
    Some(draft)
}

/// A sketch: one line for each item, as it is read, in place of one document of all of them.
fn streamed(cx: &Cx) -> Option<Rewrite> {
    let (module, node) = (cx.module, cx.node);
    let form = Form::of(module, node)?;
    let parent = node.parent()?;
    // `return JsonResponse([…], safe=False)`, or through a name.
    let (within, name) = match parent.kind() {
        "assignment" => {
            let target =
                (parent.child_by_field_name("left")).filter(|it| it.kind() == "identifier")?;
            let function = function_of(node)?;
            let uses = module.uses(module.of(target), module.resolve(target));
            let [first, read] = uses[..] else { return None };
            let own = module.resolve(target) == function && first == target;
            (own.then_some(read)?, Some(module.of(target)))
        }
        _ => (node, None),
    };
    let response = ancestors(within)
        .take_while(|up| !up.kind().ends_with("_statement"))
        .find(|up| up.kind() == "call" && *up != node)?;
    let function = response.child_by_field_name("function")?;
    let returned = response.parent()?.kind() == "return_statement";
    if written(module, function) != "JsonResponse" || !returned || module.of(response).contains('#')
    {
        return None;
    }
    let title = "Stream one line an item with StreamingHttpResponse";
    let mut draft = cx.draft(title, Applicability::Display);
    let streaming = draft.import(module, "django.http", "StreamingHttpResponse", Style::Name)?;
    let dumps = draft.import(module, "json", "dumps", Style::Module)?;
    let encoder = draft.import(
        module,
        "django.core.serializers.json",
        "DjangoJSONEncoder",
        Style::Name,
    )?;
    let quote = module.quote();
    let line = |item: &str| format!("{dumps}({item}, cls={encoder}) + {quote}\\n{quote}");
    let lines = match form {
        Form::Of(source) if module.of(source).contains('\n') => return None,
        Form::Of(source) => format!("({} for item in {})", line("item"), module.of(source)),
        Form::Comprehension(whole) => {
            let element = whole.child_by_field_name("body")?;
            let before = &module.source()[whole.start_byte() + 1..element.start_byte()];
            let rest = &module.source()[element.end_byte()..whole.end_byte() - 1];
            format!("({before}{}{rest})", line(module.of(element)))
        }
    };
    let argument = name.unwrap_or("lines");
    let new = format!("{streaming}({argument}, content_type={quote}application/x-ndjson{quote})");
    draft.replace(module, response.byte_range(), new);
    if name.is_some() {
        draft.replace(module, node.byte_range(), lines);
    } else {
        let made = statement(node)?;
        let (indent, end) = (module.indent(made)?, module.line_end());
        if module.mentions("lines") {
            return None;
        }
        let text = format!("lines = {lines}{end}{indent}");
        draft.insert(module, made.start_byte(), text);
    }
    smaller(&mut draft, cx, &form);
    Some(draft)
}

/// `for order in (item for page in pages for item in page["Items"])`
fn lazy(cx: &Cx) -> Option<Rewrite> {
    let module = cx.module;
    // `sum([…])`: what is found is the sum, what gathers the list in it.
    let summed = arguments(cx.node).map(named_children).unwrap_or_default();
    let node = match &summed[..] {
        [list] if list.kind() == "list_comprehension" && reduces(module, cx.node, *list) => *list,
        _ => cx.node,
    };
    let form = Form::of(module, node)?;
    let parent = node.parent()?;
    // A pool has read all before the first result is asked for.
    let (source, _) = form.source(module)?;
    if source.kind() == "call" && matches!(method(module, source), "map" | "imap" | "submit") {
        return None;
    }
    if gone_through(module, node) {
        let reduced = parent.kind() == "argument_list";
        let how = if reduced {
            Applicability::Safe
        } else {
            Applicability::Unsafe
        };
        let mut draft = cx.draft("Go through the pages one at a time", how);
        let alone = reduced && named_children(parent).len() == 1;
        let text = form.text(
            module,
            alone
                && !module
                    .of(parent)
                    .trim_end_matches(')')
                    .trim_end()
                    .ends_with(','),
        );
        draft.replace(module, node.byte_range(), text);
        smaller(&mut draft, cx, &form);
        return Some(draft);
    }
    if parent.kind() == "return_statement" {
        return returned(cx, &form, parent);
    }
    let assignment = Some(parent).filter(|up| up.kind() == "assignment")?;
    let target = assignment
        .child_by_field_name("left")
        .filter(|it| it.kind() == "identifier")?;
    let function = function_of(node)?;
    let name = module.of(target);
    if module.resolve(target) != function || assignment.child_by_field_name("type").is_some() {
        return None;
    }
    let made = statement(node).filter(|made| made.named_child(0) == Some(assignment))?;
    let uses = module.uses(name, function);
    if uses.iter().filter(|other| binds(**other)).count() != 1 {
        return None;
    }
    let reads: Vec<Node> = (uses.into_iter())
        .filter(|other| other.byte_range() != target.byte_range())
        .collect();
    if reads.is_empty() || reads.iter().any(|read| read.start_byte() < made.end_byte()) {
        return None;
    }
    // Only its length is asked for.
    let lengths: Option<Vec<Node>> = reads
        .iter()
        .map(|read| {
            let call = read.parent()?.parent()?;
            (call.kind() == "call" && module.of(call) == format!("len({name})")).then_some(call)
        })
        .collect();
    if let Some(lengths) = lengths
        && let Some(count) = form.count(module)
    {
        let mut draft = cx.draft(
            format!("Count in `{name}` instead of keeping"),
            Applicability::Safe,
        );
        draft.replace(module, node.byte_range(), count);
        for length in lengths {
            draft.replace(module, length.byte_range(), name);
        }
        smaller(&mut draft, cx, &form);
        return Some(draft);
    }
    // One loop over it, in the same block: nothing else can come between.
    let [read] = reads[..] else { return None };
    let within_same_block = ancestors(read)
        .take_while(|up| up.kind() != "function_definition")
        .filter(|up| matches!(up.kind(), "for_statement" | "while_statement" | "lambda"))
        .all(|up| up.child_by_field_name("right") == Some(read) && up.parent() == made.parent());
    if !within_same_block || !gone_through(module, read) {
        if read.parent()?.kind() == "return_statement" && read.parent()?.parent() == made.parent() {
            return returned(cx, &form, read.parent()?);
        }
        return None;
    }
    let mut draft = cx.draft("Go through the pages one at a time", Applicability::Unsafe);
    draft.replace(module, node.byte_range(), form.text(module, false));
    smaller(&mut draft, cx, &form);
    Some(draft)
}

/// A function that returned the list returns an iterator.
fn returned(cx: &Cx, form: &Form, returned: Node) -> Option<Rewrite> {
    let module = cx.module;
    let function = function_of(cx.node)?;
    // What is read after the return is read outside of these.
    let mut around = ancestors(returned).take_while(|up| *up != function);
    if around.any(|up| matches!(up.kind(), "with_statement" | "try_statement")) {
        return None;
    }
    may_yield(cx, function)?;
    let others = returns(function)
        .into_iter()
        .filter(|other| other.byte_range() != returned.byte_range());
    if others.count() > 0 {
        return None;
    }
    let name = module.of(function.child_by_field_name("name")?);
    let title = format!("Let `{name}` give an iterator instead of a list");
    let mut draft = cx.draft(title, Applicability::Unsafe);
    let text = match form {
        Form::Of(source) => format!("iter({})", module.of(*source)),
        Form::Comprehension(_) => form.text(module, false),
    };
    draft.replace(module, cx.node.byte_range(), text);
    iterator_type(&mut draft, module, function)?;
    smaller(&mut draft, cx, form);
    Some(draft)
}

/// What gathers: `list(pages)` or `[item for page in pages …]`.
enum Form<'t> {
    Of(Node<'t>),
    Comprehension(Node<'t>),
}

impl<'t> Form<'t> {
    fn of(module: &Module, node: Node<'t>) -> Option<Form<'t>> {
        if module.of(node).contains("async ") {
            return None;
        }
        match node.kind() {
            "list_comprehension" => Some(Form::Comprehension(node)),
            "call" => {
                let name = module.of(node.child_by_field_name("function")?);
                let all = named_children(arguments(node)?);
                let [source] = all[..] else { return None };
                let listed = matches!(name, "list" | "tuple") && !module.binds(name);
                if !listed {
                    return None;
                }
                match source.kind() {
                    "list_comprehension" => Some(Form::Comprehension(source)),
                    "list_splat" | "keyword_argument" | "await" => None,
                    _ => Some(Form::Of(source)),
                }
            }
            _ => None,
        }
    }

    fn text(&self, module: &Module, bare: bool) -> String {
        match self {
            Form::Of(source) => module.of(*source).to_string(),
            Form::Comprehension(node) => {
                let text = module.of(*node);
                let inner = &text[1..text.len() - 1];
                match bare {
                    true => inner.trim().to_string(),
                    false => format!("({inner})"),
                }
            }
        }
    }

    fn count(&self, module: &Module) -> Option<String> {
        match self {
            Form::Of(source) => Some(format!("sum(1 for _ in {})", module.of(*source))),
            Form::Comprehension(node) => {
                let element = node.child_by_field_name("body")?;
                let text = module.of(*node);
                let rest = &text[element.end_byte() - node.start_byte()..text.len() - 1];
                // An element that is more than a name may do something.
                (element.kind() == "identifier").then(|| format!("sum(1{rest})"))
            }
        }
    }

    /// Where the pages come from, and whether their borders are out of sight.
    fn source(&self, module: &Module) -> Option<(Node<'t>, bool)> {
        match self {
            Form::Of(source) => Some((*source, false)),
            Form::Comprehension(node) => {
                let mut clauses = named_children(*node);
                clauses.retain(|it| it.kind() == "for_in_clause");
                let first = clauses.first()?.child_by_field_name("right")?;
                let element = node.child_by_field_name("body")?;
                let page = clauses[0]
                    .child_by_field_name("left")
                    .map(|it| module.of(it));
                let hidden = clauses.len() > 1 && page != Some(module.of(element));
                Some((first, hidden))
            }
        }
    }
}

fn page_size(module: &Module, size: u32) -> String {
    let quote = module.quote();
    format!("PaginationConfig={{{quote}PageSize{quote}: {size}}}")
}

/// Small pages, where nobody can tell them from large ones.
fn smaller(draft: &mut Rewrite, cx: &Cx, form: &Form) {
    let _ = small_pages(draft, cx, form);
}

fn small_pages(draft: &mut Rewrite, cx: &Cx, form: &Form) -> Option<()> {
    let module = cx.module;
    let (source, hidden) = form.source(module)?;
    small_pages_of(draft, cx, source, hidden)
}

/// `hidden`: whether page borders are out of sight.
fn small_pages_of(draft: &mut Rewrite, cx: &Cx, source: Node, hidden: bool) -> Option<()> {
    let module = cx.module;
    let mut call = source;
    let mut hidden = hidden;
    if call.kind() == "call" && method(module, call) == "search" {
        call = call
            .child_by_field_name("function")?
            .child_by_field_name("object")?;
        hidden = true;
    }
    if call.kind() == "identifier" {
        let scope = module.resolve(call);
        let uses = module.uses(module.of(call), scope);
        // More than one use: somebody else may look at the pages.
        if uses.len() != 2 || scope.kind() != "function_definition" {
            return None;
        }
        let assignment = uses[0].parent().filter(|up| up.kind() == "assignment")?;
        let value = assignment.child_by_field_name("right")?;
        call = module.at(value.byte_range())?;
    }
    if call.kind() != "call" {
        return None;
    }
    // Inside what is replaced as a whole nothing can be put in apart.
    let inside = (draft.edits.iter())
        .any(|edit| edit.span.start <= call.start_byte() && call.end_byte() <= edit.span.end);
    let models = (cx.verdict.story.value.as_ref())
        .and_then(|atom| atom.data())
        .is_some_and(|data| data.kind == Kind::ResultIterator);
    let size = cx.bounds.page;
    let (name, text) = match method(module, call) {
        "paginate" if hidden => ("PaginationConfig", page_size(module, size)),
        "scan" | "query" if models => ("page_size", format!("page_size={size}")),
        _ => return None,
    };
    let all = arguments(call)?;
    if has_word(module.of(all), name) || module.of(all).contains("**") {
        return None;
    }
    if !inside {
        return add_argument(draft, module, call, &text);
    }
    let mut apart = cx.draft("", Applicability::Safe);
    add_argument(&mut apart, module, call, &text)?;
    let added = apart.edits.pop()?;
    let written = module.of(call);
    let at = added.span.start - call.start_byte();
    let new = format!("{}{}{}", &written[..at], added.text, &written[at..]);
    for edit in &mut draft.edits {
        if edit.text.matches(written).count() == 1 {
            edit.text = edit.text.replace(written, &new);
            return Some(());
        }
    }
    None
}

/// `-> list[dict]` becomes `-> Iterator[dict]`.
fn iterator_type(draft: &mut Rewrite, module: &Module, function: Node) -> Option<()> {
    let Some(annotation) = function.child_by_field_name("return_type") else {
        return Some(());
    };
    let text = module.of(annotation);
    let head: &str = text.split('[').next().unwrap_or(text);
    let is_async = module.of(function).starts_with("async");
    let name = if is_async {
        "AsyncIterator"
    } else {
        "Iterator"
    };
    match head {
        "list" | "List" | "typing.List" => {
            let iterator = draft.import(module, "collections.abc", name, Style::Name)?;
            let start = annotation.start_byte();
            draft.replace(module, start..start + head.len(), iterator);
            Some(())
        }
        "Iterable" | "Iterator" | "typing.Iterable" | "typing.Iterator" if !is_async => Some(()),
        _ => None,
    }
}

/// `Limit=100` and its likes on all reads of a function whose page borders nobody sees.
fn small_pages_in(draft: &mut Rewrite, cx: &Cx, function: Node) -> Option<()> {
    let module = cx.module;
    let size = cx.bounds.page;
    let mut reads = Vec::new();
    descend(function.child_by_field_name("body")?, &mut |node| {
        if node.kind() == "call" && matches!(method(module, node), "scan" | "query" | "paginate") {
            reads.push(node);
        }
        true
    });
    let models = (cx.verdict.story.value.as_ref())
        .and_then(|atom| atom.data())
        .is_some_and(|data| data.kind == Kind::Model);
    // Only what is read on from the last key gives the same in smaller pages.
    let by_hand: Vec<Node> = (reads.iter().copied())
        .filter(|read| !models && method(module, *read) != "paginate")
        .collect();
    let one = |read: Node| {
        let assignment = ancestors(read).find(|up| up.kind() == "assignment")?;
        let target = assignment.child_by_field_name("left")?;
        let function = read.child_by_field_name("function")?;
        Some((module.of(target), module.of(function)))
    };
    let mut on = by_hand.iter().map(|read| module.of(*read));
    let same = by_hand.windows(2).all(|two| one(two[0]) == one(two[1]));
    let goes_on = same && on.any(|read| read.contains("ExclusiveStartKey"));
    if !by_hand.is_empty() && !goes_on {
        return None;
    }
    for read in reads {
        let (name, text) = match method(module, read) {
            "paginate" => ("PaginationConfig", page_size(module, size)),
            _ if models => ("page_size", format!("page_size={size}")),
            _ => ("Limit", format!("Limit={size}")),
        };
        let all = arguments(read)?;
        let written = module.of(all);
        // Of a count there is nothing to make smaller.
        if ["**", "Limit", "Select", name]
            .iter()
            .any(|it| written.contains(it))
        {
            return None;
        }
        let whole = match read.parent()?.kind() {
            "await" => read.parent()?,
            _ => read,
        };
        let parent = whole.parent()?;
        let page = match parent.kind() {
            // `page = table.scan(...)`
            "assignment" => parent.child_by_field_name("left")?,
            // `for page in paginator.paginate(...)`
            "for_statement" if parent.child_by_field_name("right") == Some(whole) => {
                parent.child_by_field_name("left")?
            }
            _ => return None,
        };
        let pages = method(module, read) == "paginate";
        // `pages = paginator.paginate(...)`, then `for page in pages`
        let page = match parent.kind() {
            "assignment" if pages => {
                let uses = module.uses(module.of(page), module.resolve(page));
                let [_, looped] = uses[..] else { return None };
                let up = looped.parent().filter(|up| up.kind() == "for_statement")?;
                (up.child_by_field_name("right") == Some(looped))
                    .then(|| up.child_by_field_name("left"))?
                    .and_then(|left| module.at(left.byte_range()))?
            }
            _ => page,
        };
        let of_models = models && parent.kind() == "for_statement";
        if !of_models && !borders_unseen(module, page, function) {
            return None;
        }
        add_argument(draft, module, read, &text)?;
    }
    (!draft.edits.is_empty()).then_some(())
}

/// Is all that is done with a page to take its items, or to ask for the key of the next one?
fn borders_unseen(module: &Module, page: Node, function: Node) -> bool {
    let scope = module.resolve(page);
    page.kind() == "identifier"
        && scope == function
        && module
            .uses(module.of(page), scope)
            .into_iter()
            .all(|other| {
                let Some(parent) = other.parent() else {
                    return false;
                };
                let known = |key: Node| {
                    let key = module.of(key).trim_matches(['"', '\'']);
                    matches!(key, "Items" | "LastEvaluatedKey" | "NextToken")
                };
                match parent.kind() {
                    "subscript" => parent.child_by_field_name("subscript").is_some_and(known),
                    "attribute" => parent
                        .parent()
                        .filter(|call| method(module, *call) == "get")
                        .and_then(arguments)
                        .is_some_and(|all| {
                            named_children(all).first().is_some_and(|it| known(*it))
                        }),
                    // `"LastEvaluatedKey" in page`
                    "comparison_operator" => {
                        named_children(parent).first().is_some_and(|it| known(*it))
                    }
                    _ => binds(other),
                }
            })
}

/// The same node, as a child of the function's own tree walk.
fn within<'t>(function: Node<'t>, node: Node) -> Option<Node<'t>> {
    function.named_descendant_for_byte_range(node.start_byte(), node.end_byte())
}

fn binds_parameter(node: Node) -> bool {
    ancestors(node)
        .take_while(|up| up.kind() != "function_definition")
        .any(|up| up.kind() == "parameters")
}

/// May the expression do something besides giving a value?
fn acts(node: Node) -> bool {
    let mut acts = false;
    descend(node, &mut |part| {
        acts |= matches!(part.kind(), "call" | "await" | "yield" | "named_expression");
        !acts
    });
    acts
}

fn is_test(node: Node) -> bool {
    let Some(parent) = node.parent() else {
        return false;
    };
    match parent.kind() {
        "not_operator" => true,
        "if_statement" | "while_statement" | "elif_clause" => {
            parent.child_by_field_name("condition") == Some(node)
        }
        _ => false,
    }
}

/// The store that a statement is, if it is one of the list.
fn store<'t>(module: &Module, statement: Node<'t>, mention: Node) -> Option<Store<'t>> {
    let one = statement
        .named_child(0)
        .filter(|_| statement.kind() == "expression_statement")?;
    let is_list = |node: Node| module.of(node) == module.of(mention) && plain(node);
    let whole = |value, single| {
        Some(Store {
            statement,
            value,
            single,
        })
    };
    match one.kind() {
        "call" => {
            let function = one.child_by_field_name("function")?;
            let object = function
                .child_by_field_name("object")
                .filter(|it| is_list(*it))?;
            let name = method(module, one);
            if object.byte_range() != mention.byte_range() || !matches!(name, "append" | "extend") {
                return None;
            }
            let all = one.child_by_field_name("arguments")?;
            if all.kind() == "generator_expression" {
                return (name == "extend").then(|| whole(all, false))?;
            }
            let [value] = named_children(all)[..] else {
                return None;
            };
            if matches!(value.kind(), "list_splat" | "keyword_argument") {
                return None;
            }
            whole(value, name == "append")
        }
        "augmented_assignment" => {
            let operator = one.child_by_field_name("operator")?;
            let left = one.child_by_field_name("left").filter(|it| is_list(*it))?;
            let value = one.child_by_field_name("right")?;
            let plus = module.of(operator) == "+=" && value.kind() != "expression_list";
            (left.byte_range() == mention.byte_range() && plus).then(|| whole(value, false))?
        }
        "assignment" => {
            one.child_by_field_name("left").filter(|it| is_list(*it))?;
            let right = one.child_by_field_name("right")?;
            match right.kind() {
                "binary_operator" => {
                    let operator = right.child_by_field_name("operator")?;
                    right
                        .child_by_field_name("left")
                        .filter(|it| is_list(*it))?;
                    let value = right.child_by_field_name("right")?;
                    let again = has_word(module.of(value), module.of(mention));
                    (module.of(operator) == "+" && !again).then(|| whole(value, false))?
                }
                "list" => {
                    let parts = named_children(right);
                    let [first, second] = parts[..] else {
                        return None;
                    };
                    let of = |node: Node<'t>| {
                        node.named_child(0).filter(|_| node.kind() == "list_splat")
                    };
                    of(first).filter(|it| is_list(*it))?;
                    whole(of(second)?, false)
                }
                _ => None,
            }
        }
        _ => None,
    }
}

/// A comment inside a statement that goes would go with it.
fn kept(module: &Module, statement: Node) -> Option<()> {
    let mut comment = false;
    descend(statement, &mut |node| {
        comment |= node.kind() == "comment";
        !comment
    });
    (module.alone(statement) && !comment).then_some(())
}

/// As it is written; over several lines in brackets of its own.
fn bracketed(module: &Module, value: Node) -> String {
    let text = module.of(value);
    let own = text.starts_with(['(', '[', '{']);
    match text.contains('\n') && !own {
        true => format!("({text})"),
        false => text.to_string(),
    }
}

/// Takes a statement out with its lines; a comment behind it stays.
fn remove(draft: &mut Rewrite, module: &Module, statement: Node) {
    let end = module.end_of_line(statement);
    let rest = &module.source()[statement.end_byte()..end];
    match rest.find('#') {
        Some(at) => draft.replace(
            module,
            statement.start_byte()..statement.end_byte() + at,
            "",
        ),
        None => {
            let text = module.text;
            let mut lines = module.lines(statement);
            let line = text.line_of(lines.start);
            let apart = line > 0 && text.line(line - 1).trim().is_empty();
            // What stands below the block keeps its blank lines.
            if apart && is_last(statement) {
                lines.start = text.line_start(line - 1);
            } else {
                lines = without(module, statement);
            }
            draft.replace(module, lines, "");
        }
    }
}

fn is_last(statement: Node) -> bool {
    statement.next_named_sibling().is_none()
}

/// The `return` statements of a function's own code.
fn returns(function: Node) -> Vec<Node> {
    let mut all = Vec::new();
    if let Some(body) = function.child_by_field_name("body") {
        descend(body, &mut |node| {
            if node.kind() == "return_statement" {
                all.push(node);
            }
            !matches!(
                node.kind(),
                "function_definition" | "lambda" | "class_definition"
            )
        });
    }
    all
}

/// For the rule on stream loops: a sketch that hands the records on in lots.
pub fn lots(cx: &Cx) -> Option<Rewrite> {
    cx.holder().filter(|holder| holder.kind() == "identifier")?;
    let lists = cx.node.kind() == "augmented_assignment"
        || matches!(method(cx.module, cx.node), "append" | "extend");
    lists.then(|| flushed(cx, cx.bounds.queue)).flatten()
}
