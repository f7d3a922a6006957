"""The code on the front page, taken from there and run: in Python, in a shell, in a browser, and as settings of a client."""

import asyncio
import json
import subprocess
from pathlib import Path

import pytest
from mcp import Client

from hub import testing
from hub.policy import Policy
from hub.recipe import read_recipe
from tests import browser, hall
from tests.loopback import Loopback
from tests.pages import ROOT, sections

SECTIONS = sections(ROOT / "README.md")
OURS = "http://127.0.0.1:7860"


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """Language -> the code under "From programs", with the address of a server that runs."""
    with hall.opened(tmp_path_factory.mktemp("museum"), built_in=True), hall.served(Policy.local(), mcp=True) as address:
        yield {language: code.replace(OURS, address) for language, code in SECTIONS["From programs"]}


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A folder with photos, where the reader works."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    for path in ("photo.jpg", "photos/one.jpg"):
        testing.small_picture().save(tmp_path / path)
    return tmp_path


def made(path: str) -> tuple[str, str]:
    """The technique and the manner that a picture was made by."""
    recipe = read_recipe(path)
    return recipe.technique, recipe.params["manner"]


def test_all_code_on_the_page_is_run_here():
    assert {heading: [language for language, _ in found] for heading, found in SECTIONS.items() if found} == {
        "In Python": ["python"] * 3, "From programs": ["sh", "python", "js", "json"]}
    assert all(OURS in code for _, code in SECTIONS["From programs"])


def test_the_python_runs():
    names: dict = {}
    for _, code in SECTIONS["In Python"]:
        exec(compile(code, "README.md", "exec"), names)
    assert Path("butterfly.png").stat().st_size > 1000 and made("out.png") == ("instant_style", "gothic")


def test_curl_uploads_a_photo_and_brings_the_picture(programs):
    subprocess.run(["bash", "-euo", "pipefail", "-c", programs["sh"]], check=True)
    assert made("candy.png") == ("instant_style", "candy")
    assert "event: complete" in Path("events.txt").read_text()


def test_the_client_of_gradio_uploads_a_photo_and_brings_the_picture(programs):
    names: dict = {}
    exec(compile(programs["python"], "README.md", "exec"), names)
    names["client"].close()
    assert made(names["picture"]) == ("instant_style", "gothic") and names["facts"]["progress"] == 1


def test_a_page_of_anybody_s_calls_by_javascript(programs):
    bring = "return [...new Uint8Array(await (await fetch(picture.url)).arrayBuffer())]"
    with Loopback(files={"page.html": b"<!doctype html><title>Mine</title>"}) as mine, browser.chromium() as found:
        page, said = found.new_page(), []
        page.on("console", lambda message: said.append(message.text))
        page.goto(f"{mine.address}/files/page.html")
        Path("there.png").write_bytes(bytes(page.evaluate(f"async () => {{ {programs['js']}; {bring} }}")))
    assert made("there.png") == ("instant_style", "mononoke") and said[-1].startswith("http")


def test_a_client_finds_the_tools_where_its_settings_say(programs):
    async def listed():
        async with Client(json.loads(programs["json"])["mcpServers"]["netsee"]["url"]) as client:
            return [tool.name for tool in (await client.list_tools()).tools]

    assert "instant_style" in asyncio.run(listed())
