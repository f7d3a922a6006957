"""`netsee deploy` against a Hub on this machine, with the Hub's own client: what arrives, and what is said where it cannot."""

from __future__ import annotations

import hashlib
import re
import socket
from collections.abc import Iterator

import pytest
from huggingface_hub import constants
from huggingface_hub.utils import _http

from hub.deploy import CPU, ZERO, pages, staging, uploading
from tests.loopback_uploads import Uploads

REPO = "somebody/small"
STEPS = re.compile(r"(Making|Moving|Uploading|Starting) .*\.|[A-Z][a-z ]+ …")


@pytest.fixture
def there(monkeypatch, tmp_path) -> Iterator[Uploads]:
    with Uploads() as server:
        server.here(monkeypatch, str(tmp_path / "home"))
        monkeypatch.setattr(uploading, "POLL", 0)
        monkeypatch.setattr(staging.proof, "check", lambda tree, names: None)
        monkeypatch.setattr(_http.time, "sleep", lambda seconds: None)  # between the retries of the client
        yield server


@pytest.fixture
def deploy(netsee):
    """Deploy one technique, with more options; returns (exit code, standard output, what is said beside the steps)."""

    def run(*options: str, name: str = REPO) -> tuple[int, str, list[str]]:
        code, out, error = netsee("deploy", name, "--technique", "dream", *options)
        return code, out, [line for line in error.splitlines() if not STEPS.fullmatch(line)]

    return run


@pytest.fixture(scope="module")
def tree(tmp_path_factory) -> dict[str, bytes]:
    """Path -> content of what is to arrive."""
    folder = tmp_path_factory.mktemp("staged") / "tree"
    paths = staging.stage(folder, pages.space_of(["dream"]), CPU, REPO)
    return {path: (folder / path).read_bytes() for path in paths}


def test_what_arrives_is_what_was_staged_byte_for_byte_and_large_files_by_their_hash(there, deploy, tree):
    assert deploy() == (0, f"{there.address}/spaces/{REPO}\n", [])
    assert there.repos[REPO] == tree | {".gitattributes": b""}
    weights = tree["hub/backbones/embedded/model.safetensors"]
    assert there.large[hashlib.sha256(weights).hexdigest()] == weights and pages.THUMBNAIL in tree
    space = there.spaces[REPO]
    assert (space.stage, space.hardware, space.private) == ("RUNNING", CPU, False) and len(there.commits) == 1


def test_a_second_time_nothing_is_sent_and_what_changed_or_is_stale_alone_the_third_time(there, deploy, tree):
    deploy()
    assert deploy()[0] == 0 and len(there.commits) == 1
    there.repos[REPO]["app.py"] = b"an older one"
    there.repos[REPO]["hub/old.py"] = b"stale"
    assert deploy() == (0, f"{there.address}/spaces/{REPO}\n", [])
    assert there.commits[1:] == [["app.py", "hub/old.py"]] and there.repos[REPO] == tree | {".gitattributes": b""}


def test_it_is_made_private_and_becomes_private_but_never_public(there, deploy):
    deploy("--private")
    deploy()
    assert there.spaces[REPO].private
    deploy(name="somebody/open")
    assert not there.spaces["somebody/open"].private
    deploy("--private", name="somebody/open")
    assert there.spaces["somebody/open"].private


def test_it_keeps_its_hardware_until_another_is_asked_for_and_installs_what_that_needs(there, deploy):
    deploy("--hardware", ZERO)
    deploy()
    space, files = there.spaces[REPO], there.repos[REPO]
    assert space.requested == ZERO and b"\nspaces\n" in files["requirements.txt"] and len(there.commits) == 1
    deploy("--hardware", "t4-small")
    assert space.hardware == "t4-small" and b"spaces" not in files["requirements.txt"]
    assert b'suggested_hardware: "t4-small"' in files["README.md"]


def test_it_waits_for_its_own_commit_where_the_one_before_still_runs(there, deploy):
    deploy()
    there.repos[REPO]["app.py"] = b"an older one"
    there.build = ("RUNNING", "RUNNING", "RUNNING_BUILDING", "RUNNING")
    looks = iter([there.spaces[REPO].sha] * 2)
    there.step = lambda repo: (Uploads.step(there, repo), setattr(there.spaces[repo], "sha", next(looks, there.commit(repo))))
    assert deploy()[0] == 0 and there.spaces[REPO].sha == there.commit(REPO) and next(looks, None) is None


