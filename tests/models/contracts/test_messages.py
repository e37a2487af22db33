"""Messages: they survive the journey, and nothing but a valid one comes out of the door."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgiao.models.contracts.errors import ContractError
from nutgiao.models.contracts.messages import (
    Announcement,
    AnyMessage,
    Arrival,
    CameraHealth,
    CentreHeartbeat,
    EvidenceRef,
    Health,
    LaneState,
    LaneTelemetry,
    PlanProposal,
    PlanReply,
    PriorityRequest,
    PriorityStatus,
    SignalStatus,
    ViolationReport,
    decode,
    encode,
)
from nutgiao.models.contracts.plan import SignalPlan
from nutgiao.models.contracts.priority import (
    PriorityAsk,
    PriorityItem,
    PriorityState,
    PriorityVehicle,
    RequestType,
)
from nutgiao.models.contracts.safety import Refusal, Rule
from nutgiao.models.contracts.words import ControlSource, Indication, VehicleClass, ViolationKind

words = st.text(max_size=20)
numbers = st.floats(allow_nan=False, allow_infinity=False)
counts = st.integers(0, 2**63 - 1)
small = st.integers(0, 600)
head: dict[str, Any] = {
    "id": words, "node": words, "boot": words, "seq": counts, "time_s": numbers, "expires_s": numbers,
}  # fmt: skip

lane_states = st.builds(
    LaneState,
    lane=words,
    approach=words,
    queue_veh=small,
    queue_mcu=numbers,
    ahead_veh=small,
    back_of_queue_m=numbers,
    departures_veh=small,
    departures_mcu=numbers,
    arrivals_mcu=numbers,
    occupancy=numbers,
    speed_mps=st.none() | numbers,
    beyond_view=st.booleans(),
    quality=numbers,
)
plans = st.builds(
    SignalPlan,
    id=words,
    node=words,
    site_hash=words,
    revision=counts,
    cycle_s=small,
    offset_s=small,
    green_s=st.lists(small, max_size=5).map(tuple),
    valid_from_s=numbers,
    expires_s=numbers,
)
refusals = st.builds(
    Refusal,
    rule=st.sampled_from(Rule),
    reason=words,
    cure=words,
    second=st.none() | small,
    groups=st.lists(words, max_size=2).map(tuple),
)
messages: st.SearchStrategy[AnyMessage] = st.one_of(
    st.builds(LaneTelemetry, **head, lanes=st.lists(lane_states, max_size=3).map(tuple)),
    st.builds(
        SignalStatus,
        **head,
        groups=st.dictionaries(words, st.sampled_from(Indication), max_size=4),
        stage=words,
        cycle_second_s=small,
        cycle_s=small,
        plan=words,
        revision=counts,
        source=st.sampled_from(ControlSource),
        in_transition=st.booleans(),
    ),
    st.builds(
        ViolationReport,
        **head,
        violation=words,
        kind=st.sampled_from(ViolationKind),
        approach=words,
        lane=st.none() | words,
        track=words,
        vehicle_class=st.sampled_from(VehicleClass),
        occurred_s=numbers,
        confidence=numbers,
        numbers=st.dictionaries(words, numbers, max_size=3),
        evidence=st.none() | st.builds(EvidenceRef, bundle=words, manifest_sha256=words),
    ),
    st.builds(
        Health,
        **head,
        state=words,
        cameras=st.lists(st.builds(CameraHealth, camera=words, age_s=numbers, frames=small, dropped=small)).map(tuple),
        note=words,
    ),
    st.builds(PlanProposal, **head, plan=plans, signature=words),
    st.builds(
        PlanReply,
        **head,
        plan=words,
        revision=counts,
        accepted=st.booleans(),
        starts_s=st.none() | numbers,
        refusals=st.lists(refusals, max_size=3).map(tuple),
    ),
    st.builds(
        Announcement,
        **head,
        arrivals=st.lists(st.builds(Arrival, to=words, at_s=numbers, mcu=numbers, persons=numbers), max_size=3).map(
            tuple
        ),
    ),
    st.builds(CentreHeartbeat, **head, state=words, revisions=st.dictionaries(words, counts, max_size=3)),
    st.builds(
        PriorityRequest,
        **head,
        to=words,
        signature=words,
        ask=st.builds(
            PriorityAsk,
            request=words,
            type=st.sampled_from(RequestType),
            level=st.integers(0, 14),
            eta_s=st.none() | st.integers(0, 255),
            vehicle_type=st.none() | st.sampled_from(PriorityVehicle),
            connection=st.none() | words,
        ),
    ),
    st.builds(
        PriorityStatus,
        **head,
        requests=st.lists(
            st.builds(PriorityItem, request=words, state=st.sampled_from(PriorityState), since_s=numbers, reason=words),
            max_size=3,
        ).map(tuple),
        refused=st.dictionaries(words, words, max_size=2),
    ),
)

HEALTH = {
    "schema": "nutgiao/health/1", "id": "j1-b-1", "node": "j1", "boot": "b", "seq": 1,
    "time_s": 1.0, "expires_s": 2.0, "state": "online",
}  # fmt: skip


@given(messages)
def test_every_message_comes_back_as_it_was(message: AnyMessage) -> None:
    assert decode(encode(message)) == message


@given(st.binary(max_size=300))
def test_garbage_is_refused_by_name(payload: bytes) -> None:
    with pytest.raises(ContractError):
        decode(payload)


@given(messages, st.data())
def test_damaged_messages_are_refused_or_are_valid_ones(message: AnyMessage, data: st.DataObject) -> None:
    payload = bytearray(encode(message))
    for _ in range(data.draw(st.integers(1, 4))):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    try:
        arrived = decode(bytes(payload))
    except ContractError:
        return
    assert decode(encode(arrived)) == arrived


DEEP = b"[" * 100_000
WRONG: dict[str, bytes] = {
    "nothing": b"",
    "null": b"null",
    "a list": b"[1, 2]",
    "an unknown schema": json.dumps({**HEALTH, "schema": "nutgiao/health/2"}).encode(),
    "no schema": json.dumps({key: value for key, value in HEALTH.items() if key != "schema"}).encode(),
    "a schema that is a number": json.dumps({**HEALTH, "schema": 1}).encode(),
    "a missing key": json.dumps({key: value for key, value in HEALTH.items() if key != "state"}).encode(),
    "text for a number": json.dumps({**HEALTH, "seq": "1"}).encode(),
    "a negative sequence number": json.dumps({**HEALTH, "seq": -1}).encode(),
    "a sequence number that no database holds": json.dumps({**HEALTH, "seq": 2**63}).encode(),
    "a time beyond all numbers": json.dumps(HEALTH).replace("1.0", "1e999").encode(),
    "NaN": json.dumps({**HEALTH, "time_s": float("nan")}).encode(),
    "bytes that are no UTF-8": json.dumps(HEALTH).encode().replace(b"j1-b-1", b"\xff\xfe"),
    "half a surrogate": json.dumps(HEALTH).encode().replace(b"j1-b-1", b"\\ud800"),
    "brackets without end": DEEP,
    "brackets without end in a key nobody knows": json.dumps(HEALTH).encode()[:-1] + b', "x": ' + DEEP,
    "a priority beyond the highest level": json.dumps(
        {**HEALTH, "schema": "nutgiao/priority/1", "ask": {"request": "r", "type": "new", "level": 15}}
    ).encode(),
    "a message cut off": json.dumps(HEALTH).encode()[:-5],
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_message_of_ours_is_a_contract_error(name: str) -> None:
    with pytest.raises(ContractError):
        decode(WRONG[name])


def test_a_newer_sender_may_add_keys() -> None:
    arrived = decode(json.dumps({**HEALTH, "temperature_c": 61.5}).encode())
    assert isinstance(arrived, Health)
    assert arrived.state == "online"


def test_a_plan_with_a_key_nobody_knows_is_not_run() -> None:
    plan = {"id": "p", "node": "j1", "site_hash": "h", "revision": 1, "cycle_s": 90, "offset_s": 0, "green_s": [40, 40],
            "valid_from_s": 0, "expires_s": 1}  # fmt: skip
    proposal = {**HEALTH, "schema": "nutgiao/plan-proposal/1", "signature": "", "plan": plan}
    assert isinstance(decode(json.dumps(proposal).encode()), PlanProposal)
    with pytest.raises(ContractError, match="skip_amber"):
        decode(json.dumps({**proposal, "plan": {**plan, "skip_amber": True}}).encode())


def test_schemas_are_names_with_a_version() -> None:
    tags = [kind.__struct_config__.tag for kind in get_args(AnyMessage)]
    assert len(set(tags)) == len(tags)
    assert all(str(tag).startswith("nutgiao/") and str(tag).endswith("/1") for tag in tags)
