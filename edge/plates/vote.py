"""One answer for a vehicle from many frames: likelihoods multiplied, copies ignored, contradictions never hidden."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.plates.reader import SeenPlate
from nutgiao.models.contracts.plates import PlateReading, Unreadable
from nutgiao.models.vision.plates.grammar import PlateGrammar
from nutgiao.models.vision.plates.posterior import Belief

INDEPENDENT_MOST = 3.0
"""Frames of one passage share light, dirt and viewing angle: however many there are, they weigh as much as three."""

FLOOR = 0.01
"""Likelihood of a string in a frame that did not consider it: one bad frame must not veto."""

COPY_LEVELS = 0.5
"""Mean difference of two plates' pictures, in grey levels of 255, below which the second is a copy: a frozen camera or
a repeated frame. Sensor noise alone is above 1."""

SURE = 0.95
"""Belief that the vote must reach, among all strings that any frame considered."""

_THUMBNAIL = (64, 32)


class PlateVote:
    """Collects what the frames of one track say.

    Args:
        grammar: forms of the day.
        sure: belief that the answer must reach, 0..1.
    """

    def __init__(self, grammar: PlateGrammar, sure: float = SURE) -> None:
        self._grammar, self._sure = grammar, sure
        self._seen: list[SeenPlate] = []
        self._thumbnails: list[NDArray[np.float32]] = []

    @property
    def frames(self) -> int:
        """Frames that count."""
        return len(self._seen)

    def add(self, seen: SeenPlate) -> bool:
        """Takes one frame.

        Returns:
            False if it does not count: nothing was found, the plate was cut, or it is a copy of an earlier frame.
        """
        if seen.plate is None or not seen.belief.parts or seen.reading.reason is Unreadable.CUT:
            return False
        grey = cv2.cvtColor(cv2.resize(seen.plate, _THUMBNAIL, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY)
        thumbnail = grey.astype(np.float32)
        if any(float(np.abs(thumbnail - other).mean()) < COPY_LEVELS for other in self._thumbnails):
            return False
        self._seen.append(seen)
        self._thumbnails.append(thumbnail)
        return True

    def result(self) -> PlateReading:
        """What all frames together say.

        Returns:
            The reading; unreadable if no frame showed a plate, if two frames are each sure of different strings, if no
            frame alone comes near an answer, or if the belief of the vote is too small.
        """
        if not self._seen:
            return PlateReading(text=None, shown=None, reason=Unreadable.NO_PLATE)
        best = max(self._seen, key=lambda seen: seen.reading.likelihood)
        answered = {seen.reading.text for seen in self._seen if seen.reading.text}
        belief = multiplied([seen.belief for seen in self._seen])
        second, second_likelihood = belief.second()
        reason = None
        if len(answered) > 1:
            reason = Unreadable.DISAGREEMENT
        elif not answered:
            # a sum of doubts is no certainty: at least one frame must have been read
            reason = best.reading.reason
        elif belief.texts[0] not in answered:
            reason = Unreadable.DISAGREEMENT
        elif belief.likelihood < self._sure:
            reason = Unreadable.AMBIGUOUS
        text = None if reason else belief.texts[0]
        forms = self._grammar.forms_of(belief.parts[0]) if text else ()
        return PlateReading(
            text=text,
            shown=self._grammar.shown(forms[0], text) if text else None,
            forms=tuple(form.id for form in forms),
            likelihood=belief.likelihood,
            characters=belief.characters(),
            second=second,
            second_likelihood=second_likelihood,
            reason=reason,
            lines=best.reading.lines,
            aspect=best.reading.aspect,
            colour=best.reading.colour,
        )


def multiplied(beliefs: list[Belief]) -> Belief:
    """Beliefs of several frames as one, its likelihoods summing to 1.

    Args:
        beliefs: one per frame that counts.

    Returns:
        Product of the likelihoods, each at least `FLOOR`, flattened to the weight of `INDEPENDENT_MOST` frames.
    """
    tables = [dict(zip(belief.parts, belief.likelihoods, strict=True)) for belief in beliefs]
    weight = min(1.0, INDEPENDENT_MOST / max(len(tables), 1))
    parts = sorted({part for table in tables for part in table})
    logs = [weight * sum(math.log(max(table.get(part, 0.0), FLOOR)) for table in tables) for part in parts]
    if not parts:
        return Belief((), ())
    top = max(logs)
    chances = [math.exp(log - top) for log in logs]
    ranked = sorted(zip(chances, parts, strict=True), key=lambda pair: (-pair[0], pair[1]))
    return Belief(tuple(part for _, part in ranked), tuple(chance / sum(chances) for chance, _ in ranked))
