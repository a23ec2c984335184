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
from brainmodel.command_line.exposures import asked_alone, of_last_stage, subjects_of
from brainmodel.command_line.over_checkpoints import TRAINING, new_folder, over_checkpoints
from brainmodel.command_line.probe_command import asked as read_in
from brainmodel.command_line.probe_command import spelled_out
from brainmodel.command_line.probed_brains import brains
from brainmodel.errors import Refused
from brainmodel.physiology import Answered, Phenomenon, compare, eye_of, measure, write_physiology
from brainmodel.physiology.battery import Subject
from brainmodel.physiology.model_alone import analyse_alone
from brainmodel.physiology.page import rows_in_words
from brainmodel.probing.analyses import Analysis
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
    if not {"phenomena", "analyses"} & set(config):
        config = read_config(BATTERY) | config
    with over_checkpoints(physiology_parser(), read_in(config), spelled_out(rest), LEFT) as (
        built,
        held,
    ):
        if "perturb" in config:
            print("perturb: is left to training; the brain is asked as it is")
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
    add("--analyses", type=dict[str, Analysis], help="of the sequences that brains learnt, by name")
    add("--events", type=int, default=16, help="of each sequence, for analyses; 2 or more")
    add("--also", type=list[str], default=[], help="sequences shown to analyses besides, as DCBA")
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
    if built.events < 2:
        raise Refused(f"events: need 2 or more of each sequence, got {built.events}")
    phenomena: dict[str, Phenomenon] = built.phenomena or {}
    try:
        require_new(out)
        found, drawn = brains(built.ckpt_path, built.untrained)
        size = require_eye(found[0].brain, phenomena)
        grown = of_last_stage(found)
        sections = {}
        if built.analyses:
            asked = asked_alone(found, drawn)
            sections = analyse_alone(built.analyses, asked, built.events, built.also)
    except (ValueError, FileNotFoundError) as error:
        raise Refused(str(error)) from error
    answers = _answers(phenomena, subjects_of(phenomena, grown, drawn))
    told = {
        "title": Path(names[-1]).stem if names else "physiology",
        "facts": facts(len(grown), len(drawn), size, len(found)),
        "command": f"brainmodel {shlex.join(sys.argv[1:])}",
        "config": held,
    }
    page = write_physiology(answers, size, out, told, sections)
    print(told["facts"], *rows_in_words(list(answers.values())), sep="\n")
    tables = ["physiology"] * bool(answers) + [t for own in sections.values() for t in own.tables]
    print(f"\nreport      {page}", *(f"table       {out / name}.csv" for name in tables), sep="\n")


def _answers(
    phenomena: Mapping[str, Phenomenon], subjects: Mapping[str, tuple[list[Subject], list[Subject]]]
) -> dict[str, Answered]:
    """What all brains show, by phenomenon."""
    answers = {}
    brains_in_all = sum(2 * len(a) + len(b) for a, b in subjects.values())
    with tqdm(total=brains_in_all, unit="brain", disable=not phenomena) as bar:
        for name, phenomenon in phenomena.items():
            bar.set_description(name)
            trained, untrained = subjects[name]
            shown = measure(phenomenon, trained, untrained, bar.update)
            first = trained[0].exposure
            asked = phenomenon if first is None else phenomenon.after(first)
            answers[name] = Answered(asked, shown, compare(name, asked, shown))
        bar.total = bar.n  # brains without feedback are asked less
    return answers


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
        try:
            phenomenon.require(brain)
        except ValueError as error:
            raise Refused(f"phenomena.{name}: {error}") from error
    return size


def facts(trained: int, untrained: int, size: int, checkpoints: int) -> str:
    """How many brains were asked, in a sentence or two."""
    one = "" if trained > 1 else " Of a single brain intervals are over its units alone."
    if checkpoints > trained:
        one += f" Of {checkpoints} checkpoints, phenomena are those of each brain's last."
    return f"{trained} trained and {untrained} untrained brains, eye of {size} pixels.{one}"
