"""What a what-if simulation may change, each change a small struct, and the words by which it is asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nutgiao.models.contracts.errors import ConfigError
from nutgiao.simulation.scenario import parse_time_s

HELP = """\
plan=FILE                    other signal programs: a tls.add.xml, or plan.json of `nutgiao optimize`
                               --change plan=out/tls.add.xml
demand=FACTOR                so many times the vehicles, by SUMO's --scale; buses and trams keep their timetable
                               --change demand=1.2
close=LANE or EDGE[@FROM-TO] a closed lane or edge, all the time or from FROM to TO (seconds or HH:MM:SS); drivers
                             know of it and go another way where there is one
                               --change close=28198821#3_0    --change close=28198821#3@07:15:00-07:45:00
detector-failure=ID|all[:on|:off]
                             detectors of actuated lights that are stuck: on (always occupied; what it is without a
                             word) or off (never)
                               --change detector-failure=all:off
motorcycles=SHARE            so many of the private vehicles become motorcycles; both runs then have SUMO's sublanes
                               --change motorcycles=0.8
"""
"""One entry a change, with an example."""


@dataclass(frozen=True, slots=True)
class PlanChange:
    """Other signal programs.

    Attributes:
        file: a tls.add.xml, or a plan.json of `nutgiao optimize`.
    """

    file: Path

    def __str__(self) -> str:
        return f"plan={self.file}"

    @property
    def words(self) -> str:
        """In words."""
        return f"the signal programs of {self.file.name}"


@dataclass(frozen=True, slots=True)
class DemandChange:
    """More or fewer vehicles.

    Attributes:
        factor: on their number.
    """

    factor: float

    def __str__(self) -> str:
        return f"demand={self.factor:g}"

    @property
    def words(self) -> str:
        """In words."""
        return f"{self.factor:g} times the demand"


@dataclass(frozen=True, slots=True)
class Closure:
    """A closed lane or edge.

    Attributes:
        place: id of the lane or edge.
        from_s: begin, in the simulation's time; None from its begin.
        to_s: end; None to its end.
    """

    place: str
    from_s: float | None = None
    to_s: float | None = None

    def __str__(self) -> str:
        period = "" if self.from_s is None else f"@{self.from_s:g}-{self.to_s:g}"
        return f"close={self.place}{period}"

    @property
    def words(self) -> str:
        """In words."""
        period = "" if self.from_s is None else f" from {self.from_s:g} to {self.to_s:g} s"
        return f"{self.place} closed{period}"


@dataclass(frozen=True, slots=True)
class DetectorFailure:
    """A stuck detector of an actuated light.

    Attributes:
        detector: its id, or ``all``.
        stuck_on: it always sees a vehicle; else it never does.
    """

    detector: str
    stuck_on: bool = True

    def __str__(self) -> str:
        return f"detector-failure={self.detector}:{'on' if self.stuck_on else 'off'}"

    @property
    def words(self) -> str:
        """In words."""
        what = "all detectors" if self.detector == "all" else f"detector {self.detector}"
        return f"{what} stuck {'on' if self.stuck_on else 'off'}"


@dataclass(frozen=True, slots=True)
class MotorcycleShare:
    """Private vehicles that become motorcycles.

    Attributes:
        share: of the private vehicles, 0 to 1.
    """

    share: float

    def __str__(self) -> str:
        return f"motorcycles={self.share:g}"

    @property
    def words(self) -> str:
        """In words."""
        return f"{100 * self.share:g} % of the private vehicles on motorcycles"


Change = PlanChange | DemandChange | Closure | DetectorFailure | MotorcycleShare

_ONCE = (PlanChange, DemandChange, MotorcycleShare)
_PERIOD = re.compile(r"(.+)@([\d:.]+)-([\d:.]+)")
_STUCK = re.compile(r"(.+):(on|off)")
_SEE = "See --change help."


def refused(change: object, problem: str, cure: str = _SEE) -> ConfigError:
    """The error about a change on the command line."""
    return ConfigError("command line", None, f"--change {change}", problem, cure)


def parse_changes(texts: Sequence[str]) -> tuple[Change, ...]:
    """Reads changes; several combine.

    Args:
        texts: each ``KIND=VALUE`` as in `HELP`.

    Raises:
        ConfigError: if one cannot be read, or one of which there can be only one comes twice.
    """
    found = tuple(parse_change(text) for text in texts)
    for change, text in zip(found, texts, strict=True):
        if isinstance(change, _ONCE) and sum(isinstance(other, type(change)) for other in found) > 1:
            raise refused(text, "comes twice.", "Give it once.")
        if found.count(change) > 1:
            raise refused(text, "comes twice.", "Give it once.")
    return found


def parse_change(text: str) -> Change:
    """Reads one change.

    Args:
        text: ``KIND=VALUE`` as in `HELP`.

    Raises:
        ConfigError: if it cannot be read.
    """
    kind, _, value = text.partition("=")
    value = value.strip()
    if kind not in _PARSERS:
        raise refused(text, f"there is no change '{kind}'.", f"One of {', '.join(_PARSERS)}; --change help tells more.")
    if not value:
        raise refused(text, "has no value.")
    return _PARSERS[kind](text, value)


def _plan(_text: str, value: str) -> Change:
    return PlanChange(Path(value))


def _demand(text: str, value: str) -> Change:
    factor = _number(text, value)
    if not 0.0 < factor <= 100.0:
        raise refused(text, f"the factor {factor:g} is not above 0 and at most 100.", "1.2 is a fifth more vehicles.")
    return DemandChange(factor)


def _close(text: str, value: str) -> Change:
    period = _PERIOD.fullmatch(value)
    if period is None:
        return Closure(value)
    try:
        from_s, to_s = parse_time_s(period[2]), parse_time_s(period[3])
    except ValueError as error:
        raise refused(text, f"{error}.", "Write EDGE@FROM-TO in seconds or HH:MM:SS.") from error
    if to_s <= from_s:
        raise refused(text, f"its end, {to_s:g} s, is not after its begin, {from_s:g} s.", "Give a later end.")
    return Closure(period[1], from_s, to_s)


def _failure(_text: str, value: str) -> Change:
    stuck = _STUCK.fullmatch(value)
    return DetectorFailure(stuck[1], stuck[2] == "on") if stuck else DetectorFailure(value)


def _motorcycles(text: str, value: str) -> Change:
    share = _number(text, value)
    if not 0.0 <= share <= 1.0:
        raise refused(text, f"the share {share:g} is not from 0 to 1.", "0.8 is four of five.")
    return MotorcycleShare(share)


def _number(text: str, value: str) -> float:
    try:
        return float(value)
    except ValueError as error:
        raise refused(text, f"'{value}' is no number.") from error


_PARSERS = {
    "plan": _plan,
    "demand": _demand,
    "close": _close,
    "detector-failure": _failure,
    "motorcycles": _motorcycles,
}
