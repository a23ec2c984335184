"""The two-step decision: what was paid, or how the choice led there: which does one go by?

    first stage: choose A or B | second stage, X or Y: choose left or right | outcome: paid or not
    A leads to X, and B to Y, with probability `common`; else to the other (rare)
    left and right at X and Y pay 1 with probabilities of their own, which drift:
    p <- p + drift n,  n normal, after each trial, reflected at the bounds

Daw, Gershman, Seymour, Dayan & Dolan (2011), "Model-based influences on humans' choices and
striatal prediction errors", Neuron 69:1204 (0.7, drift 0.025, bounds 0.25 and 0.75). Whoever
repeats what was paid, a habit, stays with the first choice after any reward; who knows how choices
lead on does so after a reward that came by a common transition, and leaves it after one that came
by a rare one.

Chance, who chooses at random, is paid as the mean of the bounds.
"""

from functools import cache
from itertools import product
from typing import NamedTuple

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from brainmodel.environments.bandit import acting_labels, require_probability
from brainmodel.environments.choosing import choose
from brainmodel.environments.environment import Environment, Reply
from brainmodel.environments.label import Label

CHOICE, TRANSITION, PAY, DRIFT = range(4)
"""Which of the numbers drawn is for what; four from the last on are for the drift."""


def shown_at(stage: int, place: int, first: int, second: int, paid: int) -> list[float]:
    """The observation of each combination of these; see `TwoStepDecision`."""
    values = [0.0] * 13
    values[0 if stage == 0 else 1 + place] = 1.0
    if stage > 0:
        values[3 + first] = 1.0
    if stage == 2:
        values[5 + 2 * place + second + 4 * paid] = 1.0
    return values


KINDS = 3, 2, 2, 2, 2
"""How many stages, places, first and second choices and payments there are."""
SHOWN = [shown_at(*each) for each in product(*map(range, KINDS))]
"""Observations in the order of these numbers."""


@cache
def _all_shown(dtype: torch.dtype, device: torch.device) -> Tensor:
    """`SHOWN` as a tensor [*KINDS, 13], made once."""
    return torch.tensor(SHOWN, dtype=dtype, device=device).unflatten(0, KINDS)


class TwoStepState(NamedTuple):
    """Where a trial is, and what choices pay."""

    step: Int64[Tensor, "batch"]  # of the trial; -1 before the first
    first: Int64[Tensor, "batch"]  # the choice at the first stage
    place: Int64[Tensor, "batch"]  # where it led, 0 for X
    second: Int64[Tensor, "batch"]
    paid: Float[Tensor, "batch"]
    pays: Float[Tensor, "batch 4"]  # probabilities: left and right at X, left and right at Y


class TwoStepDecision(Environment):
    """The two-step decision, trial after trial.

    Hears bids for two actions. The observation [13] is 1 while something is shown: the first stage;
    X, Y and which choice led there, A or B, until the end of the trial; at the outcome, which of
    the four was chosen, left and right at X, left and right at Y, on four values if it did not
    pay, on four others if it did.
    Labels: reward; those of `acting_labels`; stage, 0 to 2; first, the choice at the first stage;
    common, whether it led where it commonly leads; both from the second stage on.

    Args:
        common: probability that a choice leads where it commonly does, in [0, 1].
        drift: standard deviation of the changes of what choices pay, 0 or more.
        bounds: between which probabilities these drift, each in [0, 1].
        steps: that each stage and the outcome are shown: as many as the delay of the pathways here,
            or more, so that what is heard at the end of a stage was done in it.

    Raises:
        ValueError: for a number out of range.
    """

    def __init__(
        self,
        common: float = 0.7,
        drift: float = 0.025,
        bounds: tuple[float, float] = (0.25, 0.75),
        steps: int = 1,
    ) -> None:
        require_probability("common", common)
        for value in bounds:
            require_probability("bounds", value)
        if len(bounds) != 2 or not bounds[0] <= bounds[1]:
            raise ValueError(f"bounds: need the lower, then the higher, got {list(bounds)}")
        if not drift >= 0:
            raise ValueError(f"drift: need a standard deviation of 0 or more, got {drift}")
        if steps < 1:
            raise ValueError(f"steps: need 1 or more, got {steps}")
        self.common, self.drift, self.steps = common, drift, steps
        self.bounds = float(bounds[0]), float(bounds[1])
        self.hears, self.shape, self.draws = 2, (13,), 7
        more = {"first": Label((0, 1)), "common": Label((0, 1)), "stage": Label((0, 2))}
        self.kinds = acting_labels(2) | more

    @property
    def chance(self) -> dict[str, float]:
        """Of reward, what is paid on average."""
        return {"reward": sum(self.bounds) / 2}

    def begin(self, drawn: Tensor) -> TwoStepState:
        """Before the first trial; what choices pay is uniform between the bounds."""
        none = torch.zeros_like(drawn[:, 0], dtype=torch.int64)
        low, high = self.bounds
        pays = low + (high - low) * drawn[:, DRIFT:]
        return TwoStepState(none - 1, none, none, none, torch.zeros_like(drawn[:, 0]), pays)

    def step(self, state: TwoStepState, heard: Tensor, drawn: Tensor) -> Reply:
        """Show, or take the choice that was heard and go on."""
        step = (state.step + 1) % (3 * self.steps)
        at_first, at_second = step == self.steps, step == 2 * self.steps
        action = choose(heard, drawn[:, CHOICE])
        first = torch.where(at_first, action, state.first)
        rare = drawn[:, TRANSITION] >= self.common
        place = torch.where(at_first, first ^ rare, state.place)
        second = torch.where(at_second, action, state.second)
        chance = state.pays.gather(1, (2 * place + second)[:, None])[:, 0]
        reward = ((drawn[:, PAY] < chance) & at_second).to(heard.dtype)
        paid = torch.where(at_second, reward, state.paid)
        drifted = torch.where(at_second[:, None], self._drift(state.pays, drawn), state.pays)
        stage = step // self.steps
        labels = {
            "action": action,
            "bids": heard,
            "acts": at_first | at_second,
            "ends": at_second,
            "stage": stage,
            "first": first,
            "common": first == place,
        }
        now = TwoStepState(step, first, place, second, paid, drifted)
        return Reply(now, self._shown(now, stage, heard), reward, labels)

    def _drift(self, pays: Tensor, drawn: Tensor) -> Tensor:
        """Probabilities after a step of their walk, [batch, 4]."""
        low, high = self.bounds
        normal = torch.special.ndtri(drawn[:, DRIFT:] * (1 - 2**-20) + 2**-21)
        moved = pays + self.drift * normal
        wide = max(high - low, 1e-12)
        return low + wide - ((moved - low) % (2 * wide) - wide).abs()

    def _shown(self, now: TwoStepState, stage: Tensor, like: Tensor) -> Tensor:
        """The observation."""
        shown = _all_shown(like.dtype, like.device)
        return shown[stage, now.place, now.first, now.second, now.paid.long()]
