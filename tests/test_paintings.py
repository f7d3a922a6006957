import numpy as np
import pytest

from hub.world.paintings import PAINTINGS, painting


@pytest.mark.parametrize("name", PAINTINGS)
def test_a_painting_has_the_size_asked_for_and_the_same_bytes_each_time(name):
    first, again, other = painting(name, 64), painting(name, 64), painting(name, 64, seed=2)
    assert first.size == (64, 64) and first.mode == "RGB"
    assert first.tobytes() == again.tobytes() != other.tobytes()


@pytest.mark.parametrize("name", PAINTINGS)
def test_a_painting_is_busy_everywhere(name):
    """No corner of it is blank: each quarter holds light and dark."""
    grey = np.asarray(painting(name, 128).convert("L")).astype(float)
    assert min(grey[y : y + 64, x : x + 64].std() for y in (0, 64) for x in (0, 64)) > 12
