//! From verdicts to findings: sites become places in today's text, words are put together.

use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::sync::{Arc, Weak};

use smallvec::SmallVec;

use super::{Story, Verdict, Where};
use crate::facts::{ChunkFacts, Expr, FunctionId, Span};
use crate::finding::{Finding, Telling, Trail};
use crate::lifetime::lifetime;
use crate::secret::masked;
use crate::syntax::Segment;
use crate::text::Text;
use crate::value::*;
use crate::workspace::Workspace;
use crate::workspace::unit::{Unit, UnitKind};
use crate::workspace::world::{ROUNDS, Reader, World};

/// A finding as its file's text shows it now.
pub fn render(workspace: &Workspace, verdict: &Verdict) -> Option<Finding> {
    Told::of(workspace, verdict)?.placed(&Ground::new(workspace))
}

/// A finding in words, with its places by their chunks: an edit that leaves what it was read from
/// alone moves it at most.
#[derive(Debug)]
pub struct Told {
    /// Its bytes count for nothing.
    finding: Finding,
    /// Where the finding stands, then the steps of its trail.
    spots: Vec<Spot>,
    read: Read,
}

/// Bytes of a chunk.
#[derive(Clone, Copy, Debug)]
struct Spot {
    unit: UnitId,
    chunk: u16,
    span: Span,
}

/// What words were read from. An edit puts another unit in the place of each that it changes or moves.
#[derive(Debug, Default)]
struct Read {
    units: SmallVec<[(UnitId, Option<Weak<Unit>>); 4]>,
    /// The units where places are born.
    homes: SmallVec<[(Place, Option<UnitId>); 1]>,
    lives: Option<(Place, Lifetime)>,
}

impl Told {
    pub fn of(workspace: &Workspace, verdict: &Verdict) -> Option<Told> {
        let page = Page::of(workspace);
        let (unit, facts, file, _) = page.chunk(verdict.unit, verdict.chunk)?;
        let spot = page.first_line(Spot {
            unit: verdict.unit,
            chunk: verdict.chunk,
            span: verdict.span,
        });
        let mut spots = vec![spot];
        let finding = Finding {
            code: verdict.rule.code,
            severity: verdict.severity,
            confidence: verdict.confidence,
            file,
            function: page.function_name(unit, facts, verdict.function).into(),
            span: 0..0,
            message: (verdict.rule.message)(&page, verdict).into(),
            trail: page.trail(verdict, &mut spots),
            related: Vec::new(),
            fixes: Vec::new(),
            telling: Telling::new(),
            baselined: false,
        };
        Some(Told {
            finding,
            spots,
            read: page.read.into_inner(),
        })
    }

    /// The finding where it stands now; none where it may have other words.
    pub fn placed(&self, ground: &Ground) -> Option<Finding> {
        let world = ground.workspace.world();
        let Read {
            units,
            homes,
            lives,
        } = &self.read;
        let mut now = SmallVec::<[_; 4]>::new();
        for (id, known) in units {
            let unit = world.units.get(id);
            if unit.map(Arc::as_ptr) != known.as_ref().map(Weak::as_ptr) {
                return None;
            }
            now.push((*id, unit));
        }
        let holds = (homes.iter()).all(|(place, home)| world.home(place) == *home)
            && (lives.as_ref()).is_none_or(|(place, lives)| world.lives(place) == *lives);
        if !holds {
            return None;
        }
        let place = |spot: Spot| {
            let (_, unit) = now.iter().find(|(id, _)| *id == spot.unit)?;
            Some(ground.place_in((*unit)?, spot)?.1)
        };
        let mut spans = SmallVec::with_capacity(self.spots.len() - 1);
        for spot in &self.spots[1..] {
            spans.push(place(*spot)?);
        }
        let Finding {
            file,
            function,
            message,
            trail,
            ..
        } = &self.finding;
        Some(Finding {
            file: Arc::clone(file),
            function: Arc::clone(function),
            span: place(self.spots[0])?,
            message: Arc::clone(message),
            trail: trail.at(spans),
            related: Vec::new(),
            fixes: Vec::new(),
            ..self.finding
        })
    }
}

/// Finds spots in a workspace's texts: those in one file mostly follow each other.
pub struct Ground<'a> {
    workspace: &'a Workspace,
    last: Cell<Option<File<'a>>>,
}

type File<'a> = (FileId, &'a Arc<str>, &'a [Segment]);

