"""Runs of a technique to look at: what `hub.contract` judges by.

A `Trial` holds a technique, a small picture and short parameters; its runs note what came out and what was left changed.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
import pickle
import random
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import wraps
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import PIL.Image
import torch
from torch import nn

from hub import devices
from hub.deadline import TooLong
from hub.errors import BrokenTechnique
from hub.params import Params
from hub.results import Image, Result
from hub.technique import Technique


def require(kept: bool, otherwise: str) -> None:
    """Raise BrokenTechnique, saying `otherwise`, where the contract is not kept."""
    if not kept:
        raise BrokenTechnique(otherwise)


class once:
    """A property that is found out once, as by `functools.cached_property`; an error is kept, too, and raised each time."""

    def __init__(self, find: Callable[[Any], Any]) -> None:
        self.find, self.__doc__ = find, find.__doc__

    def __get__(self, whose: Any, kind: type) -> Any:
        known = vars(whose).setdefault("_once", {})
        if self.find not in known:
            try:
                known[self.find] = self.find(whose), None
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                known[self.find] = None, error
        value, error = known[self.find]
        if error is not None:
            raise error
        return value


@dataclass
class Seen:
    """What was noticed during one run: the last result, progress at each step, what each step left changed in
    the process, and whether all files were bytes under plain names."""

    result: Result | None = None
    progress: list[float] = field(default_factory=list)
    disturbed: list[str] = field(default_factory=list)
    plain_files: bool = True
    picture_before: str = ""
    picture_after: str = ""


class Trial:
    """One technique under check, with the picture and the parameters of its runs, and the runs that several checks look at.

    seconds: how long one check may take, and so the first run.
    """

    seconds: ClassVar[float] = 300

    def __init__(self, technique: Technique, quick: Mapping[str, Any] | None = None) -> None:
        self.technique = technique
        self.values = dict(technique.Params.quick if quick is None else quick)
        self.params = technique.Params.read(self.values)
        self.picture = None if technique.picture == "none" else small_picture()

    @once
    def first(self) -> Seen:
        return self.run()

    @once
    def first_digest(self) -> str:
        return digest(self.first_result)

    @property
    def first_result(self) -> Result:
        return made(self.first)

    @once
    def elsewhere(self) -> dict[str, Any]:
        """The same run in a new process on as many threads, where every address is refused and noted."""
        _ = self.first  # what does not end here does not end there
        task = pickle.dumps((self.technique.name, self.values, self.picture, torch.get_num_threads()))
        paths = [str(Path(__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
        try:
            done = subprocess.run([sys.executable, "-c", _CHILD], input=task, capture_output=True, timeout=self.seconds,
                                  env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)})
        except (subprocess.TimeoutExpired, TooLong):
            late = f"There is no end in another process after {self.seconds:g} seconds; shorten its runs by `quick` in Params."
            raise BrokenTechnique(late) from None
        require(bool(done.stdout), f"Another process that runs it ends without an answer, with code {done.returncode}.")
        answer = json.loads(done.stdout)
        require("failed" not in answer, f"It does not run in another process: {answer.get('failed')}")
        return answer

    def run(self, picture: Image | None = None) -> Seen:
        """Run to the end, looking at every preview as a front end does."""
        seen = Seen()
        devices.device()  # what choosing it settles for the process is settled
        around = Surroundings.now()
        for result in self.spied(seen).stream(picture or self.picture, self.params):
            _ = result.image
            seen.plain_files &= all(isinstance(data, bytes) and Path(name).name == name for name, data in result.files.items())
            seen.result = result
            seen.progress.append(result.progress)
            seen.disturbed += around.changed()
        seen.disturbed += around.changed()
        return seen

    def spied(self, seen: Seen) -> Technique:
        """The technique, noting what it does to the picture that it is handed."""
        @wraps(self.technique.body)
        def body(image: Image | None, params: Params) -> Iterator[Result]:
            seen.picture_before = pixels_of(image)
            yield from self.technique.body(image, params)
            seen.picture_after = pixels_of(image)
        return replace(self.technique, body=body)


@dataclass(frozen=True)
class Surroundings:
    """What belongs to the whole process, and to everybody who runs in it."""

    random: str
    numpy_random: str
    torch_random: str
    gradients: bool
    inference_mode: bool
    threads: int
    default_dtype: str
    deterministic: bool

    @classmethod
    def now(cls) -> Surroundings:
        def mark(state: Any) -> str:
            return hashlib.sha256(pickle.dumps(state)).hexdigest()

        return cls(mark(random.getstate()), mark(np.random.get_state()), mark(torch.get_rng_state().tolist()),
                   torch.is_grad_enabled(), torch.is_inference_mode_enabled(), torch.get_num_threads(),
                   str(torch.get_default_dtype()), torch.are_deterministic_algorithms_enabled())

    def changed(self) -> list[str]:
        now = Surroundings.now()
        return [f.name.replace("_", " ") for f in fields(self) if getattr(self, f.name) != getattr(now, f.name)]


def small_picture(size: tuple[int, int] = (64, 48), mode: str = "RGB") -> Image:
    """A small picture with flat parts, edges and texture, the same every time."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width]
    noise = np.random.default_rng(7).integers(0, 60, (height, width))
    across, down, bars = x * 255 // max(width - 1, 1), y * 255 // max(height - 1, 1), 128 + 100 * np.sign(np.sin(x / 5 + y / 9))
    bands = np.stack([across, down, bars], axis=-1)
    picture = PIL.Image.fromarray((bands * 0.75 + noise[..., None]).clip(0, 255).astype(np.uint8))
    if mode == "I;16":
        return PIL.Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257)
    if mode == "RGBA":
        picture.putalpha(PIL.Image.fromarray(across.astype(np.uint8)))
    return picture.convert(mode)


