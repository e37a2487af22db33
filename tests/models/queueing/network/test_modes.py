"""The kernel stays within its arrays, and does as plain Python what it does as machine code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("mode", ["NUMBA_BOUNDSCHECK", "NUMBA_DISABLE_JIT"])
def test_chosen_streets_in_another_mode_of_the_compiler(mode: str, tmp_path: Path) -> None:
    # a cache of its own: Numba's index of compiled kernels does not know about bounds checks
    environment = os.environ | {mode: "1", "NUMBA_CACHE_DIR": str(tmp_path)}
    tests = ROOT / "tests" / "models" / "queueing" / "network" / "test_kernel.py"
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-k", "chosen", str(tests)]
    child = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=580, check=False)
    assert child.returncode == 0, child.stdout[-3000:] + child.stderr[-3000:]
    assert "12 passed" in child.stdout
