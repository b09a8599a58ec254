"""The texts that are measured: a large corpus of source distributions, and a dense one, made from the fixtures.

Both hold what a check reads by default and nothing else, so that every program sees the same files: no tests, and no
folder that one of them leaves out.
"""

import hashlib
import json
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
LIST = ROOT / "benches/corpus.txt"

# Left out by one of the programs, or by dynaleak alone, which checks no tests unless it is told to.
SKIPPED = {"__pycache__", "build", "dist", "env", "node_modules", "site-packages", "venv", "_build", "buck-out", "__pypackages__",
           "tests", "test", "aioboto3", "aiobotocore", "boto3", "botocore", "pynamodb"}
# In bytes: semgrep leaves larger files out.
LARGEST = 1_000_000


def large(folder: pathlib.Path, python: pathlib.Path) -> pathlib.Path:
    """The source distributions of `corpus.txt`, unpacked; none of their code is run."""
    done = folder / "corpus.txt"
    if not done.exists() or done.read_text() != LIST.read_text():
        shutil.rmtree(folder, ignore_errors=True)
        archives = folder.parent / "archives"
        archives.mkdir(parents=True, exist_ok=True)
        (folder / "corpus").mkdir(parents=True)
        for name, digest in pinned():
            unpack(fetched(name, digest, archives, python), folder / "corpus" / name.split("==")[0])
        done.write_text(LIST.read_text())
    return folder / "corpus"


def pinned() -> list[tuple[str, str]]:
    lines = (line.split() for line in LIST.read_text().splitlines() if not line.startswith("#"))
    return [(name, digest) for name, digest in lines]


# pip cannot fetch a source distribution without running its build, so its index is asked through a library.
FETCH = """
import pathlib, subprocess, sys
from pip._internal.models.index import PyPI
from unearth import PackageFinder
told = subprocess.run([sys.executable, "-m", "pip", "config", "get", "global.index-url"], capture_output=True, text=True).stdout
finder = PackageFinder(index_urls=[told.strip() or PyPI.simple_url], no_binary=[":all:"], ignore_compatibility=True)
best = finder.find_best_match(sys.argv[1]).best
if best is None:
    sys.exit(f"{sys.argv[1]}: the index has no such source distribution")
folder = pathlib.Path(sys.argv[2]).resolve()
finder.download_and_unpack(best.link, location=folder / "unpacked", download_dir=folder)
print(folder / best.link.filename)
"""


def fetched(name: str, digest: str, archives: pathlib.Path, python: pathlib.Path) -> pathlib.Path:
    kept = archives / f"{name}.json"
    if kept.exists():
        archive = archives / json.loads(kept.read_text())
    else:
        print(f"fetching {name}", file=sys.stderr, flush=True)
        for left in (2, 1, 0):
            run = subprocess.run([python, "-c", FETCH, name, archives], capture_output=True, text=True)
            if run.returncode == 0 or left == 0:
                break
        if run.returncode != 0:
            sys.exit(f"{name}: cannot be fetched\n{run.stderr[-2000:]}")
        shutil.rmtree(archives / "unpacked", ignore_errors=True)
        archive = pathlib.Path(run.stdout.strip().splitlines()[-1])
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != digest:
        sys.exit(f"{archive.name}: its SHA-256 is {found}, and benches/corpus.txt says {digest}")
    kept.write_text(json.dumps(archive.name))
    return archive


def unpack(archive: pathlib.Path, folder: pathlib.Path) -> None:
    for name, content in members(archive):
        parts = pathlib.PurePosixPath(name).parts[1:]
        if not parts or not kept(parts) or len(content) > LARGEST:
            continue
        path = folder.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def members(archive: pathlib.Path):
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive) as opened:
            for name in opened.namelist():
                if name.endswith(".py"):
                    yield name, opened.read(name)
        return
    with tarfile.open(archive) as opened:
        for member in opened:
            if member.isfile() and member.name.endswith(".py"):
                yield member.name, opened.extractfile(member).read()


