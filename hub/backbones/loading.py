"""From a name to a network: `fetched` brings its files, `load` gives the network, `layers` tells of it without its weights.

timm is imported by the first network that is loaded: with torchvision, which it brings, that takes two seconds, and a page that
opens need not wait for them.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from itertools import islice
from pathlib import Path

import torch
from huggingface_hub import constants

from hub import fetching
from hub.backbones import catalogue, naming
from hub.backbones.backbone import Backbone
from hub.backbones.blueprint import Blueprint
from hub.backbones.layers import CLASSES, DEPTHS, Layer, unit_names
from hub.backbones.naming import Name
from hub.backbones.rehearsal import rehearsed
from hub.backbones.shelf import Shelf
from hub.backbones.sources import CHANCE, blueprint, config_of, from_folder
from hub.errors import InputError, NotOffline, UnknownLayer, UnsupportedBackbone
from hub.fetching import Wanted
from hub.fetching.lifeline import Progress

HERE = Path(__file__).parent
KEPT_BYTES = 2 << 30
RATE = 1e11  # floating-point operations a second of two cores of a common server, in float32
NAMED = 5  # networks, at most, that are told where one cannot be had
SLACK = 1.5  # a file may hold what the network does not use, such as auxiliary classifiers
_shelf: Shelf[Backbone] = Shelf(KEPT_BYTES, lambda network: network.bytes)
_hashes: dict[str, str] = {}
_drawing = threading.RLock()


# ---------------------------------------------------------------- networks


def load(name: str) -> Backbone:
    """A network by name, frozen; its files are fetched where they are not here. As many as fit into KEPT_BYTES are kept, and two
    who ask for one at once get the same; of a folder whose files were changed, the new one.

    Raises UnknownBackbone where nothing answers to the name, UnsupportedBackbone where it cannot be looked into, OverLimit where
    it is too large, NotOffline and FetchFailed where its weights would have to be downloaded and cannot.
    """
    asked = str(naming.parse(name))
    key = f"{asked} {_state(asked)}"
    network = _shelf.get(key, lambda: _made(asked))
    _hashes[key] = network.hash
    return network


@cache
def judge() -> Backbone:
    """The second network of this project, which no technique ever optimises against: it says what another network sees."""
    plan = from_folder(Name("local-dir", "judge"), HERE / "judge")
    return Backbone("judge", plan.fill(None), plan.config, plan.classes)


def _made(asked: str) -> Backbone:
    for _ in fetched(asked):
        pass
    name, plan = naming.parse(asked), drawn(asked)
    with _drawing:
        plan.layers()  # of what is here already too, before memory is taken
    if name.seed is None:
        model = plan.filled(_lies(plan))
    else:
        with CHANCE, torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(name.seed)
            model = plan.build()
    return Backbone(asked, model, plan.config, plan.classes)


def hash_of(name: str) -> str:
    """The hash of a network's weights, as `Backbone.hash`; it is loaded where it never was in this process. Raises as `load`."""
    asked = str(naming.parse(name))
    return _hashes.get(f"{asked} {_state(asked)}") or load(asked).hash


def _state(asked: str) -> tuple[int, ...]:
    """What changes with the files of a folder: the time, the size and the inode of each. Other networks stay what they are."""
    name = naming.parse(asked)
    files = [Path(name.model, file) for file in ("config.json", "model.safetensors")] if name.scheme == "local-dir" else []
    facts = [file.stat() if file.is_file() else None for file in files]
    return tuple(number for each in facts for number in ((each.st_mtime_ns, each.st_size, each.st_ino) if each else (0, 0, 0)))


# ---------------------------------------------------------------- what is known before the weights are here


@lru_cache(maxsize=32)
def _drawn(asked: str, _state: tuple[int, ...]) -> Blueprint:
    return blueprint(naming.parse(asked))


def drawn(name: str) -> Blueprint:
    """The blueprint of a network, whose files but for the weights are here. Raises as `load`."""
    with _drawing:
        return _drawn(name, _state(name))


def layers(name: str) -> list[Layer]:
    """The layers of a network, without its weights: those of a menu are told at once and offline. Raises as `load`."""
    asked = str(naming.parse(name))
    for _ in _drawable(asked):
        pass
    plan = drawn(asked)
    with _drawing:
        return plan.layers()


def units(name: str, layer: str) -> list[str]:
    """The names of a layer's channels, without weights.

    Raises as `load`, and UnknownLayer: also for the classes of a network that has none, where `Backbone.units` takes its late
    layer.
    """
    known = layers(name)
    plan = drawn(str(naming.parse(name)))
    wanted = plan.anatomy.deep(layer).name if layer in DEPTHS else layer
    found = next((each for each in known if each.name == wanted), None)
    if found is None and layer == CLASSES:
        raise UnknownLayer(layer, of=name, hint=f"It has no classifier. List its layers: netsee layers {name}")
    if found is None:
        raise UnknownLayer(layer, [*DEPTHS, *(each.name for each in known)], of=name, hint=f"List them: netsee layers {name}")
    return unit_names(found, plan.classes)


