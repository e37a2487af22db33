"""A log of decisions that no run has made: one light with two stages, and a second in which anything may be put."""

from __future__ import annotations

from typing import Any

import msgspec

from nutgiao.models.contracts.decision import (
    Decision,
    LightName,
    LinkName,
    LinkSeen,
    LogHeader,
    Measure,
    Option,
    Outcome,
    Second,
)
from nutgiao.models.contracts.words import Turn

WEST, NORTH, WALK = range(3)
"""Letters of the light's states."""

STATES = ("Grr", "rGr", "rrG")

HEADER = LogHeader(
    run="all that determines it",
    scenario="busy",
    controller="horizon",
    detection="camera",
    seed=1,
    begin_s=25200.0,
    end_s=25320.0,
    amber_s=3,
    all_red_s=1,
    least_green_s=5.0,
    measure=Measure.DELAY,
    looks_s=60.0,
    nutgiao="0.1",
    sumo="1.28",
    lights=(
        LightName(
            "cluster_7",
            (
                LinkName("w-in", "e-out", "w", Turn.THROUGH, "Kim Mã"),
                LinkName("n-in", "e-out", "n", Turn.LEFT),
                LinkName(":c0", ":c0", "s", None),
            ),
            STATES,
        ),
    ),
)


def decision(**more: Any) -> Decision:
    """Three stand in the west, nobody else is there; the west has green for twelve seconds and keeps it."""
    usual = Decision(
        light=0,
        stage=0,
        coming=-1,
        green_s=12.0,
        left_s=0.0,
        seen=(LinkSeen(WEST, 3, 1, 4.5, 4.0, 12.0, 0.0, 0.0),),
        options=(Option(0, None, 20.0, 61.0, 20.0, 1), Option(1, 4.0, 31.5, 0.0, 33.25, 10)),
        wish=0,
        late=None,
        refused=(),
        outcome=Outcome.STAYS,
        lamps="Grr",
        then=0,
        then_coming=-1,
    )
    return msgspec.structs.replace(usual, **more)


def seconds(count: int, *special: tuple[int, Decision]) -> list[Second]:
    """The first seconds of the log; of special ones the light's decision is given."""
    told = dict(special)
    return [Second(HEADER.begin_s + n, (told.get(n, decision()),)) for n in range(count)]
