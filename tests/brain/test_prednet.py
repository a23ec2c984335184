"""PredNet, written as a config of ordinary parts, is the published network."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest
import torch
import yaml
from torch import Tensor
from torch.nn import functional as F

from areas.keys import of_predictor, of_units
from brainmodel.brain import Brain
from brainmodel.command_line.config_files import read_config
from brainmodel.scopes import Adjacent
from brainmodel.training import BrainModule
from tests import toy

SIZES = [[3, 16, 16], [4, 8, 8], [5, 4, 4], [6, 2, 2]]
"""Of the layers, in place of those of the config."""


def published(sizes: list[list[int]] | None = None, scope: str = "", rule: str = "") -> Brain:
    """The brain of configs/prednet.yaml, in its own sizes or in others.

    With another rule each layer learns for errors of its own.
    """
    model = read_config("prednet")["model"]
    areas, pathways = model["areas"], model["pathways"]
    for k, size in enumerate(sizes or []):
        areas[f"A{k}"]["units"] = size
        if rule:
            areas[f"A{k}"] |= {"rule": rule, "objectives": {"errors": "objectives.SplitError"}}
        if k > 0:
            pathways[f"A{k - 1}_A{k}"]["adapters"][0]["init_args"]["channels"] = size[0]
    model["scope"] = scope or model["scope"]
    model["inputs"] = {"eye": list(areas["A0"]["units"])}
    text = yaml.safe_dump({"class_path": "brainmodel.training.BrainModule", "init_args": model})
    made: Any = toy.from_config(text, BrainModule)
    return made.brain


class Layer(NamedTuple):
    """The weights of one layer: convolutions as the paper names them, with their biases."""

    gates: Tensor  # onto input, forget, candidate and output, from E, R and the R above
    gate_bias: Tensor
    ahat: Tensor
    ahat_bias: Tensor
    a: Tensor | None  # from the errors below; the lowest layer has none
    a_bias: Tensor | None


def layers(brain: Brain, weights: Mapping[str, Tensor]) -> list[Layer]:
    """A brain's weights as those of the paper's network."""
    found = []
    for k in range(len(brain.areas)):
        own = {
            key: weights[brain.parameter_name(f"A{k}", key)]
            for key in brain.area(f"A{k}").weights()
        }
        above = f"A{k + 1}_A{k}"
        sources = ["error", "recurrent", *([above] if above in brain.pathways else [])]
        way = f"routes.A{k - 1}_A{k}.adapters.0"
        found.append(
            Layer(
                torch.cat([own[of_units(source)] for source in sources], 1),
                own[of_units("bias")],
                own[of_predictor("rate")],
                own[of_predictor("bias")],
                weights.get(f"{way}.synapses.signal.weight"),
                weights.get(f"{way}.bias"),
            )
        )
    return found


def convolved(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    return F.conv2d(x, weight, bias, padding=1)


def convolutional_lstm(layer: Layer, x: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
    """(R, c) of the next moment, with the hard sigmoid of the published code."""
    i, f, g, o = convolved(x, layer.gates, layer.gate_bias).chunk(4, 1)
    i, f, o = (torch.clamp(0.2 * gate + 0.5, 0, 1) for gate in (i, f, o))
    cell = f * cell + i * torch.tanh(g)
    return o * torch.tanh(cell), cell


def prednet(network: list[Layer], frames: Tensor) -> tuple[list[Tensor], list[list[Tensor]]]:
    """Algorithm 1 of the paper.

    Args:
        network: from the lowest layer up.
        frames: [time, batch, channel, height, width].

    Returns:
        predictions of the frames; by time, the errors of each layer.
    """
    batch, top = frames.shape[1], len(network) - 1
    errors, rates, cells = [], [], []
    for k, layer in enumerate(network):
        size = [n // 2**k for n in frames.shape[3:]]
        errors.append(frames.new_zeros(batch, 2 * layer.ahat.shape[0], *size))
        rates.append(frames.new_zeros(batch, layer.ahat.shape[1], *size))
        cells.append(torch.zeros_like(rates[-1]))
    predictions, missed = [], []
    for frame in frames:
        for k in reversed(range(len(network))):
            x = [errors[k], rates[k]]
            if k < top:
                x.append(F.interpolate(rates[k + 1], scale_factor=2.0, mode="nearest"))
            rates[k], cells[k] = convolutional_lstm(network[k], torch.cat(x, 1), cells[k])
        a = frame
        for k, layer in enumerate(network):
            ahat = F.relu(convolved(rates[k], layer.ahat, layer.ahat_bias))
            if k == 0:
                ahat = torch.clamp(ahat, max=1.0)
                predictions.append(ahat)
            errors[k] = torch.cat([F.relu(a - ahat), F.relu(ahat - a)], 1)
            if k < top:
                above = network[k + 1]
                assert above.a is not None
                a = F.max_pool2d(F.relu(convolved(errors[k], above.a, above.a_bias)), 2)
        missed.append(list(errors))
    return predictions, missed


def drawn(brain: Brain) -> Brain:
    """In float64, with weights such that every layer has something to say."""
    brain = brain.double()
    generator = torch.Generator().manual_seed(0)
    for parameter in brain.parameters():
        random = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
        scale = 0.2 if parameter.dim() == 1 else 1.5 * parameter[0].numel() ** -0.5
        parameter.data = scale * random
    return brain


def shown(steps: int, batch: int = 2) -> tuple[Tensor, Tensor]:
    """Frames [1 + time, ...] and resets; the first frame only sets the rates going."""
    generator = torch.Generator().manual_seed(1)
    frames = torch.rand(1 + steps, batch, *SIZES[0], generator=generator, dtype=torch.float64)
    reset = torch.zeros(1 + steps, batch, dtype=torch.bool)
    reset[0] = True
    return frames, reset


def test_it_has_as_many_parameters_as_the_published_network() -> None:
    assert sum(p.numel() for p in published().parameters()) == 6_915_948


@pytest.mark.parametrize("native", ["0", "1"])
def test_what_it_does_is_what_the_published_network_does(native: str, monkeypatch) -> None:
    monkeypatch.setenv("BRAINMODEL_NATIVE", native)
    brain = drawn(published(SIZES))
    frames, reset = shown(5)
    weights = dict(brain.named_parameters())
    with torch.no_grad():
        did, _ = brain({"eye": frames}, reset)
        predictions, missed = prednet(layers(brain, weights), frames[1:])
    for t, (prediction, errors) in enumerate(zip(predictions, missed, strict=True)):
        found = did["A0"].prediction[1 + t]
        torch.testing.assert_close(found, prediction, rtol=1e-12, atol=1e-12)
        for k, error in enumerate(errors):
            found = did[f"A{k}"].error[1 + t]
            torch.testing.assert_close(found, error, rtol=1e-12, atol=1e-12)
            assert error.count_nonzero() > 0.2 * error.numel(), "every layer misses something"
    assert 0.05 < torch.stack(predictions).mean() < 0.95
    assert (predictions[0] == predictions[1]).double().mean() < 0.5, "the frames matter"


def test_its_gradients_are_those_of_the_published_network() -> None:
    """Of the paper's loss: errors of all layers, .1 above the lowest, but for the first frame."""
    brain = drawn(published(SIZES))
    frames, reset = shown(4)
    names, leaves = zip(*brain.named_parameters(), strict=True)
    did, _ = brain({"eye": frames}, reset)
    share = {name: 1.0 if name == "A0" else 0.1 for name in brain.areas}
    loss = sum(share[n] * a.error[2:].flatten(2).mean(2).sum() for n, a in did.items())
    assert isinstance(loss, Tensor)
    found = torch.autograd.grad(loss, leaves)

    _, missed = prednet(layers(brain, dict(zip(names, leaves, strict=True))), frames[1:])
    of = [
        share[f"A{k}"] * error.flatten(1).mean(1).sum()
        for errors in missed[1:]
        for k, error in enumerate(errors)
    ]
    literal = torch.stack(of).sum()
    torch.testing.assert_close(loss, literal, rtol=1e-12, atol=1e-12)
    expected = torch.autograd.grad(literal, leaves)
    for name, mine, other in zip(names, found, expected, strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-10, atol=1e-12, msg=lambda m, n=name: n + m)
        assert other.any(), name


