"""The ladder of a whole box against a real broker: all is cut in turn, and its status messages tell the rungs."""

from __future__ import annotations

from pathlib import Path

from nutgiao.edge.signal.reasons import Reason
from tests.support.brokers import running
from tests.support.ladder_town import LIFE_S, Step, Town, every_cut


def after(log: list[Step], event: str) -> list[Step]:
    """The log from an event on, until the next one."""
    start = next(k for k, step in enumerate(log) if step.event.startswith(event))
    end = next((k for k in range(start + 1, len(log)) if log[k].event), len(log))
    return log[start:end]


def test_each_cut_leads_down_and_back_and_the_status_messages_tell_it(tmp_path: Path) -> None:
    with running("iotcore", tmp_path) as broker:
        town = Town(broker, tmp_path)
        try:
            for what, rung in every_cut(town):
                assert town.ladder.rungs.rung == rung, what
            log, notes = town.log(), {health.note for health in town.ear.healths}
        finally:
            town.close()
    assert town.broken() == []
    assert [reply.accepted for reply in town.ear.replies] == [True, True]

    def seconds(event: str, rung: str) -> int:
        """How long after an event the status tells a rung."""
        steps = after(log, event)
        return next(step.second for step in steps if step.rung == rung) - steps[0].second

    assert seconds("the broker is killed", "last_valid") == 5
    assert seconds("the broker is back", "central") in range(30, 40)
    assert seconds("the centre stops", "last_valid") in range(10, 17)
    assert seconds("the centre is back", "central") in range(30, 40)
    assert {step.rung for step in after(log, "the neighbour falls silent")} == {"central"}
    assert any(f"{Reason.NO_NEWS}: j2" in note for note in notes)
    assert seconds("the box's clock jumps", "adaptive") <= 5  # its tracks begin anew with the clock
    assert seconds("a camera's frames stop", "fixed") in range(8, 16)
    assert seconds("the camera is back", "adaptive") in range(30, 45)
    assert seconds("the box's clock is set right", "central") in range(60, 70)
    assert seconds("the controller falls silent", "cabinet") == 3
    assert seconds("the controller answers again", "central") == 10
    over = after(log, "the centre stops, and its plan runs out")
    sent = next(step.second for step in log if step.event == "the centre sends a plan")
    assert [step.rung for step in over][-1] == "time_of_day"
    assert next(step.second for step in over if Reason.NO_PLAN in step.reason) == sent + LIFE_S
    plan = {step.plan for step in log if step.rung in {"central", "last_valid"}}
    assert len(plan) == 2, "one plan before and one after the one that ran out"
