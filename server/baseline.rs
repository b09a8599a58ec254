//! What tells a finding from others without a line number, so that it is known again after edits
//! elsewhere, after a formatter, and in another run; and the file of those that are accepted.

mod code;

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::finding::Finding;
use crate::syntax::Source;

pub use code::Codes;

/// A finding as it is known again: rule, file, function and code, none of them by place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub file: String,
    pub rule: String,
    pub function: String,
    /// The code that is flagged, without what a formatter may change.
    pub code: String,
}

impl Key {
    /// `codes` reads the finding's file; without it the message stands for the code.
    pub fn of(finding: &Finding, codes: Option<&mut Codes>) -> Key {
        let code = match codes {
            Some(codes) => codes.at(finding.span.start),
            None => finding.message.to_string(),
        };
        Key {
            file: finding.file.to_string(),
            rule: finding.code.to_string(),
            function: finding.function.to_string(),
            code,
        }
    }

    /// 16 hexadecimal digits that stay the same in all runs; `nth` tells equal ones of a file apart.
    pub fn fingerprint(&self, nth: usize) -> String {
        let Key {
            file,
            rule,
            function,
            code,
        } = self;
        let nth = nth.to_string();
        let parts = [file, rule, function, code, &nth];
        let bytes = parts.iter().flat_map(|part| part.bytes().chain([0xff]));
        // FNV-1a: hashes of maps may change with their libraries.
        let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        format!("{hash:016x}")
    }
}

/// The keys of findings, which are sorted by file.
pub fn keys<'a, 'f>(
    findings: impl IntoIterator<Item = &'f Finding>,
    source: impl Fn(&str) -> Option<&'a Source>,
) -> Vec<Key> {
    let mut keys = Vec::new();
    let mut last: Option<(&str, Option<Codes>)> = None;
    for finding in findings {
        if last
            .as_ref()
            .is_none_or(|(file, _)| *file != &*finding.file)
        {
            last = Some((&finding.file, source(&finding.file).map(Codes::new)));
        }
        let codes = last.as_mut().and_then(|(_, codes)| codes.as_mut());
        keys.push(Key::of(finding, codes));
    }
    keys
}

/// The file's name where nothing else is configured.
pub const NAME: &str = "dynaleak-baseline.jsonl";

/// The findings that are accepted, and how often each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    pub entries: BTreeMap<Key, usize>,
    /// The folders and files that were checked for it, as seen from its own folder, which is `.`.
    pub paths: BTreeSet<String>,
}

/// Where a baseline is no baseline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// From 1.
    pub line: usize,
    pub reason: String,
}

/// Of one entry: more of the same does not fit into the largest file that is analysed.
const MOST: usize = 10_000_000;

/// Of the form of the file; a later one may mean something else by the same words.
const FORMAT: u32 = 1;

/// The first line. It is the same in all versions of the file, so that it is in no merge's way.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    #[serde(rename = "dynaleak-baseline")]
    format: u32,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    paths: BTreeSet<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    file: String,
    rule: String,
    function: String,
    code: String,
    count: usize,
}

impl Baseline {
    /// Reads what [`Baseline::text`] wrote, also after a merge that kept both sides: in any order, and
    /// of entries that are there twice the larger count counts, not both.
    pub fn parse(text: &str) -> Result<Baseline, Damage> {
        let mut baseline = Baseline::default();
        let mut headed = false;
        for (index, line) in text.lines().enumerate() {
            let damage = |reason: String| Damage {
                line: index + 1,
                reason,
            };
            if line.trim().is_empty() {
                continue;
            }
            if ["<<<<<<<", "=======", ">>>>>>>", "|||||||"]
                .iter()
                .any(|mark| line.starts_with(mark))
            {
                let reason = "a merge was not finished here: keep the lines of both sides, and take out the marks";
                return Err(damage(reason.to_string()));
            }
            if let Ok(header) = serde_json::from_str::<Header>(line) {
                if header.format != FORMAT {
                    let reason = format!(
                        "this baseline has format {}, and this version of dynaleak knows format {FORMAT}",
                        header.format
                    );
                    return Err(damage(reason));
                }
                headed = true;
                baseline.paths.extend(header.paths);
                continue;
            }
            if !headed {
                return Err(damage(
                    "this is no baseline of dynaleak: the first line is not its header".to_string(),
                ));
            }
            let entry: Entry = serde_json::from_str(line)
                .map_err(|error| damage(format!("this is no entry of a baseline: {error}")))?;
            let Entry {
                file,
                rule,
                function,
                code,
                count,
            } = entry;
            let key = Key {
                file,
                rule,
                function,
                code,
            };
            if count > MOST {
                return Err(damage(format!("`count` is above {MOST}")));
            }
            let known = baseline.entries.entry(key).or_default();
            *known = count.max(*known);
        }
        if !headed {
            let reason = "this is no baseline of dynaleak: it is empty".to_string();
            return Err(Damage { line: 1, reason });
        }
        baseline.entries.retain(|_, count| *count > 0);
        Ok(baseline)
    }

