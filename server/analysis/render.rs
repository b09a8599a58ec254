//! From verdicts to findings: sites become places in today's text, words are put together.

use std::ops::Range;
use std::sync::Arc;

use super::{Story, Verdict, Where};
use crate::facts::{ChunkFacts, Expr, FunctionId, Span};
use crate::finding::{Finding, Step};
use crate::text::Text;
use crate::value::*;
use crate::workspace::Workspace;
use crate::workspace::unit::{Unit, UnitKind};
use crate::workspace::world::ROUNDS;

/// A finding as its file's text shows it now.
pub fn render(workspace: &Workspace, verdict: &Verdict) -> Option<Finding> {
    let page = Page { workspace };
    let (unit, facts, file, base) = page.chunk(verdict.unit, verdict.chunk)?;
    let text = page.workspace.text(&file)?;
    let span = first_line(
        text.as_str(),
        base + verdict.span.start as usize..base + verdict.span.end as usize,
    );
    let mut finding = Finding {
        code: verdict.rule.code,
        severity: verdict.severity,
        confidence: verdict.confidence,
        file,
        function: page.function_name(unit, facts, verdict.function),
        span,
        message: String::new(),
        trail: Vec::new(),
        related: Vec::new(),
        fixes: Vec::new(),
    };
    finding.message = (verdict.rule.message)(&page, verdict);
    finding.trail = page.trail(verdict);
    Some(finding)
}

/// What messages are made from.
pub struct Page<'a> {
    workspace: &'a Workspace,
}

impl<'a> Page<'a> {
    pub(crate) fn of(workspace: &'a Workspace) -> Page<'a> {
        Page { workspace }
    }

    pub(super) fn text(&self, file: &str) -> Option<&'a Text> {
        self.workspace.text(file)
    }

    pub(crate) fn chunk(
        &self,
        unit: UnitId,
        chunk: u16,
    ) -> Option<(&'a Unit, &'a ChunkFacts, Arc<str>, usize)> {
        let unit = self.workspace.world().units.get(&unit)?;
        let placed = unit.chunks.get(chunk as usize)?;
        let path = self.workspace.world().paths.get(&unit.file)?;
        let segment = self
            .workspace
            .source(path)?
            .segments()
            .get(placed.segment as usize)?;
        Some((
            unit,
            &placed.facts,
            Arc::clone(path),
            segment.start + placed.start as usize,
        ))
    }

    fn function_name(&self, unit: &Unit, facts: &ChunkFacts, function: FunctionId) -> String {
        let mut names = Vec::new();
        let mut scope = function;
        while scope > 1 || scope == 1 && unit.kind != UnitKind::Function {
            let of = &facts.functions[scope as usize];
            if !of.is_lambda {
                names.push(of.name.as_str());
            }
            if of.parent == scope {
                break;
            }
            scope = of.parent;
        }
        if unit.kind != UnitKind::Module || names.is_empty() {
            names.push(unit.name.as_str());
        }
        names.reverse();
        names.join(".")
    }

    /// A site's file and its bytes on their first line.
    pub(super) fn locate(&self, site: Site) -> Option<(Arc<str>, Range<usize>)> {
        let (file, range) = self.extent(site)?;
        let range = first_line(self.workspace.text(&file)?.as_str(), range);
        Some((file, range))
    }

    /// A site as the code writes it, on one line.
    pub(super) fn written(&self, site: Site) -> Option<String> {
        let (file, range) = self.extent(site)?;
        self.workspace.text(&file)?.as_str().get(range).map(short)
    }

    /// A site's file and all its bytes.
    pub(crate) fn extent(&self, site: Site) -> Option<(Arc<str>, Range<usize>)> {
        let (_, facts, file, base) = self.chunk(site.unit, site.chunk)?;
        let span = match site.at {
            At::Call(number) => facts.span(*facts.calls.get(number as usize)?),
            At::Definition(function) => facts.functions.get(function as usize)?.name_span,
            At::Param(function, index) => {
                facts
                    .functions
                    .get(function as usize)?
                    .params
                    .get(index as usize)?
                    .span
            }
            At::Chunk => facts
                .spans
                .first()
                .copied()
                .filter(|_| facts.kind == crate::facts::ChunkKind::Statement)
                .unwrap_or(facts.name_span),
        };
        Some((file, base + span.start as usize..base + span.end as usize))
    }

    fn own_text(&self, verdict: &Verdict, span: Span) -> Option<String> {
        let (_, _, file, base) = self.chunk(verdict.unit, verdict.chunk)?;
        let text = self.workspace.text(&file)?.as_str();
        text.get(base + span.start as usize..base + span.end as usize)
            .map(short)
    }

    /// `` `table.scan()` ``: the call that the value comes from.
    pub fn source(&self, verdict: &Verdict) -> String {
        let site = verdict
            .story
            .value
            .as_ref()
            .and_then(|atom| atom.steps.first());
        site.and_then(|site| self.written(*site))
            .map_or_else(|| "a DynamoDB read".into(), |text| format!("`{text}`"))
    }

    /// `` `RESULTS` ``: the holder as the code writes it.
    pub fn holder(&self, verdict: &Verdict) -> String {
        if let Some(text) = verdict
            .story
            .holder_span
            .and_then(|span| self.own_text(verdict, span))
        {
            return format!("`{text}`");
        }
        match &verdict.story.holder {
            Some(place) => format!("`{}`", place.name()),
            None => "it".into(),
        }
    }

