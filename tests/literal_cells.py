"""One step of each cell, and where synapses end on it, written once more from the papers."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

Values = dict[str, Tensor]


def sigma(x: Tensor) -> Tensor:
    return 1 / (1 + torch.exp(-x))


def leaky(cell, i: Values, s: Values) -> Values:
    """Marschall et al. (2020), eq. 1."""
    return {"rate": (1 - cell.alpha) * s["rate"] + cell.alpha * cell.activation(i["current"])}


def gru(cell, i: Values, s: Values) -> Values:
    """The equations in the documentation of torch.nn.GRU."""
    r, z = sigma(i["reset"]), sigma(i["update"])
    n = torch.tanh(i["candidate"] + r * i["recall"])
    return {"rate": (1 - z) * n + z * s["rate"]}


def lstm(cell, i: Values, s: Values) -> Values:
    """The equations in the documentation of torch.nn.LSTM."""
    c = sigma(i["forget"]) * s["memory"] + sigma(i["input"]) * torch.tanh(i["candidate"])
    return {"rate": sigma(i["output"]) * torch.tanh(c), "memory": c}


def hard_lstm(cell, i: Values, s: Values) -> Values:
    """Lotter et al. (2017), with Keras' hard sigmoid."""

    def gate(x: Tensor) -> Tensor:
        return (x / 5 + 0.5).clamp(0, 1)

    c = gate(i["forget"]) * s["memory"] + gate(i["input"]) * torch.tanh(i["candidate"])
    return {"rate": gate(i["output"]) * torch.tanh(c), "memory": c}


def sublstm(cell, i: Values, s: Values) -> Values:
    """Costa et al. (2017), eqs. 5-7."""
    c = sigma(i["forget"]) * s["memory"] + sigma(i["candidate"]) - sigma(i["input"])
    return {"rate": sigma(c) - sigma(i["output"]), "memory": c}


def layer_norm_sublstm(cell, i: Values, s: Values) -> Values:
    """Ba et al. (2016), eq. 4, then Costa et al. (2017), eqs. 5-7."""
    gates = {}
    for name in ("input", "forget", "candidate", "output"):
        normal = (i[name] - i["mean"]) * i["scale"]
        gates[name] = i[f"{name}_gain"] * normal + i[f"{name}_shift"]
    return sublstm(cell, gates, s)


def statistics(cell, i: Values, given: bool) -> Values:
    """Constants that are made of the currents of all units: Ba et al. (2016), eq. 3."""
    if type(cell).__name__ != "LayerNormSubLSTM":
        return {}
    gates = [i[name].flatten(1) for name in ("input", "forget", "candidate", "output")]
    felt, like = torch.cat(gates, dim=1), i["input"]
    felt = felt.detach() if given else felt
    mean = felt.sum(1, keepdim=True) / felt.shape[1]
    scale = 1 / torch.sqrt(((felt - mean) ** 2).sum(1, keepdim=True) / felt.shape[1] + 1e-5)
    wide = (-1, *[1] * (like.dim() - 1))
    return {"mean": mean.view(wide).expand_as(like), "scale": scale.view(wide).expand_as(like)}


def fix_sublstm(cell, i: Values, s: Values) -> Values:
    """The same, with a gate that is given and no current of synapses."""
    f = sigma(i["forget"])
    c = f * s["memory"] + sigma(i["candidate"]) - sigma(i["input"])
    return {"rate": sigma(c) - sigma(i["output"]), "memory": c}


def gated_pyramidal(cell, i: Values, s: Values) -> Values:
    """The same, where what gates take away comes by synapses, and no rate is below 0."""
    c = sigma(i["forget"]) * s["memory"] + sigma(i["candidate"]) + i["input"]
    h = sigma(c) + i["output"]
    return {"rate": torch.where(h > 0, h, torch.zeros_like(h)), "memory": c}


def pyramidal(cell, i: Values, s: Values) -> Values:
    """Two leaky potentials; each event is one spike, or a burst of 1 + gain."""

    def leak(tau: float, before: Tensor, target: Tensor) -> Tensor:
        return target + (math.exp(-1 / tau) * (before - target) if tau else 0.0)

    soma = leak(cell.tau_soma, s["somatic"], i["basal"])
    dendrite = leak(cell.tau_apical, s["apical"], i["apical"])
    bursting = sigma((dendrite - cell.threshold) / cell.slope)
    plateau = leak(cell.tau_plateau, s["plateau"], bursting)
    events = cell.activation(soma)
    spikes = events * (1 - plateau) + events * plateau * (1 + cell.gain)
    return {"rate": spikes, "somatic": soma, "apical": dendrite, "plateau": plateau}


def dendritic(cell, i: Values, s: Values) -> Values:
    """Sacramento et al. (2018): each conductance pulls the soma towards its own potential."""
    u, outer = s["somatic"], i["teaching" if cell.taught else "apical"]
    pull = cell.basal * (i["basal"] - u) + cell.apical * (outer - u) - cell.leak * u
    return {"rate": cell.activation(u + pull), "somatic": u + pull}


def branches(cell, i: Values, s: Values) -> Values:
    """Each branch by itself: its sum, and of what is amplified g shares more."""
    keep, after, sent = math.exp(-1 / cell.tau) if cell.tau else 0.0, {}, []
    for name in (n for n in i if n.startswith("branch")):  # and no gain
        current = i[name]
        v = current + keep * (s[name] - current) if cell.tau else current
        after[name] = v
        sent.append(v + cell.gain * v * sigma((v - cell.threshold) / cell.width))
    rate = cell.activation(torch.stack(sent).sum(0))
    return {"rate": rate} | (after if cell.tau else {})


