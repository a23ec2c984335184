"""What takes the steps of a brain in words, whether windows are recorded, and a warning if not."""

from areas.loops.compiled import warn_of
from brainmodel.brain import Brain
from brainmodel.training.module import BrainModule


def steps_taken(brain: Brain) -> str:
    """What takes the steps of a brain where its weights are now: "native loops (...)".

    Where it differs between areas, it says of which. A scope that steps the brain literally where
    it learns leaves native loops to streams that it does not learn from.
    """
    areas: dict[str, list[str]] = {}
    for name in brain.acting:
        own = brain.area(name)
        told = str(own.dynamics.loops_in_use(own.bias.device, own.bias.dtype))
        areas.setdefault(told, []).append(name)
    swept = "; by ".join(f"{how} in {', '.join(names)}" for how, names in areas.items())
    swept = next(iter(areas)) if len(areas) == 1 else swept
    if not brain.scope.steps_literally:
        return swept
    scope = type(brain.scope).__name__
    return f"{brain.engine} where the brain learns (scope {scope}), else by {swept}"


def steps_of(module: BrainModule) -> str:
    """The same of a brain in training, and whether its windows are recorded, if its engine does."""
    return steps_taken(module.brain) + module.windows.told(module.brain)


def warn_of_slow(brain: Brain) -> None:
    """One warning for each reason why areas have no native loops, unless the user wants none."""
    for name in brain.acting:
        own = brain.area(name)
        missing = own.dynamics.loops_in_use(own.bias.device, own.bias.dtype).missing
        if missing is not None:
            warn_of(missing)
