"""Bodies of requests: taken in whole before anybody acts on one, within limits of length, of time, and of all together."""

from __future__ import annotations

from typing import Any

import anyio

KIB = 1024
GRACE = 30  # seconds that a body may take, however short
PACE = 64 * KIB  # bytes a second, which one that is longer has to keep up


class Refused(Exception):
    """Why a request is not let in: a status, and one line for whoever asked."""

    def __init__(self, code: int, line: str) -> None:
        super().__init__(line)
        self.code, self.line = code, line


class Bodies:
    """Those of one kind. each: the most bytes of one; together: of all that are being taken in."""

    def __init__(self, each: int, together: int) -> None:
        self.each, self.together, self.held = each, together, 0

    async def read(self, receive: Any) -> bytes:
        """The whole body; nothing where its sender went away before the end. Raises Refused."""
        length = 0
        parts: list[bytes] = []
        try:
            with anyio.fail_after(GRACE + self.each / PACE):
                while (message := await receive())["type"] == "http.request":
                    parts.append(message.get("body", b""))
                    length += len(parts[-1])
                    self.held += len(parts[-1])
                    if length > self.each:
                        raise Refused(413, f"That is larger than {self.each // KIB} KiB, the most that is taken here.")
                    if self.held > self.together:
                        raise Refused(503, "Too much is being sent here by others. Try again in a minute.")
                    if not message.get("more_body"):
                        return b"".join(parts)
                return b""
        except TimeoutError as error:
            raise Refused(408, "That came too slowly. Send it again.") from error
        finally:
            self.held -= length
