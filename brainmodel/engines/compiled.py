"""Literal steps compiled: a step of the whole brain is one compiled function, with derivatives.

`torch.compile` takes the literal step whole, and a window is a loop over it, as it is without: a
whole window takes minutes to compile, and the sweep does not go through at all. The same numbers
but for rounding. What is compiled is made for one batch size, at the first step and again where
something else comes from outside (gains, perturbations); that takes from half a minute to minutes,
and is kept in the cache of `torch.compile` for the next run.
"""

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from areas.record import StepRecord
from brainmodel.environments import Reply
from brainmodel.wiring.engine import Engine
from brainmodel.wiring.literal_step import literal_step
from brainmodel.wiring.state import BrainState
from brainmodel.wiring.wiring import Wiring

KINDS = 64  # of steps that are compiled in one process, each for its brain and batch


class Compiled(Engine):
    """Literal steps compiled by `torch.compile`: scope Global in some .6 of the time, if dense.

    Where a step cannot be compiled there is one warning, with the reason, and all steps are taken
    as they are written.

    Args:
        backend: of `torch.compile`: "inductor" needs a compiler of C++ (of Triton on GPUs);
            "eager" and "aot_eager" compile nothing, and are there to find faults with.

    Raises:
        ValueError: for a backend that there is not.
    """

    def __init__(self, backend: str = "inductor"):
        known = torch.compiler.list_backends(exclude_tags=())
        if backend not in known:
            raise ValueError(f"engine.backend: there is no {backend!r}; give {', '.join(known)}")
        self.backend = backend
        self.missing: str | None = None  # why steps are not compiled, if they cannot be

    def require_serves(self, brain: Wiring, *, literal: bool) -> None:
        """See `Engine.require_serves`."""
        if not literal:
            raise ValueError(
                "engine: Compiled compiles literal steps, which scope Global alone takes, and the "
                "brain has another; set scope: brainmodel.scopes.Global, or leave engine out"
            )
        if brain.environments:
            raise ValueError(
                f"engine: Compiled cannot compile what environments reply, and there is "
                f"{next(iter(brain.environments))}; leave engine out"
            )

    def step(
        self,
        brain: Wiring,
        inputs: Mapping[str, Tensor],
        reset: Tensor,
        state: BrainState,
        cut: Callable[[str], bool],
    ) -> tuple[dict[str, StepRecord], dict[str, Reply], BrainState]:
        """See `Engine.step`."""
        if self.missing is None:
            # what else is carried comes out as it goes in: compiled code would look through it all
            bare = BrainState(state.areas, _alike(brain, state.delayed), {}, {})
            try:
                with _many_kinds(), self.back():
                    took, replies, after = self._compiled(brain, inputs, reset, bare, cut=cut)
                return took, replies, state._replace(areas=after.areas, delayed=after.delayed)
            except _failures() as error:
                self._go_without(error)
        return super().step(brain, inputs, reset, state, cut)

    def back(self) -> AbstractContextManager[object]:
        """See `Engine.back`; what one way back needs stays there for the next."""
        import torch._functorch.config as derivatives

        return derivatives.patch(donated_buffer=False)

    def __str__(self) -> str:
        if self.missing is not None:
            return f"tensor calls under autograd (steps cannot be compiled: {self.missing})"
        return f"compiled code (torch.compile, {self.backend}) under autograd"

    def __getstate__(self) -> dict[str, Any]:
        """Without what was compiled: it is made again where a copy needs it."""
        return {name: value for name, value in vars(self).items() if name != "_compiled"}

    @cached_property
    def _compiled(self) -> Callable[..., Any]:
        return torch.compile(literal_step, fullgraph=True, dynamic=False, backend=self.backend)

    def _go_without(self, error: Exception) -> None:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        self.missing = lines[0] if lines else type(error).__name__
        message = f"no compiled steps, literal ones are slower: {self.missing}"
        warnings.warn(message, RuntimeWarning, stacklevel=2)


def _alike(brain: Wiring, delayed: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Messages under way, of areas with a derivative at a window's first step as at all others.

    Else the first step would be another kind, to be compiled for itself.
    """
    if not torch.is_grad_enabled():
        return dict(delayed)
    return {
        name: series.detach().requires_grad_()
        if brain.pathways[name].source in brain.areas and not series.requires_grad
        else series
        for name, series in delayed.items()
    }


@contextmanager
def _many_kinds() -> Iterator[None]:
    """Steps of many kinds may be compiled, each with its derivative, so that none fails later."""
    import torch._dynamo.config as tracing
    import torch._functorch.config as derivatives

    now = derivatives.patch(force_non_lazy_backward_lowering=True)
    with now, tracing.patch(recompile_limit=KINDS):
        yield


def _failures() -> tuple[type[Exception], ...]:
    from torch._dynamo.exc import FailOnRecompileLimitHit, TorchDynamoException

    return TorchDynamoException, FailOnRecompileLimitHit
