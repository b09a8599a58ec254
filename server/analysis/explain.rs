//! Why a line is or isn't flagged: what was seen on it, and what each rule that came near asked.
//!
//! A check stops at the first question that is answered wrongly and keeps no answer; here each match
//! is asked all of its rule's questions again.

use std::ops::Range;

use super::known::{described, words};
use super::render::{Page, short};
use super::{Cx, by_precedence};
use crate::facts::{Captured, Expr, ExprId};
use crate::finding::Confidence;
use crate::flow::evaluate_all;
use crate::query::{Condition, Operand};
use crate::rules::Rule;
use crate::summary::Situation;
use crate::value::*;
use crate::workspace::Workspace;
use crate::workspace::unit::Unit;
use crate::workspace::world::{ROUNDS, Reader};

/// All that is known of one line.
#[derive(Debug, Default)]
pub struct Explained {
    /// The function around it; none at the top of a module.
    pub function: Option<String>,
    /// How it is run, a phrase each.
    pub around: Vec<String>,
    /// What was seen of its names, attributes and calls, by place.
    pub seen: Vec<Noted>,
    /// The patterns that fit the line's text, by rule, one each: that which came nearest.
    pub candidates: Vec<Candidate>,
    /// Where an expression begins that a rule looks at and that goes on here, in bytes of the file.
    pub begins: Option<usize>,
}

/// An expression and a fact each.
#[derive(Debug, PartialEq, Eq)]
pub struct Noted {
    pub written: String,
    pub facts: Vec<String>,
}

/// A pattern whose text fits, with what its predicates answered.
#[derive(Debug)]
pub struct Candidate {
    pub rule: &'static Rule,
    /// What would be reported, in bytes of the file.
    pub span: Range<usize>,
    pub answers: Vec<Answered>,
    /// The rule that is told in its place.
    pub silenced: Option<&'static Rule>,
}

/// One predicate's answer.
#[derive(Debug)]
pub struct Answered {
    /// `#not-capped? @holder`, with the code in the capture's place.
    pub written: String,
    /// What it asks.
    pub question: &'static str,
    pub negated: bool,
    /// It is as the rule wants it.
    pub fits: bool,
    /// It asks what kind of value this is: without that no rule is near.
    pub of_kind: bool,
}

impl Candidate {
    pub fn holds(&self) -> bool {
        self.answers.iter().all(|answer| answer.fits)
    }

    /// The value is of the kind that the rule is about.
    pub fn is_near(&self) -> bool {
        let kinds = self.answers.iter().filter(|answer| answer.of_kind);
        kinds.clone().all(|answer| answer.fits)
            && (kinds.count() > 0 || self.answers.iter().any(|answer| answer.fits))
    }

    fn missed(&self) -> usize {
        self.answers.iter().filter(|answer| !answer.fits).count()
    }
}

