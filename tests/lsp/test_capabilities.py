"""Each capability, driven by a client that was written elsewhere."""

import asyncio

import pytest
from lsprotocol import types
from pytest_lsp import make_test_lsp_client

from conftest import KEEPS, SHOP, STORE, USER, as_checked, as_shown, check, edit, plain, replacing, session, whole


def at(line, character):
    return types.Position(line, character)


async def test_diagnostics_are_pulled_with_result_ids(keeps):
    async with session(keeps) as server:
        assert server.result.capabilities.text_document_sync.change == types.TextDocumentSyncKind.Incremental
        server.open("main.py", KEEPS)
        report = await server.pull("main.py")
        [item] = report.items
        assert (item.code, item.source, item.severity) == ("DDB101", "dynaleak", types.DiagnosticSeverity.Error)
        assert item.range == types.Range(at(8, 4), at(8, 24))
        assert [each.location.range.start.line for each in item.related_information] == [7, 3]
        data = plain(item.data)
        assert data["code"] == "DDB101" and data["fingerprint"]
        again = await server.pull("main.py", report.result_id)
        assert (again.kind, again.result_id) == ("unchanged", report.result_id)
        server.change("main.py", edit(0, 0, 0, "\n"))
        moved = await server.pull("main.py", report.result_id)
        assert moved.kind == "full" and moved.items[0].range.start.line == 9
        assert not server.published


ENDPOINT = """import boto3
from chalice import Chalice

app = Chalice(app_name="shop")
client = boto3.client("dynamodb")


@app.route("/orders")
def orders():
    found = []
    answer = client.scan(TableName="orders")
    while True:
        found.extend(answer["Items"])
        if "LastEvaluatedKey" not in answer:
            return found
        answer = client.scan(TableName="orders", ExclusiveStartKey=answer["LastEvaluatedKey"])
"""


async def test_findings_on_one_endpoint_name_each_other(tmp_path):
    (tmp_path / "app.py").write_text(ENDPOINT)
    async with session(tmp_path) as server:
        server.open("app.py", ENDPOINT)

        async def related():
            report = await server.pull("app.py")
            return {
                item.code: [(each.message, each.location.range.start.line) for each in item.related_information if "endpoint" in each.message]
                for item in report.items
            }

        places = {item.code: item.range.start.line for item in (await server.pull("app.py")).items}
        assert await related() == {
            "DDB302": [("DDB802 on the same endpoint", places["DDB802"])],
            "DDB802": [("DDB302 on the same endpoint", places["DDB302"])],
        }
        # What is another finding at the same place is named anew: the endpoint is not open to all now.
        server.change("app.py", edit(7, 20, 20, ", authorizer=login"))
        assert (await related())["DDB302"] == [("DDB801 on the same endpoint", places["DDB802"])]
        server.change("app.py", edit(7, 20, 38, ""))
        # They move with it, and go with it.
        server.change("app.py", edit(0, 0, 0, "\n"))
        assert (await related())["DDB302"] == [("DDB802 on the same endpoint", places["DDB802"] + 1)]
        server.change("app.py", edit(8, 0, 21, ""))
        assert await related() == {"DDB302": []}


async def test_diagnostics_are_pushed_with_versions_where_the_client_does_not_pull(keeps):
    async with session(keeps, pull=False) as server:
        assert server.result.capabilities.diagnostic_provider is None
        server.open("main.py", KEEPS, version=5)
        for _ in range(100):
            await asyncio.sleep(0.02)
            if server.published and server.published[-1].diagnostics:
                break
        last = server.published[-1]
        assert (last.version, [item.code for item in last.diagnostics]) == (5, ["DDB101"])
        for number in range(200):
            server.change("main.py", edit(8, 4, 4, "#") if number % 2 == 0 else edit(8, 4, 5, ""))
        for _ in range(100):
            await asyncio.sleep(0.02)
            if server.published[-1].version == 205:
                break
        assert server.published[-1].version == 205 and len(server.published[-1].diagnostics) == 1
        assert [one.version for one in server.published] == sorted(one.version for one in server.published)
        server.close("main.py")
        for _ in range(100):
            await asyncio.sleep(0.02)
            if not server.published[-1].diagnostics:
                break
        assert not server.published[-1].diagnostics


async def test_neovim_is_sent_them_though_it_asks(two):
    async with session(two, name="Neovim") as server:
        assert server.result.capabilities.diagnostic_provider is None
        server.open("user.py", USER)
        for _ in range(500):
            await asyncio.sleep(0.02)
            if server.published and server.published[-1].diagnostics:
                break
        assert [item.code for item in server.published[-1].diagnostics] == ["DDB101"]


