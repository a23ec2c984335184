"""Phenomena of cortex that a brain can be asked for; one file each."""

from brainmodel.physiology.phenomena.contrast_response import ContrastResponse as ContrastResponse
from brainmodel.physiology.phenomena.cross_orientation import CrossOrientation as CrossOrientation
from brainmodel.physiology.phenomena.direction_selectivity import (
    DirectionSelectivity as DirectionSelectivity,
)
from brainmodel.physiology.phenomena.flash_lag import FlashLag as FlashLag
from brainmodel.physiology.phenomena.gabor_receptive_fields import (
    GaborReceptiveFields as GaborReceptiveFields,
)
from brainmodel.physiology.phenomena.illusory_contours import IllusoryContours as IllusoryContours
from brainmodel.physiology.phenomena.illusory_contours import RotatedControl as RotatedControl
from brainmodel.physiology.phenomena.length_tuning import LengthTuning as LengthTuning
from brainmodel.physiology.phenomena.mismatch import Mismatch as Mismatch
from brainmodel.physiology.phenomena.mismatch_of_own_movement import (
    MismatchOfOwnMovement as MismatchOfOwnMovement,
)
from brainmodel.physiology.phenomena.missing_flash import MissingFlash as MissingFlash
from brainmodel.physiology.phenomena.orientation_selectivity import (
    OrientationSelectivity as OrientationSelectivity,
)
from brainmodel.physiology.phenomena.path_straightening import (
    PathStraightening as PathStraightening,
)
from brainmodel.physiology.phenomena.phenomenon import Phenomenon as Phenomenon
from brainmodel.physiology.phenomena.phenomenon import Showing as Showing
from brainmodel.physiology.phenomena.postdiction import Postdiction as Postdiction
from brainmodel.physiology.phenomena.repetition_suppression import (
    RepetitionSuppression as RepetitionSuppression,
)
from brainmodel.physiology.phenomena.size_tuning import SizeTuning as SizeTuning
from brainmodel.physiology.phenomena.stimulus_specific_adaptation import (
    StimulusSpecificAdaptation as StimulusSpecificAdaptation,
)
from brainmodel.physiology.phenomena.transience import Transience as Transience
from brainmodel.physiology.phenomena.violated_sequences import (
    ViolatedSequences as ViolatedSequences,
)
