"""Names of networks -> networks that techniques can look into.

>>> from hub import backbones
>>> network = backbones.load("embedded")
>>> network.layer("late").channels
192
"""

from hub.backbones.backbone import Backbone
from hub.backbones.layers import CLASSES, Layer
from hub.backbones.loading import judge, load, names

__all__ = ["CLASSES", "Backbone", "Layer", "judge", "load", "names"]
