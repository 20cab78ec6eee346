"""Sonifying promises: each row is heard as its own latents, when the time line says, and the same bytes whoever renders it."""

from __future__ import annotations

import io
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from latentone.export.coupling import FITTING_VERSION
from latentone.export.errors import LatentoneError
from latentone.server.config import load_config
from latentone.server.sonify import fitting
from latentone.server.sonify.passage import Passage
from latentone.server.sonify.picture import spectrogram
from latentone.server.sonify.voice import open_voice, play_into
from rich.console import Console
from sonify_rig import HELD_OUT, RATE_HZ, contents, row_names, run, timeline, write_material

FADE_SAMPLES = 64
VOICE = {"model.name": "voice"}


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_material(tmp_path_factory.mktemp("material"))


@pytest.fixture(scope="module")
def made(material: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(material, tmp_path_factory.mktemp("made"))


def test_each_held_out_row_is_heard_as_its_own_latents(made: Path) -> None:
    lines = timeline(made)
    assert [line["sample"] for line in lines] == row_names()[-HELD_OUT:]
    for line in lines:
        assert line["label"] == ("low" if float(line["z0"]) < 0.5 else "high")
        audio, rate_hz = soundfile.read(made / line["file"])
        assert (rate_hz, len(audio)) == (RATE_HZ, 1600)
        np.testing.assert_allclose(audio[FADE_SAMPLES:-FADE_SAMPLES], 0.5 * float(line["knob_z0"]), atol=1e-5)
        assert float(line["knob_z0"]) == pytest.approx(float(line["z0"]), abs=1e-5)
        assert abs(audio[0]) < 0.01 > abs(audio[-1]), "a click"


def test_the_whole_is_the_rows_one_after_another(made: Path) -> None:
    audio, rate_hz = soundfile.read(made / "whole.wav")
    assert len(audio) == HELD_OUT * 1600
    for line in timeline(made):
        first, last = (round(float(line[key]) * rate_hz) for key in ("start_s", "end_s"))
        np.testing.assert_allclose(
            audio[first + FADE_SAMPLES : last - FADE_SAMPLES], 0.5 * float(line["knob_z0"]), atol=1e-5
        )


def test_the_whole_glides_from_row_to_row(material: Path, tmp_path: Path) -> None:
    run(material, tmp_path, {"source_defaults.glide_s": 0.05}, form="whole")
    audio, _ = soundfile.read(tmp_path / "whole.wav")
    jumps = 0.5 * np.abs(np.diff([float(line["knob_z0"]) for line in timeline(tmp_path)]))
    assert np.abs(np.diff(audio)).max() < 0.5 * jumps.max()
    assert not list((tmp_path / "rows").iterdir())


def test_a_row_is_the_same_bytes_alone_among_others_and_in_any_process(material: Path, tmp_path: Path) -> None:
    """What differs between two runs has to come from the data."""
    lively = {**VOICE, "audio.temperature": 0.9}
    alone, pair, again = (tmp_path / name for name in ("alone", "pair", "again"))
    run(material, pair, lively, workers=2, limit=6)
    run(material, again, lively, workers=1, limit=6)
    run(material, alone, lively, workers=1, limit=2, form="rows", order="label")
    assert len(contents(pair)) == 7
    assert contents(pair) == contents(again)
    assert contents(alone).items() < contents(pair).items()
    for name in ("timeline.csv", "manifest.json", "coupling.npz", "picture.png"):
        assert (pair / name).read_bytes() == (again / name).read_bytes(), name
    other = contents(run(material, tmp_path / "other", {**lively, "model.seed": 1}, limit=6))
    assert all(sound != contents(pair)[name] for name, sound in other.items() if name in contents(pair))


@pytest.mark.skipif(find_spec("ray") is None, reason="ray is not installed: pip install 'latentone[cluster]'")
def test_ray_gives_the_same_bytes(material: Path, tmp_path: Path) -> None:
    here = run(material, tmp_path / "here", {"audio.temperature": 0.9})
    there = run(material, tmp_path / "there", {"audio.temperature": 0.9}, ray="local", workers=2)
    assert contents(here) == contents(there)
    assert len(contents(there)) == HELD_OUT + 1


def test_a_machine_that_would_sound_otherwise_is_refused(material: Path, tmp_path: Path) -> None:
    """Of a cluster of two kinds of processor, rows of one kind would differ from the other's, and nobody would know."""
    config = load_config(None, {"model.name": str(material / "fake.onnx")})
    voice, _ = open_voice(config, Console(quiet=True))
    passage = Passage("row", np.zeros((1, 4), np.float32), 0.1, 0.0, 0)
    other = replace(voice, maker=voice.maker + " of another kind")
    with pytest.raises(LatentoneError, match="take machines of one kind"):
        play_into(other, passage, tmp_path / "row.wav")
    assert passage.digest(other.record()) != passage.digest(voice.record())


def test_the_second_run_makes_only_what_is_missing_or_otherwise(material: Path, tmp_path: Path) -> None:
    run(material, tmp_path)
    before = contents(tmp_path)
    files = sorted((tmp_path / "rows").iterdir())
    made_ns = {file: file.stat().st_mtime_ns for file in (*files, tmp_path / "coupling.npz")}
    files[0].unlink()
    files[1].write_bytes(files[1].read_bytes()[:1000])
    run(material, tmp_path)
    assert contents(tmp_path) == before
    kept = [file for file, before_ns in made_ns.items() if file.stat().st_mtime_ns == before_ns]
    assert kept == [*files[2:], tmp_path / "coupling.npz"], "some couplings take a minute to fit"
    run(material, tmp_path, dwell_s=0.2)
    assert {soundfile.info(file).frames for file in files} == {3200}


def test_sounds_of_an_earlier_choice_of_rows_are_kept_and_counted(material: Path, tmp_path: Path) -> None:
    """Unsaid, whoever plays all of `rows` would hear rows that the time line knows nothing of; removed, somebody's own file
    might go with them."""

    def said(**changes: Any) -> str:
        screen = Console(file=io.StringIO(), width=400)
        run(material, tmp_path, console=screen, **changes)
        assert isinstance(screen.file, io.StringIO)
        return screen.file.getvalue()

    assert "earlier runs" not in said(limit=4)
    soundfile.write(tmp_path / "rows" / "my take.wav", np.zeros(100), RATE_HZ)
    (tmp_path / "rows" / "notes.wav").write_text("not a sound")
    before = contents(tmp_path)
    assert "also holds 3 sounds of earlier runs, which manifest.json does not list" in said(limit=2, form="rows")
    assert "also holds 1 sound of earlier runs" in said(limit=4, form="rows")
    assert contents(tmp_path) == before
    assert "earlier runs" not in said(limit=4)


def test_a_coupling_that_was_fitted_by_other_code_is_fitted_anew(
    material: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a folder would go on sounding by a fault that was mended, and differ from one that is made now."""
    run(material, tmp_path, coupling="quantile", limit=2, form="rows")
    kept = tmp_path / "coupling.npz"
    fitted_ns, sounds = kept.stat().st_mtime_ns, contents(tmp_path)
    run(material, tmp_path, coupling="quantile", limit=2, form="rows")
    assert kept.stat().st_mtime_ns == fitted_ns
    monkeypatch.setattr(fitting, "FITTING_VERSION", FITTING_VERSION + 1)
    run(material, tmp_path, coupling="quantile", limit=2, form="rows")
    assert kept.stat().st_mtime_ns > fitted_ns
    assert contents(tmp_path) == sounds


def test_a_row_that_fails_is_named_and_does_not_stop_the_others(material: Path, tmp_path: Path) -> None:
    (tmp_path / "rows" / "sample_20.wav").mkdir(parents=True)
    with pytest.raises(LatentoneError, match=r"1 file could not be made \(rows/sample_20.wav\)"):
        run(material, tmp_path)
    assert len([file for file in contents_of_files(tmp_path) if file.startswith("rows/")]) == HELD_OUT - 1
    assert len(timeline(tmp_path)) == HELD_OUT


def contents_of_files(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in folder.rglob("*.wav") if path.is_file()]


def test_several_couplings_have_a_folder_each(material: Path, tmp_path: Path) -> None:
    run(material, tmp_path, coupling="direct,quantile", form="rows", limit=2)
    assert {path.name for path in tmp_path.iterdir()} == {"direct", "quantile"}
    for name in ("direct", "quantile"):
        assert {"coupling.npz", "timeline.csv", "picture.png", "manifest.json", "rows"} <= {
            path.name for path in (tmp_path / name).iterdir()
        }
    run(material, tmp_path / "from file", coupling=str(tmp_path / "quantile" / "coupling.npz"), form="rows", limit=2)
    assert contents(tmp_path / "from file") == contents(tmp_path / "quantile")


def test_the_picture_shows_a_sound_where_it_is(tmp_path: Path) -> None:
    """A picture that is shifted against its labels tells a wrong story."""
    sounds = []
    for index, hz in enumerate((1000, 3000)):
        path = tmp_path / f"{hz}.wav"
        soundfile.write(path, 0.5 * np.sin(2 * np.pi * hz * np.arange(8000) / RATE_HZ), RATE_HZ)
        sounds.append((0.5 * index, path))
    levels, top_hz = spectrogram(sounds, 1.0)
    assert top_hz == RATE_HZ / 2
    loudest_hz = levels.argmax(axis=0) * top_hz / (len(levels) - 1)
    middle = len(loudest_hz) // 2
    np.testing.assert_allclose(loudest_hz[: middle - 1], 1000, atol=20)
    np.testing.assert_allclose(loudest_hz[middle + 1 :], 3000, atol=20)
