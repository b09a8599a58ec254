"""Projects that are checked once, each with all reports of one run."""

import json
import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).parents[2]
BINARY = pathlib.Path(os.environ.get("DYNALEAK_BINARY") or ROOT / "target/release/dynaleak").resolve()
FORMATS = ["json", "sarif", "github", "gitlab", "junit"]

KEEPS = '''import boto3

TABLE = boto3.resource("dynamodb").Table("orders")
RESULTS = []


def remember(key):
    # %, :: and <&> "é😀" in what is quoted
    RESULTS.append(TABLE.get_item(Key={"id": "100%::\\r<&>\\"é😀,"})["Item"])
    RESULTS.append(TABLE.get_item(Key=key)["Item"])  # dynaleak: ignore[DDB101] bounded by <the> "caller"
'''


class Reports:
    """The reports of one run, as texts, and the findings of its JSON."""

    def __init__(self, folder: pathlib.Path, out: pathlib.Path, code: int):
        out.mkdir()
        # The validator passes over files that are not called so.
        self.path = {name: out / f"report.{name}" for name in FORMATS}
        outputs = [f"--output={name}={path}" for name, path in self.path.items()]
        run = subprocess.run([BINARY, "check", "--show-ignored", "-q", *outputs], cwd=folder, capture_output=True, text=True)
        assert run.returncode == code, run.stderr
        self.folder = folder
        self.text = {name: path.read_text("utf-8") for name, path in self.path.items()}
        document = json.loads(self.text["json"])
        self.errors = document["errors"]
        self.findings = [finding for finding in document["findings"] if not finding.get("ignored")]
        self.ignored = [finding for finding in document["findings"] if finding.get("ignored")]

    def places(self):
        """File, line and code of each finding, in the order of the places."""
        return sorted((finding["file"], finding["range"]["start"]["line"], finding["code"]) for finding in self.findings)


def shop(folder):
    shutil.copytree(ROOT / "tests/projects/shop", folder, dirs_exist_ok=True)


def odd(folder):
    """Names and code that have to be escaped in each of the forms, a file that cannot be read, a silenced finding."""
    name = folder / "a b,c%20 é&'😀" / "keeps #1;<x>.py"
    name.parent.mkdir()
    name.write_text(KEEPS, "utf-8")
    (folder / "not text.py").write_bytes(b"import boto3  # dynamodb \xff\xfe\n")


def clean(folder):
    (folder / "clean.py").write_text("import boto3\n", "utf-8")


@pytest.fixture(scope="session", params=[(shop, 1), (odd, 1), (clean, 0)], ids=lambda param: param[0].__name__)
def reports(request, tmp_path_factory):
    make, code = request.param
    folder = tmp_path_factory.mktemp(make.__name__)
    make(folder)
    return Reports(folder, tmp_path_factory.mktemp("out") / "reports", code)
