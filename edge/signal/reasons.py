"""Why a junction stands on no better rung: the sentences, one list for log, messages and the page's translation."""

from __future__ import annotations

import enum


class Reason(enum.StrEnum):
    """A sentence; details may follow after a colon."""

    NO_PLAN = "no valid plan of the centre"
    NO_LINK = "no link to the broker"
    NO_CENTRE = "the centre is not heard"
    CENTRE_OFF = "the centre is offline"
    NO_TIME = "the clock is not set"
    JUMPED = "the clock has jumped"
    APART = "clock and controller disagree about the time"
    SILENT = "the controller does not answer"
    FLASHING = "the controller is flashing"
    DEAF = "the controller takes no requests"
    DEAF_TO_CALLS = "the controller takes no calls for stages"
    BLIND = "no picture"
    NOT_EQUIPPED = "no adaptive control on this box"
    NOT_READY = "adaptive control is not ready"
    NO_NEWS = "no news from the neighbour"
    NO_RULE = "a rule does not run"
    DISPUTED = "controller and picture disagree about the lamp and its violations are not reported"
    CLOCKS_APART = "clocks are too far apart and violations at lamps are not reported"
    UNVOUCHED = "rules with hours wait because no time server keeps the clock"
    OFF_TIME = "rules with hours wait because the clock is too far from its time servers"

    CONTROLLER_BACK = "the controller answers again and is being watched"
    CLOCK_BACK = "the clock is steady again and is being watched"
    LINK_BACK = "the link to the broker is back and is being watched"
    CENTRE_BACK = "the centre is heard again and is being watched"
    SIGHT_BACK = "adaptive control is ready and is being watched"


def told(reason: Reason, details: str = "") -> str:
    """The sentence with its details."""
    return f"{reason}: {details}" if details else str(reason)
