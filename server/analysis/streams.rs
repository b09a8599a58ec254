//! What rules on stream consumers ask of the statements around an expression.

use super::Cx;
use crate::facts::{ArgKind, Call, Captured, ChunkFacts, Expr, ExprId, Slot, Stmt};
use crate::finding::Confidence;
use crate::flow::{asks_for_nothing, each_time, never_ends, same_place, statement_exprs, visit};
use crate::value::{Atom, FuncId, Mark, Place, What};

/// Does a loop that never ends list the shards anew before it comes to this holder?
pub fn sees_new_shards(cx: &Cx, holder: &Captured) -> Option<Confidence> {
    let facts = cx.facts;
    let expr = holder.expr?;
    let own = facts.owner(expr);
    let body = &facts.functions[own as usize].body;
    let path = path_to(facts, body, expr)?;
    let again = |stmt: &&Stmt| matches!(stmt, Stmt::While { test, body, .. } if never_ends(facts, *test, body) && lists_shards(cx, body));
    let (inside, sure) = match path.iter().position(again) {
        Some(at) => (&path[at..], Confidence::High),
        None => {
            let called = cx.context(own).has(Mark::Endless) && lists_shards(cx, body);
            let function = FuncId {
                unit: cx.unit.id,
                function: own,
            };
            let kept =
                |place: &Place| !matches!(place, Place::Local(owner, _) if *owner == function);
            if !called || !cx.value(holder).places().any(kept) || leaves_if(facts, body, expr) {
                return None;
            }
            (&path[..], Confidence::Medium)
        }
    };
    let known = |stmt: &&Stmt| match stmt {
        Stmt::If { test, .. } => asks_for_nothing(facts, *test),
        // `for shard_id, iterator in iterators.items():` meets what is there already.
        Stmt::For { iter, .. } => facts.any(*iter, &mut |part, _| same_place(facts, part, expr)),
        _ => false,
    };
    (!inside.iter().any(known)).then_some(sure)
}

/// Does a loop ask again and again, each time from where the last answer ended?
pub fn follows_shard(cx: &Cx, call: ExprId) -> Option<Confidence> {
    let facts = cx.facts;
    let own = facts.owner(call);
    let next = |expr: &Expr| matches!(expr, Expr::Str(text) if text == "NextShardIterator");
    let here =
        (facts.exprs.iter().zip(&facts.owners)).any(|(expr, owner)| *owner == own && next(expr));
    if !here {
        return None;
    }
    around(cx, call, |stmt| {
        matches!(stmt, Stmt::While { .. } | Stmt::For { .. })
    })
}

/// Is it in a loop that never ends?
pub fn endless(cx: &Cx, expr: ExprId) -> Option<Confidence> {
    around(
        cx,
        expr,
        |stmt| matches!(stmt, Stmt::While { test, body, .. } if never_ends(cx.facts, *test, body)),
    )
}

/// Is such a statement around it, or one that never ends around calls of its function?
fn around(cx: &Cx, expr: ExprId, wanted: impl Fn(&Stmt) -> bool) -> Option<Confidence> {
    let own = cx.facts.owner(expr);
    let path = path_to(cx.facts, &cx.facts.functions[own as usize].body, expr)?;
    match path.into_iter().any(wanted) {
        true => Some(Confidence::High),
        false => (cx.context(own).has(Mark::Endless)).then_some(Confidence::Medium),
    }
}

/// Methods that send or write what they are given.
const WRITES: [&str; 14] = [
    "put_item",
    "update_item",
    "delete_item",
    "put_object",
    "put_record",
    "publish",
    "send_message",
    "post",
    "index",
    "send",
    "execute",
    "insert_one",
    "write",
    "invoke",
];

/// Do functions of this file, or writes, get the records of a loop, and nobody of whom nothing is known?
pub fn handles(cx: &Cx, call: ExprId) -> bool {
    let facts = cx.facts;
    let own = facts.owner(call);
    let function = &facts.functions[own as usize];
    if function.is_generator {
        return false;
    }
    let named = |expr: ExprId, names: &[Slot]| {
        facts.any(expr, &mut |_, part| match part {
            Expr::Str(text) => text == "Records",
            Expr::Local(slot) => names.contains(slot),
            _ => false,
        })
    };
    // Names of records: what loops over them bind, and what is made of each.
    let mut names: Vec<Slot> = Vec::new();
    for _ in 0..2 {
        visit(&function.body, &mut |stmt| {
            let (targets, value) = match stmt {
                Stmt::For { target, iter, .. } => (vec![*target], *iter),
                Stmt::Assign { targets, value, .. } => (targets.clone(), *value),
                _ => return,
            };
            if value != call && named(value, &names) {
                names.extend(
                    targets
                        .iter()
                        .filter_map(|&target| match facts.expr(target) {
                            Expr::Local(slot) => Some(*slot),
                            _ => None,
                        }),
                );
            }
        });
    }
    let mut handled = false;
    for &other in &facts.calls {
        let Expr::Call(of) = facts.expr(other) else {
            continue;
        };
        if facts.owner(other) != own || !of.args.iter().any(|arg| named(arg.value, &names)) {
            continue;
        }
        match getter(cx, of) {
            Getter::Seen => handled = true,
            Getter::Tool => {}
            Getter::Unknown => return false,
        }
    }
    handled
}

