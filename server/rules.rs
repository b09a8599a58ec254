//! The rules: one word in the table below, three files of that name each.
//!
//! `queries/<stem>.scm` holds the pattern, `server/rules/<stem>.rs` the code, severity and words, and
//! `tests/rules/<stem>.md` the page that users read with the fixtures.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, PoisonError, RwLock};

use crate::analysis::{Cx, Verdict, render::Page};
use crate::finding::{Category, Effect, Severity};
use crate::fix::{self, Rewrite};

pub struct Rule {
    /// `DDB101`; never reused.
    pub code: &'static str,
    /// `process-lifetime-accumulator`.
    pub name: &'static str,
    /// The name of its three files.
    pub stem: &'static str,
    pub effect: Effect,
    /// At confidence high or medium; `tell` may change it.
    pub severity: Severity,
    pub categories: &'static [Category],
    /// Runs only when selected.
    pub off: bool,
    /// The text of its `.scm` file.
    pub query: &'static str,
    /// The whole Markdown page.
    pub page: &'static str,
    /// What a team's own rule says, with names in braces; empty of a built-in one.
    pub template: &'static str,
    /// Adds the story to a match that holds.
    pub tell: fn(&Cx, &mut Verdict),
    /// The fact and its consequence, in one sentence.
    pub message: fn(&Page, &Verdict) -> String,
    /// The ways to mend it, the best first; made on demand.
    pub rewrite: fn(&mut Vec<Rewrite>, &fix::Cx),
}

/// What a rule's own file says of it.
pub struct About {
    pub code: &'static str,
    pub name: &'static str,
    pub effect: Effect,
    pub severity: Severity,
    pub categories: &'static [Category],
    pub off: bool,
    pub tell: fn(&Cx, &mut Verdict),
    pub message: fn(&Page, &Verdict) -> String,
    pub rewrite: fn(&mut Vec<Rewrite>, &fix::Cx),
}

/// What a code stands for, be it a rule's or a notice's: what lists, selectors and hovers need.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub code: &'static str,
    pub name: &'static str,
    /// The name of its page.
    pub stem: &'static str,
    /// A notice has none: it is about comments and configuration, not about data.
    pub effect: Option<Effect>,
    pub severity: Severity,
    pub categories: &'static [Category],
    /// Only when selected.
    pub off: bool,
    page: &'static str,
}

macro_rules! rules {
    ($($stem:ident,)*) => {
        pub mod notices;
        mod stories;
        pub(crate) use stories::{read, stored};
        $(mod $stem;)*

        static ALL: LazyLock<Vec<Rule>> = LazyLock::new(|| vec![$({
            let about = $stem::ABOUT;
            Rule {
                code: about.code,
                name: about.name,
                stem: stringify!($stem),
                effect: about.effect,
                severity: about.severity,
                categories: about.categories,
                off: about.off,
                query: include_str!(concat!("../queries/", stringify!($stem), ".scm")),
                page: include_str!(concat!("../tests/rules/", stringify!($stem), ".md")),
                template: "",
                tell: about.tell,
                message: about.message,
                rewrite: about.rewrite,
            }
        },)*]);
    };
}

// By code.
rules! {
    process_lifetime_accumulator,
    mutable_default_accumulator,
    long_lived_instance_accumulator,
    unbounded_function_cache,
    cached_method,
    dict_cache_never_evicts,
    django_cache_never_expires,
    whole_item_cached,
    materialised_pages,
    accumulating_page_loop,
    page_iterator_kept,
    paginator_is_not_a_context_manager,
    page_size_unset,
    page_iterator_reused,
    unprojected_read,
    unbounded_record_queue,
    record_dropping_queue,
    stream_loop_accumulates,
    page_held_while_fetching,
    get_records_without_limit,
    stream_loop_without_checkpoint,
    per_shard_state_never_pruned,
    request_holds_response,
    session_holds_item,
    context_not_reset,
    receiver_connected_per_call,
    client_per_iteration,
    client_per_request,
    session_per_call,
    async_client_not_scoped,
    batch_writer_not_scoped,
    event_handler_per_call,
    clients_kept_per_key,
    whole_response_kept,
    exception_holds_response,
    log_handler_holds_items,
    task_or_executor_kept,
    whole_item_returned,
    open_endpoint_unbounded,
    credentials_in_code,
}

/// One site, one finding: of the rules that hold at the same place, the first of these stays.
const PRECEDENCE: &[&str] = &[
    "DDB303", "DDB502", "DDB501", "DDB503", "DDB102", "DDB402", "DDB401", "DDB407", "DDB203",
    "DDB704", "DDB101", "DDB103", "DDB201", "DDB202", "DDB205", "DDB701", "DDB403", "DDB302",
    "DDB301", "DDB603", "DDB601", "DDB602", "DDB802", "DDB801",
];

/// All rules, by code.
pub fn all() -> &'static [&'static Rule] {
    static REFERENCES: LazyLock<Vec<&'static Rule>> = LazyLock::new(|| ALL.iter().collect());
    &REFERENCES
}

