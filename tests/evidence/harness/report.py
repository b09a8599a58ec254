"""docs/evidence.md and the rows of it that the rules' pages quote."""
import dataclasses
import difflib
import re

from harness import cases

DOCUMENT = cases.ROOT / "docs" / "evidence.md"
START, END = "<!-- evidence:start -->\n", "<!-- evidence:end -->\n"
HEADER = "| code | case | measured | leaky form | second form | second form is |\n|---|---|---|---|---|---|\n"


@dataclasses.dataclass(frozen=True)
class Row:
    """What was measured of one case."""

    case: cases.Case
    leaky: str
    other: str | None
    origin: str
    calls: str
    # The second form, for the diff; None without one.
    text: str | None

    def line(self):
        """The row of the table."""
        name = f"[{self.case.about}](../tests/evidence/cases/{self.case.name}/leaky.py)"
        cells = [self.case.code, name, self.calls, self.leaky, self.other or "–", self.origin]
        return "| " + " | ".join(cells) + " |\n"

    def section(self):
        """The second form as a diff; empty without one."""
        if self.text is None:
            return ""
        lines = [f"\n### {self.case.code}: {self.case.about}\n\n", f"The second form is {self.origin}.\n\n"]
        return "".join([*lines, "```diff\n", *_diff(self.case.leaky, self.text), "```\n"])


def document(lines, sections, versions, date):
    """The whole of docs/evidence.md."""
    parts = [
        "# Evidence\n\n",
        "For each rule code as people write it, and the text that dynaleak itself makes of it, run under CPython "
        "with boto3 against moto as a server of its own on loopback. ",
        "`python tests/evidence/run.py` measures all of it anew, writes this file and the rows that the rules' "
        "pages quote.\n\n",
        f"Last measured on {date} with {versions}.\n\n",
        START,
        HEADER,
        *lines,
        END,
        "\n",
        METHOD,
        *sections,
    ]
    return "".join(parts)


METHOD = """## How it is measured

- Memory is what `tracemalloc` traces after the garbage collector has run, of the client alone: each form has a process of its own, and so has moto, which leaks by itself. Resident size proves nothing.
- `a call` of a leak: the slope over the last 200 of 420 calls (async clients: the last 80 of 200), by least squares. The leaky form must grow in a line (R² of 0.97 or more), the second one by at most 5 % of it. Up to 0.9 KB a call is noise.
- A peak is the highest of three calls, over a table of 4,000 items of 2 KB. It must fall to half or less.
- Churn: the medians of 100 calls (40 for sessions) after 100 (20), over plain HTTP on loopback: over TLS a new client costs more. Processor time must fall to 70 % or less, garbage to half.
- Both forms must give the same results, call by call, except where the leaky one raises or loses data.
- A case that needs other versions than the rest, as aioboto3 does, has `requirements.txt` beside it and runs in a virtual environment of its own.
- Sizes come from the configuration: `queue = 100`, `cache = 16`, `accumulator = 100`, `page = 100`, small enough that a bound is reached within the warm-up.
- moto answers equal reads with the bytes that it gave the first time. The latency of DynamoDB is no part of this.
- `shown only, by hand`: dynaleak shows this form and does not apply it in bulk; what was measured was written by hand. `no rewrite, recommended`: it does not even show it, the rule's page describes it.
- A case whose leaky form would pass as its own rewrite fails: it would prove nothing.

## The second forms
"""


def _diff(before, after):
    lines = difflib.unified_diff(before.splitlines(True), after.splitlines(True), "leaky.py", "second form", n=2)
    return [line if line.endswith("\n") else line + "\n" for line in lines]


def quote(lines):
    """What a page says of its rows."""
    said = []
    for line in lines:
        code, case, calls, leaky, other, origin = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        about = re.match(r"\[(.*)\]\(", case)[1]
        second = f"{origin}: {other}" if other != "–" else origin
        said.append(f"- {about}, {calls}: {leaky}; {second}.\n")
    return "**Evidence** (measured by `tests/evidence`, see docs/evidence.md).\n\n" + "".join(said)


def quoted(page, text):
    """A page's text with its rows; above the first heading of the second level."""
    block = START + text + END
    if START in page:
        before, rest = page.split(START, 1)
        return before + block + rest.split(END, 1)[1]
    before, heading, rest = page.partition("\n## ")
    return before + "\n" + block + heading + rest


def write(rows, versions, date):
    """Writes the document and the pages; what it has of cases that were not measured stays."""
    old = DOCUMENT.read_text(encoding="utf-8")
    lines = {_case_of(line): line for line in _rows(old)} | {row.case.name: row.line() for row in rows}
    sections = _sections(old) | {f"{row.case.code}: {row.case.about}": row.section() for row in rows}
    known = [case for case in cases.all_cases() if case.name in lines]
    of_known = (sections.get(f"{case.code}: {case.about}", "") for case in known)
    text = document([lines[case.name] for case in known], of_known, versions, date)
    DOCUMENT.write_text(text, encoding="utf-8")
    for page, wanted in _pages():
        page.write_text(wanted, encoding="utf-8")


def unlike():
    """What of the documents is not as docs/evidence.md has it; empty where all agree."""
    text = DOCUMENT.read_text(encoding="utf-8")
    wrong = []
    lines = _rows(text)
    known = cases.all_cases()
    names = [case.name for case in known]
    shown = [_case_of(line) for line in lines]
    if shown != names:
        wrong.append(f"docs/evidence.md: its rows are {shown}, the cases are {names}")
    for page, wanted in _pages():
        if page.read_text(encoding="utf-8") != wanted:
            wrong.append(f"{page.name}: it does not quote its rows of docs/evidence.md")
    quoting = {case.page() for case in known}
    for page in sorted((cases.ROOT / "tests" / "rules").glob("*.md")):
        if START in page.read_text(encoding="utf-8") and page not in quoting:
            wrong.append(f"{page.name}: it quotes evidence that there is none of")
    return wrong


def _pages():
    """Each page that has rows, as it should be."""
    rows = {}
    for line in _rows(DOCUMENT.read_text(encoding="utf-8")):
        rows.setdefault(line.split(" | ")[0].strip("| "), []).append(line)
    pages = {case.code: case.page() for case in cases.all_cases()}
    for code, lines in rows.items():
        if code in pages:
            yield pages[code], quoted(pages[code].read_text(encoding="utf-8"), quote(lines))


def _rows(text):
    table = text.split(START, 1)[1].split(END, 1)[0]
    return table.splitlines(True)[2:]


def _case_of(line):
    return re.search(r"/cases/(\w+)/", line)[1]


def _sections(text):
    """Each second form by its heading."""
    parts = text.split("\n### ")[1:]
    return {part.split("\n", 1)[0]: "\n### " + part for part in parts}