async def test_several_edits_in_one_notification_apply_in_order(keeps):
    async with session(keeps) as server:
        server.open("main.py", KEEPS)
        server.change("main.py", edit(8, 4, 4, "#"), edit(8, 4, 5, ""), edit(0, 0, 0, "# é🦀\r\n"), edit(0, 2, 3, ""))
        assert await server.text("main.py") == ("# 🦀\r\n" + KEEPS, 2)
        assert await server.codes("main.py") == [("DDB101", 9)]
        server.change("main.py", whole(KEEPS.replace("RESULTS = []", "from collections import deque\nRESULTS = deque(maxlen=9)")))
        assert await server.codes("main.py") == []


@pytest.mark.parametrize(
    "name",
    ["untitled:Untitled-1", "vscode-vfs://host/a.py", "file:///c%3A/tmp/x.py", "file:///nowhere/%F0%9F%A6%80%20b.py",
     "git:/a/b.py?ref=~", "file:///nowhere/100%25.py"],
)
async def test_documents_outside_of_the_roots(tmp_path, name):
    async with session(tmp_path) as server:
        server.open(name, KEEPS)
        assert await server.codes(name) == [("DDB101", 8)]
        server.change(name, edit(8, 4, 4, "#"))
        assert await server.codes(name) == []
        server.close(name)
        assert await server.text(name) is None


async def test_no_root_at_all(tmp_path):
    async with session(tmp_path, roots=[]) as server:
        server.open("main.py", KEEPS)
        assert await server.codes("main.py") == [("DDB101", 8)]


@pytest.mark.parametrize("name", ["mit leer.py", "🦀é.py", "100%.py", "[a].py"])
async def test_names_with_odd_characters(tmp_path, name):
    (tmp_path / name).write_text(KEEPS)
    async with session(tmp_path) as server:
        await server.indexed()
        server.open(name, KEEPS)
        assert await server.codes(name) == [("DDB101", 8)]
        information = await server.indexed()
        assert information["projects"][1]["files"] == 1


async def test_other_languages_are_left_alone(tmp_path):
    async with session(tmp_path) as server:
        server.open("main.md", KEEPS, language="markdown")
        assert await server.codes("main.md") == []


async def test_an_edit_refreshes_another_open_file(two):
    async with session(two) as server:
        await server.indexed()
        server.open("store.py", STORE)
        server.open("user.py", USER)
        report = await server.pull("user.py")
        assert [item.code for item in report.items] == ["DDB101"]
        before = server.client.diagnostic_refresh_count
        server.change("store.py", edit(0, 0, 0, "# nothing that counts\n"))
        await server.pull("user.py")
        await asyncio.sleep(0.2)
        assert server.client.diagnostic_refresh_count == before
        server.change("store.py", edit(7, 4, 100, "return None"))
        assert await server.codes("user.py") == []
        await asyncio.sleep(0.2)
        assert server.client.diagnostic_refresh_count == before + 1
        # Closed, the text on disk counts again.
        server.close("store.py")
        await server.until("user.py", [("DDB101", 6)])


async def test_open_files_are_answered_before_the_index_and_refreshed_after(two):
    async with session(two) as server:
        server.open("user.py", USER)
        await server.pull("user.py")
        await server.until("user.py", [("DDB101", 6)])
        await server.indexed()
        [reports] = server.client.progress_reports.values()
        kinds = [report.kind for report in reports]
        assert kinds[0] == "begin" and kinds[-1] == "end" and "report" in kinds


async def test_watched_files_keep_the_index_true(two):
    async with session(two) as server:
        await server.indexed()
        assert any(one.method == "workspace/didChangeWatchedFiles" for one in server.client.registered)
        server.open("user.py", USER)
        assert await server.codes("user.py") == [("DDB101", 6)]

        def tell(name, kind):
            event = types.FileEvent(uri=server.uri(name), type=kind)
            server.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams(changes=[event]))

        (two / "store.py").write_text(STORE.replace('["Item"]', '["Item"]["id"]').replace("return TABLE", "return 1 or TABLE"))
        (two / "store.py").write_text("def fetch(key):\n    return 1\n")
        tell("store.py", types.FileChangeType.Changed)
        await server.until("user.py", [])
        (two / "store.py").write_text(STORE)
        tell("store.py", types.FileChangeType.Changed)
        await server.until("user.py", [("DDB101", 6)])
        (two / "store.py").unlink()
        tell("store.py", types.FileChangeType.Deleted)
        await server.until("user.py", [])
        (two / "store.py").write_text(STORE)
        tell("store.py", types.FileChangeType.Created)
        await server.until("user.py", [("DDB101", 6)])
        # Never over an open document.
        server.open("store.py", "def fetch(key):\n    return 1\n")
        tell("store.py", types.FileChangeType.Changed)
        await server.until("user.py", [])
        await asyncio.sleep(0.2)
        assert await server.codes("user.py") == []


