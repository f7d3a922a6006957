"""Techniques as tools of the Model Context Protocol: called by the protocol's own client, over HTTP on this machine."""

import asyncio
import base64
import io
import json
import urllib.error
import urllib.request
from contextlib import suppress

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from PIL import Image

import hub
from hub.app import gate, tools
from hub.errors import BadAddress, MissingExtra
from hub.policy import Policy
from hub.recipe import png_bytes, read_recipe
from tests import hall
from tests.test_imports import ROOT, imports

MODES = ["auto", "legacy"]  # the protocol without sessions, and that with them


@pytest.fixture(scope="module")
def museum(tmp_path_factory):
    """The address of a server, and what its technique that takes its time writes down."""
    with hall.opened(tmp_path_factory.mktemp("museum")), hall.served(Policy.local(), mcp=True) as address:
        yield address, hub.find("red").body.__globals__["LOG"]


@pytest.fixture
def address(museum):
    return museum[0]


@pytest.fixture
def log(museum):
    museum[1].clear()
    return museum[1]


def told(where, work, **options):
    """What `work` gives, which is given a client."""
    async def inside():
        async with Client(where if not isinstance(where, str) else f"{where}/mcp", **options) as client:
            return await work(client)

    return asyncio.run(inside())


def called(address, name, mode="auto", **values):
    return told(address, lambda client: client.call_tool(name, values), mode=mode)


def line(result):
    """The one line that a call was refused with."""
    assert result.is_error and len(result.content) == 1
    return result.content[0].text


# ---------------------------------------------------------------- what there is

@pytest.mark.parametrize("mode", MODES)
def test_every_technique_is_a_tool_with_the_arguments_of_its_schema(address, mode):
    listed = told(address, lambda client: client.list_tools(), mode=mode).tools
    with urllib.request.urlopen(f"{address}/schema") as answer:
        schema = json.loads(answer.read())
    assert {tool.name: tool.input_schema for tool in listed} == {name: each["params"] for name, each in schema.items()}
    assert {(tool.name, tool.title, tool.description) for tool in listed} == {
        ("red", "Red", "Paints the picture red, step by step."), ("faulty", "Faulty", "Raises."),
        ("grey", "Grey", "Draws grey squares from nothing.")}


def test_arguments_are_typed_and_say_how_pictures_and_files_are_given(address):
    listed = {tool.name: tool.input_schema for tool in told(address, lambda client: client.list_tools()).tools}
    red, grey = listed["red"], listed["grey"]["properties"]
    assert red["required"] == ["image"] and list(red["properties"])[0] == "image" and "image" not in grey
    assert red["properties"]["steps"].items() >= {"type": "integer", "minimum": 1, "maximum": 400, "default": 4}.items()
    taken = [field["anyOf"] for field in (red["properties"]["image"], grey["note"])]
    kinds = [[part.get("format", part["type"]) for part in parts] for parts in taken]
    assert kinds == [["picture", "object"], ["file", "object", "null"]]
    assert "sample:clouds" in red["properties"]["image"]["description"] and "base64" in grey["note"]["description"]


# ---------------------------------------------------------------- a call

@pytest.mark.parametrize("mode", MODES)
def test_a_call_gives_progress_then_facts_and_a_png_with_its_recipe(address, mode):
    seen = []

    async def heard(progress, total, message):
        seen.append((progress, total, message))

    async def work(client):
        return await client.call_tool("red", {"image": "sample:clouds", "steps": 2, "strength": 1, "pause": 0.3},
                                      progress_callback=heard)

    result = told(address, work, mode=mode)
    words, picture = result.content
    assert not result.is_error and json.loads(words.text) == result.structured_content
    assert result.structured_content.items() >= {"caption": "Red as could be.", "metrics": {"redness": 1.0}, "table": []}.items()
    content = base64.b64decode(picture.data)
    assert picture.mime_type == "image/png" and Image.open(io.BytesIO(content)).getpixel((0, 0)) == (255, 0, 0)
    assert read_recipe(content).params.items() >= {"steps": 2, "strength": 1.0}.items()
    assert seen[0] == (pytest.approx(1 / 3), 1.0, "Coat 1") and [each[0] for each in seen] == sorted({each[0] for each in seen})


