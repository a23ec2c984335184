"""Figures: a brain's areas and pathways; frames that were seen, predicted and missed."""

from brainmodel.figures.brain_drawing import draw_brain as draw_brain
from brainmodel.figures.frames import draw_frames as draw_frames
from brainmodel.figures.frames import film as film
from brainmodel.figures.frames import views as views
from brainmodel.figures.style import FAINT as FAINT
from brainmodel.figures.style import INK as INK
from brainmodel.figures.style import save as save
