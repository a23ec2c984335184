"""What an electrode would find in a brain: tuning, receptive fields, phenomena of cortex."""

from brainmodel.physiology.battery import compare as compare
from brainmodel.physiology.battery import measure as measure
from brainmodel.physiology.eye_of import eye_of as eye_of
from brainmodel.physiology.gradient_fields import gradient_fields as gradient_fields
from brainmodel.physiology.orientation import OrientationTuning as OrientationTuning
from brainmodel.physiology.orientation import orientation_tuning as orientation_tuning
from brainmodel.physiology.page import Answered as Answered
from brainmodel.physiology.page import write_physiology as write_physiology
from brainmodel.physiology.phenomena.phenomenon import Phenomenon as Phenomenon
from brainmodel.physiology.receptive_fields import receptive_fields as receptive_fields
