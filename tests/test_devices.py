import os
import platform
import subprocess
import sys

import pytest
import torch

from hub import devices


@pytest.fixture
def asked_again(monkeypatch):
    """Answers that are kept for the life of a process are asked for anew, and forgotten afterwards."""
    questions = (devices.device, devices.compute_dtype, devices.has_fast_bf16)
    for question in questions:
        question.cache_clear()
    monkeypatch.delenv("NETSEE_DEVICE", raising=False)
    monkeypatch.delenv("NETSEE_DTYPE", raising=False)
    yield monkeypatch
    for question in questions:
        question.cache_clear()


def test_the_device_can_be_asked_for(asked_again):
    asked_again.setenv("NETSEE_DEVICE", "meta")
    assert devices.device() == torch.device("meta")


def test_without_an_accelerator_it_is_the_processor(asked_again):
    asked_again.setattr(torch.cuda, "is_available", lambda: False)
    asked_again.setattr(torch.backends.mps, "is_available", lambda: False)
    assert devices.device().type == "cpu"


@pytest.mark.parametrize(("name", "dtype"), [("float32", torch.float32), ("bfloat16", torch.bfloat16)])
def test_the_number_format_can_be_asked_for(asked_again, name, dtype):
    asked_again.setenv("NETSEE_DTYPE", name)
    assert devices.compute_dtype() == dtype


@pytest.mark.parametrize(("fast", "dtype"), [(True, torch.bfloat16), (False, torch.float32)])
def test_bfloat16_is_taken_only_where_it_is_fast(asked_again, fast, dtype):
    asked_again.setattr(devices, "has_fast_bf16", lambda: fast)
    assert devices.compute_dtype() == dtype


@pytest.mark.parametrize(("tiles", "vectors"), [(True, True), (False, True), (False, False)])
def test_a_processor_is_fast_in_bfloat16_where_it_has_tiles_or_vectors_for_it(asked_again, tiles, vectors):
    asked_again.setenv("NETSEE_DEVICE", "cpu")
    asked_again.setattr(torch.cpu, "_is_amx_tile_supported", lambda: tiles)
    asked_again.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: vectors)
    assert devices.has_fast_bf16() is (tiles or vectors)


def test_an_unknown_number_format_says_which_there_are(asked_again):
    asked_again.setenv("NETSEE_DTYPE", "float8")
    with pytest.raises(Exception, match="float8"):
        devices.compute_dtype()


def test_facts_are_short_words_without_a_path():
    facts = devices.facts()
    assert set(facts) == {"device", "processor", "dtype", "threads"}
    assert all(isinstance(value, str) and value and "/" not in value for value in facts.values())
    assert facts["threads"] == str(torch.get_num_threads())


@pytest.mark.parametrize("libc", sorted({platform.libc_ver(), ("", "")}))
def test_settling_is_harmless_with_and_without_glibc(libc):
    code = (
        f"import platform; platform.libc_ver = lambda *_: {libc!r}; from hub import devices; devices.settle(); "
        "import torch; print(torch.ones(1 << 20).sum().item())"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == str(float(1 << 20))


def test_a_gpu_is_told_to_do_the_same_work_in_the_same_order():
    code = ("import os, torch; from hub import devices; print(devices.device(), torch.are_deterministic_algorithms_enabled(), "
            "os.environ.get('CUBLAS_WORKSPACE_CONFIG'))")
    said = [subprocess.run([sys.executable, "-c", code], env={**os.environ, "NETSEE_DEVICE": name}, capture_output=True,
                           text=True, check=True).stdout.split() for name in ("cuda", "cpu")]
    assert said == [["cuda", "True", ":4096:8"], ["cpu", "False", "None"]]
