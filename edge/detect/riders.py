"""The second network that counts riders and looks for helmets: opened only with a verdict that lets it speak."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.detect.onnx import GREY
from nutgiao.edge.detect.runtimes import open_runtime
from nutgiao.edge.detect.store import WeightsStore, sha256_of
from nutgiao.models.contracts.errors import ModelUnavailable
from nutgiao.models.contracts.site import Site
from nutgiao.models.contracts.words import ViolationKind
from nutgiao.models.vision.rider_card import BARE, MORE, RiderCard, RiderVerdict
from nutgiao.models.vision.yolo import Letterbox, to_blob

Image = NDArray[np.uint8]

LABELS = "labels.csv"
"""In the folder of pictures: a table with the columns file, riders (a number) and bare (yes or no)."""


class RiderModel(Protocol):
    """Looks at pictures of single motorcycles."""

    @property
    def card(self) -> RiderCard:
        """What the weights are."""
        ...

    def look(self, crops: Sequence[Image]) -> NDArray[np.float64]:
        """What is on each.

        Args:
            crops: ``(h, w, 3)`` uint8 BGR each.

        Returns:
            ``(n, 4)`` probabilities, columns as in `nutgiao.models.vision.rider_card`.
        """
        ...


class OnnxRiders:
    """A network of that kind in ONNX form.

    Args:
        path: the ONNX file.
        card: how to read it.

    Raises:
        ModelUnavailable: if the file cannot be loaded, or answers something else.
    """

    def __init__(self, path: Path, card: RiderCard) -> None:
        self.card = card
        self._runtime = open_runtime(path, threads=1)
        width, height = card.input_px
        shape = (self._runtime.input_shape[2:], self._runtime.output_shape[-1])
        if shape != ((height, width), 4):
            raise ModelUnavailable(
                f"{path}: takes {shape[0]} rows and columns and answers {shape[1]} numbers; a network for riders with "
                f"this card takes ({height}, {width}) and answers 4 probabilities: docs/violations.md"
            )

    def look(self, crops: Sequence[Image]) -> NDArray[np.float64]:
        """See `RiderModel.look`."""
        answers = np.empty((len(crops), 4))
        width, height = self.card.input_px
        for row, crop in enumerate(crops):
            canvas = np.full((height, width, 3), GREY, np.uint8)
            box = Letterbox.fit((crop.shape[1], crop.shape[0]), (width, height), centred=True)
            inside = canvas[box.top_px : box.top_px + box.height_px, box.left_px : box.left_px + box.width_px]
            inside[:] = cv2.resize(crop, (box.width_px, box.height_px), interpolation=cv2.INTER_AREA)
            answer = self._runtime.run(to_blob(canvas, bgr=self.card.bgr, scale=self.card.scale)).reshape(-1)
            answers[row] = np.clip(np.nan_to_num(answer[:4], nan=0.0), 0.0, 1.0)
        return answers


def rider_card(store: WeightsStore, name: str) -> RiderCard:
    """The card of a network that was judged here.

    Raises:
        ModelUnavailable: if there is none, or its file is not the one that was judged.
    """
    path = store.folder / f"{name}.onnx"
    cure = "Judge one with 'nutgiao models riders FILE --name NAME --size WxH --pictures FOLDER'."
    try:
        card = msgspec.json.decode(path.with_suffix(".json").read_bytes(), type=RiderCard)
    except (OSError, msgspec.DecodeError) as error:
        raise ModelUnavailable(
            f"there are no weights for riders of the name '{name}' in {store.folder}. {cure}"
        ) from error
    if not path.is_file() or sha256_of(path) != card.sha256:
        raise ModelUnavailable(f"{path} is not the file that was judged. {cure}")
    return card


def open_riders(site: Site, store: WeightsStore) -> OnnxRiders | None:
    """The network that a site names, if its verdict lets every rule speak that the site runs.

    Returns:
        None if the site names none.

    Raises:
        ModelUnavailable: if it is not there, was not judged, or did not pass for a rule that is on.
    """
    if site.rider_model is None:
        return None
    card = rider_card(store, site.rider_model)
    asked = {setting.kind for setting in site.rules if setting.enabled}
    verdict = card.verdict
    for kind, passed in (
        (ViolationKind.NO_HELMET, verdict is not None and verdict.helmets_passed),
        (ViolationKind.OVERLOADED, verdict is not None and verdict.riders_passed),
    ):
        if kind in asked and not passed:
            raise ModelUnavailable(
                f"the site runs the rule '{kind}' with '{card.name}', which "
                f"{'was not judged' if verdict is None else f'did not pass: {verdict}'}. Switch the rule off, or judge "
                "better weights with 'nutgiao models riders'."
            )
    return OnnxRiders(store.path(card), card)


def judge_riders(model: RiderModel, folder: Path) -> RiderVerdict:
    """Shows labelled pictures to a network; none may have been used to make it.

    Args:
        model: what is judged.
        folder: with pictures of single motorcycles and their `LABELS`.

    Raises:
        ModelUnavailable: if the folder cannot be read so.
    """
    try:
        with (folder / LABELS).open(encoding="utf-8", newline="") as stream:
            rows = [(row["file"], int(row["riders"]), _yes(row["bare"])) for row in csv.DictReader(stream)]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ModelUnavailable(f"{folder / LABELS}: a table of file, riders and bare (yes or no) is needed") from error
    digest, counts = (
        hashlib.sha256(),
        dict.fromkeys(("bare", "bare_told", "bare_right", "over", "over_told", "over_right"), 0),
    )
    for name, riders, bare in rows:
        image = cv2.imread(str(folder / name), cv2.IMREAD_COLOR)
        if image is None:
            raise ModelUnavailable(f"{folder / name} cannot be read as a picture: mend {LABELS}")
        digest.update(hashlib.sha256((folder / name).read_bytes()).digest())
        (answer,) = model.look([np.asarray(image, np.uint8)])
        for what, true, told in (
            ("bare", bare, answer[BARE] >= model.card.bare_min),
            ("over", riders > 2, answer[MORE] >= model.card.over_min),
        ):
            counts[what] += true
            counts[f"{what}_told"] += bool(told)
            counts[f"{what}_right"] += bool(told and true)
    return RiderVerdict(crops_sha256=digest.hexdigest(), crops=len(rows), **counts)


def _yes(word: str) -> bool:
    if word not in ("yes", "no"):
        raise ValueError(f"'{word}' is neither yes nor no")
    return word == "yes"
