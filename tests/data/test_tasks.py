"""What tasks show and ask: balance, delays, chance, response steps."""

from itertools import product

import numpy as np
import pytest
import torch

from brainmodel.data.tasks import (
    Add,
    ContextIntegration,
    CopySequence,
    DelayedMatch,
    EvidenceAccumulation,
    PoissonSpikes,
    TaskModule,
    TemporalXOR,
)
from tests.data.one_trial import KINDS, MANY, about, made, onsets, share, trials


@pytest.mark.parametrize("kind", KINDS)
def test_labels_are_what_they_are_said_to_be(kind: type[TaskModule]) -> None:
    module = kind(batch_size=8, window=60)  # type: ignore[call-arg]
    window = trials(module, index=3)
    assert set(window.labels) == set(module.label_kinds) == set(module.label_names or ())
    for name, label in module.label_kinds.items():
        values = window.labels[name]
        assert values.shape == (60, 8, *label.shape)
        if label.whole is not None:
            assert label.whole[0] <= values.min() and values.max() <= label.whole[1]
    assert window.labels["response"].dtype == torch.bool
    assert {n: [len(own)] for n, own in module.channels.items()} == module.shapes
    assert set(module.chance) <= set(module.label_kinds) and "answer" in module.chance


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_counts_in_every_trial_and_never_between_trials(kind: type[TaskModule]) -> None:
    labels = trials(made(kind, 50)).labels
    assert labels["response"].any(0).all()
    assert not (labels["response"] & (labels["trial"] < 0)).any()
    assert not labels["response"][0].any(), "a reset is no step to answer at"


@pytest.mark.parametrize("kind", KINDS)
def test_chance_is_the_score_of_the_best_constant_answer(kind: type[TaskModule]) -> None:
    module = made(kind, 2000)
    window = trials(module)
    asked = window.labels["response"]
    for name, chance in module.chance.items():
        values = window.labels[name][asked]
        if module.label_kinds[name].whole is None:
            assert chance == 0 and values.var(0).min() > 0  # there is something to explain
        else:
            best = torch.bincount(values).max().item() / len(values)
            assert best == about(chance, 2000)


def test_delays_are_uniform_and_tests_match_half_of_the_time() -> None:
    module = made(DelayedMatch, stimuli=4, delay=(5, 15), before=2, shown=3, response=3)
    window = trials(module)
    stimulus, labels = window.inputs["stimulus"], window.labels
    shown, cue = stimulus[..., :4], stimulus[..., 4]
    begin = onsets(cue > 0)
    delay = begin - 5
    count = torch.bincount(delay, minlength=16)
    assert not count[:5].any() and len(count) == 16
    assert all(share(delay == d) == about(1 / 11, MANY, 0.29) for d in range(5, 16))
    column = torch.arange(MANY)
    sample, test = shown[2:5].sum(0).argmax(1), shown[begin, column].argmax(1)
    assert torch.equal(shown[2:5].sum((0, 2)), torch.full((MANY,), 3.0))
    assert torch.equal(labels["answer"][begin, column], (sample == test).long())
    assert share(sample == test) == about(0.5, MANY)
    for one, other in product(range(4), repeat=2):
        expected = 1 / 8 if one == other else 1 / 24
        assert share((sample == one) & (test == other)) == about(expected, MANY, 0.33)
    same = (sample == test).double()
    assert abs(np.corrcoef(same, delay)[0, 1]) < 4 / MANY**0.5
    step = torch.arange(module.window)[:, None]
    inside = step < 2 + 3 + delay + 3 + 3
    assert torch.equal(labels["response"], (step >= begin + 3) & inside)
    assert not shown[labels["response"]].any() and cue[labels["response"]].all()
    assert torch.equal(labels["condition"][0], 2 * sample + (sample == test))
    off = trials(made(DelayedMatch, non_match=True)).labels["answer"]
    assert torch.equal(off[begin, column], (sample != test).long())


