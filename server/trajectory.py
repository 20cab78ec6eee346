"""Latent targets become latent frames: every knob glides, none ever jumps unless asked to."""

from __future__ import annotations

import math

import numpy as np

SETTLE = 6.638352
"""Solution y of (1 + y) exp(-y) = 0.01: a critically damped step has 1 % left to go after y / omega seconds."""


class Trajectory:
    """A critically damped approach to the target, one knob at a time, evaluated once a frame.

    Position and velocity both carry over, so a target that changes in mid-glide bends the path without a corner. The
    step is the exact solution of x'' = omega² (target - x) - 2 omega x' over one frame (the recurrence of Lowe,
    "Critically Damped Ease-In/Ease-Out Smoothing", Game Programming Gems 4, with the true exponential): it is
    stable for any glide time and does not depend on how frames are grouped into blocks.
    """

    def __init__(self, dim: int, frame_rate_hz: float, start: np.ndarray | None = None) -> None:
        self._frame_rate_hz = frame_rate_hz
        self._position = np.zeros(dim) if start is None else np.array(start, dtype=np.float64)
        self._velocity = np.zeros(dim)  # knob units a frame
        self._error = np.zeros(dim)
        self._push = np.zeros(dim)

    def fill(self, target: np.ndarray, glide_s: float, out: np.ndarray) -> None:
        """Write the next frames towards `target` (dim,) into `out` (dim, frames).

        From rest, 99 % of the way is covered in `glide_s` seconds; with 0 the very next frame is the target.
        """
        if glide_s <= 0.0:
            self._position[:] = target
            self._velocity.fill(0.0)
            out[:] = target[:, None]
            return
        position, velocity, error, push = self._position, self._velocity, self._error, self._push
        omega = SETTLE / (glide_s * self._frame_rate_hz)  # radians a frame
        decay = math.exp(-omega)
        for frame in range(out.shape[1]):
            np.subtract(position, target, out=error)
            np.multiply(error, omega, out=push)
            push += velocity
            # error <- (error + push) decay;  velocity <- (velocity - omega push) decay
            error += push
            error *= decay
            np.add(error, target, out=position)
            push *= omega
            velocity -= push
            velocity *= decay
            out[:, frame] = position
