"""Activities to try objectives on: random ones, and those whose loss is known by hand."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from objectives import Activity

DENSE = ((6,), (5,))  # shape of the drive, shape of the rates
MAPS = ((2, 4, 4), (3, 4, 4))


def make_activity(
    drive: Sequence[int] = (6,), units: Sequence[int] = (5,), time: int = 7, batch: int = 4
) -> Activity:
    """A random activity in float64, drives and rates in (0, 1), predictions of either sign.

    Labels as of moving digits: identity, 0 to 9, and position, two numbers in (0, 1); and saccade,
    true or false, as of photographs: stretches of true steps of one, two and more, and false ones.
    As of environments of two actions reward, action, bids, acts and ends; and miss.

    Drive, prediction and rate ask for gradients. Streams are reset at their first step, and the
    second of them again in the middle.
    """
    seen = torch.rand(time, batch, *drive, dtype=torch.float64).requires_grad_()
    predicted = torch.randn(time, batch, *drive, dtype=torch.float64).requires_grad_()
    rate = torch.rand(time, batch, *units, dtype=torch.float64).requires_grad_()
    valid = torch.ones(time, batch, dtype=torch.bool)
    valid[0] = False
    if batch > 1:
        valid[time // 2, 1] = False
    labels = {
        "identity": torch.randint(10, (time, batch)),
        "position": torch.rand(time, batch, 2),
        "saccade": (torch.arange(time)[:, None] + 2 * torch.arange(batch)) % 5 > 1,
        "reward": torch.rand(time, batch, dtype=torch.float64),
        "action": torch.randint(2, (time, batch)),
        "bids": torch.randn(time, batch, 2, dtype=torch.float64),
        "acts": torch.arange(time)[:, None] % 4 + torch.zeros(batch) > 0,
        "ends": torch.arange(time)[:, None] % 3 + torch.zeros(batch) > 1,
        "miss": torch.rand(time, batch, dtype=torch.float64),
    }
    return Activity(seen, predicted, seen - predicted, rate, valid, labels)


def stream_of(activity: Activity, number: int) -> Activity:
    """What one stream of the batch did, alone."""
    series = (values[:, number : number + 1] for values in activity[:5])
    labels = {name: label[:, number : number + 1] for name, label in activity.labels.items()}
    return Activity(*series, labels=labels)


def from_numbers(drive: Sequence[float], prediction: Sequence[float]) -> Activity:
    """One step of one stream with these numbers as a dense drive and its prediction."""
    return from_tensors(torch.tensor([[drive]]).double(), torch.tensor([[prediction]]).double())


def from_tensors(drive: Tensor, prediction: Tensor) -> Activity:
    """An activity of valid steps with this drive and this prediction [time, batch, *drive]."""
    valid = torch.ones(drive.shape[:2], dtype=torch.bool)
    return Activity(drive, prediction, drive - prediction, torch.zeros_like(drive), valid)


def dense(readout: nn.Module) -> nn.Linear:
    """The synapses of a read-out that is not between maps."""
    (found,) = (part for part in readout.modules() if isinstance(part, nn.Linear))
    return found
