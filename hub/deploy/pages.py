"""What is a Space's own: its front page, `app.py`, `requirements.txt` and thumbnail, all made from what is installed here.

A Space installs anew whenever it is built, so that every version is pinned: what was tried here is what runs there.
"""

from __future__ import annotations

import io
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub import examples, registry
from hub.deploy import PYTHON, ZERO
from hub.errors import DeployFailed

if TYPE_CHECKING:
    from PIL.Image import Image

    from hub.technique import Technique

COLOURS = frozenset({"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"})
THUMBNAIL = "thumbnail.jpg"
THUMBNAIL_SIZE = (1200, 630)  # what links are shown with
KEPT = 0.72  # the share of a picture that a thumbnail must keep
PACKAGES = ("click", "huggingface-hub", "numpy", "pillow", "pydantic", "PyWavelets", "safetensors", "scikit-image",
            "scikit-learn", "timm", "torch", "torchvision", "tqdm")
"""What the code needs beside Gradio, whose version stands on the front page. A test holds it to pyproject.toml."""
LOOSE = {"pydantic": ">=2.11"}  # a Space installs Gradio with its MCP extra, which does not take the newest
CPU_WHEELS = "https://download.pytorch.org/whl/cpu"  # elsewhere torch brings gigabytes of CUDA
ZERO_VERSIONS = {"torch": "2.11.0", "torchvision": "0.26.0"}  # the newest that ZeroGPU documents, and its companion


@dataclass(frozen=True)
class Space:
    """What a Space shows, and how it is called.

    folder: its name in `spaces/`. line: what the Hub says under its title, 60 characters at most.
    only: techniques or families by name; None for everything. face: what its thumbnail shows, the example of a technique, or a
    picture of the hub's own by its path there.
    """

    folder: str
    title: str
    emoji: str
    colours: tuple[str, str]
    line: str
    only: tuple[str, ...] | None = None
    face: str = "assets/hero.jpg"


OURS = (
    Space("hub", "Netsee", "👁️", ("gray", "red"), "See what neural networks see"),
    Space("see", "What a filter sees", "🔎", ("gray", "yellow"), "A network draws what its filters look for", ("see",),
          "backbones/embedded/class-pictures.png"),
    Space("dream", "Deep dreams", "💭", ("indigo", "pink"), "Eyes and faces, dreamt into your photo", ("dream",), "deep_dream"),
    Space("style", "Your photo, painted", "🎨", ("yellow", "red"), "In one tap, or in the manner of a painting of your own",
          ("style",), "instant_style"),
    Space("compress-restore", "Squeeze and restore", "🗜️", ("green", "blue"), "Autoencoders that squeeze, restore and explain",
          ("compress-restore",), "denoising_autoencoder"),
)


def space_of(names: Sequence[str] = ()) -> Space:
    """The Space for these techniques or families: one of ours where there is one.

    Raises UnknownTechnique, BrokenTechnique, DeployFailed.
    """
    if not names:
        return OURS[0]
    wanted = shown(names)
    for known in OURS[1:]:
        if wanted == shown(known.only):
            return known
    first = next(iter(wanted.values()))
    titles = _plain(" · ".join(found.title for found in wanted.values()))
    return replace(OURS[0], folder="", title=titles if 0 < len(titles) <= 60 else "Netsee", only=tuple(wanted), face=first.name)


def shown(only: Sequence[str] | None) -> dict[str, Technique]:
    """The techniques of a Space, by name. Those of installed distributions are among them only by their own names: whoever
    installed one did not mean to publish its source. Raises as `registry.chosen`, DeployFailed where nothing is left.
    """
    wanted = registry.chosen(only)
    guests = _guests(wanted, only)
    if guests and len(guests) == len(wanted):
        raise DeployFailed(f"{guests[0].name} comes with the installed {guests[0].source}, and is shown only by its own name: "
                           f"--technique {guests[0].name}")
    return {name: found for name, found in wanted.items() if name not in {guest.name for guest in guests}}


