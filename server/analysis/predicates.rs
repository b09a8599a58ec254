//! The semantic predicates that the `.scm` files may use, in one table.
//!
//! Each one is answered from kinds, holders, lifetimes and bounds, and has a `#not-` form. A predicate
//! whose capture an alternative of the pattern did not make is not asked.

use smol_str::SmolStr;

use super::uses::is_own;
use super::{Cx, kinds};
use crate::api::{API, FRAMEWORKS};
use crate::facts::{
    Arg, ArgKind, Captured, ChunkFacts, Expr, ExprId, FunctionId, ParamKind, Stmt, is_constant_name,
};
use crate::finding::Confidence;
use crate::flow::{is_passed, visit};
use crate::lifetime::lifetime;
use crate::query::Operand;
use crate::secret::is_key;
use crate::summary::{CellKey, Seen, Situation};
use crate::value::*;
use crate::workspace::unit::UnitKind;

/// How sure the answer "yes" is; none is "no".
pub type Answer = Option<Confidence>;

pub struct Predicate {
    pub name: &'static str,
    /// One line for the docs and for whoever writes a rule.
    pub doc: &'static str,
    /// Cheap ones are asked first.
    pub cost: u8,
    pub check: fn(&Cx, &[Operand]) -> Answer,
}

impl Predicate {
    /// Whether the chunk's text alone rules it out, so that the match needn't be kept.
    pub fn ruled_out(&self, facts: &ChunkFacts, captured: &Captured) -> bool {
        match self.name {
            "built" => !may_build(facts, captured),
            "kind" | "exactly" => captured
                .expr
                .is_some_and(|expr| is_constant(facts.expr(expr))),
            _ => false,
        }
    }
}

/// Constants are of no kind.
fn is_constant(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::Str(_)
            | Expr::Int(_)
            | Expr::True
            | Expr::False
            | Expr::None
            | Expr::Format(_)
            | Expr::Not(_)
            | Expr::Compare(..)
            | Expr::Slice(_)
    )
}

/// Constructors are called by a name that the library model knows; an alias of one still holds that name.
fn may_build(facts: &ChunkFacts, captured: &Captured) -> bool {
    let Some(Expr::Call(call)) = captured.expr.map(|expr| facts.expr(expr)) else {
        return false;
    };
    match facts.expr(call.function) {
        Expr::Attr(_, name) => API.is_constructor(name),
        Expr::Name(name) => name.is_ascii() && API.has_constructor_in(name),
        Expr::Local(_) | Expr::Outer(..) => true,
        _ => false,
    }
}

macro_rules! predicates {
    ($($name:literal $cost:literal $check:ident $doc:literal,)*) => {
        pub const PREDICATES: &[Predicate] = &[$(Predicate { name: $name, doc: $doc, cost: $cost, check: $check },)*];
    };
}

predicates! {
    "kind" 0 kind "`#kind? @value page items`: the value is, or holds, one of these kinds",
    "exactly" 0 exactly "`#exactly? @value page`: the value itself is of one of these kinds, not merely something in it",
    "built" 0 built "`#built? @call client`: this very call makes it",
    "held-by" 1 held_by "`#held-by? @holder module class`: where it is kept: module, class, function, default, instance, request, session, app, thread, local",
    "lives" 2 lives "`#lives? @holder process`: what it holds lives that long: call, request, session, instance, process, or unknown, of an object that holds a client and that nobody here makes per call",
    "shape" 1 shape "`#shape? @holder list dict`: a container of this shape: list, dict, set, deque, queue, cache",
    "capped" 2 capped "`#capped? @holder`: made with a bound, or its length is compared with one",
    "emptied" 2 emptied "`#emptied? @holder`: something is taken out of it, or it is replaced",
    "swept" 2 swept "`#swept? @holder`: something that the project calls takes out of it, or replaces it",
    "passed" 1 passed "`#passed? @value`: a parameter of which no call says what it is",
    "emptied-here" 2 emptied_here "`#emptied-here? @holder`: something is taken out inside the loop around this, or the loop over the pages goes on only while it is empty",
    "looked-up" 2 looked_up "`#looked-up? @holder`: read back by key",
    "handed-over" 2 handed_over "`#handed-over? @holder`: a deque that another function takes out of, or a queue that this one does not",
    "bounded" 1 bounded "`#bounded? @holder`: made with a bound",
    "measured" 2 measured "`#measured? @holder`: its length is compared with a bound",
    "cleared" 2 cleared "`#cleared? @function`: its cache is cleared somewhere",
    "scalar" 1 scalar "`#scalar? @holder`: a number or text, which a sum does not make larger",
    "in-scope" 2 in_scope "`#in-scope? @call`: in a file that names or reaches DynamoDB, or a session or client that such a file asks for",
    "taken" 2 taken "`#taken? @holder`: something takes out of it one by one",
    "fixed" 1 fixed "`#fixed? @key`: a constant, so that the slot is overwritten",
    "listed" 2 listed "`#listed? @key`: made of parameters that are constants wherever the function is called",
    "limited" 1 limited "`#limited? @value`: the read behind it is bounded, or answers by keys, as `batch_get_item` does",
    "whole" 0 whole "`#whole? @value`: all that a read gives: its pages or items, or a list with several attributes of each",
    "read-seen" 1 read_seen "`#read-seen? @value`: the read behind it is seen, not known by its answer's keys alone",
    "varies" 1 varies "`#varies? @value`: built from what the call or the loop passes in, from what its object was given, of which there are many, or with credentials of its own",
    "in-loop" 1 in_loop "`#in-loop? @call`: runs in each round of a loop, here or by a caller, and not to fill a queue, or a list of so many, with what it gives",
    "in-page-loop" 1 in_page_loop "`#in-page-loop? @call`: in a loop over all pages of a read",
    "in-stream-loop" 1 in_stream_loop "`#in-stream-loop? @call`: in a loop that fetches stream records",
    "per-request" 2 per_request "`#per-request? @call`: runs for each request, event or task",
    "memoised" 1 memoised "`#memoised? @call [request]`: runs once: guarded by a test of the place it fills, or in a memoised function; with `request`, what an object of each request keeps for itself does not count",
    "script" 2 script "`#script? @call`: runs in a process that ends with the work",
    "scoped" 1 scoped "`#scoped? @value`: used in `with`, closed, returned or yielded",
    "returns" 2 returns "`#returns? @function items`: what the function gives is, or holds, one of these kinds",
    "parametrised" 0 parametrised "`#parametrised? @function`: it takes arguments that vary, beyond `self`",
    "method" 0 method "`#method? @function`: it gets `self`",
    "singleton" 2 singleton "`#singleton? @function`: the instances of its class live as long as the process",
    "imports" 0 imports "`#imports? @name path…`: the name stands for one of these dotted paths, as an import writes it",
    "infinite" 1 infinite "`#infinite? @value`: `None`, 0 or less, or infinity: no bound",
    "fresh" 1 fresh "`#fresh? @value`: made in this call, not kept in any place",
    "open" 2 open "`#open? @value`: in an endpoint that is declared open to all",
    "secret" 0 secret "`#secret? @value`: a text that has the form of one of AWS's keys",
    "spent" 1 spent "`#spent? @value`: a page iterator that was gone through to its end before",
    "streamed" 1 streamed "`#streamed? @value`: records of a stream, or what goes through them",
    "many" 1 many "`#many? @key`: named as something of which there are as many as users or requests; of a function: one of its parameters is",
    "never-evicts" 1 never_evicts "`#never-evicts? @function`: what is called keeps each result without a limit",
    "endpoint" 2 endpoint "`#endpoint? @value`: in a view or route, which returns it to whoever asks",
    "written" 1 written "`#written? @value`: what a write answers, which is no item unless it asks for one",
    "remade" 1 remade "`#remade? @function`: another one in each call: a lambda, a function inside a function, a method of what lives for one request",
    "named-once" 1 named_once "`#named-once? @call`: registers under a constant `dispatch_uid`, so that the first one stays the only one",
    "part-read" 2 part_read "`#part-read? @holder`: of the responses that it holds only `Item` or `Items` is ever read, in the whole workspace",
    "few-read" 2 few_read "`#few-read? @holder`: of the items that it holds only a few attributes are ever read; of a function: of what it gives",
    "few-used" 2 few_used "`#few-used? @read`: only a few attributes are used of what it reads, all in the same function",
    "chosen" 1 chosen "`#chosen? @value`: the read behind it says which attributes it wants, or may say so",
    "new-shards" 1 new_shards "`#new-shards? @holder`: in a loop that never ends and lists the shards anew in each round",
    "follows-shard" 1 follows_shard "`#follows-shard? @call`: in a loop that goes on from `NextShardIterator`, or in a function that one calls",
    "given" 0 given "`#given? @call Limit`: the call passes one of these, or may, as `**keywords` and a `PaginationConfig` from elsewhere can",
    "gone-through" 1 gone_through "`#gone-through? @call`: a loop of the same function goes through what the call gives",
    "held-on" 1 held_on "`#held-on? @call`: of a `while` loop: its page of one round is held, by one name only, while the next one is read",
    "looping" 1 looping "`#looping? @call`: a `while` is the loop around it",
    "endless" 1 endless "`#endless? @call`: in a loop that never ends, or in a function that one calls",
    "checkpoints" 2 checkpoints "`#checkpoints? @call`: its file names sequence numbers, checkpoints or the like",
    "handles" 1 handles "`#handles? @call`: the stream records that it gives are handled by code that is seen, and by no other",
    "task" 1 task "`#task? @value`: a task, or the future of a call that was handed to an executor",
    "targeted" 0 targeted "`#targeted? @call`: a log handler that is made with a target, each time",
    "logs-items" 2 logs_items "`#logs-items? @call`: its file logs what DynamoDB gave",
    "converts" 2 converts "`#converts? @function @value`: of another file, which makes a list of all that this argument gives, each converted",
    "unentered" 1 unentered "`#unentered? @call`: what it gives is awaited, not entered, and used as what it is a context of, in the same function",
    "mirrored" 1 mirrored "`#mirrored? @key @value`: an attribute of each item of a read, under another one: there are as many as the table has items",
    "apart" 2 apart "`#apart? @holder @value`: a dict that is looked up, in a class of which several others keep objects, filled by a method with what it is given: told where that is called",
    "inherits" 2 inherits "`#inherits? @value items`: a statement of a view's class, declared open to all, which inherits a method that gives one of these kinds, of an unbounded read, from a class that is not",
    "keeps" 2 keeps "`#keeps? @holder @value`: the method that is called puts this argument under a key into a dict of its object, which is looked up, and from which nothing is removed as this object is made and used",
    "at-import" 1 at_import "`#at-import? @call`: runs once, when the module is imported",
}

