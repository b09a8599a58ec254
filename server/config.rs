//! The configuration: what `[tool.dynaleak]` or a `dynaleak.toml` says, read key by key so that each mistake has its place.

pub mod files;
pub mod keys;
pub mod links;
mod own;
pub mod python;
pub mod team;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use self::python::{Python, TARGETS};
use crate::finding::{Confidence, Finding, Severity};
use crate::own::Own;
use crate::rules;
use crate::select::{Selection, Selector, clip, nearest, selected};

/// All of it; `default` is what holds without a file.
#[derive(Clone, Debug)]
pub struct Config {
    /// The folder that patterns are seen from.
    pub root: PathBuf,
    pub selection: Selection,
    pub include_tests: bool,
    pub severity: Vec<(Selector, Severity)>,
    pub bounds: Bounds,
    pub fail_on: FailOn,
    /// The oldest Python that runs the code; none: see [`files::Configs::terms`].
    pub target: Option<Python>,
    pub overrides: Overrides,
    /// What the file says, key by key, in its order.
    pub said: Vec<Said>,
    /// What it says of the project's own code; none where it says nothing.
    pub own: Option<Arc<Own>>,
    /// The file of accepted findings, as seen from the root; none: the usual one.
    pub baseline: Option<PathBuf>,
    exclude: Gitignore,
    per_file_ignores: Vec<(Gitignore, Vec<Selector>)>,
}

/// What a configuration file says of one key.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// `select`, `bounds.queue`.
    pub key: String,
    pub value: serde_json::Value,
    /// Where the key begins, in bytes of the file.
    pub at: usize,
}

/// The mildest severity that fails a check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    Error,
    #[default]
    Warning,
    Info,
    Never,
}

impl FailOn {
    pub fn name(self) -> &'static str {
        match self {
            FailOn::Error => "error",
            FailOn::Warning => "warning",
            FailOn::Info => "info",
            FailOn::Never => "never",
        }
    }

    /// Does a finding fail the check?
    pub fn counts(self, finding: &Finding) -> bool {
        let severity = match self {
            FailOn::Error => Severity::Error,
            FailOn::Warning => Severity::Warning,
            FailOn::Info => Severity::Info,
            FailOn::Never => return false,
        };
        finding.severity >= severity && finding.confidence >= Confidence::Medium
    }

    fn parse(word: &str) -> Option<FailOn> {
        let mut all = FailOn::value_variants().iter().copied();
        all.find(|each| each.name() == word)
    }
}

/// What rewrites of a file keep to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    pub bounds: Bounds,
    /// The oldest Python that runs it, where that is known.
    pub python: Option<Python>,
}

/// What rewrites put in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Records in a queue.
    pub queue: u32,
    /// Entries of a cache.
    pub cache: u32,
    /// Items in a list, deque or dict that lives on.
    pub accumulator: u32,
    /// Items that one request to DynamoDB gives.
    pub page: u32,
}

/// The command line's or the editor's own settings: stronger than any file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    pub selection: Selection,
    pub include_tests: Option<bool>,
    pub fail_on: Option<FailOn>,
    pub bounds: SomeBounds,
}

/// Sizes over those of the configuration file, as far as they are given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SomeBounds {
    pub queue: Option<u32>,
    pub cache: Option<u32>,
    pub accumulator: Option<u32>,
    pub page: Option<u32>,
}

/// One mistake in a configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// In bytes of the file.
    pub span: Range<usize>,
    pub reason: String,
}

/// Where a file keeps dynaleak's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `dynaleak.toml`: at the top.
    Own,
    /// `pyproject.toml`: in `[tool.dynaleak]`.
    PyProject,
}

/// What the configuration says of one file.
#[derive(Clone, Debug)]
pub struct Settings<'a> {
    config: &'a Config,
    ignored: Vec<&'a Selector>,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            root: PathBuf::new(),
            selection: Selection::default(),
            include_tests: false,
            severity: Vec::new(),
            bounds: Bounds::default(),
            fail_on: FailOn::default(),
            target: None,
            overrides: Overrides::default(),
            said: Vec::new(),
            own: None,
            baseline: None,
            exclude: Gitignore::empty(),
            per_file_ignores: Vec::new(),
        }
    }
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds {
            queue: 1000,
            cache: 1024,
            accumulator: 1000,
            page: 100,
        }
    }
}

