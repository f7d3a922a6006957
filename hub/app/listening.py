"""How the server listens and ends: quietly, and without waiting for pages that are open somewhere, which never hang up."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

CUT = "timeout graceful shutdown exceeded"
CANCELLED = asyncio.CancelledError.__qualname__  # what a page that is open dies of where Ctrl-C is pressed twice


def settings() -> dict[str, Any]:
    """What `uvicorn.Config` takes besides the app and its address. What it says of pages that were still open is kept quiet.

    Which proxies are believed is for the gate to say: uvicorn would believe everybody on this machine. h11 is the one of its
    protocols that bounds what comes before a body; nothing here speaks WebSocket.
    """
    logging.getLogger("uvicorn.error").addFilter(_is_news)
    return {"log_level": "warning", "server_header": False, "timeout_graceful_shutdown": 1, "proxy_headers": False,
            "http": "h11", "ws": "none"}


def _is_news(record: logging.LogRecord) -> bool:
    error, said = record.exc_info[1] if record.exc_info else None, record.getMessage().rstrip()
    return CUT not in said and not said.endswith(CANCELLED) and not isinstance(error, asyncio.CancelledError)
