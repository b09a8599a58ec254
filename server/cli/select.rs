//! Which rules count: `--select` and `--ignore`, by code, group or name.

use crate::rules;

/// A code's beginning (`DDB1`, `DDB101`); a rule's name stands for its whole code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector(String);

impl Selector {
    /// Fails with what to tell the user.
    pub fn parse(word: &str) -> Result<Selector, String> {
        let word = word.trim();
        let code = word.to_ascii_uppercase();
        if let Some(rule) = rule(word) {
            return Ok(Selector(rule.code.to_string()));
        }
        let group = |rule: &&'static rules::Rule| rule.code.starts_with(&code);
        if code.starts_with(ALL) && rules::all().iter().any(group) {
            return Ok(Selector(code));
        }
        let groups = rules::all().iter().map(|rule| &rule.code[..ALL.len() + 1]);
        let hint = hint(word, groups);
        Err(format!("no rule or group has this name{hint}"))
    }
}

/// What the command line selects. The longer selector wins: `--select DDB101 --ignore DDB1` leaves
/// DDB101 on.
pub struct Selection<'a> {
    pub select: &'a [Selector],
    pub ignore: &'a [Selector],
}

impl Selection<'_> {
    pub fn has(&self, code: &str) -> bool {
        let off = rules::find(code).is_some_and(|rule| rule.off);
        let selected = match self.select {
            [] if off => None,
            [] => Some(0),
            select => longest(select, code),
        };
        selected.is_some_and(|length| longest(self.ignore, code).is_none_or(|other| other < length))
    }
}

/// A rule by its code, in any case, or its name.
pub fn rule(word: &str) -> Option<&'static rules::Rule> {
    rules::find(&word.to_ascii_uppercase()).or_else(|| rules::find(&word.to_ascii_lowercase()))
}

/// `; did you mean …?`, with what is spelled most like `word` of all codes, names and `others`.
pub fn hint(word: &str, others: impl Iterator<Item = &'static str>) -> String {
    let word = word.to_ascii_lowercase();
    let rules = rules::all().iter();
    let nearest = rules
        .flat_map(|rule| [rule.code, rule.name])
        .chain(others)
        .min_by_key(|other| distance(&word, &other.to_ascii_lowercase()));
    nearest.map_or(String::new(), |nearest| {
        format!("; did you mean `{nearest}`?")
    })
}

/// Every code begins so.
const ALL: &str = "DDB";

fn longest(selectors: &[Selector], code: &str) -> Option<usize> {
    let matching = selectors.iter().filter(|each| code.starts_with(&each.0));
    matching.map(|each| each.0.len()).max()
}

/// How many letters to insert, delete or replace (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, a) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &b) in b.iter().enumerate() {
            let replace = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replace.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selectors(words: &[&str]) -> Vec<Selector> {
        let parsed = words.iter().map(|word| Selector::parse(word).unwrap());
        parsed.collect()
    }

    fn has(select: &[&str], ignore: &[&str], code: &str) -> bool {
        let (select, ignore) = (&selectors(select)[..], &selectors(ignore)[..]);
        Selection { select, ignore }.has(code)
    }

    #[test]
    fn the_longer_selector_wins() {
        assert!(has(&[], &[], "DDB101"));
        assert!(!has(&[], &["DDB1"], "DDB101"));
        assert!(has(&["DDB101"], &["ddb1"], "DDB101"));
        assert!(!has(&["DDB1"], &["DDB1"], "DDB101"));
        assert!(!has(&["DDB3"], &[], "DDB101"));
        assert!(has(&["process-lifetime-accumulator"], &["DDB"], "DDB101"));
    }

    #[test]
    fn unknown_selectors() {
        for word in ["D", "", "DDB9999", "nonsense", "E501"] {
            assert!(Selector::parse(word).is_err(), "{word}");
        }
        let nearest = |word| hint(word, std::iter::once("DDB1"));
        assert!(nearest("DDB1O1").contains("`DDB101`"));
        assert!(nearest("ddb1x").contains("`DDB1`"));
        assert!(nearest("proces-lifetime-acumulator").contains("`process-lifetime-accumulator`"));
    }
}
