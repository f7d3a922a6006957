"""A Hugging Face Hub on this machine, for tests: repositories of models, plain files, and faults that can be switched on and off.

    with Loopback({"somebody/small": {"config.json": b"{}", "model.safetensors": weights}}) as there:
        there.faults.add("stall")       # from here on every body stops in the middle
        there.faults.discard("stall")   # and from here on none

As on the hub, a large file is redirected to another origin, which must not see the token, and is known by its SHA-256.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import sleep

import pytest
from huggingface_hub import constants

LARGE = (".safetensors", ".bin", ".pth")
PETABYTE = 10**15
STATUSES = {  # fault -> (status, X-Error-Code)
    "no repository": (401, "RepoNotFound"), "no revision": (404, "RevisionNotFound"), "gated": (403, "GatedRepo"),
    **{status: (int(status), "") for status in ("401", "403", "404", "429", "500", "503")},
}  # fmt: skip
FAULTS = {*STATUSES, "circle", "no commit", "huge", "stall", "drip", "truncate", "endless", "wrong size", "wrong hash",
          "reset"}
PROXIES = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")


def as_git_counts(data: bytes) -> str:
    """The SHA-1 that git knows a file by."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


@dataclass(frozen=True)
class Asked:
    """A request that came. token: whether it carried one."""

    method: str
    path: str
    token: bool


class Handler(BaseHTTPRequestHandler):
    """Answers for a `Loopback`."""

    there: Loopback

    def log_message(self, *_: object) -> None: ...

    def has(self, *faults: str) -> bool:
        return any({fault, f"{self.command} {fault}"} & self.there.faults for fault in faults)

    def answer(self, status: int, **headers: object) -> None:
        self.send_response(status)
        for name, value in {"Content_Length": 0, **headers}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def say(self, value: object, status: int = 200) -> None:
        body = json.dumps(value).encode()
        self.answer(status, Content_Type="application/json", Content_Length=len(body))
        self.wfile.write(body)

    def do_GET(self) -> None:
        self.there.asked.append(Asked(self.command, self.path, "Authorization" in self.headers))
        if self.has("reset"):
            return
        for fault, (status, code) in STATUSES.items():
            if self.has(fault):
                return self.answer(status, **({"X_Error_Code": code} if code else {}))
        if self.has("circle"):
            return self.answer(302, Location=self.path)
        self.route()

    do_HEAD = do_GET

    def route(self) -> None:
        first, _, rest = self.path.lstrip("/").partition("/")
        if first in ("cdn", "files"):
            return self.file(self.stored().get(rest) if first == "cdn" else self.there.files.get(rest))
        self.model() if first == "api" else self.resolve()

    def stored(self) -> dict[str, bytes]:
        return {hashlib.sha256(data).hexdigest(): data for files in self.there.repos.values() for data in files.values()}

    def found(self, repo: str, revision: str) -> dict[str, bytes] | None:
        """The files of a repository at a revision; answers the request where there is none."""
        if repo not in self.there.repos:
            return self.answer(401, X_Error_Code="RepoNotFound")
        if revision not in ("main", self.there.commit(repo)):
            return self.answer(404, X_Error_Code="RevisionNotFound")
        return self.there.repos[repo]

    def model(self) -> None:
        """/api/models/OWNER/NAME/revision/REVISION, and …/tree/REVISION."""
        repo, _, rest = self.path.partition("?")[0].removeprefix("/api/models/").partition("/revision/")
        if not rest:
            repo, _, rest = repo.partition("/tree/")
        if (files := self.found(repo, rest or "main")) is None:
            return
        if "/tree/" in self.path:
            return self.say([{"type": "file", "path": name, "size": len(data), "oid": as_git_counts(data)}
                             for name, data in files.items()])
        self.say({"id": repo, "sha": self.there.commit(repo), "siblings": [{"rfilename": name} for name in files]})

    def resolve(self) -> None:
        """/OWNER/NAME/resolve/REVISION/FILE: what the file is, and itself where it is small."""
        repo, _, rest = self.path.lstrip("/").partition("/resolve/")
        revision, _, name = rest.partition("/")
        if (files := self.found(repo, revision)) is None:
            return
        commit = {} if self.has("no commit") else {"X_Repo_Commit": self.there.commit(repo)}
        data = files.get(name)
        if data is None:
            return self.answer(404, X_Error_Code="EntryNotFound", **commit)
        if not name.endswith(LARGE):
            return self.file(data, ETag=f'"{as_git_counts(data)}"', **commit)
        digest = hashlib.sha256(data).hexdigest()
        self.answer(302, Location=f"{self.there.elsewhere}/cdn/{digest}", X_Linked_ETag=f'"{digest}"',
                    X_Linked_Size=self.declared(data), **commit)

    def declared(self, data: bytes) -> int:
        return PETABYTE if self.has("huge") else len(data) - 1 if self.has("wrong size") else len(data)

    def file(self, data: bytes | None, **headers: object) -> None:
        """A body from where it is asked for, with whatever fault is on."""
        if data is None:
            return self.answer(404)
        if self.command == "HEAD":
            return self.answer(200, Content_Length=self.declared(data), **headers)
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")[0])
        part = {"Content_Range": f"bytes {start}-{len(data) - 1}/{len(data)}"} if "Range" in self.headers else {}
        length = 100 * len(data) if self.has("endless") else len(data) - start
        self.answer(206 if part else 200, Content_Length=length, **part, **headers)
        sent = 0
        try:
            for piece in self.pieces(data[::-1] if self.has("wrong hash") else data, start):
                self.wfile.write(piece)
                sent += len(piece)
        except OSError:  # whoever asked is gone
            self.close_connection = True
        self.there.sent = sent

    def pieces(self, data: bytes, start: int) -> Iterator[bytes]:
        half = len(data) // 2
        if self.has("stall", "truncate"):
            yield data[start:half]
            while self.has("stall") and not self.there.closing.wait(0.05):
                pass
            self.close_connection = True
        elif self.has("drip"):
            for at in range(start, len(data), 2048):  # 100 kB a second
                yield data[at:at + 2048]
                sleep(0.02)
        elif self.has("endless"):
            for _ in range(100):
                yield data
                sleep(0.02)
        else:
            yield data[start:]


