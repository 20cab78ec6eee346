"""What is heard reaches the knobs frame by frame, and moves them as the performer says."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
from latentone.export.errors import LatentoneError
from latentone.server.blend import Blend
from latentone.server.hearing.feed import LatentFeed
from latentone.server.hearing.sounds import FileSound
from rig import HOP, RATE_HZ, Rig

FRAME_S = 0.02


def frames(*values: float) -> np.ndarray:
    return np.array([values, values], np.float32)


def taken(feed: LatentFeed, count: int, step_s: float = FRAME_S) -> list[float]:
    out, found = np.zeros(2, np.float32), []
    for _ in range(count):
        feed.take(step_s, out)
        found.append(float(out[0]))
    return found


def test_each_frame_is_played_once_at_the_encoders_pace() -> None:
    feed = LatentFeed(2, FRAME_S)
    assert not feed.take(FRAME_S, np.zeros(2, np.float32)), "nothing was heard yet"
    feed.put(frames(0.0))
    heard = []
    for value in (1.0, 2.0, 3.0, 4.0):
        heard += taken(feed, 4, FRAME_S / 4)
        feed.put(frames(value))
    assert heard == [0.0] * 4 + [1.0] * 4 + [2.0] * 4 + [3.0] * 4
    assert (feed.starved, feed.skipped) == (0, 0)


def test_a_late_frame_is_waited_for_and_a_crowd_is_jumped_over() -> None:
    """Neither a busy machine nor two sound cards' clocks may let the delay grow for ever."""
    feed = LatentFeed(2, FRAME_S)
    feed.put(frames(1.0))
    assert taken(feed, 3) == [1.0, 1.0, 1.0]
    assert feed.starved == 1
    feed.put(frames(2.0))
    assert taken(feed, 1) == [2.0]
    feed.put(frames(*range(10, 30)))
    assert taken(feed, 1) == [29.0]
    assert feed.skipped == 19


def test_frames_that_come_several_at_once_are_played_one_by_one() -> None:
    feed, heard = LatentFeed(2, FRAME_S, at_once=3), []
    for start in range(0, 30, 3):
        feed.put(frames(start, start + 1.0, start + 2.0))
        heard += taken(feed, 3)
    assert heard == list(range(30))
    assert (feed.starved, feed.skipped) == (0, 0)


def test_what_is_not_finite_goes_no_further() -> None:
    feed = LatentFeed(2, FRAME_S)
    feed.put(frames(0.5, np.nan, np.inf))
    assert taken(feed, 2) == [0.5, 0.5]


def test_long_after_the_ring_has_turned_nothing_is_lost() -> None:
    feed = LatentFeed(2, FRAME_S)
    feed.put(frames(-1.0))
    for value in range(9000):
        taken(feed, 1)
        feed.put(frames(float(value)))
    assert taken(feed, 1) == [8999.0]


@pytest.mark.parametrize(
    ("mode", "mix", "goal"),
    [
        ("add", 1.0, 2.0 * 0.5 + 0.1 + 0.4),
        ("replace", 1.0, 2.0 * 0.5 + 0.1),
        ("off", 1.0, 0.6),
        ("add", 0.0, 0.6),
        ("replace", 0.5, 0.5 * 0.6 + 0.5 * 1.1),
    ],
)
def test_a_knob_adds_to_what_is_heard_or_gives_way_or_stays(mode, mix, goal) -> None:
    """At home 0.2, turned by 0.4; heard 0.5, scaled by 2 and shifted by 0.1."""
    blend = Blend(np.array([0.2, 0.0], np.float32))
    said = {
        "/input/scale": 4.0,
        "/input/scale/0": 0.5,
        "/input/offset/0": 0.1,
        "/input/mode/0": mode,
        "/input/mix": mix,
    }
    for address, value in said.items():
        blend.setters()[address]((value,))
        [told] = blend.getters()[address]()
        assert told == mode if address == "/input/mode/0" else told == pytest.approx(value)
    place = np.array([0.6, 0.0], np.float32)
    blend.into(place, np.array([0.5, 0.0], np.float32))
    assert place[0] == pytest.approx(goal)


def test_the_engine_plays_what_is_heard_and_obeys_the_performer() -> None:
    rig = Rig()
    feed = LatentFeed(len(rig.decoder.manifest.latents), HOP / RATE_HZ)
    rig.engine.layer.listen(feed)
    column = np.zeros((feed.dim, 1), np.float32)
    column[0] = 0.5
    feed.put(np.repeat(column, 40, axis=1))
    seen = watch(rig)
    rig.send("/latent/0", 0.25, at_sample=0)
    rig.play(5 * HOP / RATE_HZ)
    assert seen[-1] == pytest.approx(0.75)
    rig.send("/input/scale/0", 2.0)
    rig.send("/input/mode/0", "replace")  # type: ignore[arg-type]
    rig.play(15 * HOP / RATE_HZ)
    assert seen[-1] == pytest.approx(1.0)
    rig.send("/input/mix", 0.0)
    rig.play(25 * HOP / RATE_HZ)
    assert seen[-1] == pytest.approx(0.25)
    assert rig.mapping.value_of("/input/scale/0") == (2.0,)
    assert rig.mapping.value_of("/input/mode/0") == ("replace",)
    rig.send("/panic")
    rig.play(35 * HOP / RATE_HZ)
    assert seen[-1] == pytest.approx(0.5)


def watch(rig: Rig) -> list[float]:
    """The first knob of the last frame of each block that the decoder is given."""
    seen: list[float] = []
    stream = rig.engine.layer._voices._stream
    advance = stream.advance

    def watched(latents, *others):
        seen.append(float(latents[0, 0, -1]))
        advance(latents, *others)

    stream.advance = watched  # type: ignore[method-assign]
    return seen


def test_blending_allocates_nothing() -> None:
    feed, blend = LatentFeed(32, FRAME_S), Blend(np.zeros(32, np.float32))
    feed.put(np.zeros((32, 3), np.float32))
    place, heard = np.zeros(32, np.float32), np.zeros(32, np.float32)

    def play() -> None:
        for _ in range(1000):
            feed.take(1e-6, heard)
            blend.into(place, heard)

    play()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    play()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 1000


def test_a_file_sounds_in_real_time_again_and_again(tmp_path: Path) -> None:
    file = tmp_path / "loop.wav"
    soundfile.write(file, np.arange(100) / 200, 8000, subtype="FLOAT")
    now_s = [10.0]

    def sleep(seconds: float) -> None:
        now_s[0] += seconds

    sound = FileSound(file, loop=True, clock_s=lambda: now_s[0], sleep_s=sleep)
    heard = np.concatenate([sound.read(80) for _ in range(5)])
    np.testing.assert_allclose(heard, np.tile(np.arange(100) / 200, 4))
    assert now_s[0] == pytest.approx(10.0 + 400 / 8000)
    now_s[0] += 5.0
    began_s = now_s[0]
    sound.read(80)
    assert now_s[0] == pytest.approx(began_s + 0.01), "no rush to catch up"
    once = FileSound(file, loop=False, clock_s=lambda: now_s[0], sleep_s=sleep)
    assert not once.read(300)[100:].any()


def test_a_file_that_holds_no_sound_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "noise.wav").write_bytes(b"no sound")
    for name in ("noise.wav", "nowhere.wav"):
        with pytest.raises(LatentoneError, match=name) as caught:
            FileSound(tmp_path / name, loop=True)
        assert len(str(caught.value).splitlines()) == 1