impl Config {
    /// Reads a text as far as it goes: what is wrong is left out and told. `None` for a
    /// `pyproject.toml` that says nothing of dynaleak. `root` is the folder of the patterns.
    pub fn parse(text: &str, form: Form, root: &Path) -> Option<(Config, Vec<Problem>)> {
        let (document, errors) = DeTable::parse_recoverable(text);
        let mut reader = Reader::default();
        for error in errors {
            let span = error.span().unwrap_or(0..0);
            reader.problem(span, error.message().to_string());
        }
        let table = match form {
            Form::Own => Some(document.get_ref()),
            Form::PyProject => reader.tool(document.get_ref()),
        };
        let config = match table {
            Some(table) => reader.config(table, root),
            None if reader.problems.is_empty() => return None,
            None => Config::default(),
        };
        let mut problems = reader.problems;
        problems.sort_by_key(|problem| problem.span.start);
        Some((config, problems))
    }

    /// The sizes that rewrites put in.
    pub fn bounds(&self) -> Bounds {
        let SomeBounds {
            queue,
            cache,
            accumulator,
            page,
        } = self.overrides.bounds;
        Bounds {
            queue: queue.unwrap_or(self.bounds.queue),
            cache: cache.unwrap_or(self.bounds.cache),
            accumulator: accumulator.unwrap_or(self.bounds.accumulator),
            page: page.unwrap_or(self.bounds.page),
        }
    }

    /// What rewrites keep to, as far as the file says it.
    pub fn terms(&self) -> Terms {
        Terms {
            bounds: self.bounds(),
            python: self.target,
        }
    }

    pub fn include_tests(&self) -> bool {
        self.overrides.include_tests.unwrap_or(self.include_tests)
    }

    pub fn fail_on(&self) -> FailOn {
        self.overrides.fail_on.unwrap_or(self.fail_on)
    }

    /// Does `exclude` name the file or a folder above it, as far as that is below the root?
    pub fn excludes(&self, path: &Path) -> bool {
        self.below(path)
            .is_some_and(|path| names(&self.exclude, path))
    }

    /// Does `exclude` name this very file or folder? For a walk, which asks at each folder.
    pub fn excludes_entry(&self, path: &Path, folder: bool) -> bool {
        self.below(path)
            .is_some_and(|path| self.exclude.matched(path, folder).is_ignore())
    }

    /// `path` is seen from where the root is seen from.
    pub fn of(&self, path: &Path) -> Settings<'_> {
        let below = self.below(path);
        let named = |patterns: &Gitignore| below.is_some_and(|path| names(patterns, path));
        let ignored = self.per_file_ignores.iter();
        Settings {
            config: self,
            ignored: ignored
                .filter(|(patterns, _)| named(patterns))
                .flat_map(|(_, selectors)| selectors)
                .collect(),
        }
    }

    fn below<'a>(&self, path: &'a Path) -> Option<&'a Path> {
        let path = path.strip_prefix(&self.root).ok()?;
        (!path.has_root() && path.file_name().is_some()).then_some(path)
    }
}

fn names(patterns: &Gitignore, path: &Path) -> bool {
    patterns
        .matched_path_or_any_parents(path, false)
        .is_ignore()
}

impl Settings<'_> {
    /// Is the rule selected here?
    pub fn has(&self, code: &str) -> bool {
        let Config {
            selection,
            overrides,
            ..
        } = self.config;
        let ignored = || self.ignored.iter().any(|selector| selector.covers(code));
        selected([selection, &overrides.selection], code) && !ignored()
    }

    /// What the configuration makes of a finding's severity. One that was judged milder than its
    /// rule, as in a script, is not made worse.
    pub fn severity(&self, finding: &Finding) -> Severity {
        let configured = self.severity_of(finding.code, finding.severity);
        match rules::entry(finding.code) {
            Some(entry) if finding.severity < entry.severity => finding.severity.min(configured),
            _ => configured,
        }
    }

    /// What the configuration says of a rule's severity; `usual` where it says nothing.
    pub fn severity_of(&self, code: &str, usual: Severity) -> Severity {
        let severity = self.config.severity.iter();
        let severity = severity.filter(|(selector, _)| selector.covers(code));
        let longest = severity.max_by_key(|(selector, _)| selector.as_str().len());
        longest.map_or(usual, |(_, severity)| *severity)
    }
}

#[derive(Default)]
struct Reader {
    problems: Vec<Problem>,
}

type Value<'a> = Spanned<DeValue<'a>>;

impl Reader {
    fn problem(&mut self, span: Range<usize>, reason: String) {
        self.problems.push(Problem { span, reason });
    }

