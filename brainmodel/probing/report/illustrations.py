"""The figures of the scores, with their captions."""

from collections.abc import Sequence
from html import escape

from matplotlib.figure import Figure

from brainmodel.figures import draw_brain
from brainmodel.probing.drawing import Illustration
from brainmodel.probing.findings import Findings
from brainmodel.probing.report.curves import draw_lags, draw_training
from brainmodel.probing.report.dissimilarity_figure import draw_dissimilarities
from brainmodel.probing.report.gain_dots import draw_gains
from brainmodel.probing.report.neuron_figure import draw_neurons
from brainmodel.probing.report.score_dots import draw_scores
from brainmodel.probing.report.score_map import draw_map
from brainmodel.probing.report.stimuli_figure import draw_stimuli
from brainmodel.probing.scores import Gain

CAPTIONS = {
    "gains": (
        "<b>{metric}: what learning gains.</b> Scores of the trained areas less those of the same "
        "brain untrained, and less each baseline, with 95 % intervals over stimuli (and brains, "
        "where there are several). Right of 0: better."
    ),
    "neurons": (
        "<b>{metric}, neuron by neuron,</b> of the trained area that is best. Left: dots, the "
        "score of each neuron beside its own ceiling; rings, the same area untrained; at the line "
        "nothing is left to explain. Right: the neuron with the highest ceiling, its responses "
        "beside their predictions from other stimuli."
    ),
    "brain": "<b>The brain that was probed.</b>",
    "scores": (
        "<b>{metric}, against ceilings and baselines.</b> Dots: the trained model, one for each "
        "checkpoint, with 95 % intervals; rings: the same areas before training, one for each "
        "seed; grey: what the frames alone say. Each at the lag where it is best. Shaded: from "
        "what one half of the repeats says of the other to what a perfect model would score."
    ),
    "lags": (
        "<b>{metric}, over lags</b> of the brain behind the model. Lines: trained, with 95 % "
        "intervals; dotted: untrained, mean of seeds; grey: baselines; shaded: the ceiling."
    ),
    "training": (
        "<b>{metric}, over training.</b> Each at its best lag; step 0 is the untrained model; "
        "grey: baselines; shaded: the ceiling."
    ),
    "map": (
        "<b>{metric}, the whole map.</b> Means over seeds. A row named ceiling is what a perfect "
        "model would score."
    ),
    "dissimilarities": (
        "<b>Representational dissimilarities.</b> Each square compares all stimuli with each "
        "other: yellow where patterns differ, blue where they are alike. All are in one order, "
        "which clusters their mean."
    ),
}


def illustrations(findings: Findings, gains: Sequence[Gain]) -> dict[str, Illustration]:
    """By the names of their files, in the order of the page."""
    table, found = findings.scores, {}
    stages = table.of(model="trained").distinct(lambda score: score.stage)
    for metric in table.metrics:
        mine = table.of(metric=metric)
        drawn = {"gains": draw_gains(mine, [gain for gain in gains if gain.metric == metric])}
        drawn["scores"] = draw_scores(mine)
        if len(mine.lags) > 1:
            drawn["lags"] = draw_lags(mine)
        if len(stages) > 1:
            drawn["training"] = draw_training(mine)
        if len(mine.lags) * len(mine.brain_areas) > 1:
            drawn["map"] = draw_map(mine)
        if (neurons := draw_neurons(mine)) is not None:
            drawn["neurons"] = neurons
        found |= {f"{kind}_{metric}": _of(kind, metric, figure) for kind, figure in drawn.items()}
    seen = findings.seen
    dissimilarities = draw_dissimilarities(findings.recording, findings.patterns)
    pictures = draw_stimuli(seen.pictures, seen.names)
    return found | {
        "dissimilarities": _of("dissimilarities", "", dissimilarities),
        "stimuli": Illustration(pictures, f"{seen.caption} {escape(seen.how)}"),
        "brain": _of("brain", "", draw_brain(findings.brain)),
    }


def _of(kind: str, metric: str, figure: Figure) -> Illustration:
    return Illustration(figure, CAPTIONS[kind].format(metric=escape(metric)))
