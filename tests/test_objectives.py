import math

import pytest
import torch

from hub.pixels import objectives as o
from hub.pixels.images import total_variation

# one picture, two channels of 2 x 2 positions, that everything here is worked out on by hand
MAPS = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]], [[0.0, -2.0], [2.0, 0.0]]]])
PICTURE = torch.zeros(1, 3, 4, 4)


def value(objective: o.Objective, maps: torch.Tensor = MAPS, layer: str = "a") -> list[float]:
    return objective({layer: maps}, PICTURE).tolist()


def test_channel_is_its_mean_over_positions():
    assert value(o.channel("a", 0)) == [2.5]
    assert value(o.channel("a", 1)) == [0.0]


def test_channels_take_one_for_each_picture():
    assert value(o.channels("a", [1, 0]), MAPS.expand(2, -1, -1, -1)) == [0.0, 2.5]


def test_a_direction_is_what_the_mean_activation_has_of_it():
    two = torch.cat([MAPS, MAPS])  # channel means 2.5 and 0; then with 4 more in the second
    two[1, 1] += 4
    assert value(o.directions("a", torch.tensor([[2.0, 7.0], [1.0, -0.5]])), two) == [5.0, 0.5]
    assert value(o.directions("a", torch.eye(2)), two) == value(o.channels("a", [0, 1]), two)


def test_energy_is_half_the_mean_square():
    assert value(o.energy("a")) == pytest.approx([(1 + 4 + 9 + 16 + 4 + 4) / 8 / 2])


def test_several_is_the_energy_of_the_channels_named():
    assert value(o.several("a", [1])) == [(4 + 4) / 4 / 2]
    assert value(o.several("a", [0, 1])) == value(o.energy("a"))


def test_neuron_is_one_value_in_the_middle():
    maps = torch.zeros(1, 2, 5, 5)
    maps[0, 1, 2, 2] = 7.0
    assert value(o.neuron("a", [1]), maps) == [7.0]
    assert value(o.neuron("a", [0]), maps) == [0.0]


def test_centred_of_a_constant_map_is_that_constant():
    assert value(o.centred("a", [0]), torch.full((1, 1, 5, 7), 3.0)) == pytest.approx([3.0])


def test_centred_counts_the_middle_more_than_the_corner():
    middle, corner = torch.zeros(1, 1, 5, 5), torch.zeros(1, 1, 5, 5)
    middle[0, 0, 2, 2] = corner[0, 0, 0, 0] = 1.0
    assert value(o.centred("a", [0]), middle)[0] > 10 * value(o.centred("a", [0]), corner)[0] > 0


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (5, 7), (1, 9)])
def test_bell_weights_sum_to_one_and_are_symmetric(size):
    weight = o.bell(size, 0.35)
    assert weight.shape == size and weight.sum().item() == pytest.approx(1)
    assert torch.allclose(weight, weight.flip(0, 1))


def test_bell_by_hand_at_three_positions():
    edge = math.exp(-1 / (2 * 0.5**2))
    assert o.bell((1, 3), 0.5)[0].tolist() == pytest.approx([edge / (1 + 2 * edge), 1 / (1 + 2 * edge), edge / (1 + 2 * edge)])


def test_class_evidence_is_a_log_probability():
    logits = torch.tensor([0.0, math.log(3)]).view(1, 2, 1, 1)  # the first has odds of 1 in 4, and a logit of 0
    assert value(o.class_evidence([0]), logits, "classes") == pytest.approx([-math.log(4)])


def test_class_evidence_averages_positions_first():
    maps = torch.tensor([[[[2.0, -2.0]], [[0.0, 2 * math.log(3)]]]])  # mean logits: 0 and log 3
    assert value(o.class_evidence([0]), maps, "classes") == pytest.approx([-math.log(4)])


def test_class_evidence_takes_a_little_of_what_is_before_the_softmax():
    logits = torch.tensor([2.0, 2.0]).view(1, 2, 1, 1)
    assert value(o.class_evidence([0]), logits, "classes") == pytest.approx([-math.log(2) + 0.1 * 2])
    assert value(o.class_evidence([0], beyond=1), logits, "classes") == pytest.approx([-math.log(2) + 2])


def test_class_evidence_rises_with_its_class_and_falls_with_another():
    maps = torch.zeros(1, 3, 4, 4, requires_grad=True)
    o.class_evidence([1])({"classes": maps}, PICTURE).sum().backward()
    assert (maps.grad[0, 1] > 0).all() and (maps.grad[0, 0] < 0).all() and (maps.grad[0, 2] < 0).all()


def test_class_everywhere_of_equal_scores_is_the_share_of_the_classes():
    assert value(o.class_everywhere([0, 2]), torch.zeros(1, 5, 3, 3), "classes") == pytest.approx([math.log(2 / 5)])


