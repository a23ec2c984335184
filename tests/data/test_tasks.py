"""What tasks show and ask: balance, delays, chance, response steps, against their closed forms."""

import gzip
import os
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from brainmodel.data.streams import Part
from brainmodel.data.tasks import (
    Add,
    CentreOutReaching,
    ContextIntegration,
    CopySequence,
    DelayedMatch,
    EvidenceAccumulation,
    PathIntegration,
    PatternGeneration,
    PoissonSpikes,
    SequentialDigits,
    TaskModule,
    TemporalXOR,
)
from brainmodel.data.tasks.path_integration import ornstein_uhlenbeck
from brainmodel.data.tasks.two_link_arm import TwoLinkArm
from brainmodel.data.window import Window

MANY = 4000  # trials


def trials(module: TaskModule, part: Part = Part.TRAINING, index: int = 0) -> Window:
    """One trial of each stream."""
    return module.stream(module.share(part)).window(index)


def made(kind: type[TaskModule], streams: int = MANY, **options: Any) -> TaskModule:
    return kind(batch_size=streams, aligned=True, **options)  # type: ignore[call-arg]


def share(truth: Tensor) -> float:
    return truth.double().mean().item()


def about(value: float, count: int, deviation: float = 0.5) -> Any:
    """Within four standard errors of a mean of so many."""
    return pytest.approx(value, abs=4 * deviation / count**0.5)


def onsets(truth: Tensor) -> Tensor:
    """The first step [batch] at which something [time, batch] is true."""
    return truth.int().argmax(0)


KINDS = [
    Add,
    CentreOutReaching,
    ContextIntegration,
    CopySequence,
    DelayedMatch,
    EvidenceAccumulation,
    PathIntegration,
    PatternGeneration,
    SequentialDigits,
    TemporalXOR,
]


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


@pytest.mark.parametrize("pixels", [8, 1, 16])
def test_digits_come_whole_and_in_order(pixels: int) -> None:
    from sklearn.datasets import load_digits

    held, shown = load_digits(return_X_y=True)
    for part, own in ((Part.TRAINING, slice(None, -360)), (Part.TEST, slice(-360, None))):
        window = trials(made(SequentialDigits, 200, pixels=pixels, response=2), part)
        seen = window.inputs["stimulus"]
        pictures = seen[:-2, :, :-1].movedim(1, 0).reshape(200, 64) * 16
        distance = torch.cdist(pictures, torch.from_numpy(held[own]).float())
        assert not distance.amin(1).any(), "each is one of the part"
        which = shown[own][distance.argmin(1)]
        assert torch.equal(window.labels["answer"][0], torch.from_numpy(which))
        assert torch.equal(window.labels["response"], seen[..., -1] > 0)
        assert window.labels["response"].sum(0).tolist() == [2] * 200


def write_mnist(folder: Path, side: int = 6, ending: str = "") -> dict[str, np.ndarray]:
    """Files as MNIST's, of noise; the pictures by the beginning of the name."""
    random, held = np.random.default_rng(0), {}
    for name, count in (("train", 40), ("t10k", 30)):
        pictures = random.integers(0, 256, (count, side, side), dtype=np.uint8)
        shown = (np.arange(count) % 10).astype(np.uint8)
        for kind, values in (("images-idx3", pictures), ("labels-idx1", shown)):
            head = bytes([0, 0, 8, values.ndim]) + np.array(values.shape, dtype=">u4").tobytes()
            opened = gzip.open if ending else open
            with opened(folder / f"{name}-{kind}-ubyte{ending}", "wb") as file:
                file.write(head + values.tobytes())
        held[name] = pictures
    return held


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_files_in_the_format_of_mnist_are_read(tmp_path: Path, ending: str) -> None:
    held = write_mnist(tmp_path, ending=ending)
    module = made(SequentialDigits, 50, root=tmp_path)
    assert module.shapes == {"stimulus": [7]} and module.window == 7
    for part, name in ((Part.TRAINING, "train"), (Part.VALIDATION, "t10k")):
        window = trials(module, part)
        pictures = window.inputs["stimulus"][:6, :, :6].movedim(1, 0) * 255
        known = {tuple(picture.ravel()) for picture in held[name]}
        assert {tuple(p) for p in pictures.round().byte().flatten(1).tolist()} <= known


