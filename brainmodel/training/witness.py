"""Whoever looks on while a brain is measured: what is still, dead, latched, or rings."""

from collections.abc import Collection, Mapping

from brainmodel.data.window import Window
from brainmodel.training.ailments import Ailments
from brainmodel.training.dead_outputs import DeadOutputs
from brainmodel.training.stillness import Stillness
from objectives import Activity


class Witness:
    """Looks on while windows pass.

    Args:
        predicting: names of the areas that predict their drive.
    """

    def __init__(self, predicting: Collection[str] = ()) -> None:
        self.predicting = frozenset(predicting)
        self.stillness, self.ailments = Stillness(), Ailments()
        self.outputs = DeadOutputs()

    def see(self, window: Window, activities: Mapping[str, Activity]) -> None:
        """Look at a window."""
        self.stillness.see(window, activities)
        self.ailments.see(window, activities)
        self.outputs.see({n: a for n, a in activities.items() if n in self.predicting})

    def of_all_processes(self) -> "Witness":
        """What was seen on all processes, on each of them."""
        joined = Witness(self.predicting)
        joined.stillness = self.stillness.of_all_processes()
        joined.ailments = self.ailments.of_all_processes()
        joined.outputs = self.outputs.of_all_processes()
        return joined

    def words(self) -> dict[str, str]:
        """A few for each area that is not well; an area that is still is only that."""
        words = self.ailments.words()
        for name, dead in self.outputs.words().items():
            words[name] = f"{words[name]}, {dead}" if name in words else dead
        return words | self.stillness.words()

    def sentences(self) -> list[str]:
        """One for each of it."""
        still = self.stillness.words()
        found = self.ailments.sentences() + self.outputs.sentences()
        told = [text for name, text in found if name not in still]
        return self.stillness.sentences() + told