ONE_EACH = torch.tensor([[[[9.0, -9.0]], [[-9.0, 9.0]]]])  # two positions: the first sure of class 0, the second of class 1


def test_class_everywhere_judges_windows_by_their_mean():
    assert value(o.class_everywhere([0], window=3), ONE_EACH, "classes") == pytest.approx([-math.log(2)], abs=1e-4)


def test_class_everywhere_without_focus_averages_over_places():
    both, one = (value(o.class_everywhere(units, 1, focus=0.0, beyond=1), ONE_EACH, "classes") for units in ([0, 1], [0]))
    assert both == pytest.approx([9.0], abs=1e-3)  # sure of one of the two everywhere, with evidence 9
    assert one == pytest.approx([(0 + 9 - 18 - 9) / 2], abs=1e-3)


def test_class_everywhere_with_focus_leaves_alone_what_is_not_there():
    assert value(o.class_everywhere([0], 1, focus=1.0, beyond=1), ONE_EACH, "classes") == pytest.approx([9.0], abs=1e-3)


def test_class_everywhere_lets_places_out_of_reach_of_each_other_both_count():
    maps = torch.zeros(1, 2, 1, 7)
    maps[0, 0] = torch.tensor([[6.0, -9.0, -9.0, -9.0, -9.0, -9.0, 0.0]])

    def slopes(reach):
        asked = maps.clone().requires_grad_()
        o.class_everywhere([0], window=1, focus=20.0, reach=reach)({"classes": asked}, PICTURE).sum().backward()
        return asked.grad[0, 0, 0]

    assert slopes(3)[0] > 0.04 and slopes(3)[6] > 0.04  # each is the best near by
    assert slopes(6)[0] > 0.09 and slopes(6)[6] < 1e-3  # the first is the best of all
    assert slopes(3)[1:6].abs().max() < 1e-3


def test_like_matches_every_position_with_its_best_word():
    guide = torch.tensor([[1.0, 0.0], [0.0, 2.0]]).view(1, 2, 1, 2)  # words (1, 0) and (0, 2)
    maps = torch.tensor([[3.0, 1.0], [1.0, 1.0]]).view(1, 2, 1, 2).requires_grad_()  # positions (3, 1) and (1, 1)
    found = o.like("a", guide)({"a": maps}, PICTURE)
    assert found.tolist() == [(3 + 2) / 4]  # (3, 1) . (1, 0) and (1, 1) . (0, 2), over 2 positions of 2 channels
    found.sum().backward()
    assert maps.grad.flatten().tolist() == [0.25, 0.0, 0.0, 0.5]


def test_unlike_is_lowest_for_identical_pictures_and_zero_for_unrelated_ones():
    twice = torch.randn(1, 4, 3, 3, generator=torch.Generator().manual_seed(0)).expand(3, -1, -1, -1)
    assert value(o.unlike("a"), twice) == pytest.approx([-1.0] * 3)
    apart = torch.zeros(2, 2, 1, 1)
    apart[0, 0] = apart[1, 1] = 1.0
    assert value(o.unlike("a"), apart) == [0.0, 0.0]


def test_unlike_says_nothing_about_a_single_picture():
    assert value(o.unlike("a"), MAPS) == pytest.approx([0.0], abs=1e-6)


def test_variation_by_hand():
    picture = torch.tensor([[0.0, 1.0], [0.0, 0.0]]).expand(1, 3, 2, 2)
    assert total_variation(picture).tolist() == [1.0]  # across (1 + 0) / 2, down (0 + 1) / 2
    assert o.variation()({}, picture).tolist() == [1.0]
    assert o.variation().layers == frozenset()


def test_objectives_add_subtract_and_scale():
    a, b = o.channel("a", 0), o.energy("b")
    features = {"a": MAPS, "b": 2 * MAPS}
    x, y = a(features, PICTURE).item(), b(features, PICTURE).item()
    formula = 2 * a - 0.5 * b + a * 3
    assert formula(features, PICTURE).item() == pytest.approx(5 * x - 0.5 * y)
    assert formula.layers == {"a", "b"}


def test_objectives_are_values_and_a_sum_changes_neither():
    a, b = o.channel("a", 0), o.channel("a", 1)
    _ = a + b
    assert value(a) == [2.5] and value(b) == [0.0] and a.layers == {"a"}


@pytest.mark.parametrize("objective", [o.channel("a", 0), o.energy("a"), o.centred("a", [0]), o.unlike("a"), o.like("a", MAPS)])
def test_half_precision_features_are_measured_in_float32(objective):
    assert objective({"a": MAPS.bfloat16()}, PICTURE).dtype == torch.float32
