"""What runs said to visitors who never came to hear it: Gradio keeps it, previews and all, for whoever comes thousands later."""

from __future__ import annotations

from time import monotonic
from typing import Any

PATIENCE = 1800  # seconds, longer than a line of runs within a deadline takes


class Unheard:
    """What waits to be heard, by visitor, in a queue of Gradio's."""

    def __init__(self, blocks: Any) -> None:
        self.blocks = blocks
        self.oldest: dict[str, tuple[Any, float]] = {}  # what a visitor has to hear next, and since when

    async def forget(self) -> None:
        """Let go of visitors who heard nothing for so long, and of their runs. To be called by calls: only they add to it."""
        queue, now = self.blocks._queue, monotonic()
        known, self.oldest = self.oldest, {}
        for name, waiting in list(queue.pending_messages_per_session.items()):
            if waiting.empty():
                continue
            message, since = waiting._queue[0], now
            if name in known and known[name][0] is message:
                since = known[name][1]
            if now - since > PATIENCE:
                queue.pending_messages_per_session.pop(name, None)
                queue.pending_event_ids_session.pop(name, None)
                await queue.clean_events(session_hash=name)
            else:
                self.oldest[name] = message, since
