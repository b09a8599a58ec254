//! What rules on loops over pages ask of the statements around a read.

use super::Cx;
use super::streams::path_to;
use crate::facts::{Call, ChunkFacts, Clause, Expr, ExprId, Slot, Stmt};
use crate::flow::{leaves_at_once, statement_exprs, visit};

/// Calls that hand on the pages of what they are given.
const HAND_ON: [&str; 3] = ["enumerate", "iter", "tqdm"];

/// Does a loop of this function go through what the call gives, by itself or by a name?
pub fn gone_through(cx: &Cx, call: ExprId) -> bool {
    let facts = cx.facts;
    let own = facts.owner(call);
    let function = &facts.functions[own as usize];
    // Whoever asks a generator for items decides how many there are at a time.
    if function.is_generator {
        return false;
    }
    let mut iterated = Vec::new();
    let mut returned = Vec::new();
    let mut named: Vec<Slot> = Vec::new();
    visit(&function.body, &mut |stmt| match stmt {
        Stmt::Return(Some(value)) => returned.push(*value),
        Stmt::For { iter, body, .. } if !leaves_at_once(body) => iterated.push(*iter),
        Stmt::Assign { targets, value, .. } if *value == call => {
            named.extend(targets.iter().filter_map(|&target| slot(facts, target)));
        }
        _ => {}
    });
    for (id, (expr, owner)) in facts.exprs.iter().zip(&facts.owners).enumerate() {
        if let (Expr::Comprehension(comprehension), true) = (expr, *owner == own)
            && !returned.contains(&(id as ExprId))
            && let Some(Clause::For { iter, .. }) = comprehension.clauses.first()
        {
            iterated.push(*iter);
        }
    }
    let through = |iter: ExprId| {
        let pages = source(facts, iter);
        pages == call || slot(facts, pages).is_some_and(|slot| named.contains(&slot))
    };
    iterated.into_iter().any(through)
}

/// Is the page of one round still held while the next one is read, by nothing but the name that gets both?
pub fn held_on(cx: &Cx, call: ExprId) -> bool {
    let facts = cx.facts;
    let own = facts.owner(call);
    let function = &facts.functions[own as usize];
    let Some(path) = path_to(facts, &function.body, call).filter(|_| !function.is_generator) else {
        return false;
    };
    let Some(Stmt::Assign { targets, value, .. }) = path.last() else {
        return false;
    };
    let itself =
        *value == call || matches!(facts.expr(*value), Expr::Await(inner) if *inner == call);
    let (Some(page), Some(Stmt::While { test, body, .. })) = (
        slot(facts, targets[0]),
        path.iter()
            .rfind(|stmt| matches!(stmt, Stmt::While { .. } | Stmt::For { .. })),
    ) else {
        return false;
    };
    let is_page = |expr: ExprId| slot(facts, expr) == Some(page);
    let mut released = false;
    let mut end = facts.span(*test).end;
    visit(body, &mut |stmt| {
        end = statement_exprs(stmt)
            .into_iter()
            .fold(end, |end, expr| end.max(facts.span(expr).end));
        released |= match stmt {
            Stmt::Delete(targets) => targets.iter().any(|&target| is_page(target)),
            Stmt::Assign { targets, value, .. } => {
                targets.iter().any(|&target| is_page(target))
                    && matches!(facts.expr(*value), Expr::None)
            }
            _ => false,
        };
    });
    // `items = response["Items"]` holds what the page holds, and so does a list of pages.
    let mut shared = false;
    visit(&function.body, &mut |stmt| {
        if let Stmt::Assign { value, .. } = stmt
            && *value != call
            && facts.any(*value, &mut |id, _| is_page(id))
        {
            shared |= is_page(*value)
                || facts.any(
                    *value,
                    &mut |_, expr| matches!(expr, Expr::Str(text) if HELD.contains(&text.as_str())),
                );
        }
    });
    for (id, (expr, owner)) in facts.exprs.iter().zip(&facts.owners).enumerate() {
        if *owner != own {
            shared |= matches!(expr, Expr::Outer(owner, slot) if *owner == own && *slot == page);
            continue;
        }
        match expr {
            Expr::Call(call) => {
                let kept = call.args.iter().any(|arg| is_page(arg.value));
                shared |= kept
                    && matches!(facts.expr(call.function), Expr::Attr(_, name) if PUTS.contains(&name.as_str()));
            }
            Expr::Local(slot) if *slot == page => {
                // Used after the loop.
                shared |= facts.spans[id].start > end;
            }
            _ => {}
        }
    }
    itself && !released && !shared
}

/// What of a response takes the space.
const HELD: [&str; 2] = ["Items", "Records"];

const PUTS: [&str; 5] = ["append", "appendleft", "add", "put", "put_nowait"];

fn slot(facts: &ChunkFacts, expr: ExprId) -> Option<Slot> {
    match facts.expr(expr) {
        Expr::Local(slot) => Some(*slot),
        _ => None,
    }
}

/// `pages` of `enumerate(pages)` and `pages.search("Items[]")`.
fn source(facts: &ChunkFacts, expr: ExprId) -> ExprId {
    let inner = |call: &Call| match facts.expr(call.function) {
        Expr::Attr(base, name) if name == "search" => Some(*base),
        Expr::Name(name) if HAND_ON.contains(&name.as_str()) => {
            call.args.first().map(|arg| arg.value)
        }
        _ => None,
    };
    match facts.expr(expr) {
        Expr::Call(call) => inner(call).map_or(expr, |inner| source(facts, inner)),
        _ => expr,
    }
}
