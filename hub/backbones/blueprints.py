"""How a network of a name is built, what is known of it, and which files it needs, before any of them is here.

A blueprint can be drawn without weights: its layers are found on tensors without contents, so that a menu fills at once, and a
stranger's `config.json` that asks for more than this machine has is refused before memory is taken or a byte of weights comes.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn.modules import module as registration

from hub.backbones import catalogue
from hub.backbones.fetching import Wanted, cached
from hub.backbones.folding import prepared
from hub.backbones.layers import Anatomy, Layer, class_layer, dissect
from hub.backbones.naming import Name
from hub.errors import OverLimit, UnknownBackbone, UnsupportedBackbone

HERE = Path(__file__).parent
CONFIG_BYTES = 1 << 20
MODULES = 100_000
SLOW_TO_DRAW = ("googlenet", "inception_v3")  # torchvision asks whether to draw their first weights its own way
NUMBER = 65_536  # no width, depth or size that a model is made from is larger
CHOICES: tuple[dict[str, Any], ...] = ({"dynamic_img_size": True, "dynamic_img_pad": True}, {"strict_img_size": False}, {})
"""How timm's architectures are asked to take pictures of any size, until one of these fits."""


@dataclass(frozen=True)
class Blueprint:
    """A network before it is built.

    build: makes it untrained, where torch's default device says. fill: makes it with its weights, from where `files` lie.
    config: timm's keys: input_size, mean, std, classifier; showpieces. classes: their names, where they are known.
    weights: the file to be fetched, None where it is here; its limit is set by what the network holds. url: the same, as an address.
    """

    name: Name
    build: Callable[[], nn.Module]
    fill: Callable[[Path | None], nn.Module]
    config: dict[str, Any]
    classes: list[str] | None = None
    weights: Wanted | None = None
    url: str | None = None
    local: bool = field(default=False)

    @cached_property
    def bare(self) -> nn.Module:
        """The network without contents. Raises OverLimit where it would not fit into memory, UnsupportedBackbone where its
        settings make no network."""
        try:
            with bounded(), torch.device("meta"):
                return prepared(self.build().eval())
        except (OverLimit, UnsupportedBackbone):
            raise
        except Exception as error:
            raise UnsupportedBackbone(f"{self.name} cannot be built ({_short(error)}). Check its name and its config.json.") from error

    @property
    def bytes(self) -> int:
        """What its weights take in memory."""
        return sum(t.numel() * t.element_size() for t in (*self.bare.parameters(), *self.bare.buffers()))

    @property
    def side(self) -> int:
        """The input size it was trained at, in pixels."""
        return self.config["input_size"][-1]

    @cached_property
    def anatomy(self) -> Anatomy:
        """What is inside."""
        return dissect(self.bare, self.side)

    def layers(self) -> list[Layer]:
        """Every layer that can be asked for, `classes` last where there is a classifier."""
        head = class_layer(self.bare, self.config.get("classifier") or "", self.anatomy)
        return [*self.anatomy.layers, *([head] if head else [])]


def _short(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:120]


# ---------------------------------------------------------------- limits


def room() -> int:
    """The most bytes of weights that a network may have here: half of this machine's memory."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    except (AttributeError, ValueError, OSError):
        return 8 << 30


@contextmanager
def bounded() -> Iterator[None]:
    """While it is entered, a network that grows past `room()` or MODULES raises OverLimit, at the first module too many."""
    taken, modules, limit = 0, 0, room()

    def on_parameter(_module: nn.Module, _name: str, parameter: Any) -> None:
        nonlocal taken
        taken += parameter.numel() * parameter.element_size() if parameter is not None else 0
        if taken > limit:
            raise OverLimit(f"That network has more than {limit / 1e9:.0f} GB of weights, half of this machine's memory. Choose a smaller one.")

    def on_module(_module: nn.Module, _name: str, _part: Any) -> None:
        nonlocal modules
        modules += 1
        if modules > MODULES:
            raise OverLimit(f"That network has more than {MODULES:,} parts. Choose a smaller one.")

    handles = [registration.register_module_parameter_registration_hook(on_parameter),
               registration.register_module_module_registration_hook(on_module)]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def check_numbers(value: Any) -> None:
    """Raise OverLimit where a stranger's settings hold a number or a list that no network is made from."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        if len(value) > 1000:
            raise OverLimit("Its config.json holds a list of more than 1000 values; no network is made from that.")
        for each in value:
            check_numbers(each)
    elif isinstance(value, int | float) and abs(value) > NUMBER:
        raise OverLimit(f"Its config.json holds the number {value:g}; no network is made from more than {NUMBER}.")


