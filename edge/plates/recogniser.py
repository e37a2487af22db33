"""Reads strips of text with PP-OCRv6's small recogniser: probabilities of the plate's characters, step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.plates.session import single_thread
from nutgiao.models.contracts.errors import ModelUnavailable

HEIGHT_PX = 48
WIDTH_PX = 320
"""What the network was trained on: strips of this height, padded to this width; longer ones are squeezed."""

DOTS = ".·•,:。．"
"""What the dot of a number is taken for."""

STROKE_WEIGHT = 1000.0
"""How many times the recogniser's belief in Đ counts where it sees D or Đ. It was trained on texts that hardly have Đ
and says D even for a clear stroke; but a D without stroke leaves Đ less than 3e-6 of D's belief (52 views of plates in
photographs), one with a stroke 0.007 to 0.2 (plates drawn in five fonts). Own value between the two; no photographs of
plates with Đ were at hand."""

NARROWEST_PX = 16
BATCH = 8


class TextRecogniser:
    """PP-OCRv6 small recogniser behind a plate's alphabet.

    Args:
        path: the checked ONNX file; its list of characters is inside it.
        letters: characters of plates, in the order of the columns that come out.
        read_as: characters that stand on no plate -> the one that was meant.

    Raises:
        ModelUnavailable: if the file cannot be loaded or carries no list of characters.
    """

    def __init__(self, path: Path, letters: str, read_as: Mapping[str, str]) -> None:
        self._session = single_thread(path)
        self._input = self._session.get_inputs()[0].name
        listed = self._session.get_modelmeta().custom_metadata_map.get("character")
        if not listed:
            raise ModelUnavailable(f"{path}: this model has no list of characters; is it {path.stem} as published?")
        # index 0 is CTC's blank; PaddleOCR appends the space
        characters = ["", *listed.split("\n"), " "]
        self._column = np.full(len(characters), -1, np.int64)
        for index, character in enumerate(characters):
            meant = read_as.get(character, character)
            meant = meant.upper() if meant.isascii() else meant
            if len(meant) == 1 and meant in letters:
                self._column[index] = 1 + letters.index(meant)
            elif character and character in DOTS:
                self._column[index] = 1 + len(letters)
            elif not character.strip() or (len(character) == 1 and not character.isalnum()):
                self._column[index] = 0  # dashes and dirt are no characters of a plate
        self._width = len(letters) + 2
        self._plain, self._struck = (1 + letters.find(letter) for letter in "DĐ")

    def read(self, strips: Sequence[tuple[NDArray[np.uint8], float]]) -> list[NDArray[np.float64]]:
        """Reads strips.

        Args:
            strips: BGR pictures of one line each, and a factor by which to draw each out in width. Narrow letters have
                too few steps to tell 44 from 4 without it.

        Returns:
            For each strip, shape (steps, letters + 2): probability of a dash or nothing, of each letter, of a dot. What
            is missing to 1 went to other characters.
        """
        out: list[NDArray[np.float64]] = []
        for first in range(0, len(strips), BATCH):
            blobs = np.stack([_blob(strip, stretch) for strip, stretch in strips[first : first + BATCH]])
            [output] = self._session.run(None, {self._input: blobs})
            for frames in output:
                known = self._column[: frames.shape[1]]
                reduced = np.zeros((len(frames), self._width))
                for column in range(self._width):
                    reduced[:, column] = frames[:, : len(known)][:, known == column].sum(1)
                if self._plain and self._struck:
                    _weigh_stroke(reduced, self._plain, self._struck)
                out.append(reduced)
        return out


def _weigh_stroke(frames: NDArray[np.float64], plain: int, struck: int) -> None:
    """Shares the belief in two columns anew, see `STROKE_WEIGHT`; their sum stays."""
    both = frames[:, plain] + frames[:, struck]
    weighed = STROKE_WEIGHT * frames[:, struck]
    total = np.maximum(frames[:, plain] + weighed, 1e-12)
    frames[:, struck] = both * weighed / total
    frames[:, plain] = both - frames[:, struck]


def _blob(strip: NDArray[np.uint8], stretch: float) -> NDArray[np.float32]:
    """Height 48, width by the aspect and the stretch, -1..1, padded with zeros; channels first."""
    height, width = strip.shape[:2]
    wide = int(np.clip(round(width * HEIGHT_PX / height * stretch), NARROWEST_PX, WIDTH_PX))
    how = cv2.INTER_CUBIC if height < HEIGHT_PX else cv2.INTER_AREA
    scaled = cv2.resize(strip, (wide, HEIGHT_PX), interpolation=how).astype(np.float32) / 127.5 - 1.0
    return np.pad(scaled, ((0, 0), (0, WIDTH_PX - wide), (0, 0))).transpose(2, 0, 1)
