"""Random edits: after each burst the server's text is the client's, and its findings are those of `dynaleak check`.

`DYNALEAK_EDITS` says how many edits are made in each encoding, `DYNALEAK_SEED` which."""

import os
import random

import pytest
from lsprotocol import types

from conftest import KEEPS, LINE_ENDS, as_checked, as_shown, check, edit, session, whole, width

EDITS = int(os.environ.get("DYNALEAK_EDITS", "1000"))
PIECES = [
    KEEPS, "RESULTS.append(item)", "\n", "\r\n", "\r", "    ", "#", "é", "🦀", "e\u0301", "👩‍👩‍👧", '"""', "'", "(", ")", "[", ":",
    "def other(key):\n    return TABLE.query(KeyConditionExpression=key)['Items']\n",
    "\nCACHE = {}\n\n\ndef cached(key):\n    CACHE[key] = TABLE.get_item(Key=key)['Item']\n    return CACHE[key]\n",
    "class Shop:\r\n    def __init__(self):\r\n        self.items = []\r\n\r\n    def add(self, key):\r\n        self.items.append(TABLE.get_item(Key=key))\r\n",
    "RESULTS.clear()\n", "if True:\n    ", "@property\n", "\\\n", "# 🦀 é\n", "boto3", "dynamodb", "None",
]


class Mirror:
    """The client's side of a document: a text, and positions counted without the server's help."""

    def __init__(self, text, encoding):
        self.text, self.encoding = text, encoding

    def position(self, index):
        before = self.text[:index]
        ends = list(LINE_ENDS.finditer(self.text))
        line = sum(1 for end in ends if end.end() <= index)
        start = max((end.end() for end in ends if end.end() <= index), default=0)
        return types.Position(line, sum(width(char, self.encoding) for char in before[start:]))

    def place(self, rng):
        """A place in the text, but not between the halves of a line end."""
        index = rng.randint(0, len(self.text))
        return index - 1 if self.text[index - 1 : index + 1] == "\r\n" else index

    def replace(self, start, end, new):
        change = types.TextDocumentContentChangePartial(
            range=types.Range(self.position(start), self.position(end)), text=new
        )
        self.text = self.text[:start] + new + self.text[end:]
        return change


def one_edit(rng, mirror, undo):
    """Some changes of one notification."""
    kind = rng.random()
    if kind < 0.05 and undo:
        mirror.text = undo.pop()
        return [whole(mirror.text)]
    undo.append(mirror.text)
    del undo[:-20]
    if kind < 0.15:
        # As many cursors, from the last to the first.
        piece = rng.choice(PIECES[1:17])
        places = sorted({mirror.place(rng) for _ in range(rng.randint(2, 4))}, reverse=True)
        return [mirror.replace(at, at, piece) for at in places]
    start = mirror.place(rng)
    end = start
    if kind < 0.45 or len(mirror.text) > 4000:
        end = min(len(mirror.text), start + rng.choice([1, 1, 2, 5, 40, 400]))
        if mirror.text[end - 1 : end + 1] == "\r\n":
            end += 1
        if len(mirror.text) > 6000:
            end = min(len(mirror.text), start + 3000)
    new = "" if kind < 0.35 else rng.choice(PIECES)
    return [mirror.replace(start, end, new)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
async def test_random_edits(tmp_path, encoding):
    rng = random.Random(f"{encoding} {os.environ.get('DYNALEAK_SEED', '1')}")
    root, beside = tmp_path / "server", tmp_path / "check"
    root.mkdir()
    beside.mkdir()
    (root / "main.py").write_text("")
    async with session(root, encodings=[encoding]) as server:
        assert server.result.capabilities.position_encoding == encoding
        await server.indexed()
        mirror = Mirror(KEEPS, encoding)
        server.open("main.py", mirror.text)
        undo, done, found, bursts = [], 0, 0, 0
        while done < EDITS:
            for _ in range(rng.choice([1, 1, 2, 3, 5, 30])):
                changes = one_edit(rng, mirror, undo)
                server.change("main.py", *changes)
                done += len(changes)
            text, version = await server.text("main.py")
            assert text == mirror.text
            assert version == server.versions["main.py"]
            (beside / "main.py").write_bytes(mirror.text.encode())
            items = (await server.pull("main.py")).items
            assert as_checked(items, mirror.text, encoding) == as_shown(check(beside)), mirror.text
            found += len(items)
            bursts += 1
            if rng.random() < 0.3:
                # Start over, so that there is something to find.
                mirror.text = KEEPS.replace("\n", rng.choice(["\n", "\r\n"])) + rng.choice(PIECES)
                server.change("main.py", whole(mirror.text))
        print(f"{encoding}: {done} edits, {bursts} bursts, {found} diagnostics")
        assert found > 0