def test_files_of_another_kind_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="train-labels-idx1-ubyte .or train-labels"):
        SequentialDigits(root=tmp_path)
    write_mnist(tmp_path)
    file = tmp_path / "t10k-images-idx3-ubyte"
    whole = file.read_bytes()
    for content, message in (
        (b"PNG" + whole, "is no IDX file of unsigned bytes; give MNIST's files"),
        (whole[:12] + bytes([0, 0, 0, 5]) + whole[16:], "holds .30, 6, 5. and no square pictures"),
    ):
        file.write_bytes(content)
        with pytest.raises(ValueError, match=message):
            SequentialDigits(root=tmp_path)
    file.write_bytes(whole[:-7])
    module = SequentialDigits(root=tmp_path)
    with pytest.raises(ValueError, match="is cut short"):
        trials(module, Part.TEST)


def test_patterns_are_sums_of_sines_and_the_same_in_all_parts() -> None:
    module = made(PatternGeneration, 300, patterns=3, outputs=2, length=40, sines=3, seed=4)
    assert isinstance(module, PatternGeneration)
    courses = torch.from_numpy(module.patterns.courses).double()
    assert courses.shape == (3, 40, 2)
    assert courses.mean(1).abs().max() < 1e-6
    torch.testing.assert_close(courses.var(1, correction=0), torch.ones(3, 2).double())
    power = torch.fft.rfft(courses, dim=1).abs()
    assert power[:, 4:].max() < 1e-5 and power[:, 1:4].min() > 1, "one to three cycles"
    for part in Part:
        window = trials(module, part)
        asked, labels = window.labels["response"], window.labels
        assert (asked.sum(0) == 40).all()
        for b in range(20):
            course = labels["answer"][asked[:, b], b]
            assert torch.equal(course.double(), courses[labels["condition"][0, b]])
            cue = window.inputs["stimulus"][:, b]
            assert cue.sum() == 3 and cue[:, labels["condition"][0, b]].sum() == 3
            assert int(cue.sum(1).nonzero()[-1]) + 1 == int(asked[:, b].nonzero()[0])
    other = made(PatternGeneration, 2, patterns=3, outputs=2, seed=5)
    assert isinstance(other, PatternGeneration)
    assert not np.allclose(other.patterns.courses, module.patterns.courses)


def test_the_arm_brings_the_hand_where_its_angles_say() -> None:
    arm = TwoLinkArm(0.3, 0.33)
    random = np.random.default_rng(0)
    angles = np.stack([random.uniform(-1, 2, 500), random.uniform(0.05, 3.0, 500)], axis=1)
    np.testing.assert_allclose(arm.angles(arm.hand(angles)), angles, atol=1e-9)
    straight = arm.hand(np.array([np.pi / 2, 0.0]))
    np.testing.assert_allclose(straight, [0, 0.63], atol=1e-12)
    square = arm.angles(np.array([0.33, 0.3]))  # a right angle at the elbow
    np.testing.assert_allclose(arm.hand(square), [0.33, 0.3], atol=1e-12)
    right = TwoLinkArm(3.0, 4.0).angles(np.array([0.0, 5.0]))
    assert right[1] == pytest.approx(np.pi / 2), "3, 4, 5"


