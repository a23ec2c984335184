"""Wrong recordings end in the right value or in one true sentence; the benchmark tries them all."""

from pathlib import Path

import pytest

pytest.importorskip("pynwb")
pytest.importorskip("rdata")

from benchmarks import wrong_recordings
from benchmarks.wrong.case import Case, complaint

OPTIONAL = {"nwb zarr": "hdmf_zarr", "tables: in Parquet": "pyarrow", "netcdf": "h5netcdf"}
"""By the beginning of a case's name, what it needs."""
SLOW = 4  # writing a session of NWB takes long: one case of so many is tried here
CORE = [
    case
    for number, case in enumerate(wrong_recordings.CASES)
    if not case.name.startswith("nwb") or number % SLOW == 0
]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("case", CORE, ids=lambda case: case.name)
@pytest.mark.filterwarnings("ignore::UserWarning")  # of the libraries that write what is wrong
def test_a_wrong_recording_is_read_right_or_refused_in_one_sentence(
    case: Case, tmp_path: Path
) -> None:
    for beginning, module in OPTIONAL.items():
        if case.name.startswith(beginning):
            pytest.importorskip(module)
    assert complaint(case, tmp_path) == ""


def test_the_names_of_cases_tell_them_apart() -> None:
    names = [case.name for case in wrong_recordings.CASES]
    assert len(set(names)) == len(names) > 220


def test_a_crash_a_silence_and_a_false_sentence_are_noticed(tmp_path: Path) -> None:
    def fail(error: Exception) -> None:
        raise error

    for read, said in (
        (lambda _: fail(KeyError("x")), "crashes: KeyError: 'x'"),
        (lambda _: 5, "is read without a word: 5"),
        (
            lambda _: fail(ValueError("r: is wrong: mend.")),
            "another sentence: ValueError: r: is wrong",
        ),
        (lambda _: fail(ValueError("two\nlines")), "is no single sentence with its remedy"),
    ):
        assert complaint(Case("a control", read, "is right"), tmp_path).startswith(said)
    assert complaint(Case("a control", lambda _: 5, lambda v: v == 5), tmp_path) == ""
    assert (
        complaint(Case("a control", lambda _: 5, lambda v: v == 6), tmp_path) == "another value: 5"
    )
