"""How much is worked on at once: on the processor what stays in its cache, elsewhere everything."""

import torch


def cached(device: torch.device) -> bool:
    """Whether it pays to work on little at once: on the processor, where calls cost little."""
    return device.type == "cpu"


def at_once(count: int, size: int, most: int, device: torch.device) -> int:
    """How many of some equal parts to work on at once, 1 or more.

    Args:
        count: how many there are.
        size: elements of each.
        most: elements that stay in the cache of the processor.
        device: where they lie.
    """
    return max(1, min(count, most // max(1, size)) if cached(device) else count)
