"""The table of prediction errors: each area beside what needs no brain."""

from collections.abc import Mapping, Sequence
from math import isnan

from brainmodel.brain import Brain
from brainmodel.training.held_out.ahead import Ahead
from brainmodel.training.held_out.errors import HeldOut
from brainmodel.training.held_out.tally import ALL, BRAIN, LINEAR, REPEATING, Tally, names


def error_table(
    brain: Brain,
    found: Mapping[str, Tally],
    untrained: Mapping[str, HeldOut],
    marks: Mapping[str, str],
) -> str:
    """Errors by area as text, lower areas first, each with its mark if it has one.

    Args:
        brain: the brain.
        found: errors of each area that predicts.
        untrained: those of the brain before training; areas may be missing.
        marks: a word behind a row, by area.
    """
    rivals = [n for n in names(found.values()) if n not in (BRAIN, REPEATING)]
    rows: list[list[str]] = [["area", "drive", "repeating", BRAIN, "untrained", *rivals]]
    if untrained:
        rows[0].append("/ untrained's")
    for name, tally in found.items():
        before = untrained.get(name, HeldOut(_NONE, _NONE))
        shares = [tally.ratio(BRAIN), _over(before.error, tally.error(REPEATING))]
        shares += [tally.ratio(rival) for rival in rivals]
        if untrained:
            shares.append(_over(tally.error(BRAIN), before.repeating))
        drive = "x".join(map(str, brain.area(name).drive))
        rows.append([name, drive, f"{tally.error(REPEATING):.3g}", *map(_share, shares)])
    lines = _aligned(rows, left=2)
    for k, name in enumerate(found, 1):
        lines[k] += f"  {marks[name]}" if marks.get(name) else ""
    return "\n".join([lines[0], _rule(lines[0]), *lines[1:], *_split_lines(found)])


def ahead_table(found: Ahead) -> str:
    """What is told some steps ahead as text, over repeating; see `errors_ahead`."""
    rows = [["area", "steps ahead", "repeating", "rates", LINEAR]]
    for area, tallies in found.items():
        for steps, tally in tallies.items():
            shares = [_share(tally.ratio(BRAIN)), _share(tally.ratio(LINEAR))]
            rows.append([area, str(steps), f"{tally.error(REPEATING):.3g}", *shares])
    lines = _aligned(rows, left=1)
    return "\n".join([lines[0], _rule(lines[0]), *lines[1:]])


_NONE = float("nan")


def _split_lines(found: Mapping[str, Tally]) -> list[str]:
    """A second table: the same apart by what happened in the stream, where the data know it."""
    splits = list(dict.fromkeys(s for tally in found.values() for s in tally.splits if s != ALL))
    if not splits:
        return []
    rows = [["area", "in steps of", *splits]]
    for name, tally in found.items():
        for prediction in (p for p in tally.predictions if p != REPEATING):
            shares = [_share(tally.ratio(prediction, split=split)) for split in splits]
            rows.append([name, prediction, *shares])
    lines = _aligned(rows, left=2)
    return ["", lines[0], _rule(lines[0]), *lines[1:]]


def _over(error: float, repeating: float) -> float:
    """Not a number where repeating makes no error: nothing changed."""
    return error / repeating if repeating else _NONE


def _share(value: float) -> str:
    return "-" if isnan(value) else f"{value:.2f}" if value < 1000 else f"{value:.1e}"


def _rule(line: str) -> str:
    return "  " + "-" * (len(line) - 2)


def _aligned(rows: Sequence[Sequence[str]], left: int) -> list[str]:
    """Lines of a table: the first columns to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  "
        + "  ".join(
            cell.ljust(width) if k < left else cell.rjust(width)
            for k, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
