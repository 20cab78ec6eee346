"""Motions: what moves knobs by itself. Each is a pure function of the turns since it began, one file each."""

from __future__ import annotations

from .clock import Clock, Per
from .idle import IdleMotion
from .lfo import Lfo
from .motions import Motions
from .slerp import Slerp
from .spline import Spline
from .walk import Walk

__all__ = ["Clock", "IdleMotion", "Lfo", "Motions", "Per", "Slerp", "Spline", "Walk"]
