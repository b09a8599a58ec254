"""Measures each rule's case before and after dynaleak's own rewrite, and writes docs/evidence.md.

    python tests/evidence/run.py              measure all, write docs/evidence.md and the pages' rows
    python tests/evidence/run.py --no-write   measure all
    python tests/evidence/run.py --only DDB101    only the cases of this rule, and their rows
    python tests/evidence/run.py --check      only whether the pages quote docs/evidence.md

Needs a built dynaleak (`cargo build --release`) and what requirements.txt names. A case with requirements of its own
runs in a virtual environment of its own, which `--environments FOLDER` keeps for the next run. A case proves nothing,
and fails, if its leaky form would pass as its own rewrite. No figure is a time, so several cases run at once.
"""
import argparse
import concurrent.futures
import contextlib
import datetime
import importlib.metadata
import json
import os
import pathlib
import platform
import queue
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from harness import cases, environments, judge, report, rewrite, server  # noqa: E402

CALLS = {
    "Growth": "leak",
    "GrowthOfClients": "leak",
    "Peak": "peak",
    "Held": "peak",
    "Kept": "peak",
    "Churn": "churn",
    "ChurnOfSessions": "churn",
    "Stale": "churn",
    "Loss": "data loss",
    "Outcome": "wrong",
}
# Of one form; the slowest takes about 40 s.
LIMIT = 240


def main():
    options = arguments()
    if options.check:
        wrong = report.unlike()
        print("\n".join(wrong) or "the pages quote docs/evidence.md")
        return 1 if wrong else 0
    chosen = [case for case in cases.all_cases() if not options.only or case.code in options.only]
    if not chosen:
        print("no such case", file=sys.stderr)
        return 2
    rows, failed = {}, []
    begin = time.monotonic()
    with contextlib.ExitStack() as stack:
        pythons = stack.enter_context(environments.Environments(options.environments))
        motos = queue.SimpleQueue()
        for _ in range(options.jobs):
            motos.put(stack.enter_context(server.Server()))
        pool = stack.enter_context(concurrent.futures.ThreadPoolExecutor(options.jobs))
        runs = [pool.submit(run, case, motos, pythons.of(case)) for case in chosen]
        for done in concurrent.futures.as_completed(runs):
            row, wrong, seconds = done.result()
            rows[row.case.name] = row
            if wrong:
                failed.append(row.case.name)
            print(f"{'FAILED' if wrong else 'holds '} {row.case.name} ({seconds:.0f} s)")
            print(f"       leaky form: {row.leaky}")
            print(f"       {row.origin}: {row.other or '–'}")
            for each in wrong:
                print(f"       {each}")
            sys.stdout.flush()
    print(f"in {time.monotonic() - begin:.0f} s")
    print(f"{len(chosen) - len(failed)} passed, {len(failed)} failed")
    if not failed and not options.no_write:
        report.write([rows[case.name] for case in chosen], versions(), datetime.date.today().isoformat())
    return 1 if failed else 0


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", metavar="CODE", help="only the cases of this rule")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="N", help="so many cases at once")
    parser.add_argument("--no-write", action="store_true", help="leave docs/evidence.md as it is")
    parser.add_argument("--check", action="store_true", help="measure nothing, compare the pages with docs/evidence.md")
    parser.add_argument("--environments", metavar="FOLDER", help="keep the environments of cases here")
    return parser.parse_args()


def run(case, motos, python):
    """The row of a case, why it fails, and the seconds that it took, with a server of its own."""
    moto = motos.get()
    started = time.monotonic()
    try:
        row, wrong = measured(case, moto, python)
    finally:
        motos.put(moto)
    return row, wrong, time.monotonic() - started


def measured(case, moto, python):
    """The row of a case, and why it fails."""
    wrong = []
    text, shown = None, []
    try:
        text, shown = rewrite.rewritten(case)
    except rewrite.Wrong as error:
        wrong.append(str(error))
    origin = "rewritten by dynaleak"
    if text is not None and (case.shown_only or case.pending):
        wrong.append("dynaleak rewrites it now: take SHOWN_ONLY or PENDING out of case.py")
    if text is None and case.shown_only:
        text = case.recommended
        origin = f"{'shown only' if shown else 'no rewrite, recommended'}, by hand: {case.shown_only}"
    elif text is None:
        origin = "no rewrite"
        if not case.pending:
            wrong.append("dynaleak offers no rewrite")
    leaky = form(case, case.leaky, moto, python)
    other = form(case, text, moto, python) if text is not None else None
    verdict = judge.judge(case, leaky, other)
    wrong += verdict.of_leaky + verdict.of_other
    if not (verdict.of_leaky or judge.judge(case, leaky, leaky).of_other):
        wrong.append("the leaky form passes as its own rewrite: the case proves nothing")
    return report.Row(case, verdict.leaky, verdict.other, origin, CALLS[case.meter], text), wrong


def form(case, text, moto, python):
    """What the worker says of one form, in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="dynaleak-") as folder:
        path, answer = pathlib.Path(folder, "shop.py"), pathlib.Path(folder, "answer.json")
        path.write_text(text, encoding="utf-8")
        environment = {**os.environ, **moto.environment(), "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
        command = [python, "-m", "harness.worker", str(case.folder), str(path), str(answer)]
        try:
            done = subprocess.run(
                command, cwd=HERE, env=environment, capture_output=True, text=True, timeout=LIMIT
            )
        except subprocess.TimeoutExpired:
            return {"raised": f"nothing: it did not end within {LIMIT} s"}
        if not answer.exists():
            return {"raised": f"code {done.returncode}: {done.stderr[-2000:]}"}
        said = json.loads(answer.read_text(encoding="utf-8"))
        if "traceback" in said:
            print(said["traceback"], file=sys.stderr)
        return said


def versions():
    """What was measured with."""
    names = ["boto3", "moto", "Django", "cachetools"]
    packages = [f"{name} {importlib.metadata.version(name)}" for name in names]
    own = [f"{case.code} with {', '.join(environments.pins(case))}" for case in cases.all_cases() if case.requirements]
    return "; ".join([", ".join([f"CPython {platform.python_version()}", *packages]), *own])


if __name__ == "__main__":
    sys.exit(main())
