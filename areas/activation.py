"""Activations: pointwise functions that a configuration names, looked at before they are used.

A configuration may name any function, and naming one calls it. So only functions of torch and of
the user's own files are called at all, and only on a small tensor before training.
"""

import sys
import sysconfig
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

Activation = Callable[[Tensor], Any]
"""A pointwise function from a tensor to a tensor. The result is not typed, because torch's built-in
functions (`torch.tanh`), which configs may name, have no annotation of what they return."""

EXAMPLES = "torch.tanh, torch.relu or torch.nn.functional.softplus"
TORCH = ("torch.nn.functional", "torch._C._nn", "torch._C._special", "torch.nn.modules.activation")
"""Where torch's pointwise functions are written, beside those of `torch` itself."""


def require_pointwise(field: str, activation: Activation) -> None:
    """Refuse what is no pointwise function.

    Args:
        field: what the option is called.
        activation: it must be of torch or of the user's own files, and map a tensor to one of its
            shape and type, each value by itself and always alike, finite, and with a derivative.

    Raises:
        ValueError: saying what is wrong with it.
    """
    if not _may_be_called(activation):
        raise ValueError(
            f"{field}: need a pointwise function of torch or of a file of your own, such as "
            f"{EXAMPLES}, got {_name(activation)}"
        )
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        complaint = _complaint(activation)
    if complaint:
        raise ValueError(
            f"{field}: need a pointwise function such as {EXAMPLES}, but {_name(activation)} "
            f"{complaint}"
        )


def require_rates(field: str, activation: Activation) -> None:
    """Refuse what is no pointwise function, or makes rates below 0; arguments as above."""
    require_pointwise(field, activation)
    least = activation(torch.linspace(-6.0, 6.0, 49)).detach().min().item()
    if least < 0:
        raise ValueError(
            f"{field}: need rates of 0 and more, as torch.sigmoid or torch.relu make, but "
            f"{_name(activation)} makes some of {least:.3g}"
        )


def _complaint(activation: Activation) -> str:
    """What is wrong with it on a few values; nothing if it is as it should be."""
    values = torch.linspace(-6.0, 6.0, 48).view(6, 8)
    leaf = values.clone().requires_grad_()
    given = leaf * 1.0
    try:
        made = activation(given)
        alone = [activation(value) for value in values.flatten()[::7]]
    except Exception as error:
        return f"fails on a tensor: {type(error).__name__}: {str(error).partition(chr(10))[0]}"
    if not isinstance(made, Tensor) or made.shape != values.shape or made.dtype != values.dtype:
        what = f"a tensor {list(made.shape)}" if isinstance(made, Tensor) else type(made).__name__
        return f"makes {what} of a tensor {list(values.shape)} of {values.dtype}"
    if not torch.equal(given, values):
        return "changes the tensor that it is given"
    if not made.isfinite().all():
        at = values[~made.isfinite()][0]
        return f"makes {made.detach()[values == at].item():g} of {at.item():.2g}"
    if not torch.allclose(torch.stack(alone), made.detach().flatten()[::7], atol=1e-6):
        return "makes something else of a value if others stand beside it, or every time"
    if not made.requires_grad or not torch.autograd.grad(made.sum(), leaf)[0].any():
        return "has no derivative, or 0 everywhere"
    return ""


@cache
def _libraries() -> list[Path]:
    return [Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "purelib", "platlib")]


def _may_be_called(activation: Activation) -> bool:
    """Whether it is of torch's pointwise functions, or of the user's own files."""
    if isinstance(activation, partial):
        return _may_be_called(activation.func)
    named = activation if hasattr(activation, "__name__") else type(activation)
    home = getattr(named, "__module__", None) or ""
    if home == "torch":  # which has many functions that set something, too
        return named.__qualname__.startswith("_VariableFunctionsClass.")
    if home.partition(".")[0] == "torch":
        return home in TORCH
    file = getattr(sys.modules.get(home), "__file__", None)
    if file is None:
        return home == "__main__"
    return not any(Path(file).resolve().is_relative_to(library) for library in _libraries())


def _name(activation: Activation) -> str:
    named = activation if hasattr(activation, "__name__") else type(activation)
    return f"{named.__module__}.{named.__name__}"