    /// `[tool.dynaleak]`
    fn tool<'a>(&mut self, document: &'a DeTable<'a>) -> Option<&'a DeTable<'a>> {
        let own = document.get("tool")?.get_ref().get("dynaleak")?;
        self.table(own, "tool.dynaleak")
    }

    fn config(&mut self, table: &DeTable, root: &Path) -> Config {
        let mut config = Config {
            root: root.to_path_buf(),
            ..Config::default()
        };
        let mut own = Own::default();
        for (key, value) in table {
            let name: &str = key.get_ref();
            if keys::names(&keys::KEYS).any(|known| known == name) {
                said(&mut config.said, name, key.span().start, value);
            }
            match name {
                "select" => config.selection.select = Some(self.selectors(value, "select")),
                "ignore" => config.selection.ignore = self.selectors(value, "ignore"),
                "baseline" => config.baseline = self.baseline(value),
                "exclude" => config.exclude = self.patterns(value, "exclude"),
                "fail-on" => {
                    let fail_on = value.get_ref().as_str().and_then(FailOn::parse);
                    match fail_on {
                        Some(fail_on) => config.fail_on = fail_on,
                        None => {
                            let wanted = "\"error\", \"warning\", \"info\" or \"never\"";
                            self.wrong(value, "fail-on", wanted);
                        }
                    }
                }
                "include-tests" => match value.get_ref().as_bool() {
                    Some(include) => config.include_tests = include,
                    None => self.wrong(value, "include-tests", "true or false"),
                },
                "per-file-ignores" => config.per_file_ignores = self.per_file_ignores(value),
                "severity" => config.severity = self.severities(value),
                "bounds" => config.bounds = self.bounds(value),
                "target-version" => config.target = self.target(value),
                "sources" => self.sources(&mut own, value),
                "containers" => self.containers(&mut own, value),
                "lifetimes" => self.lifetimes(&mut own, value),
                other => {
                    let known = Vec::from_iter(keys::names(&keys::KEYS));
                    self.unknown(key.span(), other, &known);
                }
            }
        }
        config.said.sort_by_key(|said| said.at);
        config.own = (!own.is_empty()).then(|| Arc::new(own));
        config
    }

    /// `"py38"`
    fn target(&mut self, value: &Value) -> Option<Python> {
        let target = value.get_ref().as_str().and_then(Python::parse);
        if target.is_none() {
            let [first, .., last] = TARGETS;
            let wanted = format!("a version from {first:?} to {last:?}");
            self.wrong(value, "target-version", &wanted);
        }
        target
    }

    /// `"ci/known.jsonl"`
    fn baseline(&mut self, value: &Value) -> Option<PathBuf> {
        match value.get_ref().as_str() {
            Some(name) if !name.trim().is_empty() => return Some(PathBuf::from(name)),
            Some(_) => self.problem(value.span(), "an empty name names no file".to_string()),
            None => self.wrong(value, "baseline", "a file's name"),
        }
        None
    }

    /// `{ "tests/**" = ["DDB1"] }`
    fn per_file_ignores(&mut self, value: &Value) -> Vec<(Gitignore, Vec<Selector>)> {
        let mut all = Vec::new();
        let table = self.table(value, "per-file-ignores");
        for (pattern, selectors) in table.into_iter().flatten() {
            let key: &str = pattern.get_ref();
            if key.starts_with('!') {
                let reason = format!("`{}`: a pattern cannot begin with `!` here", clip(key));
                self.problem(pattern.span(), reason);
                continue;
            }
            let patterns = self.gitignore([(key, pattern.span())]);
            all.push((patterns, self.selectors(selectors, key)));
        }
        all
    }

    /// `{ DDB301 = "error" }`
    fn severities(&mut self, value: &Value) -> Vec<(Selector, Severity)> {
        let mut all = Vec::new();
        let table = self.table(value, "severity");
        for (key, value) in table.into_iter().flatten() {
            let Some(selector) = self.selector(key.get_ref(), key.span()) else {
                continue;
            };
            match value.get_ref().as_str() {
                Some("error") => all.push((selector, Severity::Error)),
                Some("warning") => all.push((selector, Severity::Warning)),
                Some("info") => all.push((selector, Severity::Info)),
                _ => self.wrong(value, key.get_ref(), "\"error\", \"warning\" or \"info\""),
            }
        }
        all
    }

    fn bounds(&mut self, value: &Value) -> Bounds {
        let mut bounds = Bounds::default();
        let table = self.table(value, "bounds");
        for (key, value) in table.into_iter().flatten() {
            let name: &str = key.get_ref();
            let bound = match name {
                "accumulator" => &mut bounds.accumulator,
                "cache" => &mut bounds.cache,
                "page" => &mut bounds.page,
                "queue" => &mut bounds.queue,
                other => {
                    let known = Vec::from_iter(keys::names(&keys::BOUNDS));
                    self.unknown(key.span(), other, &known);
                    continue;
                }
            };
            let number = value.get_ref().as_integer();
            let number = number.and_then(|it| u32::from_str_radix(it.as_str(), it.radix()).ok());
            match number.filter(|&number| number > 0) {
                Some(number) => *bound = number,
                None => self.wrong(value, name, "a whole number from 1 to 4294967295"),
            }
        }
        bounds
    }

    fn selectors(&mut self, value: &Value, key: &str) -> Vec<Selector> {
        let words = self.words(value, key, "a list of rules, such as [\"DDB1\"]");
        let parsed = words.into_iter();
        parsed
            .filter_map(|(word, span)| self.selector(word, span))
            .collect()
    }

    fn selector(&mut self, word: &str, span: Range<usize>) -> Option<Selector> {
        match Selector::parse(word) {
            Ok(selector) => Some(selector),
            Err(reason) => {
                self.problem(span, format!("`{}`: {reason}", clip(word)));
                None
            }
        }
    }

    fn patterns(&mut self, value: &Value, key: &str) -> Gitignore {
        let words = self.words(value, key, "a list of patterns, such as [\"vendored/\"]");
        self.gitignore(words)
    }

    fn gitignore<'a>(
        &mut self,
        patterns: impl IntoIterator<Item = (&'a str, Range<usize>)>,
    ) -> Gitignore {
        let mut builder = GitignoreBuilder::new("");
        let mut whole = 0..0;
        for (pattern, span) in patterns {
            whole = span.clone();
            if pattern.trim().is_empty() {
                self.problem(span, "an empty pattern names no file".to_string());
            } else if let Err(error) = builder.add_line(None, pattern) {
                self.problem(span, error.to_string());
            }
        }
        builder.build().unwrap_or_else(|error| {
            self.problem(whole, error.to_string());
            Gitignore::empty()
        })
    }

    fn words<'a>(
        &mut self,
        value: &'a Value,
        key: &str,
        wanted: &str,
    ) -> Vec<(&'a str, Range<usize>)> {
        let Some(list) = value.get_ref().as_array() else {
            self.wrong(value, key, wanted);
            return Vec::new();
        };
        let mut words = Vec::new();
        for value in list {
            match value.get_ref().as_str() {
                Some(word) => words.push((word, value.span())),
                None => self.wrong(value, key, wanted),
            }
        }
        words
    }

    fn table<'a>(&mut self, value: &'a Value, key: &str) -> Option<&'a DeTable<'a>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.wrong(value, key, "a table");
        }
        table
    }

    fn wrong(&mut self, value: &Value, key: &str, wanted: &str) {
        let found = value.get_ref().type_str();
        let article = if found.starts_with(['a', 'i']) {
            "an"
        } else {
            "a"
        };
        let reason = format!(
            "`{}` takes {wanted}, and this is {article} {found}",
            clip(key)
        );
        self.problem(value.span(), reason);
    }

    fn unknown(&mut self, span: Range<usize>, key: &str, known: &[&str]) {
        let hint = nearest(key, known.iter().copied())
            .map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        self.problem(span, format!("unknown key `{}`{hint}", clip(key)));
    }
}

