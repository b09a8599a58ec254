//! Loops that never end: `while True:`, `while not stop.is_set():`, `while iterator:` over an open shard.

use super::effects::{statement_exprs, visit};
use crate::facts::*;

/// Names with such a word say that a loop goes on until somebody ends it.
const TOLD: [&str; 11] = [
    "run", "stop", "alive", "shut", "terminat", "exit", "quit", "cancel", "active", "kill", "wait",
];

/// Objects of settings, by name.
const SETTINGS: [&str; 9] = [
    "config",
    "conf",
    "cfg",
    "settings",
    "options",
    "opts",
    "args",
    "flags",
    "arguments",
];

/// A handler of one of these ends a loop at the end of what it reads.
const ENDS: [&str; 6] = [
    "StopIteration",
    "StopAsyncIteration",
    "KeyError",
    "IndexError",
    "Empty",
    "TimeoutError",
];

/// Does the loop go round until the process ends or somebody stops it?
pub fn never_ends(facts: &ChunkFacts, test: ExprId, body: &[Stmt]) -> bool {
    let until = Until { facts, body };
    until.goes_on(test) && until.stays(body, true) && !until.waits_for_somebody()
}

/// Does the test ask whether something is still missing? What it guards runs once.
pub fn asks_for_nothing(facts: &ChunkFacts, test: ExprId) -> bool {
    let place = |expr: ExprId| match facts.expr(expr) {
        Expr::Local(_) | Expr::Name(_) | Expr::Attr(..) | Expr::Outer(..) => true,
        Expr::Call(call) => {
            matches!(facts.expr(call.function), Expr::Name(name) if name == "len")
        }
        _ => false,
    };
    match facts.expr(test) {
        Expr::Not(inner) => place(*inner),
        Expr::Compare(parts, operators) => {
            let none = matches!(
                facts.expr(parts[parts.len() - 1]),
                Expr::None | Expr::Int(0)
            );
            let same = matches!(operators[..], [Comparison::Is | Comparison::Equal]);
            none && same && place(parts[0])
        }
        _ => false,
    }
}

/// `if not self.config.disabled:`: what a setting says is so in each round, and not missing in the first.
pub fn asks_a_setting(facts: &ChunkFacts, test: ExprId) -> bool {
    match facts.expr(test) {
        Expr::Not(inner) => asks_a_setting(facts, *inner),
        Expr::Compare(parts, _) => asks_a_setting(facts, parts[0]),
        Expr::Attr(base, _) => is_settings(facts, *base),
        _ => false,
    }
}

/// `settings`, `self._config`, `args`: what a loop reads and does not fill.
fn is_settings(facts: &ChunkFacts, base: ExprId) -> bool {
    let named = |name: &str| SETTINGS.contains(&name.trim_matches('_'));
    match facts.expr(base) {
        Expr::Name(name) | Expr::Attr(_, name) => named(name),
        Expr::Local(slot) | Expr::Outer(_, slot) => {
            let owner = match facts.expr(base) {
                Expr::Outer(owner, _) => *owner,
                _ => facts.owner(base),
            };
            let locals = &facts.functions[owner as usize].locals;
            locals.get(*slot as usize).is_some_and(|name| named(name))
        }
        _ => false,
    }
}

struct Until<'a> {
    facts: &'a ChunkFacts,
    body: &'a [Stmt],
}

