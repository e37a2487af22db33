"""What a schema cannot say about a site: names that must exist, pairs that must be whole, plans that must be safe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from nutgiao.configs.document import Key
from nutgiao.configs.ring_consistency import ring_problems
from nutgiao.configs.rules_consistency import permission_problems, setting_problems
from nutgiao.configs.structure import Problem
from nutgiao.models.contracts.errors import ContractError, close_to
from nutgiao.models.contracts.plan import cycle_of, local_plan
from nutgiao.models.contracts.safety import check_plan
from nutgiao.models.contracts.site import Camera, Signals, Site, TimedPlan, Zone, site_hash
from nutgiao.models.contracts.words import ZoneKind
from nutgiao.models.vision.homography import fit_homography

AMBER_FLOOR_S = 3
"""Shortest amber of a vehicle group that traffic engineers allow (MUTCD section 4F.17: 3 to 6 s)."""

PAIR_ERROR = 0.05
"""A ground pair may lie this share of the picture's width away from where the others put it."""

ZONE_AREA_M2 = 0.1
"""A zone that is smaller was clicked by mistake."""


def inconsistencies(site: Site) -> Iterator[Problem]:
    """Yields everything that is wrong between the parts of a site, in the order of the file."""
    yield from _unique("approach", ("approaches",), [approach.id for approach in site.approaches])
    yield from _approaches(site)
    signals = site.signals
    if signals is not None:
        found = [*_groups(signals), *_stages(signals), *_intergreens(signals)]
        found = found or [*ring_problems(signals)]
        yield from found or _time_of_day(site, signals)
    yield from _unique("camera", ("cameras",), [camera.id for camera in site.cameras])
    for index, camera in enumerate(site.cameras):
        yield from _camera(site, camera, ("cameras", index))
    yield from _unique("requester", ("priority",), [one.id for one in site.priority])
    approaches = [approach.id for approach in site.approaches]
    for index, one in enumerate(site.priority):
        for place, name in enumerate(one.approaches):
            yield from _known("approach", ("priority", index, "approaches", place), name, approaches)
    yield from setting_problems(site)
    yield from _unique("zone", ("zones",), [zone.id for zone in site.zones])
    for index, zone in enumerate(site.zones):
        yield from _zone(site, zone, ("zones", index))


def _approaches(site: Site) -> Iterator[Problem]:
    lanes = Counter(lane.id for approach in site.approaches for lane in approach.lanes)
    crossings = {group.id for group in site.signals.groups if group.pedestrian} if site.signals else set()
    for a, approach in enumerate(site.approaches):
        here: Key = ("approaches", a)
        for field in ("signal_group", "left_signal_group"):
            name = getattr(approach, field)
            if name is None or site.signals is None:
                continue
            yield from _known("signal group", (*here, field), name, [group.id for group in site.signals.groups])
            if name in crossings:
                yield Problem((*here, field), f"'{name}' is a crossing.", "Name a group for vehicles.")
        for k, lane in enumerate(approach.lanes):
            if lanes[lane.id] > 1:
                cure = "A lane's name is unique in the site."
                yield Problem((*here, "lanes", k, "id"), f"lane '{lane.id}' is there {lanes[lane.id]} times.", cure)
        yield from permission_problems(approach, here)
        line = approach.stop_line
        if max(line.overrun_tolerance_m, line.two_wheeler_tolerance_m) >= line.conflict_m:
            problem = f"conflict_m is {line.conflict_m}, not beyond the tolerances."
            yield Problem(
                (*here, "stop_line"), problem, "What is inside the junction is farther than what is over the line."
            )


def _groups(signals: Signals) -> Iterator[Problem]:
    yield from _unique("group", ("signals", "groups"), [group.id for group in signals.groups])
    limits = signals.limits
    if limits.cycle_min_s > limits.cycle_max_s:
        problem = f"cycle_min_s {limits.cycle_min_s} is above cycle_max_s {limits.cycle_max_s}."
        yield Problem(("signals", "limits"), problem, "Change one of them.")
    staged = {name for stage in signals.stages for name in stage.groups}
    for g, group in enumerate(signals.groups):
        here: Key = ("signals", "groups", g)
        if group.min_green_s > group.max_green_s:
            problem = f"min_green_s {group.min_green_s} is above max_green_s {group.max_green_s}."
            yield Problem((*here, "min_green_s"), problem, "Change one of them.")
        if group.pedestrian and group.amber_s:
            yield Problem((*here, "amber_s"), "a crossing has no amber.", "Write amber_s: 0.")
        if not group.pedestrian and group.amber_s < AMBER_FLOOR_S:
            cure = f"Vehicles need at least {AMBER_FLOOR_S} s."
            yield Problem((*here, "amber_s"), f"{group.amber_s} s of amber is too short.", cure)
        if group.id not in staged:
            yield Problem((*here, "id"), f"no stage gives '{group.id}' green.", "Add it to a stage, or remove it.")