/// What is known of the line at these bytes of a loaded file.
pub fn explained(workspace: &Workspace, path: &str, line: Range<usize>) -> Explained {
    let page = Page::of(workspace);
    let reader = Reader::new(workspace.world(), ROUNDS);
    let mut explained = Explained::default();
    let mut seen: Vec<(usize, usize, Noted)> = Vec::new();
    for unit in workspace.units(path) {
        let mut outcome = None;
        for chunk in 0..unit.chunks.len() {
            let Some((_, facts, _, base)) = page.chunk(unit.id, chunk as u16) else {
                continue;
            };
            let starts_here = |expr: &ExprId| {
                let span = facts.span(*expr);
                span.start < span.end && line.contains(&(base + span.start as usize))
            };
            let mut here = (0..facts.exprs.len() as ExprId)
                .filter(starts_here)
                .peekable();
            if here.peek().is_some() {
                let outcome = outcome.get_or_insert_with(|| evaluate_all(unit, &reader));
                for expr in here {
                    let at = (chunk as u16, expr);
                    if explained.function.is_none() && facts.owner(expr) > 0 {
                        let name = page.function_name(unit, facts, facts.owner(expr));
                        explained.function = Some(name);
                        explained.around = called(&reader, unit, facts.owner(expr), facts);
                    }
                    let found = outcome.seen.get(&at);
                    for phrase in found.iter().flat_map(|seen| situation(&seen.situation)) {
                        let phrase = phrase.to_string();
                        if !explained.around.contains(&phrase) {
                            explained.around.push(phrase);
                        }
                    }
                    if !telling(facts.expr(expr)) {
                        continue;
                    }
                    let value = super::known::value_of(facts, outcome, chunk as u16, expr);
                    let value = (0..3).fold(value, |value, _| reader.resolve(&value));
                    let span = facts.span(expr);
                    let span = base + span.start as usize..base + span.end as usize;
                    let text = workspace.text(path).map(|text| text.as_str());
                    let Some(written) = text.and_then(|text| text.get(span.clone())) else {
                        continue;
                    };
                    let mut facts = described(&page, &reader, &value);
                    // `PENDING`: `PENDING`, which lives …
                    let own = format!("`{}`, which ", short(written));
                    for fact in &mut facts {
                        if let Some(rest) = fact.strip_prefix(&own) {
                            *fact = rest.to_string();
                        }
                    }
                    if !facts.is_empty() {
                        let noted = Noted {
                            written: short(written),
                            facts,
                        };
                        seen.push((span.start, span.end, noted));
                    }
                }
            }
            candidates(&mut explained, workspace, unit, chunk, base, &line);
        }
    }
    seen.sort_by_key(|(start, end, _)| (*start, *end));
    for (_, _, noted) in seen {
        if !explained.seen.contains(&noted) {
            explained.seen.push(noted);
        }
    }
    settle(&mut explained.candidates);
    explained
}

/// Asks all questions of the matches that would be reported on this line.
fn candidates(
    acc: &mut Explained,
    workspace: &Workspace,
    unit: &Unit,
    chunk: usize,
    base: usize,
    line: &Range<usize>,
) {
    let rules = workspace.rules();
    let reader = Reader::new(workspace.world(), ROUNDS);
    let facts = &unit.chunks[chunk].facts;
    let Some(outcome) = workspace.world().outcome(unit.id) else {
        return;
    };
    for one in &facts.matches {
        let cx = Cx::new(unit, outcome, &reader, &rules, chunk as u16, facts, one);
        let Some(finding) = cx.captured("finding") else {
            continue;
        };
        let span = base + finding.span.start as usize..base + finding.span.end as usize;
        if !line.contains(&span.start) {
            let goes_on =
                finding.expr.is_some() && span.start < line.start && line.start < span.end;
            acc.begins = acc.begins.max(goes_on.then_some(span.start));
            continue;
        }
        let text = workspace.text_of_unit(unit).unwrap_or_default();
        let written = |captured: &Captured| {
            let span = base + captured.span.start as usize..base + captured.span.end as usize;
            text.get(span).map(short).unwrap_or_default()
        };
        let pattern = rules.pattern(one.pattern);
        let answers = (pattern.conditions.iter()).filter_map(|condition| {
            let answer = cx.answer(condition)?;
            Some(Answered {
                written: asked(&cx, condition, &written),
                question: question(condition),
                negated: condition.negated,
                fits: answer.is_some() != condition.negated,
                of_kind: matches!(
                    condition.predicate.name,
                    "kind" | "exactly" | "built" | "returns"
                ),
            })
        });
        acc.candidates.push(Candidate {
            rule: pattern.rule,
            span,
            answers: answers.collect(),
            silenced: None,
        });
    }
}

