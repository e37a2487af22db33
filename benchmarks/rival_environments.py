"""Throw-away environments for programs that we are compared with: made on first use, with pinned versions."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.result import REPO

FOLDER = REPO / "out" / "cache" / "rivals"
_INSTALL_S = 1800

# What pip is asked for, call by call. boxmot's own list of requirements brings the CUDA build of torch and a
# training suite; its trackers need neither, so it comes without and with what they import.
PINNED: dict[str, tuple[tuple[str, ...], ...]] = {
    "trackeval": (("trackeval==1.3.0",),),
    "trackers": (("trackers==2.6.1",),),
    "boxmot": (
        ("torch==2.13.0", "numpy", "scipy", "opencv-python-headless<5", "filterpy==1.4.5", "lapx", "loguru"),
        ("pyyaml", "rich"),
        ("--no-deps", "boxmot==25.0.0"),
    ),
    # torchvision, which it cannot do without, exists for the CUDA build of torch only: 5.8 GB.
    "ultralytics": (("ultralytics==8.4.190", "onnxruntime==1.31.1", "lap", "opencv-python-headless"),),
}


def python_of(name: str) -> tuple[Path | None, str]:
    """The Python of an environment, which is made if it is not there yet.

    Args:
        name: key of `PINNED`.

    Returns:
        The Python, or None with the reason in one line why there is none.
    """
    folder = FOLDER / name
    python = folder / "bin" / "python"
    stamp = folder / ("made-" + hashlib.sha256(repr(PINNED[name]).encode()).hexdigest()[:12])
    if stamp.exists():
        return python, ""
    shutil.rmtree(folder, ignore_errors=True)
    steps = [[sys.executable, "-m", "venv", str(folder)]]
    steps += [[str(python), "-m", "pip", "install", "--quiet", *asked] for asked in PINNED[name]]
    for step in steps:
        try:
            done = subprocess.run(step, capture_output=True, text=True, check=False, timeout=_INSTALL_S)
        except (OSError, subprocess.TimeoutExpired) as error:
            return None, f"{' '.join(step[1:4])}: {error}"
        if done.returncode:
            last = (done.stderr.strip() or done.stdout.strip()).splitlines()
            return None, f"{' '.join(step[1:])}: {last[-1] if last else 'failed'}"
    stamp.touch()
    return python, ""
