"""What does not fit is refused before any work, in one sentence that says where and why."""

import re
from collections.abc import Callable

import pytest
import torch

from areas import Leaky, Predictor
from brainmodel.brain import AreaPlan, Brain
from brainmodel.learning import BPTT
from brainmodel.pathways.adapters import Adapter, Flatten, MaxPool, Mix, Pool, Upsample
from brainmodel.pathways.learnt_mix import LearntMix
from brainmodel.pathways.pathway import Pathway
from objectives import SquaredError
from tests import toy
from tests.training.parts import Scaled


def made(
    pathways: dict[str, Pathway] | None = None,
    areas: dict[str, AreaPlan] | None = None,
    eye: list[int] | None = None,
    area: AreaPlan | None = None,
) -> Brain:
    """A brain of V1 and LM on an input; what is given replaces a part of it."""
    plans = {"V1": area or toy.plan(), "LM": toy.plan()} if areas is None else areas
    usual = {"up": Pathway("eye", "V1"), "up_LM": Pathway("V1", "LM")}
    return Brain(plans, usual | (pathways or {}), {"eye": eye or [3]})


def mapped(*adapters: Adapter, eye: list[int], units: list[int]) -> Callable[[], Brain]:
    up = Pathway("eye", "V1", adapters=[*adapters])
    return lambda: made({"up": up}, area=toy.plan(units=units), eye=eye)


def lateral(source: str, target: str, delay: int) -> Pathway:
    return Pathway(source, target, "lateral", "rate", delay)


REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "unknown source": (
        lambda: made({"down": Pathway("MT", "V1", "feedback")}),
        "pathways.down.source: there is no 'MT'; areas: V1, LM; inputs: eye",
    ),
    "unknown target": (
        lambda: made({"down": Pathway("LM", "MT", "feedback")}),
        "pathways.down.target: there is no area 'MT'; there are V1, LM",
    ),
    "an input as target": (
        lambda: made({"down": Pathway("LM", "eye", "feedback")}),
        "pathways.down.target: there is no area 'eye'",
    ),
    "negative delay": (
        lambda: made({"down": Pathway("LM", "V1", "feedback", delay=-1)}),
        "pathways.down.delay: need 0 or more steps, got -1",
    ),
    "units that are a number": (
        lambda: made(area=AreaPlan(Leaky(), 6, BPTT())),  # type: ignore[arg-type]
        "units: need a list, such as [64], got 6",
    ),
    "a rule that is a class": (
        lambda: made(area=AreaPlan(Leaky(), [6], BPTT)),  # type: ignore[arg-type]
        "rule: is the class BPTT; give BPTT()",
    ),
    "a cell of another kind": (
        lambda: made(area=AreaPlan(BPTT(), [6], BPTT())),  # type: ignore[arg-type]
        "cell: need a Cell, got",
    ),
    "objectives without names": (
        lambda: made(area=AreaPlan(Leaky(), [6], BPTT(), [SquaredError()])),  # type: ignore[arg-type]
        "objectives: need a dict, one by name, got [SquaredError()]",
    ),
    "an objective that is a class": (
        lambda: made(area=AreaPlan(Leaky(), [6], BPTT(), {"next": SquaredError})),  # type: ignore[dict-item]
        "objectives.next: is the class SquaredError; give SquaredError()",
    ),
    "an input whose shape is a number": (
        lambda: Brain({"V1": toy.plan()}, {"up": Pathway("eye", "V1")}, {"eye": 4}),  # type: ignore[dict-item]
        "inputs.eye: need a list, such as [64], got 4",
    ),
    "no drive": (
        lambda: made(areas={"V1": toy.plan(), "LM": toy.plan(), "PM": toy.plan()}),
        "areas.PM: has no drive; add a feedforward pathway that ends there",
    ),
    "instant cycle": (
        lambda: made({"down": Pathway("LM", "V1", "feedback", delay=0)}),
        "the cycle LM -> V1 -> LM has no delay; give one of its pathways delay: 1 or more",
    ),
    "instant cycle of three": (
        lambda: made(
            {"on": Pathway("LM", "PM"), "down": Pathway("PM", "V1", "feedback", delay=0)},
            {"V1": toy.plan(), "LM": toy.plan(), "PM": toy.plan()},
        ),
        "pathways: the cycle LM -> PM -> V1 -> LM has no delay",
    ),
    "instant loop": (
        lambda: made({"self": lateral("V1", "V1", 0)}),
        "pathways: the cycle V1 -> V1 has no delay",
    ),
    "errors of each other": (
        lambda: made({"back": Pathway("LM", "V1", delay=1)}),
        "the drives of V1 -> LM -> V1 are errors of each other",
    ),
    "an adapter that nobody teaches": (
        lambda: made({"down": Pathway("LM", "V1", "feedback", adapters=[Scaled()])}),
        "pathways.down.adapters: Scaled has weights that learn, which scope Local does not teach",
    ),
    "an area's name with a blank": (
        lambda: made(areas={"V 1": toy.plan()}),
        "name 'V 1': areas and pathways need letters, digits, underscores",
    ),
    "a pathway's name with a dot": (
        lambda: made({"up.V1": Pathway("eye", "V1")}),
        "name 'up.V1': areas and pathways need",
    ),
    "an area's name that is taken": (
        lambda: made(areas={"groups": toy.plan()}),
        "name 'groups': it is taken",
    ),
    "an area called like a part of torch": (
        lambda: made(areas={"items": toy.plan()}),
        "name 'items': it is taken",
    ),
    "a pathway called like a part of torch": (
        lambda: made({"training": Pathway("eye", "V1")}),
        "name 'training': it is taken",
    ),
    "a pathway called like an input": (
        lambda: made(areas={"eye": toy.plan()}),
        "areas.eye: an input has this name",
    ),
    **{
        f"a pathway called {name}": (
            lambda name=name: made({name: Pathway("eye", "V1", "lateral")}),
            f"pathways.{name}: the name '{name}' is taken by the area's own synapses",
        )
        for name in ("drive", "error", "recurrent", "rate", "bias")
    },
    "maps of another size": (
        mapped(eye=[1, 6, 6], units=[2, 4, 4]),
        "pathways.up: no pooling or upsampling by a whole factor takes (1, 6, 6) to (2, 4, 4)",
    ),
    "adapters that make another size": (
        mapped(Pool(2), eye=[1, 4, 4], units=[2, 4, 4]),
        "pathways.up: adapters make [1, 2, 2] of [1, 4, 4], but units [2, 4, 4] need [n, 4, 4]",
    ),
    "adapters that make units of maps": (
        mapped(Flatten(), eye=[1, 4, 4], units=[2, 4, 4]),
        "pathways.up: adapters make [16] of [1, 4, 4]",
    ),
    "pooling that does not divide": (
        mapped(Pool(3), eye=[1, 4, 4], units=[2, 4, 4]),
        "pathways.up: Pool(3) needs a map divisible by it, got [1, 4, 4]",
    ),
    "pooling of dense units": (
        mapped(Pool(2), eye=[4], units=[3]),
        "pathways.up: Pool(2) needs a map divisible by it, got [4]",
    ),
    "the largest of squares that do not divide": (
        mapped(MaxPool(2), eye=[1, 5, 4], units=[2, 2, 2]),
        "pathways.up: MaxPool(2) needs a map divisible by it, got [1, 5, 4]",
    ),
    "the largest of nothing": (lambda: MaxPool(0), "MaxPool.factor: need 1 or more, got 0"),
    "synapses on the way to nothing": (
        lambda: LearntMix(0),
        "LearntMix.channels: need 1 or more, got 0",
    ),
    "synapses on the way of even width": (
        lambda: LearntMix(1, kernel=2),
        "LearntMix.kernel: need an odd width in pixels, got 2",
    ),
    "synapses on the way that are bent by no pointwise function": (
        lambda: LearntMix(1, activation=torch.linalg.inv),
        "LearntMix.activation: need a pointwise function",
    ),
    "synapses on the way beyond all memory": (
        mapped(LearntMix(10**12), eye=[1, 4, 4], units=[2, 4, 4]),
        "pathways.up: LearntMix.channels: 1000000000000 needs",
    ),
    "synapses on the way that nobody teaches": (
        mapped(LearntMix(2), eye=[1, 4, 4], units=[2, 4, 4]),
        "pathways.up.adapters: LearntMix has weights that learn, which scope Local does not teach; "
        "use scope Adjacent or Global, or set their requires_grad to False",
    ),
    "a mixture of other channels": (
        mapped(Mix(3, 2), eye=[1, 4, 4], units=[2, 4, 4]),
        "pathways.up: Mix takes 3 channels, got [1, 4, 4]",
    ),
    "pooling by nothing": (lambda: Pool(0), "Pool.factor: need 1 or more, got 0"),
    "upsampling by nothing": (lambda: Upsample(0), "Upsample.factor: need 1 or more, got 0"),
    "a mixture of nothing": (lambda: Mix(2, 0), "Mix: need 1 or more channels in and out"),
    "units that are neither dense nor maps": (
        lambda: made(area=toy.plan(units=[2, 4])),
        "areas.V1: units: need [unit] or [channel, height, width], got [2, 4]",
    ),
    "no units": (
        lambda: made(area=toy.plan(units=[0])),
        "areas.V1: units: need [unit] or [channel, height, width], got [0]",
    ),
    "an even kernel": (
        lambda: made(area=toy.plan(units=[2, 4, 4], kernel=2), eye=[1, 4, 4]),
        "areas.V1: kernel: need an odd width in pixels, got 2",
    ),
    "a predictor's even kernel": (
        lambda: Predictor(kernel=4),
        "predictor.kernel: need an odd width in pixels, got 4",
    ),
    "nothing that reaches the units": (
        lambda: made(area=toy.plan(afferents=[])),
        "areas.V1: afferents: are none, and no message ends here: nothing would reach the units",
    ),
    "the same afferent twice": (
        lambda: made(area=toy.plan(afferents=["drive", "drive"])),
        "areas.V1: afferents: need each once, got ['drive', 'drive']",
    ),
    "an error of an input": (
        lambda: made({"up": Pathway("eye", "V1", signal="error")}),
        "pathways.up: signal: eye is an input and has no error; give rate",
    ),
    "ends of a drive": (
        lambda: made({"up": Pathway("eye", "V1", onto=["units"])}),
        "pathways.up: onto: ['units'] is for messages, but a feedforward pathway is part of the "
        "drive of V1; leave it out",
    ),
    "receptive fields of a drive": (
        lambda: made({"up": Pathway("eye", "V1", kernel=3)}),
        "pathways.up: kernel: 3 is for messages, but a feedforward pathway is part of the drive",
    ),
    "an end at a predictor that is not there": (
        lambda: made(
            {"side": Pathway("eye", "V1", "lateral", onto=["predictor"])},
            area=toy.plan(predictor=None, afferents=["drive"]),
        ),
        "pathways.side: onto: V1 has no predictor to end on; give it one, or set onto: [units]",
    ),
    "an end nowhere": (
        lambda: made({"side": Pathway("eye", "V1", "lateral", onto=[])}),
        "pathways.side: onto: need units, predictor or both, each once, got []",
    ),
    "the same end twice": (
        lambda: made({"side": Pathway("eye", "V1", "lateral", onto=["units", "units"])}),
        "pathways.side: onto: need units, predictor or both, each once, got ['units', 'units']",
    ),
    "even receptive fields of a message": (
        lambda: made({"side": Pathway("eye", "V1", "lateral", kernel=2)}),
        "pathways.side: kernel: need an odd width in pixels, got 2",
    ),
    "a message that reaches no units where nothing else does": (
        lambda: made(
            {"side": Pathway("eye", "V1", "lateral", onto=["predictor"])},
            area=toy.plan(afferents=[]),
        ),
        "areas.V1: afferents: are none, and no message ends here: nothing would reach the units",
    ),
    "a prediction of an area without a predictor": (
        lambda: made(
            {"up_LM": Pathway("V1", "LM", signal="prediction")},
            area=toy.plan(predictor=None, afferents=["drive"]),
        ),
        "pathways.up_LM: signal: V1 is an area without a predictor and has no prediction",
    ),
    "more weights than there is memory": (
        lambda: made(area=toy.plan(units=[10**9])),
        "areas.V1: units: [1000000000] needs",
    ),
    "a kernel beyond all memory": (
        lambda: made(area=toy.plan(units=[2, 4, 4], kernel=10**7 + 1), eye=[1, 4, 4]),
        "areas.V1: kernel: 10000001 needs",
    ),
    "an error without a predictor": (
        lambda: made({"up_LM": Pathway("V1", "LM", signal="rate")}, area=toy.plan(predictor=None)),
        "areas.V1: afferents: an area without a predictor has no error; use [drive]",
    ),
    "a step longer than the time constant": (
        lambda: Leaky(alpha=1.5),
        "alpha: need 0 < alpha <= 1 (step over time constant), got 1.5",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_refused_in_one_sentence(case: str) -> None:
    attempt, sentence = REFUSED[case]
    with pytest.raises(ValueError, match=re.escape(sentence)) as caught:
        attempt()
    assert "\n" not in str(caught.value)


def test_what_fits_is_not_refused() -> None:
    made()
    made({"down": Pathway("LM", "V1", "feedback")})
    made({"self": lateral("V1", "V1", 1)})
    made({"back": Pathway("LM", "V1", signal="rate", delay=1)})
    mapped(Pool(2), eye=[1, 4, 4], units=[2, 2, 2])()
    mapped(Mix(1, 2), Flatten(), eye=[1, 4, 4], units=[3])()
    mapped(eye=[3], units=[2, 1, 1])()


def test_an_empty_drive_of_afferents_leaves_an_area_to_its_messages() -> None:
    plan = AreaPlan(Leaky(), [3], BPTT(), {"error": SquaredError()}, afferents=[])
    pathways = {"up": Pathway("eye", "V1"), "down": Pathway("ear", "V1", "feedback", delay=0)}
    brain = Brain({"V1": plan}, pathways, {"eye": [3], "ear": [3]})
    reset = torch.zeros(2, 1, dtype=torch.bool)
    seen, silence = torch.ones(2, 1, 3), torch.zeros(2, 1, 3)
    assert not brain({"eye": seen, "ear": silence}, reset)[0]["V1"].rate.any()
    assert brain({"eye": silence, "ear": seen}, reset)[0]["V1"].rate.any()
