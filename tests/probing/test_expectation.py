"""Selectivity for the unexpected, its change, sequences and curvature, against closed forms."""

import numpy as np
import pytest
from scipy.stats import kstest

from brainmodel.probing.statistics import (
    Events,
    change_within,
    curvature,
    omission,
    order_effect,
    over_stages,
    selectivity,
    straightening,
    unexpected_effect,
)


def events(shift: float, neurons: int = 200) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    return random.standard_normal((neurons, 300)), shift + random.standard_normal((neurons, 40))


def test_the_index_is_the_shift_in_deviations() -> None:
    expected, unexpected = events(0.8, 1000)
    found = selectivity(expected, 2 * unexpected - 0.8, shuffles=10)
    assert found.indices.mean() == pytest.approx(0.8 / np.sqrt((1 + 4) / 2), abs=0.02)
    by_hand = (unexpected[3].mean() - expected[3].mean()) / np.sqrt(
        (unexpected[3].var(ddof=1) + expected[3].var(ddof=1)) / 2
    )
    plain = selectivity(expected, unexpected, shuffles=10)
    assert plain.indices[3] == pytest.approx(by_hand)


def test_without_an_effect_one_neuron_in_forty_is_selective_on_either_side() -> None:
    low, high = selectivity(*events(0.0, 2000)).share()
    assert low == pytest.approx(2.5, abs=1.2)
    assert high == pytest.approx(2.5, abs=1.2)
    assert selectivity(*events(1.0)).share()[1] > 90  # the control


def test_neurons_that_never_vary_are_counted() -> None:
    expected, unexpected = events(0.5, 10)
    expected[4], unexpected[4] = 2.0, 2.0
    found = selectivity(expected, unexpected)
    assert found.constant == 1
    assert np.isnan(found.indices[4])
    assert np.isfinite(np.delete(found.indices, 4)).all()


def test_effects_leave_missing_events_out() -> None:
    expected = np.array([[1.0, 2.0, np.nan], [0.0, 0.0, 3.0]])
    unexpected = np.array([[4.0, np.nan], [1.0, 2.0]])
    assert unexpected_effect(expected, unexpected).tolist() == [2.5, 0.5]


def test_too_few_events_are_refused() -> None:
    expected, unexpected = events(0.0, 5)
    with pytest.raises(ValueError, match=r"300 expected and 1 unexpected events"):
        selectivity(expected, unexpected[:, :1])
    unexpected[2, 1:] = np.nan
    with pytest.raises(ValueError, match=r"300 expected and 1 unexpected events"):
        selectivity(expected, unexpected)


def test_an_event_that_a_neuron_lacks_is_left_out_of_its_index_alone() -> None:
    expected, unexpected = events(0.3, 6)
    whole = selectivity(expected, unexpected)
    lacking = expected.copy()
    lacking[3, [0, 5]] = np.nan
    found = selectivity(lacking, unexpected)
    alone = selectivity(np.delete(expected, [0, 5], axis=1)[3:4], unexpected[3:4])
    others = np.arange(6) != 3
    assert found.indices[others] == pytest.approx(whole.indices[others])
    assert (found.indices[3], found.percentile[3]) == (alone.indices[0], alone.percentile[0])
    assert found.indices[3] != whole.indices[3]  # the control


def test_a_line_is_straight_and_a_polygon_turns_by_its_angle() -> None:
    line = np.linspace(0, 1, 9)[:, None] * np.array([1.0, -2, 3])
    angle = np.arange(9) * 2 * np.pi / 12
    polygon = np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=1)
    found = curvature(np.stack([line, 5 * polygon + 1]))
    assert found == pytest.approx([0, 30], abs=1e-4)
    assert straightening(polygon.reshape(1, 9, 3, 1), line[None]) == pytest.approx([30], abs=1e-4)


