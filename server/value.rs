//! The value model: what a Python expression may be, as far as DynamoDB data, its holders and its callers go.
//!
//! A [`Value`] is a set of [`Atom`]s; the empty set is "unknown", and unknown means silent.

use std::sync::Arc;

use rustc_hash::FxHasher;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smallvec::SmallVec;
use smol_str::SmolStr;

use crate::facts::{FunctionId, Slot};
use crate::finding::Confidence;

/// A stable 64-bit hash of a name, the same in each run.
pub fn stable_hash(parts: &[&str]) -> u64 {
    use std::hash::Hasher;
    let mut hasher = FxHasher::default();
    for part in parts {
        hasher.write(part.as_bytes());
        hasher.write_u8(0xff);
    }
    // FxHasher's low bits are weak for short inputs: one round of splitmix64 spreads them.
    let mut hash = hasher.finish().wrapping_add(0x9e37_79b9_7f4a_7c15);
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(#[serde(with = "postcard::fixint::le")] pub u64);
    )*};
}

ids! {
    /// A file: hash of its path.
    FileId
    /// A unit of evaluation (a module's statements, a class body, a function): hash of path and qualified name.
    UnitId
    /// A class: hash of path and qualified name.
    ClassId
}

/// A function or lambda: the unit it stands in and its place there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FuncId {
    pub unit: UnitId,
    pub function: FunctionId,
}

/// A place in a unit that survives edits elsewhere: the n-th call of a chunk, a definition or a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Site {
    pub unit: UnitId,
    pub chunk: u16,
    pub at: At,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum At {
    /// The call with this number.
    Call(u16),
    /// The name of a function of the chunk.
    Definition(FunctionId),
    Param(FunctionId, u16),
    /// The chunk's first line.
    Chunk,
}

/// What a value of DynamoDB's libraries is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    Session,
    Client,
    Resource,
    Table,
    Paginator,
    /// What `paginate()` gives: each round of a loop over it is one page.
    PageIterator,
    /// A lazy iterator over single items of all pages: `search()`, a generator over pages.
    ItemIterator,
    /// One response.
    Page,
    /// A list of items.
    Items,
    Item,
    Attribute,
    Records,
    Record,
    ShardIterator,
    /// `LastEvaluatedKey`: where the next page begins.
    PageKey,
    BatchWriter,
    /// A PynamoDB model's instance.
    Model,
    /// What a PynamoDB `scan()` or `query()` gives.
    ResultIterator,
}

impl Kind {
    /// Their names, as rules and configurations write them.
    pub const NAMES: [&'static str; 18] = [
        "session",
        "client",
        "resource",
        "table",
        "paginator",
        "page-iterator",
        "item-iterator",
        "page",
        "items",
        "item",
        "attribute",
        "records",
        "record",
        "shard-iterator",
        "page-key",
        "batch-writer",
        "model",
        "result-iterator",
    ];

    /// Comes out of a table or stream, be it one item or all.
    pub fn is_read(self) -> bool {
        matches!(
            self,
            Kind::Page | Kind::Items | Kind::Item | Kind::Records | Kind::Record | Kind::Model
        )
    }

    /// What is given such a thing need not make it.
    pub fn is_tool(self) -> bool {
        use Kind::{Client, Resource, Session, Table};
        matches!(self, Client | Resource | Session | Table)
    }

    pub fn parse(name: &str) -> Option<Kind> {
        use serde::de::IntoDeserializer;
        let deserializer: serde::de::value::StrDeserializer<serde::de::value::Error> =
            name.into_deserializer();
        Kind::deserialize(deserializer).ok()
    }

    /// As messages name it, with its article.
    pub fn phrase(self) -> &'static str {
        match self {
            Kind::Session => "a session",
            Kind::Client => "a client",
            Kind::Resource => "a resource",
            Kind::Table => "a table",
            Kind::Paginator => "a paginator",
            Kind::PageIterator => "a page iterator",
            Kind::ItemIterator => "an iterator over all items",
            Kind::Page => "a page",
            Kind::Items => "items",
            Kind::Item => "an item",
            Kind::Attribute => "an attribute",
            Kind::Records => "stream records",
            Kind::Record => "a stream record",
            Kind::ShardIterator => "a shard iterator",
            Kind::PageKey => "the key of the next page",
            Kind::BatchWriter => "a batch writer",
            Kind::Model => "a model instance",
            Kind::ResultIterator => "a result iterator",
        }
    }
}