def seconds(name: str, pixels: float, layer: str = CLASSES) -> float:
    """How long two processor cores take, roughly, for steps of gradient ascent on so many pixels in all. Raises as `load`.

    layer: the deepest that is looked at, as what comes after it is not computed; of one that is not there, all is.
    """
    asked = str(naming.parse(name))
    for _ in _drawable(asked):
        pass
    with _drawing:
        plan = drawn(asked)
        module = plan.anatomy.deep(layer).module if layer in DEPTHS else layer.partition(":")[0]
        return 2 * plan.work.get(module, plan.work[""]) * pixels / RATE  # forward, and back to the picture


# ---------------------------------------------------------------- files


def fetched(name: str) -> Iterator[Progress]:
    """Bring the files of a network, where they are not here: how far each is, about four times a second.

    Nothing is asked of the network for what lies in the cache. Closing it cancels. Raises as `load`.
    """
    asked = naming.parse(name)
    if asked.scheme == "local-dir":
        for _ in _drawable(str(asked)):  # nothing comes, so nothing is shown
            pass
        return
    yield from _drawable(str(asked))
    plan = drawn(str(asked))
    if asked.seed is not None or plan.here or _lies(plan) is not None:
        return
    with _drawing:
        plan.layers()  # where there is nothing to see, this says so before it is downloaded
        largest = round(SLACK * plan.bytes) + (16 << 20)
    if plan.url:
        with _or_what_is_here():
            yield from fetching.fetched_url(plan.url, *_checkpoint(plan), largest)
    elif plan.weights:
        with _or_what_is_here():
            yield from fetching.fetch(limited(plan.weights, largest))
    else:
        raise UnsupportedBackbone(f"{name} has no safetensors on the Hub. Other formats can run code, so they are not read.")


def _drawable(asked: str) -> Iterator[Progress]:
    """See that a network can be drawn: that its settings are here, and, where they are a stranger's, do no harm."""
    name = naming.parse(asked)
    if name.scheme == "hf-hub" and fetching.cached(config_of(name)) is None:
        with _or_what_is_here():
            yield from fetching.fetch(config_of(name))
    if name.scheme in ("hf-hub", "local-dir"):
        yield from rehearsed(asked, drawn(asked).described)


@contextmanager
def _or_what_is_here() -> Iterator[None]:
    """While it is entered, what cannot be had without a network is answered with what can."""
    try:
        yield
    except NotOffline as error:
        here = ", ".join(islice(_downloaded(), NAMED))
        raise NotOffline(f"{error} Here already: {here}." if here else str(error)) from None


def _downloaded() -> Iterator[str]:
    """The networks whose weights lie in the cache, the menu's first, then others of timm's.

    Those of strangers are not told: a name may be as private as what it names.
    """
    others = sorted(Path(constants.HF_HUB_CACHE).glob("models--timm--*"))
    for name in dict.fromkeys([*catalogue.names()[1:], *(folder.name[8:].replace("--", "/") for folder in others)]):
        try:
            if is_here(name):
                yield name
        except InputError:  # a folder there that is no network, or none that is known here
            continue


def limited(wanted: Wanted, largest: int) -> Wanted:
    """The same file, which may have so many bytes at most."""
    return Wanted(wanted.repo, wanted.file, wanted.revision, largest, wanted.sha256)


def is_here(name: str) -> bool:
    """Whether a network can be loaded without any download."""
    asked = naming.parse(name)
    if asked.scheme == "hf-hub" and fetching.cached(config_of(asked)) is None:
        return False
    plan = drawn(str(asked))
    return asked.seed is not None or plan.here or _lies(plan) is not None


def pinned(name: str) -> str:
    """Record which weights a name of the menu stands for, read off the file that was downloaded; from then on only those will do.

    Returns the commit of the repository, and of a file that is in none, its hash. Raises UnsupportedBackbone where there is no
    such file here, UnknownBackbone where the name is not in the menu, BadOutput where nothing can be recorded.
    """
    asked = naming.parse(name)
    catalogue.check_offered(name)
    plan = drawn(asked.trained)
    path = _lies(plan)
    if path is None:
        raise UnsupportedBackbone(f"{name} has no file that was downloaded, so nothing can be pinned. Fetch it first.")
    revision = path.parent.name if plan.weights else None
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    with _drawing:
        catalogue.record(asked.trained, catalogue.Pin(revision, digest))
        _drawn.cache_clear()  # the blueprints of before do not know of it
    return revision or digest


def _lies(plan: Blueprint) -> Path | None:
    """Where the weights are, if they are here."""
    if plan.url:
        return fetching.checkpoint(*reversed(_checkpoint(plan)))
    return fetching.cached(plan.weights) if plan.weights else None


def _checkpoint(plan: Blueprint) -> tuple[str, str]:
    """(the first digits of its SHA-256, or all where it is pinned; its name) of a file of torchvision's, which has the first in
    its name."""
    name, pin = Path(plan.url).name, catalogue.pin(plan.name.trained)
    return pin.sha256 if pin else name.rpartition("-")[2].partition(".")[0], name
