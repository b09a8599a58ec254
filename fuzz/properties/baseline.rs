//! A baseline, then below lines of `%%` what `dynaleak merge` is given: read whole, or refused with a reason.

use dynaleak::baseline::{Baseline, Key};
use dynaleak::probe::joined;
use serde::de::IgnoredAny;

use super::within;

const LARGEST: usize = 64 << 10;

pub fn holds(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else {
        return;
    };
    if text.len() > LARGEST {
        return;
    }
    let mut parts = text.split("\n%%\n");
    let accepted = parts.next().unwrap_or_default();
    within("a baseline", || read(accepted));
    let outputs: Vec<(String, String)> = (parts.enumerate())
        .map(|(nth, part)| (format!("{nth}.json"), part.to_string()))
        .collect();
    if !outputs.is_empty() {
        within("a merge", || merged(outputs));
    }
}

fn read(text: &str) {
    let baseline = match Baseline::parse(text) {
        Ok(baseline) => baseline,
        Err(damage) => {
            let lines = 1..=text.lines().count().max(1);
            assert!(lines.contains(&damage.line), "{damage:?}");
            assert!(!damage.reason.trim().is_empty(), "{damage:?}");
            return;
        }
    };
    let again = Baseline::parse(&baseline.text());
    assert_eq!(again.as_ref(), Ok(&baseline), "written and read again");
    baseline.count();
    let keys: Vec<Key> = baseline.entries.keys().cloned().collect();
    let matched = baseline.matched(&keys, |_| true);
    assert!(matched.by.iter().all(Option::is_some), "its own findings");
    let elsewhere: Vec<Key> = (keys.into_iter())
        .map(|key| Key {
            file: format!("moved/{}", key.file),
            ..key
        })
        .collect();
    let matched = baseline.matched(&elsewhere, |_| true);
    assert!(matched.by.iter().all(Option::is_some), "what moved");
}

fn merged(outputs: Vec<(String, String)>) {
    let [written, lines] = match joined(outputs) {
        Ok(printed) => printed,
        Err(problems) => {
            assert!(!problems.is_empty());
            for problem in problems {
                assert!(!problem.trim().is_empty());
            }
            return;
        }
    };
    assert!(str::from_utf8(&lines).is_ok());
    let written = String::from_utf8(written).expect("UTF-8");
    // Numbers of any size are JSON.
    let parsed: Result<IgnoredAny, _> = serde_json::from_str(&written);
    assert!(parsed.is_ok(), "no JSON: {written}");
    // What is joined can be joined again, and stays as it is.
    match joined(vec![("joined.json".to_string(), written.clone())]) {
        Ok([again, _]) => {
            // A fraction, which dynaleak writes nowhere, may change in its last digits.
            let again = String::from_utf8_lossy(&again);
            assert_eq!(undigited(&again), undigited(&written), "joined again");
        }
        Err(problems) => panic!("not joined again: {problems:?}\n{written}"),
    }
}

fn undigited(text: &str) -> String {
    text.chars().filter(|each| !each.is_ascii_digit()).collect()
}
