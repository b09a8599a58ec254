//! What is known of one expression: for whoever points at it. Evaluates its unit again, with every expression noted.

use std::ops::Range;
use std::sync::Arc;

use super::Verdict;
use super::render::{Page, short};
use crate::facts::{ChunkFacts, Expr, ExprId};
use crate::finding::Finding;
use crate::flow::evaluate_all;
use crate::lifetime::lifetime;
use crate::summary::{CellKey, Outcome};
use crate::value::*;
use crate::workspace::Workspace;
use crate::workspace::unit::Unit;
use crate::workspace::world::{ROUNDS, Reader};

/// What may be said of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its bytes in the file.
    pub span: Range<usize>,
    /// As the code writes it.
    pub written: String,
    /// One fact each: what it may be, from where, who holds it for how long under what bound.
    pub facts: Vec<String>,
}

/// A note at a place: the kind that a call gives, or how long a holder lives.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// The byte behind which it stands.
    pub byte: usize,
    pub words: String,
}

/// A place in a file.
pub type Spot = (Arc<str>, Range<usize>);

/// Who keeps the value of a finding, for how long, under what bound; and how it comes there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// As the code writes it.
    pub holder: String,
    pub lives: Lifetime,
    /// `no bound`.
    pub bound: &'static str,
    /// Where the value comes from, then where it is passed on.
    pub way: Vec<Spot>,
    /// Where the holder is made.
    pub birth: Option<Spot>,
}

/// What is known of a finding's value and holder; a finding without a holder keeps nothing beyond the call.
pub fn held(workspace: &Workspace, finding: &Finding) -> Option<Held> {
    let page = Page::of(workspace);
    let same = |verdict: &&Verdict| {
        let start = || {
            let (_, _, _, base) = page.chunk(verdict.unit, verdict.chunk)?;
            Some(base + verdict.span.start as usize)
        };
        verdict.rule.code == finding.code && start() == Some(finding.span.start)
    };
    let verdict = workspace.verdicts(&finding.file).find(same)?;
    let steps = verdict.story.value.iter().flat_map(|atom| &atom.steps);
    let way = steps.filter_map(|site| page.locate(*site)).collect();
    let reader = Reader::new(workspace.world(), ROUNDS);
    let place = verdict.story.holder.as_ref();
    Some(Held {
        holder: page.holder(verdict),
        lives: place.map_or(Lifetime::Call, |place| lifetime(place, &reader).0),
        bound: place.map_or("no bound", |place| bound(&reader, place)),
        way,
        birth: place.and_then(|place| page.birth(place)),
    })
}

/// What is known of the name, attribute or call at a byte.
pub fn known(workspace: &Workspace, path: &str, byte: usize) -> Option<Known> {
    let (unit, chunk, base) = chunk_at(workspace, path, byte)?;
    let facts = &*unit.chunks[chunk].facts;
    let at = (byte - base) as u32;
    let expr = expression_at(facts, at).or_else(|| parameter_at(facts, at))?;
    let reader = Reader::new(workspace.world(), ROUNDS);
    let outcome = evaluate_all(unit, &reader);
    let value = value_of(facts, &outcome, chunk as u16, expr);
    let value = (0..3).fold(value, |value, _| reader.resolve(&value));

    let page = Page::of(workspace);
    let mut said = Vec::new();
    for atom in value.atoms() {
        said.extend(page.describe(atom));
    }
    let mut places: Vec<&Place> = value.places().collect();
    places.dedup();
    let mut verdicts: Vec<&Verdict> = workspace.verdicts(path).collect();
    verdicts.sort_by_key(|verdict| verdict.span);
    for verdict in verdicts {
        let source = verdict
            .story
            .value
            .as_ref()
            .and_then(|atom| atom.steps.first());
        let same = source.is_some()
            && value
                .atoms()
                .iter()
                .any(|atom| atom.steps.first() == source);
        if let Some(holder) = verdict.story.holder.as_ref().filter(|_| same) {
            said.extend(
                page.holding(&reader, holder)
                    .map(|holding| format!("held by {holding}")),
            );
        }
    }
    for place in places {
        said.extend(page.holding(&reader, place));
        let of_it = |verdict: &&Verdict| verdict.story.holder.as_ref() == Some(place);
        for verdict in workspace.verdicts(path).filter(of_it) {
            let kept = verdict.story.value.as_ref();
            let kept = kept.and_then(|atom| page.describe(atom));
            said.extend(kept.map(|kept| format!("keeps {}", kept.trim_start_matches("keeps "))));
        }
    }
    let mut once: Vec<String> = Vec::new();
    for fact in said {
        if !once.contains(&fact) {
            once.push(fact);
        }
    }
    if once.is_empty() {
        return None;
    }
    let span = facts.spans[expr as usize];
    let span = base + span.start as usize..base + span.end as usize;
    let written = workspace
        .text(path)?
        .as_str()
        .get(span.clone())
        .map(short)?;
    // A parameter is told by a use of it, which stands elsewhere.
    let here = (span.start..=span.end).contains(&byte);
    Some(Known {
        span: if here { span } else { byte..byte },
        written,
        facts: once,
    })
}

