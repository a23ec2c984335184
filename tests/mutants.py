"""Defects on purpose: each goes into a copy of the tree, and the tests named beside it must notice.

    make mutants                       all of them
    make mutants ARGS=e_prop           those whose file or tests contain the word

A mutant is noticed when its tests pass on the unchanged code and fail on the changed. One whose old
text is not found exactly once, or that keeps the tests from starting at all, is an error too.
"""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
AT_ONCE = 2  # mutants judged side by side
LIMIT = 300  # s; a mutant that hangs is noticed
PASSED, FAILED = 0, 1  # pytest's exit codes
LEFT_BEHIND = shutil.ignore_patterns(
    ".git", ".venv", "runs", "build", "dist", "__pycache__", ".*_cache", "*.egg-info"
)


class Mutant(NamedTuple):
    """A one-line defect, and the tests that should notice it (as arguments of pytest)."""

    file: str
    old: str
    new: str
    tests: str


MUTANTS = [
    Mutant(
        file="brainmodel/physiology/gabor_fit.py",
        old="phase = -phase if turns % 2 else phase",
        new="phase = phase",
        tests="tests/physiology/test_gabor_fit.py -k half_a_turn",
    ),
    Mutant(
        file="brainmodel/probing/analyses/drift.py",
        old="sides = [values - values.mean(2, keepdims=True) for values in sides]",
        new="sides = list(sides)",
        tests="tests/probing/test_drift.py -k planted",
    ),
    Mutant(
        file="brainmodel/data/sequences/grating_sequences.py",
        old="shown_as = {x: swap.get(x, x) if self.assignment else x for x in letters}",
        new="shown_as = {x: x for x in letters}",
        tests="tests/data/test_sequences.py -k due",
    ),
    Mutant(
        file="brainmodel/physiology/phenomena/violated_sequences.py",
        old="course if sized else course - course[trials.onset - 1]",
        new="course",
        tests="tests/physiology/test_violated_sequences.py -k planted",
    ),
    Mutant(
        file="brainmodel/physiology/battery.py",
        old="return over_halves([np.concatenate(own) for own in of_half])",
        new="return estimate(brains)",
        tests="tests/physiology/test_battery.py -k cancels",
    ),
    Mutant(
        file="brainmodel/training/parts/process_mesh.py",
        old="torch.distributed.all_reduce(joined, group=self._group)",
        new="pass",
        tests="tests/training/test_area_parallel.py -k several",
    ),
    Mutant(
        file="brainmodel/training/parts/area_parallel.py",
        old='self.state = checkpoint["state"]',
        new="pass",
        tests="tests/training/test_area_parallel.py -k several",
    ),
    Mutant(
        file="brainmodel/training/parts/lines.py",
        old="max(1, int(around) // (len(parts) + 1))",
        new="max(1, int(around))",
        tests="tests/training/test_area_parallel.py -k message",
    ),
    Mutant(
        file="brainmodel/roll_out/sweep.py",
        old="if n in stage and what in COMPARED",
        new="if n in stage and what not in COMPARED",
        tests="tests/training/test_area_parallel.py -k several",
    ),
    Mutant(
        file="brainmodel/training/dead_outputs.py",
        old="silent = driven & (self.prediction <= least)",
        new="silent = self.prediction <= least",
        tests="tests/training/test_dead_outputs.py -k foretold_to_be_nothing",
    ),
    Mutant(
        file="brainmodel/training/dead_outputs.py",
        old="Loudest.of(activity).widen(self._areas.get(name))",
        new="Loudest.of(activity)",
        tests="tests/training/test_dead_outputs.py -k one_window",
    ),
    Mutant(
        file="brainmodel/wiring/environments.py",
        old="state = tree_map(lambda new, old: _where(reset, new, old), begun, state)",
        new="pass",
        tests="tests/brain/test_environments.py -k 'reset_begins or roll_out'",
    ),
    Mutant(
        file="brainmodel/scopes/environment_crossing.py",
        old="bar = arrived(brain, way, bar, record.keep)[delay:]",
        new="bar = bar[delay:]",
        tests="tests/brain/test_environments.py -k one_step_back",
    ),
    Mutant(
        file="objectives/actor_critic.py",
        old="likely = (bids + own - own.detach()).log_softmax(2)",
        new="likely = own.log_softmax(2)",
        tests="tests/environments/test_bandit.py -k expected_gradient",
    ),
    Mutant(
        file="objectives/actor_critic.py",
        old="delta = reward[1:] + goes_on[1:] * value[1:] - value[:-1]",
        new="delta = reward[1:] + discount * value[1:] - value[:-1]",
        tests="tests/environments/test_bandit.py tests/objectives/test_actor_critic.py",
    ),
    Mutant(
        file="brainmodel/environments/muscled_arm.py",
        old="pulled = torch.stack([-w[:, 1] * (2 * w[:, 0] + w[:, 1]), w[:, 0] ** 2], dim=1)",
        new="pulled = torch.stack([-w[:, 1] * (w[:, 0] + w[:, 1]), w[:, 0] ** 2], dim=1)",
        tests="tests/environments/test_muscled_arm.py -k energy",
    ),
    Mutant(
        file="brainmodel/roll_out/sweep.py",
        old="waited_for = {way.source for way in ways if way.carries in COMPARED}",
        new="waited_for = set()",
        tests="tests/brain/test_sweep.py",
    ),
    Mutant(
        file="brainmodel/probing/activity/conditions.py",
        old="int(begin + found[0])",
        new="int(begin + found[-1])",
        tests="tests/probing/test_conditions.py -k loop_over_trials",
    ),
    Mutant(
        file="brainmodel/probing/activity/following.py",
        old="start += len(reset)",
        new="start = len(reset)",
        tests="tests/probing/test_conditions.py -k loop_over_trials",
    ),
    Mutant(
        file="brainmodel/probing/activity/nwb_session.py",
        old="values.swapaxes(0, 1).reshape",
        new="values.reshape",
        tests="tests/probing/test_nwb_session.py -k pynwb",
    ),
    Mutant(
        "areas/loops/gain.py",
        "sent[name] = sent[name] + told[CLAMP]",
        "sent[name] = sent[name] - told[CLAMP]",
        "tests/perturbation/test_activity.py -k later",
    ),
    Mutant(
        "brainmodel/wiring/perturbed_inputs.py",
        "index_put((steps[:, None], order), heard, accumulate=True)",
        "add(heard)",
        "tests/perturbation/test_activity.py -k whom",
    ),
    Mutant(
        "brainmodel/perturbation/effects.py",
        "self.found[of_clamp] = before * gain + (",
        "self.found[of_clamp] = before + (",
        "tests/perturbation/test_activity.py -k later",
    ),
    Mutant(
        "brainmodel/perturbation/perturbed.py",
        "                parameter.copy_(part)",
        "                del part",
        "tests/perturbation/test_plasticity.py -k bit",
    ),
    Mutant(
        "brainmodel/perturbation/perturbed.py",
        "use(dynamics)\n        self._before, self._held = {}, []",
        "units\n        self._before, self._held = {}, []",
        "tests/perturbation/test_activity.py -k nothing_stays",
    ),
    Mutant(
        "brainmodel/perturbation/perturbed.py",
        "memories=dict.fromkeys(state.memories), waiting=None",
        "waiting=state.waiting",
        "tests/perturbation/test_activity.py -k enter_and_leave",
    ),
    Mutant(
        "brainmodel/perturbation/after.py",
        "step = torch.where(step > age, NEVER, step)",
        "step = torch.where(age < 0, NEVER, step)",
        "tests/perturbation/test_periods.py",
    ),
    Mutant(
        "brainmodel/perturbation/opsin.py",
        "now = torch.where(begins, 0.0, now)",
        "now = torch.where(begins, now, now)",
        "tests/perturbation/test_periods.py",
    ),
    Mutant(
        "brainmodel/training/callbacks/perturb.py",
        "self._found.keep()",
        "self._found.weights()",
        "tests/training/test_perturbed_runs.py -k other_callbacks",
    ),
    Mutant(
        file="brainmodel/study/analysis.py",
        old="by_seed(scores, axis, one) - by_seed(scores, axis, other)",
        new="by_seed(scores, axis, one) - by_seed(scores, axis, other).mean()",
        tests="tests/study/test_analysis.py -k seed_by_seed",
    ),
    Mutant(
        file="brainmodel/study/worker.py",
        old="key=lambda point: sign * scores[point]",
        new="key=lambda point: scores[point]",
        tests="tests/study/test_queue.py -k tuned",
    ),
    Mutant(
        file="brainmodel/study/queue.py",
        old="while not over.wait(self.stale / 4):",
        new="while not over.wait(self.stale * 4):",
        tests="tests/study/test_queue.py -k claim",
    ),
    Mutant(
        file="brainmodel/pathways/presynaptic_inhibition.py",
        old="bar * message * (1 - opened)",
        new="bar * message * opened",
        tests="tests/brain/test_presynaptic_inhibition.py -k adjacent",
    ),
    Mutant(
        file="brainmodel/scopes/adjacent.py",
        old="back = 2 + longest[pathway.target]",
        new="back = longest[pathway.target]",
        tests="tests/brain/test_presynaptic_inhibition.py -k every_length",
    ),
    Mutant(
        file="areas/gates/gated_cell.py",
        old="felt[self.currents.index(n)]",
        new="felt[0]",
        tests="tests/areas/test_gates.py -k recorded",
    ),
    Mutant(
        file="areas/projections/hypernetwork.py",
        old="self.out *= weight.std() / self(None).std()",
        new="self.out *= weight.std()",
        tests="tests/areas/test_hypernetwork.py -k begins",
    ),
    Mutant(
        file="brainmodel/training/module.py",
        old="step >= self.falls_at * steps",
        new="step > self.falls_at * steps",
        tests="tests/training/test_falls_at.py",
    ),
    Mutant(
        file="brainmodel/data/eye_movements.py",
        old="grid[..., 0] = (2 * samples * (path[:, :1] + x)",
        new="grid[..., 0] = (2 * samples * (path[:, 1:2] + x)",
        tests="tests/data/test_picture_sequences.py -k grid",
    ),
    Mutant(
        file="areas/loops/gain.py",
        old='dict.fromkeys(("rate", self.emitted))',
        new='dict.fromkeys(("rate",))',
        tests="tests/brain/test_outside.py -k 'random_brains or know_the_gains'",
    ),
    Mutant(
        file="brainmodel/scopes/crossing.py",
        old="part = part * gains[name] if name in gains else part",
        new="pass",
        tests="tests/brain/test_outside.py -k crosses",
    ),
    Mutant(
        file="brainmodel/scopes/waiting.py",
        old="given = earlier.get(key), passage.inputs.get(key)",
        new="given = None, passage.inputs.get(key)",
        tests="tests/brain/test_outside.py -k 'wait or come_and_go'",
    ),
    Mutant(
        file="brainmodel/wiring/outside.py",
        old="[:, :, units.members] *= gain",
        new="[:, :, units.members] = gain",
        tests="tests/brain/test_outside.py -k one_population",
    ),
    Mutant(
        file="brainmodel/roll_out/roll_out.py",
        old="self.start.noise.later(len(self.reset))",
        new="self.start.noise",
        tests="tests/brain/test_outside.py -k windows_or_on_the_batch",
    ),
    Mutant(
        file="brainmodel/wiring/outside.py",
        old="at = k * units.shape[0] + units.members[reached]",
        new="at = units.members[reached]",
        tests="tests/brain/test_outside.py -k 'ends_where'",
    ),
    Mutant(
        file="brainmodel/learning/credit/jacobian.py",
        old="range(len(cell.currents) - len(cell.constants))",
        new="range(len(cell.currents))",
        tests="tests/brain/test_outside.py -k 'a_gain_of_one'",
    ),
    Mutant(
        file="areas/synapses.py",
        old="weight.abs() * self.sign)",
        new="weight)",
        tests="tests/brain/test_making.py -k 'last_bit and SGD'",
    ),
    Mutant(
        file="brainmodel/roll_out/roll_out.py",
        old="weights = [made.get(own[0], parameter) for parameter, own in names.items()]",
        new="weights = list(names)",
        tests="tests/brain/test_making.py -k autograd",
    ),
    Mutant(
        file="areas/dendritic.py",
        old="(0.0 if self.taught else self.apical)",
        new="self.apical",
        tests="tests/learning/test_dendritic_errors.py -k published",
    ),
    Mutant(
        file="brainmodel/learning/dendritic_errors.py",
        old="told[:, :, at] = -apical[:, :, at]",
        new="told[:, :, at] = apical[:, :, at]",
        tests="tests/learning/test_dendritic_errors.py -k published",
    ),
    Mutant(
        file="areas/temporal_inference.py",
        old="last = step > self.steps - 0.5",
        new="last = step > self.steps - 1.5",
        tests="tests/learning/test_temporal_predictive_coding.py -k published",
    ),
    Mutant(
        file="brainmodel/data/held.py",
        old="last = (phase == self.hold - 1)",
        new="last = (phase == 0)",
        tests="tests/data/test_held.py -k shown",
    ),
    Mutant(
        file="brainmodel/learning/timing/spike_timing.py",
        old="modulated(part, signal.level) / size for part in (grow, sent - spikes)",
        new="modulated(part, signal.level) / size for part in (grow, sent)",
        tests="tests/learning/test_spike_timing.py -k bi_and_poo",
    ),
    Mutant(
        file="brainmodel/learning/timing/behavioural_timescale.py",
        old="(now - low) / (high - low)",
        new="now",
        tests="tests/learning/test_behavioural_timescale.py -k published",
    ),
    Mutant(
        file="areas/synapses.py",
        old="self.weight.masked_fill_(self.weight * self.sign < 0, 0.0)",
        new="self.weight.abs_().mul_(self.sign)",
        tests="tests/areas/test_projection.py -k 'dales_law or sums_over_blocks'",
    ),
    Mutant(
        file="brainmodel/wiring/wiring.py",
        old="                part.project()",
        new="                pass",
        tests="tests/areas/test_projection.py -k 'last_bit and SGD'",
    ),
    Mutant(
        file="areas/projections/projection.py",
        old="torch.full_like(free, block.connectivity.autapses)",
        new="torch.full_like(free, True)",
        tests="tests/areas/test_connectivity.py -k 'onto_itself or one_to_one'",
    ),
    Mutant(
        file="areas/projections/projection.py",
        old="            strength[mask] = block.strength",
        new="            strength[mask] = block.strength**0.5",
        tests="tests/areas/test_projection.py -k log_normal",
    ),
    Mutant(
        file="areas/populations.py",
        old="mine = currents[-1] > kind - 0.5",
        new="mine = currents[-1] > kind + 0.5",
        tests="tests/areas/test_populations.py -k 'each_unit and lstm-gru'",
    ),
    Mutant(
        file="brainmodel/wiring/plastic.py",
        old="rule.plastic(whole) and whole not in frozen",
        new="rule.plastic(whole)",
        tests="tests/areas/test_projection.py -k 'one_bit and recurrent'",
    ),
    Mutant(
        file="brainmodel/roll_out/course.py",
        old="        return self.fields[name][1:]",
        new="        return self.fields[name][:-1]",
        tests="tests/brain/test_field_signals.py -k 'definition and Local'",
    ),
    Mutant(
        file="brainmodel/probing/activity/read_out.py",
        old="self._pool((activity - mean) ** 2, shape)",
        new="self._pool(activity**2, shape)",
        tests="tests/probing/test_read_out.py -k each_patch",
    ),
    Mutant(
        file="brainmodel/probing/recordings/readers/conditions.py",
        old="len(others) < 2 or np.array_equal(others, [0, 1])",
        new="len(others) < 2",
        tests="tests/probing/test_order_of_stimuli.py -k minus_one",
    ),
    Mutant(
        file="brainmodel/probing/metrics/pls_encoding.py",
        old='pls.algorithm = "svd"',
        new="pls.max_iter = 5000",
        tests="tests/probing/test_encoding.py -k order_of_neurons",
    ),
    Mutant(
        file="brainmodel/probing/metrics/rsa.py",
        old="min(more**2 / signal, most) if signal > 0 else",
        new="more**2 / signal if signal else",
        tests="tests/probing/test_ceilings.py -k on_average",
    ),
    Mutant(
        file="brainmodel/probing/recordings/resampling.py",
        old="lasts >= 200 * shown or shortest",
        new="shortest",
        tests="tests/probing/test_milliseconds.py -k different_units",
    ),
    Mutant(
        file="brainmodel/learning/rtrl.py",
        old='if "error" in area.afferents and area.predictor is not None:',
        new="if area.predictor is None:",
        tests="tests/learning/test_memory_size.py",
    ),
    Mutant(
        file="brainmodel/data/loaders.py",
        old="worker._popen.terminate = worker._popen.kill",
        new="worker._popen.terminate = worker._popen.terminate",
        tests="tests/data/test_videos.py -k left_in_a_circle",
    ),
    Mutant(
        file="brainmodel/training/same_brain.py",
        old='if place.rpartition(".")[2] not in UNSEEN',
        new="if True",
        tests="tests/training/test_same_brain.py -k other_data",
    ),
    Mutant(
        file="brainmodel/probing/metrics/comparisons/driven_trajectories.py",
        old="np.column_stack([x[:-1], u[1:], np",
        new="np.column_stack([x[:-1], u[:-1], np",
        tests="tests/probing/test_input_dsa.py -k 'noiseless or other_inputs'",
    ),
    Mutant(
        file="brainmodel/probing/metrics/comparisons/orthogonal_alignment.py",
        old="np.concatenate([starts, -starts, reached]",
        new="np.concatenate([starts, reached]",
        tests="tests/probing/test_input_dsa.py -k everything",
    ),
    Mutant(
        file="brainmodel/probing/scores/prepared_target.py",
        old="self.inputs[:, steps]",
        new="self.inputs[:, : len(steps)] * 0 + self.inputs[:, -len(steps) :]",
        tests="tests/probing/test_input_dsa.py -k at_a_lag",
    ),
    Mutant(
        file="brainmodel/probing/metrics/reverse_predictivity.py",
        old="permuted(np.argsort(orders, axis=1))",
        new="permuted(orders)",
        tests="tests/probing/test_reverse_predictivity.py -k orders",
    ),
    Mutant(
        file="objectives/hidden_layer.py",
        old="nn.Sequential(first, nn.ReLU(), second)",
        new="nn.Sequential(first, second)",
        tests="tests/objectives/test_future.py -k hidden_layer_foresees",
    ),
    Mutant(
        file="brainmodel/data/oddball.py",
        old="        found[k] &= not found[k - 1]\n",
        new="        pass\n",
        tests="tests/data/test_gratings.py -k deviants_are",
    ),
    Mutant(
        file="brainmodel/learning/rflo.py",
        old="            _return_by(area, feedback)\n",
        new="            pass\n",
        tests="tests/learning/test_rflo.py -k published",
    ),
    Mutant(
        file="brainmodel/command_line/train_command.py",
        old="            require_same_brain(self.begun, self.model.hparams)\n",
        new="",
        tests="tests/training/test_same_brain.py -k computes_something_else",
    ),
    Mutant(
        file="brainmodel/training/callbacks/resuming.py",
        old="group |= {k: v for k, v in of_config.items() if k not in OF_A_RUN}",
        new="pass",
        tests="tests/training/test_same_brain.py -k options_of_the_optimizer",
    ),
    Mutant(
        file="brainmodel/roll_out/roll_out.py",
        old="return sum(found[1:], found[0]) if found",
        new="return found[0] if found",
        tests="tests/brain/test_window.py -k weights_of_two",
    ),
    Mutant(
        file="brainmodel/roll_out/roll_out.py",
        old="        _require_known(found, names)\n",
        new="",
        tests="tests/brain/test_window.py -k not_lost",
    ),
    Mutant(
        file="brainmodel/probing/recordings/picture_names.py",
        old="    return shown.keep(order)",
        new="    return shown",
        tests="tests/probing/test_picture_names.py",
    ),
    Mutant(
        file="brainmodel/probing/recordings/readers/conditions.py",
        old="keys = [(Decimal(word), as_written(word)) for word in words_of]",
        new="keys = values.tolist()",
        tests="tests/probing/test_order_of_stimuli.py -k only_look_like",
    ),
    Mutant(
        file="brainmodel/training/callbacks/step_ends.py",
        old='checkpoint["loops"]["fit_loop"] = self._loops',
        new="pass",
        tests="tests/training/test_resume.py -k 'ctrl_C or ctrl-C or time_was_over'",
    ),
    Mutant(
        file="brainmodel/training/module.py",
        old="        if step == 0:\n            return 1.0\n",
        new="",
        tests="tests/training/test_resume.py -k ends_like_one_that_was_not",
    ),
    Mutant(
        file="brainmodel/training/callbacks/resuming.py",
        old='checkpoint["callbacks"].pop(Timer.__qualname__, None)',
        new="pass",
        tests="tests/training/test_resume.py -k time_was_over",
    ),
    Mutant(
        file="brainmodel/training/module.py",
        old="self._trainer.precision_plugin.convert_module(self)",
        new="pass",
        tests="tests/training/test_resume.py -k double_precision",
    ),
    Mutant(
        file="brainmodel/training/callbacks/checkpoints.py",
        old="        if self.save_last:\n            self.save_step(trainer)",
        new="        return",
        tests="tests/training/test_resume.py -k last_step_is_saved",
    ),
    Mutant(
        file="brainmodel/training/held_out/errors.py",
        old="gather([float(value) for value in self])",
        new="[[float(value) for value in self]]",
        tests="tests/training/test_processes.py",
    ),
    Mutant(
        file="brainmodel/__init__.py",
        old='return version("brainmodel")',
        new='return "0.0.0"',
        tests="tests/test_house.py -k version",
    ),
    Mutant(
        file="areas/sublstm.py",
        old="+ torch.sigmoid(candidate) - torch.sigmoid(input)",
        new="+ torch.sigmoid(candidate) + torch.sigmoid(input)",
        tests="tests/areas/test_cells.py -k sublstm",
    ),
    Mutant(
        file="areas/fix_sublstm.py",
        old="(input, forget, candidate, output, state",
        new="(input, forget.detach(), candidate, output, state",
        tests="tests/areas/test_fix_sublstm.py -k autograd",
    ),
    Mutant(
        file="areas/gates/layer_norm_sublstm.py",
        old="return [gain * ((current - mean) * scale) + shift for",
        new="return [(current - mean) * scale + shift for",
        tests="tests/areas/test_gates.py -k recorded",
    ),
    Mutant(
        file="areas/gates/layer_norm_sublstm.py",
        old="felt = felt.detach() if given else felt",
        new="felt = felt.detach()",
        tests="tests/areas/test_layer_norm_sublstm.py -k gradient",
    ),
    Mutant(
        file="brainmodel/roll_out/course.py",
        old="self.currents[t] = self.area.cell.normalise(self.currents[t])",
        new="pass",
        tests="tests/areas/test_layer_norm_sublstm.py -k gradient",
    ),
    Mutant(
        file="areas/conductance_based.py",
        old="current = current + conductance * reversal",
        new="current = current - conductance * reversal",
        tests="tests/areas/test_conductance_based.py -k settles",
    ),
    Mutant(
        file="brainmodel/learning/stemmler_koch.py",
        old="(d - moved * current for",
        new="(d - current for",
        tests="tests/learning/test_stemmler_koch.py -k finite",
    ),
    Mutant(
        file="areas/short_term_plasticity.py",
        old="= 1.0 - use - facilitation, shares",
        new="= 1.0 - facilitation, shares",
        tests="tests/areas/test_short_term_plasticity.py -k steady",
    ),
    Mutant(
        file="areas/short_term_plasticity.py",
        old='emitted = "transmitted"',
        new='emitted = "rate"',
        tests="tests/areas/test_short_term_plasticity.py -k carry",
    ),
    Mutant(
        file="areas/pyramidal.py",
        old="return source not in BASAL if",
        new="return source == BASAL if",
        tests="tests/areas/test_pyramidal.py -k told",
    ),
    Mutant(
        file="areas/pyramidal.py",
        old="events * (1.0 + gain * plateau)",
        new="events + gain * plateau",
        tests="tests/areas/test_pyramidal.py -k multiplies",
    ),
    Mutant(
        file="areas/lstm.py",
        old="torch.sigmoid(output) * torch.tanh(memory), memory",
        new="torch.sigmoid(output) * memory, memory",
        tests="tests/areas/test_cells.py -k lstm",
    ),
    Mutant(
        file="areas/gru.py",
        old="(1.0 - u) * n + u * rate",
        new="u * n + (1.0 - u) * rate",
        tests="tests/areas/test_cells.py -k gru",
    ),
    Mutant(
        file="areas/gru.py",
        old='recurrent = ("reset", "update", "recall")',
        new='recurrent = ("candidate", "reset", "update")',
        tests="tests/areas/test_cells.py -k module",
    ),
    Mutant(
        file="areas/leaky.py",
        old="(1.0 - alpha) * rate",
        new="alpha * rate",
        tests="tests/areas/test_cells.py -k leaky",
    ),
    Mutant(
        file="areas/lstm.py",
        old='carried = ("memory",)',
        new='carried = ("rate", "memory")',
        tests="tests/contracts/test_cells.py -k carried",
    ),
    Mutant(
        file="areas/area.py",
        old="self.comparison(drive, prediction.detach())",
        new="self.comparison(drive, prediction)",
        tests="tests/scopes/test_scopes.py -k as_far_as",
    ),
    Mutant(
        file="areas/loops/fuse.py",
        old='"sub": "({0} - {1})"',
        new='"sub": "({1} - {0})"',
        tests="tests/areas/test_fuse.py -k chain",
    ),
    Mutant(
        file="areas/loops/fuse.py",
        old='"({0} < 0 ? 0 : {0})"',
        new='"({0} > 0 ? {0} : 0)"',
        tests="tests/areas/test_fuse.py -k not_a_number",
    ),
    Mutant(
        file="areas/loops/graph.py",
        old='or "alpha" in node.kwargs',
        new="or False",
        tests="tests/areas/test_fuse.py -k no_c_expression",
    ),
    Mutant(
        file="areas/loops/compiled.py",
        old="if not switched_off():",
        new="if True:",
        tests="tests/training/test_loops_in_use.py -k switched",
    ),
    Mutant(
        file="areas/loops/dynamics.py",
        old="if not isinstance(reason, Unsuited):",
        new="if False:",
        tests="tests/areas/test_compiled.py -k fails",
    ),
    Mutant(
        file="brainmodel/engines/kinds.py",
        old="    found |= held_by(brain)\n",
        new="",
        tests="tests/training/test_recorded_windows.py -k old_value",
    ),
    Mutant(
        file="brainmodel/engines/recording.py",
        old="        copy_all(self._completed, _tensors(self._found.completed))\n",
        new="",
        tests="tests/training/test_recorded_windows.py -k two_pathways",
    ),
    Mutant(
        file="brainmodel/training/recorded_windows.py",
        old="fill_(schedule.level(age))",
        new="fill_(1.0)",
        tests="tests/training/test_recorded_windows.py -k levels_that",
    ),
    Mutant(
        file="brainmodel/engines/compiled.py",
        old="areas=after.areas, delayed=after.delayed",
        new="areas=after.areas",
        tests="tests/brain/test_engines.py -k literal_ones",
    ),
    Mutant(
        file="brainmodel/engines/compiled.py",
        old="derivatives.patch(donated_buffer=False)",
        new="derivatives.patch(donated_buffer=True)",
        tests="tests/brain/test_engines.py -k twice",
    ),
    Mutant(
        file="areas/loops/prologue.c",
        old="y < BORDER ? near : far",
        new="far",
        tests="tests/areas/test_fuse.py -k accurate",
    ),
    Mutant(
        file="areas/loops/fused_steps.py",
        old="after=True",
        new="after=False",
        tests="tests/areas/test_fused_steps.py -k one_by_one",
    ),
    Mutant(
        file="areas/loops/triton_steps.py",
        old="after=True",
        new="after=False",
        tests="tests/areas/test_triton.py -k blocks_end",
    ),
    Mutant(
        file="areas/loops/triton_text.py",
        old='"sub": "({0} - {1})"',
        new='"sub": "({1} - {0})"',
        tests="tests/areas/test_triton.py -k blocks_end",
    ),
    Mutant(
        file="areas/loops/triton_functions.py",
        old="tl.where(squared < small, near,",
        new="tl.where(squared < 0, near,",
        tests="tests/areas/test_triton.py -k accurate",
    ),
    Mutant(
        file="areas/loops/triton_functions.py",
        old="k[:, None] * by_depth + j[None, :] * by_width",
        new="k[:, None] * by_width + j[None, :] * by_depth",
        tests="tests/areas/test_triton.py -k blocks_end",
    ),
    Mutant(
        file="areas/loops/loops.c",
        old="sum[r][1] += x[r * x_row + k] * right;",
        new="sum[r][1] += x[r * x_row + k] * left;",
        tests="tests/areas/test_fused_steps.py -k one_by_one",
    ),
    Mutant(
        file="areas/loops/loops.c",
        old="rest * sizeof(real));\n        tiles(",
        new="sizeof(real));\n        tiles(",
        tests="tests/areas/test_fused_steps.py -k one_by_one",
    ),
    Mutant(
        file="areas/loops/loops.c",
        old="steps_of(rows * k / threads,",
        new="steps_of(rows * k / threads + k,",
        tests="tests/areas/test_fused_steps.py -k one_by_one",
    ),
    Mutant(
        file="areas/synapses.py",
        old="return multiplied(torch.matmul, target.t(), source)",
        new="return multiplied(torch.matmul, target.t(), source.mean(0).expand_as(source))",
        tests="tests/areas/test_synapses.py -k autograd",
    ),
    Mutant(
        file="areas/predictor.py",
        old="leaf, prediction_bar)[0]",
        new="leaf, torch.ones_like(prediction_bar))[0]",
        tests="tests/areas/test_synapses.py -k slope",
    ),
    Mutant(
        file="brainmodel/roll_out/sweep.py",
        old="alive[lag:] *= self.keep[:-lag]",
        new="pass",
        tests="tests/brain/test_pathways.py -k reset_loses",
    ),
    Mutant(
        file="brainmodel/roll_out/sweep.py",
        old="self.steps - j + 1) :]",
        new="self.steps - j + 2) :]",
        tests="tests/brain/test_pathways.py -k reset_loses",
    ),
    Mutant(
        file="brainmodel/roll_out/sweep.py",
        old="series])[: self.steps]",
        new="series])[-self.steps :]",
        tests="tests/brain/test_pathways.py -k impulse",
    ),
    Mutant(
        file="brainmodel/roll_out/course.py",
        old="field[-1].clone()",
        new="field[-1]",
        tests="tests/learning/test_memory.py -k its_own",
    ),
    Mutant(
        file="brainmodel/wiring/order.py",
        old="if p.steps == 0 and p.source",
        new='if p.kind == "feedforward" and p.source',
        tests="tests/brain/test_refusals.py -k cycle",
    ),
    Mutant(
        file="brainmodel/wiring/order.py",
        old='"compare" if pathway.early else "move"',
        new='"move"',
        tests="tests/brain/test_acts.py -k no_act",
    ),
    Mutant(
        file="brainmodel/roll_out/sweep.py",
        old='early = source == "drive" or source in area.hints',
        new="early = True",
        tests="tests/brain/test_acts.py -k definition",
    ),
    Mutant(
        file="brainmodel/scopes/crossing.py",
        old="later = flat(bar[delay : delay + len(sent)])",
        new="later = flat(bar[: len(sent)])",
        tests="tests/scopes/test_taught_pathways.py -k definition",
    ),
    Mutant(
        file="brainmodel/scopes/adjacent.py",
        old="first[name] + bar if name in first else bar",
        new="bar",
        tests="tests/scopes/test_taught_pathways.py -k 'definition and 2'",
    ),
    Mutant(
        file="brainmodel/learning/credit/parameter_matrix.py",
        old="if name not in found}",
        new="if not name}",
        tests="tests/contracts/test_rules.py -k hints",
    ),
    Mutant(
        file="brainmodel/wiring/order.py",
        old="groups[k][0] in reach[lower[0]]",
        new="lower[0] in reach[groups[k][0]]",
        tests="tests/brain/test_order.py -k stages",
    ),
    Mutant(
        file="brainmodel/wiring/pathway_plans.py",
        old="hasattr(nn.ModuleDict(), name)",
        new="False",
        tests="tests/brain/test_refusals.py -k torch",
    ),
    Mutant(
        file="brainmodel/pathways/pathway.py",
        old='return 0 if self.kind == "feedforward" else 1',
        new="return 0",
        tests="tests/brain/test_pathways.py -k delays",
    ),
    Mutant(
        file="brainmodel/probing/activity/following.py",
        old="state, labels=told)",
        new="state)",
        tests="tests/probing/test_conditions.py -k label_tells",
    ),
    Mutant(
        file="brainmodel/environments/muscled_arm.py",
        old="-(y * turning).sum(-1)",
        new="(y * turning).sum(-1)",
        tests="tests/environments/test_muscled_arm.py -k jacobian",
    ),
    Mutant(
        file="brainmodel/environments/reaching.py",
        old="high - low + 1 for",
        new="high - low for",
        tests="tests/environments/test_reaching.py",
    ),
    Mutant(
        file="brainmodel/pathways/adapters.py",
        old="F.avg_pool2d(",
        new="F.max_pool2d(",
        tests="tests/brain/test_pathways.py -k adapters",
    ),
    Mutant(
        file="brainmodel/wiring/losses.py",
        old="(activity.valid * own[k](activity)).mean()",
        new="own[k](activity).mean()",
        tests="tests/scopes/test_scopes.py -k means",
    ),
    Mutant(
        file="brainmodel/wiring/routes.py",
        old="[area, *reversed(below[below.index(area) :])]",
        new="[*reversed(below), area]",
        tests="tests/brain/test_refusals.py -k errors",
    ),
    Mutant(
        file="brainmodel/roll_out/roll_out.py",
        old="if self.learns:",
        new="if True:",
        tests="tests/scopes/test_scopes.py -k remembered",
    ),
    Mutant(
        file="brainmodel/learning/learning_signal.py",
        old="rate_bar[:-1] += back[1:]",
        new="rate_bar += back",
        tests="tests/scopes/test_scopes.py -k local_is",
    ),
    Mutant(
        file="brainmodel/learning/learning_signal.py",
        old="modulated(fade(back, record.keep), signal.level)",
        new="modulated(back, signal.level)",
        tests="tests/scopes/test_scopes.py -k local_is",
    ),
    Mutant(
        file="brainmodel/scopes/scope.py",
        old="derivatives.prediction + by_error",
        new="derivatives.prediction - by_error",
        tests="tests/scopes/test_scopes.py -k local_is",
    ),
    Mutant(
        file="brainmodel/scopes/end_to_end.py",
        old="found[full] + gradient if full in found else gradient",
        new="gradient",
        tests="tests/learning/test_e_prop.py -k 'any_length and Global'",
    ),
    Mutant(
        file="brainmodel/learning/credit/reverse_scan.py",
        old="potential_bar.sub_(share)",
        new="pass",
        tests="tests/scopes/test_scopes.py -k local_is",
    ),
    Mutant(
        file="brainmodel/learning/credit/reverse_scan.py",
        old="rate_before.addcmul_(earlier, _wide(record.keep[t], earlier))",
        new="rate_before.add_(earlier)",
        tests="tests/scopes/test_scopes.py -k local_is",
    ),
    Mutant(
        file="brainmodel/learning/e_prop.py",
        old="return True",
        new="return False",
        tests="tests/scopes/test_scopes.py -k as_far_as",
    ),
    Mutant(
        file="brainmodel/learning/e_prop_literal.py",
        old="        if memory is None:\n            return {}\n",
        new="        return {}\n",
        tests="tests/learning/test_e_prop.py -k 'step_by_step and Global'",
    ),
    Mutant(
        file="brainmodel/learning/credit/carried_influences.py",
        old="torch.mul(left, by, out=parts) if n == 0",
        new="parts.copy_(left) if n == 0",
        tests="tests/learning/test_carried_influences.py -k move_by",
    ),
    Mutant(
        file="brainmodel/learning/credit/trace_gradients.py",
        old="rate_bar[first:stop]",
        new="rate_bar[: stop - first]",
        tests="tests/learning/test_e_prop.py -k in_parts",
    ),
    Mutant(
        file="brainmodel/pathways/adapters.py",
        old="out /= self.factor**2",
        new="out /= 4",
        tests="tests/brain/test_pathways.py -k adapters_write",
    ),
    Mutant(
        file="areas/synapses.py",
        old="found += torch.bmm",
        new="found = torch.bmm",
        tests="tests/areas/test_synapses.py -k few_samples",
    ),
    Mutant(
        file="brainmodel/learning/credit/eligibility_traces.py",
        old="records.insert(0, memory.last)",
        new="pass",
        tests="tests/learning/test_e_prop.py -k carried",
    ),
    Mutant(
        file="brainmodel/learning/credit/trace_gradients.py",
        old="bar.clone(memory_format=torch.contiguous_format)",
        new="bar.clone()",
        tests="tests/learning/test_e_prop.py -k lie_in_memory",
    ),
    Mutant(
        file="brainmodel/learning/gated_microcircuit.py",
        old="self.gain / message.numel()",
        new="self.gain / message.shape[0]",
        tests="tests/learning/test_gated_microcircuit.py -k equation",
    ),
    Mutant(
        file="brainmodel/learning/none.py",
        old="return belongs_to_predictor(key)",
        new="return True",
        tests="tests/learning/test_none.py -k frozen",
    ),
    Mutant(
        file="brainmodel/learning/learning_signal.py",
        old="back = modulated(fade(back, record.keep), signal.level)",
        new="back = fade(back, record.keep)",
        tests="tests/learning/test_modulation.py -k said_at_its_step",
    ),
    Mutant(
        file="brainmodel/learning/gated_microcircuit.py",
        old="modulated(self.apical_signal(record, whole), signal.level)",
        new="self.apical_signal(record, told)",
        tests="tests/learning/test_gated_microcircuit.py -k modulator",
    ),
    Mutant(
        file="brainmodel/learning/modulation/running_mean.py",
        old="means.append(memory.mean(unless=value))",
        new="means.append(value)",
        tests="tests/learning/test_modulation.py -k usual",
    ),
    Mutant(
        file="brainmodel/scopes/adjacent.py",
        old="steps = pathway.steps + max(1, pathway.steps)",
        new="steps = pathway.steps",
        tests="tests/scopes/test_adjacent.py -k windows_of_every",
    ),
    Mutant(
        file="brainmodel/scopes/crossing.py",
        old="flat(bar[delay:])",
        new="flat(bar[: len(bar) - delay])",
        tests="tests/scopes/test_adjacent.py -k definition",
    ),
    Mutant(
        file="brainmodel/scopes/crossing.py",
        old="by_felt = torch.zeros_like(by_felt) if brain.rule(name).cuts else by_felt",
        new="by_felt = by_felt + 0",
        tests="tests/scopes/test_adjacent.py -k definition",
    ),
    Mutant(
        file="brainmodel/scopes/pathway_feedback.py",
        old="found[forward] + feedback.decay",
        new="found[forward] + 0 * feedback.decay",
        tests="tests/scopes/test_adjacent.py -k learnt_feedback",
    ),
    Mutant(
        file="brainmodel/wiring/losses.py",
        old="return weight.at(brain.steps_taken) * loss",
        new="return weight.value * loss",
        tests="tests/brain/test_schedules.py -k weights",
    ),
    Mutant(
        file="brainmodel/scopes/end_to_end.py",
        old="found |= {n: plasticity * found[n] for",
        new="found |= {n: found[n] for",
        tests="tests/brain/test_schedules.py -k plasticity",
    ),
    Mutant(
        file="brainmodel/cli.py",
        old="    check_options(rest)\n",
        new="",
        tests="tests/training/test_moved_names.py -k in_an_option",
    ),
    Mutant(
        file="brainmodel/command_line/migrate_command.py",
        old="            shutil.copy2(path, kept)\n",
        new="",
        tests="tests/training/test_moved_names.py -k nothing_else",
    ),
    Mutant(
        file="brainmodel/old_names.py",
        old="if place in OPTIONS:",
        new="if False:",
        tests="tests/training/test_moved_names.py -k called_otherwise",
    ),
    Mutant(
        file="brainmodel/training/finite_watch.py",
        old="if value.is_floating_point() and not bool(value.isfinite().all()):",
        new="if False:",
        tests="tests/training/test_broken_checkpoints.py -k infinite",
    ),
    Mutant(
        file="brainmodel/training/module.py",
        old="        self.finite.require_finite(checkpoint)\n",
        new="",
        tests="tests/training/test_soundness.py -k between_logs",
    ),
    Mutant(
        file="brainmodel/learning/credit/factored_influence.py",
        old="(_norm(heavy) + FLOOR) / (_norm(light) + FLOOR)",
        new="(_norm(light) + FLOOR) / (_norm(heavy) + FLOOR)",
        tests="tests/learning/test_factored_influence.py -k balanced_by",
    ),
    Mutant(
        file="brainmodel/learning/credit/factored_influence.py",
        old="factors = Factors(first, second, factors.noise.later())",
        new="factors = Factors(first, second, factors.noise)",
        tests="tests/learning/test_factored_influence.py -k 'defined and UORO'",
    ),
    Mutant(
        file="brainmodel/learning/uoro.py",
        old="scale_streams(new, 1 / adds)",
        new="new",
        tests="tests/learning/test_factored_influence.py -k 'over_all_noise and UORO and leaky'",
    ),
    Mutant(
        file="brainmodel/learning/kf_rtrl.py",
        old="scale_streams(new, nu / adds)",
        new="scale_streams(new, 1 / adds)",
        tests="tests/learning/test_factored_influence.py -k 'over_all_noise and KFRTRL and leaky'",
    ),
    Mutant(
        file="brainmodel/learning/rkf_rtrl.py",
        old="influence @ nu[..., None]",
        new="influence.sum(2, keepdim=True)",
        tests="tests/learning/test_factored_influence.py -k 'over_all_noise and RKFRTRL and leaky'",
    ),
    Mutant(
        file="brainmodel/learning/credit/stream_noise.py",
        old="& ((1 << (64 - bits)) - 1)",
        new="",
        tests="tests/learning/test_stream_noise.py -k splitmix64",
    ),
    Mutant(
        file="brainmodel/learning/kernl.py",
        old="slope=self.kernel * gamma + omega",
        new="slope=self.kernel * gamma + zeta",
        tests="tests/learning/test_kernl.py -k 'follow_the_regression and leaky'",
    ),
    Mutant(
        file="brainmodel/learning/kernl.py",
        old="(decays[0] * left[0]).unflatten",
        new="left[0].unflatten",
        tests="tests/learning/test_kernl.py -k 'traces and leaky'",
    ),
    Mutant(
        file="brainmodel/learning/credit/synthetic_gradients.py",
        old="[states, drives] if self.drive else [states]",
        new="[states, drives] if self.drive else [states + drives.mean()]",
        tests="tests/learning/test_dni.py -k leaks",
    ),
    Mutant(
        file="brainmodel/learning/credit/synthetic_gradients.py",
        old="own + more[1]",
        new="own",
        tests="tests/learning/test_dni.py -k length",
    ),
    Mutant(
        file="brainmodel/learning/dni_learnt.py",
        old="before if keep is None else before * keep[0][:, None]",
        new="before",
        tests="tests/learning/test_dni.py -k 'defined and DNILearnt'",
    ),
    Mutant(
        file="brainmodel/probing/metrics/comparisons/orthogonal_alignment.py",
        old="gradient = (a @ right + a.swapaxes(-1, -2) @ left)",
        new="gradient = (a @ right + a @ left)",
        tests="tests/probing/test_dsa.py",
    ),
    Mutant(
        file="brainmodel/probing/metrics/comparisons/trajectories.py",
        old="pairs = [(path[:-1], path[1:]) for path in np.split(states, cuts)]",
        new="pairs = [(states[:-1], states[1:]) for _ in range(len(cuts) + 1)]",
        tests="tests/probing/test_dsa.py",
    ),
    Mutant(
        file="brainmodel/probing/statistics/sequence_responses.py",
        old="elsewhere[:, place] = False",
        new="elsewhere[:, place - 1] = False",
        tests="tests/probing/test_expectation.py -k order",
    ),
    Mutant(
        file="brainmodel/probing/statistics/learning_stages.py",
        old="value = float(change.mean())",
        new="value = float(-change.mean())",
        tests="tests/probing/test_analyses.py -k straightening",
    ),
    Mutant(
        file="brainmodel/probing/activity/presentation.py",
        old="empty = np.clip(1 - weights.sum(1), 0, 1)",
        new="empty = np.zeros(len(weights))",
        tests="tests/probing/test_presentation.py -k step_sees",
    ),
    Mutant(
        file="brainmodel/probing/activity/model_activity.py",
        old="did.start - presentation.before",
        new="did.start",
        tests="tests/probing/test_model_activity.py",
    ),
    Mutant(
        file="brainmodel/probing/metrics/comparisons/pair_correlation.py",
        old="self._known[0] is not weights",
        new="len(self._known[0]) != len(weights)",
        tests="tests/probing/test_draws.py",
    ),
    Mutant(
        file="brainmodel/probing/scores/score.py",
        old="(self.model, self.stage, self.signal,",
        new="(self.model, self.signal,",
        tests="tests/training/test_probe.py -k tables",
    ),
    Mutant(
        file="brainmodel/probing/report/words.py",
        old="gain.low if sure else gain.gain",
        new="gain.gain",
        tests="tests/probing/test_findings.py -k verdict",
    ),
    Mutant(
        file="brainmodel/probing/report/report_folder.py",
        old="        shutil.rmtree(part, ignore_errors=True)",
        new="        pass",
        tests="tests/training/test_probe.py -k interrupted",
    ),
    Mutant(
        file="brainmodel/learning/rtrl.py",
        old="by_currents[..., area.reached(BIAS)].sum(0)}",
        new="by_currents[..., area.reached(BIAS)][-1]}",
        tests="tests/learning/test_rtrl.py -k 'one_long_window and leaky'",
    ),
    Mutant(
        file="brainmodel/learning/rtrl.py",
        old="        after |= _predictive(",
        new="        _predictive(",
        tests="tests/learning/test_rtrl.py -k 'one_long_window or predictor_is_credited'",
    ),
    Mutant(
        file="brainmodel/learning/credit/jacobian.py",
        old="gather(error_bar * linear.slope[t][:, None])",
        new="gather(-error_bar * linear.slope[t][:, None])",
        tests="tests/learning/test_jacobian.py",
    ),
    Mutant(
        file="brainmodel/learning/credit/jacobian.py",
        old="return error_slopes(area.comparison, record) * ",
        new="return -",
        tests="tests/contracts/test_comparisons.py -k 'factored or every_rule'",
    ),
    Mutant(
        file="areas/comparison.py",
        old="error_bar = fade(error_bar, record.keep) if comparison.lead_in else error_bar",
        new="pass",
        tests="tests/contracts/test_comparisons.py -k autograd",
    ),
    Mutant(
        file="areas/comparison.py",
        old="unflatten(-1, (self.errors, -1)).sum(-2)",
        new="unflatten(-1, (-1, self.errors)).sum(-1)",
        tests="tests/contracts/test_comparisons.py -k over_windows",
    ),
    Mutant(
        file="brainmodel/scopes/crossing.py",
        old="judged = errors_back(area.comparison, record, derivatives.error + by_felt).drive",
        new="judged = derivatives.error + by_felt",
        tests="tests/contracts/test_comparisons.py -k adjacent",
    ),
    Mutant(
        file="brainmodel/learning/credit/neighbourhood.py",
        old="weight.diagonal(dim1=1, dim2=2)",
        new="0 * weight.diagonal(dim1=1, dim2=2)",
        tests="tests/learning/test_snap.py -k 'own_unit or vanilla'",
    ),
    Mutant(
        file="brainmodel/learning/credit/sparse_neighbourhood.py",
        old="(within * self.real[:, :, None] * self.real[:, None, :])",
        new="within",
        tests="tests/learning/test_snap.py -k do_not_leak",
    ),
    Mutant(
        file="brainmodel/learning/snap.py",
        old="for _ in range(n - 1):",
        new="for _ in range(n):",
        tests="tests/learning/test_snap.py -k masked_influence",
    ),
    Mutant(
        file="brainmodel/learning/f_bptt.py",
        old="rate_bar = torch.cat([before[None], rate_bar])",
        new="rate_bar = torch.cat([0 * before[None], rate_bar])",
        tests="tests/learning/test_f_bptt.py -k each_loss",
    ),
    Mutant(
        file="brainmodel/learning/f_bptt.py",
        old="for d in range(min(self.depth, steps)):",
        new="for d in range(min(self.depth + 1, steps)):",
        tests="tests/learning/test_f_bptt.py -k each_loss",
    ),
    Mutant(
        file="brainmodel/learning/credit/parameter_matrix.py",
        old='{} if area.cell.emitted == "rate" else',
        new="{} if area.units else",
        tests="tests/learning/test_factored_influence.py -k reads_their_rate",
    ),
    Mutant(
        file="brainmodel/learning/burst_dependent.py",
        old="signal = cell.events(signal, record.before",
        new="cell.events(signal, record.before",
        tests="tests/learning/test_burst_dependent.py -k published",
    ),
    Mutant(
        file="brainmodel/learning/burst_dependent.py",
        old="usual_events.clamp_min(tiny) * events",
        new="usual_events.clamp_min(tiny)",
        tests="tests/learning/test_burst_dependent.py -k published",
    ),
    Mutant(
        file="brainmodel/learning/hebbian.py",
        old="(rate_bar * rate).flatten(2).mean(2)",
        new="rate_bar.flatten(2).mean(2)",
        tests="tests/learning/test_hebbian.py -k three_factors",
    ),
    Mutant(
        file="brainmodel/learning/credit/carried_influences.py",
        old="part.baddbmm_(written, signal[:, streams]",
        new="part.baddbmm_(written, signal[:, : len(part)]",
        tests="tests/learning/test_carried_influences.py -k move_by",
    ),
    Mutant(
        file="brainmodel/learning/credit/influence_loops.py",
        old="streams + stream) * units + r % units",
        new="streams + stream) * units + r",
        tests="tests/learning/test_carried_influences.py -k move_by",
    ),
    Mutant(
        file="brainmodel/learning/credit/influence_passes.py",
        old="if len({tensor.stride() for tensor in tensors}) == 1:",
        new="if True:",
        tests="tests/learning/test_carried_influences.py -k layout",
    ),
    Mutant(
        file="brainmodel/learning/credit/reused_memory.py",
        old="while self.spare > self.used:",
        new="while False:",
        tests="tests/learning/test_reused_memory.py -k in_use",
    ),
    Mutant(
        file="brainmodel/learning/credit/carried_influences.c",
        old="STREAM(at + LANES, sum[r][1]);",
        new="STREAM(at + LANES, sum[r][0]);",
        tests="tests/learning/test_carried_influences.py -k move_by",
    ),
    Mutant(
        file="brainmodel/learning/credit/carried_influences.c",
        old="(first + r) % w->units",
        new="r % w->units",
        tests="tests/learning/test_carried_influences.py -k move_by",
    ),
    Mutant(
        file="brainmodel/learning/credit/carried_influences.c",
        old="memcpy(to + r * w->steps, from + r, (w->rows - r) * sizeof(real));",
        new="",
        tests="tests/learning/test_carried_influences.py -k move_by",
    ),
    Mutant(
        file="brainmodel/learning/credit/carried_influences.c",
        old="if (k + i >= count) by[i] = 0;",
        new="",
        tests="tests/learning/test_carried_influences.py -k credit",
    ),
    Mutant(
        file="areas/spiking/membrane.py",
        old="slope = damp * torch.relu(1.0 - excess.abs())",
        new="slope = damp * torch.relu(1.0 - excess)",
        tests="tests/areas/test_spiking.py -k triangle",
    ),
    Mutant(
        file="areas/spiking/membrane.py",
        old="* (refractory <= 0).to(excess.dtype)",
        new="* (refractory <= 1).to(excess.dtype)",
        tests="tests/areas/test_spiking.py -k refractory",
    ),
    Mutant(
        file="areas/spiking/alif.py",
        old="rho * state.adaptation + state.spike",
        new="rho * state.adaptation + state.spike.detach()",
        tests="tests/learning/test_spiking_e_prop.py -k published",
    ),
    Mutant(
        file="brainmodel/roll_out/course.py",
        old="return self.before(self.area.cell.emitted, t)",
        new='return self.before("rate", t)',
        tests="tests/areas/test_spiking.py -k autograds",
    ),
    Mutant(
        file="brainmodel/learning/credit/reverse_scan.py",
        old="emitted = earlier if spikes is None else carried_bar[spikes]",
        new="emitted = earlier",
        tests="tests/areas/test_spiking.py -k autograds",
    ),
    Mutant(
        file="brainmodel/wiring/wiring.py",
        old="found |= {name: found[name] * mask for",
        new="found |= {name: found[name] for",
        tests="tests/areas/test_connectivity.py -k stay",
    ),
    Mutant(
        file="areas/feedback/sign_concordant.py",
        old="return self.size * forward.sign()",
        new="return self.size",
        tests="tests/areas/test_feedback.py -k signs",
    ),
    Mutant(
        file="areas/feedback/feedback.py",
        old="name: self.decay * own.detach()",
        new="name: 0 * own.detach()",
        tests="tests/areas/test_feedback.py -k learnt",
    ),
    Mutant(
        file="brainmodel/scopes/pathway_feedback.py",
        old="self.of(area, key).weights(synapses.weight)",
        new="synapses.weight",
        tests="tests/scopes/test_adjacent.py -k feedback",
    ),
    Mutant(
        file="objectives/parts/readout.py",
        old="decaying(self.feedback.weights(linear.weight.detach()), decay)",
        new="self.feedback.weights(linear.weight.detach())",
        tests="tests/objectives/test_readout.py -k learnt",
    ),
    Mutant(
        file="brainmodel/learning/mdgl.py",
        old="rate_bar[:-1] += taken_up[1:]",
        new="rate_bar += taken_up",
        tests="tests/learning/test_mdgl.py -k truncated",
    ),
    Mutant(
        file="brainmodel/learning/mdgl_partners.py",
        old="return self.means(recurrent.weight, exist) * exist",
        new="return self.means(recurrent.weight, exist)",
        tests="tests/learning/test_mdgl.py -k types",
    ),
    Mutant(
        file="brainmodel/learning/gated_microcircuit.py",
        old="[:, :, :last]",
        new="[:, :, :]",
        tests="tests/learning/test_gated_microcircuit.py -k state",
    ),
    Mutant(
        file="objectives/discrimination.py",
        old="self.critic(predicted.detach(), memory)",
        new="self.critic(predicted, memory)",
        tests="tests/objectives/test_games.py -k alone",
    ),
    Mutant(
        file="objectives/discrimination.py",
        old="self.critic.frozen(predicted, memory)",
        new="self.critic(predicted, memory)",
        tests="tests/objectives/test_games.py -k reversal",
    ),
    Mutant(
        file="objectives/discrimination.py",
        old="memory = earlier(judge.rate, self.steps)",
        new="memory = later(judge.rate, self.steps)",
        tests="tests/objectives/test_games.py -k at_the_scores",
    ),
    Mutant(
        file="objectives/variational.py",
        old="(ratio.exp() + shift - 1 - ratio)",
        new="(ratio.exp() + shift - 1 + ratio)",
        tests="tests/objectives/test_games.py -k divergence",
    ),
    Mutant(
        file="objectives/variational.py",
        old="expected = self.prior(earlier(upper.rate, 1))",
        new="expected = self.prior(later(upper.rate, 1))",
        tests="tests/objectives/test_games.py -k code_tells",
    ),
    Mutant(
        file="objectives/competition.py",
        old="torch.logsumexp(log_gate - sharpness * errors, dim=-1)",
        new="torch.logsumexp(log_gate + sharpness * errors, dim=-1)",
        tests="tests/objectives/test_games.py -k chosen_and_right",
    ),
    Mutant(
        file="objectives/decoupled_interface.py",
        old="known = unbroken(lower.valid, self.wait)",
        new="known = torch.ones_like(lower.valid[self.wait :])",
        tests="tests/objectives/test_guidance.py -k known",
    ),
    Mutant(
        file="objectives/decoupled_interface.py",
        old="return slope * prod(rate.shape[2:])",
        new="return slope",
        tests="tests/objectives/test_guidance.py -k known",
    ),
    Mutant(
        file="objectives/gated.py",
        old="values.detach() + gate * (values - values.detach())",
        new="values.detach() + gate * values - gate.detach() * values",
        tests="tests/objectives/test_guidance.py -k gate_changes",
    ),
    Mutant(
        file="objectives/reinforce.py",
        old="-(reward - baseline).detach() * chosen",
        new="-(reward - baseline) * chosen",
        tests="tests/objectives/test_tasks.py -k baseline_learns",
    ),
    Mutant(
        file="objectives/reinforce.py",
        old="self.baseline(activity.rate.detach())",
        new="self.baseline(activity.rate)",
        tests="tests/objectives/test_tasks.py -k baseline_learns",
    ),
    Mutant(
        file="objectives/balance.py",
        old="excitation - self.ratio * inhibition",
        new="self.ratio * excitation - inhibition",
        tests="tests/objectives/test_homeostasis.py -k balance",
    ),
    Mutant(
        file="brainmodel/synaptic_scaling.py",
        old="rate.repeat(currents)",
        new="rate.repeat_interleave(currents)",
        tests="tests/brain/test_synaptic_scaling.py -k gated_cells",
    ),
    Mutant(
        file="brainmodel/learning/credit/remembered_currents.py",
        old="max(places) + 1",
        new="max(places)",
        tests="tests/learning/test_remembered_currents.py",
    ),
    Mutant(
        file="brainmodel/learning/credit/trace_gradients.py",
        old="part.trace[:, first:], part.bars",
        new="part.trace[:, first:].flip(2), part.bars",
        tests="tests/learning/test_e_prop.py -k carried",
    ),
    Mutant(
        file="brainmodel/probing/scores/matrices.py",
        old="data.of(areas=area).mean_over_sessions()",
        new="data.of(areas=area)",
        tests="tests/probing/test_dissimilarity_probe.py -k planted",
    ),
    Mutant(
        file="brainmodel/probing/scores/model_scores.py",
        old="                    target.require_ceiling()",
        new="                    pass",
        tests="tests/training/test_probe.py -k before",
    ),
    Mutant(
        file="brainmodel/probing/recordings/experiment.py",
        old="stimuli.keep(stayed)",
        new="stimuli.keep(range(stayed.sum()))",
        tests="tests/probing/test_missing.py -k stimuli",
    ),
    Mutant(
        file="brainmodel/probing/recordings/missing.py",
        old="edges=recording.edges[first : last + 2]",
        new="edges=recording.edges[: last - first + 2]",
        tests="tests/probing/test_missing.py -k counted",
    ),
    Mutant(
        file="brainmodel/probing/recordings/readers/mat_hdf5.py",
        old="codes.T if codes.ndim > 1 else codes[None]",
        new="codes if codes.ndim > 1 else codes[None]",
        tests="tests/probing/test_mat_files.py -k names_of_areas",
    ),
    Mutant(
        file="brainmodel/probing/recordings/readers/movies.py",
        old="runs = np.array_equal(numbers[start:end], frames)",
        new="runs = True",
        tests="tests/probing/test_nwb_movies.py -k break_off",
    ),
    Mutant(
        file="brainmodel/probing/recordings/readers/nwb_electrodes.py",
        old="np.where(ends > starts, held[np.minimum(starts, len(held) - 1)], NONE)",
        new="held[np.minimum(starts, len(held) - 1)]",
        tests="tests/probing/test_nwb_references.py -k nowhere",
    ),
    Mutant(
        file="brainmodel/probing/recordings/readers/nwb_planes.py",
        old="several or len(set(rois)) < len(rois)",
        new="several",
        tests="tests/probing/test_nwb_references.py -k refused",
    ),
    Mutant(
        file="brainmodel/probing/recordings/readers/spikes.py",
        old="train if (np.diff(train) >= 0).all() else np.sort(train)",
        new="train",
        tests="tests/probing/test_nwb_times.py -k unsorted",
    ),
    Mutant(
        file="brainmodel/probing/recordings/readers/events.py",
        old="(onsets + edges[0] < stop) & (onsets + edges[-1] > start)",
        new="(onsets < stop) & (onsets > start)",
        tests="tests/probing/test_nwb_times.py -k invalid_times",
    ),
    Mutant(
        file="brainmodel/probing/recordings/readers/conditions.py",
        old="enumerate(sorted(set(keys)))",
        new="enumerate(sorted(set(keys), key=str))",
        tests="tests/probing/test_order_of_stimuli.py -k numbers",
    ),
    Mutant(
        file="brainmodel/probing/recordings/readers/conditions.py",
        old="(values == -1) & _count_pictures(numbers)",
        new="values == -1",
        tests="tests/probing/test_order_of_stimuli.py -k minus_one",
    ),
    Mutant(
        file="brainmodel/probing/recordings/readers/conditions.py",
        old="events[:, found.of_event == stimulus]",
        new="events[:, found.of_event != stimulus][:, :count]",
        tests="tests/probing/test_array_files.py -k repeats",
    ),
    Mutant(
        file="brainmodel/probing/recordings/readers/nwb_units.py",
        old="(place < 0) | (bins[:, 1:] > stops[place] + SLACK)",
        new="place < 0",
        tests="tests/probing/test_nwb_times.py -k observed",
    ),
    Mutant(
        file="brainmodel/probing/recordings/readers/nwb_planes.py",
        old="found * float(series.conversion) + float(series.offset)",
        new="found",
        tests="tests/probing/test_nwb.py -k stored",
    ),
    Mutant(
        file="brainmodel/probing/recordings/readers/tables.py",
        old="np.lexsort((times, unit))",
        new="np.argsort(unit, kind='stable')[::-1]",
        tests="tests/probing/test_wrong_recordings.py -k tables",
    ),
    Mutant(
        file="brainmodel/probing/recordings/readers/labelled.py",
        old="centres - steps[0] / 2",
        new="centres",
        tests="tests/probing/test_wrong_recordings.py -k netcdf",
    ),
    Mutant(
        file="brainmodel/probing/recordings/frames.py",
        old="by_numbers_within(file.stem), file.suffix",
        new="file.stem, file.suffix",
        tests="tests/probing/test_wrong_recordings.py -k im2",
    ),
    Mutant(
        file="brainmodel/data/picture_sequences.py",
        old="min(scales) if letterbox else max(scales)",
        new="max(scales)",
        tests="tests/data/test_videos.py -k wide",
    ),
    Mutant(
        file="brainmodel/probing/analyses/area_responses.py",
        old='np.abs if source.signal == "error"',
        new='np.abs if source.signal == "rate"',
        tests="tests/probing/test_analyses.py -k part_over",
    ),
    Mutant(
        file="brainmodel/probing/analyses/straightening.py",
        old="change_within(found, pixels)",
        new="change_within(pixels, found)",
        tests="tests/probing/test_analyses.py -k straightening",
    ),
    Mutant(
        file="brainmodel/probing/analyses/sequences.py",
        old="place * self.seconds + end",
        new="end",
        tests="tests/probing/test_analyses.py -k order",
    ),
    Mutant(
        "objectives/clapp.py",
        "unbroken(~target(activity, self.label).bool(), self.horizon)",
        "unbroken(target(activity, self.label).bool(), self.horizon)",
        "tests/objectives/test_contrast.py",
    ),
    Mutant(
        "objectives/gated.py",
        "prediction=gate_gradient(sensory.prediction, attention)",
        "prediction=sensory.prediction",
        "tests/objectives/test_guidance.py",
    ),
    Mutant(
        "objectives/paired_views.py",
        "signal[:, first : 2 * pairs : 2]",
        "signal[:, first : first + pairs]",
        "tests/objectives/test_paired_views.py",
    ),
    Mutant(
        "brainmodel/data/streams.py",
        "divmod(number, self.siblings)",
        "(number // self.siblings, 0)",
        "tests/data/test_photographs.py -k twins",
    ),
    Mutant(
        "brainmodel/data/eye_movements.py",
        "saccade & (np.arange(steps) > 0)",
        "saccade",
        "tests/data/test_photographs.py -k saccades",
    ),
    Mutant(
        "brainmodel/command_line/needs.py",
        "label is not None and label not in offered",
        "False",
        "tests/training/test_refusals.py -k objectives.a",
    ),
    Mutant(
        file="brainmodel/roll_out/roll_out.py",
        old="with_weights(ctx.rolling.brain, held, lambda: ctx.rolling.gradients(bars))",
        new="ctx.rolling.gradients(bars)",
        tests="tests/scopes/test_made_weights.py -k autograd",
    ),
    Mutant(
        file="brainmodel/roll_out/roll_out.py",
        old="        ctx.save_for_backward(*weights)",
        new="        ctx.save_for_backward(*[w.clone() for w in weights])",
        tests="tests/scopes/test_made_weights.py -k noticed",
    ),
    Mutant(
        file="brainmodel/roll_out/roll_out.py",
        old="if self.learns else None",
        new="if not self.learns else None",
        tests="tests/scopes/test_made_weights.py -k bends",
    ),
    Mutant(
        file="brainmodel/scopes/crossing.py",
        old="leaf = flat(sent).detach()",
        new="leaf = torch.zeros_like(flat(sent))",
        tests="tests/scopes/test_adjacent.py -k bend",
    ),
    Mutant(
        file="areas/area.py",
        old="        self.constants = self._constants()\n        return self",
        new="        return self",
        tests="tests/areas/test_spiking.py -k exact",
    ),
    Mutant(
        file="brainmodel/learning/credit/synaptic_gradients.py",
        old="flat(currents_bar[:, :, area.reached(BIAS)])",
        new="flat(currents_bar)",
        tests="tests/areas/test_spiking.py -k fraction",
    ),
    Mutant(
        file="areas/feedback/feedback.py",
        old='manual_seed(seed + crc32(f"feedback {name}".encode()))',
        new="manual_seed(seed)",
        tests="tests/objectives/test_readout.py -k drawn_first",
    ),
    Mutant(
        file="brainmodel/learning/mdgl.py",
        old="if k != kept:",
        new="if True:",
        tests="tests/learning/test_mdgl.py -k published",
    ),
    Mutant(
        file="brainmodel/training/parameter_groups.py",
        old='"pathway")\n        for name, route in brain.routes.items()',
        new='"pathway")\n        for name, route in ()',
        tests="tests/training/test_what_learns.py -k group_of_its_own",
    ),
    Mutant(
        file="brainmodel/scopes/scope.py",
        old="if self.teaches_pathways:",
        new="if True:",
        tests="tests/brain/test_refusals.py -k teaches",
    ),
    Mutant(
        file="brainmodel/wiring/losses.py",
        old="if not any(brain.weights.values()):",
        new="if brain.weights is None:",
        tests="tests/training/test_what_learns.py -k objectives",
    ),
    Mutant(
        file="brainmodel/training/old_checkpoints.py",
        old="if id(parameter) in cut:",
        new="if not cut:",
        tests="tests/training/test_what_learns.py -k constants",
    ),
    Mutant(
        file="areas/loops/chunks.py",
        old="if cached(device) else count)",
        new="if True else count)",
        tests="tests/learning/test_calls.py",
    ),
    Mutant(
        file="brainmodel/learning/credit/carried_influences.py",
        old="if chunks.cached(kept.device):",
        new="if True:",
        tests="tests/learning/test_calls.py",
    ),
    Mutant(
        file="brainmodel/learning/credit/carried_influences.py",
        old="gradient.baddbmm_(bar.t()[:, None], each.transpose(0, 1))",
        new="gradient.baddbmm_(bar[:1].t()[:, None], each[:1].transpose(0, 1))",
        tests="tests/learning/test_carried_influences.py -k credit",
    ),
    Mutant(
        "objectives/when.py",
        "if self.reach:",
        "if False:",
        "tests/objectives/test_when.py -k joined",
    ),
    Mutant(
        "objectives/when.py",
        "return self.of.terms(self._narrowed(activity))",
        "return self.of.terms(activity)",
        "tests/objectives/test_when.py -k accuracy",
    ),
    Mutant(
        "objectives/when.py",
        "torch.where(narrowed.valid, loss, torch.zeros_like(loss))",
        "loss",
        "tests/objectives/test_when.py -k mark",
    ),
    Mutant(
        "brainmodel/data/tasks/counter_draws.py",
        "numbers >> HALF, streams",
        "streams, streams",
        "tests/data/test_counter_draws.py -k place_alone",
    ),
    Mutant(
        "brainmodel/data/tasks/trials.py",
        "- (place.begin >= start)",
        "- 1",
        "tests/data/test_trials.py -k any_size",
    ),
    Mutant(
        "brainmodel/data/tasks/trials.py",
        "np.where(over > 0, last, place.begin)",
        "last",
        "tests/data/test_trials.py -k late_window",
    ),
    Mutant(
        "brainmodel/data/tasks/delayed_match.py",
        "same = drawn[2] < 0.5",
        "same = drawn[1] < 0.5",
        "tests/data/test_tasks.py -k delays_are",
    ),
    Mutant(
        "brainmodel/data/tasks/delayed_match.py",
        "k * part + 1 + within",
        "k * part + within",
        "tests/data/test_tasks.py -k distractors",
    ),
    Mutant(
        "brainmodel/training/held_out/term_sums.py",
        "held[name] + plain if name in held else plain",
        "plain",
        "tests/training/test_held_out.py -k together",
    ),
    Mutant(
        file="brainmodel/plasticity/weight_ledger.py",
        old="        self._require_noted()\n        self._begun = True",
        new="        self._first = {n: _copy(w) for n, w in self._weights.items()}\n"
        "        self._last, self._begun = dict(self._first), True",
        tests="tests/training/test_ledger_runs.py",
    ),
    Mutant(
        file="brainmodel/plasticity/objective_shares.py",
        old="n: g - silent[n] for",
        new="n: g for",
        tests="tests/plasticity/test_weight_ledger.py",
    ),
    Mutant(
        file="brainmodel/plasticity/optimizer_memory.py",
        old="cause: kept * memory for",
        new="cause: memory for",
        tests="tests/plasticity/test_weight_ledger.py",
    ),
    Mutant(
        file="brainmodel/plasticity/weight_ledger.py",
        old="            asked[DECAY] = asked[DECAY] + lost",
        new="            asked[CLIPPING] = asked[CLIPPING] + lost",
        tests="tests/plasticity/test_weight_ledger.py",
    ),
]


