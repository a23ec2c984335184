"""The command `study`: every combination of factors and seeds is trained once, and compared.

Options that are none of the study's own are those of `fit`, laid over the config of every cell.
"""

import multiprocessing
import shlex
import shutil
import sys
import time
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, NamedTuple

import torch
from jsonargparse import ArgumentParser, Namespace
from tqdm import tqdm

from brainmodel.command_line.cells_together import CellTraining
from brainmodel.command_line.config_files import Config, check_options, merge, read_config
from brainmodel.command_line.own_files import own_files
from brainmodel.command_line.refusals import read_error
from brainmodel.command_line.study_cells import resolved, settle_down
from brainmodel.command_line.study_checks import check_cells
from brainmodel.command_line.train_command import quieten
from brainmodel.errors import Refused
from brainmodel.optional import optional
from brainmodel.study.answer import write_answer
from brainmodel.study.fingerprint import fingerprint
from brainmodel.study.plan import StudyCell, StudyPlan, read_plan
from brainmodel.study.queue import Standing, StudyQueue, require_optuna
from brainmodel.study.worker import Together, one_line, settled, work

JOURNAL = "study.journal"
OPTIONS = {"out", "workers", "threads", "storage", "stale_after", "retry_failed", "slurm"}
OPTIONS |= {"slurm_options", "seeds", "seeds_together", "help"}


class StudyRequest(NamedTuple):
    """All that a worker has to know."""

    plan: StudyPlan
    words: list[str]  # options of every cell
    out: Path
    storage: str | Path
    name: str  # of the study in its storage
    fingerprint: dict[str, str]
    stale: float
    threads: int
    together: int  # seeds at most that a worker trains as one brain
    told: dict[str, Any]  # title, command and config, for the record

    def queue(self) -> StudyQueue:
        """The cells, in their storage."""
        return StudyQueue(self.storage, self.name, self.plan, self.fingerprint, self.stale)


def run(names: Sequence[str], words: Sequence[str]) -> None:
    """Check everything, train what is not trained yet, write the answer.

    Args:
        names: of the config files of the study, the last of which gives it its name.
        words: options, of the study and of its cells.

    Raises:
        Refused: if the study, a cell, the folder or the storage is wrong.
    """
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))  # the user's own classes lie in the user's own files
    own, rest = _apart(words)
    asked = _options(own)
    if not names:
        raise Refused("study needs a config: add --config studies/rules_on_delayed_match")
    if asked.out is None:
        raise Refused("out: is missing; add --out DIR, a folder for this study alone")
    content: Config = {}
    for name in names:
        content = merge(content, read_config(name))
    content |= {"seeds": asked.seeds} if asked.seeds is not None else {}
    plan = read_plan(content)
    require_optuna()
    with warnings.catch_warnings():
        quieten()
        request = _request(plan, content, rest, names, asked)
        queue = _checked_queue(request)
        if asked.retry_failed:
            queue.ask_failed_again()
        if asked.slurm:
            _submit(request, asked)
        elif asked.workers:
            _train(request, queue, asked.workers)
        _answer(request, queue)


def study_parser() -> ArgumentParser:
    """The options of a study."""
    parser = ArgumentParser(
        prog="brainmodel study", exit_on_error=False, allow_abbrev=False, logger=False
    )
    add = parser.add_argument
    add("--out", type=str | None, help="folder for this study alone; to go on, the same again")
    add("--workers", type=int, default=1, help="processes here; 0 writes what is known so far")
    add("--threads", type=int, default=1, help="of each worker")
    add("--storage", type=str | None, help="URL that Optuna takes; a journal in --out unless given")
    add("--stale_after", type=float, default=60.0, help="s without a sign until a worker is gone")
    add("--retry_failed", type=bool, default=False, help="train cells that failed once more")
    add("--seeds", type=list[int] | None, help="in the place of those of the config")
    add("--seeds_together", type=int, default=1, help="so many of a combination as one brain")
    add("--slurm", type=int, default=0, help="so many jobs of a SLURM cluster in place of workers")
    add("--slurm_options", type=dict[str, Any], default={}, help="of submitit, as timeout_min")
    return parser


