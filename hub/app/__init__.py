"""Techniques -> a tabbed web app, an HTTP endpoint each, and a server to run them on.

`build(policy)` gives the page alone; `application(policy)` gives the whole server: the page, its fonts and pictures, `/healthz`,
and the checks in front of it; `serve(host, port)` runs that. Nothing is computed and nothing is fetched while it starts.
"""

from __future__ import annotations

import os

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # before Gradio is imported: each Blocks() would call out

from hub.app.building import build
from hub.app.server import application, serve

__all__ = ["application", "build", "serve"]
