"""What the clients' own commands ask for: the picture of a trail, the rules' pages, the sizes of rewrites."""

import xml.etree.ElementTree as ElementTree

from lsprotocol import types

from conftest import KEEPS, SHOP, STORE, USER, check, edit, plain, session, whole


async def trail(server, name, **which):
    return plain(await server.request("dynaleak/trail", {"textDocument": {"uri": server.uri(name)}, **which}))


def at(line, character):
    return {"position": {"line": line, "character": character}}


def drawn(answer):
    """The picture's steps: number, link, and all words."""
    root = ElementTree.fromstring(answer["svg"])
    links = root.iter("{http://www.w3.org/2000/svg}a")
    return [(int(link.get("data-step")), link.get("href"), " ".join(link.itertext())) for link in links]


async def test_the_trail_of_a_finding_leads_from_the_source_to_the_holder(two):
    async with session(two) as server:
        await server.indexed()
        server.open("user.py", USER)
        await server.until("user.py", [("DDB101", 6)])
        answer = await trail(server, "user.py", **at(6, 8))
        assert (answer["code"], answer["holder"]) == ("DDB101", {"name": "KEPT", "lives": "the process", "bound": "no bound"})
        steps = [(step["role"], step["file"], step["location"]["range"]["start"]["line"]) for step in answer["steps"]]
        assert steps[0] == ("source", "store.py", 6) and steps[-1] == ("holder", "user.py", 2), steps
        assert ("kept", "user.py", 6) in steps
        assert [number for number, _, _ in drawn(answer)] == list(range(len(steps)))
        for step, (_, link, words) in zip(answer["steps"], drawn(answer), strict=True):
            assert link == f"{step['location']['uri']}#L{step['location']['range']['start']['line'] + 1}"
            assert step["file"] in words
        # Anywhere on the line will do; elsewhere nothing is held.
        assert (await trail(server, "user.py", **at(6, 0)))["fingerprint"] == answer["fingerprint"]
        assert await trail(server, "user.py", **at(0, 0)) is None
        assert await trail(server, "store.py", **at(6, 8)) is None


async def test_a_trail_is_found_again_after_an_edit_and_gone_with_its_finding(keeps):
    async with session(keeps) as server:
        server.open("main.py", KEEPS)
        first = await trail(server, "main.py", **at(8, 6))
        server.change("main.py", edit(0, 0, 0, "\n\n"))
        moved = await trail(server, "main.py", fingerprint=first["fingerprint"])
        lines = [[step["location"]["range"]["start"]["line"] for step in answer["steps"]] for answer in (first, moved)]
        assert lines[1] == [line + 2 for line in lines[0]]
        server.change("main.py", edit(10, 4, 24, "pass"))
        assert await trail(server, "main.py", fingerprint=first["fingerprint"]) is None
        assert await trail(server, "main.py") is None


async def test_a_picture_is_sound_whatever_the_code_says(tmp_path):
    text = KEEPS.replace("RESULTS.append(item)", 'RESULTS.append((item, "<&🦀\t' + "x" * 300 + '"))')
    async with session(tmp_path) as server:
        server.open("a&b <c>.py", text)
        answer = await trail(server, "a&b <c>.py", **at(8, 6))
        assert any("a&b <c>.py" in words for _, _, words in drawn(answer))


async def test_every_finding_of_the_example_project_with_a_trail_has_its_picture(tmp_path):
    findings = check(SHOP)
    opened = set()
    async with session(SHOP) as server:
        await server.indexed()
        for finding in findings:
            name = finding["file"]
            if name not in opened:
                opened.add(name)
                server.open(name, (SHOP / name).read_text())
            start = finding["range"]["start"]
            answer = await trail(server, name, **at(start["line"] - 1, start["column"] - 1))
            assert (answer is not None) == bool(finding["trail"]), finding
            if answer:
                numbers = [number for number, _, _ in drawn(answer)]
                assert numbers == list(range(len(answer["steps"])))
                assert len(numbers) >= len(finding["trail"])
                roles = [step["role"] for step in answer["steps"]]
                assert roles.count("kept") <= 1 and roles.count("holder") <= 1


async def test_a_notebook_s_trail_leads_to_its_cells(tmp_path):
    first, second = (f"vscode-notebook-cell:/nb.ipynb#{name}" for name in "ab")
    texts = {
        first: "import boto3\nTABLE = boto3.resource('dynamodb').Table('orders')\nRESULTS = []",
        second: "def remember(key):\n    RESULTS.append(TABLE.get_item(Key=key)['Item'])\nremember({})",
    }
    async with session(tmp_path) as server:
        cells = [types.NotebookCell(kind=types.NotebookCellKind.Code, document=name) for name in texts]
        document = types.NotebookDocument(uri="file:///nowhere/nb.ipynb", notebook_type="jupyter-notebook", version=1, cells=cells)
        opened = [types.TextDocumentItem(uri=name, language_id="python", version=1, text=text) for name, text in texts.items()]
        server.client.notebook_document_did_open(
            types.DidOpenNotebookDocumentParams(notebook_document=document, cell_text_documents=opened)
        )
        answer = await trail(server, second, **at(1, 6))
        places = [(step["role"], step["location"]["uri"], step["location"]["range"]["start"]["line"]) for step in answer["steps"]]
        assert places == [("source", second, 1), ("kept", second, 1), ("holder", first, 2)]


async def test_rules_are_explained(tmp_path):
    async with session(tmp_path) as server:
        rules = plain(await server.request("dynaleak/rules", {}))
        assert {"DDB101", "DDB605", "DDB002"} <= {rule["code"] for rule in rules}
        for word in ("DDB101", "process-lifetime-accumulator"):
            [rule] = plain(await server.request("dynaleak/rules", {"code": word}))
            assert rule["code"] == "DDB101" and rule["explanation"].startswith("# DDB101") and rule["effect"] == "leak"
        assert await server.request("dynaleak/rules", {"code": "nonsense"}) in ([], ())


async def test_the_client_s_sizes_are_stronger_than_the_configuration_file_s(keeps):
    (keeps / "dynaleak.toml").write_text("[bounds]\naccumulator = 7\ncache = 8\n")

    async def title(server):
        [item] = (await server.pull("main.py")).items
        context = types.CodeActionContext(diagnostics=[item], only=["quickfix"])
        of = types.TextDocumentIdentifier(server.uri("main.py"))
        action, *_ = await server.client.text_document_code_action_async(types.CodeActionParams(of, item.range, context))
        return action.title

    for bounds, size in [({"accumulator": 9}, 9), ({"cache": 9}, 7), ({"accumulator": 0}, 7), (7, 7), ({"accumulator": "9"}, 7), (None, 7)]:
        async with session(keeps, options={"bounds": bounds}) as server:
            server.open("main.py", KEEPS)
            assert await title(server) == f"Bound `RESULTS` with deque(maxlen={size})", bounds
            server.change("main.py", whole(KEEPS))
