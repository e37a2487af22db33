"""Driving on a road that a sign forbids to the class, such as a motorcycle on an urban express road."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nutgiao.edge.lanes.placed import PlacedTracks
from nutgiao.edge.violation.rule import Post, Scene, Violation
from nutgiao.edge.violation.stay import StaySettings, StayWatch, stay_told
from nutgiao.edge.violation.trace import SignalTrace
from nutgiao.models.contracts.site import Approach
from nutgiao.models.contracts.site_rules import Forbidden
from nutgiao.models.contracts.words import ViolationKind


@dataclass(frozen=True, slots=True)
class ForbiddenRoadSettings(StaySettings):
    """How sure the rule must be, besides how far and long somebody drives there.

    Attributes:
        from_kerb_m: the middle of the vehicle is so far from the kerb: beside the road is another road,
        from_centre_m: and so far inside the centre line.
    """

    from_kerb_m: float = 0.3
    from_centre_m: float = 0.8


class ForbiddenRoadRule:
    """Forbidden classes on all approaches of a camera; each road user is told of once.

    Args:
        post: where the rule stands watch.
        settings: how sure it must be.
    """

    def __init__(self, post: Post, settings: ForbiddenRoadSettings = ForbiddenRoadSettings()) -> None:
        self._post, self._settings = post, settings
        approaches = [post.site.approach(name) for name in post.camera.approaches]
        self._signs = [
            [(sign, StayWatch(settings, frozenset(sign.classes))) for sign in approach.forbidden]
            for approach in approaches
        ]

    def step(self, scene: Scene, trace: SignalTrace) -> list[Violation]:
        """See `nutgiao.edge.violation.rule.GroundRule`; the lamps do not matter."""
        return [
            violation
            for approach, placed, signs in zip(scene.approaches, scene.placed, self._signs, strict=True)
            for sign, watch in signs
            for violation in self._told(scene, trace, approach, placed, sign, watch)
        ]

    def _told(
        self,
        scene: Scene,
        trace: SignalTrace,
        approach: Approach,
        placed: PlacedTracks,
        sign: Forbidden,
        watch: StayWatch,
    ) -> Iterator[Violation]:
        """Who became certain under one sign."""
        s = self._settings
        on_road = (placed.y_m > s.from_kerb_m) & (placed.y_m < approach.width_m - s.from_centre_m)
        for stay in watch.step(placed, scene.tracks, on_road & (placed.x_m > 0.0)):
            told = stay_told(
                stay, placed, trace, self._post, approach, kind=ViolationKind.FORBIDDEN_ROAD,
                hours=sign.hours, numbers={"from_kerb_m": float(placed.y_m[stay.row])},
            )  # fmt: skip
            if told is not None:
                yield told


def forbidden_road_rule(post: Post, settings: ForbiddenRoadSettings) -> ForbiddenRoadRule | None:
    """The rule, where the camera watches a road with such a sign."""
    signs = [sign for name in post.camera.approaches for sign in post.site.approach(name).forbidden]
    return ForbiddenRoadRule(post, settings) if signs else None