impl<'a> Ground<'a> {
    pub fn new(workspace: &'a Workspace) -> Ground<'a> {
        let last = Cell::new(None);
        Ground { workspace, last }
    }

    /// A spot's file and bytes there.
    fn place(&self, spot: Spot) -> Option<(&'a Arc<str>, Range<usize>)> {
        self.place_in(self.workspace.world().units.get(&spot.unit)?, spot)
    }

    fn place_in(&self, unit: &Unit, spot: Spot) -> Option<(&'a Arc<str>, Range<usize>)> {
        let placed = unit.chunks.get(spot.chunk as usize)?;
        let (path, segments) = match self.last.get() {
            Some((file, path, segments)) if file == unit.file => (path, segments),
            _ => {
                let path = self.workspace.world().paths.get(&unit.file)?;
                let segments = self.workspace.source(path)?.segments();
                self.last.set(Some((unit.file, path, segments)));
                (path, segments)
            }
        };
        let base = segments.get(placed.segment as usize)?.start + placed.start as usize;
        let Span { start, end } = spot.span;
        Some((path, base + start as usize..base + end as usize))
    }
}

/// What messages are made from; it notes what was read.
pub struct Page<'a> {
    workspace: &'a Workspace,
    ground: Ground<'a>,
    read: RefCell<Read>,
}

impl<'a> Page<'a> {
    pub(crate) fn of(workspace: &'a Workspace) -> Page<'a> {
        Page {
            workspace,
            ground: Ground::new(workspace),
            read: RefCell::default(),
        }
    }

    fn unit(&self, id: UnitId) -> Option<&'a Arc<Unit>> {
        let unit = self.workspace.world().units.get(&id);
        let units = &mut self.read.borrow_mut().units;
        if !units.iter().any(|(known, _)| *known == id) {
            units.push((id, unit.map(Arc::downgrade)));
        }
        unit
    }

