//! A conversation with the language server: no panic, an end, and one answer to each request.
//!
//! `R` and bytes: written as they are. `J` and lines: a message each. Else the bytes choose among
//! all that a client can say.

use std::collections::BTreeMap;
use std::fs;
use std::sync::LazyLock;
use std::time::Duration;

use arbitrary::{Result, Unstructured};
use dynaleak::probe::{Step, rehearse};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::within;

const LARGEST: usize = 16 << 10;
/// The fuzzer shares its machine.
const PATIENCE: Duration = Duration::from_secs(40);
/// Long enough for what the server does a moment later.
const PAUSE: Duration = Duration::from_millis(60);
/// Messages of one conversation.
const MOST: usize = 40;

/// The workspace; nothing writes to it.
static ROOT: LazyLock<TempDir> = LazyLock::new(|| {
    let root = TempDir::new().expect("a folder for the workspace");
    for (name, text) in [
        ("store.py", STORE),
        ("user.py", USER),
        ("dynaleak.toml", "include-tests = true\n"),
        ("dynaleak-baseline.jsonl", "{\"dynaleak-baseline\":1}\n"),
    ] {
        fs::write(root.path().join(name), text).expect("written");
    }
    root
});

const STORE: &str = "import boto3\n\nTABLE = boto3.resource(\"dynamodb\").Table(\"orders\")\n\n\ndef fetch(key):\n    return TABLE.get_item(Key=key)[\"Item\"]\n";
const USER: &str = "from store import fetch\n\nKEPT = []\n\n\ndef remember(key):\n    KEPT.append(fetch(key))\n\n\nremember({\"id\": 1})\n";
const TEXTS: [&str; 9] = [
    STORE,
    USER,
    "",
    "import boto3\r\nTABLE = boto3.resource('dynamodb').Table('é🦀')\r\nALL = []\r\ndef f():\r\n    ALL.extend(TABLE.scan()['Items'])  # 🦀\r\n",
    "import boto3 # dynamodb\ndef f(:\n  x = [\n",
    "🦀é\n",
    "    KEPT.append(TABLE.scan())  # dynaleak: ignore[DDB101] why\n",
    "select = [\"DDB1\"]\nbounds = { queue = 0 }\n",
    "{\"dynaleak-baseline\":1}\n",
];
const NAMES: [&str; 8] = [
    "store.py",
    "user.py",
    "new é.py",
    "tests/test_x.py",
    "dynaleak.toml",
    "dynaleak-baseline.jsonl",
    ".dynaleak/own.scm",
    "",
];

pub fn holds(bytes: &[u8]) {
    if bytes.len() > LARGEST {
        return;
    }
    let mut client = Client::default();
    match bytes {
        [b'R', rest @ ..] => client.steps.push(Step::Write(rest.to_vec())),
        [b'J', rest @ ..] => client.lines(rest),
        _ => client.speak(&mut Unstructured::new(bytes)),
    }
    let steps = std::mem::take(&mut client.steps);
    let written = within("a conversation", || rehearse(steps, ROOT.path(), PATIENCE));
    let written = written.expect("a runtime").expect("an end");
    client.judge(&messages(&written));
}

#[derive(Default)]
struct Client {
    steps: Vec<Step>,
    /// Requests, by their ids as JSON.
    asked: Vec<String>,
    /// It said `exit`: nothing need be answered from there on.
    exited: bool,
}

impl Client {
    fn lines(&mut self, bytes: &[u8]) {
        let mut ids: Vec<Value> = Vec::new();
        for line in bytes.split(|&byte| byte == b'\n').take(MOST) {
            if line == b"wait" {
                self.steps.push(Step::Wait(PAUSE));
                continue;
            }
            if let Ok(message) = serde_json::from_slice::<Value>(line) {
                self.exited |= message["method"] == "exit";
                // Twice the same id is a mistake of the client.
                let id = message.get("id").filter(|id| id.is_number());
                if let Some(id) = id.filter(|_| message["method"].is_string()) {
                    if ids.contains(id) {
                        continue;
                    }
                    ids.push(id.clone());
                    let whole = message["jsonrpc"] == "2.0" && id.is_i64();
                    let params = &message["params"];
                    if whole && (params.is_null() || params.is_object() || params.is_array()) {
                        self.asked.push(id.to_string());
                        // Without keys that stand there twice, which mean nothing certain.
                        self.write(message.to_string().as_bytes());
                        continue;
                    }
                }
            }
            self.write(line);
        }
        self.end();
    }

