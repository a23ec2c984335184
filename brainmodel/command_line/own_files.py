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
    for module in _foreign_modules(content, words):
        package = module.partition(".")[0]
        if package not in sys.modules and _own_place(package):
            _import(module)


def own_files(content: Any, words: Iterable[str]) -> set[Path]:
    """The files of the present folder that a config or an option names parts of.

    Args:
        content: the merged config.
        words: of the command line.
    """
    packages = {module.partition(".")[0] for module in _foreign_modules(content, words)}
    found: set[Path] = set()
    for place in filter(None, map(_own_place, packages)):
        package = place.parent if place.name == "__init__.py" else place
        found |= set(package.rglob("*.py")) if package.is_dir() else {place}
    return found


def _foreign_modules(content: Any, words: Iterable[str]) -> list[str]:
    """Modules of all dotted paths that are none of our packages."""
    values = [value for _, value in nodes(content)] + [w.partition("=")[2] or w for w in words]
    paths = [v for v in values if isinstance(v, str) and re.fullmatch(r"[A-Za-z_]\w*(\.\w+)+", v)]
    modules = dict.fromkeys(path.rpartition(".")[0] for path in paths)
    return [module for module in modules if module.partition(".")[0] not in PACKAGES]


def _own_place(package: str) -> Path | None:
    """Where a package or module of the present folder lies; None if it is none of these."""
    try:
        spec = find_spec(package)
    except ValueError:  # one that was run, not imported
        return None
    origin = spec and (spec.origin or next(iter(spec.submodule_search_locations or ()), None))
    place = Path(str(origin)).resolve()
    here = origin and place.is_relative_to(Path.cwd().resolve())
    return place if here and "site-packages" not in place.parts else None


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
