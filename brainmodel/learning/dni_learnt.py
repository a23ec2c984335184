"""DNI whose Jacobian is learnt as well, so that nothing travels back along a synapse in time.

    J(t) ~ Q,    s(t) ~ Q s(t-1) + Q' [x'(t); 1]             x': drive and messages that reach units
    minimise | Q s(t-1) + Q' [x'(t); 1] - s(t) |^2 / 2 by Q and Q'

All else is as in `dni.py`. With x' beside the state, Q is the part of a linear forecast that is due
to the state itself.

Source: Marschall, Cho & Savin (2020), JMLR 21(135), section on DNI, its variant with an
approximated Jacobian. Future-facing, deterministic, numerical; time per step and stream
O(N^2 + N M), memory O(N^2 + N M) in all.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from areas import Area
from areas.record import Record, flat
from brainmodel.learning.credit.synthetic_gradients import SyntheticGradients, Transitions
from brainmodel.learning.rule import Criteria, Gradients, of_rule


class DNILearnt(SyntheticGradients):
    """Synthetic gradients bootstrapped through a learnt Jacobian, for dense areas of any cell.

    The rule learns a synthesizer, A, and a transition, [Q Q'], besides the area's weights; for
    scope `Global` see `DNI`.

    Args:
        drive: as of `DNI`.

    Raises:
        ValueError: in `build`, for maps.
    """

    criteria = Criteria(
        "future", "A_li", stochastic=False, closed_form=False, time="N^2 + N M", memory="N^2 + N M"
    )

    def build(self, area: Area) -> None:
        """See `Rule.build`; makes the synthesizer and the transition, zeros both."""
        super().build(area)
        size = len(area.dynamics.outputs) * area.units[0]
        given = sum(area.messages.get(name, area.drive)[0] for name in _given(area))
        self.transition = nn.Parameter(torch.zeros(size, size + given + 1))

    def back(
        self, area: Area, transitions: Transitions, state_bar: Float[Tensor, "step state"]
    ) -> Float[Tensor, "step state"]:
        """See `SyntheticGradients.back`; Q."""
        before = state_bar @ self.transition[:, : state_bar.shape[1]]
        keep = transitions.linear.keep
        return before if keep is None else before * keep[0][:, None]

    def regress(self, area: Area, record: Record) -> Gradients:
        """See `Synthetic.regress`; the mean over steps and streams."""
        names = area.dynamics.outputs
        parts = [record.before(name) for name in names]
        parts += [record.sources[name] for name in _given(area)]
        known = flat(torch.cat([*parts, torch.ones_like(parts[0][..., :1])], dim=2))
        after = flat(torch.cat([record.fields[name][1:] for name in names], dim=2))
        missed = known @ self.transition.t() - after
        return {of_rule("transition"): missed.t() @ known / len(known)}


def _given(area: Area) -> list[str]:
    """What reaches an area's units from outside; in place of an error, the drive it comes from."""
    names = ["drive" if name == "error" else name for name in area.synapses if name != "recurrent"]
    return list(dict.fromkeys(names))
