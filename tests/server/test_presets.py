"""Presets survive the program, read well, and a broken file is a line and not a loss."""

import threading

import pytest
from latentone.export.errors import LatentoneError
from latentone.server.presets import Presets


def test_what_was_stored_comes_back_in_another_run(tmp_path):
    file = tmp_path / "deep" / "presets.yaml"
    Presets(file).store("grüne Wiese", [0.5, -1.25])
    Presets(file).store("b", [1, 2])
    assert Presets(file).recall("grüne Wiese") == [0.5, -1.25]
    assert Presets(file).names() == ["b", "grüne Wiese"]
    assert "grüne Wiese: [0.5, -1.25]" in file.read_text(encoding="utf-8")
    assert [path.name for path in file.parent.iterdir()] == ["presets.yaml"], "nothing temporary is left"


def test_without_a_file_there_are_no_presets(tmp_path):
    presets = Presets(tmp_path / "none.yaml")
    assert presets.names() == []
    with pytest.raises(LatentoneError, match="there is no preset 'x' \\(none is stored\\)"):
        presets.recall("x")


def test_deleting_forgets_one(tmp_path):
    presets = Presets(tmp_path / "p.yaml")
    presets.store("a", [1])
    presets.store("b", [2])
    presets.delete("a")
    assert presets.names() == ["b"]
    with pytest.raises(LatentoneError, match="there is no preset 'a' \\(b\\)"):
        presets.delete("a")


def test_a_hand_edit_counts_at_once(tmp_path):
    presets = Presets(tmp_path / "p.yaml")
    presets.store("a", [1])
    (tmp_path / "p.yaml").write_text("3: [0.25]\n", encoding="utf-8")
    assert presets.recall("3") == [0.25]


@pytest.mark.parametrize("text", ["a: [x]", "a: 3", "a: []", "a: [.nan]", "a: [true]", "- a", "a: [1", "\0"])
def test_a_broken_file_is_one_line_and_is_not_overwritten(tmp_path, text):
    file = tmp_path / "p.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(LatentoneError) as caught:
        Presets(file).store("b", [1])
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert file.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 65])
def test_a_name_that_nobody_could_read_is_refused(tmp_path, name):
    with pytest.raises(LatentoneError, match="is not allowed"):
        Presets(tmp_path / "p.yaml").store(name, [1])


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(LatentoneError, match=r"cannot (read|write) presets"):
        Presets(tmp_path / "file" / "p.yaml").store("a", [1])


def test_two_controllers_that_store_at_once_lose_nothing(tmp_path):
    presets = Presets(tmp_path / "p.yaml")
    threads = [
        threading.Thread(target=lambda who=who: [presets.store(f"{who}{n}", [n]) for n in range(20)]) for who in "ab"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(presets.names()) == 40
