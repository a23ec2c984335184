"""How a rule's gradient compares with the exact one: angle and length, by parameter and by area.

    cosine = <g, g*> / |g| |g*|,      ratio = |g| / |g*|

The exact gradient g* is backpropagation through time over the same window, the state before it
taken as given: of each area's own loss alone (`exact_local`), or of all losses through all
pathways (`exact_global`). Neither is modulated. Marschall, Cho & Savin (2020), section 6, compare
rules so.
"""

from collections.abc import Iterable
from typing import NamedTuple

import torch

from areas.keys import makes, short
from brainmodel.learning.bptt import BPTT
from brainmodel.learning.rule import Gradients
from brainmodel.scopes.scope import ActivityDerivatives, Passage, learning_signal
from brainmodel.wiring.literal_window import LiteralWindow
from brainmodel.wiring.wiring import Wiring


class GradientAlignment(NamedTuple):
    """One gradient beside another."""

    cosine: float  # not a number where one of them vanishes
    ratio: float  # of their norms; not a number where the exact one vanishes


def gradient_alignment(
    found: Gradients, exact: Gradients, names: Iterable[str] | None = None
) -> GradientAlignment:
    """Angle and length of the gradient of some parameters, taken together as one vector.

    Args:
        found: gradients by parameter name; what is missing is zero.
        exact: likewise.
        names: of the parameters; all that are in either unless given.
    """
    product = mine = theirs = 0.0
    for name in found.keys() | exact.keys() if names is None else names:
        g, e = found.get(name), exact.get(name)
        if g is not None and e is not None:
            product += float((g.double() * e.double()).sum())
        mine += 0.0 if g is None else float(g.double().square().sum())
        theirs += 0.0 if e is None else float(e.double().square().sum())
    nan = float("nan")
    cosine = product / (mine**0.5 * theirs**0.5) if mine > 0 and theirs > 0 else nan
    return GradientAlignment(cosine, (mine / theirs) ** 0.5 if theirs > 0 else nan)


def by_part(brain: Wiring, found: Gradients, exact: Gradients) -> dict[str, GradientAlignment]:
    """Angle and length for each area, under its name, and for each of its parameters that learn.

    Those of parameters stand under "AREA.PARAMETER"; weights that are made count in the place of
    what makes them.

    Args:
        brain: the brain.
        found: gradients by the brain's parameter names.
        exact: likewise.
    """
    parts, made = {}, {one.name for one in brain.made if one.learn}
    for area in brain.areas:
        weights = brain.area(area).weights().items()
        names = {key: brain.parameter_name(area, key) for key, _ in weights if makes(key) == key}
        learnt = {key for key, w in weights if w.requires_grad}
        own = {key: name for key, name in names.items() if key in learnt or name in made}
        parts[area] = gradient_alignment(found, exact, own.values())
        for key, name in own.items():
            parts[f"{area}.{short(key)}"] = gradient_alignment(found, exact, [name])
    return parts


def exact_local(
    brain: Wiring, passage: Passage, derivatives: dict[str, ActivityDerivatives]
) -> Gradients:
    """Backpropagation through time of each area's own loss, within the area and the window.

    Args:
        brain: the brain.
        passage: the window.
        derivatives: of the loss by what each area did.
    """
    found: Gradients = {}
    for name, record in passage.records.items():
        signal = learning_signal(brain.area(name), record, derivatives[name])
        with torch.no_grad():
            made = BPTT().gradients(brain.area(name), record, signal, None)
        found |= {brain.parameter_name(name, key): gradient for key, gradient in made.items()}
    return found


def exact_global(
    brain: Wiring, passage: Passage, derivatives: dict[str, ActivityDerivatives]
) -> Gradients:
    """Backpropagation through time of all losses, through all pathways, within the window.

    Args:
        brain: the brain.
        passage: the window.
        derivatives: of the loss by what each area did.
    """
    with torch.random.fork_rng(devices=[]):  # looking on does not change what comes
        window = LiteralWindow(brain, passage.inputs, passage.reset, passage.start)
    return window.gradients(derivatives, passage.by_labels)[0]