def _guests(wanted: Mapping[str, Technique], only: Sequence[str] | None) -> list[registry.Record]:
    """Those of installed distributions that nobody named."""
    unnamed = wanted.keys() - set(only or ())
    return [record for record in registry.records() if record.name in unnamed and record.is_installed]


def guests_left_out(only: Sequence[str] | None) -> str:
    """The line that says which techniques are left out and how to show them, too; "" where there is none."""
    guests = _guests(registry.chosen(only), only)
    if not guests:
        return ""
    there = dict.fromkeys(only or (registry.family_name(found.family) for found in shown(only).values()))
    words = " ".join(f"--technique {name}" for name in (*there, *(guest.name for guest in guests)))
    named = ", ".join(f"{guest.name} ({guest.source})" for guest in guests)
    return f"Left out: {named}, as the source would be published. To show all: {words}"


def _plain(text: str) -> str:
    """A line without what no line should hold.

    >>> _plain("Eyes\\nin\\u2028the \\x00sky")
    'Eyes in the sky'
    """
    return "".join(sign for sign in " ".join(text.split()) if unicodedata.category(sign) not in ("Cc", "Cn", "Cs"))


# ---------------------------------------------------------------- the front page


def readme(space: Space, hardware: str, repo: str | None = None, gradio: str | None = None) -> str:
    """The front page with its front matter. repo: OWNER/NAME, where it is known, for the address of the thumbnail."""
    thumbnail = f"https://huggingface.co/spaces/{repo}/resolve/main/{THUMBNAIL}" if repo else THUMBNAIL
    head = {
        "title": space.title, "emoji": space.emoji, "colorFrom": space.colours[0], "colorTo": space.colours[1],
        "sdk": "gradio", "sdk_version": gradio or version("gradio"), "python_version": PYTHON, "app_file": "app.py",
        **({} if hardware == ZERO else {"suggested_hardware": hardware}),  # the Hub does not take that one for a suggestion
        "short_description": space.line, "license": "apache-2.0", "thumbnail": thumbnail,
        "tags": ["netsee", "interpretability", "computer-vision", "image-generation"],
    }  # fmt: skip
    listed = [f"- **{found.title}**: {found.summary}" for found in shown(space.only).values()]
    return "\n".join([
        "---", *(f"{name}: {_quoted(value)}" for name, value in head.items()), "---", "",
        f"# {space.title}", "", f"{space.line}.", "", *listed, "",
        "Click one of the sample pictures, or drop a photo of your own; nothing you upload is kept. Every picture that comes out",
        "carries the recipe that it was made by.", "",
        "The network that is looked into first was trained by this project; its card lies in `hub/backbones/embedded`. The same",
        "at home: `netsee app`, or `netsee run NAME photo.jpg -o out.png`. Put here by `netsee deploy`.", "",
    ])  # fmt: skip


def _quoted(value: str | list[str]) -> str:
    """A value of front matter in quotes, on one line, so that none is taken for a number, a truth or a comment.

    >>> _quoted("Eyes #2: yes"), _quoted(["1.0", "no"])
    ('"Eyes #2: yes"', '["1.0", "no"]')
    """
    return json.dumps(value, ensure_ascii=False)


def check_readme(text: str) -> None:
    """Raise DeployFailed where the front matter lacks what a Space needs, or holds what the Hub refuses."""
    import yaml

    found = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
    try:
        head: Any = yaml.safe_load(found[1]) if found else None
    except yaml.YAMLError as error:
        raise DeployFailed("The front matter of README.md is not YAML. Check its colons and quotes.") from error
    for wrong in _faults(head if isinstance(head, dict) else {}):
        raise DeployFailed(f"The front matter of README.md is not a Space's: {wrong}.")


