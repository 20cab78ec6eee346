"""A surface as a layout of TouchOSC: XML, compressed by zlib."""

from __future__ import annotations

import uuid
import zlib
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from surface import HEIGHT, WIDTH, Control

_LAYOUT = uuid.uuid5(uuid.NAMESPACE_URL, "latentone/touchosc")
_Colour = tuple[float, float, float, float]
BLACK, WHITE = (0.05, 0.05, 0.08, 1.0), (1.0, 1.0, 1.0, 1.0)
COLOURS = {"fader": (0.2, 0.55, 0.75, 1.0), "switch": (0.75, 0.5, 0.2, 1.0), "button": (0.3, 0.6, 0.35, 1.0)}


def layout(surface: Sequence[Control]) -> bytes:
    """The .tosc file. Every control sends to TouchOSC's first connection."""
    return zlib.compress(xml(surface))


def xml(surface: Sequence[Control]) -> bytes:
    """What is inside of it."""
    root = Element("lexml", version="3")
    group = _node(root, "GROUP", "latentone", (0, 0, WIDTH, HEIGHT), BLACK, {"interactive": True})
    children = SubElement(group, "children")
    for index, control in enumerate(surface):
        _control(children, f"control {index}", control)
    for index, control in enumerate(surface):
        _caption(children, f"caption {index}", control)
    return b"<?xml version='1.0' encoding='UTF-8'?>\n" + tostring(root)


def _control(parent: Element, name: str, control: Control) -> None:
    kind = "FADER" if control.kind == "fader" else "BUTTON"
    # A fader that lies has its low end at the left; one that stands, at the bottom.
    kinds = {"orientation": 1 if control.horizontal else 0}
    if kind == "BUTTON":
        kinds |= {"buttonType": 2 if control.kind == "switch" else 0}
    node = _node(parent, kind, name, control.frame, COLOURS[control.kind], {"interactive": True, **kinds})
    x = (control.value - control.low) / (control.high - control.low)
    _values(node, {"x": f"{x:.6g}", "touch": "false"})
    osc = SubElement(SubElement(node, "messages"), "osc")
    settings = {"enabled": 1, "send": 1, "receive": 1, "feedback": 0, "noDuplicates": 0, "connections": "0000000001"}
    for tag, setting in settings.items():
        SubElement(osc, tag).text = str(setting)
    trigger = SubElement(SubElement(osc, "triggers"), "trigger")
    SubElement(trigger, "var").text = "x"
    # A button speaks when it is pressed, and not again when it is let go.
    SubElement(trigger, "condition").text = "RISE" if control.kind == "button" else "ANY"
    _partial(SubElement(osc, "path"), "CONSTANT", "STRING", control.address)
    arguments = SubElement(osc, "arguments")
    for argument in control.arguments:
        _partial(arguments, "CONSTANT", "STRING" if isinstance(argument, str) else "FLOAT", str(argument))
    if control.kind != "button":
        _partial(arguments, "VALUE", "FLOAT", "x", control.low, control.high)


def _caption(parent: Element, name: str, control: Control) -> None:
    """Words at the top of a fader, or in the middle of a button, which has none of its own."""
    left, top, width, height = control.frame
    frame = (left, top, width, 18 if control.kind == "fader" else height)
    look = {"background": False, "textSize": 12, "textAlignH": 2, "textAlignV": 2}
    node = _node(parent, "LABEL", name, frame, WHITE, {"interactive": False, **look})
    _colour(_property(node[0], "c", "textColor"), WHITE)
    _values(node, {"text": control.label, "touch": "false"})


def _node(
    parent: Element,
    kind: str,
    name: str,
    frame: tuple[int, int, int, int],
    colour: _Colour,
    more: dict[str, bool | int],
) -> Element:
    node = SubElement(parent, "node", ID=str(uuid.uuid5(_LAYOUT, name)), type=kind)
    properties = SubElement(node, "properties")
    _property(properties, "s", "name").text = name
    place = _property(properties, "r", "frame")
    for part, number in zip("xywh", frame, strict=True):
        SubElement(place, part).text = str(number)
    _colour(_property(properties, "c", "color"), colour)
    for key, setting in {"background": True, "outline": kind != "LABEL", "visible": True, **more}.items():
        _property(properties, "b" if isinstance(setting, bool) else "i", key).text = str(int(setting))
    return node


def _property(properties: Element, kind: str, key: str) -> Element:
    element = SubElement(properties, "property", type=kind)
    SubElement(element, "key").text = key
    return SubElement(element, "value")


def _colour(value: Element, colour: _Colour) -> None:
    for part, share in zip("rgba", colour, strict=True):
        SubElement(value, part).text = f"{share:g}"


def _values(node: Element, defaults: dict[str, str]) -> None:
    values = SubElement(node, "values")
    for key, default in defaults.items():
        value = SubElement(values, "value")
        parts = (
            ("key", key),
            ("locked", "0"),
            ("lockedDefaultCurrent", "0"),
            ("default", default),
            ("defaultPull", "0"),
        )
        for tag, text in parts:
            SubElement(value, tag).text = text


def _partial(parent: Element, kind: str, conversion: str, value: str, low: float = 0.0, high: float = 1.0) -> None:
    partial = SubElement(parent, "partial")
    parts = (
        ("type", kind),
        ("conversion", conversion),
        ("value", value),
        ("scaleMin", f"{low:g}"),
        ("scaleMax", f"{high:g}"),
    )
    for tag, text in parts:
        SubElement(partial, tag).text = text
