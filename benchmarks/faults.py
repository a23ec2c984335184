"""Faults: training is stopped at any moment, and goes on to the last bit; two processes never hang.

One process: a run is killed, or hears ctrl-C, SIGTERM or SIGUSR1, at a moment drawn at random,
saves included; then it is resumed from its last checkpoint to its end, which has to equal, bit by
bit, the end of a run that was not stopped. Two processes: one of them fails, cannot write, is
killed or hears SIGTERM, or both do; each has to end by itself, and to say a sentence.

Processes are forked from this one, which has loaded what they need: a stop takes seconds.

    python -m benchmarks.faults --out runs/benchmarks/faults
"""

import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
import yaml
from torch.utils._pytree import tree_flatten

from benchmarks._forks import LIMIT, alive, ends, forked, group, wait
from benchmarks._results import Figure, arguments, write

STEPS = 60
CONFIG: dict[str, Any] = {
    "extends": "quick",
    "model": {
        "areas": {
            "V1": {"units": [4, 8, 8]},
            "PM": {"units": [6], "objectives": {"next": "faulty.Faulty"}},
        },
        "final": 0.1,
    },
    "data": {
        "init_args": {
            "size": 8,
            "window": 4,
            "batch_size": 2,
            "windows_per_epoch": 15,
            "validation_windows": 2,
        }
    },
    "trainer": {"max_epochs": STEPS // 15, "enable_progress_bar": False, "log_every_n_steps": 5},
    "checkpoint": {"every_n_train_steps": 3},
    "pictures": {"scenes": 0},
    "report": {"scenes": 0},
}
FAULTY = '''
import errno, os, pathlib, signal
from objectives import SquaredError
from brainmodel.training import checkpoint_files

class Faulty(SquaredError):
    """Has faults at a step of a process, as the environment asks: "error 1 7"."""
    windows = 0
    def forward(self, activity):
        self.windows += self.training
        fault, rank, step = os.environ.get("FAULT", "none 0 0").split()
        if self.windows == int(step) and os.environ.get("LOCAL_RANK", "0") in rank.split("+"):
            self.fail(fault)
        return super().forward(activity)
    def fail(self, fault):
        if fault == "error":
            raise RuntimeError("as it must")
        if fault == "disk":
            def full(content, opened):
                opened.write(b"half")
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            checkpoint_files.torch.save = full
            if os.environ.get("LOCAL_RANK") != "0":  # it writes no checkpoints
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if fault in ("SIGKILL", "SIGTERM"):
            os.kill(os.getpid(), getattr(signal, fault))
'''
STOPS = ("SIGKILL", "SIGINT", "SIGTERM", "SIGUSR1")
FAULTS = (
    ("an error in one", "error", ("0", "1")),
    ("a full disk for one", "disk", ("0", "1")),
    ("kill -9 of one", "SIGKILL", ("0", "1")),
    ("SIGTERM to one", "SIGTERM", ("0", "1")),
    ("SIGTERM to both", "SIGTERM", ("0+1",)),
)
"""In words; what it is called in FAULTY; the processes, in turn."""
FIT = ("fit", "--config=tiny.yaml")
TWO = ("--trainer.devices=2", "--trainer.strategy=ddp", "--data.batch_size=1")
SENTENCE = r"brainmodel: (failed|stopped)|Stopped by|Process \d ends|terminated with code"
ROOT = Path(__file__).parent.parent


class Stop(NamedTuple):
    """How a stop went."""

    met: bool  # before the run was over
    saving: bool  # while a checkpoint was being written
    equal: bool  # the resumed run ended as one that was not stopped


def last(name: str) -> Path:
    """The last checkpoint of the last run of a name."""
    runs = sorted(Path("runs", name).iterdir(), key=lambda path: int(path.name[8:]))
    return runs[-1] / "checkpoints" / "last.ckpt"


def learnt(path: Path) -> list[Any]:
    """All that a run leaves for the next step."""
    content = torch.load(path, weights_only=True)
    keys = ("state_dict", "optimizer_states", "streams", "random_numbers", "global_step")
    return tree_flatten([content[key] for key in keys])[0]


def same(one: list[Any], other: list[Any]) -> bool:
    """Whether all leaves are equal, tensors to the last bit."""
    return len(one) == len(other) and all(
        torch.equal(a, b) if isinstance(a, torch.Tensor) else a == b
        for a, b in zip(one, other, strict=True)
    )


def stop(run: str, name: str, delay: float, saving: bool) -> Stop:
    """Stop a run and resume it.

    Args:
        run: its name.
        name: of the signal.
        delay: s after the first checkpoint.
        saving: whether to wait for the next save.
    """
    child = forked(run, [*FIT, f"--trainer.logger.name={run}"])
    folder = Path("runs", run, "version_0", "checkpoints")
    wait((folder / "last.ckpt").exists, pause=0.002)
    time.sleep(delay)
    if saving:
        wait(lambda: any(folder.glob(".*.part")) or not alive(child), pause=0.0)
    within = any(folder.glob(".*.part"))
    if not alive(child):
        return Stop(False, False, False)
    os.kill(child, getattr(signal, name))
    if not ends(child):
        return Stop(True, within, False)
    begun = last(run)
    child = forked(run, [*FIT, f"--trainer.logger.name={run}", f"--ckpt_path={begun}"])
    good = ends(child) and last(run) != begun and same(learnt(last(run)), learnt(last("whole")))
    return Stop(True, within, good)


def stops(count: int, draw: random.Random) -> dict[str, list[Stop]]:
    """That many stops, the four signals in turn, every other one within a save."""
    start = time.monotonic()
    child = forked("whole", [*FIT, "--trainer.logger.name=whole"])
    wait(Path("runs/whole/version_0/checkpoints/last.ckpt").exists, pause=0.002)
    first = time.monotonic()
    assert ends(child), Path("whole.txt").read_text()
    took = time.monotonic() - first
    print(f"a run takes {time.monotonic() - start:.1f} s, {took:.1f} s of it after its first save")
    found: dict[str, list[Stop]] = {name: [] for name in STOPS}
    number = 0
    while sum(map(len, found.values())) < count:
        name = STOPS[number % len(STOPS)]
        number += 1
        delay, saving = draw.uniform(0, 0.8 * took), number // len(STOPS) % 2 == 1
        made = stop(f"stop_{number}", name, delay, saving)
        if made.met:
            found[name].append(made)
        if made.met and not made.equal:
            print(f"stop_{number} by {name}:", Path(f"stop_{number}.txt").read_text()[-600:])
    return found


def fault(run: str, kind: str, ranks: str, step: int) -> bool:
    """Two processes with a fault; whether both end by themselves, and one that is left says why."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    shared = {"FAULT": f"{kind} {ranks} {step}", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    shared |= {"WORLD_SIZE": "2", "NODE_RANK": "0"}
    words = [*FIT, *TWO, f"--trainer.logger.name={run}"]
    both = [forked(f"{run}_{r}", words, shared | {"LOCAL_RANK": r}) for r in ("0", "1")]
    over = [ends(child) for child in both]  # both are waited for
    return all(over) and spoke([Path(f"{run}_{r}.txt") for r in ("0", "1")])


def launched(run: str, kind: str, ranks: str, step: int) -> bool:
    """The same, with the second process started by the first, as Lightning does by itself."""
    command = [sys.executable, str(ROOT / "train.py"), *FIT, *TWO]
    said = Path(f"{run}.txt")
    with (
        said.open("w") as opened,
        subprocess.Popen(
            [*command, f"--trainer.logger.name={run}"],
            stdout=opened,
            stderr=subprocess.STDOUT,
            env=os.environ | {"FAULT": f"{kind} {ranks} {step}"},
            start_new_session=True,
        ) as first,
    ):
        done = wait(lambda: first.poll() is not None and not group(first.pid), 2 * LIMIT, 0.1)
        if not done:
            os.killpg(first.pid, signal.SIGKILL)
    return done and spoke([said])


def spoke(files: Sequence[Path]) -> bool:
    """Whether there is a sentence on why training ended."""
    texts = [file.read_text() for file in files]
    if any(re.search(SENTENCE, text) for text in texts):
        return True
    print(*[text[-600:] for text in texts], sep="\n---\n")
    return False


def resumed(count: int) -> list[Figure]:
    """Of that many stops, how many were resumed to the last bit, by signal."""
    figures = []
    for name, made in stops(count, random.Random(0)).items():
        settings = {"stops": len(made), "within a save": sum(each.saving for each in made)}
        good = sum(each.equal for each in made)
        print(name, good, settings, flush=True)
        figures.append(Figure(f"{name}: resumed to the last bit", [good], "", settings=settings))
    return figures


def ended(way: Callable[[str, str, str, int], bool], count: int) -> list[Figure]:
    """Of that many faults of each kind, after how many both processes ended with a sentence."""
    draw, figures = random.Random(0), []
    for what, kind, ranks in FAULTS:
        runs = [f"{way.__name__}_{what.replace(' ', '_')}_{number}" for number in range(count)]
        good = 0
        for number, run in enumerate(runs):
            good += way(run, kind, ranks[number % len(ranks)], draw.randint(4, 20))
        print(way.__name__, what, good, "of", count, flush=True)
        settings = {"faults": count, "processes": way.__name__}
        figures.append(Figure(f"{what}: both end", [good], "", settings=settings))
    return figures


def main() -> None:
    """Stop, resume, count."""
    options = arguments(__doc__ or "")
    out, quick = options.out.resolve(), options.quick
    with tempfile.TemporaryDirectory() as folder:
        prepare(folder)
        figures = resumed(8 if quick else 50)
        figures += ended(fault, 2 if quick else 10) + ended(launched, 1 if quick else 2)
        os.chdir("/")
    write(out, figures)


def prepare(folder: str) -> None:
    """Go to a folder with a config and a part that has faults."""
    torch.set_num_threads(1)
    os.chdir(folder)
    sys.path.insert(0, folder)
    Path("faulty.py").write_text(FAULTY)
    Path("tiny.yaml").write_text(yaml.safe_dump(CONFIG))


if __name__ == "__main__":
    main()
