"""The contract of a technique, one check a function: its name is the sentence that has to hold.

Each takes a `Trial` and raises BrokenTechnique where that does not hold; above it stands how to mend it. `hub.testing` runs them.
"""

from __future__ import annotations

import json
import math
import pickle
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import wraps
from typing import Any

import PIL.Image

from hub import flags
from hub.errors import BadParams, BrokenTechnique, InputError
from hub.params import Params
from hub.policy import Policy
from hub.results import Image, Result
from hub.runners.expectation import expected
from hub.sources import line_behind
from hub.trial import OtherChance, Trial, digest, hooks, made, pixels_of, require, small_picture

ODD_PICTURES = (((1, 1), "RGB"), ((7, 301), "RGB"), ((40, 32), "L"), ((33, 20), "RGBA"), ((32, 32), "P"), ((24, 31), "I;16"))
CHECKS: dict[str, Callable[[Trial], None]] = {}
MENDS: dict[str, str] = {}
"""What an author can do where a check fails, by its name."""


def _check(mend: str) -> Callable[[Callable[[Trial], None]], Callable[[Trial], None]]:
    def listed(body: Callable[[Trial], None]) -> Callable[[Trial], None]:
        CHECKS[body.__name__], MENDS[body.__name__] = body, mend
        return body

    return listed


# ---------------------------------------------------------------- what it says

@_check("Give @hub.technique a title and a family, the module a docstring that begins briefly, each field a description.")
def says_what_it_is(trial: Trial) -> None:
    """A title, a family, a summary of a few lines, a sentence for each parameter."""
    technique = trial.technique
    for what in ("title", "family", "summary"):
        require(bool(getattr(technique, what).strip()), f"It has no {what}.")
    require(len(technique.summary) <= 300, f"Its summary has {len(technique.summary)} characters; 300 fit above the tab.")
    for name, each in technique.Params.model_fields.items():
        require(bool(each.description), f"The parameter {name} has no description: use hub.Field(…, description=…).")


@_check("Use int, float, bool, str, Literal[...] and the types of hub for parameters; they survive JSON.")
def schema_makes_a_round_trip(trial: Trial) -> None:
    """Parameters survive JSON, and their schema is JSON too."""
    params = trial.technique.Params
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a default that JSON cannot carry is left out of the schema
        json.dumps(params.model_json_schema(), allow_nan=False)
    plain = json.dumps(trial.params.model_dump(mode="json"), allow_nan=False)
    read = params.read_json(json.loads(plain), pictures=_attached(trial))
    for name in params.model_fields.keys() - set(params.attached()):
        before, after = getattr(trial.params, name), getattr(read, name)
        require(before == after, f"{name} is {before!r} before JSON and {after!r} after.")


def _attached(trial: Trial) -> dict[str, Any]:
    """The pictures and files of a trial's parameters, which JSON knows only by their hash."""
    held = {name: getattr(trial.params, name) for name in trial.technique.Params.attached()}
    return {name: value for name, value in held.items() if value is not None}


@_check("Use int, float, bool, str, Literal[...] and the types of hub, with a default inside the limits.")
def same_defaults_in_ui_cli_and_python(trial: Trial) -> None:
    """What the form shows, what the words of the command line give, and what Python takes are the same values."""
    params = trial.technique.Params
    shown = _shown(params)
    for name, each in params.model_fields.items():
        default = each.get_default(call_default_factory=True)
        if each.is_required() or default is not None and name in params.attached():
            continue
        spoken = _spoken(params, name, default)
        require(spoken == default, f"{name} is {default!r} in Python and {spoken!r} on the command line.")
        require(shown.get(name, default) == default, f"{name} is {default!r} in Python and {shown.get(name)!r} in the form.")


def _shown(params: type[Params]) -> dict[str, Any]:
    """What the controls of the form hold before anyone touches them, read as their fields' types, but for what is attached."""
    from hub import entered, forms

    policy, names = Policy.local(), [name for name in params.model_fields if name not in params.attached()]
    with forms.gr.Blocks():  # a control with a button of its own needs a page to stand on
        return {name: entered.converted(params, name, forms.component(params, name, policy).value, policy) for name in names}


def _spoken(params: type[Params], name: str, value: Any) -> Any:
    """A value said in the words of the command line and read back."""
    import click

    command = click.Command("run", params=[flags.option(params, name)])
    return flags.given(command.make_context("run", list(flags.words(params, name, value))), params).get(name)


