"""Which operators an ONNX file's graph is made of, read without loading its weights."""

from __future__ import annotations

from collections.abc import Iterator

CONTROL_FLOW = frozenset({"If", "Loop", "Scan"})

# Field numbers of the ONNX format's messages (onnx.proto).
_MODEL_GRAPH, _GRAPH_NODE, _NODE_OP_TYPE = 7, 1, 4


def operators(model: bytes) -> set[str]:
    """The names of the graph's operators, without those inside loop bodies; empty for what is no ONNX file."""
    try:
        return {
            bytes(kind).decode()
            for graph in _messages(memoryview(model), _MODEL_GRAPH)
            for node in _messages(graph, _GRAPH_NODE)
            for kind in _messages(node, _NODE_OP_TYPE)
        }
    except (IndexError, ValueError):
        return set()


def _messages(data: memoryview, wanted: int) -> Iterator[memoryview]:
    """The payloads of field `wanted` of a protobuf message. Raises IndexError or ValueError where it is none."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        field, wire_type = key >> 3, key & 7
        if wire_type == 0:  # a number
            _, at = _varint(data, at)
        elif wire_type == 1:  # 8 bytes
            at += 8
        elif wire_type == 5:  # 4 bytes
            at += 4
        elif wire_type == 2:  # a length, then as many bytes
            size, at = _varint(data, at)
            if field == wanted:
                yield data[at : at + size]
            at += size
        else:
            raise ValueError(f"wire type {wire_type}")


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    """A number of 7 bits a byte, lowest first, and where it ends."""
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
