//! Bytes as a configuration file, and as an editor's settings: what is wrong has its place, and nothing outside the root is read;
//! and as a file that deploys functions, which may say nothing.

use std::fs;
use std::path::Path;

use dynaleak::config::files::{Configs, mistakes};
use dynaleak::config::{Config, Form, Overrides};
use dynaleak::deployed::handlers;
use dynaleak::finding::Severity;
use dynaleak::probe::{place_of, settings};
use dynaleak::rules;
use tempfile::TempDir;

use super::input::is_in;
use super::within;

const LARGEST: usize = 64 << 10;

pub fn holds(bytes: &[u8]) {
    if bytes.len() > LARGEST {
        return;
    }
    if let Ok(value) = serde_json::from_slice(bytes) {
        settings(&value);
    }
    if let Ok(text) = str::from_utf8(bytes) {
        within("a deployment", || deploys(text));
    }
    let root = TempDir::new().expect("a folder for the configuration");
    for (name, form) in [
        ("dynaleak.toml", Form::Own),
        ("pyproject.toml", Form::PyProject),
    ] {
        if let Ok(text) = str::from_utf8(bytes) {
            within("a configuration", || parsed(text, form));
            mistakes(Path::new(name), text, &name.into());
        }
        let path = root.path().join(name);
        fs::write(&path, bytes).expect("written");
        read(root.path());
        fs::remove_file(path).expect("removed");
    }
}

/// Each function is in a file below the folder.
fn deploys(text: &str) {
    for handler in handlers(text) {
        assert!(handler.path.ends_with(".py"), "{handler:?}");
        assert!(!handler.path.starts_with('/'), "{handler:?}");
        assert!(
            !handler.path.split('/').any(|part| part == ".."),
            "{handler:?}"
        );
    }
}

fn parsed(text: &str, form: Form) {
    let Some((config, problems)) = Config::parse(text, form, Path::new("")) else {
        return;
    };
    for problem in &problems {
        assert!(is_in(text, &problem.span), "{problem:?}");
        assert!(!problem.reason.trim().is_empty(), "{problem:?}");
    }
    let again = Config::parse(text, form, Path::new("")).map(|(_, problems)| problems);
    assert_eq!(again.as_ref(), Some(&problems), "read twice");
    for said in &config.said {
        assert!(is_in(text, &(said.at..said.at)), "{said:?}");
    }
    let bounds = config.bounds();
    for bound in [bounds.queue, bounds.cache, bounds.accumulator, bounds.page] {
        assert!(bound > 0, "{bounds:?}");
    }
    for path in [
        "main.py",
        "shop/tests/test_views.py",
        "é/ü.py",
        "/etc/x.py",
        "..",
    ] {
        let path = Path::new(path);
        config.excludes(path);
        config.excludes_entry(path, true);
        let settings = config.of(path);
        for rule in rules::entries() {
            settings.has(rule.code);
            settings.severity_of(rule.code, Severity::Warning);
        }
    }
}

/// As a check finds it from a file below.
fn read(root: &Path) {
    let configs = Configs::nearest(Overrides::default());
    let file = root.join("shop/views.py");
    let above = configs.terms(&root.join("views.py"));
    assert_eq!(configs.terms(&file), above, "a folder below has the same");
    let found = configs.of_file(&file);
    for problem in &found.problems {
        assert!(!problem.reason.trim().is_empty(), "{problem:?}");
    }
    let place = place_of(&found, root);
    assert!(
        found.path.is_none() || place.path.starts_with(root) || place.is_outside(),
        "the baseline is read from outside: {}",
        place.path.display()
    );
}
