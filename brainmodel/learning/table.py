"""All learning rules by the criteria of Marschall, Cho & Savin (2020), as a Markdown table.

    python -m brainmodel.learning.table

prints what stands in docs/learning.md.
"""

import inspect

from brainmodel import learning
from brainmodel.learning.rule import Rule

HEADER = ("rule", "exact", "facing", "keeps", "chance", "closed form", "time", "memory")


def rules() -> list[type[Rule]]:
    """Every rule that the package exports, in the order of their names."""
    exported = [getattr(learning, name) for name in sorted(vars(learning), key=str.lower)]
    return [
        part
        for part in exported
        if inspect.isclass(part) and issubclass(part, Rule) and not inspect.isabstract(part)
    ]


def criteria_table() -> str:
    """The table in Markdown, one line for each rule."""
    lines = [HEADER, ("---",) * len(HEADER)]
    for rule in rules():
        kind = rule.criteria
        yes = {True: "yes", False: "no"}
        flags = yes[rule.exact], kind.facing, f"`{kind.tensor}`"
        chance = yes[kind.stochastic], yes[kind.closed_form]
        lines.append((f"`{rule.__name__}`", *flags, *chance, kind.time, kind.memory))
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    print(criteria_table(), end="")
