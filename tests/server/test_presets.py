"""Presets survive the program, read well, and a broken file is a line and not a loss."""

import re
import threading
from pathlib import Path

import pytest
from latentone.export.errors import LatentoneError
from latentone.server.contracts import ModelInfo
from latentone.server.preset_file import HEADER
from latentone.server.presets import Presets


def of_model(file: Path, name: str, *latents: tuple[str, float]) -> Presets:
    return Presets(file, lambda: ModelInfo(name, 16000, latents, 1, 1, "fake"))


def voice(file: Path) -> Presets:
    return of_model(file, "voice", ("pitch", 0.0), ("brightness", 0.1), ("loudness", -0.2))


def test_what_was_stored_comes_back_in_another_run(tmp_path):
    file = tmp_path / "deep" / "presets.yaml"
    voice(file).store("grüne Wiese", [0.5, -1.25])
    voice(file).store("b", [1, 2])
    assert voice(file).recall("grüne Wiese") == [0.5, -1.25]
    assert voice(file).names() == ["grüne Wiese", "b"], "in the order of the file"
    assert "grüne Wiese:\n  model: voice\n  knobs: [0.5, -1.25]" in file.read_text(encoding="utf-8")
    assert [path.name for path in file.parent.iterdir()] == ["presets.yaml"], "nothing temporary is left"


def test_without_a_file_there_are_no_presets(tmp_path):
    presets = voice(tmp_path / "none.yaml")
    assert presets.names() == []
    with pytest.raises(LatentoneError, match="there is no preset 'x' \\(none is stored\\)"):
        presets.recall("x")


def test_deleting_forgets_one(tmp_path):
    presets = voice(tmp_path / "p.yaml")
    presets.store("a", [1])
    presets.store("b", [2])
    presets.delete("a")
    assert presets.names() == ["b"]
    with pytest.raises(LatentoneError, match="there is no preset 'a' \\(b\\)"):
        presets.delete("a")


def test_a_hand_edit_counts_at_once(tmp_path):
    presets = voice(tmp_path / "p.yaml")
    presets.store("a", [1])
    (tmp_path / "p.yaml").write_text("3: [0.25]\n", encoding="utf-8")
    assert presets.recall("3") == [0.25]


@pytest.mark.parametrize("text", ["a: [x]", "a: 3", "a: []", "a: [.nan]", "a: [true]", "- a", "a: [1", "\0"])
def test_a_broken_file_is_one_line_and_is_not_overwritten(tmp_path, text):
    file = tmp_path / "p.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(LatentoneError) as caught:
        voice(file).store("b", [1])
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert file.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 65])
def test_a_name_that_nobody_could_read_is_refused(tmp_path, name):
    with pytest.raises(LatentoneError, match="is not allowed"):
        voice(tmp_path / "p.yaml").store(name, [1])


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(LatentoneError, match=r"cannot (read|write) presets"):
        voice(tmp_path / "file" / "p.yaml").store("a", [1])


