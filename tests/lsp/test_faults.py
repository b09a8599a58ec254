"""Faults around the server: odd paths, files that change under it, pipes and links, many files, little memory, several at once, signals. What comes of each stands in docs/reliability.md."""

import asyncio
import json
import os
import pathlib
import random
import signal
import subprocess
import sys

import pytest
from lsprotocol import types

from conftest import BINARY, KEEPS, check, plain, session
from test_traps import INITIALIZE, answer, raw_server

TIMES = int(os.environ.get("DYNALEAK_FAULTS") or 1)
"""Longer and more of the same, for a machine that has the time."""

LIMITED = ["sh", "-c", 'ulimit -d 524288; exec "$0" "$@"']
"""512 MB of data. What is merely reserved does not count: address space is no memory."""

linux = pytest.mark.skipif(sys.platform != "linux", reason="other systems have other names and limits")


def watched(server, *names, kind=types.FileChangeType.Changed):
    changes = [types.FileEvent(uri=server.uri(name), type=kind) for name in names]
    server.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams(changes=changes))


def highest(server):
    """The most memory that the server had, in MB."""
    status = pathlib.Path(f"/proc/{server.client._server.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


@linux
async def test_names_with_spaces_emoji_and_bytes_that_are_no_text(tmp_path):
    root = tmp_path / os.fsdecode(b"with space \xf0\x9f\xa6\x80 \xff")
    inner = root / os.fsdecode(b"in \xfe & <ner>")
    inner.mkdir(parents=True)
    names = [os.fsdecode(name) for name in (b"a b.py", "🦀 \"q\".py".encode(), b"c\xff.py")]
    for name in names:
        (inner / name).write_text(KEEPS)
    async with session(root) as server:
        await server.indexed()
        for name in names:
            uri = (inner / name).as_uri()
            server.open(uri, KEEPS)
            assert await server.codes(uri) == [("DDB101", 8)], uri
            server.change(uri, types.TextDocumentContentChangeWholeDocument(text=""))
            assert await server.codes(uri) == [], uri
            server.close(uri)


async def test_a_workspace_that_nobody_may_write(tmp_path):
    """Edits are the editor's to make: the server itself writes nothing."""
    (tmp_path / "main.py").write_text(KEEPS)
    (tmp_path / "main.py").chmod(0o444)
    tmp_path.chmod(0o555)
    try:
        async with session(tmp_path) as server:
            server.open("main.py", KEEPS)
            assert await server.codes("main.py") == [("DDB101", 8)]
            of = types.TextDocumentIdentifier(server.uri("main.py"))
            everywhere = types.Range(types.Position(0, 0), types.Position(9, 0))
            params = types.CodeActionParams(of, everywhere, types.CodeActionContext(diagnostics=[]))
            actions = await server.client.text_document_code_action_async(params)
            edits = [await server.client.code_action_resolve_async(action) for action in actions]
            assert any(action.edit for action in edits)
    finally:
        tmp_path.chmod(0o755)
    assert [path.name for path in tmp_path.iterdir()] == ["main.py"]
    assert (tmp_path / "main.py").read_text() == KEEPS


@linux
async def test_pipes_and_links_that_lead_out(tmp_path):
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (root / "main.py").write_text(KEEPS)
    (outside / "secret.py").write_text(KEEPS)
    os.mkfifo(root / "pipe.py")
    (root / "link.py").symlink_to(outside / "secret.py")
    (root / "loop").symlink_to(root)
    (root / "self.py").symlink_to("self.py")
    (root / "folder.py").mkdir()
    async with session(root, settings={"diagnosticMode": "workspace"}) as server:
        await server.indexed()
        await server.said("link.py: a link out of the workspace: not read")
        # As if they had come, changed and gone: none may be waited for.
        for kind in (types.FileChangeType.Created, types.FileChangeType.Changed, types.FileChangeType.Deleted):
            watched(server, "pipe.py", "link.py", "self.py", "folder.py", "main.py", kind=kind)
        # A file that was known, and is a pipe or a link now.
        (root / "main.py").unlink()
        os.mkfifo(root / "main.py")
        watched(server, "main.py")
        await server.settled()
        (root / "main.py").unlink()
        (root / "main.py").symlink_to(outside / "secret.py")
        watched(server, "main.py")
        await server.settled()
        server.open("other.py", KEEPS)
        assert await server.codes("other.py") == [("DDB101", 8)]
    (root / ".gitignore").symlink_to("/dev/zero")
    async with session(root) as server:
        await server.said("`.gitignore` is not a regular file")
        server.open("other.py", KEEPS)
        assert await server.codes("other.py") == [("DDB101", 8)]


@linux
async def test_a_baseline_and_a_configuration_of_elsewhere(tmp_path):
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (root / "main.py").write_text(KEEPS)
    (outside / "secret.toml").write_text('select = ["S3CRET"]\n')
    (outside / "secret.jsonl").write_text("S3CRET\n")
    (root / "dynaleak.toml").write_text(f"baseline = {json.dumps(str(outside / 'secret.jsonl'))}\n")
    async with session(root) as server:
        server.open("main.py", KEEPS)
        assert await server.codes("main.py") == [("DDB101", 8)]
        await server.said("the baseline is outside of the workspace: not read")
        (root / "dynaleak.toml").unlink()
        (root / "dynaleak.toml").symlink_to(outside / "secret.toml")
        watched(server, "dynaleak.toml")
        assert await server.codes("main.py") == [("DDB101", 8)]
        assert not any("S3CRET" in message.message for message in server.client.log_messages)


async def test_files_that_change_while_they_are_read(tmp_path):
    for number in range(200):
        (tmp_path / f"still_{number}.py").write_text(KEEPS)
    moving = tmp_path / "moving.py"
    async with session(tmp_path) as server:
        for round in range(60 * TIMES):
            if moving.is_dir():
                moving.rmdir()
            moving.unlink(missing_ok=True)
            match round % 5:
                case 0: moving.write_text(KEEPS)
                case 1: moving.mkdir()
                case 2: moving.write_text(KEEPS + "# grows\n" * 100_000)
                case 3: moving.write_text(KEEPS[:60])
            (tmp_path / f"still_{round}.py").rename(tmp_path / f"again_{round}.py")
            watched(server, "moving.py", f"still_{round}.py", f"again_{round}.py")
            await asyncio.sleep(0.005)
        moving.write_text(KEEPS)
        watched(server, "moving.py", kind=types.FileChangeType.Created)
        await server.settled()
        server.open("moving.py", KEEPS)
        await server.until("moving.py", [("DDB101", 8)])
        server.open("again_0.py", KEEPS)
        await server.until("again_0.py", [("DDB101", 8)])


@linux
async def test_a_hundred_thousand_files_in_512_mb(tmp_path):
    for folder in range(1000):
        inner = tmp_path / f"f{folder}"
        inner.mkdir()
        (inner / "m0.py").write_text(KEEPS)
        for number in range(1, 100):
            (inner / f"m{number}.py").write_text(f"import json\n\n\ndef run_{number}(order):\n    return json.dumps(order)\n")
    async with session(tmp_path, prefix=LIMITED) as server:
        server.open("f7/m0.py", KEEPS)
        # Asked while the rest is read.
        assert await server.codes("f7/m0.py") == [("DDB101", 8)]
        await server.indexed(timeout=120)
        assert await server.codes("f7/m0.py") == [("DDB101", 8)]
        assert highest(server) < 512


async def test_two_servers_and_three_checks_at_once(tmp_path):
    leaky = 'import boto3\n\npaginator = boto3.client("dynamodb").get_paginator("scan")\n\n\ndef export():\n    with paginator.paginate(TableName="orders") as pages:\n        for page in pages:\n            print(page)\n'
    names = [f"m{number}.py" for number in range(100)]
    for name in names:
        (tmp_path / name).write_text(leaky)

    def start(*arguments):
        command = [BINARY, "check", "--quiet", *arguments]
        return subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    async with session(tmp_path) as one, session(tmp_path) as other:
        for server in (one, other):
            server.open("m0.py", leaky)
        runs = [start("--output-format", "json"), start("--output", "sarif=out.sarif"), start("--fix")]
        for server in (one, other):
            assert await server.codes("m0.py") == [("DDB304", 6)]
        for run in runs:
            out, err = await asyncio.to_thread(run.communicate)
            assert run.returncode in (0, 1) and b"internal error" not in err, err
            if run is runs[0]:
                json.loads(out)
        json.loads((tmp_path / "out.sarif").read_text())
        mended = (tmp_path / "m1.py").read_text()
        assert mended != leaky and all((tmp_path / name).read_text() == mended for name in names)
        for server in (one, other):
            watched(server, *names)
            await server.settled()
            # What is open counts as the editor has it.
            assert await server.codes("m0.py") == [("DDB304", 6)]
            server.close("m0.py")
            server.open("m1.py", mended)
            assert await server.codes("m1.py") == []
    assert not list(tmp_path.glob(".dynaleak-*")) and check(tmp_path) == []


@pytest.mark.parametrize("sent", ["TERM", "INT", "KILL"])
def test_signals_at_random_moments(tmp_path, sent):
    for number in range(200):
        (tmp_path / f"m{number}.py").write_text(KEEPS)
    initialize = json.dumps({
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {"processId": None, "capabilities": {}, "workspaceFolders": [{"uri": tmp_path.as_uri(), "name": "x"}]},
    }).encode()
    before = sorted(path.name for path in tmp_path.iterdir())
    moments = random.Random(5)
    for _ in range(5 * TIMES):
        # A shell that starts something in the background has it ignore SIGINT.
        was = signal.signal(signal.SIGINT, signal.SIG_DFL)
        try:
            server = raw_server()
        finally:
            signal.signal(signal.SIGINT, was)
        server.stdin.write(b"Content-Length: %d\r\n\r\n" % len(initialize) + initialize)
        server.stdin.write(b"Content-Length: 52\r\n\r\n" + b'{"jsonrpc":"2.0","method":"initialized","params":{}}')
        server.stdin.flush()
        if moments.random() < 0.7:
            answer(server)
        with pytest.raises(subprocess.TimeoutExpired):
            server.wait(moments.random() * 0.5)
        server.send_signal(getattr(signal, f"SIG{sent}"))
        assert server.wait(10) != 0
        server.stdin.close()
        server.stdout.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert all((tmp_path / name).read_text() == KEEPS for name in before)
    # The next one begins as if nothing had been.
    server = raw_server()
    server.stdin.write(INITIALIZE)
    server.stdin.flush()
    assert b'"id":1' in answer(server)
    server.stdin.close()
    assert server.wait(10) == 1
    server.stdout.close()
