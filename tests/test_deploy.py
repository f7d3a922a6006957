"""Spaces: their pages in `spaces/`, and the tree that is staged."""

import ast
import io
import itertools
import re
import tomllib
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import huggingface_hub
import pytest
from PIL import Image, ImageChops, ImageStat

from hub import registry
from hub.deploy import CPU, HARDWARE, ZERO, pages, staging
from hub.errors import BadOutput, DeployFailed, UnknownTechnique
from tests.test_registry import RED

ROOT = Path(__file__).parents[1]


def pins(text: str) -> dict[str, str]:
    return {name: version.partition("+")[0] for name, version in re.findall(r"^(\S+)==(\S+)$", text, re.MULTILINE)}


@pytest.mark.parametrize("space", pages.OURS, ids=lambda space: space.folder)
def test_the_pages_in_the_repository_are_those_that_the_code_writes(space):
    folder = ROOT / "spaces" / space.folder
    front, needed = (folder / "README.md").read_text(), (folder / "requirements.txt").read_text()
    gradio = re.search(r'^sdk_version: "(\S+)"$', front, re.MULTILINE)[1]
    assert front == pages.readme(space, CPU, gradio=gradio) and (folder / "app.py").read_text() == pages.app(space)
    assert needed == pages.requirements(CPU, pins(needed)) and (folder / pages.THUMBNAIL).is_file()


@pytest.mark.parametrize("space", pages.OURS, ids=lambda space: space.folder)
def test_the_thumbnail_in_the_repository_is_the_one_that_the_code_makes(space):
    held = Image.open(ROOT / "spaces" / space.folder / pages.THUMBNAIL)
    made = Image.open(io.BytesIO(pages.thumbnail(space)))
    assert held.size == made.size == pages.THUMBNAIL_SIZE
    assert max(ImageStat.Stat(ImageChops.difference(held, made)).mean) < 2  # JPEG libraries differ in a rounding


@pytest.mark.parametrize(("shape", "whole"), [((1200, 630), False), ((1000, 630), False), ((400, 400), True), ((900, 200), True)])
def test_a_thumbnail_is_cut_only_where_little_is_lost(shape, whole):
    spotted = Image.new("RGB", shape, "white")
    for x, y in itertools.product((2, shape[0] - 12), (2, shape[1] - 12)):
        spotted.paste("red", (x, y, x + 10, y + 10))
    framed = pages.framed(spotted)
    reds = sum(count for count, (r, g, b) in framed.getcolors(2**20) if r > 200 and g < 60)
    scale = min(1200 / shape[0], 630 / shape[1]) ** 2
    assert framed.size == pages.THUMBNAIL_SIZE and framed.getpixel((0, 0)) == (255, 255, 255)
    assert (reds == pytest.approx(400 * scale, rel=0.1)) == (whole or shape == pages.THUMBNAIL_SIZE)


@pytest.mark.parametrize("space", pages.OURS, ids=lambda space: space.folder)
@pytest.mark.parametrize("hardware", HARDWARE)
def test_every_front_page_is_one_that_a_space_can_have(space, hardware):
    pages.check_readme(pages.readme(space, hardware, "somebody/small"))


@pytest.mark.parametrize("title", ["Dream: eyes", "Eyes #2", "yes", "1.0", "0o14", "null", "- eyes", "[eyes", "👁️ eyes", "\"eyes'",
                                   "back\\slash", "{eyes}", "eyes\nand \x00faces\u2028too", "~", "&eyes", "*eyes", 'three """'])
def test_any_title_is_read_by_the_hubs_client_as_it_was_and_leaves_the_program_whole(plugin_folder, title):
    plugin_folder.add("tiny", RED.replace('title="Tiny"', f"title={title!r}"))
    space = replace(pages.space_of(["tiny"]), emoji="🧪")
    head = huggingface_hub.RepoCard(pages.readme(space, CPU)).data
    assert head.title == " ".join(title.replace("\x00", "").split()) and head.emoji == "🧪"
    assert head.tags[0] == "netsee" and head.sdk_version == version("gradio") and head.python_version == "3.12"
    pages.check_readme(pages.readme(space, CPU))
    assert len(ast.parse(pages.app(space)).body) == 2


def test_a_front_page_that_the_hub_would_refuse_is_refused_here():
    good = pages.readme(pages.OURS[0], CPU)
    for bad in (good.replace('"3.12"', "3.12"), good.replace('"gray"', '"beige"'), "no front matter"):
        with pytest.raises(DeployFailed):
            pages.check_readme(bad)


def test_a_space_installs_what_the_project_needs_and_zero_what_it_knows():
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert {re.split("[<>=]", one)[0].lower() for one in needed} - {"gradio"} == {one.lower() for one in pages.PACKAGES}
    assert pins(pages.requirements(ZERO))["torch"] == "2.11.0" and "+cpu" not in pages.requirements(ZERO)


def test_a_tree_of_one_family_holds_no_other_technique_and_is_written_only_into_a_new_folder(tmp_path):
    paths = staging.stage(tmp_path / "tree", pages.space_of(["dream"]), CPU, "somebody/small")
    assert {path for path in paths if path.startswith("plugins/")} == {"plugins/__init__.py", "plugins/deep_dream.py"}
    assert "hub/backbones/embedded/model.safetensors" in paths and not [path for path in paths if path.startswith("spaces")]
    with pytest.raises(BadOutput, match="not empty"):
        staging.stage(tmp_path / "tree", pages.space_of(["dream"]), CPU)


def test_a_family_is_chosen_by_its_name_and_a_misspelt_one_is_refused():
    assert list(registry.chosen(["dream"])) == ["deep_dream"]
    with pytest.raises(UnknownTechnique):
        registry.chosen(["nightmare"])
