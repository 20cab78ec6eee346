"""The layouts for Open Stage Control and TouchOSC: their files, and that all they can send is allowed."""

from __future__ import annotations

import json
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fakes import write_fake_model
from latentone.export.manifest import Manifest
from latentone.export.runtime.load import SHIPPED_MODELS
from latentone.export.runtime.providers import open_session
from latentone.server.addresses import Namespace
from surface_files import FOLDER, LAYOUT, SESSION, layout, sent_by_open_stage_control, sent_by_touchosc, widgets


def _names(text: str) -> set[str]:
    return set(text.split())


WIDGET = _names(
    "lock type id visible interaction comments left top width height expand colorText colorWidget colorStroke colorFill "
    "alphaStroke alphaFillOff alphaFillOn lineWidth borderRadius padding html css value default linkId address preArgs "
    "typeTags decimals target ignoreDefaults bypass onCreate onValue"
)
PROPERTIES = {
    "fader": WIDGET
    | _names("design knobSize colorKnob horizontal pips dashed gradient snap touchZone spring doubleTap range logScale")
    | _names("sensitivity steps origin onTouch"),
    "button": WIDGET | _names("colorTextOn label vertical wrap on off mode doubleTap decoupled"),
    "root": WIDGET - _names("visible left top expand colorFill colorStroke alphaStroke")
    | _names("colorBg layout justify gridTemplate contain scroll innerPadding tabsPosition variables traversing")
    | _names("widgets tabs onTouch onPreload hideMenu"),
}
"""The properties that Open Stage Control 1.25 has for each of these widgets."""


@pytest.fixture(scope="module")
def manifest() -> Manifest:
    return open_session(SHIPPED_MODELS / "voice.onnx").manifest


def test_the_layouts_are_what_the_builder_writes_for_the_shipped_model(tmp_path: Path) -> None:
    subprocess.run([sys.executable, FOLDER / "build.py", "-o", tmp_path], check=True)
    assert (tmp_path / "voice.json").read_text() == SESSION.read_text()
    again, kept = ((folder / "voice.tosc").read_bytes() for folder in (tmp_path, LAYOUT.parent))
    assert zlib.decompress(again) == zlib.decompress(kept)


def test_a_model_of_ones_own_gets_its_own_knobs(tmp_path: Path) -> None:
    model = write_fake_model(tmp_path / "fake.onnx")
    subprocess.run([sys.executable, FOLDER / "build.py", model, "-o", tmp_path], check=True)
    session = json.loads((tmp_path / "fake.json").read_text())
    knobs = [widget["html"] for widget in widgets(session) if widget.get("address", "").startswith("/latent/")]
    assert sorted(knobs) == ["0 z0", "1 z1", "2 z2", "3 z3"]


@pytest.mark.parametrize("sent", [sent_by_open_stage_control, sent_by_touchosc])
def test_all_that_a_control_can_send_is_allowed(
    sent: Callable[[], Iterator[tuple[str, list[object]]]], manifest: Manifest
) -> None:
    namespace = Namespace(manifest.latent_names, voices=4)
    reached = {command.address for address, values in sent() for command in namespace.parse(address, values)}
    assert {f"/latent/{knob}" for knob in range(len(manifest.latents))} <= reached
    assert {"/voice/3/gate", "/preset/store", "/preset/recall", "/gain_db", "/panic"} <= reached


def test_open_stage_control_knows_every_widget_and_property() -> None:
    session = json.loads(SESSION.read_text())
    assert list(session) == ["createdWith", "version", "type", "content"]
    assert session["type"] == "session"
    ids = []
    for widget in widgets(session):
        assert set(widget) <= PROPERTIES[widget["type"]], widget
        ids.append(widget["id"])
        if widget["type"] == "fader":
            assert widget["range"]["min"] <= widget["default"] <= widget["range"]["max"]
    assert len(ids) == len(set(ids)), "widgets with one id would move together"
    assert session["content"]["bypass"], "a container sends its scrolling unless it is told not to"


def test_touchosc_can_tell_every_control_apart() -> None:
    root = layout()
    assert (root.tag, root.get("version")) == ("lexml", "3")
    nodes = list(root.iter("node"))
    assert len({node.get("ID") for node in nodes}) == len(nodes)
    assert {node.get("type") for node in nodes} == {"GROUP", "FADER", "BUTTON", "LABEL"}
    for node in nodes:
        properties = {item.findtext("key"): item for item in node.findall("properties/property")}
        assert {"name", "frame", "color", "visible", "interactive"} <= properties.keys()
        assert [part.tag for part in properties["frame"].findall("value/*")] == ["x", "y", "w", "h"]
        values = {value.findtext("key"): value.findtext("default", "") for value in node.findall("values/value")}
        if node.get("type") in ("FADER", "BUTTON"):
            assert 0.0 <= float(values["x"]) <= 1.0
            assert len(node.findall("messages/osc")) == 1


def test_no_control_lies_on_another() -> None:
    frames = [
        tuple(widget[side] for side in ("left", "top", "width", "height"))
        for widget in widgets(json.loads(SESSION.read_text()))
        if widget["type"] != "root"
    ]
    for index, (left, top, width, height) in enumerate(frames):
        assert left + width <= 1024
        assert top + height <= 720
        for other_left, other_top, other_width, other_height in frames[index + 1 :]:
            apart_x = left + width <= other_left or other_left + other_width <= left
            assert apart_x or top + height <= other_top or other_top + other_height <= top
