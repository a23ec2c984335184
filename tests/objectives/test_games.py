"""Areas against areas: discrimination, competition, and a variational code between two of them."""

import math

import pytest
import torch
from torch import Tensor
from torch.distributions import Normal, kl_divergence
from torch.nn import functional as F

from objectives import (
    Activity,
    Competition,
    Discrimination,
    Game,
    Hinge,
    LeastSquares,
    NonSaturating,
    Variational,
    ZeroSum,
)
from objectives.competition import competition
from objectives.discrimination import deviation
from objectives.parts.adversarial import non_saturating_discriminator
from objectives.parts.critic import Critic
from objectives.parts.gradient_reversal import reverse_gradient
from objectives.variational import gaussian_divergence
from tests.objectives.activities import dense, make_activity, stream_of

GAMES = [NonSaturating(), Hinge(), LeastSquares(), ZeroSum()]
SHAPES = {"maps": ((2, 4, 4), (3, 4, 4)), "dense": ((6,), (5,)), "mixed": ((2, 4, 4), (5,))}


def case(shapes: str = "maps") -> dict[str, Activity]:
    drive, units = SHAPES[shapes]
    judged, judge = make_activity(drive, (3,)), make_activity((1,), units)
    return {"LM": judged, "RL": judge._replace(valid=judged.valid)}


def built(game: Game | None = None, shapes: str = "maps", **arguments) -> Discrimination:
    objective = Discrimination(["LM", "RL"], game, **arguments)
    drive, units = SHAPES[shapes]
    objective.build({"LM": drive, "RL": (1,)}, {"LM": (3,), "RL": units})
    return objective.double()


def taught(objective, activities: dict[str, Activity]) -> dict[str, Tensor | None]:
    """Gradients of the loss by prediction, memory and each weight of the objective."""
    loss = (activities["LM"].valid * objective(activities)).sum()
    leaves = {"prediction": activities["LM"].prediction, "memory": activities["RL"].rate}
    leaves |= dict(objective.named_parameters())
    found = torch.autograd.grad(loss, list(leaves.values()), allow_unused=True)
    return dict(zip(leaves, found, strict=True))


@pytest.mark.parametrize("shapes", SHAPES)
def test_a_critic_scores_what_its_weights_say(shapes: str) -> None:
    drive, units = SHAPES[shapes]
    critic = Critic(drive, units, features=4, kernel=3).double()
    x, h = torch.randn(2, 3, *drive).double(), torch.randn(2, 3, *units).double()
    for t, b in ((0, 0), (1, 2)):
        pre = critic.candidate(x[t : t + 1, b : b + 1])[0, 0]
        pre = pre + critic.memory(h[t : t + 1, b : b + 1])[0, 0]
        hidden = torch.where(pre > 0, pre, pre.exp() - 1).view(4, -1).mean(1)
        expected = critic.score.weight[0] @ hidden + critic.score.bias[0]
        torch.testing.assert_close(critic(x, h)[t, b], expected)


def test_a_frozen_critic_says_the_same_and_teaches_the_candidate_alone() -> None:
    critic = Critic((6,), (5,)).double()
    x, h = torch.randn(2, 3, 6).double().requires_grad_(), torch.randn(2, 3, 5).double()
    h.requires_grad_()
    plain, frozen = critic(x, h), critic.frozen(x, h)
    assert torch.equal(plain, frozen)
    leaves = [x, h, *critic.parameters()]
    free = torch.autograd.grad(plain.sum(), leaves)
    held = torch.autograd.grad(frozen.sum(), leaves, allow_unused=True)
    assert torch.equal(free[0], held[0]) and free[1].any()
    assert all(gradient is None for gradient in held[1:])


@pytest.mark.parametrize("game", GAMES, ids=lambda game: type(game).__name__)
def test_the_loss_is_that_of_the_game_at_the_scores(game: Game) -> None:
    objective, activities = built(game, fooling=0.3, penalty=0.0), case()
    judged, memory = activities["LM"], activities["RL"].rate
    loss, compared = objective(activities), 0
    for t in range(7):
        for b in range(4):
            if t == 0 or not judged.valid[t, b]:
                assert loss[t, b] == 0
                continue
            u, v = (
                objective.critic(x[t, b][None, None], memory[t - 1, b][None, None])[0, 0]
                for x in (judged.drive, judged.prediction)
            )
            torch.testing.assert_close(
                loss[t, b], game.discriminator(u, v) + 0.3 * game.predictor(v)
            )
            compared += 1
    assert compared > 20


