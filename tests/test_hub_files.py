"""Trained autoencoders to the Hugging Face Hub and back, over a server on this machine that imitates it."""

import hashlib
import logging
import socket
import threading
from collections.abc import Iterator

import pytest
from click.testing import CliRunner
from huggingface_hub import constants, hf_hub_download
from huggingface_hub.utils import _http

import hub
from hub.errors import BadAddress, BadFile, BadParams, NotOffline
from plugins.autoencoders.build_autoencoder import Params, hub_files, saved
from plugins.autoencoders.build_autoencoder.__main__ import main
from tests.loopback_uploads import Space, Uploads
from tests.networks import one_thread  # noqa: F401  (for this module)

TOKEN = "hf_a_secret_that_nobody_may_read"
REPO = "somebody/small"


@pytest.fixture
def there(monkeypatch, tmp_path) -> Iterator[Uploads]:
    """A hub on this machine, where the client looks; an empty cache; no token."""
    with Uploads(TOKEN) as server:
        server.here(monkeypatch, str(tmp_path / "home"))
        monkeypatch.delenv("HF_TOKEN")
        monkeypatch.setattr(_http.time, "sleep", lambda seconds: None)  # between the retries of the client
        yield server


def hold(there: Uploads, name: str, data: bytes) -> None:
    """Let the repository be there, with this file."""
    there.spaces[REPO] = Space()
    there.repos.setdefault(REPO, {})[name] = data


@pytest.fixture(scope="module")
def file() -> bytes:
    return hub.run("build_autoencoder", **Params.quick).files[saved.NAME]


def one_line(error: pytest.ExceptionInfo) -> str:
    said = str(error.value)
    assert "\n" not in said and len(said) < 200 and TOKEN not in said
    return said


def test_what_was_pushed_is_pulled_byte_for_byte(there, file):
    said = hub_files.push(file, REPO, private=True, token=TOKEN)
    assert said == f"{there.address}/{REPO}/commit/{there.commit(REPO)}"
    assert set(there.repos[REPO]) == {saved.NAME, "README.md", ".gitattributes"} and there.spaces[REPO].private
    assert there.large[hashlib.sha256(file).hexdigest()] == file and hub_files.pull(REPO) == file
    assert not any(TOKEN.encode() in data for data in there.repos[REPO].values())


def test_its_page_says_what_it_is_and_leaves_the_licence_to_its_owner(there, file):
    hub_files.push(file, REPO, token=TOKEN)
    card = there.repos[REPO]["README.md"].decode()
    assert card.startswith("---\nlibrary_name: netsee\ntags:\n- autoencoder\n") and "license" not in card
    held = saved.read(file).facts.figures["error held out"]
    assert f"| error held out | {held:.4g} |" in card and "on digits, for 3 steps" in card


def test_a_page_that_is_there_is_left_as_it_is(there, file):
    hold(there, "README.md", b"my own words")
    hub_files.push(file, REPO, token=TOKEN)
    assert there.repos[REPO]["README.md"] == b"my own words" and there.repos[REPO][saved.NAME] == file


def test_a_page_takes_no_markup_from_a_file(file):
    facts = saved.read(file).facts.model_copy(update={"learnt_from": "<script>|`x`\n# digits"})
    assert not set("<>`|#\n") & set(hub_files._plain(facts.learnt_from))
    assert hub_files._plain("[free](https://evil.example) www.evil 0.5") == "free (https   evil example) www evil 0.5"
    card = hub_files.model_card(saved.Saved(saved.read(file).made, facts, {}), REPO)
    assert "<script>" not in card and "\n# digits" not in card


def test_a_foreign_file_is_never_pushed(there):
    with pytest.raises(BadFile, match="not a whole file"):
        hub_files.push(b"secrets", REPO, token=TOKEN)
    assert there.asked == []


def test_without_a_token_nothing_is_asked_for(there, file):
    with pytest.raises(BadParams, match="There is no token") as error:
        hub_files.push(file, REPO)
    assert one_line(error) and there.asked == []


REFUSALS = {
    "a token that is not known": ("POST /api/repos/create", 401, BadParams, "Log in again"),
    "no right to write": ("POST /api/repos/create", 403, BadParams, "may not do that"),
    "no right to commit": (f"POST /api/models/{REPO}/commit", 403, BadParams, "may not do that"),
    "no right to store": ("PUT /lfs/", 403, BadParams, "may not do that"),
    "a hub that is broken": (f"POST /api/models/{REPO}/commit", 500, BadParams, "answered 500"),
    "a hub that hangs up": (f"POST /api/models/{REPO}/commit", 0, NotOffline, "cannot be reached"),
    "a storage that hangs up": ("PUT /lfs/", 0, NotOffline, "cannot be reached"),
}


