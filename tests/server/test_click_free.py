"""A knob that is thrown from one end to the other makes no click: measured on the shipped model's sound.

Bends are second differences of the samples. A model that draws noise has large ones by chance, so what follows the throws of
a knob is compared with what is heard when nothing moves, in two ways. The largest bend within 100 ms after a throw must
not exceed the largest in still sounds at both ends and half way, several times as long. And, since a click at the throw itself
could hide below the loudest of noises: the largest bend in the first latent frame after a throw, averaged over all
throws, must be what it is in still sounds at the two ends, on average. A splice of the two still sounds fails there.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
import pytest
from fakes import ListSink
from latentone.export.runtime.fused import FusedDecoder
from latentone.export.runtime.load import SHIPPED_MODELS
from latentone.server.engine import Engine
from latentone.server.events import ControlEvent, EventQueue
from latentone.server.levels import Levels
from latentone.server.mapping import Mapping
from latentone.server.voices import Voices

THROW_S, THROWS, STILL_S = 0.2, 20, 5.0
AFTER_S = 0.1
BLOCK_FRAMES = 5
SLACK = 1.25
"""Of the averages, for chance."""


@pytest.fixture(scope="module")
def decoder() -> FusedDecoder:
    return FusedDecoder(SHIPPED_MODELS / "voice.onnx")


@pytest.fixture(scope="module")
def still(decoder: FusedDecoder) -> dict[int, np.ndarray]:
    """Bends of the sound at each place, without what leads there."""
    begun = round(THROW_S * decoder.manifest.sample_rate_hz)
    return {place: bends(play(decoder, [place], STILL_S, 0.0)[:, begun:]) for place in (-1, 0, 1)}


def play(decoder: FusedDecoder, places: Sequence[float], each_s: float, glide_s: float) -> np.ndarray:
    """Knobs 0, 2 and 3, each by a voice of its own, and all at once by a fourth, at one place after another."""
    manifest = decoder.manifest
    home = [latent.home for latent in manifest.latents]
    mapping = Mapping(home, temperature=manifest.temperature, glide_s=glide_s, voices=4)
    voices = Voices(decoder, mapping, np.ones(4, dtype=bool), BLOCK_FRAMES, 0, None)
    block = BLOCK_FRAMES * manifest.hop_samples
    pieces = []
    for place in places:
        for voice, knobs in enumerate([[0], [2], [3], range(len(home))]):
            for knob in knobs:
                mapping.apply(ControlEvent(f"/voice/{voice}/latent/{knob}", (place,)))
        for _ in range(round(each_s * manifest.sample_rate_hz / block)):
            sample = len(pieces) * block
            voices.follow(sample)
            pieces.append(voices.play(sample, block)[:, 0].copy())
    return np.concatenate(pieces, axis=1)


def bends(audio: np.ndarray) -> np.ndarray:
    return np.abs(np.diff(audio, n=2))


def largest_after(bent: np.ndarray, samples: Sequence[int], length: int) -> np.ndarray:
    """The largest bend of each voice from each sample on, those included that lead into it; (samples, voices)."""
    return np.array([bent[:, sample - 2 : sample + length].max(axis=1) for sample in samples])


@pytest.mark.parametrize("glide_s", [0.0, 0.05])
def test_a_thrown_knob_bends_the_sound_no_more_than_it_bends_by_itself(
    decoder: FusedDecoder, still: dict[int, np.ndarray], glide_s: float
) -> None:
    rate_hz, hop = decoder.manifest.sample_rate_hz, decoder.manifest.hop_samples
    bent = bends(play(decoder, [-1, 1] * (THROWS // 2), THROW_S, glide_s))
    throws = [round(number * THROW_S * rate_hz) for number in range(1, THROWS)]
    loudest = np.max([still[place].max(axis=1) for place in still], axis=0)
    assert np.all(largest_after(bent, throws, round(AFTER_S * rate_hz)).max(axis=0) <= loudest)

    assert np.all(largest_after(bent, throws, hop).mean(axis=0) <= SLACK * of_both_ends(still, hop))


@pytest.mark.parametrize(
    ("address", "low", "high"), [("/gain_db", -90.0, 0.0), ("/voice/0/gate", 0, 1), ("/voice/0/pan", -1, 1)]
)
def test_gains_gates_and_places_bend_the_sound_no_more_than_it_bends_by_itself(
    decoder: FusedDecoder, address: str, low: float, high: float
) -> None:
    """Through engine, mixer and resampler, thirty jumps of the whole way; beside the same sound at its loudest, untouched."""
    jumps = np.sort(np.random.default_rng(0).integers(4800, 5 * 48000, 30)).tolist()

    def heard(events: list[ControlEvent]) -> np.ndarray:
        sink = ListSink(2)
        sink.sample_rate_hz = 48000
        mapping = Mapping([latent.home for latent in decoder.manifest.latents], temperature=0.75, glide_s=0.0)
        engine = Engine(decoder, sink, mapping, Levels(), EventQueue(), block_samples=480)
        engine.schedule(events)
        engine.run(threading.Event(), 5.2)
        return sink.both[1]

    jumping = heard([ControlEvent(address, ((low, high)[n % 2],), at) for n, at in enumerate(jumps)])
    untouched = heard([ControlEvent(address, (high,), 0)])
    assert not np.array_equal(jumping, untouched)
    assert bends(jumping).max() <= bends(untouched).max()
    splice = untouched * np.repeat(np.arange(len(jumps) + 1) % 2 == 0, np.diff([0, *jumps, len(untouched)]))
    assert bends(splice).max() > bends(untouched).max(), "a step would be noticed"


def test_a_splice_would_be_noticed(decoder: FusedDecoder) -> None:
    """What the comparison is worth: the two still sounds, cut together in the place of each throw."""
    hop = decoder.manifest.hop_samples
    low, high = (play(decoder, [place], STILL_S, 0.0) for place in (-1, 1))
    places = range(3200, low.shape[1] - 3200, 3200)
    which = np.arange(low.shape[1]) // 3200 % 2 == 0
    spliced = largest_after(bends(np.where(which, low, high)), places, hop).mean(axis=0)
    typical = of_both_ends({-1: bends(low[:, 3200:]), 1: bends(high[:, 3200:])}, hop)
    assert np.count_nonzero(spliced > SLACK * typical) >= 3


def of_both_ends(still: dict[int, np.ndarray], hop: int) -> np.ndarray:
    """The largest bend within a frame, anywhere in the still sounds of the two ends, on average."""
    ends = [largest_after(still[place], range(2, still[place].shape[1] - hop, 641), hop) for place in (-1, 1)]
    return np.mean([end.mean(axis=0) for end in ends], axis=0)
