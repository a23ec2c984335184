"""Plans of an area and of a brain: what they are to be, as a configuration gives it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

from areas import Cell, Connectivity, Predictor, Projection
from areas.checks import Afferent
from brainmodel.environments import Environment
from brainmodel.learning.modulation import Modulator
from brainmodel.learning.rule import Rule
from brainmodel.pathways.pathway import Pathway
from brainmodel.schedules import Schedule, Weight
from objectives import GroupObjective, Objective

EXAMPLES: dict[type, str] = {Sequence: "a list, such as [64]", Mapping: "a dict, one by name"}


@dataclass(frozen=True)
class UnitNoise:
    """Noise in the currents of units; each unit has its own.

    Args:
        deviation: standard deviation in the unit of the currents, 0 or more.
        seed: another gives other noise.

    Raises:
        ValueError: if the deviation is out of range.
    """

    deviation: float
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse a deviation below 0, and one that is no number."""
        if not 0 <= self.deviation < inf:
            raise ValueError(f"noise.deviation: need 0 or more, got {self.deviation}")


@dataclass
class AreaPlan:
    """What an area is to be.

    Args:
        cell: the dynamics of its units.
        units: [unit], or [channel, height, width] for maps.
        objectives: what it learns for, by name.
        rule: how a learning signal becomes weight changes.
        predictor: what predicts its drive; null for an area that does not predict.
        afferents: which of drive and prediction error reach its units.
        kernel: odd width of receptive fields on maps, in pixels (see `Area`).
        connectivity: which recurrent synapses exist (see `Area`).
        projections: what more is said of synapses onto its units, by source: where they end, their
            signs, how they begin (see `Projection`).
        plastic: which groups of synapses learn, by source, "bias" or "predictor": false, or a
            schedule of how much; all do unless given.
        learning_rate: of this area; the model's unless given.
        weights: of its objectives, by name: a number >= 0, or one with a schedule; 1 unless given.
        modulator: what multiplies its learning signal from moment to moment; nothing unless given.
        plasticity: what multiplies its learning signal over the steps of the optimizer, such as a
            critical period; nothing unless given.
        noise: of the currents of its units (see `brainmodel.wiring.unit_noise`); none unless given.
    """

    cell: Cell
    units: list[int]
    rule: Rule
    objectives: dict[str, Objective] = field(default_factory=dict)
    predictor: Predictor | None = field(default_factory=Predictor)
    afferents: list[Afferent] = field(default_factory=lambda: ["error"])
    kernel: int = 3
    connectivity: Connectivity | None = None
    projections: dict[str, Projection] = field(default_factory=dict)
    plastic: dict[str, bool | Schedule] = field(default_factory=dict)
    learning_rate: float | None = None
    weights: dict[str, float | Weight] = field(default_factory=dict)
    modulator: Modulator | None = None
    plasticity: Schedule | None = None
    noise: UnitNoise | None = None

    def __post_init__(self) -> None:
        """Refuse parts of another kind: a ValueError that names the option."""
        require_kind("cell", self.cell, Cell)
        require_kind("rule", self.rule, Rule)
        require_kind("predictor", self.predictor, (Predictor, type(None)))
        require_kind("units", self.units, Sequence)
        require_kind("objectives", self.objectives, Mapping)
        for name, objective in self.objectives.items():
            require_kind(f"objectives.{name}", objective, Objective)


def require_kind(option: str, given: object, kind: type | tuple[type, ...]) -> None:
    """Refuse what is of another kind, and a class where one of its kind is wanted: ValueError."""
    wanted = kind[0] if isinstance(kind, tuple) else kind
    if isinstance(given, type) and issubclass(given, wanted):
        raise ValueError(f"{option}: is the class {given.__name__}; give {given.__name__}()")
    if not isinstance(given, kind) or isinstance(given, str):
        what = EXAMPLES.get(wanted, _a(wanted.__name__))
        raise ValueError(f"{option}: need {what}, got {given!r}")


def _a(name: str) -> str:
    return f"{'an' if name[0] in 'AEIOU' else 'a'} {name}"


@dataclass
class BrainPlan:
    """What a brain is to be, but for how far learning signals travel in it.

    Args:
        areas: plans by name.
        pathways: by name.
        inputs: shapes of the inputs by name, without time and batch.
        groups: objectives that several areas share, by name.
        group_weights: of these, by name; as `AreaPlan.weights`.
        environments: what areas act on, by name.
    """

    areas: Mapping[str, AreaPlan]
    pathways: Mapping[str, Pathway]
    inputs: Mapping[str, Sequence[int]]
    groups: Mapping[str, GroupObjective] = field(default_factory=dict)
    group_weights: Mapping[str, float | Weight] = field(default_factory=dict)
    environments: Mapping[str, Environment] = field(default_factory=dict)
