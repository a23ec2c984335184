"""The queue of a study: Optuna's storage, of which each worker takes one cell at a time.

Every cell is a trial with fixed parameters that waits, runs, is complete or has failed, and states
change only by the storage's own atomic step from waiting to running: of two workers who reach for a
trial, one gets it. If several workers fill an empty queue at the same moment, a cell may have
several trials; then the first counts and the others are never run. Storages number trials in one
order for all, so all workers agree on which is the first.

A worker whose cell runs says four times in `stale` seconds that it lives. Where that has not been
heard for `stale` seconds (kill -9, a machine that is gone), any worker declares the trial lost, and
the cell waits anew; the worker itself, should it wake, cannot finish a trial that was declared
lost. A cell whose workers were lost `MOST_LOST` times has failed. Clocks of machines may differ by
less than `stale`.
"""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from brainmodel.errors import Refused
from brainmodel.study.plan import StudyCell, StudyPlan
from brainmodel.study.storage import opened, require_optuna

MOST_LOST = 3
MARK, CELL, ALIVE, FOUND, ERROR, REPLACES = "brainmodel", "cell", "alive", "found", "error", "again"
RELEASED = "released"
"""What is kept with a study and with its trials, by Optuna's user attributes."""


class Standing(NamedTuple):
    """How it stands with a cell."""

    state: str  # waiting, running, done or failed
    trial: Any  # Optuna's, that counts
    found: dict[str, Any]  # what it measured, when it is done
    error: str  # why it failed, when it has


