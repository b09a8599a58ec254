//! Reduce step, second half: which matches of the rules' patterns hold, and what they tell.

mod endpoints;
pub mod explain;
mod instances;
pub mod known;
mod pages;
pub mod predicates;
pub mod render;
pub mod streams;
mod uses;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use smallvec::SmallVec;

use crate::facts::{Captured, ChunkFacts, Expr, ExprId, FunctionId, Match, Span};
use crate::finding::{Confidence, Finding, Severity};
use crate::query::{Condition, Operand, Rules};
use crate::rules::Rule;
use crate::summary::{CellKey, Outcome, Seen};
use crate::value::*;
use crate::workspace::Workspace;
use crate::workspace::unit::Unit;
use crate::workspace::world::{PASSES, Reader, World};

pub use render::{Ground, Told, render};

/// A match that holds, in terms that edits elsewhere don't move.
#[derive(Clone, Debug)]
pub struct Verdict {
    pub rule: &'static Rule,
    pub unit: UnitId,
    pub chunk: u16,
    pub function: FunctionId,
    /// The finding's bytes, from the chunk's start.
    pub span: Span,
    pub severity: Severity,
    pub confidence: Confidence,
    pub story: Story,
}

/// What the message and the trail are made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Story {
    /// What is kept.
    pub value: Option<Atom>,
    /// The place that keeps it.
    pub holder: Option<Place>,
    /// The holder as the code writes it, from the chunk's start.
    pub holder_span: Option<Span>,
    /// What is kept as the code writes it; of a team's own rules only.
    pub value_span: Option<Span>,
    /// Further places, with what each says; in order, after the source.
    pub notes: Vec<(Where, &'static str)>,
    /// Another shape of the same defect, for the message.
    pub variant: &'static str,
    /// Words that the message quotes.
    pub detail: smol_str::SmolStr,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Where {
    Site(Site),
    /// Bytes from the finding's chunk's start.
    Span(Span),
    /// Where the holder is made.
    Birth(Place),
}

/// What judging one unit gave.
#[derive(Debug, Default)]
pub struct Judged {
    pub verdicts: Vec<Verdict>,
    pub reads: Vec<CellKey>,
    /// Codes of rules that panicked.
    pub panics: Vec<&'static str>,
    /// The verdicts' findings as they were last told.
    told: Mutex<Vec<Option<Told>>>,
}

impl Verdict {
    /// Has it the same words, at the same place of its chunk?
    fn same(&self, other: &Verdict) -> bool {
        std::ptr::eq(self.rule, other.rule)
            && (self.unit, self.chunk, self.function) == (other.unit, other.chunk, other.function)
            && self.span == other.span
            && (self.severity, self.confidence) == (other.severity, other.confidence)
            && self.story == other.story
    }
}

impl Judged {
    /// Takes over the words of verdicts that are as they were.
    pub fn inherit(&mut self, old: &Judged) {
        let mut before = old.told.lock().unwrap_or_else(PoisonError::into_inner);
        let mut words = |verdict: &Verdict| {
            let at = old.verdicts.iter().position(|each| each.same(verdict))?;
            before.get_mut(at)?.take()
        };
        let told = self.verdicts.iter().map(&mut words).collect();
        self.told = Mutex::new(told);
    }

    /// What the verdicts tell now. Where edits will come, words are kept for as long as they hold.
    pub fn findings(
        &self,
        acc: &mut Vec<Finding>,
        workspace: &Workspace,
        ground: &Ground,
        keep: bool,
    ) {
        if !keep {
            acc.extend((self.verdicts.iter()).filter_map(|verdict| render(workspace, verdict)));
            return;
        }
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.resize_with(self.verdicts.len(), || None);
        for (verdict, told) in self.verdicts.iter().zip(&mut *told) {
            let placed = |told: &Told| told.placed(ground);
            let mut finding = told.as_ref().and_then(placed);
            if finding.is_none() {
                *told = Told::of(workspace, verdict);
                finding = told.as_ref().and_then(placed);
            }
            acc.extend(finding);
        }
    }
}

/// Judges all matches of a unit against the last round's cells. `isolated`: a rule that panics
/// loses its own verdict only.
pub fn judge(
    unit: &Unit,
    outcome: &Outcome,
    world: &World,
    rules: &Rules,
    isolated: bool,
) -> Judged {
    let mut panics = Vec::new();
    let reader = Reader::new(world, crate::workspace::world::ROUNDS);
    let mut verdicts: Vec<Verdict> = Vec::new();
    for (number, chunk) in unit.chunks.iter().enumerate() {
        for one in &chunk.facts.matches {
            let cx = Cx::new(
                unit,
                outcome,
                &reader,
                rules,
                number as u16,
                &chunk.facts,
                one,
            );
            // A team's rule may ask what no built-in one does.
            let own = rules.pattern(one.pattern).rule.is_own();
            if !(isolated || own) {
                verdicts.extend(cx.verdict());
                continue;
            }
            match catch_unwind(AssertUnwindSafe(|| cx.verdict())) {
                Ok(verdict) => verdicts.extend(verdict),
                Err(_) => panics.push(rules.pattern(one.pattern).rule.code),
            }
        }
    }
    settle(&mut verdicts);
    Judged {
        verdicts,
        reads: reader.take_reads(),
        panics,
        told: Mutex::default(),
    }
}

/// One site, one finding; and in one function only the first gathering of pages.
fn settle(verdicts: &mut Vec<Verdict>) {
    let place = |verdict: &Verdict| (verdict.chunk, verdict.span.start, verdict.span.end);
    verdicts.sort_by(|a, b| {
        place(a)
            .cmp(&place(b))
            .then(a.rule.rank().cmp(&b.rule.rank()))
            .then(b.confidence.cmp(&a.confidence))
    });
    let mut kept: Vec<Verdict> = Vec::new();
    for verdict in verdicts.drain(..) {
        let mut here = (kept.iter().rev()).take_while(|other| place(other) == place(&verdict));
        let same_site = here
            .any(|other| other.rule.code == verdict.rule.code || other.rule.silences(verdict.rule));
        let gathered = verdict.rule.gathers()
            && kept.iter().any(|other| {
                other.rule.gathers()
                    && other.chunk == verdict.chunk
                    && other.function == verdict.function
                    && other.severity >= verdict.severity
            });
        // `list(sorted(pages))`: the outermost gathering stands for the inner ones.
        let inside = verdict.rule.gathers()
            && kept.iter().any(|other| {
                other.rule.code == verdict.rule.code
                    && other.chunk == verdict.chunk
                    && other.span.start <= verdict.span.start
                    && other.span.end >= verdict.span.end
            });
        let told = verdict.rule.once_a_holder()
            && kept.iter().any(|other| {
                other.rule.code == verdict.rule.code
                    && other.function == verdict.function
                    && other.story.detail == verdict.story.detail
            });
        if !(same_site || gathered || inside || told) {
            kept.push(verdict);
        }
    }
    // What gathers all pages, or goes through them twice, has more to say of them than how large each is.
    let worse: Vec<(u16, FunctionId)> = (kept.iter())
        .filter(|verdict| verdict.rule.judges_pages())
        .map(|verdict| (verdict.chunk, verdict.function))
        .collect();
    kept.retain(|verdict| {
        verdict.rule.code != "DDB305" || !worse.contains(&(verdict.chunk, verdict.function))
    });
    *verdicts = kept;
}

fn by_precedence(a: &&'static Rule, b: &&'static Rule) -> std::cmp::Ordering {
    a.rank().cmp(&b.rank())
}

/// One match in its surroundings: what predicates ask.
pub struct Cx<'a> {
    pub unit: &'a Unit,
    pub outcome: &'a Outcome,
    pub reader: &'a Reader<'a>,
    pub rules: &'a Rules,
    pub chunk: u16,
    pub facts: &'a ChunkFacts,
    pub one: &'a Match,
}