    fn speak(&mut self, bytes: &mut Unstructured) {
        // Where the bytes run out the conversation ends.
        let _ = self.talk(bytes);
        self.end();
    }

    /// What is asked is waited for: a server may drop what it has not answered when its input ends.
    fn end(&mut self) {
        self.ask("shutdown", Value::Null);
        for id in self.asked.clone() {
            self.steps
                .push(Step::Await(format!("\"id\":{id}}}").into_bytes()));
        }
        self.tell("exit", Value::Null);
    }

    fn judge(&self, messages: &[Value]) {
        let mut answers: BTreeMap<String, usize> = BTreeMap::new();
        for message in messages
            .iter()
            .filter(|message| message.get("method").is_none())
        {
            *answers.entry(message["id"].to_string()).or_default() += 1;
        }
        for id in self.asked.iter().filter(|_| !self.exited) {
            assert_eq!(answers.get(id), Some(&1), "answers to {id}: {messages:?}");
        }
    }

    fn write(&mut self, body: &[u8]) {
        let mut bytes = format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes();
        bytes.extend(body);
        self.steps.push(Step::Write(bytes));
    }

    fn say(&mut self, mut message: Value, params: Value) {
        message["jsonrpc"] = "2.0".into();
        if !params.is_null() {
            message["params"] = params;
        }
        self.write(message.to_string().as_bytes());
    }

    fn tell(&mut self, method: &str, params: Value) {
        self.say(json!({ "method": method }), params);
    }

    fn ask(&mut self, method: &str, params: Value) {
        let id = format!("ask {}", self.asked.len());
        self.asked.push(json!(id).to_string());
        self.say(json!({ "method": method, "id": id }), params);
    }

    fn talk(&mut self, bytes: &mut Unstructured) -> Result<()> {
        let hello = initialize(bytes)?;
        if bytes.ratio(15, 16)? {
            self.ask("initialize", hello);
        }
        self.tell("initialized", json!({}));
        for _ in 0..MOST {
            if bytes.is_empty() {
                return Ok(());
            }
            self.message(bytes)?;
        }
        Ok(())
    }

