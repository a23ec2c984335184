"""The user's own files that a config names: imported first, so that what breaks in them is told.

jsonargparse would say that there is no such class, whatever went wrong while its file was run.
"""

import importlib
import re
import sys
import traceback
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from brainmodel.errors import Refused
from brainmodel.moved_names import PACKAGES
from brainmodel.old_names import nodes


def import_own_files(content: Any, words: Iterable[str]) -> None:
    """Import each module of the present folder that a config or an option names a part of.

    Args:
        content: the merged config.
        words: of the command line.

    Raises:
        Refused: naming file and line, if a module cannot be run.
    """
    values = [value for _, value in nodes(content)] + [w.partition("=")[2] or w for w in words]
    paths = [v for v in values if isinstance(v, str) and re.fullmatch(r"[A-Za-z_]\w*(\.\w+)+", v)]
    for module in dict.fromkeys(path.rpartition(".")[0] for path in paths):
        if module.partition(".")[0] not in PACKAGES and _is_here(module.partition(".")[0]):
            _import(module)


def _is_here(package: str) -> bool:
    if package in sys.modules:
        return False
    spec = find_spec(package)
    origin = spec and (spec.origin or next(iter(spec.submodule_search_locations or ()), None))
    return bool(origin) and Path(str(origin)).resolve().is_relative_to(Path.cwd().resolve())


def _import(module: str) -> None:
    try:
        importlib.import_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a file that calls sys.exit, too
        if isinstance(error, ModuleNotFoundError) and module.startswith(str(error.name)):
            return  # the path of a class in a class; the parser looks for it
        raise Refused(f"{where(error) or module}: {told(error)}; mend the file") from error


def where(error: BaseException) -> str:
    """File and line of the user's own file in which an error arose; "" if in none."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{_shown(error.filename)}, line {error.lineno}"
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        file = Path(frame.filename).resolve()
        ours = file.is_relative_to(Path(__file__).resolve().parents[1])  # run in a checkout
        if (
            file.is_file()  # no generated code, such as the __init__ of a dataclass
            and file.is_relative_to(Path.cwd().resolve())
            and not ours
            and "site-packages" not in str(file)
        ):
            return f"{_shown(frame.filename)}, line {frame.lineno}"
    return ""


def told(error: BaseException) -> str:
    """An error's kind and the first line of what it says."""
    said = error.msg if isinstance(error, SyntaxError) else str(error)
    first = next(iter(said.splitlines()), "")
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def _shown(file: str) -> str:
    path = Path(file).resolve()
    return str(path.relative_to(Path.cwd().resolve())) if path.is_relative_to(Path.cwd()) else file
