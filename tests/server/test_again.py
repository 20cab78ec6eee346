"""What was played at random, by somebody who does everything at once, is heard again from what the tap was told, bit by bit."""

from __future__ import annotations

import random
import threading
from typing import Any

import numpy as np
import pytest
from fakes import FakeDecoder, ListSink, fake_manifest
from latentone.server.engine import Engine
from latentone.server.events import ControlEvent, EventQueue
from latentone.server.levels import Levels
from latentone.server.mapping import Mapping

VOICES = 3
PLAYED_S = 0.4
Said = tuple[str, tuple[Any, ...]]


class Player:
    """An engine of three voices, a tap that remembers, and a performer whose hand the dice move."""

    def __init__(self, dice: random.Random, knobs: int, rate_hz: int, block_samples: int, control_samples: int) -> None:
        self.dice, self.knobs, self.rate_hz, self.control_samples = dice, knobs, rate_hz, control_samples
        self.sink = ListSink(2)
        self.sink.sample_rate_hz = rate_hz
        self.queue = EventQueue()
        self.block_samples = block_samples
        self.engine = Engine(
            self.decoder(knobs), self.sink, self.mapping(knobs), Levels(voices=VOICES), self.queue,
            block_samples=block_samples, seed=5,
        )  # fmt: skip
        self.heard: list[np.ndarray] = []
        self.told: list[ControlEvent] = []
        self.start = 0
        self.state: dict[str, Any] = {}

    def sound(self, audio: np.ndarray) -> None:
        self.heard.append(audio.copy())

    def event(self, event: ControlEvent, sample: int) -> None:
        self.told.append(ControlEvent(event.address, event.values, sample - self.start))

    def decoder(self, knobs: int) -> FakeDecoder:
        decoder = FakeDecoder(control_samples=self.control_samples)
        decoder.manifest = fake_manifest(dim=knobs)
        if self.control_samples < 64:
            decoder.manifest.noise_per_frame = 64
        return decoder

    def mapping(self, knobs: int) -> Mapping:
        return Mapping([0.0] * knobs, temperature=0.3, glide_s=0.02, voices=VOICES)

    def load_model(self, knobs: int, at_sample: int | None = None) -> None:
        layer = self.engine.new_layer(self.decoder(knobs), self.mapping(knobs), str(knobs))
        self.engine.layers.swap(layer, at_sample)

    def play(self, seconds: float) -> None:
        self.engine.run(threading.Event(), seconds, fading_out=False)

    def begin_recording(self) -> None:
        self.engine.tap, self.start, self.state = self, self.engine.sample, self.engine.save()

    def say(self) -> None:
        """One thing, now or at a sample that is near, has gone by, or is far off; a gate often shut in the same breath."""
        dice, knobs = self.dice, self.knobs
        voice, knob = f"/voice/{dice.randrange(VOICES)}", dice.randrange(knobs)
        many = tuple(dice.uniform(-1, 1) for _ in range(3 * knobs))
        sayings: list[Said] = [
            (f"{voice}/gate", (float(dice.random() < 0.5),)),
            (f"{voice}/gate", (1.0,)),
            (f"{voice}/gain_db", (dice.choice([-90.0, 0.0, -3.0]),)),
            (f"{voice}/pan", (dice.uniform(-1, 1),)),
            ("/gain_db", (-9 * dice.random(),)),
            ("/envelope", (0.001 + dice.random() / 100, 0.001, 0.5, 0.001 + dice.random() / 100)),
            ("/temperature", (dice.random(),)),
            ("/glide_s", (dice.random() / 10,)),
            ("/tempo_bpm", (dice.uniform(20, 300),)),
            (f"/latent/{knob}", (dice.uniform(-1, 1),)),
            ("/latent", many[:knobs]),
            ("/slerp_to", (0.1, *many[:knobs])),
            ("/spline_to", (0.1, *many)),
            (f"/motion/lfo/{knob}", (3.0, 0.5)),
            (f"/motion/walk/{knob}", (3.0, 0.5)),
            ("/panic", ()),
        ]
        # Panic ends all that makes this hard, so it is rare.
        address, values = dice.choice(sayings if dice.random() < 0.3 else sayings[:-1])
        at = None if dice.random() < 0.6 else self.engine.sample + dice.randrange(-20, 600)
        self.queue.put(ControlEvent(address, values, at))
        if address.endswith("/gate") and dice.random() < 0.5:
            self.queue.put(ControlEvent(address, (0.0,), at))

    def perform(self, other_knobs: int) -> None:
        """All at once, with models loaded and the schedule cleared in between; what is said may still mean the model before."""
        end = max(round(PLAYED_S * self.rate_hz), 20 * self.block_samples)
        while self.engine.sample < end:
            for _ in range(self.dice.choice([0, 0, 1, 2, 4])):
                self.say()
            if self.dice.random() < 0.05:
                self.engine.clear_scheduled()
            if not self.state and self.engine.sample > end // 4:
                self.begin_recording()
            elif self.state and self.dice.random() < 0.1 and not self.engine.layers.swapping:
                self.load_model(other_knobs)
                self.knobs = self.dice.choice([self.knobs, other_knobs])
            self.play((self.engine.sample + self.block_samples) / self.rate_hz)


@pytest.mark.parametrize("rate_hz", [8000, 11025, 16000, 44100, 48000])
@pytest.mark.parametrize("block_samples", [16, 128, 1000])
@pytest.mark.parametrize("control_samples", [1, 8, 64])
@pytest.mark.parametrize("other_knobs", [3, 4])
def test_a_session_is_heard_again(rate_hz: int, block_samples: int, control_samples: int, other_knobs: int) -> None:
    live = Player(random.Random(other_knobs), 4, rate_hz, block_samples, control_samples)
    live.perform(other_knobs)
    again = Player(random.Random(0), 4, rate_hz, 333, control_samples)
    again.engine.load(live.state)
    told = sorted(live.told, key=lambda event: event.at_sample or 0)
    again.engine.schedule(event for event in told if event.address != "/model/load")
    for event in told:
        if event.address == "/model/load":
            again.load_model(int(event.values[0]), event.at_sample)
    again.play((live.engine.sample - live.start) / rate_hz)
    assert live.engine.status().faults == 0
    assert len(told) > 5
    np.testing.assert_array_equal(again.sink.both, np.concatenate(live.heard, axis=1))
