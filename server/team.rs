//! A team's own rules: a query and its page become a rule like the built-in ones.
//!
//! Nothing is read here; `config/team.rs` reads the files. A rule is kept for the life of the process,
//! once for each text, because findings name it; the process sees as many as somebody writes.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{LazyLock, Mutex, PoisonError};

use tree_sitter::{CaptureQuantifier, Language, Query, QueryErrorKind, QueryPredicateArg};

use crate::analysis::predicates::PREDICATES;
use crate::analysis::render::Page;
use crate::analysis::{Cx, Verdict};
use crate::finding::{Effect, Severity};
use crate::query::predicates_in;
use crate::rules::{self, Rule};
use crate::select::{clip, nearest};
use crate::value::{Kind, Shape};

/// What is wrong in one of a rule's two files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub file: In,
    /// In bytes of that file.
    pub span: Range<usize>,
    pub reason: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum In {
    Query,
    Page,
}

/// The rule that a query and its page make, or all that is wrong with them.
pub fn rule(stem: &str, query: &str, page: &str) -> Result<&'static Rule, Vec<Fault>> {
    let mut faults = Vec::new();
    let head = Head::read(page, &mut faults);
    check(query, &mut faults);
    let Some(head) = head.filter(|_| faults.is_empty()) else {
        return Err(faults);
    };
    static KEPT: LazyLock<Mutex<HashMap<[String; 3], &'static Rule>>> =
        LazyLock::new(Mutex::default);
    let key = [stem, query, page].map(str::to_string);
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(kept
        .entry(key)
        .or_insert_with(|| head.rule(stem, query, page)))
}

/// What a page says above its text.
struct Head<'a> {
    code: &'a str,
    name: &'a str,
    message: String,
    severity: Severity,
    effect: Effect,
    off: bool,
}

const KEYS: [&str; 4] = ["default", "effect", "message", "severity"];
const EFFECTS: [Effect; 6] = [
    Effect::Churn,
    Effect::DataLoss,
    Effect::Exposure,
    Effect::Leak,
    Effect::Peak,
    Effect::Wrong,
];
const SEVERITIES: [Severity; 3] = [Severity::Error, Severity::Info, Severity::Warning];
/// What a message may name in braces.
const PLACES: [&str; 4] = ["finding", "holder", "source", "value"];

impl<'a> Head<'a> {
    fn read(page: &'a str, faults: &mut Vec<Fault>) -> Option<Head<'a>> {
        let mut fault = |span: Range<usize>, reason: String| {
            faults.push(Fault {
                file: In::Page,
                span,
                reason,
            });
        };
        let Some((front, body)) = parted(page) else {
            let reason = "a rule's page begins with `---`, then `message: …`, then `---`";
            fault(0..0, reason.to_string());
            return None;
        };
        let mut head = Head {
            code: "",
            name: "",
            message: String::new(),
            severity: Severity::Warning,
            effect: Effect::Leak,
            off: false,
        };
        let mut at = front.start;
        for line in page[front.clone()].split_inclusive('\n') {
            let start = at;
            at += line.len();
            let line = line.trim_end();
            if line.trim_start().is_empty() || line.trim_start().starts_with('#') {
                continue;
            }
            let span = start..start + line.len();
            let Some((key, value)) = line.split_once(':') else {
                fault(span, format!("`{}`: write `key: value`", clip(line)));
                continue;
            };
            let value = unquoted(value.trim());
            let wrong = match key.trim() {
                "message" => {
                    head.message = value.to_string();
                    wrong_message(value)
                }
                "severity" => chosen(&mut head.severity, value, &SEVERITIES, Severity::name),
                "effect" => chosen(&mut head.effect, value, &EFFECTS, Effect::name),
                "default" => chosen(&mut head.off, value, &[true, false], default),
                other => {
                    let near = nearest(other, KEYS.into_iter()).unwrap_or_default();
                    Some(format!(
                        "unknown key `{}`; did you mean `{near}`?",
                        clip(other)
                    ))
                }
            };
            if let Some(wrong) = wrong {
                fault(span, wrong);
            }
        }
        if head.message.is_empty() {
            fault(
                front.start..front.start,
                "`message` is missing: the fact and its consequence, in a sentence".to_string(),
            );
        }
        let text = &page[body..];
        let start = body + (text.len() - text.trim_start().len());
        let title = page[start..].lines().next().unwrap_or_default();
        let named = title
            .strip_prefix("# ")
            .and_then(|title| title.split_once(": "));
        let Some((code, name)) = named else {
            let reason =
                "the page's title gives the rule's code and name: `# SHOP101: no-items-in-globals`";
            fault(start..start + title.len(), reason.to_string());
            return None;
        };
        (head.code, head.name) = (code, name.trim());
        if let Some(reason) = wrong_code(code).or_else(|| wrong_name(head.name)) {
            fault(start..start + title.len(), reason);
        }
        Some(head)
    }

    fn rule(self, stem: &str, query: &str, page: &str) -> &'static Rule {
        let kept = |text: &str| -> &'static str { Box::leak(text.into()) };
        Box::leak(Box::new(Rule {
            code: kept(self.code),
            name: kept(self.name),
            stem: kept(stem),
            effect: self.effect,
            severity: self.severity,
            categories: &[],
            off: self.off,
            query: kept(query),
            page: kept(page),
            template: kept(&self.message),
            tell,
            message,
            rewrite: |_, _| {},
        }))
    }
}

