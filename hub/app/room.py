"""What stands in one technique's tab, by name, for those who move things between tabs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from hub.app.uploads import Uploads
from hub.policy import Policy
from hub.technique import Technique

SHOWN = ("stage", "status", "curves", "notes", "gallery", "download", "files", "kept", "run", "stop")
"""The components that a run changes."""
LANE = "runs"  # one queue for all techniques: each event would otherwise get its own, and N runs would share the processor


@dataclass
class Left:
    """What a visitor's stopped run left, in one room: the paths of its files, until somebody takes them.

    running: whether the run still goes on; one that is cancelled does until its step is done.
    """

    files: list[str] = field(default_factory=list)
    running: bool = False

    def take(self) -> list[str]:
        """The files, which are then no longer here."""
        files, self.files = self.files, []
        return files


@dataclass
class Room:
    """The components of one technique's tab that others need: links, restored settings, results handed on."""

    technique: Technique
    policy: Policy
    uploads: Uploads = field(default_factory=Uploads)  # the page's, once the room stands in it
    picture: gr.components.Component | None = None
    controls: list[gr.components.Component] = field(default_factory=list)
    stage: Any = None
    status: Any = None
    curves: Any = None
    notes: Any = None
    gallery: Any = None
    download: Any = None
    files: Any = None
    code: Any = None
    run: Any = None
    stop: Any = None
    samples: Any = None
    strips: dict[str, Any] = field(default_factory=dict)  # small pictures, by the name of the field that they choose for
    restore: Any = None
    onward: Any = None
    kept: Any = None
    left: Any = None

    @property
    def inputs(self) -> list[gr.components.Component]:
        """The picture, where one is taken, and the controls: what a run is given."""
        return [*([self.picture] if self.picture is not None else []), *self.controls]

    @property
    def shown(self) -> list[Any]:
        """What a run changes."""
        return [getattr(self, name) for name in SHOWN]

    def split(self, given: tuple[Any, ...]) -> tuple[Any, list[Any]]:
        """What a run is given -> (path of the picture or None, values of the controls)."""
        return (given[0], list(given[1:])) if self.picture is not None else (None, list(given))
