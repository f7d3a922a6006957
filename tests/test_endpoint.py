"""A technique over HTTP: named JSON in, a picture with its recipe and facts out, and what is wrong said in one line."""

import base64
import io
import itertools
import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

import hub
from hub.policy import Policy
from hub.recipe import Recipe
from tests import hall

SHY = '''"""Draws a square and says a word.

Its example has other settings than its defaults.
"""
from collections.abc import Iterator
import hub
from PIL import Image as Pillow

class Params(hub.Params):
    side: int = hub.Field(8, ge=1, le=64, description="How large.")
    word: str | None = hub.Field("hello", description="What is said.")
    units: hub.UnitNames = hub.Field("", description="What else is said.")

@hub.technique(title="Shy", family="See", example={"side": 32, "word": "loud"})
def run(image: None, params: Params) -> Iterator[hub.Result]:
    yield hub.Result(image=Pillow.new("RGB", (params.side,) * 2), caption=f"{params.word} {params.units}", progress=1.0)
'''
MANY = '''"""Draws many pictures.

Its figures are not all numbers.
"""
from collections.abc import Iterator
import hub
from PIL import Image as Pillow

class Params(hub.Params):
    guide: hub.Picture | None = hub.Field(None, description="A second picture.")
    count: int = hub.Field(2, ge=0, le=99, description="How many.")

@hub.technique(title="Many", family="See")
def run(image: Pillow.Image | None, params: Params) -> Iterator[hub.Result]:
    yield hub.Result(images=[(Pillow.new("RGB", (8, 9), (n, 0, 0)), f"No. {n}") for n in range(params.count)],
                     metrics={"psnr": float("inf"), "loss": 0.5}, files={"a.txt": b"a", "b.bin": b"b"},
                     table=[{"side": 8, "share": float("nan")}], progress=1.0)
'''


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("museum")
    with hall.opened(folder):
        (folder / "techniques" / "shy.py").write_text(SHY)
        (folder / "techniques" / "many.py").write_text(MANY)
        hub.registry.refresh()
        with hall.served(Policy.local()) as address:
            yield address


def asked(address: str | urllib.request.Request, data: bytes | None = None) -> tuple[int, bytes]:
    if isinstance(address, str):
        address = urllib.request.Request(address, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(address) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def called(address: str, name: str, **values) -> tuple[Image.Image, dict]:
    """The picture and the facts that a call ends with."""
    file, facts, *_ = answered(address, name, **values)
    return Image.open(io.BytesIO(asked(file["url"])[1])), facts


def answered(address: str, name: str, **values) -> list:
    """All that a call ends with."""
    code, event = asked(f"{address}/gradio_api/call/v2/{name}", json.dumps(values).encode())
    assert code == 200, event
    _, stream = asked(f"{address}/gradio_api/call/v2/{name}/{json.loads(event)['event_id']}")
    said, _, data = stream.decode().strip().rpartition("event: complete\ndata: ")
    assert data, stream
    return json.loads(data, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))


def refused(address: str, name: str, body: bytes) -> tuple[int, str]:
    code, said = asked(f"{address}/gradio_api/call/v2/{name}", body)
    return code, json.loads(said)["error"]


def data_address(image: Image.Image) -> str:
    image.save(held := io.BytesIO(), "PNG")
    return "data:image/png;base64," + base64.b64encode(held.getvalue()).decode()


# ---------------------------------------------------------------- what is left out

def test_what_a_call_leaves_out_is_the_default_and_not_null_nor_what_the_page_shows(address):
    picture, facts = called(address, "shy")
    assert facts["caption"] == "hello " and picture.size == (8, 8)


def test_null_is_null_where_a_parameter_takes_it_and_left_out_where_not(address):
    picture, facts = called(address, "shy", word=None, side=None)
    assert facts["caption"] == "None " and picture.size == (8, 8)


def test_the_description_of_the_api_gives_the_defaults(address):
    info = json.loads(asked(f"{address}/gradio_api/info")[1])["named_endpoints"]
    told = {p["parameter_name"]: (p["parameter_has_default"], p["parameter_default"]) for p in info["/shy"]["parameters"]}
    assert told == {"side": (True, 8), "word": (True, "hello"), "units": (True, [])}
    assert [p["parameter_name"] for p in info["/red"]["parameters"] if not p["parameter_has_default"]] == ["image"]


def test_a_python_client_leaves_out_what_it_likes(address):
    from gradio_client import Client

    client = Client(address, verbose=False)
    try:
        assert client.predict(side=9, api_name="/shy")[1]["caption"] == "hello "
    finally:
        client.close()


# ---------------------------------------------------------------- what is given

