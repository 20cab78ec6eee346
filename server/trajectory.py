"""Latent targets become latent frames: every knob glides, none ever jumps unless asked to."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np

SETTLE = 6.638352
"""Solution y of (1 + y) exp(-y) = 0.01: a critically damped step has 1 % left to go after y / omega seconds."""

Curve = Literal["damped", "linear"]


class Trajectory:
    """The way to the target, one knob at a time; a frame is where the path stands at its end.

    The curve `damped` is a critically damped approach: position and velocity both carry over, so a target that changes in
    mid-glide bends the path without a corner. The step is the exact solution of x'' = omega² (target - x) - 2 omega x' (the
    recurrence of Lowe, "Critically Damped Ease-In/Ease-Out Smoothing", Game Programming Gems 4, with the true exponential),
    taken over a frame, or over the part of one between two turns: it is stable for any glide time.

    The curve `linear` has one speed from where the knob is to its target, and no overshoot; a knob that is turned in
    mid-glide sets off anew from there, with a corner, and the others keep their ways.

    Neither depends on how frames are grouped into blocks.
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
        self._which = np.zeros(len(self._target), dtype=bool)
        self._glide_s = 0.0
        self._curve: Curve = "damped"
        self._since = 0.0  # how much of this frame lies before `_position`, 0 to 1

    def rest(self, place: np.ndarray) -> None:
        """Be at `place` (dim,) and stay there, from this frame on."""
        self._target[:] = self._position[:] = place
        self._velocity.fill(0.0)
        self._since = 0.0

    def turn(self, along: float, target: np.ndarray, glide_s: float, curve: Curve = "damped") -> None:
        """From `along` (0 to 1) of this frame on, go to `target` (dim,).

        In `glide_s` seconds it is there, or, damped, has 1 % left to go from rest; with 0 it is there at once.
        """
        as_before = glide_s == self._glide_s and curve == self._curve
        if as_before and np.array_equal(target, self._target):
            return
        self._come_to(along)
        np.not_equal(target, self._target, out=self._which)
        if not as_before:
            self._which.fill(True)
        self._target[:] = target
        self._glide_s, self._curve = glide_s, curve
        self._set_off()

    def shift(self, along: float, by: np.ndarray) -> None:
        """From `along` of this frame on, go the same way `by` (dim,) beside it, to the same target."""
        self._come_to(along)
        self._position += by
        np.not_equal(by, 0.0, out=self._which)
        self._set_off()

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

    def save(self) -> dict[str, Any]:
        """All that the next frames depend on."""
        return {
            "target": self._target.copy(),
            "position": self._position.copy(),
            "velocity": self._velocity.copy(),
            "glide_s": self._glide_s,
            "curve": self._curve,
            "since": self._since,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Go on from what `save` gave."""
        self._target[:], self._position[:] = state["target"], state["position"]
        self._velocity[:] = state["velocity"]
        self._glide_s, self._since = float(state["glide_s"]), float(state["since"])
        self._curve = "linear" if state["curve"] == "linear" else "damped"

    def _come_to(self, along: float) -> None:
        if along > self._since:
            self._go(along - self._since, self._position, self._velocity)
            self._since = along

    def _set_off(self) -> None:
        """Give the knobs in `_which` the one speed of a straight way from where they are."""
        if self._curve == "linear" and self._glide_s > 0.0:
            np.subtract(self._target, self._position, out=self._error)
            self._error /= self._glide_s * self._frame_rate_hz
            np.copyto(self._velocity, self._error, where=self._which)

    def _go(self, frames: float, position: np.ndarray, velocity: np.ndarray) -> None:
        """Write where the path stands after `frames`, 0 to 1, and how fast it is there."""
        if self._glide_s <= 0.0:
            position[:] = self._target
            velocity.fill(0.0)
        elif self._curve == "linear":
            self._go_straight(frames, position, velocity)
        else:
            self._go_damped(frames, position, velocity)

    def _go_damped(self, frames: float, position: np.ndarray, velocity: np.ndarray) -> None:
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

    def _go_straight(self, frames: float, position: np.ndarray, velocity: np.ndarray) -> None:
        step, left, there = self._push, self._error, self._which
        np.multiply(self._velocity, frames, out=step)
        np.subtract(self._target, self._position, out=left)
        np.add(self._position, step, out=position)
        np.copyto(velocity, self._velocity)
        np.greater_equal(np.abs(step, out=step), np.abs(left, out=left), out=there)
        np.copyto(position, self._target, where=there)
        np.copyto(velocity, 0.0, where=there)
