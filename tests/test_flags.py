"""A field of `Params` on the command line: flag, help, and the way back."""

from typing import Literal

import click
import pytest
from PIL import Image

import hub
from hub import Field, flags


class Every(hub.Params):
    """One field of every kind."""

    octaves: int = Field(4, ge=1, le=8, description="Image sizes.")
    strength: float = Field(0.5, gt=0, description="How strong.")
    keep_colours: bool = Field(True, description="Keep them.")
    shape: Literal["square", "bar"] = Field("square", description="Shape.")
    power: Literal[1, 2, 4] = Field(2, description="Power.")
    word: str = Field("", description="Word.")
    unit: hub.UnitName | None = Field("3", description="Unit.")
    layer: hub.LayerName = Field("late", description="Layer.")
    seed: hub.Seed = Field(0, description="Chance.")
    corner: tuple[int, int] = Field((1, 2), description="Corner.")
    weights: list[float] = Field([1.0, 0.5], description="Weights.")
    path: tuple[tuple[int, int], ...] = Field(((1, 2),), description="Path.")
    style: hub.Picture | None = Field(None, description="Style.")
    model: hub.File | None = Field(None, description="Model.")


COMMAND = click.Command("run", params=[flags.option(Every, name) for name in Every.model_fields])


def parsed(*words: str) -> dict:
    return flags.given(COMMAND.make_context("run", list(words)), Every)


def help_of(name: str) -> tuple[str, str]:
    return flags.option(Every, name).get_help_record(click.Context(COMMAND))


@pytest.mark.parametrize(("words", "name", "value"), [
    ("--octaves 5", "octaves", 5), ("--strength 1e-3", "strength", 0.001), ("--strength 2", "strength", 2.0),
    ("--keep-colours", "keep_colours", True), ("--no-keep-colours", "keep_colours", False), ("--shape bar", "shape", "bar"),
    ("--power 4", "power", 4), ("--word -x", "word", "-x"), ("--unit eye", "unit", "eye"), ("--unit none", "unit", None),
    ("--corner 3,-4", "corner", (3, -4)), ("--weights 1,2.5,3", "weights", [1.0, 2.5, 3.0]), ("--weights=", "weights", []),
    ("--path [[1,2],[3,4]]", "path", ((1, 2), (3, 4))), ("--style a/b.png", "style", "a/b.png"),
    ("--model a/b.bin", "model", "a/b.bin"), ("--model none", "model", None),
])
def test_words_become_a_value_of_the_fields_type(words, name, value):
    found = parsed(*words.split())
    assert found == {name: value} and type(found[name]) is type(value)


def test_what_is_not_given_is_left_to_params():
    assert parsed() == {}


@pytest.mark.parametrize("words", ["--corner 1", "--corner 1,2,3", "--path nonsense"])
def test_words_of_another_form_are_refused(words):
    with pytest.raises(click.UsageError):
        parsed(*words.split())


@pytest.mark.parametrize(("words", "said"), [
    ("--octaves 9", "octaves: Input should be less than or equal to 8 (given: 9)"),
    ("--octaves five", "octaves: Input should be a valid integer (given: 'five')"),
    ("--strength x", "strength: Input should be a valid number (given: 'x')"),
    ("--shape round", "shape: Input should be 'square' or 'bar' (given: 'round')"),
    ("--shape squar", "shape: Input should be 'square' or 'bar' (given: 'squar'). Did you mean 'square'?"),
    ("--power 3", "power: Input should be 1, 2 or 4 (given: '3')"),
    ("--corner 1,x", "corner.1: Input should be a valid integer (given: 'x')"),
])
def test_what_is_allowed_is_left_to_params_which_says_it_in_words(words, said):
    with pytest.raises(hub.errors.BadParams) as refused:
        Every.read(parsed(*words.split()))
    assert str(refused.value) == said


@pytest.mark.parametrize("values", [
    {}, {"octaves": 8, "strength": 1e-7, "keep_colours": False, "shape": "bar", "power": 4},
    {"word": "--no", "unit": None, "seed": 2**31 - 1},
    {"corner": (-3, 4), "weights": [], "path": (), "word": "a b, c"},
])
def test_values_survive_the_way_to_words_and_back(values):
    params = Every.read(values)
    assert Every.read(parsed(*flags.arguments(params))) == params


def test_a_second_picture_and_a_file_have_no_words():
    assert flags.arguments(Every(style=Image.new("RGB", (2, 2)), model=b"secret")) == flags.arguments(Every())


@pytest.mark.parametrize(("name", "flag", "said"), [
    ("octaves", "--octaves INTEGER", "Image sizes. [1 to 8; default 4]"),
    ("strength", "--strength FLOAT", "How strong. [more than 0; default 0.5]"),
    ("keep_colours", "--keep-colours / --no-keep-colours", "Keep them. [default on]"),
    ("shape", "--shape [square|bar]", "Shape. [default square]"),
    ("layer", "--layer LAYER", "Layer. [default late]"),
    ("seed", "--seed SEED", "Chance. [default 0]"),
    ("corner", "--corner INTEGER,INTEGER", "Corner. [default 1,2]"),
    ("style", "--style PATH", "Style."),
    ("model", "--model PATH", "Model."),
])
def test_help_tells_the_type_the_range_and_the_default(name, flag, said):
    assert help_of(name) == (flag, said)


def test_a_choice_takes_any_case():
    assert flags.OneOf(("gothic", "stained glass")).convert("Gothic", None, None) == "gothic"
    assert flags.OneOf(("a", "A")).convert("A", None, None) == "A"