    /// `every item`, `every page`: what is kept, as a rule's message names it.
    pub fn kept(&self, verdict: &Verdict) -> &'static str {
        match verdict
            .story
            .value
            .as_ref()
            .and_then(super::predicates::kind_of)
        {
            Some(Kind::Page) => "every page",
            Some(Kind::Items | Kind::Item) => "every item",
            Some(Kind::Records | Kind::Record) => "every record",
            Some(Kind::Model) => "every model instance",
            Some(Kind::PageIterator | Kind::ItemIterator | Kind::ResultIterator) => {
                "every page iterator"
            }
            Some(Kind::Attribute) => "an attribute of every item",
            _ => "every result",
        }
    }

    pub fn finding_text(&self, verdict: &Verdict) -> String {
        self.own_text(verdict, verdict.span).unwrap_or_default()
    }

    fn trail(&self, verdict: &Verdict) -> Vec<Step> {
        let Story {
            value,
            holder,
            notes,
            ..
        } = &verdict.story;
        let mut trail: Vec<Step> = Vec::new();
        let mut push = |file: Arc<str>, span: Range<usize>, message: String| {
            if !trail
                .iter()
                .any(|step| step.file == file && step.span == span)
            {
                trail.push(Step {
                    file,
                    span,
                    message,
                });
            }
        };
        if let Some(atom) = value {
            for (number, site) in atom.steps.iter().enumerate() {
                let Some((file, span)) = self.locate(*site) else {
                    continue;
                };
                let text = self.written(*site).unwrap_or_default();
                let message = match (number, site.at) {
                    (0, At::Param(..)) => format!(
                        "`{text}` is declared as {}",
                        atom.data().map_or("it", |data| data.kind.phrase())
                    ),
                    (0, _) => match self.workspace.world().value_kind_at(*site, atom) {
                        Some(kind) => format!("`{text}` gives {}", kind.phrase()),
                        None => format!("`{text}` is where it comes from"),
                    },
                    _ => format!("`{text}` passes it on"),
                };
                push(file, span, message);
            }
        }
        for (place, message) in notes {
            let found = match place {
                Where::Site(site) => self.locate(*site),
                Where::Span(span) => {
                    self.chunk(verdict.unit, verdict.chunk)
                        .map(|(_, _, file, base)| {
                            let text = self
                                .workspace
                                .text(&file)
                                .map(|text| text.as_str())
                                .unwrap_or_default();
                            let range = first_line(
                                text,
                                base + span.start as usize..base + span.end as usize,
                            );
                            (file, range)
                        })
                }
                Where::Birth(place) => self.birth(place),
            };
            if let Some((file, span)) = found {
                push(file, span, (*message).to_owned());
            }
        }
        if let Some(place) = holder
            && let Some((file, span)) = self.birth(place)
        {
            let lives = crate::lifetime::lifetime(
                place,
                &crate::workspace::world::Reader::new(self.workspace.world(), ROUNDS),
            )
            .0;
            let message = format!(
                "`{}` is made here and lives as long as {}",
                place.name(),
                match lives {
                    Lifetime::Process => "the process",
                    Lifetime::Session => "the session",
                    Lifetime::Request => "the request",
                    Lifetime::Instance => "its instance",
                    Lifetime::Call => "the call",
                }
            );
            push(file, span, message);
        }
        trail
    }

    /// Where a place's first value is stored.
    pub(crate) fn birth(&self, place: &Place) -> Option<(Arc<str>, Range<usize>)> {
        let world = self.workspace.world();
        let (unit, name) = match place {
            Place::Global(file, name) => (world.units.get(&world.module_unit(*file)?)?, name),
            Place::Static(class, name) => (world.units.get(&world.classes.get(class)?.unit)?, name),
            Place::Attr(class, name) => {
                let of = world.classes.get(class)?;
                let init = of.members.get("__init__")?;
                (world.units.get(&init.unit)?, name)
            }
            _ => return None,
        };
        for chunk in &unit.chunks {
            for (index, expr) in chunk.facts.exprs.iter().enumerate() {
                let named = match expr {
                    Expr::Name(found) => found == name && !matches!(place, Place::Attr(..)),
                    Expr::Attr(_, found) => found == name && matches!(place, Place::Attr(..)),
                    _ => false,
                };
                if named {
                    let path = world.paths.get(&unit.file)?;
                    let segment = self
                        .workspace
                        .source(path)?
                        .segments()
                        .get(chunk.segment as usize)?;
                    let span = chunk.facts.spans[index];
                    let base = segment.start + chunk.start as usize;
                    return Some((
                        Arc::clone(path),
                        base + span.start as usize..base + span.end as usize,
                    ));
                }
            }
        }
        None
    }
}

impl crate::workspace::world::World {
    fn module_unit(&self, file: FileId) -> Option<UnitId> {
        let path = self.paths.get(&file)?;
        Some(UnitId(stable_hash(&[path, "<module>"])))
    }

    /// What the call at a site gives, as the last round's outcome has it.
    fn value_kind_at(&self, site: Site, atom: &Atom) -> Option<Kind> {
        let unit = self.units.get(&site.unit)?;
        let At::Call(number) = site.at else {
            return None;
        };
        let facts = &unit.chunks.get(site.chunk as usize)?.facts;
        let Expr::Call(call) = facts.expr(*facts.calls.get(number as usize)?) else {
            return None;
        };
        let method = match facts.expr(call.function) {
            Expr::Attr(_, name) | Expr::Name(name) => name.as_str(),
            _ => return None,
        };
        let data = atom.data()?;
        crate::api::API.kind_given_by(method).or(Some(data.kind))
    }
}

/// At most the first line of a range.
fn first_line(text: &str, range: Range<usize>) -> Range<usize> {
    let end = text
        .get(range.clone())
        .and_then(|text| text.find(['\n', '\r']))
        .map_or(range.end, |at| range.start + at);
    range.start..end
}

/// One line of at most 60 characters.
pub(super) fn short(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= 60 {
        return line;
    }
    let cut: String = line.chars().take(57).collect();
    format!("{cut}…")
}
