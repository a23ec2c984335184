"""Activations are looked at before they are used; what is no pointwise function is refused."""

import math
import os
import shutil
from functools import partial
from typing import Any

import pytest
import torch
from torch.nn import functional as F

from areas import Leaky, Predictor
from areas.activation import Activation, require_pointwise

FITTING: list[Activation] = [
    torch.tanh,
    torch.relu,
    torch.special.expit,
    F.softplus,
    F.silu,
    torch.nn.Tanh(),
    lambda x: x.clamp(-1, 1),
    partial(F.leaky_relu, negative_slope=0.2),
]


def doubling(x: Any) -> Any:
    """Changes what it is given."""
    return x.mul_(2)


REFUSED: dict[str, tuple[Any, str]] = {
    "another package's": (os.abort, "of torch or of a file of your own, such as torch.tanh"),
    "the standard library's": (shutil.rmtree, "got shutil.rmtree"),
    "a partial of it": (partial(os.kill, 1), "of a file of your own"),
    "for one number": (math.tanh, "got math.tanh"),
    "torch's, that sets something": (torch.set_default_dtype, "got torch.set_default_dtype"),
    "torch's, that loads": (torch.load, "got torch.serialization.load"),
    "a sum": (torch.sum, "makes a tensor \\[\\] of a tensor \\[6, 8\\]"),
    "a softmax": (lambda x: x.softmax(-1), "if others stand beside it"),
    "by chance": (F.dropout, "or every time"),
    "of two": (torch.maximum, "fails on a tensor: TypeError"),
    "a test": (torch.isnan, "makes a tensor"),
    "no tensor": (lambda x: 1.0, "makes float"),
    "a root": (torch.sqrt, "makes nan of -6"),
    "without a slope": (torch.sign, "no derivative"),
    "detached": (lambda x: x.detach().tanh(), "no derivative"),
    "in place": (doubling, "changes the tensor"),
}


@pytest.mark.parametrize("activation", FITTING)
def test_pointwise_functions_are_taken(activation: Activation) -> None:
    before = torch.get_rng_state()
    require_pointwise("activation", activation)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_pointwise_function_is_refused(case: str) -> None:
    activation, sentence = REFUSED[case]
    with pytest.raises(ValueError, match=sentence) as caught:
        Leaky(activation=activation)
    assert str(caught.value).startswith("activation: need a pointwise function")
    assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match=f"predictor.activation: .*{sentence}"):
        Predictor(activation)
