"""The gated cortical microcircuit rule, first form, for subLSTM areas.

    e_c(t) = f(t) e_c(t-1) + dc(t)/dcurrent(t) (x) source(t)    decays by the forget gate
    e(t)   = sigma'(c(t)) e_c(t) - o'(t) (x) source(t)          written by i, f, z; read by o
    L(t)   = P^T dloss/du_hat(t+1) + dloss/dh(t) + gain/n_m sum_m B_m m(t)   apical
    gradient = sum_t L(t) e(t)

m(t) are the prediction errors of higher areas that arrive on feedback pathways, B_m fixed random
apical weights [unit, message], n_m the number of its values: a higher area tells a lower one what
it failed to expect of it.

Our own synthesis of Costa et al. (2017), arXiv:1711.02448 (the circuit), Bellec et al. (2020)
(the trace) and Guerguiev, Lillicrap & Richards (2017), eLife 6:e22901 (apical error by fixed
random feedback). Past-facing, deterministic, closed form; costs as e-prop.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from areas import Area, SubLSTM
from areas.synapses import connect
from brainmodel.learning.rule import (
    Criteria,
    Gradients,
    Memory,
    Record,
    Rule,
    Signal,
    flat,
    heard,
    predictive,
    spread,
)
from brainmodel.learning.traces import eligible, recall_state, remember


class GatedMicrocircuit(Rule):
    """Forget-gate eligibility times apical learning signal.

    Args:
        apical: names of the pathways that end on the apical dendrites: messages that carry the
            prediction errors of higher areas. None: the area listens to its own error alone.
        gain: weight of these errors in the learning signal, 0 or more (dimensionless).
        carry: whether traces outlive the window; see `EProp`.

    Raises:
        ValueError: if `gain` is negative; in `build`, for cells other than SubLSTM and for
            pathways that do not end in the area as messages.
    """

    criteria = Criteria(
        "past", "e_ij", stochastic=False, closed_form=True, time="N M", memory="N M"
    )

    def __init__(self, apical: Sequence[str] = (), gain: float = 0.1, carry: bool = True):
        super().__init__()
        if gain < 0:
            raise ValueError(f"rule.gain: need 0 or more, got {gain}")
        self.names, self.gain, self.carry = tuple(apical), gain, carry
        self.apical = nn.ModuleDict()

    def build(self, area: Area) -> None:
        """See `Rule.build`; makes the apical weights, which stay as they are."""
        if not isinstance(area.cell, SubLSTM):
            raise ValueError(
                f"rule GatedMicrocircuit: needs the cell SubLSTM, got {type(area.cell).__name__}; "
                "use EProp"
            )
        for name in self.names:
            if name not in area.messages:
                raise ValueError(
                    f"rule.apical: no feedback or lateral pathway {name!r} ends here; there are "
                    f"{', '.join(area.messages) or 'none'}"
                )
            self.apical[name] = connect(area.messages[name], area.units, 1, kernel=1)
        self.apical.requires_grad_(False)

    def gradients(self, area: Area, record: Record, signal: Signal, memory: Memory) -> Gradients:
        """See `Rule.gradients`."""
        rate_bar, before, potential_bar = spread(area, record, signal)
        rate_bar += heard(self.apical_signal(record, rate_bar), signal.level)
        found = eligible(area, record, rate_bar, before, memory)
        return found | predictive(area, record, potential_bar)

    def apical_signal(self, record: Record, like: Tensor) -> Tensor:
        """What higher areas add to the learning signal, [time, batch, *units].

        It is scaled as the derivative of an error averaged over values, steps and streams is.
        """
        total = torch.zeros_like(like)
        for name, weights in self.apical.items():
            message = flat(record.sources[name])
            scale = self.gain / message.numel()
            total = total + scale * weights(message).view_as(like)
        return total

    def remember(self, area: Area, record: Record, memory: Memory) -> Memory:
        """See `Rule.remember`."""
        return remember(area, record, memory) if self.carry else None

    def recall(self, area: Area, state_bar: dict[str, Tensor], memory: Memory) -> Gradients:
        """See `Rule.recall`."""
        return recall_state(area, state_bar, memory)

    @property
    def cuts(self) -> bool:
        """See `Rule.cuts`."""
        return True
