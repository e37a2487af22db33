"""Delay of a corridor in which a junction runs another order: its platoons leave when that order lets them."""

from __future__ import annotations

import pytest

from nutgiao.optimizer.corridor import Junction, Stream
from nutgiao.optimizer.offsets import CorridorDelay
from tests.support.dual_ring import GREENS, LAG, dual_ring

STARTS_EARLIER_S = 21
"""The movement against the second ring's left turn: it leads in this order and follows 16 s of green and 5 s else."""


def model(orders: dict[str, tuple[int, ...]]) -> CorridorDelay:
    signals = dual_ring().signals
    assert signals is not None
    group = [each.id for each in signals.groups].index("p6")

    def stream(node: str, upstream: str | None) -> Stream:
        return Stream(node, "M", group, 400.0, 3000.0, 80.0, upstream, 20, 0.0)

    junctions = [Junction(node, signals, (stream(node, before),)) for node, before in (("a", None), ("b", "a"))]
    return CorridorDelay(junctions, {"a": GREENS, "b": GREENS}, orders)


@pytest.mark.parametrize("offset", [0, 30, 60])
def test_an_order_moves_the_platoons_by_what_its_stages_move(offset: int) -> None:
    usual, lagging = model({}), model({"a": LAG})
    assert lagging.rate({"a": 0, "b": offset}) == pytest.approx(usual.rate({"a": -STARTS_EARLIER_S, "b": offset}))
    assert lagging.rate({"a": 0, "b": offset}) != pytest.approx(usual.rate({"a": 0, "b": offset}))
