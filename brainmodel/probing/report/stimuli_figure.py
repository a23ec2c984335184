"""A figure of stimuli as the eye of the model saw them, beside their names."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from brainmodel.figures import INK
from brainmodel.probing.array_types import Floats
from brainmodel.probing.drawing import panels

ACROSS, LONGEST = 6, 22  # panels in a row, letters of a name


def draw_stimuli(pictures: Floats, names: Sequence[str]) -> Figure:
    """Pictures [stimulus, channel, height, width] in [0, 1]."""
    figure, axes = panels(len(names), min(ACROSS, len(names)), 1.5, 1.6)
    for panel, picture, name in zip(axes, pictures, names, strict=True):
        shown = picture.transpose(1, 2, 0)
        panel.imshow(shown.squeeze(), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        short = name if len(name) <= LONGEST else f"...{name[3 - LONGEST :]}"
        panel.set_title(short, fontsize=7.5, color=INK)
        panel.set(xticks=[], yticks=[])
    return figure
