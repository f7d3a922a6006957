"""Where names lead: to the folder that comes along, to timm, to torchvision, to a repository on the Hub, to a folder."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from hub.backbones import catalogue, settings
from hub.backbones.blueprint import Blueprint
from hub.backbones.naming import Name
from hub.errors import UnknownBackbone, UnsupportedBackbone
from hub.fetching import Wanted, cached

HERE = Path(__file__).parent
ANY_SIZE: tuple[dict[str, Any], ...] = ({"dynamic_img_size": True, "dynamic_img_pad": True}, {"strict_img_size": False}, {})
"""How timm's architectures are asked to take pictures of any size, until one of these is understood."""
CHANCE = threading.RLock()  # who draws weights from the global generator has it alone, and leaves it as it was
LIST = "List some: netsee list --backbones"


def blueprint(name: Name) -> Blueprint:
    """The blueprint of a network. A Hub repository's `config.json` must be in the cache by then; see `loading.fetched`.

    Raises UnknownBackbone, UnsupportedBackbone, OverLimit.
    """
    kinds = {"embedded": _embedded, "timm": _timm, "torchvision": _torchvision, "hf-hub": _hub, "local-dir": _local}
    return kinds[name.scheme](name)


# ---------------------------------------------------------------- folders, and repositories, which are folders once they are here


def _embedded(name: Name) -> Blueprint:
    return from_folder(name, HERE / "embedded")


def _local(name: Name) -> Blueprint:
    folder = Path(name.model)
    if not (folder / "config.json").is_file():
        raise UnknownBackbone(str(name), hint="That folder has no config.json; a timm or Hugging Face model folder is wanted.")
    if name.seed is None and not (folder / "model.safetensors").is_file():
        raise UnsupportedBackbone(f"{name} has no model.safetensors. Other formats can run code, so they are not read.")
    return from_folder(name, folder)


def _hub(name: Name) -> Blueprint:
    config = cached(config_of(name))
    if config is None:
        raise UnknownBackbone(str(name), hint="Its config.json has not been fetched.")
    commit = config.parent.name  # the weights must be of the same one, wherever the branch is by then
    return from_folder(name, config.parent, Wanted(name.model, "model.safetensors", commit))


def config_of(name: Name) -> Wanted:
    """The settings of a repository on the Hub, which say what its weights are for."""
    return Wanted(name.model, "config.json", name.revision, largest=settings.CONFIG_BYTES)


def from_folder(name: Name, folder: Path, weights: Wanted | None = None) -> Blueprint:
    """A folder as timm pushes it. weights: a file that is still to come into it.

    The settings are read once, and checked; timm gets those, and never opens the file itself.
    """
    return of_settings(name, settings.read(folder / "config.json", name), folder, weights)


def of_settings(name: Name, config: dict[str, Any], folder: Path, weights: Wanted | None = None) -> Blueprint:
    """As `from_folder`, of a config that was read."""
    given, keys, labels = settings.given(config, name), settings.keys(config, name), config.get("label_names")

    def build(**more: Any) -> nn.Module:
        return _created(config["architecture"], **given, **more)

    def fill(path: Path | None) -> nn.Module:
        own = {key: keys[key] for key in ("input_size", "mean", "std", "first_conv", "classifier") if keys.get(key)}
        own |= {key: given[key] for key in ("num_classes",) if given.get(key) is not None}
        where = {"architecture": config["architecture"], "file": str(path or folder / "model.safetensors")}
        return build(pretrained=True, pretrained_cfg={**own, **where})

    classes = [str(label) for label in labels] if isinstance(labels, list) else None
    return Blueprint(name, build, fill, keys, classes, weights, here=weights is None, described=config)


# ---------------------------------------------------------------- timm


