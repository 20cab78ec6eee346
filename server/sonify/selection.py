"""Which rows are heard, which ones the coupling is fitted on, and of which the report may speak: never of those two at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from ...export.errors import LatentoneError
from .pieces import Piece, half, limited

Rows = Literal["held-out", "all", "train"]
ROWS: tuple[Rows, ...] = get_args(Rows)


@dataclass(frozen=True)
class Selection:
    """Pieces, in the order of the data."""

    heard: Sequence[Piece]
    fitted_on: Sequence[Piece]
    judged: Sequence[Piece]
    """Those heard that no coupling was fitted on."""
    said: str
    """What was chosen, for people."""


def select(
    pieces: Sequence[Piece], held_out: Sequence[str], rows: Rows | None, limit: int | None, seed: int, where: str
) -> Selection:
    """Choose by `rows`; None is those that the encoder's training left out, `held_out`, or all where there are none of them.

    With held-out rows, what is fitted is fitted on the rows that the encoder was trained on; with others, or where there are
    none of those, on half of the rows, drawn by `seed`, and the report is about the other half. Raises LatentoneError when there
    is nothing to hear.
    """
    unseen = set(held_out)
    kept = [piece for piece in pieces if piece.item in unseen]
    trained = [piece for piece in pieces if piece.item not in unseen]
    chosen: Rows = rows or ("held-out" if kept else "all")
    heard = {"held-out": kept, "all": list(pieces), "train": trained}[chosen]
    if not heard:
        example = f" ({held_out[0]} …)" if held_out and chosen == "held-out" else ""
        raise LatentoneError(f"{where}: holds no {chosen} rows of the encoder{example}: --rows all plays every row")
    fitted_on, how = (trained, "the other rows") if chosen == "held-out" else ([], "")
    if not fitted_on:
        items = {piece.item: piece.label for piece in heard}
        drawn = half(list(items), list(items.values()), seed)
        fitted_on, how = [piece for piece in heard if piece.item in drawn], "a drawn half of them"
    fitted_items = {piece.item for piece in fitted_on}
    few = limited(heard, limit, seed)
    judged = [piece for piece in few if piece.item not in fitted_items]
    return Selection(few, fitted_on, judged, _said(chosen, rows, few, heard, fitted_on, how, judged))


def _said(
    chosen: Rows,
    asked: Rows | None,
    few: Sequence[Piece],
    heard: Sequence[Piece],
    fitted_on: Sequence[Piece],
    how: str,
    judged: Sequence[Piece],
) -> str:
    what = {"held-out": "held-out rows", "all": "rows", "train": "training rows"}[chosen]
    some = f"{len(few)} of {len(heard)}" if len(few) < len(heard) else f"{len(few)}"
    why = " (none is known as held out from the encoder's training)" if asked is None and chosen == "all" else ""
    judging = "" if len(judged) == len(few) else f"; the report is about the other {len(judged)}"
    return f"{some} {what}{why}; what is fitted is fitted on {how} ({len(fitted_on)}){judging}"
