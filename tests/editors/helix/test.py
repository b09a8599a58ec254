"""Helix on a terminal of its own, as a person would use it: test.py HX-COMMAND... -- SERVER

The language settings are those of docs/editors.md, with the program's path put in.
"""

import os
import pathlib
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

import fcntl
import termios

import pyte

PATIENCE = float(os.environ.get("PATIENCE", 150_000)) / 1000
HERE = pathlib.Path(__file__).parent
ROWS, COLUMNS = 40, 150


class Terminal:
    """A program, and what its screen shows."""

    def __init__(self, command, cwd, env):
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self.stream = pyte.ByteStream(self.screen)
        self.own, other = pty.openpty()
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.process = subprocess.Popen(
            command, cwd=cwd, env=env, stdin=other, stdout=other, stderr=subprocess.DEVNULL, start_new_session=True
        )
        os.close(other)

    def read(self, seconds=0.1):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self.own], [], [], left)[0]:
                try:
                    self.stream.feed(os.read(self.own, 65536))
                except OSError:
                    return

    def text(self):
        return "\n".join(line.rstrip() for line in self.screen.display)

    def keys(self, *keys):
        for each in keys:
            os.write(self.own, each.encode())
            self.read(0.15)

    def shows(self, pattern):
        end = time.monotonic() + PATIENCE
        while not re.search(pattern, self.text()):
            if time.monotonic() > end or self.process.poll() is not None:
                raise AssertionError(f"waited in vain for {pattern!r}\n{self.text()}")
            self.read()
        return self.text()

    def end(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def settings(server):
    """The block of the documentation."""
    docs = (HERE / "../../../docs/editors.md").read_text()
    section = docs.split("## Helix")[1].split("\n## ")[0]
    block = re.search(r"```toml\n(.*?)```", section, re.DOTALL)[1]
    return block.replace('command = "dynaleak"', f'command = "{server}"')


def until(what, holds):
    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain: {what}")
        time.sleep(0.05)


def main():
    at = sys.argv.index("--")
    command, server = sys.argv[1:at], os.path.realpath(sys.argv[at + 1])
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch).resolve()
        shutil.copytree(HERE / "../files", scratch / "files")
        (scratch / "files/.git").mkdir()
        (scratch / "config/helix").mkdir(parents=True)
        (scratch / "config/helix/languages.toml").write_text(settings(server))
        shown = '[editor]\nend-of-line-diagnostics = "hint"\n[editor.inline-diagnostics]\ncursor-line = "hint"\n'
        (scratch / "config/helix/config.toml").write_text(shown)
        env = {**os.environ, "TERM": "xterm-256color", "XDG_CONFIG_HOME": str(scratch / "config"), "XDG_CACHE_HOME": str(scratch / "cache")}
        main_py = scratch / "files/main.py"
        terminal = Terminal([*command, "main.py"], scratch / "files", env)
        try:
            terminal.shows(r"`RESULTS` keeps every item")
            print("diagnostics, across files")
            terminal.keys(":9\r", "g", "s")
            terminal.keys(" ", "k")
            terminal.shows(r"process-lifetime-accumulator")
            print("hover shows the rule's page")
            terminal.keys("\x1b")
            # The menu is asked of the server: press until it stands.
            for _ in range(20):
                terminal.keys(" ", "a")
                terminal.read(1)
                if "Bound `RESULTS`" in terminal.text():
                    break
                terminal.keys("\x1b")
            menu = terminal.shows(r"Bound `RESULTS` with deque\(maxlen=1000\)")
            print("code actions:", *sorted(set(re.findall(r"(?:Bound|Keep the last|Flush|Ignore DDB)[^│]*?(?=\s{2,}|│|$)", menu))), sep="\n  ")
            terminal.keys("\r")
            terminal.shows(r"\[\+\]")
            terminal.shows(r"RESULTS = deque\(maxlen=1000\)")
            terminal.keys(":w\r")
            until("the file on disk", lambda: "deque(maxlen=1000)" in main_py.read_text())
            assert "from collections import deque" in main_py.read_text()
            print("a code action is applied and saved")
            terminal.keys(":q!\r")
            until("Helix's end", lambda: terminal.process.poll() is not None)
        finally:
            terminal.end()
    print("OK")


if __name__ == "__main__":
    main()