def test_successive_drives_are_judged_together_as_what_came_or_as_what_was_foretold() -> None:
    """Run by run; all of a run's predictions learn, and none across a reset."""
    objective, activities = built(penalty=0.0, steps=3), case()
    judged, memory = activities["LM"], activities["RL"].rate
    expected, compared = torch.zeros(7, 4).double(), 0
    for t in range(3, 7):
        for b in range(4):
            if not judged.valid[t - 2 : t + 1, b].all():
                continue
            u, v = (
                objective.critic(
                    x[t - 2 : t + 1, b].flatten(0, 1)[None, None], memory[t - 3, b][None, None]
                )
                for x in (judged.drive, judged.prediction)
            )
            game = NonSaturating()
            expected[t, b] = (game.discriminator(u, v) + game.predictor(v))[0, 0]
            compared += 1
    assert 10 < compared < 16
    torch.testing.assert_close(objective(activities), expected)
    (signal,) = torch.autograd.grad(objective(activities)[5, 0], judged.prediction)
    assert all(signal[t, 0].any() for t in (3, 4, 5)) and not signal[[0, 1, 2, 6]].any()
    with pytest.raises(ValueError, match="steps: need 1 or more"):
        built(steps=0)


def test_a_gain_is_as_good_as_larger_weights_for_the_candidate() -> None:
    """But R1 is of what the critic sees: its slope by the drive over the gain."""
    plain, keen, activities = built(), built(gain=5.0), case()
    keen.load_state_dict(plain.state_dict())
    for weight in keen.critic.candidate.parameters():
        weight.data /= 5.0 if weight.dim() > 1 else 1.0
    without = [objective(activities) for objective in (plain, keen)]
    penalties = []
    for objective in (plain, keen):
        objective.penalty = 0.0
        penalties.append(without[len(penalties)] - objective(activities))
    torch.testing.assert_close(plain(activities), keen(activities))
    torch.testing.assert_close(penalties[0], 25 * penalties[1])
    assert penalties[1].any()
    with pytest.raises(ValueError, match="gain: need > 0"):
        built(gain=0.0)


