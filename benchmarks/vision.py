"""Eyes: how right and how fast, from pictures to tracks, counts and lane states; all tables and targets in one file.

``make bench-vision`` writes ``out/bench/vision.json``; FULL=1 takes whole clips, more of the street and 100,000 frames.
The parts run alone too: `benchmarks.vision_detect`, `vision_track`, `vision_counts`, `vision_speed`.
"""

from __future__ import annotations

import importlib
import os
import sys

from benchmarks.result import Result, console, only_help

PARTS = ("vision_speed", "vision_counts", "vision_detect", "vision_track")
"""Speed first, while the processor is cool and nothing else is in memory."""


def main() -> int:
    """Prints the tables, writes the file and says whether all targets hold."""
    full = os.environ.get("FULL") == "1"
    result, shown = Result("vision", full), console()
    for name in PARTS:
        rows, targets = importlib.import_module(f"benchmarks.{name}").measure(full)
        result.rows += [{"part": name} | row for row in rows]
        result.targets += targets
        for row in rows:
            told = {key: round(value, 3) if isinstance(value, float) else value for key, value in row.items()}
            shown.print("  ".join(f"{key} {value}" for key, value in told.items()), highlight=False)
    result.seeds = [1, 7, 50, 100, 300]
    result.finish(shown)
    return 0 if all(one["pass"] for one in result.targets) else 1


if __name__ == "__main__":
    only_help(__doc__)
    sys.exit(main())
