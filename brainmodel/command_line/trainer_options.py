"""Options of Lightning's trainer, checked before it is made: in our words, and before any work.

Lightning refuses some of these only when training begins, some in its own words, some not at all.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

import torch


class Check(NamedTuple):
    """What an option has to be."""

    fits: Callable[[Any], bool]
    need: str


def _whole(least: int) -> Check:
    wanted = f"a whole number of {least} or more"
    return Check(lambda value: isinstance(value, int) and value >= least, wanted)


def _share_or_count(least: float) -> Check:
    def fits(value: Any) -> bool:
        return value >= least and (isinstance(value, int) or value <= 1)

    return Check(fits, f"a share from {least:g} to 1, or a whole number of windows")


def _is_duration(value: Any) -> bool:
    if isinstance(value, str):
        return re.fullmatch(r"\d+:\d\d:\d\d:\d\d", value) is not None
    try:
        return (
            timedelta(**value) > timedelta(0) if isinstance(value, Mapping) else value is not None
        )
    except TypeError:
        return False


PRECISIONS = ("32-true", "32", "64-true", "64", "bf16-mixed", "16-mixed", "bf16-true", "16-true")
ACCELERATORS = ("auto", "cpu", "gpu", "cuda", "mps", "tpu")
CHECKS: dict[str, Check] = {
    "max_steps": _whole(-1),
    "min_steps": _whole(0),
    "max_epochs": _whole(-1),
    "min_epochs": _whole(0),
    "max_time": Check(_is_duration, "days:hours:minutes:seconds, such as 00:00:04:20"),
    "log_every_n_steps": _whole(1),
    "check_val_every_n_epoch": _whole(1),
    "accumulate_grad_batches": _whole(1),
    "num_sanity_val_steps": _whole(-1),
    "num_nodes": _whole(1),
    "limit_train_batches": _share_or_count(1e-9),
    "limit_val_batches": _share_or_count(0),
    "limit_test_batches": _share_or_count(0),
    "overfit_batches": _share_or_count(0),
    "gradient_clip_val": Check(lambda v: 0 <= v < math.inf, "a norm of 0 (none) or more"),
    "gradient_clip_algorithm": Check(lambda v: v in ("norm", "value"), "norm or value"),
    "precision": Check(lambda v: str(v) in PRECISIONS, "one of " + ", ".join(PRECISIONS)),
    "profiler": Check(
        lambda v: not isinstance(v, str) or v in ("simple", "advanced", "pytorch"),
        "simple, advanced or pytorch",
    ),
    "reload_dataloaders_every_n_epochs": Check(
        lambda v: v == 0, "0: streams go on from epoch to epoch, and would begin anew"
    ),
}
"""By name of the option; null leaves each to Lightning."""


def check_trainer(options: Mapping[str, Any], windows_per_epoch: int | None) -> None:
    """Refuse what Lightning would not, or later, or otherwise.

    Args:
        options: of the trainer, as they were parsed.
        windows_per_epoch: of the data, if it says so.

    Raises:
        ValueError: naming the option, its value and what would be right.
    """
    for name, check in CHECKS.items():
        value = options.get(name)
        if value is None:
            continue
        if isinstance(value, float) and math.isnan(value) or not check.fits(value):
            raise ValueError(f"trainer.{name}: need {check.need}, got {value!r}")
    for least, most in (("min_steps", "max_steps"), ("min_epochs", "max_epochs")):
        low, high = options.get(least) or 0, options.get(most)
        if high is not None and -1 < high < low:
            raise ValueError(f"trainer.{least}: need at most {most}, {high}, got {low}")
    _check_devices(options)
    _check_interval(options, windows_per_epoch)


def require_seed(seed: object) -> None:
    """Refuse a seed that NumPy does not take, with a ValueError."""
    if isinstance(seed, int) and not 0 <= seed < 2**32:
        raise ValueError(f"seed_everything: need a whole number from 0 to {2**32 - 1}, got {seed}")


def _check_devices(options: Mapping[str, Any]) -> None:
    accelerator, devices = options.get("accelerator", "auto"), options.get("devices", "auto")
    if isinstance(accelerator, str) and accelerator not in ACCELERATORS:
        raise ValueError(
            f"trainer.accelerator: need one of {', '.join(ACCELERATORS)}, got {accelerator!r}"
        )
    there = torch.cuda.device_count() if accelerator in ("gpu", "cuda") else None
    if there == 0 or (accelerator == "mps" and not torch.backends.mps.is_available()):
        raise ValueError(f"trainer.accelerator: {accelerator}, but there is none here; give cpu")
    listed = isinstance(devices, list) and len(devices) > 0
    if not listed and not re.fullmatch(r"auto|-1|[1-9]\d*|[\d, ]+,[\d, ]*", str(devices)):
        raise ValueError(f"trainer.devices: need auto, or a number of 1 or more, got {devices!r}")
    if there is not None and str(devices).isdigit() and int(str(devices)) > there:
        raise ValueError(f"trainer.devices: need at most {there}, which are here, got {devices!r}")


def _check_interval(options: Mapping[str, Any], windows: int | None) -> None:
    value = options.get("val_check_interval")
    field = "trainer.val_check_interval"
    if isinstance(value, str | Mapping):
        if not _is_duration(value):
            raise ValueError(f"{field}: need days:hours:minutes:seconds, got {value!r}")
    elif isinstance(value, int | float):
        if not (0 < value <= 1 or (isinstance(value, int) and value > 1)):
            raise ValueError(
                f"{field}: need a share of the epoch above 0 and at most 1, or a whole number of "
                f"windows, got {value!r}"
            )
        by_epoch = options.get("check_val_every_n_epoch", 1) is not None
        if isinstance(value, int) and windows is not None and by_epoch and value > windows:
            raise ValueError(
                f"{field}: need at most {windows}, the windows of an epoch "
                f"(data.windows_per_epoch), got {value}; or set trainer.check_val_every_n_epoch: "
                "null to count across epochs"
            )
