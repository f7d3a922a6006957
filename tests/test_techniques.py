"""What the built-in techniques promise beyond the contract."""

import io
import threading

import numpy as np
import pytest
from PIL import Image

import hub
from hub import backbones
from hub.errors import BadParams
from hub.pixels import images
from tests.networks import tiny_network

QUICK = {"steps": 2, "size": 48}


def test_a_sheet_keeps_the_curve_of_its_work():
    result = hub.run("activation_maximization", show="sheet of a layer", layer="middle", filters=3, **QUICK)
    (curve,) = result.curves.values()
    assert len(result.images) == 3 and len(curve.y) == 2


def test_large_sheets_are_drawn_in_batches_and_lose_no_unit(monkeypatch):
    from plugins import activation_maximization as technique

    asked = {"show": "sheet of a layer", "layer": "middle", "filters": 5, **QUICK}
    whole = hub.run("activation_maximization", **asked)
    monkeypatch.setattr(technique, "BATCH_PIXELS", 2 * 48 * 48)
    parts = hub.run("activation_maximization", **asked)
    (curve,) = parts.curves.values()
    assert len(curve.y) == 2 * 3  # batches of 2, 2 and 1
    assert [caption for _, caption in parts.images] == [caption for _, caption in whole.images]


def test_late_layers_are_drawn_coarse_to_fine_and_early_ones_at_once():
    from plugins.activation_maximization import Params, coarse_to_fine, octaves_for

    network = backbones.load("embedded")
    assert octaves_for(network, "early", Params()) == 1
    assert octaves_for(network, backbones.CLASSES, Params()) == 3
    assert octaves_for(network, backbones.CLASSES, Params(steps=2)) == 2  # none without a step of its own
    assert coarse_to_fine((64, 48), 2) == [(32, 24), (64, 48)]


def test_a_picture_is_drawn_at_the_size_that_the_network_was_trained_at_unless_asked():
    native = hub.run("activation_maximization", steps=1, enlarge=1).image
    assert native.size == (backbones.load("embedded").side,) * 2
    assert hub.run("activation_maximization", steps=1, size=40, enlarge=1).image.size == (40, 40)
    with pytest.raises(BadParams, match="32 or more"):
        hub.run("activation_maximization", steps=1, size=8)


def test_a_sheet_onto_a_photo_begins_from_the_photo():
    photo = Image.fromarray(np.full((60, 80, 3), (200, 40, 40), np.uint8))
    result = hub.run("activation_maximization", photo, show="sheet of a layer", layer="middle", filters=2, steps=1, size=80)
    assert result.images[0][0].size == (80, 60)
    red, green, _ = np.asarray(result.images[1][0]).reshape(-1, 3).mean(0)
    assert red > 2 * green


def test_what_is_drawn_onto_a_photo_lies_on_the_photo_at_its_own_size():
    photo = Image.effect_noise((300, 200), 90).convert("RGB")  # detail that no small copy of it holds
    result = hub.run("activation_maximization", photo, unit="owl", steps=3)
    assert result.image.size == photo.size
    before, after = (np.asarray(picture, float).ravel() for picture in (photo, result.image))
    assert np.abs(before - after).mean() > 0 and np.corrcoef(before, after)[0, 1] > 0.9


def test_rows_of_a_sheet_line_up_where_one_is_short():
    from plugins.activation_maximization import aligned, mosaic

    stills = [Image.new("RGB", (4, 4), "black") for _ in range(5)]
    page = mosaic(aligned([stills[:2], stills[2:]]), 3)
    assert page.size == (16, 10)
    assert page.getpixel((13, 1)) == (255, 255, 255) and page.getpixel((13, 8)) == (0, 0, 0)


def test_phases_do_not_take_a_photo():
    with pytest.raises(BadParams, match="phases"):
        hub.run("activation_maximization", Image.new("RGB", (40, 40)), canvas="phases", **QUICK)


def test_nothing_asked_for_is_what_the_network_draws_best():
    asked, unasked = (hub.run("activation_maximization", unit=unit, **QUICK).image for unit in ("eye", ""))
    assert backbones.load("embedded").showpieces == ["eye"] and asked.tobytes() == unasked.tobytes()


def test_a_zoom_is_an_animation_of_every_frame():
    photo = Image.effect_noise((48, 40), 60).convert("RGB")
    result = hub.run("deep_dream", photo, octaves=1, steps=1, zoom_frames=3)
    film = Image.open(io.BytesIO(result.files["zoom.webp"]), formats=["WEBP"])
    assert film.size == (48, 40) and film.n_frames == 4 + 2  # there and back, the ends once


def test_two_threads_can_look_into_one_network():
    network, failures = tiny_network(), []
    pictures = images.to_tensor(Image.effect_noise((32, 32), 60).convert("RGB"))
    expected = network.features(pictures, ["late"])["late"]

    def look() -> None:
        try:
            for _ in range(40):
                assert bool((network.features(pictures, ["late"])["late"] - expected).abs().max() < 1e-5)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=look) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


@pytest.mark.parametrize("name", ["activation_maximization", "deep_dream", "photo_style", "style_transfer"])
def test_the_shipped_example_was_made_by_this_version_with_these_settings_and_weights(name):
    from hub import examples, registry
    from hub.recipe import read_recipe

    technique = registry.technique(name)
    recipe = read_recipe(str(examples.SHIPPED / f"{name}.png"))
    assert recipe.version == technique.version
    assert recipe.params == examples.params_of(technique).model_dump(mode="json")
    assert recipe.weights == {"embedded": backbones.load("embedded").hash}
