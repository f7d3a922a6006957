"""Sparse codes: searches against closed forms, dictionaries by hand, planted atoms found again, latents that mean something."""

import math
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from PIL import Image

import hub
from hub import backbones, world
from hub.errors import BadParams
from plugins.autoencoders._linear import mean_squared
from plugins.autoencoders._training import Course, Training
from plugins.autoencoders.sparse_autoencoder import activations, codes, comparison, dictionaries, features, patchwork, sheets
from plugins.autoencoders.sparse_autoencoder.codes import Settings, SparseAutoencoder

SMALL = {"steps": 3, "patch": 6}


def chance(seed=0):
    return torch.Generator().manual_seed(seed)


def orthonormal(size=12):
    return torch.linalg.qr(torch.randn(size, size, generator=chance(1))).Q


def unit(count, size, seed=1):
    return F.normalize(torch.randn(count, size, generator=chance(seed)), dim=1)


def planted(atoms, k, count=4000, seed=2):
    """Sums of k atoms each, with weights of either sign between 1 and 2."""
    code = torch.zeros(count, len(atoms))
    places = torch.rand(count, len(atoms), generator=chance(seed)).argsort(1)[:, :k]
    weights = (1 + torch.rand(count, k, generator=chance(seed + 1))) * torch.randn(count, k, generator=chance(seed + 2)).sign()
    return code.scatter(1, places, weights) @ atoms


def trained(data, settings, steps=300, seed=0, rate=0.006):
    network = SparseAutoencoder.of(data, settings, chance(seed))
    list(Training(network, network.loss, data, Course(steps, batch=256, rate=rate), chance(seed)).run())
    return network


