"""A team's own rules in the editor: those of docs/custom-rules.md, what is wrong in their files, and changes to them."""

import asyncio
import contextlib
import pathlib
import re
import shutil

from lsprotocol import types

from conftest import ROOT, as_shown, check, session
from test_same import shown

VIEWS = """import boto3
from django.views import View

table = boto3.resource("dynamodb").Table("orders")


class Orders(View):
    def get(self, request):
        return len(table.scan()["Items"])
"""
LOG = """import logging
from shop.repo import fetch_order

logger = logging.getLogger(__name__)


def show(order_id):
    logger.info("%s", fetch_order(order_id))
"""


def documented(root: pathlib.Path):
    """Writes the blocks of the documentation that are files."""
    text = (ROOT / "docs/custom-rules.md").read_text()
    for name, _, body in re.findall(r"^`([^`\n]+)`:\n(`{3,4})\w*\n(.*?)^\2$", text, re.M | re.S):
        if not name.startswith("store"):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(body)
    (root / "shop").mkdir()
    (root / "shop/views.py").write_text(VIEWS)
    (root / "shop/log.py").write_text(LOG)


def tell(server, name, kind=types.FileChangeType.Changed):
    event = types.FileEvent(uri=server.uri(name), type=kind)
    server.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))


async def test_the_documented_rules_work(tmp_path):
    documented(tmp_path)
    expected = check(tmp_path)
    assert [(one["file"], one["code"]) for one in expected] == [("shop/log.py", "SHOP102"), ("shop/views.py", "SHOP101")]
    async with session(tmp_path) as server:
        await server.indexed()
        for name, text in (("shop/log.py", LOG), ("shop/views.py", VIEWS)):
            server.open(name, text)
            assert await shown(server, name) == as_shown([one for one in expected if one["file"] == name])
        [rule] = await server.request("dynaleak/rules", {"code": "SHOP101"})
        assert rule["name"] == "no-scan-in-views"
        at = types.HoverParams(types.TextDocumentIdentifier(server.uri("shop/views.py")), types.Position(8, 22))
        hover = await server.client.text_document_hover_async(at)
        assert "reads the whole table" in hover.contents.value and "Query an index instead" in hover.contents.value


@contextlib.asynccontextmanager
async def viewed(root: pathlib.Path):
    """A session with the documented rules, in which one of them is told of the open views."""
    documented(root)
    async with session(root) as server:
        await server.indexed()
        server.open("shop/views.py", VIEWS)
        assert await server.codes("shop/views.py") == [("SHOP101", 8)]
        yield server


async def test_a_folder_of_rules_that_goes(tmp_path):
    async with viewed(tmp_path) as server:
        shutil.rmtree(tmp_path / ".dynaleak")
        tell(server, ".dynaleak", types.FileChangeType.Deleted)
        await server.until("shop/views.py", [])


async def test_a_mistake_is_told_to_whoever_pulls(tmp_path):
    documented(tmp_path)
    name = ".dynaleak/no_scan_in_views.scm"
    query = tmp_path / name
    sound = query.read_text()
    query.write_text(sound.replace("#exactly?", "#exacly?"))
    async with session(tmp_path) as server:
        await server.indexed()
        assert await server.codes(name) == [("DDB004", 4)]
        server.open(name, query.read_text())
        assert await server.codes(name) == [("DDB004", 4)]
        query.write_text(sound)
        tell(server, name)
        await server.until(name, [])


async def test_settings_name_them_by_code(tmp_path):
    documented(tmp_path)
    for options, expected in (({"ignore": ["SHOP101"]}, []), ({"select": ["SHOP"]}, [("SHOP101", 8)]), ({"select": ["SHOP102"]}, [])):
        async with session(tmp_path, options=options) as server:
            await server.indexed()
            server.open("shop/views.py", VIEWS)
            assert await server.codes("shop/views.py") == expected


async def test_rules_that_change(tmp_path):
    async with viewed(tmp_path) as server:
        query = tmp_path / ".dynaleak/no_scan_in_views.scm"
        text = query.read_text()
        query.write_text(text.replace('"scan"', '"query"'))
        tell(server, ".dynaleak/no_scan_in_views.scm")
        await server.until("shop/views.py", [])
        query.write_text(text)
        tell(server, ".dynaleak/no_scan_in_views.scm")
        await server.until("shop/views.py", [("SHOP101", 8)])
        query.write_text(text.replace("#exactly?", "#exacly?"))
        tell(server, ".dynaleak/no_scan_in_views.scm")
        await server.until("shop/views.py", [])
        query.unlink()
        (tmp_path / ".dynaleak/no_scan_in_views.md").unlink()
        tell(server, ".dynaleak/no_scan_in_views.scm", types.FileChangeType.Deleted)
        await server.until("shop/views.py", [])


async def test_a_mistake_is_told_at_its_file(tmp_path):
    documented(tmp_path)
    query = tmp_path / ".dynaleak/no_scan_in_views.scm"
    query.write_text(query.read_text().replace("#exactly?", "#exacly?"))
    async with session(tmp_path, pull=False) as server:
        await server.indexed()
        server.open("shop/log.py", LOG)
        uri = server.uri(".dynaleak/no_scan_in_views.scm")
        for _ in range(200):
            found = [one for one in server.published if one.uri == uri and one.diagnostics]
            if found:
                break
            await server.text("shop/log.py")
            await asyncio.sleep(0.05)
        [item] = found[-1].diagnostics
        assert (item.code, item.range.start.line) == ("DDB004", 4) and "did you mean `#exactly?`" in item.message
