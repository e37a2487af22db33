"""One way to load the text models: onnxruntime on the processor with one thread."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nutgiao.edge.quiet_onnx import load_onnxruntime
from nutgiao.models.contracts.errors import ModelUnavailable


def single_thread(path: Path) -> Any:
    """Loads a model; one thread, because plates are read beside the detector and must not slow it.

    Raises:
        ModelUnavailable: if the file is missing or no model.
    """
    onnxruntime = load_onnxruntime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises a dozen types that share only this
        raise ModelUnavailable(
            f"{path}: onnxruntime cannot load this file ({str(error).strip().splitlines()[0][:200]}). "
            "'nutgiao models verify' tells whether it is as published."
        ) from error
