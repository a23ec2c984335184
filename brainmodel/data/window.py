"""The window: K steps of B streams, as every data set gives them to the brain."""

from typing import NamedTuple

from torch import Tensor

from brainmodel.environments.label import Label as Label


class Window(NamedTuple):
    """K steps of B continuing streams.

    A plain NamedTuple of tensors and dicts: PyTorch pins it and Lightning moves it as it is.
    """

    inputs: dict[str, Tensor]
    """By input name: "eye" [time, batch, channel, height, width] float32 in [0, 1];
    "motion" [time, batch, 3], the efference copy of the eye's own movement."""
    reset: Tensor
    """[time, batch] bool, True where a new stream begins AT this step."""
    labels: dict[str, Tensor]
    """[time, batch, ...] for linear probes and as targets of tasks; never an input of the brain."""
