"""A museum for tests: three techniques that need no network, and the real server on a free port of this machine."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__path__: list[str] = []
"""Lets this module stand for a package of techniques that has none."""
SLOW = '''"""Paints the picture red, step by step.

It stands for every technique that takes a picture and its time.
"""
import time
from collections.abc import Iterator
from typing import Literal
import hub
from hub.results import Image
from PIL import Image as Pillow, ImageChops

LOG = []

class Params(hub.Params):
    steps: int = hub.Field(4, ge=1, le=400, description="How many coats of paint.")
    strength: float = hub.Field(0.5, ge=0, le=1, description="How red.")
    mood: Literal["calm", "loud"] = hub.Field("calm", description="The kind of red.")
    pause: float = hub.Field(0.0, ge=0, le=2, description="Seconds a coat takes.", more=True)
    seed: hub.Seed = hub.Field(0, description="Chance.", more=True)

@hub.technique(title="Red", family="Dream")
def run(image: Image, params: Params) -> Iterator[hub.Result]:
    LOG.append("began")
    try:
        for i in range(params.steps):
            time.sleep(params.pause)
            share = (i + 1) / (params.steps + 1)
            yield hub.Result(image=lambda s=share: painted(image, s * params.strength), progress=share, caption=f"Coat {i + 1}",
                             files=lambda s=share: {"red.txt": str(s).encode()},
                             curves={"redness": hub.Curve([0.0, float(i + 1)], [0.0, share])})
        LOG.append("finished")
        yield hub.Result(image=painted(image, params.strength), progress=1.0, caption="Red as could be.",
                         metrics={"redness": params.strength})
    finally:
        LOG.append("closed")

def painted(image, share):
    return Pillow.blend(image, Pillow.new("RGB", image.size, "red"), share)
'''
ALONE = '''"""Draws grey squares from nothing.

More of the same.
"""
from collections.abc import Iterator
import hub
from PIL import Image as Pillow

class Params(hub.Params):
    grey: int = hub.Field(128, ge=0, le=255, description="How light.")
    note: hub.File | None = hub.Field(None, description="What the file that comes out holds.", more=True)

@hub.technique(title="Grey", family="See")
def run(image: None, params: Params) -> Iterator[hub.Result]:
    square = Pillow.new("RGB", (32, 32), (params.grey,) * 3)
    yield hub.Result(image=square, images=[(square, "One <b>square</b>")], files={"note.txt": params.note or b"grey"},
                     table=[{"side": 32}], caption=str(params.note), progress=1.0,
                     curves={"light": hub.Curve([1.0, 2.0], [0.0, 1.0], spread=[0.0, 0.5], log="x")})
'''
ABSENT = "raise ImportError('no such thing')\nrun = None\n"
FAULTY = '''"""Raises.

On purpose.
"""
from collections.abc import Iterator
import hub

class Params(hub.Params):
    kindly: bool = hub.Field(False, description="Whether with an error that is meant for visitors.")

@hub.technique(title="Faulty", family="Zoo")
def run(image: None, params: Params) -> Iterator[hub.Result]:
    yield hub.Result(progress=0.1)
    if params.kindly:
        raise hub.errors.OverLimit("This is too much. Try less.")
    raise RuntimeError("secret in /root/path")
'''


def furnish(folder: Path) -> None:
    """Write the techniques, and one that cannot be imported."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, source in (("red", SLOW), ("grey", ALONE), ("faulty", FAULTY), ("absent", ABSENT)):
        (folder / f"{name}.py").write_text(source)


@contextmanager
def opened(folder: Path, built_in: bool = False) -> Iterator[None]:
    """The registry with the techniques of `furnish`, and only with `built_in` those that are shipped; caches go to `folder`."""
    from hub import registry

    furnish(folder / "techniques")
    new = {
        registry.FOLDERS: str(folder / "techniques"),
        "NETSEE_CACHE": str(folder / "cache"),
        "GRADIO_TEMP_DIR": str(folder / "uploads"),
    }
    old, kept = {name: os.environ.get(name) for name in new}, registry.BUILT_IN
    os.environ.update(new)
    registry.BUILT_IN = kept if built_in else __name__
    registry.refresh()
    try:
        yield
    finally:
        registry.BUILT_IN = kept
        for name, value in old.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
        registry.refresh()


@contextmanager
def served(policy: object = None, **options: object) -> Iterator[str]:
    """The address of a server on this machine, stopped at the end. options: of `hub.app.application`."""
    import uvicorn

    from hub.app import application, listening

    port = free_port()
    settings = listening.settings() | {"log_level": "error"}
    server = uvicorn.Server(uvicorn.Config(application(policy, **options), host="127.0.0.1", port=port, **settings))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = server.force_exit = True
        thread.join(10)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def started(command: list[str], port: int, folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """The address of a server in a process of its own, in a folder, with nothing but PATH, HOME and these; stopped at the end."""
    asked = {"PATH": os.environ["PATH"], "HOME": str(folder.parent), **environment}
    server = subprocess.Popen(command, cwd=folder, env=asked)
    try:
        for _ in range(1200):
            assert server.poll() is None, "it ended"
            with socket.socket() as knock:
                if knock.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        try:
            server.wait(10)
        finally:
            server.kill()
