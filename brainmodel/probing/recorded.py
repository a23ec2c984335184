"""What was recorded: responses of neurons, or dissimilarity matrices where only those are known."""

from brainmodel.probing.dissimilarity_data import DissimilarityData
from brainmodel.probing.recording import Recording

Recorded = Recording | DissimilarityData