async def test_renamed_and_deleted_files(tmp_path):
    (tmp_path / "shelf.py").write_text(STORE)
    (tmp_path / "user.py").write_text(USER)
    async with session(tmp_path) as server:
        await server.indexed()
        server.open("user.py", USER)
        assert await server.codes("user.py") == []
        (tmp_path / "shelf.py").rename(tmp_path / "store.py")
        moved = types.FileRename(old_uri=server.uri("shelf.py"), new_uri=server.uri("store.py"))
        server.client.workspace_did_rename_files(types.RenameFilesParams(files=[moved]))
        await server.until("user.py", [("DDB101", 6)])
        (tmp_path / "store.py").unlink()
        gone = types.FileDelete(uri=server.uri("store.py"))
        server.client.workspace_did_delete_files(types.DeleteFilesParams(files=[gone]))
        await server.until("user.py", [])


async def test_created_files(tmp_path):
    (tmp_path / "user.py").write_text(USER)
    async with session(tmp_path) as server:
        await server.indexed()
        server.open("user.py", USER)
        assert await server.codes("user.py") == []
        (tmp_path / "store.py").write_text(STORE)
        made = types.FileCreate(uri=server.uri("store.py"))
        server.client.workspace_did_create_files(types.CreateFilesParams(files=[made]))
        await server.until("user.py", [("DDB101", 6)])


async def test_indexing_is_cancelled_by_its_progress(two):
    client = make_test_lsp_client()
    cancel = True

    @replacing(client, "window/workDoneProgress/create")
    def create(params):
        if cancel:
            client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(token=params.token))

    async with session(two, client=client) as server:
        await server.said("index: cancelled")
        server.open("user.py", USER)
        assert await server.codes("user.py") == []
        information = plain(await server.command("dynaleak.debugInformation"))
        assert not information["projects"][1]["indexed"]
        # The next one goes through.
        cancel = False
        event = types.FileEvent(uri=server.uri("pyproject.toml"), type=types.FileChangeType.Changed)
        server.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams(changes=[event]))
        await server.until("user.py", [("DDB101", 6)])


async def test_many_changed_files_are_indexed_anew(tmp_path):
    (tmp_path / "user.py").write_text(USER)
    async with session(tmp_path) as server:
        await server.indexed()
        server.open("user.py", USER)
        for number in range(60):
            (tmp_path / f"other_{number}.py").write_text(KEEPS)
        (tmp_path / "store.py").write_text(STORE)
        names = [f"other_{number}.py" for number in range(60)] + ["store.py"]
        events = [types.FileEvent(uri=server.uri(name), type=types.FileChangeType.Created) for name in names]
        server.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams(changes=events))
        await server.until("user.py", [("DDB101", 6)])
        information = await server.indexed()
        assert information["projects"][1]["files"] == 62


async def test_workspace_diagnostics(tmp_path):
    (tmp_path / "one.py").write_text(KEEPS)
    (tmp_path / "two.py").write_text(KEEPS)
    (tmp_path / "clean.py").write_text("import boto3\n")

    async def ask(server, previous=()):
        params = types.WorkspaceDiagnosticParams(previous_result_ids=list(previous))
        return (await server.client.workspace_diagnostic_async(params)).items

    async with session(tmp_path, options={"diagnosticMode": "workspace"}) as server:
        await server.indexed()
        server.open("one.py", KEEPS, version=3)
        reports = await ask(server)
        assert sorted(one.uri for one in reports) == [server.uri("one.py"), server.uri("two.py")]
        assert sorted((one.version is None, len(one.items)) for one in reports) == [(False, 1), (True, 1)]
        known = [types.PreviousResultId(uri=one.uri, value=one.result_id) for one in reports]
        assert {one.kind for one in await ask(server, known)} == {"unchanged"}
    async with session(tmp_path) as server:
        await server.indexed()
        server.open("one.py", KEEPS)
        assert [one.uri for one in await ask(server)] == [server.uri("one.py")]


async def test_workspace_mode_is_pushed_too(tmp_path):
    (tmp_path / "one.py").write_text(KEEPS)
    async with session(tmp_path, pull=False, options={"diagnosticMode": "workspace"}) as server:
        await server.indexed()
        for _ in range(100):
            await asyncio.sleep(0.02)
            if server.published:
                break
        assert [(one.uri, len(one.diagnostics)) for one in server.published] == [(server.uri("one.py"), 1)]


async def test_settings_are_fetched_and_live(keeps):
    async with session(keeps, settings={"ignore": ["DDB101"]}) as server:
        server.open("main.py", KEEPS)
        await server.until("main.py", [])
        server.client.set_configuration({"dynaleak": {"ignore": []}})
        server.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings=None))
        await server.until("main.py", [("DDB101", 8)])


