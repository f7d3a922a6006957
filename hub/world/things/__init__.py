"""Shapes, buildings, vehicles, instruments and other made things."""

from hub.world.things import buildings, household, machines, solids, vehicles

__all__ = ["buildings", "household", "machines", "solids", "vehicles"]
