"""A worker: it takes cells from the queue of a study, one at a time, until none is left.

Or several at a time, which differ in their seeds alone and are trained together.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, NamedTuple

from brainmodel.study.plan import StudyCell, StudyPlan
from brainmodel.study.queue import Standing, StudyQueue

POLL = 1.0  # s between two looks at a queue of which others do the last cells
Train = Callable[[StudyCell, int | None], dict[str, Any]]
"""Trains a cell, at a point of the grid; returns what it measured."""
TrainTogether = Callable[[Sequence[StudyCell], int | None], list[Any]]
"""The same of cells of several seeds; of each what it measured, or what ended it."""


class Together(NamedTuple):
    """Cells of several seeds at once.

    Args:
        seeds: at the most.
        train: trains them.
    """

    seeds: int
    train: TrainTogether


def work(
    queue: StudyQueue,
    train: Train,
    look: Callable[[Mapping[StudyCell, Standing]], None] = lambda standings: None,
    leave: Callable[[], bool] = lambda: False,
    together: Together | None = None,
) -> bool:
    """Do cells until all are done or have failed, here or elsewhere.

    Args:
        queue: of the study.
        train: trains a cell; what it raises is kept as the reason why the cell failed.
        look: is shown how it stands, before each cell.
        leave: whether to stop before the next cell.
        together: trains several seeds at once; one by one unless given.

    Returns:
        whether all cells are settled.
    """
    while True:
        queue.declare_lost()
        queue.fill()
        standings = queue.standings()
        look(standings)
        if settled(standings):
            return True
        if leave():
            return False
        claimed = queue.claim(ready(queue.plan, standings))
        if claimed is None:
            time.sleep(POLL)
            continue
        several = _with_seeds(queue, *claimed, 1 if together is None else together.seeds)
        if together is None or len(several) == 1:
            _do(queue, train, *claimed)
        else:
            _do_together(queue, together, several)


def settled(standings: Mapping[StudyCell, Standing]) -> bool:
    """Whether every cell is done or has failed."""
    return all(standing.state in ("done", "failed") for standing in standings.values())


def _do(queue: StudyQueue, train: Train, cell: StudyCell, identity: int) -> None:
    """Train a cell that was claimed; give it back if this worker is stopped."""
    try:
        with queue.beating(identity):
            point = _point(queue, cell)
            found = train(cell, point)
            _require_numbers(found["measures"])
    except Exception as error:
        queue.fail(identity, one_line(error))
    except BaseException:
        queue.release(identity)
        raise
    else:
        queue.finish(identity, found | {"point": point})


def _with_seeds(
    queue: StudyQueue, cell: StudyCell, identity: int, most: int
) -> dict[StudyCell, int]:
    """A cell that was claimed and others that differ in their seeds alone, with their trials."""
    alike = [c for c in queue.plan.cells if (c.levels, c.point) == (cell.levels, cell.point)]
    claimed = {cell: identity}
    while len(claimed) < most and (another := queue.claim(alike)) is not None:
        claimed |= dict([another])
    return claimed


def _do_together(queue: StudyQueue, together: Together, claimed: Mapping[StudyCell, int]) -> None:
    """Train cells that were claimed; give them back if this worker is stopped."""
    cells = list(claimed)
    try:
        with ExitStack() as alive:
            for identity in claimed.values():
                alive.enter_context(queue.beating(identity))
            point = _point(queue, cells[0])
            outcomes = together.train(cells, point)
    except Exception as error:
        outcomes, point = [error] * len(cells), None
    except BaseException:
        for identity in claimed.values():
            queue.release(identity)
        raise
    for cell, found in zip(cells, outcomes, strict=True):
        _settle(queue, claimed[cell], found, point)


def _settle(queue: StudyQueue, identity: int, found: Any, point: int | None) -> None:
    """Keep what a cell measured, or why it failed."""
    if isinstance(found, BaseException):
        queue.fail(identity, one_line(found))
        return
    try:
        _require_numbers(found["measures"])
    except ValueError as error:
        queue.fail(identity, one_line(error))
    else:
        queue.finish(identity, found | {"point": point})


def _point(queue: StudyQueue, cell: StudyCell) -> int | None:
    """The point of the grid at which to train a cell; None where there is no grid.

    Raises:
        ValueError: if its combination could be trained at no point.
    """
    if queue.plan.tuning is None or cell.point is not None:
        return cell.point
    point = best_point(queue.plan, queue.standings(), cell.levels)
    if point is None:
        raise ValueError("no point of its grid could be trained")
    return point


def one_line(error: BaseException) -> str:
    """Kind and first line of an error."""
    first = next(iter(str(error).splitlines()), "")
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def _require_numbers(measured: Mapping[str, float]) -> None:
    """Refuse scores that are none: they would make means that are none."""
    for name, value in measured.items():
        if not math.isfinite(value):
            raise ValueError(f"{name} is {value}")


def ready(plan: StudyPlan, standings: Mapping[StudyCell, Standing]) -> Sequence[StudyCell]:
    """The cells that may be done now: those of a combination wait until it is tuned."""
    open_ = {
        cell.levels
        for cell, standing in standings.items()
        if cell.point is not None and standing.state not in ("done", "failed")
    }
    return [cell for cell in standings if cell.point is not None or cell.levels not in open_]


def best_point(
    plan: StudyPlan, standings: Mapping[StudyCell, Standing], levels: tuple[int, ...]
) -> int | None:
    """The point of the grid at which a combination scored best, of equals the first; None if no
    point of it could be trained."""
    assert plan.tuning is not None
    measure = plan.measure(plan.tuning.by)
    scores = {
        cell.point: standing.found["measures"][measure.name]
        for cell, standing in standings.items()
        if cell.point is not None and cell.levels == levels and standing.state == "done"
    }
    sign = 1 if measure.higher else -1
    return max(scores, key=lambda point: sign * scores[point], default=None)
