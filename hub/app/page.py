"""How the page looks: the theme, the style sheet, the few lines of script, and the words around the rooms."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from pathlib import Path

import gradio as gr

from hub.app import watched
from hub.registry import Record

ASSETS = Path(__file__).parents[1] / "assets"
FAMILIES = ("See", "Dream", "Style", "Compress & restore")
TITLE = "Netsee"
LINE = "See what neural networks see"
SANS = ("Instrument Sans Variable", "system-ui", "sans-serif")
MONO = ("ui-monospace", "SF Mono", "Cascadia Code", "DejaVu Sans Mono", "monospace")


def css() -> str:
    """The style sheet of the page."""
    return (ASSETS / "page.css").read_text()


def head() -> str:
    """What goes into the head of the document: our script, and the colours that a browser paints its own frame with."""
    return (
        '<meta name="theme-color" media="(prefers-color-scheme: light)" content="#faf9f7">'
        '<meta name="theme-color" media="(prefers-color-scheme: dark)" content="#131316">'
        f'<meta name="description" content="{escape(LINE)}: feature visualisation, deep dreams and more, in the browser.">'
        '<link rel="preload" href="netsee/fonts/instrument-sans.woff2" as="font" type="font/woff2" crossorigin>'
        + "".join(f"<script>{(ASSETS / name).read_text()}</script>" for name in ("page.js", *["watch.js"] * watched.is_on()))
    )


def banner() -> str:
    """The head of the page: its name and one line."""
    return f'<header class="banner"><h1>{TITLE}</h1><p>{LINE}.</p></header>'


def about(failed: Iterable[Record], version: str, hosted: bool = False) -> str:
    """The foot of the page: what this is, and which techniques are missing and why. hosted: for others than its owner."""
    rows = "".join(f"<li><b>{escape(r.name)}</b> <span>{escape(r.error)}</span></li>" for r in failed)
    missing = f'<details class="failed"><summary>Not on show</summary><ul>{rows}</ul></details>' if rows else ""
    where = "your picture is worked on by this server" if hosted else "everything is computed on this machine"
    return (
        f'<footer class="foot"><p>{TITLE} {escape(version)} · open source, Apache-2.0 · {where}; '
        f"nothing you upload is kept.</p>{missing}</footer>"
    )


def family_order(family: str) -> tuple[int, str]:
    """Where a family stands among the tabs: ours in their order, others after them by name.

    >>> sorted(["Zoo", "Dream", "See", "Atlas"], key=family_order)
    ['See', 'Dream', 'Atlas', 'Zoo']
    """
    place = (
        [f.lower() for f in FAMILIES].index(family.lower()) if family.lower() in [f.lower() for f in FAMILIES] else len(FAMILIES)
    )
    return place, family


class Theme(gr.themes.Base):
    """Paper and ink: one accent, thin lines, no boxes around boxes."""

    def __init__(self) -> None:
        super().__init__(
            primary_hue=gr.themes.colors.neutral,
            secondary_hue=gr.themes.colors.neutral,
            neutral_hue=gr.themes.colors.stone,
            font=[gr.themes.Font(f) for f in SANS],
            font_mono=[gr.themes.Font(f) for f in MONO],
            radius_size=gr.themes.sizes.radius_md,
            text_size=gr.themes.sizes.text_md,
        )
        colours = {
            key: value for name, (light, dark) in _COLOURS.items() for key, value in ((name, light), (f"{name}_dark", dark))
        }
        super().set(
            **colours,
            block_shadow="none",
            block_border_width="0px",
            block_padding="0px",
            block_label_shadow="none",
            block_radius="10px",
            block_title_text_weight="500",
            block_title_text_size="14px",
            block_info_text_size="12.5px",
            layout_gap="14px",
            form_gap_width="18px",
            input_border_width="1px",
            input_shadow="none",
            input_shadow_focus="none",
            input_radius="8px",
            input_padding="8px 10px",
            button_large_radius="8px",
            button_medium_radius="8px",
            button_small_radius="8px",
            button_large_text_weight="550",
            button_border_width="1px",
            button_primary_shadow="none",
            button_secondary_shadow="none",
            button_transition="background .12s, color .12s",
        )


_COLOURS = {
    "body_background_fill": ("#faf9f7", "#131316"),
    "background_fill_primary": ("#ffffff", "#1b1b1f"),
    "background_fill_secondary": ("#f2f0ec", "#1f1f24"),
    "body_text_color": ("#1c1b1a", "#ececea"),
    "body_text_color_subdued": ("#66625c", "#a09d97"),
    "border_color_primary": ("#dedad3", "#34343b"),
    "border_color_accent": ("#b4532a", "#f0a27a"),
    "color_accent_soft": ("#f6e9e2", "#3a2a22"),
    "link_text_color": ("#9c4320", "#f0a27a"),
    "block_background_fill": ("transparent", "transparent"),
    "block_label_background_fill": ("transparent", "transparent"),
    "block_label_text_color": ("#66625c", "#a09d97"),
    "block_title_text_color": ("#1c1b1a", "#ececea"),
    "block_info_text_color": ("#66625c", "#a09d97"),
    "panel_background_fill": ("transparent", "transparent"),
    "input_background_fill": ("#ffffff", "#1b1b1f"),
    "input_border_color": ("#d3cec5", "#3d3d45"),
    "input_border_color_focus": ("#b4532a", "#f0a27a"),
    "slider_color": ("#b4532a", "#f0a27a"),
    "checkbox_background_color_selected": ("#b4532a", "#c8663c"),
    "checkbox_border_color_selected": ("#b4532a", "#c8663c"),
    "checkbox_label_background_fill": ("#ffffff", "#1b1b1f"),
    "checkbox_label_background_fill_hover": ("#f2f0ec", "#26262c"),
    "checkbox_label_background_fill_selected": ("#f6e9e2", "#3a2a22"),
    "checkbox_label_text_color_selected": ("#1c1b1a", "#ececea"),
    "button_primary_background_fill": ("#1c1b1a", "#f3f1ec"),
    "button_primary_background_fill_hover": ("#3a3835", "#ffffff"),
    "button_primary_border_color": ("#1c1b1a", "#f3f1ec"),
    "button_primary_text_color": ("#ffffff", "#16161a"),
    "button_primary_text_color_hover": ("#ffffff", "#16161a"),
    "button_secondary_background_fill": ("transparent", "transparent"),
    "button_secondary_background_fill_hover": ("#f2f0ec", "#26262c"),
    "button_secondary_border_color": ("#d3cec5", "#3d3d45"),
    "button_secondary_text_color": ("#1c1b1a", "#ececea"),
}
