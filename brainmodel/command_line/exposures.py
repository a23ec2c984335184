"""What trained brains learnt from, as checkpoints tell: sequences, and which of them were due."""

from collections import Counter
from collections.abc import Mapping, Sequence
from copy import deepcopy

from pytorch_lightning.cli import instantiate_module

from brainmodel.brain import Brain
from brainmodel.command_line.refusals import read_error
from brainmodel.data import SequenceModule, StreamModule
from brainmodel.errors import Refused
from brainmodel.physiology import Phenomenon
from brainmodel.physiology.battery import Subject
from brainmodel.probing import Trained
from brainmodel.training import checkpoint

FEWEST = 2  # brains of each assignment: an interval over brains needs two


def exposure_of(path: str) -> StreamModule:
    """The data of the training that wrote a checkpoint.

    Raises:
        Refused: if the checkpoint does not say, or they cannot be made.
    """
    content = checkpoint.read_checkpoint(path)
    plain = deepcopy(dict(content.get("datamodule_hyper_parameters") or {}))
    plain.pop("_instantiator", None)
    if not plain:
        raise Refused(
            f"ckpt_path: {path} does not say what the brain learnt from; train it by `fit`"
        )
    try:
        return instantiate_module(StreamModule, plain)
    except Exception as error:
        place, reason = read_error(str(error))
        raise Refused(f"ckpt_path: {path}: data.{place}: {reason}") from error


def with_exposures(
    phenomenon: Phenomenon,
    name: str,
    trained: Sequence[Trained],
    untrained: Mapping[int, Brain],
    exposures: Sequence[StreamModule],
) -> tuple[list[Subject], list[Subject]]:
    """Brains with what they learnt from; each untrained one with that of the brain it became.

    Args:
        phenomenon: what they are asked for.
        name: of it, for messages.
        trained: the brains.
        untrained: by seed; those that no trained brain began as stay out.
        exposures: of the trained ones.

    Raises:
        Refused: if they learnt from no sequences, from different ones, or not as many as two under
            each assignment.
    """
    for own, exposure in zip(trained, exposures, strict=True):
        try:
            phenomenon.after(exposure)
        except ValueError as error:
            raise Refused(f"phenomena.{name}: {own.instance}: {error}") from error
    require_counterbalanced(name, exposures)
    subjects = [Subject(own.brain, e) for own, e in zip(trained, exposures, strict=True)]
    begun = [
        Subject(untrained[own.seed], exposure)
        for own, exposure in zip(trained, exposures, strict=True)
        if own.seed is not None
    ]
    return subjects, begun


def require_counterbalanced(name: str, exposures: Sequence[StreamModule]) -> None:
    """Refuse brains of which not both halves are there, or that learnt different sequences.

    Raises:
        Refused: in one sentence.
    """
    sequences = [e for e in exposures if isinstance(e, SequenceModule)]
    timing = {(s.frames.shape, s.names, s.shown) for s in (e.trials(1) for e in sequences)}
    if len(timing) > 1:
        raise Refused(
            f"phenomena.{name}: the brains learnt sequences of {len(timing)} kinds; give brains "
            "whose data differ in seed and assignment alone"
        )
    count = Counter(own.assignment for own in sequences)
    if any(count[half] < FEWEST for half in (0, 1)):
        raise Refused(
            f"phenomena.{name}: {count[0]} brains learnt under assignment 0 and {count[1]} under "
            f"1; give {FEWEST} or more of each (data.init_args.assignment), or the index is of the "
            "pictures"
        )