@pytest.mark.parametrize(("what", "status", "kind", "said"), REFUSALS.values(), ids=REFUSALS)
def test_what_a_push_is_refused_for_is_said_in_one_line_and_the_next_goes_through(there, file, what, status, kind, said):
    there.refusals[what] = status
    with pytest.raises(kind, match=said) as error:
        hub_files.push(file, REPO, token=TOKEN)
    one_line(error)
    there.refusals.clear()
    hub_files.push(file, REPO, token=TOKEN)
    assert there.repos[REPO][saved.NAME] == file


MISSES = {
    "no repository": ({"HEAD /": (404, "RepoNotFound")}, BadParams, "not there, or not open"),
    "no revision": ({"HEAD /": (404, "RevisionNotFound")}, BadParams, "no such revision"),
    "no file": ({}, BadParams, "holds no autoencoder.safetensors"),
    "a hub that hangs up": ({"HEAD /": 0}, NotOffline, "cannot be reached"),
}


@pytest.mark.parametrize(("refusals", "kind", "said"), MISSES.values(), ids=MISSES)
def test_what_a_pull_misses_is_said_in_one_line(there, refusals, kind, said):
    hold(there, "README.md", b"")
    there.refusals = refusals
    with pytest.raises(kind, match=said) as error:
        hub_files.pull(REPO, revision="main")
    one_line(error)


def test_a_download_that_is_cut_off_is_said_in_one_line(there, file):
    hold(there, saved.NAME, file)
    there.faults.add("GET reset")
    with pytest.raises(NotOffline, match="cannot be reached") as error:
        hub_files.pull(REPO)
    one_line(error)


def test_what_is_pulled_is_checked(there):
    hold(there, saved.NAME, b"something else")
    with pytest.raises(BadFile, match="not a whole file"):
        hub_files.pull(REPO)


def test_a_file_that_is_too_large_is_not_fetched(there, monkeypatch):
    hold(there, saved.NAME, bytes(2**20 + 1))
    monkeypatch.setattr(hub_files, "MOST_BYTES", 2**20)
    with pytest.raises(BadParams, match="larger than 1 MiB") as error:
        hub_files.pull(REPO)
    assert one_line(error) and {asked.method for asked in there.asked} == {"HEAD"}


def test_the_clients_warnings_are_silenced_for_the_time_of_a_call_only(there, file):
    log = logging.getLogger("huggingface_hub")
    before, seen = log.level, []
    log.setLevel(logging.INFO)
    try:
        with hub_files._in_one_line(REPO, None):
            seen.append(log.level)
        with pytest.raises(BadParams), hub_files._in_one_line(REPO, None):
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
    hub_files.push(file, REPO, token=TOKEN)
    assert hub_files.pull(REPO) == file
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{closed.getsockname()[1]}")
        assert hub_files.pull(REPO) == file
        for attempt in (lambda: hub_files.pull("somebody/other"), lambda: hub_files.push(file, REPO, token=TOKEN)):
            with pytest.raises(NotOffline, match="cannot be reached") as error:
                attempt()
            one_line(error)


def test_pulls_that_overlap_where_nobody_answers_leave_the_client_online(there, monkeypatch):
    slow, both = hf_hub_download, threading.Barrier(2)

    def overlapping(*args, **kwargs):
        both.wait(10)
        return slow(*args, **kwargs)

    monkeypatch.setattr("huggingface_hub.hf_hub_download", overlapping)
    monkeypatch.setattr(hub_files, "reachable", lambda address: False)
    said = []

    def pull() -> None:
        with pytest.raises(NotOffline) as error:
            hub_files.pull(REPO)
        said.append(one_line(error))

    threads = [threading.Thread(target=pull) for _ in range(2)]
    for each in threads:
        each.start()
    assert not constants.HF_HUB_OFFLINE
    for each in threads:
        each.join()
    assert len(said) == 2 and not constants.HF_HUB_OFFLINE and there.asked == []


def test_an_address_that_is_none_is_said(there, file):
    pull, push = lambda: hub_files.pull(REPO, endpoint="my-hub"), lambda: hub_files.push(file, REPO, token=TOKEN, endpoint="x:y")
    for attempt in (pull, push):
        with pytest.raises(BadAddress, match="address of the hub") as error:
            attempt()
        one_line(error)
    assert there.asked == []


def test_the_command_pushes_and_pulls(there, file, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    (tmp_path / "a.safetensors").write_bytes(file)
    pushed = CliRunner().invoke(main, ["push", str(tmp_path / "a.safetensors"), REPO])
    pulled = CliRunner().invoke(main, ["pull", REPO, "-o", str(tmp_path / "b.safetensors")])
    assert (pushed.exit_code, pulled.exit_code) == (0, 0) and TOKEN not in pushed.output + pulled.output
    assert (tmp_path / "b.safetensors").read_bytes() == file


def test_the_command_says_what_is_wrong_in_one_line(there, tmp_path):
    (tmp_path / "a.safetensors").write_bytes(b"nothing")
    said = CliRunner().invoke(main, ["push", str(tmp_path / "a.safetensors"), REPO])
    assert said.exit_code == 1 and said.output.startswith("Error: model:") and said.output.count("\n") == 1
