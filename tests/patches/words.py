"""What the hosts' abstractions make of words: `preset recall dawn 2` is `/preset/recall` with dawn and 2."""

from __future__ import annotations

from collections.abc import Sequence

WORDS_OF_ADDRESS = dict.fromkeys(("latent", "latent_norm", "latent_add", "preset", "model", "map", "record"), 2) | {
    "motion": 3,
    "source": 3,
}
ALL_KNOBS = {"latents": "latent", "latents_norm": "latent_norm", "latents_add": "latent_add"}


def as_osc(words: Sequence[object]) -> tuple[str, list[object]]:
    """The address and the arguments of a message to `[latentone]`, in Pd and Max alike."""
    first, rest = words[0], list(words)
    if isinstance(first, int | float):
        return "/latent", rest
    if str(first).startswith("/"):
        return str(first), rest[1:]
    prefix = ""
    if first == "voice":
        prefix, rest = f"/voice/{rest[1]}", rest[2:]
    if rest[0] in ALL_KNOBS:
        return f"{prefix}/{ALL_KNOBS[str(rest[0])]}", rest[1:]
    count = WORDS_OF_ADDRESS.get(str(rest[0]), 1)
    return "/".join([prefix, *map(str, rest[:count])]), rest[count:]


def read_words(message: str) -> list[object]:
    """The atoms of a message box: numbers, and words with `\\ ` or quotes around their blanks."""
    atoms: list[object] = []
    text = message.replace("\\ ", "\0")
    parts = text.split('"')
    for index, part in enumerate(parts):
        words = [part] if index % 2 else part.split()
        atoms += [_number(word.replace("\0", " ")) for word in words]
    return atoms


def _number(word: str) -> object:
    try:
        return float(word)
    except ValueError:
        return word
