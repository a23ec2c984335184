"""Figures: areas and pathways, the circuit inside an area; frames and errors; trials of tasks."""

from brainmodel.figures.brain_drawing import draw_brain as draw_brain
from brainmodel.figures.circuit_drawing import draw_circuit as draw_circuit
from brainmodel.figures.circuit_drawing import draw_circuits as draw_circuits
from brainmodel.figures.dissimilarity_drawing import dissimilarities as dissimilarities
from brainmodel.figures.dissimilarity_drawing import draw_rdms as draw_rdms
from brainmodel.figures.frames import draw_fields as draw_fields
from brainmodel.figures.frames import draw_frames as draw_frames
from brainmodel.figures.frames import film as film
from brainmodel.figures.frames import views as views
from brainmodel.figures.style import FAINT as FAINT
from brainmodel.figures.style import INK as INK
from brainmodel.figures.style import save as save
from brainmodel.figures.trial_drawing import TrialPicture as TrialPicture
from brainmodel.figures.trial_drawing import draw_trials as draw_trials
