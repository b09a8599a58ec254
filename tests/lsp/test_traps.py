"""What is known to break language servers: order, deadlock, cancellation, panics, exits, odd messages."""

import asyncio
import os
import signal
import subprocess
import sys
import time

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from conftest import BINARY, KEEPS, edit, replacing, session, whole

HOOKS = ["--test-hooks"]


async def test_1500_edits_with_requests_between_them_stay_in_order(keeps):
    async with session(keeps) as server:
        server.open("main.py", "")
        expected, asked = "", []
        for number in range(1500):
            text = f"x{number} = {number}\n"
            server.change("main.py", edit(number, 0, 0, text))
            expected += text
            if number % 7 == 0:
                asked.append(asyncio.ensure_future(server.pull("main.py")))
            if number % 11 == 0:
                params = types.HoverParams(types.TextDocumentIdentifier(server.uri("main.py")), types.Position(0, 0))
                asked.append(asyncio.ensure_future(server.client.text_document_hover_async(params)))
        await asyncio.gather(*asked)
        assert await server.text("main.py") == (expected, 1501)


async def test_an_edit_right_behind_the_opening_counts(keeps):
    async with session(keeps) as server:
        for number in range(50):
            name = f"file_{number}.py"
            server.open(name, KEEPS)
            server.change(name, edit(8, 4, 4, "#"))
            assert await server.codes(name) == []


async def test_cancellation_with_six_requests_in_flight(keeps):
    async with session(keeps, arguments=HOOKS) as server:
        asked = []
        for _ in range(6):
            params = types.ExecuteCommandParams(command="dynaleak.test.sleep", arguments=[5000])
            future = server.client.protocol.send_request("workspace/executeCommand", params, msg_id=f"slow-{len(asked)}")
            asked.append(future)
        await asyncio.sleep(0.1)
        server.client.cancel_request(types.CancelParams(id="slow-2"))
        with pytest.raises(JsonRpcException) as cancelled:
            await asyncio.wait_for(asyncio.wrap_future(asked[2]), 2)
        assert cancelled.value.code == -32800
        server.open("main.py", KEEPS)
        assert await asyncio.wait_for(server.codes("main.py"), 2) == [("DDB101", 8)]
        for number in (0, 1, 3, 4, 5):
            server.client.cancel_request(types.CancelParams(id=f"slow-{number}"))


async def test_a_burst_while_the_client_owes_four_answers(keeps):
    async with session(keeps, arguments=HOOKS) as server:
        release = asyncio.Event()

        @replacing(server.client, "workspace/configuration")
        async def configuration(params):
            await release.wait()
            return [None for _ in params.items]

        server.open("main.py", KEEPS)
        for _ in range(4):
            await server.command("dynaleak.test.request")
        for number in range(300):
            server.change("main.py", edit(8, 4, 4, "#") if number % 2 == 0 else edit(8, 4, 5, ""))
        assert await asyncio.wait_for(server.codes("main.py"), 5) == [("DDB101", 8)]
        release.set()
        assert await asyncio.wait_for(server.codes("main.py"), 5) == [("DDB101", 8)]


async def test_a_rule_that_panics_loses_its_own_findings_only(keeps):
    async with session(keeps, arguments=HOOKS) as server:
        server.open("main.py", KEEPS)
        server.change("main.py", edit(9, 0, 0, "\n\ndef broken():\n    dynaleak_test_panic()\n"))
        assert await server.codes("main.py") == [("DDB101", 8)]
        server.change("main.py", edit(8, 4, 4, "#"))
        assert await server.codes("main.py") == []
        server.change("main.py", edit(8, 4, 5, ""))
        assert await server.codes("main.py") == [("DDB101", 8)]
        assert any("DDB000 panicked" in line.message for line in server.client.log_messages)


async def test_a_handler_that_panics_under_the_lock_loses_its_answer_only(keeps):
    async with session(keeps, arguments=HOOKS) as server:
        server.open("main.py", KEEPS)
        for _ in range(3):
            with pytest.raises(JsonRpcException) as failed:
                await server.command("dynaleak.test.panic")
            assert failed.value.code == -32603
        assert await server.codes("main.py") == [("DDB101", 8)]
        server.change("main.py", edit(8, 4, 4, "#"))
        assert await server.codes("main.py") == []


