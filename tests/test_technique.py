"""The contract: what a technique is given, what it may yield, and what its callers get."""

import enum
import io
import os
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image as PILImage
from pydantic import ValidationError

import hub
from hub import Field, Image
from hub.decode import picture_hash
from hub.errors import BadParams, BadPicture, BrokenTechnique, OverLimit, UnknownSample
from hub.params import Params
from hub.policy import Policy
from hub.results import Result
from hub.technique import technique

RED = PILImage.new("RGB", (6, 4), "red")


class Colour(enum.Enum):
    WARM = "warm"
    COLD = "cold"


class Settings(hub.Params):
    strength: float = Field(1.0, ge=0, le=4, description="How much.")
    steps: int = Field(3, ge=1, le=10, description="How often.")
    smooth: bool = Field(False, description="Whether softly.")
    backbone: hub.BackboneName = Field("embedded", description="Which network.")
    layer: hub.LayerName | None = Field(None, description="Which layer.")
    unit: hub.UnitName = Field("0", description="Which unit.")
    seed: hub.Seed = Field(0, description="Chance.")
    style: hub.Picture | None = Field(None, description="Another picture.")
    model: hub.File | None = Field(None, description="A file.")
    size: tuple[int, int] = Field((2, 3), description="Two numbers.")
    colour: Colour = Field(Colour.WARM, description="A choice.")


def decorated(body):
    return technique(title="Test", family="Dream", name="test")(body)


@decorated
def needing(image: Image, params: Settings) -> Iterator[Result]:
    """Copies a picture.

    In three steps.
    """
    for step in range(params.steps):
        yield Result(image=image.copy, progress=step / params.steps)
    yield Result(image=image, caption="Done.", progress=1.0)


@decorated
def welcoming(image: Image | None, params: Settings) -> Iterator[Result]:
    yield Result(caption=str(image and image.size), progress=1.0)


@decorated
def asking_for_none(image: None, params: Settings) -> Iterator[Result]:
    yield Result(caption=str(image), progress=1.0)


# ---------------------------------------------------------------- parameters

def test_defaults_stand_where_nothing_is_given():
    assert Settings.read(None) == Settings.read({}) == Settings()


@pytest.mark.parametrize("values, said", [
    ({"strenght": 2}, "'strenght' is not a parameter. Did you mean 'strength'?"),
    ({"qqqq": 2}, "'qqqq' is not a parameter. There are: strength, steps"),
    ({"strength": 5}, r"strength: .*less than or equal to 4 \(given: 5\)"),
    ({"strength": float("nan")}, "strength: .*finite"),
    ({"strength": float("inf")}, "strength: .*finite"),
    ({"strength": "1"}, "strength: .*valid number"),
    ({"steps": 2.5}, "steps: .*valid integer"),
    ({"steps": True}, "steps: .*valid integer"),
    ({"smooth": 1}, "smooth: .*valid boolean"),
    ({"seed": -1}, "seed: .*greater than or equal to 0"),
    ({"seed": 2**31}, "seed: .*less than"),
    ({"layer": "x" * 300}, "layer: .*200"),
    ({"steps": None}, "steps: .*valid integer"),
    ({"steps": {"a": [1]}}, "steps: .*valid integer"),
    ({"strength": 9, "steps": 0}, "strength.*; steps"),
])
def test_a_bad_value_is_refused_in_one_line_that_names_it(values, said):
    with pytest.raises(BadParams, match=said) as refused:
        Settings.read(values)
    assert "\n" not in str(refused.value)


def test_parameters_cannot_be_changed_once_read():
    with pytest.raises(ValidationError):
        Settings().steps = 4


def test_a_field_knows_what_it_means_even_inside_an_optional():
    meanings = {name: Settings.meaning(name) for name in Settings.model_fields}
    assert meanings == {"strength": None, "steps": None, "smooth": None, "backbone": "backbone", "layer": "layer", "unit": "unit",
                        "seed": "seed", "style": "picture", "model": "file", "size": None, "colour": None}
    assert Settings.fields_meaning("picture") == ["style"] and Settings.attached() == ["style", "model"]


