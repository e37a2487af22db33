"""Real pixels: who ran the red on Giang Vo, what the lamps showed, and clips in which nothing may be told."""

from __future__ import annotations

import csv
import itertools
import json
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np

from benchmarks.result import target
from nutgiao.cli.models import open_store
from nutgiao.configs.loader import load_site
from nutgiao.edge.camera.video import open_source
from nutgiao.edge.detect.each_core import one_per_core
from nutgiao.edge.signal.lamp import LampReader
from nutgiao.edge.signal.lamp_look import Head
from nutgiao.edge.watch import Watch
from nutgiao.edge.watch_files import Summary, WatchOptions
from nutgiao.edge.watch_view import SiteView
from nutgiao.models.contracts.site_lamps import LampBox
from nutgiao.models.contracts.words import Indication, ViolationKind
from nutgiao.models.vision.cards import DEFAULT_CARD

Row = dict[str, Any]

GIANG_VO = "clips/hn_giangvo_langha_6fps.mp4"
OTHER_CLIPS = (
    "clips/vn_bridge_motorbikes_25fps.mp4",
    "clips/cn_hangzhou_crosswalk_25fps.mp4",
    "clips/cn_avenue_buses_25fps.mp4",
    "clips/beijing_junction_uadetrac_30fps.mp4",
    "clips/hn_hanggiay_hangdau_5fps_20f.mp4",
)
"""Fixed cameras elsewhere."""

MOST_FRAMES = 200

LAMP_BOX = LampBox(signal_group="head", red_px=(1292, 327, 1318, 351), green_px=(1292, 366, 1318, 386))
"""Hang Giay's head in its stills, 1600 x 1200, clear of the leaves before it."""

ON_LAMPS = (ViolationKind.RED_LIGHT, ViolationKind.STOP_LINE, ViolationKind.ENTERED_ON_AMBER)
_SHOWN = {"red": Indication.RED, "green": Indication.GREEN}


def measure(data: Path) -> tuple[list[Row], list[Row]]:
    """All of it.

    Args:
        data: folder of large data (NUTGIAO_DATA).

    Returns:
        Rows and targets.

    Raises:
        ModelUnavailable: if the detector's weights are not there.
    """
    rows, targets = [], []
    for part in (giang_vo, lamp_on_the_clip, lamp_on_stills, without_lamps):
        more = part(data)
        rows += more[0]
        targets += more[1]
    return rows, targets


def giang_vo(data: Path) -> tuple[list[Row], list[Row]]:
    """`nutgiao watch`'s own path over the clip, beside what people saw."""
    events = _watched(data / GIANG_VO)
    truth = json.loads((data / "redlight_truth/giangvo_dev.json").read_text())[Path(GIANG_VO).name]
    near = truth["tolerance_frames"]
    red = [frame for frame, _, lamp, _ in truth["crossings"] if lamp == "red"]
    told = sorted(one["frame"] for one in events if one["kind"] == ViolationKind.RED_LIGHT)
    free = list(told)
    found = []
    for frame in red:
        hit = min((one for one in free if abs(one - frame) <= near), key=lambda one: abs(one - frame), default=None)
        if hit is not None:
            free.remove(hit)
            found.append(frame)
    others = [(one["kind"], one["frame"]) for one in events if one["kind"] != ViolationKind.RED_LIGHT]
    row = {"part": "real", "what": "Giang Vo", "red crossings": red, "found": found, "told": told}
    return [row | {"told without a crossing": free, "other events": others}], [
        target("Giang Vo: red crossings found of 4", len(found), ">=", 4, "", "people who looked"),
        target("Giang Vo: events from the queue", len(free) + len(others), "<=", 0, "", "people who looked"),
    ]


