"""How a camera's picture is: frozen, black, blurred or moved, and since when; at little cost per frame."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.camera.places import Places
from nutgiao.edge.camera.position import BLOCK_PX, FEW_BLOCKS, WIDTH_PX, Background, Grey
from nutgiao.models.contracts.messages import CameraTrouble
from nutgiao.models.contracts.words import PictureFault

LOOK_EVERY_S = 0.5
"""A look costs 1.5 to 3 ms on a picture 1600 wide, most of it to reduce it, comparing detail another 1 ms a second, and
places 5 ms every `PLACE_EVERY_S`. Per frame at 25 a second: 0.15 ms of a core (640 wide) to 0.3 ms (1600 wide)."""
PLACE_EVERY_S = 3.0
GAP_S = 5.0
"""Looks farther apart than this, or of a clock that was set back, have nothing to do with each other."""
FORGET = 0.15
"""Share of the newest look in the background: traffic that moves leaves it within about 5 s."""
WARM_S = 8.0
"""Age from which a background is one."""

SAME = 0.001
"""Share of the pixels that changed by a grey level or more below which two pictures are the same. On the quietest of
twelve streets a quarter of them did, by the noise of the sensor alone."""
FROZEN_S = 10.0
STILL_LEVELS = 8.0
"""Change of a patch of 8 x 8 reduced pixels that only something real makes: a still picture that an encoder sends over
and over stays below 5."""
STILL_S = 300.0
"""A street where not even a shadow has moved for so long is taken for a still picture too, whatever the noise."""
DARK_LEVEL = 16
"""A picture is black when 99 % of it are below this; even a street lit to a tenth of the day has brighter things."""
FLAT_LEVELS = 2.5
"""A picture with less contrast than this (standard deviation) shows nothing: a covered lens, a decoder without data."""
BLACK_S = 3.0
PATCH_PX = 40
FAINT_EDGE = 1.0
EDGES_SHARE = 0.02
FEW_PATCHES = 3
"""A patch is judged by the edges in it, of more than a grey level, if they cover so much of it; so few patches tell
nothing."""
SHARP_SHARE = 0.72
USUAL_SHARE = 0.85
"""Below this share of its usual detail a picture is blurred. A Gaussian blur of 1/400 of the width (4 px of 1600)
leaves 0.55 to 0.65; traffic, dusk, noise, and a bus over a third of the picture leave 0.9 to 1.1. Only pictures
above the second share are taken for usual."""
DETAIL_EVERY_S = 1.0
SHARP_FORGET = 0.2
USUAL_FORGET = 0.001
"""Detail is that of the last 5 s; the usual one follows in about 20 minutes of good pictures: a lens gets dirty in
days, dusk falls in half an hour, and the measure hardly depends on light."""
BLURRED_S = 10.0
MOVED_PX = 2.8
"""Reduced pixels (0.9 % of the width: 5.6 px of 640) that the corners may move before the calibration is void. A turn
of one degree moves them by 3.3."""
MOVED_S = 10.0
LOST_S = 30.0
"""Nothing of the kept background found for so long: re-aimed at something else. Long, for headlights and heavy rain."""
BACK_S = 10.0
SOON_S = 2.0
"""A picture has to be right for so long before a fault is over; the second one of black and frozen pictures."""


class Held:
    """A fault that has to last before it is told, and to be gone for a while before it is over.

    Args:
        on_s: how long it has to last.
        off_s: how long it has to be gone.
    """

    def __init__(self, on_s: float, off_s: float) -> None:
        self._on_s, self._off_s = on_s, off_s
        self._begun_s: float | None = None
        self._good_s: float | None = None
        self.since_s: float | None = None

    def step(self, bad: bool, time_s: float, on_s: float | None = None) -> None:
        """Takes in a judgement.

        Args:
            bad: whether the picture has the fault.
            time_s: when.
            on_s: how long the fault has to last, where that depends on what is seen.
        """
        if bad:
            self._good_s = None
            self._begun_s = time_s if self._begun_s is None else self._begun_s
            if self.since_s is None and time_s - self._begun_s >= (self._on_s if on_s is None else on_s):
                self.since_s = self._begun_s
            return
        self._begun_s = None
        self._good_s = time_s if self._good_s is None else self._good_s
        if self.since_s is not None and time_s - self._good_s >= self._off_s:
            self.since_s = None

    def interrupt(self) -> None:
        """What has begun is forgotten, what was told stays: nobody looked for a while."""
        self._begun_s = self._good_s = None


class PictureWatch:
    """Judges the pictures of one camera; not thread-safe.

    Args:
        width_px: width of the calibrated picture, for how far it has moved.
        places: the backgrounds that were kept of this camera.
    """

    def __init__(self, width_px: int, places: Places | None = None) -> None:
        self._scale = width_px / WIDTH_PX
        self._places = places or Places()
        self._held = {
            PictureFault.FROZEN: Held(FROZEN_S, SOON_S),
            PictureFault.BLACK: Held(BLACK_S, SOON_S),
            PictureFault.BLURRED: Held(BLURRED_S, BACK_S),
            PictureFault.MOVED: Held(MOVED_S, BACK_S),
        }
        self._looked_s = self._placed_s = self._detailed_s = float("-inf")
        self._pixels: NDArray[np.uint8] | None = None
        self._patches: NDArray[np.float32] | None = None
        self._stirred_s = 0.0
        self._background: NDArray[np.float32] | None = None
        self._begun_s = 0.0
        self._usual: NDArray[np.float32] | None = None
        self._sharp = 1.0
        self._good_looks = 0
        self._shift_px: float | None = None

    @property
    def troubles(self) -> tuple[CameraTrouble, ...]:
        """What is wrong with the picture now."""
        return tuple(
            CameraTrouble(
                fault=fault,
                since_s=held.since_s,
                moved_px=self._moved_px() if fault is PictureFault.MOVED else None,
            )
            for fault, held in self._held.items()
            if held.since_s is not None
        )

    @property
    def blank_s(self) -> float | None:
        """Since when the picture shows nothing, because it is black or frozen; None while it shows something."""
        since = [self._held[fault].since_s for fault in (PictureFault.FROZEN, PictureFault.BLACK)]
        return min((since_s for since_s in since if since_s is not None), default=None)

    def look(self, image: NDArray[np.uint8], time_s: float) -> None:
        """Takes in a frame; most are passed over.

        Args:
            image: ``(h, w, 3)`` uint8 BGR.
            time_s: its capture time.
        """
        if 0.0 <= time_s - self._looked_s < LOOK_EVERY_S:
            return
        if not 0.0 <= time_s - self._looked_s <= GAP_S:
            self._begin(time_s)
        self._looked_s = time_s
        height, width = image.shape[:2]
        stride = max(1, width // WIDTH_PX)
        pixels = np.ascontiguousarray(image[stride // 2 :: stride, stride // 2 :: stride, 1])
        grey = np.asarray(
            cv2.resize(
                cv2.extractChannel(image, 1), (WIDTH_PX, round(height * WIDTH_PX / width)), interpolation=cv2.INTER_AREA
            ),
            np.uint8,
        )
        if self._pixels is not None and self._pixels.shape != pixels.shape:  # the camera was set to another size
            self._begin(time_s)
        frozen = self._is_frozen(pixels, grey, time_s)
        black = _is_black(grey)
        self._held[PictureFault.BLACK].step(black, time_s)
        if frozen or black:
            return
        self._sharpness(grey, time_s)
        self._position(grey, time_s)

    def _begin(self, time_s: float) -> None:
        """Nothing seen before counts, but what was told stays until the picture is right again."""
        for held in self._held.values():
            held.interrupt()
        self._pixels = self._patches = self._background = None
        self._stirred_s = self._begun_s = time_s
        self._placed_s = self._detailed_s = float("-inf")

    def _is_frozen(self, pixels: NDArray[np.uint8], grey: Grey, time_s: float) -> bool:
        """Whether this picture repeats the last one; judges the fault too."""
        before, self._pixels = self._pixels, pixels
        patches = np.asarray(cv2.resize(grey, None, fx=1 / 8, fy=1 / 8, interpolation=cv2.INTER_AREA), np.float32)
        if self._patches is None or cv2.norm(patches, self._patches, cv2.NORM_INF) > STILL_LEVELS:
            self._patches, self._stirred_s = patches, time_s
        same = before is not None and cv2.countNonZero(cv2.absdiff(pixels, before)) < SAME * pixels.size
        still = time_s - self._stirred_s >= STILL_S
        if still:
            self._held[PictureFault.FROZEN].step(True, self._stirred_s)  # since then, not since it was believed
        self._held[PictureFault.FROZEN].step(same or still, time_s)
        return same or still

    def _sharpness(self, grey: Grey, time_s: float) -> None:
        """Compares fine detail beside coarse detail with what this camera usually shows there."""
        if time_s - self._detailed_s < DETAIL_EVERY_S:
            return
        self._detailed_s = time_s
        detail = _detail(grey)
        if self._usual is None or self._usual.shape != detail.shape:
            self._usual, self._sharp = detail.copy(), 1.0
        both = detail / self._usual
        both = both[~np.isnan(both)]
        if len(both) < FEW_PATCHES:
            return
        share = float(np.median(both))
        self._sharp += SHARP_FORGET * (share - self._sharp)
        warm = self._good_looks * DETAIL_EVERY_S >= WARM_S
        self._held[PictureFault.BLURRED].step(warm and self._sharp < SHARP_SHARE, time_s)
        if share >= USUAL_SHARE or not warm:
            self._good_looks += 1
            known = np.where(np.isnan(self._usual), detail, self._usual)
            news = np.where(np.isnan(detail), known, detail)
            weight = np.float32(max(USUAL_FORGET, 1.0 / self._good_looks))
            self._usual = known + weight * (news - known)

    def _position(self, grey: Grey, time_s: float) -> None:
        """Compares the background of the last seconds with the kept ones."""
        if len(grey) < BLOCK_PX:  # a strip too low to be compared
            return
        if self._background is None:
            self._background, self._begun_s = grey.astype(np.float32), time_s
        cv2.accumulateWeighted(grey, self._background, FORGET)
        if time_s - self._begun_s < WARM_S or time_s - self._placed_s < PLACE_EVERY_S:
            return
        self._placed_s = time_s
        background = Background.of(self._background.astype(np.uint8))
        if len(background.corners) < FEW_BLOCKS:
            return
        held = self._held[PictureFault.MOVED]
        blurred = self._held[PictureFault.BLURRED].since_s is not None
        shift_px = self._places.find(background, time_s, learn=not blurred)
        if shift_px is None:
            if not blurred:  # a blurred picture need not be found again; that it is blurred is told already
                held.step(True, time_s, LOST_S)
                self._shift_px = None if held.since_s is None else self._shift_px
            return
        self._shift_px = shift_px
        held.step(shift_px >= MOVED_PX, time_s)

    def _moved_px(self) -> float | None:
        return None if self._shift_px is None else round(self._shift_px * self._scale, 1)


def _is_black(grey: Grey) -> bool:
    return bool((grey < DARK_LEVEL).mean() >= 0.99) or float(cv2.meanStdDev(grey)[1][0, 0]) < FLAT_LEVELS


def _detail(grey: Grey) -> NDArray[np.float32]:
    """Fine detail beside coarse detail in each patch of the picture: light cancels out, and noise nearly does.

    Differences of Gaussians of 0, 1 and 3 reduced pixels, where the coarse one stands out of its surroundings.

    Args:
        grey: ``(h, 320)`` reduced picture.

    Returns:
        ``(h // 40, 8)``, at least one row; NaN where there is too little to judge by.
    """
    picture = grey.astype(np.float32)
    smooth = cv2.GaussianBlur(picture, (0, 0), 1.0)
    coarse = cv2.absdiff(smooth, cv2.GaussianBlur(smooth, (0, 0), 3.0))
    edges = coarse > np.maximum(1.5 * cv2.blur(coarse, (PATCH_PX, PATCH_PX)), FAINT_EDGE)
    size = (WIDTH_PX // PATCH_PX, max(1, len(grey) // PATCH_PX))
    fine, wide, share = (
        cv2.resize(np.asarray(part * edges, np.float32), size, interpolation=cv2.INTER_AREA)
        for part in (cv2.absdiff(picture, smooth), coarse, np.float32(1.0))
    )
    return np.asarray(np.where(share > EDGES_SHARE, fine / np.maximum(wide, 1e-6), np.nan), np.float32)
