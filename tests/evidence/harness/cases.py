"""The cases: each folder of cases/ has the leaky code, and case.py, which says how it is called and measured."""
import ast
import dataclasses
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[3]
FOLDER = ROOT / "tests" / "evidence" / "cases"
# The case's own files; all others are copied beside the code, such as a pyproject.toml.
OWN = {"case.py", "leaky.py", "recommended.py", "requirements.txt"}


@dataclasses.dataclass(frozen=True)
class Case:
    """One folder: `ddb101_process_lifetime_accumulator`."""

    folder: pathlib.Path
    about: str
    meter: str
    # Dynaleak applies no form in bulk: the one that recommended.py has by hand, as the rule's page says it.
    shown_only: str | None
    # No rewrite is made yet.
    pending: bool
    # Where a peak has to fall to.
    falls_to: float

    @property
    def name(self):
        return self.folder.name

    @property
    def code(self):
        return self.folder.name[:6].upper()

    @property
    def leaky(self):
        return (self.folder / "leaky.py").read_text(encoding="utf-8")

    @property
    def recommended(self):
        path = self.folder / "recommended.py"
        return path.read_text(encoding="utf-8") if path.exists() else None

    @property
    def requirements(self):
        """What the case needs that the others cannot have beside theirs, or None."""
        path = self.folder / "requirements.txt"
        return path if path.exists() else None

    def beside(self):
        """Files that stand beside the code."""
        return sorted(path for path in self.folder.iterdir() if path.is_file() and path.name not in OWN)

    def page(self):
        """The rule's page."""
        pages = sorted((ROOT / "tests" / "rules").glob("*.md"))
        found = [page for page in pages if page.read_text(encoding="utf-8").startswith(f"# {self.code}: ")]
        assert len(found) == 1, f"{self.name}: {len(found)} pages for {self.code}"
        return found[0]


def all_cases():
    """Every case, by code; what case.py says is read, not run: it may need boto3."""
    return [_read(folder) for folder in sorted(FOLDER.iterdir()) if (folder / "case.py").exists()]


def _read(folder):
    tree = ast.parse((folder / "case.py").read_text(encoding="utf-8"))
    said = {}
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant):
            said[statement.targets[0].id] = statement.value.value
    return Case(
        folder=folder,
        about=ast.get_docstring(tree).rstrip("."),
        meter=said["METER"],
        shown_only=said.get("SHOWN_ONLY"),
        pending=said.get("PENDING", False),
        falls_to=said.get("FALLS_TO", 0.5),
    )
