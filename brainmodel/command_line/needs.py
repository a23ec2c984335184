"""What a brain and its objectives need from the data: streams, steps and labels."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from math import prod

from torch import nn

from brainmodel.brain import Brain
from brainmodel.data.stream_module import StreamModule
from brainmodel.data.window import Label
from brainmodel.errors import named
from brainmodel.memory import require_memory
from brainmodel.wiring.environments import labels_of_environments


def require_data(brain: Brain, data: object, learns: bool) -> None:
    """Refuse data that do not bring what the brain needs.

    Args:
        brain: the brain.
        data: that it is to see.
        learns: whether it is to learn from them, not only to be measured.

    Raises:
        ValueError: naming what does not fit.
    """
    labels = getattr(data, "label_names", None)
    if labels is not None:
        said = labels_of_environments(brain.environments)
        kinds = getattr(data, "label_kinds", {}) | said
        require_labels(brain, [*labels, *said], kinds)
    if isinstance(data, StreamModule):
        require_room(brain, data.batch_size, data.window)
        require_hold(brain, data.hold)
        if learns:
            require_enough(brain, data.batch_size)
            require_memories(brain, data.batch_size)
            require_pairs(brain, data.paired)
            require_long(brain, data.window, data.episode)


def require_hold(brain: Brain, hold: int) -> None:
    """Refuse cells that settle on each frame for another time than it is held.

    Raises:
        ValueError: naming the area.
    """
    for name in brain.areas:
        steps = brain.area(name).cell.settling
        if steps not in (1, hold):
            raise ValueError(
                f"areas.{name}.cell: settles on each frame for {steps} steps, but the data hold it "
                f"for {hold}; set data.hold: {steps}"
            )


def require_enough(brain: Brain, streams: int) -> None:
    """Refuse a batch with fewer streams than an objective needs.

    Raises:
        ValueError: naming the objective.
    """
    for place, objective in _all(brain):
        fewest = getattr(objective, "fewest_streams", 1)
        if streams < fewest:
            raise ValueError(
                f"{place}: {type(objective).__name__} needs {fewest} streams or more in a batch, "
                f"got {streams}; set data.batch_size: {fewest} or more"
            )


def require_pairs(brain: Brain, paired: bool) -> None:
    """Refuse objectives of two views of a scene where the data pair no streams.

    Raises:
        ValueError: naming the objective.
    """
    for place, objective in _all(brain):
        if getattr(objective, "pairs_streams", False) and not paired:
            raise ValueError(
                f"{place}: {type(objective).__name__} takes streams 2k and 2k + 1 for two views of "
                "one scene, but these data do not pair them; set data.twin_distance of Photographs "
                "above 0"
            )


def require_long(brain: Brain, window: int, episode: int) -> None:
    """Refuse windows or episodes in which an objective never joins two steps.

    Args:
        brain: the brain.
        window: steps of a window.
        episode: steps until a stream begins anew.

    Raises:
        ValueError: naming the objective.
    """
    field, steps = min(("window", window), ("episode", episode), key=lambda pair: pair[1])
    for place, objective in _all(brain):
        reach = getattr(objective, "reach", 0)
        if steps <= reach:
            raise ValueError(
                f"{place}: {type(objective).__name__} joins steps that lie {reach} apart, but a "
                f"{field} has {steps}; set data.{field}: {reach + 1} or more, or join nearer ones"
            )


def require_room(brain: Brain, streams: int, window: int) -> None:
    """Refuse streams and windows that do not fit into the memory of this machine.

    Raises:
        ValueError: naming the option that makes them so large.
    """
    for name, pathway in brain.pathways.items():
        under_way = pathway.steps * streams * prod(brain.route(name).shape)
        with named("model"):
            require_memory(f"pathways.{name}.delay", pathway.steps, under_way, "take fewer steps")
    held = 0
    for name in brain.areas:
        area = brain.area(name)
        held += prod(area.units) * len(area.cell.currents) + prod(area.drive) + prod(area.errors)
    field, value = max(("window", window), ("batch_size", streams), key=lambda pair: pair[1])
    require_memory(f"data.{field}", value, held * streams * window, "take fewer, or fewer units")


def require_memories(brain: Brain, streams: int) -> None:
    """Refuse rules whose influences or traces do not fit into the memory of this machine.

    Raises:
        ValueError: naming the area and its rule.
    """
    for name in brain.areas:
        rule = brain.rule(name)
        numbers = streams * rule.memory_size(brain.area(name))
        field, value = f"model.areas.{name}.rule", f"{type(rule).__name__} of {streams} streams"
        require_memory(
            field, value, numbers, "take fewer units or streams, or a rule that keeps less"
        )


def require_labels(
    brain: Brain, offered: Sequence[str], kinds: Mapping[str, Label] | None = None
) -> None:
    """Refuse an objective that reads a label which the data do not have, or that it cannot read.

    Args:
        brain: the brain.
        offered: names of the labels of the data.
        kinds: what they are, as far as it is known.

    Raises:
        ValueError: naming the objective, the label, and the labels of the data.
    """
    for place, whole in _all(brain):
        for objective in whole.modules():  # one that is wrapped in another reads its own
            label = getattr(objective, "label", None)
            if label is not None and label not in offered:
                raise ValueError(
                    f"{place}: {type(objective).__name__} reads the label {label!r}, which the "
                    f"data do not bring; they bring {', '.join(sorted(offered)) or 'none'}"
                )
            if label is not None and label in (kinds or {}):
                with named(place):
                    objective.require_label(*(kinds or {})[label])  # type: ignore[operator]


def require_curves(brain: Brain, callbacks: Iterable[object]) -> None:
    """Refuse a callback that watches a number which no run logs.

    A callback of the user's own may log any number; where there is one, nothing is refused.

    Raises:
        ValueError: naming the callback, and a number that may have been meant.
    """
    callbacks = list(callbacks)
    homes = {type(callback).__module__.partition(".")[0] for callback in callbacks}
    if homes - {"brainmodel", "pytorch_lightning"}:
        return
    losses = [place.replace(".objectives", "").removeprefix("areas.") for place, _ in _all(brain)]
    known = [f"{part}/{name}" for part in ("held_out_loss", "loss") for name in ["total", *losses]]
    predicting = [name for name in brain.areas if brain.area(name).predictor is not None]
    known += [f"held_out_relative_error/{name}" for name in predicting]
    termed = {f"held_out_terms/{name}" for name in losses}  # which terms it has, none says before
    for callback in callbacks:
        watched = getattr(callback, "monitor", None)
        if not isinstance(watched, str) or watched.rpartition(".")[0] in termed:
            continue
        if watched not in known:
            near = get_close_matches(watched, known, n=1, cutoff=0.0)[0]
            kind = type(callback).__name__
            place = "checkpoint" if kind == "Checkpoints" else f"trainer.callbacks: {kind}"
            raise ValueError(
                f"{place}.monitor: no run logs {watched!r}; did you mean {near}, one of "
                f"{', '.join(known)}?"
            )


def _all(brain: Brain) -> Iterator[tuple[str, nn.Module]]:
    """All objectives of a brain, by their places in the configuration."""
    places = {f"areas.{area}.objectives": brain.objectives[area] for area in brain.areas}
    for place, held in (places | {"groups": brain.groups}).items():
        for name, objective in held.named_children():
            yield f"{place}.{name}", objective
