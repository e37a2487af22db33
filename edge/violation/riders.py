"""No helmet, and more than two on a motorcycle: told when enough different pictures of it agree.

Children are not told apart from grown-ups: where the law lets a child ride along as the third, or without a helmet, the
person who decides has to look.
"""

from __future__ import annotations

from dataclasses import dataclass

from nutgiao.edge.violation.again import Again
from nutgiao.edge.violation.rider_votes import RiderVotes
from nutgiao.edge.violation.rule import Post, Scene, Violation
from nutgiao.edge.violation.trace import SignalTrace
from nutgiao.models.contracts.words import CLASSES, ViolationKind

MORE_THAN_TWO = 3.0
"""The network tells three or more; the law's gravity goes by the least that is proved."""
NEEDS_RIDER_MODEL = "Name weights that passed their gate under 'rider_model': docs/violations.md."


@dataclass(frozen=True, slots=True)
class RiderSettings:
    """How sure the rules must be.

    Attributes:
        votes: different pictures that have to speak for it.
        against_share: at most this share of the pictures that speak may speak against it.
    """

    votes: int = 5
    against_share: float = 0.1


class RiderRule:
    """One of the two rules, once per motorcycle.

    Args:
        camera: id of the camera.
        votes: what the second network says.
        kind: no helmet, or overloaded.
        settings: how sure it must be.
    """

    def __init__(self, camera: str, votes: RiderVotes, kind: ViolationKind, settings: RiderSettings) -> None:
        self._camera, self._votes, self._kind, self._settings = camera, votes, kind, settings
        self._again = Again()
        self._told: set[int] = set()

    def step(self, scene: Scene, trace: SignalTrace) -> list[Violation]:
        """See `nutgiao.edge.violation.rule.GroundRule`; the lamps do not matter."""
        s, tracks = self._settings, scene.tracks
        self._again.follow(tracks)
        self._told.intersection_update(tracks.numbers.tolist())
        found = []
        for i, number in enumerate(tracks.numbers.tolist()):
            votes = self._votes.of(number)
            if votes is None or number in self._told:
                continue
            helmets = self._kind is ViolationKind.NO_HELMET
            speak, against = (votes.bare, votes.covered) if helmets else (votes.over, votes.not_over)
            if speak < s.votes or against > s.against_share * (speak + against):
                continue
            self._told.add(number)
            if not self._again.is_new(tracks, i):
                continue
            numbers = {"pictures": float(votes.looks), "votes": float(speak), "against": float(against)}
            if not helmets:
                numbers["riders"] = MORE_THAN_TWO
            found.append(
                Violation(
                    kind=self._kind,
                    approach=None,
                    lane=None,
                    camera=self._camera,
                    track=tracks.ids[i],
                    number=number,
                    vehicle_class=CLASSES[int(tracks.classes[i])],
                    occurred_s=votes.last_s,
                    confidence=round((speak - against) / votes.looks, 3),
                    numbers=numbers,
                    moments=(votes.first_s, 0.5 * (votes.first_s + votes.last_s), votes.last_s),
                )
            )
        return found


def no_helmet_rule(post: Post, settings: RiderSettings) -> RiderRule | None:
    """The rule on helmets, if there is a network for it."""
    return None if post.riders is None else RiderRule(post.camera.id, post.riders, ViolationKind.NO_HELMET, settings)


def overloaded_rule(post: Post, settings: RiderSettings) -> RiderRule | None:
    """The rule on the number of riders, if there is a network for it."""
    return None if post.riders is None else RiderRule(post.camera.id, post.riders, ViolationKind.OVERLOADED, settings)
