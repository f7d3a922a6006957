"""Charts, read back from their drawings: positions are per cents of the plot, counted from its top left corner.

Both ends of an axis leave some room free (2 per cent across, 6 up), so the smallest y lies at 94 and the largest at 6.
"""

import math
import re
from xml.etree import ElementTree

import pytest

from hub import Curve, charts, stage
from hub.axis import Axis

NOT_FINITE = [float("nan"), float("inf"), -float("inf")]


def figures(curves):
    return ElementTree.fromstring(f"<div>{stage.curves(curves)}</div>").findall("figure")


def figure(curves):
    (only,) = figures(curves)
    return only


def polylines(drawing):
    """Each line's places."""
    return [[tuple(map(float, place.split(","))) for place in line.get("points").split()] for line in drawing.iter("polyline")]


def number(per_cent):
    return float(per_cent.removesuffix("%"))


def marks(drawing):
    """(x, y, shape) of each mark in the plot."""
    return [(number(mark.get("x")), number(mark.get("y")), mark[0].get("d"))
            for mark in drawing.find("svg").iter("svg") if "mark" in mark.get("class", "")]


def bars(drawing):
    """(x, lower end, upper end) of each error bar."""
    return [tuple(number(line.get(end)) for end in ("x1", "y1", "y2"))
            for line in drawing.iter("line") if "bar" in line.get("class", "")]


def texts(drawing):
    return [text.text for text in drawing.iter("text")]


def said(drawing):
    return drawing.find("svg").get("aria-label")


# ---------------------------------------------------------------- one line


def test_a_line_alone_is_drawn_without_key_or_marks():
    drawing = figure({"loss": Curve([0, 1, 2], [4, 2, 0])})
    assert polylines(drawing) == [[(2, 6), (50, 50), (98, 94)]]
    assert drawing.find("ul") is None and not marks(drawing)
    assert drawing.find("figcaption").text == "Loss" and said(drawing) == "Loss: from 4 to 0 over step 0 to 2."


def test_what_has_not_begun_is_left_out():
    held = Curve([0.0], [1.0], chart="loss", kind="reference")
    assert stage.curves({}) == stage.curves({"a": Curve([], [])}) == stage.curves({"a": Curve([1], [1])}) == ""
    assert stage.curves({"optimum": held}) == stage.curves({"optimum": held, "loss": Curve([0], [2], chart="loss")}) == ""


@pytest.mark.parametrize("bad", NOT_FINITE, ids=str)
@pytest.mark.parametrize("log", ["", "x", "y", "xy"])
def test_numbers_that_are_not_finite_are_left_out(bad, log):
    drawing = figure({"a": Curve([1, 2, bad, 4, 5], [1, bad, 3, 4, 5], spread=[bad, 1, 1, 0.5, bad], log=log)})
    assert len(polylines(drawing)[0]) == 3 and len(bars(drawing)) == 1
    assert not re.search(r"\b(nan|inf)", stage.curves({"a": Curve([1, 2, bad], [1, 2, 3], log=log)}))


def test_a_constant_lies_in_the_middle():
    assert polylines(figure({"a": Curve([0, 1], [7, 7])})) == [[(2, 50), (98, 50)]]
    assert polylines(figure({"a": Curve([3, 3], [0, 0], log="x")})) == [[(50, 50), (50, 50)]]


@pytest.mark.parametrize("y", [[-1e308, 1e308, 0, 1], [1e-320, 5e-324, 0, 1e-310], [1e299, -1e299, 3, 3], [1, 1 + 2e-16, 1, 1],
                               [1e-299, 1e299, 1e-5, 1]], ids=str)
@pytest.mark.parametrize("log", ["", "y"])
def test_the_largest_and_the_smallest_numbers_are_drawn_or_left_out(y, log):
    for drawing in figures({"a": Curve([0, 1, 2, 3], y, log=log)}):
        assert all(0 <= at <= 100 for line in polylines(drawing) for place in line for at in place)


@pytest.mark.parametrize("count", [299, 300, 301, 599, 600, 100_000])
def test_a_long_line_is_thinned_and_keeps_its_ends(count):
    (line,) = polylines(figure({"a": Curve([float(i) for i in range(count)], [float(i % 7) for i in range(count)])}))
    assert 150 <= len(line) <= charts.MOST_POINTS and line[0][0] == 2 and line[-1][0] == 98


# ---------------------------------------------------------------- several lines