def test_without_word_of_the_commit_a_state_that_holds_still_counts(there, deploy, monkeypatch):
    there.tells_commit = False
    monkeypatch.setattr(uploading, "SETTLE", 0.05)
    assert deploy()[0] == 0 and there.spaces[REPO].stage == "RUNNING"
    there.repos[REPO]["app.py"], there.build, there.why = b"an older one", ("RUNNING_BUILDING", "BUILD_ERROR"), "no such wheel"
    assert deploy() == (2, "", [f"DeployFailed: {REPO} does not run (build error). no such wheel"])


def test_another_commit_that_runs_is_never_taken_for_its_own_however_long_it_does(there, deploy, monkeypatch):
    deploy()
    there.repos[REPO]["app.py"] = b"an older one"
    monkeypatch.setattr(uploading, "SETTLE", 0)
    monkeypatch.setattr(uploading, "PATIENCE", 0.3)
    there.step = lambda repo: setattr(there.spaces[repo], "sha", "f" * 40)
    code, _, (line,) = deploy()
    assert code == 2 and "is not running after" in line


@pytest.mark.parametrize("status", [500, 429, 0])
def test_a_look_that_fails_is_repeated(there, deploy, monkeypatch, status):
    looks = f"GET /api/spaces/{REPO}/runtime"
    there.refusals[looks] = status
    failed = []

    def wait(seconds):
        failed.append(seconds)
        if len(failed) == uploading.LOOKS - 1:
            there.refusals.clear()

    monkeypatch.setattr(uploading.time, "sleep", wait)
    assert deploy() == (0, f"{there.address}/spaces/{REPO}\n", []) and len(failed) >= uploading.LOOKS - 1


def test_a_look_that_is_forbidden_is_not_repeated(there, deploy, monkeypatch):
    there.refusals[f"GET /api/spaces/{REPO}/runtime"] = 403
    monkeypatch.setattr(uploading.time, "sleep", lambda seconds: pytest.fail("it waits for nothing"))
    assert "may not do that" in deploy()[2][0]


def test_a_build_that_fails_is_told_and_the_next_deploy_starts_it_again(there, deploy):
    there.build, there.why = ("BUILDING", "BUILD_ERROR"), "Could not find\n a version that satisfies torch"
    why = "Could not find a version that satisfies torch"
    assert deploy() == (2, "", [f"DeployFailed: {REPO} does not run (build error). {why}"])
    there.build, there.why = ("BUILDING", "RUNNING"), ""
    assert deploy()[0] == 0 and there.spaces[REPO].stage == "RUNNING" and len(there.commits) == 1


@pytest.mark.parametrize("changed", [False, True])
def test_a_paused_one_is_started(there, deploy, changed):
    deploy()
    there.spaces[REPO].stage = "PAUSED"
    there.repos[REPO]["app.py"] = b"an older one" if changed else there.repos[REPO]["app.py"]
    assert deploy()[0] == 0 and there.spaces[REPO].stage == "RUNNING"


def test_one_that_never_comes_to_run_is_not_waited_for_without_end(there, deploy, monkeypatch):
    there.build = ("BUILDING",)
    monkeypatch.setattr(uploading, "PATIENCE", 0.3)
    code, _, (line,) = deploy()
    assert code == 2 and "is not running after" in line
    assert deploy("--no-wait")[0] == 0


def test_the_app_of_somebody_else_is_left_as_it_is(there, deploy):
    deploy()
    there.repos[REPO] = {"app.py": b"my own", "README.md": b"mine"}
    assert deploy() == (2, "", [f"DeployFailed: {REPO} holds another app, and is left as it is. Choose another name."])
    assert there.repos[REPO] == {"app.py": b"my own", "README.md": b"mine"}


