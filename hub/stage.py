"""What a `Result` looks like on the page: short pieces of HTML, drawn here and nowhere else, every text escaped."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from PIL import Image

from hub import charts
from hub.results import Curve

PREVIEW_SIDE = 640  # pixels of a preview's longer side: it is sent several times a second
MOST_IN_GALLERY = 64
MOST_ROWS = 100
FILM = {".mp4": "video/mp4", ".webm": "video/webm"}
MOVING = (".gif", ".apng", ".webp", ".png", ".jpg", ".jpeg")
Shown = tuple[str, int, int]
"""(address, width, height) of a picture."""


# ---------------------------------------------------------------- pictures


def data_url(image: Image.Image, side: int, quality: int = 88) -> Shown:
    """A picture inside its own address, as JPEG, at most `side` pixels long. width and height are those of the whole picture."""
    small = image.copy()
    small.thumbnail((side, side), Image.Resampling.BILINEAR)
    held = io.BytesIO()
    small.convert("RGB").save(held, "JPEG", quality=quality)
    return f"data:image/jpeg;base64,{base64.b64encode(held.getvalue()).decode()}", image.width, image.height


def picture(after: Shown, alt: str, before: Shown | None = None) -> str:
    """The picture on the stage; with `before`, a divider (dragged, or moved by arrow keys) shows what it was made from."""
    address, width, height = after
    frame = f'style="--w:{width};--h:{height}"'
    shown = f'<img src="{escape(address)}" width="{width}" height="{height}" alt="{escape(alt)}" decoding="sync">'
    if before is None:
        return f'<figure class="picture" {frame}>{shown}</figure>'
    return (
        f'<figure class="picture compare" {frame}>{shown}<img class="before" src="{escape(before[0])}" alt="" decoding="sync">'
        '<span class="tag tag-before">Before</span><span class="tag tag-after">After</span><span class="divider"></span>'
        '<input type="range" min="0" max="100" value="50" aria-label="Compare before and after"></figure>'
    )


def empty(title: str, wants_picture: bool) -> str:
    """The stage where there is no example to show yet."""
    line = "Choose a picture, or press Run after picking a sample." if wants_picture else "Press Run: it starts from nothing."
    return f'<figure class="picture blank" style="--w:4;--h:3"><p><b>{escape(title)}</b>{line}</p></figure>'


def gallery(images: Sequence[tuple[Shown, str]]) -> str:
    """Further pictures with their captions; a click opens one in full."""
    if not images:
        return ""
    cells = "".join(
        f'<figure><button type="button" class="open"><img src="{escape(shown[0])}" width="{shown[1]}" height="{shown[2]}" '
        f'alt="{escape(caption)}" loading="lazy"></button><figcaption>{escape(caption)}</figcaption></figure>'
        for shown, caption in images[:MOST_IN_GALLERY]
    )
    more = (
        f'<p class="quiet">and {len(images) - MOST_IN_GALLERY} more in the downloads</p>' if len(images) > MOST_IN_GALLERY else ""
    )
    return f'<section class="gallery" aria-label="Gallery">{cells}</section>{more}'


def films(files: Mapping[str, str]) -> str:
    """Videos and animations among a result's files. files: name -> address."""
    shown = []
    for name, address in files.items():
        ending = name[name.rfind(".") :].lower()
        if ending in FILM:
            shown.append(
                f'<video controls loop muted playsinline preload="metadata" aria-label="{escape(name)}">'
                f'<source src="{escape(address)}" type="{FILM[ending]}"></video>'
            )
        elif ending in MOVING:
            shown.append(f'<img src="{escape(address)}" alt="{escape(name)}" loading="lazy">')
    return f'<section class="films">{"".join(shown)}</section>' if shown else ""


# ---------------------------------------------------------------- words and figures


def status(text: str, progress: float | None = None, kind: str = "") -> str:
    """One line under the picture, with a bar while something runs. kind: "", "error", "waiting"."""
    role = 'role="alert"' if kind == "error" else 'role="status"'
    bar = (
        "" if progress is None else (f'<progress max="1" value="{progress:.3f}" aria-label="Progress">{progress:.0%}</progress>')
    )
    return f'<div class="status {kind}">{bar}<p {role}>{escape(text)}</p></div>' if text or bar else ""


def time_left(progress: float, elapsed: float) -> str:
    """How long it will still take, or nothing while that is not known.

    >>> time_left(0.5, 6.0), time_left(0.01, 0.3), time_left(0.1, 60.0)
    ('about 6 s left', '', 'about 9 min left')
    """
    if progress < 0.05 or elapsed < 0.7 or progress >= 1:
        return ""
    seconds = elapsed / progress * (1 - progress)
    return (
        "almost there" if seconds < 1 else f"about {seconds:.0f} s left" if seconds < 90 else f"about {seconds / 60:.0f} min left"
    )


def notes(caption: str, metrics: Mapping[str, float], table: Sequence[Mapping[str, Any]]) -> str:
    """The caption, the figures of quality as short lines, and the table."""
    parts = [f'<p class="caption">{escape(caption)}</p>' if caption else ""]
    if metrics:
        lines = "".join(
            f"<li><span>{escape(charts.words(name))}</span> <b>{figure(name, value)}</b></li>" for name, value in metrics.items()
        )
        parts.append(f'<ul class="figures">{lines}</ul>')
    return "".join(parts) + _table(table)


def figure(name: str, value: float) -> str:
    """A number as one reads it: a share in per cent where its name says so, else three digits.

    >>> figure("judge, share", 0.934), figure("activation", 12.3456), figure("steps", 120.0)
    ('93 %', '12.3', '120')
    """
    if 0 <= value <= 1 and any(word in name.lower() for word in ("share", "probability", "sees", "confidence")):
        return f"{value:.0%}".replace("%", " %")
    return f"{value:.0f}" if abs(value) >= 100 or float(value).is_integer() else f"{value:.3g}"


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    if not rows:
        return ""
    names = list(dict.fromkeys(name for row in rows for name in row))
    head = "".join(f'<th scope="col">{escape(charts.words(name))}</th>' for name in names)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(_cell(row.get(name, '')))}</td>" for name in names) + "</tr>" for row in rows[:MOST_ROWS]
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="table" tabindex="0" role="region" aria-label="Table">{table}</div>'


def _cell(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


# ---------------------------------------------------------------- curves


def curves(lines: Mapping[str, Curve]) -> str:
    """The charts of a result."""
    return charts.drawings(lines)


# ---------------------------------------------------------------- code


def code(python: str, shell: str, link: str) -> str:
    """The same run in Python and in the shell, and its address, each ready to copy. link: starts with `?`."""
    blocks = "".join(
        f'<div class="code"><span>{title}</span><button type="button" data-copy="{escape(text)}">Copy</button>'
        f'<pre tabindex="0"><code>{escape(text)}</code></pre></div>'
        for title, text in (("Python", python), ("Shell", shell))
    )
    return f'{blocks}<p class="link"><button type="button" data-link="{escape(link)}">Copy link to these settings</button></p>'


def python_code(name: str, wants_picture: bool, values: Mapping[str, Any]) -> str:
    """The call in Python.

    >>> print(python_code("deep_dream", True, {"octaves": 5}))
    import hub
    <BLANKLINE>
    result = hub.run("deep_dream", "photo.jpg", octaves=5)
    result.save("out.png")
    """
    given = [
        repr(name).replace("'", '"'),
        *(['"photo.jpg"'] if wants_picture else []),
        *(f"{k}={v!r}" for k, v in values.items()),
    ]
    return f'import hub\n\nresult = hub.run({", ".join(given)})\nresult.save("out.png")'
