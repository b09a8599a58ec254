"""Writes the site's pages and their mkdocs.yml into a folder: the documents as they are, and a page of each rule, whose
fixtures become examples.

pages.py FOLDER
"""

import os
import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Documents in the order of the navigation; one that is not there is left out.
NAVIGATION = [
    ("Overview", {"": "README.md"}),
    ("Use", {
        "Quick start": "docs/quick-start.md", "In CI": "docs/ci.md", "In editors": "docs/editors.md",
        "VS Code": "editors/vscode/README.md", "Neovim": "editors/neovim/README.md", "Configuration": "docs/configuration.md",
    }),
    ("Rules", {"Rules of your own": "docs/custom-rules.md"}),
    ("About", {
        "How it works": "docs/how-it-works.md", "Reliability": "docs/reliability.md", "Evidence": "docs/evidence.md",
        "Benchmarks": "docs/benchmarks.md", "Compared with others": "docs/comparison.md",
        "Field report": "docs/field-report.md", "First field report": "docs/field-report-first.md",
        "Contributing": "CONTRIBUTING.md", "Changes": "CHANGELOG.md",
    }),
]

FAMILIES = {
    "1": "Accumulators",
    "2": "Caches",
    "3": "Pages and paginators",
    "4": "Queues and streams",
    "5": "Requests, sessions and signals",
    "6": "Clients, sessions and batch writers",
    "7": "Responses that are kept",
    "8": "Exposure",
    "0": "Notices",
}

MKDOCS = """\
site_name: dynaleak
site_description: Finds where Python code holds on to DynamoDB data longer or in larger amounts than it needs
docs_dir: pages
# Works from the file system.
use_directory_urls: false
theme:
  name: material
  # None from elsewhere.
  font: false
  icon:
    logo: material/database-search
  features: [navigation.tabs, navigation.indexes, navigation.top, toc.follow, content.code.copy]
  palette:
    - media: "(prefers-color-scheme: light)"
      scheme: default
      primary: indigo
      accent: indigo
      toggle: {icon: material/weather-night, name: Dark}
    - media: "(prefers-color-scheme: dark)"
      scheme: slate
      primary: indigo
      accent: indigo
      toggle: {icon: material/weather-sunny, name: Light}
plugins: [search, offline]
extra:
  generator: false
extra_css: [dynaleak.css]
markdown_extensions:
  - admonition
  - attr_list
  - md_in_html
  - tables
  - toc: {permalink: true, slugify: !!python/object/apply:pymdownx.slugs.slugify {kwds: {case: lower}}}
  - pymdownx.highlight: {anchor_linenums: true}
  - pymdownx.superfences
validation:
  nav: {omitted_files: info, not_found: warn, absolute_links: warn}
  links: {not_found: warn, absolute_links: warn, unrecognized_links: warn, anchors: warn}
"""

CSS = """\
/* Findings are long lines: they scroll, and tables keep their codes whole. */
.md-typeset table:not([class]) td:first-child code, .md-typeset table:not([class]) td:first-child { white-space: nowrap; }
.md-typeset .highlight .hll { background-color: var(--dynaleak-flag); box-shadow: inset .2rem 0 0 0 var(--dynaleak-edge); }
:root, [data-md-color-scheme="default"] { --dynaleak-flag: #ffe9e2; --dynaleak-edge: #d9480f; }
[data-md-color-scheme="slate"] { --dynaleak-flag: #4a2a22; --dynaleak-edge: #ff8a5c; }
.md-grid { max-width: 68rem; }
/* There is no repository to show in the header: the search ends where the page does. */
.md-header__source { display: none; }
"""

FENCE = re.compile(r"^( *)```(.*)$")
# A picture of which there is a light and a dark one.
PICTURE = re.compile(r'<picture>\s*<source [^>]*srcset="([^"]+)">\s*<img src="([^"]+)" alt="([^"]*)">\s*</picture>')
LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)")
MARK = re.compile(r"^#<?\s*\^+\s+(DDB\d{3}|~)")
MADE = {
    "safe": "after the safe rewrite",
    "unsafe": "after the unsafe rewrite",
    "display": "a sketch, to adapt",
}