/// A rule by its code or name, be it built in or a team's own.
pub fn find(wanted: &str) -> Option<&'static Rule> {
    let is = |rule: &&'static Rule| rule.code.eq_ignore_ascii_case(wanted) || rule.name == wanted;
    let own = || OWN.read().unwrap_or_else(PoisonError::into_inner);
    let own = || own().values().flatten().map(|(rule, _)| *rule).find(is);
    ALL.iter().find(is).or_else(own)
}

type Registered = Vec<(&'static Rule, &'static Entry)>;

/// The teams' own rules, by the folder of their configuration. For names only: what is looked for
/// in a workspace is said by its own rules.
static OWN: RwLock<BTreeMap<PathBuf, Registered>> = RwLock::new(BTreeMap::new());

/// Makes a folder's own rules known by their codes and names, in place of those before.
pub fn register(folder: &Path, rules: &[&'static Rule]) {
    let mut own = OWN.write().unwrap_or_else(PoisonError::into_inner);
    if rules.is_empty() {
        own.remove(folder);
        return;
    }
    let known = own.get(folder).map_or(&[][..], |known| known);
    let registered: Registered = (rules.iter())
        .map(|rule| {
            let same = known.iter().find(|(other, _)| std::ptr::eq(*other, *rule));
            // Kept for the life of the process, as its rule is.
            let entry = || -> &'static Entry { Box::leak(Box::new(rule.entry())) };
            (*rule, same.map_or_else(entry, |(_, entry)| *entry))
        })
        .collect();
    own.insert(folder.to_path_buf(), registered);
}

/// The notices, the built-in rules, then the teams' own: by code.
pub fn known() -> Vec<&'static Entry> {
    let own = OWN.read().unwrap_or_else(PoisonError::into_inner);
    let mut own: Vec<&'static Entry> = own.values().flatten().map(|(_, entry)| *entry).collect();
    own.sort_by_key(|entry| entry.code);
    own.dedup_by_key(|entry| entry.code);
    entries().iter().chain(own).collect()
}

/// A built-in rule or notice by its code or name.
pub fn built_in(wanted: &str) -> Option<&'static Entry> {
    entries().iter().find(|entry| entry.is_called(wanted))
}

/// The notices (DDB0…), then the rules: by code.
pub fn entries() -> &'static [Entry] {
    static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
        let rules = ALL.iter().map(Rule::entry);
        notices::ALL.iter().copied().chain(rules).collect()
    });
    &ENTRIES
}

/// A rule or notice by its code, in any case, or its name.
pub fn entry(wanted: &str) -> Option<&'static Entry> {
    built_in(wanted).or_else(|| {
        let own = OWN.read().unwrap_or_else(PoisonError::into_inner);
        let mut entries = own.values().flatten().map(|(_, entry)| *entry);
        entries.find(|entry| entry.is_called(wanted))
    })
}

impl Entry {
    fn is_called(&self, wanted: &str) -> bool {
        self.code.eq_ignore_ascii_case(wanted) || self.name.eq_ignore_ascii_case(wanted)
    }

    /// `DDB`, `SHOP`.
    pub fn letters(&self) -> &'static str {
        self.code
            .trim_end_matches(|each: char| each.is_ascii_digit())
    }

    /// The part of the page above the first `## `, without its marks for what is generated: what users read.
    pub fn help(&self) -> String {
        let body = crate::team::parted(self.page).map_or(0, |(_, body)| body);
        let page = self.page[body..].trim_start();
        let end = page.find("\n## ");
        let lines = page[..end.unwrap_or(page.len())].lines();
        let lines: Vec<&str> = lines.filter(|line| !line.starts_with("<!--")).collect();
        lines.join("\n").trim_end().to_string()
    }

    /// Made by no query.
    pub fn is_notice(&self) -> bool {
        self.effect.is_none()
    }
}

impl Rule {
    fn entry(&self) -> Entry {
        Entry {
            code: self.code,
            name: self.name,
            stem: self.stem,
            effect: Some(self.effect),
            severity: self.severity,
            categories: self.categories,
            off: self.off,
            page: self.page,
        }
    }

    /// Lower comes first where several rules hold at one place.
    pub fn rank(&self) -> usize {
        PRECEDENCE
            .iter()
            .position(|code| *code == self.code)
            .unwrap_or(PRECEDENCE.len())
    }

    pub fn silences(&self, other: &Rule) -> bool {
        self.rank() < PRECEDENCE.len()
            && other.rank() < PRECEDENCE.len()
            && self.rank() < other.rank()
    }

    /// Reports a whole table in memory: once a function is enough.
    pub fn gathers(&self) -> bool {
        matches!(self.code, "DDB301" | "DDB302")
    }

    /// Not built in, but a team's own.
    pub fn is_own(&self) -> bool {
        !self.template.is_empty()
    }

    /// Tells of pages that are gathered, kept or gone through twice.
    pub fn judges_pages(&self) -> bool {
        matches!(self.code, "DDB301" | "DDB302" | "DDB303" | "DDB306")
    }

    /// Of several stores in one holder of a function, the first tells it all.
    pub fn once_a_holder(&self) -> bool {
        self.code == "DDB407"
    }

    /// What users read of its page.
    pub fn help(&self) -> String {
        self.entry().help()
    }
}

impl std::fmt::Debug for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str(self.code)
    }
}
