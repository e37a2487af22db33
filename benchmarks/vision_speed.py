"""How many frames a second, from decoding to lane states, beside ``ultralytics model.track`` with the same weights.

The same clips, the same processor, one after the other; rivals run in an environment of their own
(`benchmarks.rival_environments`). Our lanes are those of Giang Vo stretched over each picture: they cost what lanes
cost and mean nothing. ``python -m benchmarks.vision_speed`` runs it alone; FULL=1 takes longer clips.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.result import REPO, Result, console, only_help, target
from benchmarks.rival_environments import python_of
from benchmarks.vision_looped import Looped
from benchmarks.vision_memory import memory
from benchmarks.vision_parts import parts
from nutgiao.cli.models import open_store
from nutgiao.configs.loader import load_site
from nutgiao.edge.camera.pipeline import DetectorPool
from nutgiao.edge.camera.reading import Reading
from nutgiao.edge.detect.each_core import cores, one_per_core
from nutgiao.edge.detect.engines import resized
from nutgiao.edge.detect.onnx import OnnxDetector
from nutgiao.edge.detect.runtimes import Device, available
from nutgiao.edge.detect.store import WeightsStore
from nutgiao.edge.watch_view import SiteView
from nutgiao.models.contracts.errors import ModelUnavailable
from nutgiao.models.contracts.site import Camera, Site
from nutgiao.models.vision.cards import DEFAULT_CARD, ModelCard

Row = dict[str, Any]

CLIPS = {
    "768x432": "clips/topdown_cars_intel_12fps.mp4",
    "960x540": "clips/beijing_junction_uadetrac_30fps.mp4",
    "1600x1200": "clips/hn_hanggiay_hangdau_5fps_20f.mp4",
}
ENGINE_PX = {"768x432": (640, 384), "960x540": (640, 384), "1600x1200": (640, 480)}
"""The input of the same weights without the grey bars that a square picture would have."""

TIMES_FASTER, TIMES_FASTER_PLAIN = 4.0, 2.0
WARM_FRAMES = 5
SCRIPT = REPO / "benchmarks" / "vision_speed_ultralytics.py"
ENGINES = REPO / "out" / "cache" / "vision_speed"


def stretched(site: Site, width_px: int, height_px: int) -> tuple[Site, Camera]:
    """The site with its first camera's picture stretched to another size, without lamps."""
    camera = site.cameras[0]
    across, down = width_px / camera.width_px, height_px / camera.height_px
    pairs = tuple((u * across, v * down, x, y) for u, v, x, y in camera.ground_pairs)
    camera = msgspec.structs.replace(camera, width_px=width_px, height_px=height_px, ground_pairs=pairs, lamps=())
    return msgspec.structs.replace(site, cameras=(camera,)), camera