#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    #[default]
    DynamoDb,
    /// DynamoDB streams and Kinesis.
    Streams,
    /// Another service of AWS.
    Other,
    /// The name is no constant.
    Unknown,
}

/// A value of DynamoDB's libraries with what its call said of its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Data {
    pub kind: Kind,
    pub service: Service,
    /// `Limit`, `MaxItems` or a full key: not a whole table.
    pub limited: bool,
    /// The response of a call for one item.
    pub single: bool,
    /// The call says which attributes it wants, or may say so.
    pub chosen: bool,
}

impl Data {
    pub fn new(kind: Kind) -> Data {
        Data {
            kind,
            service: Service::DynamoDb,
            limited: false,
            single: false,
            chosen: false,
        }
    }

    pub fn with(self, kind: Kind) -> Data {
        Data { kind, ..self }
    }
}

/// A container that the program made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    List,
    Dict,
    Set,
    Deque,
    /// `queue.Queue`, `asyncio.Queue`, `multiprocessing.Queue`.
    Queue,
    /// Evicts by itself: cachetools, diskcache…
    Cache,
    /// `defaultdict`'s and the like count as `Dict`; a literal tuple, which nothing can be added to.
    Tuple,
}

impl Shape {
    /// Those that a program adds to.
    pub const NAMES: [&'static str; 6] = ["list", "dict", "set", "deque", "queue", "cache"];

    pub fn parse(name: &str) -> Option<Shape> {
        Some(match name {
            "list" => Shape::List,
            "dict" => Shape::Dict,
            "set" => Shape::Set,
            "deque" => Shape::Deque,
            "queue" => Shape::Queue,
            "cache" => Shape::Cache,
            _ => return None,
        })
    }
}

/// Where a value is kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Place {
    Local(FuncId, Slot),
    Global(FileId, SmolStr),
    /// `self.x`.
    Attr(ClassId, SmolStr),
    /// `Class.x`, shared by all instances.
    Static(ClassId, SmolStr),
    /// The default value of a parameter.
    Default(FuncId, u16),
    /// `function.x`.
    FunctionAttr(FuncId, SmolStr),
    /// `request.x`, `g.x`.
    Request(SmolStr),
    /// `request.session[...]`.
    Session,
    /// An attribute of a `threading.local()`.
    Thread(SmolStr),
    /// `app.state.x`, `current_app.x`: as long as the process.
    App(SmolStr),
}

impl Place {
    /// The last part of its name, for messages.
    pub fn name(&self) -> SmolStr {
        match self {
            Place::Local(..) => SmolStr::default(),
            Place::Global(_, name)
            | Place::Attr(_, name)
            | Place::Static(_, name)
            | Place::FunctionAttr(_, name)
            | Place::Request(name)
            | Place::Thread(name)
            | Place::App(name) => name.clone(),
            Place::Default(..) => SmolStr::default(),
            Place::Session => SmolStr::new_static("session"),
        }
    }
}

/// How long what a place keeps stays alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lifetime {
    /// Unknown counts as this: silent.
    Call,
    Request,
    Session,
    Instance,
    Process,
}

