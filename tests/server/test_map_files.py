"""Maps are kept in the settings that a person wrote, whose every other line stays; ready-made ones fit the table."""

from __future__ import annotations

import difflib
import re
import shutil
from pathlib import Path

import pytest
import yaml
from latentone.export.errors import LatentoneError
from latentone.server.addresses import Namespace
from latentone.server.config import DEFAULTS as SHIPPED
from latentone.server.config import load_config, load_settings, settings_file
from latentone.server.maps.map_files import READY_MADE, read_ready_made, ready_made_names
from latentone.server.maps.maps import Maps, Moved
from latentone.server.maps.sources import Source
from midi_rig import NAMES

MINE = """\
# My own settings.
osc: {port: 7000}   # the other one is taken


mapping:
    glide_s:   0.2     # slow
    midi:
      # The wheel first.
      - { cc: 1,  target: z0 }     # wheel
      - {cc: 2, target: "z1", curve: s}

      # The breath controller of the saxophone.
      - source: cc14 2
        target: /gain_db
        range: [-40, 0]   # in dB

# Where they are.
paths:
  models: [~/models]  # home
"""


def maps_of(file: Path) -> Maps:
    mapping = load_config(file if file.exists() else None, {}).mapping
    ready_made = read_ready_made(mapping.include, mapping.midi_defaults)
    own = [*mapping.midi, *mapping.osc]
    return Maps(Namespace(NAMES), own, ready_made, defaults=mapping.midi_defaults, settings_file=file)


def changed(before: str, after: str) -> list[str]:
    """Lines that are only in one of the two."""
    return [line for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line[0] in "+-"]


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    file = tmp_path / "my.yaml"
    file.write_text(MINE, encoding="utf-8")
    return file


def test_what_is_learned_is_added_and_no_other_line_is_touched(mine):
    moving = maps_of(mine)
    moving.learn("z3", 0.0, 1.0, lambda source, target: None)
    for place in (0.0, 1.0):
        moving.moved(Moved(Source("cc", 77, 2), place))
    moving.add("/1/fader1", "brightness", None, None, "exponential")
    assert moving.save() == mine
    assert changed(MINE, mine.read_text(encoding="utf-8")) == [
        "+       - {source: cc 77 channel 2, target: z3, range: [0.0, 1.0]}",
        "+     osc:",
        "+       - {source: /1/fader1, target: brightness, curve: exponential}",
    ]
    assert maps_of(mine).rows() == moving.rows()


def test_what_is_removed_takes_its_lines_along(mine):
    moving = maps_of(mine)
    moving.remove("cc14 2")
    moving.remove("cc 1")
    assert [row.target for row in moving.rows() if row.source == "cc 1"] == ["/latent/0"], (
        "as the ready-made map has it"
    )
    moving.save()
    assert changed(MINE, mine.read_text(encoding="utf-8")) == [
        "-       - { cc: 1,  target: z0 }     # wheel",
        "-       - source: cc14 2",
        "-         target: /gain_db",
        "-         range: [-40, 0]   # in dB",
    ]


def test_saving_twice_changes_nothing(mine):
    maps_of(mine).save()
    assert mine.read_text(encoding="utf-8") == MINE


def test_the_shipped_settings_keep_every_comment(tmp_path):
    """A person may have copied config.yaml whole."""
    file = Path(shutil.copy(SHIPPED, tmp_path / "my.yaml"))
    moving = maps_of(file)
    moving.add("bend", "z1", None, None, None)
    moving.add("/xy argument 2", "z2", None, None, None)
    moving.save()
    lines = changed(SHIPPED.read_text(encoding="utf-8"), file.read_text(encoding="utf-8"))
    assert [line for line in lines if line.startswith("+     -")] == [
        "+     - {source: bend, target: z1}",
        "+     - {source: /xy argument 2, target: z2}",
    ]
    assert all(re.match(r"[-+]   (midi|osc):", line) for line in lines if not line.startswith("+     -"))
    comments = re.compile("#.*")
    kept = file.read_text(encoding="utf-8")
    assert comments.findall(kept) == comments.findall(SHIPPED.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing yet",
        "osc: {port: 7000}",
        "mapping:\n",
        "mapping: {glide_s: 0.1}  # one line\n",
        "mapping: {midi: [{cc: 3, target: z0}], glide_s: 0.1}\n",
        "mapping: {}\naudio: {gain_db: 0}\n",
        "mapping:\n  midi: []\n  glide_s: 0.1\n",
        "mapping:\n  midi:\n  glide_s: 0.1\n",
        "mapping:\n  midi: [{cc: 3, target: z0}]  # row\n",
        "mapping:\n  midi:\n  - cc: 3\n    target: z0\n  glide_s: 0.1",
        "mapping:\n  # only this\n  glide_s: 0.1 # here\n\n# the end\n",
    ],
)
def test_a_settings_file_may_be_written_in_any_way(tmp_path, text):
    file = tmp_path / "my.yaml"
    file.write_text(text, encoding="utf-8")
    moving = maps_of(file)
    moving.add("nrpn 300", "z3", None, None, None)
    moving.save()
    after = file.read_text(encoding="utf-8")
    assert maps_of(file).rows() == moving.rows()
    assert re.findall("#.*", after) == re.findall("#.*", text)
    for source in {row.source for row in moving.rows()} - {row.source for row in maps_of(tmp_path / "none").rows()}:
        moving.remove(source)
    moving.save()
    assert maps_of(file).rows() == moving.rows()
    assert re.findall("#.*", file.read_text(encoding="utf-8")) == re.findall("#.*", text)


