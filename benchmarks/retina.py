"""What the retina of the default brain costs: its share of a training step.

Milliseconds of all its retinae (one on each pathway from the eye) for a window's frames, beside a
whole training step of the same brain, forward and backward, in turn; on one thread. A minute.

    python -m benchmarks.retina --out runs/benchmarks/retina
"""

import torch

from benchmarks._results import Figure, arguments, write
from benchmarks.cells import in_turn
from benchmarks.circuits import training_step
from benchmarks.perturbation import STREAMS, WINDOW, default_brain
from brainmodel.pathways import Retina


def cost(repeats: int) -> Figure:
    """The retinae beside the training step."""
    brain = default_brain()
    inputs = {name: torch.rand(WINDOW, STREAMS, *shape) for name, shape in brain.inputs.items()}
    retinae = [part for part in brain.modules() if isinstance(part, Retina)]
    frames = inputs["eye"].flatten(0, 1)

    def see() -> None:
        for retina in retinae:
            retina(frames)

    step = training_step(brain, inputs)
    seeing, whole = in_turn(see, step, repeats=repeats)
    settings = {"retinae": len(retinae), "window": WINDOW, "streams": STREAMS}
    return Figure("retinae", seeing, "ms", "training step", whole, settings)


def main() -> None:
    """Measure and write."""
    options = arguments(__doc__ or "")
    torch.set_num_threads(1)
    write(options.out, [cost(3 if options.quick else 31)])


if __name__ == "__main__":
    main()