def _timm(name: Name) -> Blueprint:
    import timm

    architecture, _, tag = name.model.partition(".")
    if not timm.is_model(architecture):
        raise UnknownBackbone(str(name), [*catalogue.names(), *(f"timm/{n}" for n in timm.list_models())], hint=LIST)
    try:
        known = timm.models.get_pretrained_cfg(name.model)
    except RuntimeError:  # the architecture has no such tag
        known = None
    tagged = timm.list_pretrained()
    if name.seed is None and (known is None or not known.has_weights or tag and name.model not in tagged):
        raise UnknownBackbone(str(name), [f"timm/{n}" for n in tagged], hint="There are no trained weights of that name.")
    config = known.to_dict() if known else timm.models.PretrainedCfg().to_dict()
    config["classifier"] = settings.first(config.get("classifier"))
    pin = catalogue.pin(name.trained)
    on_hub = bool(known and known.hf_hub_id)
    weights = Wanted(known.hf_hub_id, "model.safetensors", pin and pin.revision, sha256=pin and pin.sha256) if on_hub else None

    def build() -> nn.Module:
        return _created(name.model if known else architecture, pretrained=False)

    def fill(path: Path | None) -> nn.Module:
        # custom_load tells of the .npz that some were published as; timm before 1.0.31 would read this file as one
        return _created(name.model, pretrained=True, pretrained_cfg_overlay={"file": str(path), "custom_load": False})

    return Blueprint(name, build, fill, config, config.get("label_names") or imagenet(config.get("num_classes")), weights)


def _created(architecture: str, **given: Any) -> nn.Module:
    """A timm model that takes pictures of any size, where its kind can. The global random state is left as found."""
    import timm

    with CHANCE, torch.random.fork_rng(devices=[]):
        for extra in ANY_SIZE:
            try:
                model = timm.create_model(architecture, **{**extra, **given})
                break
            except TypeError:
                if not extra:
                    raise
    if hasattr(getattr(model, "patch_embed", None), "dynamic_img_pad"):
        model.patch_embed.dynamic_img_pad = True
    return model


def imagenet(classes: int | None) -> list[str] | None:
    """The names of the thousand classes of ImageNet, which timm knows, where a model has as many."""
    from timm.data import ImageNetInfo

    if classes != 1000:
        return None
    info = ImageNetInfo()
    names = [info.index_to_description(i).partition(",")[0] for i in range(1000)]
    seen = Counter(names)
    return [n if seen[n] == 1 else f"{n} {i}" for i, n in enumerate(names)]


# ---------------------------------------------------------------- torchvision


def _torchvision(name: Name) -> Blueprint:
    from torchvision import models

    known = models.list_models(module=models)
    if name.model not in known:
        raise UnknownBackbone(str(name), [f"torchvision/{n}" for n in known], hint=LIST)
    weights = models.get_model_weights(name.model).DEFAULT
    transforms = weights.transforms()
    side = transforms.crop_size[0]

    own: dict[str, Any] = {"image_size": side} if name.model.startswith("vit_") else {}

    def build() -> nn.Module:
        asks = name.model in ("googlenet", "inception_v3")  # whether to draw first weights their own way, slowly
        drawn = {"init_weights": torch.get_default_device().type != "meta"} if asks else {}
        with CHANCE, torch.random.fork_rng(devices=[]), _Numbers():
            return models.get_model(name.model, weights=None, **own, **drawn)

    def fill(path: Path | None) -> nn.Module:
        with CHANCE, torch.random.fork_rng(devices=[]), _read_from(weights, path):
            return models.get_model(name.model, weights=weights, progress=False)

    with torch.device("meta"):
        head = _last_map(build())
    config = {"input_size": (3, side, side), "mean": transforms.mean, "std": transforms.std, "classifier": head}
    return Blueprint(name, build, fill, config, list(weights.meta["categories"]), url=weights.url)


class _Numbers(TorchFunctionMode):
    """Gives contents to the numbers that a builder counts with, even where what it builds has none: RegNet has a plan of
    widths."""

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        where = {"device": "cpu"} if function in (torch.arange, torch.tensor) else {}
        return function(*args, **{**where, **(kwargs or {})})


@contextmanager
def _read_from(weights: Any, path: Path | None) -> Iterator[None]:
    """While it is entered, torchvision reads some weights from a file whose hash was checked, and tensors only: its files are
    pickles, which could run code."""
    weights.get_state_dict = lambda *_, **__: torch.load(path, map_location="cpu", weights_only=True)
    try:
        yield
    finally:
        del weights.get_state_dict


def _last_map(model: nn.Module) -> str:
    """The name of a torchvision model's classifier: its last linear map, but for those of auxiliary heads."""
    maps = [name for name, module in model.named_modules() if isinstance(module, nn.Linear | nn.Conv2d)]
    return [name for name in maps if not name.lower().startswith("aux")][-1]
