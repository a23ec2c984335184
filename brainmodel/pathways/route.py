"""The route of a pathway: its adapters in order, or those that bring one shape to another."""

from collections.abc import Callable, Sequence

from torch import Tensor, nn

from brainmodel.pathways.adapters import Adapter, Flatten, Pool, Upsample
from brainmodel.pathways.gain_fields import GainFields


class Route(nn.Module):
    """The adapters of a pathway in order.

    Args:
        adapters: what changes the shape; if empty, found by `infer`.
        source: shape of the signal.
        units: shape of the units of the target.
        gain: what multiplies the signal behind them.

    Attributes:
        read_out: what makes the signal of the rates that are sent, before the adapters, on the way
            to an environment; it belongs to an objective. None elsewhere.

    Raises:
        ValueError: if the shapes cannot be joined.
    """

    def __init__(
        self,
        adapters: Sequence[Adapter],
        source: Sequence[int],
        units: Sequence[int],
        gain: GainFields | None = None,
    ):
        super().__init__()
        self.gain = gain
        self.read_out: Callable[[Tensor], Tensor] | None = None
        self.adapters = nn.ModuleList(adapters or infer(tuple(source), tuple(units)))
        self.shape = tuple(source)
        for adapter in self.adapters:
            after = adapter.shape(self.shape)  # type: ignore[operator]
            adapter.build(self.shape)  # type: ignore[operator]
            self.shape = after
        if len(self.shape) != len(units) or self.shape[1:] != tuple(units[1:]):
            raise ValueError(
                f"adapters make {list(self.shape)} of {list(source)}, but units {list(units)} "
                f"need [n{''.join(f', {k}' for k in units[1:])}]"
            )
        if gain is not None:
            if any(parameter.requires_grad for parameter in self.parameters()):
                raise ValueError("gain: adapters that learn cannot stand before it; leave one out")
            self.shape = (gain.cells * self.shape[0], *self.shape[1:])

    @property
    def plain(self) -> bool:
        """Whether a message is the signal as it was sent."""
        return not self.adapters and self.gain is None and self.read_out is None

    def forward(self, signal: Tensor, told: Tensor | None = None) -> Tensor:
        """The signal [batch, *source] as a message [batch, *shape].

        Args:
            signal: what is sent.
            told: [batch, ...], where there is a gain: of the input that tells it.
        """
        if self.read_out is not None:
            signal = self.read_out(signal)
        for adapter in self.adapters:
            signal = adapter(signal)
        if self.gain is None:
            return signal
        assert told is not None
        return self.gain(signal, told)

    def into(self, signal: Tensor, out: Tensor) -> None:
        """Write the message of a signal [batch, *source] into `out`, [batch, *shape], contiguous.

        Of a route without a gain; autograd does not record it.
        """
        if self.read_out is not None or not self.adapters:
            out.copy_(self(signal))
            return
        *others, last = self.adapters
        for adapter in others:
            signal = adapter(signal)
        last.into(signal, out)  # type: ignore[operator]

    def picture(self, signal: Tensor) -> Tensor | None:
        """A message [batch, *shape] as a picture of what was sent; None if it is none."""
        seen: Tensor | None = signal if self.gain is None else None
        for adapter in reversed(self.adapters):
            seen = adapter.picture(seen) if seen is not None else None  # type: ignore[operator]
        return seen


def infer(source: tuple[int, ...], units: tuple[int, ...]) -> list[Adapter]:
    """Adapters that change the height and width of a signal to those of some units.

    Raises:
        ValueError: if one height is not a whole multiple of the other.
    """
    if len(units) == 1:
        return [] if len(source) == 1 else [Flatten()]
    height, width = source[1:] if len(source) == 3 else (1, 1)
    if len(source) == 3 and source[1:] == units[1:]:
        return []
    for factor in (units[1] // height, units[2] // width):
        if (height * factor, width * factor) == units[1:]:
            return [Upsample(factor)]
    for factor in (height // units[1], width // units[2]):
        if (units[1] * factor, units[2] * factor) == (height, width):
            return [Pool(factor)]
    raise ValueError(f"no pooling or upsampling by a whole factor takes {source} to {units}")
