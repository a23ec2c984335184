"""Compiled loops are kept soundly, and where they cannot be had one sentence says why."""

import os
import re
import subprocess
import sys
import warnings
from hashlib import sha256
from pathlib import Path

import pytest
import torch

from areas import Leaky
from areas.loops import compiled
from areas.loops.compiled import Unavailable, which_loops
from areas.loops.dynamics import Dynamics
from areas.loops.fuse import fuse
from areas.loops.native import Kernel

ROOT = Path(__file__).parents[2]
needs_compiler = pytest.mark.skipif(compiled.find_compiler() is None, reason="no C compiler here")


def made(add: int = 1) -> Kernel:
    return fuse(lambda x: (x * 3 + add,), (0, 1), (0, 1), torch.float32)


def works(kernel: Kernel, add: int = 1) -> bool:
    x, y = torch.tensor([1.0, 2.0]), torch.zeros(2)
    kernel.call(1, 2, x.data_ptr(), y.data_ptr())
    return y.tolist() == [3 + add, 6 + add]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of libraries of a cache that is empty."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache/brainmodel/loops"


def refused(match: str) -> None:
    """No loops, and one warning of two areas that says why; what is said of each area agrees."""
    with pytest.raises(Unavailable, match=match):
        made()
    areas = [Dynamics(Leaky()), Dynamics(Leaky())]
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("default")
        told = [area.loops_in_use(torch.device("cpu"), torch.float32) for area in areas]
    (warning,) = warned
    assert str(warning.message).startswith("no native loops, tensor calls are slower: ")
    assert str(told[0].missing) in str(warning.message) and str(told[0]) == str(told[1])
    assert re.search(match, str(told[0])) and str(told[0]).startswith("tensor calls (")


@needs_compiler
def test_what_was_compiled_once_is_taken_from_the_cache(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls, run = [], subprocess.run

    def counted(*arguments, **options):
        calls.extend(a for a in arguments if "-shared" in a)  # a compiler, not what torch asks
        return run(*arguments, **options)

    monkeypatch.setattr("areas.loops.compiled.subprocess.run", counted)
    assert works(made()) and works(made()) and works(made(2), 2)
    assert len(calls) == 2
    assert [path.suffix for path in cache.iterdir()] == [".so", ".so"], "and nothing else is left"


@pytest.mark.slow
@needs_compiler
def test_a_damaged_library_is_made_anew_and_not_run(cache: Path) -> None:
    code = (
        "import torch; from areas.loops.fuse import fuse;"
        "loops = [fuse(lambda x: (x * k + 1,), (0, 1), (0, 1), torch.float32) for k in (2, 3, 4)];"
        "print(len(loops) == 3)"
    )
    ask = [sys.executable, "-c", code]

    def again() -> str:  # in a process of its own: a library is loaded once, and may end it
        done = subprocess.run(ask, cwd=ROOT, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    assert again() == "True"
    damaged = []
    for library, damage in zip(sorted(cache.iterdir()), ["cut", "empty", "changed"], strict=True):
        whole = library.read_bytes()
        bad = {"cut": whole[: len(whole) // 2], "empty": b"", "changed": whole[:-9] + b"otherwise"}
        library.write_bytes(bad[damage])
        damaged.append(bad[damage])
    assert again() == "True"
    libraries = list(cache.iterdir())
    assert len(libraries) == 3
    for library in libraries:
        content = library.read_bytes()
        assert content not in damaged
        assert library.stem.endswith(sha256(content).hexdigest()[:24])


@needs_compiler
def test_the_folder_is_the_users_own(cache: Path) -> None:
    assert works(made())
    assert cache.stat().st_mode & 0o777 == 0o700
    cache.chmod(0o777)
    assert works(made())
    assert cache.stat().st_mode & 0o777 == 0o700


@needs_compiler
@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="no owners of files here")
def test_what_belongs_to_another_user_is_not_loaded(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert works(made())
    (mine,) = cache.iterdir()
    monkeypatch.setattr(os, "geteuid", lambda: cache.stat().st_uid + 1)
    refused("belongs to another user; set XDG_CACHE_HOME")
    assert "belongs to another user" in which_loops()
    monkeypatch.setattr(compiled, "_is_own", lambda path: path == cache)  # only a file is not
    before = mine.stat().st_ino
    assert works(made())
    assert [path.stat().st_ino for path in cache.iterdir()] != [before], "it was made anew"


def test_a_cache_that_cannot_be_made_is_said(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    if compiled.find_compiler() is not None:
        refused("there is no folder for them .*Not a directory.*; set XDG_CACHE_HOME")


@needs_compiler
def test_a_full_cache_is_said(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("areas.loops.compiled.tempfile.TemporaryDirectory", full)
    refused("No space left on device.*; make room")


@needs_compiler
def test_a_user_without_a_home_has_no_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    refused("Could not determine home directory")


@pytest.mark.parametrize(
    ("body", "said"),
    [("echo that is no C >&2; exit 1", "that is no C"), ("exit 0", "it wrote nothing")],
)
def test_a_compiler_that_fails_is_as_good_as_none(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, said: str
) -> None:
    broken = tmp_path / "broken"
    broken.write_text(f"#!/bin/sh\n{body}\n")
    broken.chmod(0o755)
    monkeypatch.setenv("CC", str(broken))
    refused(rf"broken fails \({said}\); name another in CC")
    assert not list(cache.iterdir())


def test_the_key_is_the_processors_and_not_the_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    def key(text: str = "int x;") -> str:
        return compiled._key(text, sys.executable)

    before = key()
    monkeypatch.setattr("platform.node", lambda: "another-host")
    assert key() == before
    assert key("int y;") != before
    monkeypatch.setattr(compiled, "_processor", lambda: "another processor")
    assert key() != before


def test_logs_can_say_which_loops_run(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if compiled.find_compiler() is not None:
        assert which_loops().startswith("native loops (compiled by /")
    monkeypatch.setenv("CC", "no-such-compiler")
    monkeypatch.setenv("PATH", "")
    assert which_loops().startswith("tensor calls (there is no C compiler")
    refused("there is no C compiler .*; install one, or name it in CC")
    monkeypatch.setenv("BRAINMODEL_NATIVE", "0")
    assert which_loops() == "tensor calls (BRAINMODEL_NATIVE=0 switches native loops off)"
    told = Dynamics(Leaky()).loops_in_use(torch.device("cpu"), torch.float32)
    assert str(told) == which_loops(), "and no warning: the user wants it so"


def test_each_area_says_why_its_loops_are_not_native() -> None:
    def rounded(x: torch.Tensor) -> torch.Tensor:
        return x + x.detach().round()

    processor, double = torch.device("cpu"), torch.float64
    cases = [
        (Leaky(), torch.device("meta"), double, "there are no native loops for meta"),
        (Leaky(), processor, torch.bfloat16, "native loops take numbers of .* not bfloat16"),
        (Leaky(0.5, rounded), processor, double, "no C expression .* of the operation 'round'"),
    ]
    for cell, device, dtype, why in cases:
        told = Dynamics(cell).loops_in_use(device, dtype)
        assert re.search(rf"tensor calls \({why}", str(told))


@needs_compiler
def test_an_area_with_native_loops_says_what_compiled_them() -> None:
    told = Dynamics(Leaky()).loops_in_use(torch.device("cpu"), torch.float64)
    assert told.missing is None and str(told) == which_loops()