def _stages(signals: Signals) -> Iterator[Problem]:
    yield from _unique("stage", ("signals", "stages"), [stage.id for stage in signals.stages])
    names = [group.id for group in signals.groups]
    conflicts = {(pair.from_group, pair.to_group) for pair in signals.intergreens}
    for s, stage in enumerate(signals.stages):
        here: Key = ("signals", "stages", s, "groups")
        for g, name in enumerate(stage.groups):
            yield from _known("signal group", (*here, g), name, names)
            if name in stage.groups[:g]:
                yield Problem((*here, g), f"'{name}' is there twice.", "Remove one.")
            for other in stage.groups[:g]:
                if (name, other) in conflicts or (other, name) in conflicts:
                    problem = f"'{other}' and '{name}' conflict and would be green together."
                    yield Problem((*here, g), problem, "Put them into different stages.")


def _intergreens(signals: Signals) -> Iterator[Problem]:
    groups = {group.id: group for group in signals.groups}
    pairs = Counter((pair.from_group, pair.to_group) for pair in signals.intergreens)
    for k, pair in enumerate(signals.intergreens):
        here: Key = ("signals", "intergreens", k)
        one, other = pair.from_group, pair.to_group
        unknown = [
            *_known("signal group", (*here, "from_group"), one, list(groups)),
            *_known("signal group", (*here, "to_group"), other, list(groups)),
        ]
        yield from unknown
        if unknown:
            continue
        if one == other:
            yield Problem(here, f"'{one}' cannot conflict with itself.", "Name two groups.")
        elif (other, one) not in pairs:
            cure = f"Add {{from_group: {other}, to_group: {one}, seconds: …}}."
            yield Problem(here, f"the order {other} → {one} is missing.", cure)
        if pairs[one, other] > 1:
            yield Problem(here, f"the pair {one} → {other} is there {pairs[one, other]} times.", "Keep one.")
        if pair.seconds < groups[one].amber_s:
            problem = f"{pair.seconds} s is shorter than the amber of '{one}' ({groups[one].amber_s} s)."
            yield Problem((*here, "seconds"), problem, "An intergreen is amber and all-red together.")


def _time_of_day(site: Site, signals: Signals) -> Iterator[Problem]:
    here: Key = ("signals", "time_of_day")
    yield from _unique("plan", here, [row.id for row in signals.time_of_day])
    yield from _unique("plan's start", here, [row.start for row in signals.time_of_day], "start")
    for k, row in enumerate(signals.time_of_day):
        yield from _row(site, signals, row, (*here, k))


def _row(site: Site, signals: Signals, row: TimedPlan, here: Key) -> Iterator[Problem]:
    stages = [stage.id for stage in signals.stages]
    if len(row.green_s) != len(stages):
        cure = f"Give one for each of {', '.join(stages)}."
        yield Problem((*here, "green_s"), f"{len(row.green_s)} greens for {len(stages)} stages.", cure)
        return
    if row.offset_s >= max(1, cycle_of(signals, row.green_s)):
        problem = f"offset {row.offset_s} s in a cycle of {cycle_of(signals, row.green_s)} s."
        yield Problem((*here, "offset_s"), problem, "An offset is less than the cycle.")
    # A local plan has no revision and never expires; otherwise the rules of a plan that the centre has just sent hold.
    name = site_hash(site)
    plan = local_plan(site.id, signals, name, row)
    sent = msgspec.structs.replace(plan, revision=1, valid_from_s=0.0, expires_s=1.0)
    for refusal in check_plan(signals, site.id, name, sent, now_s=0.0):
        yield Problem(
            (*here, "green_s"), f"the plan breaks the rule {refusal.rule}: {refusal.reason}.", f"{refusal.cure}."
        )


def _camera(site: Site, camera: Camera, here: Key) -> Iterator[Problem]:
    for k, name in enumerate(camera.approaches):
        yield from _known("approach", (*here, "approaches", k), name, [approach.id for approach in site.approaches])
    near, far = camera.view_m
    if near >= far:
        yield Problem((*here, "view_m"), f"{near} m is not nearer than {far} m.", "Nearest first, farthest second.")
    lamps = [group.id for group in site.signals.groups] if site.signals else [a.signal_group for a in site.approaches]
    for k, lamp in enumerate(camera.lamps):
        yield from _known("signal group", (*here, "lamps", k, "signal_group"), lamp.signal_group, lamps)
        for key in ("red_px", "amber_px", "green_px", "hundreds_px", "tens_px", "ones_px"):
            yield from _box_in_picture(camera, getattr(lamp, key), (*here, "lamps", k, key))
    for k, box in enumerate(camera.tile_boxes_px):
        yield from _box_in_picture(camera, box, (*here, "tile_boxes_px", k))
    yield from _ground_pairs(camera, (*here, "ground_pairs"))


