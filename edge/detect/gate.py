"""The accuracy gate: judges an engine beside the weights that it was made from, on pictures of its own street."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.detect.detector import Detector
from nutgiao.models.contracts.errors import ModelUnavailable
from nutgiao.models.vision.gate import Truth, Verdict, average_precision, truth_of_parent

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".webp"})
PICTURES_MIN = 20
"""Half of them are judged on; of fewer the verdict would be chance."""
USERS_MIN = 50
"""One point of fewer road users is less than one of them."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of a folder.

    Attributes:
        path: of the file.
        labels: the YOLO text file that belongs to it, or None.
    """

    path: Path
    labels: Path | None

    def read(self) -> NDArray[np.uint8]:
        """``(h, w, 3)`` uint8 BGR.

        Raises:
            ModelUnavailable: if the file is no picture.
        """
        image = cv2.imread(str(self.path), cv2.IMREAD_COLOR)
        if image is None:
            raise ModelUnavailable(f"{self.path} cannot be read as a picture: take it out of the folder")
        return np.asarray(image, np.uint8)

    def truth(self, image: NDArray[np.uint8]) -> Truth:
        """The labelled road users: rows of class, centre x, y, width, height as shares of the picture.

        Raises:
            ModelUnavailable: if the label file holds something else.
        """
        if self.labels is None:
            raise ModelUnavailable(f"{self.path} has no label file beside it")
        try:
            rows = np.array(
                [
                    [float(word) for word in line.split()]
                    for line in self.labels.read_text().splitlines()
                    if line.strip()
                ],
                np.float32,
            ).reshape(-1, 5)
        except ValueError as error:
            raise ModelUnavailable(
                f"{self.labels}: each line has to be 'class x y width height' as shares of the picture ({error})"
            ) from error
        size = np.array([image.shape[1], image.shape[0]], np.float32)
        centre, half = rows[:, 1:3] * size, rows[:, 3:5] * size / 2
        return Truth(np.concatenate([centre - half, centre + half], axis=1), np.zeros((0, 4), np.float32))


def pictures_in(folder: Path) -> tuple[list[Picture], list[Picture]]:
    """The pictures of a site, those to make an engine with and those to judge it by.

    They are taken in turn from the list sorted by name, so that both halves have the site's mornings and nights. Labels
    lie beside the pictures or in ``labels/``.

    Raises:
        ModelUnavailable: if there are too few.
    """
    if not folder.is_dir():
        raise ModelUnavailable(f"{folder}: no such folder of pictures")
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    if len(paths) < PICTURES_MIN:
        raise ModelUnavailable(
            f"{folder} holds {len(paths)} pictures ({', '.join(sorted(SUFFIXES))}), {PICTURES_MIN} are needed: "
            "save some of the camera from different times of day"
        )
    found = []
    for path in paths:
        beside = (path.with_suffix(".txt"), folder / "labels" / f"{path.stem}.txt")
        found.append(Picture(path, next((one for one in beside if one.is_file()), None)))
    return found[::2], found[1::2]


def judge(parent: Detector, engine: Detector, pictures: Sequence[Picture]) -> Verdict:
    """Looks at each picture with both.

    Labels have to name every road user in the picture, not those of one kind: what they leave out counts as wrong.

    Args:
        parent: the weights that the engine was made from, in full precision.
        engine: what is to go live.
        pictures: of the site; none that the engine was made with.

    Raises:
        ModelUnavailable: if there are too few road users in the pictures to tell.
    """
    digest = hashlib.sha256()
    truths, labels, before, after = [], [], [], []
    labelled = all(one.labels is not None for one in pictures)
    for one in pictures:
        digest.update(hashlib.sha256(one.path.read_bytes()).digest())
        image = one.read()
        sight = parent.look(image)
        truths.append(truth_of_parent(sight.users, sight.faint))
        before.append(sight.users)
        after.append(engine.look(image).users)
        if labelled:
            labels.append(one.truth(image))
    users = sum(len(truth.boxes_px) for truth in truths)
    if users < USERS_MIN:
        raise ModelUnavailable(
            f"the {len(pictures)} held-out pictures show {users} road users, {USERS_MIN} are needed to judge an "
            "engine: take more pictures, or busier ones"
        )
    return Verdict(
        pictures_sha256=digest.hexdigest(),
        pictures=len(pictures),
        users=users,
        agreement=round(average_precision(truths, after), 5),
        labelled_users=sum(len(truth.boxes_px) for truth in labels),
        before=round(average_precision(labels, before), 5) if labelled else None,
        after=round(average_precision(labels, after), 5) if labelled else None,
    )