/// The bytes between the first two lines `---`, and where the text behind them begins.
pub fn parted(page: &str) -> Option<(Range<usize>, usize)> {
    let mark = if page.starts_with('\u{feff}') { 3 } else { 0 };
    let mut at = mark;
    let mut from = None;
    for line in page[mark..].split_inclusive('\n') {
        let rule = line.trim_end() == "---";
        match from {
            None if !rule => return None,
            None => from = Some(at + line.len()),
            Some(from) if rule => return Some((from..at, at + line.len())),
            Some(_) => {}
        }
        at += line.len();
    }
    None
}

fn unquoted(value: &str) -> &str {
    let inner = |quote| value.strip_prefix(quote)?.strip_suffix(quote);
    inner('"').or_else(|| inner('\'')).unwrap_or(value)
}

fn chosen<T: Copy>(
    field: &mut T,
    value: &str,
    all: &[T],
    name: fn(T) -> &'static str,
) -> Option<String> {
    if let Some(chosen) = all.iter().find(|each| name(**each) == value) {
        *field = *chosen;
        return None;
    }
    let names: Vec<&str> = all.iter().map(|each| name(*each)).collect();
    Some(format!("`{}` is none of {}", clip(value), names.join(", ")))
}

fn default(off: bool) -> &'static str {
    match off {
        true => "off",
        false => "on",
    }
}

fn wrong_message(message: &str) -> Option<String> {
    let mut rest = message;
    while let Some((_, behind)) = rest.split_once('{') {
        let Some((name, behind)) = behind.split_once('}') else {
            return Some("a `{` without its `}`".to_string());
        };
        if !PLACES.contains(&name) {
            let near = nearest(name, PLACES.into_iter()).unwrap_or_default();
            return Some(format!(
                "`{{{}}}` stands for nothing; did you mean `{{{near}}}`?",
                clip(name)
            ));
        }
        rest = behind;
    }
    None
}

fn wrong_code(code: &str) -> Option<String> {
    let digits = code.trim_start_matches(|each: char| each.is_ascii_uppercase());
    let letters = code.len() - digits.len();
    let fits = (2..=10).contains(&letters)
        && (1..=5).contains(&digits.len())
        && digits.bytes().all(|each| each.is_ascii_digit());
    if !fits {
        return Some(format!(
            "`{}` is no code: write some capital letters and a number, such as `SHOP101`",
            clip(code)
        ));
    }
    (&code[..letters] == "DDB")
        .then(|| format!("`{code}`: codes that begin with DDB are dynaleak's own"))
}

