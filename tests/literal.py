"""The brain once more, from its definition: the oracle of the roll-out and of every gradient.

No buffers, no windows, no order of areas: what an area does at step t is a function of what areas
did before, found by recursion, and every gradient is torch's own. A message of delay d is the
signal d steps ago, unless there was none or the stream was reset since. A state before step t is
zero where the stream is reset at t.

Learning over windows is told by three things: from which step on gradients are asked for
(`first`), whether they cross pathways (`local`), and how many steps before `first` an area's own
state remembers (`memory`, 0 for truncated backpropagation).
"""

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

from areas import Area
from brainmodel.brain import Brain
from brainmodel.environments import Reply
from brainmodel.pathways import GainFields, PresynapticInhibition
from objectives import Activity
from tests.literal_cells import Values, ends, equation, statistics


def synapse(weight: Tensor, source: Tensor) -> Tensor:
    if weight.dim() == 2:
        return torch.einsum("oi,bi->bo", weight, source)
    return F.conv2d(source, weight, padding=weight.shape[-1] // 2)


def wide(values: Tensor, like: Tensor) -> Tensor:
    return values.view(-1, *[1] * (like.dim() - 1))


def adapt(adapter, signal: Tensor) -> Tensor:
    """What an adapter does, in other words than its own."""
    match type(adapter).__name__:
        case "Pool":
            return F.avg_pool2d(signal, adapter.factor)
        case "MaxPool":
            size = [n // adapter.factor for n in signal.shape[2:]]
            squares = [k for n in size for k in (n, adapter.factor)]
            return signal.reshape(*signal.shape[:2], *squares).amax((3, 5))
        case "LearntMix":
            bias = adapter.bias.view(-1, *[1] * (signal.dim() - 2))
            mixed = synapse(adapter.synapses["signal"].weight, signal) + bias
            return mixed if adapter.activation is None else adapter.activation(mixed)
        case "Upsample":
            maps = signal.reshape(*signal.shape, *[1] * (4 - signal.dim()))
            doubled = maps.repeat_interleave(adapter.factor, 2)
            return doubled.repeat_interleave(adapter.factor, 3)
        case "Flatten":
            return signal.flatten(1)
        case "Mix":
            return torch.stack(
                [sum(w * signal[:, k] for k, w in enumerate(row)) for row in adapter.weight],  # type: ignore[misc]
                dim=1,
            )
    return adapter(signal)


def gained(fields: GainFields, signal: Tensor, movement: Tensor) -> Tensor:
    """Each channel times the share of each cell, cell by cell, row by row of the grid."""
    grid = [k * fields.spacing for k in range(-fields.reach, fields.reach + 1)]
    near = [
        torch.exp(
            -((movement[:, 0] - x) ** 2 + (movement[:, 1] - y) ** 2)
            / (2 * (fields.width * fields.spacing) ** 2)
        )
        for y in grid
        for x in grid
    ]
    return torch.cat([signal * wide(rate / sum(near), signal) for rate in near], dim=1)


def opened(gate: PresynapticInhibition, rate: Tensor) -> Tensor:
    """How far each gate is open: 1 / (1 + exp(-p))."""
    for adapter in gate.route.adapters:  # type: ignore[union-attr]
        rate = adapt(adapter, rate)
    bias = gate.bias.view(-1, *[1] * (rate.dim() - 2))
    potential = synapse(gate.synapses["rate"].weight, rate) + bias
    return 1 / (1 + torch.exp(-potential))


class Literal:
    """A brain's course through a stream.

    Args:
        brain: whose structure and parameters are used; not a line of its stepping is.
        inputs: by name, [time, batch, ...].
        reset: [time, batch].
        local: whether gradients stop where they would cross a pathway.
        cut: by area, whether the way of its rates into its currents is hidden.
        first: step from which on gradients are asked for.
        memory: by area, how many steps before `first` its own state can be credited with.
        gains: of the units of areas and of what arrives over pathways, by name, [time, batch, ...].
    """

    def __init__(
        self,
        brain: Brain,
        inputs: Mapping[str, Tensor],
        reset: Tensor,
        local: bool = False,
        cut: Callable[[str], bool] = lambda area: False,
        first: int = 0,
        memory: Callable[[str], float] = lambda area: math.inf,
        gains: Mapping[str, Tensor] | None = None,
    ):
        self.brain, self.inputs, self.reset = brain, inputs, reset
        self.local, self.cut, self.first, self.memory = local, cut, first, memory
        self.gains = gains or {}
        self.done: dict[tuple[str, int], Values] = {}
        self.found: dict[tuple[str, int], Values] = {}
        self.replies: dict[tuple[str, int], Reply] = {}

    def message(self, name: str, t: int) -> Tensor:
        """What arrives over a pathway at step t."""
        pathway, route = self.brain.pathways[name], self.brain.route(name)
        delay = pathway.delay
        if delay is None:
            to_world = pathway.target in self.brain.environments
            delay = 0 if pathway.kind == "feedforward" and not to_world else 1
        if t < delay:
            like = next(iter(self.inputs.values()))
            return like.new_zeros(like.shape[1], *route.shape)
        if pathway.source in self.brain.environments:
            replied = self.replied(pathway.source, t - delay)
            signal = replied.observation
            if pathway.signal == "reward":
                signal = replied.reward.unsqueeze(1)
            if self.local or t - delay < self.first:
                signal = signal.detach()
        elif pathway.source in self.inputs:
            signal = self.inputs[pathway.source][t - delay]
        else:
            compared = pathway.carries in ("prediction", "error")
            act = self.compared if compared else self.at
            name_of = pathway.carries if compared else f"state.{pathway.carries}"
            signal = act(pathway.source, t - delay)[name_of]
            if pathway.read_out is not None:
                signal = self.read_out(pathway.source, pathway.read_out, signal)
            acts = pathway.target in self.brain.environments  # one step back is local
            if (self.local and not acts) or t - delay < self.first:
                signal = signal.detach()
        for adapter in route.adapters:
            signal = adapt(adapter, signal)
        if pathway.gain is not None:
            signal = gained(pathway.gain, signal, self.inputs[pathway.gain.by][t - delay])
        lost = self.reset[t - delay + 1 : t + 1].any(dim=0)
        arrived = signal * wide((~lost).to(signal.dtype), signal)
        arrived = self.changed(name, t, arrived)
        if pathway.gate is None:
            return arrived
        rate = self.state(pathway.gate.by, t)["rate"]
        if self.local or t - 1 < self.first:
            rate = rate.detach()
        return arrived * opened(pathway.gate, rate)

    def changed(self, name: str, t: int, arrived: Tensor) -> Tensor:
        """What arrives over a pathway at step t, from what would without anybody's doing."""
        return arrived * self.gains[name][t] if name in self.gains else arrived

    def read_out(self, area: str, objective: str, rate: Tensor) -> Tensor:
        """What an objective reads out of rates."""
        own = self.brain.get_submodule(f"objectives.{area}.{objective}")
        (linear,) = [part for part in own.modules() if isinstance(part, torch.nn.Linear)][:1]
        return rate @ linear.weight.T + linear.bias

    def replied(self, name: str, t: int) -> Reply:
        """What an environment replied at step t."""
        if (name, t) not in self.replies:
            ways = [n for n, p in self.brain.pathways.items() if p.target == name]
            heard = sum(self.message(n, t) for n in ways)
            world, drawn = self.brain.environments[name], self.inputs[name][t]
            state = world.begin(torch.zeros_like(drawn) if t == 0 else drawn)
            if t > 0:
                fields = zip(state, self.replied(name, t - 1).state, strict=True)
                new = (torch.where(wide(self.reset[t], o), b, o) for b, o in fields)
                state = type(state)(*new)
            elif self.reset[0].any():
                begun = zip(state, world.begin(drawn), strict=True)
                state = type(state)(*(torch.where(wide(self.reset[0], o), b, o) for o, b in begun))
            if t == self.first or self.local:
                state = type(state)(*(field.detach() for field in state))
            self.replies[name, t] = world.step(state, heard, drawn)  # type: ignore[arg-type]
        return self.replies[name, t]

    def state(self, name: str, t: int) -> Values:
        """The state of an area as step t finds it."""
        area, batch = self.brain.area(name), self.reset.shape[1]
        if t == 0:
            zeros = area.bias.new_zeros(batch, *area.units)
            return dict.fromkeys(area.cell.state._fields, zeros)  # type: ignore[attr-defined]
        before = self.at(name, t - 1)
        stays = {field: before[f"state.{field}"] for field in area.cell.state._fields}  # type: ignore[attr-defined]
        keep = (~self.reset[t]).to(area.bias.dtype)
        stays = {field: value * wide(keep, value) for field, value in stays.items()}
        if t <= self.first - self.memory(name):
            stays = {field: value.detach() for field, value in stays.items()}
        return stays

    def at(self, name: str, t: int) -> Values:
        """What an area did at step t."""
        for s in range(t):
            if (name, s) not in self.done:
                self.at(name, s)
        if (name, t) not in self.done:
            self.done[name, t] = self._at(name, t)
        return self.done[name, t]

    def compared(self, name: str, t: int) -> Values:
        """What it predicted, saw and missed at step t, before its units moved."""
        if (name, t) not in self.found:
            self.found[name, t] = self._compared(name, t)
        return self.found[name, t]

    def arrived(self, name: str, t: int, onto: str) -> Values:
        """What comes at step t to the "units" or the "predictor", or makes up the "drive"."""
        came = {}
        for n, p in sorted(self.brain.pathways.items()):
            ends = ["drive"] if p.kind == "feedforward" else p.onto or ()
            if p.target == name and onto in ends:
                came[n] = self.message(n, t)
                if t < self.first:  # of the past only the area's own synapses can be credited
                    came[n] = came[n].detach()
        return came

    def _compared(self, name: str, t: int) -> Values:
        drive = torch.cat(list(self.arrived(name, t, "drive").values()), dim=1)
        hints, rate = self.arrived(name, t, "predictor"), self.state(name, t)["rate"]
        prediction = predict(self.brain.area(name), rate, hints, drive)
        error = missed(self.brain.area(name).comparison, drive, prediction, self.reset[t])
        return {"drive": drive, "prediction": prediction, "error": error}

    def _at(self, name: str, t: int) -> Values:
        area, state, shown = self.brain.area(name), self.state(name, t), self.compared(name, t)
        drive, prediction = shown["drive"], shown["prediction"]
        hidden = self.cut(name)
        felt = shown["error"]
        if hidden:
            felt = missed(area.comparison, drive, prediction.detach(), self.reset[t])
        emitted = state[area.cell.emitted]
        emitted = emitted.detach() if hidden else emitted
        sources = {"drive": drive, "error": felt, "recurrent": emitted}
        currents = synaptic(area, sources | self.arrived(name, t, "units"))
        currents |= statistics(area.cell, currents, hidden)
        after = equation(area.cell, currents, state)
        if name in self.gains:
            sent = {"rate", area.cell.emitted}
            after = {n: self.gains[name][t] * v if n in sent else v for n, v in after.items()}
        return shown | {"rate": after["rate"]} | {f"state.{n}": v for n, v in after.items()}

    def activity(self, name: str, first: int = 0, last: int | None = None) -> Activity:
        """What an area did from step `first` to the step before `last`."""
        steps = range(first, len(self.reset) if last is None else last)
        for t in range(steps.stop):  # in order, so that the recursion stays flat
            for area in self.brain.areas:
                self.at(area, t)
        series = [torch.stack([self.at(name, t)[k] for t in steps]) for k in Activity._fields[:4]]
        labels = {}
        for world in self.brain.environments:
            told = [self.replied(world, t) for t in steps]
            told = [{"reward": one.reward} | one.labels for one in told]
            labels = {n: torch.stack([one[n] for one in told]) for n in told[0]}
        return Activity(*series, valid=~self.reset[steps.start : steps.stop], labels=labels)


def predict(area: Area, rate: Tensor, messages: Values, drive: Tensor) -> Tensor:
    """u_hat = phi( P_rate h + sum_m P_m m + b )."""
    if area.predictor is None:
        return torch.zeros_like(drive)
    total = area.predictor.bias.view(-1, *[1] * (drive.dim() - 2)).expand_as(drive)
    for name, source in {"rate": rate, **messages}.items():
        total = total + synapse(area.predictor.synapses[name].weight, source)
    return total if area.predictor.activation is None else area.predictor.activation(total)


def missed(comparison, drive: Tensor, prediction: Tensor, begins: Tensor) -> Tensor:
    """The errors of a step, in other words than the comparison's own."""
    match type(comparison).__name__:
        case "Signed":
            error = drive - prediction
        case "Split":
            less, none = drive > prediction, torch.zeros_like(drive)
            low, high = drive - prediction, prediction - drive
            error = torch.cat([torch.where(less, low, none), torch.where(less, none, high)], 1)
        case "Divisive":
            error = drive * (comparison.floor + prediction) ** -1
        case _:
            error = comparison(drive, prediction)
    return error * wide((~begins).to(error.dtype), error) if comparison.lead_in else error


def synaptic(area: Area, sources: Values) -> Values:
    """Each current on its own: its bias and what each source that reaches it makes."""
    cell, units = area.cell, area.units[0]
    felt = tuple(name for name in cell.currents if name not in (*cell.tonic, *cell.constants))
    currents = {}
    for k, name in enumerate(cell.currents):
        place = slice(k * units, (k + 1) * units)
        bias = torch.cat([area.bias, area.constants])[place]
        bias = bias.view(-1, *[1] * (len(area.units) - 1))
        total = bias.expand(len(next(iter(sources.values()))), *area.units)
        for source in area.synapses:
            told = cell.currents[area.reach(source)]  # fewer, where a projection ends on fewer
            reached = [n for n in ends(cell, source) or felt if n in told]
            if name in reached:
                place = reached.index(name) * units
                weight = area.synapses[source].weight[place : place + units]
                total = total + synapse(weight, sources[source])
        currents[name] = total
    return currents
