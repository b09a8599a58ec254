//! What DynamoDB's libraries and the web frameworks do, as data: `queries/api.toml` and `queries/frameworks.toml`;
//! and the modules that are no project's own: `queries/modules.toml`.

use std::sync::LazyLock;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;
use smol_str::SmolStr;

use crate::value::{Kind, Role, Service, Shape};

/// The tables that are built in.
pub static API: LazyLock<Api> = LazyLock::new(|| {
    let mut api: Api = toml::from_str(include_str!("../queries/api.toml"))
        .expect("queries/api.toml is checked by a test");
    let paths = api.calls.keys().filter_map(|path| path.rsplit('.').next());
    let methods = [
        "client",
        "resource",
        "create_client",
        "batch_writer",
        "batch_write",
    ];
    api.constructors = paths.chain(methods).map(SmolStr::new).collect();
    api
});
pub static FRAMEWORKS: LazyLock<Frameworks> = LazyLock::new(|| {
    toml::from_str(include_str!("../queries/frameworks.toml"))
        .expect("queries/frameworks.toml is checked by a test")
});
pub static MODULES: LazyLock<Modules> = LazyLock::new(|| {
    toml::from_str(include_str!("../queries/modules.toml"))
        .expect("queries/modules.toml is checked by a test")
});

type Table<T> = FxHashMap<SmolStr, T>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Api {
    pub calls: Table<Result>,
    /// The last names of what makes a client, session or writer.
    #[serde(skip)]
    constructors: FxHashSet<SmolStr>,
    methods: Table<Table<Result>>,
    pub models: Table<Result>,
    attributes: Table<Table<Result>>,
    pub keys: Table<Kind>,
    annotations: Annotations,
    services: Table<Service>,
    pub read: Read,
    pub containers: Table<ContainerCall>,
    pub passes: Table<usize>,
    pub converts: Converts,
    /// Keys that grow with the users.
    pub many: Converts,
}

/// Calls that give their argument in another form.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Converts {
    /// Parts of their names.
    pub words: Vec<SmolStr>,
}

