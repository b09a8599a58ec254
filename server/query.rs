//! The rules' patterns: all `.scm` files joined into one query, and the semantic predicates they may use.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use smol_str::SmolStr;
use tree_sitter::{Language, Query, QueryPredicateArg};

use crate::analysis::predicates::{PREDICATES, Predicate};
use crate::facts::{ChunkFacts, Match};
use crate::rules::{self, Rule};

/// The rules in force, their patterns joined so that one traversal serves them all.
pub struct Rules {
    query: Arc<Query>,
    patterns: Vec<Pattern>,
    captures: Vec<SmolStr>,
    /// Those of a team, each by itself: a slow one holds up no other.
    own: Vec<OwnQuery>,
}

/// A team's rule.
pub struct OwnQuery {
    pub query: Query,
    pub rule: &'static Rule,
    /// The number of its first pattern.
    first: u16,
    /// Its captures' numbers among all.
    captures: Vec<u16>,
    /// It took more work than it may, somewhere.
    slow: AtomicBool,
}

impl OwnQuery {
    pub fn pattern(&self, index: usize) -> u16 {
        self.first + index as u16
    }

    pub fn capture(&self, index: u32) -> u16 {
        self.captures[index as usize]
    }

    pub fn is_slow(&self) -> bool {
        self.slow.load(Ordering::Relaxed)
    }

    pub fn give_up(&self) {
        self.slow.store(true, Ordering::Relaxed);
    }
}

/// One pattern of one rule with its semantic predicates.
#[derive(Clone)]
pub struct Pattern {
    pub rule: &'static Rule,
    pub conditions: Vec<Condition>,
}

/// `(#not-kind? @value page)`.
#[derive(Clone)]
pub struct Condition {
    pub predicate: &'static Predicate,
    pub negated: bool,
    pub operands: Vec<Operand>,
}

#[derive(Clone, Debug)]
pub enum Operand {
    Capture(u16),
    Text(SmolStr),
}

