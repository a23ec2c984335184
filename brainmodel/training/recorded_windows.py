"""Windows of training that are recorded, where the engine of the brain records them."""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_map_only

from areas.record import Record
from brainmodel.brain import Brain
from brainmodel.data.window import Window
from brainmodel.engines.kinds import WindowKind, differing, held_by, kind_of, levels_of
from brainmodel.engines.recorder import Recorder
from brainmodel.engines.recording import Turn, WindowRecording, WindowResults
from brainmodel.engines.replayed import Replayed
from brainmodel.errors import Unrecordable
from brainmodel.schedules.clock import LevelNow
from brainmodel.training.judged import Judged, judged
from brainmodel.wiring.aged import Known
from brainmodel.wiring.made_weights import with_weights
from brainmodel.wiring.state import BrainState


class RecordedWindows:
    """The recordings of one brain in training; a copy begins with none.

    Attributes:
        missing: why the last window was not to be recorded; None if it was.
        replayed: how many windows were.
    """

    def __init__(self) -> None:
        self.missing: str | None = None
        self.replayed = 0
        self._for_good = False  # whether nothing is recorded any more
        self._recorder: Recorder | None = None
        self._turn = Turn()
        self._seen: list[tuple[WindowKind, _OneKind | None]] = []

    def __reduce__(self) -> tuple[type["RecordedWindows"], tuple[()]]:
        """Copied and pickled without what was recorded."""
        return RecordedWindows, ()

    def judged(self, brain: Brain, window: Window, before: BrainState | None) -> Judged:
        """See `judged`; replayed, if there is a recording for windows of its kind."""
        engine = brain.engine
        if not isinstance(engine, Replayed) or self._for_good or not torch.is_grad_enabled():
            return judged(brain, window, before)
        if self._recorder is None:
            self._recorder = engine.recorder_on(window.reset.device)
        self.missing = why_not(brain, before, self._recorder)
        if self.missing is None:
            before = tree_map_only(Record, _widened, before, is_leaf=_is_record)
            recorded = self._recorded(brain, window, before, engine.kinds)
            if recorded is not None:
                self.replayed += 1
                return recorded(window, before)
        if self.missing is not None:
            warn_of(self.missing)
        return judged(brain, window, before)

    def told(self, brain: Brain) -> str:
        """What is to be said behind what takes the steps: nothing, or whether windows are recorded.

        Args:
            brain: the brain, where it is trained.
        """
        if not isinstance(brain.engine, Replayed):
            return ""
        recorder = self._recorder or brain.engine.recorder_on(brain.age.device)
        missing = self.missing if self._for_good else why_not(brain, None, recorder)
        if missing is not None:
            return f"; windows are not recorded ({missing})"
        return f"; whole windows of training are recorded as {recorder}"

    def _recorded(
        self, brain: Brain, window: Window, before: BrainState | None, most: int
    ) -> "_OneKind | None":
        """The recording for windows of this kind; None for the first of them."""
        kind = kind_of(brain, (window, before), window.reset)
        for place, (known, recorded) in enumerate(self._seen):
            if known == kind:
                if recorded is None:
                    recorded = self._record(brain, window, before, kind)
                    if recorded is not None:
                        self._seen[place] = kind, recorded
                return recorded
        if len(self._seen) == most:
            other = min(differing(kind, self._seen[-1][0]), default="nothing")
            self._give_up(f"there are more than {most} kinds of them; this one differs in {other}")
        else:
            self._seen.append((kind, None))
        return None

    def _record(
        self, brain: Brain, window: Window, before: BrainState | None, kind: WindowKind
    ) -> "_OneKind | None":
        assert self._recorder is not None
        try:
            return _OneKind(self._recorder, brain, window, before, kind, self._turn)
        except (Unrecordable, RuntimeError) as error:
            lines = [line.strip() for line in str(error).splitlines() if line.strip()]
            self._give_up(lines[0] if lines else type(error).__name__)
        return None

    @property
    def operations(self) -> tuple[int, int] | None:
        """How many were recorded of the last kind, forward and back; None if nobody counted."""
        counts = [recorded.operations for _, recorded in self._seen if recorded is not None]
        forward, back = counts[-1] if counts else (None, None)
        return None if forward is None or back is None else (forward, back)

    def _give_up(self, reason: str) -> None:
        self.missing, self._for_good, self._seen = reason, True, []


