"""How many number plates are read, how many of those rightly, which characters are mistaken, how the threshold matters.

``python -m benchmarks.plates`` reads all development crops of ``plates_vn`` (folder: NUTGIAO_DATA). The recogniser's
weights are pulled like those of ``nutgiao plates``.
"""

from __future__ import annotations

import collections
import csv
import os
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.result import Result, console, only_help, target
from nutgiao.configs.plates import load_plate_law
from nutgiao.edge.detect.store import WeightsStore, store_folder
from nutgiao.edge.plates.finder import TextFinder
from nutgiao.edge.plates.reader import PlateReader, ReaderSettings, SeenPlate
from nutgiao.edge.plates.recogniser import TextRecogniser
from nutgiao.models.vision.cards import TEXT_FINDER, TEXT_READER
from nutgiao.models.vision.plates.grammar import PlateGrammar

DAY = "2026-11-22"
THRESHOLDS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
CUTS = {"right 12 %": (0.0, 0.88), "right 22 %": (0.0, 0.78), "left 18 %": (0.18, 1.0)}
"""Parts of the width that stay; characters are missing then, so that every answer but the whole string is wrong."""

GREEDY = "plain greedy decoding of two halves: 107 of 112"


def measure() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Reads and counts, for `benchmarks.violations` and for itself.

    Returns:
        Rows and targets.

    Raises:
        FileNotFoundError: if the crops are not there.
    """
    folder = Path(os.environ.get("NUTGIAO_DATA") or "../shared/data") / "plates_vn"
    with (folder / "labels_dev.csv").open(encoding="utf-8") as stream:
        crops = list(csv.DictReader(stream))
    law = load_plate_law()
    grammar = PlateGrammar(law, DAY)
    store = WeightsStore(store_folder(os.environ, Path.home()))
    finder, weights = (store.pull(card, confirm=lambda _: True) for card in (TEXT_FINDER, TEXT_READER))
    reader = PlateReader(TextFinder(finder), TextRecogniser(weights, grammar.letters, law.read_as), grammar)

    rows: list[dict[str, Any]] = []
    seen: list[tuple[str, SeenPlate]] = []
    spent: list[float] = []
    cut: collections.Counter[str] = collections.Counter()
    for number, row in enumerate(crops):
        picture = np.asarray(cv2.imread(str(folder / "images" / row["file"])), np.uint8)
        began = time.process_time()
        seen.append((row["text"], reader.read_crop(picture)))
        spent.append(time.process_time() - began)
        for first, last in CUTS.values() if number % 7 == 0 else ():
            width = picture.shape[1]
            text = reader.read_crop(picture[:, int(first * width) : int(last * width)]).reading.text
            cut["wrong" if text and text != row["text"] else "right" if text else "unreadable"] += 1

    answered = [(text, plate) for text, plate in seen if plate.reading.text]
    exact = sum(plate.reading.text == text for text, plate in answered)
    for text, plate in seen:
        reading = plate.reading
        if reading.text != text:
            told = {"answer": reading.text, "reason": reading.reason, "likelihood": reading.likelihood}
            rows.append({"truth": text, "best": plate.belief.texts[:1], **told})
    rows += [sensitivity(seen, threshold) for threshold in THRESHOLDS]
    rows.append({"confusion (truth, best string; also of unreadable ones)": confusion(seen)})
    rows.append({"cut crops": dict(cut), "of": sum(cut.values())})
    rows.append({"cpu_s per crop, median": float(np.median(spent))})
    return rows, [
        target("answered", len(answered) / len(seen), ">=", 0.95, "", GREEDY),
        target("exact of those answered", exact / max(1, len(answered)), ">=", 0.98, "", GREEDY),
    ]


def main() -> None:
    """Prints and writes ``out/bench/plates.json``."""
    result = Result("plates", full=True)
    result.rows, result.targets = measure()
    out = console()
    for shown in result.rows:
        out.print(shown)
    result.finish(out)


def sensitivity(seen: list[tuple[str, SeenPlate]], threshold: float) -> dict[str, Any]:
    """What another threshold would have done."""
    most = ReaderSettings().second_most
    sure = [
        (text, plate.belief.texts[0])
        for text, plate in seen
        if plate.belief.likelihood >= threshold and plate.belief.second()[1] <= most * plate.belief.likelihood
    ]
    exact = sum(text == best for text, best in sure)
    return {"likelihood_min": threshold, "answered": len(sure), "exact": exact, "of": len(seen)}


def confusion(seen: list[tuple[str, SeenPlate]]) -> dict[str, int]:
    """Characters of the best strings that differ from the truth."""
    found: collections.Counter[str] = collections.Counter()
    for text, plate in seen:
        best = plate.belief.texts[0] if plate.belief.texts else ""
        if len(best) != len(text):
            found[f"length {len(text)} read as {len(best)}"] += 1
            continue
        found.update(f"{a} read as {b}" for a, b in zip(text, best, strict=True) if a != b)
    return dict(found)


if __name__ == "__main__":
    only_help(__doc__)
    main()
