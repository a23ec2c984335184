"""PredNet: what a step of training takes beside the same network in plain PyTorch.

The network of configs/prednet.yaml, (3, 48, 96, 192) channels on 64 x 64 pixels, 4 streams, 10
steps, in four ways, in turn, on one thread:

    plain       Algorithm 1 of Lotter et al. (2017) as a loop, its gates one convolution of all
                that reaches them, under autograd
    Global      the brain of the config, end to end: the same gradient
    Local       every layer for errors of its own by e-prop, its drive as given; convolutions
                between layers stay as they were drawn
    Adjacent    the same, learning signals crossing one pathway, convolutions between layers learnt

and by PyTorch's profiler which operations take the time of the first two. Ratios travel from
machine to machine, times do not.

    python -m benchmarks.prednet --out runs/benchmarks/prednet
"""

from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from areas import HardLSTM, Predictor, Split
from areas.activation import Activation
from benchmarks._results import Figure, arguments, write
from benchmarks.cells import in_turn
from benchmarks.circuits import training_step
from brainmodel.brain import AreaPlan, Brain
from brainmodel.learning import BPTT, EProp, Rule
from brainmodel.pathways import LearntMix, MaxPool, Pathway
from brainmodel.scopes import Adjacent, Global, Local, Scope
from objectives import SplitError

CHANNELS, SIZE = (3, 48, 96, 192), 64
STREAMS, STEPS = 4, 10


class PlainPredNet(nn.Module):
    """The network as one would write it down: a loop, and four gates in one convolution.

    Args:
        channels: of the layers, from the lowest up.
    """

    def __init__(self, channels: tuple[int, ...]):
        super().__init__()
        above = (*channels[1:], 0)
        self.channels = channels

        def conv(source: int, target: int) -> nn.Conv2d:
            return nn.Conv2d(source, target, 3, padding=1)

        pairs = list(zip(channels, above, strict=True))
        self.gates = nn.ModuleList(conv(3 * c + up, 4 * c) for c, up in pairs)
        self.predicts = nn.ModuleList(conv(c, c) for c in channels)
        self.ascends = nn.ModuleList(conv(2 * c, up) for c, up in pairs[:-1])

    def forward(self, frames: Tensor) -> Tensor:
        """Errors of the lowest layer, [time, batch, 2 * channel, ...], of such frames."""
        errors, rates, cells = self._start(frames)
        missed = []
        for frame in frames:
            for k in reversed(range(len(self.channels))):
                x = [errors[k], rates[k]]
                if k + 1 < len(self.channels):
                    x.append(F.interpolate(rates[k + 1], scale_factor=2.0, mode="nearest"))
                i, f, g, o = self.gates[k](torch.cat(x, 1)).chunk(4, 1)
                i, f, o = (torch.clamp(0.2 * gate + 0.5, 0, 1) for gate in (i, f, o))
                cells[k] = f * cells[k] + i * torch.tanh(g)
                rates[k] = o * torch.tanh(cells[k])
            drive = frame
            for k in range(len(self.channels)):
                prediction = F.relu(self.predicts[k](rates[k]))
                prediction = prediction.clamp(max=1.0) if k == 0 else prediction
                errors[k] = torch.cat([F.relu(drive - prediction), F.relu(prediction - drive)], 1)
                if k + 1 < len(self.channels):
                    drive = F.max_pool2d(F.relu(self.ascends[k](errors[k])), 2)
            missed.append(errors[0])
        return torch.stack(missed)

    def _start(self, frames: Tensor) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
        sizes = [(c, *(n // 2**k for n in frames.shape[3:])) for k, c in enumerate(self.channels)]
        zeros = [frames.new_zeros(frames.shape[1], *size) for size in sizes]
        return [torch.cat([zero, zero], 1) for zero in zeros], list(zeros), list(zeros)


def brain_of(scope: Scope, rule: Callable[[], Rule]) -> Brain:
    """The brain of configs/prednet.yaml, of larger frames, by another scope and rule."""
    everywhere = not isinstance(scope, Global)
    areas, ways = {}, {"eye_A0": Pathway("eye", "A0")}
    for k, channels in enumerate(CHANNELS):
        activation = cast(Activation, nn.Hardtanh(0.0, 1.0) if k == 0 else torch.relu)
        objectives: dict[str, Any] = {"errors": SplitError()} if everywhere or k == 0 else {}
        predictor = Predictor(activation, comparison=Split(lead_in=True))
        size = [channels, SIZE // 2**k, SIZE // 2**k]
        areas[f"A{k}"] = AreaPlan(HardLSTM(), size, rule(), objectives, predictor)
        if k:
            mix = LearntMix(channels, activation=torch.relu)
            low, high = f"A{k - 1}", f"A{k}"
            if isinstance(scope, Local):
                mix.requires_grad_(False)
            ways[f"{low}_{high}"] = Pathway(
                low, high, "feedforward", "error", None, [mix, MaxPool()]
            )
            ways[f"{high}_{low}"] = Pathway(
                high, low, "feedback", "rate", 0, onto=["units"], kernel=3
            )
    return Brain(areas, ways, {"eye": [CHANNELS[0], SIZE, SIZE]}, scope)


def contenders() -> dict[str, Callable[[], None]]:
    """A step of training each way."""
    frames = torch.rand(STEPS, STREAMS, CHANNELS[0], SIZE, SIZE)
    plain = PlainPredNet(CHANNELS)
    optimizer = torch.optim.Adam(plain.parameters(), lr=1e-5)

    def literal() -> None:
        optimizer.zero_grad()
        plain(frames).mean().backward()
        optimizer.step()

    found: dict[str, Callable[[], None]] = {"plain": literal}
    ways: dict[str, tuple[Scope, Callable[[], Rule]]] = {
        "Global": (Global(), BPTT),
        "Local": (Local(), EProp),
        "Adjacent": (Adjacent(), EProp),
    }
    for name, (scope, rule) in ways.items():
        found[name] = training_step(brain_of(scope, rule), {"eye": frames})
    return found


def profiled(step: Callable[[], None]) -> dict[str, float]:
    """Seconds by operation, the largest first."""
    step()
    with torch.profiler.profile() as profile:
        step()
    rows = sorted(profile.key_averages(), key=lambda row: -row.self_cpu_time_total)
    return {row.key: row.self_cpu_time_total / 1e6 for row in rows[:8]}


def main() -> None:
    """Measure, and write what was found."""
    torch.set_num_threads(1)
    chosen = arguments(__doc__ or "")
    steps = contenders()
    times = in_turn(*steps.values(), repeats=2 if chosen.quick else 10)
    settings = {"channels": str(CHANNELS), "pixels": SIZE, "streams": STREAMS, "steps": STEPS}
    made = [
        Figure(f"a step of training, {name}", taken, "ms", "plain PyTorch", times[0], settings)
        for name, taken in zip(steps, times, strict=True)
    ]
    for name in ("plain", "Global"):
        for operation, seconds in profiled(steps[name]).items():
            made.append(Figure(f"{name}: {operation}", [1e3 * seconds], "ms", settings=settings))
    write(chosen.out, made)


if __name__ == "__main__":
    main()