def kept(parts: tuple[str, ...]) -> bool:
    *folders, name = parts
    test = name.startswith("test_") or name.endswith("_test.py") or name == "conftest.py"
    return ".." not in parts and not test and not any(part in SKIPPED or part.startswith(".") for part in parts)


PLAIN = [
    '''

class Invoice_{n}:
    """What a customer owes."""

    def __init__(self, number, lines, customer=None):
        self.number = number
        self.lines = list(lines)
        self.customer = customer
        self.total = 0

    def add(self, line, count=1):
        if count < 1:
            raise ValueError(f"cannot add {{count}} of {{line}}")
        self.lines.extend([line] * count)
        self.total = sum(each.price for each in self.lines)
        return self

    def described(self):
        words = {{"number": self.number, "total": self.total}}
        for position, line in enumerate(self.lines):
            words[f"line {{position}}"] = line.name
        return words
''',
    '''

def converted_{n}(rows, rates, default="EUR"):
    result = []
    for row in rows:
        try:
            rate = rates[row.get("currency", default)]
        except KeyError as error:
            print("no rate for", error)
            continue
        result.append({{**row, "amount": round(row["amount"] * rate, 2)}})
    return result


def grouped_{n}(rows, key="customer"):
    groups = {{}}
    for row in rows:
        groups.setdefault(row[key], []).append(row["number"])
    return {{name: sorted(numbers) for name, numbers in groups.items() if name}}
''',
    '''

@dataclass
class Settings_{n}:
    region: str = "eu-central-1"
    retries: int = 3
    timeout: float = 2.5
    labels: dict = field(default_factory=dict)

    @classmethod
    def from_environment(cls, environment):
        known = {{name.lower(): value for name, value in environment.items()}}
        return cls(region=known.get("region", cls.region), retries=int(known.get("retries", cls.retries)))

    def merged(self, other):
        labels = {{**self.labels, **other.labels}}
        return Settings_{n}(other.region or self.region, max(self.retries, other.retries), self.timeout, labels)
''',
]

HEAD = '''"""Module {n}: handlers of the shop."""
import json
import os
from dataclasses import dataclass, field

'''