    fn message(&mut self, bytes: &mut Unstructured) -> Result<()> {
        let of = json!({ "uri": uri(bytes)? });
        match bytes.int_in_range(0..=31)? {
            0..=2 => {
                let document = json!({
                    "uri": of["uri"], "languageId": "python", "version": number(bytes)?, "text": text(bytes)?,
                });
                self.tell("textDocument/didOpen", json!({ "textDocument": document }));
            }
            3..=7 => {
                let of = json!({ "uri": of["uri"], "version": number(bytes)? });
                let changes = json!({ "textDocument": of, "contentChanges": changes(bytes)? });
                self.tell("textDocument/didChange", changes);
            }
            8 => self.tell("textDocument/didClose", json!({ "textDocument": of })),
            9 => self.tell("textDocument/didSave", json!({ "textDocument": of })),
            10 => {
                let place = json!({ "textDocument": of, "position": position(bytes)? });
                self.ask("textDocument/hover", place);
            }
            11 | 12 => {
                let context = match bytes.int_in_range(0..=2)? {
                    0 => json!({ "diagnostics": [] }),
                    1 => json!({ "diagnostics": [], "only": ["source.fixAll"] }),
                    _ => {
                        json!({ "diagnostics": [{ "range": range(bytes)?, "message": "", "code": "DDB101", "data": junk(bytes, 0)? }] })
                    }
                };
                let params =
                    json!({ "textDocument": of, "range": range(bytes)?, "context": context });
                self.ask("textDocument/codeAction", params);
            }
            13 => {
                let action = json!({ "title": "", "kind": "quickfix", "data": junk(bytes, 0)? });
                self.ask("codeAction/resolve", action);
            }
            14 => {
                let params = json!({ "textDocument": of, "range": range(bytes)? });
                self.ask("textDocument/inlayHint", params);
            }
            15 | 16 => {
                let mut params = json!({ "textDocument": of });
                if bytes.arbitrary()? {
                    params["previousResultId"] = number(bytes)?.to_string().into();
                }
                self.ask("textDocument/diagnostic", params);
            }
            17 => {
                let known = json!([{ "uri": of["uri"], "value": number(bytes)?.to_string() }]);
                self.ask(
                    "workspace/diagnostic",
                    json!({ "previousResultIds": known }),
                );
            }
            18 => {
                let commands = [
                    "dynaleak.debugInformation",
                    "dynaleak.select",
                    "dynaleak.other",
                ];
                let command = bytes.choose(&commands)?;
                let arguments = json!([of["uri"], range(bytes)?, junk(bytes, 0)?]);
                let params = json!({ "command": command, "arguments": arguments });
                self.ask("workspace/executeCommand", params);
            }
            19 => {
                let settings = json!({ "settings": { "dynaleak": settings(bytes)? } });
                self.tell("workspace/didChangeConfiguration", settings);
            }
            20 => {
                let folder = |uri: Value| json!([{ "uri": uri, "name": "" }]);
                let event = match bytes.int_in_range(0..=2)? {
                    0 => json!({ "added": folder(of["uri"].clone()), "removed": [] }),
                    1 => json!({ "added": folder(root()), "removed": [] }),
                    _ => json!({ "added": [], "removed": folder(root()) }),
                };
                self.tell(
                    "workspace/didChangeWorkspaceFolders",
                    json!({ "event": event }),
                );
            }
            21 => {
                let other = uri(bytes)?;
                let (method, file) = match bytes.int_in_range(0..=2)? {
                    0 => ("workspace/didCreateFiles", of),
                    1 => ("workspace/didDeleteFiles", of),
                    _ => (
                        "workspace/didRenameFiles",
                        json!({ "oldUri": of["uri"], "newUri": other }),
                    ),
                };
                self.tell(method, json!({ "files": [file] }));
            }
            22 => {
                let change = json!({ "uri": of["uri"], "type": bytes.int_in_range(0..=4)? });
                self.tell(
                    "workspace/didChangeWatchedFiles",
                    json!({ "changes": [change] }),
                );
            }
            23 | 24 => self.notebook(bytes)?,
            25 => {
                let value = bytes.choose(&["off", "messages", "verbose", "x"])?;
                self.tell("$/setTrace", json!({ "value": value }));
            }
            26 => {
                let id = format!("ask {}", bytes.int_in_range(0..=self.asked.len())?);
                self.tell("$/cancelRequest", json!({ "id": id }));
            }
            27 => {
                let method = bytes.choose(&["dynaleak/text", "dynaleak/rules"])?;
                let params = json!({ "uri": of["uri"], "code": junk(bytes, 0)? });
                self.ask(method, params);
            }
            28 => {
                let params =
                    json!({ "textDocument": of, "uri": of["uri"], "position": position(bytes)? });
                self.ask("dynaleak/trail", params);
            }
            29 => {
                let id: u8 = bytes.int_in_range(0..=7)?;
                let mut answer = json!({ "id": id, "jsonrpc": "2.0" });
                match bytes.arbitrary()? {
                    true => answer["result"] = json!([settings(bytes)?]),
                    false => answer["error"] = json!({ "code": -1, "message": "" }),
                }
                self.write(answer.to_string().as_bytes());
            }
            30 => {
                let methods = [
                    "shutdown",
                    "initialize",
                    "textDocument/x",
                    "$/x",
                    "textDocument/hover",
                ];
                let (method, params) = (bytes.choose(&methods)?, junk(bytes, 0)?);
                match bytes.arbitrary()? {
                    true => self.ask(method, params),
                    false => self.tell(method, params),
                }
            }
            _ => self.steps.push(Step::Wait(PAUSE)),
        }
        Ok(())
    }

