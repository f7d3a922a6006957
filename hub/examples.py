"""The finished result that stands on each stage before anyone clicks, and the small pictures of the samples.

They are made ahead, never while a page opens: `python -m hub.examples` makes those of the built-in techniques (shipped in
`hub/assets/examples`), `python -m hub.examples NAME …` those of others, kept in the user's cache folder under a hash of what they
depend on, so that a changed technique never shows an old picture. A technique says what to show with `@technique(example={…})`.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import Any

from hub import registry, stage
from hub.decode import SAMPLE
from hub.errors import HubError, UnknownSample
from hub.files import write_safely
from hub.params import Params
from hub.results import Curve, Image, Result
from hub.technique import Technique

ASSETS = Path(__file__).parent / "assets"
SHIPPED = ASSETS / "examples"
KINDS = ("samples", "manners")
THUMBNAIL_SIDE = 128
WEB = "netsee"  # where the page finds these files; see hub.app
MOST_IMAGES = 12


def cache_folder() -> Path:
    """The user's own folder for what can be made again; NETSEE_CACHE names another."""
    given = os.environ.get("NETSEE_CACHE")
    return Path(given) if given else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "netsee"


@dataclass(frozen=True)
class Example:
    """A result that was made ahead.

    png: the picture with its recipe. facts: what was shown beside it. web: the folder's address.
    """

    png: Path
    facts: Mapping[str, Any]
    web: str

    @property
    def line(self) -> str:
        return "An example, made with these settings. Press Run to make your own."

    def stage(self, title: str) -> str:
        return stage.picture(
            self._shown(self.png.name, self.facts["size"]),
            f"{title}: an example",
            self._shown(self.facts["before"], self.facts["size"]) if self.facts.get("before") else None,
        )

    def notes(self) -> str:
        return stage.notes(self.facts["caption"], self.facts["metrics"], self.facts["table"])

    def curves(self) -> str:
        return stage.curves({name: Curve(**curve) for name, curve in self.facts["curves"].items()})

    def gallery(self) -> str:
        return stage.gallery([(self._shown(file, size), caption) for file, size, caption in self.facts["images"]])

    def _shown(self, file: str, size: list[int]) -> stage.Shown:
        return f"{WEB}/{self.web}/{file}", size[0], size[1]


def find(technique: Technique) -> Example | None:
    """The example of a technique, or None where none was made. Nothing is computed."""
    for folder, web in ((SHIPPED, "examples"), (cached(technique), f"cache/{cached(technique).name}")):
        png, facts = folder / f"{technique.name}.png", folder / f"{technique.name}.json"
        if png.is_file() and facts.is_file():
            return Example(png, json.loads(facts.read_text()), web)
    return None


def cached(technique: Technique) -> Path:
    """Where a technique's own example is kept: another version, another example, another place."""
    from hub import __version__

    schema = technique.Params.model_json_schema()
    depends = json.dumps(
        [__version__, technique.name, technique.version, dict(technique.example), schema], sort_keys=True, default=str
    )
    return cache_folder() / "examples" / hashlib.sha256(depends.encode()).hexdigest()[:24]


def make(technique: Technique, folder: Path) -> Example:
    """Run a technique's example and write it. Raises HubError as a run does."""
    from hub.decode import decode, fit
    from hub.policy import Policy

    policy = Policy.local()
    params, source = params_of(technique), source_of(technique)
    before = fit(decode(source, policy).image, policy.working_side) if source is not None else None
    write(technique.name, technique(before, params, policy=policy), None if technique.sheet else before, folder)
    found = find(technique)
    if found is None:
        raise HubError(f"The example of {technique.name} has no picture.")
    return found


def params_of(technique: Technique) -> Params:
    """The parameters of a technique's example. Raises BadParams where they are not its own."""
    return technique.Params.read({name: value for name, value in technique.example.items() if name != "image"})


def source_of(technique: Technique) -> str | None:
    """What a technique's example starts from, "sample:NAME", or None where it starts from nothing."""
    from hub import samples

    return technique.example.get("image", f"{SAMPLE}{samples.names()[0]}" if technique.picture == "needed" else None)


