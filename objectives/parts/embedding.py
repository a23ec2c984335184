"""A small network from rates to a vector, in which two areas are to agree."""

from collections.abc import Mapping

from torch import Tensor, nn
from torch.nn import functional as F

from objectives.objective import Activity
from objectives.parts.pairs import earlier, later


class Embedding(nn.Sequential):
    """Two linear layers with a soft rectifier in between: [..., source] -> [..., features].

    ELU and not ReLU: rates vary little before an area has learnt, and a layer of rectifiers that
    are all silent for such rates would never pass a gradient.

    Args:
        source: how many numbers go in.
        features: how many come out, and how many units lie between.
    """

    def __init__(self, source: int, features: int):
        super().__init__(
            nn.Linear(source, features), nn.ELU(), nn.Linear(features, features, bias=False)
        )


def embeddings(
    areas: list[str], units: Mapping[str, tuple[int, ...]], features: int, grid: int
) -> nn.ModuleList:
    """One embedding per name; a name that comes twice has one for both.

    Args:
        areas: names.
        units: shapes of their rates by name.
        features: size of the vectors.
        grid: as of `coarse`.
    """
    sizes = {n: units[n][0] * (grid**2 if len(units[n]) == 3 else 1) for n in areas}
    by_name = {name: Embedding(size, features) for name, size in sizes.items()}
    return nn.ModuleList(by_name[name] for name in areas)


def coarse(rate: Tensor, grid: int) -> Tensor:
    """Rates [time, batch, number]: maps averaged within a grid of so many fields along each side,
    1 for a mean over all positions; dense rates as they are."""
    if rate.ndim == 3:
        return rate
    fields = F.adaptive_avg_pool2d(rate.flatten(0, 1), grid)
    return fields.flatten(1).unflatten(0, rate.shape[:2])


def embed_pair(
    embedding: nn.ModuleList,
    areas: list[str],
    activities: Mapping[str, Activity],
    delay: int,
    grid: int,
) -> tuple[Tensor, Tensor]:
    """Vectors [pair, batch, feature] of the first area, and of the second `delay` steps later."""
    first, second = (coarse(activities[name].rate, grid) for name in areas)
    return embedding[0](earlier(first, delay)), embedding[1](later(second, delay))


def check_pair(areas: list[str], delay: int, features: int, grid: int) -> None:
    """Raises ValueError unless these are two areas, or one at two times, and sizes of vectors and
    grid."""
    if len(areas) != 2:
        raise ValueError(f"areas: need two names, or the same twice with a delay, got {areas}")
    if not delay >= 0:
        raise ValueError(f"delay: need >= 0 steps, got {delay}")
    if areas[0] == areas[1] and delay == 0:
        raise ValueError(f"delay: need >= 1 steps where {areas[0]} is to agree with itself, got 0")
    if features < 2:
        raise ValueError(f"features: need vectors of >= 2 numbers, got {features}")
    if grid < 1:
        raise ValueError(f"grid: need 1 or more fields along each side of a map, got {grid}")
