"""What a study is: factors and their levels, seeds, a grid to tune on, measures; and its cells.

    base: trials                       # config, or list of configs, merged as on the command line
    changes: {trainer: {max_steps: 200}}
    factors:
      rule: {key: model.areas.PFC.rule, levels: [brainmodel.learning.BPTT, ...]}
      size: {levels: {small: {model: ...}, large: {model: ...}}}
    seeds: [0, 1, 2]
    tune: {grid: {model.learning_rate: [0.001, 0.003]}, seed: 100, by: accuracy}
    measures: {accuracy: "held_out_terms/PFC.*.accuracy"}

Every cell is one training: a level of each factor and a seed. With `tune`, each combination of
levels is trained at every point of the grid first, on a seed that is used for nothing else, and
then at its best point: the budget is the same for all of them.
"""

import json
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

from brainmodel.errors import Refused

SECTIONS = ("base", "changes", "factors", "seeds", "tune", "measures")
RESERVED = ("seed", "for", "state", "measure", "score", "untrained", "chance", "error")
"""Columns of the table of cells that are no factors."""
LARGEST = 2**32 - 1
RELATIVE = "held_out_relative_error/"
ERRORS = (RELATIVE, "relative_error/", "held_out_loss/", "loss/")
"""What names of curves begin with of which lower is better."""


class FactorLevel(NamedTuple):
    """One level of a factor: what is laid over the base."""

    name: str
    configs: tuple[Any, ...]  # names of configs, or their content
    words: tuple[str, ...]  # options, as on the command line


class Factor(NamedTuple):
    """What is varied, and over which levels."""

    name: str
    levels: tuple[FactorLevel, ...]


class Measure(NamedTuple):
    """What is compared: a number that training measures, by the name of its curve."""

    name: str
    of: tuple[str, ...]  # patterns of names of curves, of which a cell has one
    higher: bool  # whether higher is better


class Tuning(NamedTuple):
    """A grid that each combination of levels is tuned on, and by which measure."""

    points: tuple[tuple[tuple[str, Any], ...], ...]  # pairs of option and value
    seed: int
    by: str

    def words(self, point: int) -> list[str]:
        """The options of a point."""
        return [option(key, value) for key, value in self.points[point]]


class StudyCell(NamedTuple):
    """One training."""

    levels: tuple[int, ...]  # of each factor, in order
    seed: int
    point: int | None  # of the grid, where it is there for tuning


class StudyPlan(NamedTuple):
    """A whole study."""

    base: tuple[str, ...]
    changes: dict[str, Any]
    factors: tuple[Factor, ...]
    seeds: tuple[int, ...]
    tuning: Tuning | None
    measures: tuple[Measure, ...]

    @property
    def combinations(self) -> list[tuple[int, ...]]:
        """Levels of the factors, each with each."""
        return list(product(*(range(len(factor.levels)) for factor in self.factors)))

    @property
    def cells(self) -> list[StudyCell]:
        """All trainings; those for tuning come first, and then seed by seed."""
        points = range(len(self.tuning.points)) if self.tuning else ()
        seed = self.tuning.seed if self.tuning else 0
        tuned = [StudyCell(levels, seed, point) for point in points for levels in self.combinations]
        cells = [StudyCell(levels, s, None) for s in self.seeds for levels in self.combinations]
        return tuned + cells

    def names(self, levels: Sequence[int]) -> dict[str, str]:
        """Names of levels, by those of their factors."""
        pairs = zip(self.factors, levels, strict=True)
        return {factor.name: factor.levels[level].name for factor, level in pairs}

    def told(self, cell: StudyCell) -> str:
        """A cell in words, which no other has."""
        words = [f"{factor} {level}" for factor, level in self.names(cell.levels).items()]
        words += [f"seed {cell.seed}"] + ([] if cell.point is None else [f"tuning {cell.point}"])
        return ", ".join(words)

    def measure(self, name: str) -> Measure:
        """The measure of that name."""
        return next(measure for measure in self.measures if measure.name == name)


def option(key: str, value: Any) -> str:
    """A value as an option of the command line."""
    return f"--{key}={value if isinstance(value, str) else json.dumps(value)}"


def read_plan(content: Mapping[str, Any]) -> StudyPlan:
    """The study that a config describes.

    Args:
        content: the sections of the config.

    Raises:
        Refused: naming what is wrong with it.
    """
    for section in content:
        if section not in SECTIONS:
            raise Refused(f"there is no section {section}; a study has {', '.join(SECTIONS)}")
    base = content.get("base")
    base = (base,) if isinstance(base, str) else tuple(base or ())
    if not base or not all(isinstance(name, str) for name in base):
        raise Refused("base: need the name of a config, or a list of names, such as tasks/add")
    factors = _mapping(content, "factors", "such as rule: {key: model.areas.PFC.rule, levels: ...}")
    measures = _mapping(content, "measures", "such as accuracy: held_out_terms/PFC.match.accuracy")
    measured = tuple(_measure(name, value) for name, value in measures.items())
    seeds = _seeds(content.get("seeds"), "seeds")
    return StudyPlan(
        base=base,
        changes=_changes(content.get("changes")),
        factors=tuple(_factor(str(name), value) for name, value in factors.items()),
        seeds=seeds,
        tuning=_tuning(content.get("tune"), seeds, [measure.name for measure in measured]),
        measures=measured,
    )