def conductance_based(cell, i: Values, s: Values) -> Values:
    """A linear equation for one step, channels as open as they were."""
    v = s["potential"]
    g = {"leak": i["leak"].exp()}
    for name in ("potassium", "calcium"):
        channel = getattr(cell, name)
        g[name] = i[name].exp() * sigma((v - channel.half) / channel.slope)
    whole, pull = sum(g.values()), i["current"] - sum(g.values()) * v
    pull = pull + g["potassium"] * cell.potassium.reversal + g["calcium"] * cell.calcium.reversal
    v = v + pull * (1 - torch.exp(-whole / cell.capacitance)) / whole
    return {"rate": cell.activation(v), "potential": v}


def short_term(cell, i: Values, s: Values) -> Values:
    """Tsodyks & Markram (1997) as rates; u and x themselves, in place of what moved them."""
    u, x = cell.use + s["facilitation"], 1 - s["depletion"]
    if cell.tau_facilitation:
        u = u + (cell.use - u) / cell.tau_facilitation + cell.use * (1 - u) * s["rate"]
    if cell.tau_depression:
        x = x + (1 - x) / cell.tau_depression - s["transmitted"]
    u = u.clamp(cell.use, 1) if cell.tau_facilitation else torch.full_like(u, cell.use)
    x = x.clamp(0, 1) if cell.tau_depression else torch.ones_like(x)
    r = leaky(cell, i, s)["rate"]
    moved = {"facilitation": u - cell.use, "depletion": 1 - x}
    return {"rate": r, "transmitted": u * x * r} | moved


def temporal_inference(cell, i: Values, s: Values) -> Values:
    """Millidge et al. (2024), the linear model; the frame is over after so many steps."""
    z = (1 - cell.alpha) * s["rate"] + cell.alpha * (i["prior"] + cell.precision * i["evidence"])
    over = s["phase"] + 1 > cell.steps - 0.5
    phase = torch.where(over, torch.zeros_like(z), s["phase"] + 1)
    return {"rate": z, "held": torch.where(over, z, s["held"]), "phase": phase}


class Heaviside(torch.autograd.Function):
    """H with the pseudo-derivative of Bellec et al. (2020) in its place."""

    @staticmethod
    def forward(ctx, excess: Tensor, damp: float) -> Tensor:  # type: ignore[override]
        ctx.save_for_backward(damp * (1 - excess.abs()).clamp(min=0))
        return torch.where(excess > 0, 1.0, 0.0).to(excess.dtype)

    @staticmethod
    def backward(ctx, bar: Tensor):  # type: ignore[override]
        return bar * ctx.saved_tensors[0], None


def lif(cell, i: Values, s: Values) -> Values:
    """Bellec et al. (2020), Methods; of an adaptive unit, A = thr + beta b."""
    m, fixed = cell.membrane, s["spike"].detach()
    reset = m.reset_credit * s["spike"] + (1 - m.reset_credit) * fixed
    v = m.decay * s["potential"] + i["current"] - m.threshold * reset
    after, threshold = {"potential": v}, torch.full_like(v, m.threshold)
    if "adaptation" in s:
        after["adaptation"] = cell.rho * s["adaptation"] + s["spike"]
        threshold = m.threshold + i["strength"].detach() * after["adaptation"]
    fired = Heaviside.apply((v - threshold) / m.threshold, m.damp)
    z = torch.where(s["refractory"] > 0, torch.zeros_like(v), fired)  # type: ignore[arg-type]
    silent = torch.where(z > 0, float(m.refractory), 0.0)
    after["refractory"] = silent + (s["refractory"].detach() - 1).clamp(min=0)
    rate = m.smoothing * s["rate"] + (1 - m.smoothing) * z
    return {"rate": rate, "spike": z} | after


EQUATIONS: dict[str, Callable] = {
    "ALIF": lif,
    "Branches": branches,
    "ConductanceBased": conductance_based,
    "Dendritic": dendritic,
    "FixSubLSTM": fix_sublstm,
    "GRU": gru,
    "GatedPyramidal": gated_pyramidal,
    "HardLSTM": hard_lstm,
    "LIF": lif,
    "LSTM": lstm,
    "LayerNormSubLSTM": layer_norm_sublstm,
    "Leaky": leaky,
    "Pyramidal": pyramidal,
    "ShortTermPlasticity": short_term,
    "SubLSTM": sublstm,
    "TemporalInference": temporal_inference,
}


def equation(cell, i: Values, s: Values) -> Values:
    """One step of a cell; a cell not written here is taken at its word."""
    if type(cell).__name__ in EQUATIONS:
        found = EQUATIONS[type(cell).__name__](cell, i, s)
        return found | {n: sigma(i[n]) for n in cell.state._fields if n not in found}
    return cell.step(list(i.values()), cell.state(**s))._asdict()


def ends(cell, source: str) -> tuple[str, ...]:
    """The currents onto which a source has synapses; none where it has onto all."""
    if type(cell).__name__ == "Dendritic":
        return cell.currents[:1] if source in {"drive", "error", "recurrent"} else cell.currents[1:]
    if type(cell).__name__ == "TemporalInference":
        return cell.currents[1:] if source in {"drive", "error"} else cell.currents[:1]
    if type(cell).__name__ == "Pyramidal":
        named = set() if cell.apical is None else set(cell.apical)
        message = cell.apical is None and source not in {"drive", "error", "recurrent"}
        return ("apical",) if message or source in named else ("basal",)
    return cell.recurrent if source == "recurrent" else cell.afferent
