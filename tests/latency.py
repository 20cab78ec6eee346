"""Measures the time from sending an OSC message to the first changed sample, beside scsynth in the same JACK run.

    python tests/latency.py                                   64-frame periods, 3 ms of ring, 200 trials each
    python tests/latency.py --period 128 --latency-ms 6 --block 128

A script, not a test: it needs jackd, scsynth and JACK-Client, and a machine that has nothing else to do. Prints p50 and p95
of each kind of step, and ends with status 1 where ours is beyond scsynth's p50, a control quantum and the ring.
"""

from __future__ import annotations

import argparse
import os
import random
import struct
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "server"), str(HERE / "server" / "audio")]

from fakes import write_fake_model  # noqa: E402
from jack_recorder import JackRecorder  # noqa: E402
from jack_server import JackServer  # noqa: E402
from osc_program import free_udp_port, started  # noqa: E402

STEP_SAMPLES = 8
"""The decoder's latents can change once in so many of its samples, as the shipped model's can."""
QUANTUM_MS = 4.0
"""A latent frame of the shipped model: 64 samples at 16 kHz."""
THRESHOLD = 1e-3
"""A change this large is the step; ripples of a resampler are smaller, and every step is 100 times as large."""
WINDOW_S = 0.1
PAUSE_S = (0.13, 0.2)


def step_synth() -> bytes:
    """A SynthDef named `step` whose output is its argument `level`, as sclang would compile `Out.ar(0, K2A.ar(level))`."""

    def text(name: str) -> bytes:
        return bytes([len(name)]) + name.encode()

    def unit(name: str, rate: int, inputs: list[tuple[int, int]], outputs: int) -> bytes:
        head = text(name) + struct.pack(">biih", rate, len(inputs), outputs, 0)
        return head + b"".join(struct.pack(">ii", *one) for one in inputs) + bytes([rate]) * outputs

    parameters = struct.pack(">if", 1, 0.4) + struct.pack(">i", 1) + text("level") + struct.pack(">i", 0)
    units = [unit("Control", 1, [], 1), unit("K2A", 2, [(0, 0)], 1), unit("Out", 2, [(-1, 0), (1, 0)], 0)]
    body = text("step") + struct.pack(">if", 1, 0.0) + parameters + struct.pack(">i", len(units)) + b"".join(units)
    return b"SCgf" + struct.pack(">ih", 2, 1) + body + struct.pack(">h", 0)


def measure(recorder: JackRecorder, channel: int, step: Callable[[bool], None], trials: int) -> tuple[np.ndarray, int]:
    """Latencies in ms of so many steps, up and down in turn, and how many were lost to a hole in the recording."""
    sent = []
    recorder.take()
    for trial in range(trials):
        time.sleep(random.uniform(*PAUSE_S))
        sent.append(recorder.now_frame)
        step(trial % 2 == 0)
    time.sleep(WINDOW_S)
    first, audio = recorder.take()
    window = round(WINDOW_S * recorder.sample_rate_hz)
    found = []
    for frame in sent:
        at = frame - first
        before, after = audio[channel, at - 64 : at], audio[channel, at : at + window]
        if len(before) < 64 or np.isnan(before).any() or np.isnan(after).any():
            continue
        changed = np.flatnonzero(np.abs(after - before.mean()) > THRESHOLD)
        if len(changed) and np.ptp(before) < THRESHOLD:
            found.append(changed[0] / recorder.sample_rate_hz * 1000)
    return np.array(found), trials - len(found)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--period", type=int, default=64, help="frames of a JACK period")
    parser.add_argument("--latency-ms", type=float, default=3.0, help="as in `latentone play`")
    parser.add_argument("--block", type=int, default=64, help="as in `latentone play`")
    parser.add_argument("--trials", type=int, default=200)
    asked = parser.parse_args()
    random.seed(1)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        jack = JackServer(folder / "jackd.log", asked.period)
        os.environ.update(jack.environment)
        stack.callback(jack.stop)
        jack.start()
        recorder = stack.enter_context(JackRecorder(2))
        port, super_port = free_udp_port(), free_udp_port()
        settings = ["--latency-ms", str(asked.latency_ms), "--block", str(asked.block), "--osc-port", str(port)]
        play = [sys.executable, "-m", "latentone.server", "play", str(folder / "step.onnx"), *settings]
        write_fake_model(folder / "step.onnx", hop_samples=STEP_SAMPLES)
        ours = stack.enter_context(started([*play, "--sink", "device"], port))
        recorder.connect(0, "PortAudio:out_0")
        scsynth = stack.enter_context(started(["scsynth", "-u", str(super_port), "-i", "0", "-o", "2"], super_port))
        recorder.connect(1, "SuperCollider:out_1")

        ours.send("/temperature", 0.0)
        ours.send("/glide_s", 0.0)
        ours.send("/latent/0", 0.8)
        scsynth.send("/d_recv", step_synth())
        time.sleep(1.0)
        scsynth.send("/s_new", "step", 1000, 0, 0)
        time.sleep(1.0)
        steps: dict[str, tuple[int, Callable[[bool], None]]] = {
            "scsynth /n_set": (1, lambda up: scsynth.send("/n_set", 1000, "level", 0.8 if up else 0.4)),
            "latentone /gain_db": (0, lambda up: ours.send("/gain_db", 0.0 if up else -6.0)),
            "latentone /latent/0": (0, lambda up: ours.send("/latent/0", 1.6 if up else 0.8)),
        }
        figures = {name: measure(recorder, channel, step, asked.trials) for name, (channel, step) in steps.items()}
        xruns = recorder.xruns

    print(f"JACK at 48 kHz, periods of {asked.period}; ring {asked.latency_ms:g} ms, blocks of {asked.block}")
    print(f"load of the machine {os.getloadavg()[0]:.1f}, xruns of the server {xruns}")
    for name, (found, lost) in figures.items():
        if not len(found):
            print(f"{name:<22} no step was found")
            return 1
        p50, p95 = np.quantile(found, [0.5, 0.95])
        print(f"{name:<22} p50 {p50:5.2f} ms  p95 {p95:5.2f} ms  of {len(found)} steps, {lost} lost to holes")
    allowed = np.median(figures["scsynth /n_set"][0]) + QUANTUM_MS + asked.latency_ms
    slowest = max(np.median(figures[name][0]) for name in steps if name.startswith("latentone"))
    verdict = "within" if slowest <= allowed else "BEYOND"
    print(
        f"ours is {verdict} scsynth's p50 + {QUANTUM_MS:g} ms of control quantum + the ring: {slowest:.2f} of {allowed:.2f} ms"
    )
    return int(slowest > allowed)


if __name__ == "__main__":
    sys.exit(main())
