"""Seeds trained together become what each becomes alone: weights, states and losses."""

import re
from pathlib import Path

import pytest
import torch

from areas import LSTM, Dense, Leaky
from areas.seeds import ConvolutionOfSeeds, DenseOfSeeds, SeedLayout
from areas.synapses import Convolution
from brainmodel.learning import BPTT
from brainmodel.perturbation.perturbed import Perturbed
from brainmodel.scopes import Adjacent, Global, Local
from brainmodel.seeds import (
    apart,
    inputs_together,
    labels_together,
    losses_by_seed,
    resets_together,
    together,
)
from brainmodel.synaptic_scaling import scale_area
from tests import toy
from tests.seeds.training import EXACT, adam, drawn, require_same, sgd

PAGE = Path(__file__).parents[2] / "docs" / "seeds.md"


@pytest.mark.sampled(5)
@pytest.mark.parametrize("optimizer", [sgd, adam])
@pytest.mark.parametrize("maps", [False, True], ids=["dense", "maps"])
@pytest.mark.parametrize("scope", [Local, Adjacent, Global])
def test_seeds_together_are_what_they_are_alone(scope, maps, optimizer) -> None:
    require_same(lambda: toy.ladder(lambda name: BPTT(), scope(), maps=maps), optimizer, 3)


@pytest.mark.parametrize("parts", [(6,), (3, 3), (4, 2)])
def test_a_layout_is_taken_apart_and_put_together(parts) -> None:
    layout = SeedLayout(2, parts)
    signal = torch.arange(2.0 * layout.whole).view(2, -1)
    by_seed = layout.apart(signal, 1)
    assert by_seed.shape == (2, 2, 6) and layout.whole == 12
    torch.testing.assert_close(layout.together(by_seed, 1), signal)
    first = torch.cat(
        [signal[:, : parts[0]], signal[:, 2 * parts[0] : 2 * parts[0] + sum(parts[1:])]], 1
    )
    torch.testing.assert_close(by_seed[:, 0], first)


@pytest.mark.parametrize("maps", [False, True], ids=["dense", "maps"])
@pytest.mark.parametrize("parts", [(4,), (2, 2), (3, 1)])
def test_synapses_of_seeds_are_those_of_each(parts, maps: bool) -> None:
    """All that synapses do, against what those of each seed do."""
    torch.manual_seed(0)
    each = [(Convolution(3, 4, 3) if maps else Dense(3, 4)).double() for _ in range(2)]
    come, go = SeedLayout(2, (1, 2)), SeedLayout(2, parts)
    joined = torch.cat([own.weight for own in each]).detach()
    whole = (ConvolutionOfSeeds if maps else DenseOfSeeds)(joined, come, go)
    place = (5, 5) if maps else ()
    sources, targets = torch.randn(2, 7, 3, *place).double(), torch.randn(2, 7, 4, *place).double()
    source, target = (
        come.together(sources.transpose(0, 1), 1),
        go.together(targets.transpose(0, 1), 1),
    )
    there, back = torch.ones_like(target), torch.ones_like(source)
    with torch.no_grad():
        whole.adder()(source, there)
        whole.add_transpose(target, back)
        for seed, own in enumerate(each):
            sent, told = sources[seed], targets[seed]
            for found, expected in (
                (go.apart(whole(source), 1)[:, seed], own(sent)),
                (go.apart(there, 1)[:, seed], own(sent) + 1),
                (come.apart(whole.transpose(target), 1)[:, seed], own.transpose(told)),
                (come.apart(back, 1)[:, seed], own.transpose(told) + 1),
                (whole.gradient(source, target).chunk(2)[seed], own.gradient(sent, told)),
            ):
                torch.testing.assert_close(found, expected, **EXACT)


def test_memory_grows_with_the_number_of_seeds_and_no_faster() -> None:
    brains = [drawn(toy.lone, seed) for seed in range(4)]
    one, all_ = (sum(p.numel() for p in b.parameters()) for b in (brains[0], together(brains)))
    assert all_ == 4 * one


def test_brains_that_differ_in_more_than_weights_are_refused() -> None:
    for other, said in (
        (lambda: toy.lone(units=[4]), "differs from the first in"),
        (lambda: toy.lone(Leaky(0.3)), "differs from the first in brain.areas.V1.cell"),
        (lambda: toy.lone(LSTM()), "differs from the first in"),
        (lambda: toy.lone(scope=Global()), "differs from the first in brain.scope"),
        (lambda: toy.lone(weights={"whole": 2.0}), "differs from the first in brain.weights"),
    ):
        cell = Leaky(0.5) if "cell" in said else None
        with pytest.raises(ValueError, match=re.escape(said)):
            together([toy.lone(cell), other()])
    brain, older = toy.lone(), toy.lone()
    older.after_step()
    for brains, said in (
        ([brain], "two or more"),
        ([brain, brain], "is the first once more"),
        ([brain, older], "has taken 1 steps"),
    ):
        with pytest.raises(ValueError, match=said):
            together(brains)


def test_streams_of_seeds_that_do_not_fit_are_refused() -> None:
    eye, reset = torch.zeros(3, 2, 4), torch.zeros(3, 2, dtype=torch.bool)
    assert inputs_together([{"eye": eye}] * 3)["eye"].shape == (3, 2, 12)
    assert labels_together([{"x": eye}] * 3)["x"].shape == (3, 2, 3, 4)
    with pytest.raises(ValueError, match="those of seed 1"):
        inputs_together([{"eye": eye}, {"eye": eye[:, :1]}])
    with pytest.raises(ValueError, match="seed 1 begin anew at other steps"):
        resets_together([reset, ~reset])
    brains = [drawn(toy.lone, seed) for seed in range(2)]
    with pytest.raises(ValueError, match="need 2, one for each seed, got 3"):
        apart(together(brains), [*brains, toy.lone()])
    with pytest.raises(ValueError, match="is of one seed"):
        losses_by_seed(brains[0], {})


def test_what_knows_weights_of_one_seed_refuses_those_of_several() -> None:
    whole = together([drawn(toy.lone, seed) for seed in range(2)])
    with pytest.raises(ValueError, match="take them apart"):
        scale_area(whole.area("V1"), torch.ones(6), 0.1, 0.1)
    with pytest.raises(ValueError, match="take them apart"):
        Perturbed(whole, {})


def test_the_example_of_the_page_works(capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    exec(compile(example, str(PAGE), "exec"), {})
    assert capsys.readouterr().out.count("0.") == 8