async def test_messages_out_of_range_keep_client_and_server_in_step(keeps):
    async with session(keeps) as server:
        # Edits before the opening, of unknown documents.
        server.change("main.py", edit(0, 0, 0, "x"))
        server.change("unknown.py", whole("x"))
        server.close("unknown.py")
        assert not (await server.pull("unknown.py")).items
        server.open("main.py", KEEPS, version=-7)
        assert await server.text("main.py") == (KEEPS, -7)
        # Past the line's end is its end, past the last line the text's end.
        server.change("main.py", edit(0, 9000, 9000, "  # é"))
        server.change("main.py", edit(9000, 0, 9, "# end"))
        expected = KEEPS.replace("import boto3\n", "import boto3  # é\n", 1) + "# end"
        assert (await server.text("main.py"))[0] == expected
        # An edit from its end to its start, and one far too large.
        server.change("main.py", edit(0, 5, 2, ""))
        expected = expected[:2] + expected[5:]
        assert (await server.text("main.py"))[0] == expected
        server.change("main.py", edit(0, 0, 2147483647, "", last=2147483647))
        assert (await server.text("main.py"))[0] == ""
        # Opened twice: the last text counts.
        server.open("main.py", KEEPS, version=9)
        server.open("main.py", KEEPS + "\n", version=3)
        assert await server.text("main.py") == (KEEPS + "\n", 3)
        of = types.TextDocumentIdentifier(server.uri("main.py"))
        for position in (types.Position(2147483647, 2147483647), types.Position(0, 2147483647)):
            await server.client.text_document_hover_async(types.HoverParams(of, position))
        assert await server.codes("main.py") == [("DDB101", 8)]


async def test_raw_messages_that_the_types_refuse(keeps):
    async with session(keeps) as server:
        server.open("main.py", KEEPS)
        uri = server.uri("main.py")
        negative = {"range": {"start": {"line": -1, "character": -5}, "end": {"line": 0, "character": -1}}, "text": "\n"}
        server.raw("textDocument/didChange", {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [negative]})
        assert (await server.text("main.py"))[0] == "\n" + KEEPS
        # Unescaped, as some clients write them.
        raw = str(keeps / "mit leer 🦀.py")
        item = {"uri": "file://" + raw, "languageId": "python", "version": 1, "text": KEEPS}
        server.raw("textDocument/didOpen", {"textDocument": item})
        assert await server.codes("mit leer 🦀.py") == [("DDB101", 8)]
        far = {"start": {"line": 99999999999, "character": 1e30}, "end": {"line": 99999999999, "character": 0}}
        change = {"range": far, "text": "# end"}
        server.raw("textDocument/didChange", {"textDocument": {"uri": uri, "version": 99999999999}, "contentChanges": [change]})
        assert (await server.text("main.py"))[0] == "\n" + KEEPS + "# end"
        for method in ("textDocument/didChange", "textDocument/didOpen", "nonsense", "$/nonsense"):
            server.raw(method, {"nonsense": True})
        with pytest.raises(JsonRpcException):
            await server.request("nonsense/request", {})
        assert len((await server.pull("main.py")).items) == 1


async def test_content_that_is_huge_or_deep(tmp_path):
    async with session(tmp_path) as server:
        huge = "x = 1\n" * 2_000_000
        server.open("huge.py", huge)
        assert await server.codes("huge.py") == []
        server.change("huge.py", whole(KEEPS))
        assert await server.codes("huge.py") == [("DDB101", 8)]
        server.open("deep.py", "x = " + "(" * 20_000 + ")" * 20_000 + "\n" + KEEPS)
        assert ("DDB101", 9) in await server.codes("deep.py")
        server.open("zero.py", "\0" + KEEPS)
        await server.codes("zero.py")


def frame(body):
    return b"Content-Length: %d\r\n\r\n" % len(body) + body


INITIALIZE = frame(b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"processId":null,"rootUri":null,"capabilities":{}}}')
SHUTDOWN = frame(b'{"jsonrpc":"2.0","id":2,"method":"shutdown"}')
EXIT = frame(b'{"jsonrpc":"2.0","method":"exit"}')


SLEEP = frame(b'{"jsonrpc":"2.0","id":4,"method":"workspace/executeCommand","params":{"command":"dynaleak.test.sleep","arguments":[600000]}}')
HANG = frame(b'{"jsonrpc":"2.0","id":3,"method":"workspace/executeCommand","params":{"command":"dynaleak.test.hang"}}')


def raw_server(*options):
    """The server without any client's help."""
    command = [BINARY, "server", "--stdio", *options]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def answer(server):
    """The next message of the server's."""
    length = int(server.stdout.readline().split(b":")[1])
    server.stdout.readline()
    return server.stdout.read(length)


