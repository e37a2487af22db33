"""``nutgiao edge plan-capacity``: what frame rate each camera gets on this box, and what that costs in accuracy."""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from nutgiao.cli.plan_capacity_costs import SOURCE, cost_at
from nutgiao.models.contracts.errors import ConfigError

if TYPE_CHECKING:
    from nutgiao.edge.detect.detector import Detector

SPARE = 0.15
"""Share of the cores that stays free for lamps, rules, evidence, the uplink and whatever else the box runs."""

FOLLOW_MS = 1.5
"""One core's time to fit, follow and place 100 road users in a frame; see ``benchmarks.vision_parts``."""

DECODE_MS_PER_MPX = 4.0
"""One core's time to decode a megapixel of H.264 in software: 640x480 to 1600x1200 took 3 to 6 (OpenCV's FFmpeg)."""

PICTURES_LEAST, MEASURE_S = 8, 5.0


class Measured(msgspec.Struct, kw_only=True, frozen=True):
    """How many pictures a box looks at.

    Attributes:
        schema: version of this format.
        model: name of the weights.
        provider: what ran the network.
        cores: that worked.
        pictures_per_s: that they looked at together, all busy.
        decode_ms: one core's time to decode a frame of the cameras; None if no clip was given.
    """

    schema: str = "nutgiao/capacity/1"
    model: str
    provider: str
    cores: int
    pictures_per_s: float
    decode_ms: float | None = None


class Plan(msgspec.Struct, kw_only=True, frozen=True):
    """What each camera gets.

    Attributes:
        cameras: how many.
        cores: that the box has.
        fps: frames per second and camera that are looked at.
        source_fps: that each camera sends.
        limited: the box looks at fewer than it is sent.
        hota: at this rate, and `hota_full` at that of the source.
        hota_full: see there.
        counted: share of the vehicles that a stop line counts at this rate, and `counted_full` at that of the source.
        counted_full: see there.
        busy: share of the cores in use.
    """

    cameras: int
    cores: int
    fps: float
    source_fps: float
    limited: bool
    hota: float
    hota_full: float
    counted: float
    counted_full: float
    busy: float


def plan(measured: Measured, cameras: int, cores: int, source_fps: float, decode_ms: float) -> Plan:
    """Shares the cores among the cameras: every frame is decoded, what time is left looks at as many as it can.

    Args:
        measured: of a box of the same kind; other numbers of cores count in proportion.
        cameras: how many.
        cores: that the box has.
        source_fps: frames per second that each camera sends.
        decode_ms: one core's time to decode a frame.
    """
    usable_ms = 1000.0 * cores * (1.0 - SPARE)
    decoding_ms = cameras * source_fps * decode_ms
    look_ms = 1000.0 * measured.cores / measured.pictures_per_s + FOLLOW_MS
    fps = min(source_fps, max(0.0, usable_ms - decoding_ms) / (cameras * look_ms))
    here, full = cost_at(fps), cost_at(source_fps)
    return Plan(
        cameras=cameras,
        cores=cores,
        fps=round(fps, 2),
        source_fps=source_fps,
        limited=fps < source_fps,
        hota=round(here.hota, 1),
        hota_full=round(full.hota, 1),
        counted=round(here.counted, 3),
        counted_full=round(full.counted, 3),
        busy=round(min(1.0, (decoding_ms + cameras * fps * look_ms) / (1000.0 * cores)), 3),
    )


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the subcommand."""
    parser = subparsers.add_parser(
        "edge plan-capacity",
        help="what frame rate each camera gets on this box, and what that costs in accuracy",
        description="Times the network on this box for some seconds, all cores at once, and shares it out.",
    )
    parser.add_argument(
        "--cameras", type=int, required=True, nargs="+", metavar="N", help="one or more numbers of them"
    )
    parser.add_argument("--cores", type=int, help="cores of the box to be planned (default: those of the measured one)")
    parser.add_argument("--source-fps", type=float, default=25.0, help="frames a second of a camera (default 25)")
    parser.add_argument("--picture", default="1280x720", metavar="WxH", help="size of its picture (default 1280x720)")
    parser.add_argument("--clip", type=Path, help="a recording of such a camera: its decoding is timed, not guessed")
    parser.add_argument("--model", help="weights: a name from 'nutgiao models list' or an ONNX file")
    parser.add_argument("--measured", type=Path, help="a file that --save wrote, instead of measuring here")
    parser.add_argument("--save", type=Path, metavar="FILE", help="keep what was measured")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Plans.

    Returns:
        0; 1 if some camera would get less than one frame a second.

    Raises:
        NutgiaoError: for wrong options, weights or files.
    """
    for option, value in (("--cameras", min(args.cameras)), ("--cores", args.cores), ("--source-fps", args.source_fps)):
        if value is not None and not value > 0:
            raise ConfigError("plan-capacity", None, option, f"{value} is not above 0.")
    size = re.fullmatch(r"(\d{2,5})x(\d{2,5})", args.picture)
    if size is None:
        raise ConfigError("plan-capacity", None, "--picture", f"'{args.picture}' is not WIDTHxHEIGHT.")
    measured = _read(args.measured) if args.measured else _measure(args)
    if args.save is not None:
        args.save.write_bytes(msgspec.json.format(msgspec.json.encode(measured), indent=1) + b"\n")
    guessed_ms = DECODE_MS_PER_MPX * int(size.group(1)) * int(size.group(2)) / 1e6
    decode_ms = guessed_ms if measured.decode_ms is None else measured.decode_ms
    cores = args.cores or measured.cores
    plans = [plan(measured, cameras, cores, args.source_fps, decode_ms) for cameras in args.cameras]
    if args.json:
        told = {"measured": msgspec.to_builtins(measured), "plans": msgspec.to_builtins(plans), "accuracy": SOURCE}
        print(json.dumps(told, indent=1))
    else:
        _show(measured, plans, decode_ms)
    return 1 if any(one.fps < 1.0 for one in plans) else 0


