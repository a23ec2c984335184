"""The predictor of an area: its next drive, from its rates and the messages that end on it.

    u_hat(t) = phi( P_rate h(t-1) + sum over hints of P_m m(t) + b )

It is made before the drive u(t) is seen.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from areas.activation import Activation, require_pointwise
from areas.comparison import DriveComparison, Signed
from areas.feedback import Feedback, SymmetricFeedback
from areas.keys import of_feedback, of_predictor
from areas.message import Message
from areas.shapes import Anything, PerDrive, PerUnit
from areas.synapses import Bundle, connect


class Predictor(nn.Module):
    """Linear synapses onto the predicted drive, then a pointwise activation.

    Args:
        activation: phi, pointwise, for example `torch.sigmoid` for drives in [0, 1]; the identity
            unless given.
        kernel: odd width of its receptive fields for the rates on maps, in pixels; each message
            has its own.
        feedback: through which weights its error comes back to the area's units: the transposed
            ones, as of the gradient, unless given.
        comparison: what the errors of drive and prediction are: `Signed`, their difference, unless
            given.
        scale: factor of the initial synapses from the rates. Where they begin small the area's
            units begin to learn slowly, and fewer of them fall silent at the first steps.

    Raises:
        ValueError: if `kernel` is not odd and positive, `scale` not positive, or the activation no
            pointwise function (see `require_pointwise`), or one that makes predictions which the
            comparison cannot take.
    """

    def __init__(
        self,
        activation: Activation | None = None,
        kernel: int = 3,
        feedback: Feedback | None = None,
        scale: float = 1.0,
        comparison: DriveComparison | None = None,
    ):
        super().__init__()
        if not 0 < scale < float("inf"):
            raise ValueError(f"predictor.scale: need a number above 0, got {scale}")
        if kernel < 1 or kernel % 2 == 0:
            raise ValueError(f"predictor.kernel: need an odd width in pixels, got {kernel}")
        if activation is not None:
            require_pointwise("predictor.activation", activation)
        self.comparison = comparison or Signed()
        self._require_predictions(activation)
        self.activation = activation
        self.kernel = kernel
        self.scale = scale
        self.feedback = feedback or SymmetricFeedback()
        self.synapses = Bundle()
        self.bias = nn.Parameter(torch.empty(0))

    def _require_predictions(self, activation: Activation | None) -> None:
        values = torch.linspace(-6.0, 6.0, 49)
        made = values if activation is None else activation(values).detach()
        if made.min() < self.comparison.least:
            raise ValueError(
                f"predictor.activation: {type(self.comparison).__name__} takes predictions of "
                f"{self.comparison.least:g} and more, but there are some of {made.min():.3g}; set "
                "activation: torch.nn.functional.softplus"
            )

    def build(self, drive: Sequence[int], sources: Mapping[str, Message | Sequence[int]]) -> None:
        """Make the synapses from each source onto the drive.

        Those from the rates are scaled, those from messages start at zero: two areas whose errors
        enter each other's predictions with random weights can excite each other without bound
        before either has learnt anything.

        Args:
            drive: shape of the drive.
            sources: by name, "rate" and each message; or their shapes.

        Raises:
            ValueError: if shapes, or the given weights of a feedback, do not fit.
        """
        told = {name: Message.of(source) for name, source in sources.items()}
        kernels = {name: source.kernel for name, source in told.items()} | {"rate": self.kernel}
        made = {
            name: connect(source.shape, drive, 1, kernels[name]) for name, source in told.items()
        }
        for name, synapses in made.items():
            if name == "rate":
                synapses.weight.data *= self.scale
            else:
                nn.init.zeros_(synapses.weight)
        self.synapses = Bundle(made)
        try:
            self.return_by(self.feedback)
        except ValueError as error:
            raise ValueError(f"predictor.{error}") from None
        self.bias = nn.Parameter(torch.zeros(drive[0]))

    def return_by(self, feedback: Feedback) -> None:
        """Let its error come back to the area's units by a feedback, which it keeps.

        Args:
            feedback: not built yet; its weights are made here.

        Raises:
            ValueError: if weights that were given do not fit.
        """
        feedback.build(self.synapses["rate"].weight)
        self.feedback = feedback

    def potential(self, sources: Mapping[str, Tensor]) -> PerDrive:
        """The prediction before its activation, [batch, *drive].

        Args:
            sources: by name, signals [batch, ...].
        """
        total = self.bias.view(-1, *[1] * (next(iter(sources.values())).dim() - 2))
        for name, synapses in self.synapses.items():
            if name == "rate":
                total = total + self.feedback.bend(synapses, synapses.weight, sources[name])
            else:
                total = total + synapses(sources[name])
        return total

    def back(self, potential_bar: PerDrive) -> PerUnit:
        """Derivative by the rates [batch, *units], from that by the potential [batch, *drive].

        It goes back through the weights of the feedback.
        """
        synapses = self.synapses["rate"]
        return synapses.transpose(potential_bar, self.feedback.weights(synapses.weight))

    def decays(self) -> dict[str, Tensor]:
        """What weights lose by decay, as gradients by the keys of `areas.keys`."""
        decay = self.feedback.decay
        if decay == 0:
            return {}
        own = {of_feedback(name): lost for name, lost in self.feedback.decays().items()}
        return {of_predictor("rate"): decay * self.synapses["rate"].weight.detach()} | own

    def forward(self, sources: Mapping[str, Tensor]) -> PerDrive:
        """The prediction [batch, *drive] from signals [batch, ...] by name."""
        return self.activate(self.potential(sources))

    def activate(self, potential: Anything) -> Anything:
        """phi of a potential of any shape."""
        return potential if self.activation is None else self.activation(potential)

    def slope(self, potential: Anything, prediction_bar: Anything) -> Anything:
        """Derivative by the potential, from that by the prediction, both of any shape."""
        if self.activation is None:
            return prediction_bar
        with torch.enable_grad():
            leaf = potential.detach().requires_grad_()
            return torch.autograd.grad(self.activation(leaf), leaf, prediction_bar)[0]
