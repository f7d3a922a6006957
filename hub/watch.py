"""`netsee app --watch`: a server that is replaced by a new one whenever a technique is saved.

This process holds the listening socket and looks at the files. Each server is a process of its own, with the socket handed down
to it; the one before ends only when the next is ready. So the page is never gone, and a server that does not start changes
nothing. One that is still starting when the next save comes makes way for another.
`hub.app.watched` is the other end.
"""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from hub import registry
from hub.errors import BadAddress, BadParams
from hub.sources import watched_files

TOLD = "NETSEE_WATCHED"
"""The environment variable with what a server is told, as JSON: `socket` and `line` are descriptors, `number` counts the servers,
`saved` is the file for which it was started."""
EVERY = 0.3  # seconds
PATIENCE = 5.0  # seconds that a server may take to end


def bound(host: str, port: int) -> socket.socket:
    """A socket bound to an address. Raises BadAddress, before anything slow is done."""
    found = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
    except (OSError, OverflowError) as error:
        found.close()
        line = f"Port {port} of {host} cannot be used: it is taken, or not ours. Try --port {min(port + 1, 65535)}."
        raise BadAddress(line) from error
    return found


def watch(words: Sequence[str], host: str, port: int) -> int:
    """Serve with `netsee WORDS`, anew after each save, until stopped; returns the exit code of a server that ended by itself.

    Raises BadAddress where the port is taken, BadParams where a socket cannot be handed down.
    """
    if os.name != "posix":
        raise BadParams("--watch works on Linux and macOS. Here, start the app again after each save.")
    with bound(host, port) as listening:
        listening.listen(128)
        words = [*words, "--port", str(listening.getsockname()[1])]
        seen, number = _stamps(), 1
        serving, starting = None, Server(words, listening, number)
        try:
            while starting or serving.process.poll() is None:
                if not starting:
                    time.sleep(EVERY)
                elif (ready := starting.is_ready(EVERY)) is not None:
                    serving, starting = _followed(serving, starting, ready), None
                if (now := _settled(seen)) != seen:
                    saved, seen, number = _latest(seen, now), now, number + 1
                    print(f"{saved.name} was saved; the page follows in a moment.", flush=True)
                    if starting:
                        starting.end()
                    starting = Server(words, listening, number, saved)
            return serving.process.returncode
        finally:
            for each in filter(None, (serving, starting)):
                each.end()


def _followed(before: Server | None, following: Server, ready: bool) -> Server:
    """The server that goes on: the following one where it is ready or the only one, else the one before. The other is ended."""
    if before is None:
        return following
    if not ready:
        print("The new server did not start; the one before goes on. Save again to try again.", flush=True)
    stays, goes = (following, before) if ready else (before, following)
    goes.end()
    return stays


Stamps = dict[Path, tuple[int, int, int]]


def _settled(seen: Stamps) -> Stamps:
    """The stamps of now, once they stay the same for a moment where they are not those that were seen."""
    now = _stamps()
    while now != seen:
        time.sleep(EVERY)
        before, now = now, _stamps()
        if now == before:
            break
    return now


def _latest(before: Stamps, now: Stamps) -> Path:
    """Of the files whose stamps differ, the one that was saved last; those that are gone come first."""
    changed = [path for path in before.keys() | now.keys() if before.get(path) != now.get(path)]
    return max(changed, key=lambda path: now.get(path, (0, 0, 0)))


def _stamps() -> Stamps:
    """Every file that techniques are made of, with what a save changes about it."""
    found = {}
    for place in registry.folders():
        for path in watched_files(place):
            try:
                about = path.stat()
            except OSError:  # gone since
                continue
            found[path] = about.st_mtime_ns, about.st_size, about.st_ino
    return found


class Server:
    """A server in a process of its own. Over `line` it says once that it is ready; it ends when the line is closed."""

    def __init__(self, words: Sequence[str], listening: socket.socket, number: int, saved: Path | None = None) -> None:
        self.serves = False
        self.line, theirs = socket.socketpair()
        handed = (listening.fileno(), theirs.fileno())
        told = {"socket": handed[0], "line": handed[1], "number": number, "saved": str(saved or "")}
        paths = [str(Path(__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "hub", *words], pass_fds=handed,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), TOLD: json.dumps(told)})

    def is_ready(self, seconds: float) -> bool | None:
        """Whether it serves; false where it ended instead, None where neither is known after so many seconds."""
        if not select.select([self.line], [], [], seconds)[0]:
            return None
        self.serves = bool(self.line.recv(1))
        return self.serves

    def end(self) -> None:
        """Let it finish what it is sending, and end it; one that does not serve yet has nothing to finish."""
        self.line.close()
        if not self.serves:
            self.process.kill()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
