"""The suite that techniques are held to: every way of breaking the contract is caught by the check named for it."""

import re
import subprocess

import pytest

import hub
from hub import testing
from hub.errors import BrokenTechnique, UnknownTechnique
from hub.trial import Trial

GOOD = '''"""Nothing but a copy."""
import random, threading, time
from collections.abc import Iterator
import numpy, torch
import hub

NET = torch.nn.Linear(1, 1)
RUNS = []

class Params(hub.Params):
    step: int = hub.Field(1, ge=0, description="A number.")

@hub.technique(title="Copy", family="Dream")
def run(image: hub.Image, params: Params) -> Iterator[hub.Result]:
    picture = image.copy()
    yield hub.Result(image=picture, progress=0.0)
    yield hub.Result(image=picture, progress=1.0)
'''
END = "    yield hub.Result(image=picture, progress=1.0)\n"
START = "    picture = image.copy()\n"
FAULTS = {
    "says_what_it_is": ('description="A number."', 'description=""'),
    "schema_makes_a_round_trip": ("step: int = hub.Field(1, ge=0,", 'step: bytes = hub.Field(b"\\xc3\\x28",'),
    "same_defaults_in_ui_cli_and_python": ("step: int = hub.Field(1, ge=0,", "step: list[dict] = hub.Field([{}],"),
    "refuses_an_unknown_parameter": ("    step:", "    model_config = {'extra': 'ignore'}\n    step:"),
    "tells_its_cost_in_seconds": ("@hub.technique(", "@hub.technique(cost=lambda image, params: 1 - image.width, "),
    "progress_never_falls_and_ends_at_one": ("progress=0.0", "progress=0.5)\n    yield hub.Result(progress=0.4"),
    "same_seed_same_bytes": (START, START + "    picture.putpixel((0, 0), (random.randrange(256), random.randrange(256), 0))\n"),
    "same_bytes_in_another_process": (
        START, START + "    import os; picture.putpixel((0, 0), tuple(os.getpid().to_bytes(4, 'big')[1:]))\n"),
    "reaches_for_no_network": (
        "NET =", "import socket\ntry:\n    socket.getaddrinfo('example.org', 80)\nexcept OSError:\n    pass\nNET ="),
    "replays_from_its_recipe": (START, START + "    RUNS.append(1); picture.putpixel((0, 0), (len(RUNS), 0, 0))\n"),
    "results_last": (END, END.replace("progress=1.0", "metrics={'x': float('nan')}, progress=1.0")),
    "takes_odd_pictures": (START, START + "    1 / (min(image.size) - 1)\n"),
    "leaves_its_input_alone": (START, "    picture = image; picture.putpixel((0, 0), (1, 2, 3))\n"),
    "leaves_global_state_alone": (START, START + "    torch.manual_seed(3)\n"),
    "stops_within_one_step": (START, START + "    threading.Thread(target=time.sleep, args=(1,), daemon=True).start()\n"),
    "leaves_no_hooks": (START, START + "    NET.register_forward_hook(print)\n"),
}


def fault(name: str, check: str) -> str:
    return next(one for one in testing.checks(name) if one.name == check).fault()


@pytest.mark.parametrize("check", FAULTS)
def test_a_broken_contract_is_caught_by_the_check_named_for_it(plugin_folder, no_network, check):
    before, after = FAULTS[check]
    assert before in GOOD
    plugin_folder.add("bad", GOOD.replace(before, after, 1))
    said = fault("bad", check)
    assert said and "\n" not in said
    no_network.clear()  # one of them reaches out here as well, and is meant to


@pytest.mark.parametrize("check", sorted(testing.CHECKS.keys() - {"same_bytes_in_another_process", "reaches_for_no_network"}))
def test_the_same_technique_unbroken_passes(plugin_folder, check):
    plugin_folder.add("good", GOOD)
    assert fault("good", check) == ""


def test_every_check_has_a_technique_that_fails_it():
    assert FAULTS.keys() == testing.CHECKS.keys()


def test_every_check_says_in_one_sentence_how_to_mend_what_fails(plugin_folder):
    plugin_folder.add("good", GOOD)
    mends = [check.mend for check in testing.checks("good")]
    assert len(set(mends)) == len(mends) == len(testing.CHECKS)
    assert all(mend.endswith(".") and "\n" not in mend and len(mend) < 130 for mend in mends)


def test_an_error_of_the_technique_itself_names_its_line(plugin_folder):
    plugin_folder.add("bad", GOOD.replace(START, START + "    image.no_such_thing()\n"))
    line = GOOD.splitlines().index(START.strip("\n")) + 2
    assert fault("bad", "progress_never_falls_and_ends_at_one").endswith(f"(bad.py, line {line})")
    assert fault("bad", "takes_odd_pictures").endswith(f"(bad.py, line {line})")


ENDLESS = {"computes": "while True: pass", "waits": "time.sleep(1e6)", "yields": "while True: yield hub.Result(progress=0.0)"}
CHILD = "import os, sys\nCHILD = sys.argv[0] == '-c'\n"
"""At the top of a technique: tells whether it runs in the other process of a check."""
IN_A_PROCESS = ["same_bytes_in_another_process", "reaches_for_no_network"]


