"""What a light decided in one second, and the log of it: what was seen, what was considered, what the safety code did.

A log is text, a line of JSON each: first `LogHeader`, then one `Second` after the other. Stages and links are numbered
from 0 within their light; the header tells what they are.
"""

from __future__ import annotations

import enum

import msgspec

from nutgiao.models.contracts.refusal import Refusal
from nutgiao.models.contracts.words import Turn

FORMAT = 1
"""Of a log; a reader refuses another one."""


class Measure(enum.StrEnum):
    """What the figure of an option is."""

    DELAY = "delay"  # weighted vehicle seconds that are expected; the least wins
    SCORE = "score"  # vehicles that it would serve, less those in its way; the most wins
    NONE = ""  # the controller does not tell


class Outcome(enum.StrEnum):
    """What became of the wish for a stage."""

    STAYS = "stays"  # it is the stage that shows
    BEGINS = "begins"  # the change to it, or the stage itself, begins
    CHANGE_RUNS = "change_runs"  # the light changes already and goes on
    LEAST_GREEN = "least_green"  # the stage that shows has not had its shortest green
    REFUSED = "refused"  # by the guard
    UNKNOWN_STAGE = "unknown_stage"  # the light has no such stage


class Basis(enum.StrEnum):
    """A rule by which a controller without figures comes to its wish, or by which a plan's frame changes it."""

    EXTENDED = "extended"  # somebody follows closely: the green is extended
    GAP_OUT = "gap_out"  # nobody follows closely, and somebody waits elsewhere
    MAX_OUT = "max_out"  # somebody elsewhere has waited for the longest extension
    RESTS = "rests"  # nobody waits elsewhere, and the stage is the first one or somebody is on his way to it
    RECALL = "recall"  # nobody waits anywhere: back to the first stage
    PLAN = "plan"  # a fixed plan shows it
    FORCE_OFF = "force_off"  # the frame: the stage may be kept no longer
    EARLY = "early"  # the frame: the stage may not be left yet
    ORDER = "order"  # the frame: another stage is next


class Reason(msgspec.Struct, frozen=True, array_like=True):
    """A rule that led to a wish.

    Attributes:
        basis: the rule.
        stage: that it is about: wished by the controller, or forced by the frame.
        next: that follows in the frame; None where that is no matter, or none has to follow.
        s: seconds: to the next vehicle, for which somebody has waited, of the cycle, or until it may be; None for none.
        most_s: what they are measured by: the gap, the longest extension, or the cycle; None for nothing.
    """

    basis: Basis
    stage: int
    next: int | None = None
    s: float | None = None
    most_s: float | None = None


class LinkSeen(msgspec.Struct, frozen=True, array_like=True):
    """Who was seen on the way to one link.

    Attributes:
        link: letter of the light's state.
        stand: vehicles that stand.
        come: others that would be at the line within the seconds that the controller looks ahead.
        first_s: when the first of those would be there; None if nobody comes.
        weight: what a second of delay of all of them counts.
        room_veh: vehicles that fit into the street behind; None if that is not known.
        late_s: for so much longer the first one is believed held up though he has green; 0 if he is not.
        red_s: for how long it has been red.
    """

    link: int
    stand: int
    come: int
    first_s: float | None
    weight: float
    room_veh: float | None
    late_s: float
    red_s: float


class Option(msgspec.Struct, frozen=True, array_like=True):
    """A stage that was considered, in the way that came out best for it.

    Attributes:
        stage: that shows next; the one that shows already to keep it.
        hold_s: for how long the stage that shows is kept before; None if nothing changes within the horizon.
        figure: of this way, by the log's `Measure`.
        soonest_s: after so long it may come at the soonest.
        soonest: the figure then.
        scripts: ways that were tried for this stage.
    """

    stage: int
    hold_s: float | None
    figure: float
    soonest_s: float
    soonest: float
    scripts: int


