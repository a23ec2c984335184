"""The contract of an environment: what areas do -> what the brain meets next.

An environment is a node of the brain's graph like an input, but it hears areas: pathways end in it,
each with a delay of one step or more. In a step it replies first, then all areas act:

    heard(t)                                        = sum over pathways of what arrives at t
    state(t), observation(t), reward(t), labels(t)  = step( state(t-1), heard(t), drawn(t) )

`step` is a pure function of tensors, of all streams at once. Where a stream is reset, state(t-1) is
what `begin` makes of drawn(t), and nothing is heard. Chance enters by `drawn` alone: uniform
numbers in [0, 1) that the data bring with each step, under the environment's name, as they bring
inputs. So an environment meets the same chance whatever the windows, the batch and the processes
are.
"""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, NamedTuple

from jaxtyping import Float, Shaped
from torch import Tensor

from brainmodel.environments.label import Label

EnvironmentState = Any
"""What an environment carries from step to step: a NamedTuple of tensors [batch, ...]."""
REWARD = "reward"
"""The label under which objectives find the reward."""


class Reply(NamedTuple):
    """What an environment gives at a step."""

    state: EnvironmentState
    observation: Float[Tensor, "batch ..."]
    reward: Float[Tensor, "batch"]
    labels: dict[str, Shaped[Tensor, "batch ..."]]  # for objectives and tables; no area sees them


class Environment(ABC):
    """What areas act on.

    Attributes:
        hears: how many numbers it hears; those of several pathways are added up.
        shape: of an observation, without the batch.
        draws: how many uniform random numbers it uses in a step.
        kinds: what its labels are, by name, but for the reward.
        differentiable: whether it has derivatives by what it hears that are worth learning from.
    """

    hears: int
    shape: tuple[int, ...]
    draws: int
    kinds: dict[str, Label]
    differentiable: ClassVar[bool] = False

    @abstractmethod
    def begin(self, drawn: Float[Tensor, "batch draws"]) -> EnvironmentState:
        """The state of streams that begin, before their first step.

        Args:
            drawn: the uniform random numbers of the first step, which `step` is given, too.
        """

    @abstractmethod
    def step(
        self,
        state: EnvironmentState,
        heard: Float[Tensor, "batch hears"],
        drawn: Float[Tensor, "batch draws"],
    ) -> Reply:
        """One step of all streams; streams do not meet, and nothing is changed in place.

        Args:
            state: before the step.
            heard: what areas do; 0 at the first step.
            drawn: uniform random numbers in [0, 1) of this step.
        """

    @property
    def chance(self) -> dict[str, float]:
        """By label, what one gets who acts without looking, as far as it is known."""
        return {}

    @property
    def facts(self) -> list[str]:
        """What a user should know of it, in sentences."""
        return []

    @property
    def labels(self) -> dict[str, Label]:
        """What all of its labels are, the reward included."""
        return {REWARD: Label()} | self.kinds
