"""Scores played live: each event sounds on its sample, at any rate, round after round, and an end is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import mido
import numpy as np
import pytest
from fakes import FakeDecoder
from latentone.export.errors import LatentoneError
from latentone.server.ahead import Ahead
from latentone.server.audio.null import NullSink
from latentone.server.controllers.sources import LiveScores
from latentone.server.engine import Engine
from latentone.server.events import ControlEvent, EventQueue
from latentone.server.levels import Levels
from latentone.server.live import Live
from latentone.server.mapping import Mapping
from latentone.server.scores import read_score
from rig import RATE_HZ

Played = TypeVar("Played", bound="Concert")

DEADLINE_S = 10.0
LATENCY_S = 0.03

STEPS = """\
seconds: 0.4
events:
  - [0, /latent/0, 0.25]
  - [0.1, /latent/0, 0.5]
  - [0.1334, /latent/0, 0.75]
  - [0.3, /latent/0, 0.125]
"""
PLACES = [0, 1600, 2134, 4800]
VALUES = [0.125, 0.25, 0.375, 0.0625]
"""What is heard: the fake decoder sounds half of knob 0."""


class Tape(NullSink):
    """Takes its time like a device, and keeps what it was given."""

    def __init__(self) -> None:
        super().__init__(RATE_HZ, 1, LATENCY_S)
        self.blocks: list[np.ndarray] = []

    def write(self, audio: np.ndarray) -> None:
        self.blocks.append(audio[0].copy())
        super().write(audio)

    def changes(self) -> list[tuple[int, float]]:
        """Every sample from which on another value is heard, and that value; without the fade at the beginning."""
        heard = np.concatenate(self.blocks)
        where = np.flatnonzero(np.diff(heard)) + 1
        return [(int(sample), round(float(heard[sample]), 6)) for sample in where]


class Concert:
    """An engine in real time, and the scores of a folder."""

    def __init__(self, folder: Path) -> None:
        self.ended: list[str] = []
        self.tape, self.queue = Tape(), EventQueue()
        mapping = Mapping([0.0] * 4, temperature=0.0, glide_s=0.0)
        decoder = FakeDecoder(control_samples=1)
        self.engine = Engine(decoder, self.tape, mapping, Levels(), self.queue, block_samples=80)
        names = decoder.manifest.latent_names

        def commands(message: Any) -> list[tuple[str, tuple[float]]]:
            return [("/latent/0", (message.value / 128,))] if message.type == "control_change" else []

        self.ahead = Ahead(self.queue, Live(self.engine, lambda: LATENCY_S), RATE_HZ, self.ended.append)
        folders = [folder / "none", folder]
        self.scores = LiveScores(folders, self.ahead, RATE_HZ, lambda path: read_score(path, RATE_HZ, names, commands))

    def until(self, happened: Callable[[], object]) -> None:
        end_s = time.monotonic() + DEADLINE_S
        while not happened():
            assert time.monotonic() < end_s, "it never happened"
            time.sleep(0.005)


@contextmanager
def concert(folder: Path) -> Iterator[Concert]:
    (folder / "steps.yaml").write_text(STEPS)
    with performing(Concert(folder)) as live:
        yield live


@contextmanager
def performing(live: Played) -> Iterator[Played]:
    """While the engine runs."""
    stop = threading.Event()
    player = threading.Thread(target=live.engine.run, args=(stop,))
    try:
        player.start()
        with live.ahead:
            live.until(lambda: live.engine.status().seconds > 0.1)
            yield live
    finally:
        stop.set()
        player.join()


def test_each_event_sounds_on_its_sample_and_the_end_is_told_when_it_is_heard(tmp_path):
    with concert(tmp_path) as live:
        live.scores.play("steps")
        live.until(lambda: live.ended)
        assert live.ended == ["steps"]
        assert live.engine.status().events_late == 0
        assert live.engine.status().seconds > 0.4
    changes = live.tape.changes()[:4]
    first = changes[0][0]
    assert [(sample - first, value) for sample, value in changes] == list(zip(PLACES, VALUES, strict=True))


def test_a_source_that_goes_by_the_tempo_follows_it(tmp_path):
    """Twice the tempo at which it is as written: half the time between its events."""
    with concert(tmp_path) as live:
        live.queue.put(ControlEvent("/tempo_bpm", (240.0,)))
        live.until(lambda: live.engine.layer.mapping.value_of("/tempo_bpm") == (240.0,))
        live.scores.set_rate("steps", 1.0, by_tempo=True)
        live.scores.play("steps")
        live.until(lambda: live.ended)
    changes = live.tape.changes()[:4]
    assert [sample - changes[0][0] for sample, _ in changes] == pytest.approx([place / 2 for place in PLACES], abs=1)


def test_a_rate_stretches_it_and_a_loop_has_no_seam(tmp_path):
    with concert(tmp_path) as live:
        live.scores.set_rate("steps", 2.0)
        live.scores.set_loop("steps", True)
        live.scores.play("steps")
        live.until(lambda: len(live.tape.changes()) >= 10)
        live.scores.set_loop("steps", False)
        live.until(lambda: live.ended)
    changes = live.tape.changes()[:10]
    places = [round_ * 3200 + place / 2 for round_ in range(3) for place in PLACES]
    first = changes[0][0]
    assert [value for _, value in changes] == (VALUES * 3)[:10]
    np.testing.assert_allclose([sample - first for sample, _ in changes], places[:10], atol=1)


def test_another_rate_on_the_way_goes_on_from_there(tmp_path):
    (tmp_path / "ramp.yaml").write_text(
        "- {from_s: 0, to_s: 1, address: /latent/0, from: 0.001, to: 1}\n- [1.5, /latent/0, 0]\n"
    )
    with concert(tmp_path) as live:
        live.scores.play("ramp")
        live.until(lambda: len(live.tape.changes()) > 60)
        live.scores.set_rate("ramp", 4.0)
        live.until(lambda: live.ended)
    changes = [(sample, value) for sample, value in live.tape.changes() if value > 0]
    steps = np.diff([sample for sample, _ in changes])
    rises = np.diff([value for _, value in changes])
    assert np.all(rises[:-1] > 0), "nothing is played twice or left out"
    assert rises[:-1].max() < 0.003
    assert set(steps[:50]) == {64}
    assert set(steps[-30:-2]) == {16}
    assert sum(1 for step in steps[:-1] if step not in (16, 64)) <= 1


def test_stop_ends_it_soon_and_tells_nobody(tmp_path):
    with concert(tmp_path) as live:
        live.scores.set_loop("steps", True)
        live.scores.play("steps")
        live.until(lambda: len(live.tape.changes()) >= 5)
        live.scores.stop("steps")
        live.scores.stop("steps")
        stopped_s = live.engine.status().seconds
        live.until(lambda: live.engine.status().seconds > stopped_s + 0.6)
        assert live.ended == []
        last, _ = live.tape.changes()[-1]  # before the engine fades out
    assert last < (stopped_s + 0.3) * RATE_HZ


def test_a_midi_file_stands_while_the_transport_does_and_loses_nothing(tmp_path):
    track = mido.MidiTrack(
        mido.Message("control_change", control=1, value=8 * number, time=48 if number > 1 else 0)
        for number in range(1, 13)
    )
    mido.MidiFile(ticks_per_beat=480, tracks=[track]).save(tmp_path / "beats.mid")  # 0.05 s from one to the next
    with concert(tmp_path) as live:
        live.scores.play("beats")
        live.until(lambda: len(live.tape.changes()) >= 3)
        live.queue.put(ControlEvent("/transport", (0,)))
        live.until(lambda: live.engine.layer.mapping.value_of("/transport") == (0,))
        held_s = live.engine.status().seconds
        live.until(lambda: live.engine.status().seconds > held_s + 0.5)
        assert len(live.tape.changes()) < 10
        live.queue.put(ControlEvent("/transport", (1,)))
        live.until(lambda: len(live.tape.changes()) >= 12)
    assert [value for _, value in live.tape.changes()[:12]] == [8 * number / 256 for number in range(1, 13)]
    steps = np.diff([sample for sample, _ in live.tape.changes()[:12]])
    assert sorted(steps)[:-1] == [800] * 10
    assert max(steps) > 0.3 * RATE_HZ


def test_more_events_than_the_queue_holds_come_all_the_same(tmp_path):
    events = "".join(f"- [{0.2 + number / 50000}, /latent/1, 0.5]\n" for number in range(6000))
    (tmp_path / "flood.yaml").write_text(events + "- [0.5, /latent/0, 0.75]\n")
    with concert(tmp_path) as live:
        live.scores.play("flood")
        live.until(lambda: live.engine.targets()[0] == 0.75)
        assert live.queue.put_count == 6001


def test_scores_are_named_after_their_files_and_a_wrong_name_is_told(tmp_path):
    (tmp_path / "b.mid").write_bytes(b"MThd")
    (tmp_path / "notes.txt").write_text("no score")
    (tmp_path / "steps.yaml").write_text(STEPS)
    (tmp_path / "steps.osc").write_bytes(b"")
    live = Concert(tmp_path)
    assert live.scores.names() == ["b", "steps"]
    assert live.scores.describe() == "scores  b, steps"
    for ask in (live.scores.play, live.scores.stop, lambda name: live.scores.set_rate(name, 2.0)):
        with pytest.raises(LatentoneError, match=r"there is no score 'step' \(b, steps\)"):
            ask("step")
    with pytest.raises(LatentoneError, match="damaged MIDI file"):
        live.scores.play("b")
