"""One optimisation step at a time, of ours, of plain practice, and of published tools, on the same network."""

from __future__ import annotations

import copy
import sys
import time
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from unittest.mock import patch

import timm
import torch
from torch import Tensor, nn
from torch.optim.optimizer import register_optimizer_step_post_hook

from hub import devices
from hub.backbones import Backbone
from hub.pixels import Adam, Climb, Fourier, Pixels, Robustness, maximise, objectives

Run = Callable[[int], list[float]]
"""Take that many steps; return the seconds of each."""


def network(architecture: str, seed: int = 0) -> nn.Module:
    """A timm model with random weights; what it costs does not depend on them."""
    torch.manual_seed(seed)
    return timm.create_model(architecture, pretrained=False).eval()


def frozen(model: nn.Module, dtype: torch.dtype) -> Backbone:
    with patch.object(devices, "compute_dtype", lambda: dtype):
        return Backbone("benchmark", copy.deepcopy(model), model.pretrained_cfg)


# ---------------------------------------------------------------- ours


def steps_of(previews: Iterator) -> Run:
    def run(count: int) -> list[float]:
        times = []
        for _ in range(count):
            start = time.perf_counter()
            next(previews)
            times.append(time.perf_counter() - start)
        return times

    return run


def ours_filter(model: nn.Module, layer: str, side: int, dtype: torch.dtype) -> Run:
    """Activation maximization as the technique does it: Fourier canvas, robustness, Adam."""
    generator = torch.Generator().manual_seed(0)
    return steps_of(
        maximise(
            objectives.channel(layer, 17),
            Fourier(1, (side, side), generator),
            frozen(model, dtype),
            steps=10**9,
            rule=Adam(0.05),
            generator=generator,
            robustness=Robustness(),
        )
    )


def ours_dream(model: nn.Module, layer: str, side: int, dtype: torch.dtype) -> Run:
    """A dream as the technique does it: pixels, shifts, normalised gradients."""
    generator = torch.Generator().manual_seed(0)
    photo = torch.rand(1, 3, side, side, generator=generator)
    return steps_of(
        maximise(
            objectives.energy(layer),
            Pixels(photo),
            frozen(model, dtype),
            steps=10**9,
            rule=Climb(0.01),
            generator=generator,
            roll=24,
        )
    )


# ---------------------------------------------------------------- plain practice


def reference(model: nn.Module, layer: str, side: int, wish: Callable[[Tensor], Tensor]) -> Run:
    """As notebooks commonly do it: a hook, the whole network forward, weight gradients too, NCHW, float32, pixels and a shift."""
    picture = torch.rand(1, 3, side, side, requires_grad=True)
    optimiser = torch.optim.Adam([picture], lr=0.05)
    caught = {}

    def step() -> None:
        dx, dy = torch.randint(-8, 9, (2,)).tolist()
        optimiser.zero_grad()
        handle = model.get_submodule(layer).register_forward_hook(lambda _m, _i, out: caught.update(out=out))
        model(picture.roll((dx, dy), (-2, -1)))
        handle.remove()
        (-wish(caught["out"])).backward()
        optimiser.step()

    return steps_of(iter(step, object()))


# ---------------------------------------------------------------- published tools


@contextmanager
def noted_steps() -> Iterator[list[float]]:
    """The moments at which any optimiser finished a step."""
    moments: list[float] = []
    handle = register_optimizer_step_post_hook(lambda *_: moments.append(time.perf_counter()))
    try:
        yield moments
    finally:
        handle.remove()


def between_steps(work: Callable[[int], object]) -> Run:
    """From a tool that runs by itself: the time between the ends of its steps, so that its set-up is left out."""

    def run(count: int) -> list[float]:
        with noted_steps() as moments:
            work(count + 1)
        return [b - a for a, b in zip(moments, moments[1:], strict=False)]

    return run


def lucent(model: nn.Module, layer: str, side: int) -> Run:
    shell = types.ModuleType("IPython.display")  # it only wants to show pictures in a notebook
    shell.display = shell.Image = shell.HTML = None
    for name in ("IPython", "IPython.display"):
        sys.modules.setdefault(name, shell)
    from lucent.optvis import param, render

    return between_steps(
        lambda count: render.render_vis(
            model,
            f"{layer.replace('.', '_')}:17",
            lambda: param.image(side),
            thresholds=(count,),
            progress=False,
            show_image=False,
            fixed_image_size=side,
        )
    )


def dreamlens(model: nn.Module, layer: str, side: int) -> Run:
    from dreamlens import FeatureVisualizer, RenderConfig

    tool = FeatureVisualizer(model, quiet=True)
    return between_steps(lambda count: tool.maximize_channel(layer, 17, RenderConfig(width=side, height=side, steps=count)))


def horama(model: nn.Module, layer: str, side: int) -> Run:
    import horama as tool

    caught = {}
    model.get_submodule(layer).register_forward_hook(lambda _m, _i, out: caught.update(out=out))

    def wish(pictures: Tensor) -> Tensor:
        model(pictures)
        return caught["out"][:, 17].mean()

    run = between_steps(
        lambda count: tool.fourier(
            wish, total_steps=count, image_size=side, model_input_size=side, crops_per_iteration=2, device="cpu"
        )
    )
    return lambda count: [duration / 2 for duration in run(count)]  # of one crop; with a single one it fails


PEERS = {"lucent": lucent, "dreamlens": dreamlens, "horama": horama}


def installed() -> list[str]:
    return [name for name in PEERS if find_spec(name)]
