//! The rules: one word in the table below, three files of that name each.
//!
//! `queries/<stem>.scm` holds the pattern, `server/rules/<stem>.rs` the code, severity and words, and
//! `tests/rules/<stem>.md` the page that users read with the fixtures.

use std::sync::LazyLock;

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
    materialised_pages,
    accumulating_page_loop,
    page_iterator_kept,
    paginator_is_not_a_context_manager,
    page_size_unset,
    page_iterator_reused,
    unbounded_record_queue,
    record_dropping_queue,
    stream_loop_accumulates,
    page_held_while_fetching,
    get_records_without_limit,
    stream_loop_without_checkpoint,
    per_shard_state_never_pruned,
    request_holds_response,
    session_holds_item,
    receiver_connected_per_call,
    client_per_iteration,
    client_per_request,
    session_per_call,
    async_client_not_scoped,
    batch_writer_not_scoped,
    event_handler_per_call,
    clients_kept_per_key,
    whole_item_returned,
    open_endpoint_unbounded,
    credentials_in_code,
}

/// One site, one finding: of the rules that hold at the same place, the first of these stays.
const PRECEDENCE: &[&str] = &[
    "DDB303", "DDB502", "DDB501", "DDB102", "DDB402", "DDB401", "DDB407", "DDB203", "DDB101",
    "DDB103", "DDB403", "DDB302", "DDB301", "DDB603", "DDB601", "DDB602", "DDB802", "DDB801",
];

/// All rules, by code.
pub fn all() -> &'static [&'static Rule] {
    static REFERENCES: LazyLock<Vec<&'static Rule>> = LazyLock::new(|| ALL.iter().collect());
    &REFERENCES
}

/// A rule by its code or name.
pub fn find(wanted: &str) -> Option<&'static Rule> {
    ALL.iter()
        .find(|rule| rule.code.eq_ignore_ascii_case(wanted) || rule.name == wanted)
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
    entries().iter().find(|entry| {
        entry.code.eq_ignore_ascii_case(wanted) || entry.name.eq_ignore_ascii_case(wanted)
    })
}

impl Entry {
    /// The part of the page above the first `## `, without its marks for what is generated: what users read.
    pub fn help(&self) -> String {
        let end = self.page.find("\n## ");
        let lines = self.page[..end.unwrap_or(self.page.len())].lines();
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
