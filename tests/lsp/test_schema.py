"""The JSON schema of the configuration: what the documents show is allowed, what the check refuses is not."""

import json
import re
import subprocess
import tomllib

import jsonschema
import pytest
from conftest import BINARY, ROOT

SCHEMA = json.loads(subprocess.run([BINARY, "config", "--schema"], check=True, capture_output=True, text=True).stdout)
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)


def documented():
    """Each TOML block of the documents and the rules' pages that is a configuration; others are settings of editors."""
    own = [ROOT / "docs/configuration.md", ROOT / "docs/custom-rules.md", *sorted(ROOT.glob("tests/rules/*.md"))]
    for page in [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")), *own]:
        for block in re.findall(r"^```toml\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S):
            table = tomllib.loads(block)
            if "dynaleak" in table.get("tool", {}):
                yield page.name, table["tool"]["dynaleak"]
            elif page in own and "tool" not in table:
                yield page.name, table


def test_the_schema_is_one_and_is_the_one_that_is_kept():
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    assert json.loads((ROOT / "docs/dynaleak.schema.json").read_text()) == SCHEMA


def test_what_the_documents_show_is_allowed():
    blocks = list(documented())
    assert len(blocks) > 15
    for page, block in blocks:
        errors = [error.message for error in VALIDATOR.iter_errors(block)]
        assert not errors, f"{page}: {block}: {errors}"


REFUSED = [
    "selct = []",
    "select = 'DDB1'",
    "select = ['DDB1', 2]",
    "ignore = ['DDB1O1']",
    "exclude = ['']",
    "fail-on = 'fatal'",
    "include-tests = 'yes'",
    "bounds = 7",
    "bounds.queue = 0",
    "bounds.pages = 1",
    "severity.DDB1 = 'fatal'",
    "severity.DDX9X = 'info'",
    "per-file-ignores = { '!a' = [] }",
    "sources.fetch = 'items'",
    "sources.'shop.fetch' = 'things'",
    "sources.'shop.fetch' = { limited = [] }",
    "containers.'shop.Ring' = { shape = 'dict', bound = { keyword = 'size' } }",
    "lifetimes.veiw = ['acme.View']",
    "lifetimes.view = ['View']",
]
ALLOWED = [
    "",
    "select = ['DDB', 'DDB10', 'DDB101', 'materialised-pages', 'SHOP1', 'item-logged']",
    "fail-on = 'never'",
    "bounds.queue = 4294967295",
    "sources.'shop.client' = { gives = 'client', service = 0, single = true }",
]


@pytest.mark.parametrize(("text", "right"), [(text, False) for text in REFUSED] + [(text, True) for text in ALLOWED])
def test_the_schema_and_the_check_agree(text, right, tmp_path):
    (tmp_path / "dynaleak.toml").write_text(text)
    shown = subprocess.run([BINARY, "config"], cwd=tmp_path, capture_output=True, text=True)
    # The team's own rules of the list above are not there.
    own = "SHOP1" in text
    assert own or (shown.returncode == 0) == right, shown.stderr
    assert VALIDATOR.is_valid(tomllib.loads(text)) == right