class Loopback:
    """The server. files: path -> bytes of what is served outside repositories, at `address/files/PATH`.

    faults: names from FAULTS; one with a method before it, as "GET 429", is a fault of that method alone.
    """

    handler: type[Handler] = Handler

    def __init__(self, repos: Mapping[str, Mapping[str, bytes]] = {}, files: Mapping[str, bytes] = {}) -> None:
        self.repos = {name: dict(content) for name, content in repos.items()}
        self.files = dict(files)
        self.faults: set[str] = set()
        self.asked: list[Asked] = []
        self.sent = 0  # bytes of the last body
        self.closing = threading.Event()

    def __enter__(self) -> Loopback:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (self.handler,), {"there": self}))
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        self.elsewhere = f"http://localhost:{self.server.server_port}"  # another origin, though the same server
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def commit(self, repo: str) -> str:
        """The commit that `main` is at; it changes with the files."""
        return hashlib.sha1(repr(sorted(self.repos[repo].items())).encode()).hexdigest()

    def bodies(self) -> list[str]:
        """The paths from which a file was downloaded."""
        return [asked.path for asked in self.asked if asked.method == "GET" and asked.path.startswith(("/cdn/", "/files/"))]

    def here(self, monkeypatch: pytest.MonkeyPatch, home: str) -> None:
        """Let huggingface_hub ask this server, in this process and in those that it starts, with an empty cache and no token."""
        for name, value in {"HF_HUB_OFFLINE": False, "ENDPOINT": self.address, "HF_HUB_CACHE": f"{home}/hub",
                            "HF_TOKEN_PATH": f"{home}/token", "HF_STORED_TOKENS_PATH": f"{home}/tokens",
                            "HUGGINGFACE_CO_URL_TEMPLATE": self.address + "/{repo_id}/resolve/{revision}/{filename}",
                            }.items():  # fmt: skip
            monkeypatch.setattr(constants, name, value)
        monkeypatch.setenv("HF_HOME", home)
        for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", *PROXIES):
            monkeypatch.delenv(name, raising=False)
