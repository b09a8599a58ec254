#!/usr/bin/env python3
"""Edits many documents for a long time and watches the server's resident memory.

usage: soak.py [--edits N] [--files N] [--root FOLDER] -- SERVER [ARG ...]

Opens --files documents (copies of one text with findings), edits them at random, asks for the
diagnostics of one in twenty edits, and closes and opens one in five hundred, and each that has
become twice as long. Prints one JSON line
a tenth: edits so far, seconds, resident memory in MiB; then the last line says the memory after
the first 10,000 edits, at the end, and the ratio. Without --root the documents are files of an
empty folder; --root indexes that folder first and prints its
files, the loaded ones and the memory for each loaded file. Ends with 1 when the ratio is over 1.1.
"""
import argparse, json, os, pathlib, random, subprocess, sys, tempfile, time

TEXT = """import boto3

TABLE = boto3.resource("dynamodb").Table("orders")
RESULTS = []
CACHE = {}


def remember(key):
    item = TABLE.get_item(Key=key)["Item"]
    RESULTS.append(item)


def cached(key):
    if key not in CACHE:
        CACHE[key] = TABLE.get_item(Key=key)["Item"]
    return CACHE[key]


def everything():
    pages = TABLE.meta.client.get_paginator("scan").paginate(TableName="orders")
    return [item for page in pages for item in page["Items"]]
"""
PIECES = ["\n", "#", "x = 1\n", "    ", "(", ")", '"""', "RESULTS.clear()\n", "é", "🦀", "def f(a):\n    RESULTS.append(a)\n", ""]


class Server:
    def __init__(self, command, cwd):
        self.process = subprocess.Popen(command, cwd=cwd, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.asked = 0

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def notify(self, method, params):
        self.send({"method": method, "params": params})

    def request(self, method, params):
        self.asked += 1
        self.send({"id": self.asked, "method": method, "params": params})
        while True:
            length = 0
            while line := self.process.stdout.readline().strip():
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            message = json.loads(self.process.stdout.read(length))
            if "method" in message and "id" in message:
                self.send({"id": message["id"], "result": None})
            elif message.get("id") == self.asked:
                if "error" in message:
                    sys.exit(f"{method}: {message['error']}")
                return message["result"]

    def resident(self):
        for line in open(f"/proc/{self.process.pid}/status"):
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--edits", type=int, default=200_000)
    parser.add_argument("--files", type=int, default=50)
    parser.add_argument("--root", type=pathlib.Path)
    parser.add_argument("server", nargs=argparse.REMAINDER)
    args = parser.parse_args()
    command = args.server[1:] if args.server[0] == "--" else args.server
    command[0] = os.path.abspath(command[0])
    root = (args.root or pathlib.Path(tempfile.mkdtemp())).resolve()
    rng = random.Random(1)
    server = Server(command, root)
    server.request("initialize", {"processId": os.getpid(), "rootUri": root.as_uri(),
                                  "capabilities": {"textDocument": {"diagnostic": {}}}})
    before = server.resident()
    server.notify("initialized", {})
    begun = time.time()
    while True:
        [_, project] = server.request("workspace/executeCommand", {"command": "dynaleak.debugInformation"})["projects"]
        if project["indexed"]:
            break
        time.sleep(0.05)
    if args.root:
        used = server.resident() - before
        print(json.dumps({"files": project["files"], "loaded": project["loaded"], "seconds": round(time.time() - begun, 1),
                          "resident_mib": round(server.resident(), 1),
                          "kib_per_loaded": round(used * 1024 / max(1, project["loaded"]), 1),
                          "kib_per_file": round(used * 1024 / max(1, project["files"]), 1)}), flush=True)

    uris = [(root / f"soak_{number}.py").as_uri() for number in range(args.files)]
    texts, versions = {}, {}

    def open_one(uri):
        texts[uri], versions[uri] = TEXT, versions.get(uri, 0) + 1
        server.notify("textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": "python", "version": versions[uri], "text": TEXT}})

    for uri in uris:
        if not args.root:
            (root / uri.rsplit("/", 1)[1]).write_text(TEXT)
        open_one(uri)
    begun, first = time.time(), None
    for edit in range(1, args.edits + 1):
        uri = rng.choice(uris)
        lines = texts[uri].split("\n")
        line = rng.randrange(len(lines))
        start = rng.randint(0, len(lines[line]))
        end = min(len(lines[line]), start + rng.choice([0, 0, 1, 5]))
        new = rng.choice(PIECES)
        units = lambda upto: len(lines[line][:upto].encode("utf-16-le")) // 2
        change = {"range": {"start": {"line": line, "character": units(start)}, "end": {"line": line, "character": units(end)}}, "text": new}
        lines[line] = lines[line][:start] + new + lines[line][end:]
        texts[uri] = "\n".join(lines)
        versions[uri] += 1
        server.notify("textDocument/didChange", {"textDocument": {"uri": uri, "version": versions[uri]}, "contentChanges": [change]})
        # Documents that grew on would be memory that is rightly used: they are as large after 10,000
        # edits as at the end.
        if len(texts[uri]) > 2 * len(TEXT) or edit % 500 == 0:
            server.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
            open_one(uri)
        if edit % 20 == 0:
            server.request("textDocument/diagnostic", {"textDocument": {"uri": uri}})
        if edit == 10_000:
            first = server.resident()
        if edit % max(1, args.edits // 10) == 0:
            server.request("textDocument/diagnostic", {"textDocument": {"uri": uri}})
            print(json.dumps({"edits": edit, "seconds": round(time.time() - begun, 1), "resident_mib": round(server.resident(), 1)}), flush=True)
    for uri in uris:
        held = server.request("dynaleak/text", {"uri": uri})
        if held["text"] != texts[uri]:
            sys.exit(f"{uri}: the server's text is another one")
    last = server.resident()
    first = first or last
    print(json.dumps({"after_10000_mib": round(first, 1), "end_mib": round(last, 1), "ratio": round(last / first, 3)}))
    server.request("shutdown", None)
    server.notify("exit", None)
    sys.exit(server.process.wait(10) or (1 if last / first > 1.1 else 0))


if __name__ == "__main__":
    main()
