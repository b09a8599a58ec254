//! The example project: the check finds just what its EXPECTED.md says.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

#[test]
fn the_example_has_the_findings_it_promises() {
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/projects/shop");
    let expected = std::fs::read_to_string(shop.join("EXPECTED.md")).expect("readable");
    // The first table names the findings, the second one their clean twins.
    let findings = expected
        .split("\n## ")
        .find(|part| part.contains("| DDB101 |"))
        .expect("a table");
    let promised: BTreeSet<String> = findings
        .lines()
        .filter_map(|line| {
            let mut cells = line.split('|').map(str::trim).skip(1);
            let (place, code) = (cells.next()?, cells.next()?);
            code.starts_with("DDB").then(|| format!("{place} {code}"))
        })
        .collect();
    assert!(promised.len() > 40, "{promised:?}");

    let run = Command::new(env!("CARGO_BIN_EXE_dynaleak"))
        .args(["check", "--output-format", "json", "."])
        .current_dir(&shop)
        .output()
        .expect("the program runs");
    let document: serde_json::Value = serde_json::from_slice(&run.stdout).expect("JSON");
    let found: BTreeSet<String> = document["findings"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|finding| {
            let line = &finding["range"]["start"]["line"];
            format!(
                "{}:{line} {}",
                finding["file"].as_str().unwrap_or_default(),
                finding["code"].as_str().unwrap_or_default()
            )
        })
        .collect();
    assert_eq!(found, promised);
}
