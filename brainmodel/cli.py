"""The command line: `brainmodel fit --config default`, and all other commands.

Whatever can be refused without torch and Lightning is refused before they are loaded.
"""

import difflib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from brainmodel import CONFIGS
from brainmodel.command_line.config_files import check_options, lay_over, load
from brainmodel.command_line.migrate_command import migrate
from brainmodel.errors import NotFinite, ProcessLost, Refused

COMMANDS = {
    "fit": "train a brain",
    "validate": "measure a brain, or a checkpoint of it, on held-out streams",
    "test": "the same on other held-out streams",
    "probe": "score checkpoints against a recording of a brain, and write a report",
    "physiology": "ask checkpoints for phenomena of cortex, and write a report",
    "record": "write what a checkpoint's brain does with given data as NWB",
    "study": "train every combination of rules, cells, tasks, ... and seeds, and compare them",
    "migrate": "give classes that moved their new names in configs and checkpoints",
}
USAGE = """usage: brainmodel COMMAND --config FILE [--config FILE ...] [--any.option VALUE ...]

commands:
{commands}

options, after the command:
  -c, --config FILE   a yaml file, or the short name of one that comes along:
                      {configs};
                      several are merged, the later over the earlier
  --ckpt_path FILE    go on from a checkpoint (fit), or measure it (all commands but study)
  --recording FILE    what to score against (probe)
  --out DIR           folder of a study, or of a report; file of a recording (record)
  --print_config      show the whole configuration and stop
  --help              show every option of the command with that config, and stop
  --traceback         show where in the program an error came from

brainmodel migrate FILE [FILE ...] rewrites each file in its place, says what it changed, and keeps
what was there as FILE.bak
"""


def main(args: Sequence[str] | None = None) -> None:
    """Run a command line; return after success, else leave with an exit status.

    Args:
        args: the words after the program's name; those of this process unless given.

    Raises:
        SystemExit: 1 after a failure, 2 for a configuration that is wrong, 130 after ctrl-C, 143
            after SIGTERM.
    """
    words = list(sys.argv[1:] if args is None else args)
    traceback = os.environ.get("BRAINMODEL_TRACEBACK") == "1" or "--traceback" in words
    try:
        _run([word for word in words if word != "--traceback"])
    except KeyboardInterrupt:
        sys.exit(130)
    except SystemExit as left:
        _leave(left)
    except Exception as error:
        if traceback:
            raise
        if isinstance(error, Refused):
            _say(str(error), 2)
        if isinstance(error, NotFinite | ProcessLost):
            _say(f"stopped: {error}", 1)
        _say(f"failed: {type(error).__name__}: {error} (--traceback shows where)", 1)


def _run(words: list[str]) -> None:
    if not words or words[0] in ("-h", "--help"):
        print(usage())
        return
    if words[0] not in COMMANDS:
        near = difflib.get_close_matches(words[0], COMMANDS, n=1) or ["fit"]
        raise Refused(
            f"there is no command {words[0]!r}; there are {', '.join(COMMANDS)}: "
            f"did you mean 'brainmodel {near[0]}'?"
        )
    if words[0] == "migrate":
        migrate(words[1:])
        return
    names, rest = take_configs(words[1:])
    check_options(rest)
    if words[0] == "study":
        from brainmodel.command_line import study_command

        study_command.run(names, rest)
        return
    config, rest = lay_over(load(names), rest)
    if words[0] == "probe":
        from brainmodel.command_line import probe_command

        probe_command.run(names, config, rest)
        return
    if words[0] == "physiology":
        from brainmodel.command_line import physiology_command

        physiology_command.run(names, config, rest)
        return
    if words[0] == "record":
        from brainmodel.command_line import record_command

        record_command.run(config, rest)
        return
    if not names and not {"-h", "--help"} & set(rest):
        raise Refused(f"{words[0]} needs a config: add --config default, or a file of your own")
    from brainmodel.command_line.train_command import train_or_measure

    train_or_measure(words, names, config, rest)


def usage() -> str:
    """The text of --help, without loading torch."""
    commands = "\n".join(f"  {name:<12}{what}" for name, what in COMMANDS.items())
    configs = ", ".join(path.stem for path in sorted(CONFIGS.glob("*.yaml")))
    return USAGE.format(commands=commands, configs=configs)


def take_configs(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Names of config files, and all other words.

    Raises:
        Refused: if a file is missing after --config.
    """
    names, rest = [], []
    remaining = iter(words)
    for word in remaining:
        option, given, value = word.partition("=")
        if option not in ("-c", "--config"):
            rest.append(word)
            continue
        name = value if given else next(remaining, "")
        if not name or name.startswith("--"):
            raise Refused("--config: needs the name of a file after it, such as default")
        names.append(name)
    return names, rest


def _leave(left: SystemExit) -> NoReturn:
    """Leave with 143 after SIGTERM and 130 after ctrl-C; Lightning would with 0 and 1."""
    if type(left).__name__ == "SIGTERMException":
        sys.exit(143)
    if isinstance(left.__context__, KeyboardInterrupt):
        sys.exit(130)
    raise left


def _say(sentence: str, status: int) -> NoReturn:
    print(f"brainmodel: {sentence}", file=sys.stderr)
    sys.exit(status)