fn wrong_name(name: &str) -> Option<String> {
    let fits = name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .bytes()
            .all(|each| each.is_ascii_lowercase() || each.is_ascii_digit() || each == b'-');
    if !fits {
        return Some(format!(
            "`{}` is no name: write small letters and `-`, such as `no-items-in-globals`",
            clip(name)
        ));
    }
    let known = rules::built_in(name);
    known.map(|entry| format!("`{name}` is the name of {}", entry.code))
}

/// Tree-sitter's time for a query grows with the cube of them: 20 take a tenth of a second, 100 half a
/// minute.
const REPEATS: usize = 20;

/// Where parts are repeated or left out: `(_)*`, `"x"+`, `[…]?`.
fn repeats(source: &str) -> impl Iterator<Item = usize> {
    let mut last = ' ';
    code(source).filter_map(move |(at, each)| {
        let repeat = matches!(each, '*' | '+' | '?') && matches!(last, ')' | ']' | '"' | '_');
        if !each.is_whitespace() {
            last = each;
        }
        repeat.then_some(at)
    })
}

/// What is not in a comment or between quotes, with its place.
fn code(source: &str) -> impl Iterator<Item = (usize, char)> {
    let (mut text, mut comment, mut escaped) = (false, false, false);
    source.char_indices().filter(move |&(_, each)| {
        if comment {
            comment = each != '\n';
            return false;
        }
        if text {
            text = escaped || each != '"';
            escaped = !escaped && each == '\\';
            return !text;
        }
        text = each == '"';
        comment = each == ';';
        !comment
    })
}

