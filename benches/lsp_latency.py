#!/usr/bin/env python3
"""Milliseconds from one edit to fresh diagnostics, for language servers beside each other.

usage: lsp_latency.py [--lines N ...] [--findings N ...] [--edits N] [--accept] [--json] -- "dynaleak server" ["ruff server" ...]

For each number of lines and of findings one Python file is made: ordinary functions and classes, and
among them functions that keep DynamoDB items for ever and bind a name that they do not use, so that a
finder of leaks and a linter have about as much to say. Each edit puts a `#` before such a line or takes
it away, at eight places by turns, so the number of diagnostics must alternate between two values: a
stale or late answer ends the run with 1. The servers get the same edits by turns, so that the machine's
noise meets them all. With --accept the first server's program writes a baseline of all findings before.
An edit is one `textDocument/didChange`, with the whole text for a server that takes nothing else; the answer is a pulled `textDocument/diagnostic` where the
server offers that, else what it publishes for the version. The time ends when the whole message has
been read. A line each: median, p95, p99 and maximum, the processor's time for each edit (which other
programs disturb less), from the start to the answer to `initialize`, from there to the first
diagnostics, how many diagnostics there were, and the peak of resident memory.
"""
import argparse, json, os, pathlib, queue, shlex, shutil, subprocess, sys, tempfile, threading, time

HEAD = """import boto3

TABLE = boto3.resource("dynamodb").Table("orders")
"""
HOLDER = """
KEPT_{n} = []
"""
LEAK = """

def keep_{n}(key):
    KEPT_{holder}.append(TABLE.get_item(Key=key)["Item"]); unused = None
"""
PLAIN = '''

class Order{n}:
    """An order as the shop sees it."""

    def __init__(self, number, lines, customer=None):
        self.number = number
        self.lines = list(lines)
        self.customer = customer
        self.total = 0

    def add(self, line, count=1):
        if count < 1:
            raise ValueError(f"cannot add {{count}} of {{line}}")
        self.lines.extend([line] * count)
        self.total = sum(each.price for each in self.lines)
        return self

    def described(self):
        words = {{"number": self.number, "total": self.total}}
        for position, line in enumerate(self.lines):
            words[f"line {{position}}"] = line.name
        return words


def total_{n}(orders, rate=1.0):
    result = 0
    for order in orders:
        try:
            result += order.total * rate
        except AttributeError as error:
            print("no order", error)
            continue
    return round(result, 2)


def grouped_{n}(orders):
    groups = {{}}
    for order in orders:
        groups.setdefault(order.customer, []).append(order.number)
    return {{name: sorted(numbers) for name, numbers in groups.items() if name}}
'''