fn capture<'a>(cx: &Cx<'a>, operands: &[Operand]) -> Option<&'a Captured> {
    match operands.first()? {
        Operand::Capture(name) => cx
            .one
            .captures
            .iter()
            .find(|captured| captured.name == *name),
        Operand::Text(_) => None,
    }
}

fn texts(operands: &[Operand]) -> impl Iterator<Item = &SmolStr> {
    operands.iter().filter_map(|operand| {
        if let Operand::Text(text) = operand {
            Some(text)
        } else {
            None
        }
    })
}

fn value(cx: &Cx, operands: &[Operand]) -> Value {
    capture(cx, operands)
        .map(|captured| cx.value(captured))
        .unwrap_or_default()
}

fn seen<'a>(cx: &Cx<'a>, operands: &[Operand]) -> Option<&'a Seen> {
    cx.seen(capture(cx, operands)?)
}

fn sure(holds: bool) -> Answer {
    holds.then_some(Confidence::High)
}

/// The kind as a rule sees it: what a generator hands out is an iterator.
pub fn kind_of(atom: &Atom) -> Option<Kind> {
    let data = atom.data()?;
    Some(match (atom.nested, data.kind) {
        (Nest::Lazy, kind) if kind != Kind::Attribute => Kind::ItemIterator,
        (_, kind) => kind,
    })
}

fn surest(value: &Value, wanted: impl Fn(&Atom) -> bool) -> Answer {
    value
        .atoms()
        .iter()
        .filter(|atom| wanted(atom))
        .map(|atom| atom.confidence)
        .max()
}

fn kind(cx: &Cx, operands: &[Operand]) -> Answer {
    let wanted = kinds(operands);
    let mut value = value(cx, operands);
    for atom in value.clone().atoms() {
        // `cache.get_or_set(key, lambda: read(key), None)`: what a function made here gives counts as the value.
        if let What::Function(function) = atom.what
            && function.unit == cx.unit.id
            && function.function > 1
        {
            value = value.join(&cx.reader.cell(CellKey::Return(function)));
        }
    }
    holds(&value, &wanted)
}

fn holds(value: &Value, wanted: &[Kind]) -> Answer {
    // A list or dict that the program filled with items is a list of items.
    let listed = wanted.contains(&Kind::Items) && is_made(value, |shape| shape != Shape::Tuple);
    surest(value, |atom| {
        let item = atom.nested == Nest::Inside
            && atom
                .data()
                .is_some_and(|data| matches!(data.kind, Kind::Item | Kind::Model));
        listed && item || kind_of(atom).is_some_and(|kind| wanted.contains(&kind))
    })
}

/// A container of such a shape, which the program made.
fn is_made(value: &Value, wanted: impl Fn(Shape) -> bool) -> bool {
    let made = |atom: &Atom| matches!(atom.what, What::Container(shape, _) if wanted(shape));
    value.atoms().iter().any(made)
}

/// What holds all that a read gives.
const WHOLE: [Kind; 6] = [
    Kind::Page,
    Kind::Items,
    Kind::ItemIterator,
    Kind::PageIterator,
    Kind::ResultIterator,
    Kind::Model,
];

fn whole(cx: &Cx, operands: &[Operand]) -> Answer {
    let value = value(cx, operands);
    // `[item["id"] for item in items]` is no row of each.
    let expr = capture(cx, operands)?.expr.map(|expr| cx.facts.expr(expr));
    let plucked = matches!(expr, Some(Expr::Comprehension(made)) if picks(cx.facts, made.element));
    let rows = !plucked && is_made(&value, |shape| matches!(shape, Shape::List | Shape::Set));
    let row = surest(&value, |atom| {
        let attribute = |data: Data| data.kind == Kind::Attribute && !data.chosen;
        rows && atom.nested == Nest::Inside && atom.data().is_some_and(attribute)
    });
    holds(&value, &WHOLE).max(row)
}

/// `item["id"]`, `item.get("id")`: one attribute.
fn picks(facts: &ChunkFacts, element: ExprId) -> bool {
    match facts.expr(element) {
        Expr::Subscript(..) | Expr::Attr(..) => true,
        Expr::Call(call) => facts.is_named(call.function, "get"),
        _ => false,
    }
}

fn exactly(cx: &Cx, operands: &[Operand]) -> Answer {
    let wanted = kinds(operands);
    surest(&value(cx, operands), |atom| {
        matches!(atom.nested, Nest::Not | Nest::Lazy)
            && kind_of(atom).is_some_and(|kind| wanted.contains(&kind))
    })
}

