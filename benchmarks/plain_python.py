"""Runs the network kernel's loop uncompiled: ``NUMBA_DISABLE_JIT=1 python -m benchmarks.plain_python CASE OUT``.

``CASE`` is a pickled `benchmarks.lane_case.Case`, made by the benchmark itself; prints the CPU seconds of the run and
writes its figures to ``OUT``.
"""

from __future__ import annotations

import pickle
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.lane_case import Case


def main(job: Path, out: Path) -> float:
    """Runs the case once and gives the CPU seconds."""
    case: Case = pickle.loads(job.read_bytes())
    case.reset()
    started = time.process_time()
    case.advance()
    taken_s = time.process_time() - started
    np.save(out, case.figures())
    return taken_s


if __name__ == "__main__":
    print(main(Path(sys.argv[1]), Path(sys.argv[2])))
