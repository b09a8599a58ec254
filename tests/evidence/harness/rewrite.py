"""What dynaleak itself makes of leaky code: nothing here is stored by hand."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

from harness.cases import ROOT

# So small that a bound is reached within the warm-up; `[tool.dynaleak.bounds]` of a project says the same.
BOUNDS = {"queue": 100, "cache": 16, "accumulator": 100, "page": 100}


def binary():
    """The built dynaleak."""
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    # Absolute, as it runs in another folder.
    return os.path.abspath(os.environ.get("DYNALEAK_BINARY") or target / "release" / "dynaleak")


class Wrong(Exception):
    """The code is not reported, or its rewrite is no good."""


def rewritten(case):
    """The text after `--fix --unsafe-fixes` or None, and the titles of what is only shown."""
    with tempfile.TemporaryDirectory(prefix="dynaleak-") as folder:
        folder = pathlib.Path(folder)
        code = folder / "shop.py"
        code.write_text(case.leaky, encoding="utf-8")
        for path in case.beside():
            shutil.copy(path, folder)
        bounds = "".join(f"{name} = {size}\n" for name, size in BOUNDS.items())
        (folder / "dynaleak.toml").write_text("[bounds]\n" + bounds, encoding="utf-8")
        found = _check(folder, case)
        if not found:
            raise Wrong(f"{case.code} is not reported")
        fixes = [fix for finding in found for fix in finding["fixes"]]
        shown = [fix["title"] for fix in fixes if fix["applicability"] == "display"]
        if len(shown) == len(fixes):
            return None, shown
        left = _check(folder, case, "--fix", "--unsafe-fixes")
        text = code.read_text(encoding="utf-8")
        if text == case.leaky:
            raise Wrong("a rewrite is offered and not applied")
        if left or _check(folder, case):
            raise Wrong(f"{case.code} is still reported after the rewrite")
        return text, shown


def _check(folder, case, *options):
    """The findings of the case's rule."""
    done = subprocess.run(
        [binary(), "check", "--select", case.code, "--output-format", "json", *options, "."],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )
    if done.returncode not in (0, 1):
        raise Wrong(f"dynaleak ended with {done.returncode}: {done.stderr.strip()}")
    return [finding for finding in json.loads(done.stdout)["findings"] if finding["code"] == case.code]