def test_pictures_and_files_are_given_as_base64(address):
    Image.new("RGB", (40, 30), "white").save(held := io.BytesIO(), "PNG")
    result = called(address, "red", image=base64.b64encode(held.getvalue()).decode(), steps=1)
    assert Image.open(io.BytesIO(base64.b64decode(result.content[1].data))).size == (40, 30)
    assert called(address, "grey", note=base64.b64encode(b"weights").decode()).structured_content["caption"] == "b'weights'"


def test_the_whole_picture_lies_at_an_address(address):
    result = called(address, "grey")
    with urllib.request.urlopen(result.structured_content["picture"]) as answer:
        assert answer.read() == base64.b64decode(result.content[1].data)


def test_all_that_a_result_holds_is_in_the_answer(address):
    result = called(address, "grey", grey=7)
    found, (words, _, caption, glimpse, link) = result.structured_content, result.content
    assert json.loads(words.text) == found and found["table"] == [{"side": 32}] and found["metrics"] == {}
    assert caption.text == found["images"][0]["caption"] == "One <b>square</b>"
    assert glimpse.mime_type == "image/jpeg" and Image.open(io.BytesIO(base64.b64decode(glimpse.data))).size == (32, 32)
    with urllib.request.urlopen(found["images"][0]["url"]) as answer:
        assert Image.open(io.BytesIO(answer.read())).getpixel((0, 0)) == (7, 7, 7)
    assert (link.name, link.uri, link.size) == ("note.txt", found["files"][0]["url"], 4)
    with urllib.request.urlopen(str(link.uri)) as answer:
        assert answer.read() == b"grey"


def test_an_answer_with_many_pictures_is_no_larger_than_clients_take(tmp_path):
    noise = Image.effect_noise((1600, 800), 90).convert("RGB")
    noise.save(tmp_path / "noise.png")
    file = {"path": str(tmp_path / "noise.png"), "url": "http://127.0.0.1/noise.png"}
    table = [{"row": n, "value": 0.5} for n in range(10_000)]
    with hall.opened(tmp_path / "museum"):
        (tmp_path / "noise.png").write_bytes(png_bytes(hub.Result(image=noise, recipe=hub.run("grey").recipe)))
    answer = tools._shown(file, {"caption": "", "metrics": {}, "table": table}, [{"image": file, "caption": "Noise"}] * 64, [])
    assert len(answer.model_dump_json()) < 2**20
    assert len(answer.structured_content["images"]) == 64 and 2 < len(answer.content) < 20


