"""Brains as one would write them in plain PyTorch: loops under autograd, with a brain's weights.

All that reaches an area by receptive fields of one width is one product, of the sources side by
side. Losses are those of the brain, summed; autograd goes back through everything, end to end.
"""

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from areas import Area, Synapses
from areas.lstm import lstm_step
from areas.synapses import Bundle, Convolution
from brainmodel.brain import Brain


class Products(nn.Module):
    """Currents of several sources: for each width of receptive fields one product.

    Args:
        synapses: by source.
        bias: of the currents.
    """

    def __init__(self, synapses: Bundle, bias: Tensor):
        super().__init__()
        widths = {name: own.weight.shape[2:] for name, own in synapses.items()}
        self.sources = [
            [name for name in widths if widths[name] == width]
            for width in dict.fromkeys(widths.values())
        ]
        self.layers = nn.ModuleList(
            joined([synapses[name] for name in names], bias if k == 0 else None)
            for k, names in enumerate(self.sources)
        )

    def forward(self, signals: Mapping[str, Tensor]) -> Tensor:
        """Currents [batch, out, ...] of signals by source, [batch, in, ...]."""
        made = [
            layer(torch.cat([signals[name] for name in names], 1))
            for names, layer in zip(self.sources, self.layers, strict=True)
        ]
        return made[0] if len(made) == 1 else made[0] + made[1]


