"""The card of a network that counts riders and looks for helmets, and the verdict without which it may not run."""

from __future__ import annotations

import math

import msgspec

from nutgiao.models.vision.cards import WeightsCard

PRECISION_MIN = 0.90
"""Lower end of the 95 % interval of the share of single pictures in which it is right when it tells. A rule asks for
five different pictures that agree, so a vehicle is told wrongly far more rarely, as far as errors differ by picture."""

ONE, TWO, MORE, BARE = range(4)
"""Columns of an answer: probabilities of one, two, and three or more people on the machine, and that one of them has no
helmet. The first three may sum to less than one: the rest is that it cannot be told."""


class RiderVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the gate found on labelled pictures of the site.

    Attributes:
        crops_sha256: of the pictures.
        crops: how many they were.
        bare: with somebody without a helmet, by their labels.
        bare_told: in so many it told one,
        bare_right: and was right in so many.
        over: with three or more people, by their labels.
        over_told: in so many it told them,
        over_right: and was right in so many.
    """

    crops_sha256: str
    crops: int
    bare: int
    bare_told: int
    bare_right: int
    over: int
    over_told: int
    over_right: int

    @property
    def helmets_passed(self) -> bool:
        """True if it may tell missing helmets."""
        return lower_bound(self.bare_right, self.bare_told) >= PRECISION_MIN

    @property
    def riders_passed(self) -> bool:
        """True if it may tell more than two riders."""
        return lower_bound(self.over_right, self.over_told) >= PRECISION_MIN

    def __str__(self) -> str:
        return (
            f"{self.crops} pictures: no helmet right in {self.bare_right} of {self.bare_told} told (there are "
            f"{self.bare}), more than two right in {self.over_right} of {self.over_told} (there are {self.over}); the "
            f"95 % interval of both shares has to begin at {PRECISION_MIN} or above"
        )


class RiderCard(WeightsCard, frozen=True, kw_only=True):
    """A network that takes the picture of one motorcycle with its riders and answers ``(batch, 4)`` probabilities.

    Attributes:
        input_px: width and height of the picture that goes in.
        bgr: True if channels go in as OpenCV keeps them, else they are reversed to RGB.
        scale: factor on the 0..255 values.
        bare_min: from this probability on a picture speaks for a missing helmet.
        over_min: the same for three or more people.
        verdict: what the gate found; None: it has not been judged.
    """

    input_px: tuple[int, int]
    bgr: bool = False
    scale: float = 1.0 / 255.0
    bare_min: float = 0.9
    over_min: float = 0.9
    verdict: RiderVerdict | None = None


def lower_bound(right: int, of: int) -> float:
    """Lower end of the 95 % interval of a share (source: Wilson, J. Am. Stat. Assoc. 22, 1927); 0 of nothing.

    Args:
        right: how often.
        of: of how many.
    """
    if not of:
        return 0.0
    z, share = 1.959964, right / of
    middle, spread = share + z * z / (2 * of), z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return (middle - spread) / (1 + z * z / of)
