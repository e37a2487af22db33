"""Deeds beside what was told: counts by rule, intervals, and why each error happened."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.result import target
from benchmarks.violations_outcome import QUALITIES, Outcome, Seen, Told
from nutgiao.models.contracts.words import ViolationKind
from nutgiao.simulation.breakers_truth import Deed

TOLERANCE_S: dict[str, float] = {
    ViolationKind.RED_LIGHT: 2.0,  # both are the crossing of the line
    ViolationKind.STOP_LINE: 8.0,  # the beginning of a stand, which may creep
    ViolationKind.WRONG_WAY: 15.0,  # somewhere on a ride of some 60 m
    ViolationKind.FORBIDDEN_ROAD: 120.0,  # told when driven far enough, and a queue may stand there
    ViolationKind.BUS_LANE: 120.0,  # likewise
    ViolationKind.STOPPING: 60.0,  # a track may begin later than the standing
    ViolationKind.PARKING: 120.0,
    ViolationKind.PAVEMENT: 15.0,
    ViolationKind.BLOCKED_BOX: 10.0,
    ViolationKind.BANNED_TURN: 60.0,  # both are the crossing of the line, on which somebody may stand for long
    ViolationKind.BANNED_UTURN: 60.0,
    ViolationKind.WRONG_LANE: 60.0,
    ViolationKind.SOLID_LINE: 10.0,  # the middle of a change, which may be slow
}
OTHERS_S = 5.0
"""Largest difference in time between a deed and what is told of its doer; the kinds above have their own."""

WANTED = {"good": (0.99, 0.97), "fair": (0.97, 0.90), "poor": (0.97, 0.90)}
"""Least precision and recall by camera; the middle one is held to the poor one's."""

FALSE_PER_10000 = 2.0
_Z = 1.959964  # of 95 %
_HELD = 0.5  # tracked in at least half of the frames


@dataclass(slots=True)
class Tally:
    """Counts of one rule at one camera quality on one network.

    Attributes:
        truth: deeds that must be told.
        found: of them, told.
        told: what was told.
        right: of that, what was done, deeds that need not be told included.
        errors: cause of each error and how often.
        examples: of each cause one, with seed, time and vehicle.
    """

    truth: int = 0
    found: int = 0
    told: int = 0
    right: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def note(self, cause: str, example: str) -> None:
        """Counts an error."""
        self.errors[cause] += 1
        self.examples.setdefault(cause, example)


Key = tuple[str, str, str]
"""Network, quality, kind."""


def judge(outcomes: Iterable[Outcome]) -> dict[Key, Tally]:
    """Compares runs with breakers.

    Args:
        outcomes: of the runs.

    Returns:
        By network, quality and kind; network "all" sums them up.
    """
    tallies: dict[Key, Tally] = defaultdict(Tally)
    for outcome in outcomes:
        for q in QUALITIES:
            told = [one for one in outcome.told if one.quality == q.name]
            for network in (outcome.case.network, "all"):
                _judge(outcome, told, q.name, network, tallies)
    return dict(tallies)


def _judge(outcome: Outcome, told: Sequence[Told], quality: str, network: str, tallies: dict[Key, Tally]) -> None:
    used: set[int] = set()
    wrong: list[Told] = []
    case = f"{outcome.case.network} seed {outcome.case.seed}"
    for one in told:
        tally = tallies[network, quality, one.kind]
        tally.told += 1
        fits = [k for k, deed in enumerate(outcome.deeds) if _same(deed, one) and deed.vehicle == one.vehicle]
        fresh = [k for k in fits if k not in used]
        if fresh:
            used.add(min(fresh, key=lambda k: abs(outcome.deeds[k].time_s - one.time_s)))
            tally.right += 1
            continue
        wrong.append(one)
        where = f"{case}, {one.node}/{one.place}, {one.time_s:.1f} s, {one.vehicle or 'nobody'}, track {one.track}"
        tally.note("wrong: " + _why_wrong(one, outcome.deeds, bool(fits)), where)
    for k, (deed, seen) in enumerate(zip(outcome.deeds, outcome.seen, strict=True)):
        if not deed.must:
            continue
        tally = tallies[network, quality, deed.kind]
        tally.truth += 1
        if k in used:
            tally.found += 1
            continue
        where = f"{case}, {deed.node}/{deed.zone or deed.approach}, {deed.time_s:.1f} s, {deed.vehicle}"
        tally.note("missed: " + _why_missed(deed, seen, wrong, quality), where)


def _same(deed: Deed, one: Told) -> bool:
    """Whether a deed may be what was told, whoever did it."""
    tolerance_s = TOLERANCE_S.get(one.kind, OTHERS_S)
    # a stand is one act however long: a rule counts from where its doubts end, such as another lamp's red
    lasted_s = deed.numbers.get("stood_s", 0.0) if one.kind == ViolationKind.STOP_LINE else 0.0
    near = -tolerance_s <= one.time_s - deed.time_s <= lasted_s + tolerance_s
    return deed.kind == one.kind and deed.node == one.node and (deed.zone or deed.approach) == one.place and near


