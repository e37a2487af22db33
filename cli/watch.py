"""``nutgiao watch``: watches a clip, an RTSP address or a USB camera, with a site file or bare, into files."""

from __future__ import annotations

import argparse
import contextlib
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from nutgiao.cli.arguments import count
from nutgiao.models.contracts.errors import ConfigError

if TYPE_CHECKING:
    from nutgiao.edge.detect.onnx import OnnxDetector
    from nutgiao.edge.watch_files import Summary
    from nutgiao.edge.watch_view import View
    from nutgiao.models.contracts.site import Camera, Site
    from nutgiao.models.vision.tiles import Tiling

EXIT_OK = 0
EXIT_BAD = 2
EXIT_INTERRUPTED = 130

PREVIEW_PORT = 8088
SHEET_FRAMES = 12


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds ``watch`` with its options."""
    parser = subparsers.add_parser(
        "watch",
        help="watch a video, an RTSP address or a USB camera",
        description="Detects and tracks road users and, with a site file, measures lanes and applies the rules. Writes "
        "annotated.mp4, events.jsonl, lanes.jsonl and summary.json.",
    )
    parser.add_argument("video", help="a file, rtsp://…, http://… or usb:N")
    parser.add_argument(
        "--site", help="path of a site file, or name of a shipped one such as giangvo; without it only tracks are drawn"
    )
    parser.add_argument("--out", required=True, type=Path, help="folder for the files; made if it is not there")
    parser.add_argument("--camera", help="camera of the site file (default: its first one)")
    parser.add_argument("--model", help="name from 'nutgiao models list', or path of an ONNX file (default: the first)")
    parser.add_argument(
        "--tiles",
        type=_tiles,
        metavar="CxR",
        help="also look at C by R overlapping tiles, such as 2x1: finds far and crowded motorcycles, but is slower "
        "(default: what the site file says; 1x1 for none)",
    )
    parser.add_argument("--max-frames", type=count, metavar="N", help="stop after N frames")
    parser.add_argument(
        "--threads",
        type=count,
        help="pictures that are looked at side by side, on a core each (default: all cores)",
    )
    parser.add_argument(
        "--preview",
        type=_port,
        nargs="?",
        const=PREVIEW_PORT,
        metavar="PORT",
        help=f"show the drawn picture in a browser on this machine (default port {PREVIEW_PORT})",
    )
    parser.add_argument(
        "--contact-sheet",
        type=count,
        nargs="?",
        const=SHEET_FRAMES,
        metavar="N",
        help=f"also write contact_sheet.png with N frames from all over the clip (default {SHEET_FRAMES})",
    )
    parser.add_argument("--no-video", action="store_true", help="write no annotated video")
    parser.add_argument("--no-blur", action="store_true", help="leave heads and plates sharp, for calibration in house")
    parser.add_argument("--yes", action="store_true", help="accept the licence of weights that have to be pulled first")


def run(args: argparse.Namespace) -> int:
    """Watches.

    Returns:
        0; 2 if the camera was lost on the way; 130 after Ctrl-C. The files are complete in each case.

    Raises:
        NutgiaoError: for anything the user can mend: source, site file, weights, output folder.
    """
    from nutgiao.edge.camera.video import open_source, parse_address
    from nutgiao.edge.preview import Preview
    from nutgiao.edge.watch import Watch
    from nutgiao.edge.watch_files import Summary, WatchOptions

    view, site, camera = _view(args)
    # The source first: a mistyped path is found before 13 MB are downloaded.
    with open_source(args.video, camera) as source:
        detectors = _detectors(args)
        tiling = args.tiles or view.tiling
        summary = Summary(
            source=parse_address(args.video).shown,
            site=site,
            camera=camera,
            model=detectors[0].card.name,
            model_sha256=detectors[0].card.sha256,
            model_licence=detectors[0].card.licence,
            provider=detectors[0].provider,
            tiles=(tiling.columns, tiling.rows),
            tile_boxes=len(tiling.parts),
        )
        options = WatchOptions(
            max_frames=args.max_frames,
            video=not args.no_video,
            blur=not args.no_blur,
            sheet=args.contact_sheet or 0,
            tiling=tiling,
        )
        _make_folder(args.out)
        with contextlib.ExitStack() as stack:
            preview: Preview | None = None
            if args.preview is not None:
                preview = stack.enter_context(Preview(args.preview))
                print(f"preview: {preview.address}", file=sys.stderr)
            watch = Watch(source, detectors, view, args.out, summary, options, preview)
            _with_bar(watch.run, camera)
    _print(summary, args.out)
    if summary.ended == "interrupted":
        return EXIT_INTERRUPTED
    return EXIT_BAD if summary.ended == "camera_lost" else EXIT_OK


def _port(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"'{text}' is not a port, 1 to 65535")
    return int(text)


def _tiles(text: str) -> Tiling:
    from nutgiao.models.vision.tiles import Tiling

    parts = re.fullmatch(r"([1-8])x([1-8])", text)
    if parts is None:
        raise argparse.ArgumentTypeError(f"'{text}' is not columns x rows, such as 2x1 (at most 8x8)")
    return Tiling(int(parts.group(1)), int(parts.group(2)))


def _view(args: argparse.Namespace) -> tuple[View, str, str]:
    """What to make of the picture, and the names of site and camera; the site's is empty without one."""
    from nutgiao.cli.models import open_store
    from nutgiao.configs.loader import load_site
    from nutgiao.edge.detect.riders import open_riders
    from nutgiao.edge.violation.registry import rule_problems
    from nutgiao.edge.watch_view import OpenView, SiteView

    if args.site is None:
        name = args.camera or "camera"
        return OpenView(name), "", name
    site = load_site(args.site, also=rule_problems)
    camera = camera_named(site, args.camera, args.site)
    riders = open_riders(site, open_store()) if site.rider_model is not None else None
    return SiteView(site, camera, riders), site.id, camera.id