fn built(cx: &Cx, operands: &[Operand]) -> Answer {
    let wanted = kinds(operands);
    let captured = capture(cx, operands)?;
    let Expr::Call(call) = cx.facts.expr(captured.expr?) else {
        return None;
    };
    let here = Site {
        unit: cx.unit.id,
        chunk: cx.chunk,
        at: At::Call(call.number),
    };
    surest(&cx.seen(captured)?.value, |atom| {
        atom.data().is_some_and(|data| wanted.contains(&data.kind))
            && atom.steps.last() == Some(&here)
            && cx.makes(atom, here)
    })
}

fn held_by(cx: &Cx, operands: &[Operand]) -> Answer {
    let holder = value(cx, operands);
    let wanted = |place: &Place| {
        let name = match place {
            Place::Local(..) => "local",
            Place::Global(..) => "module",
            Place::Attr(..) => "instance",
            Place::Static(..) => "class",
            Place::Default(..) => "default",
            Place::FunctionAttr(..) => "function",
            Place::Request(_) => "request",
            Place::Session => "session",
            Place::Thread(_) => "thread",
            Place::App(_) => "app",
        };
        texts(operands).any(|text| text == name)
    };
    surest(&holder, |atom| atom.held.as_ref().is_some_and(wanted))
}

fn lives(cx: &Cx, operands: &[Operand]) -> Answer {
    let holder = value(cx, operands);
    let wanted: Vec<Lifetime> = texts(operands)
        .filter_map(|text| match text.as_str() {
            "call" => Some(Lifetime::Call),
            "request" => Some(Lifetime::Request),
            "session" => Some(Lifetime::Session),
            "instance" => Some(Lifetime::Instance),
            "process" => Some(Lifetime::Process),
            _ => None,
        })
        .collect();
    let unknown = texts(operands).any(|text| text == "unknown");
    holder
        .atoms()
        .iter()
        .filter_map(|atom| {
            let place = atom.held.as_ref()?;
            let (lives, sure, _) = lifetime(place, cx.reader);
            if wanted.contains(&lives) {
                return Some(sure.min(atom.confidence));
            }
            (unknown && cx.kept_by_unknown(place)).then_some(Confidence::Medium)
        })
        .max()
}

fn shape(cx: &Cx, operands: &[Operand]) -> Answer {
    let name = |shape: Shape| match shape {
        Shape::List => "list",
        Shape::Dict => "dict",
        Shape::Set => "set",
        Shape::Deque => "deque",
        Shape::Queue => "queue",
        Shape::Cache => "cache",
        Shape::Tuple => "tuple",
    };
    surest(
        &value(cx, operands),
        |atom| matches!(atom.what, What::Container(shape, _) if texts(operands).any(|text| text == name(shape))),
    )
}

fn holder_marks(cx: &Cx, operands: &[Operand], wanted: impl Fn(Mark) -> bool) -> Answer {
    let holder = value(cx, operands);
    sure(holder.places().any(|place| {
        cx.reader
            .cell(CellKey::Holder(place.clone()))
            .mark(&wanted)
            .is_some()
    }))
}

fn capped(cx: &Cx, operands: &[Operand]) -> Answer {
    let holder = value(cx, operands);
    let made = surest(&holder, |atom| {
        matches!(atom.what, What::Container(_, true))
    });
    let measured = || holder_marks(cx, operands, |mark| mark == Mark::Capped);
    // What a container of the project's own keeps in its fields has its bound.
    let declared = || sure(holder.places().any(|place| own_bound(cx, place)));
    made.or_else(measured).or_else(declared)
}

fn own_bound(cx: &Cx, place: &Place) -> bool {
    let (Place::Attr(class, _) | Place::Static(class, _)) = place else {
        return false;
    };
    let path = cx.reader.own_class(*class);
    let container = path.and_then(|path| cx.reader.own()?.containers.get(&path));
    container.is_some_and(|container| container.bounded || container.call.bound.is_some())
}

fn emptied(cx: &Cx, operands: &[Operand]) -> Answer {
    let own = cx
        .captured("finding")
        .map(|finding| cx.function_at(finding))
        .unwrap_or_default();
    let runs = cx.runs(FuncId {
        unit: cx.unit.id,
        function: own,
    });
    // A clean-up that nothing calls is no bound, where what fills the holder does run.
    holder_marks(
        cx,
        operands,
        |mark| matches!(mark, Mark::EmptiedBy(function) if !runs || cx.runs(function)),
    )
}

fn swept(cx: &Cx, operands: &[Operand]) -> Answer {
    let own = FuncId {
        unit: cx.unit.id,
        function: cx
            .captured("finding")
            .map(|finding| cx.function_at(finding))
            .unwrap_or_default(),
    };
    let holder = value(cx, operands);
    sure(holder.places().any(|place| is_swept(cx, place, own)))
}

/// Does something that the project calls take out of what `own` fills?
pub(super) fn is_swept(cx: &Cx, place: &Place, own: FuncId) -> bool {
    let named = |function: FuncId| cx.reader.cell(CellKey::Marks(function)).has(Mark::Named);
    // `cache.invalidate()` that a library leaves to its users is no bound of the library's.
    let counts = |function: FuncId| {
        if cx.runs(own) {
            cx.runs(function)
        } else {
            function == own || named(function)
        }
    };
    let swept = |mark: Mark| matches!(mark, Mark::EmptiedBy(function) if counts(function));
    let done = cx.reader.cell(CellKey::Holder(place.clone()));
    done.mark(swept).is_some()
}

fn passed(cx: &Cx, operands: &[Operand]) -> Answer {
    let captured = capture(cx, operands)?;
    let given = &cx.seen(captured)?.value;
    let param = given
        .atoms()
        .iter()
        .any(|atom| matches!(atom.what, What::Param(..)));
    let open = |atom: &Atom| {
        matches!(
            atom.what,
            What::Param(..) | What::Nothing | What::Unloaded(_)
        )
    };
    sure(param && cx.resolved(given).atoms().iter().all(open))
}

fn emptied_here(cx: &Cx, operands: &[Operand]) -> Answer {
    let loops = cx
        .seen_as("value")
        .map(|seen| &seen.situation.loops[..])
        .unwrap_or_default();
    let pages = loops.iter().rfind(|note| note.pages && !note.bounded);
    holder_marks(cx, operands, |mark| match mark {
        Mark::EmptiedIn(at) => loops.iter().any(|note| note.at.start == at),
        // `while more and not buffer:` asks for the next page once there is nothing left of the last one.
        Mark::FilledOnceIn(at) => pages.is_some_and(|note| note.at.start == at),
        _ => false,
    })
}

fn looked_up(cx: &Cx, operands: &[Operand]) -> Answer {
    holder_marks(cx, operands, |mark| mark == Mark::LookedUp)
}

