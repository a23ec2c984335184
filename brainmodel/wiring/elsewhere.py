"""What other processes have of a brain: they are told signals, and theirs come, in a window.

A brain of which this process has some areas alone has the signals of the others among its inputs.
Those that its areas share a cycle with come step by step: its stages then name them beside areas,
and its acts say when they are waited for ("hear") and when what was made is passed on ("tell").
"""

from collections.abc import Mapping

from torch import Tensor


class Elsewhere:
    """Where no area of a brain is: nobody is told anything, unless a kind says otherwise.

    Attributes:
        heard: by input that comes from there, how many steps before it is waited for it was sent.
        told: by name, area and signal that are told.
    """

    heard: Mapping[str, int] = {}
    told: Mapping[str, tuple[str, str]] = {}

    def hear(self, name: str, stop: int) -> None:
        """Wait until what an input brings at all steps before `stop` lies where it is to lie.

        Args:
            name: of the input; of those that do not come from there nothing is to be done.
            stop: a step of the window, or the number of its steps.
        """

    def tell(self, name: str, signal: Tensor, stop: int) -> None:
        """Pass on what has been made of a signal; none of it will change in this window.

        Args:
            name: one of those that are told.
            signal: [time, batch, ...], of all steps of the window.
            stop: all steps before it have been made.
        """
