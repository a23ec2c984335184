"""The figures of the scores, with their captions."""

from html import escape

from matplotlib.figure import Figure

from brainmodel.probing.drawing import Illustration
from brainmodel.probing.findings import Findings
from brainmodel.probing.report.curves import draw_lags, draw_training
from brainmodel.probing.report.dissimilarity_figure import draw_dissimilarities
from brainmodel.probing.report.score_dots import draw_scores
from brainmodel.probing.report.score_map import draw_map

CAPTIONS = {
    "scores": (
        "<b>{metric}, against ceilings and baselines.</b> Dots: the trained model, one for each "
        "checkpoint, with 95 % intervals; rings: the same areas before training, one for each "
        "seed; squares: what the frames alone say. Each at the lag where it is best. Shaded: from "
        "what one half of the repeats says of the other to what a perfect model would score."
    ),
    "lags": (
        "<b>{metric}, over lags</b> of the brain behind the model. Lines: trained, with 95 % "
        "intervals; dotted: untrained, mean of seeds; dashed: baselines; shaded: the ceiling."
    ),
    "training": (
        "<b>{metric}, over training.</b> Each at its best lag; step 0 is the untrained model; "
        "dashed: baselines; shaded: the ceiling."
    ),
    "map": (
        "<b>{metric}, the whole map.</b> Means over seeds. The upper row is what a perfect model "
        "would score."
    ),
    "dissimilarities": (
        "<b>Representational dissimilarities.</b> Each square compares all stimuli with each "
        "other: yellow where patterns differ, blue where they are alike. All are in one order, "
        "which clusters their mean."
    ),
}


def illustrations(findings: Findings) -> dict[str, Illustration]:
    """By the names of their files, in the order of the page."""
    table, found = findings.scores, {}
    stages = table.of(model="trained").distinct(lambda score: score.stage)
    for metric in table.metrics:
        mine = table.of(metric=metric)
        drawn = {"scores": draw_scores(mine)}
        if len(mine.lags) > 1:
            drawn["lags"] = draw_lags(mine)
        if len(stages) > 1:
            drawn["training"] = draw_training(mine)
        if len(mine.lags) * len(mine.brain_areas) > 1:
            drawn["map"] = draw_map(mine)
        found |= {f"{kind}_{metric}": _of(kind, metric, figure) for kind, figure in drawn.items()}
    dissimilarities = draw_dissimilarities(findings.recording, findings.patterns)
    return found | {"dissimilarities": _of("dissimilarities", "", dissimilarities)}


def _of(kind: str, metric: str, figure: Figure) -> Illustration:
    return Illustration(figure, CAPTIONS[kind].format(metric=escape(metric)))
