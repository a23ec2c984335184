"""Saves that fail leave the file that was there; what is broken is refused in one sentence."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from brainmodel.cli import main
from brainmodel.errors import NotFinite, Refused
from brainmodel.training import checkpoint_files
from brainmodel.training.checkpoint import content_of
from brainmodel.training.checkpoint_files import is_whole, newest_whole, write_whole
from brainmodel.training.finite_watch import FiniteWatch, KeptCheckpoint
from tests.training.runs import EVERY_STEP, TINY, checkpoint, fit, learnt, same, saved

SMALL = {"state_dict": {"brain.weight": torch.arange(100.0)}}


def test_a_save_that_fails_leaves_the_file_that_was_there(
    own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = own_folder / "last.ckpt"
    write_whole(SMALL, place)

    def full(content: Any, opened: Any) -> None:
        opened.write(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(checkpoint_files.torch, "save", full)
    with pytest.raises(OSError, match=r"last\.ckpt cannot be written: No space left on device"):
        write_whole({"state_dict": {}}, place)
    assert torch.equal(content_of(place)["state_dict"]["brain.weight"], torch.arange(100.0))
    assert [path.name for path in own_folder.iterdir()] == ["last.ckpt"]


def test_files_for_a_save_lie_beside_their_place(
    own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = []

    def move(old: Path, new: Path) -> None:
        moved.append((old.parent, new.parent))
        os.rename(old, new)  # fails across file systems

    monkeypatch.setattr(checkpoint_files.os, "replace", move)
    write_whole(SMALL, own_folder / "deep" / "last.ckpt")
    assert moved == [(own_folder / "deep", own_folder / "deep")]


def test_a_flipped_byte_is_refused_and_a_good_checkpoint_named(own_folder: Path) -> None:
    for name in ("one.ckpt", "last.ckpt"):
        write_whole(SMALL, own_folder / name)
    last = own_folder / "last.ckpt"
    content = bytearray(last.read_bytes())
    where = content.find(torch.arange(100.0).numpy().tobytes()) + 200
    content[where] ^= 1
    last.write_bytes(content)
    torch.load(last, weights_only=True)  # the control: PyTorch does not notice
    assert not is_whole(last) and is_whole(own_folder / "one.ckpt")
    with pytest.raises(Refused, match=r"last\.ckpt is damaged: .*one\.ckpt is whole"):
        content_of(last)
    assert newest_whole(own_folder, own_folder / "one.ckpt") is None


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short run with its checkpoints."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("whole")
        patch.chdir(folder)
        return folder / fit(*EVERY_STEP, "--trainer.max_epochs=1")


def without(*keys: str) -> Callable[[dict[str, Any]], None]:
    def take(content: dict[str, Any]) -> None:
        for key in keys[:-1]:
            content = content[key]
        del content[keys[-1]]

    return take


def forgetful(content: dict[str, Any]) -> None:
    del content["optimizer_states"][0]["state"][0]["exp_avg_sq"]


ALTERED = {
    "streams": without("streams"),
    "random_numbers": without("random_numbers"),
    "optimizer_states": without("optimizer_states"),
    "lr_schedulers": without("lr_schedulers"),
    "loops": without("loops"),
    "epoch_loop.batch_progress": without("loops", "fit_loop", "epoch_loop.batch_progress"),
    "optimizer_states are altered": forgetful,
    "random_numbers are altered": lambda content: content["random_numbers"][0].pop("numpy"),
    "streams are altered": lambda content: content["streams"][0].pop("fields"),
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("what", ALTERED)
def test_a_checkpoint_that_lacks_something_is_refused(
    run: Path, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    content = saved(run, 3)
    ALTERED[what](content)
    torch.save(content, "less.ckpt")
    with pytest.raises(SystemExit) as left:
        main(["fit", f"--config={TINY}", "--ckpt_path=less.ckpt"])
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert left.value.code == 2
    assert said.startswith("brainmodel: ckpt_path: the checkpoint") and what in said, said
    assert not Path("runs").exists()


def test_a_checkpoint_that_was_migrated_goes_on_with_streams_that_begin_anew(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save(saved(run, 3) | {"streams": []}, "anew.ckpt")
    resumed = fit("--ckpt_path=anew.ckpt", *EVERY_STEP, "--trainer.max_epochs=1")
    assert "Its streams begin anew" in capsys.readouterr().out
    assert not same(learnt(saved(resumed)), learnt(saved(run)))


def test_a_checkpoint_of_an_earlier_job_is_not_gone_on_from_unasked(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("hpc_ckpt_1.ckpt").write_bytes(checkpoint(run, 2).read_bytes())
    for name, value in {"SLURM_NTASKS": "1", "SLURM_JOB_NAME": "train"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit):
        main(["fit", f"--config={TINY}"])
    said = capsys.readouterr().err
    assert "hpc_ckpt_1.ckpt of an earlier job would be gone on from unasked" in said, said


@pytest.mark.parametrize("where", ["state_dict", "optimizer_states"])
def test_what_is_infinite_is_not_saved(where: str) -> None:
    good = {"global_step": 7, "state_dict": {"brain.w": torch.ones(2)}}
    group = {"name": "V1.synapses", "params": [0]}
    memory = {0: {"step": torch.ones(()), "exp_avg": torch.ones(2)}}
    good["optimizer_states"] = [{"param_groups": [group], "state": memory}]
    FiniteWatch().require_finite(good)
    broken = memory[0]["exp_avg"] if where == "optimizer_states" else good["state_dict"]["brain.w"]
    broken[1] = torch.inf
    name = {"state_dict": "brain.w: a weight", "optimizer_states": "V1.synapses: the optimizer's"}
    with pytest.raises(NotFinite, match=f"^{name[where]}.* is not finite at step 7; no checkpoint"):
        FiniteWatch().require_finite(good)
    with pytest.raises(NotFinite, match=r"last\.ckpt, of step 6 is kept"):
        FiniteWatch(KeptCheckpoint("last.ckpt", 6)).require_finite(good)


@pytest.mark.parametrize("link", ["runs", "runs/tiny"])
def test_a_link_to_a_disk_that_is_not_mounted_is_refused(
    link: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """mkdir says that it is there, whatever the number of the run."""
    Path(link).parent.mkdir(exist_ok=True)
    Path(link).symlink_to("/scratch/gone")
    with pytest.raises(SystemExit) as left:
        main(["fit", f"--config={TINY}"])
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert left.value.code == 2
    assert f"{link} is a link to /scratch/gone, which is not there; mount it, or give" in said