async def test_a_code_leads_to_its_page_where_the_client_says_where(keeps):
    async def address(server):
        [found] = (await server.pull("main.py")).items
        return found.code_description and found.code_description.href

    async with session(keeps, settings={"rulePages": "https://example.org/{code}.html"}) as server:
        server.open("main.py", KEEPS)
        await server.until("main.py", [("DDB101", 8)])
        assert await address(server) == "https://example.org/DDB101.html"
        server.client.set_configuration({"dynaleak": {"rulePages": "dynaleak-rule:/{code}.md"}})
        server.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings=None))
        for _ in range(100):
            if await address(server) == "dynaleak-rule:/DDB101.md":
                break
            await asyncio.sleep(0.05)
        assert await address(server) == "dynaleak-rule:/DDB101.md"
    for nowhere in ({}, {"rulePages": "no address"}, {"rulePages": "pages/{code}"}, {"rulePages": 7}):
        async with session(keeps, options=nowhere) as server:
            server.open("main.py", KEEPS)
            assert await address(server) is None


async def test_settings_that_make_no_sense_change_nothing(keeps):
    options = {"diagnosticMode": 7, "select": "nonsense", "ignore": {"a": 1}, "includeTests": "yes", "unknown": []}
    async with session(keeps, options=options) as server:
        server.open("main.py", KEEPS)
        assert await server.codes("main.py") == [("DDB101", 8)]


async def test_comments_silence_findings(keeps):
    async with session(keeps) as server:
        server.open("main.py", KEEPS)
        server.change("main.py", edit(8, 24, 24, "  # dynaleak: ignore[DDB101] bounded by the number of shops"))
        assert await server.codes("main.py") == []
        server.change("main.py", edit(8, 24, 83, "  # noqa: DDB101"))
        assert await server.codes("main.py") == []
        server.change("main.py", edit(8, 24, 41, ""))
        assert await server.codes("main.py") == [("DDB101", 8)]
        server.change("main.py", edit(0, 0, 0, "# dynaleak: ignore-file[DDB101] a script\n"))
        assert await server.codes("main.py") == []
        server.change("main.py", whole(KEEPS.replace("append(item)", "append(item)  # dynaleak: ignore[DDB101] x")))
        assert await server.codes("main.py") == []
        server.change("main.py", edit(8, 4, 24, "pass"))
        [unused] = (await server.pull("main.py")).items
        assert unused.code == "DDB003" and unused.tags == (types.DiagnosticTag.Unnecessary,)
        of = types.TextDocumentIdentifier(server.uri("main.py"))
        context = types.CodeActionContext(diagnostics=[unused], only=["source.fixAll"])
        params = types.CodeActionParams(text_document=of, range=unused.range, context=context)
        [action] = await server.client.text_document_code_action_async(params)
        assert action.kind == "source.fixAll.dynaleak"
        resolved = await server.client.code_action_resolve_async(action)
        [change] = resolved.edit.document_changes
        assert change.edits[0].new_text == "" and change.edits[0].range.start.line == 8


async def test_the_ignoring_action_silences_its_finding(keeps):
    async with session(keeps) as server:
        server.open("main.py", KEEPS)
        [item] = (await server.pull("main.py")).items
        of = types.TextDocumentIdentifier(server.uri("main.py"))
        params = types.CodeActionParams(text_document=of, range=item.range, context=types.CodeActionContext(diagnostics=[item]))
        *_, action = await server.client.text_document_code_action_async(params)
        resolved = await server.client.code_action_resolve_async(action)
        [change] = resolved.edit.document_changes
        [one] = change.edits
        server.change("main.py", types.TextDocumentContentChangePartial(range=one.range, text=one.new_text + "a reason"))
        assert await server.codes("main.py") == []


async def test_configuration_files_count_live_and_show_their_mistakes(keeps):
    def tell(server, name, kind=types.FileChangeType.Changed):
        event = types.FileEvent(uri=server.uri(name), type=kind)
        server.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams(changes=[event]))

    async with session(keeps) as server:
        await server.indexed()
        server.open("main.py", KEEPS)
        assert await server.codes("main.py") == [("DDB101", 8)]
        (keeps / "pyproject.toml").write_text('[tool.dynaleak]\nignore = ["DDB101"]\n')
        tell(server, "pyproject.toml", types.FileChangeType.Created)
        await server.until("main.py", [])
        (keeps / "pyproject.toml").write_text('[tool.dynaleak]\nseverity = { DDB101 = "info" }\nnonsense = 1\n')
        tell(server, "pyproject.toml")
        await server.until("main.py", [("DDB101", 8)])
        [item] = (await server.pull("main.py")).items
        assert item.severity == types.DiagnosticSeverity.Information
        # In the file as it is typed.
        server.open("pyproject.toml", '[tool.dynaleak]\nnonsense = 1\n', language="toml")
        [item] = (await server.pull("pyproject.toml")).items
        assert (item.code, item.range.start.line) == ("DDB004", 1) and "nonsense" in item.message
        server.change("pyproject.toml", whole("[tool.other]\n"))
        assert await server.codes("pyproject.toml") == []
        server.close("pyproject.toml")
        (keeps / "pyproject.toml").unlink()
        tell(server, "pyproject.toml", types.FileChangeType.Deleted)
        await server.until("main.py", [("DDB101", 8)])
        [item] = (await server.pull("main.py")).items
        assert item.severity == types.DiagnosticSeverity.Error