fn handed_over(cx: &Cx, operands: &[Operand]) -> Answer {
    let captured = capture(cx, operands)?;
    let situation = &cx.seen(captured)?.situation;
    let own = FuncId {
        unit: cx.unit.id,
        function: situation.function,
    };
    let endless = situation.loops.iter().any(|note| note.stream);
    let holder = cx.value(captured);
    let queue = holder
        .atoms()
        .iter()
        .any(|atom| matches!(atom.what, What::Container(Shape::Queue, _)));
    let deque = holder
        .atoms()
        .iter()
        .any(|atom| matches!(atom.what, What::Container(Shape::Deque, _)));
    let here = holder_marks(cx, operands, |mark| mark == Mark::TakenBy(own)).is_some();
    let apart = |function| {
        let context = cx.reader.cell(CellKey::Context(function));
        context.has(Mark::Worker)
    };
    let others = |wanted: &dyn Fn(&Place, FuncId) -> bool| {
        holder.places().any(|place| {
            let cell = cx.reader.cell(CellKey::Holder(place.clone()));
            let other = |mark: Mark| matches!(mark, Mark::TakenBy(other) if other != own && wanted(place, other));
            cell.mark(other).is_some()
        })
    };
    // `fill(todo, page); work_off(todo)`: a deque of one call is a work list, whichever functions share it.
    let shared = |place: &Place, other: FuncId| {
        !matches!(place, Place::Local(..)) || endless || apart(own) || apart(other)
    };
    sure(queue && (!here || others(&|_, _| true)) || deque && !here && others(&shared))
}

fn bounded(cx: &Cx, operands: &[Operand]) -> Answer {
    surest(&value(cx, operands), |atom| {
        matches!(atom.what, What::Container(Shape::Deque, true))
    })
}

fn measured(cx: &Cx, operands: &[Operand]) -> Answer {
    holder_marks(cx, operands, |mark| mark == Mark::Capped)
}

fn cleared(cx: &Cx, operands: &[Operand]) -> Answer {
    let place = Place::FunctionAttr(function_of(cx, operands)?, SmolStr::new_static("cache"));
    sure(
        cx.reader
            .cell(CellKey::Holder(place))
            .mark(|mark| matches!(mark, Mark::EmptiedBy(_)))
            .is_some(),
    )
}

fn scalar(cx: &Cx, operands: &[Operand]) -> Answer {
    let value = value(cx, operands);
    let number = |atom: &Atom| {
        atom.nested == Nest::Not
            && (matches!(atom.what, What::Int(_) | What::Str(_))
                || atom.data().is_some_and(|data| data.kind == Kind::Attribute))
    };
    let collection = |atom: &Atom| {
        matches!(atom.what, What::Container(..))
            || atom
                .data()
                .is_some_and(|data| matches!(data.kind, Kind::Items | Kind::Records))
    };
    sure(value.atoms().iter().any(number) && !value.atoms().iter().any(collection))
}

fn in_scope(cx: &Cx, operands: &[Operand]) -> Answer {
    if cx.reader.in_scope(cx.unit.file) {
        return Some(Confidence::High);
    }
    // `aws.py` gives a session or a client to whoever asks: a file on DynamoDB that does is on the way
    // there. What its object was told may be one account's or region's: `boto3.client(name, self.region)`.
    let function = seen(cx, operands)?.situation.function;
    let call = capture(cx, operands)?.expr?;
    let told = || (cx.facts).any(call, &mut |id, _| is_own(cx.unit, cx.facts, id));
    let asked_for = |value: &Value| {
        value.data().any(|(_, data)| match data.kind {
            Kind::Client | Kind::Resource => !told(),
            kind => kind == Kind::Session,
        })
    };
    let given = || {
        let id = FuncId {
            unit: cx.unit.id,
            function,
        };
        cx.facts.functions[function as usize].name == "__init__"
            || asked_for(&cx.reader.cell(CellKey::Return(id)))
    };
    if !asked_for(&value(cx, operands)) || !given() {
        return None;
    }
    let context = cx.context(function);
    let repeated = context
        .atoms()
        .iter()
        .filter(|atom| matches!(atom.what, What::Mark(Mark::Request | Mark::Loop)));
    sure(repeated.flat_map(|atom| &atom.steps).any(|step| {
        let unit = cx.reader.world().units.get(&step.unit);
        unit.is_some_and(|unit| cx.reader.in_scope(unit.file))
    }))
}

fn taken(cx: &Cx, operands: &[Operand]) -> Answer {
    holder_marks(cx, operands, |mark| matches!(mark, Mark::TakenBy(_)))
}

fn fixed(cx: &Cx, operands: &[Operand]) -> Answer {
    let captured = capture(cx, operands)?;
    let constant = match cx.facts.expr(captured.expr?) {
        Expr::Str(_) | Expr::Int(_) | Expr::None | Expr::True | Expr::False => true,
        Expr::Name(name) | Expr::Attr(_, name) => is_constant_name(name),
        // A loop over a few literals.
        _ => {
            let value = cx.value(captured);
            !value.is_unknown()
                && value
                    .atoms()
                    .iter()
                    .all(|atom| matches!(atom.what, What::Str(_) | What::Int(_)))
        }
    };
    sure(constant)
}

fn listed(cx: &Cx, operands: &[Operand]) -> Answer {
    sure(is_listed(cx, capture(cx, operands)?.expr?, 0))
}

/// `name`, `f"board:{name}"`, or a local that is made so, where all code says `board("sellers")`.
fn is_listed(cx: &Cx, key: ExprId, depth: u8) -> bool {
    let owner = cx.facts.owner(key);
    let function = &cx.facts.functions[owner as usize];
    let mut parts: Vec<ExprId> = Vec::new();
    match cx.facts.expr(key) {
        Expr::Local(slot) if (*slot as usize) < function.params.len() => {
            return cx.is_always_constant(owner, *slot as usize);
        }
        Expr::Local(slot) if depth == 0 => {
            visit(&function.body, &mut |stmt| {
                let stored = |target: &ExprId| matches!(cx.facts.expr(*target), Expr::Local(other) if other == slot);
                match stmt {
                    Stmt::Assign { targets, value, .. } if targets.iter().any(stored) => {
                        parts.push(*value);
                    }
                    // Whatever else binds it is no constant.
                    Stmt::For { target, .. } | Stmt::Augment { target, .. } if stored(target) => {
                        parts.push(*target);
                    }
                    _ => {}
                }
            });
            return !parts.is_empty() && parts.iter().all(|&part| is_listed(cx, part, 1));
        }
        Expr::Format(made) => parts.extend(made),
        Expr::Binary(_, left, right) => parts.extend([left, right]),
        _ => return false,
    }
    parts.retain(|&part| !matches!(cx.facts.expr(part), Expr::Str(_) | Expr::Int(_)));
    !parts.is_empty() && parts.iter().all(|&part| is_listed(cx, part, 1))
}

fn limited(cx: &Cx, operands: &[Operand]) -> Answer {
    let value = value(cx, operands);
    let mut reads = value
        .data()
        .map(|(_, data)| data.limited || data.single)
        .peekable();
    sure(reads.peek().is_some() && reads.all(|limited| limited))
}

fn read_seen(cx: &Cx, operands: &[Operand]) -> Answer {
    surest(&value(cx, operands), |atom| {
        atom.data().is_some() && !atom.steps.is_empty()
    })
}

fn varies(cx: &Cx, operands: &[Operand]) -> Answer {
    let captured = capture(cx, operands)?;
    // Temporary credentials are somebody's, and for a while.
    let own = |expr: ExprId| is_own(cx.unit, cx.facts, expr);
    let lends = |arg: &Arg| match &arg.kind {
        ArgKind::Keyword(name) if name == "aws_session_token" => !is_setting(cx, arg.value),
        // So are those that an object carries: `Session(aws_secret_access_key=self.secret_key)`.
        ArgKind::Keyword(name) if name == "aws_secret_access_key" => own(arg.value),
        ArgKind::Keywords => gives_token(cx, arg.value),
        _ => false,
    };
    let expr = captured.expr?;
    let lent = matches!(cx.facts.expr(expr), Expr::Call(call) if call.args.iter().any(lends));
    let seen = cx.seen(captured)?;
    let function = cx.facts.owner(expr);
    sure(
        lent || seen.situation.varies
            || sets_credentials(cx, function)
            || cx.context(function).has(Mark::Varies) && is_of_object(cx, expr),
    )
}

