//! The rules' patterns: all `.scm` files joined, so that what several look for is looked for once, and the
//! semantic predicates they may use.

pub mod nodes;
pub mod shape;
mod source;
mod words;

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;
use tree_sitter::{Language, Query, QueryPredicateArg};

use self::nodes::Nodes;
use self::shape::{Captures, Kind, Path, Shape};
use self::source::{Body, Word, Written};
use self::words::WordTest;
use crate::analysis::predicates::{PREDICATES, Predicate};
use crate::facts::{ChunkFacts, Match};
use crate::rules::{self, Rule};

/// The rules in force, their patterns joined so that one traversal serves them all.
pub struct Rules {
    joined: Arc<Joined>,
    patterns: Vec<Pattern>,
    captures: Vec<SmolStr>,
    /// Those of a team, each by itself: a slow one holds up no other.
    own: Vec<OwnQuery>,
}

/// What the built-in rules look for: what several look for stands once.
#[derive(Default)]
struct Joined {
    shapes: Vec<(Shape, Vec<Use>)>,
    /// Which of them have this outermost kind of node.
    by_kind: Vec<Candidates>,
}

/// Shapes by their numbers.
#[derive(Clone, Default)]
struct Candidates {
    always: Vec<u16>,
    /// Those that no rule asks for unless one of these words stands there: `append` in `KEPT.append(item)`.
    by_word: Vec<(Path, ByWord)>,
}

type ByWord = FxHashMap<Box<[u8]>, Vec<u16>>;

/// A shape as a pattern of a rule asks for it.
pub struct Use {
    pub pattern: u16,
    /// The captures' numbers among all rules', by their numbers in the shape.
    captures: Vec<u16>,
    words: Vec<WordTest>,
}

impl Use {
    pub fn capture(&self, number: u16) -> u16 {
        self.captures[number as usize]
    }

