"""Wrong inputs end in one sentence, before anything is built or written.

The files, and every eighth option; `python -m benchmarks.wrong_inputs` goes through all.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from brainmodel.cli import main
from brainmodel.command_line.train_command import CommandLine
from tests.training.runs import TINY
from tests.training.test_refusals import refused
from tests.training.wrong_inputs import CELL, DIGITS, FILES, OPTIONS, SOURCES


@pytest.fixture(autouse=True)
def never_training(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is accepted is told by that; a user's own file is forgotten again."""

    def accepted(self: CommandLine, command: str) -> None:
        raise AssertionError("it was accepted")

    monkeypatch.setattr(CommandLine, "_run_subcommand", accepted)
    yield
    sys.modules.pop("mine", None)


@pytest.mark.sampled(12)
@pytest.mark.parametrize("option", list(OPTIONS)[::8])
def test_a_wrong_option_is_told(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = option.replace(" --", "\n--").split("\n")
    sentence = refused(capsys, "fit", "--config", TINY, *words)
    for part in OPTIONS[option]:
        assert part in sentence, sentence


def test_a_function_that_the_parser_denies_is_refused_without_the_advice_to_allow_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    option = CELL.format("Leaky", "activation: shutil.rmtree")
    sentence = refused(capsys, "fit", "--config", TINY, option)
    assert all(part in sentence for part in OPTIONS[option]), sentence
    assert "allow" not in sentence and "deny" not in sentence, sentence


def test_what_a_part_of_the_house_refuses_is_blamed_on_no_file(
    capsys: pytest.CaptureFixture[str],
) -> None:
    wrong = DIGITS.format("Photographs", "movements: {inertia: 500}")
    sentence = refused(capsys, "fit", "--config", TINY, wrong)
    assert sentence.startswith("data: inertia is 500 s: give seconds, not milliseconds (0.5), from")


@pytest.mark.sampled(8)
@pytest.mark.parametrize("name", FILES)
def test_a_wrong_file_is_told(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    text, parts = FILES[name]
    Path("wrong.yaml").write_text(text)
    sentence = refused(capsys, "fit", "--config", TINY, "--config", "wrong.yaml")
    for part in parts:
        assert part in sentence, sentence


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", SOURCES)
def test_what_breaks_in_a_file_of_ones_own_is_told(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    monkeypatch.delitem(sys.modules, "mine", raising=False)
    text, parts = SOURCES[name]
    Path("mine.py").write_text(text)
    Path("own.yaml").write_text("model: {areas: {V1: {objectives: {own: mine.Mine}}}}")
    sentence = refused(capsys, "fit", "--config", TINY, "--config", "own.yaml")
    for part in parts:
        assert part in sentence, sentence


def test_the_same_without_a_mistake_would_train() -> None:
    with pytest.raises(SystemExit) as left:
        main(["fit", "--config", TINY])
    assert left.value.code == 1