    /// A line for each entry, sorted.
    pub fn text(&self) -> String {
        let header = Header {
            format: FORMAT,
            paths: self.paths.clone(),
        };
        let mut text = line(&header);
        for (key, count) in &self.entries {
            let Key {
                file,
                rule,
                function,
                code,
            } = key.clone();
            text.push_str(&line(&Entry {
                file,
                rule,
                function,
                code,
                count: *count,
            }));
        }
        text
    }

    /// How many findings it holds.
    pub fn count(&self) -> usize {
        self.entries.values().sum()
    }

    /// The entries of `now` that are not here, moved ones followed as [`Baseline::matched`] does.
    pub fn grown(&self, now: &Baseline) -> BTreeMap<Key, usize> {
        let (mut old, mut new) = (self.entries.clone(), now.entries.clone());
        for phase in Phase::ALL {
            (old, new) = (without(&old, &new, phase), without(&new, &old, phase));
        }
        new
    }

    /// Which findings are accepted, each entry as often as it counts: first those that are just as
    /// they were, then those whose file has another name, then those that are in another function of
    /// the file, then those anywhere. `free` says of an entry whether it can have moved: not where its
    /// own file was not looked at.
    pub fn matched(&self, keys: &[Key], free: impl Fn(&Key) -> bool) -> Matched {
        let mut matched = Matched {
            by: vec![None; keys.len()],
            left: self.entries.clone(),
        };
        for phase in Phase::ALL {
            if !matched.by.contains(&None) {
                break;
            }
            let left = std::mem::take(&mut matched.left);
            let mut entries: FxHashMap<_, Vec<(&Key, usize)>> = FxHashMap::default();
            for (key, count) in left.iter().rev() {
                if phase == Phase::Same || free(key) {
                    entries
                        .entry(phase.of(key))
                        .or_default()
                        .push((key, *count));
                }
            }
            let mut used: FxHashMap<&Key, usize> = FxHashMap::default();
            for (key, by) in keys.iter().zip(&mut matched.by) {
                if by.is_none()
                    && let Some(alike) = entries.get_mut(&phase.of(key))
                    && let Some((entry, count)) = alike.last_mut()
                {
                    *by = Some((*entry).clone());
                    *used.entry(entry).or_default() += 1;
                    *count -= 1;
                    if *count == 0 {
                        alike.pop();
                    }
                }
            }
            let rest = |key: &Key, count: usize| count - used.get(key).copied().unwrap_or(0);
            matched.left = (left.iter())
                .map(|(key, count)| (key.clone(), rest(key, *count)))
                .filter(|(_, count)| *count > 0)
                .collect();
        }
        matched
    }
}

/// What a baseline says of findings.
#[derive(Debug)]
pub struct Matched {
    /// Of each finding the entry that accepts it.
    pub by: Vec<Option<Key>>,
    /// What is left of the entries.
    pub left: BTreeMap<Key, usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Same,
    OtherFile,
    OtherFunction,
    Anywhere,
}

impl Phase {
    const ALL: [Phase; 4] = [
        Phase::Same,
        Phase::OtherFile,
        Phase::OtherFunction,
        Phase::Anywhere,
    ];

    /// What two keys must have in common.
    fn of(self, key: &Key) -> [&str; 4] {
        let Key {
            file,
            rule,
            function,
            code,
        } = key;
        match self {
            Phase::Same => [file, rule, function, code],
            Phase::OtherFile => ["", rule, function, code],
            Phase::OtherFunction => [file, rule, "", code],
            Phase::Anywhere => ["", rule, "", code],
        }
    }
}

/// What is left of entries when each takes one of the others that is the same by this phase.
fn without(
    entries: &BTreeMap<Key, usize>,
    others: &BTreeMap<Key, usize>,
    phase: Phase,
) -> BTreeMap<Key, usize> {
    let mut same: FxHashMap<_, usize> = FxHashMap::default();
    for (key, count) in others {
        *same.entry(phase.of(key)).or_default() += count;
    }
    let left = entries.iter().map(|(key, count)| {
        let others = same.entry(phase.of(key)).or_default();
        let both = (*count).min(*others);
        *others -= both;
        (key.clone(), count - both)
    });
    left.filter(|(_, count)| *count > 0).collect()
}

