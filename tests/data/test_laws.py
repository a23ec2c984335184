"""Laws of every data set in configs/data and configs/tasks, each with a control: it can fail."""

import random
import subprocess
import sys
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from jsonargparse import ArgumentParser
from torch.utils._pytree import tree_leaves, tree_map

import brainmodel.data
from brainmodel.data.loaders import ContinuingLoader
from brainmodel.data.stream_module import StreamModule
from brainmodel.data.streams import Part
from brainmodel.data.window import Window
from tests.data.conftest import Source


def same(left: Any, right: Any) -> bool:
    """Whether two windows (or lists of windows) are equal to the last bit."""
    pairs = zip(tree_leaves(left), tree_leaves(right), strict=True)
    return all(torch.equal(one, other) for one, other in pairs)


def join(windows: list[Window], dim: int) -> Window:
    return tree_map(lambda *tensors: torch.cat(tensors, dim), *windows)


def test_a_window_has_the_promised_shapes_and_range(source: Source) -> None:
    module = source.module()
    window = source.stream().window(1)
    time_and_batch = (module.window, module.batch_size)
    assert set(window.inputs) == set(module.shapes)
    for name, values in window.inputs.items():
        assert values.shape == (*time_and_batch, *module.shapes[name])
        assert values.dtype == torch.float32
    if "eye" in window.inputs:
        eye = window.inputs["eye"]
        assert 0 <= eye.min() < eye.max() <= 1
        assert eye.std() > 0.02, "a control: there is something to see"
    assert window.reset.shape == time_and_batch and window.reset.dtype == torch.bool
    assert all(values.shape[:2] == time_and_batch for values in window.labels.values())
    assert set(window.labels) == set(module.label_names or ())


def test_shapes_follow_size_and_channels(source: Source) -> None:
    if "channels" not in source.arguments:
        pytest.skip("this data set is gray")
    module = source.module(size=24, channels=3)
    assert module.shapes["eye"] == [3, 24, 24]
    window = module.stream(module.share(Part.VALIDATION)).window(0)
    assert list(window.inputs["eye"].shape[2:]) == [3, 24, 24]


def test_a_seed_gives_the_same_window_again_and_another_seed_another(source: Source) -> None:
    window = source.stream(seed=3, window=20).window(2)
    assert same(window, source.stream(seed=3, window=20).window(2))
    assert not same(window.inputs, source.stream(seed=4, window=20).window(2).inputs)


def test_windows_come_out_the_same_in_any_order(source: Source) -> None:
    stream, other = source.stream(window=20), source.stream(window=20)
    in_order = [stream.window(index) for index in range(6)]
    for index in (4, 0, 5, 5, 1):
        assert same(other.window(index), in_order[index])
    assert not same(in_order[0].inputs, in_order[1].inputs), "a control"


def test_a_window_continues_the_window_before(source: Source) -> None:
    short = [source.stream(window=5).window(index) for index in range(6)]
    long = [source.stream(window=10).window(index) for index in range(3)]
    assert same(join(short, 0), join(long, 0))
    assert not same(join(short[::-1], 0), join(long, 0)), "a control"


def test_two_processes_see_the_streams_of_one(source: Source) -> None:
    whole = source.stream(batch_size=6).window(1)
    halves = [source.stream(rank=rank, batch_size=3).window(1) for rank in (0, 1)]
    assert same(join(halves, 1), whole)
    assert not same(join(halves[::-1], 1), whole), "a control"


def test_streams_begin_afresh_once_per_episode_and_not_all_at_once(source: Source) -> None:
    if source.is_task:
        pytest.skip("trials have lengths of their own: see test_trials.py")
    episode, steps, batch = 15, 60, 6
    reset = source.stream(window=steps, batch_size=batch, episode=episode).window(0).reset
    assert reset[0].all(), "at the very first step nothing was before"
    for stream in range(batch):
        regular = [first for first in range(1, 16) if reset[first::episode, stream].all()]
        assert regular, "every stream shows something new once per episode"
    assert not reset[1:].all(dim=1).any(), "beginnings are staggered"
    assert reset[episode + 1 :].float().mean() < 0.5, "a control: most steps continue"