# ---------------------------------------------------------------- where names lead


def blueprint(name: Name) -> Blueprint:
    """The blueprint of a network. A Hub repository's `config.json` must be in the cache by then; see `loading.fetched`.

    Raises UnknownBackbone, UnsupportedBackbone, OverLimit.
    """
    return {"embedded": _embedded, "timm": _timm, "torchvision": _torchvision, "hf-hub": _hub, "local-dir": _folder}[name.scheme](name)


def _embedded(name: Name) -> Blueprint:
    return from_folder(name, HERE / "embedded")


def _folder(name: Name) -> Blueprint:
    folder = Path(name.model)
    if not (folder / "config.json").is_file():
        raise UnknownBackbone(str(name), hint="That folder has no config.json; a timm or Hugging Face model folder is wanted.")
    return from_folder(name, folder)


def from_folder(name: Name, folder: Path) -> Blueprint:
    """Through timm's own door for local folders, exactly as a Hub model would be."""
    config, label_names = read_config(folder / "config.json", str(name))

    def fill(_path: Path | None) -> nn.Module:
        if name.scheme == "local-dir" and not (folder / "model.safetensors").is_file():
            raise UnsupportedBackbone(f"{name} has no model.safetensors. Other formats can run code, so they are not read.")
        return create(f"local-dir:{folder}", pretrained=True)

    def build() -> nn.Module:
        return create(config["architecture"], **{**_heads(config), **config.get("model_args", {})})

    return Blueprint(name, build, fill, _keys(config), label_names, local=True)


def _hub(name: Name) -> Blueprint:
    path = cached(config_of(name))
    if path is None:
        raise UnknownBackbone(str(name), hint="Its config.json has not been fetched.")
    plan = from_folder(name, path.parent)
    return Blueprint(name, plan.build, plan.fill, plan.config, plan.classes, weights=Wanted(name.model, "model.safetensors", name.revision))


def config_of(name: Name) -> Wanted:
    """The settings of a repository on the Hub, which say what its weights are for."""
    return Wanted(name.model, "config.json", name.revision, largest=CONFIG_BYTES)


def read_config(path: Path, name: str) -> tuple[dict[str, Any], list[str] | None]:
    """A `config.json` of timm's kind -> (its contents, class names). Raises UnsupportedBackbone for another kind, OverLimit."""
    import timm

    try:
        config = json.loads(path.read_bytes()[: CONFIG_BYTES + 1])
    except ValueError as error:
        raise UnsupportedBackbone(f"The config.json of {name} is no JSON of at most 1 MiB.") from error
    if not isinstance(config, dict) or not isinstance(config.get("architecture"), str):
        raise UnsupportedBackbone(f"{name} is no timm model: its config.json names no timm architecture. Look for one tagged timm.")
    if not timm.is_model(config["architecture"].partition(".")[0]):
        raise UnsupportedBackbone(f"{name} is of the architecture {config['architecture'][:60]!r}, which timm does not know here.")
    check_numbers({key: config.get(key) for key in ("model_args", "num_classes", "num_features")})
    labels = config.get("label_names")
    known = [str(each) for each in labels] if isinstance(labels, list) else None
    return config, known


def _heads(config: dict[str, Any]) -> dict[str, Any]:
    return {key: config[key] for key in ("num_classes", "global_pool") if config.get(key) is not None}


