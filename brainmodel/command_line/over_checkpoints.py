"""What commands have in common that ask checkpoints: options over a config of training.

What the brain is stands in its checkpoints. So sections of a config that belong to training are
left to training, and what is asked may be laid over the config of a run.
"""

import re
import sys
import warnings
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import yaml
from jsonargparse import ArgumentParser, Namespace

from brainmodel.command_line.config_files import Config
from brainmodel.command_line.refusals import read_error, unknown
from brainmodel.command_line.train_command import quieten
from brainmodel.errors import Refused

TRAINING = {"model", "data", "trainer", "checkpoint", "monitor", "pictures", "report"}
TRAINING |= {"seed_everything", "optimizer", "lr_scheduler"}


@contextmanager
def over_checkpoints(
    parser: ArgumentParser,
    config: Config,
    words: Sequence[str],
    left: Collection[str] = TRAINING,
) -> Iterator[tuple[Namespace, Config]]:
    """What is asked, built, and as a config for the record; quietly, within the context.

    Args:
        parser: of the command's options.
        config: what the config files say, merged.
        words: options that are laid over it.
        left: sections that are left to training.

    Raises:
        Refused: if the configuration is wrong.
    """
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))  # the user's own classes lie in the user's own files
    with warnings.catch_warnings():
        quieten()
        parsed = parse(parser, config, words, left)
        held = yaml.safe_load(parser.dump(parsed, skip_none=False))
        try:
            built = parser.instantiate(parsed)
        except Exception as error:
            raise refused(error, parser) from error
        yield built, held


def parse(
    parser: ArgumentParser,
    config: Config,
    words: Sequence[str],
    left: Collection[str] = TRAINING,
) -> Namespace:
    """What is asked, checked and not yet built; see `over_checkpoints`."""
    text = yaml.safe_dump(_mine(parser, config, left), sort_keys=False)
    try:
        return parser.parse_args(["--config", text, *words])
    except Exception as error:
        raise refused(error, parser) from error


def _mine(parser: ArgumentParser, config: Config, left: Collection[str]) -> Config:
    """The sections that are for the command; checkpoints as it takes them, one or several."""
    mine = {k: v for k, v in config.items() if k not in left and (k, v) != ("ckpt_path", None)}
    known = [action.dest for action in parser._actions]
    for section in mine:
        if section not in {name.partition(".")[0] for name in known}:
            raise Refused(unknown(section, known))
    several = isinstance(parser.get_defaults().get("ckpt_path"), list)
    if several and isinstance(mine.get("ckpt_path"), str):
        mine["ckpt_path"] = [mine["ckpt_path"]]
    return mine


def refused(error: Exception, parser: ArgumentParser) -> Refused:
    """What parsing or building raised, in one sentence."""
    if isinstance(error, Refused):
        return error
    text = str(error)
    if match := re.search(
        r"(?:unrecognized arguments: --|does not accept option ')(\S+?)[='\s]", f"{text} "
    ):
        return Refused(unknown(match[1], [action.dest for action in parser._actions]))
    place, reason = read_error(text)
    return Refused(f"{place}: {reason}" if place and not reason.startswith(place) else reason)


def new_folder(names: Sequence[str], place: str) -> Path:
    """A folder under runs/PLACE for a report, not there yet, named after the last config."""
    name = Path(names[-1]).stem if names else place
    number = 0
    while (folder := Path("runs", place, f"{name}_{number}")).exists():
        number += 1
    return folder
