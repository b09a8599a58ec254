"""Measures each rule's case before and after dynaleak's own rewrite, and writes docs/evidence.md.

    python tests/evidence/run.py              measure all, write docs/evidence.md and the pages' rows
    python tests/evidence/run.py --no-write   measure all
    python tests/evidence/run.py --only DDB101    only the cases of this rule, and their rows
    python tests/evidence/run.py --self-test  with the rewrite replaced by the leaky text every case must fail
    python tests/evidence/run.py --check      only whether the pages quote docs/evidence.md

Needs a built dynaleak (`cargo build --release`) and what requirements.txt names. A case with requirements of its own
runs in a virtual environment of its own, which `--environments FOLDER` keeps for the next run.
"""
import argparse
import datetime
import importlib.metadata
import json
import os
import pathlib
import platform
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
    rows, failed = [], []
    begin = time.monotonic()
    with server.Server() as moto, environments.Environments(options.environments) as pythons:
        for case in chosen:
            python = pythons.of(case)
            started = time.monotonic()
            row, wrong = measured(case, moto, python, options)
            rows.append(row)
            if wrong:
                failed.append(case.name)
            print(f"{'FAILED' if wrong else 'holds '} {case.name} ({time.monotonic() - started:.0f} s)")
            print(f"       leaky form: {row.leaky}")
            print(f"       {row.origin}: {row.other or '–'}")
            for each in wrong:
                print(f"       {each}")
            sys.stdout.flush()
    print(f"in {time.monotonic() - begin:.0f} s")
    if options.self_test:
        held = [case.name for case in chosen if case.name not in failed]
        for name in held:
            print(f"{name} holds although nothing was rewritten: it proves nothing", file=sys.stderr)
        print(f"{len(failed)} of {len(chosen)} fail, as they must")
        return 1 if held else 0
    print(f"{len(chosen) - len(failed)} passed, {len(failed)} failed")
    if not failed and not options.no_write:
        report.write(rows, versions(), datetime.date.today().isoformat())
    return 1 if failed else 0


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", metavar="CODE", help="only the cases of this rule")
    parser.add_argument("--self-test", action="store_true", help="every case must fail without a rewrite")
    parser.add_argument("--no-write", action="store_true", help="leave docs/evidence.md as it is")
    parser.add_argument("--check", action="store_true", help="measure nothing, compare the pages with docs/evidence.md")
    parser.add_argument("--environments", metavar="FOLDER", help="keep the environments of cases here")
    return parser.parse_args()


def measured(case, moto, python, options):
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
    if options.self_test:
        text, origin = case.leaky, "the leaky text again"
    leaky = form(case, case.leaky, moto, python)
    other = form(case, text, moto, python) if text is not None else None
    verdict = judge.judge(case, leaky, other)
    if options.self_test:
        # Only what was measured of the second form may fail a case here.
        wrong = [] if verdict.of_leaky else list(verdict.of_other)
        for each in verdict.of_leaky:
            print(f"{case.name}: {each}", file=sys.stderr)
    else:
        wrong += verdict.of_leaky + verdict.of_other
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
