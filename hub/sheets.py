"""Contact sheets: of the picture world, and of class pictures without labels, to ask people what they see."""

from __future__ import annotations

import json
import random
from pathlib import Path

from PIL import Image, ImageDraw

from hub.errors import InputError
from hub.files import write_safely
