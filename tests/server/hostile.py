"""Packets in bad faith, quick to make, of which a server must refuse every one."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator

from osc_peer import bundle, message

_FIRST = message("/latent/0", 0.5, "text", 3, b"blob")
_GOOD = bundle(1, _FIRST, message("/latent", 0.1, 0.2))
_WHOLE = {0, 16, 16 + 4 + len(_FIRST)}
"""Cut there, a bundle is merely shorter."""
_CUTS = [length for length in range(1, len(_GOOD)) if length not in _WHOLE]


def _nested(depth: int, packet: bytes) -> bytes:
    for _ in range(depth):
        packet = bundle(1, packet)
    return packet


_DEEP = [_nested(depth, message("/latent/0", 0.5)) for depth in (17, 50, 2000)]
_ARRAYS = [b"/latent/0\0\0\0" + struct.pack(f">{4 * size}s", b"," + b"[" * (4 * size - 3)) for size in (1, 10, 5000)]
_HUGE = [
    message("/latent/0", bytes(60_000)),
    message("/preset/recall", "x" * 60_000),
    message("/" + "y" * 60_000),
    message("/latent", *[0.0] * 10_000),
    bundle(1, message("/gain_db", bytes(50_000))),
    b"/latent/0\0\0\0,b\0\0" + struct.pack(">i", 2**31 - 1) + bytes(50_000),
]
_WRONG = [
    message(address, *values)
    for address in ("/latent/0", "/gain_db", "/voice/0/gate", "/latent/*", "/glide_s", "/temperature")
    for values in (
        [None],
        ["loud"],
        [b"blob"],
        [[0.5, [0.5]]],
        [float("nan")],
        [float("-inf")],
        ["1e300"],
        [],
        [0, 0, 0],
        [2**62],
    )
]
_STRANGE = [b"/latent/0\0\0\0,", b"/latent/0\0\0\0,f\0\0", b"/latent/0\0\0\0,q\0\0\0\0\0\0", b"/latent/0\0\0\0,]\0\0"]
_SIZES = [-4, -1, -(2**31), 2**31 - 1, 1000]


def packets(seed: int, count: int) -> Iterator[bytes]:
    """`count` packets of every kind: noise, cut and nested bundles, huge blobs, wrong types, sizes that lie, bad UTF-8."""
    source = random.Random(seed)
    pick, bits = source.choice, source.randbytes
    for number in range(count):
        match number % 10:
            case 0:
                yield b"\1" + bits(source.randrange(200))
            case 1:
                yield _GOOD[: pick(_CUTS)]
            case 2:
                yield _GOOD[:16] + bits(source.randrange(1, 4))
            case 3:
                yield b"#bundle\0" + bits(8) + struct.pack(">i", pick(_SIZES)) + bits(source.randrange(64))
            case 4:
                yield pick(_DEEP) if source.random() < 0.1 else pick(_ARRAYS)
            case 5:
                yield pick(_HUGE) if source.random() < 0.03 else pick(_STRANGE)
            case 6:
                yield b"/\xff\xfe\xfd" + bits(1) + b"\0\0\0,f\0\0" + bits(4)
            case 7:
                yield b"/preset/recall\0\0,s\0\0\xc3\x28" + bits(1) + b"\0"
            case _:
                yield pick(_WRONG)