/// What a call gives.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Result {
    pub gives: Kind,
    pub service: Option<usize>,
    #[serde(default)]
    pub limited: Vec<SmolStr>,
    #[serde(default)]
    pub single: bool,
    #[serde(default)]
    pub streams: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Annotations {
    packages: Vec<SmolStr>,
    names: Table<Result>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Read {
    pub methods: Vec<SmolStr>,
    pub keywords: Vec<SmolStr>,
    pub page_keys: Vec<SmolStr>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContainerCall {
    pub shape: Shape,
    pub bound: Option<BoundArg>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoundArg {
    pub keyword: SmolStr,
    pub position: usize,
}

impl Api {
    /// What `receiver.name(...)` gives.
    pub fn method(&self, kind: Kind, service: Service, name: &str) -> Option<&Result> {
        let receiver = match (kind, service) {
            (Kind::Client, Service::Streams) => "streams",
            (Kind::Client, Service::Other) => return None,
            (Kind::Client, Service::Unknown) => {
                return self.methods["client"]
                    .get(name)
                    .or_else(|| self.methods["streams"].get(name));
            }
            (Kind::Resource, Service::Other) => return None,
            (Kind::Client, _) => "client",
            (Kind::Session, _) => "session",
            (Kind::Resource, _) => "resource",
            (Kind::Table, _) => "table",
            (Kind::Paginator, _) => "paginator",
            (Kind::PageIterator, _) => "page-iterator",
            _ => return None,
        };
        self.methods.get(receiver)?.get(name)
    }

    /// Is a client, session or writer made by a call of this name?
    pub fn is_constructor(&self, name: &str) -> bool {
        self.constructors.contains(name)
    }

    /// Does the name hold one of those, as `boto_client` does?
    pub fn has_constructor_in(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        ["client", "resource", "session"]
            .iter()
            .any(|part| name.contains(part))
    }

    /// What a method of this name gives, whoever has it.
    pub fn kind_given_by(&self, name: &str) -> Option<Kind> {
        let mut found: Vec<Kind> = self
            .methods
            .values()
            .filter_map(|table| table.get(name))
            .chain(self.models.get(name))
            .map(|result| result.gives)
            .collect();
        found.sort();
        found.dedup();
        match found[..] {
            [only] => Some(only),
            _ => None,
        }
    }

    /// `table.meta.client`: the path has a dot.
    pub fn attribute(&self, kind: Kind, path: &str) -> Option<&Result> {
        let receiver = match kind {
            Kind::Table => "table",
            Kind::Resource => "resource",
            _ => return None,
        };
        self.attributes.get(receiver)?.get(path)
    }

    pub fn annotation(&self, path: &str) -> Option<&Result> {
        let (package, name) = path.rsplit_once('.')?;
        self.annotations
            .packages
            .iter()
            .any(|known| package.starts_with(known.as_str()))
            .then(|| self.annotations.names.get(name))?
    }

    pub fn service(&self, name: &str) -> Service {
        self.services.get(name).copied().unwrap_or(Service::Other)
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Frameworks {
    /// How lines begin, and parameters, in files whose code may run for each request, event or task.
    pub entries: Vec<SmolStr>,
    /// Classes whose objects give one message after another, for ever.
    pub consumers: Vec<SmolStr>,
    roles: FxHashMap<Role, Vec<SmolStr>>,
    roles_named: FxHashMap<Role, Vec<SmolStr>>,
    methods: FxHashMap<Role, Vec<SmolStr>>,
    pub decorators: Decorators,
    pub registrars: Registrars,
    #[serde(rename = "lambda")]
    pub handlers: Handlers,
    pub objects: Table<SmolStr>,
    pub annotations: Table<SmolStr>,
    pub instances: Table<SmolStr>,
    pub responses: Responses,
    pub settings: DjangoSettings,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Decorators {
    pub routes: Vec<SmolStr>,
    pub routers: Vec<SmolStr>,
    pub request: Vec<SmolStr>,
    pub tasks: Vec<SmolStr>,
    /// Methods whose functions run for each event, of `routers` only.
    pub events: Vec<SmolStr>,
    /// Frameworks in which a route without an authorizer is open.
    pub declaring: Vec<SmolStr>,
    pub authorizers: Vec<SmolStr>,
    /// Those whose routes are open where nothing in their file asks who somebody is.
    pub applications: Vec<SmolStr>,
    /// Routers that an application hangs up.
    pub mounted: Vec<SmolStr>,
    /// Decorators of views that let everyone through, by their last name.
    pub passing_named: Vec<SmolStr>,
    pub script: Vec<SmolStr>,
    pub script_methods: Vec<SmolStr>,
    pub memoising: Vec<SmolStr>,
    /// The same, by the last name of what a project or an unknown library defines.
    pub memoising_named: Vec<SmolStr>,
    /// Of a class: there is one instance only.
    pub singleton_named: Vec<SmolStr>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Registrars {
    pub request: Vec<SmolStr>,
    pub request_methods: Vec<SmolStr>,
    /// Methods that hang up a router.
    pub mounts: Vec<SmolStr>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DjangoSettings {
    /// Middleware that lets everyone through.
    pub middleware: Vec<SmolStr>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Handlers {
    pub names: Vec<SmolStr>,
    pub first: Vec<SmolStr>,
    pub second: Vec<SmolStr>,
    /// Keys of events that say that a stack is deployed.
    pub deploying: Vec<SmolStr>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Responses {
    pub names: Vec<SmolStr>,
    /// Whose answer holds nothing of what it is given.
    pub templates: Vec<SmolStr>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Modules {
    pub standard: FxHashSet<SmolStr>,
    libraries: FxHashSet<SmolStr>,
}

impl Modules {
    /// Is a module of this one word the project's own, wherever it stands? `order_base` is; `falcon`
    /// and `email` may as well be a library's.
    pub fn is_own(&self, word: &str) -> bool {
        word.contains('_') || !self.standard.contains(word) && !self.libraries.contains(word)
    }
}

impl Frameworks {
    /// The role that a base class outside the project gives.
    pub fn role(&self, base: &str) -> Option<Role> {
        let find = |table: &FxHashMap<Role, Vec<SmolStr>>, wanted: &dyn Fn(&SmolStr) -> bool| {
            let mut roles: Vec<Role> = table
                .iter()
                .filter(|(_, patterns)| patterns.iter().any(wanted))
                .map(|(role, _)| *role)
                .collect();
            roles.sort();
            roles.first().copied()
        };
        let last = base.rsplit('.').next().unwrap_or(base);
        find(&self.roles, &|pattern| fits(pattern, base))
            .or_else(|| find(&self.roles_named, &|name| name == last))
    }

    /// Does this method of a class with this role run for each request?
    pub fn runs_per_request(&self, role: Role, method: &str) -> bool {
        self.methods
            .get(&role)
            .is_some_and(|names| names.iter().any(|name| name == method || name == "*"))
    }
}

/// Does a dotted path fit a pattern that may end in `*`?
pub fn fits(pattern: &str, path: &str) -> bool {
    pattern
        .strip_suffix('*')
        .map_or(pattern == path, |prefix| path.starts_with(prefix))
}

pub fn any_fits(patterns: &[SmolStr], path: &str) -> bool {
    patterns.iter().any(|pattern| fits(pattern, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_load() {
        assert_eq!(
            API.method(Kind::Table, Service::DynamoDb, "scan")
                .map(|result| result.gives),
            Some(Kind::Page)
        );
        assert_eq!(
            API.annotation("mypy_boto3_dynamodb.service_resource.Table")
                .map(|result| result.gives),
            Some(Kind::Table)
        );
        assert_eq!(
            FRAMEWORKS.role("django.views.generic.TemplateView"),
            Some(Role::View)
        );
        assert_eq!(FRAMEWORKS.role("pynamodb.models.Model"), Some(Role::Model));
        let own = ["storage", "json_", "json", "redis"].map(|word| MODULES.is_own(word));
        assert_eq!(own, [true, true, false, false]);
    }
}
