"""What was recorded: responses of neurons, or dissimilarity matrices where only those are known."""

from brainmodel.probing.recordings.dissimilarity_data import DissimilarityData
from brainmodel.probing.recordings.recording import Recording

Recorded = Recording | DissimilarityData
"""Whatever was recorded."""
