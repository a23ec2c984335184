"""A recorded window: its forward and its backward pass, each replayed as one.

    forward    what is given -> static tensors;  replay;  what was found -> tensors of their own
    backward   derivatives of losses -> static tensors;  replay;  gradients -> tensors of their own

To autograd it is one operation, from the weights to the losses. In the manner of
`torch.cuda.make_graphed_callables`, for a function that also gives what is carried on, and that has
side effects on its backward pass.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.utils._pytree import tree_flatten, tree_map_only, tree_unflatten

from brainmodel.engines.recorder import Recorder


class Turn:
    """Whose turn it is: recordings of one recorder share memory, so one window is under way."""

    def __init__(self) -> None:
        self.now = 0

    def next(self) -> int:
        """Begin a window; the number of its turn."""
        self.now += 1
        return self.now

    def require(self, turn: int) -> None:
        """Refuse to go back through a window after another has begun: RuntimeError."""
        if turn != self.now:
            raise RuntimeError(
                "a recorded window was followed by another before its backward pass: call backward "
                "window by window, or set model.engine: brainmodel.engines.Plain"
            )


class WindowResults(NamedTuple):
    """What a function gives that can be recorded."""

    losses: list[Tensor]  # [] each
    shown: Any  # a tree, without derivatives
    completed: Any  # a tree that the backward pass fills in, likewise


class WindowRecording:
    """A function of a tree and of weights, recorded.

    Args:
        recorder: what records it.
        function: of a tree like `given` and of weights by name.
        given: a tree of tensors, copied; other leaves stay as they are.
        weights: by name; they stay where they are.
        turn: of the recorder.

    Attributes:
        operations: of the forward and the backward pass, where the recorder counts them.
        heard: is called after each backward pass.

    Raises:
        Unrecordable: see `Recorder.record`.
    """

    def __init__(
        self,
        recorder: Recorder,
        function: Callable[[Any, Mapping[str, Tensor]], WindowResults],
        given: Any,
        weights: Mapping[str, Tensor],
        turn: Turn,
    ):
        self._turn = turn
        self._given = tree_map_only(Tensor, torch.clone, given)
        # leaves of their own, so that nothing of autograd's leads to another stream
        self._weights = {n: w.detach().requires_grad_(w.requires_grad) for n, w in weights.items()}
        forward = recorder.record(lambda: function(self._given, self._weights))
        self._found: WindowResults = forward.result
        self._learning = [loss for loss in self._found.losses if loss.requires_grad]
        self._bars = [torch.zeros_like(loss) for loss in self._learning]
        self._learnt = [weight for weight in self._weights.values() if weight.requires_grad]
        device = next(iter(weights.values())).device.type
        with torch.autocast(device, enabled=False):  # training goes back outside of it
            backward = recorder.record(self._gradients)
        self._gradient: Sequence[Tensor | None] = backward.result
        self._forward, self._backward = forward.replay, backward.replay
        self.operations = forward.operations, backward.operations
        self._completed: list[Tensor] = []
        self.heard: Callable[[], object] = lambda: None

    def __call__(self, given: Any, weights: Mapping[str, Tensor]) -> WindowResults:
        """What the function gives now, in tensors of their own; losses have derivatives.

        Args:
            given: like that with which it was recorded.
            weights: those with which it was recorded.
        """
        copy_all(_tensors(self._given), _tensors(given))
        turn = self._turn.next()
        self._forward()
        learnt = [weight for weight in weights.values() if weight.requires_grad]
        made = iter(_Replay.apply(self, turn, *learnt) if self._learning else ())
        losses = [
            next(made) if loss.requires_grad else loss.detach().clone()
            for loss in self._found.losses
        ]
        shown, completed = _own((self._found.shown, self._found.completed))
        self._completed = _tensors(completed)
        return WindowResults(losses, shown, completed)

    def losses(self) -> tuple[Tensor, ...]:
        """Losses with derivatives, as the last replay found them."""
        return tuple(_own([loss.detach() for loss in self._learning]))

    def back(self, turn: int, bars: Sequence[Tensor]) -> list[Tensor | None]:
        """Gradients of the weights that learn, from derivatives by the losses with derivatives.

        Args:
            turn: in which the window was; RuntimeError if another has begun since.
            bars: [] each.
        """
        self._turn.require(turn)
        copy_all(self._bars, bars)
        self._backward()
        copy_all(self._completed, _tensors(self._found.completed))
        self.heard()
        made = iter(_own([gradient for gradient in self._gradient if gradient is not None]))
        return [None if gradient is None else next(made) for gradient in self._gradient]

    def _gradients(self) -> Sequence[Tensor | None]:
        """Those of autograd, which can go back again: what it needs is not given away."""
        if not self._learning:
            return []
        return torch.autograd.grad(
            self._learning, self._learnt, self._bars, retain_graph=True, allow_unused=True
        )


class _Replay(torch.autograd.Function):
    """A replayed window as autograd sees it, which refuses weights that were changed since."""

    @staticmethod
    def forward(
        ctx: Any, recording: WindowRecording, turn: int, *weights: Tensor
    ) -> tuple[Tensor, ...]:
        ctx.recording, ctx.turn = recording, turn
        ctx.save_for_backward(*weights)
        return recording.losses()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *bars: Tensor) -> tuple[Any, ...]:  # pyright: ignore
        assert ctx.saved_tensors is not None  # looked at, and so held against their versions
        return (None, None, *ctx.recording.back(ctx.turn, bars))


def copy_all(to: Sequence[Tensor], source: Sequence[Tensor]) -> None:
    """Copy tensors, many of a kind at once."""
    kinds: dict[Any, tuple[list[Tensor], list[Tensor]]] = {}
    for one, other in zip(to, source, strict=True):
        if other.numel():
            own = kinds.setdefault((one.dtype, other.dtype), ([], []))
            own[0].append(one)
            own[1].append(other)
    with torch.no_grad():
        for targets, sources in kinds.values():
            torch._foreach_copy_(targets, sources)  # pyright: ignore[reportPrivateImportUsage]


def _own(tree: Any) -> Any:
    """The same tree in tensors of its own."""
    leaves, spec = tree_flatten(tree)
    mine = [torch.empty_like(leaf) if isinstance(leaf, Tensor) else leaf for leaf in leaves]
    copy_all(_tensors(mine), _tensors(leaves))
    return tree_unflatten(mine, spec)


def _tensors(tree: Any) -> list[Tensor]:
    return [leaf.detach() for leaf in tree_flatten(tree)[0] if isinstance(leaf, Tensor)]
