"""Reads the plates in a picture: finds their lines, reads each in several ways, and answers only what it is sure of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.plates.colour import plate_colour
from nutgiao.edge.plates.finder import TextFinder, cut_line
from nutgiao.edge.plates.recogniser import TextRecogniser
from nutgiao.models.contracts.plates import PlateColour, PlateReading, Unreadable
from nutgiao.models.vision.plates.ctc import read_line
from nutgiao.models.vision.plates.grammar import PlateGrammar
from nutgiao.models.vision.plates.layout import TextLine, plates_among
from nutgiao.models.vision.plates.posterior import NOTHING, Belief, plate_belief, pooled

VIEWS = (
    (0.85, 1.0, 0.0, False),
    (1.0, 1.3, 0.0, False),
    (1.15, 1.0, 0.0, False),
    (1.0, 1.2, -3.0, False),
    (1.0, 1.2, 3.0, False),
    (1.0, 1.2, 0.0, True),
)
"""How each line is looked at: factor on its height, drawn out in width, turned by degrees, local contrast levelled."""

CROP_SIDE_PX = 320
"""Longer side at which the lines of one plate are found."""

SCENE_SIDE_PX = 1280
"""Longer side at which a whole picture is searched at most."""

CROP_BORDER = 1 / 6
"""Border that is added around a crop, as a share of its height: the finder misses text at the very edge."""

CROP_SPARE = 0.35
"""How far a line's box may reach out of a crop, in its heights, before characters are taken to be missing: boxes are
larger than the letters, by 0.32 at most on 112 whole crops, by more than 0.32 on half of those with a character cut."""

LARGEST_CROP_PX = 400
"""Wider crops are made smaller: the recogniser looks at 48 rows anyway."""

LEAST_LINE_PX = 9.0
"""Height of a line's box below which it is not read; letters are about 0.6 of it. Own bound."""

NO_FORM_BELOW = 0.02
"""Likelihood of the best string under which the text is taken for something else than a plate."""

CUT: dict[str, Any] = {"text": None, "shown": None, "forms": (), "reason": Unreadable.CUT}
"""What a reading becomes that runs out of the picture."""

SIDE_MIN_PX = 8
SIDE_MAX_PX = 16_384


@dataclass(frozen=True, slots=True)
class ReaderSettings:
    """How sure an answer must be.

    Attributes:
        likelihood_min: share of the recogniser's belief that the string must have, mean over the views.
        second_most: largest likelihood of the next string, as a share of the first's.
    """

    likelihood_min: float = 0.4
    second_most: float = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class SeenPlate:
    """One plate in one picture.

    Attributes:
        reading: what it says, or why it cannot be read.
        belief: all strings that fit, for a vote over a track.
        lines: where its lines are, in pixels of the picture.
        plate: upright picture of its text, BGR; None if nothing was found.
    """

    reading: PlateReading
    belief: Belief
    lines: tuple[TextLine, ...]
    plate: NDArray[np.uint8] | None