@_check("Derive Params from hub.Params and leave its model_config alone.")
def refuses_an_unknown_parameter(trial: Trial) -> None:
    """A misspelt name is an error before any work, not silence."""
    try:
        trial.technique.stream(trial.picture, {**trial.values, "no_such_parameter": 1})
    except BadParams as error:
        require("no_such_parameter" in str(error), f"The error does not name the parameter: {error}")
    else:
        raise BrokenTechnique("A parameter that does not exist was taken.")


@_check("Let cost(image, params) give seconds, 0 or more, for any parameters, and with or without a picture as `run` has it.")
def tells_its_cost_in_seconds(trial: Trial) -> None:
    """A cost, where there is one, is a number for what it is tried with and for the defaults."""
    technique, needed = trial.technique, {n for n, field in trial.technique.Params.model_fields.items() if field.is_required()}
    defaults = technique.Params.read({name: value for name, value in trial.values.items() if name in needed})
    pictures = {"needed": [trial.picture], "welcome": [trial.picture, None], "none": [None]}[technique.picture]
    for params in (trial.params, defaults):
        for picture in pictures:
            expected(technique, params, picture)


# ---------------------------------------------------------------- what it makes

@_check("Yield previews with progress=step / steps and the answer last, with progress=1.0.")
def progress_never_falls_and_ends_at_one(trial: Trial) -> None:
    """A bar that follows it only moves forward, and is full at the end."""
    progress = trial.first.progress
    require(bool(progress), "The run ended without a result.")
    require(all(0 <= p <= 1 for p in progress), f"Progress leaves [0, 1]: {min(progress)} to {max(progress)}.")
    fall = next(((a, b) for a, b in zip(progress, progress[1:], strict=False) if b < a), None)
    require(fall is None, f"Progress falls from {fall[0]} to {fall[1]}." if fall else "")
    require(progress[-1] == 1, f"The last result has progress {progress[-1]}; it must be 1.")


@_check("Give Params a `seed: hub.Seed` and draw from torch.Generator().manual_seed(params.seed), nowhere else.")
def same_seed_same_bytes(trial: Trial) -> None:
    """A second run makes the same bytes, whatever the global random generators hold."""
    first = trial.first_digest
    with OtherChance():
        again = digest(made(trial.run()))
    require(again == first, "Two runs with the same seed differ: draw all chance from one torch.Generator seeded by it.")


@_check("Let nothing depend on time, process, hash() or the order of a set; draw from the seeded generator.")
def same_bytes_in_another_process(trial: Trial) -> None:
    """A new process on as many threads makes the same bytes."""
    require(trial.elsewhere["digest"] == trial.first_digest, "Another process makes another picture from the same inputs.")


@_check("Take networks by hub.BackboneName, which fetches and keeps them, and ship other files with the technique.")
def reaches_for_no_network(trial: Trial) -> None:
    """Neither importing nor running it asks for an address."""
    reached = trial.elsewhere["reached"]
    when = "Its import" if trial.elsewhere["on_import"] else "Its run"
    require(not reached, f"{when} reaches for {', '.join(reached)}.")


@_check("Depend on the picture and the parameters alone: keep nothing between runs, in no global and no cache.")
def replays_from_its_recipe(trial: Trial) -> None:
    """The PNG makes itself again, byte for byte."""
    from hub import recipe
    from hub.again import replay

    if trial.first_result.image is None:
        return
    png = recipe.png_bytes(trial.first_result)
    again = recipe.png_bytes(replay(png, trial.picture, pictures=_attached(trial)))
    require(again == png, "A replayed PNG differs from its original.")