def _keys(config: dict[str, Any]) -> dict[str, Any]:
    """What timm says of the architecture, and what the config says besides."""
    from timm.models import get_pretrained_cfg

    known = get_pretrained_cfg(config["architecture"])
    return {**(known.to_dict() if known else {}), **config.get("pretrained_cfg", {}), "showpieces": config.get("showpieces")}


def create(architecture: str, **settings: Any) -> nn.Module:
    """A timm model that takes pictures of any size, where its kind can. The global random state is left as found."""
    import timm

    with torch.random.fork_rng(devices=[]):
        for extra in CHOICES:
            try:
                model = timm.create_model(architecture, **{**extra, **settings})
                if hasattr(getattr(model, "patch_embed", None), "dynamic_img_pad"):
                    model.patch_embed.dynamic_img_pad = True
                return model
            except TypeError:
                if not extra:
                    raise
    raise AssertionError


def _timm(name: Name) -> Blueprint:
    import timm

    if not timm.is_model(name.model.partition(".")[0]):
        raise UnknownBackbone(str(name), [*catalogue.names(), *(f"timm/{n}" for n in timm.list_models())], hint="List some: netsee list --backbones")
    config = timm.models.get_pretrained_cfg(name.model)
    untagged = config is None or "." in name.model and name.model not in timm.list_pretrained()
    if untagged and name.seed is None:
        raise UnknownBackbone(str(name), [f"timm/{n}" for n in timm.list_pretrained()], hint="There are no trained weights of that name.")
    keys = config.to_dict() if config else {"input_size": (3, 224, 224), "mean": (0.5,) * 3, "std": (0.5,) * 3}
    model = name.model if config else name.model.partition(".")[0]
    pinned = catalogue.pin(name.trained)
    weights = Wanted(config.hf_hub_id, "model.safetensors", pinned and pinned.revision, sha256=pinned and pinned.sha256) if config and config.hf_hub_id else None

    def fill(path: Path | None) -> nn.Module:
        return create(model, pretrained=True, pretrained_cfg_overlay={"file": str(path)})

    return Blueprint(name, lambda: create(model, pretrained=False), fill, keys, keys.get("label_names") or imagenet(keys.get("num_classes")), weights)


def _torchvision(name: Name) -> Blueprint:
    import torchvision

    known = torchvision.models.list_models(module=torchvision.models)
    if name.model not in known:
        raise UnknownBackbone(str(name), [f"torchvision/{n}" for n in known], hint="List some: netsee list --backbones")
    weights = torchvision.models.get_model_weights(name.model).DEFAULT
    transforms = weights.transforms()
    side = transforms.crop_size[0]
    config = {"input_size": (3, side, side), "mean": transforms.mean, "std": transforms.std}

    def build() -> nn.Module:
        with torch.random.fork_rng(devices=[]):
            drawn = {"init_weights": torch.get_default_device().type != "meta"} if name.model in SLOW_TO_DRAW else {}
            return torchvision.models.get_model(name.model, weights=None, **drawn)

    def fill(_path: Path | None) -> nn.Module:  # the file lies where torchvision itself looks for it, and checks its hash
        return torchvision.models.get_model(name.model, weights=weights, progress=False)

    plan = Blueprint(name, build, fill, config, list(weights.meta["categories"]), url=weights.url)
    heads = [n for n, m in plan.bare.named_modules() if isinstance(m, nn.Linear | nn.Conv2d) and not n.startswith(("aux", "AuxLogits"))]
    config["classifier"] = heads[-1]
    return plan


def imagenet(classes: int | None) -> list[str] | None:
    """The names of the thousand classes of ImageNet, which timm knows, where a model has as many."""
    from timm.data import ImageNetInfo

    if classes != 1000:
        return None
    info = ImageNetInfo()
    names = [info.index_to_description(i).partition(",")[0] for i in range(1000)]
    seen = Counter(names)
    return [n if seen[n] == 1 else f"{n} {i}" for i, n in enumerate(names)]
