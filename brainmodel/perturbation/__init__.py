"""Perturbations of a brain: of activity, of plasticity, of signals; one file each."""

from brainmodel.perturbation.added_noise import AddedNoise as AddedNoise
from brainmodel.perturbation.after import After as After
from brainmodel.perturbation.blockade import Blockade as Blockade
from brainmodel.perturbation.clamp import Clamp as Clamp
from brainmodel.perturbation.during import During as During
from brainmodel.perturbation.lesion import Lesion as Lesion
from brainmodel.perturbation.opsin import Opsin as Opsin
from brainmodel.perturbation.period import Period as Period
from brainmodel.perturbation.perturbation import Perturbation as Perturbation
from brainmodel.perturbation.perturbed import intact as intact
from brainmodel.perturbation.perturbed import perturbed as perturbed
from brainmodel.perturbation.plasticity import Plasticity as Plasticity
from brainmodel.perturbation.scale import Scale as Scale
from brainmodel.perturbation.shuffle import Shuffle as Shuffle
from brainmodel.perturbation.shuffle_steps import ShuffleSteps as ShuffleSteps
from brainmodel.perturbation.silence import Silence as Silence
from brainmodel.perturbation.stream_steps import StreamSteps as StreamSteps
