"""Who keeps identities best on the same boxes, and how fast: ``python -m benchmarks.vision_track``.

Our tracker, with one choice of settings for all sets, beside `trackers` and `boxmot`, each tuned for each set over the
grid in `benchmarks.vision_track_rivals`; the judge is TrackEval. Every tracker answers with the detection boxes, so
only identities and the choice of boxes differ. Our settings are one choice for all sets; they were made with all of
them in sight. Rows "chosen on odd" are a hold-out: everybody, we too, takes the setting of its grid that scores best on
the half of the sequences named odd, and is scored on the other half, even. FULL=1 runs the rivals anew instead of
reading their answers from ``out/cache``.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.result import REPO, Result, console, only_help, target
from benchmarks.rival_environments import PINNED, python_of
from benchmarks.vision_track_rivals import settings_of
from benchmarks.vision_track_scenes import Drawn, dense, standing, switches
from benchmarks.vision_track_sets import KITTI_SEQUENCES, Recording, TrackingSet, load
from nutgiao.edge.track.picture import PictureTracker
from nutgiao.edge.track.settings import PictureSettings
from nutgiao.models.vision.detections import Detections

FOLDER = REPO / "out" / "cache" / "vision_track"
RIVALS = ("trackers ByteTrack", "trackers OC-SORT", "trackers SORT", "boxmot ByteTrack", "boxmot OC-SORT")
OURS, BYTETRACK = "nutgiao", "trackers ByteTrack"
# One thread each, as on a box that has other work: BLAS threads make these small matrices slower, not faster.
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}

# What is asked where the whole set is there: HOTA and switches.
ASKED = {"KITTI cars": (83.0, 75), "KITTI pedestrians": (52.5, 120), "vnroad": (49.4, 7), "Hang Giay": (94.0, 0)}
_FIGURES = ("HOTA", "DetA", "AssA", "MOTA", "switches")
LARGEST_US, LEAST_TIMES_FASTER = 1.0, 50.0
REPEATS = 5

# What we try where settings are chosen on one half: the defaults first, then one thing changed at a time.
OUR_GRID: tuple[dict[str, float], ...] = (
    {},
    {"new_score": 0.4},
    {"new_score": 0.6},
    {"margin": 0.1},
    {"margin": 0.3},
    {"least_weak": 0.4},
    {"evidence": 1.4},
    {"coast_s": 1.0},
    {"coast_s": 2.5},
)

Row = dict[str, Any]
Ids = NDArray[np.int64]


def follow(
    fps: float, size_px: tuple[int, int], frames: list[NDArray[np.float64]], settings: PictureSettings | None = None
) -> tuple[list[Ids], float]:
    """Our identity of each box, -1 for none, and the seconds that all steps took."""
    tracker, seconds, answers = PictureTracker("bench", size_px, settings), 0.0, []
    for k, rows in enumerate(frames):
        boxes, scores = rows[:, :4].astype(np.float32), rows[:, 4].astype(np.float32)
        seen = Detections(boxes, scores, np.zeros(len(rows), np.int8))
        begun = time.perf_counter()
        tracks = tracker.step(k / fps, seen)
        seconds += time.perf_counter() - begun
        now = tracks.unseen_s == 0.0
        named = {box.tobytes(): n for box, n in zip(tracks.boxes_px[now], tracks.numbers[now].tolist(), strict=True)}
        ids = np.full(len(rows), -1)
        for j, box in enumerate(boxes):
            ids[j] = named.pop(box.tobytes(), -1)
        answers.append(ids)
    return answers, seconds


def accuracy(data: Path, full: bool) -> tuple[list[Row], list[Row]]:
    """Scores everybody on every set.

    Args:
        data: folder with the sets.
        full: run the rivals anew.

    Returns:
        Rows and targets.
    """
    rows: list[Row] = []
    targets: list[Row] = []
    for one in load(data):
        FOLDER.mkdir(parents=True, exist_ok=True)
        boxes = FOLDER / f"{one.name.replace(' ', '-')}.npz"
        one.write(boxes)
        answers = {OURS: _ours(one)}
        missing: dict[str, str] = {}
        for name in RIVALS:
            answer, reason = _rival(name, boxes, one.name, full)
            if answer is None:
                missing[name] = reason
            else:
                answers[name] = answer
        scored, reason = _judge(one, boxes, answers)
        if scored is None:
            rows.append({"set": one.name, "tracker": "all", "missing": reason})
            targets.append(target(f"{one.name}: HOTA", math.nan, ">=", ASKED[one.name][0], "", "TrackEval"))
            continue
        rows += _rows(one, scored) + [{"set": one.name, "tracker": n, "missing": why} for n, why in missing.items()]
        targets += _targets(one, scored)
    return rows, targets


def speed(full: bool) -> tuple[list[Row], list[Row]]:
    """Times everybody on drawn scenes and counts switches there.

    Args:
        full: longer scenes.

    Returns:
        Rows and targets.
    """
    frames = 300 if full else 100
    scenes = [dense(n, frames, seed=n) for n in (50, 100, 300)] + [standing(60, frames, seed=1)]
    recordings = [
        Recording(s.name, s.fps, s.size_px, s.boxes, [], [np.zeros(len(b), np.bool_) for b in s.boxes]) for s in scenes
    ]
    boxes = FOLDER / f"drawn-{frames}.npz"
    FOLDER.mkdir(parents=True, exist_ok=True)
    TrackingSet("drawn", recordings, {}).write(boxes)
    rows = []
    for s in scenes:
        tried = [follow(s.fps, s.size_px, s.boxes) for _ in range(REPEATS)]
        rows.append(_speed_row(OURS, s, tried[0][0], min(seconds for _, seconds in tried)))
    for name in RIVALS:
        answer, reason = _rival(name, boxes, f"drawn-{frames}", True, [{}])
        if answer is None:
            rows.append({"scene": "all", "tracker": name, "missing": reason})
            continue
        given = np.load(answer)
        for k, s in enumerate(scenes):
            starts = np.concatenate([[0], np.cumsum([len(b) for b in s.boxes])])
            ids = [given[f"ids-0-{k}"][a:b] for a, b in itertools.pairwise(starts.tolist())]
            rows.append(_speed_row(name, s, ids, float(given[f"seconds-0-{k}"])))
    mine = {row["scene"]: row for row in rows if row["tracker"] == OURS}
    theirs = {row["scene"]: row for row in rows if row["tracker"] == BYTETRACK and "us_per_object" in row}
    targets = []
    for name, row in mine.items():
        times = theirs[name]["us_per_object"] / row["us_per_object"] if name in theirs else math.nan
        targets += [
            target(f"{name}: association", row["us_per_object"], "<=", LARGEST_US, "us/object", "asked"),
            target(f"{name}: times faster", times, ">=", LEAST_TIMES_FASTER, "x", BYTETRACK),
            target(f"{name}: switches", row["switches"], "<=", 0, "", "asked"),
        ]
    return rows, targets


def measure(full: bool = False) -> tuple[list[Row], list[Row]]:
    """Accuracy and speed of tracking, for `benchmarks.vision` and for itself.

    Args:
        full: nothing is taken from the cache.

    Returns:
        Rows and targets.
    """
    data = os.environ.get("NUTGIAO_DATA")
    if data is None or not (Path(data) / "mot").is_dir():
        rows: list[Row] = [{"set": "all", "missing": "NUTGIAO_DATA names no folder with mot/ in it"}]
        targets = [target(f"{name}: HOTA", math.nan, ">=", asked, "", "asked") for name, (asked, _) in ASKED.items()]
    else:
        rows, targets = accuracy(Path(data) / "mot", full)
    more_rows, more_targets = speed(full)
    return rows + more_rows, targets + more_targets


def _ours(one: TrackingSet) -> Path:
    """Our answers on a set: with the defaults, and where there are two halves with all of our grid."""
    grid = OUR_GRID if one.parts else OUR_GRID[:1]
    answers: dict[str, Any] = {"settings": np.array(len(grid))}
    for setting, changes in enumerate(grid):
        believed = PictureSettings(**changes)
        for k, recording in enumerate(one.recordings):
            ids, seconds = follow(recording.fps, recording.size_px, recording.boxes, believed)
            answers[f"ids-{setting}-{k}"] = np.concatenate(ids)
            answers[f"seconds-{setting}-{k}"] = np.array(seconds)
    file = FOLDER / f"{one.name.replace(' ', '-')}-nutgiao.npz"
    np.savez_compressed(file, **answers)
    return file


def _rival(
    name: str, boxes: Path, about: str, anew: bool, tried: list[dict[str, Any]] | None = None
) -> tuple[Path | None, str]:
    """A rival's answers with all its settings, or None with the reason."""
    package = name.partition(" ")[0]
    python, reason = python_of(package)
    if python is None:
        return None, reason
    tried = settings_of(name) if tried is None else tried
    text = json.dumps(tried) + repr(PINNED[package]) + hashlib.sha256(boxes.read_bytes()).hexdigest()
    key = hashlib.sha256(text.encode()).hexdigest()[:12]
    answer = FOLDER / f"{about}-{name}-{key}.npz".replace(" ", "-")
    if answer.exists() and not anew:
        return answer, ""
    settings = answer.with_suffix(".json")
    settings.write_text(json.dumps(tried))
    program = Path(__file__).with_name("vision_track_rivals.py")
    # -P: the folder of the program stays out of the search path, it has a module named queue
    command = [str(python), "-P", str(program), name, str(boxes), str(answer), str(settings)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | ONE_THREAD)
    if done.returncode:
        return None, (done.stderr.strip().splitlines() or ["failed"])[-1]
    return answer, ""


