"""As many detectors as a box needs: one of one thread for each core, or two for an accelerator."""

from __future__ import annotations

import os
from pathlib import Path

from nutgiao.edge.detect.onnx import OnnxDetector
from nutgiao.edge.detect.runtimes import Device
from nutgiao.edge.detect.store import known_card
from nutgiao.models.vision.cards import ModelCard

ACCELERATED = 2
"""On an accelerator one detector computes while the other lays its pictures ready and reads its answers."""


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def one_per_core(
    path: Path, card: ModelCard | None = None, *, count: int | None = None, device: Device = Device.AUTO
) -> list[OnnxDetector]:
    """Opens the same weights once for each core, with one thread each (figures: `OnnxDetector`).

    An accelerator gets two, which take pictures of several cameras in each call.

    Args:
        path: the ONNX file.
        card: how to read it; None looks for the card of the file by its hash.
        count: how many; None for as many as there are cores, or two on an accelerator.
        device: who computes.

    Raises:
        ModelUnavailable: if the file is not there or cannot be loaded.
    """
    card = card or known_card(path)
    first = OnnxDetector(path, card, threads=1, device=device)
    count = count or (ACCELERATED if first.at_once > 1 else cores())
    return [first, *(OnnxDetector(path, card, threads=1, device=device) for _ in range(count - 1))]
