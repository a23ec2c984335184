"""The command `probe`: checkpoints of a brain against a recording, composed in YAML like the rest.

What the brain is stands in its checkpoints. So sections of a config that belong to training are
left to training, and a probe may be laid over the config of a run.
"""

import json
import shlex
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NoReturn

import yaml
from jsonargparse import ArgumentParser, Namespace

from brainmodel import CONFIGS
from brainmodel.command_line.config_files import Config
from brainmodel.command_line.over_checkpoints import new_folder, over_checkpoints
from brainmodel.command_line.probed_brains import brains
from brainmodel.errors import Refused
from brainmodel.probing import Experiment, Plan, probe, write_report
from brainmodel.probing.report import require_new, verdicts
from brainmodel.probing.scores import gains_of
from brainmodel.training.callbacks.perturb import Perturb

NPZ = "brainmodel.probing.recordings.NpzFiles"
PARTS = ("metrics", "baselines", "analyses")
RECORDINGS = CONFIGS / "probing" / "recordings"


def run(names: Sequence[str], config: Config, rest: Sequence[str]) -> None:
    """Parse, build, probe, report.

    Args:
        names: of the config files, the last of which gives the report its name.
        config: what they say, merged.
        rest: options that are laid over it.

    Raises:
        Refused: if the configuration, a checkpoint or the recording is wrong.
    """
    with over_checkpoints(probe_parser(), asked(config), spelled_out(rest)) as (built, held):
        _probe(built, held, names)


def probe_parser() -> ArgumentParser:
    """The options of a probe."""
    parser = ArgumentParser(
        prog="brainmodel probe", exit_on_error=False, allow_abbrev=False, logger=False
    )
    parser.add_argument("--config", action="config", help="a yaml file")
    parser.add_argument(
        "--ckpt_path", type=list[str], default=[], help="checkpoints: of seeds, or of stages"
    )
    parser.add_argument(
        "--recording", type=Experiment, help="what was recorded, and what was shown"
    )
    parser.add_argument("--untrained", type=int, default=3, help="seeds of the untrained brain")
    parser.add_argument("--out", type=str | None, default=None, help="a new folder for the report")
    parser.add_class_arguments(Plan)
    parser.add_class_arguments(Perturb, "perturb")
    parser.set_defaults({"scoring.progress": True})
    return parser


def asked(config: Config) -> Config:
    """What a config says of a probe, its parts read in."""
    return config | {k: _read_in(v) for k, v in config.items() if k in PARTS}


def spelled_out(words: Sequence[str]) -> list[str]:
    """Words of the command line with the short forms of --recording and --ckpt_path written out.

    `--recording FILE.npz` is a recording in NumPy's format; FILE.yaml is a config of one, NAME one
    that comes along. `--ckpt_path` may be given several times.

    Raises:
        Refused: if there is no such file.
    """
    found: list[str] = []
    remaining = iter(words)
    for word in remaining:
        option, given, value = word.partition("=")
        if option not in ("--recording", "--ckpt_path"):
            found.append(word)
            continue
        value = value if given else next(remaining, "")
        if option == "--recording":
            found += _recording(value)
        else:
            plus = "" if value.startswith("[") else "+"
            found.append(f"--ckpt_path{plus}={value}")
    return found


def _recording(value: str) -> list[str]:
    if value.endswith(".npz"):
        return [f"--recording={NPZ}", f"--recording.path={value}"]
    for place in (Path(value), RECORDINGS / f"{value}.yaml"):
        if place.is_file():
            return [f"--recording={json.dumps(_content(place))}"]
    if "/" in value or value.endswith((".yaml", ".yml")):
        raise Refused(f"recording: there is no file {value!r}; give an .npz or a config of one")
    return [f"--recording={value}"]


def _content(path: Path) -> Any:
    """What a YAML file says."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _read_in(parts: Any) -> Any:
    """Metrics, baselines or analyses, by name; a file in the place of one is what it says."""
    if not isinstance(parts, Mapping):
        return parts
    return {
        name: _content(Path(part)) if isinstance(part, str) and Path(part).is_file() else part
        for name, part in parts.items()
    }


def _probe(built: Namespace, held: Config, names: Sequence[str]) -> None:
    """Run what was built; what recordings, checkpoints and metrics refuse is the user's to mend."""
    if built.recording is None:
        raise Refused(
            "recording: is missing; add --recording FILE.npz, or a class such as "
            "brainmodel.probing.recordings.MacaqueV4"
        )
    if not built.ckpt_path:
        raise Refused("ckpt_path: is missing; add --ckpt_path FILE.ckpt, once for each checkpoint")
    if built.untrained < 2:
        raise Refused(f"untrained: need 2 seeds or more, got {built.untrained}")
    out = Path(built.out) if built.out else new_folder(names, "probes")
    previous = signal.signal(signal.SIGTERM, _leave)
    try:
        plan = Plan(**{name: built[name] for name in Plan.__dataclass_fields__})
        require_new(out)
        trained, untrained = brains(built.ckpt_path, built.untrained)
        print(*_replaced(plan), sep="", end="")
        with ExitStack() as within:
            for brain in (*(each.brain for each in trained), *untrained.values()):
                within.enter_context(built.perturb.within("probe", brain))
            findings = probe(trained, untrained, built.recording, plan)
        page = write_report(findings, out, held, f"brainmodel {shlex.join(sys.argv[1:])}")
    except (ValueError, FileNotFoundError, ModuleNotFoundError) as error:
        raise Refused(str(error)) from error
    finally:
        signal.signal(signal.SIGTERM, previous)
    print(f"\nrecording   {findings.recording.facts}")
    for found in verdicts(findings.scores, gains_of(findings.scores)):
        print(found.plain)
    print(f"\nreport      {page}\ntable       {out / 'scores.csv'}")


def _replaced(plan: Plan) -> list[str]:
    """Lines that tell which of the usual metrics and baselines gave way to those that are named."""
    usual = Plan(presentation=plan.presentation)
    lines = []
    for name in ("metrics", "baselines"):
        used, others = (getattr(each, f"used_{name}") for each in (plan, usual))
        if gone := [other for other in others if other not in used]:
            lines.append(f"{name:<12}{', '.join(used)}, in place of the usual {', '.join(gone)}\n")
    return lines


def _leave(*_: Any) -> NoReturn:
    """SIGTERM: leave through every `finally`, so that nothing is left half-written."""
    sys.exit(143)