# Names by which a framework finds what it calls, or that a fixture is about.
FIXED = {"main", "handler", "lambda_handler", "app", "urlpatterns", "application", "Meta", "Command"}
BLOCK = re.compile(r"^(?:`([^`\n]+)`:\n+)?```py\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MARK = re.compile(r"^#<?\s*\^+\s+(?:DDB\d{3}|~).*\n", re.MULTILINE)
DEFINED = re.compile(r"^(?:async def|def|class) (\w+)|^([A-Za-z_]\w*)(?:: [^=\n]+)? = ", re.MULTILINE)


def dense(folder: pathlib.Path, files: int, check: list[str], seed: int = 1) -> pathlib.Path:
    """About as many files as asked for, in each of which DynamoDB's values can originate or arrive, as `check -vv` itself
    says: pieces of the rules' fixtures with other names and ordinary code between them, and copies of the
    example project."""
    corpus = folder / "corpus"
    shutil.rmtree(folder, ignore_errors=True)
    rng = random.Random(seed)
    projects, single = fixtures()
    shop = {path.relative_to(ROOT / "tests/projects/shop").as_posix(): path.read_text("utf-8")
            for path in sorted((ROOT / "tests/projects/shop").rglob("*.py")) if "tests" not in path.parts[len(ROOT.parts) + 3:]}
    number = made = 0
    while made < files:
        number += 1
        if number % 40 == 0:
            unit = {f"shop_{number}/{name}": text for name, text in shop_as(shop, number).items()}
        elif number % 4 == 0:
            unit = {f"case_{number}/{name}": padded(text, number, rng) for name, text in renamed(rng.choice(projects), number).items()}
        else:
            unit = {f"package_{number % 20}/module_{number}.py": composed(single, number, rng)}
        for name, text in unit.items():
            path = corpus / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        made += len(unit)
    # What does not matter goes; what mattered only by what went goes with it.
    while True:
        said = subprocess.run(check, cwd=corpus, capture_output=True, text=True).stderr
        matter = {line.removeprefix("note: analysed: ") for line in said.splitlines() if line.startswith("note: analysed: ")}
        other = [path for path in corpus.rglob("*.py") if path.relative_to(corpus).as_posix() not in matter]
        if not other:
            return corpus
        for path in other:
            path.unlink()


def fixtures() -> tuple[list[dict[str, str]], list[str]]:
    """Those of several files, and the blocks that stand by themselves."""
    projects, single = [], []
    for page in sorted((ROOT / "tests/rules").glob("*.md")):
        for section in re.split(r"^(?=## )", page.read_text("utf-8"), flags=re.MULTILINE)[1:]:
            blocks = [(name or "main.py", MARK.sub("", text)) for name, text in BLOCK.findall(section)]
            if not blocks or "«" in section or "from __future__" in section:
                continue
            if len(blocks) > 1:
                projects.append(dict(blocks))
            else:
                single.append(blocks[0][1])
    return projects, single


def composed(single: list[str], number: int, rng: random.Random) -> str:
    """A file of 100 to 400 lines."""
    parts = [HEAD.format(n=number)]
    for position in range(rng.randint(4, 10)):
        block = renamed({"main.py": rng.choice(single)}, f"{number}_{position}")["main.py"]
        parts += [block, *(rng.choice(PLAIN).format(n=f"{number}_{position}_{extra}") for extra in range(rng.randint(0, 2)))]
    return "".join(parts)


def padded(text: str, number: int, rng: random.Random) -> str:
    extra = [rng.choice(PLAIN).format(n=f"{number}_{position}") for position in range(rng.randint(1, 3))]
    return text + "".join(extra)


def renamed(files: dict[str, str], suffix) -> dict[str, str]:
    """With names that no other copy has: of what a module defines, and of the modules."""
    names = {name for text in files.values() for pair in DEFINED.findall(text) for name in pair if name}
    modules = {pathlib.PurePosixPath(name).stem for name in files} - {"__init__", "main"}
    names = {name for name in names | modules if name not in FIXED and not name.startswith("__")}
    if not names:
        return files
    any_name = "(" + "|".join(sorted(names)) + ")"
    word = re.compile(rf"""(?<![\w."']){any_name}(?![\w"'])""")
    module = re.compile(r"^\s*(?:from|import)\s.*$", re.MULTILINE)
    dotted = re.compile(rf"\b{any_name}\b")

    def text_of(text: str) -> str:
        text = module.sub(lambda line: dotted.sub(rf"\1_{suffix}", line[0]), text)
        return word.sub(rf"\1_{suffix}", text)

    def name_of(name: str) -> str:
        path = pathlib.PurePosixPath(name)
        return str(path.with_name(f"{path.stem}_{suffix}.py")) if path.stem in modules else name

    return {name_of(name): text_of(text) for name, text in files.items()}


def shop_as(shop: dict[str, str], number: int) -> dict[str, str]:
    """A copy of the example project whose packages have other names."""
    packages = sorted({name.split("/")[0] for name in shop if "/" in name})
    found = re.compile(r"(?<![\w/.])(" + "|".join(packages) + r")(?=\.\w)")
    of = lambda text: re.sub(r"(?<=from )(" + "|".join(packages) + r")(?= import)", rf"\1_{number}", found.sub(rf"\1_{number}", text))
    called = lambda name: re.sub(r"^(\w+)/", rf"\1_{number}/", name)
    return {called(name): of(text) for name, text in shop.items()}


def measure(*folders: pathlib.Path) -> dict[str, int]:
    texts = [path.read_bytes() for folder in folders for path in folder.rglob("*.py")]
    return {"files": len(texts), "lines": sum(text.count(b"\n") for text in texts), "bytes": sum(map(len, texts))}
