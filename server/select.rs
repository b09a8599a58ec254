//! Which rules count: selectors by code, group or name, in layers of which the later wins.

use crate::rules;

/// A code's beginning (`DDB1`, `DDB101`); a rule's name stands for its whole code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector(String);

impl Selector {
    /// Fails with what to tell the user.
    pub fn parse(word: &str) -> Result<Selector, String> {
        let word = word.trim();
        if let Some(entry) = rules::entry(word) {
            return Ok(Selector(entry.code.to_string()));
        }
        let code = word.to_ascii_uppercase();
        let group = |entry: &&rules::Entry| {
            code.starts_with(entry.letters()) && entry.code.starts_with(&code)
        };
        let known = rules::known();
        if known.iter().any(group) {
            return Ok(Selector(code));
        }
        let groups = known.iter();
        let groups = groups.map(|entry| &entry.code[..entry.letters().len() + 1]);
        let hint = hint(word, groups);
        Err(format!("no rule or group has this name{hint}"))
    }

    /// Of a team's rules that may not be read yet: a code or its letters.
    pub fn of_team(word: &str) -> Option<Selector> {
        let word = word.trim();
        let letters = word.trim_end_matches(|each: char| each.is_ascii_digit());
        let fits = (2..=10).contains(&letters.len())
            && letters.bytes().all(|each| each.is_ascii_uppercase())
            && !letters.starts_with("DDB");
        fits.then(|| Selector(word.to_string()))
    }

    pub fn covers(&self, code: &str) -> bool {
        code.starts_with(&self.0)
    }

    /// The code or its beginning.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One place that selects: a configuration file, or the command line. Inside of it the longer
/// selector wins: `--select DDB101 --ignore DDB1` leaves DDB101 on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// `None`: what the place before said, or what is on by default.
    pub select: Option<Vec<Selector>>,
    pub ignore: Vec<Selector>,
}

impl Selection {
    /// Does the rule count, where the places before this one said `before`?
    fn layer(&self, code: &str, before: bool) -> bool {
        let Some(select) = &self.select else {
            return before && longest(&self.ignore, code).is_none();
        };
        let ignored = longest(&self.ignore, code);
        longest(select, code).is_some_and(|length| ignored.is_none_or(|other| other < length))
    }
}

/// Does the rule count after all of these places, the strongest last?
pub fn selected<'a>(layers: impl IntoIterator<Item = &'a Selection>, code: &str) -> bool {
    let on = rules::entry(code).is_some_and(|entry| !entry.off);
    let layers = layers.into_iter();
    layers.fold(on, |before, layer| layer.layer(code, before))
}

/// The length of the longest selector that covers the code.
pub fn longest(selectors: &[Selector], code: &str) -> Option<usize> {
    let matching = selectors.iter().filter(|each| each.covers(code));
    matching.map(|each| each.0.len()).max()
}

/// `; did you mean …?`, with what is spelled most like `word` of all codes, names and `others`.
pub fn hint(word: &str, others: impl Iterator<Item = &'static str>) -> String {
    let entries = rules::known().into_iter();
    let known = entries.flat_map(|entry| [entry.code, entry.name]);
    nearest(word, known.chain(others)).map_or(String::new(), |nearest| {
        format!("; did you mean `{nearest}`?")
    })
}

/// What is spelled most like `word`.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // A word of a whole page is like none, and would take long.
    let word = clip(word).to_ascii_lowercase();
    known.min_by_key(|other| distance(&word, &other.to_ascii_lowercase()))
}

/// As much of a word as fits a message.
pub fn clip(word: &str) -> &str {
    let end = word.char_indices().nth(60).map_or(word.len(), |(at, _)| at);
    &word[..end]
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
        selected([&layer(select, ignore)], code)
    }

    fn layer(select: &[&str], ignore: &[&str]) -> Selection {
        Selection {
            select: (!select.is_empty()).then(|| selectors(select)),
            ignore: selectors(ignore),
        }
    }

    #[test]
    fn a_later_layer_selects_anew_or_takes_away() {
        let file = layer(&["DDB1"], &["DDB102"]);
        let has = |line: &Selection, code| selected([&file, line], code);
        let none = layer(&[], &[]);
        assert!(has(&none, "DDB101") && !has(&none, "DDB102") && !has(&none, "DDB301"));
        assert!(!has(&layer(&[], &["DDB"]), "DDB101"));
        let anew = layer(&["DDB102", "DDB3"], &[]);
        assert!(has(&anew, "DDB102") && has(&anew, "DDB301") && !has(&anew, "DDB101"));
    }

    #[test]
    fn what_is_off_must_be_selected() {
        assert!(!has(&[], &[], "DDB001") && has(&[], &[], "DDB002"));
        assert!(has(&["DDB0"], &[], "DDB001") && has(&["unparsed-code"], &[], "DDB001"));
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