/// `boto3.client("dynamodb", region_name=self.region)`, where one object is made with this region and one with that.
fn is_of_object(cx: &Cx, made: ExprId) -> bool {
    let Some(class) = cx.unit.class else {
        return false;
    };
    let classes = cx.reader.class_chain(class);
    let differs = |atom: &Atom| match atom.what {
        What::Param(function, index) => cx.reader.is_varied(function, index),
        _ => false,
    };
    cx.facts.any(made, &mut |id, expr| {
        let Expr::Attr(_, name) = expr else {
            return false;
        };
        let field = |class: &ClassId| cx.reader.cell(CellKey::Attr(*class, name.clone()));
        is_own(cx.unit, cx.facts, id)
            && (classes.iter()).any(|class| field(class).atoms().iter().any(differs))
    })
}

/// `**credentials_of(role)`: a function of the project that gives the token of an assumed role.
fn gives_token(cx: &Cx, given: ExprId) -> bool {
    let given = match cx.facts.expr(given) {
        Expr::Star(inner) => *inner,
        _ => given,
    };
    let Expr::Call(call) = cx.facts.expr(given) else {
        return false;
    };
    let file = cx.unit.file;
    let module = |value: Value| {
        let file = |atom: &Atom| match atom.what {
            What::Module(file) => Some(file),
            _ => None,
        };
        value.atoms().iter().find_map(file)
    };
    let callee = match cx.facts.expr(call.function) {
        Expr::Name(name) => cx.reader.global(file, name),
        Expr::Attr(base, name) => {
            let found = match cx.facts.expr(*base) {
                Expr::Name(base) => module(cx.reader.global(file, base)),
                _ => None,
            };
            match found {
                Some(file) => cx.reader.global(file, name),
                None => return method_gives_token(cx, name),
            }
        }
        _ => return false,
    };
    callee.atoms().iter().any(|atom| {
        let What::Function(function) = atom.what else {
            return false;
        };
        let signature = cx.reader.signature(function);
        signature.is_some_and(|signature| signature.gives_token())
    })
}

/// `**self.roles.credentials()`: of what object nobody needs to know, where a method of that name gives one.
fn method_gives_token(cx: &Cx, name: &SmolStr) -> bool {
    let mut methods = cx.reader.methods(name).into_iter();
    let gives = methods.any(|method| {
        let signature = cx.reader.signature(method);
        signature.is_some_and(|signature| signature.gives_token())
    });
    if !gives {
        cx.reader.world().settle_name(cx.unit.file, name);
    }
    gives
}

/// `settings.AWS_SESSION_TOKEN`, `os.environ["AWS_SESSION_TOKEN"]`: what the process was started with.
fn is_setting(cx: &Cx, value: ExprId) -> bool {
    let facts = cx.facts;
    match facts.expr(value) {
        Expr::Attr(base, _) => match facts.expr(*base) {
            // `flask.g.token` and the like are a request's.
            Expr::Name(name) => {
                let file = cx.unit.file;
                let object = |atom: &Atom| matches!(atom.what, What::Object(_));
                cx.reader.is_import(file, name)
                    && !cx.reader.global(file, name).atoms().iter().any(object)
            }
            _ => is_setting(cx, *base),
        },
        Expr::Subscript(base, _) => facts.is_named(*base, "environ"),
        Expr::Call(call) => match facts.expr(call.function) {
            Expr::Attr(base, name) if name == "get" => facts.is_named(*base, "environ"),
            _ => facts.is_named(call.function, "getenv"),
        },
        _ => false,
    }
}

/// `session._credentials = RefreshableCredentials(...)`, or a provider of such: so botocore is lent a role's.
fn sets_credentials(cx: &Cx, function: FunctionId) -> bool {
    let count = cx.facts.exprs.len() as ExprId;
    (0..count).any(|expr| {
        let sets = match cx.facts.expr(expr) {
            Expr::Attr(_, name) => name == "_credentials",
            // `session.get_component("credential_provider").providers = …`
            Expr::Str(text) => text == "credential_provider",
            _ => false,
        };
        sets && cx.facts.owner(expr) == function
    })
}

fn in_loop(cx: &Cx, operands: &[Operand]) -> Answer {
    let situation = &seen(cx, operands)?.situation;
    if super::uses::is_pooled(cx.facts, capture(cx, operands)?.expr?) {
        return None;
    }
    // `return boto3.client(...)` leaves the loop; a comprehension around it does not.
    if situation
        .loops
        .iter()
        .any(|note| !note.bounded && (note.comprehension || !situation.returned))
    {
        return Some(Confidence::High);
    }
    let context = cx.context(situation.function);
    // A property that a request reads is told as such. One that only works with its client is read
    // for what it finds out, mostly once.
    let read = !context.has(Mark::Request) && gives_client(cx, situation.function);
    context
        .mark(|mark| mark == Mark::Loop || read && mark == Mark::Read)
        .map(|atom| atom.confidence.min(Confidence::Medium))
}

fn gives_client(cx: &Cx, function: FunctionId) -> bool {
    let unit = cx.unit.id;
    let returned = cx.reader.cell(CellKey::Return(FuncId { unit, function }));
    let client = |kind| matches!(kind, Kind::Client | Kind::Resource | Kind::Table);
    returned.data().any(|(_, data)| client(data.kind))
}

fn in_page_loop(cx: &Cx, operands: &[Operand]) -> Answer {
    let situation = &seen(cx, operands)?.situation;
    let mut notes = situation
        .loops
        .iter()
        .filter(|note| note.pages && !note.bounded)
        .peekable();
    notes.peek()?;
    Some(if notes.all(|note| note.by_keys) {
        Confidence::Medium
    } else {
        Confidence::High
    })
}

fn in_stream_loop(cx: &Cx, operands: &[Operand]) -> Answer {
    let situation = &seen(cx, operands)?.situation;
    sure(
        situation
            .loops
            .iter()
            .any(|note| note.stream && !note.bounded),
    )
}

fn per_request(cx: &Cx, operands: &[Operand]) -> Answer {
    let function = seen(cx, operands).map(|seen| seen.situation.function)?;
    if function == 0 {
        return None;
    }
    cx.context(function)
        .mark(|mark| mark == Mark::Request)
        .map(|atom| atom.confidence)
}

fn memoised(cx: &Cx, operands: &[Operand]) -> Answer {
    let situation = &seen(cx, operands)?.situation;
    let given = situation.instead_of.is_some_and(|slot| {
        let unit = cx.unit.id;
        let own = FuncId {
            unit,
            function: situation.function,
        };
        is_passed(cx.reader, own, slot)
    });
    let once = situation.guarded
        && !(texts(operands).next().is_some() && is_kept_for_a_request(cx, situation));
    sure(once || given || is_memoised(cx, situation.function))
}

/// `if self.client is None: self.client = make()`, in a class that is made anew for each request.
fn is_kept_for_a_request(cx: &Cx, situation: &Situation) -> bool {
    let Some(class) = cx.unit.class.filter(|_| situation.own) else {
        return false;
    };
    let Some(init) = cx.reader.members(class).get("__init__") else {
        return false;
    };
    let memoised = cx.reader.cell(CellKey::Entry(*init)).has(Mark::Memoised);
    cx.reader.cell(CellKey::Context(*init)).has(Mark::Request)
        && !memoised
        && crate::lifetime::instance(class, cx.reader).0 < Lifetime::Process
}

