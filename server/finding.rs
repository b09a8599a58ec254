//! What dynaleak reports: a finding, its trail and its fixes, in byte spans; holds no line, column or wire type.

use std::num::NonZeroU64;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// How a check judges a finding. What fails it is said by `fail-on`: errors and warnings, if by nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Info,
    Warning,
    Error,
}

impl Severity {
    pub fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        }
    }

    pub fn parse(name: &str) -> Option<Severity> {
        let all = [Severity::Info, Severity::Warning, Severity::Error];
        all.into_iter().find(|severity| severity.name() == name)
    }
}

/// How sure the weakest step of a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// An identifier's name alone: never fails a check.
    Low,
    /// A join over call sites, a page loop known by its keys, a framework's shape.
    Medium,
    /// A resolved constructor, an annotation, flow inside one file.
    High,
}

impl Confidence {
    pub fn name(self) -> &'static str {
        match self {
            Confidence::Low => "low",
            Confidence::Medium => "medium",
            Confidence::High => "high",
        }
    }
}

/// What a rule's defect does to the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Grows for the life of the process.
    Leak,
    /// One call can take a whole table's size.
    Peak,
    /// Built and thrown away for nothing.
    Churn,
    /// Data is lost without a word.
    DataLoss,
    /// Raises, or gives wrong results.
    Wrong,
    /// Data or a key goes where it should not.
    Exposure,
}

impl Effect {
    pub fn name(self) -> &'static str {
        match self {
            Effect::Leak => "leak",
            Effect::Peak => "peak",
            Effect::Churn => "churn",
            Effect::DataLoss => "data-loss",
            Effect::Wrong => "wrong",
            Effect::Exposure => "exposure",
        }
    }
}

/// OWASP-style category of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Category {
    /// Memory leak.
    ML,
    /// Unsafe consumption.
    UC,
    /// Data exposure.
    DE,
    /// Authentication.
    AU,
}

impl Category {
    /// The weaknesses (CWE) that the category stands for.
    pub fn cwe(self) -> &'static [u16] {
        match self {
            Category::ML => &[401, 772],
            Category::UC => &[400, 770],
            Category::DE => &[200, 488],
            Category::AU => &[306, 798],
        }
    }
}

/// Whether a rewrite may be applied without a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Applicability {
    /// The same results on every run that neither raised nor lost data before.
    Safe,
    /// Results or their order can change.
    Unsafe,
    /// Shown as a diff, never applied in bulk.
    Display,
}

/// One replacement of bytes in one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    pub file: Arc<str>,
    pub span: Range<usize>,
    pub text: String,
}

/// One rewrite; its title is a verb phrase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    pub title: String,
    pub applicability: Applicability,
    pub edits: Vec<Edit>,
}

/// One place of the story source → steps → holder.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    pub file: &'a Arc<str>,
    pub span: &'a Range<usize>,
    pub message: &'a Arc<str>,
}

/// The story source → steps → holder. Its words are shared: most keystrokes move hundreds of findings
/// and change the words of none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trail {
    /// File and message.
    words: Arc<[(Arc<str>, Arc<str>)]>,
    spans: SmallVec<[Range<usize>; 4]>,
}

impl Trail {
    pub fn new(steps: impl IntoIterator<Item = (Arc<str>, Range<usize>, Arc<str>)>) -> Trail {
        let steps = steps.into_iter();
        let (words, spans): (Vec<_>, SmallVec<_>) = steps
            .map(|(file, span, message)| ((file, message), span))
            .unzip();
        let words = words.into();
        Trail { words, spans }
    }

    pub fn iter(&self) -> impl Iterator<Item = Step<'_>> {
        let step = |((file, message), span)| Step {
            file,
            span,
            message,
        };
        self.words
            .iter()
            .map(|(file, message)| (file, message))
            .zip(&self.spans)
            .map(step)
    }

    /// The same steps at other places.
    pub fn at(&self, spans: SmallVec<[Range<usize>; 4]>) -> Trail {
        Trail {
            words: Arc::clone(&self.words),
            spans,
        }
    }
}

/// Another finding on the same endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// `DDB802`.
    pub code: &'static str,
    pub file: Arc<str>,
    pub span: Range<usize>,
}

/// One defect: what is kept, by whom, for how long, under what bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// `DDB101`.
    pub code: &'static str,
    pub severity: Severity,
    pub confidence: Confidence,
    /// Path of the file as the workspace knows it, `/` between its parts.
    pub file: Arc<str>,
    /// Qualified name of the enclosing function without `<locals>`; `<module>` at the top level.
    pub function: Arc<str>,
    /// Bytes of the file, at most the first line of the node.
    pub span: Range<usize>,
    pub message: Arc<str>,
    pub trail: Trail,
    /// Other findings on the same endpoint; known once all of a report are.
    pub related: Vec<Related>,
    pub fixes: Vec<Fix>,
    pub telling: Telling,
    /// The baseline accepts it.
    pub baselined: bool,
}

/// What findings with the same words have in common: all of them but the places' bytes and the
/// severity. It saves comparing words, and says nothing of what a finding is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Telling(Option<NonZeroU64>);

impl Telling {
    /// Another one than all before.
    pub fn new() -> Telling {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Telling(NonZeroU64::new(LAST.fetch_add(1, Ordering::Relaxed) + 1))
    }

    #[cfg(feature = "lsp")]
    pub fn number(self) -> Option<NonZeroU64> {
        self.0
    }

    /// False where either was not told by an analysis.
    pub fn same(self, other: Telling) -> bool {
        self.0.is_some() && self.0 == other.0
    }
}

impl PartialEq for Telling {
    fn eq(&self, _: &Telling) -> bool {
        true
    }
}

impl Eq for Telling {}
