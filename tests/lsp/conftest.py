"""A session with the built server over real stdio: pytest-lsp's client, and the shortcuts that the tests share."""

import asyncio
import contextlib
import json
import os
import pathlib
import re
import subprocess

import pytest
from lsprotocol import types
from pytest_lsp import make_test_lsp_client

ROOT = pathlib.Path(__file__).parents[2]
BINARY = str(pathlib.Path(os.environ.get("DYNALEAK_BINARY") or ROOT / "target/release/dynaleak").resolve())
SHOP = ROOT / "tests/projects/shop"

KEEPS = """import boto3

TABLE = boto3.resource("dynamodb").Table("orders")
RESULTS = []


def remember(key):
    item = TABLE.get_item(Key=key)["Item"]
    RESULTS.append(item)
"""
"""One finding: DDB101 in line 8 (counted from 0)."""

STORE = """import boto3

TABLE = boto3.resource("dynamodb").Table("orders")


def fetch(key):
    return TABLE.get_item(Key=key)["Item"]
"""
USER = """from store import fetch

KEPT = []


def remember(key):
    KEPT.append(fetch(key))


remember({"id": 1})
"""
"""Two files: one finding in the second, for what the first one gives."""


def capabilities(pull=True, encodings=None, resolve=True, changes=True, watch=True, configuration=True, show=False):
    """What the client can do."""
    text = types.TextDocumentClientCapabilities(
        publish_diagnostics=types.PublishDiagnosticsClientCapabilities(related_information=True, version_support=True),
        hover=types.HoverClientCapabilities(content_format=[types.MarkupKind.Markdown]),
        code_action=types.CodeActionClientCapabilities(
            code_action_literal_support=types.ClientCodeActionLiteralOptions(
                code_action_kind=types.ClientCodeActionKindOptions(value_set=["quickfix", "source.fixAll"])
            ),
            resolve_support=types.ClientCodeActionResolveOptions(properties=["edit", "command"] if show else ["edit"]) if resolve else None,
            data_support=True,
            is_preferred_support=True,
        ),
        diagnostic=types.DiagnosticClientCapabilities() if pull else None,
    )
    return types.ClientCapabilities(
        general=types.GeneralClientCapabilities(position_encodings=encodings) if encodings else None,
        text_document=text,
        window=types.WindowClientCapabilities(
            work_done_progress=True,
            show_document=types.ShowDocumentClientCapabilities(support=True) if show else None,
        ),
        workspace=types.WorkspaceClientCapabilities(
            configuration=configuration,
            workspace_folders=True,
            workspace_edit=types.WorkspaceEditClientCapabilities(document_changes=changes),
            diagnostics=types.DiagnosticWorkspaceClientCapabilities(refresh_support=True),
            did_change_watched_files=types.DidChangeWatchedFilesClientCapabilities(dynamic_registration=watch),
        ),
    )


class Session:
    """A client that is connected, with the documents' versions counted."""

    def __init__(self, client, result, root):
        self.client, self.result, self.root = client, result, root
        self.versions = {}
        self.published = []

    def uri(self, name):
        return name if re.match("[a-z-]+:", name) else (self.root / name).as_uri()

    def open(self, name, text, version=1, language="python"):
        self.versions[name] = version
        item = types.TextDocumentItem(uri=self.uri(name), language_id=language, version=version, text=text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=item))

    def change(self, name, *changes):
        self.versions[name] = self.versions.get(name, 0) + 1
        of = types.VersionedTextDocumentIdentifier(uri=self.uri(name), version=self.versions[name])
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(text_document=of, content_changes=list(changes))
        )

    def close(self, name):
        of = types.TextDocumentIdentifier(uri=self.uri(name))
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(text_document=of))

    async def pull(self, name, previous=None):
        params = types.DocumentDiagnosticParams(
            text_document=types.TextDocumentIdentifier(uri=self.uri(name)), previous_result_id=previous
        )
        return await asyncio.wait_for(self.client.text_document_diagnostic_async(params), 60)

    async def codes(self, name):
        """The findings of a document as (code, first line)."""
        report = await self.pull(name)
        return sorted((item.code, item.range.start.line) for item in report.items)

    async def until(self, name, wanted, timeout=20):
        """Waits until a document's findings are these."""
        found = None
        for _ in range(timeout * 20):
            found = await self.codes(name)
            if found == wanted:
                return
            await asyncio.sleep(0.05)
        assert found == wanted

    async def text(self, name):
        answer = await self.request("dynaleak/text", {"uri": self.uri(name)})
        return answer and (answer.text, answer.version)

    async def request(self, method, params):
        return await asyncio.wait_for(self.client.protocol.send_request_async(method, params), 60)

    async def command(self, name, *arguments):
        params = types.ExecuteCommandParams(command=name, arguments=list(arguments))
        return await asyncio.wait_for(self.client.workspace_execute_command_async(params), 60)

    def raw(self, method, params):
        """A notification as it stands, whatever the types say."""
        body = json.dumps({"jsonrpc": "2.0", "method": method, "params": params}, ensure_ascii=False).encode()
        self.client._server.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    async def indexed(self, timeout=30):
        """Waits until every root is indexed."""
        for _ in range(timeout * 20):
            information = plain(await self.command("dynaleak.debugInformation"))
            if all(project["indexed"] for project in information["projects"] if project["root"]):
                return information
            await asyncio.sleep(0.05)
        raise AssertionError(information)

    async def said(self, line, timeout=20):
        """Waits until the server logs a line."""
        for _ in range(timeout * 50):
            if any(line in message.message for message in self.client.log_messages):
                return
            await asyncio.sleep(0.02)
        raise AssertionError([message.message for message in self.client.log_messages])

    async def settled(self, timeout=60):
        """Waits until nothing more has to be read from the roots."""
        for _ in range(timeout * 50):
            information = plain(await self.command("dynaleak.debugInformation"))
            if all(project["settled"] for project in information["projects"] if project["root"]):
                return information
            await asyncio.sleep(0.02)
        raise AssertionError(information)