fn line(value: &impl Serialize) -> String {
    let mut line = serde_json::to_string(value).unwrap_or_default();
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(file: &str, function: &str, code: &str) -> Key {
        Key {
            file: file.into(),
            rule: "DDB101".into(),
            function: function.into(),
            code: code.into(),
        }
    }

    fn baseline(entries: &[(Key, usize)]) -> Baseline {
        Baseline {
            entries: entries.iter().cloned().collect(),
            paths: BTreeSet::from([".".to_string()]),
        }
    }

    #[test]
    fn a_fingerprint_is_the_same_in_all_runs() {
        let key = key("a.py", "f", "x");
        assert_eq!(key.fingerprint(0), key.clone().fingerprint(0));
        assert_ne!(key.fingerprint(0), key.fingerprint(1));
        assert_eq!(key.fingerprint(0).len(), 16);
    }

    #[test]
    fn what_is_written_is_read_again() {
        let one = baseline(&[
            (key("é \"a\".py", "f", "x\n"), 2),
            (key("a.py", "f", "y"), 1),
        ]);
        let text = one.text();
        assert_eq!(text.lines().count(), 3);
        assert_eq!(Baseline::parse(&text), Ok(one.clone()));
        // As a union merge leaves it: both sides' lines, in any order.
        let mut lines: Vec<&str> = text.lines().collect();
        lines[1..].reverse();
        let twice = format!(
            "{}\n{}{text}",
            lines.join("\r\n"),
            text.replace(":2}", ":3}")
        );
        let read = Baseline::parse(&twice).unwrap();
        assert_eq!(read.entries.values().copied().collect::<Vec<_>>(), [1, 3]);
    }

    #[test]
    fn damage_has_its_line() {
        let text = baseline(&[(key("a.py", "f", "x"), 1)]).text();
        for (damaged, line, reason) in [
            (String::new(), 1, "it is empty"),
            ("import boto3\n".to_string(), 1, "not its header"),
            (text[..text.len() - 5].to_string(), 2, "no entry"),
            (text.replace("count", "times"), 2, "no entry"),
            (text.replace(":1}", ":18446744073709551615}"), 2, "is above"),
            (format!("{text}<<<<<<< ours\n"), 3, "merge"),
            (text.replace(":1,\"p", ":7,\"p"), 1, "format 7"),
        ] {
            let damage = Baseline::parse(&damaged).unwrap_err();
            assert_eq!(damage.line, line, "{damaged}: {damage:?}");
            assert!(damage.reason.contains(reason), "{damaged}: {damage:?}");
        }
    }

    fn by(baseline: &Baseline, keys: &[Key]) -> Vec<bool> {
        let matched = baseline.matched(keys, |_| true);
        matched.by.iter().map(Option::is_some).collect()
    }

    #[test]
    fn each_entry_accepts_as_many_as_it_counts() {
        let one = key("a.py", "f", "x");
        let known = baseline(&[(one.clone(), 2)]);
        let three = vec![one.clone(); 3];
        assert_eq!(by(&known, &three), [true, true, false]);
        let left = known.matched(&three[..1], |_| true).left;
        assert_eq!(left, BTreeMap::from([(one, 1)]));
    }

    #[test]
    fn what_moved_is_known_again() {
        let known = baseline(&[(key("a.py", "f", "x"), 1)]);
        for (file, function, code, same) in [
            ("b.py", "f", "x", true),
            ("a.py", "g", "x", true),
            ("b.py", "g", "x", true),
            ("a.py", "f", "y", false),
        ] {
            let moved = key(file, function, code);
            assert_eq!(by(&known, &[moved]), [same], "{file} {function} {code}");
        }
        let moved = known.matched(&[key("b.py", "f", "x")], |_| false);
        assert_eq!(moved.by, [None]);
    }

    #[test]
    fn what_grew_is_counted_and_not_listed() {
        let [one, moved, other] =
            [("a.py", "x"), ("b.py", "x"), ("a.py", "y")].map(|(file, code)| key(file, "f", code));
        let old = baseline(&[(one.clone(), MOST)]);
        let new = baseline(&[(one, 2), (moved.clone(), MOST), (other.clone(), MOST)]);
        let grown = BTreeMap::from([(moved, 2), (other, MOST)]);
        assert_eq!(old.grown(&new), grown);
        assert_eq!(new.grown(&old), BTreeMap::new());
    }

    #[test]
    fn what_is_as_it_was_comes_before_what_moved() {
        let known = baseline(&[(key("b.py", "f", "x"), 1)]);
        let keys = [
            key("a.py", "f", "x"),
            key("b.py", "g", "x"),
            key("b.py", "f", "x"),
        ];
        assert_eq!(by(&known, &keys), [false, false, true]);
        assert_eq!(by(&known, &keys[..2]), [true, false]);
    }
}