REFUSALS = {
    "401 at the first question": ("GET /api/spaces/", 401, "the token is not known there"),
    "402 for a new one": ("POST /api/repos/create", 402, "wants a paid plan"),
    "403 for a new one": ("POST /api/repos/create", 403, "the token may not do that"),
    "403 for a commit": (f"POST /api/spaces/{REPO}/commit", 403, "the token may not do that"),
    "404 for a commit": (f"POST /api/spaces/{REPO}/commit", 404, "it is not there"),
    "409 for a commit": (f"POST /api/spaces/{REPO}/commit", 409, "somebody is changing it"),
    "413 for a large file": ("PUT /lfs/", 413, "too large"),
    "413 for a commit": (f"POST /api/spaces/{REPO}/commit", 413, "too large"),
    "422 for large files": (f"POST /spaces/{REPO}.git", 422, "the Hub answered 422"),
    "429 on the way": (f"POST /api/spaces/{REPO}/preupload", 429, "asked too often"),
    "500 at the first question": ("GET /api/spaces/", 500, "the Hub answered 500"),
    "503 for a large file": ("PUT /lfs/", 503, "the Hub answered 503"),
    "500 while it builds": (f"GET /api/spaces/{REPO}/runtime", 500, "the Hub answered 500"),
    "no answer at the first question": ("GET /api/spaces/", 0, "stopped answering"),
    "no answer to a large file": ("PUT /lfs/", 0, "stopped answering"),
    "no answer to a commit": (f"POST /api/spaces/{REPO}/commit", 0, "stopped answering"),
    "no answer while it builds": (f"GET /api/spaces/{REPO}/runtime", 0, "stopped answering"),
}


@pytest.mark.parametrize(("what", "status", "said"), REFUSALS.values(), ids=REFUSALS)
def test_what_the_hub_refuses_is_one_line_and_the_next_time_goes_through(there, deploy, tree, what, status, said):
    there.refusals[what] = status
    code, out, lines = deploy()
    assert code == 2 and out == "" and len(lines) == 1 and said in lines[0], lines
    assert lines[0].startswith(("DeployFailed: ", "NotOffline: ")) and len(lines[0]) < 300 and there.token not in lines[0]
    there.refusals.clear()
    assert deploy() == (0, f"{there.address}/spaces/{REPO}\n", []) and there.repos[REPO] == tree | {".gitattributes": b""}


def test_hardware_is_asked_for_when_the_files_are_there_and_one_that_is_refused_leaves_them(there, deploy):
    there.refusals[f"POST /api/spaces/{REPO}/hardware"] = 402
    code, _, lines = deploy("--hardware", "a100-large")
    assert code == 2 and len(lines) == 1 and "paid plan" in lines[0] and len(there.commits) == 1
    there.refusals.clear()
    assert deploy("--hardware", "a100-large")[0] == 0 and there.spaces[REPO].hardware == "a100-large" and len(there.commits) == 1


def test_front_matter_that_the_hub_refuses_is_one_line(there, deploy):
    there.front_matter_errors = ['"emoji" must be\nan emoji']
    code, _, lines = deploy()
    assert code == 2 and lines == [f'DeployFailed: {REPO}: the Hub refuses its front page: Invalid metadata in README.md. '
                                   '- "emoji" must be an emoji']  # fmt: skip
    assert not there.commits


def test_a_token_that_is_not_known_there_is_said_so(there, deploy, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_another")
    code, _, lines = deploy()
    assert code == 2 and len(lines) == 1 and "the token is not known there" in lines[0]


def test_without_a_token_or_a_network_nothing_is_asked(there, deploy, monkeypatch):
    monkeypatch.delenv("HF_TOKEN")
    assert deploy()[::2] == (2, ["DeployFailed: There is no token to write with. Log in with `hf auth login`, or set HF_TOKEN."])
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert deploy()[::2] == (2, ["NotOffline: HF_HUB_OFFLINE forbids it. Unset that, and try again."])
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{closed.getsockname()[1]}")
        code, _, lines = deploy()
    assert code == 2 and len(lines) == 1 and "cannot be reached" in lines[0] and there.asked == []


@pytest.mark.parametrize("name", ["small", "a/b/c", "some body/small", "../x", "somebody/.git", ""])
def test_a_name_that_no_space_can_have_is_refused_before_anything_is_asked_or_written(there, deploy, name, tmp_path):
    for options in ((), ("--dry-run", str(tmp_path / "tree"))):
        code, _, lines = deploy(*options, name=name)
        assert code == 2 and len(lines) == 1 and "is not OWNER/NAME" in lines[0]
    assert there.asked == [] and not (tmp_path / "tree").exists()


def test_what_fails_in_the_storage_of_xet_is_one_line_too(there, deploy, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", False)
    there.refusals[f"GET /api/spaces/{REPO}/xet-write-token"] = 403
    code, _, lines = deploy()
    assert code == 2 and len(lines) == 1 and lines[0].startswith("DeployFailed: ") and "403" in lines[0]


def test_the_clients_bars_and_warnings_are_back_afterwards(there, deploy):
    from huggingface_hub import utils

    deploy()
    assert not utils.are_progress_bars_disabled()