def lamp_on_the_clip(data: Path) -> tuple[list[Row], list[Row]]:
    """Giang Vo's lamp frame by frame; its amber cannot be seen and must be unknown or amber."""
    truth = json.loads((data / "redlight_truth/giangvo_dev.json").read_text())[Path(GIANG_VO).name]
    shown = {frame: name for name, first, last in truth["phases"] for frame in range(first, last + 1)}
    reader = LampReader(load_site("giangvo").cameras[0].lamps[0])
    read: Counter[tuple[str, str]] = Counter()
    with open_source(str(data / GIANG_VO), "cam_south") as source:
        for number in itertools.count():
            frame = source.read()
            if frame is None:
                break
            if number in shown:
                read[shown[number].split()[0], reader.read(frame.image, frame.time_s).indication.value] += 1
    right = sum(n for (truly, told), n in read.items() if truly == told or (truly == "dark" and told in _NOT_LIT))
    swapped = read["green", "red"]
    row = {"part": "real", "what": "Giang Vo's lamp", "frames": {f"{a} read as {b}": n for (a, b), n in read.items()}}
    return [row], [
        target("Giang Vo: lamp right, share of frames", right / max(1, read.total()), ">=", 0.99, "", "people"),
        target("Giang Vo: green read as red", swapped, "<=", 0, "", "people"),
    ]


_NOT_LIT = ("unknown", "amber", "dark")


def lamp_on_stills(data: Path) -> tuple[list[Row], list[Row]]:
    """Hang Giay's stills: right or unknown."""
    folder = data / "stills/hanoi_hanggiay"
    read: Counter[tuple[str, str]] = Counter()
    with (folder / "signal_state_dev.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            picture = np.asarray(cv2.imread(str(folder / row["file"])), np.uint8)
            read[row["lamp_state"], Head(LAMP_BOX).look(picture).indication.value] += 1
    wrong = sum(n for (truly, told), n in read.items() if told not in (truly, *_NOT_LIT))
    lit = sum(n for (truly, _), n in read.items() if truly in _SHOWN)
    right = sum(n for (truly, told), n in read.items() if truly in _SHOWN and truly == told)
    shown = {
        "part": "real",
        "what": "Hang Giay's lamp",
        "stills": {f"{a} read as {b}": n for (a, b), n in read.items()},
    }
    return [shown | {"lit": lit, "of them right": right}], [
        target("Hang Giay: stills read wrongly", wrong, "<=", 0, "", "people")
    ]


def without_lamps(data: Path) -> tuple[list[Row], list[Row]]:
    """Clips in which nobody knows what a lamp shows, Giang Vo without its own among them: rules on lamps are silent."""
    rows, told = [], 0
    for name in (GIANG_VO, *OTHER_CLIPS):
        if not (data / name).is_file():
            rows.append({"part": "real", "what": f"{name}, no lamp", "missing": "the file"})
            continue
        events = _watched(data / name, lamps=False)
        need = sum(one["kind"] in ON_LAMPS for one in events)
        told += need
        row = {"part": "real", "what": f"{name}, no lamp", "events that need a lamp": need}
        rows.append(row | {"others, the geometry being Giang Vo's": len(events) - need})
    return rows, [target("clips without a known lamp: events that need one", told, "<=", 0, "", "none can be proved")]


def _watched(clip: Path, lamps: bool = True) -> list[dict[str, Any]]:
    """Violations that `nutgiao watch` writes for a clip, at Giang Vo's site scaled to its picture."""
    site = load_site("giangvo")
    camera = site.cameras[0]
    if not lamps:
        picture = cv2.VideoCapture(str(clip))
        width, height = (int(picture.get(one)) for one in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
        across, down = width / camera.width_px, height / camera.height_px
        pairs = tuple((u * across, v * down, x, y) for u, v, x, y in camera.ground_pairs)
        camera = msgspec.structs.replace(camera, width_px=width, height_px=height, ground_pairs=pairs, lamps=())
        site = msgspec.structs.replace(site, cameras=(camera,))
    detectors = one_per_core(open_store().verified(DEFAULT_CARD), DEFAULT_CARD)
    blank = Summary(
        source=clip.name, site=site.id, camera=camera.id, model="", model_sha256="", model_licence=DEFAULT_CARD.licence
    )
    options = WatchOptions(video=False) if lamps else WatchOptions(video=False, max_frames=MOST_FRAMES)
    with tempfile.TemporaryDirectory() as folder, open_source(str(clip), camera.id) as source:
        out = Path(folder)
        Watch(source, detectors, SiteView(site, camera), out, blank, options).run()
        events = [json.loads(line) for line in (out / "events.jsonl").read_text().splitlines()]
    return [one for one in events if one["event"] == "violation"]


def unavailable(why: str) -> tuple[list[Row], list[Row]]:
    """What stands in the result where nothing could be looked at."""
    row = {"part": "real", "missing": why}
    return [row], [target("Giang Vo: red crossings found of 4", float("nan"), ">=", 4, "", "people who looked")]