def _read(path: Path) -> Measured:
    try:
        measured = msgspec.json.decode(path.read_bytes(), type=Measured)
    except OSError as error:
        raise ConfigError(str(path), None, "--measured", f"cannot be read ({error.strerror}).") from error
    except msgspec.DecodeError as error:
        raise ConfigError(str(path), None, "--measured", f"{error}.", "Make it with --save.") from error
    if measured.cores < 1 or not measured.pictures_per_s > 0.0:
        raise ConfigError(str(path), None, "--measured", "has no cores or no pictures.", "Make it with --save.")
    return measured


def _measure(args: argparse.Namespace) -> Measured:
    """Lets all cores look at pictures of noise for some seconds."""
    from nutgiao.cli.models import weights_file
    from nutgiao.edge.detect.each_core import one_per_core

    detectors = one_per_core(weights_file(args.model))
    rate = pictures_per_s(detectors, detectors[0].card.input_px)
    decode_ms = None if args.clip is None else _decode_ms(args.clip)
    return Measured(
        model=detectors[0].card.name,
        provider=detectors[0].provider,
        cores=len(detectors),
        pictures_per_s=round(rate, 2),
        decode_ms=decode_ms,
    )


def pictures_per_s(detectors: Sequence[Detector], size_px: tuple[int, int], measure_s: float = MEASURE_S) -> float:
    """Pictures that detectors look at in a second, all at work.

    Args:
        detectors: one for each core.
        size_px: width and height of the pictures.
        measure_s: for about so long.
    """
    from nutgiao.edge.camera.pipeline import DetectorPool
    from nutgiao.edge.camera.source import Frame
    from nutgiao.edge.detect.timing import noise

    picture = noise(size_px)
    with DetectorPool(detectors) as pool:
        feed = pool.feed()
        given = taken = 0
        begun_s = time.perf_counter()
        while True:
            while given - taken < 2 * len(detectors):
                feed.put(Frame("plan-capacity", float(given), given, picture))
                given += 1
            feed.take()
            taken += 1
            if taken == 2 * len(detectors):  # the first ones warm up
                begun_s = time.perf_counter()
            spent_s = time.perf_counter() - begun_s
            done = taken - 2 * len(detectors)
            if done >= PICTURES_LEAST and spent_s >= measure_s:
                feed.close()
                return done / spent_s


def _decode_ms(clip: Path) -> float:
    """One core's milliseconds to decode a frame of a clip."""
    from nutgiao.edge.camera.video import FileSource

    begun_s, count = time.process_time(), 0
    with FileSource(clip, "clip") as source:
        while count < 250 and source.read() is not None:
            count += 1
    return round(1000.0 * (time.process_time() - begun_s) / count, 2)


def _show(measured: Measured, plans: list[Plan], decode_ms: float) -> None:
    from rich.console import Console
    from rich.table import Table

    how = "timed" if measured.decode_ms is not None else "guessed from the picture's size; --clip times it"
    console = Console()
    console.print(
        f"{measured.model} with {measured.provider}: {measured.pictures_per_s:.1f} pictures a second on "
        f"{measured.cores} cores; decoding {decode_ms:.1f} ms a frame ({how})",
        highlight=False,
    )
    table = Table("cameras", "frames/s each", "cores in use", "HOTA", "vehicles counted")
    for one in plans:
        few = "" if not one.limited else f" of {one.source_fps:g}"
        hota = f"{one.hota:.1f} (full rate {one.hota_full:.1f})"
        counted = f"{100 * one.counted:.1f} % (full rate {100 * one.counted_full:.1f} %)"
        table.add_row(str(one.cameras), f"{one.fps:.1f}{few}", f"{100 * one.busy:.0f} %", hota, counted)
    console.print(table)
    console.print(f"accuracy: {SOURCE}; your street differs", highlight=False)
