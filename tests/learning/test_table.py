"""The table of rules says of every rule what kind it is, and stands in the documentation."""

from pathlib import Path

import pytest

from brainmodel.learning import BPTT, Rule
from brainmodel.learning.table import criteria_table, rules
from tests import lessons, toy

PAGE = Path(__file__).parents[2] / "docs" / "learning.md"


def test_the_table_in_the_documentation_is_that_of_the_rules() -> None:
    assert criteria_table() in PAGE.read_text(), (
        "print it anew: python -m brainmodel.learning.table"
    )


def test_every_rule_that_has_a_config_is_in_the_table() -> None:
    configured = {type(make()) for make in toy.RULES.values()}
    assert configured == set(rules()) and Rule not in configured


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", toy.RULES)
def test_only_rules_that_leave_nothing_out_call_themselves_exact(name: str) -> None:
    found = []
    for rule in (toy.RULES[name](), BPTT()):
        brain = toy.lone(toy.fit(name)(), rule=rule, afferents=["drive", "error"])
        for parameter in brain.parameters():
            parameter.requires_grad_()
        found.append(lessons.learn(brain, *toy.stream(brain, steps=12, resets=False)))
    shared = {key: gradient for key, gradient in found[0].items() if key in found[1]}
    if toy.RULES[name]().exact:
        lessons.assert_same(shared, found[1])
    else:
        assert lessons.distance(shared, found[1]) > 1e-4