def camera_named(site: Site, name: str | None, shown: str) -> Camera:
    """A camera of a site; its first one without a name.

    Raises:
        ConfigError: if the site has none, or none of that name.
    """
    names = [camera.id for camera in site.cameras]
    if not names:
        raise ConfigError(shown, None, "cameras", "the site has no camera.", "Add one with its ground_pairs.")
    if name is None:
        return site.cameras[0]
    if name not in names:
        raise ConfigError(shown, None, "cameras", f"there is no camera '{name}'.", f"Known: {', '.join(names)}.")
    return site.cameras[names.index(name)]


def _detectors(args: argparse.Namespace) -> list[OnnxDetector]:
    """A detector for each core, with the weights that ``--model`` names: by a card's name, or a file."""
    from nutgiao.cli.models import card_named, open_store, pull_with_bar
    from nutgiao.edge.detect.each_core import one_per_core

    name: str | None = args.model
    if name is not None and (Path(name).is_file() or name.endswith(".onnx") or "/" in name):
        return one_per_core(Path(name), count=args.threads)
    card = card_named(name)
    return one_per_core(pull_with_bar(open_store(), card, yes=args.yes), card, count=args.threads)


def _make_folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(str(out), None, "--out", f"cannot be made a folder ({error.strerror}).") from error


def _with_bar(watch: Callable[[Callable[[int, int | None], None]], Summary], name: str) -> None:
    """Runs with a progress bar: frames, rate and time left on a terminal, a line now and then elsewhere."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("watching {task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("frames, {task.fields[rate]:.1f}/s, left"),
        TimeRemainingColumn(),
        TextColumn("elapsed"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(name, total=None, rate=0.0)

        def on_frame(done: int, expected: int | None) -> None:
            bar.update(task, completed=done, total=expected, rate=bar.tasks[task].speed or 0.0)

        watch(on_frame)


def _print(summary: Summary, out: Path) -> None:
    if summary.trouble:
        print(summary.trouble, file=sys.stderr)
    print(
        f"{summary.frames} frames ({summary.duration_s:.1f} s of street) at {summary.processed_fps or 0:.1f} per second"
    )
    told = {"tracks": summary.tracks}
    if summary.site:
        told |= {"line crossings": summary.crossings, "violations": summary.violations}
    for what, counts in told.items():
        print(f"{what}: " + (", ".join(f"{n} {name}" for name, n in counts.items()) or "none"))
    print(f"model {summary.model} ({summary.model_licence}); files in {out}")
    if not summary.blurred and summary.video:
        print("heads and plates are NOT pixelated in this video: it is personal data, keep it in house")
