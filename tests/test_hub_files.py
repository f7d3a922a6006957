"""Trained autoencoders to the Hugging Face Hub and back, over a server on this machine that imitates it."""

import base64
import hashlib
import json
import logging
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from click.testing import CliRunner
from huggingface_hub import constants

import hub
from hub.errors import BadFile, BadParams, NotOffline
from plugins.autoencoders.build_autoencoder import Params, hub_files, saved
from plugins.autoencoders.build_autoencoder.__main__ import main
from tests.networks import one_thread  # noqa: F401  (for this module)

TOKEN = "hf_a_secret_that_nobody_may_read"
COMMIT = "0" * 39 + "1"


@dataclass
class Imitation:
    """A hub of one repository. refuse: path part -> (status, error code) to answer with."""

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    private: bool | None = None
    refuse: dict[str, tuple[int, str]] = field(default_factory=dict)


def _handler(there: Imitation) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def say(self, status: int = 200, **values: object) -> None:
            self.answer(status, json.dumps(values).encode(), Content_Type="application/json")

        def refused(self) -> bool:
            there.asked.append((self.command, self.path))
            for part, (status, code) in there.refuse.items():
                if part in self.path:
                    self.answer(status, b"{}", **({"X_Error_Code": code} if code else {}))
                    return True
            return False

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.refused():
                return
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                return self.answer(401)
            if self.path == "/api/repos/create":
                asked = json.loads(body)
                there.private = bool(asked.get("private")) or asked.get("visibility") == "private"
                return self.say(url=f"{there.address}/somebody/small")
            if "/preupload/" in self.path:
                names = [f["path"] for f in json.loads(body)["files"]]
                return self.say(files=[{"path": n, "uploadMode": "regular", "shouldIgnore": False} for n in names])
            if "/commit/" in self.path:
                for line in map(json.loads, body.splitlines()):
                    if line["key"] == "file":
                        there.files[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
                return self.say(commitUrl=f"{there.address}/somebody/small/commit/{COMMIT}", commitOid=COMMIT)
            self.say()  # validate-yaml

        def do_GET(self) -> None:
            if self.refused():
                return
            data = there.files.get(self.path.partition("/resolve/")[2].partition("/")[2])
            if data is None:
                return self.answer(404, X_Error_Code="EntryNotFound")
            self.answer(200, data, X_Repo_Commit=COMMIT, ETag=f'"{hashlib.sha256(data).hexdigest()}"')

        do_HEAD = do_GET

    return Handler


@pytest.fixture
def there(monkeypatch, tmp_path) -> Iterator[Imitation]:
    """A hub on this machine, where the client looks; an empty cache; no token."""
    imitation = Imitation()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(imitation))
    imitation.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    for name, value in {"HF_HUB_OFFLINE": False, "ENDPOINT": imitation.address, "HF_HUB_CACHE": str(tmp_path / "cache"),
                        "HF_TOKEN_PATH": str(tmp_path / "token"), "HF_STORED_TOKENS_PATH": str(tmp_path / "tokens"),
                        "HUGGINGFACE_CO_URL_TEMPLATE": imitation.address + "/{repo_id}/resolve/{revision}/{filename}",
                        "HF_XET_HIGH_PERFORMANCE": False}.items():  # fmt: skip
        monkeypatch.setattr(constants, name, value)
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    yield imitation
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def file() -> bytes:
    return hub.run("build_autoencoder", **Params.quick).files[saved.NAME]


def one_line(error: pytest.ExceptionInfo) -> str:
    said = str(error.value)
    assert "\n" not in said and len(said) < 200 and TOKEN not in said
    return said


def test_what_was_pushed_is_pulled_byte_for_byte(there, file):
    assert hub_files.push(file, "somebody/small", private=True, token=TOKEN).endswith(COMMIT)
    assert set(there.files) == {saved.NAME, "README.md"} and there.private is True
    assert hub_files.pull("somebody/small") == file
    assert not any(TOKEN.encode() in data for data in there.files.values())


def test_its_page_says_what_it_is_and_leaves_the_licence_to_its_owner(there, file):
    hub_files.push(file, "somebody/small", token=TOKEN)
    card = there.files["README.md"].decode()
    assert card.startswith("---\nlibrary_name: netsee\ntags:\n- autoencoder\n") and "license" not in card
    held = saved.read(file).facts.figures["error held out"]
    assert f"| error held out | {held:.4g} |" in card and "on digits, for 3 steps" in card


def test_a_page_that_is_there_is_left_as_it_is(there, file):
    there.files["README.md"] = b"my own words"
    hub_files.push(file, "somebody/small", token=TOKEN)
    assert there.files["README.md"] == b"my own words" and there.files[saved.NAME] == file


def test_a_page_takes_no_markup_from_a_file(file):
    facts = saved.read(file).facts.model_copy(update={"learnt_from": "<script>|`x`\n# digits"})
    assert not set("<>`|#\n") & set(hub_files._plain(facts.learnt_from))
    assert hub_files._plain("[free](https://evil.example) www.evil 0.5") == "free (https   evil example) www evil 0.5"
    card = hub_files.model_card(saved.Saved(saved.read(file).made, facts, {}), "somebody/small")
    assert "<script>" not in card and "\n# digits" not in card


