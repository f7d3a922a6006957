"""Denoising: closed forms by chance and by training, spoiling, the network's two lives, and photographs it has never seen."""

import io
from importlib import import_module

import numpy as np
import pytest
import torch
from PIL import Image

import hub
from hub import samples
from hub.errors import BadParams
from plugins.autoencoders._examples import TEST_PHOTOS, bundled, others_than, photograph
from plugins.autoencoders._figures import psnr
from plugins.autoencoders._linear import PCA, denoiser, denoising_error, restorer, unmasker
from plugins.autoencoders._networks import Design, network
from plugins.autoencoders._patches import Patches
from plugins.autoencoders._pauses import finished
from plugins.autoencoders._training import Course, Training
from plugins.autoencoders.denoising_autoencoder import classical, report
from plugins.autoencoders.denoising_autoencoder import shrinkage as patchwise
from plugins.autoencoders.denoising_autoencoder.lessons import lessons, moments
from plugins.autoencoders.denoising_autoencoder.shrinkage import Shrinkage
from plugins.autoencoders.denoising_autoencoder.spoiling import Spoiling, cut, darkened, filled, noise_of

NAME = "denoising_autoencoder"


def chance(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def correlated(count: int, numbers: int = 6) -> tuple[torch.Tensor, torch.Tensor]:
    """Gaussian data of a known covariance, and that covariance."""
    mixing = torch.randn(numbers, numbers, generator=chance(7), dtype=torch.float64) / 4
    data = torch.randn(count, numbers, generator=chance(8), dtype=torch.float64) @ mixing.T
    return data, mixing @ mixing.T


def masks(count: int, numbers: int, keep: float) -> torch.Tensor:
    return (torch.rand(count, numbers, generator=chance(9)) < keep).double()


def cat(side: int = 160) -> Image.Image:
    """The middle of the cat, which is never trained on."""
    return samples.load("cat").crop((100, 60, 100 + side, 60 + side))


def cut_from(pieces: torch.Tensor, photo: torch.Tensor) -> int:
    """How many of some pieces are cut from a photo, by the pixels of their diagonals, value for value."""
    side = pieces.shape[-1]
    line, whole = torch.arange(side), Patches.of(photo, side).padded[0]
    down, across = (n - side + 1 for n in whole.shape[-2:])
    rows, columns = torch.arange(down)[:, None, None] + line, torch.arange(across)[None, :, None] + line
    there = {each.tobytes() for each in whole[:, rows, columns].permute(1, 2, 0, 3).reshape(-1, 3 * side).numpy()}
    return sum(each.tobytes() in there for each in pieces[..., line, line].reshape(len(pieces), -1).numpy())


# ---------------------------------------------------------------- the linear optimum


def test_the_best_linear_map_has_the_error_that_theory_gives_for_noise():
    data, covariance = correlated(200_000)
    noisy = data + 0.3 * torch.randn(data.shape, generator=chance(1), dtype=torch.float64)
    found = float((noisy @ denoiser(covariance, 0.3).T - data).square().mean())
    assert found == pytest.approx(denoising_error(torch.linalg.eigvalsh(covariance), 0.3), rel=0.01)


def test_the_general_restorer_is_the_denoiser_where_all_is_kept_and_the_unmasker_where_numbers_go_one_by_one():
    _, covariance = correlated(1)
    singly = torch.full((6, 6), 0.49, dtype=torch.float64).fill_diagonal_(0.7)
    assert torch.allclose(restorer(covariance, torch.ones_like(covariance), 0.3), denoiser(covariance, 0.3))
    assert torch.allclose(restorer(covariance, singly, 0.0), unmasker(covariance, 0.7))


def test_no_regression_on_noisy_and_masked_data_finds_a_better_linear_map():
    data, covariance = correlated(200_000)
    kept = masks(len(data), 3, 0.6).repeat(1, 2)  # masked in pairs, as the colours of a pixel are
    spoiled = (data + 0.2 * torch.randn(data.shape, generator=chance(2), dtype=torch.float64)) * kept
    fitted = torch.linalg.lstsq(spoiled, data).solution.T
    assert torch.allclose(restorer(covariance, kept.T @ kept / len(kept), 0.2), fitted, atol=0.01)


@pytest.mark.parametrize("spoil", ["noise", "mask"])
def test_a_linear_network_trained_to_denoise_ends_at_the_linear_optimum(spoil):
    data, covariance = correlated(20_000)
    generator, data = chance(3), (data - data.mean(0)).float()
    covariance = (data.T @ data / len(data)).double()
    made = network(Design((1, 1, 6), "linear", 6, depth=1), generator)

    def spoiled(batch: torch.Tensor) -> torch.Tensor:
        if spoil == "noise":
            return batch + 0.3 * torch.randn(batch.shape, generator=generator)
        return batch * (torch.rand(batch.shape, generator=generator) < 0.7)

    def objective(batch: torch.Tensor) -> torch.Tensor:
        return (made(spoiled(batch).reshape(-1, 1, 1, 6)).flatten(1) - batch).square().mean()

    for _ in Training(made, objective, data, Course(700, 512, 0.03), generator).run():
        pass
    best = denoiser(covariance, 0.3) if spoil == "noise" else unmasker(covariance, 0.7)
    with torch.no_grad():
        seen = spoiled(data)
        found, optimum = ((made(seen.reshape(-1, 1, 1, 6)).flatten(1) - data), seen @ best.T.float() - data)
    assert float(found.square().mean()) == pytest.approx(float(optimum.square().mean()), rel=0.02)


def test_colours_of_a_pixel_are_kept_together_in_the_moments():
    kept = torch.tensor([[1.0, 0.0], [1.0, 1.0]]).reshape(1, 1, 2, 2)
    found = moments(kept, 2, 3)
    assert found.shape == (12, 12) and found[1, 5] == 0 and found[0, 4] == 1 and found[0, 8] == 1 and found[2, 1] == 0


# ---------------------------------------------------------------- spoiling


@pytest.mark.parametrize("shape", ["pixels", "squares", "strokes"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_mask_covers_the_share_that_was_asked_for(shape, share):
    assert float(darkened(40, (96, 80), share, shape, chance()).mean()) == pytest.approx(share, abs=0.02)


def test_pieces_of_a_stencil_each_hold_some_of_it():
    stencil = torch.zeros(1, 1, 30, 50)
    stencil[..., 3, 44] = 1
    assert cut(stencil, 16, (9, 9), chance()).sum((1, 2, 3)).tolist() == [1.0] * 16


def test_a_plane_with_holes_is_filled_as_a_plane():
    plane = (torch.arange(24.0)[:, None] + torch.arange(32.0)[None])[None, None] / 60
    holes = darkened(1, (24, 32), 0.3, "pixels", chance())
    holes[..., [0, -1], :] = holes[..., [0, -1]] = 0
    guess = filled(plane * (1 - holes), holes, relaxed=2000)
    assert float((guess - plane).abs().max()) < 1e-3  # a plane has no Laplacian


def test_where_nothing_is_left_all_is_grey():
    assert filled(torch.zeros(1, 3, 5, 7), torch.ones(1, 1, 5, 7)).unique().tolist() == [0.5]


@pytest.mark.parametrize("sigma", [10, 25, 50])
def test_the_noise_of_a_picture_is_found(sigma):
    smooth = torch.linspace(0, 1, 200)[:, None].expand(3, 200, 200)[None]
    noisy = Spoiling(sigma / 255).noisy(smooth, chance())
    assert noise_of(noisy) * 255 == pytest.approx(sigma, rel=0.03)


# ---------------------------------------------------------------- the network


def shrinkage(noise: float = 0.1) -> Shrinkage:
    return Shrinkage(PCA.of(torch.rand(4000, 3, 4, 4, generator=chance())), (3, 4, 4), noise, chance())


@pytest.mark.parametrize("stride", [1, 2, 4])
def test_a_network_that_lets_everything_pass_gives_back_every_pixel(stride):
    made = shrinkage(1e-6)  # to so little noise any number of a code is loud
    picture = torch.rand(2, 3, 9, 13, generator=chance(1))
    assert float((made(picture, torch.zeros(2, 1, 9, 13), stride) - picture).detach().abs().max()) < 1e-3


def test_a_patch_that_is_alone_begins_as_wieners_filter():
    pca, noise = PCA.of(torch.rand(500, 1, 3, 3, generator=chance())), 0.2
    picture = torch.rand(4, 1, 3, 3, generator=chance(1))
    wiener = denoiser((pca.components.T.double() * pca.variances) @ pca.components.double(), noise).float()
    wanted = (picture.flatten(1) - pca.mean) @ wiener.T + pca.mean
    found = Shrinkage(pca, (1, 3, 3), noise, chance(), alone=True)(picture, torch.zeros(4, 1, 3, 3))
    assert torch.allclose(found.flatten(1), wanted, atol=1e-5)


def test_restoring_strip_by_strip_changes_nothing(monkeypatch):
    monkeypatch.setattr(patchwise, "STRIP", 12 * 40)
    made, picture = shrinkage(), torch.rand(1, 3, 211, 12, generator=chance(1))
    missing = (torch.rand(1, 1, 211, 12, generator=chance(2)) < 0.2).float()
    with torch.no_grad():
        torch.nn.init.normal_(made.correct, generator=chance(3))
        for stride in (1, 4):
            assert torch.allclose(finished(made.restore(picture, missing, stride)), made(picture, missing, stride), atol=1e-5)


# ---------------------------------------------------------------- without a clean picture


def test_steins_estimate_is_the_true_error_of_a_linear_filter():
    clean = torch.rand(1, 3, 128, 128, generator=chance())
    noisy = clean + 0.1 * torch.randn(clean.shape, generator=chance(1))

    def blurred(picture: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.avg_pool2d(picture, 3, 1, 1, count_include_pad=False) * 0.3 + 0.6 * picture

    probe = torch.randint(0, 2, clean.shape, generator=chance(2)).float() * 2 - 1
    found = report.sure(noisy, blurred(noisy), blurred(noisy + 0.01 * probe), probe, 0.01, 0.1)
    assert found == pytest.approx(float((blurred(noisy) - clean).square().mean()), rel=0.03)


@pytest.mark.parametrize("name", ["total variation", "wavelets"])
def test_what_foretells_hidden_pixels_is_near_the_best_strength(name):
    clean = torch.from_numpy(np.asarray(cat()).astype(np.float32) / 255).permute(2, 0, 1)[None]
    noisy = Spoiling(25 / 255).noisy(clean, chance())
    tool, strengths = classical.denoisers(25 / 255)[name]
    best = finished(classical.tuned(tool, strengths, noisy, clean))[0]
    blind = finished(classical.calibrated(tool, strengths, noisy))[0]
    assert psnr(blind, clean) > psnr(best, clean) - 0.7


def test_a_noisy_upload_gets_no_figure_that_needs_the_original():
    noisy = np.clip(np.asarray(cat()) + np.random.default_rng(0).normal(0, 20, (160, 160, 3)), 0, 255).astype(np.uint8)
    result = hub.run(NAME, Image.fromarray(noisy), spoil="nothing, it is noisy already", steps=2)
    assert set(result.metrics) == {"noise, of 255", "estimated PSNR, dB"} and "PSNR, dB" not in result.table[0]
    assert result.metrics["noise, of 255"] == pytest.approx(20, rel=0.2)
    truth = psnr(*(torch.from_numpy(np.asarray(p).astype(np.float32)) / 255 for p in (result.image, cat())))
    assert result.metrics["estimated PSNR, dB"] == pytest.approx(truth, abs=2)  # 4 % off in the noise is 2 dB


def test_wavelets_take_most_of_the_noise_from_a_plain_grey():
    noisy = Spoiling(25 / 255).noisy(torch.full((1, 3, 64, 64), 0.5), chance())
    made = classical.wavelets(noisy, 25 / 255)
    assert psnr(made, torch.full_like(made, 0.5)) > psnr(noisy, torch.full_like(made, 0.5)) + 12


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (8, 8), (24, 24), (3, 90)])
@pytest.mark.parametrize("channels", [1, 3])
def test_wavelets_take_pictures_of_any_size(size, channels):
    made = classical.wavelets(torch.rand(1, channels, *size, generator=chance()), 0.1)
    assert made.shape == (1, channels, *size) and bool(made.isfinite().all())


# ---------------------------------------------------------------- the technique


def test_a_photo_it_has_never_seen_is_restored_better_than_by_the_tuned_classical_tools():
    photo = cat(160)
    assert others_than(photo, TEST_PHOTOS) == ("astronaut",)  # no weights are chosen by the cat either: it is known again
    result = hub.run(NAME, photo, steps=40)
    figures = {row["method"]: row["PSNR, dB"] for row in result.table}
    ours = figures.pop("denoising autoencoder")
    assert ours > figures["total variation"] + 1 and ours > max(figures.values()) + 0.3
    assert result.image.size == (160, 160) and result.images[0][1].startswith("Spoiled")


def test_half_of_the_pixels_are_put_back_and_the_others_left_alone(monkeypatch):
    teaching = import_module("plugins.autoencoders.denoising_autoencoder.lessons")
    monkeypatch.setattr(teaching, "TRAINING_PHOTOS", ("coffee", "china"))  # to fill all eight takes seconds
    result = hub.run(NAME, cat(96), spoil="mask", show="all restored", steps=8)
    figures = {row["method"]: row["PSNR, dB"] for row in result.table}
    assert figures["denoising autoencoder"] > figures["spoiled"] + 20
    assert figures["denoising autoencoder"] > figures["the network before training"]
    spoiled, before, after = (np.asarray(picture) for picture in (result.images[0][0], cat(96), result.image))
    assert (after == before)[spoiled.any(-1)].all()


def test_only_what_a_mask_shows_in_white_is_filled_in():
    mask = Image.new("L", (160, 160))
    mask.paste(255, (70, 70, 82, 90))
    result = hub.run(NAME, cat(), mask=mask, steps=2)
    change = np.abs(np.asarray(result.image).astype(int) - np.asarray(cat())).max(-1)
    assert change[70:90, 70:82].any() and change.sum() == change[70:90, 70:82].sum()
    assert "PSNR, dB" not in result.metrics


def test_nothing_of_the_damage_is_left_where_the_mask_is_white_however_small_it_is_worked_on():
    photo, mask = cat(), Image.new("L", (160, 160))
    for box in ((60, 60, 91, 83), (20, 120, 140, 121)):  # a square, and a scratch thinner than a pixel that is worked on
        photo.paste((255, 0, 255), box)
        mask.paste(255, box)
    found = np.asarray(hub.run(NAME, photo, mask=mask, steps=0, size=64).image).astype(float)
    white = np.asarray(mask) > 0
    away = np.abs(found - (255, 0, 255)).max(-1)
    assert away[white].min() > 60
    assert np.array_equal(found[~white], np.asarray(photo).astype(float)[~white])


@pytest.mark.parametrize(("values", "name"), [({}, "biharmonic inpainting"), ({"spoil": "both"}, "diffusion")])
def test_what_fills_in_stands_under_its_own_name(values, name):
    table = hub.run(NAME, None, **{"data": "faces", "spoil": "mask", "steps": 0, **values}).table
    assert name in {row["method"] for row in table}


def test_biharmonic_inpainting_of_faces_is_scikit_images():
    from skimage.restoration import inpaint_biharmonic

    face = bundled("faces").held[:1]
    missing = torch.zeros_like(face)
    missing[..., 5:9, 7:12] = 1
    ours = classical.biharmonic(face * (1 - missing), missing)
    theirs = inpaint_biharmonic((face * (1 - missing))[0, 0].numpy(), missing[0, 0].numpy() > 0)
    assert np.allclose(ours[0, 0].numpy(), theirs.clip(0, 1), atol=1e-5)
    assert classical.biharmonic(face, torch.ones_like(face)) is None


@pytest.mark.parametrize(("estimate", "told"), [(-0.01, False), (0.01, True)])
def test_an_estimate_below_nothing_is_none(monkeypatch, estimate, told):
    monkeypatch.setattr(report, "sure", lambda *_: estimate)
    noisy = Image.effect_noise((40, 40), 60).convert("RGB")
    result = hub.run(NAME, noisy, spoil="nothing, it is noisy already", steps=0)
    assert ("estimated PSNR, dB" in result.metrics) is told and ("dB PSNR" in result.caption) is told


@pytest.mark.parametrize(
    ("spoil", "values"),
    [("noise", {"sigma": 0.0}), ("noise", {"sigma": 0.0001}), ("mask", {"masked": 0.0}), ("nothing, it is noisy already", {})],
)
def test_without_anything_wrong_the_picture_stays_as_it_is(spoil, values):
    plain = Image.new("RGB", (40, 30), (200, 90, 30))
    result = hub.run(NAME, plain, spoil=spoil, **values)
    assert result.image.tobytes() == plain.tobytes() and "nothing is changed" in result.caption


@pytest.mark.parametrize(("colour", "word"), [("white", "nothing is left"), ("black", "nothing is damaged")])
def test_a_mask_of_one_colour_is_refused(colour, word):
    with pytest.raises(BadParams, match=word):
        hub.run(NAME, cat(), mask=Image.new("RGB", (20, 20), colour))


def test_a_noisy_picture_cannot_be_learnt_from():
    with pytest.raises(BadParams, match="learn_from"):
        hub.run(NAME, cat(), spoil="nothing, it is noisy already", learn_from="itself")


def test_whole_pictures_are_learnt_from_to_their_rims_and_pieces_of_photographs_are_not():
    faces = finished(lessons(None, None, "faces", Spoiling(0.1), chance()))
    pieces = finished(lessons(None, cat(), "photographs", Spoiling(0.1), chance()))
    rim = torch.ones_like(faces.clean)
    rim[..., 2:-2, 2:-2] = 0
    assert float(faces.error(rim, torch.zeros_like(rim))) > 0
    rim = torch.ones_like(pieces.clean)
    rim[..., 4:-4, 4:-4] = 0
    assert float(pieces.error(rim, torch.zeros_like(rim))) == 0


@pytest.mark.parametrize(("data", "gain"), [("digits", 0.1), ("faces", 0)])
def test_bundled_pictures_are_restored_better_than_by_any_linear_map(data, gain):
    result = hub.run(NAME, data=data, sigma=50.0, steps=80 if data == "digits" else 40)
    figures = {row["method"]: row["PSNR, dB"] for row in result.table}
    assert figures["denoising autoencoder"] > figures["the best linear map of patches"] + gain


def test_a_damaged_photo_that_is_worked_on_at_a_smaller_size_keeps_its_other_pixels():
    mask = Image.new("L", (160, 160))
    mask.paste(255, (70, 70, 82, 90))
    result = hub.run(NAME, cat(), mask=mask, steps=2, size=80)
    change = np.abs(np.asarray(result.image).astype(int) - np.asarray(cat())).max(-1)
    assert change[72:88, 72:80].any() and not change[:66].any() and not change[:, 86:].any()


def test_a_quarter_is_left_as_it_was_spoiled_unless_all_is_to_be_restored():
    result = hub.run(NAME, cat(160), steps=2, sigma=50.0)
    spoiled, restored = (np.asarray(picture).astype(int) for picture, _ in result.images[:2])
    shown = np.asarray(result.image).astype(int)
    assert (shown[:, 120:] == spoiled[:, 120:]).all() and (shown[:, :120] == restored[:, :120]).all()
    with Image.open(io.BytesIO(result.files["restored.png"])) as file:
        assert (np.asarray(file) == restored).all()


@pytest.mark.parametrize(("size", "values"), [((1, 1), {}), ((7, 61), {}), ((90, 3), {"spoil": "both"}),
                                              ((1, 1), {"spoil": "mask", "masked": 0.95})])  # fmt: skip
def test_pictures_of_any_size_get_finite_figures(size, values):
    result = hub.run(NAME, Image.new("RGB", size, (200, 90, 30)), steps=1, **values)
    assert result.image.size == size and all(np.isfinite(value) for value in result.metrics.values())


def test_nothing_is_learnt_from_the_picture_itself_unless_asked():
    own, photo = samples.load("coffee"), photograph("coffee")
    taught = finished(lessons(None, own, "photographs", Spoiling(0.1), chance()))
    everything = finished(lessons(None, None, "photographs", Spoiling(0.1), chance()))
    asked = finished(lessons(photo, own, "photographs", Spoiling(0.1), chance()))
    assert cut_from(taught.train, photo) == cut_from(taught.clean, photo) == 0
    assert cut_from(everything.train, photo) == 4000 // 8 and cut_from(asked.train, photo) == len(asked.train)
    assert "flatters" in hub.run(NAME, cat(), learn_from="itself", steps=1).caption


def test_without_a_picture_there_is_no_picture_to_learn_from():
    with pytest.raises(BadParams, match="learn_from: there is no picture of yours"):
        hub.run(NAME, learn_from="itself")


def test_the_linear_rivals_take_a_patch_at_every_pixel_and_strips_change_nothing(monkeypatch):
    pca = PCA.of(torch.rand(4000, 3, 4, 4, generator=chance()))
    picture = torch.rand(1, 3, 70, 12, generator=chance(1))
    every = Patches.of(picture, 4, stride=1)
    wanted = every.joined(pca.through(every.all(), 5))
    monkeypatch.setattr(classical, "rows_for", lambda width: 32)
    found = finished(classical.by_patches(lambda part: pca.through(part, 5), picture, 4))
    assert torch.allclose(found, wanted, atol=1e-6)
    assert finished(classical.principal_components(picture, pca, 4, 1e-6))[1] == 48


def test_restoring_and_the_other_tools_can_be_stopped_on_the_way():
    shown = [each for each in hub.stream(NAME, cat(), steps=1) if 0.7 <= each.progress < 1]
    before, after = ([each.caption.startswith(word) for each in shown].count(True) for word in ("Learnt", "Restored"))
    assert before >= 1 and after >= 16 + 3  # each strength of three tools, two linear maps, the beginning