def test_reaches_are_straight_smooth_and_what_the_arm_can_do() -> None:
    module = made(CentreOutReaching, 800)
    assert isinstance(module, CentreOutReaching)
    window = trials(module)
    labels, told = window.labels, window.inputs["stimulus"]
    hand, since = labels["hand"].double(), labels["since"]
    on = labels["trial"] >= 0
    target = labels["condition"][0]
    assert all(share(target == k) == about(1 / 8, 800, 0.33) for k in range(8))
    direction = 2 * np.pi * target / 8
    way = hand - torch.tensor([0.0, 0.4])
    across = way[..., 0] * -direction.sin() + way[..., 1] * direction.cos()
    assert across[on].abs().max() < 1e-7, "straight"
    along = way[..., 0] * direction.cos() + way[..., 1] * direction.sin()
    u = (since.double() / 0.4).clamp(0, 1)
    expected = 0.08 * (10 * u**3 - 15 * u**4 + 6 * u**5)
    torch.testing.assert_close(along[on], expected[on], atol=1e-7, rtol=0)
    assert labels["answer"][on].abs().max() == pytest.approx(1, abs=1e-6)
    assert not labels["answer"][(since < 0) & on].any(), "at rest until the movement"
    asked = (since >= -0.1001) & on
    assert torch.equal(labels["response"], asked)
    mirrored = np.array(module.reaches.arm.angles((hand[on] * torch.tensor([-1.0, 1.0])).numpy()))
    rest = module.reaches.arm.angles(np.array([0.0, 0.4]))
    scaled = mirrored - rest
    answer = labels["answer"][on].double().numpy()
    for joint in (0, 1):
        slope = (scaled[:, joint] @ answer[:, joint]) / (answer[:, joint] @ answer[:, joint])
        np.testing.assert_allclose(scaled[:, joint], slope * answer[:, joint], atol=1e-5)
    hold = told[..., 2]
    go = hold.sum(0)
    begin = (since.abs() < 1e-4).int().argmax(0)
    assert torch.equal(begin - go, torch.full((800,), 15.0)), "the reaction"
    size = told[..., :2].square().sum(2).sqrt()
    assert size.max() == pytest.approx(np.sin(np.pi * 9.5 / 20) ** 2, abs=1e-6)
    assert torch.equal((size > 0).sum(0), torch.full((800,), 20))
    shown = onsets(size > 0)
    preparation = go - shown
    assert preparation.min() >= 30 and preparation.max() <= 70
    assert share(preparation) == about(50, 800, 12) and share(shown) == about(20, 800, 6.1)
    peak = size.argmax(0)
    seen = told[peak, torch.arange(800)]
    angle = torch.atan2(seen[:, 0], seen[:, 1])
    assert torch.cos(angle - direction).min() > 1 - 1e-6


@pytest.mark.skipif(
    "BRAINMODEL_RECORDINGS" not in os.environ, reason="needs the recordings: BRAINMODEL_RECORDINGS"
)
def test_angles_are_like_those_of_the_recorded_arm() -> None:
    folder = Path(os.environ["BRAINMODEL_RECORDINGS"]) / "motor_cortex_reaching"
    with np.load(next(folder.glob("*.npz"))) as held:
        recorded = [held[f"{joint}_angle"][:, -1] for joint in ("shoulder", "elbow")]
    module = CentreOutReaching()
    direction = 2 * np.pi * np.arange(8) / 8
    ours = module.reaches.angles(np.full(8, module.reaches.movement), direction)
    for joint, least in ((0, 0.9), (1, 0.98)):
        assert np.corrcoef(ours[:, joint], recorded[joint])[0, 1] > least
        turned = np.roll(recorded[joint], 2)
        assert np.corrcoef(ours[:, joint], turned)[0, 1] < 0.5, "a control"


def test_the_steps_of_a_walk_add_up_to_the_place() -> None:
    module = made(PathIntegration, 100, length=80)
    window = trials(module)
    told, place = window.inputs["stimulus"].double(), window.labels["answer"].double()
    start = told[0, :, 2:4]
    assert torch.equal(start.float(), window.labels["answer"][0]) and (told[0, :, 4] == 1).all()
    assert not told[1:, :, 2:].any()
    moved = told[..., :2] * 0.08 * (np.pi / 2) ** 0.5 * 0.1 / 0.5  # mean steps to half sides
    torch.testing.assert_close(place, start + moved.cumsum(0), atol=1e-5, rtol=0)
    assert window.labels["response"][1:].all() and not window.labels["response"][0].any()


def test_an_animal_keeps_to_its_box_and_walks_like_a_rat() -> None:
    module = made(PathIntegration, 1000, length=100)
    window = trials(module)
    place, told = window.labels["answer"], window.inputs["stimulus"].double()
    assert place.abs().max() <= 1
    for axis in (0, 1):  # uniform: a mean of 0, a variance of 1/3
        assert share(place[0, :, axis]) == about(0, 1000, 0.577)
        assert place[-1, :, axis].var().item() == pytest.approx(1 / 3, rel=0.12)
    inside = (place[1:].abs().amax(2) < 0.95) & (place[:-1].abs().amax(2) < 0.95)
    speed = told[1:, :, :2].square().sum(2).sqrt()
    assert speed[inside].mean() == pytest.approx(1, rel=0.05), "in mean steps"
    rayleigh = (4 / np.pi - 1) ** 0.5
    assert speed[inside].std() == pytest.approx(rayleigh, rel=0.05)
    corner = trials(made(PathIntegration, 500, length=400, box=0.2)).labels["answer"]
    assert corner.abs().max() <= 1 and corner[-1].var().item() == pytest.approx(1 / 3, rel=0.15)