class Site:
    def __init__(self, folder: Path):
        self.pages = folder / "pages"
        self.pages.mkdir(parents=True)
        self.rules = rules()
        self.wrong: list[str] = []
        # From a file of the repository to its page.
        self.page_of = {"README.md": "index.md"}
        for _, documents in NAVIGATION:
            for source in documents.values():
                if (ROOT / source).exists():
                    name = source.removeprefix("docs/").removesuffix(".md")
                    self.page_of.setdefault(source, name.replace("/README", "").replace("editors/", "").lower() + ".md")
        for rule in self.rules:
            self.page_of[rule["source"]] = f"rules/{rule['code']}.md"
        for case in sorted((ROOT / "tests/evidence/cases").glob("*/leaky.py")):
            self.page_of[case.relative_to(ROOT).as_posix()] = f"evidence/{case.parent.name}.md"

    def write(self, page: str, text: str) -> None:
        path = self.pages / page
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")

    def linked(self, source: str, page: str, text: str) -> str:
        """The text with links between pages, for those between files of the repository."""

        def link(match):
            image, words, target = match.groups()
            if re.match(r"[a-z]+:|#", target):
                return match[0]
            path, _, anchor = target.partition("#")
            path = os.path.normpath(os.path.join(os.path.dirname(source), path)).replace(os.sep, "/")
            if not (ROOT / path).exists():
                self.wrong.append(f"{source}: {target}: there is no such file")
                return match[0]
            if image:
                shutil.copy(ROOT / path, self.pages / Path(path).name)
                return f"![{words}]({relative(Path(path).name, page)}{'#' if anchor else ''}{anchor})"
            if path not in self.page_of:
                # A file that is no page: its name must do.
                return words if "`" in words else f"`{words}`" if words == path else words
            return f"[{words}]({relative(self.page_of[path], page)}{'#' if anchor else ''}{anchor})"

        # The site's own switch counts, not only what the browser prefers.
        both = r"![\3](\2#only-light)![\3](\1#only-dark)"
        return "".join(part if code else LINK.sub(link, PICTURE.sub(both, part)) for part, code in split(text))

    def rule(self, rule) -> None:
        page = self.page_of[rule["source"]]
        about, *sections = re.split(r"^(?=## )", (ROOT / rule["source"]).read_text("utf-8"), flags=re.MULTILINE)
        title, about = about.split("\n", 1)
        about = about.replace("see docs/evidence.md", "see [all figures](../../docs/evidence.md)")
        # Sections that are edited while they are checked are for the tests only.
        shown = [example(section) for section in sections if "«" not in section]
        facts = f"**{rule['effect']}** · {rule['severity']}"
        self.write(page, self.linked(rule["source"], page, f"{title}\n\n{facts}\n\n{about.strip()}\n\n" + "\n".join(shown)))

    def index(self) -> None:
        text = "# Rules\n\nA rule has one effect, and it is meant literally: a `leak` grows for the life of the process, at a `peak` one call can take a whole table's size and gives it back, `churn` is built and thrown away for nothing, at a `data-loss` items vanish without a word, what is `wrong` raises or gives wrong results, and at an `exposure` data or a key goes where it should not.\n"
        for family, name in FAMILIES.items():
            text += f"\n## {name}\n\n| code | name | effect | severity |\n|---|---|---|---|\n"
            for rule in self.rules:
                if rule["code"][3] == family:
                    text += f"| [{rule['code']}]({rule['code']}.md) | [{rule['name']}]({rule['code']}.md) | {rule['effect']} | {rule['severity']} |\n"
        self.write("rules/index.md", text)

    def navigation(self) -> str:
        lines = ["nav:"]
        for heading, documents in NAVIGATION:
            known = [(words, self.page_of[source]) for words, source in documents.items() if source in self.page_of]
            if heading == "Overview":
                lines.append(f"  - {heading}: {known[0][1]}")
                continue
            lines.append(f"  - {heading}:")
            if heading == "Rules":
                lines.append("    - rules/index.md")
                for family, name in FAMILIES.items():
                    lines.append(f"    - {name}:")
                    lines += [f"      - {rule['code']}: rules/{rule['code']}.md" for rule in self.rules if rule["code"][3] == family]
            lines += [f"    - {words}: {page}" for words, page in known]
        return "\n".join(lines) + "\n"


