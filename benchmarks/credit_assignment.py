"""What each task needs of credit through time, and how much of it a local rule recovers.

Reads the study configs/studies/credit_assignment.yaml (or every_rule.yaml), which trains; trains
nothing itself. By task, each seed on its own: score of every rule beside chance and untrained; what
BPTT reaches of all there is above chance; how far a reservoir gets from chance to BPTT; and how
much a rule recovers of what BPTT gains over the reservoir. Scores are accuracies, or 1 - error /
variance.

    python train.py study --config studies/credit_assignment --out runs/studies/credit_assignment
    python -m benchmarks.credit_assignment --study runs/studies/credit_assignment \\
        --out runs/benchmarks/credit_assignment

Seeds in which BPTT gains less than .1 over chance, or over the reservoir, have no such shares: n
says how many had. A task needs credit through time if BPTT reaches .95 and the reservoir at most
half of that way. Writes scores.png, too: every seed of every rule by task, from chance (0) to all
there is (1).
"""

import csv
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from matplotlib.axes import Axes

from benchmarks._results import Figure, write
from brainmodel.figures import FAINT, INK, save
from brainmodel.probing.drawing import COLOURS, canvas

CEILING, FLOOR = "BPTT", "reservoir"
LEAST = 0.1  # that BPTT must gain, for shares of it to say anything


class Score(NamedTuple):
    """One trained brain: its score, that before training, and that of the best constant answer."""

    trained: float
    untrained: float
    chance: float

    @property
    def normalised(self) -> float:
        """Of all there is above chance."""
        return (self.trained - self.chance) / (1 - self.chance)


Scores = dict[str, dict[str, dict[int, Score]]]


def read_study(file: Path) -> Scores:
    """Finished cells of a study by task, rule and seed; those that tuned are left out.

    Raises:
        ValueError: if the study has no factor task, no factor rule, or no ceiling or floor.
    """
    found: Scores = {}
    with file.open(newline="") as opened:
        rows = csv.DictReader(opened)
        for name in ("task", "rule", "score", "untrained", "chance"):
            if name not in (rows.fieldnames or ()):
                raise ValueError(f"{file}: no column {name}; give studies/credit_assignment")
        for row in rows:
            if row["state"] == "done" and row.get("for", "comparison") == "comparison":
                score = Score(*(float(row[name]) for name in ("score", "untrained", "chance")))
                by_rule = found.setdefault(row["task"], {})
                by_rule.setdefault(row["rule"], {})[int(row["seed"])] = score
    for task, rules in found.items():
        if not {CEILING, FLOOR} <= rules.keys():
            raise ValueError(f"{file}: {task} was not done by {CEILING} and by a {FLOOR}")
    return found


def figures(found: Scores) -> Iterator[Figure]:
    """By task: scores, what BPTT reaches, how far a reservoir gets, what each rule recovers."""
    for task, rules in found.items():
        ceiling, floor = rules[CEILING], rules[FLOOR]
        for rule, seeds in rules.items():
            scores = list(seeds.values())
            chance = sum(score.chance for score in scores) / len(scores)
            untrained = sum(score.untrained for score in scores) / len(scores)
            beside = {"chance": f"{chance:.3g}", "untrained": f"{untrained:.3g}"}
            yield Figure(f"{task}: {rule}", [s.trained for s in scores], "", settings=beside)
        both = sorted(ceiling.keys() & floor.keys())
        reached = [ceiling[seed].normalised for seed in both]
        yield Figure(f"{task}: BPTT, of all above chance", reached, "")
        ways = [
            floor[seed].normalised / ceiling[seed].normalised
            for seed in both
            if ceiling[seed].normalised >= LEAST
        ]
        if ways:
            yield Figure(f"{task}: reservoir, of the way to BPTT", ways, "")
        for rule in rules.keys() - {CEILING, FLOOR}:
            shares = [
                (rules[rule][seed].trained - floor[seed].trained)
                / (ceiling[seed].trained - floor[seed].trained)
                for seed in both
                if seed in rules[rule] and ceiling[seed].trained - floor[seed].trained >= LEAST
            ]
            if shares:
                yield Figure(f"{task}: {rule} recovers of BPTT's gain", shares, "")


def draw(found: Scores, out: Path) -> None:
    """Every seed of every rule, a row for each task."""
    rules = list(dict.fromkeys(rule for task in found.values() for rule in task))
    figure, axes = canvas(1, 1, 7.0, 0.5 * len(found) + 0.9)
    panel: Axes = axes[0, 0]
    for row, scores in enumerate(found.values()):
        for place, rule in enumerate(rules):
            seeds = [score.normalised for score in scores.get(rule, {}).values()]
            height = row + 0.6 * ((place + 0.5) / len(rules) - 0.5)
            colour, label = COLOURS[place % len(COLOURS)], None if row else rule
            panel.plot(seeds, [height] * len(seeds), "o", color=colour, ms=5, label=label)
    panel.axvline(0, color=FAINT, lw=1.2, ls="--", zorder=1)
    panel.set_yticks(range(len(found)), list(found), fontsize=9)
    panel.set_ylim(len(found) - 0.4, -0.6)
    panel.set_xlabel("score, from chance (0) to all there is (1)", fontsize=9, color=INK)
    panel.legend(fontsize=9, frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    out.mkdir(parents=True, exist_ok=True)
    save(figure, out / "scores.png")


def main() -> None:
    """Read, compare and write."""
    parser = ArgumentParser(description=(__doc__ or "").splitlines()[0], allow_abbrev=False)
    parser.add_argument("--out", type=Path, required=True, help="folder for what was found")
    parser.add_argument("--study", type=Path, required=True, help="folder of the study")
    chosen = parser.parse_args()
    found = read_study(chosen.study / "study.csv")
    write(chosen.out, [*figures(found)])
    draw(found, chosen.out)


if __name__ == "__main__":
    main()
