//! What a project says of its own code: calls that give DynamoDB values, containers with a bound, and
//! how long a framework of its own lets things live. The same tables as `queries/*.toml`, from its configuration.

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use crate::api::{ContainerCall, Result, fits};
use crate::value::Role;

/// Dotted paths by the word that they are given.
type Table<T> = FxHashMap<SmolStr, T>;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Own {
    /// What a function or method gives.
    pub sources: Table<Result>,
    pub containers: Table<Container>,
    /// Classes, functions and objects of a framework; paths may end in `*`.
    pub lifetimes: Vec<(SmolStr, Life)>,
}

/// What a call of a class or function makes.
#[derive(Clone, Debug, PartialEq)]
pub struct Container {
    pub call: ContainerCall,
    /// Whatever its arguments are.
    pub bounded: bool,
}

/// What a framework does with what a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// With classes that derive from it.
    Role(Role),
    /// It decorates or takes functions that run for each request, event or task.
    Handler,
    /// It decorates functions of a script.
    Command,
    /// It decorates functions that run once for each set of arguments.
    Memoised,
    /// An object, or a parameter that is declared as one: `request`, `session`, `app`.
    Object(&'static str),
}

impl Life {
    /// The keys of `[tool.dynaleak.lifetimes]`.
    pub const NAMES: [&'static str; 12] = [
        "app",
        "command",
        "handler",
        "memoised",
        "middleware",
        "per-request",
        "request",
        "script",
        "session",
        "singleton",
        "view",
        "worker",
    ];

    pub fn parse(name: &str) -> Option<Life> {
        Some(match name {
            "app" => Life::Object("app"),
            "command" => Life::Command,
            "handler" => Life::Handler,
            "memoised" => Life::Memoised,
            "middleware" => Life::Role(Role::Middleware),
            "per-request" => Life::Role(Role::PerRequest),
            "request" => Life::Object("request"),
            "script" => Life::Role(Role::Script),
            "session" => Life::Object("session"),
            "singleton" => Life::Role(Role::Singleton),
            "view" => Life::Role(Role::View),
            "worker" => Life::Role(Role::Worker),
            _ => return None,
        })
    }
}

impl Own {
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty() && self.containers.is_empty() && self.lifetimes.is_empty()
    }

    /// Adds what this does not say itself.
    pub fn join(&mut self, other: &Own) {
        for (path, result) in &other.sources {
            let known = self.sources.entry(path.clone());
            known.or_insert_with(|| result.clone());
        }
        for (path, container) in &other.containers {
            let known = self.containers.entry(path.clone());
            known.or_insert_with(|| container.clone());
        }
        for life in &other.lifetimes {
            if !self.lifetimes.contains(life) {
                self.lifetimes.push(life.clone());
            }
        }
    }

    /// The path, as the configuration writes it, of what stands in a file of the project:
    /// `shop.repo.fetch_all` of `src.shop.repo.fetch_all`, and of `repo.fetch_all` where `shop` is the root.
    /// Also of what only leads to one: `shop.repo.Repo`.
    pub fn path_of(&self, dotted: &str) -> Option<SmolStr> {
        let last = dotted.rsplit('.').next()?;
        let keys = self.sources.keys().chain(self.containers.keys());
        let keys = keys.chain(self.lifetimes.iter().map(|(path, _)| path));
        let leading = keys
            .filter(|key| key.contains(last))
            .flat_map(|key| beginnings(key));
        leading
            .filter(|path| means(path, dotted))
            .max_by_key(|path| path.len())
            .map(SmolStr::new)
    }

    pub fn role(&self, path: &str) -> Option<Role> {
        self.lives(path).find_map(|life| match life {
            Life::Role(role) => Some(role),
            _ => None,
        })
    }

    pub fn object(&self, path: &str) -> Option<&'static str> {
        self.lives(path).find_map(|life| match life {
            Life::Object(object) => Some(object),
            _ => None,
        })
    }

    pub fn is(&self, path: &str, wanted: Life) -> bool {
        self.lives(path).any(|life| life == wanted)
    }

    fn lives(&self, path: &str) -> impl Iterator<Item = Life> {
        let named = self.lifetimes.iter();
        let named = named.filter(move |(key, _)| tails(path).any(|tail| fits(key, tail)));
        named.map(|(_, life)| *life)
    }

    /// The words of its sources, those that a file must hold one of first: `fetch_all`, then `shop` and `repo`.
    pub fn words(&self) -> Vec<(&str, Vec<&str>)> {
        let mut words: Vec<(&str, Vec<&str>)> = (self.sources.keys())
            .filter_map(|path| {
                let (holder, name) = path.rsplit_once('.')?;
                Some((name, holder.split('.').collect()))
            })
            .collect();
        words.sort();
        words
    }

    /// All parts of all paths, for whoever draws a line around them.
    pub fn parts(&self) -> FxHashSet<&str> {
        self.sources
            .keys()
            .flat_map(|path| path.split('.'))
            .collect()
    }
}

/// `shop.repo` and `shop.repo.fetch_all` of the latter.
fn beginnings(key: &str) -> impl Iterator<Item = &str> {
    let key = key.trim_end_matches(['*', '.']);
    let ends = key.match_indices('.').map(|(at, _)| at).chain([key.len()]);
    ends.skip(1).map(|end| &key[..end])
}

/// `a.b.c` and `b.c`.
fn tails(dotted: &str) -> impl Iterator<Item = &str> {
    let starts = dotted.match_indices('.').map(|(at, _)| at + 1);
    let starts: Vec<usize> = [0].into_iter().chain(starts).collect();
    let most = starts.len().max(2) - 1;
    starts.into_iter().take(most).map(|start| &dotted[start..])
}

/// Is this path, of the configuration, that one, of a file as the project's root sees it?
fn means(path: &str, dotted: &str) -> bool {
    let ends = |long: &str, short: &str| {
        long.strip_suffix(short)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    ends(dotted, path) || dotted.contains('.') && ends(path, dotted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_as_the_root_sees_them() {
        let mut own = Own::default();
        let result = Result {
            gives: crate::value::Kind::Items,
            service: None,
            limited: Vec::new(),
            single: false,
            streams: false,
        };
        own.sources.insert("shop.repo.Repo.all".into(), result);
        let life = Life::Role(Role::View);
        own.lifetimes.push(("acme.web.*".into(), life));
        let path = |dotted| own.path_of(dotted);
        for dotted in ["shop.repo.Repo", "src.shop.repo.Repo", "repo.Repo"] {
            assert_eq!(path(dotted).as_deref(), Some("shop.repo.Repo"), "{dotted}");
        }
        assert_eq!(
            path("shop.repo.Repo.all").as_deref(),
            Some("shop.repo.Repo.all")
        );
        for dotted in ["shop.repo.Other", "myshop.xrepo.Repo", "Repo", "other.Repo"] {
            assert_eq!(path(dotted), None, "{dotted}");
        }
        assert_eq!(own.role("src.acme.web.Endpoint"), Some(Role::View));
        assert_eq!(own.role("acme.webs.Endpoint"), None);
        assert!(Life::NAMES.iter().all(|name| Life::parse(name).is_some()));
    }
}
