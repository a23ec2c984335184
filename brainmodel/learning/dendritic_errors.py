"""Dendritic errors: synapses learn what their dendrite did not foresee.

    onto basal dendrites                change_ij = eta sum_t ( r_i(t) - phi( u*_i(t) ) ) x_j(t)
    of own units onto apical ones       change_ij = eta sum_t ( 0 - v_a,i(t) ) x_j(t)

r = phi(u) is the rate, u* = k v_b the potential that the basal dendrite foresees, v_a the apical
potential (`areas.Dendritic`), x what comes to the synapse. By the first, interneurons come to do
what the units that teach them do, and pyramidal units what their apical dendrites ask for. By the
second, interneurons come to cancel what an apical dendrite hears from above, as far as it can be
foreseen from below: then the apical potential is 0, and what is not foreseen is an error there.
What messages bring onto apical dendrites, and what teaches, stays as it is. No derivative of a loss
reaches the units. The gradients given are minus the change over eta, as means over steps and
streams.

A bias is a synapse whose x is 1; those of apical dendrites rest. The area's predictor learns from
its error as with every rule. Areas of one cell `Dendritic`, or of populations of such cells alone.

Source: Sacramento, Costa, Bengio & Senn (2018), "Dendritic cortical microcircuits approximate the
backpropagation algorithm", arXiv:1810.11393, section 2, with a resting potential of 0. Past-facing,
deterministic, closed form. Time per step O(N M), no memory.
"""

import torch
from torch import Tensor

from areas import Area, Dendritic, Populations
from areas.keys import BIAS, of_units
from areas.record import Record, flat
from areas.shapes import PerUnitSteps
from brainmodel.learning.credit.synaptic_gradients import predictor_gradients
from brainmodel.learning.learning_signal import LearningSignal, modulated, unit_signals
from brainmodel.learning.rule import Criteria, Gradients, Memory, Rule


class DendriticErrors(Rule):
    """Rate less dendritic prediction, and apical potential, times presynaptic signal.

    Scope `Global`, which differentiates, has the derivative through the unit's own state instead.

    Args:
        lateral: factor of what own units' synapses onto apical dendrites learn, above 0. Optimizers
            that rescale each weight's changes, such as Adam, undo it.

    Raises:
        ValueError: for a factor out of its range; in `build`, for cells without such dendrites.
    """

    criteria = Criteria("past", "none", stochastic=False, closed_form=True, time="N M", memory="0")
    keeps_apart = True

    def __init__(self, lateral: float = 1.0):
        super().__init__()
        if not 0 < lateral < float("inf"):
            raise ValueError(f"rule.lateral: need a factor above 0, got {lateral}")
        self.lateral = lateral
        self.resting: set[str] = set()

    def build(self, area: Area) -> None:
        """See `Rule.build`."""
        _dendritic(area)
        above = [name for name in area.synapses if area.reach(name).start > 0]
        self.resting = {of_units(name) for name in above if name != "recurrent"}

    def plastic(self, key: str) -> bool:
        """See `Rule.plastic`; synapses of messages that end on apical dendrites alone are not."""
        return key not in self.resting

    def gradients(
        self, area: Area, record: Record, signal: LearningSignal, memory: Memory
    ) -> Gradients:
        """See `Rule.gradients`."""
        _, _, potential_bar = unit_signals(area, record, signal)
        basal, apical = (
            modulated(part, signal.level) / -(part.shape[0] * part.shape[1])
            for part in dendritic_errors(area, record)
        )
        rest = torch.zeros_like(apical)
        found = {of_units(BIAS): _summed(torch.cat([basal, rest], 2))}
        for name, synapses in area.synapses.items():
            if of_units(name) not in self.resting:
                outer = self.lateral * apical if name == "recurrent" else rest
                post = torch.cat([basal, outer], 2)[:, :, area.reached(name)]
                found[of_units(name)] = synapses.gradient(flat(record.source(name)), flat(post))
        return found | predictor_gradients(area, record, potential_bar)

    @property
    def cuts(self) -> bool:
        """See `Rule.cuts`."""
        return True


def dendritic_errors(area: Area, record: Record) -> tuple[PerUnitSteps, PerUnitSteps]:
    """What units did beyond what their basal dendrites foresaw, and minus the apical potentials.

    The latter are 0 where a unit is taught.

    Args:
        area: of units with dendrites.
        record: what happened over some steps.
    """
    units, somatic = area.units[0], record.fields["somatic"][1:]
    basal, apical = record.currents[:, :, : 2 * units].chunk(2, 2)
    beyond, told = torch.empty_like(somatic), torch.zeros_like(somatic)
    for cell, at in _dendritic(area):
        foreseen = cell.activation(cell.share * basal[:, :, at])
        beyond[:, :, at] = cell.activation(somatic[:, :, at]) - foreseen
        if not cell.taught:
            told[:, :, at] = -apical[:, :, at]
    return beyond, told


def _summed(signal: PerUnitSteps) -> Tensor:
    """Over steps, streams and, on maps, places."""
    return flat(signal).transpose(0, 1).flatten(1).sum(1)


def _dendritic(area: Area) -> list[tuple[Dendritic, slice]]:
    """The cells of an area and where their units lie, if all are units with dendrites."""
    cells = {"": area.cell}
    places = {"": slice(0, area.units[0])}
    if isinstance(area.cell, Populations):
        cells = {name: population.cell for name, population in area.cell.of.items()}
        places = area.cell.places(area.units[0])
    found = []
    for name, cell in cells.items():
        if not isinstance(cell, Dendritic):
            who = f"{type(cell).__name__} in {name}" if name else type(cell).__name__
            raise ValueError(
                f"rule DendriticErrors: needs cells with dendrites, areas.Dendritic, got {who}; "
                "use EProp"
            )
        found.append((cell, places[name]))
    return found