def build(lines, findings):
    """The text, and the lines with the findings that come and go by turns: places all over the
    file, for an edit costs more where others' stories begin."""
    holders = max(1, findings // 10)
    head = HEAD + "".join(HOLDER.format(n=number) for number in range(holders))
    leaks = [LEAK.format(n=number, holder=number % holders) for number in range(findings)]
    left = lines - head.count("\n") - sum(leak.count("\n") for leak in leaks)
    plain = [PLAIN.format(n=number) for number in range(max(0, round(left / PLAIN.count("\n"))))]
    parts, taken = [], 0
    for number, leak in enumerate(leaks):
        upto = (number + 1) * len(plain) // (findings + 1)
        parts += [*plain[taken:upto], leak]
        taken = upto
    text = head + "".join([*parts, *plain[taken:]])
    rows = text.split("\n")
    edited = [(2 * number + 1) * findings // 16 for number in range(8)]
    return text, [rows.index(f"def keep_{number}(key):") + 1 for number in edited]


# Seconds.
WAIT = 120


class Failed(Exception):
    """A server that answers wrongly, late or not at all."""


class Server:
    def __init__(self, command, root):
        command = shlex.split(command)
        command[0] = str(pathlib.Path(shutil.which(command[0]) or command[0]).resolve())
        self.name = pathlib.Path(command[0]).name
        self.started = time.perf_counter()
        self.process = subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.inbox, self.asked, self.taken, self.failed = queue.Queue(), 0, [], None
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        out = self.process.stdout
        while True:
            length = None
            while line := out.readline().strip():
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            if length is None:
                return self.inbox.put(None)
            body = out.read(length)
            self.inbox.put((time.perf_counter(), body))

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def ask(self, method, params):
        self.asked += 1
        self.send({"id": self.asked, "method": method, "params": params})
        return self.asked

    def take(self, item):
        """One message; None where it was a request of the server's, which is answered."""
        if item is None:
            raise Failed(f"{self.name} went away")
        message = json.loads(item[1])
        if "method" in message and "id" in message:
            asked = (message.get("params") or {}).get("items") or []
            self.send({"id": message["id"], "result": [None for _ in asked] if asked else None})
            return None
        return message

    def wait(self, wanted):
        while True:
            try:
                item = self.inbox.get(timeout=WAIT)
            except queue.Empty:
                raise Failed(f"{self.name}: no answer in {WAIT} s") from None
            message = self.take(item)
            if message and wanted(message):
                if "error" in message:
                    raise Failed(f"{self.name}: {message['error']}")
                return item[0], message

    def answer(self, ident):
        return self.wait(lambda message: message.get("id") == ident)

    def begin(self, root, uri, text):
        self.uri = uri
        can = {"textDocument": {"synchronization": {}, "diagnostic": {"dynamicRegistration": False},
                                "publishDiagnostics": {"versionSupport": True, "relatedInformation": True}},
               "workspace": {"configuration": True, "workspaceFolders": True}}
        when, answer = self.answer(self.ask("initialize", {
            "processId": os.getpid(), "rootUri": root.as_uri(), "capabilities": can,
            "workspaceFolders": [{"uri": root.as_uri(), "name": "bench"}]}))
        self.initialize = (when - self.started) * 1e3
        can = answer["result"]["capabilities"]
        self.pulls = "diagnosticProvider" in can
        sync = can.get("textDocumentSync")
        whole = (sync.get("change") if isinstance(sync, dict) else sync) == 1
        self.rows = text.split("\n") if whole else None
        self.send({"method": "initialized", "params": {}})
        begun = time.perf_counter()
        self.send({"method": "textDocument/didOpen", "params": {
            "textDocument": {"uri": uri, "languageId": "python", "version": 0, "text": text}}})
        when, self.live = self.diagnostics(0)
        self.first = (when - begun) * 1e3

    def diagnostics(self, version):
        if self.pulls:
            when, message = self.answer(self.ask("textDocument/diagnostic", {"textDocument": {"uri": self.uri}}))
            return when, len(message["result"]["items"])
        when, message = self.wait(lambda message: message.get("method") == "textDocument/publishDiagnostics"
                                  and message["params"]["uri"] == self.uri and message["params"].get("version", version) == version)
        return when, len(message["params"]["diagnostics"])

    def cpu(self):
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") * 1e3

    def edit(self, number, row):
        if number == 0:
            self.used = self.cpu()
        while not self.inbox.empty():
            self.take(self.inbox.get())
        off = number % 2 == 0
        end = {"line": row, "character": 4 if off else 5}
        change = {"range": {"start": {"line": row, "character": 4}, "end": end}, "text": "#" if off else ""}
        if self.rows:
            old = self.rows[row]
            self.rows[row] = old[:4] + ("#" + old[4:] if off else old[5:])
            change = {"text": "\n".join(self.rows)}
        begun = time.perf_counter()
        self.send({"method": "textDocument/didChange", "params": {
            "textDocument": {"uri": self.uri, "version": number + 1}, "contentChanges": [change]}})
        when, count = self.diagnostics(number + 1)
        self.taken.append((when - begun) * 1e3)
        self.muted = count if number == 0 else self.muted
        if count != (self.muted if off else self.live) or self.muted == self.live:
            raise Failed(f"{self.name}: a stale answer after edit {number + 1}: {count} diagnostics, {self.live} before the first and {self.muted} after it")

    def row(self, lines):
        at = lambda share: round(sorted(self.taken)[min(len(self.taken) - 1, int(share * len(self.taken)))], 2)
        peak = next(int(line.split()[1]) / 1024 for line in open(f"/proc/{self.process.pid}/status") if line.startswith("VmHWM"))
        return {"server": self.name, "lines": lines, "diagnostics": self.live, "edits": len(self.taken), "p50_ms": at(.5), "p95_ms": at(.95),
                "p99_ms": at(.99), "max_ms": round(max(self.taken), 2),
                "cpu_ms": round((self.cpu() - self.used) / len(self.taken), 2), "initialize_ms": round(self.initialize, 1),
                "first_ms": round(self.first, 1), "peak_mib": round(peak, 1)}

    def end(self):
        self.answer(self.ask("shutdown", None))
        self.send({"method": "exit"})
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()


def measure(commands, root, path, text, places, edits, seconds=None):
    """The servers after the same edits, made by turns. One that has taken this many seconds is left out of what follows, and
    so is one that fails, unless it is the first."""
    servers = [Server(command, root) for command in commands[:1]]
    servers[0].begin(root, path.as_uri(), text)
    for command in commands[1:]:
        servers.append(Server(command, root))
        tried(servers[-1], lambda server: server.begin(root, path.as_uri(), text))
    # What goes on in the background after the opening comes to rest.
    time.sleep(1)
    for number in range(edits):
        for server in servers:
            if server.failed or seconds and sum(server.taken) > seconds * 1e3:
                continue
            time.sleep(0.005)
            edit = lambda server: server.edit(number, places[number // 2 % len(places)])
            edit(server) if server is servers[0] else tried(server, edit)
    return servers


def tried(server, what):
    try:
        what(server)
    except Failed as failure:
        server.failed = str(failure)
        server.process.kill()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--findings", type=int, nargs="+", default=[10, 300])
    parser.add_argument("--edits", type=int, default=300)
    parser.add_argument("--accept", action="store_true", help="the findings are in a baseline")
    parser.add_argument("--json", action="store_true", help="a JSON object a line instead of a table")
    parser.add_argument("servers", nargs="+")
    args = parser.parse_args()
    head = True
    for findings in args.findings:
        for lines in args.lines:
            text, places = build(lines, findings)
            with tempfile.TemporaryDirectory() as folder:
                root = pathlib.Path(folder).resolve()
                path = root / "edited.py"
                path.write_text(text)
                if args.accept:
                    program = shlex.split(args.servers[0])[0]
                    subprocess.run([str(pathlib.Path(program).resolve()), "check", "--write-baseline", "--quiet"], cwd=root, check=True)
                servers = measure(args.servers, root, path, text, places, args.edits)
                for server in servers:
                    if server.failed:
                        sys.exit(server.failed)
                    one = server.row(text.count("\n"))
                    if args.json:
                        print(json.dumps(one), flush=True)
                    else:
                        if head:
                            print("| " + " | ".join(one) + " |\n|" + "---|" * len(one))
                        print("| " + " | ".join(str(value) for value in one.values()) + " |", flush=True)
                    head = False
                    server.end()


if __name__ == "__main__":
    try:
        main()
    except Failed as failure:
        sys.exit(str(failure))
