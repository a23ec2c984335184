"""An area that has learnt to foretell its own rates errs more where a rare stimulus comes."""

import pytest

from benchmarks.oddball import CONDITIONS, brain_after, errors, held_out


@pytest.fixture(autouse=True)
def not_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """A short run does not pay for native loops."""
    monkeypatch.setenv("BRAINMODEL_NATIVE", "0")


@pytest.mark.slow
def test_deviants_are_missed_more_than_standards_after_learning_where_they_are_rare() -> None:
    data = held_out(seed=0)
    ratios = {
        name: errors(brain_after(steps, 0, CONDITIONS[name]), data, windows=8).ratio
        for name, steps in {"hidden layer": 100, "hidden layer, nothing rare": 100}.items()
    }
    untrained = errors(brain_after(0, 0, {}), data, windows=8).ratio
    assert ratios["hidden layer"] > 1.4
    assert 0.9 < untrained < 1.1, "as it begins nothing is expected"
    assert ratios["hidden layer, nothing rare"] < 1.1, "nor where nothing is rare"