def _mapping(content: Mapping[str, Any], section: str, example: str) -> dict[str, Any]:
    value = content.get(section)
    if not isinstance(value, Mapping) or not value:
        raise Refused(f"{section}: need one or more by name, {example}")
    return dict(value)


def _changes(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping | None):
        raise Refused(f"changes: need a mapping of options (trainer:, model:), got {value!r}")
    return dict(value or {})


def _seeds(value: Any, field: str) -> tuple[int, ...]:
    seeds = value if isinstance(value, list) else []
    whole = [s for s in seeds if isinstance(s, int) and not isinstance(s, bool)]
    if not seeds or len(set(whole)) < len(seeds) or not all(0 <= s <= LARGEST for s in whole):
        raise Refused(f"{field}: need whole numbers of 0 or more, each once, got {value!r}")
    return tuple(whole)


def _factor(name: str, value: Any) -> Factor:
    place = f"factors.{name}"
    if not isinstance(value, Mapping) or not set(value) <= {"key", "levels"}:
        raise Refused(f"{place}: need levels, and the key they are values of, got {value!r}")
    if name in RESERVED:
        raise Refused(f"{place}: the table has a column {name!r} already; give it another name")
    levels, key = value.get("levels"), value.get("key")
    if not isinstance(levels, Mapping | list) or not levels:
        raise Refused(f"{place}: has no levels; list its values, or name partial configs")
    if not isinstance(key, str | None):
        raise Refused(f"{place}.key: need an option such as model.learning_rate, got {key!r}")
    if key is None and isinstance(levels, list):
        raise Refused(f"{place}: lists values of no option; add a key such as model.learning_rate")
    pairs = levels if isinstance(levels, Mapping) else [(_short(v), v) for v in levels]
    pairs = list(pairs.items() if isinstance(pairs, Mapping) else pairs)
    names = [str(level) for level, _ in pairs]
    if len(set(names)) < len(names):
        raise Refused(f"{place}: has two levels of one name among {', '.join(names)}; name them")
    if key is not None:
        return Factor(name, tuple(FactorLevel(str(n), (), (option(key, v),)) for n, v in pairs))
    return Factor(name, tuple(FactorLevel(str(n), _parts(f"{place}.{n}", v), ()) for n, v in pairs))


def _short(value: Any) -> str:
    """What a value is called: a class by its name."""
    named = value.get("class_path") if isinstance(value, Mapping) else value
    return named.rpartition(".")[2] if isinstance(named, str) else json.dumps(value)


def _parts(place: str, value: Any) -> tuple[Any, ...]:
    parts = value if isinstance(value, list) else [{} if value is None else value]
    if not all(isinstance(part, str | Mapping) for part in parts):
        raise Refused(f"{place}: need a partial config, or the name of one, got {value!r}")
    return tuple(parts)


def _measure(name: str, value: Any) -> Measure:
    held = dict(value) if isinstance(value, Mapping) else {"of": value}
    of = held.get("of")
    of = [of] if isinstance(of, str) else of
    if not isinstance(of, list) or not of or not all(isinstance(curve, str) for curve in of):
        raise Refused(
            f"measures.{name}: need the name of a curve, such as "
            f"held_out_terms/PFC.match.accuracy, got {value!r}"
        )
    lower = all(curve.startswith(ERRORS) for curve in of)
    better = held.get("better", "lower" if lower else "higher")
    if better not in ("higher", "lower") or not set(held) <= {"of", "better"}:
        raise Refused(f"measures.{name}: takes of, and better: higher or lower, got {value!r}")
    return Measure(str(name), tuple(of), better == "higher")


def _tuning(value: Any, seeds: Sequence[int], measures: Sequence[str]) -> Tuning | None:
    if value is None:
        return None
    if not isinstance(value, Mapping) or not set(value) <= {"grid", "seed", "by"}:
        raise Refused(f"tune: takes grid, seed and by, got {value!r}")
    grid = _mapping(value, "grid", "such as model.learning_rate: [0.001, 0.003]")
    for key, values in grid.items():
        if not isinstance(values, list) or not values:
            raise Refused(f"tune.grid.{key}: need a list of values, got {values!r}")
    (seed,) = _seeds([value.get("seed")], "tune.seed")
    if seed in seeds:
        raise Refused(f"tune.seed: {seed} is among the seeds; give one that is used for this alone")
    by = value.get("by", measures[0])
    if by not in measures:
        raise Refused(f"tune.by: there is no measure {by!r}; there are {', '.join(measures)}")
    points = product(*([(key, one) for one in values] for key, values in grid.items()))
    return Tuning(tuple(points), seed, by)
