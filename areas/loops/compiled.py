"""Compiled C: made by the system's compiler, kept in a folder of the user's own, loaded if sound.

A library is kept as `loops/KEY-DIGEST.so` in the user's cache. The key stands for all that it was
made of: the text, the compiler, the processor's features. The digest is that of the file, so one
that was cut off or written over is noticed and made anew: loaded, it would end the process. The
folder and what is in it belong to the user alone; nobody else's code is ever run.

Where no library can be had there is one warning, with the reason, and the caller goes on without:
here, or in `dynamics` for the loops of cells.
"""

import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

FLAGS = ["-O3", "-march=native", "-fno-math-errno", "-fno-trapping-math", "-shared", "-fPIC"]
THREADS = ("-fopenmp", "-fopenmp-simd")  # the second where a compiler has no OpenMP library
SECONDS = 120  # that a compiler may take


class Unavailable(Exception):  # noqa: N818 - what became of the library
    """Why there is no library; the message is a clause with the remedy."""


class Unsuited(Unavailable):
    """What native loops are not made for, with or without a compiler: a device, numbers, a cell."""


def load(text: str) -> ctypes.CDLL | None:
    """The shared library of a C text, from the cache or made now.

    Returns:
        None, with a warning that says why, where it cannot be had; None without one where the user
        wants none (`BRAINMODEL_NATIVE=0`).
    """
    try:
        return find(text)
    except Unavailable as reason:
        warn_of(reason)
        return None


def find(text: str) -> ctypes.CDLL:
    """The shared library of a C text, from the cache or made now.

    Raises:
        Unavailable: where it cannot be had.
    """
    require_wanted()
    return _load(text, _compiler(), _folder())


def warn_of(reason: Unavailable) -> None:
    """One warning for each reason why there are no native loops, unless the user wants none."""
    if not switched_off():
        message = f"no native loops, tensor calls are slower: {reason}"
        warnings.warn(message, RuntimeWarning, stacklevel=1)  # of one place, so one of each reason


def which_loops() -> str:
    """What takes the steps of areas on the processor, as far as can be told before there are any.

    `Dynamics.loops_in_use` says it of a cell.
    """
    try:
        require_wanted()
        compiler, _ = _compiler(), _folder()
    except Unavailable as reason:
        return f"tensor calls ({reason})"
    return f"native loops (compiled by {compiler})"


def require_wanted() -> None:
    """Raise `Unavailable` where the user wants no native loops."""
    if switched_off():
        raise Unavailable("BRAINMODEL_NATIVE=0 switches native loops off")


def switched_off() -> bool:
    """Whether the user wants no native loops."""
    return os.environ.get("BRAINMODEL_NATIVE") == "0"


def find_compiler() -> str | None:
    """Path of the C compiler; None if there is none or native loops are switched off."""
    if switched_off():
        return None
    wanted = (os.environ.get("CC"), "cc", "gcc", "clang")
    return next((path for name in wanted if name and (path := shutil.which(name))), None)


def _compiler() -> str:
    compiler = find_compiler()
    if compiler is None:
        raise Unavailable("there is no C compiler (cc, gcc, clang); install one, or name it in CC")
    return compiler


def _folder() -> Path:
    """The folder of libraries, which the user alone may enter; made if it is not there."""
    remedy = "set XDG_CACHE_HOME to a folder of your own"
    try:
        home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        folder = Path(home) / "brainmodel" / "loops"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_own(folder):
            raise Unavailable(f"{folder} belongs to another user; {remedy}")
        if folder.stat().st_mode & 0o077:
            folder.chmod(0o700)
    except (OSError, RuntimeError) as error:  # the second where there is no home
        raise Unavailable(f"there is no folder for them ({error}); {remedy}") from None
    return folder


def _is_own(path: Path) -> bool:
    return not hasattr(os, "geteuid") or path.stat().st_uid == os.geteuid()


def _load(text: str, compiler: str, folder: Path) -> ctypes.CDLL:
    key = _key(text, compiler)
    try:
        for path in _sound(folder, key):
            return ctypes.CDLL(str(path))
        return ctypes.CDLL(str(_compile(text, compiler, folder, key)))
    except OSError as error:
        remedy = "make room, or set XDG_CACHE_HOME to another folder"
        raise Unavailable(f"{folder} does not serve ({error}); {remedy}") from None


def _key(text: str, compiler: str) -> str:
    """What a library is made of, in 24 hexadecimal digits."""
    made = Path(compiler).resolve().stat()
    parts = [text, compiler, str(made.st_size), str(made.st_mtime_ns), _processor(), *FLAGS]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]


@lru_cache
def _processor() -> str:
    """What the processor can do, for which `-march=native` compiles; hosts of one kind agree."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    wanted = ("flags", "Features", "isa", "model name", "CPU part")
    told = {line for line in lines if line.startswith(wanted)}
    return "\n".join([platform.system(), platform.machine(), platform.processor(), *sorted(told)])


def _sound(folder: Path, key: str) -> Iterator[Path]:
    """Libraries of that key which are as they were made; others are taken away."""
    for path in sorted(folder.glob(f"{key}-*.so")):
        if _is_own(path) and path.stem == f"{key}-{_digest(path)}":
            yield path
        else:
            path.unlink(missing_ok=True)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:24]


def _compile(text: str, compiler: str, folder: Path, key: str) -> Path:
    """Compile, then move into place at once: another process may be doing the same."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        source, made = Path(place, "loops.c"), Path(place, "loops.so")
        source.write_text(text)
        trouble = None
        for threads in THREADS:
            command = [compiler, *FLAGS, threads, str(source), "-o", str(made), "-lm"]
            trouble = _run(command)
            if trouble is None and made.is_file():
                return made.replace(folder / f"{key}-{_digest(made)}.so")
    raise Unavailable(f"{compiler} fails ({trouble or 'it wrote nothing'}); name another in CC")


def _run(command: list[str]) -> str | None:
    """What went wrong in a command, the last line that it wrote; None if nothing did."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)
    lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
    return lines[-1] if done.returncode else None
