"""Model files over a loopback hub, with the real client: what comes is whole; whatever goes wrong ends soon, in one line."""

import hashlib
import json
import os
import random
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest
from huggingface_hub import HfApi, constants, hf_hub_download, snapshot_download
from huggingface_hub.utils import WeakFileLock

from hub import fetching
from hub.errors import BadFile, FetchFailed, InputError, NotOffline, OverLimit, UnknownBackbone
from hub.fetching import Progress, Wanted, cached, fetch, fetched_url, fetcher, keeping, lifeline
from hub.fetching.lifeline import Pace
from tests.loopback import FAULTS, Asked, Loopback

REPO, FILE, TOKEN = "somebody/small", "model.safetensors", "hf_a_secret_that_nobody_may_read"
WEIGHTS = random.Random(0).randbytes(200_000)
DIGEST = hashlib.sha256(WEIGHTS).hexdigest()
CONFIG = b'{"architecture": "test_resnet"}'
WANTED = Wanted(REPO, FILE)
SHORT = Wanted(REPO, "short.safetensors")  # which drips for less than a second
TASK = json.dumps({"repo": REPO, "file": FILE, "revision": None, "largest": None, "sha256": None})
PTH = f"net-{DIGEST[:8]}.pth"


@pytest.fixture
def there(monkeypatch, tmp_path) -> Iterator[Loopback]:
    """A hub on this machine with one small network, an empty cache, and no token."""
    with Loopback({REPO: {FILE: WEIGHTS, SHORT.file: WEIGHTS[:80_000], "config.json": CONFIG}}, {PTH: WEIGHTS}) as server:
        server.here(monkeypatch, str(tmp_path))
        monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
        yield server


@pytest.fixture
def children(monkeypatch) -> list[subprocess.Popen]:
    """The processes that downloads started."""
    started, popen = [], subprocess.Popen

    def noted(*args, **kwargs):
        started.append(popen(*args, **kwargs))
        return started[-1]

    monkeypatch.setattr(lifeline.subprocess, "Popen", noted)
    return started


def ended(download: Generator[Progress, None, Path]) -> Path:
    """What a download returns."""
    while True:
        try:
            next(download)
        except StopIteration as answer:
            return answer.value


def under_way(download: Generator[Progress, None, Path]) -> Generator[Progress, None, Path]:
    """The same, once some of its bytes are there."""
    while not next(download).done:
        pass
    return download


def refused(download: Generator[Progress, None, Path], kind: type[InputError], reason: str = "") -> str:
    """The line that a download ends with."""
    with pytest.raises(kind) as error:
        ended(download)
    said = str(error.value)
    assert type(error.value) is kind and getattr(error.value, "reason", "") == reason
    assert "\n" not in said and len(said) < 200 and "127.0.0.1" not in said and TOKEN not in said
    return said


def leftovers(home: Path) -> list[Path]:
    return [path for path in home.rglob("*") if {"staged", "incomplete"} & set(path.name.split("."))]


def parent() -> list[str]:
    """A command that fetches the weights by a process of its own, and sleeps."""
    code = f"""if 1:
        import subprocess, sys, time
        child = subprocess.Popen([sys.executable, "-P", {str(lifeline.CHILD)!r}], stdin=subprocess.PIPE, text=True,
                                 stdout=subprocess.DEVNULL)
        child.stdin.write({TASK + chr(10)!r}); child.stdin.flush(); time.sleep(60)"""
    return [sys.executable, "-c", code]


def until(happened) -> None:
    """Returns once it happened, and fails where that never comes."""
    late = monotonic() + 20
    while not happened():
        assert monotonic() < late
        sleep(0.02)


def test_the_client_of_the_hub_takes_the_loopback_for_one(there):
    api = HfApi(endpoint=there.address)
    assert api.model_info(REPO).sha == there.commit(REPO)
    assert sorted(api.list_repo_files(REPO)) == ["config.json", FILE, SHORT.file]
    folder = Path(snapshot_download(REPO))
    assert (folder / FILE).read_bytes() == WEIGHTS and (folder / "config.json").read_bytes() == CONFIG