def ours(clip: Path, size: str, detectors: Sequence[OnnxDetector], cameras: int, frames: int) -> Row:
    """Frames per second of all cameras together; the first few frames are not timed.

    Args:
        clip: the file, for each camera.
        size: of its picture.
        detectors: one for each core.
        cameras: how many play it at once.
        frames: of each camera.

    Returns:
        Figures of the row.
    """
    width, height = map(int, size.split("x"))
    site, camera = stretched(load_site("giangvo"), width, height)
    begun: list[tuple[float, float]] = []
    counts: list[int] = []
    ready = threading.Barrier(cameras, action=lambda: begun.append((time.perf_counter(), time.process_time())))

    def watch(pool: DetectorPool) -> None:
        view, boxes = SiteView(site, camera), 0
        with Looped(clip, camera.id, frames + WARM_FRAMES) as source:
            reading = Reading(source, pool)
            done, second = 0, 1.0
            while (looked := reading.next()) is not None:
                if not done:
                    view.open(looked.frame.image)
                while looked.frame.time_s >= second:
                    view.second(second)
                    second += 1.0
                snapshot = view.track(looked.frame, looked.sight.users, ())[1]
                boxes += len(snapshot)
                done += 1
                if done == WARM_FRAMES:
                    ready.wait()
            reading.close()
        counts.append(boxes)

    with DetectorPool(detectors) as pool:
        threads = [threading.Thread(target=watch, args=(pool,)) for _ in range(cameras)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    seconds, cpu_s = time.perf_counter() - begun[0][0], time.process_time() - begun[0][1]
    total = cameras * frames
    return {"fps": total / seconds, "cpu_ms": 1000.0 * cpu_s / total, "tracked_boxes": sum(counts) / cameras}


def ultralytics(python: Path, weights: Path, clip: Path, cameras: int, frames: int) -> Row:
    """The same of ``model.track``: a process for each camera, for its ONNX weights take one picture at a time."""
    threads = str(max(1, cores() // cameras))
    # its own settings and downloads stay in the throw-away environment
    folder = python.parent.parent
    environment = {
        **os.environ,
        "YOLO_CONFIG_DIR": str(folder),
        "YOLO_AUTOINSTALL": "false",
        "OMP_NUM_THREADS": threads,
    }
    # -P: the folder of the program stays out of the search path, it has a module named queue
    command = [str(python), "-P", str(SCRIPT), str(weights), str(clip), str(frames), threads]
    running = [
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, cwd=folder
        )
        for _ in range(cameras)
    ]
    told = []
    for process in running:
        out, error = process.communicate()
        if process.returncode:
            return {"missing": (error.strip().splitlines() or ["it failed"])[-1]}
        told.append(json.loads(out.strip().splitlines()[-1]))
    fps = sum(one["frames"] / one["seconds"] for one in told)
    cpu_ms = 1000.0 * sum(one["cpu_s"] for one in told) / sum(one["frames"] for one in told)
    return {"fps": fps, "cpu_ms": cpu_ms, "tracked_boxes": told[0]["tracked_boxes"], "version": told[0]["version"]}


def _detectors(store: WeightsStore, card: ModelCard, device: Device) -> list[OnnxDetector]:
    return one_per_core(store.path(card), card, device=device)


def compare(data: Path, full: bool) -> tuple[list[Row], list[Row]]:
    """Everybody on every clip, with one and with four cameras.

    Args:
        data: folder with the clips.
        full: longer.

    Returns:
        Rows and targets.

    Raises:
        ModelUnavailable: if the weights are not there.
    """
    weights = open_store().verified(DEFAULT_CARD)
    store = WeightsStore(ENGINES)
    store.install_file(DEFAULT_CARD, weights)
    python, reason = python_of("ultralytics")
    rows: list[Row] = []
    targets: list[Row] = []
    for size, name in CLIPS.items():
        engine = resized(store, DEFAULT_CARD, ENGINE_PX[size])
        runs: dict[str, Callable[[int, int], Row]] = {}
        if Device.OPENVINO in available():
            runs["nutgiao, OpenVINO"] = lambda c, n, e=engine, s=size, f=name: ours(  # type: ignore[misc]
                data / f, s, _detectors(store, e, Device.OPENVINO), c, n
            )
        runs["nutgiao, ONNX Runtime"] = lambda c, n, e=engine, s=size, f=name: ours(  # type: ignore[misc]
            data / f, s, _detectors(store, e, Device.CPU), c, n
        )
        for cameras in (1, 4):
            frames = (250 if full else 60) // (1 if cameras == 1 else 2)
            figures = {who: run(cameras, frames) for who, run in runs.items()}
            rival: Row = {"missing": reason}
            if python is not None:
                rival = ultralytics(python, weights, data / name, cameras, frames)
            figures["ultralytics model.track"] = rival
            common = {"what": "speed", "clip": size, "cameras": cameras, "frames": frames}
            rows += [common | {"who": who} | row for who, row in figures.items()]
            slow = rival.get("fps", math.nan)
            for who, least in (("OpenVINO", TIMES_FASTER), ("ONNX Runtime", TIMES_FASTER_PLAIN)):
                times = figures.get(f"nutgiao, {who}", {}).get("fps", math.nan) / slow
                what = f"{size}, {cameras} camera{'s' * (cameras > 1)}: end to end with {who}"
                targets.append(target(what, times, ">=", least, "x", "ultralytics model.track"))
    return rows, targets


def measure(full: bool = False) -> tuple[list[Row], list[Row]]:
    """Speed, cost of the parts and memory, for `benchmarks.vision` and for itself.

    Args:
        full: longer clips, and memory over 100,000 frames.

    Returns:
        Rows and targets.
    """
    data = Path(os.environ.get("NUTGIAO_DATA", ""))
    rows, targets = parts(data)
    try:
        if not all((data / name).is_file() for name in CLIPS.values()):
            raise ModelUnavailable("NUTGIAO_DATA names no folder with the clips")
        more = compare(data, full)
    except ModelUnavailable as error:
        more = (
            [{"what": "speed", "missing": str(error)}],
            [target("end to end", math.nan, ">=", TIMES_FASTER, "x", "ultralytics model.track")],
        )
    held = memory(data, full)
    return rows + more[0] + held[0], targets + more[1] + held[1]


def main() -> int:
    """Prints the tables, writes ``out/bench/vision_speed.json`` and says whether all targets hold."""
    full = os.environ.get("FULL") == "1"
    result = Result("vision_speed", full)
    result.rows, result.targets = measure(full)
    shown = console()
    for row in result.rows:
        told = {key: round(value, 2) if isinstance(value, float) else value for key, value in row.items()}
        shown.print("  ".join(f"{key} {value}" for key, value in told.items()), highlight=False)
    result.finish(shown)
    return 0 if all(t["pass"] for t in result.targets) else 1


if __name__ == "__main__":
    only_help(__doc__)
    sys.exit(main())
