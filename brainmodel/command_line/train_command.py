"""The commands fit, validate and test, by Lightning's command line: parse, build, run."""

import logging
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytorch_lightning as pl
import yaml
from jsonargparse import Namespace
from pytorch_lightning.cli import ArgsType, LightningArgumentParser, LightningCLI

from brainmodel.command_line.config_files import Config, merge
from brainmodel.command_line.ended_early import told
from brainmodel.command_line.entries import parse_entries, take_apart, text_of_rest
from brainmodel.command_line.needs import require_curves, require_data
from brainmodel.command_line.own_files import import_own_files
from brainmodel.command_line.refusals import check_form, explain, require_finite
from brainmodel.command_line.steps_told import steps_told
from brainmodel.command_line.trainer_options import check_trainer, require_seed
from brainmodel.data.stream_module import StreamOptions
from brainmodel.errors import Refused
from brainmodel.training import checkpoint
from brainmodel.training.callbacks.checkpoints import Checkpoints
from brainmodel.training.callbacks.gradient_alignment import Alignment
from brainmodel.training.callbacks.ledger import Ledger
from brainmodel.training.callbacks.monitor import Monitor
from brainmodel.training.callbacks.perturb import Perturb
from brainmodel.training.callbacks.pictures import Pictures
from brainmodel.training.callbacks.progress import Progress
from brainmodel.training.callbacks.random_numbers import RandomNumbers
from brainmodel.training.callbacks.report import Report
from brainmodel.training.callbacks.resuming import Resuming
from brainmodel.training.callbacks.soundness import Soundness
from brainmodel.training.callbacks.step_ends import StepEnds
from brainmodel.training.callbacks.stopping import Stopping
from brainmodel.training.module import BrainModule, require_end
from brainmodel.training.old_checkpoints import without_constants
from brainmodel.training.parameter_groups import require_plain, require_steps
from brainmodel.training.resumable import require_none_unasked, require_resumable
from brainmodel.training.run_folder import SaveConfig, last_checkpoint
from brainmodel.training.same_brain import require_same_brain
from brainmodel.wiring.losses import require_objectives

OFFERED = {
    "fit": {"model", "train_dataloaders", "val_dataloaders", "datamodule"},
    "validate": {"model", "dataloaders", "datamodule"},
    "test": {"model", "dataloaders", "datamodule"},
}
"""The commands, and what Lightning passes to each by itself."""

CALLBACKS = {
    "alignment": Alignment,
    "checkpoint": Checkpoints,
    "monitor": Monitor,
    "perturb": Perturb,
    "pictures": Pictures,
    "report": Report,
}
ALWAYS = (RandomNumbers, StepEnds, Soundness, Resuming, Stopping)
SHOW = "--print_config"
SHOWN = {"comments": "with_comments", "skip_default": "skip_default", "skip_null": "skip_unset"}
"""What may follow it, by what jsonargparse calls it."""
RUNS = Path("runs")
USUAL_CHECKPOINT = {"save_last": True, "save_on_exception": True}


