"""What comes with an extra is asked for by the extra's name where it is missing."""

import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.wrong import labelled_files, sessions, tables
from brainmodel.optional import optional


def test_an_unknown_module_is_told_with_the_command_that_installs_it() -> None:
    with pytest.raises(
        ModuleNotFoundError, match=r"^nobody needs the package 'nobody', which is not"
    ):
        optional("nobody")
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'brainmodel\[zarr\]'.$"):
        optional("nobody", "zarr")


@pytest.mark.parametrize(
    ("module", "read", "extra"),
    [
        ("hdmf_zarr", lambda f: sessions.read(_zarr(f), "s.nwb.zarr"), "zarr"),
        ("pyarrow", lambda f: _table(f, "t.parquet"), "parquet"),
        ("h5netcdf", lambda f: labelled_files._raw_nc(f, b"\x89HDF"), "probing"),
        ("xarray", lambda f: labelled_files._raw_nc(f, b"CDF\x01"), "probing"),
        ("pandas", lambda f: _table(f, "t.csv"), "probing"),
    ],
)
def test_a_format_whose_library_is_missing_is_refused_in_one_sentence(
    module: str, read: Any, extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(
        ModuleNotFoundError, match=rf"^{module} needs the package '{module}', .*{extra}"
    ):
        read(tmp_path)


def _zarr(folder: Path) -> Path:
    (folder / "s.nwb.zarr").mkdir()
    (folder / "s.nwb.zarr" / ".zgroup").write_text('{"zarr_format": 2}')
    return folder


def _table(folder: Path, name: str) -> Any:
    (folder / name).write_text("start_time,stimulus")
    return tables.read(folder, folder / name, folder / name)