def test_networks_are_named_one_by_one_as_often_as_they_are_asked_for():
    class Several(hub.Params):
        backbone: hub.BackboneName = Field("embedded", description="One.")
        other: hub.BackboneName | None = Field(None, description="Perhaps one.")
        networks: hub.BackboneNames = Field("a,b , a,", description="Several.")
        more: hub.BackboneNames | None = Field(None, description="Perhaps several.")

    assert Several.fields_meaning("backbones") == ["networks", "more"]
    assert Several().backbones_named() == ["embedded", "a", "b", "a"]
    assert Several(networks="").backbones_named() == ["embedded"]


def test_a_second_picture_is_decoded_like_the_first(tmp_path):
    path = tmp_path / "style.png"
    RED.convert("P").save(path)
    for given in (path, str(path), path.read_bytes(), RED, np.asarray(RED)):
        held = Settings.read({"style": given}).style
        assert held.mode == "RGB" and picture_hash(held) == picture_hash(RED)


def test_a_second_picture_that_is_none_is_refused_without_its_folder(tmp_path):
    (tmp_path / "a.txt").write_text("no picture")
    for given in (str(tmp_path / "gone.png"), str(tmp_path / "a.txt"), str(tmp_path)):
        with pytest.raises(BadParams, match="style") as refused:
            Settings.read({"style": given})
        assert "\n" not in str(refused.value) and str(tmp_path.parent) not in str(refused.value)


def test_a_second_picture_lives_under_the_policy_too():
    with pytest.raises(BadParams, match="by path"):
        Settings.read({"style": "/etc/passwd"}, Policy.public())
    with pytest.raises(OverLimit):
        Settings.read({"style": RED}, Policy.local().but(source_side=5))
    with pytest.raises(UnknownSample):
        Settings.read({"style": "sample:nobody"})


def test_a_file_is_held_as_its_bytes_however_it_is_given(tmp_path):
    path = tmp_path / "model.bin"
    path.write_bytes(b"\0weights")
    with path.open("rb") as opened:
        for given in (path, str(path), b"\0weights", bytearray(b"\0weights"), memoryview(b"\0weights"), opened):
            held = Settings.read({"model": given}).model
            assert type(held) is bytes and held == b"\0weights"
    assert Settings.read(Settings(model=b"x")).model == b"x"


def test_what_is_no_file_is_refused_in_one_line_without_its_folder(tmp_path):
    (tmp_path / "empty").touch()
    os.mkfifo(tmp_path / "pipe")
    for given, said in (
        (tmp_path / "gone", "There is no file 'gone'"), (tmp_path, "is a folder"), (tmp_path / "pipe", "no regular"),
        (tmp_path / "empty", "empty"), (b"", "empty"), ("/dev/zero", "no regular"), (3, "int"), ("a\0b", "not a valid"),
        ("https://example.org/model", "web addresses"), ("x" * 5000, "cannot be read"), (io.StringIO("x"), "binary mode"),
    ):
        with pytest.raises(BadParams, match=f"model: .*{said}") as refused:
            Settings.read({"model": given})
        assert str(refused.value).isprintable() and str(tmp_path.parent) not in str(refused.value)


def test_a_file_that_cannot_be_read_is_refused(tmp_path, monkeypatch):
    (tmp_path / "locked").write_bytes(b"x")

    def denied(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(tmp_path), "open", denied)
    with pytest.raises(BadParams, match=r"model: 'locked' cannot be read \(permission denied\)"):
        Settings.read({"model": tmp_path / "locked"})


