"""Runs where a GPU is lent for as long as they take: over to a forked process and back, with a stand-in for ZeroGPU's package."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import gradio
import pytest
from PIL import Image

from hub import registry, runners
from hub.app import play
from hub.errors import HubError, NotFinite
from hub.policy import Policy
from hub.runners import zero

LENDER = Path(__file__).parent / "data" / "lent"
FAR = '''"""Works where it is put.

It tells where that was, and when it ended.
"""
import os
import time
from collections.abc import Iterator
from typing import Literal
import hub
from hub.results import Image

class Params(hub.Params):
    steps: int = hub.Field(3, ge=1, le=1000, description="How many.")
    ends: Literal["well", "with a word", "not finite", "with a bug"] = hub.Field("well", description="How it ends.")
    guide: hub.Picture | None = hub.Field(None, description="Another picture.")

@hub.technique(title="Far", family="Dream")
def run(image: Image, params: Params) -> Iterator[hub.Result]:
    try:
        for step in range(params.steps):
            time.sleep(0.3)
            yield hub.Result(image=lambda s=step: image.rotate(90 * s), caption=str(os.getpid()), progress=step / params.steps,
                             files=lambda s=step: {"step.txt": str(s).encode()})
        match params.ends:
            case "with a word":
                raise hub.errors.OverLimit("This is too much. Try less.")
            case "not finite":
                raise hub.errors.NotFinite("Numbers ran away.", hub.Result(image=lambda: image))
            case "with a bug":
                raise RuntimeError("secret in /root/path")
        yield hub.Result(image=params.guide or image, caption=str(os.getpid()), progress=1.0)
    finally:
        with open(os.environ["SPACES_LOG"], "a") as log:
            log.write(f"closed in {os.getpid()}\\n")
'''


@pytest.fixture
def far(plugin_folder, tmp_path, monkeypatch) -> Iterator[Path]:
    """A technique, the lender, and the file where both tell what they did."""
    plugin_folder.add("far", FAR)
    monkeypatch.delitem(sys.modules, "spaces", raising=False)  # Gradio takes our folder of that name, where it sees it
    monkeypatch.syspath_prepend(LENDER)
    monkeypatch.setenv(zero.FLAG, "true")
    monkeypatch.setenv("SPACES_LOG", str(tmp_path / "log"))
    zero._lent.cache_clear()
    yield tmp_path / "log"
    zero._lent.cache_clear()
    for name in ("spaces", "spaces.zero"):
        sys.modules.pop(name, None)


def run(policy: Policy | None = None, **values):
    policy = policy or Policy.public()
    technique = registry.technique("far")
    return runners.run(technique, Image.linear_gradient("L").resize((8, 4)), technique.Params.read(values, policy), policy)


def test_previews_and_result_come_from_another_process_drawn_and_whole(far):
    results = list(run(guide=Image.new("RGB", (5, 5), "red")))
    assert [result.image.size for result in results] == [(8, 4), (8, 4), (8, 4), (5, 5)]
    assert [result.progress for result in results] == [0, 1 / 3, 2 / 3, 1] and results[2].files == {"step.txt": b"2"}
    assert len({result.caption for result in results}) == 1 and results[0].caption != str(os.getpid())
    assert results[-1].recipe.technique == "far" and results[-1].image.getpixel((0, 0)) == (255, 0, 0)
    assert far.read_text().splitlines() == [f"lent for {60 + zero.GRACE} s", f"closed in {results[0].caption}"]


def test_the_result_is_that_of_a_run_at_home(far, monkeypatch):
    lent = list(run())[-1]
    monkeypatch.delenv(zero.FLAG)
    home = list(run())[-1]
    assert home.caption == str(os.getpid()) and home.image.tobytes() == lent.image.tobytes() and home.recipe == lent.recipe


def test_a_parameter_of_an_authors_class_goes_there(plugin_folder, far):
    listed = "import enum\n\nclass Turn(enum.Enum):\n    LEFT = 'left'\n\nclass Params(hub.Params):\n"
    plugin_folder.add("far", FAR.replace("class Params(hub.Params):\n",
                                         f"{listed}    turn: Turn = hub.Field(Turn.LEFT, description='Where to.')\n"))
    left = sys.modules[registry.technique("far").body.__module__].Turn.LEFT
    assert list(run(turn=left))[-1].progress == 1


def test_an_error_comes_back_as_the_line_that_it_was(far):
    with pytest.raises(HubError, match=r"^This is too much\. Try less\.$"):
        list(run(steps=1, ends="with a word"))
    with pytest.raises(NotFinite, match="^Numbers ran away") as error:
        list(run(steps=1, ends="not finite"))
    assert error.value.result.image.size == (8, 4)
    with pytest.raises(HubError, match="Stopped after 0.1 seconds"):
        list(run(Policy.public().but(deadline=0.1)))


def test_a_bug_and_a_quota_that_is_used_up_are_told_without_secrets(far, monkeypatch):
    with pytest.raises(gradio.Error) as bug:
        list(run(steps=1, ends="with a bug"))
    assert "secret" not in play.said(bug.value)
    monkeypatch.setenv("SPACES_REFUSES", "You have exceeded your free ZeroGPU quota. Try again in 1:00:00.")
    with pytest.raises(gradio.Error) as quota:
        list(run())
    assert play.said(quota.value) == "You have exceeded your free ZeroGPU quota. Try again in 1:00:00."


def test_closing_it_ends_the_run_over_there(far):
    results = run(steps=1000)
    pid = next(results).caption
    results.close()
    assert far.read_text().splitlines()[-1] == f"closed in {pid}" and not Path(f"/proc/{pid}").exists()


def test_elsewhere_nothing_of_it_is_used(far, monkeypatch):
    monkeypatch.setenv(zero.FLAG, "false")
    assert not zero.is_here() and list(run(steps=1))[-1].caption == str(os.getpid())
    assert "lent" not in far.read_text()
