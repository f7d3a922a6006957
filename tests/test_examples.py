from __future__ import annotations

import json

import pytest
from PIL import Image

from hub import examples, registry
from hub.errors import UnknownSample
from hub.recipe import read_recipe
from hub.world import paintings
from tests import hall


@pytest.fixture(scope="module", autouse=True)
def museum(tmp_path_factory):
    with hall.opened(tmp_path_factory.mktemp("museum")):
        yield


def test_an_example_is_made_once_and_found_without_running():
    red = registry.technique("red")
    assert examples.find(red) is None
    examples.make(red, examples.cached(red))
    log = red.body.__globals__["LOG"]
    ran = len(log)
    found = examples.find(red)
    assert len(log) == ran and read_recipe(str(found.png)).technique == "red"
    assert "Red as could be." in found.notes() and "Compare" in found.stage("Red")


def test_a_new_version_does_not_show_the_old_example():
    from dataclasses import replace

    grey = registry.technique("grey")
    examples.make(grey, examples.cached(grey))
    assert examples.find(grey) and examples.find(replace(grey, version="2")) is None
    assert examples.find(replace(grey, example={"grey": 3})) is None


def test_an_example_keeps_everything_that_its_charts_show(tmp_path):
    from dataclasses import replace

    from hub import Curve, stage

    curves = {
        "training": Curve([1.0, 10.0], [4.0, 1.0], "epoch", "error", chart="loss", spread=[0.5, 0.1], log="xy"),
        "optimum": Curve([1.0], [0.5], chart="loss", kind="reference"),
    }
    examples.write("drawn", replace(registry.technique("grey")(), curves=curves), None, tmp_path)
    found = examples.Example(tmp_path / "drawn.png", json.loads((tmp_path / "drawn.json").read_text()), "examples")
    assert found.curves() == stage.curves(curves)


def test_an_example_written_before_there_were_charts_is_read(tmp_path):
    from hub import Curve, stage

    old = {"loss": {"x": [0, 1], "y": [2, 1], "label_x": "step", "label_y": "loss"}}
    found = examples.Example(tmp_path / "old.png", {"curves": old}, "examples")
    assert found.curves() == stage.curves({"loss": Curve([0, 1], [2, 1], "step", "loss")})


def test_a_thumbnail_is_a_small_square_of_the_sample():
    with Image.open(examples.thumbnail("samples", "cat")) as small:
        assert small.size == (examples.THUMBNAIL_SIDE,) * 2
    with pytest.raises(UnknownSample):
        examples.thumbnail("samples", "../app")


def test_a_sample_in_full_is_the_sample_to_the_pixel():
    from hub import samples

    with Image.open(examples.sample_file("cat")) as whole:
        assert whole.tobytes() == samples.load("cat").tobytes()
    with pytest.raises(UnknownSample):
        examples.sample_file("../app")


def test_strangers_files_come_from_the_cache_and_the_page_opens_with_the_examples_settings():
    from hub.app import build
    from hub.policy import Policy

    page = build(Policy.local())
    assert "an example" in page.rooms["red"].stage.value and "netsee/cache/" in page.rooms["red"].stage.value


@pytest.mark.parametrize("json", sorted(examples.SHIPPED.glob("*.json")), ids=lambda path: path.stem)
def test_a_shipped_example_has_a_picture_that_says_how_it_was_made(json):
    recipe = read_recipe(str(json.with_suffix(".png")))
    assert recipe.technique == json.stem


def test_every_manner_is_shipped_as_a_small_picture():
    for name in paintings.MANNERS:
        assert examples.thumbnail("manners", name.replace(" ", "_")).parent == examples.ASSETS / "manners"
    with pytest.raises(UnknownSample):
        examples.thumbnail("manners", "../samples/cat")