def finished(work):
    """What a generator returns in the end."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


# ---------------------------------------------------------------- codes in closed form


def test_of_an_orthonormal_dictionary_the_error_is_the_sum_of_the_discarded_squares():
    basis, data = orthonormal(), torch.randn(50, 12, generator=chance(3))
    squares = (data @ basis.T).square().sort(dim=1).values
    for k in (1, 4, 11):
        error = (data - comparison.best_of(basis, k)(data)).square().sum(1)
        assert torch.allclose(error, squares[:, : 12 - k].sum(1), atol=1e-5)


def test_the_l1_search_in_an_orthonormal_dictionary_is_the_soft_threshold():
    basis, data = orthonormal(), torch.randn(50, 12, generator=chance(3))
    by_search = codes.lasso(data, basis, 0.7, steps=50)
    by_hand = torch.tensor([[max(0.0, abs(c) - 0.7) * (1 if c > 0 else -1) for c in row] for row in (data @ basis.T).tolist()])
    assert torch.allclose(by_search, by_hand, atol=1e-4)


def test_no_step_from_the_l1_search_costs_less_in_a_dictionary_with_overlaps():
    atoms, data, strength = unit(20, 8), torch.randn(30, 8, generator=chance(3)), 0.3
    found = codes.lasso(data, atoms, strength, steps=200)
    settings = Settings(20, "L1", strength=strength)

    def cost(code):
        return float(codes.cost(data - code @ atoms, code, settings))

    assert all(cost(found + 0.01 * torch.randn(found.shape, generator=chance(i))) > cost(found) for i in range(20))
    assert 0 < codes.active(found) < 8


def test_the_l2_search_in_an_orthonormal_dictionary_shrinks_all_alike():
    basis, data = orthonormal(), torch.randn(50, 12, generator=chance(3))
    assert torch.allclose(codes.ridge(data, basis, 0.25), (data @ basis.T) / 1.25, atol=1e-5)


@pytest.mark.parametrize("penalty", ["top-k", "L1", "L2"])
def test_no_code_in_an_orthonormal_dictionary_costs_less_than_the_least_cost(penalty):
    basis, data = orthonormal(), torch.randn(50, 12, generator=chance(3))
    settings = Settings(12, penalty, k=3, strength=0.4)
    least, code = codes.least_cost(data, basis, settings), data @ basis.T
    for i in range(20):
        other = codes.best(code, settings) + 0.05 * torch.randn(code.shape, generator=chance(i))
        other = codes.largest(other, 3) if penalty == "top-k" else other
        assert float(codes.cost(data - other @ basis, other, settings)) > least


def test_pursuit_finds_the_atoms_that_data_was_made_of():
    atoms = unit(20, 60)
    data = planted(atoms, 3, count=200)
    *_, code = codes.pursuit(data, atoms, 3)
    assert mean_squared(code @ atoms, data) < 1e-3 * float(data.square().mean())
    errors = [mean_squared(c @ atoms, data) for c in codes.pursuit(data, atoms, 3)]
    assert errors == sorted(errors, reverse=True)


def test_pursuit_in_an_orthonormal_dictionary_keeps_the_largest():
    basis, data = orthonormal(), torch.randn(50, 12, generator=chance(3))
    for k, code in enumerate(codes.pursuit(data, basis, 5), start=1):
        assert torch.allclose(code, codes.largest(data @ basis.T, k), atol=1e-4)


# ---------------------------------------------------------------- dictionaries


def test_haar_and_cosines_are_those_worked_by_hand():
    r = 0.5**0.5
    assert torch.allclose(dictionaries.haar(4), torch.tensor([[0.5] * 4, [0.5, 0.5, -0.5, -0.5], [r, -r, 0, 0], [0, 0, r, -r]]))
    a, b = 0.6532815, 0.2705981  # cos(pi/8) / sqrt(2), cos(3 pi/8) / sqrt(2)
    by_hand = torch.tensor([[0.5] * 4, [a, b, -b, -a], [0.5, -0.5, -0.5, 0.5], [b, -a, a, -b]])
    assert torch.allclose(dictionaries.dct(4), by_hand, atol=1e-6)
    two = dictionaries.of_patches(dictionaries.haar(2), 1) * 2
    assert torch.allclose(two, torch.tensor([[1.0, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]))


@pytest.mark.parametrize("side", [1, 2, 3, 5, 8, 11])
@pytest.mark.parametrize("kind", [dictionaries.haar, dictionaries.dct])
def test_every_side_has_an_orthonormal_basis_in_grey_and_in_colour(kind, side):
    for channels in (1, 3):
        basis = dictionaries.of_patches(kind(side), channels)
        assert torch.allclose(basis @ basis.T, torch.eye(channels * side * side), atol=1e-5)


def test_whitening_makes_all_directions_equal_and_can_be_undone():
    data = torch.randn(5000, 6, generator=chance(1)) @ torch.diag(torch.tensor([3.0, 2, 1, 0.5, 0.2, 0.1]))
    data = data - data.mean(0)
    whitening = dictionaries.Whitening.of(data, floor=0)
    white = data @ whitening.there
    assert torch.allclose(white.T @ white / len(white), torch.eye(6), atol=1e-2)
    assert torch.allclose(white @ whitening.back, data, atol=1e-4)


def test_whitening_lies_where_the_data_does(monkeypatch):
    monkeypatch.setattr(dictionaries, "covariance", lambda _: torch.eye(6).double())
    whitening = dictionaries.Whitening.of(torch.empty(50, 6, device="meta"))
    assert whitening.there.device.type == whitening.back.device.type == "meta"


# ---------------------------------------------------------------- the autoencoder


def test_atoms_that_data_was_made_of_are_learnt():
    atoms = unit(24, 16, seed=7)
    network = trained(planted(atoms, 2), Settings(32, "top-k", k=2), steps=400, rate=0.01)
    nearest = (atoms @ network.dictionary.T).abs().amax(1)
    assert float((nearest > 0.9).float().mean()) > 0.8


def test_atoms_keep_length_1_so_that_no_penalty_is_cheated_by_their_size():
    data = planted(unit(24, 16), 3)
    network = trained(data, Settings(32, "L1", strength=0.2), steps=100)
    before = network.cost(data)
    assert torch.allclose(network.dictionary.norm(dim=1), torch.ones(32), atol=1e-5)
    with torch.no_grad():
        network.atoms.mul_(100)
    assert network.cost(data) == pytest.approx(before, rel=1e-5)


@pytest.mark.parametrize("signed", [True, False])
def test_l1_gives_exact_zeros_and_top_k_exactly_all_but_k_and_signed_l2_none(signed):
    data = planted(unit(24, 16), 3)
    zeros = {
        penalty: float((trained(data, Settings(32, penalty, 3, 0.3, signed), steps=150).encode(data) == 0).float().mean())
        for penalty in ("L1", "L2", "top-k")
    }
    assert zeros["L1"] > 0.3 and zeros["top-k"] >= 29 / 32
    assert zeros["top-k"] == pytest.approx(29 / 32) and zeros["L2"] == 0 if signed else zeros["L1"] > zeros["L2"]


def test_a_stronger_l1_leaves_fewer_latents():
    data = planted(unit(24, 16), 3)
    left = [codes.active(trained(data, Settings(32, "L1", strength=s), steps=150).encode(data)) for s in (0.05, 0.3, 0.9)]
    assert left == sorted(left, reverse=True) and left[0] > 1.5 * left[2]


def test_dead_latents_are_counted_by_hand():
    code = torch.tensor([[0.0, 1.0, 0.0, -2.0], [0.0, 3.0, 0.0, 0.0]])
    assert codes.firing_rates(code).tolist() == [0, 1, 0, 0.5]
    assert codes.active(code) == 1.5


@pytest.mark.parametrize(
    ("dead", "said"),
    [(0, "No latent is dead."), (1, "One latent never fires."), (3, "3 of the latents never"), (40, "10% of the latents never")],
)
def test_dead_latents_are_told_as_a_share_or_where_that_rounds_to_nothing_as_a_count(dead, said):
    assert codes.silent((torch.arange(400) >= dead).float()).startswith(said)


def test_a_latent_that_died_is_revived():
    data = planted(unit(24, 16), 3)
    network = SparseAutoencoder.of(data, Settings(24, "top-k", k=3), chance())
    with torch.no_grad():
        network.encoder.weight[5] *= 1e-3  # never among the k largest
    assert codes.firing_rates(network.encode(data))[5] == 0
    list(Training(network, network.loss, data, Course(300, batch=256, rate=0.006), chance()).run())
    assert codes.firing_rates(network.encode(data))[5] > 0


def test_latents_are_numbered_by_what_they_carry_and_nothing_else_changes():
    data = planted(unit(24, 16), 3)
    network = trained(data, Settings(32, "top-k", k=3), steps=30)
    before = network(data)
    network.ordered(data)
    use = network.encode(data).square().sum(0)
    assert torch.equal(use.sort(descending=True).values, use)
    assert torch.allclose(network(data), before, atol=1e-5)


def test_variance_explained_is_1_for_all_of_it_and_0_for_the_mean():
    data = torch.randn(100, 5, generator=chance()) + 3
    assert codes.explained(data, data) == 1
    assert codes.explained(data, data.mean(0).expand(100, -1)) == pytest.approx(0, abs=1e-6)


def test_variance_explained_is_exact_far_from_zero():
    data = torch.randn(1000, 5, generator=chance()) + 20_000
    restored = data + torch.randn(1000, 5, generator=chance(1)).round(decimals=1)
    wide, near = data.double(), restored.double()
    by_hand = 1 - float((wide - near).square().sum() / (wide - wide.mean(0)).square().sum())
    assert codes.explained(data, restored) == pytest.approx(by_hand, abs=1e-7)


def test_where_nothing_varies_the_variance_explained_is_left_out():
    flat = torch.full((50, 4), 0.25)
    assert math.isnan(codes.explained(flat, flat + 1e-3))
    result = hub.run("sparse_autoencoder", Image.new("RGB", (60, 60), (200, 40, 90)), **SMALL, wider=0.5)
    assert "PSNR by the encoder, dB" in result.metrics and not any("variance" in name for name in result.metrics)


def test_a_layer_that_says_the_same_of_every_picture_is_one_line(monkeypatch):
    monkeypatch.setattr(activations, "answers", lambda _network, _layer, pictures: torch.ones(len(pictures), 4, 2, 2))
    network = backbones.load("embedded")
    with pytest.raises(BadParams, match="the same of every picture"):
        finished(activations.gathered(network, network.layer("middle"), torch.rand(1, 3, 64, 64), False))


def test_with_the_same_atoms_l1_needs_more_latents_than_top_k_and_l2_all():
    atoms = unit(40, 20)
    table = finished(comparison.at_equal_error(planted(atoms, 4, 200), atoms, 3))
    rows = {row["penalty, on the same atoms"]: row for row in table}
    left = {name: row["latents not 0"] for name, row in rows.items()}
    assert left["top-k"] == 3 and 3 < left["L1"] < 40 and left["L2"] == 40
    assert abs(rows["L1"]["PSNR, dB"] - rows["top-k"]["PSNR, dB"]) < 0.2


# ---------------------------------------------------------------- of a photo


def noise(size):
    return Image.effect_noise(size, 60).convert("RGB")


@pytest.mark.parametrize("colour", [False, True])
def test_a_photo_whose_detail_passes_unchanged_is_the_photo(colour):
    subject = patchwork.subject(noise((70, 50)), 6, colour, 10, 512, chance(), False)
    assert torch.allclose(subject.rebuilt(lambda detail: detail), subject.photo, atol=1e-5)


@pytest.mark.parametrize(("latents", "own"), [(400, True), (2400, False)])
def test_a_picture_with_few_patches_to_an_atom_is_not_learnt_from(latents, own):
    made = patchwork.subject(noise((100, 100)), 6, False, latents, 512, chance(), False)  # 5,000 patches to learn from
    assert (made.what == "the picture itself") is own


def test_a_picture_with_many_patches_is_learnt_from_however_many_atoms_there_are():
    made = patchwork.subject(noise((300, 300)), 16, False, 4096, 512, chance(), False)
    assert made.what == "the picture itself"


def test_where_a_latent_fires_is_where_its_patch_lies():
    values = torch.zeros(1, 5, 7)
    values[0, 2, 3] = 1  # the patch whose corner is at (4, 6); of side 5, its middle is at (6, 8)
    laid = sheets.laid_out(values, (14, 18), 5, 2)
    assert laid.shape == (1, 14, 18)
    assert divmod(int(laid.argmax()), 18) == (6, 8)


@pytest.mark.parametrize("size", [(1, 1), (5, 5), (7, 61), (90, 70)])
def test_a_picture_of_any_size_comes_back_in_that_size(size):
    assert hub.run("sparse_autoencoder", noise(size), **SMALL, wider=1.0).image.size == size


def test_one_colour_comes_back_as_that_colour():
    result = hub.run("sparse_autoencoder", Image.new("RGB", (60, 60), (200, 40, 90)), **SMALL, wider=0.5)
    assert result.image.getextrema() == ((200, 200), (40, 40), (90, 90))


@pytest.mark.parametrize("penalty", ["L1", "L2"])
def test_every_penalty_runs_and_is_compared(penalty):
    result = hub.run("sparse_autoencoder", noise((60, 60)), **SMALL, penalty=penalty, colour=True, signed=False, wider=0.3)
    assert len(result.table) == 3 and {"cosines (DCT)", comparison.UNLEARNT} <= set(result.curves) and len(result.images) <= 64


@pytest.mark.parametrize(
    ("values", "said"),
    [({"latent": 90, "wider": 2.0}, "0 to 71"), ({"patch": 16, "colour": True, "wider": 8.0}, "4096 are allowed")],
)
def test_what_cannot_be_is_one_line(values, said):
    with pytest.raises(BadParams, match=said):
        hub.run("sparse_autoencoder", **{**SMALL, **values})


# ---------------------------------------------------------------- of a network's layer


def test_the_class_that_a_latent_belongs_to_is_counted_by_hand():
    code = torch.zeros(3, 2, 2, 2)  # three pictures, two latents
    code[0, 0, 0, 0], code[1, 0, 1, 1], code[2, 0, 0, 1] = 3, 1, 4
    shares = activations.by_class(code.mean((2, 3)), torch.tensor([4, 9, activations.NOBODY]))  # the last is a photograph
    assert shares[4].tolist() == [0.375, 0] and shares[9].tolist() == [0.125, 0] and float(shares.sum()) == 0.5


def test_the_strongest_places_are_one_a_picture_and_leave_out_silence():
    peaks, places = torch.tensor([[0.0, 5], [1, 0], [0, 7]]), torch.tensor([[0, 5], [0, 0], [0, 1]])
    activity = activations.Activity(torch.zeros(2), torch.zeros(0, 2), peaks, places, wide=3)
    assert activity.strongest(1, 3) == [(2, 0, 1), (0, 1, 2)]


@pytest.fixture(scope="module")
def few():
    """A small layer of the embedded network on a few pictures, and an autoencoder that has learnt a little."""
    network = backbones.load("embedded")
    layer = network.layer("middle")
    names = ["stripes", "honeycomb", "eye", "grapes", "zigzag"]
    pictures = torch.cat([world.draw(name, 2, network.side, seed=1) for name in names])
    maps = activations.answers(network, layer, pictures)
    level = float(maps.std())
    labels = torch.tensor([list(world.CLASSES).index(name) for name in names]).repeat_interleave(2)
    data = activations.Activations(network, layer, pictures, labels, maps / level, level, pictures[:1], maps[:1] / level)
    return data, trained(data.parts[0], Settings(64, "top-k", 4, signed=False), steps=60)


def test_what_latents_do_is_the_same_looked_through_by_parts_as_at_once(few, monkeypatch):
    data, made = few
    monkeypatch.setattr(activations, "LOOKED", 3 * data.maps[0, 0].numel())  # ten pictures, three at a time
    found, code = finished(activations.activity(data, made)), activations.coded(data.maps, made)
    assert torch.allclose(found.rates, codes.firing_rates(activations.positions(code)))
    assert torch.allclose(found.shares, activations.by_class(code.mean((2, 3)), data.labels))
    latent = int(found.rates.argmax())
    n, row, column = found.strongest(latent, 1)[0]
    assert float(code[n, latent, row, column]) == float(code[:, latent].max()) > 0


def test_no_code_of_more_places_than_are_looked_at_is_made(few, monkeypatch):
    data, made = few
    sizes, encode = [], SparseAutoencoder.encode
    monkeypatch.setattr(activations, "LOOKED", data.maps[0, 0].numel())
    monkeypatch.setattr(SparseAutoencoder, "encode", lambda self, part: sizes.append(len(part)) or encode(self, part))
    finished(activations.activity(data, made))
    assert max(sizes) == data.maps[0, 0].numel() and len(sizes) == len(data.maps)


def test_few_latents_explain_more_of_a_layer_than_as_many_principal_components(few):
    data, made = few
    train, held = data.parts
    components = torch.linalg.svd(train - train.mean(0), full_matrices=False).Vh
    chosen = comparison.best_of(components, 4)(held - train.mean(0))  # the best four for each place, not the leading ones
    with torch.no_grad():
        code = made.encode(held)
        assert bool((code >= 0).all()) and codes.active(code) <= 4
        assert codes.explained(held, made.decode(code)) > codes.explained(held - train.mean(0), chosen)


def test_the_unlearnt_atoms_are_the_ones_that_it_began_with_about_examples():
    data, settings = F.normalize(planted(unit(20, 12), 3), dim=1), Settings(20, "top-k", 3, signed=True)
    made, fresh = trained(data, settings, steps=40), SparseAutoencoder.of(data, settings, chance())
    assert torch.equal(made.begun, fresh.dictionary) and not torch.allclose(made.begun, made.dictionary, atol=0.01)
    assert float((made.begun @ data.T).amax(1).min()) > 0.95


@pytest.mark.parametrize(("fire", "count"), [(3.6, 4), (0.1, 1), (197.6, 12)])
def test_as_many_components_stand_against_latents_as_fire(fire, count):
    assert features.as_many(fire, torch.zeros(5, 12)) == count


def test_what_is_drawn_for_a_latent_makes_it_fire(few):
    data, made = few
    pictures = finished(activations.drawn(data, made, [0, 3], chance(), (0, 1)))
    with torch.no_grad():
        maps = activations.answers(data.network, data.layer, torch.cat([pictures, torch.full_like(pictures, 0.5)])) / data.level
        values = (maps.mean((2, 3)) - made.bias) @ made.encoder.weight[[0, 3]].T
    assert values[0, 0] > values[1:, 0].max() and values[1, 1] > max(values[0, 1], values[2, 1])


def test_pictures_of_what_a_latent_fires_at_hold_the_place(few):
    data, made = few
    [cutting] = activations.cuttings(data, [(3, 5, 6)])
    reach, stride = data.reach, data.layer.stride
    top, left = (round((at + 0.5) * stride) - reach // 2 for at in (5, 6))
    assert 2 * stride <= reach <= data.network.side
    assert min(top, left) >= 0 and max(top, left) + reach <= data.network.side  # or it would be moved inside
    assert torch.equal(cutting, data.pictures[3, :, top : top + reach, left : left + reach])


def test_no_cutting_of_a_photograph_is_held_out_since_they_overlap(few):
    data, _ = few
    photographs = replace(data, labels=torch.where(torch.arange(len(data.labels)) < 5, activations.NOBODY, data.labels))
    each = data.maps[0, 0].numel()
    assert [len(part) for part in data.parts] == [8 * each, 2 * each]  # pictures 2 and 7 of ten
    train, held = photographs.parts
    assert len(train) == 9 * each and torch.equal(held, activations.positions(data.maps[[7]]))


@pytest.mark.parametrize(("image", "drawn"), [(None, 1), (noise((40, 31)), 0)], ids=["alone", "photo"])
def test_a_layer_is_coded_from_start_to_end(image, drawn, monkeypatch):
    monkeypatch.setattr(activations, "EACH", 1)
    result = hub.run("sparse_autoencoder", image, source="a layer of a network", steps=2, drawn=drawn, wider=0.5)
    assert image is None or result.image.size == image.size
    assert "layer" in result.caption and result.table and result.images[0][1].startswith("latent")
