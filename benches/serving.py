"""Language servers measured beside each other: keystrokes, the first diagnostics, memory."""

import os
import pathlib
import statistics
import sys
import tempfile
import time

from lsp_latency import Server, build, measure

SGCONFIG = "ruleDirs: [rules]\n"
SGRULE = """id: kept
language: Python
severity: warning
message: kept for ever
rule:
  pattern: $KEPT.append(TABLE.get_item($$$)["Item"])
"""
# Seconds that a slow server may take for its edits of one file.
PATIENCE = 60


def commands(bench) -> dict[str, str]:
    return {"dynaleak": f"{bench.dynaleak} server", "ruff": f"{bench.bin}/ruff server", "ast-grep": f"{bench.bin}/ast-grep lsp",
            "basedpyright": f"{bench.bin}/basedpyright-langserver --stdio"}


def prepare(root: pathlib.Path) -> None:
    """ast-grep's server wants a configuration."""
    (root / "rules").mkdir(exist_ok=True)
    (root / "sgconfig.yml").write_text(SGCONFIG)
    (root / "rules/kept.yml").write_text(SGRULE)


def keys(bench, sizes: list[int], edits: int) -> dict:
    """Milliseconds, by number of lines and server."""
    result = {}
    for lines in sizes:
        text, places = build(lines, 10)
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder).resolve()
            prepare(root)
            path = root / "edited.py"
            path.write_text(text)
            measured = measure(list(commands(bench).values()), root, path, text, places, edits, PATIENCE)
            servers = dict(zip(commands(bench), measured))
            result[str(lines)] = {name: {"failed": server.failed} if server.failed else server.row(lines) for name, server in servers.items()}
            for server in servers.values():
                if not server.failed:
                    server.end()
        print(f"  {lines} lines", file=sys.stderr, flush=True)
    return {"lines": result}


def start(bench, corpus: pathlib.Path, rounds: int) -> dict:
    """Milliseconds from the start of the process to the diagnostics of one open file of the corpus' folder, and of dynaleak
    to the end of its indexing."""
    text, _ = build(200, 10)
    path = corpus / "opened.py"
    result = {name: {"first_ms": []} for name in commands(bench)}
    result["dynaleak"] |= {"indexed_ms": [], "index_processor_ms": []}
    files = loaded = 0
    prepare(corpus)
    try:
        path.write_text(text)
        for turn in range(-1, rounds):
            for name, command in commands(bench).items():
                server = Server(command, corpus)
                server.begin(corpus, path.as_uri(), text)
                if turn >= 0:
                    result[name]["first_ms"].append(server.initialize + server.first)
                if name == "dynaleak":
                    if not server.live:
                        sys.exit("dynaleak: no diagnostics at the start")
                    project = indexed(server)
                    files, loaded = project["files"], project["loaded"]
                    if turn >= 0:
                        result[name]["indexed_ms"].append((time.perf_counter() - server.started) * 1e3)
                        result[name]["index_processor_ms"].append(server.cpu())
                server.end()
    finally:
        path.unlink()
    return {"files": files, "loaded": loaded, "servers": result}


def memory(bench, corpus: pathlib.Path, rounds: int) -> dict:
    """Resident MiB: of an idle server over an empty folder, with the corpus indexed, with a hundred files open."""
    opened = 100
    figures = {"empty": [], "indexed": [], "open": [], "peak": []}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            server = Server(commands(bench)["dynaleak"], pathlib.Path(folder))
            greet(server, pathlib.Path(folder).resolve())
            indexed(server)
            figures["empty"].append(settled(server))
            server.end()
        server = Server(commands(bench)["dynaleak"], corpus)
        greet(server, corpus)
        project = indexed(server)
        figures["indexed"].append(settled(server))
        figures["peak"].append(resident(server, "VmHWM"))
        texts = [build(200, 10)[0].replace("KEPT", f"HELD_{number}") for number in range(opened)]
        for number, text in enumerate(texts):
            server.uri = (corpus / f"opened_{number}.py").as_uri()
            server.send({"method": "textDocument/didOpen", "params": {
                "textDocument": {"uri": server.uri, "languageId": "python", "version": 0, "text": text}}})
            if not server.diagnostics(0)[1]:
                sys.exit("dynaleak: no diagnostics of an open file")
        figures["open"].append(settled(server))
        server.end()
    middle = {name: statistics.median(values) for name, values in figures.items()}
    return {"files": project["files"], "loaded": project["loaded"], "opened": opened, "lines_each": texts[0].count("\n"), "resident_mib": figures,
            "kib_per_open": (middle["open"] - middle["indexed"]) * 1024 / opened,
            "kib_per_indexed": (middle["indexed"] - middle["empty"]) * 1024 / project["files"],
            "kib_per_loaded": (middle["indexed"] - middle["empty"]) * 1024 / max(1, project["loaded"])}


def greet(server: Server, root: pathlib.Path) -> None:
    _, answer = server.answer(server.ask("initialize", {
        "processId": os.getpid(), "rootUri": root.as_uri(), "capabilities": {"textDocument": {"diagnostic": {}}},
        "workspaceFolders": [{"uri": root.as_uri(), "name": "bench"}]}))
    server.pulls = "diagnosticProvider" in answer["result"]["capabilities"]
    server.send({"method": "initialized", "params": {}})


def indexed(server: Server) -> dict:
    while True:
        _, answer = server.answer(server.ask("workspace/executeCommand", {"command": "dynaleak.debugInformation"}))
        project = answer["result"]["projects"][-1]
        if project["indexed"]:
            return project
        time.sleep(0.01)


def settled(server: Server) -> float:
    """Resident memory once nothing changes it any more: what is freed goes back with a delay."""
    before = None
    for _ in range(30):
        time.sleep(0.5)
        now = resident(server)
        if now == before:
            break
        before = now
    return now


def resident(server: Server, which: str = "VmRSS") -> float:
    status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith(which))
