import numpy as np
import scipy.linalg
import torch

from hub.pixels import matrices


def some_matrices(size: int, count: int) -> torch.Tensor:
    """Symmetric positive definite matrices, (count, size, size), none of them near singular."""
    factor = torch.randn(count, size, size, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return factor @ factor.mT / size + 0.2 * torch.eye(size, dtype=torch.float64)


def test_matrix_square_root_is_that_of_scipy():
    some = some_matrices(7, 3)
    for matrix, root, inverse in zip(some, *matrices.matrix_square_root(some), strict=True):
        expected = scipy.linalg.sqrtm(matrix.numpy())
        assert np.allclose(root.numpy(), expected) and np.allclose(inverse.numpy(), np.linalg.inv(expected))


def test_a_root_of_what_has_none_stays_finite():
    flat = torch.ones(1, 6, 6)  # one direction only
    root, inverse = matrices.matrix_square_root(flat)
    assert torch.allclose(root @ root, flat, atol=1e-4) and bool(torch.isfinite(inverse).all())


def test_the_spectral_exponential_is_that_of_scipy():
    some = some_matrices(5, 2)
    for matrix, made in zip(some, matrices.spectral(some, torch.exp), strict=True):
        assert np.allclose(made.numpy(), scipy.linalg.expm(matrix.numpy()))