impl Until<'_> {
    fn goes_on(&self, test: ExprId) -> bool {
        match self.facts.expr(test) {
            Expr::Either(left, right) | Expr::Both(left, right) => {
                self.goes_on(*left) && self.goes_on(*right)
            }
            _ => self.forever(test) || self.open(test),
        }
    }

    /// `True`, or what says that nobody has stopped it.
    fn forever(&self, test: ExprId) -> bool {
        matches!(self.facts.expr(test), Expr::True)
            || matches!(self.facts.expr(test), Expr::Int(number) if *number != 0)
            || self.told(test)
    }

    /// `self.running`, `not stop.is_set()`: and nothing in the loop itself sets it.
    fn told(&self, test: ExprId) -> bool {
        let says = |name: &str| {
            let name = name.to_ascii_lowercase();
            let word = |part: &str| TOLD.iter().any(|word| part.starts_with(word));
            name == "is_set" || name.split('_').any(word)
        };
        match self.facts.expr(test) {
            Expr::Not(inner) | Expr::Await(inner) => self.told(*inner),
            Expr::Call(call) => match self.facts.expr(call.function) {
                Expr::Name(name) | Expr::Attr(_, name) => says(name),
                Expr::Local(_) => self.told(call.function),
                _ => false,
            },
            Expr::Attr(_, name) | Expr::Name(name) => says(name) && !self.sets(test),
            Expr::Local(slot) | Expr::Outer(_, slot) => {
                let owner = match self.facts.expr(test) {
                    Expr::Outer(owner, _) => *owner,
                    _ => self.facts.owner(test),
                };
                let locals = &self.facts.functions[owner as usize].locals;
                locals.get(*slot as usize).is_some_and(|name| says(name)) && !self.sets(test)
            }
            _ => false,
        }
    }

    /// `iterator`, `iterator is not None`, where the loop takes it from `NextShardIterator`.
    fn open(&self, test: ExprId) -> bool {
        let tested = match self.facts.expr(test) {
            Expr::Compare(parts, operators)
                if matches!(operators[..], [Comparison::IsNot | Comparison::NotEqual])
                    && matches!(self.facts.expr(parts[1]), Expr::None) =>
            {
                parts[0]
            }
            _ => test,
        };
        let values = self.assigned(tested);
        // An expired iterator is asked for again.
        let asked = |value: &ExprId| {
            self.facts.any(*value, &mut |_, expr| matches!(expr, Expr::Name(name) | Expr::Attr(_, name) if name.ends_with("iterator")))
        };
        self.names_next(tested)
            || values.iter().any(|value| self.names_next(*value))
                && values
                    .iter()
                    .all(|value| self.names_next(*value) || asked(value))
    }

    fn names_next(&self, expr: ExprId) -> bool {
        self.facts.any(
            expr,
            &mut |_, expr| matches!(expr, Expr::Str(text) if text == "NextShardIterator"),
        )
    }

    /// `choice = input("> ")`: it goes round at a person's pace, and ends when they leave.
    fn waits_for_somebody(&self) -> bool {
        let asks = |expr: &Expr| match expr {
            Expr::Call(call) => {
                matches!(self.facts.expr(call.function), Expr::Name(name) if name == "input")
            }
            _ => false,
        };
        let mut found = false;
        visit(self.body, &mut |stmt| {
            let mut exprs = statement_exprs(stmt).into_iter();
            found |= exprs.any(|expr| self.facts.any(expr, &mut |_, expr| asks(expr)));
        });
        found
    }

    fn sets(&self, place: ExprId) -> bool {
        !self.assigned(place).is_empty()
    }

    /// What the loop assigns to this place.
    fn assigned(&self, place: ExprId) -> Vec<ExprId> {
        let mut values = Vec::new();
        visit(self.body, &mut |stmt| {
            if let Stmt::Assign { targets, value, .. } = stmt
                && targets.iter().any(|&target| self.binds(target, place))
            {
                values.push(*value);
            }
        });
        values
    }

    fn binds(&self, target: ExprId, place: ExprId) -> bool {
        match self.facts.expr(target) {
            Expr::Tuple(items) => items.iter().any(|&item| self.binds(item, place)),
            _ => same_place(self.facts, target, place),
        }
    }

    /// Does nothing in these statements leave the loop but a stop, or the end of what never ends?
    fn stays(&self, block: &[Stmt], own: bool) -> bool {
        block.iter().all(|stmt| match stmt {
            Stmt::Return(_) => false,
            Stmt::Break => !own,
            Stmt::If { test, then, other } => {
                let leaves = matches!(then[..], [.., Stmt::Break | Stmt::Return(_)]);
                let stopped = leaves && (self.told(*test) || self.closed(*test));
                (stopped || self.stays(then, own)) && self.stays(other, own)
            }
            Stmt::For { body, other, .. } | Stmt::While { body, other, .. } => {
                self.stays(body, false) && self.stays(other, own)
            }
            Stmt::With { body, .. } => self.stays(body, own),
            Stmt::Try {
                body,
                handlers,
                other,
                finally,
            } => {
                let fails =
                    |handler: &Handler| !self.is_end(handler) || self.stays(&handler.body, own);
                [body, other, finally]
                    .into_iter()
                    .all(|block| self.stays(block, own))
                    && handlers.iter().all(fails)
            }
            Stmt::Match { cases, .. } => cases.iter().all(|case| self.stays(case, own)),
            _ => true,
        })
    }

    /// `if not iterator:`, `if "NextShardIterator" not in response:`: the shard is closed.
    fn closed(&self, test: ExprId) -> bool {
        match self.facts.expr(test) {
            Expr::Not(inner) => self.open(*inner),
            Expr::Compare(parts, operators) => match (&operators[..], self.facts.expr(parts[0])) {
                ([Comparison::NotIn], Expr::Str(text)) => text == "NextShardIterator",
                ([Comparison::Is | Comparison::Equal], _) => {
                    matches!(self.facts.expr(parts[1]), Expr::None) && self.open(parts[0])
                }
                _ => false,
            },
            _ => false,
        }
    }

    fn is_end(&self, handler: &Handler) -> bool {
        handler.kind.is_some_and(|kind| {
            self.facts.any(kind, &mut |_, expr| matches!(expr, Expr::Name(name) | Expr::Attr(_, name) if ENDS.contains(&name.as_str())))
        })
    }
}

/// Do the two name one place?
pub fn same_place(facts: &ChunkFacts, one: ExprId, other: ExprId) -> bool {
    match (facts.expr(one), facts.expr(other)) {
        (Expr::Attr(base, name), Expr::Attr(other, named)) => {
            name == named && same_place(facts, *base, *other)
        }
        (one @ (Expr::Local(_) | Expr::Name(_) | Expr::Outer(..)), other) => one == other,
        _ => false,
    }
}

/// Does a statement that runs each time hold such an expression?
pub fn each_time(
    facts: &ChunkFacts,
    block: &[Stmt],
    wanted: &mut impl FnMut(ExprId, &Expr) -> bool,
) -> bool {
    block.iter().any(|stmt| {
        let own = statement_exprs(stmt);
        if own.into_iter().any(|expr| facts.any(expr, wanted)) {
            return true;
        }
        match stmt {
            Stmt::If { test, then, other } => {
                !asks_for_nothing(facts, *test) && each_time(facts, then, wanted)
                    || each_time(facts, other, wanted)
            }
            _ => (stmt.blocks().into_iter()).any(|block| each_time(facts, block, wanted)),
        }
    })
}