# ---------------------------------------------------------------- what comes

def test_a_file_comes_whole_and_is_where_the_client_of_the_hub_looks(there, tmp_path):
    path = ended(fetch(WANTED))
    assert path.read_bytes() == WEIGHTS and path == cached(WANTED)
    assert path.is_relative_to(tmp_path / "hub" / "models--somebody--small" / "snapshots" / there.commit(REPO))
    assert leftovers(tmp_path) == []


def test_a_small_file_comes_too_though_the_hub_has_no_hash_of_it(there):
    assert ended(fetch(Wanted(REPO, "config.json"))).read_bytes() == CONFIG


def test_what_came_once_is_there_without_the_hub(there, monkeypatch):
    path = ended(fetch(WANTED))
    there.__exit__()
    there.asked.clear()
    assert ended(fetch(WANTED)) == path
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert ended(fetch(WANTED)) == path and there.asked == []


def test_the_hash_of_a_checkpoint_is_counted_once_and_again_when_it_changed(there, monkeypatch, tmp_path):
    counted, count = [], hashlib.file_digest
    monkeypatch.setattr(fetching.hashlib, "file_digest", lambda file, kind: counted.append(1) or count(file, kind))
    path = ended(fetched_url(f"{there.address}/files/{PTH}", DIGEST[:8], PTH))
    assert [fetching.checkpoint(PTH, DIGEST[:8]) for _ in range(3)] == [path] * 3 and len(counted) == 1
    path.write_bytes(WEIGHTS[::-1])
    os.utime(path, ns=(1, 1))
    assert fetching.checkpoint(PTH, DIGEST[:8]) is None and len(counted) == 2


def test_a_commit_can_be_asked_for(there):
    commit = there.commit(REPO)
    assert commit in str(ended(fetch(Wanted(REPO, FILE, revision=commit))))
    assert cached(WANTED) is None, "nobody said what main is at"
    assert commit in str(ended(fetch(WANTED))) and len(there.bodies()) == 1


def test_progress_grows_to_the_size_and_is_told_while_bytes_come(there):
    there.faults.add("drip")
    told = list(fetch(SHORT, slowest=0))
    done = [progress.done for progress in told]
    assert done == sorted(done) and told[-1] == Progress(80_000, 80_000)
    assert any(0 < progress.done < progress.total for progress in told)