def rules() -> list[dict]:
    """As the README's table lists them, which a test compares with the program."""
    table = (ROOT / "README.md").read_text("utf-8").split("<!-- rules:start -->")[1].split("<!-- rules:end -->")[0]
    row = re.compile(r"^\| (?P<code>DDB\d{3}) \| \[(?P<name>[^]]+)\]\((?P<source>[^)]+)\) \| (?P<effect>[^|]+) \| (?P<severity>[^|]+) \|$", re.MULTILINE)
    found = [match.groupdict() for match in row.finditer(table)]
    unknown = {rule["code"] for rule in found if rule["code"][3] not in FAMILIES}
    if len(found) != table.count("| DDB") or unknown:
        sys.exit(f"README.md: the table of rules cannot be read; families that are not known: {unknown or 'none'}")
    return found


def split(text: str):
    """Parts of a text, each with: is it code?"""
    part, fence = [], None
    for line in text.splitlines(keepends=True):
        match = FENCE.match(line)
        if match and fence is None:
            yield "".join(part), False
            part, fence = [line], match[1]
        elif match and not match[2].strip():
            yield "".join([*part, line]), True
            part, fence = [], None
        else:
            part.append(line)
    yield "".join(part), fence is not None


def example(section: str) -> str:
    """A fixture as people read it: flagged lines are lit, marks and names of blocks are words."""
    shown, name = [], None
    for part, code in split(section):
        if not code:
            named = re.search(r"^`([^`]+)`:\n*\Z", part, re.MULTILINE)
            name = named[1] if named else None
            shown.append(part[: named.start()] if named else part)
            continue
        first, *lines, last = part.splitlines()
        language, *options = first.strip("` ").split()
        options = dict(option.split("=") for option in options)
        if options.get("fixed") == "none":
            continue
        title = MADE[options["fixed"]] if "fixed" in options else name or ("dynaleak.toml" if language == "toml" else None)
        if options.get("alt", "1") != "1":
            title += ", another way"
        kept, lit = [], []
        for line in lines:
            mark = MARK.match(line)
            if not mark:
                kept.append(line)
            elif mark[1] != "~" and len(kept) not in lit:
                lit.append(len(kept))
        header = language + (f' title="{title}"' if title else "") + (f' hl_lines="{" ".join(map(str, lit))}"' if lit else "")
        shown.append("\n".join([f"```{header}", *kept, last]) + "\n")
    return "".join(shown)


def relative(target: str, page: str) -> str:
    return os.path.relpath(target, os.path.dirname(page) or ".").replace(os.sep, "/")


def main(folder: Path) -> None:
    site = Site(folder)
    for source, page in list(site.page_of.items()):
        if source.endswith(".py"):
            text = (ROOT / source).read_text("utf-8").rstrip("\n")
            site.write(page, f"# {Path(source).parent.name}\n\nThe leaky form, as it is [measured](../evidence.md).\n\n```py\n{text}\n```\n")
        elif not page.startswith("rules/"):
            site.write(page, site.linked(source, page, (ROOT / source).read_text("utf-8")))
    for rule in site.rules:
        site.rule(rule)
    site.index()
    site.write("dynaleak.css", CSS)
    (folder / "mkdocs.yml").write_text(MKDOCS + site.navigation(), "utf-8")
    if site.wrong:
        sys.exit("\n".join(site.wrong))


main(Path(sys.argv[1]))
