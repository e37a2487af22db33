from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.weights import yolov8n_path

OPEN = """
import sys
from pathlib import Path
from nutgiao.edge.detect.runtimes import Device, open_runtime
open_runtime(Path(sys.argv[1]), Device.CPU, 1)
"""
BARE = """
import sys
import onnxruntime
onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
"""


def traces(code: str, home: Path) -> list[Path]:
    """Files that a process leaves in its user's folders after it has opened a network."""
    home.mkdir()
    # On a machine that calls itself CI the library is silent anyway.
    kept = {name: value for name, value in os.environ.items() if name not in {"CI", "ORT_DISABLE_TELEMETRY"}}
    there = {"HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache"), "XDG_DATA_HOME": str(home / ".local")}
    words = [sys.executable, "-c", code, str(yolov8n_path())]
    subprocess.run(words, env=kept | there, check=True, timeout=120)
    return [path for path in home.rglob("*") if path.is_file()]


def test_the_library_that_computes_keeps_no_id_of_this_machine_and_no_reports(tmp_path: Path) -> None:
    if not traces(BARE, tmp_path / "bare"):
        pytest.skip("this build of onnxruntime reports nothing by itself")
    assert traces(OPEN, tmp_path / "ours") == []
