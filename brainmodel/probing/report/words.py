"""Scores in sentences: the best area, what learning gained it, and whether it beats baselines."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from brainmodel.probing.report.rounding import two_digits
from brainmodel.probing.scores import Gain, Score, ScoreTable


class Verdict(NamedTuple):
    """What is found of one brain area by one metric, in plain text."""

    topic: str
    facts: str
    outcome: str
    good: bool | None  # None where there is no interval to judge by

    @property
    def plain(self) -> str:
        """All of it, for a terminal."""
        return f"{self.topic}: {self.facts} {self.outcome}"


def verdicts(table: ScoreTable, gains: Sequence[Gain]) -> list[Verdict]:
    """One for each metric and brain area."""
    return [
        verdict(
            table.of(metric=metric, brain_area=area),
            [gain for gain in gains if (gain.metric, gain.brain_area) == (metric, area)],
        )
        for metric in table.metrics
        for area in table.brain_areas
    ]


def verdict(table: ScoreTable, gains: Sequence[Gain]) -> Verdict:
    """The best trained area, what it gains over itself untrained and over the best baseline.

    It beats them where the interval of each of its gains lies above 0.

    Args:
        table: of one metric and one brain area.
        gains: of the same.
    """
    best = table.latest.of(model="trained").best()
    mine = [gain for gain in gains if gain.label == best.label]
    told = [gain for gain in mine if gain.over == "untrained"]
    if baselines := [gain for gain in mine if gain.over != "untrained"]:
        told.append(min(baselines, key=lambda gain: gain.gain))
    facts = (
        f"best is {best.label} with {with_interval(best)}{_of_ceiling(best)}{_lag(best)}.",
        *map(gain_in_words, told),
    )
    good = None if any(gain.low is None for gain in mine) else _unbeaten(mine, sure=True) == []
    return Verdict(f"{best.brain_area}, {best.metric}", " ".join(facts), _outcome(mine), good)


def with_interval(score: Score) -> str:
    """A score with its interval."""
    return two_digits(score.score) + _range(score.interval)


def gain_in_words(gain: Gain) -> str:
    """A gain with its interval and p."""
    what = "Learning gains" if gain.over == "untrained" else f"Over {gain.over} it gains"
    count = "1 brain" if gain.brains == 1 else f"{gain.brains} brains"
    found = f"{what} {signed(gain.gain)}{_range(gain.interval, signed)}"
    if gain.p is not None:
        found += ", p < .0001" if gain.p < 1e-4 else f", p = {gain.p:.2g}"
    pair = "" if gain.paired else ", against the mean of other seeds"
    return f"{found} ({count}{pair})."


def signed(value: float) -> str:
    """A gain with its sign and three digits."""
    return f"{value:+.3f}".replace("0.", ".", 1)


def _range(ends: tuple[float, float] | None, words: Callable[[float], str] = two_digits) -> str:
    return "" if ends is None else f" ({words(ends[0])} to {words(ends[1])})"


def _of_ceiling(score: Score) -> str:
    if score.ceiling_high is None:
        return ""
    share = "" if score.of_ceiling is None else f", {round(100 * score.of_ceiling)} % of"
    return f"{share or ','} the {two_digits(score.ceiling_high)} that noise allows"


def _lag(score: Score) -> str:
    return f", {1000 * score.lag:g} ms behind the model" if score.lag else ""


def _unbeaten(gains: Sequence[Gain], *, sure: bool) -> list[str]:
    """Names of what is not beaten: by the interval of the gain, or by the score."""
    ends = {gain.over: gain.low if sure else gain.gain for gain in gains}
    return [over for over, end in ends.items() if end is None or end <= 0]


def _listed(names: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def _outcome(gains: Sequence[Gain]) -> str:
    sure = all(gain.low is not None for gain in gains)
    unbeaten = _unbeaten(gains, sure=sure)
    if not sure:
        above = f"Its score is not above {', '.join(unbeaten)}" if unbeaten else "It scores highest"
        return f"{above}; how sure that is was not asked (scoring.bootstraps)."
    worse = [gain.over for gain in gains if gain.high is not None and gain.high < 0]
    unsure = [over for over in unbeaten if over not in worse]
    said = [f"Worse than {_listed(worse)}."] if worse else []
    said += [f"Not surely better than {_listed(unsure)}."] if unsure else []
    return " ".join(said) or "Better than itself untrained and than every baseline."