def test_a_foreign_file_is_never_pushed(there):
    with pytest.raises(BadFile, match="not a whole file"):
        hub_files.push(b"secrets", "somebody/small", token=TOKEN)
    assert there.asked == []


def test_without_a_token_nothing_is_asked_for(there, file):
    with pytest.raises(BadParams, match="There is no token") as error:
        hub_files.push(file, "somebody/small")
    assert one_line(error) and there.asked == []


REFUSALS = {
    "a token that is not known": ({"/api/repos/create": (401, "")}, "log in|Log in"),
    "no right to write": ({"/api/repos/create": (403, "")}, "may not do that"),
    "no right to commit": ({"/commit/": (403, "")}, "may not do that"),
    "a hub that is broken": ({"/commit/": (500, "")}, "answered 500"),
}


@pytest.mark.parametrize(("refuse", "said"), REFUSALS.values(), ids=REFUSALS)
def test_what_a_push_is_refused_for_is_said_in_one_line(there, file, refuse, said):
    there.refuse = refuse
    with pytest.raises(BadParams, match=said) as error:
        hub_files.push(file, "somebody/small", token=TOKEN)
    one_line(error)


MISSES = {
    "no repository": ({"/resolve/": (404, "RepoNotFound")}, "not there, or not open"),
    "no revision": ({"/resolve/": (404, "RevisionNotFound")}, "no such revision"),
    "no file": ({}, "holds no autoencoder.safetensors"),
}


@pytest.mark.parametrize(("refuse", "said"), MISSES.values(), ids=MISSES)
def test_what_a_pull_misses_is_said_in_one_line(there, refuse, said):
    there.refuse = refuse
    with pytest.raises(BadParams, match=said) as error:
        hub_files.pull("somebody/small", revision="main")
    one_line(error)


def test_what_is_pulled_is_checked(there):
    there.files[saved.NAME] = b"something else"
    with pytest.raises(BadFile, match="not a whole file"):
        hub_files.pull("somebody/small")


def test_a_file_that_is_too_large_is_not_fetched(there, monkeypatch):
    there.files[saved.NAME] = bytes(2**20 + 1)
    monkeypatch.setattr(hub_files, "MOST_BYTES", 2**20)
    with pytest.raises(BadParams, match="larger than 1 MiB") as error:
        hub_files.pull("somebody/small")
    assert one_line(error) and "HEAD" in {how for how, _ in there.asked} and "GET" not in {how for how, _ in there.asked}


def test_the_clients_warnings_are_silenced_for_the_time_of_a_call_only(there, file):
    log = logging.getLogger("huggingface_hub")
    before, seen = log.level, []
    log.setLevel(logging.INFO)
    try:
        with hub_files._in_one_line("somebody/small", None):
            seen.append(log.level)
        with pytest.raises(BadParams), hub_files._in_one_line("somebody/small", None):
            raise OSError("full")
        assert seen == [logging.ERROR] and log.level == logging.INFO
    finally:
        log.setLevel(before)


def test_a_name_that_is_none_is_said_before_anything_is_asked(there, file):
    for repo in ("a/b/c", "../x", "some body/small"):
        with pytest.raises(BadParams, match="OWNER/NAME"):
            hub_files.push(file, repo, token=TOKEN)
        with pytest.raises(BadParams, match="OWNER/NAME"):
            hub_files.pull(repo)
    assert there.asked == []


def test_where_nobody_answers_what_was_fetched_before_is_there_and_all_else_says_so(there, file, monkeypatch):
    hub_files.push(file, "somebody/small", token=TOKEN)
    assert hub_files.pull("somebody/small") == file
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{closed.getsockname()[1]}")
        assert hub_files.pull("somebody/small") == file
        for attempt in (lambda: hub_files.pull("somebody/other"), lambda: hub_files.push(file, "somebody/small", token=TOKEN)):
            with pytest.raises(NotOffline, match="cannot be reached") as error:
                attempt()
            one_line(error)


def test_the_command_pushes_and_pulls(there, file, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    (tmp_path / "a.safetensors").write_bytes(file)
    pushed = CliRunner().invoke(main, ["push", str(tmp_path / "a.safetensors"), "somebody/small"])
    pulled = CliRunner().invoke(main, ["pull", "somebody/small", "-o", str(tmp_path / "b.safetensors")])
    assert (pushed.exit_code, pulled.exit_code) == (0, 0) and TOKEN not in pushed.output + pulled.output
    assert (tmp_path / "b.safetensors").read_bytes() == file


def test_the_command_says_what_is_wrong_in_one_line(there, tmp_path):
    (tmp_path / "a.safetensors").write_bytes(b"nothing")
    said = CliRunner().invoke(main, ["push", str(tmp_path / "a.safetensors"), "somebody/small"])
    assert said.exit_code == 1 and said.output.startswith("Error: model:") and said.output.count("\n") == 1