impl<'a> Cx<'a> {
    fn new(
        unit: &'a Unit,
        outcome: &'a Outcome,
        reader: &'a Reader<'a>,
        rules: &'a Rules,
        chunk: u16,
        facts: &'a ChunkFacts,
        one: &'a Match,
    ) -> Self {
        Cx {
            unit,
            outcome,
            reader,
            rules,
            chunk,
            facts,
            one,
        }
    }

    fn verdict(&self) -> Option<Verdict> {
        let pattern = self.rules.pattern(self.one.pattern);
        let mut confidence = Confidence::High;
        for condition in &pattern.conditions {
            let Some(answer) = self.answer(condition) else {
                continue;
            };
            if answer.is_some() == condition.negated {
                return None;
            }
            confidence = confidence.min(answer.unwrap_or(Confidence::High));
        }
        let finding = self.captured("finding")?;
        let mut verdict = Verdict {
            rule: pattern.rule,
            unit: self.unit.id,
            chunk: self.chunk,
            function: self.function_at(finding),
            span: finding.span,
            severity: pattern.rule.severity,
            confidence,
            story: Story::default(),
        };
        (pattern.rule.tell)(self, &mut verdict);
        if verdict.confidence == Confidence::Low {
            verdict.severity = Severity::Info;
        }
        Some(verdict)
    }