/// What is wrong in a query.
fn check(source: &str, faults: &mut Vec<Fault>) {
    let mut fault = |span: Range<usize>, reason: String| {
        faults.push(Fault {
            file: In::Query,
            span,
            reason,
        });
    };
    let mut repeated = repeats(source);
    if let Some(at) = repeated.nth(REPEATS) {
        let reason =
            format!("more than {REPEATS} parts with `*`, `+` or `?`: it would take too long");
        return fault(at..at + 1, reason);
    }
    // tree-sitter ends the process on a predicate in a pattern's place: `left: (#eq? @a "b")`.
    if let Some(span) = misplaced(source) {
        let reason =
            "a predicate stands behind the pattern that it asks about, in the same brackets";
        return fault(span, reason.to_string());
    }
    let language: Language = tree_sitter_python::LANGUAGE.into();
    let query = match Query::new(&language, source) {
        Ok(query) => query,
        Err(error) => {
            // Of a text predicate only the line is known.
            let at = match error.kind {
                QueryErrorKind::Predicate => source
                    .split_inclusive('\n')
                    .take(error.row)
                    .map(str::len)
                    .sum(),
                _ => error.offset.min(source.len()),
            };
            let said = error.message.lines().next().unwrap_or_default();
            let said = said.trim_matches('"');
            let reason = match error.kind {
                QueryErrorKind::NodeType => {
                    format!("Python's grammar has no node `{said}`")
                }
                QueryErrorKind::Field => {
                    format!("Python's grammar has no field `{said}`")
                }
                QueryErrorKind::Capture => format!(
                    "no part of the pattern is called `@{}`",
                    said.trim_start_matches('@')
                ),
                QueryErrorKind::Structure => "no Python looks like this pattern".to_string(),
                QueryErrorKind::Syntax => {
                    if let Some(open) = unclosed(source) {
                        return fault(open..open + 1, "this bracket is not closed".to_string());
                    }
                    "this is no pattern".to_string()
                }
                _ => error.message.replace('\n', " "),
            };
            return fault(at..at, reason);
        }
    };
    if query.pattern_count() == 0 {
        return fault(0..0, "it holds no pattern".to_string());
    }
    let finding = query.capture_index_for_name("finding");
    for pattern in 0..query.pattern_count() {
        let start = query.start_byte_for_pattern(pattern);
        let end = query.end_byte_for_pattern(pattern).min(source.len());
        let captured = finding.is_some_and(|finding| {
            let quantifiers = query.capture_quantifiers(pattern);
            !matches!(
                quantifiers.get(finding as usize),
                None | Some(CaptureQuantifier::Zero)
            )
        });
        if !captured {
            fault(
                start..start,
                "the pattern reports nothing: call a part of it `@finding`".to_string(),
            );
        }
        if let Some(root) = rootless(&source[start..end]) {
            let reason = format!(
                "a pattern looks at one function, method or statement at a time: it cannot begin with `({root}`"
            );
            fault(start..start, reason);
        }
        for predicate in query.general_predicates(pattern) {
            let written = predicates_in(&source[start..end]);
            let operator = predicate.operator.trim_end_matches('?');
            let place = |word: &str| {
                let named =
                    |(_, name): &&(Range<usize>, &str)| name.trim_end_matches('?') == operator;
                let holds = |(span, _): &&(Range<usize>, &str)| {
                    source[start..end][span.clone()].contains(word)
                };
                let mut same = written.iter().filter(named);
                let found = same
                    .find(holds)
                    .map(|(span, _)| start + span.start..start + span.end);
                found.unwrap_or(start..start)
            };
            let name = operator.strip_prefix("not-").unwrap_or(operator);
            let Some(known) = PREDICATES.iter().find(|known| known.name == name) else {
                let own = PREDICATES.iter().map(|known| known.name);
                let near = nearest(name, own.chain(["any-of", "eq", "match"])).unwrap_or_default();
                fault(
                    place(""),
                    format!(
                        "no predicate is called `#{}?`; did you mean `#{near}?`?",
                        clip(operator)
                    ),
                );
                continue;
            };
            let Signature {
                captures,
                words: takes,
                text: signature,
            } = Signature::new(known.doc);
            let given = (predicate.args.iter())
                .take_while(|arg| matches!(arg, QueryPredicateArg::Capture(_)));
            let rest = &predicate.args[given.count().min(captures)..];
            if predicate.args.len() - rest.len() < captures {
                let reason = format!("`#{operator}?` asks about a capture: write `{signature}`");
                fault(place(""), reason);
                continue;
            }
            let Some(words) = words_of(known.name) else {
                match (takes, rest) {
                    (Words::None, [_, ..]) => {
                        let reason = format!("`#{operator}?` takes no more: write `{signature}`");
                        fault(place(""), reason);
                    }
                    (Words::Some, []) => {
                        let reason = format!("`#{operator}?` needs more: write `{signature}`");
                        fault(place(""), reason);
                    }
                    _ => {}
                }
                continue;
            };
            for word in rest {
                let QueryPredicateArg::String(word) = word else {
                    continue;
                };
                if !words.contains(&&**word) {
                    let near = nearest(word, words.iter().copied()).unwrap_or_default();
                    let known = match words.len() {
                        ..=FEW => format!(", only {}", words.join(", ")),
                        _ => format!("; did you mean `{near}`?"),
                    };
                    let reason = format!("`#{operator}?` does not know `{}`{known}", clip(word));
                    fault(place(word), reason);
                }
            }
            if rest.is_empty() && matches!(takes, Words::Some) {
                fault(
                    place(""),
                    format!("`#{operator}?` needs one of {}", words.join(", ")),
                );
            }
        }
    }
}

/// As many words are all named where one is wrong.
const FEW: usize = 10;

/// Does a predicate take words?
enum Words {
    None,
    May,
    Some,
}

/// How a predicate is written, as its description begins: `` `#imports? @name path…` ``.
struct Signature<'a> {
    text: &'a str,
    /// So many come first.
    captures: usize,
    words: Words,
}

