"""Bodies of requests: taken in whole before anybody acts on one, within limits of length, of time, and of all together."""

from __future__ import annotations

from collections import Counter
from typing import Any

import anyio

KIB = 1024
GRACE = 30  # seconds that a body may take, however short
PACE = 64 * KIB  # bytes a second, which one that is longer has to keep up


class Refused(Exception):
    """Why a request is not let in: a status, one line for whoever asked, and in how many seconds it may be tried again."""

    def __init__(self, code: int, line: str, wait: int = 5) -> None:
        super().__init__(line)
        self.code, self.line, self.wait = code, line, wait


class Bodies:
    """Those of one kind. each: the most bytes of one; together: of all that come in at once, a quarter of it from one sender."""

    def __init__(self, each: int, together: int) -> None:
        self.each, self.together = each, together
        self.held, self.held_of = 0, Counter[str]()

    async def read(self, receive: Any, sender: str) -> bytes:
        """The whole body; nothing where its sender went away before the end. Raises Refused."""
        length = 0
        parts: list[bytes] = []
        try:
            with anyio.fail_after(GRACE + self.each / PACE):
                while (message := await receive())["type"] == "http.request":
                    parts.append(message.get("body", b""))
                    length += len(parts[-1])
                    self._hold(sender, len(parts[-1]))
                    if length > self.each:
                        raise Refused(413, f"That is larger than {self.each // KIB} KiB, the most that is taken here.")
                    if self.held_of[sender] > self.together / 4:
                        raise Refused(429, "Too much is being sent from your address at once. Try again in a minute.", 60)
                    if self.held > self.together:
                        raise Refused(503, "Too much is being sent here by others. Try again in a minute.")
                    if not message.get("more_body"):
                        return b"".join(parts)
                return b""
        except TimeoutError as error:
            raise Refused(408, "That came too slowly. Send it again.") from error
        finally:
            self._hold(sender, -length)

    def _hold(self, sender: str, more: int) -> None:
        self.held += more
        self.held_of[sender] += more
        if not self.held_of[sender]:
            del self.held_of[sender]