/// A memoised `create_app` runs once, and the routes that it defines for each request.
fn is_memoised(cx: &Cx, function: FunctionId) -> bool {
    for scope in cx.facts.scopes(function) {
        let own = FuncId {
            unit: cx.unit.id,
            function: scope,
        };
        let marks = cx.reader.cell(CellKey::Entry(own));
        if marks.has(Mark::Memoised) {
            return true;
        }
        if marks.has(Mark::Request) {
            return false;
        }
    }
    false
}

fn script(cx: &Cx, operands: &[Operand]) -> Answer {
    let function = cx.facts.owner(capture(cx, operands)?.expr?);
    // What stands at the top of a module runs once.
    sure(function == 0 || cx.in_script(function))
}

fn scoped(cx: &Cx, operands: &[Operand]) -> Answer {
    let value = value(cx, operands);
    sure(value.atoms().iter().any(|atom| {
        atom.steps
            .iter()
            .any(|step| cx.outcome.scoped.contains(step))
    }))
}

fn function_of(cx: &Cx, operands: &[Operand]) -> Option<FuncId> {
    Some(FuncId {
        unit: cx.unit.id,
        function: capture(cx, operands)?.function?,
    })
}

fn returns(cx: &Cx, operands: &[Operand]) -> Answer {
    let wanted = kinds(operands);
    let returned = cx.resolved(&cx.reader.cell(CellKey::Return(function_of(cx, operands)?)));
    surest(&returned, |atom| {
        kind_of(atom).is_some_and(|kind| wanted.contains(&kind))
    })
}

fn parametrised(cx: &Cx, operands: &[Operand]) -> Answer {
    let function = function_of(cx, operands)?;
    let params = &cx.facts.functions[function.function as usize].params;
    let own = (cx.unit.class.is_some() && function.function == 1 && method(cx, operands).is_some())
        as usize;
    sure(params.iter().skip(own).any(|param| {
        match param.kind {
            ParamKind::Rest | ParamKind::Keywords => true,
            _ => !param
                .annotation
                .is_some_and(|annotation| cx.few_values(annotation)),
        }
    }))
}

fn method(cx: &Cx, operands: &[Operand]) -> Answer {
    let function = function_of(cx, operands)?;
    let of = &cx.facts.functions[function.function as usize];
    let decorated = |wanted: &str| {
        of.decorators.iter().any(
            |&decorator| matches!(cx.facts.expr(decorator), Expr::Name(name) if name == wanted),
        )
    };
    sure(
        cx.unit.class.is_some()
            && function.function == 1
            && !decorated("staticmethod")
            && !decorated("classmethod"),
    )
}

fn singleton(cx: &Cx, operands: &[Operand]) -> Answer {
    function_of(cx, operands)?;
    let class = cx.unit.class?;
    let (lives, confidence, _) = crate::lifetime::instance(class, cx.reader);
    let life = cx.reader.cell(CellKey::Life(class));
    if lives == Lifetime::Process {
        Some(confidence)
    } else {
        sure(life.has(Mark::Role(Role::Enum)))
    }
}

fn imports(cx: &Cx, operands: &[Operand]) -> Answer {
    let value = value(cx, operands);
    let known = surest(
        &value,
        |atom| matches!(&atom.what, What::Symbol(path) | What::Object(path) if texts(operands).any(|text| text == path)),
    );
    let written = || {
        let path = import_path(cx, capture(cx, operands)?.expr?)?;
        sure(texts(operands).any(|text| *text == path))
    };
    known.or_else(written)
}

/// The path of what stands in a file of the project, as the import writes it.
fn import_path(cx: &Cx, expr: ExprId) -> Option<String> {
    match cx.facts.expr(expr) {
        Expr::Name(name) => cx.reader.import_path(cx.unit.file, name),
        Expr::Attr(base, name) => Some(format!("{}.{name}", import_path(cx, *base)?)),
        _ => None,
    }
}

fn infinite(cx: &Cx, operands: &[Operand]) -> Answer {
    let captured = capture(cx, operands)?;
    if captured
        .expr
        .is_some_and(|expr| crate::flow::is_infinite(cx.facts, expr))
    {
        return Some(Confidence::High);
    }
    let value = cx.value(captured);
    sure(
        !value.is_unknown()
            && value.atoms().iter().all(|atom| {
                matches!(atom.what, What::Nothing)
                    || matches!(atom.what, What::Int(number) if number <= 0)
            }),
    )
}

fn fresh(cx: &Cx, operands: &[Operand]) -> Answer {
    surest(&value(cx, operands), |atom| {
        atom.data().is_some()
            && atom
                .held
                .as_ref()
                .is_none_or(|place| matches!(place, Place::Local(..)))
    })
}

fn open(cx: &Cx, operands: &[Operand]) -> Answer {
    super::endpoints::open(cx, seen(cx, operands)?.situation.function)
}

fn spent(cx: &Cx, operands: &[Operand]) -> Answer {
    sure(seen(cx, operands)?.situation.spent)
}

fn streamed(cx: &Cx, operands: &[Operand]) -> Answer {
    let value = value(cx, operands);
    sure(value.data().any(|(_, data)| {
        data.service == Service::Streams || matches!(data.kind, Kind::Records | Kind::Record)
    }))
}

fn many(cx: &Cx, operands: &[Operand]) -> Answer {
    let captured = capture(cx, operands)?;
    let named = match (captured.expr, captured.function) {
        (Some(key), _) => names_many(cx.facts, key),
        (None, Some(function)) => {
            let own = &cx.facts.functions[function as usize];
            own.params.iter().any(|param| is_of_many(&param.name))
        }
        _ => false,
    };
    named.then_some(Confidence::Medium)
}

/// `user_id`, `event["tenant"]`, `request.user.id`, `f"{region}:{tenant}"`.
fn names_many(facts: &ChunkFacts, key: ExprId) -> bool {
    let any = |parts: &[ExprId]| parts.iter().any(|&part| names_many(facts, part));
    let literal = |expr: ExprId| matches!(facts.expr(expr), Expr::Str(text) if is_of_many(text));
    match facts.expr(key) {
        Expr::Name(name) => is_of_many(name),
        Expr::Local(slot) => {
            let own = &facts.functions[facts.owner(key) as usize];
            own.locals
                .get(*slot as usize)
                .is_some_and(|name| is_of_many(name))
        }
        Expr::Attr(base, name) => {
            is_of_many(name) || matches!(name.as_str(), "id" | "pk") && names_many(facts, *base)
        }
        Expr::Subscript(_, index) => literal(*index),
        Expr::Call(call) => call
            .args
            .iter()
            .any(|arg| literal(arg.value) || names_many(facts, arg.value)),
        Expr::Tuple(parts) | Expr::Format(parts) => any(parts),
        Expr::Binary(_, left, right) => any(&[*left, *right]),
        _ => false,
    }
}

fn is_of_many(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    API.many.words.iter().any(|word| *word == name)
}

fn never_evicts(cx: &Cx, operands: &[Operand]) -> Answer {
    let value = value(cx, operands);
    surest(&value, |atom| {
        let (What::Function(function) | What::Bound(function, _)) = atom.what else {
            return false;
        };
        let signature = cx.reader.signature(function);
        signature.is_some_and(|signature| signature.never_evicts())
    })
}

/// Calls whose response holds what was written at most.
const WRITES: [&str; 5] = [
    "put_item",
    "update_item",
    "delete_item",
    "batch_write_item",
    "transact_write_items",
];

