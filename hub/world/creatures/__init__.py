"""Faces, eyes and animals."""

from hub.world.creatures import animals, heads, people

__all__ = ["animals", "heads", "people"]