class _OneKind:
    """The recording of windows of one kind."""

    def __init__(
        self,
        recorder: Recorder,
        brain: Brain,
        window: Window,
        before: BrainState | None,
        kind: WindowKind,
        turn: Turn,
    ):
        self.brain, self.names = brain, []
        weights = dict(brain.named_parameters())
        self._levels = {
            own: torch.zeros((), dtype=brain.dtype, device=window.reset.device)
            for own, level in levels_of(brain).items()
            if level is None
        }
        levels: dict[int, LevelNow] = {
            own: self._levels[own] if level is None else level
            for own, level in levels_of(brain).items()
        }
        known = Known(bool(kind["whether streams begin"]), levels, [])
        held = held_by(brain)
        with _known(brain, known):
            self._recording = WindowRecording(recorder, self._go, (window, before), weights, turn)
        if changed := list(differing(held, held_by(brain))):
            raise Unrecordable(f"{min(changed)} is changed by a window")
        self._recording.heard = lambda: [brain.report(*told) for told in known.reports]

    @property
    def operations(self) -> tuple[int | None, int | None]:
        """See `WindowRecording`."""
        return self._recording.operations

    def __call__(self, window: Window, before: BrainState | None) -> Judged:
        """See `judged`."""
        age = self.brain.steps_taken
        for schedule in self.brain.schedules:
            if id(schedule) in self._levels:
                self._levels[id(schedule)].fill_(schedule.level(age))
        weights = dict(self.brain.named_parameters())
        found = self._recording((window, before), weights)
        losses: dict[str, dict[str, Tensor]] = {place: {} for place, _ in self.names}
        for (place, name), loss in zip(self.names, found.losses, strict=True):
            losses[place][name] = loss
        activities, after = found.shown
        return Judged(losses, activities, after._replace(waiting=found.completed))

    def _go(
        self, given: tuple[Window, BrainState | None], weights: Mapping[str, Tensor]
    ) -> WindowResults:
        """What is recorded."""
        losses, activities, after = with_weights(
            self.brain, weights, lambda: judged(self.brain, *given)
        )
        self.names = [(place, name) for place, own in losses.items() for name in own]
        told = [loss for own in losses.values() for loss in own.values()]
        return WindowResults(told, (activities, after._replace(waiting=None)), after.waiting)


def why_not(brain: Brain, before: BrainState | None, recorder: Recorder | None) -> str | None:
    """Why a window of a brain cannot be recorded; None if nothing is known against it.

    Args:
        brain: the brain.
        before: the state of its streams.
        recorder: what would record it, if anything can.
    """
    if recorder is None:
        return "there is no graphics processor"
    if brain.perturbed is not None or (before is not None and before.perturbed is not None):
        return "the brain is perturbed, and what perturbations do is decided window by window"
    return None


def warn_of(reason: str) -> None:
    """One warning for each reason why windows are not recorded."""
    message = f"windows are not recorded, and take longer: {reason}"
    warnings.warn(message, RuntimeWarning, stacklevel=1)  # of one place, so one of each reason


@contextmanager
def _known(brain: Brain, known: Known) -> Iterator[None]:
    cached = torch.is_autocast_cache_enabled()
    torch.set_autocast_cache_enabled(False)  # casts of weights are to be made in each replay
    brain.known = known
    try:
        yield
    finally:
        brain.known = None
        torch.set_autocast_cache_enabled(cached)


def _is_record(tree: Any) -> bool:
    return isinstance(tree, Record)


def _widened(record: Record) -> Record:
    """A record that says of all its steps that streams may begin, or of none: fewer kinds."""
    if record.breaks is None:
        return record
    begins, steps = any(record.breaks), len(record.breaks)
    return record._replace(keep=record.keep if begins else None, breaks=(begins,) * steps)
