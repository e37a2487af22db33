"""What the page is told while the demo runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from nutgiao.central.centre import Centre
from nutgiao.simulation.run import RunResult


@dataclass
class Live:
    """What the page asks for while the demo runs; written by several threads, each its own keys."""

    total_s: int
    done_s: dict[str, int] = field(default_factory=dict)
    shipped: dict[int, RunResult] = field(default_factory=dict)
    summary: dict[str, Any] | None = None
    centre: Centre | None = None
    standing: list[float] = field(default_factory=list)
    seed: int = 0

    def result(self) -> dict[str, Any]:
        """What the page shows of the result so far."""
        if self.summary is not None:
            text = {"vi": "Đã chạy xong", "en": "Finished"}
            return {**self.summary, "progress": {"done": 1.0, "text": text}}
        share = sum(self.done_s.values()) / self.total_s
        text = {"vi": f"Đang chạy, hạt giống {self.seed}", "en": f"Running, seed {self.seed}"}
        found: dict[str, Any] = {"progress": {"done": share, "text": text}}
        run = self.shipped.get(self.seed)
        if run is not None:
            times = [10 * k for k in range(len(run.standing))]
            series = {"shipped": list(run.standing), "nutgiao": list(self.standing)}
            found["delay_over_time"] = {"time_s": times, **series, "unit": "veh"}
        return found

    def now_s(self) -> float:
        """Time on the street's clock."""
        return self.centre.now_s if self.centre is not None else 0.0

    def uplink(self) -> dict[str, object]:
        """How the centre's link to the broker is."""
        return self.centre.uplink() if self.centre is not None else {"up": True}
