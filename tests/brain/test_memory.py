"""How much a training step holds at its peak."""

import pytest
import torch

from areas.loops.compiled import find_compiler
from benchmarks.memory import Live, held, sides
from benchmarks.throughput import AREAS, LOCAL, WITHIN

SIZE = {"areas": 3, "units": 16, "window": 400, "batch": 64}
SERIES = 4 * SIZE["units"] * SIZE["window"] * SIZE["batch"]
MOST = {WITHIN: 36.5, LOCAL: 38.7, AREAS: 40.3}
"""By rule: bytes at the peak, in series of one number for each unit, stream and step. They may only
go down."""


@pytest.mark.skipif(find_compiler() is None, reason="what is held is that of native loops")
@pytest.mark.parametrize("rule", MOST)
def test_a_step_holds_no_more_than_it_did(rule: str) -> None:
    assert held(sides(**SIZE)[rule]).peak / SERIES <= MOST[rule]


def test_what_is_gone_is_not_counted_and_views_count_once() -> None:
    with Live() as live:
        first = torch.zeros(1000)
        views = [first[:500], first.view(10, 100)]
        del first, views
        kept = [torch.zeros(100), torch.zeros(200)]
        live.begin()
        more = torch.zeros(300)
    assert live.peak == 4 * (100 + 200 + 300)
    assert sum(live.lines.values()) == live.peak
    del kept, more
