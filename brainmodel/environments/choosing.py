"""How an environment chooses an action from the bids of areas: by chance, the higher ones likelier.

    P(a = k) = softmax(b)_k,      b = sum over areas of their bids

The action is the first k at which the sum of P up to k exceeds a uniform number.
"""

from jaxtyping import Float, Int64
from torch import Tensor


def choose(
    bids: Float[Tensor, "batch actions"], uniform: Float[Tensor, "batch"]
) -> Int64[Tensor, "batch"]:
    """An action of each stream.

    Args:
        bids: b, the logarithms of how likely each action is, but for a constant.
        uniform: in [0, 1).
    """
    up_to = bids.detach().softmax(1).cumsum(1)[:, :-1]  # the last action has what is left
    return (uniform[:, None] >= up_to).sum(1)
