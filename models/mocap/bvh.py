"""BVH files: a skeleton's joints and what each channel does, frame by frame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from pathlib import Path

import numpy as np

from ..errors import LatentoneError
from . import rotations
from .skeleton import Joint, Motion

POSITIONS = ("Xposition", "Yposition", "Zposition")
ROTATIONS = ("Xrotation", "Yrotation", "Zrotation")


@dataclass(frozen=True)
class Layout:
    """The joints of a file, parents first, and which of the channels each has."""

    joints: list[Joint]
    channels: list[list[str]]
    """For each joint, in the file's order, such as `Zrotation`."""

    @property
    def names(self) -> list[str]:
        """Of all channels: `Hips.Xposition`."""
        return [
            f"{joint.name}.{channel}"
            for joint, channels in zip(self.joints, self.channels, strict=True)
            for channel in channels
        ]

    def motion(self, values: np.ndarray) -> Motion:
        """What raw channel values (frames, channels) do: local rotations and positions. Angles are degrees, as in the file."""
        turns = np.broadcast_to(np.eye(3), (len(values), len(self.joints), 3, 3)).copy()
        for axes, (joints, columns) in self._turning.items():
            turns[:, joints] = rotations.from_euler(np.radians(values[:, columns]), axes)
        positions: dict[int, np.ndarray] = {}
        for joint, columns in self._moving.items():
            moved = np.tile(np.asarray(self.joints[joint].offset), (len(values), 1))
            for axis, column in columns.items():
                moved[:, "XYZ".index(axis)] = values[:, column]
            positions[joint] = moved
        return Motion(turns, positions)

    @cached_property
    def _turning(self) -> dict[str, tuple[list[int], list[list[int]]]]:
        """Joints that turn, and their columns, by the axes in order: all of one order are turned together."""
        groups: dict[str, tuple[list[int], list[list[int]]]] = {}
        for joint, columns in enumerate(self._columns):
            turning = {channel: column for channel, column in columns.items() if channel in ROTATIONS}
            if turning:
                joints, places = groups.setdefault("".join(channel[0] for channel in turning), ([], []))
                joints.append(joint)
                places.append(list(turning.values()))
        return groups

    @cached_property
    def _moving(self) -> dict[int, dict[str, int]]:
        """By joint, the column of each axis that it is moved along."""
        moving = {
            joint: {channel[0]: column for channel, column in columns.items() if channel in POSITIONS}
            for joint, columns in enumerate(self._columns)
        }
        return {joint: columns for joint, columns in moving.items() if columns}

    @property
    def _columns(self) -> list[dict[str, int]]:
        """Of each joint the column of each of its channels, in order."""
        column = count()
        return [{channel: next(column) for channel in channels} for channels in self.channels]


@dataclass(frozen=True)
class Bvh:
    """A file's skeleton, its raw channel values (frames, channels), and its rate."""

    layout: Layout
    values: np.ndarray
    frame_rate_hz: float


def read_bvh(path: Path) -> Bvh:
    """Read a file whole. Raises LatentoneError, `file:line: what is wrong`, for anything that is not BVH."""
    try:
        lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError as error:
        raise LatentoneError(f"{path}: cannot be read ({error.strerror})") from None
    words = _Words(path, lines)
    layout = _hierarchy(words)
    rate_hz, frames, first = _motion_header(words, path, lines)
    return Bvh(layout, _frames(path, lines, first, frames, len(layout.names)), rate_hz)


class _Words:
    """The words of a file one by one, each with its line."""

    def __init__(self, path: Path, lines: list[str]) -> None:
        self.path, self.line, self.end = path, 1, len(lines)
        self._words = self._all(lines)

    def _all(self, lines: list[str]) -> Iterator[tuple[int, str]]:
        for number, line in enumerate(lines, start=1):
            for word in line.replace("{", " { ").replace("}", " } ").split():
                yield number, word

    def next(self, expected: str) -> str:
        """The next word; `expected` says what it should be, for the error at the file's end."""
        found = next(self._words, None)
        if found is None:
            self.line = max(self.end, 1)
            raise self.error(f"the file ends where {expected} should be")
        self.line, word = found
        return word

    def keyword(self, *allowed: str) -> str:
        word = self.next(" or ".join(allowed))
        for keyword in allowed:
            if word.lower() == keyword.lower():
                return keyword
        raise self.error(f"{word[:40]!r} stands where {' or '.join(allowed)} should be")

    def number(self, what: str) -> float:
        word = self.next(what)
        try:
            value = float(word)
        except ValueError:
            raise self.error(f"{word[:40]!r} stands where {what}, a number, should be") from None
        if not np.isfinite(value):
            raise self.error(f"{what} is {word}")
        return value

    def name(self) -> str:
        """All words up to an opening brace."""
        parts = []
        while (word := self.next("{ after a joint's name")) != "{":
            if len(parts) > 8:
                raise self.error("no { after a joint's name")
            parts.append(word)
        if not parts:
            raise self.error("a joint has no name")
        return " ".join(parts)

    def error(self, what: str) -> LatentoneError:
        return LatentoneError(f"{self.path}:{self.line}: {what}")


