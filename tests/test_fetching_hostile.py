"""Servers that lie, flood and change their mind, over a loopback hub: nothing is believed, and nothing is taken without end."""

import gzip
import hashlib
from collections.abc import Callable, Iterator

import pytest

from hub.errors import FetchFailed, InputError
from hub.fetching import Wanted, cached, fetch
from tests import loopback
from tests.loopback import Asked, Loopback
from tests.test_fetching import (
    CONFIG,
    DIGEST,
    FILE,
    PTH,
    REPO,
    TOKEN,
    WANTED,
    WEIGHTS,
    ended,
    from_address,
    leftovers,
    refused,
    until,
)

SMALL = Wanted(REPO, "config.json", largest=1_000_000)
MANY = 1 << 28  # bytes: more than anybody should read of what was not asked for


class Handler(loopback.Handler):
    """Answers as a trick does, where that answers."""

    there: "Hostile"

    def route(self) -> None:
        if not self.there.trick(self):
            super().route()

    def flood(self, piece: bytes, limit: int = MANY) -> None:
        """Sends a piece again and again, until nobody listens; `there.sent` counts."""
        self.close_connection, self.there.sent = True, 0
        try:
            while self.there.sent < limit and not self.there.closing.is_set():
                self.wfile.write(piece)
                self.there.sent += len(piece)
        except OSError:
            pass
        self.there.gone.append(self.there.sent)


class Hostile(Loopback):
    """trick: gets each request, and says whether it has answered it. gone: how much each flood sent until nobody listened."""

    handler = Handler
    trick: Callable[[Handler], bool] = staticmethod(lambda handler: False)

    def __init__(self, *content: dict) -> None:
        super().__init__(*content)
        self.gone: list[int] = []


@pytest.fixture
def there(monkeypatch, tmp_path) -> Iterator[Hostile]:
    with Hostile({REPO: {FILE: WEIGHTS, "config.json": CONFIG}}, {PTH: WEIGHTS}) as server:
        server.here(monkeypatch, str(tmp_path))
        monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
        yield server


def only(method: str, part: str, answer: Callable[[Handler], object]) -> Callable[[Handler], bool]:
    """A trick for requests of a method to addresses that hold a part."""

    def trick(handler: Handler) -> bool:
        if handler.command != method or part not in handler.path:
            return False
        answer(handler)
        return True

    return trick


# ---------------------------------------------------------------- redirects

@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_a_redirect_to_another_host_does_not_bring_the_token_there(there, monkeypatch, method):
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    headers = {"ETag": f'"{loopback.as_git_counts(CONFIG)}"', "X_Repo_Commit": there.commit(REPO), "X_Linked_Size": len(CONFIG)}
    digest = hashlib.sha256(CONFIG).hexdigest()
    there.trick = only(method, "config.json", lambda h: h.answer(302, Location=f"{there.elsewhere}/cdn/{digest}", **headers))
    assert ended(fetch(SMALL)).read_bytes() == CONFIG
    assert {asked.token for asked in there.asked if "config.json" in asked.path} == {True}
    assert [asked for asked in there.asked if "cdn" in asked.path] == [Asked("GET", f"/cdn/{digest}", token=False)]


@pytest.mark.parametrize("status", [302, 404])
def test_a_body_that_nobody_asked_for_is_not_read(there, status):
    def answer(handler: Handler) -> None:
        handler.send_response(status)
        handler.send_header("Location", "/cdn/nothing")
        handler.end_headers()
        handler.flood(b"x" * (1 << 20))

    there.trick = only("GET", DIGEST, answer)
    with pytest.raises(InputError, match="There is no file"):
        ended(fetch(WANTED))
    until(lambda: there.gone)
    assert max(there.gone) < 1 << 24


# ---------------------------------------------------------------- what comes

