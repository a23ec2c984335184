"""A ledger of weights: each step of the optimizer taken apart into what caused it.

    w(n+1) - w(n) = sum_k -lr g_k        objectives k: learning rule x modulator
                    - lr g_0             what rules learn without a loss of this window
                    - lr (g - sum g_k)   clipping: from what was asked to what the optimizer had
                    - lr lambda w(n)     decay
                    + sum_k momentum_k   what the optimizer made of each of these beyond it
                    + momentum           what else the optimizer did
                    + projection         what `Brain.after_step` did
                    + scaling            what was done to synapses then

All but the last three are computed, from gradients, learning rates, weights before the step and the
optimizer's equations (see `optimizer_memory`). Momentum, projection and scaling are differences of
weights that were looked at, so nothing is left over.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from brainmodel.brain import Brain
from brainmodel.errors import named
from brainmodel.learning.rule import Gradients
from brainmodel.perturbation.synapse_groups import group_of
from brainmodel.plasticity.account import (
    CLIPPING,
    DECAY,
    MOMENTUM,
    MOMENTUM_OF,
    NO_OBJECTIVE,
    Account,
)
from brainmodel.plasticity.objective_shares import objective_shares
from brainmodel.plasticity.optimizer_memory import Remembered, fading, remember, step_by
from brainmodel.scopes import Local
from brainmodel.scopes.scope import Passage
from brainmodel.wiring.losses import Losses
from brainmodel.wiring.parameter_names import take_apart


class WeightLedger:
    """Accounts for the steps of an optimizer on some synapses. In a loop of one's own:

        ledger.split(losses)                  # as in the sum that is learnt from; before backward
        sum_of(losses).backward()
        optimizer.step()
        brain.after_step()
        ledger.note(PROJECTION)               # what changed since the ledger looked last
        scale(brain)                          # if anything else changes weights
        ledger.note(SCALING)
        account = ledger.close()

    A step before which `split` was not called is not accounted for, and costs nothing.

    Args:
        brain: the brain.
        what: addresses of synapses, as of `perturbation.Plasticity`: "V1.recurrent", "LM_V1".
        optimizer: of torch, whose learning rates are called `lr`.

    Attributes:
        groups: by address, by name of a parameter, 1 at each weight that is meant.

    Raises:
        ValueError: naming the address, if there are no such synapses; for an optimizer without
            learning rates.
    """

    def __init__(self, brain: Brain, what: Sequence[str], optimizer: Optimizer):
        if any("lr" not in group for group in optimizer.param_groups):
            kind = type(optimizer).__name__
            raise ValueError(f"optimizer: {kind} has no learning rate lr to compare its steps with")
        self.brain, self.groups = brain, watched(brain, what)
        names = dict.fromkeys(name for group in self.groups.values() for name in group)
        self._weights = {name: brain.get_parameter(name) for name in names}
        self._asked: dict[str, Gradients] = {}  # by component, until the optimizer takes its step
        self._given: Gradients = {}
        self._first: Gradients = {}  # weights when the account was opened, and when looked at last
        self._last: Gradients = {}
        self._begun = False  # whether the optimizer's step began
        self._memory: dict[str, Remembered] = {}  # of the optimizer, by parameter
        self._account = Account()
        self._handles = [
            optimizer.register_step_pre_hook(self._before),
            optimizer.register_step_post_hook(self._after),
        ]

    def detach(self) -> None:
        """Leave the optimizer alone."""
        for handle in self._handles:
            handle.remove()

    def split(self, losses: Losses) -> None:
        """Ask for the gradient of each objective alone, in the window whose losses these are.

        Windows of which gradients are accumulated are split one after the other. It costs a
        backward pass for each objective (under scope Local, of the areas that own the weights) and
        one more, and has to come before that of the sum.

        Args:
            losses: weighed, by area ("groups") and objective, with which the sum is made.
        """

        def hear(passage: Passage, *_: Any) -> None:
            for area, level in passage.levels.items():
                valid = level[~passage.reset]
                if len(valid):
                    levels[area] = [float(valid.mean())]

        if not self._last:
            self._first = {name: _copy(weight) for name, weight in self._weights.items()}
            self._last = dict(self._first)
        levels: dict[str, list[float]] = {}
        learnt = [name for name, weight in self._weights.items() if weight.requires_grad]
        with self.brain.listen(hear):
            shares, silent = objective_shares(self.brain, self._reaching(losses), learnt)
        for area, own in levels.items():
            self._account.levels.setdefault(area, []).extend(own)
        decays: Gradients = {}
        self.brain.complete(decays)
        decays = {name: lost for name, lost in decays.items() if name in silent}
        own = {n: g - decays[n] if n in decays else g for n, g in silent.items()}
        for component, found in (shares | {NO_OBJECTIVE: own, DECAY: decays}).items():
            known = self._asked.setdefault(component, {})
            for name, gradient in found.items():
                known[name] = known[name] + gradient if name in known else gradient

    def _reaching(self, losses: Losses) -> Losses:
        """Without those that cannot reach the weights: under Local, of areas that own none."""
        if not isinstance(self.brain.scope, Local) or self.brain.environments:
            return losses
        places = {take_apart(name).owner for name in self._weights} | {"groups"}
        return {place: own for place, own in losses.items() if place in places and own} or losses

    def average(self, mean: Callable[[Tensor], Tensor]) -> None:
        """Replace what was asked for in this process by the mean over processes, if it was."""
        self._asked = {c: {n: mean(g) for n, g in own.items()} for c, own in self._asked.items()}

    def note(self, component: str) -> None:
        """Book what changed since the ledger looked last under a component."""
        for name, before in self._last.items():
            self._last[name] = now = _copy(self._weights[name])
            self._account.book(component, name, now - before)

    def close(self) -> Account:
        """The account of the step, which ends here; an empty one if there was none that was split.

        Raises:
            RuntimeError: if weights changed since the last `note`.
        """
        if not self._begun:
            return Account()
        self._require_noted()
        found, self._account = self._account, Account()
        found.total = {name: last - self._first[name] for name, last in self._last.items()}
        found.steps = 1
        self._first, self._last, self._begun = {}, {}, False
        return found

    def _require_noted(self) -> None:
        for name, known in self._last.items():
            if not torch.equal(known, _copy(self._weights[name])):
                raise RuntimeError(f"{name} changed and nobody noted it; call note after it")

    def _before(self, _: Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Look at weights and gradients when the optimizer has them, perhaps in its closure."""
        closure = kwargs.get("closure", args[1] if len(args) > 1 else None)
        if closure is None:
            self._begin()
            return None

        def seen() -> Any:
            loss = closure()
            self._begin()
            return loss

        return args[:1], kwargs | {"closure": seen}

    def _begin(self) -> None:
        if not self._asked:
            return
        if self._begun:
            raise RuntimeError(
                "a step is still open: call close after each; an optimizer that asks for the loss "
                "several times a step (LBFGS) cannot be accounted for"
            )
        self._require_noted()
        self._begun = True
        given = {name: weight.grad for name, weight in self._weights.items()}
        self._given = {name: _copy(grad) for name, grad in given.items() if grad is not None}

    def _after(self, optimizer: Optimizer, *_: Any) -> None:
        """Book what the optimizer did; what nothing else accounts for is its momentum."""
        group_by = {p: group for group in optimizer.param_groups for p in group["params"]}
        for name, weight in self._weights.items():
            group = group_by.get(weight, {"lr": 0.0})
            if self._asked:
                self._book(optimizer, name, group)
            elif name in self._memory and weight.grad is not None:
                self._memory[name] = remember(optimizer, group, self._memory[name], {})
        if self._asked:
            self._asked, self._given = {}, {}
            self.note(MOMENTUM)

    def _book(self, optimizer: Optimizer, name: str, group: dict[str, Any]) -> None:
        """Book the plain step of a parameter by cause, and what the optimizer made of each."""
        first, given = self._last[name], self._given.get(name)
        way = -1.0 if group.get("maximize") else 1.0
        asked = {
            cause: way * _copy(own[name]) if name in own else torch.zeros_like(first)
            for cause, own in self._asked.items()
        }
        had = torch.zeros_like(first) if given is None else way * given
        asked[CLIPPING] = had - sum(asked.values())
        rate, lost = float(group["lr"]), float(group.get("weight_decay", 0.0)) * first
        if given is not None:
            asked[DECAY] = asked[DECAY] + lost
        steps = {cause: -rate * gradient for cause, gradient in asked.items()}
        for cause, step in steps.items():
            self._account.book(cause, name, step)
        booked = sum(steps.values())
        if given is not None and "params" in group and fading(optimizer, group) is not None:
            if group.get("decoupled_weight_decay"):
                asked[DECAY] = asked[DECAY] - lost
                steps[DECAY] = -rate * asked[DECAY]
            state, before = optimizer.state[self._weights[name]], self._memory.get(name, {})
            self._memory[name] = remember(optimizer, group, before, asked)
            step_of = step_by(optimizer, group, state, first)
            for cause, memory in self._memory[name].items():
                more = step_of(memory, asked.get(cause, 0.0)) - steps.get(cause, 0.0)
                self._account.book(MOMENTUM_OF + cause, name, more)
                booked = booked + more
        self._last[name] = first + booked


def watched(brain: Brain, what: Sequence[str]) -> dict[str, dict[str, Tensor]]:
    """By address, by name of a parameter, 1 at each weight that is meant.

    Where weights are made of others, it is what makes them that is watched.

    Raises:
        ValueError: naming the address, if there are no such synapses.
    """
    made = {one.name for one in brain.made}
    found = {}
    for address in what:
        with named(f"what: {address}"):
            group = group_of(brain, address)
            found[address] = {name: mask for name, mask in group.items() if name not in made}
            if not found[address]:
                raise ValueError(
                    "has no weights of its own that learn; name the synapses that they are made of"
                    if group
                    else "has no weights; name an area, synapses or a pathway with some"
                )
    if not found:
        raise ValueError("what: is empty; name an area, synapses or a pathway, as in V1.recurrent")
    return found


def _copy(value: Tensor) -> Tensor:
    return value.detach().cpu().to(torch.float64, copy=True)
