"""Cells of a study that differ in their seeds alone, trained in lockstep where that can be."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from brainmodel.command_line.study_cells import train_cell
from brainmodel.study.fingerprint import digest
from brainmodel.study.plan import StudyCell, StudyPlan
from brainmodel.training.lockstep import Lockstep


class CellTraining(NamedTuple):
    """Trains cells of a study.

    Args:
        plan: of the study.
        words: options for all cells.
        out: folder of the study.
    """

    plan: StudyPlan
    words: Sequence[str]
    out: Path

    def alone(self, cell: StudyCell, point: int | None) -> dict[str, Any]:
        """Train one cell; see `train_cell`."""
        return train_cell(self.plan, cell, point, self.words, self._log(cell, point))

    def together(self, cells: Sequence[StudyCell], point: int | None) -> list[Any]:
        """Train cells of several seeds as one brain, or one by one where that cannot be.

        Args:
            cells: that differ in their seeds alone.
            point: of the grid, if the study tunes.

        Returns:
            what each measured, as of `train_cell`, or the exception that ended it. Where they were
            trained one by one, "alone" says why.
        """
        jobs = [
            partial(train_cell, self.plan, cell, point, self.words, self._log(cell, point))
            for cell in cells
        ]
        lockstep = Lockstep([lambda share, job=job: job(share=share) for job in jobs])
        found = lockstep.run()
        if not lockstep.refused:
            return found
        return [self._attempt(cell, point, lockstep.refused) for cell in cells]

    def _attempt(self, cell: StudyCell, point: int | None, why: str) -> Any:
        try:
            return self.alone(cell, point) | {"alone": why}
        except Exception as error:
            return error

    def _log(self, cell: StudyCell, point: int | None) -> Path:
        return self.out / "cells" / f"{cell.seed}_{digest([cell.levels, point])}.txt"
