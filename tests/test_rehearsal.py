"""A stranger's network is drawn in a child first, which is ended where it takes too much; then this process draws it."""

import json
from pathlib import Path

import pytest

from hub import backbones
from hub.backbones import loading, rehearsal
from hub.errors import OverLimit, UnsupportedBackbone
from hub.fetching import lifeline
from tests.networks import NARROW, one_thread  # noqa: F401

ENDLESS = {"architecture": "tiny_vit_5m_224", "model_args": {"window_sizes": [7, 7, 600, 7]}}  # 360,000 places, in pairs


@pytest.fixture
def children(monkeypatch):
    """The processes that were started; nothing has been rehearsed yet."""
    started, popen = [], lifeline.subprocess.Popen

    def noted(*args, **kwargs):
        started.append(popen(*args, **kwargs))
        return started[-1]

    monkeypatch.setattr(lifeline.subprocess, "Popen", noted)
    monkeypatch.setattr(rehearsal, "_passed", set())
    loading._drawn.cache_clear()
    return started


def folder_of(path: Path, config: dict) -> str:
    (path / "config.json").write_text(json.dumps(config))
    return f"local-dir:{path}?random"


def test_a_network_that_takes_for_ever_to_draw_is_refused_in_a_line(tmp_path, children, monkeypatch):
    name = folder_of(tmp_path, ENDLESS)
    monkeypatch.setattr(rehearsal.rehearsed, "__defaults__", (0.5,))
    for ask in (backbones.layers, backbones.load):
        with pytest.raises(OverLimit, match=r"takes more than 0.5 seconds to be drawn") as error:
            ask(name)
        assert "\n" not in str(error.value)
    assert len(children) == 2 and all(child.poll() is not None for child in children)


def test_what_a_child_drew_is_drawn_here_and_asked_of_no_child_again(tmp_path, children):
    name = folder_of(tmp_path, {"architecture": "resnet18", "num_classes": 4, "model_args": NARROW})
    layers = backbones.layers(name)
    assert layers == backbones.load(name).layers() and len(children) == 1


def test_what_a_child_says_against_a_network_is_said_here(tmp_path, children):
    name = folder_of(tmp_path, {"architecture": "resnet18", "model_args": {"window_size": 7}})
    with pytest.raises(UnsupportedBackbone, match=f"^{name.replace('?', '.')} cannot be built .TypeError.*window_size"):
        backbones.layers(name)
    assert len(children) == 1


def test_a_network_as_timm_has_it_needs_no_child(tmp_path, children):
    name = folder_of(tmp_path, {"architecture": "test_resnet", "num_classes": 4, "model_args": {"drop_rate": 0.1}})
    assert backbones.layers(name)[-1].channels == 4 and not children


def in_a_child(monkeypatch, code: str) -> None:
    """Have children run some lines before their own, with time enough."""
    popen, lines = lifeline.subprocess.Popen, f"import os\nimport hub.backbones.rehearsal as here\n{code}\nhere.main()"
    monkeypatch.setattr(lifeline.subprocess, "Popen", lambda command, **more: popen([*command[:3], lines], **more))
    monkeypatch.setattr(rehearsal.rehearsed, "__defaults__", (60.0,))


def test_memory_that_is_no_weight_is_bounded_too(tmp_path, children, monkeypatch):
    """The same loop, with little memory."""
    in_a_child(monkeypatch, f"here.MEMORY = {64 << 20}")
    with pytest.raises(OverLimit, match="takes more than 2 GB to be drawn"):
        backbones.layers(folder_of(tmp_path, ENDLESS))


ENDS = {  # what happens while a child draws: what is said of it
    "raise ZeroDivisionError('of\\nall')": (UnsupportedBackbone, r"x cannot be drawn \(ZeroDivisionError: of all\)"),
    "raise RecursionError": (UnsupportedBackbone, "RecursionError"),
    "raise MemoryError": (OverLimit, "more than 2 GB"),
    "raise RuntimeError('[enforce fail] can\\'t allocate memory: you tried')": (OverLimit, "more than 2 GB"),
    "os.kill(os.getpid(), 9)": (UnsupportedBackbone, "drew local-dir:x ended by SIGKILL"),
    "os.abort()": (UnsupportedBackbone, "ended by SIGABRT"),
    "raise SystemExit(3)": (UnsupportedBackbone, "ended with status 3"),
}


@pytest.mark.parametrize("end", ENDS)
def test_what_ends_a_child_is_told_as_what_it_is(children, monkeypatch, end):
    kind, said = ENDS[end]
    in_a_child(monkeypatch, f"def drawn(*_):\n    {end}\nhere.sources.of_settings = drawn")
    with pytest.raises(kind, match=said) as error:
        list(rehearsal.rehearsed("local-dir:x", ENDLESS))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("prints", ["print('{}\\n{\"size\": 1}', flush=True)", "os.write(1, b'no message')"])
def test_a_network_that_prints_does_not_disturb_its_child(tmp_path, children, monkeypatch, prints):
    in_a_child(monkeypatch, f"draw = here.sources.of_settings\ndef drawn(*given):\n    {prints}\n    return draw(*given)\n"
                            "here.sources.of_settings = drawn")
    name = folder_of(tmp_path, {"architecture": "resnet18", "num_classes": 4, "model_args": NARROW})
    assert backbones.layers(name)[-1].channels == 4 and len(children) == 1


def test_a_child_that_does_not_start_is_not_blamed_on_the_network(children, monkeypatch):
    monkeypatch.setattr(lifeline, "STARTING", 0.0)
    with pytest.raises(OverLimit, match="did not start in time. Try again"):
        list(rehearsal.rehearsed("local-dir:x", ENDLESS, 0.0))


def test_who_stops_listening_ends_the_child(children):
    drawing = rehearsal.rehearsed("local-dir:x?random", ENDLESS)
    next(drawing)
    drawing.close()
    assert children[0].poll() is not None
