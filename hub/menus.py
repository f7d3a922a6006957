"""The lists that a visitor chooses from where a network decides what is in them: networks, their layers, the units of a layer."""

from __future__ import annotations

from hub.errors import InputError
from hub.policy import Policy


def network_choices() -> list[tuple[str, str]]:
    """(what is read, value) for each network of the menu, the embedded one first."""
    from hub import backbones

    return [(f"{each.title} · {each.megabytes:.0f} MB", each.name) for each in backbones.CATALOGUE]


def layer_choices(backbone: str, policy: Policy) -> list[tuple[str, str]]:
    """(what is read, value) for each layer of a network, the words that fit every network first.

    Raises UnknownBackbone for a network that the policy does not offer.
    """
    from hub import backbones

    if not policy.any_model:
        backbones.check_offered(backbone)
    layers = [(f"{layer.name} · {layer.channels} channels", layer.name) for layer in backbones.layers(backbone)]
    return [("early", "early"), ("middle", "middle"), ("late", "late"), *layers]


def unit_choices(backbone: str, layer: str) -> list[str]:
    """The units of a layer: class names, or channel numbers; none where the layer is not there."""
    from hub import backbones

    try:
        return backbones.units(backbone, layer)
    except InputError:
        return []


def best_layer(backbone: str, technique: str) -> str | None:
    """The layer of a network to begin with in a technique, where one is known to show well."""
    from hub import backbones

    return backbones.best_layer(backbone, technique)