async def test_mistakes_in_a_configuration_file_that_is_not_open(keeps):
    (keeps / "dynaleak.toml").write_text("nonsense = 1\n")
    async with session(keeps, pull=False) as server:
        for _ in range(100):
            await asyncio.sleep(0.02)
            if server.published:
                break
        [one] = server.published
        assert one.uri == server.uri("dynaleak.toml") and [item.code for item in one.diagnostics] == ["DDB004"]
    async with session(keeps) as server:
        answer = await server.client.workspace_diagnostic_async(types.WorkspaceDiagnosticParams(previous_result_ids=[]))
        [one] = answer.items
        assert one.uri == server.uri("dynaleak.toml") and [item.code for item in one.items] == ["DDB004"]


async def test_tests_and_excluded_files_are_read_where_a_check_reads_them(tmp_path):
    (tmp_path / "dynaleak.toml").write_text('exclude = ["made/"]\n')
    names = ["test_main.py", "tests/helper.py", "made/main.py"]
    async with session(tmp_path) as server:
        for name in names:
            server.open(name, KEEPS)
            assert await server.codes(name) == []
    async with session(tmp_path, options={"includeTests": True}) as server:
        for name in names:
            server.open(name, KEEPS)
        assert [len(await server.codes(name)) for name in names] == [1, 1, 0]


async def test_several_roots(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    for root in (first, second):
        root.mkdir()
        (root / "store.py").write_text(STORE if root == first else "def fetch(key):\n    return 1\n")
        (root / "user.py").write_text(USER)
    async with session(tmp_path, roots=[first]) as server:
        await server.indexed()
        server.open("first/user.py", USER)
        server.open("second/user.py", USER)
        assert await server.codes("first/user.py") == [("DDB101", 6)]
        event = types.WorkspaceFoldersChangeEvent(
            added=[types.WorkspaceFolder(uri=second.as_uri(), name="second")], removed=[]
        )
        server.client.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event=event))
        information = await server.indexed()
        assert [project["root"] for project in information["projects"]] == [None, str(first), str(second)]
        assert await server.codes("second/user.py") == []
        removed = types.WorkspaceFoldersChangeEvent(
            added=[], removed=[types.WorkspaceFolder(uri=first.as_uri(), name="first")]
        )
        server.client.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event=removed))
        await server.until("first/user.py", [])


async def test_hover(keeps):
    async with session(keeps) as server:
        server.open("main.py", KEEPS)

        async def hover(line, character):
            params = types.HoverParams(types.TextDocumentIdentifier(server.uri("main.py")), at(line, character))
            answer = await server.client.text_document_hover_async(params)
            return answer and answer.contents.value

        on_finding = await hover(8, 13)
        assert "**DDB101** `RESULTS` keeps every item" in on_finding
        assert "# DDB101: process-lifetime-accumulator" in on_finding and "main.py:8" in on_finding
        on_name = await hover(7, 6)
        assert "`item`: an item of `TABLE.get_item(Key=key)` (line 8)" in on_name, on_name
        assert "held by `RESULTS`, which lives as long as the process, no bound" in on_name
        on_holder = await hover(3, 2)
        assert "keeps an item of `TABLE.get_item(Key=key)`" in on_holder and "lives as long as the process" in on_holder
        assert await hover(1, 0) is None
        server.change("main.py", edit(8, 24, 24, "  # dynaleak: ignore[DDB201] a reason"))
        assert (await hover(8, 48)).startswith("# DDB201")


async def test_code_actions(keeps):
    async with session(keeps) as server:
        server.open("main.py", KEEPS)
        [item] = (await server.pull("main.py")).items

        async def actions(only=None):
            context = types.CodeActionContext(diagnostics=[item], only=only)
            of = types.TextDocumentIdentifier(server.uri("main.py"))
            params = types.CodeActionParams(text_document=of, range=item.range, context=context)
            return await server.client.text_document_code_action_async(params)

        *rewrites, action = await actions()
        assert [one.title for one in rewrites] == [
            "Bound `RESULTS` with deque(maxlen=1000)",
            "Keep the last 1000 of `RESULTS`",
            "Flush `RESULTS` at 1000",
        ]
        assert all(one.is_preferred is None and one.edit is None for one in rewrites)
        assert action.title == "Ignore DDB101 here with a reason" and action.is_preferred is None
        assert [one.code for one in action.diagnostics] == ["DDB101"] and action.edit is None
        resolved = await server.client.code_action_resolve_async(action)
        [change] = resolved.edit.document_changes
        assert change.text_document.version == 1
        assert "# dynaleak: ignore[DDB101]" in change.edits[0].new_text and change.edits[0].range.start.line == 8
        assert not await actions(["source.fixAll"])
        server.change("main.py", edit(0, 0, 0, "\n"))
        stale = await server.client.code_action_resolve_async(action)
        assert stale.edit is None


