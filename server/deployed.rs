//! Which functions run for each event, by the files that deploy them: AWS SAM's `template.yaml` and the
//! Serverless Framework's `serverless.yml`. They say too which of them answer whoever asks.

use rustc_hash::FxHashMap;
use saphyr_parser::{Event, Parser};
use smol_str::SmolStr;

use crate::value::FileId;
use crate::workspace::world::file_id;

/// Larger files are left out, in bytes.
pub const LARGEST: u64 = 1 << 20;

/// As deep as a file may be nested that counts.
const DEEPEST: usize = 32;

/// A function that is deployed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handler {
    /// Its file, seen from the folder of the one that deploys it: `src/orders/list.py`.
    pub path: String,
    pub name: SmolStr,
    /// It has a route over HTTP, and no authorizer or key is asked for.
    pub open: bool,
}

/// What is deployed of a project: each function, and whether it is open.
#[derive(Debug, Default)]
pub struct Deployed(FxHashMap<FileId, Vec<(SmolStr, bool)>>);

impl Deployed {
    /// Adds a function of the file of this name.
    pub fn add(&mut self, file: &str, name: SmolStr, open: bool) {
        self.0.entry(file_id(file)).or_default().push((name, open));
    }

    /// Of a function that is deployed: is it open to all, by any of its routes?
    pub fn is_open(&self, file: FileId, name: &str) -> Option<bool> {
        let of = self.0.get(&file)?.iter().filter(|(its, _)| its == name);
        of.map(|(_, open)| *open).max()
    }
}

/// Is a file of this name one that deploys functions?
pub fn is_deployment(name: &str) -> bool {
    let Some((stem, "yaml" | "yml")) = name.rsplit_once('.') else {
        return false;
    };
    matches!(stem, "template" | "serverless")
}

/// What a file says that deploys functions; nothing where it is none, or no YAML.
pub fn handlers(text: &str) -> Vec<Handler> {
    let Some(document) = read(text) else {
        return Vec::new();
    };
    match document.get("Resources") {
        Some(resources) => of_sam(&document, resources),
        None => of_serverless(&document),
    }
}

fn of_sam(document: &Node, resources: &Node) -> Vec<Handler> {
    let globals = |kind: &str| document.at(&["Globals", kind]);
    let common = globals("Function");
    let is = |resource: &Node, kind: &str| resource.text("Type") == Some(kind);
    let asks = |api: &Node| {
        // Of a definition elsewhere nobody here can tell.
        let told = ["Auth", "DefinitionBody", "DefinitionUri", "OpenApiVersion"];
        let endpoint = api.get("EndpointConfiguration");
        let private = |it: &Node| [it.as_text(), it.text("Type")].contains(&Some("PRIVATE"));
        told.iter().any(|key| api.get(key).is_some()) || endpoint.is_some_and(private)
    };
    let apis = ["AWS::Serverless::Api", "AWS::Serverless::HttpApi"];
    let guarded = ["Api", "HttpApi"].into_iter().filter_map(globals).any(asks)
        || resources.values().any(|it| {
            apis.iter().any(|kind| is(it, kind)) && it.get("Properties").is_some_and(asks)
        });
    let handler = |resource: &Node| {
        let own = resource.get("Properties")?;
        let said = |key: &str| own.text(key).or_else(|| common?.text(key));
        let handler = said("Handler")?;
        let open = own.get("Events").is_some_and(|events| {
            events.values().any(|event| {
                let routed = matches!(event.text("Type"), Some("Api" | "HttpApi"));
                let auth = event.at(&["Properties", "Auth"]);
                let none = auth.is_some_and(|auth| auth.text("Authorizer") == Some("NONE"));
                routed && (none || auth.is_none() && !guarded)
            })
        });
        let url = own.at(&["FunctionUrlConfig", "AuthType"]);
        let url = url.is_some_and(|auth| auth.as_text() == Some("NONE"));
        found(said("CodeUri").unwrap_or_default(), handler, open || url)
    };
    let functions = resources
        .values()
        .filter(|it| is(it, "AWS::Serverless::Function"));
    functions.filter_map(handler).collect()
}

fn of_serverless(document: &Node) -> Vec<Handler> {
    let handler = |function: &Node| {
        let handler = function.text("handler")?;
        let routed = |event: &Node| {
            ["http", "httpApi"].iter().any(|kind| {
                event.get(kind).is_some_and(|route| {
                    let asks = ["authorizer", "private"];
                    !asks.iter().any(|key| route.get(key).is_some())
                })
            })
        };
        let events = function.get("events");
        let open = events.is_some_and(|events| events.items().any(routed))
            || function.text("url") == Some("true");
        found("", handler, open)
    };
    let functions = document.get("functions").into_iter();
    // A mapping, or a list of such.
    let functions =
        functions.flat_map(|all| all.values().chain(all.items().flat_map(Node::values)));
    let mut found: Vec<Handler> = functions.filter_map(handler).collect();
    // What the whole service asks for.
    let guards = ["resourcePolicy", "apiKeys"];
    let asks = |key: &&str| document.at(&["provider", "apiGateway", key]).is_some();
    let endpoint = document.at(&["provider", "endpointType"]);
    if guards.iter().any(asks) || endpoint.and_then(Node::as_text) == Some("PRIVATE") {
        found.iter_mut().for_each(|handler| handler.open = false);
    }
    found
}

/// `app.orders.list_all` in `src`: the function `list_all` of `src/app/orders.py`.
fn found(folder: &str, handler: &str, open: bool) -> Option<Handler> {
    let (module, name) = handler.rsplit_once('.')?;
    let module = module.replace('.', "/");
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(module.split('/')) {
        match part {
            "" | "." => {}
            ".." => _ = parts.pop()?,
            part => parts.push(part),
        }
    }
    let plain = |part: &&str| !part.contains(['$', '{', '*', '\\']);
    parts.iter().all(plain).then(|| Handler {
        path: format!("{}.py", parts.join("/")),
        name: name.into(),
        open,
    })
}

