"""The Dockerfile, read and run as far as that goes without Docker: in a folder with what it copies and nothing else."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from hub.deploy import pages
from tests import hall

ROOT = Path(__file__).parents[1]
LINES = [line.split(maxsplit=1) for line in (ROOT / "Dockerfile").read_text().splitlines() if line and not line.startswith("#")]


def said(instruction: str) -> list[str]:
    return [rest for name, rest in LINES if name == instruction]


def words(instruction: str) -> list[str]:
    """The one command of an instruction, which is a JSON list at its end."""
    (line,) = said(instruction)
    return json.loads(line[line.index("["):])


@pytest.fixture
def image(tmp_path) -> Path:
    """The folder as it is in the image."""
    folder = tmp_path / "netsee"
    folder.mkdir()
    for line in said("COPY"):
        *sources, to = line.split()
        for source in sources:
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, folder / to, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / source, folder / to)
    return folder


def test_what_it_copies_is_what_docker_is_given():
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {source for line in said("COPY") for source in line.split()[:-1]} == {one[1:] for one in ignored if one[0] == "!"}
    assert [one for one in ignored if one[0] != "!"] == ["*", "**/__pycache__"]


def test_it_installs_the_packages_of_the_space(image):
    assert said("FROM") == [f"python:{pages.PYTHON}-slim"]
    shell = re.fullmatch(r'pip install --no-cache-dir -r requirements.txt "gradio==(\$\(.*\))"', said("RUN")[0])[1]
    gradio = subprocess.run(["sh", "-c", f"printf %s {shell}"], cwd=image, capture_output=True, text=True, check=True).stdout
    for name in ("README.md", "requirements.txt"):
        assert (image / name).read_bytes() == (ROOT / "spaces" / "hub" / name).read_bytes()
    assert gradio and f'\nsdk_version: "{gradio}"\n' in (image / "README.md").read_text()


def test_it_serves_strangers_as_nobody_in_particular_and_knows_when_it_is_well(image):
    order = [name for name, _ in LINES]
    assert order.index("USER") < order.index("ENTRYPOINT") and said("USER") != ["root"] and said("EXPOSE") == ["7860"]
    python, *command = [{"0.0.0.0": "127.0.0.1"}.get(word, word) for word in words("ENTRYPOINT")]
    port = hall.free_port()
    with hall.started([sys.executable, *command, "--technique", "dream", "--port", str(port)], port, image, {}) as address:
        assert python == "python"
        health = [word.replace("7860", str(port)) for word in words("HEALTHCHECK")[1:]]
        subprocess.run([sys.executable, *health], check=True, timeout=60)
        large = urllib.request.Request(f"{address}/gradio_api/call/v2/deep_dream", b" " * 2**19)
        with pytest.raises(urllib.error.HTTPError, match="413"):  # at home it takes more
            urllib.request.urlopen(large, timeout=60)
    unwell = [word.replace("7860", str(hall.free_port())) for word in words("HEALTHCHECK")[1:]]
    assert subprocess.run([sys.executable, *unwell], capture_output=True, timeout=60).returncode != 0
