"""Gradients of synapses: presynaptic signal times the derivative of the loss by the current."""

from areas import Area
from areas.keys import BIAS, of_feedback, of_predictor, of_units
from areas.record import Record, flat
from areas.shapes import PerCurrentSteps, PerDriveSteps
from brainmodel.learning.rule import Gradients


def synaptic_gradients(area: Area, record: Record, currents_bar: PerCurrentSteps) -> Gradients:
    """Gradients of an area's synapses and bias.

    Args:
        area: the area.
        record: what happened over a window (or a stretch of it).
        currents_bar: derivative by the currents.
    """
    felt = flat(currents_bar[:, :, area.reached(BIAS)])
    found = {of_units(BIAS): felt.transpose(0, 1).flatten(1).sum(1)}
    for name, synapses in area.synapses.items():
        target = flat(currents_bar[:, :, area.reached(name)])
        found[of_units(name)] = synapses.gradient(flat(record.source(name)), target)
    return found


def predictor_gradients(area: Area, record: Record, potential_bar: PerDriveSteps) -> Gradients:
    """Gradients of an area's predictor and of its feedback; none if the area has no predictor.

    Args:
        area: the area.
        record: what happened over a window (or a stretch of it).
        potential_bar: derivative by the predictor's potential.
    """
    if area.predictor is None:
        return {}
    found = {of_predictor(BIAS): flat(potential_bar).transpose(0, 1).flatten(1).sum(1)}
    for name, synapses in area.predictor.synapses.items():
        gradient = synapses.gradient(flat(record.source(name)), flat(potential_bar))
        found[of_predictor(name)] = gradient
    learnt = area.predictor.feedback.gradients(found[of_predictor("rate")])
    return found | {of_feedback(name): gradient for name, gradient in learnt.items()}