class PlateReader:
    """Finder and recogniser together.

    Args:
        finder: finds lines of text.
        recogniser: reads them; made for the grammar's letters.
        grammar: forms of the day of the pictures.
        settings: how sure an answer must be.
    """

    def __init__(
        self,
        finder: TextFinder,
        recogniser: TextRecogniser,
        grammar: PlateGrammar,
        settings: ReaderSettings = ReaderSettings(),
    ) -> None:
        self._finder, self._recogniser, self._grammar, self._settings = finder, recogniser, grammar, settings

    def read_crop(self, crop: NDArray[np.uint8]) -> SeenPlate:
        """Reads a picture that shows one plate and little else.

        Args:
            crop: grey, BGR or BGRA, 8 bits.

        Returns:
            The plate; unreadable if there is none.

        Raises:
            ValueError: if it is no such array.
        """
        crop = as_bgr(crop)
        height, width = crop.shape[:2]
        if min(height, width) < SIDE_MIN_PX or max(height, width) > SIDE_MAX_PX:
            reason = Unreadable.TOO_SMALL if min(height, width) < SIDE_MIN_PX else Unreadable.NO_PLATE
            return SeenPlate(PlateReading(text=None, shown=None, reason=reason), NOTHING, (), None)
        shrink = min(1.0, LARGEST_CROP_PX / width)
        if shrink < 1:
            size = (LARGEST_CROP_PX, max(SIDE_MIN_PX, round(height * shrink)))
            crop = np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.uint8)
        border = max(2, round(crop.shape[0] * CROP_BORDER))
        framed = np.asarray(cv2.copyMakeBorder(crop, border, border, border, border, cv2.BORDER_REPLICATE), np.uint8)
        plates = plates_among(self._finder.lines(framed, CROP_SIDE_PX))
        if not plates:
            return SeenPlate(PlateReading(text=None, shown=None, reason=Unreadable.NO_PLATE), NOTHING, (), None)
        inside = [line.moved(-border, -border) for line in plates[0]]
        cut = any(line.leaves(crop.shape[1], crop.shape[0], CROP_SPARE) for line in inside)
        belief = self._belief(framed, plates[0])
        plate = _around(framed, plates[0])
        small = min(line.height_px for line in plates[0]) * max(1.0, 1 / shrink) < LEAST_LINE_PX
        reading = self._told(belief, plates[0], plate_colour(plate), cut=cut, small=small)
        lines = tuple(
            TextLine(
                line.x_px / shrink,
                line.y_px / shrink,
                line.width_px / shrink,
                line.height_px / shrink,
                line.angle_deg,
                line.score,
            )
            for line in inside
        )
        return SeenPlate(reading, belief, lines, plate)

    def read_picture(self, picture: NDArray[np.uint8]) -> list[SeenPlate]:
        """Finds and reads all plates of a vehicle's picture or a whole scene.

        Args:
            picture: grey, BGR or BGRA, 8 bits.

        Returns:
            What has the shape of a plate, the largest first. Other text is among it as unreadable.

        Raises:
            ValueError: if it is no such array.
        """
        picture = as_bgr(picture)
        height, width = picture.shape[:2]
        if min(height, width) < SIDE_MIN_PX or max(height, width) > SIDE_MAX_PX:
            return []
        side = int(np.clip(2 * max(height, width), CROP_SIDE_PX, SCENE_SIDE_PX))
        found = []
        for lines in plates_among(self._finder.lines(picture, side)):
            left, top, right, bottom = _bounds(lines)
            margin = 0.6 * lines[0].height_px
            x0, y0 = max(0, int(left - margin)), max(0, int(top - margin))
            x1, y1 = min(width, int(right + margin) + 1), min(height, int(bottom + margin) + 1)
            if x1 <= x0 or y1 <= y0:
                continue
            seen = self.read_crop(picture[y0:y1, x0:x1])
            moved = tuple(line.moved(x0, y0) for line in seen.lines)
            # here nobody has cut the plate out, so that a box at the very edge is the end of the picture
            whole = not any(line.leaves(width, height, 0.0) for line in lines)
            reading = seen.reading if whole else msgspec.structs.replace(seen.reading, **CUT)
            found.append(SeenPlate(reading, seen.belief, moved, seen.plate))
        return found

    def _belief(self, picture: NDArray[np.uint8], lines: Sequence[TextLine]) -> Belief:
        strips = []
        for line in lines:
            for taller, stretch, turned_deg, levelled in VIEWS:
                strip = cut_line(picture, line, taller, turned_deg)
                strips.append((_levelled(strip) if levelled else strip, stretch))
        frames = self._recogniser.read(strips)
        strings = []
        for number in range(len(lines)):
            automaton = self._grammar.automata[len(lines), number]
            views = frames[number * len(VIEWS) : (number + 1) * len(VIEWS)]
            strings.append(pooled([read_line(view, automaton, self._grammar.letters) for view in views]))
        return plate_belief(strings)

    def _told(
        self, belief: Belief, lines: Sequence[TextLine], colour: PlateColour, *, cut: bool, small: bool
    ) -> PlateReading:
        left, top, right, bottom = _bounds(lines)
        second, second_likelihood = belief.second()
        reason: Unreadable | None = None
        if small:
            reason = Unreadable.TOO_SMALL
        elif cut:
            reason = Unreadable.CUT
        elif second_likelihood > self._settings.second_most * belief.likelihood:
            reason = Unreadable.AMBIGUOUS
        elif belief.likelihood < self._settings.likelihood_min:
            # with a trace of a form there is a plate that cannot be made out, without one there is other text
            reason = Unreadable.BLURRED if belief.likelihood > NO_FORM_BELOW else Unreadable.NO_FORM
        forms = self._grammar.forms_of(belief.parts[0]) if belief.parts else ()
        read = reason is None and bool(forms)
        text = belief.texts[0] if read else None
        return PlateReading(
            text=text,
            shown=self._grammar.shown(forms[0], text) if text else None,
            forms=tuple(form.id for form in forms) if read else (),
            likelihood=belief.likelihood,
            characters=belief.characters(),
            second=second,
            second_likelihood=second_likelihood,
            reason=None if read else reason or Unreadable.NO_FORM,
            lines=len(lines),
            aspect=(right - left) / max(bottom - top, 1e-6),
            colour=colour,
        )


def as_bgr(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture as BGR.

    Args:
        image: grey (height, width) or (height, width, 1), BGR, or BGRA, 8 bits.

    Returns:
        Shape (height, width, 3); empty pictures stay empty.

    Raises:
        ValueError: if it is none of these.
    """
    if image.dtype != np.uint8 or image.ndim not in (2, 3):
        raise ValueError(f"a picture has 8 bits and two or three dimensions, not {image.dtype} and {image.shape}")
    channels = 1 if image.ndim == 2 else image.shape[2]
    if channels not in (1, 3, 4):
        raise ValueError(f"a picture has 1, 3 or 4 channels, not {channels}")
    if image.size == 0:
        return np.zeros((*image.shape[:2], 3), np.uint8)
    if channels == 1:
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR), np.uint8)
    return image if channels == 3 else np.asarray(cv2.cvtColor(image, cv2.COLOR_BGRA2BGR), np.uint8)


def _levelled(strip: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Contrast levelled in tiles (CLAHE) on the lightness only."""
    lab = cv2.cvtColor(strip, cv2.COLOR_BGR2LAB)
    lab[:, :, 0] = cv2.createCLAHE(2.0, (4, 4)).apply(lab[:, :, 0])
    return np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2BGR), np.uint8)


def _bounds(lines: Sequence[TextLine]) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of lines, pixels."""
    corners = np.concatenate(
        [cv2.boxPoints(((line.x_px, line.y_px), (line.width_px, line.height_px), line.angle_deg)) for line in lines]
    )
    (left, top), (right, bottom) = corners.min(0), corners.max(0)
    return float(left), float(top), float(right), float(bottom)


def _around(picture: NDArray[np.uint8], lines: Sequence[TextLine]) -> NDArray[np.uint8]:
    """The part of a picture that lines cover."""
    left, top, right, bottom = _bounds(lines)
    return picture[max(0, int(top)) : int(bottom) + 1, max(0, int(left)) : int(right) + 1]
