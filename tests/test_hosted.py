"""The tree that is staged, as a Space runs it: by itself, for strangers, in a browser; and what it installs."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from playwright.sync_api import expect

from hub import registry
from hub.deploy import CPU, HARDWARE, ZERO, pages, staging
from hub.runners import zero
from tests import hall
from tests.visitors import DESKTOP, PATIENCE, dial, line

LENDER = Path(__file__).parent / "data" / "lent"


@pytest.fixture(scope="module")
def tree(tmp_path_factory) -> Path:
    """Everything, staged."""
    folder = tmp_path_factory.mktemp("staged") / "tree"
    staging.stage(folder, pages.space_of(), CPU, "somebody/small")
    return folder


@contextmanager
def running(tree: Path, **more: str) -> Iterator[str]:
    """The address of `python app.py` in a tree, with the environment of a Space and no more."""
    port = hall.free_port()
    asked = {"SYSTEM": "spaces", "SPACE_ID": "somebody/small", "GRADIO_SERVER_NAME": "127.0.0.1", "GRADIO_SERVER_PORT": str(port),
             "CPU_CORES": "2", "HF_HUB_OFFLINE": "1", **more}  # fmt: skip
    with hall.started([sys.executable, "app.py"], port, tree, asked) as address:
        yield address


def test_the_whole_tree_serves_strangers_in_a_browser_by_itself(tree, chromium):
    complaints: list[str] = []
    with running(tree) as address:
        with urllib.request.urlopen(f"{address}/healthz", timeout=10) as answer:
            health = json.load(answer)
        assert health["ok"] and health["techniques"] == len(registry.chosen(None)) and health["failures"] == []
        page = chromium.new_page(viewport=DESKTOP)
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("request", lambda asked: asked.url.startswith((address, "data:", "blob:")) or complaints.append(asked.url))
        page.on("response", lambda reply: complaints.append(f"{reply.status} {reply.url}") if reply.status >= 400 else None)
        page.goto(f"{address}/?tab=deep_dream")
        expect(page.locator(".title h2:visible")).to_have_text("Deep dream")
        expect(page.locator(".stage .picture img:visible").first).to_be_visible()
        dial(page, steps=1, octaves=1)
        page.locator("[data-sample=cat]:visible").click()
        expect(line(page)).to_contain_text("Done in")
        result = page.locator(".stage .picture img:visible").first
        assert result.evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
        page.close()
        large = urllib.request.Request(f"{address}/gradio_api/call/v2/deep_dream", b'"' + b"a" * 2**19 + b'"')
        with pytest.raises(urllib.error.HTTPError, match="413"):  # at home it takes more
            urllib.request.urlopen(large, timeout=30)
    assert not complaints, complaints


def test_where_a_gpu_is_lent_the_same_tree_asks_for_one_for_each_run(tree, tmp_path):
    from gradio_client import Client, handle_file

    photo = handle_file(str(next((tree / "hub" / "assets" / "samples").glob("*.jpg"))))
    log = tmp_path / "log"
    with running(tree, PYTHONPATH=str(LENDER), SPACES_ZERO_GPU="true", SPACES_LOG=str(log)) as address:
        client = Client(address, verbose=False, download_files=False)
        image = client.predict(image=photo, steps=1, octaves=1, api_name="/deep_dream")
        client.close()
    port = address.rpartition(":")[2]
    lent = f"lent for {zero.LEAST + zero.GRACE} s"
    assert image and log.read_text().splitlines() == ["startup", lent, f"let go of port {port}"]


@pytest.mark.parametrize("space", pages.OURS[1:], ids=lambda space: space.folder)
def test_the_tree_of_a_family_holds_all_that_its_techniques_need(space, tmp_path):
    staging.stage(tmp_path / "tree", space, CPU, "somebody/small")
    look = "from hub import registry; print(*sorted(registry.chosen(None)), registry.failures(), registry.__file__)"
    said = subprocess.run([sys.executable, "-c", look], cwd=tmp_path / "tree", capture_output=True, text=True, check=True,
                          env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)}).stdout
    assert said.split() == [*sorted(registry.chosen(space.only)), "[]", str(tmp_path / "tree" / "hub" / "registry.py")]


# ---------------------------------------------------------------- what it installs


def requirements(text: str) -> list[Requirement]:
    return [Requirement(line.removesuffix("+cpu")) for line in text.splitlines() if line and not line.startswith("-")]


@pytest.mark.parametrize("hardware", HARDWARE)
@pytest.mark.parametrize("space", pages.OURS, ids=lambda space: space.folder)
def test_what_is_tried_here_is_what_it_installs(space, hardware):
    front, text = pages.readme(space, hardware), pages.requirements(hardware)
    assert re.search(r'^sdk_version: "(\S+)"$', front, re.MULTILINE)[1] == version("gradio")
    for one in requirements(text):
        if hardware == ZERO and one.name in ("torch", "torchvision", "spaces"):
            continue  # ZeroGPU's own
        assert one.specifier.contains(version(one.name), prereleases=True), f"{one}; here is {version(one.name)}"
    assert bool(re.search(r"^torch==[\d.]+\+cpu$", text, re.MULTILINE)) == hardware.startswith("cpu")


def test_all_that_the_tree_imports_comes_with_what_it_installs(tree):
    imported = set()
    for file in tree.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            imported |= {name.partition(".")[0] for name in names}
    foreign = imported - sys.stdlib_module_names - {"hub", "plugins", "spaces", "mcp"}  # ZeroGPU's, and an extra
    given = brought_along({one.name for one in requirements((tree / "requirements.txt").read_text())} | {"gradio"})
    owners = packages_distributions()
    assert "torch" in foreign and not {name for name in foreign if not given & set(map(canonicalize_name, owners.get(name, [])))}


def brought_along(names: set[str]) -> set[str]:
    """The distributions that these need, with themselves."""
    seen: set[str] = set()
    waiting = set(map(canonicalize_name, names))
    while waiting:
        seen.add(name := waiting.pop())
        try:
            needed = distribution(name).requires or []
        except PackageNotFoundError:
            continue  # for another system than this
        found = {canonicalize_name(one.name) for one in map(Requirement, needed) if one.marker is None or one.marker.evaluate()}
        waiting |= found - seen
    return seen
