"""A Hugging Face Hub on this machine for uploads: it makes repositories, takes their files, and plays the builds of Spaces.

    with Uploads() as there:
        there.here(monkeypatch, home)
        there.refusals["POST /api/repos/create"] = 402      # from here on nobody may make one
        there.spaces["somebody/small"].stage                # what it is doing

As on the Hub, a binary file goes to a storage of its own first, is known by its SHA-256 there, and is committed by that; and
nothing but a download is answered without the token.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from huggingface_hub import constants

from tests.loopback import Handler, Loopback, as_git_counts

FRONT = b"---\ntitle: Small\n---\n"
BUILD = ("BUILDING", "APP_STARTING", "RUNNING")


@dataclass
class Space:
    """What a Space is doing; of a model, only whether it is private.

    ahead: the stages that it will go through, one at each look. sha: the commit that it runs.
    """

    private: bool = False
    hardware: str | None = None
    requested: str | None = None
    stage: str = "RUNNING"
    ahead: list[str] = field(default_factory=list)
    sha: str | None = None
    why: str = ""

    def runtime(self, tells_commit: bool) -> dict[str, Any]:
        told = {"sha": self.sha} if tells_commit and self.sha else {}
        return {"stage": self.stage, "hardware": {"current": self.hardware, "requested": self.requested},
                "storage": None, "gcTimeout": 172800, "errorMessage": self.why or None, **told}  # fmt: skip


class _Handler(Handler):
    there: Uploads

    def handle_one_request(self) -> None:
        self.content = b""
        super().handle_one_request()

    def do_POST(self) -> None:
        self.content = self.body()
        self.do_GET()

    do_PUT = do_POST

    def body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def route(self) -> None:
        for what, (status, code) in self.there.refused():
            if f"{self.command} {self.path}".startswith(what):
                if status == 0:  # the connection ends without an answer
                    self.close_connection = True
                    return
                return self.answer(status, **({"X_Error_Code": code} if code else {}))
        if "/resolve/" in self.path or self.path.startswith("/cdn/"):
            return super().route()
        if self.command == "PUT" and self.path.startswith("/lfs/"):  # a storage is asked by an address that is signed
            return self.store(self.path.removeprefix("/lfs/"))
        if self.headers.get("Authorization") != f"Bearer {self.there.token}":
            return self.answer(401, X_Error_Message="Invalid credentials in Authorization header")
        path = self.path.partition("?")[0]
        if path == "/api/repos/create":
            return self.create(json.loads(self.content))
        if path == "/api/validate-yaml":
            wrong = [{"message": message} for message in self.there.front_matter_errors]
            return self.say({"errors": wrong, "warnings": []}, 400 if wrong else 200)
        if path.endswith("/info/lfs/objects/batch"):
            return self.batch(json.loads(self.content)["objects"])
        if path.startswith("/lfs/"):
            oid = path.split("/")[2]
            return self.say({}, 200 if len(self.there.large.get(oid, b"")) == json.loads(self.content)["size"] else 404)
        _, kind, owner, name, *rest = path.lstrip("/").split("/")
        self.repository(kind, f"{owner}/{name}", rest[0] if rest else "")

    def create(self, asked: Mapping[str, Any]) -> None:
        repo = f"{asked['organization']}/{asked['name']}"
        space = asked["type"] == "space"
        url = f"{self.there.address}/{'spaces/' if space else ''}{repo}"
        if repo in self.there.spaces:
            return self.say({"error": "You already created this repo", "url": url}, 409)
        self.there.repos[repo] = {".gitattributes": b""} | ({"README.md": FRONT} if space and asked["sdk"] == "gradio" else {})
        self.there.spaces[repo] = Space(asked.get("visibility") == "private", None, asked.get("hardware"), "NO_APP_FILE")
        self.say({"url": url})

    def repository(self, kind: str, repo: str, what: str) -> None:
        if repo not in self.there.spaces:
            return self.answer(404, X_Error_Code="RepoNotFound")
        space, files = self.there.spaces[repo], self.there.repos[repo]
        asked = json.loads(self.content) if self.content and what != "commit" else {}
        match self.command, what:
            case "GET", "" | "revision":
                self.say({"id": repo, "sha": self.there.commit(repo), "private": space.private, "sdk": "gradio",
                          "siblings": [{"rfilename": name} for name in files]})
            case "GET", "tree":
                self.say([{"type": "file", "path": name, "size": len(data), "oid": as_git_counts(data)}
                          for name, data in files.items()])
            case "GET", "runtime":
                self.there.step(repo)
                self.say(space.runtime(self.there.tells_commit))
            case "POST", "preupload":
                self.say({"files": [self.mode(each, files) for each in asked["files"]]})
            case "POST", "commit":
                self.commit(kind, repo, files)
            case "POST", "hardware":
                space.requested = asked["flavor"]
                self.say(space.runtime(self.there.tells_commit))
            case "POST", "restart":
                space.ahead = list(self.there.build)
                self.say(space.runtime(self.there.tells_commit))
            case "PUT", "settings":
                space.private = asked["visibility"] == "private"
                self.say({})
            case _:
                self.answer(404)

    def mode(self, asked: Mapping[str, Any], files: Mapping[str, bytes]) -> dict[str, Any]:
        large = b"\0" in base64.b64decode(asked["sample"])
        held = files.get(asked["path"])
        known = None if held is None else hashlib.sha256(held).hexdigest() if large else as_git_counts(held)
        return {"path": asked["path"], "uploadMode": "lfs" if large else "regular", "shouldIgnore": False, "oid": known}

    def batch(self, objects: list[dict[str, Any]]) -> None:
        def actions(oid: str) -> dict[str, Any]:
            href = f"{self.there.elsewhere}/lfs/{oid}"
            return {"actions": {"upload": {"href": href}, "verify": {"href": f"{self.there.address}/lfs/{oid}/verify"}}}

        self.say({"transfer": "basic", "objects": [
            {**each, **({} if each["oid"] in self.there.large else actions(each["oid"]))} for each in objects
        ]})

    def store(self, oid: str) -> None:
        if hashlib.sha256(self.content).hexdigest() != oid:
            return self.answer(400)
        self.there.large[oid] = self.content
        self.answer(200)

    def commit(self, kind: str, repo: str, files: dict[str, bytes]) -> None:
        lines = [json.loads(line) for line in self.content.splitlines()]
        if [line for line in lines if line["key"] == "lfsFile" and line["value"]["oid"] not in self.there.large]:
            return self.say({"error": "a large file was not uploaded"}, 422)
        for line in lines:
            match line:
                case {"key": "file", "value": value}:
                    files[value["path"]] = base64.b64decode(value["content"])
                case {"key": "lfsFile", "value": value}:
                    files[value["path"]] = self.there.large[value["oid"]]
                case {"key": "deletedFile", "value": value}:
                    del files[value["path"]]
        space, sha = self.there.spaces[repo], self.there.commit(repo)
        self.there.commits.append([line["value"]["path"] for line in lines if line["key"] != "header"])
        if space.stage not in ("PAUSED", "STOPPED"):
            space.ahead = list(self.there.build)
        place = repo if kind == "models" else f"{kind}/{repo}"
        self.say({"commitOid": sha, "commitUrl": f"{self.there.address}/{place}/commit/{sha}"})


class Uploads(Loopback):
    """The server.

    token: the one that may write. refusals: "METHOD /PATH", or its beginning -> the status, with its error code or
    without, that is answered; 0 for no answer.
    build: the stages that follow a commit or a restart; why: its last is an error. commits: the paths in each.
    large: SHA-256 -> what was put into the storage. tells_commit: whether a runtime says which commit runs.
    """

    handler = _Handler

    def __init__(self, token: str = "hf_of_a_test") -> None:
        super().__init__()
        self.token = token
        self.spaces: dict[str, Space] = {}
        self.refusals: dict[str, int | tuple[int, str]] = {}
        self.build, self.why = BUILD, ""
        self.front_matter_errors: list[str] = []
        self.commits: list[list[str]] = []
        self.large: dict[str, bytes] = {}
        self.tells_commit = True

    def here(self, monkeypatch: pytest.MonkeyPatch, home: str) -> None:
        """As there; logged in, and without Xet, which has another storage than ours."""
        super().here(monkeypatch, home)
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.setenv("HF_TOKEN", self.token)

    def refused(self) -> list[tuple[str, tuple[int, str]]]:
        return [(what, status if isinstance(status, tuple) else (status, "")) for what, status in self.refusals.items()]

    def step(self, repo: str) -> None:
        """What happens to a Space between two looks."""
        space = self.spaces[repo]
        if space.ahead:
            space.stage = space.ahead.pop(0)
            space.hardware = space.requested or "cpu-basic"
            space.sha, space.why = self.commit(repo), self.why
