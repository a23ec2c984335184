"""Steps of a dense area, linearised about what happened: the Jacobian J and the influence F.

The STATE of an area, as far as learning follows it, is the vector s of its rates and of the fields
that its cell carries besides, side by side [field * unit]. Its TARGETS y are what its parameters
make directly: its currents and, where it feels its prediction error, the potential of its
predictor [current * unit (+ drive)]. Each target is a sum over SOURCES x, the presynaptic signals
side by side and a 1 for the biases, y = W x, so that every parameter has a target and a source.

    ds(t) = J(t) ds(t-1) + F(t) dy(t),     dy(t) = dW x(t)

J holds every way from one step to the next: the units' own states, the recurrent synapses and the
loop h(t-1) -> prediction -> error -> currents.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from areas import Area
from brainmodel.learning.rule import Gradients, Record, flat


class Linear:
    """J and F of some steps, one after the other or all at once; none is ever written out.

    Args:
        area: the area, a dense one.
        by_currents: derivative of each field after the step by each current of its own unit,
            [step, field, current, unit].
        by_fields: by each field before the step, [step, field after, field before, unit].
        slope: of the predictor's activation, [step, drive]; None if the error is not felt.
        keep: 0 where the stream was reset before the step, [step]; None if none was.
    """

    def __init__(
        self,
        area: Area,
        by_currents: Tensor,
        by_fields: Tensor,
        slope: Tensor | None,
        keep: Tensor | None,
    ):
        self.area = area
        self.parts = (by_currents, by_fields, slope, keep)
        self.by_currents, self.by_fields, self.slope, self.keep = self.parts
        self.state = by_fields.shape[1] * by_fields.shape[3]
        self.currents = by_currents.shape[2] * by_currents.shape[3]
        self.targets = self.currents + (0 if slope is None else slope.shape[1])

    def split(self, count: int) -> "Iterator[Linear]":
        """The steps in so many parts, in order."""
        chunks = [[None] * count if p is None else p.chunk(count) for p in self.parts]
        for by_currents, by_fields, slope, keep in zip(*chunks, strict=True):
            assert by_currents is not None and by_fields is not None
            yield Linear(self.area, by_currents, by_fields, slope, keep)

    def jacobian(self, columns: Tensor) -> Tensor:
        """J times columns [step, field * unit, column]."""
        columns = _times(columns, self.keep)
        fields = columns.unflatten(1, (self.by_fields.shape[1], -1))
        own = torch.einsum("sofu,sfuk->souk", self.by_fields, fields).flatten(1, 2)
        return own + self._felt(self._mixed(fields[:, 0]))

    def influence(self, columns: Tensor) -> Tensor:
        """F times columns [step, target, column]."""
        currents = columns[:, : self.currents]
        if self.slope is not None:
            currents = currents.clone()
            self._judge(columns[:, self.currents :], currents)
        return self._felt(currents)

    def credit(self, bar: Tensor) -> Tensor:
        """F transposed: derivatives by the targets [step, target] from those by the state."""
        fields = bar.unflatten(1, (self.by_fields.shape[1], -1))
        currents_bar = torch.einsum("socu,sou->scu", self.by_currents, fields).flatten(1)
        if self.slope is None:
            return currents_bar
        return torch.cat([currents_bar, self._blame(currents_bar)], dim=1)

    def back(self, bar: Tensor) -> Tensor:
        """J transposed: derivatives by the state before the step from those after it."""
        area, currents_bar = self.area, self.credit(bar)
        fields = bar.unflatten(1, (self.by_fields.shape[1], -1))
        before = torch.einsum("sofu,sou->sfu", self.by_fields, fields).clone()
        recurrent = currents_bar[:, : self.currents][:, area.reached("recurrent")]
        before[:, 0] += area.synapses["recurrent"].transpose(recurrent)
        if self.slope is not None:
            assert area.predictor is not None
            share = currents_bar[:, self.currents :]
            before[:, 0] += area.predictor.synapses["rate"].transpose(share)
        return _times(before.flatten(1), self.keep)

    def _mixed(self, rates: Tensor) -> Tensor:
        """The currents [step, current * unit, column] that rates [step, unit, column] make."""
        area = self.area
        currents = rates.new_zeros(rates.shape[0], self.currents, rates.shape[2])
        currents[:, area.reached("recurrent")] = area.synapses["recurrent"].weight @ rates
        if self.slope is not None:
            assert area.predictor is not None
            self._judge(area.predictor.synapses["rate"].weight @ rates, currents)
        return currents

    def _judge(self, potential: Tensor, currents: Tensor) -> None:
        """Add to the currents what potentials of the predictor take from them."""
        assert self.slope is not None
        weight = self.area.synapses["error"].weight
        currents[:, self.area.reached("error")] -= weight @ (self.slope[..., None] * potential)

    def _blame(self, currents_bar: Tensor) -> Tensor:
        """`_judge` transposed."""
        assert self.slope is not None
        felt = currents_bar[:, self.area.reached("error")]
        return -self.slope * self.area.synapses["error"].transpose(felt)

    def _felt(self, currents: Tensor) -> Tensor:
        """What currents do to the state, unit by unit."""
        split = currents.unflatten(1, (self.by_currents.shape[2], -1))
        return torch.einsum("socu,scuk->souk", self.by_currents, split).flatten(1, 2)


def linearise(area: Area, record: Record) -> Linear:
    """All steps of a record at once, time and streams as one dimension."""
    cell, names = area.cell, area.dynamics.outputs
    currents = flat(record.currents)[None].contiguous()
    befores = [flat(record.before(name))[None].contiguous() for name in cell.carried]
    still = torch.zeros_like(flat(record.fields["rate"][1:]))
    by_currents, by_fields = [], []
    for name in names:
        bars = {field: torch.full_like(still, float(field == name)) for field in cell.carried}
        rate_bar = torch.full_like(still, float(name == "rate" and name not in bars))
        reverse = area.dynamics.reverse(currents, befores, rate_bar[None], list(bars.values()))
        reverse.step(0)
        by_currents.append(reverse.currents_bar[0].unflatten(1, (len(cell.currents), -1)))
        by_fields.append(torch.stack([bars.get(field, still) for field in names], dim=1))
    slope = None
    if "error" in area.afferents:
        assert area.predictor is not None
        potential = flat(record.potential)
        slope = area.predictor.slope(potential, torch.ones_like(potential))
    keep = None if record.keep is None else flat(record.keep)
    return Linear(area, torch.stack(by_currents, 1), torch.stack(by_fields, 1), slope, keep)


def presynaptic(area: Area, record: Record) -> Tensor:
    """The sources x(t), [time, batch, source]."""
    signals = [record.source(name) for name in area.synapses]
    return torch.cat([*signals, torch.ones_like(record.currents[..., :1])], dim=2)


def places(area: Area) -> dict[str, tuple[slice, slice]]:
    """By parameter, which targets and which sources it joins."""
    columns, first = {}, 0
    for name, synapses in area.synapses.items():
        columns[name] = slice(first, first + synapses.weight.shape[1])
        first = columns[name].stop
    one, currents = slice(first, first + 1), area.bias.shape[0]
    found = {"bias": (slice(0, currents), one)}
    for name in area.synapses:
        found[f"synapses.{name}.weight"] = (area.reached(name), columns[name])
    if area.predictor is not None and "error" in area.afferents:
        judged = slice(currents, currents + area.drive[0])
        found["predictor.bias"] = (judged, one)
        for name in area.predictor.synapses:
            source = columns["recurrent" if name == "rate" else name]
            found[f"predictor.synapses.{name}.weight"] = (judged, source)
    return found


def size(area: Area) -> tuple[int, int, int]:
    """Of state, targets and sources."""
    joined = places(area).values()
    targets, sources = (max(place[k].stop for place in joined) for k in (0, 1))
    return len(area.dynamics.outputs) * area.units[0], targets, sources


def parameters(area: Area, table: Tensor) -> Gradients:
    """Gradients by name from a table [target, source]; what belongs to no synapse is left out."""
    named = dict(area.named_parameters())
    return {
        name: table[rows, columns].reshape(named[name].shape)
        for name, (rows, columns) in places(area).items()
    }


def add(found: Gradients, more: Gradients) -> Gradients:
    """The sum of two sets of gradients."""
    return found | {n: found[n] + g if n in found else g for n, g in more.items()}


def of_rates(area: Area, rate_bar: Tensor) -> Tensor:
    """Derivatives by the state [..., field * unit] from those by the rates [..., unit]."""
    rest = (len(area.dynamics.outputs) - 1) * area.units[0]
    return torch.nn.functional.pad(rate_bar, (0, rest))


def of_fields(area: Area, state_bar: dict[str, Tensor], like: Tensor) -> Tensor:
    """Derivatives by the state from those by field, [batch, units]; zeros where there is none."""
    empty = like.new_zeros(like.shape[0], area.units[0])
    return torch.cat([state_bar.get(name, empty) for name in area.dynamics.outputs], dim=1)


def require_dense(area: Area, rule: str, instead: str) -> None:
    """Refuse maps.

    Raises:
        ValueError: naming the rule, its units and what to use instead.
    """
    if len(area.units) > 1:
        raise ValueError(
            f"rule {rule}: needs dense units, got maps {list(area.units)}; use {instead}"
        )


def _times(values: Tensor, keep: Tensor | None) -> Tensor:
    """values [step, ...] times keep [step]."""
    return values if keep is None else values * keep.view(-1, *[1] * (values.dim() - 1))
