"""Names that moved: by the old path of a class, as configs gave it, the path to give now.

A config names the package that lists a class (`areas.LSTM`), never the file in which the class
happens to be written (`areas.lstm.LSTM`). Free of torch: what packages list is read from their
lists (`__init__.py` or `__init__.pyi`), not imported.
"""

import ast
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

PACKAGES = ("areas", "objectives", "brainmodel")


class Move(NamedTuple):
    """Names that another package lists now."""

    package: str  # that listed them
    files: str  # of it in which they were written
    names: str
    now: str  # the package that lists them


MOVES = (
    Move("areas", "alif lif membrane", "ALIF LIF Membrane", "areas"),
    Move("areas", "connectivity", "AllToAll Connectivity NoAutapses Sparse", "areas"),
    Move("brainmodel", "plan brain", "AreaPlan", "brainmodel"),
    Move("brainmodel", "pathway", "Flatten Mix Pathway Pool Upsample", "brainmodel.pathways"),
    Move(
        "brainmodel.learning",
        "adjacent end_to_end scope",
        "Adjacent Global Local Scope",
        "brainmodel.scopes",
    ),
    Move("brainmodel.learning", "partners", "Diffuse TrueWeights TypeMeans", "brainmodel.learning"),
    Move(
        "brainmodel.training",
        "gradient_alignment monitor pictures probe_callback progress random_numbers report "
        "soundness synaptic_scaling",
        "Alignment Checkpoints Monitor Pictures Probe Progress RandomNumbers Report Soundness "
        "SynapticScaling",
        "brainmodel.training.callbacks",
    ),
    Move(
        "brainmodel.probing",
        "cka crossnobis_rsa dsa pls_encoding procrustes reduced_rank ridge_encoding rsa "
        "whitened_rsa",
        "CKA CrossnobisRSA DSA PLSEncoding Procrustes ReducedRankEncoding RidgeEncoding RSA "
        "SpearmanRSA WhitenedRSA",
        "brainmodel.probing.metrics",
    ),
    Move("brainmodel.probing", "alignment", "PerStep PerStimulus", "brainmodel.probing.scores"),
    Move(
        "brainmodel.probing", "presentation scoring", "Presentation Scoring", "brainmodel.probing"
    ),
    Move(
        "brainmodel.probing.experiments",
        "images92 macaque_v4 mat_file npz_files npz_matrices nwb_files rds_file",
        "Images92 MacaqueV4 MatFile NpzFiles NpzMatrices NwbRois NwbUnits RdsFile",
        "brainmodel.probing.recordings",
    ),
    Move("brainmodel.probing.readers", "arrays", "Layout", "brainmodel.probing.recordings"),
)
RENAMED = {
    f"brainmodel.learning.way_back.{place}{old}": f"areas.{new}"
    for file, old, new in (
        ("transposed", "Transposed", "SymmetricFeedback"),
        ("fixed_random", "FixedRandom", "RandomFeedback"),
        ("kolen_pollack", "KolenPollack", "LearntFeedback"),
    )
    for place in ("", f"{file}.")
}
"""By the whole old path the whole new one, of classes that are also called otherwise now."""


OPTIONS = {"model.scope.way_back": "feedback", "way_back": "feedback"}
"""By their fields, in a config and in the file of a part, options that are called otherwise now."""
WEIGHTS = {"brain.scope.way_back.copies.": "brain.scope.feedback.groups."}
"""By the beginning of weights' names in a checkpoint, how those names begin now."""


def new_name(path: str) -> str | None:
    """The path to give in the place of an old one, or of one that names a file; else None."""
    return None if path in listed() else replaced().get(path)


@cache
def replaced() -> dict[str, str]:
    """By each path that is refused the path to give."""
    files = {
        f"{home}.{path.rpartition('.')[2]}": path
        for path, home in listed().items()
        if f"{home}.{path.rpartition('.')[2]}" not in listed()
    }
    moved = {
        f"{place}.{name}": f"{move.now}.{name}"
        for move in MOVES
        for place in (move.package, *(f"{move.package}.{file}" for file in move.files.split()))
        for name in move.names.split()
    }
    return files | moved | RENAMED


@cache
def listed() -> dict[str, str]:
    """The module where it is written, by the path of each name that a package lists.

    Packages nearer to that module come later.
    """
    found: dict[str, str] = {}
    for package in PACKAGES:
        spec = find_spec(package)
        assert spec is not None and spec.origin is not None
        root = Path(spec.origin).parent
        for file in sorted(root.rglob("__init__.py"), key=lambda path: len(path.parts)):
            name = ".".join([package, *file.parent.relative_to(root).parts])
            stub = file.with_suffix(".pyi")
            found |= _list_of(name, stub if stub.is_file() else file)
    return found


def _list_of(package: str, file: Path) -> dict[str, str]:
    """What one package lists: `from MODULE import NAME as NAME`."""
    found = {}
    for line in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(line, ast.ImportFrom) and line.module:
            home = f"{package}.{line.module}" if line.level else line.module
            found |= {f"{package}.{a.name}": home for a in line.names if a.asname == a.name}
    return found
