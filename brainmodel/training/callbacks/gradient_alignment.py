"""Curves for TensorBoard: gradients of rules against exact ones, objectives against each other."""

from collections.abc import Mapping
from itertools import combinations

import pytorch_lightning as pl
from torch import Tensor
from torch.utils.hooks import RemovableHandle

from brainmodel.brain import Brain
from brainmodel.learning.rule import Gradients
from brainmodel.plasticity.objective_shares import objective_shares
from brainmodel.scopes.exact_gradients import (
    by_part,
    exact_global,
    exact_local,
    gradient_alignment,
)
from brainmodel.scopes.scope import ActivityDerivatives, Passage
from brainmodel.training.module import BrainModule
from brainmodel.wiring.losses import Losses


class Alignment(pl.Callback):
    """Logs, every so many steps of the optimizer:

    cosine_local/AREA, norm_local/AREA: cosine between the gradient that the area's rule found and
        that of backpropagation through time of the area's own loss in the same window, and ratio
        of their norms; and the same for AREA.SOURCE, each of its parameters
    cosine_global/..., norm_global/...: with that of all losses, end to end
    conflict/AREA.ONE.OTHER: cosine between the gradients of two of the area's objectives, shared
        ones among them; below 0 they pull apart
    objective_gradient/AREA.OBJECTIVE: norm of each of these

    Each needs backward passes of its own. Under scope Adjacent the rule's gradient is of steps
    `lag` before those of the window: compare over long windows.

    Args:
        every_n_steps: steps between two points of a curve; 0 for none at all.

    Raises:
        ValueError: if `every_n_steps` is negative.
    """

    def __init__(self, every_n_steps: int = 0):
        if not every_n_steps >= 0:
            raise ValueError(f"alignment.every_n_steps: need 0 or more, got {every_n_steps}")
        self.every_n_steps = every_n_steps
        self.latest: dict[str, float] = {}  # by curve, what was compared last
        self._values: dict[str, float] = {}
        self._listening: RemovableHandle | None = None

    def on_before_backward(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, loss: Tensor
    ) -> None:
        """Compare objectives, and listen to the backward pass that is to come."""
        assert isinstance(pl_module, BrainModule)
        if not self.every_n_steps or (trainer.global_step + 1) % self.every_n_steps:
            return
        brain = pl_module.brain
        self._values = conflicts(objective_gradients(brain, brain.weigh(pl_module.losses)))

        def compare(
            passage: Passage, derivatives: dict[str, ActivityDerivatives], found: Gradients
        ) -> None:
            for name, exact in (("local", exact_local), ("global", exact_global)):
                parts = by_part(brain, found, exact(brain, passage, derivatives))
                for part, alignment in parts.items():
                    self._values[f"cosine_{name}/{part}"] = alignment.cosine
                    self._values[f"norm_{name}/{part}"] = alignment.ratio

        self._listening = brain.listen(compare)

    def on_after_backward(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Log what was compared, where it is a number."""
        if self._listening is not None:
            self._listening.remove()
            self._listening = None
        values = {name: value for name, value in self._values.items() if value == value}
        self.latest |= values
        for logger in trainer.loggers if values else ():
            logger.log_metrics(values, step=trainer.global_step)
        self._values = {}


def objective_gradients(brain: Brain, losses: Losses) -> dict[str, dict[str, Gradients]]:
    """Gradients of each objective alone, by area, objective and parameter.

    Shared objectives are given for every area they join. What a rule adds of itself, without any
    loss, is subtracted. The graph of the losses is kept.

    Args:
        brain: the brain.
        losses: as `Brain.losses` gives them, by area ("groups") and objective.
    """
    learnt = [name for name, p in brain.named_parameters() if p.requires_grad]
    shares, _ = objective_shares(brain, losses, learnt)
    found: dict[str, dict[str, Gradients]] = {area: {} for area in brain.areas}
    for place, own in losses.items():
        for objective in own:
            joined = brain.group(objective).areas if place == "groups" else [place]
            for area in joined:
                keys = brain.area(area).weights()
                names = {brain.parameter_name(area, key) for key in keys}
                made = shares[f"{place}.{objective}"].items()
                found[area][objective] = {n: g for n, g in made if n in names}
    return found


def conflicts(found: Mapping[str, Mapping[str, Gradients]]) -> dict[str, float]:
    """Cosines between objectives within each area, and norms, by the names of the curves."""
    values = {}
    for area, own in found.items():
        for name, gradients in own.items():
            squares = [float(g.double().square().sum()) for g in gradients.values()]
            values[f"objective_gradient/{area}.{name}"] = sum(squares) ** 0.5
        for (one, mine), (other, theirs) in combinations(own.items(), 2):
            cosine = gradient_alignment(mine, theirs).cosine
            values[f"conflict/{area}.{one}.{other}"] = cosine
    return values
