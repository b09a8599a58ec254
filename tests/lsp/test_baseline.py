"""What a baseline accepts is a hint in the editor, by the same keys as on the command line."""

import subprocess

from lsprotocol import types

from conftest import BINARY, KEEPS, edit, session, whole
from test_own import tell

HINT, ERROR = types.DiagnosticSeverity.Hint, types.DiagnosticSeverity.Error
NAME = "dynaleak-baseline.jsonl"
APPEND = "    RESULTS.append(item)\n"


def accept(root):
    done = subprocess.run([BINARY, "check", "--write-baseline", "-q"], cwd=root, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


async def levels(server, name):
    """The lines of a document's findings, with their severities."""
    report = await server.pull(name)
    return [(item.range.start.line, item.severity) for item in report.items]


async def until(server, name, wanted):
    for _ in range(400):
        found = await levels(server, name)
        if found == wanted:
            return
        await server.settled()
    assert found == wanted


async def test_hints(keeps):
    accept(keeps)
    async with session(keeps) as server:
        server.open("main.py", KEEPS)
        await server.indexed()
        [item] = (await server.pull("main.py")).items
        assert item.severity == HINT and item.message.endswith(" (accepted by the baseline)")
        assert item.data["baselined"] is True
        # Formatted, and moved down; a second equal one is new.
        server.change("main.py", edit(8, 19, 19, "  # one\n        "))
        assert await levels(server, "main.py") == [(8, HINT)]
        server.change("main.py", edit(0, 0, 0, "# one\n"))
        assert await levels(server, "main.py") == [(9, HINT)]
        server.change("main.py", whole(KEEPS + APPEND))
        assert await levels(server, "main.py") == [(8, HINT), (9, ERROR)]
        server.change("main.py", whole(KEEPS.replace("append(item)", "insert(0, item)")))
        assert await levels(server, "main.py") == [(8, ERROR)]
        # Another function, and back.
        server.change("main.py", whole(KEEPS.replace("remember", "keep")))
        assert await levels(server, "main.py") == [(8, HINT)]


async def test_a_baseline_that_changes(keeps):
    async with session(keeps) as server:
        server.open("main.py", KEEPS)
        await server.indexed()
        assert await levels(server, "main.py") == [(8, ERROR)]
        watched = [watcher["globPattern"] for registration in server.client.registered
                   if registration.method == "workspace/didChangeWatchedFiles"
                   for watcher in as_list(registration.register_options)]
        assert "**/*.jsonl" in watched
        accept(keeps)
        tell(server, NAME)
        await until(server, "main.py", [(8, HINT)])
        (keeps / NAME).write_text('{"dynaleak-baseline":1}\n<<<<<<< ours\n')
        tell(server, NAME)
        await until(server, "main.py", [(8, ERROR)])
        await server.said("line 2: a merge was not finished here")
        (keeps / "ci").mkdir()
        (keeps / NAME).unlink()
        (keeps / "dynaleak.toml").write_text('baseline = "ci/known.jsonl"\n')
        accept(keeps)
        tell(server, "dynaleak.toml")
        await until(server, "main.py", [(8, HINT)])
        (keeps / "ci/known.jsonl").write_text('{"dynaleak-baseline":1}\n')
        tell(server, "ci/known.jsonl")
        await until(server, "main.py", [(8, ERROR)])


def as_list(options):
    options = options if isinstance(options, dict) else options._asdict()
    return [each if isinstance(each, dict) else each._asdict() for each in options["watchers"]]


async def test_code_that_moves_to_another_file(keeps):
    accept(keeps)
    (keeps / "other.py").write_text("import boto3  # dynamodb\n")
    async with session(keeps) as server:
        server.open("main.py", KEEPS)
        server.open("other.py", "import boto3  # dynamodb\n")
        await server.indexed()
        # A copy is new as long as the first one is there.
        server.change("other.py", whole(KEEPS))
        assert await levels(server, "other.py") == [(8, ERROR)]
        server.change("main.py", whole("import boto3  # dynamodb\n"))
        assert await levels(server, "other.py") == [(8, HINT)]
        server.change("main.py", whole(KEEPS))
        assert await levels(server, "other.py") == [(8, ERROR)]
        assert await levels(server, "main.py") == [(8, HINT)]


async def test_a_file_that_is_renamed(keeps):
    accept(keeps)
    async with session(keeps) as server:
        await server.indexed()
        (keeps / "main.py").rename(keeps / "renamed.py")
        old, new = server.uri("main.py"), server.uri("renamed.py")
        renamed = types.RenameFilesParams([types.FileRename(old_uri=old, new_uri=new)])
        server.client.workspace_did_rename_files(renamed)
        server.open("renamed.py", KEEPS)
        await until(server, "renamed.py", [(8, HINT)])