PER_REQUEST = """import boto3


def handler(event, context):
    boto3.client("dynamodb").delete_item(TableName="orders", Key={"id": {"S": event["id"]}})
"""


async def test_a_rewrite_that_tests_would_not_bear_is_not_preferred(keeps):
    test = keeps / "tests/test_app.py"
    test.parent.mkdir()
    test.write_text('@patch("app.boto3.client")\ndef test_app(client):\n    pass\n')
    async with session(keeps) as server:
        server.open("app.py", PER_REQUEST)
        [item] = (await server.pull("app.py")).items

        async def preferred():
            of = types.TextDocumentIdentifier(server.uri("app.py"))
            context = types.CodeActionContext(diagnostics=[item], only=["quickfix"])
            params = types.CodeActionParams(text_document=of, range=item.range, context=context)
            action, *_ = await server.client.text_document_code_action_async(params)
            assert action.title == "Share one client, from a factory under functools.cache"
            assert (await server.client.code_action_resolve_async(action)).edit
            return action.is_preferred

        assert not await preferred()
        test.write_text("def test_app(client):\n    pass\n")
        event = types.FileEvent(uri=test.as_uri(), type=types.FileChangeType.Changed)
        server.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams(changes=[event]))
        assert await preferred()
        test.write_text('@patch("app.boto3")\ndef test_app(client):\n    pass\n')
        of = types.TextDocumentIdentifier(test.as_uri())
        server.client.text_document_did_save(types.DidSaveTextDocumentParams(text_document=of))
        assert not await preferred()


async def test_a_rewrite_takes_its_sizes_from_the_configuration(keeps):
    (keeps / "dynaleak.toml").write_text("[bounds]\naccumulator = 7\n")
    async with session(keeps) as server:
        server.open("main.py", KEEPS)
        [item] = (await server.pull("main.py")).items
        of = types.TextDocumentIdentifier(server.uri("main.py"))
        context = types.CodeActionContext(diagnostics=[item], only=["quickfix"])
        params = types.CodeActionParams(text_document=of, range=item.range, context=context)
        action, *_ = await server.client.text_document_code_action_async(params)
        assert action.title == "Bound `RESULTS` with deque(maxlen=7)"
        resolved = await server.client.code_action_resolve_async(action)
        [change] = resolved.edit.document_changes
        assert change.text_document.version == 1
        texts = sorted(one.new_text for one in change.edits)
        assert texts == ["deque(maxlen=7)", "from collections import deque\n\n"]
        assert resolved.command is None


async def test_a_rewrite_keeps_to_the_python_that_the_project_requires(tmp_path):
    project = tmp_path / "pyproject.toml"
    async with session(tmp_path) as server:
        server.open("app.py", PER_REQUEST)

        async def title():
            [item] = (await server.pull("app.py")).items
            of = types.TextDocumentIdentifier(server.uri("app.py"))
            context = types.CodeActionContext(diagnostics=[item], only=["quickfix"])
            action, *_ = await server.client.text_document_code_action_async(types.CodeActionParams(of, item.range, context))
            return action.title

        assert await title() == "Share one client, from a factory under functools.cache"
        for oldest, memo in [("3.8", "lru_cache"), ("3.9", "cache")]:
            project.write_text(f'[project]\nrequires-python = ">={oldest}"\n')
            event = types.FileEvent(uri=project.as_uri(), type=types.FileChangeType.Changed)
            server.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams(changes=[event]))
            assert await title() == f"Share one client, from a factory under functools.{memo}"


async def test_the_size_that_a_rewrite_puts_in_is_selected(keeps):
    shown = []
    client = make_test_lsp_client()

    @replacing(client, "window/showDocument")
    def show(params):
        shown.append(params)
        return types.ShowDocumentResult(success=True)

    async with session(keeps, client=client, show=True) as server:
        server.open("main.py", KEEPS)
        [item] = (await server.pull("main.py")).items
        of = types.TextDocumentIdentifier(server.uri("main.py"))
        context = types.CodeActionContext(diagnostics=[item], only=["quickfix"])
        params = types.CodeActionParams(text_document=of, range=item.range, context=context)
        action, *others = await server.client.text_document_code_action_async(params)
        assert action.command is None
        action = await server.client.code_action_resolve_async(action)
        await server.command(action.command.command, *action.command.arguments)
        for _ in range(500):
            if shown:
                break
            await asyncio.sleep(0.02)
        [one] = shown
        assert one.uri == server.uri("main.py") and one.take_focus
        # The import and a blank line come before `RESULTS = deque(maxlen=1000)`.
        place = one.selection
        assert (place.start.line, place.start.character, place.end.character) == (5, 23, 27)
        ignoring = await server.client.code_action_resolve_async(others[-1])
        assert ignoring.command is None