def test_units_are_given_as_text_as_everywhere(address):
    assert called(address, "shy", units="eye, face")[1]["caption"] == "hello eye, face"


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_picture_is_given_as_base64(address, wrapped):
    given = data_address(Image.new("RGB", (40, 30), "white"))
    picture, facts = called(address, "red", image={"url": given} if wrapped else given, steps=1, strength=1)
    assert picture.size == (40, 30) and picture.getpixel((0, 0)) == (255, 0, 0) and facts["progress"] == 1


def test_a_picture_is_given_as_plain_base64_or_as_a_sample(address):
    given = data_address(Image.new("RGB", (40, 30), "white")).partition(",")[2]
    assert called(address, "red", image=given, steps=1)[0].size == (40, 30)
    assert called(address, "red", image="sample:clouds", steps=1)[0].size == hub.samples.load("clouds").size


def test_a_picture_is_given_as_an_upload(address):
    Image.new("RGB", (40, 30), "white").save(held := io.BytesIO(), "PNG")
    body = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n' + held.getvalue() + b"\r\n--x--\r\n"
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    with urllib.request.urlopen(urllib.request.Request(f"{address}/gradio_api/upload", body, kind)) as answer:
        path = json.loads(answer.read())[0]
    picture, _ = called(address, "red", image={"path": path}, steps=1)
    assert picture.size == (40, 30)


def test_a_file_is_given_as_base64(address):
    given = "data:application/octet-stream;base64," + base64.b64encode(b"weights").decode()
    assert called(address, "grey", note=given)[1]["caption"] == "b'weights'"


def test_the_answer_is_a_png_with_its_recipe(address):
    picture, _ = called(address, "shy", side=9)
    assert Recipe.model_validate_json(picture.info["netsee"]).params == {"side": 9, "word": "hello", "units": ""}


def test_further_pictures_come_with_their_captions_and_files_as_links(address):
    picture, facts, images, files = answered(address, "many")
    assert picture is None and [each["caption"] for each in images] == ["No. 0", "No. 1"] and facts["images"] == 2
    shown = [Image.open(io.BytesIO(asked(each["image"]["url"])[1])) for each in images]
    assert [(each.size, each.format, each.getpixel((0, 0))) for each in shown] == [((8, 9), "PNG", (n, 0, 0)) for n in (0, 1)]
    assert {each["orig_name"]: asked(each["url"])[1] for each in files} == {"a.txt": b"a", "b.bin": b"b"}


def test_what_is_no_number_is_null_so_that_the_answer_is_json(address):
    facts = answered(address, "many")[1]
    assert facts["metrics"] == {"psnr": None, "loss": 0.5} and facts["table"] == [{"side": 8, "share": None}]


def test_more_pictures_than_the_page_shows_are_counted_and_not_sent(address):
    _, facts, images, _ = answered(address, "many", count=70)
    assert (len(images), facts["images"]) == (64, 70)


def test_every_part_of_an_answer_has_a_name(address):
    info = json.loads(asked(f"{address}/gradio_api/info")[1])["named_endpoints"]
    assert [each["label"] for each in info["/many"]["returns"]] == ["picture", "facts", "images", "files"]


# ---------------------------------------------------------------- what is wrong

@pytest.mark.parametrize(("name", "values", "line"), [
    ("shy", {"side": 0}, "side: Input should be greater than or equal to 1 (given: 0)"),
    ("shy", {"side": "large"}, "side: Input should be a valid integer (given: 'large')"),
    ("shy", {"sid": 3}, "'sid' is not a parameter. Did you mean 'side'?"),
    ("shy", {"image": "data:,"}, "image: Shy takes no picture. Leave it out."),
    ("red", {}, "Red needs a picture: give it as image."),
    ("red", {"image": "photo.png"}, "image: give {\"path\": …} of an upload, or \"data:image/png;base64,…\" with all of"),
    ("red", {"image": "sample:cloud"}, "'cloud' is not a sample picture. Did you mean 'clouds'?"),
    ("grey", {"note": "sample:clouds"}, "note: give {\"path\": …} of an upload, or \"data:image/png;base64,…\" with all of"),
    ("red", {"image": {"url": "http://127.0.0.1/a.png"}}, "image: give {\"path\": …} of an upload"),
    ("red", {"image": {"url": "file:///etc/hostname"}}, "image: give {\"path\": …} of an upload"),
    ("red", {"image": "data:image/png;base64,&&&"}, "image: give {\"path\": …} of an upload"),
    ("red", {"image": 7}, "image: give {\"path\": …} of an upload"),
])
def test_a_call_that_is_wrong_is_answered_at_once_in_one_line(address, name, values, line):
    code, said = refused(address, name, json.dumps(values).encode())
    assert code == 422 and said.startswith(line) and "\n" not in said


@pytest.mark.parametrize("body", [b"", b"[1]", b"{", b"[" * 100_000, b'{"side": NaN}', b"\xff"])
def test_a_body_that_is_no_object_is_refused_in_one_line(address, body):
    assert refused(address, "shy", body)[0] == 422


