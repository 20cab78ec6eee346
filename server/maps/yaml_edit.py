"""Another list in a YAML file that a person wrote: every other line stays as it is, comments and all."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import yaml

from ...export.errors import LatentoneError

Same = Callable[[Any, Any], bool]


def with_list(text: str, section: str, key: str, items: Sequence[Any], same: Same) -> str:
    """`text` with `items` as the list at `section.key`; those that are `same` as one there keep their lines.

    Raises LatentoneError when the file is written in a way that this cannot change safely.
    """
    changed = _Lines(text).with_list(section, key, items, same)
    # Whatever stands in a person's file, nothing but the list may have changed.
    rest_before, _ = _without(yaml.safe_load(text), section, key)
    rest, told = _without(yaml.safe_load(changed), section, key)
    if (
        rest != rest_before
        or len(told) != len(items)
        or not all(any(same(one, item) for one in told) for item in items)
    ):
        raise LatentoneError(f"{section}.{key} is written in a way that cannot be changed here: change it by hand")
    return changed


def _without(settings: Any, section: str, key: str) -> tuple[dict[str, Any], list[Any]]:
    """The settings without the list, and the list."""
    rest = {name: dict(value) if isinstance(value, dict) else value for name, value in (settings or {}).items()}
    told = (rest.get(section) or {}).pop(key, None) or []
    return {name: value for name, value in rest.items() if name != section or value}, told


class _Lines:
    """A YAML file as lines, and as nodes that know their places."""

    def __init__(self, text: str) -> None:
        self._text = text if not text or text.endswith("\n") else text + "\n"
        self._lines = self._text.splitlines(keepends=True)
        self._root = yaml.compose(text, yaml.SafeLoader)

    def with_list(self, section: str, key: str, items: Sequence[Any], same: Same) -> str:
        value = None if self._root is None else _child(self._root, section)
        if value is None:
            return self._text + f"{section}:\n" + _block(key, items, 2)
        if isinstance(value, yaml.ScalarNode) and not value.value:
            return self._after(value.start_mark.line, _block(key, items, 2))
        if not isinstance(value, yaml.MappingNode):
            return self._text
        old = _child(value, key)
        if old is None and value.flow_style:
            comma = ", " if value.value else ""
            return self._replace(value.end_mark.index - 1, value.end_mark.index - 1, f"{comma}{key}: {_flow(items)}")
        if old is None:
            return self._after(_last_line(value), _block(key, items, value.start_mark.column))
        if isinstance(old, yaml.SequenceNode) and not old.flow_style:
            return self._among(old, items, same, value.start_mark.column + 2)
        if isinstance(old, yaml.SequenceNode) and (old.value or value.flow_style):
            return self._replace(old.start_mark.index, old.end_mark.index, _flow(items))
        # An empty list, or nothing: the rows go below, and a comment beside it stays.
        if not items:
            return self._replace(
                old.start_mark.index, old.end_mark.index, " []" if old.start_mark == old.end_mark else "[]"
            )
        line, indent = old.start_mark.line, value.start_mark.column + 2
        start, end = old.start_mark.index, old.end_mark.index
        while start < end and self._text[start - 1] == " ":
            start -= 1
        shorter = _Lines(self._text[:start] + self._text[end:]) if end > start else self
        return shorter._after(line, _rows(items, indent))

    def _among(self, old: yaml.SequenceNode, items: Sequence[Any], same: Same, indent: int) -> str:
        """The block list with the lines of what is no more taken out, and what is new at its end."""
        had = [_plain(node) for node in old.value]
        new = [item for item in items if not any(same(one, item) for one in had)]
        lines, insert_at = list(self._lines), _last_line(old) + 1
        lines[insert_at:insert_at] = [_rows(new, old.start_mark.column)] if new else []
        gone = [node for node, one in zip(old.value, had, strict=True) if not any(same(one, item) for item in items)]
        for node in reversed(gone):
            del lines[node.start_mark.line : _last_line(node) + 1]
        if not items:
            lines.insert(old.start_mark.line, " " * indent + "[]\n")
        return "".join(lines)

    def _after(self, line: int, text: str) -> str:
        return "".join([*self._lines[: line + 1], text, *self._lines[line + 1 :]])

    def _replace(self, start: int, end: int, text: str) -> str:
        return self._text[:start] + text + self._text[end:]


def _child(node: yaml.Node, key: str) -> yaml.Node | None:
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((value for name, value in pairs if name.value == key), None)


def _last_line(node: yaml.Node) -> int:
    """The last line that a node itself stands on; the parser lets a block end only where the next thing begins."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _last_line(last[1] if isinstance(last, tuple) else last)
    is_block_text = isinstance(node, yaml.ScalarNode) and node.style in ("|", ">")
    return node.end_mark.line - (1 if is_block_text else 0)


def _plain(node: yaml.Node) -> Any:
    return yaml.SafeLoader("").construct_document(node)


def _flow(items: Sequence[Any]) -> str:
    return yaml.safe_dump(
        list(items), default_flow_style=True, sort_keys=False, allow_unicode=True, width=math.inf
    ).strip()


def _block(key: str, items: Sequence[Any], indent: int) -> str:
    rows = _rows(items, indent + 2)
    return f"{' ' * indent}{key}:\n{rows}" if rows else f"{' ' * indent}{key}: []\n"


def _rows(items: Sequence[Any], indent: int) -> str:
    return "".join(f"{' ' * indent}- {_flow([item])[1:-1]}\n" for item in items)
