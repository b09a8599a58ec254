//! The tables `sources`, `containers` and `lifetimes`: what a project says of its own code.

use std::ops::Range;

use smol_str::SmolStr;

use super::{Reader, Value};
use crate::api::{BoundArg, ContainerCall, Result};
use crate::own::{Container, Life, Own};
use crate::select::{clip, nearest};
use crate::value::{Kind, Shape};

const SOURCE: [&str; 4] = ["gives", "limited", "service", "single"];
const CONTAINER: [&str; 2] = ["bound", "shape"];
const BOUND: [&str; 2] = ["keyword", "position"];

impl Reader {
    /// `"shop.repo.fetch_all" = "items"`, or a table as in `queries/api.toml`.
    pub(super) fn sources(&mut self, own: &mut Own, value: &Value) {
        let table = self.table(value, "sources");
        for (key, value) in table.into_iter().flatten() {
            let path = self.path(key.get_ref(), key.span(), false);
            if let (Some(path), Some(result)) = (path, self.source(key.get_ref(), value)) {
                own.sources.insert(path, result);
            }
        }
    }

    fn source(&mut self, key: &str, value: &Value) -> Option<Result> {
        let mut result = Result {
            gives: Kind::Items,
            service: None,
            limited: Vec::new(),
            single: false,
            streams: false,
        };
        let Some(table) = value.get_ref().as_table() else {
            let example = "a kind, such as \"items\", or a table, such as { gives = \"items\" }";
            result.gives = self.word(key, value, example, &Kind::NAMES, "kind", Kind::parse)?;
            return Some(result);
        };
        let mut gives = None;
        let before = self.problems.len();
        for (key, value) in table {
            let name: &str = key.get_ref();
            match name {
                "gives" => {
                    let kind = self.word(name, value, "a kind", &Kind::NAMES, "kind", Kind::parse);
                    gives = Some(kind?);
                }
                "limited" => {
                    let words = self.words(value, name, "a list of keywords, such as [\"limit\"]");
                    result.limited = words.into_iter().map(|(word, _)| word.into()).collect();
                }
                "service" => result.service = Some(self.position(name, value)?),
                "single" => match value.get_ref().as_bool() {
                    Some(single) => result.single = single,
                    None => self.wrong(value, name, "true or false"),
                },
                other => self.unknown(key.span(), other, &SOURCE),
            }
        }
        if gives.is_none() && self.problems.len() == before {
            let reason = format!("`{}` needs `gives`: the kind of what it gives", clip(key));
            self.problem(value.span(), reason);
        }
        result.gives = gives?;
        Some(result)
    }

    /// `"shop.cache.Recent" = "dict"`, or a table as in `queries/api.toml`.
    pub(super) fn containers(&mut self, own: &mut Own, value: &Value) {
        let table = self.table(value, "containers");
        for (key, value) in table.into_iter().flatten() {
            let path = self.path(key.get_ref(), key.span(), false);
            if let (Some(path), Some(container)) = (path, self.container(key.get_ref(), value)) {
                own.containers.insert(path, container);
            }
        }
    }

    fn container(&mut self, key: &str, value: &Value) -> Option<Container> {
        let Some(table) = value.get_ref().as_table() else {
            let example = "a shape, such as \"dict\", or a table, such as { shape = \"dict\" }";
            let shape = self.word(key, value, example, &Shape::NAMES, "shape", Shape::parse)?;
            return Some(Container {
                call: ContainerCall { shape, bound: None },
                bounded: true,
            });
        };
        let (mut shape, mut bound) = (None, None);
        let before = self.problems.len();
        for (key, value) in table {
            let name: &str = key.get_ref();
            match name {
                "shape" => {
                    let word =
                        self.word(name, value, "a shape", &Shape::NAMES, "shape", Shape::parse);
                    shape = Some(word?);
                }
                "bound" => bound = Some(self.bound(value)?),
                other => self.unknown(key.span(), other, &CONTAINER),
            }
        }
        if shape.is_none() && self.problems.len() == before {
            let reason = format!("`{}` needs `shape`: what it is like", clip(key));
            self.problem(value.span(), reason);
        }
        Some(Container {
            call: ContainerCall {
                shape: shape?,
                bound,
            },
            bounded: false,
        })
    }

    /// `{ keyword = "limit", position = 0 }`
    fn bound(&mut self, value: &Value) -> Option<BoundArg> {
        let (mut keyword, mut position) = (None, None);
        let before = self.problems.len();
        for (key, value) in self.table(value, "bound")? {
            let name: &str = key.get_ref();
            match name {
                "keyword" => match value.get_ref().as_str() {
                    Some(word) => keyword = Some(SmolStr::new(word)),
                    None => self.wrong(value, name, "the name of an argument"),
                },
                "position" => position = self.position(name, value),
                other => self.unknown(key.span(), other, &BOUND),
            }
        }
        let missing = keyword.is_none() || position.is_none();
        if missing && self.problems.len() == before {
            let reason = "`bound` needs `keyword` and `position`: where the bound stands in a call";
            self.problem(value.span(), reason.to_string());
        }
        Some(BoundArg {
            keyword: keyword?,
            position: position?,
        })
    }

    /// `view = ["acme.web.Endpoint"]`
    pub(super) fn lifetimes(&mut self, own: &mut Own, value: &Value) {
        let table = self.table(value, "lifetimes");
        for (key, value) in table.into_iter().flatten() {
            let name: &str = key.get_ref();
            let Some(life) = Life::parse(name) else {
                self.unknown(key.span(), name, &Life::NAMES);
                continue;
            };
            let wanted = "a list of dotted paths, such as [\"acme.web.Endpoint\"]";
            for (word, span) in self.words(value, name, wanted) {
                if let Some(path) = self.path(word, span, true) {
                    own.lifetimes.push((path, life));
                }
            }
        }
    }

    /// `shop.repo.fetch_all`; where `open`, also `acme.web.*`.
    fn path(&mut self, word: &str, span: Range<usize>, open: bool) -> Option<SmolStr> {
        let whole = match open {
            true => word.strip_suffix(".*").unwrap_or(word),
            false => word,
        };
        let name = |part: &str| {
            !part.is_empty()
                && !part.starts_with(|first: char| first.is_ascii_digit())
                && part
                    .chars()
                    .all(|each| each.is_alphanumeric() || each == '_')
        };
        if whole.split('.').all(name) && word.contains('.') {
            return Some(word.into());
        }
        let reason = format!(
            "`{}` is no dotted path: write the module and the name, such as `shop.repo.fetch_all`",
            clip(word)
        );
        self.problem(span, reason);
        None
    }

    fn position(&mut self, key: &str, value: &Value) -> Option<usize> {
        let number = value.get_ref().as_integer();
        let number = number.and_then(|it| u8::from_str_radix(it.as_str(), it.radix()).ok());
        if number.is_none() {
            self.wrong(value, key, "the position of an argument, from 0");
        }
        number.map(usize::from)
    }

    /// One of a few words, with the nearest right one where it is none of them.
    fn word<T>(
        &mut self,
        key: &str,
        value: &Value,
        wanted: &str,
        names: &[&str],
        what: &str,
        parse: fn(&str) -> Option<T>,
    ) -> Option<T> {
        let Some(word) = value.get_ref().as_str() else {
            self.wrong(value, key, wanted);
            return None;
        };
        let parsed = parse(word);
        if parsed.is_none() {
            let near = nearest(word, names.iter().copied()).unwrap_or_default();
            let reason = format!("`{}` is no {what}; did you mean `{near}`?", clip(word));
            self.problem(value.span(), reason);
        }
        parsed
    }
}
