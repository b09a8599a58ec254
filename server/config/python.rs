//! The oldest Python that runs a file, which rewrites keep to.

use toml::de::{DeTable, DeValue};

/// 3.8 is `Python(3, 8)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Python(pub u8, pub u8);

/// What `target-version` takes.
pub const TARGETS: [&str; 10] = [
    "py36", "py37", "py38", "py39", "py310", "py311", "py312", "py313", "py314", "py315",
];

impl Python {
    /// `py38`, one of [`TARGETS`].
    pub fn parse(word: &str) -> Option<Python> {
        let word = TARGETS.into_iter().find(|known| *known == word)?;
        Some(Python(3, word.strip_prefix("py3")?.parse().ok()?))
    }

    /// The oldest that a `pyproject.toml` lets in: `[project] requires-python`, or Poetry's dependency
    /// `python`. `None` where it says nothing of it.
    pub fn required(pyproject: &str) -> Option<Python> {
        let (document, _) = DeTable::parse_recoverable(pyproject);
        let document = document.get_ref();
        let standard = at(document, &["project", "requires-python"]).and_then(DeValue::as_str);
        let poetry = || {
            let python = at(document, &["tool", "poetry", "dependencies", "python"])?;
            let version = || python.as_table()?.get("version")?.get_ref().as_str();
            python.as_str().or_else(version)
        };
        standard.or_else(poetry).and_then(oldest)
    }
}

fn at<'a, 'd>(table: &'a DeTable<'d>, path: &[&str]) -> Option<&'a DeValue<'d>> {
    let (last, folders) = path.split_last()?;
    let inner = folders
        .iter()
        .try_fold(table, |table, key| table.get(*key)?.get_ref().as_table());
    Some(inner?.get(*last)?.get_ref())
}

/// `>=3.8,<4` is 3.8, and so are `~=3.8.1`, `==3.8.*` and Poetry's `^3.8`; of alternatives (`||`) the oldest.
fn oldest(specifiers: &str) -> Option<Python> {
    let lower = |clause: &str| {
        let clause = clause.trim();
        let from = clause.trim_start_matches(['>', '=', '~', '^']).trim_start();
        // `<4` and `!=3.9.1` begin with what no version does.
        let mut parts = from.split('.').map(|part| part.trim_end_matches('*'));
        let major = parts.next()?.parse().ok()?;
        let minor = parts.next().filter(|part| !part.is_empty());
        Some(Python(
            major,
            minor.map_or(Some(0), |part| part.parse().ok())?,
        ))
    };
    let clauses = |all: &str| all.split(',').filter_map(lower).max();
    specifiers.split("||").map(clauses).min().flatten()
}

#[cfg(test)]
mod tests {
    use super::{Python, oldest};

    #[test]
    fn the_oldest_that_is_let_in() {
        for (specifiers, wanted) in [
            (">=3.8", Some(Python(3, 8))),
            (" >= 3.8 , < 4.0 ", Some(Python(3, 8))),
            (">=3.10,!=3.11.2", Some(Python(3, 10))),
            ("~=3.8.1", Some(Python(3, 8))),
            ("==3.12.*", Some(Python(3, 12))),
            (">3.6", Some(Python(3, 6))),
            ("^3.9", Some(Python(3, 9))),
            ("3.11", Some(Python(3, 11))),
            (">=3", Some(Python(3, 0))),
            ("^3.7 || ^3.11", Some(Python(3, 7))),
            (">=2.7, !=3.0.*", Some(Python(2, 7))),
            ("<4", None),
            ("*", None),
            ("", None),
            (">=three", None),
        ] {
            assert_eq!(oldest(specifiers), wanted, "{specifiers:?}");
        }
    }

    #[test]
    fn of_a_project_file() {
        let poetry =
            "[tool.poetry.dependencies]\npython = { version = \"^3.8\", optional = true }\n";
        for (text, wanted) in [
            (
                "[project]\nrequires-python = \">=3.8\"\n",
                Some(Python(3, 8)),
            ),
            (
                "[tool.poetry.dependencies]\npython = \"~3.9\"\n",
                Some(Python(3, 9)),
            ),
            (poetry, Some(Python(3, 8))),
            ("[project]\nrequires-python = 3\n", None),
            ("[project]\nname = \"shop\"\n", None),
            ("project = 1\n", None),
            ("[project\n", None),
        ] {
            assert_eq!(Python::required(text), wanted, "{text:?}");
        }
    }
}