def plain(value):
    """pygls turns unknown objects into named tuples: back to dictionaries."""
    if hasattr(value, "_asdict"):
        return {key: plain(each) for key, each in value._asdict().items()}
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return value


def replacing(client, method):
    """A feature in place of pytest-lsp's own."""
    client.protocol.fm.features.pop(method, None)
    return client.feature(method)


@contextlib.asynccontextmanager
async def session(root, *, roots=None, options=None, arguments=(), settings=None, process=None, cwd=None, client=None, name=None, prefix=(), **can):
    """Starts the server, behind the words of `prefix`; ends it as the protocol says."""
    client = client or make_test_lsp_client()
    if settings is not None:
        client.set_configuration({"dynaleak": settings})
    published = []

    @replacing(client, "textDocument/publishDiagnostics")
    def publish(params):
        published.append(params)

    @replacing(client, "client/registerCapability")
    def register(params):
        client.registered = [*getattr(client, "registered", []), *params.registrations]

    command = [*prefix, BINARY, "server", *arguments]
    await client.start_io(*command, cwd=str(cwd or root))
    folders = [types.WorkspaceFolder(uri=path.as_uri(), name=path.name.encode(errors="replace").decode()) for path in (roots if roots is not None else [root])]
    params = types.InitializeParams(
        capabilities=capabilities(**can), workspace_folders=folders, initialization_options=options, process_id=process,
        client_info=types.ClientInfo(name=name) if name else None,
    )
    result = await asyncio.wait_for(client.initialize_session(params), 60)
    opened = Session(client, result, root)
    opened.published = published
    try:
        yield opened
    finally:
        server = client._server
        if server.returncode is None:
            await asyncio.wait_for(client.shutdown_async(None), 30)
            client.exit(None)
            assert await asyncio.wait_for(server.wait(), 10) == 0
        with contextlib.suppress(Exception):
            await asyncio.wait_for(client.stop(), 5)


def edit(line, start, end, text, last=None):
    """A change from one place to another, both counted from 0."""
    return types.TextDocumentContentChangePartial(
        range=types.Range(types.Position(line, start), types.Position(line if last is None else last, end)), text=text
    )


def whole(text):
    return types.TextDocumentContentChangeWholeDocument(text=text)


def check(folder, *arguments):
    """What the command line finds, from its JSON."""
    command = [BINARY, "check", *arguments, "--output-format", "json", "--quiet"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    assert done.returncode in (0, 1), done.stderr.decode()
    return json.loads(done.stdout)["findings"]


LINE_ENDS = re.compile(r"\r\n|\r|\n")


def width(char, encoding):
    """How many units a character takes."""
    if encoding == "utf-32":
        return 1
    return len(char.encode("utf-8")) if encoding == "utf-8" else len(char.encode("utf-16-le")) // 2


def column(line, character, encoding):
    """The code points before a position of the protocol's."""
    seen = 0
    for number, char in enumerate(line):
        if seen >= character:
            return number
        seen += width(char, encoding)
    return len(line)


def as_checked(items, text, encoding):
    """Diagnostics in the command line's terms: code, start and end as (line, column) from 1, message, and how much is told beside it."""
    lines = LINE_ENDS.split(text)

    def place(position):
        return position.line + 1, column(lines[position.line], position.character, encoding) + 1

    return sorted(
        (item.code, place(item.range.start), place(item.range.end), item.message, len(item.related_information or []))
        for item in items
    )


def as_shown(findings):
    """The command line's findings in the same terms."""

    def place(at):
        return at["line"], at["column"]

    def beside(one):
        return len(one["trail"]) + sum(f" {one['file']}:" in other for other in one["related"])

    return sorted(
        (one["code"], place(one["range"]["start"]), place(one["range"]["end"]), one["message"], beside(one))
        for one in findings
    )


@pytest.fixture
def keeps(tmp_path):
    """A root with one file that keeps every item."""
    (tmp_path / "main.py").write_text(KEEPS)
    return tmp_path


@pytest.fixture
def two(tmp_path):
    """A root with two files: a finding in the second, for what the first one gives."""
    (tmp_path / "store.py").write_text(STORE)
    (tmp_path / "user.py").write_text(USER)
    return tmp_path
