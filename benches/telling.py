"""What was measured, in words: the table, the page and the charts."""

import json
import pathlib
import statistics

import charts


def median(values: list[float]) -> float:
    return statistics.median(values)


def ratio(runs: dict, one: str, *others: str, key: str = "seconds") -> float:
    """The median of the ratios of each turn."""
    turns = zip(runs[one][key], *(runs[other][key] for other in others))
    return median([mine / sum(theirs) for mine, *theirs in turns])


def rows(results: dict):
    """Part, what is measured, the figure, the aim, whether it is met; no aim where there is none."""
    if "cold" in results:
        runs = results["cold"]["runs"]
        yield "a", "cold check, in ruff's time", ratio(runs, "dynaleak", "ruff"), 0.4, "×"
        yield "a", "cold check, in ast-grep's time", ratio(runs, "dynaleak", "ast-grep"), 0.1, "×"
        if "semgrep" in runs:
            yield "a", "cold check, in semgrep's time", ratio(runs, "dynaleak", "semgrep"), None, "×"
        yield "a", "cold check of what is no code on AWS, in ruff's time", ratio(results["cold"]["ordinary"]["runs"], "dynaleak", "ruff"), None, "×"
        yield "a", "cold check, in the time of ripgrep and the bare parse", ratio(runs, "dynaleak", "bare parse", "ripgrep"), 1.3, "×"
    if "dense" in results:
        runs = results["dense"]["runs"]
        yield "b", "dense check, in the bare parse's time", ratio(runs, "dynaleak", "bare parse"), 1.5, "×"
        yield "b", "dense check, in ruff's time", ratio(runs, "dynaleak", "ruff"), None, "×"
        yield "b", "dense check, in ast-grep's time", ratio(runs, "dynaleak", "ast-grep"), None, "×"
        if "pylint" in runs:
            yield "b", "dense check, in pylint's time", ratio(runs, "dynaleak", "pylint"), None, "×"
    if "keys" in results:
        aims = {("10000", "p50_ms"): 1, ("10000", "p99_ms"): 5, ("100000", "p50_ms"): 3}
        for lines, servers in results["keys"]["lines"].items():
            for key, words in [("p50_ms", "median"), ("p99_ms", "99th percentile")]:
                yield "c", f"a keystroke in {int(lines):,} lines, {words}", servers["dynaleak"][key], aims.get((lines, key)), "ms"
    if "start" in results:
        mine = results["start"]["servers"]["dynaleak"]
        yield "d", "start to the first diagnostics", median(mine["first_ms"]), 50, "ms"
        yield "d", f"start to the end of indexing {results['start']['files']:,} files", median(mine["indexed_ms"]) / 1e3, 3, "s"
    if "memory" in results:
        held = results["memory"]
        yield "e", f"resident with {held['files']:,} files indexed", median(held["resident_mib"]["indexed"]), 60, "MiB"
        yield "e", "resident, idle over an empty folder", median(held["resident_mib"]["empty"]), None, "MiB"
        yield "e", "at the peak of indexing", median(held["resident_mib"]["peak"]), None, "MiB"
        yield "e", "for each indexed file", held["kib_per_indexed"], None, "KiB"
        yield "e", f"for each open file of {held['lines_each']} lines", held["kib_per_open"], None, "KiB"
    if "growth" in results:
        for kind in ("files", "lines"):
            grown = results["growth"][kind]
            steps = ", ".join(str(times) for times in grown["times"])
            yield "f", f"{kind} × {steps}: exponent", grown["exponent"], 1.05, ""


def shown(value: float) -> str:
    return f"{value:.3f}" if value < 0.2 else f"{value:.2f}" if value < 10 else f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


def table(results: dict) -> str:
    lines = ["| | measured | figure | aim | met |", "|---|---|---|---|---|"]
    for part, what, value, aim, unit in rows(results):
        figure = f"{shown(value)} {unit}".rstrip()
        goal = f"at most {aim} {unit}".rstrip() if aim is not None else ""
        lines.append(f"| {part} | {what} | {figure} | {goal} | {'' if aim is None else 'yes' if value <= aim else 'no'} |")
    return "\n".join([*lines, "", *details(results)])


