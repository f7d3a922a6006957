"""A stranger's network is drawn in a child first, which is ended where it takes too much; then this process draws it."""

import json
from pathlib import Path

import pytest

from hub import backbones
from hub.backbones import lifeline, loading, rehearsal
from hub.errors import OverLimit, UnsupportedBackbone
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


def test_memory_that_is_no_weight_is_bounded_too(tmp_path, children, monkeypatch):
    """The same loop, with time enough and little memory."""
    popen, less = lifeline.subprocess.Popen, f"import hub.backbones.rehearsal as here; here.MEMORY = {64 << 20}; here.main()"
    monkeypatch.setattr(lifeline.subprocess, "Popen", lambda command, **more: popen([*command[:3], less], **more))
    monkeypatch.setattr(rehearsal.rehearsed, "__defaults__", (60.0,))
    with pytest.raises((OverLimit, UnsupportedBackbone), match="MemoryError|takes more than 2 GB"):  # or it died of it
        backbones.layers(folder_of(tmp_path, ENDLESS))


def test_who_stops_listening_ends_the_child(children):
    drawing = rehearsal.rehearsed("local-dir:x?random", ENDLESS)
    next(drawing)
    drawing.close()
    assert children[0].poll() is not None
