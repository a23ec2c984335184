"""Jacobians and immediate influences of a lone area by torch's autograd: an oracle of rules.

One stream, one step at a time, each row of each matrix by a backward pass of its own through
`Area.step`; the slow, literal way.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from areas import Area
from brainmodel.brain import Brain
from brainmodel.learning import EProp
from objectives import Activity
from tests import lessons
from tests.literal import Literal

Matrices = dict[str, Tensor]


class Moment(NamedTuple):
    """One step of one stream."""

    before: Tensor  # s(t-1), [state]; zeros if the stream was reset
    drive: Tensor  # u(t)
    after: Tensor  # s(t)
    keep: float  # 0 if the stream was reset before the step
    jacobian: Tensor  # ds(t)/ds(t-1), [state, state]
    immediate: Matrices  # ds(t)/dparameter, [state, *parameter]
    said: Tensor  # L(t), [state]
    sources: Matrices  # what each group of synapses heard


def step(area: Area, drive: Tensor, state: Tensor) -> Tensor:
    """s(t) from s(t-1) [state], of an area without messages."""
    names = area.dynamics.outputs
    fields = dict(zip(names, state.chunk(len(names)), strict=True))
    none = torch.zeros_like(fields["rate"])  # of fields that no later step reads
    given = area.cell.state(**{n: fields.get(n, none)[None] for n in area.cell.state._fields})  # type: ignore[attr-defined]
    _, after = area.step(drive[None], {}, given)
    return torch.cat([getattr(after, name)[0] for name in names])


def moments(brain: Brain, inputs: Matrices, reset: Tensor) -> list[list[Moment]]:
    """By stream, by step."""
    area, said = brain.area("V1"), signals(brain, inputs, reset)
    found: list[list[Moment]] = []
    for b in range(reset.shape[1]):
        state, course = torch.zeros_like(said[0, 0]), []
        for t in range(len(reset)):
            keep = 0.0 if reset[t, b] else 1.0
            drive, before = inputs["eye"][t, b], keep * state
            course.append(moment(area, drive, before, keep, said[t, b]))
            state = course[-1].after
        found.append(course)
    return found


def moment(area: Area, drive: Tensor, before: Tensor, keep: float, said: Tensor) -> Moment:
    """One step, every derivative row by row."""
    names, parameters = zip(*area.named_parameters(), strict=True)
    leaf = before.clone().requires_grad_()
    after = step(area, drive, leaf)
    rows = [
        torch.autograd.grad(value, [leaf, *parameters], retain_graph=True, materialize_grads=True)
        for value in after
    ]
    jacobian, *immediate = (torch.stack(column) for column in zip(*rows, strict=True))
    rate = before[: area.units[0]]
    error = drive - area.predict(rate[None], {})[0].detach()
    sources = {"drive": drive, "error": error, "recurrent": rate, "bias": torch.ones(1).double()}
    sources = {n: s for n, s in sources.items() if n in area.synapses or n == "bias"}
    made = dict(zip(names, immediate, strict=True))
    return Moment(before, drive, after.detach(), keep, keep * jacobian, made, said, sources)


def signals(brain: Brain, inputs: Matrices, reset: Tensor, mean: bool = False) -> Tensor:
    """L(t): what the loss says of the rates, directly and by the next prediction, by state."""
    course, area, steps = Literal(brain, inputs, reset), brain.area("V1"), range(len(reset))
    rates = [course.at("V1", t)["rate"].detach().requires_grad_() for t in steps]
    keep = (~reset).double()[..., None]
    before = [torch.zeros_like(rates[0]), *rates[:-1]]
    prediction = torch.stack([area.predict(k * r, {}) for k, r in zip(keep, before, strict=True)])
    drive = inputs["eye"]
    activity = Activity(drive, prediction, drive - prediction, torch.stack(rates), ~reset)
    loss = (lessons.mean if mean else lessons.total)(brain, {"V1": activity})
    said = torch.stack(torch.autograd.grad(loss, rates))
    rest = (len(area.dynamics.outputs) - 1) * said.shape[2]
    return torch.nn.functional.pad(said, (0, rest))


def direct(brain: Brain, inputs: Matrices, reset: Tensor, loss_of=lessons.total) -> Matrices:
    """What predictor parameters learn from the prediction itself; zeros for all others."""
    rule = brain.rules["V1"]
    brain.rules["V1"] = EProp()
    found = lessons.learn(brain, inputs, reset, loss_of=loss_of)
    brain.rules["V1"] = rule
    prefix = "areas.V1."
    own = {name.removeprefix(prefix): g for name, g in found.items() if name.startswith(prefix)}
    return {n: g if n.startswith("predictor.") else torch.zeros_like(g) for n, g in own.items()}


def of_area(found: lessons.Gradients) -> Matrices:
    """Gradients of V1's own parameters by the names it calls them."""
    return {n.removeprefix("areas.V1."): g for n, g in found.items() if n.startswith("areas.V1.")}
