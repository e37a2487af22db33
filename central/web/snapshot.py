"""The network state as the page reads it: plain JSON values, and nothing that the state does not know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from nutgiao.central.proposals import Proposal
from nutgiao.central.state import NetworkState
from nutgiao.central.store import Store
from nutgiao.models.contracts.messages import PriorityStatus
from nutgiao.models.contracts.plan import SignalPlan
from nutgiao.models.contracts.timeline import stage_starts
from nutgiao.models.contracts.words import ControlMode, ControlSource

FLOW_WINDOW_S = 300.0


def snapshot(state: NetworkState, store: Store, now_s: float, uplink: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that changes from second to second."""
    proposals = state.proposals()
    return {
        "now_s": now_s,
        "uplink": uplink,
        "nodes": [_node(state, node, now_s) for node in state.sites],
        "violations": store.count_by_state(),
        # the page loads the table again when this changes
        "plans": [f"{each.plan.node}/{each.plan.revision}/{each.state(now_s)}" for each in proposals[:20]],
    }


def queue_history(state: NetworkState, since_s: float) -> dict[str, Any]:
    """Delay over time of the network and of each node."""
    nodes = {node: _series(state.queue_over_time(since_s, node)) for node in state.sites}
    return {"network": _series(state.queue_over_time(since_s)), "nodes": nodes}


def plan_rows(state: NetworkState, store: Store, now_s: float) -> list[dict[str, Any]]:
    """Plans latest first: those of this run with what became of them, then older ones from the store."""
    live = state.proposals()
    known = {(each.plan.node, each.plan.revision) for each in live}
    older = [
        Proposal(
            plan=kept.plan,
            sent_s=kept.sent_s,
            answered_s=kept.reply.time_s if kept.reply else None,
            accepted=kept.reply.accepted if kept.reply else None,
            starts_s=kept.reply.starts_s if kept.reply else None,
            refusals=kept.reply.refusals if kept.reply else (),
        )
        for kept in store.plans()
        if (kept.plan.node, kept.plan.revision) not in known
    ]
    return [_plan(each, now_s) for each in [*live, *older]]


def _node(state: NetworkState, node: str, now_s: float) -> dict[str, Any]:
    status = state.last_signal(node)
    return {
        "id": node,
        "health": msgspec.to_builtins(state.health(node, now_s)),
        "signal": None
        if status is None
        else {
            "groups": status.groups,
            "stage": status.stage,
            "cycle_second_s": status.cycle_second_s,
            "cycle_s": status.cycle_s,
            "plan": status.plan,
            "revision": status.revision,
            "source": status.source,
            "reason": status.reason,
            "rung_changes": status.rung_changes,
            "in_transition": status.in_transition,
            "time_s": status.time_s,
            "live": state.signal(node, now_s) is not None,
            "timing": _timing(state, node, state.running_plan(node), status.source),
        },
        "priority": _priority(state.priority(node, now_s)),
        "approaches": {
            approach.id: _approach(state, node, approach.id, now_s) for approach in state.sites[node].approaches
        },
        "counts": state.counts(node),
    }


def _priority(told: PriorityStatus | None) -> dict[str, Any] | None:
    if told is None:
        return None
    return {"requests": msgspec.to_builtins(told.requests), "refused": sum(told.counts.values())}


def _approach(state: NetworkState, node: str, approach: str, now_s: float) -> dict[str, Any] | None:
    second = state.approach(node, approach)
    if second is None:
        return None
    flow = state.flows(node, approach, FLOW_WINDOW_S, now_s)
    return {**msgspec.to_builtins(second), "flow_mcuph": None if flow is None else round(flow)}


def _timing(state: NetworkState, node: str, plan: SignalPlan | None, source: ControlSource) -> dict[str, Any] | None:
    signals = state.sites[node].signals
    if plan is None or signals is None:
        return None
    return {
        "offset_s": None if source is ControlSource.FIXED else plan.offset_s,  # without a clock there is none
        "mode": plan.mode if source in {ControlSource.CENTRAL, ControlSource.LAST_VALID} else ControlMode.FIXED,
        "green_s": plan.green_s,
        "order": plan.order,
        "starts_s": stage_starts(signals, plan.green_s, plan.order),
        "expires_s": plan.expires_s if plan.revision else None,
    }


def _plan(proposal: Proposal, now_s: float) -> dict[str, Any]:
    plan = proposal.plan
    return {
        "id": plan.id,
        "node": plan.node,
        "revision": plan.revision,
        "state": proposal.state(now_s),
        "cycle_s": plan.cycle_s,
        "offset_s": plan.offset_s,
        "green_s": plan.green_s,
        "order": plan.order,
        "sent_s": proposal.sent_s,
        "valid_from_s": plan.valid_from_s,
        "expires_s": plan.expires_s,
        "answered_s": proposal.answered_s,
        "starts_s": proposal.starts_s,
        "running_since_s": proposal.running_since_s,
        "ended_s": proposal.ended_s,
        "refusals": msgspec.to_builtins(proposal.refusals),
    }


def _series(points: list[tuple[int, float]]) -> dict[str, list[float]]:
    return {"time_s": [time_s for time_s, _ in points], "queue_veh": [round(queue, 2) for _, queue in points]}
