"""What stands in for PyTorch's resamplings where those are not the same each time: the same numbers, and the same gradients."""

import pytest
import torch
import torch.nn.functional as F

from hub import resampling


def pictures(height: int, width: int) -> torch.Tensor:
    return torch.rand(2, 3, height, width, generator=torch.Generator().manual_seed(1), dtype=torch.float64).requires_grad_()


def with_gradient(made: torch.Tensor, of: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    weights = torch.linspace(-1, 1, made.numel(), dtype=made.dtype).view(made.shape)
    return made, torch.autograd.grad((made * weights).sum(), of)[0]


@pytest.mark.parametrize("kernel", ["bicubic", "bilinear"])
@pytest.mark.parametrize(
    ("old", "new"), [((20, 31), (7, 11)), ((9, 6), (24, 50)), ((40, 3), (5, 9)), ((1, 1), (6, 4)), ((600, 2), (1, 1))]
)
def test_resizing_by_products_is_resizing(old, new, kernel):
    given = pictures(*old)
    wanted = with_gradient(F.interpolate(given, size=new, mode=kernel, antialias=True), given)
    found = with_gradient(resampling.by_products(given, new, kernel), given)
    assert found[0].shape == (2, 3, *new)
    assert all(torch.allclose(one, other, atol=1e-6) for one, other in zip(found, wanted, strict=True))


@pytest.mark.parametrize("reach", [0.9, 1.0, 1.3, 3.7])
@pytest.mark.parametrize("size", [(12, 17), (1, 5), (2, 2)])
def test_sampling_by_indexing_is_sampling(size, reach):
    given = pictures(*size)
    grid = reach * (2 * torch.rand(2, 9, 8, 2, generator=torch.Generator().manual_seed(2), dtype=torch.float64) - 1)
    wanted = with_gradient(F.grid_sample(given, grid, padding_mode="reflection", align_corners=False), given)
    found = with_gradient(resampling.by_indexing(given, grid), given)
    assert all(torch.allclose(one, other, atol=1e-9) for one, other in zip(found, wanted, strict=True))


def test_on_a_processor_they_are_pytorchs_own():
    given, grid = pictures(8, 8), torch.zeros(2, 4, 4, 2, dtype=torch.float64)
    assert torch.equal(resampling.resize(given, (5, 5)), F.interpolate(given, size=(5, 5), mode="bicubic", antialias=True))
    assert torch.equal(resampling.sample(given, grid), F.grid_sample(given, grid, padding_mode="reflection", align_corners=False))
    assert resampling.resize(given, (8, 8)) is given
