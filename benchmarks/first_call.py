"""How long a fresh process takes to its first answer: ``python -m benchmarks.first_call CASE``, kernels in the cache.

``CASE`` is a pickled `benchmarks.lane_case.Case`. Prints CPU milliseconds, one JSON object: what was spent in the
imports of NumPy and Numba and in Numba's table of types, which every program with a kernel pays for; in the imports of
the kernel's modules (loading from the cache included); and in the first run.
"""

from __future__ import annotations

import itertools
import json
import os
import pickle
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks.lane_case import Case

REPO = Path(__file__).resolve().parent.parent
BOUND_S = 0.5


def measure(job: Path) -> dict[str, float]:
    """Imports and runs, from where the interpreter is up."""
    marks = [("interpreter", 0.0), ("", time.process_time())]
    import numpy as np

    marks.append(("numpy", time.process_time()))
    import numba

    assert numba.__version__
    marks.append(("numba", time.process_time()))
    from numba.core.registry import cpu_target

    cpu_target.typing_context.refresh()  # what the first kernel of any program makes Numba do, cached or not
    cpu_target.target_context.refresh()
    marks.append(("numba_types", time.process_time()))
    from nutgiao.models.queueing.network import tables

    assert tables.CLOCK
    marks.append(("tables", time.process_time()))
    from nutgiao.models.queueing.network.kernel import advance

    marks.append(("advance", time.process_time()))
    from nutgiao.models.queueing.network.batch import reset, settle

    marks.append(("batch", time.process_time()))
    begin_s, seconds, net, how, programs, demand, stage_s, offset_s, pace, state = pickle.loads(job.read_bytes())
    delay_s, stops, nothing = np.zeros(1), np.zeros(1), np.zeros((0, 4))
    loaded = time.process_time()
    reset(net, programs, demand, stage_s, offset_s, pace, begin_s, state)
    advance(net, how, programs, demand, stage_s, state, 0, seconds, nothing)
    settle(net, demand, state, float(seconds), delay_s, stops)
    run = time.process_time() - loaded
    spent = {"interpreter": marks[1][1]}
    for (_, before), (name, after) in itertools.pairwise(marks[1:]):
        spent[name] = after - before
    spent["first_run"] = run
    return {name: 1e3 * value for name, value in spent.items()}


def first_call(case: Case, processes: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Medians over fresh processes, after one that fills the cache if need be."""
    import numpy as np

    from benchmarks.result import target

    with tempfile.TemporaryDirectory() as name:
        job = Path(name) / "case.pickle"
        job.write_bytes(
            pickle.dumps(
                (
                    case.begin_s, case.seconds, case.net, case.how, case.programs, case.demand, case.stage_s,
                    case.offset_s, case.pace, case.state,
                )
            )
        )  # fmt: skip
        environment = {"NUMBA_CACHE_DIR": name} | dict(os.environ)
        found = []
        for _ in range(processes + 1):
            started = time.perf_counter()
            command = [sys.executable, "-m", "benchmarks.first_call", str(job)]
            done = subprocess.run(command, cwd=REPO, env=environment, check=True, capture_output=True, text=True)
            found.append(json.loads(done.stdout) | {"wall": 1e3 * (time.perf_counter() - started)})
    spent = {key: float(np.median([run[key] for run in found[1:]])) for key in found[0]}
    own = spent["tables"] + spent["advance"] + spent["batch"] + spent["first_run"]
    total = own + spent["numpy"] + spent["numba"] + spent["numba_types"]
    row = {"part": "first call", "network": case.name, "processes": processes, "cpu_ms": spent}
    row |= {"own_ms": own, "with_imports_ms": total}
    imports = (
        f"import numpy {spent['numpy']:.0f} ms, numba {spent['numba']:.0f} ms, its types {spent['numba_types']:.0f} ms"
    )
    return [row], [
        target("first call after start, from the cache", total / 1e3, "<=", BOUND_S, "s", f"of it {imports} (CPU)"),
        target("of it the kernels' own: cache and first run", own / 1e3, "<=", BOUND_S, "s", "an empty Numba program"),
    ]


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]))))
