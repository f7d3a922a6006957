"""The picture world: named pictures, drawn by program, any size, seeded. It trains the embedded network and feeds samples and
tests.

>>> from hub.world import CLASSES, draw
>>> draw("eye", count=2, size=64, seed=1).shape
torch.Size([2, 3, 64, 64])
"""

from hub.world import creatures, nature, textures, things  # noqa: F401  (their modules enter their drawings in CLASSES)
from hub.world.classes import CLASSES, PictureClass, texture, thing
from hub.world.scene import draw

_in_order = sorted(CLASSES.items())
CLASSES.clear()
CLASSES.update(_in_order)  # a label is a place in the alphabet, not in a file

__all__ = ["CLASSES", "PictureClass", "draw", "texture", "thing"]
