"""Engines made on this machine: beside each lies its card, which says of what it was made and how good it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from nutgiao.edge.detect.gate import Picture, judge
from nutgiao.edge.detect.graph import MULTIPLE_PX, resize_network
from nutgiao.edge.detect.onnx import OnnxDetector
from nutgiao.edge.detect.quantize import quantize_network
from nutgiao.edge.detect.store import WeightsStore, sha256_of
from nutgiao.edge.files import write_whole
from nutgiao.models.contracts.errors import ModelUnavailable
from nutgiao.models.vision.cards import Head, ModelCard, WeightsCard

C = TypeVar("C", bound=WeightsCard)
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def resized(store: WeightsStore, card: ModelCard, size_px: tuple[int, int]) -> ModelCard:
    """Makes an engine for another size of input, which looks only for road users and takes any number of pictures.

    Args:
        store: holds the weights of the card and gets the engine.
        card: with a YOLOv8 head.
        size_px: width and height, multiples of 32.

    Returns:
        The engine's card, kept in the store.

    Raises:
        ModelUnavailable: if it cannot be made.
    """
    if card.head is not Head.YOLOV8 or card.int8:
        raise ModelUnavailable(
            f"{card.name}: only networks in full precision with a YOLOv8 or YOLO11 head can be given another size"
        )
    made = msgspec.structs.replace(
        card,
        name=f"{card.name}-{size_px[0]}x{size_px[1]}",
        input_px=size_px,
        class_map=dict(enumerate(card.class_map.values())),
        wheel=None,
        made_from=card.sha256,
    )
    source = store.verified(card)
    store.folder.mkdir(parents=True, exist_ok=True)
    target = store.folder / f".{made.name}.making"
    try:
        resize_network(source, target, size_px, tuple(card.class_map))
        return keep(store, made, target)
    finally:
        target.unlink(missing_ok=True)


def quantized(
    store: WeightsStore, card: ModelCard, made_with: Sequence[Picture], judged_by: Sequence[Picture], threads: int = 0
) -> ModelCard:
    """Makes an engine that calculates in 8-bit integers and judges it; one that loses too much is not kept.

    Args:
        store: holds the weights of the card and gets the engine.
        card: in full precision.
        made_with: pictures of the site, from which it learns how large the numbers get.
        judged_by: other pictures of the site.
        threads: of one call on the CPU; 0 leaves it to the library.

    Returns:
        The engine's card with its verdict, kept in the store.

    Raises:
        ModelUnavailable: if it cannot be made, or does not pass.
    """
    if card.int8:
        raise ModelUnavailable(f"{card.name} is an 8-bit engine already")
    source = store.verified(card)
    made = msgspec.structs.replace(card, name=f"{card.name}-int8", int8=True, wheel=None, made_from=card.sha256)
    target = store.folder / f".{made.name}.making"
    try:
        quantize_network(source, target, card, made_with)
        verdict = judge(
            OnnxDetector(source, card, threads=threads),
            OnnxDetector(target, made, threads=threads, on_trial=True),
            judged_by,
        )
        if not verdict.passed:
            raise ModelUnavailable(
                f"{made.name} was not kept, it loses {100 * verdict.loss:.1f} points and may lose 1: {verdict}. "
                "More pictures to make it with may help; else stay with full precision."
            )
        return keep(store, msgspec.structs.replace(made, verdict=verdict), target)
    finally:
        target.unlink(missing_ok=True)


def keep(store: WeightsStore, card: C, file: Path) -> C:
    """Puts a file into the store under its card's name, with the card beside it.

    Args:
        store: where to.
        card: its hash and size are filled in here.
        file: on the same disk; it is moved.

    Raises:
        ModelUnavailable: if the name cannot be that of a file.
    """
    if NAME.fullmatch(card.name) is None:
        raise ModelUnavailable(f"'{card.name}' is no name: small letters, digits, dots and hyphens, at most 64")
    card = msgspec.structs.replace(card, sha256=sha256_of(file), size_bytes=file.stat().st_size)
    store.folder.mkdir(parents=True, exist_ok=True)
    path = store.path(card)
    # The card last: without it the file is nobody's and is refused, with an old card its hash does not fit.
    file.replace(path)
    write_whole(path.with_suffix(".json"), msgspec.json.format(msgspec.json.encode(card), indent=1))
    return card


def parse_size(text: str) -> tuple[int, int]:
    """Width and height out of ``640x384``.

    Raises:
        ValueError: if it is something else, or not made of multiples of 32.
    """
    parts = re.fullmatch(r"(\d{2,4})x(\d{2,4})", text)
    size = (int(parts.group(1)), int(parts.group(2))) if parts else (0, 0)
    if not min(size) or any(side % MULTIPLE_PX for side in size):
        raise ValueError(f"'{text}' is not WIDTHxHEIGHT in multiples of {MULTIPLE_PX}, such as 640x384")
    return size