def test_the_process_is_stationary_and_forgets_at_its_rate() -> None:
    normal = np.random.default_rng(0).standard_normal((60, 20_000))
    course = ornstein_uhlenbeck(normal, 0.25)
    assert course.var(axis=1) == pytest.approx(1, abs=0.04)
    for lag in (1, 4, 12):
        both = (course[:-lag] * course[lag:]).mean()
        assert both == pytest.approx(np.exp(-0.25 * lag), abs=0.02)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: DelayedMatch(stimuli=1), "stimuli is 1: give a whole number, from 2 to 1000."),
        (lambda: DelayedMatch(delay=(9, 4)), "delay is [9, 4]: give two whole numbers, the least"),
        (lambda: DelayedMatch(delay=(-1, 4)), "delay is [-1, 4]: give two whole numbers"),
        (lambda: DelayedMatch(delay=(1.5, 4)), "delay is [1.5, 4]: give two whole"),  # type: ignore[arg-type]
        (
            lambda: DelayedMatch(delay=(5, 15), distractors=2),
            "delay is [5, 15]: 2 distractors of 3 steps, with one before each, need a delay of 8",
        ),
        (
            lambda: DelayedMatch(window=20, aligned=True),
            "window is 20: the longest trial has 26 steps, and an aligned window holds a whole one",
        ),
        (lambda: DelayedMatch(window=0), "window is 0: give a whole number, at least 1."),
        (lambda: TemporalXOR(bits=1), "bits is 1: give a whole number, from 2 to 16."),
        (lambda: TemporalXOR(gap=(3,)), "gap is [3]: give two whole numbers"),  # type: ignore[arg-type]
        (lambda: CopySequence(symbols=1), "symbols is 1: give a whole number, from 2 to 1000."),
        (lambda: Add(first=5, second=5), "second is 5: give a whole number, from 6 to 100000."),
        (lambda: Add(length=9), "length is 9: give a whole number, from 10 to 100000."),
        (lambda: EvidenceAccumulation(cues=6), "cues is 6: give an odd number, or both sides may"),
        (
            lambda: EvidenceAccumulation(likely=1.2),
            "likely is 1.2: give a probability, from 0 to 1.",
        ),
        (
            lambda: EvidenceAccumulation(step=7.0),
            "step is 7: 50 ms are no whole number of steps of 7",
        ),
        (
            lambda: EvidenceAccumulation(delay=15.0, step=10.0),
            "delay is 15: 15 ms are no whole number",
        ),
        (
            lambda: EvidenceAccumulation(step=10.0, spikes=PoissonSpikes()),
            "spikes.step is 1: a step of the task has 10 ms; give that.",
        ),
        (lambda: ContextIntegration(strengths=()), "strengths is []: give one or more positive"),
        (lambda: ContextIntegration(strengths=(0.0,)), "strengths is 0.0: give positive numbers"),
        (lambda: ContextIntegration(noise=-1.0), "noise is -1.0: give a standard deviation, from"),
        (
            lambda: SequentialDigits(pixels=5),
            "pixels is 5: pictures of 64 pixels are no whole number",
        ),
        (lambda: PatternGeneration(length=6), "length is 6: give a whole number, from 7 to"),
        (
            lambda: CentreOutReaching(arm=(0.1, 0.2)),
            "distance: the hand would have to be 0.32 to 0.48 m from the shoulder, and an arm of",
        ),
        (
            lambda: CentreOutReaching(distance=0.0),
            "distance is 0.0: give metres, from 0.001 to 10.",
        ),
        (lambda: CentreOutReaching(preparation=(5, 9)), "preparation is [5, 9]: give two whole"),
        (lambda: PathIntegration(box=0.0), "box is 0.0: give metres, from 0.1 to 100."),
        (lambda: PoissonSpikes(neurons=0), "spikes.neurons is 0: give a whole number"),
        (lambda: PoissonSpikes(peak=-1.0), "spikes.peak is -1.0: give spikes per second"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(make: Any, message: str) -> None:
    with pytest.raises(ValueError) as refused:
        make()
    said = str(refused.value)
    assert said.startswith(message) and said.endswith(".") and "\n" not in said
