"""`netsee app --watch`, with the real server: what is saved is shown without a restart by hand, and what is broken says so."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hub import drafts, registry, sources, watch
from hub.errors import BadAddress

SECONDS = 120


@contextmanager
def watching(folder: Path, port: int = 0):
    """`netsee app frosted.py --watch` over a new technique, and nothing else for its page; gives (process, address).

    port: where it is to be, if the address is not to be waited for until a server says it.
    """
    if not (folder / "frosted.py").exists():
        drafts.write("frosted", folder)
    environment = {**os.environ, "NETSEE_ALLOW": "frosted", "PYTHONPATH": str(Path(__file__).parents[1])}
    words = [sys.executable, "-P", "-m", "hub", "app", "frosted.py", "--watch", "--port", str(port)]
    process = subprocess.Popen(words, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        yield process, f"http://127.0.0.1:{port}" if port else re.search(r"http://\S+", process.stdout.readline())[0]
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)
        process.stdout.close()


def asked(address: str, path: str) -> dict:
    with urllib.request.urlopen(address + path, timeout=SECONDS) as answer:
        return json.load(answer)


def following(address: str, number: int) -> dict:
    """What the page is told by the server of that number, the one before being gone: until then either may answer."""
    told = until(lambda: asked(address, "/netsee/watch"), lambda told: told["server"] >= number)
    until(lambda: {asked(address, "/netsee/watch")["server"] for _ in range(20)}, lambda numbers: numbers == {number})
    return told


def until(ask: Callable[[], Any], wanted: Callable[[Any], bool]) -> Any:
    """The first answer that is wanted. Fails where none comes in time."""
    started = time.monotonic()
    while not wanted(answer := ask()):
        assert time.monotonic() - started < SECONDS, answer
        time.sleep(0.2)
    return answer


def titles(address: str) -> str:
    return json.dumps(asked(address, "/config"))


@pytest.fixture
def desk(tmp_path):
    folder = tmp_path / "desk"
    folder.mkdir()
    return folder


def test_what_a_file_shares_with_others_beside_it_is_looked_at_too(desk):
    for name in ("frosted.py", "_shared.py", "other.py", "_notes.txt"):
        (desk / name).write_text("")
    assert {path.name for path in sources.watched_files(desk / "frosted.py")} == {"frosted.py", "_shared.py"}


def test_a_saved_technique_is_shown_and_a_broken_one_tells_its_line_until_it_is_mended(desk):
    with watching(desk) as (process, address):
        file, port = desk / "frosted.py", int(address.rpartition(":")[2])
        first = file.read_text()
        assert following(address, 1) == {"server": 1, "tab": "", "broken": []}
        assert '"Frosted"' in titles(address)

        file.write_text(first.replace('title="Frosted"', 'title="Melted"'))
        assert following(address, 2) == {"server": 2, "tab": "frosted", "broken": []}
        until(lambda: titles(address), lambda page: '"Melted"' in page and '"Frosted"' not in page)

        file.write_text(first + "\nno_such_name\n")
        line = len(first.splitlines()) + 2
        wrong = f"frosted: NameError: name 'no_such_name' is not defined (frosted.py, line {line})"
        assert following(address, 3)["broken"] == [wrong]
        until(lambda: asked(address, "/healthz")["failures"], lambda names: names == ["frosted"])

        file.write_text(first)
        assert following(address, 4) == {"server": 4, "tab": "frosted", "broken": []}
        until(lambda: titles(address), lambda page: '"Frosted"' in page)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=30)[0]
    assert process.returncode == 130 and f"Not on show: {wrong}" in said and said.count("frosted.py was saved") == 3
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", port), 1).close()


def test_who_comes_while_one_server_follows_another_is_answered(desk):
    with watching(desk) as (_, address), ThreadPoolExecutor(16) as visitors:
        place = address.rpartition("/")[2].split(":")

        def asks_slowly(_: int) -> bytes:
            with socket.create_connection((place[0], int(place[1])), SECONDS) as line:
                time.sleep(0.2)
                line.sendall(b"GET /healthz HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
                return line.recv(12)

        following(address, 1)
        (desk / "frosted.py").write_text((desk / "frosted.py").read_text() + "\n")
        answers, rounds = [], 5  # more, when the next one is there: the first takes leave
        while rounds:
            answers += visitors.map(asks_slowly, range(16))
            rounds -= asked_patiently(address)["server"] == 2
        assert {answer[-3:] for answer in answers} == {b"200"}


def asked_patiently(address: str) -> dict:
    """What the page is told, asked again where that comes to nothing."""
    try:
        return asked(address, "/netsee/watch")
    except OSError:
        return asked_patiently(address)


PID = "import os, pathlib, time\npathlib.Path(__file__).with_name(f'{os.getpid()}.pid').touch()\n"
"""At the top of a technique: leaves the number of each process that loads it beside its file."""


def processes(folder: Path) -> set[int]:
    """The servers that loaded a technique with PID at its top and still live."""
    return {int(path.stem) for path in folder.glob("*.pid") if lives(int(path.stem))}


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_save_replaces_a_server_that_never_starts_and_none_outlives_the_watcher_whatever_it_does(desk):
    drafts.write("frosted", desk)
    file, running = desk / "frosted.py", desk / "running"
    top, start, never = "import torch\n", "    chance = torch", "while True:\n    time.sleep(1)\n"
    assert top in file.read_text() and start in file.read_text()
    endless = textwrap.indent(f"pathlib.Path({str(running)!r}).touch()\n{never}", "    ")
    source = file.read_text().replace(top, top + PID).replace(start, endless + start)
    hanging = source.replace(PID, PID + never)
    file.write_text(hanging)
    with watch.bound("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    with watching(desk, port) as (process, address):
        (first,) = until(lambda: processes(desk), bool)
        file.write_text(source)
        assert following(address, 2) == {"server": 2, "tab": "frosted", "broken": []}
        assert not lives(first)

        posted = urllib.request.Request(f"{address}/gradio_api/call/v2/frosted", b'{"image": "sample:clouds"}',
                                        {"Content-Type": "application/json"})
        urllib.request.urlopen(posted, timeout=SECONDS).close()
        until(running.exists, bool)
        file.write_text(hanging)
        until(lambda: processes(desk), lambda pids: len(pids) == 2)
        process.kill()
        until(lambda: processes(desk), lambda pids: not pids)


def test_a_port_that_is_taken_is_said_before_anything_is_started():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(BadAddress, match="cannot be used"):
            watch.watch(["app"], "127.0.0.1", taken.getsockname()[1])


class StandIn:
    """In the place of a server: a number, and whether it was ended."""

    def __init__(self) -> None:
        self.ended = False

    def end(self) -> None:
        self.ended = True


def test_a_server_that_does_not_start_leaves_the_one_before(capsys):
    before, following = StandIn(), StandIn()
    assert watch._followed(before, following, ready=False) is before
    assert following.ended and not before.ended and "the one before goes on" in capsys.readouterr().out


def test_a_server_that_is_ready_replaces_the_one_before():
    before, following = StandIn(), StandIn()
    assert watch._followed(before, following, ready=True) is following
    assert before.ended and not following.ended


def test_sources_and_settings_are_watched_and_pictures_hidden_and_built_files_are_not(plugin_folder):
    for name in ("fade.py", "fade.png", "part/more.py", "part/presets.json", ".venv/lib/x.py", "build/fade.py",
                 "__pycache__/fade.py"):
        file = plugin_folder.path / name
        file.parent.mkdir(exist_ok=True, parents=True)
        file.write_text("")
    own = {str(path.relative_to(plugin_folder.path)) for path in watch._stamps() if plugin_folder.path in path.parents}
    assert own == {"fade.py", "part/more.py", "part/presets.json"}
    assert any(path.name == "deep_dream.py" for path in watch._stamps()), "what is built in is watched too"


def test_of_several_changes_the_last_save_is_named_and_a_half_written_file_is_waited_for(plugin_folder, monkeypatch):
    monkeypatch.setattr(watch, "EVERY", 0.01)
    one, two = (plugin_folder.path / name for name in ("one.py", "two.py"))
    one.write_text("")
    before = watch._stamps()
    assert watch._settled(before) == before
    two.write_text("x")
    os.utime(two, ns=(2**60, 2**60))
    one.unlink()
    now = watch._settled(before)
    assert watch._latest(before, now) == two and one not in now


def test_without_watch_the_page_asks_nothing(plugin_folder):
    from hub.app import page, watched

    assert "netsee/watch" not in page.head() and not watched.is_on()


def test_the_options_of_the_app_reach_each_server(netsee, monkeypatch, plugin_folder):
    started = []
    monkeypatch.setattr(watch, "watch", lambda words, host, port: started.append((words, host, port)) or 0)
    plugin_folder.add("fade", "")
    assert netsee("app", plugin_folder.path / "fade.py", "--watch", "--public", "--host", "::1")[0] == 0
    (words, *address), = started
    assert (words[0], sorted(words[1:]), address) == ("app", ["--host", "--public", "::1"], ["::1", 7860])
    assert registry.places()[0] == str(plugin_folder.path / "fade.py")


def test_a_saved_file_is_shown_at_its_own_tab_or_at_that_of_the_package_around_it(plugin_folder, monkeypatch):
    from hub.app import watched
    from tests.test_registry import RED

    plugin_folder.add("fade", RED)
    (plugin_folder.path / "painted").mkdir()
    (plugin_folder.path / "painted" / "__init__.py").write_text(RED)

    def tab(saved: str) -> str:
        told = {"socket": 0, "line": 0, "number": 2, "saved": str(plugin_folder.path / saved)}
        monkeypatch.setenv(watch.TOLD, json.dumps(told))
        return watched._saved_technique()

    assert {saved: tab(saved) for saved in ("fade.py", "glow.py", "painted/__init__.py", "painted/colours.py")} == {
        "fade.py": "fade", "glow.py": "", "painted/__init__.py": "painted", "painted/colours.py": "painted"}
