"""What is drawn follows the distribution that was trained; if not, the sound would be too noisy, too dull, or of another pitch."""

from __future__ import annotations

import math

import pytest
import torch
from latentone.models.levels import HALF_RANGE, MINIMUM_LOG_SCALE, MIXTURES
from latentone.models.wavenet_vae.heads import HEADS, Head
from latentone.models.wavenet_vae.hyperparameters import HEAD_NAMES


def mixture() -> torch.Tensor:
    """Two components that matter: a narrow one at -0.2 and a wide one at 0.1; (3 × MIXTURES,)."""
    logits = torch.tensor([1.0, 0.5, -9.0, -9.0])
    return torch.cat([logits, torch.tensor([-0.2, 0.1, 0.0, 0.0]), torch.tensor([-5.0, -3.5, -3.0, -3.0])])


def test_every_head_that_can_be_asked_for_is_there() -> None:
    assert tuple(HEADS) == HEAD_NAMES


@pytest.mark.parametrize("name", HEAD_NAMES)
def test_codes_and_values_come_back(name: str) -> None:
    head = HEADS[name]
    amplitude = torch.linspace(-1, 1, 1001)
    codes = head.encode(amplitude)
    assert int(head.encode(torch.zeros(1))) == head.silence
    assert float(head.amplitude(head.value(torch.tensor([head.silence])))) == 0.0
    assert [head.code_of(float(value)) for value in head.value(codes)] == codes.tolist()
    coarsest = 1 / HALF_RANGE if name == "logistic" else 0.045
    assert float((head.amplitude(head.value(codes)) - amplitude).abs().max()) <= coarsest
    assert codes.dtype == torch.int64


@pytest.mark.parametrize("name", HEAD_NAMES)
def test_draws_cost_what_the_head_says_they_cost(name: str) -> None:
    """The mean cross-entropy of a head's own draws is the entropy of its distribution; a wrong draw or loss breaks that."""
    head = HEADS[name]
    torch.manual_seed(0)
    outputs = mixture() if name == "logistic" else torch.randn(256) * 2
    uniform = (torch.arange(20000) + 0.5)[:, None] / 20000
    many = outputs.expand(20000, 1, -1)
    codes = head.draw(many, uniform, torch.ones(20000))
    nats = float(head.cross_entropy(many, codes))
    probability = probabilities(name, outputs)
    assert nats == pytest.approx(float(-torch.special.xlogy(probability, probability).sum()), abs=0.01)


def probabilities(name: str, outputs: torch.Tensor) -> torch.Tensor:
    """Of every code, (codes,): the softmax itself, or each code's share of the mixture's cumulative distribution."""
    if name == "softmax":
        return torch.softmax(outputs, 0)
    logits, means, log_scales = outputs.double().chunk(3)
    edges = (torch.arange(-HALF_RANGE, HALF_RANGE + 1)[:, None] - 0.5) / HALF_RANGE
    cumulative = torch.sigmoid((edges - means) / log_scales.exp()) @ torch.softmax(logits, 0)
    return cumulative.diff()


def test_temperature_zero_draws_the_mean_of_the_likeliest_component() -> None:
    codes = HEADS["logistic"].draw(mixture().expand(3, 1, -1), torch.tensor([[0.0], [0.5], [0.999]]), torch.zeros(3))
    assert codes.flatten().tolist() == [round(-0.2 * HALF_RANGE)] * 3


def test_a_scale_has_a_floor() -> None:
    outputs = mixture()
    outputs[2 * MIXTURES :] = -50.0
    nats = HEADS["logistic"].cross_entropy(outputs[None], torch.tensor([round(-0.2 * HALF_RANGE)]))
    peak = torch.softmax(outputs[:MIXTURES], 0)[0] * 0.25 * math.exp(-MINIMUM_LOG_SCALE) / HALF_RANGE
    assert float(nats) == pytest.approx(-math.log(float(peak)), abs=0.05)


def test_a_tie_is_a_draw_that_the_smallest_step_of_its_number_turns() -> None:
    """Half way between two codes it may be either; well inside one, or at two codes' distance, it is a fault."""
    head = HEADS["logistic"]
    outputs = mixture().double()
    narrow = float(torch.softmax(outputs[:MIXTURES], 0)[0])
    code = round(-0.2 * HALF_RANGE)

    def number(sample: float) -> float:
        """What the narrow component draws the sample `sample` (in codes) from."""
        return narrow / (1 + math.exp(-(sample / HALF_RANGE + 0.2) * math.exp(5.0)))

    assert head.is_tie(outputs, number(code + 0.5), code, code + 1)
    assert not head.is_tie(outputs, number(code + 0.5), code, code + 2)
    assert not head.is_tie(outputs, number(code + 0.1), code, code + 1)
    # Where one component's share ends and the next one's begins, samples lie far apart that are drawn from next to one number.
    below, above = (drawn(head, outputs, narrow + move) for move in (-1e-6, 1e-6))
    assert above < below - 100
    assert head.is_tie(outputs, narrow, below, above)
    assert not head.is_tie(outputs, narrow - 1e-4, below, above)


def test_a_tie_among_codes_is_where_one_ends_and_the_next_begins() -> None:
    head = HEADS["softmax"]
    outputs = torch.zeros(256)
    assert head.is_tie(outputs, 7 / 256, drawn(head, outputs, 7 / 256 - 1e-6), drawn(head, outputs, 7 / 256 + 1e-6))
    assert not head.is_tie(outputs, 7 / 256 + 1e-4, 6, 7)
    assert not head.is_tie(outputs, 7 / 256, 6, 8)


def drawn(head: Head, outputs: torch.Tensor, uniform: float) -> int:
    return int(head.draw(outputs[None, None], torch.tensor([[uniform]], dtype=torch.float64), torch.ones(1)))
