"""A brain of several areas that predict what comes next and learn with local rules.

Importing this package costs nothing: it loads neither torch nor Lightning; a name below loads what
it needs when it is first used.
"""

from pathlib import Path
from typing import Any

import lazy_loader

_HERE = Path(__file__).parent

CONFIGS: Path = _HERE / "configs" if (_HERE / "configs").is_dir() else _HERE.parent / "configs"
"""The folder of configs: inside the installed package, or beside it in a checkout."""

_get, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("brainmodel")
    return _get(name)
