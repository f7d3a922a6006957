"""The same wrong parameter by every door: one core checks it, and says the same line."""

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client as GradioClient
from gradio_client.exceptions import AppError
from mcp import Client

import hub
from hub import cli
from hub.policy import Policy
from hub.recipe import png_bytes
from tests import hall

MEASURED = '''"""Draws a black square.

Its parameters are of the kinds that can be wrong.
"""
from collections.abc import Iterator
from typing import Literal
import hub
from PIL import Image

class Params(hub.Params):
    steps: int = hub.Field(4, ge=1, le=400, description="A number with bounds.")
    strength: float = hub.Field(0.5, ge=0, le=1, description="Another.")
    mood: Literal["calm", "loud"] = hub.Field("calm", description="A choice.")
    backbone: hub.BackboneName = hub.Field("embedded", description="A network, which is not loaded.")

@hub.technique(title="Measured", family="See")
def run(image: Image.Image | None, params: Params) -> Iterator[hub.Result]:
    yield hub.Result(image=Image.new("RGB", (8, 8)), progress=1.0)
'''
STRICT = Policy.public()
WRONG = {
    "unknown name": ({"stepps": 3}, "'stepps' is not a parameter. Did you mean 'steps'?"),
    "out of bounds": ({"steps": 500}, "steps: Input should be less than or equal to 400 (given: 500)"),
    "not whole": ({"steps": "many"}, "steps: Input should be a valid integer (given: 'many')"),
    "not a number": ({"strength": float("nan")}, "strength: Input should be a finite number (given: nan)"),
    "wrong choice": ({"mood": "lout"}, "mood: Input should be 'calm' or 'loud' (given: 'lout'). Did you mean 'loud'?"),
    "over the policy": ({"backbone": "hf-hub:somebody/net"}, "'hf-hub:somebody/net' is not a backbone."),
}


@dataclass(frozen=True)
class Place:
    """A server that trusts nobody, with its clients; a folder; and a picture with its recipe."""

    address: str
    client: GradioClient
    folder: Path
    result: hub.Result


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("museum")
    with hall.opened(folder):
        (folder / "techniques" / "measured.py").write_text(MEASURED)
        hub.registry.refresh()
        with hall.served(STRICT, mcp=True) as address, closing(GradioClient(address, verbose=False)) as client:
            yield Place(address, client, folder, png_of(hub.run("measured")))


def png_of(result: hub.Result) -> hub.Result:
    """The result with a recipe that names no weights, so that the network is not needed."""
    return hub.Result(image=result.image, recipe=result.recipe.model_copy(update={"weights": {}}))


# ---------------------------------------------------------------- the doors

def python(place: Place, values: dict[str, Any]) -> str:
    return raised(lambda: hub.run("measured", policy=STRICT, **values))


def many(place: Place, values: dict[str, Any]) -> str:
    return raised(lambda: hub.map("measured", [], place.folder / "out", policy=STRICT, **values))


def chain(place: Place, values: dict[str, Any]) -> str:
    return raised(lambda: hub.pipeline([("measured", values)], policy=STRICT))


def recipe(place: Place, values: dict[str, Any]) -> str:
    altered = place.result.recipe.model_copy(update={"params": place.result.recipe.params | values})
    return raised(lambda: hub.replay(png_bytes(hub.Result(image=place.result.image, recipe=altered)), policy=STRICT))


def shell(place: Place, values: dict[str, Any], capfd: pytest.CaptureFixture[str]) -> str:
    flags = [f"--{name}={value}" for name, value in values.items()]
    assert cli.main(["run", "measured", "-o", str(place.folder / "out.png"), *flags]) == 2
    return capfd.readouterr().err.removesuffix("\n").partition(": ")[2]


def named_json(place: Place, values: dict[str, Any]) -> str:
    return posted(place, "v2/measured", values)["error"]


def by_position(place: Place, values: dict[str, Any]) -> str:
    event = posted(place, "measured", {"data": in_order(values)})["event_id"]
    with urllib.request.urlopen(f"{place.address}/gradio_api/call/measured/{event}") as answer:
        return json.loads(answer.read().decode().partition("event: error\ndata: ")[2])["error"]


def gradio_client(place: Place, values: dict[str, Any]) -> str:
    return raised(lambda: place.client.predict(*in_order(values), api_name="/measured"), AppError)


def mcp(place: Place, values: dict[str, Any]) -> str:
    async def called() -> Any:
        async with Client(f"{place.address}/mcp") as client:
            return await client.call_tool("measured", values)

    result = asyncio.run(called())
    assert result.is_error
    return result.content[0].text


def raised(call: Callable[[], object], kind: type[Exception] = hub.HubError) -> str:
    with pytest.raises(kind) as refused:
        call()
    return str(refused.value)


def in_order(values: dict[str, Any]) -> list[Any]:
    return [None, *({"steps": 4, "strength": 0.5, "mood": "calm", "backbone": "embedded"} | values).values()]


def posted(place: Place, path: str, body: Any) -> Any:
    asked = urllib.request.Request(f"{place.address}/gradio_api/call/{path}", json.dumps(body).encode(),
                                   {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(asked) as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return json.loads(error.read())


DOORS = {door.__name__: door for door in (python, many, chain, recipe, shell, named_json, by_position, gradio_client, mcp)}
CANNOT = {
    ("unknown name", "by_position"), ("unknown name", "gradio_client"),  # there are no names
    ("not a number", "recipe"), ("not a number", "gradio_client"), ("not a number", "mcp"),  # these do not write NaN into JSON
    ("over the policy", "shell"),  # whoever has a shell is trusted
}
SHELL = {"unknown name": "No such option '--stepps'. Did you mean '--steps'? See: netsee run measured --help"}


@pytest.mark.parametrize(("wrong", "door"), [(wrong, door) for wrong in WRONG for door in DOORS if (wrong, door) not in CANNOT])
def test_a_wrong_parameter_is_refused_in_the_same_line_by_every_door(place, capfd, wrong, door):
    values, line = WRONG[wrong]
    more = (capfd,) if door == "shell" else ()
    assert DOORS[door](place, values, *more) == (SHELL.get(wrong, line) if door == "shell" else line)
