"""The table of a ledger: for each group of synapses and component, by what rule, and how much."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from torch import Tensor

from brainmodel.brain import Brain
from brainmodel.plasticity.account import MOMENTUM_OF, NO_OBJECTIVE, TOTAL, Account

HEAD = ("synapses", "component", "learnt by", "mean M", "norm", "along", "cosine")
NOTHING = 1e-6


class LedgerRow(NamedTuple):
    """One component of the change of one group of synapses."""

    group: str  # its address
    component: str
    by: str  # learning rule x modulator; empty for what is not learnt
    level: float  # mean of M(t), no number without a modulator
    norm: float  # these as of `Entry`
    along: float
    cosine: float


def ledger_rows(
    brain: Brain, groups: Mapping[str, Mapping[str, Tensor]], account: Account
) -> list[LedgerRow]:
    """The rows of some groups.

    Args:
        brain: the brain.
        groups: by address, as of `WeightLedger.groups`.
        account: of some steps, one or more.
    """
    found = []
    for address, meant in groups.items():
        for entry in account.entries(meant):
            by, area = _cause(brain, address, entry.component)
            levels = account.levels.get(area, [])
            level = sum(levels) / len(levels) if levels else float("nan")
            numbers = entry.norm, entry.along, entry.cosine
            found.append(LedgerRow(address, entry.component, by, level, *numbers))
    return found


def ledger_text(rows: Sequence[LedgerRow]) -> str:
    """The rows as lines of one width, with a head; "-" where there is no number.

    Components whose norm is less than a millionth of the largest of their group are left out.
    """
    lines: list[tuple[str, ...]] = [HEAD]
    before = ""
    most: dict[str, float] = {}
    for row in rows:
        most[row.group] = max(most.get(row.group, 0.0), row.norm)
    for row in rows:
        if row.norm > NOTHING * most[row.group] or row.component == TOTAL:
            group, before = row.group if row.group != before else "", row.group
            told = f"{row.level:.3g}", f"{row.norm:.3g}", f"{row.along:.3f}", f"{row.cosine:.3f}"
            lines.append((group, row.component, row.by, *map(_number, told)))
    widths = [max(len(line[k]) for line in lines) for k in range(len(HEAD))]
    return "\n".join(
        "  ".join(
            word.ljust(width) if k < 3 else word.rjust(width)
            for k, (word, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _cause(brain: Brain, address: str, component: str) -> tuple[str, str]:
    """By what a component is learnt, and the area whose modulator multiplies it."""
    place = component.removeprefix(MOMENTUM_OF).partition(".")[0]
    if place not in (*brain.areas, "groups", NO_OBJECTIVE):
        return "", ""
    if address.endswith(".read_out"):
        return "its own derivative", ""
    head = address.partition(".")[0]
    owner = brain.pathways[address].target if address in brain.pathways else head
    area = owner if brain.scope.modulates_areas else place
    rule = type(brain.rule(owner)).__name__
    if area not in brain.modulators:
        return rule, area
    return f"{rule} x {type(brain.modulator(area)).__name__}", area


def _number(told: str) -> str:
    return "-" if told == "nan" else told.replace("-0.000", "0.000")
