"""Pages of other sites: which of them may call, and read what is answered. It is Gradio's rule, for what is not Gradio's too."""

from __future__ import annotations

from typing import Any

from gradio.route_utils import CustomCORSMiddleware
from starlette._utils import get_route_path
from starlette.datastructures import Headers
from starlette.responses import JSONResponse

NAMELESS = "Say by the header Host whom you ask."
LINE = "Pages of other sites may not call an app that runs on this machine."


class Elsewhere(CustomCORSMiddleware):
    """ASGI middleware: says which pages may read an answer, where Gradio has not said so itself, and refuses calls of the others.

    A page that may not read an answer cannot tell its visitor why it was refused; one that may not read any could still start
    runs on the machine of whoever looks at it. tools: where these are; they have a rule of their own.
    """

    def __init__(self, app: Any, tools: str) -> None:
        super().__init__(app)
        self.tools = tools
        self.localhost_aliases.append("::1")

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or get_route_path(scope).startswith(self.tools):
            return await self.app(scope, receive, send)
        headers = Headers(scope=scope)
        if "origin" in headers and "host" not in headers:  # which Gradio's rule looks at
            return await JSONResponse({"detail": NAMELESS, "error": NAMELESS}, 400)(scope, receive, send)
        if scope["method"] == "POST" and self._is_strange(headers):
            return await JSONResponse({"detail": LINE, "error": LINE}, 403)(scope, receive, send)
        await super().__call__(scope, receive, send)

    def _is_strange(self, headers: Headers) -> bool:
        """Whether a browser says that this comes from a page of another site, and that is one which may not read the answer.

        What the page itself sends may come by another name than it has here, through a proxy; browsers tell that apart.
        """
        return headers.get("sec-fetch-site") == "cross-site" and "origin" in headers and not self.is_valid_origin(headers)

    async def _send(self, message: Any, send: Any, request_headers: Headers) -> None:
        told = message["type"] == "http.response.start" and "access-control-allow-credentials" in Headers(scope=message)
        await (send(message) if told else super()._send(message, send, request_headers))
