"""Where names lead: to the folder that comes along, to timm, to torchvision, to a repository on the Hub, to a folder."""

from __future__ import annotations

import json
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import torch
from torch import nn

from hub.backbones import catalogue
from hub.backbones.blueprint import Blueprint
from hub.backbones.bounds import check_numbers
from hub.backbones.fetching import Wanted, cached
from hub.backbones.naming import Name
from hub.errors import UnknownBackbone, UnsupportedBackbone

HERE = Path(__file__).parent
CONFIG_BYTES = 1 << 20
FORBIDDEN = {"model_name", "checkpoint_path", "cache_dir", "scriptable", "exportable", "no_jit", "features_only", "feature_cfg",
             "out_indices", "device", "dtype", "kwargs", "file", "url"}
"""Settings that timm takes for itself and not for a network: some of them fetch or open files."""
LARGEST_SIDE = 2048  # pixels that a network may have been trained at
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
    return Wanted(name.model, "config.json", name.revision, largest=CONFIG_BYTES)


def from_folder(name: Name, folder: Path, weights: Wanted | None = None) -> Blueprint:
    """A folder as timm pushes it. weights: a file that is still to come into it.

    The settings are read once, and checked; timm gets those, and never opens the file itself.
    """
    config = _read(folder / "config.json", name)
    labels = config.get("label_names")

    def build(**more: Any) -> nn.Module:
        heads = {key: config[key] for key in ("num_classes", "global_pool") if config.get(key) is not None}
        return _created(config["architecture"], **{**heads, **(config.get("model_args") or {}), **more})

    def fill(path: Path | None) -> nn.Module:
        given = {key: keys[key] for key in ("input_size", "mean", "std", "first_conv", "classifier") if keys.get(key)}
        own = {"architecture": config["architecture"], "file": str(path or folder / "model.safetensors"), **given}
        if (classes := (config.get("model_args") or {}).get("num_classes", config.get("num_classes"))) is not None:
            own["num_classes"] = classes
        return build(pretrained=True, pretrained_cfg=own)

    keys = _keys(config, name)
    classes = [str(label) for label in labels] if isinstance(labels, list) else None
    return Blueprint(name, build, fill, keys, classes, weights, here=weights is None)


def _read(path: Path, name: Name) -> dict[str, Any]:
    """A `config.json` of timm's kind. Raises UnsupportedBackbone for another kind, OverLimit for one of impossible numbers."""
    import timm

    try:
        config = json.loads(path.read_bytes()[: CONFIG_BYTES + 1])
    except (ValueError, RecursionError) as error:
        raise UnsupportedBackbone(f"The config.json of {name} is no JSON of at most 1 MiB.") from error
    architecture = config.get("architecture") if isinstance(config, dict) else None
    if not isinstance(architecture, str):
        raise UnsupportedBackbone(f"{name} is no timm model: its config.json names no architecture. Look for one tagged timm.")
    if not timm.is_model(architecture.partition(".")[0]):
        raise UnsupportedBackbone(f"{name} is of the architecture {architecture[:60]!r}, which timm does not know here.")
    settings = config.get("model_args") or {}
    if not isinstance(settings, dict):
        raise UnsupportedBackbone(f"The config.json of {name} has model_args that are no settings by name.")
    for key in settings:
        if key in FORBIDDEN or str(key).startswith("pretrained"):
            raise UnsupportedBackbone(f"The config.json of {name} sets {str(key)[:40]!r}, which can fetch or open files.")
    check_numbers({key: config.get(key) for key in ("model_args", "num_classes", "num_features", "pretrained_cfg")})
    return config


def _keys(config: dict[str, Any], name: Name) -> dict[str, Any]:
    """What timm says of the architecture, and what the config says besides. Raises UnsupportedBackbone where that is no
    input size and normalisation."""
    from timm.models import get_pretrained_cfg

    known = get_pretrained_cfg(config["architecture"])
    given = config.get("pretrained_cfg") or {}
    keys = {**(known.to_dict() if known else {}), **(given if isinstance(given, dict) else {})}
    numbers = {key: keys.get(key) for key in ("input_size", "mean", "std")}
    if not all(isinstance(n, list | tuple) and len(n) == 3 and {type(x) for x in n} <= {int, float} for n in numbers.values()):
        raise UnsupportedBackbone(f"The config.json of {name} gives no input_size, mean and std of three numbers each.")
    side = keys["input_size"][-1]
    if type(side) is not int or not 8 <= side <= LARGEST_SIDE or 0 in keys["std"]:
        raise UnsupportedBackbone(f"{name} wants pictures of {keys['input_size'][-1]} pixels; 8 to {LARGEST_SIDE} are possible.")
    showpieces = config.get("showpieces")
    pieces = [str(piece) for piece in showpieces] if isinstance(showpieces, list) else None
    return {**keys, "classifier": _first(keys.get("classifier")), "showpieces": pieces}


def _first(classifier: Any) -> str | None:
    """The name of a classifier; of the first, where a distilled network has two."""
    first = classifier[0] if isinstance(classifier, list | tuple) and classifier else classifier
    return first if isinstance(first, str) else None


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
    config["classifier"] = _first(config.get("classifier"))
    pin = catalogue.pin(name.trained)
    on_hub = bool(known and known.hf_hub_id)
    weights = Wanted(known.hf_hub_id, "model.safetensors", pin and pin.revision, sha256=pin and pin.sha256) if on_hub else None

    def build() -> nn.Module:
        return _created(name.model if known else architecture, pretrained=False)

    def fill(path: Path | None) -> nn.Module:
        return _created(name.model, pretrained=True, pretrained_cfg_overlay={"file": str(path)})

    return Blueprint(name, build, fill, config, config.get("label_names") or imagenet(config.get("num_classes")), weights)


def _created(architecture: str, **settings: Any) -> nn.Module:
    """A timm model that takes pictures of any size, where its kind can. The global random state is left as found."""
    import timm

    with CHANCE, torch.random.fork_rng(devices=[]):
        for extra in ANY_SIZE:
            try:
                model = timm.create_model(architecture, **{**extra, **settings})
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

    def build() -> nn.Module:
        asks = name.model in ("googlenet", "inception_v3")  # whether to draw first weights their own way, slowly
        drawn = {"init_weights": torch.get_default_device().type != "meta"} if asks else {}
        with CHANCE, torch.random.fork_rng(devices=[]):
            return models.get_model(name.model, weights=None, **drawn)

    def fill(_path: Path | None) -> nn.Module:  # the file lies where torchvision itself looks for it, and checks its hash
        with CHANCE, torch.random.fork_rng(devices=[]):
            return models.get_model(name.model, weights=weights, progress=False)

    try:
        with torch.device("meta"):
            head = _last_map(build())
    except NotImplementedError as error:
        raise UnsupportedBackbone(f"{name} cannot be drawn without contents. Take timm's own of that kind.") from error
    config = {"input_size": (3, side, side), "mean": transforms.mean, "std": transforms.std, "classifier": head}
    return Blueprint(name, build, fill, config, list(weights.meta["categories"]), url=weights.url)


def _last_map(model: nn.Module) -> str:
    """The name of a torchvision model's classifier: its last linear map, but for those of auxiliary heads."""
    maps = [name for name, module in model.named_modules() if isinstance(module, nn.Linear | nn.Conv2d)]
    return [name for name in maps if not name.lower().startswith("aux")][-1]
