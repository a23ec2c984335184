"""With which seed the weights of a brain were drawn, so that it can be made again as it was."""

import os
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from torch import Tensor

SEED = "PL_GLOBAL_SEED"  # where Lightning keeps what `seed_everything` was given


def drawn_weights(weights: Mapping[str, Tensor]) -> dict[str, Any]:
    """The seed of this run, None where there is none, and a digest of weights newly drawn."""
    seed = os.environ.get(SEED)
    return {"seed": None if seed is None else int(seed), "digest": digest(weights)}


def digest(weights: Mapping[str, Tensor]) -> str:
    """A short text that differs where weights do."""
    found = blake2b(digest_size=8)
    for name in sorted(weights):
        found.update(weights[name].detach().cpu().contiguous().view(-1).numpy().tobytes())
    return found.hexdigest()