def _faults(head: Mapping[str, Any]) -> list[str]:
    lacking = [name for name in ("title", "emoji", "sdk", "sdk_version", "python_version", "app_file") if not head.get(name)]
    texts = [name for name in ("sdk_version", "python_version") if not isinstance(head.get(name), str)]
    colours = [head.get(name) for name in ("colorFrom", "colorTo") if head.get(name) not in COLOURS]
    return [
        *(f"{name} is missing" for name in lacking),
        *(f"{name} must be in quotes, else it is read as a number" for name in texts),
        *(f"there is no colour {colour!r}" for colour in colours),
        *(["short_description is longer than 60 characters"] if len(str(head.get("short_description", ""))) > 60 else []),
    ]


# ---------------------------------------------------------------- what runs, and on what


def app(space: Space) -> str:
    """The program of a Space."""
    names = "" if space.only is None else repr(list(space.only)).replace("'", '"')
    return f'# {space.title}: {space.line}.\n\nfrom hub.app.space import main\n\nmain({names})\n'


def requirements(hardware: str, versions: Mapping[str, str] | None = None, besides: Mapping[str, str] | None = None) -> str:
    """What a Space installs. versions: instead of those that are installed here. besides: name -> version of what else."""
    found = dict(versions or {name: version(name).partition("+")[0] for name in PACKAGES})
    before, after, build = [], [], ""
    if hardware.startswith("cpu"):
        before, build = [f"--extra-index-url {CPU_WHEELS}"], "+cpu"
    if hardware == ZERO:
        found, after = found | ZERO_VERSIONS, ["spaces"]
    pins = [f"{name}=={found[name]}{build if name in ZERO_VERSIONS else ''}" for name in PACKAGES if name not in LOOSE]
    after += [f"{name}=={found}" for name, found in sorted((besides or {}).items())]
    return "\n".join([*before, *pins, *(name + bound for name, bound in LOOSE.items()), *after, ""])


def thumbnail(space: Space) -> bytes:
    """What a link to the Space is shown with, as a JPEG: its face, or the hub's where there is no example of that."""
    from hub.decode import decode
    from hub.policy import Policy

    picture: Path = examples.ASSETS.parent / space.face
    if not picture.suffix:
        example = examples.find(registry.technique(space.face))
        picture = example.png if example else examples.ASSETS.parent / OURS[0].face
    framed(decode(picture, Policy.local()).image).save(held := io.BytesIO(), "JPEG", quality=82)
    return held.getvalue()


def framed(picture: Image) -> Image:
    """A picture at the size of a thumbnail: cut where little is lost, else whole on its plain ground, or on its own colours."""
    from PIL import Image as pillow
    from PIL import ImageFilter, ImageOps

    shape = picture.width / picture.height * THUMBNAIL_SIZE[1] / THUMBNAIL_SIZE[0]
    filled = ImageOps.fit(picture, THUMBNAIL_SIZE)
    if min(shape, 1 / shape) > KEPT:
        return filled
    corners = {picture.getpixel((x, y)) for x in (0, picture.width - 1) for y in (0, picture.height - 1)}
    ground = pillow.new("RGB", THUMBNAIL_SIZE, *corners) if len(corners) == 1 else filled.filter(ImageFilter.GaussianBlur(40))
    whole = ImageOps.contain(picture, THUMBNAIL_SIZE)
    ground.paste(whole, ((ground.width - whole.width) // 2, (ground.height - whole.height) // 2))
    return ground


def pages(space: Space, hardware: str, repo: str | None = None, besides: Mapping[str, str] | None = None) -> dict[str, bytes]:
    """File name -> content of all that is a Space's own. besides: as in `requirements`."""
    needed = requirements(hardware, besides=besides)
    own = {"README.md": readme(space, hardware, repo), "app.py": app(space), "requirements.txt": needed}
    return {name: text.encode() for name, text in own.items()} | {THUMBNAIL: thumbnail(space)}
