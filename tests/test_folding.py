import copy
import threading

import pytest
import timm
import torch
from torch import nn

from hub.backbones.folding import fold_batch_norms, without_in_place
from tests.networks import NARROW, one_thread, seeded, some_pictures  # noqa: F401

SMALL = [
    ("resnet18", NARROW),
    ("resnet50", {"layers": [1, 1, 1, 1], "channels": [8, 8, 12, 16]}),
    ("densenet121", {"growth_rate": 8, "block_config": (1, 2, 1, 1)}),
    ("mobilenetv3_small_050", {}),
    ("convnext_atto", {"depths": (1, 1, 1, 1), "dims": (8, 12, 16, 20)}),
    ("repvgg_a0", {}),
]


def answer(model: nn.Module, pictures: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return model((pictures - 0.5) / 0.25)


def batch_norms(model: nn.Module) -> int:
    return sum(isinstance(module, nn.BatchNorm2d) for module in model.modules())


@pytest.mark.parametrize(("architecture", "model_args"), SMALL, ids=[name for name, _ in SMALL])
def test_folding_keeps_what_a_network_computes(architecture, model_args):
    model = seeded(lambda: timm.create_model(architecture, pretrained=False, num_classes=7, **model_args))
    pictures = some_pictures(2, 64, 64)
    before = answer(model, pictures)
    after = answer(without_in_place(fold_batch_norms(model, 64)), pictures)
    assert torch.allclose(after, before, rtol=1e-4, atol=1e-4 * float(before.abs().max()))


@pytest.mark.parametrize("architecture", ["resnet18", "resnet50"])
def test_no_batch_norm_is_left_where_each_follows_a_convolution(architecture):
    model = seeded(lambda: timm.create_model(architecture, pretrained=False, **dict(SMALL)[architecture]))
    assert batch_norms(model) > 0
    assert batch_norms(fold_batch_norms(model, 64)) == 0


def test_a_convolution_that_something_else_looks_at_keeps_its_batch_norm():
    class Branch(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.bn = nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3)

        def forward(self, x):
            out = self.conv(x)
            return out + self.bn(out)

    model, pictures = seeded(Branch), some_pictures()
    before = answer(model, pictures)
    folded = fold_batch_norms(model, 64)
    assert batch_norms(folded) == 1 and torch.allclose(answer(folded, pictures), before, atol=1e-5)


def test_a_convolution_used_twice_is_right_at_both_places():
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.bn = nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3)

        def forward(self, x):
            return self.conv(self.bn(self.conv(x)))

    model, pictures = seeded(Twice), some_pictures()
    before = answer(model, pictures)
    assert torch.allclose(answer(fold_batch_norms(model, 64), pictures), before, atol=1e-5)


def test_a_network_that_cannot_be_traced_is_left_as_it_is():
    class Branching(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.bn = nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3)

        def forward(self, x):
            return self.bn(self.conv(x)) if x.sum() > 0 else self.conv(x)

    model = seeded(Branching)
    state = copy.deepcopy(model.state_dict())
    folded = fold_batch_norms(model, 64)
    assert batch_norms(folded) == 1
    assert all(torch.equal(a, b) for a, b in zip(state.values(), folded.state_dict().values(), strict=True))


def test_activations_no_longer_write_over_their_input():
    model = without_in_place(nn.Sequential(nn.ReLU(inplace=True), nn.Sequential(nn.SiLU(inplace=True))))
    given = torch.tensor([-1.0, 2.0])
    model(given)
    assert given.tolist() == [-1.0, 2.0]


def test_nothing_of_other_threads_is_touched_while_networks_are_looked_through():
    """Tracing that patches modules for the whole process breaks whoever computes meanwhile, and, done twice at once, for good."""
    def fold() -> None:
        while not ended.is_set():
            fold_batch_norms(seeded(lambda: timm.create_model("resnet18", pretrained=False, **NARROW)), 64)

    other, pictures, ended = seeded(lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())), some_pictures(), threading.Event()
    expected, call = answer(other, pictures), nn.Module.__call__
    threads = [threading.Thread(target=fold) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(300):
            assert torch.equal(answer(other, pictures), expected)
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    assert nn.Module.__call__ is call