def run_tests(tree: Path, tests: str) -> int:
    """Exit code of pytest in `tree`; a run beyond the time limit counts as failed."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
    alone = {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        return subprocess.run(
            command + shlex.split(tests),
            cwd=tree,
            env=os.environ | alone,
            capture_output=True,
            timeout=LIMIT,
            check=False,
        ).returncode
    except subprocess.TimeoutExpired:
        return FAILED


def complaint(root: Path, mutant: Mutant) -> str:
    """What is wrong with this mutant under its tests; empty if they notice it."""
    path = root / mutant.file
    found = path.read_text().count(mutant.old) if path.is_file() else 0
    if found != 1:
        return f"the old text is in the file {found} times, and must be once"
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(root, tree, ignore=LEFT_BEHIND)
        (tree / mutant.file).write_text(path.read_text().replace(mutant.old, mutant.new))
        code = run_tests(tree, mutant.tests)
    if code == PASSED:
        return f"NOT NOTICED by {mutant.tests}"
    return "" if code == FAILED else f"the tests do not start: pytest ended with {code}"


def complaints(root: Path, mutants: Sequence[Mutant]) -> list[str]:
    """One line for each test selection that fails on unchanged code and each mutant not noticed."""
    selections = sorted({mutant.tests for mutant in mutants})
    with ThreadPoolExecutor(AT_ONCE) as pool:
        codes = pool.map(lambda tests: run_tests(root, tests), selections)
        lines = [
            f"{tests}: must pass on the unchanged code, but pytest ended with {code}"
            for tests, code in zip(selections, codes, strict=True)
            if code != PASSED
        ]
        for mutant, wrong in zip(
            mutants, pool.map(lambda mutant: complaint(root, mutant), mutants), strict=True
        ):
            print(f"{wrong or 'noticed'}: {mutant.file}: {mutant.old!r} -> {mutant.new!r}")
            lines += [f"{mutant.file}: {mutant.new!r}: {wrong}"] if wrong else []
    return lines


def main(words: Sequence[str]) -> int:
    """Judges the mutants that contain one of the words, or all; 1 if there is a complaint."""
    chosen = [m for m in MUTANTS if not words or any(w in m.file + m.tests for w in words)]
    if not chosen:
        print(f"no mutant's file or tests contain {' or '.join(words)}", file=sys.stderr)
        return 1
    lines = complaints(ROOT, chosen)
    print(f"{len(chosen)} mutants, {len(lines)} complaints", *lines, sep="\n  ")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