@_check("Yield copies of what later steps change; RGB pictures, finite numbers, curves with as many x as y, files as bytes.")
def results_last(trial: Trial) -> None:
    """A result is plain values that can be kept and sent on, and later runs do not reach into it."""
    result, before = trial.first_result, trial.first_digest
    for what, image in (("image", result.image), *(("images", image) for image, _ in result.images)):
        plain = image is None or isinstance(image, PIL.Image.Image) and image.mode == "RGB"
        require(plain, f"{what} holds {image!r}; a PIL image in RGB is wanted.")
    for name, value in result.metrics.items():
        require(isinstance(value, int | float) and math.isfinite(value), f"The figure {name} is {value!r}, not a finite number.")
    for name, curve in result.curves.items():
        require(len(curve.x) == len(curve.y), f"The curve {name} has {len(curve.x)} x and {len(curve.y)} y.")
        require(len(curve.spread) in (0, len(curve.y)), f"The curve {name} has {len(curve.y)} y and {len(curve.spread)} spreads.")
    require(trial.first.plain_files, "files holds something else than plain names and bytes.")
    json.dumps(result.table)
    trial.run(None if trial.picture is None else trial.picture.rotate(180))
    require(digest(result) == before, "A later run changed an earlier result.")
    require(digest(pickle.loads(pickle.dumps(result))) == before, "A worker cannot send this result: pickling changes it.")


@_check("Try small and narrow pictures, and raise errors.BadPicture with one line where one cannot be worked on.")
def takes_odd_pictures(trial: Trial) -> None:
    """One pixel, a sliver, grey, transparent, palette, 16 bits: a result, or an error that a visitor can read."""
    _ = trial.first  # one that cannot work on a plain picture is not tried on others
    for size, mode in ODD_PICTURES:
        try:
            made(trial.run(small_picture(size, mode)))
        except InputError as error:
            require("\n" not in str(error), f"Its error on a {mode} picture of {size[0]} × {size[1]} is longer than a line.")
        except (Exception, SystemExit) as error:
            said = f"A {mode} picture of {size[0]} × {size[1]} ends in {type(error).__name__}: {error}{line_behind(error)}"
            raise BrokenTechnique(said) from error


# ---------------------------------------------------------------- what it leaves behind

@_check("Begin with image.copy(), or with a tensor made from it.")
def leaves_its_input_alone(trial: Trial) -> None:
    """The picture it was handed, and those in its parameters, are as they were."""
    seen = trial.first
    require(seen.picture_before == seen.picture_after, "It changes the picture that it was given; work on a copy.")
    held = {name: getattr(trial.params, name) for name in trial.technique.Params.fields_meaning("picture")}
    fresh = trial.technique.Params.read(trial.values)
    for name, picture in held.items():
        require(pixels_of(picture) == pixels_of(getattr(fresh, name)), f"It changes the picture in {name}; work on a copy.")


@_check("Use a generator of your own, and close `with torch.no_grad():` before each yield.")
def leaves_global_state_alone(trial: Trial) -> None:
    """Random generators, gradient mode, threads and number format are as it found them: at the end, and whenever it yields."""
    disturbed = dict.fromkeys(trial.first.disturbed)
    require(not disturbed, f"It changes what belongs to the whole process: {', '.join(disturbed)}. "
                           "(`with torch.no_grad():` around a yield leaks to whoever is waiting.)")


@_check("Yield in every step; start no thread; in `finally` clean up and yield nothing.")
def stops_within_one_step(trial: Trial) -> None:
    """Closing it after its first result ends it: nothing more is computed, no thread and no generator is left."""
    inner: list[Iterator[Result]] = []

    @wraps(trial.technique.body)
    def body(image: Image | None, params: Params) -> Iterator[Result]:
        inner.append(trial.technique.body(image, params))
        yield from inner[0]

    _ = trial.first  # whatever a first run starts once for the process is there
    threads = set(threading.enumerate())
    results = replace(trial.technique, body=body).stream(trial.picture, trial.params)
    next(results)
    try:
        results.close()
    except RuntimeError as error:
        raise BrokenTechnique("It goes on after it was closed; never catch GeneratorExit nor yield in `finally`.") from error
    require(inner[0].gi_frame is None, "Its generator is still alive after it was closed.")
    left = [thread.name for thread in threading.enumerate() if thread not in threads]
    require(not left, f"It leaves threads behind: {', '.join(left)}.")


@_check("Keep what register_forward_hook returns, and call its remove() in `finally`.")
def leaves_no_hooks(trial: Trial) -> None:
    """No module that lives on has more hooks after a run, or after a cancelled one, than before."""
    _ = trial.first
    before = hooks()
    trial.run()
    results = trial.technique.stream(trial.picture, trial.params)
    next(results)
    results.close()
    more = sum(max(0, count - before.get(key, 0)) for key, count in hooks().items())
    require(more == 0, f"It leaves {more} hooks on a network; remove them in `finally`.")
