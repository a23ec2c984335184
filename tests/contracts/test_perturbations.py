"""What every perturbation promises: run over configs/perturbation."""

from typing import Any

import pytest
import torch
import yaml

from brainmodel import CONFIGS, perturbation
from brainmodel.brain import Brain
from brainmodel.command_line.config_files import read_config
from brainmodel.learning import EProp
from brainmodel.perturbation import Period, Perturbation, perturbed
from tests import lessons, toy

PATHS = sorted((CONFIGS / "perturbation").glob("*.yaml"))
KINDS = {
    name
    for name, part in vars(perturbation).items()
    if isinstance(part, type)
    and issubclass(part, Perturbation | Period)
    and part not in (Perturbation, Period)
}
ADDRESSES = {"LM_V1": "down_V1", "AL_V1": "far_V1", "PFC": "LM"}


def built(value: Any) -> Any:
    """A part of a config as the object that it says, for the ladder of toys."""
    if isinstance(value, dict) and "class_path" in value:
        package, _, name = value["class_path"].rpartition(".")
        home = {"brainmodel.perturbation": perturbation}.get(package)
        if home is None:
            import brainmodel.schedules as home  # type: ignore[no-redef]
        return getattr(home, name)(**built(value.get("init_args", {})))
    if isinstance(value, dict):
        return {key: built(own) for key, own in value.items()}
    if isinstance(value, list):
        return [built(own) for own in value]
    return ADDRESSES.get(value, value) if isinstance(value, str) else value


def of_config(path: Any) -> dict[str, Perturbation]:
    return built(yaml.safe_load(path.read_text())["perturb"]["of"])


def rates(brain: Brain, steps: int = 24) -> dict[str, torch.Tensor]:
    """Of a window and a window, which learn."""
    inputs, reset = toy.stream(brain, steps=steps, batch=3, resets=False)
    reset[0] = True
    trial = (torch.arange(steps) // 12)[:, None].expand(steps, 3)
    activities, _ = brain(inputs, reset, labels={"trial": trial})
    lessons.total(brain, activities).backward()
    return {name: activity.rate.detach() for name, activity in activities.items()}


def test_every_kind_has_a_config() -> None:
    text = "".join(path.read_text() for path in PATHS)
    told = {name for name in KINDS if f"brainmodel.perturbation.{name}" in text}
    assert KINDS - told == {"During"}  # of a label that configs of their own bring


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_it_does_something_and_leaves_nothing(path: Any) -> None:
    brain = toy.ladder(lambda name: EProp())
    weights = {name: p.detach().clone() for name, p in brain.named_parameters()}
    usual = rates(brain)
    descent = torch.optim.Adam(brain.parameters(), 0.01)
    with perturbed(brain, of_config(path)):
        found = rates(brain)
        descent.step()
        brain.after_step()
    still = [n for n, p in brain.named_parameters() if torch.equal(p, weights[n])]
    changed = any(not torch.equal(found[name], usual[name]) for name in found)
    assert changed != bool(still)  # activity, or plasticity
    with torch.no_grad():
        for name, parameter in brain.named_parameters():
            parameter.copy_(weights[name])
    after = rates(brain)
    assert all(torch.equal(after[name], usual[name]) for name in usual)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_the_config_says_what_it_is_and_how_it_is_laid_over_another(path: Any) -> None:
    text = path.read_text()
    assert f"--config perturbation/{path.stem}" in text and text.startswith("# ")
    assert read_config(f"perturbation/{path.stem}")["perturb"]["of"]