def _why_wrong(one: Told, deeds: Sequence[Deed], twice: bool) -> str:
    if twice:
        return "told twice"
    if any(_same(deed, one) for deed in deeds):
        return "another vehicle's deed" if one.vehicle else "a deed, but the track lay on nobody"
    if not one.vehicle:
        return "the track lay on nobody"
    others = {deed.kind.value for deed in deeds if deed.vehicle == one.vehicle and abs(deed.time_s - one.time_s) < 30.0}
    if others:
        return f"the vehicle did something else: {', '.join(sorted(others))}"
    if one.true_class != one.vehicle_class:
        return f"a {one.true_class} taken for a {one.vehicle_class}"
    return f"a {one.true_class} that did nothing"


def _why_missed(deed: Deed, seen: Seen, wrong: Sequence[Told], quality: str) -> str:
    """Why nothing was told of a deed; what was told wrongly may have been meant for it."""
    if any(_same(deed, one) for one in wrong):
        return "told of another vehicle"
    if seen.visible < 0.35:
        return f"hidden {deed.vehicle_class}"
    if seen.tracked[quality] < _HELD:
        return f"{deed.vehicle_class} in sight, but not tracked"
    for one in wrong:
        if one.vehicle == deed.vehicle and abs(one.time_s - deed.time_s) < 30.0:
            return f"told as {one.kind}"
    age = deed.numbers.get("into_red_s")
    when = "" if age is None else ", early in red" if age < 2.0 else ", late in red"
    return f"tracked {deed.vehicle_class}, the rule was silent{when}"


def wilson(right: int, of: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson, JASA 22, 1927); (0, 1) of nothing."""
    if of == 0:
        return 0.0, 1.0
    share, z2 = right / of, _Z * _Z
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = _Z / (1 + z2 / of) * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    return max(0.0, middle - half), min(1.0, middle + half)


def rows_and_targets(tallies: dict[Key, Tally]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """One row for each tally, and the targets of the sums over all networks."""
    rows, targets = [], []
    order = {q.name: number for number, q in enumerate(QUALITIES)}
    for (network, quality, kind), t in sorted(tallies.items(), key=lambda kv: (kv[0][2], kv[0][0], order[kv[0][1]])):
        precision = t.right / t.told if t.told else math.nan
        recall = t.found / t.truth if t.truth else math.nan
        rows.append(
            {"part": "sumo", "rule": kind, "network": network, "quality": quality}
            | {"truth": t.truth, "told": t.told, "right": t.right, "wrong": t.told - t.right}
            | {"missed": t.truth - t.found, "precision": precision, "recall": recall}
            | {"precision interval": wilson(t.right, t.told), "recall interval": wilson(t.found, t.truth)}
            | {"errors": dict(t.errors.most_common()), "examples": t.examples}
        )
        if network == "all":
            least = WANTED[quality]
            against = "SUMO's truth"
            if t.told or t.truth:
                targets.append(target(f"{kind}, {quality} camera: precision", precision, ">=", least[0], "", against))
            if t.truth:
                targets.append(target(f"{kind}, {quality} camera: recall", recall, ">=", least[1], "", against))
    return rows, targets


def lawful_rows(outcomes: Sequence[Outcome]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What is told where nobody breaks a rule on purpose; what somebody did nevertheless is no false event."""
    rows, targets = [], []
    crossings = sum(one.crossings for one in outcomes)
    hours = sum(one.case.seconds for one in outcomes) / 3600.0
    deeds = Counter(deed.kind.value for one in outcomes for deed in one.deeds)
    tallies = judge(outcomes)
    for q in QUALITIES:
        mine = {kind: t for (network, quality, kind), t in tallies.items() if (network, quality) == ("all", q.name)}
        wrong = sum(t.told - t.right for t in mine.values())
        errors = sum((t.errors for t in mine.values()), Counter[str]())
        rate = 1e4 * wrong / crossings if crossings else math.nan
        rows.append(
            {"part": "lawful", "quality": q.name, "hours": round(hours, 2), "crossings": crossings, "false": wrong}
            | {"per 10,000": rate, "deeds all the same": dict(deeds)}
            | {"errors": {c: n for c, n in errors.items() if c.startswith("wrong")}}
            | {"examples": {c: e for t in mine.values() for c, e in t.examples.items() if c.startswith("wrong")}}
        )
        name = f"lawful traffic, {q.name} camera, {crossings} crossings: false events per 10,000"
        targets.append(target(name, rate, "<=", FALSE_PER_10000, "", "SUMO's truth"))
    return rows, targets
