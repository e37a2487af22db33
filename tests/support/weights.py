"""The detector's real weights for tests: from this user's store, pulled once if they are not there."""

from __future__ import annotations

import functools
import os
from pathlib import Path

from nutgiao.edge.detect.store import WeightsStore, store_folder
from nutgiao.models.contracts.errors import ModelUnavailable
from nutgiao.models.vision.cards import YOLOV8N_COCO
from tests.conftest import missing


@functools.cache
def yolov8n_path() -> Path:
    """The checked file; skips the test (fails in CI) where it cannot be had."""
    store = WeightsStore(store_folder(os.environ, Path.home()))
    try:
        return store.pull(YOLOV8N_COCO, confirm=lambda card: True)
    except ModelUnavailable as error:
        missing(str(error))
        raise