def digest(result: Result) -> str:
    """SHA-256 of everything in a result that is bytes: its PNG with the recipe, further pictures, files."""
    from hub.recipe import png_bytes

    parts = [png_bytes(result)] if result.image is not None else []
    parts += [pixels_of(image).encode() for image, _ in result.images]
    parts += [part for name in sorted(result.files) for part in (name.encode(), result.files[name])]
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def pixels_of(image: Image | None) -> str:
    """SHA-256 of mode, size and pixels; "" for no picture."""
    return "" if image is None else hashlib.sha256(f"{image.mode} {image.size}".encode() + image.tobytes()).hexdigest()


def made(seen: Seen) -> Result:
    """The last result of a run. Raises BrokenTechnique where there was none."""
    require(seen.result is not None, "The run ended without a result.")
    return seen.result


class OtherChance:
    """Global random generators stand elsewhere inside, and where they stood afterwards."""

    def __enter__(self) -> None:
        self.states = random.getstate(), np.random.get_state(), torch.get_rng_state()
        random.seed(1), np.random.seed(1), torch.manual_seed(1)

    def __exit__(self, *_: object) -> None:
        random.setstate(self.states[0]), np.random.set_state(self.states[1]), torch.set_rng_state(self.states[2])


def hooks() -> dict[int, int]:
    """How many hooks each living module has, by identity; under 0, those on every module."""
    gc.collect()
    names = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    modules = [thing for thing in gc.get_objects() if issubclass(type(thing), nn.Module)]
    everywhere = sum(len(getattr(nn.modules.module, f"_global{name}")) for name in names)
    return {0: everywhere,
            **{id(module): sum(len(vars(module).get(name) or ()) for name in names) for module in modules}}


_CHILD = """
import json, os, pickle, sys
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # what a technique prints must not get between
reached = []
def closed(event, details):
    if event in ("socket.getaddrinfo", "socket.gethostbyname") or (event == "socket.connect" and isinstance(details[1], tuple)):
        reached.append(str(details[1] if event == "socket.connect" else details[0]))
        raise OSError("no network while a technique is checked")
sys.addaudithook(closed)
name, values, picture, threads = pickle.load(sys.stdin.buffer)
import torch
from hub import registry, trial
torch.set_num_threads(threads)
try:
    technique = registry.technique(name)
    on_import = list(reached)
    made = trial.digest(technique(picture, values))
    answer = {"digest": made, "on_import": on_import, "reached": reached}
except (Exception, SystemExit) as error:
    answer = {"failed": f"{type(error).__name__}: {error}"}
json.dump(answer, answers)
answers.close()
"""