/// One of each rule, by code; of those that hold at one place, all but the first in precedence are silenced.
fn settle(candidates: &mut Vec<Candidate>) {
    let order = |one: &Candidate| (one.rule.code, !one.is_near(), one.missed(), one.span.start);
    candidates.sort_by(|a, b| order(a).cmp(&order(b)));
    candidates.dedup_by(|later, first| later.rule.code == first.rule.code);
    let held: Vec<(Range<usize>, &'static Rule)> = (candidates.iter())
        .filter(|one| one.holds())
        .map(|one| (one.span.clone(), one.rule))
        .collect();
    for one in candidates.iter_mut().filter(|one| one.holds()) {
        let stronger = held
            .iter()
            .filter(|(span, rule)| *span == one.span && rule.silences(one.rule));
        one.silenced = stronger.map(|(_, rule)| *rule).min_by(by_precedence);
    }
}

/// `#not-fixed? user_id`, `#kind? item (page items item)`.
fn asked(cx: &Cx, condition: &Condition, written: &dyn Fn(&Captured) -> String) -> String {
    let not = if condition.negated { "not-" } else { "" };
    let mut text = format!("#{not}{}?", condition.predicate.name);
    let mut words = Vec::new();
    for operand in &condition.operands {
        match operand {
            Operand::Capture(name) => {
                if let Some(captured) = cx.by_index(*name) {
                    text.push_str(&format!(" `{}`", written(captured)));
                }
            }
            Operand::Text(word) => words.push(word.as_str()),
        }
    }
    if !words.is_empty() {
        text.push_str(&format!(" ({})", words.join(", ")));
    }
    text
}

/// The words behind a predicate's form in the table.
fn question(condition: &Condition) -> &'static str {
    let doc = condition.predicate.doc;
    let words = doc.split_once("`: ").map_or(doc, |(_, words)| words);
    // `where it is kept: module, class, …`: the rule's own choice of these stands in the question.
    let chosen = |operand: &Operand| matches!(operand, Operand::Text(_));
    match words.split_once(": ") {
        Some((words, _)) if condition.operands.iter().any(chosen) => words,
        _ => words,
    }
}

fn telling(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::Name(_)
            | Expr::Local(_)
            | Expr::Outer(..)
            | Expr::Attr(..)
            | Expr::Call(_)
            | Expr::Subscript(..)
            | Expr::Comprehension(_)
            | Expr::Await(_)
    )
}

/// How the function around a line is called.
fn called(
    reader: &Reader,
    unit: &Unit,
    function: crate::facts::FunctionId,
    facts: &crate::facts::ChunkFacts,
) -> Vec<String> {
    let context = reader.context(unit.id, facts, function);
    let mut phrases: Vec<String> = Vec::new();
    for (mark, phrase) in [
        (Mark::Request, "runs for each request, event or task"),
        (
            Mark::Worker,
            "runs in a thread, process or endless loop of its own",
        ),
        (
            Mark::Script,
            "runs in a script whose process ends with the work",
        ),
        (Mark::Loop, "is called in a loop"),
        (Mark::Memoised, "runs once for each set of arguments"),
        (Mark::Open, "says nothing of who may ask"),
    ] {
        let Some(atom) = context.mark(|other| other == mark) else {
            continue;
        };
        phrases.push(match atom.confidence {
            Confidence::High => phrase.to_string(),
            Confidence::Medium => format!("{phrase} (inferred)"),
            Confidence::Low => format!("{phrase} (by its name alone)"),
        });
    }
    if let Some(class) = unit.class.filter(|_| phrases.len() < 8) {
        let (lives, ..) = crate::lifetime::instance(class, reader);
        if lives != Lifetime::Call {
            phrases.push(format!("its object lives as long as {}", words(lives)));
        }
    }
    phrases
}

fn situation(situation: &Situation) -> Vec<&'static str> {
    let mut phrases = Vec::new();
    for note in &situation.loops {
        phrases.push(match (note.pages, note.stream, note.bounded) {
            (_, _, true) => "in a loop that ends after some rounds",
            (true, ..) if note.by_keys => "in a loop over all pages of a read, known by its keys",
            (true, ..) => "in a loop over all pages of a read",
            (_, true, _) => "in a loop that fetches stream records",
            _ if note.endless => "in an endless loop",
            _ => "in a loop",
        });
    }
    if situation.guarded {
        phrases.push("guarded by a test of the place that it fills");
    }
    phrases
}
