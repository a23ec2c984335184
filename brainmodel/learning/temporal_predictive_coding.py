"""Temporal predictive coding: Hebbian learning of dynamics and of what they cause.

At the last step of a held frame, when inference has settled (`areas.TemporalInference`),

    dynamics    change A_ij = eta ( z_i(t) - m_i(t) ) x_j(t)           x: z_held, or a message
    causes      change C_kj = eta ( u_k(t) - C z(t-1) )_k z_j(t-1)

Both are error times presynaptic activity, descents of the same squared errors that inference made
small; no other step teaches anything. The first is the rule's own, given as a mean over steps and
streams. The second is what the area's predictor learns from its loss, as with every rule, at these
steps alone: give it `objectives.SquaredError`. Synapses by which errors come in learn what the
predictor learns, transposed, unless they are tied to it (`areas.Tied`), which is better: then they
are its weights. (Errors of another kind than differences have minus their slope by the prediction
as a factor.) Synapses from the drive onto the units stay as they are.

Source: Millidge, Tang, Osanlouy, Harper & Bogacz (2024), "Predictive coding networks for temporal
prediction", PLOS Computational Biology 20:e1011183, the linear model. Past-facing, deterministic,
closed form. Time per step O(N M), no memory.
"""

from areas import Area, TemporalInference
from areas.comparison import error_slopes
from areas.keys import BIAS, of_units
from areas.record import Record, flat
from brainmodel.learning.credit.synaptic_gradients import predictor_gradients
from brainmodel.learning.learning_signal import LearningSignal, modulated, unit_signals
from brainmodel.learning.rule import Criteria, Gradients, Memory, Rule, need_dense


class TemporalPredictiveCoding(Rule):
    """Prediction errors times presynaptic activity, at the last step of each held frame.

    Scope `Global`, which differentiates, has the derivative through the unit's own state instead.

    Raises:
        ValueError: in `build`, for other cells than `TemporalInference`, and for maps.
    """

    criteria = Criteria("past", "none", stochastic=False, closed_form=True, time="N M", memory="0")
    keeps_apart = True

    def __init__(self) -> None:
        super().__init__()
        self.resting: set[str] = {of_units("drive")}

    def build(self, area: Area) -> None:
        """See `Rule.build`."""
        if not isinstance(area.cell, TemporalInference):
            raise ValueError(
                "rule TemporalPredictiveCoding: needs a cell that infers while a frame is held, "
                f"TemporalInference, got {type(area.cell).__name__}; use EProp"
            )
        need_dense(self, area, "EProp")
        if "error" in area.afferents and area.synapses["error"].making is not None:
            self.resting = self.resting | {of_units("error")}

    def plastic(self, key: str) -> bool:
        """See `Rule.plastic`."""
        return key not in self.resting

    def gradients(
        self, area: Area, record: Record, signal: LearningSignal, memory: Memory
    ) -> Gradients:
        """See `Rule.gradients`."""
        _, _, potential_bar = unit_signals(area, record, signal)
        last = (record.fields["phase"][1:, :, :1] == 0).to(record.currents)
        units, rate = area.units[0], record.fields["rate"][1:]
        surprise = modulated(last * (rate - record.currents[:, :, :units]), signal.level)
        post = flat(surprise) / -(rate.shape[0] * rate.shape[1])
        bias = area.bias.new_zeros(2 * units)
        bias[:units] = post.sum(0)
        found = {of_units(BIAS): bias}
        for name, synapses in area.synapses.items():
            if name not in ("drive", "error"):
                found[of_units(name)] = synapses.gradient(flat(record.source(name)), post)
        missed = last * potential_bar
        found |= predictor_gradients(area, record, missed)
        if "error" in area.afferents and self.plastic(of_units("error")):
            slopes = error_slopes(area.comparison, record)
            each = flat(-slopes * area.comparison.spread(missed))
            before = flat(record.source("rate"))
            found[of_units("error")] = area.synapses["error"].gradient(each, before)
        return found

    @property
    def cuts(self) -> bool:
        """See `Rule.cuts`."""
        return True