def _judge(one: TrackingSet, boxes: Path, answers: dict[str, Path]) -> tuple[dict[str, Any] | None, str]:
    """TrackEval's figures: per tracker a list over its settings; or None with the reason."""
    python, reason = python_of("trackeval")
    if python is None:
        return None, reason
    request, answer = boxes.with_suffix(".request.json"), boxes.with_suffix(".scores.json")
    asked = one.judged | {
        "names": [r.name for r in one.recordings],
        "sequences": str(boxes),
        "answers": {name: str(file) for name, file in answers.items()},
        "parts": one.parts,
    }
    request.write_text(json.dumps(asked))
    program = Path(__file__).with_name("vision_track_score.py")
    command = [str(python), "-P", str(program), str(request), str(answer)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | ONE_THREAD)
    if done.returncode:
        return None, (done.stderr.strip().splitlines() or ["failed"])[-1]
    scored: dict[str, Any] = json.loads(answer.read_text())
    return scored, ""


def _best(name: str, figures: list[Row], part: str = "all") -> Row:
    """The setting with the highest HOTA, over all sequences or over a part of them."""
    best = max(range(len(figures)), key=lambda k: (figures[k] if part == "all" else figures[k][part])["HOTA"])
    grid: list[dict[str, Any]] = list(OUR_GRID) if name == OURS else settings_of(name)
    return figures[best] | {"settings": grid[best]}


