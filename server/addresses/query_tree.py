"""The namespace as OSCQuery tells it: a tree of what can be said, in which types and ranges, and how it changes.

After the OSCQuery proposal (github.com/Vidvox/OSCQueryProposal). A knob stands in the tree once, by its index: layouts
and presets of one model then fit the next, and no host shows every knob twice. Its name leads its description, which
several hosts show as its label. By name it is found all the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..arguments import Argument
from ..events import Value
from ..packets import INT32_MAX
from .namespace import Namespace
from .row import Address

TOLD = ("FULL_PATH", "CONTENTS", "TYPE", "ACCESS", "VALUE", "RANGE", "UNIT", "DESCRIPTION", "TAGS", "OVERLOADS")
"""Attributes that a node may have here."""
UNTOLD = ("EXTENDED_TYPE", "CRITICAL", "CLIPMODE")
"""Those that the proposal knows besides. CLIPMODE: what is out of range is refused, which it has no word for."""

_READABLE, _WRITABLE = 1, 2
_IMPULSE = "I"
"""The type of a message without arguments."""
_TYPES = {"float": "f", "int": "i", "string": "s"}
_UNITS = {"s": "time.second", "dB": "gain.db", "beats a minute": "time.bpm"}

_Json = dict[str, Any]
_ValueOf = Callable[[str], Sequence[Value] | None]


@dataclass(slots=True)
class Node:
    """A place in the tree: a method, which can be told something, a container of others, or both, as `/latent` is."""

    path: str
    attributes: _Json = field(default_factory=dict)
    """What stays as it is while one model plays."""
    address: str | None = None
    """Of a method: itself with names made indices, as the engine knows it."""
    has_value: bool = False
    """Whether it may have one: what the server answers has none."""
    contents: dict[str, Node] = field(default_factory=dict)

    def value(self, value_of: _ValueOf) -> tuple[Value, ...] | None:
        """What it is set to, if it is a method that has a value."""
        value = value_of(self.address) if self.has_value and self.address is not None else None
        return None if value is None else tuple(value)

    def describe(self, value_of: _ValueOf) -> _Json:
        """Itself and all that is in it, for JSON. value_of: what an address of the engine is set to, if anything."""
        told: _Json = {"FULL_PATH": self.path, "ACCESS": 0, **self.attributes}
        if self.address is not None:
            value = self.value(value_of)
            told["ACCESS"] = _WRITABLE if value is None else _WRITABLE | _READABLE
            if value is not None:
                told["VALUE"] = list(value)
        if self.contents:
            told["CONTENTS"] = {name: node.describe(value_of) for name, node in self.contents.items()}
        return told


def query_tree(namespace: Namespace) -> dict[str, Node]:
    """Every node by its path, `/` for all of them; knobs by name, too, which are in no CONTENTS."""
    nodes = {"/": Node("/", {"DESCRIPTION": "Latentone: plays the latent space"})}
    names = namespace.latent_names
    for address, (row, canonical) in namespace.addresses().items():
        node = _place(nodes, address) if address == canonical else nodes.setdefault(address, Node(address))
        name = names[int(canonical.rpartition("/")[2])] if row.pattern.endswith("<knob>") else ""
        node.address, node.has_value = canonical, row.answered_by == "engine"
        node.attributes = _method(row, name, len(names))
    return nodes


def changes(before: Mapping[str, Node], after: Mapping[str, Node]) -> Iterator[tuple[str, str]]:
    """What a host that knows `before` must be told to know `after`: PATH_REMOVED, PATH_ADDED or PATH_CHANGED, and a path.

    What is in a path that is told of is told with it.
    """
    old, new = _listed(before["/"]), _listed(after["/"])
    changed = {path for path in old.keys() & new.keys() if old[path].attributes != new[path].attributes}
    kinds = {
        "PATH_REMOVED": old.keys() - new.keys(),
        "PATH_ADDED": new.keys() - old.keys(),
        "PATH_CHANGED": changed,
    }
    for kind, paths in kinds.items():
        yield from ((kind, path) for path in sorted(paths) if paths.isdisjoint(_above(path)))


def _place(nodes: dict[str, Node], path: str) -> Node:
    """The node at `path`, put into the tree with all that it is in if it is not there."""
    if path not in nodes:
        above, _, name = path.rpartition("/")
        nodes[path] = _place(nodes, above or "/").contents[name] = Node(path)
    return nodes[path]


def _method(row: Address, name: str, knobs: int) -> _Json:
    required = [argument for argument in row.arguments if not argument.optional]
    attributes: _Json = {"DESCRIPTION": f"{name}: {row.does}" if name else row.does}
    attributes |= _signature(required, knobs)
    if name:
        attributes["TAGS"] = [name]
    # TYPE is what must be said: hosts that make a control of it know no optional arguments, and many of them no OVERLOADS.
    longer = range(len(required) + 1, len(row.arguments) + 1)
    if longer:
        attributes["OVERLOADS"] = [_signature(row.arguments[:count], knobs) for count in longer]
    return attributes


def _signature(arguments: Sequence[Argument], knobs: int) -> _Json:
    """TYPE, RANGE and UNIT, with an entry for each value: a repeated number comes once a knob, a repeated name once."""
    spelled = [
        argument
        for argument in arguments
        for _ in range(knobs if argument.repeated and argument.kind != "string" and not argument.most else 1)
    ]
    signature: _Json = {"TYPE": "".join(_TYPES[argument.kind] for argument in spelled) or _IMPULSE}
    for key, entries in (
        ("RANGE", [_range(argument) for argument in spelled]),
        ("UNIT", [_UNITS.get(argument.unit) for argument in spelled]),
    ):
        if any(entry is not None for entry in entries):
            signature[key] = entries
    return signature


def _range(argument: Argument) -> _Json | None:
    if argument.choices:
        return {"VALS": list(argument.choices)}
    if math.isfinite(argument.low) and argument.high < INT32_MAX:
        return {"MIN": argument.low, "MAX": argument.high}
    return None


def _listed(node: Node) -> dict[str, Node]:
    listed = {node.path: node}
    for inner in node.contents.values():
        listed |= _listed(inner)
    return listed


def _above(path: str) -> Iterator[str]:
    while path := path.rpartition("/")[0]:
        yield path