def test_two_controllers_that_store_at_once_lose_nothing(tmp_path):
    presets = voice(tmp_path / "p.yaml")
    threads = [
        threading.Thread(target=lambda who=who: [presets.store(f"{who}{n}", [n]) for n in range(20)]) for who in "ab"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(presets.names()) == 40


def test_a_stored_preset_can_be_read_by_a_person(tmp_path):
    voice(tmp_path / "p.yaml").store("dawn", [0.3, -0.25, 1.000001])
    said = "dawn:\n  model: voice\n  knobs: {pitch: 0.3, brightness: -0.25, loudness: 1.0}\n"
    assert (tmp_path / "p.yaml").read_text() == HEADER + said
    assert voice(tmp_path / "p.yaml").recall("dawn") == [0.3, -0.25, 1.0]


@pytest.mark.parametrize(
    ("said", "values"),
    [
        ("{pitch: 0.5, loudness: 1}", [0.5, 0.1, 1.0]),
        ("{2: 0.5}", [0.0, 0.1, 0.5]),
        ("{model: voice, knobs: {brightness: 0.5}}", [0.0, 0.5, -0.2]),
        ("{model: voice, knobs: [0.5, 0.25]}", [0.5, 0.25]),
        ("{model: drums, knobs: {pitch: 0.5, snare: 1}}", [0.5, 0.1, -0.2]),
        ("[0.5]", [0.5]),
    ],
)
def test_every_form_that_a_person_may_write_is_understood(tmp_path, said, values):
    (tmp_path / "p.yaml").write_text(f"dawn: {said}\n")
    assert voice(tmp_path / "p.yaml").recall("dawn") == values


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("{brightnes: 0.5, pitch: 0}", "preset 'dawn': voice has no knob 'brightnes' (brightness)"),
        ("{model: voice, knobs: {xyz: 0.5}}", "voice has no knob 'xyz' (pitch, brightness, loudness)"),
        ("{model: drums, knobs: {snare: 1}}", "made for the model drums, and voice has none of its knobs"),
        ("{model: voice, knob: {snare: 1}}", "dawn: 'voice' is not a number"),
        ("{model: voice, knobs: {pitch: 1}, why: x}", "dawn: unknown key 'why'; a preset is {model"),
        ("{model: voice, knobs: {}}", "dawn: a preset is {model"),
    ],
)
def test_what_does_not_fit_is_told_what_would(tmp_path, said, why):
    (tmp_path / "p.yaml").write_text(f"dawn: {said}\n")
    with pytest.raises(LatentoneError) as caught:
        voice(tmp_path / "p.yaml").recall("dawn")
    assert why in str(caught.value)


def test_another_model_takes_the_knobs_that_it_knows(tmp_path):
    presets = voice(tmp_path / "p.yaml")
    presets.store("dawn", [0.3, -0.25, 1.0])
    presets = of_model(tmp_path / "p.yaml", "drums", ("snare", 0.7), ("loudness", 0.0))
    assert presets.recall("dawn") == [0.7, 1.0]
    presets.store("dusk", [0.5, 0.5])
    assert "dusk:\n  model: drums\n  knobs: {snare: 0.5, loudness: 0.5}\n" in (tmp_path / "p.yaml").read_text()


BY_HAND = """\
# For the concert in May
dawn: {pitch: 0.3}   # slow

# The loud ones
noon:
  model: voice       # the shipped one
  # tuned by ear
  knobs: {pitch: 0.5} # a fifth
# After the break
dusk: [0.1, 0.2]
# the end
"""


def test_comments_and_order_outlive_what_the_program_writes(tmp_path):
    file = tmp_path / "p.yaml"
    file.write_text(BY_HAND)
    presets = voice(file)
    presets.store("noon", [1, 2, 3])
    changed = BY_HAND.replace("knobs: {pitch: 0.5}", "knobs: {pitch: 1.0, brightness: 2.0, loudness: 3.0}")
    assert file.read_text() == changed
    presets.store("new", [0, 0, 0])
    assert file.read_text().startswith(changed[: changed.index("# the end")])
    assert presets.names() == ["dawn", "noon", "dusk", "new"]
    presets.delete("new")
    presets.delete("noon")
    assert file.read_text() == BY_HAND[: BY_HAND.index("noon:")] + BY_HAND[BY_HAND.index("# After") :]
    presets.store("dawn", [1, 2, 3])
    assert re.findall("# .*", file.read_text())[:2] == ["# For the concert in May", "# slow"]


@pytest.mark.parametrize("text", ["# only a comment\n", "# a\n\n---\n", "{}\n", "{a: [1]}\n", "a: [1]\n...\n", ""])
def test_files_of_any_style_can_be_added_to_and_taken_from(tmp_path, text):
    file = tmp_path / "p.yaml"
    file.write_text(text)
    presets = voice(file)
    before = presets.names()
    presets.store("b", [1, 2, 3])
    assert presets.names() == [*before, "b"]
    assert "#" not in text or file.read_text().startswith(text.split("\n")[0])
    for name in presets.names():
        presets.delete(name)
    assert presets.names() == []


def test_a_file_that_did_not_change_is_not_read_again(tmp_path, monkeypatch):
    """A pad that morphs between presets asks hundreds of times a second."""
    presets = voice(tmp_path / "p.yaml")
    presets.store("dawn", [0.3, -0.25, 1.0])
    presets.recall("dawn")
    monkeypatch.setattr(Path, "read_text", None)
    assert presets.recall("dawn") == [0.3, -0.25, 1.0]