    /// Do the words of the match fit? A predicate whose capture is absent is not asked.
    pub fn fits(&self, captures: &Captures, nodes: &Nodes, text: &str) -> bool {
        self.words.iter().all(|test| {
            let mut asked = captures.iter().filter(|it| it.0 == test.capture);
            asked.all(|it| test.holds(nodes.get(it.1).text(text)))
        })
    }
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
        let language = python();
        let mut rules = Joining::default();
        for (rule, source) in sources {
            for root in ["(module", "(class_definition"] {
                if source.lines().any(|line| line.starts_with(root)) {
                    return Err(format!(
                        "{}: a pattern must match inside one chunk, and {root} … reaches over several",
                        rule.stem
                    ));
                }
            }
            source::patterns(source, &language)
                .and_then(|patterns| patterns.iter().try_for_each(|one| rules.add(rule, one)))
                .map_err(|error| format!("{}.scm: {error}", rule.stem))?;
        }
        Ok(rules.finish(&language))
    }

    /// The same with a team's own rules, which were checked when they were read.
    pub fn with(self: &Arc<Rules>, own: &[&'static Rule]) -> Arc<Rules> {
        if own.is_empty() {
            return Arc::clone(self);
        }
        let mut rules = Rules {
            joined: Arc::clone(&self.joined),
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
        let Ok(query) = Query::new(&python(), rule.query) else {
            return;
        };
        let mut captures = Vec::new();
        for name in query.capture_names() {
            captures.push(number(&mut self.captures, name));
        }
        let first = self.patterns.len() as u16;
        for index in 0..query.pattern_count() {
            match pattern(&query, index, rule, &captures) {
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

    /// What the built-in rules may find at a node.
    pub fn shapes_at(
        &self,
        nodes: &Nodes,
        at: u32,
        text: &str,
    ) -> impl Iterator<Item = &(Shape, Vec<Use>)> {
        let kind = nodes.get(at).kind as usize;
        let candidates = self.joined.by_kind.get(kind).into_iter();
        let those = candidates.flat_map(move |candidates| {
            let worded = candidates
                .by_word
                .iter()
                .filter_map(move |(path, words)| words.get(nodes.along(path, at)?.text(text)));
            candidates.always.iter().chain(worded.flatten())
        });
        those.map(|index| &self.joined.shapes[*index as usize])
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

fn python() -> Language {
    tree_sitter_python::LANGUAGE.into()
}

/// The number of a capture's name among all.
fn number(names: &mut Vec<SmolStr>, name: &str) -> u16 {
    let known = names.iter().position(|known| known == name);
    known.unwrap_or_else(|| {
        names.push(name.into());
        names.len() - 1
    }) as u16
}

/// The rules while they are joined.
#[derive(Default)]
struct Joining {
    known: FxHashMap<Shape, usize>,
    shapes: Vec<(Shape, Vec<Use>)>,
    patterns: Vec<Pattern>,
    captures: Vec<SmolStr>,
}

impl Joining {
    fn add(&mut self, rule: &'static Rule, written: &source::Pattern) -> Result<(), String> {
        let mut conditions = Vec::new();
        for predicate in &written.predicates {
            if WordTest::is_one(predicate.name) {
                continue;
            }
            let operands = predicate.operands.iter().map(|word| match word {
                Word::Capture(name) => Operand::Capture(number(&mut self.captures, name)),
                Word::Text(text) => Operand::Text(text.as_ref().into()),
            });
            let operands = operands.collect();
            conditions.push(condition(predicate.name, predicate.negated, operands)?);
        }
        for body in &written.bodies {
            let captures = body.captures.iter();
            let one = Use {
                pattern: self.patterns.len() as u16,
                captures: captures
                    .map(|name| number(&mut self.captures, name))
                    .collect(),
                words: words(body, &written.predicates)?,
            };
            let next = self.shapes.len();
            let at = *self.known.entry(body.shape.clone()).or_insert(next);
            if at == next {
                self.shapes.push((body.shape.clone(), Vec::new()));
            }
            self.shapes[at].1.push(one);
        }
        self.patterns.push(Pattern::new(rule, conditions));
        Ok(())
    }

    fn finish(self, language: &Language) -> Rules {
        let mut by_kind = vec![Candidates::default(); language.node_kind_count()];
        for (index, (shape, uses)) in self.shapes.iter().enumerate() {
            if let Kind::Only(kind) = shape.kind {
                by_kind[kind as usize].add(index as u16, shape, uses);
            }
        }
        Rules {
            joined: Arc::new(Joined {
                shapes: self.shapes,
                by_kind,
            }),
            patterns: self.patterns,
            captures: self.captures,
            own: Vec::new(),
        }
    }
}

impl Candidates {
    fn add(&mut self, index: u16, shape: &Shape, uses: &[Use]) {
        let Some((path, words)) = worded(shape, uses) else {
            return self.always.push(index);
        };
        let known = self.by_word.iter().position(|(known, _)| *known == path);
        let at = known.unwrap_or(self.by_word.len());
        if known.is_none() {
            self.by_word.push((path, ByWord::default()));
        }
        for word in words {
            let those = self.by_word[at].1.entry(word.as_bytes().into());
            those.or_default().push(index);
        }
    }
}

/// Where a word stands that all who use the shape ask for, and those that they ask for.
fn worded<'u>(shape: &Shape, uses: &'u [Use]) -> Option<(Path, FxHashSet<&'u str>)> {
    let asked = |of: &'u Use, capture: u16| {
        let mut tests = of.words.iter().filter(|test| test.capture == capture);
        tests.find_map(WordTest::words)
    };
    uses.first()?.words.iter().find_map(|test| {
        let path = shape.path_to(test.capture)?;
        let all: Option<Vec<&[String]>> = uses.iter().map(|of| asked(of, test.capture)).collect();
        let words = all?.into_iter().flatten().map(|word| &**word);
        Some((path, words.collect()))
    })
}

/// The predicates that ask for the words of this body's captures.
fn words(body: &Body, predicates: &[Written]) -> Result<Vec<WordTest>, String> {
    let mut tests = Vec::new();
    for written in predicates {
        if !WordTest::is_one(written.name) {
            continue;
        }
        let Some((Word::Capture(capture), texts)) = written.operands.split_first() else {
            return Err(format!("#{}? takes a capture first", written.name));
        };
        let mut wanted = Vec::new();
        for text in texts {
            match text {
                Word::Text(text) => wanted.push(text.to_string()),
                Word::Capture(_) => {
                    return Err(format!("#{}? takes one capture", written.name));
                }
            }
        }
        if let Some(number) = body.captures.iter().position(|name| name == capture) {
            let test = WordTest::new(written.name, written.negated, number as u16, wanted)?;
            tests.push(test);
        }
    }
    Ok(tests)
}

fn condition(name: &str, negated: bool, operands: Vec<Operand>) -> Result<Condition, String> {
    match PREDICATES.iter().find(|known| known.name == name) {
        Some(predicate) => Ok(Condition {
            predicate,
            negated,
            operands,
        }),
        None => Err(format!("no predicate is called #{name}?")),
    }
}

impl Pattern {
    fn new(rule: &'static Rule, mut conditions: Vec<Condition>) -> Pattern {
        // Cheap questions first: most matches fail on the kind of the value.
        conditions.sort_by_key(|condition| condition.predicate.cost);
        Pattern { rule, conditions }
    }
}

/// A pattern of a team's query, whose words tree-sitter asks for; `captures` are their numbers among all.
fn pattern(
    query: &Query,
    index: usize,
    rule: &'static Rule,
    captures: &[u16],
) -> Result<Pattern, String> {
    let mut conditions = Vec::new();
    for predicate in query.general_predicates(index) {
        let operand = |arg: &QueryPredicateArg| match arg {
            QueryPredicateArg::Capture(index) => Operand::Capture(captures[*index as usize]),
            QueryPredicateArg::String(text) => Operand::Text(text.as_ref().into()),
        };
        let name = predicate.operator.trim_end_matches('?');
        let positive = name.strip_prefix("not-");
        let operands = predicate.args.iter().map(operand).collect();
        conditions.push(condition(
            positive.unwrap_or(name),
            positive.is_some(),
            operands,
        )?);
    }
    Ok(Pattern::new(rule, conditions))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The error must name the file and what stands in it, not what the rules were joined to.
    #[test]
    fn an_error_is_told_as_the_file_has_it() {
        let rule = rules::all()[0];
        for (source, told) in [
            (
                "((call) @value (#kind? @value page))\n(clal) @finding",
                "line 2: Python has no node clal",
            ),
            (
                "(call\n  funktion: (_))",
                "line 2: Python has no field funktion",
            ),
            (
                "(binary_operator operator: \"++\")",
                "line 1: Python has no token",
            ),
            (
                "((call) @finding (#kind? @value page))",
                "captures no @value",
            ),
            ("(call) @finding\n(", "line 2: a ( that nothing closes"),
            ("(call])", "a ] that closes nothing"),
            ("(call \")", "a string without an end"),
            ("(argument_list (_)* @finding)", "no quantifiers"),
            ("(_ function: (_)) @finding", "must have a name"),
            ("((call) @finding (#knd? @finding page))", "#knd?"),
            ("((call) @finding (#eq? @finding @finding))", "#eq?"),
            ("((call) @finding (#match? @finding \"(\"))", "#match?"),
        ] {
            let error = Rules::new(&[(rule, source.to_owned())])
                .err()
                .unwrap_or_default();
            assert!(
                error.starts_with(rule.stem) && error.contains(told),
                "{error}"
            );
        }
    }
}
