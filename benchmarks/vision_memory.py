"""Whether memory grows while a box watches for hours: resident memory over many frames, and its slope.

Twice: tracker and lanes with 100 road users in each frame, and everything that ``nutgiao watch`` does (decoding, a real
network, tracker, lanes, lamps, rules, files) over a clip that begins again and again. The network there is the default
one with a small input, for the time that 100,000 pictures take: it sees only the nearest road users, but goes through
the same code. ``python -m benchmarks.vision_memory`` runs it alone; FULL=1 takes 100,000 frames of each.
"""

from __future__ import annotations

import gc
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from benchmarks.result import REPO, Result, console, only_help, target
from benchmarks.vision_looped import Looped
from benchmarks.vision_parts import moving
from nutgiao.cli.models import open_store
from nutgiao.configs.loader import load_site
from nutgiao.edge.detect.each_core import one_per_core
from nutgiao.edge.detect.engines import resized
from nutgiao.edge.detect.store import WeightsStore
from nutgiao.edge.perception import Perception
from nutgiao.edge.watch import Watch
from nutgiao.edge.watch_files import Summary, WatchOptions
from nutgiao.edge.watch_view import SiteView
from nutgiao.models.contracts.errors import ModelUnavailable
from nutgiao.models.vision.cards import DEFAULT_CARD, ModelCard
from nutgiao.models.vision.detections import DetectedFrame

Row = dict[str, Any]

CLIP = "clips/hn_giangvo_langha_6fps.mp4"
INPUT_PX = (160, 128)
ENGINES = REPO / "out" / "cache" / "vision_memory"
WHOLE_RUN, SHORT_RUN = 100_000, 5_000
GROWTH_MIB = 4.0
"""So much more memory at the end than after a fifth of the frames is noise of the allocator."""
SAMPLES = 200


class Resident:
    """What the process holds while it works through so many frames.

    Args:
        frames: how many there will be.
    """

    def __init__(self, frames: int) -> None:
        self._frames, self._process = frames, psutil.Process()
        self._seen: list[tuple[int, float]] = []

    def note(self, done: int) -> None:
        """Looks now and then, once a fifth of the frames is done: by then all tables have their size."""
        if done >= self._frames // 5 and done % max(1, self._frames // SAMPLES) == 0:
            gc.collect()  # what waits for the collector is no growth
            self._seen.append((done, self._process.memory_info().rss / 2**20))

    def row(self, of: str) -> Row:
        """Growth from the first to the last looks and slope of a straight line through all, MiB."""
        at, mib = np.array(self._seen).T
        return {
            "what": "memory",
            "of": of,
            "frames": self._frames,
            "rss_mib": float(mib[-5:].mean()),
            "growth_mib": float(mib[-5:].mean() - mib[:5].mean()),
            "mib_per_100k": float(np.polyfit(at, mib, 1)[0] * 100_000),
        }


def followed(frames: int) -> Row:
    """Tracker, lanes and rules with 100 road users in each frame."""
    site = load_site("giangvo")
    mind, boxes, held = Perception(site, "giangvo", "bench"), moving(250), Resident(frames)
    for index in range(frames):
        mind.on_frame(DetectedFrame(site.cameras[0].id, index / 25.0, index, boxes[index % len(boxes)]))
        if index % 25 == 24:
            mind.second((index + 1) / 25.0)
        held.note(index + 1)
    return held.row("tracker and lanes")


def watched(clip: Path, frames: int) -> Row:
    """The whole of ``nutgiao watch`` but the annotated video.

    Args:
        clip: Giang Vo's.
        frames: how many.

    Returns:
        The row.

    Raises:
        ModelUnavailable: if the weights are not there.
    """
    store = WeightsStore(ENGINES)
    store.install_file(DEFAULT_CARD, open_store().verified(DEFAULT_CARD))
    card = resized(store, DEFAULT_CARD, INPUT_PX)
    site = load_site("giangvo")
    held, summary = Resident(frames), Summary(source=clip.name, site=site.id, camera=site.cameras[0].id, **_of(card))
    with tempfile.TemporaryDirectory() as out, Looped(clip, site.cameras[0].id, frames) as source:
        detectors = one_per_core(store.path(card), card)
        view, options = SiteView(site, site.cameras[0]), WatchOptions(video=False)
        done = Watch(source, detectors, view, Path(out), summary, options).run(lambda count, _: held.note(count))
    found = {"road_users_a_frame": sum(done.detections.values()) / frames, "tracks": sum(done.tracks.values())}
    return held.row(f"watch with {card.name}") | found


def _of(card: ModelCard) -> dict[str, str]:
    return {"model": card.name, "model_sha256": card.sha256, "model_licence": card.licence}


def memory(data: Path, full: bool) -> tuple[list[Row], list[Row]]:
    """Growth of the process over many frames, without the network and with it.

    Args:
        data: folder with the clips.
        full: 100,000 frames of each; else a twentieth.

    Returns:
        Rows and targets.
    """
    frames = WHOLE_RUN if full else SHORT_RUN
    rows = [followed(frames)]
    try:
        if not (data / CLIP).is_file():
            raise ModelUnavailable(f"NUTGIAO_DATA names no folder with {CLIP}")
        rows.append(watched(data / CLIP, frames))
    except ModelUnavailable as error:
        rows.append({"what": "memory", "of": "watch", "missing": str(error)})
    targets = [
        target(
            f"memory, {row['of']}, {frames} frames: growth",
            row.get("growth_mib", float("nan")),
            "<=",
            GROWTH_MIB,
            "MiB",
            "flat",
        )
        for row in rows
    ]
    return rows, targets


def main() -> int:
    """Prints the rows, writes ``out/bench/vision_memory.json`` and says whether memory is flat."""
    full = os.environ.get("FULL") == "1"
    result, shown = Result("vision_memory", full), console()
    result.rows, result.targets = memory(Path(os.environ.get("NUTGIAO_DATA", "")), full)
    for row in result.rows:
        told = {key: round(value, 2) if isinstance(value, float) else value for key, value in row.items()}
        shown.print("  ".join(f"{key} {value}" for key, value in told.items()), highlight=False)
    result.finish(shown)
    return 0 if all(one["pass"] for one in result.targets) else 1


if __name__ == "__main__":
    only_help(__doc__)
    sys.exit(main())