/// Who gets an argument.
enum Getter {
    /// A function of this file, or a write.
    Seen,
    /// What prints, logs, converts or collects.
    Tool,
    Unknown,
}

fn getter(cx: &Cx, call: &Call) -> Getter {
    let facts = cx.facts;
    match facts.expr(call.function) {
        Expr::Name(name) => {
            let value = cx.reader.global(cx.unit.file, name);
            let of_file = |function: FuncId| {
                let unit = cx.reader.world().units.get(&function.unit);
                cx.reader.signature(function).is_some()
                    && unit.is_some_and(|unit| unit.file == cx.unit.file)
            };
            let here =
                |atom: &Atom| matches!(atom.what, What::Function(function) if of_file(function));
            match value.atoms() {
                atoms if atoms.iter().any(here) => Getter::Seen,
                [] => Getter::Tool,
                atoms
                    if atoms
                        .iter()
                        .all(|atom| matches!(atom.what, What::Symbol(_))) =>
                {
                    Getter::Tool
                }
                _ => Getter::Unknown,
            }
        }
        Expr::Attr(base, name) => {
            let own = cx
                .unit
                .class
                .is_some_and(|class| cx.reader.members(class).contains_key(name));
            let itself = matches!(facts.expr(*base), Expr::Local(0)) && cx.unit.class.is_some();
            let module = matches!(facts.expr(*base), Expr::Name(_));
            match () {
                _ if itself && own => Getter::Seen,
                _ if WRITES.contains(&name.as_str()) => Getter::Seen,
                _ if module || TOOLS.contains(&name.as_str()) => Getter::Tool,
                _ => Getter::Unknown,
            }
        }
        _ => Getter::Unknown,
    }
}

/// Methods that log, convert or collect.
const TOOLS: [&str; 16] = [
    "append",
    "extend",
    "add",
    "put",
    "put_nowait",
    "get",
    "items",
    "join",
    "format",
    "decode",
    "deserialize",
    "debug",
    "info",
    "warning",
    "error",
    "encode",
];

/// Is the innermost loop around the expression a `while`?
pub fn in_while(facts: &ChunkFacts, expr: ExprId) -> bool {
    let body = &facts.functions[facts.owner(expr) as usize].body;
    let path = path_to(facts, body, expr).unwrap_or_default();
    let looped = |stmt: &&&Stmt| matches!(stmt, Stmt::While { .. } | Stmt::For { .. });
    matches!(path.iter().rfind(looped), Some(Stmt::While { .. }))
}

/// `client.list_shards(StreamName=...)`, or a function of the project that is called like that.
fn lists_shards(cx: &Cx, block: &[Stmt]) -> bool {
    let facts = cx.facts;
    let verbs = [
        "list", "get", "describe", "fetch", "discover", "find", "load", "read", "open", "all",
    ];
    let helper = |name: &str| {
        let name = name.trim_start_matches('_');
        name.ends_with("shards") && verbs.iter().any(|verb| name.starts_with(verb))
    };
    let of_stream = |call: &Call| {
        (call.args.iter())
            .any(|arg| matches!(&arg.kind, ArgKind::Keyword(name) if name.starts_with("Stream")))
    };
    // Other stores have shards too.
    let streams = cx.reader.in_scope(cx.unit.file)
        || (facts.exprs.iter()).any(|expr| matches!(expr, Expr::Str(text) if text == "ShardId"));
    each_time(facts, block, &mut |_, expr| {
        let Expr::Call(call) = expr else { return false };
        match facts.expr(call.function) {
            Expr::Attr(_, name)
                if matches!(
                    name.as_str(),
                    "list_shards" | "describe_stream" | "paginate"
                ) =>
            {
                of_stream(call)
            }
            Expr::Attr(_, name) | Expr::Name(name) => streams && helper(name),
            _ => false,
        }
    })
}

/// `if self.iterators: return`
fn leaves_if(facts: &ChunkFacts, body: &[Stmt], place: ExprId) -> bool {
    body.iter().any(|stmt| {
        matches!(stmt, Stmt::If { test, then, .. } if same_place(facts, *test, place) && matches!(then[..], [.., Stmt::Return(_)]))
    })
}

/// The statements around an expression of a function, outermost first.
pub fn path_to<'a>(facts: &ChunkFacts, block: &'a [Stmt], expr: ExprId) -> Option<Vec<&'a Stmt>> {
    let span = facts.span(expr);
    let holds = |own: ExprId| {
        let own = facts.span(own);
        own.start <= span.start && span.end <= own.end
    };
    block.iter().find_map(|stmt| {
        if statement_exprs(stmt).into_iter().any(holds) {
            return Some(vec![stmt]);
        }
        let inner = stmt
            .blocks()
            .into_iter()
            .find_map(|block| path_to(facts, block, expr))?;
        Some([vec![stmt], inner].concat())
    })
}

/// A place in words of its own, to tell it from others of the function.
pub fn spelled(facts: &ChunkFacts, place: ExprId) -> String {
    match facts.expr(place) {
        Expr::Attr(base, name) => format!("{}.{name}", spelled(facts, *base)),
        Expr::Name(name) => name.to_string(),
        Expr::Local(slot) => format!("local {slot}"),
        _ => format!("{place}"),
    }
}
