"""What a control may move: an address that takes one number, or a knob by its name or as `z3`."""

from __future__ import annotations

import re

from ..addresses import Address, Namespace, address_safe, find_row
from ..arguments import AddressError, Argument

_USUAL_RANGES = {
    "value": (-1.0, 1.0),
    "gain_db": (-60.0, 0.0),
    "glide_s": (0.0, 2.0),
    "step": (-1.0, 1.0),
    "tempo_bpm": (40.0, 240.0),
}
"""Of arguments whose whole range is more than a hand wants."""


def target_row(target: str) -> Address:
    """The row of a target, whatever the model is. Raises AddressError if it can be none."""
    row = find_row(target if target.startswith("/") else f"/latent/{address_safe(target)}")
    if row.answered_by != "engine" or len(row.arguments) != 1 or row.arguments[0].repeated or row.arguments[0].is_text:
        raise AddressError(target, "an address that takes one number, such as /latent/0")
    return row


def target_addresses(target: str, namespace: Namespace) -> list[str]:
    """The addresses that `target` means for the model that plays: several for an OSC pattern such as `/latent/{0,2}`.

    Raises AddressError when there is none.
    """
    if not target.startswith("/"):
        named = f"/latent/{address_safe(target)}"
        numbered = re.fullmatch(r"z(\d+)", target)
        # A knob may itself be named z3, whatever its place is.
        target = f"/latent/{numbered[1]}" if numbered and named not in namespace.addresses() else named
    [argument] = find_row(target).arguments
    within = min(max(argument.low, 0.0), argument.high)
    return [command.address for command in namespace.parse(target, [within])]


def usual_range(argument: Argument) -> tuple[float, float]:
    """From where to where a control moves it when nobody says."""
    return _USUAL_RANGES.get(argument.name, (argument.low, argument.high))