@pytest.mark.parametrize("way", ENDLESS)
def test_a_run_without_an_end_is_cut_once_and_every_check_says_so(plugin_folder, monkeypatch, way):
    plugin_folder.add("bad", GOOD.replace(START, f"    RUNS.append(1)\n    {ENDLESS[way]}\n" + START))
    checks = [check for check in testing.checks("bad") if check.mend in list(testing.MENDS.values())[5:]]
    monkeypatch.setattr(Trial, "seconds", 0.5)
    line = GOOD.splitlines().index(START.strip("\n")) + 2
    late = rf"There is no end after 0\.5 seconds( \(bad\.py, line {line}\))?; shorten its runs by `quick` in Params\."
    (said,) = {check.fault() for check in checks}
    assert re.fullmatch(late, said) and (way == "yields" or "bad.py" in said)
    assert len(checks) == 11 and hub.find("bad").body.__globals__["RUNS"] == [1]


def test_another_process_that_does_not_end_is_cut_once(plugin_folder, monkeypatch):
    plugin_folder.add("bad", CHILD + GOOD.replace(START, "    while CHILD: time.sleep(1)\n" + START))
    checks = [check for check in testing.checks("bad") if check.name in IN_A_PROCESS]
    _ = checks[0].trial.first
    monkeypatch.setattr(Trial, "seconds", 0.5)
    started, start = [], subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda *words, **options: started.append(1) or start(*words, **options))
    late = "There is no end in another process after 0.5 seconds; shorten its runs by `quick` in Params."
    assert [check.fault() for check in checks] == [late, late] and started == [1]


def test_what_a_technique_prints_does_not_get_between(plugin_folder):
    prints = "    print('hello'); import atexit; CHILD and atexit.register(print, 'bye')\n"
    plugin_folder.add("good", CHILD + "print('loaded')\n" + GOOD.replace(START, prints + START))
    assert [check.fault() for check in testing.checks("good") if check.name in IN_A_PROCESS] == ["", ""]


@pytest.mark.parametrize(("end", "said"), [
    ("sys.exit('far')", "It does not run in another process: SystemExit: far"),
    ("os._exit(3)", "Another process that runs it ends without an answer, with code 3."),
])
def test_an_end_in_another_process_says_why(plugin_folder, end, said):
    bye = "    import atexit; CHILD and atexit.register(print, 'bye')\n"
    plugin_folder.add("bad", CHILD + GOOD.replace(START, f"{bye}    if CHILD: {end}\n{START}"))
    assert fault("bad", "same_bytes_in_another_process") == said


@pytest.mark.parametrize("check", ["progress_never_falls_and_ends_at_one", "takes_odd_pictures", "leaves_no_hooks"])
def test_a_technique_that_exits_fails_and_the_checks_go_on(plugin_folder, check):
    plugin_folder.add("bad", GOOD.replace(START, "    raise SystemExit('enough')\n" + START))
    assert fault("bad", check).startswith("SystemExit: enough (bad.py, line ")


def test_a_picture_at_which_a_technique_exits_is_named(plugin_folder):
    plugin_folder.add("bad", GOOD.replace(START, "    if image.width == 1: raise SystemExit('enough')\n" + START))
    assert "of 1 × 1 ends in SystemExit: enough (bad.py" in fault("bad", "takes_odd_pictures")


def test_a_gradient_mode_held_across_a_yield_is_caught(plugin_folder):
    plugin_folder.add("bad", GOOD.replace("    yield hub.Result(image=picture, progress=0.0)",
                                          "    with torch.no_grad():\n        yield hub.Result(image=picture, progress=0.0)"))
    assert "gradients" in fault("bad", "leaves_global_state_alone")


def test_going_on_after_a_stop_is_caught(plugin_folder):
    stubborn = "    try:\n        yield hub.Result()\n    except GeneratorExit:\n        yield hub.Result(progress=0.1)"
    plugin_folder.add("bad", GOOD.replace("    yield hub.Result(image=picture, progress=0.0)", stubborn))
    assert "closed" in fault("bad", "stops_within_one_step")


def test_a_spread_that_does_not_fit_its_curve_is_caught(plugin_folder):
    short = END.replace("progress=1.0", "curves={'loss': hub.Curve([0, 1], [2, 1], spread=[0.5])}, progress=1.0")
    plugin_folder.add("bad", GOOD.replace(END, short))
    assert "loss has 2 y and 1 spreads" in fault("bad", "results_last")


def test_the_whole_suite_names_each_check_that_failed(plugin_folder, monkeypatch):
    monkeypatch.delitem(testing.CHECKS, "same_bytes_in_another_process")
    monkeypatch.delitem(testing.CHECKS, "reaches_for_no_network")
    plugin_folder.add("bad", GOOD.replace('title="Copy"', 'title=""'))
    with pytest.raises(BrokenTechnique, match="says_what_it_is: It has no title"):
        testing.check_technique("bad")


def test_quick_parameters_are_the_techniques_own_unless_given(toy):
    assert testing.checks(toy)[0].trial.params.steps == 2
    assert testing.checks(toy, {"steps": 3})[0].trial.params.steps == 3


def test_an_unknown_technique_is_refused():
    with pytest.raises(UnknownTechnique):
        testing.checks("no_such_technique")


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P", "I;16"])
def test_small_pictures_come_in_every_mode(mode):
    picture = testing.small_picture((9, 5), mode)
    assert (picture.mode, picture.size) == (mode, (9, 5))