def test_trajectories_that_stand_still_or_are_short_are_refused() -> None:
    with pytest.raises(ValueError, match=r"1 of 2 trajectories stand still"):
        still = np.random.default_rng(0).random((2, 5, 3))
        still[1, 3] = still[1, 2]
        curvature(still)
    with pytest.raises(ValueError, match=r"with 3 times or more"):
        curvature(np.zeros((2, 2, 3)))


def stage(somatic: float, apical: float, seed: int) -> dict[str, Events]:
    random = np.random.default_rng(seed)

    def around(shift: float) -> Events:
        return Events(random.standard_normal((150, 200)), shift + random.standard_normal((150, 50)))

    return {"somatic": around(somatic), "apical": around(apical)}


def test_somatic_and_apical_selectivity_part_over_stages() -> None:
    stages = {"naive": stage(0.6, 0.0, 0), "later": stage(0.3, 0.3, 1), "expert": stage(0, 0.6, 2)}
    found = over_stages(stages, shuffles=200)
    assert [(s.compartment, s.stage) for s in found[:4]] == [
        ("somatic", "naive"),
        ("somatic", "later"),
        ("somatic", "expert"),
        ("apical", "naive"),
    ]
    assert [s.mean for s in found] == pytest.approx([0.6, 0.3, 0, 0, 0.3, 0.6], abs=0.04)
    assert all(s.low < s.mean < s.high for s in found)
    assert found[0].higher > 50 > 10 > found[2].higher
    one = selectivity(*stages["naive"]["apical"], shuffles=200)
    assert found[3].selectivity.indices == pytest.approx(one.indices)


def test_without_a_change_its_p_is_uniform() -> None:
    random = np.random.default_rng(0)
    p = [change_within(*random.standard_normal((2, 12)), draws=99, seed=k).p for k in range(200)]
    assert kstest(np.array(p) - 1 / 200, "uniform").pvalue > 0.01
    moved = random.standard_normal((2, 12)) + np.array([[0.0], [3.0]])
    assert change_within(*moved, draws=999).p < 0.01  # the control
    moved[0, 3] = np.nan
    assert change_within(*moved).samples == 11


def test_copies_of_a_unit_make_its_index_no_surer() -> None:
    """The sample is the event: of 50 like units the interval is that of one, and it covers 0."""
    covered = 0
    for seed in range(100):
        random = np.random.default_rng(seed)
        one = Events(random.standard_normal((1, 30)), random.standard_normal((1, 20)))
        alone = over_stages({"": {"somatic": one}}, shuffles=200)[0]
        if seed == 0:
            many = Events(one.expected.repeat(50, 0), one.unexpected.repeat(50, 0))
            (copies,) = over_stages({"": {"somatic": many}}, shuffles=200)
            assert (copies.low, copies.high) == pytest.approx((alone.low, alone.high))
        covered += alone.low <= 0 <= alone.high
    assert 87 <= covered <= 99


def test_stages_that_cannot_be_compared_are_refused() -> None:
    stages = {"naive": stage(0, 0, 0), "expert": {"somatic": stage(0, 0, 1)["somatic"]}}
    with pytest.raises(ValueError, match=r"stage 'expert' has no 'apical' events"):
        over_stages(stages)
    still = Events(np.ones((3, 4)), np.ones((3, 4)))
    with pytest.raises(ValueError, match=r"somatic, stage 'naive': no neuron varies"):
        over_stages({"naive": {"somatic": still}})
    with pytest.raises(ValueError, match=r"3 samples before and 4 after"):
        change_within(np.zeros(3), np.zeros(4))
    with pytest.raises(ValueError, match=r"1 samples with a value"):
        change_within(np.array([1.0, np.nan]), np.zeros(2))


def to_sequences(tuning: np.ndarray, gain: float) -> np.ndarray:
    """[neuron, sequence, place, event] to ABC and CBA: tuning [neuron, element], more in order."""
    mean = np.stack([tuning[:, [0, 1, 2]] + gain, tuning[:, [2, 1, 0]]], axis=1)
    mean[:, 1, 1] = tuning[:, 1] + gain  # B stands in its place in both
    return mean[..., None] + 0.01 * np.random.default_rng(1).standard_normal((*mean.shape, 30))


