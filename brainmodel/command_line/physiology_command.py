"""The command `physiology`: trained brains are asked for phenomena of cortex.

What the brain is stands in its checkpoints. So sections of a config that belong to training are
left to training, and the battery may be laid over the config of a run.
"""

import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from jsonargparse import ArgumentParser, Namespace
from tqdm import tqdm

from brainmodel.brain import Brain
from brainmodel.command_line.config_files import Config, read_config
from brainmodel.command_line.exposures import exposure_of, with_exposures
from brainmodel.command_line.over_checkpoints import TRAINING, new_folder, over_checkpoints
from brainmodel.command_line.probe_command import spelled_out
from brainmodel.command_line.probed_brains import brains
from brainmodel.errors import Refused
from brainmodel.physiology import Answered, Phenomenon, compare, eye_of, measure, write_physiology
from brainmodel.physiology.battery import Subject
from brainmodel.physiology.page import rows_in_words
from brainmodel.probing import Trained
from brainmodel.probing.report import require_new

BATTERY = "physiology/battery"
LEFT = TRAINING | {"perturb"}  # the brain is asked as it is


def run(names: Sequence[str], config: Config, rest: Sequence[str]) -> None:
    """Parse, build, ask, report.

    Args:
        names: of the config files, the last of which gives the report its name.
        config: what they say, merged; the battery that comes along unless it names phenomena.
        rest: options that are laid over it.

    Raises:
        Refused: if the configuration or a checkpoint is wrong, or the brain cannot be asked.
    """
    if "phenomena" not in config:
        config = read_config(BATTERY) | config
    with over_checkpoints(physiology_parser(), config, spelled_out(rest), LEFT) as (built, held):
        _ask(built, held, names)


def physiology_parser() -> ArgumentParser:
    """The options of the battery."""
    parser = ArgumentParser(
        prog="brainmodel physiology", exit_on_error=False, allow_abbrev=False, logger=False
    )
    add = parser.add_argument
    add("--config", action="config", help="a yaml file")
    add("--ckpt_path", type=list[str], default=[], help="checkpoints, of one seed each")
    add("--phenomena", type=dict[str, Phenomenon], help="what brains are asked for, by name")
    add("--untrained", type=int, default=1, help="seeds of the untrained brain, at least")
    add("--out", type=str | None, default=None, help="a new folder for the report")
    return parser


def _ask(built: Namespace, held: Config, names: Sequence[str]) -> None:
    """Ask all brains for all phenomena; write the report."""
    if not built.ckpt_path:
        raise Refused("ckpt_path: is missing; add --ckpt_path FILE.ckpt, once for each seed")
    if built.untrained < 1:
        raise Refused(f"untrained: need 1 seed or more, got {built.untrained}")
    out = Path(built.out) if built.out else new_folder(names, "physiology")
    phenomena: dict[str, Phenomenon] = built.phenomena
    try:
        require_new(out)
        found, drawn = brains(built.ckpt_path, built.untrained)
    except (ValueError, FileNotFoundError) as error:
        raise Refused(str(error)) from error
    size = require_eye(found[0].brain, phenomena)
    subjects = _subjects(phenomena, found, drawn)
    answers = {}
    with tqdm(total=sum(2 * len(a) + len(b) for a, b in subjects.values()), unit="brain") as bar:
        for name, phenomenon in phenomena.items():
            bar.set_description(name)
            trained, untrained = subjects[name]
            shown = measure(phenomenon, trained, untrained, bar.update)
            first = trained[0].exposure
            asked = phenomenon if first is None else phenomenon.after(first)
            answers[name] = Answered(asked, shown, compare(name, asked, shown))
        bar.total = bar.n  # brains without feedback are asked less
    told = {
        "title": Path(names[-1]).stem if names else "physiology",
        "facts": facts(len(found), len(drawn), size),
        "command": f"brainmodel {shlex.join(sys.argv[1:])}",
        "config": held,
    }
    page = write_physiology(answers, size, out, told)
    print(told["facts"], *rows_in_words(list(answers.values())), sep="\n")
    print(f"\nreport      {page}\ntable       {out / 'physiology.csv'}")


def _subjects(
    phenomena: Mapping[str, Phenomenon], found: Sequence[Trained], drawn: Mapping[int, Brain]
) -> dict[str, tuple[list[Subject], list[Subject]]]:
    """Trained and untrained brains by phenomenon, with what they learnt from where it matters."""
    plain = [Subject(own.brain) for own in found], [Subject(own) for own in drawn.values()]
    asking = {name: own for name, own in phenomena.items() if own.needs_exposure}
    exposures = [exposure_of(own.instance) for own in found] if asking else []
    learnt = {
        name: with_exposures(own, name, found, drawn, exposures) for name, own in asking.items()
    }
    return dict.fromkeys(phenomena, plain) | learnt


def require_eye(brain: Brain, phenomena: dict[str, Phenomenon]) -> int:
    """Pixels of the brain's eye.

    Raises:
        Refused: if it has none, or one that is too small for a phenomenon.
    """
    eye = eye_of(brain)
    if eye is None:
        shapes = ", ".join(f"{name} {list(shape)}" for name, shape in brain.inputs.items())
        raise Refused(
            f"ckpt_path: this brain has no eye, an input [1 or 3, size, size]; it has {shapes}"
        )
    size = brain.inputs[eye][1]
    for name, phenomenon in phenomena.items():
        if size < phenomenon.smallest_eye:
            raise Refused(
                f"phenomena.{name}: its stimuli need an eye of {phenomenon.smallest_eye} pixels or "
                f"more, and that of this brain has {size}; leave it out"
            )
    return size


def facts(trained: int, untrained: int, size: int) -> str:
    """How many brains were asked, in a sentence."""
    one = "" if trained > 1 else " Of a single brain intervals are over its units alone."
    return f"{trained} trained and {untrained} untrained brains, eye of {size} pixels.{one}"