    fn notebook(&mut self, bytes: &mut Unstructured) -> Result<()> {
        let notebook = format!("file://{}/book.ipynb", ROOT.path().display());
        let cell = |bytes: &mut Unstructured| -> Result<String> {
            Ok(format!("{notebook}#{}", bytes.int_in_range(0..=3)?))
        };
        let of = json!({ "uri": notebook, "version": number(bytes)? });
        let shown = |uri: &str, kind: u8| json!({ "kind": kind, "document": uri });
        let opened = |bytes: &mut Unstructured, uri: &str| -> Result<Value> {
            Ok(json!({ "uri": uri, "languageId": "python", "version": 1, "text": text(bytes)? }))
        };
        let first = cell(bytes)?;
        match bytes.int_in_range(0..=4)? {
            0 => {
                let second = cell(bytes)?;
                let cells = json!([
                    shown(&first, 2),
                    shown(&second, 1 + u8::from(bytes.arbitrary::<bool>()?))
                ]);
                let documents = json!([opened(bytes, &first)?, opened(bytes, &second)?]);
                let notebook = json!({ "uri": notebook, "version": 1, "notebookType": "jupyter-notebook", "cells": cells });
                let params =
                    json!({ "notebookDocument": notebook, "cellTextDocuments": documents });
                self.tell("notebookDocument/didOpen", params);
            }
            1 => {
                let params = json!({ "notebookDocument": { "uri": notebook }, "cellTextDocuments": [{ "uri": first }] });
                self.tell("notebookDocument/didClose", params);
            }
            2 => {
                let text = json!([{ "document": { "uri": first, "version": number(bytes)? }, "changes": changes(bytes)? }]);
                let params = json!({ "notebookDocument": of, "change": { "cells": { "textContent": text } } });
                self.tell("notebookDocument/didChange", params);
            }
            3 => {
                let array = json!({ "start": number(bytes)?, "deleteCount": number(bytes)?, "cells": [shown(&first, 2)] });
                let mut structure = json!({ "array": array });
                match bytes.arbitrary()? {
                    true => structure["didOpen"] = json!([opened(bytes, &first)?]),
                    false => structure["didClose"] = json!([{ "uri": first }]),
                }
                let params = json!({ "notebookDocument": of, "change": { "cells": { "structure": structure } } });
                self.tell("notebookDocument/didChange", params);
            }
            _ => {
                let data = json!([shown(&first, bytes.int_in_range(1..=2)?)]);
                let params =
                    json!({ "notebookDocument": of, "change": { "cells": { "data": data } } });
                self.tell("notebookDocument/didChange", params);
            }
        }
        Ok(())
    }
}

fn initialize(bytes: &mut Unstructured) -> Result<Value> {
    let encodings = [
        json!(["utf-8"]),
        json!(["utf-16", "utf-8"]),
        json!(["utf-32"]),
        json!(["utf-16"]),
        Value::Null,
    ];
    let flags: u8 = bytes.arbitrary()?;
    let is = |bit: u8| flags & (1 << bit) != 0;
    let mut text = json!({
        "publishDiagnostics": { "relatedInformation": is(0), "versionSupport": true },
        "codeAction": {
            "codeActionLiteralSupport": { "codeActionKind": { "valueSet": ["quickfix", "source.fixAll"] } },
            "resolveSupport": { "properties": if is(1) { json!(["edit", "command"]) } else { json!([]) } },
        },
    });
    if is(2) {
        text["diagnostic"] = json!({ "relatedInformation": is(0) });
    }
    if is(3) {
        text["codeAction"] = json!({});
    }
    let capabilities = json!({
        "general": { "positionEncodings": bytes.choose(&encodings)? },
        "textDocument": text,
        "window": { "workDoneProgress": is(4) },
        "workspace": {
            "configuration": is(5),
            "didChangeWatchedFiles": { "dynamicRegistration": is(6) },
            "diagnostics": { "refreshSupport": is(7) },
            "workspaceEdit": { "documentChanges": is(1) },
        },
    });
    let folders = match bytes.int_in_range(0..=2)? {
        0 => Value::Null,
        _ => json!([{ "uri": root(), "name": "root" }]),
    };
    Ok(json!({
        "processId": 1,
        "rootUri": null,
        "capabilities": capabilities,
        "workspaceFolders": folders,
        "initializationOptions": settings(bytes)?,
    }))
}

fn root() -> Value {
    format!("file://{}", ROOT.path().display()).into()
}

fn uri(bytes: &mut Unstructured) -> Result<Value> {
    let name = bytes.choose(&NAMES)?;
    Ok(match bytes.int_in_range(0..=15)? {
        0 => format!("untitled:{name}").into(),
        1 => format!("file://{}/{name}?x#y", ROOT.path().display()).into(),
        2 => junk(bytes, 2)?,
        _ => format!("file://{}/{name}", ROOT.path().display()).into(),
    })
}

