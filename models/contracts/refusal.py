"""What a refused plan is told: the rule that it breaks, the second, the groups and the cure."""

from __future__ import annotations

import enum

import msgspec


class Rule(enum.StrEnum):
    """Names of the rules, as they stand in replies and logs."""

    SITE = "site"
    REVISION = "revision"
    VALIDITY = "validity"
    SIGNATURE = "signature"
    SHAPE = "shape"
    ORDER = "order"
    BARRIER = "barrier"
    CYCLE = "cycle"
    OFFSET = "offset"
    RATE = "rate_of_change"
    INTERVAL = "plan_interval"
    CONFLICT = "conflict"
    INTERGREEN = "intergreen"
    AMBER = "amber"
    MIN_GREEN = "min_green"
    WALK = "pedestrian_walk"
    MAX_GREEN = "max_green"
    MAX_RED = "max_red"
    NOT_SERVED = "not_served"
    TRANSITION = "transition"
    MODE = "mode"
    CONTROLLER = "controller"


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """One broken rule.

    Attributes:
        rule: its name.
        reason: what is wrong, with figures.
        cure: what would be accepted.
        second: second of the checked lamps, None where no second is to blame.
        groups: signal groups to blame.
    """

    rule: Rule
    reason: str
    cure: str
    second: int | None = None
    groups: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.rule}: {self.reason}; {self.cure}"