def details(results: dict):
    for part, title in [("cold", "Check of the large corpus"), ("dense", "Check of the dense corpus")]:
        if part in results:
            one = results[part]
            corpus, matter = one["corpus"], one["matter"]
            ordinary = one.get("ordinary", {}).get("corpus")
            besides = f" What is no code on AWS is {ordinary['lines']:,} lines of it." if ordinary else ""
            yield (f"{title}: {corpus['files']:,} files, {corpus['lines']:,} lines, of which dynaleak analyses "
                   f"{matter['files']:,} files, {matter['lines']:,} lines.{besides}\n")
            yield "| program | seconds | processor's seconds | peak MiB | beside dynaleak |\n|---|---|---|---|---|"
            for name, run in one["runs"].items():
                yield (f"| {name} | {median(run['seconds']):.2f} | {median(run['processor']):.2f} | {median(run['resident_mib']):.0f} | "
                       f"{1 / ratio(one['runs'], 'dynaleak', name):.2f} × |")
            yield ""
    if "keys" in results:
        yield "Milliseconds from a keystroke to fresh diagnostics, median (99th percentile):\n"
        sizes = list(results["keys"]["lines"])
        yield "| server | " + " | ".join(f"{int(lines):,} lines" for lines in sizes) + " |\n|---|" + "---|" * len(sizes)
        for name in results["keys"]["lines"][sizes[0]]:
            each = (results["keys"]["lines"][lines][name] for lines in sizes)
            yield f"| {name} | " + " | ".join(one.get("failed") or f"{shown(one['p50_ms'])} ({shown(one['p99_ms'])})" for one in each) + " |"
        yield ""
    if "start" in results:
        yield f"Milliseconds from the start to the first diagnostics of a file of 200 lines, in a folder of {results['start']['files']:,} files:\n"
        yield "| server | median | all |\n|---|---|---|"
        for name, one in results["start"]["servers"].items():
            yield f"| {name} | {median(one['first_ms']):.0f} | {', '.join(f'{value:.0f}' for value in one['first_ms'])} |"
        yield ""
    if "growth" in results:
        yield f"Processor's seconds of a check, less the {results['growth']['start']:.3f} s of the start:\n"
        yield "| | times | seconds | exponent of all | of the last step |\n|---|---|---|---|---|"
        for kind in ("files", "lines"):
            one = results["growth"][kind]
            yield (f"| {kind} | {', '.join(map(str, one['times']))} | {', '.join(f'{value:.3f}' for value in one['seconds'])} | "
                   f"{one['exponent']:.2f} | {one['last step']:.2f} |")
        yield ""


PAGE = """# Benchmarks

How long a check takes, how soon a keystroke is answered and how much memory that costs, beside other programs and beside two limits: the time of ripgrep for the word `dynamodb`, for what needn't be parsed, and that of tree-sitter alone, for what must be.

{charts}
{condition}

{table}
## What is measured

- **The large corpus** is made of the source distributions that `benches/corpus.txt` pins (Django, botocore, localstack, moto, Home Assistant and others), without their tests, so that all programs see the same files. **The dense corpus** is generated: pieces of the rules' examples under other names, ordinary code between them, and copies of the example project; dynaleak analyses each of its files.
- Programs run by turns, after one turn that only warms up, and each ratio is the median of the ratios of those turns. ruff has one rule on (B019) and no cache, ast-grep and semgrep one pattern (`$TABLE.scan(...)`), pylint two rules. dynaleak has all rules on that are on by default. What is no code on AWS (Django, Flask, SQLAlchemy, Celery, FastAPI, Home Assistant, requests and scikit-learn) is measured once more by itself: most of a project is like that.
- A keystroke is one change sent to a language server, timed until its fresh diagnostics have been read; each change alters their number, so a stale answer would be noticed. basedpyright checks types, which is another task; what it did within a minute counts.
- The start is timed from the start of the process. Memory is resident memory. An exponent of 1 means: twice the code, twice the time.

## To repeat it

```sh
benches/peers                 # half an hour; the table goes to standard output
benches/peers --only cold     # one part of it
benches/peers --write-docs    # this page and its charts, too
```

It installs what it needs into `target/peers`, but for ripgrep. All figures of this page, each turn by itself, are in [benchmarks.json](benchmarks.json). `cargo bench` measures parsing, facts and one edit by themselves, and `.ci/instructions` counts instructions, which a busy machine does not disturb: it fails where a change costs more than 3 %.
"""


def write_docs(results: dict, docs: pathlib.Path) -> None:
    where, versions = results["machine"], results["versions"]
    condition = (f"Measured on {where['date']}: {where['processor']}, {where['threads']} processors, {where['system']}, rustc {where['rustc']}; "
                 + ", ".join(f"{name} {version}" for name, version in versions.items()) + ".")
    if results["quick"] or where["load"] > 0.5:
        condition += f" **The machine was busy (a load of {where['load']}){' and the run a short one' if results['quick'] else ''}: figures not to be quoted.**"
    page = PAGE.replace("{charts}", charts.write(results, docs / "benchmarks"))
    page = page.replace("{condition}", condition).replace("{table}", table(results))
    (docs / "benchmarks.md").write_text(page, "utf-8")
    (docs / "benchmarks.json").write_text(json.dumps(results) + "\n", "utf-8")