def test_curves_of_one_chart_stand_in_one_drawing_with_a_key():
    drawings = figures({
        "training": Curve([0, 1], [4, 1], "epoch", "error", chart="loss"),
        "kept apart": Curve([0, 1], [1, 2]),
        "held-out": Curve([0, 1], [4, 2], chart="loss"),
    })
    assert [d.find("figcaption").text.strip() for d in drawings] == ["Loss", "Kept apart"]
    assert ["".join(li.itertext()) for li in drawings[0].iter("li")] == ["Training", "Held-out"]
    assert "epoch" in texts(drawings[0]) and drawings[0].find("figcaption/span").text == "error"
    assert said(drawings[0]) == "Loss over epoch 0 to 1. Training: from 4 to 1. Held-out: from 4 to 2."


def test_lines_of_one_chart_share_their_axes():
    drawing = figure({"low": Curve([0, 1], [0, 1], chart="c"), "high": Curve([1, 4], [3, 4], chart="c")})
    assert polylines(drawing) == [[(2, 94), (26, 72)], [(26, 28), (98, 6)]]


def test_eight_lines_differ_in_colour_and_in_shape():
    drawing = figure({f"line {i}": Curve([0, 1], [i, i], chart="c") for i in range(8)})
    assert len({line.get("class") for line in drawing.iter("polyline")}) == 8
    assert len({shape for _, _, shape in marks(drawing)}) == 8
    in_key = [item.find("svg/svg/path").get("d") for item in drawing.iter("li")]
    assert in_key == [shape for _, _, shape in marks(drawing)][::2]


def test_past_eight_lines_a_colour_comes_with_another_shape():
    drawing = figure({f"line {i}": Curve([0, 1], [i, i], chart="c") for i in range(16)})
    looks = {(item.find("svg/line").get("class"), item.find("svg/svg/path").get("d")) for item in drawing.iter("li")}
    assert len(looks) == 16


def test_a_line_keeps_its_look_when_one_before_it_begins():
    late, other = Curve([0, 1], [1, 2], chart="c"), Curve([0, 1], [3, 4], chart="c")
    before = figure({"late": Curve([], [], chart="c"), "other": other})
    after = figure({"late": late, "other": other})
    assert [line.get("class") for line in before.iter("polyline")] == [line.get("class") for line in after.iter("polyline")][1:]


def test_a_reference_of_one_point_runs_across_the_chart_at_its_height():
    drawing = figure({"loss": Curve([10, 20], [5, 2], chart="c"), "optimum": Curve([0], [1], chart="c", kind="reference")})
    assert polylines(drawing) == [[(2, 6), (98, 72)], [(0, 94), (100, 94)]]
    assert "reference" in [*drawing.iter("polyline")][1].get("class") and len(marks(drawing)) == 2
    assert said(drawing).endswith("over step 10 to 20. Loss: from 5 to 2. Optimum: at 1.")
    assert "".join([*drawing.iter("li")][1].itertext()) == "Optimum 1"


def test_a_reference_of_more_points_is_a_line_without_marks():
    drawing = figure({"a": Curve([0, 2], [0, 4], chart="c"), "bound": Curve([0, 1, 2], [4, 2, 4], chart="c", kind="reference")})
    assert polylines(drawing)[1] == [(2, 6), (50, 50), (98, 6)] and len(marks(drawing)) == 2


def test_references_differ_in_their_dashes():
    held = {f"r{i}": Curve([0], [i], chart="c", kind="reference") for i in range(3)}
    drawing = figure({"a": Curve([0, 1], [0, 1], chart="c")} | held)
    assert len({line.get("class") for line in drawing.iter("polyline")}) == 4


def test_points_are_marks_that_nothing_joins():
    drawing = figure({"latents": Curve([0, 4, 2], [0, 4, 2], kind="points")})
    assert polylines(drawing) == [] and [place[:2] for place in marks(drawing)] == [(2, 94), (98, 6), (50, 50)]


def test_a_long_line_has_a_few_marks_that_lie_on_it_and_beside_the_others():
    x = [float(i) for i in range(250)]
    drawing = figure({"a": Curve(x, x, chart="c"), "b": Curve(x, x, chart="c")})
    assert len(marks(drawing)) == 2 * charts.SOME_MARKED == len({place[:2] for place in marks(drawing)})
    assert all(place[:2] in polylines(drawing)[0] for place in marks(drawing))


# ---------------------------------------------------------------- error bars


def test_error_bars_end_at_the_spread_and_the_axis_holds_them():
    drawing = figure({"accuracy": Curve([0, 1, 2], [2, 4, 7], spread=[2, 0, 1])})
    assert bars(drawing) == [(2, 94, 50), (98, 28, 6)]  # from 0 to 4 and from 6 to 8, on an axis from 0 to 8
    assert len(marks(drawing)) == 3


