"""The client of the hub with better manners: what cannot be reached is said soon, and nothing is left as it should not be."""

import logging
import os
import socket
import subprocess
import sys
import threading
from time import monotonic, sleep

import pytest

from hub.errors import BadAddress
from hub.fetching import client
from hub.fetching.client import quiet, reachable
from tests.loopback import PROXIES

HERE = "127.0.0.1"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def closed() -> str:
    """An address on this machine where nobody listens."""
    with socket.socket() as free:
        free.bind((HERE, 0))
        yield f"http://{HERE}:{free.getsockname()[1]}"


def test_where_somebody_listens_is_reachable_and_elsewhere_is_not(closed):
    with socket.create_server((HERE, 0)) as server:
        assert reachable(f"http://{HERE}:{server.getsockname()[1]}/a/path")
    assert not reachable(closed)


@pytest.mark.parametrize("name", ["HTTP_PROXY", "ALL_PROXY", "all_proxy"])
def test_a_proxy_is_trusted_to(closed, monkeypatch, name):
    assert not reachable(closed)
    monkeypatch.setenv(name, "http://127.0.0.1:3128")
    assert reachable(closed)


def test_a_name_that_nobody_answers_for_takes_no_longer_than_patience(monkeypatch):
    monkeypatch.setattr(client.socket, "getaddrinfo", lambda *_, **__: sleep(20))
    began = monotonic()
    assert not reachable("https://huggingface.co", patience=0.2) and monotonic() - began < 2


def test_a_host_with_one_number_that_is_dead_is_reachable_by_the_other(monkeypatch):
    with socket.create_server((HERE, 0)) as server:
        alive = (socket.AF_INET, socket.SOCK_STREAM, 6, "", server.getsockname())
        monkeypatch.setattr(client.socket, "getaddrinfo", lambda *_, **__: ["dead", alive])
        monkeypatch.setattr(client, "_connected", lambda patience, *number: True if number == alive else sleep(20))
        began = monotonic()
        assert reachable("http://two.example", patience=2) and monotonic() - began < 1


def test_a_name_that_can_be_none_is_not_reachable():
    assert not reachable("http://a..b")


NO_ADDRESSES = ["my-hub", "", "http://", "ftp://huggingface.co", "http://x:99999", "http://x:abc", "http://[::1"]


@pytest.mark.parametrize("address", NO_ADDRESSES)
def test_what_is_no_address_is_said_in_one_line(address):
    with pytest.raises(BadAddress, match="Set HF_ENDPOINT right, or unset it") as error:
        reachable(address)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("address", ["http://user:secret@x:99999", "huggingface.co"])
def test_a_command_says_that_in_one_line_too_whatever_is_imported_first(address):
    asked = [sys.executable, "-m", "hub", "fetch", "timm/resnet18.a1_in1k"]
    environment = {**os.environ, "HF_ENDPOINT": address, "HF_HUB_OFFLINE": "0"}
    done = subprocess.run(asked, capture_output=True, text=True, env=environment)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("BadAddress: ") and done.stderr.count("\n") == 1 and "secret" not in done.stderr


@pytest.mark.parametrize("address", ["", "hf-mirror.com"])
def test_what_is_here_works_without_an_address_of_the_hub(address):
    asked = [sys.executable, "-m", "hub", "layers", "embedded"]
    done = subprocess.run(asked, capture_output=True, text=True, env={**os.environ, "HF_ENDPOINT": address})
    assert (done.returncode, done.stderr) == (0, "") and "conv1.0 " in done.stdout


def test_the_clients_warnings_are_silenced_until_the_last_who_asked_for_it_ends():
    log = logging.getLogger("huggingface_hub")
    before, begun, end = log.level, threading.Event(), threading.Event()

    def other() -> None:
        with quiet():
            begun.set()
            end.wait(10)

    log.setLevel(logging.INFO)
    try:
        thread = threading.Thread(target=other)
        with quiet():
            thread.start()
            assert begun.wait(10) and log.level == logging.ERROR
        assert log.level == logging.ERROR
        end.set()
        thread.join()
        assert log.level == logging.INFO
    finally:
        log.setLevel(before)
