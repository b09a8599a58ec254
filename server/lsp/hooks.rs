//! What the server's own tests switch on with `--test-hooks`: a rule that panics, and slow requests.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use crate::finding::{Category, Effect, Severity};
use crate::query::Rules;
use crate::rules::{self, Rule};

/// `dynaleak_test_panic()` in a file makes this rule panic there.
static PANICS: LazyLock<Rule> = LazyLock::new(|| Rule {
    code: "DDB000",
    name: "test-panic",
    stem: "test_panic",
    effect: Effect::Wrong,
    severity: Severity::Info,
    categories: &[Category::UC],
    off: false,
    query: "((call function: (identifier) @_name) @finding (#eq? @_name \"dynaleak_test_panic\"))",
    page: "# DDB000: test-panic",
    template: "",
    tell: |_, _| panic!("asked for by a test"),
    message: |_, _| String::new(),
    rewrite: |_, _| {},
});

pub const SLEEP: &str = "dynaleak.test.sleep";
pub const HANG: &str = "dynaleak.test.hang";
pub const PANIC: &str = "dynaleak.test.panic";
pub const REQUEST: &str = "dynaleak.test.request";

pub fn rules() -> Result<Arc<Rules>, String> {
    let mut sources: Vec<(&'static Rule, String)> = (rules::all().iter())
        .map(|rule| (*rule, rule.query.to_string()))
        .collect();
    sources.push((&*PANICS, PANICS.query.to_string()));
    Rules::new(&sources).map(Arc::new)
}

/// As long as the first argument says, in milliseconds; on a thread that may block.
pub async fn sleep(milliseconds: u64) {
    let wait = Duration::from_millis(milliseconds);
    let _ = tokio::task::spawn_blocking(move || std::thread::sleep(wait)).await;
}
