"""Who may call how often: how many runs wait, at most, of one visitor, from one address, and of all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from hub.app.whence import address_of
from hub.policy import Policy


class Turns:
    """The line of the runs that wait for their turn, within the limits of a policy."""

    def __init__(self, policy: Policy, blocks: Any) -> None:
        self.policy, self.blocks = policy, blocks

    def is_full(self) -> bool:
        """Whether no run is taken any more."""
        return len(self.blocks._queue) >= self.policy.queue

    def are_taken_by(self, body: bytes) -> bool:
        """Whether the visitor whom this body names has as many runs waiting as the policy allows; one more may be running."""
        if self.policy.per_session is None:
            return False
        try:
            visitor = json.loads(body).get("session_hash")
        except (ValueError, AttributeError, RecursionError):
            return False
        return sum(event.session_hash == visitor for event in self._line()) >= self.policy.per_session

    def are_taken_from(self, address: str) -> bool:
        """Whether as many runs as the policy allows wait that were asked for from one address, by whatever visitors."""
        most = self.policy.per_address
        return most is not None and sum(address_of(event.request) == address for event in self._line()) >= most

    def _line(self) -> Iterator[Any]:
        for line in self.blocks._queue.event_queue_per_concurrency_id.values():
            yield from line.queue
