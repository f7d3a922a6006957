"""Names of networks -> networks that techniques can look into.

>>> from hub import backbones
>>> network = backbones.load("embedded")
>>> network.layer("late").channels
192
>>> [layer.name for layer in backbones.layers("timm/resnet18")][-3:]
['layer4.1', 'layer4', 'classes']
"""

from hub.backbones.backbone import Backbone
from hub.backbones.catalogue import CATALOGUE, Entry, best_layer, check_offered, entry, names
from hub.backbones.layers import CLASSES, Layer
from hub.backbones.loading import fetched, hash_of, is_here, judge, layers, load, pinned, seconds, units

__all__ = ["CATALOGUE", "CLASSES", "Backbone", "Entry", "Layer", "best_layer", "check_offered", "entry", "fetched", "hash_of",
           "is_here", "judge", "layers", "load", "names", "pinned", "seconds", "units"]
