"""Whoever looks on while a brain is measured: what is still, dead, latched or ringing."""

from collections.abc import Mapping

from brainmodel.data.window import Window
from brainmodel.training.ailments import Ailments
from brainmodel.training.stillness import Stillness
from objectives import Activity


class Witness:
    """Looks on while windows pass."""

    def __init__(self) -> None:
        self.stillness, self.ailments = Stillness(), Ailments()

    def see(self, window: Window, activities: Mapping[str, Activity]) -> None:
        """Look at a window."""
        self.stillness.see(window, activities)
        self.ailments.see(window, activities)

    def of_all_processes(self) -> "Witness":
        """What was seen on all processes, on each of them."""
        joined = Witness()
        joined.stillness = self.stillness.of_all_processes()
        joined.ailments = self.ailments.of_all_processes()
        return joined

    def words(self) -> dict[str, str]:
        """A few for each area that is not well; an area that is still is only that."""
        return self.ailments.words() | self.stillness.words()

    def sentences(self) -> list[str]:
        """One for each of it."""
        still = self.stillness.words()
        told = [text for name, text in self.ailments.sentences() if name not in still]
        return self.stillness.sentences() + told