def test_a_large_picture_is_answered_with_small_and_keeps_its_recipe(tmp_path):
    noise = Image.effect_noise((1600, 800), 90).convert("RGB")
    with hall.opened(tmp_path):
        recipe = hub.run("grey").recipe
    (tmp_path / "noise.png").write_bytes(whole := png_bytes(hub.Result(image=noise, recipe=recipe)))
    small = tools._small(tmp_path / "noise.png")
    assert len(small) <= tools.MOST_BYTES < len(whole) and read_recipe(small) == recipe
    assert Image.open(io.BytesIO(small)).size in [(side, side // 2) for side in tools.SIDES]


# ---------------------------------------------------------------- what is wrong

@pytest.mark.parametrize(("name", "values", "said"), [
    ("red", {"image": "sample:clouds", "stepps": 3}, "'stepps' is not a parameter. Did you mean 'steps'?"),
    ("red", {"image": "sample:clouds", "steps": 0}, "steps: Input should be greater than or equal to 1 (given: 0)"),
    ("red", {"image": "sample:cloud"}, "'cloud' is not a sample picture. Did you mean 'clouds'? Give one as sample:NAME."),
    ("red", {"image": {"path": "/etc/hostname"}},
     "image: no upload has that path. POST the file to /gradio_api/upload and give the path in the answer."),
    ("reed", {}, "'reed' is not a technique. Did you mean 'red'? All of them: /schema"),
    ("faulty", {"kindly": True}, "This is too much. Try less."),
])
def test_what_is_wrong_is_said_in_one_line(address, name, values, said):
    assert line(called(address, name, **values)) == said


def test_what_is_ours_to_mend_has_a_number_and_no_traceback(address):
    assert line(called(address, "faulty")).startswith("Something went wrong on our side (id ")


# ---------------------------------------------------------------- turns

@pytest.mark.parametrize("mode", MODES)
def test_a_call_that_is_cancelled_ends_its_run(address, log, mode):

    async def work(client):
        began = asyncio.Event()

        async def heard(*_):
            began.set()

        call = asyncio.create_task(client.call_tool("red", {"image": "sample:clouds", "steps": 400, "pause": 0.05},
                                                    progress_callback=heard))
        await asyncio.wait_for(began.wait(), 20)
        call.cancel()
        with suppress(asyncio.CancelledError):
            await call
        for _ in range(200):
            if "closed" in log:
                return
            await asyncio.sleep(0.05)

    told(address, work, mode=mode)
    assert log == ["began", "closed"]


def test_a_call_waits_for_its_turn_behind_the_calls_of_others(address, log):
    body = json.dumps({"image": "sample:clouds", "steps": 20, "pause": 0.05}).encode()
    asked = urllib.request.Request(f"{address}/gradio_api/call/v2/red", body, {"Content-Type": "application/json"})
    urllib.request.urlopen(asked).close()
    assert not called(address, "red", image="sample:clouds", steps=1).is_error
    assert log == ["began", "finished", "closed"] * 2


# ---------------------------------------------------------------- who may call

def test_pages_of_other_sites_and_other_names_are_refused(address):
    for headers, code in ({"Origin": "http://elsewhere.example"}, 403), ({"Host": "elsewhere.example"}, 400):
        asked = urllib.request.Request(f"{address}/mcp", b"{}", {"Content-Type": "application/json", **headers})
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(asked)
        refused.value.close()
        assert refused.value.code == code


def test_a_password_that_the_page_asks_for_is_asked_for_here_too(tmp_path):
    async def work(address, auth):
        async with (httpx2.AsyncClient(auth=auth) as http,
                    Client(streamable_http_client(f"{address}/mcp", http_client=http)) as client):
            return await client.call_tool("grey", {})

    with hall.opened(tmp_path), hall.served(Policy.public(), mcp=True, auth=("ada", "long: secret")) as address:
        assert not asyncio.run(work(address, ("ada", "long: secret"))).is_error
        for name, password in ("ada", "short"), ("", ""):
            given = base64.b64encode(f"{name}:{password}".encode()).decode()
            asked = urllib.request.Request(f"{address}/mcp", b"{}", {"Authorization": f"Basic {given}"})
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(asked)
            refused.value.close()
            assert refused.value.code == 401


@pytest.mark.parametrize(("private", "locked", "refused"), [
    (True, False, False), (True, True, False), (False, True, False), (False, False, True)])
def test_strangers_get_tools_only_by_a_password(private, locked, refused):
    if not refused:
        return gate.check_tools(private, locked)
    with pytest.raises(BadAddress, match="--auth"):
        gate.check_tools(private, locked)


@pytest.mark.parametrize("words", [["--public"], ["--host", "0.0.0.0"], ["--share"]])
def test_the_command_refuses_tools_for_strangers_in_one_line(netsee, words):
    said = "BadAddress: --mcp serves tools to this machine only. To serve them to others, give --auth USER:PASSWORD too.\n"
    assert netsee("app", "--mcp", *words) == (2, "", said)


@pytest.mark.parametrize("installed", [None, "1.30.0"])
def test_a_missing_extra_is_said_with_how_to_install_it(monkeypatch, installed):
    def version(name):
        if installed is None:
            raise gate.PackageNotFoundError(name)
        return installed

    monkeypatch.setattr(gate, "version", version)
    with pytest.raises(MissingExtra, match=r"pip install 'netsee\[mcp\]'"):
        gate.check_tools(True, False)


def test_a_server_without_tools_has_none_and_imports_nothing_for_them(tmp_path):
    early = {name for name, inside in imports(ROOT / "hub" / "app" / "__init__.py") if not inside}
    assert not {name for name in early if name.split(".")[-1] == "tools" or name.split(".")[0] == "mcp"}
    with hall.opened(tmp_path), hall.served() as address, pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(f"{address}/mcp", b"{}", {"Content-Type": "application/json"}))
    refused.value.close()
    assert refused.value.code in (404, 405)