/// Annotations that choose no attributes.
const PLAIN: [&str; 12] = [
    "dict", "list", "tuple", "str", "int", "Dict", "List", "Any", "Optional", "Union", "Mapping",
    "typing",
];

fn endpoint(cx: &Cx, operands: &[Operand]) -> Answer {
    let captured = capture(cx, operands)?;
    let own = cx.seen(captured)?.situation.function;
    let definition = Site {
        unit: cx.unit.id,
        chunk: cx.chunk,
        at: At::Definition(own),
    };
    // What a view calls returns to the view.
    let called = cx.context(own);
    let root = called.mark(|mark| mark == Mark::Request)?;
    let by_framework = |atom: &Atom| {
        atom.what == What::Mark(Mark::Request) && atom.steps.first() == Some(&definition)
    };
    if !called.atoms().iter().any(by_framework) {
        return None;
    }
    let function = &cx.facts.functions[own as usize];
    // What `get_context_data` or `get_queryset` gives goes to the view, not to whoever asks.
    if cx.unit.class.is_some()
        && function.decorators.is_empty()
        && function.name.starts_with("get_")
    {
        return None;
    }
    let routes = &FRAMEWORKS.decorators.routes;
    let mut routed = false;
    for &decorator in &function.decorators {
        let Expr::Call(call) = cx.facts.expr(decorator) else {
            continue;
        };
        // `@app.get("/orders", response_model=Order)` chooses the attributes.
        if call
            .args
            .iter()
            .any(|arg| matches!(&arg.kind, ArgKind::Keyword(name) if name == "response_model"))
        {
            return None;
        }
        routed |= matches!(cx.facts.expr(call.function), Expr::Attr(_, name) | Expr::Name(name) if routes.contains(name));
    }
    // So does `-> Order`, whose fields are all that goes out.
    let plain = |expr: &Expr| {
        matches!(expr, Expr::Name(name) | Expr::Attr(_, name) if name.ends_with("Response") || PLAIN.contains(&name.as_str()))
            || matches!(expr, Expr::Str(_) | Expr::None)
    };
    let modelled = |id: ExprId| {
        cx.facts.any(id, &mut |_, expr| {
            matches!(expr, Expr::Name(_)) && !plain(expr)
        })
    };
    if function.returns.is_some_and(modelled) {
        return None;
    }
    let view = cx.unit.class.is_some_and(|class| {
        cx.reader
            .cell(CellKey::Life(class))
            .has(Mark::Role(Role::View))
    });
    let asked = function
        .params
        .iter()
        .take(2)
        .any(|param| param.name == "request");
    // `return {"statusCode": 200, "body": json.dumps(item)}`, of an AWS Lambda behind an API.
    let replies = matches!(cx.facts.expr(captured.expr?), Expr::Dict(pairs) if pairs.iter().any(|(key, _)| key.is_some_and(|key| matches!(cx.facts.expr(key), Expr::Str(text) if text == "statusCode"))));
    (routed || view || asked || replies).then_some(root.confidence)
}

fn written(cx: &Cx, operands: &[Operand]) -> Answer {
    let value = value(cx, operands);
    let write = |atom: &Atom| {
        let Some((facts, call)) = atom.steps.first().and_then(|site| cx.call_at(*site)) else {
            // Of a whole response from elsewhere nobody here can tell.
            return atom.data().is_some_and(|data| data.kind == Kind::Page);
        };
        matches!(facts.expr(call.function), Expr::Attr(_, name) if WRITES.contains(&name.as_str()))
    };
    let read = |atom: &Atom| atom.data().is_some();
    sure(value.atoms().iter().filter(|atom| read(atom)).all(write))
}

fn remade(cx: &Cx, operands: &[Operand]) -> Answer {
    surest(&value(cx, operands), |atom| match atom.what {
        What::Function(function) => function.function > 1,
        What::Bound(_, class) => crate::lifetime::instance(class, cx.reader).0 == Lifetime::Request,
        _ => false,
    })
}

fn named_once(cx: &Cx, operands: &[Operand]) -> Answer {
    let Expr::Call(call) = cx.facts.expr(capture(cx, operands)?.expr?) else {
        return None;
    };
    let constant = |id: ExprId| {
        matches!(
            cx.facts.expr(id),
            Expr::Str(_) | Expr::Int(_) | Expr::Name(_)
        )
    };
    sure(call.args.iter().any(|arg| {
        matches!(&arg.kind, ArgKind::Keyword(name) if name == "dispatch_uid") && constant(arg.value)
    }))
}

fn part_read(cx: &Cx, operands: &[Operand]) -> Answer {
    let holder = value(cx, operands);
    let mut places = holder.places();
    let (Some(place), None) = (places.next(), places.next()) else {
        return None;
    };
    sure(cx.uses(place)?.part().is_some())
}

fn few_read(cx: &Cx, operands: &[Operand]) -> Answer {
    let uses = match function_of(cx, operands) {
        Some(function) => {
            let given = cx.resolved(&cx.reader.cell(CellKey::Return(function)));
            if given.data().any(|(_, data)| data.chosen) {
                return None;
            }
            cx.uses_of_result(function)
        }
        None => {
            let holder = value(cx, operands);
            let mut places = holder.places();
            let (Some(place), None) = (places.next(), places.next()) else {
                return None;
            };
            cx.uses(place)?
        }
    };
    // Nobody knows whether the items have more attributes than these.
    uses.few().map(|_| Confidence::Medium)
}

fn few_used(cx: &Cx, operands: &[Operand]) -> Answer {
    let uses = cx.uses_here(capture(cx, operands)?.expr?)?;
    uses.few().map(|_| Confidence::Medium)
}

fn chosen(cx: &Cx, operands: &[Operand]) -> Answer {
    let value = value(cx, operands);
    sure(value.data().any(|(_, data)| data.chosen))
}

fn at_import(cx: &Cx, operands: &[Operand]) -> Answer {
    sure(seen(cx, operands)?.situation.function == 0)
}

fn new_shards(cx: &Cx, operands: &[Operand]) -> Answer {
    super::streams::sees_new_shards(cx, capture(cx, operands)?)
}

fn follows_shard(cx: &Cx, operands: &[Operand]) -> Answer {
    super::streams::follows_shard(cx, capture(cx, operands)?.expr?)
}

fn given(cx: &Cx, operands: &[Operand]) -> Answer {
    let Expr::Call(call) = cx.facts.expr(capture(cx, operands)?.expr?) else {
        return None;
    };
    let wanted = |name: &str| texts(operands).any(|text| text == name);
    let may = |arg: &Arg| match &arg.kind {
        ArgKind::Keyword(name) if name == "PaginationConfig" => match cx.facts.expr(arg.value) {
            Expr::Dict(pairs) => pairs.iter().any(|(key, _)| {
                key.is_none_or(
                    |key| !matches!(cx.facts.expr(key), Expr::Str(text) if !wanted(text)),
                )
            }),
            _ => true,
        },
        ArgKind::Keyword(name) => wanted(name),
        ArgKind::Keywords => true,
        _ => false,
    };
    sure(call.args.iter().any(may))
}

fn gone_through(cx: &Cx, operands: &[Operand]) -> Answer {
    sure(super::pages::gone_through(cx, capture(cx, operands)?.expr?))
}

fn held_on(cx: &Cx, operands: &[Operand]) -> Answer {
    sure(super::pages::held_on(cx, capture(cx, operands)?.expr?))
}

fn endless(cx: &Cx, operands: &[Operand]) -> Answer {
    super::streams::endless(cx, capture(cx, operands)?.expr?)
}

