"""The house itself: what importing costs, what is shipped, where things are called what."""

import ast
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

import brainmodel
from brainmodel.moved_names import listed
from tests.mutants import MUTANTS, Mutant, complaints

ROOT = Path(__file__).parent.parent
PACKAGES = ("areas", "objectives", "brainmodel")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
LISTS = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.pyi"))
CONFIGS = sorted(brainmodel.CONFIGS.rglob("*.yaml"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def inside(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def loaded_by(statement: str) -> set[str]:
    """Top-level modules that are loaded after a statement in a fresh interpreter."""
    code = f"{statement}; import sys; print(*{{name.split('.')[0] for name in sys.modules}})"
    return set(subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True).split())


def test_importing_areas_and_objectives_does_not_load_lightning() -> None:
    loaded = loaded_by("import areas, objectives")
    assert {"areas", "objectives"} <= loaded
    assert not loaded & {"pytorch_lightning", "jsonargparse", "brainmodel", "matplotlib"}


def test_importing_brainmodel_loads_not_even_torch() -> None:
    assert "torch" not in loaded_by("import brainmodel")
    assert "torch" in loaded_by("import brainmodel, torch")  # the control: it would be seen


def test_the_version_is_written_once() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert brainmodel.__version__ == version("brainmodel") == PROJECT["version"]
    assert citation["version"] == PROJECT["version"]


def test_the_tested_versions_lie_in_the_promised_ranges() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    tested = dict(line.split("==") for line in lines if not line.startswith("#"))
    extras = PROJECT["optional-dependencies"]
    named = (
        "dev",
        "video",
        "probing",
        "zarr",
        "parquet",
        "sweeps",
        "clusters",
        "tasks",
    )  # what `make` installs
    installed = [*PROJECT["dependencies"], *(one for name in named for one in extras[name])]
    for requirement in map(Requirement, installed):
        if requirement.name != "brainmodel":
            assert tested[requirement.name] in requirement.specifier, requirement


def import_rules(tree: Path) -> str:
    """What the import rules say of a tree."""
    code = "from importlinter.cli import lint_imports_command as main; main()"
    command = [sys.executable, "-c", code, "--no-cache", "--no-logo"]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False).stdout


def test_the_import_rules_hold() -> None:
    assert "0 broken" in import_rules(ROOT)


@pytest.mark.parametrize(
    ("file", "statement", "rule"),
    [
        ("areas/new.py", "import objectives", "areas know neither"),
        ("objectives/new.py", "import brainmodel.pathways.pathway", "objectives know neither"),
        ("brainmodel/learning/new.py", "import pytorch_lightning", "Lightning stays"),
        ("brainmodel/probing/new.py", "import pytorch_lightning", "Lightning stays"),
        ("brainmodel/learning/new.py", "import brainmodel.brain", "a floor never"),
    ],
)
def test_the_import_rules_notice_who_breaks_them(
    tmp_path: Path, file: str, statement: str, rule: str
) -> None:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).parent.joinpath("__init__.py").touch()
    (tmp_path / file).write_text(statement)
    broken = [line for line in import_rules(tmp_path).splitlines() if line.endswith("BROKEN")]
    assert any(line.startswith(rule) for line in broken), broken


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with an sdist of this tree and the wheel that is built from that sdist."""
    folder = tmp_path_factory.mktemp("built")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return folder


def test_the_wheel_carries_every_source_and_every_config(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {inside(path) for path in [*SOURCES, *LISTS]} <= names
    assert {f"brainmodel/{inside(path)}" for path in CONFIGS} <= names
    assert {f"{package}/py.typed" for package in PACKAGES} <= names
    assert not {name for name in names if name.startswith(("tests/", "benchmarks/", "configs/"))}


def test_an_installed_brainmodel_finds_its_own_configs_and_lists(
    built: Path, tmp_path: Path
) -> None:
    (wheel,) = built.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path)
    code = "import brainmodel; print(brainmodel.CONFIGS)"
    found = subprocess.check_output([sys.executable, "-c", code], cwd=tmp_path, text=True).strip()
    assert Path(found).samefile(tmp_path / "brainmodel" / "configs")
    code = "from brainmodel.moved_names import *; print(len(listed()), new_name('areas.lstm.LSTM'))"
    found = subprocess.check_output([sys.executable, "-c", code], cwd=tmp_path, text=True)
    assert found.split() == [str(len(listed())), "areas.LSTM"] and len(listed()) > 100


def test_the_source_archive_carries_what_make_needs(built: Path) -> None:
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    assert {inside(path) for path in [*CONFIGS, *LISTS]} <= names
    assert {"Makefile", "constraints.txt", "train.py", "LICENSE", "tests/conftest.py"} <= names


def test_every_config_is_a_mapping() -> None:
    for path in CONFIGS:
        assert isinstance(yaml.safe_load(path.read_text()), dict), path


def test_every_file_says_what_it_is_and_is_called_by_it() -> None:
    for path in SOURCES:
        assert ast.get_docstring(ast.parse(path.read_text())), f"the first line of {path}"
        assert path.stem not in {"utils", "util", "misc", "helpers", "common"}, path
        assert (path.parent / "__init__.py").is_file(), f"the import rules do not see {path}"


def test_every_mutant_changes_one_place_of_its_file() -> None:
    """Running them takes long; that their text is there does not."""
    for mutant in MUTANTS:
        assert (ROOT / mutant.file).read_text().count(mutant.old) == 1, mutant


@pytest.mark.slow
def test_the_mutants_are_judged_by_what_the_tests_say(tmp_path: Path) -> None:
    (tmp_path / "double.py").write_text("def double(x):\n    return x + x  # twice\n")
    (tmp_path / "test_double.py").write_text(
        "from double import double\ndef test_double(): assert double(2) == 4\n"
    )
    noticed = Mutant("double.py", "x + x", "x + 1", "test_double.py")
    equivalent = Mutant("double.py", "# twice", "# thrice", "test_double.py")
    mistyped = Mutant("double.py", "x * x", "x", "test_double.py")
    broken = Mutant("double.py", "x + x", "x +", "test_double.py")
    assert complaints(tmp_path, [noticed]) == []
    wrong = complaints(tmp_path, [equivalent, mistyped, broken])
    assert [line.partition(": ")[2].partition(": ")[2][:11] for line in wrong] == [
        "NOT NOTICED",
        "the old tex",
        "the tests d",
    ]