def _rows(one: TrackingSet, scored: dict[str, Any]) -> list[Row]:
    """A row per tracker and part: as it comes, and tuned."""
    rows: list[Row] = []
    for name, figures in scored.items():
        shown = {"as chosen": figures[0]} if name == OURS else {"default": figures[0], "tuned": _best(name, figures)}
        if one.parts:
            found = _best(name, figures, "odd")
            numbers = {key: round(found["even"][key], 2) for key in _FIGURES}
            told = {"set": one.name, "part": "even", "tracker": name, "how": "chosen on odd"}
            rows.append(told | numbers | {"settings": found["settings"]})
        for how, found in shown.items():
            for part in ("all", *one.parts):
                numbers = found if part == "all" else found[part]
                row = {key: round(numbers[key], 2) for key in _FIGURES}
                options = {"settings": found["settings"]} if "settings" in found and part == "all" else {}
                rows.append({"set": one.name, "part": part, "tracker": name, "how": how, **row, **options})
    return rows


def _targets(one: TrackingSet, scored: dict[str, Any]) -> list[Row]:
    """Above each rival, tuned; fewer switches than ByteTrack; the figures asked for where the whole set is there."""
    mine, targets = scored[OURS][0], []
    for name in RIVALS:
        best = _best(name, scored[name])["HOTA"] if name in scored else math.nan
        above = mine["HOTA"] - best
        targets.append(target(f"{one.name}: HOTA above", above, ">=", 0.0, "points", f"{name}, tuned"))
        if one.parts:
            held = _best(name, scored[name], "odd")["even"]["HOTA"] if name in scored else math.nan
            above = _best(OURS, scored[OURS], "odd")["even"]["HOTA"] - held
            targets.append(target(f"{one.name}, held out: HOTA above", above, ">=", 0.0, "points", name))
    if BYTETRACK in scored:
        most = 0.7 * _best(BYTETRACK, scored[BYTETRACK])["switches"]
        targets.append(target(f"{one.name}: switches", mine["switches"], "<=", most, "", f"0.7 x {BYTETRACK}, tuned"))
    if not one.name.startswith("KITTI") or len(one.recordings) == KITTI_SEQUENCES:
        hota, most = ASKED[one.name]
        targets.append(target(f"{one.name}: HOTA", mine["HOTA"], ">=", hota, "", "asked"))
        targets.append(target(f"{one.name}: switches", mine["switches"], "<=", most, "", "asked"))
    return targets


def _speed_row(name: str, scene: Drawn, ids: list[Ids], seconds: float) -> Row:
    """What a tracker took for a scene, and how often it changed its mind."""
    boxes = sum(len(rows) for rows in scene.boxes)
    return {
        "scene": scene.name,
        "tracker": name,
        "us_per_object": round(1e6 * seconds / boxes, 3),
        "switches": switches(ids, scene.truth),
    }


def main() -> int:
    """Prints the tables, writes ``out/bench/vision_track.json`` and says whether all targets hold."""
    full = os.environ.get("FULL") == "1"
    result = Result("vision_track", full)
    result.rows, result.targets = measure(full)
    result.seeds = [50, 100, 300, 1]
    shown = console()
    for row in result.rows:
        shown.print("  ".join(f"{value}" for value in row.values()), highlight=False)
    result.finish(shown)
    return 0 if all(t["pass"] for t in result.targets) else 1


if __name__ == "__main__":
    only_help(__doc__)
    sys.exit(main())
