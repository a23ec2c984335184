"""Milliseconds per step of braintrace's D_RTRL, printed as JSON; run by a Python that has it.

    python benchmarks/_braintrace_speed.py GRU|LSTM UNITS WINDOW REPEATS

WINDOW 1 moves the trace at every step; a longer one is braintrace's window mode.
"""

import json
import sys
import time

import brainstate  # pyright: ignore[reportMissingImports]
import braintrace  # pyright: ignore[reportMissingImports]
import jax  # pyright: ignore[reportMissingImports]
import jax.numpy as jnp  # pyright: ignore[reportMissingImports]

STREAMS, INPUTS, STEPS = 32, 32, 20


def learner(cell: str, units: int, window: int):
    """A recurrent layer that learns online."""
    layer = {"GRU": braintrace.nn.GRUCell, "LSTM": braintrace.nn.LSTMCell}[cell](INPUTS, units)
    example = jnp.zeros((STREAMS, INPUTS))
    if window > 1:
        example = braintrace.MultiStepData(jnp.zeros((window, STREAMS, INPUTS)))
    method = "multi-step" if window > 1 else "single-step"
    return braintrace.compile(
        layer, braintrace.D_RTRL, example, batch_size=STREAMS, vjp_method=method
    )


def main(cell: str, units: int, window: int, repeats: int) -> None:
    """Measure passes over `STEPS` steps, after two to compile."""
    made = learner(cell, units, window)

    def loss(inputs):
        if window == 1:
            return jnp.mean(made(inputs) ** 2)
        return jnp.mean(made(braintrace.MultiStepData(inputs)) ** 2, axis=(1, 2))

    @brainstate.transform.jit
    def learn(sequence):
        return made.etrace_grad(sequence, step_fn=loss, chunk_size=window)

    sequence = jnp.asarray(brainstate.random.randn(STEPS, STREAMS, INPUTS))
    times = []
    for k in range(repeats + 2):
        start = time.perf_counter()
        jax.block_until_ready(learn(sequence))
        if k >= 2:
            times.append((time.perf_counter() - start) * 1e3 / STEPS)
    print(json.dumps(times))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:5]))
