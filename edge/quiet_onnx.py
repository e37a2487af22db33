"""ONNX Runtime, loaded so that it tells nobody what runs here: its reports to its makers are off before it starts."""

from __future__ import annotations

import importlib
import os
from typing import Any


def load_onnxruntime(part: str = "") -> Any:
    """The library, or a part of it; the only way in which it may be loaded.

    Since 1.29 it writes an id of the machine to disk and sends names of processes and models to its makers. Only the
    environment variable stops all of it, and only before the first import: the library's own switch comes too late.

    Args:
        part: such as ``quantization``; empty for the library itself.

    Raises:
        ImportError: if it is not installed.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    return importlib.import_module(f"onnxruntime.{part}" if part else "onnxruntime")