/// The kinds that calls in a range of bytes give, and the lifetimes of holders that are made there.
pub fn notes(workspace: &Workspace, path: &str, range: Range<usize>) -> Vec<Note> {
    let page = Page::of(workspace);
    let reader = Reader::new(workspace.world(), ROUNDS);
    let mut notes = Vec::new();
    for unit in workspace.units(path) {
        let placed: Vec<(usize, usize)> = (0..unit.chunks.len())
            .filter_map(|chunk| Some((chunk, page.base(unit, chunk)?)))
            .filter(|(chunk, base)| {
                let end = base + extent(&unit.chunks[*chunk].facts);
                *base <= range.end && range.start <= end
            })
            .collect();
        if placed.is_empty() {
            continue;
        }
        let outcome = evaluate_all(unit, &reader);
        for (chunk, base) in placed {
            let facts = &unit.chunks[chunk].facts;
            for (number, &call) in facts.calls.iter().enumerate() {
                let site = Site {
                    unit: unit.id,
                    chunk: chunk as u16,
                    at: At::Call(number as _),
                };
                let seen = outcome.seen.get(&(chunk as u16, call));
                let atoms = seen.map(|seen| seen.value.atoms()).unwrap_or_default();
                let own = atoms.iter().find(|atom| atom.steps.first() == Some(&site));
                let Some(data) = own.and_then(|atom| atom.data()) else {
                    continue;
                };
                let byte = base + facts.spans[call as usize].end as usize;
                notes.push(Note {
                    byte,
                    words: data.kind.phrase().to_string(),
                });
            }
        }
    }
    for verdict in workspace.verdicts(path) {
        let Some(place) = &verdict.story.holder else {
            continue;
        };
        let Some((file, span)) = page.birth(place) else {
            continue;
        };
        if *file == *path {
            let lives = lifetime(place, &reader).0;
            notes.push(Note {
                byte: span.end,
                words: format!("lives as long as {}", words(lives)),
            });
        }
    }
    notes.retain(|note| range.contains(&note.byte) || note.byte == range.end);
    notes.sort();
    notes.dedup();
    notes
}

fn chunk_at<'a>(
    workspace: &'a Workspace,
    path: &str,
    byte: usize,
) -> Option<(&'a Arc<Unit>, usize, usize)> {
    let page = Page::of(workspace);
    let all = workspace
        .units(path)
        .flat_map(|unit| (0..unit.chunks.len()).map(move |chunk| (unit, chunk)));
    all.filter_map(|(unit, chunk)| Some((unit, chunk, page.base(unit, chunk)?)))
        .filter(|(unit, chunk, base)| {
            (*base..=base + extent(&unit.chunks[*chunk].facts)).contains(&byte)
        })
        .max_by_key(|(_, _, base)| *base)
}

/// Where the last expression of a chunk ends, in bytes from its start.
fn extent(facts: &ChunkFacts) -> usize {
    let exprs = facts.spans.iter().map(|span| span.end);
    let params = facts
        .functions
        .iter()
        .flat_map(|function| &function.params)
        .map(|param| param.span.end);
    exprs
        .chain(params)
        .chain([facts.name_span.end])
        .max()
        .unwrap_or(0) as usize
}

fn expression_at(facts: &ChunkFacts, at: u32) -> Option<ExprId> {
    let holds = |expr: &ExprId| {
        let span = facts.spans[*expr as usize];
        span.start <= at && at <= span.end && span.start < span.end
    };
    let telling = |expr: &ExprId| {
        matches!(
            facts.expr(*expr),
            Expr::Name(_)
                | Expr::Local(_)
                | Expr::Outer(..)
                | Expr::Attr(..)
                | Expr::Call(_)
                | Expr::Subscript(..)
        )
    };
    (0..facts.exprs.len() as ExprId)
        .filter(holds)
        .filter(telling)
        .min_by_key(|expr| {
            let span = facts.spans[*expr as usize];
            span.end - span.start
        })
}

