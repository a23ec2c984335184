"""One step back through environments: what the loss says of their labels is said of who acted.

    heard_bar(t) = ( d labels(t) / d heard(t) )^T dloss/dlabels(t),     state(t-1) taken as given

heard(t) was sent by areas at t - d, and what is said of it is said of their rates at that step, and
of the read-outs and adapters on the way. What an action does later than at the step at which it is
heard is left out, as is what was sent before the window: scope Global goes back through all of it.
"""

import torch
from torch import Tensor
from torch.utils._pytree import tree_map

from areas.record import flat
from brainmodel.learning.rule import Gradients
from brainmodel.scopes.crossing import arrived
from brainmodel.scopes.scope import ActivityDerivatives, Passage
from brainmodel.wiring.environments import EnvironmentRecord, label_of, with_reward
from brainmodel.wiring.outside import gain_of
from brainmodel.wiring.wiring import Wiring


def cross_environments(
    brain: Wiring, passage: Passage, derivatives: dict[str, ActivityDerivatives]
) -> tuple[dict[str, ActivityDerivatives], Gradients]:
    """Derivatives by what areas did, with those by way of environments; gradients on the way.

    Args:
        brain: the brain.
        passage: the window.
        derivatives: of the loss by what each area did; they are left as they are.
    """
    found: Gradients = {}
    if not passage.by_labels:
        return derivatives, found
    total = dict(derivatives)
    for name, met in passage.met.items():
        heard_bar = by_heard(brain, name, met, passage.by_labels)
        for way in brain.hearing[name]:
            gain = passage.inputs.get(gain_of(way))
            bar = heard_bar if gain is None else gain * heard_bar
            source = brain.pathways[way].source
            total[source], made = _back(brain, passage, way, bar, total[source])
            for key, gradient in made.items():
                found[key] = found[key] + gradient if key in found else gradient
    return total, found


def by_heard(
    brain: Wiring, name: str, met: EnvironmentRecord, by_labels: dict[str, Tensor]
) -> Tensor:
    """Derivatives by what an environment heard, [time, batch, hears], each step by itself."""
    with torch.enable_grad():
        heard = flat(met.heard).detach().requires_grad_()
        reply = brain.environments[name].step(tree_map(_joined, met.before), heard, flat(met.drawn))
        told = {
            label_of(brain.environments, name, label): value
            for label, value in with_reward(reply).items()
        }
        own = [n for n in by_labels if n in told and told[n].requires_grad]
        if not own:
            return torch.zeros_like(met.heard)
        bars = [flat(by_labels[n]) for n in own]
        (bar,) = torch.autograd.grad([told[n] for n in own], heard, bars, allow_unused=True)
    return torch.zeros_like(met.heard) if bar is None else bar.view_as(met.heard)


def _joined(field: Tensor) -> Tensor:
    """A field of states, time and batch as one dimension."""
    return field.flatten(0, 1)


def _back(
    brain: Wiring, passage: Passage, way: str, bar: Tensor, before: ActivityDerivatives
) -> tuple[ActivityDerivatives, Gradients]:
    """Derivatives by what the source of a pathway did, added to those before; gradients of what
    learns on the way, by the brain's parameter names."""
    pathway = brain.pathways[way]
    record, delay = passage.records[pathway.source], pathway.steps
    bar = arrived(brain, way, bar, record.keep)[delay:]
    if len(bar) == 0:
        return before, {}
    sent = record.signal(pathway.carries)[: len(bar)]
    learnt = _on_the_way(brain, way)
    with torch.enable_grad():
        leaf = flat(sent).detach().requires_grad_()
        wanted = [leaf, *learnt.values()]
        made = torch.autograd.grad(brain.route(way)(leaf), wanted, flat(bar), allow_unused=True)
    there = getattr(before, pathway.carries).clone()
    if made[0] is not None:
        there[: len(bar)] += made[0].view_as(sent)
    gradients = {n: g for n, g in zip(learnt, made[1:], strict=True) if g is not None}
    return before._replace(**{pathway.carries: there}), gradients


def _on_the_way(brain: Wiring, way: str) -> dict[str, Tensor]:
    """What learns between the rates of an area and an environment, by the brain's names."""
    pathway, prefixes = brain.pathways[way], [f"routes.{way}."]
    if pathway.read_out is not None:
        prefixes.append(f"objectives.{pathway.source}.{pathway.read_out}.")
    return {
        name: parameter
        for name, parameter in brain.named_parameters()
        if parameter.requires_grad and name.startswith(tuple(prefixes))
    }
