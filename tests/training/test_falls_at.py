"""Learning rates that fall at once, as in published trainings."""

from types import SimpleNamespace

import pytest

from areas import Leaky
from brainmodel import AreaPlan, Pathway
from brainmodel.learning import BPTT
from brainmodel.training import BrainModule
from objectives import SquaredError


def module(**how: float) -> BrainModule:
    plan = AreaPlan(Leaky(), [2], BPTT(), {"next": SquaredError()})
    made = BrainModule({"V1": plan}, {"up": Pathway("eye", "V1")}, {"eye": [3]}, **how)  # type: ignore[arg-type]
    made._trainer = SimpleNamespace(estimated_stepping_batches=100)  # type: ignore[assignment]
    return made


def test_they_fall_to_their_last_share_at_that_share_of_the_training() -> None:
    falling = module(final=0.1, falls_at=0.5)
    assert [falling._pace(step) for step in (0, 1, 49, 50, 99)] == [1.0, 1.0, 1.0, 0.1, 0.1]
    smooth = module(final=0.1)
    assert 0.5 < smooth._pace(49) < 0.6, "along half a cosine unless told"


def test_a_share_that_is_none_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r"falls_at: need a share of the training in \(0, 1\), got 1"
    ):
        module(falls_at=1.0)
