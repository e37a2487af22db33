"""Times a detector on this box: from the picture to the road users, as it will be called."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.detect.onnx import OnnxDetector
from nutgiao.edge.detect.runtimes import Device
from nutgiao.models.vision.cards import ModelCard

WARM_CALLS = 2
"""The first calls compile kernels and allocate."""


@dataclass(frozen=True, slots=True)
class Timed:
    """Medians over the calls.

    Attributes:
        name: who computed.
        wall_ms: wall time of a call.
        cpu_ms: processor time of all threads in a call.
    """

    name: str
    wall_ms: float
    cpu_ms: float


def noise(size_px: tuple[int, int]) -> NDArray[np.uint8]:
    """A picture to time with, ``(h, w, 3)``, always the same: a network works as long on noise as on a street."""
    return np.random.default_rng(0).integers(0, 256, (size_px[1], size_px[0], 3), np.uint8)


def time_calls(path: Path, card: ModelCard, device: Device, threads: int, calls: int) -> Timed:
    """Looks at pictures of noise as large as the input.

    Args:
        path: the ONNX file.
        card: of it.
        device: who computes.
        threads: of one call on the CPU; 0 leaves it to the library.
        calls: how many are timed, at least one.

    Raises:
        ModelUnavailable: if the device does not start.
    """
    detector = OnnxDetector(path, card, threads=threads, device=device)
    picture = noise(card.input_px)
    wall, cpu = [], []
    for _ in range(WARM_CALLS):
        detector.look(picture)
    for _ in range(max(1, calls)):
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        detector.look(picture)
        wall.append(time.perf_counter() - wall_s)
        cpu.append(time.process_time() - cpu_s)
    return Timed(detector.provider, 1000.0 * statistics.median(wall), 1000.0 * statistics.median(cpu))
