"""One step of a brain as it is defined: area after area, in plain differentiable calls.

The sweep over a window (`brainmodel.roll_out`) computes the same.
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from areas.record import StepRecord
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
        cut: by area, whether to hide its recurrent synapses from autograd (see `Area.step`).

    Returns:
        what happened in each area, by name, and the state after the step; not detached.
    """
    keep = (~reset).to(brain.dtype)
    delayed = {name: series * _wide(keep, series, 1) for name, series in state.delayed.items()}
    took: dict[str, StepRecord] = {}

    def adapted(name: str) -> Tensor:
        pathway = brain.pathways[name]
        if pathway.source in brain.inputs:
            return brain.route(name)(inputs[pathway.source])
        return brain.route(name)(crossing(getattr(took[pathway.source].activity, pathway.carries)))

    for name in brain.acting:
        arrived = {
            source: torch.cat([delayed[n][0] if n in delayed else adapted(n) for n in names], 1)
            for source, names in brain.arrivals(name).items()
        }
        drive, before = arrived.pop("drive"), _kept(state.areas[name], keep)
        took[name] = brain.area(name).take(drive, arrived, before, cut=cut(name))
    for name, series in delayed.items():
        delayed[name] = torch.cat([series[1:], adapted(name)[None]])
    states = {name: step.state for name, step in took.items()}
    return took, state._replace(areas=states, delayed=delayed)


def _kept(state: Any, keep: Tensor) -> Any:
    """The state of an area, zero in the streams that are reset."""
    return type(state)(*(field * _wide(keep, field, 0) for field in state))


def _wide(keep: Tensor, like: Tensor, before: int) -> Tensor:
    """keep [batch] shaped to multiply a tensor whose batch is dimension `before`."""
    return keep.view(*[1] * before, -1, *[1] * (like.dim() - before - 1))