def test_the_users_own_file_is_made_where_the_platform_keeps_settings_and_read_at_the_start(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr("latentone.server.config.user_config_path", lambda name, appauthor: tmp_path / name)
    file = settings_file(None)
    assert not file.exists()
    assert load_settings(None, {}) == load_config(None, {})
    moving = maps_of(file)
    moving.add("cc 3", "z2", None, None, None)
    moving.save()
    assert [row.target for row in load_settings(None, {}).mapping.midi] == ["z2"]
    assert settings_file(tmp_path / "other.yaml") == tmp_path / "other.yaml"


def test_a_line_that_was_removed_from_a_ready_made_map_does_not_come_back(tmp_path):
    file = tmp_path / "my.yaml"
    moving = maps_of(file)
    moving.remove("cc 20")
    moving.save()
    sources = [row.source for row in maps_of(file).rows()]
    assert "cc 20" not in sources
    assert "cc 21" in sources
    assert yaml.safe_load(file.read_text(encoding="utf-8"))["mapping"]["include"] == []


def test_a_file_that_cannot_be_written_is_left_as_it_is(mine, monkeypatch):
    moving = maps_of(mine)
    moving.add("cc 99", "z1", None, None, None)
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(LatentoneError, match=r"my\.yaml: cannot write the maps: No space left"):
        moving.save()
    assert mine.read_text(encoding="utf-8") == MINE
    assert [file.name for file in mine.parent.iterdir()] == ["my.yaml"]


def test_a_file_that_was_broken_meanwhile_is_not_written_over(mine):
    moving = maps_of(mine)
    moving.add("cc 99", "z1", None, None, None)
    mine.write_text("mapping: [1, 2", encoding="utf-8")
    with pytest.raises(LatentoneError, match=r"my\.yaml: is no longer a settings file"):
        moving.save()
    assert mine.read_text(encoding="utf-8") == "mapping: [1, 2"


@pytest.mark.parametrize("name", ready_made_names())
def test_a_ready_made_map_fits_the_table(name):
    """Each of its lines moves something: on a model with 16 knobs and with 4 voices, none is passed over."""
    defaults = load_config(None, {}).mapping.midi_defaults
    read = read_ready_made([name], defaults)
    moving = Maps(Namespace([f"knob {number}" for number in range(16)], 4), ready_made=read, defaults=defaults)
    assert moving.unused() == []
    for binding in read[0].bindings:
        source = binding.control()
        asked = moving.moved(Moved(source._replace(channel=source.channel or 1), 1.0, 127, voice=None))
        assert asked
    assert READY_MADE.joinpath(f"{name}.yaml").read_text(encoding="utf-8").startswith("# "), "it says what it is for"


def test_ready_made_maps_are_named_in_the_settings():
    listed = re.search(r"ready-made maps: ([^;]*), or paths", SHIPPED.read_text(encoding="utf-8"))
    assert listed is not None
    assert sorted(listed[1].split(", ")) == ready_made_names()


def test_a_map_of_ones_own_is_found_beside_the_settings(tmp_path):
    (tmp_path / "box.yaml").write_text("midi: [{cc: 99, target: z1}]", encoding="utf-8")
    (tmp_path / "my.yaml").write_text("mapping: {include: [box.yaml]}", encoding="utf-8")
    assert [row.source for row in maps_of(tmp_path / "my.yaml").rows()] == ["cc 99"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("midi: [{cc: 131, target: z0}]", "midi[0].cc: 131 is not allowed (an integer from 0 to 127 or null)"),
        ("midi: [{cc: 1, target: /gian_db}]", 'midi[0].target: "/gian_db" is not allowed (unknown address (did you'),
        ("mpe_lower: 16", "mpe_lower: 16 is not allowed (an integer from 0 to 15)"),
        ("maps: []", "maps: unknown key"),
        ("- 1", "settings are sections"),
    ],
)
def test_a_mistake_in_a_map_is_one_line(tmp_path, text, problem):
    file = tmp_path / "box.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(LatentoneError) as caught:
        read_ready_made([str(file)], load_config(None, {}).mapping.midi_defaults)
    assert str(caught.value).startswith(f"{file}: {problem}")


def test_a_map_that_there_is_not_is_told_which_there_are():
    with pytest.raises(LatentoneError, match=r"no ready-made map 'launchpad' \(there are: basic, launchkey"):
        read_ready_made(["launchpad"], load_config(None, {}).mapping.midi_defaults)