/// Something that a cell is told besides values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Mark {
    /// This function takes something out of the holder, or replaces it.
    EmptiedBy(FuncId),
    /// This function takes things out of the holder one by one.
    TakenBy(FuncId),
    /// The function is called, or handed on, by code that runs.
    Called,
    /// Something is taken out of the holder in the loop that starts here, in bytes from the chunk's start.
    EmptiedIn(u32),
    /// The holder's length is compared with a bound.
    Capped,
    /// The function is called in a loop, with the same arguments each round.
    Loop,
    /// The function runs for each request, event or task.
    Request,
    /// The function runs in a script whose process ends with the work.
    Script,
    /// The function runs when its module is imported.
    Import,
    /// Instances of the class live this long.
    Lives(Lifetime),
    /// A class by how a framework uses it.
    Role(Role),
    /// The holder is read back under the key that it stores.
    LookedUp,
    /// The function runs in a thread, process or endless loop of its own.
    Worker,
    /// A property: it runs each time it is read.
    Read,
    /// The endpoint asks nobody who they are.
    Open,
    /// The function runs once for each set of arguments.
    Memoised,
    /// A parameter gets something else from call to call; a method is called with another object in each round or request.
    Varies,
    /// Some code calls the function, whether that code runs or not.
    Named,
    /// Instances of the class keep a client, resource or table in a field.
    Holds,
    /// An instance of this class keeps instances of the class in a field. Last: a value has room for the others.
    Owned(ClassId),
    /// The function is called in each round of a loop that never ends.
    Endless,
    /// The file names sequence numbers, checkpoints or the like.
    Checkpoints,
    /// The file names what asks who somebody is: a login, a token, a key.
    Asks,
    /// The file names what asks it before each route of an application.
    Guards,
    /// The file logs what DynamoDB gave.
    LogsItems,
    /// Of a parameter: all of what callers read is converted into a list.
    Converts,
    /// Of a parameter: a method puts it under a key into the field that the atom names.
    Stored,
    /// An object is kept there that is made with the limit that the atom names.
    Limited,
    /// The loop that starts here goes on only while the holder is empty.
    FilledOnceIn(u32),
    /// The class has one object, which its metaclass keeps.
    Single,
}

/// What a framework does with a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Built for each request; its public methods are handlers.
    View,
    /// One instance a process; `__call__` and `process_*` run for each request.
    Middleware,
    /// One instance a process: `AppConfig`, a task class, an admin class.
    Singleton,
    /// Built per request by the framework: forms, serializers.
    PerRequest,
    /// `handle()` runs once: a management command.
    Script,
    /// A Django model: forms, admin pages and views save and delete it.
    Record,
    /// A PynamoDB model.
    Model,
    /// A PynamoDB index.
    Index,
    Enum,
    /// A test case.
    Test,
    /// Runs until stopped: `threading.Thread`, a consumer.
    Worker,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum What {
    Data(Data),
    /// A method of such a value, not yet called.
    Method(Data, SmolStr),
    Container(Shape, /* bounded */ bool),
    Instance(ClassId),
    Class(ClassId),
    Function(FuncId),
    /// A method with its `self`.
    Bound(FuncId, ClassId),
    Module(FileId),
    /// Something outside the project, by its dotted path: `boto3.client`.
    Symbol(SmolStr),
    /// Something of a project file that is not loaded.
    Unloaded(FileId),
    /// An instance of something outside the project: `flask.Flask`.
    Object(SmolStr),
    Str(SmolStr),
    Int(i64),
    Nothing,
    /// Whatever the caller passes.
    Param(FuncId, u16),
    /// The place itself, where it is stored to.
    Slot,
    Mark(Mark),
    /// `cls` or `self.__class__`; the class of `super()`.
    Super(ClassId),
}

/// How an atom stands in the value.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Nest {
    /// It is the value.
    #[default]
    Not,
    /// It is somewhere inside.
    Inside,
    /// It is this element of a tuple.
    At(u8),
    /// A generator hands it out, one at a time.
    Lazy,
}

pub type Steps = SmallVec<[Site; 2]>;

/// One thing that an expression may be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Atom {
    pub what: What,
    /// The place it was read from, where that is one.
    pub held: Option<Place>,
    /// Whether it stands inside a container that the program made: `{"item": item}`.
    pub nested: Nest,
    pub confidence: Confidence,
    /// Source first, then the calls that passed it on; at most [`Atom::MOST_STEPS`].
    pub steps: Steps,
}

impl Atom {
    pub const MOST_STEPS: usize = 4;

    pub fn new(what: What) -> Atom {
        Atom {
            what,
            held: None,
            nested: Nest::Not,
            confidence: Confidence::High,
            steps: Steps::new(),
        }
    }

    pub fn at(mut self, site: Site) -> Atom {
        if self.steps.len() < Self::MOST_STEPS && self.steps.last() != Some(&site) {
            self.steps.push(site);
        }
        self
    }

    pub fn sure(mut self, confidence: Confidence) -> Atom {
        self.confidence = self.confidence.min(confidence);
        self
    }

    pub fn data(&self) -> Option<Data> {
        if let What::Data(data) = self.what {
            Some(data)
        } else {
            None
        }
    }

    fn key(&self) -> (&What, &Option<Place>, Nest) {
        (&self.what, &self.held, self.nested)
    }
}

