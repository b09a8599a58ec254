"""Measures one form of one case: python -m harness.worker FOLDER MODULE ANSWER."""
import importlib.util
import json
import logging
import os
import sys
import threading
import traceback

from harness import meters, tables


# What threads of the measured code raised.
DIED = []


def load(path, name):
    """Imports a file under a name, as the application would."""
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def measure(folder, path):
    """The figures and results of the form at `path`."""
    case = load(os.path.join(folder, "case.py"), "case")
    tables.empty()
    case.prepare()
    meter = getattr(meters, case.METER)()
    threading.excepthook = lambda died: DIED.append(died.exc_value)
    case.run(lambda: load(path, "shop"), meter)
    if DIED:
        raise RuntimeError("a thread died") from DIED[0]
    return {"figures": meter.figures(), "results": list(meter.results)}


def main():
    """Writes the answer to a file, so that nothing that the code prints spoils it."""
    folder, path, answer = sys.argv[1:]
    logging.getLogger().addHandler(logging.NullHandler())
    try:
        said = measure(folder, path)
    except Exception as error:  # whatever the measured code raises is the answer
        said = {"raised": f"{type(error).__name__}: {error}", "traceback": traceback.format_exc()}
    with open(answer, "w", encoding="utf-8") as file:
        json.dump(said, file)
    # Threads of the measured code may wait for ever.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