def test_the_child_brings_no_torch(there, monkeypatch, tmp_path):
    (tmp_path / "torch.py").write_text(f"open({str(tmp_path / 'brought')!r}, 'w')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    ended(fetch(WANTED))
    assert not (tmp_path / "brought").exists()


def test_the_token_goes_to_the_hub_and_no_further(there, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    ended(fetch(WANTED))
    asked = [request for request in there.asked if FILE in request.path or "cdn" in request.path]
    assert {request.token for request in asked if FILE in request.path} == {True}
    assert [request for request in asked if "cdn" in request.path] == [Asked("GET", f"/cdn/{DIGEST}", token=False)]


def test_two_who_want_a_file_at_once_download_it_once_and_who_waits_sees_it_come(there):
    there.faults.add("drip")
    found = []
    second = threading.Thread(target=lambda: found.append(ended(fetch(WANTED, patience=1, slowest=0))))
    first = under_way(fetch(WANTED, slowest=0))
    second.start()
    assert ended(first).read_bytes() == WEIGHTS
    second.join()
    assert found == [cached(WANTED)] and len(there.bodies()) == 1


def test_another_program_that_asks_the_client_of_the_hub_waits_for_it_too(there):
    there.faults.add("drip")
    download = under_way(fetch(SHORT, slowest=0))
    path = hf_hub_download(SHORT.repo, SHORT.file)
    assert path == str(ended(download)) and len(there.bodies()) == 1


def test_where_there_are_no_links_the_file_is_kept_once(there, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_DISABLE_SYMLINKS", "1")
    assert ended(fetch(WANTED)).read_bytes() == WEIGHTS
    assert [path for path in tmp_path.rglob("*") if path.is_file() and path.stat().st_size == len(WEIGHTS)] == [cached(WANTED)]


def test_who_looks_away_for_longer_than_patience_lasts_loses_nothing(there):
    there.faults.add("drip")
    download = under_way(fetch(WANTED, patience=1.5, slowest=0))
    sleep(1.8)
    assert ended(download).read_bytes() == WEIGHTS


def test_a_damaged_file_that_somebody_left_in_the_cache_is_replaced(there, tmp_path):
    blob = tmp_path / "hub" / "models--somebody--small" / "blobs" / DIGEST
    blob.parent.mkdir(parents=True)
    blob.write_bytes(WEIGHTS[::-1])
    assert ended(fetch(WANTED)).read_bytes() == WEIGHTS


# ---------------------------------------------------------------- what goes wrong

WRONG = {  # fault -> (kind, reason, words of the line)
    "stall": (FetchFailed, "stall", "nothing came for 1 seconds"),
    "truncate": (FetchFailed, "stall", "nothing came for 1 seconds"),  # the client asks for the rest, and gets none
    "drip": (FetchFailed, "drip", "below 9000 kB a second"),
    "wrong size": (FetchFailed, "size", "not as long as was said"),
    "endless": (FetchFailed, "size", "not as long as was said"),
    "wrong hash": (FetchFailed, "hash", "damaged"),
    "reset": (FetchFailed, "cut", "broke off"),
    "circle": (FetchFailed, "circle", "round in circles"),
    "GET circle": (FetchFailed, "circle", "round in circles"),
    "no commit": (FetchFailed, "not a hub", "HF_ENDPOINT"),
    "huge": (FetchFailed, "disk", "no room"),
    "gated": (FetchFailed, "gated",
              "consent: accept the terms at https://huggingface.co/somebody/small and log in with `hf auth login`"),
    "401": (FetchFailed, "login", "does not know your token"),
    "403": (FetchFailed, "forbidden", "may not read it"),
    "429": (FetchFailed, "busy", "again in a minute"),
    "GET 429": (FetchFailed, "busy", "again in a minute"),
    "500": (FetchFailed, "down", "out of order"),
    "GET 503": (FetchFailed, "down", "out of order"),
    "no repository": (UnknownBackbone, "", "no such repository, or it is private"),
    "no revision": (UnknownBackbone, "", "no such revision"),
    "404": (UnknownBackbone, "", "There is no file 'model.safetensors'"),
}


@pytest.mark.parametrize(("fault", "kind", "reason", "words"), [(f, *w) for f, w in WRONG.items()], ids=WRONG)
def test_what_goes_wrong_is_said_in_one_line_leaves_nothing_and_may_be_tried_again(there, tmp_path, fault, kind, reason, words):
    there.faults.add(fault)
    limits = {"stall": {"patience": 1}, "drip": {"patience": 1, "slowest": 9e6}}.get(reason, {"patience": 20})
    assert words in refused(fetch(WANTED, **limits), kind, reason)
    assert cached(WANTED) is None and leftovers(tmp_path) == []
    there.faults.clear()
    assert ended(fetch(WANTED)).read_bytes() == WEIGHTS


def test_a_body_that_does_not_end_where_it_should_is_cut_there(there):
    there.faults.add("endless")
    refused(fetch(WANTED), FetchFailed, "size")
    until(lambda: there.sent)  # it is noted once the server finds that nobody listens
    assert there.sent < 10 * len(WEIGHTS)


def test_every_fault_of_the_hub_is_tried():
    assert {fault.removeprefix("GET ") for fault in WRONG} == FAULTS


def test_what_is_too_large_is_refused_before_a_byte_comes(there):
    there.faults.add("huge")
    assert "1,000,000,000.0 MB; 100.0 MB are allowed" in refused(fetch(Wanted(REPO, FILE, largest=10**8)), OverLimit)
    there.faults.clear()
    assert "0.2 MB; 0.2 MB" in refused(fetch(Wanted(REPO, FILE, largest=len(WEIGHTS) - 1)), OverLimit)
    assert there.bodies() == []
    path = ended(fetch(Wanted(REPO, FILE, largest=len(WEIGHTS))))
    assert path.read_bytes() == WEIGHTS
    refused(fetch(Wanted(REPO, FILE, largest=len(WEIGHTS) - 1)), OverLimit)


def test_a_certificate_that_cannot_be_trusted_is_not_taken_for_a_connection_that_broke():
    class ConnectError(ConnectionError): ...  # as the HTTP client words what the system's TLS says

    said = "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate (_ssl.c:1006)"
    assert fetcher.code(ConnectError(said)) == "stranger"


def test_a_disk_that_is_full_is_said(there, tmp_path):
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(WEIGHTS) // 2, before[1]))  # children inherit it
    try:
        assert "no room" in refused(fetch(WANTED), FetchFailed, "disk")
        assert "no room" in refused(from_address(there), FetchFailed, "disk")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert cached(WANTED) is None and leftovers(tmp_path) == []
    assert ended(fetch(WANTED)).read_bytes() == WEIGHTS


def test_a_cache_that_cannot_be_written_to_is_said(there, tmp_path):
    (tmp_path / "hub").write_text("a file where a folder should be")
    assert "Set HF_HOME" in refused(fetch(WANTED), FetchFailed, "place")


def test_what_is_not_the_file_that_was_pinned_is_not_taken(there):
    pinned, other = Wanted(REPO, FILE, sha256=DIGEST), Wanted(REPO, FILE, sha256="0" * 64)
    assert "pinned" in refused(fetch(other), BadFile) and there.bodies() == []
    path = ended(fetch(pinned))
    assert (cached(pinned), cached(other)) == (path, None)
    small = Wanted(REPO, "config.json", sha256="0" * 64)  # whose hash is known only once it is there
    assert "pinned" in refused(fetch(small), BadFile) and cached(Wanted(REPO, "config.json")) is None


def test_without_a_network_it_is_said_at_once(there, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert "must be downloaded once, and HF_HUB_OFFLINE forbids it" in refused(fetch(WANTED), NotOffline)
    assert there.asked == []
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "ENDPOINT", there.elsewhere)
    there.__exit__()
    assert "localhost cannot be reached. Connect to the network, or use 'embedded'." in refused(fetch(WANTED), NotOffline)


NAMES = {
    "no repository": Wanted("a/b/c", FILE),
    "a folder above": Wanted(REPO, "../../secret"),
    "no revision": Wanted(REPO, FILE, revision="../../main"),
    "a path": Wanted(REPO, FILE, revision="/etc/hostname"),
}


@pytest.mark.parametrize("wanted", NAMES.values(), ids=NAMES)
def test_a_name_that_is_none_is_said_before_anything_is_asked(there, wanted):
    refused(fetch(wanted), UnknownBackbone)
    assert there.asked == []


def test_a_repository_a_revision_or_a_file_that_is_not_there_is_said(there):
    assert "'somebody/other' is not a backbone. The hub has no such repository" in refused(
        fetch(Wanted("somebody/other", FILE)), UnknownBackbone)
    assert "'somebody/small@next' is not a backbone. The repository has no such revision." in refused(
        fetch(Wanted(REPO, FILE, revision="next")), UnknownBackbone)
    assert "There is no file 'other.bin'." in refused(fetch(Wanted(REPO, "other.bin")), UnknownBackbone)


def test_who_waits_for_a_process_that_does_not_move_is_told(there, tmp_path):
    lock = tmp_path / "hub" / ".locks" / "models--somebody--small" / f"{DIGEST}.lock"
    lock.parent.mkdir(parents=True)
    with WeakFileLock(lock):
        assert "another process holds it" in refused(fetch(WANTED, patience=1.5), FetchFailed, "lock")
    assert ended(fetch(WANTED)).read_bytes() == WEIGHTS


# ---------------------------------------------------------------- the child

def test_closing_a_download_leaves_no_process_and_nothing_partial(there, tmp_path, children):
    there.faults.add("stall")
    download = under_way(fetch(WANTED))
    assert children[0].poll() is None and leftovers(tmp_path)
    download.close()
    with pytest.raises(ProcessLookupError):
        os.kill(children[0].pid, 0)
    assert cached(WANTED) is None and leftovers(tmp_path) == []


@pytest.mark.parametrize("printed", [b"\xff hello\n5\n[]\nnull\n", b"no line"])
def test_what_a_python_prints_as_it_starts_is_no_message(there, tmp_path, monkeypatch, printed):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(f"import os\nos.write(1, {printed!r})\nprint('at the end')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    assert ended(fetch(WANTED)).read_bytes() == WEIGHTS


def test_a_disk_that_takes_longer_than_patience_to_write_gets_the_time(there, tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text("import os, time\nos.fsync = lambda _: time.sleep(2)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert ended(fetch(WANTED, patience=1.0)).read_bytes() == WEIGHTS
    monkeypatch.setattr(lifeline, "KEEPING", 0.5)
    said = refused(fetch(SHORT, patience=1.0), FetchFailed, "slow disk")
    assert "HF_HOME" in said and leftovers(tmp_path) == [] and cached(SHORT) is None


def test_a_child_that_is_killed_is_said_and_the_next_one_sweeps_up(there, tmp_path, children):
    there.faults.add("stall")
    download = under_way(fetch(WANTED))
    children[0].kill()
    refused(download, FetchFailed, "ended")
    assert leftovers(tmp_path) and cached(WANTED) is None
    there.faults.clear()
    assert ended(fetch(WANTED)).read_bytes() == WEIGHTS and leftovers(tmp_path) == []


def test_a_child_ends_by_itself_and_cleans_up_when_its_parent_is_killed(there, tmp_path):
    there.faults.add("stall")
    environment = os.environ | {"HF_ENDPOINT": there.address, "HF_HUB_CACHE": str(tmp_path / "hub"), "HF_HUB_OFFLINE": "0"}
    killed = subprocess.Popen(parent(), env=environment)
    until(lambda: leftovers(tmp_path))
    killed.kill()
    killed.wait()
    until(lambda: not leftovers(tmp_path))


def test_what_a_killed_download_left_behind_is_swept_a_day_later_by_the_next_of_any_file(there, tmp_path):
    blobs = tmp_path / "hub" / "models--somebody--small" / "blobs"
    old, begun, slow, foreign = (blobs / f".{name}.staged" for name in ("a" * 16, "b" * 16, "c" * 16, "mine"))
    for folder in (old, begun, slow, foreign):
        (folder / "deep").mkdir(parents=True)
        (folder / "deep" / "x.incomplete").write_bytes(b"half")
    for path in [*old.rglob("*"), old, *foreign.rglob("*"), foreign, slow, slow / "deep"]:
        os.utime(path, (0, 0))
    ended(fetch(WANTED))
    assert [folder.exists() for folder in (old, begun, slow, foreign)] == [False, True, True, True]


def test_two_processes_that_want_a_file_download_it_once_and_one_takes_over_from_one_that_is_killed(there, tmp_path):
    there.faults.add("drip")
    environment = os.environ | {"HF_ENDPOINT": there.address, "HF_HUB_CACHE": str(tmp_path / "hub"), "HF_HUB_OFFLINE": "0"}
    asked = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "env": environment}
    with subprocess.Popen(lifeline.FETCHING, **asked) as first, subprocess.Popen(lifeline.FETCHING, **asked) as second:
        for child in (first, second):
            child.stdin.write(TASK.encode() + b"\n")
            child.stdin.flush()
        until(lambda: leftovers(tmp_path))
        first.kill()
        last = json.loads(second.stdout.read().splitlines()[-1])
    assert Path(last["path"]).read_bytes() == WEIGHTS and leftovers(tmp_path) == []
    assert len(there.bodies()) <= 2


def test_bytes_that_come_again_are_no_progress_and_others_are():
    pace = Pace(patience=2, slowest=10)
    for now, done in ((0, 0), (1, 50), (2, 10), (3, 50)):
        pace.saw(now, "downloading", done)
    assert pace.fault(2.9) is None and pace.fault(3.1) == "stall"
    pace.saw(3.1, "downloading", 51)
    assert pace.fault(3.1) == "drip", "one byte in two seconds, where twenty are wanted"
    pace.saw(3.2, "checking", 0)
    assert pace.fault(5.1) is None and pace.fault(5.3) == "stall"


def test_who_waits_is_judged_by_whether_the_one_before_gets_on():
    pace = Pace(patience=2, slowest=10)
    for now in range(9):
        pace.saw(now, "waiting", now)
    assert pace.fault(8.5) is None and pace.fault(10.5) == "lock"


# ---------------------------------------------------------------- plain addresses

def from_address(there: Loopback, prefix: str = DIGEST[:8], **limits: float) -> Generator[Progress, None, Path]:
    return fetched_url(f"{there.address}/files/{PTH}", prefix, PTH, **limits)


def test_a_file_at_an_address_comes_to_where_torch_keeps_such_files(there, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    path = ended(from_address(there))
    assert path == tmp_path / "torch" / "hub" / "checkpoints" / PTH and path.read_bytes() == WEIGHTS
    assert leftovers(tmp_path) == [] and not any(request.token for request in there.asked if PTH in request.path)
    there.__exit__()
    assert ended(from_address(there)) == path


def test_a_damaged_file_of_that_name_is_replaced(there, tmp_path):
    path = tmp_path / "torch" / "hub" / "checkpoints" / PTH
    path.parent.mkdir(parents=True)
    path.write_bytes(WEIGHTS[::-1])
    assert ended(from_address(there)).read_bytes() == WEIGHTS


AT_ADDRESSES = {
    "stall": (FetchFailed, "stall"),
    "wrong size": (FetchFailed, "size"),
    "wrong hash": (FetchFailed, "hash"),
    "429": (FetchFailed, "busy"),
    "404": (UnknownBackbone, ""),
}


@pytest.mark.parametrize(("fault", "kind", "reason"), [(f, *w) for f, w in AT_ADDRESSES.items()], ids=AT_ADDRESSES)
def test_what_goes_wrong_at_an_address_leaves_nothing_and_may_be_tried_again(there, tmp_path, fault, kind, reason):
    there.faults.add(fault)
    refused(from_address(there, patience=1 if reason == "stall" else 20), kind, reason)
    assert not any(path.suffix == ".pth" for path in tmp_path.rglob("*")) and leftovers(tmp_path) == []
    there.faults.clear()
    assert ended(from_address(there)).read_bytes() == WEIGHTS


def test_an_address_is_bound_by_the_same_limits(there, monkeypatch):
    refused(from_address(there, largest=len(WEIGHTS) - 1), OverLimit)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    refused(from_address(there), NotOffline)
    assert there.bodies() == []


def test_every_reason_has_a_sentence():
    source = "".join(Path(module.__file__).read_text() for module in (fetcher, keeping, lifeline))
    known = {**fetching.WHY, **fetching.MISSING}
    assert [reason for reason in known if f'"{reason}"' not in source] == []