def test_the_zero_sum_game_is_gradient_reversal_at_the_border() -> None:
    """One pass through one critic with the reversed border gives all gradients of both players."""
    activities = case()
    objective = built(ZeroSum(), fooling=0.7, penalty=0.0)
    found = taught(objective, activities)
    judged, memory = activities["LM"], activities["RL"].rate[:-1]
    bordered = reverse_gradient(judged.prediction[1:], 0.7)
    scores = (objective.critic(x, memory) for x in (judged.drive[1:], bordered))
    loss = (judged.valid[1:] * non_saturating_discriminator(*scores)).sum()
    leaves = [judged.prediction, activities["RL"].rate, *objective.parameters()]
    for mine, reversed_ in zip(found.values(), torch.autograd.grad(loss, leaves), strict=True):
        assert mine is not None and reversed_.any()
        torch.testing.assert_close(mine, reversed_, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("game", GAMES, ids=lambda game: type(game).__name__)
def test_each_player_is_taught_by_its_own_loss_alone(game: Game) -> None:
    activities = case()
    objective = built(game, fooling=0.0, penalty=0.0)
    alone = taught(objective, activities)
    assert alone["prediction"] is None  # without fooling there is nothing to learn from a critic
    objective.fooling = 2.0
    both = taught(objective, activities)
    assert both["prediction"] is not None and both["prediction"].any()
    for name, gradient in alone.items():
        if gradient is not None:
            assert gradient.any() or name == "critic.score.bias"  # where the hinge's two cancel
            assert torch.equal(gradient, both[name])  # type: ignore[arg-type]


def test_the_penalty_is_the_squared_slope_at_real_drives_and_counts_while_learning_only() -> None:
    activities = case()
    objective = built(penalty=0.0)
    without = objective(activities)
    objective.penalty = 3.0
    extra = (objective(activities) - without) / 3.0
    real = activities["LM"].drive.detach().requires_grad_()
    score = objective.critic(real[1:], activities["RL"].rate[:-1]).sum()
    (slope,) = torch.autograd.grad(score, real)
    expected = 0.5 * slope.square().sum((2, 3, 4)) * (activities["LM"].valid)
    torch.testing.assert_close(extra, expected)
    assert expected.any()
    with torch.no_grad():
        torch.testing.assert_close(objective(activities), without)


@pytest.mark.parametrize("shift", [0.0, 3.0])
def test_a_discriminator_ends_at_log_two_where_prediction_and_reality_are_alike(
    shift: float,
) -> None:
    """Both from one distribution: its best is log 2. Where they differ it does better."""
    objective = built(fooling=0.0, penalty=0.0, shapes="dense")
    optimizer = torch.optim.Adam(objective.parameters(), lr=0.02)

    def match() -> dict[str, Activity]:
        real, predicted = torch.randn(2, 20, 64, 6).double()
        predicted, memory = predicted + shift, torch.zeros(20, 64, 5).double()
        valid = torch.ones(20, 64).bool()
        judged = Activity(real, predicted, real - predicted, memory, valid)
        return {"LM": judged, "RL": judged}

    for _ in range(60):
        loss = objective(match())[1:].mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    held_out = match()
    loss, accuracy = objective(held_out)[1:].mean().item(), objective.terms(held_out)["accuracy"]
    if shift == 0:
        assert loss == pytest.approx(math.log(2), abs=0.02)
        assert accuracy.item() == pytest.approx(0.5, abs=0.03)
    else:
        assert loss < 0.2 and accuracy > 0.95


def test_terms_tell_a_fooled_discriminator_and_a_predictor_that_says_always_the_same() -> None:
    activities = case("dense")
    same = torch.full_like(activities["LM"].prediction, 0.3)
    activities["LM"] = activities["LM"]._replace(prediction=same)
    objective = built(shapes="dense")
    for parameter in objective.parameters():
        parameter.data.zero_()
    objective.critic.score.bias.data += 1.0  # believes everything
    terms = objective.terms(activities)
    assert terms["accuracy"] == 0.5 and terms["diversity"] == 0
    seen = activities["LM"].drive
    activities["LM"] = activities["LM"]._replace(prediction=2 * seen)
    torch.testing.assert_close(objective.terms(activities)["diversity"], torch.tensor(2.0).double())
    flat = torch.tensor([[[0.0, 1.0]], [[2.0, 1.0]]])  # variances 1 and 0
    assert deviation(flat).item() == pytest.approx(0.5**0.5)


def test_the_divergence_of_gaussians_is_never_negative_and_as_torch_has_it() -> None:
    mean, log_variance, other, other_log_variance = torch.randn(4, 50).double()
    found = gaussian_divergence(mean, log_variance, other, other_log_variance)
    q, p = (
        Normal(m, (0.5 * v).exp()) for m, v in ((mean, log_variance), (other, other_log_variance))
    )
    torch.testing.assert_close(found, kl_divergence(q, p))
    assert (found > 0).all()
    assert not gaussian_divergence(mean, log_variance, mean, log_variance).any()


def coded(beta: float = 1.0) -> tuple[Variational, dict[str, Activity]]:
    objective = Variational(["LM", "PM"], latents=2, beta=beta)
    objective.build({"LM": (6,), "PM": (1,)}, {"LM": (3,), "PM": (5,)})
    lower, upper = make_activity((6,), (3,)), make_activity((1,), (5,))
    return objective.double(), {"LM": lower, "PM": upper._replace(valid=lower.valid)}


def test_a_variational_loss_is_what_its_densities_say() -> None:
    """On average over codes: - log N( u; u_hat + F z, 1 / precision ) + KL, per unit of u."""
    objective, activities = coded(beta=0.7)
    objective.log_precision.data = torch.randn(6).double()
    lower, upper = activities["LM"], activities["PM"].rate
    many = {
        name: Activity(*(x.expand(-1, 4000, *x.shape[2:]) for x in stream_of(a, 0)[:5]), labels={})
        for name, a in activities.items()
    }
    losses = objective(many)[2].detach()
    mean, log_variance = objective.posterior(upper[2:3])[0, 0].chunk(2)
    prior = objective.prior(upper[1:2])[0, 0].chunk(2)
    posterior = Normal(mean, (0.5 * log_variance).exp())
    weight = dense(objective.decoder).weight
    center = lower.prediction[2, 0] + objective.decoder(mean[None, None])[0, 0]
    noise = (-objective.log_precision).exp()
    # E[ log N ] = log N at the mean code - precision * variance of F z / 2
    blurred = (weight.square() @ log_variance.exp()) / noise / 2
    missed = -(Normal(center, noise.sqrt()).log_prob(lower.drive[2, 0]) - blurred).mean()
    divergence = kl_divergence(posterior, Normal(prior[0], (0.5 * prior[1]).exp())).sum() / 6
    expected = (missed + 0.7 * divergence).item()
    error = losses.std().item() / 4000**0.5
    assert losses.mean().item() == pytest.approx(expected, abs=4 * error)
    assert error < 0.05 * abs(expected)


def test_what_a_code_tells_is_its_divergence_from_what_the_step_before_expected() -> None:
    objective, activities = coded()
    rate, expected = activities["PM"].rate, []
    for t in range(1, 7):
        for b in range(4):
            if activities["LM"].valid[t, b]:
                q = objective.posterior(rate[t, b][None, None])[0, 0].chunk(2)
                p = objective.prior(rate[t - 1, b][None, None])[0, 0].chunk(2)
                normal = [Normal(m, (0.5 * v).exp()) for m, v in (q, p)]
                expected.append(kl_divergence(*normal).sum() / 6)
    said = objective.terms(activities)["divergence"]
    torch.testing.assert_close(said, torch.stack(expected).mean())


def test_a_variational_code_teaches_encoder_decoder_prior_and_both_areas() -> None:
    objective, activities = coded()
    loss = (activities["LM"].valid * objective(activities)).mean()
    leaves = [activities["LM"].prediction, activities["PM"].rate, *objective.parameters()]
    for gradient in torch.autograd.grad(loss, leaves):
        assert gradient.any()


def test_a_gate_pays_each_area_for_being_chosen_and_right() -> None:
    errors = torch.tensor([0.2, 0.5]).double().requires_grad_()
    bids = torch.tensor([0.3, -0.4]).double().requires_grad_()
    loss = competition(errors, bids.log_softmax(0), 4.0)
    gate = [math.exp(0.3), math.exp(-0.4)]
    gate = [g / sum(gate) for g in gate]
    weights = [gate[0] * math.exp(-0.8), gate[1] * math.exp(-2.0)]
    assert loss.item() == pytest.approx(-math.log(sum(weights)) / 4)
    right = torch.tensor(weights).double() / sum(weights)
    by_error, by_bid = torch.autograd.grad(loss, (errors, bids))
    torch.testing.assert_close(by_error, right)
    torch.testing.assert_close(by_bid, (torch.tensor(gate).double() - right) / 4)


def test_a_soft_gate_pays_the_expected_error_and_a_sharp_one_that_of_the_better() -> None:
    errors, log_gate = torch.tensor([0.2, 0.5]).double(), torch.tensor([0.3, 0.7]).double().log()
    assert competition(errors, log_gate, 1e-6).item() == pytest.approx(0.3 * 0.2 + 0.7 * 0.5)
    assert competition(errors, log_gate, 1e4).item() == pytest.approx(0.2, abs=1e-3)


def test_areas_that_compete_each_take_what_they_are_better_at() -> None:
    """Two linear predictors, a world of two laws, and rates that tell which law holds."""
    torch.manual_seed(0)
    objective = Competition(["DLS", "DMS"], sharpness=20.0)
    objective.build({"DLS": (1,), "DMS": (1,)}, {"DLS": (2,), "DMS": (2,)})
    slope = torch.tensor([0.1, -0.1], requires_grad=True)
    optimizer = torch.optim.Adam([slope, *objective.parameters()], lr=0.05)

    def trial() -> dict[str, Activity]:
        law, x = torch.randint(2, (1, 64)).expand(2, 64), torch.randn(2, 64, 1)
        drive, rate = x * (2 * law - 1).unsqueeze(2), F.one_hot(law, 2).float()
        valid = torch.ones(2, 64).bool()
        both = [Activity(drive, a * x, drive - a * x, rate, valid) for a in slope]
        return dict(zip(objective.areas, both, strict=True))

    for _ in range(300):
        loss = objective(trial())[1].mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    torch.testing.assert_close(slope.detach(), torch.tensor([1.0, -1.0]), atol=0.05, rtol=0)
    terms = objective.terms(trial())
    assert terms["right"] > 0.95 and 0.2 < terms["chosen_DLS"] < 0.8


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Discrimination(["LM"]), "areas: need one that predicts and another"),
        (lambda: Discrimination(["LM", "RL"], fooling=-1.0), "fooling, penalty: need weights >= 0"),
        (lambda: Discrimination(["LM", "RL"], kernel=2), "features, kernel: need"),
        (lambda: Variational(["LM", "LM"]), "areas: need a lower one and an upper"),
        (lambda: Variational(["LM", "PM"], latents=0), "latents, beta: need"),
        (lambda: Competition(["LM"]), "areas: need two or more"),
        (lambda: Competition(["LM", "AL"], sharpness=0.0), "sharpness: need > 0"),
        (
            lambda: Competition(["LM", "AL"]).build({"LM": (3,), "AL": (4,)}, {}),
            r"areas: need drives of one shape, got \[\[3\], \[4\]\]",
        ),
    ],
)
def test_a_game_that_nobody_can_play_is_refused(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
