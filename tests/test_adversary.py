import copy

import pytest
import torch
import torch.nn.functional as F

from hub.backbones.adversary import attacked, away_from, direction, frozen_statistics, length, towards_anything
from tests.networks import one_thread, some_pictures, tiny_model  # noqa: F401
from tests.test_train import same


def test_lengths_and_directions_by_hand():
    picture = torch.zeros(1, 3, 2, 2)
    picture[0, 0, 0, 0], picture[0, 2, 1, 1] = 3.0, 4.0
    assert length(picture).item() == pytest.approx(5.0)
    assert direction(picture)[0, 2, 1, 1].item() == pytest.approx(0.8)


def test_goals_by_hand():
    scores = torch.tensor([[0.0, 0.0], [9.0, 0.0]])
    assert away_from(torch.tensor([0, 0]))(scores).tolist() == pytest.approx([0.6931, 0.0001], abs=1e-3)
    assert towards_anything(scores).tolist() == pytest.approx([-0.6931, -0.0001], abs=1e-3)


@pytest.mark.parametrize("moves", [1, 3])
def test_attacked_pictures_stay_within_the_radius_and_the_range(moves):
    pictures = some_pictures(8).round(decimals=1).clamp(0, 1)
    moved = attacked(tiny_model(), pictures, away_from(torch.arange(8) % 4), 1.25, torch.Generator().manual_seed(0), moves)
    assert moved.min() >= 0 and moved.max() <= 1 and not moved.requires_grad
    lengths = (moved - pictures).flatten(1).norm(dim=1)
    assert lengths.max() <= 1.25 + 1e-4 and lengths.min() > 0


def test_attacked_pictures_are_harder_than_any_chance_of_that_length():
    model, pictures = tiny_model(), some_pictures(8)

    def loss(moved):
        with torch.no_grad():
            return F.cross_entropy(model(moved), labels).item()

    with torch.no_grad():
        labels = model(pictures).argmax(1)
    moved = attacked(model, pictures, away_from(labels), 2.0, torch.Generator().manual_seed(0))
    lengths = (moved - pictures).flatten(1).norm(dim=1).view(-1, 1, 1, 1)
    by_chance = []
    for seed in range(5):
        noise = torch.randn(pictures.shape, generator=torch.Generator().manual_seed(seed))
        by_chance.append(loss((pictures + lengths * noise / noise.flatten(1).norm(dim=1).view(-1, 1, 1, 1)).clamp(0, 1)))
    gain, chance = loss(moved) - loss(pictures), max(by_chance) - loss(pictures)
    assert gain > 0 and gain > 3 * chance


def test_an_attack_is_reproducible_and_leaves_the_model_ready_to_learn():
    model, pictures, labels = tiny_model().train(), some_pictures(4), torch.arange(4)
    before = copy.deepcopy(model)
    with frozen_statistics(model):
        first, again = (attacked(model, pictures, away_from(labels), 1.0, torch.Generator().manual_seed(1)) for _ in range(2))
    assert torch.equal(first, again)
    assert same(model, before)  # running means too
    assert model.training and all(p.requires_grad and p.grad is None for p in model.parameters())


def test_frozen_statistics_thaw_after_an_error():
    model = tiny_model().train()
    with pytest.raises(ZeroDivisionError), frozen_statistics(model):
        assert not model.training and not any(p.requires_grad for p in model.parameters())
        1 / 0  # noqa: B018
    assert model.training and all(p.requires_grad for p in model.parameters())


def test_more_moves_go_further_towards_something():
    model, pictures = tiny_model(), some_pictures(8)

    def sureness(moved):
        with torch.no_grad():
            return towards_anything(model(moved)).mean().item()

    one, four = (attacked(model, pictures, towards_anything, 2.0, torch.Generator().manual_seed(3), m) for m in (1, 4))
    assert sureness(pictures) < sureness(one) < sureness(four)