def _box_in_picture(camera: Camera, box: tuple[int, int, int, int] | None, here: Key) -> Iterator[Problem]:
    if box is None:
        return
    left, top, right, bottom = box
    if not (0 <= left < right <= camera.width_px and 0 <= top < bottom <= camera.height_px):
        problem = f"[{left}, {top}, {right}, {bottom}] is no part of the {camera.width_px}×{camera.height_px} picture."
        yield Problem(here, problem, "Give left, top, right, bottom in its pixels.")


def _ground_pairs(camera: Camera, here: Key) -> Iterator[Problem]:
    pairs = np.array(camera.ground_pairs, dtype=np.float64)
    outside = (pairs[:, 0] < 0) | (pairs[:, 0] > camera.width_px) | (pairs[:, 1] < 0) | (pairs[:, 1] > camera.height_px)
    for k in np.flatnonzero(outside).tolist():
        problem = f"({pairs[k, 0]:g}, {pairs[k, 1]:g}) px is outside the {camera.width_px}×{camera.height_px} picture."
        yield Problem((*here, k), problem, "A pair is u, v in pixels, then x, y in metres.")
    if outside.any():
        return
    try:
        plane = fit_homography(pairs)
    except ContractError as error:
        yield Problem(here, f"{str(error).removeprefix('ground_pairs: ')}.")
        return
    off = np.hypot(*(plane.image(pairs[:, 2:]) - pairs[:, :2]).T)
    worst = int(np.nan_to_num(off, nan=np.inf).argmax())
    if not off[worst] <= PAIR_ERROR * camera.width_px:
        problem = f"this pair lies {off[worst]:.0f} px away from where the others put it."
        yield Problem((*here, worst), problem, "Measure it again, or look for a swapped number.")


def _zone(site: Site, zone: Zone, here: Key) -> Iterator[Problem]:
    groups = {group.id: group for group in site.signals.groups} if site.signals is not None else {}
    for place, name in enumerate(zone.signal_groups if groups else ()):
        at = (*here, "signal_groups", place)
        yield from _known("signal group", at, name, list(groups))
        if zone.kind is ZoneKind.CROSSING and name in groups and not groups[name].pedestrian:
            yield Problem(at, f"'{name}' is for vehicles.", "A crossing names the lamps that people on foot obey.")
    if zone.signal_groups and zone.kind not in (ZoneKind.BOX, ZoneKind.CROSSING):
        yield Problem((*here, "signal_groups"), f"a zone '{zone.kind}' obeys no lamp.", "Leave it out.")
    corners = np.array(zone.polygon_m, dtype=np.float64)
    x, y = (corners - corners.mean(axis=0)).T
    if crosses_itself(corners):
        yield Problem((*here, "polygon_m"), "its outline crosses itself.", "List the corners in turn, round the zone.")
    elif abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) < 2.0 * ZONE_AREA_M2:
        yield Problem((*here, "polygon_m"), f"the zone is smaller than {ZONE_AREA_M2} m².", "Draw it anew.")


def crosses_itself(corners: NDArray[np.float64]) -> bool:
    """Whether two sides of a polygon that are not neighbours meet.

    Args:
        corners: ``(n, 2)`` in turn.
    """
    n = len(corners)
    for i in range(n):
        for k in range(i + 2, n if i else n - 1):
            a, b, c, d = (corners[j % n] for j in (i, i + 1, k, k + 1))
            if _side(a, b, c) * _side(a, b, d) <= 0.0 and _side(c, d, a) * _side(c, d, b) <= 0.0:
                return True
    return False


def _side(a: NDArray[np.float64], b: NDArray[np.float64], c: NDArray[np.float64]) -> float:
    """On which side of the line through a and b a point lies: the sign of a triangle's area."""
    return float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))


def _unique(what: str, here: Key, names: Sequence[str], field: str = "id") -> Iterator[Problem]:
    for k, name in enumerate(names):
        if name in names[:k]:
            yield Problem((*here, k, field), f"{what} '{name}' is there already.", "Give it another.")


def _known(what: str, here: Key, name: str, names: Sequence[str]) -> Iterator[Problem]:
    if name not in names:
        yield Problem(here, f"there is no {what} '{name}'.", close_to(name, list(names)))