/// Of a table each of its keys by itself.
fn said(all: &mut Vec<Said>, key: &str, at: usize, value: &Value) {
    let Some(table) = value.get_ref().as_table() else {
        all.push(Said {
            key: key.to_string(),
            value: as_json(value),
            at,
        });
        return;
    };
    for (inner, value) in table {
        let bare = |each: char| each.is_ascii_alphanumeric() || each == '-' || each == '_';
        let name: &str = inner.get_ref();
        let name = match !name.is_empty() && name.chars().all(bare) {
            true => name.to_string(),
            false => format!("{name:?}"),
        };
        all.push(Said {
            key: format!("{key}.{name}"),
            value: as_json(value),
            at: inner.span().start,
        });
    }
}

fn as_json(value: &Value) -> serde_json::Value {
    match value.get_ref() {
        DeValue::Boolean(truth) => (*truth).into(),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or_else(|_| number.as_str().into(), Into::into),
        DeValue::String(text) => text.as_ref().into(),
        DeValue::Float(number) => number.as_str().into(),
        DeValue::Datetime(time) => time.to_string().into(),
        DeValue::Array(values) => values.iter().map(as_json).collect(),
        DeValue::Table(table) => (table.iter())
            .map(|(key, value)| (key.get_ref().to_string(), as_json(value)))
            .collect(),
    }
}