def write(name: str, result: Result, before: Any, folder: Path) -> None:
    """A result as files: the PNG with its recipe, what it was made from, the first pictures of its gallery, and its facts."""
    folder.mkdir(parents=True, exist_ok=True)
    facts: dict[str, Any] = {
        "caption": result.caption,
        "metrics": result.metrics,
        "table": result.table,
        "images": [],
        "before": None,
        "curves": {name: asdict(curve) for name, curve in result.curves.items()},
        "size": list(result.image.size),
    }
    result.save(str(folder / f"{name}.png"))
    if before is not None:
        facts["before"] = f"{name}.before.jpg"
        before.resize(result.image.size).save(folder / facts["before"], quality=88)
    for i, (image, caption) in enumerate(result.images[:MOST_IMAGES]):
        file = f"{name}.{i}.jpg"
        image.convert("RGB").save(folder / file, quality=88)
        facts["images"].append([file, list(image.size), caption])
    (folder / f"{name}.json").write_text(json.dumps(facts, indent=1))


# ---------------------------------------------------------------- small pictures to click


def strip(kind: str, names: Sequence[str], what: str, chosen: str | None = None) -> str:
    """Small pictures to click, with a word that screen readers say of all. kind: "samples" or "manners". chosen: the one in
    force, where they are a choice."""

    def pressed(name: str) -> str:
        return "" if chosen is None else f' aria-pressed="{str(name == chosen).lower()}"'

    cells = "".join(
        f'<button type="button" data-sample="{escape(name)}" title="{escape(_title(kind, name))}"{pressed(name)}>'
        f'<img src="{WEB}/{kind}/{escape(name.replace(" ", "_"))}.jpg" width="64" height="64" loading="lazy" '
        f'alt="{escape(_title(kind, name))}"></button>'
        for name in names
    )
    return f'<div class="strip" role="group" aria-label="{escape(what)}">{cells}</div>'


def _title(kind: str, name: str) -> str:
    from hub import samples

    return samples.title(name) if kind == "samples" else name.capitalize()


def thumbnail(kind: str, name: str) -> Path:
    """A sample, or a manner with _ for spaces, as a small square JPEG: the shipped one, or one made on first need.

    Raises UnknownSample.
    """
    names = _names(kind)
    if name not in names:
        raise UnknownSample(name, names)
    for folder in (ASSETS / kind, cache_folder() / kind):
        if (folder / f"{name}.jpg").is_file():
            return folder / f"{name}.jpg"
    return _make_thumbnail(kind, name, cache_folder() / kind)


def _names(kind: str) -> list[str]:
    """What there are small pictures of, as their files are called."""
    from hub import samples
    from hub.world import paintings

    return samples.names() if kind == "samples" else [name.replace(" ", "_") for name in paintings.MANNERS]


def _make_thumbnail(kind: str, name: str, folder: Path) -> Path:
    from PIL import ImageOps

    from hub import samples
    from hub.world import paintings

    whole = samples.load(name) if kind == "samples" else paintings.manner(name.replace("_", " "))
    return _written(folder / f"{name}.jpg", ImageOps.fit(whole, (THUMBNAIL_SIDE, THUMBNAIL_SIDE)), "JPEG")


def sample_file(name: str) -> Path:
    """A sample in full as a PNG in the user's cache folder, made on first need. Raises UnknownSample."""
    from hub import samples

    made = cache_folder() / "pictures" / f"{name}.png" if name in samples.names() else None
    return made if made and made.is_file() else _written(cache_folder() / "pictures" / f"{name}.png", samples.load(name), "PNG")


def _written(path: Path, image: Image, form: str) -> Path:
    held = io.BytesIO()
    image.save(held, form, **({"quality": 84} if form == "JPEG" else {}))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_safely(path, held.getvalue())
    return path


# ---------------------------------------------------------------- python -m hub.examples


def main(names: list[str]) -> int:
    """Make the examples of `names`, or everything that is shipped. Built-in techniques go to the assets, others to the cache."""
    wanted = [r for r in registry.records() if r.technique and (r.name in names or (not names and r.source == "built in"))]
    for record in wanted:
        print(f"{record.name} …", file=sys.stderr, flush=True)
        make(record.technique, SHIPPED if record.source == "built in" else cached(record.technique))
    if not names:
        for kind in KINDS:
            for name in _names(kind):
                _make_thumbnail(kind, name, ASSETS / kind)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