def test_the_effect_of_order_is_the_planted_gain_whatever_the_tuning() -> None:
    tuning = np.random.default_rng(0).uniform(0, 5, (8, 3))
    found = order_effect(to_sequences(tuning, 0.7), ["ABC", "CBA"], "ABC")
    assert found == pytest.approx(0.7, abs=0.02)
    assert order_effect(to_sequences(tuning, 0.0), ["ABC", "CBA"], "ABC") == pytest.approx(
        0, abs=0.02
    )
    absent = to_sequences(tuning, 0.7)
    absent[:, 1, 0, 5:] = np.nan
    assert order_effect(absent, ["ABC", "CBA"], "ABC") == pytest.approx(0.7, abs=0.02)


def test_sequences_that_say_nothing_of_order_are_refused() -> None:
    responses = to_sequences(np.ones((2, 3)), 0.0)
    with pytest.raises(ValueError, match=r"no element of 'ABC' stands anywhere else"):
        order_effect(responses, ["ABC", "DBC"], "ABC")
    with pytest.raises(ValueError, match=r"trained is 'BCA': name one of \['ABC', 'CBA'\]"):
        order_effect(responses, ["ABC", "CBA"], "BCA")
    with pytest.raises(ValueError, match=r"a letter for each place"):
        order_effect(responses, ["ABCD", "DCBA"], "ABCD")


def test_what_is_left_out_is_answered_by_its_own_pattern() -> None:
    random = np.random.default_rng(0)
    pattern = dict(zip("ABC", random.standard_normal((3, 60)), strict=True))

    def events(mean: np.ndarray) -> np.ndarray:
        return 2 + mean[:, None] + 0.3 * random.standard_normal((60, 40))

    elements, blank = {k: events(v) for k, v in pattern.items()}, events(np.zeros(60))
    found = omission(events(0.5 * pattern["B"]), blank, elements, "B", blank)
    assert found.effect == pytest.approx(0.5 * pattern["B"], abs=0.3)
    assert found.likeness > 0.9
    assert abs(found.others) < 0.4
    assert found.p is not None and found.p < 0.01
    silent = omission(events(np.zeros(60)), blank, elements, "B", blank)  # the control
    assert abs(silent.effect.mean()) < 0.05
    assert silent.p is not None and silent.p > 0.05
    other = omission(events(0.5 * pattern["A"]), blank, elements, "B", blank)
    assert other.likeness < 0.5
    assert other.p is not None and other.p > 0.5


def test_an_after_effect_of_the_element_before_is_no_expectation() -> None:
    """A gap after A looks like B in any order: no p without control, a large one with it."""
    random = np.random.default_rng(0)
    pattern = dict(zip("ABC", random.standard_normal((3, 60)), strict=True))

    def events(mean: np.ndarray) -> np.ndarray:
        return mean[:, None] + 0.3 * random.standard_normal((60, 12))

    elements, blank = {k: events(v) for k, v in pattern.items()}, events(np.zeros(60))
    trained, untrained = events(0.5 * pattern["B"]), events(0.5 * pattern["B"])
    fooled = omission(trained, blank, elements, "B")
    assert fooled.likeness > 0.9 and fooled.p is None
    found = omission(trained, blank, elements, "B", untrained, shuffles=200)
    assert found.p is not None and found.p > 0.05 and found.likeness < 0.7


def test_what_is_refused_of_omissions() -> None:
    blank = np.zeros((3, 4))
    elements = dict.fromkeys("ABC", blank)
    with pytest.raises(ValueError, match=r"expected is 'D' and elements are \['A', 'B', 'C'\]"):
        omission(blank, blank, elements, "D")
