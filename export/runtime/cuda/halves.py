"""One of the four float16 numbers in a word of 8 bytes, as float32: one conversion on a GPU, plain NumPy in the simulator."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import config
from numba.cuda.extending import intrinsic


def half_of_word(typing_context: Any, word: Any, shift: Any) -> Any:
    """Typing and code of half(word, shift), for `intrinsic`: float32 of the float16 that lies `shift` bits up in a uint64.

    numba has no reinterpreting of integers as float16 for CUDA.
    """
    signature = types.float32(types.uint64, types.int64)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        bits = builder.trunc(builder.lshr(*arguments), ir.IntType(16))
        return builder.fpext(builder.bitcast(bits, ir.HalfType()), ir.FloatType())

    return signature, generate


def _in_numpy(word: Any, shift: int) -> np.float32:
    return np.float32(np.uint16((int(word) >> shift) & 0xFFFF).view(np.float16))


half: Any = _in_numpy if config.ENABLE_CUDASIM else intrinsic(half_of_word)  # pyright: ignore[reportAttributeAccessIssue]
