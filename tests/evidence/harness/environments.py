"""The Pythons that run the cases: a virtual environment of its own for each case with a requirements.txt."""
import hashlib
import pathlib
import subprocess
import sys
import tempfile
import time
import venv

# Seconds before each further attempt.
PAUSES = [5, 20, 60]


class Environments:
    """Kept in `folder`, or without one until the end of the `with` block."""

    def __init__(self, folder=None):
        self.scratch = None if folder else tempfile.TemporaryDirectory(prefix="dynaleak-")
        self.folder = pathlib.Path(folder or self.scratch.name).absolute()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.scratch:
            self.scratch.cleanup()

    def of(self, case):
        """The Python to run a case with."""
        if not case.requirements:
            return sys.executable
        wanted = hashlib.sha256(case.requirements.read_bytes()).hexdigest()[:12]
        environment = self.folder / f"{case.name}-{wanted}"
        python, ready = environment / "bin" / "python", environment / "ready"
        if not ready.exists():
            venv.create(environment, clear=True, with_pip=True)
            _install(python, case.requirements)
            ready.touch()
        return str(python)


def pins(case):
    """The packages of a case with their versions: `aioboto3 15.5.0`."""
    lines = case.requirements.read_text(encoding="utf-8").splitlines()
    return [line.replace("==", " ") for line in lines if "==" in line]


def _install(python, requirements):
    command = [python, "-m", "pip", "install", "--quiet", "--retries", "5", "--requirement", requirements]
    for pause in PAUSES:
        if subprocess.run(command).returncode == 0:
            return
        time.sleep(pause)
    subprocess.run(command, check=True)
