"""Faults: training is stopped at any moment, and goes on to the last bit; two processes never hang.

Stops: a run is killed (kill -9), or hears ctrl-C, SIGTERM or SIGUSR1, at a moment drawn at random,
saves included; then it is resumed from its last checkpoint. Faults of one process: an error, a full
disk (files may not grow), a number that is none, films whose decoded frames can no longer be read.
Of two processes: one of them fails, finds the disk full, is killed or hears SIGTERM, or both do, as
SLURM sends it. Each has to end by itself within a minute (SLURM: half of one), to say a sentence
and a command, and to go on by that command to its end. Checkpoints are damaged: refused by a
sentence that names another, from which a run goes on.

Every end has to equal, bit by bit, that of a run without faults, and no file may have its final
name before it is whole. Processes are forked from this one, which has loaded what they need.

    python -m benchmarks.faults --out runs/benchmarks/faults --kills 50
"""

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from benchmarks._fault_runs import (
    FIT,
    command,
    ended_as,
    goes_on,
    halves,
    last,
    prepare,
    spoke,
)
from benchmarks._forks import LIMIT, alive, ends, forked, group, wait
from benchmarks._results import Figure, arguments, write

STOPS = ("SIGKILL", "SIGINT", "SIGTERM", "SIGUSR1")
ALONE = {
    "an error": ("error", "tiny"),
    "a full disk": ("disk", "tiny"),
    "not a number": ("nan", "tiny"),
    "films that break": ("video", "film"),
}
"""Faults of one process, in words: what it is called in FAULTY; the config."""
TWO = ("--trainer.devices=2", "--trainer.strategy=ddp", "--data.batch_size=1")
FAULTS = {
    "an error in one": ("error", ("0", "1")),
    "a full disk": ("disk", ("0",)),
    "kill -9 of one": ("SIGKILL", ("0", "1")),
    "SIGTERM to one": ("SIGTERM", ("0", "1")),
    "SIGTERM to both": ("SIGTERM", ("0+1",)),
}
"""Faults of two, in words: what it is called in FAULTY; the processes, in turn."""
SLURM = {
    "SLURM_NTASKS": "2",
    "SLURM_NTASKS_PER_NODE": "2",
    "SLURM_NODEID": "0",
    "SLURM_JOB_ID": "1",
    "SLURM_JOB_NAME": "fit",
    "SLURM_NODELIST": "localhost",
}
WITHOUT = {"WORLD_SIZE": "2", "NODE_RANK": "0"}
PATIENCE = 30.0  # s after which SLURM kills what has not ended after SIGTERM (KillWait)
ROOT = Path(__file__).parent.parent


class Stop(NamedTuple):
    """How a stop went."""

    met: bool  # before the run was over
    saving: bool  # while a checkpoint was being written
    good: bool  # nothing half-written, and the resumed run ended as one that was not stopped


def stop(run: str, name: str, delay: float, saving: bool) -> Stop:
    """Stop a run and resume it.

    Args:
        run: its name.
        name: of the signal.
        delay: s after the first checkpoint.
        saving: whether to wait for the next save.
    """
    words = [*FIT, f"--trainer.logger.name={run}"]
    child = forked(run, words)
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
    if name != "SIGKILL":
        words = command([Path(f"{run}.txt").read_text()])
    else:
        words.append(f"--ckpt_path={last(run)}")
    return Stop(True, within, not halves(run) and goes_on(run, words, "whole"))


def stops(counts: dict[str, int], draw: random.Random) -> dict[str, list[Stop]]:
    """That many stops by each signal, every other one within a save."""
    took = whole("whole", FIT)
    found: dict[str, list[Stop]] = {name: [] for name in counts}
    for name, count in counts.items():
        while sum(each.met for each in found[name]) < count:
            number = len(found[name])
            run = f"{name}_{number}"
            made = stop(run, name, draw.uniform(0, 0.8 * took), number % 2 == 1)
            found[name].append(made)
            if made.met and not made.good:
                print(run, Path(f"{run}.txt").read_text()[-600:])
    return found