def test_a_technique_that_is_not_there_is_suggested(address):
    assert refused(address, "shyy", b"{}") == (404, "'shyy' is not a technique. Did you mean 'shy'? All of them: /schema")


@pytest.mark.parametrize("path", ["/etc/hostname", "secret.png", "../secret.png", "a\0b", 5, ["a"], {"a": "b"}])
def test_a_path_that_was_not_uploaded_is_not_read(address, tmp_path, path):
    Image.new("RGB", (4, 3)).save(tmp_path / "secret.png")
    given = str(tmp_path / path) if path == "secret.png" else path
    code, said = refused(address, "red", json.dumps({"image": {"path": given}}).encode())
    assert code == 422 and said.startswith("image: no upload has that path. POST the file to /gradio_api/upload")


def test_the_schema_of_every_technique_has_bounds_defaults_and_descriptions(address):
    code, body = asked(f"{address}/schema")
    told = json.loads(body)
    side = told["shy"]["params"]["properties"]["side"]
    assert code == 200 and told.keys() == {"shy", "many", "red", "grey", "faulty"} and told["red"]["picture"] == "needed"
    assert (side["minimum"], side["maximum"], side["default"], side["description"]) == (1, 64, 8, "How large.")


@pytest.mark.parametrize("wrong", ["data:image/png;base64,&&&", {"path": "/etc/hostname"}, "sample:cloud"])
def test_nothing_is_written_of_a_call_that_is_refused(tmp_path, monkeypatch, address, wrong):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    good = data_address(Image.new("RGB", (9, 9), "red"))
    assert refused(address, "many", json.dumps({"image": good, "guide": wrong}).encode())[0] == 422
    assert list(tmp_path.rglob("*")) == []
    assert len(answered(address, "many", image=good, guide=good)) == 4


# ---------------------------------------------------------------- who hangs up

def test_who_hangs_up_ends_the_run_and_leaves_the_line(address):
    log = hub.find("red").body.__globals__["LOG"]
    port = int(address.rpartition(":")[2])

    def listening(event: str) -> socket.socket:
        line = socket.create_connection(("127.0.0.1", port), timeout=20)
        line.sendall(f"GET /gradio_api/call/v2/red/{event} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        assert line.recv(12) == b"HTTP/1.1 200"
        return line

    def begun() -> str:
        body = json.dumps({"image": "sample:clouds", "steps": 400, "pause": 0.05}).encode()
        return json.loads(asked(f"{address}/gradio_api/call/v2/red", body)[1])["event_id"]

    log.clear()
    running = listening(begun())
    while not log:
        time.sleep(0.05)
    waiting = listening(begun())
    waiting.close()
    time.sleep(0.5)  # it has to be known before its turn comes
    running.close()
    called(address, "red", image="sample:clouds", steps=1)
    assert log == ["began", "closed", "began", "finished", "closed"]


# ---------------------------------------------------------------- who may call, and how often

def test_who_is_not_let_in_writes_nothing(address):
    from gradio.utils import get_upload_folder

    def written(content: bytes) -> bool:
        return any(path.read_bytes() == content for path in Path(get_upload_folder()).rglob("image") if path.is_file())

    given = data_address(Image.new("RGB", (41, 31), "teal"))
    content = base64.b64decode(given.partition(",")[2])
    with hall.served(Policy.public(), auth=("ada", "secret")) as locked:
        assert asked(f"{locked}/gradio_api/call/v2/red", json.dumps({"image": given}).encode())[0] == 401
    assert not written(content)
    called(address, "red", image=given, steps=1)
    assert written(content)


def test_one_address_does_not_fill_the_queue(address):
    policy = Policy.public().but(per_address=2, queue=4)
    with hall.served(policy, proxies=["127.0.0.1"]) as public:
        def call(whence: str) -> int:
            values = {"image": "sample:cat", "steps": 400, "pause": 0.5}
            request = urllib.request.Request(f"{public}/gradio_api/call/v2/red", json.dumps(values).encode(),
                                             {"Content-Type": "application/json", "X-Forwarded-For": f"6.6.6.6, {whence}"})
            code, said = asked(request)
            assert code == 200 or "\n" not in json.loads(said)["error"]
            return code

        def until(wanted: int, whence: Iterator[str]) -> list[int]:
            codes = []
            while wanted not in codes and len(codes) < 12:  # a run leaves the line when it begins
                codes.append(call(next(whence)))
            return codes

        one = until(429, itertools.repeat("10.0.0.1"))
        assert one[:2] == [200, 200] and one[-1] == 429
        assert call("10.0.0.2") == 200
        many = until(503, (f"10.0.1.{last}" for last in itertools.count()))
        assert many[-1] == 503 and set(many[:-1]) <= {200}