def test_without_the_lead_in_it_is_another_network() -> None:
    brain = drawn(published(SIZES))
    frames, _ = shown(5)
    never = torch.zeros(len(frames), frames.shape[1], dtype=torch.bool)
    with torch.no_grad():
        late, _ = brain({"eye": frames}, never)
        predictions, _ = prednet(layers(brain, dict(brain.named_parameters())), frames[1:])
    assert (late["A0"].prediction[1] - predictions[0]).abs().max() > 1e-3


def test_its_parts_learn_by_local_rules_too() -> None:
    """Each layer by its own errors, the convolutions between them by what comes back over them."""
    brain = drawn(published(SIZES, "brainmodel.scopes.Adjacent", "brainmodel.learning.EProp"))
    assert isinstance(brain.scope, Adjacent)
    frames, reset = shown(3 + brain.scope.lag)
    did, _ = brain({"eye": frames}, reset)
    total = torch.stack([loss for own in brain.losses(did).values() for loss in own.values()]).sum()
    names, leaves = zip(*brain.named_parameters(), strict=True)
    for name, gradient in zip(names, torch.autograd.grad(total, leaves), strict=True):
        assert gradient.isfinite().all() and gradient.any(), name


def moving_bars(streams: int) -> Tensor:
    """Frames [11, stream, 3, 16, 16] of bars that go one pixel to the right at each step."""
    place = torch.arange(16) - torch.arange(11)[:, None] + torch.randint(16, (streams, 1, 1))
    bars = (place % 8 < 3).float().transpose(0, 1)
    return bars[:, :, None, None].expand(-1, -1, 3, 16, -1)


@pytest.mark.slow
def test_it_learns_to_predict_what_moves() -> None:
    torch.manual_seed(0)
    brain = published(SIZES)
    optimizer = torch.optim.Adam(brain.parameters(), lr=5e-3)
    reset = torch.zeros(11, 4, dtype=torch.bool)
    reset[0] = True
    losses = []
    for _ in range(60):
        did, _ = brain({"eye": moving_bars(4)}, reset)
        loss = brain.losses(did)["A0"]["errors"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    frames = moving_bars(64)
    repeating = 0.5 * (frames[1:] - frames[:-1]).abs().mean().item()
    last = sum(losses[-10:]) / 10
    assert last < 0.7 * losses[0] and last < 0.8 * repeating, (losses, repeating)