def test_held_out_streams_differ_from_training_and_test_from_validation(source: Source) -> None:
    windows = [source.stream(part, window=40).window(0).inputs for part in Part]
    for index in range(3):
        assert not same(windows[index], windows[index - 1])


@pytest.mark.sampled(3)
def test_workers_change_nothing(source: Source) -> None:
    alone = list(source.module(num_workers=0).train_dataloader())
    helped = list(source.module(num_workers=2).train_dataloader())
    assert len(alone) == 4
    assert same(alone, helped)


@pytest.mark.sampled(6)
@pytest.mark.parametrize("num_workers", [0, 2])
def test_the_loader_goes_on_after_the_last_window_handed_out(
    source: Source, num_workers: int
) -> None:
    stream = source.stream()
    loader = source.module(num_workers=num_workers).train_dataloader()
    assert isinstance(loader, ContinuingLoader)
    list(islice(loader, 3))  # a pass that is cut short, with more prepared ahead
    assert loader.state_dict() == {"windows": 3}
    assert same(list(loader), [stream.window(index) for index in range(3, 7)])
    resumed = source.module(num_workers=num_workers).train_dataloader()
    resumed.load_state_dict({"windows": 5})
    assert same(list(islice(resumed, 2)), [stream.window(index) for index in (5, 6)])


def test_validation_is_the_same_every_time(source: Source) -> None:
    loader = source.module(validation_windows=2).val_dataloader()
    first = list(loader)
    assert len(loader) == len(first) == 2
    assert same(first, list(loader))
    assert not hasattr(loader, "state_dict"), "there is nothing to resume"


def test_global_generators_are_left_alone(source: Source) -> None:
    def states() -> list[str]:
        return [
            str(torch.get_rng_state().tolist()),
            str(random.getstate()),
            str(np.random.get_state()),
        ]

    before = states()
    source.stream().window(0)
    assert states() == before
    torch.rand(1)
    assert states() != before, "a control"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("window", 0),
        ("batch_size", -1),
        ("episode", 1),
        ("seed", -3),
        ("num_workers", 1.5),
        ("windows_per_epoch", True),
        ("validation_windows", 0),
        ("hold", 0),
    ],
)
def test_a_wrong_number_is_refused_in_one_sentence(source: Source, field: str, value: Any) -> None:
    if source.is_closed and field == "hold":
        pytest.skip("a closed loop has no frames")
    if source.is_task and field in ("episode", "hold"):
        pytest.skip("trials have lengths of their own, and no frames")
    with pytest.raises(ValueError, match=rf"^{field} is {value!r}: give a whole number, .*\.$"):
        source.module(**{field: value})


def test_the_command_line_builds_it_from_its_config(
    config: Path, user_files: dict[str, dict[str, Any]]
) -> None:
    parser = ArgumentParser(exit_on_error=False)
    parser.add_subclass_arguments(StreamModule, "data")
    described = {"data": yaml.safe_load(config.read_text())["data"]}
    described["data"]["init_args"] |= user_files.get(config.stem, {}) | {"validation_windows": 3}
    module = parser.instantiate(parser.parse_object(described)).data
    assert isinstance(module, StreamModule)
    assert module.validation_windows == 3
    assert module.batch_size == described["data"]["init_args"]["batch_size"]
    described["data"]["init_args"]["widow"] = 3
    with pytest.raises(Exception, match="widow"):
        parser.parse_object(described)


@pytest.mark.slow
def test_naming_the_package_loads_no_library_of_any_data_set() -> None:
    code = (
        "import sys, brainmodel.data; heavy = 'av', 'skimage', 'sklearn', 'pytorch_lightning'; "
        "print([name for name in heavy if name in sys.modules]); "
        "brainmodel.data.NaturalVideo; print('av' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["[]", "True"], "the second is a control"
    with pytest.raises(AttributeError, match="attribute Nothing"):
        getattr(brainmodel.data, "Nothing")  # noqa: B009 - pyright knows that it is not there