/// What YAML says, without its tags and aliases.
#[derive(Debug)]
enum Node {
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl Node {
    fn get(&self, key: &str) -> Option<&Node> {
        let Node::Map(pairs) = self else {
            return None;
        };
        pairs
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, node)| node)
    }

    fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    fn as_text(&self) -> Option<&str> {
        match self {
            Node::Text(text) => Some(text),
            _ => None,
        }
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_text()
    }

    fn values(&self) -> impl Iterator<Item = &Node> {
        let pairs = match self {
            Node::Map(pairs) => &pairs[..],
            _ => &[],
        };
        pairs.iter().map(|(_, node)| node)
    }

    fn items(&self) -> impl Iterator<Item = &Node> {
        let items = match self {
            Node::List(items) => &items[..],
            _ => &[],
        };
        items.iter()
    }
}

/// The first document; none where it is no YAML or nested too deeply. An alias stands for nothing, so
/// that a few of them cannot become many.
fn read(text: &str) -> Option<Node> {
    // What is open, each with the key that it is for.
    let mut open: Vec<(Option<String>, Node)> = Vec::new();
    let mut key: Option<String> = None;
    for event in Parser::new_from_str(text) {
        let done = match event.ok()?.0 {
            Event::MappingStart(..) => {
                open.push((key.take(), Node::Map(Vec::new())));
                None
            }
            Event::SequenceStart(..) => {
                open.push((key.take(), Node::List(Vec::new())));
                None
            }
            Event::Scalar(text, ..) => Some((key.take(), Node::Text(text.into_owned()))),
            Event::Alias(_) => Some((key.take(), Node::Text(String::new()))),
            Event::MappingEnd | Event::SequenceEnd => Some(open.pop()?),
            Event::DocumentEnd => return None,
            _ => None,
        };
        if open.len() > DEEPEST {
            return None;
        }
        let Some((named, node)) = done else {
            continue;
        };
        match open.last_mut() {
            None => return Some(node),
            Some((_, Node::List(items))) => items.push(node),
            Some((_, Node::Map(pairs))) => match named {
                Some(named) => pairs.push((named, node)),
                // A key that is no text names nothing that counts.
                None => key = Some(node.as_text().unwrap_or_default().to_string()),
            },
            Some((_, Node::Text(_))) => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<String> {
        let shown = |handler: Handler| {
            let open = if handler.open { " open" } else { "" };
            format!("{}:{}{open}", handler.path, handler.name)
        };
        handlers(text).into_iter().map(shown).collect()
    }

    const SAM: &str = "
Globals:
  Function:
    CodeUri: ./src
Resources:
  List:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.orders.list_all
      Role: !GetAtt Role.Arn
      Events:
        Api:
          Type: Api
          Properties: {Path: /orders, Method: get}
  Add:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: ../jobs/
      Handler: add.handler
      Events:
        Api:
          Type: HttpApi
          Properties:
            Auth:
              Authorizer: Users
        Queue:
          Type: SQS
  Table:
    Type: AWS::DynamoDB::Table
";

    #[test]
    fn functions_of_sam() {
        assert_eq!(of(SAM), ["src/app/orders.py:list_all open"]);
        let inside = SAM.replace("../jobs/", "jobs/");
        assert_eq!(
            of(&inside),
            ["src/app/orders.py:list_all open", "jobs/add.py:handler"]
        );
        let private = format!(
            "{inside}  Own:\n    Type: AWS::Serverless::Api\n    Properties: {{EndpointConfiguration: {{Type: PRIVATE}}}}\n"
        );
        assert_eq!(of(&private)[0], "src/app/orders.py:list_all");
        let guarded = inside.replace("  Table:", "  Users:\n    Type: AWS::Serverless::Api\n    Properties: {Auth: {DefaultAuthorizer: Users}}\n  Table:");
        assert_eq!(
            of(&guarded),
            ["src/app/orders.py:list_all", "jobs/add.py:handler"]
        );
    }

    #[test]
    fn functions_of_serverless() {
        let text = "
service: shop
functions:
  list:
    handler: src/orders/list.handler
    events:
      - http: GET orders
  add:
    handler: src.orders.add.handler
    events:
      - httpApi: {path: /orders, method: post, authorizer: {name: users}}
      - sqs: arn
  page:
    handler: ${self:custom.page}.handler
";
        assert_eq!(
            of(text),
            [
                "src/orders/list.py:handler open",
                "src/orders/add.py:handler"
            ]
        );
        let keys = format!("{text}provider:\n  apiGateway:\n    apiKeys: [x]\n");
        assert_eq!(
            of(&keys),
            ["src/orders/list.py:handler", "src/orders/add.py:handler"]
        );
    }

    #[test]
    fn what_deploys_nothing() {
        let deep = format!("Resources: {}", "[".repeat(100_000));
        let bomb = format!(
            "a: &a [x, x]\nb: &b [{0}]\nResources: *b\n",
            "*a, ".repeat(1000)
        );
        for text in [
            "",
            "- a",
            "a: [",
            "Resources: 1",
            "\u{0}",
            "functions: x",
            &deep,
            &bomb,
        ] {
            assert_eq!(of(text), Vec::<String>::new(), "{text:.40}");
        }
        let names = [
            "template.yaml",
            "serverless.yml",
            "template.py",
            "values.yaml",
        ];
        assert_eq!(names.map(is_deployment), [true, true, false, false]);
    }
}