def _hierarchy(words: _Words) -> Layout:
    """Everything up to the word MOTION."""
    words.keyword("HIERARCHY")
    words.keyword("ROOT")
    joints: list[Joint] = []
    channels: list[list[str]] = []
    open_joints: list[int] = []

    def begin(name: str, end_site: bool = False) -> None:
        parent = open_joints[-1] if open_joints else -1
        if any(joint.name == name for joint in joints):
            raise words.error(f"there is a second joint {name}")
        words.keyword("OFFSET")
        offset = [words.number("an offset") for _ in range(3)]
        joints.append(Joint(name, parent, (offset[0], offset[1], offset[2]), end_site))
        channels.append([])
        open_joints.append(len(joints) - 1)

    begin(words.name())
    while open_joints:
        word = words.keyword("JOINT", "End", "CHANNELS", "}")
        if word == "JOINT":
            begin(words.name())
        elif word == "End":
            words.keyword("Site")
            words.keyword("{")
            begin(f"{joints[open_joints[-1]].name} end {len(joints)}", end_site=True)
        elif word == "CHANNELS":
            channels[open_joints[-1]] = _channels(words)
        else:
            open_joints.pop()
    words.keyword("MOTION")
    return Layout(joints, channels)


def _channels(words: _Words) -> list[str]:
    number = words.number("the number of channels")
    if number != int(number) or not 0 <= number <= 6:
        raise words.error(f"{number:g} channels: 0 to 6 are possible")
    channels = [words.keyword(*POSITIONS, *ROTATIONS) for _ in range(int(number))]
    if len(set(channels)) != len(channels):
        raise words.error(f"a channel stands twice among {' '.join(channels)}")
    return channels


def _motion_header(words: _Words, path: Path, lines: list[str]) -> tuple[float, int, int]:
    """Frames a second, how many there are, and the index of the first line of values."""
    words.keyword("Frames:")
    frames = words.number("the number of frames")
    if frames != int(frames) or frames < 1:
        raise words.error(f"{frames:g} frames: at least one is needed")
    words.keyword("Frame")
    words.keyword("Time:")
    frame_s = words.number("the frame time")
    if not 1e-4 <= frame_s <= 10.0:
        raise words.error(f"frame time {frame_s:g} s: from 0.0001 to 10 are possible")
    rate_hz = 1.0 / frame_s
    # Files round the frame time: .0083333 means 120 frames a second.
    return (
        (float(round(rate_hz)) if abs(rate_hz - round(rate_hz)) < 1e-3 * rate_hz else rate_hz),
        int(frames),
        words.line,
    )


def _frames(path: Path, lines: list[str], first: int, frames: int, width: int) -> np.ndarray:
    values = np.empty((min(frames, len(lines)), width))  # not as many as a broken file promises
    found = 0
    for number in range(first, len(lines)):
        words = lines[number].split()
        if not words:
            continue
        where = f"{path}:{number + 1}"
        if found == frames:
            break  # some programs leave frames behind what Frames: says, and readers pass over them
        if len(words) != width:
            raise LatentoneError(f"{where}: {len(words)} values, where the skeleton has {width} channels")
        try:
            values[found] = words
        except ValueError:
            raise LatentoneError(f"{where}: a value is not a number") from None
        if not np.isfinite(values[found]).all():
            raise LatentoneError(f"{where}: a value is not finite")
        found += 1
    if found < frames:
        raise LatentoneError(f"{path}:{len(lines)}: the file ends after {found} of {frames} frames")
    return values
