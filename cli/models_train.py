"""Weights of one's own through ultralytics (the ``train`` extra, AGPL-3.0): exported, fine-tuned, and judged alike."""

from __future__ import annotations

import argparse
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from nutgiao.models.contracts.errors import ModelUnavailable

if TYPE_CHECKING:
    from nutgiao.edge.detect.store import WeightsStore
    from nutgiao.models.vision.cards import ModelCard


def export_weights(store: WeightsStore, weights: Path, size_px: tuple[int, int]) -> ModelCard:
    """Makes an ONNX engine out of .pt weights; networks without suppression of their own and those with it alike.

    Raises:
        ModelUnavailable: if ultralytics is missing, the file is no detector, or it knows no road user.
    """
    from nutgiao.edge.detect.engines import keep

    with _workshop(store) as folder:
        made, card = _exported(weights, weights.stem, size_px, Path(folder))
        return keep(store, card, made)


def train(store: WeightsStore, args: argparse.Namespace) -> int:
    """Fine-tunes, judges the result beside its origin by the labels, and keeps it if it is no worse.

    Raises:
        ModelUnavailable: as `export_weights`, or if it is worse.
    """
    from nutgiao.edge.detect.engines import keep
    from nutgiao.edge.detect.gate import judge, pictures_in
    from nutgiao.edge.detect.onnx import OnnxDetector

    made_with, judged_by = pictures_in(args.pictures)
    pictures = sorted(made_with + judged_by, key=lambda one: one.path)  # none of them is trained on
    if any(one.labels is None for one in pictures):
        raise ModelUnavailable(f"{args.pictures}: each picture needs a label file, a trained network is judged by them")
    name: str = args.weights.stem
    with _workshop(store) as folder:
        before, before_card = _exported(args.weights, name, args.size, Path(folder))
        trained = _yolo(args.weights)
        trained.train(data=str(args.data), epochs=args.epochs, imgsz=max(args.size), project=folder, name=name)
        best = Path(trained.trainer.best)
        after, card = _exported(best, f"{name}-tuned", args.size, Path(folder))
        verdict = judge(OnnxDetector(before, before_card), OnnxDetector(after, card), pictures)
        # Agreement with the origin is not asked for: to differ from it was the aim.
        loss = (verdict.before or 0.0) - (verdict.after or 0.0)
        if loss > 0.01:
            raise ModelUnavailable(
                f"{card.name} was not kept, by labels it is {100 * loss:.1f} points worse: {verdict}"
            )
        made = keep(store, msgspec.structs.replace(card, verdict=verdict), after)
    print(f"{made.name} ({made.licence}): {store.path(made)}\nby labels {verdict.before} -> {verdict.after}")
    return 0


def _workshop(store: WeightsStore) -> tempfile.TemporaryDirectory[str]:
    """A folder on the store's disk that goes with all that is left in it."""
    store.folder.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(dir=store.folder, prefix=".making-")


def _yolo(weights: Path) -> Any:
    """The weights as ultralytics loads them."""
    try:
        from ultralytics import YOLO
    except ImportError as error:
        raise ModelUnavailable(
            "exporting and training .pt weights needs ultralytics (AGPL-3.0, brings torch): "
            "pip install 'nutgiao[train]'"
        ) from error
    try:
        return YOLO(str(weights))
    except Exception as error:  # torch raises a dozen types that share only this
        raise ModelUnavailable(f"{weights} cannot be loaded by ultralytics ({error})") from error


def _exported(weights: Path, name: str, size_px: tuple[int, int], folder: Path) -> tuple[Path, ModelCard]:
    """The ONNX file in a folder, and its card by that name."""
    from nutgiao.edge.detect.runtimes import Device, open_runtime
    from nutgiao.edge.detect.store import sha256_of
    from nutgiao.models.contracts.words import VehicleClass
    from nutgiao.models.vision.cards import COCO_ROAD_USERS, DEFAULT_CARD, Head

    if not weights.is_file():
        raise ModelUnavailable(f"{weights}: no such file of weights")
    # The library writes beside the weights: into a folder that may not be ours to write.
    source = folder / f"{name}.pt"
    shutil.copyfile(weights, source)
    model = _yolo(source)
    ours = {kind.value: kind for kind in VehicleClass} | {"person": VehicleClass.PEDESTRIAN}
    class_map = {int(code): ours[name] for code, name in model.names.items() if name in ours}
    if not class_map:
        raise ModelUnavailable(f"{weights} knows no road user: its classes are {', '.join(model.names.values())[:200]}")
    target = Path(model.export(format="onnx", imgsz=[size_px[1], size_px[0]], half=False, nms=False, dynamic=False))
    shape = open_runtime(target, Device.CPU, 1).output_shape
    head = Head.END_TO_END if len(shape) == 3 and shape[2] == 6 else Head.YOLOV8
    name = re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("-.") or "weights"
    coco = class_map == COCO_ROAD_USERS
    return target, msgspec.structs.replace(
        DEFAULT_CARD,
        name=f"{name}-{size_px[0]}x{size_px[1]}",
        head=head,
        input_px=size_px,
        class_map=class_map,
        bicycle_score_min=DEFAULT_CARD.bicycle_score_min if coco else 0.0,
        bicycle_margin=DEFAULT_CARD.bicycle_margin if coco else 1.0,
        licence_note="Exported through ultralytics: its code and published weights are under AGPL-3.0.",
        wheel=None,
        made_from=sha256_of(weights),
    )
