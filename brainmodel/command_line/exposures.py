"""What trained brains learnt from, as checkpoints tell: sequences, and which of them were due."""

from collections import Counter
from collections.abc import Mapping, Sequence
from copy import deepcopy

from jsonargparse import ArgumentParser

from brainmodel.brain import Brain
from brainmodel.command_line.refusals import read_error
from brainmodel.data import SequenceModule, StreamModule
from brainmodel.errors import Refused
from brainmodel.physiology import Phenomenon
from brainmodel.physiology.battery import Subject
from brainmodel.physiology.model_alone import AskedBrain
from brainmodel.physiology.phenomena.violated_sequences import require_sequences
from brainmodel.probing import Trained
from brainmodel.probing.activity import Source
from brainmodel.training import checkpoint
from brainmodel.training.drawn_weights import digest

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
    parser = ArgumentParser(exit_on_error=False, logger=False)
    parser.add_argument("--data", type=StreamModule)
    try:
        return parser.instantiate(parser.parse_object({"data": plain})).data
    except Exception as error:
        place, reason = read_error(str(error))
        raise Refused(f"ckpt_path: {path}: {place}: {reason}") from error


def subjects_of(
    phenomena: Mapping[str, Phenomenon], trained: Sequence[Trained], untrained: Mapping[int, Brain]
) -> dict[str, tuple[list[Subject], list[Subject]]]:
    """Trained and untrained brains by phenomenon, with what they learnt from where it matters.

    Args:
        phenomena: what they are asked for, by name.
        trained: the brains.
        untrained: by seed. Where exposure matters each has that of the brain it became, and those
            that no trained brain began as stay out.

    Raises:
        Refused: if it matters and they learnt from no sequences, or see `require_counterbalanced`.
    """
    plain = [Subject(own.brain) for own in trained], [Subject(own) for own in untrained.values()]
    asking = [name for name, own in phenomena.items() if own.needs_exposure]
    if not asking:
        return dict.fromkeys(phenomena, plain)
    learnt = [sequences_of(own.instance, f"phenomena.{asking[0]}") for own in trained]
    require_counterbalanced(f"phenomena.{asking[0]}", trained, learnt)
    both = list(zip(trained, learnt, strict=True))
    own = [Subject(own.brain, exposure) for own, exposure in both]
    begun = [Subject(untrained[o.seed], e) for o, e in both if o.seed is not None]
    return {name: (own, begun) if name in asking else plain for name in phenomena}


def of_last_stage(trained: Sequence[Trained]) -> list[Trained]:
    """Brains as they came to be, once each: of checkpoints of one seed those of its last stage.

    Raises:
        Refused: if a brain is there twice, which would count as two.
    """
    last: dict[int, int] = {}
    for own in trained:
        if own.seed is not None:
            last[own.seed] = max(own.stage, last.get(own.seed, 0))
    grown = [own for own in trained if own.seed is None or own.stage == last[own.seed]]
    names: dict[str, str] = {}
    for own in grown:
        weights = digest(own.brain.state_dict())
        if weights in names:
            raise Refused(
                f"ckpt_path: {own.instance} has the weights of {names[weights]}; give each "
                "brain once"
            )
        names[weights] = own.instance
    return grown


def asked_alone(trained: Sequence[Trained], untrained: Mapping[int, Brain]) -> list[AskedBrain]:
    """All brains for analyses, those of the last stage counterbalanced.

    Args:
        trained: of one stage of training or more.
        untrained: by seed; those that no trained brain began as stay out.

    Raises:
        Refused: see `subjects_of`.
    """
    learnt = [sequences_of(own.instance, "analyses") for own in trained]
    last = max(own.stage for own in trained)
    grown = [k for k, own in enumerate(trained) if own.stage == last]
    require_counterbalanced("analyses", [trained[k] for k in grown], [learnt[k] for k in grown])
    found, begun = [], {}
    for own, exposure in zip(trained, learnt, strict=True):
        name = "" if own.seed is None else f"seed {own.seed}"
        source = Source("trained", own.instance, own.stage, "", name)
        found.append(AskedBrain(source, own.brain, exposure))
        if own.seed is not None:
            before = Source("untrained", name, 0, "", name)
            begun.setdefault(own.seed, AskedBrain(before, untrained[own.seed], exposure))
    return [*found, *begun.values()]


def sequences_of(path: str, what: str) -> SequenceModule:
    """The sequences that the brain of a checkpoint learnt.

    Args:
        path: of the checkpoint.
        what: is asked, for messages.

    Raises:
        Refused: if it learnt from other data.
    """
    try:
        return require_sequences(exposure_of(path))
    except ValueError as error:
        raise Refused(f"{what}: {path}: {error}") from error


def require_counterbalanced(
    what: str, brains: Sequence[Trained], learnt: Sequence[SequenceModule]
) -> None:
    """Refuse brains of which not both halves are there, or that learnt different sequences.

    Args:
        what: is asked, for messages.
        brains: of one stage of training.
        learnt: the sequences of each.

    Raises:
        Refused: in one sentence.
    """
    kinds = {(t.frames.shape, t.names, t.shown) for t in (own.trials(1) for own in learnt)}
    if len(kinds) > 1:
        raise Refused(
            f"{what}: the brains learnt sequences of {len(kinds)} kinds; give brains whose data "
            "differ in seed and assignment alone"
        )
    pairs = list(zip(brains, learnt, strict=True))
    twice = Counter((b.seed, own.assignment) for b, own in pairs if b.seed is not None)
    if twice and max(twice.values()) > 1:
        seed = twice.most_common(1)[0][0][0]
        raise Refused(f"{what}: the brain of seed {seed} is there twice; give each brain once")
    count = Counter(own.assignment for own in learnt)
    if any(count[half] < FEWEST for half in (0, 1)):
        raise Refused(
            f"{what}: {count[0]} brains learnt under assignment 0 and {count[1]} under 1; give "
            f"{FEWEST} or more of each (data.init_args.assignment), or it is of the pictures"
        )
