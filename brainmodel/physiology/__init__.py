"""What an electrode would find in a brain: tuning to orientation, receptive fields."""

from brainmodel.physiology.eye_of import eye_of as eye_of
from brainmodel.physiology.orientation import OrientationTuning as OrientationTuning
from brainmodel.physiology.orientation import orientation_tuning as orientation_tuning
from brainmodel.physiology.receptive_fields import receptive_fields as receptive_fields
