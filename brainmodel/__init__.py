"""A brain of several areas that predict what comes next and learn with local rules.

Importing this package costs nothing: it loads neither torch nor Lightning.
"""

from pathlib import Path

_HERE = Path(__file__).parent

CONFIGS: Path = _HERE / "configs" if (_HERE / "configs").is_dir() else _HERE.parent / "configs"
"""The folder of configs: inside the installed package, or beside it in a checkout."""


def __getattr__(name: str) -> str:
    if name == "__version__":
        from importlib.metadata import version

        return version("brainmodel")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
