"""Macaque motor cortex during centre-out reaching: 141 neurons, 8 directions, means over trials.

Hatsopoulos, Xu & Amit (2007), J. Neurosci. 27:5105; public as doi:10.5061/dryad.xsj3tx9cm. Here the
means over trials of it, in bins of 10 ms from .8 s before to .4 s after the movement began, in an
.npz with firing_rate [neuron, time, direction] in spikes/s and time [time] in s.
"""

import numpy as np

from brainmodel.probing.recordings.experiments.during_task import DuringTask
from brainmodel.probing.recordings.readers.files import readable, require_field, require_file
from brainmodel.probing.recordings.recording import Recording

AREA = "M1"


class MotorCortexReaching(DuringTask):
    """Rates around the beginning of the movement; stimuli are directions, 0, 45, ... degrees.

    Args:
        path: of the .npz.
        task: reaches to 8 targets whose conditions are in the same order,
            `brainmodel.data.tasks.CentreOutReaching`.
        windows, event, conditions, leave_out: as in `DuringTask`.
    """

    def recording(self) -> Recording:
        """See `DuringTask.recording`."""
        return read_reaching(self.path)


def read_reaching(path: str) -> Recording:
    """The neurons by direction of the reach; there is one repeat, the mean over trials.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is not an .npz, or an array is missing.
    """
    source = require_file(path)
    damaged = readable(source, "an .npz of plain arrays", "write it with numpy.savez")
    with damaged, np.load(source, allow_pickle=False) as opened:
        for name in ("firing_rate", "time"):
            require_field(source, "array", name, opened.files)
        rate, time = opened["firing_rate"].astype(float), opened["time"].astype(float)
    begins = np.round(time, 4)  # they are single precision; a bin of 10 ms begins at its time
    directions = rate.shape[2]
    return Recording(
        rate.transpose(0, 2, 1)[:, :, None],
        np.full(len(rate), AREA),
        np.array([f"{360 * k / directions:g} degrees" for k in range(directions)]),
        np.append(begins, 2 * begins[-1] - begins[-2]),
        "spikes/s",
        "macaque M1, reaching",
    )
