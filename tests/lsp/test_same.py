"""The editor shows of each file what `dynaleak check` in the root finds in it, whatever is open and unsaved."""

import contextlib
import os
import pathlib
import shutil

import pytest
from lsprotocol import types

from conftest import KEEPS, SHOP, STORE, USER, as_checked, as_shown, check, edit, session, whole

CORPUS = os.environ.get("DYNALEAK_CORPUS")
ROOTS = [SHOP, *sorted(path for path in pathlib.Path(CORPUS).iterdir() if path.is_dir())] if CORPUS else [SHOP]


def python_files(root):
    """Names and texts of what an editor can show as Python."""
    for path in sorted(root.rglob("*.py")):
        if path.is_file():
            try:
                yield path.relative_to(root).as_posix(), path.read_bytes().decode()
            except UnicodeDecodeError:
                continue


def by_file(findings):
    found = {}
    for one in findings:
        found.setdefault(one["file"], []).append(one)
    return found


async def shown(server, name):
    text, _ = await server.text(name)
    return as_checked((await server.pull(name)).items, text, "utf-16")


@pytest.mark.parametrize("include_tests", [False, True], ids=["code", "tests"])
@pytest.mark.parametrize("root", ROOTS, ids=lambda root: root.name)
async def test_each_file_is_shown_as_it_is_checked(root, include_tests):
    expected = by_file(check(root, *["--include-tests"] * include_tests))
    async with session(root, options={"includeTests": include_tests}) as server:
        await server.indexed()
        files = list(python_files(root))
        for name, text in files:
            server.open(name, text)
            assert await shown(server, name) == as_shown(expected.get(name, [])), name
        # All of them open, and once what that led to has come to rest.
        await server.settled()
        for name, _ in files:
            assert await shown(server, name) == as_shown(expected.get(name, [])), name
        assert set(expected) <= {name for name, _ in files}


CLIENTS = """import boto3


def client(service):
    return boto3.client(service)
"""
CALLER = """from clients import client

SEEN = []


def see(key):
    SEEN.append(client("dynamodb").get_item(TableName="orders", Key=key)["Item"])


def handler(event, context):
    see(event["key"])
"""
OTHER = """import boto3


def upload(body):
    for part in body:
        boto3.client("s3").put_object(Body=part)
"""


class Twin:
    """A root, and a copy of it in which what is open was saved."""

    def __init__(self, folder, texts):
        self.root, self.saved = folder / "root", folder / "saved"
        for root in (self.root, self.saved):
            for name, text in texts.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text)

    @contextlib.asynccontextmanager
    async def editing(self, *names):
        """A session in the root, once it is indexed, in which these are open as they were written."""
        async with session(self.root) as server:
            await server.indexed()
            for name in names:
                server.open(name, (self.root / name).read_text())
            yield server

    async def agree(self, server, *names):
        """Once the server has come to rest, what it shows is what a check of the saved texts finds."""
        for name in names:
            text, _ = await server.text(name)
            (self.saved / name).write_bytes(text.encode())
        await server.settled()
        expected = by_file(check(self.saved))
        for name in names:
            assert await shown(server, name) == as_shown(expected.get(name, [])), name
        return {name: [one["code"] for one in expected.get(name, [])] for name in names}


async def test_a_file_that_a_check_does_not_load_shows_nothing(tmp_path):
    twin = Twin(tmp_path, {"other.py": OTHER})
    async with twin.editing("other.py") as server:
        assert await twin.agree(server, "other.py") == {"other.py": []}
        # It begins to name DynamoDB, at once.
        server.change("other.py", edit(0, 0, 0, "TABLE = 'dynamodb'\n"))
        assert await server.codes("other.py") != []
        assert (await twin.agree(server, "other.py"))["other.py"]
        server.change("other.py", edit(0, 9, 15, ""))
        assert await twin.agree(server, "other.py") == {"other.py": []}


async def test_an_unsaved_text_brings_in_its_importers_and_lets_them_go(tmp_path):
    plain = "def fetch(key):\n    return 1\n"
    twin = Twin(tmp_path, {"store.py": plain, "user.py": USER})
    async with twin.editing("store.py", "user.py") as server:
        assert await twin.agree(server, "store.py", "user.py") == {"store.py": [], "user.py": []}
        server.change("store.py", whole(STORE))
        assert await twin.agree(server, "store.py", "user.py") == {"store.py": [], "user.py": ["DDB101"]}
        server.change("store.py", whole(plain))
        assert await twin.agree(server, "store.py", "user.py") == {"store.py": [], "user.py": []}


