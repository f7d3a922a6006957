"""The front page. Its code, taken from there, is run: in Python, in a shell, in a browser, as settings of a client."""

import asyncio
import json
import re
import subprocess
from pathlib import Path

import pytest
from mcp import Client
from PIL import Image, ImageStat

import hub
from hub import testing
from hub.app import page
from hub.policy import Policy
from hub.recipe import read_recipe
from tests import browser, hall, screenshots
from tests.loopback import Loopback
from tests.pages import ROOT, sections

SECTIONS = sections(ROOT / "README.md")
OURS = "http://127.0.0.1:7860"
SCREENS = [(exhibit, look) for exhibit in screenshots.EXHIBITS for look in screenshots.LOOKS]


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """Language -> the code under "From programs", with the address of a server that runs."""
    with hall.opened(tmp_path_factory.mktemp("museum"), built_in=True), hall.served(Policy.local(), mcp=True) as address:
        yield {language: code.replace(OURS, address) for language, code in SECTIONS["From programs"]}


@pytest.fixture(scope="module")
def locked(tmp_path_factory):
    """The same for the code under "With a password"."""
    with (hall.opened(tmp_path_factory.mktemp("locked"), built_in=True),
          hall.served(Policy.public(), auth=("ada", "secret")) as address):
        yield {language: code.replace(OURS, address) for language, code in SECTIONS["With a password"]}


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
        "In Python": ["python"] * 3, "From programs": ["sh", "python", "js", "json"],
        "With a password": ["sh", "python", "js"]}
    assert all(OURS in code for heading in ("From programs", "With a password") for _, code in SECTIONS[heading])


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
        window, said = found.new_page(), []
        window.on("console", lambda message: said.append(message.text))
        window.goto(f"{mine.address}/files/page.html")
        Path("there.png").write_bytes(bytes(window.evaluate(f"async () => {{ {programs['js']}; {bring} }}")))
    assert made("there.png") == ("instant_style", "mononoke") and said[-1].startswith("http")


def test_curl_logs_in(locked):
    subprocess.run(["bash", "-euo", "pipefail", "-c", locked["sh"]], check=True)
    assert made("gothic.png") == ("instant_style", "gothic")


def test_the_client_of_gradio_logs_in(locked):
    names: dict = {}
    exec(compile(locked["python"], "README.md", "exec"), names)
    names["client"].close()
    assert made(names["picture"]) == ("instant_style", "candy")


def test_a_page_logs_in_by_javascript(locked):
    bring = "return [...new Uint8Array(await shown.arrayBuffer())]"
    with Loopback(files={"page.html": b"<!doctype html><title>Mine</title>"}) as mine, browser.chromium() as found:
        window = found.new_page()
        window.goto(f"{mine.address}/files/page.html")
        Path("there.png").write_bytes(bytes(window.evaluate(f"async () => {{ {locked['js']}; {bring} }}")))
    assert made("there.png") == ("instant_style", "mononoke")


def test_curl_is_told_that_the_password_is_wrong(locked):
    code = locked["sh"].replace("secret", "guessed").replace("| cut", "| tee said.txt | cut")
    subprocess.run(["bash", "-c", code], check=False, capture_output=True)
    assert json.loads(Path("said.txt").read_text())["error"].startswith("Log in first")


def test_a_page_is_told_that_the_password_is_wrong(locked):
    with Loopback(files={"page.html": b"<!doctype html><title>Mine</title>"}) as mine, browser.chromium() as found:
        window = found.new_page()
        window.goto(f"{mine.address}/files/page.html")
        with pytest.raises(Exception, match="Log in first"):
            window.evaluate(f"async () => {{ {locked['js'].replace('secret', 'guessed')} }}")


def test_a_client_finds_the_tools_where_its_settings_say(programs):
    async def listed():
        async with Client(json.loads(programs["json"])["mcpServers"]["netsee"]["url"]) as client:
            return [tool.name for tool in (await client.list_tools()).tools]

    assert "instant_style" in asyncio.run(listed())


# ---------------------------------------------------------------- pictures

def test_the_pictures_of_the_app_are_all_there_and_told_in_words():
    text = (ROOT / "README.md").read_text()
    shown = re.findall(r'(?:src|srcset)="(docs/[^"]+)"', text)
    assert sorted(shown) == sorted(str(screenshots.path_of(*each).relative_to(ROOT)) for each in SCREENS)
    assert {path.name for path in screenshots.FOLDER.iterdir()} == {Path(path).name for path in shown}
    told = re.findall(r'<img src="docs/[^>]+ alt="([^"]+)"', text)
    assert len(set(told)) == len(screenshots.EXHIBITS) * 2 and min(map(len, told)) > 40


def test_an_exhibit_of_each_family_is_pictured():
    assert {hub.find(name).family for name in screenshots.EXHIBITS} == set(page.FAMILIES)


@pytest.mark.parametrize(("exhibit", "look"), SCREENS)
def test_a_picture_of_the_app_is_of_the_size_that_is_taken_and_not_blank(exhibit, look):
    with Image.open(screenshots.path_of(exhibit, look)) as picture:
        assert picture.size == screenshots.LOOKS[look].size
        ground = ImageStat.Stat(picture.convert("L")).median[0]
        colours = len(picture.convert("P", palette=Image.Palette.ADAPTIVE).quantize(64).getcolors())
    assert (ground < 64) == (look == "dark") and colours > 32


def test_the_pictures_of_the_app_are_light_to_load():
    assert sum(screenshots.path_of(*each).stat().st_size for each in SCREENS) < 1_500_000
