"""What the detector's tests share: a picture of a clip, and a store with the real weights."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from nutgiao.edge.camera.video import open_source
from nutgiao.edge.detect.store import WeightsStore
from nutgiao.models.vision.cards import YOLOV8N_COCO
from tests.support.weights import yolov8n_path

FrameOf = Callable[[str, int], NDArray[np.uint8]]


@pytest.fixture(scope="session")
def frame_of(street_data: Callable[[str], Path]) -> FrameOf:
    """Finds a picture of a recorded street: ``frame_of("clips/hn_giangvo_langha_6fps.mp4", 45)``."""

    @functools.cache
    def find(clip: str, index: int) -> NDArray[np.uint8]:
        with open_source(str(street_data(clip)), "c1") as source:
            for _ in range(index):
                source.read()
            frame = source.read()
        assert frame is not None
        return frame.image

    return find


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> WeightsStore:
    """A store that holds YOLOv8n and nothing else yet."""
    store = WeightsStore(tmp_path_factory.mktemp("store"))
    store.install_file(YOLOV8N_COCO, yolov8n_path())
    return store