def test_a_file_lives_under_the_policy(tmp_path):
    path = tmp_path / "model.bin"
    path.write_bytes(b"weights")
    for given in (path, str(path), "/etc/passwd", "/nowhere"):
        with pytest.raises(BadParams, match="model: Files cannot be given by path here. Upload one"):
            Settings.read({"model": given}, Policy.public())
    assert Settings.read({"model": b"weights"}, Policy.public()).model == b"weights"
    for given in (lambda: path, lambda: b"weights", lambda: io.BytesIO(b"weights")):
        assert Settings.read({"model": given()}, Policy.local().but(upload_bytes=7)).model == b"weights"
        with pytest.raises(OverLimit, match="the limit here"):
            Settings.read({"model": given()}, Policy.local().but(upload_bytes=6))


def test_a_file_too_large_is_refused_unopened(tmp_path, monkeypatch):
    with (tmp_path / "large").open("wb") as file:
        file.truncate(Policy.local().upload_bytes + 1)
    monkeypatch.setattr(type(tmp_path), "open", None)
    with pytest.raises(OverLimit):
        Settings.read({"model": tmp_path / "large"})


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "growing"
    path.write_bytes(b"abc")
    monkeypatch.setattr(type(tmp_path), "open", lambda *_: io.BytesIO(b"x" * 100))
    with pytest.raises(OverLimit):
        Settings.read({"model": path}, Policy.local().but(upload_bytes=10))


def test_json_gives_back_the_parameters_it_was_made_from():
    params = Settings.read({"style": RED, "model": b"abc", "size": (7, 8), "colour": Colour.COLD, "strength": 2})
    values = params.model_dump(mode="json")
    assert values["style"] == f"sha256:{picture_hash(RED)}" and values["size"] == [7, 8] and values["colour"] == "cold"
    assert values["model"] == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-4's example
    again = Settings.read_json(values, pictures={"style": RED, "model": b"abc"})
    assert again.model_dump(mode="json") == values and again.size == (7, 8) and again.colour is Colour.COLD


def test_the_schema_says_what_is_a_picture_and_what_a_file():
    for name, kind in (("style", "picture"), ("model", "file")):
        assert {"type": "string", "format": kind} in Settings.model_json_schema()["properties"][name]["anyOf"]


def test_a_field_says_whether_it_is_folded_away_and_how_it_is_called():
    class Folded(hub.Params):
        plain: int = Field(1, description="Plain.")
        folded: int = Field(1, description="Folded.", label="Rarely used", more=True)

    schema = Folded.model_json_schema()["properties"]
    assert (schema["plain"]["more"], schema["folded"]["more"]) == (False, True)
    assert schema["folded"]["title"] == "Rarely used"


# ---------------------------------------------------------------- pictures

def test_a_technique_gets_its_picture_decoded_and_scaled_to_the_working_side():
    big = PILImage.new("LA", (300, 100))
    assert needing(big, policy=Policy.local().but(working_side=150)).image.size == (150, 50)
    assert needing(big).image.mode == "RGB"


def test_a_technique_cannot_touch_the_callers_picture():
    @decorated
    def painting(image: Image, params: Settings) -> Iterator[Result]:
        image.paste("blue", (0, 0, 6, 4))
        yield Result(image=image, progress=1.0)

    mine = RED.copy()
    painted = painting(mine)
    assert mine.tobytes() == RED.tobytes() and painted.image.getpixel((0, 0)) == (0, 0, 255)
    assert painted.recipe.input.hash == picture_hash(RED)


def test_a_picture_that_is_needed_is_asked_for():
    with pytest.raises(BadPicture, match="Test needs a picture.*sample:clouds"):
        needing()


def test_a_picture_that_is_welcome_may_be_left_out():
    assert welcoming().caption == "None" and welcoming(RED).caption == "(6, 4)"


def test_a_picture_that_is_not_asked_for_does_not_arrive():
    assert asking_for_none(RED).caption == "None" and asking_for_none().recipe.input is None


def test_what_was_left_out_of_a_picture_is_said_in_the_caption(tmp_path):
    path = tmp_path / "moving.gif"
    RED.save(path, save_all=True, append_images=[PILImage.new("RGB", (6, 4), "blue")])
    assert needing(path).caption == "Done. It has several frames; the first one was taken."


# ---------------------------------------------------------------- running