async def test_all_safe_fixes_of_a_file_in_one(tmp_path):
    text = """import boto3

paginator = boto3.client("dynamodb").get_paginator("scan")
PAGES = []


def export():
    with paginator.paginate(TableName="orders") as pages:
        for page in pages:
            print(page["Count"])


def audit():
    with paginator.paginate(TableName="audit") as pages:
        for page in pages:
            PAGES.append(page)
"""
    (tmp_path / "main.py").write_text(text)
    async with session(tmp_path) as server:
        server.open("main.py", text)
        items = (await server.pull("main.py")).items
        assert [item.code for item in items] == ["DDB304", "DDB304", "DDB101"]
        of = types.TextDocumentIdentifier(server.uri("main.py"))

        async def actions(item, only):
            context = types.CodeActionContext(diagnostics=[item], only=only)
            params = types.CodeActionParams(text_document=of, range=item.range, context=context)
            return await server.client.text_document_code_action_async(params)

        one, _, all_of_it = await actions(items[0], ["quickfix"])
        assert one.title == "Close the iterator of the pages" and one.is_preferred
        assert all_of_it.title == "Fix all DDB304 in this file"
        [everything] = await actions(items[2], ["source.fixAll.dynaleak"])
        for action in (all_of_it, everything):
            resolved = await server.client.code_action_resolve_async(action)
            [change] = resolved.edit.document_changes
            texts = [edit.new_text for edit in change.edits]
            # Two rewrites, one import, and nothing of what is unsafe.
            assert texts.count("import contextlib\n\n") == 1 and len(texts) == 5


async def test_what_is_wrong_with_a_comment_is_not_ignored_by_another(tmp_path):
    async with session(tmp_path) as server:
        server.open("main.py", "x = 1  # dynaleak: ignore[DDB101]\ny = 2  # dynaleak: ingore[DDB101]\nimport pynamodb\n")
        unused, malformed = (await server.pull("main.py")).items
        assert (unused.code, malformed.code) == ("DDB003", "DDB002")
        of = types.TextDocumentIdentifier(server.uri("main.py"))

        async def titles(item):
            context = types.CodeActionContext(diagnostics=[item], only=["quickfix"])
            params = types.CodeActionParams(text_document=of, range=item.range, context=context)
            return [action.title for action in await server.client.text_document_code_action_async(params)]

        assert await titles(unused) == ["Remove what is not needed of the comment"]
        assert await titles(malformed) == []


async def test_code_actions_of_a_client_that_resolves_nothing(keeps):
    async with session(keeps, resolve=False, changes=False) as server:
        server.open("main.py", KEEPS)
        [item] = (await server.pull("main.py")).items
        of = types.TextDocumentIdentifier(server.uri("main.py"))
        context = types.CodeActionContext(diagnostics=[item])
        params = types.CodeActionParams(text_document=of, range=item.range, context=context)
        actions = await server.client.text_document_code_action_async(params)
        assert len(actions) == 4
        assert all(list(action.edit.changes) == [server.uri("main.py")] for action in actions)


async def test_inlay_hints_only_where_set(keeps):
    async def hints(server):
        params = types.InlayHintParams(types.TextDocumentIdentifier(server.uri("main.py")), types.Range(at(0, 0), at(99, 0)))
        return [(hint.position.line, hint.label) for hint in await server.client.text_document_inlay_hint_async(params) or []]

    async with session(keeps) as server:
        server.open("main.py", KEEPS)
        assert await hints(server) == []
    async with session(keeps, options={"inlayHints": True}) as server:
        server.open("main.py", KEEPS)
        found = await hints(server)
        assert (3, "lives as long as the process") in found and (7, "a page") in found, found


