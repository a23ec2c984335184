"""One step of a brain as it is defined: act after act, in plain differentiable calls.

The sweep over a window (`brainmodel.roll_out`) computes the same.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any

import torch
from torch import Tensor

from areas.record import StepComparison, StepRecord
from brainmodel.pathways.pathway import Pathway
from brainmodel.wiring.state import BrainState
from brainmodel.wiring.wiring import Wiring


def literal_step(
    brain: Wiring,
    inputs: Mapping[str, Tensor],
    reset: Tensor,
    state: BrainState,
    crossing: Callable[[Tensor], Tensor] = lambda signal: signal,
    cut: Callable[[str], bool] = lambda area: False,
) -> tuple[dict[str, StepRecord], BrainState]:
    """One step of all areas.

    Args:
        brain: the areas and pathways.
        inputs: by name, [batch, *shape].
        reset: [batch] bool.
        state: before the step.
        crossing: what happens to a signal where it enters a pathway; `torch.detach` keeps
            autograd within the areas.
        cut: by area, whether to hide its recurrent synapses from autograd (see `Area.take`).

    Returns:
        what happened in each area, by name, and the state after the step; not detached.
    """
    keep = (~reset).to(brain.dtype)
    delayed = {name: series * _wide(keep, series, 1) for name, series in state.delayed.items()}
    before = {name: _kept(own, keep) for name, own in state.areas.items()}
    compared: dict[str, StepComparison] = {}
    took: dict[str, StepRecord] = {}

    def sent(pathway: Pathway) -> Tensor:
        if pathway.source in brain.inputs:
            return inputs[pathway.source]
        if pathway.carries == "rate":
            return crossing(took[pathway.source].activity.rate)
        return crossing(getattr(compared[pathway.source], pathway.carries))

    def arrived(area: str, sources: Collection[str]) -> dict[str, Tensor]:
        came = {n: names for n, names in brain.arrivals(area).items() if n in sources}
        return {n: torch.cat([message(name) for name in names], 1) for n, names in came.items()}

    def message(name: str) -> Tensor:
        return delayed[name][0] if name in delayed else adapted(name)

    def adapted(name: str) -> Tensor:
        return brain.route(name)(sent(brain.pathways[name]))

    for name, part in brain.acts:
        area = brain.area(name)
        if part == "compare":
            hints = arrived(name, ("drive", *area.hints))
            drive = hints.pop("drive")
            compared[name] = area.compare(drive, hints, before[name], cut=cut(name))
        else:
            messages = arrived(name, area.messages.keys() - area.hints.keys())
            took[name] = area.move(compared[name], messages, before[name], cut=cut(name))
    for name, series in delayed.items():
        delayed[name] = torch.cat([series[1:], adapted(name)[None]])
    took = {name: took[name] for name in brain.areas}
    states = {name: step.state for name, step in took.items()}
    return took, state._replace(areas=states, delayed=delayed)


def _kept(state: Any, keep: Tensor) -> Any:
    """The state of an area, zero in the streams that are reset."""
    return type(state)(*(field * _wide(keep, field, 0) for field in state))


def _wide(keep: Tensor, like: Tensor, before: int) -> Tensor:
    """keep [batch] shaped to multiply a tensor whose batch is dimension `before`."""
    return keep.view(*[1] * before, -1, *[1] * (like.dim() - before - 1))