class CommandLine(LightningCLI):
    """Commands that train and measure a brain, with the callbacks that every run has.

    Args:
        command: fit, validate or test.
        config: the config files, merged.
        rest: options that are laid over them.
        folder: of runs of this config, where `ckpt_path: last` looks.
        words: all that was said, for a sentence on how to go on.

    Raises:
        Refused: if the configuration is wrong.
    """

    def __init__(
        self,
        command: str,
        config: Config,
        rest: list[str],
        folder: Path = Path("runs", "brain"),
        words: Sequence[str] = (),
    ):
        self.files, self.rest, self.folder, self.words = config, rest, folder, words
        self.parts = take_apart(config, [word for word in rest if not word.startswith(SHOW)])
        strict: dict[str, Any] = {"exit_on_error": False, "allow_abbrev": False}
        super().__init__(
            BrainModule,
            pl.LightningDataModule,
            subclass_mode_data=True,
            save_config_callback=SaveConfig if command == "fit" else None,
            seed_everything_default=0,
            trainer_defaults={"callbacks": [kind() for kind in ALWAYS]},
            parser_kwargs=strict | {name: dict(strict) for name in OFFERED},
            auto_configure_optimizers=False,
            load_from_checkpoint_support=False,
            args=[command, "--config", text_of_rest(self.parts), *self.parts.rest],
        )

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Make the callbacks options, and the data's shapes the brain's inputs."""
        for name, callback in CALLBACKS.items():
            parser.add_lightning_class_args(callback, name)
        parser.set_defaults({f"checkpoint.{k}": value for k, value in USUAL_CHECKPOINT.items()})
        parser.link_arguments("data.shapes", "model.inputs", apply_on="instantiate")
        parser.link_arguments("data.environments", "model.environments", apply_on="instantiate")

    @staticmethod
    def subcommands() -> dict[str, set[str]]:
        """See `OFFERED`."""
        return OFFERED

    def parse_arguments(self, parser: LightningArgumentParser, args: ArgsType) -> None:
        """Check names and types of everything."""
        check_form(self.files, self._known)
        import_own_files(self.files, self.rest)
        with self._refusing():
            entries = parse_entries(self.parts)
            if not entries["areas"]:
                raise Refused("model.areas: is empty; name an area, or add --config default")
            self.config = parser.parse_args(args)  # type: ignore[arg-type]
            self.config[self.config.subcommand].model.update(Namespace(entries))
            self.files = self.config[self.config.subcommand].as_dict()  # with the options
            require_finite(self.files)
            require_seed(self.files.get("seed_everything"))
            data = (self.files.get("data") or {}).get("init_args") or {}
            check_trainer(self.files["trainer"], data.get("windows_per_epoch"))
        for word in self.rest:
            if word.startswith(SHOW):
                self._show(set(word.partition("=")[2].split(",")) - {""})

    def _show(self, wanted: set[str]) -> NoReturn:
        """Print the whole configuration, as --print_config wants it, and leave."""
        if unknown := wanted - set(SHOWN):
            raise Refused(f"print_config: takes {', '.join(SHOWN)}, got {', '.join(unknown)}")
        for sentence in steps_told(self.files):
            print(f"# {sentence}", file=sys.stderr)
        how: dict[str, Any] = {"skip_unset": False} | {SHOWN[word]: True for word in wanted}
        config = self.config[self.config.subcommand]
        print(self._parser(self.config.subcommand).dump(config, skip_validation=True, **how))
        sys.exit(0)

    def _parse_ckpt_path(self) -> None:
        """Read the checkpoint; the config defines the brain, the checkpoint has to fit it."""
        config = self.config[self.config.subcommand]
        if config.get("ckpt_path") in ("last", "best", "hpc"):
            config.ckpt_path = str(last_checkpoint(config.ckpt_path, self.folder))
        path = config.get("ckpt_path")
        if path is None:
            require_none_unasked(Path(config.trainer.default_root_dir or "."))
        self.begun = None if path is None else checkpoint.read_checkpoint(path)

    def instantiate_classes(self) -> None:
        """Build everything; an error here means that the configuration is wrong."""
        with self._refusing():
            text = self.parser.dump(
                self.config, format="yaml", skip_unset=False, skip_validation=True
            )
            self.config_dump = yaml.safe_load(text)[self.subcommand]
            super().instantiate_classes()
            require_steps(self.model.optimizer)  # it would refuse only when training begins
            require_plain(self.model.optimizer(self.model.parts))
            require_end(self.trainer, self.model.final)
            require_objectives(self.model.brain)
            require_curves(self.model.brain, self.trainer.callbacks)  # type: ignore[attr-defined]
            require_data(self.model.brain, self.datamodule, self.subcommand == "fit")
            for callback in self.trainer.callbacks:  # type: ignore[attr-defined]
                if isinstance(callback, Perturb):
                    callback.require(self.model.brain, self.datamodule)
                if isinstance(callback, Ledger):
                    callback.require(self.model.brain, self.trainer.callbacks)  # type: ignore[attr-defined]
        plain = self.config_dump["model"]
        plain["inputs"] = {name: list(shape) for name, shape in self.model.brain.inputs.items()}
        options = self.config_dump["data"].get("init_args") or {}
        if self.model.brain.environments:
            plain["environments"] = options["environments"]
        plain["_instantiator"] = "pytorch_lightning.cli.instantiate_module"
        self.model.save_hyperparameters(plain)  # `load_from_checkpoint` builds it from these
        data = self.config_dump["data"]  # saved to be compared, with options that were left out
        own = vars(self.datamodule)
        usual = {name: own[name] for name in StreamOptions.__annotations__ if name in own}
        whole = {"init_args": usual | (data.get("init_args") or {})}
        self.datamodule.save_hyperparameters(data | whole, logger=False)

    def after_instantiate_classes(self) -> None:
        """Refuse a checkpoint that does not fit before anything is written."""
        if self.begun is not None:
            without_constants(self.begun, self.model.brain, self.model.parts)
            checkpoint.require_fit(self.begun["state_dict"], self.model.state_dict())
            require_same_brain(self.begun, self.model.hparams)
            batch = getattr(self.datamodule, "batch_size", None)
            if self.subcommand == "fit":
                require_resumable(self.begun, self.model, self.trainer, batch)
            self.begun = None

    def instantiate_trainer(self, **kwargs: Any) -> pl.Trainer:
        """The trainer; with the checkpoint callback only where checkpoints are wanted."""
        options = self._get(self.config_init, "trainer")
        if options.get("enable_checkpointing") is False or options.get("fast_dev_run"):
            self._parser(self.subcommand).callback_keys.remove("checkpoint")
        if options.get("enable_progress_bar") is not False:
            kwargs["callbacks"] = [*(options.get("callbacks") or []), Progress()]
        return super().instantiate_trainer(**kwargs)

    def _run_subcommand(self, subcommand: str) -> None:
        """Run; see `told`."""
        with told(self.words, self.model):
            super()._run_subcommand(subcommand)

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        try:
            yield
        except Refused:
            raise
        except Exception as error:
            raise Refused(explain(error, self.files, self.rest, self._known)) from error

    @property
    def _known(self) -> list[str]:
        parsers = self._subcommand_parsers.values()
        return [action.dest for parser in parsers for action in parser._actions]


def train_or_measure(words: list[str], names: list[str], config: Config, rest: list[str]) -> None:
    """Parse, build and run.

    Args:
        words: all that was said; the first is fit, validate or test.
        names: of the config files, the last of which gives the run its name.
        config: what they say, merged.
        rest: options that are laid over it.

    Raises:
        Refused: if the configuration is wrong.
    """
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())  # the user's own classes lie in the user's own files
    config = merge(usual(words[0], names), config)
    with warnings.catch_warnings():
        quieten()
        CommandLine(words[0], with_predictors(config), rest, RUNS / _name(names), words)


def with_predictors(config: Config) -> Config:
    """The config, with the predictor written out for each area that leaves it to the default.

    The plan's own default is an object, which can neither be saved nor shared between areas.
    """
    model = config.get("model")
    areas = model.get("areas") if isinstance(model, dict) else None
    if not isinstance(model, dict) or not isinstance(areas, dict):
        return config
    usual = {"predictor": {"class_path": "areas.Predictor"}}
    plans = {n: merge(usual, p) if isinstance(p, dict) else p for n, p in areas.items()}
    return config | {"model": model | {"areas": plans}}


def usual(command: str, names: list[str]) -> Config:
    """The config below all others: a folder of its own when it trains, no tables of Lightning's."""
    trainer: Config = {"enable_model_summary": False}
    if command != "fit":
        return {"trainer": trainer | {"logger": False}, "verbose": False}
    folder = {"class_path": "brainmodel.training.RunFolder", "init_args": {"name": _name(names)}}
    return {"trainer": trainer | {"logger": folder}}


def _name(names: list[str]) -> str:
    """What the runs of these config files are called."""
    return Path(names[-1]).stem if names else "brain"


def quieten() -> None:
    """Hide messages of libraries that do not concern the run."""
    for name in ("pytorch_lightning.utilities.rank_zero", "pytorch_lightning"):
        logging.getLogger(name).addFilter(
            lambda record: not str(record.msg).startswith(("💡", "GPU avail", "TPU avail", "HPU"))
        )
    for message in (
        ".*LeafSpec.*is deprecated",  # Lightning and torch, of each other
        ".*only one JsonargparseDeprecationWarning",  # Lightning and jsonargparse
        ".*was deprecated in v4\\.",
        ".*does not have many workers.*",
        "The dirpath has changed",  # a resumed run has a folder of its own
    ):
        warnings.filterwarnings("ignore", message=r"\s*" + message)
