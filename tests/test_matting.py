import numpy as np
import pytest
import torch

from hub.errors import ShapeError
from hub.pixels.matting import Matting
from tests.networks import some_pictures


def levin(photo: np.ndarray, eps: float) -> np.ndarray:
    """The matting Laplacian of Levin et al. 2008, eq. 12, entry by entry. photo: (H, W, 3)."""
    height, width, _ = photo.shape
    matrix = np.zeros((height * width, height * width))
    for y in range(1, height - 1):
        for x in range(1, width - 1):
            window = [(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
            colours = np.array([photo[at] for at in window])
            mean, spread = colours.mean(0), np.cov(colours.T, bias=True)
            inverse = np.linalg.inv(spread + eps / 9 * np.eye(3))
            for i, at in enumerate(window):
                for j, to in enumerate(window):
                    share = (1 + (colours[i] - mean) @ inverse @ (colours[j] - mean)) / 9
                    matrix[at[0] * width + at[1], to[0] * width + to[1]] += (i == j) - share
    return matrix


@pytest.mark.parametrize("eps", [1e-7, 1e-2])
def test_the_energy_and_its_gradient_are_those_of_the_laplacian(eps):
    noise = torch.Generator().manual_seed(1)
    photo, picture = (torch.rand(1, 3, 5, 5, generator=noise).double() for _ in range(2))
    matrix = levin(photo[0].permute(1, 2, 0).numpy(), eps)
    flat = picture[0].flatten(1).numpy()
    assert Matting(photo, eps)(picture).item() == pytest.approx(float(np.einsum("cn,nm,cm->", flat, matrix, flat)), rel=1e-6)
    seen = picture.clone().requires_grad_()
    (slope,) = torch.autograd.grad(Matting(photo, eps)(seen).sum(), seen)
    assert np.allclose(slope[0].flatten(1).numpy(), 2 * flat @ matrix, atol=1e-6)


def test_an_affine_map_of_the_photo_has_no_energy_and_another_picture_has():
    photo = some_pictures(1, 12, 14).double()
    matrix = torch.tensor([[0.5, 0.3, 0.0], [0.1, 0.8, -0.2], [0.0, 0.1, 1.4]]).double()
    mapped = torch.einsum("rc,bchw->brhw", matrix, photo) + 0.1
    energy = Matting(photo, 1e-9)
    assert energy(mapped).item() < 1e-6 and energy(photo.flip(3)).item() > 1e-3


def test_a_batch_is_its_pictures_one_by_one():
    photo, pictures = some_pictures(1, 8, 8), some_pictures(3, 8, 8, seed=9)
    assert torch.allclose(Matting(photo)(pictures), torch.cat([Matting(photo)(p[None]) for p in pictures]), rtol=1e-3)


def test_a_photo_smaller_than_a_window_is_refused():
    with pytest.raises(ShapeError, match="2 × 9"):
        Matting(torch.zeros(1, 3, 9, 2))
