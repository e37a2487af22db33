"""`nutgiao lamps`: what the lamp boxes of a site read in a clip, to be checked before a rule rests on them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nutgiao.cli.arguments import count, write_picture
from nutgiao.models.contracts.errors import ConfigError, NutgiaoError
from nutgiao.models.contracts.words import Indication

if TYPE_CHECKING:
    from nutgiao.edge.signal.lamp_check import HeadCheck, LampCheck

EXIT_READ, EXIT_NOT_ALL = 0, 1


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the subcommand."""
    parser = subparsers.add_parser(
        "lamps",
        help="check what the lamp boxes of a site read in a clip",
        description="Reads every signal head that the site file gives boxes for, frame after frame, as the roadside "
        "box does: what it showed, from when to when, how sure, and of how much of the clip nobody can say. "
        "Exit code 0: every head was read; 1: one never was; 2: wrong input.",
    )
    parser.add_argument("video", metavar="VIDEO", help="a file, a folder of pictures, rtsp://... or usb:0")
    parser.add_argument("--site", required=True, help="path of a site file, or name of a shipped one such as giangvo")
    parser.add_argument("--camera", help="camera of the site file (default: its first one)")
    parser.add_argument("--max-frames", type=count, metavar="N", help="stop after N frames; live pictures need it")
    parser.add_argument("--picture", type=Path, metavar="FILE.png", help="write each head, enlarged, as it changed")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of the table")


def run(args: argparse.Namespace) -> int:
    """Reads the lamps.

    Returns:
        0 if each head was read, else 1.

    Raises:
        NutgiaoError: if the source, the site file or the place of the picture is wrong.
    """
    import msgspec

    from nutgiao.cli.watch import camera_named
    from nutgiao.configs.loader import load_site
    from nutgiao.edge.camera.video import open_source
    from nutgiao.edge.detect.road_users import scale_of
    from nutgiao.edge.signal.lamp_check import LampCheck

    site = load_site(args.site)
    camera = camera_named(site, args.camera, args.site)
    if not camera.lamps:
        cure = "Draw them: 'nutgiao calibrate --serve'."
        raise ConfigError(args.site, None, f"cameras.{camera.id}.lamps", "the camera has no boxes of lamps.", cure)
    check: LampCheck | None = None
    read, start_s = 0, 0.0
    with open_source(args.video, camera.id) as source:
        while read != args.max_frames and (frame := source.read()) is not None:
            if check is None:
                check, start_s = LampCheck(camera.lamps, scale_of(site, camera, frame.image)), frame.time_s
            check.take(frame.image, frame.time_s - start_s)
            read += 1
    if check is None:
        raise NutgiaoError(f"{args.video}: there is no picture in it.")
    strip = check.strip()
    if args.picture is not None and strip is not None:
        write_picture(strip, args.picture)
    if args.json:
        print(msgspec.json.encode([_row(head) for head in check.heads]).decode())
    else:
        print("\n".join(line for head in check.heads for line in _told(head, read)))
    return EXIT_READ if all(head.known for head in check.heads) else EXIT_NOT_ALL


def _row(head: HeadCheck) -> dict[str, Any]:
    return {
        "signal_group": head.lamp.signal_group,
        "frames": {indication.value: count for indication, count in sorted(head.frames.items())},
        "doubtful": head.doubtful,
        "runs": [
            {
                "indication": run.indication.value,
                "from_s": round(run.start_s, 2),
                "to_s": round(run.end_s, 2),
                "frames": run.frames,
                "confidence": round(run.confidence, 3),
            }
            for run in head.runs
        ],
        "countdown": [
            {
                "from_s": round(run.start_s, 2),
                "to_s": round(run.last_s, 2),
                "shows_s": run.value_s,
                "ends_s": round(run.end_s, 1),
                "frames": run.frames,
            }
            for run in head.counts
        ],
    }


def _told(head: HeadCheck, read: int) -> list[str]:
    lines = [f"head of {head.lamp.signal_group}", f"  {'from':>8} {'to':>8} {'frames':>7}  shows"]
    for one in head.runs:
        sure = "" if one.indication is Indication.UNKNOWN else f", confidence at least {one.confidence:.2f}"
        lines.append(f"  {one.start_s:>6.1f} s {one.end_s:>6.1f} s {one.frames:>7}  {one.indication.value}{sure}")
    shares = [f"{indication.value} {count / read:.0%}" for indication, count in head.frames.most_common()]
    lines.append(f"  of {read} frames: {', '.join([*shares, f'in doubt {head.doubtful / read:.0%}'])}")
    for run in head.counts:
        lines.append(
            f"  countdown: {run.value_s} at {run.start_s:.1f} s, told until {run.last_s:.1f} s ({run.frames} frames); "
            f"over at {run.end_s:.1f} s"
        )
    if head.lamp.digits_px and not head.counts:
        lines.append("  Its countdown was never read: are the boxes tight round the strokes of an 8, digit by digit?")
    if not head.known:
        lines.append("  It was never read: is the box on the lamp, and is the lamp lit? --picture shows it.")
    return lines
