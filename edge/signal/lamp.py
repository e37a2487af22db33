"""Reads a lamp in the picture over time, for the places where no controller tells what it shows."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.signal.countdown import Countdown, CountdownReader
from nutgiao.edge.signal.drivers import LampNews
from nutgiao.edge.signal.lamp_look import HUES, Head, Look, scaled
from nutgiao.models.contracts.site_lamps import LampBox
from nutgiao.models.contracts.words import Indication

CONFIRM = 2
"""A change is believed when so many readings in a row agree: one frame of a passing red shirt is not a red lamp."""
CONFIRM_S = 0.16
"""And over at least so long, whatever the frame rate; a rider at 5 m/s has passed a lamp's width by then."""
FLASH_S = 4.0
"""Flashing lamps change their state once or twice a second (CIE S 006.1: 50 to 120 flashes a minute)."""
FLASHES = 4
"""So many changes between lit and dark within `FLASH_S` are flashing: a lamp in its cycle changes far less often."""

EARLY_S = 3.0
"""A lamp that seems to change while its countdown shows more than this is doubted: a red bus stands before it, or the
countdown is wrong, which shows as soon as it begins anew."""

GAP_S = 2.5
"""What was believed before a longer time without pictures says nothing about the next one."""


@dataclass(frozen=True, slots=True)
class LampReading:
    """What a lamp shows.

    Attributes:
        group: signal group.
        indication: RED, GREEN, AMBER, FLASHING_AMBER, or UNKNOWN when nothing glows or nobody can say what does.
        confidence: 0..1 that the indication is right; 0 for UNKNOWN.
        since_s: time of the first of the readings in a row that agree.
        doubt: this frame shows something else and the next ones must tell: nothing is claimed of this instant.
        changed: with this frame it is believed for the first time.
        countdown: what the display beside it shows; None if there is none, or nobody can say.
    """

    group: str
    indication: Indication
    confidence: float
    since_s: float = 0.0
    doubt: bool = False
    changed: bool = False
    countdown: Countdown | None = None


class LampReader:
    """Reads one signal head by the boxes that the site file gives, frame after frame.

    A dark head is UNKNOWN and not amber: the amber lamp may be dirty, hidden or out of sight, and a rule that needs
    the lamp has to stop there.

    Args:
        lamp: where the lamps are, in pixels of the picture that the site was calibrated on.
        scale: width and height of the pictures to come over those of the calibrated one.
    """

    def __init__(self, lamp: LampBox, scale: tuple[float, float] = (1.0, 1.0)) -> None:
        self.group = lamp.signal_group
        self._head = Head(lamp, scale)
        digits = {place: scaled(box, scale) for place, box in lamp.digits_px.items()}
        self._display = CountdownReader(digits) if digits else None
        self._counted: tuple[Indication, float] | None = None  # which lamp the display counts down for, and to when
        self._believed: LampReading | None = None
        self._candidate = Look(Indication.UNKNOWN, 0.0)
        self._since_s, self._agreed, self._last_s = 0.0, 0, float("-inf")
        self._last: Look | None = None
        self._changes: deque[tuple[float, Indication]] = deque()  # between lit and dark: when, and which lamp

    def read(self, image: NDArray[np.uint8], time_s: float) -> LampReading:
        """Reads the lamp in the next frame.

        Args:
            image: ``(h, w, 3)`` uint8 BGR.
            time_s: capture time; after a gap of more than `GAP_S`, or one that is earlier than the last, begins anew.

        Returns:
            What is believed now. The first reading of all and every change need `CONFIRM` readings over `CONFIRM_S`.
        """
        if not 0.0 <= time_s - self._last_s <= GAP_S:
            self._believed, self._agreed, self._last = None, 0, None
            self._changes.clear()
        self._last_s = time_s
        shown = self._display.read(image, time_s) if self._display is not None else None
        return replace(self._lamp(image, time_s, shown), countdown=shown)

    def _lamp(self, image: NDArray[np.uint8], time_s: float, shown: Countdown | None) -> LampReading:
        seen = self._flashing(self._head.look(image), time_s)
        if self._agreed and seen.indication is self._candidate.indication:
            self._agreed += 1
        else:
            self._agreed, self._since_s = 1, time_s
        self._candidate = seen
        confirmed = self._agreed >= CONFIRM and time_s - self._since_s >= CONFIRM_S
        if self._too_early(seen, shown, time_s) or (self._believed is None and not confirmed):
            return LampReading(self.group, Indication.UNKNOWN, 0.0, time_s, doubt=True)
        if self._believed is None or confirmed or seen.indication is self._believed.indication:
            changed = self._believed is None or seen.indication is not self._believed.indication
            self._believed = LampReading(
                self.group, seen.indication, seen.confidence, self._since_s, doubt=False, changed=changed
            )
            return self._believed
        was = self._believed
        return LampReading(self.group, was.indication, 0.0, was.since_s, doubt=True)

    def _too_early(self, seen: Look, shown: Countdown | None, time_s: float) -> bool:
        """Whether a lamp is lit though the countdown of another one of this head goes on."""
        lit = self._believed.indication if self._believed is not None else Indication.UNKNOWN
        if shown is None:
            self._counted = None
        elif self._counted is None or abs(shown.end_s - self._counted[1]) > EARLY_S:
            self._counted = (lit, shown.end_s) if lit in HUES else None
        if self._counted is None or seen.indication not in HUES:
            return False
        return seen.indication is not self._counted[0] and time_s < self._counted[1] - EARLY_S

    def news(self, image: NDArray[np.uint8], time_s: float) -> list[LampNews]:
        """What may be reported after the next frame: nothing while in doubt, a change from its first frame on.

        Args:
            image: ``(h, w, 3)`` uint8 BGR.
            time_s: capture time.

        Returns:
            Reports, oldest first.
        """
        return news_of(self.read(image, time_s), time_s)

    def _flashing(self, seen: Look, time_s: float) -> Look:
        """Keeps count of changes between lit and dark; a lamp that flashes is amber, or nobody knows what."""
        last, self._last = self._last, seen
        if last is not None and last.dark != seen.dark:
            lit = last.indication if seen.dark else seen.indication
            if lit is not Indication.UNKNOWN:
                self._changes.append((time_s, lit))
        while self._changes and self._changes[0][0] < time_s - FLASH_S:
            self._changes.popleft()
        if len(self._changes) < FLASHES:
            return seen
        lamps = {lamp for _, lamp in self._changes}
        if lamps == {Indication.AMBER} and (seen.dark or seen.indication is Indication.AMBER):
            return Look(Indication.FLASHING_AMBER, seen.confidence or 0.5)
        return Look(Indication.UNKNOWN, 0.0)


def news_of(reading: LampReading, time_s: float) -> list[LampNews]:
    """Reports that a reading of this time gives; empty while it is in doubt.

    Args:
        reading: of the frame.
        time_s: capture time of the frame.
    """
    if reading.doubt:
        return []
    times = (reading.since_s, time_s) if reading.changed else (time_s,)
    ends_s = reading.countdown.end_s if reading.countdown is not None else None
    return [LampNews(at_s, reading.group, reading.indication, reading.confidence, ends_s) for at_s in times]
