"""The command `record`: what a checkpoint's brain does while it is given data, as an NWB file.

What the brain is stands in its checkpoint, what it is given in the section `data` of the config, so
that the config of its training will do, perturbations of held-out windows included.
"""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jsonargparse import ArgumentParser

from brainmodel.command_line.config_files import Config
from brainmodel.command_line.over_checkpoints import TRAINING, over_checkpoints
from brainmodel.command_line.probed_brains import trained_brain
from brainmodel.data import StreamModule
from brainmodel.errors import Refused
from brainmodel.perturbation.perturbed import in_words
from brainmodel.probing.activity import record_session, write_nwb
from brainmodel.training.callbacks.perturb import Perturb

LEFT = TRAINING - {"data"}


def run(config: Config, rest: Sequence[str]) -> None:
    """Parse, build, record, write.

    Args:
        config: what the config files say, merged.
        rest: options that are laid over it.

    Raises:
        Refused: if the configuration or the checkpoint is wrong, or the file is there already.
    """
    with over_checkpoints(record_parser(), config, rest, LEFT) as (built, _):
        _record(built)


def record_parser() -> ArgumentParser:
    """The options of a recording."""
    parser = ArgumentParser(
        prog="brainmodel record", exit_on_error=False, allow_abbrev=False, logger=False
    )
    parser.add_argument("--config", action="config", help="a yaml file")
    parser.add_argument("--ckpt_path", type=str | None, default=None, help="a checkpoint")
    parser.add_argument("--data", type=StreamModule, help="what the brain is given")
    parser.add_argument("--windows", type=int, default=4, help="of held-out data, one or more")
    parser.add_argument(
        "--signals", type=list[str], default=["rate"], help="rate, error, prediction, state"
    )
    parser.add_argument("--out", type=str | None, default=None, help="the new .nwb file")
    parser.add_class_arguments(Perturb, "perturb")
    return parser


def _record(built: Any) -> None:
    if built.data is None:
        raise Refused("data: is missing; add --config tasks/delayed_match, or that of the training")
    if built.ckpt_path is None:
        raise Refused("ckpt_path: is missing; add --ckpt_path FILE.ckpt")
    if built.out is None:
        raise Refused("out: is missing; add --out session.nwb")
    if built.windows < 1:
        raise Refused(f"windows: need 1 or more, got {built.windows}")
    if Path(built.out).exists():
        raise Refused(f"out: {built.out} is there already; name a file that is not")
    trained, told = trained_brain(built.ckpt_path), f"brainmodel {shlex.join(sys.argv[1:])}"
    try:
        built.perturb.require(trained.brain, built.data)
        windows = built.data.held_out_windows(built.windows)
        rate = built.data.frames_per_second
        with built.perturb.within("held_out", trained.brain) as found:
            session = record_session(trained.brain, windows, rate, built.signals)
        if found is not None:
            told += f"; perturbed: {in_words(found.of)}"
            print(f"perturbed   {in_words(found.of)}")
        write_nwb(session, built.out, f"{told}; {built.ckpt_path} after {trained.stage} steps")
    except (ValueError, FileNotFoundError, ModuleNotFoundError) as error:
        raise Refused(str(error)) from error
    steps, streams = session.reset.shape
    trials = len(next(iter(session.trials().values()), ()))
    areas = ", ".join(
        f"{a} ({v.shape[2]})" for a, v in next(iter(session.activity.values())).items()
    )
    print(f"{streams} streams of {steps / rate:g} s, {trials} trials; units of {areas}")
    print(f"session     {built.out}")
