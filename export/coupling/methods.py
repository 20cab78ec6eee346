"""The couplings that there are: a row each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from . import affine, learned, quantile, transport
from .options import Arrays, Fitted, Options
from .target import Target


@dataclass(frozen=True)
class Method:
    """How a coupling is fitted, and how it is applied."""

    fit: Callable[[np.ndarray, Target, Options], Fitted]
    """From rows float64 (rows, data dim); its docstring says what it keeps and what it loses."""
    apply: Callable[[np.ndarray, Arrays], np.ndarray]
    """Float32 (rows, data dim) to knobs (rows, dim), not yet within limits."""
    summary: str
    rows_needed: int = 3


METHODS = {
    "direct": Method(affine.direct, affine.apply, "dimension i moves knob i, as it is", rows_needed=0),
    "standardise": Method(affine.standardise, affine.apply, "mean and deviation a dimension as the decoder's"),
    "quantile": Method(quantile.fit, quantile.apply, "the whole distribution a dimension as the decoder's"),
    "whiten": Method(affine.whiten, affine.apply, "decorrelated, then coloured as the decoder's"),
    "transport": Method(transport.fit, transport.apply, "the cloud moved onto the decoder's with the least effort"),
    "learned": Method(learned.fit, learned.apply, "neighbours in the data are neighbours in what is heard"),
}
FITTING_VERSION = 1
"""To be raised with every change after which a method fits other numbers to the same rows: of its code here, of what it hears
(`sound`, `sweep`, `descriptors`), or of how the cloud is drawn. Fits that were kept under another version are made anew."""
NAMES = tuple(METHODS)
"""What takes longer to be fitted comes later."""
