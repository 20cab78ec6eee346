"""Latent targets become latent frames: every knob glides, none ever jumps unless asked to."""

from __future__ import annotations

import math

import numpy as np

SETTLE = 6.638352
"""Solution y of (1 + y) exp(-y) = 0.01: a critically damped step has 1 % left to go after y / omega seconds."""


class Trajectory:
    """A critically damped approach to the target, one knob at a time; a frame is where the path stands at its end.

    Position and velocity both carry over, so a target that changes in mid-glide bends the path without a corner. The
    step is the exact solution of x'' = omega² (target - x) - 2 omega x' (the recurrence of Lowe, "Critically Damped
    Ease-In/Ease-Out Smoothing", Game Programming Gems 4, with the true exponential), taken over a frame, or over the part
    of one between two turns: it is stable for any glide time and does not depend on how frames are grouped into blocks.
    """

    def __init__(self, start: np.ndarray, frame_rate_hz: float) -> None:
        self._frame_rate_hz = frame_rate_hz
        self._target = np.array(start, dtype=np.float64)  # (dim,)
        self._position = self._target.copy()  # at the last turn in this frame, or at its start
        self._velocity = np.zeros_like(self._target)  # knob units a frame
        self._next_position = self._target.copy()  # at the end of this frame
        self._next_velocity = np.zeros_like(self._target)
        self._error = np.zeros_like(self._target)
        self._push = np.zeros_like(self._target)
        self._glide_s = 0.0
        self._since = 0.0  # how much of this frame lies before `_position`, 0 to 1

    def rest(self, place: np.ndarray) -> None:
        """Be at `place` (dim,) and stay there, from this frame on."""
        self._target[:] = self._position[:] = place
        self._velocity.fill(0.0)
        self._since = 0.0

    def turn(self, along: float, target: np.ndarray, glide_s: float) -> None:
        """From `along` (0 to 1) of this frame on, go to `target` (dim,).

        From rest, 99 % of the way is covered in `glide_s` seconds; with 0 it is there at once.
        """
        if glide_s == self._glide_s and np.array_equal(target, self._target):
            return
        if along > self._since:
            self._go(along - self._since, self._position, self._velocity)
            self._since = along
        self._target[:] = target
        self._glide_s = glide_s

    def fill(self, out: np.ndarray, whole: bool = True) -> None:
        """Write this frame and those after it into `out` (dim, frames).

        The path goes on behind the last of them, or, unless that is played `whole`, still in it.
        """
        last = out.shape[1] - 1
        for frame in range(out.shape[1]):
            self._go(1.0 - self._since, self._next_position, self._next_velocity)
            out[:, frame] = self._next_position
            if whole or frame < last:
                self._position, self._next_position = self._next_position, self._position
                self._velocity, self._next_velocity = self._next_velocity, self._velocity
                self._since = 0.0

    def _go(self, frames: float, position: np.ndarray, velocity: np.ndarray) -> None:
        """Write where the path stands after `frames`, 0 to 1, and how fast it is there."""
        if self._glide_s <= 0.0:
            position[:] = self._target
            velocity.fill(0.0)
            return
        error, push = self._error, self._push
        omega = SETTLE / (self._glide_s * self._frame_rate_hz)  # radians a frame
        decay = math.exp(-omega * frames)
        np.subtract(self._position, self._target, out=error)
        np.multiply(error, omega, out=push)
        push += self._velocity
        push *= frames
        # error <- (error + push) decay;  velocity <- (velocity - omega push) decay
        error += push
        error *= decay
        np.add(error, self._target, out=position)
        push *= omega
        np.subtract(self._velocity, push, out=velocity)
        velocity *= decay
