"""Curves for TensorBoard: prediction, rates and gradients of each area, step sizes, speed."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import pytorch_lightning as pl
from torch import Tensor
from torch.utils._pytree import tree_leaves
from torch.utils.hooks import RemovableHandle

from areas import GatedCell
from areas.keys import short
from brainmodel.brain import Brain
from brainmodel.scopes.scope import Passage
from brainmodel.training.callbacks.layout import layout
from brainmodel.training.callbacks.pictures import writers
from brainmodel.training.callbacks.portraits import KINDS as PORTRAITS
from brainmodel.training.callbacks.portraits import Portraits
from brainmodel.training.credit_values import carried, norms_of_signals, squared_signals
from brainmodel.training.curve_values import dimensionality, norms, weights
from brainmodel.training.dead_outputs import Loudest
from brainmodel.training.held_out import Sums, TermSums, predicting, squared_errors
from brainmodel.training.module import brain_of
from brainmodel.training.processes import mean_over_processes, whole_batch
from brainmodel.wiring.state import BrainState
from objectives import Activity

KINDS = (
    *("relative_error", "terms", "rate", "silent", "dead_outputs", "dimensionality", "gate"),
    *("learning_signal", "eligibility", "gradient", "weight", "update", "learning_rate", "speed"),
    *("histogram", *PORTRAITS),
)
"""Of curves of training, and of pictures."""
MOST = 10_000
"""Rates of a window that a histogram is made of."""


class Monitor(pl.Callback):
    """Logs, every `trainer.log_every_n_steps` steps of the optimizer:

    relative_error/AREA: of areas that predict, squared error over that of repeating the last
        drive; and held_out_relative_error/AREA after each validation
    rate/AREA, silent/AREA: mean rate; share of units that are silent throughout a window; also of
        each population, as rate/AREA.POPULATION
    dead_outputs/AREA: of areas that predict, share of the driven channels of the drive that are
        predicted to be 0 throughout a window (see `DeadOutputs`)
    dimensionality/AREA: effective number of dimensions of the rates of a window (participation
        ratio), over steps and streams
    gate/AREA.GATE: mean of the gates that are recorded (see `areas.GatedCell`), after the window
    gradient/AREA.SOURCE: norm of the gradient of the synapses from one source (a pathway, drive,
        error, recurrent), and of the predictor's
    weight/AREA.SOURCE, update/AREA.SOURCE: norm of the weights of these synapses after a step, and
        of what the step changed, all that follows on the optimizer included
    terms/AREA.OBJECTIVE.TERM: further numbers of objectives, such as how often a discriminator is
        right, of windows in which a step counts; and held_out_terms/AREA.OBJECTIVE.TERM after each
        validation, over all of its steps
    learning_signal/AREA: norm of the learning signal of its own loss, over units, steps and streams
    eligibility/AREA: of areas whose rule carries something, such as traces, its norm in a stream
    learning_rate/AREA.KIND, speed/frames_per_second
    histogram/AREA: of the rates of a window

    and after each validation pictures: see `Portraits`.

    The page Custom Scalars has a chart of each for each area, what it learns first.

    Args:
        silence: rates of this size and less are silent (dimensionless).
        off: kinds of these curves and pictures that are not made, of those of training.

    Raises:
        ValueError: for a negative `silence`, or a kind that there is not.
    """

    def __init__(self, silence: float = 0.01, off: Sequence[str] = ()):
        if not silence >= 0:
            raise ValueError(f"monitor.silence: need 0 or more, got {silence}")
        for kind in off:
            if kind not in KINDS:
                raise ValueError(f"monitor.off: need some of {', '.join(KINDS)}, got {kind!r}")
        self.silence, self.off = silence, tuple(off)
        self._before: dict[str, Tensor] = {}
        self._held_out: dict[str, Sums] = {}
        self._last: dict[str, Tensor] = {}
        self._terms: TermSums | None = None
        self._signals: dict[str, Tensor] = {}
        self._listening: RemovableHandle | None = None
        self._portraits = Portraits(self.off)
        self._since = (time.monotonic(), 0)
        self._frames = 0
        self._named: set[str] = set()
        self._laid_out = False

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Start the clock."""
        self._since = (time.monotonic(), self._frames)

    def on_before_backward(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, loss: Tensor
    ) -> None:
        """Listen to the learning signals of a step that is logged."""
        if not logs(trainer, trainer.global_step + 1) or "learning_signal" in self.off:
            return
        brain = brain_of(pl_module)

        def hear(passage: Passage, derivatives: Any, found: Any) -> None:
            self._signals = squared_signals(brain, passage, derivatives)

        self._listening = brain.listen(hear)

    def on_after_backward(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Listen no more."""
        if self._listening is not None:
            self._listening.remove()

    def on_before_optimizer_step(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, optimizer: Any
    ) -> None:
        """Log gradients and learning rates."""
        if not logs(trainer, trainer.global_step + 1):
            return
        values = {f"gradient/{k}": v for k, v in gradient_norms(brain_of(pl_module)).items()}
        for group in optimizer.param_groups:
            values[f"learning_rate/{group['name']}"] = group["lr"]
        if "update" not in self.off:
            self._before = {k: v.clone() for k, v in weights(brain_of(pl_module)).items()}
        self._log(trainer, values, trainer.global_step)

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Log rates, prediction errors, terms of objectives, and the speed."""
        self._frames += batch.reset.numel() * trainer.world_size
        if not logs(trainer, trainer.global_step):
            return
        brain, values = brain_of(pl_module), dict[str, float]()
        activities = whole_batch(outputs["activities"], pl_module.device)
        for name, activity in with_populations(brain, activities).items():
            values |= {f"{k}/{name}": v for k, v in rates(activity, self.silence).items()}
        values |= {f"gate/{name}": mean for name, mean in gates(pl_module, brain).items()}
        for name, activity in predicting(brain, activities).items():
            values[f"relative_error/{name}"] = squared_errors(activity, None).mean().ratio
            values[f"dead_outputs/{name}"] = Loudest.of(activity).dead()
        told = TermSums(brain)
        told.see(activities)
        values |= {f"terms/{name}": value for name, value in told.terms().items()}
        values |= self._more(brain, activities)
        values |= self._credit(pl_module.streams.state)  # type: ignore[union-attr]
        self._write_histograms(trainer, activities)
        (start, before), now = self._since, time.monotonic()
        values["speed/frames_per_second"] = (self._frames - before) / max(now - start, 1e-9)
        self._since = (now, self._frames)
        self._log(trainer, values, trainer.global_step - 1)
        self._lay_out(trainer, brain)

    def _more(self, brain: Brain, activities: Mapping[str, Activity]) -> dict[str, float]:
        """Dimensions of rates, weights, and updates since the optimizer was asked."""
        values, now = dict[str, float](), weights(brain)
        if "dimensionality" not in self.off:
            for name, activity in activities.items():
                values[f"dimensionality/{name}"] = dimensionality(activity.rate)
        if "weight" not in self.off:
            values |= {f"weight/{name}": norm for name, norm in norms(now).items()}
        if self._before:
            values |= {f"update/{k}": norm for k, norm in norms(now, self._before).items()}
        self._before = {}
        return values

    def _credit(self, state: BrainState) -> dict[str, float]:
        """Learning signals, and what rules carry of the past."""
        signals, self._signals = norms_of_signals(self._signals), {}
        values = {f"learning_signal/{name}": norm for name, norm in signals.items()}
        if "eligibility" not in self.off:
            streams = len(next(iter(tree_leaves(state.areas))))
            found = carried(state.memories, streams)
            values |= {f"eligibility/{name}": norm for name, norm in found.items()}
        return values

    def _write_histograms(self, trainer: pl.Trainer, activities: Mapping[str, Activity]) -> None:
        for writer in writers(trainer) if "histogram" not in self.off else ():
            for name, activity in activities.items():
                rates = activity.rate.detach().flatten()
                some = rates[:: -(-len(rates) // MOST)].float()
                writer.add_histogram(f"histogram/{name}", some, trainer.global_step - 1)

    def _log(self, trainer: pl.Trainer, values: dict[str, float], step: int) -> None:
        kept = {name: v for name, v in values.items() if name.split("/")[0] not in self.off}
        self._named |= values.keys()
        for logger in trainer.loggers:
            logger.log_metrics(kept, step=step)

    def _lay_out(self, trainer: pl.Trainer, brain: Brain) -> None:
        """Charts of the curves that there are, once."""
        for writer in writers(trainer) if not self._laid_out else ():
            writer.add_custom_scalars(layout(brain, self._named, self.off))
        self._laid_out = True

    def on_validation_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Add up errors, and terms of objectives."""
        brain = brain_of(pl_module)
        if batch_idx == 0:
            self._held_out, self._last, self._terms = {}, {}, TermSums(brain)
        if self._terms is not None:
            self._terms.see(outputs["activities"])
        for name, activity in predicting(brain, outputs["activities"]).items():
            found = squared_errors(activity, self._last.get(name))
            self._held_out[name] = found if batch_idx == 0 else self._held_out[name].add(found)
            self._last[name] = activity.drive[-1]
        if batch_idx < 2 and writers(trainer):  # the second window, in which streams are under way
            self._portraits.see(outputs["activities"], batch.inputs)

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Log them, by the module, so that other callbacks may watch them."""
        values = {
            f"held_out_relative_error/{name}": sums.of_all_processes().mean().ratio
            for name, sums in self._held_out.items()
        }
        if self._terms is not None:
            self._terms.of_all_processes()
            terms = self._terms.terms()
            values |= {f"held_out_terms/{name}": value for name, value in terms.items()}
        pl_module.log_dict(values, sync_dist=True)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Draw pictures."""
        if trainer.sanity_checking or trainer.state.fn != "fit":
            return
        for writer in writers(trainer):
            for name, figure in self._portraits.draw(brain_of(pl_module)).items():
                writer.add_figure(name, figure, trainer.global_step)

    on_test_batch_end = on_validation_batch_end
    on_test_epoch_end = on_validation_epoch_end


def with_populations(brain: Brain, activities: Mapping[str, Activity]) -> dict[str, Activity]:
    """What areas did, and behind each what its populations did, as AREA.POPULATION."""
    found = {}
    for name, activity in activities.items():
        found[name] = activity
        area = brain.area(name)
        for population, at in area.cell.places(area.units[0]).items():
            found[f"{name}.{population}"] = activity._replace(rate=activity.rate[:, :, at])
    return found


def rates(activity: Activity, silence: float) -> dict[str, float]:
    """Mean rate of an area over a window, and the share of units that were silent throughout."""
    loudest = activity.rate.detach().abs().amax(dim=0)
    return {
        "rate": float(activity.rate.detach().mean()),
        "silent": float((loudest <= silence).float().mean()),
    }


def gates(module: pl.LightningModule, brain: Brain) -> dict[str, float]:
    """Means of recorded gates after the window, over all processes, by area and gate."""
    found = {}
    for name, state in module.streams.state.areas.items():  # type: ignore[union-attr]
        cell = brain.area(name).cell
        for gate in cell.gates if isinstance(cell, GatedCell) and cell.recorded else ():
            found[f"{name}.{gate}"] = float(mean_over_processes(getattr(state, gate).mean()))
    return found


def gradient_norms(brain: Brain) -> dict[str, float]:
    """Euclidean norms of gradients, by area and source of the synapses."""
    norms = {}
    for name in brain.areas:
        for key, synapses in brain.area(name).all_synapses().items():
            if synapses.weight.grad is not None:
                norms[f"{name}.{short(key)}"] = float(synapses.weight.grad.norm())
    return norms


def logs(trainer: pl.Trainer, step: int) -> bool:
    """Whether a step of the optimizer has points of curves; nobody reads them without a logger."""
    return bool(trainer.loggers) and step % every(trainer) == 0


def every(trainer: pl.Trainer) -> int:
    """Steps of the optimizer between two points of a curve."""
    return trainer.log_every_n_steps  # type: ignore[attr-defined]
