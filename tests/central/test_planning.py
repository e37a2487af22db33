"""When the centre plans: a junction that is not heard does not cost the others their plans."""

from __future__ import annotations

from typing import Any

import msgspec

from nutgiao.central.flows import FlowMeter
from nutgiao.central.planning import Planning
from nutgiao.central.state import NetworkState
from nutgiao.models.contracts.plan import SignalPlan
from nutgiao.models.contracts.words import ControlMode
from tests.support.crossroads import NOON_S, crossroads, plan_for
from tests.support.voice import Voice

HEARD = crossroads()
SILENT = msgspec.structs.replace(HEARD, id="x2")


class Desk:
    """Stands for the dispatcher: keeps what is proposed."""

    def __init__(self) -> None:
        self.proposed: list[tuple[str, tuple[int, ...]]] = []

    def mode(self, node: str) -> ControlMode:
        return ControlMode.FIXED

    def propose(self, node: str, green_s: tuple[int, ...], offset_s: int, running: SignalPlan, now_s: float) -> bool:
        self.proposed.append((node, green_s))
        return True


def test_what_runs_is_renewed_though_another_junction_is_silent() -> None:
    state, desk = NetworkState([HEARD, SILENT]), Desk()
    dispatcher: Any = desk
    planning = Planning([HEARD, SILENT], state, FlowMeter(), dispatcher)
    plan = plan_for(HEARD, revision=7)
    state.sent(plan, NOON_S)
    state.take(Voice(HEARD).signal(NOON_S, plan=plan.id, revision=7), NOON_S)
    planning.plan(NOON_S + 10.0)
    assert desk.proposed == [(HEARD.id, plan.green_s)]
