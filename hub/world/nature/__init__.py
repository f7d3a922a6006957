"""Plants, fruit, insects and sea creatures."""

from hub.world.nature import fruit, insects, plants, sea

__all__ = ["fruit", "insects", "plants", "sea"]