def test_calling_gives_the_last_result_and_streaming_all_of_them():
    assert [r.progress for r in needing.stream(RED)] == [0, 1 / 3, 2 / 3, 1.0]
    assert needing(RED, {"steps": 1}).progress == 1.0


def test_only_the_last_result_carries_a_recipe():
    assert [r.recipe is not None for r in needing.stream(RED)] == [False, False, False, True]


def test_bad_input_is_refused_before_the_first_result_is_asked_for():
    with pytest.raises(BadParams):
        needing.stream(RED, {"steps": 0})
    with pytest.raises(BadPicture):
        needing.stream(b"no picture")


def test_closing_the_stream_closes_the_technique():
    ended = []

    @decorated
    def endless(image: None, params: Settings) -> Iterator[Result]:
        try:
            while True:
                yield Result()
        finally:
            ended.append(True)

    running = endless.stream()
    next(running)
    running.close()
    assert ended == [True]


def test_a_technique_that_yields_something_else_is_told_so():
    @decorated
    def wrong(image: None, params: Settings) -> Iterator[Result]:
        yield RED

    with pytest.raises(BrokenTechnique, match="yielded Image; a technique yields hub.Result"):
        wrong()


def test_a_technique_that_yields_nothing_is_told_so():
    @decorated
    def silent(image: None, params: Settings) -> Iterator[Result]:
        yield from ()

    with pytest.raises(BrokenTechnique, match="without a result"):
        silent()


def test_a_picture_given_as_a_function_is_made_once_and_only_when_looked_at():
    made = []
    result = Result(image=lambda: made.append(1) or RED)
    assert made == []
    assert result.image is RED and result.image is RED and made == [1]


def test_files_given_as_a_function_are_made_once_and_only_when_looked_at():
    made = []
    result = Result(image=RED, files=lambda: made.append(1) or {"model.bin": b"x"})
    assert result.image is RED and made == []
    assert result.files == {"model.bin": b"x"} and result.files is result.files and made == [1]


# ---------------------------------------------------------------- decorating

def plain(image: Image, params: Settings) -> Iterator[Result]: ...
def misnamed(picture: Image, params: Settings) -> Iterator[Result]: yield Result()
def without_params(image: Image, params: dict) -> Iterator[Result]: yield Result()
def bare_params(image: Image, params: Params) -> Iterator[Result]: yield Result()
def a_word(image: str, params: Settings) -> Iterator[Result]: yield Result()
def unannotated(image, params: Settings) -> Iterator[Result]: yield Result()


@pytest.mark.parametrize("body, said", [(plain, "generator function"), (misnamed, "exactly"), (without_params,
    "subclass of hub.Params"),
                                        (a_word, "annotate image"), (unannotated, "annotate image")])
def test_a_function_that_breaks_the_contract_is_refused_with_the_reason(body, said):
    with pytest.raises(BrokenTechnique, match=f"test: .*{said}"):
        decorated(body)


def test_a_technique_without_settings_needs_no_class_of_its_own():
    assert decorated(bare_params).Params.model_fields == {}


def test_what_a_technique_wants_is_read_from_its_annotation():
    assert [t.picture for t in (needing, welcoming, asking_for_none)] == ["needed", "welcome", "none"]


def test_a_technique_is_called_as_its_module_where_no_name_is_given():
    assert technique(title="T", family="F")(bare_params).name == __name__.rpartition(".")[2]


def test_its_page_is_the_docstring_of_its_module():
    assert needing.summary == "The contract: what a technique is given, what it may yield, and what its callers get."


def test_a_public_policy_refuses_a_network_that_is_not_offered_however_it_is_asked_for():
    dream = hub.find("deep_dream")
    with pytest.raises(hub.errors.UnknownBackbone):
        dream(PILImage.new("RGB", (40, 40)), {"backbone": "local-dir:/etc"}, policy=hub.Policy.public())
    assert dream.Params.read({"backbone": "embedded"}, hub.Policy.public()).backbone == "embedded"
