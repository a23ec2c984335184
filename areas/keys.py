"""The keys of an area's weights: what its parameters are called. They are made and read here alone.

    of_units(SOURCE)       "synapses.SOURCE.weight"             of_units(BIAS)      "bias"
    of_predictor(SOURCE)   "predictor.synapses.SOURCE.weight"   of_predictor(BIAS)  "predictor.bias"
    of_feedback(NAME)      "predictor.feedback.NAME"
    "synapses.SOURCE.making.NAME"     of what makes the weights of a source

A bias is the weight of a source that is 1 at all times, and so `BIAS` counts as a source here.
`Area.weights` gives an area's parameters by these keys; rules give gradients by them.
"""

BIAS = "bias"
"""The source that is 1 at all times; no pathway may have this name."""
MAKING = ".making."
"""In the key of a parameter of which weights are made, what stands behind their synapses."""


def of_units(source: str) -> str:
    """Key of the weights from a source onto an area's units."""
    return BIAS if source == BIAS else f"synapses.{source}.weight"


def of_predictor(source: str) -> str:
    """Key of the weights from a source ("rate", a message) onto the prediction."""
    return f"predictor.{of_units(source)}"


def of_feedback(name: str) -> str:
    """Key of the parameter of that name which the predictor's feedback owns."""
    return f"predictor.feedback.{name}"


def belongs_to_predictor(key: str) -> bool:
    """Whether a key is of a parameter of the predictor or of its feedback."""
    return key.startswith("predictor.")


def makes(key: str) -> str:
    """The key of the weights that a parameter of this key makes; of others the key itself."""
    synapses, made, _ = key.partition(MAKING)
    return f"{synapses}.weight" if made else key


def short(key: str) -> str:
    """A key as curves name it: "SOURCE", "predictor.SOURCE"."""
    return key.removesuffix(".weight").replace("synapses.", "")


def slug(key: str) -> str:
    """The key of synapses as a name that a module may have."""
    return key.removesuffix(".weight").replace(".", "__")
