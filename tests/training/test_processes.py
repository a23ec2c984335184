"""Two processes with half the streams each do what one process with all of them does."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.runs import EVERY_STEP, fit, learnt, same, saved

ROOT = Path(__file__).parents[2]
TWO = """
from tests.training.runs import EVERY_STEP, checkpoint, fit
two = ("--trainer.devices=2", "--trainer.strategy=ddp_fork", "--data.batch_size=1", *EVERY_STEP)
run = fit(*two, folder="two")
fit(f"--ckpt_path={checkpoint(run, 3)}", *two, folder="resumed")
"""


def weights(content: dict[str, Any]) -> torch.Tensor:
    return torch.cat([value.flatten() for value in content["state_dict"].values()])


@pytest.mark.slow
def test_two_processes_with_half_the_streams_are_one_with_all(own_folder: Path) -> None:
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{TWO}"  # forks before any autograd
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=120)
    one, two = saved(fit(*EVERY_STEP, folder="one")), saved(Path("runs/two/version_0"))
    torch.testing.assert_close(weights(two), weights(one), rtol=1e-4, atol=1e-5)
    begun = weights(saved(Path("runs/one/version_0"), 1))
    with pytest.raises(AssertionError):  # the control: so far does training move them
        torch.testing.assert_close(weights(one), begun, rtol=1e-4, atol=1e-5)

    assert len(two["streams"]) == 2
    assert not same(*[learnt(two | {"streams": [stream]}) for stream in two["streams"]])
    assert same(learnt(saved(Path("runs/resumed/version_0"))), learnt(two))
