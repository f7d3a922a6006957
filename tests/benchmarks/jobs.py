"""What is measured. Each job runs in a process of its own and prints one line of JSON: `python -m tests.benchmarks.jobs NAME`."""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from statistics import median

import torch

from hub import devices
from tests.benchmarks import contenders, measure

FILTERS = {
    "filter, ResNet-50 layer2, 224 px": ("resnet50", "layer2", 224),
    "filter, VGG-19 conv3_3, 224 px": ("vgg19", "features.14", 224),
    "filter, ResNet-18 layer2, 64 px": ("resnet18", "layer2", 64),
}
DREAMS = {
    "dream, ResNet-50 layer3, 512 px": ("resnet50", "layer3", 512),
    "dream, ResNet-18 layer3, 96 px": ("resnet18", "layer3", 96),
}
WHOLES: dict[str, tuple[str, int, dict]] = {  # technique, longer side of the photo or 0 for none, parameters
    "default filter picture": ("activation_maximization", 0, {}),
    "sheet of 32 filters": ("activation_maximization", 0, {"show": "sheet of a layer", "layer": "late", "filters": 32}),
    "dream of a 512 px photo": ("deep_dream", 512, {}),
    "instant style of a 512 px photo": ("instant_style", 512, {}),
    "autoencoder of digits": ("autoencoder", 0, {}),
    "autoencoder of a 512 px photo": ("autoencoder", 512, {}),
    "compression of a 512 px photo": ("compression", 512, {}),
    "unpooling, six decoders": ("unpooling", 0, {}),
    "unpooling of a 512 px photo": ("unpooling", 512, {}),
    "denoising of a 512 px photo": ("denoising_autoencoder", 512, {}),
    "filling in half of its pixels": ("denoising_autoencoder", 512, {"spoil": "mask"}),
    "sparse codes of a 512 px photo": ("sparse_autoencoder", 512, {}),
    "sparse codes of a layer": ("sparse_autoencoder", 512, {"source": "a layer of a network"}),
    "pre-training": ("pretraining", 0, {}),
    "an autoencoder of one's own": ("build_autoencoder", 0, {}),
    "instant style, an own style": ("instant_style", 512, {"style": "sample:gravel"}),
    "style transfer at 384 px": ("style_transfer", 512, {}),
    "photo style of a 1024 px photo": ("photo_style", 1024, {}),
}
QUICK = ("filter, ResNet-18 layer2, 64 px", "dream, ResNet-18 layer3, 96 px", "default filter picture")
SLOW = tuple(name for name in (*FILTERS, *DREAMS, *WHOLES) if "ResNet-18" not in name)


def step_job(name: str, repetitions: int) -> dict[str, float]:
    """Seconds and operations of one step."""
    make, (architecture, layer, side) = (
        (contenders.ours_filter, FILTERS[name]) if name in FILTERS else (contenders.ours_dream, DREAMS[name])
    )
    before = measure.peak_memory()
    run = make(contenders.network(architecture), layer, side, devices.compute_dtype())
    run(2)
    times = run(repetitions)
    return {"seconds": median(times), "peak": measure.peak_memory(), "before": before, "flops": measure.flops(lambda: run(1))}


def whole_job(name: str, repetitions: int) -> dict[str, float]:
    """Seconds of a technique from call to last result, and to its first preview, as a front end sees it; after one to warm up."""
    technique, side, params = WHOLES[name]
    before = measure.peak_memory()
    run_once(technique, side, params)
    times = [run_once(technique, side, params) for _ in range(repetitions)]
    return {
        "seconds": median(total for total, _ in times),
        "first": median(first for _, first in times),
        "peak": measure.peak_memory(),
        "before": before,
        "flops": measure.flops(lambda: run_once(technique, side, params)),
    }


def run_once(technique: str, side: int, params: dict) -> tuple[float, float]:
    import hub
    from hub.runners.local import watch

    start, first = time.perf_counter(), 0.0
    for result in watch(hub.stream(technique, photo(side), **params)):
        _ = result.image
        first = first or time.perf_counter() - start
    return time.perf_counter() - start, first


def photo(side: int) -> object:
    """A sample, its longer side exactly `side` pixels; None for 0."""
    if not side:
        return None
    from hub import samples

    image = samples.load("astronaut")
    factor = side / max(image.size)
    return image.resize((round(image.width * factor), round(image.height * factor)))


def machine(repetitions: int) -> dict[str, dict[str, float]]:
    """Operations a second by shape, in each format that the engine would use here."""
    formats = [torch.float32] + [torch.bfloat16] * devices.has_fast_bf16()
    return {
        str(dtype).removeprefix("torch."): {
            f"{c}→{c} @{side}": rate for (c, side), rate in measure.best_throughput(dtype, repetitions).items()
        }
        for dtype in formats
    }


def comparison(name: str, rounds: int, steps: int, peers: bool) -> dict[str, float | str]:
    """Median seconds a step of every contender, taking turns."""
    architecture, layer, side = FILTERS.get(name) or DREAMS[name]
    model = contenders.network(architecture)
    ours = contenders.ours_filter if name in FILTERS else contenders.ours_dream
    wish: Callable = (lambda f: f[:, 17].mean()) if name in FILTERS else (lambda f: f.square().mean() / 2)
    runs: dict[str, contenders.Run] = {"Netsee float32": ours(model, layer, side, torch.float32)}
    if devices.has_fast_bf16():
        runs["Netsee bfloat16"] = ours(model, layer, side, torch.bfloat16)
    runs["plain practice"] = contenders.reference(model, layer, side, wish)
    if peers and name in FILTERS:
        runs |= {peer: contenders.PEERS[peer](model, layer, side) for peer in contenders.installed()}
    failed = {label: reason for label, run in runs.items() if (reason := trouble_with(run))}
    runs = {label: run for label, run in runs.items() if label not in failed}
    times: dict[str, list[float]] = {label: [] for label in runs}
    for _ in range(rounds):
        for label, run in runs.items():
            times[label] += run(steps)
    return {label: median(found) for label, found in times.items()} | failed


def quality() -> dict[str, int]:
    """How many class pictures the judge names, as they are and moved; both networks compute in this process's format."""
    from hub import sheets
    from hub.backbones.card import transfer
    from hub.pixels import images

    drawn = sheets.class_pictures("embedded")
    named = transfer(torch.cat([images.to_tensor(image) for image, _ in drawn.images]))
    return {moved: sum(hits) for moved, hits in named.items()} | {"of": len(drawn.images)}


def trouble_with(run: contenders.Run) -> str:
    """Warm up; say in a line what went wrong, which is not ours to mend in other people's tools."""
    try:
        run(2)
    except Exception as error:
        return f"{type(error).__name__}: {error}".splitlines()[0][:100]
    return ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument("--repetitions", type=int, default=10)
    parser.add_argument("--compare", action="store_true")
    parser.add_argument("--peers", action="store_true")
    asked = parser.parse_args()
    if "OMP_NUM_THREADS" in os.environ:
        torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    devices.settle()
    if asked.name == "machine":
        found: dict = machine(asked.repetitions)
    elif asked.name == "quality":
        found = quality()
    elif asked.compare:
        found = comparison(asked.name, max(2, asked.repetitions // 3), 4, asked.peers)
    else:
        found = (whole_job if asked.name in WHOLES else step_job)(asked.name, asked.repetitions)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