def _apart(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Options of the study, and those of its cells."""
    found: dict[bool, list[str]] = {True: [], False: []}
    own = False
    for word in words:
        if word.startswith("-"):
            own = word.lstrip("-").partition("=")[0].partition(".")[0] in OPTIONS or word == "-h"
        found[own].append(word)
    return found[True], found[False]


def _options(words: Sequence[str]) -> Namespace:
    parser = study_parser()
    if {"-h", "--help"} & set(words):
        print(parser.format_help(), "\nAll other options are those of fit, for every cell.")
        sys.exit(0)
    try:
        asked = parser.parse_args(list(words))
    except Exception as error:
        place, reason = read_error(str(error))
        raise Refused(f"{place}: {reason}" if place else reason) from error
    least_of = {"workers": 0, "threads": 1, "seeds_together": 1, "slurm": 0, "stale_after": 2}
    for name, least in least_of.items():
        if not asked[name] >= least:
            raise Refused(f"{name}: need {least} or more, got {asked[name]}")
    if asked.slurm:
        require_slurm()
    return asked


def _request(
    plan: StudyPlan, content: Config, rest: list[str], names: Sequence[str], asked: Namespace
) -> StudyRequest:
    """All that was asked, resolved, with its fingerprint."""
    check_options(rest)
    cells = [StudyCell(levels, 0, None) for levels in plan.combinations]
    whole = [resolved(plan, cell, None, rest) for cell in cells]
    settings = {"plan": plan._replace(changes={}, base=()), "cells": whole}
    files = [path for config, words in whole for path in own_files(config, words)]
    out, name = Path(asked.out), Path(names[-1]).stem
    told = {
        "title": name,
        "command": f"brainmodel {shlex.join(sys.argv[1:])}",
        "config": content | ({"options": rest} if rest else {}),
    }
    return StudyRequest(
        plan=plan,
        words=rest,
        out=out,
        storage=asked.storage or out.resolve() / JOURNAL,
        name=name if asked.storage else "study",
        fingerprint=fingerprint(settings, files),
        stale=asked.stale_after,
        threads=asked.threads,
        together=asked.seeds_together,
        told=told,
    )


def _checked_queue(request: StudyRequest) -> StudyQueue:
    """The queue; before anything is written, what is wrong is refused.

    A study that is there already with this fingerprint was checked when it began.
    """
    journal = request.storage
    if isinstance(journal, Path) and journal.is_file():
        return request.queue()
    out = request.out
    if out.exists() and not out.is_dir():
        raise Refused(f"out: {out} is a file; name a folder")
    ours = {path.name for path in out.iterdir()} if out.is_dir() else set()
    if ours and (isinstance(journal, Path) or "study.json" not in ours and "cells" not in ours):
        raise Refused(f"out: {out} holds something else than a study; name another folder")
    check_cells(request.plan, request.words)
    if isinstance(journal, Path):
        out.mkdir(parents=True, exist_ok=True)
    queue = request.queue()
    out.mkdir(parents=True, exist_ok=True)
    return queue


def _train(request: StudyRequest, queue: StudyQueue, workers: int) -> None:
    """Train all that is left, in this process or in several."""
    with tqdm(total=len(request.plan.cells), unit="cell", desc=request.told["title"]) as bar:
        look = partial(_show, bar)
        if workers == 1:
            _work(request, queue, look)
            return
        spawned = multiprocessing.get_context("spawn")
        children = [spawned.Process(target=work_alone, args=(request,)) for _ in range(workers)]
        for child in children:
            child.start()
        try:
            _watch(queue, children, look)
        finally:
            for child in children:
                child.join()


def _watch(queue: StudyQueue, children: Sequence[BaseProcess], look: Any) -> None:
    """Show progress until the children have ended."""
    while any(child.is_alive() for child in children):
        look(queue.standings())
        time.sleep(0.5)
    standings = queue.standings()
    look(standings)
    if not settled(standings):
        codes = ", ".join(str(child.exitcode) for child in children)
        sys.exit(
            f"brainmodel: stopped: all workers ended (exit status {codes}) before the study did; "
            "run it again to go on"
        )


def _show(bar: Any, standings: Mapping[StudyCell, Standing]) -> None:
    states = [standing.state for standing in standings.values()]
    bar.set_postfix(running=states.count("running"), failed=states.count("failed"), refresh=False)
    bar.update(states.count("done") + states.count("failed") - bar.n)


def work_alone(request: StudyRequest) -> None:
    """What a worker does that is a process of its own, here or on a cluster.

    Args:
        request: all that it has to know.
    """
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    with warnings.catch_warnings(), suppress(KeyboardInterrupt):  # whoever started it tells it
        quieten()
        _work(request, request.queue(), lambda standings: None)


def _work(request: StudyRequest, queue: StudyQueue, look: Any) -> None:
    parent, threads = multiprocessing.parent_process(), torch.get_num_threads()
    training = CellTraining(request.plan, request.words, request.out)
    several = Together(request.together, training.together) if request.together > 1 else None
    settle_down(request.threads)
    try:
        work(queue, training.alone, look, lambda: bool(parent) and not parent.is_alive(), several)
    finally:
        torch.set_num_threads(threads)


def require_slurm() -> Any:
    """submitit, on a machine that can submit jobs.

    Raises:
        Refused: if it is not installed, or there is no SLURM here.
    """
    try:
        submitit = optional("submitit", "clusters")
    except ModuleNotFoundError as missing:
        raise Refused(str(missing)) from missing
    if shutil.which("sbatch") is None:
        raise Refused("slurm: there is no sbatch here; run this on a cluster, or give --workers")
    return submitit


def _submit(request: StudyRequest, asked: Namespace) -> None:
    """Start workers as jobs of a cluster; they end by themselves."""
    executor = require_slurm().AutoExecutor(folder=str(request.out / "slurm"), cluster="slurm")
    usual = {"timeout_min": 240, "cpus_per_task": asked.threads, "name": request.name}
    try:
        executor.update_parameters(**usual | asked.slurm_options)
    except Exception as error:
        raise Refused(f"slurm_options: {one_line(error)}") from error
    jobs = [executor.submit(work_alone, request) for _ in range(asked.slurm)]
    print(f"jobs        {', '.join(job.job_id for job in jobs)}")
    print("The same command with --workers 0 writes what is known so far.")


def _answer(request: StudyRequest, queue: StudyQueue) -> None:
    """Write the files, and say what was found."""
    standings = queue.standings()
    for line in write_answer(request.plan, standings, request.out, request.told):
        print(line)
    for cell, standing in standings.items():
        if standing.state == "failed":
            print(f"failed: {request.plan.told(cell)}: {standing.error}")
    print(f"\npage        {request.out / 'study.html'}\ntable       {request.out / 'study.csv'}")