def test_a_bar_that_reaches_nothing_positive_ends_at_the_foot_of_a_logarithmic_axis():
    drawing = figure({"a": Curve([0, 1], [1, 100], spread=[1, 0], log="y")})
    assert bars(drawing)[0][1] == 100 and polylines(drawing)[0][0][1] == 94


def test_thinned_points_keep_their_own_spread():
    y = [float(i) for i in range(1000)]
    drawing = figure({"a": Curve(y, y, spread=[0.0] * 999 + [100.0])})
    ((x, low, high),) = bars(drawing)
    assert x == 98 and high == 6 and low == pytest.approx(6 + 200 / 1099 * 88, abs=0.01)


# ---------------------------------------------------------------- axes


def test_a_logarithmic_axis_places_ten_in_the_middle_of_one_and_a_hundred():
    assert polylines(figure({"a": Curve([1, 10, 100], [1, 2, 3], log="x")})) == [[(2, 94), (50, 50), (98, 6)]]
    assert polylines(figure({"a": Curve([1, 2, 3], [1, 10, 100], log="y")})) == [[(2, 94), (50, 50), (98, 6)]]
    assert polylines(figure({"a": Curve([1, 10, 100], [1, 10, 100], log="xy")})) == [[(2, 94), (50, 50), (98, 6)]]


def test_what_is_not_positive_is_left_out_of_a_logarithmic_axis():
    assert len(polylines(figure({"a": Curve([-1, 0, 1, 10], [1, 1, 1, 2], log="x")}))[0]) == 2
    held = {"a": Curve([0, 1], [1, 10], chart="c", log="y"), "r": Curve([0], [0], chart="c", kind="reference")}
    assert len(polylines(figure(held))) == 1


def test_a_level_reference_needs_no_place_across_a_logarithmic_axis():
    held = {"a": Curve([1, 10], [0, 4], chart="c", log="x"), "r": Curve([0], [2], chart="c", kind="reference")}
    assert polylines(figure(held))[1] == [(0, 50), (100, 50)]


@pytest.mark.parametrize(("low", "high", "log", "ticks"), [
    (0, 1, False, "0 0.2 0.4 0.6 0.8 1"),
    (-4.4, 0.8, False, "−4 −2 0"),
    (0, 899, False, "0 200 400 600 800"),
    (20_000, 130_000, False, "50k 100k"),
    (1e6, 4e6, False, "1M 2M 3M 4M"),
    (1_000_000.1, 1_000_000.5, False, "1000000.1 1000000.2 1000000.3 1000000.4 1000000.5"),
    (0, 5e-5, False, "0 1e−5 2e−5 3e−5 4e−5 5e−5"),
    (0, 3, True, "1 10 100 1000"),
    (0, 5, True, "1 10 100 1000 10k 100k"),
    (-10, 2, True, "1e−10 1e−7 0.0001 0.1 100"),
    (math.log10(0.1), math.log10(3.2), True, "0.1 0.2 0.5 1 2"),
    (math.log10(0.015), math.log10(5.5), True, "0.03 0.1 0.3 1 3"),
    (math.log10(0.021), math.log10(0.0251), True, "0.021 0.022 0.023 0.024 0.025"),
])
def test_ticks_are_round_numbers_within_the_axis(low, high, log, ticks):
    held = Axis(low, high, log=log).ticks()
    assert " ".join(held.values()) == ticks
    assert all(-1e-6 <= at <= 100 + 1e-6 for at in held)


def test_a_tick_stands_where_its_number_lies():
    assert Axis(0, 2, log=True).ticks() == {0: "1", 50: "10", 100: "100"}
    assert Axis(0, 4, inset=10).ticks() == {10: "0", 30: "1", 50: "2", 70: "3", 90: "4"}


# ---------------------------------------------------------------- strangers


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "\"'><svg onload=x>", "&amp;", " ", "x" * 5000, "</figure>"])
def test_hostile_names_are_text(name):
    curve = Curve([0, 1], [0, 1], name, name, chart=name)
    for held in ({name: curve, name + "2": curve}, {name: Curve([0, 1], [0, 1], name, name)}):
        drawing = figure(held)
        assert not [*drawing.iter("script")] and not [e for e in drawing.iter() if "onload" in e.attrib]
        assert (drawing.find("figcaption").text or "").strip().lower() == name.strip().lower()


def test_a_kind_or_an_axis_that_nobody_knows_is_a_line():
    assert len(polylines(figure({"a": Curve([0, 1], [0, 1], kind='"><script>', log="?")}))) == 1
