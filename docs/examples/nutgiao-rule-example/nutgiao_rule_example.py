"""Stopped on tram rails: a vehicle that stands in a zone whose name begins with 'rails', while no lamp matters."""

from __future__ import annotations

import numpy as np

from nutgiao.edge.violation.rule import GroundRule, Post, Scene, Violation
from nutgiao.edge.violation.trace import SignalTrace
from nutgiao.edge.violation.zones import ZoneWatch
from nutgiao.models.contracts.site_rules import RuleSetting
from nutgiao.models.contracts.words import CLASSES, VehicleClass, ZoneKind

STANDS_MPS = 0.7


class OnRails:
    """Tells each vehicle once that stands on the rails for so many seconds."""

    def __init__(self, post: Post, setting: RuleSetting) -> None:
        self._camera, self._kind = post.camera.id, setting.kind
        self._seconds = setting.figures.get("seconds", 10.0)
        self._watch = ZoneWatch(post, (ZoneKind.OTHER,), set(VehicleClass) - {VehicleClass.PEDESTRIAN})
        self._rails = np.array([zone.id.startswith("rails") for zone in self._watch.zones], np.bool_)
        if not self._rails.any():
            raise ValueError("the site has no zone whose name begins with 'rails'")
        self._since: dict[int, float] = {}

    def step(self, scene: Scene, trace: SignalTrace) -> list[Violation]:
        """Takes one frame in."""
        tracks, places = scene.tracks, self._watch.step(scene, trace)
        stands = places.meant & self._rails[places.which] & (places.speed_mps < STANDS_MPS)
        rows = {int(tracks.numbers[i]): i for i in stands.nonzero()[0].tolist()}
        self._since = {number: self._since.get(number, scene.time_s) for number in rows}
        found = [
            self._violation(scene, rows[n], s) for n, s in self._since.items() if scene.time_s - s >= self._seconds
        ]
        self._since |= {one.number: np.inf for one in found}  # once
        return found

    def _violation(self, scene: Scene, i: int, since_s: float) -> Violation:
        tracks = scene.tracks
        return Violation(
            kind=self._kind,
            approach=None,
            lane=None,
            camera=self._camera,
            track=tracks.ids[i],
            number=int(tracks.numbers[i]),
            vehicle_class=CLASSES[int(tracks.classes[i])],
            occurred_s=since_s,
            confidence=0.9,
            numbers={"standing_s": round(scene.time_s - since_s, 1)},
            moments=(since_s, 0.5 * (since_s + scene.time_s), scene.time_s),
            zone=next(zone.id for zone, rails in zip(self._watch.zones, self._rails, strict=True) if rails),
        )


def make_rule(post: Post, setting: RuleSetting) -> GroundRule:
    """What the entry point names: called once for each camera; what it raises is told in the box's health."""
    return OnRails(post, setting)