    /// What a predicate says; none where it is not asked, for the pattern's alternative did not
    /// capture what it is about.
    fn answer(&self, condition: &Condition) -> Option<Option<Confidence>> {
        let missing = |operand: &Operand| matches!(operand, Operand::Capture(name) if self.by_index(*name).is_none());
        (!condition.operands.iter().any(missing))
            .then(|| (condition.predicate.check)(self, &condition.operands))
    }

    pub fn function_at(&self, finding: &Captured) -> FunctionId {
        let of = |expr: ExprId| self.facts.owner(expr);
        finding
            .expr
            .map(of)
            .or_else(|| {
                self.one
                    .captures
                    .iter()
                    .find_map(|captured| captured.expr)
                    .map(of)
            })
            .or(finding.function)
            .unwrap_or_default()
    }

    fn by_index(&self, name: u16) -> Option<&'a Captured> {
        self.one
            .captures
            .iter()
            .find(|captured| captured.name == name)
    }

    pub fn captured(&self, name: &str) -> Option<&'a Captured> {
        self.by_index(self.rules.capture(name)?)
    }

    /// What the flow saw of a captured expression; none where it was never reached.
    pub fn seen(&self, captured: &Captured) -> Option<&'a Seen> {
        self.outcome.seen.get(&(self.chunk, captured.expr?))
    }

    pub fn seen_as(&self, name: &str) -> Option<&'a Seen> {
        self.captured(name).and_then(|captured| self.seen(captured))
    }

    /// A captured expression's value, parameters replaced by what call sites pass.
    pub fn value(&self, captured: &Captured) -> Value {
        self.seen(captured)
            .map(|seen| self.resolved(&seen.value))
            .unwrap_or_default()
    }

    pub fn value_of(&self, name: &str) -> Value {
        self.captured(name)
            .map(|captured| self.value(captured))
            .unwrap_or_default()
    }

    pub fn resolved(&self, value: &Value) -> Value {
        (0..PASSES).fold(value.clone(), |value, _| self.reader.resolve(&value))
    }

    /// The situations in which a function of this chunk runs.
    pub fn context(&self, function: FunctionId) -> Value {
        self.reader.context(self.unit.id, self.facts, function)
    }

    /// Does all known use of this function end with a script's work?
    pub fn in_script(&self, function: FunctionId) -> bool {
        if self.facts.functions.len() > 1 && function != 0 {
            let context = self.context(function);
            let repeated = context.has(Mark::Request) || context.has(Mark::Worker);
            if !repeated && self.reader.in_script_folder(self.unit.file) {
                return true;
            }
            return context.has(Mark::Script)
                && !context.has(Mark::Request)
                && !context.has(Mark::Worker);
        }
        self.unit.chunks[self.chunk as usize].main
    }

    /// The atom that tells the story best: the surest, then the shortest.
    pub fn best(&self, value: &Value, wanted: impl Fn(&Atom) -> bool) -> Option<Atom> {
        value
            .atoms()
            .iter()
            .filter(|atom| wanted(atom))
            .min_by_key(|atom| {
                (
                    std::cmp::Reverse(atom.confidence),
                    atom.steps.len(),
                    (*atom).clone(),
                )
            })
            .cloned()
    }

    /// Does anything that runs call this function? In a file on its own nobody can tell: then yes.
    pub fn runs(&self, function: FuncId) -> bool {
        if function.function != 1 || self.reader.alone() {
            return true;
        }
        let Some(signature) = self.reader.signature(function) else {
            return true;
        };
        let special =
            signature.function.name.starts_with("__") || !signature.function.decorators.is_empty();
        special || self.reader.cell(CellKey::Context(function)).is_run()
    }

    /// Does what was found stand in a loop that goes round for ever, here or by a caller?
    pub fn goes_on(&self, function: FunctionId) -> bool {
        let forever = |seen: &Seen| seen.situation.loops.iter().any(|note| note.forever);
        self.context(function).has(Mark::Endless) || self.seen_as("finding").is_some_and(forever)
    }

    /// Is this a field of an object that holds a client or table, and that nobody here makes per call?
    /// Or of a cache that such a one keeps in a field?
    pub fn kept_by_unknown(&self, place: &Place) -> bool {
        let Place::Attr(class, _) = place else {
            return false;
        };
        if self.holds_on(*class) {
            return true;
        }
        let life = self.reader.cell(CellKey::Life(*class));
        let owners = life.atoms().iter().filter_map(|atom| match atom.what {
            What::Mark(Mark::Owned(owner)) => Some(owner),
            _ => None,
        });
        // Of other objects it may be made anew in files that are not loaded.
        let cache = self
            .reader
            .world()
            .classes
            .get(class)
            .is_some_and(|class| class.name.to_ascii_lowercase().contains("cache"));
        cache
            && !life.has_life()
            && !self.made_per_call(*class)
            && owners.into_iter().any(|owner| self.holds_on(owner))
    }

    fn holds_on(&self, class: ClassId) -> bool {
        let life = self.reader.cell(CellKey::Life(class));
        !life.has_life()
            && self.reader.members(class).contains_key("__init__")
            && !self.made_per_call(class)
            && (life.has(Mark::Holds) || self.reads_client(class))
    }

    fn made_per_call(&self, class: ClassId) -> bool {
        let Some(init) = self.reader.members(class).get("__init__") else {
            return false;
        };
        self.reader
            .cell(CellKey::Context(*init))
            .mark(|mark| matches!(mark, Mark::Request | Mark::Loop))
            .is_some()
    }

    /// Has the class a property that gives a client, resource or table?
    fn reads_client(&self, class: ClassId) -> bool {
        self.reader.members(class).values().any(|method| {
            let property = self
                .reader
                .signature(*method)
                .is_some_and(|signature| signature.is_property());
            property
                && self
                    .reader
                    .cell(CellKey::Return(*method))
                    .data()
                    .any(|(_, data)| {
                        matches!(data.kind, Kind::Client | Kind::Resource | Kind::Table)
                    })
        })
    }

    /// The call at a site, if that is in this unit: what another one says is no answer of its cells.
    pub fn call_at(&self, site: Site) -> Option<(&'a ChunkFacts, &'a crate::facts::Call)> {
        let At::Call(number) = site.at else {
            return None;
        };
        if site.unit != self.unit.id {
            return None;
        }
        let facts = &self.unit.chunks.get(site.chunk as usize)?.facts;
        let Expr::Call(call) = facts.expr(*facts.calls.get(number as usize)?) else {
            return None;
        };
        Some((facts, call))
    }

    /// Did the call at `here` make this atom's value, rather than pass it on from a function?
    pub fn makes(&self, atom: &Atom, here: Site) -> bool {
        atom.data().is_some_and(|data| match data.kind {
            // A client's first step is its own construction; a session before it is another value.
            Kind::Client | Kind::Resource | Kind::Session => atom.steps.first() == Some(&here),
            _ => true,
        })
    }

    /// An annotation with few possible values: an enum, a literal, a bool.
    pub fn few_values(&self, annotation: ExprId) -> bool {
        use crate::facts::Expr;
        match self.facts.expr(annotation) {
            Expr::Name(name) if name == "bool" => true,
            Expr::Other(parts) | Expr::Tuple(parts) => parts.first().is_some_and(|&head| self.facts.is_named(head, "Literal")),
            Expr::Subscript(base, _) => self.facts.is_named(*base, "Literal"),
            Expr::Name(name) => self.reader.global(self.unit.file, name).atoms().iter().any(|atom| matches!(atom.what, What::Class(class) if self.reader.cell(CellKey::Life(class)).has(Mark::Role(Role::Enum)))),
            _ => false,
        }
    }

    /// The expression's own bytes.
    pub fn span_of(&self, name: &str) -> Option<Span> {
        self.captured(name).map(|captured| captured.span)
    }
}

/// The kinds among a rule's arguments.
pub fn kinds(operands: &[Operand]) -> SmallVec<[Kind; 8]> {
    operands
        .iter()
        .filter_map(|operand| {
            if let Operand::Text(text) = operand {
                Kind::parse(text)
            } else {
                None
            }
        })
        .collect()
}