/// All built-in rules.
pub static RULES: LazyLock<Arc<Rules>> = LazyLock::new(|| {
    let sources: Vec<(&'static Rule, String)> = rules::all()
        .iter()
        .map(|rule| (*rule, rule.query.to_owned()))
        .collect();
    Arc::new(
        Rules::new(&sources)
            .unwrap_or_else(|error| panic!("the built-in queries are checked by a test: {error}")),
    )
});

impl Rules {
    pub fn new(sources: &[(&'static Rule, String)]) -> Result<Rules, String> {
        let mut joined = String::new();
        let mut ends = Vec::new();
        for (rule, source) in sources {
            for root in ["(module", "(class_definition"] {
                if source.lines().any(|line| line.starts_with(root)) {
                    return Err(format!(
                        "{}: a pattern must match inside one chunk, and {root} … reaches over several",
                        rule.stem
                    ));
                }
            }
            joined.push_str(source);
            joined.push('\n');
            ends.push(joined.len());
        }
        let language: Language = tree_sitter_python::LANGUAGE.into();
        let query = Query::new(&language, &joined).map_err(|error| {
            let file = ends
                .iter()
                .position(|end| error.offset < *end)
                .map_or("", |index| sources[index].0.stem);
            format!("{file}.scm: {error}")
        })?;
        let mut patterns = Vec::new();
        for index in 0..query.pattern_count() {
            let start = query.start_byte_for_pattern(index);
            let rule = sources[ends.iter().position(|end| start < *end).unwrap_or(0)].0;
            patterns.push(pattern(&query, index, rule, &|index| index as u16)?);
        }
        let captures = query.capture_names().iter().map(SmolStr::new).collect();
        Ok(Rules {
            query: Arc::new(query),
            patterns,
            captures,
            own: Vec::new(),
        })
    }

    /// The same with a team's own rules, which were checked when they were read.
    pub fn with(self: &Arc<Rules>, own: &[&'static Rule]) -> Arc<Rules> {
        if own.is_empty() {
            return Arc::clone(self);
        }
        let mut rules = Rules {
            query: Arc::clone(&self.query),
            patterns: self.patterns.clone(),
            captures: self.captures.clone(),
            own: Vec::new(),
        };
        for rule in own {
            rules.add(rule);
        }
        Arc::new(rules)
    }

    fn add(&mut self, rule: &'static Rule) {
        let language: Language = tree_sitter_python::LANGUAGE.into();
        let Ok(query) = Query::new(&language, rule.query) else {
            return;
        };
        let mut captures = Vec::new();
        for name in query.capture_names() {
            captures.push(self.capture(name).unwrap_or_else(|| {
                self.captures.push(SmolStr::new(name));
                self.captures.len() as u16 - 1
            }));
        }
        let first = self.patterns.len() as u16;
        for index in 0..query.pattern_count() {
            match pattern(&query, index, rule, &|index| captures[index as usize]) {
                Ok(pattern) => self.patterns.push(pattern),
                Err(_) => return self.patterns.truncate(first as usize),
            }
        }
        self.own.push(OwnQuery {
            query,
            rule,
            first,
            captures,
            slow: AtomicBool::new(false),
        });
    }

    pub fn own(&self) -> &[OwnQuery] {
        &self.own
    }

    /// The codes of a team's rules that took more work than they may: what they found does not count.
    pub fn slow(&self) -> Vec<&'static str> {
        let slow = |own: &&OwnQuery| own.is_slow();
        self.own
            .iter()
            .filter(slow)
            .map(|own| own.rule.code)
            .collect()
    }

    pub fn query(&self) -> &Query {
        &self.query
    }

    pub fn pattern(&self, index: u16) -> &Pattern {
        &self.patterns[index as usize]
    }

    /// Does the chunk's text alone rule this match out?
    pub fn ruled_out(&self, facts: &ChunkFacts, one: &Match) -> bool {
        self.patterns[one.pattern as usize]
            .conditions
            .iter()
            .filter(|condition| !condition.negated)
            .any(|condition| match condition.operands.first() {
                Some(Operand::Capture(name)) => one
                    .captures
                    .iter()
                    .find(|captured| captured.name == *name)
                    .is_some_and(|captured| condition.predicate.ruled_out(facts, captured)),
                _ => false,
            })
    }

    pub fn capture(&self, name: &str) -> Option<u16> {
        self.captures
            .iter()
            .position(|known| known == name)
            .map(|index| index as u16)
    }

    pub fn capture_name(&self, index: u16) -> &str {
        &self.captures[index as usize]
    }
}

/// A pattern of a query; `capture` gives a capture's number among all.
fn pattern(
    query: &Query,
    index: usize,
    rule: &'static Rule,
    capture: &dyn Fn(u32) -> u16,
) -> Result<Pattern, String> {
    let mut conditions = Vec::new();
    for predicate in query.general_predicates(index) {
        let name = predicate.operator.trim_end_matches('?');
        let (name, negated) = name
            .strip_prefix("not-")
            .map_or((name, false), |name| (name, true));
        let Some(found) = PREDICATES.iter().find(|known| known.name == name) else {
            return Err(format!(
                "{}.scm: no predicate is called #{}",
                rule.stem, predicate.operator
            ));
        };
        let operand = |arg: &QueryPredicateArg| match arg {
            QueryPredicateArg::Capture(index) => Operand::Capture(capture(*index)),
            QueryPredicateArg::String(text) => Operand::Text(text.as_ref().into()),
        };
        conditions.push(Condition {
            predicate: found,
            negated,
            operands: predicate.args.iter().map(operand).collect(),
        });
    }
    // Cheap questions first: most matches fail on the kind of the value.
    conditions.sort_by_key(|condition| condition.predicate.cost);
    Ok(Pattern { rule, conditions })
}

/// A rule set in which one predicate of one rule is deleted or negated.
pub struct Mutant {
    /// `kind? at byte 120, deleted`.
    pub label: String,
    pub rules: Arc<Rules>,
}

/// Every such variant of a rule's query: each must make some fixture fail, or the predicate does nothing.
pub fn mutants(stem: &str) -> Vec<Mutant> {
    let Some(rule) = rules::all().iter().find(|rule| rule.stem == stem) else {
        return Vec::new();
    };
    let mut mutants = Vec::new();
    for (span, name) in predicates_in(rule.query) {
        let written = &rule.query[span.clone()];
        let line = rule.query[..span.start].matches('\n').count() + 1;
        let opposite = match name.strip_prefix("not-") {
            Some(positive) => positive.to_owned(),
            None => format!("not-{name}"),
        };
        let negated = written.replacen(&format!("#{name}"), &format!("#{opposite}"), 1);
        for (what, replacement) in [("deleted", String::new()), ("negated", negated)] {
            let changed = format!(
                "{}{replacement}{}",
                &rule.query[..span.start],
                &rule.query[span.end..]
            );
            let sources: Vec<(&'static Rule, String)> = rules::all()
                .iter()
                .map(|other| {
                    (
                        *other,
                        if other.stem == stem {
                            changed.clone()
                        } else {
                            other.query.to_owned()
                        },
                    )
                })
                .collect();
            let label = format!(
                "line {line}: {} {what}",
                written.split_whitespace().collect::<Vec<_>>().join(" ")
            );
            match Rules::new(&sources) {
                Ok(rules) => mutants.push(Mutant {
                    label,
                    rules: Arc::new(rules),
                }),
                Err(error) => panic!("{stem}: {label}: {error}"),
            }
        }
    }
    mutants
}

/// Where each `(#name …)` of a query stands.
pub fn predicates_in(source: &str) -> Vec<(Range<usize>, &str)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = source[from..].find("(#").map(|at| from + at) {
        let mut end = start;
        let mut quoted = false;
        for (offset, byte) in source[start..].bytes().enumerate() {
            match byte {
                b'"' => quoted = !quoted,
                b')' if !quoted => {
                    end = start + offset + 1;
                    break;
                }
                _ => {}
            }
        }
        if end == start {
            break;
        }
        let name = source[start + 2..end]
            .split(|c: char| c.is_whitespace() || c == ')')
            .next()
            .unwrap_or_default();
        found.push((start..end, name));
        from = end;
    }
    found
}