def test_a_part_that_is_another_than_it_says_is_not_taken(there, tmp_path):
    def answer(handler: Handler) -> None:
        if "Range" in handler.headers:
            start = int(handler.headers["Range"][6:-1])
            said = f"bytes {start}-{len(WEIGHTS) - 1}/{len(WEIGHTS)}"
            handler.answer(206, Content_Length=len(WEIGHTS) - start, Content_Range=said)
            handler.wfile.write(WEIGHTS[:len(WEIGHTS) - start])
        else:
            handler.answer(200, Content_Length=len(WEIGHTS))
            handler.wfile.write(WEIGHTS[:len(WEIGHTS) // 2])
            handler.close_connection = True

    for part, download in (("/cdn/", lambda: fetch(WANTED)), ("/files/", lambda: from_address(there))):
        there.trick = only("GET", part, answer)
        refused(download(), FetchFailed, "hash")
    assert cached(WANTED) is None and leftovers(tmp_path) == []


def test_a_connection_that_breaks_again_and_again_brings_the_file_piece_by_piece(there):
    def answer(handler: Handler) -> None:
        start = int(handler.headers.get("Range", "bytes=0-")[6:-1])
        handler.answer(206 if start else 200, Content_Length=len(WEIGHTS) - start,
                       **({"Content_Range": f"bytes {start}-{len(WEIGHTS) - 1}/{len(WEIGHTS)}"} if start else {}))  # fmt: skip
        handler.wfile.write(WEIGHTS[start:start + (1 << 16)])
        handler.close_connection = True

    there.trick = only("GET", "/cdn/", answer)
    assert ended(fetch(WANTED)).read_bytes() == WEIGHTS


def test_a_small_file_that_unpacks_to_a_large_one_is_not_unpacked(there, tmp_path):
    bomb = gzip.compress(bytes(MANY), 9)

    def answer(handler: Handler) -> None:
        handler.answer(200, Content_Encoding="gzip", ETag=f'"{loopback.as_git_counts(CONFIG)}"',
                       X_Repo_Commit=there.commit(REPO), Content_Length=len(bomb))  # fmt: skip
        handler.flood(bomb, 1)

    there.trick = only("GET", "config.json", answer)
    refused(fetch(SMALL), FetchFailed, "packed")
    assert cached(SMALL) is None and leftovers(tmp_path) == []


@pytest.mark.parametrize("size", [10**400, -1], ids=["endless", "negative"])
def test_a_size_that_can_be_none_is_said(there, size):
    there.trick = only("HEAD", FILE, lambda h: h.answer(302, Location=f"{there.elsewhere}/cdn/{DIGEST}", X_Linked_Size=size,
                                                        X_Linked_ETag=f'"{DIGEST}"', X_Repo_Commit=there.commit(REPO)))
    refused(fetch(WANTED), FetchFailed, "not a hub")
    refused(fetch(Wanted(REPO, FILE, largest=10**9)), FetchFailed, "not a hub")


@pytest.mark.parametrize("change", [1, 2, 3])
def test_a_file_that_becomes_another_meanwhile_is_not_taken_and_never_without_limits(there, tmp_path, change):
    other, asked = WEIGHTS[::-1] * 50, []

    def answer(handler: Handler) -> None:
        asked.append(handler.path)
        data = WEIGHTS if len(asked) <= change else other
        digest = hashlib.sha256(data).hexdigest()
        handler.answer(302, Location=f"{there.elsewhere}/cdn/{digest}", X_Linked_ETag=f'"{digest}"', X_Linked_Size=len(data),
                       X_Repo_Commit=there.commit(REPO))  # fmt: skip

    there.repos["somebody/else"] = {FILE: other}
    there.trick = only("HEAD", FILE, answer)
    try:
        path = ended(fetch(WANTED))
    except FetchFailed as failed:
        assert failed.reason in ("size", "hash") and cached(WANTED) is None
    else:
        assert path.read_bytes() == WEIGHTS and path.resolve().name == DIGEST
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.stat().st_size == len(other)]
    assert leftovers(tmp_path) == []


# ---------------------------------------------------------------- headers

def test_a_header_without_end_is_not_read_to_it(there):
    def answer(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Endless: ")
        handler.flood(b"x" * (1 << 16))

    there.trick = only("HEAD", FILE, answer)
    refused(fetch(WANTED), FetchFailed, "cut")
    until(lambda: there.gone)
    assert max(there.gone) < 1 << 24


def test_a_header_that_drips_is_a_stall(there):
    def answer(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        for _ in range(200):
            if there.closing.wait(0.05):
                break
            handler.wfile.write(b"x")
            handler.wfile.flush()

    there.trick = only("HEAD", FILE, answer)
    refused(fetch(WANTED, patience=1), FetchFailed, "stall")
