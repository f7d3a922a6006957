import pytest
import torch

from hub.world.nothing import blank, nothing, repeated, scrambled


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def numbered(side: int = 24) -> torch.Tensor:
    """A picture whose every pixel has a value of its own."""
    return (torch.arange(3 * side * side).float() / (3 * side * side)).view(1, 3, side, side)


def test_a_scrambled_picture_has_the_same_pixels_elsewhere():
    picture = numbered(24)  # 24 is a multiple of two and of three: nothing is resampled
    for seed in range(6):
        moved = scrambled(picture, seeded(seed))
        assert torch.allclose(moved.flatten().sort().values, picture.flatten().sort().values, atol=1e-6)
        assert (moved != picture).float().mean() > 0.5


def test_every_picture_of_a_batch_is_scrambled_its_own_way():
    moved = scrambled(numbered(24).expand(4, -1, -1, -1), seeded())
    assert len({tuple(m.flatten().tolist()) for m in moved}) > 1


@pytest.mark.parametrize("side", [31, 32, 64])
def test_sizes_that_do_not_divide_are_kept(side):
    pictures = torch.rand(2, 3, side, side, generator=seeded())
    assert scrambled(pictures, seeded(1)).shape == repeated(pictures, seeded(1)).shape == pictures.shape


def test_a_repeated_part_stands_four_times_and_comes_from_the_picture():
    picture = numbered(32)
    page = repeated(picture, seeded(2))
    first, mirrored, below, last = page[..., :16, :16], page[..., :16, 16:], page[..., 16:, :16], page[..., 16:, 16:]
    assert torch.equal(first, below) and torch.equal(first, last) and torch.equal(first, mirrored.flip(-1))
    assert set(first.flatten().tolist()) <= set(picture.flatten().tolist())


def test_blanks_are_soft_and_differ():
    pictures = blank(6, 48, seeded())
    steps = (pictures[..., 1:] - pictures[..., :-1]).abs().mean((1, 2, 3))
    assert pictures.shape == (6, 3, 48, 48) and pictures.min() >= 0 and pictures.max() <= 1
    assert steps.max() < 0.12 and pictures.flatten(1).mean(1).std() > 0.01


def test_nothing_takes_things_and_adds_blanks():
    things = torch.rand(7, 3, 32, 32, generator=seeded())
    first, again = (nothing(things, 3, seeded(5)) for _ in range(2))
    assert first.shape == (10, 3, 32, 32) and torch.equal(first, again)