/// A parameter's first use stands for it.
fn parameter_at(facts: &ChunkFacts, at: u32) -> Option<ExprId> {
    for (number, function) in facts.functions.iter().enumerate() {
        let found = function
            .params
            .iter()
            .position(|param| param.span.start <= at && at <= param.span.end);
        if let Some(slot) = found {
            return (0..facts.exprs.len() as ExprId).find(|expr| {
                facts.owner(*expr) as usize == number
                    && matches!(facts.expr(*expr), Expr::Local(used) if *used as usize == slot)
            });
        }
    }
    None
}

/// What a value may be and who keeps it, a fact each.
pub(super) fn described(page: &Page, reader: &Reader, value: &Value) -> Vec<String> {
    let mut once: Vec<String> = Vec::new();
    let kinds = value.atoms().iter().filter_map(|atom| page.describe(atom));
    // How long a module or function lives is nobody's question.
    let kept = (value.atoms().iter()).any(|atom| {
        matches!(
            atom.what,
            What::Data(_) | What::Container(..) | What::Instance(_)
        )
    });
    let places = value.places().filter(|_| kept);
    let places = places.filter_map(|place| page.holding(reader, place));
    for fact in kinds.chain(places) {
        if !once.contains(&fact) {
            once.push(fact);
        }
    }
    once
}

/// What an expression was; where it is only stored to, what other uses of the same name are.
pub(super) fn value_of(facts: &ChunkFacts, outcome: &Outcome, chunk: u16, expr: ExprId) -> Value {
    let seen = |expr: ExprId| {
        outcome
            .seen
            .get(&(chunk, expr))
            .map(|seen| seen.value.clone())
    };
    seen(expr).unwrap_or_else(|| {
        let same = |other: &ExprId| {
            facts.expr(*other) == facts.expr(expr)
                && facts.owner(*other) == facts.owner(expr)
                && matches!(
                    facts.expr(expr),
                    Expr::Name(_) | Expr::Local(_) | Expr::Outer(..) | Expr::Attr(..)
                )
        };
        let others = (0..facts.exprs.len() as ExprId)
            .filter(same)
            .filter_map(seen);
        others.fold(Value::UNKNOWN, |value, other| value.join(&other))
    })
}

pub(super) fn words(lifetime: Lifetime) -> &'static str {
    match lifetime {
        Lifetime::Process => "the process",
        Lifetime::Session => "the session",
        Lifetime::Request => "the request",
        Lifetime::Instance => "its instance",
        Lifetime::Call => "the call",
    }
}

fn bound(reader: &Reader, place: &Place) -> &'static str {
    let marks = reader.cell(CellKey::Holder(place.clone()));
    let has = |wanted: fn(Mark) -> bool| marks.mark(wanted).is_some();
    if has(|mark| mark == Mark::Capped) {
        "capped by a comparison of its length"
    } else if has(|mark| matches!(mark, Mark::EmptiedBy(_) | Mark::TakenBy(_))) {
        "emptied elsewhere"
    } else {
        "no bound"
    }
}

impl Page<'_> {
    /// `items of `table.scan()` (line 12)`.
    fn describe(&self, atom: &Atom) -> Option<String> {
        let source = || {
            let site = *atom.steps.first()?;
            let (file, span) = self.locate(site)?;
            let line = self.text(&file)?.line_of(span.start) + 1;
            Some(format!(" of `{}` (line {line})", self.written(site)?))
        };
        let inside = match atom.nested {
            Nest::Not => "",
            Nest::Lazy => "hands out ",
            Nest::Inside | Nest::At(_) => "keeps ",
        };
        match &atom.what {
            What::Data(data) => Some(format!(
                "{inside}{}{}",
                data.kind.phrase(),
                source().unwrap_or_default()
            )),
            What::Container(shape, bounded) if atom.nested == Nest::Not => {
                let shape = match shape {
                    Shape::List => "a list",
                    Shape::Dict => "a dict",
                    Shape::Set => "a set",
                    Shape::Deque => "a deque",
                    Shape::Queue => "a queue",
                    Shape::Cache => "a cache that evicts",
                    Shape::Tuple => "a tuple",
                };
                Some(format!(
                    "{shape}{}",
                    if *bounded { " with a bound" } else { "" }
                ))
            }
            _ => None,
        }
    }

    /// `` `CACHE`, which lives as long as the process, no bound ``; none for what ends with the call.
    fn holding(&self, reader: &Reader, place: &Place) -> Option<String> {
        let lives = lifetime(place, reader).0;
        if lives == Lifetime::Call || place.name().is_empty() {
            return None;
        }
        Some(format!(
            "`{}`, which lives as long as {}, {}",
            place.name(),
            words(lives),
            bound(reader, place)
        ))
    }

    fn base(&self, unit: &Unit, chunk: usize) -> Option<usize> {
        self.chunk(unit.id, chunk as u16)
            .map(|(_, _, _, base)| base)
    }
}