async def test_notebooks(tmp_path):
    first, second, markdown, third = (f"vscode-notebook-cell:/nb.ipynb#{name}" for name in "abcd")
    texts = {
        first: "%pip install boto3\nimport boto3\nTABLE = boto3.resource('dynamodb').Table('orders')\nRESULTS = []",
        second: "def remember(key):\n    RESULTS.append(TABLE.get_item(Key=key)['Item'])\nremember({})",
        third: "!ls",
    }
    uri = "file:///nowhere/nb.ipynb"

    def cell(name, kind=types.NotebookCellKind.Code):
        return types.NotebookCell(kind=kind, document=name)

    def item(name, text, language="python"):
        return types.TextDocumentItem(uri=name, language_id=language, version=1, text=text)

    async with session(tmp_path) as server:
        document = types.NotebookDocument(
            uri=uri, notebook_type="jupyter-notebook", version=1,
            cells=[cell(first), cell(markdown, types.NotebookCellKind.Markup), cell(second)],
        )
        opened = [item(first, texts[first]), item(markdown, "RESULTS", "markdown"), item(second, texts[second])]
        server.client.notebook_document_did_open(
            types.DidOpenNotebookDocumentParams(notebook_document=document, cell_text_documents=opened)
        )
        assert await server.codes(second) == [("DDB101", 1)]
        assert await server.codes(first) == []
        report = await server.pull(second)
        assert {one.location.uri for one in report.items[0].related_information} == {first, second}

        def change(**cells):
            event = types.NotebookDocumentChangeEvent(cells=types.NotebookDocumentCellChanges(**cells))
            of = types.VersionedNotebookDocumentIdentifier(version=2, uri=uri)
            server.client.notebook_document_did_change(
                types.DidChangeNotebookDocumentParams(notebook_document=of, change=event)
            )

        text = types.NotebookDocumentCellContentChanges(
            document=types.VersionedTextDocumentIdentifier(version=2, uri=second), changes=[edit(1, 4, 4, "#")]
        )
        change(text_content=[text])
        assert await server.codes(second) == []
        text.changes[0] = edit(1, 4, 5, "")
        change(text_content=[text])
        assert await server.codes(second) == [("DDB101", 1)]
        # A cell in front, and the first one gone.
        structure = types.NotebookDocumentCellChangeStructure(
            array=types.NotebookCellArrayChange(start=0, delete_count=0, cells=[cell(third)]),
            did_open=[item(third, texts[third])],
        )
        change(structure=structure)
        assert await server.codes(second) == [("DDB101", 1)]
        gone = types.NotebookDocumentCellChangeStructure(
            array=types.NotebookCellArrayChange(start=1, delete_count=1, cells=[]),
            did_close=[types.TextDocumentIdentifier(first)],
        )
        change(structure=gone)
        assert await server.codes(second) == []
        server.client.notebook_document_did_close(
            types.DidCloseNotebookDocumentParams(
                notebook_document=types.NotebookDocumentIdentifier(uri),
                cell_text_documents=[types.TextDocumentIdentifier(second), types.TextDocumentIdentifier(third)],
            )
        )
        assert await server.text(second) is None


async def test_a_cell_that_its_notebook_does_not_list_goes_where_that_goes(tmp_path):
    listed, unlisted = (f"vscode-notebook-cell:/nb.ipynb#{name}" for name in "ab")
    uri = (tmp_path / "nb.ipynb").as_uri()
    async with session(tmp_path) as server:
        await server.indexed()
        cells = [types.NotebookCell(kind=types.NotebookCellKind.Code, document=listed)]
        document = types.NotebookDocument(uri=uri, notebook_type="jupyter-notebook", version=1, cells=cells)
        opened = [types.TextDocumentItem(uri=name, language_id="python", version=1, text="RESULTS = []\n") for name in (listed, unlisted)]
        server.client.notebook_document_did_open(
            types.DidOpenNotebookDocumentParams(notebook_document=document, cell_text_documents=opened)
        )
        assert [await server.codes(name) for name in (listed, unlisted)] == [[], []]
        removed = types.WorkspaceFoldersChangeEvent(
            added=[], removed=[types.WorkspaceFolder(uri=tmp_path.as_uri(), name=tmp_path.name)]
        )
        server.client.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event=removed))
        assert [await server.codes(name) for name in (listed, unlisted)] == [[], []]
        server.client.notebook_document_did_close(
            types.DidCloseNotebookDocumentParams(
                notebook_document=types.NotebookDocumentIdentifier(uri), cell_text_documents=[types.TextDocumentIdentifier(listed)]
            )
        )
        assert [await server.text(name) for name in (listed, unlisted)] == [None, None]


async def test_debug_information_trace_and_log_file(keeps):
    log = keeps / "server.log"
    async with session(keeps, arguments=["--log-file", str(log), "--log-level", "debug"]) as server:
        traces = []
        replacing(server.client, "$/logTrace")(lambda params: traces.append(params.message))
        server.open("main.py", KEEPS)
        server.change("main.py", edit(0, 0, 0, "\n"))
        assert await server.codes("main.py") == [("DDB101", 9)] and not traces
        server.client.set_trace(types.SetTraceParams(value=types.TraceValue.Messages))
        server.change("main.py", edit(0, 0, 0, "\n"))
        assert await server.codes("main.py") == [("DDB101", 10)]
        assert any("main.py is at version 3" in trace for trace in traces)
        information = plain(await server.command("dynaleak.debugInformation"))
        assert information["version"] and information["projects"]
        assert any("serves" in line.message for line in server.client.log_messages)
    assert "received textDocument" in log.read_text() or "received initialized" in log.read_text()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
async def test_the_example_project_is_as_the_command_line_sees_it(encoding):
    findings = check(SHOP)
    async with session(SHOP, encodings=[encoding]) as server:
        assert server.result.capabilities.position_encoding == encoding
        await server.indexed()
        count = 0
        for path in sorted(SHOP.rglob("*.py")):
            name = path.relative_to(SHOP).as_posix()
            text = path.read_text()
            server.open(name, text)
            items = (await server.pull(name)).items
            assert as_checked(items, text, encoding) == as_shown(one for one in findings if one["file"] == name), name
            count += len(items)
        assert count == len(findings) > 0