fn settings(bytes: &mut Unstructured) -> Result<Value> {
    let mut settings = json!({});
    for (key, usual) in [
        ("diagnosticMode", json!("workspace")),
        ("includeTests", json!(true)),
        ("bounds", json!({ "queue": 5 })),
        ("inlayHints", json!(true)),
        ("rulePages", json!("https://example.com/{code}")),
        ("select", json!(["DDB"])),
        ("ignore", json!("DDB101,cached-method")),
        ("logLevel", json!("debug")),
    ] {
        match bytes.int_in_range(0..=7)? {
            0 => settings[key] = junk(bytes, 0)?,
            1 | 2 => settings[key] = usual,
            _ => {}
        }
    }
    Ok(settings)
}

fn changes(bytes: &mut Unstructured) -> Result<Value> {
    let mut changes = Vec::new();
    for _ in 0..bytes.int_in_range(1..=3)? {
        let mut change = json!({ "text": text(bytes)? });
        if bytes.ratio(7, 8)? {
            change["range"] = range(bytes)?;
        }
        changes.push(change);
    }
    Ok(changes.into())
}

fn text(bytes: &mut Unstructured) -> Result<String> {
    const PIECES: [&str; 16] = [
        "\n",
        "\r\n",
        "    ",
        "(",
        ")",
        "[",
        "\"\"\"",
        "# ",
        ":",
        ".append(",
        "def f():\n",
        "class C:\n",
        "TABLE.scan()",
        "🦀",
        "é",
        "KEPT = []\n",
    ];
    match bytes.int_in_range(0..=3)? {
        0 => Ok(bytes.choose(&TEXTS)?.to_string()),
        1 => Ok(bytes.choose(&PIECES)?.to_string()),
        2 => Ok(String::new()),
        _ => {
            let length = bytes.int_in_range(0..=12)?;
            let taken = bytes.bytes(bytes.len().min(length))?;
            Ok(String::from_utf8_lossy(taken).into_owned())
        }
    }
}

fn range(bytes: &mut Unstructured) -> Result<Value> {
    Ok(json!({ "start": position(bytes)?, "end": position(bytes)? }))
}

fn position(bytes: &mut Unstructured) -> Result<Value> {
    Ok(json!({ "line": number(bytes)?, "character": number(bytes)? }))
}

/// Mostly as small as lines and columns are.
fn number(bytes: &mut Unstructured) -> Result<Value> {
    Ok(match bytes.int_in_range(0..=31)? {
        0 => bytes.arbitrary::<i64>()?.into(),
        1 => bytes.arbitrary::<f64>()?.into(),
        2 => u32::MAX.into(),
        _ => bytes.int_in_range(0..=12)?.into(),
    })
}

fn junk(bytes: &mut Unstructured, depth: u32) -> Result<Value> {
    Ok(match bytes.int_in_range(0..=7)? {
        0 => Value::Null,
        1 => bytes.arbitrary::<bool>()?.into(),
        2 => bytes.arbitrary::<i32>()?.into(),
        3 => text(bytes)?.into(),
        4 => bytes
            .choose(&[
                "DDB101",
                "https://example.com/{code}",
                "%",
                "file:///",
                "DDB",
            ])?
            .to_string()
            .into(),
        5 if depth < 3 => json!([junk(bytes, depth + 1)?, junk(bytes, depth + 1)?]),
        6 if depth < 3 => {
            json!({ "uri": junk(bytes, depth + 1)?, "code": "DDB101", "range": junk(bytes, depth + 1)? })
        }
        _ => json!({}),
    })
}

/// The bodies of what was written; all of it is whole messages.
fn messages(mut written: &[u8]) -> Vec<Value> {
    let mut messages = Vec::new();
    while !written.is_empty() {
        let head = "Content-Length: ".len();
        let end = written.windows(4).position(|four| four == b"\r\n\r\n");
        let end = end.expect("a head");
        let length: usize = str::from_utf8(&written[head..end])
            .ok()
            .and_then(|length| length.parse().ok())
            .expect("a length");
        let body = &written[end + 4..][..length];
        messages.push(serde_json::from_slice(body).expect("JSON"));
        written = &written[end + 4 + length..];
    }
    messages
}