/// A set of atoms, sorted; at most [`Value::MOST`]. Cheap to clone; unknown allocates nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Value(Option<Arc<[Atom]>>);

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.atoms().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        let atoms = Vec::<Atom>::deserialize(deserializer)?;
        Ok(Value((!atoms.is_empty()).then(|| atoms.into())))
    }
}

impl Value {
    /// Past this an expression can be so much that it says nothing.
    pub const MOST: usize = 24;

    pub const UNKNOWN: Value = Value(None);

    pub fn one(atom: Atom) -> Value {
        Value(Some(Arc::new([atom])))
    }

    pub fn of(what: What) -> Value {
        Value::one(Atom::new(what))
    }

    pub fn from_atoms(mut atoms: Vec<Atom>) -> Value {
        if atoms.is_empty() {
            return Value(None);
        }
        // Of the same thing the best-known and shortest story stays: an order-free choice, so that joins commute.
        atoms.sort_by(|a, b| {
            a.key()
                .cmp(&b.key())
                .then(b.confidence.cmp(&a.confidence))
                .then(a.steps.len().cmp(&b.steps.len()))
                .then(a.steps.cmp(&b.steps))
        });
        atoms.dedup_by(|b, a| a.key() == b.key());
        atoms.truncate(Self::MOST);
        Value(Some(atoms.into()))
    }

    pub fn atoms(&self) -> &[Atom] {
        self.0.as_deref().unwrap_or_default()
    }

    pub fn is_unknown(&self) -> bool {
        self.0.is_none()
    }

    pub fn join(&self, other: &Value) -> Value {
        match (&self.0, &other.0) {
            (None, _) => other.clone(),
            (_, None) => self.clone(),
            (Some(left), Some(right)) if Arc::ptr_eq(left, right) || left == right => self.clone(),
            (Some(left), Some(right)) => {
                Value::from_atoms(left.iter().chain(right.iter()).cloned().collect())
            }
        }
    }

    pub fn map(&self, change: impl FnMut(&Atom) -> Option<Atom>) -> Value {
        Value::from_atoms(self.atoms().iter().filter_map(change).collect())
    }

    pub fn filter(&self, keep: impl Fn(&Atom) -> bool) -> Value {
        if self.atoms().iter().all(&keep) {
            self.clone()
        } else {
            Value::from_atoms(
                self.atoms()
                    .iter()
                    .filter(|atom| keep(atom))
                    .cloned()
                    .collect(),
            )
        }
    }

    pub fn held_in(&self, place: &Place) -> Value {
        self.map(|atom| {
            Some(Atom {
                held: Some(place.clone()),
                ..atom.clone()
            })
        })
    }

    pub fn data(&self) -> impl Iterator<Item = (&Atom, Data)> {
        self.atoms()
            .iter()
            .filter_map(|atom| atom.data().map(|data| (atom, data)))
    }

    /// The places that keep the value itself; those of what is inside it are not its own.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        let own = |atom: &&Atom| matches!(atom.nested, Nest::Not | Nest::Lazy);
        self.atoms()
            .iter()
            .filter(own)
            .filter_map(|atom| atom.held.as_ref())
    }

    /// Of a class: is it known how long its instances live, or what a framework does with it?
    pub fn has_life(&self) -> bool {
        self.mark(|mark| matches!(mark, Mark::Lives(_) | Mark::Role(_)))
            .is_some()
    }

    /// Of a class: do objects of several other classes keep instances of it in their fields?
    pub fn is_shared(&self) -> bool {
        let owned = |atom: &&Atom| matches!(atom.what, What::Mark(Mark::Owned(_)));
        self.atoms().iter().filter(owned).count() > 1
    }

    /// Of a function: does anything that runs call it?
    pub fn is_run(&self) -> bool {
        self.mark(|mark| mark != Mark::Named).is_some()
    }

    pub fn mark(&self, wanted: impl Fn(Mark) -> bool) -> Option<&Atom> {
        self.atoms()
            .iter()
            .find(|atom| matches!(atom.what, What::Mark(mark) if wanted(mark)))
    }

    pub fn has(&self, mark: Mark) -> bool {
        self.mark(|other| other == mark).is_some()
    }

    pub fn string(&self) -> Option<&SmolStr> {
        match self.atoms() {
            [
                Atom {
                    what: What::Str(text),
                    ..
                },
            ] => Some(text),
            _ => None,
        }
    }
}