class StudyQueue:
    """The cells of a study in a storage.

    Args:
        storage: an URL that Optuna takes, or the path of a journal.
        name: of the study in the storage.
        plan: of the study.
        fingerprint: of settings and code; results of others are not taken.
        stale: seconds without a sign of life after which a worker is gone.

    Raises:
        Refused: if Optuna is missing, the storage cannot be opened, or holds another study.
    """

    def __init__(
        self,
        storage: str | Path,
        name: str,
        plan: StudyPlan,
        fingerprint: Mapping[str, str],
        stale: float,
    ):
        self.plan, self.fingerprint, self.stale = plan, dict(fingerprint), stale
        self._cells = {plan.told(cell): cell for cell in plan.cells}
        self._optuna = require_optuna()
        self._storage = opened(storage)
        try:
            direction = "maximize" if plan.measures[0].higher else "minimize"
            self._study = self._optuna.create_study(
                storage=self._storage, study_name=name, direction=direction, load_if_exists=True
            )
            self._require_own(str(storage))
        except Refused:
            raise
        except Exception as error:
            raise Refused(f"storage: {storage} holds no study that can be read: {error}") from error

    def _require_own(self, place: str) -> None:
        """Mark a new study as ours; refuse that of another."""
        mark = self._study.user_attrs.get(MARK)
        if mark is None and not self._study.trials:
            self._study.set_user_attr(MARK, self.fingerprint)
            mark = self._study.user_attrs.get(MARK)
        require_fingerprint(mark, self.fingerprint, f"{place} ({self._study.study_name})")

    def standings(self) -> dict[StudyCell, Standing]:
        """How it stands with each cell, in the order of the plan."""
        trials: dict[str, list[Any]] = {name: [] for name in self._cells}
        for trial in self._trials():
            if trial.user_attrs.get(CELL) in trials:
                trials[trial.user_attrs[CELL]].append(trial)
        return {cell: self._standing(trials[name]) for name, cell in self._cells.items()}

    def _trials(self) -> list[Any]:
        return self._study.get_trials(deepcopy=False)

    def _standing(self, trials: Sequence[Any]) -> Standing:
        """Of the trials of one cell, in the order of their numbers."""
        states = self._optuna.trial.TrialState
        replaced = max((t.user_attrs.get(REPLACES, -1) for t in trials), default=-1)
        trials = [trial for trial in trials if trial.number > replaced]
        lost = [t for t in trials if t.state == states.FAIL and ERROR not in t.user_attrs]
        left = [trial for trial in trials if trial not in lost]
        killed = sum(RELEASED not in trial.user_attrs for trial in lost)
        if killed >= MOST_LOST and not any(trial.state == states.COMPLETE for trial in left):
            return Standing("failed", lost[-1], {}, f"its worker was killed {killed} times")
        if not left:
            return Standing("waiting", None, {}, "")
        trial = left[0]
        if trial.state == states.COMPLETE:
            return Standing("done", trial, trial.user_attrs[FOUND], "")
        if trial.state == states.FAIL:
            return Standing("failed", trial, {}, trial.user_attrs[ERROR])
        return Standing("waiting" if trial.state == states.WAITING else "running", trial, {}, "")

    def fill(self) -> None:
        """Enqueue each cell that has no trial, or whose trials were lost."""
        for cell, standing in self.standings().items():
            if standing.state == "waiting" and standing.trial is None:
                self._enqueue(cell, {})

    def ask_failed_again(self) -> None:
        """Enqueue anew each cell that has failed.

        Where one of them is for tuning, its combination may come to have another best point: then
        whatever was trained at the former one is trained anew, too.
        """
        standings = self.standings()
        failed = [cell for cell, standing in standings.items() if standing.state == "failed"]
        untuned = {cell.levels for cell in failed if cell.point is not None}
        for cell, standing in standings.items():
            tuned = cell.point is None and cell.levels in untuned
            if cell in failed or (tuned and standing.state in ("done", "running")):
                self._enqueue(cell, {REPLACES: standing.trial.number})

    def _enqueue(self, cell: StudyCell, more: Mapping[str, Any]) -> None:
        names = self.plan.names(cell.levels) | {"seed": cell.seed}
        if cell.point is not None:
            names["tuning point"] = cell.point
        attributes = {CELL: self.plan.told(cell), **more}
        self._study.enqueue_trial(names, user_attrs=attributes)

    def declare_lost(self) -> None:
        """Give up trials whose workers have not been heard of; their cells wait anew."""
        for standing in self.standings().values():
            if standing.state == "running" and time.time() - _heard(standing.trial) > self.stale:
                self._end(standing.trial._trial_id, self._optuna.trial.TrialState.FAIL)

    def claim(self, cells: Sequence[StudyCell]) -> tuple[StudyCell, int] | None:
        """Take the first of these cells that waits, and nobody else takes; None if there is none.

        Returns:
            the cell, and the number of its trial in the storage.
        """
        running = self._optuna.trial.TrialState.RUNNING
        standings = self.standings()
        for cell in cells:
            standing = standings[cell]
            if standing.state != "waiting" or standing.trial is None:
                continue
            identity = standing.trial._trial_id
            try:
                taken = self._storage.set_trial_state_values(identity, running)
            except RuntimeError:  # somebody took it and has finished it already
                continue
            if taken:
                self._storage.set_trial_user_attr(identity, ALIVE, time.time())
                self._show_parameters(identity)
                return cell, identity
        return None

    def _show_parameters(self, identity: int) -> None:
        """Let the fixed parameters be seen by Optuna's own tools."""
        trial = self._optuna.trial.Trial(self._study, identity)
        for factor in self.plan.factors:
            trial.suggest_categorical(factor.name, [level.name for level in factor.levels])

    @contextmanager
    def beating(self, identity: int) -> Iterator[None]:
        """Say that this worker lives, as long as the block runs."""
        over = threading.Event()

        def beat() -> None:
            while not over.wait(self.stale / 4):
                try:
                    self._storage.set_trial_user_attr(identity, ALIVE, time.time())
                except RuntimeError:  # declared lost
                    return
                except Exception:  # a storage that is away for a moment
                    continue

        thread = threading.Thread(target=beat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def finish(self, identity: int, found: Mapping[str, Any]) -> None:
        """Keep what a cell measured; nothing if it was declared lost meanwhile.

        Args:
            identity: of its trial.
            found: by what it is called; `measures` first of all, of which Optuna shows the first.
        """
        complete, first = self._optuna.trial.TrialState.COMPLETE, self.plan.measures[0].name
        value = float(found["measures"][first])
        self._end(identity, complete, FOUND, dict(found), [value])

    def fail(self, identity: int, error: str) -> None:
        """Keep why a cell failed, in one line."""
        self._end(identity, self._optuna.trial.TrialState.FAIL, ERROR, error)

    def release(self, identity: int) -> None:
        """Give a cell back that was not finished: the worker is stopped."""
        self._end(identity, self._optuna.trial.TrialState.FAIL, RELEASED, True)

    def _end(
        self,
        identity: int,
        state: Any,
        key: str | None = None,
        held: Any = None,
        values: Sequence[float] | None = None,
    ) -> None:
        try:
            if key is not None:
                self._storage.set_trial_user_attr(identity, key, held)
            self._storage.set_trial_state_values(identity, state, values)
        except RuntimeError:  # it was ended by another
            return


def require_fingerprint(there: Any, ours: Mapping[str, str], place: str) -> None:
    """Refuse a study of other settings or other code.

    Args:
        there: the fingerprint that the study has.
        ours: the present one.
        place: where the study is.

    Raises:
        Refused: saying which of the two differ, and what to do.
    """
    if not isinstance(there, Mapping) or set(there) != set(ours):
        raise Refused(f"{place}: is a study of something else; give another --out or --storage")
    other = [name for name, value in ours.items() if there[name] != value]
    if other:
        raise Refused(
            f"{place}: holds results of other {' and '.join(other)}, which are not mixed with "
            f"these; give another --out, or go back to those {' and '.join(other)}"
        )


def _heard(trial: Any) -> float:
    """When the worker of a trial was heard of last, in seconds of the clock."""
    begun = trial.datetime_start.timestamp() if trial.datetime_start else 0.0
    return max(begun, float(trial.user_attrs.get(ALIVE, 0.0)))