def whole(name: str, words: tuple[str, ...]) -> float:
    """A run without faults; seconds that it took after its first save."""
    start = time.monotonic()
    child = forked(name, [*words, f"--trainer.logger.name={name}"])
    wait(Path(f"runs/{name}/version_0/checkpoints/last.ckpt").exists, pause=0.002)
    first = time.monotonic()
    good = ends(child) and Path(f"runs/{name}/version_0/checkpoints/last.ckpt").exists()
    assert good, Path(f"{name}.txt").read_text()
    now = time.monotonic()
    print(f"{name} takes {now - start:.1f} s, {now - first:.1f} s of it after its first save")
    return now - first


def resumed(kills: int) -> list[Figure]:
    """Of that many kills, and a tenth as many stops by other signals, how many were resumed."""
    figures, others = [], max(1, kills // 10)
    counts = {name: kills if name == "SIGKILL" else others for name in STOPS}
    for name, made in stops(counts, random.Random(0)).items():
        met = [each for each in made if each.met]
        settings = {"stops": len(met), "within a save": sum(each.saving for each in met)}
        good = sum(each.good for each in met)
        print(name, good, settings, flush=True)
        figures.append(Figure(f"{name}: resumed to the last bit", [good], "", settings=settings))
    return figures


def alone(what: str, run: str, draw: random.Random) -> bool:
    """One process with a fault: whether it ends, says why, and goes on as it says."""
    kind, config = ALONE[what]
    step = draw.randint(4, 50)
    words = ["fit", f"--config={config}.yaml", f"--trainer.logger.name={run}"]
    ended = ends(forked(run, words, {"FAULT": f"{kind} 0 {step}"}))
    said = [Path(f"{run}.txt").read_text()]
    good = ended and spoke(run, said) and not halves(run)
    good = good and goes_on(run, command(said), f"whole_{config}")
    return _shown(good, run, [run])


def damaged(what: str, run: str, draw: random.Random) -> bool:
    """A damaged checkpoint: whether it is refused, and a run goes on from the one that is named.

    Where damage fell between the parts of the file, and changed nothing, the run goes on from it.
    """
    del what
    bad = Path(run, "last.ckpt")
    bad.parent.mkdir()
    for step, name in ((27, "earlier.ckpt"), (30, "last.ckpt")):
        (kept,) = last("whole_tiny").parent.glob(f"*step={step}.ckpt")
        shutil.copy2(kept, bad.with_name(name))
    content = bytearray(bad.read_bytes())
    place = draw.randrange(len(content))
    content[place] ^= 0xFF
    bad.write_bytes(content[:place] if draw.random() < 0.5 else content)
    words = [*FIT, f"--trainer.logger.name={run}"]
    begun = ends(forked(run, [*words, f"--ckpt_path={bad}"])) and Path("runs", run).exists()
    if not begun and f"{bad.with_name('earlier.ckpt')} is whole" in Path(f"{run}.txt").read_text():
        ends(forked(run, [*words, f"--ckpt_path={bad.with_name('earlier.ckpt')}"]))
    return _shown(Path("runs", run).exists() and ended_as(run, "whole_tiny"), run, [run])


def _shown(good: bool, run: str, files: list[str]) -> bool:
    """Whether it went well; else what was said is shown."""
    if not good:
        print(run, *[Path(f"{file}.txt").read_text()[-900:] for file in files], sep="\n---\n")
    return good


def begun(run: str, words: list[str], environment: dict[str, str]) -> list[int]:
    """Two processes of a run."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    shared = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port} | environment
    ranks = ("SLURM_PROCID", "SLURM_LOCALID", "LOCAL_RANK")
    return [forked(f"{run}_{r}", words, shared | dict.fromkeys(ranks, r)) for r in "01"]


def over(children: list[int], limit: float = LIMIT) -> bool:
    """Whether all end by themselves within a time; they are killed if not."""
    ended = wait(lambda: not any(alive(child) for child in children), limit)
    left = [child for child in children if not ends(child, 0.0)]
    return ended and not left


def together(run: str, ended: bool, environment: dict[str, str]) -> bool:
    """Whether two processes that ended have said why, and go on by what they said."""
    files = [f"{run}_0", f"{run}_1"]
    said = [Path(f"{file}.txt").read_text() for file in files]
    good = ended and spoke(run, said) and not halves(run) and bool(command(said))
    good = good and over(begun(run, command(said), environment))
    return _shown(good and ended_as(run, "whole_two"), run, files)


def two(what: str, run: str, draw: random.Random) -> bool:
    """Two processes with a fault."""
    kind, ranks = FAULTS[what]
    fault = {"FAULT": f"{kind} {ranks[int(run[-1]) % len(ranks)]} {draw.randint(4, 20)}"}
    words = [*FIT, *TWO, f"--trainer.logger.name={run}"]
    return together(run, over(begun(run, words, WITHOUT | fault)), WITHOUT)


def slurm(what: str, run: str, draw: random.Random) -> bool:
    """Two tasks of SLURM that hear a signal at any moment, together."""
    children = begun(run, [*FIT, *TWO, f"--trainer.logger.name={run}"], SLURM)
    wait(Path("runs", run, "version_0", "checkpoints", "last.ckpt").exists, pause=0.002)
    time.sleep(draw.uniform(0, 1.5))
    for child in children:
        os.kill(child, getattr(signal, what))
    return together(run, over(children, PATIENCE), SLURM)


def launched(what: str, run: str, draw: random.Random) -> bool:
    """The same, with the second process started by the first, as Lightning does by itself."""
    kind, ranks = FAULTS[what]
    said = Path(f"{run}.txt")
    fault = {"FAULT": f"{kind} {ranks[int(run[-1]) % len(ranks)]} {draw.randint(4, 20)}"}
    with (
        said.open("w") as opened,
        subprocess.Popen(
            [sys.executable, str(ROOT / "train.py"), *FIT, *TWO, f"--trainer.logger.name={run}"],
            stdout=opened,
            stderr=subprocess.STDOUT,
            env=os.environ | fault,
            start_new_session=True,
        ) as first,
    ):
        done = wait(lambda: first.poll() is not None and not group(first.pid), 2 * LIMIT, 0.1)
        if not done:
            os.killpg(first.pid, signal.SIGKILL)
    return done and spoke(run, [said.read_text()])


def counted(
    way: Callable[[str, str, random.Random], bool], name: str, kinds: list[str], count: int
) -> list[Figure]:
    """Of that many faults of each kind, after how many all was well."""
    draw, figures = random.Random(0), []
    for what in kinds:
        runs = [f"{name}_{what.replace(' ', '_')}_{number}" for number in range(count)]
        good = sum(way(what, run, draw) for run in runs)
        print(name, what, good, "of", count, flush=True)
        settings = {"faults": count, "processes": name}
        figures.append(Figure(what, [good], "", settings=settings))
    return figures


def main() -> None:
    """Stop, resume, count."""
    options = arguments(__doc__ or "", kills=50)
    out, quick = options.out.resolve(), options.quick
    few = 1 if quick else 3
    with tempfile.TemporaryDirectory() as folder:
        prepare(folder)
        figures = resumed(4 if quick else options.kills)
        for config in ("tiny", "film"):
            whole(
                f"whole_{config}", ("fit", f"--config={config}.yaml", "--checkpoint.save_top_k=-1")
            )
        figures += counted(alone, "one", list(ALONE), few)
        figures += counted(damaged, "one", ["a damaged checkpoint"], 2 * few)
        assert over(begun("two", [*FIT, *TWO, "--trainer.logger.name=whole_two"], WITHOUT))
        figures += counted(two, "two", list(FAULTS), few)
        figures += counted(slurm, "two tasks of SLURM", ["SIGTERM", "SIGUSR1"], few)
        figures += counted(launched, "two, launched by Lightning", ["kill -9 of one"], 2)
        os.chdir("/")
    write(out, figures)


if __name__ == "__main__":
    main()