    pub(super) fn text(&self, file: &str) -> Option<&'a Text> {
        self.workspace.text(file)
    }

    pub(crate) fn chunk(
        &self,
        unit: UnitId,
        chunk: u16,
    ) -> Option<(&'a Unit, &'a ChunkFacts, Arc<str>, usize)> {
        let of = self.unit(unit)?;
        let placed = of.chunks.get(chunk as usize)?;
        let span = Span::default();
        let (path, bytes) = self.ground.place(Spot { unit, chunk, span })?;
        Some((of, &placed.facts, Arc::clone(path), bytes.start))
    }

    fn written_at(&self, spot: Spot) -> Option<&'a str> {
        let (path, bytes) = self.ground.place(spot)?;
        self.workspace.text(path)?.as_str().get(bytes)
    }

    /// At most the first line of a spot.
    fn first_line(&self, mut spot: Spot) -> Spot {
        let text = self.written_at(spot).unwrap_or_default();
        if let Some(end) = text.find(['\n', '\r']) {
            spot.span.end = spot.span.start + end as u32;
        }
        spot
    }

    pub(super) fn function_name(
        &self,
        unit: &Unit,
        facts: &ChunkFacts,
        function: FunctionId,
    ) -> String {
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
        let (path, bytes) = self.ground.place(self.first_line(self.spot(site)?))?;
        Some((Arc::clone(path), bytes))
    }

    /// A site as the code writes it, on one line.
    pub(super) fn written(&self, site: Site) -> Option<String> {
        self.written_at(self.spot(site)?).map(short)
    }

    /// A site's file and all its bytes.
    pub(crate) fn extent(&self, site: Site) -> Option<(Arc<str>, Range<usize>)> {
        let (path, bytes) = self.ground.place(self.spot(site)?)?;
        Some((Arc::clone(path), bytes))
    }

    fn spot(&self, site: Site) -> Option<Spot> {
        let facts = &*self.unit(site.unit)?.chunks.get(site.chunk as usize)?.facts;
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
        Some(Spot {
            unit: site.unit,
            chunk: site.chunk,
            span,
        })
    }

    /// Bytes of the finding's chunk as the code writes them, on one line.
    pub fn text_at(&self, verdict: &Verdict, span: Span) -> Option<String> {
        self.own_text(verdict, span)
    }

    fn own_text(&self, verdict: &Verdict, span: Span) -> Option<String> {
        self.unit(verdict.unit)?;
        let (unit, chunk) = (verdict.unit, verdict.chunk);
        self.written_at(Spot { unit, chunk, span }).map(short)
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

    /// The steps of a trail; where they stand is added to `spots`.
    fn trail(&self, verdict: &Verdict, spots: &mut Vec<Spot>) -> Trail {
        let Story {
            value,
            holder,
            notes,
            ..
        } = &verdict.story;
        let mut trail: Vec<(Arc<str>, Range<usize>, Arc<str>)> = Vec::new();
        let first = spots.len();
        let mut push = |spot: Spot, message: String| {
            let Some((file, span)) = self.ground.place(spot) else {
                return;
            };
            let holds = |outer: &Range<usize>, inner: &Range<usize>| {
                outer.start <= inner.start && inner.end <= outer.end
            };
            // `map(lambda order: send(order), orders)`: of two calls in one the inner one says it all.
            let same = trail.iter().position(|(at, bytes, said)| {
                let alike = || **said == *message && (holds(bytes, &span) || holds(&span, bytes));
                *at == *file && (*bytes == span || alike())
            });
            match same {
                None => {
                    trail.push((Arc::clone(file), span, message.into()));
                    spots.push(spot);
                }
                Some(at) if trail[at].1 != span && holds(&trail[at].1, &span) => {
                    trail[at].1 = span;
                    spots[first + at] = spot;
                }
                Some(_) => {}
            }
        };
        if let Some(atom) = value {
            for (number, site) in atom.steps.iter().enumerate() {
                let Some(spot) = self.spot(*site) else {
                    continue;
                };
                let text = self.written_at(spot).map(short).unwrap_or_default();
                let message = match (number, site.at) {
                    (0, At::Param(..)) => format!(
                        "`{text}` is declared as {}",
                        atom.data().map_or("it", |data| data.kind.phrase())
                    ),
                    (0, _) => match self.value_kind_at(*site, atom) {
                        Some(kind) => format!("`{text}` gives {}", kind.phrase()),
                        None => format!("`{text}` is where it comes from"),
                    },
                    _ => format!("`{text}` passes it on"),
                };
                push(self.first_line(spot), message);
            }
        }
        for (place, message) in notes {
            let spot = match place {
                Where::Site(site) => self.spot(*site).map(|spot| self.first_line(spot)),
                Where::Span(span) => Some(self.first_line(Spot {
                    unit: verdict.unit,
                    chunk: verdict.chunk,
                    span: *span,
                })),
                Where::Birth(place) => self.born(place),
            };
            if let Some(spot) = spot {
                push(spot, (*message).to_owned());
            }
        }
        if let Some(place) = holder
            && let Some(spot) = self.born(place)
        {
            let lives = self.workspace.world().lives(place);
            self.read.borrow_mut().lives = Some((place.clone(), lives));
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
            push(spot, message);
        }
        Trail::new(trail)
    }

    /// Where a place's first value is stored.
    pub(crate) fn birth(&self, place: &Place) -> Option<(Arc<str>, Range<usize>)> {
        let (path, bytes) = self.ground.place(self.born(place)?)?;
        Some((Arc::clone(path), bytes))
    }

    fn born(&self, place: &Place) -> Option<Spot> {
        let home = self.workspace.world().home(place);
        self.read.borrow_mut().homes.push((place.clone(), home));
        let unit = self.unit(home?)?;
        let (Place::Global(_, name) | Place::Static(_, name) | Place::Attr(_, name)) = place else {
            return None;
        };
        for (chunk, of) in unit.chunks.iter().enumerate() {
            for (index, expr) in of.facts.exprs.iter().enumerate() {
                let named = match expr {
                    Expr::Name(found) => found == name && !matches!(place, Place::Attr(..)),
                    Expr::Attr(_, found) => found == name && matches!(place, Place::Attr(..)),
                    _ => false,
                };
                if named {
                    return Some(Spot {
                        unit: unit.id,
                        chunk: chunk as u16,
                        span: of.facts.spans[index],
                    });
                }
            }
        }
        None
    }

    /// What the call at a site gives, as the last round's outcome has it.
    fn value_kind_at(&self, site: Site, atom: &Atom) -> Option<Kind> {
        let At::Call(number) = site.at else {
            return None;
        };
        let facts = &self.unit(site.unit)?.chunks.get(site.chunk as usize)?.facts;
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

impl World {
    /// The unit in which a place's first value is stored.
    fn home(&self, place: &Place) -> Option<UnitId> {
        match place {
            Place::Global(file, _) => {
                let path = self.paths.get(file)?;
                Some(UnitId(stable_hash(&[path, "<module>"])))
            }
            Place::Static(class, _) => Some(self.classes.get(class)?.unit),
            Place::Attr(class, _) => Some(self.classes.get(class)?.members.get("__init__")?.unit),
            _ => None,
        }
    }

    fn lives(&self, place: &Place) -> Lifetime {
        lifetime(place, &Reader::new(self, ROUNDS)).0
    }
}

/// One line of at most 60 characters, without keys.
pub(super) fn short(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = masked(&line);
    if line.chars().count() <= 60 {
        return line;
    }
    let cut: String = line.chars().take(57).collect();
    format!("{cut}…")
}
