"""The autoencoder: a linear one is PCA, deeper ones beat it, and both on what they have never seen."""

import pytest
import torch

import hub
from hub.errors import BadParams
from plugins.autoencoders._examples import bundled
from plugins.autoencoders._linear import PCA, angle, covariance
from plugins.autoencoders._training import Log
from plugins.autoencoders.autoencoder import Params, begun, error_by_covariance, learnt, maps, report, views

SMALL = {"steps": 30, "sizes": False}


def trained(source, seed=0, **values):
    data = bundled(source)
    pca = PCA.of(data.train)
    params = Params(**{"sizes": False, **values})
    generator = torch.Generator().manual_seed(seed)
    made = begun(data, pca, params.code, params, generator)
    list(learnt(made, data, params, generator, Log(), None, (0, 1), Log()))
    return data, pca, made


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("source", ["digits", "photographs"])
def test_a_linear_autoencoder_is_pca(source, seed):
    data, pca, made = trained(source, seed, kind="linear", code=8)
    assert report.over_the_optimum(data, pca, 8, made) == pytest.approx(1, abs=0.01)
    assert report.over_the_optimum(data, pca, 8, made) > 0.9999  # nothing linear is below it
    assert "Within 1 %" in report.caption(data, pca, 8, made)
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


def test_neighbours_of_a_kind_are_counted_by_hand():
    points = torch.tensor([[0.0, 0], [0, 1], [9, 0], [9, 1]])
    labels = torch.tensor([0, 0, 1, 0])
    found = maps.of_a_kind(points.repeat_interleave(1, 0), labels)  # three neighbours each: all others
    assert found == pytest.approx((2 + 2 + 0 + 2) / 12)


def test_a_walk_begins_and_ends_where_it_says():
    data, pca, made = trained("digits", kind="linear", code=8, steps=5)
    code = made.encode(data.held[[3, 7]])
    steps = maps.between(code, 9)
    assert torch.allclose(steps[0], code[0]) and torch.allclose(steps[-1], code[1]) and torch.allclose(steps[4], code.mean(0))
