"""What each task needs of credit through time, and how much of it a local rule recovers.

Reads the study configs/studies/credit_assignment.yaml (or every_rule.yaml), which trains; trains
nothing itself. By task, each seed on its own: score of every rule beside chance and untrained; what
BPTT reaches of all there is above chance; how far a reservoir gets from chance to BPTT; and how
much a rule recovers of what BPTT gains over the reservoir. Scores are accuracies, or 1 - error /
variance.

    python train.py study --config studies/credit_assignment --out runs/studies/credit_assignment
    python -m benchmarks.credit_assignment --study runs/studies/credit_assignment \\
        --out runs/benchmarks/credit_assignment

A task needs credit through time if BPTT reaches .95 and the reservoir at most half of that way.
"""

import csv
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks._results import Figure, write

CEILING, FLOOR = "BPTT", "reservoir"


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
        ways = [floor[seed].normalised / ceiling[seed].normalised for seed in both]
        yield Figure(f"{task}: reservoir, of the way to BPTT", ways, "")
        for rule in rules.keys() - {CEILING, FLOOR}:
            shares = [
                (rules[rule][seed].trained - floor[seed].trained)
                / (ceiling[seed].trained - floor[seed].trained)
                for seed in both
                if seed in rules[rule] and ceiling[seed].trained != floor[seed].trained
            ]
            if shares:
                yield Figure(f"{task}: {rule} recovers of BPTT's gain", shares, "")


def main() -> None:
    """Read, compare and write."""
    parser = ArgumentParser(description=(__doc__ or "").splitlines()[0], allow_abbrev=False)
    parser.add_argument("--out", type=Path, required=True, help="folder for what was found")
    parser.add_argument("--study", type=Path, required=True, help="folder of the study")
    chosen = parser.parse_args()
    write(chosen.out, [*figures(read_study(chosen.study / "study.csv"))])


if __name__ == "__main__":
    main()