async def test_a_caller_that_is_not_open_counts_once_it_matters(tmp_path):
    keeper = "KEPT = []\n\n\ndef keep(value):\n    KEPT.append(value)\n"
    caller = "from keeper import keep\nfrom store import fetch\n\n\ndef handler(event, context):\n    keep(fetch(event))\n"
    plain = "def fetch(key):\n    return 1\n"
    twin = Twin(tmp_path, {"store.py": plain, "keeper.py": keeper, "caller.py": caller})
    async with twin.editing("keeper.py", "store.py") as server:
        assert await twin.agree(server, "keeper.py", "store.py") == {"keeper.py": [], "store.py": []}
        server.change("store.py", whole(STORE))
        assert (await twin.agree(server, "keeper.py", "store.py"))["keeper.py"] == ["DDB101"]
        server.change("store.py", whole(plain))
        assert (await twin.agree(server, "keeper.py", "store.py"))["keeper.py"] == []


async def test_a_maker_of_clients_counts_for_who_names_the_service(tmp_path):
    twin = Twin(tmp_path, {"clients.py": CLIENTS, "caller.py": "x = 1\n"})
    async with twin.editing("caller.py") as server:
        server.change("caller.py", whole(CALLER))
        assert "DDB101" in (await twin.agree(server, "caller.py"))["caller.py"]
        server.change("caller.py", edit(0, 0, 4, "#"))
        await twin.agree(server, "caller.py")


async def test_settings_that_name_dynamodb_and_routes_that_do_not(tmp_path):
    settings = 'BUCKET = "invoices"\n'
    files = (
        "import boto3\n\nimport settings\n\n\n"
        'def upload(body):\n    boto3.client("s3").put_object(Bucket=settings.BUCKET, Body=body)\n'
    )
    route = '@app.put("/invoices")\ndef put(body: bytes):\n    upload(body)\n'
    routes = f"from fastapi import FastAPI\n\nfrom files import upload\n\napp = FastAPI()\n\n\n{route}"
    twin = Twin(tmp_path, {"settings.py": settings, "files.py": files, "routes.py": routes})
    async with twin.editing("settings.py", "files.py") as server:
        assert await twin.agree(server, "settings.py", "files.py") == {"settings.py": [], "files.py": []}
        server.change("settings.py", whole(settings + 'TABLE = "dynamodb-orders"\n'))
        assert (await twin.agree(server, "settings.py", "files.py"))["files.py"] == ["DDB602"]
        # Nothing in the file that calls it runs for a request any more.
        server.open("routes.py", routes)
        server.change("routes.py", whole("from files import upload\n\n\ndef put(body):\n    upload(body)\n"))
        assert (await twin.agree(server, "routes.py", "files.py"))["files.py"] == []
        server.change("routes.py", whole(routes))
        assert (await twin.agree(server, "routes.py", "files.py"))["files.py"] == ["DDB602"]
        server.change("settings.py", whole(settings))
        assert (await twin.agree(server, "settings.py", "files.py"))["files.py"] == []


async def test_new_closed_and_ignored_files(tmp_path):
    twin = Twin(tmp_path, {"user.py": USER, "made/store.py": STORE, "made/main.py": KEEPS})
    for root in (twin.root, twin.saved):
        (root / ".gitignore").write_text("made/\n")
        (root / ".git").mkdir()
    async with twin.editing("user.py", "made/main.py") as server:
        assert await twin.agree(server, "user.py", "made/main.py") == {"user.py": [], "made/main.py": []}
        # Never saved: as if it were.
        server.open("store.py", STORE)
        assert (await twin.agree(server, "user.py", "store.py"))["user.py"] == ["DDB101"]
        # Closed without: gone again.
        server.close("store.py")
        (twin.saved / "store.py").unlink()
        assert await twin.agree(server, "user.py") == {"user.py": []}
        # On disk now, and opened without a word that it came.
        (twin.root / "store.py").write_text(STORE)
        server.open("store.py", STORE)
        assert (await twin.agree(server, "user.py", "store.py"))["user.py"] == ["DDB101"]
        server.change("store.py", whole("fetch = print\n"))
        assert (await twin.agree(server, "user.py", "store.py"))["user.py"] == []
        server.close("store.py")
        shutil.copy(twin.root / "store.py", twin.saved)
        assert (await twin.agree(server, "user.py"))["user.py"] == ["DDB101"]


async def test_files_that_change_on_disk_come_in_and_drop_out(tmp_path):
    twin = Twin(tmp_path, {"store.py": "fetch = print\n", "user.py": USER})
    async with twin.editing("user.py") as server:

        async def save(text, codes):
            for root in (twin.root, twin.saved):
                (root / "store.py").write_text(text)
            event = types.FileEvent(uri=server.uri("store.py"), type=types.FileChangeType.Changed)
            server.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams(changes=[event]))
            await server.until("user.py", codes)
            await twin.agree(server, "user.py")

        await save(STORE, [("DDB101", 6)])
        await save("fetch = print\n", [])
        await save(STORE, [("DDB101", 6)])
