"""A scripted step asks for no memory: in a host's audio thread an allocator's lock is a click."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
import torch
from latentone.export.calibrate import Calibration
from latentone.export.torchscript.wavenet import ScriptedDecoder
from small import LATENTS, small_model
from torch.profiler import profile


def allocations(events: Iterable[Any]) -> int:
    """How often memory was asked for in a profile's tree of events."""
    kind = torch._C._profiler._EventType.Allocation  # pyright: ignore[reportPrivateImportUsage, reportAttributeAccessIssue]
    return sum(
        (event.typed[0] == kind and event.typed[1].alloc_size > 0) + allocations(event.children) for event in events
    )


@pytest.mark.parametrize("head", ["softmax", "logistic"])
def test_more_steps_ask_for_no_more_memory(head: str) -> None:
    model = small_model(bands=16, head=head)
    knobs = Calibration(np.eye(LATENTS), np.zeros(LATENTS), np.zeros((2, LATENTS)))
    script: Any = torch.jit.script(ScriptedDecoder(model.decoder, knobs, None, 1).eval())
    hop, spoken = model.hyperparameters.control_hop_samples, []

    def asked(frames: int) -> int:
        given = torch.zeros(1, LATENTS, frames), torch.rand(1, frames * hop), torch.full([1], 0.9)
        with profile(profile_memory=True) as profiled:
            spoken.append(script(*given)[0])
        results: Any = profiled.profiler and profiled.profiler.kineto_results
        return allocations(results.experimental_event_tree())

    with torch.no_grad():
        for _ in range(3):  # the first calls are compiled
            asked(2)
        few, many = asked(4), asked(12)
    assert few > 0
    # A frame asks for nothing that a step would: 4 and 12 frames of 4 steps differ by no allocation.
    assert many == few
    assert spoken[-1].std() > 0.01
