"""Reads the seconds that a lamp's countdown shows, over time: every frame says a little on when it will be over.

No frame has to be read by itself. What is kept is how likely each end is, in steps of half a second: a frame makes
those ends likelier whose digits it shows at that moment. So the change of a far, blurred tens digit alone tells the
end to the second, and a display that begins anew is noticed by its digits.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.signal.digits import Box, Digit

STEP_S = 0.5
WEIGHT_PER_S = 12.0
"""What a second of pictures counts. Frames of one digit look alike, so more of them a second say no more."""
ANEW_PER_S = 0.05
"""Chance that the display begins anew, each second."""
DARK_S = 1.5
"""A display that is dark for longer shows nothing, whatever it showed before."""
STABLE_S = 2.0
"""And it has to have told the same end for so long: a broken display that stands still tells another each second."""
SURE = 0.9
"""A value is claimed when it is right to a second with this likelihood."""
_LONGEST_S = {1: 10, 10: 100, 100: 200}
"""What a display shows at most, by its highest place."""
_BLANK = 0.5
"""How much less a dark place fits a digit that is not a leading nought, in correlation."""


@dataclass(frozen=True, slots=True)
class Countdown:
    """What a countdown shows.

    Attributes:
        value_s: seconds on the display.
        end_s: when it will show nothing more, on the clock of the frames.
        confidence: how likely the value is right to a second, `SURE` to 1.
    """

    value_s: int
    end_s: float
    confidence: float


class CountdownReader:
    """Reads one display.

    Args:
        digits: place value, 1, 10 or 100, to the box of its digit; places that cannot be seen are left out.
    """

    def __init__(self, digits: Mapping[int, Box]) -> None:
        self._digits = {place: Digit(box) for place, box in digits.items()}
        highest = max(digits)
        self._highest = highest
        # tens without hundreds may be all that can be seen of a display that has more places: it is not asked to be
        self._count = round(_LONGEST_S[max(10, highest)] / STEP_S)
        self._first, self._last_s, self._lit_s = 0, -math.inf, -math.inf
        self._likely = self._any()
        self._told: tuple[float, float] | None = None  # the end that was told, and since when

    def read(self, image: NDArray[np.uint8], time_s: float) -> Countdown | None:
        """Takes the next frame.

        Args:
            image: ``(h, w, 3)`` uint8 BGR.
            time_s: capture time; one that is earlier than the last begins anew.

        Returns:
            What it shows; None if nobody can say.
        """
        since_s = time_s - self._last_s
        if not 0.0 <= since_s <= DARK_S or time_s - self._lit_s > DARK_S:
            self._first, self._likely, since_s = math.floor(time_s / STEP_S), self._any(), 0.0
        self._last_s = time_s
        self._forward(time_s, since_s)
        seen = {place: digit.fits(image) for place, digit in self._digits.items()}
        if any(fits is not None for fits in seen.values()):
            self._lit_s = time_s
            self._weigh(seen, self._values(time_s), min(since_s, 0.5))
        found = self._best(time_s) if time_s - self._lit_s <= DARK_S else None
        if found is None:
            self._told = None
            return None
        if self._told is None or abs(found.end_s - self._told[0]) > 1.5:
            self._told = found.end_s, time_s
        return found if time_s - self._told[1] >= STABLE_S else None

    def _any(self) -> NDArray[np.float64]:
        return np.full(self._count, 1.0 / self._count)

    def _values(self, time_s: float) -> NDArray[np.int64]:
        """``(ends,)`` what the display shows now if it ends there; below 0 where that is over."""
        ends_s = (self._first + np.arange(self._count)) * STEP_S
        values: NDArray[np.int64] = np.floor(ends_s - time_s).astype(np.int64)
        return values

    def _forward(self, time_s: float, since_s: float) -> None:
        """Lets go of the ends that are over, takes in later ones, and allows for a display that begins anew."""
        gone = min(math.floor(time_s / STEP_S) - self._first, self._count)
        if gone > 0:
            self._likely = np.concatenate([self._likely[gone:], np.zeros(gone)])
            self._first += math.floor(time_s / STEP_S) - self._first
        anew = min(0.5, ANEW_PER_S * since_s)
        whole = self._likely.sum()
        self._likely = (1.0 - anew) * self._likely / whole + anew / self._count if whole > 0.0 else self._any()
        self._likely[self._values(time_s) < 0] = 0.0

    def _weigh(self, seen: Mapping[int, NDArray[np.float32] | None], values: NDArray[np.int64], for_s: float) -> None:
        fit = np.zeros(self._count)
        for place, fits in seen.items():
            digit = np.maximum(values, 0) // place % 10
            leading = (values < place) & (place > 1)
            if fits is None:  # dark beside a lit one: a leading nought that is not shown
                fit -= np.where(leading, 0.0, _BLANK)
            else:
                fit += (fits - fits.max())[digit]
        made = self._likely * np.exp(WEIGHT_PER_S * for_s * fit)
        self._likely = made / made.sum() if made.sum() > 0.0 else self._any()

    def _best(self, time_s: float) -> Countdown | None:
        wide = round(1.0 / STEP_S)
        within = np.convolve(self._likely, np.ones(2 * wide + 1), mode="same")
        best = int(np.argmax(within))
        if within[best] < SURE:
            return None
        near = slice(max(0, best - wide), best + wide + 1)
        ends_s = (self._first + np.arange(self._count)) * STEP_S
        end_s = float((self._likely[near] * ends_s[near]).sum() / self._likely[near].sum())
        if end_s <= time_s:
            return None
        return Countdown(int(end_s - time_s), end_s, round(min(1.0, float(within[best])), 3))
