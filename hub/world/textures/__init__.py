"""Patterns and materials that fill the whole picture."""

from hub.world.textures import handmade, natural, patterns

__all__ = ["handmade", "natural", "patterns"]