impl Signature<'_> {
    fn new(doc: &str) -> Signature<'_> {
        let text = doc.split('`').nth(1).unwrap_or_default();
        let asked = text.split(' ').skip(1);
        let (captures, words): (Vec<&str>, Vec<&str>) =
            asked.partition(|word| word.starts_with('@'));
        let words = match words.first() {
            None => Words::None,
            Some(word) if word.starts_with('[') => Words::May,
            Some(_) => Words::Some,
        };
        Signature {
            text,
            captures: captures.len(),
            words,
        }
    }
}

/// The node that a pattern begins with, where that is none of those that are looked at.
fn rootless(pattern: &str) -> Option<&'static str> {
    let pattern =
        pattern.trim_start_matches(|each: char| each.is_whitespace() || "([".contains(each));
    let begins = |root: &&str| {
        let behind = pattern.strip_prefix(*root);
        behind.is_some_and(|rest| {
            !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_')
        })
    };
    ["module", "class_definition"].into_iter().find(begins)
}

/// The last bracket that nothing closes.
fn unclosed(source: &str) -> Option<usize> {
    let mut open = Vec::new();
    for (at, each) in code(source) {
        match each {
            '(' | '[' => open.push(at),
            ')' | ']' => drop(open.pop()),
            _ => {}
        }
    }
    open.pop()
}

/// The first predicate with no pattern before it in its own round brackets.
fn misplaced(source: &str) -> Option<Range<usize>> {
    // Of each bracket that is open: is it a round one, and holds it something?
    let mut open: Vec<(bool, bool)> = Vec::new();
    // Where a round bracket is that nothing stands in so far.
    let mut opened: Option<usize> = None;
    let mut field = false;
    for (at, each) in code(source) {
        match each {
            ' ' | '\t' | '\r' | '\n' => continue,
            '(' | '[' => {
                open.push((each == '(', false));
                opened = (each == '(').then_some(at);
                continue;
            }
            ')' | ']' => {
                open.pop();
            }
            '#' => {
                let around = open.len().checked_sub(2).and_then(|outer| open.get(outer));
                let behind = !field && around == Some(&(true, true));
                if let Some(bracket) = opened.filter(|_| !behind) {
                    return Some(bracket..at + 1);
                }
            }
            _ => {}
        }
        opened = None;
        field = each == ':';
        if let Some((_, filled)) = open.last_mut() {
            *filled = true;
        }
    }
    None
}

/// The words that a predicate chooses from.
fn words_of(predicate: &str) -> Option<&'static [&'static str]> {
    Some(match predicate {
        "kind" | "exactly" | "built" | "returns" | "inherits" => &Kind::NAMES,
        "shape" => &Shape::NAMES,
        "lives" => &[
            "call", "request", "session", "instance", "process", "unknown",
        ],
        "memoised" => &["request"],
        "held-by" => &[
            "local", "module", "instance", "class", "default", "function", "request", "session",
            "thread", "app",
        ],
        _ => return None,
    })
}

fn tell(cx: &Cx, verdict: &mut Verdict) {
    rules::stored(cx, verdict);
    if verdict.story.value.is_none() {
        rules::read(cx, verdict);
    }
    verdict.story.value_span = cx.span_of("value");
}

fn message(page: &Page, verdict: &Verdict) -> String {
    let mut message = String::new();
    let mut rest = verdict.rule.template;
    while let Some((before, behind)) = rest.split_once('{') {
        let Some((name, behind)) = behind.split_once('}') else {
            break;
        };
        message.push_str(before);
        let quoted = |text: String| format!("`{text}`");
        message.push_str(&match name {
            "finding" => quoted(page.finding_text(verdict)),
            "holder" => page.holder(verdict),
            "source" => page.source(verdict),
            _ => match verdict
                .story
                .value_span
                .and_then(|span| page.text_at(verdict, span))
            {
                Some(text) => quoted(text),
                None => "it".to_string(),
            },
        });
        rest = behind;
    }
    message + rest
}
