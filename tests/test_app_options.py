"""The options of `netsee app`, on the command as a user starts it: what it says, whom it lets in, and how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

from hub.policy import Policy
from tests import hall

ROOT = Path(__file__).parents[1]
WORD = "open sesame: yes"


@contextmanager
def started(folder: Path, *options: str, **more: str) -> Iterator[tuple[str, subprocess.Popen]]:
    """The address of `netsee app` on a free port, with toys for techniques; ended with Ctrl-C."""
    hall.furnish(folder / "techniques")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    known = {**os.environ, "PYTHONPATH": str(ROOT), "NETSEE_PLUGINS": str(folder / "techniques"),
             "NETSEE_ALLOW": "red,grey,faulty", "NETSEE_CACHE": str(folder / "cache"), **more}  # fmt: skip
    process = subprocess.Popen([sys.executable, "-P", "-m", "hub", "app", "--port", str(port), *options], env=known, cwd=folder,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == f"Netsee is at http://127.0.0.1:{port}\n", process.stderr.read()
        address = f"http://127.0.0.1:{port}"
        for _ in range(600):  # it says so just before it listens
            with socket.socket() as knock:
                if knock.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield address, process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        finally:
            process.kill()
            process.stdout.close()
            process.stderr.close()


def got(address: str, opener: urllib.request.OpenerDirector | None = None) -> tuple[int, bytes]:
    try:
        with (opener or urllib.request.build_opener()).open(address, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_who_knows_the_word_gets_in_to_the_techniques_that_were_named(tmp_path):
    with started(tmp_path, "--technique", "grey", NETSEE_AUTH=f"me:{WORD}") as (address, _):
        assert json.loads(got(f"{address}/healthz")[1])["techniques"] == 1
        for door in ("/config", "/gradio_api/info", "/gradio_api/openapi.json"):
            assert got(address + door)[0] == 401, door
        call = urllib.request.Request(f"{address}/gradio_api/call/v2/grey", b'{"grey": 3}', {"Content-Type": "application/json"})
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(call, timeout=60)
        visitor = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        for word, status in (("wrong", 400), (WORD, 200)):
            form = urllib.parse.urlencode({"username": "me", "password": word}).encode()
            assert got(urllib.request.Request(f"{address}/login", form), visitor)[0] == status
        assert got(f"{address}/config")[0] == 401
        status, config = got(f"{address}/config", visitor)
        named = {one["api_name"] for one in json.loads(config)["dependencies"] if one["api_visibility"] == "public"}
        assert status == 200 and named == {"grey"}


@pytest.mark.parametrize("times", [1, 2])
def test_it_ends_with_ctrl_c_without_a_word_while_a_page_is_open(tmp_path, times):
    with started(tmp_path) as (address, process):
        page = urllib.request.urlopen(f"{address}/gradio_api/heartbeat/me", timeout=60)
        assert page.readline()
        for _ in range(times):
            process.send_signal(signal.SIGINT)
            time.sleep(0.2)
        assert process.wait(30) in (0, -signal.SIGINT, 130) and process.stderr.read() in ("", "Stopped.\n")
        page.close()


def test_a_port_that_is_taken_is_one_line(netsee):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, out, error = netsee("app", "--port", port)
    assert (code, out) == (2, "") and re.fullmatch(rf"BadAddress: Port {port} .* Try --port {port + 1}\.\n", error)


@pytest.mark.parametrize("word", ["me", "me:", ":word", ""])
def test_a_word_without_a_name_or_a_name_without_a_word_lets_nobody_in(netsee, word):
    code, out, error = netsee("app", "--auth", word)
    assert (code, out) == (2, "") and error.count("\n") == 1 and "USER:PASSWORD" in error


def test_a_technique_that_is_not_there_is_one_line(netsee):
    code, out, error = netsee("app", "--technique", "deep_draem", "--port", "0")
    assert (code, out) == (2, "") and error.count("\n") == 1 and "deep_dream" in error


def test_without_a_network_there_is_no_link_to_share_and_one_line_says_so(netsee, no_network):
    code, out, error = netsee("app", "--share", "--technique", "deep_dream", "--port", "0")
    assert (code, out) == (2, "") and no_network, "it did not even try"
    no_network.clear()
    assert error == ("BadAddress: There is no link to share: Gradio's service cannot be reached. Check the network, or leave out "
                     "--share.\n")  # fmt: skip


def test_a_shared_page_answers_to_its_public_name_and_has_the_limits_of_one(netsee, monkeypatch):
    import uvicorn
    from gradio import networking
    from starlette.testclient import TestClient

    apps = []
    monkeypatch.setattr(networking, "setup_tunnel", lambda *given: "https://abc.gradio.live")
    monkeypatch.setattr(uvicorn, "run", lambda app, **options: apps.append((app, options["host"])))
    code, out, _ = netsee("app", "--share", "--technique", "deep_dream", "--port", "0")
    assert code == 0 and out.endswith("For others, for as long as this runs: https://abc.gradio.live\n")
    (app, host), = apps
    page = TestClient(app)
    assert host == "127.0.0.1" and page.get("/healthz", headers={"Host": "abc.gradio.live"}).status_code == 200
    assert page.get("/healthz", headers={"Host": "evil.example"}).status_code == 400
    large = page.post("/gradio_api/call/v2/deep_dream", content=b" " * (Policy.public().body_bytes + 1),
                      headers={"Host": "127.0.0.1"})
    assert large.status_code == 413
