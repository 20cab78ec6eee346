"""The numbers that fix how samples are coded and drawn, for every runtime; imports no torch.

MU, LEVELS and SILENCE belong to 8-bit µ-law codes, the rest to 16-bit samples drawn from a mixture of logistics and to
temperature.
"""

from __future__ import annotations

MU = 255
LEVELS = 256
SILENCE = 128
"""The µ-law code of amplitude 0."""
HALF_RANGE = 32768
"""16-bit codes a unit of amplitude."""
MIXTURES = 4
MINIMUM_LOG_SCALE = -8.0
"""About 11 steps of 16 bits: a narrower logistic would only learn where a recording was digitally silent."""
MINIMUM_UNIFORM = 1e-5
"""A logistic's tails are cut here, at ± 11.5 scales, so that no uniform number is sent to infinity."""
MINIMUM_TEMPERATURE = 1e-3
"""Below this a draw is the most likely one; also keeps 0 from dividing."""
