"""The autoencoder: a linear one is PCA, deeper ones beat it, and both on what they have never seen."""

import dataclasses

import pytest
import torch

import hub
from hub.errors import BadParams
from plugins.autoencoders._examples import bundled, patches_of
from plugins.autoencoders._linear import PCA, angle, covariance
from plugins.autoencoders._training import Log
from plugins.autoencoders.autoencoder import Params, begun, error_by_covariance, learnt, maps, report, views

SMALL = {"steps": 30, "sizes": False}


def trained(source, seed=0, data=None, **values):
    data = data or bundled(source)
    pca = PCA.of(data.train)
    params = Params(**{"sizes": False, **values})
    generator = torch.Generator().manual_seed(seed)
    made = begun(data, pca, params.code, params, generator)
    list(learnt(made, data, pca, params, generator, Log(), None, (0, 1), Log()))
    return data, pca, made


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("source", ["digits", "photographs"])
def test_a_linear_autoencoder_is_pca(source, seed):
    data, pca, made = trained(source, seed, kind="linear", code=8)
    assert report.over_the_optimum(data, pca, 8, made) == pytest.approx(1, abs=0.01)
    assert report.over_the_optimum(data, pca, 8, made) > 0.9999  # nothing linear is below it
    assert "Within 1 %" in report.caption(data, pca, 8, made, report.figures(data, pca, 8, made))
    if source == "digits":
        assert angle(views.principal_axes(made), pca.components[:8]) < 5


def test_the_loss_by_covariance_is_the_loss():
    data = bundled("digits")
    pca = PCA.of(data.train)
    made = begun(data, pca, 5, Params(kind="linear", code=5), torch.Generator().manual_seed(0))
    with torch.no_grad():
        made.decoder[-1].bias.uniform_(-0.1, 0.1, generator=torch.Generator().manual_seed(1))
        whole = (made(data.train) - data.train).square().mean()
        assert torch.allclose(error_by_covariance(made)(covariance(data.train).float()), whole, rtol=1e-4)


def test_a_deep_one_beats_pca_on_what_it_has_never_seen():
    data, pca, made = trained("digits", code=8, steps=300)
    figures = report.figures(data, pca, 8, made)
    assert figures["PSNR of the autoencoder, dB"] > figures["PSNR of PCA, dB"] + 1


def test_of_few_examples_it_is_never_worse_than_pca_where_it_was_measured():
    data, pca, made = trained("faces", code=8, steps=60)
    figures = report.figures(data, pca, 8, made)
    assert figures["PSNR of the autoencoder, dB"] >= figures["PSNR of PCA, dB"] - 1e-3


@pytest.mark.parametrize("kind", ["linear", "dense", "convolutional"])
@pytest.mark.parametrize("data", ["digits", "faces", "picture world", "photographs"])
def test_every_kind_learns_from_everything_bundled(kind, data):
    result = hub.run("autoencoder", data=data, kind=kind, steps=2, sizes=False, depth=2)
    assert result.image.width > 200 and result.table and "PCA, the linear optimum" in result.curves


@pytest.mark.parametrize("size", [(1, 1), (5, 5), (7, 61), (90, 70)])
def test_a_picture_of_any_size_comes_back_in_that_size(size):
    from PIL import Image

    result = hub.run("autoencoder", Image.effect_noise(size, 60).convert("RGB"), **SMALL)
    assert result.image.size == size


def test_one_colour_comes_back_as_that_colour():
    from PIL import Image

    result = hub.run("autoencoder", Image.new("RGB", (40, 40), (200, 40, 90)), **SMALL)
    assert result.image.getextrema() == ((200, 200), (40, 40), (90, 90))


@pytest.mark.parametrize(
    ("values", "said"),
    [({"code": 100}, "64 numbers"), ({"kind": "convolutional", "depth": 5}, "halved 3 times")],
)
def test_what_cannot_be_built_is_one_line(values, said):
    with pytest.raises(BadParams, match=said):
        hub.run("autoencoder", **{**SMALL, **values})


def test_of_fewer_examples_than_pixels_a_linear_one_is_as_good_as_pca_on_others_too():
    from PIL import Image

    noise = Image.effect_noise((64, 56), 90).convert("RGB")
    whole = patches_of(noise, 8, 512, torch.Generator().manual_seed(0))
    data = dataclasses.replace(whole, train=whole.train[:25], held=whole.train[25:200], fitted=False)
    _, pca, made = trained("", data=data, kind="linear", code=8, steps=300)
    quality = report.figures(data, pca, 8, made)
    assert quality["PSNR of the autoencoder, dB"] == pytest.approx(quality["PSNR of PCA, dB"], abs=0.2)


def test_no_angle_is_told_where_the_data_does_not_settle_the_space():
    from PIL import Image

    result = hub.run("autoencoder", Image.new("RGB", (40, 40), (200, 40, 90)), **SMALL, kind="linear")
    assert "°" not in result.caption and "nothing is lost" in result.caption
    assert not any("angle" in name for name in result.metrics)


def test_a_picture_too_small_to_part_claims_nothing_of_what_was_never_seen():
    from PIL import Image

    result = hub.run("autoencoder", Image.effect_noise((39, 8), 60).convert("RGB"), **SMALL)
    assert "never seen" not in result.caption and "too small to part" in result.caption
    assert "held out" not in " ".join([*result.curves, *(words for _, words in result.images)])


def test_neighbours_of_a_kind_are_counted_by_hand():
    points = torch.tensor([[0.0, 0], [0, 1], [9, 0], [9, 2.5]])
    labels = torch.tensor([0, 0, 1, 0])
    assert maps.of_a_kind(points, labels, neighbours=1) == 2 / 4
    assert maps.of_a_kind(points, labels, neighbours=2) == (1 + 1 + 0 + 1) / 8


def test_a_walk_begins_and_ends_where_it_says():
    import io

    from PIL import Image

    data, pca, made = trained("digits", kind="linear", code=8, steps=5)
    _, film = maps.walk(data, made, pca, (3, 7))
    with Image.open(io.BytesIO(film)) as frames, torch.no_grad():
        for example, at in ((3, 0), (7, maps.FRAMES - 1)):
            frames.seek(at)
            shown = torch.tensor(list(frames.convert("L").getdata())).reshape(frames.size[1], frames.size[0])
            step = frames.size[0] // 8
            small = shown[step // 2 :: step, step // 2 :: step] / 255
            assert torch.allclose(small, made(data.held[[example]])[0, 0].clamp(0, 1), atol=0.01)


def test_the_figures_at_the_end_can_be_stopped():
    *_, penultimate, last = stream = list(hub.stream("autoencoder", data="digits", code=2, steps=2))
    assert last.progress == 1 and penultimate.progress == 0.95
    assert sum(each.progress == 0.95 for each in stream) >= 5