@pytest.mark.parametrize(
    ("sent", "code"),
    [([INITIALIZE, SHUTDOWN, EXIT], 0), ([INITIALIZE, EXIT], 1), ([EXIT], 1)],
    ids=["with shutdown", "without", "at once"],
)
def test_exit_codes(sent, code):
    server = raw_server()
    for message in sent:
        server.stdin.write(message)
        server.stdin.flush()
        if message == INITIALIZE:
            answer(server)
    # Standard input stays open: `exit` is enough.
    assert server.wait(10) == code
    server.stdin.close()
    server.stdout.close()


@pytest.mark.parametrize("last", [EXIT, b""], ids=["exit", "the end of input"])
def test_a_server_that_hangs_ends_all_the_same(last):
    server = raw_server("--test-hooks")
    server.stdin.write(INITIALIZE)
    server.stdin.flush()
    answer(server)
    # No handler and no task goes on behind this one, once it has begun.
    server.stdin.write(HANG)
    server.stdin.flush()
    time.sleep(0.5)
    server.stdin.write(last)
    server.stdin.flush()
    if not last:
        server.stdin.close()
    assert server.wait(10) == 1
    server.stdin.close()
    server.stdout.close()


@pytest.mark.parametrize("last", [SHUTDOWN + EXIT, EXIT], ids=["with shutdown", "without"])
def test_a_request_that_goes_on_does_not_hold_up_the_end(last):
    server = raw_server("--test-hooks")
    server.stdin.write(INITIALIZE)
    server.stdin.flush()
    answer(server)
    server.stdin.write(SLEEP + last)
    server.stdin.flush()
    assert server.wait(10) == (0 if last.startswith(SHUTDOWN) else 1)
    server.stdin.close()
    server.stdout.close()


def test_the_end_of_standard_input_ends_the_server():
    for sent in (b"", INITIALIZE):
        server = raw_server()
        server.stdin.write(sent)
        server.stdin.close()
        assert server.wait(10) == 1
        server.stdout.close()


def test_the_end_of_the_client_ends_the_server():
    client = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    server = raw_server()
    body = b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"processId":%d,"rootUri":null,"capabilities":{}}}' % client.pid
    server.stdin.write(frame(body))
    server.stdin.flush()
    assert server.stdout.readline().startswith(b"Content-Length")
    assert server.poll() is None
    os.kill(client.pid, signal.SIGKILL)
    client.wait()
    assert server.wait(10) == 1
    server.stdin.close()
    server.stdout.close()


def test_broken_messages_are_answered_and_passed_over():
    server = raw_server()
    server.stdin.write(frame(b"{nonsense") + INITIALIZE)
    server.stdin.flush()
    answers = answer(server) + answer(server)
    assert b"-32700" in answers and b'"id":1' in answers
    server.stdin.write(frame(b"[]") + SHUTDOWN)
    server.stdin.flush()
    answers = answer(server) + answer(server) + answer(server)
    assert b"-32700" in answers and b'"id":2' in answers
    server.stdin.write(EXIT)
    server.stdin.flush()
    assert server.wait(10) == 0
    server.stdin.close()
    server.stdout.close()


async def test_findings_of_closed_files_outlast_being_packed_again(tmp_path):
    """Edits make more than a thousand functions of closed files whole, which are then packed once more."""
    read = 'import boto3\n\ntable = boto3.resource("dynamodb").Table("orders")\n\n\ndef rows():\n    return table.scan()["Items"]\n'
    (tmp_path / "store.py").write_text(read)
    keeps = "".join(f"\n\ndef view_{number}(request):\n    ROWS.extend(rows())\n" for number in range(100))
    for number in range(12):
        (tmp_path / f"views_{number}.py").write_text(f"from store import rows\n\nROWS = []\n{keeps}")
    log = tmp_path / "server.log"
    async with session(tmp_path, arguments=["--log-file", str(log), "--log-level", "debug"]) as server:
        server.open("store.py", read)
        found = [("DDB101", 6 + 4 * number) for number in range(100)]

        async def settled(wanted):
            for number in range(12):
                await server.until(f"views_{number}.py", wanted)

        await settled(found)
        for _ in range(3):
            server.change("store.py", edit(6, 11, 32, "[]"))
            await settled([])
            server.change("store.py", edit(6, 11, 13, 'table.scan()["Items"]'))
            await settled(found)
    assert "units of closed files are packed again" in log.read_text()