class Late(msgspec.Struct, frozen=True, array_like=True):
    """Who had waited too long and was given a stage in place of the wished one.

    Attributes:
        link: where.
        red_s: for how long it had been red.
        most_s: the longest red allowed there.
        stage: that serves it.
    """

    link: int
    red_s: float
    most_s: float
    stage: int


class Decision(msgspec.Struct, frozen=True, array_like=True):
    """One light in one second.

    Attributes:
        light: number of the light in the header.
        stage: that showed, or was being left.
        coming: that it changed to already; -1 if it did not change.
        green_s: for how long the stage had shown.
        left_s: of the change.
        seen: links on whose way somebody was, or that had waited too long.
        options: best first; empty if nothing was considered.
        wish: stage that the controller wished.
        late: who was overdue and had the wish replaced.
        refused: rules that the guard saw broken by the wish.
        outcome: what became of the wish.
        lamps: letters that were shown in this second.
        then: stage that showed or was being left in this second.
        then_coming: stage that it changed to in this second, or -1.
        reasons: rules by which the controller came to its wish, the last one last; empty if it goes by figures only.
    """

    light: int
    stage: int
    coming: int
    green_s: float
    left_s: float
    seen: tuple[LinkSeen, ...]
    options: tuple[Option, ...]
    wish: int
    late: Late | None
    refused: tuple[Refusal, ...]
    outcome: Outcome
    lamps: str
    then: int
    then_coming: int
    reasons: tuple[Reason, ...] = ()

    @property
    def rival(self) -> tuple[Option, float] | None:
        """The best way to do something else in this second, and how much worse it is; None if there was none.

        What keeps the stage for now is no rival of another way that keeps it for now.
        """
        if not self.options:
            return None
        best = self.options[0]
        if best.stage != self.stage and not best.hold_s:
            others = [(one, round(abs(one.figure - best.figure), 2)) for one in self.options[1:]]
        else:
            others = [
                (one, round(abs(one.soonest - best.figure), 2))
                for one in self.options
                if one.stage != self.stage and one.soonest_s <= 0.0
            ]
        return min(others, key=lambda other: other[1], default=None)


class Second(msgspec.Struct, frozen=True, array_like=True):
    """All lights in one second.

    Attributes:
        at_s: its begin, by the scenario's clock.
        lights: their decisions.
    """

    at_s: float
    lights: tuple[Decision, ...]


class LinkName(msgspec.Struct, frozen=True, array_like=True):
    """Who obeys one letter of a light's state.

    Attributes:
        origin: edge that it leads from; of a crossing the crossing's own.
        target: edge that it leads to.
        arm: compass point that vehicles come from, or at which the crossing lies: n, ne, e, se, s, sw, w, nw.
        turn: its direction; None for a crossing.
        street: name of the street that it leads from; empty if it has none.
    """

    origin: str
    target: str
    arm: str
    turn: Turn | None
    street: str = ""


class LightName(msgspec.Struct, frozen=True):
    """A light of a log.

    Attributes:
        id: in the network.
        links: one a letter of its states; None where nobody obeys the letter.
        stages: states, a letter a link.
    """

    id: str
    links: tuple[LinkName | None, ...]
    stages: tuple[str, ...]


class LogHeader(msgspec.Struct, frozen=True, kw_only=True):
    """First line of a log.

    Attributes:
        format: `FORMAT`.
        run: hash of all that determines the run.
        scenario: its name.
        controller: its name.
        detection: what it saw by.
        seed: of SUMO.
        begin_s: first second.
        end_s: second after the last.
        amber_s: of a change.
        all_red_s: of a change.
        least_green_s: shortest green.
        measure: of the options.
        looks_s: seconds ahead that the controller counts who comes; None if it does not tell.
        nutgiao: version.
        sumo: version.
        lights: that were driven.
    """

    format: int = FORMAT
    run: str
    scenario: str
    controller: str
    detection: str
    seed: int
    begin_s: float
    end_s: float
    amber_s: int
    all_red_s: int
    least_green_s: float
    measure: Measure
    looks_s: float | None
    nutgiao: str
    sumo: str
    lights: tuple[LightName, ...]
