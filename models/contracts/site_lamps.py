"""What a site file says of a signal head in the picture: where its lamps are, and the digits of its countdown."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from nutgiao.models.contracts.part import Identifier, Part
from nutgiao.models.contracts.words import Indication

BoxPx = tuple[int, int, int, int]


class LampBox(Part, frozen=True, kw_only=True):
    """Where a lamp is in the picture: read when no controller tells."""

    signal_group: Annotated[Identifier, Meta(description="group whose lamp this is")]
    red_px: Annotated[BoxPx, Meta(description="left, top, right, bottom of the red lamp")]
    green_px: Annotated[BoxPx, Meta(description="left, top, right, bottom of the green lamp")]
    amber_px: Annotated[BoxPx | None, Meta(description="the amber lamp, if it can be seen")] = None
    hundreds_px: Annotated[
        BoxPx | None, Meta(description="hundreds of its countdown: the box that the strokes of an 8 would fill")
    ] = None
    tens_px: Annotated[BoxPx | None, Meta(description="tens of its countdown, if they can be seen")] = None
    ones_px: Annotated[BoxPx | None, Meta(description="ones of its countdown, if they can be seen")] = None

    @property
    def boxes_px(self) -> dict[Indication, BoxPx]:
        """Box of each lamp that can be seen."""
        boxes = {Indication.RED: self.red_px, Indication.AMBER: self.amber_px, Indication.GREEN: self.green_px}
        return {lamp: box for lamp, box in boxes.items() if box is not None}

    @property
    def digits_px(self) -> dict[int, BoxPx]:
        """Box of each digit of its countdown that can be seen, by place value."""
        boxes = {100: self.hundreds_px, 10: self.tens_px, 1: self.ones_px}
        return {place: box for place, box in boxes.items() if box is not None}
