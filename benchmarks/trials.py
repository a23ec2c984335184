"""How many trials of each task are made in a second, and what one of them looks like.

Windows of one trial of each of 64 streams, on one core, of the tasks as configs/tasks have them,
with inputs and labels; delayed match to sample also in a flow of windows of 100 steps, in which
trials lie anywhere. Where neurogym is installed (pip install neurogym) its delayed match to sample
is made beside ours: trial by trial, and in batches by its own `Dataset`. Writes tasks.png, a trial
of each. About half a minute.

    python -m benchmarks.trials --out runs/benchmarks/trials
"""

import time
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from benchmarks._results import Figure, arguments, write
from brainmodel import CONFIGS
from brainmodel.command_line.config_files import Config, read_config
from brainmodel.data.streams import Part
from brainmodel.data.tasks import PoissonSpikes, TaskModule
from brainmodel.figures import TrialPicture, draw_trials, save

TASKS = sorted(
    path.stem
    for path in (CONFIGS / "tasks").glob("*.yaml")
    if "brainmodel.data.tasks." in path.read_text()  # others are closed loops
)
REPEATS = 3


def made(name: str, **changes: Any) -> TaskModule:
    """The data of a task's config, changed."""
    data: Config = read_config(f"tasks/{name}")["data"]
    options = data["init_args"] | changes
    if options.get("spikes"):
        options["spikes"] = PoissonSpikes(**options["spikes"]["init_args"])
    package, _, kind = data["class_path"].rpartition(".")
    return getattr(import_module(package), kind)(**options)


def trials_per_second(data: TaskModule, seconds: float) -> float:
    """Whole trials, of all streams, per second of this process's time."""
    stream, streams = data.stream(data.share(Part.TRAINING)), data.batch_size
    first = stream.window(0).labels["trial"][-1].clamp(min=0)
    windows, last, start = 0, first, time.process_time()
    while time.process_time() - start < seconds:
        windows += 1
        last = stream.window(windows).labels["trial"][-1]
    taken = time.process_time() - start
    if data.order.aligned:
        return windows * streams / taken
    return float((last - first).sum()) / taken


def of_neurogym(seconds: float) -> dict[str, float]:
    """Trials per second of neurogym's delayed match to sample, 32 steps each; none without."""
    if find_spec("neurogym") is None:
        return {}
    neurogym, data = import_module("neurogym"), import_module("neurogym.utils.data")
    environment = neurogym.make("DelayMatchSample-v0", dt=100).unwrapped
    environment.new_trial()
    batches = data.Dataset(environment, batch_size=64, seq_len=100)
    per_batch = 64 * 100 / len(environment.ob)
    makers = {"trial by trial": (environment.new_trial, 1.0), "in batches": (batches, per_batch)}
    found = {}
    for name, (make, trials) in makers.items():
        count, start = 0, time.process_time()
        while time.process_time() - start < seconds:
            make()
            count += 1
        found[name] = count * trials / (time.process_time() - start)
    return found


def picture(name: str) -> TrialPicture:
    """The first trial of a task's first stream, of rates and not of spikes."""
    spikes = (
        {"spikes": None} if "spikes" in read_config(f"tasks/{name}")["data"]["init_args"] else {}
    )
    data = made(name, aligned=True, window=None, batch_size=1, **spikes)
    window = data.stream(data.share(Part.TRAINING)).window(0)
    on = window.labels["trial"][:, 0] >= 0
    answer = window.labels["answer"][on, 0].numpy()
    return TrialPicture(
        name.replace("_", " "),
        data.channels["stimulus"],
        window.inputs["stimulus"][on, 0].numpy(),
        answer,
        window.labels["response"][on, 0].numpy(),
    )


def main() -> None:
    """Measure, draw and write."""
    options = arguments(__doc__ or "")
    torch.set_num_threads(1)
    seconds = 0.2 if options.quick else 1.0
    measured: list[tuple[str, dict[str, Any]]] = [
        (name, {"aligned": True, "window": None, "batch_size": 64}) for name in TASKS
    ]
    measured.append(("delayed_match", {"aligned": False, "window": 100, "batch_size": 64}))
    figures = []
    for name, changes in measured:
        data = made(name, **changes)
        found = [trials_per_second(data, seconds) for _ in range(REPEATS)]
        settings = {"aligned": data.order.aligned, "window": data.window, "streams": 64}
        figures.append(Figure(name, found, "trials/s", settings=settings))
    theirs = [of_neurogym(seconds) for _ in range(REPEATS)]
    for name in theirs[0]:
        values = [found[name] for found in theirs]
        figures.append(Figure(f"delayed match, neurogym, {name}", values, "trials/s"))
    out: Path = options.out
    write(out, figures)
    save(draw_trials([picture(name) for name in TASKS]), out / "tasks.png")


if __name__ == "__main__":
    main()