def joined(synapses: Sequence[Synapses], bias: Tensor | None) -> nn.Module:
    """One layer for synapses of several sources side by side, with a copy of their weights."""
    weight = torch.cat([own.weight.detach() for own in synapses], 1)
    outs, ins, biased = weight.shape[0], weight.shape[1], bias is not None
    if isinstance(synapses[0], Convolution):
        width = weight.shape[2]
        made: nn.Module = nn.Conv2d(ins, outs, width, padding=width // 2, bias=biased)
    else:
        made = nn.Linear(ins, outs, bias=biased)
    values = {"weight": weight} | ({} if bias is None else {"bias": bias.detach()})
    made.load_state_dict(values)
    return made.to(weight)


class PlainArea(nn.Module):
    """The weights of an area: of what reaches its units, and of what it predicts by."""

    def __init__(self, area: Area):
        super().__init__()
        assert area.predictor is not None
        self.units = area.units
        self.currents = Products(area.synapses, area.bias)
        self.predict = Products(area.predictor.synapses, area.predictor.bias)


class PlainChain(nn.Module):
    """LSTM areas in a row: rates go up and come down a step later, each area feels its errors.

    Args:
        brain: as `benchmarks.throughput.chain` makes it, dense or of maps.
    """

    def __init__(self, brain: Brain):
        super().__init__()
        names = list(brain.areas)
        self.areas = nn.ModuleDict({name: PlainArea(brain.area(name)) for name in names})
        self.above = dict(zip(names, names[1:], strict=False))

    def forward(self, seen: Tensor) -> tuple[list[Tensor], Tensor]:
        """Errors of all areas, [time, batch, ...] each, and the loss; of [time, batch, ...]."""
        areas = cast(Mapping[str, PlainArea], dict(self.areas.items()))
        rates = {n: seen.new_zeros(seen.shape[1], *a.units) for n, a in areas.items()}
        memories = dict(rates)
        errors: dict[str, list[Tensor]] = {name: [] for name in areas}
        for frame in seen:
            drive, before = frame, dict(rates)
            for name, area in areas.items():
                came = {"rate": before[name], "recurrent": before[name]}
                if name in self.above:
                    above = self.above[name]
                    came[f"{above}_{name}"] = grown(before[above], before[name])
                error = drive - area.predict(came)
                currents = area.currents(came | {"error": error}).chunk(4, 1)
                rates[name], memories[name] = lstm_step(*currents, memory=memories[name])
                errors[name].append(error)
                drive = rates[name] if drive.dim() == 2 else F.avg_pool2d(rates[name], 2)
        stacked = [torch.stack(own) for own in errors.values()]
        return stacked, torch.stack([error.square().mean() for error in stacked]).sum()


def grown(message: Tensor, like: Tensor) -> Tensor:
    """A message at the height and width of the units it reaches."""
    return message if message.dim() == 2 else F.interpolate(message, like.shape[2:])


class FlatMasked(nn.Module):
    """A dense chain as one network: one weight matrix of all units, and a mask where synapses are.

    So mRNNTorch has many regions. Each pathway takes a step, those that go up included.

    Args:
        brain: as `benchmarks.throughput.chain` makes it, dense, with a delay of 1.
    """

    def __init__(self, brain: Brain):
        super().__init__()
        areas = {name: brain.area(name) for name in brain.areas}
        units = _slices([area.units[0] for area in areas.values()])
        drives = self.drives = _slices([area.drive[0] for area in areas.values()])
        like = next(iter(areas.values())).bias
        self.synapses = Masked(4, units[-1].stop, drives[-1].stop + units[-1].stop, like)
        self.predictor = Masked(1, drives[-1].stop, units[-1].stop, like)
        for k, (name, area) in enumerate(areas.items()):
            assert area.predictor is not None
            whence = {"error": drives[k], "recurrent": _behind(units[k], drives[-1].stop)}
            hints = {"rate": units[k]}
            if k + 1 < len(areas):
                way = f"{list(areas)[k + 1]}_{name}"
                whence[way], hints[way] = _behind(units[k + 1], drives[-1].stop), units[k + 1]
            self.synapses.take(area.synapses, area.bias, units[k], whence)
            self.predictor.take(area.predictor.synapses, area.predictor.bias, drives[k], hints)

    def forward(self, seen: Tensor) -> tuple[list[Tensor], Tensor]:
        """Errors [time, batch, drive of all areas], and the loss; of [time, batch, drive]."""
        units = self.predictor.weight.shape[1]
        rate = memory = seen.new_zeros(seen.shape[1], units)
        synapses, predictor = self.synapses.masked(), self.predictor.masked()
        up = self.drives[-1].stop - self.drives[0].stop  # rates that go up: not of the highest
        errors = []
        for frame in seen:
            drive = torch.cat([frame, rate[:, :up]], 1)
            error = drive - F.linear(rate, predictor, self.predictor.bias)
            currents = F.linear(torch.cat([error, rate], 1), synapses, self.synapses.bias)
            rate, memory = lstm_step(*currents.chunk(4, 1), memory=memory)
            errors.append(error)
        stacked = torch.stack(errors)
        return [stacked], self.losses(stacked)

    def losses(self, error: Tensor) -> Tensor:
        """Mean squared error of each area, summed."""
        return torch.stack([error[:, :, own].square().mean() for own in self.drives]).sum()


class Masked(nn.Module):
    """One matrix, [kind * target, source], in which only some blocks are synapses."""

    mask: Tensor

    def __init__(self, kinds: int, target: int, source: int, like: Tensor):
        super().__init__()
        self.kinds = kinds
        self.weight = nn.Parameter(like.new_zeros(kinds * target, source))
        self.bias = nn.Parameter(like.new_zeros(kinds * target))
        self.register_buffer("mask", torch.zeros_like(self.weight))

    def take(
        self,
        synapses: Bundle,
        bias: Tensor,
        target: slice,
        whence: Mapping[str, slice],
    ) -> None:
        """Copy the synapses of one area, which reach `target` and come from slices by source."""
        split = (self.kinds, -1)
        self.bias.data.unflatten(0, split)[:, target] = bias.detach().unflatten(0, split)
        for name, source in whence.items():
            own = synapses[name].weight.detach().unflatten(0, split)
            self.weight.data.unflatten(0, split)[:, target, source] = own
            self.mask.unflatten(0, split)[:, target, source] = 1.0

    def masked(self) -> Tensor:
        """The weights of the synapses that there are."""
        return self.weight * self.mask


def _slices(sizes: Sequence[int]) -> list[slice]:
    ends = list(accumulate(sizes))
    return [slice(end - size, end) for size, end in zip(sizes, ends, strict=True)]


def _behind(place: slice, by: int) -> slice:
    return slice(place.start + by, place.stop + by)


class PlainDefault(nn.Module):
    """The four areas of configs/default.yaml.

    Args:
        brain: of that config.
    """

    def __init__(self, brain: Brain):
        super().__init__()
        self.V1, self.LM, self.AL, self.PM = (
            PlainArea(brain.area(name)) for name in ("V1", "LM", "AL", "PM")
        )
        self.retina = brain.route("eye_V1")

    def forward(self, frames: Tensor) -> tuple[list[Tensor], Tensor]:
        """Errors of V1, AL, LM and PM, [time, batch, ...] each, and the loss."""
        seen = self.retina(frames.flatten(0, 1)).unflatten(0, frames.shape[:2])
        new, batch = frames.new_zeros, frames.shape[1]
        v1, lm, al, pm = (new(batch, *a.units) for a in (self.V1, self.LM, self.AL, self.PM))
        lagged, foretold = torch.zeros_like(seen[0]), new(batch, v1.shape[1], *lm.shape[2:])
        al_error = new(batch, seen.shape[2], *al.shape[2:])
        errors: list[list[Tensor]] = [[], [], [], []]
        rates: list[Tensor] = []
        for frame in seen:
            before, below = {"rate": lm, "recurrent": lm}, pm[:, :, None, None].expand(-1, -1, 8, 8)
            hints = {"lagged_V1": lagged, "LM_V1": twice(foretold), "AL_V1": twice(al_error)}
            hints |= {"rate": v1, "recurrent": v1}
            v1_error = frame - self.V1.predict(hints)
            v1 = F.relu6(self.V1.currents(hints | {"drive": frame}))
            lagged = frame

            hints = {"rate": al, "recurrent": al, "PM_AL": below, "LM_AL": lm}
            drive = F.avg_pool2d(v1_error, 2)
            al_error = drive - self.AL.predict(hints)
            al = 0.5 * al + 0.5 * F.relu6(self.AL.currents(hints | {"drive": drive}))

            hints = before | {"PM_LM": below}
            drive = F.avg_pool2d(v1, 2)
            foretold = self.LM.predict(hints)
            lm_error = drive - foretold
            lm = F.relu6(self.LM.currents(hints | {"drive": drive}))

            drive = torch.cat([F.avg_pool2d(part, 4).flatten(1) for part in (al_error, lm)], 1)
            pm_error = drive - self.PM.predict({"rate": pm})
            pm_current = self.PM.currents({"drive": drive, "recurrent": pm})
            pm = 0.7 * pm + 0.3 * F.relu6(pm_current)
            rates.append(v1)
            for own, error in zip(errors, (v1_error, al_error, lm_error, pm_error), strict=True):
                own.append(error)
        stacked = [torch.stack(own) for own in errors]
        loss = stacked[0].abs().mean() + 0.03 * torch.stack(rates).abs().mean()
        return stacked, loss + torch.stack([e.square().mean() for e in stacked[1:]]).sum()


def twice(message: Tensor) -> Tensor:
    """A map of twice the height and width."""
    return F.interpolate(message, scale_factor=2.0)