def test_distractors_are_in_the_delay_and_never_the_sample() -> None:
    module = made(DelayedMatch, delay=(8, 12), distractors=2, before=1, shown=2)
    shown = trials(module).inputs["stimulus"]
    begin = onsets(shown[..., 4] > 0)
    sample = shown[1, :, :4].argmax(1)
    step = torch.arange(module.window)[:, None]
    within = (step >= 3) & (step < begin)
    there = shown[..., :4] * within[..., None]
    assert not there[..., sample].diagonal(dim1=1, dim2=2).any(), "never the sample"
    steps = there.sum((0, 2))
    assert torch.equal(steps, torch.full((MANY,), 4.0)), "two of two steps each"
    appears = (there.amax(2).diff(dim=0) > 0).sum(0)
    assert torch.equal(appears, torch.full((MANY,), 2)), "with a gap before each"
    soonest = sum(1 / (delay // 2 - 2) for delay in range(8, 13)) / 5  # uniform in its half
    assert not there[3].any() and share(there[4].any(1)) == about(soonest, MANY), "nor at once"
    first = onsets(there.amax(2) > 0)
    which = there[first, torch.arange(MANY)].argmax(1)
    for other in range(1, 4):
        assert share((which - sample) % 4 == other) == about(1 / 3, MANY)


@pytest.mark.parametrize(("stimuli", "distractors"), [(4, 1), (3, 2), (3, 0)])
def test_the_last_distractor_tells_some_of_the_answer(stimuli: int, distractors: int) -> None:
    """Who says that the test is the sample, unless it is what was seen last, or only then."""
    module = made(DelayedMatch, stimuli=stimuli, distractors=distractors, delay=(8, 12))
    assert isinstance(module, DelayedMatch)
    window = trials(module)
    shown, column = window.inputs["stimulus"], torch.arange(MANY)
    test_on = onsets(shown[..., stimuli] > 0)
    step = torch.arange(module.window)[:, None]
    before = shown[..., :stimuli].amax(2) * (step < test_on)
    last = (before * step).argmax(0)
    alike = shown[last, column].argmax(1) == shown[test_on, column, :stimuli].argmax(1)
    said = ~alike if distractors else alike
    answer = window.labels["answer"][test_on, column] == 1
    assert share(said == answer) == about(module.last_seen, MANY)
    assert module.last_seen > module.chance["answer"]


def test_temporal_xor_is_the_parity_of_its_bits() -> None:
    module = made(TemporalXOR, bits=3, gap=(1, 4), before=1, shown=2, response=2)
    window = trials(module)
    pulse, labels = window.inputs["stimulus"], window.labels
    ones = pulse[..., 1].sum(0) / 2
    assert torch.equal(pulse[..., :2].sum((0, 2)), torch.full((MANY,), 6.0))
    assert torch.equal(labels["answer"][1], (ones % 2).long())
    assert torch.equal(labels["response"], pulse[..., 2] > 0)
    assert torch.equal(labels["response"].sum(0), torch.full((MANY,), 2))
    for bits in range(8):
        assert share(labels["condition"][1] == bits) == about(1 / 8, MANY, 0.33)
        rows = labels["condition"][1] == bits
        assert (labels["answer"][1][rows] == bin(bits).count("1") % 2).all()
    second = onsets(torch.arange(module.window)[:, None] * (pulse[..., :2].sum(2) > 0) >= 4)
    gap = second - 3
    assert all(share(gap == g) == about(1 / 4, MANY) for g in range(1, 5))
    first = pulse[1, :, 1] > 0
    parity = labels["answer"][1].bool()
    assert share(first == parity) == about(0.5, MANY), "one bit alone tells nothing"


def test_copies_are_asked_for_in_order() -> None:
    module = made(CopySequence, symbols=5, length=4, delay=(2, 6), before=1, shown=2)
    window = trials(module)
    shown, labels = window.inputs["stimulus"], window.labels
    begin = onsets(shown[..., 5] > 0)
    column = torch.arange(MANY)
    for k in range(4):
        symbol = shown[1 + 2 * k, :, :5].argmax(1)
        assert torch.equal(symbol, shown[2 + 2 * k, :, :5].argmax(1))
        for late in (0, 1):
            assert torch.equal(labels["answer"][begin + 2 * k + late, column], symbol)
        assert all(share(symbol == s) == about(1 / 5, MANY, 0.4) for s in range(5))
    assert torch.equal(labels["response"], shown[..., 5] > 0)
    assert torch.equal(labels["response"].sum(0), torch.full((MANY,), 8))
    assert all(share(begin - 9 == d) == about(1 / 5, MANY, 0.4) for d in range(2, 7))
    assert not shown[..., :5][labels["response"]].any()


def test_add_is_its_sum_and_its_floors_are_the_published_ones() -> None:
    module = Add(batch_size=100, window=500, length=100, slowness=1)
    window = trials(module, index=1)
    toss, labels = window.inputs["stimulus"][..., 0], window.labels
    assert torch.equal(window.inputs["stimulus"].sum(2), torch.ones(500, 100))
    expected = 0.5 + 0.5 * toss[4:-5] - 0.25 * toss[:-9]
    known = labels["response"][9:]
    assert torch.equal(labels["answer"][9:, :, 0][known], expected[known])
    assert share(toss) == about(0.5, toss.numel())
    assert share(labels["response"]) == pytest.approx(0.91, abs=0.01)
    assert {k: round(v, 4) for k, v in module.floors.items()} == {
        "nothing": 0.6616,
        "the first toss": 0.5192,
        "both tosses": 0.4545,
    }
    drawn, mean = labels["class"].double(), labels["answer"][..., 0].double()
    for total in (0.25, 0.5, 0.75, 1.0):
        rows = (mean == total) & labels["response"]
        assert share(drawn[rows] == 1) == about(total, int(rows.sum()))
    slow = trials(Add(batch_size=5, window=120, length=20, slowness=3, aligned=True))
    tossed = slow.inputs["stimulus"][:60, :, 0].unflatten(0, (20, 3))
    assert torch.equal(tossed.amin(1), tossed.amax(1)), "a toss lasts"
    assert slow.labels["response"].sum(0).tolist() == [33] * 5


def test_evidence_is_of_the_published_numbers() -> None:
    module = made(EvidenceAccumulation, 1000)
    assert module.window == 2250 and module.frames_per_second == 1000
    window = trials(module)
    cue, labels = window.inputs["stimulus"], window.labels
    slots = cue[: 7 * 150].unflatten(0, (7, 150))
    assert not slots[:, :50, :, :2].any(), "50 ms without"
    each = slots[:, 50:, :, :2].sum(1) / 100
    assert torch.equal(each.sum(2), torch.ones(7, 1000)), "then 100 ms on one side"
    assert not cue[1050:, :, :2].any() and not cue[:2100, :, 2].any() and cue[2100:, :, 2].all()
    assert (cue[..., 3] == 0.25).all()
    many = each[..., 1].sum(0)
    assert torch.equal(labels["answer"][0], (many > 3.5).long())
    assert torch.equal(labels["condition"][0], many.long())
    assert torch.equal(labels["response"], cue[..., 2] > 0)
    assert share(labels["answer"][0]) == about(0.5, 1000)
    assert isinstance(module, EvidenceAccumulation)
    right = each[6, :, 1] == labels["answer"][0]
    assert share(right) == about(module.one_cue, 1000)
    all_sides = [
        0.7 ** sum(sides) * 0.3 ** (7 - sum(sides)) * (sides[6] == (sum(sides) > 3))
        for sides in product((0, 1), repeat=7)
    ]
    assert module.one_cue == pytest.approx(sum(all_sides))
    counted = [share(many == k) for k in range(8)]
    binomial = [
        0.5 * sum(p**k * (1 - p) ** (7 - k) for p in (0.3, 0.7)) * ways
        for k, ways in enumerate((1, 7, 21, 35, 35, 21, 7, 1))
    ]
    for got, wanted in zip(counted, binomial, strict=True):
        assert got == about(wanted, 1000, (wanted * (1 - wanted)) ** 0.5)


def test_forty_neurons_fire_at_forty_and_at_ten_spikes_per_second() -> None:
    module = made(EvidenceAccumulation, 20, spikes=PoissonSpikes())
    fired = trials(module).inputs["stimulus"]
    assert fired.shape == (2250, 20, 40)
    recall, background = fired[2100:, :, 20:30], fired[..., 30:]
    for group, rate in ((recall, 40.0), (background, 10.0)):
        likely = 1 - np.exp(-rate / 1000)
        assert share(group) == about(likely, group.numel(), likely**0.5)
    assert not fired[:2100, :, 20:30].any()


def test_whoever_adds_up_the_relevant_signal_is_as_right_as_is_possible() -> None:
    module = made(ContextIntegration, strengths=(0.05, 0.2), noise=0.5, before=2, shown=16)
    assert isinstance(module, ContextIntegration)
    window = trials(module)
    signal, labels = window.inputs["stimulus"], window.labels
    column, context = torch.arange(MANY), (signal[0, :, 3] > 0).long()
    assert torch.equal(signal[0, :, 2] + signal[0, :, 3], torch.ones(MANY))
    sums = signal[..., :2].sum(0)
    relevant, other = sums[column, context], sums[column, 1 - context]
    answer = labels["answer"][0]
    assert share((relevant > 0) == answer) == about(module.best, MANY)
    phi = [0.5 * (1 + torch.erf(torch.tensor(d * 4 / 0.5 / 2**0.5)).item()) for d in (0.05, 0.2)]
    assert module.best == pytest.approx(sum(phi) / 2, rel=1e-5)
    assert share((other > 0) == answer) == about(0.5, MANY), "the other one tells nothing"
    assert not signal[:2, :, :2].any() and not signal[18:, :, :2].any()
    assert torch.equal(labels["response"], torch.arange(21)[:, None].expand(21, MANY) >= 18)
    condition = labels["condition"][0]
    assert len(condition.unique()) == 32
    assert torch.equal(condition // 16, context)
    strength = torch.tensor([-0.2, -0.05, 0.05, 0.2])
    noise = sums / 16 - torch.stack([strength[condition // 4 % 4], strength[condition % 4]], 1)
    assert noise.mean().item() == about(0, 2 * MANY, 0.125)
    assert noise.std().item() == pytest.approx(0.125, rel=0.05)