fn checkpoints(cx: &Cx, _operands: &[Operand]) -> Answer {
    let place = crate::flow::notes_of(cx.unit.file);
    sure(
        cx.reader
            .cell(CellKey::Holder(place))
            .has(Mark::Checkpoints),
    )
}

fn handles(cx: &Cx, operands: &[Operand]) -> Answer {
    sure(super::streams::handles(cx, capture(cx, operands)?.expr?))
}

fn converts(cx: &Cx, operands: &[Operand]) -> Answer {
    let given = capture(cx, operands.get(1..)?)?.expr?;
    let calls = cx.facts.calls.iter();
    let (position, arg) = calls
        .filter_map(|&call| match cx.facts.expr(call) {
            Expr::Call(call) => call
                .args
                .iter()
                .enumerate()
                .find(|(_, arg)| arg.value == given),
            _ => None,
        })
        .next()?;
    let list = |atom: &Atom| {
        let (What::Function(function) | What::Bound(function, _)) = atom.what else {
            return None;
        };
        let signature = cx.reader.signature(function)?;
        let bound = matches!(atom.what, What::Bound(..)) && !signature.is_static();
        let index = match &arg.kind {
            ArgKind::Plain => position + usize::from(bound),
            ArgKind::Keyword(name) => {
                (signature.params().iter()).position(|param| param.name == *name)?
            }
            _ => return None,
        };
        let elsewhere = cx.reader.world().units.get(&function.unit)?.file != cx.unit.file;
        let place = Place::Default(function, index as u16);
        let converts = cx.reader.cell(CellKey::Holder(place)).has(Mark::Converts);
        (elsewhere && converts).then_some(Confidence::Medium)
    };
    value(cx, operands).atoms().iter().find_map(list)
}

fn inherits(cx: &Cx, operands: &[Operand]) -> Answer {
    let wanted = kinds(operands);
    let given = inherited(cx);
    let listed = wanted.contains(&Kind::Items);
    surest(&given, |atom| {
        let item = atom.nested == Nest::Inside && atom.data().is_some_and(is_row);
        let kind = kind_of(atom).is_some_and(|kind| wanted.contains(&kind));
        (kind || listed && item)
            && atom
                .data()
                .is_some_and(|data| !data.limited && !data.single)
    })
    .map(|sure| sure.min(Confidence::Medium))
}

fn is_row(data: Data) -> bool {
    matches!(data.kind, Kind::Item | Kind::Model)
}

/// What the methods give that an open view inherits from classes that are not declared open.
pub fn inherited(cx: &Cx) -> Value {
    let nothing = Value::UNKNOWN;
    let (Some(class), UnitKind::Class) = (cx.unit.class, cx.unit.kind) else {
        return nothing;
    };
    let life = |class: ClassId| cx.reader.cell(CellKey::Life(class));
    let own = life(class);
    if !own.has(Mark::Open) || !own.has(Mark::Role(Role::View)) {
        return nothing;
    }
    let mut given = nothing;
    let mut overridden: Vec<&SmolStr> = cx.reader.members(class).keys().collect();
    for base in cx.bases(class) {
        if life(base).has(Mark::Open) {
            return Value::UNKNOWN;
        }
        let members = cx.reader.members(base);
        for (name, method) in members {
            if !overridden.contains(&name) && !name.starts_with('_') {
                let returned = cx.reader.cell(CellKey::Return(*method));
                given = given.join(&cx.resolved(&returned));
            }
        }
        overridden.extend(members.keys());
    }
    given
}

fn unentered(cx: &Cx, operands: &[Operand]) -> Answer {
    sure(super::uses::is_unentered(
        cx.facts,
        capture(cx, operands)?.expr?,
    ))
}

fn mirrored(cx: &Cx, operands: &[Operand]) -> Answer {
    let key = value(cx, operands);
    let kept = value(cx, operands.get(1..)?);
    let of_many = |atom: &Atom| {
        let many = |data: Data| data.kind == Kind::Attribute && !data.single;
        atom.nested == Nest::Not && atom.data().is_some_and(many)
    };
    let beside = |atom: &Atom| {
        let same = |other: &Atom| of_many(other) && other.steps.first() == atom.steps.first();
        of_many(atom) && key.atoms().iter().any(same)
    };
    let mut read = kept
        .atoms()
        .iter()
        .filter(|atom| atom.data().is_some())
        .peekable();
    sure(read.peek().is_some() && read.all(beside))
}

fn apart(cx: &Cx, operands: &[Operand]) -> Answer {
    let captured = capture(cx, operands.get(1..)?)?;
    let own = FuncId {
        unit: cx.unit.id,
        function: cx.seen(captured)?.situation.function,
    };
    let holder = value(cx, operands);
    sure(
        holder
            .places()
            .any(|place| super::instances::is_apart(cx, place, own)),
    )
}

fn keeps(cx: &Cx, operands: &[Operand]) -> Answer {
    let given = capture(cx, operands.get(1..)?)?.expr?;
    super::instances::keeps(cx, capture(cx, operands)?, given)
}

/// Calls that start something and give what will hold its result.
const STARTS: [&str; 5] = [
    "create_task",
    "ensure_future",
    "run_coroutine_threadsafe",
    "submit",
    "run_in_executor",
];

fn task(cx: &Cx, operands: &[Operand]) -> Answer {
    let facts = cx.facts;
    let starts = |id: ExprId| matches!(facts.expr(id), Expr::Call(call) if matches!(facts.expr(call.function), Expr::Attr(_, name) | Expr::Name(name) if STARTS.contains(&name.as_str())));
    let value = capture(cx, operands)?.expr?;
    if !matches!(facts.expr(value), Expr::Local(_)) {
        return sure(starts(value));
    }
    let mut started = false;
    let own = &facts.functions[facts.owner(value) as usize];
    crate::flow::visit(&own.body, &mut |stmt| {
        if let Stmt::Assign {
            targets,
            value: made,
            ..
        } = stmt
        {
            let same = |target: &ExprId| facts.expr(*target) == facts.expr(value);
            started |= starts(*made) && targets.iter().any(same);
        }
    });
    sure(started)
}

fn targeted(cx: &Cx, operands: &[Operand]) -> Answer {
    let Expr::Call(call) = cx.facts.expr(capture(cx, operands)?.expr?) else {
        return None;
    };
    let target = |(position, arg): (usize, &Arg)| match &arg.kind {
        ArgKind::Plain => position == 2,
        ArgKind::Keyword(name) => name == "target",
        ArgKind::Rest | ArgKind::Keywords => true,
    };
    let none = |id: ExprId| matches!(cx.facts.expr(id), Expr::None);
    let (_, given) = (call.args.iter().enumerate()).find(|each| target(*each))?;
    let missing = match cx.facts.expr(given.value) {
        // `target=console if verbose else None`.
        Expr::Conditional { then, other, .. } => none(*then) || none(*other),
        _ => none(given.value),
    };
    sure(!missing)
}

fn logs_items(cx: &Cx, _operands: &[Operand]) -> Answer {
    let place = crate::flow::notes_of(cx.unit.file);
    let logged = cx.reader.cell(CellKey::Holder(place));
    logged
        .mark(|mark| mark == Mark::LogsItems)
        .map(|atom| atom.confidence)
}

fn looping(cx: &Cx, operands: &[Operand]) -> Answer {
    sure(super::streams::in_while(
        cx.facts,
        capture(cx, operands)?.expr?,
    ))
}

fn secret(cx: &Cx, operands: &[Operand]) -> Answer {
    let Expr::Str(text) = cx.facts.expr(capture(cx, operands)?.expr?) else {
        return None;
    };
    sure(is_key(text))
}
