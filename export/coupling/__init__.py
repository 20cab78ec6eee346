"""Couplings: from the latents of data to the knobs of a decoder of audio. `fit` one, keep it in a file, `apply` it live."""

from __future__ import annotations

from .cloud import audio_cloud
from .coupling import Coupling, fit, load_coupling
from .methods import FITTING_VERSION, NAMES

__all__ = ["FITTING_VERSION", "NAMES", "Coupling", "audio_cloud", "fit", "load_coupling"]
