"""The brains that configs show, one per family of objectives, train; the zoo stays alive."""

from pathlib import Path

import pytest

from brainmodel import CONFIGS
from brainmodel.cli import main
from brainmodel.training.config_files import read

HERE = Path(__file__).parent
EXAMPLES = [
    "adversarial",
    "contrastive",
    "homeostatic",
    "siamese",
    "task",
    "variational",
    "zoo",
]


def small(name: str) -> list[str]:
    """Options that make the areas of an example small."""
    areas = read(name)["model"]["areas"]
    sizes = {3: {"V1": "[8,16,16]"}, 1: {}}
    options = []
    for area, plan in areas.items():
        units = sizes[len(plan["units"])].get(area, "[4,8,8]" if len(plan["units"]) == 3 else "[8]")
        options.append(f"--model.areas.{area}.units={units}")
    return options


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_trains(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRAINMODEL_NATIVE", "0")
    digits = ["--data.digit=8"] if name == "task" else []
    steps = ["--trainer.fast_dev_run=2", "--trainer.detect_anomaly=true", "--report.scenes=0"]
    windows = HERE / "windows.yaml"
    main(["fit", f"--config={name}", f"--config={windows}", *small(name), *digits, *steps])


def test_every_whole_brain_with_objectives_of_its_own_is_an_example() -> None:
    told = {path.stem for path in CONFIGS.glob("*.yaml")} - {"default", "natural_video", "quick"}
    assert set(EXAMPLES) <= told
